"""Everything through PgBouncer in transaction mode: statements meet another session each time.

Skipped where the program is missing.
"""

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from support.disturbed import NAMES, NOW, run, stored
from support.paths import LONGEST
from support.pgbouncer import pooled

from telemetry import TelemetryError
from telemetry.database import migrations
from telemetry.database.connection import open_connection
from telemetry.database.migrations import migrate
from telemetry.database.schema import require_schema
from telemetry.database.transfer import dump, restore
from telemetry.report.formats.html_report import one_page
from telemetry.report.period import period
from telemetry.report.reading import report

THREE = [*NAMES, "acme/site"]
CONNECTIONS = 3


@pytest.fixture
def pool(empty_dsn: str) -> Iterator[str]:
    with pooled(empty_dsn, CONNECTIONS) as made:
        yield made


def test_three_ingests_and_a_report_at_once_share_few_sessions_and_store_the_truth(
    empty_dsn: str, pool: str, new_database: Callable[[str], str], migrated: str
) -> None:
    expected = run(new_database(migrated), names=THREE)
    assert migrate(pool)
    is_over = threading.Event()

    def reported() -> int:
        times = 0
        with open_connection(pool) as connection:
            while not is_over.is_set() or not times:
                now = NOW + timedelta(hours=1)
                one_page(report(connection, period(NOW - timedelta(days=30), now), now, []))
                times += 1
        return times

    with ThreadPoolExecutor(4) as threads:
        reading = threads.submit(reported)
        ingests = [
            threads.submit(run, empty_dsn, names=THREE, asked=[name], through=pool)
            for name in THREE
        ]
        try:
            done = [each.result(LONGEST) for each in ingests]
        finally:
            is_over.set()
        assert reading.result(LONGEST)
    for name, each in zip(THREE, done, strict=True):
        (found,) = each.reports.values()
        assert (found.repository, found.outcome, each.said) == (name, "complete", [])
    found_rows = stored(empty_dsn)
    for table, rows in expected.stored.items():
        assert found_rows[table] == rows, table
    with psycopg.connect(empty_dsn) as connection:
        query = "select count(*) from pg_stat_activity where datname = current_database()"
        sessions = connection.execute(query).fetchone()
    assert sessions and sessions[0] <= CONNECTIONS + 1  # one is this


def test_a_dump_is_refused_and_a_restore_leaves_the_sessions_as_they_were(
    empty_dsn: str, pool: str, dsn: str, tmp_path: Path
) -> None:
    file = tmp_path / "telemetry.dump"
    dump(dsn, file, os.environ)
    restore(pool, file, os.environ)
    with ExitStack() as opened:
        sessions = [opened.enter_context(open_connection(pool)) for _ in range(CONNECTIONS)]
        for session in sessions:
            opened.enter_context(session.transaction())  # holds a session of its own
            require_schema(session)
            shown = session.execute("show search_path").fetchone()
            assert shown == {"search_path": '"$user", public'}
    with pytest.raises(TelemetryError, match="name the host and port of PostgreSQL itself"):
        dump(pool, file, os.environ)


def test_a_migration_through_a_pool_of_one_session_is_refused(
    empty_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "LONGEST_SILENCE_SECONDS", 0.5)
    with pooled(empty_dsn, 1) as pool, pytest.raises(TelemetryError, match="default_pool_size"):
        migrate(pool)
    assert migrate(empty_dsn)
