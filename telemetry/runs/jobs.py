"""Jobs and steps of workflow runs: which are due, fetching them, and storing them.

One request answers the jobs of all attempts of a run, up to 100 (`filter=all`). Since May 2025
GitHub may leave out older attempts there, or their steps (reported in r-universe-org/help issue
607); then the attempt is asked for itself. `fetch_jobs` knows no database and may run in any
thread; `pending_jobs` and `store_jobs` belong to the one that writes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from telemetry.database.connection import Connection, Counts, execute, upsert
from telemetry.github.client import GitHub
from telemetry.github.errors import NotFound
from telemetry.github.pagination import Page
from telemetry.rows.jobs import WorkflowJob, WorkflowStep
from telemetry.rows.reading import (
    UnreadableRow,
    read_attempt,
    read_mapping,
    wrong_value,
)

# An attempt that awaits approval, or that could not start, has no jobs (recorded): that a list
# shows none is no sign that it leaves them out.
WITHOUT_JOBS = ("action_required", "startup_failure")


@dataclass(frozen=True)
class DueAttempt:
    """A stored attempt whose jobs are to be fetched. `started_at` is UTC."""

    run_attempt: int
    started_at: datetime | None
    conclusion: str | None


@dataclass(frozen=True)
class PendingRun:
    """A run with attempts whose jobs are to be fetched."""

    github_run_id: int
    attempts: tuple[DueAttempt, ...]


@dataclass(frozen=True)
class JobsOfRun:
    """The jobs and steps of some attempts of a run, each of them once.

    `attempts` are the numbers of those that were asked for, whether they have jobs or not.
    `unreadable` names the jobs and steps that could not be read, with the reason. `is_missing`:
    GitHub answers 404 for the run, so there may have been more jobs than these.
    """

    github_run_id: int
    attempts: tuple[int, ...]
    jobs: list[WorkflowJob]
    steps: list[WorkflowStep]
    unreadable: tuple[str, ...]
    is_missing: bool


@dataclass(frozen=True)
class StoredJobs:
    """What storing jobs and steps did to the tables."""

    jobs: Counts
    steps: Counts


def pending_jobs(
    connection: Connection, repository_id: int, limit: int | None = None
) -> list[PendingRun]:
    """Runs of a repository with attempts whose jobs are to be fetched, newest first; all or some.

    Runs that GitHub no longer has are left out. Raises psycopg.Error.
    """
    parameters = {"repository_id": repository_id, "limit": limit}
    return [
        PendingRun(
            row["github_run_id"],
            tuple(
                DueAttempt(*attempt)
                for attempt in zip(
                    row["run_attempts"], row["started_at"], row["conclusions"], strict=True
                )
            ),
        )
        for row in execute(connection, "runs/pending_jobs", parameters)
    ]


def fetch_jobs(
    client: GitHub, repository: str, run_id: int, attempts: Sequence[DueAttempt]
) -> JobsOfRun:
    """The jobs and steps of these attempts of a run, as GitHub has them now.

    Takes one request for each 100 jobs of the whole run, and as many again for each attempt that
    the first answer left out. Raises GitHubError as the client does, but not NotFound: a run that
    is gone has no jobs to be had.
    """
    found = _Found(run_id, {attempt.run_attempt: attempt for attempt in attempts})
    path = f"/repos/{repository}/actions/runs/{run_id}"
    is_missing = False
    try:
        found.read(client.pages(f"{path}/jobs", "jobs", {"filter": "all"}), 1)
    except NotFound:
        is_missing = True
    for number in () if is_missing else found.left_out():
        try:
            found.read(client.pages(f"{path}/attempts/{number}/jobs", "jobs"), number)
        except NotFound:
            continue
    return JobsOfRun(
        github_run_id=run_id,
        attempts=tuple(found.due),
        jobs=[job for job, _ in found.jobs.values()],
        steps=[step for _, steps in found.jobs.values() for step in steps],
        unreadable=tuple(found.unreadable),
        is_missing=is_missing,
    )


def store_jobs(
    connection: Connection, runs: Sequence[JobsOfRun], listed_at: datetime
) -> StoredJobs:
    """Store what was fetched of some runs, in one transaction; its attempts are due no longer.

    They get `listed_at` (UTC), and their end and duration from the jobs that really ran in them.
    Attempts that are not stored, because they were pruned in the meantime, are passed over.
    Raises psycopg.Error; then nothing is stored, and all of it is still due.
    """
    with connection.transaction():
        keys = _stored(connection, runs)
        stored = StoredJobs(
            jobs=upsert(connection, (j for run in runs for j in run.jobs if _key(j) in keys)),
            steps=upsert(connection, (s for run in runs for s in run.steps if _key(s) in keys)),
        )
        parameters = {**_attempts(keys), "listed_at": listed_at}
        execute(connection, "runs/record_jobs_listed", parameters)
    return stored


@dataclass
class _Found:
    """What the lists of a run's jobs have shown so far of the attempts that are due."""

    run_id: int
    due: dict[int, DueAttempt]
    jobs: dict[tuple[int, int], tuple[WorkflowJob, list[WorkflowStep]]] = field(
        default_factory=dict
    )
    # In order and each once, though two lists may show the same job.
    unreadable: dict[str, None] = field(default_factory=dict)

    def read(self, pages: Iterable[Page], run_attempt: int) -> None:
        """Add the jobs in these pages; `run_attempt` is that of jobs which do not say theirs."""
        for page in pages:
            for item in page.items:
                try:
                    self._add(item, run_attempt)
                except UnreadableRow as error:
                    self.unreadable[str(error)] = None

    def left_out(self) -> list[int]:
        """The attempts that the list of all has not shown, or without their steps."""
        return [
            number
            for number, attempt in self.due.items()
            if not self._is_shown(number) and attempt.conclusion not in WITHOUT_JOBS
        ]

    def _is_shown(self, run_attempt: int) -> bool:
        shown = [found for key, found in self.jobs.items() if key[0] == run_attempt]
        has_steps = any(steps for _, steps in shown)
        return bool(shown) and (has_steps or not any(job.runner_id for job, _ in shown))

    def _add(self, item: Any, run_attempt: int) -> None:
        payload = read_mapping(item, "job")
        stated = read_attempt(payload)
        attempt = self.due.get(run_attempt if stated is None else stated)
        if attempt is None:
            return
        job = WorkflowJob.from_api(payload, attempt.started_at, attempt.run_attempt)
        if job.github_run_id != self.run_id:
            raise wrong_value(payload, "run_id", f"{self.run_id}, which was asked for")
        steps = self._steps(payload, job)
        # Recorded: a job listed twice, once with fewer steps.
        _, known = self.jobs.get((job.run_attempt, job.job_id), (job, []))
        if len(steps) >= len(known):
            self.jobs[job.run_attempt, job.job_id] = job, steps

    def _steps(self, payload: Mapping[str, Any], job: WorkflowJob) -> list[WorkflowStep]:
        items = payload.get("steps") or []
        if not isinstance(items, list):
            self.unreadable[str(wrong_value(payload, "steps", "a list"))] = None
            return []
        steps = []
        for item in items:
            try:
                steps.append(WorkflowStep.from_api(item, job))
            except UnreadableRow as error:
                self.unreadable[str(error)] = None
        return steps


Key = tuple[int, int]


def _key(row: WorkflowJob | WorkflowStep) -> Key:
    return row.github_run_id, row.run_attempt


def _attempts(keys: Iterable[Key]) -> dict[str, list[int]]:
    """The parameters that name these attempts."""
    pairs = sorted(keys)
    return {
        "github_run_ids": [run_id for run_id, _ in pairs],
        "run_attempts": [attempt for _, attempt in pairs],
    }


def _stored(connection: Connection, runs: Sequence[JobsOfRun]) -> set[Key]:
    asked = {(run.github_run_id, attempt) for run in runs for attempt in run.attempts}
    rows = execute(connection, "runs/stored_attempts", _attempts(asked))
    return {(row["github_run_id"], row["run_attempt"]) for row in rows}
