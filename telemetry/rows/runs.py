"""Repositories and workflow runs as rows, and how a run is read from GitHub's answers."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from telemetry.rows import reading
from telemetry.rows.reading import LONGEST_NAME, UnreadableRow, required

# GitHub ends a run after 35 days, waits and approvals included ("Actions limits" reference).
LONGEST_RUN = timedelta(days=35)
# Earlier attempts are fetched up to this number: see sql/runs/pending_attempts.sql.
MOST_ATTEMPTS = 1_000
# The account that GitHub shows in place of deleted ones ("Deleting your personal account").
GHOST = "ghost"


@dataclass(frozen=True)
class Repository:
    """One row of `repositories`: a repository by its number."""

    repository_id: int
    repository: str
    api_host: str

    @classmethod
    def from_api(cls, repository: Any, api_host: str) -> "Repository":
        """Return the repository in an answer of GitHub or in a run. Raises UnreadableRow."""
        payload = reading.mapping(repository, "repository")
        return cls(
            repository_id=required(reading.integer(payload, "id"), payload, "repository", "id"),
            repository=required(
                reading.name(payload, "full_name"), payload, "repository", "full_name"
            ),
            api_host=api_host,
        )


@dataclass(frozen=True)
class Account:
    """One row of `accounts`: who causes runs, by a number that stays when the login changes."""

    account_id: int
    login: str


class UnreadableRun(UnreadableRow):
    """A run that cannot become a row; `created_at` (UTC) is None if that cannot be read either."""

    def __init__(self, text: str, run: Any) -> None:
        super().__init__(text)
        self.created_at: datetime | None = None
        with suppress(UnreadableRow):
            self.created_at = reading.moment(reading.mapping(run, "run"), "created_at")


@dataclass(frozen=True)
class WorkflowRun:
    """One row of `workflow_runs`: one attempt of a run. All times are UTC."""

    github_run_id: int
    run_attempt: int
    repository_id: int | None
    repository: str | None
    workflow_id: int | None
    workflow_name: str | None
    workflow_path: str | None
    run_number: int | None
    display_title: str | None
    branch: str | None = field(metadata={"max_length": LONGEST_NAME})
    commit_sha: str | None
    head_repository: str | None
    event_type: str | None = field(metadata={"max_length": 50})
    status: str | None
    conclusion: str | None
    actor: str | None
    triggering_actor: str | None
    created_at: datetime
    started_at: datetime | None
    updated_at: datetime | None
    completed_at: datetime | None
    duration_seconds: int | None
    html_url: str | None
    is_private: bool | None = None
    actor_id: int | None = None
    triggering_actor_id: int | None = None

    @classmethod
    def from_api(cls, run: Any) -> "WorkflowRun":
        """Return the latest attempt, from the run list or `GET /runs/{id}`.

        Their `created_at` is the run's, for every attempt (recorded: five days before the
        attempt's own). Use `from_attempt` for an answer of `/attempts/{n}`. `completed_at` is
        `updated_at`, the best estimate in a run: it is too late if GitHub changed the run
        afterwards, and None if it is later than a run can last.

        Raises UnreadableRow if id or created_at is missing, or a value has the wrong type.
        """
        payload = reading.mapping(run, "run")
        created_at = required(reading.moment(payload, "created_at"), payload, "run", "created_at")
        return cls._of(payload, created_at)

    @classmethod
    def from_attempt(cls, attempt: Any, created_at: datetime) -> "WorkflowRun":
        """Return one attempt, from `GET /runs/{id}/attempts/{n}`.

        Pass the run's `created_at`, because the answer has the attempt's. Raises UnreadableRow as
        `from_api` does.
        """
        return cls._of(reading.mapping(attempt, "attempt"), created_at)

    @property
    def accounts(self) -> list[Account]:
        """The accounts that caused the run and started this attempt, where GitHub names them."""
        named = (
            (self.actor_id, self.actor),
            (self.triggering_actor_id, self.triggering_actor),
        )
        return [Account(number, login) for number, login in named if number and login]

    @classmethod
    def _of(cls, run: Mapping[str, Any], created_at: datetime) -> "WorkflowRun":
        own = reading.nested(run, "repository")
        started_at = reading.moment(run, "run_started_at")
        updated_at = reading.moment(run, "updated_at")
        completed_at = updated_at if run.get("status") == "completed" else None
        if started_at and completed_at and completed_at - started_at > LONGEST_RUN:
            completed_at = None
        attempt = reading.attempt(run)
        actor, triggering_actor = _account(run, "actor"), _account(run, "triggering_actor")
        return cls(
            github_run_id=required(reading.integer(run, "id"), run, "run", "id"),
            run_attempt=1 if attempt is None else attempt,
            repository_id=reading.integer(own, "id"),
            repository=reading.name(own, "full_name"),
            workflow_id=reading.integer(run, "workflow_id"),
            workflow_name=reading.text(run, "name"),
            workflow_path=reading.text(run, "path"),
            run_number=reading.integer(run, "run_number"),
            display_title=reading.text(run, "display_title"),
            branch=reading.text(run, "head_branch"),
            commit_sha=reading.text(run, "head_sha"),
            head_repository=reading.text(reading.nested(run, "head_repository"), "full_name"),
            event_type=reading.text(run, "event"),
            status=reading.text(run, "status"),
            conclusion=reading.text(run, "conclusion"),
            actor=reading.text(actor, "login"),
            triggering_actor=reading.text(triggering_actor, "login"),
            created_at=created_at,
            started_at=started_at,
            updated_at=updated_at,
            completed_at=completed_at,
            duration_seconds=seconds_between(started_at, completed_at),
            html_url=reading.text(run, "html_url"),
            is_private=reading.flag(own, "private"),
            actor_id=reading.integer(actor, "id"),
            triggering_actor_id=reading.integer(triggering_actor, "id"),
        )


def _account(run: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return the account under this key; empty if it is gone, so that a stored one is kept."""
    account = reading.nested(run, key)
    return {} if account.get("login") == GHOST else account


def read_run(item: Any) -> WorkflowRun | UnreadableRow:
    """Return a listed run as a row, or the error."""
    try:
        return WorkflowRun.from_api(item)
    except UnreadableRow as error:
        return UnreadableRun(str(error), item)  # without a traceback, which keeps all payloads


@dataclass(frozen=True)
class OpenRun:
    """One row of `open_runs`: a run whose latest attempt had not ended. All times are UTC."""

    github_run_id: int
    run_attempt: int
    repository_id: int
    status: str | None
    created_at: datetime
    updated_at: datetime | None
    workflow_id: int | None
    event_type: str | None = field(metadata={"max_length": 50})

    @classmethod
    def of(cls, run: WorkflowRun, repository: Repository) -> "OpenRun":
        """Return the row of a run that is not completed."""
        return cls(
            github_run_id=run.github_run_id,
            run_attempt=run.run_attempt,
            repository_id=repository.repository_id,
            status=run.status,
            created_at=run.created_at,
            updated_at=run.updated_at,
            workflow_id=run.workflow_id,
            event_type=run.event_type,
        )


def seconds_between(start: datetime | None, end: datetime | None) -> int | None:
    """Whole seconds from start to end; 0 if the end is before the start, None if one is unknown."""
    if start is None or end is None:
        return None
    return max(0, int((end - start).total_seconds()))
