"""One moment of the database for many questions, asked over one or several connections."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from queue import SimpleQueue

from psycopg import IsolationLevel
from psycopg.sql import SQL, Literal

from telemetry.database.connection import Connection, execute, siblings
from telemetry.database.questions import Answer, Scope, ask

# PostgreSQL runs most of our statements on one core each. More connections would take more memory
# and cores from others than a report should.
CONNECTIONS = 4

Ask = Callable[[str, Scope], Future[Answer]]


@contextmanager
def snapshot(connection: Connection) -> Iterator[None]:
    """One moment of the database for all statements within, and none of them may write.

    What an ingest stores meanwhile would make the figures of one page contradict each other.
    """
    connection.isolation_level = IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    try:
        with connection.transaction():
            yield
    finally:
        connection.isolation_level = connection.read_only = None


@contextmanager
def asking(connection: Connection, *, at_once: bool) -> Iterator[Ask]:
    """Yield a function that asks a question in the snapshot that `connection` has open.

    With `at_once`, questions are asked over further connections, as many at once as there are of
    them, and `connection` is free meanwhile. Without, and where the server allows no further
    connection, each is answered before the function returns. Raises psycopg.Error.
    """
    if not at_once:
        yield _here(connection)
        return
    with siblings(connection, CONNECTIONS) as made:
        others = [each for each in made if each is not connection]
        if not others:
            yield _here(connection)
            return
        (exported,) = execute(connection, "report/export_snapshot").fetchall()
        # Like the isolation level, this belongs to the beginning of a transaction.
        same = SQL("set transaction snapshot {}").format(Literal(exported["snapshot"]))
        free = SimpleQueue[Connection]()
        for other in others:
            free.put(other)

        def answered(name: str, scope: Scope) -> Answer:
            own = free.get()
            try:
                with snapshot(own):
                    own.execute(same)
                    return ask(own, name, scope)
            finally:
                free.put(own)

        with ThreadPoolExecutor(len(others), "question") as pool:
            try:
                yield lambda name, scope: pool.submit(answered, name, scope)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                for other in others:
                    other.cancel_safe()
                raise


def _here(connection: Connection) -> Ask:
    def answered(name: str, scope: Scope) -> Future[Answer]:
        done = Future[Answer]()
        done.set_result(ask(connection, name, scope))
        return done

    return answered
