"""What the database holds and how fresh it is, from the database alone."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from telemetry.database import retention
from telemetry.database.connection import Connection, describe, execute
from telemetry.database.prune import Pruned, would_prune
from telemetry.database.rules import broken_rules

# The cron workflow runs every six hours; four late runs in a row are worth a warning.
STALE_AFTER = timedelta(days=1)
MOST_NAMED = 20


@dataclass(frozen=True)
class Status:
    """The answer of `make status`. Times are UTC, sizes bytes, ages seconds.

    `proof` says for each repository whether what is stored adds up to what GitHub reported, and
    what is pending; sql/status/proof.sql defines its terms. `llm` is the one row of
    sql/status/llm.sql. `retention` is what the next prune would delete. `concerns` says in words
    what is stale or went wrong; `too_old` names the repositories without a complete ingest within
    the age asked for.
    """

    database: str
    repositories: list[dict[str, Any]]
    proof: list[dict[str, Any]]
    tables: list[dict[str, Any]]
    llm: dict[str, Any]
    retention: Pruned
    concerns: list[str]
    too_old: list[str]


def status(
    connection: Connection, max_age: timedelta | None = None, now: datetime | None = None
) -> Status:
    """The status of everything; ages are as of `now`, by default the database's clock.

    Changes nothing, asks GitHub nothing; raises psycopg.Error.
    """
    repositories = execute(connection, "status/repositories").fetchall()
    if now is not None:
        repositories = [_aged(row, now) for row in repositories]
    proof = execute(connection, "status/proof").fetchall()
    tables = execute(connection, "status/tables").fetchall()
    (llm,) = execute(connection, "status/llm").fetchall()
    limit = max_age or STALE_AFTER
    concerns = [said for row in repositories for said in _concerns(row, limit)]
    last = {row["repository_id"]: row for row in repositories}
    for row in proof:
        ingest = last[row["repository_id"]]
        is_done = ingest["last_outcome"] == "complete" or ingest["is_caught_up"]
        since = ingest["last_since"]
        concerns += _unproven(row) + _awaited(row)
        # An incomplete ingest has already said what it left of the interval it wanted.
        if row["gaps"] and (is_done or (since and row["gap_from"] < since)):
            concerns.append(_gap(row))
        concerns += _left(row) if is_done else []
    unreached = execute(connection, "status/unreached").fetchall()
    concerns += _unreached(unreached)
    concerns += [_overlap(row) for row in execute(connection, "status/overlapping_windows")]
    concerns += _llm_concerns(llm)
    concerns += broken_rules(connection)
    kept = retention.stored(connection)
    old = replace(would_prune(connection, kept), is_held=kept.is_held)
    concerns += _held(old)
    if not repositories and not llm["calls"]:
        concerns.append("nothing has been ingested yet; try: make ingest REPO=owner/name")
    too_old = [row["repository"] for row in repositories if _is_older(row, limit)]
    too_old += [row["repository"] for row in unreached if row["is_unknown"]]
    if max_age is None:
        too_old = []
    elif not repositories:
        too_old = ["every repository"]
    return Status(describe(connection), repositories, proof, tables, llm, old, concerns, too_old)


def _aged(row: dict[str, Any], now: datetime) -> dict[str, Any]:
    def since(moment: datetime | None) -> int | None:
        return None if moment is None else int((now - moment).total_seconds())

    return {
        **row,
        "seconds_since_complete": since(row["last_complete_at"]),
        "seconds_since_start": since(row["last_started_at"]),
    }


def _is_older(row: dict[str, Any], limit: timedelta) -> bool:
    age = row["seconds_since_complete"]
    return age is None or age > limit.total_seconds()


def _concerns(row: dict[str, Any], limit: timedelta) -> list[str]:
    name, said = row["repository"], []
    if row["seconds_since_complete"] is None:
        said.append(f"{name}: no ingest has completed yet")
    elif _is_older(row, limit):
        said.append(
            f"{name}: the last complete ingest was {in_words(row['seconds_since_complete'])} ago; "
            "has its schedule stopped?"
        )
    if row["last_outcome"] == "running":
        said.append(
            f"{name}: an ingest began {in_words(row['seconds_since_start'])} ago and has not "
            "ended; it still runs, or was killed"
        )
    elif row["last_error"]:
        said.append(f"{name}: the last ingest was {row['last_outcome']}: {row['last_error']}")
    if row["unreadable"]:
        said.append(f"{name}: {row['unreadable']:,} runs could not be read at the last ingest")
    return said


def _unproven(row: dict[str, Any]) -> list[str]:
    """Where stored runs differ from GitHub's report, or its report could not be read."""
    name, said = row["repository"], []
    if row["unequal_windows"]:
        said.append(
            f"{name}: the stored runs differ from what GitHub reported, first among those created "
            f"from {row['unequal_from']:%Y-%m-%d %H:%M:%S} UTC; to see which runs: "
            f"make verify REPO={name}"
        )
    if row["incomplete_windows"]:
        said.append(f"{name}: {row['problem'] or 'a run list could not be read completely'}")
    return said


