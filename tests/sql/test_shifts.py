"""What got slower or faster: found again in Python, and by hand."""

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
from support.rows import workflow_job, workflow_run, workflow_step

from telemetry.database.connection import Connection, open_connection
from telemetry.database.questions import Scope, ask
from telemetry.database.upserts import upsert
from telemetry.rows.runs import WorkflowRun

pytestmark = pytest.mark.scenario

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
DAY = timedelta(days=1)
UNTIL = datetime(2026, 6, 1, tzinfo=UTC)

QUIET, SHIFTED, RESTLESS, FEW, DOUBLED = 60, 30, 30, 60, 30


def changes(
    connection: Connection, until: datetime = UNTIL, days: int = 90
) -> list[dict[str, Any]]:
    """The changes of the last days, oldest first."""
    rows = ask(connection, "slower_or_faster", Scope(until - days * DAY, until)).rows
    return sorted(map(dict, rows), key=lambda row: row["changed_at"])


# Sixty series in which nothing changes, thirty that change by a fifth on a day, and thirty in which
# each day has a level of its own. Sixty more have few runs, and thirty with few runs double.


@dataclass(frozen=True)
class Series:
    """The durations in seconds of a workflow's runs, each with the days since the first one."""

    runs: list[tuple[int, int]]
    days: int
    changed_on: int | None

    def day(self, number: int) -> date:
        return (UNTIL - (self.days - number) * DAY).date()


def series(seed: int, factor: float = 1.0, spread_of_days: float = 0.0) -> Series:
    """60 to 90 days of 5 to 50 runs, fewer and faster at weekends, with log-normal noise.

    Runs vary by 15 to 25 %; the level of a day, which all its runs share, by `spread_of_days`.
    """
    rng = random.Random(seed)
    days = rng.randint(60, 90)
    runs_per_day = round(math.exp(rng.uniform(math.log(5), math.log(50))))
    sigma = math.sqrt(math.log(1 + rng.uniform(0.15, 0.25) ** 2))
    typical, at_weekends = rng.uniform(150, 1_800), rng.uniform(0.85, 1)
    changed_on = rng.randint(14, days - 14)
    runs = []
    for day in range(days):
        is_weekend = day % 7 in (5, 6)
        share = 0.2 if is_weekend else rng.uniform(0.7, 1.3)
        level = typical * (at_weekends if is_weekend else 1)
        level *= factor if day >= changed_on else 1
        level *= math.exp(rng.gauss(0, spread_of_days))
        for _ in range(max(1, round(runs_per_day * share))):
            runs.append((day, round(level * math.exp(rng.gauss(0, sigma)))))
    return Series(runs, days, None if factor == 1 else changed_on)


def few(seed: int, factor: float = 1.0) -> Series:
    """90 days of one run on most weekdays and some at weekends, slower by `factor` at the end."""
    rng = random.Random(seed)
    typical, changed_on = rng.uniform(150, 1_800), 90 - rng.randint(14, 20)
    runs = [
        (day, round(typical * math.exp(rng.gauss(0, 0.15)) * (factor if day >= changed_on else 1)))
        for day in range(90)
        if rng.random() < (0.2 if day % 7 in (5, 6) else 0.8)
    ]
    return Series(runs, 90, None if factor == 1 else changed_on)


def copied(connection: Connection, many: list[Series]) -> None:
    """Store each series as a workflow with the id of its place."""
    columns = (
        "github_run_id, run_attempt, repository_id, repository, workflow_id, workflow_name, "
        "branch, event_type, conclusion, created_at, started_at, completed_at, duration_seconds, "
        "commit_sha"
    )
    identity = 0
    with connection.cursor().copy(f"copy workflow_runs ({columns}) from stdin") as copy:
        for place, one in enumerate(many):
            same = f"{place % 5}\tacme/r{place % 5}\t{place}\tw{place}\tmain\tpush\tsuccess"
            for number, (day, seconds) in enumerate(one.runs):
                identity += 1
                at = UNTIL - (one.days - day) * DAY + number % 1_440 * MINUTE
                end = at + seconds * SECOND
                copy.write(f"{identity}\t1\t{same}\t{at}\t{at}\t{end}\t{seconds}\t{number}\n")
    connection.execute("analyze workflow_runs")


