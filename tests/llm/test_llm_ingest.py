"""Logs of LLM calls into the table: merged, counted, named when lost, the same in any order."""

import functools
import gzip
import io
import itertools
import json
import os
import re
from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.commands import Finished, Launcher, Run
from support.rows import CREATED_AT, llm_call, workflow_run

from telemetry.database.connection import Connection, execute
from telemetry.database.prune import prune
from telemetry.database.status import status
from telemetry.database.upserts import Counts, upsert
from telemetry.llm.finding import STDIN, Logs, find_logs
from telemetry.llm.formats.readers import Defaults
from telemetry.llm.ingest import MOST_NAMED, ingest_llm_calls
from telemetry.llm.storing import LATEST
from telemetry.rows.ingestions import LlmIngestion
from telemetry.rows.llm import LlmCall, finality, merged
from telemetry.simulated.month import team_month
from telemetry.simulated.server import Simulator
from telemetry.summaries.ingests import ingestion_text, lost_text
from telemetry.summaries.status import status_text

AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def calls(connection: Connection) -> list[dict[str, Any]]:
    names = ", ".join(field.name for field in fields(LlmCall))
    return connection.execute(f"select {names} from llm_calls order by 1, 2").fetchall()


def write(path: Path, records: Iterable[dict[str, Any] | str]) -> Path:
    lines = [record if isinstance(record, str) else json.dumps(record) for record in records]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def record(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "call_id": f"c{number}",
        "timestamp": (CREATED_AT + timedelta(minutes=number)).isoformat(),
        "model": "claude-haiku-4-5",
        "input_tokens": 100 + number,
        "output_tokens": number,
        **changes,
    }


def ingest(connection: Connection, *files: Path, defaults: Defaults | None = None) -> LlmIngestion:
    return ingest_llm_calls(connection, Logs(files), defaults or Defaults(), now=lambda: AT)


# Readings of one call

counts = st.none() | st.integers(0, 3)
names = st.sampled_from(["", "a", "B"])
texts = st.none() | st.sampled_from(["a", "B", "é"])


def with_wholes_that_hold_their_parts(call: LlmCall) -> LlmCall:
    """The call as the rules of the table want it; every reader sees to that."""
    kept = (call.cache_write_1h_tokens or 0) + (call.cache_write_12h_tokens or 0)
    written = max(call.cache_write_tokens or 0, kept) or call.cache_write_tokens
    cached = (call.cache_read_tokens or 0) + (written or 0)
    return replace(
        call,
        cache_write_tokens=written,
        input_tokens=None if call.input_tokens is None else max(call.input_tokens, cached),
        output_tokens=None
        if call.output_tokens is None
        else max(call.output_tokens, call.reasoning_tokens or 0),
    )


readings = st.builds(
    llm_call,
    timestamp=st.sampled_from([CREATED_AT, CREATED_AT - timedelta(seconds=1)]),
    session_id=names,
    prompt_name=names,
    phase=texts,
    provider=texts,
    model=texts,
    input_tokens=counts,
    output_tokens=counts,
    cache_read_tokens=counts,
    cache_write_tokens=counts,
    cache_write_1h_tokens=counts,
    reasoning_tokens=counts,
    estimated_cost=st.none() | st.sampled_from([Decimal("0.1"), Decimal("0.25")]),
    success=st.none() | st.booleans(),
    error_message=texts,
    duration_ms=counts,
    api_calls=st.integers(1, 3),
    github_run_id=counts,
    github_run_attempt=st.none() | st.integers(1, 2),
    precedence=st.integers(0, 2),
    cache_write_12h_tokens=counts,
    service_tier=texts,
    inference_geo=texts,
    web_search_requests=counts,
    reported_cost=st.none() | st.sampled_from([Decimal("4e-7"), Decimal("0.1000000001")]),
    is_whole_session=st.booleans(),
).map(with_wholes_that_hold_their_parts)


@pytest.mark.scenario
@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.lists(readings, min_size=2, max_size=4).flatmap(
        lambda found: st.tuples(st.just(found), st.permutations(found))
    )
)
def test_any_order_of_readings_gives_the_same_row_in_sql_as_in_python(
    connection: Connection, both: tuple[list[LlmCall], list[LlmCall]]
) -> None:
    stored = []
    for order in both:
        connection.execute("delete from llm_calls")
        for reading in order:
            upsert(connection, [reading])
        assert upsert(connection, order[:1]) == Counts(unchanged=1)
        (row,) = calls(connection)
        stored.append(row)
        assert row == vars(functools.reduce(merged, order))
    assert stored[0] == stored[1]


@pytest.mark.scenario
@settings(max_examples=100)
@given(readings, readings, readings)
def test_merging_is_a_join(one: LlmCall, other: LlmCall, third: LlmCall) -> None:
    assert merged(one, one) == one
    assert merged(one, other) == merged(other, one)
    assert merged(merged(one, other), third) == merged(one, merged(other, third))


def test_a_final_reading_beats_one_with_more_tokens(connection: Connection) -> None:
    upsert(connection, [llm_call(input_tokens=900, output_tokens=900)])
    final = llm_call(input_tokens=10, output_tokens=5, precedence=1)
    assert upsert(connection, [final]) == Counts(updated=1)
    assert upsert(connection, [llm_call(input_tokens=999, output_tokens=9)]) == Counts(unchanged=1)
    (row,) = calls(connection)
    assert (row["input_tokens"], row["output_tokens"], row["precedence"]) == (10, 5, 1)


def test_counts_of_two_readings_are_never_mixed(connection: Connection) -> None:
    upsert(connection, [llm_call(input_tokens=10, output_tokens=5, cache_read_tokens=9)])
    upsert(connection, [llm_call(input_tokens=8, output_tokens=8)])
    (row,) = calls(connection)
    assert (row["input_tokens"], row["cache_read_tokens"]) == (8, None)


