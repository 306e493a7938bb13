"""A simulated GitHub REST API for Actions: a world served over HTTP, with limits and faults.

It serves `make demo`, the tests and `make bench`. It answers like recorded exchanges and GitHub's
reference: pages with `Link` headers, caps on long lists, ETags, rate limits, redirects of renamed
repositories.
"""

import hashlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from telemetry.simulated.allowances import Allowance, per_hour
from telemetry.simulated.answers import Answer, of_json, pack, refused
from telemetry.simulated.connections import Server
from telemetry.simulated.endpoints import Endpoints
from telemetry.simulated.faults import Fault, Hook, RequestInfo
from telemetry.simulated.lists import ListRules
from telemetry.simulated.payloads import Payloads
from telemetry.simulated.routes import request_of
from telemetry.simulated.world import World


@dataclass
class Counters:
    """The requests so far, by kind of route and by result."""

    received: Counter[str] = field(default_factory=Counter)
    charged: int = 0
    not_modified: int = 0
    in_flight: int = 0
    most_in_flight: int = 0


@dataclass(eq=False)
class Simulator(ListRules):
    """A world served over HTTP. `serve` starts it; any thread may change the world.

    latency: the minimum seconds of each answer.
    tokens: the valid tokens with their requests an hour; None accepts any, at 5,000.
    limit: requests an hour with any token and without one, instead of `tokens`; 0 disables the
        rate limit and its headers, as GitHub Enterprise Server does by default.
    fault, before: called with each request and its ordinal (from 1) before it is answered;
        `before` may change the world, `fault` may return a fault.
    billing: by organization, what GitHub bills it: the items of the billing API.
    prefix: of every path, such as "/api/v3".
    clock: for the `Date` header and the rate limit; None: the world's `now`, running.
    """

    world: World
    _: KW_ONLY
    latency: float = 0.0
    tokens: Mapping[str, int] | None = None
    limit: int | None = None
    fault: Hook | None = None
    before: Callable[[RequestInfo, int], None] | None = None
    billing: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    prefix: str = ""
    clock: Callable[[], datetime] | None = None

    def __post_init__(self) -> None:
        self.counters = Counters()
        self._born = time.monotonic()
        self._ordinal = 0
        self._allowances: dict[str | None, Allowance] = {}
        self._stopping = threading.Event()

    @contextmanager
    def serve(self, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
        """Serve in threads within the context; yield the API's URL, without a trailing slash."""
        server = Server((host, port), self)
        url = f"http://{host}:{server.server_address[1]}{self.prefix}"
        self._endpoints = Endpoints(Payloads(self.world, url), self, self.billing)
        self._stopping.clear()
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield url
        finally:
            self._stopping.set()
            server.shutdown()
            thread.join()
            server.hang_up()
            server.server_close()

    def restart_counters(self) -> Counters:
        """Return the counts since the last restart, and reset them and the ordinals of hooks."""
        with self.world.lock:
            counted = self.counters
            self.counters = Counters(in_flight=counted.in_flight)
            self._ordinal = 0
            return counted

    @property
    def is_stopping(self) -> bool:
        """Whether the server is stopping, so that connections are closed."""
        return self._stopping.is_set()

    def _now(self) -> datetime:
        if self.clock is not None:
            return self.clock()
        return self.world.now + timedelta(seconds=time.monotonic() - self._born)

    @contextmanager
    def in_flight(self) -> Iterator[int]:
        """Count a request as in flight; yield its ordinal."""
        with self.world.lock:
            self._ordinal += 1
            ordinal = self._ordinal
            self.counters.in_flight += 1
            self.counters.most_in_flight = max(
                self.counters.most_in_flight, self.counters.in_flight
            )
        try:
            yield ordinal
        finally:
            with self.world.lock:
                self.counters.in_flight -= 1

    def respond(
        self, target: str, headers: Mapping[str, str], ordinal: int, method: str = "GET"
    ) -> tuple[Answer, Fault]:
        """Return the answer to one request and its fault, after the latency."""
        request = request_of(target, headers, method, self.prefix)
        if self.before:
            self.before(request, ordinal)
        fault = (self.fault and self.fault(request, ordinal)) or Fault()
        if self.latency + fault.seconds > 0:
            self._stopping.wait(self.latency + fault.seconds)
        with self.world.lock:
            self.counters.received[request.kind] += 1
            if fault.status is None:
                answer = self._charged_answer(request, target)
            else:
                answer = Answer(fault.status, pack(fault.body))
            standing = self._standing_headers(self._allowance(request.token), ordinal)
        packed = answer.packed
        if fault.edit and packed:  # an answer that nothing has changed has no body
            packed = pack(fault.edit(answer.body))
        shown = {**standing, **answer.headers, **fault.headers}
        return Answer(answer.status, packed, shown), fault

    def _charged_answer(self, request: RequestInfo, target: str) -> Answer:
        if "user-agent" not in request.headers:
            return refused(403, "Request forbidden by administrative rules.")
        if request.token and self.tokens is not None and request.token not in self.tokens:
            return refused(401, "Bad credentials")
        allowance = self._allowance(request.token)
        if request.kind == "rate_limit":
            if allowance.limit == 0:
                return refused(404, "Rate limiting is not enabled.")
            return of_json(allowance.payload())
        if allowance.is_spent:
            return refused(403, "API rate limit exceeded for user ID 1.")
        answer = self._endpoints.answer(request, target)
        if answer.status == 200:
            # ETags are bound to the token, as GitHub's are.
            digest = hashlib.sha256((request.token or "").encode() + answer.packed).hexdigest()
            tagged = {**answer.headers, "etag": f'W/"{digest}"'}
            if request.headers.get("if-none-match") == tagged["etag"]:
                self.counters.not_modified += 1
                return Answer(304, b"", tagged)
            answer = Answer(200, answer.packed, tagged)
        allowance.used += 1
        self.counters.charged += 1
        return answer

    def _allowance(self, token: str | None) -> Allowance:
        now = int(self._now().timestamp())
        if token not in self._allowances or self._allowances[token].reset <= now:
            limit = per_hour(token, self.tokens, self.limit)
            self._allowances[token] = Allowance(limit, now + 3_600)
        return self._allowances[token]

    def _standing_headers(self, allowance: Allowance, ordinal: int) -> dict[str, str]:
        return {
            "date": format_datetime(self._now().astimezone(UTC), usegmt=True),
            "server": "github.com",
            "content-type": "application/json; charset=utf-8",
            "cache-control": "private, max-age=60, s-maxage=60",
            "x-github-media-type": "github.v3; format=json",
            "x-github-api-version-selected": "2022-11-28",
            "x-accepted-github-permissions": "actions=read",
            "x-github-request-id": f"51A0:{ordinal:X}",
            **allowance.headers(),
        }
