"""Tables and views go up, down and up again, by any connection string and whoever else migrates."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import psycopg
import pytest
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import SQL, Identifier
from support.paths import ROOT
from support.rows import JOB, RUN, llm_call

from telemetry import TelemetryError
from telemetry.database import schema
from telemetry.database.connection import Connection, execute, open_connection
from telemetry.database.migrations import migrate, roll_back, start_over
from telemetry.database.schema import (
    MIGRATIONS,
    VIEWS,
    require_schema,
)
from telemetry.database.transfer import dump, restore
from telemetry.database.upserts import upsert

NAMES = sorted(p.stem for p in MIGRATIONS.glob("*.sql") if not p.stem.endswith(".rollback"))


def relations(dsn: str) -> dict[str, list[tuple[str, str]]]:
    """Every table and view of the schema, with its columns and their types."""
    found: dict[str, list[tuple[str, str]]] = {}
    with open_connection(dsn) as connection:
        for row in connection.execute(
            "select table_name, column_name, data_type from information_schema.columns "
            "where table_schema = 'public' and table_name !~ 'yoyo' order by 1, ordinal_position"
        ):
            found.setdefault(row["table_name"], []).append((row["column_name"], row["data_type"]))
    return found


@pytest.mark.scenario
def test_migrating_down_and_up_prints_nothing_and_gives_the_same_tables(
    dsn: str, capfd: pytest.CaptureFixture[str]
) -> None:
    first = relations(dsn)
    assert {"workflow_runs", "llm_calls", "attempts"} <= set(first)
    assert roll_back(dsn) == NAMES[::-1]
    assert relations(dsn) == {}
    assert migrate(dsn) == [*NAMES, "views"]
    assert relations(dsn) == first
    assert capfd.readouterr().out == ""


def test_a_second_migration_applies_nothing(dsn: str) -> None:
    assert migrate(dsn) == []


@pytest.mark.scenario
def test_each_migration_can_be_applied_again_after_a_crash_before_it_was_marked(dsn: str) -> None:
    with open_connection(dsn) as connection:
        connection.execute("delete from _yoyo_migration")
    before = relations(dsn)
    assert migrate(dsn) == [*NAMES, "views"]
    assert relations(dsn) == before


@pytest.mark.scenario
def test_each_migration_runs_as_it_stands_in_psql(empty_dsn: str, psql: Callable[..., str]) -> None:
    forth = [f"--file={MIGRATIONS / name}.sql" for name in NAMES]
    back = [f"--file={MIGRATIONS / name}.rollback.sql" for name in reversed(NAMES)]
    for files in (forth, back):
        psql(empty_dsn, "-1", *files)
    assert relations(empty_dsn) == {}


@pytest.mark.scenario
def test_each_rollback_leaves_the_columns_indexes_and_rules_of_before(empty_dsn: str) -> None:
    with open_connection(empty_dsn) as connection:
        before = []
        for name in NAMES:
            before.append((name, made(connection)))
            connection.execute((MIGRATIONS / f"{name}.sql").read_bytes())
        for name, things in reversed(before):
            connection.execute((MIGRATIONS / f"{name}.rollback.sql").read_bytes())
            assert made(connection) == things, f"migrations/{name}.rollback.sql"


def made(connection: Connection) -> set[str]:
    """The columns with their types and defaults, the indexes, and the names of the constraints."""
    rows = connection.execute(
        "select concat_ws(' ', table_name, column_name, data_type, is_nullable, column_default)"
        " as thing from information_schema.columns where table_schema = 'public'"
        " union select indexdef from pg_indexes where schemaname = 'public'"
        " union select conname from pg_constraint where connamespace = 'public'::regnamespace"
    )
    return {row["thing"] for row in rows}


def test_each_migration_has_a_number_a_reason_and_a_rollback() -> None:
    for path in MIGRATIONS.glob("*.sql"):
        assert re.fullmatch(r"\d{4}\.[a-z0-9-]+(\.rollback)?\.sql", path.name)
        assert path.read_text(encoding="utf-8").startswith("-- "), path.name
        name = path.name.removesuffix(".sql").removesuffix(".rollback")
        assert (MIGRATIONS / f"{name}.sql").is_file(), path.name
        assert (MIGRATIONS / f"{name}.rollback.sql").is_file(), path.name


@pytest.mark.scenario
def test_two_migrators_at_once_apply_each_migration_once(empty_dsn: str) -> None:
    applied: list[list[str]] = []
    threads = [Thread(target=lambda: applied.append(migrate(empty_dsn))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(applied) == [[], [], [], [*NAMES, "views"]]


@pytest.mark.scenario
def test_a_killed_migrator_does_not_block_the_next(empty_dsn: str, tmp_path: Path) -> None:
    slow = tmp_path / "migrations"
    slow.mkdir()
    (slow / "0001.slow.sql").write_text("-- waits\ncreate table t (i int);\nselect pg_sleep(60);\n")
    program = (
        f"from pathlib import Path; from telemetry.database.migrations import migrate; "
        f"migrate({empty_dsn!r}, migrations=Path({str(slow)!r}))"
    )
    child = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT)
    with open_connection(empty_dsn) as connection:
        for _ in range(6_000):
            if connection.execute(
                "select 1 from pg_stat_activity where query like 'select pg_sleep(60)%' "
                "and datname = current_database()"
            ).fetchone():
                break
            time.sleep(0.05)
        else:
            pytest.fail("the migration did not start")
        child.send_signal(signal.SIGKILL)
        child.wait()
        # What the server still runs for the dead process would end by itself a minute later.
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where pid <> pg_backend_pid() and datname = current_database()"
        )
        assert connection.execute("select count(*) as n from yoyo_lock").fetchone() == {"n": 1}
    assert migrate(empty_dsn) == [*NAMES, "views"]


ENDS_OTHERS = """-- Ends all other sessions, the first time
create sequence if not exists times;
select pg_terminate_backend(pid) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and (select nextval('times')) = 1;
"""


def test_a_migration_whose_other_sessions_are_ended_is_repeated_without_a_warning(
    empty_dsn: str, tmp_path: Path
) -> None:
    folder = shutil.copytree(MIGRATIONS, tmp_path / "migrations")
    (folder / "0000.ends-others.sql").write_text(ENDS_OTHERS)
    said: list[str] = []
    # A warning is an error in tests.
    assert migrate(empty_dsn, migrations=folder, waits=said.append)[-1] == "views"
    assert said[0].startswith("the connection to the database is lost") and len(said) == 2


@pytest.mark.parametrize("style", ["keywords", "url", "short url", "percent-encoded socket"])
def test_any_connection_string_of_libpq_works(connection: Connection, dsn: str, style: str) -> None:
    connection.execute("delete from _yoyo_migration where migration_id = %s", [NAMES[-1]])
    parts = conninfo_to_dict(dsn)
    socket, name = parts["host"], parts["dbname"]
    same = {
        "keywords": f"host='{socket}' dbname={name} user=postgres connect_timeout=300",
        "url": f"postgresql:///{name}?host={socket}&user=postgres&application_name=mine",
        "short url": f"postgres://postgres@/{name}?host={socket}",
        "percent-encoded socket": f"postgresql://postgres@{str(socket).replace('/', '%2F')}/{name}",
    }[style]
    assert migrate(same) == [NAMES[-1], "views"]
    with open_connection(same) as opened:
        require_schema(opened)


def test_a_reader_whose_search_path_misses_the_schema_is_told_its_name(empty_dsn: str) -> None:
    with psycopg.connect(empty_dsn, autocommit=True) as admin:
        admin.execute("create schema ci_1")
    migrate(make_conninfo(empty_dsn, options="-csearch_path=ci_1"))
    with open_connection(empty_dsn) as connection, pytest.raises(TelemetryError) as caught:
        require_schema(connection)
    assert str(caught.value) == (
        "there are no tables here yet, but in the schema ci_1, which search_path does not name; "
        "add ?options=-csearch_path%3Dci_1 to DATABASE_URL, or run `make ingest REPO=owner/name` "
        "first"
    )
    role = "a_reader_of_ci_1"
    with psycopg.connect(empty_dsn, autocommit=True) as admin:
        admin.execute(f"create role {role} login")
        theirs = make_conninfo(empty_dsn, user=role, options="-csearch_path=ci_1")
        try:
            with open_connection(theirs) as reader, pytest.raises(TelemetryError) as caught:
                require_schema(reader)
            grant = f"grant usage on schema ci_1 to {role}"
            assert str(caught.value).endswith(f"its owner can allow it: {grant}")
            admin.execute(grant)
            with open_connection(theirs) as reader, pytest.raises(errors.InsufficientPrivilege):
                require_schema(reader)
        finally:
            admin.execute(f"drop owned by {role}; drop role {role}")


def test_a_reader_of_a_database_without_tables_is_told_to_ingest(empty_dsn: str) -> None:
    with psycopg.connect(empty_dsn, autocommit=True) as admin:
        # A copy of GitHub's data that another program made.
        admin.execute("create schema copied")
        admin.execute("create table copied.workflow_runs (id bigint)")
    with open_connection(empty_dsn) as connection, pytest.raises(TelemetryError) as caught:
        require_schema(connection)
    assert "has no tables yet; run `make ingest REPO=owner/name`" in str(caught.value)
    # Not "add DEMO=1": the commands that write have no such variable, and others may have it on.
    assert "`make demo` makes it" in str(caught.value)
    assert "`make status DEMO=1`" in str(caught.value)


def test_a_reader_is_told_to_migrate_an_older_database(connection: Connection) -> None:
    connection.execute("delete from _yoyo_migration where migration_id = %s", [NAMES[-1]])
    with pytest.raises(TelemetryError, match="is older than this version"):
        require_schema(connection)


def test_reader_and_writer_are_told_to_update_an_older_checkout(
    connection: Connection, dsn: str
) -> None:
    connection.execute("insert into _yoyo_migration values ('hash', '9999.of-tomorrow', now())")
    with pytest.raises(TelemetryError, match=r"newer than this version.*9999\.of-tomorrow"):
        require_schema(connection)
    before = relations(dsn)
    for change in (migrate, roll_back):
        with pytest.raises(TelemetryError, match="newer than this version"):
            change(dsn)
    assert relations(dsn) == before


def test_a_wait_for_another_migration_is_said_once(connection: Connection, dsn: str) -> None:
    connection.execute("update installed_views set digest = 'of another checkout'")
    said: list[str] = []
    waiting = Thread(target=migrate, args=[dsn, said.append])
    with open_connection(dsn) as guard, guard.transaction():
        execute(guard, "schema/try_migration_lock")
        waiting.start()
        waiting.join(0.7)
        assert waiting.is_alive()
    waiting.join()
    assert said == ["waiting for another migration"]


def test_a_database_of_ours_alone_is_emptied_whichever_version_made_it(
    connection: Connection, dsn: str
) -> None:
    before = relations(dsn)
    connection.execute("insert into _yoyo_migration values ('hash', '9999.of-tomorrow', now())")
    connection.execute("create table of_tomorrow as select from workflow_runs")
    start_over(dsn)
    assert relations(dsn) == {}
    migrate(dsn)
    assert relations(dsn) == before
    connection.execute("create table of_a_user ()")
    start_over(dsn)
    assert connection.execute("select to_regclass('of_a_user') as found").fetchone() == {
        "found": "of_a_user"
    }


def test_changed_views_are_recreated(connection: Connection, dsn: str) -> None:
    connection.execute("update installed_views set digest = 'of another checkout'")
    with pytest.raises(TelemetryError, match="older than this version"):
        require_schema(connection)
    assert migrate(dsn) == ["views"]
    require_schema(connection)


def test_a_dropped_view_is_recreated(connection: Connection, dsn: str) -> None:
    before = relations(dsn)
    connection.execute("drop view executed_jobs cascade")
    with pytest.raises(TelemetryError, match="a view of the database was dropped; run `make migra"):
        require_schema(connection)
    assert migrate(dsn) == ["views"]
    require_schema(connection)
    assert relations(dsn) == before


def test_views_are_recreated_when_the_statement_that_comments_them_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, other = schema.views_digest(), tmp_path / "passed_comments.sql"
    other.write_bytes(schema.PASSED_COMMENTS.read_bytes() + b"-- of another version")
    monkeypatch.setattr(schema, "PASSED_COMMENTS", other)
    assert schema.views_digest() != before


def test_a_view_removed_from_the_checkout_is_dropped(connection: Connection, dsn: str) -> None:
    connection.execute("create view of_yesterday as select 1 as one")
    connection.execute("insert into installed_views values ('of_yesterday', 'older')")
    connection.execute("update installed_views set digest = 'older'")
    migrate(dsn)
    assert "of_yesterday" not in relations(dsn)


def test_a_role_without_the_right_to_create_can_use_what_is_there(
    connection: Connection, dsn: str
) -> None:
    role = f"reader_{conninfo_to_dict(dsn)['dbname']}"
    connection.execute(f"create role {role} login")
    connection.execute(f"grant select on all tables in schema public to {role}")
    theirs = psycopg.conninfo.make_conninfo(dsn, user=role)
    with open_connection(theirs) as reader:
        require_schema(reader)
    assert migrate(theirs) == []


@pytest.fixture
def bare_role(empty_dsn: str) -> Iterator[tuple[Connection, str]]:
    """A role without the right to create, as its administrator sees it and as it connects."""
    role = f"bare_{conninfo_to_dict(empty_dsn)['dbname']}"
    with open_connection(empty_dsn) as admin:
        admin.execute("revoke create on schema public from public")
        admin.execute(f"create role {role} login")
        yield admin, psycopg.conninfo.make_conninfo(empty_dsn, user=role)


def test_a_role_without_the_right_to_create_gets_a_clear_error(
    bare_role: tuple[Connection, str],
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied for schema"):
        migrate(bare_role[1])


def test_a_role_without_a_schema_gets_a_clear_error(bare_role: tuple[Connection, str]) -> None:
    admin, theirs = bare_role
    admin.execute("drop schema public")
    with pytest.raises(psycopg.errors.InvalidSchemaName, match="no schema has been selected"):
        migrate(theirs)


def test_a_database_that_cannot_be_written_to_says_so(empty_dsn: str) -> None:
    read_only = psycopg.conninfo.make_conninfo(
        empty_dsn, options="-c default_transaction_read_only=on"
    )
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        migrate(read_only)


def test_every_table_and_view_says_what_a_row_is(connection: Connection) -> None:
    rows = connection.execute(
        "select relname, obj_description(oid) as said from pg_class "
        "where relnamespace = 'public'::regnamespace and relkind in ('r', 'v') "
        "and relname !~ 'yoyo'"
    ).fetchall()
    assert len(rows) >= 6
    for row in rows:
        assert (row["said"] or "").startswith(("One row per ", "One row: ")), row["relname"]


def test_every_column_of_a_table_or_view_says_what_it_holds(connection: Connection) -> None:
    rows = connection.execute(
        "select relname, attname, col_description(attrelid, attnum) as said "
        "from pg_attribute join pg_class on pg_class.oid = attrelid "
        "where relnamespace = 'public'::regnamespace and relkind in ('r', 'v') "
        "and relname !~ 'yoyo' and attnum > 0 and not attisdropped"
    ).fetchall()
    assert len(rows) > 400
    bare = [f"{row['relname']}.{row['attname']}" for row in rows if not row["said"]]
    assert not bare, f"a column of a view needs a comment of its own: {', '.join(bare)}"


def test_a_column_that_a_view_passes_on_keeps_its_comment(connection: Connection) -> None:
    said = {
        name: connection.execute(
            "select col_description(attrelid, attnum) as said from pg_attribute "
            "where attrelid = %s::regclass and attname = %s",
            name.split("."),
        ).fetchall()[0]["said"]
        for name in (
            "workflow_runs.created_at", "attempts.created_at", "labelled_jobs.created_at",
            "attempts.is_red", "executed_jobs.is_red",
        )
    }  # fmt: skip
    assert said["attempts.created_at"] == said["workflow_runs.created_at"]
    assert said["labelled_jobs.created_at"] == said["workflow_runs.created_at"]
    assert said["executed_jobs.is_red"] != said["attempts.is_red"]


def test_the_names_and_types_of_the_plan_are_there(connection: Connection) -> None:
    types = {
        (row["table_name"], row["column_name"]): row["type"]
        for row in connection.execute(
            "select relname as table_name, attname as column_name, "
            "format_type(atttypid, atttypmod) as type from pg_attribute "
            "join pg_class on pg_class.oid = attrelid "
            "where relname in ('workflow_runs', 'llm_calls') and attnum > 0"
        )
    }
    expected = {
        ("workflow_runs", "github_run_id"): "bigint",
        ("workflow_runs", "run_attempt"): "integer",
        ("workflow_runs", "event_type"): "character varying(50)",
        ("workflow_runs", "created_at"): "timestamp with time zone",
        ("llm_calls", "prompt_name"): "character varying(255)",
        ("llm_calls", "estimated_cost"): "numeric(10,6)",
        ("llm_calls", "success"): "boolean",
        ("llm_calls", "error_message"): "text",
    }
    assert {key: types[key] for key in expected} == expected
    plan = {
        "workflow_runs": "workflow_name branch commit_sha status conclusion started_at "
        "completed_at duration_seconds html_url",
        "llm_calls": "timestamp phase model input_tokens output_tokens total_tokens duration_ms "
        "session_id created_at",
    }
    for table, columns in plan.items():
        assert {(table, column) for column in columns.split()} <= set(types)


def test_the_keys_and_indexes_of_the_plan_are_there(connection: Connection) -> None:
    keys = {
        row["definition"]
        for row in connection.execute(
            "select pg_get_constraintdef(oid) as definition from pg_constraint "
            "where conrelid in ('workflow_runs'::regclass, 'llm_calls'::regclass)"
        )
    }
    assert "PRIMARY KEY (github_run_id, run_attempt)" in keys
    assert 'UNIQUE ("timestamp", session_id, prompt_name)' in keys
    assert "PRIMARY KEY (source, call_id)" in keys
    indexes = {row["indexname"] for row in connection.execute("select indexname from pg_indexes")}
    assert {"idx_workflow_runs_created_at", "idx_workflow_runs_github_run_id"} <= indexes


def test_view_files_are_named_after_their_view_and_their_place() -> None:
    for path in VIEWS.glob("*.sql"):
        assert re.fullmatch(r"\d\d_[a-z_]+", path.stem)
        assert f"create view {path.stem[3:]} as" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["CI data", "Ci", 'a"b', "a-b", "é", "order"])
def test_a_schema_whose_name_has_to_be_quoted_is_refused(empty_dsn: str, name: str) -> None:
    with open_connection(empty_dsn) as connection:
        connection.execute(SQL("create schema {}").format(Identifier(name)))
        path = SQL("alter database {} set search_path = {}")
        database = Identifier(connection.info.dbname)
        connection.execute(path.format(database, Identifier(name)))
    with pytest.raises(TelemetryError, match="which search_path names first") as caught:
        migrate(empty_dsn)
    assert repr(name) in str(caught.value)


@pytest.mark.parametrize(
    ("made", "named"),
    [
        ("create table repositories (name text)", "repositories"),
        ("create view attempts as select 1 as n", "attempts"),
        ("create materialized view job_costs as select 1 as n", "job_costs"),
        (
            "create table _yoyo_migration (migration_hash text, migration_id text); "
            "insert into _yoyo_migration values ('a', '0001.theirs')",
            "0001.theirs",
        ),
    ],
)
def test_what_another_program_has_made_is_neither_changed_nor_dropped(
    empty_dsn: str, dsn: str, tmp_path: Path, made: str, named: str
) -> None:
    dump(dsn, tmp_path / "dump", os.environ)
    theirs = (
        "select relname, xmin::text from pg_class where relnamespace = 'public'::regnamespace "
        "and relkind in ('r', 'v', 'm') and relname not like '%yoyo%' order by 1"
    )
    with open_connection(empty_dsn) as connection:
        connection.execute(made.encode())
        before = connection.execute(theirs.encode()).fetchall()
        for use in (
            lambda: restore(empty_dsn, tmp_path / "dump", os.environ),
            lambda: migrate(empty_dsn),
        ):
            with pytest.raises(TelemetryError, match=f"{named}.*create schema telemetry"):
                use()
            assert connection.execute(theirs.encode()).fetchall() == before


@pytest.mark.parametrize(
    ("made", "named"),
    [
        ("create table former_names (mine text)", "former_names"),
        ("create table former_names (i int); comment on table former_names is 'm'", "former_names"),
        ("create view taken_jobs as select 1; comment on view taken_jobs is 'mine'", "taken_jobs"),
        ("create domain taken_jobs as text", "taken_jobs"),
    ],
)
def test_what_a_user_has_made_under_a_new_name_stops_the_upgrade_before_it_changes_anything(
    connection: Connection, dsn: str, made: str, named: str
) -> None:
    """The database is of a version without this table and this view."""
    connection.execute("drop table former_names cascade; drop view taken_jobs cascade")
    connection.execute("delete from _yoyo_migration where migration_id like '0141.%'")
    connection.execute("delete from installed_views where name = 'taken_jobs'")
    connection.execute(made.encode())
    connection.execute("comment on table workflow_runs is 'as a user likes it'")
    connection.execute("create view own as select model from llm_calls_priced")
    with pytest.raises(TelemetryError, match=f"something else has made {named} here; rename"):
        migrate(dsn)
    connection.execute("select model from own")


def test_the_table_of_a_migration_that_was_killed_before_it_was_noted_is_ours(
    connection: Connection, dsn: str
) -> None:
    for name in ("0141.former-names", "0290.accounts"):
        connection.execute("delete from _yoyo_migration where migration_id = %s", [name])
    assert migrate(dsn)[:2] == ["0141.former-names", "0290.accounts"]


def test_a_type_with_the_name_of_a_view_is_one_sentence(empty_dsn: str) -> None:
    with open_connection(empty_dsn) as connection:
        connection.execute("create type attempts as enum ('a')")
    with pytest.raises(TelemetryError, match="something else has made attempts here; rename"):
        migrate(empty_dsn)


def test_a_schema_of_its_own_makes_room_beside_another_program(empty_dsn: str) -> None:
    with open_connection(empty_dsn) as connection:
        connection.execute("create table repositories (name text); create schema telemetry")
    migrate(make_conninfo(empty_dsn, options="-csearch_path=telemetry"))


def test_a_schema_that_comes_first_since_then_gets_no_second_set_of_tables(
    empty_dsn: str,
) -> None:
    """Such as one that is named after the role, which search_path names first by default."""
    migrate(empty_dsn)
    with open_connection(empty_dsn) as connection:
        connection.execute("create schema anew; create view own as select workflow from attempts")
        connection.execute("update installed_views set digest = 'older'")
        with pytest.raises(TelemetryError, match="search_path names anew first"):
            migrate(make_conninfo(empty_dsn, options="-csearch_path=anew,public"))
        connection.execute("select workflow from own")
        asked = "select from pg_class where relnamespace = 'anew'::regnamespace"
        assert connection.execute(asked).fetchall() == []
    assert migrate(empty_dsn) == ["views"]


def test_events_of_claude_code_get_the_second_of_their_time_and_lose_it_again(
    connection: Connection,
) -> None:
    name = "0230.events-of-resumed-sessions"
    at = datetime(2026, 1, 5, 8, 0, 0, 999_999, tzinfo=UTC)
    known = [("s:3", "s"), (":4", ""), ("s:1767600000123456789", "s"), ("req_5", "s"), ("t:9", "s")]
    upsert(
        connection,
        [
            llm_call(
                source="claude-code-otlp",
                call_id=call_id,
                session_id=session,
                prompt_name=call_id,
                timestamp=at,
            )
            for call_id, session in known
        ],
    )

    def call_ids() -> set[str]:
        return {row["call_id"] for row in connection.execute("select call_id from llm_calls")}

    before, second = call_ids(), 1767600000
    for _ in range(2):
        connection.execute((MIGRATIONS / f"{name}.sql").read_bytes())
        assert call_ids() == before - {"s:3", ":4"} | {f"s:3:{second}", f":4:{second}"}
    connection.execute((MIGRATIONS / f"{name}.rollback.sql").read_bytes())
    assert call_ids() == before


def test_jobs_of_first_attempts_that_counted_as_inherited_are_corrected(
    connection: Connection,
) -> None:
    upsert(connection, [RUN, replace(RUN, run_attempt=2)])
    jobs = [JOB, replace(JOB, run_attempt=2)]
    upsert(connection, [replace(job, is_inherited=True) for job in jobs])
    connection.execute("update workflow_runs set jobs_listed_at = updated_at")
    connection.execute((MIGRATIONS / "0180.first-attempts-inherit-no-jobs.sql").read_bytes())
    found = connection.execute(
        "select is_inherited, jobs_listed_at is null as is_due "
        "from workflow_jobs join workflow_runs using (github_run_id, run_attempt) "
        "order by run_attempt"
    ).fetchall()
    assert [tuple(row.values()) for row in found] == [(False, True), (True, False)]
