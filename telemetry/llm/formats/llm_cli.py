"""What `llm logs list --json` prints, of simonw/llm (docs/logging.md): an array of responses."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC
from typing import Any

from telemetry.llm.formats.readers import Columns, Defaults, Reader, Reading
from telemetry.llm.formats.tokens import TokenKeys
from telemetry.llm.formats.usage import anthropic_usage, openai_usage, tier, with_advice
from telemetry.rows import reading
from telemetry.rows.reading import digest, required

NAME = "llm"

GOOGLE = TokenKeys(
    "input_tokens", "output_tokens", "cachedContentTokenCount", reasoning="thoughtsTokenCount"
)


def recognises(record: Mapping[str, Any]) -> bool:
    return "datetime_utc" in record


def reader() -> Reader:
    """One call per record; failed calls are not logged."""

    def calls(record: Mapping[str, Any], defaults: Defaults) -> Iterator[Reading]:
        model = reading.text(record, "resolved_model") or reading.text(record, "model")
        call = defaults.call(
            "llm",
            reading.text(record, "id") or digest(record),
            defaults.timestamp(reading.moment(record, "datetime_utc", UTC)),
            session_id=reading.text(record, "conversation_id") or "",
            model=required(model, record, "response", "model"),
            **_tokens(record),
            duration_ms=reading.count(record, "duration_ms"),
        )
        yield from with_advice(call, _details(record))

    return Reader(calls)


def _tokens(record: Mapping[str, Any]) -> Columns:
    """The counts. The details are the vendor's own, which decides what input_tokens includes.

    llm-anthropic keeps Anthropic's, which exclude cached tokens (llm_anthropic.py, set_usage). llm
    itself keeps OpenAI's, of chats or responses, which include them
    (llm/default_plugins/openai_models.py). So do Google's, which llm-gemini keeps; it has added
    thoughts to the output (llm_gemini.py, set_usage).
    """
    details = _details(record)
    usage = {**details, **{key: record.get(key) for key in ("input_tokens", "output_tokens")}}
    if "cache_read_input_tokens" in details or "cache_creation_input_tokens" in details:
        return anthropic_usage(usage)
    if "candidatesTokenCount" in details or "thoughtsTokenCount" in details:
        return GOOGLE.counts(usage)
    return {**openai_usage(usage), "service_tier": tier(details)}


def _details(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """The vendor's own counts, which are JSON in a string; empty for an unknown kind."""
    text = reading.text(record, "token_details")
    if not text:
        return {}
    try:
        return reading.mapping(json.loads(text), "token_details")
    except (ValueError, RecursionError):
        return {}
