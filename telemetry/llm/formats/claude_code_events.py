"""Claude Code's log events of OpenTelemetry: `api_request` and `api_error`."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from telemetry.llm.formats.otlp_attributes import (
    Attributes,
    attributes,
    count,
    moment,
    run_link,
    text,
)
from telemetry.llm.formats.reading import Defaults, inclusive, read_milliseconds
from telemetry.rows.llm import LlmCall
from telemetry.rows.reading import (
    read_moment,
    read_money,
    read_object,
    read_text,
    required,
    storable,
)

PREFIX = "claude_code."
REQUEST, ERROR = "claude_code.api_request", "claude_code.api_error"


def call(event: Mapping[str, Any], resource: Attributes, defaults: Defaults) -> LlmCall | None:
    """The call that a log record tells of; None for all others. Cached input is beside the input.

    The event of newer versions has the request's id; that of older ones is known by its place in
    the session, else by its time.
    """
    name = _name(event)
    if name not in (REQUEST, ERROR):
        return None
    said = attributes(event)
    began = moment(event, "timeUnixNano", "observedTimeUnixNano")
    began = defaults.timestamp(began or read_moment(said, "event.timestamp"))
    session = text(said, "session.id") or ""
    place = said.get("event.sequence") or event.get("timeUnixNano") or began.isoformat()
    identity = text(said, "request_id") or f"{session}:{storable(str(place))}"
    read, written = count(said, "cache_read_tokens"), count(said, "cache_creation_tokens")
    return LlmCall.of(
        "claude-code-otlp",
        identity,
        began,
        session_id=session,
        phase=text({**resource, **said}, "phase") or defaults.phase,
        prompt_name=defaults.prompt_name,
        provider="anthropic",
        model=required(text(said, "model"), said, "event", "model"),
        input_tokens=inclusive(count(said, "input_tokens"), read, written),
        output_tokens=count(said, "output_tokens"),
        cache_read_tokens=read,
        cache_write_tokens=written,
        estimated_cost=_cost(said),
        success=name == REQUEST,
        error_message=_error(said) if name == ERROR else None,
        duration_ms=read_milliseconds(said, "duration_ms"),
        **defaults.run(*run_link({**resource, **said})),
    )


def _name(event: Mapping[str, Any]) -> str | None:
    """The event's full name: its body has it, or the attribute, which may lack the prefix."""
    body = read_text(read_object(event, "body"), "stringValue") if "body" in event else None
    if body is not None and body.startswith(PREFIX):
        return body
    return text(attributes(event), "event.name")


def _cost(said: Attributes) -> Decimal | None:
    micros = count(said, "cost_usd_micros")
    cost = read_money(said, "cost_usd")
    if cost is None and micros is not None:
        cost = read_money({"cost_usd_micros": Decimal(micros) / 1_000_000}, "cost_usd_micros")
    return cost


def _error(said: Attributes) -> str | None:
    status = said.get("status_code")
    parts = (text(said, "error"), None if status is None else f"(status {storable(str(status))})")
    return " ".join(filter(None, parts)) or None
