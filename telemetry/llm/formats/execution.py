"""The execution file of claude-code-action, and `claude -p --output-format stream-json`.

An array of events, or one event a line. The `result` event lists what each model of the session
used, helper models included. The messages omit helper models and undercount the main one (measured
on 48 runs: 191,440 of 209,773 tokens), so each row is one model of a result. Other agents print
similar events; only Claude Code's results have the keys in `CLAUDES`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from telemetry.llm.formats import agent_results
from telemetry.llm.formats.reading import (
    Columns,
    Defaults,
    Reader,
    Reading,
    cut_off,
    first_count,
    inclusive,
    read_list,
)
from telemetry.rows import reading
from telemetry.rows.reading import LONGEST_COUNT, UnreadableRow, digest, storable

NAME = "stream of an agent"

EVENTS = ("system", "assistant", "user", "result")

# Keys that only Claude Code's results have, in old versions too.
CLAUDES = ("modelUsage", "total_cost_usd", "cost_usd")
RESULTS = {"subtype", "session_id", "usage", *CLAUDES}

# Sessions of a file that are kept: several may write to one log at a time.
REMEMBERED = 256

# Each counter of Used, as `modelUsage` spells it and as `usage` does.
COUNTERS = {
    "input": ("inputTokens", "input_tokens"),
    "output": ("outputTokens", "output_tokens"),
    "read": ("cacheReadInputTokens", "cache_read_input_tokens"),
    "written": ("cacheCreationInputTokens", "cache_creation_input_tokens"),
    "reasoning": ("thinkingTokens", "thinking_tokens"),
    "searches": ("webSearchRequests", "web_search_requests"),
}


@dataclass(frozen=True)
class Used:
    """What one model used, as the log counts it: cached input is separate."""

    input: int | None = None
    output: int | None = None
    read: int | None = None
    written: int | None = None
    reasoning: int | None = None
    searches: int | None = None
    cost: Decimal | None = None
    provider: str | None = None

    @classmethod
    def of(cls, usage: Mapping[str, Any], total_cost: Decimal | None) -> "Used":
        """What one entry of `modelUsage`, or `usage`, says.

        Claude Code computes the cost of a model that it does not know at the price of another one.
        """
        counts = {name: first_count(usage, *keys) for name, keys in COUNTERS.items()}
        if counts["reasoning"] is None:
            details = reading.nested(usage, "output_tokens_details")
            counts["reasoning"] = reading.count(details, "thinking_tokens")
        cost = reading.money(usage, "costUSD")
        if not cost and total_cost is not None:
            cost = total_cost
        if usage.get("costBasis") == "unknown":
            cost = None
        if counts["searches"] is None:
            searched = reading.nested(usage, "server_tool_use")
            counts["searches"] = reading.count(searched, "web_search_requests")
        provider = reading.text(usage, "provider")
        return cls(
            **counts,
            cost=cost,
            provider="anthropic" if provider in (None, "firstParty") else provider,
        )

    def since(self, before: "Used") -> "Used":
        """What was used after `before`; everything if the totals restarted."""
        names = (*COUNTERS, "cost")
        pairs = {name: (getattr(self, name), getattr(before, name) or 0) for name in names}
        if any((now or 0) < then for now, then in pairs.values()):
            return self
        return replace(
            self,
            **{name: None if now is None else now - then for name, (now, then) in pairs.items()},
        )

    def tokens(self) -> Columns:
        """The counts in the columns of the table."""
        return {
            "input_tokens": inclusive(self.input, self.read, self.written),
            "output_tokens": self.output,
            "cache_read_tokens": self.read,
            "cache_write_tokens": self.written,
            "reasoning_tokens": self.reasoning,
            "web_search_requests": self.searches,
        }


@dataclass
class Session:
    """What the events before a result say about the session.

    `is_open` means that its next result should follow, `is_dated` that `began` is that result's.
    """

    session_id: str = ""
    model: str | None = None
    is_claudes: bool = False
    began: datetime | None = None
    is_dated: bool = False
    results: int = 0
    is_open: bool = False
    used: dict[str, Used] = field(default_factory=dict)
    messages: dict[str, set[str]] = field(default_factory=dict)


def recognises(record: Mapping[str, Any]) -> bool:
    if "sessionId" in record:
        return False
    if record.get("type") in EVENTS:
        if record["type"] == "result":
            return not RESULTS.isdisjoint(record) and "stats" not in record
        return "session_id" in record
    return "modelUsage" in record and "type" not in record


def reader() -> Reader:
    """One row per model of each result.

    The results of one process are running totals (`result_index` numbers them), so each row is the
    difference from the result before. A session resumed by another process starts from zero, as the
    index shows; in files of old versions, which lack it, counts that are lower than before.
    """
    sessions = {"": Session()}
    session = sessions[""]

    def calls(event: Mapping[str, Any], defaults: Defaults) -> Iterator[Reading]:
        nonlocal session
        session_id = reading.text(event, "session_id")
        if session_id is not None and session_id != session.session_id:
            session = sessions.pop(session_id, Session(session_id))
            sessions[session_id] = session
            if len(sessions) > REMEMBERED:
                yield from unended(sessions.pop(next(iter(sessions))))
        if event.get("type") == "result" or ("type" not in event and "modelUsage" in event):
            session.is_open = False
            session.results += 1
            if reading.count(event, "result_index") == 0:
                session.used.clear()
            _date(event, session)
            session.is_dated = False
            if session.is_claudes or any(key in event for key in CLAUDES):
                yield from _rows(event, session, defaults)
            else:
                yield agent_results.call(event, session.model, session.began, defaults)
        elif "type" in event:
            _note(event, session)
        else:
            raise UnreadableRow("type is missing")

    def unended(*some: Session) -> list[Reading]:
        return [cut_off("result event", one.session_id) for one in some if one.is_open]

    return Reader(calls, lambda: unended(*sessions.values()))


def _date(event: Mapping[str, Any], session: Session) -> None:
    """Take the first time after a result: a session may be resumed on another day."""
    if not session.is_dated and (moment := reading.moment(event, "timestamp")):
        session.began, session.is_dated = moment, True


def _note(event: Mapping[str, Any], session: Session) -> None:
    _date(event, session)
    # Hooks print events before a session and after its result, some with the id of another one.
    begins = event.get("subtype") == "init" and not session.results
    session.is_open |= begins or event.get("type") == "assistant"
    if event.get("type") == "system":
        session.model = reading.text(event, "model") or session.model
        session.is_claudes |= "claude_code_version" in event
    if event.get("type") == "assistant":
        message = reading.nested(event, "message")
        model, message_id = reading.text(message, "model"), reading.text(message, "id")
        session.model = session.model or model
        if model and message_id:
            session.messages.setdefault(model, set()).add(message_id)


def _rows(result: Mapping[str, Any], session: Session, defaults: Defaults) -> Iterator[Reading]:
    # The models of a result have one moment: spread over a second they hardly ever clash,
    # within a millisecond too often.
    moment = defaults.timestamp(session.began).replace(microsecond=0)
    until_now = _used(result, session.model)
    now = {model: used.since(session.used.get(model, Used())) for model, used in until_now.items()}
    dearest = max(now, key=lambda model: (now[model].cost or 0, model))
    turns = reading.count(result, "num_turns")
    duration_ms = reading.count(result, "duration_api_ms")
    identity = _identity(result, session)
    success = result.get("subtype") in (None, "success") and not result.get("is_error")
    for model, used in now.items():
        if model in session.used and not any((*used.tokens().values(), used.cost)):
            continue
        requests = len(session.messages.get(model, ())) or 1
        # The time of many requests must not be taken for the latency of one.
        if model == dearest and (len(now) > 1 or (turns or 0) > 1):
            requests = max(requests, 2)
        yield defaults.call(
            "claude-code-action",
            f"{identity}:{model}",
            moment,
            session_id=session.session_id,
            provider=used.provider,
            model=model or None,
            **used.tokens(),
            reported_cost=used.cost,
            success=success,
            error_message=None if success else _error(result),
            duration_ms=duration_ms if model == dearest else None,
            api_calls=min(requests, LONGEST_COUNT),
            is_whole_session=True,
        )
    session.used.update(until_now)
    session.messages.clear()


def _identity(result: Mapping[str, Any], session: Session) -> str:
    """What identifies a result: its own id, else its place in the session."""
    own = reading.text(result, "uuid")
    if own is None and session.session_id:
        return f"{session.session_id}:{session.results - 1}"
    return own or digest(result)


def _used(result: Mapping[str, Any], main_model: str | None) -> dict[str, Used]:
    """Use by model. Old versions, and sessions that called no model, report the sum only."""
    models = reading.nested(result, "modelUsage")
    total = reading.money(result, "total_cost_usd")
    if total is None:
        total = reading.money(result, "cost_usd")
    if not models:
        usage = reading.nested(result, "usage")
        return {main_model or "": Used.of(usage, total)}
    if len(models) > 1:
        total = None
    return {storable(model): Used.of(reading.nested(models, model), total) for model in models}


def _error(result: Mapping[str, Any]) -> str | None:
    """Why the session failed: its text, its errors, or the kind of end."""
    errors = [error for error in read_list(result, "errors") if isinstance(error, str)]
    text = reading.text(result, "result") or storable("; ".join(errors))
    return text or reading.text(result, "subtype")
