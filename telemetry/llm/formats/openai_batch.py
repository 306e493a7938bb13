"""Output and error files of OpenAI's Batch API: one object for each request."""

from collections.abc import Iterator, Mapping
from typing import Any

from telemetry.llm.formats.readers import Defaults, Reader, Reading
from telemetry.llm.formats.usage import openai_usage
from telemetry.rows import reading
from telemetry.rows.reading import UnreadableRow, digest, required

NAME = "OpenAI batch"


def recognises(record: Mapping[str, Any]) -> bool:
    return "custom_id" in record and "response" in record


def reader() -> Reader:
    """One call per record. Failed requests name no model, embeddings no time."""

    def calls(record: Mapping[str, Any], defaults: Defaults) -> Iterator[Reading]:
        if not recognises(record):
            raise UnreadableRow("custom_id or response is missing")
        response = reading.nested(record, "response")
        body = reading.nested(response, "body")
        created = "created" if "created" in body else "created_at"
        status = reading.count(response, "status_code")
        failed = record.get("error") is not None or not response or (status or 0) >= 400
        model = reading.text(body, "model")
        yield defaults.call(
            "openai-batch",
            reading.text(record, "id") or digest(record),
            defaults.timestamp(reading.moment(body, created)),
            prompt_name=reading.text(record, "custom_id"),
            provider="openai",
            model=model if failed else required(model, record, "response", "model"),
            **openai_usage(reading.nested(body, "usage")),
            service_tier="batch",
            success=not failed,
            error_message=_error(record, body, status) if failed else None,
        )

    return Reader(calls)


def _error(record: Mapping[str, Any], body: Mapping[str, Any], status: int | None) -> str | None:
    error = reading.nested(record, "error") or reading.nested(body, "error")
    message = reading.text(error, "message") or reading.text(error, "code")
    return message or (None if status is None else f"HTTP {status}")
