"""Rows and results as text for people: returned, never printed.

Every name that came from GitHub goes through `plain`, because it was written by a stranger.
"""

import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from telemetry.differences import Difference
from telemetry.ingest import Report
from telemetry.prune import Pruned
from telemetry.status import Status, in_words
from telemetry.verify import Verification

# Control characters move the cursor or colour the screen; format characters reverse the text.
HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")


def visible(text: str) -> str:
    """The text on one line with each control and format character shown as U+FFFD."""
    return "".join(
        "\ufffd" if unicodedata.category(character) in HIDDEN else character for character in text
    )


def plain(text: str) -> str:
    """The text on one line with every character that a terminal would obey shown as U+FFFD.

    So is the first colon of a `::` that begins the line, after white space too, and `##[` becomes
    `# #[` anywhere: a GitHub runner would take them for commands (actions/runner,
    ActionCommand.cs, TryParseV2 and TryParse).
    """
    shown = visible(text)
    if shown.lstrip().startswith("::"):
        shown = shown.replace(":", "\ufffd", 1)
    return shown.replace("##[", "# #[")


@dataclass(frozen=True)
class Screen:
    """What text is shown on: how many columns there are, None for no end, and whether in colour."""

    columns: int | None = None
    colour: bool = False

    def styled(self, text: str, style: str) -> str:
        """The text in a style of SGR (ECMA-48), such as 1 for bold; unchanged without colour."""
        return f"\033[{style}m{text}\033[0m" if self.colour and text else text


BOLD, DIM, YELLOW = "1", "2", "33"
PAPER = Screen()
NARROWEST = 8


def table(
    rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], screen: Screen = PAPER
) -> str:
    """Rows under their headings, numbers to the right; `columns` maps key to heading.

    Where the screen is too narrow headings take several lines, and then the widest texts are cut
    and end with an ellipsis; numbers never are.
    """
    cells = [[cell(row[key]) for key in columns] for row in rows]
    headings = [cell(heading) for heading in columns.values()]
    kinds = [{type(row[key]) for row in rows} - {type(None)} for key in columns]
    right = [bool(kind) and kind <= {int, float, Decimal} for kind in kinds]
    widths = _fitted(headings, cells, right, screen.columns)
    wrapped = [textwrap.wrap(*each) for each in zip(headings, widths, strict=True)]
    height = max(map(len, wrapped), default=0)
    above = [[""] * (height - len(lines)) + lines for lines in wrapped]

    def line(texts: Sequence[str]) -> str:
        padded = (_padded(*each) for each in zip(texts, widths, right, strict=True))
        return "  ".join(padded).rstrip()

    return "\n".join(
        [
            *(screen.styled(line(texts), BOLD) for texts in zip(*above, strict=True)),
            screen.styled(line(["─" * wide for wide in widths]), DIM),
            *map(line, cells),
        ]
    )


def _fitted(
    headings: list[str], cells: list[list[str]], right: list[bool], columns: int | None
) -> list[int]:
    """How wide each column is: as wide as what is in it, or less where the screen is too narrow."""
    widths, least = [], []
    for heading, column, is_number in zip(headings, _columns(cells, right), right, strict=True):
        widest = max(map(width, column), default=0)
        word = max(map(width, heading.split()), default=0)
        widths.append(max(width(heading), widest))
        least.append(max(widest if is_number else min(widest, NARROWEST), min(word, NARROWEST), 1))
    while columns is not None and sum(widths) + 2 * (len(widths) - 1) > columns:
        room = [wide if wide > bound else 0 for wide, bound in zip(widths, least, strict=True)]
        if not any(room):
            break
        widths[room.index(max(room))] -= 1
    return widths


def _columns(cells: list[list[str]], right: list[bool]) -> list[tuple[str, ...]]:
    return list(zip(*cells, strict=True)) if cells else [()] * len(right)


def cell(value: Any) -> str:
    """One value of a table; times to the minute, in UTC as the heading says."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | Decimal):
        return f"{value:,}"
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M}"
    return plain(str(value))


def width(text: str) -> int:
    """How many columns of a terminal the text takes."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def _padded(text: str, wide: int, to_right: bool) -> str:
    if width(text) > wide:
        while width(text) >= wide:
            text = text[:-1]
        text += "…"
    space = " " * (wide - width(text))
    return space + text if to_right else text + space


