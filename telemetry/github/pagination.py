"""Lists of GitHub's REST API, page by page and in order, with read-ahead and shrinking pages.

Knows URLs and links; the caller fetches.
"""

import threading
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from math import lcm
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from telemetry.github.errors import BudgetSpent, GitHubError, Unanswered
from telemetry.github.fetch import Reply, Request
from telemetry.github.options import LARGEST_PAGE, Paging
from telemetry.github.repeats import Repeats

_SIZES = (LARGEST_PAGE, 50, 25, 10)
# Pages read ahead for each concurrent request, so that requests continue while several pages are
# stored in one transaction.
PAGES_KEPT = 4
MOST_PAGES = 4_000
"""A longer list counts as endless: GitHub ends each list after about 400 pages of 100."""

Fetch = Callable[[Request], Reply]


@dataclass(frozen=True)
class Page:
    """One page of a list.

    `number` counts from 1, in pages of `per_page` rows. `last` is the number of the last page and
    `total_count` the number of all rows, as GitHub reported them, else None. `etag` identifies the
    content of the page; an `unchanged` page is the answer to an ETag and has no rows. If
    `is_followed`, the next page has been fetched already.
    """

    items: list[Any]
    total_count: int | None
    number: int
    per_page: int
    last: int | None
    etag: str | None = None
    unchanged: bool = False
    is_followed: bool = False


def pages(
    fetch: Fetch, request: Request, paging: Paging, repeats: Repeats
) -> Generator[Page, None, None]:
    """Yield the pages of a list, from `request` on; see `GitHub.pages`."""
    key = request.list_key or ""
    size = max(1, min(paging.per_page, LARGEST_PAGE))
    place = _Place(replace(request, etag=paging.etag), size, size)
    fault: Unanswered | None = None
    with _ReadAhead(fetch, paging.concurrency) as ahead:
        while not place.is_past_end:
            try:
                reply = ahead.take(place.number, place.next_request())
            except Unanswered as error:
                before = place.size
                # A server that asks to wait is not one for which the page is too large.
                if error.too_long or not place.shrink():
                    raise
                problem = f"{error.reason}; continuing with fewer rows a page"
                repeats.tell(request.what, problem, f"({place.size}, not {before})")
                ahead.clear()
                fault = error
                continue
            except BudgetSpent as error:
                raise error from error.__cause__ or fault
            except GitHubError as error:
                if error.status != 409 or not paging.conflict_is_empty:
                    raise
                reply = Reply({key: [], "total_count": 0}, {})
            if reply.unchanged:
                yield Page([], None, place.number, size, None, paging.etag, unchanged=True)
                return
            fault = None
            page = _page(reply, key, place)
            place.go_on(page, reply)
            # Only now: a caller that stops at this page then costs no further request.
            yield replace(page, is_followed=ahead.has(place.number))
            if not place.is_past_end:
                ahead.fill(place.further(paging.further), place.next_request())


def with_query(url: str, **changes: int) -> str:
    """Return `url` with these query parameters set."""
    parts = urlsplit(url)
    query = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if k not in changes]
    query += [(name, str(value)) for name, value in changes.items()]
    return urlunsplit(parts._replace(query=urlencode(query)))


