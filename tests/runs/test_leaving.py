"""What GitHub deletes soon is fetched in time, if any order of fetching can do that."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from telemetry.runs.leaving import SOON, Budget, Leaving, plan, spread

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def fetched_in_order_of_leaving(days: list[int], budget: int, pause: timedelta) -> int:
    """How many runs are lost if each ingest fetches those that leave first."""
    waiting, now, lost = sorted(NOW + day * DAY for day in days), NOW, 0
    while waiting:
        lost += sum(leaves_at < now for leaves_at in waiting)
        waiting = [leaves_at for leaves_at in waiting if leaves_at >= now][budget:]
        now += pause
    return lost


def fetched_as_planned(days: list[int], budget: int, pause: timedelta) -> int:
    """How many are lost if each ingest fetches what the plan names, then the newest."""
    waiting, now, lost = sorted(NOW + day * DAY for day in days), NOW, 0
    while waiting:
        lost += sum(leaves_at < now for leaves_at in waiting)
        waiting = [leaves_at for leaves_at in waiting if leaves_at >= now]
        until = plan(
            [Leaving(each, 1, 1) for each in waiting], now, Budget(budget, budget, pause)
        ).first_until
        first = [each for each in waiting if each < until]
        later = [each for each in reversed(waiting) if each >= until]
        waiting = sorted([*first, *later][budget:])
        now += pause
    return lost


@pytest.mark.parametrize("seed", range(60))
def test_the_plan_loses_as_few_as_the_best_order_and_says_how_many(seed: int) -> None:
    chance = random.Random(seed)
    budget, pause = chance.randint(1, 12), chance.choice([6, 12, 24, 72]) * HOUR
    days = [chance.randint(1, 89) for _ in range(chance.randint(1, 150))]
    days += [chance.randint(1, 89)] * chance.randint(0, 150)
    best = fetched_in_order_of_leaving(days, budget, pause)
    said = plan([Leaving(NOW + d * DAY, 1, 1) for d in days], NOW, Budget(budget, budget, pause))
    assert said.lost_runs == best
    assert fetched_as_planned(days, budget, pause) == best


def test_what_can_wait_waits() -> None:
    leaving = [Leaving(NOW + day * DAY, 10, 10) for day in range(8, 90)]
    assert plan(leaving, NOW, Budget(100, 100, 6 * HOUR)).first_until == NOW + SOON
    assert plan(leaving, NOW, None).first_until == NOW + SOON
    assert plan([], NOW, Budget(100, 100, HOUR)) == plan([], NOW, Budget(0, 0, HOUR))


def test_a_larger_burst_than_the_last_week_can_fetch_comes_first() -> None:
    burst = [Leaving(NOW + 20 * DAY, 2_010, 2_010)]
    found = plan(burst, NOW, Budget(25, 25, 6 * HOUR))
    assert found.first_until > NOW + 20 * DAY
    assert found.lost_runs == 0
    assert plan(burst, NOW, Budget(20, 20, 6 * HOUR)).lost_runs == 2_010 - 81 * 20


def test_a_smaller_budget_now_counts_once() -> None:
    leaving = [Leaving(NOW + 25 * HOUR, 100, 100)]
    assert plan(leaving, NOW, Budget(4, 24, 6 * HOUR)).lost_runs == 0
    assert plan(leaving, NOW, Budget(3, 24, 6 * HOUR)).lost_runs == 1


def test_an_interval_is_divided_where_another_ingest_comes_in_between() -> None:
    kept, pause = 90 * DAY, 6 * HOUR
    low, high = NOW - 91 * DAY, NOW - 89 * DAY - 3 * HOUR
    parts = spread(low, high, kept, NOW, pause)
    assert parts == [(NOW + n * pause, pause) for n in range(3)] + [(NOW + 3 * pause, 3 * HOUR)]
    assert spread(low, NOW - 91 * DAY + HOUR, kept, NOW, pause) == []
