"""The artifacts in which a scheduled workflow leaves dumps of the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from telemetry.github.client import GitHub
from telemetry.github.errors import NotFound

DUMP_ARTIFACT = "telemetry.dump"
# A pull request can change the workflow file and upload a file of the same name, which must not be
# restored. These events run the file of a branch that only people with write access can push to.
TRUSTED_EVENTS = ("schedule", "workflow_dispatch", "workflow_run")
# Requests that one search or one clean-up may cost; the next run goes on.
MOST_LOOKED_AT = 50


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
    pages = client.pages(
        f"/repos/{repository}/actions/artifacts", "artifacts", {"name": DUMP_ARTIFACT}
    )
    found = [_dump(each) for page in pages for each in page.items if _is_readable(each)]
    return sorted(found, key=lambda dump: (dump.created_at, dump.artifact_id), reverse=True)


def is_of_workflow(client: GitHub, repository: str, dump: Dump, workflow: str) -> bool:
    """Whether a run of this workflow file, started by a trusted event, left the dump."""
    try:
        run = client.get_workflow_run(repository, dump.run_id)
    except NotFound:  # deleted since, and its artifacts with it
        return False
    path = str(run.get("path")).partition("@")[0]
    return path.rsplit("/", 1)[-1] == workflow and run.get("event") in TRUSTED_EVENTS


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
    found = [
        datetime.fromisoformat(run["created_at"])
        for event in TRUSTED_EVENTS
        for run in client.get(path, {"event": event, "status": "success", "per_page": 1}).get(
            "workflow_runs", []
        )
    ]
    return max(found, default=None)


def delete_replaced(
    client: GitHub, repository: str, workflow: str, dumps: Sequence[Dump]
) -> list[Dump]:
    """Delete the dumps of a workflow before its last two; return what was deleted, newest first.

    The last but one stays, in case the last cannot be restored. One call deletes a limited number.
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


def _is_readable(artifact: dict[str, Any]) -> bool:
    """Whether an artifact is of a run of the repository itself, and says when it was made."""
    run = artifact.get("workflow_run") or {}
    is_own = bool(run.get("id")) and run.get("head_repository_id") == run.get("repository_id")
    return is_own and bool(artifact.get("created_at"))


def _dump(artifact: dict[str, Any]) -> Dump:
    expires_at = artifact.get("expires_at")
    return Dump(
        artifact_id=int(artifact["id"]),
        run_id=int(artifact["workflow_run"]["id"]),
        bytes=int(artifact["size_in_bytes"]),
        created_at=datetime.fromisoformat(artifact["created_at"]),
        expires_at=datetime.fromisoformat(expires_at) if expires_at else None,
        is_expired=bool(artifact["expired"]),
    )
