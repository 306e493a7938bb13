"""Figures as people read them: lengths of time, shares, money, and sums of rows.

A figure that is not known is `UNKNOWN`, never 0."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from statistics import median
from typing import Any

from telemetry import in_percent

Row = dict[str, Any]


def known_sum(rows: Sequence[Row], column: str) -> Decimal | None:
    """Return the sum of the known values of a column; None if there are none."""
    known = [Decimal(row[column]) for row in rows if row[column] is not None]
    return sum(known, Decimal(0)) if known else None


UNKNOWN = "–"
# The words for a kind of branch, after the name of a workflow.
BRANCHES = {
    "default": "on the default branch",
    "pull_request": "on pull requests",
    "merge_queue": "in the merge queue",
    "deployment": "on deployments",
    "other": "on other branches or events",
}
Number = int | float | Decimal


def duration(seconds: Number | None) -> str:
    """Return seconds in their two largest units: `1.4s`, `45s`, `10m 03s`, `2h 05m`, `3d 04h`.

    Tenths are shown below ten seconds, as of answers of models.
    """
    if seconds is None:
        return UNKNOWN
    tenths, whole = round(float(seconds), 1), round(seconds)
    if 0 < tenths < 10 and not tenths.is_integer():
        return f"{tenths}s"
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
    """Return a sum of minutes; in hours from two hours on, and in seconds below a minute."""
    if amount is None:
        return UNKNOWN
    if 0 < amount < 1:
        return duration(round(amount * 60))
    if amount >= 120:
        return f"{amount / 60:,.0f} h" if amount >= 600 else f"{amount / 60:.1f} h"
    return f"{amount:,.0f} min" if amount >= 10 or amount == 0 else f"{amount:,.1f} min"


def about(figure: str, *estimated: int) -> str:
    """Return a figure, marked if a part of it is an estimate or missing."""
    return f"≈ {figure}" if any(estimated) and figure != UNKNOWN else figure


def count(number: Number | None) -> str:
    """Return a whole number with thousands separators."""
    return UNKNOWN if number is None else f"{number:,.0f}"


def and_more(left: int, plural: str) -> str:
    """Return how many others there are, such as `and 2 more jobs`; the first word in -s is the
    noun.
    """
    noun = re.sub(r"s\b", "", plural, count=1) if left == 1 else plural
    return f"and {count(left)} more {noun}"


def percent(share: Number | None) -> str:
    """Return a percentage as in_percent rounds it: `83.3 %`, `99.98 %`."""
    return UNKNOWN if share is None else f"{in_percent(share)} %"


def dollars(amount: Number | None) -> str:
    """Return US dollars; small amounts with enough decimals to be above zero."""
    if amount is None:
        return UNKNOWN
    if amount == 0 or amount >= Decimal("0.1"):
        return f"${amount:,.2f}"
    return f"${amount:.4f}" if amount >= Decimal("0.0001") else "< $0.0001"


def change(percentage: Number | None) -> str:
    """Return a relative change with its sign: `+35 %`, `−4 %`."""
    return UNKNOWN if percentage is None else f"{_signed(f'{percentage:+,.0f}')} %"


def longer(seconds: Number, before: Number) -> str:
    """Return the change of a time: `+35 %`, or `+1m 00s` if it was nothing before."""
    return change(shift_of(seconds, before)) if before else f"+{duration(seconds)}"


def points(difference: Number | None) -> str:
    """Return the difference of two percentages, in percentage points: `−2.1 points`."""
    return UNKNOWN if difference is None else f"{_signed(f'{difference:+.1f}')} points"


def _signed(number: str) -> str:
    """Return a number with a typographic sign; a number that is rounded to zero has none."""
    return number.replace("-", "−") if number.strip("+-0.") else f"±{number[1:]}"


def day(moment: date) -> str:
    """Return a day such as `1 Mar`; of a time, its day in its own zone."""
    return f"{moment.day} {moment:%b}"


def minute(moment: datetime | None) -> str:
    """Return a time such as `2026-03-01 14:05`, in its own zone, which the page names once."""
    return UNKNOWN if moment is None else f"{moment:%Y-%m-%d %H:%M}"


def share_of(part: Number | None, whole: Number | None) -> float | None:
    """Return a part in percent of the whole; None without a whole."""
    return None if part is None or not whole else 100 * float(part) / float(whole)


def shift_of(now: Number | None, before: Number | None) -> float | None:
    """Return the change of a figure in percent; None if there is nothing to compare with."""
    return None if now is None or not before else 100 * (float(now) / float(before) - 1)


def is_alone(rows: Sequence[Row], column: str) -> bool:
    """Whether the first row is the only one with its value, which is the greatest of all."""
    return len(rows) == 1 or rows[0][column] > (rows[1][column] or 0)


def axis_top(usual: Sequence[float | None], shown: Sequence[float | None]) -> float:
    """Return the end of an axis: the greatest value shown, at most four times the usual median.

    Otherwise one day that took a week would flatten all others.
    """
    known = [value for value in usual if value is not None]
    greatest = max((value for value in shown if value is not None), default=0)
    return min(greatest, 4 * median(known)) if known else greatest
