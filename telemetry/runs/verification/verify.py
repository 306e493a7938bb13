"""Compares the stored runs of a repository with what GitHub lists now. Writes nothing.

It lists the interval itself and does not trust earlier listings.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

from telemetry import TelemetryError
from telemetry.database.connection import Connection, execute
from telemetry.github.errors import LimitReached
from telemetry.installation import COMMAND
from telemetry.rows.runs import Repository, WorkflowRun
from telemetry.runs.lists.listing import SEARCH_LAG, Batch, Batches
from telemetry.runs.lists.newest import Newest
from telemetry.runs.lists.windows import Span, whole_second
from telemetry.runs.request import Tools
from telemetry.runs.verification.differences import Difference, compare
from telemetry.runs.verification.verify_jobs import JobsCompared, ListedRun, compare_runs


@dataclass
class Verification:
    """The result of a comparison. Times are UTC.

    `runs` and `attempts` count what GitHub has and was compared. `newer` are differences due to
    changes and deletions at GitHub after the last listing; the next ingests fetch the changes.
    `differences` are all others. `unreadable` names listed runs that cannot be read. `unverified`
    are the intervals, from and to, without a complete list; `unlistable` says of seconds with more
    runs than GitHub lists how many there are; `error` says why the comparison ended early. `jobs`
    is the comparison of jobs, steps and earlier attempts, None if it was not requested.
    """

    repository: str
    since: datetime
    ingested_at: datetime
    runs: int = 0
    attempts: int = 0
    differences: list[Difference] = field(default_factory=list)
    newer: list[Difference] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    unverified: list[Span] = field(default_factory=list)
    unlistable: list[str] = field(default_factory=list)
    requests: int = 0
    error: str | None = None
    jobs: JobsCompared | None = None

    @property
    def is_equal(self) -> bool:
        """Whether nothing that was compared differs."""
        of_jobs = self.jobs and (self.jobs.differences or self.jobs.unreadable)
        return not (self.differences or self.unreadable or of_jobs)

    @property
    def is_whole(self) -> bool:
        """Whether all that GitHub lists of the interval was compared."""
        return not (self.unverified or self.error or (self.jobs and self.jobs.unanswered))


class NeverIngested(TelemetryError):
    """Nothing is stored of this repository, so there is nothing to compare."""


def verify(tools: Tools, name: str, jobs_of: int | None = 0) -> Verification:
    """Compare the runs of a repository that were created since the wanted start.

    Without a wanted start, runs that no ingest was to store are not compared.
    Runs missing at GitHub are found in intervals with a complete list. Jobs, steps and earlier
    attempts are compared for `jobs_of` runs drawn at random, or for all if it is None. At a rate
    limit it ends early and says so.

    Raises UsageError for a start before the retention, NeverIngested, TelemetryError if it is of
    another API host, GitHubError and UnreadableRow.
    """
    return _Comparison(tools, name, jobs_of).run()


class _Comparison:
    """The comparison of one repository."""

    def __init__(self, tools: Tools, name: str, jobs_of: int | None) -> None:
        self.tools = tools
        self.name = name
        self.jobs_of = jobs_of
        self.listed: dict[int, ListedRun] = {}
        self.connection = tools.connection
        self.requests_before = tools.client.requests
        repository = self._identify(name)
        self.key = {"repository_id": repository.repository_id}
        self.looks = _Looks(self.connection, repository)
        since = self._since()
        self.found = Verification(repository.repository, since, self.looks.ingested_at)
        self.lister = tools.lister(name)
        self.proven: list[Span] = []
        self.unlistable: list[Span] = []
        self.seen: dict[int, int] = {}
        self.differing: dict[int, tuple[WorkflowRun, list[Difference]]] = {}

    def run(self) -> Verification:
        found = self.found
        try:
            newest = Newest(self.lister)
            # GitHub's clock is known only now.
            found.since = self._since()
            self._read(newest.down_to(found.since))
            for start, end in self._unverified():
                self._read(self.lister.interval(start, end))
            if self.jobs_of != 0:
                self._compare_jobs()
        except LimitReached as error:
            found.error = str(error)
        found.unverified = self._unverified()
        for run, differences in self.differing.values():
            moment = max(run.created_at, run.updated_at or run.created_at)
            is_newer = moment >= self.looks.last(run.created_at)
            (found.newer if is_newer else found.differences).extend(differences)
        self._compare_missing()
        found.runs, found.attempts = len(self.seen), sum(self.seen.values())
        found.requests = self.tools.client.requests - self.requests_before
        return found

    def _since(self) -> datetime:
        wanted = self.tools.wanted
        start = wanted.start(self.tools.now())
        return max(start, self.looks.since) if wanted.since is None else start

    def _compare_jobs(self) -> None:
        """Compare the jobs of all listed runs, or of a sample that changes daily."""
        runs = [self.listed[run_id] for run_id in sorted(self.listed)]
        found = self.found.jobs = JobsCompared(of_runs=len(runs))
        if self.jobs_of is not None and self.jobs_of < len(runs):
            found.seed = self.tools.now().toordinal()
            runs = Random(found.seed).sample(runs, self.jobs_of)
        compare_runs(self.tools, self.name, runs, found)

    def _identify(self, name: str) -> Repository:
        """Return the stored repository; an unknown name costs a request."""
        client = self.tools.client
        row = execute(self.connection, "runs/repositories_by_name", {"repository": name}).fetchone()
        repository = (
            Repository(**row)
            if row
            else Repository.from_api(client.get_repository(name), client.host)
        )
        if repository.api_host != client.host:
            raise TelemetryError(
                f"{name} was ingested from {repository.api_host}, not from {client.host}; "
                "check GITHUB_API_URL"
            )
        return repository

    def _unverified(self) -> list[Span]:
        """Return the intervals without a complete list, newest first, except the last hour."""
        settled = whole_second(self.tools.now() - SEARCH_LAG)
        return _spaces(self.found.since, settled, self.proven + self.unlistable)

    def _read(self, batches: Batches) -> None:
        for batch in batches:
            self._compare(batch)
            for window in batch.windows:
                places = self.proven if window.is_complete else self.unlistable
                places.append((window.created_from, window.created_to))
                self.found.unlistable += [window.problem] if window.problem else []
            self.tools.progress(len(self.seen), len(self.seen), "runs listed")

    def _compare(self, batch: Batch) -> None:
        runs = [run for run in batch.runs if run.created_at >= self.found.since]
        known = {"github_run_ids": [run.github_run_id for run in runs]}
        stored: dict[int, dict[int, Mapping[str, Any]]] = defaultdict(dict)
        unstored: dict[int, dict[int, str]] = defaultdict(dict)
        for row in execute(self.connection, "runs/verify_attempts", known):
            stored[row["github_run_id"]][row["run_attempt"]] = row
        for row in execute(self.connection, "runs/verify_unstored_attempts", known):
            unstored[row["github_run_id"]][row["run_attempt"]] = row["status"]
        for run in runs:
            run_id = run.github_run_id
            self.seen[run_id] = run.run_attempt
            if self.jobs_of != 0:
                self.listed[run_id] = ListedRun(
                    run_id, run.run_attempt, run.created_at, run.updated_at
                )
            # If a run is listed twice, its last listing counts.
            self.differing.pop(run_id, None)
            if differences := compare(run, stored[run_id], unstored[run_id]):
                self.differing[run_id] = run, differences
        new = (text for text in batch.unreadable if text not in self.found.unreadable)
        self.found.unreadable += new

    def _compare_missing(self) -> None:
        """Note the stored runs that the complete lists of their time lack.

        If an ingest had listed them, and GitHub counted as many then, they were deleted since.
        """
        now = self.tools.now()
        not_listed = _spaces(self.found.since, now, self.proven)
        missing = [
            row
            for start, end in _spaces(self.found.since, now, not_listed)
            for row in execute(
                self.connection,
                "runs/verify_runs",
                {**self.key, "created_from": start, "created_to": end},
            )
            if row["github_run_id"] not in self.seen
        ]
        is_proven = bool(missing) and self._is_proven()
        for row in missing:
            is_newer = is_proven and row["is_in_window"]
            (self.found.newer if is_newer else self.found.differences).append(
                Difference(row["github_run_id"], None, "missing there")
            )

    def _is_proven(self) -> bool:
        """Whether in each complete window as many runs are stored as GitHub counted."""
        return any(
            row["repository_id"] == self.key["repository_id"] and not row["unequal_windows"]
            for row in execute(self.connection, "status/proof")
        )


class _Looks:
    """When runs were last listed by an ingest; later changes cannot be stored yet.

    `since` is the creation time of the earliest runs that an ingest was to store.
    """

    def __init__(self, connection: Connection, repository: Repository) -> None:
        key = {"repository_id": repository.repository_id}
        row = execute(connection, "runs/verify_ingestions", key).fetchone()
        if row is None:
            name = repository.repository
            raise NeverIngested(f"{name} was never ingested; try: {COMMAND} ingest REPO={name}")
        # GitHub's clock has whole seconds.
        self.ingested_at: datetime = whole_second(row["ingested_at"])
        self.since: datetime = row["since"]
        self.windows = execute(connection, "runs/verify_windows", key).fetchall()
        self.starts = [row["created_from"] for row in self.windows]

    def last(self, created_at: datetime) -> datetime:
        """Return when runs created at this time were last listed; windows repeat after a day."""
        position = bisect_right(self.starts, created_at) - 1
        if position >= 0 and created_at < self.windows[position]["created_to"]:
            listed_at: datetime = self.windows[position]["listed_at"]
            return min(self.ingested_at, listed_at)
        return self.ingested_at


def _spaces(start: datetime, end: datetime, parts: Iterable[Span]) -> list[Span]:
    """Return the parts of an interval that none of `parts` covers, newest first."""
    found = []
    for low, high in sorted(parts):
        if low > start:
            found.append((start, min(low, end)))
        start = max(start, high)
        if start >= end:
            break
    if start < end:
        found.append((start, end))
    return [(low, high) for low, high in reversed(found) if low < high]
