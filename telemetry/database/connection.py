"""Access to PostgreSQL: the connection, and the statements in sql/.

Statements are psql files; `:'name'` becomes `%(name)s` for psycopg. Connections are in autocommit
mode and transactions are explicit. Nothing is prepared or set for a session, so everything works
through PgBouncer in transaction mode.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any

import psycopg
from psycopg.abc import Buffer
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import DictRow, dict_row
from psycopg.types.datetime import TimestamptzLoader

from telemetry.database import lock_waits
from telemetry.database.embedded import server as embedded
from telemetry.database.reconnecting import Connection as Connection
from telemetry.installation import place
from telemetry.settings import UsageError

SQL = place("sql")

# A server reports them when it is connected to; "off" in a session that can write.
READ_ONLY = ("in_hot_standby", "default_transaction_read_only")


def database_variable(environ: Mapping[str, str]) -> str | None:
    """Return the variable that names a database; None if the embedded server is used."""
    names = ("DATABASE_URL", "PGHOST", "PGSERVICE", "PGDATABASE")
    return next((name for name in names if environ.get(name)), None)


@contextmanager
def conninfo(
    environ: Mapping[str, str], notify: Callable[[str], None] = lambda text: None
) -> Iterator[str]:
    """Yield the libpq connection string of the database in use.

    It is DATABASE_URL; else the database of libpq's PGHOST, PGSERVICE or PGDATABASE (the string is
    then empty); else the embedded server, which the first user starts and the last one stops.
    Meanwhile `notify` is called with a sentence when the command waits for a lock.
    Raises embedded.EmbeddedUnavailable if that server cannot be used.
    """
    with ExitStack() as used:
        if variable := database_variable(environ):
            # A secret is often stored with a line break at its end.
            dsn = environ["DATABASE_URL"].strip() if variable == "DATABASE_URL" else ""
        else:
            home = embedded.default_home(environ)
            dsn = used.enter_context(embedded.server(home, environ=environ, notify=notify))
        used.enter_context(lock_waits.telling(lambda: _waits(dsn), notify))
        yield dsn


def _waits(dsn: str) -> list[DictRow]:
    """Return what the sessions of this process wait for (see sql/schema/awaited_locks.sql)."""
    with open_connection(str(dsn)) as connection:  # it never starts a server that has ended
        given = {
            "program": connection.info.parameter_status("application_name"),
            "longest": f"{lock_waits.LONGEST_SILENCE_SECONDS} s",
        }
        return execute(connection, "schema/awaited_locks", given).fetchall()


class _InUtc(TimestamptzLoader):
    """Times in UTC, as they are stored, whatever zone the server, the role or PGTZ sets.

    Each value is converted, because a pooler would not keep a setting of the session.
    """

    def load(self, data: Buffer) -> datetime:
        try:
            # ISO 8601, unless DateStyle says otherwise: read in a tenth of the time.
            moment = datetime.fromisoformat(bytes(data).decode())
        except ValueError:
            moment = super().load(data)
        return moment.astimezone(UTC)


def open_connection(dsn: str, waits: Callable[[str], None] | None = None) -> Connection:
    """A connection in autocommit mode whose rows are dicts, with all times in UTC.

    With `waits`, temporary faults of the database are waited out, and `waits` is called with a
    sentence about each (see reconnecting.Connection). Raises psycopg.OperationalError if the
    database cannot be reached, and UsageError if the string cannot be read, or if the database
    cannot hold every character.
    """
    revive = getattr(dsn, "start_again", None)
    try:
        connection = _opened(dsn)
    except psycopg.OperationalError:
        if revive is None:
            raise
        connection = _opened(revive())  # somebody has just stopped or killed it
    info = connection.info
    encoding = info.parameter_status("server_encoding")
    if encoding not in (None, "UTF8"):
        with connection:
            raise UsageError(
                f"the database {info.dbname!r} has the encoding {encoding}, in which not every "
                "name can be stored; name one that `create database … encoding 'UTF8' template "
                "template0` has made"
            )
    connection.adapters.register_loader("timestamptz", _InUtc)
    connection.given, connection.waits, connection.revive = parameters(dsn), waits, revive
    if all(info.parameter_status(name) == "off" for name in READ_ONLY):
        # After a failover, the former server may answer for a while, but can only be read.
        connection.given = {"target_session_attrs": "read-write", **connection.given}
    return connection


def _opened(dsn: str) -> Connection:
    given = parameters(dsn)
    try:
        return Connection.connect(
            **given, autocommit=True, prepare_threshold=None, row_factory=dict_row
        )
    except psycopg.ProgrammingError as error:
        raise UsageError(f"DATABASE_URL: {error}") from None


@contextmanager
def siblings(connection: Connection, count: int) -> Iterator[list[Connection]]:
    """Yield this many connections to the same database; they are closed with the context.

    If the server allows no more, `connection` itself is among them.
    """
    info = connection.info
    given: dict[str, Any] = {**info.get_parameters(), "password": info.password or None}
    with ExitStack() as opened:
        made: list[Connection] = []
        for _ in range(count):
            try:
                dsn = make_conninfo(**given)
                sibling = opened.enter_context(open_connection(dsn, connection.waits))
                sibling.revive = connection.revive
                made.append(sibling)
            except psycopg.OperationalError:
                made += [connection] * (count - len(made))
                break
        yield made


def parameters(dsn: str) -> dict[str, Any]:
    """The parameters of a connection string, with our name and a time limit as defaults.

    Raises UsageError if libpq cannot read the string, or would take a part of a password for
    something else. The error does not show the string; libpq's own errors repeat what they reject.
    """
    try:
        given = conninfo_to_dict(dsn)
    except psycopg.ProgrammingError as error:
        raise UsageError(
            f"DATABASE_URL {_misread(dsn, error)}; "
            "write it like postgresql://user:password@host:5432/database"
        ) from None
    if _splits_a_password(dsn):
        raise UsageError(
            "DATABASE_URL: the password has an @ or a /; in a URL, write %40 for @ and %2F for /"
        )
    ports = [port for port in str(given.get("port") or "").split(",") if port]
    if not all(re.fullmatch("[0-9]{1,5}", port) and 0 < int(port) < 65_536 for port in ports):
        raise UsageError(
            "DATABASE_URL: the port is not a number from 1 to 65535; "
            "write it like postgresql://user:password@host:5432/database"
        )
    # With the process's number: many may use one database, and one must know its own sessions.
    name = f"actions-telemetry {os.getpid()}"
    return {"application_name": name, "connect_timeout": 15, **given, "client_encoding": "UTF8"}


def _misread(dsn: str, error: psycopg.ProgrammingError) -> str:
    """Return what libpq cannot read: of a URL's parameters the name, unless a password is near."""
    unknown = re.search(r'URI query parameter: "(\w+)"', str(error))
    if unknown and "@" not in dsn.partition("?")[2]:
        return f"has the parameter {unknown[1]}, which PostgreSQL does not know: leave it out"
    return "is not a connection string that PostgreSQL understands"


