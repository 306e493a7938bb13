"""Windows that are listed again while their runs can be re-run, in groups for one request each."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from telemetry.database.connection import execute
from telemetry.github.options import LARGEST_PAGE
from telemetry.runs.lists.listing import SEARCH_LAG
from telemetry.runs.lists.windows import whole_second
from telemetry.runs.record import IngestLog

LONGEST = timedelta(days=31)
"""The longest group: its runs are listed again until the youngest can no longer be re-run."""


@dataclass(frozen=True)
class DueWindow:
    """A window that is due to be listed again, or will be. Times are UTC."""

    created_from: datetime
    created_to: datetime
    seen: int
    listed_at: datetime
    etag: str | None
    etag_token: str | None
    is_due: bool = True


def due_groups(log: IngestLog) -> list[list[DueWindow]]:
    """Return the windows to list again, in groups of neighbours; the oldest list first.

    Neighbours that are not due yet are listed with those that are. This costs nothing, and later
    they are due at the same time, so that quiet days take one request.
    """
    began = whole_second(log.ingestion.started_at)
    windows = [window for window in _swept(log) if window.listed_at < began]
    due = [group for group in groups(windows) if any(window.is_due for window in group)]
    return sorted(due, key=lambda group: min(window.listed_at for window in group))


def lists_a_day(log: IngestLog) -> int:
    """Return how many requests it takes to list all these windows again."""
    seen = [sum(window.seen for window in group) for group in groups(_swept(log))]
    return sum(max(1, math.ceil(runs / LARGEST_PAGE)) for runs in seen)


def _swept(log: IngestLog) -> list[DueWindow]:
    now = whole_second(log.ingestion.started_at)
    wanted = log.tools.wanted
    asked = {"now": now, "horizon": wanted.horizon, "full": wanted.full}
    reliable = {"reliable_before": now - SEARCH_LAG}
    rows = execute(log.connection, "runs/due_windows", {**log.key, **asked, **reliable})
    return [DueWindow(**row) for row in rows]


def groups(windows: Iterable[DueWindow]) -> Iterator[list[DueWindow]]:
    """Yield groups of neighbours, newest first, each with the runs of a page at most."""
    group: list[DueWindow] = []
    for window in sorted(windows, key=lambda window: window.created_from, reverse=True):
        if group:
            apart = group[-1].created_from != window.created_to
            is_long = group[0].created_to - window.created_from > LONGEST
            if apart or is_long or sum(w.seen for w in group) + window.seen > LARGEST_PAGE:
                yield group
                group = []
        group.append(window)
    if group:
        yield group
