"""The cost of reading a long log of LLM calls, compared with json.loads over the same lines."""

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain, count, islice
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from bench.measurement import Measurement, Usage, memory_growth, ratio

BEGAN = datetime(2026, 1, 5, 8, tzinfo=UTC)
SESSION = "0b1f6a52-93d5-4c1f-8f6e-2d1c5b7a9e40"
SIGNATURE = "Eo4DCkYIBxgCKkB7bF3pUu0wZ2v1aXg" * 10
# How often the short log is read: other work on the machine adds to the time of some.
PAIRS = 3
# Prompts, thoughts, commands and the output of tools are pieces of this text.
TEXT = "".join(
    f"{number}\tdef test_{number}(tmp_path: Path) -> None:\n"
    f'\t    assert read(tmp_path / "case_{number}.json") == {{"größe": {number}}}\n'
    f"The check in `src/app/module_{number}.py` — see line {number} — wants a second look.\n\n"
    for number in range(1_000)
)


def transcripts(
    run_script: Callable[..., Usage], folder: Path, few: int, many: int
) -> Iterator[Measurement]:
    """Measure time and memory of reading transcripts; a million lines are 1.4 GB.

    `run_script` runs a command of scripts/. Raises TelemetryError if that fails, OSError if
    `folder` has no room.
    """
    file = folder / "transcript.jsonl"
    write_transcript(file, few)
    of_few = run_script("bench/read_log.py", "--calls", str(file))
    write_transcript(file, many)
    calls = run_script("bench/read_log.py", "--calls", str(file))
    lines = run_script("bench/read_log.py", str(file))
    file.unlink()
    name = f"LLM transcript of {many:,} lines"
    yield ratio(name, [(calls, lines)], 2.0, to="json.loads")
    yield memory_growth(f"{name}: growth of memory from {few:,}", of_few, calls)
    write_messages(file, few)
    pairs = [
        (
            run_script("bench/read_log.py", "--calls", str(file)),
            run_script("bench/read_log.py", str(file)),
        )
        for _ in range(PAIRS)
    ]
    file.unlink()
    name = f"LLM transcript of {few:,} lines, each another message"
    yield ratio(name, pairs, 2.0, of="CPU", to="json.loads")


def write_transcript(file: Path, lines: int) -> None:
    """Write a session of Claude Code with this many lines; a shorter one is its beginning."""
    rng = Random(SESSION)
    _write(file, islice(chain.from_iterable(_turn(rng, number) for number in count()), lines))


def write_messages(file: Path, lines: int) -> None:
    """Write this many messages of one line each, the most expensive lines to read."""
    rng = Random(SESSION)
    last = (list(_answer(rng, BEGAN + timedelta(seconds=number), number))[-1] for number in count())
    _write(file, islice(last, lines))


def _write(file: Path, records: Iterable[dict[str, Any]]) -> None:
    with file.open("w", encoding="utf-8") as stream:
        for record in records:
            stream.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")


def _turn(rng: Random, number: int) -> Iterator[dict[str, Any]]:
    """A prompt or the output of a tool, and the message that answers it."""
    moment = BEGAN + timedelta(seconds=9 * number)
    if number % 20 == 0:
        yield {"type": "file-history-snapshot", "messageId": _uuid(rng), "isSnapshotUpdate": False}
        asked = {"role": "user", "content": _text(rng, 400)}
        yield _event(rng, moment, "user", message=asked)
    else:
        output = _text(rng, 1_200)
        result = {"tool_use_id": f"toolu_{number:020}", "type": "tool_result", "content": output}
        said = {"role": "user", "content": [result]}
        # Claude Code writes the output into the line twice.
        again = {"stdout": output, "stderr": "", "interrupted": False}
        yield _event(rng, moment, "user", message=said, toolUseResult=again)
    yield from _answer(rng, moment, number)
    if number % 20 == 19:
        yield _event(rng, moment, "system", subtype="turn_duration", durationMs=180_000)


def _answer(rng: Random, moment: datetime, number: int) -> Iterator[dict[str, Any]]:
    """One message: a line for each of its blocks; the last one has the tokens."""
    command = {"command": _text(rng, 400), "description": _text(rng, 80)}
    blocks: list[dict[str, Any]] = [
        {"type": "thinking", "thinking": _text(rng, 500), "signature": SIGNATURE},
        {"type": "text", "text": _text(rng, 300)},
        {"type": "tool_use", "id": f"toolu_{number + 1:020}", "name": "Bash", "input": command},
    ]
    read, written, output = rng.randrange(150_000), rng.randrange(5_000), rng.randrange(2, 3_000)
    chosen = blocks[rng.randrange(3) :]
    for place, block in enumerate(chosen, start=1):
        is_last = place == len(chosen)
        message = {
            "model": "claude-opus-4-5-20251101",
            "id": f"msg_01{number:022}",
            "type": "message",
            "role": "assistant",
            "content": [block],
            "stop_reason": "tool_use" if is_last else None,
            "stop_sequence": None,
            "usage": _usage(read, written, output if is_last else 1),
        }
        at, request_id = moment + timedelta(seconds=2 * place), f"req_011{number:021}"
        yield _event(rng, at, "assistant", message=message, requestId=request_id)


def _event(rng: Random, moment: datetime, kind: str, **more: Any) -> dict[str, Any]:
    """The fields of every line of a session, and those of this one."""
    return {
        "parentUuid": _uuid(rng),
        "isSidechain": False,
        "userType": "external",
        "cwd": "/home/runner/work/app/app",
        "sessionId": SESSION,
        "version": "2.1.220",
        "gitBranch": "main",
        "type": kind,
        **more,
        "uuid": _uuid(rng),
        "timestamp": f"{moment:%Y-%m-%dT%H:%M:%S}.{rng.randrange(1_000):03}Z",
    }


def _usage(read: int, written: int, output: int) -> dict[str, Any]:
    return {
        "input_tokens": 4,
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": read,
        "cache_creation": {"ephemeral_5m_input_tokens": written, "ephemeral_1h_input_tokens": 0},
        "output_tokens": output,
        "service_tier": "standard",
        "inference_geo": "not_available",
    }


def _text(rng: Random, most: int) -> str:
    """Up to `most` characters from a random place in the text."""
    start = rng.randrange(len(TEXT) - most)
    return TEXT[start : start + rng.randrange(most)]


def _uuid(rng: Random) -> str:
    return str(UUID(int=rng.getrandbits(128), version=4))
