"""What `llm logs list --json` prints, of simonw/llm (docs/logging.md): an array of responses."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC
from typing import Any

from telemetry.llm.formats.reading import Defaults, Reading, each
from telemetry.rows.llm import LlmCall
from telemetry.rows.reading import (
    digest,
    read_count,
    read_mapping,
    read_moment,
    read_object,
    read_text,
    required,
)


def recognises(record: Mapping[str, Any]) -> bool:
    return "datetime_utc" in record


def read(records: Iterable[Any], defaults: Defaults) -> Iterator[Reading]:
    """The call of each record; llm logs no failed calls."""

    def calls(record: Mapping[str, Any]) -> Iterator[Reading]:
        model = read_text(record, "resolved_model") or read_text(record, "model")
        details = _details(record)
        yield LlmCall.of(
            "llm",
            read_text(record, "id") or digest(record),
            defaults.timestamp(read_moment(record, "datetime_utc", UTC)),
            session_id=read_text(record, "conversation_id") or "",
            phase=defaults.phase,
            prompt_name=defaults.prompt_name,
            model=required(model, record, "response", "model"),
            input_tokens=read_count(record, "input_tokens"),
            output_tokens=read_count(record, "output_tokens"),
            cache_read_tokens=read_count(
                read_object(details, "prompt_tokens_details"), "cached_tokens"
            ),
            reasoning_tokens=read_count(
                read_object(details, "completion_tokens_details"), "reasoning_tokens"
            ),
            duration_ms=read_count(record, "duration_ms"),
            **defaults.run(None, None),
        )

    return each(records, calls)


def _details(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """The provider's own counts, which are JSON in a string; of a kind that is not known, none."""
    text = read_text(record, "token_details")
    if not text:
        return {}
    try:
        return read_mapping(json.loads(text), "token_details")
    except (ValueError, RecursionError):
        return {}
