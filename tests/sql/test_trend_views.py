"""What got slower or faster, and whether two periods differ: computed again, and by hand."""

import itertools
import math
import random
import statistics
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from support.rows import workflow_job, workflow_run

from telemetry.database.connection import Connection, execute, open_connection, upsert
from telemetry.rows.runs import WorkflowRun

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
NEWEST = datetime(2026, 6, 1, 9, tzinfo=UTC)
UNTIL = NEWEST.replace(hour=0)

QUIET, SHIFTED, RESTLESS = 200, 60, 40


# Two hundred series in which nothing changes, sixty that change by a fifth on a day, and forty in
# which no two days are alike.


@dataclass(frozen=True)
class Series:
    """The durations in seconds of a workflow's runs, each with the days since the first one."""

    runs: list[tuple[int, int]]
    days: int
    shift: tuple[int, float] | None

    @property
    def medians(self) -> list[tuple[int, float]]:
        by_day = defaultdict(list)
        for day, seconds in self.runs:
            by_day[day].append(seconds)
        return [(day, statistics.median(by_day[day])) for day in sorted(by_day)]

    def day(self, number: int) -> date:
        return (UNTIL - (self.days - number) * DAY).date()


def series(seed: int, factor: float = 1.0, noise_of_days: float = 0.0) -> Series:
    """60 to 90 days of 5 to 50 runs, fewer and faster at weekends, with log-normal noise.

    That of the runs varies by 15 to 25 %; that of the days, which all runs of a day share, as told.
    """
    rng = random.Random(seed)
    days, runs_per_day = (
        rng.randint(60, 90),
        round(math.exp(rng.uniform(math.log(5), math.log(50)))),
    )
    sigma = math.sqrt(math.log(1 + rng.uniform(0.15, 0.25) ** 2))
    typical, at_weekends = rng.uniform(150, 1_800), rng.uniform(0.85, 1)
    changed_on = rng.randint(14, days - 14)
    runs = []
    for day in range(days):
        is_weekend = day % 7 in (5, 6)
        share = 0.2 if is_weekend else rng.uniform(0.7, 1.3)
        level = typical * (at_weekends if is_weekend else 1)
        level *= factor if day >= changed_on else 1
        level *= math.exp(rng.gauss(0, noise_of_days))
        for _ in range(max(1, round(runs_per_day * share))):
            runs.append((day, round(level * math.exp(rng.gauss(0, sigma)))))
    return Series(runs, days, None if factor == 1 else (changed_on, factor))


def copied(connection: Connection, many: list[Series]) -> None:
    """Each series as a workflow with the id of its place; and the newest run of all."""
    columns = (
        "github_run_id, run_attempt, repository_id, repository, workflow_id, workflow_name, "
        "branch, event_type, conclusion, created_at, started_at, completed_at, duration_seconds"
    )
    identity = 0
    with connection.cursor().copy(f"copy workflow_runs ({columns}) from stdin") as copy:
        for place, one in enumerate(many):
            for number, seconds in one.runs:
                identity += 1
                created_at = UNTIL - (one.days - number) * DAY + (identity % 86_400) * SECOND
                names = (f"acme/r{place % 5}", place, f"w{place}", "main", "push", "success")
                times = (created_at, created_at, created_at + seconds * SECOND, seconds)
                copy.write_row((identity, 1, place % 5, *names, *times))
    upsert(connection, [workflow_run(github_run_id=10**9, created_at=NEWEST)])
    connection.execute("analyze workflow_runs")


@pytest.fixture(scope="module")
def many() -> list[Series]:
    shifted = [series(1_000 + seed, 1.2 if seed % 2 else 0.8) for seed in range(SHIFTED)]
    restless = [series(2_000 + seed, noise_of_days=0.1) for seed in range(RESTLESS)]
    return [series(seed) for seed in range(QUIET)] + shifted + restless


