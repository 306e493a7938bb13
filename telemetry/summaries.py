"""What an ingest, a prune, a status, a verification or a question found, as text for people.

Returned, never printed; every name that came from GitHub goes through `plain`.
"""

import csv
import io
import shlex
import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from telemetry.database.concerns import folded, in_words
from telemetry.database.prune import Pruned
from telemetry.database.questions import Answer, Question
from telemetry.database.retention import Offer
from telemetry.database.status import Status
from telemetry.report.figures import duration
from telemetry.rows.llm import LlmIngestion
from telemetry.runs.differences import Difference
from telemetry.runs.request import Report
from telemetry.runs.retries import AwaitedItem
from telemetry.runs.verify import Verification
from telemetry.runs.verify_jobs import JobsCompared
from telemetry.terminal import (
    BOLD,
    PAPER,
    YELLOW,
    Screen,
    cell,
    counted,
    plain,
    size,
    table,
    width,
)


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
    more = done.unreadable + done.unreadable_items - len(report.unreadable)
    if more > 0:
        lines.append(f"  and {more:,} more unreadable")
    named = set(report.unreadable)
    lines += [f"  {_awaited_text(item)}" for item in report.awaited if item.reason not in named]
    if more := report.awaited_items - len(report.awaited):
        lines.append(f"  and {more:,} more to ask for again, or given up: view awaited_items")
    if report.outcome != "complete":
        lines.append(
            f"  {report.outcome}; what is counted above is stored: {plain(report.error or '')}"
        )
    return "\n".join(lines)


def closing_text(reports: Sequence[Report], reset_at: datetime | None) -> str:
    """How the ingests of several repositories ended, in one line.

    `reset_at` (UTC) is when GitHub allows more requests; it is named where something is left.
    """
    outcomes = Counter(report.outcome for report in reports)
    ended = ", ".join(f"{count:,} {outcome}" for outcome, count in outcomes.most_common())
    requests = sum(report.ingestion.requests for report in reports if report.ingestion)
    text = f"{len(reports):,} repositories: {ended}; {counted(requests, 'request')}"
    if reset_at is not None and outcomes.keys() & {"incomplete", "not reached"}:
        text += f"; the next ingest can continue at {reset_at:%Y-%m-%d %H:%M} UTC"
    return text


def _awaited_text(item: AwaitedItem) -> str:
    what = {"run": "", "attempt": f"attempt {item.run_attempt} of "}.get(
        item.kind, f"jobs of attempt {item.run_attempt} of "
    )
    then = (
        f"given up after {item.tries:,} tries; to ask again: RUN_ID={item.github_run_id}"
        if item.next_try_at is None
        else f"the next try is due at {cell(item.next_try_at)}"
    )
    return f"{item.problem}: {what}run {item.github_run_id}: {plain(item.reason)}; {then}"


def pruned_text(pruned: Pruned) -> str:
    """What pruning deleted, or would delete."""
    if pruned.before is None:
        return "nothing is pruned: this database keeps its rows forever"
    older = (
        f"older than {pruned.before:%Y-%m-%d %H:%M} UTC: "
        f"{counted(pruned.workflow_runs, 'run attempt')}, {counted(pruned.llm_calls, 'LLM call')}"
    )
    if pruned.is_held:
        return (
            f"not pruned, though {older}; these rows are older than this database's retention. "
            f"{_prune_command(pruned.keep)} deletes them, make ingest KEEP=forever keeps them"
        )
    return f"{'would be pruned' if pruned.is_dry else 'pruned'}, {older}"


def offer_text(offer: Offer) -> str | None:
    """What became of the KEEP that an ingest was given; None where it changed nothing."""
    if offer.now == offer.asked:
        if str(offer.before) == str(offer.asked):
            return None
        return f"this database keeps {offer.now} from now on; until now it kept {offer.before}"
    counts = [
        counted(offer.older.workflow_runs, "run attempt"),
        counted(offer.older.llm_calls, "LLM call"),
    ]
    return (
        f"KEEP={offer.asked} changes nothing here: this database keeps {offer.before}, and an "
        f"ingest never shortens that. {' and '.join(counts)} are older than {offer.asked}; "
        f"{_prune_command(str(offer.asked))} deletes them and keeps {offer.asked} from then on"
    )


def _prune_command(keep: str) -> str:
    return f"make prune KEEP={shlex.quote(keep)}"


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
    """What `make status` says to people: the verdict, then sums, then repositories.

    Those that need something come first, and only the first ten are shown. `is_whole`: all of
    them are, each with its proof, and every table.
    """
    lines = folded(status.concerns, len(status.repositories))
    parts = [plain(status.database) + "; times are UTC", _verdict(lines, screen)]
    if status.repositories:
        parts.append(_sums_text(status))
        shown = _by_need(status)[: None if is_whole else MOST_REPOSITORIES]
        parts.append(table([_repository_row(row) for row in shown], REPOSITORY_COLUMNS, screen))
        if more := len(status.repositories) - len(shown):
            parts.append(f"and {more:,} more; to show all: make status ALL=1")
        if is_whole or len(status.repositories) == 1:
            parts += [proof_text(row) for row in status.proof]
    if is_whole:
        tables = [{**row, "size": size(row["bytes"])} for row in status.tables]
        parts.append(table(tables, TABLE_COLUMNS, screen))
    parts.append(_retention_text(status.retention))
    if status.llm["calls"]:
        parts.append(_filled(_llm_text(status.llm), screen))
    return "\n\n".join(parts)


