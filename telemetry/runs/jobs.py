"""Jobs and steps of workflow runs: which are due, fetching them, and storing them.

Jobs that are not final yet (see `job_lists`) are stored and fetched again.

One request returns up to 100 jobs of all attempts of a run (`filter=all`). Since May 2025 GitHub
may omit older attempts there, or their steps (reported in r-universe-org/help issue 607); such an
attempt is requested separately. `fetch_jobs` uses no database and may run in any thread;
`pending_jobs` and `store_jobs` belong to the thread that writes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from telemetry.database.connection import Connection, execute
from telemetry.database.upserts import Counts, upsert
from telemetry.github.client import GitHub
from telemetry.github.errors import NotFound
from telemetry.github.options import Paging
from telemetry.rows.jobs import WorkflowJob, WorkflowStep
from telemetry.runs.job_lists import DueAttempt, JobLists
from telemetry.runs.retries import Retry, attempt_keys


@dataclass(frozen=True)
class PendingRun:
    """A run, and its attempts whose jobs are to be fetched."""

    github_run_id: int
    created_at: datetime
    attempts: tuple[DueAttempt, ...]


@dataclass(frozen=True)
class JobsOfRun:
    """The jobs and steps of some attempts of a run, each of them once.

    `attempts` are the numbers of the requested attempts, with or without jobs; `retries` are those
    whose jobs are not final. `unreadable` names the jobs and steps that could not be read, with the
    reason. `is_missing` means that GitHub no longer has the run, so jobs may be missing here.
    """

    github_run_id: int
    attempts: tuple[int, ...]
    jobs: list[WorkflowJob]
    steps: list[WorkflowStep]
    unreadable: tuple[str, ...]
    is_missing: bool
    retries: tuple[Retry, ...] = ()

    @classmethod
    def of(
        cls, found: JobLists, *, is_missing: bool = False, retries: Iterable[Retry] = ()
    ) -> "JobsOfRun":
        """Return what was read of the job lists of a run."""
        return cls(
            github_run_id=found.run_id,
            attempts=tuple(found.due),
            jobs=[job for job, _ in found.jobs.values()],
            steps=[step for _, steps in found.jobs.values() for step in steps],
            unreadable=tuple(found.unreadable),
            is_missing=is_missing,
            retries=tuple(retries),
        )


@dataclass(frozen=True)
class StoredJobs:
    """What storing jobs and steps did to the tables."""

    jobs: Counts
    steps: Counts


def pending_jobs(
    connection: Connection, repository_id: int, now: datetime, *, forced: bool = False
) -> list[PendingRun]:
    """Return runs with attempts whose jobs are to be fetched now, newest first.

    Items that failed are included when their next try is due, or if `forced`. Runs that GitHub no
    longer has are omitted.
    """
    parameters = {"repository_id": repository_id, "now": now, "forced": forced}
    return [
        PendingRun(
            row["github_run_id"],
            row["created_at"],
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
    """Fetch the jobs and steps of these attempts of a run.

    It takes one request for each 100 jobs of the run, and as many for each attempt that the first
    answer omitted. After a 404, the run itself is requested. Raises GitHubError as the client does,
    except NotFound: the result of a deleted run has `is_missing`.
    """
    found = JobLists(run_id, {attempt.run_attempt: attempt for attempt in attempts})
    path = f"/repos/{repository}/actions/runs/{run_id}"
    once = Paging(retry_missing=False, conflict_is_empty=False)
    try:
        found.read(client.pages(f"{path}/jobs", "jobs", {"filter": "all"}, once))
    except NotFound:
        # A run may exist although its jobs do not yet; only its own 404 says that it is gone.
        if is_gone(client, repository, run_id):
            return JobsOfRun.of(found, is_missing=True)
        found.miss()
    else:
        for number in found.left_out():
            try:
                pages = client.pages(f"{path}/attempts/{number}/jobs", "jobs", paging=once)
                found.read(pages, number)
            except NotFound:
                found.miss(number)
    return JobsOfRun.of(found, retries=found.retries(client.github_time or datetime.now(UTC)))


def is_gone(client: GitHub, repository: str, run_id: int) -> bool:
    """Ask whether GitHub no longer has a run. Raises GitHubError except NotFound."""
    try:
        client.get_workflow_run(repository, run_id, retry_missing=False)
    except NotFound:
        return True
    return False


def store_jobs(
    connection: Connection, runs: Sequence[JobsOfRun], listed_at: datetime
) -> StoredJobs:
    """Store the jobs of some runs in one transaction; attempts with final jobs are then done.

    Those attempts get `listed_at` (UTC), and their end and duration from the jobs that really ran
    in them. Attempts that were pruned in the meantime are skipped. Raises psycopg.Error; then
    nothing is stored and everything is still due.
    """
    not_final = {(retry.github_run_id, retry.run_attempt) for run in runs for retry in run.retries}
    with connection.transaction():
        keys = _stored(connection, runs)
        stored = StoredJobs(
            jobs=upsert(connection, (j for run in runs for j in run.jobs if _key(j) in keys)),
            steps=upsert(connection, (s for run in runs for s in run.steps if _key(s) in keys)),
        )
        parameters = {**attempt_keys(keys - not_final), "listed_at": listed_at}
        execute(connection, "runs/record_jobs_listed", parameters)
    return stored


Key = tuple[int, int]


def _key(row: WorkflowJob | WorkflowStep) -> Key:
    return row.github_run_id, row.run_attempt


def _stored(connection: Connection, runs: Sequence[JobsOfRun]) -> set[Key]:
    asked = {(run.github_run_id, attempt) for run in runs for attempt in run.attempts}
    rows = execute(connection, "runs/stored_attempts", attempt_keys(asked))
    return {(row["github_run_id"], row["run_attempt"]) for row in rows}
