"""A request that several sessions, spans or ingests repeat is one call, in any order of reading."""

import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.paths import PAYLOADS

from telemetry.database.connection import Connection, open_connection
from telemetry.database.prune import prune
from telemetry.database.retention import Retention
from telemetry.llm.finding import Logs
from telemetry.llm.formats import nested_spans
from telemetry.llm.formats.nested_spans import Found, NestedSpans, Traces, calls_of_traces
from telemetry.llm.formats.readers import Defaults
from telemetry.llm.ingest import ingest_llm_calls
from telemetry.llm.logs import read_calls
from telemetry.llm.storing import store
from telemetry.rows.ingestions import LlmIngestion
from telemetry.rows.llm import LlmCall

AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def opened(new_database: Callable[[str], str], migrated: str) -> Iterator[Connection]:
    """In autocommit mode, as ingests are: what one stored is older than what the next one does."""
    with open_connection(new_database(migrated)) as connection:
        yield connection


@pytest.fixture
def connection(opened: Connection) -> Connection:
    """It, without any call."""
    empty(opened)
    return opened


def empty(connection: Connection) -> None:
    connection.execute("delete from llm_calls; delete from llm_spans")


def ingest(connection: Connection, *files: Path) -> LlmIngestion:
    given = Defaults(github_run_id=7, at=AT)
    return ingest_llm_calls(connection, Logs(files), given, now=lambda: AT)


def rows(connection: Connection) -> list[dict[str, Any]]:
    names = ", ".join(field.name for field in fields(LlmCall))
    return connection.execute(f"select {names} from llm_calls order by 1, 2").fetchall()


def ingested(connection: Connection, groups: Sequence[Sequence[Path]]) -> list[dict[str, Any]]:
    """The calls after an ingest of each group of files into an empty database."""
    empty(connection)
    inserted = 0
    for files in groups:
        inserted += ingest(connection, *files).inserted
    found = rows(connection)
    assert inserted >= len(found)
    return found


def write(file: Path, records: Sequence[Any]) -> Path:
    file.write_text("".join(json.dumps(record) + "\n" for record in records))
    return file


def partitions(items: Sequence[Any]) -> Iterator[list[list[Any]]]:
    """The items in every order, cut into ingests in every way."""
    for order in itertools.permutations(items):
        for cuts in itertools.product([True, False], repeat=len(items) - 1):
            groups = [[order[0]]]
            for item, is_cut in zip(order[1:], cuts, strict=True):
                if is_cut:
                    groups.append([])
                groups[-1].append(item)
            yield groups


# Codex


def description(moment: str, session_id: str, parent: str | None = None) -> dict[str, Any]:
    payload: dict[str, Any] = {"id": session_id, "model_provider": "openai"}
    if parent:
        payload |= {"forked_from_id": parent}
    return {"timestamp": moment, "type": "session_meta", "payload": payload}


def turn(moment: str, model: str = "gpt-5.3-codex") -> dict[str, Any]:
    return {"timestamp": moment, "type": "turn_context", "payload": {"model": model}}


def count(moment: str, total: int, used: int) -> dict[str, Any]:
    """The event after a call that used `used` tokens, a tenth of them output."""

    def tokens(number: int) -> dict[str, int]:
        output = number // 10
        return {
            "input_tokens": number - output,
            "output_tokens": output,
            "total_tokens": number,
        }

    info = {"total_token_usage": tokens(total), "last_token_usage": tokens(used)}
    payload = {"type": "token_count", "info": info}
    return {"timestamp": moment, "type": "event_msg", "payload": payload}


def at(seconds: float) -> str:
    moment = datetime(2026, 1, 5, 8, 0, tzinfo=UTC) + timedelta(seconds=seconds)
    return moment.isoformat(timespec="milliseconds")