def _verdict(lines: Sequence[str], screen: Screen) -> str:
    if not lines:
        return screen.styled("All is fresh.", BOLD)
    said = [f"{'1 thing needs' if len(lines) == 1 else f'{len(lines):,} things need'} attention:"]
    said += [screen.styled(_filled(f"! {plain(text)}", screen), YELLOW) for text in lines]
    return "\n".join(said)


def _filled(text: str, screen: Screen) -> str:
    """Prose in lines no longer than the screen is wide."""
    return textwrap.fill(
        text,
        screen.columns or 10_000,
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _by_need(status: Status) -> list[dict[str, Any]]:
    """The repositories, those with the most concerns first, then the largest."""
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
    """What all repositories hold together, and whether it is what GitHub reported."""
    runs, attempts, stored = (
        sum(row[key] for row in status.repositories) for key in ("runs", "attempts", "bytes")
    )
    count = len(status.repositories)
    return (
        f"{count:,} {'repository' if count == 1 else 'repositories'}: {counted(runs, 'run')} in "
        f"{counted(attempts, 'attempt')}, {size(stored)}\n"
        + _equation({term: sum(row[term] for row in status.proof) for term in TERMS})
    )


TERMS = (
    "reported_runs",
    "stored_runs",
    "missing_runs",
    "unlisted_runs",
    "open_runs",
    "unequal_windows",
)


def _equation(proof: Mapping[str, int]) -> str:
    unlisted = proof["unlisted_runs"]
    left_out = f"− {unlisted:,} not listed, unprobed " if unlisted else ""
    return (
        f"GitHub reported {proof['reported_runs']:,} = {proof['stored_runs']:,} stored "
        f"− {proof['missing_runs']:,} missing {left_out}+ {proof['open_runs']:,} open: "
        f"{'NOT EQUAL' if proof['unequal_windows'] else 'equal'}"
    )


def _retention_text(old: Pruned) -> str:
    if old.before is None:
        return "rows are kept forever"
    return f"this database keeps {old.keep}: rows from {old.before:%Y-%m-%d %H:%M} UTC on"


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
    if llm["price_models"]:
        line += (
            f"; prices of {counted(llm['price_models'], 'model')}, the newest from "
            f"{llm['newest_price_from']:%Y-%m-%d}"
        )
    if llm["prices_checked_on"]:
        line += f", checked {llm['prices_checked_on']} ({llm['days_since_price_check']:,} days ago)"
    return line


def proof_text(proof: Mapping[str, Any]) -> str:
    """The proof of one repository, as sql/status/proof.sql has it: first the equation."""
    name = plain(proof["repository"])
    if proof["complete_windows"]:
        span = f"created {cell(proof['listed_from'])} to {cell(proof['listed_to'])}"
        lines = [f"{name}, runs {span}", f"  {_equation(proof)}"]
    else:
        lines = [name, "  nothing is proven yet: no run list has been read completely"]
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
    jobs = found.jobs
    differences = found.differences + (jobs.differences if jobs else [])
    unreadable = found.unreadable + (jobs.unreadable if jobs else [])
    newer = len(found.newer) + (len(jobs.newer) if jobs else 0)
    lines = [_difference_text(each) for each in differences]
    lines += [f"unreadable there: {plain(text)}" for text in unreadable]
    lines += [
        f"not compared: runs created {cell(start)} to {cell(end)} UTC: their list was incomplete"
        for start, end in found.unverified
    ]
    lines += [f"not compared: {plain(text)}" for text in (jobs.unanswered if jobs else [])]
    count = len(differences) + len(unreadable)
    lines.append(
        f"{plain(found.repository)}: {counted(found.runs, 'run')} created since "
        f"{cell(found.since)} UTC, {counted(found.attempts, 'attempt')}: "
        f"{counted(count, 'difference')}; {newer:,} newer than the last listing; "
        f"{counted(found.requests, 'request')}"
    )
    lines += [_jobs_compared_text(jobs)] if jobs else []
    if found.error:
        lines.append(f"  stopped early: {plain(found.error)}")
    return "\n".join(lines)


def _jobs_compared_text(jobs: JobsCompared) -> str:
    """Of how many runs the jobs were compared, and of which they could not be."""
    drawn = "" if jobs.seed is None else f", a sample drawn with seed {jobs.seed}"
    text = (
        f"  compared {counted(jobs.jobs, 'job')}, {counted(jobs.steps, 'step')} and "
        f"{counted(jobs.attempts, 'earlier attempt')} of {jobs.runs:,} of "
        f"{counted(jobs.of_runs, 'run')}{drawn}"
    )
    if jobs.pending_attempts:
        text += f"; jobs of {counted(jobs.pending_attempts, 'attempt')} are still to be fetched"
    return text


def _difference_text(each: Difference) -> str:
    places = (("attempt", each.run_attempt), ("job", each.job_id), ("step", each.step))
    where = "".join(f" {name} {number}" for name, number in places if number is not None)
    subject = f"run {each.github_run_id}{where}: {each.kind}"
    if each.column is None:
        return subject
    ours, theirs = (_spelled(value) for value in (each.ours, each.theirs))
    return f"{subject}: {each.column} is {ours} here, {theirs} there"


def _spelled(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return "not set" if value is None else plain(str(value))


def ingestion_text(done: LlmIngestion) -> str:
    """The summary line, and a line for each of the first things that were lost."""
    lines = [
        f"LLM calls of {counted(done.files, 'file')}: {done.inserted:,} inserted, "
        f"{done.updated:,} updated, {done.unchanged:,} unchanged"
    ]
    if done.left_out:
        lines[0] += f", {done.left_out:,} left out"
    if done.cut:
        lines.append(f"  cut to the length of their column: {counted(done.cut, 'value')}")
    lines += [f"  rejected: {plain(text)}" for text in done.first_rejected]
    more = _lost(done) - len(done.first_rejected)
    if more:
        lines.append(f"  and {more:,} more rejected")
    lines += [f"  note: {plain(text)}" for text in done.notes]
    if any(text.endswith("timestamp is missing") for text in done.first_rejected):
        lines.append("  to set the time of calls that have none: AT=2026-01-31T12:00:00Z")
    return "\n".join(lines)


def lost_text(done: LlmIngestion) -> str | None:
    """What was not stored, in one sentence; None if all was."""
    if not _lost(done):
        return None
    return (
        f"{counted(done.rejected_lines, 'line')} and {counted(done.rejected_files, 'file')} "
        f"of LLM logs could not be read, {counted(done.clashing, 'call')} clashed with another"
    )


def _lost(done: LlmIngestion) -> int:
    return done.rejected_lines + done.rejected_files + done.clashing


# With these a spreadsheet takes text for a formula (OWASP, "CSV Injection").
FORMULA = ("=", "+", "-", "@")


def questions_text(questions: Sequence[Question], screen: Screen = PAPER) -> str:
    """Each question's name and what it asks."""
    rows = [{"name": question.name, "title": question.title} for question in questions]
    columns = {"name": "make query Q=…", "title": "question"}
    return table(rows, columns, screen)


def answer_text(answer: Answer, screen: Screen = PAPER) -> str:
    """The question, its answer as a table, and how to read it.

    Lengths of time are written as people say them. What only a program needs, ids of workflows and
    addresses, is left out; so are the last columns where the screen is too narrow for all.
    """
    shown = [column for column in answer.columns if not column.endswith(FOR_PROGRAMS)]
    rows = [{column: _for_people(column, row[column]) for column in shown} for row in answer.rows]
    headings = {column: _heading(column) for column in shown}
    while len(headings) > 2 and _is_too_wide(table(rows, headings, screen), screen):
        headings.popitem()
    left_out = len(answer.columns) - len(headings)
    question = answer.question
    end = f"{counted(len(answer.rows), 'row')}; times are UTC; sql/analysis/{question.name}.sql"
    if left_out:
        end += f"; {counted(left_out, 'more column')} with FORMAT=csv"
    return "\n\n".join(
        [
            screen.styled(question.title, BOLD),
            table(rows, headings, screen),
            textwrap.fill(question.reading, min(screen.columns or 100, 100)),
            textwrap.fill(end, screen.columns or 1_000, break_on_hyphens=False),
        ]
    )


FOR_PROGRAMS = ("workflow_id", "workflow_path", "html_url")


def _heading(column: str) -> str:
    return column.removesuffix("_seconds").replace("_", " ")


def _for_people(column: str, value: Any) -> Any:
    if value is None:
        return None
    if column.endswith("_seconds"):
        return duration(value)
    # An id is to be copied, not read as a number.
    return str(value) if column.endswith("_id") else value


def _is_too_wide(text: str, screen: Screen) -> bool:
    return screen.columns is not None and any(
        width(line) > screen.columns or "…" in line for line in text.splitlines()
    )


def csv_text(answer: Answer) -> str:
    """The answer as CSV (RFC 4180) with a line of column names; NULL is empty, times are UTC.

    Control characters become U+FFFD, and what a spreadsheet would run begins with an apostrophe.
    """
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(answer.columns)
    for row in answer.rows:
        writer.writerow([_csv_cell(row[column]) for column in answer.columns])
    return lines.getvalue().rstrip("\n")


def _csv_cell(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    shown = plain(value)
    return f"'{shown}" if shown.startswith(FORMULA) else shown
