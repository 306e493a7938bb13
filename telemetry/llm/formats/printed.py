"""Spans and log records printed one per object by the SDKs of OpenTelemetry.

Copilot CLI and Gemini CLI (telemetry/file-exporters.ts) write the JavaScript form; Python's
ConsoleSpanExporter prints the Python form.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from telemetry.llm.formats import log_events
from telemetry.llm.formats.nested_spans import NestedSpans
from telemetry.llm.formats.otlp_attributes import EPOCH, attributes
from telemetry.llm.formats.reading import Defaults, Reader, Reading
from telemetry.llm.formats.spans import Span, span_call
from telemetry.rows import reading
from telemetry.rows.reading import UnreadableRow, required

NAME = "printed telemetry"

OTHER_SIGNALS = ("metric", "log")
ERRORS = (2, "ERROR", "StatusCode.ERROR")


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
        if "event.name" in attributes(record):
            resource = attributes(reading.nested(record, "resource"))
            call = log_events.call(_event(record), resource, _scope(record), defaults)
            if call is not None:
                yield call
        elif record.get("type") not in OTHER_SIGNALS:
            span = _of_python(record) if "context" in record else _of_javascript(record)
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


def _of_javascript(record: Mapping[str, Any]) -> Span:
    began, ended = (_nanoseconds(record, key) for key in ("startTime", "endTime"))
    if began is None:
        # As the proxy of GitHub's agentic workflows writes them.
        milliseconds = (reading.count(record, f"{key}TimeMs", 2**47) for key in ("start", "end"))
        began, ended = (None if one is None else one * 10**6 for one in milliseconds)
    status = reading.nested(record, "status")
    parent = reading.nested(record, "parentSpanContext")
    context = reading.nested(record, "_spanContext") or record
    return Span(
        required(reading.text(context, "traceId"), record, "span", "traceId").lower(),
        required(reading.text(context, "spanId"), record, "span", "spanId").lower(),
        (reading.text(record, "parentSpanId") or reading.text(parent, "spanId") or "").lower(),
        reading.text(record, "name") or "",
        _scope(record),
        None if began is None else EPOCH + timedelta(microseconds=began // 1_000),
        _lasted(began, ended, 1_000_000),
        status.get("code") in ERRORS,
        reading.text(status, "message"),
        attributes(record),
        attributes(reading.nested(record, "resource")),
    )


def _of_python(record: Mapping[str, Any]) -> Span:
    context, status = reading.nested(record, "context"), reading.nested(record, "status")
    began, ended = (reading.moment(record, key) for key in ("start_time", "end_time"))
    ids = [
        required(reading.text(context, key), context, "span", key)
        for key in ("trace_id", "span_id")
    ]
    trace_id, span_id = (_digits(written) for written in ids)
    return Span(
        trace_id,
        span_id,
        _digits(reading.text(record, "parent_id") or ""),
        reading.text(record, "name") or "",
        "",
        began,
        _lasted(began, ended, timedelta(milliseconds=1)),
        status.get("status_code") in ERRORS,
        reading.text(status, "description"),
        attributes(record),
        attributes(reading.nested(record, "resource")),
    )


def _digits(written: str) -> str:
    return written.lower().removeprefix("0x")


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


def _lasted(began: Any, ended: Any, millisecond: Any) -> int | None:
    """How many milliseconds passed between two times, in the unit of these."""
    if began is None or ended is None or ended < began:
        return None
    return int((ended - began) // millisecond)
