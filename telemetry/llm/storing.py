"""Stores calls in one transaction, and deletes calls that they show to be counted twice."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from psycopg import errors

from telemetry.database.connection import Connection, execute
from telemetry.database.upserts import Counts, upsert
from telemetry.llm.formats import canonical, codex, opencode, transcript
from telemetry.rows.llm import LONGEST_ID, MICROSECOND, LlmCall, changed

# How many times are tried for a call whose own is taken: each of the microseconds after it, then as
# many within the millisecond after it, and within the second.
LATEST = 3
WIDER = (1_000, 1_000_000)
# How far the times of records of one call may differ: storing moves a call by up to a second, and
# an answer in a transcript has a line for each of its parts. If they differ by more, several calls
# have one id: some gateways give all answers the same (https://github.com/ccusage/ccusage/issues/1635).
LONGEST = {canonical.SOURCE: timedelta(seconds=1), transcript.SOURCE: timedelta(hours=1)}


@dataclass(frozen=True)
class Stored:
    """What storing a batch did: the counts, the calls that clash with another one, and what was
    deleted, with how many of it were new.

    `left_out` are calls of sessions of which another log is counted. `repeated` are requests that
    are counted elsewhere: copies in a fork of a session, and spans around other ones. `reused` are
    ids of calls of another time.
    """

    counts: Counts
    clashing: list[LlmCall]
    left_out: list[dict[str, Any]]
    repeated: list[dict[str, Any]]
    reused: list[str]


def store(
    connection: Connection, calls: list[LlmCall], outer: list[tuple[str, str]], since: datetime
) -> Stored:
    """Store the calls, and delete the `outer` ones. What is stored since `since` is new."""
    sessions = sorted({call.session_id for call in calls if call.session_id})
    forked = sorted({codex.first_session(call) for call in calls if call.source == codex.SOURCE})
    copied = sorted({call.session_id for call in calls if call.source == opencode.STORED})
    sources, call_ids = [source for source, _ in outer], [call_id for _, call_id in outer]
    with connection.transaction():
        execute(connection, "llm/lock_llm_calls")
        reused = _reused(connection, [call for call in calls if has_one_time(call)])
        counts, clashing = _upserted(connection, calls)

        def rows(name: str, **wanted: list[str]) -> list[dict[str, Any]]:
            return execute(connection, name, {**wanted, "since": since}).fetchall()

        repeated = rows("llm/leave_out_copies", session_ids=forked) if forked else []
        if copied:
            repeated += rows("llm/leave_out_copied_messages", session_ids=copied)
        if outer:
            repeated += rows("llm/leave_out_outer_calls", sources=sources, call_ids=call_ids)
        left_out = rows("llm/leave_out_sessions", session_ids=sessions)
    return Stored(counts, clashing, left_out, repeated, reused)


def _reused(connection: Connection, calls: list[LlmCall]) -> list[str]:
    """The ids of calls that are stored with another time than theirs."""
    times = {(call.source, call.call_id): call.timestamp for call in calls}
    if not times:
        return []
    wanted = {"sources": list(LONGEST), "call_ids": [call.call_id for call in calls]}
    return [
        row["call_id"]
        for row in execute(connection, "llm/times_of_calls", wanted)
        if (moment := times.get((row["source"], row["call_id"])))
        and not is_same_time(row["source"], row["timestamp"], moment)
    ]


def has_one_time(call: LlmCall) -> bool:
    """Whether all records of this call have about one time. Side questions repeat old answers."""
    is_replayed = call.source == transcript.SOURCE and call.precedence < transcript.OF_SESSION
    return call.source in LONGEST and not is_replayed


def is_same_time(source: str, one: datetime, other: datetime) -> bool:
    """Whether two records of one call of this source may have these times."""
    return abs(one - other) <= LONGEST[source]


def _upserted(connection: Connection, calls: list[LlmCall]) -> tuple[Counts, list[LlmCall]]:
    with connection.transaction():
        try:
            return upsert(connection, calls), []
        except errors.UniqueViolation:
            calls, clashing = _apart(connection, calls)
        try:
            return upsert(connection, calls), clashing
        except errors.UniqueViolation:
            counts = Counts()  # Another record of a call renames its session: stored one by one.
        for call in calls:
            try:
                counts += upsert(connection, [call])
            except errors.UniqueViolation:
                clashing.append(call)
    return counts, clashing


def _apart(connection: Connection, calls: list[LlmCall]) -> tuple[list[LlmCall], list[LlmCall]]:
    """The calls at times that no other one of their session and prompt has, and those without one.

    Most logs are coarser than a microsecond, so one of a few microseconds later is as true. A
    program that takes the time once for many calls is coarser than that.
    """
    times = [
        [call.timestamp + MICROSECOND * later for later in _delays(call.call_id)] for call in calls
    ]
    moments = sorted(set(chain(*times)))
    taken = {
        (row["timestamp"], row["session_id"], row["prompt_name"]): (row["source"], row["call_id"])
        for row in execute(connection, "llm/calls_at", {"timestamps": moments})
    }
    apart, clashing = [], []
    for call, possible in zip(calls, times, strict=True):
        key, prompt_name = (call.source, call.call_id), call.prompt_name[:LONGEST_ID]
        for moment in possible:
            if taken.setdefault((moment, call.session_id, prompt_name), key) == key:
                apart.append(changed(call, {"timestamp": moment}))
                break
        else:
            clashing.append(call)
    return apart, clashing


def _delays(call_id: str) -> Iterator[int]:
    """Microseconds after its time at which a call may be stored, the same at each ingest."""
    yield from range(LATEST)
    for within in WIDER:
        for attempt in range(LATEST):
            yield zlib.crc32(f"{attempt}:{call_id}".encode()) % within
