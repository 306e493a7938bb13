"""Whether two periods differ: computed again, and by hand."""

import itertools
import math
import random
import statistics
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from support.rows import workflow_run

from telemetry.database.connection import Connection, execute, upsert
from telemetry.rows.runs import WorkflowRun

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


def run(identity: int, created_at: datetime, seconds: int, **changes: Any) -> WorkflowRun:
    return workflow_run(
        github_run_id=identity,
        created_at=created_at,
        started_at=created_at,
        completed_at=created_at + seconds * SECOND,
        duration_seconds=seconds,
        **changes,
    )


# The last thirty days against the thirty before.

TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def period(
    days_ago: int, durations: list[int], failures: int, first: int = 1, **changes: Any
) -> list[WorkflowRun]:
    """Successful runs with these seconds, and failed ones, spread over one period."""
    created_at = TODAY - days_ago * DAY
    outcomes = [(seconds, "success") for seconds in durations] + [(1, "failure")] * failures
    return [
        run(
            days_ago * 10**6 + first * 1_000 + place,
            created_at + (place % 30) * DAY,
            seconds,
            conclusion=conclusion,
            **changes,
        )
        for place, (seconds, conclusion) in enumerate(outcomes)
    ]


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """The roots of the equation that Wilson (1927) solves, by bisection and not by formula."""
    share = successes / trials

    def off(true: float) -> float:
        return (share - true) ** 2 - 1.96**2 * true * (1 - true) / trials

    def root(inside: float, outside: float) -> float:
        for _ in range(60):
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if off(middle) <= 0 else (inside, middle)
        return inside

    return root(share, 0.0), root(share, 1.0)


def trend(connection: Connection) -> dict[str, Any]:
    (row,) = execute(connection, "analysis/trend").fetchall()
    return row


def test_success_changed_only_where_wilsons_intervals_lie_apart(connection: Connection) -> None:
    before = [(90, 10), (50, 0), (10, 90)]
    last = [(80, 20), (60, 40), (97, 3), (100, 0), (4, 1), (0, 20), (50, 1)]
    cases = {f"w{i}": case for i, case in enumerate(itertools.product(before, last))}
    for place, (name, case) in enumerate(cases.items()):
        for days_ago, (good, bad) in zip((60, 30), case, strict=True):
            named = {"workflow_id": 100 + place, "workflow_name": name}
            upsert(connection, period(days_ago, [100] * good, bad, place, **named))
    rows = {row["workflow"]: row for row in execute(connection, "analysis/trend")}
    assert {row["success_trend"] for row in rows.values()} == {"better", "worse", "no clear change"}
    for name, case in cases.items():
        one, other = (wilson(good, good + bad) for good, bad in case)
        expected = "no clear change"
        if other[0] > one[1]:
            expected = "better"
        elif other[1] < one[0]:
            expected = "worse"
        row = rows.pop(name)
        assert row["success_trend"] == expected, case
        rates = [100 * good / (good + bad) for good, bad in case]
        assert float(row["success_percent_before"]) == pytest.approx(rates[0], abs=0.051)
        assert float(row["success_percent"]) == pytest.approx(rates[1], abs=0.051)
        assert float(row["success_points"]) == pytest.approx(rates[1] - rates[0], abs=0.051)
    assert rows == {}


def test_a_median_changed_only_where_its_ranks_lie_apart(connection: Connection) -> None:
    rng = random.Random(3)
    cases = {}
    for place in range(60):
        factor = rng.choice([0.8, 0.9, 1.0, 1.1, 1.2])
        before = [round(rng.gauss(600, 100)) for _ in range(rng.randint(5, 60))]
        last = [round(factor * rng.gauss(600, 100)) for _ in range(rng.randint(5, 60))]
        cases[f"w{place}"] = (before, last)
        named = {"workflow_id": 100 + place, "workflow_name": f"w{place}"}
        upsert(connection, period(60, before, 0, place, **named))
        upsert(connection, period(30, last, 0, place, **named))
    rows = {row["workflow"]: row for row in execute(connection, "analysis/trend")}
    verdicts = {"slower", "faster", "no clear change", "too few runs"}
    assert {row["duration_trend"] for row in rows.values()} == verdicts
    for name, case in cases.items():
        intervals = []
        for durations in case:
            n, ordered = len(durations), sorted(durations)
            rank = math.floor((n - 1.96 * math.sqrt(n)) / 2)
            intervals.append((ordered[rank - 1], ordered[n - rank]) if rank >= 1 else None)
        one, other = intervals
        expected = "no clear change"
        if one is None or other is None:
            expected = "too few runs"
        elif other[0] > one[1]:
            expected = "slower"
        elif other[1] < one[0]:
            expected = "faster"
        row = rows.pop(name)
        assert row["duration_trend"] == expected, case
        medians = [statistics.median(durations) for durations in case]
        assert row["p50_seconds_before"] == pytest.approx(medians[0], abs=0.51)
        assert float(row["p50_change_percent"]) == pytest.approx(
            100 * (medians[1] / medians[0] - 1), abs=0.051
        )
    assert rows == {}


def test_clear_changes_are_called_so(connection: Connection) -> None:
    upsert(connection, period(60, [600 + i for i in range(90)], 10))
    upsert(connection, period(30, [800 + i for i in range(60)], 40))
    row = trend(connection)
    assert (row["success_points"], row["success_trend"]) == (-30, "worse")
    assert (row["runs_before"], row["runs"], row["duration_trend"]) == (100, 100, "slower")


def test_a_period_is_thirty_complete_days_and_today_is_in_none(connection: Connection) -> None:
    moments = {
        "older": TODAY - 60 * DAY - SECOND,
        "first before": TODAY - 60 * DAY,
        "last before": TODAY - 30 * DAY - SECOND,
        "first": TODAY - 30 * DAY,
        "last": TODAY - SECOND,
        "today": TODAY,
    }
    upsert(connection, [run(i, moment, 60) for i, moment in enumerate(moments.values(), 1)])
    for zone in ("UTC", "Pacific/Kiritimati", "America/Bogota"):
        connection.execute(f"set timezone = '{zone}'")
        row = trend(connection)
        assert (row["runs_before"], row["runs"]) == (2, 2)
    assert (row["success_trend"], row["duration_trend"]) == ("no clear change", "too few runs")


def test_cancelled_runs_are_no_failures_and_reruns_count_once(connection: Connection) -> None:
    last = period(30, [100] * 10, 10)
    upsert(connection, last)
    upsert(connection, [run(500 + i, TODAY - DAY, 5, conclusion="cancelled") for i in range(50)])
    upsert(connection, [replace(each, run_attempt=2) for each in last])
    row = trend(connection)
    assert (row["runs"], row["success_percent"]) == (70, 50)
    assert (row["runs_before"], row["success_points"], row["success_trend"]) == (
        None,
        None,
        "too few runs",
    )
