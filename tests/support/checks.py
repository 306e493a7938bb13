"""The rules of sql/checks over a world that a test has stored."""

from telemetry.database.checks import check
from telemetry.database.connection import Connection


def broken_rules(connection: Connection) -> dict[str, int]:
    """The names of the rules that are broken, with the number of rows that break each."""
    return {each.name: len(each.rows) for each in check(connection) if not each.holds}
