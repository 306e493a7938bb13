"""All jobs and steps of all attempts are stored, with few requests, and give attempts their end."""

import json
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import pytest
from pytest_httpserver import HTTPServer
from support.clients import client
from support.databases import blocked
from support.paths import LONGEST, ROOT
from support.payloads import payload
from support.rows import workflow_job, workflow_run, workflow_step

from telemetry.database.connection import Connection, execute, open_connection
from telemetry.database.transactions import with_retries
from telemetry.database.upserts import Counts, upsert
from telemetry.github.client import GitHub
from telemetry.github.options import Options
from telemetry.rows.jobs import WorkflowJob, WorkflowStep
from telemetry.rows.runs import WorkflowRun, seconds_between
from telemetry.runs.job_lists import DueAttempt
from telemetry.runs.jobs import (
    JobsOfRun,
    StoredJobs,
    fetch_jobs,
    pending_jobs,
    store_jobs,
)
from telemetry.simulated.entities import HOSTED_RUNNERS, Attempt, PlannedJob, Run
from telemetry.simulated.faults import Fault, RequestInfo, edited
from telemetry.simulated.month import team_month
from telemetry.simulated.server import Simulator
from telemetry.simulated.world import World

pytestmark = pytest.mark.scenario

REPOSITORY = "acme/app"
NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
OlderAttempts = Literal["whole", "without steps", "absent"]
OLDER_ATTEMPTS: list[OlderAttempts] = ["whole", "without steps", "absent"]

every_form = pytest.mark.parametrize("older_attempts", OLDER_ATTEMPTS)


@pytest.fixture
def world() -> World:
    """A team's month; among its runs one is being re-run, so that its first attempt is final."""
    made = team_month(seed=3, now=NOW, runs_per_day=2)
    (repository,) = made.repositories
    latest = [(run, made.latest(run)) for run in repository.runs]
    over = [run for run, last in latest if last.updated_at <= made.second]
    made.rerun([run for run in over if made.latest(run).conclusion == "failure"][-1])
    return made


def completed(world: World) -> list[tuple[Run, Attempt]]:
    (repository,) = world.repositories
    return [
        (run, attempt)
        for run in repository.runs
        for attempt in run.attempts
        if attempt.updated_at <= world.second
    ]


def with_jobs(world: World) -> list[tuple[Run, Attempt]]:
    """Those whose jobs are asked for: skipped ones have nothing to tell."""
    return [each for each in completed(world) if each[1].conclusion != "skipped"]


def listed(world: World) -> list[WorkflowRun]:
    """The completed attempts as they are stored before their jobs are known."""
    (repository,) = world.repositories
    names = [f.name for f in fields(WorkflowRun)]
    return [
        WorkflowRun(
            **{name: getattr(attempt, name) for name in names}
            | {
                "completed_at": attempt.updated_at,
                "duration_seconds": seconds_between(attempt.started_at, attempt.updated_at),
            }
        )
        for attempt in world.attempts(repository)
        if attempt.status == "completed"
    ]


def moment(second: int | None) -> datetime | None:
    return None if second is None else datetime.fromtimestamp(second, UTC)


def true_jobs(world: World) -> list[WorkflowJob]:
    """Every job that must be stored, as the simulated world knows it."""
    rows = []
    for run, attempt in with_jobs(world):
        for job in world.jobs(run, attempt):
            hosted = job.runner_id is not None and job.runner_id > HOSTED_RUNNERS
            group = (0, "GitHub Actions") if hosted else (1, "Default")
            page = "runs" if job.is_pseudo else f"actions/runs/{run.id}/job"
            rows.append(
                WorkflowJob(
                    github_run_id=run.id,
                    run_attempt=attempt.number,
                    job_id=job.id,
                    name=job.name,
                    status="completed",
                    conclusion=job.outcome,
                    created_at=moment(job.created_at),
                    started_at=moment(job.started_at),
                    completed_at=moment(job.ends_at),
                    labels=list(job.labels),
                    runner_id=job.runner_id,
                    runner_name=job.runner_name,
                    runner_group_id=None if job.runner_id is None else group[0],
                    runner_group_name=None if job.runner_id is None else group[1],
                    html_url=f"https://github.com/{REPOSITORY}/{page}/{job.id}",
                    is_inherited=job.inherited,
                    is_pseudo=job.is_pseudo,
                )
            )
    return sorted(rows, key=lambda row: (row.github_run_id, row.run_attempt, row.job_id))


