"""The first line of an ingest estimates no more work than there can be."""

from datetime import UTC, datetime, timedelta

import pytest
from support.rows import workflow_run

from telemetry.github.pagination import Page
from telemetry.runs.estimate import work

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BEGINNING = datetime(2008, 1, 1, tzinfo=UTC)


def first_page(total: int | None) -> Page:
    """One run an hour."""
    runs = [workflow_run(github_run_id=n, created_at=NOW - n * HOUR) for n in range(1, 101)]
    return Page([*runs], total, 1, 100, 2)


@pytest.mark.parametrize(
    ("total", "least", "most"),
    [(1_500, 1_500, 1_500), (40_000, 9_000, 9_600), (None, 9_000, 9_600)],
)
def test_all_of_history_holds_no_more_runs_than_github_counts_or_keeps(
    total: int | None, least: int, most: int
) -> None:
    gaps = [(NOW - HOUR, NOW), (BEGINNING, NOW - 2 * DAY)]
    found = work(first_page(total), gaps, NOW, attempts=0, jobs=0)
    assert least <= found.runs <= most
    assert found.lists <= most / 100 + 2
    assert found.jobs == found.runs


def test_runs_that_are_listed_are_not_estimated_again() -> None:
    gaps = [(NOW - HOUR, NOW), (BEGINNING, NOW - 2 * DAY)]
    found = work(first_page(1_500), gaps, NOW, attempts=0, jobs=0, listed=1_500)
    assert (found.runs, found.lists, found.jobs) == (1, 2, 1)


@pytest.mark.parametrize("conclusion", ["skipped", "success"])
def test_runs_beyond_the_first_page_are_not_said_to_be_like_it(conclusion: str) -> None:
    runs = [
        workflow_run(
            github_run_id=n, created_at=NOW - n * HOUR, conclusion=conclusion, run_attempt=2
        )
        for n in range(1, 101)
    ]
    page = Page([*runs], 250, 1, 100, 3)
    found = work(page, [(NOW - 250 * HOUR, NOW)], NOW, attempts=5, jobs=7)
    with_jobs = 0 if conclusion == "skipped" else 100
    assert (found.runs, found.unseen_runs) == (250, 150)
    assert (found.attempts, found.jobs) == (5 + 100, 7 + with_jobs + 150)
    seen = work(page, [(NOW - 20 * HOUR, NOW)], NOW, attempts=5, jobs=7)
    assert (seen.unseen_runs, seen.attempts, seen.jobs) == (0, 5 + 20, 7 + with_jobs // 5)


def test_a_gap_that_is_older_than_what_github_keeps_takes_one_list() -> None:
    found = work(first_page(1_500), [(BEGINNING, NOW - 500 * DAY)], NOW, attempts=0, jobs=0)
    assert (found.runs, found.lists) == (0, 1)
