"""Jobs of payloads as rows."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from support.history import History
from support.payloads import recorded_body
from telemetry.rows.jobs import WorkflowJob


def jobs_in(body: Any) -> list[dict[str, Any]]:
    """The jobs that a recorded body holds, whichever kind of body it is."""
    if isinstance(body, list):
        return [job for each in body for job in jobs_in(each)]
    if not isinstance(body, dict):
        return []
    body = body.get("payload", body)
    if "jobs" in body:
        return list(body["jobs"])
    if "workflow_job" in body:
        return [body["workflow_job"]]
    return [body] if "run_id" in body and "steps" in body else []


def recorded_jobs(recorded: Path, name: str) -> list[dict[str, Any]]:
    return jobs_in(recorded_body(recorded, name))


def rows(recorded: Path, name: str) -> list[WorkflowJob]:
    return [WorkflowJob.from_api(job, None) for job in recorded_jobs(recorded, name)]


SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


def executed(history: History) -> Iterator[tuple[WorkflowJob, int | None]]:
    """The jobs that ran, with their seconds; None where these are unknown."""
    stored = {(run.github_run_id, run.run_attempt) for run in history.runs}
    for job in history.jobs:
        ran = job.runner_id is not None and not job.is_inherited and not job.is_pseudo
        if not ran or job.conclusion == "skipped":
            continue
        assert (job.github_run_id, job.run_attempt) in stored
        if job.started_at is None or job.completed_at is None:
            yield job, None
            continue
        hours = 24 if job.runner_group_name == "GitHub Actions" else 120
        took = job.completed_at - job.started_at
        yield job, (max(0, int(took.total_seconds())) if took <= hours * HOUR else None)
