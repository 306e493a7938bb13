"""The results of ingests and prunes as text for people."""

import shlex
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from telemetry import counted
from telemetry.database.prune import Pruned
from telemetry.database.retention import Offer, OldRows, Retention
from telemetry.installation import COMMAND
from telemetry.rows.ingestions import LlmIngestion
from telemetry.runs.request import Report
from telemetry.runs.retries import AwaitedItem
from telemetry.summaries.tables import cell
from telemetry.terminal import plain


def is_news(report: Report) -> bool:
    """Whether an ingest stored something new, or has a problem to report."""
    return report.outcome != "complete" or _changes(report)


def _changes(report: Report) -> bool:
    """Whether an ingest changed a row or met an item that it could not read or fetch."""
    done = report.ingestion
    return done is None or any(
        (
            *(done.inserted, done.updated, done.cut, done.unreadable, done.unreadable_items),
            *(report.attempts, report.jobs, report.steps, report.awaited_items),
        )
    )


def report_text(report: Report, *, is_brief: bool = False) -> str:
    """Return the summary line of one repository's ingest, and a line for each problem.

    With `is_brief`, jobs and steps are not counted, and a spent share of a limit has no line of its
    own.
    """
    name, done = plain(report.repository), report.ingestion
    is_empty = done is not None and not done.fetched and not _changes(report)
    if done is None or (is_empty and report.outcome != "complete"):
        return f"{name}: {report.outcome}: {plain(report.error or '')}"
    line = (
        f"{name}: {counted(done.fetched, 'run')} fetched: {done.inserted:,} inserted, "
        f"{done.updated:,} updated, {done.unchanged:,} unchanged, "
        f"{done.not_completed + done.unreadable:,} skipped "
        f"({done.not_completed:,} not completed, {done.unreadable:,} unreadable); "
        f"{counted(done.requests, 'request')}, {report.seconds:.1f} s"
    )
    lines = [line]
    if not is_brief and (report.attempts or report.jobs or report.steps):
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
        lines.append(f"  and {more:,} more to be retried, or given up: view awaited_items")
    if is_brief and report.is_cut_short:
        lines[0] += f"; {report.outcome}"
    elif report.outcome != "complete":
        lines.append(
            f"  {report.outcome}; what is counted above is stored: {plain(report.error or '')}"
        )
    return "\n".join(lines)


def closing_text(reports: Sequence[Report], reset_at: datetime | None) -> str:
    """Return in one line how the ingests of several repositories ended.

    `reset_at` (UTC) is when GitHub allows more requests, None if it allows some now; it is shown if
    something is left.
    """
    outcomes = Counter(report.outcome for report in reports)
    quiet = sum(not is_news(report) for report in reports)
    ended = ", ".join(f"{count:,} {outcome}" for outcome, count in outcomes.most_common())
    requests = sum(report.ingestion.requests for report in reports if report.ingestion)
    text = f"{len(reports):,} repositories: {ended}; {counted(requests, 'request')}"
    if quiet:
        text += f"; nothing new in {quiet:,}"
    if outcomes.keys() & {"incomplete", "not reached"}:
        when = "at once" if reset_at is None else f"at {reset_at:%Y-%m-%d %H:%M} UTC"
        text += f"; the next ingest can continue {when}"
    return text


def _awaited_text(item: AwaitedItem) -> str:
    what = {"run": "", "attempt": f"attempt {item.run_attempt} of "}.get(
        item.kind, f"jobs of attempt {item.run_attempt} of "
    )
    then = (
        f"given up after {item.tries:,} tries; to try again: RUN_ID={item.github_run_id}"
        if item.next_try_at is None
        else f"the next try is due at {cell(item.next_try_at)}"
    )
    return f"{item.problem}: {what}run {item.github_run_id}: {plain(item.reason)}; {then}"


def pruned_text(pruned: Pruned) -> str:
    """Return what pruning deleted or would delete."""
    if pruned.before is None:
        if pruned.is_dry:
            return "nothing would be pruned: rows would be kept forever"
        return "nothing is pruned: this database keeps its rows forever"
    older = f"older than {pruned.before:%Y-%m-%d %H:%M} UTC: {', '.join(_rows(pruned))}"
    if pruned.is_held:
        return (
            f"not pruned, though {older}; these rows are older than this database's retention. "
            f"{_prune_command(pruned.keep)} deletes them, {COMMAND} ingest KEEP=forever keeps them"
        )
    return f"{'would be pruned' if pruned.is_dry else 'pruned'}, {older}"


def change_text(before: Retention, now: Retention) -> str | None:
    """Return how a retention differs from the one before; None if it is the same."""
    if str(before) == str(now) and not before.is_held:
        return None
    until_now = "nothing was deleted" if before.is_held else f"it kept {before.in_words}"
    return f"this database keeps {now.in_words} from now on; until now {until_now}"


def offer_text(offer: Offer) -> str | None:
    """Return what the KEEP of an ingest changed, or why it did not; None if there is no news."""
    if offer.now == offer.asked:
        return change_text(offer.before, offer.asked)
    kept = (
        "this database deletes nothing until it is asked to, and an ingest does not ask"
        if offer.before.is_held
        else f"this database keeps {offer.before.in_words}, and an ingest never shortens that"
    )
    return (
        f"KEEP={offer.asked} changes nothing here: {kept}. "
        f"{' and '.join(_rows(offer.older))} are older than {offer.asked}; "
        f"{_prune_command(str(offer.asked))} deletes them and keeps {offer.asked} from then on"
    )


def _rows(old: Pruned | OldRows) -> list[str]:
    """Return how many rows of each kind are old; most databases have no bill."""
    counts = [counted(old.workflow_runs, "run attempt"), counted(old.llm_calls, "LLM call")]
    return counts + ([f"{counted(old.billed_days, 'day')} of bills"] if old.billed_days else [])


def _prune_command(keep: str) -> str:
    return f"{COMMAND} prune KEEP={shlex.quote(keep)}"


def ingestion_text(done: LlmIngestion) -> str:
    """Return the summary line of an LLM ingest, and a line for each of the first losses."""
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
    """Return in one sentence what was not stored; None if everything was."""
    if not _lost(done):
        return None
    unread = [(done.rejected_lines, "line"), (done.rejected_files, "file")]
    parts = [" and ".join(counted(number, noun) for number, noun in unread if number)]
    parts = [f"{part} of LLM logs could not be read" for part in parts if part]
    if done.clashing:
        parts.append(f"{counted(done.clashing, 'call')} clashed with another")
    return ", ".join(parts)


def _lost(done: LlmIngestion) -> int:
    return done.rejected_lines + done.rejected_files + done.clashing