@pytest.fixture(scope="module")
def many() -> list[Series]:
    shifted = [series(1_000 + seed, 1.2 if seed % 2 else 0.8) for seed in range(SHIFTED)]
    restless = [series(2_000 + seed, spread_of_days=0.1) for seed in range(RESTLESS)]
    rare = [few(3_000 + seed) for seed in range(FEW)]
    doubled = [few(4_000 + seed, 2) for seed in range(DOUBLED)]
    return [series(seed) for seed in range(QUIET)] + shifted + restless + rare + doubled


@pytest.fixture(scope="module")
def found(
    new_database: Callable[[str], str], migrated: str, many: list[Series]
) -> Iterator[dict[int, list[dict[str, Any]]]]:
    """The changes of each series, by its place."""
    with open_connection(new_database(migrated)) as connection:
        copied(connection, many)
        rows: dict[int, list[dict[str, Any]]] = defaultdict(list)
        for row in changes(connection):
            rows[row["workflow_id"]].append(row)
        yield rows


def mean_ranks(values: Sequence[float]) -> list[float]:
    ordered = sorted(values)
    return [(bisect_left(ordered, each) + bisect_right(ordered, each) + 1) / 2 for each in values]


@dataclass(frozen=True)
class Ranks:
    """The ranks of some runs, as their number, their sum, and the sum of their squares."""

    count: int
    total: float
    squares: float

    @property
    def mean(self) -> float:
        return self.total / self.count

    @classmethod
    def of(cls, ranks: Sequence[float]) -> "Ranks":
        return cls(len(ranks), sum(ranks), sum(rank * rank for rank in ranks))

    @classmethod
    def together(cls, several: Sequence["Ranks"]) -> "Ranks":
        counts, totals, squares = zip(
            *((one.count, one.total, one.squares) for one in several), strict=True
        )
        return cls(sum(counts), sum(totals), sum(squares))


def deviations(before: Sequence[Ranks], after: Sequence[Ranks]) -> float:
    """By how many standard deviations the ranks of two stretches of days differ."""
    one, other = Ranks.together(before), Ranks.together(after)
    runs = Ranks.together([one, other])
    of_runs = (runs.squares - runs.count * runs.mean**2) / (runs.count - 1)
    between = sum(
        day.count * (day.mean - side.mean) ** 2
        for days, side in ((before, one), (after, other))
        for day in days
    )
    of_days = between / (len(before) + len(after) - 2)
    scale = math.sqrt(max(of_runs, of_days) * (1 / one.count + 1 / other.count))
    return abs(one.mean - other.mean) / scale


def are_apart(medians: Sequence[float], place: int) -> bool:
    """Whether all days from this place on are slower, or all faster, than those before it."""
    before, after = medians[max(0, place - 28) : place], medians[place:][:28]
    return len(before) + len(after) >= 28 and (min(after) > max(before) or max(after) < min(before))


def lasting_in_python(one: Series) -> list[int]:
    """The days, counted from the first one, on which a lasting change begins."""
    ranks: dict[int, list[float]] = defaultdict(list)
    seconds: dict[int, list[int]] = defaultdict(list)
    for (day, lasted), rank in zip(one.runs, mean_ranks([s for _, s in one.runs]), strict=True):
        ranks[day].append(rank)
        seconds[day].append(lasted)
    days = sorted(ranks)
    by_day = [Ranks.of(ranks[day]) for day in days]
    medians = [statistics.median(seconds[day]) for day in days]
    peaks = []
    for stretch, least in ((7, 5.8), (14, 5.3), (28, 5.3), (45, 5.3)):
        rated = {
            place: deviations(by_day[max(0, place - stretch) : place], by_day[place:][:stretch])
            for place in range(7, len(days) - 7 + 1)
        }
        clear = {
            place: value
            for place, value in rated.items()
            if value >= least or (stretch == 28 and are_apart(medians, place))
        }
        peaks += [
            (place, stretch)
            for place, value in clear.items()
            if value == max(v for p, v in clear.items() if abs(p - place) <= stretch)
        ]
    return sorted(
        days[place]
        for place, stretch in peaks
        if not any(s < stretch and abs(p - place) < stretch for p, s in peaks)
    )


