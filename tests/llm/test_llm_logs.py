"""Logs are found, opened, recognised and read to their end, whatever they hold."""

import gzip
import io
import itertools
import json
import os
import tempfile
import threading
import tracemalloc
from collections.abc import Iterable
from dataclasses import asdict, fields
from datetime import UTC, datetime
from decimal import Decimal
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg import sql
from support.llm_readings import AT, merged, read
from support.paths import PAYLOADS

from telemetry.database.connection import Connection
from telemetry.database.upserts import upsert
from telemetry.llm import decoding, logs
from telemetry.llm.decoding import LONGEST_LINE
from telemetry.llm.finding import STDIN, find_logs
from telemetry.llm.formats.readers import Defaults
from telemetry.llm.logs import read_calls
from telemetry.llm.recognising import Rejected
from telemetry.rows.llm import MOST_TOKENS, LlmCall
from telemetry.rows.reading import LONGEST_COUNT, LONGEST_INTEGER, storable
from telemetry.settings import UsageError

# Each line of these stands for itself; the others' say something of what follows them.
LINE_BY_LINE = ("canonical", "transcript", "litellm", "gh_aw", "openai_batch")
PAYLOAD_LOGS = sorted(PAYLOADS.glob("llm_*"))

UNKNOWN = "not recognized as a log of any known format"
KEY = itemgetter("source", "call_id")

GOOD = b'{"call_id":"c","timestamp":0,"model":"m"}\n'


def read_bytes(content: bytes, **defaults: Any) -> tuple[list[LlmCall], list[Rejected]]:
    found = list(read_calls(STDIN, Defaults(**defaults), io.BytesIO(content)))
    calls = [reading for reading in found if isinstance(reading, LlmCall)]
    return calls, [reading for reading in found if isinstance(reading, Rejected)]


def rows(*contents: bytes, at: datetime | None = AT) -> list[LlmCall]:
    """What is stored of files that are read one after the other."""
    return merged(call for content in contents for call in read_bytes(content, at=at)[0])


# --- finding


