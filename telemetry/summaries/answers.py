"""Questions and their answers, as text for people and as CSV."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from typing import Any, NamedTuple

from telemetry import counted, in_percent
from telemetry.database.questions import Answer, Question
from telemetry.installation import typed
from telemetry.report.figures import duration
from telemetry.summaries.tables import cell, cut, fitting, records, table
from telemetry.terminal import BOLD, LONGEST_NAME, PAPER, Screen, filled, plain, shortened

# A spreadsheet treats text that begins with one of these as a formula (OWASP, "CSV Injection").
# The full-width variants count too, and a leading space does not change that.
FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# The ends of the names of columns that people do not need.
FOR_PROGRAMS = ("workflow_id", "workflow_path", "repository_id", "html_url")
# The length of names on narrow screens; another column is worth more than the rest of a name.
LONGEST_NAMES = (28, 20, 14)
FEW_ROWS, FEW_COLUMNS = 5, 5
# What the owner of all rows has in place of a column's name.
OWNER = "/"


def questions_text(questions: Sequence[Question], screen: Screen = PAPER) -> str:
    """Return the name and the title of each question."""
    rows = [{"name": question.name, "title": question.title} for question in questions]
    columns = {"name": typed("query Q=…"), "title": "question"}
    return table(rows, columns, screen, prose=True)


def answer_text(answer: Answer, screen: Screen = PAPER) -> str:
    """Return the question, its answer as a table, and how to read it.

    Durations are in words. Columns for programs (ids of workflows, addresses) are left out. If the
    screen is too narrow, it also leaves out the owner that all rows share and the columns that are
    the same in all rows; it names both below. Then it shortens long names, then it leaves out the
    last columns. If too few would be left, it shows each row as lines instead: fewer than half of a
    few rows, fewer than five of many rows, which people compare.
    """
    shown = _shown(answer.columns, answer.rows, screen)
    question = answer.question
    end = (
        f"{counted(len(answer.rows), 'row')}; times are in {answer.scope.time_zone}; "
        f"sql/analysis/{question.name}.sql"
    )
    if shown.shared:
        end += f"; {_of_all(shown.shared)}"
    left_out = len(set(answer.columns) - shown.headings.keys() - shown.shared.keys())
    if left_out:
        end += f"; {counted(left_out, 'more column')} with FORMAT=csv"
    return "\n\n".join(
        [
            screen.styled(screen.paragraph(question.title), BOLD),
            shown.text,
            reading_text(answer, screen),
            filled(end, screen.columns, indent=""),
        ]
    )


def reading_text(answer: Answer, screen: Screen = PAPER) -> str:
    """Return how to read an answer; what is said of each column begins a line."""
    first, *others = answer.question.paragraphs(answer.columns)
    return "\n".join(
        [screen.paragraph(first), *(screen.paragraph(other, indent="  ") for other in others)]
    )


def rows_text(
    columns: Sequence[str], rows: Sequence[Mapping[str, Any]], screen: Screen = PAPER
) -> str:
    """Return rows as a table, as an answer shows them."""
    shown = _shown(columns, rows, screen)
    if not shown.shared:
        return shown.text
    return f"{shown.text}\n\n{filled(_of_all(shown.shared), screen.columns)}"


class _Shown(NamedTuple):
    """What fits of some rows: the headings of its columns, what all rows share, and the text."""

    headings: dict[str, str]
    shared: dict[str, str]
    text: str


def _shown(columns: Sequence[str], rows: Sequence[Mapping[str, Any]], screen: Screen) -> _Shown:
    shown = [column for column in columns if not column.endswith(FOR_PROGRAMS)]
    cells = [{column: _for_people(column, row) for column in shown} for row in rows]
    headings = {column: _heading(column, shown) for column in shown}
    if fitting(cells, headings, screen) == len(headings):
        return _Shown(headings, {}, table(cells, headings, screen))
    owner, bare = _without_owner(cells)
    if fitting(bare, headings, screen) == len(headings):
        return _Shown(headings, owner, table(bare, headings, screen))
    shared = _shared(cells, headings)
    if "repository" not in shared:
        shared, cells = {**owner, **shared}, bare
    whole = dict(headings) if len(rows) == 1 else _without(shared, headings)
    headings = _without(shared, headings)
    enough = len(whole) / 2
    if len(rows) > FEW_ROWS:
        enough = min(enough, FEW_COLUMNS)
    for longest in LONGEST_NAMES:
        names = _cut(cells, longest)
        number = max(2, fitting(names, headings, screen))
        if min(number, len(headings)) >= enough or not rows:
            first = dict(islice(headings.items(), number))
            return _Shown(first, shared, table(names, first, screen))
    return _Shown(whole, _without(whole, shared), records(cells, whole, screen))


def _shared(rows: list[dict[str, Any]], headings: dict[str, str]) -> dict[str, str]:
    """What all rows have in common, by column; of a single row, its repository. Two stay."""
    columns = headings if len(rows) > 1 else {"repository"} & headings.keys()
    texts = {column: {cell(row[column]) for row in rows} for column in columns}
    shared = {
        column: " ".join([headings[column], *(shortened(text, LONGEST_NAME) for text in seen)])
        for column, seen in texts.items()
        if len(seen) == 1
    }
    return shared if len(shared) + 2 <= len(headings) else {}


def _of_all(shared: Mapping[str, str]) -> str:
    return f"in all rows: {', '.join(shared.values())}"


def _without(left_out: Mapping[str, str], headings: Mapping[str, str]) -> dict[str, str]:
    return {column: heading for column, heading in headings.items() if column not in left_out}


def _without_owner(
    rows: list[dict[str, Any]],
) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """Return the owner of all repositories and the rows with their bare names, if it is one."""
    owners = {str(row.get("repository")).partition("/")[0] for row in rows}
    if len(owners) != 1 or not all(row.get("repository") for row in rows):
        return {}, rows
    bare = [{**row, "repository": row["repository"].partition("/")[2]} for row in rows]
    return {OWNER: f"owner {owners.pop()}"}, bare


def _cut(rows: list[dict[str, Any]], longest: int) -> list[dict[str, Any]]:
    """Return the rows with their texts cut to this length."""
    if not rows:
        return rows
    texts = {
        column: cut((row[column] for row in rows if isinstance(row[column], str)), longest)
        for column in rows[0]
    }
    return [
        {
            column: texts[column][value] if isinstance(value, str) else value
            for column, value in row.items()
        }
        for row in rows
    ]


def _heading(column: str, columns: Sequence[str]) -> str:
    """The name of a column without its unit, which its values show."""
    if not _is_time(column):
        return column.replace("_", " ")
    name = column.removesuffix("seconds").removesuffix("_")
    return (f"{name} time" if not name or name in columns else name).strip().replace("_", " ")


def _is_time(column: str) -> bool:
    return column == "seconds" or column.endswith("_seconds")


def _for_people(column: str, row: Mapping[str, Any]) -> Any:
    value = row[column]
    if value is None:
        return None
    # trend has shares and times in one column.
    if _is_time(column) or (column in ("before", "now") and row.get("unit") == "seconds"):
        return duration(value)
    if column.endswith("_percent") and isinstance(value, Decimal):
        return in_percent(value)
    # An id is for copying, so it has no separators.
    return str(value) if column.endswith("_id") else value


def csv_text(answer: Answer) -> str:
    """Return the answer as CSV (RFC 4180) with a header line; NULL is empty, times are UTC.

    Control characters become U+FFFD, and text that looks like a formula gets an apostrophe. An
    answer about jobs ends with two columns, the same in each row, which say of how many attempts
    it is.
    """
    coverage = answer.coverage
    covered = {}
    if coverage is not None and coverage.is_of_jobs:
        covered = {
            "coverage_attempts_with_jobs": coverage.attempts_with_jobs,
            "coverage_attempts": coverage.attempts,
        }
    return _csv([*answer.columns, *covered], [{**row, **covered} for row in answer.rows])


def questions_csv(questions: Sequence[Question]) -> str:
    """Return the name, the title and the way to read each question, as csv_text does."""
    return _csv(["name", "title", "reading"], [vars(question) for question in questions])


def _csv(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_csv_cell(row[column]) for column in columns] for row in rows)
    return lines.getvalue().rstrip("\n")


def _csv_cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if not isinstance(value, str):
        return value
    shown = plain(value)
    return f"'{shown}" if shown.lstrip().startswith(FORMULA) else shown
