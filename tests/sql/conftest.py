"""A database in which our lists of prices are stored, for tests of what jobs and calls cost."""

from collections.abc import Callable, Iterator

import pytest
from support.databases import rolled_back

from telemetry.database.connection import Connection, open_connection
from telemetry.database.prices import load_llm_prices, load_runner_prices


@pytest.fixture(scope="session")
def database_with_prices(new_database: Callable[[str], str], migrated: str) -> Iterator[Connection]:
    with open_connection(new_database(migrated)) as opened:
        load_llm_prices(opened)
        load_runner_prices(opened)
        opened.execute("analyze llm_prices, runner_prices, runner_labels, free_runs")
        yield opened


@pytest.fixture
def with_prices(database_with_prices: Connection) -> Iterator[Connection]:
    """A connection to it, in a transaction that is rolled back after the test."""
    with rolled_back(database_with_prices) as opened:
        yield opened
