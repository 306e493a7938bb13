"""The artifacts in which a scheduled workflow leaves dumps of the database."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from telemetry.github.client import GitHub
from telemetry.github.errors import NotFound
from telemetry.installation import DUMP

# A pull request can change the workflow file and upload a file of the same name, which must not be
# restored. These events run the file of a branch that only people with write access can push to.
TRUSTED_EVENTS = ("schedule", "workflow_dispatch", "workflow_run")
# Requests that one search or one clean-up may cost; the next run continues.
MOST_LOOKED_AT = 50
# The errors of reading a value of the wrong kind.
UNREADABLE = (AttributeError, KeyError, OverflowError, TypeError, ValueError)


@dataclass(frozen=True)
class Dump:
    """A dump on GitHub; times are UTC, its size is in bytes. None: GitHub did not say when."""

    artifact_id: int
    run_id: int
    bytes: int
    created_at: datetime
    expires_at: datetime | None
    is_expired: bool


def list_dumps(client: GitHub, repository: str) -> list[Dump]:
    """Return the dumps of a repository by name, newest first; those from forks are left out.

    Which workflow left them is not known yet: see `is_of_workflow`. Raises GitHubError.
    https://docs.github.com/rest/actions/artifacts#list-artifacts-for-a-repository
    """
    pages = client.pages(f"/repos/{repository}/actions/artifacts", "artifacts", {"name": DUMP})
    found = [dump for page in pages for each in page.items if (dump := _dump(each))]
    return sorted(found, key=lambda dump: (dump.created_at, dump.artifact_id), reverse=True)


def is_of_workflow(client: GitHub, repository: str, dump: Dump, workflow: str) -> bool:
    """Whether a run of this workflow file, started by a trusted event, left the dump."""
    try:
        run = client.get_workflow_run(repository, dump.run_id)
    except NotFound:  # deleted since, and its artifacts with it
        return False
    path, event = str(run.get("path")).partition("@")[0], str(run.get("event"))
    return path.rsplit("/", 1)[-1] == workflow and event in TRUSTED_EVENTS


def find_dump(client: GitHub, repository: str, workflow: str, dumps: Sequence[Dump]) -> Dump | None:
    """Return the newest of these dumps that a run of this workflow left, or None.

    Failed runs count too: a run that failed for one repository has stored the others. Raises
    GitHubError.
    """
    for dump in dumps[:MOST_LOOKED_AT]:
        if is_of_workflow(client, repository, dump, workflow):
            return dump
    return None


def last_success(client: GitHub, repository: str, workflow: str) -> datetime | None:
    """Return when the newest successful run of a workflow file was created (UTC), or None."""
    path = f"/repos/{repository}/actions/workflows/{workflow}/runs"
    found: list[datetime] = []
    for event in TRUSTED_EVENTS:
        answer = client.get(path, {"event": event, "status": "success", "per_page": 1})
        runs = answer.get("workflow_runs")
        with suppress(*UNREADABLE):
            found += [_moment(run["created_at"]) for run in runs or ()]
    return max(found, default=None)


def deleted_runs(client: GitHub, repository: str, workflow: str, number: int) -> int:
    """Return how many runs of a workflow file GitHub has deleted, up to the one of this number.

    Runs are deleted at the same age as artifacts, by default. Raises GitHubError.
    """
    path = f"/repos/{repository}/actions/workflows/{workflow}/runs"
    with suppress(*UNREADABLE):
        return max(0, number - int(client.get(path, {"per_page": 1})["total_count"]))
    return 0


def delete_replaced(
    client: GitHub, repository: str, workflow: str, dumps: Sequence[Dump]
) -> list[Dump]:
    """Delete the dumps of a workflow except the last two; return what was deleted, newest first.

    The last but one stays in case the last cannot be restored. One call deletes a limited number.
    Raises GitHubError, which has the status 403 if the token may not delete.
    """
    kept, deleted = 0, []
    for dump in dumps[:MOST_LOOKED_AT]:
        if not is_of_workflow(client, repository, dump, workflow):
            continue
        if kept < 2:
            kept += 1
            continue
        try:
            client.delete_artifact(repository, dump.artifact_id)
        except NotFound:
            continue
        deleted.append(dump)
    return deleted


def _dump(artifact: Any) -> Dump | None:
    """Return the dump in an artifact; None if it is from a fork or lacks a required value."""
    with suppress(*UNREADABLE):
        run = artifact["workflow_run"]
        if run["head_repository_id"] == run["repository_id"]:
            expires_at = artifact.get("expires_at")
            return Dump(
                artifact_id=int(artifact["id"]),
                run_id=int(run["id"]),
                bytes=int(artifact["size_in_bytes"]),
                created_at=_moment(artifact["created_at"]),
                expires_at=_moment(expires_at) if expires_at else None,
                is_expired=bool(artifact["expired"]),
            )
    return None


def _moment(text: str) -> datetime:
    """Return a time in UTC. Raises one of UNREADABLE."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} names no zone")
    return moment.astimezone(UTC)