def test_stable_series_raise_no_false_alarm(found: dict[int, list[dict[str, Any]]]) -> None:
    assert [place for place in found if place < QUIET] == []
    few_runs = QUIET + SHIFTED + RESTLESS
    assert [place for place in found if few_runs <= place < few_runs + FEW] == []


def test_a_workflow_with_a_run_a_day_that_doubles_is_found(
    found: dict[int, list[dict[str, Any]]], many: list[Series]
) -> None:
    of_few = {place: rows for place, rows in found.items() if place >= len(many) - DOUBLED}
    assert len(of_few) >= DOUBLED - 3
    for place, (row,) in of_few.items():
        changed_on = many[place].changed_on
        assert changed_on is not None
        assert abs((row["changed_at"].date() - many[place].day(changed_on)).days) <= 7
        assert row["change_percent"] == pytest.approx(100, abs=35) and row["is_last"]


def test_days_of_different_levels_raise_no_false_alarm(
    found: dict[int, list[dict[str, Any]]],
) -> None:
    restless = range(QUIET + SHIFTED, QUIET + SHIFTED + RESTLESS)
    assert [place for place in found if place in restless] == []


def test_a_shift_of_a_fifth_is_found_with_its_direction_near_its_day(
    found: dict[int, list[dict[str, Any]]], many: list[Series]
) -> None:
    shifted = range(QUIET, QUIET + SHIFTED)
    days_off = []
    for place in shifted:
        (row,) = found[place]
        changed_on = many[place].changed_on
        assert changed_on is not None
        days_off.append(abs((row["changed_at"].date() - many[place].day(changed_on)).days))
        is_slower = (place - QUIET) % 2 == 1
        assert (row["change_percent"] > 0) == is_slower
        assert float(row["change_percent"]) == pytest.approx(20 if is_slower else -20, abs=9)
        assert row["is_last"] and not row["is_mended"] and not row["is_fresh"]
        assert row["before_runs"] + row["after_runs"] == len(many[place].runs)
    assert max(days_off) <= 7 and statistics.median(days_off) <= 1


def test_a_shift_of_a_fifth_came_between_its_commits(
    found: dict[int, list[dict[str, Any]]], many: list[Series]
) -> None:
    """Nineteen times in twenty, although runs vary as much; and the commits are of a few days."""
    outside, days_between = [], []
    for place in range(QUIET, QUIET + SHIFTED):
        one, (row,) = many[place], found[place]
        if None in (row["commit_before"], row["commit_since"]):
            continue
        placed = [(day, number % 1_440) for number, (day, _) in enumerate(one.runs)]
        before, since = placed[int(row["commit_before"])], placed[int(row["commit_since"])]
        first = min(each for each in placed if each[0] == one.changed_on)
        days_between.append(since[0] - before[0])
        if not before < first <= since:
            outside.append(place)
    assert len(days_between) >= 0.9 * SHIFTED
    assert len(outside) <= 2 and statistics.median(days_between) <= 5


def test_python_finds_the_same_changes(
    found: dict[int, list[dict[str, Any]]], many: list[Series]
) -> None:
    for place, one in enumerate(many):
        days = lasting_in_python(one)
        assert len(days) == len(found[place]) if place in found else not days
        for day, row in zip(days, found.get(place, []), strict=True):
            assert abs((row["changed_at"].date() - one.day(day)).days) <= 7
            at = row["changed_at"]
            created = [
                (UNTIL - (one.days - d) * DAY + number % 1_440 * MINUTE, seconds)
                for number, (d, seconds) in enumerate(one.runs)
            ]
            before = statistics.median([s for created_at, s in created if created_at < at])
            after = statistics.median([s for created_at, s in created if created_at >= at])
            rounded = [math.floor(seconds + 0.5) for seconds in (before, after)]
            assert [row["before_seconds"], row["after_seconds"]] == rounded


# One workflow at a time, each run by hand.


