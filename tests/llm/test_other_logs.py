"""Logs that agents leave in CI and elsewhere become calls, each request once, and none in silence.

The records are the smallest in the shape that each tool writes.
"""

import json
import os
import re
import time
from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from support.llm_readings import AT, PACKERS, lines, read, read_text
from support.paths import PAYLOADS, ROOT

from telemetry.llm.finding import find_logs
from telemetry.llm.formats.readers import Defaults
from telemetry.llm.logs import read_calls
from telemetry.llm.recognising import FORMATS, Rejected
from telemetry.rows import llm as rows
from telemetry.rows.llm import LlmCall


def counts(call: LlmCall) -> tuple[int | None, ...]:
    return (
        call.input_tokens,
        call.output_tokens,
        call.cache_read_tokens,
        call.cache_write_tokens,
        call.reasoning_tokens,
    )


# --- each format


CASES = json.loads((PAYLOADS / "other_llm_logs.json").read_text(encoding="utf-8"))


def test_the_page_of_llm_logs_lists_the_sources_of_the_payloads_and_no_others() -> None:
    logs = (call for path in PAYLOADS.glob("llm_*") for call in read(path, at=AT)[0])
    sources = {call.source for call in logs} | {
        call["source"] for case in CASES for call in case["calls"] if "source" in call
    }
    page = (ROOT / "docs" / "llm.md").read_text(encoding="utf-8")
    table = page.partition("| Format | `source` |")[2].partition("\n\n")[0]
    cells = (row.split(" | ")[1] for row in table.splitlines()[2:])
    assert {name for cell in cells for name in re.findall(r"`([\w-]+)`", cell)} == sources


def test_each_format_is_tried_and_has_a_payload() -> None:
    texts = {
        path.stem: path.read_text(encoding="utf-8")
        for path in (ROOT / "telemetry" / "llm" / "formats").glob("*.py")
    }
    modules = {name for name, text in texts.items() if "\ndef recognises(" in text}
    formats = {known.__name__.rpartition(".")[2]: known for known in FORMATS}
    assert modules == formats.keys(), "each is a line of FORMATS in telemetry/llm/recognising.py"
    records = [record for case in CASES for record in case["records"]]
    for path in PAYLOADS.glob("llm_*"):
        text = path.read_text(encoding="utf-8")
        read = json.loads(text if path.suffix == ".json" else f"[{','.join(text.splitlines())}]")
        records += read if isinstance(read, list) else [read]
    having = {
        next((name for name, known in formats.items() if known.recognises(record)), None)
        for record in records
        if isinstance(record, dict)
    }
    assert having - {None} == formats.keys(), "each has records in tests/payloads/"


each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])


@each_case
def test_each_log_becomes_its_calls(tmp_path: Path, case: dict[str, Any]) -> None:
    calls, rejected, notices = read_text(tmp_path, lines(*case["records"]))
    assert rejected == case.get("rejected", [])
    assert notices == case.get("notices", [])
    found = [
        {key: asdict(call)[key] for key in want}
        for call, want in zip(calls, case["calls"], strict=False)
    ]
    for row in found:
        row |= {key: float(value) for key, value in row.items() if isinstance(value, Decimal)}
    assert (len(calls), found) == (len(case["calls"]), case["calls"])


@each_case
def test_each_log_twice_or_packed_is_the_same_calls(tmp_path: Path, case: dict[str, Any]) -> None:
    text = lines(*case["records"])
    once, _, _ = read_text(tmp_path, text)
    assert read_text(tmp_path, text + text)[0] == once
    for pack in PACKERS.values():
        assert read_text(tmp_path, pack(text.encode()))[0] == once
    assert read_text(tmp_path, text.encode("utf-16"))[0] == once
    assert read_text(tmp_path, text.replace("\n", ""))[0] == once


