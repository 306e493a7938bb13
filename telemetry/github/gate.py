"""Waits that all threads of a client share, that are said when they begin, and that can be ended.

Knows no HTTP: `backoff` decides how long a wait has to be.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from weakref import WeakSet

from telemetry.github.answers import LONGEST_WAIT, Decision, fault_wait, utc
from telemetry.github.errors import GitHubError, RateLimited

_HEARTBEAT_SECONDS = 60.0


@dataclass(frozen=True)
class _Gate:
    """Until `resume_at` (local clock, seconds since 1970) no thread sends a request."""

    resume_at: float = 0.0
    reset_at: datetime | None = None
    reason: str = ""
    announced: bool = False


class Waiting:
    """Rate limits stop every thread at one gate; after a fault only the request itself waits.

    Times are seconds, moments seconds since 1970. Each wait belongs to an event that ends it.
    `heartbeat` is called with every minute of a wait, by the thread that waits.
    Methods raise GitHubError when that event is set, RateLimited when the gate stays closed for
    longer than `max_wait`; `advice` ends the text of the latter.
    """

    def __init__(
        self,
        *,
        max_wait: float,
        sleep: Callable[[float], object] | None,
        clock: Callable[[], float],
        jitter: Callable[[], float],
        notify: Callable[[str], object],
        advice: str = "",
    ) -> None:
        self.clock = clock
        self.heartbeat: Callable[[], object] = lambda: None
        self._max_wait = max_wait
        self._sleep = sleep
        self._jitter = jitter
        self._notify = notify
        self._advice = advice
        self._notify_lock = threading.RLock()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._stops: WeakSet[threading.Event] = WeakSet()
        self._gate = _Gate()

    def close(self) -> None:
        """End all waits, those to come too."""
        with self._lock:
            self._closed.set()
            for stop in self._stops:
                stop.set()

    def enrol(self, stop: threading.Event | None) -> threading.Event:
        """Return the event that ends a request's waits: this one, which `close` sets too."""
        if stop is None:
            return self._closed
        with self._lock:
            self._stops.add(stop)
            if self._closed.is_set():
                stop.set()
        return stop

    def say(self, text: str) -> None:
        """Notify, from one thread at a time."""
        with self._notify_lock:
            self._notify(text)

    def pass_gate(self, what: str, status: int | None, stop: threading.Event) -> None:
        """Wait until requests may be sent."""
        while True:
            _check(what, stop)
            with self._lock:
                gate = self._gate
                seconds = gate.resume_at - self.clock()
                too_long = seconds > self._max_wait + 1  # a clock may be set back by a little
                if seconds > 0 and not too_long:
                    self._gate = replace(gate, announced=True)
            if seconds <= 0:
                return
            if too_long:
                raise self.limited(what, status, f"GitHub {gate.reason} reached")
            if not gate.announced:
                self.say(f"GitHub {gate.reason} reached; going on {self._moment(seconds)}")
            self._rest(seconds, what, stop)
            with self._lock:
                # The clock may not have moved, when `sleep` is not the usual one.
                if self._gate.resume_at == gate.resume_at:
                    self._gate = _Gate()

    def close_gate(self, decision: Decision) -> None:
        """Make every thread wait as long as GitHub asks for."""
        seconds = decision.seconds
        if decision.guessed and seconds <= self._max_wait:
            seconds = min(seconds * (1 + self._jitter() / 10), self._max_wait)
        resume_at = self.clock() + seconds
        with self._lock:
            before = self._gate
            if resume_at > before.resume_at:
                # Threads that meet the same limit within moments make one announcement.
                announced = before.announced and resume_at - before.resume_at < 10
                reset_at = decision.reset_at or utc(resume_at)
                self._gate = _Gate(resume_at, reset_at, decision.reason, announced)

    def limited(self, what: str, status: int | None, reason: str) -> RateLimited:
        """Return the error for a wait that is not made."""
        with self._lock:
            gate = self._gate
        seconds = max(gate.resume_at - self.clock(), 0.0)
        until = f"{gate.reset_at:%Y-%m-%d %H:%M:%S} UTC" if gate.reset_at else "a far day"
        return RateLimited(
            f"{what}: {reason} until {until} (in {seconds:.0f} s); run it again then{self._advice}",
            status,
            gate.reset_at,
        )

    def back_off(self, what: str, reason: str, faults: int, stop: threading.Event) -> None:
        """Wait after the n-th fault of a request."""
        _check(what, stop)
        seconds = fault_wait(faults, self._jitter())
        self.say(f"{what}: {reason}; trying again {self._moment(seconds)}")
        self._rest(seconds, what, stop)

    def _rest(self, seconds: float, what: str, stop: threading.Event) -> None:
        if self._sleep is None:
            left = min(seconds, LONGEST_WAIT)
            while left > 0 and not stop.wait(min(left, _HEARTBEAT_SECONDS)):
                left -= _HEARTBEAT_SECONDS
                self.heartbeat()
        else:
            self._sleep(seconds)
        _check(what, stop)

    def _moment(self, seconds: float) -> str:
        moment = utc(self.clock() + seconds)
        at = f"at {moment:%H:%M:%S} UTC " if moment else ""
        return f"{at}(in {max(round(seconds), 1)} s)"


def _check(what: str, stop: threading.Event) -> None:
    if stop.is_set():
        raise GitHubError(f"{what}: broken off, the client was closed")