def run(identity: int, created_at: datetime, seconds: int, **changed: Any) -> WorkflowRun:
    values = {"commit_sha": f"c{identity}", **changed}
    return workflow_run(
        github_run_id=identity,
        created_at=created_at,
        started_at=created_at,
        completed_at=created_at + seconds * SECOND,
        duration_seconds=seconds,
        **values,
    )


def level(
    first_day: int, days: int, runs_per_day: int, seconds: int, **changed: Any
) -> list[WorkflowRun]:
    """Runs around a duration; the first is `days` days before UNTIL."""
    rng = random.Random(first_day)
    return [
        run(
            100 * (1_000 - first_day + day) + number,
            UNTIL - (first_day - day) * DAY + number * (20 * HOUR / runs_per_day),
            round(seconds * math.exp(rng.gauss(0, 0.08))),
            **changed,
        )
        for day in range(days)
        for number in range(runs_per_day)
    ]


def minutes(row: dict[str, Any]) -> tuple[int, int]:
    return round(row["before_seconds"] / 60), round(row["after_seconds"] / 60)


def test_the_newest_of_two_changes_is_compared_with_the_level_before_it(
    connection: Connection,
) -> None:
    upsert(connection, level(90, 30, 20, 600) + level(60, 40, 20, 900) + level(20, 20, 20, 2_400))
    first, last = changes(connection)
    assert (minutes(first), first["is_last"]) == ((10, 15), False)
    assert (minutes(last), last["is_last"]) == ((15, 40), True)
    assert last["changed_at"].date() == (UNTIL - 20 * DAY).date()
    assert [row["is_last"] for row in changes(connection, days=30)] == [True]


@pytest.mark.parametrize(("days", "is_found"), [(6, True), (4, True), (3, False)])
def test_few_runs_show_a_fresh_change_if_four_days_are_apart(
    connection: Connection, days: int, is_found: bool
) -> None:
    upsert(connection, level(60, 60 - days, 2, 600) + level(days, days, 2, 1_800))
    found = changes(connection)
    assert [row["is_fresh"] for row in found] == [True][:is_found]
    assert all(float(row["change_percent"]) == pytest.approx(200, abs=20) for row in found)


def test_of_few_runs_a_day_as_before_denies_a_fresh_change(connection: Connection) -> None:
    """One of five days is no slower than those before, so chance may have made the others."""
    slow = [day for day in range(5) if day != 2]
    upsert(connection, level(60, 55, 2, 600) + level(3, 1, 2, 600))
    upsert(connection, [run for day in slow for run in level(5 - day, 1, 2, 1_800)])
    assert changes(connection) == []


def test_a_slowdown_is_found_despite_a_larger_earlier_speedup(connection: Connection) -> None:
    upsert(connection, level(90, 30, 20, 1_200) + level(60, 40, 20, 600) + level(20, 20, 20, 780))
    last = changes(connection, days=30)[-1]
    assert minutes(last) == (10, 13) and not last["is_mended"]


def test_a_change_that_was_undone_is_marked_as_mended(connection: Connection) -> None:
    upsert(connection, level(90, 70, 15, 600) + level(20, 10, 15, 1_110) + level(10, 10, 15, 605))
    slower, mended = changes(connection)
    assert (slower["is_mended"], mended["is_mended"], mended["is_last"]) == (False, True, True)


def test_seven_days_of_a_run_each_need_three_weeks_to_differ_from(connection: Connection) -> None:
    upsert(connection, level(28, 21, 1, 600) + level(7, 7, 1, 1_200))
    (row,) = changes(connection)
    assert (minutes(row), row["changed_at"]) == ((10, 20), UNTIL - 7 * DAY)
    connection.execute("delete from workflow_runs where created_at < %s", (UNTIL - 27 * DAY,))
    assert changes(connection) == []