@pytest.fixture(scope="module")
def found(
    new_database: Callable[[str], str], migrated: str, many: list[Series]
) -> Iterator[dict[int, dict[str, Any]]]:
    """What duration_shifts says of each series, by its place."""
    with open_connection(new_database(migrated)) as connection:
        copied(connection, many)
        rows = connection.execute("select * from duration_shifts").fetchall()
        assert len({row["workflow_id"] for row in rows}) == len(rows)
        yield {row["workflow_id"]: row for row in rows}


def mean_ranks(values: Sequence[float]) -> list[float]:
    ordered = sorted(values)
    return [(bisect_left(ordered, each) + bisect_right(ordered, each) + 1) / 2 for each in values]


def deviations_of(one: Series) -> tuple[float, int, dict[int, list[float]]]:
    """The largest rank-sum statistic of all splits, its day, and the ranks of each day's runs."""
    ranks: dict[int, list[float]] = defaultdict(list)
    for (day, _), rank in zip(one.runs, mean_ranks([s for _, s in one.runs]), strict=True):
        ranks[day].append(rank)
    days, n = sorted(ranks), len(one.runs)
    best, changed_on = 0.0, 0
    for k in range(7, len(days) - 7 + 1):
        before = [rank for day in days[:k] for rank in ranks[day]]
        m = len(before)
        u = sum(before) - m * (m + 1) / 2
        deviations = abs(u - m * (n - m) / 2) / math.sqrt(m * (n - m) * (n + 1) / 12)
        if deviations > best:
            best, changed_on = deviations, days[k]
    return best, changed_on, ranks


def shift_of(one: Series) -> tuple[date, int, int] | None:
    """The rule of the view: the day, and the medians before and since."""
    best, changed_on, ranks = deviations_of(one)
    days, n = sorted(ranks), len(one.runs)
    spread = 0.0
    for part in ([d for d in days if d < changed_on], [d for d in days if d >= changed_on]):
        middle = statistics.fmean([rank for day in part for rank in ranks[day]])
        spread += sum(len(ranks[d]) * (statistics.fmean(ranks[d]) - middle) ** 2 for d in part)
    best /= math.sqrt(max(1, spread / (len(days) - 2) / (n * (n + 1) / 12)))
    old = statistics.median([seconds for day, seconds in one.runs if day < changed_on])
    new = statistics.median([seconds for day, seconds in one.runs if day >= changed_on])
    if best < 4.5 or abs(new - old) < max(10, old / 10):
        return None
    return one.day(changed_on), round(old), round(new)


def pettitt(one: Series) -> float:
    """How likely chance alone makes Pettitt's statistic (1979) of the daily medians so large."""
    ranks = mean_ranks([seconds for _, seconds in one.medians])
    n = len(ranks)
    largest = max(abs(2 * sum(ranks[:k]) - k * (n + 1)) for k in range(1, n + 1))
    return min(1.0, 2 * math.exp(-6 * largest**2 / (n**3 + n**2)))


def test_no_quiet_series_raises_a_false_alarm(found: dict[int, dict[str, Any]]) -> None:
    assert [place for place in found if place < QUIET] == []


def test_days_that_differ_from_each_other_raise_no_false_alarm(
    found: dict[int, dict[str, Any]], many: list[Series]
) -> None:
    restless = range(QUIET + SHIFTED, QUIET + SHIFTED + RESTLESS)
    assert [place for place in restless if place in found] == []
    # The runs of a day are too much alike to be counted as so many.
    assert max(deviations_of(many[place])[0] for place in restless) > 6


