"""CSV files that a person gives, read as a stream; each error names the file and the line."""

import csv
import errno
import os
import re
import select
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TextIO, TypeAlias

from telemetry.rows.reading import UnreadableRow
from telemetry.settings import UsageError

Records: TypeAlias = "csv.DictReader[str]"

# Longer than any row that csv accepts, so little of a device or a broken file is read at once.
LONGEST_LINE = 4_000_000
NO_WRITER = 10  # seconds


@contextmanager
def csv_file(path: Path, shown: str, advice: str) -> Iterator[TextIO]:
    """Open a CSV file, or a pipe that has a writer; `shown` is the path in errors.

    Raises UsageError, also for text that is not UTF-8.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with os.fdopen(descriptor, encoding="utf-8-sig", newline="") as file:
            waiting = select.poll()
            waiting.register(descriptor, select.POLLIN)
            is_pipe = stat.S_ISFIFO(os.fstat(descriptor).st_mode)
            if is_pipe and not waiting.poll(NO_WRITER * 1_000):
                raise OSError(
                    errno.ETIMEDOUT, f"nothing has written to this pipe for {NO_WRITER} s"
                )
            os.set_blocking(descriptor, True)
            yield file
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8 text; save it as such") from None
    except OSError as error:
        raise UsageError(f"{shown}: {error.strerror}; {advice}") from None


@contextmanager
def csv_records(file: TextIO, path: Path, advice: str) -> Iterator[tuple[list[str], Records]]:
    """Yield the header of a CSV file and its records.

    What is wrong in the context is raised as UsageError, with the line and the advice.
    """
    # A line that is too long comes in pieces, which csv refuses.
    records = csv.DictReader(iter(partial(file.readline, LONGEST_LINE), ""), strict=True)
    try:
        header = list(records.fieldnames or [])
        if not any(header):
            if records.reader.line_num:
                raise UsageError(f"{path}: the first line is empty; it has to name the columns")
            raise UsageError(f"{path} is empty; name another file")
        if len(header) == 1 and (other := re.search("[;\t]", header[0])):
            between = "semicolons" if other[0] == ";" else "tabs"
            raise UsageError(f"{path}: it has {between} between its columns; save it with commas")
        yield header, records
    except (UnreadableRow, csv.Error) as error:
        line = records.reader.line_num or 1
        raise UsageError(f"{path}:{line}: {error}; {advice}") from None


def complete(records: Records) -> Iterator[dict[str, str]]:
    """Yield records that have as many values as the header. Raises UnreadableRow."""
    for record in records:
        if None in record or None in record.values():
            raise UnreadableRow(f"it does not have {len(records.fieldnames or [])} values")
        yield record
