"""Decides before each request whether it may be sent now, and waits if not.

Rate limits, the reserve left to others and the number of requests allowed are all checked here.
Knows no HTTP: `answers` computes the length of a wait.
"""

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from weakref import WeakSet

from telemetry.github.answers import (
    LONGEST_WAIT,
    Answer,
    Decision,
    RateLimit,
    fault_wait,
    http_date,
    rate_limit,
    utc,
)
from telemetry.github.errors import BudgetSpent, GitHubError, RateLimited
from telemetry.github.options import Options

_HEARTBEAT_SECONDS = 60.0


@dataclass(frozen=True)
class _Closure:
    """No request is sent before `resume_at` (local clock, seconds since 1970).

    `status` is the HTTP status of the answer that caused it.
    """

    resume_at: float = 0.0
    reset_at: datetime | None = None
    reason: str = ""
    status: int | None = None
    is_announced: bool = False


class Gate:
    """Every request of every thread of a client passes here first.

    `requests` counts the requests that passed, retries and redirects included; `not_modified`
    those that GitHub answered with 304 and did not charge. `rate_limit` and `github_time` (`Date`,
    UTC) are those of the last answer that had them, None before.

    A rate limit stops all threads; a fault delays only its own request. `heartbeat` is called once
    for each minute of a wait, in the waiting thread. `advice` ends the message of RateLimited.
    Each request has an event; setting it ends the request's waits with GitHubError.
    """

    def __init__(self, options: Options, advice: str = "") -> None:
        self.requests = 0
        self.not_modified = 0
        self.rate_limit: RateLimit | None = None
        self.github_time: datetime | None = None
        self.heartbeat: Callable[[], object] = lambda: None
        self.clock = options.clock
        self._options = options
        self._advice = advice
        self._allowed: int | None = None
        self._allowed_reason = ""
        self._closure = _Closure()
        self._closed = threading.Event()
        self._stops: WeakSet[threading.Event] = WeakSet()
        self._lock = threading.Lock()
        self._notify_lock = threading.RLock()

    def close(self) -> None:
        """End all waits, now and later."""
        with self._lock:
            self._closed.set()
            for stop in self._stops:
                stop.set()

    def enrol(self, stop: threading.Event | None) -> threading.Event:
        """Return the event that ends a request's waits: `stop`, which `close` then sets too."""
        if stop is None:
            return self._closed
        with self._lock:
            self._stops.add(stop)
            if self._closed.is_set():
                stop.set()
        return stop

    def say(self, text: str) -> None:
        """Call `notify`, from one thread at a time."""
        with self._notify_lock:
            self._options.notify(text)

    def allow(self, requests: int | None, reason: str) -> None:
        """Allow this many more requests; None means all that GitHub's limit leaves.

        `reason` is the text of BudgetSpent when they are used up.
        """
        with self._lock:
            self._allowed = requests
            self._allowed_reason = reason

    @property
    def left(self) -> int | None:
        """The requests left in GitHub's limit, without the reserve; None if unknown."""
        with self._lock:
            limit, now = self.rate_limit, self.github_time
        if limit is None:
            return None
        is_reset = now is not None and now > limit.reset_at
        remaining = limit.limit if is_reset else limit.remaining
        return max(0, math.ceil(remaining - limit.limit * self._options.reserve))

    def learn(self, answer: Answer) -> None:
        """Store the rate limit and the time of an answer."""
        limit, date = rate_limit(answer.headers), http_date(answer.headers.get("date", ""))
        with self._lock:
            self.not_modified += answer.status == 304
            self.rate_limit = limit or self.rate_limit
            self.github_time = date or self.github_time

    def enter(self, what: str, stop: threading.Event, *, is_urgent: bool = False) -> None:
        """Wait until a request may be sent, then count it. The budget does not stop urgent ones.

        Raises RateLimited if the wait exceeds `max_wait`, BudgetSpent if no request is left.
        """
        while True:
            _check(what, stop)
            closure = self._admit(is_urgent)
            if closure is None:
                return
            seconds = closure.resume_at - self.clock()
            if self._is_too_long(seconds):
                raise self._limited(what, f"GitHub {closure.reason} reached")
            if not closure.is_announced:
                self.say(f"GitHub {closure.reason} reached; going on {self._moment(seconds)}")
            self._rest(seconds, what, stop)
            with self._lock:
                # A `sleep` passed in by the caller may leave the clock where it was.
                if self._closure.resume_at == closure.resume_at:
                    self._closure = _Closure()

    def _admit(self, is_urgent: bool) -> _Closure | None:
        """Count a request if it may be sent now, else return the closure it waits for."""
        with self._lock:
            if self._is_open() and not is_urgent:
                self._spend()
            if self._is_open():
                self.requests += 1
                return None
            closure = self._closure
            if not self._is_too_long(closure.resume_at - self.clock()):
                self._closure = replace(closure, is_announced=True)
            return closure

    def _is_open(self) -> bool:
        return self._closure.resume_at <= self.clock()

    def _is_too_long(self, seconds: float) -> bool:
        return seconds > self._options.max_wait + 1  # the clock may have been set back slightly

    def _spend(self) -> None:
        """Use one of the allowed requests, or close the gate until there are more."""
        if self._allowed is not None and self._allowed <= 0:
            raise BudgetSpent(self._allowed_reason)
        limit, now = self.rate_limit, self.github_time
        if limit is not None and limit.remaining <= limit.limit * self._options.reserve > 0:
            seconds = 0.0 if now is None else (limit.reset_at - now).total_seconds() + 1
            if now is None or seconds > self._options.max_wait:
                raise BudgetSpent(
                    f"{limit.remaining:,} of {limit.limit:,} requests are left until "
                    f"{limit.reset_at:%H:%M} UTC, and are reserved for others",
                    limit.reset_at,
                )
            self.rate_limit = None  # about to be reset; the next answer has the new one
            if seconds > 0:
                self._closure = _Closure(self.clock() + seconds, limit.reset_at, "limit")
                return
        if self._allowed is not None:
            self._allowed -= 1

    def stop_all(self, decision: Decision, status: int) -> None:
        """Close the gate for as long as this answer requires."""
        seconds = decision.seconds
        if decision.guessed and seconds <= self._options.max_wait:
            seconds = min(seconds * (1 + self._options.jitter() / 10), self._options.max_wait)
        resume_at = self.clock() + seconds
        with self._lock:
            before = self._closure
            if resume_at > before.resume_at:
                # Threads that hit the same limit at about the same time notify once.
                is_announced = before.is_announced and resume_at - before.resume_at < 10
                reset_at = decision.reset_at or utc(resume_at)
                self._closure = _Closure(resume_at, reset_at, decision.reason, status, is_announced)

    def give_up(self, what: str, reason: str, times: int) -> RateLimited:
        """Return the error for a request that hit a rate limit too often."""
        return self._limited(what, f"GitHub {reason} reached {times} times, now")

    def _limited(self, what: str, reason: str) -> RateLimited:
        with self._lock:
            closure = self._closure
        seconds = max(closure.resume_at - self.clock(), 0.0)
        until = f"{closure.reset_at:%Y-%m-%d %H:%M:%S} UTC" if closure.reset_at else "a far day"
        return RateLimited(
            f"{what}: {reason} until {until} (in {seconds:.0f} s); run it again then{self._advice}",
            closure.status,
            closure.reset_at,
        )

    def back_off(self, what: str, reason: str, faults: int, stop: threading.Event) -> None:
        """Wait after the n-th fault of a request."""
        _check(what, stop)
        seconds = fault_wait(faults, self._options.jitter())
        self.say(f"{what}: {reason}; trying again {self._moment(seconds)}")
        self._rest(seconds, what, stop)

    def _rest(self, seconds: float, what: str, stop: threading.Event) -> None:
        if self._options.sleep is None:
            left = min(seconds, LONGEST_WAIT)
            while left > 0 and not stop.wait(min(left, _HEARTBEAT_SECONDS)):
                left -= _HEARTBEAT_SECONDS
                self.heartbeat()
        else:
            self._options.sleep(seconds)
        _check(what, stop)

    def _moment(self, seconds: float) -> str:
        moment = utc(self.clock() + seconds)
        at = f"at {moment:%H:%M:%S} UTC " if moment else ""
        return f"{at}(in {max(round(seconds), 1)} s)"


def _check(what: str, stop: threading.Event) -> None:
    if stop.is_set():
        raise GitHubError(f"{what}: broken off, the client was closed")
