"""A repository's runs, listed without loss, and the proof of how much of the list was seen.

Knows the client and rows, not the database: pages and proven windows are handed over as they come.

GitHub's lists have three traps. A filtered list ends at 1,000 runs and an unfiltered one at about
40,000, either without a word; and pages are counted from the top, so that a run deleted, or pages
read out of their order while runs are created, make a run fall between two pages. Hence a window
of creation time counts as complete only when nothing can have moved while it was read, or when
GitHub's own count of it, asked for afterwards, is what was seen.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from telemetry.github import GitHub, GitHubError, Page, PaginationLimited
from telemetry.rows import UnreadableRow, WorkflowRun

SECOND = timedelta(seconds=1)

# Where GitHub ends a list: a filtered one by its documentation ("List workflow runs for a
# repository"), an unfiltered one as reported in apache/devlake issue 8842.
LONGEST_FILTERED_LIST = 1_000
LONGEST_LIST = 40_000

# A run shows up in the list some moments after its creation time, and in the search behind
# filtered lists later still; younger parts of a list prove nothing.
LIST_LAG = timedelta(minutes=1)
SEARCH_LAG = timedelta(hours=1)
# ETags are worth keeping for windows in which nothing happens any more but a re-run.
CLOSED_AFTER = timedelta(days=1)

# How many runs a filtered list is meant to hold: well below its end, for the pace varies.
WELL_BELOW_THE_END = 800
PAGES_BETWEEN_PROOFS = 50


@dataclass(frozen=True)
class Limits:
    """Where lists end and when they are settled; only tests need others than GitHub's."""

    filtered: int = LONGEST_FILTERED_LIST
    unfiltered: int = LONGEST_LIST


