"""What the pages of a run list prove: windows of creation time in which no run was missed.

Knows pages and rows; does no I/O and reads no clock.

Pages are counted from the top of a list. If a run is deleted, the runs below it move up. One of
them may move from an unread page to a page that was already read, so it is seen on neither. If
pages are read out of order, a new run on top can have the same effect. In two cases no run was
missed between a page and the page before it:

- The page was read after the other, and the list was not shorter by then. At least as many runs
  were created as deleted, and new ones are on top, so nothing below moved up.
- The pages were read in any order, the list was not shorter for the page than for the other, and no
  run was deleted since the list began. The lengths then say how far down everything had moved.

A page with fewer rows than its size, although others follow, proves nothing about its neighbours.

The list's length is its `total_count`; a total that contradicts the page counts as missing.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from telemetry.github.pagination import Page
from telemetry.rows.reading import UnreadableRow
from telemetry.rows.runs import WorkflowRun

SECOND = timedelta(seconds=1)

Span = tuple[datetime, datetime]
"""From the first moment to before the second."""


@dataclass(frozen=True)
class ListedWindow:
    """A half-open interval of creation time in whole seconds, and the result of its list.

    `ids` are the runs seen; None: GitHub answered that the list has not changed since its ETag.
    `seen` includes unreadable runs. `reported` is the number of runs that GitHub reported.
    """

    created_from: datetime
    created_to: datetime
    reported: int | None
    ids: list[int] | None
    seen: int
    is_complete: bool = True
    problem: str | None = None
    etag: str | None = None


@dataclass(frozen=True)
class _Closed:
    """A window and its evidence: matching lengths, and pages read one after the other."""

    window: ListedWindow
    fits: bool
    in_order: bool


@dataclass(frozen=True)
class Terms:
    """How a list is read.

    `longest` is the length at which GitHub ends it. `ahead` is how many pages may have been read
    ahead; 0 if each was requested after the one before it. A run may be listed below one that was
    created up to `slack` before it. If the list is not `is_stable`, runs of one second have another
    order on each page.
    """

    longest: int
    ahead: int
    slack: timedelta = timedelta(0)
    is_stable: bool = True


class Walk:
    """A list read back in time from `high` to `low`, split into windows at its pages.

    A window reaches down to the second after the oldest run of its page, because that second may
    continue on the next page. If a page ends within a second and the list is not stable, some of
    its runs may be on neither page: `has_split_second`. `reached` is the end of the oldest second
    in which a run was seen.
    """

    def __init__(self, low: datetime, high: datetime, terms: Terms) -> None:
        self.low = low
        self.high = high
        self.length: int | None = None
        self.is_past_low = False
        self._newest = self.reached = high
        self._terms = terms
        self.has_split_second = False
        self._pages = 0
        self._doubtful = 0
        self._fits = True
        self.is_cut_off = False
        self._beginning: Page | None = None
        self._recent: dict[int, datetime] = {}
        # Those that no window includes yet, each with the time that it counts for.
        self._unreadable: list[tuple[str, datetime]] = []
        self._unreadable_before: set[str] = set()
        self._closed: list[_Closed] = []

    def add(self, page: Page) -> None:
        """Add the next page."""
        length = reported_length(page, self._terms.longest)
        follows = length is not None and self.length is not None and length >= self.length
        is_short = page.last is not None and len(page.items) < page.per_page
        self._pages += 1
        if self._pages == 1:
            self._beginning = page
        if is_short or self._doubtful or not (follows or self._pages == 1):
            self._fits = False
        self._doubtful = max(int(is_short), self._doubtful - 1)
        self.length = length
        before = self.reached
        end = (page.number - 1) * page.per_page + len(page.items)
        self.is_cut_off = end >= self._terms.longest or page.total_count not in (None, end)
        moments = self._take(page)
        if self._pages > 1 and moments and before - SECOND <= max(moments) < before:
            self.has_split_second = True
            self._fits = self._fits and self._terms.is_stable
        self.is_past_low = bool(moments) and min(moments) < self.low - self._terms.slack
        if moments and self._pages == 1:
            self._newest = max(moments)
        if moments:
            self.reached = max(self.low, whole_second(min(moments)) + SECOND)
        # A page that may be the last belongs to the window that reaches down to the low end.
        if moments and (self.is_past_low or page.last is not None):
            settled = self._settled(min(moments))
            self._close(settled)
            # A run missed between this page and the one before is not older than all of this page.
            if max(moments) >= settled + self._terms.slack:
                self._fits = True

    def _settled(self, oldest: datetime) -> datetime:
        """Return how far down everything is listed above a run that was created then."""
        return max(self.low, whole_second(oldest) + SECOND + self._terms.slack)

    def _take(self, page: Page) -> list[datetime]:
        """Add the rows of a page; return when its runs were created.

        The list is ordered by that time. An unreadable run without it counts for the time of the
        run after it, which later runs do not change.
        """
        runs = [item for item in page.items if isinstance(item, WorkflowRun)]
        moments = [run.created_at for run in runs]
        self._recent |= {run.github_run_id: run.created_at for run in runs}
        at = min(moments, default=self.reached)
        new = []
        for item in reversed(page.items):
            at = getattr(item, "created_at", None) or at
            if isinstance(item, UnreadableRow):
                new.append((str(item), at))
        self._unreadable += [each for each in new if each[0] not in self._unreadable_before]
        self._unreadable_before.update(text for text, _ in new)
        return moments

    @property
    def last_second(self) -> set[int | str]:
        """The seen runs of the oldest second; the list may have been cut within it."""
        return {run_id for run_id, created_at in self._recent.items() if created_at < self.reached}

    @property
    def unreadable(self) -> set[int | str]:
        """The errors of unreadable runs since the last window ended."""
        return {*(text for text, _ in self._unreadable), *self._unreadable_before}

    def end(self, *, is_over: bool) -> None:
        """Record that there is no further page; `is_over`: because there is no older run.

        Otherwise GitHub cut the list, and older runs are unknown.
        """
        self._close(self.low if is_over else self.reached + self._terms.slack)

    def _close(self, low: datetime) -> None:
        """End the open window at `low`, unless it is empty."""
        if low >= self.high:
            return
        ids = [run_id for run_id, at in self._recent.items() if low <= at < self.high]
        # On a page without any time they are at the end of the window.
        seen = len(ids) + sum(low <= at <= self.high for _, at in self._unreadable)
        window = ListedWindow(low, self.high, seen, ids, seen)
        # The first page is always read before the second one is requested.
        in_order = not self._terms.ahead or self._pages <= 2
        self._closed.append(_Closed(window, self._fits, in_order))
        self._recent = {run_id: at for run_id, at in self._recent.items() if at < low}
        self._unreadable = [(text, at) for text, at in self._unreadable if at < low]
        self.high = low

    @property
    def pages_left(self) -> int:
        """Estimate the pages left down to `low` from the density so far; at least 1."""
        covered = (self._newest - self.reached).total_seconds()
        left = (self.reached - self.low).total_seconds()
        return max(1, math.ceil(self._pages * left / covered)) if covered > 0 else 1

    def proven(self) -> list[ListedWindow]:
        """Return the windows proven since the last call."""
        windows = [c.window for c in self._closed if c.fits and c.in_order]
        self._closed = [c for c in self._closed if c.fits and not c.in_order]
        return windows

    @property
    def unproven(self) -> int:
        """Return how many windows could be proven by reading the first page again."""
        return sum(c.fits and not c.in_order for c in self._closed)

    def prove(self, beginning: Page) -> list[ListedWindow]:
        """Return the windows proven by the first page, read again after the last page.

        If the run that was first has moved down by as much as the list has grown, no run below it
        was deleted. Otherwise all windows that depend on it are dropped.
        """
        before, self._beginning = self._beginning, beginning
        closed, self._closed = self._closed, []
        if before is not None and _has_only_grown(before, beginning, self._terms.longest):
            return [c.window for c in closed if c.fits]
        # This first page is newer than the open window and the pages read ahead.
        self._fits = False
        self._doubtful = self._terms.ahead
        return []

    def all_windows(self) -> list[ListedWindow]:
        """Return all windows down to the low end, proven or not."""
        self._close(self.low)
        return [c.window for c in self._closed]


def reported_length(page: Page, longest: int) -> int | None:
    """Return the list's length according to the page; None if it is missing or cannot be true.

    At `longest` GitHub stops counting, so that total is ignored. Others must be consistent with the
    page.
    """
    total = page.total_count
    if total is None or total >= longest:
        return None
    if page.last is not None:
        return total if page.last == -(-total // page.per_page) else None
    return total if total >= (page.number - 1) * page.per_page + len(page.items) else None


def _has_only_grown(before: Page, after: Page, longest: int) -> bool:
    """Whether the list has grown by as much as its first run has moved down."""
    places = {
        item.github_run_id: place
        for place, item in enumerate(after.items)
        if isinstance(item, WorkflowRun)
    }
    was, now = reported_length(before, longest), reported_length(after, longest)
    for place, item in enumerate(before.items):
        if isinstance(item, WorkflowRun):
            moved_to = places.get(item.github_run_id)
            if was is None or now is None or moved_to is None:
                return False
            return moved_to - place == now - was
    return False


def on_top(windows: Sequence[ListedWindow], high: datetime) -> list[ListedWindow]:
    """Return the first windows, which reach down from `high` without a gap."""
    found: list[ListedWindow] = []
    for window in windows:
        if window.created_to != high:
            break
        found.append(window)
        high = window.created_from
    return found


def whole_second(moment: datetime) -> datetime:
    """Return the time without its fraction of a second: GitHub's times and windows have none."""
    return moment.replace(microsecond=0)
