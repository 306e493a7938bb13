"""Decides before each request whether it may be sent now, and waits if not.

Rate limits, the reserve left to others and the number of requests allowed are all checked here.
Knows no HTTP: `answers` computes the length of a wait.
"""

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from telemetry import in_words
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
from telemetry.github.errors import BudgetSpent, RateLimited
from telemetry.github.options import Options
from telemetry.github.repeats import Repeats
from telemetry.github.share import Caller, Share

_HEARTBEAT_SECONDS = 60.0
# A server's clock or this machine's may be wrong by a day. What was recorded with a time far ahead
# would count as fresh until then, so a Date still later than that is ignored.
MOST_AHEAD = timedelta(days=2)
# GitHub's servers may state the end of an hour a little differently.
_SAME_HOUR = timedelta(minutes=1)


@dataclass(frozen=True)
class _Closure:
    """No request is sent before `resume_at`, by the timer."""

    resume_at: float = 0.0
    reset_at: datetime | None = None
    reason: str = ""
    is_announced: bool = False


class Gate:
    """Every request of every thread of a client passes here first.

    `rate_limit` and `github_time` (`Date`, UTC) are those of the last answer that had them, None
    before. `github_time` is never far ahead of the local clock.

    A rate limit stops all threads; a fault delays only its own request. `advice` ends the message
    of RateLimited.
    """

    def __init__(self, options: Options, advice: str = "") -> None:
        self.rate_limit: RateLimit | None = None
        self.github_time: datetime | None = None
        self.clock = options.clock
        self._timer = options.timer
        self._answered_at = 0.0  # by the timer
        self._options = options
        self._advice = advice
        self._closure = _Closure()
        self._lock = threading.Lock()
        self._notify_lock = threading.RLock()
        self._is_ahead_told = False
        self.repeats = Repeats(self.say, options.timer)

    def say(self, text: str) -> None:
        """Call `notify`, from one thread at a time."""
        with self._notify_lock:
            self._options.notify(text)

    @property
    def left(self) -> int | None:
        """The requests left in GitHub's limit, without the reserve; None if unknown.

        Those of the next hour are included if the client would wait for it.
        """
        with self._lock:
            limit, now = self.rate_limit, self._github_now()
        if limit is None:
            return None
        reserve = limit.limit * self._options.reserve
        left = math.ceil(max(0, limit.remaining - reserve))
        seconds = math.inf if now is None else (limit.reset_at - now).total_seconds() + 1
        if seconds > self._options.max_wait:
            return left
        hour = math.ceil(limit.limit - reserve)
        return hour if seconds < 1 else left + hour

    @property
    def hourly(self) -> int | None:
        """The requests of a whole hour in GitHub's limit, without the reserve; None if unknown."""
        with self._lock:
            limit = self.rate_limit
        return None if limit is None else math.ceil(limit.limit * (1 - self._options.reserve))

    @property
    def left_without_waiting(self) -> int | None:
        """As `left`; also None if the limit is reset so soon that the client would wait for it."""
        with self._lock:
            limit, now = self.rate_limit, self._github_now()
        if limit is None or now is None:
            return self.left
        seconds = (limit.reset_at - now).total_seconds()
        return None if seconds <= self._options.max_wait else self.left

    def _github_now(self) -> datetime | None:
        """Return GitHub's time: while no request is sent, that of the last answer stands still."""
        if self.github_time is None:
            return None
        passed = min(self._timer() - self._answered_at, LONGEST_WAIT)
        return self.github_time + timedelta(seconds=passed)

    def learn(self, answer: Answer) -> None:
        """Store the rate limit and the time of an answer.

        Answers to requests sent at the same time come in any order. Within an hour the number left
        only falls, so the lowest is the latest. A time far ahead of the local clock is ignored.
        """
        limit, date = rate_limit(answer.headers), http_date(answer.headers.get("date", ""))
        with self._lock:
            if limit is not None and not _is_overtaken(limit, self.rate_limit):
                self.rate_limit = limit
            now = utc(self.clock())
            is_ahead = date is not None and now is not None and date - now > MOST_AHEAD
            if date is not None and not is_ahead:
                self.github_time, self._answered_at = date, self._timer()
            is_news = is_ahead and not self._is_ahead_told
            self._is_ahead_told |= is_ahead
        if is_news:
            self.say(
                f"warning: an answer is dated {date:%Y-%m-%d %H:%M} UTC, but this machine's clock "
                f"says {now:%Y-%m-%d %H:%M} UTC; such dates are ignored"
            )

    @contextmanager
    def passage(self, caller: Caller, *, is_urgent: bool = False) -> Iterator[None]:
        """Wait until a request may be sent, then count it. The budget does not stop urgent ones.

        The request occupies a place of its share until the context ends, but not while it waits.
        Raises RateLimited if the wait exceeds `max_wait`, BudgetSpent if no request is left, and
        Closed.
        """
        places = caller.share.places
        while True:
            caller.check()
            if not places.acquire(timeout=_HEARTBEAT_SECONDS):
                caller.share.heartbeat()
                continue
            try:
                caller.check()
                closure = self._admit(caller.share, is_urgent)
                if closure is None:
                    yield
                    return
            finally:
                places.release()
            self._await_opening(closure, caller)

    def _await_opening(self, closure: _Closure, caller: Caller) -> None:
        seconds = closure.resume_at - self._timer()
        if self._is_too_long(seconds):
            raise self._limited(caller, f"GitHub {closure.reason} reached")
        if not closure.is_announced:
            self.say(f"GitHub {closure.reason} reached; resuming {self._moment(seconds)}")
        self._rest(seconds, caller)
        with self._lock:
            # A `sleep` passed in by the caller may leave the timer where it was.
            if self._closure.resume_at == closure.resume_at:
                self._closure = _Closure()

    def _admit(self, share: Share, is_urgent: bool) -> _Closure | None:
        """Count a request if it may be sent now, else return the closure it waits for."""
        with self._lock:
            if self._is_open() and not is_urgent:
                self._check(share)
            if self._is_open():
                share.spend()
                return None
            closure = self._closure
            if not self._is_too_long(closure.resume_at - self._timer()):
                self._closure = replace(closure, is_announced=True)
            return closure

    def _is_open(self) -> bool:
        return self._closure.resume_at <= self._timer()

    def _is_too_long(self, seconds: float) -> bool:
        return seconds > self._options.max_wait + 1

    def _check(self, share: Share) -> None:
        """Raise BudgetSpent if no request is left, or close the gate until there are more."""
        share.check()
        limit, now = self.rate_limit, self._github_now()
        if limit is not None and limit.remaining <= limit.limit * self._options.reserve > 0:
            seconds = 0.0 if now is None else (limit.reset_at - now).total_seconds() + 1
            if now is None or seconds > self._options.max_wait:
                raise BudgetSpent(_left(limit), limit.reset_at)
            self.rate_limit = None  # about to be reset; the next answer has the new one
            if seconds > 0:
                self._closure = _Closure(self._timer() + seconds, limit.reset_at, "limit")

    def stop_all(self, decision: Decision) -> None:
        """Close the gate for as long as this answer requires."""
        seconds = decision.seconds
        if decision.guessed and seconds <= self._options.max_wait:
            seconds = min(seconds * (1 + self._options.jitter() / 10), self._options.max_wait)
        resume_at = self._timer() + seconds
        with self._lock:
            before = self._closure
            if resume_at > before.resume_at:
                # Threads that hit the same limit at about the same time notify once.
                is_announced = before.is_announced and resume_at - before.resume_at < 10
                reset_at = decision.reset_at or utc(self.clock() + seconds)
                self._closure = _Closure(resume_at, reset_at, decision.reason, is_announced)

    def give_up(self, caller: Caller, reason: str, times: int) -> RateLimited:
        """Return the error for a request that hit a rate limit too often."""
        return self._limited(caller, f"GitHub {reason} reached {times} times, now")

    def _limited(self, caller: Caller, reason: str) -> RateLimited:
        with self._lock:
            closure = self._closure
        seconds = max(closure.resume_at - self._timer(), 0.0)
        until = f"{closure.reset_at:%Y-%m-%d %H:%M:%S} UTC" if closure.reset_at else "a far day"
        return RateLimited(
            f"{caller.what}: {reason} until {until} (in {in_words(seconds)}); run it again then"
            f"{self._advice}",
            closure.reset_at,
        )

    def back_off(self, caller: Caller, reason: str, faults: int, least: float = 0.0) -> None:
        """Wait after the n-th fault of a request, for at least that many seconds. Raises Closed."""
        caller.check()
        seconds = max(fault_wait(faults, self._options.jitter()), least)
        self.repeats.tell(caller.what, f"{reason}; trying again", self._moment(seconds))
        self._rest(seconds, caller)

    def _rest(self, seconds: float, caller: Caller) -> None:
        if self._options.sleep is None:
            left = min(seconds, LONGEST_WAIT)
            while left > 0 and not caller.stop.wait(min(left, _HEARTBEAT_SECONDS)):
                left -= _HEARTBEAT_SECONDS
                caller.share.heartbeat()
        else:
            self._options.sleep(seconds)
        caller.check()

    def _moment(self, seconds: float) -> str:
        moment = utc(self.clock() + seconds)
        at = f"at {moment:%H:%M:%S} UTC " if moment else ""
        return f"{at}(in {in_words(max(seconds, 1))})"


def _left(limit: RateLimit) -> str:
    """Return how many requests the reserve keeps back, and until when."""
    until = f"until {limit.reset_at:%H:%M} UTC"
    if limit.remaining == 0:
        return f"all {limit.limit:,} requests are spent {until}"
    are = "is" if limit.remaining == 1 else "are"
    return (
        f"{limit.remaining:,} of {limit.limit:,} requests {are} left {until}, and {are} reserved "
        "for others"
    )


def _is_overtaken(limit: RateLimit, known: RateLimit | None) -> bool:
    """Whether `known` is of the same hour and has fewer requests left."""
    if known is None or known.limit != limit.limit or known.remaining >= limit.remaining:
        return False
    return abs(limit.reset_at - known.reset_at) < _SAME_HOUR
