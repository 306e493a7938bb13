"""The cause of each failure, compared with the planted cause, and the sums over causes."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from bench.filling import store_world
from support.history import UNTIL, make_history, store
from support.paths import ROOT
from support.rows import workflow_job, workflow_run, workflow_step
from support.worlds.failures import Truth, months_of_failures

from telemetry.database.connection import Connection, open_connection
from telemetry.database.prices import load_runner_prices
from telemetry.database.questions import Scope, ask
from telemetry.database.upserts import upsert

NOW = datetime(2026, 3, 2, tzinfo=UTC)
SCOPE = Scope(NOW - timedelta(days=61), NOW)
Row = dict[str, Any]


class Planted(NamedTuple):
    """Two months of failures, stored: the database, the view's rows, and the true causes."""

    connection: Connection
    rows: list[Row]
    truth: Truth


@pytest.fixture(scope="module")
def planted(
    once: Callable[[str, Callable[[Path], None]], Path],
    new_database: Callable[[str], str],
    migrated: str,
) -> Iterator[Planted]:
    world, truth = months_of_failures(4, NOW)

    def stored(folder: Path) -> None:
        dsn = new_database(migrated)
        with open_connection(dsn) as connection:
            load_runner_prices(connection)
            store_world(connection, world, days_of_steps=61)
        (folder / "dsn").write_text(dsn)

    dsn = (once("failures", stored) / "dsn").read_text()
    with open_connection(dsn) as connection:
        rows = connection.execute("select * from failure_causes").fetchall()
        yield Planted(connection, rows, truth)


def key(row: Row) -> tuple[int, int]:
    return row["github_run_id"], row["run_attempt"]


def confusion(planted: Planted) -> Counter[tuple[str, str]]:
    """How often each true cause was given as which."""
    return Counter((planted.truth[key(row)], row["cause"]) for row in planted.rows)


@pytest.mark.scenario
def test_every_planted_failure_is_found_once_but_time_limits_that_a_job_rarely_met(
    planted: Planted,
) -> None:
    found = Counter(key(row) for row in planted.rows)
    assert max(found.values()) == 1
    assert found.keys() <= planted.truth.keys()
    unseen = Counter(cause for key, cause in planted.truth.items() if key not in found)
    assert unseen.keys() <= {"time limit"}
    assert unseen["time limit"] <= 3 < confusion(planted)["time limit", "time limit"]


@pytest.mark.scenario
def test_a_cause_that_is_given_is_mostly_the_true_one(planted: Planted) -> None:
    table = confusion(planted)
    undecided = sum(count for (_, given), count in table.items() if given == "not run again")
    right = sum(count for (true, given), count in table.items() if true == given)
    given = table.total() - undecided
    assert (right / given, undecided / table.total()) == (
        pytest.approx(0.83, abs=0.005),
        pytest.approx(0.33, abs=0.005),
    )
    page = (ROOT / "docs" / "accuracy.md").read_text(encoding="utf-8")
    assert f"{right} of {given} causes are right ({100 * right / given:.0f} %)" in page
    assert f"{undecided} of {table.total()} failures" in page


@pytest.mark.scenario
def test_the_table_in_the_docs_is_this_one(planted: Planted) -> None:
    page = (ROOT / "docs" / "accuracy.md").read_text(encoding="utf-8")
    section = page.partition("## Causes of failures")[2].partition("\n## ")[0]
    header, *lines = re.findall(r"^\| (.*) \|$", section, re.MULTILINE)
    given = header.split(" | ")[1:]
    written = {
        (true, cause): int(cell)
        for true, *cells in (line.split(" | ") for line in lines)
        for cause, cell in zip(given, cells, strict=True)
        if cell.strip()
    }
    assert written == dict(confusion(planted))


@pytest.mark.scenario
def test_outages_are_those_of_the_view_of_outages(planted: Planted) -> None:
    hours = {row["hour"] for row in planted.connection.execute("select hour from outages")}
    started = {
        key(row): row["started_at"].replace(minute=0, second=0)
        for row in planted.connection.execute("select * from workflow_runs")
    }
    assert hours
    for row in planted.rows:
        if row["cause"] not in ("workflow file", "no job failed"):
            assert (row["cause"] == "outage") == (started[key(row)] in hours)


def test_the_causes_add_up_to_all_failures_of_a_history_with_traps(connection: Connection) -> None:
    history = make_history(5, days=40, runs_per_day=5)
    store(connection, history)
    rows = connection.execute("select * from failure_causes").fetchall()
    failed = {
        (job.github_run_id, job.run_attempt, job.job_id)
        for job in history.jobs
        if job.conclusion in ("failure", "timed_out")
        and job.runner_id is not None
        and not (job.is_inherited or job.is_pseudo)
    }
    of_jobs = [row for row in rows if row["job_id"] and row["conclusion"] != "cancelled"]
    assert sorted((*key(row), row["job_id"]) for row in of_jobs) == sorted(failed)
    without = {
        (run.github_run_id, run.run_attempt)
        for run in history.runs
        if run.conclusion in ("failure", "timed_out", "startup_failure")
        and (run.github_run_id, run.run_attempt) in history.listed
    } - {number[:2] for number in failed}
    assert sorted(key(row) for row in rows if row["job_id"] is None) == sorted(without)
    assert without and len({row["cause"] for row in rows}) > 6
    answer = ask(connection, "failure_causes", Scope(UNTIL - timedelta(days=99), UNTIL)).rows
    assert sum(row["failures"] for row in answer) == len(rows)
    for number in {row["repository_id"] for row in answer}:
        shares = [row["share_percent"] for row in answer if row["repository_id"] == number]
        assert sum(shares) == pytest.approx(100, abs=Decimal("0.5"))


