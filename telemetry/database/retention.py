"""How long this database keeps its rows: stored in it, and changed only on request.

A command line that forgets KEEP deletes nothing by that. An ingest takes a longer KEEP, and a
shorter one only if no row is older; `make prune KEEP=…` takes any.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from telemetry.database.connection import Connection, execute
from telemetry.settings import Length, keep

# Older than any run: GitHub opened in this year.
BEGINNING = datetime(2008, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Retention:
    """How long rows are kept: a length of time, or forever.

    `is_chosen`: somebody gave KEEP, else it is the default. `is_held`: older rows were here before
    the database had a retention, and nothing is deleted until KEEP is given.
    """

    keep: Length | Literal["forever"]
    is_chosen: bool = True
    is_held: bool = False

    def __str__(self) -> str:
        """As it is given to KEEP: `6 months`, or `forever`."""
        return str(self.keep)


@dataclass(frozen=True)
class Horizon:
    """The database's clock, and the moment before which rows are too old. Both are UTC."""

    database_time: datetime
    before: datetime


@dataclass(frozen=True)
class OldRows:
    """How many rows of each table are older than some moment."""

    workflow_runs: int = 0
    llm_calls: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.workflow_runs + self.llm_calls


@dataclass(frozen=True)
class Offer:
    """What became of a KEEP that was given to an ingest.

    `now` is the retention from here on: `asked` where it was taken, else `before`, and then `older`
    counts the rows that `asked` would delete.
    """

    before: Retention
    asked: Retention
    now: Retention
    older: OldRows


def stored(connection: Connection) -> Retention:
    """The retention of this database. Raises psycopg.Error."""
    row = execute(connection, "prune/retention").fetchone()
    assert row is not None  # the migration that makes the table fills it
    return Retention(keep(row["keep"]), row["is_chosen"], row["is_held"])


def choose(connection: Connection, asked: Retention) -> None:
    """Make it the retention of this database. Raises psycopg.Error."""
    execute(connection, "prune/choose_retention", {"keep": str(asked)})


def offer(connection: Connection, asked: Retention) -> Offer:
    """Take what an ingest was given, unless rows that are kept now would then be deleted.

    A retention that somebody chose is not shortened either, however young the rows are: a typing
    error would delete them later. Raises psycopg.Error.
    """
    with connection.transaction():
        before = stored(connection)
        is_longer = _is_as_long(connection, asked, before)
        older = count(connection, asked)
        # Rows that are too old for a longer retention are too old for the present one as well.
        is_taken = is_longer and not before.is_held
        is_taken = is_taken or (not before.is_chosen and older.total == 0)
        if is_taken:
            choose(connection, asked)
    return Offer(before, asked, asked if is_taken else before, older)


def _is_as_long(connection: Connection, asked: Retention, before: Retention) -> bool:
    if "forever" in (asked.keep, before.keep):
        return asked.keep == "forever"
    return horizon(connection, asked).before <= horizon(connection, before).before


def horizon(connection: Connection, retention: Retention) -> Horizon:
    """What a retention comes to by the database's clock. Raises psycopg.Error."""
    is_forever = retention.keep == "forever"
    interval = "0" if is_forever else str(retention)
    row = execute(connection, "prune/prune_horizon", {"keep": interval}).fetchone()
    assert row is not None
    return Horizon(row["database_time"], BEGINNING if is_forever else row["horizon"])


def count(connection: Connection, retention: Retention) -> OldRows:
    """How many rows are older than is to be kept. Raises psycopg.Error."""
    if retention.keep == "forever":
        return OldRows()
    before = {"before": horizon(connection, retention).before}
    row = execute(connection, "prune/prune_counts", before).fetchone()
    assert row is not None
    return OldRows(**row)
