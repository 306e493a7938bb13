"""The database of the tests of ingests, which ask the same long questions about few rows."""

from collections.abc import Callable, Iterator

import pytest
from support.databases import plan_once

from telemetry.database.connection import Connection, open_connection


@pytest.fixture(scope="session")
def shared_connection(new_database: Callable[[str], str], migrated: str) -> Iterator[Connection]:
    """A connection to the one database whose tests leave nothing behind."""
    with open_connection(new_database(migrated)) as opened:
        plan_once(opened)
        yield opened
