"""Each rule of sql/checks holds in every world that is right, and has a row that breaks it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from support.checks import broken_rules
from support.clients import client
from support.commands import Launcher
from support.databases import rolled_back
from support.history import UNTIL, make_history, store
from support.jobs import recorded_jobs
from support.paths import ROOT
from support.rows import llm_call, workflow_job, workflow_run, workflow_step

from telemetry.database.checks import FOLDER, check
from telemetry.database.connection import SQL, Connection, execute, open_connection
from telemetry.database.questions import questions
from telemetry.database.upserts import upsert
from telemetry.rows.jobs import WorkflowJob, WorkflowStep
from telemetry.rows.prices import LlmPrice, RunnerLabel, RunnerPrice
from telemetry.rows.runs import Repository
from telemetry.rows.workflows import Workflow
from telemetry.runs.ingest import ingest
from telemetry.runs.request import Tools, Wanted
from telemetry.simulated.month import team_month
from telemetry.simulated.server import Simulator

NAMES = sorted(path.stem for path in (SQL / FOLDER).glob("*.sql"))
MINUTE = timedelta(minutes=1)
RUN = workflow_run()


def known(connection: Connection, *ids: int) -> None:
    """Store repositories, as each ingest does first."""
    upsert(connection, [Repository(each, f"acme/r{each}", "api.github.com") for each in ids])


# Worlds in which every rule holds.


def test_the_rules_hold_in_a_made_up_history_without_traps(connection: Connection) -> None:
    known(connection, 7, 8)
    store(connection, make_history(3, days=20, traps=False))
    assert broken_rules(connection) == {}


@pytest.mark.scenario
def test_of_all_traps_only_jobs_that_last_for_days_break_a_rule(connection: Connection) -> None:
    """Clocks that differ by a second, missing times and missing names break none."""
    history = make_history(5, days=40, runs_per_day=5)
    known(connection, 7, 8)
    store(connection, history)
    too_long = [
        job
        for job in history.jobs
        if job.runner_id is not None
        and not job.is_inherited
        and not job.is_pseudo
        and job.conclusion != "skipped"
        and job.started_at
        and job.completed_at
        and job.completed_at - job.started_at
        > timedelta(hours=24 if job.runner_group_name == "GitHub Actions" else 120)
    ]
    assert broken_rules(connection) == {"jobs_that_ended_have_a_length": len(too_long)}
    assert too_long


@pytest.mark.scenario
def test_the_rules_hold_in_a_simulated_month_that_is_ingested_twice(
    dsn: str, connection: Connection
) -> None:
    names = ["acme/app", "acme/site"]
    world = team_month(5, datetime(2026, 3, 2, tzinfo=UTC), names, runs_per_day=4, days_ahead=6)
    simulated = Simulator(world)
    with client(simulated) as github:
        for _ in range(2):
            wanted = Wanted(since=None, horizon=world.now - timedelta(days=180))
            list(ingest(Tools(connection, github, wanted, 4), names))
            assert broken_rules(connection) == {}
            world.advance(timedelta(days=3))
    (stored,) = connection.execute("select count(*) as jobs from workflow_jobs").fetchall()
    assert stored["jobs"] > 1_000


def test_the_recorded_quirks_of_github_break_no_rule(
    connection: Connection, recorded: Path
) -> None:
    known(connection, 7)
    seen = 0
    for path in sorted((recorded / "github").glob("*jobs*.json")):
        payloads = recorded_jobs(recorded, path.stem)
        for number in {(each["run_id"], each.get("run_attempt", 1)) for each in payloads}:
            of_attempt = [
                each
                for each in payloads
                if (each["run_id"], each.get("run_attempt", 1)) == number
                and each.get("status") == "completed"
            ]
            seen += _stored_with_its_attempt(connection, number, of_attempt)
    assert seen > 70
    assert broken_rules(connection) == {}


def _stored_with_its_attempt(
    connection: Connection, number: tuple[int, int], payloads: list[dict[str, Any]]
) -> int:
    """Store the jobs of one attempt, which begins with the first that ran, a second too late."""
    of_ours = [WorkflowJob.from_api(each, None) for each in payloads]
    starts = [job.started_at for job in of_ours if job.runner_id and job.started_at]
    if not starts:
        return 0
    started_at = min(starts) + timedelta(seconds=1)
    jobs = [WorkflowJob.from_api(each, started_at) for each in payloads]
    if number[1] == 1:
        jobs = [replace(job, is_inherited=False) for job in jobs]
    run_id, attempt = number
    changes = {"github_run_id": run_id, "run_attempt": attempt, "run_number": run_id}
    upsert(
        connection,
        [
            workflow_run(
                **changes,
                created_at=started_at,
                started_at=started_at,
                completed_at=None,
                duration_seconds=None,
            )
        ],
    )
    upsert(connection, jobs)
    steps = [
        WorkflowStep.from_api(step, job)
        for job, payload in zip(jobs, payloads, strict=True)
        for step in payload.get("steps") or ()
    ]
    upsert(connection, steps)
    keys = {"github_run_ids": [run_id], "run_attempts": [attempt], "listed_at": UNTIL}
    execute(connection, "runs/record_jobs_listed", keys)
    return len(jobs)


# One row, or one edit of a view, that breaks each rule, and no other.


@pytest.fixture(scope="module")
def database_of_small(new_database: Callable[[str], str], migrated: str) -> Iterator[Connection]:
    with open_connection(new_database(migrated)) as opened:
        store_small(opened)
        yield opened


@pytest.fixture
def small(database_of_small: Connection) -> Iterator[Connection]:
    """A database with the small world, as it was before each test."""
    with rolled_back(database_of_small) as opened:
        yield opened


def store_small(connection: Connection) -> None:
    """A run that failed and was run again, with jobs, steps, a call, prices and a window."""
    known(connection, 7)
    again = RUN.created_at + 60 * MINUTE
    first = workflow_run(conclusion="failure")
    second = workflow_run(
        run_attempt=2,
        started_at=again,
        completed_at=again + 9 * MINUTE,
        updated_at=again + 9 * MINUTE,
        duration_seconds=540,
    )
    upsert(connection, [first, second])
    upsert(connection, [Workflow(3, 7, "CI", ".github/workflows/ci.yml", "active")])
    of_second = workflow_job(
        run_attempt=2,
        job_id=12,
        created_at=again,
        started_at=again,
        completed_at=again + 9 * MINUTE,
    )
    inherited = workflow_job(run_attempt=2, job_id=13, name="lint", is_inherited=True)
    upsert(connection, [workflow_job(conclusion="failure"), of_second, inherited])
    upsert(connection, [workflow_step(), workflow_step(number=2, conclusion="failure")])
    upsert(connection, [RunnerLabel("ubuntu-latest", "linux")])
    upsert(connection, [RunnerPrice("linux", date(2026, 1, 1), Decimal("0.006"), "a page")])
    price = LlmPrice("some-model", datetime(2026, 1, 1, tzinfo=UTC), Decimal(3), Decimal(15))
    upsert(connection, [price])
    upsert(connection, [llm_call(input_tokens=1_000, output_tokens=100, github_run_id=1)])
    connection.execute(
        "insert into windows values (7, '2026-01-05', '2026-01-06', 1, 1, '2026-01-06', true)"
    )
    connection.execute(
        "insert into ingestions (repository_id, started_at, finished_at, outcome, since, fetched,"
        " inserted, updated, unchanged, not_completed, unreadable, cut, requests, not_modified)"
        " values (7, '2026-01-06', '2026-01-06', 'complete', '2026-01-05',"
        " 1, 1, 0, 0, 0, 0, 0, 1, 0)"
    )
    keys = {"github_run_ids": [1, 1], "run_attempts": [1, 2], "listed_at": UNTIL}
    execute(connection, "runs/record_jobs_listed", keys)


def only(view: str, condition: str) -> str:
    """An edit of a view that loses rows; what stands on the view goes on with fewer."""
    return (
        f"alter view {view} rename to whole_{view};"
        f"create view {view} as select * from whole_{view} where {condition}"
    )


UNRULED = "alter table llm_calls drop constraint llm_calls_reasoning_is_within_output;"

MUTATIONS = {
    "attempts_end_with_their_last_job": "update workflow_runs set completed_at = completed_at"
    " + interval '1 hour', duration_seconds = duration_seconds + 3600 where run_attempt = 1",
    "attempts_last_from_start_to_end": "update workflow_runs set duration_seconds = 541"
    " where run_attempt = 2",
    "attempts_of_a_run_agree": "update workflow_runs set created_at = created_at"
    " - interval '1 second' where run_attempt = 2",
    "attempts_start_in_order": "update workflow_runs set started_at = '2026-01-05 09:30',"
    " duration_seconds = 0 where run_attempt = 1;"
    " update workflow_jobs set created_at = '2026-01-05 09:30', started_at = '2026-01-05 09:30',"
    " completed_at = '2026-01-05 09:30' where run_attempt = 1;"
    " update workflow_steps set completed_at = started_at;"
    " update workflow_runs set completed_at = '2026-01-05 09:30' where run_attempt = 1",
    "conclusions_are_known": "update workflow_jobs set conclusion = 'exploded' where job_id = 12",
    "every_attempt_counts_once": only("attempts", "conclusion <> 'failure'"),
    "every_failure_has_one_cause": only("failure_causes", "job_base <> 'build'"),
    "every_job_has_one_cost": only("job_costs", "conclusion <> 'failure'"),
    "every_llm_call_has_one_cost": only("llm_calls_priced", "output_tokens <> 100"),
    "first_attempts_inherit_no_jobs": "insert into workflow_jobs (github_run_id, run_attempt,"
    " job_id, is_inherited) values (1, 1, 14, true)",
    "ingests_add_up": "update ingestions set fetched = 2",
    "jobs_run_forwards": "update workflow_jobs set created_at = started_at + interval '61 seconds'"
    " where job_id = 12",
    "jobs_start_within_their_attempt": "update workflow_jobs set created_at = '2026-01-05 08:50',"
    " started_at = '2026-01-05 08:50' where job_id = 12",
    "jobs_that_ended_have_a_length": "insert into workflow_jobs (github_run_id, run_attempt,"
    " job_id, runner_id, runner_group_name, started_at, completed_at) values (1, 1, 14, 1,"
    " 'GitHub Actions', '2026-01-05 08:00', '2026-01-06 08:01');"
    " update workflow_runs set completed_at = '2026-01-06 08:01', duration_seconds = 86460"
    " where run_attempt = 1",
    "jobs_that_ran_are_listed_once": "update workflow_jobs set job_id = 11 where job_id = 12",
    "llm_costs_lie_within_their_bounds": "update llm_prices set regional_factor = 0.5",
    "llm_tokens_lie_within_their_total": UNRULED + "update llm_calls set reasoning_tokens = 101",
    "missing_attempts_are_not_stored": "insert into missing_attempts values"
    " (1, 1, 7, '2026-01-06')",
    "open_runs_have_not_ended": "insert into open_runs (github_run_id, run_attempt, repository_id,"
    " created_at) values (1, 2, 7, '2026-01-05')",
    "rows_belong_to_a_repository": "update windows set repository_id = 8",
    "runner_labels_have_a_price": "insert into runner_labels values ('big', 'linux_9_core', 1)",
    "steps_fit_into_their_job": "update workflow_steps set completed_at = '2026-01-05 08:12'"
    " where number = 2",
    "windows_do_not_overlap": "insert into windows values"
    " (7, '2026-01-05 23:59', '2026-01-07', 0, 0, '2026-01-07', true)",
    "workflow_names_are_unique": "insert into workflows (workflow_id, repository_id, name, path)"
    " values (4, 7, 'CI', 'other/ci.yml'), (5, 7, 'CI (other/ci.yml)', 'third.yml')",
}


def test_each_rule_has_a_row_that_breaks_it() -> None:
    assert MUTATIONS.keys() == {*NAMES}, "add what breaks the rule to MUTATIONS"


def test_no_rule_is_broken_before(small: Connection) -> None:
    assert broken_rules(small) == {}


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_broken_rule_is_found(small: Connection, name: str) -> None:
    small.execute(MUTATIONS[name])
    (found,) = [each for each in check(small) if not each.holds]
    assert (found.name, found.count) == (name, "1 row")
    assert found.rule and found.reading.count("A row is") == 1


# The files, the command, and what status says.


def test_each_rule_is_a_sentence() -> None:
    assert [rule.name for rule in questions(FOLDER) if not rule.title.endswith(".")] == []


def test_a_rule_looks_at_one_repository_if_asked(small: Connection) -> None:
    small.execute(MUTATIONS["attempts_last_from_start_to_end"])
    assert all(each.holds for each in check(small, repository_ids=[8]))
    assert all(each.holds for each in check(small, since=RUN.created_at + MINUTE))
    assert not all(each.holds for each in check(small, repository_ids=[7]))


@pytest.mark.scenario
def test_make_check_names_the_rows_and_fails(
    dsn: str, connection: Connection, launcher: Launcher
) -> None:
    store_small(connection)

    def run(*arguments: str) -> Any:
        script = ROOT / "scripts" / "check.py"
        return launcher.run(script, *arguments, environ={"DATABASE_URL": dsn})

    done = run()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"All {len(NAMES)} rules of the data hold.")
    connection.execute(MUTATIONS["attempts_last_from_start_to_end"])
    done = run()
    assert done.returncode == 4
    assert "attempts_last_from_start_to_end: broken by 1 row" in done.stdout
    done = run("--json", "--repo", "acme/r7", "--since", "2026-01-01")
    broken = [each for each in json.loads(done.stdout)["checks"] if not each["holds"]]
    assert done.returncode == 4
    assert [row["github_run_id"] for each in broken for row in each["rows"]] == [1]
    assert run("--since", "2026-02-01").returncode == 0
    done = run("--since", "2999-01-01")  # no row can break a rule then
    assert done.returncode == 2 and "SINCE: 2999-01-01 00:00 UTC is not before" in done.stderr
    done = run("--repo", "acme/other")
    assert done.returncode == 2 and "acme/other is not in this database" in done.stderr
