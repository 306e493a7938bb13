"""GitHub Agentic Workflows: `token-usage.jsonl` of the API proxy, one object per call.

Fields: github/gh-aw-firewall, schemas/token-usage.schema.json.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from telemetry.llm.formats.reading import (
    DOLLARS_PER_CREDIT,
    Columns,
    Defaults,
    Reader,
    Reading,
    inclusive,
    read_milliseconds,
    reported,
    start_of,
)
from telemetry.rows import reading
from telemetry.rows.reading import digest, required

NAME = "gh-aw token usage"


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
    """One call per record; without a request_id, a digest of the record identifies it.

    A cost that the proxy computed with another model's price is dropped.
    """

    def calls(record: Mapping[str, Any], defaults: Defaults) -> Iterator[Reading]:
        status = reading.count(record, "status")
        failed = status is not None and status >= 400
        tokens = _tokens(record)
        used = tokens["input_tokens"] or tokens["output_tokens"]
        credits = reported(record, "ai_credits_this_response", used)
        if record.get("ai_credits_fallback_pricing_used"):
            credits = None
        duration_ms = read_milliseconds(record, "duration_ms")
        yield defaults.call(
            "gh-aw",
            reading.text(record, "request_id") or digest(record),
            defaults.timestamp(start_of(reading.moment(record, "timestamp"), duration_ms)),
            provider=reading.text(record, "provider"),
            model=required(reading.text(record, "model"), record, "call", "model"),
            **tokens,
            reported_cost=None if credits is None else credits * DOLLARS_PER_CREDIT,
            success=not failed,
            error_message=f"HTTP {status}" if failed else None,
            duration_ms=duration_ms,
        )

    return Reader(calls)


def _tokens(record: Mapping[str, Any]) -> Columns:
    """The counts. Newer records say whether input includes the cache.

    In older ones the provider decides (gh-aw-firewall,
    containers/api-proxy/guards/ai-credits-guard.js): Anthropic's input excludes it, and so does
    Copilot's if the cached parts exceed the input.
    """
    read, written = (
        reading.count(record, key) for key in ("cache_read_tokens", "cache_write_tokens")
    )
    tokens, provider = reading.count(record, "input_tokens"), record.get("provider")
    parts = (read or 0) + (written or 0)
    includes = record.get("input_tokens_include_cache")
    if not isinstance(includes, bool):
        is_precise = provider == "copilot" and parts > (tokens or 0)
        includes = provider != "anthropic" and not is_precise
    if not includes:
        tokens = inclusive(tokens, read, written)
    return {
        "input_tokens": tokens,
        "output_tokens": reading.count(record, "output_tokens"),
        "cache_read_tokens": read,
        "cache_write_tokens": written,
        "reasoning_tokens": reading.count(record, "reasoning_tokens"),
    }
