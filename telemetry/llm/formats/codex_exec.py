"""What `codex exec --json` prints: one object per event.

It names no model and no time; the session's rollout does. `turn.completed` has the running total of
the thread.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from telemetry.llm.formats.codex import KEYS, used_since
from telemetry.llm.formats.readers import Defaults, Reader, Reading, cut_off
from telemetry.rows import reading
from telemetry.rows.reading import digest

NAME = "codex exec"


def recognises(record: Mapping[str, Any]) -> bool:
    kind = record.get("type")
    if kind == "thread.started":
        return "thread_id" in record
    if kind == "turn.completed":
        return isinstance(record.get("usage"), dict)
    return kind in ("turn.started", "turn.failed") or (
        kind in ("item.started", "item.updated", "item.completed") and "item" in record
    )


def reader() -> Reader:
    """One row per turn: the increase since the turn before."""
    thread, total, is_open = "", None, False

    def unended() -> Iterator[Reading]:
        nonlocal is_open
        if is_open:
            is_open = False
            yield cut_off("turn.completed event after the last turn began", thread)

    def calls(record: Mapping[str, Any], defaults: Defaults) -> Iterator[Reading]:
        nonlocal thread, total, is_open
        if record.get("type") == "thread.started":
            yield from unended()
            # A resumed thread continues its counts.
            before, thread = thread, reading.text(record, "thread_id") or ""
            total = total if thread == before else None
        elif record.get("type") == "turn.started":
            is_open = True
        elif record.get("type") == "turn.completed":
            is_open = False
            usage = reading.nested(record, "usage")
            now = KEYS.counts(usage)
            used = used_since(now, total, {})
            total = now
            sums = [str(now[key]) for key in ("input_tokens", "output_tokens")]
            yield defaults.call(
                "codex-exec",
                ":".join([thread, *sums]) if thread else digest(record),
                defaults.timestamp(reading.moment(record, "timestamp")),
                session_id=thread,
                **used,
                is_whole_session=True,
            )

    return Reader(calls, unended)
