"""GitHub Actions history and LLM calls, kept complete and accurate in PostgreSQL.

Data goes one way:

    GitHub REST ──pages──▶ dict ──from_api──▶ dataclass ──upsert──▶ table ──▶ view ──▶ status
     github/                      rows/                   database/             sql/views/
"""

from collections.abc import Sequence
from decimal import Decimal

__version__ = "1.1.0.dev0"


class TelemetryError(Exception):
    """An error whose text is one sentence: what failed, on what, and what to do about it."""


def counted(count: int, noun: str) -> str:
    """Return a number and its noun: `1 request`, `2 requests`, `3 repositories`."""
    plural = f"{noun[:-1]}ies" if noun.endswith("ry") else f"{noun}s"
    return f"{count:,} {noun if count == 1 else plural}"


def first_of(names: Sequence[str], most: int) -> str:
    """Return the first names, and how many more there are: `a, b and 3 more`."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"


def in_percent(share: float | Decimal) -> Decimal:
    """Return a percentage to one decimal, or to more if it would be 0 or 100 and is neither."""
    exact = Decimal(share)
    for decimals in range(1, 5):
        rounded = round(exact, decimals)
        if rounded not in (0, 100) or rounded == exact:
            return rounded
    return round(exact, 1)


def in_words(seconds: float) -> str:
    """Return a length of time in words: `5 minutes`, `3 hours`, `61 days`."""
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        # A unit is used from two on: "36 hours" is more precise than "1 day".
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}s"
    count = max(0, round(seconds))
    return f"{count} second{'' if count == 1 else 's'}"
