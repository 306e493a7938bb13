"""Sessions of pi and of OpenClaw, which is built on it: `~/.pi/agent/sessions/**/*.jsonl`.

badlogic/pi-mono, packages/coding-agent: one object per entry; assistant messages have `usage`, and
in newer versions so do the summaries that a model made (packages/agent, harness/session/types.ts).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from telemetry.llm.formats.readers import Defaults, Reader, Reading
from telemetry.llm.formats.tokens import TokenKeys
from telemetry.rows import reading
from telemetry.rows.reading import digest, required

NAME = "pi session"

COUNTS = ("input", "output", "cacheRead", "cacheWrite")
KEYS = TokenKeys(*COUNTS)
SUMMARIES = ("compaction", "branch_summary")


@dataclass(frozen=True)
class Model:
    """The model of the last message, and who serves it."""

    name: str | None = None
    provider: str | None = None


def recognises(record: Mapping[str, Any]) -> bool:
    kind, message = record.get("type"), record.get("message")
    if kind == "session":
        return "sessionId" not in record and ("cwd" in record or "modelId" in record)
    if kind in SUMMARIES:
        usage = record.get("usage")
        return "tokensBefore" in record or (
            isinstance(usage, dict) and any(key in usage for key in COUNTS)
        )
    if kind != "message" or not isinstance(message, dict):
        return False
    usage = message.get("usage")
    return "sessionId" not in record and (
        not isinstance(usage, dict) or any(key in usage for key in COUNTS)
    )


def reader() -> Reader:
    """One call per assistant message or summary. Cached tokens are separate from the input.

    A session that branches off another begins with copies of its entries, with the same ids, times
    and counts. A summary names no model: it is made by that of the messages before it.
    """
    session_id, last = "", Model()

    def calls(record: Mapping[str, Any], defaults: Defaults) -> Iterator[Reading]:
        nonlocal session_id, last
        if record.get("type") == "session":
            session_id = reading.text(record, "id") or ""
        is_summary = record.get("type") in SUMMARIES
        message = record if is_summary else reading.nested(record, "message")
        usage = reading.nested(message, "usage")
        if not usage or not (is_summary or message.get("role") == "assistant"):
            return
        if not is_summary:
            model = required(reading.text(message, "model"), message, "message", "model")
            last = Model(model, reading.text(message, "provider"))
        error = reading.text(message, "errorMessage")
        failed = error is not None or message.get("stopReason") == "error"
        identity = {key: record.get(key) for key in ("id", "timestamp")}
        yield defaults.call(
            "pi",
            digest({**identity, "usage": usage, "model": message.get("model")}),
            defaults.timestamp(reading.moment(record, "timestamp")),
            session_id=session_id,
            provider=last.provider,
            model=last.name,
            **KEYS.counts_with_cache(usage),
            reported_cost=reading.money(reading.nested(usage, "cost"), "total"),
            success=not failed,
            error_message=error,
        )

    return Reader(calls)
