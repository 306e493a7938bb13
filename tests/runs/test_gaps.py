"""The end of GitHub's list is not the end of history, and an interval nobody listed is known."""

from datetime import timedelta
from typing import Any

import pytest
from support.clients import NOW, REPOSITORY
from support.one_repository import DAY, HOUR, ingested, runs_of, status_at, tools
from support.short_pages import ShortPages

from telemetry.database.connection import Connection
from telemetry.runs.verification.verify import verify
from telemetry.simulated.answers import message
from telemetry.simulated.faults import Fault, RequestInfo, edited
from telemetry.simulated.server import Simulator
from telemetry.simulated.world import World

pytestmark = pytest.mark.scenario


def world_of(runs: int, apart: timedelta) -> World:
    world = World(NOW)
    repository = world.add_repository(REPOSITORY)
    for number in range(runs, 0, -1):
        world.add_run(repository, created_at=NOW - number * apart)
    return world


def stored_ids(connection: Connection) -> set[int]:
    return {
        row["github_run_id"]
        for row in connection.execute("select github_run_id from workflow_runs")
    }


def assert_all_stored_twice(connection: Connection, simulated: Simulator) -> None:
    """Ingest twice; each time all runs are stored, and nothing is of concern."""
    truth = {run.id for run in runs_of(simulated.world)}
    for _ in range(2):
        report = ingested(connection, simulated, jobs=False, kind=ShortPages)
        assert report.outcome == "complete", report.error
        assert stored_ids(connection) == truth
        found = status_at(connection, simulated.world)
        (proof,) = found.proof
        assert (proof["reported_runs"], proof["gaps"]) == (len(truth), 0)
        assert found.concerns == []


@pytest.mark.parametrize("beyond", ["empty", "422"])
@pytest.mark.parametrize("is_clamped", [True, False], ids=["clamped total", "true total"])
def test_a_list_that_ends_early_hides_nothing(
    connection: Connection, beyond: Any, is_clamped: bool
) -> None:
    world = world_of(230, timedelta(minutes=85))
    simulated = Simulator(
        world,
        unfiltered_cap=100,
        beyond_unfiltered_cap=beyond,
        clamp_unfiltered_total=is_clamped,
    )
    assert_all_stored_twice(connection, simulated)
    simulated.restart_counters()
    assert ingested(connection, simulated, jobs=False, kind=ShortPages).outcome == "complete"
    assert simulated.counters.charged <= 2


def test_lists_that_hide_all_runs_leave_no_gap_and_are_read_again(
    connection: Connection,
) -> None:
    """As during an outage of GitHub's search."""
    world = world_of(160, HOUR)
    simulated = Simulator(world)
    assert ingested(connection, simulated, jobs=False).outcome == "complete"
    world.advance(25 * HOUR)
    hidden = edited(lambda body: body | {"total_count": 0, "workflow_runs": []})
    simulated.fault = lambda request, number: hidden if request.kind == "runs" else None
    ingested(connection, simulated, jobs=False)
    # An ingest begins within a second, and lists are of whole seconds.
    connection.execute(
        "update ingestions set started_at = date_trunc('second', started_at) + interval '0.6 s', "
        "finished_at = finished_at + interval '1 s'"
    )
    found = status_at(connection, world)
    assert found.proof[0]["gaps"] == 0
    assert found.proof[0]["unequal_windows"] == 0
    assert found.proof[0]["unlisted_runs"] == 160
    simulated.fault = None
    for _ in range(4):  # each asks about 50 of them
        world.advance(HOUR)
        assert ingested(connection, simulated, jobs=False).outcome == "complete"
    found = status_at(connection, world)
    assert (found.proof[0]["unlisted_runs"], found.concerns) == (0, [])
    with tools(connection, simulated) as given:
        assert verify(given, REPOSITORY).is_equal


@pytest.mark.parametrize("cap", [100, 46])
@pytest.mark.parametrize("is_clamped", [True, False], ids=["clamped total", "true total"])
def test_a_filtered_list_that_ends_earlier_than_documented_hides_nothing(
    connection: Connection, is_clamped: bool, cap: int
) -> None:
    world = world_of(230, timedelta(minutes=85))
    simulated = Simulator(
        world, unfiltered_cap=100, filtered_cap=cap, clamp_filtered_total=is_clamped
    )
    assert_all_stored_twice(connection, simulated)
    # Lists that are cut are noticed, and later ones are kept shorter.
    assert simulated.counters.charged <= 70


