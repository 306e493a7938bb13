"""Codex rollouts: `~/.codex/sessions/**/rollout-*.jsonl`, one object per event.

`token_count` events are running totals of the session. They are repeated when the screen is
redrawn (https://github.com/ccusage/ccusage/issues/1288, 876 and 988). The file of a fork or a
subagent may begin with copies of its parent's events. The copies have the times of the originals
(https://github.com/getagentseal/codeburn/pull/1383) or the time of the fork
(https://github.com/ccusage/ccusage/issues/950).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from telemetry.llm.formats.readers import Columns, Defaults, Reader, Reading, without_run
from telemetry.llm.formats.tokens import TokenKeys, increase
from telemetry.rows import reading
from telemetry.rows.llm import LONGEST_ID, LlmCall, bounded_id, changed, distinct_timestamp
from telemetry.rows.reading import UnreadableRow, digest

NAME = "Codex rollout"
SOURCE = "codex"

KEYS = TokenKeys(
    "input_tokens",
    "output_tokens",
    "cached_input_tokens",
    "cache_write_input_tokens",
    "reasoning_output_tokens",
)

KINDS = ("session_meta", "turn_context", "event_msg", "response_item", "compacted")

# Copies of a parent's events are written within milliseconds; no model answers as fast.
BURST = timedelta(milliseconds=200)


@dataclass
class Session:
    """What the events so far say about the session.

    `session_id` is the first session that it descends from, `thread_id` is its own id. `described`
    is the time of its description, `began` that of its first event, `counted` that of its last
    call. Of a fork that call is `held` until the next one shows whether it is a copy.
    """

    session_id: str = ""
    thread_id: str = ""
    parents: set[str] = field(default_factory=set)
    described: datetime | None = None
    began: datetime | None = None
    provider: str | None = None
    model: str | None = None
    total: Columns | None = None
    counted: datetime | None = None
    held: LlmCall | None = None


def recognises(record: Mapping[str, Any]) -> bool:
    if not _has_its_shape(record):
        return False
    return "timestamp" in record or record["type"] in KINDS


def _has_its_shape(record: Mapping[str, Any]) -> bool:
    return "type" in record and isinstance(record.get("payload"), dict)


def reader() -> Reader:
    """One call for each increase of the running total.

    A call is identified by the first session it descends from, and the total. A copy in a fork or a
    subagent has the id and the session of the original. Two forks of one session may reach the same
    total, so the id of a fork's own call also has the fork's thread and the time when it began.
    sql/llm/leave_out_copies.sql finds the copies that one file does not show.
    """
    session = Session()

    def calls(record: Mapping[str, Any], defaults: Defaults) -> Iterator[Reading]:
        nonlocal session
        if not _has_its_shape(record):
            raise UnreadableRow("type or payload is missing")
        payload, kind = reading.nested(record, "payload"), record["type"]
        if kind != "session_meta" and session.parents and session.began is None:
            moment = reading.moment(record, "timestamp")
            # An event from before the description is a copy.
            if moment and (session.described is None or moment >= session.described):
                session.began = moment
        if kind == "session_meta":
            described = _described(session, payload, reading.moment(record, "timestamp"))
            if described is not session:
                yield from _released(session, None)
            session = described
        elif kind == "turn_context":
            session.model = reading.text(payload, "model") or session.model
        elif kind == "event_msg" and payload.get("type") == "token_count":
            yield from _calls(record, reading.nested(payload, "info"), session, defaults)

    return Reader(calls, lambda: _released(session, None))


def _described(session: Session, payload: Mapping[str, Any], moment: datetime | None) -> Session:
    """The session that a description begins or continues.

    The description of a fork may be followed by that of its parent. A fork that names no parent is
    counted as the session whose description follows.
    """
    own, parents = reading.text(payload, "id") or "", _parents(payload)
    session_id = next((parent for parent in parents if parent != own), own)
    is_later = session.counted is None or (moment is not None and moment >= session.counted)
    if own in session.parents and is_later:
        session.session_id = session_id
        session.parents.update(parents)
    elif own != session.thread_id:
        session = Session(session_id, own, {*parents} - {own}, moment)
    session.provider = reading.text(payload, "model_provider") or session.provider
    return session


def _parents(described: Mapping[str, Any]) -> list[str]:
    """The sessions that a session names as its origin, the first of them first.

    A subagent names its parent in one of four places, depending on the version.
    """
    source = described.get("source")
    subagent = source.get("subagent") if isinstance(source, dict) else None
    spawned = subagent.get("thread_spawn") if isinstance(subagent, dict) else None
    # For a subagent of a subagent, session_id is the first session, whose name its parent has too.
    names = ("session_id", "forked_from_id", "parent_thread_id")
    found = [reading.text(described, name) for name in names]
    if isinstance(spawned, dict):
        found.append(reading.text(spawned, "parent_thread_id"))
    return [parent for parent in found if parent]


def _calls(
    record: Mapping[str, Any], info: Mapping[str, Any], session: Session, defaults: Defaults
) -> Iterator[Reading]:
    written = reading.nested(info, "total_token_usage")
    total = KEYS.counts(written)
    if not written or total == session.total:
        return
    used = used_since(total, session.total, reading.nested(info, "last_token_usage"))
    session.total = total
    # Codex sets its counts to 0 if a request does not fit into the context window.
    if not any(used.values()):
        return
    moment = defaults.timestamp(reading.moment(record, "timestamp"))
    model = reading.text(info, "model") or session.model
    sum_until_now = reading.count(written, "total_tokens")
    is_known = session.session_id and sum_until_now is not None
    call = defaults.call(
        SOURCE,
        f"{session.session_id}:{sum_until_now}" if is_known else digest(record),
        moment,
        session_id=session.session_id,
        provider=session.provider,
        model=model,
        **used,
    )
    yield from _released(session, moment)
    before, session.counted = session.counted or session.described, moment
    is_early = model is None or (session.described is not None and moment < session.described)
    if not session.parents:
        yield changed(call, {"precedence": 1})
    elif is_early or _is_burst(before, moment):
        yield without_run(call)
    else:
        session.held = call


def _released(session: Session, following: datetime | None) -> Iterator[Reading]:
    """The call that is held: a copy if the next one follows at once, else the fork's own."""
    call, session.held = session.held, None
    if call is None:
        return
    if _is_burst(session.counted, following):
        yield without_run(call)
    else:
        began = "" if session.began is None else int(session.began.timestamp() * 1_000)
        call_id = bounded_id(f"{call.call_id}:{began}:{session.thread_id}")
        moment = distinct_timestamp(call.timestamp, call_id)
        own = {"session_id": session.thread_id[:LONGEST_ID], "precedence": 1}
        yield changed(call, {"call_id": call_id, "timestamp": moment, **own})


def _is_burst(before: datetime | None, moment: datetime | None) -> bool:
    return before is not None and moment is not None and abs(moment - before) <= BURST


def first_session(call: LlmCall) -> str:
    """The first session that a call descends from, as its id begins."""
    return call.call_id.partition(":")[0]


def used_since(total: Columns, before: Columns | None, last: Mapping[str, Any]) -> Columns:
    """The increase of the totals; if they restart or began before the file, the last call.

    Some versions restart them when a session is resumed: then the last call is all of the total.
    """
    own = KEYS.counts(last) if last else total
    has_restarted = bool(last) and own == total
    used = None if before is None or has_restarted else increase(total, before)
    return own if used is None else used
