"""The forecast of a month's end, tested on simulated years, and its parts computed again."""

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise, product
from statistics import fmean, variance
from typing import Any, NamedTuple

import pytest
from support.paths import ROOT
from support.rows import llm_call, workflow_job, workflow_run
from support.worlds.years import YEARS, daily_minutes

from telemetry.database.connection import Connection, open_connection
from telemetry.database.prices import load_runner_prices
from telemetry.database.questions import Scope, ask
from telemetry.database.upserts import upsert
from telemetry.rows.prices import RunnerLabel, RunnerPrice
from telemetry.rows.runs import Repository

pytestmark = pytest.mark.scenario

FIRST, DAYS = date(2026, 2, 1), 365 + 30
Row = dict[str, Any]
PRICE = Decimal("0.006")


class Guess(NamedTuple):
    """A forecast on one day of a month, beside its true end and a flat guess."""

    year: str
    day: date
    row: Row
    true: float
    flat: float


def store_year(
    connection: Connection, days: list[tuple[date, int]], first: int = 1, **changes: Any
) -> None:
    """Store one run a day, with one job of the minutes of the day."""
    runs, jobs = [], []
    for number, (day, minutes) in enumerate(days, first):
        at = datetime.combine(day, time(6), UTC)
        times = {
            "created_at": at,
            "started_at": at,
            "completed_at": at + timedelta(minutes=minutes),
        }
        runs.append(workflow_run(github_run_id=number, is_private=True, **times, **changes))
        jobs.append(workflow_job(github_run_id=number, job_id=number, **times))
    upsert(connection, runs)
    upsert(connection, jobs)
    connection.execute("update workflow_runs set jobs_listed_at = completed_at")
    load_runner_prices(connection)


def scope(day: date) -> Scope:
    until = datetime.combine(day, time(0), UTC)
    return Scope(until - timedelta(days=30), until)


def months() -> list[date]:
    return [date(2026 + (month > 12), (month - 1) % 12 + 1, 1) for month in range(4, 14)]


@pytest.fixture(scope="module")
def guesses(new_database: Callable[[str], str], migrated: str) -> list[Guess]:
    """A forecast on the 5th and the 20th day of ten months, in two years of each kind.

    Each year is a repository, which has a forecast of its own.
    """
    costs: dict[str, dict[date, float]] = {}
    with open_connection(new_database(migrated)) as connection:
        for number, (seed, kind) in enumerate(product((1, 2), YEARS)):
            days = list(daily_minutes(seed, FIRST, DAYS, YEARS[kind]))
            name = f"{kind}/{seed}"
            costs[name] = {day: float(minutes * PRICE) for day, minutes in days}
            own = {"repository_id": number, "repository": name, "workflow_id": number}
            store_year(connection, days, first=1 + 1_000 * number, **own)
        connection.execute("analyze")
        return [guess for first in months() for guess in guesses_in(connection, first, costs)]


def guesses_in(
    connection: Connection, first: date, costs: dict[str, dict[date, float]]
) -> Iterator[Guess]:
    """The forecasts of all years in the month that begins on this day."""
    for day in (first.replace(day=5), first.replace(day=20)):
        rows = ask(connection, "forecast", scope(day)).rows
        for row in (row for row in rows if row["subject"] == "repository"):
            of_year = costs[row["name"]]
            month = [each for each in of_year if each.replace(day=1) == first]
            spent = sum(of_year[each] for each in month if each < day)
            flat = spent / (day.day - 1) * len(month)
            year = row["name"].partition("/")[0]
            yield Guess(year, day, row, sum(of_year[each] for each in month), flat)


def holds(guess: Guess) -> bool:
    return float(guess.row["low_usd"]) <= guess.true <= float(guess.row["high_usd"])


def error(guesses: list[Guess], *, is_flat: bool = False) -> float:
    """How far the guesses are off on average, as a share of the truth."""
    return fmean(
        abs((guess.flat if is_flat else float(guess.row["forecast_usd"])) - guess.true) / guess.true
        for guess in guesses
    )


def test_the_interval_holds_the_true_end_of_nine_in_ten_months(guesses: list[Guess]) -> None:
    assert len(guesses) == 160
    assert sum(map(holds, guesses)) >= 0.9 * len(guesses)


