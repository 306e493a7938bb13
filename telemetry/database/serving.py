"""The embedded server on a TCP port of this machine, for tools without Unix sockets.

Only the role of sql/grants.sql can log in there, only from this machine, only with a password.
These rules are in a separate file, which the server reads when it starts and on request.
"""

import fcntl
import os
import secrets
import select
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

from telemetry import TelemetryError
from telemetry.database.connection import Connection, execute, open_connection
from telemetry.database.embedded.binaries import EmbeddedUnavailable
from telemetry.database.embedded.cluster import LOOPBACK
from telemetry.database.embedded.server import explained, make_home, server
from telemetry.database.schema import require_schema
from telemetry.whole_files import alone, open_lock

DATABASE = "postgres"
READER = "telemetry_reader"  # as sql/grants.sql names it
OWNER_ONLY = "local all all trust\n"  # the socket is in a directory of its owner
READER_TOO = f"{OWNER_ONLY}host {DATABASE} {READER} {LOOPBACK}/32 scram-sha-256\n"
PATIENCE = 60.0  # seconds until the server must have read its rules


@dataclass(frozen=True)
class Served:
    """Where the database is served; the file holds the password, in the format of .pgpass."""

    port: int
    password_file: Path

    @property
    def url(self) -> str:
        """The URL for every program that uses libpq: it names the file, not the password."""
        file = quote(str(self.password_file))
        return f"postgresql://{READER}@{LOOPBACK}:{self.port}/{DATABASE}?passfile={file}"


@contextmanager
def serving(
    home: Path,
    port: int,
    *,
    environ: Mapping[str, str],
    options: Mapping[str, str] | None = None,
    notify: Callable[[str], None] = lambda message: None,
) -> Iterator[tuple[Served, Connection]]:
    """Let the reader log in on this port; yield the place, and a connection of the owner.

    The password is made once. At the end the reader is shut out unless another command serves too,
    and the server is stopped unless another command uses it. Raises EmbeddedUnavailable, also if
    the port is taken, and TelemetryError if the tables are not those of this version.
    """
    home = home.absolute()
    rules, password_file = home / "serving.hba.conf", home / "reader.pgpass"
    with explained(home):
        make_home(home)
        password = _password(password_file)
        lock = open_lock(home / "serving.lock")
    with lock:
        if alone(lock):
            _write(rules, OWNER_ONLY)
        fcntl.flock(lock, fcntl.LOCK_SH)
        given = {**(options or {}), "hba_file": str(rules)}
        with (
            server(home, environ=environ, options=given, port=port, notify=notify) as dsn,
            open_connection(dsn) as connection,
        ):
            require_schema(connection)
            execute(connection, "grants")
            execute(connection, "serve/refuse_large_objects")
            _set_password(connection, password)
            served = Served(port, password_file)
            try:
                _let_in(connection, rules, served)
                yield served, connection
            finally:
                if alone(lock):
                    _shut_out(connection, rules)


def _set_password(connection: Connection, password: str) -> None:
    """Set the reader's password; what is sent is its SCRAM verifier."""
    try:
        connection.pgconn.change_password(READER.encode(), password.encode())
    except psycopg.NotSupportedError:
        raise EmbeddedUnavailable(
            "setting a password needs libpq 17, which newer versions of psycopg[binary] have: "
            "update that package"
        ) from None


def wait(connection: Connection) -> None:
    """Wait for the server's end, which only Ctrl-C should come before. Raises TelemetryError."""
    select.select([connection], [], [])
    raise TelemetryError("the embedded server was stopped from outside; serve again to start it")


def _let_in(connection: Connection, rules: Path, served: Served) -> None:
    """Let the server read the rules that let the reader in; return once they are in force."""
    _write(rules, READER_TOO)
    execute(connection, "serve/reload_rules")
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            open_connection(served.url).close()
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                raise EmbeddedUnavailable(
                    f"the embedded server does not let {READER} in: {error}"
                ) from None
            time.sleep(0.05)
        else:
            return


def _shut_out(connection: Connection, rules: Path) -> None:
    """Allow no more logins over TCP, and end the sessions that exist."""
    _write(rules, OWNER_ONLY)
    with suppress(psycopg.OperationalError):  # the server has ended
        execute(connection, "serve/reload_rules")
        execute(connection, "serve/end_sessions")


def _password(path: Path) -> str:
    """Return the password in the file; a file that only its owner can read is made if needed."""
    if not path.exists():
        with suppress(FileExistsError), tempfile.NamedTemporaryFile("w", dir=path.parent) as new:
            # Any port matches, because PORT= may be another one tomorrow.
            new.write(f"{LOOPBACK}:*:{DATABASE}:{READER}:{secrets.token_urlsafe(24)}\n")
            new.flush()
            os.link(new.name, path)
    path.chmod(0o600)  # libpq ignores a file that others may read
    password = path.read_text(encoding="utf-8").strip().rpartition(":")[2]
    if not password:
        raise EmbeddedUnavailable(f"there is no password in {path}; delete it to have one made")
    return password


def _write(path: Path, text: str) -> None:
    """Replace a file at once; the server, which may run as another account, can read it."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as new:
        new.write(text)
    Path(new.name).chmod(0o644)
    Path(new.name).replace(path)
