"""A report opens a transaction of its own isolation level, so it cannot be within another.

So what a test stored is deleted after it, not rolled back.
"""

from collections.abc import Callable, Iterator

import pytest

from telemetry.database.connection import Connection, open_connection

# Deletes the rows of all tables that a new database has none in.
EMPTIED = (
    "select 'delete from ' || relid::regclass::text as statement from pg_stat_user_tables "
    "where relname !~ 'yoyo' and relname not in ('installed_views', 'retention') "
    "order by relid desc"
)


@pytest.fixture(scope="session")
def emptied(new_database: Callable[[str], str], template: str) -> Iterator[tuple[Connection, str]]:
    """A connection to one database, and the statements that empty it.

    PostgreSQL plans each statement once: for the few rows of these tests, to plan takes most of the
    time of a report. The plans are for few rows, so a test of thousands asks for `dsn`.
    """
    with open_connection(new_database(template)) as opened:
        opened.prepare_threshold, opened.prepared_max = 0, None
        opened.execute("set plan_cache_mode = force_generic_plan")
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
