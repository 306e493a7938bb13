"""The embedded server, for real: real processes, real kills, real permissions.

Whatever needs another process runs COMMAND in one: it starts or joins the server, prints the
server's process number and holds on until its standard input ends.
"""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from resource import RLIM_INFINITY, RLIMIT_FSIZE, setrlimit

import psycopg
import pytest
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict
from support.commands import Launcher
from support.databases import FAST
from support.folders import new_folder
from support.paths import LONGEST, ROOT

from telemetry import TelemetryError
from telemetry.database.connection import open_connection
from telemetry.database.embedded import cluster
from telemetry.database.embedded.binaries import (
    UNFINISHED,
    WHEEL,
    EmbeddedUnavailable,
    NoSpace,
    find_tool,
    find_version,
    unprivileged_account,
)
from telemetry.database.embedded.cluster import SOCKETS, Cluster
from telemetry.database.embedded.server import (
    _cluster,
    default_home,
    held,
    server,
)
from telemetry.whole_files import open_lock

pytestmark = pytest.mark.scenario

COMMAND = f"""
import os, sys
from pathlib import Path
import psycopg
from telemetry.database.embedded.binaries import EmbeddedUnavailable
from telemetry.database.embedded.server import server
home, user, hidden = sys.argv[1:]
if hidden:
    sys.modules[hidden] = None  # as if it were not installed
if user and os.geteuid() == 0:
    os.setgroups([])
    os.setgid(int(user))
    os.setuid(int(user))
try:
    with server(Path(home), environ=os.environ, options={FAST}) as conninfo:
        with psycopg.connect(conninfo) as connection:
            path, = connection.execute("select current_setting('data_directory')").fetchone()
            print(Path(path, "postmaster.pid").read_text().split()[0], flush=True)
        sys.stdin.read()
except EmbeddedUnavailable as error:
    sys.exit(str(error))
"""
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="is about root")
as_user = pytest.mark.skipif(os.geteuid() == 0, reason="is about an ordinary user")


@contextmanager
def own_directory() -> Iterator[Path]:
    """A directory that other accounts may pass through, removed with the servers left in it."""
    directory = new_folder()
    directory.chmod(0o755)
    yield directory
    for pid_file in directory.rglob("postmaster.pid"):
        with suppress(ProcessLookupError):
            os.kill(int(pid_file.read_text().split()[0]), signal.SIGQUIT)
    for closed in (directory, *directory.glob("closed")):
        closed.chmod(0o700)
    for _ in range(50):  # a killed command's initdb may still be writing
        shutil.rmtree(directory, ignore_errors=True)
        if not directory.exists():
            break
        time.sleep(0.1)


@pytest.fixture
def base() -> Iterator[Path]:
    with own_directory() as directory:
        yield directory


@pytest.fixture
def new_home(base: Path) -> Path:
    """Where nothing was started yet."""
    return base / "home"


@pytest.fixture(scope="module")
def stopped_home() -> Iterator[Path]:
    """Where a server was started before, and stopped. To be copied, as initdb takes a second."""
    with own_directory() as directory:
        with open_server(directory / "home"):
            pass
        yield directory / "home"


@pytest.fixture(scope="module")
def home(stopped_home: Path) -> Iterator[Path]:
    """Where tests start a server one after the other, and some kill it."""
    with own_directory() as directory:
        yield copied(stopped_home, directory / "home")


@pytest.fixture
def old_home(stopped_home: Path, base: Path) -> Callable[[str], Path]:
    """Make a home of this name whose database was made before."""
    return lambda name="home": copied(stopped_home, base / name)


def copied(home: Path, to: Path) -> Path:
    # Unlike shutil's, this copy belongs to whom the original does.
    subprocess.run(["cp", "-a", home, to], check=True)
    return to


def open_server(home: Path) -> AbstractContextManager[str]:
    return server(home, environ=os.environ, options=FAST)


def ask(conninfo: str, query: str) -> str:
    with psycopg.connect(conninfo) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row
    return str(row[0])


def server_pid(conninfo: str) -> int:
    """The process number of the server that answers here."""
    data = ask(conninfo, "show data_directory")
    return int(Path(data, "postmaster.pid").read_text().split()[0])


