"""The worlds that `bench` uses, and a check that the stored rows match them."""

from datetime import UTC, datetime, timedelta
from zlib import crc32

from telemetry.database.connection import Connection, execute
from telemetry.simulated.faults import (
    Fault,
    RequestInfo,
    bad_gateway,
    connection_reset,
    secondary_limit,
    too_many_requests,
    truncated_body,
)
from telemetry.simulated.month import team_month
from telemetry.simulated.world import World

REPOSITORY = "acme/app"
YEAR = timedelta(days=365)


def month(runs: int, *, reruns: bool = True, days_ahead: int = 0) -> World:
    """A month of one repository with about `runs` runs, until now or `days_ahead` days ago."""
    end = datetime.now(UTC) - timedelta(days=days_ahead)
    world = team_month(1, end, (REPOSITORY,), runs_per_day=runs / 30, days_ahead=days_ahead)
    for run in () if reruns else world.repositories[0].runs:
        del run.attempts[1:]
    return world


def pass_a_day(world: World) -> None:
    """Advance by a day of the team's work; also re-run runs of any age and delete some."""
    (repository,) = world.repositories
    settled = [run for run in repository.runs if world.latest(run).updated_at <= world.second]
    for run in settled[5::100]:
        world.rerun(run, conclusion="failure")
    for run in settled[7::250]:
        world.delete(repository, run)
    # A listed window is due again after a day, not before.
    world.advance(timedelta(days=1, minutes=10))


# A list does not contain the end of an attempt's last job, nor whether its jobs were read.
NOT_LISTED = {"completed_at", "duration_seconds", "jobs_listed_at"}


def wrong_runs(connection: Connection, world: World) -> set[int]:
    """Return the ids of runs that are missing, surplus, or different from the list."""
    (repository,) = world.repositories
    ever = {"created_from": world.now - YEAR, "created_to": world.now + YEAR}
    runs = execute(connection, "runs/verify_runs", {"repository_id": repository.id, **ever})
    known = {row["github_run_id"] for row in runs}
    rows = execute(connection, "runs/verify_attempts", {"github_run_ids": sorted(known)})
    left = {(row["github_run_id"], row["run_attempt"]): row for row in rows}
    wrong = known ^ {run.id for run in repository.runs}
    for attempt in world.attempts(repository):
        if attempt.status == "completed":
            row = left.pop((attempt.github_run_id, attempt.run_attempt), None)
            truth = {**vars(attempt), "missing_upstream_at": None}
            if row is None or any(row[name] != truth[name] for name in row.keys() - NOT_LISTED):
                wrong.add(attempt.github_run_id)
    return wrong | {run_id for run_id, _ in left}


class Faults:
    """A fault for one URL in five, at its first request."""

    KINDS = (
        bad_gateway(),
        connection_reset(),
        truncated_body(),
        too_many_requests("1"),
        secondary_limit("1"),
    )

    def __init__(self) -> None:
        self.asked: set[str] = set()
        self.given = 0

    def __call__(self, request: RequestInfo, ordinal: int) -> Fault | None:
        url = f"{request.path} {sorted(request.query.items())}"
        digest = crc32(url.encode())
        if url in self.asked or digest % 5:
            return None
        self.asked.add(url)
        self.given += 1
        return self.KINDS[digest // 5 % len(self.KINDS)]
