"""The only place where a transaction is repeated."""

import time
from collections.abc import Callable
from typing import TypeVar

import psycopg
from psycopg import errors

from telemetry.database.connection import Connection, execute

# The database rolled it back, and it may succeed when it is repeated: deadlocks, the serialization
# failures of distributed databases, and a row whose parent was pruned after it was looked up.
ROLLED_BACK = (
    errors.DeadlockDetected,
    errors.SerializationFailure,
    errors.ForeignKeyViolation,
)
TRIES = 5
# After this, a message names the lock, and the transaction is repeated.
LONGEST_LOCK_WAIT = "10s"

Result = TypeVar("Result")


def with_retries(connection: Connection, change: Callable[[], Result]) -> Result:
    """Return the result of a change, made in one transaction; repeat it if it was rolled back.

    If the connection `waits`, a lost connection and a lock held by another session are waited out
    as well. `change` may be called several times, so it must only write rows, and in a way that can
    be done twice. Raises psycopg.Error; then nothing is stored, unless the answer to the commit was
    lost.
    """
    unanswered: list[tuple[str, Result]] = []

    def once() -> Result:
        number: str | None = None
        try:
            with connection.transaction():
                if connection.waits is not None:
                    execute(connection, "schema/limit_lock_waits", {"longest": LONGEST_LOCK_WAIT})
                result = change()
                if connection.waits is not None:
                    number = _number(connection)
        except psycopg.OperationalError:
            if number is not None and connection.broken:
                unanswered.append((number, result))
            raise
        return result

    try:
        repeated = connection.patiently(lambda: _unless_rolled_back(once))
    except Exception:
        # The repetition may find that there is nothing left to do.
        for number, first in unanswered:
            if _held(connection, number):
                return first
        raise
    # The data are the same, but the repetition counts the rows as already stored.
    return next((first for number, first in unanswered if _held(connection, number)), repeated)


def _unless_rolled_back(transaction: Callable[[], Result]) -> Result:
    for failed in range(1, TRIES):
        try:
            return transaction()
        except ROLLED_BACK:
            time.sleep(0.05 * 2**failed)
    return transaction()


def _number(connection: Connection) -> str | None:
    """Return the number of this transaction; None if it has written nothing."""
    row = execute(connection, "schema/transaction_number").fetchone()
    return row["number"] if row else None


def _held(connection: Connection, number: str) -> bool:
    """Whether a transaction was committed whose answer was lost."""
    try:
        row = execute(connection, "schema/transaction_status", {"number": number}).fetchone()
    except psycopg.Error:
        return False  # the server crashed and has forgotten the number
    return row is not None and row["status"] == "committed"
