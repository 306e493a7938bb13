"""The execution file of claude-code-action, and `claude -p --output-format stream-json`.

An array of events, or one event a line. The `result` event lists what each model of the session
used, helper models included. The messages omit helper models and undercount the main one (measured
on 48 runs: 191,440 of 209,773 tokens), so each row is one model of a result. Other agents print
similar events; only Claude Code's results have the keys in `CLAUDES`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from telemetry.llm.formats import agent_results
from telemetry.llm.formats.readers import (
    Columns,
    Defaults,
    Reader,
    Reading,
    cut_off,
    read_list,
)
from telemetry.llm.formats.tokens import TokenKeys, count_at, increase, with_cache
from telemetry.rows import reading
from telemetry.rows.reading import LONGEST_COUNT, UnreadableRow, digest, storable

NAME = "stream of an agent"

EVENTS = ("system", "assistant", "user", "result")

# Keys that only Claude Code's results have, in old versions too.
CLAUDES = ("modelUsage", "total_cost_usd", "cost_usd")
RESULTS = {"subtype", "session_id", "usage", *CLAUDES}

# Sessions of a file that are kept: several may write to one log at a time.
REMEMBERED = 256

# As `modelUsage` spells the counts, and as `usage` does.
KEYS = TokenKeys(
    ("inputTokens", "input_tokens"),
    ("outputTokens", "output_tokens"),
    ("cacheReadInputTokens", "cache_read_input_tokens"),
    ("cacheCreationInputTokens", "cache_creation_input_tokens"),
    ("thinkingTokens", "thinking_tokens", "output_tokens_details.thinking_tokens"),
)
SEARCHES = (
    "webSearchRequests",
    "web_search_requests",
    "server_tool_use.web_search_requests",
)


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
    used: dict[str, Columns] = field(default_factory=dict)
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
    models = _models(result, session.model)
    until_now = {model: _used(usage) for model, usage in models.items()}
    before = session.used
    now = {
        model: increase(used, before[model]) or used if model in before else used
        for model, used in until_now.items()
    }
    dearest = max(now, key=lambda model: (now[model]["reported_cost"] or 0, model))
    turns = reading.count(result, "num_turns")
    duration_ms = reading.count(result, "duration_api_ms")
    identity = _identity(result, session)
    success = result.get("subtype") in (None, "success") and not result.get("is_error")
    for model, used in now.items():
        if model in session.used and not any(used.values()):
            continue
        requests = len(session.messages.get(model, ())) or 1
        # The time of many requests must not be taken for the latency of one.
        if model == dearest and (len(now) > 1 or (turns or 0) > 1):
            requests = max(requests, 2)
        provider = reading.text(models[model], "provider")
        yield defaults.call(
            "claude-code-action",
            f"{identity}:{model}",
            moment,
            session_id=session.session_id,
            provider="anthropic" if provider in (None, "firstParty") else provider,
            model=model or None,
            **with_cache(used),
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


def _models(result: Mapping[str, Any], main_model: str | None) -> dict[str, Mapping[str, Any]]:
    """Use by model. Old versions, and sessions that called no model, report the sum only."""
    models = reading.nested(result, "modelUsage")
    used = {storable(model): reading.nested(models, model) for model in models}
    used = used or {main_model or "": reading.nested(result, "usage")}
    total = reading.money(result, "total_cost_usd")
    if total is None:
        total = reading.money(result, "cost_usd")
    for model, usage in used.items():
        if len(used) == 1 and total is not None and not usage.get("costUSD"):
            used[model] = {**usage, "costUSD": total}
    return used


def _used(usage: Mapping[str, Any]) -> Columns:
    """What one entry of `modelUsage`, or `usage`, says: cached input is separate.

    Claude Code computes the cost of a model that it does not know at the price of another one.
    """
    is_guess = usage.get("costBasis") == "unknown"
    return {
        **KEYS.counts(usage),
        "web_search_requests": count_at(usage, SEARCHES),
        "reported_cost": None if is_guess else reading.money(usage, "costUSD"),
    }


def _error(result: Mapping[str, Any]) -> str | None:
    """Why the session failed: its text, its errors, or the kind of end."""
    errors = [error for error in read_list(result, "errors") if isinstance(error, str)]
    text = reading.text(result, "result") or storable("; ".join(errors))
    return text or reading.text(result, "subtype")