def test_a_replay_elsewhere_does_not_name_a_call(connection: Connection) -> None:
    replayed = llm_call(phase="subagent", prompt_name="side-question", output_tokens=9)
    own = llm_call(phase="review", prompt_name="", output_tokens=9, precedence=2)
    for order in ([replayed, own], [own, replayed]):
        connection.execute("delete from llm_calls")
        for reading in order:
            upsert(connection, [reading])
        (row,) = calls(connection)
        assert (row["phase"], row["prompt_name"]) == ("review", "")


def test_the_earlier_run_made_a_call_that_two_runs_have_in_their_logs(
    connection: Connection,
) -> None:
    for run, attempt in ((7, 2), (5, 3), (None, None), (9, 1)):
        upsert(connection, [llm_call(github_run_id=run, github_run_attempt=attempt)])
    (row,) = calls(connection)
    assert (row["github_run_id"], row["github_run_attempt"]) == (5, 3)


def test_finality_is_ordered_in_the_table_as_in_python(connection: Connection) -> None:
    found = [
        llm_call(call_id=f"{n}", session_id=f"{n}", input_tokens=n % 3, output_tokens=out)
        for n, out in enumerate([None, 1, 2, 0, None, 7])
    ]
    upsert(connection, found)
    ordered = connection.execute("select call_id from llm_calls order by finality, call_id")
    expected = sorted(found, key=lambda call: (finality(call), call.call_id))
    assert [row["call_id"] for row in ordered] == [call.call_id for call in expected]


# Files


def test_the_same_files_twice_add_nothing(connection: Connection, tmp_path: Path) -> None:
    file = write(tmp_path / "calls.jsonl", [record(n) for n in range(5)])
    assert ingest(connection, file).inserted == 5
    before = calls(connection)
    again = ingest(connection, file)
    assert (again.inserted, again.updated, again.unchanged) == (0, 0, 5)
    assert calls(connection) == before


def test_a_growing_file_adds_what_is_new(connection: Connection, tmp_path: Path) -> None:
    half = '{"call_id": "c3", "timestamp": "2026-01-05T08:'
    file = write(tmp_path / "calls.jsonl", [record(0), record(1), half])
    first = ingest(connection, file)
    assert (first.inserted, first.rejected_lines) == (2, 1)
    write(file, [record(0), record(1, output_tokens=50), record(2), record(3)])
    second = ingest(connection, file)
    assert (second.inserted, second.updated, second.unchanged) == (2, 1, 1)
    assert second.rejected_lines == 0


@pytest.mark.scenario
@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.data())
def test_split_joined_or_shuffled_files_give_the_same_rows(
    connection: Connection, tmp_path: Path, data: st.DataObject
) -> None:
    snapshots = [
        record(number, output_tokens=tokens, session_id=session)
        for number, tokens, session in data.draw(
            st.lists(
                st.tuples(st.integers(0, 4), st.integers(0, 9), st.sampled_from(["", "s"])),
                min_size=1,
                max_size=12,
            )
        )
    ]
    connection.execute("delete from llm_calls")
    ingest(connection, write(tmp_path / "whole.jsonl", snapshots))
    whole = calls(connection)
    connection.execute("delete from llm_calls")
    shuffled = data.draw(st.permutations(snapshots))
    cut = data.draw(st.integers(0, len(shuffled)))
    parts = [
        write(tmp_path / "a.jsonl", shuffled[:cut]),
        write(tmp_path / "b.jsonl", shuffled[cut:]),
    ]
    ingest(connection, *parts)
    assert calls(connection) == whole


def test_real_transcripts_in_any_order_give_the_same_rows(
    connection: Connection, recorded: Path
) -> None:
    files = sorted((recorded / "llm" / "claude_transcript").glob("*.jsonl"))
    ingest(connection, *files, defaults=Defaults(at=AT))
    forward = calls(connection)
    connection.execute("delete from llm_calls")
    ingest(connection, *reversed(files), defaults=Defaults(at=AT))
    assert calls(connection) == forward
    again = ingest(connection, *files, defaults=Defaults(at=AT))
    assert (again.inserted, again.updated) == (0, 0)
    assert len(forward) > 20


def test_a_real_session_has_its_two_calls_and_312_tokens_of_output(
    connection: Connection, recorded: Path
) -> None:
    ingest(connection, recorded / "llm" / "claude_transcript" / "real_session_2.1.233.jsonl")
    rows = calls(connection)
    assert (len(rows), sum(row["output_tokens"] for row in rows)) == (2, 312)
    assert sum(row["input_tokens"] for row in rows) == 67_386


def test_the_replay_of_a_real_side_question_changes_no_call(
    connection: Connection, recorded: Path
) -> None:
    file = recorded / "llm" / "claude_transcript" / "sidechain_replay.jsonl"
    ingest(connection, file, defaults=Defaults(phase="review"))
    by_phase = {row["phase"]: row["cache_read_tokens"] for row in calls(connection)}
    assert (len(calls(connection)), by_phase["review"]) == (2, 20)


def test_more_calls_than_a_batch_are_all_stored_and_counted(
    connection: Connection, tmp_path: Path
) -> None:
    file = write(tmp_path / "calls.jsonl", [record(n) for n in range(2_500)])
    seen: list[tuple[int, int]] = []
    done = ingest_llm_calls(
        connection, Logs([file]), Defaults(), now=lambda: AT, progress=lambda *at: seen.append(at)
    )
    assert done.inserted == len(calls(connection)) == 2_500
    size = file.stat().st_size
    assert {total for _, total in seen} == {size}
    assert [read for read, _ in seen] == sorted({read for read, _ in seen})
    assert 50 < len(seen) <= 100
    assert seen[-1] == (size, size)


