"""One repository's runs from GitHub into the tables: where client, rows and database meet.

It lists what the windows say is missing or due, asks after the runs that were open, fetches the
earlier attempts, which no list shows, and then jobs and steps. What was fetched is stored with
every page, so that whatever stops it, the next ingest goes on from there.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, TypeVar

from telemetry import TelemetryError
from telemetry.database.connection import Counts, execute, patiently, upsert
from telemetry.github.errors import BudgetSpent, RateLimited
from telemetry.github.pagination import Page
from telemetry.rows.reading import UnreadableRow
from telemetry.rows.runs import OpenRun, Repository, WorkflowRun
from telemetry.runs.lease import Held
from telemetry.runs.listing import SEARCH_LAG, Batch, Batches, Lister
from telemetry.runs.one_by_one import RunByRun, of_repository
from telemetry.runs.record import IngestLog
from telemetry.runs.request import Report, Tools, whole_second
from telemetry.runs.run_ids import RunIds
from telemetry.runs.windows import ListedWindow
from telemetry.settings import UsageError

PER_PAGE = 100


class RepositoryIngest:
    """The ingest of one repository; `run` does it once."""

    def __init__(self, tools: Tools, name: str) -> None:
        self.tools = tools
        self.connection = tools.connection
        self.client = tools.client
        self.name = name
        self.log = IngestLog(tools, name)
        self.lister = Lister(
            tools.client, name, concurrency=tools.concurrency, limits=tools.limits, clock=tools.now
        )
        self.run_by_run = RunByRun(tools, name, self.log, self._store_runs)
        self.seen = RunIds()
        self.estimate = 0

    def run(self, run_id: int | None = None) -> Report:
        """Do all of it, or all for one run; returns how it ended.

        Raises UsageError and psycopg.OperationalError.
        """
        outcome, problem = "complete", None
        try:
            if run_id is None:
                self._list()
            else:
                self._read_one(run_id)
            self.run_by_run.fetch_attempts(run_id)
            if self.tools.wanted.jobs:
                self.run_by_run.fetch_jobs(run_id)
            problem = self._left() if run_id is None else None
            outcome = "incomplete" if problem else "complete"
        except (RateLimited, BudgetSpent) as error:
            outcome, problem = "incomplete", "; ".join(filter(None, [str(error), self._left()]))
        except Held as error:
            return self.log.report("incomplete", str(error))
        except UsageError:
            raise
        except (TelemetryError, UnreadableRow) as error:
            outcome, problem = "failed", str(error)
        except KeyboardInterrupt:
            outcome, problem = "interrupted", "interrupted before it was done"
        self.log.close(outcome, problem)
        return self.log.report(outcome, problem)

    def _list(self) -> None:
        for batch in self.lister.newest(self._begin):
            # The last page reaches further back than what is wanted.
            wanted = [run for run in batch.runs if run.created_at >= self.log.since]
            self._store(replace(batch, runs=wanted))
        self._read_open()
        self._list_missing()
        self._list_due()
        self.run_by_run.probe_unlisted()

    def _read_one(self, run_id: int) -> None:
        """One run, as a workflow that is triggered by its end asks for it."""
        run = WorkflowRun.from_api(self.client.get_workflow_run(self.name, run_id))
        if run.created_at < self.tools.wanted.horizon:
            raise UsageError(
                f"RUN_ID: run {run_id} was created on {run.created_at:%Y-%m-%d} and would be "
                "pruned at once; choose a longer KEEP"
            )
        # No record: of what else there is in the repository this ingest says nothing.
        self.log.open(self._identified([run]), recorded=False)
        self._store(Batch(runs=[run]))

    def _begin(self, page: Page) -> datetime:
        """Find out from the first page who this is; returns how far back to list."""
        runs = [item for item in page.items if isinstance(item, WorkflowRun)]
        self.log.open(self._identified(runs))
        now = self.tools.now()
        # Gaps that reach into the last hour are this list's; no filtered one shows it reliably.
        gaps = self._gaps(self.log.since, now)
        down_to = min((start for start, end in gaps if end > now - SEARCH_LAG), default=now)
        self.estimate = _estimate(page, runs, down_to, now)
        self.tools.notify(self._estimate_text(down_to))
        return down_to

    def _identified(self, runs: list[WorkflowRun]) -> Repository:
        """Runs say themselves whose they are; only where there are none a request is needed."""
        for run in runs:
            if run.repository_id is not None and run.repository is not None:
                return Repository(run.repository_id, run.repository, self.client.host)
        answer = self.client.get_repository(self.name)
        return Repository.from_api(answer, self.client.host)

    def _gaps(self, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        """What of an interval is not listed completely, newest first."""
        wanted = {**self.log.key, "wanted_from": start, "wanted_to": end}
        rows = execute(self.connection, "runs/missing_intervals", wanted)
        return [(row["gap_from"], row["gap_to"]) for row in rows]

    def _settled_gaps(self) -> list[tuple[datetime, datetime]]:
        """Gaps that a filtered list can fill; younger ones the next unfiltered list does."""
        assert self.log.ingestion is not None
        settled = whole_second(self.log.ingestion.started_at) - SEARCH_LAG
        return self._gaps(self.log.since, settled) if self.log.since < settled else []

    def _read_open(self) -> None:
        """Open runs that the list did not reach: by a list where that is fewer requests."""
        settled = self.tools.now() - SEARCH_LAG
        for row in execute(self.connection, "runs/windows_with_open_runs", self.log.key).fetchall():
            unseen = {each for each in row["github_run_ids"] if each not in self.seen}
            if len(unseen) > 1 and row["created_to"] <= settled:
                self._store_all(self.lister.interval(row["created_from"], row["created_to"]))
        self.run_by_run.read_open(self.seen)

    def _list_missing(self) -> None:
        """What is still missing: older than GitHub lists at once, or than was listed so far."""
        for start, end in self._settled_gaps():
            self._store_all(self.lister.interval(start, end))

    def _list_due(self) -> None:
        """What was listed when its runs could still be re-run, and longer than a day ago."""
        assert self.log.ingestion is not None
        began = whole_second(self.log.ingestion.started_at)
        wanted = self.tools.wanted
        asked = {"now": began, "horizon": wanted.horizon, "full": wanted.full}
        rows = execute(self.connection, "runs/due_windows", {**self.log.key, **asked})
        due = [_Due(**row) for row in rows if row["listed_at"] < began]
        for group in sorted(groups(due, PER_PAGE), key=lambda g: min(w.listed_at for w in g)):
            start, end = group[-1].created_from, group[0].created_to
            self._store_all(self.lister.interval(start, end, self._etag(group)))

    def _etag(self, group: list["_Due"]) -> str | None:
        """The ETag of the group's list, if it is one window's, and was given to this token."""
        if len(group) > 1 or group[0].etag_token != self.client.token_fingerprint:
            return None
        return group[0].etag

    def _store_all(self, batches: Batches) -> None:
        for batch in batches:
            self._store(batch)

    def _store_runs(self, runs: list[WorkflowRun], unreadable: list[str]) -> None:
        self._store(Batch(runs=runs, unreadable=unreadable))

    def _store(self, batch: Batch) -> None:
        """Write a page's runs, or windows, and how far the ingest has come, in one transaction."""
        assert self.log.repository is not None
        of = self.log.repository
        new = [run for run in batch.runs if run.github_run_id not in self.seen]
        unreadable = self.log.new_unreadable(batch.unreadable)
        completed = [of_repository(run, of) for run in batch.runs if run.status == "completed"]
        still_open = [OpenRun.of(run, of) for run in batch.runs if run.status != "completed"]
        ids = [run.github_run_id for run in batch.runs]

        def write() -> Counts:
            with self.log.writing():
                counts = upsert(self.connection, completed)
                upsert(self.connection, still_open)
                if ids:
                    execute(self.connection, "runs/close_open_runs", {"github_run_ids": ids})
                    execute(self.connection, "runs/clear_unlisted", {"github_run_ids": ids})
                for window in batch.windows:
                    self._store_window(window)
                self.log.write(self.log.counted(counts, new, len(unreadable)))
            return counts

        self.log.ingestion = self.log.counted(patiently(write), new, len(unreadable))
        self.seen.update(ids)
        fetched = self.log.ingestion.fetched
        self.tools.progress(fetched, max(self.estimate, fetched))

    def _store_window(self, window: ListedWindow) -> None:
        listed_at = {"listed_at": self.tools.now()}
        span = {"created_from": window.created_from, "created_to": window.created_to}
        parameters = {**self.log.key, **span, **listed_at}
        if window.ids is None:
            execute(self.connection, "runs/touch_windows", parameters)
            return
        execute(self.connection, "runs/clear_windows", parameters)
        found = {
            "reported": window.reported,
            "seen": window.seen,
            "is_complete": window.is_complete,
            "problem": window.problem,
            "etag": window.etag,
            "etag_token": self.client.token_fingerprint if window.etag else None,
        }
        execute(self.connection, "runs/record_windows", {**parameters, **found})
        if window.is_complete:
            execute(
                self.connection, "runs/note_unlisted_runs", {**parameters, "listed": window.ids}
            )

    def _left(self) -> str | None:
        """What this ingest did not get done, in words; None when nothing is left."""
        if self.log.ingestion is None:
            return None
        said = [
            f"runs created from {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC still to list"
            for start, end in self._settled_gaps()[:3]
        ]
        left = execute(self.connection, "runs/work_left", self.log.key).fetchone()
        runs = left["runs_without_jobs"] if left and self.tools.wanted.jobs else 0
        if runs:
            text = f"jobs of {runs:,} runs still to fetch"
            if self.log.runs_with_jobs:
                ingests = math.ceil(runs / self.log.runs_with_jobs)
                text += f", at this rate done in {ingests:,} ingest{'s' if ingests > 1 else ''}"
            said.append(text)
        return "; ".join(said) or None

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


