"""Critical paths inferred from times, compared with the true needs of the simulated jobs."""

import json
import math
import re
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

import pytest
from support.clients import client
from support.commands import Launcher
from support.paths import ROOT
from support.reports import MONTH, a_job, a_run
from support.worlds.needs import TruePart, month_of_needs, true_parts

from telemetry.database.connection import Connection, open_connection
from telemetry.database.prices import load_runner_prices
from telemetry.database.questions import Scope, ask
from telemetry.database.upserts import upsert
from telemetry.database.what_if import what_if, without_job
from telemetry.runs.ingest import ingest
from telemetry.runs.request import Tools, Wanted
from telemetry.simulated.server import Simulator
from telemetry.simulated.world import World

NOW = datetime(2026, 3, 2, tzinfo=UTC)
SCOPE = Scope(NOW - timedelta(days=30), NOW)


class Planned(NamedTuple):
    """A month of runs with known needs, ingested."""

    connection: Connection
    world: World

    def truth(self, speed: float = math.inf) -> dict[tuple[str, str], list[TruePart]]:
        """What is true of each job of each workflow, run by run."""
        parts = defaultdict(list)
        for part in true_parts(self.world, speed):
            parts[part.workflow, part.job].append(part)
        return parts


@pytest.fixture(scope="module")
def planned(new_database: Callable[[str], str], migrated: str) -> Iterator[Planned]:
    world = month_of_needs(6, NOW)
    with (
        open_connection(new_database(migrated)) as connection,
        client(Simulator(world)) as github,
    ):
        load_runner_prices(connection)
        wanted = Wanted(since="all", horizon=NOW - timedelta(days=180))
        list(ingest(Tools(connection, github, wanted, 4), ["acme/app"]))
        yield Planned(connection, world)


# Where a job that no other needs ends by chance just before another is queued, the times mislead.
MISLEADING = "sparse"


def test_the_path_and_the_gain_of_each_job_are_those_of_its_needs(planned: Planned) -> None:
    truth = planned.truth()
    for row in ask(planned.connection, "critical_jobs", SCOPE).rows:
        parts = truth.pop((row["workflow"], row["job"]))
        assert row["runs"] == len(parts)
        true_hours = sum(part.gain_seconds for part in parts) / 3_600
        hours_of_pushes = sum(part.gain_seconds for part in parts if part.is_of_push) / 3_600
        # A gain is a lower bound, but for clocks that differ by a second.
        assert float(row["gain_hours"]) <= true_hours + 0.1
        if row["workflow"] != MISLEADING:
            on_path = sum(part.is_on_path for part in parts)
            assert row["runs_on_path"] == pytest.approx(on_path, abs=2)
            median = statistics.median(part.gain_seconds for part in parts)
            assert row["gain_p50_seconds"] == pytest.approx(median, abs=2)
            assert float(row["gain_hours"]) == pytest.approx(true_hours, abs=0.1)
            assert float(row["push_gain_hours"]) == pytest.approx(hours_of_pushes, abs=0.1)
    assert not truth


@pytest.mark.parametrize("question", ["critical_jobs", "what_if"])
def test_jobs_that_hold_up_commits_come_before_those_of_a_longer_nightly(
    connection: Connection, question: str
) -> None:
    runs = [
        a_run(1, seconds=9_000, workflow_id=1, event_type="schedule"),
        a_run(2, seconds=600, workflow_id=2, event_type="push"),
    ]
    jobs = [a_job(runs[0], name="benchmark"), a_job(runs[1], name="build")]
    upsert(connection, runs)
    upsert(connection, jobs)
    rows = ask(connection, question, MONTH.scope([7])).rows
    assert [row["job"] for row in rows] == ["build", "benchmark"]


def test_gains_are_precise_enough_to_be_shown_in_minutes(planned: Planned) -> None:
    rows = ask(planned.connection, "critical_jobs", SCOPE).rows
    assert any(row["gain_hours"] != round(row["gain_hours"], 1) for row in rows)


def test_the_table_in_the_docs_is_this_one(planned: Planned) -> None:
    page = (ROOT / "docs" / "accuracy.md").read_text(encoding="utf-8")
    section = page.partition("## Critical paths")[2].partition("\n## ")[0]
    _, *lines = re.findall(r"^\| (.*) \|$", section, re.MULTILINE)
    truth = planned.truth()
    assert lines == [
        " | ".join(
            [
                row["workflow"],
                row["job"],
                str(row["runs"]),
                str(sum(part.is_on_path for part in truth[row["workflow"], row["job"]])),
                str(row["runs_on_path"]),
                f"{sum(p.gain_seconds for p in truth[row['workflow'], row['job']]) / 3_600:.1f}",
                f"{row['gain_hours']:.1f}",
            ]
        )
        for row in sorted(
            ask(planned.connection, "critical_jobs", SCOPE).rows,
            key=lambda row: (row["workflow"], row["job"]),
        )
    ]


@pytest.mark.parametrize("speed", [0.5, 0.8, 1.5, 4.0])
def test_another_runner_changes_the_end_of_runs_as_the_needs_say(
    planned: Planned, speed: float
) -> None:
    truth = planned.truth(speed)
    answer = what_if(planned.connection, SCOPE, None, "linux_4_core", speed)
    for row in answer.rows:
        parts = truth.pop((row["workflow"], row["job"]))
        if row["workflow"] != MISLEADING:
            hours = sum(part.gain_seconds for part in parts) / 3_600
            assert float(row["saved_hours"]) == pytest.approx(hours, abs=0.1), row
            hours = sum(part.gain_seconds for part in parts if part.is_of_push) / 3_600
            assert float(row["push_saved_hours"]) == pytest.approx(hours, abs=0.1), row
    assert not truth


