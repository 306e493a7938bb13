"""Questions and their answers, as text for people and as CSV."""

import csv
import io
import textwrap
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from telemetry import counted
from telemetry.database.questions import Answer, Question
from telemetry.installation import COMMAND
from telemetry.report.figures import duration
from telemetry.terminal import (
    BOLD,
    PAPER,
    Screen,
    plain,
    table,
    width,
)

# A spreadsheet treats text that begins with one of these as a formula (OWASP, "CSV Injection").
# So do its full-width twins, and a leading space hides none of them.
FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def questions_text(questions: Sequence[Question], screen: Screen = PAPER) -> str:
    """Return the name and the title of each question, one a line."""
    rows = [{"name": question.name, "title": question.title} for question in questions]
    columns = {"name": f"{COMMAND} query Q=…", "title": "question"}
    return table(rows, columns, screen)


def answer_text(answer: Answer, screen: Screen = PAPER) -> str:
    """Return the question, its answer as a table, and how to read it.

    Durations are in words. Columns for programs (ids of workflows, addresses) are left out; so are
    the last columns if the screen is too narrow.
    """
    rows, headings = _shown(answer.columns, answer.rows, screen)
    left_out = len(answer.columns) - len(headings)
    question = answer.question
    end = (
        f"{counted(len(answer.rows), 'row')}; times are in {answer.scope.time_zone}; "
        f"sql/analysis/{question.name}.sql"
    )
    if left_out:
        end += f"; {counted(left_out, 'more column')} with FORMAT=csv"
    return "\n\n".join(
        [
            screen.styled(textwrap.fill(question.title, screen.columns or 100), BOLD),
            table(rows, headings, screen),
            textwrap.fill(question.reading, min(screen.columns or 100, 100)),
            textwrap.fill(end, screen.columns or 1_000, break_on_hyphens=False),
        ]
    )


def rows_text(
    columns: Sequence[str], rows: Sequence[Mapping[str, Any]], screen: Screen = PAPER
) -> str:
    """Return rows as a table, as an answer shows them."""
    return table(*_shown(columns, rows, screen), screen)


def _shown(
    columns: Sequence[str], rows: Sequence[Mapping[str, Any]], screen: Screen
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Return the cells and the headings of the columns that a person needs and that fit."""
    shown = [column for column in columns if not column.endswith(FOR_PROGRAMS)]
    cells = [{column: _for_people(column, row[column]) for column in shown} for row in rows]
    headings = {column: _heading(column) for column in shown}
    while len(headings) > 2 and _is_too_wide(table(cells, headings, screen), screen):
        headings.popitem()
    return cells, headings


FOR_PROGRAMS = ("workflow_id", "workflow_path", "repository_id", "html_url")


def _heading(column: str) -> str:
    return column.removesuffix("_seconds").replace("_", " ")


def _for_people(column: str, value: Any) -> Any:
    if value is None:
        return None
    if column.endswith("_seconds"):
        return duration(value)
    # An id is for copying, so it has no separators.
    return str(value) if column.endswith("_id") else value


def _is_too_wide(text: str, screen: Screen) -> bool:
    return screen.columns is not None and any(
        width(line) > screen.columns or "…" in line for line in text.splitlines()
    )


def csv_text(answer: Answer) -> str:
    """Return the answer as CSV (RFC 4180) with a header line; NULL is empty, times are UTC.

    Control characters become U+FFFD, and text that a spreadsheet would run gets an apostrophe.
    """
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(answer.columns)
    for row in answer.rows:
        writer.writerow([_csv_cell(row[column]) for column in answer.columns])
    return lines.getvalue().rstrip("\n")


def _csv_cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if not isinstance(value, str):
        return value
    shown = plain(value)
    return f"'{shown}" if shown.lstrip().startswith(FORMULA) else shown