def test_the_forecast_beats_a_flat_guess_in_each_kind_of_year(guesses: list[Guess]) -> None:
    for name in YEARS:
        of_year = [guess for guess in guesses if guess.year == name]
        assert error(of_year) < error(of_year, is_flat=True)


def test_the_table_in_the_docs_is_this_one(guesses: list[Guess]) -> None:
    page = (ROOT / "docs" / "accuracy.md").read_text(encoding="utf-8")
    section = page.partition("## Forecasts")[2].partition("\n## ")[0]
    _, *lines = re.findall(r"^\| (.*) \|$", section, re.MULTILINE)
    assert lines == table(guesses)


def table(guesses: list[Guess]) -> list[str]:
    lines = []
    for name in [*YEARS, "all"]:
        of_year = [guess for guess in guesses if name in (guess.year, "all")]
        held = sum(map(holds, of_year))
        off, flat = error(of_year), error(of_year, is_flat=True)
        lines.append(f"{name} | {held} of {len(of_year)} | {100 * off:.1f} % | {100 * flat:.1f} %")
    return lines


def test_the_parts_of_a_forecast_are_computed_again(connection: Connection) -> None:
    days = list(daily_minutes(3, FIRST, 200, YEARS["restless"]))
    store_year(connection, days)
    costs = {day: minutes * PRICE for day, minutes in days}
    today = date(2026, 6, 11)
    weeks = [
        [costs[today - timedelta(days=7 * week + day + 1)] for day in range(7)] for week in range(8)
    ]
    weights = [0.75**week for week in range(8)]
    # Day 0 of each week is yesterday, day 6 has the weekday of today.
    means = [
        sum(weight * float(week[day]) for weight, week in zip(weights, weeks, strict=True))
        / sum(weights)
        for day in range(7)
    ]
    left = [today + timedelta(days=number) for number in range(20)]
    spent = sum(cost for day, cost in costs.items() if date(2026, 6, 1) <= day < today)
    (row, *others) = ask(connection, "forecast", scope(today)).rows
    assert (row["kind"], row["subject"], row["month"]) == ("runners", "all", "2026-06")
    assert (row["days_left"], row["weeks"], row["unpriced"]) == (20, 8, 0)
    assert row["spent_usd"] == round(spent, 4)
    rest = sum(means[(today - timedelta(days=1) - day).days % 7] for day in left)
    assert float(row["forecast_usd"]) == pytest.approx(float(spent) + rest, abs=0.01)
    sums = [float(sum(week)) for week in weeks]
    steps = [(one - two) ** 2 / 2 for one, two in pairwise(sums)]
    spread = max(variance(sums), fmean(steps))
    half = 2.52 * math.sqrt(spread * (1 + 1 / 8) * (20 / 7) * (1 + 20 / 7))
    assert float(row["high_usd"]) == pytest.approx(float(spent) + rest + half, abs=0.01)
    low = max(float(spent), float(spent) + rest - half)
    assert float(row["low_usd"]) == pytest.approx(low, abs=0.01)
    # All of it is of one repository, one workflow and one actor.
    assert [(other["subject"], other["name"]) for other in others] == [
        ("actor", "dev-1"),
        ("repository", "acme/app"),
        ("workflow", "acme/app / CI"),
    ]
    assert all(other["forecast_usd"] == row["forecast_usd"] for other in others)


def test_what_a_schedule_starts_is_the_cost_of_no_account(connection: Connection) -> None:
    days = list(daily_minutes(3, date(2026, 5, 20), 20, YEARS["steady"]))
    store_year(connection, days, event_type="schedule")
    rows = ask(connection, "forecast", scope(date(2026, 6, 9))).rows
    assert [row["name"] for row in rows if row["subject"] == "actor"] == ["a schedule"]


