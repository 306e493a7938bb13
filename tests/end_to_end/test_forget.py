"""`make forget` ends the watch over a repository, whether an ingest has ever reached it or not."""

import json
from datetime import datetime, timedelta
from pathlib import Path

from support.commands import Launcher, Run, assert_one_sentence

from telemetry.database.connection import Connection
from telemetry.simulated.server import Simulator
from telemetry.simulated.world import World

NAMES = ["acme/app", "acme/old", "acme/new"]
BUSY = "acme/busy"


def test_what_is_forgotten_is_in_no_status_until_it_is_ingested_again(
    run: Run,
    environ: dict[str, str],
    launcher: Launcher,
    connection: Connection,
    now: datetime,
    tmp_path: Path,
) -> None:
    world = World(now)
    for name in [*NAMES, BUSY]:
        repository = world.add_repository(name)
        for days in range(1, 2 if name in NAMES else 9):
            world.add_run(repository, created_at=world.now - timedelta(days=days))

    def watched() -> set[str]:
        answer = json.loads(run("status", "--json", TELEMETRY_REPO=None).stdout)
        named = {name for name in NAMES if name in " ".join(answer["concerns"])}
        return {row["repository"] for row in answer["repositories"]} - {BUSY} | named

    with Simulator(world).serve() as url:
        two = run("ingest_workflows", GITHUB_API_URL=url, TELEMETRY_REPO="acme/app acme/old")
        assert two.returncode == 0, two.stderr
        # One request asks how many there are; the first repository needs all others.
        changes = {"TELEMETRY_MAX_REQUESTS": "6", "TELEMETRY_REPO": " ".join([BUSY, *NAMES])}
        done = run("ingest_workflows", GITHUB_API_URL=url, **changes)
        assert done.returncode in (0, 3)
        assert "4 repositories to ingest; 5 requests can be sent now" in done.stderr
        # GitHub's own limit is not spent.
        assert "3 not reached, 1 incomplete; 5 requests; the next ingest can" in done.stderr
        assert run("forget", TELEMETRY_REPO=BUSY).returncode == 0
        execute = connection.execute
        unreached = execute("select repository from unreached_repositories").fetchall()
        assert {row["repository"] for row in unreached} == set(NAMES) <= watched()
        done = launcher.make(environ, tmp_path, "forget", "REPO=ACME/old acme/new")
        assert done.returncode == 0, done.stderr
        said = "acme/old is no longer watched; its rows stay until they are pruned"
        assert said in done.stdout
        assert watched() == {"acme/app"}
        left = execute("select repository from unreached_repositories").fetchall()
        assert left == [{"repository": "acme/app"}]
        runs = execute("select count(*) as runs from workflow_runs where repository = 'acme/old'")
        assert runs.fetchall() == [{"runs": 1}]
        assert run("forget", TELEMETRY_REPO="acme/app").returncode == 0
        assert "no repository is watched; try:" in run("status", TELEMETRY_REPO=None).stdout
        for form in ("html", "markdown", "json"):
            for name in ("acme/app acme/old", None):
                page = tmp_path / f"page.{form}"
                words = ("--format", form, "--out", str(page))
                asked = run("report", *words, TELEMETRY_REPO=name)
                assert asked.returncode == 0, asked.stderr
                assert ("its rows stay until they are pruned" in page.read_text()) == bool(name)
        told = run("status", TELEMETRY_REPO="acme/old").stdout
        assert "nothing is stored" not in told
        assert "acme/old: it is no longer watched" in told
        again = run("forget", TELEMETRY_REPO="acme/old")
        assert_one_sentence(again, 1, "acme/old is not watched")
        done = run("ingest_workflows", GITHUB_API_URL=url, TELEMETRY_REPO=" ".join(NAMES))
        assert done.returncode == 0, done.stderr
        assert watched() == set(NAMES)
