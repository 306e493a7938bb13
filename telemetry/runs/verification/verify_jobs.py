"""Compares stored jobs, steps and earlier attempts, which no list of runs shows, with GitHub's."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from telemetry.database.connection import Connection, execute
from telemetry.github.client import GitHub
from telemetry.github.errors import GitHubError, NotFound
from telemetry.rows.reading import UnreadableRow
from telemetry.rows.runs import WorkflowRun
from telemetry.runs.fetching import fetchers
from telemetry.runs.job_lists import DueAttempt
from telemetry.runs.jobs import JobsOfRun, fetch_jobs
from telemetry.runs.request import Tools
from telemetry.runs.retries import is_denied, is_of_item
from telemetry.runs.verification.differences import (
    Difference,
    compare_attempt,
    compare_end,
    compare_jobs,
)

COMPARED_TOGETHER = 50

Row = Mapping[str, Any]
Rows = list[Row]


@dataclass(frozen=True)
class ListedRun:
    """A run in GitHub's list: its latest attempt, and when that was last updated (UTC)."""

    github_run_id: int
    run_attempt: int
    created_at: datetime
    updated_at: datetime | None


@dataclass
class JobsCompared:
    """The result of comparing jobs, steps and earlier attempts.

    `runs`, `attempts`, `jobs` and `steps` count what GitHub has and was compared; `attempts` are
    earlier ones. `pending_attempts` counts stored attempts whose jobs are not stored yet; they are
    not compared. `of_runs` is the number of runs from which the sample was drawn with `seed`, which
    is None if all were compared. `unanswered` names runs that GitHub did not answer, with the
    reason.
    """

    of_runs: int
    seed: int | None = None
    runs: int = 0
    attempts: int = 0
    jobs: int = 0
    steps: int = 0
    pending_attempts: int = 0
    differences: list[Difference] = field(default_factory=list)
    newer: list[Difference] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Answer:
    """GitHub's jobs of a run, and its earlier attempts by number (None: there is no such one)."""

    jobs: JobsOfRun | None = None
    attempts: Mapping[int, WorkflowRun | UnreadableRow | None] = field(default_factory=dict)
    failure: GitHubError | None = None


def compare_runs(tools: Tools, name: str, runs: Sequence[ListedRun], into: JobsCompared) -> None:
    """Compare these runs of a repository and add the results to `into`.

    It takes a request for the jobs of each run and one for each earlier attempt. A run that GitHub
    does not answer is named and skipped. Raises LimitReached; `into` then has the results so far.
    Raises GitHubError if the token, the network or GitHub as a whole is at fault: also if all runs
    are refused.
    """
    # An error ends this part of the client only: other repositories may follow.
    tools = replace(tools, client=tools.client.part())
    refusal: GitHubError | None = None
    with fetchers(tools) as pool:
        for start in range(0, len(runs), COMPARED_TOGETHER):
            group = runs[start : start + COMPARED_TOGETHER]
            stored = _stored(tools.connection, group)
            asked = [(run, stored[run.github_run_id]) for run in group]
            answers = pool.map(partial(_ask, tools.client, name), asked)
            for (run, rows), answer in zip(asked, answers, strict=True):
                _compare(run, rows, answer, into)
                tools.progress(into.runs, len(runs), "runs compared")
                if not into.runs and answer.failure and is_denied(answer.failure):
                    refusal = answer.failure
            if not into.runs and refusal is not None:
                raise refusal


@dataclass
class _Stored:
    """The stored rows of a run; `listed` are its attempts whose jobs are stored, by number."""

    attempts: Rows = field(default_factory=list)
    jobs: Rows = field(default_factory=list)
    steps: Rows = field(default_factory=list)

    @property
    def listed(self) -> dict[int, Row]:
        return {row["run_attempt"]: row for row in self.attempts if row["jobs_listed_at"]}


