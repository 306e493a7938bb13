"""Apply this version's tables and views to a database, or roll them back.

yoyo applies each file of migrations/ once and identifies it by name.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg
from psycopg import errors

from telemetry import TelemetryError
from telemetry.database.connection import (
    Connection,
    execute,
    naming,
    open_connection,
    parameters,
)
from telemetry.database.reconnecting import answering, is_loss
from telemetry.database.schema import (
    MIGRATIONS,
    OWN_SCHEMA,
    NewerDatabase,
    installed_schema,
    on_disk,
    refuse_foreign,
    refuse_newer,
    views_digest,
)
from telemetry.database.views import (
    has_views,
    lost_views,
    make_views,
    own_named,
    set_views_aside,
)

# Creates the table for what dropped views lose; it comes first, so that old databases have it too.
KEEPING = "0110.kept-views"

# Longer than any migration takes on a large database.
LONGEST_WAIT_SECONDS = 600.0
# A server that restarts more often during one migration needs an administrator.
MOST_RESTARTS = 3
# A server answers at once; a pool may wait for a session that others give back.
LONGEST_SILENCE_SECONDS = 15.0


def migrate(
    dsn: str,
    notify: Callable[[str], None] = lambda text: None,
    migrations: Path = MIGRATIONS,
    waits: Callable[[str], None] | None = None,
) -> list[str]:
    """Bring tables and views up to date; return the names of what was applied.

    It can run twice, concurrently, and after a migration that was killed. If the database is up to
    date it changes nothing and needs no privileges. Views keep their owners and privileges, what is
    new gets the owner of the tables, and users' own views on ours are recreated; `notify` is called
    with a sentence for each that no longer works. With `waits`, a restart of the server is waited
    out (see reconnecting.Connection).
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
    installed = installed_schema(connection)
    refuse_newer(installed, migrations)
    if installed == on_disk(migrations):
        return []
    for row in execute(connection, "schema/later_schema"):
        raise TelemetryError(
            f"the tables are in the schema {row['name']}, and search_path names {row['first']} "
            f"first, where they would be made anew; add ?options=-csearch_path%3D{row['name']} to "
            "DATABASE_URL"
        )
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
                set_views_aside(connection)
            backend.apply_migrations(backend.to_apply(pending))
    if installed_schema(connection).views != views_digest():
        make_views(connection)
        for sentence in lost_views(connection):
            notify(f"warning: {sentence}")
        applied.append("views")
    names = [row["table_name"] for row in execute(connection, "schema/our_tables")]
    for row in execute(connection, "schema/handed_over", {"names": names}).fetchall():
        connection.execute(row["statement"].encode())
    return applied


def roll_back(dsn: str) -> list[str]:
    """Remove all tables and views **with their data**; return the names of what was rolled back.

    Raises TelemetryError if the database is newer than this version, which cannot remove all of it.
    """
    from yoyo import read_migrations

    with open_connection(dsn) as connection, _lock(dsn, lambda text: None), _yoyo(dsn) as backend:
        refuse_newer(installed_schema(connection), MIGRATIONS)
        undone = backend.to_rollback(read_migrations(str(MIGRATIONS)))
        names = [migration.id for migration in undone]
        if undone:
            if has_views(connection):
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


@contextmanager
def _own_schema_advised() -> Iterator[None]:
    """Turn an error about a name that is taken into a sentence."""
    try:
        yield
    except (errors.DuplicateTable, errors.DuplicateObject) as error:
        raise TelemetryError(f"{error.diag.message_primary}, but not by us; {OWN_SCHEMA}") from None


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
    from yoyo.backends.base import DatabaseBackend
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

        def apply_one(self, migration: Any, **options: Any) -> None:
            with naming(f"migrations/{migration.id}.sql"):
                super().apply_one(migration, **options)

        # yoyo's own for PostgreSQL prints a warning where the connection is lost.
        begin = DatabaseBackend.begin

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
