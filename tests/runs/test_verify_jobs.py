"""A comparison of jobs, steps and earlier attempts finds each difference, and says of how many."""

import time
from datetime import timedelta

import pytest
from support.clients import NOW, REPOSITORY
from support.verifications import ingested_by, settled_runs, tools

from telemetry.database.connection import Connection
from telemetry.github.errors import GitHubError
from telemetry.runs.request import Wanted
from telemetry.runs.verification.verify import Verification, verify
from telemetry.simulated.entities import Run
from telemetry.simulated.faults import Fault, RequestInfo, bad_gateway, delay
from telemetry.simulated.month import team_month
from telemetry.simulated.server import Simulator
from telemetry.simulated.world import World
from telemetry.summaries.verification import verification_text

pytestmark = pytest.mark.scenario

WITH_JOBS = Wanted(timedelta(days=40), NOW - timedelta(days=180))


@pytest.fixture
def world() -> World:
    """Nine days in which a run was run again yesterday, some days after its first attempt."""
    world = team_month(seed=3, now=NOW - timedelta(days=1), days=8, runs_per_day=1, days_ahead=1)
    old = world.second - 5 * 86_400
    runs = world.repositories[0].runs
    world.rerun([r for r in runs if r.created_at < old and world.jobs(r, r.attempts[0])][-1])
    world.advance(timedelta(days=1))
    return world


def rerun(world: World) -> Run:
    """The newest run with an earlier attempt."""
    return [run for run in world.repositories[0].runs if len(run.attempts) > 1][-1]


def ingested(connection: Connection, world: World) -> Simulator:
    simulated = Simulator(world, limit=0)
    ingested_by(connection, simulated, wanted=WITH_JOBS)
    return simulated


def verified(
    connection: Connection, simulated: Simulator, jobs_of: int | None = None
) -> Verification:
    with tools(connection, simulated) as given_tools:
        return verify(given_tools, REPOSITORY, jobs_of)