def test_progress_is_that_of_all_files_packed_as_they_are(
    connection: Connection, tmp_path: Path
) -> None:
    plain = write(tmp_path / "calls.jsonl", [record(n) for n in range(3)])
    packed = tmp_path / "calls.jsonl.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    empty = write(tmp_path / "empty.jsonl", [])
    files = [plain, empty, packed, STDIN, tmp_path / "gone.jsonl"]
    seen: list[tuple[int, int]] = []
    ingest_llm_calls(
        connection,
        Logs(files, io.BytesIO(plain.read_bytes())),
        Defaults(),
        now=lambda: AT,
        progress=lambda *at: seen.append(at),
    )
    line, last = plain.stat().st_size // 3, packed.stat().st_size
    total = 3 * line + last
    assert seen == [(read, total) for read in (line, 3 * line, total)]


def test_a_call_recorded_twice_in_one_file_is_counted_once(
    connection: Connection, tmp_path: Path
) -> None:
    twice = [record(0, output_tokens=1), record(0, output_tokens=9)]
    done = ingest(connection, write(tmp_path / "calls.jsonl", twice))
    assert (done.inserted, done.updated, done.unchanged) == (1, 0, 0)
    assert calls(connection)[0]["output_tokens"] == 9


# One trace in several files


def span_file(file: Path, span_id: str, parent_id: str, **said: str) -> Path:
    attributes = [{"key": key, "value": {"stringValue": value}} for key, value in said.items()]
    span = {"traceId": "a" * 32, "spanId": span_id, "parentSpanId": parent_id, "name": "x"}
    span |= {"startTimeUnixNano": "1767600005000000000", "attributes": attributes}
    return write(file, [json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})])


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_nested_spans_of_a_request_in_several_files_are_one_call(
    connection: Connection, tmp_path: Path, order: tuple[int, ...]
) -> None:
    chat = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}
    used = {"gen_ai.usage.input_tokens": "10", "gen_ai.usage.output_tokens": "5"}
    files = [
        span_file(tmp_path / "framework.jsonl", "1" * 16, "", **chat, **used),
        # A span that is no call stands between the two.
        span_file(tmp_path / "between.jsonl", "2" * 16, "1" * 16, kind="http"),
        span_file(tmp_path / "client.jsonl", "3" * 16, "2" * 16, **chat, **used),
    ]
    done = ingest(connection, *(files[number] for number in order))
    (call,) = calls(connection)
    assert (done.inserted, call["call_id"]) == (1, f"{'a' * 32}:{'3' * 16}")
    assert (call["input_tokens"], call["output_tokens"]) == (10, 5)
    (note,) = done.notes
    assert note == f"{tmp_path / 'between.jsonl'}: 0 calls in 1 record (OTLP: 'resourceSpans')"


def test_a_span_that_counts_tokens_but_is_not_a_call_is_named_with_its_file(
    connection: Connection, tmp_path: Path
) -> None:
    file = span_file(tmp_path / "a.jsonl", "1" * 16, "", **{"my.tokens": "10"})
    other = write(tmp_path / "b.jsonl", [record(0)])
    done = ingest(connection, file, other)
    said = "spans that count tokens and are not read as calls: my.tokens (1)"
    assert f"{file}: {said}" in done.notes


# One session in several logs

SESSION = "11111111-2222-3333-4444-555555555555"


def session_logs(folder: Path) -> dict[str, Path]:
    """What one session of Claude Code leaves: its result, its transcript and its telemetry."""
    usage = {"input_tokens": 12, "output_tokens": 700}
    used = {"claude-x": {"inputTokens": 12, "outputTokens": 700, "costUSD": 0.25}}
    result = {"type": "result", "subtype": "success", "session_id": SESSION, "uuid": "r"}
    result |= {"total_cost_usd": 0.25, "modelUsage": used, "timestamp": "2026-01-05T08:00:09Z"}
    message = {"id": "m", "model": "claude-x", "usage": usage, "stop_reason": "end_turn"}
    line = {"type": "assistant", "sessionId": SESSION, "message": message}
    line |= {"timestamp": "2026-01-05T08:00:05Z"}
    said = {"session.id": SESSION, "model": "claude-x", "request_id": "q", "event.name": "x"}
    event = {
        "timeUnixNano": "1767600005000000000",
        "body": {"stringValue": "claude_code.api_request"},
        "attributes": [{"key": k, "value": {"stringValue": v}} for k, v in said.items()],
    }
    run = {"attributes": [{"key": "github.run_id", "value": {"intValue": "77"}}]}
    otlp = {"resourceLogs": [{"resource": run, "scopeLogs": [{"logRecords": [event]}]}]}
    return {
        "claude-code-action": write(folder / "result.jsonl", [json.dumps(result)]),
        "claude-code-otlp": write(folder / "otlp.jsonl", [json.dumps(otlp)]),
        "claude-code-transcript": write(folder / "transcript.jsonl", [json.dumps(line)]),
    }


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "one by one"])
def test_of_several_logs_of_a_session_one_is_counted_in_any_order(
    connection: Connection, tmp_path: Path, order: tuple[int, ...], at_once: bool
) -> None:
    logs = session_logs(tmp_path)
    files = [[*logs.values()][number] for number in order]
    for some in [files] if at_once else [[file] for file in files]:
        ingest(connection, *some)
    assert [row["source"] for row in calls(connection)] == ["claude-code-action"]
    again = ingest(connection, *files)
    assert (again.inserted, again.unchanged, again.left_out) == (0, 1, 2)
    result, _, transcript = logs.values()
    assert (
        f"session {SESSION} has two logs: claude-code-action is counted ({result}), "
        f"1 call of claude-code-transcript left out ({transcript})" in again.notes
    )
    (counted,) = calls(connection)
    # Only the telemetry, which is left out, names the run.
    assert (counted["source"], counted["github_run_id"]) == ("claude-code-action", 77)


