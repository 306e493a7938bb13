"""What could be saved, how busy runners are, and deployments; each figure computed again."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from support.history import UNTIL, History, make_history, store
from support.rows import CREATED_AT, workflow_job, workflow_run

from telemetry.database.connection import Connection, execute, open_connection
from telemetry.database.prices import load_name_kinds, load_runner_prices
from telemetry.database.questions import Scope, ask
from telemetry.database.upserts import upsert
from telemetry.rows.prices import RunnerPrice
from telemetry.rows.workflows import Workflow

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SCOPE = Scope(UNTIL - timedelta(days=30), UNTIL)
Row = dict[str, Any]


@pytest.fixture(scope="module")
def history() -> History:
    return make_history(9, days=40, runs_per_day=6)


@pytest.fixture(scope="module")
def stored(
    new_database: Callable[[str], str], migrated: str, history: History
) -> Iterator[Connection]:
    with open_connection(new_database(migrated)) as connection:
        load_runner_prices(connection)
        store(connection, history)
        yield connection


def rows_of(connection: Connection, view: str) -> list[Row]:
    """The rows of a view that the scope is about."""
    return connection.execute(
        f"select * from {view} where created_at >= %s and created_at < %s",
        [SCOPE.since, SCOPE.until],
    ).fetchall()


def test_what_rounding_up_costs_is_summed_job_by_job(stored: Connection) -> None:
    expected: dict[Any, list[Row]] = defaultdict(list)
    for row in rows_of(stored, "job_costs"):
        if row["list_cost_usd"]:
            expected[row["workflow_id"], row["job_base"], row["label"]].append(row)
    found = ask(stored, "rounding", SCOPE).rows
    assert len(found) == len(expected) > 2
    for row in found:
        jobs = expected[row["workflow_id"], row["job"], row["label"]]
        seconds = [job["duration_seconds"] for job in jobs]
        assert row["used_minutes"] == pytest.approx(Decimal(sum(seconds)) / 60, abs=Decimal("0.06"))
        assert row["billed_minutes"] == sum(max(1, math.ceil(each / 60)) for each in seconds)
        rounding = sum(
            float(job["list_cost_usd"])
            / job["minutes"]
            * (job["minutes"] - job["duration_seconds"] / 60)
            for job in jobs
        )
        assert float(row["rounding_usd"]) == pytest.approx(rounding, abs=0.0001)
        total = float(row["list_cost_usd"])
        assert float(row["rounding_percent"]) == pytest.approx(100 * rounding / total, abs=0.06)


def test_a_priced_runner_of_ones_own_is_not_billed_in_whole_minutes(
    connection: Connection,
) -> None:
    load_runner_prices(connection)
    upsert(connection, [RunnerPrice("self_hosted", date(2026, 1, 1), Decimal("0.001"))])
    upsert(connection, [workflow_run(is_private=True)])
    upsert(connection, [workflow_job(), workflow_job(job_id=12, labels=["self-hosted"])])
    scope = Scope(CREATED_AT - HOUR, CREATED_AT + HOUR)
    costs = {row["sku"]: row["list_cost_usd"] for row in ask(connection, "runner_cost", scope).rows}
    assert set(costs) == {"linux", "self_hosted"} and all(costs.values())
    (row,) = ask(connection, "rounding", scope).rows
    assert (row["jobs"], row["list_cost_usd"]) == (1, costs["linux"])


PARTS = {"Set up job": "set-up", "Install": "set-up", "Complete job": "clean-up"}


def test_set_up_work_and_clean_up_add_up_to_the_steps(stored: Connection) -> None:
    expected: dict[Any, Counter[str]] = defaultdict(Counter)
    jobs: dict[Any, dict[int, int]] = defaultdict(dict)
    for row in rows_of(stored, "executed_steps"):
        if row["job_duration_seconds"] is None:
            continue
        key = row["workflow_id"], row["job_base"]
        expected[key][PARTS.get(row["step"], "work")] += row["duration_seconds"] or 0
        jobs[key][row["job_id"]] = row["job_duration_seconds"]
    found = ask(stored, "setup_against_work", SCOPE).rows
    assert len(found) == len(expected)
    for row in found:
        key = row["workflow_id"], row["job"]
        for part in ("set-up", "work", "clean-up"):
            minutes = float(row[f"{part.replace('-', '_')}_minutes"])
            assert minutes == pytest.approx(expected[key][part] / 60, abs=0.06)
        assert row["jobs"] == len(jobs[key])
        assert float(row["job_minutes"]) == pytest.approx(sum(jobs[key].values()) / 60, abs=0.06)


def test_jobs_that_never_failed_are_those_without_a_failure_in_90_days(stored: Connection) -> None:
    ran: dict[Any, list[bool]] = defaultdict(list)
    for row in stored.execute("select * from executed_jobs where is_decided"):
        ran[row["repository_id"], row["workflow_id"], row["job_base"]].append(row["is_red"])
    costs: dict[Any, list[Row]] = defaultdict(list)
    for row in rows_of(stored, "job_costs"):
        costs[row["repository_id"], row["workflow_id"], row["job_base"]].append(row)
    expected = {
        key: (len(reds), len(costs[key]), sum(job["duration_seconds"] or 0 for job in costs[key]))
        for key, reds in ran.items()
        if not any(reds) and len(reds) >= 20 and costs[key]
    }
    found = {
        (row["repository_id"], row["workflow_id"], row["job"]): row
        for row in ask(stored, "never_failed", SCOPE).rows
    }
    assert found.keys() == expected.keys()
    # In this history each job fails now and then, so that one more is made which never does.


def test_a_job_that_never_fails_is_listed_with_its_cost(connection: Connection) -> None:
    load_runner_prices(connection)
    for number in range(1, 22):
        at = CREATED_AT + number * HOUR
        upsert(connection, [workflow_run(github_run_id=number, created_at=at, is_private=True)])
        job = {"github_run_id": number, "created_at": at, "started_at": at}
        steady = workflow_job(job_id=100 + number, completed_at=at + 90 * MINUTE / 60, **job)
        broken = "failure" if number == 3 else "success"
        shaky = workflow_job(
            job_id=200 + number, name="e2e", conclusion=broken, completed_at=at + MINUTE, **job
        )
        upsert(connection, [steady, shaky])
        # A job of that name in another workflow is another job.
        other = {"workflow_id": 9, "workflow_name": "Nightly", "is_private": True}
        upsert(connection, [workflow_run(github_run_id=500 + number, created_at=at, **other)])
        upsert(connection, [replace(shaky, github_run_id=500 + number, conclusion="success")])
    scope = Scope(CREATED_AT + 12 * HOUR, CREATED_AT + 48 * HOUR)
    rows = ask(connection, "never_failed", scope).rows
    assert [(row["workflow"], row["job"], row["executions"], row["jobs"]) for row in rows] == [
        ("CI", "build", 21, 10),
        ("Nightly", "e2e", 21, 10),
    ]
    assert (rows[0]["list_cost_usd"], rows[0]["minutes"]) == (Decimal("0.12"), 15)


def test_a_job_that_runs_into_its_time_limit_is_not_one_that_never_fails(
    connection: Connection,
) -> None:
    """GitHub reports it as cancelled, as it does the jobs that a person stops."""
    for number in range(1, 25):
        at, is_cancelled = CREATED_AT + number * HOUR, number % 8 == 0
        how = {"conclusion": "cancelled" if is_cancelled else "success"}
        upsert(connection, [workflow_run(github_run_id=number, created_at=at, **how)])
        for job_id, name, cut_off in ((100, "e2e", 30), (200, "build", number)):
            minutes = cut_off if is_cancelled else 5
            times = {"created_at": at, "started_at": at, "completed_at": at + minutes * MINUTE}
            job = {"github_run_id": number, "job_id": job_id + number, "name": name}
            upsert(connection, [workflow_job(**job, **times, **how)])
    rows = ask(connection, "never_failed", Scope(CREATED_AT, CREATED_AT + 48 * HOUR)).rows
    assert [(row["job"], row["executions"], row["jobs"]) for row in rows] == [("build", 21, 24)]


def test_the_load_of_runners_is_counted_second_by_second(
    stored: Connection, history: History
) -> None:
    zone = ZoneInfo("Asia/Kolkata")
    busy: dict[tuple[str, int], float] = defaultdict(float)
    spans: dict[tuple[str, int], list[tuple[datetime, datetime]]] = defaultdict(list)
    waits: dict[tuple[str, int], list[int]] = defaultdict(list)
    for row in rows_of(stored, "executed_jobs"):
        label = row["runner_label"] or f"group: {row['runner_group_name'].lower()}"
        if row["queue_seconds"] is not None:
            waits[label, row["queued_at"].astimezone(zone).hour].append(row["queue_seconds"])
        if not row["duration_seconds"]:
            continue
        hour = row["started_at"].astimezone(zone).replace(minute=0, second=0)
        while hour < row["completed_at"]:
            part = max(row["started_at"], hour), min(row["completed_at"], hour + HOUR)
            spans[label, hour.hour].append(part)
            busy[label, hour.hour] += (part[1] - part[0]).total_seconds() / 3_600
            hour += HOUR
    scope = Scope(SCOPE.since, SCOPE.until, time_zone=zone)
    found = {(row["label"], row["hour"]): row for row in ask(stored, "runners_by_hour", scope).rows}
    assert found.keys() == busy.keys() | waits.keys()
    for key, row in found.items():
        assert float(row["average_jobs"]) == pytest.approx(busy[key] / 30, abs=0.0051)
        # The most run when one of them has just begun.
        top = max(
            (sum(a <= at < b for a, b in spans[key]) for at, _ in spans[key]),
            default=0,
        )
        assert row["peak_jobs"] == top
        assert row["waiting_jobs"] == len(waits[key])
        if waits[key]:
            assert row["wait_p50_seconds"] == pytest.approx(median(waits[key]), abs=0.51)


# By hand.


def test_an_hour_that_a_short_period_has_twice_is_averaged_over_both(
    connection: Connection,
) -> None:
    """From midnight until noon of the next day, one job runs in each hour."""
    for n in range(36):
        at = CREATED_AT.replace(hour=0) + n * HOUR
        run = workflow_run(github_run_id=n + 1, created_at=at, started_at=at)
        job = workflow_job(
            github_run_id=n + 1, job_id=n + 1, created_at=at, started_at=at, completed_at=at + HOUR
        )
        upsert(connection, [run])
        upsert(connection, [job])
    midnight = CREATED_AT.replace(hour=0)
    rows = ask(connection, "runners_by_hour", Scope(midnight, midnight + 36 * HOUR)).rows
    assert {row["hour"]: row["average_jobs"] for row in rows} == dict.fromkeys(range(24), 1)


def overtaken(connection: Connection, number: int, at: timedelta, **changes: Any) -> None:
    """Store a run of a pull request, created so long after the first, with a job of 9 minutes."""
    created_at = CREATED_AT + at
    end = created_at + 9 * MINUTE
    values: Row = {"branch": "feature", "event_type": "pull_request", **changes}
    upsert(
        connection,
        [
            workflow_run(
                github_run_id=number,
                created_at=created_at,
                started_at=created_at,
                completed_at=end,
                is_private=True,
                **values,
            )
        ],
    )
    job = workflow_job(
        github_run_id=number,
        job_id=number,
        created_at=created_at,
        started_at=created_at,
        completed_at=end,
    )
    upsert(connection, [job])
    keys = {"github_run_ids": [number], "run_attempts": [1], "listed_at": end}
    execute(connection, "runs/record_jobs_listed", keys)


def test_what_cancel_in_progress_would_save_ends_with_the_newer_run(connection: Connection) -> None:
    load_runner_prices(connection)
    overtaken(connection, 1, 0 * MINUTE)
    overtaken(connection, 2, 4.5 * MINUTE)  # overtakes the first, and is overtaken by none
    overtaken(connection, 3, 5 * MINUTE, branch="other")
    overtaken(connection, 4, 6 * MINUTE, branch="other", workflow_id=9)
    overtaken(connection, 5, 7 * MINUTE, branch="other", head_repository="guest/app")
    for number, actor in ((9, "guest"), (10, "visitor")):  # whose forks are deleted
        fork = {"branch": "patch-1", "head_repository": None, "actor": actor}
        overtaken(connection, number, number * MINUTE, **fork)
    overtaken(connection, 6, 1 * MINUTE, branch="main", event_type="push")
    overtaken(connection, 7, 2 * MINUTE, branch="main", event_type="push")
    overtaken(connection, 8, 20 * MINUTE)  # when all others have ended
    (row,) = ask(connection, "cancel_in_progress", Scope(CREATED_AT, CREATED_AT + HOUR)).rows
    assert (row["overtaken_runs"], row["jobs"], row["saved_minutes"]) == (1, 1, Decimal("4.5"))
    # Nine minutes were billed, and five would have been: 4 minutes at 0.006 dollars.
    assert (row["saved_usd"], row["unpriced_jobs"]) == (Decimal("0.024"), 0)
    # A run without a job saves nothing, which is no unknown cost.
    connection.execute("delete from workflow_jobs")
    (row,) = ask(connection, "cancel_in_progress", Scope(CREATED_AT, CREATED_AT + HOUR)).rows
    assert (row["overtaken_runs"], row["saved_minutes"], row["saved_usd"]) == (1, 0, 0)
    # What the jobs of a run save that are still to be fetched is unknown.
    connection.execute("update workflow_runs set jobs_listed_at = null")
    (row,) = ask(connection, "cancel_in_progress", Scope(CREATED_AT, CREATED_AT + HOUR)).rows
    assert (row["overtaken_runs"], row["saved_usd"]) == (1, None)


def test_deployments_are_counted_by_week_with_their_fixes(
    connection: Connection, tmp_path: Path
) -> None:
    own = tmp_path / "kinds.csv"
    own.write_text("subject,pattern,kind\nworkflow,deploy preview*,other\n")
    load_name_kinds(connection, str(own))
    upsert(
        connection,
        [
            Workflow(3, 7, "CI", "ci.yml", "active"),
            Workflow(4, 7, "Deploy to production", "deploy.yml", "active"),
            Workflow(5, 7, "Deploy previews", "previews.yml", "active"),
        ],
    )
    monday = datetime(2026, 1, 5, 8, tzinfo=UTC)

    def deployed(number: int, days: float, conclusion: str, **changes: Any) -> None:
        at = monday + timedelta(days=days)
        values: Row = {"workflow_id": 4, "event_type": "push", **changes}
        upsert(
            connection,
            [
                workflow_run(
                    github_run_id=number,
                    created_at=at,
                    started_at=at,
                    completed_at=at + 10 * MINUTE,
                    conclusion=conclusion,
                    **values,
                )
            ],
        )

    deployed(1, 0, "success")
    deployed(2, 1, "failure")
    deployed(3, 1.5, "failure")
    deployed(4, 2, "success")
    deployed(5, 3, "cancelled")
    deployed(6, 8, "failure")
    deployed(7, 8, "success", workflow_id=3)  # CI is no deployment
    deployed(11, 8, "success", workflow_id=5)  # nor is one that the user's list names
    # Nor is what is tried for a pull request: it fixes nothing either.
    deployed(9, 1.2, "success", event_type="pull_request", branch="f")
    deployed(10, 1.3, "failure", branch="gh-readonly-queue/main/pr-1")
    deployed(8, 9, "failure", workflow_id=3, event_type="deployment")
    rows = ask(connection, "deployments", Scope(monday, monday + timedelta(days=20))).rows
    assert [
        (
            row["workflow"],
            str(row["week"]),
            row["deployments"],
            row["succeeded"],
            row["failed"],
            row["failed_percent"] and float(row["failed_percent"]),
            row["mend_p50_seconds"],
            row["unmended"],
        )
        for row in rows
    ] == [
        # Mended after a day and after half a day.
        ("Deploy to production", "2026-01-05", 5, 2, 2, 50.0, 64_800, 0),
        ("CI", "2026-01-12", 1, 0, 1, 100.0, None, 1),
        ("Deploy to production", "2026-01-12", 1, 0, 1, 100.0, None, 1),
    ]
    # The run that fixed it had begun by the end of this period, and was not over.
    until = monday + timedelta(days=2) + 5 * MINUTE
    (row,) = ask(connection, "deployments", Scope(monday + timedelta(days=1), until)).rows
    assert (row["failed"], row["unmended"], row["mend_p50_seconds"]) == (2, 2, None)
