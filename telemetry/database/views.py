"""Our views: made anew if any of their files has changed, with what users have added to them.

Privileges, owners and users' own views on ours are kept in the table kept_views meanwhile.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import errors

from telemetry import TelemetryError
from telemetry.database.connection import Connection, execute, naming
from telemetry.database.schema import VIEWS, installed_schema, views_digest
from telemetry.database.transactions import with_retries


def make_views(connection: Connection) -> None:
    """Make our views anew, and again what users have added to them."""
    digest = views_digest()

    def make() -> None:
        if has_views(connection):
            _set_aside(connection)
        for path in sorted(VIEWS.glob("*.sql")):
            # Without parameters psycopg sends the file unchanged, including comments on columns.
            with naming(f"sql/views/{path.name}"):
                connection.execute(path.read_bytes())
            name = path.stem.partition("_")[2]
            for row in execute(connection, "schema/passed_comments", {"name": name}).fetchall():
                connection.execute(row["statement"].encode())
            execute(connection, "schema/record_installed_views", {"name": name, "digest": digest})
        execute(connection, "schema/restore_views")

    with_retries(connection, make)


def set_views_aside(connection: Connection) -> None:
    """Remove our views and users' own views on them; keep in kept_views what that loses."""
    if has_views(connection):
        with_retries(connection, lambda: _set_aside(connection))


def _set_aside(connection: Connection) -> None:
    # A view cannot be dropped while a transaction reads it. The wait for the lock is limited,
    # because everyone who reads the view after us would wait too.
    with own_named():
        execute(connection, "schema/keep_views")
        execute(connection, "schema/drop_views")


def has_views(connection: Connection) -> bool:
    """Whether the database can have our views: not before the very first migration."""
    return installed_schema(connection).views is not None


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
