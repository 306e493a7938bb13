"""The record of one repository's ingest: its lease, its counts, and what was unreadable."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any

import psycopg

from telemetry import TelemetryError
from telemetry.database.connection import execute
from telemetry.database.transactions import with_retries
from telemetry.database.upserts import Counts, upsert
from telemetry.rows.ingestions import Ingestion
from telemetry.rows.runs import Repository
from telemetry.runs.lease import Forgotten, Lease
from telemetry.runs.request import Report, Tools
from telemetry.runs.retries import AwaitedItem, awaited

MOST_NAMED = 20
SAME_MOMENT = timedelta(seconds=2)


@dataclass(frozen=True)
class Tally(Counts):
    """What an ingest, or one transaction of it, did: the counts of runs, and more.

    `fetched` to `unreadable` count runs too; `unreadable_items` counts earlier attempts, jobs and
    steps that could not be read. Up to here these are columns of `ingestions`. `attempts`, `jobs`
    and `steps` count new or changed rows, `runs_with_jobs` runs whose jobs were requested,
    `unanswered_items` items for which GitHub sent only errors, or fewer jobs than it counts.
    """

    fetched: int = 0
    not_completed: int = 0
    unreadable: int = 0
    unreadable_items: int = 0
    attempts: int = 0
    jobs: int = 0
    steps: int = 0
    runs_with_jobs: int = 0
    unanswered_items: int = 0


RECORDED = {field.name for field in fields(Tally)} & {field.name for field in fields(Ingestion)}


class IngestLog:
    """The record of one ingest of a known repository; all its writes go through it.

    `name` is what the repository was asked for by, `since` the creation time (UTC) of the earliest
    wanted runs. End it with `close`.
    """

    def __init__(
        self, tools: Tools, name: str, repository: Repository, began: float, *, recorded: bool
    ) -> None:
        """Take the lease and, if the ingest is to be recorded, store its start.

        `began` is when it sent its first request, by the tools' timer. Raises lease.Held.
        """
        self.tools = tools
        self.name = name
        self.connection = tools.connection
        self.repository = repository
        self.key: dict[str, Any] = {"repository_id": repository.repository_id}
        self.done = Tally()
        self._done_at = {0: self.done}  # by renewal of the lease
        self._began = began
        self._recorded = recorded
        self._unreadable: dict[str, None] = {}
        self._name_repository()
        now = tools.now()
        gap = execute(self.connection, "runs/first_gap", self.key).fetchone()
        self.since = tools.wanted.start(now, gap["gap_from"] if gap else None)
        self._lease = Lease(self.connection, repository.repository_id, name)
        self._lease.take()
        tools.client.on_heartbeat(self._keep_lease)
        self._opened = tools.timer()
        self.ingestion = _new(tools, repository.repository_id, now, self.since)
        self.write(Tally)

    def _name_repository(self) -> None:
        named = vars(self.repository)
        asked = {**named, "name": self.name, "seen_at": self.tools.now()}

        def change() -> tuple[list[str], list[str]]:
            # First, because it reads the name that is stored.
            former = execute(self.connection, "runs/record_former_names", asked).fetchall()
            if upsert(self.connection, [self.repository]).updated:
                execute(self.connection, "runs/rename_workflow_runs", named)
            execute(self.connection, "runs/watch_repositories", self.key)
            namesakes = execute(self.connection, "runs/retire_namesakes", named).fetchall()
            for row in namesakes:
                execute(self.connection, "runs/rename_workflow_runs", row)
            return [row["name"] for row in former], [row["repository"] for row in namesakes]

        name = self.repository.repository
        former, namesakes = with_retries(self.connection, change)
        for each in former:
            self.tools.notify(f"{each} is now called {name}; its history continues under that name")
        for each in namesakes:
            self.tools.notify(
                f"{name} is another repository than before, whose rows are kept as {each}"
            )

    def write(self, change: Callable[[], Tally | None]) -> None:
        """Make a change in one transaction, together with the record; None means no counts.

        The transaction renews the lease. It is repeated if the database rolled it back or the
        connection was lost, so `change` may be called more than once. Raises lease.Lost and
        psycopg.Error; then nothing is stored or counted. Raises lease.Forgotten; then what the
        server lost is not counted either.
        """
        tried: dict[int, Tally] = {}

        def transaction() -> tuple[int, Tally, Ingestion]:
            renewal = self._lease.renew()
            tried[renewal] = done = self.done + (change() or Tally())
            ingestion = self._with(done)
            if self._recorded:
                execute(self.connection, "runs/record_ingestions", vars(ingestion))
            return renewal, done, ingestion

        try:
            renewal, self.done, self.ingestion = with_retries(self.connection, transaction)
        except Forgotten as error:
            self.done = self._done_at[max(key for key in self._done_at if key <= error.renewal)]
            raise
        except KeyboardInterrupt:
            # It may have happened between the commit and its answer.
            with suppress(psycopg.Error):
                self.done = tried.get(self._lease.stored(), self.done)
            raise
        self._done_at[renewal] = self.done
        self._lease.confirm(renewal)

    def _with(self, done: Tally) -> Ingestion:
        """Return the record with these counts and the requests sent so far."""
        counts = {name: count for name, count in vars(done).items() if name in RECORDED}
        client = self.tools.client
        return replace(
            self.ingestion,
            **counts,
            requests=client.requests,
            not_modified=client.not_modified,
        )

    def progress(self, what: str, done: int, total: int) -> None:
        """Show the progress on this repository."""
        self.tools.progress(done, total, f"{self.repository.repository}{self.tools.place}: {what}")

    def _keep_lease(self) -> None:
        """Renew the lease; called by threads that wait for GitHub."""
        with suppress(TelemetryError, psycopg.Error):
            self._lease.confirm(self._lease.renew())

    def new_unreadable(self, texts: Iterable[str]) -> list[str]:
        """Return the texts that are new; a page may come twice."""
        new = [text for text in dict.fromkeys(texts) if text not in self._unreadable]
        self._unreadable.update(dict.fromkeys(new))
        return new

    def close(self, outcome: str, problem: str | None, *, is_caught_up: bool = False) -> Report:
        """Store how the ingest ended, release the lease, and return the report.

        `is_caught_up` means that only items awaiting another try are left. Raises
        psycopg.OperationalError if a lost connection is the only problem.
        """
        took = timedelta(seconds=self.tools.timer() - self._opened)
        self.ingestion = replace(
            self._with(self.done),
            finished_at=self.ingestion.started_at + took,
            outcome=outcome,
            error=problem,
            is_caught_up=is_caught_up,
        )
        items: list[AwaitedItem] = []
        count = 0
        try:
            items, count = awaited(self.connection, self.repository.repository_id, MOST_NAMED)
            if self._recorded:
                execute(self.connection, "runs/record_ingestions", vars(self.ingestion))
            self._lease.release()
        except psycopg.OperationalError:
            # The pages are stored; a lost connection must not hide the reason for the end.
            if outcome == "complete":
                raise
        return Report(
            repository=self.repository.repository,
            outcome=outcome,
            error=problem,
            ingestion=self.ingestion,
            unreadable=tuple(self._unreadable)[:MOST_NAMED],
            seconds=self.tools.timer() - self._began,
            attempts=self.done.attempts,
            jobs=self.done.jobs,
            steps=self.done.steps,
            awaited=tuple(items),
            awaited_items=count,
        )


def report_unanswered(
    tools: Tools, name: str, began: float, outcome: str, problem: str | None, *, recorded: bool
) -> Report:
    """Report an ingest that ended before GitHub identified the repository.

    If `recorded`, the ingest is stored, so that `make status` shows it. If no repository of this
    name is known, it is stored as a repository that was not reached.
    """
    seconds = tools.timer() - began
    report = Report(name, outcome, problem, seconds=seconds)
    if not recorded:
        return report
    now = tools.now() - timedelta(seconds=seconds)
    with suppress(psycopg.OperationalError):
        known = execute(tools.connection, "runs/repositories_by_name", {"repository": name})
        for row in known:
            new = _new(tools, row["repository_id"], now, tools.wanted.start(now))
            ingestion = replace(
                new,
                finished_at=new.started_at + timedelta(seconds=seconds),
                outcome=outcome,
                error=problem,
                requests=tools.client.requests,
            )
            execute(tools.connection, "runs/record_ingestions", vars(ingestion))
            report = replace(report, ingestion=ingestion)
        if report.ingestion is None and outcome != "interrupted":
            reached = {"repositories": [name], "unreached_at": now, "reason": problem}
            execute(tools.connection, "runs/record_unreached", reached)
    return report


def _new(tools: Tools, repository_id: int, now: datetime, since: datetime) -> Ingestion:
    # GitHub's clock has whole seconds, and two ingests may start in the same one.
    started_at = now.replace(microsecond=int(tools.clock() * 1_000_000) % 1_000_000)
    last = execute(tools.connection, "runs/last_start", {"repository_id": repository_id}).fetchone()
    before = last["started_at"] if last else None
    if before and started_at <= before < started_at + SAME_MOMENT:
        started_at = before + timedelta(microseconds=1)
    return Ingestion(repository_id, started_at, None, "running", since)