def test_sessions_of_which_the_log_that_is_left_out_has_more_are_named(
    connection: Connection, tmp_path: Path
) -> None:
    def logs(session_id: str, messages: int) -> list[Path]:
        used = {"inputTokens": 900, "outputTokens": 100}
        result = {"type": "result", "subtype": "success", "session_id": session_id}
        result |= {"timestamp": "2026-01-05T08:00:00Z", "modelUsage": {"claude-x": used}}
        usage = {"input_tokens": 500, "output_tokens": 40}
        transcript = [
            {"type": "assistant", "sessionId": session_id, "timestamp": "2026-01-05T08:00:00Z"}
            | {"message": {"id": f"{session_id}{n}", "model": "claude-x", "usage": usage}}
            for n in range(messages)
        ]
        return [
            write(tmp_path / f"{session_id}-transcript.jsonl", map(json.dumps, transcript)),
            write(tmp_path / f"{session_id}-result.jsonl", [json.dumps(result)]),
        ]

    def said(*files: Path) -> list[str]:
        return [note for note in ingest(connection, *files).notes if "lack" in note]

    whole, first, second = logs("a", 2), logs("b", 3), logs("c", 1_001)
    of = "claude-code-action has {} tokens, and claude-code-transcript, which is left out, {}"
    assert said(*whole) == []
    assert said(*first) == [f"session b may lack a part: {of.format('1,000', '1,620')}"]
    # Later ingests, and logs that are stored in several batches, make no difference.
    assert (
        said(*whole, *first, *second)
        == said(*second, *first)
        == [f"2 sessions, the first b, may lack a part: {of.format('2,000', '542,160')}"]
    )


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_log_without_use_does_not_stand_for_one_with_it(
    connection: Connection, tmp_path: Path, order: tuple[int, ...]
) -> None:
    failed = {"type": "result", "subtype": "error_during_execution", "is_error": True}
    nothing = {"usage": {"input_tokens": 0, "output_tokens": 0}, "total_cost_usd": 0}
    logs = session_logs(tmp_path)
    files = [logs["claude-code-action"], logs["claude-code-transcript"]]
    write(files[0], [{**failed, **nothing, "session_id": SESSION, "uuid": "u"}])
    for number in order:
        assert ingest(connection, files[number], defaults=Defaults(at=AT)).left_out == 0
    assert [(row["source"], row["success"], row["output_tokens"]) for row in calls(connection)] == [
        ("claude-code-action", False, 0),
        ("claude-code-transcript", True, 700),
    ]


def test_runs_whose_agent_and_proxy_left_logs_are_named(
    connection: Connection, tmp_path: Path
) -> None:
    folder = tmp_path / "run-19000000001"
    folder.mkdir()
    proxied = {"_schema": "token-usage/v1", "request_id": "q", "model": "m", "input_tokens": 5}
    proxied |= {"output_tokens": 5, "timestamp": "2026-01-05T08:00:09Z"}
    logs = [write(folder / "usage.jsonl", [proxied]), session_logs(folder)["claude-code-action"]]
    said = (
        "calls of gh-aw and of claude-code-action in 1 run, the first 19000000001: if these are "
        "the same requests, they count twice; read only one of the two logs"
    )
    assert said in ingest(connection, *logs).notes
    assert ingest(connection, logs[0]).notes == []


def test_sessions_with_two_logs_of_the_same_kinds_are_one_note(
    connection: Connection, tmp_path: Path
) -> None:
    logs = session_logs(tmp_path)
    files = []
    for number in range(4):
        for source in ("claude-code-action", "claude-code-transcript"):
            text = logs[source].read_text(encoding="utf-8").replace(SESSION, f"session-{number}")
            for name in ("uuid", "id"):
                text = text.replace(f'"{name}": "', f'"{name}": "{number}')
            files.append(write(tmp_path / f"{number}-{source}.jsonl", text.splitlines()))
    done = ingest(connection, *files)
    assert (done.inserted, done.left_out) == (4, 4)
    (note,) = done.notes
    assert re.match("4 sessions, the first session-[0-3], have two logs: claude-code-action", note)
    assert "4 calls of claude-code-transcript left out" in note


def test_calls_stored_and_left_out_in_one_ingest_are_not_counted_as_inserted(
    connection: Connection, tmp_path: Path
) -> None:
    logs = session_logs(tmp_path)
    # More than a batch comes between the two logs of the session.
    others = write(tmp_path / "calls.jsonl", [record(n) for n in range(2_500)])
    done = ingest(connection, logs["claude-code-otlp"], others, logs["claude-code-action"])
    assert (done.inserted, done.left_out) == (2_501, 1)
    assert len(calls(connection)) == 2_501


def test_sessions_of_other_tools_are_left_alone(connection: Connection, tmp_path: Path) -> None:
    logs = session_logs(tmp_path)
    ours = write(tmp_path / "ours.jsonl", [record(0, session_id=SESSION)])
    done = ingest(connection, logs["claude-code-transcript"], ours)
    assert (done.inserted, done.left_out, done.notes) == (2, 0, [])


# What is lost


def test_what_cannot_be_read_is_counted_and_named_and_stops_nothing(
    connection: Connection, tmp_path: Path
) -> None:
    bad = write(tmp_path / "bad.jsonl", [record(0), "not JSON", record(1, input_tokens=-1)])
    other = write(tmp_path / "notes.json", ['{"some": "notes"}'])
    good = write(tmp_path / "good.jsonl", [record(2)])
    done = ingest(connection, bad, other, good)
    assert (done.inserted, done.rejected_lines, done.rejected_files) == (2, 2, 1)
    assert done.first_rejected[0].startswith(f"{bad}:2: not JSON")
    assert done.first_rejected[1].startswith(f"{bad}:3: ")
    assert done.first_rejected[2].startswith(f"{other}: not recognized")
    text = ingestion_text(done)
    assert text.startswith("LLM calls of 3 files: 2 inserted, 0 updated, 0 unchanged\n")
    assert f"  rejected: {bad}:2: not JSON" in text
    assert lost_text(done) == ("2 lines and 1 file of LLM logs could not be read")


