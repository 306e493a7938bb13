"""A part of a client's requests: counted, bounded, and ended apart from all others."""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from weakref import WeakSet

from telemetry.github.errors import BudgetSpent, Closed


class Share:
    """The requests of a client, or of a part of it; those of a part count for the whole, too.

    `requests` counts those that were sent, retries and redirects included, and `not_modified`
    those that GitHub answered with 304 and did not charge. `heartbeat` is called with every minute
    of a wait, by the thread that waits. `places` bounds how many requests are sent at a time:
    `at_once`, else as many as of the whole. `closed` is set when it is ended.

    Each request has an event that ends its waits: `closed`, or one of its own.
    """

    def __init__(self, whole: "Share | None" = None, at_once: int | None = None) -> None:
        self.requests = 0
        self.not_modified = 0
        self.heartbeat: Callable[[], object] = lambda: None
        self.closed = threading.Event()
        self._whole = whole
        if whole is None or at_once is not None:
            self.places = threading.Semaphore(at_once or sys.maxsize)
        else:
            self.places = whole.places
        self._allowed: int | None = None
        self._reason = ""
        self._stops: WeakSet[threading.Event] = WeakSet()
        self._lock = threading.Lock()
        self.enrol(self.closed)

    def close(self) -> None:
        """End all waits, later ones included, and those of its parts."""
        with self._lock:
            for stop in self._stops:
                stop.set()

    def enrol(self, stop: threading.Event) -> None:
        """Have `close` set this event, too."""
        for share in self._wholes():
            with share._lock:
                share._stops.add(stop)
                if share.closed.is_set():
                    stop.set()

    def allow(self, requests: int | None, reason: str) -> None:
        """Allow this many requests from now on, or any number; `reason` is for BudgetSpent."""
        with self._lock:
            self._allowed, self._reason = requests, reason

    @property
    def allowed(self) -> int | None:
        """How many requests may still be sent; None: any number."""
        bounds = [share._allowed for share in self._wholes() if share._allowed is not None]
        return max(0, min(bounds)) if bounds else None

    def check(self) -> None:
        """Raise BudgetSpent when all that was allowed is spent."""
        for share in self._wholes():
            if share._allowed is not None and share._allowed <= 0:
                raise BudgetSpent(share._reason)

    @contextmanager
    def set_aside(self, requests: int) -> Iterator[None]:
        """Keep this many of the allowed requests for after the context, or for urgent ones."""
        for share in self._wholes():
            share._allow_more(-requests)
        try:
            yield
        finally:
            for share in self._wholes():
                share._allow_more(requests)

    def _allow_more(self, requests: int) -> None:
        with self._lock:
            if self._allowed is not None:
                self._allowed += requests

    def spend(self) -> None:
        """Count a request that is sent, and take it from those allowed."""
        for share in self._wholes():
            share._allow_more(-1)
            with share._lock:
                share.requests += 1

    def count_unchanged(self) -> None:
        """Count one that GitHub answered with 304."""
        for share in self._wholes():
            with share._lock:
                share.not_modified += 1

    def _wholes(self) -> "Iterator[Share]":
        """This share and all that it is a part of."""
        share: Share | None = self
        while share is not None:
            yield share
            share = share._whole


class Caller:
    """A request as the gate sees it: its name in messages, its share, and what ends its waits."""

    def __init__(self, what: str, share: Share, stop: threading.Event | None = None) -> None:
        self.what = what
        self.share = share
        self.stop = share.closed if stop is None else stop
        share.enrol(self.stop)

    def check(self) -> None:
        """Raise Closed when its waits are to end."""
        if self.stop.is_set():
            raise Closed(f"{self.what}: broken off, the client was closed")