@pytest.mark.scenario
def test_the_cost_of_each_cause_is_a_sum_over_its_failures(planted: Planted) -> None:
    expected: dict[str, list[Row]] = defaultdict(list)
    for row in planted.rows:
        expected[row["cause"]].append(row)
    price = {"train": 0}
    for row in ask(planted.connection, "failure_causes", SCOPE).rows:
        failures = expected.pop(row["cause"])
        run_again = [failure for failure in failures if failure["is_run_again"]]
        green = sum(failure["is_green_again"] for failure in run_again)
        seconds = [failure["duration_seconds"] for failure in failures if failure["job_id"]]
        # Linux cost 0.006 dollars a minute in 2026, 0.008 before; an own runner costs nothing.
        cost = sum(
            -(-failure["duration_seconds"] // 60)
            * price.get(failure["job_base"], 8 if failure["created_at"].year == 2025 else 6)
            for failure in failures
            if failure["job_id"]
        )
        assert (row["failures"], row["run_again"]) == (len(failures), len(run_again))
        assert row["unpriced_jobs"] == 0
        if run_again:
            share = row["green_again_percent"]
            assert float(share) == pytest.approx(100 * green / len(run_again), abs=0.06)
        if seconds:
            assert float(row["minutes"]) == pytest.approx(sum(seconds) / 60, abs=0.06)
            assert row["list_cost_usd"] == Decimal(cost) / 1000
    assert not expected


def test_a_job_that_was_red_in_each_attempt_is_broken_code_in_each(connection: Connection) -> None:
    """The last attempt is one that ran again, although nobody re-ran it."""
    reds = {1: (1, 2, 3), 2: (1, 3), 3: (1,)}  # by run; the second is green in its second attempt
    for number, red in reds.items():
        for attempt in range(1, max(red) + 1):
            of = {"github_run_id": number, "run_attempt": attempt}
            how = {"conclusion": "failure" if attempt in red else "success"}
            upsert(connection, [workflow_run(**of, **how)])
            upsert(connection, [workflow_job(**of, **how, job_id=10 * number + attempt)])
            step = {"job_id": 10 * number + attempt, "name": "Run make", **how}
            upsert(connection, [workflow_step(**of, **step)])
    rows = connection.execute("select * from failure_causes").fetchall()
    assert {key(row): row["cause"] for row in rows} == {
        **dict.fromkeys([(1, 1), (1, 2), (1, 3)], "code"),
        **dict.fromkeys([(2, 1), (2, 3)], "flaky"),
        (3, 1): "not run again",
    }


@pytest.mark.scenario
def test_what_a_flaky_job_costs_does_not_depend_on_the_id_of_its_workflow(
    planted: Planted,
) -> None:
    """A run may come without one."""

    def jobs() -> list[Row]:
        rows = ask(planted.connection, "quarantine", SCOPE).rows
        return [{**row, "workflow_id": None} for row in rows]

    with_ids = jobs()
    with planted.connection.transaction(force_rollback=True):
        planted.connection.execute("update workflow_runs set workflow_id = null")
        assert jobs() == with_ids != []


@pytest.mark.scenario
def test_what_a_flaky_job_costs_is_computed_again(planted: Planted) -> None:
    reds: dict[str, list[Row]] = defaultdict(list)
    for row in planted.rows:
        if row["cause"] in ("flaky", "code", "not run again"):
            reds[row["job_base"]].append(row)
    for base in list(reds):
        members = {red["job"] for red in reds[base] if red["cause"] == "flaky"}
        if len(members) == 1:
            found = reds.pop(base)
            reds[min(members)] = [red for red in found if red["job"] in members]
    with planted.connection.transaction(force_rollback=True):
        planted.connection.execute(
            "update workflow_jobs set labels = '{who-knows}' where hashint8(job_id) % 5 = 0"
        )
        costs = {
            (*key(row), row["job_id"]): row["list_cost_usd"]
            for row in planted.connection.execute("select * from job_costs")
        }
        answer = ask(planted.connection, "quarantine", SCOPE).rows
    ends = {
        key(row): (row["conclusion"], row["completed_at"])
        for row in planted.connection.execute("select * from workflow_runs")
    }
    assert {row["job"] for row in answer} >= {"test", "e2e"}
    for row in answer:
        flaky = [red for red in reds[row["job"]] if red["cause"] == "flaky"]
        again = [red for red in reds[row["job"]] if red["is_run_again"]]
        assert row["flaky_commits"] == len({red["commit_sha"] for red in flaky}) >= 2
        assert (row["failures"], row["run_again"]) == (len(reds[row["job"]]), len(again))
        failed = {(*key(red), red["job_id"]) for red in flaky}
        runs = {red["github_run_id"]: red["run_attempt"] for red in flaky}
        later = {job for job in costs if job[1] > runs.get(job[0], 10_000)}
        assert row["failed_cost_usd"] == sum(costs[job] or 0 for job in failed)
        assert row["rerun_cost_usd"] == sum(costs[job] or 0 for job in later)
        unpriced = sum(costs[job] is None for job in failed | later)
        assert row["unpriced_jobs"] == unpriced > 0
        waited = sum(
            (
                min(end for (of, n), (how, end) in ends.items() if of == run and how == "success")
                - ends[run, attempt][1]
            ).total_seconds()
            for run, attempt in runs.items()
        )
        assert float(row["waited_hours"]) == pytest.approx(waited / 3_600, abs=0.006)
