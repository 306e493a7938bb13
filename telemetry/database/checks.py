"""The rules of the data in sql/checks/, and the rows that break them.

Each rule is a file that selects the rows that break it. A rule holds if there are none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from telemetry import counted
from telemetry.database.connection import Connection
from telemetry.database.questions import Scope, answer, questions

FOLDER = "checks"

# Further rows are not counted: a broken rule needs a person, not a longer list.
MOST_ROWS = 1_000

# Moments before or after every row.
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
END = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Checked:
    """A rule (its name, the rule, and how to read the rows), and up to 1,000 rows that break it."""

    name: str
    rule: str
    reading: str
    columns: Sequence[str]
    rows: Sequence[Mapping[str, Any]]

    @property
    def holds(self) -> bool:
        """Whether no row breaks the rule."""
        return not self.rows

    @property
    def count(self) -> str:
        """How many rows break the rule, in words: `3 rows`, `1 row`, `1,000 rows or more`."""
        if len(self.rows) >= MOST_ROWS:
            return f"{MOST_ROWS:,} rows or more"
        return counted(len(self.rows), "row")

    def of(self, repository_id: int) -> "Checked":
        """The rule without the rows that are known to be of other repositories.

        All rows stay if there may be more of them, because any of those may be of this one.
        """
        if len(self.rows) >= MOST_ROWS:
            return self
        ours = (repository_id, None)
        return replace(self, rows=[row for row in self.rows if row.get("repository_id") in ours])


def check(
    connection: Connection,
    since: datetime | None = None,
    repository_ids: Sequence[int] | None = None,
) -> list[Checked]:
    """Return every rule with the rows that break it, sorted by name.

    Runs created and calls made before `since` are not checked; rules about other tables check all
    rows. `repository_ids` limits the rules about runs to these repositories. Times are UTC. Changes
    nothing.
    """
    scope = Scope(since or BEGINNING, END, repository_ids, top=MOST_ROWS)
    found = []
    for rule in questions(FOLDER):
        broken = answer(connection, rule, scope, FOLDER)
        found.append(Checked(rule.name, rule.title, rule.reading, broken.columns, broken.rows))
    return found