def test_after_an_ingest_jobs_steps_and_earlier_attempts_are_equal(
    connection: Connection, world: World
) -> None:
    simulated = ingested(connection, world)
    simulated.restart_counters()
    found = verified(connection, simulated)
    compared = found.jobs
    assert compared is not None and found.is_equal and found.is_whole
    assert (compared.differences, compared.newer, compared.unreadable) == ([], [], [])
    for table, count in (("workflow_jobs", compared.jobs), ("workflow_steps", compared.steps)):
        rows = connection.execute(f"select count(*) as stored from {table}").fetchone()
        assert rows == {"stored": count}
    (repository,) = world.repositories
    still_open = world.open_runs(repository)
    with_jobs = [run for run in repository.runs if run not in still_open or len(run.attempts) > 1]
    assert compared.runs == compared.of_runs == len(repository.runs)
    assert compared.attempts == sum(len(run.attempts) - 1 for run in repository.runs) > 0
    assert compared.jobs > len(with_jobs) and compared.steps > compared.jobs
    # A request for each hundred jobs of a run that has ended, and one for each earlier attempt.
    jobs = [sum(len(world.jobs(run, each)) for each in run.attempts) for run in with_jobs]
    assert simulated.counters.received["attempt"] == compared.attempts
    assert simulated.counters.received["jobs"] == sum(max(1, -(-each // 100)) for each in jobs)


TAMPERED = {
    "a job deleted": (
        "delete from workflow_jobs where job_id = %(job)s",
        {"kind": "missing here", "column": None, "step": None},
    ),
    "a job made up": (
        "insert into workflow_jobs (github_run_id, run_attempt, job_id, is_inherited, is_pseudo) "
        "values (%(run)s, 1, 1, false, false)",
        {"kind": "missing there", "job_id": 1, "column": None},
    ),
    "another conclusion of a job": (
        "update workflow_jobs set conclusion = 'stale' where job_id = %(job)s",
        {"kind": "different", "column": "conclusion", "ours": "stale"},
    ),
    "another end of a job": (
        "update workflow_jobs set completed_at = completed_at + interval '1 second' "
        "where job_id = %(job)s",
        {"kind": "different", "column": "completed_at"},
    ),
    "other labels": (
        "update workflow_jobs set labels = '{other}' where job_id = %(job)s",
        {"kind": "different", "column": "labels", "ours": ["other"]},
    ),
    "a runner lost": (
        "update workflow_jobs set runner_name = null where job_id = %(job)s",
        {"kind": "different", "column": "runner_name", "ours": None},
    ),
    "a job said to be carried over": (
        "update workflow_jobs set is_inherited = true where job_id = %(job)s",
        {"kind": "different", "column": "is_inherited", "ours": True, "theirs": False},
    ),
    "a step deleted": (
        "delete from workflow_steps where job_id = %(job)s and number = 1",
        {"kind": "missing here", "step": 1, "column": None},
    ),
    "a step made up": (
        "insert into workflow_steps (github_run_id, run_attempt, job_id, number) "
        "values (%(run)s, 1, %(job)s, 99)",
        {"kind": "missing there", "step": 99, "column": None},
    ),
    "another name of a step": (
        "update workflow_steps set name = 'other' where job_id = %(job)s and number = 1",
        {"kind": "different", "step": 1, "column": "name", "ours": "other"},
    ),
    "another start of a step": (
        "update workflow_steps set started_at = started_at - interval '1 second' "
        "where job_id = %(job)s and number = 1",
        {"kind": "different", "step": 1, "column": "started_at"},
    ),
    "another conclusion of the earlier attempt": (
        "update workflow_runs set conclusion = 'stale' "
        "where github_run_id = %(run)s and run_attempt = 1",
        {"kind": "different", "job_id": None, "column": "conclusion", "ours": "stale"},
    ),
    "another person who started the earlier attempt": (
        "update workflow_runs set triggering_actor = 'other', triggering_actor_id = 1 "
        "where github_run_id = %(run)s and run_attempt = 1",
        {"kind": "different", "job_id": None, "column": "triggering_actor", "ours": "other"},
    ),
    "another duration of the earlier attempt": (
        "update workflow_runs set duration_seconds = 99999 "
        "where github_run_id = %(run)s and run_attempt = 1",
        {"kind": "different", "job_id": None, "column": "duration_seconds", "ours": 99_999},
    ),
    "another end of the earlier attempt": (
        "update workflow_runs set completed_at = completed_at + interval '1 second' "
        "where github_run_id = %(run)s and run_attempt = 1",
        {"kind": "different", "job_id": None, "column": "completed_at"},
    ),
}


def test_each_tampering_with_jobs_steps_or_an_earlier_attempt_is_exactly_one_difference(
    connection: Connection, world: World
) -> None:
    simulated = ingested(connection, world)
    run = rerun(world).id
    first = connection.execute(
        "select job_id from workflow_jobs where github_run_id = %s and run_attempt = 1 "
        "and runner_id is not null and exists (select from workflow_steps "
        "where workflow_steps.job_id = workflow_jobs.job_id and number = 1) order by 1 limit 1",
        [run],
    ).fetchone()
    assert first is not None
    key = {"run": run, "job": first["job_id"]}
    for name, (statement, expected) in TAMPERED.items():
        with connection.transaction(force_rollback=True):
            assert connection.execute(statement.encode(), key).rowcount == 1, name
            found = verified(connection, simulated)
            assert found.jobs is not None and found.differences == [], name
            (difference,) = found.jobs.differences
            whole = {"github_run_id": run, "run_attempt": 1, "job_id": key["job"], **expected}
            assert {each: getattr(difference, each) for each in whole} == whole, name
            assert found.jobs.newer == [] and not found.is_equal, name
    assert verified(connection, simulated).is_equal


def test_an_earlier_attempt_that_github_changed_after_it_was_fetched_is_newer(
    connection: Connection, world: World
) -> None:
    simulated = ingested(connection, world)
    run = settled_runs(world)[-1]
    run.attempts[0].touched_at = world.second + 600
    world.advance(timedelta(minutes=20))
    world.rerun(run)
    world.advance(timedelta(days=1))
    ingested_by(connection, simulated, wanted=WITH_JOBS)
    found = verified(connection, simulated)
    assert found.is_equal and found.jobs is not None
    assert [(each.github_run_id, each.run_attempt, each.column) for each in found.jobs.newer] == [
        (run.id, 1, "updated_at")
    ]


def test_without_jobs_they_are_not_requested(connection: Connection, world: World) -> None:
    simulated = ingested(connection, world)
    simulated.restart_counters()
    found = verified(connection, simulated, jobs_of=0)
    assert found.jobs is None
    assert set(simulated.counters.received) == {"runs"}


def test_a_sample_has_the_requested_size_and_can_be_reproduced(
    connection: Connection, world: World
) -> None:
    asked: list[set[str]] = [set(), set()]
    ingested(connection, world)
    for paths in asked:
        simulated = Simulator(world, before=lambda request, _, to=paths: to.add(request.path))
        found = verified(connection, simulated, jobs_of=7)
        assert found.jobs is not None
        assert (found.jobs.runs, found.jobs.of_runs) == (7, len(world.repositories[0].runs))
        assert found.jobs.seed == world.now.toordinal()
        text = verification_text(found)
        assert (
            f"of 7 of {found.jobs.of_runs} runs, a sample drawn with seed {found.jobs.seed}" in text
        )
    assert asked[0] == asked[1]


def test_jobs_that_no_ingest_has_fetched_are_counted_and_not_compared(
    connection: Connection, world: World
) -> None:
    simulated = Simulator(world)
    ingested_by(connection, simulated)
    found = verified(connection, simulated)
    assert found.jobs is not None and found.is_equal
    stored = connection.execute("select count(*) as attempts from workflow_runs").fetchone()
    assert (found.jobs.jobs, found.jobs.pending_attempts) == (0, stored and stored["attempts"])
    assert "attempts are still to be fetched" in verification_text(found)


def test_the_jobs_of_a_skipped_attempt_are_not_waited_for(
    connection: Connection, world: World
) -> None:
    skipped = world.add_run(world.repositories[0], conclusion="skipped")
    world.advance(timedelta(hours=2))
    found = verified(connection, ingested(connection, world))
    stored = connection.execute(
        "select jobs_listed_at from workflow_runs where github_run_id = %s", [skipped.id]
    ).fetchall()
    assert stored == [{"jobs_listed_at": None}]
    assert found.jobs is not None and found.is_equal and found.is_whole
    assert found.jobs.pending_attempts == 0


def test_a_run_that_github_does_not_return_is_named_and_the_others_are_compared(
    connection: Connection, world: World
) -> None:
    ingested(connection, world)
    run = rerun(world).id

    def fault(request: RequestInfo, ordinal: int) -> Fault | None:
        return bad_gateway() if request.path.endswith(f"/{run}/jobs") else None

    found = verified(connection, Simulator(world, limit=0, fault=fault))
    assert found.jobs is not None
    (text,) = found.jobs.unanswered
    assert text.startswith(
        f"run {run}: GET /repos/acme/app/actions/runs/{run}/jobs: 502 Bad Gateway"
    )
    assert found.jobs.runs == found.jobs.of_runs - 1
    assert found.is_equal and not found.is_whole


@pytest.mark.parametrize("is_of_token", [True, False])
def test_a_refusal_of_all_is_named_once_and_one_of_a_run_with_that_run(
    connection: Connection, world: World, is_of_token: bool
) -> None:
    ingested(connection, world)
    refused = Fault(403, body=b'{"message": "Resource not accessible by integration"}')
    run = rerun(world).id

    def fault(request: RequestInfo, ordinal: int) -> Fault | None:
        is_meant = is_of_token or request.path.endswith(f"/{run}/jobs")
        return refused if request.kind == "jobs" and is_meant else None

    simulated = Simulator(world, limit=0, fault=fault)
    if is_of_token:
        with pytest.raises(GitHubError, match="the permission actions=read"):
            verified(connection, simulated)
        return
    found = verified(connection, simulated)
    assert found.jobs is not None and len(found.jobs.unanswered) == 1
    assert found.is_equal and not found.is_whole


def test_at_the_rate_limit_the_comparison_of_jobs_ends_and_says_so(
    connection: Connection, world: World
) -> None:
    ingested(connection, world)
    found = verified(connection, Simulator(world, limit=15))
    assert found.jobs is not None and found.error is not None
    assert 0 < found.jobs.runs < found.jobs.of_runs
    assert found.is_equal and not found.is_whole


def test_an_interruption_does_not_wait_for_the_answers_of_github(
    connection: Connection, world: World
) -> None:
    simulated = ingested(connection, world)
    first = min(run.id for run in world.repositories[0].runs)

    def fault(request: RequestInfo, ordinal: int) -> Fault | None:
        is_first = request.path.endswith(f"/{first}/jobs")
        return delay(20) if request.kind == "jobs" and not is_first else None

    def interrupt(done: int, total: int, label: str = "") -> None:
        if label == "runs compared":
            raise KeyboardInterrupt

    simulated.fault = fault
    with tools(connection, simulated, progress=interrupt) as given_tools:
        began = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            verify(given_tools, REPOSITORY, None)
        assert time.monotonic() - began < 10
