"""The token counts in the attributes of a span, and whether input includes the cache."""

import ast
import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from telemetry.llm.formats.otlp_attributes import Attributes, text
from telemetry.llm.formats.readers import Columns
from telemetry.llm.formats.tokens import TokenKeys, greatest, includes_cache, inclusive, with_cache
from telemetry.llm.formats.usage import LITELLM
from telemetry.rows import reading
from telemetry.rows.reading import UnreadableRow

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
CACHE_WRITE_1H = "anthropic.usage.cache_creation.ephemeral_1h_input_tokens"
# Cached and reasoning tokens have a dozen spellings each, of the same words.
COUNTED = re.compile(r"(?:gen_ai|llm|ai)\.(?:usage|token_count)\.(.+)")
PARTS = {"input", "output", "prompt", "completion", "token", "tokens"}
FILLERS = PARTS | {"detail", "details", "content", "count"}
WORDS = {
    frozenset(words.split()): column
    for column, spellings in {
        "cache_read_tokens": ("cache read", "cached"),
        "cache_write_tokens": ("cache write", "cache creation"),
        "reasoning_tokens": ("reasoning", "thoughts"),
    }.items()
    for words in spellings
}
TOTAL = (
    "gen_ai.usage.total_tokens",
    "llm.usage.total_tokens",
    "llm.token_count.total",
    "ai.usage.totalTokens",
)
SEARCHES = "anthropic.usage.server_tool_use.web_search_requests"

# By scope and beginning of the span's name: instrumentations whose input excludes cached tokens,
# against the conventions ("SHOULD include all types of input tokens, including cached tokens").
# - OpenLLMetry's Bedrock Converse passes on AWS's inputTokens, and its total lacks the cached ones
#   (traceloop/openllmetry issue 4449, span_utils.py, converse_usage_record).
# Strands Agents did so until strands-agents/harness-sdk PR 3886 (Python) and PR 4080 (TypeScript);
# its total, which is the vendor's, tells which version wrote a span.
WITHOUT_CACHE = (("opentelemetry.instrumentation.bedrock", "bedrock.converse"),)

# Before version 6, the AI SDK passes on the input of Anthropic and Bedrock, without the cache. Only
# the vendor's own counts have cache writes (https://github.com/vercel/ai/issues/8794 and 8795).
# Vercel's gateway adds the cache (https://github.com/vercel-labs/ai-python/pull/159).
METADATA = "ai.response.providerMetadata"
OF_VERSION_6 = "ai.usage.inputTokenDetails."
OF_VENDORS = TokenKeys(
    (),
    (),
    (
        "anthropic.usage.cache_read_input_tokens",
        "anthropic.cacheReadInputTokens",
        "bedrock.usage.cacheReadInputTokens",
    ),
    (
        "anthropic.usage.cache_creation_input_tokens",
        "anthropic.cacheCreationInputTokens",
        "bedrock.usage.cacheWriteInputTokens",
    ),
    cache_write_1h="anthropic.usage.cache_creation.ephemeral_1h_input_tokens",
    cache_write_5m="anthropic.usage.cache_creation.ephemeral_5m_input_tokens",
)


def span_tokens(said: Attributes, scope: str, name: str, model: str) -> Columns:
    """The token columns that a span sets. Raises UnreadableRow."""
    tokens = {
        "input_tokens": _first(said, *INPUT_TOKENS),
        "output_tokens": _first(said, *OUTPUT_TOKENS),
        **dict.fromkeys(WORDS.values()),
        "cache_write_1h_tokens": reading.count(said, CACHE_WRITE_1H),
        "web_search_requests": reading.count(said, SEARCHES),
    }
    for key in said:
        if column := _column(key):
            tokens[column] = greatest(tokens[column], reading.count(said, key))
    if tokens["cache_read_tokens"] is None and tokens["cache_write_tokens"] is None:
        usage = _decoded(text(said, "metadata.usage_object", "litellm.usage_object"))
        for column, count in _counts_beside(LITELLM, usage).items():
            tokens[column] = count if tokens[column] is None else tokens[column]
    is_without = any(scope.startswith(of) and name.startswith(begin) for of, begin in WITHOUT_CACHE)
    if METADATA in said and not any(key.startswith(OF_VERSION_6) for key in said):
        metadata = vendors_metadata(said)
        for column, count in _counts_beside(OF_VENDORS, metadata).items():
            is_without |= count is not None and "gateway" not in metadata
            tokens[column] = greatest(tokens[column], count)
    total = _first(said, *TOTAL)
    if is_without or not includes_cache(tokens, total, otherwise=True):
        tokens = with_cache(tokens)
    if apart := _reasoning_apart(tokens, total, model):
        output = inclusive(tokens["output_tokens"], apart)
        tokens |= {"output_tokens": output, "reasoning_tokens": apart}
    return tokens


def vendors_metadata(said: Attributes) -> Mapping[str, Any]:
    """What vendors and gateways added to an answer in a span of the AI SDK; empty if nothing."""
    return _decoded(text(said, METADATA))


def _first(said: Attributes, *names: str) -> int | None:
    return next((reading.count(said, name) for name in names if name in said), None)


@lru_cache(1_000)
def _column(name: str) -> str | None:
    """The column that an attribute counts besides input and output; None if it does not."""
    counted = COUNTED.fullmatch(name)
    if counted is None or "token" not in name.lower():
        return None
    words = re.findall("[a-z]+", re.sub("(?=[A-Z])", " ", counted[1]).lower())
    return WORDS.get(frozenset(words) - FILLERS)


def _reasoning_apart(tokens: Columns, total: int | None, model: str) -> int:
    """The reasoning that output lacks, as the total shows.

    Google's API does not count thoughts as output. Some writers pass that on, with the thoughts
    (https://github.com/vercel/ai/pull/6738) or without (langfuse/langfuse issue 16321).
    """
    whole, output, reasoning = (
        tokens[f"{part}_tokens"] for part in ("input", "output", "reasoning")
    )
    if whole is None or output is None or total is None:
        return 0
    rest = total - whole - output
    is_reasoning = rest == reasoning if reasoning else "gemini" in model.lower()
    return rest if rest > 0 and is_reasoning else 0


def _counts_beside(keys: TokenKeys, usage: Mapping[str, Any]) -> Columns:
    """The counts in what a span repeats as text; none if it has another form than is known."""
    try:
        return keys.counts(usage)
    except UnreadableRow:
        return {}


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
