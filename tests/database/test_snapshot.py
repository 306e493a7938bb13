"""Questions asked at once read the moment that the connection's transaction reads."""

import time
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
from support.pgbouncer import pooled
from support.rows import CREATED_AT, RUN

from telemetry.database import snapshot as module
from telemetry.database.connection import Connection, open_connection
from telemetry.database.questions import Answer, Scope, ask
from telemetry.database.snapshot import asking, snapshot
from telemetry.database.upserts import upsert
from telemetry.rows.runs import WorkflowRun
from telemetry.settings import UsageError

SCOPE = Scope(CREATED_AT - timedelta(days=30), CREATED_AT + timedelta(days=1))
ASKED = ("outcomes_by_day", "workflow_outcomes", "durations_by_day", "incidents", "busy_hours")


def a_run(number: int, conclusion: str = "success") -> WorkflowRun:
    return replace(RUN, github_run_id=number, conclusion=conclusion)


def answers(connection: Connection, *, at_once: bool) -> list[Answer]:
    with asking(connection, at_once=at_once) as ask_for:
        return [each.result() for each in [ask_for(name, SCOPE) for name in ASKED]]


def connections(connection: Connection) -> int:
    found = connection.execute(
        "select count(*) from pg_stat_activity where datname = current_database()"
    )
    return int(found.fetchall()[0]["count"])


def test_questions_at_once_have_the_answers_of_one_moment(dsn: str, connection: Connection) -> None:
    upsert(connection, [a_run(1), a_run(2, conclusion="failure")])
    with open_connection(dsn) as other, snapshot(connection):
        before = answers(connection, at_once=False)
        upsert(other, [a_run(3), a_run(4)])
        opened = connections(other)
        assert answers(connection, at_once=True) == before
        with asking(connection, at_once=True) as ask_for:
            assert connections(other) == opened + module.CONNECTIONS
            # The connection itself is free, and sees the same.
            with connection.transaction():
                assert ask(connection, ASKED[0], SCOPE) == before[0]
            assert ask_for(ASKED[0], SCOPE).result() == before[0]
    assert answers(connection, at_once=False) != before


def test_questions_are_answered_one_by_one_where_no_connection_is_left(
    dsn: str, connection: Connection
) -> None:
    upsert(connection, [a_run(1)])
    alone = ask(connection, ASKED[0], SCOPE)
    database = connection.info.dbname
    role = f"few_{database}"
    connection.execute(f'create role "{role}" login connection limit 1'.encode())
    try:
        connection.execute(f'grant pg_read_all_data to "{role}"'.encode())
        of_few = psycopg.conninfo.make_conninfo(dsn, user=role)
        with open_connection(of_few) as few, snapshot(few):
            assert answers(few, at_once=True)[0] == alone
    finally:
        connection.execute(f'drop role "{role}"'.encode())


def test_a_pool_whose_only_session_is_taken_is_not_waited_for(
    dsn: str, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LONGEST_WAIT_SECONDS", 0.5)
    upsert(connection, [a_run(1), a_run(2, conclusion="failure")])
    expected = answers(connection, at_once=False)
    with pooled(dsn, 1) as pool, open_connection(pool) as only, snapshot(only):
        assert answers(only, at_once=True) == expected


def test_a_moment_outlives_the_time_that_a_session_may_be_idle_in_it(
    dsn: str, connection: Connection
) -> None:
    upsert(connection, [a_run(1)])
    impatient = psycopg.conninfo.make_conninfo(
        dsn, options="-c idle_in_transaction_session_timeout=200ms"
    )
    with (
        open_connection(impatient) as reading,
        snapshot(reading),
        asking(reading, at_once=True) as ask_for,
    ):
        time.sleep(1)
        assert ask_for(ASKED[0], SCOPE).result() == ask(reading, ASKED[0], SCOPE)


def test_an_error_ends_the_questions_that_are_asked_at_the_same_time(
    dsn: str, connection: Connection
) -> None:
    with (
        pytest.raises(UsageError, match="no question named none"),
        snapshot(connection),
        asking(connection, at_once=True) as ask_for,
    ):
        asked = [ask_for(name, SCOPE) for name in (*ASKED, "none")]
        for each in reversed(asked):
            each.result()
    assert all(each.done() for each in asked)
    assert connection.execute("select 1 as one").fetchall() == [{"one": 1}]