@pytest.mark.parametrize("is_clamped", [True, False], ids=["clamped total", "true total"])
def test_a_second_that_no_list_shows_whole_is_said_once_and_holds_nothing_up(
    connection: Connection, is_clamped: bool
) -> None:
    world = world_of(120, timedelta(minutes=85))
    dense = NOW - 7 * DAY
    for _ in range(80):
        world.add_run(world.repositories[0], created_at=dense)
    simulated = Simulator(
        world, unfiltered_cap=100, filtered_cap=60, clamp_filtered_total=is_clamped
    )
    said: list[str] = []
    report = ingested(connection, simulated, said=said, jobs=False, kind=ShortPages)
    missing = {run.id for run in runs_of(world)} - stored_ids(connection)
    assert len(missing) == 20
    # Where the total is clamped, nothing shows that there are more, not even that second alone.
    about = f"of 80 runs created at {dense:%Y-%m-%d %H:%M:%S} UTC, GitHub lists only 60; the "
    told = f"acme/app: {about}other 20 cannot be fetched"
    assert said.count(told) == (not is_clamped)
    assert status_at(connection, world).concerns == ([] if is_clamped else [told])
    assert report.outcome == "complete", report.error
    with tools(connection, simulated, jobs=False, kind=ShortPages) as given:
        compared = verify(given, "acme/app")
    assert compared.is_equal and compared.is_whole
    assert compared.unlistable == ([] if is_clamped else [told.partition(": ")[2]])
    simulated.restart_counters()
    assert ingested(connection, simulated, jobs=False, kind=ShortPages).outcome == "complete"
    assert simulated.counters.charged <= 2
    assert status_at(connection, world).too_old == []
    # Its runs may be re-run: it is listed again as long as any other is.
    world.advance(25 * HOUR)
    said.clear()
    assert (
        ingested(connection, simulated, said=said, jobs=False, kind=ShortPages).outcome
        == "complete"
    )
    assert said.count(told) == (not is_clamped)


def test_what_was_not_listed_while_the_schedule_was_off_is_listed_by_the_next_ingest(
    connection: Connection,
) -> None:
    world = world_of(100, 6 * HOUR)
    simulated = Simulator(world)
    assert ingested(connection, simulated, jobs=False).outcome == "complete"
    for _ in range(100):
        world.advance(12 * HOUR)
        world.add_run(world.repositories[0])
    world.advance(2 * HOUR)
    assert ingested(connection, simulated, jobs=False).outcome == "complete"
    assert stored_ids(connection) == {run.id for run in runs_of(world)}
    (proof,) = status_at(connection, world).proof
    assert (proof["gaps"], proof["reported_runs"]) == (0, 200)


@pytest.mark.parametrize("since", [None, 80 * DAY], ids=["by default", "SINCE=80d"])
@pytest.mark.parametrize("off", [DAY, 40 * DAY], ids=["a day", "40 days"])
def test_what_a_stopped_first_ingest_wanted_is_listed_by_the_next_one(
    connection: Connection, since: timedelta | None, off: timedelta
) -> None:
    world = world_of(100, 7 * HOUR if since is None else 19 * HOUR)

    def fault(request: RequestInfo, number: int) -> Fault | None:
        is_later = "page" in request.query or "created" in request.query
        fails = is_later and request.kind == "runs"
        return Fault(500, {}, message("Server Error")) if fails else None

    simulated = Simulator(world, fault=fault)
    stopped = ingested(connection, simulated, jobs=False, since=since, kind=ShortPages)
    assert stopped.outcome == "incomplete" and 0 < len(stored_ids(connection)) < 100
    simulated.fault = None
    world.advance(off)
    world.add_run(world.repositories[0])
    world.advance(2 * HOUR)
    report = ingested(connection, simulated, jobs=False, since=None, kind=ShortPages)
    assert report.outcome == "complete", report.error
    assert stored_ids(connection) == {run.id for run in runs_of(world)}
    # It is wanted no longer than until then.
    world.advance(DAY)
    simulated.restart_counters()
    ingested(connection, simulated, jobs=False, since=None, kind=ShortPages)
    assert simulated.counters.received["runs"] <= 8