def _estimate(page: Page, runs: list[WorkflowRun], since: datetime, now: datetime) -> int:
    """How many runs there may be since then: as many as the pace of the first page comes to."""
    wanted = sum(run.created_at >= since for run in runs)
    listed = page.total_count if page.total_count is not None else math.inf
    if wanted < len(page.items) or listed <= len(page.items):
        return wanted
    oldest = min((run.created_at for run in runs), default=since)
    pace = wanted / max((now - oldest).total_seconds(), 1)
    return int(min(listed, max(wanted, pace * (now - since).total_seconds())))


class Interval(Protocol):
    """What lies between two creation times and holds so many runs."""

    @property
    def created_from(self) -> datetime: ...
    @property
    def created_to(self) -> datetime: ...
    @property
    def seen(self) -> int: ...


SomeInterval = TypeVar("SomeInterval", bound=Interval)


def groups(windows: Iterable[SomeInterval], most: int) -> Iterator[list[SomeInterval]]:
    """Neighbours together, newest first, as long as they hold no more than `most` runs."""
    group: list[SomeInterval] = []
    for window in sorted(windows, key=lambda window: window.created_from, reverse=True):
        apart = bool(group) and group[-1].created_from != window.created_to
        if group and (apart or sum(w.seen for w in group) + window.seen > most):
            yield group
            group = []
        group.append(window)
    if group:
        yield group
