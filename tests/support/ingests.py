"""What an ingest stored, beside the truth of the simulated GitHub."""

from dataclasses import fields
from typing import Any

from telemetry.database.connection import Connection
from telemetry.rows.runs import WorkflowRun
from telemetry.simulated.world import World

# What a list cannot tell: the end of an attempt is known from its jobs only.
FROM_JOBS = {"completed_at", "duration_seconds"}


def stored(connection: Connection) -> list[dict[str, Any]]:
    return connection.execute(
        "select * from workflow_runs order by github_run_id, run_attempt"
    ).fetchall()


def truth(world: World) -> list[dict[str, Any]]:
    """What must be stored: every completed attempt, as the simulator knows it."""
    (repository,) = world.repositories
    rows = [vars_of(attempt) for attempt in world.attempts(repository)]
    done = [row for row in rows if row["status"] == "completed"]
    return sorted(done, key=lambda row: (row["github_run_id"], row["run_attempt"]))


def vars_of(attempt: Any) -> dict[str, Any]:
    return {f.name: getattr(attempt, f.name) for f in fields(WorkflowRun)}


def comparable(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    names = {f.name for f in fields(WorkflowRun)} - FROM_JOBS
    return [{name: row[name] for name in names} for row in rows]


def assert_equals_truth(connection: Connection, world: World) -> None:
    assert comparable(stored(connection)) == comparable(truth(world))


def earlier(connection: Connection) -> int:
    """How many stored attempts are not the latest of their run."""
    rows = stored(connection)
    return len(rows) - len({row["github_run_id"] for row in rows})
