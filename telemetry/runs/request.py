"""What an ingest is asked for, what it works with, and what it answers."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal, Protocol

from telemetry.database.connection import Connection
from telemetry.github.client import GitHub
from telemetry.rows.runs import Ingestion
from telemetry.runs.listing import Limits
from telemetry.runs.retries import AwaitedItem
from telemetry.runs.windows import whole_second
from telemetry.settings import Length, UsageError

DEFAULT_AGE = timedelta(days=30)

Notify = Callable[[str], None]


class Progress(Protocol):
    """Shows how much is done of about how much; `label` names what it is done for."""

    def __call__(self, done: int, total: int, label: str = "") -> None: ...


def no_progress(done: int, total: int, label: str = "") -> None:
    """Show nothing."""


@dataclass(frozen=True)
class Wanted:
    """Which runs an ingest is to store: those created since a moment, or an age before now.

    Nothing before `horizon` is, because pruning would take it out again; `all` reaches back to it.
    `jobs`: their jobs and steps too. `full`: list again all that was ever listed, and ask at once
    for what awaits another try or was given up.
    """

    since: datetime | timedelta | Length | Literal["all"] | None
    horizon: datetime
    jobs: bool = True
    full: bool = False

    def start(self, now: datetime, unlisted_from: datetime | None = None) -> datetime:
        """The moment (UTC) the wanted runs start at. Raises UsageError if it cannot be kept.

        Without `since` it is 30 days ago, or `unlisted_from`, where the oldest gap in what was
        listed begins, if that is earlier.
        """
        if self.since is None:
            start = min(now - DEFAULT_AGE, unlisted_from or now)
            return whole_second(max(start, self.horizon))
        if self.since == "all":
            return whole_second(self.horizon)
        start = self.since if isinstance(self.since, datetime) else now - self.since
        # An age is measured by another clock than the horizon: allow for their difference.
        if start < self.horizon - timedelta(hours=1):
            raise UsageError(
                f"SINCE reaches back to {start:%Y-%m-%d}, but runs from before "
                f"{self.horizon:%Y-%m-%d} would be pruned at once; "
                "choose a later SINCE or a longer KEEP"
            )
        if start > now + timedelta(hours=1):
            raise UsageError(f"SINCE: {start:%Y-%m-%d %H:%M} UTC lies in the future")
        return whole_second(max(start, self.horizon))


@dataclass(frozen=True)
class Tools:
    """What every repository's ingest works with.

    `concurrency` is how many requests are in flight at a time. `notify` and `progress` are called
    by several threads where several repositories are ingested. `place` is such as " (121 of 300)".
    """

    connection: Connection
    client: GitHub
    wanted: Wanted
    concurrency: int = 1
    limits: Limits = field(default_factory=Limits)
    clock: Callable[[], float] = time.time
    notify: Notify = lambda text: None
    progress: Progress = no_progress
    place: str = ""

    def now(self) -> datetime:
        """GitHub's clock as of its last answer, UTC; the local one before there is any."""
        return self.client.github_time or datetime.fromtimestamp(self.clock(), UTC)


@dataclass(frozen=True)
class Report:
    """How the ingest of one repository ended.

    `outcome` is complete, incomplete (saved, the next ingest continues), not reached (nothing was
    asked for), interrupted or failed; `error` says why it is not complete. `is_cut_short`: because
    the requests it was allowed are spent. `ingestion` is None when nothing could be stored at all.
    `unreadable` names what could not be read, the first 20. `attempts`, `jobs` and `steps` count
    the rows of earlier attempts, of jobs and of steps that were new or changed. `awaited` are the
    first 20 of the `awaited_items`, which this or an earlier ingest could not fetch.
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
    awaited: tuple[AwaitedItem, ...] = ()
    awaited_items: int = 0
    is_cut_short: bool = False
