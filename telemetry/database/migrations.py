"""Apply this version's tables and views to a database, roll them back, and compare them.

yoyo applies each file of migrations/ once and identifies it by name. The views in sql/views/ are
all recreated if any of their files has changed.
"""

import hashlib
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg
from psycopg import errors

from telemetry import TelemetryError, first_of
from telemetry.database.connection import (
    SQL,
    Connection,
    execute,
    open_connection,
    parameters,
)
from telemetry.database.lasting import answering, is_loss
from telemetry.database.transactions import with_retries
from telemetry.installation import COMMAND, place, typed, uses_demo

MIGRATIONS = place("migrations")
VIEWS = SQL / "views"
# Creates the table for what dropped views lose; it comes first, so that old databases have it too.
KEEPING = "0110.kept-views"

OWN_SCHEMA = (
    "rename it, name another database, or give this toolkit a schema: create schema telemetry, and "
    "add ?options=-csearch_path%3Dtelemetry to DATABASE_URL"
)
SHOWN = 3

# Longer than any migration takes on a large database.
LONGEST_WAIT_SECONDS = 600.0
# A server that restarts more often during one migration needs an administrator.
MOST_RESTARTS = 3
# A server answers at once; a pool may wait for a session that others give back.
LONGEST_SILENCE_SECONDS = 15.0


class NewerDatabase(TelemetryError):
    """A later version of the toolkit has changed the tables."""


def migrate(
    dsn: str,
    notify: Callable[[str], None] = lambda text: None,
    migrations: Path = MIGRATIONS,
    waits: Callable[[str], None] | None = None,
) -> list[str]:
    """Bring tables and views up to date; return the names of what was applied.

    It can run twice, concurrently, and after a migration that was killed. If the database is up to
    date it changes nothing and needs no privileges. Views keep their owners and privileges, and
    users' own views on them are recreated; `notify` is called with a sentence for each that no
    longer works. With `waits`, a restart of the server is waited out (see lasting.Connection).
    Raises TelemetryError if the database is newer than this version, if another migration does not
    finish, or if something that depends on our views can be neither dropped nor recreated.
    """
    with open_connection(dsn, waits) as connection:
        for _ in range(MOST_RESTARTS):
            try:
                return _bring_up_to_date(dsn, connection, migrations, notify)
            except psycopg.OperationalError as error:
                if waits is None or not is_loss(error):
                    raise
                execute(connection, "schema/session")  # returns when the server is back
        return _bring_up_to_date(dsn, connection, migrations, notify)


def _bring_up_to_date(
    dsn: str, connection: Connection, migrations: Path, notify: Callable[[str], None]
) -> list[str]:
    installed = _installed(connection)
    _refuse_newer(installed, migrations)
    if installed == _on_disk(migrations):
        return []
    for row in execute(connection, "schema/odd_schema"):
        raise TelemetryError(
            f"the schema {row['schema']!r}, which search_path names first, cannot hold the tables; "
            "name one of lower-case letters, digits and underscores"
        )
    refuse_foreign(connection, migrations)
    with _lock(dsn, notify), _own_schema_advised():
        return _apply(dsn, connection, migrations, notify)


def _apply(
    dsn: str, connection: Connection, migrations: Path, notify: Callable[[str], None]
) -> list[str]:
    # Imported here because it takes longer than most commands, which have nothing to apply.
    from yoyo import read_migrations

    with _yoyo(dsn) as backend:
        pending = backend.to_apply(read_migrations(str(migrations)))
        applied = [migration.id for migration in pending]
        # yoyo prints the rows that a statement returns, but stdout is only for results.
        with backend.lock(), redirect_stdout(StringIO()):
            backend.apply_migrations(pending.filter(lambda migration: migration.id == KEEPING))
            if pending:
                _set_views_aside(connection)
            backend.apply_migrations(backend.to_apply(pending))
    if _installed(connection)[1] != _views_digest():
        _make_views(connection)
        for sentence in lost_views(connection):
            notify(f"warning: {sentence}")
        applied.append("views")
    return applied


