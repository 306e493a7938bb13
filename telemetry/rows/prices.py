"""The rows of price lists, and how they are read from the lines of a CSV file.

A field has the name of its column in the file, too.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from datetime import UTC, date, datetime
from datetime import time as clock
from decimal import Decimal
from typing import Any, TypeVar

from telemetry.rows.llm import usual_tier
from telemetry.rows.reading import MOST_BYTES_OF_NAMES, UnreadableRow, shown, storable

MOST_BYTES = MOST_BYTES_OF_NAMES // 3  # up to three names are one key
# What names stand for, by what is named. A workflow that is `other` is no deployment, although a
# shorter pattern fits its name.
KINDS = {"actor": ("person", "bot", "agent"), "workflow": ("deployment", "other")}
CAPPED = ("runners", "llm")
CAPPED_SUBJECTS = ("all", "repository", "workflow", "actor")
# Of columns that no file has: the loader knows whether a row is of our list or of the user's.
BY_LOADER = {"in_files": False}


@dataclass(frozen=True)
class RunnerPrice:
    """One row of `runner_prices`: US dollars for a minute on a runner, from a UTC day on."""

    sku: str
    effective_from: date
    usd_per_minute: Decimal
    source: str | None = None
    is_shipped: bool = field(default=False, metadata=BY_LOADER)


@dataclass(frozen=True)
class RunnerLabel:
    """One row of `runner_labels`: the runner that a job with this label gets."""

    label: str
    sku: str
    is_shipped: bool = field(default=False, metadata=BY_LOADER)


@dataclass(frozen=True)
class FreeRun:
    """One row of `free_runs`: GitHub's own workflows that are free from a UTC day on.

    `free_until` is the first day on which they are billed.
    """

    path: str
    free_from: date
    free_until: date | None = None
    source: str | None = None
    is_shipped: bool = field(default=False, metadata=BY_LOADER)


@dataclass(frozen=True)
class LlmPrice:
    """One row of `llm_prices`: US dollars for a million tokens, from a time in UTC on.

    `tier` is how the call was served. The price applies to prompts of more than
    `above_input_tokens`. The factors multiply the price in a named region and in peak hours.
    """

    model: str
    effective_from: datetime
    input_per_mtok: Decimal
    output_per_mtok: Decimal
    cache_read_per_mtok: Decimal | None = None
    cache_write_per_mtok: Decimal | None = None
    cache_write_1h_per_mtok: Decimal | None = None
    provider: str = ""
    source: str | None = None
    tier: str = "standard"
    above_input_tokens: int = 0
    cache_write_12h_per_mtok: Decimal | None = None
    web_search_per_thousand: Decimal | None = None
    regional_factor: Decimal | None = None
    peak_factor: Decimal | None = None
    peak_hours: list[int] | None = None
    peak_weekdays: list[int] | None = None
    checked_on: date | None = None
    is_shipped: bool = field(default=False, metadata=BY_LOADER)


@dataclass(frozen=True)
class NameKind:
    """One row of `name_kinds`: what the names that fit a pattern stand for; * is any text.

    `subject` is actor, which is a person, bot or agent, or workflow: a deployment or other.
    Raises UnreadableRow for another subject or kind.
    """

    subject: str
    pattern: str
    kind: str
    is_shipped: bool = field(default=False, metadata=BY_LOADER)

    def __post_init__(self) -> None:
        _refuse_unknown("subject", self.subject, KINDS)
        _refuse_unknown("kind", self.kind, KINDS[self.subject], f"; for {self.subject} it is")


@dataclass(frozen=True)
class Cap:
    """One line of a file of budgets: US dollars a month for what a pattern names; * is any text.

    `kind` is runners or llm; `subject` is all, which needs no name, repository, workflow or actor.
    Raises UnreadableRow for another kind or subject, and for a name that does not fit it.
    """

    kind: str
    subject: str
    name: str = field(default="", kw_only=True)
    monthly_usd: Decimal

    def __post_init__(self) -> None:
        _refuse_unknown("kind", self.kind, CAPPED)
        _refuse_unknown("subject", self.subject, CAPPED_SUBJECTS)
        if self.subject == "all" and self.name not in ("", "all", "*"):
            name = shown(self.name)
            raise UnreadableRow(f"name is {name}, but the subject all has no other than all")
        if self.subject != "all" and not self.name:
            raise UnreadableRow(f"the {self.subject} has no name; * stands for any")


def _refuse_unknown(field_name: str, value: str, known: Iterable[str], lead: str = ", not") -> None:
    if value not in known:
        raise UnreadableRow(f"{field_name} is {shown(value)}{lead} one of: {', '.join(known)}")


StoredPrice = RunnerPrice | RunnerLabel | FreeRun | LlmPrice | NameKind

Price = TypeVar("Price", bound=StoredPrice | Cap)


def file_columns(row_type: type[Price]) -> list[Field[Any]]:
    """The columns that a price list of these rows may have."""
    return [column for column in fields(row_type) if column.metadata.get("in_files", True)]


def from_record(row_type: type[Price], record: Mapping[str, str]) -> Price:
    """Return the row in a line of a price list; `record` maps the header's names to the values.

    Names become lower case, as the views expect. An empty value or a missing column means the
    field's default. Raises UnreadableRow, which names the field but not the line.
    """
    values: dict[str, Any] = {}
    for column in file_columns(row_type):
        text = record.get(column.name, "").strip()
        if not text and column.default is not MISSING:
            continue
        read, expected = READERS_OF_FIELDS.get(column.name) or READERS[column.type]
        try:
            values[column.name] = read(text)
        except ValueError:
            raise UnreadableRow(f"{column.name} is {shown(text)}, not {expected}") from None
    return row_type(**values)


def _name(text: str) -> str:
    if not text or len(storable(text).encode()) > MOST_BYTES:
        raise ValueError
    return storable(text).lower()


def _tier(text: str) -> str:
    # A price under another name of a tier would be that of no call.
    tier = usual_tier(_name(text))
    if tier is None:
        raise ValueError
    return tier


def _day(text: str) -> date:
    # fromisoformat reads other spellings too, and other digits.
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise ValueError
    return date.fromisoformat(text)


def _moment(text: str) -> datetime:
    day, _, time = text.partition("T")
    if time and not re.fullmatch(r"[0-2][0-9]:[0-5][0-9](:[0-5][0-9])?Z", time):
        raise ValueError
    return datetime.combine(_day(day), clock.fromisoformat(time or "00:00Z"), UTC)


def _count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,12}", text):
        raise ValueError
    return int(text)


def _among(least: int, most: int) -> Callable[[str], list[int]]:
    """Return what reads whole numbers within these bounds."""

    def read(text: str) -> list[int]:
        numbers = [_count(part) for part in text.split()]
        if not all(least <= number <= most for number in numbers):
            raise ValueError
        return numbers

    return read


def _amount(text: str) -> Decimal:
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,12})?", text):
        raise ValueError
    return Decimal(text)


def _factor(text: str) -> Decimal:
    factor = _amount(text)
    if not factor:
        raise ValueError
    return factor


AMOUNT = (_amount, "an amount in US dollars such as 0.006")

# How the text of a field is read, by the field's type, and what it should have been.
READERS: Mapping[Any, tuple[Callable[[str], Any], str]] = {
    str: (_name, f"a name of at most {MOST_BYTES} bytes"),
    str | None: (storable, "text"),
    date: (_day, "a date such as 2026-01-01"),
    date | None: (_day, "a date such as 2026-01-01"),
    datetime: (_moment, "a date such as 2026-01-01, or a time such as 2026-01-01T16:00Z"),
    int: (_count, "a whole number"),
    Decimal: AMOUNT,
    Decimal | None: AMOUNT,
}
FACTOR = (_factor, "a factor such as 1.1")
# And of these fields, by their name.
READERS_OF_FIELDS: Mapping[str, tuple[Callable[[str], Any], str]] = {
    "tier": (_tier, "a tier such as standard or batch"),
    "regional_factor": FACTOR,
    "peak_factor": FACTOR,
    "peak_hours": (_among(0, 23), "hours from 0 to 23 with spaces between them"),
    "peak_weekdays": (_among(1, 7), "days from 1 (Monday) to 7 with spaces between them"),
}
