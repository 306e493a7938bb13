"""Databases and reports that several tests read.

A report opens a transaction of its own isolation level, so it cannot be within another one.

So what a test stored is deleted after it, not rolled back.
"""

from collections.abc import Callable, Iterator

import pytest
from support.databases import plan_once
from support.history import UNTIL, make_history, store
from support.reports import MONTH, Filled, known

from telemetry.database.connection import Connection, open_connection
from telemetry.database.prices import load_runner_prices
from telemetry.report.data import Report
from telemetry.report.reading import report

# Deletes the rows of all tables that a new database has none in.
EMPTIED = (
    "select 'delete from ' || relid::regclass::text as statement from pg_stat_user_tables "
    "where relname !~ 'yoyo' and relname not in ('installed_views', 'retention') "
    "order by relid desc"
)


@pytest.fixture(scope="session")
def emptied(new_database: Callable[[str], str], template: str) -> Iterator[tuple[Connection, str]]:
    """A connection to one database, and the statements that empty it."""
    with open_connection(new_database(template)) as opened:
        plan_once(opened)
        rows = opened.execute(EMPTIED, prepare=False).fetchall()
        yield opened, "; ".join(row["statement"] for row in rows)


@pytest.fixture
def connection(request: pytest.FixtureRequest) -> Iterator[Connection]:
    """A connection in autocommit mode to a database without rows; of the test's own with `dsn`."""
    if "dsn" in request.fixturenames:
        with open_connection(request.getfixturevalue("dsn")) as opened:
            yield opened
    else:
        opened, statements = request.getfixturevalue("emptied")
        yield opened
        opened.execute(statements, prepare=False)


@pytest.fixture(scope="session")
def filled(new_database: Callable[[str], str], migrated: str) -> Iterator[Filled]:
    """A database of two months of two repositories, for tests that only read it."""
    with open_connection(new_database(migrated)) as connection:
        made = make_history(5, days=62)
        store(connection, made)
        known(connection, 7, 8)
        load_runner_prices(connection)
        connection.execute("update workflow_runs set jobs_listed_at = updated_at")
        connection.execute("analyze")
        yield connection, made


@pytest.fixture(scope="session")
def of_both(filled: Filled) -> Report:
    """The report of the last month of both repositories."""
    return report(filled[0], MONTH, UNTIL)


@pytest.fixture(scope="session")
def of_one(filled: Filled) -> Report:
    """The report of the last month of repository 7."""
    return report(filled[0], MONTH, UNTIL, ["acme/r7"])
