"""What to do when the database refuses something, in one sentence."""

import os
import re

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict

from telemetry.database.connection import database_variable
from telemetry.database.embedded.server import default_home
from telemetry.database.reconnecting import first_line, is_loss, lacks_room

MORE_TIME = "the role or the database sets this limit: raise it, or ask about fewer days"
CHECK = "check DATABASE_URL"
AGAIN = "try again; if it keeps failing, the log of the server says more"
CERTIFICATE = (
    "let sslrootcert in DATABASE_URL name the file of the authority that signed the server's "
    "certificate, and the host be the one that it is for"
)
FEWER_SESSIONS = "end other sessions, or raise the limit of connections"

# Errors that a user can fix; any other is a bug of ours.
REMEDIES: tuple[tuple[type[psycopg.Error], str], ...] = (
    (errors.InsufficientPrivilege, "use a role that may do this"),
    (
        errors.ReadOnlySqlTransaction,
        "use a database, not a standby, and a role that may write; some providers also forbid "
        "writing while a disk is full",
    ),
    (
        errors.UndefinedTable,
        "if somebody dropped it, restore a dump into an empty database, or ingest anew into one",
    ),
    (errors.InvalidSchemaName, "name a schema that exists in search_path"),
    (
        errors.ForeignKeyViolation,
        "a foreign key of yours keeps these rows: drop it, or let it `on delete cascade` or "
        "`on delete set null`",
    ),
    (errors.LockNotAvailable, "end the session that holds the lock, then try again"),
    (errors.QueryCanceled, MORE_TIME),
    (errors.IdleInTransactionSessionTimeout, MORE_TIME),
    (errors.TransactionTimeout, MORE_TIME),
    (errors.TooManyConnections, FEWER_SESSIONS),
    (errors.InternalError_, AGAIN),
    (errors.DataCorrupted, AGAIN),
    (errors.IndexCorrupted, AGAIN),
    (psycopg.OperationalError, CHECK),
)


def database_sentence(error: psycopg.Error) -> str:
    """Return what the database refuses and the remedy; raise the error again if there is none."""
    remedy = next((text for kind, text in REMEDIES if isinstance(error, kind)), None)
    # Ours cascade, so only a row that comes without its parent can violate them, which is a bug.
    is_of_ours = isinstance(error, errors.ForeignKeyViolation) and "delete" not in str(error)
    if remedy is None or is_of_ours:
        raise error
    said = first_line(error)
    if isinstance(error, errors.InsufficientPrivilege):
        remedy = _grant(said) or remedy
    # While connecting there is no code.
    if re.search("too many c|connection slots", said):
        remedy = FEWER_SESSIONS
    elif re.search("certificate", said) and error.sqlstate is None:
        remedy = CERTIFICATE
    variable = database_variable(os.environ)
    if lacks_room(error):
        place = "there" if variable else f"in {default_home(os.environ)}"
        remedy = f"free some space {place}, or raise the limit; what was stored before is kept"
    if remedy == CHECK and variable is None and is_loss(error):
        remedy = "somebody stopped or killed the embedded server; try again, which starts it"
    elif remedy == CHECK and error.sqlstate is not None:  # it had connected
        remedy = AGAIN
    elif remedy == CHECK and "FATAL" not in said:
        remedy += " and that the server runs"
    if variable and variable.startswith("PG"):
        remedy = remedy.replace("DATABASE_URL", f"libpq's variables ({variable})")
    return f"the database: {said}; {remedy}"


def _grant(said: str) -> str | None:
    """Return what the owner of the database can grant; None for any other refusal.

    Since PostgreSQL 15 only the owner may create tables in the schema public.
    """
    role = _role()
    schema = re.search(r"permission denied for schema (\S+)", said)
    if schema:
        return (
            f"its owner can allow it: grant usage, create on schema {schema[1]} to {role}; or let "
            "search_path name a schema of this role: docs/install.md"
        )
    if re.search(r"permission denied for (table|view|relation|materialized view) ", said):
        return (
            "for status, query and report its owner can allow reading: grant select on all tables "
            f"in schema {_schema()} to {role}; ingest, prune and forget need insert, update and "
            "delete too, except on kept_views, and migrate needs the role that made the tables"
        )
    if "must be owner of" in said:
        return "migrate and ingest need the role that made the tables and views"
    return None


def _given(name: str, variable: str) -> str:
    """Return a parameter of DATABASE_URL, or libpq's variable; empty if there is neither."""
    try:
        given = conninfo_to_dict(os.environ.get("DATABASE_URL", ""))
    except psycopg.ProgrammingError:
        given = {}
    return str(given.get(name) or os.environ.get(variable, ""))


def _schema() -> str:
    """Return the schema of the tables, as far as the connection string says."""
    named = re.search(r"search_path=(\w+)", _given("options", "PGOPTIONS"))
    return named[1] if named else "public"


def _role() -> str:
    """Return the current role, quoted as in a statement."""
    name = _given("user", "PGUSER") or "your_role"
    plain = re.fullmatch("[a-z_][a-z0-9_]*", name)
    return name if plain else '"{}"'.format(name.replace('"', '""'))