def roll_back(dsn: str, migrations: Path = MIGRATIONS) -> list[str]:
    """Remove all tables and views **with their data**; return the names of what was rolled back.

    Raises TelemetryError if the database is newer than this version, which cannot remove all of it.
    """
    from yoyo import read_migrations

    with open_connection(dsn) as connection, _lock(dsn, lambda text: None), _yoyo(dsn) as backend:
        _refuse_newer(_installed(connection), migrations)
        undone = backend.to_rollback(read_migrations(str(migrations)))
        names = [migration.id for migration in undone]
        if undone:
            if _has_views(connection):
                with own_named():
                    execute(connection, "schema/drop_views")
            with backend.lock(), redirect_stdout(StringIO()):
                backend.rollback_migrations(undone)
    return names


def start_over(dsn: str) -> None:
    """Empty a database that holds nothing else, such as the demo's, made by any version.

    What else is in its schema stays, unless a newer version may have made it. Raises
    TelemetryError.
    """
    try:
        roll_back(dsn)
    except NewerDatabase:
        with open_connection(dsn) as connection:
            execute(connection, "schema/start_over")


def refuse_foreign(connection: Connection, migrations: Path = MIGRATIONS) -> None:
    """Raise TelemetryError if somebody else has made a relation with the name of one of ours."""
    made = [path.stem.partition("_")[2] for path in VIEWS.glob("*.sql")]
    for path in migrations.glob("*.sql"):
        made += re.findall(r"^create table if not exists (\w+)", path.read_text("utf-8"), re.M)
    found = execute(connection, "schema/foreign_relations", {"names": made}).fetchall()
    try:
        names = {"names": _on_disk(migrations)[0]}
        found += execute(connection, "schema/foreign_migrations", names).fetchall()
    except errors.UndefinedTable:
        pass  # nobody has used yoyo here
    if found:
        shown = first_of([row["name"] for row in found], SHOWN)
        raise TelemetryError(f"something else has made {shown} here; {OWN_SCHEMA}")


@contextmanager
def _own_schema_advised() -> Iterator[None]:
    """Turn an error about a name that is taken into a sentence."""
    try:
        yield
    except (errors.DuplicateTable, errors.DuplicateObject) as error:
        raise TelemetryError(f"{error.diag.message_primary}, but not by us; {OWN_SCHEMA}") from None


def has_tables(connection: Connection) -> bool:
    """Whether a migration of ours was ever applied to the database."""
    return bool(_installed(connection)[0])


def require_schema(connection: Connection) -> None:
    """Raise TelemetryError unless tables and views match this version.

    For commands that only read, which never migrate. It costs one select.
    """
    installed = _installed(connection)
    if installed == _on_disk(MIGRATIONS):
        return
    _refuse_newer(installed, MIGRATIONS)
    if not installed[0]:
        elsewhere = (
            f"; the demo's data is elsewhere: `{COMMAND} demo` makes it, `{COMMAND} status DEMO=1` "
            "shows it"
        )
        raise TelemetryError(
            f"the database has no tables yet; run `{typed('ingest REPO=owner/name')}` first"
            + ("" if uses_demo() else elsewhere)
        )
    raise TelemetryError(
        "the database is older than this version of actions-telemetry; run "
        f"`{typed('migrate')}`, or `{typed('ingest')}`"
    )


def _refuse_newer(installed: tuple[list[str], str | None], migrations: Path) -> None:
    unknown = sorted(set(installed[0]) - set(_on_disk(migrations)[0]))
    if unknown:
        another = "name another database in DATABASE_URL or another TELEMETRY_HOME"
        raise NewerDatabase(
            "the database is newer than this version of actions-telemetry: it has the migration "
            f"{unknown[-1]}; install a newer version, or "
            + (f"make the data anew: {typed('demo')}" if uses_demo() else another)
        )


def _on_disk(migrations: Path) -> tuple[list[str], str | None]:
    names = sorted(path.stem for path in migrations.glob("*.sql"))
    return [name for name in names if not name.endswith(".rollback")], _views_digest()


def _installed(connection: Connection) -> tuple[list[str], str | None]:
    try:
        row = execute(connection, "schema/installed_schema").fetchone()
    except errors.UndefinedTable:
        return [], None
    return (row["migrations"] or [], row["views_digest"]) if row else ([], None)


