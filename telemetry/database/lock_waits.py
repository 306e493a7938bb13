"""Says which lock of another session a command waits for.

A statement that waits for a lock is silent, and so are psql and pg_dump. So a thread asks the
database at intervals whether sessions of this process wait.
"""

import os
import select
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import psycopg

from telemetry import TelemetryError

# Waits that are limited to ten seconds say so themselves.
LONGEST_SILENCE_SECONDS = 10.0
SECONDS_BETWEEN_LOOKS = 5.0

Wait = Mapping[str, Any]
"""A row of sql/schema/awaited_locks.sql."""


@contextmanager
def telling(look: Callable[[], Sequence[Wait]], notify: Callable[[str], None]) -> Iterator[None]:
    """Within the context, call `notify` with a sentence for each session that is waited for.

    `look` returns the waits of this process. It is called in another thread.
    """
    # Closing one end wakes up the thread, which waits at the other.
    end, own_end = os.pipe()
    over = select.poll()
    over.register(end, select.POLLHUP)

    def watch() -> None:
        reported = set()
        while not over.poll(SECONDS_BETWEEN_LOOKS * 1_000):
            # The command itself meets any fault of the database.
            with suppress(psycopg.Error, TelemetryError):
                for wait in look():
                    if (wait["process"], wait["subject"]) not in reported:
                        reported.add((wait["process"], wait["subject"]))
                        notify(sentence(wait))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        os.close(own_end)
        thread.join(SECONDS_BETWEEN_LOOKS)
        if not thread.is_alive():  # else it goes on to poll this end
            os.close(end)


def sentence(wait: Wait) -> str:
    """Return which lock is waited for, and which session of the database holds it."""
    who = [f"process {wait['process']}"]
    who += [f"program {wait['program']}"] if wait["program"] else []
    who += [f"role {wait['role']}"] if wait["role"] else []
    held = f"has held one since {wait['since']:%H:%M} UTC" if wait["since"] else "holds one"
    return (
        f"waiting for a lock on {wait['subject']}: another session of the database {held} "
        f"({', '.join(who)}); this continues when that transaction ends"
    )