@pytest.mark.parametrize("days", [1, 2, 3])
def test_a_workflow_that_takes_three_times_as_long_is_found_within_a_day(
    connection: Connection, days: int
) -> None:
    upsert(connection, level(80, 80 - days, 60, 600) + level(days, days, 60, 1_800))
    (row,) = changes(connection)
    assert (row["is_fresh"], minutes(row), row["after_runs"]) == (True, (10, 30), 60 * days)
    assert row["changed_at"] == UNTIL - days * DAY
    # Dated to the run, its commit, and the commit before it.
    first = 100 * (1_000 - days)
    assert (row["github_run_id"], row["commit_since"]) == (first, f"c{first}")
    assert row["commit_before"] == f"c{100 * (1_000 - days - 1) + 59}"


@pytest.mark.parametrize(
    ("slow_since", "slow_until"), [(3, 1), (4, 1), (6, 3), (8, 1), (9, 2), (12, 4), (20, 3)]
)
def test_a_slowdown_is_reported_as_mended_from_the_next_day(
    connection: Connection, slow_since: int, slow_until: int
) -> None:
    """Long before the days since the change are enough to compare the newest with."""
    slow = slow_since - slow_until
    upsert(
        connection,
        level(80, 80 - slow_since, 40, 600)
        + level(slow_since, slow, 40, 1_500)
        + level(slow_until, slow_until, 40, 600),
    )
    slower, mended = changes(connection)
    assert (minutes(slower), slower["is_mended"]) == ((10, 25), False)
    assert (minutes(mended), mended["is_mended"], mended["is_last"]) == ((25, 10), True, True)
    assert slower["changed_at"] == UNTIL - slow_since * DAY
    assert mended["changed_at"] == UNTIL - slow_until * DAY


@pytest.mark.parametrize("weekend", [600, 420])
def test_a_weekend_does_not_mend_a_slowdown_of_weekdays(
    connection: Connection, weekend: int
) -> None:
    """The end of the period is a Monday; weekends are as they were, before and since."""
    runs = []
    for days_ago in range(80, 0, -1):
        is_weekend = (UNTIL - days_ago * DAY).isoweekday() > 5
        usual = 600 if days_ago > 12 else 900
        runs += level(days_ago, 1, 40, weekend if is_weekend else usual)
    upsert(connection, runs)
    rows = changes(connection)
    # Where weekends differ as much, an earlier slowdown is found only later.
    assert len(rows) == (1 if weekend == 600 else 0)
    assert not any(row["is_mended"] for row in rows)


@pytest.mark.parametrize("days", [1, 2, 4])
def test_a_slowdown_is_found_within_a_day_where_weekends_are_much_faster(
    connection: Connection, days: int
) -> None:
    """The end of the period is a Friday; weekends take less than half as long, before as since."""
    runs = []
    for days_ago in range(80, 3, -1):
        is_weekend = (UNTIL - days_ago * DAY).isoweekday() > 5
        usual = 600 if days_ago > 3 + days else 960
        runs += level(days_ago, 1, 12 if is_weekend else 40, 270 if is_weekend else usual)
    upsert(connection, runs)
    before = changes(connection, UNTIL - (3 + days) * DAY)
    assert before == []
    (row,) = changes(connection, UNTIL - 3 * DAY)
    assert minutes(row) == (10, 16) and row["is_fresh"]
    assert row["changed_at"] == UNTIL - (3 + days) * DAY


@pytest.mark.parametrize(("first", "second"), [(10, 2), (8, 1), (12, 3)])
def test_a_second_slowdown_is_found_within_a_day_soon_after_the_first(
    connection: Connection, first: int, second: int
) -> None:
    upsert(
        connection,
        level(80, 80 - first, 40, 600)
        + level(first, first - second, 40, 900)
        + level(second, second, 40, 2_400),
    )
    rows = changes(connection)
    levels = [minutes(row) for row in rows]
    assert levels == [(10, 15), (15, pytest.approx(40, abs=2))]
    assert [row["changed_at"] for row in rows] == [UNTIL - first * DAY, UNTIL - second * DAY]


def test_a_doubling_of_six_days_ago_is_dated_to_its_day(connection: Connection) -> None:
    upsert(connection, level(80, 74, 60, 600) + level(6, 6, 60, 1_200))
    (row,) = changes(connection)
    assert row["changed_at"] == UNTIL - 6 * DAY


