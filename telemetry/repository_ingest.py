"""One repository's runs from GitHub into the tables: where client, rows and database meet.

It lists what the windows say is missing or due, asks after the runs that were open, fetches the
earlier attempts, which no list shows, and then jobs and steps. What was fetched is stored with
every page, so that whatever stops it, the next ingest goes on from there.
"""

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import psycopg

from telemetry import TelemetryError
from telemetry.database import Connection, Counts, execute, patiently, upsert
from telemetry.github import BudgetSpent, GitHub, GitHubError, NotFound, Page, RateLimited
from telemetry.jobs import JobsOfRun, PendingRun, fetch_jobs, pending_jobs, store_jobs
from telemetry.lease import Held, Lease
from telemetry.listing import SEARCH_LAG, Batch, Batches, Limits, ListedWindow, Lister, groups
from telemetry.rows import Ingestion, OpenRun, Repository, UnreadableRow, WorkflowRun
from telemetry.settings import UsageError

DEFAULT_AGE = timedelta(days=30)
PER_PAGE = 100
MOST_NAMED = 20
MOST_PROBES = 50
STORED_TOGETHER = 50

# A run can be re-run for 30 days after it was created, and lasts 35 days at most (GitHub's
# "Re-running workflows and jobs" and "Actions limits"); what is open for longer will not end.
LONGEST_OPEN = timedelta(days=66)

Notify = Callable[[str], None]
Progress = Callable[[int, int], None]
Item = TypeVar("Item")
Found = TypeVar("Found")


@dataclass(frozen=True)
class Wanted:
    """Which runs an ingest is to store: those created since a moment, or an age before now.

    Nothing before `horizon` is, because pruning would take it out again. `jobs`: their jobs and
    steps too. `full`: list again all that was ever listed.
    """

    since: datetime | timedelta | None
    horizon: datetime
    jobs: bool = True
    full: bool = False

    def start(self, now: datetime) -> datetime:
        """The moment (UTC) the wanted runs start at. Raises UsageError if it cannot be kept."""
        if self.since is None:
            return _whole(max(now - DEFAULT_AGE, self.horizon))
        start = now - self.since if isinstance(self.since, timedelta) else self.since
        # An age is measured by another clock than the horizon: allow for their difference.
        if start < self.horizon - timedelta(hours=1):
            raise UsageError(
                f"SINCE reaches back to {start:%Y-%m-%d}, but runs from before "
                f"{self.horizon:%Y-%m-%d} would be pruned at once; "
                "choose a later SINCE or a longer KEEP"
            )
        if start > now + timedelta(hours=1):
            raise UsageError(f"SINCE: {start:%Y-%m-%d %H:%M} UTC lies in the future")
        return _whole(max(start, self.horizon))


@dataclass(frozen=True)
class Report:
    """How the ingest of one repository ended.

    `outcome` is complete, incomplete (saved, the next ingest goes on), interrupted or failed;
    `error` says why it is not complete. `ingestion` is None when nothing could be stored at all.
    `unreadable` names what could not be stored, the first 20. `attempts`, `jobs` and `steps` count
    the rows of earlier attempts, of jobs and of steps that were new or changed.
    """

    repository: str
    outcome: str
    error: str | None
    ingestion: Ingestion | None
    unreadable: tuple[str, ...]
    seconds: float
    attempts: int = 0
    jobs: int = 0
    steps: int = 0


@dataclass(frozen=True)
class Tools:
    """What every repository's ingest works with."""

    connection: Connection
    client: GitHub
    wanted: Wanted
    concurrency: int = 1
    limits: Limits = field(default_factory=Limits)
    clock: Callable[[], float] = time.time
    notify: Notify = lambda text: None
    progress: Progress = lambda done, total: None

    def now(self) -> datetime:
        """GitHub's clock as of its last answer, UTC; the local one before there is any."""
        return self.client.github_time or datetime.fromtimestamp(self.clock(), UTC)


