"""OpenTelemetry in OTLP JSON: spans, and the log events of agents.

File format: opentelemetry-specification, specification/protocol/file-exporter.md. Tempo returns the
same resources under other keys, and some exporters keep protobuf's names.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from telemetry.llm.formats import log_events
from telemetry.llm.formats.nested_spans import NestedSpans
from telemetry.llm.formats.otlp_attributes import Attributes, Span, attributes, moment
from telemetry.llm.formats.readers import Defaults, Reader, Reading, read_list, readings_of
from telemetry.llm.formats.spans import span_call
from telemetry.rows import reading
from telemetry.rows.reading import UnreadableRow, required

NAME = "OTLP"

SIGNALS = ("resourceSpans", "resourceLogs", "resourceMetrics")
SNAKE = ("resource_spans", "resource_logs")
# A resource by itself, an item of one of the lists of an export.
SCOPES = {
    "scopeSpans": "resourceSpans",
    "instrumentationLibrarySpans": "resourceSpans",
    "scopeLogs": "resourceLogs",
    "scopeMetrics": "resourceMetrics",
}
ERRORS = (2, "2", "STATUS_CODE_ERROR", "ERROR", "StatusCode.ERROR")


def recognises(record: Mapping[str, Any]) -> bool:
    if any(signal in record for signal in SIGNALS):
        return True
    if any(key in record for key in ("resource", "batches", "trace", *SNAKE)):
        return _export(record) is not None
    return False


def reader(spans: NestedSpans) -> Reader:
    """The calls among the log records of each export; its spans are added to `spans`."""

    def of_span(
        resource: Attributes, scope: str, span: Mapping[str, Any], defaults: Defaults
    ) -> Iterator[Reading]:
        read = span_of(span, resource, scope)
        call = span_call(read, defaults)
        if call is not None:
            for key in ("traceId", "spanId"):
                required(span.get(key) or None, span, "span", key)
        yield from spans.add(read, call)

    def of_event(
        resource: Attributes, scope: str, event: Mapping[str, Any], defaults: Defaults
    ) -> Iterator[Reading]:
        call = log_events.call(event, resource, scope, defaults)
        if call is not None:
            yield call

    def calls(record: Mapping[str, Any], defaults: Defaults) -> Iterator[Reading]:
        export = _export(record)
        if export is None:
            raise UnreadableRow(f"none of {', '.join(SIGNALS)} is there")
        yield from _items(export, "resourceSpans", "spans", of_span, defaults)
        yield from _items(export, "resourceLogs", "logRecords", of_event, defaults)

    return Reader(calls)


ItemCalls = Callable[[Attributes, str, Mapping[str, Any], Defaults], Iterable[Reading]]


def _items(
    export: Mapping[str, Any], resources: str, items: str, calls: ItemCalls, defaults: Defaults
) -> Iterator[Reading]:
    """The calls of each item, or the reason why it cannot be read."""

    def in_resource(entry: Mapping[str, Any], defaults: Defaults) -> Iterator[Reading]:
        resource = attributes(reading.nested(entry, "resource"))
        for scopes in SCOPES:
            for scope in read_list(entry, scopes):
                yield from readings_of(scope, defaults, partial(in_scope, resource))

    def in_scope(
        resource: Attributes, scope: Mapping[str, Any], defaults: Defaults
    ) -> Iterator[Reading]:
        named = reading.nested(scope, "scope") or reading.nested(scope, "instrumentationLibrary")
        name = reading.text(named, "name") or ""
        for item in read_list(scope, items):
            yield from readings_of(item, defaults, partial(calls, resource, name))

    for entry in read_list(export, resources):
        yield from readings_of(entry, defaults, in_resource)


def _export(record: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The record as an export, whatever its shape; None if it is not one."""
    if any(signal in record for signal in SIGNALS):
        return record
    if any(key in record for key in SNAKE):
        camel = _in_camel_case(record)
        return camel if isinstance(camel, dict) else None
    if isinstance(record.get("batches"), list):
        return {"resourceSpans": record["batches"]}
    if isinstance(record.get("trace"), dict):
        return _export(record["trace"])
    for scopes, resources in SCOPES.items():
        if scopes in record:
            return {resources: [record]}
    return None


def _in_camel_case(value: Any) -> Any:
    """A protobuf message with its field names in JSON spelling."""
    if isinstance(value, list):
        return [_in_camel_case(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        re.sub("_([^_]*)", lambda word: word[1].capitalize(), str(key)): _in_camel_case(item)
        for key, item in value.items()
    }


def span_of(span: Mapping[str, Any], resource: Attributes, scope: str) -> Span:
    """The span that has these keys of OTLP. Raises UnreadableRow."""
    said, status = attributes(span), reading.nested(span, "status")
    ids = [reading.text(span, key) or "" for key in ("traceId", "spanId")]
    return Span(
        ids[0].lower(),
        ids[1].lower(),
        moment(span, "startTimeUnixNano"),
        said,
        resource,
        parent_id=(reading.text(span, "parentSpanId") or "").lower(),
        name=reading.text(span, "name") or "",
        scope=scope,
        duration_ms=_duration_ms(span),
        has_failed=status.get("code") in ERRORS,
        error=reading.text(status, "message"),
    )


def _duration_ms(span: Mapping[str, Any]) -> int | None:
    began, ended = (reading.count(span, key) for key in ("startTimeUnixNano", "endTimeUnixNano"))
    if not began or not ended or ended < began:
        return None
    return (ended - began) // 1_000_000
