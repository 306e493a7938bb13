"""Lists that a person edits, as CSV files: prices, and what names stand for."""

import csv
import errno
import os
import select
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import MISSING, replace
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Any, TextIO

from telemetry.database.connection import (
    SQL,
    TABLES,
    Connection,
    Counts,
    as_json,
    execute,
    upsert,
)
from telemetry.database.transactions import with_retries
from telemetry.rows.prices import (
    AnyPrice,
    FreeRun,
    LlmPrice,
    NameKind,
    Price,
    RunnerLabel,
    RunnerPrice,
    file_columns,
    from_record,
)
from telemetry.rows.reading import UnreadableRow
from telemetry.settings import UsageError

PRICES = SQL / "prices"
# Longer than any row that csv accepts, so little of a device or a broken file is read at once.
LONGEST_LINE = 4_000_000
# All rows of a list are in memory at once; no price list is this long.
MOST_ROWS = 100_000
NO_WRITER = 10  # seconds


def load_runner_prices(
    connection: Connection, own_prices: str | None = None, own_labels: str | None = None
) -> Counts:
    """Store the price lists of runners: ours, then the user's own, which override ours.

    Ours are runner_prices.csv, runner_labels.csv and free_runs.csv in sql/prices/; `own_prices`
    and `own_labels` are the paths of the user's. Stored rows that are in no file are kept. Raises
    UsageError for a file that cannot be read.
    """
    total = _load(connection, RunnerPrice, own_prices)
    total += _load(connection, RunnerLabel, own_labels)
    total += _load(connection, FreeRun, None)
    return total


def load_name_kinds(connection: Connection, own: str | None = None) -> Counts:
    """Store what names stand for: ours, sql/kinds/name_kinds.csv, then the user's own.

    `own` is the path of the user's list, which overrides ours. Stored rows that are in no file are
    kept. Raises UsageError for a file that cannot be read.
    """
    return _load(connection, NameKind, own)


def load_llm_prices(connection: Connection, own: str | None = None) -> Counts:
    """Store the price list of models: ours, sql/prices/llm_prices.csv, then the user's own.

    `own` is the path of the user's list, which overrides ours. A stored row of ours that our list
    no longer has, such as a cancelled price rise, is deleted. Raises UsageError for a file that
    cannot be read.
    """
    shipped = [replace(row, is_shipped=True) for row in _shipped(LlmPrice)]
    rows = [*shipped, *_own(LlmPrice, own)]

    def store() -> Counts:
        listed = {"rows": as_json([vars(row) for row in shipped])}
        execute(connection, "prices/delete_unlisted_llm_prices", listed)
        return upsert(connection, rows)

    return with_retries(connection, store)


def _load(connection: Connection, row_type: type[AnyPrice], own: str | None) -> Counts:
    rows = [*_shipped(row_type), *_own(row_type, own)]
    return with_retries(connection, lambda: upsert(connection, rows))


def _shipped(row_type: type[Price]) -> list[Price]:
    table = TABLES[row_type]
    return read_prices(SQL / table.folder / f"{table.name}.csv", row_type)


def _own(row_type: type[Price], path: str | None) -> list[Price]:
    return read_prices(Path(path), row_type) if path else []


def read_prices(
    path: Path, row_type: type[Price], check: Callable[[Price], None] = lambda row: None
) -> list[Price]:
    """Return the rows of a CSV file whose header names the fields of the row, in any order.

    Columns with a default may be omitted. `check` raises UnreadableRow for a row that is wrong.
    Raises UsageError with the file and the line.
    """
    try:
        return list(_rows(path, row_type, check))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; name a file that exists") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8 text; save it as such") from None


def _refuse_other(row: Price, number: int, lines: dict[Any, tuple[int, Price]]) -> None:
    """Raise UnreadableRow if an earlier line says something else of the same; else note this one.

    Which of them should count, nobody can tell.
    """
    if table := TABLES.get(type(row)):
        before, earlier = lines.setdefault(attrgetter(*table.key)(row), (number, row))
        if earlier != row:
            raise UnreadableRow(
                f"line {before} says something else of the same {', '.join(table.key)}; keep one"
            )


@contextmanager
def csv_file(path: Path) -> Iterator[TextIO]:
    """Open a CSV file, or a pipe that has a writer. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(descriptor, encoding="utf-8-sig", newline="") as file:
        waiting = select.poll()
        waiting.register(descriptor, select.POLLIN)
        is_pipe = stat.S_ISFIFO(os.fstat(descriptor).st_mode)
        if is_pipe and not waiting.poll(NO_WRITER * 1_000):
            raise OSError(errno.ETIMEDOUT, f"nothing has written to this pipe for {NO_WRITER} s")
        os.set_blocking(descriptor, True)
        yield file


def csv_lines(file: TextIO) -> Iterator[str]:
    """Return the lines of a CSV file; one that is too long comes in pieces, which csv refuses."""
    return iter(partial(file.readline, LONGEST_LINE), "")


def refuse_empty(records: "csv.DictReader[str]", path: Path) -> None:
    """Raise UsageError if a CSV file has no header."""
    if any(records.fieldnames or []):
        return
    if records.reader.line_num:
        raise UsageError(f"{path}: the first line is empty; it has to name the columns")
    raise UsageError(f"{path} is empty; name a file with something in it")


def _rows(path: Path, row_type: type[Price], check: Callable[[Price], None]) -> Iterator[Price]:
    columns = file_columns(row_type)
    names = [column.name for column in columns]
    needed = {column.name for column in columns if column.default is MISSING}
    with csv_file(path) as file:
        records = csv.DictReader(csv_lines(file), strict=True)
        try:
            refuse_empty(records, path)
            header = list(records.fieldnames or [])
            if len(set(header)) < len(header) or not needed <= set(header) <= set(names):
                raise UnreadableRow(f"the header is not {','.join(names)}")
            lines: dict[Any, tuple[int, Price]] = {}
            for number, record in enumerate(records):
                if None in record or None in record.values():
                    raise UnreadableRow(f"there are not {len(header)} values")
                if number == MOST_ROWS:
                    raise UnreadableRow(f"there are more than {MOST_ROWS:,} lines")
                row = from_record(row_type, record)
                check(row)
                _refuse_other(row, records.reader.line_num, lines)
                yield row
        except (UnreadableRow, csv.Error) as error:
            raise UsageError(
                f"{path}:{records.reader.line_num or 1}: {error}; fix that line"
            ) from None
