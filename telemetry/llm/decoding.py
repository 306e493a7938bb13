"""The JSON values in a log, each with its line number.

A log is JSON, with one or several values a line; or arrays and objects over several lines; or
either of these among other output, as in job logs, where each line may begin with a time.
"""

import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from telemetry.rows.reading import UnreadableRow, shown

# Bytes of a line, and of a document that begins a file: what one record may take of memory.
LONGEST_LINE = 2**25
LONGEST_DOCUMENT = 2**26
# Values in a line or a document, counted by their separators: each takes up to 100 bytes.
MOST_VALUES = 2**21
LONG = 2**20
# No log has more empty lines in a row.
MOST_EMPTY = 1_000_000
# A longer line is not read to its end.
ENDLESS = 2**31

# White space of JSON, and the mark that files in UTF-8 may begin with.
BLANK = " \t\r\n\ufeff"
BLANK_BYTES = BLANK.encode()
VALUE = re.compile(r"[^ \t\r\n\ufeff\[\],]")
NEXT_LINE = re.compile(r"\n(?=[\[{])")
ARRAY = re.compile(r"\[[ \t\r]*(?:[\[{\"\]]|$)")

# What GitHub writes before each line of a job's log; `gh run view --log` adds job and step.
TIMED = re.compile(r"(?:[^\t]*\t[^\t]*\t)?\ufeff?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,9}Z) ")
COLOUR = re.compile(r"\x1b\[[0-9;:]*[mK]")
# In this colour GitHub shows the script of a step, which may hold JSON, before it runs.
SCRIPT = "\x1b[36;1m"
# How a line of JSON begins; in a job log a brace may also open a block of a script.
OBJECT = re.compile(r"[\[{][ \t]*[\[{\"\]}]")
# What the rest of an object has whose beginning was cut off.
KEY = re.compile(r'"\s*:')

# Some writers do not escape control characters.
DECODER = json.JSONDecoder(parse_float=Decimal, strict=False)
SCAN: Callable[[str, int], tuple[Any, int]] = DECODER.scan_once  # type: ignore[attr-defined]


# Each line with its number, or why it cannot be read.
Lines = Iterator[tuple[int, bytes | UnreadableRow]]


class _Unplaced(str):
    """Text in which json does not look for the line of an error: that takes as long as the text."""

    def count(self, *wanted: Any) -> int:
        return 0

    def rfind(self, *wanted: Any) -> int:
        return -1


@dataclass(frozen=True)
class Text:
    """A line that is not JSON: other output, or an error. `was_timed`: it is from a job log."""

    was_timed: bool
    error: UnreadableRow


class TooLong(UnreadableRow):
    """A line or document that would take more memory than one record may."""


class Unfinished(UnreadableRow):
    """A last line without its end: a log that is written in blocks has one most of the time."""


@dataclass(frozen=True)
class Timed:
    """A value on a line of a job log, with the time in UTC at which the line was written."""

    value: Any
    moment: datetime | None


def decoded(stream: io.BufferedReader) -> Iterator[tuple[int, Any]]:
    """Each value, plain or Timed; Text for other output; an UnreadableRow for broken JSON.

    Raises one of opening.FAILURES.
    """
    lines = _lines(stream)
    begin, first = next((found for found in lines if _holds_something(found[1])), (1, b""))
    if isinstance(first, UnreadableRow):
        yield begin, first
    elif _begins_document(first.decode("utf-8", "replace").strip(BLANK)):
        rest = stream.read(LONGEST_DOCUMENT)
        if len(rest) == LONGEST_DOCUMENT:
            raise _too_long("its array or object", LONGEST_DOCUMENT)
        if len(rest) > LONG and _values(rest) > MOST_VALUES:
            raise _too_many("its array or object")
        values = _document(first.decode("utf-8", "replace") + rest.decode("utf-8", "replace"))
        del rest
        yield from ((line + begin - 1, value) for line, value in values)
        return
    else:
        yield from _odd(lines, begin, first.decode("utf-8", "replace"))
    yield from _of_lines(lines)


def _holds_something(line: bytes | UnreadableRow) -> bool:
    return isinstance(line, UnreadableRow) or bool(line.strip(BLANK_BYTES))


def _lines(stream: io.BufferedReader) -> Lines:
    empty = 0
    for number, line in enumerate(iter(partial(stream.readline, LONGEST_LINE), b""), start=1):
        if len(line) < LONG:
            empty = empty + 1 if len(line) < 3 and line.isspace() else 0
            if empty > MOST_EMPTY:
                raise UnreadableRow(
                    f"given up at line {number:,}, after {MOST_EMPTY:,} empty lines in a row; "
                    "the calls before are kept"
                )
            yield number, line
        elif len(line) < LONGEST_LINE:
            yield number, _too_many("the line") if _values(line) > MOST_VALUES else line
        else:
            skipped = len(line)
            while line and not line.endswith(b"\n"):
                line = stream.readline(LONGEST_LINE)
                skipped += len(line)
                if skipped > ENDLESS:
                    raise _too_long(f"line {number}", ENDLESS)
            yield number, _too_long("the line", LONGEST_LINE)


def _values(content: bytes) -> int:
    return content.count(b",") + content.count(b"[") + content.count(b"{")


def _too_many(what: str) -> TooLong:
    return TooLong(f"{what} holds more than {MOST_VALUES:,} values; split it")


def _too_long(what: str, longest: int) -> TooLong:
    return TooLong(f"{what} is longer than {longest:,} bytes; split it")


