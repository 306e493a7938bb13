"""Windows that are due to be listed again, grouped into neighbours. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class DueWindow:
    """A window to list again. Times are UTC."""

    created_from: datetime
    created_to: datetime
    reported: int | None
    seen: int
    listed_at: datetime
    etag: str | None
    etag_token: str | None


def groups(windows: Iterable[DueWindow], most: int) -> Iterator[list[DueWindow]]:
    """Yield groups of neighbours, newest first, each with at most `most` runs."""
    group: list[DueWindow] = []
    for window in sorted(windows, key=lambda window: window.created_from, reverse=True):
        apart = bool(group) and group[-1].created_from != window.created_to
        if group and (apart or sum(w.seen for w in group) + window.seen > most):
            yield group
            group = []
        group.append(window)
    if group:
        yield group
