"""Rows of LLM calls, and how two records of one call are merged."""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from operator import attrgetter
from typing import Any

from telemetry.rows import reading
from telemetry.rows.reading import (
    LONGEST_COUNT,
    UnreadableRow,
    digest,
    required,
    shown,
    wrong_value,
)

LONGEST_ERROR_MESSAGE = 2_000
# No session has used as many. Millions of such rows can be added up.
MOST_TOKENS = 10**12
# PostgreSQL indexes at most some 2,700 bytes; prompt_name and session_id share one index.
LONGEST_ID = 255


TOKEN_COUNTS = (
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "cache_write_1h_tokens",
    "cache_write_12h_tokens",
    "reasoning_tokens",
)

MICROSECOND = timedelta(microseconds=1)

# Other names of a tier in logs. `auto` is what the caller requested, not what was served.
SERVICE_TIERS: Mapping[str, str | None] = {
    "auto": None,
    "default": "standard",
    "on_demand": "standard",
}


def usual_tier(written: str | None) -> str | None:
    """Return a tier by its usual name; None if what was written is not a tier."""
    tier = (written or "").lower()
    return SERVICE_TIERS.get(tier, tier) or None


@dataclass(frozen=True)
class LlmCall:
    """One row of `llm_calls`. Token counts follow one convention for every source: input includes
    cache reads and writes, output includes reasoning. `timestamp` is UTC.

    If a call has several records, the one with the highest `precedence` (how final the log says it
    is) counts, and among equals the one with the most tokens. The price depends on `service_tier`,
    `inference_geo`, the cache writes kept for an hour and `web_search_requests`; each is None if
    the log does not say. `reported_cost` is exact; `estimated_cost` is the same to six decimals.
    `is_whole_session` means that `api_calls` is a lower bound.
    """

    source: str
    call_id: str
    timestamp: datetime
    session_id: str = ""
    prompt_name: str = field(default="", metadata={"max_length": 255})
    phase: str | None = None
    provider: str | None = None
    model: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    cache_write_1h_tokens: int | None = None
    reasoning_tokens: int | None = None
    estimated_cost: Decimal | None = None
    success: bool | None = True
    error_message: str | None = None
    duration_ms: int | None = None
    api_calls: int = 1
    github_run_id: int | None = None
    github_run_attempt: int | None = None
    precedence: int = 0
    cache_write_12h_tokens: int | None = None
    service_tier: str | None = None
    inference_geo: str | None = None
    web_search_requests: int | None = None
    reported_cost: Decimal | None = None
    is_whole_session: bool = False

    @property
    def total_tokens(self) -> int | None:
        """Input plus output tokens, as the table computes it; None if either is None."""
        if self.input_tokens is None or self.output_tokens is None:
            return None
        return self.input_tokens + self.output_tokens

    @classmethod
    def of(
        cls,
        source: str,
        call_id: str,
        timestamp: datetime,
        **columns: Any,
    ) -> "LlmCall":
        """Return a call that satisfies the rules of the table, whatever its log says.

        `columns` are other fields by their names; `raise_wholes` corrects their tokens. The time
        gets distinct microseconds (see `distinct_timestamp`). A call_id too long for an index
        becomes its digest; session_id and error_message are cut. Tier and region become lower case,
        and a tier gets its usual name. Each of the two costs sets the other if that is None.

        Raises UnreadableRow if there are more than MOST_TOKENS.
        """
        raise_wholes(columns, call_id)
        call_id = bounded_id(call_id)
        given = columns.get
        cost, region = given("reported_cost"), given("inference_geo")
        if cost is None:
            cost = given("estimated_cost")
        error = given("error_message")
        columns.update(
            source=source,
            call_id=call_id,
            timestamp=distinct_timestamp(timestamp, call_id),
            session_id=given("session_id", "")[:LONGEST_ID],
            model=given("model") or None,
            estimated_cost=cost,
            reported_cost=cost,
            service_tier=usual_tier(given("service_tier")),
            inference_geo=region.lower() if region else None,
            error_message=error and error[:LONGEST_ERROR_MESSAGE],
            # Attempts count from 1; 0 in a log means unknown.
            github_run_attempt=given("github_run_attempt") or None,
        )
        return changed(BLANK, columns)

    @classmethod
    def from_record(cls, record: Any, source: str = "canonical") -> "LlmCall":
        """Return the call in a record of the canonical log, whose keys are the fields here.

        `timestamp` is ISO 8601 with a zone, or seconds since 1970. If `call_id` is missing, it is a
        digest of the record, so the same line is the same call in every file.

        Raises UnreadableRow if timestamp or model is missing, or a value has the wrong type.
        """
        payload = reading.mapping(record, "call")
        success = payload.get("success", True)
        if not isinstance(success, bool):
            raise wrong_value(payload, "success", "true or false")
        calls = reading.count(payload, "api_calls", LONGEST_COUNT)
        tokens: dict[str, Any] = {name: reading.count(payload, name) for name in TOKEN_COUNTS}
        return cls.of(
            source,
            reading.text(payload, "call_id") or digest(payload),
            required(reading.moment(payload, "timestamp"), payload, "call", "timestamp"),
            session_id=reading.text(payload, "session_id") or "",
            prompt_name=reading.text(payload, "prompt_name") or "",
            phase=reading.text(payload, "phase"),
            provider=reading.text(payload, "provider"),
            model=required(reading.text(payload, "model"), payload, "call", "model"),
            **tokens,
            estimated_cost=reading.money(payload, "estimated_cost"),
            success=success,
            error_message=reading.text(payload, "error_message"),
            duration_ms=reading.count(payload, "duration_ms"),
            api_calls=calls or 1,
            github_run_id=reading.count(payload, "github_run_id"),
            github_run_attempt=reading.count(payload, "github_run_attempt", LONGEST_COUNT),
            service_tier=reading.text(payload, "service_tier"),
            inference_geo=reading.text(payload, "inference_geo"),
            web_search_requests=reading.count(payload, "web_search_requests"),
        )