@pytest.mark.parametrize("hours_ago", [125, 144, 156])
@pytest.mark.parametrize("weekday", ["Sunday", "Monday", "Tuesday"])
def test_one_change_of_a_few_days_ago_is_not_taken_for_two(
    connection: Connection, weekday: str, hours_ago: int
) -> None:
    """Stretches of seven days date it too early, so that its days seem to change again."""
    until = next(UNTIL - n * DAY for n in range(7) if f"{UNTIL - n * DAY:%A}" == weekday)
    runs = []
    for days_ago in range(80, 0, -1):
        for number in range(20):
            at = until - days_ago * DAY + number * HOUR
            seconds = 600 if until - at > hours_ago * HOUR else 1_200
            runs.append(run(100 * (1_000 - days_ago) + number, at, seconds + 2 * number))
    upsert(connection, runs)
    (row,) = changes(connection, until)
    since = [each for each in runs if each.duration_seconds and each.duration_seconds >= 1_200]
    assert (row["github_run_id"], row["after_runs"]) == (since[0].github_run_id, len(since))
    assert minutes(row) == (10, 20) and row["is_last"]


@pytest.mark.parametrize("days", [4, 7, 9, 14])
@pytest.mark.parametrize("gap", [1, 2])
def test_both_steps_lie_between_the_commits_of_what_is_told_as_one_change(
    connection: Connection, gap: int, days: int
) -> None:
    """From 10 to 20 minutes, and to 30 a day or two later, on whichever days of the week."""
    first, second = days + gap, days
    runs = level(90, 90 - first, 20, 600) + level(first, gap, 20, 1_200)
    runs += level(second, second, 20, 1_800)
    upsert(connection, runs)
    at = {each.commit_sha: each.created_at for each in runs}
    spans = [(at[row["commit_before"]], at[row["commit_since"]]) for row in changes(connection)]
    for step in (first, second):
        assert any(before < UNTIL - step * DAY <= since for before, since in spans)
    assert all(since - before < (gap + 1) * DAY for before, since in spans)


@pytest.mark.parametrize(("runs_per_day", "either_side"), [(1, 1), (4, 0)])
def test_of_few_runs_one_beside_the_change_may_be_so_by_chance(
    connection: Connection, runs_per_day: int, either_side: int
) -> None:
    first = 20 * runs_per_day  # runs ago
    upsert(connection, [
        run(n, UNTIL - n * DAY / runs_per_day, (1_200 if n <= first else 600) + n % 7)
        for n in range(1, 85 * runs_per_day)
    ])  # fmt: skip
    (row,) = changes(connection)
    assert row["github_run_id"] == first
    assert row["commit_before"] == f"c{first + 1 + either_side}"
    assert row["commit_since"] == f"c{first - either_side}"


def test_nothing_after_the_end_of_the_period_counts(connection: Connection) -> None:
    upsert(connection, level(90, 60, 20, 600) + level(30, 30, 20, 1_800))
    assert changes(connection, until=UNTIL - 30 * DAY) == []
    (row,) = changes(connection, until=UNTIL - 20 * DAY)
    assert row["after_runs"] == 200
    # The newest run of another repository moves no window.
    upsert(connection, [run(9, UNTIL + 300 * DAY, 5, repository_id=8, repository="acme/other")])
    assert changes(connection, until=UNTIL - 20 * DAY) == [row]


def test_a_workflow_renamed_with_its_slowdown_is_one_workflow(connection: Connection) -> None:
    renamed = level(20, 20, 20, 900, workflow_name="Unit tests")
    upsert(connection, level(80, 60, 20, 600) + renamed)
    (row,) = changes(connection)
    assert (row["workflow"], minutes(row)) == ("Unit tests", (10, 15))


@pytest.mark.parametrize(
    "worlds",
    [
        level(60, 40, 20, 1_000) + level(20, 20, 20, 1_060),  # less than a tenth
        level(60, 40, 20, 50) + level(20, 20, 20, 58),  # less than ten seconds
        level(60, 59, 5, 600) + level(1, 1, 5, 1_800),  # too few runs to tell
        level(60, 30, 20, 600) + level(30, 2, 20, 30_000) + level(28, 28, 20, 600),  # an outlier
        level(1, 1, 5, 600),
    ],
    ids=["a tenth", "ten seconds", "few runs", "outlier", "one day"],
)
def test_small_short_or_rare_shifts_are_not_reported(
    connection: Connection, worlds: list[WorkflowRun]
) -> None:
    upsert(connection, worlds)
    assert changes(connection) == []


