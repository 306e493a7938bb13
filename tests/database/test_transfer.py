"""A dump holds all, a restore brings it back whole or not at all."""

import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import SQL, Identifier
from support.commands import start
from support.dumps import newer_dump
from support.paths import LONGEST
from support.rows import llm_call, workflow_job, workflow_run, workflow_step

from telemetry import TelemetryError
from telemetry.database.connection import Connection, execute, open_connection
from telemetry.database.migrations import migrate
from telemetry.database.schema import NewerDatabase, require_schema
from telemetry.database.status import status
from telemetry.database.transfer import _reason, dump, psql, restore
from telemetry.database.upserts import upsert
from telemetry.rows.runs import Repository
from telemetry.settings import UsageError
from telemetry.whole_files import open_lock

pytestmark = pytest.mark.scenario


def contents(dsn: str) -> dict[str, list[dict[str, Any]]]:
    with open_connection(dsn) as connection:
        return {
            table: connection.execute(f"select * from {table} order by 1, 2").fetchall()
            for table in (
                "workflow_runs",
                "workflow_jobs",
                "workflow_steps",
                "windows",
                "llm_calls",
                "repositories",
                "ingestions",
            )
        }


@pytest.fixture
def dumped(connection: Connection, dsn: str, tmp_path: Path) -> Path:
    upsert(connection, [workflow_run(github_run_id=n) for n in range(1, 501)])
    upsert(connection, [workflow_job(labels=["self-hosted", 'GPU, "large"'])])
    upsert(connection, [workflow_step()])
    upsert(connection, [llm_call(prompt_name="tab\there \\. é")])
    upsert(connection, [Repository(7, "acme/app", "api.github.com")])
    connection.execute(
        "insert into windows "
        "(repository_id, created_from, created_to, seen, listed_at, is_complete) "
        "values (7, '2026-01-01Z', '2026-01-02Z', 5, '2026-01-03Z', true)"
    )
    connection.execute("create table not_ours (i int)")
    path = tmp_path / "with space.dump"
    assert dump(dsn, path, os.environ) == path.stat().st_size > 1_000
    return path


def test_what_was_dumped_comes_back_as_it_was(dumped: Path, dsn: str, empty_dsn: str) -> None:
    restore(empty_dsn, dumped, os.environ)
    assert contents(empty_dsn) == contents(dsn)
    with open_connection(empty_dsn) as connection:
        require_schema(connection)
        tables = connection.execute("select table_name from information_schema.tables")
        assert "not_ours" not in {row["table_name"] for row in tables}


def test_a_restored_database_works_as_before(dumped: Path, empty_dsn: str) -> None:
    restore(empty_dsn, dumped, os.environ)
    assert migrate(empty_dsn) == []
    with open_connection(empty_dsn) as connection:
        assert upsert(connection, [workflow_run()]).unchanged == 1


def test_a_dump_of_another_schema_is_refused_with_what_to_do(
    dumped: Path, empty_dsn: str, dsn: str, tmp_path: Path
) -> None:
    with open_connection(empty_dsn) as connection:
        connection.execute("create schema ci")
        database = Identifier(connection.info.dbname)
        connection.execute(SQL("alter database {} set search_path = ci").format(database))
    with pytest.raises(TelemetryError, match="in the schema public, and search_path names ci"):
        restore(empty_dsn, dumped, os.environ)
    migrate(empty_dsn)
    dump(empty_dsn, of_ci := tmp_path / "ci.dump", os.environ)
    restore(empty_dsn, of_ci, os.environ)
    with open_connection(empty_dsn) as connection:
        require_schema(connection)
        connection.execute("select from ci.attempts")
        connection.execute("drop schema ci cascade")
        connection.execute(SQL("alter database {} reset search_path").format(database))
    with pytest.raises(TelemetryError, match='schema "ci" does not exist; create it'):
        restore(empty_dsn, of_ci, os.environ)


def test_a_migrated_database_without_rows_can_be_filled(
    dumped: Path, dsn: str, new_database: Callable[[str], str], migrated: str
) -> None:
    other = new_database(migrated)
    restore(other, dumped, os.environ)
    assert contents(other) == contents(dsn)


def test_a_database_that_holds_something_is_left_alone(dumped: Path, dsn: str) -> None:
    before = contents(dsn)
    said = "already holds 501 runs and calls.*interrupted, make migrate completes it"
    with pytest.raises(TelemetryError, match=said):
        restore(dsn, dumped, os.environ)
    assert contents(dsn) == before