def size(count: int) -> str:
    """Bytes as people read them, in steps of 1,024."""
    amount, unit = float(count), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if amount < 1_024 or unit == "TB":
            break
        amount /= 1_024
    return f"{amount:.0f} {unit}" if unit == "B" or amount >= 10 else f"{amount:.1f} {unit}"


def counted(count: int, noun: str) -> str:
    """A number and its noun: `1 request`, `2 requests`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def report_text(report: Report) -> str:
    """The summary line of one repository's ingest, and a line for each thing to know about it."""
    name, done = plain(report.repository), report.ingestion
    if done is None:
        return f"{name}: {report.outcome}: {plain(report.error or '')}"
    line = (
        f"{name}: {counted(done.fetched, 'run')} fetched: {done.inserted:,} inserted, "
        f"{done.updated:,} updated, {done.unchanged:,} unchanged, "
        f"{done.not_completed + done.unreadable:,} skipped "
        f"({done.not_completed:,} not completed, {done.unreadable:,} unreadable); "
        f"{counted(done.requests, 'request')}, {report.seconds:.1f} s"
    )
    lines = [line]
    if report.attempts or report.jobs or report.steps:
        lines.append(
            f"  with {counted(report.attempts, 'earlier attempt')}, {counted(report.jobs, 'job')}, "
            f"{counted(report.steps, 'step')} new or changed"
        )
    if done.cut:
        lines.append(f"  cut to the length of their column: {counted(done.cut, 'value')}")
    lines += [f"  unreadable: {plain(text)}" for text in report.unreadable]
    if len(report.unreadable) < done.unreadable:
        lines.append(f"  and {done.unreadable - len(report.unreadable):,} more unreadable")
    if report.outcome != "complete":
        lines.append(
            f"  {report.outcome}; what is counted above is stored: {plain(report.error or '')}"
        )
    return "\n".join(lines)


def pruned_text(pruned: Pruned, dry_run: bool = False) -> str:
    """What pruning took out, or would."""
    verb = "would be pruned" if dry_run else "pruned"
    return (
        f"{verb}, older than {pruned.before:%Y-%m-%d %H:%M} UTC: "
        f"{counted(pruned.workflow_runs, 'run attempt')}, {counted(pruned.llm_calls, 'LLM call')}"
    )


REPOSITORY_COLUMNS = {
    "repository": "repository",
    "runs": "runs",
    "attempts": "attempts",
    "oldest_created_at": "oldest run",
    "newest_created_at": "newest run",
    "size": "size",
    "last_complete_at": "last complete ingest",
    "ago": "",
}
TABLE_COLUMNS = {
    "table_name": "table",
    "rows": "rows",
    "oldest": "oldest",
    "newest": "newest",
    "size": "size",
}


def status_text(status: Status, screen: Screen = PAPER) -> str:
    """The whole of `make status` for people."""
    repositories = [
        {
            **row,
            "size": size(row["bytes"]),
            "ago": "never"
            if row["seconds_since_complete"] is None
            else f"{in_words(row['seconds_since_complete'])} ago",
        }
        for row in status.repositories
    ]
    tables = [{**row, "size": size(row["bytes"])} for row in status.tables]
    parts = [plain(status.database) + "; times are UTC"]
    if repositories:
        parts.append(table(repositories, REPOSITORY_COLUMNS, screen))
        parts += [proof_text(row) for row in status.proof]
    parts.append(table(tables, TABLE_COLUMNS, screen))
    if status.llm["calls"]:
        parts.append(_llm_text(status.llm))
    concerns = [screen.styled(f"! {plain(text)}", YELLOW) for text in status.concerns]
    parts.append("\n".join(concerns) or "All is fresh.")
    return "\n\n".join(parts)


def _llm_text(llm: Mapping[str, Any]) -> str:
    line = (
        f"LLM calls: {llm['calls']:,}, newest {cell(llm['newest_at'])}; "
        f"{llm['unpriced_calls']:,} of unknown cost"
    )
    if llm["last_started_at"]:
        line += (
            f"; last ingest {cell(llm['last_started_at'])}: "
            f"{counted(llm['last_files'], 'file')}, {llm['last_rejected_files']:,} of them and "
            f"{counted(llm['last_rejected_lines'], 'line')} rejected"
        )
    return line