@dataclass(frozen=True)
class ListedWindow:
    """An interval of creation time, half-open and in whole seconds, and what a list of it held.

    `ids` are the runs seen; None: GitHub answered that the list is unchanged since its ETag.
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
class Batch:
    """What is to be stored together: runs of one page, or the windows that they fill."""

    runs: list[WorkflowRun] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    windows: list[ListedWindow] = field(default_factory=list)
    page: Page | None = None


Batches = Generator[Batch, None, None]


def read_run(item: Any) -> WorkflowRun | UnreadableRow:
    """A listed run as a row, or what is wrong with it; called where the page was fetched."""
    try:
        return WorkflowRun.from_api(item)
    except UnreadableRow as error:
        return error


class Lister:
    """Lists the runs of one repository."""

    def __init__(
        self,
        client: GitHub,
        repository: str,
        *,
        concurrency: int = 1,
        limits: Limits | None = None,
        clock: Callable[[], datetime],
    ) -> None:
        self.client = client
        self.repository = repository
        self.concurrency = concurrency
        self.limits = limits or Limits()
        self.clock = clock

    @property
    def now(self) -> datetime:
        """GitHub's clock as of its last answer, UTC; the local one before there is any."""
        return self.client.github_time or self.clock()

    def _pages(self, **options: Any) -> Generator[Page, None, None]:
        return self.client.list_workflow_runs(self.repository, read=read_run, **options)

    def newest(self, down_to: Callable[[Page], datetime]) -> Batches:
        """The unfiltered list, from the newest run down to those created at `down_to`.

        `down_to` is asked with the first page. Yields each page's runs and, as they are proven,
        the windows. Where GitHub ends the list before, or something moved, windows are left out.
        Raises GitHubError; what was proven until then is yielded first.
        """
        walk: _Walk | None = None
        try:
            with closing(self._pages(concurrency=self.concurrency)) as pages:
                for page in pages:
                    batch = _batch(page)
                    if walk is None:
                        walk = _Walk(down_to(page), _whole(self.now - LIST_LAG))
                    walk.add(page, batch)
                    yield batch
                    if walk.is_past_the_start:
                        break
                    if len(walk.totals) > PAGES_BETWEEN_PROOFS:
                        yield from self._proven(walk)
                else:
                    if walk is not None and walk.length < self.limits.unfiltered:
                        walk.close(walk.down_to)
        except PaginationLimited:
            pass  # what is older has to be asked for by its time
        except GitHubError:
            if walk is not None:
                yield from self._proven(walk)
            raise
        if walk is not None:
            yield from self._proven(walk)

    def _proven(self, walk: "_Walk") -> Batches:
        windows = walk.take()
        if not windows:
            return
        if self._stood_still(walk):
            yield Batch(windows=windows)
        else:
            yield from self._counted(windows)
        walk.totals = walk.totals[-1:]

    def _stood_still(self, walk: "_Walk") -> bool:
        totals = walk.totals
        if len(totals) == 1:
            return True
        if self.concurrency == 1:
            # Read in order, a run can only fall between two pages when more runs above it were
            # deleted than created: then the total has gone down.
            known = [total for total in totals if total is not None]
            if len(known) == len(totals):
                return all(later >= earlier for earlier, later in pairwise(known))
        # Read out of order, creations matter too, and may hide deletions in the total: but then
        # the newest run is another one. Pages of this stretch may have been read ahead before the
        # newest run was last looked at, so that it has to be the one of the time before, too.
        with closing(self._pages(per_page=1, urgent=True)) as pages:
            newest = [run.github_run_id for run in _batch(next(pages)).runs]
        before, walk.newest = walk.newest[-2:], [*walk.newest, newest]
        return len(set(totals)) == 1 and all(newest == earlier for earlier in before)

    def _counted(self, windows: list[ListedWindow]) -> Batches:
        """Those of the windows whose runs are as many as GitHub counts; others are listed again."""
        settled = [w for w in windows if w.created_to <= self.now - SEARCH_LAG]
        for group in groups(settled, self.limits.filtered - 1):
            start, end = group[-1].created_from, group[0].created_to
            with closing(self._pages(created=search(start, end), per_page=1)) as pages:
                reported = next(pages).total_count
            if reported == sum(window.seen for window in group):
                yield Batch(windows=group)
            else:
                yield from self.interval(start, end)

    def interval(self, start: datetime, end: datetime, etag: str | None = None) -> Batches:
        """All runs created from `start` until before `end`, by filtered lists short enough.

        With the `etag` of an earlier list of the very interval, an unchanged list is free.
        Yields pages and complete windows, newest first; a part that moves while it is read, twice
        over, is left out, and one second that holds more runs than can be listed is yielded as a
        window that is not complete, with its problem. Raises GitHubError.
        """
        high, length = end, end - start
        while high > start:
            low = max(start, high - length)
            part = _Part(low, high)
            yield from self._read(part, etag if (low, high) == (start, end) else None)
            if part.is_unchanged:
                return
            is_whole = part.stood_still
            if not is_whole and not part.is_too_long:
                # Twice the same runs, whatever the total says: it is the total that is wrong.
                again = _Part(low, high)
                yield from self._read(again, None)
                is_whole = again.stood_still or again.seen_ids == part.seen_ids
                part = again
            if part.is_too_long and high - low > SECOND:
                length = part.next_length()
                continue
            yield Batch(windows=self._windows(part, is_whole))
            high, length = low, part.next_length()

    def _read(self, part: "_Part", etag: str | None) -> Batches:
        pages = self._pages(
            created=search(part.low, part.top), etag=etag, concurrency=self.concurrency
        )
        try:
            with closing(pages):
                for page in pages:
                    if page.unchanged:
                        part.is_unchanged = True
                        yield Batch(windows=[ListedWindow(part.low, part.top, None, None, 0)])
                        return
                    batch = _batch(page)
                    part.add(page, batch)
                    part.is_too_long = part.length >= self.limits.filtered or (
                        page.total_count is not None and page.total_count >= self.limits.filtered
                    )
                    yield batch
                    if part.is_too_long and part.top - part.low > SECOND:
                        return
        except PaginationLimited:
            part.is_too_long = True

    def _windows(self, part: "_Part", is_complete: bool) -> list[ListedWindow]:
        if part.is_too_long:
            problem = "more runs were created in one second than GitHub lists"
            ids = sorted(part.seen_ids)
            reported = part.totals[0] if part.totals else None
            return [ListedWindow(part.low, part.top, reported, ids, len(ids), False, problem)]
        if not is_complete:
            return []
        if len(part.totals) > 1:
            return part.take()
        seen = len(part.seen_ids) + part.seen_unreadable
        etag = part.etag if part.top <= self.now - CLOSED_AFTER else None
        ids = sorted(part.seen_ids)
        return [ListedWindow(part.low, part.top, part.totals[0], ids, seen, etag=etag)]