def test_a_folder_may_hold_files_that_are_no_logs(connection: Connection, tmp_path: Path) -> None:
    write(tmp_path / "calls.jsonl", [record(0)])
    write(tmp_path / "agent.meta.json", [{"agentType": "Explore", "description": "tokens"}])
    write(tmp_path / "index.json", [{"version": 1, "entries": [{"sessionId": "s"}]}])
    write(tmp_path / "torn.jsonl", ['{"timestamp": 0, "model'])
    write(tmp_path / "unknown.jsonl", [{"id": "a", "answer": {"usage": {"tokens": 5}}}])
    logs = find_logs([str(tmp_path)])
    done = ingest_llm_calls(connection, logs, Defaults(), now=lambda: AT)
    assert (done.inserted, done.rejected_files) == (1, 2)
    assert [text.partition(": ")[0] for text in done.first_rejected] == [
        f"{tmp_path}/torn.jsonl",
        f"{tmp_path}/unknown.jsonl",
    ]
    assert done.notes == [
        f"skipped 2 files without a record of a known format; the first: {tmp_path}/agent.meta.json"
    ]
    done = ingest(connection, tmp_path / "index.json")
    assert (done.rejected_files, done.notes) == (1, [])


@pytest.mark.parametrize("pattern", ["", "*.json", "**/*"])
def test_sums_beside_the_logs_of_agentic_workflows_are_no_logs(
    connection: Connection, tmp_path: Path, pattern: str
) -> None:
    tokens = {"input_tokens": 9, "output_tokens": 2}
    run = {"databaseId": 7, "TokenUsage": 11}
    write(tmp_path / "agent_usage.json", [{**tokens, "primary_model": "m", "ai_credits": 0.5}])
    times = {"cli_version": "1", "run_id": 7, "processed_at": "2026-03-01T00:00:00Z"}
    summary = {**times, "run": run, "metrics": run, "token_usage_summary": {"by_model": tokens}}
    (tmp_path / "run_summary.json").write_text(json.dumps(summary, indent=2))
    of_all = {"summary": {"total_tokens": 11}, "runs": [{"token_usage": 11}], "logs_location": "."}
    (tmp_path / "summary.json").write_text(json.dumps(of_all, indent=2))
    logs = find_logs([str(tmp_path / pattern)])
    done = ingest_llm_calls(connection, logs, Defaults(), now=lambda: AT)
    assert (done.files, done.rejected_files, done.first_rejected) == (3, 0, [])
    assert done.notes == [
        "skipped 3 files without a record of a known format; the first: "
        f"{tmp_path}/agent_usage.json"
    ]


def test_the_first_twenty_are_named_and_the_others_counted(
    connection: Connection, tmp_path: Path
) -> None:
    lines = [record(0), *("\x1b[31m no" for _ in range(25))]
    bad = write(tmp_path / "bad.jsonl", lines)
    done = ingest(connection, bad)
    assert (done.rejected_lines, len(done.first_rejected)) == (25, MOST_NAMED)
    text = ingestion_text(done)
    assert text.endswith("\n  and 5 more rejected")
    assert "\x1b" not in text
    # A whole file is named though there are many lines.
    notes = write(tmp_path / "notes.json", ['{"some": "notes"}'])
    done = ingest(connection, bad, notes)
    assert len(done.first_rejected) == MOST_NAMED
    assert done.first_rejected[-1].startswith(f"{notes}: not recognized")


def test_the_message_about_calls_without_a_time_says_how_to_give_one(
    connection: Connection, tmp_path: Path
) -> None:
    done = ingest(connection, write(tmp_path / "calls.jsonl", [record(0, timestamp=None)]))
    assert "AT=2026-01-31T12:00:00Z" in ingestion_text(done)
    other = ingest(connection, write(tmp_path / "calls.jsonl", [record(0, model=None)]))
    assert len(other.first_rejected) == 1
    assert "AT=" not in ingestion_text(other)


def test_a_file_that_is_gone_is_named(connection: Connection, tmp_path: Path) -> None:
    done = ingest(connection, tmp_path / "gone.jsonl")
    assert done.rejected_files == 1
    assert "gone.jsonl" in done.first_rejected[0]


def test_ids_that_calls_of_another_time_have_are_named(
    connection: Connection, tmp_path: Path
) -> None:
    def note(records: int) -> str:
        return (
            f"{records} with the call_id of a call of another time, the first c0: they count as "
            "one call; make the ids unique"
        )

    first, second = record(0), record(0, timestamp="2026-01-04T08:00:00Z")
    file = write(tmp_path / "a.jsonl", [first, first])
    for _ in range(2):
        assert ingest(connection, file).notes == []
    assert ingest(connection, write(tmp_path / "b.jsonl", [second])).notes == [note("1 record")]
    both = write(tmp_path / "c.jsonl", [first, second, record(1)])
    assert ingest(connection, both).notes == [note("1 record")]


def test_answers_of_a_gateway_that_gives_all_of_them_one_id_are_named(
    connection: Connection, tmp_path: Path
) -> None:
    def transcript(name: str, *times: str, **more: Any) -> Path:
        usage = {"input_tokens": len(name), "output_tokens": 9}
        message = {"id": "same", "model": "m", "usage": usage}
        line = {"type": "assistant", "sessionId": name, "message": message, **more}
        records = [json.dumps({**line, "timestamp": f"2026-01-0{time}:00Z"}) for time in times]
        return write(tmp_path / f"{name}.jsonl", records)

    said = [
        "1 record with the call_id of a call of another time, the first same: they count as one "
        "call; make the ids unique"
    ]
    first, second = transcript("a", "4T08:00", "4T08:30"), transcript("bb", "4T09:45")
    assert ingest(connection, first).notes == []
    assert ingest(connection, second).notes == said
    connection.execute("delete from llm_calls")
    assert ingest(connection, first, second).notes == said
    # A side question repeats answers of its session, whatever their age.
    side = transcript("c", "3T08:00", isSidechain=True)
    assert ingest(connection, side).notes == []


