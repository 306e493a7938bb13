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
from telemetry.summaries.tables import fits, records, table
from telemetry.terminal import BOLD, PAPER, Screen, plain, shortened

# A spreadsheet treats text that begins with one of these as a formula (OWASP, "CSV Injection").
# The full-width variants count too, and a leading space does not change that.
FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def questions_text(questions: Sequence[Question], screen: Screen = PAPER) -> str:
    """Return the name and the title of each question."""
    rows = [{"name": question.name, "title": question.title} for question in questions]
    columns = {"name": f"{COMMAND} query Q=…", "title": "question"}
    return table(rows, columns, screen, prose=True)


def answer_text(answer: Answer, screen: Screen = PAPER) -> str:
    """Return the question, its answer as a table, and how to read it.

    Durations are in words. Columns for programs (ids of workflows, addresses) are left out. If the
    screen is too narrow, it also leaves out the owner and the repository that all rows share, then
    shortens long names, then leaves out the last columns. If fewer than half would be left, it
    shows each row as lines instead, with all of them.
    """
    headings, text = _shown(answer.columns, answer.rows, screen)
    of_one = "repository" in answer.columns and "repository" not in headings
    left_out = len(answer.columns) - len(headings) - of_one
    question = answer.question
    end = (
        f"{counted(len(answer.rows), 'row')}; times are in {answer.scope.time_zone}; "
        f"sql/analysis/{question.name}.sql"
    )
    if of_one:
        end += f"; all of {plain(answer.rows[0]['repository'])}"
    if left_out:
        end += f"; {counted(left_out, 'more column')} with FORMAT=csv"
    return "\n\n".join(
        [
            screen.styled(textwrap.fill(question.title, screen.columns or 100), BOLD),
            text,
            textwrap.fill(question.reading, min(screen.columns or 100, 100)),
            textwrap.fill(end, screen.columns or 1_000, break_on_hyphens=False),
        ]
    )


def rows_text(
    columns: Sequence[str], rows: Sequence[Mapping[str, Any]], screen: Screen = PAPER
) -> str:
    """Return rows as a table, as an answer shows them."""
    return _shown(columns, rows, screen)[1]


def _shown(
    columns: Sequence[str], rows: Sequence[Mapping[str, Any]], screen: Screen
) -> tuple[dict[str, str], str]:
    """Return the headings of the columns that a person needs and that fit, and the rows as text."""
    shown = [column for column in columns if not column.endswith(FOR_PROGRAMS)]
    cells = [{column: _for_people(column, row[column]) for column in shown} for row in rows]
    headings = {column: _heading(column, shown) for column in shown}
    if not fits(cells, headings, screen):
        cells = _without_owner(cells)
    whole, all_headings = cells, dict(headings)
    if not fits(cells, headings, screen):
        cells = [{column: _cut(value) for column, value in row.items()} for row in cells]
        if len(headings) > 2 and len({row.get("repository") for row in cells}) == 1:
            headings.pop("repository", None)
    while len(headings) > 2 and not fits(cells, headings, screen):
        headings.popitem()
    if len(headings) < len(all_headings) / 2:
        return all_headings, records(whole, all_headings, screen)
    return headings, table(cells, headings, screen)


def _without_owner(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows with the bare names of repositories, if all are of one owner."""
    owners = {str(row.get("repository")).partition("/")[0] for row in rows}
    if len(owners) != 1 or not all(row.get("repository") for row in rows):
        return rows
    return [{**row, "repository": row["repository"].partition("/")[2]} for row in rows]


def _cut(value: Any) -> Any:
    return shortened(value, LONGEST_CELL) if isinstance(value, str) else value


# The length of a name on a narrow screen; another column is worth more than the rest of a name.
LONGEST_CELL = 28


FOR_PROGRAMS = ("workflow_id", "workflow_path", "repository_id", "html_url")


def _heading(column: str, columns: Sequence[str]) -> str:
    """The name of a column without its unit, which its values show."""
    if not _is_time(column):
        return column.replace("_", " ")
    name = column.removesuffix("seconds").removesuffix("_")
    return (f"{name} time" if not name or name in columns else name).strip().replace("_", " ")


def _is_time(column: str) -> bool:
    return column == "seconds" or column.endswith("_seconds")


def _for_people(column: str, value: Any) -> Any:
    if value is None:
        return None
    if _is_time(column):
        return duration(value)
    # An id is for copying, so it has no separators.
    return str(value) if column.endswith("_id") else value


def csv_text(answer: Answer) -> str:
    """Return the answer as CSV (RFC 4180) with a header line; NULL is empty, times are UTC.

    Control characters become U+FFFD, and text that looks like a formula gets an apostrophe. An
    answer about jobs ends with two columns, the same in each row, which say of how many attempts
    it is.
    """
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    coverage = answer.coverage
    covered = {}
    if coverage is not None and coverage.is_of_jobs:
        covered = {
            "coverage_attempts_with_jobs": coverage.attempts_with_jobs,
            "coverage_attempts": coverage.attempts,
        }
    writer.writerow([*answer.columns, *covered])
    for row in answer.rows:
        cells = (_csv_cell(row[column]) for column in answer.columns)
        writer.writerow([*cells, *covered.values()])
    return lines.getvalue().rstrip("\n")


def _csv_cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if not isinstance(value, str):
        return value
    shown = plain(value)
    return f"'{shown}" if shown.lstrip().startswith(FORMULA) else shown
