"""`make serve` for real: other tools read over TCP with a password, and nobody else does."""

import os
import queue
import re
import select
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from support.commands import Launcher
from support.databases import FAST
from support.folders import new_folder
from support.paths import LONGEST, ROOT

from telemetry.database.embedded.server import server
from telemetry.database.migrations import migrate

pytestmark = pytest.mark.scenario


def free_port() -> int:
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])


def environ(home: Path, **changes: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(home), "TELEMETRY_HOME": str(home), **changes}


class Serve:
    """A `make serve` in a process of its own, and what it says."""

    def __init__(self, home: Path, port: int, **changes: str) -> None:
        self.home, self.port = home, port
        self.process = subprocess.Popen(
            [sys.executable, ROOT / "scripts" / "serve.py", "--port", str(port)],
            env=environ(home, **changes),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.printed: list[str] = []
        self.said: list[str] = []
        self._lines: queue.Queue[str] = queue.Queue()
        self._readers = [
            threading.Thread(target=self._read, args=pair, daemon=True)
            for pair in ((self.process.stdout, self.printed), (self.process.stderr, self.said))
        ]
        for reader in self._readers:
            reader.start()

    def _read(self, stream: Iterator[str], lines: list[str]) -> None:
        for line in stream:
            lines.append(line)
            self._lines.put(line)

    def __enter__(self) -> "Serve":
        return self

    def __exit__(self, *exception: object) -> None:
        self.process.kill()
        self.process.wait()
        for reader in self._readers:
            reader.join(LONGEST)
        assert self.process.stdout and self.process.stderr
        self.process.stdout.close()
        self.process.stderr.close()

    def until(self, words: str) -> "Serve":
        """Wait until it has said this."""
        while not any(words in line for line in (*self.said, *self.printed)):
            self._lines.get(timeout=LONGEST)
        return self

    def serves(self) -> "Serve":
        return self.until("serving until Ctrl-C").until("duckdb -cmd")

    @property
    def url(self) -> str:
        (url,) = re.findall(r"^  (postgresql://\S+)\n", "".join(self.printed), re.MULTILINE)
        return str(url)

    def end(self, number: int = signal.SIGINT) -> int:
        """End it; return its exit code."""
        self.process.send_signal(number)
        code = self.process.wait(LONGEST)
        for reader in self._readers:
            reader.join(LONGEST)
        return code


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """An embedded database with all tables, whose server is stopped."""
    folder = new_folder()
    folder.chmod(0o755)
    with server(folder / "home", environ=os.environ, options=FAST) as dsn:
        migrate(dsn)
    yield folder / "home"
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def served(home: Path) -> Iterator[Serve]:
    """One that is up all the time, on a copy, so that the others' servers do not get in its way."""
    copy = home.with_name("served")
    subprocess.run(["cp", "-a", home, copy], check=True)
    with Serve(copy, free_port()) as command:
        yield command.serves()
        command.end()


def one(url: str, query: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row
    return row[0]


def refused(url: str) -> str:
    with pytest.raises(psycopg.OperationalError) as caught:
        psycopg.connect(url).close()
    return str(caught.value)


def password(home: Path) -> str:
    return (home / "reader.pgpass").read_text(encoding="utf-8").strip().rpartition(":")[2]


def test_the_printed_url_reads_every_view(served: Serve) -> None:
    with psycopg.connect(served.url) as connection:
        assert connection.info.host == "127.0.0.1"
        names = connection.execute("select name from installed_views").fetchall()
        assert len(names) > 20
        for (name,) in names:
            connection.execute(f"select count(*) from {name}".encode())


def test_the_printed_url_writes_nothing(served: Serve) -> None:
    with psycopg.connect(served.url, autocommit=True) as connection:
        for statement in (
            "delete from workflow_runs",
            "create table mine (i int)",
            "drop view attempts",
            "alter role telemetry_reader superuser",
            "copy workflow_runs to program 'cat'",
            "copy workflow_runs to '/tmp/rows'",
            "select lo_create(0)",
            "select lo_creat(-1)",
            "select lo_from_bytea(0, 'more than read')",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_the_password_works_in_a_program_that_knows_no_password_file(served: Serve) -> None:
    dsn = make_conninfo(
        host="127.0.0.1",
        port=served.port,
        user="telemetry_reader",
        dbname="postgres",
        password=password(served.home),
        passfile="/dev/null",
    )
    assert one(dsn, "select count(*) from attempts") == 0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"password": "wrong"}, "password authentication failed"),
        ({"passfile": "/dev/null"}, "no password supplied"),
        ({"user": "postgres"}, "no pg_hba.conf entry"),
        ({"user": "postgres", "password": "postgres"}, "no pg_hba.conf entry"),
        ({"dbname": "template1"}, "no pg_hba.conf entry"),
        ({"host": "127.0.0.2"}, "refused"),
    ],
    ids=str,
)
def test_nobody_else_is_let_in(served: Serve, changes: dict[str, str], words: str) -> None:
    if "host" in changes and sys.platform != "linux":
        pytest.skip("only Linux has more than one address of its own without being told")
    assert words in refused(make_conninfo(served.url, **changes))