@pytest.mark.parametrize(
    ("lost", "left", "said"),
    [("llm_calls", "workflow_runs", "500 runs"), ("workflow_runs", "llm_calls", "1 runs")],
)
def test_a_database_of_an_older_checkout_that_holds_something_is_left_alone(
    dumped: Path, connection: Connection, dsn: str, lost: str, left: str, said: str
) -> None:
    connection.execute(f"drop table {lost} cascade")
    before = connection.execute(f"select * from {left} order by 1, 2").fetchall()
    with pytest.raises(TelemetryError, match=f"already holds {said}"):
        restore(dsn, dumped, os.environ)
    assert connection.execute(f"select * from {left} order by 1, 2").fetchall() == before


def test_a_dump_of_a_newer_version_changes_nothing(
    dumped: Path, dsn: str, empty_dsn: str, tmp_path: Path
) -> None:
    newer = newer_dump(dsn, tmp_path / "newer.dump")
    with pytest.raises(NewerDatabase, match="install that version, or name an older dump"):
        restore(empty_dsn, newer, os.environ)
    with open_connection(empty_dsn) as untouched:
        asked = "select from pg_class where relnamespace = 'public'::regnamespace"
        assert untouched.execute(asked).fetchall() == []
    restore(empty_dsn, dumped, os.environ)


def test_a_file_that_breaks_while_it_is_restored_leaves_nothing_half_done(
    dumped: Path, new_database: Callable[[str], str], migrated: str
) -> None:
    other = new_database(migrated)
    failures: list[Exception] = []

    def restore_it() -> None:
        try:
            restore(other, dumped, os.environ)
        except TelemetryError as error:
            failures.append(error)

    with open_connection(other) as connection:
        connection.execute("create view own as select count(*) as runs from workflow_runs")
        thread = Thread(target=restore_it)
        with connection.transaction():
            # Between the two readings of the file the restore looks into this table.
            connection.execute("lock table workflow_runs")
            thread.start()
            wait_until_blocked(other)
            os.truncate(dumped, dumped.stat().st_size - 64)
        thread.join()
        found = connection.execute("select runs from own").fetchone()
    assert [str(error).partition(": ")[0] for error in failures] == [f"could not read {dumped}"]
    assert found == {"runs": 0}


def test_a_restore_leaves_alone_what_another_command_makes(dumped: Path, empty_dsn: str) -> None:
    with open_connection(empty_dsn) as other, other.transaction():
        execute(other, "schema/try_migration_lock")
        with pytest.raises(TelemetryError, match="could not restore: another command has just"):
            restore(empty_dsn, dumped, os.environ)
    restore(empty_dsn, dumped, os.environ)


def test_what_is_stored_while_a_restore_waits_is_not_replaced(
    dumped: Path, new_database: Callable[[str], str], migrated: str
) -> None:
    other = new_database(migrated)
    with ThreadPoolExecutor(1) as threads, open_connection(other) as connection:
        with connection.transaction():
            # The first look for runs may read the table; the removal waits for it.
            connection.execute("lock table workflow_runs in share row exclusive mode")
            restoring = threads.submit(restore, other, dumped, os.environ)
            wait_until_blocked(other)
            upsert(connection, [workflow_run()])
        with pytest.raises(TelemetryError, match="could not restore: the database holds"):
            restoring.result(LONGEST)
        stored = connection.execute("select count(*) as runs from workflow_runs").fetchone()
    assert stored == {"runs": 1}


def wait_until_blocked(dsn: str) -> None:
    with open_connection(dsn) as watcher:
        for _ in range(15_000):
            if watcher.execute(
                "select 1 from pg_locks where relation = 'workflow_runs'::regclass and not granted"
            ).fetchone():
                return
            time.sleep(0.02)
    pytest.fail("nothing waits for the table")


