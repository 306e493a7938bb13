"""The rules that rows of a table have to keep, and the stored rows that break one.

The migration 0018 states them as CHECKs. New rows that break a rule are refused; rows from before
the rule stay as they are, and are named until somebody corrects or deletes them.
"""

from typing import Any

from telemetry.database.connection import Connection, execute


def validate_rules(connection: Connection) -> list[str]:
    """Mark the rules as valid that all rows keep by now; returns their names.

    Only the owner of a table may do so. Reads no table whose rules are valid already.
    """
    return [row["rule"] for row in execute(connection, "schema/validate_rules")]


def broken_rules(connection: Connection) -> list[str]:
    """One sentence per rule that stored rows break: which table, how many rows, what to do."""
    return [_sentence(row) for row in execute(connection, "status/broken_rules")]


def _sentence(row: dict[str, Any]) -> str:
    verb = "row breaks" if row["broken"] == 1 else "rows break"
    meaning = f" ({row['meaning'].rstrip('.')})" if row["meaning"] else ""
    return (
        f"{row['table_name']}: {row['broken']:,} {verb} the rule {row['condition']}{meaning}, "
        f"the first is {row['first_key']}; correct or delete them, then run `make migrate`"
    )
