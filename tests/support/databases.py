"""Databases that several tests share, each of which leaves nothing behind in it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from telemetry.database.connection import Connection

# A test's database may be lost with the machine.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

# The statement that empties the tables of more than a megabyte. Nothing is stored in them: what a
# migration or a price list stores is small.
EMPTY = (
    "select 'truncate ' || string_agg(oid::regclass::text, ', ') || ' cascade' as statement "
    "from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace "
    "and pg_relation_size(oid) > 1000000"
)


def plan_once(opened: Connection) -> None:
    """Let PostgreSQL plan each statement once on this connection, and not each time it is run.

    For the few rows of a test, to plan a long statement takes most of its time. The plans are for
    few rows: a test of thousands analyzes its tables, or asks for a database of its own.
    """
    opened.prepare_threshold, opened.prepared_max = 0, None
    opened.execute("set plan_cache_mode = force_generic_plan")


@contextmanager
def rolled_back(opened: Connection) -> Iterator[Connection]:
    """Undo at the end what is done to a database in which no table has many rows."""
    with opened.transaction(force_rollback=True):
        yield opened
    empty(opened)


def empty(opened: Connection) -> None:
    """Free the pages of rows that were rolled back, which each test that follows would read.

    A vacuum would too, but PostgreSQL plans otherwise for a table that it knows to be empty.
    """
    (row,) = opened.execute(EMPTY).fetchall()
    if row["statement"]:
        opened.execute(row["statement"])


def blocked(connection: Connection, sessions: int = 1) -> None:
    """Wait until as many other sessions in this database wait for a lock."""
    for _ in range(6_000):
        (row,) = connection.execute(
            "select count(*) as waiting from pg_stat_activity "
            "where wait_event_type = 'Lock' and datname = current_database()"
        ).fetchall()
        if row["waiting"] >= sessions:
            return
        time.sleep(0.05)
    pytest.fail("nobody waits for a lock")


def count(connection: Connection, table: str) -> int:
    row = connection.execute(f"select count(*) as n from {table}").fetchone()
    assert row is not None
    return int(row["n"])