class RepositoryIngest:
    """The ingest of one repository; `run` does it once."""

    def __init__(self, tools: Tools, name: str) -> None:
        self.tools = tools
        self.connection = tools.connection
        self.client = tools.client
        self.name = name
        self.lister = Lister(
            tools.client, name, concurrency=tools.concurrency, limits=tools.limits, clock=tools.now
        )
        self.requests_before = self.client.requests
        self.not_modified_before = self.client.not_modified
        self.repository: Repository | None = None
        self.lease: Lease | None = None
        self.ingestion: Ingestion | None = None
        self.since = tools.wanted.start(tools.now())
        self.seen: set[int] = set()
        self.unreadable_seen: set[str] = set()
        self.unreadable: list[str] = []
        self.estimate = 0
        self.attempts = self.jobs = self.steps = self.runs_with_jobs = 0
        self.began_at = tools.clock()
        self.lock = threading.Lock()

    def run(self, run_id: int | None = None) -> Report:
        """Do all of it, or all for one run; returns how it ended.

        Raises UsageError and psycopg.OperationalError.
        """
        began = self.tools.clock()
        outcome, problem = "complete", None
        try:
            if run_id is None:
                self._list_all()
            else:
                self._read_one(run_id)
            self._fetch_attempts(run_id)
            if self.tools.wanted.jobs:
                self._fetch_jobs(run_id)
            problem = self._left() if run_id is None else None
            outcome = "incomplete" if problem else "complete"
        except (RateLimited, BudgetSpent) as error:
            outcome, problem = "incomplete", "; ".join(filter(None, [str(error), self._left()]))
        except Held as error:
            return self._report("incomplete", str(error), began)
        except UsageError:
            raise
        except (TelemetryError, UnreadableRow) as error:
            outcome, problem = "failed", str(error)
        except KeyboardInterrupt:
            outcome, problem = "interrupted", "interrupted before it was done"
        self._finish(outcome, problem)
        return self._report(outcome, problem, began)

    def _report(self, outcome: str, problem: str | None, began: float) -> Report:
        return Report(
            repository=self.repository.repository if self.repository else self.name,
            outcome=outcome,
            error=problem,
            ingestion=self.ingestion,
            unreadable=tuple(self.unreadable),
            seconds=self.tools.clock() - began,
            attempts=self.attempts,
            jobs=self.jobs,
            steps=self.steps,
        )

    # Lists

    def _list_all(self) -> None:
        self._list_newest()
        self._reread_open_runs()
        self._list_missing()
        self._list_due()
        self._probe_unlisted()

    def _read_one(self, run_id: int) -> None:
        """One run, as a workflow that is triggered by its end asks for it."""
        run = WorkflowRun.from_api(self.client.get_workflow_run(self.name, run_id))
        self._begin(Page([run], 1, 1, 1, None))
        if run.created_at < self.tools.wanted.horizon:
            raise UsageError(
                f"RUN_ID: run {run_id} was created on {run.created_at:%Y-%m-%d} and would be "
                "pruned at once; choose a longer KEEP"
            )
        self.since = self.tools.wanted.horizon
        self._store(Batch(runs=[run]))

    def _list_newest(self) -> None:
        """What is newer than the windows reach, and older as long as nothing was listed there."""
        self._store_all(self.lister.newest(self._begin))

    def _begin(self, page: Page) -> datetime:
        """Find out from the first page who this is; returns how far back to list."""
        now = self.tools.now()
        self.since = self.tools.wanted.start(now)
        self.repository = self._identify(page)
        self.lease = Lease(self.connection, self.repository.repository_id, self.name)
        self.lease.take()
        self.client.on_heartbeat(self._keep_lease)
        gaps = self._gaps(self.since, now)
        # The newest gap reaches up to now. Where it touches the start, all of it is listed.
        down_to = gaps[0][0] if gaps else now
        self.began_at = self.tools.clock()
        self.ingestion = Ingestion(
            repository_id=self.repository.repository_id,
            # GitHub tells whole seconds, in which two ingests may begin.
            started_at=now.replace(microsecond=int(self.began_at * 1_000_000) % 1_000_000),
            finished_at=None,
            outcome="running",
            since=self.since,
        )
        self._record()
        self.estimate = _estimate(page, down_to, now)
        self.tools.notify(self._estimate_text(down_to))
        return down_to

    def _identify(self, page: Page) -> Repository:
        """Its runs say so themselves; only an empty list costs a request."""
        host = self.client.host
        known = [run for run in page.items if isinstance(run, WorkflowRun) and run.repository]
        if known and known[0].repository_id is not None and known[0].repository is not None:
            repository = Repository(known[0].repository_id, known[0].repository, host)
        else:
            repository = Repository.from_api(self.client.get_repository(self.name), host)
        with self.connection.transaction():
            if upsert(self.connection, [repository]).updated:
                execute(self.connection, "rename_workflow_runs", vars(repository))
        if repository.repository.lower() != self.name.lower():
            self.tools.notify(
                f"{self.name} is now called {repository.repository}; "
                "its history goes on under that name"
            )
        return repository

    def _gaps(self, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        """What of an interval is not listed completely, newest first."""
        rows = execute(
            self.connection,
            "missing_intervals",
            {**self._key, "wanted_from": start, "wanted_to": end},
        )
        return [(row["gap_from"], row["gap_to"]) for row in rows]

    def _list_missing(self) -> None:
        """What is still missing: older than GitHub lists at once, or than was listed so far."""
        settled = _whole(self.tools.now() - SEARCH_LAG)
        if self.since < settled:
            for start, end in self._gaps(self.since, settled):
                self._store_all(self.lister.interval(start, end))

    def _list_due(self) -> None:
        """What was listed when its runs could still be re-run, and longer than a day ago."""
        due = execute(
            self.connection,
            "due_windows",
            {
                **self._key,
                "now": self.tools.now(),
                "horizon": self.tools.wanted.horizon,
                "full": self.tools.wanted.full,
            },
        ).fetchall()
        began = self._started_at
        stale = [_Due(**row) for row in due if row["listed_at"] < began.replace(microsecond=0)]
        for group in sorted(groups(stale, PER_PAGE), key=lambda g: min(w.listed_at for w in g)):
            start, end = group[-1].created_from, group[0].created_to
            fingerprint = self.client.token_fingerprint
            known = group[0].etag if group[0].etag_token == fingerprint else None
            etag = known if len(group) == 1 and fingerprint else None
            self._store_all(self.lister.interval(start, end, etag))

    def _store_all(self, batches: Batches) -> None:
        for batch in batches:
            self._store(batch)

    def _store(self, batch: Batch) -> None:
        """Write a page's runs, or windows, and how far the ingest has come, in one transaction."""
        assert self.repository is not None
        wanted = [run for run in batch.runs if run.created_at >= self.since]
        new = [run for run in wanted if run.github_run_id not in self.seen]
        unreadable = [text for text in batch.unreadable if text not in self.unreadable_seen]
        completed = [_of(run, self.repository) for run in wanted if run.status == "completed"]
        still_open = [OpenRun.of(r, self.repository) for r in wanted if r.status != "completed"]
        ids = [run.github_run_id for run in wanted]

        def write() -> Counts:
            with self._writing():
                counts = upsert(self.connection, completed)
                upsert(self.connection, still_open)
                if ids:
                    execute(self.connection, "close_open_runs", {"github_run_ids": ids})
                    execute(self.connection, "clear_unlisted", {"github_run_ids": ids})
                for window in batch.windows:
                    self._store_window(window)
                self._record(self._counted(counts, new, len(unreadable)))
            return counts

        counts = patiently(write)
        self.ingestion = self._counted(counts, new, len(unreadable))
        self.seen.update(ids)
        self.unreadable_seen.update(unreadable)
        self._name_unreadable(unreadable)
        self.tools.progress(self.ingestion.fetched, max(self.estimate, self.ingestion.fetched))

    def _counted(self, counts: Counts, new: list[WorkflowRun], unreadable: int) -> Ingestion:
        """The record of this ingest with what a page adds to it; each run is counted once."""
        assert self.ingestion is not None
        so_far = self.ingestion
        not_completed = sum(run.status != "completed" for run in new)
        seen_before = counts.inserted + counts.updated + counts.unchanged + not_completed - len(new)
        return replace(
            so_far,
            fetched=so_far.fetched + len(new) + unreadable,
            inserted=so_far.inserted + counts.inserted,
            updated=so_far.updated + counts.updated,
            unchanged=so_far.unchanged + counts.unchanged - seen_before,
            not_completed=so_far.not_completed + not_completed,
            unreadable=so_far.unreadable + unreadable,
            cut=so_far.cut + counts.cut,
        )

    def _store_window(self, window: ListedWindow) -> None:
        listed_at = self.tools.now()
        span = {"created_from": window.created_from, "created_to": window.created_to}
        if window.ids is None:
            execute(
                self.connection,
                "touch_windows",
                {**self._key, "created_from": window.created_from, "listed_at": listed_at},
            )
            return
        execute(self.connection, "clear_windows", {**self._key, **span})
        execute(
            self.connection,
            "record_windows",
            {
                **self._key,
                **span,
                "reported": window.reported,
                "seen": window.seen,
                "listed_at": listed_at,
                "is_complete": window.is_complete,
                "problem": window.problem,
                "etag": window.etag,
                "etag_token": self.client.token_fingerprint if window.etag else None,
            },
        )
        if window.is_complete:
            left_out = {**self._key, **span, "listed": window.ids, "listed_at": listed_at}
            execute(self.connection, "note_unlisted_runs", left_out)
            execute(self.connection, "note_unlisted_open_runs", left_out)

    # Runs one by one

    def _reread_open_runs(self) -> None:
        """The open runs that the list did not reach, until they have ended."""
        rows = execute(self.connection, "open_runs", self._key).fetchall()
        oldest = self.tools.now() - LONGEST_OPEN
        over = [row["github_run_id"] for row in rows if row["created_at"] < oldest]
        if over:
            execute(self.connection, "forget_open_runs", {"github_run_ids": over})
        settled = self.tools.now() - SEARCH_LAG
        for window in execute(self.connection, "windows_with_open_runs", self._key).fetchall():
            unseen = set(window["github_run_ids"]) - self.seen - set(over)
            if len(unseen) > 1 and window["created_to"] <= settled:
                self._store_all(self.lister.interval(window["created_from"], window["created_to"]))
        ids = [row["github_run_id"] for row in rows if row["created_at"] >= oldest]
        self._each([i for i in ids if i not in self.seen], self._fetch_run, self._store_runs)

    def _fetch_run(self, run_id: int) -> tuple[int, WorkflowRun | None]:
        try:
            return run_id, WorkflowRun.from_api(self.client.get_workflow_run(self.name, run_id))
        except NotFound:
            return run_id, None

    def _store_runs(self, found: list[tuple[int, WorkflowRun | None]]) -> None:
        self._store(Batch(runs=[run for _, run in found if run is not None]))
        gone = [run_id for run_id, run in found if run is None]
        if not gone:
            return
        with self._writing():
            execute(self.connection, "forget_open_runs", {"github_run_ids": gone})
            for run_id in gone:
                execute(
                    self.connection,
                    "mark_missing_upstream",
                    {"github_run_id": run_id, "missing_upstream_at": self.tools.now()},
                )

    def _probe_unlisted(self) -> None:
        """Ask for runs that a complete list left out: what is gone is marked, and stays."""
        rows = execute(self.connection, "unlisted_runs", {**self._key, "most": MOST_PROBES})
        ids = [row["github_run_id"] for row in rows]
        self._each(ids, self._fetch_run, self._store_runs)

    def _fetch_attempts(self, run_id: int | None) -> None:
        """The attempts before the latest, each once; of one run, or of all."""
        keys = [
            (row["github_run_id"], row["run_attempt"], row["created_at"])
            for row in execute(self.connection, "pending_attempts", self._key)
            if run_id in (None, row["github_run_id"])
        ]
        self._each(keys, self._fetch_attempt, self._store_attempts)

    def _fetch_attempt(
        self, key: tuple[int, int, datetime]
    ) -> tuple[tuple[int, int, datetime], WorkflowRun | UnreadableRow | None]:
        run_id, attempt, created_at = key
        try:
            answer = self.client.get_workflow_run(self.name, run_id, attempt)
            return key, WorkflowRun.from_attempt(answer, created_at)
        except NotFound:
            return key, None
        except UnreadableRow as error:
            return key, error

    def _store_attempts(
        self, found: list[tuple[tuple[int, int, datetime], WorkflowRun | UnreadableRow | None]]
    ) -> None:
        assert self.repository is not None
        rows = [_of(row, self.repository) for _, row in found if isinstance(row, WorkflowRun)]
        with self._writing():
            counts = upsert(self.connection, rows)
            for (run_id, attempt, _), row in found:
                if row is None:
                    execute(
                        self.connection,
                        "record_missing_attempts",
                        {
                            **self._key,
                            "github_run_id": run_id,
                            "run_attempt": attempt,
                            "missing_at": self.tools.now(),
                        },
                    )
            self._record()
        self.attempts += counts.inserted + counts.updated
        self._name_unreadable([str(row) for _, row in found if isinstance(row, UnreadableRow)])

    def _fetch_jobs(self, run_id: int | None) -> None:
        """Jobs and steps of attempts that have none stored yet, newest run first."""
        assert self.repository is not None
        pending = pending_jobs(self.connection, self.repository.repository_id)
        runs = [run for run in pending if run_id in (None, run.github_run_id)]
        self._each(runs, self._fetch_jobs_of, self._store_jobs)

    def _fetch_jobs_of(self, run: PendingRun) -> JobsOfRun:
        return fetch_jobs(self.client, self.name, run.github_run_id, run.attempts)

    def _store_jobs(self, found: list[JobsOfRun]) -> None:
        with self._writing():
            stored = store_jobs(self.connection, found, self.tools.now())
            self._record()
        self.runs_with_jobs += len(found)
        self.jobs += stored.jobs.inserted + stored.jobs.updated
        self.steps += stored.steps.inserted + stored.steps.updated
        self._name_unreadable([text for run in found for text in run.unreadable])

    def _each(
        self,
        items: Iterable[Item],
        fetch: Callable[[Item], Found],
        store: Callable[[list[Found]], None],
    ) -> None:
        """Fetch items, a few at a time, and store what was found, some at a time.

        At an error no more are begun; what is under way is still stored, then the error is raised.
        """
        waiting, running, found = deque(items), set[Future[Found]](), list[Found]()
        failure: GitHubError | UnreadableRow | None = None
        total, done = len(waiting), 0
        with ThreadPoolExecutor(self.tools.concurrency, "github-items") as pool:
            try:
                while running or (waiting and failure is None):
                    while waiting and failure is None and len(running) < 2 * self.tools.concurrency:
                        running.add(pool.submit(fetch, waiting.popleft()))
                    finished, running = wait(running, return_when=FIRST_COMPLETED)
                    for future in finished:
                        try:
                            found.append(future.result())
                        except (GitHubError, UnreadableRow) as error:
                            failure = failure or error
                    if len(found) >= STORED_TOGETHER or not (running or waiting):
                        store(found)
                        done += len(found)
                        found = []
                        self.tools.progress(done, total)
                if found:
                    store(found)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        if failure is not None:
            raise failure

    # What is left, and the record

    def _left(self) -> str | None:
        """What this ingest did not get done, in words; None when nothing is left."""
        if self.repository is None:
            return None
        said = [
            f"runs created from {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC still to list"
            for start, end in self._gaps(self.since, _whole(self.tools.now() - SEARCH_LAG))
        ][:3]
        left = execute(self.connection, "work_left", self._key).fetchone()
        runs = left["runs_without_jobs"] if left and self.tools.wanted.jobs else 0
        if runs:
            text = f"jobs of {runs:,} runs still to fetch"
            if self.runs_with_jobs:
                ingests = math.ceil(runs / self.runs_with_jobs)
                text += f", at this rate done in {ingests:,} ingest{'s' if ingests > 1 else ''}"
            said.append(text)
        return "; ".join(said) or None

    @property
    def _key(self) -> dict[str, Any]:
        assert self.repository is not None
        return {"repository_id": self.repository.repository_id}

    @property
    def _started_at(self) -> datetime:
        assert self.ingestion is not None
        return self.ingestion.started_at

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A transaction that writes only as long as this ingest holds its lease."""
        assert self.lease is not None
        with self.lock, self.connection.transaction():
            self.lease.renew()
            yield

    def _keep_lease(self) -> None:
        """Called by whichever thread waits for GitHub; a transaction under way renews it anyway."""
        if self.lease is not None and self.lock.acquire(blocking=False):
            try:
                with suppress(TelemetryError, psycopg.Error):
                    self.lease.renew()
            finally:
                self.lock.release()

    def _record(self, ingestion: Ingestion | None = None) -> None:
        """Write down how far the ingest has come, with the requests it has sent until now."""
        ingestion = ingestion or self.ingestion
        if ingestion is not None:
            execute(self.connection, "record_ingestions", vars(self._with_requests(ingestion)))

    def _with_requests(self, ingestion: Ingestion) -> Ingestion:
        return replace(
            ingestion,
            requests=self.client.requests - self.requests_before,
            not_modified=self.client.not_modified - self.not_modified_before,
        )

    def _name_unreadable(self, texts: list[str]) -> None:
        self.unreadable += texts[: MOST_NAMED - len(self.unreadable)]

    def _finish(self, outcome: str, problem: str | None) -> None:
        if self.ingestion is None:
            self._begin_unanswered()
        if self.ingestion is None:
            return
        took = timedelta(seconds=self.tools.clock() - self.began_at)
        self.ingestion = self._with_requests(
            replace(
                self.ingestion,
                finished_at=self.ingestion.started_at + took,
                outcome=outcome,
                error=problem,
            )
        )
        try:
            self._record()
            if self.lease is not None:
                self.lease.release()
        except psycopg.OperationalError:
            # The pages are stored; a lost connection must not hide why the ingest ended.
            if outcome == "complete":
                raise

    def _begin_unanswered(self) -> None:
        """A record for a repository that is known, so that its status tells of the failure."""
        with suppress(psycopg.OperationalError):
            name = {"repository": self.name}
            known = execute(self.connection, "repositories_by_name", name).fetchone()
            if known is not None:
                self.ingestion = Ingestion(
                    repository_id=known["repository_id"],
                    started_at=datetime.fromtimestamp(self.began_at, UTC),
                    finished_at=None,
                    outcome="running",
                    since=self.since,
                )

    def _estimate_text(self, down_to: datetime) -> str:
        requests = max(1, math.ceil(self.estimate / PER_PAGE))
        text = (
            f"{self.name}: about {self.estimate:,} runs since {down_to:%Y-%m-%d %H:%M} UTC, "
            f"{requests:,} request{'s' if requests > 1 else ''}"
        )
        limit = self.client.rate_limit
        if limit is None:
            return text
        return f"{text}; GitHub allows {limit.remaining:,} more until {limit.reset_at:%H:%M} UTC"


@dataclass(frozen=True)
class _Due:
    """A window to list again."""

    created_from: datetime
    created_to: datetime
    reported: int | None
    seen: int
    listed_at: datetime
    etag: str | None
    etag_token: str | None


def _of(run: WorkflowRun, repository: Repository) -> WorkflowRun:
    """The run as one of the repository that was asked, where it does not say so itself."""
    if run.repository_id is not None and run.repository is not None:
        return run
    return replace(run, repository_id=repository.repository_id, repository=repository.repository)


def _estimate(page: Page, since: datetime, now: datetime) -> int:
    """How many runs there may be since then: as many as the pace of the first page comes to."""
    moments = [run.created_at for run in page.items if isinstance(run, WorkflowRun)]
    wanted = sum(moment >= since for moment in moments)
    listed = page.total_count if page.total_count is not None else math.inf
    if wanted < len(page.items) or listed <= len(page.items):
        return wanted
    pace = wanted / max((now - min(moments, default=since)).total_seconds(), 1)
    return int(min(listed, max(wanted, pace * (now - since).total_seconds())))


def _whole(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)
