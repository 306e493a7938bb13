"""Results of other agents that print events like Claude Code's: Cursor, Qwen Code, Amp, …

They do not say which vendor served their models.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from telemetry.llm.formats.reading import Defaults, first_count, includes_cache, inclusive
from telemetry.rows import reading
from telemetry.rows.llm import LlmCall
from telemetry.rows.reading import LONGEST_COUNT, UnreadableRow, digest

COUNTERS = {
    "input": ("input_tokens", "inputTokens"),
    "output": ("output_tokens", "outputTokens"),
    "read": ("cache_read_input_tokens", "cacheReadTokens", "cacheReadInputTokens"),
    "written": ("cache_creation_input_tokens", "cacheWriteTokens", "cacheCreationInputTokens"),
    "total": ("total_tokens", "totalTokens"),
}


def call(
    result: Mapping[str, Any], model: str | None, began: datetime | None, defaults: Defaults
) -> LlmCall:
    """The row of a session's result. Raises UnreadableRow if it has no tokens.

    The counters have Anthropic's names, so input excludes cached tokens unless the total shows
    otherwise.
    """
    usage = reading.nested(result, "usage")
    counts = {name: first_count(usage, *keys) for name, keys in COUNTERS.items()}
    tokens, output, read, written = (counts[n] for n in ("input", "output", "read", "written"))
    if tokens is None or output is None:
        raise UnreadableRow("the result has no tokens")
    if not includes_cache(tokens, output, read, written, counts["total"], otherwise=False):
        tokens = inclusive(tokens, read, written)
    failed = bool(result.get("is_error")) or result.get("subtype") not in (None, "success")
    session_id = reading.text(result, "session_id") or ""
    turns = reading.count(result, "num_turns", LONGEST_COUNT)
    return defaults.call(
        "agent-result",
        reading.text(result, "uuid") or reading.text(result, "request_id") or digest(result),
        defaults.timestamp(began),
        session_id=session_id,
        model=model,
        input_tokens=tokens,
        output_tokens=output,
        cache_read_tokens=read,
        cache_write_tokens=written,
        success=not failed,
        error_message=(reading.text(result, "result") or "the session failed") if failed else None,
        duration_ms=reading.count(result, "duration_api_ms"),
        api_calls=turns or 1,
        is_whole_session=True,
    )
