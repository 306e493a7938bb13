"""Codex rollouts: `~/.codex/sessions/**/rollout-*.jsonl`, one object per event.

`token_count` events are running totals of the session. They are repeated when the screen is
redrawn, and a forked session begins with those of its parent
(https://github.com/ccusage/ccusage/issues/1288, 876 and 988).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from telemetry.llm.formats.reading import Columns, Defaults, Reader, Reading
from telemetry.rows.llm import LlmCall
from telemetry.rows.reading import (
    UnreadableRow,
    digest,
    read_count,
    read_moment,
    read_object,
    read_text,
)

NAME = "Codex rollout"

COUNTERS = {
    "input_tokens": "input_tokens",
    "output_tokens": "output_tokens",
    "cached_input_tokens": "cache_read_tokens",
    "cache_write_input_tokens": "cache_write_tokens",
    "reasoning_output_tokens": "reasoning_tokens",
}

KINDS = ("session_meta", "turn_context", "event_msg", "response_item", "compacted")

Counters = dict[str, int | None]


@dataclass
class Session:
    """What the events so far say about the session."""

    session_id: str = ""
    provider: str | None = None
    model: str | None = None
    total: Counters | None = None


def recognises(record: Mapping[str, Any]) -> bool:
    if not _has_its_shape(record):
        return False
    return "timestamp" in record or record["type"] in KINDS


def _has_its_shape(record: Mapping[str, Any]) -> bool:
    return "type" in record and isinstance(record.get("payload"), dict)


def reader() -> Reader:
    """One call for each increase of the running total.

    A call is identified by its session and the total. A fork or a subagent names its parent in its
    own description, or the parent's description follows; its calls count as the parent's, so that
    the calls it repeats count once.
    """
    session = Session()

    def calls(record: Mapping[str, Any], defaults: Defaults) -> Iterator[Reading]:
        nonlocal session
        if not _has_its_shape(record):
            raise UnreadableRow("type or payload is missing")
        payload, kind = read_object(record, "payload"), record["type"]
        if kind == "session_meta":
            session_id = _session_id(payload)
            if session_id != session.session_id:
                session = Session(session_id)
            session.provider = read_text(payload, "model_provider") or session.provider
        elif kind == "turn_context":
            session.model = read_text(payload, "model") or session.model
        elif kind == "event_msg" and payload.get("type") == "token_count":
            yield from _calls(record, read_object(payload, "info"), session, defaults)

    return Reader(calls)


def _session_id(described: Mapping[str, Any]) -> str:
    """The session whose totals this one may repeat: its parent, else itself.

    A subagent names its parent in one of four places, depending on the version.
    """
    source = described.get("source")
    subagent = source.get("subagent") if isinstance(source, dict) else None
    spawned = subagent.get("thread_spawn") if isinstance(subagent, dict) else None
    own = read_text(described, "id")
    # Of a subagent's subagent session_id is the first session, whose name its parent has as well.
    names = ("session_id", "forked_from_id", "parent_thread_id")
    parents = [read_text(described, name) for name in names]
    if isinstance(spawned, dict):
        parents.append(read_text(spawned, "parent_thread_id"))
    return next((parent for parent in parents if parent and parent != own), own or "")


def _calls(
    record: Mapping[str, Any], info: Mapping[str, Any], session: Session, defaults: Defaults
) -> Iterator[Reading]:
    written = read_object(info, "total_token_usage")
    total = {key: read_count(written, key) for key in COUNTERS}
    if not written or total == session.total:
        return
    used = used_since(total, session.total, read_object(info, "last_token_usage"))
    session.total = total
    tokens: Columns = {column: used[key] for key, column in COUNTERS.items()}
    moment = defaults.timestamp(read_moment(record, "timestamp"))
    sum_until_now = read_count(written, "total_tokens")
    identity = f"{session.session_id}:{sum_until_now}"
    if not session.session_id or sum_until_now is None:
        identity = digest(record)
    yield LlmCall.of(
        "codex",
        identity,
        moment,
        session_id=session.session_id,
        phase=defaults.phase,
        prompt_name=defaults.prompt_name,
        provider=session.provider,
        model=read_text(info, "model") or session.model,
        **tokens,
        **defaults.run(None, None),
    )


def used_since(total: Counters, before: Counters | None, last: Mapping[str, Any]) -> Counters:
    """The increase of the totals; if they restart or began before the file, the last call."""
    if before is not None and all((total[key] or 0) >= (before[key] or 0) for key in COUNTERS):
        return {
            key: None if now is None else now - (before[key] or 0) for key, now in total.items()
        }
    return {key: read_count(last, key) for key in COUNTERS} if last else total
