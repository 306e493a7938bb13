"""GitHub Agentic Workflows: `token-usage.jsonl` of the API proxy, a call a line, and its spans.

Fields: github/gh-aw-firewall, schemas/token-usage.schema.json and containers/api-proxy/otel.js.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from telemetry.llm.formats.otlp_attributes import Span, run_link
from telemetry.llm.formats.readers import (
    DOLLARS_PER_CREDIT,
    Columns,
    Defaults,
    Reader,
    Reading,
    read_milliseconds,
    start_of,
)
from telemetry.llm.formats.tokens import TokenKeys, with_cache
from telemetry.rows import reading
from telemetry.rows.llm import LlmCall
from telemetry.rows.reading import digest, required

NAME = "gh-aw token usage"
SOURCE = "gh-aw"

# What the agents that gh-aw runs log themselves, of requests that its proxy logs too.
OF_AGENTS = (
    "claude-code-action",
    "claude-code-otlp",
    "claude-code-transcript",
    "codex",
    "codex-exec",
    "codex-otlp",
    "copilot-cli",
    "gemini-cli",
    "gemini-cli-otlp",
    "gemini-cli-session",
    "opencode",
    "opencode-run",
    "pi",
)

KEYS = TokenKeys(
    "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens"
)
REQUEST_ID = "awf.request_id"
# How the proxy's spans spell the keys of its records.
SPELLED = {
    "provider": "gen_ai.provider.name",
    "model": "gen_ai.response.model",
    "status": "http.response.status_code",
    "input_tokens": "gen_ai.usage.input_tokens",
    "output_tokens": "gen_ai.usage.output_tokens",
    "cache_read_tokens": "awf.cached_read",
    "cache_write_tokens": "awf.cached_write",
    "reasoning_tokens": "awf.reasoning",
}

# What `agent_usage.json`, `run_summary.json` and `summary.json` of `gh aw logs` have (github/gh-aw,
# pkg/cli/logs_models.go and logs_report.go): sums of calls that `token-usage.jsonl` has singly.
SUMS = (
    {"input_tokens", "output_tokens", "primary_model"},
    {"cli_version", "run_id", "processed_at", "run", "metrics"},
    {"summary", "runs", "logs_location"},
)


def is_sum(record: Any) -> bool:
    """Whether a file of this value sums up calls, and so is no log of them."""
    return isinstance(record, Mapping) and any(keys <= record.keys() for keys in SUMS)


def recognises(record: Mapping[str, Any]) -> bool:
    return str(record.get("_schema")).startswith("token-usage/")


def reader() -> Reader:
    """One call per record; without a request_id, a digest of the record identifies it."""

    def calls(record: Mapping[str, Any], defaults: Defaults) -> Iterator[Reading]:
        duration_ms = read_milliseconds(record, "duration_ms")
        yield defaults.call(
            SOURCE,
            reading.text(record, "request_id") or digest(record),
            defaults.timestamp(start_of(reading.moment(record, "timestamp"), duration_ms)),
            duration_ms=duration_ms,
            **_columns(record),
        )

    return Reader(calls)


def is_sum_of_requests(name: str) -> bool:
    """Whether a span of this name is a job's, whose tokens are those of its requests."""
    return name.startswith("gh-aw.")


def span_call(span: Span, defaults: Defaults) -> LlmCall | None:
    """The call of a span that the proxy writes beside a record of the same request.

    None if it has no tokens, and then no record. Its credits are not read, because only the record
    says whether they have another model's price.
    """
    said = span.said
    record = {key: said[name] for key, name in SPELLED.items() if name in said}
    if "input_tokens" not in record:
        return None
    return defaults.call(
        SOURCE,
        required(reading.text(said, REQUEST_ID), said, "span", REQUEST_ID),
        defaults.timestamp(span.began),
        duration_ms=span.duration_ms,
        run=run_link({**span.resource, **said}),
        **_columns(record),
    )


def _columns(record: Mapping[str, Any]) -> Columns:
    """What a record says of its call. A cost at another model's price is dropped."""
    status = reading.count(record, "status")
    failed = status is not None and status >= 400
    credits = reading.money(record, "ai_credits_this_response")
    if record.get("ai_credits_fallback_pricing_used"):
        credits = None
    return {
        "provider": reading.text(record, "provider"),
        "model": required(reading.text(record, "model"), record, "call", "model"),
        **_tokens(record),
        "reported_cost": None if credits is None else credits * DOLLARS_PER_CREDIT,
        "success": not failed,
        "error_message": f"HTTP {status}" if failed else None,
    }


def _tokens(record: Mapping[str, Any]) -> Columns:
    """The counts. Newer records say whether input includes the cache.

    In older ones the provider decides (gh-aw-firewall,
    containers/api-proxy/guards/ai-credits-guard.js): Anthropic's input excludes it, and so does
    Copilot's if the cached parts exceed the input.
    """
    tokens, provider = KEYS.counts(record), record.get("provider")
    includes = record.get("input_tokens_include_cache")
    if not isinstance(includes, bool):
        parts = (tokens["cache_read_tokens"] or 0) + (tokens["cache_write_tokens"] or 0)
        is_precise = provider == "copilot" and parts > (tokens["input_tokens"] or 0)
        includes = provider != "anthropic" and not is_precise
    return tokens if includes else with_cache(tokens)
