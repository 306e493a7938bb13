"""What GitHub deletes before an ingest can fetch it, and what has to be fetched first. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

SOON = timedelta(days=7)
"""Runs that GitHub deletes within this time are fetched first, whatever else is to do."""
USUAL_INTERVAL = timedelta(hours=6)
"""Between two ingests, until the repository's own pace is known: that of the cron workflow."""
SHORTEST_INTERVAL = timedelta(hours=1)
"""GitHub allows its requests by the hour; more frequent ingests share them."""


@dataclass(frozen=True)
class Leaving:
    """Runs that GitHub deletes at about one time, and the requests that their details take."""

    leaves_at: datetime
    runs: float
    requests: float


@dataclass(frozen=True)
class Plan:
    """Runs that leave before `first_until` are to be fetched first, the oldest of them first.

    `lost_runs` is about how many leave before they can be fetched, even so.
    """

    first_until: datetime
    lost_runs: int


def plan(
    leaving: Iterable[Leaving], now: datetime, budget: int | None, interval: timedelta | None
) -> Plan:
    """What has to be fetched now, so that ingests with such a `budget` of requests lose least.

    Fetching in the order in which runs leave loses as few as possible. But what a later ingest
    still reaches in time may wait for it, so that new runs do not come last. No budget: no bound.
    """
    first_until = now + SOON
    if budget is None:
        return Plan(first_until, 0)
    pause = pause_between(interval)
    runs = requests = urgent = lost = 0.0
    for group in sorted(leaving, key=lambda each: each.leaves_at):
        runs, requests = runs + group.runs, requests + group.requests
        ingests = max(0, (group.leaves_at - now) // pause)
        too_many = requests - budget * ingests
        if too_many > 0:
            # Fetched now is all that leaves until then, or as much as the budget allows.
            urgent = max(urgent, too_many)
            lost = max(lost, (too_many - budget) * runs / requests)
    seen = 0.0
    for group in sorted(leaving, key=lambda each: each.leaves_at):
        if seen >= urgent:
            break
        seen += group.requests
        first_until = max(first_until, group.leaves_at + timedelta(hours=1))
    return Plan(first_until, round(lost))


def pause_between(interval: timedelta | None) -> timedelta:
    """How long it takes until another budget can be spent, if ingests are so far apart."""
    return max(interval or USUAL_INTERVAL, SHORTEST_INTERVAL)
