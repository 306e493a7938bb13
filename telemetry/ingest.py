"""GitHub's list of runs into workflow_runs: the one place where client, rows and database meet.

A repository's runs are listed newest first and **without a filter**: with one, GitHub ends the
list at 1,000 runs and says nothing ("List workflow runs for a repository" in its REST reference).
Each page is one transaction, so that whatever stops an ingest, the pages before it are stored.
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from telemetry import TelemetryError
from telemetry.database import Connection, execute, patiently, upsert
from telemetry.github import GitHub, Page, PaginationLimited, RateLimited
from telemetry.rows import Ingestion, Repository, UnreadableRow, WorkflowRun
from telemetry.settings import UsageError

DEFAULT_AGE = timedelta(days=30)
PER_PAGE = 100
MOST_NAMED = 20

# Where GitHub ends an unfiltered list: `total_count` and the last page stop there, as if the list
# were whole (reported in apache/devlake issue 8842; GitHub documents no number).
LONGEST_LIST = 40_000

Notify = Callable[[str], None]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Wanted:
    """Which runs an ingest is to store: those created since a moment, or an age before now.

    Nothing before `horizon` is, because pruning would take it out again.
    """

    since: datetime | timedelta | None
    horizon: datetime

    def start(self, now: datetime) -> datetime:
        """The moment (UTC) the wanted runs start at. Raises UsageError if it cannot be kept."""
        if self.since is None:
            return max(now - DEFAULT_AGE, self.horizon)
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
        return max(start, self.horizon)


@dataclass(frozen=True)
class Report:
    """How the ingest of one repository ended.

    `outcome` is complete, incomplete (saved, the next ingest goes on), interrupted or failed;
    `error` says why it is not complete. `ingestion` is None when nothing could be stored at all.
    `unreadable` names the runs that could not be stored, the first 20 of them.
    """

    repository: str
    outcome: str
    error: str | None
    ingestion: Ingestion | None
    unreadable: tuple[str, ...]
    seconds: float


@dataclass(frozen=True)
class Reading:
    """What a page holds of the runs wanted. `past_the_start`: all of it is older than they are."""

    runs: list[WorkflowRun]
    not_completed: int
    unreadable: list[str]
    past_the_start: bool


@dataclass
class Listing:
    """How far the list of one repository has come."""

    repository: Repository
    ingestion: Ingestion
    estimate: int
    requests_before: int
    length: int = 0
    seen: set[int] = field(default_factory=set)
    unreadable: list[str] = field(default_factory=list)


def ingest(
    connection: Connection,
    client: GitHub,
    repositories: Sequence[str],
    wanted: Wanted,
    *,
    concurrency: int = 1,
    longest_list: int = LONGEST_LIST,
    clock: Callable[[], float] = time.time,
    notify: Notify = lambda text: None,
    progress: Progress = lambda done, total: None,
) -> Iterator[Report]:
    """Ingest one repository after another, and report on each as it ends.

    One that fails does not stop the others; an interruption does, after its own report.
    Raises UsageError for a start that cannot be kept, TelemetryError when the database holds
    repositories of another API host, and psycopg.OperationalError when the database is lost.
    """
    wanted.start(datetime.fromtimestamp(clock(), UTC))
    _refuse_other_host(connection, client.host)
    for name in repositories:
        report = _ingest_one(
            connection, client, name, wanted, concurrency, longest_list, clock, notify, progress
        )
        yield report
        if report.outcome == "interrupted":
            return


def _ingest_one(
    connection: Connection,
    client: GitHub,
    name: str,
    wanted: Wanted,
    concurrency: int,
    longest_list: int,
    clock: Callable[[], float],
    notify: Notify,
    progress: Progress,
) -> Report:
    began, listing = clock(), None
    outcome, problem = "complete", None
    requests_before = client.requests
    try:
        # Closed at once when enough is known, so that pages read ahead are not fetched for nothing.
        with closing(
            client.list_workflow_runs(name, per_page=PER_PAGE, concurrency=concurrency)
        ) as pages:
            for page in pages:
                if listing is None:
                    now = client.github_time or datetime.fromtimestamp(clock(), UTC)
                    repository = _identify(connection, client, name, page, notify)
                    listing = _begin(repository, page, wanted, now, requests_before)
                    notify(_estimate_text(name, listing, client))
                reading = read_page(page, listing.ingestion.since, listing.repository, listing.seen)
                _store(connection, client, listing, reading)
                progress(listing.ingestion.fetched, listing.estimate)
                listing.length += len(page.items)
                if reading.past_the_start:
                    break
            else:
                if listing is not None and listing.length >= longest_list:
                    outcome, problem = "incomplete", _cut_short(listing)
    except RateLimited as error:
        outcome, problem = "incomplete", str(error)
    except PaginationLimited:
        outcome, problem = "incomplete", _cut_short(listing)
    except UsageError:
        raise
    except (TelemetryError, UnreadableRow) as error:
        outcome, problem = "failed", str(error)
    except KeyboardInterrupt:
        outcome, problem = "interrupted", "interrupted before the list was read to its end"
    seconds = clock() - began
    if listing is not None:
        _finish(connection, client, listing, outcome, problem, seconds)
    return Report(
        repository=listing.repository.repository if listing else name,
        outcome=outcome,
        error=problem,
        ingestion=listing.ingestion if listing else None,
        unreadable=tuple(listing.unreadable) if listing else (),
        seconds=seconds,
    )


def read_page(
    page: Page, since: datetime, repository: Repository | None, seen: set[int]
) -> Reading:
    """Sort the runs of a page into rows to store and others, and add their ids to `seen`.

    Runs seen before are left out: while a list is read, new runs push older ones to the next
    page. Runs older than `since` are left out too.
    """
    runs: list[WorkflowRun] = []
    unreadable: list[str] = []
    not_completed = older = 0
    for item in page.items:
        created_at = _created_at(item)
        if created_at is not None and created_at < since:
            older += 1
            continue
        try:
            run = WorkflowRun.from_api(item, repository)
        except UnreadableRow as error:
            unreadable.append(str(error))
            continue
        if run.github_run_id in seen:
            continue
        seen.add(run.github_run_id)
        if run.status == "completed":
            runs.append(run)
        else:
            not_completed += 1
    return Reading(runs, not_completed, unreadable, 0 < older == len(page.items))


def _created_at(item: Any) -> datetime | None:
    """When a listed run was created, if it can be told; it says where in the list we are."""
    try:
        moment = datetime.fromisoformat(item["created_at"])
    except (KeyError, TypeError, ValueError):
        return None
    return moment if moment.tzinfo else None


def _refuse_other_host(connection: Connection, host: str) -> None:
    for row in execute(connection, "other_api_hosts", {"api_host": host}):
        raise TelemetryError(
            f"this database holds repositories from {row['api_host']}, whose ids mean others at "
            f"{host}; use another database (DATABASE_URL or TELEMETRY_HOME) for {host}"
        )


def _identify(
    connection: Connection, client: GitHub, name: str, page: Page, notify: Notify
) -> Repository:
    """Who the repository is. Its runs say so themselves; only an empty list costs a request."""
    runs = [item for item in page.items if isinstance(item, dict)]
    answers = [run["repository"] for run in runs if run.get("repository")]
    answer = answers[0] if answers else client.get_repository(name)
    repository = Repository.from_api(answer, client.host)
    with connection.transaction():
        if upsert(connection, [repository]).updated:
            execute(connection, "rename_workflow_runs", vars(repository))
    if repository.repository.lower() != name.lower():
        notify(f"{name} is now called {repository.repository}; its history goes on under that name")
    return repository


def _begin(
    repository: Repository, page: Page, wanted: Wanted, now: datetime, requests_before: int
) -> Listing:
    since = wanted.start(now)
    return Listing(
        repository=repository,
        ingestion=Ingestion(
            repository_id=repository.repository_id,
            started_at=now,
            finished_at=None,
            outcome="running",
            since=since,
        ),
        estimate=_estimate(page, since, now),
        requests_before=requests_before,
    )


def _estimate(page: Page, since: datetime, now: datetime) -> int:
    """How many runs there may be since then: as many as the pace of the first page comes to."""
    moments = [moment for moment in map(_created_at, page.items) if moment]
    wanted = sum(moment >= since for moment in moments)
    listed = page.total_count if page.total_count is not None else math.inf
    if wanted < len(page.items) or listed <= len(page.items):
        return wanted
    pace = wanted / max((now - min(moments, default=since)).total_seconds(), 1)
    return int(min(listed, max(wanted, pace * (now - since).total_seconds())))


def _estimate_text(name: str, listing: Listing, client: GitHub) -> str:
    requests = max(1, math.ceil(listing.estimate / PER_PAGE))
    text = (
        f"{name}: about {listing.estimate:,} runs since {listing.ingestion.since:%Y-%m-%d %H:%M} "
        f"UTC, {requests:,} request{'s' if requests > 1 else ''}"
    )
    limit = client.rate_limit
    if limit is None:
        return text
    return f"{text}; GitHub allows {limit.remaining:,} more until {limit.reset_at:%H:%M} UTC"


def _store(connection: Connection, client: GitHub, listing: Listing, reading: Reading) -> None:
    """Write the runs of a page and how far the ingest has come, in one transaction."""
    before = listing.ingestion

    def write() -> Ingestion:
        with connection.transaction():
            counts = upsert(connection, reading.runs)
            after = replace(
                before,
                fetched=before.fetched
                + len(reading.runs)
                + reading.not_completed
                + len(reading.unreadable),
                inserted=before.inserted + counts.inserted,
                updated=before.updated + counts.updated,
                unchanged=before.unchanged + counts.unchanged,
                not_completed=before.not_completed + reading.not_completed,
                unreadable=before.unreadable + len(reading.unreadable),
                cut=before.cut + counts.cut,
                requests=client.requests - listing.requests_before,
            )
            execute(connection, "record_ingestions", vars(after))
        return after

    listing.ingestion = patiently(write)
    listing.unreadable += reading.unreadable[: MOST_NAMED - len(listing.unreadable)]


def _finish(
    connection: Connection,
    client: GitHub,
    listing: Listing,
    outcome: str,
    problem: str | None,
    seconds: float,
) -> None:
    listing.ingestion = replace(
        listing.ingestion,
        finished_at=listing.ingestion.started_at + timedelta(seconds=seconds),
        outcome=outcome,
        requests=client.requests - listing.requests_before,
        error=problem,
    )
    try:
        execute(connection, "record_ingestions", vars(listing.ingestion))
    except psycopg.OperationalError:
        # The pages are stored; a lost connection must not hide why the ingest ended.
        if outcome == "complete":
            raise


def _cut_short(listing: Listing | None) -> str:
    length = listing.length if listing else 0
    return f"GitHub ends a list after {length:,} runs; older ones are not stored"