def _views_digest() -> str:
    digest = hashlib.sha256()
    for path in sorted(VIEWS.glob("*.sql")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _make_views(connection: Connection) -> None:
    digest = _views_digest()

    def make() -> None:
        if _has_views(connection):
            _set_aside(connection)
        for path in sorted(VIEWS.glob("*.sql")):
            # Without parameters psycopg sends the file unchanged, including comments on columns.
            connection.execute(path.read_bytes())
            name = path.stem.partition("_")[2]
            for row in execute(connection, "schema/passed_comments", {"name": name}).fetchall():
                connection.execute(row["statement"].encode())
            execute(connection, "schema/record_installed_views", {"name": name, "digest": digest})
        execute(connection, "schema/restore_views")

    with_retries(connection, make)


def _set_views_aside(connection: Connection) -> None:
    """Remove our views and users' own views on them; keep in kept_views what that loses."""
    if _has_views(connection):
        with_retries(connection, lambda: _set_aside(connection))


def _set_aside(connection: Connection) -> None:
    # A view cannot be dropped while a transaction reads it. The wait for the lock is limited,
    # because everyone who reads the view after us would wait too.
    with own_named():
        execute(connection, "schema/keep_views")
        execute(connection, "schema/drop_views")


def _has_views(connection: Connection) -> bool:
    """Whether the database can have our views: not before the very first migration."""
    return _installed(connection)[1] is not None


@contextmanager
def own_named() -> Iterator[None]:
    """Turn the refusal to drop a user's object into a sentence that names it."""
    try:
        yield
    except errors.DependentObjectsStillExist as error:
        said = (error.diag.message_detail or "").replace("\n", ", ")
        raise TelemetryError(
            f"an object of yours depends on one of ours ({said}), so ours cannot be replaced; drop "
            "yours, try again, then recreate it"
        ) from None


def lost_views(connection: Connection) -> list[str]:
    """Return a sentence for each view that could not be recreated, or that lost a privilege."""
    return [
        f"{row['name']}, which is yours, no longer fits our views ({row['failure']}); its text is "
        "in the table kept_views: recreate it"
        if row["is_own"]
        else f"{row['name']} has lost a privilege or its owner: {row['failure']}"
        for row in execute(connection, "schema/unrestored_views")
    ]


@contextmanager
def _lock(dsn: str, notify: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock that allows one migration at a time."""
    deadline = time.monotonic() + LONGEST_WAIT_SECONDS
    waits = False
    with open_connection(dsn) as guard:
        while True:
            with guard.transaction():
                row = execute(guard, "schema/try_migration_lock").fetchone()
                if row and row["locked"]:
                    execute(guard, "schema/stay_idle")
                    yield
                    return
            if time.monotonic() > deadline:
                raise TelemetryError(
                    "another migration has been running for ten minutes; wait for it, or end it"
                )
            if not waits:
                notify("waiting for another migration")
                waits = True
            time.sleep(0.1)


@contextmanager
def _yoyo(dsn: str) -> Iterator[Any]:
    """Return a yoyo backend for any libpq connection string, without yoyo's parsing of URLs."""
    from yoyo.backends.core.postgresql import PostgresqlPsycopgBackend
    from yoyo.connections import DatabaseURI

    class Backend(PostgresqlPsycopgBackend):  # type: ignore[misc]
        def connect(self, uri: DatabaseURI) -> psycopg.Connection[Any]:
            opened = psycopg.connect(**dict(uri.args), autocommit=True, prepare_threshold=None)
            if not answering([opened], b"select", LONGEST_SILENCE_SECONDS):
                raise TelemetryError(
                    "a migration needs two sessions of the database at once, and the pool that "
                    "DATABASE_URL leads to gives one; let it give more (PgBouncer: "
                    "default_pool_size), or name the host and port of PostgreSQL itself"
                )
            return opened

        def create_lock_table(self) -> None:
            # yoyo's own hides every error, including the reason why a role cannot create tables.
            if self.lock_table not in self.list_tables():
                with self.transaction():
                    self.execute(self.format_sql(self.create_lock_table_sql))

    # yoyo logs the user's name; its look-up fails for a user id without an account.
    os.environ.setdefault("LOGNAME", "actions-telemetry")
    arguments = tuple(parameters(dsn).items())
    uri = DatabaseURI("postgresql+psycopg", None, None, None, None, None, arguments)
    with Backend(uri, "_yoyo_migration") as backend:
        backend.init_database()
        # Our lock is sufficient; yoyo's is a row that a killed migration leaves behind.
        backend.break_lock()
        yield backend
