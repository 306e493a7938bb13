"""The questions in sql/analysis/ and their answers from the database.

A question is a file that can be pasted into psql; its header says what it asks and how to read the
answer. Each begins with the same CTE, `period`, whose literals a person edits. The program runs
the same file with this CTE replaced by the one in sql/report/period.sql, which has parameters.
Nothing else is changed. The rules in sql/checks/ are read and run in the same way.
"""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from functools import cache
from typing import Any

from psycopg.pq import TransactionStatus

from telemetry.database.connection import SQL, Connection, execute, for_psycopg, naming
from telemetry.database.coverage import Coverage
from telemetry.database.watched import present_names
from telemetry.installation import COMMAND, typed
from telemetry.settings import UsageError

ANALYSIS = "analysis"

NO_REPOSITORY = 0
# GitHub's bill is of an account, whichever of its repositories are watched.
OF_ACCOUNTS = ("bill", "bill_lines")


@dataclass(frozen=True)
class Scope:
    """The scope of a question: runs created, or calls made, from `since` to before `until`.

    `repository_ids` None means all repositories, NO_REPOSITORY the LLM calls of none; `top` None
    means all rows. Days and hours are in `time_zone`.
    """

    since: datetime
    until: datetime
    repository_ids: Sequence[int] | None = None
    time_zone: tzinfo = UTC
    top: int | None = None


@dataclass(frozen=True)
class Question:
    """One file of a folder of sql/: its name, its first line, and how to read its answer."""

    name: str
    title: str
    reading: str

    def paragraphs(self, columns: Sequence[str]) -> list[str]:
        """Return the reading; a sentence that begins with a column begins a paragraph."""
        names = "|".join(columns)
        return re.split(rf"(?<=\.) (?=(?:{names})\b)", self.reading)


@dataclass(frozen=True)
class Answer:
    """The rows of an answer and its columns in order; times are in the zone of the scope.

    `coverage` says what the answer lacks (see covered.py). It is None if it was not looked up, and
    for questions to which it does not apply. If it is misleading, there are no rows. `unwatched`
    names the repositories that are left out, see `watched`.
    """

    question: Question
    scope: Scope
    columns: Sequence[str]
    rows: Sequence[Mapping[str, Any]]
    coverage: Coverage | None = None
    unwatched: Sequence[str] = ()


@cache
def questions(folder: str = ANALYSIS) -> Sequence[Question]:
    """Return all questions of a folder of sql/, sorted by name."""
    return tuple(_question(path.stem, folder) for path in sorted((SQL / folder).glob("*.sql")))


def ask(connection: Connection, name: str, scope: Scope, **parts: Mapping[str, Any]) -> Answer:
    """Return the answer to one question, named like its file, with or without folder and suffix.

    `parts` are as for `answer`. Raises UsageError if there is no such question, or if the scope has
    `top` and the rows are not a ranking.
    """
    known = {question.name: question for question in questions()}
    short = name.rsplit("/", 1)[-1].removesuffix(".sql")
    if short not in known:
        close = difflib.get_close_matches(short, known, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(close)}?" if close else f"{COMMAND} queries lists them"
        raise UsageError(f"Q: there is no question named {name}; {hint}")
    if scope.top is not None and "period.top" not in text_of(short):
        raise UsageError(f"TOP: {short} is not a ranking, so it has no first rows")
    if short in OF_ACCOUNTS:
        return answer(connection, known[short], scope)
    scope, unwatched = watched(connection, scope)
    return replace(answer(connection, known[short], scope, ANALYSIS, **parts), unwatched=unwatched)


def answer(
    connection: Connection,
    question: Question,
    scope: Scope,
    folder: str = ANALYSIS,
    **parts: Mapping[str, Any],
) -> Answer:
    """Return the answer to a question of a folder of sql/.

    `parts` are CTEs beside the period whose literals are replaced too, each with its values.
    """
    statement = _statement(question.name, folder, *parts)
    values = _values(scope)
    for part in parts.values():
        values |= part

    def ask_database() -> Answer:
        with _for_many_rows(connection), naming(f"sql/{folder}/{question.name}.sql"):
            cursor = connection.execute(statement.encode(), values)
            columns = [column.name for column in cursor.description or ()]
            rows = [in_zone(row, scope.time_zone) for row in cursor]
        return Answer(question, scope, columns, rows)

    return connection.patiently(ask_database)