def test_every_shift_of_a_fifth_is_found_with_its_direction_and_near_its_day(
    found: dict[int, dict[str, Any]], many: list[Series]
) -> None:
    assert sorted(found) == list(range(QUIET, QUIET + SHIFTED))
    for place, row in found.items():
        shift = many[place].shift
        assert shift
        changed_on, factor = shift
        assert abs(row["changed_on"] - many[place].day(changed_on)) <= 7 * DAY
        assert (row["change_percent"] > 0) == (factor > 1)
        assert float(row["change_percent"]) == pytest.approx(100 * (factor - 1), abs=9)
    days_off = [
        abs(row["changed_on"] - many[place].day((many[place].shift or (0, 1))[0])).days
        for place, row in found.items()
    ]
    assert statistics.median(days_off) <= 1


def test_python_finds_the_same_shifts_with_the_same_figures(
    found: dict[int, dict[str, Any]], many: list[Series]
) -> None:
    expected = {place: shift_of(one) for place, one in enumerate(many)}
    assert {place: shift for place, shift in expected.items() if shift} == {
        place: (row["changed_on"], row["before_seconds"], row["after_seconds"])
        for place, row in found.items()
    }
    for place, row in found.items():
        days = many[place].runs
        before = sum(many[place].day(day) < row["changed_on"] for day, _ in days)
        assert (row["before_runs"], row["after_runs"]) == (before, len(days) - before)


def test_pettitts_test_of_daily_medians_raises_no_false_alarm_either_and_misses_shifts(
    many: list[Series],
) -> None:
    assert [place for place in range(QUIET) if pettitt(many[place]) < 0.001] == []
    assert sum(pettitt(one) >= 0.001 for one in many[QUIET : QUIET + SHIFTED]) > 0


# One workflow at a time.


def run(identity: int, created_at: datetime, seconds: int, **changes: Any) -> WorkflowRun:
    return workflow_run(
        github_run_id=identity,
        created_at=created_at,
        started_at=created_at,
        completed_at=created_at + seconds * SECOND,
        duration_seconds=seconds,
        **changes,
    )


def runs_of_days(before: list[int], after: list[int], **changes: Any) -> list[WorkflowRun]:
    """A run a day with these seconds up to the day before NEWEST's, and one on that."""
    seconds = [*before, *after]
    first = NEWEST - len(seconds) * DAY
    return [
        run(1 + place, first + place * DAY, each, **changes)
        for place, each in enumerate([*seconds, 600])
    ]


def shifts(connection: Connection) -> list[tuple[Any, ...]]:
    rows = connection.execute("select * from duration_shifts order by branch_class").fetchall()
    names = ("branch_class", "changed_on", "before_seconds", "after_seconds", "change_percent")
    return [tuple(row[name] for name in names) for row in rows]


def around(seconds: int, days: int) -> list[int]:
    return [seconds + place % 3 for place in range(days)]


def test_a_change_has_its_first_day_its_medians_and_its_percentage(connection: Connection) -> None:
    upsert(connection, runs_of_days(around(100, 31), around(149, 10)))
    assert shifts(connection) == [("default", date(2026, 5, 22), 101, 150, 48.5)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (around(1_000, 20), around(1_095, 10)),  # less than a tenth
        (around(50, 20), around(59, 10)),  # less than ten seconds
        (around(100, 30), around(200, 3)),  # three days
        (around(100, 3), around(200, 30)),
        (around(100, 13), around(200, 13)),  # too few runs to tell
        ([], [100]),
    ],
)
def test_a_small_or_a_young_change_is_not_named(
    connection: Connection, before: list[int], after: list[int]
) -> None:
    upsert(connection, runs_of_days(before, after))
    assert shifts(connection) == []


def test_an_outlier_is_no_change(connection: Connection) -> None:
    upsert(connection, runs_of_days([*around(100, 20), 5_000, 4_000], around(100, 20)))
    assert shifts(connection) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"conclusion": "failure"},
        {"conclusion": "cancelled"},
        {"run_attempt": 2},
        {"duration_seconds": None},
    ],
)
def test_only_successful_first_attempts_with_a_duration_count(
    connection: Connection, changes: dict[str, Any]
) -> None:
    quiet = runs_of_days(around(100, 20), around(101, 10))
    noise = [
        run(1_000 + place, each.created_at, 500, workflow_id=3)
        for place, each in enumerate(quiet[20:30] * 3)
    ]
    upsert(connection, quiet + noise)
    assert len(shifts(connection)) == 1
    connection.execute("truncate workflow_runs cascade")
    odd = [replace(each, **changes) for each in noise]
    upsert(connection, quiet + odd)
    assert shifts(connection) == []


