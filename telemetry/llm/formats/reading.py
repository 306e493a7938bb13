"""What the readers of all formats share: defaults, the loop over records, the token convention."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from telemetry.rows.llm import LlmCall
from telemetry.rows.reading import (
    LONGEST_INTEGER,
    UnreadableRow,
    read_count,
    read_mapping,
    wrong_value,
)

Reading = LlmCall | UnreadableRow
Columns = dict[str, Any]


@dataclass(frozen=True)
class Defaults:
    """What a record that does not say so itself is given. `at` is UTC."""

    phase: str | None = None
    prompt_name: str = ""
    github_run_id: int | None = None
    github_run_attempt: int | None = None
    at: datetime | None = None

    def timestamp(self, moment: datetime | None) -> datetime:
        """The moment that a record names, else `at`. Raises UnreadableRow when there is neither.

        `at` counts in whole seconds, so that the calls that share it can be told apart.
        """
        if moment is not None:
            return moment
        if self.at is None:
            raise UnreadableRow("timestamp is missing")
        return self.at.replace(microsecond=0)

    def run(self, run_id: int | None, attempt: int | None) -> Columns:
        """The columns of the run link: what a record names, else these defaults.

        The attempt of one run is never taken for that of another.
        """
        if run_id is None or run_id == self.github_run_id:
            run_id, attempt = self.github_run_id, attempt or self.github_run_attempt
        return {"github_run_id": run_id, "github_run_attempt": attempt}


def each(records: Iterable[Any], calls: Callable[[Any], Iterable[Reading]]) -> Iterator[Reading]:
    """The calls of each record in turn; what is wrong with one of them takes its place."""
    for record in records:
        if isinstance(record, UnreadableRow):
            yield record
            continue
        try:
            yield from calls(read_mapping(record, "record"))
        except UnreadableRow as error:
            yield error
        except RecursionError:
            yield UnreadableRow("record: its values are nested too deep")


def inclusive(tokens: int | None, read: int | None, written: int | None) -> int | None:
    """Input with the cached parts that its log counts beside it; None when it is not reported."""
    return None if tokens is None else tokens + (read or 0) + (written or 0)


def read_list(payload: Mapping[str, Any], key: str) -> list[Any]:
    """A list inside the payload, empty where there is none. Raises UnreadableRow."""
    value = payload.get(key)
    if value is not None and not isinstance(value, list):
        raise wrong_value(payload, key, "a list")
    return value or []


def read_milliseconds(payload: Mapping[str, Any], key: str) -> int | None:
    """A length of time that may have a fraction, in whole milliseconds. Raises UnreadableRow."""
    value = payload.get(key)
    if isinstance(value, float | Decimal) and value == value and 0 <= value <= LONGEST_INTEGER:
        return int(value)
    return read_count(payload, key)
