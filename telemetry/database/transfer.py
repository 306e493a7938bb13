"""Dump, restore and psql, with PostgreSQL's client programs."""

import re
import signal
import subprocess
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from psycopg import errors
from psycopg.conninfo import make_conninfo
from psycopg.pq import Conninfo

from telemetry import TelemetryError
from telemetry.database.connection import Connection, execute, open_connection, parameters
from telemetry.database.embedded.binaries import NO_ROOM, find_tool
from telemetry.database.migrations import migrate
from telemetry.database.replacing import removable, replacement
from telemetry.database.schema import NewerDatabase, newest_unknown, require_schema
from telemetry.database.statistics import update_statistics
from telemetry.installation import COMMAND, typed
from telemetry.settings import UsageError
from telemetry.whole_files import growing

# pg_dump begins its output with this since version 17; servers before 17 refuse it.
NEWER_SETTING = b"SET transaction_timeout = 0;\n"
MISSING_SCHEMA = re.compile(r'schema ".*" does not exist$')
LOST = re.compile("closed the connection|terminating connection|PQgetCopyData")
MOVED = re.compile("deadlock detected|cache lookup failed")
NAME_ANOTHER = f"name a file that `{COMMAND} dump` has written"


def dump(dsn: str, path: Path, environ: Mapping[str, str]) -> int:
    """Write our tables and views, with their data, to a file of pg_dump's custom format.

    Returns its size in bytes. The file appears only when it is complete, and only its owner can
    read it. Raises TelemetryError, also if another command is writing it, and if settings that
    pg_dump makes for its session would reach transactions of others.
    """
    if str(path) == "-":
        raise UsageError("FILE: a dump cannot be written to standard output; name a file")
    if path.is_dir():
        raise UsageError(f"FILE: {path} is a directory; name a file in it")
    if path.exists() and not path.is_file():
        raise UsageError(
            f"FILE: {path} is a device or a pipe, which a file would replace; name a file"
        )
    with open_connection(dsn) as connection:
        require_schema(connection)
        tables = [row["table_name"] for row in execute(connection, "schema/our_tables")]
        with open_connection(dsn) as other:
            _refuse_shared_sessions(connection, other)
        oldest = connection.info.server_version // 10_000  # pg_dump refuses newer servers
        pg_dump = _client("pg_dump", connection, environ, oldest)
    target, secret = _target(dsn, environ)
    options = ["--format=custom", "--no-owner", "--no-privileges", f"--dbname={target}"]
    options += [f"--table={table}" for table in tables]
    with growing(path) as file, _lost_explained(dsn):
        options.append(f"--file={file.name}")
        _run([pg_dump, *options], secret, f"dump to {path}", inherits=[file.fileno()])
    return path.stat().st_size


def restore(
    dsn: str,
    path: Path,
    environ: Mapping[str, str],
    notify: Callable[[str], None] = lambda text: None,
) -> None:
    """Restore a file of `dump` into a database without runs and calls.

    It restores everything or nothing: the whole file is read before the database is changed, and
    its tables replace ours in one transaction. Tables of an older version are then migrated. Tables
    and views keep their privileges, and users' own views on them are recreated, if necessary by the
    next migration (see replacing.py). Raises NewerDatabase if a newer version has written the file,
    and TelemetryError.
    """
    if not path.is_file():
        what = f"{path} is not a file" if path.exists() else f"there is no file {path}"
        raise TelemetryError(f"{what}; {NAME_ANOTHER}")
    if not path.stat().st_size:
        raise TelemetryError(f"{path} is empty; {NAME_ANOTHER}")
    pg_restore: list[str | Path] = [find_tool("pg_restore", environ), "--no-owner"]
    # Without --clean: it would drop tables of others that have the names of ours.
    pg_restore += ["--no-privileges", "--file=-", "--", path]
    try:
        _run(pg_restore, environ, f"read {path}")
    except TelemetryError as error:
        raise TelemetryError(f"{error}; {NAME_ANOTHER}") from None
    _refuse_newer(pg_restore, path, environ)
    with open_connection(dsn) as connection:
        _refuse_full(connection)
        psql: list[str | Path] = [_client("psql", connection, environ), "--no-psqlrc", "--quiet"]
    tables = removable(dsn, notify)
    target, secret = _target(dsn, environ)
    psql += ["--output=/dev/null", "--set=ON_ERROR_STOP=1", "--file=-", f"--dbname={target}"]
    statements = replacement(tables, _statements(pg_restore, path, environ))
    try:
        with _lost_explained(dsn):
            _run(psql, secret, "restore", statements)
    except TelemetryError as error:
        if MISSING_SCHEMA.search(str(error)):
            raise TelemetryError(
                f"{error}; create it, and let search_path name it first, as where the dump is from"
            ) from None
        if not _has_rows_by_now(dsn, str(error)):
            raise
    migrate(dsn, notify, waits=notify)
    with open_connection(dsn, notify) as connection:
        update_statistics(connection)