def true_steps(world: World) -> list[WorkflowStep]:
    rows = [
        WorkflowStep(
            github_run_id=run.id,
            run_attempt=attempt.number,
            job_id=job.id,
            number=step.number,
            name=step.name,
            status=step.status,
            conclusion=step.conclusion,
            started_at=moment(step.started_at),
            completed_at=moment(step.completed_at),
        )
        for run, attempt in with_jobs(world)
        for job in world.jobs(run, attempt)
        for step in world.steps(job)
    ]
    return sorted(rows, key=lambda r: (r.github_run_id, r.run_attempt, r.job_id, r.number))


def true_ends(world: World) -> list[tuple[Any, ...]]:
    """When each attempt ended and how long it took; what the list said where nothing ran."""
    (repository,) = world.repositories
    truth = {
        (attempt.github_run_id, attempt.run_attempt): attempt
        for attempt in world.attempts(repository)
    }
    ends = []
    for row in listed(world):
        attempt = truth[row.github_run_id, row.run_attempt]
        exact: Any = row if attempt.completed_at is None else attempt
        ends.append(
            (row.github_run_id, row.run_attempt, exact.completed_at, exact.duration_seconds)
        )
    return sorted(ends)


def ingest_jobs(connection: Connection, github: GitHub, world: World) -> StoredJobs:
    """Fetch what is due in four threads, and store it as it comes."""
    (repository,) = world.repositories
    jobs = steps = Counts()
    with ThreadPoolExecutor(4) as threads:
        fetched = threads.map(
            lambda run: fetch_jobs(github, REPOSITORY, run.github_run_id, run.attempts),
            pending_jobs(connection, repository.id, NOW),
        )
        while batch := list(islice(fetched, 7)):
            stored = store_jobs(connection, batch, world.now)
            jobs, steps = jobs + stored.jobs, steps + stored.steps
    return StoredJobs(jobs, steps)


def stored(connection: Connection, table: str) -> list[dict[str, Any]]:
    return connection.execute(f"select * from {table} order by 1, 2, 3, 4").fetchall()


