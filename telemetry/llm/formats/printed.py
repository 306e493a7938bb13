"""Spans and log records printed one per object by the SDKs of OpenTelemetry.

Copilot CLI and Gemini CLI (telemetry/file-exporters.ts) write the JavaScript form; Python's
ConsoleSpanExporter prints the Python form.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from telemetry.llm.formats import log_events
from telemetry.llm.formats.nested_spans import NestedSpans
from telemetry.llm.formats.otlp import span_of
from telemetry.llm.formats.otlp_attributes import EPOCH, attributes
from telemetry.llm.formats.readers import Defaults, Reader, Reading
from telemetry.llm.formats.spans import span_call
from telemetry.rows import reading
from telemetry.rows.llm import MICROSECOND
from telemetry.rows.reading import UnreadableRow, required

NAME = "printed telemetry"

OTHER_SIGNALS = ("metric", "log")


def recognises(record: Mapping[str, Any]) -> bool:
    if not isinstance(record.get("attributes"), dict):
        return record.get("type") in OTHER_SIGNALS and "name" in record
    return (
        ("traceId" in record and "spanId" in record)
        or "_spanContext" in record
        or (isinstance(record.get("context"), dict) and "trace_id" in record["context"])
        or "event.name" in record["attributes"]
    )


def reader(spans: NestedSpans) -> Reader:
    """The calls among the log records; spans are added to `spans`, other signals are skipped."""

    def calls(record: Mapping[str, Any], defaults: Defaults) -> Iterator[Reading]:
        resource = attributes(reading.nested(record, "resource"))
        if "event.name" in attributes(record):
            call = log_events.call(_event(record), resource, _scope(record), defaults)
            if call is not None:
                yield call
        elif record.get("type") not in OTHER_SIGNALS:
            said = _of_python(record) if "context" in record else _of_javascript(record)
            for key in ("traceId", "spanId"):
                required(said[key] or None, record, "span", key)
            span = span_of(said, resource, _scope(record))
            yield from spans.add(span, span_call(span, defaults))

    return Reader(calls)


def _event(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """A printed log record with the keys of OTLP."""
    body = record.get("body", record.get("_body"))
    context = reading.nested(record, "spanContext")
    return {
        "attributes": record["attributes"],
        "body": {"stringValue": body} if isinstance(body, str) else None,
        "timeUnixNano": _nanoseconds(record, "hrTime"),
        "observedTimeUnixNano": _nanoseconds(record, "hrTimeObserved"),
        "traceId": context.get("traceId"),
        "spanId": context.get("spanId"),
    }


def _scope(record: Mapping[str, Any]) -> str:
    return reading.text(reading.nested(record, "instrumentationScope"), "name") or ""


def _of_javascript(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """A span of JavaScript's SDK with the keys of OTLP."""
    began, ended = (_nanoseconds(record, key) for key in ("startTime", "endTime"))
    if began is None:
        # As the proxy of GitHub's agentic workflows writes them.
        milliseconds = (reading.count(record, f"{key}TimeMs", 2**47) for key in ("start", "end"))
        began, ended = (None if one is None else one * 10**6 for one in milliseconds)
    context = reading.nested(record, "_spanContext") or record
    parent = reading.nested(record, "parentSpanContext")
    return {
        **record,
        "traceId": context.get("traceId"),
        "spanId": context.get("spanId"),
        "parentSpanId": record.get("parentSpanId") or parent.get("spanId"),
        "startTimeUnixNano": began,
        "endTimeUnixNano": ended,
    }


def _of_python(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """A span of Python's SDK with the keys of OTLP."""
    context, status = reading.nested(record, "context"), reading.nested(record, "status")
    began, ended = (reading.moment(record, key) for key in ("start_time", "end_time"))
    return {
        **record,
        "traceId": _digits(context, "trace_id"),
        "spanId": _digits(context, "span_id"),
        "parentSpanId": _digits(record, "parent_id"),
        "startTimeUnixNano": began and (began - EPOCH) // MICROSECOND * 1_000,
        "endTimeUnixNano": ended and (ended - EPOCH) // MICROSECOND * 1_000,
        "status": {"code": status.get("status_code"), "message": status.get("description")},
    }


def _digits(holder: Mapping[str, Any], key: str) -> str:
    return (reading.text(holder, key) or "").lower().removeprefix("0x")


def _nanoseconds(record: Mapping[str, Any], key: str) -> int | None:
    """A time as JavaScript's SDK writes it, [seconds, nanoseconds], in nanoseconds since 1970."""
    value = record.get(key)
    if value is None:
        return None
    if isinstance(value, list) and len(value) == 2:
        seconds, rest = (reading.count({key: part}, key, 2**53) for part in value)
        if seconds is not None and rest is not None and seconds < 2**37:
            return seconds * 10**9 + rest
    raise UnreadableRow(f"{key} is not a time in seconds and nanoseconds")