@pytest.mark.parametrize(
    "changed",
    [
        {"conclusion": "failure"},
        {"conclusion": "cancelled"},
        {"run_attempt": 2},
        {"duration_seconds": None},
    ],
    ids=str,
)
def test_only_successful_first_attempts_with_a_duration_count(
    connection: Connection, changed: dict[str, Any]
) -> None:
    slower = level(20, 20, 20, 900)
    upsert(connection, level(80, 60, 20, 600) + [replace(each, **changed) for each in slower])
    assert changes(connection) == []


def test_kinds_of_branch_and_repositories_are_kept_separate(connection: Connection) -> None:
    slower = level(80, 60, 20, 600) + level(20, 20, 20, 900)
    others: tuple[dict[str, Any], ...] = ({"event_type": "pull_request"}, {"repository_id": 8})
    quiet = [
        replace(each, github_run_id=each.github_run_id + 10**6 * place, **changed)
        for place, changed in enumerate(others, 1)
        for each in level(80, 80, 20, 600)
    ]
    upsert(connection, slower + quiet)
    assert [(row["branch_class"], row["repository_id"]) for row in changes(connection)] == [
        ("default", 7)
    ]


def test_the_job_and_the_step_that_carry_the_change_are_named(connection: Connection) -> None:
    runs = level(60, 40, 4, 600) + level(20, 20, 4, 1_200)
    upsert(connection, runs)
    jobs, steps = [], []
    for each in runs:
        slow = each.created_at >= UNTIL - 20 * DAY
        for number, (name, seconds) in enumerate([("lint", 60), ("test", 1_100 if slow else 500)]):
            job_id = each.github_run_id * 10 + number
            same = {"github_run_id": each.github_run_id, "job_id": job_id}
            start = each.created_at + 5 * SECOND
            jobs.append(
                workflow_job(
                    **same,
                    name=name,
                    created_at=each.created_at,
                    started_at=start,
                    completed_at=start + seconds * SECOND,
                )
            )
            for place, (step, took) in enumerate([("Set up", 20), ("Run", seconds - 20)], 1):
                steps.append(
                    workflow_step(
                        **same,
                        number=place,
                        name=step,
                        started_at=start,
                        completed_at=start + took * SECOND,
                    )
                )
    upsert(connection, jobs)
    upsert(connection, steps)
    (row,) = changes(connection)
    assert (row["carried_by"], row["job"], row["step"]) == ("work", "test", "Run")
    assert (row["job_before_seconds"], row["job_after_seconds"]) == (500, 1_100)


def test_a_longer_queue_is_not_reported_as_longer_work(connection: Connection) -> None:
    runs = level(60, 40, 4, 600) + level(20, 20, 4, 1_200)
    upsert(connection, runs)
    jobs = []
    for each in runs:
        waited = 605 if each.created_at >= UNTIL - 20 * DAY else 5
        start = each.created_at + waited * SECOND
        jobs.append(
            workflow_job(
                github_run_id=each.github_run_id,
                job_id=each.github_run_id,
                name="test",
                created_at=each.created_at,
                started_at=start,
                completed_at=start + 590 * SECOND,
            )
        )
    upsert(connection, jobs)
    (row,) = changes(connection)
    assert (row["carried_by"], row["job"], row["step"]) == ("queue", "test", None)
    assert (row["job_before_seconds"], row["job_after_seconds"]) == (5, 605)


def test_days_are_in_the_requested_zone_whatever_the_session_zone(
    connection: Connection,
) -> None:
    upsert(connection, level(60, 40, 20, 600) + level(20, 20, 20, 900))
    answers = []
    for session in ("UTC", "Pacific/Kiritimati"):
        connection.execute(f"set timezone = '{session}'")
        answers.append(changes(connection))
    assert answers[0] == answers[1]
