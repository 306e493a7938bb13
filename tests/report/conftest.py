"""A report opens a transaction of its own isolation level, so it cannot be within another."""

from collections.abc import Iterator

import pytest

from telemetry.database.connection import Connection, open_connection


@pytest.fixture
def connection(dsn: str) -> Iterator[Connection]:
    """A connection in autocommit mode to a database of the test's own."""
    with open_connection(dsn) as opened:
        yield opened
