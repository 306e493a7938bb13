"""The repositories that status watches, and their names.

All repositories that were ingested are watched, except forgotten ones. Questions, reports and
budgets are about the watched repositories too, unless they name others.
"""

from collections.abc import Sequence

from telemetry import TelemetryError, first_of
from telemetry.database.connection import Connection, execute
from telemetry.database.transactions import with_retries
from telemetry.installation import COMMAND

MOST_NAMES = 3


def present_names(connection: Connection, names: Sequence[str]) -> list[str]:
    """Return each name, or the current name of a repository ingested under a former name."""
    rows = execute(connection, "status/present_names", {"names": list(names)}) if names else ()
    return list(dict.fromkeys(row["repository"] for row in rows))


def watched_of(connection: Connection, owner: str, besides: Sequence[str] = ()) -> dict[int, str]:
    """Return the names of the watched repositories of an owner, by number, without these."""
    left_out = {name.lower() for name in besides}
    return {
        row["repository_id"]: row["repository"]
        for row in execute(connection, "report/repositories")
        if row["is_watched"]
        and row["repository"].lower().startswith(f"{owner.lower()}/")
        and row["repository"].lower() not in left_out
    }


def unwatched_text(names: Sequence[str]) -> str:
    """Return which repositories a sum leaves out because they are not watched, empty for none."""
    if not names:
        return ""
    return f"no longer watched, so not included: {first_of(names, MOST_NAMES)}"


def forget(connection: Connection, names: Sequence[str]) -> list[str]:
    """Stop watching repositories, all of them or none; return their names as stored.

    A repository that no ingest has reached yet is no longer shown as such.

    Raises TelemetryError for a name that is not watched.
    """

    def change() -> list[str]:
        forgotten: list[str] = []
        for name in present_names(connection, names):
            named = {"repository": name}
            unreached = execute(connection, "runs/clear_unreached", named).fetchall()
            rows = execute(connection, "status/forget_repository", named).fetchall() or unreached
            if not rows:
                raise TelemetryError(
                    f"{name} is not watched; `{COMMAND} status` lists those that are"
                )
            forgotten += [row["repository"] for row in rows]
        return forgotten

    return with_retries(connection, change)
