"""The questions in sql/analysis/: which there are, and their answers from the database.

A question is a file that anyone can paste into psql; its header says what it asks and how to read
the answer. Each begins with the same CTE, `period`, whose literals a person edits. The program
runs that very file with this one CTE replaced by the one of sql/report/period.sql, which takes
parameters. Nothing else of a file is changed or repeated here.
"""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from functools import cache
from typing import Any

from telemetry.database.connection import SQL, Connection, execute, for_psycopg
from telemetry.settings import UsageError

PERIOD = re.compile(r"^with period as not materialized \(\n.*?^\)", re.DOTALL | re.MULTILINE)

# What a question reads says what it is about: jobs and steps, or whole runs.
OF_JOBS = re.compile(
    r"(?:from|join) "
    r"(?:executed_(?:jobs|steps)|job_costs|flaky_job_runs|first_failures|wasted_jobs)\b"
)
OF_RUNS = re.compile(r"(?:from|join) (?:attempts|incidents)\b")
# Of less than half of the attempts, a sum says less than half, and "none" means nothing.
LEAST_SHARE = 0.5


@dataclass(frozen=True)
class Scope:
    """What a question is asked about: runs created, or calls made, from `since` to before `until`.

    `repository_ids` None means all repositories, `top` None all rows; days and hours are those of
    `time_zone`.
    """

    since: datetime
    until: datetime
    repository_ids: Sequence[int] | None = None
    time_zone: tzinfo = UTC
    top: int | None = None


@dataclass(frozen=True)
class Question:
    """One file of sql/analysis/: its name, its first line, and how to read its answer."""

    name: str
    title: str
    reading: str


@dataclass(frozen=True)
class Coverage:
    """Of how many attempts the jobs are stored, skipped attempts aside.

    `repositories` are those that lack jobs of some. `is_misleading` says that a figure of jobs
    alone would be wrong by more than a factor of two, so that none is given.
    """

    attempts: int
    attempts_with_jobs: int
    repositories: Sequence[str]
    is_misleading: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether the jobs of all attempts are stored."""
        return self.attempts_with_jobs == self.attempts

    def __str__(self) -> str:
        share = 100 * self.attempts_with_jobs / max(self.attempts, 1)
        only = self.repositories if len(self.repositories) == 1 else ()
        return (
            f"jobs of {self.attempts_with_jobs:,} of {self.attempts:,} attempts are stored "
            f"({share:.1f} %); to fetch the rest: make ingest{''.join(f' REPO={n}' for n in only)}"
        )


@dataclass(frozen=True)
class Answer:
    """A question's rows under its columns, in their order; times are in the zone of its scope.

    `coverage` says of how many attempts an answer about jobs speaks; None where it was not looked
    up, or where the question is not about jobs. There are no rows where it is misleading.
    """

    question: Question
    scope: Scope
    columns: Sequence[str]
    rows: Sequence[Mapping[str, Any]]
    coverage: Coverage | None = None


def questions() -> list[Question]:
    """All questions, sorted by name."""
    return [_question(path.stem) for path in sorted((SQL / "analysis").glob("*.sql"))]


def ask(connection: Connection, name: str, scope: Scope) -> Answer:
    """The answer to one question, named as its file is, with or without folder and suffix.

    Raises UsageError where there is no question of that name, or or where its rows have no
    order of which the scope could ask for the first ones; and psycopg.Error.
    """
    known = {question.name: question for question in questions()}
    short = name.rsplit("/", 1)[-1].removesuffix(".sql")
    if short not in known:
        close = difflib.get_close_matches(short, known, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(close)}?" if close else "make queries lists them"
        raise UsageError(f"Q: there is no question named {name}; {hint}")
    statement = _statement(short)
    if scope.top is not None and "period.top" not in statement:
        raise UsageError(f"TOP: the rows of {short} are no ranking, so there are no first ones")
    cursor = connection.execute(statement.encode(), _values(scope))
    columns = [column.name for column in cursor.description or ()]
    rows = [in_zone(row, scope.time_zone) for row in cursor]
    return Answer(known[short], scope, columns, rows)


def in_zone(row: Mapping[str, Any], zone: tzinfo) -> dict[str, Any]:
    """The same row with its times in that time zone."""
    return {
        column: value.astimezone(zone) if isinstance(value, datetime) else value
        for column, value in row.items()
    }


def with_coverage(connection: Connection, answer: Answer) -> Answer:
    """The answer with its coverage, and without its rows where these would mislead.

    Answers that are about whole runs as well keep their rows. Raises psycopg.Error.
    """
    text = _text(answer.question.name)
    if not OF_JOBS.search(text):
        return answer
    everything = replace(answer.scope, top=None)
    found = coverage_of(ask(connection, "coverage", everything).rows)
    if OF_RUNS.search(text):
        found = replace(found, is_misleading=False)
    return replace(answer, coverage=found, rows=[] if found.is_misleading else answer.rows)


def coverage_of(rows: Sequence[Mapping[str, Any]]) -> Coverage:
    """The coverage of all repositories together, from the answer to the question coverage."""
    attempts, stored = (sum(row[key] for row in rows) for key in ("attempts", "attempts_with_jobs"))
    lacking = [row["repository"] for row in rows if row["attempts_with_jobs"] < row["attempts"]]
    return Coverage(attempts, stored, lacking, stored < LEAST_SHARE * attempts)


def pasteable(name: str, scope: Scope) -> str:
    """The text of a question about this scope, to be pasted into psql."""
    values = _values(scope)
    if scope.repository_ids is not None:
        values["repository_ids"] = f"{{{','.join(map(str, scope.repository_ids))}}}"

    def literal(parameter: re.Match[str]) -> str:
        value = values[parameter[1]]
        return "null" if value is None else f"'{value}'"

    return PERIOD.sub(re.sub(r":'(\w+)'", literal, _parametrized_period()), _text(name), count=1)


def find_repositories(
    connection: Connection, names: Sequence[str]
) -> tuple[list[dict[str, Any]], list[str]]:
    """The stored repositories of these names, all where none is named; and names of none.

    GitHub ignores the case of a name. Raises UsageError where no name is known.
    """
    known = execute(connection, "report/repositories").fetchall()
    if not names:
        return known, []
    by_name = {row["repository"].casefold(): row for row in known}
    missing = [name for name in names if name.casefold() not in by_name]
    if len(missing) == len(names):
        raise UsageError(f"REPO: {names[0]} is not in this database; make status lists what is")
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
def _statement(name: str) -> str:
    """A question's statement for psycopg, its period given by parameters."""
    return for_psycopg(PERIOD.sub(_parametrized_period(), _text(name), count=1))


def _text(name: str) -> str:
    return (SQL / "analysis" / f"{name}.sql").read_text(encoding="utf-8")


@cache
def _parametrized_period() -> str:
    text = (SQL / "report" / "period.sql").read_text(encoding="utf-8")
    (period,) = PERIOD.findall(text)
    return str(period)


def _question(name: str) -> Question:
    lines = _text(name).splitlines()
    header = []
    for line in lines:
        if not line.startswith("--") or line.startswith("--   psql "):
            break
        header.append(line.removeprefix("--").strip())
    return Question(name, header[0], " ".join(header[1:]))
