"""The input, the tools and the result of an ingest."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal, Protocol

from telemetry.database.connection import Connection
from telemetry.github.client import GitHub
from telemetry.rows.ingestions import Ingestion
from telemetry.runs.lists.listing import Limits, Lister
from telemetry.runs.lists.windows import whole_second
from telemetry.runs.retries import AwaitedItem
from telemetry.settings import UsageError
from telemetry.times import Length

DEFAULT_AGE = timedelta(days=30)

Notify = Callable[[str], None]


class Progress(Protocol):
    """Shows progress; `total` may be an estimate, `label` says what the work is for."""

    def __call__(self, done: int, total: int, label: str = "") -> None: ...


def no_progress(done: int, total: int, label: str = "") -> None:
    """Show nothing."""


@dataclass(frozen=True)
class Wanted:
    """Which runs an ingest stores: those created since a moment, or since an age before now.

    Runs before `horizon` are excluded, because they would be pruned; `all` reaches back to it.
    `jobs` includes jobs and steps. `full` lists everything again that was ever listed, and retries
    at once what awaits another try, was given up or is gone.
    """

    since: datetime | timedelta | Length | Literal["all"] | None
    horizon: datetime
    jobs: bool = True
    full: bool = False

    def start(self, now: datetime, unlisted_from: datetime | None = None) -> datetime:
        """Return the creation time (UTC) from which runs are wanted.

        Without `since` it is 30 days ago, or `unlisted_from`, the start of the oldest gap, if that
        is earlier. An age of whole days begins at midnight, as the period of a report does. Raises
        UsageError if it is before the horizon or in the future.
        """
        if self.since is None:
            start = min(_days_ago(DEFAULT_AGE, now), unlisted_from or now)
            return whole_second(max(start, self.horizon))
        if self.since == "all":
            return whole_second(self.horizon)
        since = self.since.up_to(now) if isinstance(self.since, Length) else self.since
        start = since if isinstance(since, datetime) else now - since
        # The age and the horizon are measured by different clocks: allow for their difference.
        if start < self.horizon - timedelta(hours=1):
            raise UsageError(
                f"SINCE reaches back to {start:%Y-%m-%d}, but runs from before "
                f"{self.horizon:%Y-%m-%d} would be pruned at once; "
                "choose a later SINCE or a longer KEEP"
            )
        if start > now + timedelta(hours=1):
            raise UsageError(f"SINCE: {start:%Y-%m-%d %H:%M} UTC lies in the future")
        if isinstance(since, timedelta):
            start = _days_ago(since, now)
        return whole_second(max(start, self.horizon))


def _days_ago(age: timedelta, now: datetime) -> datetime:
    """The moment of this age; of whole days the midnight (UTC) before it."""
    start = now - age
    if age % timedelta(days=1):
        return start
    return start.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


@dataclass(frozen=True)
class Tools:
    """The tools of every repository's ingest.

    In the ingest of a repository `client` is a part of its own, which counts only its requests.
    `concurrency` is the number of concurrent requests. `notify` and `progress` are called from
    several threads if several repositories are ingested. `place` is a text such as " (121 of 300)".
    `clock` and `timer` are as in the options of the client. `visited` has the name by which each
    repository was first identified. `is_brief` leaves out what is usual, because there are many
    repositories.
    """

    connection: Connection
    client: GitHub
    wanted: Wanted
    concurrency: int = 1
    limits: Limits = field(default_factory=Limits)
    clock: Callable[[], float] = time.time
    timer: Callable[[], float] = time.monotonic
    notify: Notify = lambda text: None
    progress: Progress = no_progress
    place: str = ""
    is_brief: bool = False
    visited: dict[int, str] = field(default_factory=dict)

    def now(self) -> datetime:
        """Return the time of GitHub's last answer, UTC; before the first answer the local time."""
        return self.client.github_time or datetime.fromtimestamp(self.clock(), UTC)

    def lister(self, repository: str) -> Lister:
        """Return the lister of a repository's runs."""
        return Lister(
            self.client,
            repository,
            concurrency=self.concurrency,
            limits=self.limits,
            now=self.now,
        )


@dataclass(frozen=True)
class Report:
    """How the ingest of one repository ended.

    `outcome` is complete, incomplete (saved, the next ingest continues), not reached (no request
    was sent), interrupted, failed, or repeated (the same repository by another name); `error` says
    why it is not complete. `is_cut_short` means that its requests were spent. `ingestion` is None
    if nothing could be stored. `unreadable` names the first 20 items that could not be read.
    `attempts`, `jobs` and `steps` count new or changed rows of earlier attempts, jobs and steps.
    `is_undone` means that a crash of the database server undid a part of it. `awaited` are the
    first 20 of the `awaited_items`, which this or an earlier ingest could not fetch.
    """

    repository: str
    outcome: str
    error: str | None
    ingestion: Ingestion | None = None
    unreadable: tuple[str, ...] = ()
    seconds: float = 0.0
    attempts: int = 0
    jobs: int = 0
    steps: int = 0
    awaited: tuple[AwaitedItem, ...] = ()
    awaited_items: int = 0
    is_cut_short: bool = False
    is_undone: bool = False
