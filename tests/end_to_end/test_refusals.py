"""What a database refuses, and Ctrl-C at any moment: one sentence, no secret, no traceback."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from remedies import database_sentence
from support.commands import Finished, Launcher, Run, assert_one_sentence, start
from support.paths import LONGEST, ROOT
from support.rows import workflow_run

from telemetry.database.connection import Connection
from telemetry.database.upserts import upsert

SCRIPTS = ["status", "prune", "migrate", "ingest_workflows", "verify", "report", "query", "dump"]
SCRIPTS += ["restore", "psql"]
PARTS = ("zqx", "kvj", "wyy", "7777")


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_password_with_an_at_sign_is_refused_before_anything_connects(
    run: Run, script: str, tmp_path: Path
) -> None:
    arguments = ["flaky_jobs"] if script == "query" else []
    if script == "restore":
        dump = str(tmp_path / "telemetry.dump")
        assert run("dump", "--file", dump).returncode == 0
        arguments = ["--file", dump]
    done = run(script, *arguments, DATABASE_URL="postgresql://me:zqx@kvj@127.0.0.1:1/db")
    assert_one_sentence(done, 2, "the password has an @ or a /; in a URL, write %40")
    assert not [part for part in PARTS if part in done.stdout + done.stderr]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:zqx@kvj@127.0.0.1:1/db",
        "postgres://me:zqx@kvj@127.0.0.1/db",
        "postgresql://me:zqx/kvj@127.0.0.1:1/db",
        "postgresql://me:zqx@kvj/wyy@127.0.0.1:1/db",
        "postgresql://me:zqx@kvj,wyy@127.0.0.1:1,127.0.0.2:1/db",
        "postgresql://me@there:zqxkvjwyy@127.0.0.1:1/db",
        "postgresql://me:zqx?kvj/wyy@127.0.0.1:1/db",
        "postgresql://me:zqx@[kvj@127.0.0.1:1/db",
        "postgresql://me:zqx%kvj@127.0.0.1:1/db",
        "postgresql://me:7777/zqx?kvj=wyy@127.0.0.1:1/db",
        "postgresql://me:zqxkvjwyy/db",
        "postgresql://me:77777777/db",
        "host=127.0.0.1 port=1 password=zqx kvj dbname=db",
        "host=127.0.0.1 port=1 password='zqxkvj",
        "postgresql:me:zqxkvjwyy@127.0.0.1/db",
    ],
)
def test_no_message_repeats_a_piece_of_a_password(run: Run, url: str) -> None:
    done = run("status", DATABASE_URL=url)
    assert_one_sentence(done, 2, "DATABASE_URL")
    assert not [part for part in PARTS if part in done.stdout + done.stderr]


def test_a_password_that_is_spelled_as_a_url_must_is_taken(run: Run, dsn: str) -> None:
    given = conninfo_to_dict(dsn)
    password = "p%40ss%2Fw%3Ard?#"  # a server on a socket does not ask for it
    url = f"postgresql://{given['user']}:{password}@/{given['dbname']}?host={given['host']}"
    done = run("status", DATABASE_URL=f"{url}&port={given['port']}&application_name=a@b")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("style", ["SQL, DMY", "German", "Postgres, MDY"])
def test_times_are_read_in_whatever_style_the_database_writes_them(
    run: Run, connection: Connection, dsn: str, style: str
) -> None:
    connection.execute(
        f"alter database {conninfo_to_dict(dsn)['dbname']} set datestyle = '{style}'"
    )
    done = run("ingest_workflows", "--no-jobs", PGDATESTYLE=style)
    assert done.returncode == 0, done.stderr
    assert run("status").returncode == 0


@pytest.fixture
def stranger(connection: Connection, dsn: str) -> str:
    """A role with no rights of its own, on a database whose tables are another's."""
    # Roles are the server's, which tests that run at the same time share.
    role = f"stranger_{conninfo_to_dict(dsn)['dbname']}"
    connection.execute(f"create role {role} login")
    yield make_conninfo(dsn, user=role)
    connection.execute(f"drop owned by {role}")
    connection.execute(f"drop role {role}")


