"""Figures as people read them: lengths of time, shares, money, and sums of rows.

A figure that is not known is `UNKNOWN`, never 0."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from statistics import median
from typing import Any

Row = dict[str, Any]


def known_sum(rows: Sequence[Row], column: str) -> Decimal | None:
    """The sum of what is known of a column; None where nothing is."""
    known = [Decimal(row[column]) for row in rows if row[column] is not None]
    return sum(known, Decimal(0)) if known else None


UNKNOWN = "–"
# The kinds of branch, as they are said behind the name of a workflow.
BRANCHES = {
    "default": "on the default branch",
    "pull_request": "on pull requests",
    "merge_queue": "in the merge queue",
    "other": "on other branches",
}
Number = int | float | Decimal


def duration(seconds: Number | None) -> str:
    """A length of time in its two largest units: `45s`, `10m 03s`, `2h 05m`, `3d 04h`."""
    if seconds is None:
        return UNKNOWN
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    minutes, second = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes}m {second:02}s"
    hours, minute = divmod(minutes, 60)
    if hours < 48:
        return f"{hours}h {minute:02}m"
    return f"{hours // 24}d {hours % 24:02}h"


def minutes(amount: Number | None) -> str:
    """A sum of minutes; in hours from ten hours on."""
    if amount is None:
        return UNKNOWN
    if amount >= 600:
        return f"{amount / 60:,.0f} h"
    return f"{amount:,.0f} min" if amount >= 10 or amount == 0 else f"{amount:,.1f} min"


def count(number: Number | None) -> str:
    """A whole number with its thousands set apart."""
    return UNKNOWN if number is None else f"{number:,.0f}"


def percent(share: Number | None) -> str:
    """A percentage with one decimal."""
    return UNKNOWN if share is None else f"{share:.1f} %"


def dollars(amount: Number | None) -> str:
    """US dollars; small amounts with as many decimals as they need to be more than nothing."""
    if amount is None:
        return UNKNOWN
    if amount == 0 or amount >= Decimal("0.1"):
        return f"${amount:,.2f}"
    return f"${amount:.4f}" if amount >= Decimal("0.0001") else "< $0.0001"


def change(percentage: Number | None) -> str:
    """A relative change with its sign: `+35 %`, `−4 %`."""
    return UNKNOWN if percentage is None else f"{_signed(f'{percentage:+,.0f}')} %"


def points(difference: Number | None) -> str:
    """The difference of two percentages, in percentage points: `−2.1 points`."""
    return UNKNOWN if difference is None else f"{_signed(f'{difference:+.1f}')} points"


def _signed(number: str) -> str:
    """A number with the sign that is written for people; what is rounded to nothing has none."""
    return number.replace("-", "−") if number.strip("+-0.") else f"±{number[1:]}"


def day(moment: date) -> str:
    """`1 Mar`; of a time, its day in the zone it has."""
    return f"{moment.day} {moment:%b}"


def minute(moment: datetime | None) -> str:
    """`2026-03-01 14:05`, in the zone it has; the page says once which."""
    return UNKNOWN if moment is None else f"{moment:%Y-%m-%d %H:%M}"


def share_of(part: Number | None, whole: Number | None) -> float | None:
    """How many percent of the whole a part is. None without a whole."""
    return None if part is None or not whole else 100 * float(part) / float(whole)


def shift_of(now: Number | None, before: Number | None) -> float | None:
    """By how many percent a figure changed. None where there is nothing to compare with."""
    return None if now is None or not before else 100 * (float(now) / float(before) - 1)


def axis_top(usual: Sequence[float | None], shown: Sequence[float | None]) -> float:
    """Up to where an axis goes: the greatest value shown, or four times the median of the usual.

    One day that took a week would otherwise make a flat line of all others.
    """
    known = [value for value in usual if value is not None]
    greatest = max((value for value in shown if value is not None), default=0)
    return min(greatest, 4 * median(known)) if known else greatest
