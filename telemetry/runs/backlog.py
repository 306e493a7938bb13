"""What a repository's next ingests have to fetch before GitHub deletes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from telemetry import counted
from telemetry.database.connection import execute
from telemetry.runs.estimate import Work
from telemetry.runs.leaving import Leaving, Plan, pause_between, plan
from telemetry.runs.record import IngestLog

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Backlog:
    """The plan for what is stored and lacks attempts or jobs, and for what is still to be listed.

    Of runs created from `first_from` to before `first_before` the details are fetched first. Older
    ones are gone, as far as is known, so they come last.
    """

    first_from: datetime
    first_before: datetime
    lost_runs: int
    budget: int | None
    pause: timedelta

    @property
    def warning(self) -> str:
        """How many runs will be lost, in words; empty if none."""
        if not self.lost_runs or self.budget is None:
            return ""
        hours = self.pause.total_seconds() / 3_600
        return (
            f"; about {counted(self.lost_runs, 'run')} will leave GitHub before their jobs are "
            f"fetched: too few requests are allowed, {self.budget:,} every {hours:.0f} h"
        )


def backlog(
    log: IngestLog,
    gaps: Sequence[tuple[datetime, datetime]] = (),
    due: Work | None = None,
) -> Backlog:
    """What is to be fetched first now; with the `gaps` that are to be listed and the work `due`.

    Raises psycopg.Error.
    """
    now = log.tools.now()
    pace = execute(log.connection, "runs/ingest_pace", log.key).fetchone()
    assert pace is not None  # the repository is stored before anything else
    kept = timedelta(days=pace["retention_days"])
    rows = execute(log.connection, "runs/leaving_by_hour", log.key).fetchall()
    leaving = [Leaving(row["leaves_from"], row["runs"], row["requests"]) for row in rows]
    budget, left = log.tools.client.budget, log.tools.client.requests_left
    # A limit of this ingest alone does not say how many requests the later ones may send.
    is_pace = budget is not None and budget >= (left or 0)
    if due is not None:
        stored = sum(row["requests"] for row in rows)
        leaving += _expected(gaps, now - kept, max(0, due.attempts + due.jobs - stored), kept)
        budget = None if budget is None else max(0, budget - due.lists)
    seconds = pace["seconds_between"]
    interval = None if seconds is None else timedelta(seconds=seconds)
    found: Plan = plan(leaving, now, budget, interval)
    first_before = found.first_until - kept
    lost = found.lost_runs if is_pace else 0
    return Backlog(now - kept, first_before, lost, budget, pause_between(interval))


def _expected(
    gaps: Sequence[tuple[datetime, datetime]], oldest: datetime, requests: int, kept: timedelta
) -> list[Leaving]:
    """The details of runs that are still to be listed, as if these came at an even pace."""
    days = [
        (start, min(start + DAY, high))
        for low, high in gaps
        for start in _days(max(low, oldest), high)
    ]
    length = sum((end - start for start, end in days), timedelta())
    return [
        Leaving(start + kept, share, share)
        for start, end in days
        if (share := requests * ((end - start) / length)) > 0
    ]


def _days(low: datetime, high: datetime) -> list[datetime]:
    found = []
    while low < high:
        found.append(low)
        low += DAY
    return found
