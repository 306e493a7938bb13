"""opencode: what `opencode run --format json` prints, and its messages, stored or exported.

A finished step is a call. Only the stored message names the model. A fork of a session begins with
copies of its messages: new ids, but the same times and counts (packages/opencode/src/session,
`fork`). sql/llm/leave_out_copied_messages.sql finds these copies.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from telemetry.llm.formats.readers import (
    Columns,
    Defaults,
    Reader,
    Reading,
    read_list,
    readings_of,
)
from telemetry.llm.formats.tokens import TokenKeys, count_at, inclusive
from telemetry.rows import reading
from telemetry.rows.llm import LlmCall, changed, distinct_timestamp
from telemetry.rows.reading import UnreadableRow, digest

NAME = "opencode"
STORED = "opencode"

KEYS = TokenKeys(
    "tokens.input", "tokens.output", "tokens.cache.read", "tokens.cache.write", "tokens.reasoning"
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def recognises(record: Mapping[str, Any]) -> bool:
    if "sessionID" not in record:
        info = record.get("info")
        return isinstance(info, dict) and ("messages" in record or "sessionID" in info)
    return isinstance(record.get("part"), dict) or ("role" in record and "time" in record)


def reader() -> Reader:
    """One call per finished step, or per stored message of the assistant."""

    def calls(record: Mapping[str, Any], defaults: Defaults) -> Iterator[Reading]:
        if "info" in record:
            # An export describes the session, then lists its messages.
            for message in read_list(record, "messages") or [record["info"]]:
                yield from readings_of(message, defaults, calls)
        elif "part" in record:
            part = reading.nested(record, "part")
            if part.get("type") == "step-finish":
                moment = _moment(record, "timestamp")
                ids = [text for key in ("messageID", "id") if (text := reading.text(part, key))]
                yield _call("opencode-run", ":".join(ids), moment, record, part, defaults)
        elif record.get("role") == "assistant":
            moment = _moment(reading.nested(record, "time"), "created")
            yield _call(STORED, reading.text(record, "id"), moment, record, record, defaults)

    return Reader(calls)


def _call(
    source: str,
    call_id: str | None,
    moment: datetime | None,
    record: Mapping[str, Any],
    step: Mapping[str, Any],
    defaults: Defaults,
) -> LlmCall:
    error = reading.nested(record, "error")
    tokens = _tokens(step)
    if tokens["input_tokens"] is None and not error:
        raise UnreadableRow("the step has no tokens")
    call = defaults.call(
        source,
        call_id or digest(record),
        defaults.timestamp(moment),
        session_id=reading.text(record, "sessionID") or "",
        provider=reading.text(record, "providerID"),
        model=reading.text(record, "modelID"),
        **tokens,
        reported_cost=reading.money(step, "cost"),
        success=not error,
        error_message=reading.text(error, "name") if error else None,
    )
    if moment is None:
        return call
    # The copy of a message is found by its milliseconds.
    return changed(call, {"timestamp": distinct_timestamp(moment, call.call_id, 1_000)})


def _tokens(step: Mapping[str, Any]) -> Columns:
    """The counts: cached tokens are separate from the input, and so is reasoning from the output if
    the total shows it.
    """
    tokens, total = KEYS.counts_with_cache(step), count_at(step, "tokens.total")
    output = inclusive(tokens["output_tokens"], tokens["reasoning_tokens"])
    if total is not None and total == inclusive(tokens["input_tokens"], output):
        tokens["output_tokens"] = output
    return tokens


def _moment(holder: Mapping[str, Any], key: str) -> datetime | None:
    """A time in milliseconds since 1970. Raises UnreadableRow."""
    milliseconds = reading.count(holder, key)
    if milliseconds is None:
        return None
    try:
        return EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        raise UnreadableRow(f"{key} is {milliseconds}, no time in milliseconds") from None
