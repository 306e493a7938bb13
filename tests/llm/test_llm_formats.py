"""Every format of logs becomes the rows it spells, in one convention of tokens."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from support.llm_readings import (
    AT,
    finality,
    lines,
    merged,
    payload_calls,
    read,
    read_text,
    tokens,
)
from support.paths import PAYLOADS

from telemetry.llm.recognising import Rejected
from telemetry.rows.llm import LlmCall, distinct_timestamp

MILLISECOND = timedelta(milliseconds=1)
FAILED_TRY = "l3:2026-01-05T08:00:02+00:00"
FROM_CACHE = "l4:2026-01-05T08:00:03+00:00"
BY_ITS_ANSWER = "l2:2026-01-05T08:00:01.846371+00:00"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def recorded_calls(recorded: Path, name: str, **defaults: Any) -> list[LlmCall]:
    """The calls of a recorded file, as stored, of which nothing may be rejected."""
    calls, rejected = read(recorded / "llm" / name, **defaults)
    assert rejected == []
    return merged(calls)


def reasons(recorded: Path, name: str, **defaults: Any) -> dict[int | None, str]:
    return {one.line: one.reason for one in read(recorded / "llm" / name, **defaults)[1]}


def total(calls: list[LlmCall], column: str) -> Any:
    return sum(getattr(call, column) for call in calls)


def lines_of(path: Path) -> Iterator[Any]:
    for line in path.read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


# --- canonical


def test_canonical_records_are_rows() -> None:
    calls, rejected = payload_calls("llm_canonical.jsonl")
    first = calls["c1"]
    assert (first.source, first.phase, first.prompt_name) == ("canonical", "review", "review.v3")
    assert tokens(first) == (100, 20, 60, 30, None, 5)
    assert (first.estimated_cost, first.duration_ms) == (Decimal("0.0123"), 900)
    assert (first.github_run_id, first.github_run_attempt) == (19000000001, 2)
    assert rejected.keys() == {5, 6, 7, 8}
    assert rejected[5] == "call 'no-time': timestamp is missing"
    assert rejected[6] == "call: model is missing"
    assert rejected[7] == "'huge': it has more tokens than 1,000,000,000,000"
    assert rejected[8].startswith("'dear': estimated_cost is 123456, not an amount")


def test_the_same_line_twice_is_one_call() -> None:
    calls, _ = payload_calls("llm_canonical.jsonl")
    (failed,) = [call for call in calls.values() if not call.success]
    assert (failed.error_message, tokens(failed)[:2]) == ("429", (10, 2))


def test_a_line_stands_for_at_least_one_request(tmp_path: Path) -> None:
    record = {"timestamp": 1_767_600_000, "model": "m", "input_tokens": 1, "api_calls": 0}
    (call,), _, _ = read_text(tmp_path, lines(record))
    assert call.api_calls == 1


def test_parts_beyond_their_whole_raise_it() -> None:
    calls, _ = payload_calls("llm_canonical.jsonl")
    assert tokens(calls["parts-beyond-the-whole"]) == (20, 4, 20, None, None, 4)


def test_defaults_fill_what_a_record_leaves_out_and_leave_the_call_the_same() -> None:
    given = {"phase": "build", "prompt_name": "p", "github_run_id": 7, "github_run_attempt": 3}
    without, _ = payload_calls("llm_canonical.jsonl")
    calls, rejected = payload_calls("llm_canonical.jsonl", at=AT, **given)
    assert rejected.keys() == {6, 7, 8}
    assert calls.keys() == without.keys() | {"no-time"}
    assert calls["no-time"].timestamp == distinct_timestamp(AT, "no-time")
    assert calls["c1"] == without["c1"]
    filled = replace(without["parts-beyond-the-whole"], **given)
    assert calls["parts-beyond-the-whole"] == filled


def test_recorded_canonical_rows(recorded: Path) -> None:
    calls = recorded_calls(recorded, "canonical/ok.jsonl")
    assert len(calls) == 4
    assert (total(calls, "input_tokens"), total(calls, "output_tokens")) == (26_677, 1_544)


def test_bad_recorded_canonical_rows_are_rejected_and_the_others_read(recorded: Path) -> None:
    calls, _ = read(recorded / "llm" / "canonical" / "odd.jsonl")
    assert len(merged(calls)) == 6
    assert {call.error_message for call in calls} == {None, "nul\ufffd in text"}
    assert {call.estimated_cost for call in calls} == {None, Decimal("1e-7")}
    assert max(call.timestamp for call in calls) == at("2026-09-30T08:29:13.123456Z")
    said = reasons(recorded, "canonical/odd.jsonl")
    assert said.keys() == {1, 2, 3, 6, 8, 9, 10}
    assert said[1] == "call: timestamp is missing"
    assert said[2] == "call: model is missing"
    for line, key in ((3, "input_tokens"), (6, "estimated_cost"), (10, "success")):
        assert f"{key} is " in said[line]
    assert "estimated_cost is 'NaN'" in said[8] and "estimated_cost is -0.5," in said[9]


# --- Claude Code transcripts


def test_the_lines_of_a_message_are_one_call_that_began_with_the_first() -> None:
    calls, _ = payload_calls("llm_transcript.jsonl")
    call = calls["m1"]
    assert tokens(call) == (92, 1_130, 60, 30, 30, 100)
    assert call.timestamp == distinct_timestamp(at("2026-01-05T08:00:01Z"), "m1")
    assert (call.source, call.provider, call.session_id) == (
        "claude-code-transcript",
        "anthropic",
        "s1",
    )
    assert (call.phase, call.duration_ms, call.success) == (None, None, True)


def test_a_replayed_message_does_not_replace_the_sessions_own() -> None:
    calls, _ = read(PAYLOADS / "llm_transcript.jsonl")
    readings = [call for call in calls if call.call_id == "m1"]
    assert [call.precedence for call in readings] == [2, 3]
    assert max(call.total_tokens or 0 for call in readings) == 1_222


def test_a_subagents_call_names_the_agent_and_keeps_its_final_lower_count() -> None:
    calls, _ = payload_calls("llm_transcript.jsonl", phase="review", prompt_name="p")
    call = calls["m2"]
    assert (call.phase, call.prompt_name, call.provider) == ("subagent", "explorer", None)
    assert tokens(call) == (15_000, 0, 14_988, None, None, None)
    assert (calls["m1"].phase, calls["m1"].prompt_name) == ("review", "p")


def test_an_error_is_a_failed_call_and_other_synthetic_text_is_none() -> None:
    calls, _ = payload_calls("llm_transcript.jsonl")
    assert calls.keys() == {"m1", "m2", "r4", "m4"}
    failed = calls["r4"]
    assert (failed.success, failed.model, tokens(failed)[:2]) == (False, "<synthetic>", (0, 0))
    assert failed.error_message == "rate_limit: You have reached your limit."


def test_the_tokens_of_an_answer_that_counts_none_are_not_known(tmp_path: Path) -> None:
    def line(name: str, tokens: int) -> dict[str, Any]:
        usage = {"input_tokens": tokens, "output_tokens": tokens}
        return {
            "type": "assistant",
            "timestamp": "2026-01-05T08:00:00Z",
            "message": {"id": name, "model": "glm-5.3", "usage": usage},
        }

    log = [line("a", 5), line("b", 0), line("c", 0), line("c", 7)]
    calls, rejected, _ = read_text(tmp_path, lines(*log))
    found = {call.call_id: call.total_tokens for call in merged(calls)}
    assert (found, rejected) == ({"a": 10, "b": None, "c": 14}, [])


def test_lines_of_old_versions_have_no_type_but_a_cost() -> None:
    calls, _ = payload_calls("llm_transcript.jsonl")
    assert (calls["m4"].estimated_cost, tokens(calls["m4"])[:2]) == (Decimal("0.12"), (10, 5))


def test_lines_that_must_be_calls_and_are_not_are_named() -> None:
    _, rejected = payload_calls("llm_transcript.jsonl")
    assert rejected == {
        11: "message.usage is missing, or has no tokens",
        12: "message 'm6': model is missing",
        13: "timestamp is missing",
        14: "message is 'lost', not an object",
        15: "neither type nor message.usage is there",
        16: "record: 'a string' is not an object",
    }


def test_a_recorded_session(recorded: Path) -> None:
    name = "claude_transcript/real_session_2.1.233.jsonl"
    calls = recorded_calls(recorded, name)
    assert (len(calls), total(calls, "output_tokens")) == (2, 312)
    assert total(calls, "input_tokens") == 67_386
    cached = total(calls, "cache_read_tokens") + total(calls, "cache_write_tokens")
    assert total(calls, "input_tokens") - cached == 18
    assert total(calls, "cache_write_1h_tokens") == total(calls, "cache_write_tokens") == 11_821
    assert total(calls, "reasoning_tokens") == 156
    messages = [line.get("message", {}) for line in lines_of(recorded / "llm" / name)]
    naive = [m["usage"]["output_tokens"] for m in messages if "usage" in m]
    assert (len(naive), sum(naive)) == (5, 759)


@pytest.mark.parametrize(
    ("name", "count", "output"),
    [
        ("real_subagent_2.1.92", 4, 277),
        ("real_subagent_2.1.220", 1, 1),
        ("no_request_id_gateway", 2, 1_150),
        ("sidechain_replay", 2, 42),
        ("ccusage_alpha", 3, 250),
        ("ccusage_beta", 2, 60),
        ("goccc_session", 8, 19_000),
        ("goccc_subagent", 4, 5_400),
        ("claude_code_log_representative_messages", 5, 445),
        ("real_rate_limit_synthetic", 1, 0),
    ],
)
def test_recorded_transcripts(recorded: Path, name: str, count: int, output: int) -> None:
    calls = recorded_calls(recorded, f"claude_transcript/{name}.jsonl", at=AT)
    assert (len(calls), total(calls, "output_tokens")) == (count, output)


def test_recorded_traps_of_transcripts(recorded: Path) -> None:
    parent = recorded_calls(recorded, "claude_transcript/sidechain_replay.jsonl")
    assert {call.call_id: call.cache_read_tokens for call in parent} == {
        "msg-parent": 20,
        "msg-aside": 700,
    }
    gateway = recorded_calls(recorded, "claude_transcript/no_request_id_gateway.jsonl", at=AT)
    fresh = [
        (c.input_tokens or 0) - (c.cache_read_tokens or 0) - (c.cache_write_tokens or 0)
        for c in gateway
    ]
    assert sum(fresh) == 19
    (failed,) = recorded_calls(recorded, "claude_transcript/real_rate_limit_synthetic.jsonl")
    assert (failed.success, failed.model, failed.total_tokens) == (False, "<synthetic>", 0)
    assert failed.error_message is not None and failed.error_message.startswith("rate_limit: You")
    costs = recorded_calls(recorded, "claude_transcript/ccusage_alpha.jsonl")
    assert total(costs, "estimated_cost") == Decimal("1.02")


def test_recorded_snapshots_of_a_stream_are_unusable_and_said(recorded: Path) -> None:
    said = reasons(recorded, "claude_transcript/real_streaming_snapshots.jsonl")
    assert said == dict.fromkeys(range(1, 9), "timestamp is missing")
    no_ids = reasons(recorded, "claude_transcript/ccusage_no_ids.jsonl")
    assert no_ids == {2: "timestamp is missing", 4: "timestamp is missing"}


def test_recorded_snapshots_are_counted_by_their_last(recorded: Path, tmp_path: Path) -> None:
    source = recorded / "llm" / "claude_transcript" / "real_streaming_snapshots.jsonl"
    usable = tmp_path / "usable.jsonl"
    with usable.open("w") as out:
        for record in lines_of(source):
            record["message"]["model"] = "claude-x"
            out.write(json.dumps(record) + "\n")
    calls, _ = read(usable, at=AT)
    assert total(merged(calls), "output_tokens") == 1_628
    first = {call.call_id: call for call in reversed(calls)}
    assert total(list(first.values()), "output_tokens") == 5


def test_recorded_odd_lines_of_transcripts(recorded: Path) -> None:
    calls, _ = read(recorded / "llm" / "claude_transcript" / "odd.jsonl")
    kept = {call.call_id.removeprefix("msg_"): call for call in calls}
    assert kept.keys() == {
        *(f"odd_{n}" for n in (4, 7, 13, 16, 19, 20, 21, 22)),
        "dup_keys",
        "bad_utf8",
    }
    assert tokens(kept["odd_7"])[:2] == (42, 7)
    assert (kept["odd_19"].model, kept["odd_13"].session_id) == ("m\ufffdodel", "")
    assert kept["odd_20"].session_id == "s\ufffd\ufffd\U0001f600 日本"
    assert kept["odd_16"].timestamp.hour == 15
    assert (kept["odd_21"].input_tokens, kept["odd_21"].total_tokens) == (None, None)
    assert kept["odd_22"].input_tokens == 100_000_004
    assert kept["dup_keys"].input_tokens == 9
    assert kept["bad_utf8"].session_id == "bad\ufffd\ufffdutf8"
    said = reasons(recorded, "claude_transcript/odd.jsonl")
    assert {n: said[n] for n in (1, 2, 3)} == dict.fromkeys(
        (1, 2, 3), "message.usage is missing, or has no tokens"
    )
    assert {n for n, why in said.items() if n and "_tokens is " in why} == {5, 6, 8, 9, 10, 33}
    assert {n for n, why in said.items() if n and "timestamp is " in why} == {14, 15, 17, 18}
    assert {n for n, why in said.items() if n and why.startswith("not JSON")} == {25, 26}
    assert {n for n, why in said.items() if n and "not an object" in why} == {*range(27, 33)}
    assert said[12] == "message 'msg_odd_12': model is missing"
    assert len(said) == 3 + 6 + 4 + 2 + 6 + 1


def test_recorded_edge_cases_of_transcripts(recorded: Path) -> None:
    name = "claude_transcript/claude_code_log_edge_cases.jsonl"
    calls, rejected = read(recorded / "llm" / name)
    assert (len(merged(calls)), total(calls, "output_tokens")) == (4, 435)
    assert [one.line for one in rejected] == [13, 14, 15, 16]


# --- claude-code-action


def test_a_result_is_a_row_for_each_model_and_continues_the_counts_of_the_one_before() -> None:
    calls, _ = payload_calls("llm_execution.json")
    main, helper, more = calls["r1:claude-x"], calls["r1:claude-helper"], calls["r2:claude-x"]
    assert "r2:claude-helper" not in calls
    assert tokens(main) == (100, 100, 70, 22, None, 40)
    assert tokens(helper)[:2] == (5, 6)
    assert tokens(more) == (1, 50, 0, 0, None, 0)
    costs = [call.estimated_cost for call in (main, helper, more)]
    assert costs == [Decimal("0.1"), Decimal("0.01"), Decimal("0.05")]
    assert (main.provider, helper.provider) == ("bedrock", "anthropic")


@pytest.mark.parametrize("claudes", [{"total_cost_usd": 0.1}, {}])
def test_each_result_of_a_resumed_session_has_the_time_of_its_own_beginning(
    tmp_path: Path, claudes: dict[str, Any]
) -> None:
    usage = {"input_tokens": 3, "output_tokens": 1}

    def event(kind: str, day: str, **more: Any) -> dict[str, Any]:
        moment = f"2026-01-{day}T08:00:00Z"
        return {"type": kind, "session_id": "s", "uuid": day, "timestamp": moment, **more}

    log = [
        event("assistant", "05"),
        event("result", "06", usage=usage, **claudes),
        event("assistant", "08"),
        event("result", "09", usage=usage, result_index=0, **claudes),
    ]
    calls, rejected, _ = read_text(tmp_path, lines(*log))
    assert ([call.timestamp.day for call in calls], rejected) == ([5, 8], [])


def test_the_time_of_a_session_is_on_its_most_expensive_row_and_is_no_latency() -> None:
    calls, _ = payload_calls("llm_execution.json")
    main, helper, more = calls["r1:claude-x"], calls["r1:claude-helper"], calls["r2:claude-x"]
    assert [call.duration_ms for call in (main, helper, more)] == [7_000, None, 500]
    assert [call.api_calls for call in (main, helper, more)] == [2, 1, 2]
    assert main.timestamp == distinct_timestamp(at("2026-01-05T08:00:01Z"), main.call_id)


def test_a_session_can_fail_in_two_ways() -> None:
    calls, rejected = payload_calls("llm_execution.json")
    assert calls["r1:claude-x"].success
    overloaded, broken = calls["r2:claude-x"], calls["s2:0:"]
    assert (overloaded.success, overloaded.error_message) == (False, "API Error: 529")
    assert (broken.success, broken.error_message) == (False, "error_during_execution")
    assert (broken.model, broken.estimated_cost) == (None, Decimal("0.5"))
    assert tokens(broken)[:3] == (100, 7, 90)
    assert rejected == {25: "the result has no tokens"}


def test_a_recorded_run_on_ci(recorded: Path) -> None:
    calls = recorded_calls(recorded, "claude_code_action/real_ci_run_2.1.285.json")
    assert len(calls) == 3
    assert abs(total(calls, "estimated_cost") - Decimal("4.0514507")) < Decimal("1e-9")
    assert (total(calls, "input_tokens"), total(calls, "output_tokens")) == (7_083_478, 135_134)
    (dearest,) = [call for call in calls if call.duration_ms is not None]
    assert (dearest.model, dearest.duration_ms) == ("claude-opus-5-5", 1_231_519)


@pytest.mark.parametrize(
    ("name", "rows", "cost", "success"),
    [
        ("real_stream_1", 2, "0.35941625", True),
        ("real_stream_2", 2, "0.52686445", True),
        ("real_stream_5", 3, "0.2908402", True),
        ("real_stream_3_error", 2, "0.38886945", False),
        ("real_stream_4_error", 2, "0.0176027", False),
        ("error_during_execution", 1, "0.6571631500000001", False),
        ("anthropic_sample_turns", 1, "0.0347", True),
        ("odd_old_cost_usd", 1, "0.01", True),
        ("odd_single_object", 1, "0.001", True),
        ("odd_two_results", 2, "0.3", True),
    ],
)
def test_recorded_execution_files(
    recorded: Path, name: str, rows: int, cost: str, success: bool
) -> None:
    calls = recorded_calls(recorded, f"claude_code_action/{name}.json", at=AT)
    assert len(calls) == rows
    assert abs(total(calls, "estimated_cost") - Decimal(cost)) < Decimal("1e-9")
    assert {call.success for call in calls} == {success}
    if success:
        assert {call.error_message for call in calls} == {None}


def test_every_recorded_result_gives_a_row_per_model(recorded: Path) -> None:
    name = "claude_code_action/real_result_totals.jsonl"
    calls = {call.call_id: call for call in recorded_calls(recorded, name, at=AT)}
    assert len(calls) == 125
    for result in lines_of(recorded / "llm" / name):
        for model, used in result["modelUsage"].items():
            call = calls.pop(f"{result['uuid']}:{model}")
            cached = used["cacheReadInputTokens"], used["cacheCreationInputTokens"]
            expected = (used["inputTokens"] + sum(cached), used["outputTokens"], *cached)
            assert tokens(call) == (*expected, None, None)
            assert abs((call.estimated_cost or 0) - Decimal(str(used["costUSD"]))) < 1e-9
            assert (call.model, call.session_id) == (model, result["session_id"])
            assert call.success is not result["is_error"]
    assert calls == {}


def test_the_recorded_results_add_up_to_what_was_billed(recorded: Path) -> None:
    calls = recorded_calls(recorded, "claude_code_action/real_result_totals.jsonl", at=AT)
    assert total(calls, "output_tokens") == 209_773
    assert abs(total(calls, "estimated_cost") - Decimal("16.70946475")) < Decimal("1e-9")
    assert len({(call.timestamp, call.session_id, call.prompt_name) for call in calls}) == 125


def test_an_execution_file_without_a_result_or_an_event(recorded: Path) -> None:
    assert recorded_calls(recorded, "claude_code_action/odd_empty.json") == []
    said = reasons(recorded, "claude_code_action/odd_no_result.json")
    why = "session 's' was cut off, and what it used is unknown: there is no result event"
    assert said == {1: why}
    no_time = reasons(recorded, "claude_code_action/real_stream_1.json")
    assert list(no_time.values()) == ["timestamp is missing"]


def session_events(session_id: str, cost: float, *, has_ended: bool = True) -> list[dict[str, Any]]:
    """What one `claude -p` prints."""
    said = {"session_id": session_id, "timestamp": "2026-01-05T08:00:00Z"}
    message = {"id": f"m-{session_id}", "model": "m"}
    used = {"m": {"inputTokens": 1, "outputTokens": 2, "costUSD": cost}}
    events = [
        {"type": "system", "subtype": "init", "model": "m", **said},
        {"type": "assistant", "message": message, **said},
        {"type": "result", "session_id": session_id, "uuid": f"u-{session_id}", "modelUsage": used},
    ]
    return events if has_ended else events[:2]


def test_a_session_that_was_cut_off_is_named_beside_others_that_ended(tmp_path: Path) -> None:
    first, second = session_events("a", 0.5), session_events("b", 0.25)
    cut = session_events("c", 1, has_ended=False)
    for events in (first + second + cut, cut + first + second):
        calls, rejected, _ = read_text(tmp_path, lines(*events))
        assert {call.session_id for call in calls} == {"a", "b"}
        assert rejected == [
            "session 'c' was cut off, and what it used is unknown: there is no result event"
        ]
    assert "session 'a' was cut off" in read_text(tmp_path, lines(*first, first[1]))[1][0]
    hook = {"type": "system", "subtype": "hook_started", "session_id": "d"}
    assert read_text(tmp_path, lines(hook, *first, *second, first[0]))[1] == []


def test_sessions_that_write_to_one_log_at_a_time_are_told_apart(tmp_path: Path) -> None:
    pairs = zip(session_events("a", 0.5), session_events("b", 0.25), strict=True)
    calls, rejected, _ = read_text(tmp_path, lines(*(one for pair in pairs for one in pair)))
    assert {(call.session_id, call.estimated_cost) for call in calls} == {
        ("a", Decimal("0.5")),
        ("b", Decimal("0.25")),
    }
    assert rejected == []


# --- OpenTelemetry


def test_spans_in_every_spelling_are_calls() -> None:
    calls, _ = payload_calls("llm_otlp.json")
    chat, failed, embedding = (calls[f"t:{span}"] for span in "bcd")
    assert len(calls) == 3
    assert tokens(chat) == (600, 60, 500, 30, None, 40)
    assert chat.timestamp == at("2026-01-05T08:00:00.118571Z")
    assert (chat.provider, chat.model, chat.prompt_name) == ("openai", "gpt-x-2026", "triage")
    assert (chat.session_id, chat.phase, chat.duration_ms) == ("t", "review", 1_249)
    assert (chat.github_run_id, chat.github_run_attempt) == (19000000001, 2)
    assert tokens(failed) == (100, 0, 90, None, None, None)
    assert (failed.success, failed.error_message) == (False, "429 slow down")
    assert (failed.session_id, failed.duration_ms) == ("s1", None)
    assert (embedding.success, embedding.error_message) == (False, "Timeout")
    assert tokens(embedding)[:2] == (5, 0)


def test_a_span_that_cannot_be_read_is_named_and_loses_no_other() -> None:
    _, rejected = read(PAYLOADS / "llm_otlp.json")
    said = [one.reason for one in rejected]
    assert said[0].startswith("gen_ai.usage.input_tokens is '-1', not a whole number")
    assert said[1:] == [
        "span: traceId is missing",
        "record: 'no span' is not an object",
        "attributes is 'none', not a list",
    ]


def test_events_of_claude_code_are_calls() -> None:
    calls, rejected = payload_calls("llm_claude_events.json")
    assert rejected == {}
    assert calls.keys() == {"req_1", "s1:8:1767600001", ":1767600002000000000"}
    request, error = calls["req_1"], calls["s1:8:1767600001"]
    assert tokens(request) == (164, 5, 105, 39, None, None)
    # The event is written when the call has ended, 1,200 ms after it began.
    assert request.timestamp == at("2026-01-05T07:59:58.923456Z")
    assert (request.estimated_cost, request.duration_ms) == (Decimal("0.77"), 1_200)
    assert (error.success, error.error_message) == (False, "Overloaded (status 529)")
    assert tokens(error)[:2] == (None, None)
    assert calls[":1767600002000000000"].estimated_cost == Decimal("0.0015")
    assert {call.github_run_id for call in calls.values()} == {None}


def test_advice_of_more_tokens_than_any_session_has_is_rejected(tmp_path: Path) -> None:
    huge = {"type": "advisor_message", "model": "n", "input_tokens": 10**12, "output_tokens": 1}
    usage = {"input_tokens": 4, "output_tokens": 9, "iterations": [huge]}
    line = {"type": "assistant", "timestamp": "2026-01-05T08:00:00Z", "sessionId": "s"}
    line |= {"message": {"id": "m", "model": "m", "usage": usage}}
    _, rejected, _ = read_text(tmp_path, lines(line))
    assert rejected == ["'m:advisor:0': it has more tokens than 1,000,000,000,000"]


def test_a_resumed_session_of_claude_code_numbers_its_events_again(tmp_path: Path) -> None:
    said = {"session.id": "s", "event.sequence": "3", "model": "m", "input_tokens": "5"}
    values = [{"key": key, "value": {"stringValue": value}} for key, value in said.items()]
    body = {"stringValue": "claude_code.api_request"}
    times = ("1767600000123000000", "1767603600123000000", "1767600000123000000")
    events = [{"timeUnixNano": time, "body": body, "attributes": values} for time in times]
    exports = [{"resourceLogs": [{"scopeLogs": [{"logRecords": [event]}]}]} for event in events]
    calls, rejected, _ = read_text(tmp_path, lines(*exports))
    assert (len(calls), rejected) == (2, [])


def test_recorded_spans(recorded: Path) -> None:
    double = recorded_calls(recorded, "otlp/agent_double_count.json")
    assert len(double) == 2
    assert (total(double, "input_tokens"), total(double, "output_tokens")) == (8_600, 660)
    assert {call.github_run_id for call in double} == {19000000002}
    for name in ("generated_openllmetry_openai_0.62.4", "generated_otel_openai_v2_2.3b0"):
        calls = recorded_calls(recorded, f"otlp/{name}.jsonl")
        assert [call.success for call in calls].count(False) == 1
        assert sorted((call.model or "", call.input_tokens) for call in calls) == [
            ("gpt-429", None),
            ("gpt-4o-2024-08-06", 2_006),
            ("gpt-nousage-2024-08-06", None),
            ("text-embedding-3-small", 5),
        ]
        assert {(c.github_run_id, c.github_run_attempt) for c in calls} == {(19000000001, 2)}
        (chat,) = [call for call in calls if call.input_tokens == 2_006]
        openllmetry = "openllmetry" in name
        assert chat.cache_read_tokens == (1_920 if openllmetry else None)
        assert chat.reasoning_tokens == (256 if openllmetry else None)


def test_recorded_times_are_exact_to_the_microsecond(recorded: Path) -> None:
    calls = recorded_calls(recorded, "otlp/generated_openllmetry_openai_0.62.4.jsonl")
    assert min(call.timestamp for call in calls).microsecond == 118_571


def test_recorded_events_of_claude_code(recorded: Path) -> None:
    calls = recorded_calls(recorded, "otlp/claude_code_logs.json")
    assert [call.success for call in calls].count(False) == 1
    assert total([c for c in calls if c.success], "estimated_cost") == Decimal("0.7701")
    assert {call.input_tokens for call in calls} == {128_900, 5, None}


@pytest.mark.parametrize("name", ["opentelemetry_proto_trace", "opentelemetry_proto_logs"])
def test_telemetry_that_is_not_about_models_gives_no_call_and_no_error(
    recorded: Path, name: str
) -> None:
    assert recorded_calls(recorded, f"otlp/{name}.json") == []


# --- LiteLLM


def test_litellm_payloads_are_read_as_calls() -> None:
    calls, rejected = payload_calls("llm_litellm.jsonl", phase="build")
    call = calls["l1"]
    assert tokens(call) == (100, 20, 60, 30, None, 5)
    assert (call.phase, call.prompt_name, call.session_id) == ("review", "review.v3", "t1")
    assert (call.github_run_id, call.github_run_attempt) == (19000000001, 2)
    assert (call.estimated_cost, call.duration_ms) == (Decimal("0.0125"), 4_500)
    naive = calls[BY_ITS_ANSWER]
    assert naive.timestamp == at("2026-01-05T08:00:01.846371Z")
    assert (naive.phase, naive.github_run_id, naive.duration_ms) == ("build", 19000000002, 6)
    row = next(call for name, call in calls.items() if name.startswith("l5:"))
    assert (row.estimated_cost, row.prompt_name, row.session_id) == (Decimal("0.5"), "p", "s5")
    assert tokens(row)[:3] == (10, 2, 4)
    assert rejected == {
        6: "metadata is '{', not JSON",
        7: "'l7': startTime is 'soon', not a time with its zone",
    }


@pytest.mark.parametrize(
    ("status", "cost", "known"),
    [("success", 0, None), ("success", 0.006, Decimal("0.006")), ("failure", 0, 0)],
)
def test_an_answer_of_0_tokens_and_no_cost_is_not_counted_as_free(
    tmp_path: Path, status: str, cost: float, known: Decimal | None
) -> None:
    record = {"call_type": "acompletion", "startTime": 1_767_600_000, "model": "m", "id": "a"}
    record |= {"status": status, "prompt_tokens": 0, "completion_tokens": 0, "response_cost": cost}
    (call,), _, _ = read_text(tmp_path, lines(record))
    assert (call.reported_cost, call.total_tokens) == (known, None if known is None else 0)


def test_a_litellm_cost_of_0_for_tokens_means_no_price() -> None:
    calls, _ = payload_calls("llm_litellm.jsonl")
    names = (BY_ITS_ANSWER, FAILED_TRY, FROM_CACHE)
    assert [calls[name].estimated_cost for name in names] == [None, 0, 0]


def test_litellm_failures_say_why_without_a_traceback() -> None:
    calls, _ = payload_calls("llm_litellm.jsonl")
    failed = calls[FAILED_TRY]
    assert (failed.success, failed.error_message) == (False, "429 slow down")
    assert failed.duration_ms is None


def test_a_failed_try_of_litellm_is_a_call_of_its_own(tmp_path: Path) -> None:
    success, _, failure, *_ = lines_of(PAYLOADS / "llm_litellm.jsonl")
    tries = [
        failure | {"litellm_call_id": "l1", "model": "gpt-x", "startTime": started}
        for started in (1767599990.5, "2026-01-05 07:59:51", "2026-01-05 07:59:51")
    ]
    file = tmp_path / "calls.jsonl"
    file.write_text("".join(json.dumps(each) + "\n" for each in [*tries, success]))
    calls, rejected = read(file)
    assert rejected == []
    assert [(call.call_id, call.model, call.success) for call in merged(calls)] == [
        ("l1", "claude-x", True),
        ("l1:2026-01-05T07:59:50.500000+00:00", "gpt-x", False),
        ("l1:2026-01-05T07:59:51+00:00", "gpt-x", False),
    ]


def test_a_batch_of_litellm_is_one_call_however_often_it_is_looked_at(tmp_path: Path) -> None:
    batch = {"id": "b", "call_type": "aretrieve_batch", "status": "success", "model": "gpt-5"}
    looks = [
        batch
        | {"litellm_call_id": f"look {number}", "startTime": 1_767_600_000 + number}
        | {"prompt_tokens": used, "completion_tokens": used, "response_cost": used / 100}
        for number, used in enumerate((0, 0, 50, 50))
    ]
    created = looks[0] | {"call_type": "acreate_batch", "model": None}
    calls, rejected, notices = read_text(tmp_path, lines(created, *looks))
    (call,) = merged(calls)
    assert (call.total_tokens, call.reported_cost) == (100, Decimal("0.5"))
    assert (call.service_tier, call.is_whole_session) == ("batch", True)
    assert rejected == []
    assert notices == ["skipped 3 records of requests that no model answers"]


def test_recorded_litellm_payloads(recorded: Path) -> None:
    calls = recorded_calls(recorded, "litellm/generated_1.106.2.jsonl")
    assert len(calls) == 7
    assert [call.success for call in calls].count(False) == 3
    assert total([c for c in calls if c.estimated_cost], "estimated_cost") == Decimal("0.0000287")
    (unpriced,) = [call for call in calls if call.estimated_cost is None]
    assert unpriced.total_tokens == 30
    (embedding,) = [call for call in calls if call.estimated_cost == Decimal("2e-07")]
    assert (embedding.input_tokens, embedding.total_tokens) == (10, 10)
    assert {call.github_run_id for call in calls} == {19000000001, None}
    assert all("Traceback" not in (call.error_message or "") for call in calls)


@pytest.mark.parametrize(
    ("name", "moment"),
    [
        ("example_epoch_times", "2025-12-17T19:34:28.284660Z"),
        ("gcs_pubsub_naive_times", "2025-01-24T09:20:46.847371Z"),
        ("spend_logs_row", "2025-01-24T09:20:46.847371Z"),
    ],
)
def test_recorded_shapes_of_litellm(recorded: Path, name: str, moment: str) -> None:
    (call,) = recorded_calls(recorded, f"litellm/{name}.json")
    assert tokens(call)[:2] == (10, 20)
    assert call.estimated_cost == Decimal("0.00022500000000000002")
    assert abs(call.timestamp - at(moment)) < MILLISECOND


def test_recorded_parts_beyond_the_prompt_raise_it(recorded: Path) -> None:
    (call,) = recorded_calls(recorded, "litellm/usage_from_issue_11364.json")
    assert tokens(call) == (31_400, 102, 30_940, 460, None, 0)


# --- GitHub Agentic Workflows


def test_calls_of_agentic_workflows_begin_before_their_record() -> None:
    calls, rejected = payload_calls("llm_gh_aw.jsonl")
    copilot, anthropic, openai = (calls[name] for name in ("g1", "g2", "g3"))
    assert copilot.timestamp == distinct_timestamp(at("2026-01-05T08:00:00Z"), "g1")
    assert copilot.duration_ms == 6_500
    assert copilot.estimated_cost == Decimal("0.115")
    assert [call.input_tokens for call in (copilot, anthropic, openai)] == [100, 15, 10]
    assert (openai.reasoning_tokens, openai.estimated_cost) == (2, None)
    assert (anthropic.success, anthropic.error_message) == (False, "HTTP 529")
    assert rejected == {4: "timestamp is missing", 5: "timestamp is missing"}


def test_recorded_calls_of_agentic_workflows(recorded: Path) -> None:
    calls, rejected = read(recorded / "llm" / "gh_aw" / "token_usage.jsonl")
    (call,) = calls
    assert tokens(call)[:4] == (28_670, 475, 0, 24_751)
    assert call.estimated_cost == Decimal("0.11169825")
    assert [one.line for one in rejected] == [2, 3]
    for name in ("agent_usage.json", "token-usage.schema.json"):
        assert read(recorded / "llm" / "gh_aw" / name) == (
            [],
            [
                Rejected(
                    str(recorded / "llm" / "gh_aw" / name),
                    None,
                    "not recognized as a log of any known format",
                )
            ],
        )


# --- Codex


def test_codex_calls_are_what_the_counts_grow_by() -> None:
    calls, rejected = payload_calls("llm_codex.jsonl")
    assert calls.keys() == {"s1:110", "s1:340"}
    first, second = calls["s1:110"], calls["s1:340"]
    assert tokens(first) == (100, 10, 40, None, None, 5)
    assert tokens(second) == (200, 30, 100, 30, None, 20)
    assert (first.model, second.model, first.provider) == ("gpt-x", "gpt-y", "openai")
    assert first.timestamp == distinct_timestamp(at("2026-01-05T08:00:02Z"), "s1:110")
    assert list(rejected) == [8]


def test_a_request_that_does_not_fit_into_the_context_is_no_call(tmp_path: Path) -> None:
    def event(minute: int, total: dict[str, int], last: dict[str, int]) -> dict[str, Any]:
        info = {"total_token_usage": total, "last_token_usage": last}
        return {
            "timestamp": f"2026-01-05T08:0{minute}:00Z",
            "type": "event_msg",
            "payload": {"type": "token_count", "info": info},
        }

    def used(tokens: int, total: int) -> dict[str, int]:
        return {"input_tokens": tokens, "output_tokens": tokens, "total_tokens": total}

    session = {"type": "session_meta", "payload": {"id": "s"}}
    log = [
        session,
        event(1, used(100, 200), used(100, 200)),
        event(2, used(0, 258_400), used(0, 258_200)),
        event(3, used(7, 258_414), used(7, 14)),
        event(4, used(10, 258_420), used(3, 6)),
    ]
    calls, rejected, _ = read_text(tmp_path, lines(*log))
    assert ([call.total_tokens for call in calls], rejected) == ([200, 14, 6], [])


def test_the_copies_in_a_fork_have_the_ids_of_the_parents_calls(tmp_path: Path) -> None:
    parent = (PAYLOADS / "llm_codex.jsonl").read_text().splitlines()[:-1]
    payload = {"id": "s2", "forked_from_id": "s1"}
    meta = {"timestamp": "2026-01-05T09:00:00.000Z", "type": "session_meta", "payload": payload}
    later = [re.sub("T08:00:0(.).000", r"T09:00:00.00\1", line) for line in parent]
    without_description, without_model = later[1:], [later[0], *later[2:]]
    new = parent[6].replace("340", "380").replace('"output_tokens":40', '"output_tokens":80')
    own = new.replace("T08:00:04", "T09:00:09")
    fork = tmp_path / "fork.jsonl"
    nine = 1_767_603_600_000
    for copies, began in (
        (parent, 9_000),
        (later, 0),
        (without_description, 0),
        (without_model, 1),
    ):
        fork.write_text("\n".join([json.dumps(meta), *copies, own]))
        calls, _ = read(fork, github_run_id=7)
        assert {call.call_id: (call.total_tokens, call.github_run_id) for call in calls} == {
            "s1:110": (110, None),
            "s1:340": (230, None),
            f"s1:380:{nine + began}:s2": (40, 7),
        }
        assert [call.session_id for call in calls] == ["s1", "s1", "s2"]


def test_a_fork_with_a_long_id_has_calls_with_ids_that_can_be_stored(tmp_path: Path) -> None:
    parent = (PAYLOADS / "llm_codex.jsonl").read_text().splitlines()[:-1]
    payload = {"id": "s" * 5_000, "forked_from_id": "s1"}
    meta = {"timestamp": "2026-01-05T07:00:00.000Z", "type": "session_meta", "payload": payload}
    fork = tmp_path / "fork.jsonl"
    fork.write_text("\n".join([json.dumps(meta), *parent[1:]]))
    calls, _ = read(fork)
    assert [(len(call.call_id), len(call.session_id)) for call in calls] == [(32, 255)] * 2


def test_sessions_one_after_the_other_in_a_file_have_separate_counts(tmp_path: Path) -> None:
    lines = (PAYLOADS / "llm_codex.jsonl").read_text().splitlines()
    other = [line.replace('"s1"', '"s2"') for line in (*lines[:2], lines[6])]
    both = tmp_path / "both.jsonl"
    both.write_text("\n".join([*lines[:5], *other]))
    calls, _ = read(both)
    assert {call.call_id: call.total_tokens for call in calls} == {"s1:110": 110, "s2:340": 340}


def test_a_session_whose_beginning_is_elsewhere_counts_its_last_call_only(tmp_path: Path) -> None:
    usage = {"input_tokens": 1_000, "output_tokens": 50, "total_tokens": 1_050}
    last = {"input_tokens": 30, "output_tokens": 4, "total_tokens": 34}
    info = {"total_token_usage": usage, "last_token_usage": last}
    payload = {"type": "token_count", "info": info}
    record = {"timestamp": "2026-01-05T08:00:00Z", "type": "event_msg", "payload": payload}
    file = tmp_path / "second-half.jsonl"
    file.write_text(json.dumps(record))
    (call,) = read(file)[0]
    assert tokens(call)[:2] == (30, 4)
    assert call.model is None


def test_recorded_codex_sessions(recorded: Path) -> None:
    alpha = recorded_calls(recorded, "codex/ccusage_session_alpha.jsonl")
    assert sorted(tokens(call) for call in alpha) == [
        (1_000, 125, 250, None, None, 75),
        (2_500, 300, 500, None, None, 200),
    ]
    (call,) = recorded_calls(recorded, "codex/real_token_count_with_reemit.jsonl")
    assert tokens(call) == (26_124, 754, 4_480, None, None, 463)
    assert call.model == "gpt-5.2-codex"


# --- OpenAI batches and llm


def test_answers_of_a_batch_are_calls() -> None:
    calls, rejected = payload_calls("llm_openai_batch.jsonl", at=AT)
    assert rejected == {}
    assert tokens(calls["b1"]) == (24, 15, 8, None, None, None)
    assert tokens(calls["b2"]) == (20, 30, 10, None, None, 25)
    assert tokens(calls["b3"])[:2] == (13, 0)
    assert calls["b1"].timestamp == distinct_timestamp(at("2026-01-05T08:00:00Z"), "b1")
    assert calls["b3"].timestamp == distinct_timestamp(AT, "b3")
    errors = {name: (calls[name].success, calls[name].error_message) for name in ("b4", "b5")}
    assert errors == {"b4": (False, "Unsupported parameter"), "b5": (False, "Too late.")}
    assert {calls[name].prompt_name for name in ("b1", "b5")} == {"request-1", "request-5"}


def test_recorded_answers_of_a_batch(recorded: Path) -> None:
    calls = recorded_calls(recorded, "openai_batch/output.jsonl", at=AT)
    assert len(calls) == 5
    assert [call.success for call in calls].count(False) == 2
    assert {call.total_tokens for call in calls} == {13, 39, 2_306, None}
    said = reasons(recorded, "openai_batch/output.jsonl")
    assert said == dict.fromkeys((1, 3, 4), "timestamp is missing")


def test_responses_of_llm_are_calls() -> None:
    calls, rejected = payload_calls("llm_cli.json")
    assert rejected == {}
    assert tokens(calls["01a"]) == (20, 3, 8, None, None, 2)
    assert (calls["01a"].model, calls["01a"].session_id) == ("gpt-x-2026", "s1")
    assert calls["01a"].duration_ms == 560
    assert calls["01b"].timestamp == datetime(2026, 1, 5, 8, 0, 1, 374882, tzinfo=UTC)
    assert tokens(calls["01b"]) == (None,) * 6


def test_recorded_responses_of_llm(recorded: Path) -> None:
    calls = recorded_calls(recorded, "simonw_llm/generated_0.32.1_logs.json")
    assert sorted(finality(call)[2] for call in calls) == [-1, 20, 2_306]
    (cached,) = [call for call in calls if call.cache_read_tokens]
    assert tokens(cached) == (2_006, 300, 1_920, None, None, 256)
    (old,) = recorded_calls(recorded, "simonw_llm/docs_pre_0.32_logs.json")
    assert (old.total_tokens, old.duration_ms) == (20, 560)
