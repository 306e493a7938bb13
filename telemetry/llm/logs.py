"""Logs of language model calls: found, opened, recognised by what they hold, and read as rows.

A log is JSON, one value a line, which is read in flat memory, or one array or object over many
lines, which is read whole; gzipped or not. The first record that a format recognises decides.
"""

import gzip
import io
import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO, cast

from telemetry.llm.formats import (
    canonical,
    codex,
    execution,
    gh_aw,
    litellm,
    llm_cli,
    openai_batch,
    otlp,
    transcript,
)
from telemetry.llm.formats.reading import Defaults, Reading
from telemetry.rows.llm import LlmCall
from telemetry.rows.reading import UnreadableRow, shown
from telemetry.settings import UsageError

STDIN = Path("-")

# A folder holds other things than logs; a file that is named is read whatever its name.
LOG = re.compile(r"\.(jsonl?|ndjson)(\.gz)?$", re.IGNORECASE)

# From the most telling keys to the least: many logs have a timestamp and a model.
FORMATS = (otlp, gh_aw, execution, openai_batch, litellm, codex, llm_cli, transcript, canonical)

# Records that begin a file and tell nothing of its format, such as bad lines, are few.
UNDECIDED = 100

# Bytes of a line, and of a document. A small packed file may hold more than fits into memory.
LONGEST_RECORD = 2**27

# The runs of today have eleven digits. Fewer or more may be a date or a time, which is no run.
RUN_FOLDER = re.compile(r"run-([0-9]{11,12})")

GZIP_MAGIC = b"\x1f\x8b"
UTF_16_BOMS = (b"\xff\xfe", b"\xfe\xff")

# White space of JSON, and the mark that files in UTF-8 may begin with.
BLANK = " \t\r\n\ufeff"
BLANK_BYTES = BLANK.encode()
VALUE = re.compile(r"[^ \t\r\n\ufeff\[\],]")
NEXT_LINE = re.compile(r"\n(?=[\[{])")

DECODER = json.JSONDecoder(parse_float=Decimal)

Read = Callable[[Iterable[Any], Defaults], Iterator[Reading]]


@dataclass(frozen=True)
class Rejected:
    """A bad line, or, where `line` is None, a file that is not recognised or cannot be read."""

    file: str
    line: int | None
    reason: str


def find_files(patterns: Sequence[str]) -> list[Path]:
    """The files that paths, folders and globs name, each once, those of a pattern in their order.

    Of a folder, all files within it whose names end like a log's. `-` is standard input. Raises
    UsageError for a pattern that matches nothing.
    """
    found: dict[Path, Path] = {}
    for pattern in patterns:
        try:
            paths = list(_matches(pattern)) if pattern.strip() else []
        except (OSError, ValueError, RuntimeError) as error:
            raise UsageError(f"{pattern} cannot be looked for: {error}") from None
        if not paths:
            raise UsageError(
                f"{pattern} names no log file; give files, folders of .jsonl and .json files, "
                "globs, or - for standard input"
            )
        for path in paths:
            found.setdefault(path if path == STDIN else path.resolve(), path)
    return list(found.values())


def _matches(pattern: str) -> Iterator[Path]:
    path = Path(pattern).expanduser()
    if pattern == "-":
        yield STDIN
    # A name may have brackets in it.
    elif path.exists():
        yield from _logs(path)
    else:
        below = path.relative_to(path.anchor)
        for match in sorted(Path(path.anchor).glob(str(below))):
            yield from _logs(match)


