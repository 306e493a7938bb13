"""Stores runs and listed windows, pages and their record in one transaction."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from telemetry.database.connection import Connection, execute
from telemetry.database.upserts import Counts, as_json, upsert
from telemetry.github.errors import GitHubError
from telemetry.rows.runs import OpenRun, Repository, WorkflowRun
from telemetry.runs.lists.listing import Batch
from telemetry.runs.lists.windows import ListedWindow
from telemetry.runs.record import IngestLog, Tally
from telemetry.runs.run_ids import RunIds

MOST_PAGES_AT_ONCE = 10

# What the list of a window showed, by the columns of the table.
RESULT = ("reported", "seen", "is_complete", "problem", "etag")


class Store:
    """Stores all runs of one ingest; `seen` are the ids of the runs so far.

    `hidden` are those that GitHub has although a complete list had left them out.
    """

    def __init__(self, log: IngestLog) -> None:
        self.log = log
        self.connection = log.connection
        self.seen = RunIds()
        self.hidden: set[int] = set()
        self._open: set[int] = set()  # those of them that were not completed

    def batches(self, batches: Iterable[Batch]) -> Iterator[None]:
        """Store pages as they arrive, several at once if they arrive faster; yield after each time.

        Further pages are fetched meanwhile. If GitHub fails, the pages before that are stored.
        """
        waiting: list[Batch] = []
        try:
            for batch in batches:
                waiting.append(batch)
                if not batch.is_followed or len(waiting) >= MOST_PAGES_AT_ONCE:
                    together, waiting = waiting, []
                    self.batch(*together)
                    yield
        except GitHubError:
            self.batch(*waiting)
            raise
        if waiting:
            self.batch(*waiting)
            yield

    def batch(self, *batches: Batch) -> None:
        """Store the runs and windows of some pages in one transaction."""
        runs = _latest(run for batch in batches for run in batch.runs)
        new = [run for run in runs if run.github_run_id not in self.seen]
        unreadable = len(self.log.new_unreadable(t for batch in batches for t in batch.unreadable))
        repository = self.log.repository
        completed = [of_repository(run, repository) for run in runs if run.status == "completed"]
        still_open = [OpenRun.of(run, repository) for run in runs if run.status != "completed"]
        ids = [run.github_run_id for run in runs]
        ended = self._open & {run.github_run_id for run in completed}

        def change() -> Tally:
            counts = store_attempts(self.connection, completed)
            upsert(self.connection, still_open)
            if ids:
                execute(self.connection, "runs/close_open_runs", {"github_run_ids": ids})
            for batch in batches:
                self._windows(batch.windows)
            if ids:
                # Last, because a run that one page left out may be on the next.
                found = execute(self.connection, "runs/clear_unlisted", {"github_run_ids": ids})
                self.hidden.update(row["github_run_id"] for row in found)
            tally = Tally(
                fetched=unreadable,
                unreadable=unreadable,
                not_completed=-len(ended),
                cut=counts.cut,
            )
            return tally + _tally(counts, new, len(ended), self.log.done)

        self.log.write(change)
        self.seen.update(ids)
        self._open -= ended
        self._open |= {run.github_run_id for run in new if run.status != "completed"}
        for window in (window for batch in batches for window in batch.windows):
            if window.problem:
                self.log.tools.notify(f"{repository.repository}: {window.problem}")

    def _windows(self, windows: Sequence[ListedWindow]) -> None:
        """Store the windows of a page or of a whole list, which do not overlap."""
        tools, key = self.log.tools, self.log.key
        listed_at = {"listed_at": tools.now()}
        rows: list[dict[str, Any]] = []
        listed: list[int] = []
        for window in windows:
            span = {"created_from": window.created_from, "created_to": window.created_to}
            if window.ids is None:
                execute(self.connection, "runs/touch_windows", {**key, **span, **listed_at})
                continue
            found = {name: getattr(window, name) for name in RESULT}
            token = tools.client.token_fingerprint if window.etag else None
            rows.append({**key, **span, **listed_at, **found, "etag_token": token})
            listed += window.ids
        if rows:
            parameters = {"rows": as_json(rows)}
            execute(self.connection, "runs/clear_windows", parameters)
            execute(self.connection, "runs/record_windows", parameters)
            of_all = {
                "created_from": min(row["created_from"] for row in rows),
                "created_to": max(row["created_to"] for row in rows),
                "listed": listed,
            }
            named = {**parameters, **key, **listed_at, **of_all}
            execute(self.connection, "runs/mark_unlisted_runs", named)


def store_attempts(connection: Connection, attempts: Sequence[WorkflowRun]) -> Counts:
    """Store attempts; if one names an account by a new login, all runs of the account get it."""
    accounts = list(dict.fromkeys(account for run in attempts for account in run.accounts))
    are_renamed = False
    if accounts:
        # First, so that ingests that meet one new login wait here, where they hold no runs.
        named = {"rows": as_json([vars(account) for account in accounts])}
        retired = execute(connection, "runs/retire_logins", named).rowcount
        are_renamed = upsert(connection, accounts).updated > 0 or retired > 0
    counts = upsert(connection, attempts)
    again = [run.github_run_id for run in attempts if run.run_attempt > 1 and run.actor_id]
    if again:
        execute(connection, "runs/fill_accounts", {"github_run_ids": again})
    if are_renamed:
        execute(connection, "runs/rename_actors")
    return counts


def _latest(runs: Iterable[WorkflowRun]) -> list[WorkflowRun]:
    """Return each run once; if two pages show it, the one that was updated last."""
    latest: dict[int, WorkflowRun] = {}
    for run in runs:
        known = latest.get(run.github_run_id)
        if known is None or _version(run) >= _version(known):
            latest[run.github_run_id] = run
    return list(latest.values())


def _version(run: WorkflowRun) -> tuple[int, float]:
    return run.run_attempt, run.updated_at.timestamp() if run.updated_at else 0.0


def _tally(counts: Counts, new: Sequence[WorkflowRun], ended: int, done: Tally) -> Tally:
    """Return the counts of pages, in which each run of the ingest counts once.

    `new` are their runs that were not seen before, `ended` how many were seen before but had not
    completed then, `done` the counts so far. Other runs that are listed again were counted as
    unchanged, updated or inserted already.
    """
    not_completed = sum(run.status != "completed" for run in new)
    written = {name: getattr(counts, name) for name in ("unchanged", "updated", "inserted")}
    again = sum(written.values()) - (len(new) - not_completed) - ended
    for name, count in written.items():
        taken = min(again, count + getattr(done, name))
        written[name] = count - taken
        again -= taken
    return Tally(fetched=len(new), not_completed=not_completed, **written)


def of_repository(run: WorkflowRun, repository: Repository) -> WorkflowRun:
    """Return the run with this repository if its payload names none."""
    if run.repository_id is not None and run.repository is not None:
        return run
    return replace(run, repository_id=repository.repository_id, repository=repository.repository)
