"""Claude Code's telemetry: the log events `api_request` and `api_error`, and the spans of requests.

Newer versions put the request's id into both, so that a request with an event and a span is one
call.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from telemetry.llm.formats.otlp_attributes import (
    Attributes,
    Span,
    attributes,
    run_link,
    text,
    written_at,
)
from telemetry.llm.formats.readers import (
    Columns,
    Defaults,
    read_milliseconds,
    start_of,
)
from telemetry.llm.formats.tokens import TokenKeys
from telemetry.rows import reading
from telemetry.rows.llm import LlmCall
from telemetry.rows.reading import required, storable

PREFIX = "claude_code."
BARE = ("api_request", "api_error")
REQUEST, ERROR = (f"{PREFIX}{name}" for name in BARE)

SOURCE = "claude-code-otlp"

KEYS = TokenKeys("input_tokens", "output_tokens", "cache_read_tokens", "cache_creation_tokens")


def span_call(span: Span, defaults: Defaults) -> LlmCall:
    """The call of a span `claude_code.llm_request`."""
    success = span.said.get("success") in (None, True, "true")
    return defaults.call(
        SOURCE,
        text(span.said, "request_id") or span.identity,
        defaults.timestamp(span.began),
        success=success,
        error_message=None if success else _error(span.said),
        duration_ms=span.duration_ms,
        **_columns(span.said, span.resource),
    )


def call(event: Mapping[str, Any], resource: Attributes, defaults: Defaults) -> LlmCall | None:
    """The call in a log record; None for any other record.

    The event of newer versions has the request's id. That of older ones is known by its number and
    its second, because a session that is resumed begins to count again; else by its time.
    """
    said, name = attributes(event), event_name(event)
    both = {**resource, **said}
    if name in BARE and "session.id" in both:
        name = f"{PREFIX}{name}"
    if name not in (REQUEST, ERROR):
        return None
    own = written_at(event, said)
    ended, duration_ms = defaults.timestamp(own), read_milliseconds(said, "duration_ms")
    session = text(both, "session.id") or ""
    place = said.get("event.sequence")
    if not place:
        place = event.get("timeUnixNano") or ended.isoformat()
    elif own is not None:
        place = f"{place}:{int(own.timestamp())}"
    identity = text(said, "request_id") or f"{session}:{storable(str(place))}"
    return defaults.call(
        SOURCE,
        identity,
        defaults.timestamp(start_of(own, duration_ms)),
        reported_cost=_cost(said),
        success=name == REQUEST,
        error_message=_error(said) if name == ERROR else None,
        duration_ms=duration_ms,
        **_columns(said, resource),
    )


def _columns(said: Attributes, resource: Attributes) -> Columns:
    """The columns that events and spans share. Both count cached input separately."""
    both = {**resource, **said}
    speed = text(said, "speed")
    # As a transcript calls it.
    phase = "subagent" if said.get("query_source") == "subagent" else None
    return {
        "session_id": text(both, "session.id") or "",
        "phase": text(both, "phase") or phase,
        "provider": "anthropic",
        "model": required(text(said, "model"), said, "event", "model"),
        **KEYS.counts_with_cache(said),
        "service_tier": None if speed in (None, "normal", "standard") else speed,
        "run": run_link(both),
    }


def event_name(event: Mapping[str, Any]) -> str | None:
    """The name of an event; that of Claude Code's may lack the prefix, except in the body."""
    if name := reading.text(event, "eventName"):
        return name
    body = reading.text(reading.nested(event, "body"), "stringValue") if "body" in event else None
    if body is not None and body.startswith(PREFIX):
        return body
    return text(attributes(event), "event.name")


def _cost(said: Attributes) -> Decimal | None:
    micros = reading.count(said, "cost_usd_micros")
    cost = reading.money(said, "cost_usd")
    if not cost and micros:
        cost = reading.money({"cost_usd_micros": Decimal(micros) / 1_000_000}, "cost_usd_micros")
    return cost


def _error(said: Attributes) -> str | None:
    status = said.get("status_code")
    parts = (text(said, "error"), None if status is None else f"(status {storable(str(status))})")
    return " ".join(filter(None, parts)) or None