def test_kinds_of_branch_and_repositories_are_told_apart(connection: Connection) -> None:
    slower = runs_of_days(around(100, 31), around(200, 10))
    others: tuple[dict[str, Any], ...] = ({"event_type": "pull_request"}, {"repository_id": 8})
    quiet = [
        replace(each, **changes)
        for changes in others
        for each in runs_of_days(around(300, 31), around(300, 10))
    ]
    both = [*slower, *quiet]
    upsert(connection, [replace(each, github_run_id=i) for i, each in enumerate(both, 1)])
    assert [row[0] for row in shifts(connection)] == ["default"]
    for repository_id, count in ((7, 1), (8, 0)):
        rows = connection.execute(
            "select 1 from duration_shifts where repository_id = %s", [repository_id]
        ).fetchall()
        assert len(rows) == count


def test_the_newest_day_and_what_is_older_than_ninety_days_do_not_count(
    connection: Connection,
) -> None:
    upsert(connection, runs_of_days(around(100, 30), around(200, 90)))
    assert shifts(connection) == []
    connection.execute("truncate workflow_runs cascade")
    upsert(connection, runs_of_days(around(100, 30), [300, *around(200, 79)]))
    assert [row[1] for row in shifts(connection)] == [UNTIL.date() - 80 * DAY]
    # The newest day has thousands of slow runs, and says nothing yet.
    connection.execute("truncate workflow_runs cascade")
    quiet = runs_of_days(around(100, 30), [])
    upsert(connection, quiet + [run(1_000 + i, NEWEST, 900) for i in range(2_000)])
    assert shifts(connection) == []


def test_the_days_are_those_of_utc_whatever_the_session_says(connection: Connection) -> None:
    upsert(connection, runs_of_days(around(100, 31), around(200, 10)))
    for zone in ("UTC", "Pacific/Kiritimati", "America/Los_Angeles"):
        connection.execute(f"set timezone = '{zone}'")
        assert [row[1] for row in shifts(connection)] == [date(2026, 5, 22)]


def test_slower_or_faster_names_the_job_that_changed(connection: Connection) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    runs, jobs = [], []
    for place in range(41):
        created_at, is_slow = now - (40 - place) * DAY, place >= 25
        runs.append(run(1 + place, created_at, 700 if is_slow else 400))
        for job_id, name, seconds in ((1, "lint", 60), (2, "test (1)", 640 if is_slow else 340)):
            jobs.append(
                workflow_job(
                    github_run_id=1 + place,
                    job_id=10 * place + job_id,
                    name=name,
                    started_at=created_at,
                    completed_at=created_at + (seconds + place % 2) * SECOND,
                )
            )
    upsert(connection, runs)
    upsert(connection, jobs)
    (row,) = execute(connection, "analysis/slower_or_faster").fetchall()
    assert row["changed_on"] == (now - 15 * DAY).date()
    assert (row["before_seconds"], row["after_seconds"], row["change_percent"]) == (400, 700, 75)
    assert (row["job"], row["job_before_seconds"]) == ("test (1)", 340)
    assert row["job_after_seconds"] in (640, 641)
    connection.execute("delete from workflow_jobs")
    (row,) = execute(connection, "analysis/slower_or_faster").fetchall()
    assert (row["change_percent"], row["job"]) == (75, None)


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
    for zone in ("UTC", "Pacific/Kiritimati", "America/Los_Angeles"):
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
