"""Passes the records of one log to the readers of their formats, which are recognised by content.

Each record goes to the format that recognises it, so a file may contain several formats. A record
that no format recognises goes to that of the record before it, which says what is wrong with it.
"""

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import Any

from telemetry import counted
from telemetry.llm.decoding import Text, Timed, TooLong, Unfinished
from telemetry.llm.formats import (
    anthropic_batch,
    canonical,
    codex,
    codex_exec,
    copilot,
    execution,
    gemini,
    gh_aw,
    litellm,
    llm_cli,
    openai_batch,
    opencode,
    otlp,
    pi,
    printed,
    transcript,
)
from telemetry.llm.formats.nested_spans import NestedSpans
from telemetry.llm.formats.readers import Defaults, Reader, Reading, readings_of
from telemetry.llm.formats.unread import NEAR, near_keys, near_text, seems_to_count
from telemetry.rows.llm import LlmCall
from telemetry.rows.reading import UnreadableRow, shown

# The formats with the most distinctive keys come first: many logs have a timestamp and a model.
FORMATS: tuple[ModuleType, ...] = (
    otlp,
    printed,
    gh_aw,
    copilot,
    codex_exec,
    gemini,
    opencode,
    pi,
    execution,
    anthropic_batch,
    openai_batch,
    litellm,
    codex,
    llm_cli,
    transcript,
    canonical,
)

SPANS = (otlp, printed)

# How many records before the first recognised one are kept; the others are only counted.
REMEMBERED = 100
MOST_KINDS = 5


@dataclass(frozen=True)
class Rejected:
    """A bad line; if `line` is None, a file that is not recognised or cannot be read.

    `is_other` means that nothing in the file seems to count tokens, so it is no log.
    """

    file: str
    line: int | None
    reason: str
    is_other: bool = field(default=False, compare=False)


Found = LlmCall | Rejected


