"""Half a year of a large team's history, stored without the requests that would take hours.

The rows are read from the payloads of the simulated GitHub and stored as an ingest stores them.
"""

import json
import tempfile
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from telemetry.database.connection import Connection, execute
from telemetry.database.prices import load_llm_prices, load_runner_prices
from telemetry.database.upserts import as_json, upsert
from telemetry.github.pagination import Page
from telemetry.llm.finding import find_logs
from telemetry.llm.formats.readers import Defaults
from telemetry.llm.ingest import ingest_llm_calls
from telemetry.rows.runs import Repository, WorkflowRun
from telemetry.rows.workflows import Workflow
from telemetry.runs.job_lists import DueAttempt, JobLists
from telemetry.runs.jobs import JobsOfRun, store_jobs
from telemetry.simulated.entities import Repository as Simulated
from telemetry.simulated.entities import Run
from telemetry.simulated.llm_logs import write_llm_logs
from telemetry.simulated.month import DAY, Trouble, team_month
from telemetry.simulated.payloads import Payloads
from telemetry.simulated.world import World

DAYS = 180
# The share of all runs that each repository has.
REPOSITORIES = {"acme/app-1": 0.7, "acme/app-2": 0.1, "acme/app-3": 0.1, "acme/app-4": 0.1}
# Steps of all jobs of half a year would take most of the time. Older ones are only of failed jobs.
DAYS_OF_STEPS = 31
DAYS_OF_CALLS = 30
DAYS_SLOWER = 20
RUNS_TOGETHER = 500


@dataclass(frozen=True)
class Filled:
    """The numbers of rows in the database."""

    attempts: int
    jobs: int
    llm_calls: int

    def __str__(self) -> str:
        return f"{self.attempts:,} attempts, {self.jobs:,} jobs"


def fill(connection: Connection, runs: int, until: datetime) -> Filled:
    """Store about `runs` runs of the 180 days before `until`, their jobs, steps and LLM calls.

    The same arguments store the same rows.
    """
    load_runner_prices(connection)
    load_llm_prices(connection)
    a_day = {name: runs * share / DAYS for name, share in REPOSITORIES.items()}
    slower = {name: Trouble(slower=DAYS_SLOWER) for name in REPOSITORIES}
    world = team_month(1, until, slower, days=DAYS, runs_per_day=a_day)
    for repository in world.repositories:
        repository.private = True  # so that its minutes cost something
        for run in world.open_runs(repository):
            world.finish(run)
    attempts, jobs = store_world(connection, world)
    calls = _store_calls(connection, world)
    execute(connection, "schema/analyze")
    return Filled(attempts, jobs, calls)


def store_world(
    connection: Connection, world: World, days_of_steps: int = DAYS_OF_STEPS
) -> tuple[int, int]:
    """Store all runs of a world that have ended; returns how many attempts and jobs these are.

    Steps are those of the last days, and of all failed jobs.
    """
    payloads = Payloads(world)
    steps_since = world.second - days_of_steps * DAY
    attempts = jobs = 0
    for repository in world.repositories:
        _describe(connection, payloads, repository)
        for start in range(0, len(repository.runs), RUNS_TOGETHER):
            some = repository.runs[start : start + RUNS_TOGETHER]
            stored = [_attempts(payloads, repository, run) for run in some]
            attempts += upsert(connection, [row for rows in stored for row in rows]).inserted
            listed = [
                _jobs(payloads, repository, run, rows, steps_since)
                for run, rows in zip(some, stored, strict=True)
            ]
            jobs += store_jobs(connection, listed, world.now).jobs.inserted
    return attempts, jobs


def _describe(connection: Connection, payloads: Payloads, repository: Simulated) -> None:
    """Store the repository, its workflows and the windows of its runs, one a day."""
    now = payloads.world.now
    upsert(connection, [Repository.from_api(payloads.repository(repository), "api.github.com")])
    workflows = [payloads.workflow(repository, each) for each in repository.workflows]
    upsert(connection, [Workflow.from_api(each, repository.id) for each in workflows])
    first = datetime.fromtimestamp(repository.runs[0].created_at, UTC)
    days = Counter(run.created_at // DAY for run in repository.runs)
    windows = [
        {
            "repository_id": repository.id,
            "created_from": max(start, first),
            "created_to": min(start + timedelta(days=1), now + timedelta(seconds=1)),
            "reported": days[day],
            "seen": days[day],
            "listed_at": now,
            "is_complete": True,
        }
        for day in range(min(days), max(days) + 1)
        if (start := datetime.fromtimestamp(day * DAY, UTC))
    ]
    execute(connection, "runs/record_windows", {"rows": as_json(windows)})


def _attempts(payloads: Payloads, repository: Simulated, run: Run) -> list[WorkflowRun]:
    created_at = datetime.fromtimestamp(run.created_at, UTC)
    return [
        WorkflowRun.from_attempt(json.loads(payloads.run(repository, run, attempt)), created_at)
        for attempt in run.attempts
        if attempt.updated_at <= payloads.world.second
    ]


def _jobs(
    payloads: Payloads,
    repository: Simulated,
    run: Run,
    attempts: list[WorkflowRun],
    steps_since: int,
) -> JobsOfRun:
    """Return the jobs of these attempts, as an ingest reads them from one list.

    `steps_since` is the second since 1970 from which on runs have all their steps.
    """
    due = {
        row.run_attempt: DueAttempt(row.run_attempt, row.started_at, row.conclusion)
        for row in attempts
    }
    has_steps = run.created_at >= steps_since
    items = [
        payloads.job(repository, run, job, steps=has_steps or job.conclusion == "failure")
        for attempt in run.attempts
        if attempt.number in due
        for job in payloads.world.jobs(run, attempt)
    ]
    found = JobLists(run.id, due)
    found.read([Page(items, len(items), 1, 100, None)])
    return JobsOfRun.of(found)


def _store_calls(connection: Connection, world: World) -> int:
    """Store the LLM calls of the last days, from the logs that their tools write."""
    begin = world.now - timedelta(days=DAYS_OF_CALLS)
    recent = (
        attempt
        for repository in world.repositories
        for attempt in world.attempts(repository)
        if attempt.created_at >= begin
    )
    with tempfile.TemporaryDirectory(prefix="telemetry-bench-") as folder:
        write_llm_logs(recent, Path(folder), seed=1)
        logs = find_logs([folder])
        done = ingest_llm_calls(connection, logs, Defaults(), now=lambda: world.now)
    return done.inserted
