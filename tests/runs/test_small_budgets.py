"""With the fewest requests that are allowed, each ingest gets further, whatever it meets."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from support.clients import NOW, REPOSITORY
from support.one_repository import HOUR, runs_of, status_at, tools

from telemetry.database.connection import Connection
from telemetry.runs.ingest import ingest
from telemetry.runs.request import Report
from telemetry.simulated.entities import PlannedJob
from telemetry.simulated.faults import Fault, RequestInfo, bad_gateway, edited
from telemetry.simulated.server import Simulator
from telemetry.simulated.world import World

pytestmark = pytest.mark.scenario
FEWEST = 6
ONE_JOB = (PlannedJob("build", seconds=30, steps=()),)


@pytest.fixture
def world() -> World:
    """Eight runs, of which the oldest and the newest were re-run."""
    made = World(NOW - HOUR)
    repository = made.add_repository(REPOSITORY)
    made.add_workflow(repository, jobs=ONE_JOB)
    for number in range(8, 0, -1):
        made.add_run(repository, created_at=made.now - 3 * number * HOUR)
    for run in (repository.runs[0], repository.runs[-1]):
        made.rerun(run, conclusion="failure")
    made.advance(HOUR)
    return made


def ingests(connection: Connection, simulated: Simulator, most: int) -> Report:
    """Ingest until nothing is left but what awaits another try; return the last report."""
    for _ in range(most):
        simulated.restart_counters()
        with tools(connection, simulated) as given:
            (report,) = ingest(given, [REPOSITORY], FEWEST)
        assert simulated.counters.received.total() <= FEWEST
        done = report.ingestion
        if done and (done.outcome == "complete" or done.is_caught_up):
            return report
    raise AssertionError(f"not caught up after {most} ingests: {report.error}")


def runs_without_jobs(connection: Connection) -> set[int]:
    return {
        row["github_run_id"]
        for row in connection.execute(
            "select github_run_id from workflow_runs "
            "where jobs_listed_at is null and missing_upstream_at is null"
        )
    }


@pytest.mark.parametrize("more", [3, -3])
def test_a_history_with_a_wrong_total_is_completed(
    connection: Connection, world: World, more: int
) -> None:
    def fault(request: RequestInfo, number: int) -> Fault | None:
        if request.kind != "runs":
            return None
        return edited(lambda page: {**page, "total_count": max(0, page["total_count"] + more)})

    # Shorter than the history, so that lists of intervals are needed as well.
    simulated = Simulator(world, fault=fault, unfiltered_cap=5, filtered_cap=4)
    assert ingests(connection, simulated, 12).outcome == "complete"
    assert runs_without_jobs(connection) == set()
    rows = connection.execute("select count(*) as attempts from workflow_runs").fetchone()
    assert rows == {"attempts": 10}


def test_runs_that_are_never_answered_leave_requests_for_the_others(
    connection: Connection, world: World
) -> None:
    bad = {run.id for run in runs_of(world)[-5:]}

    def fault(request: RequestInfo, number: int) -> Fault | None:
        is_bad = request.kind == "jobs" and int(request.parameters["run"]) in bad
        return bad_gateway() if is_bad else None

    report = ingests(connection, Simulator(world, fault=fault), 14)
    assert runs_without_jobs(connection) == bad
    assert all("502 Bad Gateway in" in item.reason for item in report.awaited)
    found = status_at(connection, world)
    assert found.too_old == []
    (said,) = found.concerns
    assert said.startswith("acme/app: items that GitHub did not return: 6, the first: jobs of run ")


def test_a_run_with_more_jobs_than_the_requests_can_list_leaves_some_for_the_others(
    connection: Connection, world: World
) -> None:
    (repository,) = world.repositories
    matrix = tuple(PlannedJob(f"shard {number}", seconds=20, steps=()) for number in range(501))
    large = world.add_workflow(repository, "Matrix", ".github/workflows/matrix.yml", matrix)
    run = world.add_run(repository, workflow=large, created_at=world.now - timedelta(minutes=90))
    report = ingests(connection, Simulator(world), 10)
    assert runs_without_jobs(connection) == {run.id}
    (item,) = report.awaited
    assert item.reason.startswith("5 requests were not enough for it; ")
    with tools(connection, Simulator(world)) as given:
        (report,) = ingest(given, [REPOSITORY], run_id=run.id)
    assert (report.outcome, report.jobs) == ("complete", 501)


def deleting(world: World, kinds: tuple[str, ...]) -> Callable[[RequestInfo, int], None]:
    """Delete each of the three newest runs as soon as it is asked for by these requests."""
    (repository,) = world.repositories
    newest = {run.id for run in repository.runs[-3:]}

    def before(request: RequestInfo, number: int) -> None:
        if request.kind in kinds:
            run = repository.run(int(request.parameters["run"]))
            if run and run.id in newest:
                world.delete(repository, run)

    return before


@pytest.mark.parametrize("kind", ["jobs", "attempt"])
def test_runs_that_are_deleted_meanwhile_are_marked(
    connection: Connection, world: World, kind: str
) -> None:
    simulated = Simulator(world, before=deleting(world, (kind,)))
    assert ingests(connection, simulated, 12).outcome == "complete"
    there = {run.id for run in runs_of(world)}
    rows = connection.execute("select github_run_id, missing_upstream_at from workflow_runs")
    assert all(
        (row["github_run_id"] in there) is not bool(row["missing_upstream_at"]) for row in rows
    )
    assert runs_without_jobs(connection) == set()
