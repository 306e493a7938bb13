"""docs/data.md: every table, view and column, from the comments in the catalog; every rule."""

from itertools import groupby
from pathlib import Path
from typing import Any

from docs import prose
from telemetry.database.checks import FOLDER
from telemetry.database.connection import Connection, execute
from telemetry.database.questions import Question, questions

PATH = Path("docs") / "data.md"

HEAD = """\
# Data

<!-- Made by `make docs` from the comments in migrations/ and sql/views/ and the headers in
sql/checks/. Edit these, then run `make docs`. -->

Tables hold what GitHub and the logs reported. Views compute from them; each figure is defined in
one view. Query the views first.

All times are stored in UTC. NULL means unknown, never zero. psql shows the same text with
`\\d+ workflow_runs`, and `sql/schema/data_dictionary.sql` selects all of it.

A condition on `created_at` uses an index of `workflow_runs`, and so does one on `timestamp` of
`llm_calls`. Jobs and steps have foreign keys to their attempt; other tables have none, because
their rows may arrive before the run does.
"""

RULES = """
## Rules

Each rule is a file of `sql/checks/` that selects the rows that break it. `make check` runs them all
and fails if one is broken; `make status` says how many hold for the rows of the last 24 hours.

| rule | what holds | what is allowed, and what a row is |
|---|---|---|
"""


def data(connection: Connection) -> str:
    """The page as Markdown, from a database that is up to date."""
    rows = execute(connection, "schema/data_dictionary").fetchall()
    relations = [list(columns) for _, columns in groupby(rows, key=lambda row: row["relation"])]
    overview: dict[str, list[str]] = {"table": [], "view": []}
    details: dict[str, list[str]] = {"table": [], "view": []}
    for columns in relations:
        first = columns[0]
        overview[first["kind"]].append(_overview(first))
        details[first["kind"]].append(_details(columns))
    return "".join(
        [
            HEAD,
            *_section("## Tables at a glance", overview["table"]),
            *_section("## Views at a glance", overview["view"]),
            "\n## Tables\n",
            *details["table"],
            "\n## Views\n",
            *details["view"],
            RULES,
            *map(_rule, questions(FOLDER)),
        ]
    )


def _rule(rule: Question) -> str:
    file = f"[`{rule.name}`](../sql/checks/{rule.name}.sql)"
    return f"| {file} | {prose(rule.title)} | {prose(rule.reading)} |\n"


def _section(title: str, rows: list[str]) -> list[str]:
    return [f"\n{title}\n\n| name | one row per |\n|---|---|\n", *rows]


def _overview(relation: dict[str, Any]) -> str:
    name = relation["relation"]
    first = (relation["relation_comment"] or "").removeprefix("One row per ").split(". ")[0]
    return f"| [`{name}`](#{name}) | {prose(first.rstrip('.'))} |\n"


def _details(columns: list[dict[str, Any]]) -> str:
    relation = columns[0]
    rows = [
        f"| `{row['column_name']}` | {row['data_type']} | {prose(row['column_comment'] or '')} |\n"
        for row in columns
    ]
    return "".join(
        [
            f"\n### {relation['relation']}\n\n{prose(relation['relation_comment'] or '')}\n\n",
            "| column | type | meaning |\n|---|---|---|\n",
            *rows,
        ]
    )