class Records:
    """Passes the records of one file to the readers of their formats."""

    def __init__(self, file: str, defaults: Defaults, spans: NestedSpans) -> None:
        self._file = file
        self._spans = spans
        self._defaults = defaults
        self._readers: dict[str, Reader] = {}
        self._format: ModuleType | None = None
        self._reader: Reader | None = None
        # The last of the records before the first recognised one.
        self._head: deque[tuple[int, Any, Defaults]] = deque(maxlen=REMEMBERED)
        self._line: int | None = None
        self._records = self._calls = self._rejected = self._texts = self._unknown = 0
        self.useless = 0
        """How many values in a row were not readable records."""
        self._is_mixed = self._has_values = self._is_unfinished = False
        self.is_text = True
        self._kinds: Counter[str] = Counter()
        self._near: Counter[str] = Counter()

    def read(self, line: int, value: Any) -> Iterable[Found]:
        """The readings of a decoded value, after those of earlier values that it explains."""
        self._line = line
        self.useless += 1
        # Nearly all records have the format of the one before them: these take the short way.
        if type(value) is dict and self._format is not None and self._format.recognises(value):
            return self._read(line, value, self._defaults)
        if isinstance(value, Unfinished) and self._format is not None:
            self._is_unfinished = True
            return ()
        return self._read_other(line, value)

    def _read_other(self, line: int, value: Any) -> Iterator[Found]:
        defaults = self._defaults
        if isinstance(value, Timed):
            self._is_mixed = True
            if value.moment is not None:
                defaults = replace(defaults, at=value.moment)
            value = value.value
        if isinstance(value, Text):
            # If other output comes first, the log is mixed; otherwise the line is broken.
            self._is_mixed |= value.was_timed or not self._has_values
            if self._is_mixed:
                self._texts += not value.was_timed
                return
            value = value.error
        self._has_values = True
        known = self._recognised(value) if isinstance(value, dict) else None
        if known is not None:
            begins, self._format = self._format is None, known
            if known.NAME not in self._readers:
                arguments = [self._spans] if known in SPANS else []
                self._readers[known.NAME] = known.reader(*arguments)
            self._reader = self._readers[known.NAME]
            if begins:
                yield from self._those_before()
        elif self._is_passed_over(value):
            return
        elif self._format is None:
            self._head.append((line, value, defaults))
            self._unknown += 1
            return
        read = self._read_unknown if known is None else self._read
        yield from read(line, value, defaults)

    def rest(self) -> Iterator[Found]:
        """What the readers held back until the end of the file."""
        for reader in self._readers.values():
            yield from self._counted(self._line, reader.rest())

    @property
    def are_unknown(self) -> bool:
        """Whether the file has content, but none of a known format."""
        return self._format is None and bool(self._unknown or self._texts or self._is_mixed)

    @property
    def are_other(self) -> bool:
        """Whether an unknown file could be read, and nothing in it seems to be about calls."""
        return self.is_text and not any(
            isinstance(value, UnreadableRow) or (seems_to_count(value) and not gh_aw.is_sum(value))
            for _, value, _ in self._head
        )

    def why_unknown(self) -> str:
        said = "not recognized as a log of any known format"
        too_long = next((str(one) for _, one, _ in self._head if isinstance(one, TooLong)), None)
        if too_long:
            return f"cannot be read: {too_long}"
        if not self.is_text:
            return f"{said}, and not text; if it is an archive or packed, unpack it"
        return f"{said}; {near_text(self._near)}" if self._near else said

    def notices(self) -> Iterator[str]:
        """What was skipped, one sentence each."""
        if self._format is None:
            return
        if not (self._calls or self._rejected or self._spans.calls[self._file]):
            kinds = [kind for kind, _ in self._kinds.most_common(MOST_KINDS)]
            yield f"0 calls in {counted(self._records, 'record')} ({', '.join(kinds)})"
        if self._is_unfinished:
            yield "its last line is not complete yet; an ingest reads it when it is"
        if self._texts:
            yield f"skipped {counted(self._texts, 'line')} of other output"
        if self._unknown:
            near = f"; {near_text(self._near)}" if self._near else ""
            yield f"skipped {counted(self._unknown, 'record')} of no known format{near}"
        for reader in self._readers.values():
            yield from reader.notes()

    def _recognised(self, record: dict[str, Any]) -> ModuleType | None:
        if self._format is not None and self._format.recognises(record):
            return self._format
        return next((known for known in FORMATS if known.recognises(record)), None)

    def _is_passed_over(self, value: Any) -> bool:
        """Whether a value of no known format is other output; counts it."""
        if isinstance(value, dict):
            self._near.update(near_keys(value))
            if self._is_mixed:
                self._unknown += 1
            return self._is_mixed
        if self._is_mixed and not isinstance(value, UnreadableRow):
            self._texts += 1
            return True
        return False

    def _those_before(self) -> Iterator[Found]:
        """The records before the first that was recognised, read with its format."""
        if self._is_mixed:
            head = [one for one in self._head if isinstance(one[1], UnreadableRow)]
        else:
            head = list(self._head)
        self._head.clear()
        self._unknown -= len(head)
        if not self._is_mixed:
            self._near.clear()
        for line, value, defaults in head:
            yield from self._read(line, value, defaults)

    def _read(self, line: int, value: Any, defaults: Defaults) -> list[Found]:
        assert self._format is not None and self._reader is not None
        self._records += 1
        if not self._calls:
            self._kinds[f"{self._format.NAME}{_kind(value)}"] += 1
        readings = readings_of(value, defaults, self._reader.calls)
        if readings:
            return self._counted(line, readings)
        self.useless = 0
        return []

    def _read_unknown(self, line: int, value: Any, defaults: Defaults) -> list[Found]:
        """The readings of a value of no known format, which the last reader may pass over."""
        found = self._read(line, value, defaults)
        if not found and isinstance(value, dict):
            self._unknown += any(map(NEAR.search, value))
        return found

    def _counted(self, line: int | None, readings: Iterable[Reading]) -> list[Found]:
        found: list[Found] = []
        for reading in readings:
            if isinstance(reading, LlmCall):
                self._calls += 1
                self.useless = 0
                found.append(reading)
            else:
                self._rejected += 1
                found.append(Rejected(self._file, line, str(reading)))
        return found


def _kind(record: Any) -> str:
    """What a record is about: its type, or its signal, because metrics hold no calls."""
    if not isinstance(record, dict):
        return ""
    signal = next((signal for signal in otlp.SIGNALS if signal in record), None)
    kind = record.get("type", signal)
    return f": {shown(kind)}" if isinstance(kind, str) else ""
