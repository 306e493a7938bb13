"""docs/questions.md: the questions, from the headers of sql/analysis/, and their columns."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from docs import prose
from telemetry.database.connection import Connection
from telemetry.database.questions import Question, Scope, ask, questions

PATH = Path("docs") / "questions.md"

HEAD = """\
# Questions

<!-- Made by `make docs` from the headers in sql/analysis/. Edit these, then run `make docs`. -->

Each question is one file of plain SQL in `sql/analysis/`. There are three ways to ask it:

```
make query Q=flaky_jobs                      # FORMAT=csv or FORMAT=json for other programs
make psql < sql/analysis/flaky_jobs.sql
psql "$DATABASE_URL" -f sql/analysis/flaky_jobs.sql
```

Or open the file, change its period, and paste it anywhere. `make queries` lists them all.

The name of a column has its unit: `seconds`, `minutes`, `hours`, `percent`, `usd` or `amount` (US
dollars). A name that ends in `_at` is a moment. NULL means that there is no such value or that it
is not known, never zero; in CSV it is empty. [json.md](json.md) describes `FORMAT=json`.
"""

# The columns are the same in every period.
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


def questions_page(connection: Connection) -> str:
    """The page as Markdown, from a database that is up to date."""
    found = questions()
    rows = [f"| [`{one.name}`](#{one.name}) | {prose(one.title)} |\n" for one in found]
    details = [_details(connection, one) for one in found]
    return "".join([HEAD, "\n| name | question |\n|---|---|\n", *rows, *details])


def _details(connection: Connection, question: Question) -> str:
    file = f"[`sql/analysis/{question.name}.sql`](../sql/analysis/{question.name}.sql)"
    columns = ask(connection, question.name, Scope(MOMENT, MOMENT)).columns
    reading, *meanings = (_named(each, columns) for each in question.paragraphs(columns))
    paragraphs = [
        f"\n## {question.name}",
        f"**{prose(question.title)}** {file}",
        reading,
        "\n".join(f"- {meaning}" for meaning in meanings),
        f"Columns: {', '.join(f'`{column}`' for column in columns)}",
    ]
    return "\n\n".join(filter(None, paragraphs)) + "\n"


def _named(paragraph: str, columns: Sequence[str]) -> str:
    """Return a paragraph with its columns marked as code, unless they are plain words in it."""
    names = "|".join(columns)
    compound = "|".join(column for column in columns if "_" in column) or "(?!)"
    return re.sub(rf"^({names})\b|\b({compound})\b", r"`\g<0>`", prose(paragraph))