def as_fetched(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows without what the database adds to them."""
    added = {"revision", "job_base"}
    return [{k: v for k, v in row.items() if k not in added} for row in rows]


def everything(connection: Connection) -> list[list[dict[str, Any]]]:
    return [stored(connection, f"workflow_{name}") for name in ("runs", "jobs", "steps")]


def fetch(github: GitHub, run_id: int = 9_000_000_001, *attempts: DueAttempt) -> JobsOfRun:
    due = attempts or (DueAttempt(1, None, "success"),)
    return fetch_jobs(github, REPOSITORY, run_id, due)


def requests(jobs: int) -> int:
    """As many as a list of that many jobs takes."""
    return max(1, -(-jobs // 100))


def assert_no_unnecessary_request(
    world: World, received: Counter[str], older_attempts: OlderAttempts
) -> None:
    at_once = one_by_one = 0
    for run in {run.id: run for run, _ in with_jobs(world)}.values():
        begun = [a for a in run.attempts if a.created_at <= world.second]
        older = begun[:-1]
        shown = begun[-1:] if older_attempts == "absent" else begun
        at_once += requests(sum(len(world.jobs(run, attempt)) for attempt in shown))
        for jobs in [world.jobs(run, attempt) for attempt in older]:
            if older_attempts == "absent" and jobs:
                one_by_one += requests(len(jobs))
            if older_attempts == "without steps" and any(job.runner_id for job in jobs):
                one_by_one += requests(len(jobs))
    assert (received["jobs"], received["attempt_jobs"]) == (at_once, one_by_one)
    assert sum(received.values()) == at_once + one_by_one
    assert (one_by_one == 0) == (older_attempts == "whole")


@every_form
def test_all_equals_the_truth_field_by_field_and_no_unnecessary_request_is_sent(
    connection: Connection, world: World, older_attempts: OlderAttempts
) -> None:
    upsert(connection, listed(world))
    simulated = Simulator(world, older_attempts=older_attempts)
    with client(simulated) as github:
        counts = ingest_jobs(connection, github, world)
    assert_no_unnecessary_request(world, simulated.counters.received, older_attempts)
    jobs, steps = true_jobs(world), true_steps(world)
    assert as_fetched(stored(connection, "workflow_jobs")) == [asdict(job) for job in jobs]
    assert as_fetched(stored(connection, "workflow_steps")) == [asdict(s) for s in steps]
    assert counts == StoredJobs(Counts(inserted=len(jobs)), Counts(inserted=len(steps)))
    assert [
        (row["github_run_id"], row["run_attempt"], row["completed_at"], row["duration_seconds"])
        for row in stored(connection, "workflow_runs")
    ] == true_ends(world)
    (repository,) = world.repositories
    assert pending_jobs(connection, repository.id, NOW) == []


def test_the_month_contains_the_difficult_kinds_of_jobs(world: World) -> None:
    jobs = true_jobs(world)
    assert any(job.is_inherited for job in jobs) and any(job.is_pseudo for job in jobs)
    skipped = [job for job in jobs if job.conclusion in ("skipped", "cancelled")]
    assert any(job.runner_id is None for job in skipped)
    assert any(attempt.last_job_end is None for _, attempt in completed(world))
    assert any(len(world.jobs(run, attempt)) > 100 for run, attempt in completed(world))
    (repository,) = world.repositories
    assert any(len(run.attempts) > 1 for run in world.open_runs(repository))


def test_fetching_and_storing_again_changes_nothing(connection: Connection, world: World) -> None:
    upsert(connection, listed(world))
    (repository,) = world.repositories
    due = pending_jobs(connection, repository.id, NOW)
    with client(Simulator(world)) as github:
        ingest_jobs(connection, github, world)
        before = everything(connection)
        again = [fetch_jobs(github, REPOSITORY, run.github_run_id, run.attempts) for run in due]
    counts = store_jobs(connection, again, world.now)
    assert everything(connection) == before
    assert (counts.jobs, counts.steps) == (
        Counts(unchanged=len(before[1])),
        Counts(unchanged=len(before[2])),
    )


def test_only_the_new_attempt_is_due_after_a_rerun(connection: Connection, world: World) -> None:
    upsert(connection, listed(world))
    simulated = Simulator(world)
    (repository,) = world.repositories
    with client(simulated) as github:
        ingest_jobs(connection, github, world)
        world.advance(timedelta(days=3))
        upsert(connection, listed(world))
        due = pending_jobs(connection, repository.id, NOW)
        simulated.restart_counters()
        counts = ingest_jobs(connection, github, world)
    assert [attempt.run_attempt for run in due for attempt in run.attempts].count(2) >= 1
    assert all(len(run.attempts) == 1 for run in due)
    assert simulated.counters.received.total() == len(due)
    assert counts.jobs.updated == counts.jobs.unchanged == 0
    jobs = [asdict(job) for job in true_jobs(world)]
    assert as_fetched(stored(connection, "workflow_jobs")) == jobs


def test_pending_runs_come_newest_first(
    connection: Connection,
) -> None:
    hour = timedelta(hours=1)
    run = workflow_run()
    upsert(connection, [run, workflow_run(run_attempt=2, conclusion="failure")])
    upsert(connection, [workflow_run(github_run_id=2, created_at=run.created_at + hour)])
    upsert(connection, [workflow_run(github_run_id=3, created_at=run.created_at - hour)])
    upsert(connection, [workflow_run(github_run_id=4, repository_id=8)])
    upsert(connection, [workflow_run(github_run_id=5), workflow_run(github_run_id=6)])
    connection.execute("update workflow_runs set jobs_listed_at = now() where github_run_id = 5")
    connection.execute(
        "update workflow_runs set missing_upstream_at = now() where github_run_id = 6"
    )
    pending = pending_jobs(connection, 7, NOW)
    assert [found.github_run_id for found in pending] == [2, 1, 3]
    assert pending[1].attempts == (
        DueAttempt(1, run.started_at, "success"),
        DueAttempt(2, run.started_at, "failure"),
    )


def one_run(world: World, jobs: int = 3, **changes: Any) -> Run:
    """A completed run of a new repository, with that many jobs."""
    repository = world.add_repository(REPOSITORY)
    planned = [PlannedJob(f"job {n}", seconds=60) for n in range(jobs)]
    world.add_workflow(repository, jobs=planned)
    run = world.add_run(repository, created_at=world.now - timedelta(days=1), **changes)
    assert world.latest(run).updated_at < world.second
    return run


def test_more_than_a_page_of_jobs_is_paged() -> None:
    world = World(NOW)
    run = one_run(world, jobs=230)
    simulated = Simulator(world)
    with client(simulated) as github:
        found = fetch(github, run.id)
    assert len({job.job_id for job in found.jobs}) == len(found.jobs) == 230
    assert simulated.counters.received == {"jobs": 3}


def test_an_attempt_that_awaited_approval_costs_no_request_of_its_own() -> None:
    world = World(NOW)
    run = one_run(world, conclusion="action_required")
    world.rerun(run)
    world.advance(timedelta(hours=2))
    due = [DueAttempt(1, None, "action_required"), DueAttempt(2, None, "success")]
    simulated = Simulator(world, older_attempts="absent")
    with client(simulated) as github:
        found = fetch(github, run.id, *due)
    assert {job.run_attempt for job in found.jobs} == {2}
    assert found.attempts == (1, 2)
    assert simulated.counters.received == {"jobs": 1}


def test_an_attempt_hidden_by_one_without_jobs_is_requested_itself() -> None:
    world = World(NOW)
    run = one_run(world)

    def hidden(request: RequestInfo, ordinal: int) -> Fault | None:
        nothing = edited(lambda body: {"total_count": 0, "jobs": []})
        return nothing if request.kind == "jobs" else None

    with client(Simulator(world, fault=hidden)) as github:
        assert len(fetch(github, run.id).jobs) == 3


def test_jobs_of_an_attempt_in_progress_are_not_stored(connection: Connection) -> None:
    world = World(NOW)
    run = one_run(world)
    world.rerun(run)
    (repository,) = world.repositories
    upsert(connection, listed(world))
    with client(Simulator(world)) as github:
        assert {job.run_attempt for job in fetch(github, run.id).jobs} == {1}
        ingest_jobs(connection, github, world)
    rows = stored(connection, "workflow_jobs")
    assert {(row["run_attempt"], row["status"]) for row in rows} == {(1, "completed")}
    world.advance(timedelta(days=1))
    upsert(connection, listed(world))
    (pending,) = pending_jobs(connection, repository.id, NOW)
    assert [attempt.run_attempt for attempt in pending.attempts] == [2]


def test_a_deleted_run_is_listed_without_jobs_and_known_to_be_gone(connection: Connection) -> None:
    world = World(NOW)
    run = one_run(world)
    (repository,) = world.repositories
    upsert(connection, listed(world))
    world.delete(repository, run)
    with client(Simulator(world)) as github:
        found = fetch(github, run.id)
    assert (found.jobs, found.is_missing) == ([], True)
    before = stored(connection, "workflow_runs")
    store_jobs(connection, [found], NOW)
    assert pending_jobs(connection, repository.id, NOW) == []
    assert stored(connection, "workflow_runs") == [{**before[0], "jobs_listed_at": NOW}]


@every_form
def test_a_rerun_between_two_pages_of_jobs_loses_none(older_attempts: OlderAttempts) -> None:
    world = World(NOW)
    run = one_run(world, jobs=104)

    def rerun(request: RequestInfo, ordinal: int) -> None:
        if request.query.get("page") == "2" and len(run.attempts) == 1:
            world.rerun(run)
            world.advance(timedelta(minutes=1))

    with client(Simulator(world, older_attempts=older_attempts, before=rerun)) as github:
        found = fetch(github, run.id)
    assert len(run.attempts) == 2
    jobs = world.jobs(run, run.attempts[0])
    assert {job.job_id for job in found.jobs} == {job.id for job in jobs}
    assert len(found.steps) == sum(len(world.steps(job)) for job in jobs)
    assert (len(found.jobs), found.retries) == (104, ())


def test_an_attempt_unknown_to_github_loses_no_other() -> None:
    world = World(NOW)
    run = one_run(world)
    with client(Simulator(world)) as github:
        found = fetch(github, run.id, DueAttempt(1, None, None), DueAttempt(2, None, None))
    assert [job.run_attempt for job in found.jobs] == [1, 1, 1]
    assert (found.attempts, found.is_missing) == ((1, 2), False)


def served(httpserver: HTTPServer, jobs: list[Any], total_count: Any = 1) -> GitHub:
    """A client of a GitHub that answers these jobs for the run of the hand-written payloads."""
    path = f"/repos/{REPOSITORY}/actions/runs/9000000001"
    body = {"total_count": total_count, "jobs": jobs}
    httpserver.expect_request(
        f"{path}/jobs", query_string="filter=all&per_page=100"
    ).respond_with_json(body)
    httpserver.expect_request(f"{path}/attempts/1/jobs").respond_with_json(body)
    return GitHub(None, Options(base_url=httpserver.url_for(""), sleep=lambda seconds: None))


def test_unreadable_jobs_are_named_and_lose_nothing_else(httpserver: HTTPServer) -> None:
    good = payload("job", "job")
    other = {**payload("job_self_hosted", "job"), "id": 5}
    other["steps"] = [{"number": None}, *other["steps"], {"number": 9, "started_at": "noon"}]
    wrong_steps = {**good, "id": 6, "steps": "three"}
    foreign = {**good, "id": 7, "run_id": 8}
    jobs = [good, None, payload("job_without_id", "job"), other, wrong_steps, foreign]
    with served(httpserver, jobs) as github:
        found = fetch(github)
    assert [(job.job_id, job.name) for job in found.jobs] == [
        (good["id"], good["name"]),
        (5, good["name"]),
        (6, good["name"]),
    ]
    assert [(step.job_id, step.number) for step in found.steps] == [
        (job, number) for job in (good["id"], 5) for number in (1, 2, 7)
    ]
    assert found.unreadable == (
        "job: null is not an object",
        "job: id is missing",
        "step null of job 5: number is missing",
        "'step 9 of job 5': started_at is 'noon', not a time with its zone",
        "6: steps is 'three', not a list",
        "7: run_id is 8, not 9000000001, which was requested",
    )


@pytest.mark.parametrize("total_count", [0, 1, 99, None, "many"])
def test_a_wrong_total_does_no_harm(httpserver: HTTPServer, total_count: Any) -> None:
    jobs = [{**payload("job", "job"), "id": n} for n in range(1, 4)]
    with served(httpserver, jobs, total_count) as github:
        assert [job.job_id for job in fetch(github).jobs] == [1, 2, 3]


def test_jobs_without_an_attempt_belong_to_the_requested_one(
    httpserver: HTTPServer,
) -> None:
    old = payload("job_of_2021", "job")
    path = f"/repos/{REPOSITORY}/actions/runs/9000000001"
    httpserver.expect_request(f"{path}/jobs").respond_with_json({"jobs": [old]})
    httpserver.expect_request(f"{path}/attempts/2/jobs").respond_with_json(
        {"jobs": [{**old, "id": 5}]}
    )
    with GitHub(None, Options(base_url=httpserver.url_for(""))) as github:
        found = fetch(github, 9_000_000_001, *(DueAttempt(n, None, None) for n in (1, 2)))
    assert [(job.run_attempt, job.job_id) for job in found.jobs] == [(1, old["id"]), (2, 5)]


def test_nine_recorded_jobs_with_a_total_of_eight_are_eight_with_all_their_steps(
    recorded: Path, httpserver: HTTPServer
) -> None:
    path = recorded / "github" / "body_jobs__tt_12007373278.json"
    body = json.loads(path.read_text(encoding="utf-8"))
    assert (body["total_count"], len(body["jobs"])) == (8, 9)
    httpserver.expect_request(
        f"/repos/{REPOSITORY}/actions/runs/12007373278/jobs"
    ).respond_with_json(body)
    with GitHub(None, Options(base_url=httpserver.url_for(""))) as github:
        found = fetch(github, 12_007_373_278)
    assert {job.job_id for job in found.jobs} == {job["id"] for job in body["jobs"]}
    assert len(found.jobs) == 8
    doubled = [step for step in found.steps if step.job_id == 33_467_841_415]
    assert len(doubled) == 12


def test_the_end_of_a_recorded_run_is_that_of_its_last_real_job(
    connection: Connection, recorded: Path, httpserver: HTTPServer
) -> None:
    bodies = {
        kind: json.loads(
            (recorded / "github" / f"body_{kind}__tt_12083382635.json").read_text("utf-8")
        )
        for kind in ("run", "jobs")
    }
    run = WorkflowRun.from_api(bodies["run"])
    upsert(connection, [run])
    httpserver.expect_request(
        f"/repos/{REPOSITORY}/actions/runs/12083382635/jobs"
    ).respond_with_json(bodies["jobs"])
    due = DueAttempt(1, run.started_at, run.conclusion)
    with GitHub(None, Options(base_url=httpserver.url_for(""))) as github:
        store_jobs(connection, [fetch(github, run.github_run_id, due)], NOW)
    (row,) = stored(connection, "workflow_runs")
    assert row["completed_at"] == datetime(2024, 11, 29, 11, 32, 9, tzinfo=UTC)
    assert row["duration_seconds"] == 2_667
    assert run.duration_seconds == 2_669


JOBS = JobsOfRun(1, (1,), [workflow_job()], [workflow_step()], (), False)
END = workflow_job().completed_at
LATER = workflow_run().created_at + timedelta(hours=1)


@pytest.mark.parametrize(
    ("other", "ended_at"),
    [
        ({}, LATER),
        ({"is_pseudo": True}, END),
        ({"is_inherited": True}, END),
        ({"runner_id": None}, END),
        ({"completed_at": None}, END),
    ],
)
def test_an_attempt_ends_with_its_last_job_that_really_ran(
    connection: Connection, other: dict[str, Any], ended_at: datetime
) -> None:
    upsert(connection, [workflow_run()])
    second = workflow_job(**{"job_id": 12, "completed_at": LATER, **other})
    store_jobs(connection, [replace(JOBS, jobs=[workflow_job(), second])], NOW)
    (row,) = stored(connection, "workflow_runs")
    assert row["completed_at"] == ended_at
    assert row["duration_seconds"] == (ended_at - workflow_run().created_at).total_seconds()
    assert row["revision"] == 2


def test_an_attempt_in_which_nothing_ran_keeps_the_end_it_had(connection: Connection) -> None:
    upsert(connection, [workflow_run()])
    (before,) = stored(connection, "workflow_runs")
    skipped = workflow_job(runner_id=None, conclusion="skipped")
    store_jobs(connection, [replace(JOBS, jobs=[skipped])], NOW)
    assert stored(connection, "workflow_runs") == [{**before, "jobs_listed_at": NOW}]


def test_an_end_before_the_start_gives_no_negative_duration(connection: Connection) -> None:
    upsert(connection, [workflow_run(started_at=LATER)])
    store_jobs(connection, [JOBS], NOW)
    (row,) = stored(connection, "workflow_runs")
    assert (row["completed_at"], row["duration_seconds"]) == (END, 0)


def test_an_attempt_of_unknown_start_gets_its_end_and_no_duration(connection: Connection) -> None:
    upsert(connection, [workflow_run(started_at=None, duration_seconds=None)])
    store_jobs(connection, [JOBS], NOW)
    (row,) = stored(connection, "workflow_runs")
    assert (row["completed_at"], row["duration_seconds"]) == (END, None)


def test_a_list_read_afterwards_does_not_undo_the_exact_end(connection: Connection) -> None:
    upsert(connection, [workflow_run()])
    store_jobs(connection, [JOBS], NOW)
    upsert(connection, [workflow_run(updated_at=LATER, completed_at=LATER, duration_seconds=3_600)])
    (row,) = stored(connection, "workflow_runs")
    assert (row["completed_at"], row["duration_seconds"]) == (END, 540)


def nothing_but_its_key(row: Any, **changes: Any) -> Any:
    keys = {"github_run_id", "run_attempt", "job_id", "number", "is_inherited", "is_pseudo"}
    nulls: dict[str, Any] = {f.name: None for f in fields(row) if f.name not in keys}
    return replace(row, **{**nulls, "status": "completed", **changes})


def test_null_never_replaces_a_known_value(connection: Connection) -> None:
    upsert(connection, [workflow_run()])
    store_jobs(connection, [JOBS], NOW)
    _, (job,), (step,) = everything(connection)
    for row in (workflow_job(), workflow_step()):
        assert upsert(connection, [nothing_but_its_key(row)]) == Counts(unchanged=1)
        assert upsert(connection, [nothing_but_its_key(row, name="new")]) == Counts(updated=1)
    assert everything(connection)[1:] == [
        [{**job, "name": "new", "job_base": "new", "revision": 2}],
        [{**step, "name": "new", "revision": 2}],
    ]


def test_an_unfinished_state_never_replaces_a_finished_one(connection: Connection) -> None:
    upsert(connection, [workflow_run()])
    store_jobs(connection, [JOBS], NOW)
    before = everything(connection)
    for row in (workflow_job(), workflow_step()):
        assert upsert(connection, [replace(row, status="in_progress")]) == Counts(unchanged=1)
    assert everything(connection) == before


def test_a_pruned_run_takes_its_jobs_and_steps_along(connection: Connection) -> None:
    upsert(connection, [workflow_run(), workflow_run(github_run_id=2)])
    others = JobsOfRun(
        2, (1,), [workflow_job(github_run_id=2)], [workflow_step(github_run_id=2)], (), False
    )
    store_jobs(connection, [JOBS, others], NOW)
    execute(connection, "prune/prune_workflow_runs", {"github_run_ids": [1], "before": NOW})
    for rows in everything(connection):
        assert [row["github_run_id"] for row in rows] == [2]


def test_a_run_pruned_before_its_jobs_came_is_passed_over(connection: Connection) -> None:
    upsert(connection, [workflow_run()])
    gone = replace(JOBS, github_run_id=2, jobs=[workflow_job(github_run_id=2)], steps=[])
    counts = store_jobs(connection, [gone, JOBS], NOW)
    assert counts == StoredJobs(Counts(inserted=1), Counts(inserted=1))


def test_a_run_pruned_while_its_jobs_are_stored_is_passed_over(
    connection: Connection, dsn: str
) -> None:
    upsert(connection, [workflow_run()])
    with open_connection(dsn) as pruning, open_connection(dsn) as watching:
        with ThreadPoolExecutor(1) as thread:
            with pruning.transaction():
                pruning.execute("delete from workflow_runs")
                storing = thread.submit(
                    with_retries, connection, lambda: store_jobs(connection, [JOBS], NOW)
                )
                blocked(watching)
            assert storing.result(timeout=LONGEST) == StoredJobs(Counts(), Counts())
        assert everything(connection) == [[], [], []]


def test_an_ingest_killed_while_storing_leaves_nothing_stored_and_everything_due(
    connection: Connection, dsn: str
) -> None:
    world = World(NOW)
    run = one_run(world)
    (repository,) = world.repositories
    upsert(connection, listed(world))
    due = pending_jobs(connection, repository.id, NOW)
    before = everything(connection)
    simulated = Simulator(world)
    with simulated.serve() as url, GitHub(None, Options(base_url=url)) as github:
        program = f"""
from datetime import UTC, datetime
from telemetry.database.connection import open_connection
from telemetry.github.client import GitHub
from telemetry.github.options import Options
from telemetry.runs.jobs import fetch_jobs, pending_jobs, store_jobs
with GitHub(None, Options(base_url={url!r})) as github, open_connection({dsn!r}) as connection:
    (run,) = pending_jobs(connection, {repository.id}, datetime.now(UTC))
    found = fetch_jobs(github, {REPOSITORY!r}, run.github_run_id, run.attempts)
    store_jobs(connection, [found], datetime.now(UTC))
"""
        with open_connection(dsn) as holding, holding.transaction():
            # Lets jobs and steps be written, and keeps the run from being marked.
            holding.execute("select 1 from workflow_runs for share")
            child = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT)
            blocked(connection)
            child.kill()
            child.wait()
        assert everything(connection) == before
        assert pending_jobs(connection, repository.id, NOW) == due
        ingest_jobs(connection, github, world)
    assert len(stored(connection, "workflow_jobs")) == len(world.jobs(run, run.attempts[0])) == 3
