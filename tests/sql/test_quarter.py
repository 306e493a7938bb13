"""A quarter with all oddities at once: questions computed again from GitHub's rows alone.

Nothing here reads a view. Runs are cut off at a time limit, held for an approval, run again,
approved, skipped, and lack times, names, labels and jobs.
"""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from statistics import median, quantiles
from typing import Any

import pytest
from support.history import SECOND, UNTIL, History, Workflow, make_history, store

from telemetry.database.connection import SQL, Connection, open_connection
from telemetry.database.prices import load_name_kinds, load_runner_prices
from telemetry.database.questions import Scope, ask
from telemetry.database.upserts import upsert
from telemetry.rows.jobs import WorkflowJob
from telemetry.rows.runs import Repository, WorkflowRun

SINCE = UNTIL - timedelta(days=90)
BEFORE = SINCE - timedelta(days=90)
RED = ("failure", "timed_out", "startup_failure")
ACTORS = ("dev-1", "dev-2", "dependabot[bot]", None)

Rows = list[dict[str, Any]]


@cache
def history() -> History:
    """A quarter and ten days before it, with nightly runs that are cut off after 30 minutes."""
    made = make_history(seed=11, days=100, runs_per_day=2)
    made.runs = [
        replace(run, actor=ACTORS[run.github_run_id % 4], triggering_actor=ACTORS[place % 4])
        for place, run in enumerate(made.runs)
    ]
    slow = Workflow(8, 82, "Slow", ("push",), (("e2e (1)", ("ubuntu-24.04",), 12),))
    extra = make_history(seed=12, days=60, runs_per_day=1, workflows=[slow], traps=False)
    for run, job in zip(extra.runs, extra.jobs, strict=True):
        identity = run.github_run_id + 500_000
        started_at = job.started_at or run.created_at
        cut_off = identity % 6 == 0
        length = 1800 + identity % 7 if cut_off else 700
        made.runs.append(
            replace(
                run,
                github_run_id=identity,
                conclusion="cancelled" if cut_off else "success",
                completed_at=started_at + length * SECOND,
            )
        )
        made.jobs.append(
            replace(
                job,
                github_run_id=identity,
                job_id=identity * 1000,
                conclusion="cancelled" if cut_off else "success",
                completed_at=started_at + length * SECOND,
            )
        )
        made.listed.add((identity, 1))
    return made


@cache
def runs_with_attempts() -> dict[int, list[WorkflowRun]]:
    found = defaultdict(list)
    for run in sorted(history().runs, key=lambda run: run.run_attempt):
        found[run.github_run_id].append(run)
    return found


@cache
def attempts() -> dict[tuple[int, int], WorkflowRun]:
    return {(run.github_run_id, run.run_attempt): run for run in history().runs}


@cache
def executed() -> dict[tuple[int, int], list[WorkflowJob]]:
    """The jobs of each attempt that a runner took."""
    found = defaultdict(list)
    for job in history().jobs:
        is_taken = job.runner_id is not None and job.conclusion != "skipped"
        if is_taken and not job.is_inherited and not job.is_pseudo:
            found[job.github_run_id, job.run_attempt].append(job)
    return found


@pytest.fixture(scope="module")
def quarter(new_database: Callable[[str], str], migrated: str) -> Iterator[Connection]:
    with open_connection(new_database(migrated)) as opened:
        upsert(opened, [Repository(7, "acme/r7", "h"), Repository(8, "acme/r8", "h")])
        load_runner_prices(opened)
        load_name_kinds(opened)
        store(opened, history())
        yield opened


def asked(connection: Connection, name: str) -> Rows:
    found = [dict(row) for row in ask(connection, name, Scope(SINCE, UNTIL)).rows]
    assert found
    return found


def queued(job: WorkflowJob) -> int | None:
    """Whole seconds that a job waited; None if unknown, or more than a day."""
    if job.created_at is None or job.started_at is None:
        return None
    wait = int(max(job.started_at - job.created_at, timedelta()).total_seconds())
    return wait if job.started_at - job.created_at <= timedelta(hours=24) else None


