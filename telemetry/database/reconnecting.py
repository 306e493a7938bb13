"""The connection to PostgreSQL: threads may share it, and it can outlive a restart of the server.

A statement outside a transaction is sent again on a new connection if its own is lost: all of ours
may run twice. A transaction is repeated as a whole, by `transactions.with_retries`.
"""

import selectors
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import ExecStatus, PipelineStatus, TransactionStatus
from psycopg.rows import DictRow

from telemetry import TelemetryError
from telemetry.database.embedded.binaries import NO_ROOM, NoSpace

# As long as a lease lasts without being renewed; a server is restarted in a fraction of it.
PATIENCE_SECONDS = 5 * 60.0
LONGEST_PAUSE_SECONDS = 5.0

Result = TypeVar("Result")


def is_loss(error: psycopg.Error) -> bool:
    """Whether the connection is lost: the server ended it, or does not answer."""
    return error.sqlstate is None or error.sqlstate.startswith(("08", "57P"))


def lacks_room(error: psycopg.Error) -> bool:
    """Whether the server has no room to write. Only a full disk has a code of its own."""
    if isinstance(error, errors.InternalError_):
        return NO_ROOM.search(str(error)) is not None
    return isinstance(error, errors.DiskFull)


def first_line(error: psycopg.Error) -> str:
    """Return the first line of an error; later ones are hints, or the same for other hosts."""
    return next(iter(str(error).splitlines()), type(error).__name__)


def answering(
    connections: Iterable[psycopg.Connection[Any]], statements: bytes, seconds: float
) -> list[psycopg.Connection[Any]]:
    """Send statements to each connection; return those that ran them within this many seconds.

    The others are closed. A pool such as PgBouncer lets a client wait silently until one of its
    sessions is free, which never happens if the client itself holds the only one.
    """
    deadline = time.monotonic() + seconds
    succeeded = []
    with selectors.DefaultSelector() as waiting:
        for connection in connections:
            connection.pgconn.send_query(statements)
            waiting.register(connection.pgconn.socket, selectors.EVENT_READ, connection)
        while waiting.get_map() and (left := deadline - time.monotonic()) > 0:
            for key, _ in waiting.select(left):
                connection = key.data
                connection.pgconn.consume_input()
                if not connection.pgconn.is_busy():
                    waiting.unregister(key.fileobj)
                    if _succeeded(connection):
                        succeeded.append(connection)
                    else:
                        connection.close()
        for key in waiting.get_map().values():
            key.data.close()
    return succeeded


def _succeeded(connection: psycopg.Connection[Any]) -> bool:
    """Read all results of what was sent; return whether none is an error."""
    is_well = True
    while (result := connection.pgconn.get_result()) is not None:
        is_well = is_well and result.status != ExecStatus.FATAL_ERROR
    return is_well


class Connection(psycopg.Connection[DictRow]):
    """A connection that threads may share: during a transaction of one, the others wait.

    If `waits` is set, the loss of the connection and a lock of another session are waited out, and
    it is called with a sentence about that. `given` are the parameters to connect with. `revive`,
    if set, starts a server that belongs to this process, and returns the string to connect with.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._turn = threading.RLock()
        self.waits: Callable[[str], None] | None = None
        self.given: dict[str, Any] = {}
        self.revive: Callable[[], str] | None = None
        self._given_up: Exception | None = None

    @contextmanager
    def transaction(
        self, savepoint_name: str | None = None, force_rollback: bool = False
    ) -> Iterator[psycopg.Transaction]:
        with self._turn:
            begun = super().transaction(savepoint_name, force_rollback)
            depth = self._num_transactions
            try:
                with begun as transaction, self._settling():
                    yield transaction
            finally:
                self._num_transactions = depth  # psycopg counts a begin that failed

    def execute(self, *arguments: Any, **options: Any) -> psycopg.Cursor[DictRow]:
        with self._turn:
            return self.patiently(lambda: self._execute(*arguments, **options))

    def _execute(self, *arguments: Any, **options: Any) -> psycopg.Cursor[DictRow]:
        with self._settling():
            return super().execute(*arguments, **options)

    @contextmanager
    def _settling(self) -> Iterator[None]:
        """End a statement that ^C left without its answer, so that a rollback can follow."""
        try:
            yield
        except KeyboardInterrupt:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.cancel()
                while self.pgconn.get_result() is not None:
                    pass
            raise

    def patiently(self, work: Callable[[], Result]) -> Result:
        """Return the result of work, which is repeated after temporary faults.

        A fault inside a transaction is raised, for the code that began it. Raises psycopg.Error,
        after PATIENCE_SECONDS at the latest.
        """
        deadline = 0.0
        while True:
            try:
                return work()
            except errors.InternalError_ as error:
                self._note(error)
                raise
            except psycopg.OperationalError as error:
                self._note(error)
                if self.waits is None or self._num_transactions or lacks_room(error):
                    raise
                is_first = not deadline
                deadline = deadline or time.monotonic() + PATIENCE_SECONDS
                if self.pgconn.pipeline_status != PipelineStatus.OFF:
                    self.pgconn.finish()  # lost within executemany, and not known to be
                if self.broken:
                    self._connect_again(error, deadline)
                elif not isinstance(error, errors.LockNotAvailable) or time.monotonic() > deadline:
                    raise
                elif is_first:
                    self._say("another session holds a lock that is needed", error)

    def _note(self, error: psycopg.Error) -> None:
        """Wait for no server that ends because its own log has no room."""
        if lacks_room(error) and error.diag.severity_nonlocalized == "PANIC":
            self._given_up = error

    def _connect_again(self, lost: psycopg.OperationalError, deadline: float) -> None:
        """Take the place of the lost connection; raise its error after the deadline.

        That is done once: after it, whoever uses this connection meets the same error at once.
        """
        with self._turn:
            if not self.broken:
                return  # another thread was faster
            if self._given_up:
                raise self._given_up
            self._say("the connection to the database is lost", lost)
            began, pause = time.monotonic(), 0.1
            while True:
                try:
                    fresh = psycopg.Connection.connect(**self._place())
                except NoSpace as error:
                    self._given_up = error
                    raise
                except (psycopg.OperationalError, TelemetryError):
                    if time.monotonic() + pause > deadline:
                        self._given_up = lost
                        raise lost from None
                    time.sleep(pause)
                    pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
                else:
                    break
            # Every user of this object continues with it; `fresh` closes the lost connection.
            self.pgconn, fresh.pgconn = fresh.pgconn, self.pgconn
            self._num_transactions = 0
            assert self.waits is not None
            self.waits(f"the database is back after {time.monotonic() - began:.0f} s; continuing")

    def _place(self) -> dict[str, Any]:
        """Return the parameters to connect with. Raises TelemetryError if there is no server."""
        if self.revive is None:
            return self.given
        found = conninfo_to_dict(self.revive())
        return {**self.given, "host": found["host"], "port": found["port"]}

    def _say(self, what: str, error: psycopg.OperationalError) -> None:
        assert self.waits is not None
        self.waits(
            f"{what} ({first_line(error)}): waiting for up to {PATIENCE_SECONDS / 60:.0f} minutes"
        )