@pytest.mark.parametrize("restarts", [True, False])
def test_a_resumed_session_counts_each_call_whether_its_totals_restart_or_not(
    connection: Connection, tmp_path: Path, restarts: bool
) -> None:
    used = (1_000, 2_000, 500)
    totals = (1_000, 2_000, 2_500) if restarts else (1_000, 3_000, 3_500)
    counts = [count(at(10 * n), *both) for n, both in enumerate(zip(totals, used, strict=True))]
    file = write(tmp_path / "rollout.jsonl", [description(at(0), "s"), turn(at(1)), *counts])
    found = ingested(connection, [[file]])
    assert sorted(row["input_tokens"] + row["output_tokens"] for row in found) == sorted(used)


def rollouts(folder: Path, copies_take: float) -> list[Path]:
    """A session of two calls, and two forks of it with a call of their own, equal in all counts.

    Between the copies of the parent's calls pass `copies_take` seconds.
    """
    parent = [
        description(at(0), "p"),
        turn(at(1)),
        count(at(10), 1_000, 1_000),
        count(at(20), 3_000, 2_000),
    ]

    def fork(name: str, began: float) -> list[dict[str, Any]]:
        return [
            description(at(began), name, parent="p"),
            description(at(began), "p"),
            turn(at(began)),
            count(at(began + copies_take), 1_000, 1_000),
            count(at(began + 2 * copies_take), 3_000, 2_000),
            turn(at(began + 30)),
            count(at(began + 40), 6_000, 3_000),
        ]

    return [
        write(folder / "parent.jsonl", parent),
        write(folder / "one.jsonl", fork("f1", 60)),
        write(folder / "other.jsonl", fork("f2", 61)),
    ]


# Own calls of the forks, which began 60, 61 and 200 seconds after 08:00.
F1, F2 = "p:6000:1767600060000:f1", "p:6000:1767600061000:f2"
G1 = "p:6500:1767600200000:g1"


@pytest.mark.parametrize("copies_take", [0.001, 3.0], ids=["at once", "slowly"])
def test_forks_of_a_codex_session_repeat_no_call_and_lose_none(
    connection: Connection, tmp_path: Path, copies_take: float
) -> None:
    files = rollouts(tmp_path, copies_take)
    for groups in partitions(files):
        found = ingested(connection, groups)
        assert [row["call_id"] for row in found] == ["p:1000", "p:3000", F1, F2]
        assert sum(row["input_tokens"] + row["output_tokens"] for row in found) == 9_000
    before = rows(connection)
    again = ingest(connection, *reversed(files))
    assert (again.inserted, again.updated, again.notes) == (0, 0, [])
    assert rows(connection) == before


def test_forks_whose_parent_is_not_there_count_its_calls_once(
    connection: Connection, tmp_path: Path
) -> None:
    _, *forks = rollouts(tmp_path, 0.001)
    for groups in partitions(forks):
        found = ingested(connection, groups)
        # Which run made the parent's calls is not known.
        assert {row["call_id"]: row["github_run_id"] for row in found} == {
            "p:1000": None,
            "p:3000": None,
            F1: 7,
            F2: 7,
        }


def test_a_fork_of_a_fork_repeats_the_calls_of_both(connection: Connection, tmp_path: Path) -> None:
    parent, fork, _ = rollouts(tmp_path, 0.001)
    second = [
        description(at(200), "g1", parent="f1"),
        description(at(200), "f1", parent="p"),
        description(at(200), "p"),
        turn(at(200)),
        *(count(at(200.002), total, used) for total, used in ((1_000, 1_000), (3_000, 2_000))),
        count(at(200.003), 6_000, 3_000),
        turn(at(230)),
        count(at(240), 6_500, 500),
    ]
    files = [parent, fork, write(tmp_path / "second.jsonl", second)]
    for groups in partitions(files):
        found = ingested(connection, groups)
        ids = ["p:1000", "p:3000", F1, G1]
        assert [row["call_id"] for row in found] == ids