def test_a_role_that_may_only_read_is_told_what_its_owner_can_grant(
    run: Run, connection: Connection, stranger: str
) -> None:
    done = run("status", DATABASE_URL=stranger)
    role = conninfo_to_dict(stranger)["user"]
    grant = f"grant select on all tables in schema public to {role}"
    assert_one_sentence(done, 1, "permission denied for table _yoyo_migration", grant)
    elsewhere = make_conninfo(stranger, options="-csearch_path=ci,public")
    said = run("status", DATABASE_URL=elsewhere).stderr
    assert f"grant select on all tables in schema ci to {role}" in said
    connection.execute(grant)
    assert run("status", DATABASE_URL=stranger).returncode == 0
    done = run("ingest_workflows", DATABASE_URL=stranger)
    assert_one_sentence(done, 1, "permission denied", "need insert, update and delete too")
    connection.execute(f"grant insert, update, delete on all tables in schema public to {role}")
    connection.execute(f"revoke insert, update, delete on kept_views from {role}")
    logs = str(ROOT / "tests" / "payloads" / "llm_cli.json")
    for script, *options in (["ingest_workflows", "--llm", "--logs", logs], ["prune"]):
        done = run(script, *options, DATABASE_URL=stranger)
        assert done.returncode == 0, done.stderr


def test_a_role_that_may_create_nothing_is_told_the_grant(
    run: Run, empty_dsn: str, connection: Connection, stranger: str
) -> None:
    role = conninfo_to_dict(stranger)["user"]
    theirs = make_conninfo(empty_dsn, user=role)
    with psycopg.connect(empty_dsn, autocommit=True) as admin:
        admin.execute("revoke create on schema public from public")
        done = run("migrate", DATABASE_URL=theirs)
        said = re.search(f"grant usage, create on schema public to {role}", done.stderr)
        assert_one_sentence(done, 1, "permission denied for schema public")
        assert said
        admin.execute(said[0])
        assert run("migrate", DATABASE_URL=theirs).returncode == 0
        assert run("ingest_workflows", "--no-jobs", DATABASE_URL=theirs).returncode == 0
        admin.execute(f"drop owned by {role} cascade")


@pytest.mark.parametrize(
    ("refused", "remedy"),
    [
        (errors.QueryCanceled("canceling statement due to statement timeout"), "raise it"),
        (errors.TransactionTimeout("terminating connection"), "raise it"),
        (errors.IdleInTransactionSessionTimeout("terminating connection"), "raise it"),
        (psycopg.OperationalError('FATAL: too many connections for role "x"'), "limit of conn"),
        (psycopg.OperationalError("FATAL: sorry, too many clients already"), "limit of conn"),
        (psycopg.OperationalError("FATAL: remaining connection slots are reserved"), "limit of c"),
        (psycopg.OperationalError('root certificate file "x" does not exist'), "let sslrootcert"),
        (errors.ReadOnlySqlTransaction("cannot execute UPDATE"), "a role that may write"),
        (psycopg.OperationalError("FATAL: password authentication failed"), "check DATABASE_URL"),
        (errors.AdminShutdown("terminating connection"), "try again; if it keeps failing"),
        (errors.InternalError_("cache lookup failed"), "try again; if it keeps failing"),
        (errors.DeadlockDetected("deadlock detected"), "try again; if it keeps failing"),
        (psycopg.OperationalError("Connection refused"), "DATABASE_URL and that the server runs"),
    ],
)
def test_a_limit_of_the_database_is_named_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, refused: psycopg.Error, remedy: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://host/db")
    sentence = database_sentence(refused)
    assert sentence.startswith(f"the database: {refused}; ")
    assert remedy in sentence


@pytest.mark.parametrize(
    "refused",
    [
        errors.DiskFull('could not extend file "base/5/2608": No space left on device'),
        errors.InternalError_('could not extend file "base/5/2608": Disk quota exceeded'),
    ],
)
def test_a_full_disk_of_the_embedded_server_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, refused: psycopg.Error
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("TELEMETRY_HOME", str(tmp_path))
    sentence = database_sentence(refused)
    assert sentence.endswith(
        f"; free some space in {tmp_path}, or raise the limit; what was stored before is kept"
    )


def test_a_foreign_key_of_a_user_that_keeps_rows_is_one_sentence(
    run: Run, connection: Connection
) -> None:
    upsert(connection, [workflow_run(created_at=datetime(2020, 1, 1, tzinfo=UTC))])
    key = "foreign key (run, attempt) references workflow_runs (github_run_id, run_attempt)"
    connection.execute(f"create table notes (run bigint, attempt int, {key})")
    connection.execute("insert into notes select github_run_id, run_attempt from workflow_runs")
    said = 'violates foreign key constraint "notes_run_attempt_fkey"'
    assert_one_sentence(run("prune"), 1, said, "on delete cascade")
    connection.execute("drop table notes")
    assert run("prune").returncode == 0