@dataclass
class _Place:
    """The position in a list: the next request, its page number, and the page size.

    A page that fails makes the pages smaller. From the row `_grow_from` on a larger size is tried,
    up to `largest`. Each failure in a row doubles the distance to that row.
    """

    request: Request
    largest: int
    size: int
    number: int = 1
    is_past_end: bool = False
    _last: int | None = None
    _grow_from: int = 0
    _patience: int = 2
    _followed: set[str] = field(default_factory=set)
    _pages: int = 0

    def __post_init__(self) -> None:
        self.request = replace(self.request, url=with_query(self.request.url, per_page=self.size))
        self._followed.add(self.request.url)

    def next_request(self) -> Request:
        """Return the request for the next page."""
        # GitHub fails every time on a page that exceeds its time limit, so one retry is enough.
        return replace(self.request, tries=2 if self.size > _SIZES[-1] else self.request.tries)

    def shrink(self) -> bool:
        """Continue at the same row with smaller pages; return False if they cannot be smaller."""
        smaller = next((s for s in _SIZES if s < self.size), None)
        if smaller is None:
            return False
        self._grow_from = (self.number - 1) * self.size + self.size * self._patience
        self._patience *= 2
        self._resize(smaller)
        return True

    def go_on(self, page: Page, reply: Reply) -> None:
        """Move to the page after this one."""
        self._pages += 1
        self._last = (page.last or 0) if self._last is None else self._last
        if self.size == self.largest:
            self._patience = 2
        following = self._following(reply)
        if following is None:
            self.is_past_end = True
            return
        number = _number(following)
        self.number = number or self.number + 1
        self.request = replace(self.request, url=following, etag=None)
        if number and self.number == self._growing_page():
            self._resize(self._larger())

    def further(self, likely: Callable[[], int] | None) -> range:
        """Return the numbers of the pages that may be read ahead."""
        end = self._last or 0
        if likely is not None:
            end = min(end, self.number - 1 + likely())
        growing = self._growing_page()
        return range(self.number, min(end + 1, growing) if growing else end + 1)

    def _growing_page(self) -> int | None:
        """The number of the page at which a larger page is tried; None if pages are not small."""
        if self.size == self.largest:
            return None
        step = lcm(self.size, self._larger())
        row = max(self._grow_from, (self.number - 1) * self.size)
        return -(-row // step) * step // self.size + 1

    def _larger(self) -> int:
        return min(s for s in {*_SIZES, self.largest} if s > self.size)

    def _resize(self, size: int) -> None:
        self.number = self._renumbered(self.number, size)
        self._last = self._renumbered(self._last, size) if self._last else self._last
        self.size = size
        url = with_query(self.request.url, per_page=size, page=self.number)
        self.request = replace(self.request, url=url, etag=None)

    def _renumbered(self, number: int, size: int) -> int:
        """Return the page of `size` rows that holds the first row of this page."""
        return (number - 1) * self.size // size + 1

    def _following(self, reply: Reply) -> str | None:
        link, what = reply.links.get("next"), self.request.what
        if link is None:
            return None
        if self._pages >= MOST_PAGES:
            raise GitHubError(
                f"{what}: the list does not end after {MOST_PAGES:,} pages",
                advice="check GITHUB_API_URL",
            )
        try:
            following = urljoin(self.request.url, link)
        except ValueError:
            following = link  # the fetcher refuses it
        if following in self._followed:
            said = f"{what}: the links to next pages lead in a circle"
            raise GitHubError(said, advice="try again later")
        self._followed.add(following)
        return following


class _ReadAhead:
    """Fetches the next pages in advance, at most `limit` of them at a time."""

    def __init__(self, fetch: Fetch, limit: int) -> None:
        self._fetch = fetch
        self._kept = PAGES_KEPT * limit if limit > 1 else 0
        self._executor = ThreadPoolExecutor(max(limit, 1), thread_name_prefix="github-pages")
        self._pages: dict[int, Future[Reply]] = {}
        self._stop = threading.Event()

    def __enter__(self) -> "_ReadAhead":
        return self

    def __exit__(self, *exception: object) -> None:
        self.clear()
        self._executor.shutdown(wait=False)

    def fill(self, numbers: range, request: Request) -> None:
        """Start to fetch the first of these pages."""
        for number in numbers[: self._kept]:
            if number not in self._pages:
                url = with_query(request.url, page=number)
                ahead = replace(request, url=url, stop=self._stop)
                self._pages[number] = self._executor.submit(self._fetch, ahead)

    def take(self, number: int, request: Request) -> Reply:
        """Return the page with this number: read ahead, or fetched now with `request`."""
        page = self._pages.pop(number, None)
        return page.result() if page else self._fetch(replace(request, stop=self._stop))

    def has(self, number: int) -> bool:
        """Whether the page of this number has been fetched already."""
        page = self._pages.get(number)
        return page is not None and page.done()

    def clear(self) -> None:
        """Forget the pages read ahead, and cancel the requests that have not been sent."""
        self._stop.set()
        self._stop = threading.Event()
        self._pages.clear()


def _page(reply: Reply, key: str, place: _Place) -> Page:
    total = reply.payload.get("total_count")
    last = reply.links.get("last")
    return Page(
        items=reply.payload[key],
        total_count=total if isinstance(total, int) and not isinstance(total, bool) else None,
        number=place.number,
        per_page=place.size,
        last=_number(last) if last else None,
        etag=reply.etag,
    )


def _number(url: str) -> int | None:
    """Return the page number in the query of a URL."""
    try:
        number = dict(parse_qsl(urlsplit(url).query)).get("page", "")
    except ValueError:
        return None
    return int(number) if number.isascii() and number.isdigit() and len(number) < 10 else None
