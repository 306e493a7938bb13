"""Runs and listed windows into the tables, each page in one transaction with the record."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from telemetry.database.connection import Counts, execute, upsert
from telemetry.rows.runs import OpenRun, Repository, WorkflowRun
from telemetry.runs.listing import Batch
from telemetry.runs.record import IngestLog, Tally
from telemetry.runs.run_ids import RunIds
from telemetry.runs.windows import ListedWindow


class Store:
    """Where all runs of one ingest go; `seen` are the ids of those that came by."""

    def __init__(self, log: IngestLog) -> None:
        self.log = log
        self.connection = log.connection
        self.seen = RunIds()

    def batches(self, batches: Iterable[Batch]) -> None:
        """Store one after another."""
        for batch in batches:
            self.batch(batch)

    def batch(self, batch: Batch) -> None:
        """Store the runs and windows of a page in one transaction."""
        new = [run for run in batch.runs if run.github_run_id not in self.seen]
        unreadable = len(self.log.new_unreadable(batch.unreadable))
        completed = [
            of_repository(run, self.log.repository)
            for run in batch.runs
            if run.status == "completed"
        ]
        still_open = [
            OpenRun.of(run, self.log.repository) for run in batch.runs if run.status != "completed"
        ]
        ids = [run.github_run_id for run in batch.runs]

        def change() -> Tally:
            counts = upsert(self.connection, completed)
            upsert(self.connection, still_open)
            if ids:
                execute(self.connection, "runs/close_open_runs", {"github_run_ids": ids})
                execute(self.connection, "runs/clear_unlisted", {"github_run_ids": ids})
            for window in batch.windows:
                self._window(window)
            return _tally(counts, new, unreadable)

        self.log.write(change)
        self.seen.update(ids)

    def _window(self, window: ListedWindow) -> None:
        listed_at = {"listed_at": self.log.tools.now()}
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
            "etag_token": self.log.tools.client.token_fingerprint if window.etag else None,
        }
        execute(self.connection, "runs/record_windows", {**parameters, **found})
        if window.is_complete:
            listed = {**parameters, "listed": window.ids}
            execute(self.connection, "runs/note_unlisted_runs", listed)


def _tally(counts: Counts, new: Sequence[WorkflowRun], unreadable: int) -> Tally:
    """What a page adds to the counts; `new` are its runs that were not seen before."""
    not_completed = sum(run.status != "completed" for run in new)
    written = counts.inserted + counts.updated + counts.unchanged
    seen_before = written - (len(new) - not_completed)
    return Tally(
        fetched=len(new) + unreadable,
        inserted=counts.inserted,
        updated=counts.updated,
        # A run that is listed again is unchanged, or else counted as updated.
        unchanged=counts.unchanged - seen_before,
        not_completed=not_completed,
        unreadable=unreadable,
        cut=counts.cut,
    )


def of_repository(run: WorkflowRun, repository: Repository) -> WorkflowRun:
    """The run as one of the repository that was asked, where it does not say so itself."""
    if run.repository_id is not None and run.repository is not None:
        return run
    return replace(run, repository_id=repository.repository_id, repository=repository.repository)
