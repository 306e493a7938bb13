"""Shared by the readers of all formats: defaults, the loop over records, values of several."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from telemetry.rows import reading
from telemetry.rows.llm import LlmCall, changed
from telemetry.rows.reading import LONGEST_INTEGER, UnreadableRow, shown, wrong_value

# The counts of which an answer has at least one.
COUNTED = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")

Reading = LlmCall | UnreadableRow
Columns = dict[str, Any]

# gh-aw's reference on cost management: one AI credit of GitHub is one US cent.
DOLLARS_PER_CREDIT = Decimal("0.01")


@dataclass(frozen=True)
class Defaults:
    """Values for records that lack them. `at` is UTC."""

    phase: str | None = None
    prompt_name: str = ""
    github_run_id: int | None = None
    github_run_attempt: int | None = None
    at: datetime | None = None

    def timestamp(self, moment: datetime | None) -> datetime:
        """The record's own time, else `at`. Raises UnreadableRow if there is neither.

        `at` is cut to whole seconds, so that calls that share it get distinct microseconds.
        """
        if moment is not None:
            return moment
        if self.at is None:
            raise UnreadableRow("timestamp is missing")
        return self.at.replace(microsecond=0)

    def run(self, run_id: int | None, attempt: int | None) -> Columns:
        """The columns of the run link: the record's own run, else that of the defaults.

        The attempt of one run is never used for another run.
        """
        if run_id is None or run_id == self.github_run_id:
            run_id, attempt = self.github_run_id, attempt or self.github_run_attempt
        return {"github_run_id": run_id, "github_run_attempt": attempt}

    def call(
        self,
        source: str,
        call_id: str,
        timestamp: datetime,
        *,
        run: tuple[int | None, int | None] = (None, None),
        is_free: bool = False,
        **columns: Any,
    ) -> LlmCall:
        """The call with these columns; phase, prompt and run are these if its log has none.

        `run` is the record's own run and attempt. `is_free` means that a cost of 0 is known.
        Raises UnreadableRow as `LlmCall.of` does.
        """
        if not (columns.get("reported_cost") or is_free):
            _forget_zeros(columns)
        columns["phase"] = columns.get("phase") or self.phase
        columns["prompt_name"] = columns.get("prompt_name") or self.prompt_name
        return LlmCall.of(source, call_id, timestamp, **columns, **self.run(*run))


def _forget_zeros(columns: Columns) -> None:
    """Make unknown what is 0 because the writer did not know it.

    Tools without a price write a cost of 0 for tokens; gateways and proxies write 0 tokens for an
    answer, which always has some. A session may have used none, and so may a failed call.
    """
    counted = [columns.get(name) for name in COUNTED]
    if any(counted):
        columns["reported_cost"] = None
    elif columns.get("success") is not False and not columns.get("is_whole_session"):
        columns.update(dict.fromkeys((*COUNTED, "reported_cost")))


def without_run(call: LlmCall) -> LlmCall:
    """The call of another session: which run made it is not known from here."""
    return changed(call, {"github_run_id": None, "github_run_attempt": None})


@dataclass(frozen=True)
class Reader:
    """Reads the records of one format in one file, in their order.

    `calls` returns the readings of a record, given the defaults; it may remember what later records
    need. `rest` returns, at the end of the file, what was held back; `notes` returns sentences on
    what was skipped.
    """

    calls: Callable[[Mapping[str, Any], Defaults], Iterable[Reading]]
    rest: Callable[[], Iterable[Reading]] = tuple
    notes: Callable[[], Iterable[str]] = tuple


def cut_off(missing: str, session_id: str = "") -> UnreadableRow:
    """Why the use of a session is unknown that ends without its counts."""
    which = f"session {shown(session_id)}" if session_id else "the session"
    return UnreadableRow(f"{which} was cut off, and what it used is unknown: there is no {missing}")


def readings_of(
    record: Any,
    defaults: Defaults,
    calls: Callable[[Mapping[str, Any], Defaults], Iterable[Reading]],
) -> list[Reading]:
    """The calls of a record, then the reason why the rest of it cannot be read, if so."""
    if isinstance(record, UnreadableRow):
        return [record]
    found: list[Reading] = []
    try:
        found.extend(calls(reading.mapping(record, "record"), defaults))
    except UnreadableRow as error:
        found.append(error)
    except RecursionError:
        found.append(UnreadableRow("record: its values are nested too deep"))
    return found


def billed(holder: Mapping[str, Any], key: str) -> Decimal | None:
    """What GitHub bills, in US dollars, from billionths of an AI credit.

    0 means that it is not billed by credits, and is None. Raises UnreadableRow.
    """
    credits = reading.count(holder, key)
    if not credits:
        return None
    return reading.money({key: credits * DOLLARS_PER_CREDIT / 10**9}, key)


def read_list(payload: Mapping[str, Any], key: str) -> list[Any]:
    """A list in the payload, empty if it is missing. Raises UnreadableRow."""
    value = payload.get(key)
    if value is not None and not isinstance(value, list):
        raise wrong_value(payload, key, "a list")
    return value or []


def start_of(ended: datetime | None, duration_ms: int | None) -> datetime | None:
    """When a call began whose record has the time at which it ended. Raises UnreadableRow."""
    if ended is None or duration_ms is None:
        return ended
    try:
        return ended - timedelta(milliseconds=duration_ms)
    except OverflowError:
        raise UnreadableRow(f"duration_ms is {duration_ms}, longer than any time") from None


def read_milliseconds(payload: Mapping[str, Any], key: str) -> int | None:
    """A duration that may have a fraction, in whole milliseconds. Raises UnreadableRow."""
    value = payload.get(key)
    if isinstance(value, float | Decimal) and value == value and 0 <= value <= LONGEST_INTEGER:
        return int(value)
    return reading.count(payload, key)
