"""Answers to the questions in sql/analysis/, as of the moment a test's rows were made for."""

from datetime import datetime, timedelta
from typing import Any

from telemetry.database.connection import Connection
from telemetry.database.questions import Scope, ask

# The questions about what no made-up history holds; tests of their own have rows for them.
UNANSWERED = {
    "bill",
    "bill_lines",
    "deployments",
    "queued_runs",
    "stalled",
    "stopped_schedules",
    "timeouts",
    "untaken_jobs",
}


def rows_of(
    connection: Connection, name: str, until: datetime, days: int = 30
) -> list[dict[str, Any]]:
    """The rows of a question about the days before `until`, which need not be the present."""
    scope = Scope(until - timedelta(days=days), until)
    return [dict(row) for row in ask(connection, name, scope).rows]
