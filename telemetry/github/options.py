"""The settings of a client, and those of reading a list."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

LARGEST_PAGE = 100
"""The most rows in a page; GitHub silently reduces a larger number."""


@dataclass(frozen=True)
class Options:
    """The settings of a client. Times are seconds.

    `token_variable` names the token in messages. `timeout` is for a complete answer. `tries` is how
    often a request is sent if it meets faults, and separately if it meets rate limits; `max_wait`
    is the longest wait that a server may ask for. `reserve` is the share of GitHub's limit, from 0
    to 1, that is left to others. `proxies` has the form of `urllib.request.getproxies()`, its
    default. `certificates` is the file that SSL_CERT_FILE names, if it is set.

    `sleep` takes seconds; the default ends early when the client is closed. `clock` returns
    seconds since 1970, `timer` those since any moment: unlike a clock, nobody sets it, so waits are
    measured by it. `jitter` returns a number from 0 to 1. `notify` gets one line of text for each
    wait, from one thread at a time.
    """

    base_url: str = "https://api.github.com"
    token_variable: str = "GITHUB_TOKEN"
    api_version: str = "2022-11-28"
    timeout: float = 30.0
    tries: int = 5
    max_wait: float = 120.0
    reserve: float = 0.0
    proxies: Mapping[str, str] | None = None
    certificates: str | None = None
    sleep: Callable[[float], object] | None = None
    clock: Callable[[], float] = time.time
    timer: Callable[[], float] = time.monotonic
    jitter: Callable[[], float] = random.random
    notify: Callable[[str], object] = lambda text: None


@dataclass(frozen=True)
class Paging:
    """How a list is read.

    `per_page` is the number of rows in a page, at most LARGEST_PAGE. Up to `concurrency` requests
    read ahead, but at most as many pages as `further`, called after each page, returns.

    `etag` is that of the first page when it was read before; if the page has not changed, the list
    is one page without rows. `read` converts each row in the thread that fetched it, so pages read
    ahead hold only the result. The budget does not stop `is_urgent` requests. `retry_missing`: a
    404 is retried once. `conflict_is_empty`: 409 is the answer for a repository without commits, so
    the list is empty. `tries` is how often a page of the smallest size is requested if it meets
    faults; None means the client's default.
    """

    per_page: int = LARGEST_PAGE
    concurrency: int = 1
    etag: str | None = None
    read: Callable[[Any], Any] | None = None
    further: Callable[[], int] | None = None
    is_urgent: bool = False
    retry_missing: bool = True
    conflict_is_empty: bool = True
    tries: int | None = None
