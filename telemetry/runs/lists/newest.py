"""Reads the unfiltered list of a repository's runs, and proves how far it was seen."""

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from itertools import chain

from telemetry.github.errors import GitHubError, PaginationLimited
from telemetry.github.pagination import Page
from telemetry.runs.lists.listing import (
    LIST_LAG,
    SEARCH_LAG,
    Batch,
    Batches,
    Lister,
    batch_of,
    end_checked,
)
from telemetry.runs.lists.windows import Walk, whole_second

PAGES_BETWEEN_PROOFS = 100


class Newest:
    """The unfiltered list, newest run first; `first` is its first page. Call `down_to` once."""

    def __init__(self, lister: Lister) -> None:
        self.lister = lister
        self._walk: Walk | None = None
        self._again: Future[Page] | None = None
        concurrency = lister.concurrency
        self._terms = lister.terms(lister.limits.unfiltered, concurrency)
        self._pages = lister.pages(
            concurrency=concurrency,
            further=lambda: self._walk.pages_left if self._walk else 1,
        )
        self.first = next(self._pages)

    def down_to(self, low: datetime) -> Batches:
        """Read the list down to the runs that were created at `low`.

        Yields the runs of each page, and complete windows when they are proven. There is no window
        where runs moved or where GitHub ended the list. A list of unknown length, or longer than
        GitHub counts, proves little, so it ends where filtered lists are reliable. Raises
        GitHubError, after yielding what is proven so far.
        """
        lister = self.lister
        walk = self._walk = Walk(low, whole_second(lister.now() - LIST_LAG), self._terms)
        failure: GitHubError | None = None
        # Pages read ahead are proven by another request, so one of those allowed is kept for it.
        kept = lister.client.set_aside(int(self._terms.ahead > 0))
        try:
            with kept, closing(self._pages) as following:
                for page in chain([self.first], following):
                    walk.add(page)
                    yield batch_of(page, walk.proven())
                    is_blind = walk.length is None and walk.high <= lister.now() - SEARCH_LAG
                    if walk.is_past_low or is_blind:
                        break
                    if walk.unproven >= PAGES_BETWEEN_PROOFS:
                        yield from self._prove(walk)
                else:
                    if walk.unproven:
                        self._again = self._request_again()
                    end_checked(walk, self._is_over)
        except PaginationLimited:
            pass  # older runs must be requested by their time
        except GitHubError as error:
            failure = error
        try:
            yield from self._prove(walk, urgent=True)
        except GitHubError as error:
            failure = failure or error
        if failure is not None:
            raise failure

    def _is_over(self, walk: Walk) -> bool:
        """Whether the list ended because there are no older runs, and not because GitHub cut it.

        If the search lags behind, it shows fewer runs than were seen, and proves nothing.
        """
        if walk.reached <= walk.low:
            return True
        known = walk.last_second | walk.unreadable
        shown = self.lister.tail(walk.low, walk.reached, known)
        return walk.last_second <= shown <= known

    def _prove(self, walk: Walk, *, urgent: bool = False) -> Batches:
        """Request the first page again if a window depends on it."""
        windows = walk.proven()
        if windows:
            yield Batch(windows=windows)
        if walk.unproven:
            again, self._again = self._again, None
            page = again.result() if again else self.lister.first_page(is_urgent=urgent)
            yield batch_of(page, walk.prove(page))

    def _request_again(self) -> Future[Page]:
        """Request the first page at the same time as what is older, instead of after it."""
        pool = ThreadPoolExecutor(1, "github-pages")
        page = pool.submit(self.lister.first_page, is_urgent=True)
        pool.shutdown(wait=False)  # an interruption ends the request with the client
        return page
