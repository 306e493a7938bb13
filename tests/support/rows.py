"""Valid rows, with what matters to a test changed."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from telemetry.rows.jobs import WorkflowJob, WorkflowStep
from telemetry.rows.llm import LlmCall
from telemetry.rows.runs import WorkflowRun

CREATED_AT = datetime(2026, 1, 5, 8, 0, 0, tzinfo=UTC)


RUN = WorkflowRun(
    github_run_id=1,
    run_attempt=1,
    repository_id=7,
    repository="acme/app",
    workflow_id=3,
    workflow_name="CI",
    workflow_path=".github/workflows/ci.yml",
    run_number=5,
    display_title="Fix the build",
    branch="main",
    commit_sha="0a1b2c",
    head_repository="acme/app",
    event_type="push",
    status="completed",
    conclusion="success",
    actor="dev-1",
    triggering_actor="dev-1",
    created_at=CREATED_AT,
    started_at=CREATED_AT,
    updated_at=CREATED_AT.replace(minute=10),
    completed_at=CREATED_AT.replace(minute=10),
    duration_seconds=600,
    html_url="https://github.com/acme/app/actions/runs/1",
)


JOB = WorkflowJob(
    github_run_id=1,
    run_attempt=1,
    job_id=11,
    name="build",
    status="completed",
    conclusion="success",
    created_at=CREATED_AT,
    started_at=CREATED_AT.replace(second=5),
    completed_at=CREATED_AT.replace(minute=9),
    labels=["ubuntu-latest"],
    runner_id=21,
    runner_name="GitHub Actions 21",
    runner_group_id=0,
    runner_group_name="GitHub Actions",
    html_url="https://github.com/acme/app/actions/runs/1/job/11",
    is_inherited=False,
    is_pseudo=False,
)


STEP = WorkflowStep(
    github_run_id=1,
    run_attempt=1,
    job_id=11,
    number=1,
    name="Set up job",
    status="completed",
    conclusion="success",
    started_at=CREATED_AT.replace(second=5),
    completed_at=CREATED_AT.replace(second=6),
)


CALL = LlmCall(source="canonical", call_id="c1", timestamp=CREATED_AT, model="some-model")


def workflow_run(**changes: Any) -> WorkflowRun:
    """A valid row, with what matters to a test changed."""
    return replace(RUN, **changes)


def workflow_job(**changes: Any) -> WorkflowJob:
    """A valid row, a job of `workflow_run()`, with what matters to a test changed."""
    return replace(JOB, **changes)


def workflow_step(**changes: Any) -> WorkflowStep:
    """A valid row, a step of `workflow_job()`, with what matters to a test changed."""
    return replace(STEP, **changes)


def llm_call(**changes: Any) -> LlmCall:
    """A valid row, with what matters to a test changed."""
    return replace(CALL, **changes)