def test_a_dropped_table_is_one_sentence(run: Run, connection: Connection) -> None:
    connection.execute("drop table windows cascade")
    for command in ("status", "prune"):
        assert_one_sentence(run(command), 1, "a view of the database was dropped", "make migrate")
    for command in ("migrate", "ingest_workflows"):
        assert_one_sentence(run(command), 1, '"windows" does not exist', "restore a dump")


def test_libpqs_variables_are_named_where_they_name_the_database(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("PGHOST", "db.example")
    sentence = database_sentence(psycopg.OperationalError("FATAL: role does not exist"))
    assert sentence.endswith("; check libpq's variables (PGHOST)")


def has_in_mask(process: subprocess.Popen[str], mask: str, number: int) -> bool:
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
    found = re.search(rf"^{mask}:\s*([0-9a-f]+)$", status, re.MULTILINE)
    return bool(found and int(found[1], 16) >> (number - 1) & 1)


def wait_for_a_mask(process: subprocess.Popen[str], mask: str, number: int) -> None:
    for _ in range(60_000):
        if has_in_mask(process, mask, number):
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.001)
    process.kill()
    pytest.fail(f"{number} never was in {mask}")


def wait_for_a_handler(process: subprocess.Popen[str], number: int) -> None:
    """Wait for our handler of a signal. Python itself has one for SIGINT, but none for SIGTERM."""
    for each in (signal.SIGTERM, number):
        wait_for_a_mask(process, "SigCgt", each)


NEEDS_PROC = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="there is no /proc")
SCRIPTS = pytest.mark.parametrize("script", ["status", "ingest_workflows"])
SIGNALS = pytest.mark.parametrize(
    "number",
    [signal.SIGINT, signal.SIGTERM, signal.SIGHUP],
    ids=["Ctrl-C", "SIGTERM", "closed terminal"],
)


@NEEDS_PROC
@SCRIPTS
@SIGNALS
def test_the_handler_is_there_before_all_that_takes_time_to_load(
    environ: dict[str, str], tmp_path: Path, script: str, number: int
) -> None:
    (tmp_path / "psycopg.py").write_text("import time\ntime.sleep(300)\n")
    process = start({**environ, "PYTHONPATH": f"{tmp_path}:{ROOT}"}, script)
    wait_for_a_handler(process, number)
    process.send_signal(number)
    out, err = process.communicate(timeout=LONGEST)
    assert (process.returncode, out, err) == (130, "", "error: interrupted\n")


@NEEDS_PROC
@SCRIPTS
@SIGNALS
def test_an_interrupt_in_the_first_second_is_no_traceback(
    environ: dict[str, str], script: str, number: int
) -> None:
    # Of the moments that all signals have in common, one is enough for the others.
    for delay in (0, 0.15, 0.5) if number == signal.SIGINT else (0.15,):
        process = start(environ, script)
        wait_for_a_handler(process, number)
        time.sleep(delay)
        process.send_signal(number)
        out, err = process.communicate(timeout=LONGEST)
        assert "Traceback" not in err, err
        assert process.returncode in (0, 130), err
        if process.returncode == 130:
            assert "interrupted" in err + out


