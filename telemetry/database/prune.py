"""Deletes rows that are older than the retention of this database."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from shlex import quote

from telemetry import TelemetryError
from telemetry.database.connection import Connection, execute
from telemetry.database.retention import OldRows, Retention, choose, count, horizon, stored
from telemetry.database.transactions import with_retries
from telemetry.installation import typed

# If the clocks differ by more, one of them is wrong, and a wrong clock must not decide what is old.
LARGEST_CLOCK_DIFFERENCE = timedelta(hours=1)
# A machine whose clock is far ahead cannot reach GitHub, which would tell, because certificates
# look expired. Clocks that nobody confirmed for so long delete nothing by themselves.
LONGEST_UNCONFIRMED = timedelta(days=7)


@dataclass(frozen=True)
class Pruned:
    """The number of rows of each table older than `before` (UTC).

    They were deleted, or only counted if `is_dry` or `is_held` (see Retention.is_held).
    `keep` is the retention, such as `6 months`; for `forever`, `before` is None.
    """

    keep: str
    before: datetime | None
    workflow_runs: int = 0
    llm_calls: int = 0
    billed_days: int = 0
    is_dry: bool = False
    is_held: bool = False


def would_prune(connection: Connection, retention: Retention) -> Pruned:
    """Count what `prune` would delete with this retention."""
    if retention.keep == "forever":
        return Pruned(str(retention), None, is_dry=True)
    before, old = horizon(connection, retention).before, count(connection, retention)
    return Pruned(str(retention), before, **vars(old), is_dry=True)


def prune(
    connection: Connection,
    asked: Retention | None = None,
    *,
    local_time: datetime,
    github_time: datetime | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
    chosen: Callable[[Retention, Retention], None] = lambda before, now: None,
) -> Pruned:
    """Delete rows older than the retention in small transactions; return the counts.

    `asked`, if given, first becomes the database's retention; then `chosen` is called with the one
    before and this one. A run is deleted with all its attempts, by its creation time. While the
    retention is held, rows are only counted. Raises TelemetryError if the clocks disagree.
    """
    before = stored(connection)
    kept = asked or before
    found = horizon(connection, kept)
    if kept.keep != "forever":
        _compare_clocks(found.database_time, local_time, github_time)
    if asked:
        choose(connection, asked)
        chosen(before, asked)
    if kept.keep == "forever":
        return Pruned(str(kept), None)
    if kept.is_held:
        return replace(would_prune(connection, kept), is_dry=False, is_held=True)
    total = count(connection, kept).total
    if total and not asked and github_time is None:
        _refuse_unconfirmed(connection, kept, found.database_time)
    deleted = _delete(connection, found.before, lambda done: progress(done, total))
    return Pruned(str(kept), found.before, **vars(deleted))


def _delete(connection: Connection, before: datetime, progress: Callable[[int], None]) -> OldRows:
    """Delete rows older than `before`; return the number of rows by table."""
    given = {"before": before}

    def trim() -> None:
        for name in ("trim_windows", "prune_windows", "prune_open_runs"):
            execute(connection, f"prune/{name}", given)

    # Windows are trimmed first, so that no window claims deleted runs.
    with_retries(connection, trim)
    deleted = {"workflow_runs": 0, "llm_calls": 0}
    for table, key in (("workflow_runs", "github_run_id"), ("llm_calls", "call_id")):
        while batch := _prune_batch(connection, table, key, before):
            deleted[table] += batch
            progress(sum(deleted.values()))
    for name in (
        "prune_accounts",
        "prune_missing_attempts",
        "prune_retries",
        "prune_unreached_repositories",
        "prune_ingestions",
        "prune_llm_ingestions",
        "prune_llm_spans",
    ):
        execute(connection, f"prune/{name}", given)
    billed_days = execute(connection, "prune/prune_billed_days", given).rowcount
    return OldRows(**deleted, billed_days=billed_days)


def _prune_batch(connection: Connection, table: str, key: str, before: datetime) -> int:
    chosen = execute(connection, f"prune/prunable_{table}", {"before": before}).fetchall()
    if not chosen:
        return 0
    parameters = {f"{key}s": sorted({row[key] for row in chosen}), "before": before}
    return with_retries(
        connection, lambda: execute(connection, f"prune/prune_{table}", parameters).rowcount
    )


def _refuse_unconfirmed(connection: Connection, kept: Retention, database_time: datetime) -> None:
    """Raise TelemetryError if GitHub has not told the time for long."""
    (row,) = execute(connection, "prune/last_complete_ingest")
    confirmed_at = row["finished_at"]
    if confirmed_at and database_time - confirmed_at > LONGEST_UNCONFIRMED:
        raise TelemetryError(
            f"nothing was pruned, because the database's clock says {database_time:%Y-%m-%d %H:%M} "
            f"UTC, and the last complete ingest was on {confirmed_at:%Y-%m-%d}, so that clock may "
            f"be wrong; ingest again, or if it is right: {typed(f'prune KEEP={quote(str(kept))}')}"
        )


def _compare_clocks(
    database_time: datetime, local_time: datetime, github_time: datetime | None
) -> None:
    clocks = {"this machine": local_time, "the database": database_time}
    if github_time is not None:
        clocks["GitHub"] = github_time
    if max(clocks.values()) - min(clocks.values()) > LARGEST_CLOCK_DIFFERENCE:
        said = ", ".join(f"{name} says {at:%Y-%m-%d %H:%M} UTC" for name, at in clocks.items())
        raise TelemetryError(f"nothing was pruned, because the clocks disagree: {said}; set them")
