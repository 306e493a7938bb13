"""Many repositories of which three are broken: before their first ingest, then later."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from support.complete import client
from telemetry.database.connection import Connection
from telemetry.database.status import status
from telemetry.runs.ingest import ingest
from telemetry.runs.request import Report, Tools, Wanted
from telemetry.simulated import faults
from telemetry.simulated.answers import message
from telemetry.simulated.entities import PlannedJob
from telemetry.simulated.faults import Fault, RequestInfo
from telemetry.simulated.server import Simulator
from telemetry.simulated.world import World

NOW = datetime(2026, 3, 2, 12, 0, 0, tzinfo=UTC)
DAY = timedelta(days=1)
HOW = (
    lambda: Fault(404, {}, message("Not Found")),  # deleted
    faults.bad_gateway,
    lambda: Fault(edit=lambda body: b'{"total_count": "many", "workflow_runs": {}}'),
)
SAID = ("404", "502", "workflow_runs")


class ManyRepositories:
    """A world of many small repositories; `broken` maps names to what GitHub answers for them."""

    def __init__(self, connection: Connection, count: int) -> None:
        self.connection = connection
        self.world = World(NOW)
        self.broken: dict[str, Fault] = {}
        self.simulated = Simulator(self.world, fault=self._fault, limit=1_000_000)
        for number in range(count):
            repository = self.world.add_repository(f"acme/app-{number:04}")
            self.world.add_workflow(repository, jobs=[PlannedJob("test")])
        self.work()

    def _fault(self, request: RequestInfo, ordinal: int) -> Fault | None:
        return self.broken.get("/".join(request.path.split("/")[2:4]))

    def work(self) -> None:
        """Let a day pass, in which each repository has a run."""
        for repository in self.world.repositories:
            self.world.add_run(repository)
        self.world.advance(DAY)

    def break_some(self, first: int) -> list[str]:
        """Break three repositories, each in its way; returns their names."""
        step = len(self.world.repositories) // 3
        names = [f"acme/app-{first + number * step:04}" for number in range(3)]
        self.broken = dict(zip(names, [how() for how in HOW], strict=True))
        return names

    def ingest(self) -> dict[str, Report]:
        names = [repository.full_name for repository in self.world.repositories]
        with client(self.simulated) as made:
            wanted = Wanted(None, NOW - 180 * DAY)
            tools = Tools(self.connection, made, wanted, 4, clock=self.world.now.timestamp)
            return {report.repository: report for report in ingest(tools, names)}

    def assert_whole(self, *, lacking: dict[str, int]) -> None:
        """Each true attempt is stored once, with its job; some repositories lack so many."""
        found = self.connection.execute(
            "select repository, count(distinct attempt) as attempts, count(attempt) as rows, "
            "count(distinct job_id) as jobs "
            "from (select *, (github_run_id, run_attempt) as attempt from workflow_runs) as runs "
            "left join workflow_jobs using (github_run_id, run_attempt) group by repository"
        )
        stored = {row["repository"]: row for row in found}
        for repository in self.world.repositories:
            name = repository.full_name
            expected = len(list(self.world.attempts(repository))) - lacking.get(name, 0)
            row = stored.get(name, Counter())
            counts = row["attempts"], row["rows"], row["jobs"]
            assert counts == (expected, expected, expected), name

    def concerns(self) -> list[str]:
        return [str(concern) for concern in status(self.connection, now=self.world.now).concerns]


def assert_survived(connection: Connection, count: int) -> None:
    """Three are broken before they are known, then three others; each time the rest is whole."""
    many = ManyRepositories(connection, count)
    for days, first in enumerate((1, 2), 1):
        broken = many.break_some(first)
        reports = many.ingest()
        assert Counter(report.outcome for report in reports.values()) == {
            "complete": count - 3,
            "failed": 3,
        }
        concerns = many.concerns()
        for name, said in zip(broken, SAID, strict=True):
            error = reports[name].error or ""
            assert said in error and "\n" not in error, error
            assert [text for text in concerns if name in text and error in text], concerns
        many.assert_whole(lacking=dict.fromkeys(broken, 1))
        many.broken = {}
        reports = many.ingest()
        assert {report.outcome for report in reports.values()} == {"complete"}
        many.assert_whole(lacking={})
        assert [text for text in many.concerns() if "acme/" in text] == []
        if days == 1:
            many.work()