def test_it_listens_on_this_machine_only_and_trusts_nobody_over_tcp(served: Serve) -> None:
    with server(served.home, environ=os.environ) as dsn, psycopg.connect(dsn) as owner:
        assert owner.execute("show listen_addresses").fetchone() == ("127.0.0.1",)
        rules = owner.execute(
            "select type, database, user_name, address, auth_method from pg_hba_file_rules"
        ).fetchall()
        (stored,) = owner.execute(
            "select rolpassword from pg_authid where rolname = 'telemetry_reader'"
        ).fetchone() or ("",)
    assert rules == [
        ("local", ["all"], ["all"], None, "trust"),
        ("host", ["postgres"], ["telemetry_reader"], "127.0.0.1", "scram-sha-256"),
    ]
    assert str(stored).startswith("SCRAM-SHA-256$")


def test_the_password_is_in_a_private_file_and_nowhere_else(served: Serve) -> None:
    file = served.home / "reader.pgpass"
    secret = password(served.home)
    assert len(secret) == 32
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert secret not in "".join([*served.printed, *served.said])
    arguments = subprocess.run(["ps", "-ww", "-eo", "args"], capture_output=True, text=True)
    assert "scripts/serve.py" in arguments.stdout and secret not in arguments.stdout
    for log in served.home.rglob("server.log"):
        assert secret not in log.read_text(encoding="utf-8")


def test_other_commands_work_while_it_serves(served: Serve, launcher: Launcher) -> None:
    for command in (("migrate",), ("status",), ("query", "totals")):
        done = launcher.run(*command, environ=environ(served.home))
        assert done.returncode == 0, done.stderr
    assert one(served.url, "select count(*) from attempts") == 0


def test_a_second_one_shares_the_port_and_leaves_it_to_the_first(served: Serve) -> None:
    with Serve(served.home, served.port) as second:
        assert second.serves().url == served.url
        assert second.end() == 0
    assert one(served.url, "select 1") == 1


def test_a_second_one_on_another_port_is_told_which(served: Serve) -> None:
    with Serve(served.home, free_port()) as second:
        assert second.process.wait(LONGEST) == 1
        second.until(f"add PORT={served.port}")


def test_a_port_in_use_is_one_sentence(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with Serve(home, port) as command:
            assert command.process.wait(LONGEST) == 1
            command.until(f"error: port {port} of this machine cannot be used: ")
            assert len(command.said) == 1


@pytest.mark.parametrize(
    "number",
    [signal.SIGINT, signal.SIGTERM, signal.SIGHUP],
    ids=["ctrl-c", "term", "closed terminal"],
)
def test_it_ends_cleanly_and_stops_the_server(home: Path, number: int) -> None:
    with Serve(home, free_port()) as command:
        url, before = command.serves().url, password(home)
        assert command.end(number) == 0
        assert command.said[-1] == "no longer serving\n"
    assert "refused" in refused(url)
    assert not list(home.glob("pg*/postmaster.pid"))
    assert password(home) == before


def test_it_waits_for_others_and_they_keep_the_server_but_no_reader(home: Path) -> None:
    with server(home, environ=os.environ, options=FAST):
        command = Serve(home, free_port()).until("waiting for the other commands")
        assert not command.printed
    with command:
        command.serves()
        with (
            server(home, environ=os.environ) as dsn,
            psycopg.connect(command.url, autocommit=True) as session,
        ):
            session.execute("select 1")
            assert command.end() == 0
            assert one(dsn, "select 1") == 1  # our own command goes on
            select.select([session], [], [], LONGEST)
            with pytest.raises(psycopg.OperationalError):
                session.execute("select 1")
            deadline = time.monotonic() + LONGEST
            while "no pg_hba.conf entry" not in (said := _tried(command.url)):
                assert time.monotonic() < deadline, said
                time.sleep(0.05)
    assert not list(home.glob("pg*/postmaster.pid"))


def _tried(url: str) -> str:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError as error:
        return str(error)
    return "it was let in"


def test_after_a_kill_the_next_one_serves(home: Path) -> None:
    port = free_port()
    with Serve(home, port) as command:
        command.serves()
        command.process.kill()
        command.process.wait()
    with Serve(home, port) as command:
        assert one(command.serves().url, "select 1") == 1
        assert command.end() == 0


def test_the_end_of_the_server_is_one_sentence(home: Path) -> None:
    with Serve(home, free_port()) as command:
        command.serves()
        (pid_file,) = home.glob("pg*/postmaster.pid")
        os.kill(int(pid_file.read_text(encoding="utf-8").split()[0]), signal.SIGINT)
        assert command.process.wait(LONGEST) == 1
        command.until("error: the embedded server was stopped from outside")


def test_a_database_of_ones_own_is_answered_with_the_grants(home: Path) -> None:
    with Serve(home, free_port(), DATABASE_URL="postgresql://u:secret@h/d") as command:
        assert command.process.wait(LONGEST) == 2
        command.until("error: DATABASE_URL names a database of your own")
        assert "grants.sql" in command.said[0] and "secret" not in command.said[0]
