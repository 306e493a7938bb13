"""Rows of workflows and of repository details, read from GitHub's answers."""

from dataclasses import dataclass
from typing import Any

from telemetry.rows import reading
from telemetry.rows.reading import required

MOST_RETENTION_DAYS = 36_500
"""Far more than the 400 that GitHub allows; a larger number is not a number of days."""


@dataclass(frozen=True)
class Workflow:
    """One row of `workflows`: a workflow as GitHub lists it."""

    workflow_id: int
    repository_id: int
    name: str | None
    path: str | None
    state: str | None

    @classmethod
    def from_api(cls, workflow: Any, repository_id: int) -> "Workflow":
        """Return a workflow of `GET /repos/{owner}/{repo}/actions/workflows`.

        Raises UnreadableRow.
        """
        payload = reading.mapping(workflow, "workflow")
        return cls(
            workflow_id=required(reading.integer(payload, "id"), payload, "workflow", "id"),
            repository_id=repository_id,
            name=reading.text(payload, "name"),
            path=reading.text(payload, "path"),
            state=reading.text(payload, "state"),
        )


@dataclass(frozen=True)
class Description:
    """Details of a repository that do not identify it."""

    default_branch: str | None
    visibility: str | None
    is_archived: bool | None

    @classmethod
    def from_api(cls, repository: Any) -> "Description":
        """Return the details in `GET /repos/{owner}/{repo}`. Raises UnreadableRow.

        GitHub Enterprise Server may omit `visibility`; `private` is used then.
        """
        payload = reading.mapping(repository, "repository")
        private = reading.flag(payload, "private")
        implied = {True: "private", False: "public", None: None}[private]
        return cls(
            default_branch=reading.name(payload, "default_branch"),
            visibility=reading.text(payload, "visibility") or implied,
            is_archived=reading.flag(payload, "archived"),
        )


def retention_days(retention: Any) -> int | None:
    """For how many days GitHub keeps runs: the artifact and log retention of a repository.

    None if the answer does not have it. Raises UnreadableRow.
    """
    return (
        reading.count(reading.mapping(retention, "retention"), "days", MOST_RETENTION_DAYS) or None
    )