def test_the_telemetry_of_a_fork_is_left_out_as_well(
    connection: Connection, tmp_path: Path
) -> None:
    rollout = rollouts(tmp_path, 0.001)[1]
    otlp = session_log(tmp_path, "codex-log-event")
    otlp.write_text(otlp.read_text().replace('"s"', '"f1"'))
    for groups in partitions([rollout, otlp]):
        found = ingested(connection, groups)
        assert {row["call_id"]: row["session_id"] for row in found} == {
            "p:1000": "p",
            "p:3000": "p",
            F1: "f1",
        }


def test_a_session_that_goes_on_after_a_fork_keeps_its_own_calls(
    connection: Connection, tmp_path: Path
) -> None:
    parent, one, _ = rollouts(tmp_path, 0.001)
    with parent.open("a") as stream:
        # As many tokens as the fork's own call.
        stream.write(json.dumps(count(at(65), 6_000, 3_000)) + "\n")
    for groups in partitions([parent, one]):
        found = ingested(connection, groups)
        assert [row["call_id"] for row in found] == ["p:1000", "p:3000", "p:6000", F1]


def test_rollouts_joined_in_one_file_give_the_same_calls(
    connection: Connection, tmp_path: Path
) -> None:
    files = rollouts(tmp_path, 0.001)
    apart = ingested(connection, [files])
    for order in itertools.permutations(files):
        joined = tmp_path / "joined.log"
        joined.write_text("".join(file.read_text() for file in order))
        assert ingested(connection, [[joined]]) == apart


# Claude Code


def line(session: str, message_id: str, seconds: int, origin: str | None = None) -> dict[str, Any]:
    usage = {"input_tokens": 10, "output_tokens": 5}
    message = {"id": message_id, "model": "claude-x", "stop_reason": "end_turn", "usage": usage}
    said = {
        "type": "assistant",
        "sessionId": session,
        "requestId": f"r{message_id}",
        "timestamp": at(seconds),
        "message": message,
    }
    if origin:
        said["forkedFrom"] = {"sessionId": origin, "messageUuid": f"u{message_id}"}
    return said


def test_the_copies_in_a_fork_belong_to_the_session_they_come_from(
    connection: Connection, tmp_path: Path
) -> None:
    usage = {"inputTokens": 10, "outputTokens": 5, "costUSD": 0.25}
    result = {
        "type": "result",
        "subtype": "success",
        "session_id": "a",
        "uuid": "u",
        "timestamp": at(3),
        "modelUsage": {"claude-x": usage},
    }
    files = [
        write(tmp_path / "a.jsonl", [line("a", "m1", 1)]),
        # A fork of the fork names the fork as the origin.
        write(tmp_path / "b.jsonl", [line("b", "m1", 1, "a"), line("b", "m2", 2)]),
        write(
            tmp_path / "c.jsonl",
            [line("c", "m1", 1, "b"), line("c", "m2", 2, "b"), line("c", "m3", 3)],
        ),
    ]
    for groups in partitions(files):
        found = ingested(connection, groups)
        assert {row["call_id"]: row["session_id"] for row in found} == {
            "m1": "a",
            "m2": "b",
            "m3": "c",
        }
    # The result of the first session includes the call that the fork copies.
    files = [files[1], write(tmp_path / "result.jsonl", [result])]
    for groups in partitions(files):
        found = ingested(connection, groups)
        assert [row["call_id"] for row in found] == ["u:claude-x", "m2"]


# Several logs of one session

CASES = {
    case["name"]: case["records"]
    for case in json.loads((PAYLOADS / "other_llm_logs.json").read_text(encoding="utf-8"))
}
# The logs of one session of each agent, the one that is counted first.
SESSIONS = {
    "codex": ["rollout", "codex-log-event", "codex-exec"],
    "gemini": ["gemini-log-event", "gemini-json", "gemini-session"],
    "gemini, streamed": ["gemini-log-event", "gemini-stream-json", "gemini-session"],
    "gemini, without telemetry": ["gemini-json", "gemini-session"],
    "opencode": ["opencode-message", "opencode-run"],
    "copilot": ["copilot-events", "copilot-otel"],
    "qwen": ["qwen-log-event", "qwen-result"],
}


