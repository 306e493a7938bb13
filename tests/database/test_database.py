"""Which database it is, and rows that go in once, completely and in any order."""

import itertools
import os
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from threading import Thread
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from support.rows import CREATED_AT, llm_call, workflow_job, workflow_run

from telemetry.database import views
from telemetry.database.connection import (
    Connection,
    conninfo,
    describe,
    execute,
    open_connection,
    parameters,
)
from telemetry.database.migrations import migrate
from telemetry.database.questions import Scope, ask
from telemetry.database.transactions import with_retries
from telemetry.database.upserts import ROWS_PER_STATEMENT, Counts, upsert
from telemetry.rows.llm import LlmCall
from telemetry.rows.runs import Repository
from telemetry.settings import UsageError


def stored(connection: Connection, table: str = "workflow_runs") -> list[dict[str, Any]]:
    return connection.execute(f"select * from {table} order by 1, 2").fetchall()


def test_new_changed_and_unchanged_rows_are_counted_separately(connection: Connection) -> None:
    first, second = workflow_run(), workflow_run(github_run_id=2)
    assert upsert(connection, [first, second]) == Counts(inserted=2)
    assert upsert(connection, [first, second]) == Counts(unchanged=2)
    changed = workflow_run(conclusion="failure")
    third = workflow_run(github_run_id=3)
    assert upsert(connection, [changed, second, third]) == Counts(1, 1, 1)
    assert [row["revision"] for row in stored(connection)] == [2, 1, 1]


def test_attempts_of_one_run_are_rows_of_their_own(connection: Connection) -> None:
    attempts = [workflow_run(run_attempt=n) for n in (1, 2, 3)]
    assert upsert(connection, attempts) == Counts(inserted=3)


def test_a_key_that_comes_twice_is_written_once(connection: Connection) -> None:
    rows = [workflow_run(conclusion="failure"), workflow_run(conclusion="success")]
    assert upsert(connection, rows) == Counts(inserted=1)
    assert stored(connection)[0]["conclusion"] == "success"


def test_storing_nothing_is_not_an_error(connection: Connection) -> None:
    assert upsert(connection, []) == Counts()


def test_more_rows_than_one_statement_holds_are_stored_in_one_transaction(
    connection: Connection,
) -> None:
    rows = [workflow_run(github_run_id=number) for number in range(1, ROWS_PER_STATEMENT + 3)]
    with pytest.raises(psycopg.DataError):
        upsert(connection, [*rows, workflow_run(github_run_id=2**63)])
    assert stored(connection) == []
    assert upsert(connection, rows) == Counts(inserted=len(rows))
    assert upsert(connection, rows) == Counts(unchanged=len(rows))


def test_values_arrive_as_they_were(connection: Connection) -> None:
    text = "a \"quoted\" \\ name, \t {x} %s :'y' \u202e \U0001f389"
    upsert(connection, [workflow_run(display_title=text)])
    upsert(connection, [workflow_job(labels=["self-hosted", text, ""], name=text)])
    upsert(connection, [llm_call(estimated_cost=Decimal("9999.999999"), error_message=text)])
    found = [
        connection.execute(query).fetchone()
        for query in (
            "select display_title from workflow_runs",
            "select labels, name from workflow_jobs",
            "select estimated_cost, error_message from llm_calls",
        )
    ]
    assert found == [
        {"display_title": text},
        {"labels": ["self-hosted", text, ""], "name": text},
        {"estimated_cost": Decimal("9999.999999"), "error_message": text},
    ]


def test_an_older_answer_never_replaces_a_newer_one(connection: Connection) -> None:
    newer = workflow_run(conclusion="success", updated_at=CREATED_AT + timedelta(hours=2))
    older = workflow_run(conclusion="failure", updated_at=CREATED_AT + timedelta(hours=1))
    upsert(connection, [newer])
    assert upsert(connection, [older]) == Counts(unchanged=1)
    assert stored(connection)[0]["conclusion"] == "success"