@NEEDS_PROC
def test_the_installed_command_has_a_handler_before_it_loads_anything(
    environ: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "runpy.py").write_text("import time\ntime.sleep(300)\n")
    process = subprocess.Popen(
        [sys.executable, "-c", "from telemetry.__main__ import main; main()", "status"],
        env={**environ, "PYTHONPATH": f"{tmp_path}:{ROOT}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for_a_handler(process, signal.SIGINT)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=LONGEST)
    assert (process.returncode, out, err) == (130, "", "error: interrupted\n")


BLOCKED = ["env", "--block-signal=INT"]


@NEEDS_PROC
@pytest.mark.skipif(
    subprocess.run([*BLOCKED, "true"], capture_output=True).returncode != 0,
    reason="env cannot block signals",
)
def test_an_interrupt_while_python_itself_starts_is_no_traceback(environ: dict[str, str]) -> None:
    recipes = re.findall(r"^\t@(.*) scripts/", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(recipes) == {"$(SCRIPT)"}
    command = [*BLOCKED, sys.executable, str(ROOT / "scripts" / "status.py")]
    process = subprocess.Popen(
        command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    wait_for_a_mask(process, "SigBlk", signal.SIGINT)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=LONGEST)
    assert (process.returncode, out, err) == (130, "", "error: interrupted\n")


Program = Callable[[str], Finished]


@pytest.fixture
def run_program(launcher: Launcher, tmp_path: Path) -> Program:
    def run(text: str) -> Finished:
        program = tmp_path / "program.py"
        program.write_text(f"import sys\nsys.path.append({str(ROOT / 'scripts')!r})\n{text}")
        return launcher.run(program, environ={"PATH": os.environ["PATH"]})

    return run


@pytest.mark.parametrize("second", ["SIGINT", "SIGTERM", "SIGHUP"])
@pytest.mark.parametrize(("soon", "said"), [(600, "cleaned up\n"), (-1, "")])
def test_what_is_stopped_is_not_cut_short_by_another_signal_at_once(
    run_program: Program, second: str, soon: int, said: str
) -> None:
    program = f"""
from command import run
import interrupts, os, signal
interrupts.ON_THE_WAY_OUT = {soon}
def main():
    try:
        os.kill(os.getpid(), signal.SIGINT)
    finally:
        os.kill(os.getpid(), signal.{second})
        print("cleaned up")
run(main)
"""
    done = run_program(program)
    assert (done.returncode, done.stdout, done.stderr) == (130, said, "error: interrupted\n")


@pytest.mark.parametrize(
    "program",
    [
        # In a __del__, where Python can only print an exception.
        """
from command import run
import os, signal, time
class Last:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
def main():
    Last()
    time.sleep(300)
run(main)
""",
        # After the last line of the command.
        """
from command import run
import interrupts, os, signal
ignore = interrupts.ignore_from_now_on
def late():
    interrupts.ignore_from_now_on = ignore
    os.kill(os.getpid(), signal.SIGINT)
    ignore()
interrupts.ignore_from_now_on = late
run(lambda: 0)
""",
    ],
    ids=["in a __del__", "at the end"],
)
def test_an_interrupt_at_an_odd_moment_is_one_too(program: str) -> None:
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT}:{ROOT / 'scripts'}"}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=LONGEST)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "error: interrupted\n")


@pytest.mark.parametrize("met", ["psycopg.OperationalError('busy')", "TelemetryError('busy')"])
def test_an_error_met_on_the_way_out_of_an_interrupt_is_an_interrupt(
    run_program: Program, met: str
) -> None:
    program = f"""
from command import run
import os, psycopg, signal
from telemetry import TelemetryError
def main():
    try:
        os.kill(os.getpid(), signal.SIGINT)
    finally:
        raise {met}
run(main)
"""
    done = run_program(program)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "error: interrupted\n")


def test_a_sample_of_jobs_without_jobs_is_refused(run: Run) -> None:
    done = run("verify", TELEMETRY_JOBS="0", TELEMETRY_SAMPLE="5")
    assert_one_sentence(done, 2, "SAMPLE=5 compares jobs, and JOBS=0 leaves them out")
    assert "JOBS=0" not in run("verify", TELEMETRY_SAMPLE="5").stderr


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (b"\xff\xfe", "error: TELEMETRY_JOB: it is not UTF-8 text\n"),
        (b"x" * 1_001, "error: TELEMETRY_JOB: a name has at most 1,000 characters\n"),
    ],
)
def test_a_name_that_cannot_be_one_is_refused(
    launcher: Launcher, environ: dict[str, str], value: bytes, said: str
) -> None:
    environ |= {"TELEMETRY_JOB": os.fsdecode(value), "TELEMETRY_RUNNER": "linux"}
    done = launcher.run(ROOT / "scripts" / "what_if.py", environ=environ)
    assert (done.returncode, done.stderr) == (2, said)


def test_a_value_as_long_as_a_file_is_refused_in_a_sentence_that_can_be_read(run: Run) -> None:
    done = run("status", TELEMETRY_MAX_AGE="9" * 100_000)
    assert_one_sentence(done, 2, "MAX_AGE: '999")
    assert len(done.stderr) < 2_100 and "12h" in done.stderr
