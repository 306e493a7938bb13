"""Which repositories status watches over: all that were ingested, but for those forgotten."""

from collections.abc import Sequence

from telemetry import TelemetryError
from telemetry.database.connection import Connection, execute


def forget(connection: Connection, names: Sequence[str]) -> list[str]:
    """End the watch over repositories, all of them or none; returns their names as stored.

    Raises TelemetryError for a name that is not watched, and psycopg.Error.
    """
    forgotten: list[str] = []
    with connection.transaction():
        for name in names:
            rows = execute(connection, "status/forget_repository", {"repository": name}).fetchall()
            if not rows:
                raise TelemetryError(f"{name} is not watched; `make status` lists those that are")
            forgotten += [row["repository"] for row in rows]
    return forgotten
