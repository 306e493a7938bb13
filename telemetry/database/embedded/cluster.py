"""One PostgreSQL data directory ("database cluster" in its manual): create, start and stop it.

Knows nothing of its users; server.py calls it from one command at a time.
"""

import os
import re
import shlex
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping

from telemetry.database.embedded.binaries import (
    NO_ROOM,
    Account,
    EmbeddedUnavailable,
    NoSpace,
    built,
    run,
)

LOOPBACK = "127.0.0.1"
PATIENCE = 60  # seconds that a start or a stop may take; crash recovery is the slow one
SOCKET_BYTES = 100  # a socket's path may have 103 bytes on macOS, 107 on Linux
SOCKETS = Path("/tmp/actions-telemetry-")  # not in TMPDIR, which may be long as well
ELSEWHERE = "set TELEMETRY_HOME to another directory, or DATABASE_URL to a database of yours"
FULL = "No space left on device"
LEAST_SPACE = 2**20  # bytes
LOG_BYTES = 2**17  # of the end of the server's log
MOST_UNANSWERED = 5  # pings
LINGERING = 15  # seconds that the remains of a killed server may take to go, with these errors:
REMAINS = re.compile(r'lock file ".*" already exists|pre-existing shared memory block')


@dataclass(frozen=True)
class Cluster:
    """A data directory, the programs of its major version, and how to run them."""

    data: Path
    binaries: Path
    account: Account | None
    environ: Mapping[str, str]
    options: Mapping[str, str]
    notify: Callable[[str], None]

    def make(self, major: int) -> None:
        """Make the data directory: UTF-8, sorted by code point, whatever the machine's locale."""
        self.notify(f"making a PostgreSQL {major} database in {self.data}")
        if self.data.exists():  # never deleted: it may be a damaged database
            aside = tempfile.mkdtemp(prefix=f"{self.data.name}.damaged-", dir=self.data.parent)
            self.data.rename(aside)
            self.notify(f"{self.data} was no whole PostgreSQL database, and is now {aside}")
        arguments = ["--username=postgres", "--encoding=UTF8", "--no-instructions"]
        arguments += ["--auth-local=trust", "--auth-host=scram-sha-256"]  # a private directory
        arguments += ["--locale=C"]
        if major >= 17:
            arguments += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if self.options.get("fsync") == "off":
            arguments += ["--no-sync"]
        with built(self.data) as new:
            if self.account:
                os.chown(new, *self.account)
            status, output = self._run("initdb", *arguments, data=new)
            if status:
                raise self._refusal("initdb", output if status > 0 else "")

    def start(self, port: int | None = None) -> str:
        """Join the server, or start it once a killed one is gone; return its conninfo.

        One that is started also listens on this TCP port, for programs on this machine.
        """
        began = time.monotonic()
        while True:
            conninfo, answer = self._ping()
            if answer == Ping.OK:
                return conninfo
            if answer == Ping.REJECT:  # the server is starting up or shutting down
                failure = self._lack_of_room() or "the server did not become ready"
                is_full = self._is_full() or NO_ROOM.search(failure)
                patience = LINGERING if is_full else PATIENCE
                is_stuck = self._is_stopping() and time.monotonic() - began > LINGERING
                if is_stuck and self._stop("immediate")[0] == 0:  # see stop
                    continue
            else:
                failure = self._launch(port)
                is_passing = REMAINS.search(failure) or not _reasons(failure)
                patience = LINGERING if is_passing else 0
            if failure:
                if time.monotonic() - began > patience:
                    raise self._refusal("starting the server", failure)
                time.sleep(0.2)

    def stop(self) -> None:
        """Stop the server if it runs.

        If one of its processes was killed, it restarts by itself, and a fast stop at that moment
        never ends (PostgreSQL 18.4). Then it is stopped like a killed one, which loses nothing that
        was committed.
        """
        for _ in range(MOST_UNANSWERED):
            answer = self._ping()[1]
            if answer != Ping.NO_RESPONSE:
                break
            if not self._pid_file():
                return
            time.sleep(0.1)  # a server that restarts closes connections for a moment
        else:
            return  # its process number may be another's by now
        sockets = self._sockets()
        for mode in ("fast", "immediate") if answer == Ping.OK else ("immediate",):
            status, output = self._stop(mode)
            if not status:
                break
        if status:
            self.notify(str(self._refusal("stopping the server", output)))
        else:
            _remove_sockets(sockets)

    def _stop(self, mode: str) -> tuple[int, str]:
        arguments = ("stop", f"--mode={mode}", "--wait", f"--timeout={PATIENCE}", "--silent")
        return self._run("pg_ctl", *arguments)

    def _launch(self, port: int | None) -> str:
        """Start the server once; return its error output if that failed, else nothing."""
        stale, sockets = self._sockets(), self.data
        # libpq takes a comma in a host for the start of the next host.
        if len(os.fsencode(sockets / ".s.PGSQL.54321")) > SOCKET_BYTES or "," in str(sockets):
            sockets = Path(tempfile.mkdtemp(prefix=SOCKETS.name, dir=SOCKETS.parent))
            if self.account:
                os.chown(sockets, *self.account)
        quoted = '"' + str(sockets).replace('"', '""') + '"'
        settings = {
            "listen_addresses": LOOPBACK if port else "",
            "port": str(port or 5432),
            "unix_socket_directories": quoted,
            "timezone": "UTC",
            # The statement of a command that was killed ends too.
            "client_connection_check_interval": "5s",
            # PostgreSQL 18 reads ahead with I/O workers. The system has most pages in memory, and
            # handing reads over took up to ten times as long as reading directly.
            "effective_io_concurrency": "0",
        }
        settings.update(self.options)
        log = self.data / "server.log"
        logged = log.stat().st_size if log.exists() else 0
        status, output = self._run(
            *("pg_ctl", "start", "--wait", f"--timeout={PATIENCE}", "--silent"),
            f"--log={log.name}",
            f"--options={shlex.join(f'-c{name}={value}' for name, value in settings.items())}",
        )
        _remove_sockets(sockets if status else stale)
        if status and log.exists():
            output += log.read_bytes()[logged:].decode(errors="replace")
        return output if status else ""

    def _run(self, program: str, *arguments: str, data: Path | None = None) -> tuple[int, str]:
        return run(
            self.binaries / program,
            *arguments,
            environ=self.environ,
            account=self.account,
            data=data or self.data,
        )

    def tcp_port(self) -> int | None:
        """Return the TCP port on which the server listens; None if on none, or if it is stopped."""
        lines = self._pid_file()
        listens = len(lines) > 5 and lines[5].strip()
        return int(lines[3]) if listens and self._ping()[1] == Ping.OK else None

    def _pid_file(self) -> list[str]:
        """Return the lines of postmaster.pid; none if there is no such file.

        The fourth to sixth are the port, the directory of the socket, and the first address.
        """
        try:
            return os.fsdecode((self.data / "postmaster.pid").read_bytes()).splitlines()
        except FileNotFoundError:
            return []

    def _is_stopping(self) -> bool:
        """Whether somebody has asked the server to stop: the eighth line is its state."""
        return "stopping" in [line.strip() for line in self._pid_file()[7:]]

    def _sockets(self) -> Path | None:
        """Return the directory of the server's socket."""
        lines = self._pid_file()
        return Path(lines[4]) if len(lines) > 4 and lines[4] else None

    def _ping(self) -> tuple[str, Ping]:
        """Return the conninfo of the server and whether it answers."""
        lines = self._pid_file()
        if len(lines) < 5 or not lines[4]:
            return "", Ping.NO_RESPONSE
        # Without hostaddr and port, libpq would take a stray PGHOSTADDR and PGPORT.
        conninfo = make_conninfo(
            host=lines[4], hostaddr="", port=int(lines[3]), user="postgres", dbname="postgres"
        )
        return conninfo, Ping(PGconn.ping(make_conninfo(conninfo, connect_timeout=5).encode()))

    def _is_full(self) -> bool:
        return shutil.disk_usage(self.data.parent).free < LEAST_SPACE

    def _lack_of_room(self) -> str:
        """Return what the server has logged since its start about a lack of room, or nothing.

        It starts anew by itself, again and again, and may hang in that.
        """
        with suppress(FileNotFoundError), (self.data / "server.log").open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - LOG_BYTES))
            said = log.read().decode(errors="replace").rpartition("starting PostgreSQL")[2]
            return next(filter(NO_ROOM.search, _reasons(said)), "")
        return ""

    def _refusal(self, what: str, output: str) -> EmbeddedUnavailable:
        reasons = _reasons(output)
        # Of a server that restarts, the first may be that it was not ready for somebody.
        said = next(filter(NO_ROOM.search, reasons), next(iter(reasons), ""))
        kind, remedy = EmbeddedUnavailable, f"fix that, {ELSEWHERE}"
        # On a full disk the server's log, which holds the reason, may be cut or empty.
        if self._is_full() or NO_ROOM.search(said):
            said = said if NO_ROOM.search(said) else FULL
            kind = NoSpace
            remedy = f"free some space there, or {ELSEWHERE}"
        elif not said or "terminated by signal" in output:
            said = said or "it gave no reason"
            remedy = "something may have killed it, such as a limit of memory: try again"
        elif REMAINS.search(said):
            remedy = f"delete postmaster.pid there if no PostgreSQL runs on it, or {ELSEWHERE}"
        return kind(f"{what} failed in {self.data}: {said}; {remedy}")


def _reasons(output: str) -> list[str]:
    """Return why a program failed, in its own words; none if it was killed."""
    errors: list[str] = re.findall(r"(?:FATAL|PANIC|error): +(.+)", output)
    # What pg_ctl says when the server's log does not say why it ended.
    is_silent = "pg_ctl: could not start server" in output
    return errors or ([] if is_silent else output.strip().splitlines()[-1:])


def refuse_taken(port: int) -> None:
    """Raise EmbeddedUnavailable if this TCP port cannot be listened on."""
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as PostgreSQL does
        try:
            tried.bind((LOOPBACK, port))
        except OSError as error:
            raise EmbeddedUnavailable(
                f"port {port} of this machine cannot be used: {error.strerror}; name another one, "
                f"such as PORT={port + 1 if 1024 <= port < 65535 else 15432}"
            ) from None


def _remove_sockets(directory: Path | None) -> None:
    """Remove a directory made for a socket; its path is checked because it comes from a file."""
    if directory and directory.match(f"{SOCKETS}*"):
        shutil.rmtree(directory, ignore_errors=True)
