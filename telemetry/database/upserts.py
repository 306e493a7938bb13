"""Stores rows in their tables: inserted, updated if they have changed, and counted."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, fields, replace
from operator import attrgetter
from typing import Any, NamedTuple, Self

from telemetry.database.connection import Connection, naming, statement
from telemetry.rows.jobs import WorkflowJob, WorkflowStep
from telemetry.rows.llm import LlmCall
from telemetry.rows.prices import FreeRun, LlmPrice, NameKind, RunnerLabel, RunnerPrice, StoredPrice
from telemetry.rows.runs import Account, OpenRun, Repository, WorkflowRun
from telemetry.rows.spans import LlmSpan
from telemetry.rows.workflows import Workflow

Row = (
    WorkflowRun
    | OpenRun
    | WorkflowJob
    | WorkflowStep
    | LlmCall
    | LlmSpan
    | Repository
    | Account
    | Workflow
    | StoredPrice
)


class Table(NamedTuple):
    """A table, the columns of its key, and the folder of its upsert in sql/.

    Rows are written in key order: writers that lock rows in the same order cannot deadlock.
    """

    name: str
    key: tuple[str, ...]
    folder: str

    @property
    def upsert(self) -> str:
        """The name of the upsert statement."""
        return f"{self.folder}/upsert_{self.name}"

    @property
    def delete_unlisted(self) -> str:
        """The name of the statement that deletes what a list no longer has."""
        return f"{self.folder}/delete_unlisted_{self.name}"


TABLES: Mapping[type, Table] = {
    WorkflowRun: Table("workflow_runs", ("github_run_id", "run_attempt"), "runs"),
    WorkflowJob: Table("workflow_jobs", ("github_run_id", "run_attempt", "job_id"), "runs"),
    WorkflowStep: Table(
        "workflow_steps", ("github_run_id", "run_attempt", "job_id", "number"), "runs"
    ),
    OpenRun: Table("open_runs", ("github_run_id",), "runs"),
    LlmCall: Table("llm_calls", ("source", "call_id"), "llm"),
    LlmSpan: Table("llm_spans", ("trace_id", "span_id"), "llm"),
    Repository: Table("repositories", ("repository_id",), "runs"),
    Account: Table("accounts", ("account_id",), "runs"),
    Workflow: Table("workflows", ("workflow_id",), "runs"),
    RunnerPrice: Table("runner_prices", ("sku", "effective_from"), "prices"),
    RunnerLabel: Table("runner_labels", ("label",), "prices"),
    FreeRun: Table("free_runs", ("path", "free_from"), "prices"),
    NameKind: Table("name_kinds", ("subject", "pattern"), "kinds"),
    LlmPrice: Table(
        "llm_prices",
        ("model", "effective_from", "provider", "tier", "above_input_tokens"),
        "prices",
    ),
}

# The maximum length of text columns, in characters.
BOUNDED: Mapping[type, list[tuple[str, int]]] = {
    kind: [(f.name, f.metadata["max_length"]) for f in fields(kind) if "max_length" in f.metadata]
    for kind in TABLES
}

# A pooler forbids prepared statements, so PostgreSQL plans each statement again. Measured: a
# statement of one row costs six times as much a row as one of a hundred; more gain nothing.
ROWS_PER_STATEMENT = 1_000


@dataclass(frozen=True)
class Counts:
    """What an upsert did: rows inserted, updated, unchanged, and values cut to their column."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    cut: int = 0

    def __add__(self, other: Self) -> Self:
        return type(self)(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))


def upsert(connection: Connection, rows: Iterable[Row]) -> Counts:
    """Store rows of one table in one transaction; if a key is repeated, its last row counts.

    Raises psycopg.Error; then no row is stored.
    """
    unique: dict[Any, Row] = {}
    cut = 0
    for row in rows:
        shortened, changed = _fitted(row)
        cut += changed
        table = TABLES[type(row)]
        unique[attrgetter(*table.key)(row)] = shortened
    if not unique:
        return Counts(cut=cut)
    ordered = [vars(unique[key]) for key in sorted(unique)]
    batches = [
        {"rows": as_json(ordered[start : start + ROWS_PER_STATEMENT])}
        for start in range(0, len(ordered), ROWS_PER_STATEMENT)
    ]
    query = statement(table.upsert).encode()

    flags: list[bool] = []
    with (
        naming(f"sql/{table.upsert}.sql"),
        connection.transaction(),
        connection.cursor() as cursor,
    ):
        cursor.executemany(query, batches, returning=True)
        for result in cursor.results():
            flags.extend(row["inserted"] for row in result)
    inserted = sum(flags)
    return Counts(inserted, len(flags) - inserted, len(ordered) - len(flags), cut)


def as_json(rows: list[dict[str, Any]]) -> str:
    """Return the parameter `rows` of a statement, with numeric and timestamptz exact as text."""
    return json.dumps(rows, default=str, ensure_ascii=False, separators=(",", ":"))


def _fitted(row: Row) -> tuple[Row, int]:
    """Return the row with values cut to the length of their column, and how many were cut."""
    changes = {}
    for name, longest in BOUNDED[type(row)]:
        value = getattr(row, name)
        if value is not None and len(value) > longest:
            changes[name] = value[:longest]
    return (replace(row, **changes) if changes else row), len(changes)
