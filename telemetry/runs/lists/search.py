"""One filtered list of runs: whether it was complete, and the interval of the next one.

Knows pages and rows; does no I/O and reads no clock.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from telemetry.github.pagination import Page
from telemetry.rows.reading import LONGEST_COUNT
from telemetry.rows.runs import WorkflowRun
from telemetry.runs.lists.windows import SECOND, ListedWindow, Terms, Walk, reported_length

# The rate of runs varies by hour, so a much longer interval would often contain too many.
LARGEST_GROWTH = 1.5
LARGEST_GROWTH_OF_EMPTY = 8


class Search:
    """A filtered list of one interval, read once by `walk`."""

    def __init__(self, low: datetime, high: datetime, terms: Terms) -> None:
        self.low = low
        self.high = high
        self.seen: set[int | str] = set()
        self.is_unchanged = False
        self.is_too_long = False
        self._longest = terms.longest
        # The search sorts by time alone (explained in cli/cli issue 6678).
        self.walk = Walk(low, high, replace(terms, is_stable=False))
        self._is_joined = False
        self._first: Page | None = None
        self._totals: list[int | None] = []
        self._length = 0
        self._oldest = high
        self.ends_with_full_page = True
        # Whether a page before the last one had too few rows, so that some may be missing.
        self.has_hole = False

    def join(self, before: "Search | None") -> None:
        """Add the runs of the reading before, if the total was the same on all pages of both.

        Then no run was deleted in between, and runs missed between pages may be among them.
        """
        if before is None or before.seen <= self.seen:
            return
        if len({*self._totals, *before._totals}) == 1:
            self.seen |= before.seen
            self._is_joined = True

    @property
    def is_one_second(self) -> bool:
        """Whether the interval cannot be divided."""
        return self.high - self.low <= SECOND

    def add(self, page: Page) -> None:
        """Add the next page."""
        self._first = self._first or page
        self.walk.add(page)
        self._totals.append(page.total_count)
        self._length += len(page.items)
        self.has_hole |= not self.ends_with_full_page
        self.ends_with_full_page = len(page.items) >= page.per_page
        for item in page.items:
            if isinstance(item, WorkflowRun):
                self.seen.add(item.github_run_id)
                self._oldest = min(self._oldest, item.created_at)
            else:
                self.seen.add(str(item))
        # A total that contradicts the number of pages does not make the list too long.
        is_announced = page.last is not None and page.last * page.per_page >= self._longest
        total = page.total_count or 0
        if self._length >= self._longest or (is_announced and total >= self._longest):
            self.is_too_long = True

    def end(self, *, is_over: bool) -> None:
        """Record that the list ended; `is_over`: there is no older run in its interval."""
        self.is_too_long = self.is_too_long or not is_over
        self.walk.end(is_over=is_over and not self.walk.is_cut_off)

    @property
    def is_whole(self) -> bool:
        """Whether the list had as many runs as its total, and the total did not change.

        No more runs are created in its interval, and its first page was read first, so no run was
        missed. A single page needs no total, because no run can move to another page.
        """
        if self._totals == [None]:
            return True
        return set(self._totals) == {len(self.seen)}

    def windows(self, *, is_closed: bool) -> list[ListedWindow]:
        """Return windows for the whole interval, split at pages.

        If the interval is closed and has one page, its window keeps the ETag.
        """
        if self._is_joined:
            return [self._window(len(self.seen))]
        if self._first is None or len(self._totals) > 1:
            return self.walk.all_windows()
        reported = reported_length(self._first, self._longest)
        etag = self._first.etag if is_closed else None
        return [replace(self._window(reported), etag=etag)]

    def proven(self) -> list[ListedWindow]:
        """Return the windows that are proven although the whole list is not.

        The first page alone proves its own window; for others, the length must be known.
        """
        if self.walk.length is None and len(self._totals) > 1:
            return []
        return self.walk.proven()

    def unlistable(self) -> ListedWindow:
        """Return the interval as a window that GitHub does not list completely."""
        total = self._totals[0] if self._totals else None
        reported = None if total is None else min(total, LONGEST_COUNT)
        when, seen = f"{self.low:%Y-%m-%d %H:%M:%S} UTC", len(self.seen)
        problem = (
            f"of the runs created at {when}, GitHub lists only {seen:,}; any others cannot be "
            "fetched"
            if reported is None or reported <= seen
            else f"of {reported:,} runs created at {when}, GitHub lists only {seen:,}; the other "
            f"{reported - seen:,} cannot be fetched"
        )
        return replace(self._window(reported), is_complete=False, problem=problem)

    def _window(self, reported: int | None) -> ListedWindow:
        ids = sorted(item for item in self.seen if isinstance(item, int))
        return ListedWindow(self.low, self.high, reported, ids, len(self.seen))

    def next_length(self, wanted: float) -> timedelta:
        """Return the length of the next earlier interval for about `wanted` runs."""
        length = (self.high - self.low).total_seconds()
        # Only a list that was read completely shows everything in its interval.
        read = (self.high - self._oldest).total_seconds() if self.is_too_long else length
        growth = LARGEST_GROWTH if len(self.seen) * 10 > wanted else LARGEST_GROWTH_OF_EMPTY
        longest = length / 2 if self.is_too_long else length * growth
        by_pace = wanted * max(read, 1) / len(self.seen) if self.seen else longest
        return timedelta(seconds=max(1, round(min(by_pace, longest))))


def created_range(start: datetime, end: datetime) -> str:
    """Return GitHub's search text for runs created from `start` to before `end`, in UTC.

    GitHub's ranges are whole seconds and include both ends ("Understanding the search syntax").
    """
    return f"{start:%Y-%m-%dT%H:%M:%SZ}..{end - SECOND:%Y-%m-%dT%H:%M:%SZ}"
