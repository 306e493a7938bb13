"""Moments and lengths of time, as a user writes them."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Literal

from telemetry.settings import UsageError

# The units of a length of time. Nothing here needs seconds.
UNITS = {
    "minute": ("m", "min", "mins", "minute", "minutes"),
    "hour": ("h", "hour", "hours"),
    "day": ("d", "day", "days"),
    "week": ("w", "week", "weeks"),
    "month": ("mo", "mon", "mons", "month", "months"),
    "year": ("y", "year", "years"),
}
UNIT_OF = {spelling: unit for unit, spellings in UNITS.items() for spelling in spellings}
LONGEST_YEARS = 200
# Outside, a length or a time zone more or less is a time that Python does not have.
FIRST_YEAR, LAST_YEAR = 1970, 9997
DAYS = "90d, 2w, '6 months' or '1 year'"
LENGTHS = f"12h, {DAYS}"


@dataclass(frozen=True)
class Length:
    """A length of time: calendar months plus days and smaller units.

    `moment - length` subtracts as PostgreSQL does: a month earlier is the same day of the month
    before, or its last day if that month is shorter.
    """

    months: int = 0
    rest: timedelta = timedelta(0)

    def __rsub__(self, moment: datetime) -> datetime:
        year, month = divmod(moment.year * 12 + moment.month - 1 - self.months, 12)
        day = min(moment.day, monthrange(year, month + 1)[1])
        return moment.replace(year=year, month=month + 1, day=day) - self.rest

    def up_to(self, moment: datetime) -> timedelta:
        """Return its exact length if it ends at this time."""
        return moment - (moment - self)

    def __str__(self) -> str:
        """Return it in words that PostgreSQL reads too: `1 year 6 months`, `90 days`."""
        years, months = divmod(self.months, 12)
        hours, rest = divmod(self.rest.seconds, 3_600)
        counts = {
            "year": years,
            "month": months,
            "day": self.rest.days,
            "hour": hours,
            "minute": rest // 60,
        }
        return " ".join(f"{n} {unit}{'' if n == 1 else 's'}" for unit, n in counts.items() if n)


def since(text: str, variable: str = "SINCE") -> datetime | Length | Literal["all"]:
    """As `start`, or `all`, which means as far back as rows are kept."""
    return "all" if text.strip().lower() == "all" else start(text, variable, "all")


def day_or_since(text: str, variable: str = "SINCE") -> date | Length | Literal["all"]:
    """As `since`, but a date stays one: its midnight is that of a time zone (see `in_zone`)."""
    found = since(text, variable)
    return _date(text) or found


def day_or_moment(text: str, variable: str) -> date:
    """As `moment`, but a date stays one: its midnight is that of a time zone (see `in_zone`)."""
    found = moment(text, variable)
    return _date(text) or found


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def in_zone(when: date, zone: tzinfo) -> datetime:
    """Return a moment in this time zone, of a date its midnight there."""
    if isinstance(when, datetime):
        return when.astimezone(zone)
    return datetime(when.year, when.month, when.day, tzinfo=zone)


def start(text: str, variable: str = "SINCE", *others: str) -> datetime | Length:
    """Return a moment (`2026-01-01`, midnight UTC, or a time with its zone) or an age (see `age`).

    Raises UsageError for anything else, and for a time without a zone; it also suggests `others`.
    """
    if _length(text) is not None:
        return age(text, variable)
    return moment(text, variable, "an age (90d, '6 months')", *others)


def moment(text: str, variable: str, *others: str) -> datetime:
    """Return the moment in a text: a date, meaning midnight UTC, or a time with its zone.

    Raises UsageError, which also suggests `others`, the other forms that the caller accepts.
    """
    try:
        found = datetime.fromisoformat(text.strip())
        if found.tzinfo is None and len(text.strip()) > len("2026-01-01"):
            raise UsageError(f"{variable}: {text!r} has no time zone; add Z for UTC")
        if not FIRST_YEAR <= found.year <= LAST_YEAR:
            raise UsageError(
                f"{variable}: {text!r} is not in the years from {FIRST_YEAR} to {LAST_YEAR}"
            )
        return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        forms = ["a date (2026-01-01)", "a time with its zone (2026-01-01T08:00:00Z)", *others]
        offer = f"{', '.join(forms[:-1])} or {forms[-1]}"
        raise UsageError(f"{variable}: {text!r} is not a date or time; give {offer}") from None


def age(text: str, variable: str, examples: str = LENGTHS) -> Length:
    """Return a length of time such as `12h`, `90d`, `2w`, `6 months` or `1 year 6 months`.

    Raises UsageError for anything else, with the reason.
    """
    found = _length(text)
    if found is None:
        wrong = "is not a length of time"
        if re.fullmatch(r"[0-9]+", text.strip()):
            wrong = "has no unit"
        elif re.fullmatch(r"[0-9]+\s*s(ec(ond)?s?)?", text.strip(), re.IGNORECASE):
            wrong = "is in seconds, which are not accepted"
        raise UsageError(f"{variable}: {text!r} {wrong}; give a number and a unit: {examples}")
    if found == Length():
        raise UsageError(f"{variable}: {text!r} is zero; give a length such as {examples}")
    if found.months / 12 + found.rest.days / 365 > LONGEST_YEARS:
        raise UsageError(f"{variable}: {text!r} is longer than {LONGEST_YEARS} years")
    return found


def keep(text: str, variable: str = "KEEP") -> Length | Literal["forever"]:
    """Return how long rows are kept: a day or more, or `forever`. Raises UsageError."""
    if text.strip().lower() == "forever":
        return "forever"
    try:
        found = age(text, variable, DAYS)
    except UsageError as error:
        raise UsageError(f"{error}, or forever") from None
    if not found.months and found.rest < timedelta(days=1):
        minutes = re.fullmatch(r"([0-9]+)\s*m", text.strip(), re.IGNORECASE)
        meant = f"'{minutes[1]} months'" if minutes else DAYS
        raise UsageError(
            f"{variable}: {text!r} is {found}, and a day is the least that is kept; "
            f"{'did you mean' if minutes else 'give one such as'} {meant}{'?' if minutes else ''}"
        )
    return found


def _length(text: str) -> Length | None:
    """Return the sum of the numbers with units; None if the text is anything else."""
    parts = re.findall(r"([0-9]{1,9})\s*([a-z]+)", text.lower())
    whole = r"\s*([0-9]{1,9}\s*[a-z]+[\s,]*)+"
    if not re.fullmatch(whole, text, re.IGNORECASE | re.ASCII):
        return None
    if not all(spelling in UNIT_OF for _, spelling in parts):
        return None
    counts = dict.fromkeys(UNITS, 0)
    for number, spelling in parts:
        counts[UNIT_OF[spelling]] += int(number)
    months = counts["year"] * 12 + counts["month"]
    try:
        rest = {f"{unit}s": counts[unit] for unit in ("week", "day", "hour", "minute")}
        return Length(months, timedelta(**rest))
    except OverflowError:
        return None


def month(text: str, variable: str) -> date:
    """Return the first day of the month in a text such as 2026-10. Raises UsageError."""
    try:
        return date.fromisoformat(f"{text.strip()}-01" if len(text.strip()) == 7 else "")
    except ValueError:
        raise UsageError(f"{variable}: {text!r} is not a month such as 2026-10") from None
