"""Ingests from a simulated GitHub, and what must be stored after them, field by field."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from support import clients
from support.checks import broken_rules
from support.clients import NOW, REPOSITORY
from telemetry.database.connection import Connection
from telemetry.github.client import GitHub
from telemetry.rows.runs import WorkflowRun
from telemetry.runs.ingest import ingest
from telemetry.runs.lists.listing import Limits
from telemetry.runs.request import Report, Tools, Wanted
from telemetry.simulated.entities import Repository
from telemetry.simulated.server import Simulator
from telemetry.simulated.world import World

HORIZON = NOW - timedelta(days=180)
# What a list cannot tell: the end of an attempt is known from its jobs only.
FROM_JOBS = {"completed_at", "duration_seconds"}


def client(simulated: Simulator, **options: Any) -> AbstractContextManager[GitHub]:
    """A client that waits as long as GitHub may demand."""
    return clients.client(simulated, **{"max_wait": 7_200.0, **options})


def run_ingest(
    connection: Connection,
    simulated: Simulator,
    *,
    name: str = REPOSITORY,
    limits: Limits | None = None,
    max_requests: int | None = None,
    concurrency: int = 4,
    **wanted: Any,
) -> Report:
    with client(simulated) as made:
        options = {"since": None, "horizon": HORIZON, **wanted}
        tools = Tools(connection, made, Wanted(**options), concurrency, limits=limits or Limits())
        (report,) = ingest(tools, [name], max_requests)
    return report


def rows(connection: Connection, table: str, order: str) -> list[dict[str, Any]]:
    return connection.execute(f"select * from {table} order by {order}").fetchall()


def stored(connection: Connection) -> list[dict[str, Any]]:
    """The attempts that are stored, in order."""
    return rows(connection, "workflow_runs", "github_run_id, run_attempt")


def earlier(connection: Connection) -> int:
    """How many stored attempts are not the latest of their run, which may still be open."""
    (row,) = connection.execute(
        "select count(*) as attempts from workflow_runs where exists (select from open_runs"
        " where open_runs.github_run_id = workflow_runs.github_run_id) or exists (select"
        " from workflow_runs as later where later.github_run_id = workflow_runs.github_run_id"
        " and later.run_attempt > workflow_runs.run_attempt)"
    )
    return int(row["attempts"])


def true_attempts(
    world: World, repository: Repository | None = None
) -> dict[tuple[int, int], dict[str, Any]]:
    """Each completed attempt as it must be stored, once its jobs are: end and length are exact."""
    found = {}
    for attempt in world.attempts(repository or world.repositories[0]):
        if attempt.status == "completed":
            row = {f.name: getattr(attempt, f.name) for f in fields(WorkflowRun)}
            found[attempt.github_run_id, attempt.run_attempt] = row
    return found


def as_listed(attempts: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the list of runs tells of attempts, stored or true, in order."""
    names = {field.name for field in fields(WorkflowRun)} - FROM_JOBS
    ordered = sorted(attempts, key=lambda row: (row["github_run_id"], row["run_attempt"]))
    return [{name: row[name] for name in names} for row in ordered]


def assert_attempts(connection: Connection, world: World, since: datetime | None = None) -> None:
    """Each completed attempt of runs created from `since` on is stored as the list tells it."""
    assert len(world.repositories) == 1
    expected = true_attempts(world).values()
    wanted = [row for row in expected if since is None or row["created_at"] >= since]
    assert as_listed(stored(connection)) == as_listed(wanted)


def assert_complete(
    connection: Connection,
    world: World,
    deleted: set[int] | None = None,
    just_deleted: set[int] | None = None,
) -> None:
    """No row missing, none too many, no value wrong; what was deleted is kept and marked.

    `just_deleted` are those of the deleted that may not be marked yet.
    """
    found = {(row["github_run_id"], row["run_attempt"]): row for row in stored(connection)}
    marked = {key for key, row in found.items() if row["missing_upstream_at"] is not None}
    unmarked = (deleted or set()) - {run_id for run_id, _ in marked}
    assert {run_id for run_id, _ in marked} <= (deleted or set())
    assert unmarked <= (just_deleted or set())
    truth = true_attempts(world)
    assert {key for key in set(found) - marked if key[0] not in unmarked} == set(truth)
    for key, expected in truth.items():
        # An attempt in which no job ran ends with GitHub's last change to it.
        inexact = FROM_JOBS if not expected["completed_at"] else set[str]()
        # Links and fork names of runs that are not listed again keep a name that still redirects.
        redirected = {"html_url", "head_repository"} if repository_was_renamed(world) else set()
        for name in expected.keys() - inexact - redirected:
            assert found[key][name] == expected[name], (key, name)
    (repository,) = world.repositories
    still_open = {run.id for run in world.open_runs(repository)}
    known_open = [r for r in rows(connection, "open_runs", "1") if not r["missing_upstream_at"]]
    assert {row["github_run_id"] for row in known_open} - unmarked == still_open
    assert_jobs(connection, world, set(truth), deleted or set())
    assert broken_rules(connection) == {}


def repository_was_renamed(world: World) -> bool:
    return bool(world.former_names)


def assert_jobs(
    connection: Connection, world: World, attempts: set[tuple[int, int]], deleted: set[int]
) -> None:
    (repository,) = world.repositories
    expected = {}
    for run in repository.runs:
        for attempt in run.attempts:
            # A skipped attempt has nothing to tell; its jobs are not asked for.
            if (run.id, attempt.number) in attempts and attempt.conclusion != "skipped":
                for job in world.jobs(run, attempt):
                    steps = [(s.number, s.name, s.conclusion) for s in world.steps(job)]
                    expected[run.id, attempt.number, job.id] = (job.conclusion, sorted(steps))
    steps_of: dict[tuple[int, int, int], list[Any]] = {}
    for row in rows(connection, "workflow_steps", "1, 2, 3, 4"):
        key = (row["github_run_id"], row["run_attempt"], row["job_id"])
        steps_of.setdefault(key, []).append((row["number"], row["name"], row["conclusion"]))
    actual = {}
    for row in rows(connection, "workflow_jobs", "1, 2, 3"):
        key = (row["github_run_id"], row["run_attempt"], row["job_id"])
        if row["github_run_id"] not in deleted:
            actual[key] = (row["conclusion"], sorted(steps_of.get(key, [])))
    assert actual == expected
