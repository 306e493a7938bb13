"""After an ingest, the planner knows how many rows there are."""

import re
from datetime import UTC, datetime

from support.rows import workflow_run

from telemetry.database.connection import SQL, Connection, execute
from telemetry.database.statistics import update_statistics
from telemetry.database.upserts import upsert


def test_tables_that_have_grown_are_counted_once(connection: Connection, dsn: str) -> None:
    runs = [
        workflow_run(github_run_id=number, created_at=datetime(2026, 3, 1, tzinfo=UTC))
        for number in range(500)
    ]
    upsert(connection, runs)
    outdated = [row["table_name"] for row in execute(connection, "schema/outdated_statistics")]
    assert "workflow_runs" in outdated
    update_statistics(connection)
    known = "select reltuples from pg_class where oid = 'workflow_runs'::regclass"
    assert connection.execute(known).fetchall() == [{"reltuples": 500}]
    assert execute(connection, "schema/outdated_statistics").fetchall() == []
    upsert(connection, runs[:3])
    assert execute(connection, "schema/outdated_statistics").fetchall() == []


def test_the_tables_that_are_looked_at_and_counted_are_all_tables(connection: Connection) -> None:
    looked_at = (SQL / "schema/outdated_statistics.sql").read_text()
    counted = (SQL / "schema/analyze.sql").read_text().partition("analyze (skip_locked)")[2]
    names = re.findall(r"to_regclass\('(\w+)'\)", looked_at)
    assert names == re.findall(r"\w+", counted)
    tables = connection.execute(
        """
        select relname from pg_class
        where relnamespace = 'public'::regnamespace and relkind = 'r' and relname not like '%yoyo%'
        """
    )
    assert sorted(names) == sorted(row["relname"] for row in tables)


def test_a_table_of_one_row_is_counted_too(connection: Connection) -> None:
    connection.execute("insert into runner_labels (label, sku) values ('large', 'self_hosted')")
    update_statistics(connection)
    known = "select reltuples from pg_class where oid = 'runner_labels'::regclass"
    assert connection.execute(known).fetchall() == [{"reltuples": 1}]
