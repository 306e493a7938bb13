"""The jobs of an attempt count as whole only if as many came as GitHub says there are."""

from datetime import UTC, datetime
from typing import Any

import pytest

from telemetry.github.pagination import Page
from telemetry.runs.job_lists import DueAttempt, JobLists

PER_PAGE = 2


def pages(rows: int, totals: list[int | None]) -> list[Page]:
    """Pages of a list with so many jobs, one for each of the totals."""
    jobs: list[dict[str, Any]] = [
        {"id": n, "run_id": 1, "run_attempt": 1, "status": "completed", "conclusion": "skipped"}
        for n in range(rows)
    ]
    last = len(totals)
    return [
        Page(
            jobs[(n - 1) * PER_PAGE : n * PER_PAGE], total, n, PER_PAGE, last if n < last else None
        )
        for n, total in enumerate(totals, 1)
    ]


def test_each_unreadable_job_is_counted_although_nothing_distinguishes_it_from_another() -> None:
    found = JobLists(1, {1: DueAttempt(1, None, "success")})
    found.read([Page([None, None, None, {"id": "x"}, {"id": "x"}], 5, 1, 100, None)])
    assert list(found.unreadable)[1:3] == [
        "job: null is not an object (2)",
        "job: null is not an object (3)",
    ]
    assert len(found.unreadable) == 5


def test_a_job_that_says_it_is_of_another_attempt_than_was_asked_for_is_unreadable() -> None:
    found = JobLists(1, {2: DueAttempt(2, None, "success")})
    found.read(pages(3, [3, 3]))
    assert found.left_out() == [2]
    found.read(pages(3, [3, 3]), 2)
    (retry,) = found.retries(datetime.now(UTC))
    assert (retry.run_attempt, retry.problem) == (2, "unreadable")
    assert retry.reason == "0: run_attempt is 1, not 2, which was requested"


@pytest.mark.parametrize("steps", [None, []])
def test_carried_over_jobs_without_their_steps_are_asked_for(steps: list[Any] | None) -> None:
    """Its only other job was cancelled before it had a runner, so none of its jobs has one."""
    began = datetime(2026, 1, 2, tzinfo=UTC)
    of_attempt = {"run_id": 1, "run_attempt": 2, "status": "completed", "runner_id": 0}
    carried = {"conclusion": "success", "completed_at": "2026-01-01T00:00:00Z", "steps": steps}
    cancelled = {"conclusion": "cancelled", "completed_at": "2026-01-02T00:00:01Z"}
    items = [of_attempt | {"id": 1} | carried, of_attempt | {"id": 2} | cancelled]
    found = JobLists(1, {2: DueAttempt(2, began, "cancelled")})
    found.read([Page(items, 2, 1, 100, None)])
    assert found.left_out() == [2]


@pytest.mark.parametrize(
    ("rows", "totals", "reason"),
    [
        (3, [3, 3], None),
        (3, [3, 2], None),
        (3, [2, 3], None),
        (3, [None, 3], None),
        (3, [3, None], None),
        (3, [None, None], None),
        (3, [4, 3], "3 of 4 jobs were listed"),
        (3, [4, None], "3 of 4 jobs were listed"),
        (3, [3, 4], "3 of 4 jobs were listed"),
        (4, [None, None], "4 jobs were listed; GitHub does not say of how many"),
        (0, [0], None),
        (0, [1], "0 of 1 jobs were listed"),
    ],
)
def test_a_list_is_whole_with_as_many_jobs_as_the_largest_total(
    rows: int, totals: list[int | None], reason: str | None
) -> None:
    found = JobLists(1, {1: DueAttempt(1, None, "success")})
    found.read(pages(rows, totals))
    reasons = [retry.reason for retry in found.retries(datetime.now(UTC))]
    assert reasons == ([reason] if reason else [])
