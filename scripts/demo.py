"""Demonstrate the toolkit: ingest a simulated GitHub into a separate embedded database.

    make demo

It serves two months of a made-up team's workflow runs on this machine, and fetches them with the
command that fetches from GitHub. It reads the logs of the LLM calls that these runs made, makes a
report and asks two questions. It needs no token and no network, and does not touch your own data.
Each demo starts from scratch. It leaves the report and its database, which DEMO=1 selects.
Exit codes: 0 done, 1 failed.
"""

from command import parse, run

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from options.names import IS_READ
from options.table import variables
from output import say

from telemetry import TelemetryError
from telemetry.database.embedded.server import (
    demo_home,
    explained,
    make_home,
    server,
)
from telemetry.database.migrations import start_over
from telemetry.installation import COMMAND, place
from telemetry.simulated.llm_logs import write_llm_logs
from telemetry.simulated.month import Trouble, team_month
from telemetry.simulated.server import Simulator
from telemetry.simulated.world import World
from telemetry.whole_files import alone, open_lock

SEED = 1
TEAM = {
    "acme/app": Trouble(slower=14),
    "acme/site": Trouble(red=2.5),
    "acme/tools": Trouble(nightly_matrix=14, flaky=True),
}
# Two periods of 30 days, so that there is a period to compare with, and a day more for each.
DAYS = 62
RUNS_PER_DAY = 12
SCRIPTS = place("scripts")
REPORT = "report.html"
LOGS = "logs-"
COMMANDS = (
    (f"ingest SINCE={DAYS}d", "ingest_workflows.py", "--llm", "--since", f"{DAYS}d"),
    ("status DEMO=1", "status.py", "--demo"),
    ("report DEMO=1", "report.py", "--demo"),
    ("query Q=flaky_jobs TOP=5 DEMO=1", "query.py", "flaky_jobs", "--top", "5", "--demo"),
    (
        "query Q=llm_cost_by_workflow TOP=5 DEMO=1",
        "query.py",
        "llm_cost_by_workflow",
        "--top",
        "5",
        "--demo",
    ),
)


def main() -> int:
    parse(__doc__, "demo")
    home = demo_home(os.environ)
    world = made_up_team(datetime.now(UTC).replace(microsecond=0))
    with (
        alone_in(home) as lock,
        tempfile.TemporaryDirectory(prefix=LOGS, dir=home) as logs,
        Simulator(world).serve() as url,
        server(home, environ=os.environ, notify=say) as dsn,
    ):
        start_over(dsn)
        attempts = (each for owned in world.repositories for each in world.attempts(owned))
        say(f"made up {write_llm_logs(attempts, Path(logs), SEED)} logs of its LLM calls")
        environ = {
            # What is set for other commands would change the demo.
            **{name: text for name, text in os.environ.items() if name not in variables()},
            IS_READ: "1",
            # The simulated GitHub is on this machine, which no proxy can reach.
            "no_proxy": "*",
            "NO_PROXY": "*",
            "DATABASE_URL": dsn,
            "TELEMETRY_HOME": str(home.parent),
            "GITHUB_API_URL": url,
            "GITHUB_TOKEN": "of-the-demo",
            "TELEMETRY_REPO": " ".join(TEAM),
            "TELEMETRY_LLM_LOGS": shlex.quote(logs),
            "TELEMETRY_PHASE": "review",
            "TELEMETRY_PROMPT_NAME": "pr-review.v3",
            "TELEMETRY_OUT": str(home / REPORT),
            # A pager would wait for keys, as if the demo hung.
            "PAGER": "cat",
        }
        code = run_commands(environ, lock)
    if code != 0:
        return code
    say(f"the demo's report, to open in a browser: {home / REPORT}")
    say(f"the demo's database stays in {home}; DEMO=1 selects it:")
    say(f"{COMMAND} status DEMO=1, {COMMAND} query Q=incidents DEMO=1, {COMMAND} psql DEMO=1")
    return 0


@contextmanager
def alone_in(home: Path) -> Iterator[BinaryIO]:
    """Keep others from making a demo here meanwhile: each would delete what the other makes.

    Yields the lock, after deleting the logs of a demo that was killed. Raises TelemetryError if
    another command makes one.
    """
    with explained(home):
        make_home(home)
        lock = open_lock(home / "demo.lock")
    with lock:
        if not alone(lock):
            raise TelemetryError(f"another command makes a demo in {home}; wait for it")
        for left in home.glob(f"{LOGS}*"):
            shutil.rmtree(left, ignore_errors=True)
        yield lock


def made_up_team(now: datetime) -> World:
    """Two months of the team. Private, as runners of public repositories are free."""
    say(f"making up two months of {', '.join(TEAM)}")
    world = team_month(SEED, now, TEAM, days=DAYS, runs_per_day=RUNS_PER_DAY)
    for repository in world.repositories:
        repository.private = True
    return world


def run_commands(environ: Mapping[str, str], lock: BinaryIO) -> int:
    """Ingest, report and ask; return the first exit code that is not 0.

    The commands inherit the lock: if the demo is killed, the one that runs still writes.
    """
    for target, script, *arguments in COMMANDS:
        print(f"\n$ {COMMAND} {target}\n", flush=True)
        done = subprocess.run(
            [sys.executable, SCRIPTS / script, *arguments], env=environ, pass_fds=[lock.fileno()]
        )
        if done.returncode != 0:
            return done.returncode
    return 0


if __name__ == "__main__":
    run(main)
