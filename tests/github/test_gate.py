"""The gate that every request passes: limits, the share left to others, the number allowed."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from telemetry.github.answers import Answer, Decision, Verdict
from telemetry.github.errors import BudgetSpent, Closed, RateLimited
from telemetry.github.gate import Gate
from telemetry.github.options import Options
from telemetry.github.share import Caller, Share


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
def gate(clock: Clock, said: list[str]) -> Gate:
    return Gate(
        Options(
            max_wait=120,
            sleep=clock.sleep,
            clock=clock,
            timer=clock,
            jitter=lambda: 0.0,
            notify=said.append,
        )
    )


def limit(seconds: float) -> Decision:
    return Decision(Verdict.WAIT, "rate limit", seconds=seconds)


def enter(gate: Gate, share: Share | None = None, *, is_urgent: bool = False) -> None:
    with gate.passage(Caller("GET /x", share or Share()), is_urgent=is_urgent):
        pass


def test_an_open_gate_is_passed_at_once(gate: Gate, clock: Clock) -> None:
    before = clock.now
    enter(gate)
    assert clock.now == before


def test_limits_met_before_anybody_waits_are_reported_once(gate: Gate, said: list[str]) -> None:
    gate.stop_all(limit(30))
    gate.stop_all(limit(32))
    enter(gate)
    assert said == ["GitHub rate limit reached; resuming at 13:47:12 UTC (in 32 seconds)"]


def test_a_shorter_limit_does_not_open_the_gate_sooner(gate: Gate, clock: Clock) -> None:
    before = clock.now
    gate.stop_all(limit(30))
    gate.stop_all(limit(5))
    enter(gate)
    assert clock.now == before + 30


@pytest.mark.parametrize(("later", "times"), [(32, 1), (90, 2)])
def test_a_limit_met_while_others_wait_is_reported_again_only_if_much_longer(
    gate: Gate, clock: Clock, said: list[str], later: float, times: int
) -> None:
    before = clock.now
    gate.stop_all(limit(30))
    clock.while_asleep = lambda: gate.stop_all(limit(before + later - clock.now))
    enter(gate)
    assert clock.now == before + later
    assert len(said) == times


def test_a_clock_that_is_set_makes_no_wait_longer_or_shorter() -> None:
    clock, timer = Clock(), Clock()
    gate = Gate(Options(max_wait=120, sleep=timer.sleep, clock=clock, timer=timer))
    for seconds in (-7_200.0, 7_200.0):
        before = timer.now
        gate.stop_all(limit(30))
        clock.now += seconds
        enter(gate)
        assert timer.now == before + 30


def test_a_limit_met_while_others_wait_may_be_too_long_for_them(gate: Gate, clock: Clock) -> None:
    gate.stop_all(limit(30))
    clock.while_asleep = lambda: gate.stop_all(limit(3600))
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
    return Gate(
        Options(reserve=0.1, sleep=clock.sleep, clock=clock, timer=clock, notify=said.append)
    )


SPENT = "the requests allowed by MAX_REQUESTS are spent"


@pytest.fixture
def share() -> Share:
    return Share()


def test_only_the_requests_that_were_allowed_pass(gate: Gate, share: Share) -> None:
    share.allow(2, SPENT)
    enter(gate, share)
    enter(gate, share)
    with pytest.raises(BudgetSpent, match=SPENT):
        enter(gate, share)
    assert share.requests == 2
    share.allow(None, SPENT)
    enter(gate, share)
    assert share.requests == 3


def test_an_urgent_request_passes_when_none_is_left(gate: Gate, share: Share) -> None:
    share.allow(1, SPENT)
    enter(gate, share)
    enter(gate, share, is_urgent=True)
    assert share.requests == 2


def test_requests_that_are_set_aside_are_left_for_urgent_ones_and_for_later(
    gate: Gate, share: Share
) -> None:
    share.allow(4, SPENT)
    part = Share(share)
    with part.set_aside(2):
        enter(gate, part)
        enter(gate, part, is_urgent=True)
        with pytest.raises(BudgetSpent, match=SPENT):
            enter(gate, part)
    assert share.allowed == 2
    enter(gate, part)
    assert share.allowed == 1


def test_the_requests_of_a_part_count_for_the_whole_and_are_bounded_by_both(
    gate: Gate, share: Share
) -> None:
    first, second = Share(share), Share(share)
    share.allow(3, "all are spent")
    first.allow(1, "its own are spent")
    enter(gate, first)
    with pytest.raises(BudgetSpent, match="its own are spent"):
        enter(gate, first)
    enter(gate, second)
    enter(gate, second)
    with pytest.raises(BudgetSpent, match="all are spent"):
        enter(gate, second)
    assert (first.requests, second.requests, share.requests) == (1, 2, 3)


def test_a_part_that_is_closed_leaves_the_others_open(gate: Gate, share: Share) -> None:
    first, second = Share(share), Share(share)
    first.close()
    with pytest.raises(Closed, match="GET /x: broken off"):
        enter(gate, first)
    enter(gate, second)
    share.close()
    for closed in (second, Share(share)):
        with pytest.raises(Closed):
            enter(gate, closed)


def test_parts_share_the_places_of_the_whole_and_none_waits_for_a_limit_with_one(
    gate: Gate, clock: Clock
) -> None:
    whole = Share(at_once=1)
    first, second = Share(whole), Share(whole)
    entered, leave = threading.Event(), threading.Event()

    def take_the_place() -> None:
        with gate.passage(Caller("GET /x", first)):
            entered.set()
            leave.wait(300)

    holder = threading.Thread(target=take_the_place)
    holder.start()
    assert entered.wait(300)
    other = threading.Thread(target=enter, args=(gate, second))
    other.start()
    other.join(0.1)
    assert (other.is_alive(), second.requests) == (True, 0)
    leave.set()
    other.join(300)
    holder.join(300)
    assert second.requests == 1
    gate.stop_all(limit(30))
    free: list[bool] = []

    def try_the_place() -> None:
        free.append(whole.places.acquire(blocking=False))
        whole.places.release()

    clock.while_asleep = try_the_place
    enter(gate, second)
    assert free == [True]


@pytest.mark.parametrize(
    ("remaining", "error"),
    [
        (11, None),
        (10, "10 of 100 requests are left until 14:46 UTC, and are reserved for others"),
        (1, "1 of 100 requests is left until 14:46 UTC, and is reserved for others"),
        (0, "all 100 requests are spent until 14:46 UTC"),
    ],
)
def test_the_reserve_is_not_used(sharing: Gate, remaining: int, error: str | None) -> None:
    share = Share()
    sharing.learn(limited(remaining, 3_600))
    if error is None:
        enter(sharing, share)
    else:
        with pytest.raises(BudgetSpent, match=f"^{error}$"):
            enter(sharing, share)
    assert share.requests == (error is None)


def test_a_reset_within_the_longest_wait_is_waited_for_and_reported(
    sharing: Gate, clock: Clock, said: list[str]
) -> None:
    share = Share()
    share.allow(5, SPENT)
    sharing.learn(limited(10, 30))
    enter(sharing, share)
    assert clock.now == 1_000_031
    assert said == ["GitHub limit reached; resuming at 13:47:11 UTC (in 31 seconds)"]
    assert share.requests == 1


@pytest.mark.parametrize(
    ("remaining", "reset_in", "max_wait", "left"),
    [
        (60, 1_800, 120, 50),
        (5, 1_800, 120, 0),
        (60, 1_800, 7_200, 140),
        (60, 60, 120, 140),
        (60, -5, 120, 90),
    ],
)
def test_what_is_left_includes_an_hour_whose_beginning_is_waited_for(
    remaining: int, reset_in: float, max_wait: float, left: int
) -> None:
    gate = Gate(Options(reserve=0.1, max_wait=max_wait))
    gate.learn(limited(remaining, reset_in))
    assert gate.left == left


def test_the_reserve_is_left_to_others_until_the_reset_also_if_no_answer_comes(
    sharing: Gate, clock: Clock, share: Share
) -> None:
    """The time of GitHub's last answer stands still meanwhile."""
    sharing.learn(limited(10, 1_800))
    with pytest.raises(BudgetSpent, match="reserved for others"):
        enter(sharing, share)
    clock.sleep(1_700)
    assert (sharing.left, sharing.left_without_waiting) == (90, None)
    clock.sleep(101)
    enter(sharing, share)
    assert (share.requests, sharing.left) == (1, None)