def _splits_a_password(dsn: str) -> bool:
    """Whether libpq would read an @ of a URL as part of the host, the port or the database's name.

    libpq ends the password at the first @, unless a / comes before it: then it sees no password.
    """
    scheme, _, text = dsn.partition("://")
    if scheme not in ("postgresql", "postgres"):
        return False
    before, at, after = text.partition("@")
    place = text if not at or "/" in before else after
    return "@" in place.partition("?")[0]


def describe(connection: psycopg.Connection[Any]) -> str:
    """Return server version, database, host and user in words, without the password."""
    info = connection.info
    place = info.host if info.host.startswith("/") else f"{info.host}:{info.port}"
    version = info.parameter_status("server_version") or "?"
    return f"PostgreSQL {version.split()[0]}, database {info.dbname} at {place} as {info.user}"


@cache
def statement(name: str) -> str:
    """Return the text of sql/<name>.sql for psycopg."""
    return for_psycopg((SQL / f"{name}.sql").read_text(encoding="utf-8"))


def for_psycopg(text: str) -> str:
    """Return a psql statement with each :'x' replaced by psycopg's %(x)s."""
    return re.sub(r":'(\w+)'", r"%(\1)s", text.replace("%", "%%"))


def execute(
    connection: Connection, name: str, parameters: Mapping[str, Any] | None = None
) -> psycopg.Cursor[DictRow]:
    """Run sql/<name>.sql; return the cursor, with rows as dicts."""
    with naming(f"sql/{name}.sql"):
        return connection.execute(statement(name).encode(), parameters or {})


@contextmanager
def naming(file: str) -> Iterator[None]:
    """Note on an error in which file its statement is: PostgreSQL names only the line."""
    try:
        yield
    except psycopg.Error as error:
        error.add_note(f"in {file}")
        raise
