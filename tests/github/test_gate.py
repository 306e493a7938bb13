"""The gate that every request passes: limits, the share left to others, the number allowed."""

import threading
from collections.abc import Callable

import pytest

from telemetry.github.answers import Answer, Decision, Verdict
from telemetry.github.errors import BudgetSpent, RateLimited
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


def test_limits_met_before_anybody_waits_are_reported_once(gate: Gate, said: list[str]) -> None:
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
def test_a_limit_met_while_others_wait_is_reported_again_only_if_much_longer(
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


def limited(remaining: int, reset_in: float) -> Answer:
    """An answer of GitHub's at the moment where Clock begins."""
    headers = {
        "date": "Mon, 12 Jan 1970 13:46:40 GMT",
        "x-ratelimit-limit": "100",
        "x-ratelimit-remaining": str(remaining),
        "x-ratelimit-reset": str(int(1_000_000 + reset_in)),
    }
    return Answer(200, headers, b"{}")


@pytest.fixture
def sharing(clock: Clock, said: list[str]) -> Gate:
    """A gate that leaves a tenth of the limit to others."""
    return Gate(Options(reserve=0.1, sleep=clock.sleep, clock=clock, notify=said.append))


def test_only_the_requests_that_were_allowed_pass(gate: Gate) -> None:
    gate.allow(2, "the requests allowed by MAX_REQUESTS are spent")
    enter(gate)
    enter(gate)
    with pytest.raises(BudgetSpent, match="the requests allowed by MAX_REQUESTS are spent"):
        enter(gate)
    assert gate.requests == 2
    gate.allow(None, "the requests allowed by MAX_REQUESTS are spent")
    enter(gate)
    assert gate.requests == 3


def test_an_urgent_request_passes_when_none_is_left_and_takes_none(gate: Gate) -> None:
    gate.allow(1, "the requests allowed by MAX_REQUESTS are spent")
    gate.enter("GET /x", threading.Event(), is_urgent=True)
    enter(gate)
    gate.enter("GET /x", threading.Event(), is_urgent=True)
    assert gate.requests == 3


@pytest.mark.parametrize(("remaining", "passes"), [(11, True), (10, False), (0, False)])
def test_the_reserve_is_not_used(sharing: Gate, remaining: int, passes: bool) -> None:
    sharing.learn(limited(remaining, 3_600))
    if passes:
        enter(sharing)
    else:
        with pytest.raises(BudgetSpent, match=f"{remaining} of 100 requests are left until 14:46"):
            enter(sharing)
    assert sharing.requests == passes


def test_a_reset_within_the_longest_wait_is_waited_for_and_reported(
    sharing: Gate, clock: Clock, said: list[str]
) -> None:
    sharing.allow(5, "the requests allowed by MAX_REQUESTS are spent")
    sharing.learn(limited(10, 30))
    enter(sharing)
    assert clock.now == 1_000_031
    assert said == ["GitHub limit reached; going on at 13:47:11 UTC (in 31 s)"]
    assert sharing.requests == 1


def test_threads_take_no_more_requests_than_were_allowed(gate: Gate) -> None:
    gate.allow(50, "the requests allowed by MAX_REQUESTS are spent")
    passed: list[int] = []

    def take() -> None:
        try:
            while True:
                enter(gate)
                passed.append(1)
        except BudgetSpent:
            return

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert (len(passed), gate.requests) == (50, 50)