def test_a_reader_with_a_schema_of_its_own_dumps_our_tables_and_no_others(
    dumped: Path, connection: Connection, dsn: str, empty_dsn: str, tmp_path: Path
) -> None:
    """By default search_path names the schema of the role first, and its name may be any."""
    role = f"Ada.L@{conninfo_to_dict(dsn)['dbname']}"
    connection.execute(
        SQL(
            "create role {role} login; create schema {role} authorization {role};"
            "grant select on all tables in schema public to {role}"
        ).format(role=Identifier(role))
    )
    theirs = make_conninfo(dsn, user=role)
    with open_connection(theirs) as reader:
        assert status(reader).concerns == status(connection).concerns
    dump(theirs, path := tmp_path / "theirs.dump", os.environ)
    restore(empty_dsn, path, os.environ)
    assert contents(empty_dsn) == contents(dsn)
    with open_connection(empty_dsn) as restored, pytest.raises(psycopg.errors.UndefinedTable):
        restored.execute("select from not_ours")
    connection.execute(SQL("revoke select on open_runs from {}").format(Identifier(role)))
    with pytest.raises(TelemetryError, match="permission denied for table open_runs"):
        dump(theirs, path, os.environ)


def test_a_dump_can_be_read_by_its_owner_only(dumped: Path) -> None:
    assert dumped.stat().st_mode & 0o777 == 0o600


def test_dumping_into_a_folder_is_refused(dsn: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a directory; name a file in it"):
        dump(dsn, tmp_path, os.environ)
    assert list(tmp_path.iterdir()) == []


def test_a_dump_to_standard_output_is_refused(dsn: str) -> None:
    with pytest.raises(UsageError, match="cannot be written to standard output; name a file"):
        dump(dsn, Path("-"), os.environ)
    assert not Path("-").exists()


def test_a_device_or_a_pipe_is_not_replaced_by_a_dump(dsn: str, tmp_path: Path) -> None:
    os.mkfifo(pipe := tmp_path / "pipe")
    (link := tmp_path / "link").symlink_to(os.devnull)
    for path in (pipe, link, Path(os.devnull)):
        with pytest.raises(UsageError, match="is a device or a pipe"):
            dump(dsn, path, os.environ)
    assert pipe.is_fifo() and link.is_symlink() and Path(os.devnull).is_char_device()


def test_a_disk_that_is_too_small_for_a_dump_is_one_sentence_and_keeps_the_last_one(
    dsn: str, tmp_path: Path
) -> None:
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", tmp_path]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("may not mount a small disk")
    try:
        (file := tmp_path / "telemetry.dump").write_bytes(b"the last one")
        with pytest.raises(TelemetryError, match="No space left on device; free some") as caught:
            dump(dsn, file, os.environ)
        assert str(file) in str(caught.value) and "\n" not in str(caught.value)
        assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [
            ("telemetry.dump", b"the last one")
        ]
    finally:
        subprocess.run(["umount", tmp_path], check=True)


def test_a_dump_that_another_command_is_writing_is_left_alone(dsn: str, tmp_path: Path) -> None:
    growing = tmp_path / "telemetry.dump.part"
    with open_lock(growing) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        growing.write_bytes(b"half of a dump")
        with pytest.raises(TelemetryError, match="another command is writing"):
            dump(dsn, tmp_path / "telemetry.dump", os.environ)
        assert growing.read_bytes() == b"half of a dump"
    # What a killed dump has left is no reason to wait.
    dump(dsn, tmp_path / "telemetry.dump", os.environ)
    assert [each.name for each in tmp_path.iterdir()] == ["telemetry.dump"]


@contextmanager
def stuck_dump(dsn: str, path: Path) -> Iterator[subprocess.Popen[str]]:
    """A dump whose pg_dump waits for a lock of another session until the end of the context."""
    with psycopg.connect(dsn) as other, psycopg.connect(dsn, autocommit=True) as watching:
        other.execute("lock table workflow_runs in access exclusive mode")
        environ = {**os.environ, "DATABASE_URL": dsn, "TELEMETRY_FILE": str(path)}
        with start(environ, "dump") as process:
            deadline = time.monotonic() + LONGEST
            while not watching.execute(
                "select from pg_stat_activity where datname = current_database() "
                "and query like 'LOCK TABLE%' and wait_event_type = 'Lock'"
            ).fetchall():
                assert time.monotonic() < deadline and process.poll() is None
                time.sleep(0.01)
            try:
                yield process
            finally:
                other.rollback()


def writers(path: Path) -> list[str]:
    """The processes of pg_dump that write to this file."""
    found = subprocess.run(["pgrep", "-f", "--", f"--file={path}"], capture_output=True, text=True)
    return found.stdout.split()


def test_the_pg_dump_of_a_killed_dump_keeps_others_from_its_file(
    dumped: Path, dsn: str, tmp_path: Path
) -> None:
    path = tmp_path / "new.dump"
    with stuck_dump(dsn, path) as process:
        process.kill()
        process.wait()
        with pytest.raises(TelemetryError, match="another command is writing"):
            dump(dsn, path, os.environ)
    deadline = time.monotonic() + LONGEST
    while writers(path):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    dump(dsn, path, os.environ)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["new.dump", "with space.dump"]


def test_an_interrupted_dump_ends_its_pg_dump(dumped: Path, dsn: str, tmp_path: Path) -> None:
    with stuck_dump(dsn, path := tmp_path / "new.dump") as process:
        process.terminate()
        assert process.wait() == 130
        assert not writers(path)
        assert list(tmp_path.iterdir()) == [dumped]


def test_a_program_that_is_killed_is_no_error_without_a_reason(
    dumped: Path, dsn: str, tmp_path: Path
) -> None:
    with stuck_dump(dsn, path := tmp_path / "new.dump") as process:
        (number,) = writers(path)
        os.kill(int(number), signal.SIGKILL)
        _, said = process.communicate()
    assert said == f"error: could not dump to {path}: Killed\n"


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        (b"psql:<stdin>:9: ERROR:  deadlock detected\nDETAIL: a", "try again when it is done"),
        (b"pg_dump: error: query failed: ERROR:  cache lookup failed for relation 9", "try again"),
        (b"pg_dump: error: could not write: No space left on device", "free some space there"),
    ],
)
def test_what_a_client_program_says_comes_with_what_to_do(said: bytes, remedy: str) -> None:
    assert remedy in _reason(said) and "\n" not in _reason(said)