def _refuse_newer(pg_restore: list[str | Path], path: Path, environ: Mapping[str, str]) -> None:
    """Raise NewerDatabase if the file has a migration that this version does not know."""
    program, *options = pg_restore
    only = [program, "--data-only", "--table=_yoyo_migration", *options]
    rows = [line.decode().split("\t") for line in _statements(only, path, environ)]
    # A row of COPY: the hash of the migration, its name and when it was applied.
    if unknown := newest_unknown(row[1] for row in rows if len(row) == 3):
        raise NewerDatabase(
            f"a newer version of actions-telemetry has written {path}: it has the migration "
            f"{unknown}; install that version, or name an older dump"
        )


def _has_rows_by_now(dsn: str, failure: str) -> bool:
    """Whether only the answer to the commit of a restore was lost: it begins without rows."""
    if LOST.search(failure):
        with suppress(psycopg.OperationalError), open_connection(dsn) as connection:
            return not is_empty(connection)
    return False


def _statements(
    pg_restore: list[str | Path], path: Path, environ: Mapping[str, str]
) -> Iterator[bytes]:
    """Yield pg_restore's output for a file. Raises TelemetryError at its end if that failed."""
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(
            pg_restore, stdout=subprocess.PIPE, stderr=said, env=dict(environ)
        ) as source,
    ):
        assert source.stdout is not None
        yield from (line for line in source.stdout if line != NEWER_SETTING)
        if source.wait() != 0:
            said.seek(0)
            raise TelemetryError(f"could not read {path}: {_reason(said.read())}")


def psql(dsn: str, environ: Mapping[str, str], arguments: Iterable[str] = ()) -> int:
    """Run psql on the database with the input and output of this process; return its exit code."""
    target, secret = _target(dsn, environ)
    program = None
    with suppress(psycopg.OperationalError), open_connection(dsn) as connection:
        program = _client("psql", connection, environ)
    # Without a connection psql says why, or asks for the password.
    command: list[str | Path] = [program or find_tool("psql", environ), f"--dbname={target}"]
    return subprocess.run([*command, *arguments], env=secret).returncode


def _client(name: str, connection: Connection, environ: Mapping[str, str], oldest: int = 0) -> Path:
    """Return a client program that can connect as `connection` does. Raises TelemetryError."""
    encrypts = connection.pgconn.ssl_in_use
    return find_tool(name, environ, oldest=oldest, encrypts=encrypts)


def _refuse_shared_sessions(one: Connection, other: Connection) -> None:
    """Raise TelemetryError if two open connections do not have a session each."""
    met = [_session(each) for _ in range(3) for each in (one, other)]
    if set(met[::2]) & set(met[1::2]) or len(set(met)) > 2:
        raise TelemetryError(
            "DATABASE_URL leads to a pool that gives a session to each transaction, as PgBouncer "
            "does in transaction mode, and pg_dump changes settings of its session; name the host "
            "and port of PostgreSQL itself"
        )


