"""The rules for rows of the tables, and the stored rows that violate one.

Migrations state them as CHECKs. New rows that violate a rule are refused. Older rows are kept, and
reported until they are corrected or deleted.
"""

from typing import Any

from telemetry.database.connection import Connection, execute
from telemetry.installation import typed


def validate_rules(connection: Connection) -> None:
    """Validate the rules that all rows now satisfy; only the owner of a table may do so."""
    execute(connection, "schema/validate_rules")


def broken_rules(connection: Connection) -> list[str]:
    """Return a sentence for each violated rule: the table, the number of rows, and what to do.

    Reads no table whose rules are valid.
    """
    said = []
    for rule in execute(connection, "status/unproven_rules").fetchall():
        found = connection.execute(rule["query"].encode()).fetchone()
        if found and found["broken"]:
            said.append(_sentence(rule, found["broken"], found["first_key"]))
    return said


def _sentence(rule: dict[str, Any], broken: int, first_key: str) -> str:
    verb = "row breaks" if broken == 1 else "rows break"
    meaning = f" ({rule['meaning'].rstrip('.')})" if rule["meaning"] else ""
    return (
        f"{rule['table_name']}: {broken:,} {verb} the rule {rule['condition']}{meaning}, "
        f"the first is {first_key}; correct or delete them, then run `{typed('migrate')}`"
    )
