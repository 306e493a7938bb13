"""Differences between the stored runs, jobs and steps and those at GitHub.

Pure: knows rows, neither GitHub nor the database.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import Field, dataclass, fields
from typing import Any

from telemetry.rows.jobs import WorkflowJob, WorkflowStep
from telemetry.rows.runs import MOST_ATTEMPTS, WorkflowRun, seconds_between

# Columns with the login of an account, whose id is in a column beside it.
ACCOUNTS = ("actor", "triggering_actor")
# Not compared: columns that a list lacks, those of the repository, the ids beside logins, the key.
NOT_COMPARED = {
    "completed_at",
    "duration_seconds",
    "repository",
    "head_repository",
    "is_private",
    "html_url",
    *(f"{name}_id" for name in ACCOUNTS),
    "github_run_id",
    "run_attempt",
}
COMPARED = {f.name: f for f in fields(WorkflowRun) if f.name not in NOT_COMPARED}
JOB_KEY = ("github_run_id", "run_attempt", "job_id")
STEP_KEY = (*JOB_KEY, "number")
COMPARED_OF_JOBS = {f.name: f for f in fields(WorkflowJob) if f.name not in (*JOB_KEY, "html_url")}
COMPARED_OF_STEPS = {f.name: f for f in fields(WorkflowStep) if f.name not in STEP_KEY}


@dataclass(frozen=True)
class Difference:
    """One difference between the database and GitHub.

    `kind` is "missing here", "missing there" or "different"; for the last, `column` names the
    column, and `ours` and `theirs` are its values. `run_attempt` is None for a whole run. `job_id`
    and `step` (its number) are set for a job or a step.
    """

    github_run_id: int
    run_attempt: int | None
    kind: str
    column: str | None = None
    ours: Any = None
    theirs: Any = None
    job_id: int | None = None
    step: int | None = None


def compare(
    run: WorkflowRun, stored: Mapping[int, Mapping[str, Any]], unstored: Mapping[int, str]
) -> list[Difference]:
    """Return the differences between a run's latest attempt, as GitHub lists it, and the database.

    `stored` are the rows of its completed attempts by number. `unstored` are the states of others:
    "gone", or the last status of an open one.
    """
    run_id, latest = run.github_run_id, run.run_attempt
    if not stored and not unstored:
        return [Difference(run_id, None, "missing here")]
    found = []
    if latest in stored:
        found = _columns((run_id, latest), vars(run), stored[latest], COMPARED)
    elif latest not in unstored:
        found = [Difference(run_id, latest, "missing here")]
    elif run.status == "completed":
        ours = unstored[latest]
        found = [Difference(run_id, latest, "different", "status", ours, run.status)]
    found += [
        Difference(run_id, number, "missing here")
        for number in range(1, min(latest, MOST_ATTEMPTS + 1))
        if number not in stored and unstored.get(number) != "gone"
    ]
    found += [
        Difference(run_id, number, "missing there")
        for number in sorted({*stored, *unstored})
        if number > latest
    ]
    marked = [row["missing_upstream_at"] for row in stored.values() if row["missing_upstream_at"]]
    if marked:
        found.append(Difference(run_id, None, "different", "missing_upstream_at", min(marked)))
    return found


def compare_attempt(row: Mapping[str, Any], theirs: WorkflowRun | None) -> list[Difference]:
    """Return the differences of a stored attempt; `theirs` None: GitHub has no such attempt."""
    key = row["github_run_id"], row["run_attempt"]
    if theirs is None:
        return [Difference(*key, "missing there")]
    return _columns(key, vars(theirs), row, COMPARED)


def compare_end(row: Mapping[str, Any], jobs: Iterable[WorkflowJob]) -> list[Difference]:
    """Return the differences in the end of a stored attempt, computed from its jobs at GitHub.

    An attempt ends with the last job that ran on a runner in this attempt. If there is none,
    nothing is compared.
    """
    ends = [
        job.completed_at
        for job in jobs
        if job.runner_id is not None and not job.is_inherited and not job.is_pseudo
        if job.completed_at is not None
    ]
    if not ends:
        return []
    seconds = seconds_between(row["started_at"], max(ends))
    expected = {"completed_at": max(ends), "duration_seconds": seconds}
    key = row["github_run_id"], row["run_attempt"]
    return [
        Difference(*key, "different", column, row[column], theirs)
        for column, theirs in expected.items()
        if row[column] != theirs
    ]


def compare_jobs(
    jobs: Iterable[WorkflowJob],
    steps: Iterable[WorkflowStep],
    stored_jobs: Iterable[Mapping[str, Any]],
    stored_steps: Iterable[Mapping[str, Any]],
) -> list[Difference]:
    """Return the differences between the stored jobs and steps and GitHub's.

    If a job is missing on one side, its steps are not listed.
    """
    theirs, ours = _by_key(map(vars, jobs), JOB_KEY), _by_key(stored_jobs, JOB_KEY)
    found = _rows(theirs, ours, COMPARED_OF_JOBS)
    both = theirs.keys() & ours.keys()
    their_steps = _by_key(map(vars, steps), STEP_KEY)
    our_steps = _by_key(stored_steps, STEP_KEY)
    return found + _rows(
        {key: row for key, row in their_steps.items() if key[:3] in both},
        {key: row for key, row in our_steps.items() if key[:3] in both},
        COMPARED_OF_STEPS,
    )


Key = tuple[int, ...]
Rows = dict[Key, Mapping[str, Any]]


def _by_key(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> Rows:
    return {tuple(row[column] for column in columns): row for row in rows}


def _rows(theirs: Rows, ours: Rows, columns: Mapping[str, Field[Any]]) -> list[Difference]:
    found: list[Difference] = []
    for key in sorted(theirs.keys() | ours.keys()):
        if key not in ours:
            found.append(_difference(key, "missing here"))
        elif key not in theirs:
            found.append(_difference(key, "missing there"))
        else:
            found += _columns(key, theirs[key], ours[key], columns)
    return found


def _columns(
    key: Key, theirs: Mapping[str, Any], ours: Mapping[str, Any], columns: Mapping[str, Field[Any]]
) -> list[Difference]:
    found = []
    for name, column in columns.items():
        value, longest = theirs[name], column.metadata.get("max_length")
        if value is None:
            continue  # a stored value is kept when GitHub no longer sends it
        if longest is not None:
            value = value[:longest]
        if ours[name] != value and not _is_same_account(name, theirs, ours):
            found.append(_difference(key, "different", name, ours[name], value))
    return found


def _is_same_account(name: str, theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> bool:
    """Whether a login differs only because the account has a new one."""
    if name not in ACCOUNTS or ours[name] is None:
        return False
    number = theirs[f"{name}_id"]
    return number is not None and number == ours[f"{name}_id"]


def _difference(
    key: Key, kind: str, column: str | None = None, ours: Any = None, theirs: Any = None
) -> Difference:
    run_id, attempt, job_id, step = (*key, None, None)[:4]
    assert run_id is not None
    return Difference(run_id, attempt, kind, column, ours, theirs, job_id, step)
