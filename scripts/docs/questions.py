"""docs/questions.md: the questions, from the headers of sql/analysis/."""

from pathlib import Path

from docs import prose
from telemetry.database.questions import Question, questions

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
"""


def questions_page() -> str:
    """The page as Markdown."""
    found = questions()
    rows = [f"| [`{one.name}`](#{one.name}) | {prose(one.title)} |\n" for one in found]
    return "".join([HEAD, "\n| name | question |\n|---|---|\n", *rows, *map(_details, found)])


def _details(question: Question) -> str:
    file = f"[`sql/analysis/{question.name}.sql`](../sql/analysis/{question.name}.sql)"
    text = f"\n## {question.name}\n\n**{prose(question.title)}** {file}\n"
    return f"{text}\n{prose(question.reading)}\n" if question.reading else text
