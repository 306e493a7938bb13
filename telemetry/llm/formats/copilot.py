"""Sessions of GitHub Copilot CLI: `~/.copilot/session-state/*/events.jsonl`, one object per event.

At shutdown a session lists what each model used since it was started or resumed. Input includes
cached tokens. Newer versions add what GitHub bills, in billionths of an AI credit.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from telemetry.llm.formats.readers import (
    Defaults,
    Reader,
    Reading,
    billed,
    cut_off,
    readings_of,
)
from telemetry.llm.formats.tokens import TokenKeys
from telemetry.rows import reading
from telemetry.rows.reading import LONGEST_COUNT, UnreadableRow, storable

NAME = "Copilot CLI session"

BEGINS = ("session.start", "session.resume")

KEYS = TokenKeys(
    "inputTokens", "outputTokens", "cacheReadTokens", "cacheWriteTokens", "reasoningTokens"
)


def recognises(record: Mapping[str, Any]) -> bool:
    kind = record.get("type")
    return (
        isinstance(kind, str)
        and "." in kind
        and isinstance(record.get("data"), dict)
        and "parentId" in record
    )


def reader() -> Reader:
    """One row per model for each shutdown of the session."""
    session_id, began, answers = "", None, 0

    def calls(event: Mapping[str, Any], defaults: Defaults) -> Iterator[Reading]:
        nonlocal session_id, began, answers
        data, kind = reading.nested(event, "data"), event.get("type")
        if kind in BEGINS:
            yield from unended()
            session_id = reading.text(data, "sessionId") or session_id
            began = reading.moment(event, "timestamp")
        elif kind == "assistant.message":
            answers += 1
        elif kind == "session.shutdown":
            # A session without answers, or without their use, has no models.
            answers = 0 if data.get("modelMetrics") else answers
            yield from _rows(event, session_id, began, defaults)

    def unended() -> Iterator[Reading]:
        nonlocal answers
        if answers:
            answers = 0
            yield cut_off("session.shutdown with modelMetrics after the last answer", session_id)

    return Reader(calls, unended)


def _rows(
    event: Mapping[str, Any], session_id: str, began: datetime | None, defaults: Defaults
) -> Iterator[Reading]:
    data, moment = reading.nested(event, "data"), reading.moment(event, "timestamp")
    ended = reading.text(event, "id") or (moment.isoformat() if moment else "")
    failed = data.get("shutdownType") == "error"

    def row(model: str, said: Mapping[str, Any], defaults: Defaults) -> Iterator[Reading]:
        usage = reading.nested(said, "usage")
        requests = reading.count(reading.nested(said, "requests"), "count", LONGEST_COUNT)
        tokens = KEYS.counts(usage)
        if tokens["input_tokens"] is None:
            raise UnreadableRow(f"modelMetrics of {model!r:.80} have no tokens")
        if requests == 0 and not any(tokens.values()):
            return
        yield defaults.call(
            "copilot-cli",
            f"{session_id}:{ended}:{storable(model)}",
            defaults.timestamp(began or moment),
            session_id=session_id,
            model=storable(model),
            **tokens,
            reported_cost=billed(said, "totalNanoAiu"),
            success=not failed,
            error_message=reading.text(data, "errorReason") if failed else None,
            api_calls=requests or 1,
            is_whole_session=requests != 1,
        )

    for model, said in reading.nested(data, "modelMetrics").items():
        yield from readings_of(said, defaults, partial(row, model))
