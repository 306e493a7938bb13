"""Output and error files of OpenAI's Batch API: one object for each request."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from telemetry.llm.formats.reading import Columns, Defaults, Reading, each
from telemetry.rows.llm import LlmCall
from telemetry.rows.reading import digest, read_count, read_moment, read_object, read_text, required


def recognises(record: Mapping[str, Any]) -> bool:
    return "custom_id" in record and "response" in record


def read(records: Iterable[Any], defaults: Defaults) -> Iterator[Reading]:
    """The call of each record; failed ones name no model, and embeddings no time."""

    def calls(record: Mapping[str, Any]) -> Iterator[Reading]:
        response = read_object(record, "response")
        body = read_object(response, "body")
        created = "created" if "created" in body else "created_at"
        status = read_count(response, "status_code")
        failed = record.get("error") is not None or not response or (status or 0) >= 400
        model = read_text(body, "model")
        yield LlmCall.of(
            "openai-batch",
            read_text(record, "id") or digest(record),
            defaults.timestamp(read_moment(body, created)),
            phase=defaults.phase,
            prompt_name=read_text(record, "custom_id") or defaults.prompt_name,
            provider="openai",
            model=model if failed else required(model, record, "response", "model"),
            **_tokens(body),
            success=not failed,
            error_message=_error(record, body, status) if failed else None,
            **defaults.run(None, None),
        )

    return each(records, calls)


def _tokens(body: Mapping[str, Any]) -> Columns:
    """As chat completions, embeddings or responses count them; embeddings have no output."""
    usage = read_object(body, "usage")
    new = "input_tokens" in usage
    before, after = ("input", "output") if new else ("prompt", "completion")
    inputs = read_object(usage, f"{before}_tokens_details")
    outputs = read_object(usage, f"{after}_tokens_details")
    tokens, output = (read_count(usage, f"{side}_tokens") for side in (before, after))
    if output is None and tokens is not None and tokens == read_count(usage, "total_tokens"):
        output = 0
    return {
        "input_tokens": tokens,
        "output_tokens": output,
        "cache_read_tokens": read_count(inputs, "cached_tokens"),
        "reasoning_tokens": read_count(outputs, "reasoning_tokens"),
    }


def _error(record: Mapping[str, Any], body: Mapping[str, Any], status: int | None) -> str | None:
    error = read_object(record, "error") or read_object(body, "error")
    told = read_text(error, "message") or read_text(error, "code")
    return told or (None if status is None else f"HTTP {status}")
