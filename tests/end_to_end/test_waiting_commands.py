"""Commands other than ingest outlast trouble of the database, or end in one sentence."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from demo import alone_in
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from support.folders import new_folder
from support.paths import LONGEST, ROOT
from support.proxy import LosingProxy
from support.rows import workflow_run

from telemetry import TelemetryError
from telemetry.database import transactions
from telemetry.database.bill import load_report
from telemetry.database.connection import conninfo, open_connection
from telemetry.database.embedded.binaries import find_tool
from telemetry.database.embedded.server import server
from telemetry.database.migrations import migrate
from telemetry.database.prune import prune
from telemetry.database.questions import Scope, ask
from telemetry.database.retention import Retention, horizon
from telemetry.database.schema import require_schema
from telemetry.database.transfer import dump, restore
from telemetry.database.upserts import upsert
from telemetry.database.watched import forget
from telemetry.rows.runs import Repository
from telemetry.times import keep

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
LINES = 4_500  # three statements
# Ends its own session, twice. Sequences forget nothing.
DEADLY = """
create sequence times;
create function die() returns {kind} language plpgsql as $$
begin
  if nextval('public.times') in (1, 2) then
    perform pg_terminate_backend(pg_backend_pid());
  end if;
  {end}
end $$;
"""
TRIGGER = DEADLY.format(kind="trigger", end="return null;")
EVENT_TRIGGER = DEADLY.format(kind="event_trigger", end="")
IN_A_STATEMENT = "create trigger die after {} for each statement execute function die();"
IN_A_COMMIT = (
    "create constraint trigger die after {} deferrable initially deferred "
    "for each row execute function die();"
)


@pytest.fixture
def folder() -> Iterator[Path]:
    made = new_folder()
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def usage(tmp_path: Path) -> Path:
    """A usage report of one account and one day."""
    file = tmp_path / "usage.csv"
    header = (
        "date,product,sku,quantity,unit_type,applied_cost_per_quantity,gross_amount,"
        "discount_amount,net_amount,username,organization,repository,workflow_path,cost_center_name"
    )
    line = (
        "2026-02-05,actions,actions_linux,1,minutes,0.006,0.006,0,0.006,dev-1,acme,app,"
        ".github/workflows/ci.yml,\n"
    )
    file.write_text(header + "\n" + line * LINES)
    return file


def execute(dsn: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        done = connection.execute(statement.encode())
        return done.fetchall() if done.description else []


def stored_lines(dsn: str) -> list[tuple[object, ...]]:
    return execute(dsn, "select sum(lines)::integer from billed_usage")


@pytest.mark.parametrize("when", [IN_A_STATEMENT, IN_A_COMMIT], ids=["statement", "commit"])
def test_a_bill_is_loaded_once_though_its_session_is_ended(
    dsn: str, usage: Path, when: str
) -> None:
    execute(dsn, TRIGGER + when.format("insert on billed_usage"))
    said: list[str] = []
    with open_connection(dsn, waits=said.append) as connection:
        assert load_report(connection, usage, NOW).lines == LINES
        execute(
            dsn,
            "select pg_terminate_backend(pid) from pg_stat_activity where "
            "datname = current_database() and pid <> pg_backend_pid()",
        )
        assert ask(connection, "bill", Scope(NOW, NOW)).columns
    assert stored_lines(dsn) == [(LINES,)]
    assert sum("the connection to the database is lost" in text for text in said) == 3


def test_a_bill_waits_for_a_lock_and_says_so(
    dsn: str, usage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transactions, "LONGEST_LOCK_WAIT", "300ms")
    with ExitStack() as locks:
        other = locks.enter_context(psycopg.connect(dsn))
        other.execute("lock table billed_usage in exclusive mode")
        said: list[str] = []

        def hear(text: str) -> None:
            said.append(text)
            locks.close()

        with open_connection(dsn, waits=hear) as connection:
            load_report(connection, usage, NOW)
    assert len(said) == 1 and said[0].startswith("another session holds a lock that is needed")
    assert stored_lines(dsn) == [(LINES,)]


def test_a_bill_from_a_pipe_that_cannot_be_read_again_is_given_up(
    dsn: str, usage: Path, tmp_path: Path
) -> None:
    execute(dsn, TRIGGER + IN_A_STATEMENT.format("insert on billed_usage"))
    read, write = os.pipe()
    os.set_blocking(write, False)
    os.write(write, b"\n".join(usage.read_bytes().split(b"\n")[:3]) + b"\n")
    os.close(write)
    with (
        open_connection(dsn, waits=lambda text: None) as connection,
        pytest.raises(psycopg.OperationalError),
    ):
        load_report(connection, Path(f"/dev/fd/{read}"), NOW)
    os.close(read)
    assert stored_lines(dsn) == [(None,)]


def watched(dsn: str, *names: str) -> None:
    with open_connection(dsn) as connection:
        upsert(connection, [Repository(n, name, "api.github.com") for n, name in enumerate(names)])


def test_what_is_forgotten_stays_so_though_the_answer_to_the_commit_is_lost(
    dsn: str, folder: Path
) -> None:
    watched(dsn, "acme/app", "acme/site")
    server = f"{conninfo_to_dict(dsn)['host']}/.s.PGSQL.5432"
    with (
        LosingProxy(folder, server, lambda commit: commit == 1) as proxy,
        open_connection(
            make_conninfo(dsn, host=str(folder)), waits=lambda text: None
        ) as connection,
    ):
        assert forget(connection, ["acme/app", "ACME/site"]) == ["acme/app", "acme/site"]
    assert proxy.lost == 1
    left = execute(dsn, "select count(*) from repositories where forgotten_at is null")
    assert left == [(0,)]


def test_forget_outlasts_the_end_of_its_session(dsn: str) -> None:
    watched(dsn, "acme/app")
    execute(dsn, TRIGGER + IN_A_STATEMENT.format("update on repositories"))
    with open_connection(dsn, waits=lambda text: None) as connection:
        assert forget(connection, ["acme/app"]) == ["acme/app"]
        with pytest.raises(TelemetryError, match="not watched"):
            forget(connection, ["acme/other"])


@pytest.mark.parametrize("when", [IN_A_STATEMENT, IN_A_COMMIT], ids=["statement", "commit"])
def test_a_prune_counts_each_row_once_though_its_session_is_ended(dsn: str, when: str) -> None:
    with open_connection(dsn) as connection:
        old = [
            workflow_run(github_run_id=n, created_at=datetime(2020, 1, 1, tzinfo=UTC))
            for n in range(1, 51)
        ]
        upsert(connection, old)
    execute(dsn, TRIGGER + when.format("delete on workflow_runs"))
    with open_connection(dsn, waits=lambda text: None) as connection:
        kept = Retention(keep("1y"))
        now = horizon(connection, kept).database_time
        assert prune(connection, kept, local_time=now).workflow_runs == 50
    assert execute(dsn, "select count(*) from workflow_runs") == [(0,)]


def test_a_migration_goes_on_though_its_session_is_ended(empty_dsn: str) -> None:
    execute(empty_dsn, EVENT_TRIGGER)
    execute(empty_dsn, "create event trigger die on ddl_command_end execute function die()")
    migrate(empty_dsn, waits=lambda text: None)
    with open_connection(empty_dsn) as connection:
        require_schema(connection)


def test_a_restore_that_is_cut_off_is_one_sentence_and_can_be_repeated(
    dsn: str, empty_dsn: str, tmp_path: Path
) -> None:
    watched(dsn, "acme/app")
    file = tmp_path / "telemetry.dump"
    dump(dsn, file, os.environ)
    execute(empty_dsn, EVENT_TRIGGER)
    at_views = "create event trigger die on ddl_command_end when tag in ('CREATE VIEW') "
    execute(empty_dsn, f"{at_views} execute function die()")
    with pytest.raises(TelemetryError, match="could not restore: ") as caught:
        restore(empty_dsn, file, os.environ)
    assert str(caught.value).endswith("; the log of the server says why, then try again")
    assert "\n" not in str(caught.value)
    execute(empty_dsn, "drop event trigger die")
    restore(empty_dsn, file, os.environ)
    assert execute(empty_dsn, "select repository from repositories") == [("acme/app",)]


def test_a_restore_whose_commit_is_not_answered_is_done(
    dsn: str, empty_dsn: str, folder: Path, tmp_path: Path
) -> None:
    with open_connection(dsn) as connection:
        upsert(connection, [workflow_run()])
    dump(dsn, tmp_path / "telemetry.dump", os.environ)
    server = f"{conninfo_to_dict(empty_dsn)['host']}/.s.PGSQL.5432"
    with LosingProxy(folder, server, lambda commit: commit == 1) as proxy:
        restore(make_conninfo(empty_dsn, host=str(folder)), tmp_path / "telemetry.dump", os.environ)
        assert proxy.lost == 1
    assert execute(empty_dsn, "select count(*) from workflow_runs") == [(1,)]
    with open_connection(empty_dsn) as connection:
        require_schema(connection)


def test_a_session_that_is_ended_after_the_restore_keeps_the_views_from_nobody(
    dsn: str, empty_dsn: str, tmp_path: Path
) -> None:
    tables = execute(dsn, "select tablename from pg_tables where schemaname = 'public'")
    command = [find_tool("pg_dump", os.environ), "--format=custom", "--no-owner"]
    command += [f"--table={table}" for (table,) in tables]
    # As of an older version, whose views are others.
    command += ["--exclude-table-data=installed_views", f"--file={tmp_path / 'telemetry.dump'}"]
    subprocess.run([*command, f"--dbname={dsn}"], check=True)
    execute(empty_dsn, EVENT_TRIGGER)
    at_views = "create event trigger die on ddl_command_end when tag in ('CREATE VIEW') "
    execute(empty_dsn, f"{at_views} execute function die()")
    said: list[str] = []
    restore(empty_dsn, tmp_path / "telemetry.dump", os.environ, said.append)
    assert sum(text.startswith("the database is back") for text in said) == 2
    with open_connection(empty_dsn) as connection:
        require_schema(connection)


def test_the_ingest_of_a_killed_demo_keeps_the_next_demo_out(folder: Path) -> None:
    environ = {"PATH": os.environ["PATH"], "TELEMETRY_HOME": str(folder)}
    home = folder / "demo"
    with subprocess.Popen(
        [sys.executable, ROOT / "scripts" / "demo.py"],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as demo:
        assert demo.stdout is not None
        assert any(line.startswith("using the token") for line in demo.stdout)
        os.kill(demo.pid, signal.SIGKILL)
        demo.wait()
        with pytest.raises(TelemetryError, match="another command makes a demo"), alone_in(home):
            pass
        assert list(home.glob("logs-*"))
        with suppress(ProcessLookupError):  # its GitHub is gone, so the ingest may have ended
            os.killpg(demo.pid, signal.SIGKILL)
        demo.stdout.read()
    with alone_in(home), server(home, environ=environ):  # which stops the one that is left
        assert not list(home.glob("logs-*"))


def test_an_embedded_server_that_was_killed_is_started_for_the_next_connection(
    folder: Path,
) -> None:
    with conninfo({**os.environ, "TELEMETRY_HOME": str(folder / "home")}) as dsn:
        (pid_file,) = folder.glob("home/pg*/postmaster.pid")
        os.kill(int(pid_file.read_text(encoding="utf-8").split()[0]), signal.SIGKILL)
        deadline = time.monotonic() + LONGEST
        while answers(dsn):
            assert time.monotonic() < deadline
        with open_connection(dsn) as connection:
            assert connection.execute("select 1 as one").fetchone() == {"one": 1}


def answers(dsn: str) -> bool:
    try:
        psycopg.connect(dsn).close()
    except psycopg.OperationalError:
        return False
    return True
