"""Answers with what they lack: misleading figures are left out, and the answer says so."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, timedelta
from functools import cache
from typing import Any

from telemetry.database.connection import SQL, Connection
from telemetry.database.coverage import Coverage, coverage_of, is_listed
from telemetry.database.questions import Answer, Scope, ask, text_of

Rows = Sequence[Mapping[str, Any]]

# The views that a question reads show whether it is about jobs and steps or about runs.
READ = re.compile(r"\b(?:from|join) (\w+)")
OF_RUNS = {"attempts", "incidents"}
# It lists what jobs are missing itself, as a cause of a difference.
SAYS_WHAT_IT_LACKS = {"billed_lines"}
# Of these, the ones that are mainly about runs, with their columns and rows about jobs.
ALSO_OF_RUNS = ("busy_hours", "slower_or_faster", "totals", "trend")
COLUMNS_OF_JOBS = re.compile(
    r"jobs|job_minutes|queue_p\d+_seconds|carried_by|job|job_(before|after)_seconds|step"
)
FIGURES_OF_JOBS = ("queue",)
# Looks further back than the period, whichever it is.
LOOKS_BACK = {"never_failed": timedelta(days=90)}
# These compare with the period of equal length before, in columns of these names.
COMPARES = "period.since - (period.until - period.since)"
COMPARED = re.compile(r"(?:.+_)?before|change|would_show")


def with_coverage(
    connection: Connection, answer: Answer, again: Callable[[Scope], Answer] | None = None
) -> Answer:
    """Return the answer with its coverage, without misleading figures.

    If less than half of a repository's jobs are stored, it says nothing about them. If the period
    before is not known as well as this one, it gives no change. `again` asks the same about another
    scope; without it the question is asked by its name.
    """
    name, text = answer.question.name, text_of(answer.question.name)
    views = {*READ.findall(text)}
    is_of_jobs = bool(views & _of_jobs())
    if name == "coverage" or name.startswith("llm_") or not (is_of_jobs or views & OF_RUNS):
        return answer
    since = answer.scope.until - LOOKS_BACK.get(name, timedelta())
    scope = replace(answer.scope, top=None, since=min(answer.scope.since, since))
    rows = ask(connection, "coverage", scope).rows
    unlisted = [row for row in rows if not is_listed(row, scope.until)]
    found = replace(
        coverage_of(rows),
        is_of_jobs=is_of_jobs,
        is_misleading=False,
        unlisted=[row["repository"] for row in unlisted],
        listable_from=coverage_of(unlisted).listable_from,
    )
    if is_of_jobs:
        again = again or (lambda scope: ask(connection, name, scope))
        answer, found = _without_few_jobs(answer, again, found, rows)
    if COMPARES in text and answer.rows:
        answer, found = _compared(connection, answer, found, rows)
    return replace(answer, coverage=found)


@cache
def _of_jobs() -> set[str]:
    """The views of jobs that ran: executed_jobs and those made from it."""
    found = {"executed_jobs"}
    # By number: a view comes after what it reads.
    for path in sorted((SQL / "views").glob("*.sql")):
        if found & {*READ.findall(path.read_text(encoding="utf-8"))}:
            found.add(path.stem.partition("_")[2])
    return found - SAYS_WHAT_IT_LACKS


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
            without_jobs(row) if row["repository"] in few else row
            for row in answer.rows
            if row["repository"] not in few or row.get("figure") not in FIGURES_OF_JOBS
        ]
        return replace(answer, rows=kept), found
    others = [row for row in rows if row["repository"] not in few and row["attempts"]]
    # What the forecast says of LLM calls depends on no job.
    of_calls = [row for row in answer.rows if row.get("kind") == "llm"]
    if not others and not of_calls:
        return replace(answer, rows=[]), replace(found, is_misleading=True, left_out=())
    scope = replace(answer.scope, repository_ids=[row["repository_id"] for row in others])
    of_jobs = [row for row in again(scope).rows if row.get("kind") != "llm"]
    return replace(answer, rows=[*of_jobs, *of_calls]), found


def _compared(
    connection: Connection, answer: Answer, found: Coverage, rows: Rows
) -> tuple[Answer, Coverage]:
    """Leave out changes against an earlier period that is not known as well as this one."""
    scope = answer.scope
    since, until = scope.since.astimezone(UTC), scope.until.astimezone(UTC)
    earlier = replace(scope, since=since - (until - since), until=since, top=None)
    before = {row["repository_id"]: row for row in ask(connection, "coverage", earlier).rows}

    def is_comparable(row: Mapping[str, Any], is_of_jobs: bool) -> bool:
        both = [row, before[row["repository_id"]]]
        are_listed = is_listed(row, scope.until) and not both[1]["unlisted_seconds"]
        return are_listed and (not is_of_jobs or coverage_of(both).is_whole)

    of_runs, of_jobs = (
        [row["repository"] for row in rows if not is_comparable(row, is_of_jobs)]
        for is_of_jobs in (False, True)
    )
    incomparable = of_runs if answer.question.name in ALSO_OF_RUNS else of_jobs
    kept = [
        _without_change(row)
        if row["repository"] in (of_jobs if row.get("figure") in FIGURES_OF_JOBS else incomparable)
        else row
        for row in answer.rows
    ]
    return replace(answer, rows=kept), replace(found, incomparable=incomparable)


def _without_change(row: Mapping[str, Any]) -> dict[str, Any]:
    verdict = {"verdict": "not comparable"} if "verdict" in row else {}
    return {**_blank(row, COMPARED), **verdict}


def without_jobs(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of a question about runs with what it says of jobs unknown."""
    return _blank(row, COLUMNS_OF_JOBS)


def _blank(row: Mapping[str, Any], columns: re.Pattern[str]) -> dict[str, Any]:
    """Return a row with the values in these columns unknown."""
    return {key: None if columns.fullmatch(key) else value for key, value in row.items()}
