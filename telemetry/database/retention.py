"""The retention of a database: stored in it, and changed only on request.

Forgetting KEEP on a command line therefore deletes nothing. An ingest accepts a longer KEEP, and a
shorter one only if no row is older; `make prune KEEP=…` accepts any.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from telemetry.database.connection import Connection, execute
from telemetry.database.transactions import with_retries
from telemetry.times import Length, keep

# Older than any run: GitHub was launched in this year.
BEGINNING = datetime(2008, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Retention:
    """How long rows are kept: a length of time, or forever.

    `is_chosen` means that it was set with KEEP and is not the default. `is_held` means that older
    rows existed before the database had a retention; nothing is deleted until KEEP is given.
    """

    keep: Length | Literal["forever"]
    is_chosen: bool = True
    is_held: bool = False

    def __str__(self) -> str:
        """Return the value for KEEP: `6 months`, or `forever`."""
        return str(self.keep)

    @property
    def in_words(self) -> str:
        """What a database with this retention keeps: `6 months`, or `its rows forever`."""
        return "its rows forever" if self.keep == "forever" else str(self)


@dataclass(frozen=True)
class Horizon:
    """The database's clock, and the time before which rows are too old; both in UTC."""

    database_time: datetime
    before: datetime


@dataclass(frozen=True)
class OldRows:
    """The number of rows of each table that are too old."""

    workflow_runs: int = 0
    llm_calls: int = 0
    billed_days: int = 0

    @property
    def total(self) -> int:
        """The sum over all tables."""
        return self.workflow_runs + self.llm_calls + self.billed_days


@dataclass(frozen=True)
class Offer:
    """The result of the KEEP of an ingest.

    `now` is the new retention: `asked` if it was accepted, else `before`. If it was not accepted,
    `older` counts the rows that `asked` would delete.
    """

    before: Retention
    asked: Retention
    now: Retention
    older: OldRows


def stored(connection: Connection) -> Retention:
    """Return the retention of this database."""
    (row,) = execute(connection, "prune/retention")
    return Retention(keep(row["keep"]), row["is_chosen"], row["is_held"])


def choose(connection: Connection, asked: Retention) -> None:
    """Set the retention of this database."""
    execute(connection, "prune/choose_retention", {"keep": str(asked)})


def offer(
    connection: Connection,
    asked: Retention,
    check: Callable[[datetime], object] = lambda horizon: None,
) -> Offer:
    """Accept the KEEP of an ingest, unless rows that are kept now would then be deleted.

    A chosen retention is never shortened, even if no row is too old: a typing error would delete
    rows later. `check` is called with the horizon that will hold, before anything is stored; what
    it raises is passed on.
    """

    def change() -> Offer:
        before = stored(connection)
        is_longer = _is_as_long(connection, asked, before)
        older = count(connection, asked)
        # Rows too old for a longer retention are also too old for the present one.
        is_taken = is_longer and not before.is_held
        is_taken = is_taken or (not before.is_chosen and older.total == 0)
        now = asked if is_taken else before
        check(horizon(connection, now).before)
        if is_taken:
            choose(connection, asked)
        return Offer(before, asked, now, older)

    return with_retries(connection, change)


def _is_as_long(connection: Connection, asked: Retention, before: Retention) -> bool:
    if "forever" in (asked.keep, before.keep):
        return asked.keep == "forever"
    return horizon(connection, asked).before <= horizon(connection, before).before


def horizon(connection: Connection, retention: Retention) -> Horizon:
    """Return the horizon of a retention by the database's clock."""
    is_forever = retention.keep == "forever"
    interval = "0" if is_forever else str(retention)
    (row,) = execute(connection, "prune/prune_horizon", {"keep": interval})
    return Horizon(row["database_time"], BEGINNING if is_forever else row["horizon"])


def count(connection: Connection, retention: Retention) -> OldRows:
    """Count the rows that are older than the retention."""
    if retention.keep == "forever":
        return OldRows()
    before = {"before": horizon(connection, retention).before}
    (row,) = execute(connection, "prune/prune_counts", before)
    return OldRows(**row)
