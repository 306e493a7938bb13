"""Questions and their answers as text: for people, and as CSV."""

import csv
import io
import textwrap
from collections.abc import Sequence
from typing import Any

from telemetry.questions import Answer, Question
from telemetry.terminal import BOLD, PAPER, Screen, counted, plain, table

# With these a spreadsheet takes text for a formula (OWASP, "CSV Injection").
FORMULA = ("=", "+", "-", "@")


def questions_text(questions: Sequence[Question], screen: Screen = PAPER) -> str:
    """Each question's name and what it asks."""
    rows = [{"name": question.name, "title": question.title} for question in questions]
    columns = {"name": "make query Q=…", "title": "question"}
    return table(rows, columns, screen)


def answer_text(answer: Answer, screen: Screen = PAPER) -> str:
    """The question, its answer as a table, and how to read it."""
    headings = {column: column.replace("_", " ") for column in answer.columns}
    # An id is to be copied, not read as a number.
    ids = [column for column in answer.columns if column.endswith("_id")]
    rows = [{**row, **{name: row[name] and str(row[name]) for name in ids}} for row in answer.rows]
    question = answer.question
    return "\n\n".join(
        [
            screen.styled(question.title, BOLD),
            table(rows, headings, screen),
            textwrap.fill(question.reading, min(screen.columns or 100, 100)),
            f"{counted(len(answer.rows), 'row')}; times are UTC; sql/analysis/{question.name}.sql",
        ]
    )


def csv_text(answer: Answer) -> str:
    """The answer as CSV (RFC 4180) with a line of column names; NULL is empty, times are UTC.

    Control characters become U+FFFD, and what a spreadsheet would run begins with an apostrophe.
    """
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(answer.columns)
    for row in answer.rows:
        writer.writerow([_csv_cell(row[column]) for column in answer.columns])
    return lines.getvalue().rstrip("\n")


def _csv_cell(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    shown = plain(value)
    return f"'{shown}" if shown.startswith(FORMULA) else shown
