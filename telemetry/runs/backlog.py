"""What a repository's next ingests have to fetch before GitHub deletes it."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from telemetry import counted, in_words
from telemetry.database.connection import execute
from telemetry.github.client import GitHub
from telemetry.github.options import LARGEST_PAGE
from telemetry.runs.due_windows import LONGEST, lists_a_day
from telemetry.runs.estimate import Work
from telemetry.runs.leaving import Budget, Leaving, pause_between, plan, spread
from telemetry.runs.lists.windows import Span
from telemetry.runs.record import IngestLog

DAY = timedelta(days=1)
# Besides lists of runs that may be re-run, each day takes these requests: two questions about the
# repository, and one that checks where a list ends.
DAILY_QUESTIONS = 3


@dataclass(frozen=True)
class Backlog:
    """The plan for what is stored and lacks attempts or jobs, and for what is still to be listed.

    `first` are the intervals of creation time whose details are fetched first, in this order.
    `warning` says in words how many runs will be lost; it is empty if none will.
    """

    first: tuple[Span, ...] = ()
    warning: str = ""


def backlog(log: IngestLog, runs_a_day: float, work: Work | None = None) -> Backlog:
    """Return the plan if this many runs are created in a day; `work` is what is still to list."""
    now = log.tools.now()
    (asked,) = execute(log.connection, "runs/ingest_pace", log.key)
    kept = timedelta(days=asked["retention_days"])
    seconds = asked["seconds_between"]
    pause = pause_between(None if seconds is None else timedelta(seconds=seconds))
    parameters = {**log.key, "now": now, "pause_seconds": pause.total_seconds()}
    known = [
        Leaving(row["leaves_at"], row["runs"], row["requests"])
        for row in execute(log.connection, "runs/leaving_by_ingest", parameters)
    ]
    expected = _expected(work, kept, now, pause) if work else []
    if not known and not expected:
        return Backlog()
    budget = _budget(log, runs_a_day, pause, work.lists if work else 0)
    found = plan([*known, *expected], now, budget)
    lost = found.lost_runs if _is_lasting(log.tools.client) else 0
    next_at = min(now + pause, found.first_until)
    spans = ((now, next_at), (next_at, found.first_until))
    return Backlog(
        first=tuple(
            (start - kept, end - kept)
            for start, end in spans
            if any(start <= each.leaves_at < end for each in known)
        ),
        warning=_warning(lost, budget, is_usual=seconds is None),
    )


def _budget(log: IngestLog, runs_a_day: float, pause: timedelta, lists: int) -> Budget | None:
    """Return the requests for details: those that lists take are subtracted."""
    left, hourly = log.tools.client.budget, log.tools.client.hourly_requests
    if left is None or hourly is None:
        return None
    swept = lists_a_day(log)
    if lists:
        # Of a long history, only the last month is listed again.
        swept = min(swept + lists, math.ceil(runs_a_day * (LONGEST / DAY) / LARGEST_PAGE))
    days = pause / DAY
    new_pages = max(1, runs_a_day * days / LARGEST_PAGE)
    later = hourly - new_pages - (DAILY_QUESTIONS + swept) * min(1, days)
    return Budget(max(0, left - lists), max(0, later), pause)


def _is_lasting(client: GitHub) -> bool:
    """Whether GitHub limits the requests: a limit of this ingest says nothing about later ones."""
    budget, left = client.budget, client.requests_left
    return budget is not None and budget >= (left or 0)


def _expected(work: Work, kept: timedelta, now: datetime, pause: timedelta) -> list[Leaving]:
    """Return what unlisted runs will take, as if they had been created at an even pace."""
    parts = [part for low, high in work.gaps for part in spread(low, high, kept, now, pause)]
    length = sum((part for _, part in parts), timedelta())
    runs, requests = work.new_jobs, work.new_attempts + work.new_jobs
    return [
        Leaving(moment, runs * (part / length), requests * (part / length))
        for moment, part in parts
        if requests > 0
    ]


def _warning(lost: int, budget: Budget | None, *, is_usual: bool) -> str:
    if not lost or budget is None:
        return ""
    return (
        f"about {counted(lost, 'run')} will leave GitHub before their jobs are fetched: "
        f"{budget.later:,.0f} requests every {in_words(budget.pause.total_seconds())}"
        f"{', the usual schedule,' if is_usual else ''} are too few"
    )
