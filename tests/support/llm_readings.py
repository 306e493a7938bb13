"""What tests of the readers share: reading a file, and keeping the best reading of each call."""

import bz2
import gzip
import json
import lzma
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import zstandard

from support.paths import PAYLOADS
from telemetry.llm.formats.readers import Defaults
from telemetry.llm.logs import Notice, read_calls
from telemetry.llm.recognising import Rejected
from telemetry.rows.llm import LlmCall

AT = datetime(2026, 1, 5, 12, 0, 0, tzinfo=UTC)

TOKENS = (
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "cache_write_1h_tokens",
    "cache_write_12h_tokens",
    "reasoning_tokens",
)


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstandard.compress,
}

Read = tuple[list[LlmCall], list[str], list[str]]


def read_text(tmp_path: Path, text: str | bytes, name: str = "log.jsonl") -> Read:
    """The calls in a file of this text as they are stored, what was rejected, the notices."""
    file = tmp_path / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    found = list(read_calls(file, Defaults(at=AT)))
    calls = merged(one for one in found if isinstance(one, LlmCall))
    rejected = [one.reason for one in found if isinstance(one, Rejected)]
    return calls, rejected, [one.text for one in found if isinstance(one, Notice)]


def lines(*records: Any) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def read(file: Path, **defaults: Any) -> tuple[list[LlmCall], list[Rejected]]:
    """The calls in a file, and what was rejected, apart."""
    found = list(read_calls(file, Defaults(**defaults)))
    calls = [reading for reading in found if isinstance(reading, LlmCall)]
    return calls, [reading for reading in found if isinstance(reading, Rejected)]


def payload_calls(name: str, **defaults: Any) -> tuple[dict[str, LlmCall], dict[int, str]]:
    """Of a file in tests/payloads/: each call as it is stored, and the reasons by line."""
    calls, rejected = read(PAYLOADS / name, **defaults)
    assert all(one.line is not None for one in rejected)
    return (
        {call.call_id: call for call in merged(calls)},
        {one.line or 0: one.reason for one in rejected},
    )


def finality(call: LlmCall) -> tuple[Any, ...]:
    """What the table prefers one reading of a call to another by."""
    counts = [getattr(call, name) for name in TOKENS]
    total = call.total_tokens
    return (
        total is not None,
        call.precedence,
        *(-1 if count is None else count for count in (total, *counts)),
    )


def merged(calls: Iterable[LlmCall]) -> list[LlmCall]:
    """Each call once, as the upsert keeps it: the most final reading, at the earliest time."""
    best: dict[tuple[str, str], LlmCall] = {}
    for call in calls:
        other = best.get((call.source, call.call_id), call)
        winner = max(other, call, key=finality)
        best[call.source, call.call_id] = replace(
            winner, timestamp=min(call.timestamp, other.timestamp)
        )
    return [best[key] for key in sorted(best)]


def tokens(call: LlmCall) -> tuple[int | None, ...]:
    """Input, output, cache reads, cache writes, those kept for an hour, and reasoning."""
    names = [name for name in TOKENS if name != "cache_write_12h_tokens"]
    return tuple(getattr(call, name) for name in names)