def test_a_null_never_replaces_a_value(connection: Connection) -> None:
    upsert(connection, [workflow_run()])
    assert upsert(connection, [workflow_run(head_repository=None, actor=None)]) == Counts(
        unchanged=1
    )
    assert upsert(connection, [workflow_run(updated_at=None)]) == Counts(unchanged=1)
    assert stored(connection)[0]["actor"] == "dev-1"


def test_a_value_replaces_a_null(connection: Connection) -> None:
    upsert(connection, [workflow_run(actor=None, updated_at=None)])
    assert upsert(connection, [workflow_run()]) == Counts(updated=1)
    assert stored(connection)[0]["actor"] == "dev-1"


def test_times_that_came_from_jobs_are_kept(connection: Connection) -> None:
    upsert(connection, [workflow_run()])
    connection.execute(
        "update workflow_runs set jobs_listed_at = now(), duration_seconds = 500, "
        "completed_at = %s",
        [CREATED_AT + timedelta(seconds=500)],
    )
    late = CREATED_AT + timedelta(days=3)
    upsert(connection, [workflow_run(updated_at=late, completed_at=late, duration_seconds=259_200)])
    (row,) = stored(connection)
    assert (row["duration_seconds"], row["updated_at"]) == (500, late)
    assert row["completed_at"] == CREATED_AT + timedelta(seconds=500)


def test_any_order_of_answers_gives_the_same_rows(connection: Connection) -> None:
    answers = [
        workflow_run(
            run_attempt=attempt,
            conclusion=conclusion,
            updated_at=CREATED_AT + timedelta(minutes=minute),
        )
        for attempt, conclusion, minute in (
            (1, "failure", 1),
            (1, "cancelled", 2),
            (1, "success", 3),
            (2, "success", 9),
        )
    ]
    results = []
    for order in itertools.permutations(answers):
        connection.execute("delete from workflow_runs")
        for answer in order:
            upsert(connection, [answer])
        results.append([(r["run_attempt"], r["conclusion"]) for r in stored(connection)])
    assert all(result == [(1, "success"), (2, "success")] for result in results)


def test_what_is_longer_than_its_column_is_cut_and_counted(connection: Connection) -> None:
    long = "x" * 60
    assert upsert(connection, [workflow_run(event_type=long)]) == Counts(inserted=1, cut=1)
    assert upsert(connection, [workflow_run(event_type=long)]) == Counts(unchanged=1, cut=1)
    assert stored(connection)[0]["event_type"] == "x" * 50
    assert upsert(connection, [llm_call(prompt_name="ü" * 300)]).cut == 1
    assert stored(connection, "llm_calls")[0]["prompt_name"] == "ü" * 255


def test_a_call_that_grew_is_updated_and_keeps_its_time(connection: Connection) -> None:
    upsert(connection, [llm_call(input_tokens=10, output_tokens=1)])
    later = CREATED_AT + timedelta(seconds=9)
    grown = llm_call(input_tokens=10, output_tokens=90, timestamp=later)
    assert upsert(connection, [grown]) == Counts(updated=1)
    shrunk = llm_call(input_tokens=10, output_tokens=1)
    assert upsert(connection, [shrunk]) == Counts(unchanged=1)
    (row,) = stored(connection, "llm_calls")
    assert (row["total_tokens"], row["timestamp"]) == (100, CREATED_AT)


def test_two_calls_of_one_second_and_session_are_both_stored(connection: Connection) -> None:
    record = {"timestamp": "2026-01-05T08:00:00Z", "session_id": "s1", "model": "m"}
    calls = [LlmCall.from_record({**record, "call_id": name}) for name in ("c1", "c2")]
    assert upsert(connection, calls) == Counts(inserted=2)
    assert upsert(connection, calls[::-1]) == Counts(unchanged=2)


