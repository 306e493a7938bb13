"""Connections to the database in use, for the commands."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from output import say

from telemetry.database.connection import Connection, conninfo, open_connection
from telemetry.database.migrations import migrate
from telemetry.database.schema import require_schema


@contextmanager
def database(*, is_patient: bool = False) -> Iterator[Connection]:
    """Yield a connection to the database in use, whose tables must be those of this version.

    `is_patient` waits out temporary faults of the database (see reconnecting.Connection).
    """
    with (
        conninfo(os.environ, say) as dsn,
        open_connection(dsn, say if is_patient else None) as connection,
    ):
        require_schema(connection)
        yield connection


@contextmanager
def migrated_database() -> Iterator[Connection]:
    """Bring the database in use up to date; yield a patient connection to it."""
    with conninfo(os.environ, say) as dsn:
        migrate(dsn, say, waits=say)
        with open_connection(dsn, waits=say) as connection:
            yield connection
