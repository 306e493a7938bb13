"""Results of other agents that print events like Claude Code's: Cursor, Qwen Code, Amp, …

They do not say which vendor served their models.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from telemetry.llm.formats.readers import Defaults
from telemetry.llm.formats.tokens import TokenKeys, count_at, includes_cache, with_cache
from telemetry.rows import reading
from telemetry.rows.llm import LlmCall
from telemetry.rows.reading import LONGEST_COUNT, UnreadableRow, digest

KEYS = TokenKeys(
    ("input_tokens", "inputTokens"),
    ("output_tokens", "outputTokens"),
    ("cache_read_input_tokens", "cacheReadTokens", "cacheReadInputTokens"),
    ("cache_creation_input_tokens", "cacheWriteTokens", "cacheCreationInputTokens"),
)


def call(
    result: Mapping[str, Any], model: str | None, began: datetime | None, defaults: Defaults
) -> LlmCall:
    """The row of a session's result. Raises UnreadableRow if it has no tokens.

    The counters have Anthropic's names, so input excludes cached tokens unless the total shows
    otherwise.
    """
    usage = reading.nested(result, "usage")
    tokens = KEYS.counts(usage)
    total = count_at(usage, ("total_tokens", "totalTokens"))
    if tokens["input_tokens"] is None or tokens["output_tokens"] is None:
        raise UnreadableRow("the result has no tokens")
    if not includes_cache(tokens, total, otherwise=False):
        tokens = with_cache(tokens)
    failed = bool(result.get("is_error")) or result.get("subtype") not in (None, "success")
    session_id = reading.text(result, "session_id") or ""
    turns = reading.count(result, "num_turns", LONGEST_COUNT)
    return defaults.call(
        "agent-result",
        reading.text(result, "uuid") or reading.text(result, "request_id") or digest(result),
        defaults.timestamp(began),
        session_id=session_id,
        model=model,
        **tokens,
        success=not failed,
        error_message=(reading.text(result, "result") or "the session failed") if failed else None,
        duration_ms=reading.count(result, "duration_api_ms"),
        api_calls=turns or 1,
        is_whole_session=True,
    )
