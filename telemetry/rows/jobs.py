"""The rows of jobs and steps, and how they are read from GitHub's answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from telemetry.rows import reading
from telemetry.rows.reading import (
    LONGEST_COUNT,
    UnreadableRow,
    required,
    shown,
    storable,
    wrong_value,
)


@dataclass(frozen=True)
class WorkflowJob:
    """One row of `workflow_jobs`: one job that GitHub lists under one attempt. Times are UTC."""

    github_run_id: int
    run_attempt: int
    job_id: int
    name: str | None
    status: str | None
    conclusion: str | None
    created_at: datetime | None
    started_at: datetime | None
    completed_at: datetime | None
    labels: list[str] | None
    runner_id: int | None
    runner_name: str | None
    runner_group_id: int | None
    runner_group_name: str | None
    html_url: str | None
    is_inherited: bool
    is_pseudo: bool

    @classmethod
    def from_api(
        cls, job: Any, attempt_started_at: datetime | None, run_attempt: int = 1
    ) -> "WorkflowJob":
        """Return the job in a list of jobs or in an answer of `GET /actions/jobs/{id}`.

        `attempt_started_at` is the start of the attempt that lists the job: a job that ended before
        it was carried over from an earlier attempt (reported in tenstorrent/tt-metal issue 12010).
        A first attempt has none of those: a short job in it ends before the start because GitHub's
        times differ by seconds (recorded).
        `run_attempt` is used if the payload has none.

        Raises UnreadableRow if id or run_id is missing, or a value has the wrong type.
        """
        payload = reading.mapping(job, "job")
        attempt = reading.attempt(payload)
        number = run_attempt if attempt is None else attempt
        completed_at = reading.moment(payload, "completed_at")
        labels = _labels(payload)
        runner_id = reading.integer(payload, "runner_id")
        runner_name = reading.text(payload, "runner_name")
        # Without a runner, GitHub sends null for all of these, or 0 and "".
        has_runner = bool(runner_id or runner_name)
        return cls(
            github_run_id=required(reading.integer(payload, "run_id"), payload, "job", "run_id"),
            run_attempt=number,
            job_id=required(reading.integer(payload, "id"), payload, "job", "id"),
            name=reading.text(payload, "name"),
            status=reading.text(payload, "status"),
            conclusion=reading.text(payload, "conclusion"),
            created_at=reading.moment(payload, "created_at"),
            started_at=reading.moment(payload, "started_at"),
            completed_at=completed_at,
            labels=labels,
            runner_id=runner_id if has_runner else None,
            runner_name=runner_name if has_runner else None,
            runner_group_id=reading.integer(payload, "runner_group_id") if has_runner else None,
            runner_group_name=reading.text(payload, "runner_group_name") if has_runner else None,
            html_url=reading.text(payload, "html_url"),
            is_inherited=bool(
                number > 1
                and completed_at
                and attempt_started_at
                and completed_at < attempt_started_at
            ),
            is_pseudo=not (has_runner or labels or payload.get("steps")) and _is_check_run(payload),
        )


@dataclass(frozen=True)
class WorkflowStep:
    """One row of `workflow_steps`: one step of a job. Times are UTC."""

    github_run_id: int
    run_attempt: int
    job_id: int
    number: int
    name: str | None
    status: str | None
    conclusion: str | None
    started_at: datetime | None
    completed_at: datetime | None

    @classmethod
    def from_api(cls, step: Any, job: WorkflowJob) -> "WorkflowStep":
        """Return the step in the payload of its job.

        Raises UnreadableRow if its number is missing, or a value has the wrong type.
        """
        payload = reading.mapping(step, f"step of job {job.job_id}")
        # A step has no id; this one identifies it in errors.
        payload = {**payload, "id": f"step {shown(payload.get('number'))} of job {job.job_id}"}
        number = reading.integer(payload, "number", LONGEST_COUNT)
        if number is None:
            raise UnreadableRow(f"{payload['id']}: number is missing")
        return cls(
            github_run_id=job.github_run_id,
            run_attempt=job.run_attempt,
            job_id=job.job_id,
            number=number,
            name=reading.text(payload, "name"),
            status=reading.text(payload, "status"),
            conclusion=reading.text(payload, "conclusion"),
            started_at=reading.moment(payload, "started_at"),
            completed_at=reading.moment(payload, "completed_at"),
        )


def _is_check_run(job: Mapping[str, Any]) -> bool:
    """Whether an item without runner, labels and steps is a third-party check run, not a job.

    GitHub lists check runs that were made with a workflow's token among its jobs. A real job
    without runner, labels and steps was skipped, cancelled before it started, or could not be set
    up. It never succeeds, and its page is below the run's (both seen in recorded answers; before
    2022 jobs and check runs had the same form of page).
    """
    if job.get("status") != "completed":
        return False
    conclusion, page = job.get("conclusion"), job.get("html_url")
    elsewhere = page is not None and "/actions/runs/" not in page
    return conclusion == "success" or (conclusion != "skipped" and elsewhere)


def _labels(job: Mapping[str, Any]) -> list[str] | None:
    value = job.get("labels")
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(label, str) for label in value):
        raise wrong_value(job, "labels", "a list of texts")
    return [storable(label) for label in value]
