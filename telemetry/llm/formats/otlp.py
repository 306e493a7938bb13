"""OpenTelemetry in OTLP JSON: GenAI spans, and Claude Code's log events.

Instrumentations differ in the names they give: the GenAI conventions are still in development
(open-telemetry/semantic-conventions-genai, docs/gen-ai/gen-ai-spans.md), and OpenLLMetry has names
of its own. All spellings are read. The shape of a file: opentelemetry-specification,
specification/protocol/file-exporter.md.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from telemetry.llm.formats import claude_code_events
from telemetry.llm.formats.otlp_attributes import (
    Attributes,
    attributes,
    count,
    moment,
    run_link,
    text,
)
from telemetry.llm.formats.reading import Columns, Defaults, Reading, each, read_list
from telemetry.rows.llm import LlmCall
from telemetry.rows.reading import UnreadableRow, read_count, read_object, read_text, required

SIGNALS = ("resourceSpans", "resourceLogs", "resourceMetrics")
EMBEDDINGS = ("embeddings", "embedding")
# Not among them: invoke_agent, whose usage repeats that of the calls within it, and tools.
OPERATIONS = ("chat", "generate_content", "text_completion", "completion", *EMBEDDINGS)
ERRORS = (2, "2", "STATUS_CODE_ERROR")

ItemCall = Callable[[Mapping[str, Any], Attributes, Defaults], LlmCall | None]


def recognises(record: Mapping[str, Any]) -> bool:
    return any(signal in record for signal in SIGNALS)


def read(records: Iterable[Any], defaults: Defaults) -> Iterator[Reading]:
    """The calls among the spans and log records of each export; all others are passed over."""

    def calls(export: Mapping[str, Any]) -> Iterator[Reading]:
        if not recognises(export):
            raise UnreadableRow(f"none of {', '.join(SIGNALS)} is there")
        spans = partial(_in_resource, "scopeSpans", "spans", _call, defaults)
        yield from each(read_list(export, "resourceSpans"), spans)
        events = partial(_in_resource, "scopeLogs", "logRecords", claude_code_events.call, defaults)
        yield from each(read_list(export, "resourceLogs"), events)

    return each(records, calls)


def _in_resource(
    scopes: str, items: str, call: ItemCall, defaults: Defaults, entry: Mapping[str, Any]
) -> Iterator[Reading]:
    resource = attributes(read_object(entry, "resource"))

    def in_item(item: Mapping[str, Any]) -> Iterator[Reading]:
        found = call(item, resource, defaults)
        if found is not None:
            yield found

    return each(read_list(entry, scopes), lambda scope: each(read_list(scope, items), in_item))


def _call(span: Mapping[str, Any], resource: Attributes, defaults: Defaults) -> LlmCall | None:
    """The call that a span is; None for a span of anything else. Cached input is in the input.

    An embedding has no output. Repeated requests may share the id of a response, not of a span.
    """
    said = attributes(span)
    operation = _operation(said)
    if operation not in OPERATIONS:
        return None
    both = {**resource, **said}
    ids = [required(read_text(span, key), span, "span", key) for key in ("traceId", "spanId")]
    trace_id, span_id = (written.lower() for written in ids)
    error_type, status = text(said, "error.type"), read_object(span, "status")
    success = status.get("code") not in ERRORS and error_type is None
    tokens = _tokens(said)
    if operation in EMBEDDINGS and tokens["input_tokens"] is not None:
        tokens["output_tokens"] = tokens["output_tokens"] or 0
    names = ("phase", "cicd.pipeline.task.name", "gen_ai.workflow.name")
    return LlmCall.of(
        "otlp",
        f"{trace_id}:{span_id}",
        defaults.timestamp(moment(span, "startTimeUnixNano")),
        session_id=text(said, "gen_ai.conversation.id", "session.id") or trace_id,
        phase=text(both, *names) or defaults.phase,
        prompt_name=text(said, "gen_ai.prompt.name", "gen_ai.agent.name") or defaults.prompt_name,
        provider=text(said, "gen_ai.provider.name", "gen_ai.system"),
        model=required(_model(said), span, "span", "model"),
        **tokens,
        success=success,
        error_message=None if success else read_text(status, "message") or error_type,
        duration_ms=_duration_ms(span),
        **defaults.run(*run_link(both)),
    )


def _operation(said: Attributes) -> str | None:
    """What a span is; before there was a name for it, a provider's answer to a model."""
    named = text(said, "gen_ai.operation.name", "llm.request.type")
    if named is None and text(said, "gen_ai.system") and _model(said):
        return "chat"
    return named


def _model(said: Attributes) -> str | None:
    return text(said, "gen_ai.response.model", "gen_ai.request.model")


def _tokens(said: Attributes) -> Columns:
    usage = {
        name.removeprefix("gen_ai.usage."): value
        for name, value in said.items()
        if name.startswith("gen_ai.usage.")
    }
    return {
        "input_tokens": count(usage, "input_tokens", "prompt_tokens"),
        "output_tokens": count(usage, "output_tokens", "completion_tokens"),
        "cache_read_tokens": count(
            usage,
            "cache_read.input_tokens",
            "cache_read_input_tokens",
            "cached_input_tokens",
        ),
        "cache_write_tokens": count(
            usage,
            "cache_creation.input_tokens",
            "cache_write.input_tokens",
            "cache_creation_input_tokens",
        ),
        "reasoning_tokens": count(
            usage, "reasoning.output_tokens", "reasoning_tokens", "reasoning_output_tokens"
        ),
    }


def _duration_ms(span: Mapping[str, Any]) -> int | None:
    began, ended = (read_count(span, key) for key in ("startTimeUnixNano", "endTimeUnixNano"))
    if not began or not ended or ended < began:
        return None
    return (ended - began) // 1_000_000
