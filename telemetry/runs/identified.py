"""Which repository an ingest is about, and which run if it is about only one."""

from collections.abc import Iterable

from telemetry.database.connection import execute
from telemetry.github.errors import NotFound
from telemetry.rows.runs import Repository, WorkflowRun
from telemetry.runs.request import Tools
from telemetry.settings import UsageError


def wanted_run(tools: Tools, name: str, run_id: int) -> WorkflowRun | None:
    """Return one run, for a workflow that is triggered by the end of that run.

    None: GitHub does not have it, but it is stored. Raises UsageError for one that the repository
    never had, or that would be pruned.
    """
    try:
        run = WorkflowRun.from_api(tools.client.get_workflow_run(name, run_id))
    except NotFound:
        key = {**vars(identified(tools, name, [])), "github_run_id": run_id}
        if execute(tools.connection, "runs/stored_runs", key).fetchone():
            return None
        raise UsageError(
            f"RUN_ID: {name} has no run {run_id}; the number is wrong, or the run was deleted"
        ) from None
    if run.created_at < tools.wanted.horizon:
        raise UsageError(
            f"RUN_ID: run {run_id} was created on {run.created_at:%Y-%m-%d} and would be "
            "pruned at once; choose a longer KEEP"
        )
    return run


def identified(tools: Tools, name: str, items: Iterable[object]) -> Repository:
    """Identify the repository from its runs; if there are none, by a request."""
    for run in items:
        if isinstance(run, WorkflowRun) and run.repository_id and run.repository:
            return Repository(run.repository_id, run.repository, tools.client.host)
    return Repository.from_api(tools.client.get_repository(name), tools.client.host)
