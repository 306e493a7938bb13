"""Whatever can still change is read again, and one item that cannot be fetched stops nothing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from support.clients import NOW, REPOSITORY
from support.complete import assert_complete
from support.one_repository import DAY, HOUR, ingested, runs_of, status_at

from telemetry.database.connection import Connection
from telemetry.database.schema import MIGRATIONS
from telemetry.simulated.entities import Run
from telemetry.simulated.faults import Fault, RequestInfo, bad_gateway, edited
from telemetry.simulated.server import Simulator
from telemetry.simulated.world import World
from telemetry.summaries.ingests import report_text

pytestmark = pytest.mark.scenario


@pytest.fixture
def world() -> World:
    """Ten runs of the last ten hours; the newest ended half an hour ago."""
    made = World(NOW - 10 * HOUR)
    repository = made.add_repository(REPOSITORY)
    for _ in range(10):
        made.add_run(repository)
        made.advance(HOUR)
    return made


def exact(connection: Connection) -> dict[int, bool]:
    rows = connection.execute("select github_run_id, is_exact from attempts").fetchall()
    return {row["github_run_id"]: row["is_exact"] for row in rows}


def retries(connection: Connection) -> list[dict[str, Any]]:
    return connection.execute("select * from retries order by 1, 2, 3").fetchall()


def assert_jobs_are_true(connection: Connection, world: World) -> None:
    """Every job and step, the ends of the attempts, and that all of them are final."""
    expected = [
        (run.id, job.id, job.status, job.conclusion, job.completed_at, len(world.steps(job)))
        for run in runs_of(world)
        for attempt in run.attempts
        for job in world.jobs(run, attempt)
    ]
    rows = connection.execute(
        "select github_run_id, job_id, status, conclusion, "
        "extract(epoch from completed_at)::bigint as ended, "
        "(select count(*) from workflow_steps as s where s.job_id = j.job_id) as steps "
        "from workflow_jobs as j"
    ).fetchall()
    assert sorted(tuple(row.values()) for row in rows) == sorted(expected)
    stored = connection.execute(
        "select github_run_id, run_attempt, completed_at, duration_seconds from workflow_runs"
    ).fetchall()
    truth = [
        (a.github_run_id, a.run_attempt, a.completed_at, a.duration_seconds)
        for a in world.attempts(world.repositories[0])
    ]
    assert sorted(tuple(row.values()) for row in stored) == sorted(truth)
    assert set(exact(connection).values()) == {True}
    assert retries(connection) == []


def jobs_of(*faulty: tuple[Run, Fault]) -> Callable[[RequestInfo, int], Fault | None]:
    """A fault of every answer about the jobs of a run, for each of these runs."""
    faults = {str(run.id): fault for run, fault in faulty}

    def hook(request: RequestInfo, ordinal: int) -> Fault | None:
        asked = request.kind in ("jobs", "attempt_jobs")
        return faults.get(request.parameters["run"]) if asked else None

    return hook


NOT_FOUND = Fault(404, {"content-type": "application/json"}, b'{"message": "Not Found"}')


def in_progress(body: Any) -> Any:
    body["jobs"][-1] |= {"status": "in_progress", "conclusion": None, "completed_at": None}
    return body


def without_conclusion(body: Any) -> Any:
    body["jobs"][-1]["conclusion"] = None
    return body


def with_a_step_in_progress(body: Any) -> Any:
    body["jobs"][-1]["steps"][-1] |= {"status": "in_progress", "conclusion": None}
    return body


def one_missing(body: Any) -> Any:
    del body["jobs"][-1]
    return body


def without_steps(body: Any) -> Any:
    for job in body["jobs"]:
        job["steps"] = []
    return body


def none_yet(body: Any) -> Any:
    return {"total_count": 0, "jobs": []}


NOT_FINAL = {
    in_progress: "is in_progress",
    without_conclusion: "has no conclusion yet",
    with_a_step_in_progress: "has no conclusion yet",
    without_steps: "has no steps yet",
    none_yet: "no jobs are listed yet",
}


def test_jobs_that_are_not_final_are_read_again_after_an_hour(
    connection: Connection, world: World
) -> None:
    newest = [world.add_run(world.repositories[0]) for _ in NOT_FINAL]
    world.advance(HOUR)
    edits = zip(newest, map(edited, NOT_FINAL), strict=True)
    simulated = Simulator(world, fault=jobs_of(*edits))
    report = ingested(connection, simulated)
    assert report.outcome == "complete", report.error
    awaited = {item.github_run_id: item for item in report.awaited}
    for run, reason in zip(newest, NOT_FINAL.values(), strict=True):
        item = awaited.pop(run.id)
        assert reason in item.reason and item.next_try_at
    assert not awaited
    open_ids = {run_id for run_id, is_exact in exact(connection).items() if not is_exact}
    assert open_ids == {run.id for run in newest}
    assert status_at(connection, world).concerns == []
    simulated.fault = None
    world.advance(HOUR / 2)
    simulated.restart_counters()
    ingested(connection, simulated)
    assert simulated.counters.received["jobs"] == 0
    world.advance(HOUR)
    assert ingested(connection, simulated).outcome == "complete"
    assert_jobs_are_true(connection, world)


def test_a_run_whose_jobs_are_not_found_has_them_read_again(
    connection: Connection, world: World
) -> None:
    newest = runs_of(world)[-1]
    simulated = Simulator(world, fault=jobs_of((newest, NOT_FOUND)))
    report = ingested(connection, simulated)
    assert report.outcome == "complete", report.error
    (item,) = report.awaited
    assert "404" in item.reason and item.next_try_at
    assert [run_id for run_id, is_exact in exact(connection).items() if not is_exact] == [newest.id]
    simulated.fault = None
    world.advance(1.5 * HOUR)
    assert ingested(connection, simulated).outcome == "complete"
    assert_jobs_are_true(connection, world)


def test_a_run_that_is_not_found_after_its_jobs_is_gone_until_a_list_shows_it(
    connection: Connection, world: World
) -> None:
    newest = runs_of(world)[-1]

    def hook(request: RequestInfo, ordinal: int) -> Fault | None:
        of_run = request.kind in ("jobs", "run") and request.parameters["run"] == str(newest.id)
        return NOT_FOUND if of_run else None

    simulated = Simulator(world, fault=hook)
    report = ingested(connection, simulated)
    assert (report.outcome, report.awaited) == ("complete", ())
    received = simulated.counters.received
    assert (received["jobs"], received["run"]) == (10, 1)
    gone = "select github_run_id from workflow_runs where missing_upstream_at is not null"
    assert connection.execute(gone).fetchall() == [{"github_run_id": newest.id}]
    assert not exact(connection)[newest.id]
    simulated.fault = None
    world.advance(1.5 * HOUR)
    assert ingested(connection, simulated).outcome == "complete"
    assert connection.execute(gone).fetchall() == []
    assert_jobs_are_true(connection, world)


def test_jobs_of_an_earlier_attempt_that_are_not_found_cost_one_request_a_try(
    connection: Connection, world: World
) -> None:
    world.rerun(runs_of(world)[3])
    world.advance(HOUR)
    simulated = Simulator(
        world,
        older_attempts="absent",
        fault=lambda request, n: NOT_FOUND if request.kind == "attempt_jobs" else None,
    )
    report = ingested(connection, simulated)
    assert (report.outcome, len(report.awaited)) == ("complete", 1), report.error
    assert simulated.counters.received["attempt_jobs"] == 1
    simulated.fault = None
    world.advance(1.5 * HOUR)
    assert ingested(connection, simulated).outcome == "complete"
    assert_jobs_are_true(connection, world)


@pytest.mark.parametrize("is_one_run", [False, True], ids=["all runs", "RUN_ID"])
def test_fewer_jobs_than_github_counts_are_named_until_it_lists_them(
    connection: Connection, world: World, is_one_run: bool
) -> None:
    newest = runs_of(world)[-1]
    simulated = Simulator(world, fault=jobs_of((newest, edited(one_missing))))
    if is_one_run:
        ingested(connection, Simulator(world))
    report = ingested(connection, simulated, run_id=newest.id if is_one_run else None)
    assert report.outcome == "incomplete" and "GitHub did not return 1 item" in str(report.error)
    (said,) = status_at(connection, world).concerns
    assert "items that GitHub did not return: 1" in said and "1 of 2 jobs were listed" in said
    simulated.fault = None
    world.advance(HOUR)
    assert ingested(connection, simulated).outcome == "complete"
    assert status_at(connection, world).concerns == []
    assert_jobs_are_true(connection, world)


@pytest.mark.parametrize("how", ["RUN_ID", "FULL"])
def test_jobs_that_are_not_final_are_read_again_when_asked_to(
    connection: Connection, world: World, how: str
) -> None:
    newest = runs_of(world)[-1]
    simulated = Simulator(world, fault=jobs_of((newest, edited(in_progress))))
    ingested(connection, simulated)
    simulated.fault = None
    if how == "RUN_ID":
        report = ingested(connection, simulated, run_id=newest.id)
    else:
        report = ingested(connection, simulated, full=True)
    assert report.outcome == "complete", report.error
    assert_jobs_are_true(connection, world)


def test_jobs_that_never_end_are_given_up_and_reported(
    connection: Connection, world: World
) -> None:
    newest = runs_of(world)[-1]
    simulated = Simulator(world, fault=jobs_of((newest, edited(in_progress))))
    asked = []
    for passed in (0 * HOUR, HOUR, 6 * HOUR, DAY, 3 * DAY, 30 * DAY):
        world.advance(passed)
        for extra in (0, 1):  # a second ingest right after it asks for nothing
            simulated.restart_counters()
            report = ingested(connection, simulated)
            asked.append(simulated.counters.received["jobs"])
            assert report.outcome == "complete", (report.error, extra)
        world.advance(timedelta(minutes=1))
    assert asked == [10, 0, 1, 0, 1, 0, 1, 0, 1, 0, 0, 0]
    (row,) = retries(connection)
    assert (row["tries"], row["next_try_at"]) == (5, None)
    (said,) = status_at(connection, world).concerns
    assert "given up after the last try: 1" in said and "is in_progress" in said
    assert f"given up after 5 tries; to try again: RUN_ID={newest.id}" in report_text(report)
    assert not exact(connection)[newest.id]


def spoiled(body: Any) -> Any:
    body["jobs"][0]["labels"] = 7
    return body


def test_unreadable_jobs_are_counted_named_and_retried(
    connection: Connection, world: World
) -> None:
    fault = edited(spoiled)
    simulated = Simulator(world, fault=lambda r, n: fault if r.kind == "jobs" else None)
    report = ingested(connection, simulated)
    assert report.ingestion is not None
    assert report.ingestion.unreadable_items == 10
    assert len(report.unreadable) == 10 and "labels" in report.unreadable[0]
    assert set(exact(connection).values()) == {False}
    jobs = connection.execute("select count(*) as n from workflow_jobs").fetchone()
    assert jobs == {"n": 10}
    (said,) = status_at(connection, world).concerns
    assert "items that cannot be read: 10" in said and "labels" in said
    simulated.fault = None
    world.advance(HOUR)
    ingested(connection, simulated)
    assert_jobs_are_true(connection, world)
    assert status_at(connection, world).concerns == []


def test_more_unreadable_jobs_than_are_named_are_counted(connection: Connection) -> None:
    world = World(NOW - 40 * HOUR)
    repository = world.add_repository(REPOSITORY)
    for _ in range(30):
        world.add_run(repository)
        world.advance(HOUR)
    fault = edited(spoiled)
    simulated = Simulator(world, fault=lambda r, n: fault if r.kind == "jobs" else None)
    text = report_text(ingested(connection, simulated))
    named = [line for line in text.splitlines() if line.startswith("  unreadable: ")]
    assert len([line for line in named if "; the next try is due at " not in line]) == 20
    assert "and 10 more unreadable" in text
    assert "and 10 more to be retried, or given up" in text


def test_a_run_whose_jobs_always_answer_502_stops_nothing(
    connection: Connection, world: World
) -> None:
    poisoned = runs_of(world)[4]
    simulated = Simulator(world, fault=jobs_of((poisoned, bad_gateway())))
    for passed in (0 * HOUR, HOUR, 6 * HOUR, DAY):
        world.advance(passed)
        report = ingested(connection, simulated)
        assert report.outcome == "incomplete"
        assert "GitHub did not return 1 item; the next try is due at" in (report.error or "")
        assert [key for key, done in exact(connection).items() if not done] == [poisoned.id]
        assert status_at(connection, world).too_old == []
        world.advance(timedelta(minutes=1))
    world.advance(3 * DAY)
    report = ingested(connection, simulated)
    assert report.outcome == "complete", report.error
    (said,) = status_at(connection, world).concerns
    assert "given up after the last try: 1" in said and "502" in said
    # Asking for that run undoes it.
    report = ingested(connection, simulated, run_id=poisoned.id)
    assert report.outcome == "incomplete"
    simulated.fault = None
    assert ingested(connection, simulated, run_id=poisoned.id).outcome == "complete"
    assert_jobs_are_true(connection, world)
    assert status_at(connection, world).concerns == []


def test_many_runs_that_never_answer_do_not_hide_the_others(
    connection: Connection, world: World
) -> None:
    poisoned = {str(run.id) for run in runs_of(world)[3:]}
    fault = bad_gateway()

    def hook(request: RequestInfo, ordinal: int) -> Fault | None:
        return fault if request.kind == "jobs" and request.parameters["run"] in poisoned else None

    simulated = Simulator(world, fault=hook)
    assert ingested(connection, simulated).outcome == "incomplete"
    assert {str(key) for key, done in exact(connection).items() if not done} == poisoned
    assert {str(row["github_run_id"]) for row in retries(connection)} == poisoned


def test_an_outage_blames_no_item(connection: Connection, world: World) -> None:
    fault = bad_gateway()
    asked: list[int] = []

    def hook(request: RequestInfo, ordinal: int) -> Fault | None:
        asked.extend([ordinal] if request.kind == "jobs" else [])
        return fault if len(asked) > 3 else None

    simulated = Simulator(world, fault=hook)
    report = ingested(connection, simulated)
    assert report.outcome == "failed"
    assert len(retries(connection)) < 5
    simulated.fault = None
    world.advance(HOUR)
    assert ingested(connection, simulated).outcome == "complete"
    assert_jobs_are_true(connection, world)


def test_an_open_run_and_an_earlier_attempt_that_never_answer_stop_nothing(
    connection: Connection, world: World
) -> None:
    again, still_open = runs_of(world)[2], world.add_run(world.repositories[0])
    world.rerun(again)
    world.advance(HOUR)
    fault = bad_gateway()

    def hook(request: RequestInfo, ordinal: int) -> Fault | None:
        return fault if request.kind in ("run", "attempt") else None

    simulated = Simulator(world, fault=hook)
    assert ingested(connection, simulated).outcome == "incomplete"
    assert [(row["kind"], row["github_run_id"]) for row in retries(connection)] == [
        ("attempt", again.id)
    ]
    assert set(exact(connection).values()) == {True}
    simulated.fault = None
    world.advance(HOUR)
    assert ingested(connection, simulated).outcome == "complete"
    assert_jobs_are_true(connection, world)
    assert still_open.id in exact(connection)


def test_an_attempt_that_changes_later_has_its_jobs_read_again(
    connection: Connection, world: World
) -> None:
    run = runs_of(world)[3]

    def elsewhere(body: Any) -> Any:
        for each in body.get("workflow_runs", []):
            if each["id"] == run.id:
                each |= {"conclusion": "cancelled", "updated_at": each["run_started_at"]}
        for job in body.get("jobs", []):
            if job["run_id"] == run.id:
                job |= {"conclusion": "cancelled", "completed_at": job["started_at"]}
        return body

    fault = edited(elsewhere)
    simulated = Simulator(world, fault=lambda request, n: fault)
    assert ingested(connection, simulated).outcome == "complete"
    assert exact(connection)[run.id]
    simulated.fault = None
    world.advance(2 * DAY)
    simulated.restart_counters()
    assert ingested(connection, simulated).outcome == "complete"
    assert simulated.counters.received["jobs"] == 1
    assert_jobs_are_true(connection, world)


def test_jobs_of_skipped_runs_are_never_requested(connection: Connection, world: World) -> None:
    for _ in range(6):
        world.add_run(world.repositories[0], conclusion="skipped")
        world.advance(HOUR)
    simulated = Simulator(world)
    for asked in (10, 0):
        simulated.restart_counters()
        assert ingested(connection, simulated).outcome == "complete"
        assert simulated.counters.received["jobs"] == asked
    assert set(exact(connection).values()) == {True} and len(exact(connection)) == 16
    found = status_at(connection, world)
    assert found.proof[0]["attempts_without_jobs"] == 0
    assert found.concerns == []


def test_jobs_that_an_older_version_took_for_final_are_read_again(
    connection: Connection, world: World
) -> None:
    simulated = Simulator(world)
    ingested(connection, simulated)
    first, second = (run.id for run in runs_of(world)[:2])
    connection.execute(
        "update workflow_jobs set status = 'in_progress', conclusion = null, completed_at = null "
        "where github_run_id = %s",
        [first],
    )
    connection.execute(
        "update workflow_runs set completed_at = null, duration_seconds = null "
        "where github_run_id = %s",
        [first],
    )
    migration = (MIGRATIONS / "0021.unfinished-jobs.sql").read_bytes()
    for _ in range(2):
        connection.execute(migration)
        due = connection.execute(
            "select github_run_id from workflow_runs where jobs_listed_at is null"
        ).fetchall()
        assert due == [{"github_run_id": first}]
    simulated.restart_counters()
    assert ingested(connection, simulated).outcome == "complete"
    assert simulated.counters.received["jobs"] == 1
    assert_jobs_are_true(connection, world)
    assert second != first


def attempts_are(answer: Fault, *kinds: str) -> Callable[[RequestInfo, int], Fault | None]:
    """A fault of every answer about one attempt of a run, and of the other kinds."""
    return lambda request, n: answer if request.kind in ("attempt", *kinds) else None


@pytest.mark.parametrize("how", ["RUN_ID", "FULL"])
def test_an_earlier_attempt_that_is_not_found_is_tried_again_then_gone_until_asked_for(
    connection: Connection, world: World, how: str
) -> None:
    again = runs_of(world)[3]
    world.rerun(again)
    world.advance(2 * HOUR)
    simulated = Simulator(world, fault=attempts_are(NOT_FOUND))
    asked = []
    for passed in (0 * HOUR, HOUR, 6 * HOUR, DAY, 3 * DAY, 30 * DAY):
        world.advance(passed)
        simulated.restart_counters()
        report = ingested(connection, simulated)
        assert report.outcome == "complete", report.error
        asked.append((simulated.counters.received["attempt"], len(report.awaited)))
        found = status_at(connection, world)
        assert found.concerns == []
        assert found.proof[0]["gone_attempts"] == (passed >= 3 * DAY)
        world.advance(timedelta(minutes=1))
    assert asked == [(1, 1), (1, 1), (1, 1), (1, 1), (1, 0), (0, 0)]
    simulated.fault = None
    assert ingested(connection, simulated).outcome == "complete"
    assert status_at(connection, world).proof[0]["gone_attempts"] == 1
    for _ in range(2):
        chosen: dict[str, Any] = {"run_id": again.id} if how == "RUN_ID" else {"full": True}
        assert ingested(connection, simulated, **chosen).outcome == "complete"
        (proof,) = status_at(connection, world).proof
        assert (proof["gone_attempts"], proof["pending_attempts"]) == (0, 0)
        assert_jobs_are_true(connection, world)


def test_an_earlier_attempt_of_a_run_that_is_not_found_either_goes_with_its_run(
    connection: Connection, world: World
) -> None:
    again = runs_of(world)[3]
    world.rerun(again)
    world.advance(2 * HOUR)
    simulated = Simulator(world, fault=attempts_are(NOT_FOUND, "run"))
    report = ingested(connection, simulated)
    assert (report.outcome, report.awaited) == ("complete", ())
    (proof,) = status_at(connection, world).proof
    assert (proof["gone_attempts"], proof["pending_attempts"]) == (0, 0)
    # A list that shows the run has all of it fetched.
    simulated.fault = None
    world.advance(2 * DAY)
    assert ingested(connection, simulated).outcome == "complete"
    assert_jobs_are_true(connection, world)


def test_earlier_attempts_that_were_given_up_are_named_as_that_alone(
    connection: Connection, world: World
) -> None:
    again = runs_of(world)[3]
    world.rerun(again)
    world.advance(2 * HOUR)
    simulated = Simulator(world, fault=attempts_are(bad_gateway()))
    for passed in (0 * HOUR, HOUR, 6 * HOUR, DAY, 3 * DAY):
        world.advance(passed + timedelta(minutes=1))
        report = ingested(connection, simulated)
    assert report.outcome == "complete", report.error
    (said,) = status_at(connection, world).concerns
    assert "given up after the last try: 1, the first: attempt of run" in said
    assert said.endswith(f"; to try again: make ingest REPO=acme/app RUN_ID={again.id}")
    simulated.fault = None
    assert ingested(connection, simulated, full=True).outcome == "complete"
    assert_jobs_are_true(connection, world)
    assert status_at(connection, world).concerns == []


def test_ingests_exactly_a_day_apart_leave_no_window_overdue(
    connection: Connection, world: World
) -> None:
    simulated = Simulator(world)
    for _ in range(3):
        assert ingested(connection, simulated).outcome == "complete"
        assert status_at(connection, world).concerns == []
        world.advance(DAY)


@pytest.mark.parametrize(
    ("spoiled", "reason"),
    [
        ({"status": "in_progress", "conclusion": None}, "it is in_progress, although a later"),
        ({"id": 7}, "id is 7, not "),
        ({"run_attempt": 2}, "run_attempt is 2, not 1, which was requested"),
        ({"repository": {"id": 7, "full_name": "acme/old"}}, "repository.id is 7, not "),
    ],
)
def test_an_earlier_attempt_is_read_again_until_it_is_the_final_one(
    connection: Connection, world: World, spoiled: dict[str, Any], reason: str
) -> None:
    run = runs_of(world)[0]
    world.rerun(run, conclusion="failure")
    world.advance(HOUR)

    def fault(request: RequestInfo, number: int) -> Fault | None:
        return edited(lambda found: found | spoiled) if request.kind == "attempt" else None

    simulated = Simulator(world, fault=fault)
    report = ingested(connection, simulated)
    (item,) = report.awaited
    assert (item.kind, item.run_attempt) == ("attempt", 1) and reason in item.reason
    stored = "select run_attempt, status from workflow_runs where github_run_id = %s order by 1"
    second = {"run_attempt": 2, "status": "completed"}
    assert connection.execute(stored, [run.id]).fetchall() == [second]
    simulated.fault = None
    world.advance(HOUR)
    assert ingested(connection, simulated).outcome == "complete"
    first = {"run_attempt": 1, "status": "completed"}
    assert connection.execute(stored, [run.id]).fetchall() == [first, second]
    assert_jobs_are_true(connection, world)


@pytest.mark.parametrize("spoiled", [{"run_attempt": None}, {"conclusion": "cancelled"}], ids=str)
def test_a_run_that_is_fetched_again_replaces_what_a_list_showed_wrongly(
    connection: Connection, world: World, spoiled: dict[str, Any]
) -> None:
    again = runs_of(world)[0]
    world.rerun(again, conclusion="failure")
    world.advance(HOUR)
    later = {"updated_at": f"{world.now + HOUR:%Y-%m-%dT%H:%M:%SZ}"}

    def spoil(found: dict[str, Any]) -> dict[str, Any]:
        runs = found["workflow_runs"]
        of = [run | spoiled | later if run["id"] == again.id else run for run in runs]
        return found | {"workflow_runs": of}

    simulated = Simulator(world, fault=lambda r, n: edited(spoil) if r.kind == "runs" else None)
    assert ingested(connection, simulated).outcome == "complete"
    simulated.fault = None
    for _ in range(2):
        assert ingested(connection, simulated, run_id=again.id).outcome == "complete"
        assert_complete(connection, world)
        assert_jobs_are_true(connection, world)