def session_log(folder: Path, name: str) -> Path:
    """A log of the session `s`."""
    rollout = [description(at(0), "s"), turn(at(1)), count(at(10), 1_000, 1_000)]
    records = rollout if name == "rollout" else CASES[name]
    file = write(folder / f"{name}.jsonl", records)
    file.write_text(file.read_text().replace('"th"', '"s"'))
    return file


@pytest.mark.parametrize("name", SESSIONS)
def test_of_several_logs_of_a_session_the_best_is_counted(
    connection: Connection, tmp_path: Path, name: str
) -> None:
    files = [session_log(tmp_path, log) for log in SESSIONS[name]]
    best = ingested(connection, [[files[0]]])
    assert best and {row["session_id"] for row in best} == {"s"}
    for groups in partitions(files):
        assert ingested(connection, groups) == best


# opencode


def message(message_id: str, session_id: str, created: int, output: int = 7) -> dict[str, Any]:
    return {
        "id": message_id,
        "sessionID": session_id,
        "role": "assistant",
        "time": {"created": created, "completed": created + 5_000},
        "modelID": "claude-sonnet-4-5",
        "providerID": "anthropic",
        "cost": 0.25,
        "tokens": {"input": 12, "output": output, "reasoning": 0, "cache": {"read": 0, "write": 0}},
    }


def test_messages_that_a_fork_of_opencode_copies_count_once(
    connection: Connection, tmp_path: Path
) -> None:
    first, second = 1_795_000_000_000, 1_795_000_009_000
    files = [
        write(tmp_path / "a.jsonl", [message("m1", "a", first), message("m2", "a", second)]),
        write(tmp_path / "b.jsonl", [message("m3", "b", first), message("m4", "b", second + 1)]),
        # Another call of the same moment.
        write(tmp_path / "c.jsonl", [message("m5", "c", first, output=8)]),
    ]
    for groups in partitions(files):
        found = ingested(connection, groups)
        assert [row["call_id"] for row in found] == ["m1", "m2", "m4", "m5"]
    again = ingest(connection, *files)
    assert (again.inserted, again.updated, len(rows(connection))) == (0, 0, 4)


# Traces


def span(span_id: str, parent: str = "", *, used: int | None = None, **said: Any) -> dict[str, Any]:
    """A span of one trace; with `used`, a call that used this many tokens."""
    if used is not None:
        said = {
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": "gpt-4.1",
            "gen_ai.usage.input_tokens": used,
            "gen_ai.usage.output_tokens": 5,
            **said,
        }
    attributes = [
        {"key": key, "value": {"intValue": str(value)} if isinstance(value, int) else value}
        if isinstance(value, int)
        else {"key": key, "value": {"stringValue": value}}
        for key, value in said.items()
    ]
    return {
        "traceId": "a" * 32,
        "spanId": span_id,
        "parentSpanId": parent,
        "name": "x",
        "startTimeUnixNano": "1767600005000000000",
        "attributes": attributes,
    }


def test_more_traces_than_are_held_are_resolved_many_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nested_spans, "HELD", 20)
    monkeypatch.setattr(nested_spans, "AT_ONCE", 10)
    sizes: list[int] = []

    def resolve(traces: Traces) -> list[Found]:
        sizes.append(len(traces))
        return list(calls_of_traces(traces))

    spans = [span("1", used=number) | {"traceId": f"{number:032x}"} for number in range(100)]
    held = NestedSpans(resolve)
    found = [*read_calls(export(tmp_path / "spans.jsonl", *spans), Defaults(), spans=held)]
    found += [call for _, call in held.rest()]
    assert [one.input_tokens for one in found if isinstance(one, LlmCall)] == [*range(100)]
    assert sizes == [10] * 10


