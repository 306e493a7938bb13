"""The record of one repository's ingest: who holds it, how far it has come, what was unreadable."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from telemetry import TelemetryError
from telemetry.database.connection import Counts, execute, upsert
from telemetry.rows.runs import Ingestion, Repository, WorkflowRun
from telemetry.runs.lease import Lease
from telemetry.runs.request import Report, Tools

MOST_NAMED = 20


class IngestLog:
    """Opened when GitHub has said which repository it is; written with every page after that."""

    def __init__(self, tools: Tools, name: str) -> None:
        self.tools = tools
        self.connection = tools.connection
        self.name = name
        self.since = tools.wanted.start(tools.now())
        self.repository: Repository | None = None
        self.ingestion: Ingestion | None = None
        self.attempts = self.jobs = self.steps = self.runs_with_jobs = 0
        self._recorded = True
        self._lease: Lease | None = None
        self._lock = threading.Lock()
        self._began = tools.clock()
        self._opened = self._began
        self._requests_before = tools.client.requests
        self._not_modified_before = tools.client.not_modified
        self._unreadable: dict[str, None] = {}

    @property
    def key(self) -> dict[str, Any]:
        """The parameter that names the repository."""
        assert self.repository is not None
        return {"repository_id": self.repository.repository_id}

    def open(self, repository: Repository, *, recorded: bool = True) -> None:
        """Take the lease and write down that the ingest has begun. Raises lease.Held."""
        self._recorded = recorded
        now = self.tools.now()
        with self.connection.transaction():
            if upsert(self.connection, [repository]).updated:
                execute(self.connection, "runs/rename_workflow_runs", vars(repository))
        self.repository = repository
        self.since = self.tools.wanted.start(now)
        self._lease = Lease(self.connection, repository.repository_id, self.name)
        self._lease.take()
        self.tools.client.on_heartbeat(self._keep_lease)
        self._opened = self.tools.clock()
        self.ingestion = self._new(repository.repository_id, now)
        self.write()
        if repository.repository.lower() != self.name.lower():
            self.tools.notify(
                f"{self.name} is now called {repository.repository}; "
                "its history goes on under that name"
            )

    def _new(self, repository_id: int, now: datetime) -> Ingestion:
        # GitHub tells whole seconds, in which two ingests may begin.
        fraction = int(self._opened * 1_000_000) % 1_000_000
        return Ingestion(
            repository_id=repository_id,
            started_at=now.replace(microsecond=fraction),
            finished_at=None,
            outcome="running",
            since=self.since,
        )

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction that writes only as long as this ingest holds its lease. Raises Lost."""
        assert self._lease is not None
        with self._lock, self.connection.transaction():
            self._lease.renew()
            yield

    def _keep_lease(self) -> None:
        """Called by whichever thread waits for GitHub; a transaction under way renews it anyway."""
        if self._lease is not None and self._lock.acquire(blocking=False):
            try:
                with suppress(TelemetryError, psycopg.Error):
                    self._lease.renew()
            finally:
                self._lock.release()

    def write(self, ingestion: Ingestion | None = None) -> None:
        """Store the record as it is, or as it will be, with the requests sent until now."""
        ingestion = ingestion or self.ingestion
        if ingestion is not None and self._recorded:
            execute(self.connection, "runs/record_ingestions", vars(self._with_requests(ingestion)))

    def _with_requests(self, ingestion: Ingestion) -> Ingestion:
        client = self.tools.client
        return replace(
            ingestion,
            requests=client.requests - self._requests_before,
            not_modified=client.not_modified - self._not_modified_before,
        )

    def counted(self, counts: Counts, new: list[WorkflowRun], unreadable: int) -> Ingestion:
        """The record with what a page adds to it; `new` are its runs that were not seen before."""
        assert self.ingestion is not None
        so_far = self.ingestion
        not_completed = sum(run.status != "completed" for run in new)
        written = counts.inserted + counts.updated + counts.unchanged
        seen_before = written - (len(new) - not_completed)
        return replace(
            so_far,
            fetched=so_far.fetched + len(new) + unreadable,
            inserted=so_far.inserted + counts.inserted,
            updated=so_far.updated + counts.updated,
            # A run that is listed again is unchanged, or else counted as updated.
            unchanged=so_far.unchanged + counts.unchanged - seen_before,
            not_completed=so_far.not_completed + not_completed,
            unreadable=so_far.unreadable + unreadable,
            cut=so_far.cut + counts.cut,
        )

    def new_unreadable(self, texts: list[str]) -> list[str]:
        """Those that were not named before: a page may come twice."""
        new = [text for text in dict.fromkeys(texts) if text not in self._unreadable]
        self._unreadable.update(dict.fromkeys(new))
        return new

    def close(self, outcome: str, problem: str | None) -> None:
        """Write down how the ingest ended and give the lease back."""
        with suppress(psycopg.OperationalError):
            if self.ingestion is None:
                self._open_unanswered()
        if self.ingestion is None:
            return
        took = timedelta(seconds=self.tools.clock() - self._opened)
        finished_at = self.ingestion.started_at + took
        self.ingestion = self._with_requests(
            replace(self.ingestion, finished_at=finished_at, outcome=outcome, error=problem)
        )
        try:
            self.write()
            if self._lease is not None:
                self._lease.release()
        except psycopg.OperationalError:
            # The pages are stored; a lost connection must not hide why the ingest ended.
            if outcome == "complete":
                raise

    def _open_unanswered(self) -> None:
        """A record for a repository that is known, so that its status tells of the failure."""
        name = {"repository": self.name}
        known = execute(self.connection, "runs/repositories_by_name", name).fetchone()
        if known is not None:
            now = datetime.fromtimestamp(self._began, UTC)
            self.ingestion = self._new(known["repository_id"], now)

    def report(self, outcome: str, problem: str | None) -> Report:
        """How it ended, for whoever started it."""
        return Report(
            repository=self.repository.repository if self.repository else self.name,
            outcome=outcome,
            error=problem,
            ingestion=self.ingestion,
            unreadable=tuple(self._unreadable)[:MOST_NAMED],
            seconds=self.tools.clock() - self._began,
            attempts=self.attempts,
            jobs=self.jobs,
            steps=self.steps,
        )