@pytest.mark.parametrize(("reset_in", "left"), [(1_801, 20), (5_400, 22)])
def test_an_answer_that_was_overtaken_adds_no_requests_within_the_hour(
    reset_in: float, left: int
) -> None:
    gate = Gate(Options(max_wait=0))
    gate.learn(limited(20, 1_800))
    gate.learn(limited(22, reset_in))
    assert gate.rate_limit is not None
    assert gate.rate_limit.remaining == left


def test_threads_take_no_more_requests_than_were_allowed(gate: Gate, share: Share) -> None:
    share.allow(50, SPENT)
    passed: list[int] = []

    def take() -> None:
        try:
            while True:
                enter(gate, share)
                passed.append(1)
        except BudgetSpent:
            return

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    assert (len(passed), share.requests) == (50, 50)


def test_a_date_far_ahead_is_ignored_and_told_once(
    gate: Gate, clock: Clock, said: list[str]
) -> None:
    clock.now = datetime(2026, 11, 26, 18, tzinfo=UTC).timestamp()
    tomorrow = "Fri, 27 Nov 2026 18:00:00 GMT"  # as when this machine's clock is a day late
    for date in (tomorrow, "Fri, 31 Dec 2027 18:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"):
        gate.learn(Answer(200, {"date": date}, b""))
    assert gate.github_time == datetime(2026, 11, 27, 18, tzinfo=UTC)
    assert said == [
        "warning: an answer is dated 2027-12-31 18:00 UTC, but this machine's clock says "
        "2026-11-26 18:00 UTC; such dates are ignored"
    ]
