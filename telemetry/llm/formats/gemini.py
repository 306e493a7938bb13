"""Gemini CLI: `--output-format json` and `stream-json`, and its session records.

Both outputs sum up the session by model (google-gemini/gemini-cli, packages/core/src/output,
telemetry/uiTelemetry.ts); a session record has each answer (services/chatRecordingTypes.ts).
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from telemetry.llm.formats.readers import (
    Columns,
    Defaults,
    Reader,
    Reading,
    cut_off,
    read_list,
    readings_of,
)
from telemetry.llm.formats.tokens import TokenKeys, inclusive
from telemetry.rows import reading
from telemetry.rows.reading import LONGEST_COUNT, digest, storable

NAME = "Gemini CLI"

# The prompt includes the cache. A record calls it `input`, which is without the cache in `json`.
RECORDED = TokenKeys(("prompt", "input"), ("candidates", "output"), "cached", reasoning="thoughts")
STREAMED = TokenKeys("input_tokens", "output_tokens", "cached")

# Keys of messages of other tools.
OTHERS = {"message", "sessionId", "data", "usage"}


def recognises(record: Mapping[str, Any]) -> bool:
    kind = record.get("type")
    if isinstance(record.get("stats"), dict):
        return (kind == "result" and "status" in record) or "models" in record["stats"]
    if kind == "init":
        return "session_id" in record and "model" in record
    if kind in ("message", "tool_use", "tool_result"):
        return "timestamp" in record and not OTHERS & record.keys()
    return (
        (kind == "gemini" and "content" in record)
        or "$set" in record
        or "projectHash" in record
        or (kind == "result" and "status" in record and "session_id" not in record)
    )


def reader() -> Reader:
    """One row per model of a session, or per recorded answer."""
    session = _Session()

    def unended() -> list[Reading]:
        return [cut_off("result with counts", session.session_id)] if session.is_open else []

    def calls(record: Mapping[str, Any], defaults: Defaults) -> Iterator[Reading]:
        if "projectHash" in record:
            session.session_id = reading.text(record, "sessionId") or ""
            for answer in read_list(record, "messages"):
                yield from readings_of(answer, defaults, session.answer)
        elif record.get("type") == "gemini":
            yield from session.answer(record, defaults)
        elif record.get("type") == "init":
            yield from unended()
            session.is_open = True
            session.session_id = reading.text(record, "session_id") or ""
            session.began = reading.moment(record, "timestamp")
            session.model = reading.text(record, "model") or ""
        elif "stats" in record:
            session.is_open = False
            yield from session.models(record, defaults)

    return Reader(calls, unended)


class _Session:
    """What the records so far say about the session."""

    def __init__(self) -> None:
        self.session_id = self.model = ""
        self.is_open = False
        self.began: datetime | None = None

    def answer(self, record: Mapping[str, Any], defaults: Defaults) -> Iterator[Reading]:
        """The call of a recorded answer; none if it has no tokens."""
        counts = reading.nested(record, "tokens")
        if not counts:
            return
        model, answer_id = reading.text(record, "model"), reading.text(record, "id")
        yield defaults.call(
            "gemini-cli-session",
            f"{self.session_id}:{answer_id}" if answer_id else digest(record),
            defaults.timestamp(reading.moment(record, "timestamp")),
            session_id=self.session_id,
            provider=_provider(model),
            model=model,
            **_recorded(counts),
        )

    def models(self, record: Mapping[str, Any], defaults: Defaults) -> Iterator[Reading]:
        """One row per model of the session."""
        session_id = reading.text(record, "session_id") or self.session_id
        failure = _failure(record)

        def row(model: str, said: Mapping[str, Any], defaults: Defaults) -> Iterator[Reading]:
            api = reading.nested(said, "api")
            tokens = (
                _recorded(reading.nested(said, "tokens")) if "tokens" in said else _streamed(said)
            )
            requests = reading.count(api, "totalRequests", LONGEST_COUNT)
            # If a model is overloaded, the session continues with another one.
            have_failed = bool(requests) and requests == reading.count(api, "totalErrors")
            if not (requests or any(tokens.values())):
                return
            total = (tokens["input_tokens"] or 0) + (tokens["output_tokens"] or 0)
            identity = f"{session_id}:{storable(model)}:{total}"
            yield defaults.call(
                "gemini-cli",
                identity if session_id else digest([record, model]),
                defaults.timestamp(self.began or reading.moment(record, "timestamp")),
                session_id=session_id,
                provider=_provider(model),
                model=storable(model) or None,
                **tokens,
                success=failure is None and not have_failed,
                error_message=failure,
                duration_ms=reading.count(api, "totalLatencyMs"),
                api_calls=requests or 1,
                is_whole_session=requests != 1,
            )

        stats = reading.nested(record, "stats")
        # Older versions count all models together.
        models = reading.nested(stats, "models") or {self.model: stats}
        for model, said in models.items():
            yield from readings_of(said, defaults, partial(row, model))


def _recorded(counts: Mapping[str, Any]) -> Columns:
    """Counts of records and of `json`: input includes the cache, output excludes thoughts."""
    tokens = RECORDED.counts(counts)
    return {
        **tokens,
        "input_tokens": inclusive(tokens["input_tokens"], reading.count(counts, "tool")),
        "output_tokens": inclusive(tokens["output_tokens"], tokens["reasoning_tokens"]),
    }


def _streamed(counts: Mapping[str, Any]) -> Columns:
    """Counts of `stream-json`: thoughts are in the total only."""
    tokens, total = STREAMED.counts(counts), reading.count(counts, "total_tokens")
    before, output = tokens["input_tokens"], tokens["output_tokens"]
    if before is not None and output is not None and total is not None:
        tokens["output_tokens"] = max(output, total - before)
    return tokens


def _failure(record: Mapping[str, Any]) -> str | None:
    if record.get("status") in (None, "success") and record.get("error") is None:
        return None
    error = record.get("error")
    said = reading.text(error, "message") if isinstance(error, dict) else None
    return said or "the session ended with an error"


def _provider(model: str | None) -> str | None:
    return "google" if model and model.startswith("gemini") else None