def test_a_gap_left_by_a_narrow_ingest_is_reported_and_listed_by_the_next_wide_one(
    connection: Connection,
) -> None:
    world = world_of(100, 6 * HOUR)
    simulated = Simulator(world)
    ingested(connection, simulated, jobs=False)
    for _ in range(100):
        world.advance(12 * HOUR)
        world.add_run(world.repositories[0])
    world.advance(2 * HOUR)
    # Stopped half-way, the gap begins in the middle of what is wanted and stays known.
    assert ingested(connection, simulated, jobs=False, since=7 * DAY).outcome == "complete"
    found = status_at(connection, world)
    assert found.proof[0]["gaps"] == 1
    assert 42 * 86_400 < found.proof[0]["gap_seconds"] < 44 * 86_400
    (said,) = found.concerns
    assert "43 days of run creation time are not listed, the first from" in said
    assert ingested(connection, simulated, jobs=False).outcome == "complete"
    assert stored_ids(connection) == {run.id for run in runs_of(world)}
    assert status_at(connection, world).concerns == []


def test_four_ingests_a_day_list_the_quiet_days_before_once_a_day(connection: Connection) -> None:
    world = World(NOW - 20 * DAY)
    repository = world.add_repository(REPOSITORY)
    for number in range(60):
        world.add_run(repository, created_at=NOW - 20 * DAY + number * DAY / 2)
    world.advance(20 * DAY)
    simulated = Simulator(world)
    lists = []
    for _ in range(12):
        assert ingested(connection, simulated, jobs=False).outcome == "complete"
        assert status_at(connection, world).concerns == []
        lists.append(simulated.restart_counters().received["runs"])
        world.advance(6 * HOUR)
    a_day = [sum(lists[first : first + 4]) for first in range(4, 12, 4)]
    # Four for what is new, and for the days before one list and what checks its end.
    assert max(a_day) <= 4 + 5, lists


def test_a_window_that_reaches_back_beyond_the_retention_is_listed_again(
    connection: Connection,
) -> None:
    world = world_of(20, DAY / 2)
    simulated = Simulator(world)
    kept = 10 * DAY
    assert ingested(connection, simulated, since="all", horizon=world.now - kept).error is None
    world.advance(2 * DAY)
    again = runs_of(world)[-3]
    world.rerun(again)
    world.advance(HOUR)
    for _ in range(2):
        wanted = {"since": None, "horizon": world.now - kept}
        assert ingested(connection, simulated, **wanted).outcome == "complete"
        assert status_at(connection, world).concerns == []
        world.advance(2 * DAY)
    stored = connection.execute(
        "select run_attempt from workflow_runs where github_run_id = %s order by 1", [again.id]
    ).fetchall()
    assert [row["run_attempt"] for row in stored] == [1, 2]


def test_a_repository_that_has_shown_runs_is_not_taken_for_one_without_commits(
    connection: Connection,
) -> None:
    world = world_of(20, 6 * HOUR)

    def fault(request: RequestInfo, number: int) -> Fault | None:
        return Fault(409, {}, message("Conflict")) if "created" in request.query else None

    simulated = Simulator(world, unfiltered_cap=8, fault=fault)
    report = ingested(connection, simulated, jobs=False)
    assert report.outcome == "failed" and "409 Conflict" in str(report.error)
    simulated.fault = None
    assert ingested(connection, simulated, jobs=False).outcome == "complete"
    assert stored_ids(connection) == {run.id for run in runs_of(world)}


def test_a_repository_without_commits_is_complete(connection: Connection) -> None:
    def fault(request: RequestInfo, number: int) -> Fault | None:
        is_list = request.kind in ("runs", "workflows")
        return Fault(409, {}, message("Git Repository is empty.")) if is_list else None

    world = world_of(0, HOUR)
    report = ingested(connection, Simulator(world, fault=fault))
    assert report.outcome == "complete", report.error
    assert status_at(connection, world).concerns == []
