"""The cost of an ingest from a simulated GitHub: requests, time, CPU and memory.

Times and CPU are ratios to `floor`, which fetches and parses the same pages and stores nothing, so
they are comparable between machines. The simulator runs in this process and has made each timed
answer once before. Ingest and floor are separate processes; the ingest is the command that users
run, on new tables without statistics. `llm` measures logs of LLM calls, `answers` a full database.
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from bench.answers import answers
from bench.llm import transcripts
from bench.many import RESERVE, one_busy, reached, side_by_side
from bench.measurement import Measurement, Usage, memory_growth, ratio, usage
from bench.world import REPOSITORY, Faults, month, pass_a_day, wrong_runs
from telemetry import TelemetryError, settings
from telemetry.database.connection import open_connection
from telemetry.database.embedded import server as embedded
from telemetry.database.embedded.binaries import find_tool
from telemetry.database.migrations import migrate
from telemetry.github.client import GitHub
from telemetry.github.options import Options
from telemetry.runs.ingest import ingest
from telemetry.runs.request import Report, Tools, Wanted
from telemetry.simulated.server import Simulator
from telemetry.simulated.world import World

CONCURRENCY = 8
# The database that is measured.
MEASURED = "measured"
# Older than any run of the simulated month, but not old enough to be pruned.
SINCE_DAYS, KEEP_DAYS = 40, 180


@dataclass(frozen=True)
class Sizes:
    """The number of runs for each figure, and how often the 50 ms timings are repeated."""

    listed: int = 25_000
    with_jobs: int = 2_000
    few_in_memory: int = 10_000
    many_in_memory: int = 100_000
    repositories: int = 300
    runs_of_busy: int = 2_000
    with_faults: int = 2_500
    few_lines: int = 100_000
    many_lines: int = 1_000_000
    # These are about 200,000 attempts with 1,000,000 jobs.
    asked_about: int = 190_600
    times: int = 2


QUICK = Sizes(300, 10, 100, 200, 3, 10, 150, 250, 500, 50, times=1)


def bench(
    scripts: Path,
    sizes: Sizes,
    *,
    environ: Mapping[str, str],
    notify: Callable[[str], None] = lambda text: None,
) -> Iterator[Measurement]:
    """Measure one figure after another; `scripts` is the folder of the commands.

    Raises TelemetryError if a command or an ingest fails, EmbeddedUnavailable if no server can be
    started.
    """
    kept = {
        name: value
        for name, value in environ.items()
        # PYTHONPATH says where the bench itself is.
        if (not name.startswith((*settings.PREFIXES, "PYTHON")) or name == "PYTHONPATH")
        and not name.lower().endswith("_proxy")
    }
    with tempfile.TemporaryDirectory(prefix="telemetry-bench-") as folder:
        home = Path(folder)
        # As root, the server runs as another account, which needs access.
        home.chmod(0o711)
        with embedded.server(home, environ=kept, notify=notify) as dsn:
            migrate(dsn)
            made = _Bench(scripts, sizes, kept, dsn, notify)
            yield from made.requests()
            yield from made.lists()
            yield from made.jobs()
            yield from made.many()
            yield from made.memory()
            yield from made.changes()
            yield from made.transcripts(home)
            yield from made.answers(home)


@dataclass
class _Bench:
    scripts: Path
    sizes: Sizes
    environ: Mapping[str, str]
    server: str
    notify: Callable[[str], None]
    url: str = field(default="", init=False)

    @property
    def dsn(self) -> str:
        """The database that the commands use, a new one for each figure."""
        return make_conninfo(self.server, dbname=MEASURED)

    def requests(self) -> Iterator[Measurement]:
        """The requests of a first and a second ingest of runs with earlier attempts."""
        world = month(self.sizes.listed)
        (repository,) = world.repositories
        runs = len(repository.runs)
        earlier = sum(world.latest(run).number - 1 for run in repository.runs)
        name = f"{runs:,} runs, {earlier:,} earlier attempts"
        with self._serving(world, name) as simulator:
            self._ingest()
            sent, least = simulator.restart_counters().received.total(), -(-runs // 100) + earlier
            target, detail = int(1.002 * least + 5), f"floor {least:,}"
            yield Measurement(f"{name}: first ingest", sent, target, "requests", detail)
            self._ingest(again=True)
            charged = simulator.restart_counters().charged
            yield Measurement(f"{name}: second, nothing due", charged, 2, "requests charged")

    def lists(self) -> Iterator[Measurement]:
        """The list of runs alone: one attempt for each run, without jobs."""
        name = f"list of {self.sizes.listed:,} runs"
        with self._serving(month(self.sizes.listed, reruns=False), name) as simulator:
            self._floor()
            simulator.latency = 0.05
            pairs = [(self._ingest(), self._floor()) for _ in range(self.sizes.times)]
            yield ratio(f"{name}, 50 ms", pairs, 2.0)
            yield ratio(f"{name}, 50 ms", pairs, 2.0, of="CPU")
            simulator.latency = 0.3
            yield ratio(f"{name}, 300 ms", [(self._ingest(), self._floor())], 1.15)

    def jobs(self) -> Iterator[Measurement]:
        """The list of runs with all their jobs and steps."""
        name = f"jobs and steps of {self.sizes.with_jobs:,} runs, 50 ms"
        with self._serving(month(self.sizes.with_jobs, reruns=False), name) as simulator:
            self._floor(jobs=True)
            simulator.latency = 0.05
            pairs = [(self._ingest(jobs=True), self._floor(jobs=True))]
            yield ratio(name, pairs, 2.0)
            yield ratio(name, pairs, None, of="CPU")

    def many(self) -> Iterator[Measurement]:
        """Many repositories with one limit of requests, and side by side."""
        repositories = self.sizes.repositories
        self.notify(f"measuring {repositories:,} repositories")
        self._clear()
        yield from reached(self._ingest_all, repositories)
        self._clear()
        yield from one_busy(self._ingest_all, repositories, self.sizes.runs_of_busy)
        yield from side_by_side(self._time_all, self._floor_of_all, repositories)

    def memory(self) -> Iterator[Measurement]:
        """The client's peak memory; beyond 40,000 runs the list continues by windows."""
        few, many = self.sizes.few_in_memory, self.sizes.many_in_memory
        used = []
        for runs in (few, many):
            with self._serving(month(runs, reruns=False), f"the memory for {runs:,} runs"):
                used.append(self._ingest())
        peak = round(used[1].peak_bytes / 2**20)
        yield Measurement(f"peak memory, {many:,} runs", peak, 120, "MB")
        yield memory_growth(f"its growth from {few:,} runs", *used)

    def changes(self) -> Iterator[Measurement]:
        """Faults, and the cost of a day of changes, in this process, where waits take no time."""
        runs = self.sizes.with_faults
        world, faults = month(runs, days_ahead=1), Faults()
        (repository,) = world.repositories
        simulator = Simulator(world, limit=0, fault=faults)
        self.notify(f"measuring {runs:,} runs through faults, and a day later")
        self._clear()
        with simulator.serve() as self.url:
            self._ingest_here()
            wrong, detail = self._wrong(world), f"{faults.given:,} faults"
            yield Measurement(f"{runs:,} runs through faults: wrong", wrong, 0, "runs", detail)
            before = set(world.attempts(repository))
            pass_a_day(world)
            changes = before ^ set(world.attempts(repository))
            name = f"a day later, {len({a.github_run_id for a in changes}):,} runs changed"
            simulator.fault = None
            simulator.restart_counters()
            self._ingest_here()
            charged = simulator.restart_counters().charged
            yield Measurement(f"{name}: wrong", self._wrong(world), 0, "runs")
            yield Measurement(f"{name}: ingest", charged, None, "requests charged")

    def transcripts(self, folder: Path) -> Iterator[Measurement]:
        """A long log of LLM calls that is read but not stored."""
        few, many = self.sizes.few_lines, self.sizes.many_lines
        self.notify(f"measuring an LLM transcript of {many:,} lines")
        yield from transcripts(self._usage, folder, few, many)

    def answers(self, folder: Path) -> Iterator[Measurement]:
        """Each question and the report over many runs."""
        runs = self.sizes.asked_about
        self.notify(f"measuring answers about {runs:,} runs")
        self._clear()
        yield from answers(self._usage, self.dsn, folder, runs)

    @contextmanager
    def _serving(self, world: World, name: str) -> Iterator[Simulator]:
        self.notify(f"measuring {name}")
        (repository,) = world.repositories
        for run in world.open_runs(repository):
            world.finish(run)
        # More requests an hour than GitHub allows, in the same headers.
        simulator = Simulator(world, limit=1_000_000)
        with simulator.serve() as self.url:
            yield simulator

    def _clear(self) -> None:
        """Replace the database by a copy of the migrated one, without rows and statistics."""
        template = conninfo_to_dict(self.server)["dbname"]
        self._run("dropdb", "--if-exists", "--force")
        self._run("createdb", f"--template={template}")

    def _run(self, program: str, *options: str) -> None:
        place = [f"--maintenance-db={self.server}", MEASURED]
        # Without the notice that a database, which is to be replaced, does not exist.
        environ = {**self.environ, "PGOPTIONS": "-c client_min_messages=warning"}
        program = str(find_tool(program, self.environ))
        subprocess.run([program, *options, *place], check=True, env=environ)

    def _ingest(
        self,
        repositories: Sequence[str] = (REPOSITORY,),
        *,
        jobs: bool = False,
        again: bool = False,
    ) -> Usage:
        """Run `ingest_workflows.py` once, with every setting given explicitly."""
        if not again:
            self._clear()
        options = {
            "--repo": " ".join(repositories),
            "--org": "",
            "--run-id": "",
            "--max-requests": "",
            "--since": f"{SINCE_DAYS}d",
            "--keep": f"{KEEP_DAYS} days",
            "--concurrency": str(CONCURRENCY),
        }
        switches = {"JOBS": jobs, "FULL": False, "WAIT": False}
        return self._usage(
            "ingest_workflows.py",
            *(word for option in options.items() for word in option),
            DATABASE_URL=self.dsn,
            GITHUB_API_URL=self.url,
            GITHUB_TOKEN="of-the-bench",
            **{f"TELEMETRY_{name}": str(int(is_on)) for name, is_on in switches.items()},
        )

    def _floor(self, *, jobs: bool = False) -> Usage:
        wanted = ["--jobs"] if jobs else []
        place = [self.url, REPOSITORY, "--concurrency", str(CONCURRENCY)]
        return self._usage("bench/floor.py", *wanted, *place)

    def _usage(self, script: str, *arguments: str, **environ: str) -> Usage:
        command = [sys.executable, str(self.scripts / script), *arguments]
        return usage(command, {**self.environ, **environ})

    def _time_all(self, url: str, repositories: Sequence[str]) -> Usage:
        self.url = url
        return self._ingest(repositories, jobs=True)

    def _floor_of_all(self, url: str, repositories: Sequence[str]) -> Usage:
        named = [*repositories, "--concurrency", str(CONCURRENCY)]
        return self._usage("bench/floor.py", "--jobs", "--described", url, *named)

    def _ingest_all(self, url: str, repositories: Sequence[str]) -> list[Report]:
        self.url = url
        return self._reports(repositories, jobs=True, reserve=RESERVE)

    def _reports(
        self, repositories: Sequence[str], *, jobs: bool = False, reserve: float = 0.0
    ) -> list[Report]:
        """What the ingest of these repositories reports, in this process."""
        now = datetime.now(UTC)
        since, horizon = now - timedelta(days=SINCE_DAYS), now - timedelta(days=KEEP_DAYS)
        options = Options(base_url=self.url, sleep=lambda seconds: None, reserve=reserve)
        with (
            GitHub("of-the-bench", options) as client,
            open_connection(self.dsn) as connection,
        ):
            tools = Tools(connection, client, Wanted(since, horizon, jobs=jobs), CONCURRENCY)
            return list(ingest(tools, repositories))

    def _ingest_here(self) -> None:
        (report,) = self._reports([REPOSITORY])
        if report.outcome != "complete":
            raise TelemetryError(f"the ingest ended {report.outcome}: {report.error}")

    def _wrong(self, world: World) -> int:
        with open_connection(self.dsn) as connection:
            return len(wrong_runs(connection, world))
