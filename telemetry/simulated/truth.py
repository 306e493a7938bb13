"""What a complete ingest stores of the simulated GitHub, computed without HTTP and JSON."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from telemetry.simulated.entities import Attempt, Repository, Run


@dataclass(frozen=True)
class TrueAttempt:
    """The true values of one attempt, named like the columns that store them. Times are UTC.

    `created_at` is the run's. `completed_at` is the end of the last job that really ran in the
    attempt (None if none ran or it is not over), `duration_seconds` the time until then.
    """

    github_run_id: int
    run_attempt: int
    repository_id: int
    repository: str
    workflow_id: int
    workflow_name: str | None
    workflow_path: str
    run_number: int
    display_title: str
    branch: str
    commit_sha: str
    head_repository: str | None
    event_type: str
    status: str
    conclusion: str | None
    actor: str | None
    triggering_actor: str | None
    created_at: datetime
    attempt_created_at: datetime
    started_at: datetime
    updated_at: datetime
    completed_at: datetime | None
    duration_seconds: int | None
    html_url: str
    is_private: bool
    actor_id: int | None
    triggering_actor_id: int | None


def true_attempt(
    repository: Repository, run: Run, attempt: Attempt, state: tuple[str, str | None, int]
) -> TrueAttempt:
    """Return the true values of an attempt with this status, conclusion and `updated_at`."""
    status, conclusion, updated_at = state
    started_at = datetime.fromtimestamp(attempt.started_at, UTC)
    length = None
    if status == "completed" and attempt.last_job_end is not None:
        length = attempt.last_job_end - attempt.started_at
    return TrueAttempt(
        github_run_id=run.id,
        run_attempt=attempt.number,
        repository_id=repository.id,
        repository=repository.full_name,
        workflow_id=run.workflow.id,
        workflow_name=run.name,
        workflow_path=run.workflow.path,
        run_number=run.number,
        display_title=run.title,
        branch=run.commit.branch,
        commit_sha=run.commit.sha,
        head_repository=head_repository_name(repository, run),
        event_type=run.event,
        status=status,
        conclusion=conclusion,
        actor=run.actor.login if run.actor else None,
        triggering_actor=attempt.actor.login if attempt.actor else None,
        created_at=datetime.fromtimestamp(run.created_at, UTC),
        attempt_created_at=datetime.fromtimestamp(attempt.created_at, UTC),
        started_at=started_at,
        updated_at=datetime.fromtimestamp(updated_at, UTC),
        completed_at=None if length is None else started_at + timedelta(seconds=length),
        duration_seconds=length,
        html_url=f"https://github.com/{repository.full_name}/actions/runs/{run.id}",
        is_private=repository.private,
        actor_id=run.actor.id if run.actor else None,
        triggering_actor_id=attempt.actor.id if attempt.actor else None,
    )


def head_repository_name(repository: Repository, run: Run) -> str | None:
    """Return the repository of the commit: this one, a fork, or None for a deleted fork."""
    if run.commit.fork_deleted:
        return None
    if run.commit.fork is None:
        return repository.full_name
    return f"{run.commit.fork.login}/{repository.full_name.partition('/')[2]}"