def test_a_call_of_the_future_is_named(connection: Connection, tmp_path: Path) -> None:
    moments = (AT + timedelta(minutes=5), AT + timedelta(hours=8))
    noted = [
        ingest(connection, write(tmp_path / "a.jsonl", [record(n, timestamp=str(moment))])).notes
        for n, moment in enumerate(moments)
    ]
    assert noted == [
        [],
        [
            "the newest call is of 2026-01-05 17:00 UTC, after this ingest; no question counts it "
            "until then: check the clock and the time zone of the log"
        ],
    ]


def test_many_calls_of_one_moment_are_all_stored(connection: Connection, tmp_path: Path) -> None:
    exact = "2026-01-05T08:00:00.123456Z"
    file = write(tmp_path / "calls.jsonl", [record(n, timestamp=exact) for n in range(200)])

    def inserts() -> int:
        """Count them in this session; PostgreSQL still has some of earlier tests among them."""
        (row,) = connection.execute(
            "select n_tup_ins from pg_stat_xact_user_tables where relname = 'llm_calls'"
        ).fetchall()
        return int(row["n_tup_ins"])

    before = inserts()
    for inserted in (200, 0):
        done = ingest(connection, file)
        assert (done.inserted, done.updated, done.clashing) == (inserted, 0, 0)
    assert {row["timestamp"].second for row in calls(connection)} <= {0, 1}
    # Few of them were tried at a moment that is taken: each such try is an insert, too.
    assert inserts() - before <= 220


def test_a_call_that_is_renamed_to_the_session_of_another_clashes_alone(
    connection: Connection, tmp_path: Path
) -> None:
    exact = "2026-01-05T08:00:00.123456Z"
    one, other = record(1, timestamp=exact, session_id="a"), record(2, timestamp=exact)
    ingest(connection, write(tmp_path / "a.jsonl", [one, {**other, "session_id": "b"}]))
    done = ingest(connection, write(tmp_path / "b.jsonl", [{**one, "session_id": "b"}, record(3)]))
    assert (done.inserted, done.clashing, done.unchanged) == (1, 1, 0)
    sessions = {row["call_id"]: row["session_id"] for row in calls(connection)}
    assert (sessions["c1"], sessions["c2"]) == ("a", "b")


def test_a_clash_is_left_out_alone_counted_and_named(
    connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("telemetry.llm.storing.WIDER", ())
    exact = {"timestamp": "2026-01-05T08:00:00.123456Z", "session_id": "s", "prompt_name": "p"}
    clashing = [{**record(10 + number), **exact} for number in range(LATEST + 1)]
    file = write(tmp_path / "calls.jsonl", [record(0), *clashing, record(50)])
    for inserted in (LATEST + 2, 0):
        done = ingest(connection, file)
        assert (done.inserted, done.clashing, done.rejected_lines) == (inserted, 1, 0)
        assert done.first_rejected == [
            f"canonical c{10 + LATEST}: another call has its timestamp, session and prompt name"
        ]
    # Each is stored a microsecond after the one before it.
    found = {row["call_id"]: row["timestamp"].microsecond for row in calls(connection)}
    assert [found[f"c{10 + n}"] for n in range(LATEST)] == [123_456 + n for n in range(LATEST)]
    assert len(found) == LATEST + 2


def test_all_is_well_is_said_without_a_warning() -> None:
    done = LlmIngestion(started_at=AT, files=1, inserted=1_000, cut=2)
    assert lost_text(done) is None
    assert ingestion_text(done) == (
        "LLM calls of 1 file: 1,000 inserted, 0 updated, 0 unchanged\n"
        "  cut to the length of their column: 2 values"
    )


# What is written down


def test_the_record_of_an_ingest_says_what_it_did(connection: Connection, tmp_path: Path) -> None:
    done = ingest(connection, write(tmp_path / "calls.jsonl", [record(0), "not JSON"]))
    (row,) = connection.execute("select * from llm_ingestions").fetchall()
    assert row == vars(done)
    assert row["finished_at"] == AT


def test_an_ingest_that_is_broken_off_leaves_a_record_without_an_end(
    connection: Connection, tmp_path: Path
) -> None:
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    file = write(tmp_path / "calls.jsonl", [record(0)])
    with pytest.raises(KeyboardInterrupt):
        ingest_llm_calls(connection, Logs([file]), Defaults(), now=lambda: AT, progress=interrupt)
    (row,) = connection.execute("select finished_at from llm_ingestions").fetchall()
    assert row["finished_at"] is None
    assert "has not ended" in " ".join(status(connection).concerns)


def test_calls_without_a_time_get_that_of_their_run(connection: Connection, tmp_path: Path) -> None:
    upsert(connection, [workflow_run(run_attempt=2, started_at=CREATED_AT + timedelta(hours=3))])
    timeless = {key: value for key, value in record(0).items() if key != "timestamp"}
    file = write(tmp_path / "calls.jsonl", [record(1), timeless])
    run = Defaults(github_run_id=1, github_run_attempt=2)
    assert ingest(connection, file, defaults=run).inserted == 2
    row = calls(connection)[0]
    assert row["timestamp"].replace(microsecond=0) == CREATED_AT + timedelta(hours=3)
    unknown = Defaults(github_run_id=99)
    assert ingest(connection, file, defaults=unknown).rejected_lines == 1
    connection.execute("delete from llm_calls")
    ingest(connection, file, defaults=replace(run, at=AT))
    assert calls(connection)[0]["timestamp"].replace(microsecond=0) == AT


def test_a_folder_named_after_a_run_gives_its_calls_the_time_of_that_run(
    connection: Connection, tmp_path: Path
) -> None:
    run_id, started_at = 19000000001, CREATED_AT + timedelta(hours=3)
    other = workflow_run(github_run_id=run_id, started_at=started_at)
    upsert(connection, [workflow_run(), other])
    session = json.dumps({"session_id": "s", "stats": {"models": {"m": {"tokens": {"prompt": 5}}}}})
    (folder := tmp_path / f"run-{run_id}").mkdir()
    of_line = started_at + timedelta(minutes=5)
    logs = {session: started_at, f"{of_line:%Y-%m-%dT%H:%M:%S.0000000Z} {session}": of_line}
    for defaults in (Defaults(), Defaults(github_run_id=1)):
        for text, moment in logs.items():
            ingest(connection, write(folder / "stdout.log", [text]), defaults=defaults)
            (row,) = calls(connection)
            assert (row["timestamp"].replace(microsecond=0), row["github_run_id"]) == (
                moment,
                run_id,
            )
            connection.execute("delete from llm_calls")


def test_records_of_ingests_are_pruned_but_for_the_last(connection: Connection) -> None:
    for days in (400, 300, 200):
        started = datetime.now(UTC) - timedelta(days=days)
        execute(connection, "llm/record_llm_ingestions", vars(LlmIngestion(started_at=started)))
    prune(connection, local_time=datetime.now(UTC))
    rows = connection.execute("select started_at from llm_ingestions").fetchall()
    assert [(datetime.now(UTC) - row["started_at"]).days for row in rows] == [200]


# Status


def test_status_counts_calls_and_names_what_is_unpriced_or_lost(
    connection: Connection, tmp_path: Path
) -> None:
    records = [
        record(0, estimated_cost="0.5"),
        record(1, model="of-tomorrow"),
        record(2, model="<synthetic>", input_tokens=0, output_tokens=0, success=False),
        "not JSON",
    ]
    ingest(connection, write(tmp_path / "calls.jsonl", records))
    found = status(connection)
    assert (found.llm["calls"], found.llm["unpriced_calls"]) == (3, 2)
    assert found.llm["stored_rows"] == 3
    priced, lost = found.concerns[-2:]
    assert priced.startswith(
        "LLM calls with tokens but of unknown cost: 1, of 1 model, such as of-tomorrow; "
    )
    assert priced.endswith(" query Q=llm_unpriced_models SINCE=2026-01-05")
    assert lost.startswith("the last ingest of LLM logs lost lines: 1; the first: ")
    assert "calls.jsonl:4" in lost
    text = status_text(found)
    assert "LLM calls: 3, newest 2026-01-05 08:02; 2 of unknown cost\n  last ingest" in text
    assert "1 file, rejected: 0 files and 1 line" in text


def test_status_says_in_how_many_rows_its_calls_are_stored(
    connection: Connection, tmp_path: Path
) -> None:
    done = ingest(connection, write(tmp_path / "c.jsonl", [record(0), record(1, api_calls=7)]))
    assert done.inserted == 2
    assert "LLM calls: 8 in 2 rows, newest" in status_text(status(connection))


def test_status_says_that_calls_of_unknown_cost_name_no_model(
    connection: Connection, tmp_path: Path
) -> None:
    counts = {"input_tokens": 100, "output_tokens": 10}
    turn = {"type": "turn.completed", "usage": counts}
    ingest(connection, write(tmp_path / "exec.jsonl", [turn]), defaults=Defaults(at=AT))
    assert any(
        "of unknown cost: 1, of no named model; " in str(one) for one in status(connection).concerns
    )


# The command


@pytest.fixture
def run(dsn: str, tmp_path: Path, launcher: Launcher) -> Run:
    def command(*arguments: str, stdin: str = "", **variables: str) -> Finished:
        environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "DATABASE_URL": dsn}
        return launcher.run(
            "ingest_llm_calls", *arguments, environ={**environ, **variables}, stdin=stdin
        )

    return command


