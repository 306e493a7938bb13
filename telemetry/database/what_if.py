"""What runs would last and cost if a job ran on another runner."""

from dataclasses import dataclass

from telemetry.database.connection import Connection
from telemetry.database.questions import Answer, Scope, answer, questions


@dataclass(frozen=True)
class Change:
    """A job (None: each in turn), the kind of runner or label it moves to, and its relative speed.

    With a `speed` of 2 it takes half as long as now.
    """

    job: str | None
    runner: str
    speed: float


def what_if(connection: Connection, scope: Scope, change: Change) -> Answer:
    """Return the answer of sql/analysis/what_if.sql to this change. Raises psycopg.Error."""
    (question,) = (each for each in questions() if each.name == "what_if")
    values = {**vars(change), "job": change.job or ""}
    return answer(connection, question, scope, change=values)
