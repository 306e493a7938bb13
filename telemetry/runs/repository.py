"""Ingests one repository: which requests are sent, in which order.

It lists the intervals that are missing or due according to the windows, fetches runs that were
open, then the earlier attempts, which no list shows, then jobs and steps. Every page is stored at
once, so the next ingest continues where this one stopped.
"""

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from telemetry import TelemetryError
from telemetry.database.connection import execute
from telemetry.github.errors import BudgetSpent, Closed, LimitReached, Unanswered
from telemetry.rows.reading import UnreadableRow
from telemetry.rows.runs import WorkflowRun
from telemetry.runs.due_windows import DueWindow, due_groups
from telemetry.runs.estimate import runs_since
from telemetry.runs.identified import identified, wanted_run
from telemetry.runs.lease import Forgotten, Held
from telemetry.runs.lists.listing import SEARCH_LAG, Batch, Lister
from telemetry.runs.lists.newest import Newest
from telemetry.runs.lists.windows import Span, whole_second
from telemetry.runs.one_by_one import RunByRun
from telemetry.runs.outlook import Outlook
from telemetry.runs.record import IngestLog, report_unanswered
from telemetry.runs.request import Report, Tools
from telemetry.runs.store import Store
from telemetry.runs.work_left import Left, left_of_repository, left_of_run
from telemetry.runs.workflows import ask_about_repository
from telemetry.settings import UsageError

MOST_LISTS_UNANSWERED = 3


class Repeated(TelemetryError):
    """This ingest already has the repository under another name."""


def ingest_repository(tools: Tools, name: str, run_id: int | None = None) -> Report:
    """Ingest the wanted runs of a repository, or only one run; return the report.

    One run is read again completely, including items that were given up. Raises UsageError and
    psycopg.OperationalError.
    """
    began = tools.timer()
    started: RepositoryIngest | None = None
    outcome, problem, left = "complete", None, Left()
    is_cut_short = is_undone = False
    try:
        if run_id is None:
            newest = Newest(tools.lister(name))
            started = RepositoryIngest(tools, name, began, newest.first.items)
            started.everything(newest)
        else:
            run = wanted_run(tools, name, run_id)
            # No record: this ingest says nothing about the rest of the repository.
            started = RepositoryIngest(tools, name, began, [run], recorded=False)
            started.one(run_id, run)
        left = started.left(run_id)
        problem = left.problem
        outcome = "incomplete" if problem else "complete"
    except LimitReached as error:
        is_cut_short = isinstance(error, BudgetSpent)
        said = started.left(run_id).problem if started else None
        outcome, problem = "incomplete", "; ".join(filter(None, [str(error), said]))
    except Repeated as error:
        tools.notify(str(error))
        return Report(name, "repeated", str(error))
    except Held as error:
        return Report(name, "incomplete", str(error), seconds=tools.timer() - began)
    except UsageError:
        raise
    except (KeyboardInterrupt, Closed):
        outcome, problem = "interrupted", "a signal ended it"
    except (TelemetryError, UnreadableRow) as error:
        outcome, problem = "failed", str(error)
        is_undone = isinstance(error, Forgotten)
    if started is None:
        report = report_unanswered(tools, name, began, outcome, problem, recorded=run_id is None)
    else:
        report = started.log.close(outcome, problem, is_caught_up=left.is_caught_up)
    return replace(report, is_cut_short=is_cut_short, is_undone=is_undone)


