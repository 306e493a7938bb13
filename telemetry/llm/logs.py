"""Reads logs of LLM calls."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from telemetry.llm.decoding import decoded
from telemetry.llm.finding import STDIN
from telemetry.llm.formats.nested_spans import NestedSpans
from telemetry.llm.formats.readers import Defaults
from telemetry.llm.opening import FAILURES, is_text, opened, unpacked
from telemetry.llm.recognising import Records, Rejected
from telemetry.rows.llm import LlmCall
from telemetry.rows.reading import UnreadableRow

# Lines in a row without a record: a job's log has fewer between two calls, and a file that is not a
# log must take only seconds, whatever its size.
MOST_USELESS = 1_000_000

# Values between two reports of how far a file is read, each of which costs a system call.
NOTED = 8

# Today's run ids have eleven digits. Other lengths may be a date or a time.
RUN_FOLDER = re.compile(r"run-([0-9]{11,12})")


@dataclass(frozen=True)
class Notice:
    """A fact about a file that is not an error: what was skipped."""

    file: str
    text: str


def read_calls(
    file: Path,
    defaults: Defaults,
    stdin: BinaryIO | None = None,
    note: Callable[[int], None] = lambda read: None,
    spans: NestedSpans | None = None,
) -> Iterator[LlmCall | Rejected | Notice]:
    """The calls in a file, and what could not be read; the file is read as the result is consumed.

    One call may come several times, as a log may record it several times: `LlmCall.precedence` says
    which reading counts. A folder `run-<id>` in the path, which is how `gh aw logs` names them,
    links calls to that run before the defaults do. A record without a time on a line of a job's log
    gets the time of that line. `note` is called now and then with how many bytes of the file have
    been read, packed as they are; never for standard input and pipes. Notices of what was passed
    over come last. If `spans` is given, spans are only added to it: a trace may be spread over
    several files. Raises nothing that depends on what files hold.
    """
    name = str(file)
    held = NestedSpans() if spans is None else spans
    held.file = name
    records = Records(name, linked(file, defaults), held)
    failure = None
    try:
        with opened(file, stdin) as packed:
            is_measured = file != STDIN and packed.seekable()
            content = unpacked(packed)
            records.is_text = is_text(content)
            for count, (line, value) in enumerate(decoded(content)):
                if is_measured and not count % NOTED:
                    note(packed.tell())
                yield from records.read(line, value)
                if records.useless > MOST_USELESS:
                    raise UnreadableRow(
                        f"given up at line {line:,}, after {MOST_USELESS:,} lines in a row that "
                        "are not records; the calls before are kept"
                    )
    except FAILURES as error:
        # Of an error of the system, str() also has its number and the file, which is named already.
        why = getattr(error, "strerror", None) or error
        failure = Rejected(name, None, f"cannot be read: {why}")
    yield from records.rest()
    if spans is None:
        yield from (call for _, call in held.rest())
    if failure is not None:
        yield failure
    elif records.are_unknown:
        yield Rejected(name, None, records.why_unknown(), records.are_other)
    yield from (Notice(name, text) for text in records.notices())
    if spans is None:
        yield from (Notice(*one) for one in held.notes())


def linked(file: Path, defaults: Defaults) -> Defaults:
    """The defaults, with the run that the path of the file names instead of their own."""
    runs = [match[1] for part in file.parts if (match := RUN_FOLDER.fullmatch(part))]
    if not runs or int(runs[-1]) == defaults.github_run_id:
        return defaults
    return replace(defaults, github_run_id=int(runs[-1]), github_run_attempt=None)
