"""Decodes the JSON of an answer, within bounds. Pure.

Each run in a list repeats its repository, twice as a rule: 8 of its 11 KB. Parsing that takes most
of the CPU of a list, so an object that is repeated is parsed once.
"""

import json
import threading
from typing import Any

MOST_VALUES = 200_000
"""The most objects, lists and elements in an answer; a page of 100 jobs with 100 steps has 70,000.

Without this bound a hostile body of 4 MiB takes 37 times its size when parsed.
"""

UNCOUNTED_BODY = 1_500_000
"""Values are counted only in bodies above this many bytes. Smaller ones take at most 56 MB when
parsed; counting the values of a page of 100 runs would add a tenth to the work on it."""

# Several threads would be no faster, and each holds its page in several forms meanwhile.
PARSING = threading.Lock()

REPEATED = b'"repository":{"id":'
# Longer than any repository in a run, which has 5 KB.
LONGEST_REPEATED = 20_000
BEGINNING = 40
# Stands for the repeated object. It is not JSON, but json reads it and asks what to put there.
PLACEHOLDER = b"-Infinity"


def json_object(body: bytes, array_key: str | None = None) -> dict[str, Any]:
    """Return the JSON object in a body; an array becomes an object with it under `array_key`.

    Parts of it may be one shared object, so do not change it. Raises ValueError, whose text is the
    end of a sentence about the body.
    """
    if len(body) > UNCOUNTED_BODY and sum(map(body.count, (b",", b"{", b"["))) > MOST_VALUES:
        raise ValueError(f"holds more than {MOST_VALUES:,} values")
    try:
        with PARSING:
            value = _parsed(body)
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8") from None
    except (ValueError, RecursionError):
        raise ValueError("is not JSON") from None
    if isinstance(value, list) and array_key is not None:
        return {array_key: value}
    if not isinstance(value, dict):
        raise ValueError("is not a JSON object")
    return value


def _parsed(body: bytes) -> Any:
    """Return what json.loads returns, with the first repository parsed once for all its copies.

    Text that begins with `{"id":` is always an object: within a string, its quotes are escaped.
    """
    repeated = _first_repository(body)
    parts = _split(body, repeated) if repeated else []
    if len(parts) > 2:
        once = json.loads(repeated.decode())
        put: list[None] = []

        def copy_of(constant: str) -> Any:
            put.append(None)
            return once

        value = json.loads(PLACEHOLDER.join(parts).decode(), parse_constant=copy_of)
        # Otherwise there were such constants before.
        if len(put) == len(parts) - 1:
            return value
    return json.loads(body.decode())


def _split(body: bytes, repeated: bytes) -> list[bytes]:
    """Return body.split(repeated), faster: split prepares the search again after each place."""
    beginning = repeated[:BEGINNING]
    parts, end, place = [], 0, body.find(beginning)
    while place >= 0:
        if body.startswith(repeated, place):
            parts.append(body[end:place])
            end = place + len(repeated)
        place = body.find(beginning, max(end, place + 1))
    return [*parts, body[end:]]


def _first_repository(body: bytes) -> bytes:
    """Return the text of the first repository that is part of an object; empty if there is none."""
    place = body.find(REPEATED)
    if place < 0:
        return b""
    start = place + REPEATED.index(b"{")
    # In this encoding each byte is one character, so the length of the text is that in bytes.
    text = body[start : start + LONGEST_REPEATED].decode("latin-1")
    try:
        _, length = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return b""
    return body[start : start + length]