class RepositoryIngest:
    """The ingest of a repository that the first answer, `items`, has identified."""

    _lister: Lister

    def __init__(
        self,
        tools: Tools,
        name: str,
        began: float,
        items: Iterable[object],
        *,
        recorded: bool = True,
    ) -> None:
        """Raises Repeated, and lease.Held if another ingest is working on it."""
        self.tools = tools
        self.connection = tools.connection
        repository = identified(tools, name, items)
        if recorded and (first := tools.visited.setdefault(repository.repository_id, name)) != name:
            raise Repeated(f"{first} and {name} are one repository, which is ingested once")
        self.log = IngestLog(tools, name, repository, began, recorded=recorded)
        self.store = Store(self.log)
        self.run_by_run = RunByRun(self.log, self.store)
        self._unanswered: list[str] = []

    def everything(self, newest: Newest) -> None:
        """Ingest all wanted runs, with their attempts, jobs and steps."""
        self._lister = newest.lister
        self.log.write(self._clear_future)
        outlook = Outlook(self.log, newest.first)
        self._despite_faults(lambda: self._list_newest(newest, outlook))
        self._read_open()
        self._list_missing()
        self._list_due()
        if self.tools.wanted.full:
            self.log.write(self._restart_attempts)
        ask_about_repository(self.log)
        self._fetch_leaving(outlook)
        self.run_by_run.probe_unlisted()
        self._list_hidden()
        self._fetch_details(None)

    def one(self, run_id: int, run: WorkflowRun | None) -> None:
        """Ingest one run and read its attempts, jobs and steps again; None: it is gone."""
        if run is None:
            self.run_by_run.read_runs([run_id])  # marks it
            said = f"GitHub no longer has run {run_id}; its rows are kept"
            self.tools.notify(f"{self.log.name}: {said}")
            return
        if run.status == "completed":
            self.log.write(lambda: self.run_by_run.accept_older([run]))
        self.store.batch(Batch(runs=[run]))
        self.log.write(lambda: self._restart(run.github_run_id))
        self.run_by_run.fetch_attempts_of(run)
        self._fetch_jobs({run.github_run_id})

    def _fetch_leaving(self, outlook: Outlook) -> None:
        """Fetch the details that GitHub would delete before a later ingest could fetch them."""
        if self.tools.wanted.jobs:
            for span in outlook.first():
                self.run_by_run.fetch_attempts(None, span)
                self.run_by_run.fetch_jobs(None, span)

    def some(self, batch: Batch, run_ids: Sequence[int], awaited: Container[int]) -> None:
        """Store what was listed, fetch other runs, and then the details of those `awaited`."""
        self.store.batch(batch)
        self.run_by_run.read_runs(run_ids)
        self._fetch_details(awaited)

    def _fetch_details(self, run_ids: Container[int] | None) -> None:
        self.run_by_run.fetch_attempts(run_ids)
        self._fetch_jobs(run_ids)

    def _fetch_jobs(self, run_ids: Container[int] | None) -> None:
        if self.tools.wanted.jobs:
            self.run_by_run.fetch_jobs(run_ids)

    def _clear_future(self) -> None:
        """Take back what was listed while a clock was ahead."""
        now = {"now": self.tools.now()}
        execute(self.connection, "runs/clear_future_windows", {**self.log.key, **now})

    def _restart_attempts(self) -> None:
        execute(self.connection, "runs/restart_all_attempts", self.log.key)

    def _restart(self, run_id: int) -> None:
        key = {"github_run_id": run_id}
        execute(self.connection, "runs/restart_attempts", key)
        execute(self.connection, "runs/restart_retries", key)
        execute(self.connection, "runs/restart_jobs", key)

    def _list_newest(self, newest: Newest, outlook: Outlook) -> None:
        now = self.tools.now()
        # This list fills gaps in the last hour, which no filtered list shows reliably.
        gaps = self._gaps(self.log.since, now)
        # With FULL it lists again what filtered lists do not reach.
        reached = now - SEARCH_LAG if self.tools.wanted.full else now
        down_to = min([reached, *(start for start, end in gaps if end > now - SEARCH_LAG)])
        estimate = runs_since(newest.first, down_to, now)
        if said := outlook.text(gaps):
            self.tools.notify(said)
        # The last page reaches further back than what is wanted.
        wanted = (
            replace(batch, runs=[run for run in batch.runs if run.created_at >= self.log.since])
            for batch in newest.down_to(down_to)
        )
        for _ in self.store.batches(wanted):
            fetched = self.log.done.fetched
            self.log.progress("runs", fetched, max(estimate, fetched))

    def _gaps(self, start: datetime, end: datetime) -> list[Span]:
        """Return the parts of an interval that are not listed completely, newest first."""
        wanted = {**self.log.key, "wanted_from": start, "wanted_to": end}
        rows = execute(self.connection, "runs/missing_intervals", wanted)
        return [(row["gap_from"], row["gap_to"]) for row in rows]

    def _settled_gaps(self) -> list[Span]:
        """Return the gaps that a filtered list can fill; the next unfiltered list fills others."""
        settled = whole_second(self.log.ingestion.started_at) - SEARCH_LAG
        return self._gaps(self.log.since, settled) if self.log.since < settled else []

    def _read_open(self) -> None:
        """Fetch open runs that the list did not reach, by a list if that takes fewer requests."""
        settled = self.tools.now() - SEARCH_LAG
        for row in execute(self.connection, "runs/windows_with_open_runs", self.log.key).fetchall():
            unseen = {each for each in row["github_run_ids"] if each not in self.store.seen}
            if len(unseen) > 1 and row["created_to"] <= settled:
                self._list(row["created_from"], row["created_to"])
        self.run_by_run.read_open()

    def _list_missing(self) -> None:
        """List what is still missing: older than GitHub's list, or than was listed so far."""
        for start, end in self._settled_gaps():
            self._list(start, end)

    def _list_due(self) -> None:
        """List windows again that were listed over a day ago, when runs could still be re-run."""
        for group in due_groups(self.log):
            self._list(group[-1].created_from, group[0].created_to, self._etag(group))

    def _list_hidden(self) -> None:
        """List again the windows of runs that a list has hidden, as in an outage of the search.

        What it still hides is marked again, so that the proof says what the last list left out.
        """
        settled = whole_second(self.log.ingestion.started_at) - SEARCH_LAG
        asked = {**self.log.key, "github_run_ids": list(self.store.hidden)}
        found = execute(
            self.connection, "runs/windows_of_runs", {**asked, "reliable_before": settled}
        )
        for row in found.fetchall():
            self._list(row["created_from"], row["created_to"])

    def _list(self, start: datetime, end: datetime, etag: str | None = None) -> None:
        def store() -> None:
            for _ in self.store.batches(self._lister.interval(start, end, etag)):
                fetched = self.log.done.fetched
                self.log.progress("runs", fetched, fetched)

        self._despite_faults(store)

    def _despite_faults(self, step: Callable[[], None]) -> None:
        """Run a step of listing; record a failure and continue with the rest.

        Raises the error the third time, because then the list is not the cause.
        """
        try:
            step()
        except Unanswered as error:
            self._unanswered.append(str(error))
            if len(self._unanswered) >= MOST_LISTS_UNANSWERED:
                raise

    def _etag(self, group: list[DueWindow]) -> str | None:
        """Return the ETag of the group if it is one window and the ETag is of this token.

        With FULL there is none: what a cache between here and GitHub remembers is not trusted.
        """
        first, *others = group
        is_ours = first.etag_token == self.tools.client.token_fingerprint
        return first.etag if is_ours and not others and not self.tools.wanted.full else None

    def left(self, run_id: int | None) -> Left:
        """Return what this ingest left; with `run_id` only for this run."""
        if run_id is not None:
            return left_of_run(self.log)
        return left_of_repository(self.log, self._unanswered, self._settled_gaps())