def test_the_forecast_of_a_repository_is_the_same_whoever_else_is_asked_about(
    connection: Connection,
) -> None:
    store_year(connection, list(daily_minutes(3, date(2026, 3, 1), 100, YEARS["steady"])))
    new = {"repository_id": 8, "repository": "acme/new", "workflow_id": 8}
    days = list(daily_minutes(3, date(2026, 5, 20), 20, YEARS["steady"]))
    store_year(connection, days, 1_000, **new)

    def of_new(ids: list[int]) -> list[Row]:
        rows = ask(
            connection, "forecast", replace(scope(date(2026, 6, 9)), repository_ids=ids)
        ).rows
        return [dict(row) for row in rows if row["name"].startswith("acme/new")]

    alone = of_new([8])
    assert [(row["subject"], row["weeks"]) for row in alone] == [("repository", 2), ("workflow", 2)]
    assert of_new([7, 8]) == alone


def test_the_forecast_of_all_is_the_sum_of_its_repositories(connection: Connection) -> None:
    """One of them is ten times as expensive, and new."""
    store_year(connection, list(daily_minutes(3, date(2026, 3, 1), 100, YEARS["steady"])))
    new = {"repository_id": 8, "repository": "acme/new", "workflow_id": 8}
    days = [
        (day, 10 * minutes)
        for day, minutes in daily_minutes(3, date(2026, 5, 20), 20, YEARS["steady"])
    ]
    store_year(connection, days, 1_000, **new)
    rows = ask(connection, "forecast", scope(date(2026, 6, 9))).rows
    of_all, of_actor = (
        next(row for row in rows if row["subject"] == subject) for subject in ("all", "actor")
    )
    parts = [row for row in rows if row["subject"] == "repository"]
    assert [row["weeks"] for row in parts] == [2, 8]
    for column in ("spent_usd", "forecast_usd"):
        assert float(of_all[column]) == pytest.approx(
            float(sum(row[column] for row in parts)), abs=0.02
        )
    # Most of the cost is known for two weeks, so the interval is as wide as of these.
    assert of_all["weeks"] == 2
    assert {**of_actor, "subject": "all", "name": "all"} == of_all


@pytest.mark.parametrize(("age", "weeks"), [(16, 2), (9, 1), (5, 0)])
def test_a_new_repository_with_much_of_the_cost_widens_the_interval_of_all(
    new_database: Callable[[str], str], migrated: str, age: int, weeks: int
) -> None:
    """Each of 24 accounts uses an old repository, and one that is so many days old."""
    today, month = date(2026, 6, 12), [date(2026, 6, day) for day in range(1, 31)]
    true: dict[str, float] = {}
    with open_connection(new_database(migrated)) as connection:
        for seed in range(24):
            name = f"dev-{seed}"
            for number, first in enumerate((date(2026, 4, 1), today - timedelta(days=age))):
                days = daily_minutes(2 * seed + number, date(2026, 4, 1), 91, YEARS["restless"])
                own = {day: (1 + 2 * number) * minutes for day, minutes in days if day >= first}
                spent = sum(float(own[day] * PRICE) for day in month if day in own)
                true[name] = true.get(name, 0) + spent
                of = {
                    "repository_id": 2 * seed + number,
                    "repository": f"acme/r{2 * seed + number}",
                }
                store_year(
                    connection, list(own.items()), 200 * (2 * seed + number), actor=name, **of
                )
        connection.execute("analyze")
        rows = ask(connection, "forecast", scope(today)).rows
    of_actors = {row["name"]: row for row in rows if row["subject"] == "actor"}
    assert of_actors.keys() == true.keys()
    assert {row["weeks"] for row in of_actors.values()} == {weeks}
    assert all(row["forecast_usd"] > row["spent_usd"] for row in of_actors.values())
    if weeks < 2:
        assert all(row["high_usd"] is None for row in of_actors.values())
        assert all(row["low_usd"] == row["spent_usd"] for row in of_actors.values())
        return
    held = [row["low_usd"] <= true[name] <= row["high_usd"] for name, row in of_actors.items()]
    assert sum(held) >= 0.9 * len(held)