def test_the_bill_of_another_runner_is_computed_again(planned: Planned) -> None:
    jobs = planned.connection.execute(
        "select * from job_costs where workflow = 'stages' and job_base = 'windows'"
    ).fetchall()
    # Two cores of Windows cost 0.010 dollars a minute in 2026, four cores of Linux 0.012.
    assert {row["started_on"].year for row in jobs} == {2026}
    before = sum(-(-row["duration_seconds"] // 60) for row in jobs) * Decimal("0.010")
    after = sum(math.ceil(row["duration_seconds"] / 1.5 / 60) for row in jobs) * Decimal("0.012")
    for runner in ("linux_4_core", "Ubuntu-Latest", "unheard-of"):
        (row,) = (row for row in what_if(planned.connection, SCOPE, "windows", runner, 1.5).rows)
        assert (row["list_cost_usd"], row["unpriced_jobs"]) == (before, 0)
        expected = {"linux_4_core": after, "Ubuntu-Latest": after / 2}.get(runner)
        assert row["list_cost_usd_after"] == expected
        if expected is None:
            assert row["usd_per_saved_hour"] is None
        else:
            hours = (expected - before) / row["usd_per_saved_hour"]
            assert float(hours) == pytest.approx(float(row["saved_hours"]), abs=0.06)


@pytest.mark.parametrize(
    ("is_private", "runner", "before", "after"),
    [
        (True, "ubuntu-24.04-arm", "0.054", "0.045"),
        (None, "linux_arm", "0.054", "0.045"),
        (False, "ubuntu-24.04-arm", "0", "0"),
        (False, "linux_4_core", "0", "0.108"),
    ],
)
def test_a_standard_runner_is_free_in_a_public_repository_after_a_change_too(
    connection: Connection, is_private: bool | None, runner: str, before: str, after: str
) -> None:
    load_runner_prices(connection)
    run = a_run(1, is_private=is_private)
    upsert(connection, [run])
    upsert(connection, [a_job(run, completed_at=run.started_at + timedelta(seconds=545))])
    connection.execute("update workflow_runs set jobs_listed_at = updated_at")
    (row,) = what_if(connection, MONTH.scope([7]), None, runner, 1).rows
    assert (row["list_cost_usd"], row["list_cost_usd_after"]) == (Decimal(before), Decimal(after))


def test_a_job_of_unknown_length_costs_nothing_known_on_either_runner(planned: Planned) -> None:
    jobs = planned.connection.execute(
        "select * from job_costs where workflow = 'stages' and job_base = 'windows' order by job_id"
    ).fetchall()
    odd, *others = jobs
    with planned.connection.transaction(force_rollback=True):
        planned.connection.execute(
            "update workflow_jobs set completed_at = null where job_id = %(job_id)s", odd
        )
        (row,) = what_if(planned.connection, SCOPE, "windows", "linux_4_core", 2.0).rows
    before = sum(-(-job["duration_seconds"] // 60) for job in others) * Decimal("0.010")
    after = sum(math.ceil(job["duration_seconds"] / 120) for job in others) * Decimal("0.012")
    assert (row["list_cost_usd"], row["list_cost_usd_after"]) == (before, after)
    hours = (after - before) / row["usd_per_saved_hour"]
    assert float(hours) == pytest.approx(float(row["saved_hours"]), abs=0.06)
    assert row["unpriced_jobs"] == 1


def test_a_job_that_no_run_has_is_named_with_the_nearest(planned: Planned) -> None:
    said = without_job(planned.connection, SCOPE, "Window", "linux_4_core")
    assert said.startswith("JOB: no run ") and said.endswith(
        " has a job Window; did you mean windows?"
    )


@pytest.mark.scenario
def test_make_what_if_takes_the_change_from_its_variables(dsn: str, launcher: Launcher) -> None:
    environ = {"DATABASE_URL": dsn, "TELEMETRY_JOB": "test", "TELEMETRY_SPEED": "0.5"}
    done = launcher.run("what_if", "--json", environ=environ)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["question"]["name"] == "what_if"
    assert answer["rows"] == []
    assert "no price list is stored yet" in done.stderr
    with open_connection(dsn) as connection:
        load_runner_prices(connection)
    assert "RUNNER" not in launcher.run("what_if", environ=environ).stderr
    for runner, hint in (("linux_5_core", "did you mean linux_"), ("my-own", "RUNNER_PRICES")):
        done = launcher.run("what_if", environ={**environ, "TELEMETRY_RUNNER": runner})
        assert done.returncode == 0
        assert f"no price of {runner} is known, so its costs are empty" in done.stderr
        assert hint in done.stderr
    assert "JOB: no run" in done.stderr and "leave JOB out to list all jobs" in done.stderr
    done = launcher.run("what_if", environ={**environ, "TELEMETRY_SPEED": "0"})
    assert done.returncode == 2
    assert "SPEED: '0' is not a number from 0.01 to 100" in done.stderr


def test_the_file_asks_about_each_job_on_a_runner_of_four_cores(planned: Planned) -> None:
    by_file = ask(planned.connection, "what_if", SCOPE).rows
    assert by_file == what_if(planned.connection, SCOPE, None, "linux_4_core", 2).rows
    assert len(by_file) == 20
