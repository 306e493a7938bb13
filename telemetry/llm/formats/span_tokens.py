"""The token counts in the attributes of a span, and whether input includes the cache."""

import ast
import json
from collections.abc import Mapping
from typing import Any

from telemetry.llm.formats.otlp_attributes import Attributes, text
from telemetry.llm.formats.reading import Columns, first_count, includes_cache, inclusive
from telemetry.rows import reading

# Those of the GenAI conventions in each of their versions, OpenLLMetry, OpenInference, the AI SDK,
# Sentry, OpenLIT.
INPUT_TOKENS = (
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.prompt_tokens",
    "llm.usage.prompt_tokens",
    "llm.token_count.prompt",
    "ai.usage.inputTokens",
    "ai.usage.promptTokens",
    "ai.usage.tokens",
)
OUTPUT_TOKENS = (
    "gen_ai.usage.output_tokens",
    "gen_ai.usage.completion_tokens",
    "llm.usage.completion_tokens",
    "llm.token_count.completion",
    "ai.usage.outputTokens",
    "ai.usage.completionTokens",
)
CACHE_READ = (
    "gen_ai.usage.cache_read.input_tokens",
    "gen_ai.usage.cache_read_input_tokens",
    "gen_ai.usage.cache_read_tokens",
    "gen_ai.usage.cached_input_tokens",
    "gen_ai.usage.cached_tokens",
    "gen_ai.usage.input_tokens.cached",
    "gen_ai.usage.prompt_tokens_details.cache_read",
    "gen_ai.usage.details.cache_read_tokens",
    "llm.token_count.prompt_details.cache_read",
    "ai.usage.inputTokenDetails.cacheReadTokens",
    "ai.usage.cachedInputTokens",
)
CACHE_WRITE = (
    "gen_ai.usage.cache_creation.input_tokens",
    "gen_ai.usage.cache_write.input_tokens",
    "gen_ai.usage.cache_creation_input_tokens",
    "gen_ai.usage.cache_write_input_tokens",
    "gen_ai.usage.cache_write_tokens",
    "gen_ai.usage.input_tokens.cache_write",
    "gen_ai.usage.prompt_tokens_details.cache_write",
    "gen_ai.usage.details.cache_write_tokens",
    "llm.token_count.prompt_details.cache_write",
    "ai.usage.inputTokenDetails.cacheWriteTokens",
)
CACHE_WRITE_1H = ("anthropic.usage.cache_creation.ephemeral_1h_input_tokens",)
REASONING = (
    "gen_ai.usage.reasoning.output_tokens",
    "gen_ai.usage.reasoning_tokens",
    "gen_ai.usage.reasoning_output_tokens",
    "gen_ai.usage.output_tokens.reasoning",
    "gen_ai.usage.completion_tokens_details.reasoning",
    "gen_ai.usage.details.reasoning_tokens",
    "llm.token_count.completion_details.reasoning",
    "ai.usage.outputTokenDetails.reasoningTokens",
    "ai.usage.reasoningTokens",
)
TOTAL = (
    "gen_ai.usage.total_tokens",
    "llm.usage.total_tokens",
    "llm.token_count.total",
    "ai.usage.totalTokens",
)
SEARCHES = ("anthropic.usage.server_tool_use.web_search_requests",)

# By scope and beginning of the span's name: instrumentations whose input excludes cached tokens,
# against the conventions ("SHOULD include all types of input tokens, including cached tokens").
# - OpenLLMetry's Bedrock Converse passes on AWS's inputTokens, and its total lacks the cached ones
#   (traceloop/openllmetry issue 4449, span_utils.py, converse_usage_record).
# Strands Agents did so until strands-agents/harness-sdk PR 3886 (Python) and PR 4080 (TypeScript);
# its total, which is the vendor's, tells which version wrote a span.
WITHOUT_CACHE = (("opentelemetry.instrumentation.bedrock", "bedrock.converse"),)


def span_tokens(said: Attributes, scope: str, name: str, model: str) -> Columns:
    """The token columns that a span sets. Raises UnreadableRow."""
    tokens, output = first_count(said, *INPUT_TOKENS), first_count(said, *OUTPUT_TOKENS)
    read, written = first_count(said, *CACHE_READ), first_count(said, *CACHE_WRITE)
    kept = first_count(said, *CACHE_WRITE_1H)
    if read is None and written is None:
        read, written, kept = _of_litellm(said)
    is_without = any(scope.startswith(of) and name.startswith(begin) for of, begin in WITHOUT_CACHE)
    total, reasoning = first_count(said, *TOTAL), first_count(said, *REASONING)
    within = not is_without and includes_cache(tokens, output, read, written, total, otherwise=True)
    whole = tokens if within else inclusive(tokens, read, written)
    apart = _reasoning_apart(whole, output, reasoning, total, model)
    return {
        "input_tokens": whole,
        "output_tokens": inclusive(output, apart),
        "cache_read_tokens": read,
        "cache_write_tokens": written,
        "cache_write_1h_tokens": kept,
        "reasoning_tokens": apart or reasoning,
        "web_search_requests": first_count(said, *SEARCHES),
    }


def _reasoning_apart(
    whole: int | None, output: int | None, reasoning: int | None, total: int | None, model: str
) -> int:
    """The reasoning that output lacks, as the total shows.

    Google's API does not count thoughts as output. Some writers pass that on, with the thoughts
    (https://github.com/vercel/ai/pull/6738) or without (langfuse/langfuse issue 16321).
    """
    if whole is None or output is None or total is None:
        return 0
    rest = total - whole - output
    is_reasoning = rest == reasoning if reasoning else "gemini" in model.lower()
    return rest if rest > 0 and is_reasoning else 0


def _of_litellm(said: Attributes) -> tuple[int | None, int | None, int | None]:
    """Cache reads, cache writes and 1-hour writes in LiteLLM's usage, Python or JSON text."""
    usage = _decoded(text(said, "metadata.usage_object", "litellm.usage_object"))
    inputs = usage.get("prompt_tokens_details")
    inputs = inputs if isinstance(inputs, dict) else {}
    details = inputs.get("cache_creation_token_details")
    details = details if isinstance(details, dict) else {}
    read = reading.count(usage, "cache_read_input_tokens") or reading.count(inputs, "cached_tokens")
    written = reading.count(usage, "cache_creation_input_tokens")
    return (
        read,
        written or reading.count(inputs, "cache_write_tokens"),
        reading.count(details, "ephemeral_1h_input_tokens"),
    )


def _decoded(written: str | None) -> Mapping[str, Any]:
    if not written or len(written) > 20_000:
        return {}
    for decode in (json.loads, ast.literal_eval):
        try:
            value = decode(written)
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            continue
        return value if isinstance(value, dict) else {}
    return {}
