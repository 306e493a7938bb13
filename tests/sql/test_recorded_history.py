"""Questions about a real history, computed again from GitHub's answers as they were recorded.

The jobs of a nightly workflow in a year, one a run, and a third of their runs. The other runs are
completed from their jobs.
"""

import gzip
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import pytest
from support.checks import broken_rules

from telemetry.database.connection import Connection, execute, open_connection
from telemetry.database.questions import Scope, ask
from telemetry.database.upserts import upsert
from telemetry.rows.jobs import WorkflowJob, WorkflowStep
from telemetry.rows.runs import Repository, WorkflowRun

SINCE, UNTIL = datetime(2023, 1, 1, tzinfo=UTC), datetime(2024, 3, 1, tzinfo=UTC)

Payload = dict[str, Any]


@pytest.fixture(scope="module")
def jobs(recorded: Path) -> list[Payload]:
    return _read(recorded, "ionic_jobs_296")


@pytest.fixture(scope="module")
def runs(recorded: Path, jobs: list[Payload]) -> list[Payload]:
    found = _read(recorded, "ionic_runs_101")
    known = {(run["id"], run["run_attempt"]) for run in found}
    for job in jobs:
        if (job["run_id"], job["run_attempt"]) not in known:
            changes = {name: job[name] for name in ("run_attempt", "head_sha", "conclusion")}
            moment = job["created_at"]
            times = {"created_at": moment, "run_started_at": moment, "updated_at": moment}
            found.append({**found[0], **changes, **times, "id": job["run_id"]})
    return found


@pytest.fixture(scope="module")
def stored(
    new_database: Callable[[str], str], migrated: str, runs: list[Payload], jobs: list[Payload]
) -> Iterator[Connection]:
    attempts = {(run["id"], run["run_attempt"]): WorkflowRun.from_api(run) for run in runs}
    repository_id = runs[0]["repository"]["id"]
    rows = [
        (payload, attempts[payload["run_id"], payload["run_attempt"]].started_at)
        for payload in jobs
    ]
    made = [WorkflowJob.from_api(payload, started_at) for payload, started_at in rows]
    with open_connection(new_database(migrated)) as opened:
        upsert(opened, [Repository(repository_id, "acme/app", "h")])
        upsert(opened, attempts.values())
        upsert(opened, made)
        steps = [
            WorkflowStep.from_api(step, job)
            for payload, job in zip(jobs, made, strict=True)
            for step in payload["steps"]
        ]
        upsert(opened, steps)
        listed = {
            "github_run_ids": [payload["run_id"] for payload in jobs],
            "run_attempts": [payload["run_attempt"] for payload in jobs],
            "listed_at": UNTIL,
        }
        execute(opened, "runs/record_jobs_listed", listed)
        yield opened


def _read(recorded: Path, name: str) -> list[Payload]:
    content = (recorded / "github" / "history" / f"{name}.json.gz").read_bytes()
    found: list[Payload] = json.loads(gzip.decompress(content))
    return found


def asked(connection: Connection, name: str) -> list[Payload]:
    return [dict(row) for row in ask(connection, name, Scope(SINCE, UNTIL)).rows]


def seconds(of: Payload, start: str = "started_at", end: str = "completed_at") -> int:
    """Whole seconds between two moments of a payload, whatever their zones; never below 0."""
    moments = [datetime.fromisoformat(of[name].replace("Z", "+00:00")) for name in (start, end)]
    return max(0, int((moments[1] - moments[0]).total_seconds()))


def executed(jobs: list[Payload]) -> list[Payload]:
    """Those that a runner took: what is carried over from an earlier attempt has runner 0."""
    return [job for job in jobs if job["runner_id"] and job["conclusion"] != "skipped"]


def in_minutes(total: int) -> float:
    """As PostgreSQL rounds: halves go up."""
    return (10 * total + 3) // 6 / 100


def test_what_ran_and_for_how_long(stored: Connection, jobs: list[Payload]) -> None:
    ran = executed(jobs)
    waits = [seconds(job, "created_at", "started_at") for job in ran]
    (totals,) = asked(stored, "totals")
    assert totals["jobs"] == len(ran) == 263
    assert float(totals["job_minutes"]) == in_minutes(sum(map(seconds, ran))) == 498.78
    assert totals["queue_p50_seconds"] == median(waits) == 6
    assert totals["queue_p90_seconds"] == round(quantiles(waits, n=10, method="inclusive")[8])
    (queue,) = asked(stored, "queue_times")
    assert (queue["jobs"], queue["held"], queue["over_a_minute"], max(waits)) == (263, 0, 0, 19)


def test_how_the_first_attempts_ended(stored: Connection, runs: list[Payload]) -> None:
    (totals,) = asked(stored, "totals")
    first = [run for run in runs if run["run_attempt"] == 1 and run["conclusion"] != "skipped"]
    assert totals["runs"] == len(first) > 250
    assert totals["succeeded"] == sum(run["conclusion"] == "success" for run in first)
    red = ("failure", "timed_out", "startup_failure")
    assert totals["decided"] - totals["succeeded"] == sum(run["conclusion"] in red for run in first)


def test_the_slowest_job(stored: Connection, jobs: list[Payload]) -> None:
    (slowest,) = asked(stored, "slowest_jobs")
    ran = executed(jobs)
    green = [seconds(job) for job in ran if job["conclusion"] == "success"]
    assert slowest["job"] == "build-core-with-stencil-nightly"
    assert slowest["jobs"] == len(ran)
    assert slowest["p50_seconds"] == round(median(green))
    assert slowest["p95_seconds"] == round(quantiles(green, n=20, method="inclusive")[18])
    assert float(slowest["total_minutes"]) == in_minutes(sum(map(seconds, ran)))


def test_the_failing_job_and_its_steps(stored: Connection, jobs: list[Payload]) -> None:
    red = [job for job in executed(jobs) if job["conclusion"] == "failure"]
    decided = [job for job in executed(jobs) if job["conclusion"] in ("success", "failure")]
    (failing,) = asked(stored, "failing_jobs")
    assert (failing["failures"], failing["executions"]) == (len(red), len(decided))
    assert failing["commits"] == len({job["head_sha"] for job in red})
    first_steps = defaultdict(int)
    for job in red:
        failed = [step["name"] for step in job["steps"] if step["conclusion"] == "failure"]
        first_steps[failed[0] if failed else None] += 1
    assert {row["step"]: row["failures"] for row in asked(stored, "failing_steps")} == first_steps


def test_the_time_of_the_steps(stored: Connection, jobs: list[Payload]) -> None:
    lengths, green = defaultdict(list), defaultdict(list)
    for job in executed(jobs):
        for step in job["steps"]:
            if step["started_at"] and step["completed_at"] and step["conclusion"] != "skipped":
                lengths[step["name"]].append(seconds(step))
                if step["conclusion"] == "success":
                    green[step["name"]].append(seconds(step))
    found = {row["step"]: row for row in asked(stored, "slowest_steps")}
    assert found.keys() == lengths.keys()
    for name, row in found.items():
        assert row["steps"] == len(lengths[name])
        assert float(row["total_minutes"]) == in_minutes(sum(lengths[name]))
        if green[name]:
            # Halves go up.
            assert row["p50_seconds"] == int(median(green[name]) + 0.5)


def test_the_rules_hold(stored: Connection) -> None:
    assert broken_rules(stored) == {}
