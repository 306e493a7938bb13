"""Logs that are packed, or that change while they are read."""

import bz2
import io
import json
import lzma
import random
import tarfile
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import zstandard
from support.llm_readings import PACKERS, lines, read_text

from telemetry.llm.formats.readers import Defaults
from telemetry.llm.logs import read_calls
from telemetry.llm.opening import LARGEST_RATIO, SMALL
from telemetry.llm.recognising import Rejected
from telemetry.rows.llm import LlmCall

GOOD = lines({"timestamp": 0, "model": "m", "call_id": "a", "input_tokens": 1}).encode()

each_packer = pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS)


def calls_of(found: Iterable[Any]) -> list[LlmCall]:
    return [each for each in found if isinstance(each, LlmCall)]


# --- packed


@each_packer
def test_a_file_that_unpacks_to_far_more_than_a_log_would_is_given_up(
    tmp_path: Path, pack: Any
) -> None:
    packed = pack(GOOD + (b'"' + b"x" * 10_000 + b'"\n') * 800)
    assert len(packed) < 100_000
    calls, rejected, _ = read_text(tmp_path, packed)
    assert len(calls) == 1
    assert rejected[-1].startswith("cannot be read: it unpacks to more than 300 times its size")
    # How much of the packed file is read at once differs between versions of Python.
    most = max(SMALL, LARGEST_RATIO * len(packed)) + 2**20
    assert len(rejected) * 10_000 < most


def test_without_its_package_a_zst_file_is_named_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("telemetry.llm.opening.zstandard", None)
    _, (reason,), _ = read_text(tmp_path, zstandard.compress(b"{}\n"))
    assert reason.endswith("needs: pip install 'actions-telemetry[zst]'")


@each_packer
def test_a_packed_file_that_ends_early_keeps_what_it_had(tmp_path: Path, pack: Any) -> None:
    record = {"timestamp": 0, "model": "m", "call_id": "a", "input_tokens": 1}
    rng = random.Random(0)
    more = [record | {"call_id": "b", "session_id": rng.randbytes(99).hex()} for _ in range(999)]
    whole, cut = (pack(lines(*some).encode()) for some in ([record], more))
    calls, (reason,), _ = read_text(tmp_path, whole + cut[:-20])
    assert calls[0].call_id == "a"
    assert reason.startswith("cannot be read: Compressed file ended before the end")


@pytest.mark.parametrize("missing", [0, 1])
def test_packed_exports_of_a_collector_have_their_sizes_before_them(
    tmp_path: Path, missing: int
) -> None:
    exports = [
        zstandard.compress(
            json.dumps({"timestamp": 0, "model": "m", "call_id": str(number)}).encode()
        )
        for number in range(3)
    ]
    packed = b"".join(len(export).to_bytes(4, "big") + export for export in exports)
    calls, rejected, _ = read_text(tmp_path, packed[: len(packed) - missing])
    assert len(calls) == 3 - missing
    assert rejected == missing * ["cannot be read: Compressed file ended before the end of a frame"]


@each_packer
def test_packed_files_one_after_another_are_read(tmp_path: Path, pack: Any) -> None:
    first, second = (
        pack(lines({"timestamp": 0, "model": "m", "call_id": name}).encode()) for name in "ab"
    )
    calls, rejected, _ = read_text(tmp_path, first + bytes(8) + second)
    assert ([call.call_id for call in calls], rejected) == (["a", "b"], [])


def test_a_packed_file_that_needs_much_memory_is_refused(tmp_path: Path) -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 1, "dict_size": 2**28}]
    _, (reason,), _ = read_text(tmp_path, lzma.compress(b"{}\n", filters=filters))
    assert reason == "cannot be read: Memory usage limit exceeded"


@pytest.mark.parametrize("lacking", ["bz2", "lzma"])
def test_a_python_without_a_module_says_so_and_reads_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lacking: str
) -> None:
    monkeypatch.setattr(f"telemetry.llm.opening.{lacking}", None)
    _, (reason,), _ = read_text(tmp_path, {"bz2": bz2, "lzma": lzma}[lacking].compress(b"{}\n"))
    assert reason.endswith("which this Python lacks; unpack it")