def test_the_command_stores_calls_and_prices_and_says_so(
    run: Run, connection: Connection, tmp_path: Path
) -> None:
    write(tmp_path / "with space.jsonl", [record(0), record(1)])
    done = run(
        TELEMETRY_LLM_LOGS=f"'{tmp_path}/with space.jsonl'",
        TELEMETRY_PHASE="review",
        TELEMETRY_PROMPT_NAME="pr-review",
        GITHUB_RUN_ID="77",
        GITHUB_RUN_ATTEMPT="2",
    )
    assert (done.returncode, done.stdout) == (
        0,
        "LLM calls of 1 file: 2 inserted, 0 updated, 0 unchanged\n",
    )
    row = calls(connection)[0]
    assert (row["phase"], row["prompt_name"]) == ("review", "pr-review")
    assert (row["github_run_id"], row["github_run_attempt"]) == (77, 2)
    assert execute(connection, "status/llm").fetchall()[0]["unpriced_calls"] == 0


def test_a_run_that_is_named_wins_over_the_one_that_the_command_is_part_of(
    run: Run, connection: Connection, tmp_path: Path
) -> None:
    file = write(tmp_path / "calls.jsonl", [record(0)])
    run("--logs", str(file), "--run-id", "5", GITHUB_RUN_ID="77", GITHUB_RUN_ATTEMPT="2")
    row = calls(connection)[0]
    assert (row["github_run_id"], row["github_run_attempt"]) == (5, None)


def test_prices_of_the_user_that_no_call_uses_are_named(run: Run, tmp_path: Path) -> None:
    file = write(tmp_path / "calls.jsonl", [record(0, model="m")])
    prices = tmp_path / "own.csv"
    header = "model,provider,effective_from,input_per_mtok,output_per_mtok\n"

    def said(*names: str) -> str:
        rows = "".join(f"{name},2020-01-01,1,2\n" for name in names)
        prices.write_text(header + rows)
        return run("--logs", str(file), TELEMETRY_LLM_PRICES=str(prices)).stderr

    assert "no stored call" not in said("m,")
    named = "LLM_PRICES: no stored call has the price of"
    assert f"{named} m of azure, n\n" in said("m,", "m,azure", "n,")
    assert f"{named} a, b, c, d, e and 1 more\n" in said(*(f"{name}," for name in "abcdef"))


