"""Whether a database holds the tables and views of this version, as one select tells."""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from psycopg import errors

from telemetry import TelemetryError, first_of
from telemetry.database.connection import SQL, Connection, execute
from telemetry.installation import COMMAND, place, typed, uses_demo

MIGRATIONS = place("migrations")
VIEWS = SQL / "views"
# It gives views a part of their comments.
PASSED_COMMENTS = SQL / "schema" / "passed_comments.sql"
OWN_SCHEMA = (
    "rename it, name another database, or give this toolkit a schema: create schema telemetry, and "
    "add ?options=-csearch_path%3Dtelemetry to DATABASE_URL"
)
SHOWN = 3
LITERAL = "'(?:[^']|'')*'"  # a text of SQL; several one below the other are one text


class NewerDatabase(TelemetryError):
    """A later version of the toolkit has changed the tables."""


class Schema(NamedTuple):
    """The names of the migrations, and a digest of the views.

    It is None before the first migration, and empty if somebody dropped a view.
    """

    migrations: list[str]
    views: str | None


def has_tables(connection: Connection) -> bool:
    """Whether a migration of ours was ever applied to the database."""
    return bool(installed_schema(connection).migrations)


def require_schema(connection: Connection) -> None:
    """Raise TelemetryError unless tables and views match this version.

    For commands that only read, which never migrate. It costs one select.
    """
    installed = installed_schema(connection)
    if installed == on_disk(MIGRATIONS):
        return
    refuse_newer(installed, MIGRATIONS)
    if not installed.migrations:
        for row in execute(connection, "schema/other_schemas"):
            raise TelemetryError(_elsewhere(**row))
        elsewhere = (
            f"; the demo's data is elsewhere: `{COMMAND} demo` makes it, `{COMMAND} status DEMO=1` "
            "shows it"
        )
        raise TelemetryError(
            f"the database has no tables yet; run `{typed('ingest REPO=owner/name')}` first"
            + ("" if uses_demo() else elsewhere)
        )
    what = (
        "a view of the database was dropped"
        if installed.views == ""
        else "the database is older than this version of actions-telemetry"
    )
    raise TelemetryError(f"{what}; run `{typed('migrate')}`, or `{typed('ingest')}`")


def _elsewhere(name: str, role: str, *, is_open: bool) -> str:
    """Return what to do about tables in a schema that this role does not see."""
    said = f"there are no tables here yet, but in the schema {name}, which "
    if not is_open:
        return (
            f"{said}this role may not use; its owner can allow it: grant usage on schema {name} to "
            f"{role}"
        )
    return (
        f"{said}search_path does not name; add ?options=-csearch_path%3D{name} to DATABASE_URL, or "
        f"run `{typed('ingest REPO=owner/name')}` first"
    )


def refuse_newer(installed: Schema, migrations: Path) -> None:
    """Raise NewerDatabase if a migration was applied that this version does not know."""
    if unknown := newest_unknown(installed.migrations, migrations):
        another = "name another database in DATABASE_URL or another TELEMETRY_HOME"
        raise NewerDatabase(
            "the database is newer than this version of actions-telemetry: it has the migration "
            f"{unknown}; install a newer version, or "
            + (f"recreate the data: {typed('demo')}" if uses_demo() else another)
        )


def newest_unknown(applied: Iterable[str], migrations: Path = MIGRATIONS) -> str | None:
    """Return the last migration that this version does not know; None if it knows all."""
    return max({*applied} - {*on_disk(migrations).migrations}, default=None)


def on_disk(migrations: Path) -> Schema:
    """Return the schema of this version."""
    names = sorted(path.stem for path in migrations.glob("*.sql"))
    return Schema([name for name in names if not name.endswith(".rollback")], views_digest())


def installed_schema(connection: Connection) -> Schema:
    """Return the schema of the database."""
    try:
        row = execute(connection, "schema/installed_schema").fetchone()
    except errors.UndefinedTable:
        row = None
    return Schema(row["migrations"] or [], row["views_digest"]) if row else Schema([], None)


def views_digest() -> str:
    """Return what changes with any file that makes the views or their comments."""
    digest = hashlib.sha256()
    for path in (*sorted(VIEWS.glob("*.sql")), PASSED_COMMENTS):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def refuse_foreign(connection: Connection, migrations: Path = MIGRATIONS) -> None:
    """Raise TelemetryError if somebody else has made a relation that is to be made.

    Our views are dropped before that is tried, so it would be too late to find out then.
    """
    names = [path.stem.partition("_")[2] for path in VIEWS.glob("*.sql")]
    comments: list[str] = []
    applied = installed_schema(connection).migrations
    for path in migrations.glob("*.sql"):
        text = path.read_text("utf-8")
        if path.stem not in applied:
            names += re.findall(r"^create table if not exists (\w+)", text, re.M)
        for literals in re.findall(rf"^comment on table \w+ is\s+((?:{LITERAL}\s*)+);", text, re.M):
            parts = re.findall(LITERAL, literals)
            comments.append("".join(part[1:-1].replace("''", "'") for part in parts))
    try:
        installed = [row["name"] for row in execute(connection, "schema/installed_views")]
    except errors.UndefinedTable:
        installed = []  # nor is any view
    ours = {"names": names, "installed": installed, "comments": comments}
    found = execute(connection, "schema/foreign_relations", ours).fetchall()
    try:
        known = {"names": on_disk(migrations).migrations}
        found += execute(connection, "schema/foreign_migrations", known).fetchall()
    except errors.UndefinedTable:
        pass  # nobody has used yoyo here
    if found:
        shown = first_of([row["name"] for row in found], SHOWN)
        raise TelemetryError(f"something else has made {shown} here; {OWN_SCHEMA}")