def lasted(job: WorkflowJob) -> int | None:
    """Whole seconds that a job ran; None if unknown, or longer than GitHub lets it run."""
    if job.started_at is None or job.completed_at is None:
        return None
    longest = timedelta(hours=24 if job.runner_group_name == "GitHub Actions" else 120)
    length = job.completed_at - job.started_at
    return int(max(length, timedelta()).total_seconds()) if length <= longest else None


def is_first(run: WorkflowRun) -> bool:
    """Whether nothing but approvals came before it, and it was allowed to run itself."""
    earlier = {
        other.run_attempt: other.conclusion for other in runs_with_attempts()[run.github_run_id]
    }
    approved = all(earlier.get(n) == "action_required" for n in range(1, run.run_attempt))
    return approved and run.conclusion not in ("action_required", "skipped")


def is_latest(run: WorkflowRun) -> bool:
    return run is runs_with_attempts()[run.github_run_id][-1]


def lacks_first(run: WorkflowRun) -> bool:
    return runs_with_attempts()[run.github_run_id][0].run_attempt > 1


def is_again(run: WorkflowRun) -> bool:
    """Whether the run had run before this attempt."""
    earlier = [
        other
        for other in runs_with_attempts()[run.github_run_id]
        if other.run_attempt < run.run_attempt
    ]
    approvals = sum(other.conclusion == "action_required" for other in earlier)
    return approvals < run.run_attempt - 1


def in_period(run: WorkflowRun, since: datetime = SINCE, until: datetime = UNTIL) -> bool:
    return since <= run.created_at < until


def ended(run: WorkflowRun) -> datetime | None:
    """When it ended: with its last job where these are stored."""
    key = run.github_run_id, run.run_attempt
    ends = [job.completed_at for job in executed()[key] if job.completed_at]
    return max(ends) if key in history().listed and ends else run.completed_at


def labels(job: WorkflowJob) -> str | None:
    names = sorted({label.lower() for label in job.labels or ()})
    return ", ".join(names).replace("123456789", "*") or None


@cache
def waits() -> list[tuple[WorkflowRun, WorkflowJob, int, bool]]:
    """Each wait of the quarter, and whether jobs that were ready later went first."""
    groups = defaultdict(list)
    for key, jobs in executed().items():
        run = attempts()[key]
        for job in jobs:
            wait = queued(job)
            if in_period(run) and wait is not None:
                groups[run.repository_id, labels(job)].append((run, job, wait))
    minute, found = timedelta(minutes=1), []
    for group in groups.values():
        for run, job, wait in group:
            ready, start = job.created_at, job.started_at
            assert ready and start
            went_first = [
                other
                for _, other, _ in group
                if other.created_at
                and other.started_at
                and other.created_at >= ready + minute
                and other.started_at < start - minute
            ]
            found.append((run, job, wait, wait > 120 and bool(went_first)))
    return found


def rounded(value: float | Decimal, digits: int = 1) -> Decimal:
    exact = value if isinstance(value, Decimal) else Decimal(value)
    return exact.quantize(Decimal(1).scaleb(-digits), "ROUND_HALF_UP")


def p90(values: list[int]) -> Decimal | None:
    if len(values) < 20:
        return None
    return rounded(quantiles(values, n=10, method="inclusive")[8], 0)


def test_the_headline_figures(quarter: Connection) -> None:
    for row in asked(quarter, "totals"):
        of_here = [
            run
            for run in history().runs
            if run.repository_id == row["repository_id"] and run.conclusion != "skipped"
        ]
        runs = [run for run in of_here if in_period(run)]
        first = [run for run in runs if is_first(run)]
        last = [run for run in runs if is_latest(run)]
        jobs = [job for run in runs for job in executed()[run.github_run_id, run.run_attempt]]
        waited = [
            wait
            for run, _, wait, is_held in waits()
            if run.repository_id == row["repository_id"] and not is_held
        ]
        decided = (*RED, "success")
        expected = {
            "runs": len(first),
            "decided": sum(run.conclusion in decided for run in first),
            "succeeded": sum(run.conclusion == "success" for run in first),
            "decided_in_the_end": sum(run.conclusion in decided for run in last),
            "succeeded_in_the_end": sum(run.conclusion == "success" for run in last),
            "cancelled": sum(run.conclusion == "cancelled" for run in last),
            "rerun": sum(is_again(run) for run in last),
            "seen": len(last),
            "runs_before": sum(
                in_period(run, BEFORE, SINCE)
                and (is_first(run) or (is_latest(run) and lacks_first(run)))
                for run in of_here
            ),
            "jobs": len(jobs),
            "job_minutes": rounded(Decimal(sum(lasted(job) or 0 for job in jobs)) / 60, 2),
            "queue_p50_seconds": rounded(median(waited), 0),
            "queue_p90_seconds": p90(waited),
        }
        assert {name: row[name] for name in expected} == expected
        assert min(expected[name] for name in ("cancelled", "rerun", "runs_before")) > 0