def _overlap(row: dict[str, Any]) -> str:
    """Windows that overlap. An ingest never makes them; an edit by hand can."""
    name, count = row["repository"], row["overlaps"]
    return (
        f"{name}: the windows overlap in {count:,} place{'' if count == 1 else 's'}, first from "
        f"{row['overlap_from']:%Y-%m-%d %H:%M:%S} UTC, so runs there may count twice; "
        f"to list them again: make ingest REPO={name} FULL=1"
    )


def _left(row: dict[str, Any]) -> list[str]:
    """What is still pending although the last ingest was complete."""
    name, said = row["repository"], []
    if row["overdue_windows"]:
        said.append(
            f"{name}: runs last listed at {row['last_sweep_at']:%Y-%m-%d %H:%M} UTC, and possibly "
            "re-run since, were not listed again"
        )
    if row["pending_attempts"]:
        said.append(f"{name}: earlier attempts still to fetch: {row['pending_attempts']:,}")
    # A repository without any jobs is ingested with JOBS=0.
    not_asked = row["attempts_without_jobs"] - row["awaited_attempts"]
    if not_asked and row["attempts_with_jobs"]:
        said.append(f"{name}: attempts whose jobs are still to fetch: {not_asked:,}")
    return said


def _unreached(rows: list[dict[str, Any]]) -> list[str]:
    """The repositories that an ingest had no requests left for, in one sentence."""
    if not rows:
        return []
    names = ", ".join(row["repository"] for row in rows[:MOST_NAMED])
    more = f" and {len(rows) - MOST_NAMED:,} more" if len(rows) > MOST_NAMED else ""
    return [
        f"repositories that were asked for and not reached: {len(rows):,}: {names}{more}; "
        f"{rows[-1]['reason']}"
    ]


def _gap(row: dict[str, Any]) -> str:
    name, start = row["repository"], row["gap_from"]
    return (
        f"{name}: {in_words(row['gap_seconds'])} of run creation time are not listed, the "
        f"first from {start:%Y-%m-%d %H:%M} UTC; an ingest without SINCE lists them"
    )


def _awaited(row: dict[str, Any]) -> list[str]:
    """Items that could not be fetched; a job that has not ended is no concern until given up."""
    name, said = row["repository"], []
    if row["given_up_items"]:
        said.append(
            f"{name}: given up after the last try: {row['given_up_items']:,}, the first: "
            f"{row['first_awaited']}; to ask again: make ingest REPO={name} RUN_ID=…"
        )
    elif row["unread_items"] or row["unanswered_items"]:
        said.append(
            f"{name}: items that cannot be read: {row['unread_items']:,}, that GitHub does not "
            f"answer for: {row['unanswered_items']:,}, the first: {row['first_awaited']}; the next "
            f"try is due at {row['next_try_at']:%Y-%m-%d %H:%M} UTC"
        )
    return said


def _held(old: Pruned) -> list[str]:
    """Rows that are too old, and stay until somebody decides about them."""
    if not old.is_held:
        return []
    return [
        f"{old.workflow_runs:,} run attempts and {old.llm_calls:,} LLM calls are older than the "
        f"{old.keep} that rows are kept by default, and stay until KEEP is given: make prune "
        f"KEEP='{old.keep}' deletes them, make ingest KEEP=forever keeps them"
    ]


def _llm_concerns(llm: dict[str, Any]) -> list[str]:
    """LLM calls that used tokens and have no known cost, and what their logs lost."""
    said = []
    if llm["unpriced_calls_with_tokens"]:
        said.append(
            f"LLM calls of unknown cost: {llm['unpriced_calls_with_tokens']:,}, models without a "
            f"price: {llm['unpriced_models']:,}, such as {llm['unpriced_model']}; all of them: "
            "make psql < sql/analysis/llm_unpriced_models.sql"
        )
    if llm["last_started_at"] and not llm["last_finished_at"]:
        said.append("the last ingest of LLM logs has not ended; it still runs, or was interrupted")
    lost = {
        "lines": llm["last_rejected_lines"],
        "files": llm["last_rejected_files"],
        "calls that clashed with another": llm["last_clashing"],
    }
    if any(lost.values()):
        parts = ", ".join(f"{what}: {count:,}" for what, count in lost.items() if count)
        first = llm["last_first_rejected"][0]
        said.append(f"the last ingest of LLM logs lost {parts}; the first: {first}")
    return said


def in_words(seconds: float) -> str:
    """A length of time as people say it: `5 minutes`, `3 hours`, `61 days`."""
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        # Two of a unit before it is used: "36 hours" says more than "1 day".
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}s"
    count = max(0, round(seconds))
    return f"{count} second{'' if count == 1 else 's'}"
