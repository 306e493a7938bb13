"""Stores LLM logs in the database in batches, and records each ingest.

Reading is done by `logs`; nothing here depends on a format.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path

from telemetry import counted
from telemetry.database.connection import Connection, execute
from telemetry.database.transactions import with_retries
from telemetry.llm.finding import STDIN, Logs
from telemetry.llm.formats import gh_aw
from telemetry.llm.formats.nested_spans import NestedSpans
from telemetry.llm.formats.readers import Defaults
from telemetry.llm.logs import Notice, linked, read_calls
from telemetry.llm.recognising import Rejected
from telemetry.llm.storing import has_one_time, is_same_time, store
from telemetry.llm.traces import resolved
from telemetry.rows.ingestions import LlmIngestion
from telemetry.rows.llm import LlmCall, merged

CALLS_PER_BATCH = 1_000
MOST_NAMED = 20
MOST_NOTES = 40
# By how much the tokens of two logs of one session differ, if neither lacks a part.
LIKELY = 1.1
# By how much clocks differ.
CLOCKS = timedelta(minutes=10)


def ingest_llm_calls(
    connection: Connection,
    logs: Logs,
    defaults: Defaults,
    *,
    now: Callable[[], datetime],
    oldest: datetime | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> LlmIngestion:
    """Store the calls in the logs, one batch per transaction; returns what was done.

    What cannot be read is counted and named, and stops nothing else. Records without a time get
    that of `defaults`, or else the start of the run that the path or `defaults` name, if that is
    stored. Calls before `oldest` are left out. `now` is in UTC; `progress` is called with the bytes
    read and their total, about a hundred times. The record in `llm_ingestions`, whose notes begin
    with what was skipped, is written at the start and at the end. Raises psycopg.Error; what was
    stored before that stays.
    """
    begun = LlmIngestion(now(), files=len(logs.files), notes=[*logs.passed_over])
    ingest = _Ingest(connection, begun, oldest)
    dated = cache(partial(_dated, connection))
    sizes = {file: _size(file) for file in logs.files}
    read_so_far = _Progress(progress, sum(sizes.values()))
    others: list[Path] = []
    spans = NestedSpans(partial(resolved, connection, ingest.leave_out))
    for file, size in sizes.items():
        given = dated(linked(file, defaults))
        for found in read_calls(file, given, logs.stdin, read_so_far.note, spans):
            if isinstance(found, Rejected) and found.is_other and file in logs.searched:
                others.append(file)
            elif isinstance(found, Rejected):
                ingest.reject(found)
            elif isinstance(found, Notice):
                ingest.note(f"{found.file}: {found.text}")
            else:
                ingest.add(found, file)
            read_so_far.report()
        read_so_far.finish(size)
    if others:
        files = counted(len(others), "file")
        ingest.note(f"skipped {files} without a record of a known format; the first: {others[0]}")
    for name, call in spans.rest():
        ingest.add(call, Path(name))
    for name, text in spans.notes():
        ingest.note(f"{name}: {text}")
    ingest.finish(now())
    return ingest.done


@dataclass
class _Progress:
    """How much of the files has been read, in bytes."""

    progress: Callable[[int, int], None]
    total: int
    before: int = 0
    here: int = 0
    reported: int = 0

    def note(self, read: int) -> None:
        """Note that this many bytes of the file have been read."""
        self.here = read

    def finish(self, size: int) -> None:
        """Note that this file, of this size in bytes, has been read."""
        self.before, self.here = self.before + size, 0
        self.report()

    def report(self) -> None:
        """Report the bytes so far, at every hundredth of the total."""
        # A file that is still written may be longer by now.
        done = min(self.before + self.here, self.total)
        if done - self.reported >= max(1, self.total // 100) or self.reported < done == self.total:
            self.reported = done
            self.progress(done, self.total)


class _Ingest:
    def __init__(self, connection: Connection, done: LlmIngestion, oldest: datetime | None) -> None:
        self.connection = connection
        self.done = done
        self._oldest = oldest
        self._old = 0
        self._since = self.record()
        self._batch: dict[tuple[str, str], LlmCall] = {}
        self._files: dict[tuple[str, str], Path] = {}
        # Of the source that counts and the other one: the calls and the tokens of each session.
        self._left_out: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        self._tokens: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        self._runs: defaultdict[str, set[int]] = defaultdict(set)
        self._outer: set[tuple[str, str]] = set()
        self._latest = done.started_at
        self._repeated = 0
        self._reused: list[str] = []
        self._unsaid = 0

    def add(self, call: LlmCall, file: Path) -> None:
        if self._oldest is not None and call.timestamp < self._oldest:
            self._old += 1
            return
        if call.session_id:
            self._files.setdefault((call.session_id, call.source), file)
        if call.github_run_id is not None:
            self._runs[call.source].add(call.github_run_id)
        self._latest = max(self._latest, call.timestamp)
        key = (call.source, call.call_id)
        known = self._batch.get(key)
        self._batch[key] = call if known is None else merged(known, call)
        if known is not None and has_one_time(call) and has_one_time(known):
            is_other = not is_same_time(call.source, call.timestamp, known.timestamp)
            self._reused += [call.call_id] * is_other
        if len(self._batch) >= CALLS_PER_BATCH:
            self.store()

    def leave_out(self, outer: Iterable[tuple[str, str]]) -> None:
        """Delete calls, by source and call_id, whose requests inner spans count."""
        self._outer.update(outer)

    def reject(self, found: Rejected) -> None:
        if found.line is None:
            self.done.rejected_files += 1
            self._name(f"{found.file}: {found.reason}", before_lines=True)
        else:
            self.done.rejected_lines += 1
            self._name(f"{found.file}:{found.line}: {found.reason}")

    def store(self) -> None:
        """Store the batch and begin another one."""
        calls, outer = [self._batch[key] for key in sorted(self._batch)], sorted(self._outer)
        stored = with_retries(
            self.connection, lambda: store(self.connection, calls, outer, self._since)
        )
        self._batch, self._outer = {}, set()
        done, counts = self.done, stored.counts
        deleted = [*stored.left_out, *stored.repeated]
        # Another ingest at the same time may have stored what this one deletes.
        lost = sum(row["new_calls"] for row in deleted)
        done.inserted = max(0, done.inserted + counts.inserted - lost)
        done.updated += counts.updated
        done.unchanged += counts.unchanged
        done.cut += counts.cut
        done.clashing += len(stored.clashing)
        self._reused += stored.reused
        done.left_out += sum(row["calls"] for row in stored.left_out)
        self._repeated += sum(row["calls"] - row["new_calls"] for row in stored.repeated)
        for row in stored.left_out:
            sources, session_id = (row["counted_source"], row["source"]), row["session_id"]
            self._left_out[sources][session_id] += row["calls"]
            self._tokens[sources][session_id] += row["total_tokens"]
        for call in stored.clashing:
            self._name(
                f"{call.source} {call.call_id}: another call has its timestamp, session and "
                "prompt name"
            )

    def finish(self, finished_at: datetime) -> None:
        """Store what is left, and say what needs to be known of the ingest."""
        self.store()
        self._note_sessions()
        for source in gh_aw.OF_AGENTS:
            if runs := self._runs[gh_aw.SOURCE] & self._runs[source]:
                which = f"{counted(len(runs), 'run')}, the first {min(runs)}"
                self.note(
                    f"calls of gh-aw and of {source} in {which}: if these are the same requests, "
                    "they count twice; read only one of the two logs"
                )
        if self._latest > finished_at + CLOCKS:
            self.note(
                f"the newest call is of {self._latest:%Y-%m-%d %H:%M} UTC, after this ingest; no "
                "question counts it until then: check the clock and the time zone of the log"
            )
        if self._old:
            self.note(
                f"left out {counted(self._old, 'record')} of calls before "
                f"{self._oldest:%Y-%m-%d %H:%M} UTC, which this database does not keep"
            )
        if self._reused:
            self.note(
                f"{counted(len(self._reused), 'record')} with the call_id of a call of another "
                f"time, the first {self._reused[0]}: they count as one call; make the ids unique"
            )
        if self._repeated:
            self.note(
                f"{counted(self._repeated, 'call')} of earlier ingests left out: "
                "the logs read now show that the same requests are counted elsewhere"
            )
        if self._unsaid:
            self.note(f"and {counted(self._unsaid, 'more note')}", most=MOST_NOTES + 1)
        self.done.finished_at = finished_at
        self.record()

    def _note_sessions(self) -> None:
        """Say of which sessions only one log is counted, and whether that may lack a part."""
        for (source, other), sessions in self._left_out.items():
            first = next(iter(sessions))
            who = f"session {first} has"
            if len(sessions) > 1:
                who = f"{len(sessions):,} sessions, the first {first}, have"
            where = self._files.get((first, source), "stored before")
            there = self._files.get((first, other), "stored before")
            self.note(
                f"{who} two logs: {source} is counted ({where}), "
                f"{counted(sum(sessions.values()), 'call')} of {other} left out ({there})"
            )
            self._note_short_sessions(source, other)

    def _note_short_sessions(self, source: str, other: str) -> None:
        """Say of which sessions the log that is counted has much less than the one left out."""
        left_out = self._tokens[source, other]
        wanted = {"source": source, "session_ids": list(left_out)}
        short = {
            row["session_id"]: row["total_tokens"]
            for row in execute(self.connection, "llm/tokens_of_sessions", wanted)
            if left_out[row["session_id"]] > row["total_tokens"] * LIKELY
        }
        if short:
            first = next(iter(short))
            more = f"{len(short):,} sessions, the first {first}," if len(short) > 1 else ""
            self.note(
                f"{more or f'session {first}'} may lack a part: {source} has "
                f"{sum(short.values()):,} tokens, and {other}, which is left out, "
                f"{sum(left_out[session_id] for session_id in short):,}"
            )

    def note(self, text: str, most: int = MOST_NOTES) -> None:
        """Keep a sentence that is not an error; if there are too many, only their number."""
        if len(self.done.notes) < most:
            self.done.notes.append(text)
        else:
            self._unsaid += 1

    def record(self) -> datetime:
        """Write the record of the ingest; returns the database's time."""
        cursor = execute(self.connection, "llm/record_llm_ingestions", vars(self.done))
        (row,) = cursor.fetchall()
        recorded_at: datetime = row["recorded_at"]
        return recorded_at

    def _name(self, text: str, *, before_lines: bool = False) -> None:
        """Keep a reason; if there are too many, the first ones, and that of the last whole file."""
        named = self.done.first_rejected
        if before_lines and len(named) == MOST_NAMED:
            named.pop()
        if len(named) < MOST_NAMED:
            named.append(text)


def _size(file: Path) -> int:
    """Bytes of a file; 0 if unknown, as for standard input."""
    try:
        return 0 if file == STDIN else file.stat().st_size
    except OSError:
        return 0


def _dated(connection: Connection, defaults: Defaults) -> Defaults:
    """The defaults, with the start of their run as the time, if it is stored."""
    if defaults.at is not None or defaults.github_run_id is None:
        return defaults
    run = {
        "github_run_id": defaults.github_run_id,
        "github_run_attempt": defaults.github_run_attempt,
    }
    attempt = execute(connection, "llm/attempt_started_at", run).fetchone()
    return replace(defaults, at=attempt["started_at"]) if attempt else defaults
