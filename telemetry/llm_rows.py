"""Readings of LLM calls put together, and the record of an ingest. Pure: no I/O and no clock."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from telemetry.rows import LlmCall

# A replay of a call elsewhere must not name it: these are of the readings of highest precedence.
NAMES = ("prompt_name", "phase")

# Of these columns the known value beats the unknown one, and of two the greater or the lesser.
GREATER = (
    "session_id",
    "provider",
    "model",
    "estimated_cost",
    "error_message",
    "duration_ms",
    "api_calls",
)
LESSER = ("timestamp", "success", "github_run_id")


@dataclass(frozen=True)
class LlmIngestion:
    """One row of `llm_ingestions`: what an ingest of LLM logs has done. All times are UTC.

    A call whose readings lie far apart is counted with each of them: as inserted with the first,
    then as updated or unchanged. `clashing` calls were left out because another call has their
    timestamp, session and prompt name. `first_rejected` names what was left out or rejected.
    """

    started_at: datetime
    finished_at: datetime | None = None
    files: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    cut: int = 0
    clashing: int = 0
    rejected_files: int = 0
    rejected_lines: int = 0
    first_rejected: list[str] = field(default_factory=list)


def merged(one: LlmCall, other: LlmCall) -> LlmCall:
    """What two readings of one call tell together, whichever comes first.

    The same as sql/upsert_llm_calls.sql makes of them, for readings within one statement, which
    may hold a call only once.
    """
    changes = {name: _known(max, one, other, name) for name in GREATER}
    changes |= {name: _known(min, one, other, name) for name in LESSER}
    if one.github_run_id == other.github_run_id:
        changes["github_run_attempt"] = _known(min, one, other, "github_run_attempt")
    else:
        earlier = one if one.github_run_id == changes["github_run_id"] else other
        changes["github_run_attempt"] = earlier.github_run_attempt
    if finality(one)[:2] == finality(other)[:2]:
        changes |= {name: _known(max, one, other, name) for name in NAMES}
    return replace(max(one, other, key=finality), **changes)


def finality(call: LlmCall) -> tuple[int, ...]:
    """What orders the readings of one call, as the column of that name does."""
    counts = (
        call.total_tokens,
        call.input_tokens,
        call.output_tokens,
        call.cache_read_tokens,
        call.cache_write_tokens,
        call.cache_write_1h_tokens,
        call.reasoning_tokens,
    )
    known = (-1 if count is None else count for count in counts)
    return (call.total_tokens is not None, call.precedence, *known)


def _known(choose: Callable[..., Any], one: LlmCall, other: LlmCall, name: str) -> Any:
    values = [getattr(call, name) for call in (one, other)]
    return choose((value for value in values if value is not None), default=None)