def python_path(*directories: Path) -> Mapping[str, str]:
    return {"PYTHONPATH": os.pathsep.join([*map(str, directories), *filter(None, sys.path)])}


class Command:
    """Another command that uses the server in `home`.

    Without a launcher it is a Python of its own, which gets signals.
    """

    def __init__(
        self,
        launcher: Launcher | None,
        home: Path,
        *,
        user: int | None = None,
        hidden: str = "",
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.launcher = launcher
        command: list[str | Path] = [sys.executable, "-c", COMMAND]
        if launcher:
            program = launcher.asked.with_name("command.py")
            program.write_text(COMMAND)
            command = [launcher.python, program]
        self.process = subprocess.Popen(
            [*command, str(home), str(user or ""), hidden],
            env={**os.environ, **python_path(ROOT), **(environ or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def __enter__(self) -> "Command":
        return self

    def __exit__(self, *exception: object) -> None:
        self.kill()
        self.process.communicate()

    def server_pid(self) -> int:
        """Wait until it is connected; return the server's process number."""
        assert self.process.stdout and self.process.stderr
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        return int(line)

    def leave(self) -> str:
        """Let it end; return what it said on standard error."""
        _, said = self.process.communicate("", timeout=LONGEST)
        return said

    def kill(self) -> None:
        self.process.kill()
        if self.launcher:
            self.launcher.wait(self.process)
        self.process.wait()


def is_stopped(home: Path) -> bool:
    """Whether the server was stopped cleanly: the last thing it does is to remove this file."""
    return not list(home.glob("pg*/postmaster.pid"))


def refusal(home: Path) -> str:
    with pytest.raises(EmbeddedUnavailable) as caught, open_server(home):
        pass
    return str(caught.value)


def ordinary_user() -> int:
    """Ourselves, or nobody when we are root."""
    return pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else os.geteuid()


def majors() -> list[int]:
    """The major versions of PostgreSQL that are here, the oldest first."""
    found = []
    for major in range(15, 30):
        with suppress(EmbeddedUnavailable):
            find_version(os.environ, major)
            found.append(major)
    return found


# Starting


def test_second_start_finds_what_the_first_one_stored(home: Path) -> None:
    with open_server(home) as conninfo, psycopg.connect(conninfo) as connection:
        connection.execute("create table kept as select 'still here' as word")
    with open_server(home) as conninfo:
        assert ask(conninfo, "select word from kept") == "still here"


def test_the_only_user_leaves_no_server_behind(launcher: Launcher, home: Path) -> None:
    with Command(launcher, home) as command:
        pid = command.server_pid()
        command.leave()
    with pytest.raises(ProcessLookupError):
        for _ in range(600):  # process 1 may take a while to see it off
            os.kill(pid, 0)
            time.sleep(0.1)


def test_server_listens_on_no_tcp_port(home: Path) -> None:
    with open_server(home) as conninfo:
        assert ask(conninfo, "show listen_addresses") == ""


def test_options_are_settings_of_the_server(home: Path) -> None:
    with server(home, environ=os.environ, options={**FAST, "work_mem": "7MB"}) as conninfo:
        assert ask(conninfo, "show work_mem") == "7MB"


def test_first_start_is_announced_and_the_second_is_not_whatever_the_path(base: Path) -> None:
    home = base / 'it\'s $HOME, "quoted" `id` Übung 漢字'
    said: list[str] = []
    for _ in range(2):
        with server(home, environ=os.environ, options=FAST, notify=said.append) as conninfo:
            assert ask(conninfo, "show data_directory").startswith(str(home / "pg"))
    assert len(said) == 1 and str(home / "pg") in said[0]


def test_socket_of_a_long_path_is_in_a_short_directory_removed_with_the_server(
    old_home: Callable[[str], Path],
) -> None:
    with open_server(old_home("long" * 30)) as conninfo:
        sockets = Path(str(conninfo_to_dict(conninfo)["host"]))
        assert sockets.match(f"{SOCKETS}*")
        assert sockets.stat().st_mode & 0o777 == 0o700
    assert not sockets.exists()


def test_threads_of_one_process_start_and_stop_the_server_one_after_the_other(
    tmp_path: Path,
) -> None:
    inside: list[int] = []
    found: list[int] = []

    def start_or_stop(number: int) -> None:
        with held(lock):
            inside.append(number)
            time.sleep(0.05)
            found.append(len(inside))
            inside.remove(number)

    with open_lock(tmp_path / "control.lock") as lock, ThreadPoolExecutor(4) as pool:
        list(pool.map(start_or_stop, range(4)))
    assert found == [1, 1, 1, 1]


def test_socket_directory_of_a_killed_server_is_removed_with_the_next_one(
    launcher: Launcher,
    old_home: Callable[[str], Path],
) -> None:
    home = old_home("long" * 30)
    with open_server(home) as conninfo, Command(launcher, home) as command:
        first = Path(str(conninfo_to_dict(conninfo)["host"]))
        os.kill(command.server_pid(), signal.SIGKILL)
        with open_server(home) as conninfo:
            second = Path(str(conninfo_to_dict(conninfo)["host"]))
    assert (first.exists(), second.exists()) == (False, False)
    assert first != second


HOSTILE = {
    "LANG": "xx_XX.UTF-8",
    "LC_ALL": "xx_XX.UTF-8",
    "PGDATA": "/nonexistent",
    "PGHOST": "nowhere.invalid",
    "PGHOSTADDR": "192.0.2.1",
    "PGPORT": "1",
    "PGUSER": "stranger",
    "PGDATABASE": "stranger",
}


def test_missing_locale_and_stray_postgres_variables_change_nothing(home: Path) -> None:
    with Command(None, home, environ=HOSTILE) as command:
        assert command.server_pid()


def test_text_is_utf8_and_sorted_by_code_point(home: Path) -> None:
    with open_server(home) as conninfo:
        assert ask(conninfo, "show server_encoding") == "UTF8"
        order = "select string_agg(c, '' order by c) from unnest(array['é', 'a', 'Z']) as c"
        assert ask(conninfo, order) == "Zaé"


def test_server_knows_none_of_our_secrets(launcher: Launcher, home: Path) -> None:
    with Command(launcher, home, environ={"GITHUB_TOKEN": "ghs_secret"}) as command:
        command.server_pid()
        with open_server(home) as conninfo, psycopg.connect(conninfo) as connection:
            connection.execute("create temp table variables (line text)")
            connection.execute("copy variables from program '/usr/bin/env'")
            lines = [line for (line,) in connection.execute("select line from variables")]
    assert any(line.startswith("PGDATA=") for line in lines)
    assert not any("ghs_secret" in line for line in lines)


# Sharing


def test_two_commands_share_the_server_and_the_last_one_stops_it(
    launcher: Launcher, home: Path
) -> None:
    with Command(launcher, home) as first, Command(launcher, home) as second:
        pid = first.server_pid()
        assert second.server_pid() == pid
        first.leave()
        with open_server(home) as conninfo:
            assert ask(conninfo, "select 1") == "1"
        os.kill(pid, 0)
        second.leave()
    assert is_stopped(home)


def test_two_commands_that_find_nothing_make_one_database(
    launcher: Launcher, new_home: Path
) -> None:
    with Command(launcher, new_home) as first, Command(launcher, new_home) as second:
        assert first.server_pid() == second.server_pid()
    assert len(list(new_home.glob("pg*"))) == 1


def test_server_of_a_killed_command_is_taken_over_and_stopped(
    launcher: Launcher, home: Path
) -> None:
    with Command(launcher, home) as killed, open_server(home) as conninfo:
        assert server_pid(conninfo) == killed.server_pid()
        killed.kill()
    assert is_stopped(home)


def test_server_left_by_a_killed_command_is_stopped_by_the_next_one(
    launcher: Launcher, home: Path
) -> None:
    with Command(launcher, home) as killed:
        pid = killed.server_pid()
        killed.kill()
    os.kill(pid, 0)
    with open_server(home) as conninfo:
        assert server_pid(conninfo) == pid
    assert is_stopped(home)


def test_killed_server_is_replaced_for_the_next_command(launcher: Launcher, home: Path) -> None:
    with Command(launcher, home) as bereft, ExitStack() as following:
        killed = bereft.server_pid()
        assert server_pid(following.enter_context(open_server(home))) == killed
        os.kill(killed, signal.SIGKILL)
        with open_server(home) as conninfo:
            pid = server_pid(conninfo)
            assert pid != killed
            bereft.leave()
            following.close()
            os.kill(pid, 0)
    assert is_stopped(home)


@pytest.mark.parametrize("seconds", [0, 0.03])
def test_a_server_that_lost_a_process_stops_with_the_last_command(
    home: Path, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    """It starts anew by itself just when it is to stop; so it ends neither itself nor for us."""
    with open_server(home) as conninfo, psycopg.connect(conninfo) as connection:
        (process,) = connection.execute("select pg_backend_pid()").fetchone() or (0,)
        os.kill(process, signal.SIGKILL)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("select 1")
        time.sleep(seconds)
        monkeypatch.setattr(cluster.Cluster, "_stop", _without_patience_for_the_first)
    monkeypatch.undo()
    assert not list(home.glob("pg*/postmaster.pid"))
    with open_server(home) as conninfo:
        assert ask(conninfo, "select 1") == "1"


def _without_patience_for_the_first(stopped: cluster.Cluster, mode: str) -> tuple[int, str]:
    seconds = 3 if mode == "fast" else cluster.PATIENCE
    arguments = ("stop", f"--mode={mode}", "--wait", f"--timeout={seconds}", "--silent")
    return stopped._run("pg_ctl", *arguments)


def test_a_server_that_was_left_in_an_endless_stop_is_started(
    launcher: Launcher, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "LINGERING", 1)
    with Command(launcher, home) as command:
        pid = command.server_pid()
        command.kill()
    with psycopg.connect(host=str(next(home.glob("pg*"))), user="postgres") as connection:
        # A smart stop waits for this session.
        os.kill(pid, signal.SIGTERM)
        with open_server(home) as conninfo:
            assert ask(conninfo, "select 1") == "1"
        with pytest.raises(psycopg.OperationalError):
            connection.execute("select 1")


def test_what_was_committed_outlives_a_kill_of_command_and_server(
    launcher: Launcher, home: Path
) -> None:
    with Command(launcher, home) as command:
        pid = command.server_pid()
        with open_server(home) as conninfo, psycopg.connect(conninfo) as connection:
            connection.execute("set synchronous_commit = on")
            connection.execute("create table kept_by_kill as select 'still here' as word")
        command.kill()
        os.kill(pid, signal.SIGKILL)
    with open_server(home) as conninfo:
        assert ask(conninfo, "select word from kept_by_kill") == "still here"
    assert is_stopped(home)


def test_ctrl_c_ends_a_command_and_not_the_server_that_another_one_uses(home: Path) -> None:
    with Command(None, home) as interrupted, open_server(home) as conninfo:
        pid = interrupted.server_pid()
        assert server_pid(conninfo) == pid
        os.killpg(interrupted.process.pid, signal.SIGINT)
        interrupted.leave()
        with open_server(home) as conninfo:
            assert ask(conninfo, "select 1") == "1"
        os.kill(pid, 0)
    assert is_stopped(home)


def test_ctrl_c_in_the_only_command_stops_the_server_cleanly(home: Path) -> None:
    with Command(None, home) as command:
        command.server_pid()
        os.killpg(command.process.pid, signal.SIGINT)
        command.leave()
    assert is_stopped(home)
    (log,) = home.glob("pg*/server.log")
    assert log.read_text().splitlines()[-1].endswith("database system is shut down")


def test_an_error_in_the_command_stops_the_server_and_comes_through(home: Path) -> None:
    with pytest.raises(OSError, match="of the command"), open_server(home):
        raise OSError("of the command")
    assert is_stopped(home)


# The data directory


def wait_for_initdb(home: Path) -> None:
    for _ in range(6_000):
        if list(home.glob(f"{UNFINISHED}*/PG_VERSION")) or list(home.glob("pg*")):
            return
        time.sleep(0.01)
    pytest.fail("initdb did not begin")


def test_initdb_cut_short_by_a_kill_is_done_again(launcher: Launcher, base: Path) -> None:
    for number in range(10):
        home = base / f"home{number}"
        with Command(launcher, home) as command:
            wait_for_initdb(home)
            command.kill()
        if not list(home.glob("pg*")):  # else initdb was done before the kill
            break
    else:
        pytest.fail("initdb was never cut short")
    with open_server(home) as conninfo:
        assert ask(conninfo, "select 1") == "1"
    assert is_stopped(home)


def program(folder: Path, name: str, script: str) -> None:
    """Put a script in the place of one of PostgreSQL's programs."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def test_an_initdb_that_somebody_kills_says_to_try_again(base: Path) -> None:
    program(base / "programs", "initdb", "kill -9 $$")
    (base / "home").mkdir()
    cluster = Cluster(base / "home/pg18", base / "programs", None, {}, {}, lambda text: None)
    with pytest.raises(EmbeddedUnavailable, match="such as a limit of memory: try again"):
        cluster.make(18)
    assert not list((base / "home").iterdir())


def test_a_server_that_is_killed_while_it_starts_is_started_again(
    old_home: Callable[[], Path], base: Path
) -> None:
    cluster = _cluster(old_home(), os.environ, FAST, lambda text: None)
    tried, programs = base / "tried", base / "programs"
    program(
        programs,
        "pg_ctl",
        f"[ -e '{tried}' ] || {{ : >'{tried}'; echo 'pg_ctl: could not start server'; exit 1; }}\n"
        f"exec '{cluster.binaries / 'pg_ctl'}' \"$@\"",
    )
    base.chmod(0o777)
    started = replace(cluster, binaries=programs)
    assert ask(started.start(), "select 1::text") == "1"
    started.stop()
    assert tried.exists()


def test_what_a_killed_initdb_left_is_removed(old_home: Callable[[], Path]) -> None:
    home = old_home()
    left = home / f"{UNFINISHED}1"
    left.mkdir()
    (left / "PG_VERSION").write_text("18\n")
    with open_server(home):
        assert not left.exists()


def test_ctrl_c_during_the_first_start_leaves_nothing_half_made(new_home: Path) -> None:
    with Command(None, new_home) as command:
        wait_for_initdb(new_home)
        os.killpg(command.process.pid, signal.SIGINT)
        command.leave()
    assert not list(new_home.glob(f"{UNFINISHED}*"))
    assert is_stopped(new_home)


@pytest.mark.parametrize("content", ["", "18"])
def test_an_incomplete_data_directory_is_set_aside_and_reported(
    new_home: Path, content: str
) -> None:
    data = new_home / f"pg{find_version(os.environ)[0]}"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text(content)
    said: list[str] = []
    with server(new_home, environ=os.environ, options=FAST, notify=said.append) as conninfo:
        assert ask(conninfo, "select 1") == "1"
    (aside,) = new_home.glob("*.damaged-*")
    assert (aside / "PG_VERSION").read_text() == content
    assert any(str(aside) in text for text in said)


def test_data_of_an_older_version_is_served_by_the_programs_of_that_version(new_home: Path) -> None:
    older = (0, *majors())[-2]
    if not older:
        pytest.skip("needs two major versions of PostgreSQL")
    new_home.mkdir()
    data = new_home / f"pg{older}"
    binaries = find_version(os.environ, older)[1]
    account = unprivileged_account(data)
    Cluster(data, binaries, account, os.environ, FAST, lambda text: None).make(older)
    with open_server(new_home) as conninfo:
        assert ask(conninfo, "show server_version").startswith(f"{older}.")
    assert [path.name for path in new_home.glob("pg*")] == [data.name]


@pytest.mark.parametrize("name", ["pg99", "pg18"])
def test_data_of_a_missing_version_is_left_alone_and_the_error_says_what_to_do(
    new_home: Path, name: str
) -> None:
    data = new_home / name
    (data / "global").mkdir(parents=True)
    (data / "global" / "pg_control").touch()
    (data / "PG_VERSION").write_text("99\n")
    message = refusal(new_home)
    assert f"{data} was made by PostgreSQL 99" in message
    assert "DATABASE_URL" in message
    assert [path.name for path in new_home.glob("pg*")] == [name]


def test_home_that_is_a_file_is_refused_in_one_sentence(base: Path) -> None:
    (base / "file").touch()
    message = refusal(base / "file")
    assert "Not a directory" in message
    assert "TELEMETRY_HOME" in message
    assert "DATABASE_URL" in message


@as_user
def test_home_that_may_not_be_made_is_refused_in_one_sentence(base: Path) -> None:
    base.chmod(0o500)
    message = refusal(base / "home")
    assert "Permission denied" in message
    assert "DATABASE_URL" in message


@contextmanager
def small_disk(place: Path, megabytes: int) -> Iterator[None]:
    mount = f"mount -t tmpfs -o size={megabytes}m,mode=755 tmpfs {place}"
    if subprocess.run(["/bin/sh", "-c", mount], capture_output=True, check=False).returncode:
        pytest.skip("may not mount a small disk")
    try:
        yield
    finally:
        subprocess.run(["/bin/sh", "-c", f"umount {place}"], check=True)


def fill(disk: Path) -> None:
    with suppress(OSError), (disk / "fill").open("wb", buffering=0) as file:
        while file.write(bytes(2**16)):
            pass


@as_root
def test_full_disk_is_refused_in_one_sentence(base: Path) -> None:
    with small_disk(base, 8):
        message = refusal(base / "home")
        assert "No space left on device" in message
        assert "DATABASE_URL" in message
        assert not list((base / "home").glob(f"{UNFINISHED}*"))


@as_root
def test_disk_that_has_filled_up_is_named_though_the_log_has_no_room_for_it(
    base: Path, old_home: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "LINGERING", 0)
    with small_disk(base, 100):
        home = old_home()
        fill(base)
        message = refusal(home)
        assert "No space left on device; free some space there" in message
        assert "DATABASE_URL" in message


@pytest.mark.parametrize("said", ["Disk quota exceeded", "File too large"])
def test_a_quota_is_a_lack_of_room_also_after_another_message(new_home: Path, said: str) -> None:
    output = f"""
2026-03-02 12:00:00 UTC [9] FATAL:  the database system is in recovery mode
2026-03-02 12:00:00 UTC [7] PANIC:  could not write to log file "0000": {said}
"""
    made = Cluster(new_home, new_home, None, os.environ, FAST, lambda text: None)
    refused = made._refusal("starting the server", output)
    assert isinstance(refused, NoSpace)
    assert f'could not write to log file "0000": {said}; free some space there' in str(refused)


def test_what_a_server_lacked_before_its_last_start_is_no_reason(new_home: Path) -> None:
    new_home.mkdir()
    log = new_home / "server.log"
    full = "[9] PANIC:  could not write to log file: Disk quota exceeded\n"
    start = "[8] LOG:  starting PostgreSQL 18.4\n"
    log.write_text(start + full + start)
    made = Cluster(new_home, new_home, None, os.environ, FAST, lambda text: None)
    assert made._lack_of_room() == ""
    with log.open("a") as more:
        more.write(full + "[7] FATAL:  the database system is starting up\n" * 999)
    assert made._lack_of_room() == "could not write to log file: Disk quota exceeded"


def test_a_server_that_may_not_write_its_own_log_is_not_waited_out(
    old_home: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with a quota: the disk itself has room. The server starts anew again and again."""
    monkeypatch.setattr(cluster, "LINGERING", 2)
    said: list[str] = []
    home = old_home()
    setrlimit(RLIMIT_FSIZE, (12 * 2**20, RLIM_INFINITY))
    try:
        with open_server(home) as dsn, open_connection(dsn, said.append) as connection:
            with psycopg.connect(dsn) as other, pytest.raises(psycopg.Error):
                for _ in range(20):
                    other.execute("select pg_logical_emit_message(true, '', repeat('x', 1000000))")
            with pytest.raises(NoSpace, match=r"File too large; free some space there"):
                for _ in range(1_000):  # the server ends its sessions a moment later
                    connection.execute("select 1")
                    time.sleep(0.01)
    finally:
        setrlimit(RLIMIT_FSIZE, (RLIM_INFINITY, RLIM_INFINITY))
    assert len(said) == 1 and said[0].startswith("the connection to the database is lost")
    with open_server(home) as dsn:
        assert ask(dsn, "select 1") == "1"


@as_root
def test_a_disk_without_room_for_the_servers_own_log_is_not_waited_out(
    base: Path, old_home: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server ends, and cannot start before there is room."""
    monkeypatch.setattr(cluster, "LINGERING", 2)
    said: list[str] = []
    with small_disk(base, 150):
        with open_server(old_home()) as dsn, open_connection(dsn, said.append) as connection:
            connection.execute("create table numbers as select 1 as number")
            fill(base)
            with pytest.raises(errors.DiskFull, match="No space left on device"):
                for number in range(20):  # segments of the log
                    connection.execute("select pg_switch_wal()")
                    connection.execute("update numbers set number = %s", [number])
            with pytest.raises(errors.DiskFull, match="No space left on device"):
                connection.execute("select 1")
        monkeypatch.undo()
        (base / "fill").unlink()
        with open_server(base / "home") as dsn:
            assert ask(dsn, "select 1") == "1"
    assert not said


# Accounts and permissions


def test_ordinary_user_runs_it_in_a_private_directory(launcher: Launcher, new_home: Path) -> None:
    user = ordinary_user()
    new_home.mkdir()
    os.chown(new_home, user, -1)
    with Command(launcher, new_home, user=user) as command:
        command.server_pid()
        (data,) = new_home.glob("pg*")
        assert data.stat().st_uid == user
        assert data.stat().st_mode & 0o777 == 0o700
        assert command.leave() == ""


def test_lock_files_are_closed_to_others(home: Path) -> None:
    with open_server(home):
        assert {path.stat().st_mode & 0o777 for path in home.glob("*.lock")} == {0o600}


@as_root
def test_root_runs_it_as_an_unprivileged_account(home: Path) -> None:
    with open_server(home):
        (data,) = home.glob("pg*")
        assert data.stat().st_uid != 0
        assert data.stat().st_mode & 0o777 == 0o700


@as_root
def test_root_keeps_to_the_account_that_owns_the_data(
    launcher: Launcher, old_home: Callable[[], Path]
) -> None:
    user, home = ordinary_user(), old_home()
    for path in (home, *home.rglob("*")):
        os.chown(path, user, -1)
    with Command(launcher, home, user=user) as command:
        command.server_pid()
        command.leave()
    with open_server(home) as conninfo:
        assert ask(conninfo, "select 1") == "1"


def permissions(*paths: Path) -> Mapping[Path, tuple[int, int, int]]:
    """Mode, owner and group of these paths and of everything above them."""
    each = {part for path in paths for part in (path, *path.parents)}
    return {part: (s.st_mode, s.st_uid, s.st_gid) for part in each for s in [part.stat()]}


@as_root
def test_roots_other_directories_keep_their_permissions(base: Path) -> None:
    root_home = Path(pwd.getpwuid(0).pw_dir)
    _, programs = find_version(os.environ)
    watched = [base, programs / "postgres", Path(sys.executable), ROOT, root_home]
    before = permissions(*watched)
    with open_server(base / "home"):
        pass
    assert permissions(*watched) == before


def wheel_below(directory: Path) -> Path:
    """Put the wheel's newest PostgreSQL below `directory`, as a package; return where."""
    tree = find_version({})[1].parent
    package, libraries = tree.parent, tree.parent.with_name(f"{tree.parent.name}.libs")
    shutil.copytree(tree, directory / package.name / tree.name)
    shutil.copytree(libraries, directory / libraries.name)
    (directory / package.name / "__init__.py").touch()
    return directory / package.name


@as_root
def test_programs_that_the_account_cannot_reach_are_copied_once(base: Path, new_home: Path) -> None:
    closed = base / "closed"
    closed.mkdir(mode=0o700)
    package = wheel_below(closed)
    before = permissions(package)
    copies = []
    for _ in range(2):
        with Command(None, new_home, environ=python_path(closed, ROOT)) as command:
            command.server_pid()
            command.leave()
        copies += [(path, path.stat().st_ino) for path in new_home.glob("programs-*")]
    assert copies[0] == copies[1]
    assert permissions(package) == before


@as_root
def test_home_that_the_account_cannot_reach_is_refused_in_one_sentence(base: Path) -> None:
    closed = base / "closed"
    closed.mkdir(mode=0o700)
    message = refusal(closed / "home")
    assert f"{closed} is closed" in message
    assert "TELEMETRY_HOME" in message
    assert "DATABASE_URL" in message
    assert closed.stat().st_mode & 0o777 == 0o700


@as_root
def test_user_without_an_account_is_refused_in_one_sentence(
    launcher: Launcher, new_home: Path
) -> None:
    user = 54321
    new_home.mkdir()
    os.chown(new_home, user, user)
    with Command(launcher, new_home, user=user) as command:
        message = command.leave()
    assert "could not look up effective user ID 54321" in message
    assert "DATABASE_URL" in message
    assert "Traceback" not in message


# Programs


def test_machine_without_programs_is_refused_in_one_sentence(
    launcher: Launcher, new_home: Path
) -> None:
    with Command(launcher, new_home, hidden=WHEEL, environ={"PATH": ""}) as command:
        message = command.leave()
    assert message.startswith("no programs of PostgreSQL")
    assert "DATABASE_URL" in message
    assert message.count("\n") == 1


def test_programs_on_the_path_are_used_without_the_wheel(launcher: Launcher, home: Path) -> None:
    path = str(find_version(os.environ)[1])
    with Command(launcher, home, hidden=WHEEL, environ={"PATH": path}) as command:
        assert command.server_pid()


def test_programs_of_pg_config_are_used_without_the_wheel(
    launcher: Launcher, base: Path, home: Path
) -> None:
    (base / "bin").mkdir()
    (base / "bin" / "pg_config").symlink_to(find_version(os.environ)[1] / "pg_config")
    environ = {"PATH": str(base / "bin")}
    with Command(launcher, home, hidden=WHEEL, environ=environ) as command:
        assert command.server_pid()


def test_directory_on_the_path_that_is_closed_to_us_is_passed_over(
    launcher: Launcher, base: Path, old_home: Callable[[], Path]
) -> None:
    user, home = ordinary_user(), old_home()
    (base / "closed").mkdir(mode=0)
    for path in (home, *home.rglob("*")):
        os.chown(path, user, -1)
    with Command(launcher, home, user=user, environ={"PATH": str(base / "closed")}) as command:
        assert command.server_pid()


def test_newest_programs_come_first() -> None:
    assert find_version({}) == find_version({}, max(majors()))


def test_client_program_is_found_beside_the_server() -> None:
    psql = find_tool("psql", os.environ)
    assert "psql (PostgreSQL)" in subprocess.check_output([psql, "--version"], text=True)


def test_client_program_is_found_on_the_path(base: Path) -> None:
    (base / "pg_thing").touch(mode=0o755)
    assert find_tool("pg_thing", {"PATH": str(base)}) == base / "pg_thing"


def test_missing_client_program_says_what_to_install() -> None:
    with pytest.raises(TelemetryError, match="no pg_thing on this machine: install"):
        find_tool("pg_thing", {})


# Where the data lies


def test_telemetry_home_is_where_the_data_lies() -> None:
    assert default_home({"TELEMETRY_HOME": "/srv/x", "HOME": "/home/u"}) == Path("/srv/x")
    assert default_home({"TELEMETRY_HOME": "~/x"}) == Path.home() / "x"


@as_root
def test_roots_data_lies_outside_its_home() -> None:
    environ = {"TELEMETRY_HOME": "", "HOME": "/root", "XDG_DATA_HOME": "/root/data"}
    assert default_home(environ) == Path("/var/lib/actions-telemetry")


@as_user
@pytest.mark.skipif(sys.platform == "darwin", reason="macOS has its own place")
@pytest.mark.parametrize(
    ("xdg", "expected"),
    [
        ("/data", "/data/actions-telemetry"),
        ("", "/home/u/.local/share/actions-telemetry"),
        ("relative", "/home/u/.local/share/actions-telemetry"),
    ],
)
def test_users_data_lies_in_the_user_data_directory(xdg: str, expected: str) -> None:
    assert default_home({"HOME": "/home/u", "XDG_DATA_HOME": xdg}) == Path(expected)