def test_bad_lines_are_a_warning_and_an_error_only_if_asked(run: Run, tmp_path: Path) -> None:
    file = write(tmp_path / "calls.jsonl", [record(0), "not JSON"])
    warned = run("--logs", str(file))
    assert warned.returncode == 0
    assert f"rejected: {file}:2: not JSON" in warned.stdout
    assert "warning: 1 line of LLM logs could not be read" in warned.stderr
    assert run("--logs", str(file), TELEMETRY_STRICT="1").returncode == 1


def test_the_command_reads_standard_input_and_answers_json(run: Run) -> None:
    done = run("--logs", "-", "--json", stdin=json.dumps(record(0)) + "\n")
    answer = json.loads(done.stdout)
    assert answer["schema_version"] == 1
    assert answer["llm_calls"]["inserted"] == 1


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, "no log is named; try: make ingest-llm LLM_LOGS="),
        ({"TELEMETRY_LLM_LOGS": "'open"}, "TELEMETRY_LLM_LOGS: No closing quotation"),
        ({"TELEMETRY_LLM_LOGS": "/nowhere/*.jsonl"}, "nothing matches /nowhere/*.jsonl; give"),
        ({"TELEMETRY_LLM_LOGS": "/nowhere"}, "there is no file or folder /nowhere; give"),
        ({"TELEMETRY_LLM_LOGS": "migrations"}, "migrations holds no log (migrations: skipped"),
        ({"TELEMETRY_LLM_LOGS": "README.md", "TELEMETRY_RUN_ID": "x"}, "TELEMETRY_RUN_ID: 'x'"),
        ({"TELEMETRY_LLM_LOGS": "README.md", "TELEMETRY_AT": "2026-01-01T00:00"}, "TELEMETRY_AT: "),
        (
            {"TELEMETRY_LLM_LOGS": "README.md", "TELEMETRY_RUN_ATTEMPT": "2"},
            "RUN_ATTEMPT: its run is not named; add RUN_ID=…",
        ),
        (
            {"TELEMETRY_LLM_LOGS": "README.md", "TELEMETRY_LLM_PRICES": "/nowhere.csv"},
            "/nowhere.csv: No such file",
        ),
    ],
)
def test_wrong_usage_is_one_sentence(run: Run, variables: dict[str, str], said: str) -> None:
    done = run(**variables)
    assert done.returncode == 2
    assert f"error: {said}" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.scenario
def test_an_ingest_of_runs_reads_logs_if_asked_and_takes_no_run_for_its_own(
    dsn: str, connection: Connection, tmp_path: Path, launcher: Launcher
) -> None:
    file = write(tmp_path / "calls.jsonl", [record(0), record(1, github_run_id=5), "not JSON"])
    simulator = Simulator(team_month(seed=5, now=datetime.now(UTC), runs_per_day=3))

    def ingest_runs(*arguments: str, **variables: str) -> Finished:
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "DATABASE_URL": dsn,
            "GITHUB_API_URL": url,
            "GITHUB_TOKEN": "any",
            "GITHUB_RUN_ID": "77",
            "TELEMETRY_REPO": "acme/app",
            "TELEMETRY_JOBS": "0",
            "TELEMETRY_KEEP": "90 years",
            "TELEMETRY_LLM_LOGS": str(file),
            **variables,
        }
        return launcher.run("ingest_workflows", *arguments, environ=environ)

    with simulator.serve() as url:
        assert ingest_runs().returncode == 0
        assert calls(connection) == []
        done = ingest_runs("--llm")
        assert done.returncode == 0
        assert "LLM calls of 1 file: 2 inserted, 0 updated, 0 unchanged\n" in done.stdout
        assert "warning: 1 line of LLM logs" in done.stderr
        assert [row["github_run_id"] for row in calls(connection)] == [None, 5]
        strict = ingest_runs("--llm", "--lenient", "--json", TELEMETRY_STRICT="1")
        assert strict.returncode == 1
        # No log was written today.
        none = ingest_runs("--llm", TELEMETRY_LLM_LOGS=f"{tmp_path}/today/*.jsonl")
        assert (none.returncode, "LLM calls of" in none.stdout) == (0, False)
        assert f"warning: LLM_LOGS: nothing matches {tmp_path}/today/*.jsonl\n" in none.stderr
        other = {"TELEMETRY_LLM_LOGS": f"{tmp_path}/today/*.jsonl {file}", "TELEMETRY_STRICT": "1"}
        assert ingest_runs("--llm", **other).returncode == 1
        assert json.loads(strict.stdout)["llm_calls"]["unchanged"] == 2


def test_a_log_that_is_overwritten_during_an_ingest_is_completed_by_the_next(
    connection: Connection, tmp_path: Path
) -> None:
    """All lines are equally long; what was not read of the old content is gone."""
    log, rewritten = tmp_path / "log.jsonl", []

    def rewrite(done: int, total: int) -> None:
        if done * 2 > total and not rewritten:
            rewritten.append(done)
            with log.open("r+", encoding="utf-8") as writer:
                writer.truncate()
                writer.writelines(f"{json.dumps(record(n, phase='new'))}\n" for n in later)

    before, later = range(10_000, 12_500), range(20_000, 22_600)
    write(log, (record(n, phase="old") for n in before))
    done = ingest_llm_calls(connection, Logs([log]), Defaults(), now=lambda: AT, progress=rewrite)
    assert rewritten and (done.rejected_files, done.rejected_lines) == (1, 0)
    assert done.first_rejected[0].startswith(f"{log}: cannot be read: it was cut or overwritten")
    assert 0 < done.inserted < len(before)
    again = ingest(connection, log)
    assert (again.inserted, again.rejected_files) == (len(later), 0)
    for row in calls(connection):
        number = int(row["call_id"].removeprefix("c"))
        assert row["phase"] == ("old" if number in before else "new")
        assert (row["input_tokens"], row["output_tokens"]) == (100 + number, number)
    assert len(calls(connection)) == done.inserted + again.inserted