def test_what_is_packed_in_another_way_is_said_to_be_no_text(tmp_path: Path) -> None:
    inside = lines({"timestamp": 0, "model": "m", "call_id": "a"}).encode()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("a.jsonl", inside)
    tarred = io.BytesIO()
    with tarfile.open(fileobj=tarred, mode="w:gz") as tar:
        member = tarfile.TarInfo("a.bin")
        tar.addfile(member, io.BytesIO())
    for packed in (archive.getvalue(), tarred.getvalue(), zlib.compress(inside) + b"\n\0"):
        _, rejected, _ = read_text(tmp_path, packed)
        assert rejected[-1] == (
            "not recognized as a log of any known format, and not text; "
            "if it is an archive or packed, unpack it"
        )


# --- files that change while they are read


def numbered(name: str, count: int = 2_000) -> bytes:
    """Calls whose lines are all equally long, so that halves of two lines make a line."""
    return lines(*(
        {"timestamp": n, "model": "m", "call_id": f"{name}{n:06}", "session_id": name * 9}
        for n in range(10_000, 10_000 + count)
    )).encode()  # fmt: skip


def test_a_file_that_is_overwritten_while_it_is_read_never_mixes_two_calls(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_bytes(numbered("a"))
    reading = read_calls(log, Defaults())
    found = [next(reading) for _ in range(100)]
    with log.open("r+b") as writer:
        writer.truncate()
        writer.write(numbered("b"))
    found += reading
    calls, others = calls_of(found), [each for each in found if not isinstance(each, LlmCall)]
    assert 100 <= len(calls) < 2_000
    assert {(call.call_id[0], call.session_id) for call in calls} == {("a", "a" * 9)}
    assert others == [Rejected(str(log), None, (
        "cannot be read: it was cut or overwritten while it was read; the calls before are kept, "
        "and the next ingest reads the new content"
    ))]  # fmt: skip
    assert len(calls_of(read_calls(log, Defaults()))) == 2_000


@pytest.mark.parametrize("left", [0, 50_000])
def test_a_file_that_is_cut_while_it_is_read_is_named(tmp_path: Path, left: int) -> None:
    log = tmp_path / "log.jsonl"
    log.write_bytes(numbered("a"))
    reading = read_calls(log, Defaults())
    found = [next(reading) for _ in range(1_000)]
    with log.open("r+b") as writer:
        writer.truncate(left)
    found += reading
    (named,) = (each for each in found if not isinstance(each, LlmCall))
    assert isinstance(named, Rejected) and "it was cut or overwritten" in named.reason


def test_a_file_that_is_replaced_while_it_is_read_is_read_to_its_end(tmp_path: Path) -> None:
    log, new = tmp_path / "log.jsonl", tmp_path / "new.jsonl"
    log.write_bytes(numbered("a"))
    new.write_bytes(numbered("b"))
    reading = read_calls(log, Defaults())
    found = [next(reading) for _ in range(100)]
    new.replace(log)
    found += reading
    assert [call.session_id for call in calls_of(found)] == ["a" * 9] * 2_000


def test_a_file_that_is_added_to_while_it_is_read_is_read_as_far_as_it_is(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_bytes(numbered("a", 10))
    reading = read_calls(log, Defaults())
    found = [next(reading)]
    with log.open("ab") as writer:
        writer.write(numbered("b"))
    found += reading
    assert len(calls_of(found)) == len(found) == 2_010


@pytest.mark.parametrize("left", [1, 30, len(GOOD) - 2])
def test_a_last_line_that_is_not_complete_yet_is_no_loss(tmp_path: Path, left: int) -> None:
    said = ["its last line is not complete yet; an ingest reads it when it is"]
    assert [len(one) for one in read_text(tmp_path, GOOD)] == [1, 0, 0]
    calls, rejected, notices = read_text(tmp_path, GOOD + GOOD[:left])
    assert (len(calls), rejected, notices) == (1, [], said)
    # It is complete without a line end, and a line before the last one is not written any more.
    assert read_text(tmp_path, GOOD + GOOD[:-1])[1:] == ([], [])
    assert len(read_text(tmp_path, GOOD + GOOD[:left] + b"\n" + GOOD)[1]) == 1
