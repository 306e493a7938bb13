"""The rows of price lists, and how they are read from the lines of a CSV file.

Pure, as `rows` is: no I/O and no clock. A field is a column, of the file as of the table.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from telemetry.rows.reading import UnreadableRow, shown, storable


@dataclass(frozen=True)
class RunnerPrice:
    """One row of `runner_prices`: US dollars for a minute on a runner, from a day in UTC on."""

    sku: str
    effective_from: date
    usd_per_minute: Decimal


@dataclass(frozen=True)
class RunnerLabel:
    """One row of `runner_labels`: the runner that a job with this label gets."""

    label: str
    sku: str


@dataclass(frozen=True)
class LlmPrice:
    """One row of `llm_prices`: US dollars for a million tokens, from a day in UTC on."""

    model: str
    effective_from: date
    input_per_mtok: Decimal
    output_per_mtok: Decimal
    cache_read_per_mtok: Decimal | None = None
    cache_write_per_mtok: Decimal | None = None
    cache_write_1h_per_mtok: Decimal | None = None
    provider: str = ""
    source: str | None = None


AnyPrice = RunnerPrice | RunnerLabel | LlmPrice
Price = TypeVar("Price", bound=AnyPrice)


def from_record(row_type: type[Price], record: Mapping[str, str]) -> Price:
    """The row that a line of a price list spells, its values by the names in the file's header.

    Names are in lower case, as the views look for them. An empty value is the field's default.
    Raises UnreadableRow, which names the field and not the line.
    """
    values: dict[str, Any] = {}
    for column in fields(row_type):
        text = record[column.name].strip()
        if not text and column.default is not MISSING:
            continue
        read, expected = READERS[column.type]
        try:
            values[column.name] = read(text)
        except ValueError:
            raise UnreadableRow(f"{column.name} is {shown(text)}, not {expected}") from None
    return row_type(**values)


def _name(text: str) -> str:
    if not text:
        raise ValueError
    return storable(text).lower()


def _day(text: str) -> date:
    # fromisoformat reads other spellings too, and other digits.
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise ValueError
    return date.fromisoformat(text)


def _amount(text: str) -> Decimal:
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,12})?", text):
        raise ValueError
    return Decimal(text)


AMOUNT = (_amount, "an amount in US dollars such as 0.006")

# How the text of a field is read, by the field's type, and what it should have been.
READERS: Mapping[Any, tuple[Callable[[str], Any], str]] = {
    str: (_name, "a name"),
    str | None: (storable, "text"),
    date: (_day, "a date such as 2026-01-01"),
    Decimal: AMOUNT,
    Decimal | None: AMOUNT,
}