def test_of_how_many_attempts_the_jobs_are_stored(quarter: Connection) -> None:
    for row in asked(quarter, "coverage"):
        runs = [
            run
            for run in history().runs
            if run.repository_id == row["repository_id"]
            and in_period(run)
            and run.conclusion != "skipped"
        ]
        listed = sum((run.github_run_id, run.run_attempt) in history().listed for run in runs)
        of_runs = defaultdict(set)
        for run in history().runs:
            if run.repository_id == row["repository_id"] and in_period(run):
                of_runs[run.github_run_id].add(run.run_attempt)
        missing = sum(max(numbers) - len(numbers) for numbers in of_runs.values())
        known = len(runs) + missing
        assert (row["attempts"], row["attempts_with_jobs"]) == (known, listed)
        assert row["pending_attempts"] == missing
        assert row["with_jobs_percent"] == rounded(Decimal(100 * listed) / known, 4)
        assert listed < len(runs)


def test_jobs_that_run_into_their_time_limit(quarter: Connection) -> None:
    lengths = defaultdict(list)
    for key, jobs in executed().items():
        run = attempts()[key]
        for job in jobs if in_period(run) else ():
            stopped = job.conclusion == "cancelled" == run.conclusion
            if (stopped or job.conclusion == "timed_out") and (lasted(job) or 0) >= 30:
                base = (job.name or "unnamed").split(" (")[0]
                seen = (lasted(job) or 0, run.github_run_id, job.name)
                lengths[run.workflow_id, base].append(seen)
    expected = {}
    for (workflow_id, base), found in lengths.items():
        longest = max(found)[0]
        near = max(longest / 50, min(30, longest / 10))
        cut = [each for each in found if each[0] >= longest - near]
        long_enough = [each for each in found if 2 * each[0] >= longest]
        runs, names = ({each[at] for each in cut} for at in (1, 2))
        if longest >= 60 and len(runs) >= 3 and 2 * len(cut) > len(long_enough):
            minutes = rounded(Decimal(sum(each[0] for each in cut)) / 60, 2)
            name = names.pop() if len(names) == 1 else base
            expected[workflow_id, name] = (len(runs), min(cut)[0], minutes)
    found_now = {
        (row["workflow_id"], row["job"]): (row["runs"], row["limit_seconds"], row["minutes"])
        for row in asked(quarter, "timeouts")
    }
    assert found_now == expected
    assert expected[82, "e2e (1)"][0] >= 8


def test_waits_that_no_runner_would_shorten(quarter: Connection) -> None:
    waited = [(run, job, wait) for run, job, wait, is_held in waits() if is_held]
    for key, jobs in executed().items():
        for job in jobs:
            if in_period(attempts()[key]) and job.created_at and job.started_at:
                wait = (job.started_at - job.created_at).total_seconds()
                waited += [(attempts()[key], job, wait)] if wait > 86_400 else []
    held = defaultdict(list)
    for run, job, wait in waited:
        base = "unit / run" if (job.name or "").startswith("unit") else job.name or "unnamed"
        held[run.workflow_id, base.split(" (")[0]].append((wait, run.github_run_id))
    found = defaultdict(list)
    for row in asked(quarter, "approvals"):
        found[row["workflow_id"], row["job"]].append((row["jobs"], row["total_hours"]))
    assert found.keys() == held.keys()
    for which, pairs in held.items():
        assert sum(jobs for jobs, _ in found[which]) == len(pairs)
        # Each class of branches is a row, rounded to a hundredth of an hour.
        hours = float(sum(total for _, total in found[which]))
        exact = sum(wait for wait, _ in pairs) / 3600
        assert hours == pytest.approx(exact, abs=0.005 * len(found[which]) + 1e-9)