@contextmanager
def _for_many_rows(connection: Connection) -> Iterator[None]:
    """Begin a transaction with settings for many rows; one that is open keeps its own.

    A snapshot has set them for all of its questions.
    """
    if connection.info.transaction_status == TransactionStatus.INTRANS:
        yield
        return
    with connection.transaction():
        execute(connection, "report/settings")
        yield


def first_stored(connection: Connection, repository_ids: Sequence[int] | None) -> datetime | None:
    """Return when the first stored run or LLM call of these repositories was; None: there is none.

    Without ids it is of all that are watched.
    """
    ids = None if repository_ids is None else list(repository_ids)
    (row,) = execute(connection, "report/first_stored", {"repository_ids": ids})
    first_at: datetime | None = row["first_at"]
    return first_at


def watched(connection: Connection, scope: Scope) -> tuple[Scope, Sequence[str]]:
    """Return a scope of all repositories without those that are no longer watched, and their names.

    Questions, budgets and reports leave them out unless they are named, as a status does.
    """
    if scope.repository_ids is not None:
        return scope, ()
    known, _ = find_repositories(connection, [])
    unwatched = [row["repository"] for row in known if not row["is_watched"]]
    if not unwatched:
        return scope, ()
    ids = [row["repository_id"] for row in known if row["is_watched"]]
    return replace(scope, repository_ids=[NO_REPOSITORY, *ids]), unwatched


def in_zone(row: Mapping[str, Any], zone: tzinfo) -> dict[str, Any]:
    """Return the row with its times in this zone."""
    return {
        column: value.astimezone(zone) if isinstance(value, datetime) else value
        for column, value in row.items()
    }


def pasteable(name: str, scope: Scope) -> str:
    """Return the text of a question with this scope, for pasting into psql."""
    values = _values(scope)
    if scope.repository_ids is not None:
        values["repository_ids"] = f"{{{','.join(map(str, scope.repository_ids))}}}"

    def literal(parameter: re.Match[str]) -> str:
        value = values[parameter[1]]
        return "null" if value is None else f"'{value}'"

    period = re.sub(r":'(\w+)'", literal, _parametrized("period"))
    return cte("period").sub(period, text_of(name), count=1)


def find_repositories(
    connection: Connection, names: Sequence[str]
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the stored repositories with these names (all if none is given), and unknown names.

    Case is ignored, as on GitHub. Raises UsageError if no name is known.
    """
    known = execute(connection, "report/repositories").fetchall()
    if not names:
        return known, []
    names = present_names(connection, names)
    by_name = {row["repository"].casefold(): row for row in known}
    missing = [name for name in names if name.casefold() not in by_name]
    if len(missing) == len(names):
        raise UsageError(
            f"REPO: {names[0]} is not in this database; {typed('status')} lists what is"
        )
    asked = {name.casefold() for name in names}
    return [row for row in known if row["repository"].casefold() in asked], missing


def _values(scope: Scope) -> dict[str, Any]:
    ids = scope.repository_ids
    return {
        **vars(scope),
        "repository_ids": None if ids is None else list(ids),
        "time_zone": str(scope.time_zone),
    }


@cache
def _statement(name: str, folder: str, *parts: str) -> str:
    """Return a question's statement for psycopg, with its period and these CTEs as parameters."""
    text = text_of(name, folder)
    for part in ("period", *parts):
        text = cte(part).sub(_parametrized(part), text, count=1)
    return for_psycopg(text)


def cte(name: str) -> re.Pattern[str]:
    """Return what matches a CTE with this name."""
    return re.compile(rf"\b{name} as not materialized \(\n.*?^\)", re.DOTALL | re.MULTILINE)


@cache
def text_of(name: str, folder: str = ANALYSIS) -> str:
    """Return the text of a question's file."""
    return (SQL / folder / f"{name}.sql").read_text(encoding="utf-8")


@cache
def _parametrized(part: str) -> str:
    """Return a CTE of the questions as sql/report/ has it, with parameters."""
    (found,) = cte(part).findall((SQL / "report" / f"{part}.sql").read_text(encoding="utf-8"))
    return str(found)


def _question(name: str, folder: str) -> Question:
    lines = text_of(name, folder).splitlines()
    header = []
    for line in lines:
        if not line.startswith("--") or line.startswith("--   psql "):
            break
        header.append(line.removeprefix("--").strip())
    return Question(name, header[0], " ".join(header[1:]))
