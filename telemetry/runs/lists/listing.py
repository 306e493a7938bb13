"""Lists a repository's runs without loss, and proves which intervals were seen completely.

Knows the client, not the database: it yields pages and proven windows. `windows` and `search` work
out what pages prove; this module decides which lists to request.

GitHub silently ends a filtered list at 1,000 runs and an unfiltered one at about 40,000, and
filtered lists lag behind. New runs are therefore read from the unfiltered list. Filtered lists of
short intervals provide what that list does not reach or prove.
"""

from collections import Counter
from collections.abc import Callable, Generator, Sequence, Set
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from telemetry.github.client import GitHub
from telemetry.github.errors import GitHubError, PaginationLimited
from telemetry.github.options import LARGEST_PAGE, Paging
from telemetry.github.pagination import PAGES_KEPT, Page
from telemetry.rows.reading import UnreadableRow, tell_apart
from telemetry.rows.runs import WorkflowRun, read_run
from telemetry.runs.lists.search import Search, created_range
from telemetry.runs.lists.windows import SECOND, ListedWindow, Terms, Walk, on_top

# A run appears in the list some moments after its creation, perhaps below runs that were created
# before it, and later in the search behind filtered lists; younger parts of a list prove nothing.
LIST_LAG = timedelta(minutes=1)
SEARCH_LAG = timedelta(hours=1)
# With fewer requests left, what they prove matters more than their speed.
FEW_REQUESTS = 20
# ETags are kept for windows in which nothing but a re-run can happen.
CLOSED_AFTER = timedelta(days=1)

# The target size of a filtered list, as a share of its limit. A list that turns out too long costs
# a request, a short one the empty part of its last page. On simulated months this takes 1.13 times
# the requests of full pages.
WANTED_SHARE = 2 / 3


@dataclass(frozen=True)
class Limits:
    """The lengths at which GitHub ends a list, as far as known. They prove nothing.

    They serve to choose intervals; whether a list ended because there are no older runs is asked.
    The limit of filtered lists is documented ("List workflow runs for a repository"); that of
    unfiltered ones was reported in apache/devlake issue 8842.
    """

    filtered: int = 1_000
    unfiltered: int = 40_000


@dataclass(frozen=True)
class Batch:
    """Data to store together: the runs of one page, and newly proven windows.

    `is_followed` means that the next page is already fetched, so both can be stored at once.
    """

    runs: list[WorkflowRun] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    windows: list[ListedWindow] = field(default_factory=list)
    is_followed: bool = False


Batches = Generator[Batch, None, None]
Read = TypeVar("Read", Walk, Search)


