"""Pages of a run list, made by hand."""

from datetime import UTC, datetime, timedelta

from support.rows import workflow_run
from telemetry.github.pagination import Page
from telemetry.rows.reading import UnreadableRow
from telemetry.rows.runs import WorkflowRun
from telemetry.runs.due_windows import DueWindow
from telemetry.runs.lists.windows import ListedWindow

BEGIN = datetime(2026, 1, 5, 8, 0, 0, tzinfo=UTC)


PER_PAGE = 3


MANY = 10_000


def at(second: int) -> datetime:
    return BEGIN + timedelta(seconds=second)


def run(run_id: int, second: int) -> WorkflowRun:
    return workflow_run(github_run_id=run_id, created_at=at(second))


def page(
    items: list[WorkflowRun | UnreadableRow], number: int = 1, total: int | None = None
) -> Page:
    """A page as GitHub numbers it: the last one does not say that it is."""
    last = -(-(total or 0) // PER_PAGE)
    return Page(items, total, number, PER_PAGE, last if number < last else None)


RUNS = [run(n, n) for n in range(6, 0, -1)]


def pages_of(*read: tuple[list[WorkflowRun], int]) -> list[Page]:
    """Pages 1, 2 … of the list as it was when each of them was read."""
    return [page([*runs[3 * n - 3 : 3 * n]], n, len(runs)) for runs, n in read]


def ids_of(windows: list[ListedWindow]) -> list[list[int]]:
    return [window.ids or [] for window in windows]


def window(start: int, end: int, seen: int) -> DueWindow:
    return DueWindow(at(start), at(end), seen, at(end), None, None)