def test_an_empty_name_never_replaces_the_stored_one(connection: Connection) -> None:
    named = llm_call(session_id="s1", prompt_name="review", input_tokens=1, output_tokens=1)
    unnamed = llm_call(session_id="", prompt_name="", input_tokens=1, output_tokens=9)
    upsert(connection, [named])
    assert upsert(connection, [unnamed]) == Counts(updated=1)
    (row,) = stored(connection, "llm_calls")
    assert (row["session_id"], row["prompt_name"], row["total_tokens"]) == ("s1", "review", 10)
    assert upsert(connection, [unnamed]) == Counts(unchanged=1)


def test_a_name_that_becomes_known_is_stored(connection: Connection) -> None:
    upsert(connection, [llm_call()])
    assert upsert(connection, [llm_call(session_id="s1")]) == Counts(updated=1)
    assert stored(connection, "llm_calls")[0]["session_id"] == "s1"


def test_the_table_adds_up_tokens_as_the_row_does(connection: Connection) -> None:
    calls = [
        llm_call(call_id="a", input_tokens=3, output_tokens=4),
        llm_call(call_id="b", session_id="b", input_tokens=3),
    ]
    upsert(connection, calls)
    totals = [row["total_tokens"] for row in stored(connection, "llm_calls")]
    assert totals == [call.total_tokens for call in calls] == [7, None]


def test_one_bad_row_stores_nothing_of_its_page(connection: Connection) -> None:
    good, bad = workflow_run(), workflow_run(github_run_id=2**70)
    with pytest.raises(psycopg.DataError):
        upsert(connection, [good, bad])
    assert stored(connection) == []


def test_an_error_names_the_file_of_its_statement(
    connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "99_broken.sql").write_text("create view broken as select nothing;\n")
    monkeypatch.setattr(views, "VIEWS", tmp_path)
    bound = Scope(CREATED_AT, CREATED_AT, top=-1)
    runs: dict[str, Callable[[], object]] = {
        "runs/verify_attempts": lambda: execute(
            connection, "runs/verify_attempts", {"github_run_ids": "none"}
        ),
        "runs/upsert_workflow_jobs": lambda: upsert(connection, [workflow_job()]),
        "analysis/flaky_jobs": lambda: ask(connection, "flaky_jobs", bound),
        "views/99_broken": lambda: views.make_views(connection),
    }
    for name, run in runs.items():
        with pytest.raises(psycopg.Error) as caught, connection.transaction():
            run()
        assert caught.value.__notes__ == [f"in sql/{name}.sql"]


def test_an_error_names_the_file_of_its_migration(empty_dsn: str, tmp_path: Path) -> None:
    (tmp_path / "0001.broken.sql").write_text("create table broken as select nothing;\n")
    with pytest.raises(psycopg.Error) as caught:
        migrate(empty_dsn, migrations=tmp_path)
    assert caught.value.__notes__ == ["in migrations/0001.broken.sql"]