class Lister:
    """Lists the runs of one repository. `now` returns GitHub's present time, UTC."""

    def __init__(
        self,
        client: GitHub,
        repository: str,
        *,
        concurrency: int = 1,
        limits: Limits | None = None,
        now: Callable[[], datetime],
    ) -> None:
        self.client = client
        self.repository = repository
        self._concurrency = concurrency
        self.limits = limits or Limits()
        self.now = now
        self._has_runs = False
        self._longest_shown = 0
        self._filtered_end = self.limits.filtered

    @property
    def concurrency(self) -> int:
        """How many pages may be requested at a time: one if few requests are left.

        Pages that were read in order prove more if the list must stop before its end.
        """
        left = self.client.budget
        return 1 if left is not None and left < FEW_REQUESTS else self._concurrency

    def pages(self, created: str | None = None, **paging: Any) -> Generator[Page, None, None]:
        """Yield the pages of a list of this repository's runs; `paging` are fields of Paging."""
        # A repository that has shown runs is not without commits.
        how = Paging(read=read_run, conflict_is_empty=not self._has_runs, **paging)
        found = self.client.list_workflow_runs(self.repository, created=created, paging=how)
        with closing(found):
            for page in found:
                self._has_runs |= bool(page.items)
                before = Counter[str]()
                for item in page.items:
                    if isinstance(item, UnreadableRow):
                        tell_apart(item, before)
                yield page

    def first_page(self, **paging: Any) -> Page:
        """Return the first page of the unfiltered list; `paging` as for `pages`."""
        with closing(self.pages(**paging)) as pages:
            return next(pages)

    def terms(self, longest: int, concurrency: int) -> Terms:
        """Return how a list that GitHub ends at this length is read."""
        return Terms(longest, PAGES_KEPT * concurrency if concurrency > 1 else 0, LIST_LAG)

    def interval(self, start: datetime, end: datetime, etag: str | None = None) -> Batches:
        """List all runs created from `start` to before `end`, by short filtered lists.

        `end` must be at least SEARCH_LAG ago, so that no more runs appear before it. With the
        `etag` of an earlier list of the same interval, an unchanged list is free.

        Yields pages and complete windows, newest first. Parts that change at every reading are
        omitted. A second with more runs than can be listed is yielded as an incomplete window with
        its problem. Raises GitHubError, after yielding what is proven so far.
        """
        high, length = end, end - start
        while high > start:
            low = start if high - start <= length else high - length
            search = yield from self._listed(low, high, etag)
            if search.is_unchanged:
                return
            etag = None
            if search.is_one_second or not search.is_too_long:
                high = low
            else:
                windows = on_top(search.proven(), high)
                if windows:
                    yield Batch(windows=windows)
                    high = windows[-1].created_from
            length = search.next_length(self._filtered_end * WANTED_SHARE)

    def _listed(
        self, low: datetime, high: datetime, etag: str | None
    ) -> Generator[Batch, None, Search]:
        """Read a filtered list until it is proven complete, at most three times."""
        before: set[int | str] | None = None
        earlier: Search | None = None
        for concurrency in (self.concurrency, 1, 1):
            search = Search(low, high, self.terms(self.limits.filtered, concurrency))
            yield from self._read(search, concurrency, etag)
            etag = None
            if search.is_unchanged:
                yield Batch(windows=[ListedWindow(low, high, None, None, 0)])
                return search
            is_settled = False
            if not search.is_too_long:
                # If a run is deleted while pages are read in order, another one may be missed: this
                # list shows the deleted run, the next one does not. So if both show the same runs,
                # only the total is wrong, unless a page has a hole. A list of one page has none.
                is_settled = search.seen == before
                before = set(search.seen) if concurrency == 1 else None
                search.join(earlier)
                earlier = search
            if is_settled and search.has_hole:
                self._filtered_end = LARGEST_PAGE
                search.is_too_long = True
            if search.is_too_long:
                if search.is_one_second:
                    yield Batch(windows=[search.unlistable()])
                return search
            if search.is_whole or is_settled:
                yield Batch(windows=search.windows(is_closed=high <= self.now() - CLOSED_AFTER))
                return search
        # A shorter list, of one page, divides no second.
        search.is_too_long = search.walk.has_split_second
        if not search.is_too_long:
            yield Batch(windows=search.proven())
        return search

    def _read(self, search: Search, concurrency: int, etag: str | None) -> Batches:
        created = created_range(search.low, search.high)
        pages = self.pages(created=created, concurrency=concurrency, etag=etag)
        try:
            with closing(pages):
                for page in pages:
                    if page.unchanged:
                        search.is_unchanged = True
                        return
                    search.add(page)
                    yield batch_of(page)
                    if search.is_too_long and not search.is_one_second:
                        return
            if not search.is_too_long:
                end_checked(search, self._is_over)
        except PaginationLimited:
            search.is_too_long = True
        except GitHubError:
            windows = search.proven()
            if windows:
                yield Batch(windows=windows)
            raise

    def _is_over(self, search: Search) -> bool:
        """Whether a filtered list ended because there are no older runs in its interval.

        GitHub may cut a list, and its total, anywhere. A list is known not to be cut if it is as
        long as its total and shorter than a list that GitHub has shown before. For any other list
        the rest of the interval is requested.
        """
        shown, length = self._longest_shown, len(search.seen)
        self._longest_shown = max(shown, length)
        if not search.seen or (length < shown and search.is_whole):
            return True
        is_cut = search.ends_with_full_page and not search.is_whole
        if not (is_cut or search.is_one_second):
            is_cut = not self._rest(search) <= search.seen
        if is_cut and search.ends_with_full_page:
            self._filtered_end = min(self._filtered_end, length)
        return not is_cut

    def _rest(self, search: Search) -> set[int | str]:
        """Return the runs that are listed from the oldest second that was seen down.

        If that is the whole interval, the same list would only be repeated.
        """
        if search.walk.reached < search.high:
            return self.tail(search.low, search.walk.reached, search.seen)
        return self.tail(search.low, search.high - SECOND, frozenset())

    def tail(self, low: datetime, high: datetime, seen: Set[int | str]) -> set[int | str]:
        """Return the runs in a filtered list of the interval, up to the first page with a new one.

        If the last second alone may fill a list, the older runs are requested separately.
        """
        found: set[int | str] = set()
        with closing(self.pages(created=created_range(low, high))) as pages:
            for page in pages:
                found |= {
                    item.github_run_id if isinstance(item, WorkflowRun) else str(item)
                    for item in page.items
                }
                if not found <= seen:
                    return found
        before = high - SECOND
        if low < before and len(found) >= (self._longest_shown or LARGEST_PAGE):
            found |= self.tail(low, before, frozenset())
        return found


def end_checked(read: Read, is_over: Callable[[Read], bool]) -> None:
    """End a list without a further page; if the check fails, it is known as far as it reached."""
    checked = False
    try:
        checked = is_over(read)
    finally:
        read.end(is_over=checked)


def batch_of(page: Page, windows: Sequence[ListedWindow] = ()) -> Batch:
    runs = [item for item in page.items if isinstance(item, WorkflowRun)]
    unreadable = [str(item) for item in page.items if not isinstance(item, WorkflowRun)]
    return Batch(runs, unreadable, list(windows), page.is_followed)
