"""The questions in sql/analysis/: which there are, and their answers from the database.

A question is a file that anyone can paste into psql; its header says what it asks and how to read
the answer. Nothing of it is repeated here.
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from telemetry.database.connection import SQL, Connection, execute
from telemetry.settings import UsageError


@dataclass(frozen=True)
class Question:
    """One file of sql/analysis/: its name, its first line, and how to read its answer."""

    name: str
    title: str
    reading: str


@dataclass(frozen=True)
class Answer:
    """A question's rows under its columns, in their order; times are as the database has them."""

    question: Question
    columns: Sequence[str]
    rows: Sequence[Mapping[str, Any]]


def questions() -> list[Question]:
    """All questions, by name."""
    return [_question(path.stem) for path in sorted((SQL / "analysis").glob("*.sql"))]


def ask(connection: Connection, name: str) -> Answer:
    """The answer to one question, named as its file is, with or without folder and suffix.

    Raises UsageError when there is none of that name, and psycopg.Error.
    """
    known = {question.name: question for question in questions()}
    short = name.rsplit("/", 1)[-1].removesuffix(".sql")
    if short not in known:
        close = difflib.get_close_matches(short, known, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(close)}?" if close else "make queries lists them"
        raise UsageError(f"Q: there is no question named {name}; {hint}")
    cursor = execute(connection, f"analysis/{short}")
    columns = [column.name for column in cursor.description or ()]
    return Answer(known[short], columns, cursor.fetchall())


def _question(name: str) -> Question:
    lines = (SQL / "analysis" / f"{name}.sql").read_text(encoding="utf-8").splitlines()
    header = []
    for line in lines:
        if not line.startswith("--") or line.startswith("--   psql "):
            break
        header.append(line.removeprefix("--").strip())
    return Question(name, header[0], " ".join(header[1:]))
