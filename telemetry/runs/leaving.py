"""What GitHub deletes before an ingest can fetch it, and what must be fetched first. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

SOON = timedelta(days=7)
"""Runs that GitHub deletes within this time are fetched before everything else."""
USUAL_INTERVAL = timedelta(hours=6)
"""Between two ingests, until the repository's own pace is known: that of the cron workflow."""
SHORTEST_INTERVAL = timedelta(hours=1)
"""GitHub allows its requests by the hour; more frequent ingests share them."""


@dataclass(frozen=True)
class Leaving:
    """Runs that GitHub deletes at about the same time, and the requests for their details.

    `leaves_at` is the last of these times. The same number of ingests comes before each of them.
    """

    leaves_at: datetime
    runs: float
    requests: float


@dataclass(frozen=True)
class Budget:
    """The requests for attempts and jobs: of this ingest, and of each later one.

    `pause` is the time until the next ingest that has requests of its own.
    """

    now: float
    later: float
    pause: timedelta

    def until(self, moment: datetime, now: datetime) -> float:
        """Return how many requests later ingests have until `moment` (UTC)."""
        return self.later * max(0, (moment - now) // self.pause)


@dataclass(frozen=True)
class Plan:
    """Runs that leave before `first_until` must be fetched first, the oldest of them first.

    `lost_runs` is about how many will nevertheless leave before they can be fetched.
    """

    first_until: datetime
    lost_runs: int


def plan(leaving: Iterable[Leaving], now: datetime, budget: Budget | None) -> Plan:
    """Return what must be fetched now so that ingests with this budget lose the fewest runs.

    Fetching in the order in which runs leave loses as few as possible: the number by which they
    exceed the requests until some moment, at the worst of these moments. Runs that a later ingest
    still reaches in time may wait, so new runs do not come last. No budget: no limit.
    """
    first_until = now + SOON
    if budget is None:
        return Plan(first_until, 0)
    in_order = sorted(leaving, key=lambda each: each.leaves_at)
    runs = requests = urgent = lost = 0.0
    for group in in_order:
        runs, requests = runs + group.runs, requests + group.requests
        # Everything that leaves until then is fetched now, or as much as the budget allows.
        too_many = requests - budget.until(group.leaves_at, now)
        if too_many > 0:
            urgent = max(urgent, too_many)
            lost = max(lost, (too_many - budget.now) * runs / requests)
    seen = 0.0
    for group in in_order:
        if seen >= urgent:
            break
        seen += group.requests
        first_until = max(first_until, group.leaves_at + timedelta(seconds=1))
    return Plan(first_until, round(lost))


def pause_between(interval: timedelta | None) -> timedelta:
    """Return the time until another budget can be spent, if ingests are this far apart."""
    return max(interval or USUAL_INTERVAL, SHORTEST_INTERVAL)


def spread(
    low: datetime, high: datetime, kept: timedelta, now: datetime, pause: timedelta
) -> list[tuple[datetime, timedelta]]:
    """Divide an interval of creation time by how many ingests come before its runs leave.

    Return for each part when its first run leaves, and its length. What has left is omitted.
    """
    parts = []
    moment, end = max(low + kept, now), high + kept
    while moment < end:
        following = min(end, now + ((moment - now) // pause + 1) * pause)
        parts.append((moment, following - moment))
        moment = following
    return parts
