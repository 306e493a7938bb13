"""Taking out what is older than is to be kept."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg import errors

from telemetry import TelemetryError
from telemetry.database.connection import Connection, execute, patiently
from telemetry.settings import UsageError

# Beyond this the clocks are not merely off by seconds: one of them is wrong, and a wrong clock
# must not decide what is old.
LARGEST_CLOCK_DIFFERENCE = timedelta(hours=1)


@dataclass(frozen=True)
class Horizon:
    """The database's clock, and the moment before which rows are too old. Both are UTC."""

    database_time: datetime
    before: datetime


@dataclass(frozen=True)
class Pruned:
    """How many rows of each table were older than `before` (UTC) and were deleted, or would be."""

    before: datetime
    workflow_runs: int
    llm_calls: int


def horizon(connection: Connection, keep: str) -> Horizon:
    """What `keep`, an interval such as `6 months`, comes to by the database's clock.

    Raises UsageError when PostgreSQL does not read it as an interval, or as less than a day.
    """
    try:
        row = execute(connection, "prune/prune_horizon", {"keep": keep}).fetchone()
    except (errors.DataError, errors.InvalidDatetimeFormat):
        raise UsageError(f"KEEP: {keep!r} is no interval; give one such as '6 months'") from None
    assert row is not None
    found = Horizon(row["database_time"], row["horizon"])
    if found.before > found.database_time - timedelta(days=1):
        # A bare number is seconds to PostgreSQL: KEEP=6 would delete nearly everything.
        raise UsageError(f"KEEP: {keep!r} is less than a day; give one such as '6 months'")
    return found


def prune(
    connection: Connection,
    keep: str,
    *,
    local_time: datetime,
    github_time: datetime | None = None,
    dry_run: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Pruned:
    """Delete what is older than `keep`, in small transactions; returns what was deleted.

    Whole runs go at once, by the creation time that all their attempts share. A dry run only
    counts. Raises UsageError as `horizon` does, and TelemetryError when the clocks disagree.
    """
    found = horizon(connection, keep)
    _compare_clocks(found.database_time, local_time, github_time)
    before = {"before": found.before}
    counts = execute(connection, "prune/prune_counts", before).fetchone()
    assert counts is not None
    if dry_run:
        return Pruned(found.before, counts["workflow_runs"], counts["llm_calls"])
    # What was listed has to say what is stored, so that what is gone is not claimed any more.
    with connection.transaction():
        for name in ("trim_windows", "prune_windows", "prune_open_runs"):
            execute(connection, f"prune/{name}", before)
    total = counts["workflow_runs"] + counts["llm_calls"]
    deleted = {"workflow_runs": 0, "llm_calls": 0}
    for table, key in (("workflow_runs", "github_run_id"), ("llm_calls", "call_id")):
        while count := _prune_batch(connection, table, key, found.before):
            deleted[table] += count
            progress(sum(deleted.values()), total)
    execute(connection, "prune/prune_missing_attempts", before)
    execute(connection, "prune/prune_ingestions", before)
    execute(connection, "prune/prune_llm_ingestions", before)
    return Pruned(found.before, **deleted)


def _prune_batch(connection: Connection, table: str, key: str, before: datetime) -> int:
    chosen = execute(connection, f"prune/prunable_{table}", {"before": before}).fetchall()
    if not chosen:
        return 0
    parameters = {f"{key}s": sorted({row[key] for row in chosen}), "before": before}
    return patiently(lambda: execute(connection, f"prune/prune_{table}", parameters).rowcount)


def _compare_clocks(
    database_time: datetime, local_time: datetime, github_time: datetime | None
) -> None:
    clocks = {"this machine": local_time, "the database": database_time}
    if github_time is not None:
        clocks["GitHub"] = github_time
    if max(clocks.values()) - min(clocks.values()) > LARGEST_CLOCK_DIFFERENCE:
        said = ", ".join(f"{name} says {at:%Y-%m-%d %H:%M} UTC" for name, at in clocks.items())
        raise TelemetryError(f"nothing was pruned, because the clocks disagree: {said}; set them")
