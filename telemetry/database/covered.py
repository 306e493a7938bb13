"""Answers with what they lack: misleading figures are left out, and the answer says so."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC
from typing import Any

from telemetry.database.connection import Connection
from telemetry.database.coverage import Coverage, coverage_of, is_listed
from telemetry.database.questions import Answer, Scope, ask, text_of

Rows = Sequence[Mapping[str, Any]]

# The views that a question reads show whether it is about jobs and steps or about runs.
OF_JOBS = re.compile(
    r"(?:from|join) "
    r"(?:executed_(?:jobs|steps)|job_costs|flaky_job_runs|first_failures|failure_causes|wasted_jobs)\b"
)
OF_RUNS = re.compile(r"(?:from|join) (?:attempts|incidents)\b")
# Of these, the ones that are mainly about runs, with their columns and rows about jobs.
ALSO_OF_RUNS = ("busy_hours", "slower_or_faster", "totals", "trend")
COLUMNS_OF_JOBS = re.compile(r"jobs|job_minutes|queue_p\d+_seconds")
FIGURES_OF_JOBS = ("queue",)
# These compare with the period of equal length before, in columns of these names.
COMPARES = "period.since - (period.until - period.since)"
COMPARED = re.compile(r"(?:.+_)?before|change|would_show")


def with_coverage(
    connection: Connection, answer: Answer, again: Callable[[Scope], Answer] | None = None
) -> Answer:
    """Return the answer with its coverage, without misleading figures. Raises psycopg.Error.

    If less than half of a repository's jobs are stored, it says nothing about them. If the period
    before is not known as well as this one, it gives no change. `again` asks the same about another
    scope; without it the question is asked by its name.
    """
    name, text = answer.question.name, text_of(answer.question.name)
    is_of_jobs = bool(OF_JOBS.search(text))
    if name == "coverage" or name.startswith("llm_") or not (is_of_jobs or OF_RUNS.search(text)):
        return answer
    scope = replace(answer.scope, top=None)
    rows = ask(connection, "coverage", scope).rows
    unlisted = [row for row in rows if not is_listed(row, scope.until)]
    found = replace(
        coverage_of(rows),
        is_of_jobs=is_of_jobs,
        is_misleading=False,
        unlisted=[row["repository"] for row in unlisted],
        unlisted_from=min((row["unlisted_from"] for row in unlisted), default=None),
    )
    if is_of_jobs:
        again = again or (lambda scope: ask(connection, name, scope))
        answer, found = _without_few_jobs(answer, again, found, rows)
    if COMPARES in text and answer.rows:
        answer, found = _compared(connection, answer, found, rows)
    return replace(answer, coverage=found)


def _without_few_jobs(
    answer: Answer, again: Callable[[Scope], Answer], found: Coverage, rows: Rows
) -> tuple[Answer, Coverage]:
    """Leave out what the answer says about jobs in repositories that have few of them."""
    few = [row["repository"] for row in rows if coverage_of([row]).is_misleading]
    if not few:
        return answer, found
    found = replace(found, left_out=few)
    if answer.question.name in ALSO_OF_RUNS:
        kept = [
            row
            for row in answer.rows
            if row["repository"] not in few or row.get("figure") not in FIGURES_OF_JOBS
        ]
        return replace(answer, rows=_blanked(kept, few, COLUMNS_OF_JOBS)), found
    others = [row for row in rows if row["repository"] not in few and row["attempts"]]
    if not others:
        return replace(answer, rows=[]), replace(found, is_misleading=True, left_out=())
    scope = replace(answer.scope, repository_ids=[row["repository_id"] for row in others])
    return replace(again(scope), scope=answer.scope), found


def _compared(
    connection: Connection, answer: Answer, found: Coverage, rows: Rows
) -> tuple[Answer, Coverage]:
    """Leave out changes against an earlier period that is not known as well as this one."""
    scope = answer.scope
    since, until = scope.since.astimezone(UTC), scope.until.astimezone(UTC)
    earlier = replace(scope, since=since - (until - since), until=since, top=None)
    before = {row["repository_id"]: row for row in ask(connection, "coverage", earlier).rows}

    def is_comparable(row: Mapping[str, Any]) -> bool:
        both = [row, before[row["repository_id"]]]
        are_listed = is_listed(row, scope.until) and not both[1]["unlisted_seconds"]
        return are_listed and (answer.question.name in ALSO_OF_RUNS or coverage_of(both).is_whole)

    incomparable = [row["repository"] for row in rows if not is_comparable(row)]
    kept = [
        {**row, "verdict": "not comparable"}
        if "verdict" in row and row["repository"] in incomparable
        else row
        for row in answer.rows
    ]
    made = replace(answer, rows=_blanked(kept, incomparable, COMPARED))
    return made, replace(found, incomparable=incomparable)


def _blanked(rows: Rows, repositories: Sequence[str], columns: re.Pattern[str]) -> Rows:
    """Return rows with the values in these columns unknown, for these repositories."""
    return [
        {key: None if columns.fullmatch(key) else value for key, value in row.items()}
        if row["repository"] in repositories
        else row
        for row in rows
    ]
