"""Where time goes, when it is busy and how much runs at once, each figure computed again."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from support.answers import rows_of
from support.history import UNTIL, History, make_history, store
from support.jobs import executed
from support.rows import workflow_job, workflow_run

from telemetry.database.connection import Connection, open_connection
from telemetry.database.upserts import upsert
from telemetry.rows.jobs import WorkflowJob
from telemetry.rows.runs import Repository

SECOND = timedelta(seconds=1)
BASES = {
    "test (3.12, ubuntu)": "test",
    "test (3.13, (edge), ubuntu)": "test",
    "unit / run (a / b)": "unit / run",
    None: "unnamed",
}


@pytest.fixture(scope="module")
def history() -> History:
    return make_history(9, days=29)


@pytest.fixture(scope="module")
def stored(new_database: Any, migrated: str, history: History) -> Iterator[Connection]:
    with open_connection(new_database(migrated)) as connection:
        store(connection, history)
        yield connection


def percentile(values: Sequence[float], share: float) -> float:
    """Interpolated between the two nearest values."""
    ordered, place = sorted(values), share * (len(values) - 1)
    low, high = ordered[math.floor(place)], ordered[math.ceil(place)]
    return low + (high - low) * (place - math.floor(place))


def around(share_of_unit: float, digits: int) -> Any:
    """Equal to a value that was rounded to `digits` digits."""
    return pytest.approx(share_of_unit, abs=0.501 * 10**-digits)


def numbers(row: dict[str, Any], *columns: str) -> list[float | None]:
    return [None if row[column] is None else float(row[column]) for column in columns]


def time_of(ran: list[tuple[bool, int]], all_of_it: int) -> list[Any]:
    """p50 and p95 of what succeeded in seconds, the sum of all in minutes, its share in percent."""
    green, total = [seconds for is_green, seconds in ran if is_green], sum(s for _, s in ran)
    p50 = around(percentile(green, 0.5), 0) if green else None
    p95 = around(percentile(green, 0.95), 0) if len(green) >= 20 else None
    return [p50, p95, around(total / 60, 1), around(100 * total / all_of_it, 1)]


TIMES = ("p50_seconds", "p95_seconds", "total_minutes", "share_percent")


def test_the_slowest_jobs_have_the_largest_total_time(stored: Connection, history: History) -> None:
    workflow_of = {run.github_run_id: run.workflow_id for run in history.runs}
    repository_of = {run.workflow_id: run.repository for run in history.runs}
    durations = defaultdict(list)
    for job, seconds in executed(history):
        if seconds is not None:
            base, is_green = BASES.get(job.name, job.name), job.conclusion == "success"
            durations[workflow_of[job.github_run_id], base].append((is_green, seconds))
    all_of_it = Counter[str]()
    for (workflow_id, _), ran in durations.items():
        all_of_it[repository_of[workflow_id]] += sum(seconds for _, seconds in ran)
    expected = [
        (name, base, len(values), time_of(values, all_of_it[name]))
        for (workflow_id, base), values in durations.items()
        for name in [repository_of[workflow_id]]
    ]
    rows = rows_of(stored, "slowest_jobs", UNTIL)
    assert len(rows) == len(expected)
    for row in rows:
        found = (row["repository"], row["job"], row["jobs"], numbers(row, *TIMES))
        expected.remove(found)
    totals = [row["total_minutes"] for row in rows]
    assert totals == sorted(totals, reverse=True)


def test_the_slowest_steps_have_the_largest_total_time(
    stored: Connection, history: History
) -> None:
    workflow_of = {run.github_run_id: run.workflow_id for run in history.runs}
    repository_of = {run.workflow_id: run.repository for run in history.runs}
    ran = {(job.job_id, job.run_attempt): (job, seconds) for job, seconds in executed(history)}
    durations = defaultdict(list)
    for step in history.steps:
        job, seconds = ran.get((step.job_id, step.run_attempt), (None, None))
        if job is None or step.conclusion == "skipped":
            continue
        assert step.started_at and step.completed_at
        took = int((step.completed_at - step.started_at).total_seconds())
        if took < 0 or seconds is not None:
            key = (workflow_of[job.github_run_id], BASES.get(job.name, job.name))
            is_green = step.conclusion == "success"
            durations[(*key, step.name or "unnamed")].append((is_green, max(0, took)))
    all_of_it = sum(seconds for ran in durations.values() for _, seconds in ran)
    expected = [
        (repository_of[workflow_id], base, name, len(values), time_of(values, all_of_it))
        for (workflow_id, base, name), values in durations.items()
    ]
    rows = rows_of(stored, "slowest_steps", UNTIL)
    assert len(rows) == len(expected)
    for row in rows:
        found = (row["repository"], row["job"], row["step"], row["steps"], numbers(row, *TIMES))
        expected.remove(found)
    totals = [row["total_minutes"] for row in rows]
    assert totals == sorted(totals, reverse=True)


def test_a_run_of_unknown_length_is_not_the_slowest(connection: Connection) -> None:
    starts = {1: None, 2: UNTIL - timedelta(hours=2)}
    for number, started_at in starts.items():
        run = workflow_run(
            github_run_id=number, created_at=UNTIL - timedelta(hours=3), started_at=started_at
        )
        own = job(number, 0, 60, github_run_id=number, created_at=UNTIL - timedelta(hours=1))
        store(connection, History([run], [own], listed={(number, 1)}))
    (row,) = rows_of(connection, "slowest_run", UNTIL)
    assert (row["github_run_id"], row["duration_seconds"]) == (2, 3660)


def test_busy_hours_count_runs_by_the_utc_hour_of_creation(
    stored: Connection, history: History
) -> None:
    attempts = defaultdict(list)
    for run in history.runs:
        attempts[run.github_run_id].append(run)
    runs: Counter[tuple[str, int, int]] = Counter()
    firsts = {}
    for of_run in attempts.values():
        # An approval is no attempt that ran.
        tried = [run for run in of_run if run.conclusion != "action_required"]
        approvals = len(of_run) - len(tried)
        # Nor does a run that was skipped.
        run = tried[0] if tried else None
        if run and run.run_attempt == approvals + 1 and run.conclusion != "skipped":
            firsts[run.github_run_id, run.run_attempt] = run
            runs[run.repository, run.created_at.isoweekday(), run.created_at.hour] += 1
    work: Counter[tuple[str, int, int]] = Counter()
    for job, seconds in executed(history):
        if (job.github_run_id, job.run_attempt) in firsts:
            run = firsts[job.github_run_id, job.run_attempt]
            hour = (run.repository, run.created_at.isoweekday(), run.created_at.hour)
            work[hour] += seconds or 0
    for zone in ("UTC", "Asia/Kolkata"):
        stored.execute(f"set timezone = '{zone}'")
        rows = rows_of(stored, "busy_hours", UNTIL)
        hours = [(row["repository"], row["weekday"], row["hour"]) for row in rows]
        assert hours == sorted(runs)
        for row, hour in zip(rows, hours, strict=True):
            assert row["runs"] == runs[hour]
            assert float(row["job_minutes"] or 0) == around(work[hour] / 60, 0)
    stored.execute("set timezone = 'UTC'")


def most_at_once(jobs: list[tuple[datetime, int]]) -> tuple[int, datetime]:
    """How many overlapped at most, and when first: asked at every start."""
    levels = [
        (sum(start <= moment < start + took * SECOND for start, took in jobs), moment)
        for moment, _ in jobs
    ]
    largest = max(level for level, _ in levels)
    return largest, min(moment for level, moment in levels if level == largest)


def test_concurrency_matches_a_computation_in_python(stored: Connection, history: History) -> None:
    jobs = defaultdict(list)
    for job, seconds in executed(history):
        if not seconds:
            continue
        group = f"group: {job.runner_group_name.lower()}" if job.runner_group_name else "no label"
        label = ", ".join(sorted(each.lower() for each in job.labels or [])) or group
        jobs[label.replace("123456789", "*")].append((job.started_at, seconds))
        if job.runner_group_name == "GitHub Actions":
            jobs["all standard runners of GitHub"].append((job.started_at, seconds))
    rows = rows_of(stored, "concurrency", UNTIL)
    found = {row["runners"]: (row["jobs"], row["peak_jobs"], row["peak_at"]) for row in rows}
    assert found == {name: (len(of_it), *most_at_once(of_it)) for name, of_it in jobs.items()}
    for row in rows:
        of_it = jobs[row["runners"]]
        first = min(start for start, _ in of_it)
        last = max(start + took * SECOND for start, took in of_it)
        average = sum(took for _, took in of_it) / (last - first).total_seconds()
        assert float(row["average_jobs"]) == around(average, 2)


def job(identity: int, start: int, end: int, **changes: Any) -> WorkflowJob:
    """A job of the run of `peaks`, from and to so many seconds after an hour before the end."""
    moment = UNTIL - timedelta(hours=1)
    times = {"started_at": moment + start * SECOND, "completed_at": moment + end * SECOND}
    return workflow_job(job_id=identity, **{**times, **changes})


def peaks(connection: Connection, jobs: list[WorkflowJob]) -> dict[str, int]:
    created_at = UNTIL - timedelta(hours=2)
    upsert(connection, [workflow_run(created_at=created_at, started_at=created_at)])
    upsert(connection, jobs)
    rows = rows_of(connection, "concurrency", UNTIL)
    return {row["runners"]: row["peak_jobs"] for row in rows}


def test_a_job_that_starts_when_another_ends_is_not_concurrent(
    connection: Connection,
) -> None:
    found = peaks(connection, [job(1, 0, 60), job(2, 60, 120), job(3, 30, 90)])
    assert found == {"ubuntu-latest": 2, "all standard runners of GitHub": 2}


def test_jobs_without_time_or_runner_are_not_concurrent(connection: Connection) -> None:
    idle = {"runner_id": None, "runner_name": None}
    found = peaks(
        connection,
        [
            job(1, 0, 60),
            job(2, 30, 30),
            job(3, 40, 35),
            job(4, 0, 60, is_inherited=True),
            job(5, 0, 60, is_pseudo=True),
            job(6, 0, 60, **idle),
            job(7, 0, 60, labels=["gpu", "self-hosted"], runner_group_name="Default"),
        ],
    )
    expected = {"ubuntu-latest": 1, "all standard runners of GitHub": 1, "gpu, self-hosted": 1}
    assert found == expected


def test_what_runs_at_once_is_counted_for_each_owner(connection: Connection) -> None:
    """Each has runners and a limit of its own; two repositories of one owner share them."""
    ready_at = UNTIL - timedelta(hours=1)
    names = ("acme/app", "acme/lib", "guest/app")
    for number, name in enumerate(names, 1):
        run = {"github_run_id": number, "repository_id": number, "repository": name}
        upsert(connection, [Repository(number, name, "h")])
        upsert(connection, [workflow_run(created_at=ready_at, **run)])
        upsert(connection, [job(number, 0, 1800, github_run_id=number, created_at=ready_at)])
    expected = {"acme": 2, "guest": 1}
    rows = rows_of(connection, "concurrency", UNTIL)
    for runners in ("ubuntu-latest", "all standard runners of GitHub"):
        found = {row["owner"]: row["peak_jobs"] for row in rows if row["runners"] == runners}
        assert found == expected
    busy = rows_of(connection, "runners_by_hour", UNTIL)
    assert {row["owner"]: row["peak_jobs"] for row in busy} == expected
    assert {row["owner"]: row["waiting_jobs"] for row in busy} == expected
