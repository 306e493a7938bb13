"""How much of a planned attempt, job or step is visible at a moment, in seconds since 1970."""

from collections.abc import Sequence
from dataclasses import replace

from telemetry.simulated.entities import Attempt, Job, Step


def seen_state(attempt: Attempt, jobs: Sequence[Job], now: int) -> tuple[str, str | None, int]:
    """Return status, conclusion and `updated_at` of an attempt whose visible jobs are `jobs`."""
    if attempt.updated_at <= now:
        updated_at = attempt.updated_at
        if attempt.touched_at is not None and attempt.touched_at <= now:
            updated_at = attempt.touched_at
        return "completed", attempt.conclusion, updated_at
    moments = [job.completed_at or job.started_at for job in jobs]
    updated_at = max([attempt.started_at, *moments])
    unfinished = [job for job in jobs if job.status != "completed"]
    if any(job.status == "in_progress" for job in unfinished):
        return "in_progress", None, updated_at
    if any(job.status == "waiting" for job in unfinished):
        return "waiting", None, updated_at
    begun = any(job.runner_id and not job.inherited for job in jobs)
    return ("in_progress" if begun else "queued"), None, updated_at


def seen_job(job: Job, now: int) -> Job:
    """Return a job that has been created, as it is shown now."""
    if job.ends_at <= now:
        return job
    if job.started_at <= now and job.runner_id:
        return replace(job, status="in_progress")
    # Recorded: for a job that waits for a runner, started_at equals created_at.
    return replace(
        job,
        status="waiting" if job.planned and job.planned.approval else "queued",
        started_at=job.created_at,
        runner_id=None,
    )


def seen_step(step: Step, now: int) -> Step:
    """Return a step of a job that is not over, as it is shown now."""
    if step.completed_at is not None and step.completed_at <= now:
        return step
    begun = step.started_at is not None and step.started_at <= now
    return replace(
        step,
        status="in_progress" if begun else "queued",
        conclusion=None,
        started_at=step.started_at if begun else None,
        completed_at=None,
    )
