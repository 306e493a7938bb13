"""The output of `make status` for people."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from telemetry import counted, in_words
from telemetry.database.checks import Checked
from telemetry.database.concerns import folded
from telemetry.database.prune import Pruned
from telemetry.database.status import Status
from telemetry.database.watched import unwatched_text
from telemetry.installation import typed
from telemetry.summaries.tables import cell, table
from telemetry.terminal import BOLD, PAPER, YELLOW, Screen, filled, plain, size

REPOSITORY_COLUMNS = {
    "repository": "repository",
    "runs": "runs",
    "attempts": "attempts",
    "newest_created_at": "newest run",
    "size": "size",
    "ago": "complete",
}


TABLE_COLUMNS = {
    "table_name": "table",
    "rows": "rows",
    "oldest": "oldest",
    "newest": "newest",
    "size": "size",
}

MOST_REPOSITORIES = 10


def status_text(status: Status, screen: Screen = PAPER, *, is_whole: bool = False) -> str:
    """Return the verdict, then totals, then repositories.

    Repositories with concerns come first, and only the first ten are shown. With `is_whole`, all
    are shown, each with its proof, and every table.
    """
    lines = folded(status.concerns, len(status.repositories))
    heading = filled(plain(status.database) + "; times are UTC", screen.columns)
    parts = [heading, _verdict(lines, screen)]
    if status.repositories:
        parts.append(filled(_sums_text(status), screen.columns))
        shown = _by_need(status)[: None if is_whole else MOST_REPOSITORIES]
        parts.append(table([_repository_row(row) for row in shown], REPOSITORY_COLUMNS, screen))
        if more := len(status.repositories) - len(shown):
            parts.append(f"and {more:,} more; to show all, add ALL=1")
        if is_whole or len(status.repositories) == 1:
            kept = {row["repository_id"]: row for row in status.leaving}
            parts += [
                filled(
                    f"{proof_text(row)}\n  {_leaving_text(kept[row['repository_id']])}",
                    screen.columns,
                )
                for row in status.proof
                if row["repository_id"] in kept
            ]
    if is_whole:
        tables = [{**row, "size": size(row["bytes"])} for row in status.tables]
        parts.append(table(tables, TABLE_COLUMNS, screen))
    if status.unwatched:
        parts.append(filled(plain(unwatched_text(status.unwatched)), screen.columns))
    said = f"{_retention_text(status.retention)}\n{_rules_text(status.rules)}"
    parts.append(filled(said, screen.columns))
    if status.llm["calls"]:
        parts.append(filled(_llm_text(status.llm), screen.columns))
    return "\n\n".join(parts)


def _verdict(lines: Sequence[str], screen: Screen) -> str:
    if not lines:
        return screen.styled("Everything is up to date.", BOLD)
    title = (
        "1 thing needs attention:" if len(lines) == 1 else f"{len(lines):,} things need attention:"
    )
    said = [screen.styled(title, BOLD)]
    said += [screen.styled(filled(f"! {plain(text)}", screen.columns), YELLOW) for text in lines]
    return "\n".join(said)


def _by_need(status: Status) -> list[dict[str, Any]]:
    """Return the repositories: those with the most concerns first, then the largest."""
    needs = Counter(concern.repository for concern in status.concerns)
    return sorted(
        status.repositories, key=lambda row: (-needs[row["repository"]], -row["attempts"])
    )


def _repository_row(row: Mapping[str, Any]) -> dict[str, Any]:
    age = row["seconds_since_complete"]
    return {
        **row,
        "size": size(row["bytes"]),
        "ago": "never" if age is None else f"{in_words(age)} ago",
    }


def _sums_text(status: Status) -> str:
    """Return the totals of all repositories, and whether they match GitHub's reports."""
    runs, attempts, stored = (
        sum(row[key] for row in status.repositories) for key in ("runs", "attempts", "bytes")
    )
    sums = (
        f"{counted(len(status.repositories), 'repository')}: {counted(runs, 'run')} in "
        f"{counted(attempts, 'attempt')}, {size(stored)}"
    )
    if len(status.repositories) == len(status.leaving) == 1:
        return sums  # its own proof follows, and has the equation
    proof = Counter[str]()
    for row in status.proof:
        proof.update({term: row[term] for term in TERMS})
    elsewhere = counted(proof["elsewhere_runs"], "run")
    return f"{sums}\n{_equation(proof)}; not proven yet: {elsewhere}"


TERMS = (
    "reported_runs",
    "stored_runs",
    "gone_runs",
    "unlisted_runs",
    "open_runs",
    "unequal_windows",
    "elsewhere_runs",
)