def test_weeks_whose_jobs_are_not_stored_are_in_no_forecast(connection: Connection) -> None:
    """Of the weeks before the last four, the jobs of a single run are stored."""
    days = list(daily_minutes(3, date(2026, 3, 1), 100, YEARS["steady"]))
    store_year(connection, days)
    first, number = datetime(2026, 5, 12, tzinfo=UTC), 50
    connection.execute(
        "delete from workflow_jobs where created_at < %(first)s and github_run_id <> %(number)s",
        {"first": first, "number": number},
    )
    connection.execute(
        "update workflow_runs set jobs_listed_at = null "
        "where created_at < %(first)s and github_run_id <> %(number)s",
        {"first": first, "number": number},
    )
    (row, *_) = ask(connection, "forecast", scope(date(2026, 6, 9))).rows
    assert row["weeks"] == 4
    costs = [float(minutes * PRICE) for day, minutes in days if date(2026, 5, 12) <= day]
    assert float(row["forecast_usd"]) == pytest.approx(30 * fmean(costs), rel=0.1)
    # A day of the last week may lack jobs: they are about to be fetched.
    connection.execute(
        "update workflow_runs set jobs_listed_at = null where created_at >= '2026-06-07'"
    )
    assert ask(connection, "forecast", scope(date(2026, 6, 9))).rows[0]["weeks"] == 4


def listed(connection: Connection, *spans: tuple[str, str]) -> None:
    """Say that complete lists cover these spans, and nothing else."""
    upsert(connection, [Repository(7, "acme/app", "api.github.com")])
    for since, until in spans:
        connection.execute(
            "insert into windows (repository_id, created_from, created_to, listed_at, "
            "seen, is_complete) values (7, %s, %s, %s, 1, true)",
            [since, until, until],
        )


def without_days(connection: Connection, since: str, until: str) -> None:
    connection.execute(
        "delete from workflow_runs where created_at >= %s and created_at < %s", [since, until]
    )


def test_weeks_that_were_never_listed_are_in_no_forecast(connection: Connection) -> None:
    """A gap of two weeks is not two cheap weeks: only those after it count."""
    days = list(daily_minutes(3, date(2026, 3, 1), 100, YEARS["steady"]))
    store_year(connection, days)
    whole = ask(connection, "forecast", scope(date(2026, 6, 9))).rows[0]
    # A short gap leaves most of its day listed.
    listed(connection, ("2026-03-01", "2026-05-20"), ("2026-05-20 09:00", "2026-06-09"))
    assert ask(connection, "forecast", scope(date(2026, 6, 9))).rows[0] == whole
    connection.execute("delete from windows")
    listed(connection, ("2026-03-01", "2026-04-28"), ("2026-05-12", "2026-06-09"))
    without_days(connection, "2026-04-28", "2026-05-12")
    (row, *_) = ask(connection, "forecast", scope(date(2026, 6, 9))).rows
    assert (whole["weeks"], row["weeks"]) == (8, 4)
    costs = [float(minutes * PRICE) for day, minutes in days if date(2026, 5, 12) <= day]
    assert float(row["forecast_usd"]) == pytest.approx(30 * fmean(costs), rel=0.1)


def test_days_since_the_last_list_cost_what_other_days_do(connection: Connection) -> None:
    """The weeks end where the last list does; with no full week listed there is no forecast."""
    days = list(daily_minutes(3, date(2026, 3, 1), 105, YEARS["steady"]))
    store_year(connection, days)
    whole = ask(connection, "forecast", scope(date(2026, 6, 14))).rows[0]
    listed(connection, ("2026-03-01", "2026-06-04 12:00"))
    without_days(connection, "2026-06-04 12:00", "2026-06-14")
    (row, *_) = ask(connection, "forecast", scope(date(2026, 6, 14))).rows
    assert row["spent_usd"] < whole["spent_usd"] / 2
    assert float(row["forecast_usd"]) == pytest.approx(float(whole["forecast_usd"]), rel=0.1)
    assert row["low_usd"] < whole["forecast_usd"] < row["high_usd"]
    assert row["high_usd"] - row["low_usd"] > whole["high_usd"] - whole["low_usd"]
    # All of what the weeks would be is older than what is asked about.
    connection.execute("update windows set created_to = '2026-04-22'")
    without_days(connection, "2026-04-22", "2026-06-14")
    (row, *_) = ask(connection, "forecast", scope(date(2026, 6, 14))).rows
    assert (row["weeks"], row["forecast_usd"]) == (0, None)


