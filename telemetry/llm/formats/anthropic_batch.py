"""Results of Anthropic's Message Batches API: one object for each request."""

from collections.abc import Iterator, Mapping
from typing import Any

from telemetry.llm.formats.readers import Defaults, Reader, Reading
from telemetry.llm.formats.usage import anthropic_usage, with_advice
from telemetry.rows import reading
from telemetry.rows.reading import UnreadableRow, digest, required

NAME = "Anthropic batch"

# These requests were not processed and are not billed.
UNANSWERED = ("errored", "canceled", "expired")


def recognises(record: Mapping[str, Any]) -> bool:
    result = record.get("result")
    return "custom_id" in record and isinstance(result, dict) and "type" in result


def reader() -> Reader:
    """One call per record. The results have no time."""

    def calls(record: Mapping[str, Any], defaults: Defaults) -> Iterator[Reading]:
        result = reading.nested(record, "result")
        message, kind = reading.nested(result, "message"), reading.text(result, "type")
        failed = kind in UNANSWERED
        if not failed and kind != "succeeded":
            raise UnreadableRow(f"result.type is {kind!r:.80}, not one of a batch")
        model, usage = reading.text(message, "model"), reading.nested(message, "usage")
        call = defaults.call(
            "anthropic-batch",
            reading.text(message, "id") or digest(record),
            defaults.timestamp(None),
            prompt_name=reading.text(record, "custom_id"),
            provider="anthropic",
            model=model if failed else required(model, message, "message", "model"),
            **{**anthropic_usage(usage), "service_tier": "batch"},
            success=not failed,
            error_message=_error(result) if failed else None,
        )
        yield from with_advice(call, usage)

    return Reader(calls)


def _error(result: Mapping[str, Any]) -> str | None:
    """The error's text. The API nests it in an object that is also called `error`."""
    error = reading.nested(result, "error")
    if isinstance(error.get("error"), dict):
        error = error["error"]
    return (
        reading.text(error, "message")
        or reading.text(error, "type")
        or reading.text(result, "type")
    )