class _Walk:
    """A list on its way back in time, cut into windows where its pages end.

    A window reaches down to the second after the oldest run of its page: that second may go on
    on the next page.
    """

    def __init__(self, down_to: datetime, high: datetime) -> None:
        self.down_to = down_to
        self.high = high
        self.length = 0
        self.totals: list[int | None] = []
        self.newest: list[list[int]] = []
        self.windows: list[ListedWindow] = []
        self.recent: dict[int, datetime] = {}
        self.unreadable = 0
        self.is_past_the_start = False

    def add(self, page: Page, batch: Batch) -> None:
        if not self.length:
            self.newest = [[run.github_run_id for run in batch.runs[:1]]]
        self.length += len(page.items)
        self.totals.append(page.total_count)
        self.unreadable += len(batch.unreadable)
        for run in batch.runs:
            self.recent[run.github_run_id] = run.created_at
        oldest = min((run.created_at for run in batch.runs), default=None)
        if oldest is not None:
            self.is_past_the_start = oldest < self.down_to
            self.close(max(self.down_to, _whole(oldest) + SECOND))

    def close(self, low: datetime) -> None:
        """End the window that is open at `low`, unless it is empty."""
        if low >= self.high:
            return
        ids = [run_id for run_id, at in self.recent.items() if low <= at < self.high]
        seen = len(ids) + self.unreadable
        self.windows.append(ListedWindow(low, self.high, seen, ids, seen))
        self.recent = {run_id: at for run_id, at in self.recent.items() if at < low}
        self.high, self.unreadable = low, 0

    def take(self) -> list[ListedWindow]:
        windows, self.windows = self.windows, []
        return windows


class _Part(_Walk):
    """A filtered list of one interval."""

    def __init__(self, low: datetime, high: datetime) -> None:
        super().__init__(low, high)
        self.low = low
        self.top = high
        self.seen_ids: set[int] = set()
        self.seen_unreadable = 0
        self.oldest: datetime | None = None
        self.etag: str | None = None
        self.is_too_long = False
        self.is_unchanged = False

    def add(self, page: Page, batch: Batch) -> None:
        super().add(page, batch)
        self.etag = page.etag
        self.seen_ids.update(run.github_run_id for run in batch.runs)
        self.seen_unreadable += len(batch.unreadable)
        self.oldest = min((run.created_at for run in batch.runs), default=self.oldest)

    @property
    def stood_still(self) -> bool:
        """Whether the total stayed the same, and is what was seen, or is not told at all."""
        totals = set(self.totals)
        return totals in ({None}, {len(self.seen_ids) + self.seen_unreadable})

    def take(self) -> list[ListedWindow]:
        self.close(self.low)
        return super().take()

    def next_length(self) -> timedelta:
        """How long the next interval may be to hold well below what GitHub lists."""
        if not self.seen_ids or self.oldest is None:
            return (self.top - self.low) * 2
        pace = len(self.seen_ids) / max((self.top - self.oldest).total_seconds(), 1)
        seconds = int(WELL_BELOW_THE_END / pace)
        if self.is_too_long:
            seconds = min(seconds, int((self.top - self.low).total_seconds() / 2))
        return timedelta(seconds=max(1, seconds))


def _batch(page: Page) -> Batch:
    runs = [item for item in page.items if isinstance(item, WorkflowRun)]
    return Batch(
        runs, [str(item) for item in page.items if not isinstance(item, WorkflowRun)], page=page
    )


def groups(windows: Iterable[Any], most: int) -> Iterator[list[Any]]:
    """Neighbours together, newest first, as long as they hold no more than `most` runs."""
    group: list[Any] = []
    for window in sorted(windows, key=lambda window: window.created_from, reverse=True):
        apart = bool(group) and group[-1].created_from != window.created_to
        if group and (apart or sum(w.seen for w in group) + window.seen > most):
            yield group
            group = []
        group.append(window)
    if group:
        yield group


def search(start: datetime, end: datetime) -> str:
    """GitHub's search text for runs created from `start` until before `end`.

    Its ranges are whole seconds with both ends included ("Understanding the search syntax").
    """
    return f"{start:%Y-%m-%dT%H:%M:%SZ}..{end - SECOND:%Y-%m-%dT%H:%M:%SZ}"


def _whole(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)
