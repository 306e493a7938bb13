"""LiteLLM's StandardLoggingPayload, as its callbacks write it to files and buckets, and the rows of
its LiteLLM_SpendLogs table (litellm/types/utils.py, litellm/proxy/schema.prisma).
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from telemetry import counted
from telemetry.llm.formats.readers import Defaults, Reader, Reading
from telemetry.llm.formats.usage import litellm_usage
from telemetry.rows import reading
from telemetry.rows.llm import LlmCall
from telemetry.rows.reading import LONGEST_COUNT, UnreadableRow, digest, required, shown, storable

NAME = "LiteLLM"

# Requests that manage what is stored. LiteLLM logs the stored answer's tokens and cost with them
# again (https://github.com/BerriAI/litellm/issues/17814).
MANAGEMENT = re.compile(r"a?(get|list|delete|cancel)_")

# LiteLLM logs the use of a batch each time that somebody looks at the finished batch
# (https://github.com/BerriAI/litellm/pull/39980), and a batch without use before that.
BATCH = re.compile(r"a?(create|retrieve)_batch$")

# Requests that no model answers, unless they have use: batches that are not finished, tools, files
# (https://github.com/BerriAI/litellm/pull/19469).
OTHERS = re.compile(rf"{BATCH.pattern}|.*(mcp_tool|file|fine_tuning_job|vector_store|container)")
USE = ("prompt_tokens", "completion_tokens", "response_cost", "spend")

# The payload has a boolean, the table its text.
CACHE_HITS = (True, "True", "true")


def recognises(record: Mapping[str, Any]) -> bool:
    return "call_type" in record and "startTime" in record


def reader() -> Reader:
    """One call per record; requests that no model answers are only counted."""
    others = 0

    def calls(raw: Mapping[str, Any], defaults: Defaults) -> Iterator[Reading]:
        nonlocal others
        kind = str(raw.get("call_type"))
        has_use = any(raw.get(key) for key in USE)
        if MANAGEMENT.match(kind) or (OTHERS.match(kind) and not has_use):
            others += 1
            return
        yield _call(raw, defaults)

    def notes() -> Iterator[str]:
        if others:
            records = counted(others, "record")
            yield f"skipped {records} of requests that no model answers"

    return Reader(calls, notes=notes)


def _call(raw: Mapping[str, Any], defaults: Defaults) -> LlmCall:
    """The call of a record. Times without a zone are UTC."""
    record = {**raw, "metadata": _decoded(raw, "metadata", {})}
    metadata, tags = reading.nested(record, "metadata"), _tags(raw)
    prompt = reading.nested(metadata, "prompt_management_metadata")
    requester = {**tags, **reading.nested(metadata, "requester_metadata")}
    began = reading.moment(record, "startTime", UTC)
    status = reading.text(record, "status")
    # The payload has all of the usage; the table has what its other columns lack.
    usage = reading.nested(metadata, "usage_object") or reading.nested(
        metadata, "additional_usage_values"
    )
    is_batch = BATCH.match(str(record.get("call_type"))) is not None
    counted = {key: record.get(key) for key in ("prompt_tokens", "completion_tokens")}
    columns = litellm_usage({**usage, **counted})
    if is_batch:
        columns["service_tier"] = "batch"
    return defaults.call(
        "litellm",
        _call_id(record, began, status) or digest(raw),
        required(began, record, "call", "startTime"),
        session_id=reading.text(record, "session_id") or reading.text(record, "trace_id") or "",
        phase=tags.get("phase"),
        prompt_name=reading.text(prompt, "prompt_id") or tags.get("prompt"),
        provider=reading.text(record, "custom_llm_provider"),
        model=required(reading.text(record, "model"), record, "call", "model"),
        **columns,
        reported_cost=reading.money(
            record, "response_cost" if "response_cost" in record else "spend"
        ),
        is_free=record.get("cache_hit") in CACHE_HITS,
        is_whole_session=is_batch,
        success=None if status is None else status == "success",
        error_message=None if status == "success" else _error(record),
        duration_ms=_duration_ms(began, reading.moment(record, "endTime", UTC)),
        run=(
            reading.count(requester, "github_run_id"),
            reading.count(requester, "github_run_attempt", LONGEST_COUNT),
        ),
    )


def _call_id(record: Mapping[str, Any], began: datetime | None, status: str | None) -> str | None:
    """The id of a try; None if the record names none.

    The proxy's router repeats a failed request under the same litellm_call_id, perhaps with another
    model, and logs each try (https://github.com/BerriAI/litellm/issues/39455). The time is
    therefore part of a failed try's id, which would otherwise equal that of the successful one; and
    of an id taken from the answer, because some servers give all answers one id. A batch has one.
    """
    if BATCH.match(str(record.get("call_type"))):
        return reading.text(record, "id") or reading.text(record, "request_id")
    own = reading.text(record, "litellm_call_id")
    found = own or reading.text(record, "id") or reading.text(record, "request_id")
    if found and began and (status == "failure" or not own):
        return f"{found}:{began.isoformat()}"
    return found


def _decoded(record: Mapping[str, Any], key: str, otherwise: Any) -> Any:
    """The value, decoded if it is JSON in a string, as in the table."""
    value = record.get(key)
    if not isinstance(value, str):
        return value or otherwise
    try:
        return json.loads(value) or otherwise
    except (ValueError, RecursionError):
        raise UnreadableRow(f"{key} is {shown(value)}, not JSON") from None


def _tags(record: Mapping[str, Any]) -> dict[str, str]:
    """The tags of the form `key:value`; other tags are ignored."""
    tags = _decoded(record, "request_tags", [])
    if not isinstance(tags, list):
        return {}
    texts = (storable(tag) for tag in tags if isinstance(tag, str))
    return dict(text.split(":", 1) for text in texts if ":" in text)


def _error(record: Mapping[str, Any]) -> str | None:
    information = reading.nested(record, "error_information")
    return reading.text(record, "error_str") or reading.text(information, "error_message") or None


def _duration_ms(began: datetime | None, ended: datetime | None) -> int | None:
    """Time to the end of the answer; `response_time` of a stream ends at the first token."""
    if began is None or ended is None or ended < began:
        return None
    return round((ended - began).total_seconds() * 1_000)