def _of_lines(lines: Lines) -> Iterator[tuple[int, Any]]:
    """The values of lines; a document that spans several lines is one of them."""
    scan = SCAN
    for number, raw in lines:
        if isinstance(raw, UnreadableRow):
            yield number, raw
            continue
        text = raw.decode("utf-8", "replace")
        # What DECODER.decode does, without its search for white space around the value.
        try:
            value, end = scan(text, 0)
        except (ValueError, StopIteration, RecursionError):
            yield from _odd(lines, number, text)
        else:
            if text[end:].strip(BLANK):
                yield from _odd(lines, number, text)
            else:
                yield number, value


def _odd(lines: Lines, number: int, text: str) -> Iterator[tuple[int, Any]]:
    """The values of a line that is not exactly one value."""
    is_cut = not text.endswith("\n")
    text = text.strip(BLANK)
    # A writer that does not append leaves NULs before its next line if its log is cut.
    text = text.lstrip("\0") or text
    timed = TIMED.match(text)
    rest = _colourless(text[timed.end() :] if timed else text).strip(BLANK)
    if not rest:
        return
    moment = _moment(timed[1]) if timed else None
    if rest[0] not in "{[" or (rest[0] == "[" and not ARRAY.match(rest)):
        yield number, _other(rest, timed is not None)
    elif not is_cut and _begins_document(rest) and not _decodes(rest):
        yield from _over_lines(lines, number, rest, moment)
    else:
        for _, value in _of_line(number, rest, moment, timed is not None):
            is_unfinished = is_cut and isinstance(value, UnreadableRow)
            yield number, Unfinished(str(value)) if is_unfinished else value


def _colourless(line: str) -> str:
    return line if line.startswith(SCRIPT) else COLOUR.sub("", line)


def _of_line(
    number: int, text: str, moment: datetime | None, was_timed: bool
) -> Iterator[tuple[int, Any]]:
    for _, value in _document(text, broken_ends=True):
        if not was_timed:
            yield number, value
        elif isinstance(value, UnreadableRow) and not OBJECT.match(text):
            yield number, Text(True, value)
        else:
            yield number, Timed(value, moment)


def _other(text: str, was_timed: bool) -> Any:
    try:
        value = DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        broken = _broken(text, error)
        is_torn = not was_timed and text.rstrip().endswith(("}", "]")) and KEY.search(text)
        return broken if is_torn else Text(was_timed, broken)
    return Text(True, _broken(text, ValueError())) if was_timed else value


def _over_lines(
    lines: Lines, number: int, first: str, moment: datetime | None
) -> Iterator[tuple[int, Any]]:
    """The document from here to the line that closes it; else its lines one by one.

    Tools print documents indented, so the closing line has the indentation of the first.
    """
    held, size = [(number, first)], len(first)
    closing = "}" if first.startswith("{") else "]"
    for line, raw in lines:
        if isinstance(raw, UnreadableRow):
            yield from _one_by_one(held, moment)
            yield line, raw
            return
        text = raw.decode("utf-8", "replace").strip("\r\n\ufeff")
        timed = TIMED.match(text)
        text = _colourless(text[timed.end() :] if timed else text)
        held.append((line, text))
        size += len(text)
        if text.startswith(closing):
            found = list(_document("\n".join(part for _, part in held)))
            if not any(isinstance(value, UnreadableRow) for _, value in found):
                for within, value in found:
                    yield number + within - 1, Timed(value, moment) if moment else value
                return
        if text.startswith((closing, "{")) or size > LONGEST_LINE:
            break
    yield from _one_by_one(held, moment)


def _one_by_one(held: list[tuple[int, str]], moment: datetime | None) -> Iterator[tuple[int, Any]]:
    """The lines of what was taken for a document. The first line cannot be read."""
    number, first = held[0]
    broken = UnreadableRow(f"not JSON (it does not end): {shown(first[:60])}")
    yield number, Text(True, broken) if moment and not OBJECT.match(first) else broken
    for line, text in held[1:]:
        if text.startswith("{"):
            yield from _of_line(line, text, moment, moment is not None)
        elif text := text.strip(BLANK):
            yield line, _other(text, moment is not None)


def _moment(text: str) -> datetime | None:
    try:
        # Seven digits of a second are one more than Python keeps.
        return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
    except ValueError:
        return None


def _decodes(text: str) -> bool:
    try:
        DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        return False
    return True


def _begins_document(first_line: str) -> bool:
    """Whether the value continues on the next line, or is an array whose items are records."""
    if first_line.startswith("["):
        return ARRAY.match(first_line) is not None
    return first_line.startswith("{") and first_line.endswith(("{", "[", ","))


def _document(text: str, broken_ends: bool = False) -> Iterator[tuple[int, Any]]:
    """The items of arrays, and single values.

    After a broken value, reading resumes at the next line that may begin one, unless `broken_ends`.
    """
    line, counted, position = 1, 0, 0
    text = _Unplaced(text)
    while found := VALUE.search(text, position):
        line += str.count(text, "\n", counted, found.start())
        counted = found.start()
        try:
            value, position = DECODER.raw_decode(text, counted)
        except (ValueError, RecursionError) as error:
            yield line, _broken(text[counted : counted + 60], error)
            # Within a broken value, the start of the next one cannot be known.
            again = None if broken_ends else NEXT_LINE.search(text, counted)
            if again is None:
                return
            position = again.end()
        else:
            yield line, value


def _broken(text: str, error: Exception) -> UnreadableRow:
    why = error.msg if isinstance(error, json.JSONDecodeError) else type(error).__name__
    return UnreadableRow(f"not JSON ({why}): {shown(text[:60])}")