def raise_wholes(columns: dict[str, Any], call_id: str) -> None:
    """Raise the counts of tokens that have parts to the sum of these.

    Some logs do not include cached tokens in the input
    (https://github.com/BerriAI/litellm/issues/11364). Raises UnreadableRow if input and output are
    more than MOST_TOKENS.
    """
    count = columns.get
    whole, output = count("input_tokens"), count("output_tokens")
    written = count("cache_write_tokens") or 0
    kept = (count("cache_write_1h_tokens") or 0) + (count("cache_write_12h_tokens") or 0)
    if kept > written:
        columns["cache_write_tokens"] = written = kept
    if whole is not None:
        cached = (count("cache_read_tokens") or 0) + written
        if cached > whole:
            columns["input_tokens"] = whole = cached
    if output is not None:
        reasoning = count("reasoning_tokens") or 0
        if reasoning > output:
            columns["output_tokens"] = output = reasoning
    if (whole or 0) + (output or 0) > MOST_TOKENS:
        raise UnreadableRow(f"{shown(call_id)}: it has more tokens than {MOST_TOKENS:,}")


def bounded_id(text: str) -> str:
    """Return an id that an index can hold: the text itself, or its digest if it is too long."""
    return text if len(text) <= LONGEST_ID else digest(text)


BLANK = LlmCall("", "", datetime(1970, 1, 1, tzinfo=UTC))
COLUMNS = len(vars(BLANK))


def changed(call: LlmCall, columns: Mapping[str, Any]) -> LlmCall:
    """Return the call with these columns: dataclasses.replace in a tenth of its time.

    It is faster because the constructor of a frozen dataclass sets each field separately. Raises
    TypeError if there is no such column.
    """
    result = object.__new__(LlmCall)
    values = vars(result)
    values |= vars(call)
    values |= columns
    if len(values) != COLUMNS:
        raise TypeError(f"a call has no {', '.join(values.keys() - vars(BLANK))}")
    return result


def distinct_timestamp(
    moment: datetime, call_id: str, of_whole_second: int = 1_000_000
) -> datetime:
    """Return the time with distinct microseconds if the log is coarser.

    The table allows one call for each timestamp, session_id and prompt_name, but logs have
    milliseconds or whole seconds, and calls of one session may share them. The missing digits
    therefore come from the CRC-32 of the call_id. They are below the log's resolution and, unlike a
    counter, do not depend on file or order. A whole second is taken for the resolution of the log;
    if the log has milliseconds, `of_whole_second` is 1,000.
    """
    known = moment.microsecond
    if known % 1_000:
        return moment
    digits = zlib.crc32(call_id.encode()) % (1_000 if known else of_whole_second)
    return moment + digits * MICROSECOND


# Only records of the highest precedence set these: a replay of the call elsewhere must not name it.
NAMES = ("session_id", "prompt_name", "phase")

# In these columns a value beats None, and the greater or the smaller of two values is kept.
GREATER = (
    "provider",
    "model",
    "estimated_cost",
    "error_message",
    "duration_ms",
    "api_calls",
    "service_tier",
    "inference_geo",
    "web_search_requests",
    "reported_cost",
    "is_whole_session",
)
LESSER = ("timestamp", "success", "github_run_id")


def merged(one: LlmCall, other: LlmCall) -> LlmCall:
    """Merge two records of one call; their order does not matter.

    It follows the rules of sql/llm/upsert_llm_calls.sql. One statement may contain a call only
    once, so records are merged before they are sent.
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
    return changed(max(one, other, key=finality), changes)


def finality(call: LlmCall) -> tuple[int, ...]:
    """The sort key of the records of one call, as in the column of this name."""
    total = call.total_tokens
    known = [-1 if count is None else count for count in (total, *_counts_of(call))]
    return (total is not None, call.precedence, *known)


_counts_of = attrgetter(*TOKEN_COUNTS)


def _known(choose: Callable[..., Any], one: LlmCall, other: LlmCall, name: str) -> Any:
    values = [getattr(call, name) for call in (one, other)]
    return choose((value for value in values if value is not None), default=None)
