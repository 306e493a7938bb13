"""The gate that every thread of a client waits at, and what is said about it."""

import threading
from collections.abc import Callable

import pytest

from telemetry.github.answers import Decision, Verdict
from telemetry.github.errors import RateLimited
from telemetry.github.gate import Gate
from telemetry.github.options import Options


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
def gate(clock: Clock, said: list[str]) -> Gate:
    return Gate(
        Options(
            max_wait=120, sleep=clock.sleep, clock=clock, jitter=lambda: 0.0, notify=said.append
        )
    )


def limit(seconds: float) -> Decision:
    return Decision(Verdict.WAIT, "rate limit", seconds=seconds)


def enter(gate: Gate) -> None:
    gate.enter("GET /x", threading.Event())


def test_an_open_gate_is_passed_at_once(gate: Gate, clock: Clock) -> None:
    before = clock.now
    enter(gate)
    assert clock.now == before


def test_limits_met_before_anybody_waited_are_said_once(gate: Gate, said: list[str]) -> None:
    gate.stop_all(limit(30), 403)
    gate.stop_all(limit(32), 403)
    enter(gate)
    assert said == ["GitHub rate limit reached; going on at 13:47:12 UTC (in 32 s)"]


def test_a_shorter_limit_does_not_open_the_gate_sooner(gate: Gate, clock: Clock) -> None:
    before = clock.now
    gate.stop_all(limit(30), 403)
    gate.stop_all(limit(5), 403)
    enter(gate)
    assert clock.now == before + 30


@pytest.mark.parametrize(("later", "times"), [(32, 1), (90, 2)])
def test_a_limit_met_while_others_wait_is_said_again_only_if_much_longer(
    gate: Gate, clock: Clock, said: list[str], later: float, times: int
) -> None:
    before = clock.now
    gate.stop_all(limit(30), 403)
    clock.while_asleep = lambda: gate.stop_all(limit(before + later - clock.now), 403)
    enter(gate)
    assert clock.now == before + later
    assert len(said) == times


def test_a_limit_met_while_others_wait_may_be_too_long_for_them(gate: Gate, clock: Clock) -> None:
    gate.stop_all(limit(30), 403)
    clock.while_asleep = lambda: gate.stop_all(limit(3600), 403)
    with pytest.raises(RateLimited, match="GET /x: GitHub rate limit reached until"):
        enter(gate)