def _logs(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
    else:
        yield from sorted(p for p in path.rglob("*") if LOG.search(p.name) and p.is_file())


def read_calls(
    file: Path,
    defaults: Defaults,
    stdin: BinaryIO | None = None,
    note: Callable[[int], None] = lambda read: None,
) -> Iterator[LlmCall | Rejected]:
    """The calls in a file, and what in it could not be read; it is read while it is iterated over.

    One call may come several times, as logs tell of it several times: `LlmCall.precedence` says
    which reading counts. A folder `run-<id>` in the path, which is how `gh aw logs` names them,
    links calls to that run before the defaults do. `note` is told with each record how many bytes
    of the file are read, packed as they are; of standard input and pipes nothing. Raises nothing
    that depends on what files hold.
    """
    name = str(file)
    line: int | None = None

    def records(values: Iterator[tuple[int, Any]]) -> Iterator[Any]:
        nonlocal line
        for number, value in values:
            line = number
            if file != STDIN and packed.seekable():
                note(packed.tell())
            yield value

    try:
        with _opened(file, stdin) as packed:
            values = _decoded(_unpacked(packed))
            head, read = _recognised(values)
            if read is None:
                if head:
                    yield Rejected(name, None, "not recognised as a log of any known format")
                return
            for reading in read(records(chain(head, values)), _linked(file, defaults)):
                if isinstance(reading, LlmCall):
                    yield reading
                else:
                    yield Rejected(name, line, str(reading))
    except (OSError, EOFError, zlib.error, UnreadableRow) as error:
        yield Rejected(name, None, f"cannot be read: {error}")


def _linked(file: Path, defaults: Defaults) -> Defaults:
    """The defaults, with the run that the path names in place of theirs."""
    runs = [match[1] for part in file.parts if (match := RUN_FOLDER.fullmatch(part))]
    if not runs or int(runs[-1]) == defaults.github_run_id:
        return defaults
    return replace(defaults, github_run_id=int(runs[-1]), github_run_attempt=None)


@contextmanager
def _opened(file: Path, stdin: BinaryIO | None) -> Iterator[io.BufferedReader]:
    """The bytes of a file; standard input stays open. Raises OSError, UnreadableRow."""
    if file != STDIN:
        with file.open("rb") as stream:
            yield stream
    elif stdin is None:
        raise UnreadableRow("there is no standard input here")
    else:
        stream = io.BufferedReader(cast(io.RawIOBase, stdin))
        try:
            yield stream
        finally:
            stream.detach()


def _unpacked(stream: io.BufferedReader) -> io.BufferedReader:
    """The bytes that a file packs, else those that it has. Raises OSError, UnreadableRow."""
    begin = stream.peek(2)[:2]
    if begin in UTF_16_BOMS:
        raise UnreadableRow("it is UTF-16 text; save it as UTF-8")
    if begin == GZIP_MAGIC:
        return io.BufferedReader(gzip.GzipFile(fileobj=stream))
    return stream


def _recognised(values: Iterator[tuple[int, Any]]) -> tuple[list[tuple[int, Any]], Read | None]:
    """What was read until a record told its format, and how that is read; None where none did."""
    head = []
    for number, value in islice(values, UNDECIDED):
        head.append((number, value))
        if isinstance(value, dict):
            for known in FORMATS:
                if known.recognises(value):
                    return head, known.read
    return head, None


def _decoded(stream: io.BufferedReader) -> Iterator[tuple[int, Any]]:
    """Each value with the number of its line; an UnreadableRow for what is not JSON."""
    lines = _lines(stream)
    begin, first = next((found for found in lines if found[1].strip(BLANK_BYTES)), (1, b""))
    if _begins_document(first.decode("utf-8", "replace").strip(BLANK)):
        rest = stream.read(LONGEST_RECORD)
        if len(rest) == LONGEST_RECORD:
            raise _too_long("its array or object")
        whole = (first + rest).decode("utf-8", "replace")
        yield from ((line + begin - 1, value) for line, value in _document(whole))
        return
    decode = DECODER.decode
    for line, raw in chain(((begin, first),), lines):
        text = raw.decode("utf-8", "replace")
        try:
            value = decode(text)
        except (ValueError, RecursionError):
            if not (text := text.strip(BLANK)):
                continue
            value = _value(text)
        yield line, value


def _lines(stream: io.BufferedReader) -> Iterator[tuple[int, bytes]]:
    for number, line in enumerate(iter(lambda: stream.readline(LONGEST_RECORD), b""), start=1):
        if len(line) == LONGEST_RECORD:
            raise _too_long(f"line {number}")
        yield number, line


def _too_long(what: str) -> UnreadableRow:
    return UnreadableRow(f"{what} is longer than {LONGEST_RECORD:,} bytes; split it")


def _value(text: str) -> Any:
    try:
        return DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        return _broken(text, error)


def _begins_document(first_line: str) -> bool:
    """Whether a value that begins here goes on, or is an array whose items are the records."""
    if first_line.startswith("["):
        return True
    return first_line.startswith("{") and first_line.endswith(("{", "[", ","))


def _document(text: str) -> Iterator[tuple[int, Any]]:
    """The items of arrays, and the values that stand by themselves."""
    line, counted, position = 1, 0, 0
    while found := VALUE.search(text, position):
        line += text.count("\n", counted, found.start())
        counted = found.start()
        try:
            value, position = DECODER.raw_decode(text, counted)
        except (ValueError, RecursionError) as error:
            yield line, _broken(text[counted : counted + 60], error)
            # Inside of a value nothing tells where the next one begins.
            again = NEXT_LINE.search(text, counted)
            if again is None:
                return
            position = again.end()
        else:
            yield line, value


def _broken(text: str, error: Exception) -> UnreadableRow:
    why = error.msg if isinstance(error, json.JSONDecodeError) else type(error).__name__
    return UnreadableRow(f"not JSON ({why}): {shown(text[:60])}")
