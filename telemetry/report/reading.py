"""Reads what a report shows from the database, as of one moment."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from itertools import count
from typing import Any

from telemetry import in_words
from telemetry.database.concerns import Concern
from telemetry.database.connection import Connection
from telemetry.database.coverage import Coverage, coverage_of, is_listed
from telemetry.database.covered import without_jobs
from telemetry.database.questions import Answer, ask, find_repositories, in_zone
from telemetry.database.snapshot import asking, snapshot
from telemetry.database.status import Status, status
from telemetry.report.data import Report, RepositoryReport
from telemetry.report.figures import Row, minute
from telemetry.report.period import Period
from telemetry.terminal import shortened

# How much of an error, or of a name from others, helps the reader.
LONGEST_CONCERN = 400


def _lists(kind: object) -> tuple[str, ...]:
    """Return the questions whose answers are lists of this type in RepositoryReport."""
    return tuple(field.name for field in fields(RepositoryReport) if field.type == kind)


# Those whose statements are too long to be written into each page.
LONG_QUESTIONS = ("slower_or_faster", "failure_causes", "quarantine")
QUESTIONS = tuple(name for name in _lists(list[Row]) if name not in LONG_QUESTIONS)
# Those that are asked about no more attempts, because a third of a report's time goes into them.
COSTLY_QUESTIONS = _lists(list[Row] | None)
QUICK_QUESTIONS = ("totals", *QUESTIONS, *LONG_QUESTIONS)
MOST_ATTEMPTS = 20_000
# From this many attempts on, questions are asked over several connections at once.
MANY_ATTEMPTS = 2_000


def report(
    connection: Connection,
    of: Period,
    now: datetime,
    names: Sequence[str] = (),
    progress: Callable[[int, int, str], None] = lambda done, total, label: None,
) -> Report:
    """Read what a report of these repositories shows, of all in the database where none is named.

    `of` is its period, `now` is what ages are counted from. `progress` is called from several
    threads, with the number of answers. Changes nothing; raises UsageError where none of them is in
    the database.
    """
    with snapshot(connection):
        stored, missing = find_repositories(connection, names)
        wanted = [row for row in stored if row["is_watched"] or names]
        scope = of.scope([row["repository_id"] for row in wanted])
        coverage = ask(connection, "coverage", scope)
        attempts = sum(row["attempts"] for row in coverage.rows)
        costly = COSTLY_QUESTIONS if attempts <= MOST_ATTEMPTS else ()
        questions = (*costly, *QUICK_QUESTIONS)  # the slowest begins first
        done = count(1)
        with asking(connection, at_once=attempts >= MANY_ATTEMPTS) as ask_for:
            asked = {"coverage before": ask_for("coverage", of.before.scope(scope.repository_ids))}
            for name in questions:
                asked[name] = ask_for(name, scope)
                asked[name].add_done_callback(
                    lambda answer: progress(next(done), len(questions), "questions")
                )
            found = status(
                connection, now=now, names=[row["repository"] for row in wanted if names]
            )
            answers = {name: _by_repository(answer.result()) for name, answer in asked.items()}
    answers["coverage"] = _by_repository(coverage)
    shared = [_shortened(concern) for concern in found.concerns if concern.repository is None]
    shared += [Concern("nothing is stored", "unknown", name) for name in missing]
    reports = [_repository_report(row, of, answers, found) for row in wanted]
    return Report(
        now.astimezone(of.time_zone),
        of,
        reports,
        shared,
        answers["llm_phases"][None],
        unwatched=[row["repository"] for row in stored if row not in wanted],
    )


Rows = defaultdict[int | None, list[Row]]


def _by_repository(answer: Answer) -> Rows:
    """The rows of an answer by their repository; what is of none belongs to each of them.

    One question for all repositories takes a hundredth of the time of one for each of 300.
    """
    rows: Rows = defaultdict(list)
    for row in answer.rows:
        rows[row.get("repository_id")].append(dict(row))
    shared = rows[None]
    for repository_id in answer.scope.repository_ids or ():
        rows[repository_id] += shared
    return rows


def _fit(lists: dict[str, Any], repository: str, of_jobs: Coverage) -> None:
    """Order the answers, and leave out what is not of this repository or would mislead."""
    if lists["forecast"]:
        # Its rows are by name, because workflows and actors have some too.
        ours = ("repository", repository)
        lists["forecast"] = [r for r in lists["forecast"] if (r["subject"], r["name"]) == ours]
    if of_jobs.is_misleading:
        lists["slower_or_faster"] = [without_jobs(row) for row in lists["slower_or_faster"]]
    lists["workflow_outcomes"].sort(key=lambda row: -row["runs"])


def _repository_report(
    repository: Row, of: Period, answers: Mapping[str, Rows], found: Status
) -> RepositoryReport:
    repository_id = repository["repository_id"]
    stored, proof = (
        next(row for row in rows if row["repository_id"] == repository_id)
        for rows in (found.repositories, found.proof)
    )
    lists: Any = dict.fromkeys(COSTLY_QUESTIONS)
    lists |= {question: rows[repository_id] for question, rows in answers.items()}
    (totals,), (coverage,), (before,) = (
        lists.pop(question) for question in ("totals", "coverage", "coverage before")
    )
    of_jobs = coverage_of([coverage])
    _fit(lists, totals["repository"], of_jobs)
    is_all_listed = is_listed(coverage, of.until)
    both = coverage_of([coverage, before])
    is_comparable = is_all_listed and not before["unlisted_seconds"]
    # Saying what is missing is more useful than saying that something is.
    of_store = [
        _shortened(concern)
        for concern in found.concerns
        if concern.repository == totals["repository"] and (is_all_listed or concern.kind != "gap")
    ]
    return RepositoryReport(
        repository_id=repository_id,
        repository=totals["repository"],
        api_host=repository["api_host"],
        period=of,
        of_jobs=replace(of_jobs, listable_from=both.listable_from),
        is_listed=is_all_listed,
        is_comparable=is_comparable,
        are_jobs_comparable=is_comparable and both.is_whole,
        totals=totals,
        **lists,
        rules=[rule.of(repository_id) for rule in found.rules],
        stored=in_zone(stored, of.time_zone),
        proof=in_zone(proof, of.time_zone),
        concerns=of_store if is_all_listed else [_unlisted(coverage), *of_store],
    )


def _unlisted(coverage: Row) -> Concern:
    name, first = coverage["repository"], coverage["unlisted_from"]
    text = (
        f"{in_words(coverage['unlisted_seconds'])} of this period are not listed "
        f"completely, the first from {minute(first)} on, so runs created then may be "
        f"missing from all figures; {coverage_of([coverage]).how_to_list('them', [name])}"
    )
    return Concern(text, "period", name)


def _shortened(concern: Concern) -> Concern:
    name = concern.repository
    text = shortened(concern, LONGEST_CONCERN)
    return Concern(text.removeprefix(f"{name}: ") if name else text, concern.kind, name)
