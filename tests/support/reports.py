"""Reports over rows made by hand."""

from datetime import datetime, timedelta
from typing import Any

from support.history import UNTIL, History
from support.rows import workflow_job, workflow_run, workflow_step
from telemetry.database.connection import Connection
from telemetry.database.upserts import upsert
from telemetry.report.data import Report, RepositoryReport
from telemetry.report.period import Period
from telemetry.report.reading import report
from telemetry.rows.jobs import WorkflowJob, WorkflowStep
from telemetry.rows.runs import Repository, WorkflowRun

MONTH = Period(UNTIL - timedelta(days=30), UNTIL)
# A database of a history, and the history.
Filled = tuple[Connection, History]

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


def known(connection: Connection, *numbers: int, days: int = 90) -> None:
    """Repositories ingested an hour ago and listed completely for the last `days` days."""
    upsert(connection, [Repository(n, f"acme/r{n}", "api.github.com") for n in numbers])
    connection.execute("update retention set keep = 'forever'")  # the month is long ago
    for number in numbers:
        connection.execute(
            "insert into windows (repository_id, created_from, created_to, listed_at, reported, "
            "seen, is_complete) select %(id)s, %(from)s, %(to)s, %(to)s, runs, runs, true from "
            "(select count(distinct github_run_id) as runs from workflow_runs "
            "where repository_id = %(id)s) as stored",
            {"id": number, "from": UNTIL - days * DAY, "to": UNTIL},
        )
        connection.execute(
            "insert into ingestions select %(id)s, %(at)s, %(at)s, 'complete', %(at)s, "
            "0, 0, 0, 0, 0, 0, 0, 0, 0",
            {"id": number, "at": UNTIL - HOUR},
        )


def whole(connection: Connection, of: Period = MONTH, now: datetime = UNTIL) -> Report:
    """The report of all that is stored, with the jobs of all attempts said to be stored."""
    connection.execute("update workflow_runs set jobs_listed_at = updated_at")
    return report(connection, of, now)


def single(shown: Report) -> RepositoryReport:
    """What a report of one repository says about it."""
    (found,) = shown.repositories
    return found


def a_run(number: int, days_ago: float = 1, seconds: int = 600, **changes: Any) -> WorkflowRun:
    """A run of repository 7, with its own commit, `days_ago` days before the end of the month."""
    created_at = UNTIL - days_ago * DAY
    values: dict[str, Any] = {
        "github_run_id": number,
        "repository_id": 7,
        "repository": "acme/r7",
        "commit_sha": f"c{number}",
        "created_at": created_at,
        "started_at": created_at,
        "completed_at": created_at + timedelta(seconds=seconds),
        "updated_at": created_at + timedelta(seconds=seconds),
        "duration_seconds": seconds,
        "html_url": f"https://github.com/acme/r7/actions/runs/{number}",
        **changes,
    }
    return workflow_run(**values)


def a_job(run: WorkflowRun, number: int = 0, **changes: Any) -> Any:
    """A job that ran as long as its run, from five seconds after it was queued."""
    values: dict[str, Any] = {
        "github_run_id": run.github_run_id,
        "run_attempt": run.run_attempt,
        "job_id": run.github_run_id * 100 + run.run_attempt * 10 + number,
        "conclusion": run.conclusion,
        "created_at": run.started_at,
        "started_at": run.started_at + timedelta(seconds=5),
        "completed_at": run.completed_at,
        **changes,
    }
    return workflow_job(**values)


def a_step(job: WorkflowJob, **changes: Any) -> WorkflowStep:
    """A step of this job, which ended as its job did."""
    return workflow_step(
        github_run_id=job.github_run_id,
        run_attempt=job.run_attempt,
        job_id=job.job_id,
        **{"conclusion": job.conclusion, **changes},
    )
