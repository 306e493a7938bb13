"""Reads a span of OpenTelemetry as an LLM call, whatever wrote it.

Instrumentations use different names. The GenAI conventions are still in development
(open-telemetry/semantic-conventions-genai, docs/gen-ai/gen-ai-spans.md). OpenLLMetry, OpenInference
(Arize-ai/openinference, spec/semantic_conventions.md), the AI SDK and Claude Code have names of
their own. All of these are read.
"""

import re
from decimal import Decimal

from telemetry.llm.formats import claude_code_events, gh_aw
from telemetry.llm.formats.otlp_attributes import Attributes, Span, cost, run_link, text
from telemetry.llm.formats.readers import Defaults, billed
from telemetry.llm.formats.span_tokens import span_tokens, vendors_metadata
from telemetry.llm.formats.unread import other_currency
from telemetry.rows import reading
from telemetry.rows.llm import LlmCall
from telemetry.rows.reading import UnreadableRow, required

EMBEDDINGS = ("embeddings", "embedding")
# Not included: invoke_agent, whose usage repeats that of the calls within it, and tools.
OPERATIONS = (
    "chat",
    "generate_content",
    "text_completion",
    "completion",
    "responses",
    "message",
    "messages",
    *EMBEDDINGS,
)
# Spans that contain other requests than their own.
AROUND = ("invoke_agent", "create_agent", "execute_tool", "agent_step", "invoke_workflow")
REQUESTS = {"doGenerate": "chat", "doStream": "chat", "doEmbed": "embeddings"}
# What OpenInference calls a span.
KINDS = {"LLM": "chat", "EMBEDDING": "embeddings", "AGENT": "invoke_agent", "TOOL": "execute_tool"}

MODELS = (
    "gen_ai.response.model",
    "gen_ai.request.model",
    "llm.model_name",
    "embedding.model_name",
    "ai.response.model",
    "ai.model.id",
)
PROVIDERS = (
    "gen_ai.provider.name",
    "gen_ai.system",
    "llm.provider",
    "llm.system",
    "ai.model.provider",
)
SESSIONS = (
    "gen_ai.conversation.id",
    "session.id",
    "gcp.vertex.agent.session_id",
)
# In US dollars. OpenLIT and LiteLLM; pydantic-ai; LiteLLM; OpenInference; Sentry and OpenRouter;
# programs of users.
COSTS = (
    "gen_ai.usage.cost",
    "operation.cost",
    "gen_ai.cost.total_cost",
    "llm.cost.total",
    "gen_ai.usage.total_cost",
    "gen_ai.usage.cost_usd",
)
TIERS = (
    "anthropic.response.service_tier",
    "gen_ai.openai.response.service_tier",
    "openai.response.service_tier",
    "gen_ai.response.service_tier",
)

LLM_REQUEST = "claude_code.llm_request"

# Some write all counts of a span into one attribute, as an object of JSON.
COUNTS = re.compile("tokens?_?usage|usage_?details", re.IGNORECASE)
# A number above 0.
AMOUNT = re.compile("(?=.*[1-9])[0-9.e-]+")


def operation_of(span: Span) -> str | None:
    """The operation; if there is no attribute for it, derived from older names."""
    said = span.said
    named = text(said, "gen_ai.operation.name", "llm.request.type")
    if named is None and "openinference.span.kind" in said:
        named = KINDS.get(str(said["openinference.span.kind"]).upper())
    elif named is None and "ai.operationId" in said:
        # Only these spans of the AI SDK stand for one request.
        named = REQUESTS.get(str(said["ai.operationId"]).rpartition(".")[2])
    elif named is None and text(said, "gen_ai.system") and text(said, *MODELS):
        return "chat"
    return named


def is_around(span: Span) -> bool:
    """Whether a span contains other requests, as those of agents and tools do."""
    is_sum = gh_aw.is_sum_of_requests(span.name)
    return is_sum or operation_of(span) in AROUND or span.name.startswith(AROUND)


def span_call(span: Span, defaults: Defaults) -> LlmCall | None:
    """The call of a span; None if the span is not a call.

    An embedding has no output. Retries may share the id of a response, but not that of a span.
    Anthropic's request id is unique and also appears in the vendor's part of the trace.
    """
    if span.name == LLM_REQUEST or span.said.get("span.type") == "llm_request":
        return claude_code_events.span_call(span, defaults)
    if gh_aw.REQUEST_ID in span.said:
        return gh_aw.span_call(span, defaults)
    operation = operation_of(span)
    if operation not in OPERATIONS or gh_aw.is_sum_of_requests(span.name):
        return None
    said, both = span.said, {**span.resource, **span.said}
    model = required(text(said, *MODELS), {"id": span.span_id}, "span", "model")
    tokens = span_tokens(said, span.scope, span.name, model)
    if operation in EMBEDDINGS and tokens["input_tokens"] is not None:
        tokens["output_tokens"] = tokens["output_tokens"] or 0
    error_type = text(said, "error.type")
    success = not span.has_failed and error_type is None
    names = ("phase", "cicd.pipeline.task.name", "gen_ai.workflow.name")
    return defaults.call(
        "otlp",
        text(said, "anthropic.request.id") or span.identity,
        defaults.timestamp(span.began),
        session_id=text(both, *SESSIONS) or span.trace_id,
        phase=text(both, *names),
        prompt_name=text(said, "gen_ai.prompt.name", "gen_ai.agent.name"),
        provider=_provider(said),
        model=model,
        **tokens,
        reported_cost=_cost(said),
        is_free=said.get("litellm.cache_hit") in (True, "True"),
        service_tier=text(said, *TIERS),
        success=success,
        error_message=None if success else span.error or error_type,
        duration_ms=span.duration_ms,
        run=run_link(both),
    )


def counts_tokens(span: Span) -> list[str]:
    """Attributes that seem to count tokens in a span that is not a call; none for agents, which
    repeat their children's.
    """
    if is_around(span):
        return []
    return [
        name
        for name, value in span.said.items()
        if (COUNTS.search(name) and str(value).startswith("{"))
        or ("token" in name.lower() and "max" not in name.lower() and str(value).isdigit())
    ]


def unread(span: Span, call: LlmCall) -> list[str]:
    """Attributes that seem to count cached tokens or a cost, of which the call has none."""
    words = []
    if call.cache_read_tokens is None and call.cache_write_tokens is None:
        words.append("cache")
    if call.reported_cost is None:
        words.append("cost")
    return [
        name
        for name, value in span.said.items()
        if any(word in name.lower() for word in words) and AMOUNT.fullmatch(str(value))
    ]


def _provider(said: Attributes) -> str | None:
    """The vendor. The AI SDK adds the kind of its model, as in `openai.responses`."""
    provider = text(said, *PROVIDERS)
    if provider and "ai.operationId" in said:
        return provider.split(".", 1)[0]
    return provider


def _cost(said: Attributes) -> Decimal | None:
    """The cost in the span; None if it is in another currency than US dollars."""
    if other_currency(said):
        return None
    costs = (cost(said, *COSTS), billed(said, "github.copilot.nano_aiu"), _gateway_cost(said))
    return next((one for one in costs if one is not None), None)


def _gateway_cost(said: Attributes) -> Decimal | None:
    """The cost that a gateway added to an answer; None if it has another form than is known."""
    added = vendors_metadata(said)
    try:
        found = reading.money(reading.nested(added, "gateway"), "cost")
        router = reading.nested(reading.nested(added, "openrouter"), "usage")
        return reading.money(router, "cost") if found is None else found
    except UnreadableRow:
        return None
