"""Lists of GitHub's REST API, page by page: in order, ahead of need, smaller when they are too big.

Knows URLs and links; how a URL is fetched is the caller's.
"""

import threading
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from telemetry.github.errors import GitHubError, Unanswered

_SIZES = (100, 50, 25, 10)
# For each page in flight so many are in flight or wait to be taken, so that requests go on while
# the one who takes the pages stores one. Measured with 300 ms an answer: 1.2 times the time of
# the requests alone, where without any that wait it was 1.4.
PAGES_KEPT = 2


@dataclass(frozen=True)
class Page:
    """One page of a list.

    `number` counts from 1, in pages of `per_page` rows. `last` is the number of the last page and
    `total_count` the number of all rows, as GitHub told them; None when it did not. `etag` names
    this very content; an `unchanged` page is what was asked for by an ETag, and holds no rows.
    """

    items: list[Any]
    total_count: int | None
    number: int
    per_page: int
    last: int | None
    etag: str | None = None
    unchanged: bool = False


@dataclass(frozen=True)
class Reply:
    """A JSON object and the URLs of its Link header by relation."""

    payload: dict[str, Any]
    links: dict[str, str]
    etag: str | None = None
    unchanged: bool = False


class Fetch(Protocol):
    """Returns what lies at `url`; `tries` bounds the faults borne, None is as usual."""

    def __call__(
        self, url: str, *, tries: int | None, stop: threading.Event, etag: str | None = None
    ) -> Reply: ...


def pages(
    fetch: Fetch,
    url: str,
    key: str,
    *,
    what: str,
    per_page: int,
    concurrency: int,
    say: Callable[[str], object],
    etag: str | None = None,
    further: Callable[[], int] | None = None,
) -> Generator[Page, None, None]:
    """Yield the pages of the list under `key`, beginning at `url`, as `GitHub.pages` describes."""
    size, number = max(1, min(per_page, 100)), 1  # GitHub cuts more than 100 without a word
    following: str | None = with_query(url, per_page=size)
    followed = {following}
    promised: int | None = None
    with _ReadAhead(fetch, concurrency) as ahead:
        while following is not None:
            try:
                reply = ahead.take(number, following, _tries(size), etag)
            except Unanswered as error:
                smaller = next((s for s in _SIZES if s < size), None)
                if smaller is None:
                    raise
                say(f"{what}: {error.reason}; going on with {smaller} rows a page, not {size}")
                ahead.clear()
                number = _renumbered(number, size, smaller)
                promised = _renumbered(promised, size, smaller) if promised else promised
                size = smaller
                following = with_query(following, per_page=size, page=number)
                continue
            except GitHubError as error:
                if error.status != 409:
                    raise
                reply = Reply({key: [], "total_count": 0}, {})
            if reply.unchanged:
                yield Page([], None, number, size, None, etag, unchanged=True)
                return
            etag = None
            page = _page(reply, key, what, number, size)
            promised = (page.last or 0) if promised is None else promised
            following = _next(following, reply, what, followed)
            number = number + 1 if following is None else _number(following) or number + 1
            # Only now is more asked for: who has enough with this page costs no further request.
            yield page
            if following is not None:
                end = promised if further is None else min(promised, number - 1 + further())
                ahead.fill(range(number, end + 1), following, _tries(size))


def with_query(url: str, **changes: int) -> str:
    """Return `url` with these query parameters set."""
    parts = urlsplit(url)
    query = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if k not in changes]
    query += [(name, str(value)) for name, value in changes.items()]
    return urlunsplit(parts._replace(query=urlencode(query)))


class _ReadAhead:
    """Fetches pages that will be asked for, at most `limit` of them at a time."""

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

    def fill(self, numbers: range, url: str, tries: int | None) -> None:
        """Begin to fetch the first of these pages."""
        for number in numbers[: self._kept]:
            if number not in self._pages:
                self._pages[number] = self._executor.submit(
                    self._fetch, with_query(url, page=number), tries=tries, stop=self._stop
                )

    def take(self, number: int, url: str, tries: int | None, etag: str | None) -> Reply:
        """Return the page of this number: fetched ahead, or now from `url`."""
        page = self._pages.pop(number, None)
        if page:
            return page.result()
        return self._fetch(url, tries=tries, stop=self._stop, etag=etag)

    def clear(self) -> None:
        """Forget what was fetched ahead; what is not sent yet never is."""
        self._stop.set()
        self._stop = threading.Event()
        self._pages.clear()


def _tries(size: int) -> int | None:
    # A page that GitHub cannot build within its time limit fails each time: one retry tells.
    return 2 if size > _SIZES[-1] else None


def _renumbered(number: int, size: int, smaller: int) -> int:
    """Return the page of `smaller` rows that holds the first row of this page of `size` rows."""
    return (number - 1) * size // smaller + 1


def _page(reply: Reply, key: str, what: str, number: int, size: int) -> Page:
    items = reply.payload.get(key)
    if not isinstance(items, list):
        raise GitHubError(f"{what}: the answer holds no list {key!r}; check GITHUB_API_URL", 200)
    total = reply.payload.get("total_count")
    last = reply.links.get("last")
    return Page(
        items=items,
        total_count=total if isinstance(total, int) and not isinstance(total, bool) else None,
        number=number,
        per_page=size,
        last=_number(last) if last else None,
        etag=reply.etag,
    )


def _next(url: str, reply: Reply, what: str, followed: set[str | None]) -> str | None:
    link = reply.links.get("next")
    if link is None:
        return None
    try:
        following = urljoin(url, link)
    except ValueError:
        following = link  # refused by whoever fetches it
    if following in followed:
        raise GitHubError(f"{what}: the links to next pages lead in a circle; try again later")
    followed.add(following)
    return following


def _number(url: str) -> int | None:
    """Return the page number in the query of a URL."""
    try:
        number = dict(parse_qsl(urlsplit(url).query)).get("page", "")
    except ValueError:
        return None
    return int(number) if number.isascii() and number.isdigit() and len(number) < 10 else None