def test_two_logs_of_a_session_that_are_stored_at_once_count_once(
    new_database: Callable[[str], str], migrated: str
) -> None:
    dsn, said = new_database(migrated), {"session_id": "s", "input_tokens": 1, "output_tokens": 1}
    single = LlmCall("claude-code-transcript", "m", AT, **said)
    whole = LlmCall("claude-code-action", "r", AT - timedelta(hours=1), **said)
    with open_connection(dsn) as one, open_connection(dsn) as other:
        second = Thread(target=lambda: store(other, [whole], [], AT))
        with one.transaction():
            store(one, [single], [], AT)
            second.start()
            second.join(1)
        second.join(60)
        assert [row["source"] for row in rows(one)] == ["claude-code-action"]


def export(file: Path, *spans: dict[str, Any]) -> Path:
    return write(file, [{"resourceSpans": [{"scopeSpans": [{"spans": list(spans)}]}]}])


TRACES = {
    "a call within a call": [
        span("1", used=10, **{"gen_ai.conversation.id": "s", "gen_ai.usage.cost": "0.5"}),
        span("2", "1", used=10),
    ],
    "with a span between": [span("1", used=10), span("2", "1"), span("3", "2", used=10)],
    "with two requests within": [
        span("1", used=20),
        span("2", "1", used=10),
        span("3", "1", used=10),
    ],
    "with a request that has no tokens": [
        span("1", used=10),
        span("2", "1", **{"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}),
        span("3", "2", used=10),
    ],
    "with a try that failed": [
        span("1", used=10, **{"gen_ai.conversation.id": "s", "gen_ai.usage.cost": "0.5"}),
        span("2", "1", used=None, **{"gen_ai.operation.name": "chat", "error.type": "429"})
        | {"status": {"code": 2}},
        span("3", "1", used=10),
    ],
    "with an agent between": [
        span("1", used=10),
        span("2", "1", **{"gen_ai.operation.name": "execute_tool"}),
        span("3", "2", used=7),
    ],
    "without the outermost span": [
        span("2", "1", used=10),
        span("3", "2"),
        span("4", "3", used=10),
    ],
}


@pytest.mark.scenario
@pytest.mark.parametrize("name", TRACES)
def test_a_trace_is_counted_the_same_however_its_spans_are_spread(
    connection: Connection, tmp_path: Path, name: str
) -> None:
    spans = TRACES[name]
    whole = ingested(connection, [[export(tmp_path / "whole.jsonl", *spans)]])
    files = [export(tmp_path / f"{one['spanId']}.jsonl", one) for one in spans]
    for groups in partitions(files):
        assert ingested(connection, groups) == whole
        again = ingest(connection, *files)
        assert (again.inserted, again.updated, rows(connection)) == (0, 0, whole)


def test_a_request_of_claude_code_with_the_vendors_span_and_an_event_is_one_call(
    connection: Connection, tmp_path: Path
) -> None:
    said = {"request_id": "r1", "session.id": "s", "model": "claude-x"}
    counts = {"input_tokens": "10", "output_tokens": "5"}
    outer = {**span("1", **said, **counts), "name": "claude_code.llm_request"}
    inner = span("2", "1", used=10, **{"anthropic.request.id": "r1"})
    event = {
        "timeUnixNano": "1767600005000000000",
        "body": {"stringValue": "claude_code.api_request"},
        "attributes": span("3", **said, **counts, cost_usd="0.5")["attributes"],
    }
    logs = {"resourceLogs": [{"scopeLogs": [{"logRecords": [event]}]}]}
    files = [
        export(tmp_path / "outer.jsonl", outer),
        export(tmp_path / "inner.jsonl", inner),
        write(tmp_path / "event.jsonl", [logs]),
    ]
    for groups in partitions(files):
        (call,) = ingested(connection, groups)
        assert (call["source"], call["call_id"]) == ("claude-code-otlp", "r1")
        assert (call["session_id"], float(call["reported_cost"])) == ("s", 0.5)


def test_a_call_that_an_inner_span_replaces_is_named(
    connection: Connection, tmp_path: Path
) -> None:
    outer, inner = TRACES["a call within a call"]
    assert ingest(connection, export(tmp_path / "outer.jsonl", outer)).inserted == 1
    done = ingest(connection, export(tmp_path / "inner.jsonl", inner))
    assert (done.inserted, len(rows(connection))) == (1, 1)
    assert done.notes == [
        "1 call of earlier ingests left out: the logs read now show that the same requests are "
        "counted elsewhere"
    ]
    (call,) = rows(connection)
    assert (call["session_id"], float(call["reported_cost"])) == ("s", 0.5)


@pytest.mark.scenario
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.data())
def test_any_tree_of_spans_is_counted_the_same_in_one_ingest_and_in_several(
    connection: Connection, tmp_path: Path, data: st.DataObject
) -> None:
    size = data.draw(st.integers(2, 7))
    kinds = [{"used": 10}, {"used": 7}, {}, {"gen_ai.operation.name": "invoke_agent"}]
    spans = []
    for number in range(size):
        parent = data.draw(st.integers(-1, number - 1)) if number else -1
        kind: dict[str, Any] = data.draw(st.sampled_from(kinds))
        spans.append(span(f"{number:016}", "" if parent < 0 else f"{parent:016}", **kind))
    whole = ingested(connection, [[export(tmp_path / "whole.jsonl", *spans)]])
    shuffled = data.draw(st.permutations(spans))
    empty(connection)
    while shuffled:
        taken = data.draw(st.integers(1, len(shuffled)))
        ingest(connection, export(tmp_path / "part.jsonl", *shuffled[:taken]))
        shuffled = shuffled[taken:]
    assert rows(connection) == whole


def test_spans_that_no_later_span_can_touch_are_not_stored(
    connection: Connection, tmp_path: Path
) -> None:
    spans = [
        span("1"),
        span("2", "1"),
        span("3", "2", used=10),
        span("4", "3"),
        span("5", "3", **{"gen_ai.operation.name": "execute_tool"}),
        span("6", "5"),
    ]
    ingest(connection, export(tmp_path / "spans.jsonl", *spans))
    stored = connection.execute("select span_id from llm_spans order by 1").fetchall()
    assert [row["span_id"] for row in stored] == ["3", "4"]


def test_ids_of_any_length_are_those_of_spans(connection: Connection, tmp_path: Path) -> None:
    long = "é" * 5_000
    spans = [span(long, used=10), span("2", long), span("3" * 5_000, "2", used=10)]
    files = [export(tmp_path / f"{n}.jsonl", one) for n, one in enumerate(spans)]
    for groups in partitions(files):
        assert len(ingested(connection, groups)) == 1


def test_spans_are_pruned_with_the_calls(connection: Connection, tmp_path: Path) -> None:
    ingest(connection, export(tmp_path / "spans.jsonl", *TRACES["a call within a call"]))
    connection.execute("update llm_spans set read_at = read_at - interval '2 years'")
    prune(connection, Retention("6 months"), local_time=datetime.now(UTC))
    assert connection.execute("select from llm_spans").fetchall() == []


def test_spans_that_enclose_each_other_are_all_calls(
    connection: Connection, tmp_path: Path
) -> None:
    chain = [span(f"{n}", f"{n - 1}") for n in range(2, 2_000)]
    ring = [span("a", "b", used=10), span("b", "a", used=10), span("1", "1", used=10)]
    found = ingested(connection, [[export(tmp_path / "spans.jsonl", *chain, *ring)]])
    assert [row["call_id"].split(":")[1] for row in found] == ["1", "a", "b"]