def proof_text(proof: Mapping[str, Any]) -> str:
    """The proof of one repository, as sql/status_proof.sql has it: first the equation."""
    name = plain(proof["repository"])
    unlisted = f"− {proof['unlisted_runs']:,} not listed, unprobed "
    equation = (
        f"GitHub reported {proof['reported_runs']:,} = {proof['stored_runs']:,} stored "
        f"− {proof['missing_runs']:,} missing {unlisted if proof['unlisted_runs'] else ''}"
        f"+ {proof['open_runs']:,} open: {'NOT EQUAL' if proof['unequal_windows'] else 'equal'}"
    )
    if proof["complete_windows"]:
        span = f"created {cell(proof['listed_from'])} to {cell(proof['listed_to'])}"
        lines = [f"{name}, runs {span}", f"  {equation}"]
    else:
        lines = [name, "  nothing is proven: no list of GitHub's was read whole yet"]
    requests, free = proof["last_requests"] or 0, proof["last_not_modified"] or 0
    gap = f"{in_words(proof['gap_seconds'])} not listed" if proof["gaps"] else "no gap"
    lines += [
        f"  to fetch: {counted(proof['pending_attempts'], 'attempt')}, "
        f"jobs of {counted(proof['attempts_without_jobs'], 'attempt')}; "
        f"gone: {counted(proof['gone_attempts'], 'attempt')}; "
        f"not proven yet: {counted(proof['elsewhere_runs'], 'run')}",
        f"  windows: {proof['complete_windows']:,} complete, "
        f"{proof['incomplete_windows']:,} incomplete, {proof['due_windows']:,} due, {gap}; "
        f"last full sweep {cell(proof['last_sweep_at'])}",
        f"  oldest open run {cell(proof['oldest_open_created_at'])}; last ingest "
        f"{counted(requests, 'request')}, {free / max(requests, 1):.0%} unchanged (304)",
    ]
    return "\n".join(lines)


def verification_text(found: Verification) -> str:
    """Each difference on a line of its own, then what was compared and how it came out."""
    lines = [_difference_text(each) for each in found.differences]
    lines += [f"unreadable there: {plain(text)}" for text in found.unreadable]
    lines += [
        f"not compared: runs created {cell(start)} to {cell(end)} UTC, whose list was not whole"
        for start, end in found.unverified
    ]
    count = len(found.differences) + len(found.unreadable)
    lines.append(
        f"{plain(found.repository)}: {counted(found.runs, 'run')} created since "
        f"{cell(found.since)} UTC, {counted(found.attempts, 'attempt')}: "
        f"{counted(count, 'difference')}; {len(found.newer):,} newer than the last look; "
        f"{counted(found.requests, 'request')}"
    )
    if found.error:
        lines.append(f"  ended before it was done: {plain(found.error)}")
    return "\n".join(lines)


def _difference_text(each: Difference) -> str:
    attempt = "" if each.run_attempt is None else f" attempt {each.run_attempt}"
    subject = f"run {each.github_run_id}{attempt}: {each.kind}"
    if each.column is None:
        return subject
    ours, theirs = (_spelled(value) for value in (each.ours, each.theirs))
    return f"{subject}: {each.column} is {ours} here, {theirs} there"


def _spelled(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return "not set" if value is None else plain(str(value))


def code_block(text: str) -> str:
    """The text as a Markdown code block, which nothing in the text can end."""
    harmless = text.replace("```", "` ` `")
    return f"```text\n{harmless}\n```"


def progress_text(done: int, total: int, columns: int) -> str:
    """A progress bar of at most that many columns; `total` may be an estimate."""
    share = min(1.0, done / total) if total else 1.0
    label = f" {done:,} of about {total:,}" if done < total else f" {done:,}"
    room = max(0, min(40, columns - len(label) - 3))
    filled = int(room * share)
    return f"[{'█' * filled}{'·' * (room - filled)}]{label}"
