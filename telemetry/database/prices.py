"""Price lists: CSV files that a person edits, stored for the views to multiply by."""

import csv
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from telemetry.database.connection import SQL, TABLES, Connection, Counts, patiently, upsert
from telemetry.rows.prices import AnyPrice, LlmPrice, Price, RunnerLabel, RunnerPrice, from_record
from telemetry.rows.reading import UnreadableRow
from telemetry.settings import UsageError

PRICES = SQL / "prices"


def load_runner_prices(
    connection: Connection, own_prices: str | None = None, own_labels: str | None = None
) -> Counts:
    """Store the price lists of runners: ours, then the user's own, whose lines win.

    Ours are sql/prices/runner_prices.csv and runner_labels.csv; `own_prices` and `own_labels` are
    the paths of the user's. Rows that are stored and in no file stay. Raises UsageError for a file
    that cannot be read.
    """
    total = _load(connection, RunnerPrice, own_prices)
    total += _load(connection, RunnerLabel, own_labels)
    return total


def load_llm_prices(connection: Connection, own: str | None = None) -> Counts:
    """Store the price list of models: ours, sql/prices/llm_prices.csv, then the user's own.

    As with `load_runner_prices`; `own` is the path of the user's.
    """
    return _load(connection, LlmPrice, own)


def _load(connection: Connection, row_type: type[AnyPrice], own: str | None) -> Counts:
    paths = [PRICES / f"{TABLES[row_type].name}.csv", *([Path(own)] if own else [])]
    rows = [row for path in paths for row in read_prices(path, row_type)]
    return patiently(lambda: upsert(connection, rows))


def read_prices(path: Path, row_type: type[Price]) -> list[Price]:
    """The rows of a CSV file whose header names the fields of the row, in any order.

    Raises UsageError with file and line for what cannot be read.
    """
    try:
        return list(_rows(path, row_type))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; name a price list that exists") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8 text; save it as such") from None


def _rows(path: Path, row_type: type[Price]) -> Iterator[Price]:
    names = [column.name for column in fields(row_type)]
    with path.open(encoding="utf-8-sig", newline="") as file:
        records = csv.DictReader(file, strict=True)
        try:
            if sorted(records.fieldnames or []) != sorted(names):
                raise UnreadableRow(f"the header is not {','.join(names)}")
            for record in records:
                if None in record or None in record.values():
                    raise UnreadableRow(f"there are not {len(names)} values")
                yield from_record(row_type, record)
        except (UnreadableRow, csv.Error) as error:
            raise UsageError(
                f"{path}:{records.reader.line_num or 1}: {error}; mend that line"
            ) from None
