"""A refusal is about the token, until another answer shows that it is about the item."""

from collections.abc import Callable

import pytest
from support.clients import NOW, REPOSITORY
from support.databases import count
from support.one_repository import DAY, HOUR, ingested, runs_of, status_at

from telemetry.database.connection import Connection
from telemetry.simulated.entities import PlannedJob
from telemetry.simulated.faults import Fault, RequestInfo
from telemetry.simulated.server import Simulator
from telemetry.simulated.world import World

pytestmark = pytest.mark.scenario

REFUSED = Fault(
    403,
    {"content-type": "application/json", "x-accepted-github-permissions": "actions=read"},
    b'{"message": "Resource not accessible by integration"}',
)
PERMISSION = (
    "403 Resource not accessible by integration; "
    "give the token in GITHUB_TOKEN the permission actions=read"
)


@pytest.fixture
def world() -> World:
    """Eight runs of the last eight hours, one of them run again; one more has not ended."""
    made = World(NOW - 8 * HOUR)
    repository = made.add_repository(REPOSITORY)
    for _ in range(8):
        made.add_run(repository)
        made.advance(HOUR)
    made.rerun(runs_of(made)[1])
    made.advance(HOUR)
    return made


def refused(kind: str, *run_ids: int) -> Callable[[RequestInfo, int], Fault | None]:
    """Refuse requests of one kind: all of them, or those about some runs."""
    ids = {str(run_id) for run_id in run_ids}

    def hook(request: RequestInfo, ordinal: int) -> Fault | None:
        is_meant = not ids or request.parameters.get("run") in ids
        return REFUSED if request.kind == kind and is_meant else None

    return hook


@pytest.mark.parametrize(("kind", "table"), [("jobs", "workflow_jobs"), ("attempt", "retries")])
def test_a_permission_missing_for_days_gives_no_item_up(
    connection: Connection, world: World, kind: str, table: str
) -> None:
    simulated = Simulator(world, fault=refused(kind))
    for _ in range(6):
        simulated.restart_counters()
        report = ingested(connection, simulated)
        assert report.outcome == "failed"
        assert (report.error or "").endswith(PERMISSION)
        assert (report.awaited, count(connection, "retries")) == ((), 0)
        assert simulated.counters.received[kind] <= 10
        said = status_at(connection, world).concerns
        assert [text.count(PERMISSION) for text in said if "403" in text] == [1]
        world.advance(DAY)
    assert count(connection, "workflow_runs") >= 8
    # Another token has the permission.
    simulated.fault = None
    report = ingested(connection, simulated)
    assert report.outcome == "complete", report.error
    assert count(connection, "workflow_runs") == 9
    assert count(connection, "pending_jobs") == count(connection, "pending_attempts") == 0
    assert status_at(connection, world).concerns == []


def test_a_permission_that_is_taken_away_gives_no_item_up(
    connection: Connection, world: World
) -> None:
    simulated = Simulator(world)
    assert ingested(connection, simulated).outcome == "complete"
    for ordinal in range(2):
        world.add_run(world.repositories[0])
        world.advance(HOUR)
        simulated.fault = refused("jobs")
        report = ingested(connection, simulated)
        assert (report.outcome, count(connection, "retries")) == ("failed", 0), ordinal
    simulated.fault = None
    assert ingested(connection, simulated).outcome == "complete"
    assert count(connection, "pending_jobs") == 0


@pytest.mark.parametrize("number", [0, -1])
def test_one_run_that_is_always_refused_stops_nothing(
    connection: Connection, world: World, number: int
) -> None:
    poisoned = runs_of(world)[number]
    simulated = Simulator(world, fault=refused("jobs", poisoned.id))
    for passed in (0 * HOUR, HOUR, 6 * HOUR, DAY):
        world.advance(passed)
        report = ingested(connection, simulated)
        assert report.outcome == "incomplete", report.error
        assert "1 item; the next try is due at" in (report.error or "")
        assert status_at(connection, world).too_old == []
        world.advance(HOUR / 60)
    world.advance(3 * DAY)
    report = ingested(connection, simulated)
    assert report.outcome == "complete", report.error
    (said,) = status_at(connection, world).concerns
    assert "given up after the last try: 1" in said
    # The token can read the other runs, so it is not the cause.
    assert "403 Resource not accessible by integration" in said and "give the token" not in said
    simulated.fault = None
    assert ingested(connection, simulated, run_id=poisoned.id).outcome == "complete"
    assert count(connection, "pending_jobs") == 0


def test_an_open_run_that_is_refused_is_about_the_token_unless_others_are_answered(
    connection: Connection, world: World
) -> None:
    repository = world.repositories[0]
    jobs = (PlannedJob("train", seconds=40 * 3_600),)
    workflow = world.add_workflow(repository, "Train", ".github/workflows/train.yml", jobs)
    still_open = world.add_run(repository, workflow=workflow, created_at=NOW - 5 * HOUR)
    # So many later runs that the first page does not reach the open one.
    for _ in range(120):
        world.add_run(repository, created_at=NOW - 3 * HOUR)
    simulated = Simulator(world)
    assert ingested(connection, simulated, jobs=False).outcome == "complete"
    world.advance(2 * HOUR)
    simulated.fault = refused("run")
    report = ingested(connection, simulated, jobs=False)
    assert (report.outcome, count(connection, "retries")) == ("failed", 0), report.error
    simulated.fault = refused("run", still_open.id)
    assert ingested(connection, simulated, jobs=False).outcome == "incomplete"
    assert count(connection, "retries") == 1