def test_files_folders_and_globs_are_found_once_each(tmp_path: Path) -> None:
    names = ["a.jsonl", "sub/b.json", "sub/deep/c.ndjson.gz", "sub/.hidden.jsonl", "sub/notes.md"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    a, b, c, hidden, notes = (tmp_path / name for name in names)
    assert find_logs([str(tmp_path)]).files == [a, hidden, b, c]
    assert find_logs([str(notes), str(a)]).files == [notes, a]
    assert find_logs([str(tmp_path / "*.jsonl"), str(tmp_path / "**" / "*.json*")]).files == [
        a,
        hidden,
        b,
    ]
    assert find_logs([str(tmp_path / "s*"), str(b)]).files == [hidden, b, c]
    assert find_logs(["-", "-"]).files == [STDIN]


def test_what_a_folder_or_a_glob_finds_is_searched_unless_it_is_named_too(tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        (tmp_path / name).touch()
    a, b = tmp_path / "a.json", tmp_path / "b.json"
    for pattern in (tmp_path, tmp_path / "*.json"):
        assert find_logs([str(pattern)]).searched == {a, b}
        assert find_logs([str(a), str(pattern)]).searched == {b}
        assert find_logs([str(pattern), str(a)]).searched == {b}
    assert find_logs([str(a), str(b), "-"]).searched == set()


def test_a_name_with_brackets_is_a_name_first(tmp_path: Path) -> None:
    for name in ("log[1].jsonl", "log1.jsonl"):
        (tmp_path / name).touch()
    assert find_logs([str(tmp_path / "log[1].jsonl")]).files == [tmp_path / "log[1].jsonl"]


@pytest.mark.parametrize("pattern", ["missing.jsonl", "*.jsonl", "", " ", "\0", "."])
def test_a_pattern_that_finds_nothing_is_said_and_the_others_count(
    pattern: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.md").touch()
    found = find_logs([pattern, "notes.md"])
    assert found.files == [Path("notes.md")]
    assert len(found.unmatched) == 1


def test_a_pattern_that_cannot_be_searched_for_is_an_error() -> None:
    with pytest.raises(UsageError):
        find_logs(["a" * 9_999])


# --- opening


def test_packed_files_are_read_by_what_they_are_and_not_by_their_names(tmp_path: Path) -> None:
    packed, plain = tmp_path / "packed.jsonl", tmp_path / "plain.jsonl.gz"
    packed.write_bytes(gzip.compress(GOOD) + gzip.compress(GOOD.replace(b'"c"', b'"d"')))
    plain.write_bytes(GOOD)
    assert [call.call_id for call in read(packed)[0]] == ["c", "d"]
    assert [call.call_id for call in read(plain)[0]] == ["c"]


def test_standard_input_is_read_and_left_open() -> None:
    stream = io.BytesIO(gzip.compress(GOOD))
    assert len(list(read_calls(STDIN, Defaults(), stream))) == 1
    assert not stream.closed
    (missing,) = read_calls(STDIN, Defaults())
    assert missing == Rejected("-", None, "cannot be read: there is no standard input")


def test_a_file_that_the_system_does_not_open_is_named_once(tmp_path: Path) -> None:
    file = tmp_path / "gone.jsonl"
    assert read(file) == (
        [],
        [Rejected(str(file), None, "cannot be read: No such file or directory")],
    )


def test_a_named_pipe_is_read(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(gzip.compress(GOOD),))
    writer.start()
    calls, rejected = read(pipe)
    writer.join()
    assert (len(calls), rejected) == (1, [])


@pytest.mark.scenario
@pytest.mark.parametrize(
    ("begin", "line", "reason"),
    [
        (GOOD, 2, "the line is longer than 33,554,432 bytes; split it"),
        (b"[", None, "cannot be read: the line is longer than 33,554,432 bytes; split it"),
        (b"[\n", None, "cannot be read: its array or object is longer than 67,108,864 bytes"),
    ],
)
def test_what_unpacks_to_more_than_a_record_may_be_is_not_taken_into_memory(
    tmp_path: Path, begin: bytes, line: int | None, reason: str
) -> None:
    file = tmp_path / "log.jsonl.gz"
    with gzip.open(file, "wb", compresslevel=1) as packed:
        packed.write(begin)
        for _ in range(3 * LONGEST_LINE // 2**20):
            packed.write(b" " * 2**20)
    calls, (rejected,) = read(file)
    assert len(calls) == (begin == GOOD)
    assert (rejected.file, rejected.line) == (str(file), line)
    assert rejected.reason.startswith(reason)


def test_a_line_that_is_too_long_loses_no_other(tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    with file.open("wb") as stream:
        stream.write(GOOD)
        stream.write(b'{"timestamp":0,"model":"' + b"m" * (2 * LONGEST_LINE) + b'"}\n')
        stream.write(GOOD.replace(b'"c"', b'"d"'))
    calls, (rejected,) = read(file)
    assert [call.call_id for call in calls] == ["c", "d"]
    assert rejected.line == 2


def test_what_cannot_be_opened_is_named(tmp_path: Path) -> None:
    (gone,) = read(tmp_path / "gone.jsonl")[1]
    assert (gone.file, gone.line) == (str(tmp_path / "gone.jsonl"), None)
    assert "No such file" in gone.reason
    (folder,) = read(tmp_path)[1]
    assert "Is a directory" in folder.reason
    (device,) = read(Path("/dev/zero"))[1]
    assert device.reason == "cannot be read: it is a device, not a file or a pipe"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_text_in_utf_16_is_read(encoding: str) -> None:
    calls, rejected = read_bytes((GOOD + GOOD).decode().encode(encoding))
    assert (len(calls), rejected) == (2, [])


# --- recognising and decoding


@pytest.mark.parametrize("content", [b"", b"\n \r\n", b"\xef\xbb\xbf", b"[]", b"[\n]\n"])
def test_an_empty_file_holds_nothing_and_nothing_is_wrong_with_it(content: bytes) -> None:
    assert read_bytes(content) == ([], [])


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\n\x00",
        b"# Notes\n\nText.\n",
        b'{"type":"object","properties":{}}',
        b'{"input_tokens":1,"primary_model":"m"}',
        b'[[1,2],"x",null]',
        b"{}\n" * 500,
        b'{\n "name": "x",\n',
    ],
)
def test_a_file_of_no_known_format_is_named_once_and_never_guessed(content: bytes) -> None:
    more = ", and not text; if it is an archive or packed, unpack it" if b"\0" in content else ""
    assert read_bytes(content) == ([], [Rejected("-", None, UNKNOWN + more)])


def test_lines_before_the_first_recognised_one_are_not_lost() -> None:
    calls, rejected = read_bytes(b'\n{"model":"m"}\nno\n\n' + GOOD)
    assert [call.call_id for call in calls] == ["c"]
    assert [(one.line, one.reason) for one in rejected] == [
        (2, "call: timestamp is missing"),
        (3, "not JSON (Expecting value): 'no'"),
    ]


def test_bad_lines_lose_nothing_else_and_are_named_by_their_numbers() -> None:
    deep, long = b"[" * 100_000, b'{"timestamp":' + b"1" * 5_000 + b"}"
    bad = [b'{"cut":', deep, long, b"\xff\xfe", b'"text"', b"nul\0", b"{} {}"]
    content = GOOD + b"\r\n".join(b"\xef\xbb\xbf" + line for line in bad) + b"\n" + GOOD
    calls, rejected = read_bytes(content)
    assert [call.call_id for call in calls] == ["c", "c"]
    # The last of them holds two objects.
    assert [one.line for one in rejected] == [*range(2, 2 + len(bad)), 1 + len(bad)]
    assert all(one.reason.isprintable() and len(one.reason) < 200 for one in rejected)


@pytest.mark.parametrize(
    "useless",
    [
        b"no\n",
        b"{}\n",
        b"7\n",
        b"null\n",
        b'{"model":"m"}\n',
        b'{"cut":\n',
        b"\n",
        b"\r\n",
        b"\xff\n",
    ],
)
@pytest.mark.parametrize("before", [b"", GOOD], ids=["nothing before", "a call before"])
def test_a_file_of_useless_lines_is_given_up_and_keeps_what_came_before(
    monkeypatch: pytest.MonkeyPatch, before: bytes, useless: bytes
) -> None:
    monkeypatch.setattr(logs, "MOST_USELESS", 50)
    monkeypatch.setattr(decoding, "MOST_EMPTY", 50)
    calls, rejected = read_bytes(before + (useless * 49 + GOOD) * 3)
    assert len(calls) == 3 + bool(before)
    calls, rejected = read_bytes(before + useless * 150 + GOOD)
    assert len(calls) == bool(before)
    assert [one for one in rejected if one.line is None and "given up at line 5" in one.reason]
    assert sum(one.line is not None for one in rejected) <= 52


def test_marks_blank_lines_and_a_missing_end_do_not_matter() -> None:
    calls, rejected = read_bytes(b"\xef\xbb\xbf\r\n \t\n\xef\xbb\xbf" + GOOD + b"\r\n" + GOOD[:-1])
    assert (len(calls), rejected) == (2, [])


def test_a_log_that_was_cut_under_its_writer_loses_nothing_after_the_cut() -> None:
    nuls = b"\0" * 5_000
    calls, rejected = read_bytes(nuls + GOOD + GOOD)
    assert (len(calls), rejected) == (2, [])
    calls, rejected = read_bytes(GOOD + nuls)
    assert (len(calls), [one.line for one in rejected]) == (1, [2])


def test_an_array_is_its_items_on_their_lines() -> None:
    good = GOOD.decode().strip()
    content = f'[\n  {good},\n  {{"model": "m"}},\n  7\n]\n[{good}]'.encode()
    for begin, line in ((b"", 3), (b"\xef\xbb\xbf\n \n", 5)):
        calls, rejected = read_bytes(begin + content)
        assert len(calls) == 2
        assert [one.line for one in rejected] == [line, line + 1]


def test_an_array_that_is_cut_keeps_what_it_had() -> None:
    calls, rejected = read_bytes(b"[\n" + GOOD + b",\n" + GOOD + b',\n{"call_id":')
    assert len(calls) == 2
    assert [one.line for one in rejected] == [6]


def test_an_object_over_many_lines_is_one_record() -> None:
    pretty = json.dumps(json.loads(GOOD), indent=2)
    assert len(read_bytes(f"{pretty}\n{pretty}".encode())[0]) == 2


def test_money_is_as_exact_as_it_is_written() -> None:
    line = b'{"timestamp":0,"model":"m","estimated_cost":0.12345678901234567890}'
    assert read_bytes(line)[0][0].estimated_cost == Decimal("0.12345678901234567890")


# --- linking


@pytest.mark.parametrize(
    ("folder", "run_id"),
    [
        ("run-19000000001", 19000000001),
        ("run-19000000001/run-19000000002/usage", 19000000002),
        ("run-20261124", 7),
        ("run-1767600000", 7),
        ("run-20261124101500", 7),
        ("my-run-19000000001", 7),
        ("run-19000000001-logs", 7),
    ],
)
def test_a_folder_named_after_a_run_links_its_calls(
    tmp_path: Path, folder: str, run_id: int
) -> None:
    file = tmp_path / folder / "log.jsonl"
    file.parent.mkdir(parents=True)
    named = b'{"timestamp":1,"model":"m","github_run_id":5,"github_run_attempt":4}\n'
    file.write_bytes(GOOD + named)
    calls, _ = read(file, github_run_id=7, github_run_attempt=3)
    assert [(call.github_run_id, call.github_run_attempt) for call in calls] == [
        (run_id, 3 if run_id == 7 else None),
        (5, 4),
    ]


def test_the_attempt_of_a_run_is_not_that_of_another() -> None:
    content = b'{"timestamp":0,"model":"m","github_run_id":5}\n'
    for default, attempt in ((5, 3), (6, None)):
        (call,), _ = read_bytes(content, github_run_id=default, github_run_attempt=3)
        assert (call.github_run_id, call.github_run_attempt) == (5, attempt)


# --- the same rows, however often and in whatever pieces


@st.composite
def pieces(draw: st.DrawFn, lines: list[bytes]) -> list[bytes]:
    """The lines, some of them twice, in another order and in several files."""
    again = draw(st.lists(st.sampled_from(lines)))
    shuffled = draw(st.permutations(lines + again))
    cuts = draw(st.lists(st.integers(0, len(shuffled)), max_size=4))
    edges = [0, *sorted(cuts), len(shuffled)]
    return [b"\n".join(shuffled[a:b]) for a, b in itertools.pairwise(edges)]


@pytest.mark.scenario
@pytest.mark.parametrize("name", LINE_BY_LINE)
@settings(max_examples=25)  # of each
@given(data=st.data())
def test_logs_in_any_pieces_and_order_are_the_same_rows(name: str, data: st.DataObject) -> None:
    whole = (PAYLOADS / f"llm_{name}.jsonl").read_bytes()
    # A canonical record without a time, in a file of its own, is not recognised.
    at = None if name == "canonical" else AT
    assert rows(*data.draw(pieces(whole.splitlines())), at=at) == rows(whole, at=at)


def assistant_line(number: int, **message: Any) -> dict[str, Any]:
    return {
        "type": "assistant",
        "sessionId": "s",
        "isSidechain": message.pop("sidechain", False),
        "timestamp": f"2026-01-05T08:{message.pop('minute', 0):02}:00.000Z",
        "message": {"id": f"m{number}", "model": "claude-x", **message},
    }


USAGES = st.fixed_dictionaries(
    {"input_tokens": st.integers(0, 3), "output_tokens": st.none() | st.integers(0, 3)},
    optional={"cache_read_input_tokens": st.none() | st.integers(0, 3)},
)
TRANSCRIPTS = st.lists(
    st.builds(
        assistant_line,
        st.integers(0, 3),
        usage=USAGES,
        sidechain=st.booleans(),
        stop_reason=st.none() | st.just("end_turn"),
        minute=st.integers(0, 59),
    ),
    min_size=1,
    max_size=12,
)


@given(TRANSCRIPTS, st.data())
def test_any_transcript_in_any_pieces_and_order_is_the_same_rows(
    transcript: list[dict[str, Any]], data: st.DataObject
) -> None:
    lines = [json.dumps(line).encode() for line in transcript]
    whole = rows(b"\n".join(lines))
    assert rows(*data.draw(pieces(lines))) == whole
    # By the rule itself: the session's own line, then one that ended, then the most tokens.
    for call in whole:
        group = [line for line in transcript if line["message"]["id"] == call.call_id]
        # 0 of everything is not known.
        told = [
            line
            for line in group
            if line["message"]["usage"]["output_tokens"] is not None
            and any(line["message"]["usage"].values())
        ]
        for wanted in (
            lambda line: not line["isSidechain"],
            lambda line: line["message"]["stop_reason"] is not None,
        ):
            told = [line for line in told if wanted(line)] or told
        if told:
            usages = [line["message"]["usage"] for line in told]
            assert call.total_tokens == max(
                sum(count or 0 for count in usage.values()) for usage in usages
            )
        earliest = min(line["timestamp"] for line in group)
        assert f"{call.timestamp:%Y-%m-%dT%H:%M}:00.000Z" == earliest


@pytest.mark.scenario
@pytest.mark.parametrize("file", PAYLOAD_LOGS, ids=lambda file: file.stem)
@settings(max_examples=25)  # of each
@given(data=st.data())
def test_a_log_that_grows_while_it_is_read_is_the_same_rows(
    file: Path, data: st.DataObject
) -> None:
    whole = file.read_bytes()
    cut = data.draw(st.integers(0, len(whole)))
    assert rows(whole[:cut], whole) == rows(whole) == rows(whole, whole)
    assert rows(whole[:cut], whole, whole[:cut]) == rows(whole + b"\n" + whole) == rows(whole)


def test_lines_of_a_message_far_from_each_other_are_still_one_call() -> None:
    usage = {"input_tokens": 1, "output_tokens": 1}
    first = [assistant_line(n, usage=usage, stop_reason=None) for n in range(600)]
    usage = {"input_tokens": 1, "output_tokens": 100}
    last = [assistant_line(n, usage=usage, stop_reason="end_turn", minute=1) for n in range(600)]
    found = rows(b"\n".join(json.dumps(line).encode() for line in first + last))
    assert len(found) == 600
    assert {(call.output_tokens, call.timestamp.minute) for call in found} == {(100, 0)}


@pytest.mark.scenario
@pytest.mark.parametrize("kind", ["canonical", "transcript"])
def test_a_long_log_takes_no_more_memory_than_a_short_one(kind: str) -> None:
    usage = {"input_tokens": 1, "output_tokens": 1}

    def lines() -> Iterable[bytes]:
        for number in range(8_000):
            record = assistant_line(number, usage=usage, stop_reason="end_turn")
            if kind == "canonical":
                record = {"timestamp": number, "model": "m", "session_id": "s" * 150}
            yield json.dumps(record).encode() + b"\n"

    with tempfile.NamedTemporaryFile() as file:
        file.writelines(lines())
        file.flush()
        assert file.tell() > 1_500_000
        tracemalloc.start()
        try:
            count = sum(1 for _ in read_calls(Path(file.name), Defaults()))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert count == 8_000
    assert peak < 1_000_000


# --- no record breaks the convention

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([2**63 - 1, 2**63, 10**400])
    | st.floats()
    | st.sampled_from(["", "\0\ud800", "7", "9" * 19, "-1", "x" * 3_000, "9999-12-31T23:59:59Z"])
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path to each value within a value."""
    keys: Iterable[Any] = ()
    if isinstance(value, dict):
        keys = value
    elif isinstance(value, list):
        keys = range(len(value))
    return [path, *(found for key in keys for found in places(value[key], (*path, key)))]


def changed(value: Any, path: tuple[Any, ...], key: str | None, new: Any) -> Any:
    """The value with what is at a path replaced, or put under another key."""
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    if len(path) == 1 and key is not None and isinstance(copy, dict):
        copy[key] = copy.pop(path[0])
    else:
        copy[path[0]] = changed(copy[path[0]], path[1:], key, new)
    return copy


def records_of(file: Path) -> list[Any]:
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".jsonl":
        return [json.loads(line) for line in text.splitlines()]
    document = json.loads(text)
    return document if isinstance(document, list) else [document]


def keeps_the_convention(call: LlmCall) -> bool:
    row = asdict(call)
    counts = [value for name, value in row.items() if name.endswith(("_tokens", "_ms"))]
    parts = (call.cache_read_tokens or 0) + (call.cache_write_tokens or 0)
    texts = [value for value in row.values() if isinstance(value, str)]
    return (
        all(n is None or (type(n) is int and 0 <= n <= LONGEST_INTEGER) for n in counts)
        and (call.total_tokens or 0) <= MOST_TOKENS
        and (call.input_tokens is None or call.input_tokens >= parts)
        and (call.output_tokens is None or call.output_tokens >= (call.reasoning_tokens or 0))
        and (call.cache_write_1h_tokens or 0) <= (call.cache_write_tokens or 0)
        and (call.estimated_cost is None or 0 <= call.estimated_cost < 9_999)
        and (call.github_run_id or 0) <= LONGEST_INTEGER
        and (call.github_run_attempt or 0) <= LONGEST_COUNT
        and 0 <= call.api_calls <= LONGEST_COUNT
        and 0 < len(call.call_id) <= 255
        and len(call.session_id) <= 255
        and len(call.error_message or "") <= 2_000
        and all(storable(text) == text for text in texts)
        and call.timestamp.tzinfo is UTC
        and call.success in (True, False, None)
    )


@pytest.mark.scenario
@pytest.mark.parametrize("file", PAYLOAD_LOGS, ids=lambda file: file.stem)
@settings(max_examples=25)  # of each
@given(data=st.data())
def test_no_record_makes_anything_but_calls_that_keep_the_convention_and_reasons(
    file: Path, data: st.DataObject
) -> None:
    records = records_of(file)
    for _ in range(data.draw(st.integers(1, 4))):
        path = data.draw(st.sampled_from(places(records)[1:] or [(0,)]))
        key = data.draw(st.none() | st.text() | st.sampled_from(["type", "model", "usage"]))
        records = changed(records, path, key, data.draw(JSON))
    for content in (
        "\n".join(json.dumps(record) for record in records),
        json.dumps(records, indent=1),
    ):
        calls, rejected = read_bytes(content.encode(), at=AT)
        assert all(keeps_the_convention(call) for call in calls)
        assert all(one.reason.isprintable() and len(one.reason) < 500 for one in rejected)


WRONG_NUMBERS = (-1, -1.0, -0.5, 2**63, 10**400, float("inf"), float("nan"), "-7", "1e9", True)


@pytest.mark.parametrize("number", WRONG_NUMBERS, ids=lambda number: f"{number!s:.9}")
@pytest.mark.parametrize("file", PAYLOAD_LOGS, ids=lambda file: file.stem)
def test_no_number_of_a_record_may_be_negative_or_huge(file: Path, number: Any) -> None:
    records = records_of(file)
    numbers = [path for path in places(records) if type(value_at(records, path)) in (int, float)]
    for path in numbers or [(0,)]:
        content = "\n".join(json.dumps(one) for one in changed(records, path, None, number))
        calls, rejected = read_bytes(content.encode(), at=AT)
        assert all(keeps_the_convention(call) for call in calls), path
        assert all(one.reason.isprintable() and len(one.reason) < 500 for one in rejected), path


def value_at(value: Any, path: tuple[Any, ...]) -> Any:
    return value_at(value[path[0]], path[1:]) if path else value


@pytest.mark.parametrize(
    ("before", "after"),
    [("[", "]"), ('{"a":', "}"), ('{"a":[', "]}"), ("[1,", "]"), ("[", "")],
    ids=["lists", "maps", "both", "after a number", "never closed"],
)
def test_no_depth_of_nesting_ends_the_reading(before: str, after: str) -> None:
    """Some depths can be decoded, and are too deep for what follows."""
    record = '{"timestamp":"2026-01-01T00:00:00Z","model":"m","input_tokens":1,"x":%s}'
    for depth in (*range(100, 1_100, 9), 100_000):
        deep = before * depth + "1" + after * depth
        content = f"{deep}\n{record % deep}\n".encode() + GOOD
        for first in (b"", GOOD):  # a deep line may begin a document, or follow a record
            calls, _ = read_bytes(first + content)
            assert calls and calls[-1].call_id == "c", depth


# --- the table


def stored(connection: Connection) -> list[dict[str, Any]]:
    names = ", ".join(field.name for field in fields(LlmCall))
    query = sql.SQL("select {} from llm_calls order by source, call_id").format(sql.SQL(names))
    return connection.execute(query).fetchall()


@pytest.mark.parametrize("backwards", [False, True], ids=["forwards", "backwards"])
def test_the_table_keeps_the_best_reading_of_each_call(
    connection: Connection, backwards: bool
) -> None:
    calls = [call for file in PAYLOAD_LOGS for call in read(file, at=AT)[0]]
    for call in reversed(calls) if backwards else calls:
        upsert(connection, [call])
    expected = [asdict(call) for call in merged(calls)]
    for row in expected:
        row["estimated_cost"] = row["estimated_cost"] and round(row["estimated_cost"], 6)
    assert sorted(stored(connection), key=KEY) == sorted(expected, key=KEY)
    assert upsert(connection, calls).updated == 0
