"""What an ingest of LLM logs did, as text for people: returned, never printed."""

from telemetry.llm_rows import LlmIngestion
from telemetry.terminal import counted, plain


def ingestion_text(done: LlmIngestion) -> str:
    """The summary line, and a line for each of the first things that were lost."""
    lines = [
        f"LLM calls of {counted(done.files, 'file')}: {done.inserted:,} inserted, "
        f"{done.updated:,} updated, {done.unchanged:,} unchanged"
    ]
    if done.cut:
        lines.append(f"  cut to the length of their column: {counted(done.cut, 'value')}")
    lines += [f"  rejected: {plain(text)}" for text in done.first_rejected]
    more = _lost(done) - len(done.first_rejected)
    if more:
        lines.append(f"  and {more:,} more rejected")
    if any(text.endswith("timestamp is missing") for text in done.first_rejected):
        lines.append("  what has no time can be given one: AT=2026-01-31T12:00:00Z")
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
