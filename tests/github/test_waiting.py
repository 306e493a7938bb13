"""The gate that every thread of a client waits at, and what is said about it."""

import threading
from collections.abc import Callable

import pytest

from telemetry.github.answers import Decision, Verdict
from telemetry.github.errors import RateLimited
from telemetry.github.gate import Waiting


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.while_asleep: Callable[[], object] = lambda: None

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.while_asleep()
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def waiting(clock: Clock, said: list[str]) -> Waiting:
    return Waiting(
        max_wait=120, sleep=clock.sleep, clock=clock, jitter=lambda: 0.0, notify=said.append
    )


def limit(seconds: float) -> Decision:
    return Decision(Verdict.WAIT, "rate limit", seconds=seconds)


def pass_gate(waiting: Waiting) -> None:
    waiting.pass_gate("GET /x", None, threading.Event())


def test_an_open_gate_is_passed_at_once(waiting: Waiting, clock: Clock) -> None:
    before = clock.now
    pass_gate(waiting)
    assert clock.now == before


def test_limits_met_before_anybody_waited_are_said_once(waiting: Waiting, said: list[str]) -> None:
    waiting.close_gate(limit(30))
    waiting.close_gate(limit(32))
    pass_gate(waiting)
    assert said == ["GitHub rate limit reached; going on at 13:47:12 UTC (in 32 s)"]


def test_a_shorter_limit_does_not_open_the_gate_sooner(waiting: Waiting, clock: Clock) -> None:
    before = clock.now
    waiting.close_gate(limit(30))
    waiting.close_gate(limit(5))
    pass_gate(waiting)
    assert clock.now == before + 30


@pytest.mark.parametrize(("later", "times"), [(32, 1), (90, 2)])
def test_a_limit_met_while_others_wait_is_said_again_only_if_much_longer(
    waiting: Waiting, clock: Clock, said: list[str], later: float, times: int
) -> None:
    before = clock.now
    waiting.close_gate(limit(30))
    clock.while_asleep = lambda: waiting.close_gate(limit(before + later - clock.now))
    pass_gate(waiting)
    assert clock.now == before + later
    assert len(said) == times


def test_a_limit_met_while_others_wait_may_be_too_long_for_them(
    waiting: Waiting, clock: Clock
) -> None:
    waiting.close_gate(limit(30))
    clock.while_asleep = lambda: waiting.close_gate(limit(3600))
    with pytest.raises(RateLimited, match="GET /x: GitHub rate limit reached until"):
        pass_gate(waiting)