def _equation(proof: Mapping[str, int]) -> str:
    terms = (
        ("−", "gone_runs", "gone from GitHub"),
        ("−", "unlisted_runs", "left out of the last list"),
        ("+", "open_runs", "open"),
    )
    others = [f" {sign} {proof[term]:,} {name}" for sign, term, name in terms if proof[term]]
    return (
        f"GitHub reported {counted(proof['reported_runs'], 'run')} = "
        f"{proof['stored_runs']:,} stored{''.join(others)}: "
        f"{'NOT EQUAL' if proof['unequal_windows'] else 'equal'} where listed"
    )


def _leaving_text(row: Mapping[str, Any]) -> str:
    """How long GitHub keeps a repository's runs, and how many of them it deletes soon."""
    source = (
        "the default, because this token may not read the setting"
        if row["is_assumed"] and row["asked_at"]
        else "the default, because the setting is not known yet"
        if row["is_assumed"]
        else f"the setting on {row['asked_at']:%Y-%m-%d}"
    )
    return (
        f"GitHub keeps its runs for {counted(row['retention_days'], 'day')} ({source}); runs that "
        f"it deletes within 7 days and that are not stored completely: {row['leaving_runs']:,}"
    )


def _retention_text(old: Pruned) -> str:
    if old.before is None:
        return "rows are kept forever"
    return f"this database keeps {old.keep}: rows from {old.before:%Y-%m-%d %H:%M} UTC on"


def _rules_text(rules: Sequence[Checked]) -> str:
    holding = sum(each.holds for each in rules)
    hold = f"{holding} of {len(rules)} rules hold"
    return f"rows of the last 24 hours: {hold}; all rows: {typed('check')}"


def _llm_text(llm: Mapping[str, Any]) -> str:
    # An ingest counts rows, of which some stand for many calls.
    rows = f" in {counted(llm['stored_rows'], 'row')}" if llm["stored_rows"] < llm["calls"] else ""
    said = (
        f"LLM calls: {llm['calls']:,}{rows}, newest {cell(llm['newest_at'])}; "
        f"{llm['unpriced_calls']:,} of unknown cost"
    )
    if llm["last_started_at"]:
        said += (
            f"\n  last ingest {cell(llm['last_started_at'])}: "
            f"{counted(llm['last_files'], 'file')}, rejected: "
            f"{counted(llm['last_rejected_files'], 'file')} and "
            f"{counted(llm['last_rejected_lines'], 'line')}"
        )
    if llm["price_models"]:
        said += (
            f"\n  prices of {counted(llm['price_models'], 'model')}, the newest from "
            f"{llm['newest_price_from']:%Y-%m-%d}"
        )
    if llm["prices_checked_on"]:
        said += f", checked {llm['prices_checked_on']} ({ago(llm['days_since_price_check'])})"
    return said


def ago(days: int) -> str:
    """Return how long ago a day was: `today`, `1 day ago`."""
    return f"{counted(days, 'day')} ago" if days > 0 else "today"


def proof_text(proof: Mapping[str, Any]) -> str:
    """Return the proof of one repository (a row of sql/status/proof.sql), equation first."""
    name = plain(proof["repository"])
    if proof["complete_windows"]:
        span = f"created {cell(proof['listed_from'])} to {cell(proof['listed_to'])}"
        lines = [f"{name}, runs {span}", f"  {_equation(proof)}"]
    else:
        lines = [name, "  nothing is proven yet: no run list has been read completely"]
    requests, free = proof["last_requests"] or 0, proof["last_not_modified"] or 0
    gap = f"{in_words(proof['gap_seconds'])} not listed" if proof["gaps"] else "no gap"
    given_up = f"; given up: {proof['given_up_items']:,}" if proof["given_up_items"] else ""
    lines += [
        f"  to fetch: {counted(proof['pending_attempts'], 'attempt')}, "
        f"jobs of {counted(proof['attempts_without_jobs'], 'attempt')}"
        f"{given_up}; gone: {counted(proof['gone_attempts'], 'attempt')}; "
        f"not proven yet: {counted(proof['elsewhere_runs'], 'run')}",
        f"  windows: {proof['complete_windows']:,} complete, "
        f"{proof['incomplete_windows']:,} incomplete, {proof['due_windows']:,} due, {gap}; "
        f"last full sweep {cell(proof['last_sweep_at'])}",
        f"  oldest open run {cell(proof['oldest_open_created_at'])}; last ingest "
        f"{counted(requests, 'request')}, {free / max(requests, 1):.0%} unchanged (304)",
    ]
    return "\n".join(lines)