def test_writers_of_the_same_rows_in_opposite_orders_do_not_block_each_other(dsn: str) -> None:
    failures: list[BaseException] = []

    def write(start: int) -> None:
        ids = range(200) if start else reversed(range(200))
        rows = [workflow_run(github_run_id=n + 1) for n in ids]
        try:
            with open_connection(dsn) as connection:
                for minute in range(5):
                    moved = CREATED_AT + timedelta(minutes=start + minute)
                    upsert(
                        connection,
                        [
                            workflow_run(github_run_id=r.github_run_id, updated_at=moved)
                            for r in rows
                        ],
                    )
        except BaseException as error:
            failures.append(error)

    threads = [Thread(target=write, args=(n,)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_transaction_that_the_database_undid_is_repeated(connection: Connection) -> None:
    tried = []

    def change() -> str:
        tried.append(1)
        if len(tried) < 3:
            connection.execute(
                "do $$ begin raise exception 'try again' using errcode = '40001'; end $$"
            )
        return "done"

    assert with_retries(connection, change) == "done"
    assert len(tried) == 3


def test_a_transaction_that_always_fails_says_so_in_the_end(connection: Connection) -> None:
    def change() -> None:
        connection.execute("do $$ begin raise exception 'no' using errcode = '40P01'; end $$")

    with pytest.raises(psycopg.errors.DeadlockDetected):
        with_retries(connection, change)


def test_the_repository_of_a_new_name_is_the_same_repository(connection: Connection) -> None:
    assert upsert(connection, [Repository(7, "acme/old", "api.github.com")]).inserted == 1
    assert upsert(connection, [Repository(7, "acme/new", "api.github.com")]).updated == 1
    assert upsert(connection, [Repository(7, "acme/new", "api.github.com")]).unchanged == 1
    assert [row["repository"] for row in stored(connection, "repositories")] == ["acme/new"]


def test_database_url_decides(dsn: str) -> None:
    with conninfo({"DATABASE_URL": dsn, "PGHOST": "elsewhere"}) as chosen:
        assert chosen == dsn


@pytest.mark.parametrize("variable", ["PGHOST", "PGSERVICE", "PGDATABASE"])
def test_the_variables_of_libpq_decide_without_database_url(variable: str) -> None:
    with conninfo({"DATABASE_URL": "", variable: "x"}) as chosen:
        assert chosen == ""


def test_a_connection_says_who_it_is_unless_the_user_does(dsn: str) -> None:
    with open_connection(dsn) as connection:
        name = connection.info.parameter_status("application_name")
        assert name == f"actions-telemetry {os.getpid()}"
    with open_connection(make_conninfo(dsn, application_name="mine")) as connection:
        assert connection.info.parameter_status("application_name") == "mine"


def test_the_database_is_described_without_its_password(dsn: str) -> None:
    with open_connection(make_conninfo(dsn, password="secret-word")) as connection:
        said = describe(connection)
    assert "secret-word" not in said
    assert str(conninfo_to_dict(dsn)["dbname"]) in said


@pytest.mark.parametrize("use", [open_connection, parameters])
def test_an_invalid_connection_string_is_refused_without_showing_it(
    use: Callable[[str], object],
) -> None:
    with pytest.raises(UsageError) as caught:
        use("postgres//me:secret-word@host/db")
    assert "secret-word" not in str(caught.value)
    assert "DATABASE_URL" in str(caught.value)


def test_a_line_break_after_the_connection_string_is_no_part_of_it(dsn: str) -> None:
    with conninfo({"DATABASE_URL": f" {dsn}\n"}) as chosen, open_connection(chosen) as connection:
        assert connection.info.dbname == conninfo_to_dict(dsn)["dbname"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("schema=public&pgbouncer=true", "the parameter schema, which PostgreSQL does not know"),
        ("connect_timeout=soon", "bad value for connect_timeout: 'soon'"),
    ],
)
def test_a_parameter_of_a_url_that_cannot_be_used_is_named(query: str, said: str) -> None:
    with pytest.raises(UsageError, match=f"DATABASE_URL.*{said}"):
        open_connection(f"postgresql://me@127.0.0.1:1/db?{query}")


def test_names_arrive_whole_whatever_encoding_the_client_is_told_to_use(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    with open_connection(dsn) as connection:
        assert connection.execute("select '🚀 …' as name").fetchone() == {"name": "🚀 …"}


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_database_that_cannot_hold_every_name_is_refused_with_what_to_do(
    server: str, encoding: str
) -> None:
    made = f"encoded_{encoding.lower()}_{os.getpid()}"
    how = f"encoding '{encoding}' template template0 locale_provider libc locale 'C'"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"create database {made} {how}".encode())
        with pytest.raises(UsageError, match=f"'{made}' has the encoding {encoding}"):
            migrate(make_conninfo(server, dbname=made))
        admin.execute(f"drop database {made}".encode())