def price_list() -> Callable[[str | None, date], Decimal | None]:
    """What a minute costs with a label on a day, from the lists as they are shipped."""

    def rows(name: str) -> list[dict[str, str]]:
        with (SQL / "prices" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    skus = {row["label"]: row["sku"] for row in rows("runner_labels")}
    prices = sorted(
        (row["sku"], row["effective_from"], row["usd_per_minute"]) for row in rows("runner_prices")
    )

    def price(label: str | None, day: date) -> Decimal | None:
        own = "self_hosted" if "self-hosted" in (label or "").split(", ") else None
        sku = skus.get(label or "", own)
        if sku == "self_hosted":
            return Decimal(0)
        found = [usd for of, since, usd in prices if of == sku and since <= day.isoformat()]
        return Decimal(found[-1]) if found else None

    return price


def test_what_each_account_costs(quarter: Connection) -> None:
    price = price_list()
    costs: dict[Any, list[tuple[int, int | None, Decimal | None]]] = defaultdict(list)
    for key, jobs in executed().items():
        run = attempts()[key]
        for job in jobs if in_period(run) else ():
            length, started_at = lasted(job), job.started_at
            assert started_at
            minutes = None if length is None else max(1, -(-length // 60))
            rate = price(labels(job), started_at.astimezone(UTC).date())
            cost = None if minutes is None or rate is None else minutes * rate
            is_scheduled = run.event_type == "schedule" and run.run_attempt == 1
            account = run.triggering_actor or run.actor or "unknown"
            actor = "a schedule" if is_scheduled else account
            costs[run.repository, actor].append((run.github_run_id, minutes, cost))
    found = {
        (row["repository"], row["actor"]): row
        for row in asked(quarter, "runner_cost_by_actor")
        if row["jobs"]
    }
    assert found.keys() == costs.keys()
    for which, jobs_of in costs.items():
        row = found[which]
        assert row["jobs"] == len(jobs_of)
        assert row["runs"] == len({run_id for run_id, _, _ in jobs_of})
        assert row["minutes"] == sum(minutes or 0 for _, minutes, _ in jobs_of)
        priced = [cost for _, _, cost in jobs_of if cost is not None]
        assert row["list_cost_usd"] == (sum(priced) if priced else None)
        assert row["unpriced_jobs"] == len(jobs_of) - len(priced)
        kinds = {"a schedule": "schedule", "unknown": "unknown", "dependabot[bot]": "bot"}
        assert row["actor_kind"] == kinds.get(which[1], "person")
    assert sum(row["unpriced_jobs"] for row in found.values()) > 0
    accounts = {"dev-1", "dev-2", "dependabot[bot]", "unknown"}
    assert {actor for _, actor in found} == {*accounts, "a schedule"}


def test_the_slowest_of_the_last_hundred_successes(quarter: Connection) -> None:
    found = defaultdict(set)
    for row in asked(quarter, "slowest_run"):
        found[row["repository"], row["github_run_id"], row["duration_seconds"]].add(row["job"])
    expected = {}
    for repository_id in (7, 8):
        green = []
        for run in history().runs:
            key, end = (run.github_run_id, run.run_attempt), ended(run)
            if run.repository_id != repository_id or not in_period(run) or not end:
                continue
            length = int(max(end - (run.started_at or end), timedelta()).total_seconds())
            is_green = run.conclusion == "success" and is_first(run) and key in history().listed
            if is_green:
                green.append((run, length))
        green.sort(key=lambda pair: (pair[0].created_at, pair[0].github_run_id), reverse=True)
        candidates = []
        for run, length in green[:100]:
            jobs = executed()[run.github_run_id, run.run_attempt]
            times = [(job.created_at, job.started_at) for job in jobs]
            is_stuck = any(lasted(job) is None for job in jobs)
            is_held = any(a and b and b - a > timedelta(hours=1) for a, b in times)
            if is_stuck or is_held or not jobs:
                continue
            candidates.append((-length, run.github_run_id, run, jobs))
        least, identity, run, jobs = min(candidates, key=lambda found: found[:2])
        shown = {job.name or "unnamed" for job in jobs if lasted(job) is not None}
        expected[run.repository, identity, -least] = shown
    assert found == expected