def _stored(connection: Connection, runs: Sequence[ListedRun]) -> dict[int, _Stored]:
    """Return the stored rows of these runs, by run."""
    found = {run.github_run_id: _Stored() for run in runs}
    asked = {"github_run_ids": list(found)}
    for row in execute(connection, "runs/verify_attempts", asked):
        found[row["github_run_id"]].attempts.append(row)
    for row in execute(connection, "runs/verify_jobs", asked):
        found[row["github_run_id"]].jobs.append(row)
    for row in execute(connection, "runs/verify_steps", asked):
        found[row["github_run_id"]].steps.append(row)
    return found


def _ask(client: GitHub, name: str, asked: tuple[ListedRun, _Stored]) -> _Answer:
    """Fetch the jobs of a run's stored attempts, and the earlier ones of these attempts."""
    run, stored = asked
    due = [
        DueAttempt(number, row["started_at"], row["conclusion"])
        for number, row in stored.listed.items()
    ]
    numbers = [row["run_attempt"] for row in stored.attempts]
    try:
        jobs = fetch_jobs(client, name, run.github_run_id, due) if due else None
        attempts = {
            number: _attempt(client, name, run, number)
            for number in numbers
            if number < run.run_attempt
        }
    except GitHubError as error:
        if not is_of_item(error):
            raise
        return _Answer(failure=error)
    return _Answer(jobs, attempts)


def _attempt(
    client: GitHub, name: str, run: ListedRun, number: int
) -> WorkflowRun | UnreadableRow | None:
    try:
        answer = client.get_workflow_run(name, run.github_run_id, number)
        return WorkflowRun.from_attempt(answer, run.created_at)
    except NotFound:
        return None
    except UnreadableRow as error:
        return error.with_traceback(None)


def _compare(run: ListedRun, stored: _Stored, answer: _Answer, into: JobsCompared) -> None:
    if answer.failure is not None:
        into.unanswered.append(f"run {run.github_run_id}: {answer.failure}")
        return
    listed = stored.listed
    into.runs += 1
    into.pending_attempts += sum(
        row["run_attempt"] not in listed and row["conclusion"] != "skipped"
        for row in stored.attempts
    )
    for row in stored.attempts:
        if row["run_attempt"] in answer.attempts:
            theirs = answer.attempts[row["run_attempt"]]
            if isinstance(theirs, UnreadableRow):
                into.unreadable.append(str(theirs))
            else:
                into.attempts += 1
                is_newer = theirs is not None and _is_newer(row, theirs.updated_at)
                place = into.newer if is_newer else into.differences
                place += compare_attempt(row, theirs)
    if answer.jobs is None or answer.jobs.is_missing:
        return  # nothing is stored, or the list of runs shows that it is gone
    into.jobs += len(answer.jobs.jobs)
    into.steps += len(answer.jobs.steps)
    into.unreadable += answer.jobs.unreadable
    for found in _of_jobs(stored, answer.jobs):
        row = listed[found.run_attempt or 0]
        is_newer = _is_newer(row, _updated_at(run, row["run_attempt"], answer))
        (into.newer if is_newer else into.differences).append(found)


def _is_newer(row: Row, updated_at: datetime | None) -> bool:
    """Whether GitHub changed an attempt after its jobs were fetched."""
    listed_at = row["jobs_listed_at"]
    return updated_at is not None and listed_at is not None and updated_at >= listed_at


def _of_jobs(stored: _Stored, theirs: JobsOfRun) -> Iterator[Difference]:
    """Yield differences in jobs and steps, and in ends of attempts computed from jobs."""
    attempts = stored.listed
    jobs = [row for row in stored.jobs if row["run_attempt"] in attempts]
    steps = [row for row in stored.steps if row["run_attempt"] in attempts]
    yield from compare_jobs(theirs.jobs, theirs.steps, jobs, steps)
    for number, row in attempts.items():
        yield from compare_end(row, [job for job in theirs.jobs if job.run_attempt == number])


def _updated_at(run: ListedRun, number: int, answer: _Answer) -> datetime | None:
    """Return when GitHub last changed an attempt, UTC."""
    attempt = answer.attempts.get(number)
    return attempt.updated_at if isinstance(attempt, WorkflowRun) else run.updated_at
