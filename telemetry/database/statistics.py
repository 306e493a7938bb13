"""Keeps the planner's statistics up to date, without which questions about many rows take minutes.

The server's autovacuum does this a minute or more after many changes. The embedded server often
stops earlier, a restored database has no statistics at all, and people ask right after an ingest.
"""

from telemetry.database.connection import Connection, execute


def update_statistics(connection: Connection) -> None:
    """Let the server analyze the tables if one has grown much since it last did.

    Outside a transaction.
    """
    if execute(connection, "schema/outdated_statistics").fetchall():
        execute(connection, "schema/analyze")
