"""One moment of the database for many questions, asked over one or several connections."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from queue import SimpleQueue
from typing import Any

from psycopg import IsolationLevel
from psycopg.sql import SQL, Literal

from telemetry.database.connection import Connection, execute, siblings
from telemetry.database.questions import Answer, Scope, ask
from telemetry.database.reconnecting import answering

# PostgreSQL runs most of our statements on one core each. More connections would take too much
# memory and too many cores from others.
CONNECTIONS = 4
# After it, they are taken for more than a pool has.
LONGEST_WAIT_SECONDS = 5.0

Ask = Callable[[str, Scope], Future[Answer]]


@contextmanager
def snapshot(connection: Connection) -> Iterator[None]:
    """Show all statements inside one moment of the database; they may not write.

    Otherwise, rows that an ingest stores meanwhile would make figures of a page contradict others.
    """
    connection.isolation_level = IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    try:
        with connection.transaction():
            _set_up(connection)
            yield
    finally:
        connection.isolation_level = connection.read_only = None


@contextmanager
def asking(connection: Connection, *, at_once: bool) -> Iterator[Ask]:
    """Yield a function that asks a question in the snapshot that `connection` has open.

    With `at_once`, questions are asked over other connections, one on each, and `connection` is
    free meanwhile. Without it, or if the server or a pool has no other session, each question is
    answered before the function returns.
    """
    here = partial(Here().submit, ask, connection)
    if not at_once:
        yield here
        return
    with siblings(connection, CONNECTIONS) as made:
        others = _at_the_same_moment(connection, [each for each in made if each is not connection])
        if not others:
            yield here
            return
        free = SimpleQueue[Connection]()
        for other in others:
            free.put(other)

        def answered(name: str, scope: Scope) -> Answer:
            own = free.get()
            try:
                with own.transaction():  # within its own, which an error would end
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
        for other in others:
            other.rollback()  # a pool would end a session that is left in a transaction


def _at_the_same_moment(connection: Connection, others: list[Connection]) -> list[Connection]:
    """Begin a transaction on each of the others with the snapshot of `connection`.

    Returns those that have begun. Like `connection`, each holds a session to its end, so a pool may
    have too few sessions: those are not waited for.
    """
    if not others:
        return []
    (exported,) = execute(connection, "report/export_snapshot")
    begin = SQL(
        "begin isolation level repeatable read, read only; set transaction snapshot {}"
    ).format(Literal(exported["snapshot"]))
    begun = answering(others, begin.as_bytes(connection), LONGEST_WAIT_SECONDS)
    joined = [other for other in others if other in begun]
    for other in joined:
        other.waits = None  # a transaction that is lost cannot be begun again
        _set_up(other)
    return joined


def _set_up(connection: Connection) -> None:
    execute(connection, "schema/stay_idle")
    execute(connection, "report/settings")


class Here(Executor):
    """Runs the work at once in the calling thread, so that Ctrl-C reaches it."""

    def submit(self, work: Callable[..., Any], /, *given: Any, **named: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(work(*given, **named))
        return done