def _session(connection: Connection) -> int | None:
    row = execute(connection, "schema/session").fetchone()
    return row["process"] if row else None


def _refuse_full(connection: Connection) -> None:
    if stored := _stored(connection):
        raise TelemetryError(
            f"the database already holds {stored:,} runs and calls, and a restore replaces "
            "everything; name an empty database in DATABASE_URL, or another TELEMETRY_HOME; if "
            f"they are of a restore that was interrupted, {typed('migrate')} completes it"
        )


def is_empty(connection: Connection) -> bool:
    """Whether no runs and no calls are stored."""
    return _stored(connection) == 0


def _stored(connection: Connection) -> int:
    """Return how many runs and calls are stored; a missing table counts as empty."""
    stored = 0
    for name in ("schema/count_workflow_runs", "schema/count_llm_calls"):
        with suppress(errors.UndefinedTable):
            row = execute(connection, name).fetchone()
            stored += row["stored"] if row else 0
    return stored


def _target(dsn: str, environ: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Return the connection string without its password, and an environment with the password.

    Other users can see a command line. Raises UsageError for a secret that has no variable.
    """
    given = parameters(dsn)
    password = given.pop("password", None)
    for option in Conninfo.get_defaults():
        if (name := option.keyword.decode()) in given and option.dispchar == b"*":
            raise UsageError(
                f"DATABASE_URL: others could see {name} on the command line of PostgreSQL's "
                "programs; put it into a service file of libpq, and name that: service=…"
            )
    secret = {"PGPASSWORD": str(password)} if password else {}
    return make_conninfo(**given), {**environ, **secret}


def _run(
    command: list[str | Path],
    environ: Mapping[str, str],
    what: str,
    lines: Iterable[bytes] = (),
    inherits: Collection[int] = (),
) -> None:
    """Run a client program with lines as its input; raise its error message if it fails.

    It inherits these open files. If this process is interrupted, it is ended too.
    """
    with subprocess.Popen(
        command,
        env=dict(environ),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        pass_fds=inherits,
    ) as process:
        assert process.stdin is not None
        try:
            with suppress(BrokenPipeError):  # it failed; stderr has the reason
                process.stdin.writelines(lines)
            _, said = process.communicate()
        except BaseException:
            process.kill()
            with suppress(BrokenPipeError):  # what it has not read
                process.stdin.close()
            raise
    if process.returncode < 0 and not said:
        raise TelemetryError(f"could not {what}: {signal.strsignal(-process.returncode)}")
    if process.returncode != 0:
        raise TelemetryError(f"could not {what}: {_reason(said)}")


@contextmanager
def _lost_explained(dsn: str) -> Iterator[None]:
    """Say why the server ended while a client program used it.

    Raises NoSpace, in the place of the program's error, if the embedded server has no room to
    start again.
    """
    try:
        yield
    except TelemetryError as error:
        if not LOST.search(str(error)):
            raise
        # The server may have accepted the session before it knew that it must end.
        with suppress(psycopg.OperationalError), open_connection(dsn) as connection:
            execute(connection, "schema/session")
        raise TelemetryError(f"{error}; the log of the server says why, then try again") from None


def _reason(said: bytes) -> str:
    """Return the first message of a client program, without its name and the place."""
    lines = said.decode(errors="replace").strip().splitlines()
    before = r"^(psql:<stdin>:\d+: (ERROR: +)?|(psql|pg_dump|pg_restore): (error: )?)"
    reason = re.sub(before, "", lines[0]) if lines else "it gave no reason"
    if NO_ROOM.search(reason):
        return f"{reason}; free some space there, then try again"
    if MOVED.search(reason):
        return f"{reason}; another command changes the tables: try again when it is done"
    return reason