def test_less_than_a_cent_is_not_nothing(connection: Connection) -> None:
    store_year(connection, [(date(2026, 6, 1), 1)])
    (row, *_) = ask(connection, "forecast", scope(date(2026, 6, 3))).rows
    assert row["spent_usd"] == PRICE == Decimal("0.006")


def test_few_days_give_no_interval_or_no_forecast(connection: Connection) -> None:
    store_year(connection, list(daily_minutes(3, date(2026, 6, 1), 12, YEARS["steady"])))
    (row, *_) = ask(connection, "forecast", scope(date(2026, 6, 6))).rows
    assert (row["weeks"], row["forecast_usd"], row["high_usd"]) == (0, None, None)
    assert row["low_usd"] == row["spent_usd"] > 0
    (row, *_) = ask(connection, "forecast", scope(date(2026, 6, 10))).rows
    assert (row["weeks"], row["high_usd"]) == (1, None)
    assert row["forecast_usd"] > row["low_usd"] == row["spent_usd"]


def test_weeks_of_unknown_cost_are_no_cheap_weeks(connection: Connection) -> None:
    """All jobs are on a runner that has a price from a day on, or none."""
    days = list(daily_minutes(3, date(2026, 3, 1), 100, YEARS["steady"]))
    store_year(connection, days)
    connection.execute("update workflow_jobs set labels = '{box}', runner_group_name = 'Large'")
    (row, *_) = ask(connection, "forecast", scope(date(2026, 6, 9))).rows
    assert (row["spent_usd"], row["unpriced"], row["weeks"]) == (0, 8, 0)
    assert (row["forecast_usd"], row["high_usd"]) == (None, None)
    upsert(connection, [RunnerLabel("box", "box")])
    upsert(connection, [RunnerPrice("box", date(2026, 5, 20), PRICE)])
    (row, *_) = ask(connection, "forecast", scope(date(2026, 6, 9))).rows
    costs = [float(minutes * PRICE) for day, minutes in days if date(2026, 5, 20) <= day]
    assert (row["unpriced"], row["weeks"]) == (0, 2)
    assert float(row["forecast_usd"]) == pytest.approx(30 * fmean(costs), rel=0.1)


def test_what_started_later_than_the_moment_of_the_forecast_is_not_spent(
    connection: Connection,
) -> None:
    """One job of the first day is run again on the third, and ends there."""
    store_year(connection, [(date(2026, 6, 1), 10), (date(2026, 6, 2), 20)])
    again = datetime(2026, 6, 3, 12, tzinfo=UTC)
    created_at = datetime(2026, 6, 1, 6, tzinfo=UTC)
    times = {"started_at": again, "completed_at": again + timedelta(minutes=30)}
    upsert(connection, [workflow_run(run_attempt=2, created_at=created_at, is_private=True,
                                     **times)])  # fmt: skip
    upsert(connection, [workflow_job(run_attempt=2, job_id=9, created_at=again, **times)])
    for hours, minutes in ((-1, 30), (1, 60)):
        until = again + timedelta(hours=hours)
        (row, *_) = ask(connection, "forecast", Scope(until - timedelta(days=30), until)).rows
        assert row["spent_usd"] == minutes * PRICE


def test_calls_of_language_models_have_a_forecast_of_their_own(connection: Connection) -> None:
    moments = [datetime(2026, 6, 1, 12, tzinfo=UTC) + timedelta(days=day) for day in range(21)]
    calls = [
        llm_call(call_id=f"c{number}", timestamp=at, estimated_cost=Decimal(2))
        for number, at in enumerate(moments)
    ]
    unpriced = llm_call(
        call_id="odd", timestamp=moments[3] + timedelta(hours=1), model="unheard-of", api_calls=4
    )
    upsert(connection, [*calls, unpriced])
    (row,) = ask(connection, "forecast", scope(date(2026, 6, 22))).rows
    assert (row["kind"], row["subject"], row["unpriced"]) == ("llm", "all", 4)
    # 21 days at 2 dollars, and as much on each of the nine days that are left.
    assert (row["spent_usd"], row["forecast_usd"]) == (42, 60)
    assert (row["low_usd"], row["high_usd"]) == (60, 60)
