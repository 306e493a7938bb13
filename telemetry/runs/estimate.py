"""Estimates the work of an ingest, from its first page and from what the database lacks."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from telemetry.github.options import LARGEST_PAGE
from telemetry.github.pagination import Page
from telemetry.rows.runs import WorkflowRun
from telemetry.runs.lists.windows import Span

# GitHub keeps runs for at most 400 days, and counts no further than 40,000 without a filter.
LONGEST_KEPT = timedelta(days=400)
LONGEST_COUNTED = 40_000


@dataclass(frozen=True)
class Work:
    """The approximate number of runs to list, and of requests for lists, attempts and jobs.

    Nothing is known about runs beyond the first page (`unseen_runs`). They are assumed to have jobs
    and no earlier attempts, so there may be more `attempts` and fewer `jobs`. `new_attempts` and
    `new_jobs` are what the runs to list, created in the `gaps`, take if they are like those of the
    first page.
    """

    gaps: Sequence[Span]
    runs: int
    lists: int
    attempts: int
    jobs: int
    unseen_runs: int
    new_attempts: int
    new_jobs: int


def runs_since(page: Page, since: datetime, now: datetime) -> int:
    """Estimate the number of runs created since `since` from the rate of the first page."""
    runs = _runs(page)
    wanted = sum(run.created_at >= since for run in runs)
    listed = page.total_count if page.total_count is not None else math.inf
    if wanted < len(page.items) or listed <= len(page.items):
        return wanted
    return int(min(listed, max(wanted, _pace(runs, now) * (now - since).total_seconds())))


def work(
    page: Page,
    gaps: Sequence[Span],
    now: datetime,
    *,
    attempts: int,
    jobs: int,
    listed: int = 0,
) -> Work:
    """Return the work of listing these intervals and fetching these attempts and jobs.

    `listed` runs are known from earlier lists, so GitHub cannot count them among the rest.
    """
    first = _runs(page)
    total = page.total_count
    rest = math.inf if total is None or total >= LONGEST_COUNTED else max(0, total - listed)
    runs = lists = 0
    seen: list[WorkflowRun] = []
    for start, end in sorted(gaps, reverse=True):
        start = max(start, min(end, now - LONGEST_KEPT))
        is_newest = end >= now
        if is_newest:
            count = runs_since(page, start, now)
            seen = [run for run in first if run.created_at >= start]
        else:
            by_pace = math.ceil(_pace(first, now) * (end - start).total_seconds())
            count = int(min(by_pace, max(0, rest - runs)))
        runs, lists = runs + count, lists + max(not is_newest, math.ceil(count / LARGEST_PAGE))
    share = runs / max(len(first), 1)
    unseen = max(0, runs - len(seen))
    return Work(
        gaps=gaps,
        runs=runs,
        lists=max(1, lists),  # the first page is always read
        attempts=attempts + _reruns(seen),
        jobs=jobs + _with_jobs(seen) + unseen,
        unseen_runs=unseen,
        new_attempts=round(_reruns(first) * share),
        new_jobs=round(_with_jobs(first) * share),
    )


def _reruns(runs: Sequence[WorkflowRun]) -> int:
    return sum(run.run_attempt - 1 for run in runs)


def _with_jobs(runs: Sequence[WorkflowRun]) -> int:
    return sum(run.status == "completed" and run.conclusion != "skipped" for run in runs)


def runs_a_day(page: Page, now: datetime) -> float:
    """Return the rate at which the runs of the first page were created."""
    return _pace(_runs(page), now) * 86_400


def _runs(page: Page) -> list[WorkflowRun]:
    return [item for item in page.items if isinstance(item, WorkflowRun)]


def _pace(runs: list[WorkflowRun], now: datetime) -> float:
    """Return the rate at which the runs of the first page were created, in runs a second."""
    if not runs:
        return 0.0
    oldest = min(run.created_at for run in runs)
    return len(runs) / max((now - oldest).total_seconds(), 1)
