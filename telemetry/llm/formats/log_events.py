"""OTLP log events of agents: one record per answer of a model.

Claude Code; Codex (codex-rs/otel, `codex.sse_event`); Gemini CLI and Qwen Code, a fork of it
(docs/cli/telemetry.md, `api_response`); and the event that the GenAI conventions define for an
operation.
"""

from collections.abc import Mapping
from typing import Any

from telemetry.llm.formats import claude_code_events
from telemetry.llm.formats.claude_code_events import event_name
from telemetry.llm.formats.otlp_attributes import (
    Attributes,
    Span,
    attributes,
    run_link,
    text,
    written_at,
)
from telemetry.llm.formats.readers import Columns, Defaults, read_milliseconds, start_of
from telemetry.llm.formats.spans import span_call
from telemetry.llm.formats.tokens import TokenKeys, inclusive
from telemetry.rows import reading
from telemetry.rows.llm import LlmCall
from telemetry.rows.reading import digest, required

CODEX = "codex-otlp"
# Their input includes cached tokens.
SOURCES = {
    "codex.sse_event": CODEX,
    "gemini_cli.api_response": "gemini-cli-otlp",
    "gemini_cli.api_error": "gemini-cli-otlp",
    "qwen-code.api_response": "qwen-code-otlp",
    "qwen-code.api_error": "qwen-code-otlp",
}
# Output includes reasoning. `tool_token_count` is the total.
OF_CODEX = TokenKeys(
    "input_token_count",
    "output_token_count",
    "cached_token_count",
    reasoning="reasoning_token_count",
)
OF_GEMINI = TokenKeys(
    "input_token_count",
    "output_token_count",
    "cached_content_token_count",
    reasoning="thoughts_token_count",
)
DETAILS = "gen_ai.client.inference.operation.details"
# Gemini CLI writes this event beside its own of each request and each answer
# (packages/core/src/telemetry/loggers.ts, `toSemanticLogRecord`).
OF_BOTH_EVENTS = ("gemini-cli", "qwen-code")


def call(
    event: Mapping[str, Any], resource: Attributes, scope: str, defaults: Defaults
) -> LlmCall | None:
    """The call of a log record; None for any other record."""
    said, name = attributes(event), event_name(event)
    if name in SOURCES:
        return _answer(SOURCES[name], name, event, said, resource, defaults)
    if name == DETAILS:
        if scope in OF_BOTH_EVENTS:
            return None
        return _operation(event, said, resource, defaults)
    return claude_code_events.call(event, resource, defaults)


def _answer(
    source: str,
    name: str,
    event: Mapping[str, Any],
    said: Attributes,
    resource: Attributes,
    defaults: Defaults,
) -> LlmCall | None:
    if source == CODEX and said.get("event.kind") != "response.completed":
        return None
    own = written_at(event, said)
    ended, duration_ms = defaults.timestamp(own), read_milliseconds(said, "duration_ms")
    error = text(said, "error", "error.message", "error_message")
    both = {**resource, **said}
    session = text(both, "conversation.id", "session.id") or ""
    known = [session, ended.isoformat(), sorted(map(str, said.items()))]
    return defaults.call(
        source,
        text(said, "response_id") or digest(known),
        defaults.timestamp(start_of(own, duration_ms)),
        session_id=session,
        phase=text(both, "phase"),
        model=required(text(said, "model"), said, "event", "model"),
        **(OF_CODEX.counts(said) if source == CODEX else _gemini_tokens(said)),
        success=error is None and not name.endswith("error"),
        error_message=error,
        duration_ms=duration_ms,
        run=run_link(both),
    )


def _gemini_tokens(said: Attributes) -> Columns:
    """The counts: input excludes the prompts of tools; output excludes thoughts, unless the total
    shows otherwise.

    Qwen Code passes on the output of OpenAI's format, which includes them
    (packages/core/src/core/openaiContentGenerator/converter.ts).
    """
    tokens = OF_GEMINI.counts(said)
    whole = inclusive(tokens["input_tokens"], reading.count(said, "tool_token_count"))
    output = tokens["output_tokens"]
    if reading.count(said, "total_token_count") != inclusive(whole, output):
        output = inclusive(output, tokens["reasoning_tokens"])
    return {**tokens, "input_tokens": whole, "output_tokens": output}


def _operation(
    event: Mapping[str, Any], said: Attributes, resource: Attributes, defaults: Defaults
) -> LlmCall | None:
    """The call of the event that accompanies the span of an operation and has its ids."""
    trace_id, span_id = (reading.text(event, key) or "" for key in ("traceId", "spanId"))
    if not trace_id or not span_id:
        trace_id, span_id = "", digest([event.get("timeUnixNano"), said])
    moment = written_at(event, said)
    return span_call(Span(trace_id.lower(), span_id.lower(), moment, said, resource), defaults)
