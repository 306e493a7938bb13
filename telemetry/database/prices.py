"""Lists that a person edits, as CSV files: prices, and what names stand for."""

from dataclasses import MISSING, replace
from operator import attrgetter
from pathlib import Path
from typing import Any

from telemetry import first_of
from telemetry.database.connection import SQL, Connection, execute
from telemetry.database.csv_files import complete, csv_file, csv_records
from telemetry.database.transactions import with_retries
from telemetry.database.upserts import TABLES, Counts, as_json, upsert
from telemetry.rows.prices import (
    FreeRun,
    LlmPrice,
    NameKind,
    Price,
    RunnerLabel,
    RunnerPrice,
    StoredPrice,
    file_columns,
    from_record,
)
from telemetry.rows.reading import UnreadableRow, shown

PRICES = SQL / "prices"
# All rows of a list are in memory at once; no price list is this long.
MOST_ROWS = 100_000
MOST_NAMES = 5


def load_runner_prices(
    connection: Connection, own_prices: str | None = None, own_labels: str | None = None
) -> Counts:
    """Store the price lists of runners: ours, then the user's own, which override ours.

    Ours are runner_prices.csv, runner_labels.csv and free_runs.csv in sql/prices/; `own_prices`
    and `own_labels` are the paths of the user's. Without one, the list that was named last still
    counts. Stored rows that a list no longer has are deleted. Raises UsageError for a file that
    cannot be read.
    """
    total = _load(connection, RunnerPrice, own_prices)
    total += _load(connection, RunnerLabel, own_labels)
    total += _load(connection, FreeRun, None)
    return total


def unused_runner_prices(connection: Connection) -> str | None:
    """Return a sentence on the user's runner prices that no job can have; None: there is none."""
    skus = [row["sku"] for row in execute(connection, "prices/unlabelled_skus")]
    if not skus:
        return None
    return (
        f"RUNNER_PRICES: no label stands for {first_of(skus, MOST_NAMES)}, so no job has that "
        "price; RUNNER_LABELS of an ingest says which label does"
    )


def load_name_kinds(connection: Connection, own: str | None = None) -> Counts:
    """Store what names stand for, as `load_runner_prices` does: ours is sql/kinds/name_kinds.csv.

    Raises UsageError for a file that cannot be read, and for another subject or kind.
    """
    return _load(connection, NameKind, own)


def load_llm_prices(connection: Connection, own: str | None = None) -> Counts:
    """Store the price list of models, as `load_runner_prices` does: ours is llm_prices.csv.

    Raises UsageError for a file that cannot be read.
    """
    return _load(connection, LlmPrice, own)


def unused_llm_prices(connection: Connection) -> str | None:
    """Return a sentence on the user's model prices that no call has; None: there is none."""
    rows = execute(connection, "prices/unused_llm_prices").fetchall()
    models = [" of ".join(filter(None, (row["model"], row["provider"]))) for row in rows]
    if not models:
        return None
    return f"LLM_PRICES: no stored call has the price of {first_of(models, MOST_NAMES)}"


def _load(connection: Connection, row_type: type[StoredPrice], own: str | None) -> Counts:
    table = TABLES[row_type]
    ours = read_prices(SQL / table.folder / f"{table.name}.csv", row_type)
    rows = [replace(row, is_shipped=True) for row in ours]
    rows += read_prices(Path(own), row_type) if own else []
    listed = {"rows": as_json([vars(row) for row in rows]), "has_own": own is not None}

    def store() -> Counts:
        with connection.transaction():
            execute(connection, table.delete_unlisted, listed)
            return upsert(connection, rows)

    return with_retries(connection, store)


def read_prices(path: Path, row_type: type[Price]) -> list[Price]:
    """Return the rows of a CSV file whose header names the fields of the row, in any order.

    Columns with a default may be omitted. Raises UsageError with the file and the line.
    """
    columns = file_columns(row_type)
    names = [column.name for column in columns]
    needed = {column.name for column in columns if column.default is MISSING}
    with (
        csv_file(path, str(path), "name a file that exists") as file,
        csv_records(file, path, "fix that line") as (header, records),
    ):
        if unknown := [name for name in header if name not in names]:
            raise UnreadableRow(
                f"there is no column {shown(unknown[0])}; the columns are {','.join(names)}"
            )
        if len(set(header)) < len(header) or not needed <= set(header):
            raise UnreadableRow(f"the header is not {','.join(names)}")
        rows: list[Price] = []
        lines: dict[Any, tuple[int, Price]] = {}
        for number, record in enumerate(complete(records)):
            if number == MOST_ROWS:
                raise UnreadableRow(f"there are more than {MOST_ROWS:,} lines")
            row = from_record(row_type, record)
            _refuse_other(row, records.reader.line_num, lines)
            rows.append(row)
    return rows


def _refuse_other(row: Price, number: int, lines: dict[Any, tuple[int, Price]]) -> None:
    """Raise UnreadableRow if an earlier line gives its key other values; else note this one.

    Which of them should count, nobody can tell.
    """
    if table := TABLES.get(type(row)):
        before, earlier = lines.setdefault(attrgetter(*table.key)(row), (number, row))
        if earlier != row:
            raise UnreadableRow(
                f"line {before} gives other values for the same {', '.join(table.key)}; keep one"
            )