@each_case
def test_each_log_that_grows_while_it_is_read_is_the_same_calls(
    tmp_path: Path, case: dict[str, Any]
) -> None:
    whole = lines(*case["records"])
    all_calls = calls_in(tmp_path, whole)
    once = as_stored(all_calls)
    edges = [at for at, letter in enumerate(whole) if letter == "\n"]
    for cut in {*edges, *range(0, len(whole), max(1, len(whole) // 20))}:
        first_calls = calls_in(tmp_path, whole[:cut])
        assert as_stored(first_calls + all_calls) == once
        assert as_stored(all_calls + first_calls) == once


def calls_in(tmp_path: Path, text: str) -> list[LlmCall]:
    file = tmp_path / "log.jsonl"
    file.write_text(text)
    return [one for one in read_calls(file, Defaults(at=AT)) if isinstance(one, LlmCall)]


def as_stored(calls: Sequence[LlmCall]) -> list[LlmCall]:
    """The calls of several readings, as they are stored."""
    found: dict[tuple[str, str], LlmCall] = {}
    for one in calls:
        key = (one.source, one.call_id)
        found[key] = rows.merged(found[key], one) if key in found else one
    return [found[key] for key in sorted(found)]


@pytest.mark.parametrize("coloured", ["%s", "\x1b[32m%s\x1b[0m"], ids=["plain", "coloured"])
@each_case
def test_each_log_within_that_of_a_job_is_the_same_calls(
    tmp_path: Path, case: dict[str, Any], coloured: str
) -> None:
    once, _, _ = read_text(tmp_path, lines(*case["records"]))
    other = ["##[group]Run agent", "{ cd x; }", "[1/3] building", '{"level":"info","msg":"x"}', "7"]
    jsonl = [json.dumps(record) for record in case["records"]]
    pretty = [line for r in case["records"] for line in json.dumps(r, indent=2).splitlines()]
    for content in (jsonl, pretty):
        output = [*other, *(coloured % line for line in content), *other]
        text = "\n".join(f"2026-01-05T12:00:00.1234567Z {line}" for line in output)
        calls, rejected, _ = read_text(tmp_path, "\ufeff" + text)
        assert [rest_of(call) for call in calls] == [rest_of(call) for call in once]
        assert rejected == case.get("rejected", [])


def rest_of(call: LlmCall) -> dict[str, Any]:
    """A call without what the time of a line may add to it."""
    return {key: value for key, value in asdict(call).items() if key != "timestamp"}


# --- one request, one call


def span(span_id: str, parent: str = "", **said: Any) -> dict[str, Any]:
    attributes = [
        {
            "key": key.replace("__", "."),
            "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value},
        }
        for key, value in said.items()
    ]
    return {
        "traceId": "t1",
        "spanId": span_id,
        "parentSpanId": parent,
        "name": str(said.get("gen_ai__operation__name", "span")),
        "startTimeUnixNano": "1795000000000000000",
        "endTimeUnixNano": "1795000001000000000",
        "attributes": attributes,
    }


def chat(span_id: str, parent: str = "", **said: Any) -> dict[str, Any]:
    named = {"gen_ai__operation__name": "chat", "gen_ai__request__model": "m"}
    return span(span_id, parent, **(named | said))


TOKENS = {"gen_ai__usage__input_tokens": 10, "gen_ai__usage__output_tokens": 5}


def export(*spans: dict[str, Any]) -> str:
    return lines(*({"resourceSpans": [{"scopeSpans": [{"spans": [one]}]}]} for one in spans))


NESTED = [
    (
        "a framework's span holds the library's, and that the vendor's",
        [chat("a", **TOKENS), chat("b", "a", **TOKENS), chat("c", "b", **TOKENS)],
        ["t1:c"],
    ),
    (
        "a span that is no call between them changes nothing",
        [chat("a", **TOKENS), span("b", "a"), chat("c", "b", **TOKENS)],
        ["t1:c"],
    ),
    (
        "a tool within a call holds requests of its own",
        [
            chat("a", **TOKENS),
            span("b", "a", gen_ai__operation__name="execute_tool"),
            chat("c", "b", **TOKENS),
        ],
        ["t1:a", "t1:c"],
    ),
    (
        "tries within one call are requests each",
        [chat("a", **TOKENS), chat("b", "a", error__type="429"), chat("c", "a", **TOKENS)],
        ["t1:b", "t1:c"],
    ),
    (
        "an inner span without tokens does not take them from the outer one",
        [chat("a", **TOKENS), chat("b", "a")],
        ["t1:a"],
    ),
    (
        "an embedding within a chat is another request",
        [
            chat("a", **TOKENS),
            chat("b", "a", gen_ai__operation__name="embeddings", gen_ai__usage__input_tokens=3),
        ],
        ["t1:a", "t1:b"],
    ),
    (
        "spans in a ring are read",
        [chat("a", "b", **TOKENS), chat("b", "a", **TOKENS)],
        ["t1:a", "t1:b"],
    ),
]


@pytest.mark.parametrize(("what", "spans", "ids"), NESTED, ids=[case[0] for case in NESTED])
def test_of_spans_of_one_request_the_innermost_counts(
    tmp_path: Path, what: str, spans: list[dict[str, Any]], ids: list[str]
) -> None:
    for order in permutations(spans):
        calls, rejected, _ = read_text(tmp_path, export(*order))
        assert ([call.call_id for call in calls], rejected) == (ids, []), what


@pytest.mark.parametrize("failed", [[], [chat("f", "a", error__type="429")]])
def test_the_inner_span_keeps_what_only_the_outer_one_says(
    tmp_path: Path, failed: list[dict[str, Any]]
) -> None:
    outer = chat("a", gen_ai__agent__name="reviewer", gen_ai__conversation__id="s", **TOKENS)
    cost = {"key": "gen_ai.usage.cost", "value": {"doubleValue": 0.25}}
    outer["attributes"].append(cost)
    spans = [outer, chat("b", "a", **TOKENS), *failed]
    call, *tries = read_text(tmp_path, export(*spans))[0]
    assert [one.success for one in tries] == [False] * len(failed)
    assert (call.call_id, call.prompt_name, call.session_id) == ("t1:b", "reviewer", "s")
    assert call.reported_cost == Decimal("0.25")


# --- conventions


@pytest.mark.parametrize(
    ("said", "scope", "name", "tokens"),
    [
        # OpenLLMetry's Bedrock Converse leaves cached tokens out of both input and total.
        ({"total_tokens": 45}, "opentelemetry.instrumentation.bedrock", "bedrock.converse", 70),
        ({"total_tokens": 45}, "opentelemetry.instrumentation.bedrock.v1", "bedrock.converse", 70),
        ({"total_tokens": 45}, "opentelemetry.instrumentation.anthropic", "anthropic.chat", 40),
        # Strands before and after it took them in: the total is the vendor's.
        ({"total_tokens": 75}, "strands.telemetry.tracer", "chat", 70),
        ({"total_tokens": 45}, "strands.telemetry.tracer", "chat", 40),
        ({}, "x", "chat", 40),
    ],
)
def test_whether_input_holds_the_cache_depends_on_who_wrote_the_span(
    tmp_path: Path, said: dict[str, int], scope: str, name: str, tokens: int
) -> None:
    usage = {"input_tokens": 40, "output_tokens": 5, "cache_read.input_tokens": 30, **said}
    one = chat("a", **{f"gen_ai__usage__{key}": value for key, value in usage.items()})
    one["name"] = name
    record = {"resourceSpans": [{"scopeSpans": [{"scope": {"name": scope}, "spans": [one]}]}]}
    (call,), _, _ = read_text(tmp_path, lines(record))
    assert (call.input_tokens, call.cache_read_tokens) == (tokens, 30)


@pytest.mark.parametrize(
    ("model", "reasoning", "total", "counted"),
    [
        # The AI SDK with Google: thoughts are beside the output.
        ("gemini-2.5-flash", 1_544, 1_620, (1_594, 1_544)),
        # Older OpenInference with Google: only the total includes them.
        ("gemini-2.5-flash", None, 1_620, (1_594, 1_544)),
        ("models/gemini-2.5-flash", 0, 76, (50, 0)),
        # Output includes reasoning, or nothing shows that it does not.
        ("gpt-5", 40, 76, (50, 40)),
        ("gpt-5", None, 1_620, (50, None)),
        ("gpt-5", 40, None, (50, 40)),
    ],
)
def test_the_total_shows_whether_output_includes_reasoning(
    tmp_path: Path,
    model: str,
    reasoning: int | None,
    total: int | None,
    counted: tuple[int, int | None],
) -> None:
    counts = {"input_tokens": 26, "output_tokens": 50, "total_tokens": total}
    counts |= {"reasoning_tokens": reasoning}
    said = {f"gen_ai__usage__{key}": count for key, count in counts.items() if count is not None}
    (call,), _, _ = read_text(tmp_path, export(chat("a", gen_ai__response__model=model, **said)))
    assert (call.output_tokens, call.reasoning_tokens) == counted


@pytest.mark.parametrize(
    ("said", "tokens"),
    [
        ({"provider": "anthropic"}, 70),
        ({"provider": "anthropic", "input_tokens_include_cache": True}, 40),
        ({"provider": "openai"}, 40),
        ({"provider": "openai", "input_tokens_include_cache": False}, 70),
        ({"provider": "copilot", "input_tokens": 20}, 50),
    ],
)
def test_gh_aw_says_whether_input_holds_the_cache(
    tmp_path: Path, said: dict[str, Any], tokens: int
) -> None:
    record = {"_schema": "token-usage/v1", "model": "m", "input_tokens": 40, "output_tokens": 1}
    (call,), _, _ = read_text(tmp_path, lines(record | {"cache_read_tokens": 30} | said))
    assert call.input_tokens == tokens


def test_a_cost_at_another_models_price_in_gh_aw_is_dropped(tmp_path: Path) -> None:
    record = {
        "_schema": "token-usage/v1",
        "model": "m",
        "input_tokens": 1,
        "ai_credits_this_response": 2,
    }
    borrowed = record | {"request_id": "b", "ai_credits_fallback_pricing_used": True}
    nothing = record | {"request_id": "c", "ai_credits_this_response": 0}
    calls, _, _ = read_text(tmp_path, lines(record | {"request_id": "a"}, borrowed, nothing))
    assert [call.reported_cost for call in calls] == [Decimal("0.02"), None, None]


@pytest.mark.parametrize(
    "key",
    [
        "gen_ai.usage.cost",
        "operation.cost",
        "gen_ai.cost.total_cost",
        "gen_ai.usage.total_cost",
        "gen_ai.usage.cost_usd",
    ],
)
@pytest.mark.parametrize(("cost", "kept"), [(4e-7, Decimal("4e-7")), (0.0, None)])
def test_costs_that_spans_report_are_kept(
    tmp_path: Path, key: str, cost: float, kept: Decimal | None
) -> None:
    one = chat("a", **TOKENS)
    one["attributes"].append({"key": key, "value": {"doubleValue": cost}})
    (call,), _, _ = read_text(tmp_path, export(one))
    assert call.reported_cost == kept


# --- silence ends


def test_a_recognised_file_without_a_call_says_so(tmp_path: Path) -> None:
    calls, rejected, notices = read_text(tmp_path, export(*[span(str(n)) for n in range(3)]))
    assert (calls, rejected) == ([], [])
    assert notices == ["0 calls in 3 records (OTLP: 'resourceSpans')"]
    summary = {"type": "summary", "summary": "x", "leafUuid": "u"}
    _, _, notices = read_text(tmp_path, lines(summary))
    assert notices == ["0 calls in 1 record (Claude Code transcript: 'summary')"]


def test_spans_that_count_tokens_and_are_not_read_are_named(tmp_path: Path) -> None:
    _, _, notices = read_text(tmp_path, export(span("a", my__tokens=5, my__max_tokens=9)))
    assert notices[1] == "spans that count tokens and are not read as calls: my.tokens (1)"
    for name in ("mlflow.chat.tokenUsage", "langfuse.observation.usage_details"):
        written = {name: '{"input": 10, "output": 5}', "memory.usage": "5"}
        _, _, notices = read_text(tmp_path, export(span("a", **written)))
        assert notices[1] == f"spans that count tokens and are not read as calls: {name} (1)"


def test_beside_a_call_a_span_that_counts_tokens_is_named_but_not_around_or_within_it(
    tmp_path: Path,
) -> None:
    around, within = span("a", around__tokens=5), span("c", "b", within__tokens=5)
    beside = span("d", "a", beside__tokens=5)
    call = chat("b", "a", **TOKENS)
    calls, _, notices = read_text(tmp_path, export(around, call, within, beside))
    assert len(calls) == 1
    assert notices == ["spans that count tokens and are not read as calls: beside.tokens (1)"]


def test_attributes_that_seem_to_hold_what_a_call_lacks_are_named(tmp_path: Path) -> None:
    strange = {"my.cached_tokens": 40, "my.cost": 0.25, "my.cache_hits": 0, "my.cache": "on"}
    known = {"gen_ai.usage.cost": 0.25, "gen_ai.usage.cached_tokens": 40}

    def notes(**said: Any) -> list[str]:
        one = chat("a", **TOKENS)
        for key, value in said.items():
            kind = "stringValue" if isinstance(value, str) else "doubleValue"
            one["attributes"].append({"key": key, "value": {kind: value}})
        return read_text(tmp_path, export(one))[2]

    assert notes(**strange) == [
        "attributes of calls that are not read: my.cached_tokens (1), my.cost (1)"
    ]
    assert notes(**strange, **known) == []


@pytest.mark.parametrize(
    "line",
    ['x":1,' * 50_000, export(chat("a", **TOKENS, my__cost="1" * 80_000 + "x"))],
    ids=["the rest of a record, cut at both ends", "a text like a cost"],
)
def test_a_long_line_is_read_in_a_time_in_proportion_to_its_length(
    tmp_path: Path, line: str
) -> None:
    began = time.monotonic()
    read_text(tmp_path, GOOD.decode() + line)
    assert time.monotonic() - began < 5


def test_a_document_with_many_errors_is_read_in_a_time_in_proportion_to_its_length(
    tmp_path: Path,
) -> None:
    began = time.monotonic()
    _, rejected, _ = read_text(tmp_path, '{"a":1,\n' * 100_000)
    assert rejected == ["not recognized as a log of any known format"]
    assert time.monotonic() - began < 10


def test_keys_that_are_nearly_ours_are_named(tmp_path: Path) -> None:
    record = {"timestamp": 0, "model": "m", "prompt_tokens": 5, "completion_tokens": 1, "cost": 1}
    calls, (reason,), _ = read_text(tmp_path, lines(record))
    assert calls == []
    assert reason == (
        "not recognized as a log of any known format; keys that are not read: prompt_tokens (1; "
        "use input_tokens), completion_tokens (1; use output_tokens), cost (1; use "
        "estimated_cost)"
    )
    calls, (reason,), _ = read_text(tmp_path, lines(record | {"duration_ms": 3}))
    why = "no token counts under the documented names; keys that are not read: "
    assert calls == [] and reason.startswith(why)
    ours = {"timestamp": 0, "model": "m", "input_tokens": 5, "output_tokens": 1, "cost": 0.5}
    calls, rejected, notices = read_text(tmp_path, lines(ours, ours | {"call_id": "x"}))
    assert (len(calls), rejected) == (2, [])
    assert notices == ["keys that are not read: cost (2; use estimated_cost)"]


def test_a_failed_call_may_have_no_tokens(tmp_path: Path) -> None:
    record = {"timestamp": 0, "model": "m", "success": False, "cost_center": "x"}
    calls, rejected, _ = read_text(tmp_path, lines(record))
    assert (len(calls), rejected) == (1, [])


def test_what_a_folder_search_passes_over_is_named(tmp_path: Path) -> None:
    names = ("a.jsonl", "b.md", "c.md", "sub/d.tar.gz", "e", "f.jsonl.zst", "g.log", "h.json.gz",
             "i.log.bz2", "j.ndjson.XZ", "k.jsonl.1", "l.log.2.gz", "m.json-20261101",
             "n.log.2026-11-01_10-00", "o.log.old")  # fmt: skip
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [file.name for file in find_logs([str(tmp_path)]).files] == [
        "a.jsonl",
        "f.jsonl.zst",
        "g.log",
        "h.json.gz",
        "i.log.bz2",
        "j.ndjson.XZ",
        "k.jsonl.1",
        "l.log.2.gz",
        "m.json-20261101",
        "n.log.2026-11-01_10-00",
    ]
    (text,) = find_logs([str(tmp_path), str(tmp_path / "b.md")]).passed_over
    assert text == (
        f"{tmp_path}: skipped 2 .md, 1 without an ending, 1 .old, 1 .tar.gz; "
        "a file that you name is read, whatever its ending"
    )


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").touch()
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "self.jsonl").symlink_to(tmp_path / "self.jsonl")
    assert find_logs([str(tmp_path)]).files == [tmp_path / "a.jsonl"]
    assert "2 that cannot be opened as a file" in find_logs([str(tmp_path)]).passed_over[0]


# --- text around records


def test_other_output_never_decides_that_a_file_is_not_recognised(tmp_path: Path) -> None:
    record = {"timestamp": 0, "model": "m", "call_id": "a", "input_tokens": 1}
    text = "npm notice\n" * 5_000 + lines(record) + "[done] in 3 s\n"
    calls, rejected, notices = read_text(tmp_path, text)
    assert (len(calls), rejected) == (1, [])
    assert notices == ["skipped 5,001 lines of other output"]


def test_a_record_in_colours_is_read_unless_it_is_the_script_of_the_step(tmp_path: Path) -> None:
    key, value, end = "\x1b[34;1m", "\x1b[0;32m", "\x1b[0m"
    record = f'{{{key}"model"{end}:{value}"m"{end},"timestamp":0,"call_id":"a"}}'
    for begin in ("", "2026-01-05T12:00:00.1234567Z ", "\x1b[K"):
        assert [one.call_id for one in calls_in(tmp_path, f"start\n{begin}{record}\n")] == ["a"]
    script = '2026-01-05T12:00:00.1234567Z \x1b[36;1m{"model":"m","timestamp":0,"call_id":"b"}'
    assert calls_in(tmp_path, f"start\n{script}{end}\n") == []


def test_a_torn_record_is_rejected_among_other_output_too(tmp_path: Path) -> None:
    record = {"timestamp": 0, "model": "m", "call_id": "a", "input_tokens": 1}
    whole = json.dumps(record)
    text = f"npm notice\n{whole[20:]}\n{whole[:-9]}\n{whole}\n"
    calls, rejected, _ = read_text(tmp_path, text)
    assert (len(calls), len(rejected)) == (1, 2)


def test_a_document_that_does_not_end_loses_no_record_after_it(tmp_path: Path) -> None:
    record = {"timestamp": 0, "model": "m", "call_id": "a", "input_tokens": 1}
    text = 'start\n{\n  "stats": {\n' + lines(record) + lines(record | {"call_id": "b"})
    calls, rejected, _ = read_text(tmp_path, text)
    assert [call.call_id for call in calls] == ["a", "b"]
    assert rejected == ["not JSON (it does not end): '{'"]


def test_records_of_several_formats_in_one_file_are_all_read(tmp_path: Path) -> None:
    ours = {"timestamp": 0, "model": "m", "call_id": "a", "input_tokens": 1}
    turn = {"type": "turn.completed", "usage": {"input_tokens": 5, "output_tokens": 1}}
    started = {"type": "thread.started", "thread_id": "t"}
    calls, rejected, _ = read_text(tmp_path, lines(ours, started, ours | {"call_id": "b"}, turn))
    assert rejected == []
    assert [call.source for call in calls] == ["canonical", "canonical", "codex-exec"]


# --- answers with one id


def test_lines_of_a_session_of_pi_may_lie_between_those_of_a_transcript(tmp_path: Path) -> None:
    records = {case["name"]: case["records"] for case in CASES}
    one, other = records["transcript-tiers"], records["pi-session"]
    apart = {call for log in (one, other) for call in read_text(tmp_path, lines(*log))[0]}
    mixed = [*one, *(record for entry in other for record in (one[0], entry))]
    calls, rejected, _ = read_text(tmp_path, lines(*mixed))
    assert ({*calls}, rejected) == (apart, [])


def test_a_record_of_gh_aw_is_not_taken_for_one_of_our_own_format(tmp_path: Path) -> None:
    ours = {"timestamp": 0, "model": "m", "input_tokens": 10, "output_tokens": 1}
    theirs = {"_schema": "token-usage/v0.1", "provider": "anthropic", "cache_read_tokens": 5}
    calls, rejected, _ = read_text(tmp_path, lines(ours, {**ours, **theirs}))
    found = [(call.source, call.input_tokens) for call in calls]
    assert (found, rejected) == ([("canonical", 10), ("gh-aw", 15)], [])


def test_another_record_among_answers_of_a_batch_is_no_failed_call(tmp_path: Path) -> None:
    (records,) = (
        case["records"] for case in CASES if case["name"] == "openai-batch-with-cache-writes"
    )
    calls, rejected, _ = read_text(tmp_path, lines(*records, {"id": "other"}))
    assert len(calls) == len(records)
    assert rejected == ["custom_id or response is missing"]


def test_answers_that_share_a_static_id_are_distinguished_by_request(tmp_path: Path) -> None:
    def line(request: str, output: int, **more: Any) -> dict[str, Any]:
        usage = {"input_tokens": 1, "output_tokens": output}
        message = {"id": "msg_1", "model": "m", "usage": usage, "stop_reason": "end_turn"}
        return {
            "type": "assistant",
            "sessionId": "s",
            "requestId": request,
            "timestamp": "2026-01-05T08:00:00Z",
            "message": message,
            **more,
        }

    replayed = line("r9", 4, isSidechain=True)
    calls, _, _ = read_text(tmp_path, lines(line("r1", 5), line("r1", 7), line("r2", 9), replayed))
    assert [(call.call_id, call.output_tokens) for call in calls] == [
        ("msg_1", 7),
        ("msg_1:r2", 9),
    ]


def test_fetching_a_stored_answer_is_not_a_call(tmp_path: Path) -> None:
    record = {
        "litellm_call_id": "a",
        "call_type": "aresponses",
        "startTime": 0,
        "status": "success",
        "model": "m",
        "prompt_tokens": 5,
        "completion_tokens": 1,
        "response_cost": 0.5,
    }
    again = record | {"litellm_call_id": "b", "call_type": "aget_responses"}
    calls, rejected, notices = read_text(tmp_path, lines(record, again))
    assert (len(calls), rejected) == (1, [])
    assert notices == ["skipped 1 record of requests that no model answers"]


def test_a_request_to_a_tool_is_a_call_of_litellm_only_if_it_has_a_cost(tmp_path: Path) -> None:
    tool = {"call_type": "call_mcp_tool", "startTime": 0, "status": "success", "model": ""}
    unused = {"prompt_tokens": 0, "completion_tokens": 0, "response_cost": 0.0}
    calls, rejected, notices = read_text(
        tmp_path,
        lines(
            {**tool, **unused, "litellm_call_id": "a"},
            {**tool, **unused, "litellm_call_id": "b", "call_type": "afile_content"},
            {**tool, **unused, "litellm_call_id": "c", "response_cost": 0.01},
        ),
    )
    assert [(call.call_id, call.model, call.reported_cost) for call in calls] == [
        ("c", None, Decimal("0.01"))
    ]
    assert (rejected, notices) == ([], ["skipped 2 records of requests that no model answers"])


@pytest.mark.parametrize(
    ("operation", "is_call"),
    [
        ("ai.generateText.doGenerate", True),
        ("ai.streamText.doStream", True),
        ("ai.embedMany.doEmbed", True),
        ("ai.generateText", False),
        ("ai.toolCall", False),
    ],
)
def test_the_ai_sdks_span_of_a_request_is_a_call_without_names_of_the_conventions(
    tmp_path: Path, operation: str, is_call: bool
) -> None:
    said = {
        "ai.operationId": operation,
        "ai.model.id": "gpt-5",
        "ai.model.provider": "openai.chat",
        "ai.usage.promptTokens": "100",
    }
    if not operation.startswith("ai.embed"):
        said["ai.usage.completionTokens"] = "20"
    attributes = [{"key": key, "value": {"stringValue": value}} for key, value in said.items()]
    span = {"traceId": "a" * 32, "spanId": "1" * 16, "startTimeUnixNano": "1795000000000000000"}
    span |= {"name": operation, "attributes": attributes}
    export = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}
    calls, rejected, _ = read_text(tmp_path, lines(export))
    assert rejected == []
    assert [(call.model, call.input_tokens) for call in calls] == [("gpt-5", 100)] * is_call


def test_a_record_with_only_a_total_is_rejected(tmp_path: Path) -> None:
    record = {"timestamp": 0, "model": "m", "call_id": "a", "total_tokens": 9}
    calls, rejected, _ = read_text(tmp_path, lines(record, record | {"success": False}))
    assert len(calls) == 0
    assert rejected == ["total_tokens without input_tokens and output_tokens"] * 2


@pytest.mark.parametrize(
    ("key", "use"), [("price_usd", ""), ("reported_cost", "; use estimated_cost")]
)
def test_a_key_that_seems_to_be_about_money_is_named(tmp_path: Path, key: str, use: str) -> None:
    record = {"timestamp": 0, "model": "m", "call_id": "a", "input_tokens": 9, key: "EUR"}
    calls, _, notices = read_text(tmp_path, lines(record))
    assert (len(calls), notices) == (1, [f"keys that are not read: {key} (1{use})"])


TIME = "2026-01-05T08:00:00Z"


@pytest.mark.parametrize(("currency", "is_read"), [("EUR", False), ("usd", True), ("", True)])
def test_a_cost_in_another_currency_is_not_read(
    tmp_path: Path, currency: str, is_read: bool
) -> None:
    record = {"timestamp": 0, "model": "m", "estimated_cost": 1.5, "concurrency": "high"}
    said = chat("a", gen_ai__usage__cost=1.5, gen_ai__usage__cost_currency=currency, **TOKENS)
    text = lines({**record, "cost_currency": currency}) + export(said)
    calls, rejected, notices = read_text(tmp_path, text)
    assert rejected == []
    assert [call.reported_cost for call in calls] == [Decimal("1.5") if is_read else None] * 2
    assert [notice for notice in notices if "cost_currency" not in notice] == [
        "costs that are not in US dollars are not read: EUR (1)",
        "attributes of calls that are not read: gen_ai.usage.cost (1)",
    ] * (not is_read)


@pytest.mark.parametrize(
    "records",
    [
        [
            {"type": "result", "session_id": "s", "timestamp": TIME, "total_cost_usd": 0}
            | {"modelUsage": {"m": {"inputTokens": 9, "outputTokens": 1, "costUSD": 0}}}
        ],
        [
            {"type": "assistant", "sessionId": "s", "timestamp": TIME, "costUSD": 0}
            | {"message": {"model": "m", "usage": {"input_tokens": 9, "output_tokens": 1}}}
        ],
        [
            {"type": "session", "id": "s", "cwd": "/"},
            {"type": "message", "id": "a", "timestamp": TIME}
            | {
                "message": {"role": "assistant", "model": "m"}
                | {"usage": {"input": 9, "output": 1, "cost": {"total": 0}}}
            },
        ],
        [
            {"sessionID": "s", "id": "a", "role": "assistant", "time": {"created": 1_795 * 10**9}}
            | {"cost": 0, "tokens": {"input": 0, "output": 10}}
        ],
    ],
    ids=["result", "transcript", "pi", "opencode"],
)
def test_a_cost_of_0_for_tokens_is_not_known(tmp_path: Path, records: list[dict[str, Any]]) -> None:
    (call,), rejected, _ = read_text(tmp_path, lines(*records))
    assert (call.total_tokens, call.reported_cost, rejected) == (10, None, [])


def test_an_answer_of_a_provider_is_named_whatever_came_before_it(tmp_path: Path) -> None:
    message = {"timestamp": TIME, "type": "message", "role": "assistant", "usage": {"input": 1}}
    completion = {"id": "c", "object": "chat.completion", "usage": {"prompt_tokens": 1}}
    session = {"type": "init", "timestamp": TIME, "session_id": "s", "model": "gemini-2.5-pro"}
    models = {"gemini-2.5-pro": {"input_tokens": 9, "output_tokens": 1}}
    result = {"type": "result", "status": "success", "stats": {"models": models}}
    calls, rejected, notices = read_text(tmp_path, lines(session, message, completion, result))
    assert (len(calls), rejected) == (1, [])
    skipped = "skipped 2 records of no known format; keys that are not read: usage (2)"
    assert notices == [skipped]


@pytest.mark.parametrize(
    "record",
    [
        {"type": "session.shutdown", "id": "e", "parentId": None, "timestamp": TIME}
        | {"data": {"modelMetrics": {"a": {}, "b": {"usage": {"inputTokens": 9}}}}},
        {"session_id": "s", "timestamp": TIME}
        | {"stats": {"models": {"a": {"tokens": {"prompt": -1}}, "b": {"tokens": {"prompt": 9}}}}},
        {"projectHash": "h", "sessionId": "s"}
        | {
            "messages": [
                {"type": "gemini", "timestamp": TIME, "model": "b", "tokens": {"input": count}}
                for count in ("?", 9)
            ]
        },
    ],
    ids=["copilot", "gemini", "gemini-session"],
)
def test_what_cannot_be_read_of_a_record_loses_no_other_call_in_it(
    tmp_path: Path, record: dict[str, Any]
) -> None:
    (call,), rejected, _ = read_text(tmp_path, lines(record))
    assert (call.model, call.input_tokens, len(rejected)) == ("b", 9, 1)


def event_of_gemini(name: str, **said: Any) -> dict[str, Any]:
    named = {"event.name": name, "session.id": "s", "event.timestamp": TIME}
    scope = {"instrumentationScope": {"name": "gemini-cli"}, "hrTime": [1_795_000_000, 0]}
    return {**scope, "attributes": {**named, **said}}


def test_an_answer_of_gemini_cli_that_two_events_tell_is_one_call(tmp_path: Path) -> None:
    both = {"gen_ai.operation.name": "generate_content", "gen_ai.request.model": "gemini-2.5-pro"}
    used = {"gen_ai.usage.input_tokens": 9, "gen_ai.usage.output_tokens": 1}
    details = "gen_ai.client.inference.operation.details"
    own = {"model": "gemini-2.5-pro", "input_token_count": 9, "output_token_count": 1}
    printed = [
        event_of_gemini(details, **both),
        event_of_gemini("gemini_cli.api_response", **own),
        event_of_gemini(details, **both, **used),
    ]
    exported = {
        "resourceLogs": [
            {
                "scopeLogs": [
                    {
                        "scope": one["instrumentationScope"],
                        "logRecords": [
                            {
                                "attributes": [
                                    {"key": key, "value": {"stringValue": str(value)}}
                                    for key, value in one["attributes"].items()
                                ]
                            }
                        ],
                    }
                    for one in printed
                ]
            }
        ]
    }
    for log in (lines(*printed), lines(exported)):
        (call,), rejected, _ = read_text(tmp_path, log)
        assert (call.source, call.total_tokens, rejected) == ("gemini-cli-otlp", 10, [])


def test_a_result_of_gemini_cli_without_models_is_that_of_its_session(tmp_path: Path) -> None:
    begin = {"type": "init", "timestamp": TIME, "session_id": "s", "model": "gemini-2.5-pro"}
    used = {"total_tokens": 12, "input_tokens": 9, "output_tokens": 1, "tool_calls": 0}
    result = {"type": "result", "timestamp": TIME, "status": "success", "stats": used}
    (call,), rejected, _ = read_text(tmp_path, lines(begin, result))
    assert (call.model, call.input_tokens, call.output_tokens) == ("gemini-2.5-pro", 9, 3)
    assert rejected == []


def test_a_model_of_gemini_cli_that_only_failed_is_known_to_have_used_nothing(
    tmp_path: Path,
) -> None:
    def used(tokens: int, errors: int) -> dict[str, Any]:
        api = {"totalRequests": 1, "totalErrors": errors}
        return {"api": api, "tokens": {"prompt": tokens, "candidates": tokens}}

    models = {"gemini-2.5-pro": used(0, 1), "gemini-2.5-flash": used(5, 0)}
    result = {"session_id": "s", "response": "x", "stats": {"models": models}}
    calls, rejected, _ = read_text(tmp_path, lines({"timestamp": TIME, **result}))
    found = {call.model: (call.success, call.total_tokens) for call in calls}
    assert found == {"gemini-2.5-pro": (False, 0), "gemini-2.5-flash": (True, 10)}
    assert rejected == []


def test_a_session_of_copilot_that_ends_without_its_use_is_named(tmp_path: Path) -> None:
    kinds = ("session.start", "assistant.message", "session.shutdown")
    events = [{"type": kind, "data": {}, "id": kind, "parentId": None} for kind in kinds]
    calls, (reason,), _ = read_text(tmp_path, lines(*events))
    assert (len(calls), "there is no session.shutdown with modelMetrics" in reason) == (
        0,
        True,
    )


@pytest.mark.parametrize(
    ("name", "key"), [("api_request", "event.name"), ("claude_code.api_request", "eventName")]
)
def test_an_event_of_claude_code_is_known_without_its_body(
    tmp_path: Path, name: str, key: str
) -> None:
    said = {"session.id": "s", "model": "claude-x", "input_tokens": "9", "output_tokens": "1"}
    said |= {key: name} if key == "event.name" else {}
    attributes = [{"key": one, "value": {"stringValue": value}} for one, value in said.items()]
    event = {"timeUnixNano": "1795000000000000000", "attributes": attributes, key: name}
    (call,), _, _ = read_text(
        tmp_path, lines({"resourceLogs": [{"scopeLogs": [{"logRecords": [event]}]}]})
    )
    assert (call.source, call.total_tokens) == ("claude-code-otlp", 10)


def test_a_time_in_microseconds_is_not_taken_for_nanoseconds(tmp_path: Path) -> None:
    span = chat("a", **TOKENS) | {"startTimeUnixNano": "1795168800000000"}
    calls, (reason,), _ = read_text(tmp_path, export(span))
    assert len(calls) == 0
    assert reason == "startTimeUnixNano is '1795168800000000', not in nanoseconds since 1970"


# --- hostile files

GOOD = lines({"timestamp": 0, "model": "m", "call_id": "a", "input_tokens": 1}).encode()


def test_a_pipe_that_nothing_writes_to_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("telemetry.llm.opening.NO_WRITER", 0.1)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    (found,) = read_calls(pipe, Defaults())
    assert found == Rejected(
        str(pipe), None, "cannot be read: nothing wrote to the pipe for 0.1 seconds"
    )


def test_a_line_of_too_many_values_loses_no_other(tmp_path: Path) -> None:
    line = b'{"timestamp":0,"model":"m","x":[' + b"[]," * 2**21 + b"[]]}\n"
    calls, rejected, _ = read_text(tmp_path, GOOD + line + GOOD.replace(b'"a"', b'"b"'))
    assert [call.call_id for call in calls] == ["a", "b"]
    assert rejected == ["the line holds more than 2,097,152 values; split it"]
