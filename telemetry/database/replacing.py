"""The statements for psql that replace our tables with a dump, in one transaction.

A command that is killed before the commit has changed nothing. After the commit, our views, the
privileges and users' own views are still missing: kept_views says what they were, and the next
migration, by any command, restores them.
"""

from collections.abc import Callable, Iterable, Iterator

from telemetry.database.connection import SQL, execute, open_connection
from telemetry.database.migrations import KEEPING, migrate
from telemetry.database.schema import MIGRATIONS, has_tables, refuse_foreign
from telemetry.database.views import own_named

# What the user's environment asks psql for must not spell the statements and names.
ENCODING = b"set local client_encoding = 'UTF8';\n"
# The client puts the columns of the row that the statement returns into variables.
INTO_VARIABLES = b" \\gset\n"


def removable(dsn: str, notify: Callable[[str], None] = lambda text: None) -> list[str]:
    """Bring our tables and views up to date and return their names; none if there are none.

    It drops them and rolls that back. Raises TelemetryError if an object of a user depends on them
    and can be neither dropped nor recreated, or if another program's tables have their names.
    """
    with open_connection(dsn) as connection:
        if not has_tables(connection):
            refuse_foreign(connection)
            return []
        migrate(dsn, notify)
        tables = [row["table_name"] for row in execute(connection, "schema/our_tables")]
        with connection.transaction(force_rollback=True), own_named():
            execute(connection, "schema/choose_tables", {"tables": tables})
            for name in ("keep_views", "drop_views", "drop_tables"):
                execute(connection, f"schema/{name}")
    return tables


def replacement(tables: list[str], restored: Iterable[bytes]) -> Iterator[bytes]:
    """Yield what replaces our tables with what `restored` makes, from `begin` to `commit`.

    An error that `restored` raises comes before the commit.
    """
    yield b"begin;\n" + ENCODING
    if tables:
        yield f"\\set tables '{{{','.join(tables)}}}'\n".encode()
        yield _file("choose_tables") + _file("refuse_full") + _file("keep_views")
        yield _file("kept_views").rstrip().removesuffix(b";") + INTO_VARIABLES
        yield _file("drop_views") + _file("drop_tables")
    else:
        yield _file("refuse_tables")
    yield from restored
    # A pool would hand the session on with the settings of pg_restore, such as no search_path.
    yield b"reset all;\n" + ENCODING + _file("refuse_other_schema")
    if tables:
        yield (MIGRATIONS / f"{KEEPING}.sql").read_bytes()  # the dump may be older
        yield _file("keep_again") + _file("drop_views")
    yield b"commit;\n"


def _file(name: str) -> bytes:
    return (SQL / "schema" / f"{name}.sql").read_bytes()