def test_the_folder_of_a_dump_is_made(dsn: str, tmp_path: Path) -> None:
    dump(dsn, path := tmp_path / "new" / "folder" / "telemetry.dump", os.environ)
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_an_invalid_connection_string_is_refused_without_showing_it() -> None:
    with pytest.raises(UsageError) as caught:
        psql("postgres//me:secret-word@host/db", os.environ)
    assert "secret-word" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_missing_file_is_reported() -> None:
    with pytest.raises(TelemetryError, match="there is no file"):
        restore("dbname=never-asked", Path("/nowhere/telemetry.dump"), os.environ)


@pytest.mark.parametrize("kept", [0, 10, 0.5, 0.99])
def test_a_broken_file_changes_nothing(
    dumped: Path, empty_dsn: str, kept: float, new_database: Callable[[str], str], migrated: str
) -> None:
    whole = dumped.read_bytes()
    dumped.write_bytes(whole[: int(kept if kept >= 1 else len(whole) * kept)])
    other = new_database(migrated)
    with pytest.raises(TelemetryError, match=r"with space\.dump.*; name a file"):
        restore(other, dumped, os.environ)
    with open_connection(other) as connection:
        require_schema(connection)


def test_a_dump_that_fails_leaves_the_last_one_as_it_is(dumped: Path, dsn: str) -> None:
    before = dumped.read_bytes()
    missing = make_conninfo(dsn, dbname="gone")
    with pytest.raises(psycopg.OperationalError):
        dump(missing, dumped, os.environ)
    assert dumped.read_bytes() == before
    assert [path.name for path in dumped.parent.iterdir()] == [dumped.name]


def test_a_database_without_tables_has_nothing_to_dump(empty_dsn: str, tmp_path: Path) -> None:
    with pytest.raises(TelemetryError, match="has no tables yet"):
        dump(empty_dsn, tmp_path / "x.dump", os.environ)


def test_a_password_is_not_on_the_command_line(dsn: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    code = psql(
        make_conninfo(dsn, password="secret-word"),
        os.environ,
        ["-X", "-q", "-c", f"\\! ps -ww -o args= -p $PPID > {out}; echo $PGPASSWORD >> {out}"],
    )
    shown, password = out.read_text().splitlines()
    assert code == 0
    assert "secret-word" not in shown
    assert str(conninfo_to_dict(dsn)["dbname"]) in shown
    assert password == "secret-word"


def test_another_secret_is_refused_where_others_would_see_it(dsn: str, tmp_path: Path) -> None:
    secret = make_conninfo(dsn, sslpassword="secret-word")
    for use in (lambda: psql(secret, os.environ), lambda: dump(secret, tmp_path / "x", os.environ)):
        with pytest.raises(UsageError, match="others could see sslpassword") as caught:
            use()
        assert "secret-word" not in str(caught.value)


def test_psql_passes_on_its_exit_code(dsn: str) -> None:
    assert psql(dsn, os.environ, ["-X", "-q", "-c", "select nonsense"]) == 1
