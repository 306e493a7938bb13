"""The user's settings: variables of the environment and of a .env file, read and checked."""

import re
from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from telemetry import TelemetryError
from telemetry.installation import COMMAND

# Variables that count as unset if they are empty: ours, GitHub's and libpq's. An empty variable of
# another program, such as PAGER or a proxy, may have a meaning.
PREFIXES = ("TELEMETRY_", "GITHUB_", "GH_TOKEN", "DATABASE_URL", "PG")
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
LENGTHS = "12h, 90d, 2w, '6 months' or '1 year'"
# GitHub allows these characters. A name of dots alone would change the API's path, and GitHub
# removes .git from the end of a name.
# No name on GitHub is as long as 200 characters.
REPOSITORY = re.compile(r"(?=.{1,200}$)[\w-][\w.-]*/(?!\.{1,2}$)(?!.*\.git$)[\w.-]+", re.ASCII)
TOKEN_VARIABLES = ("GITHUB_TOKEN", "GITHUB_PERSONAL_TOKEN", "GH_TOKEN")


class UsageError(TelemetryError):
    """A setting that cannot be used; the command ends with exit code 2."""


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


def read_env_file(path: Path) -> dict[str, str]:
    """Return the variables in a file of `KEY=value` lines; empty if there is no such file.

    The file is UTF-8, with or without a byte order mark. Quotes around a value are removed,
    `export ` before a key is allowed, and nothing is expanded. A comment has its own line, or
    follows a quoted value. Raises UsageError for any other line, without showing it.
    """
    if not path.is_file():
        return {}
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError:
        raise UsageError(f"{path.name} is not UTF-8 text; save it as such") from None
    values = {}
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        match = re.fullmatch(r"(?:export\s+)?(\w+)\s*=\s*([^\0]*)", text)
        if not match:
            raise UsageError(f"{path.name}, line {number}: expected KEY=value")
        key, value = match.groups()
        quoted = re.fullmatch(r"""(["'])(.*?)\1(\s+#.*)?""", value)
        values[key] = quoted[2] if quoted else value
    return values


def merged(environ: Mapping[str, str], env_file: Mapping[str, str]) -> dict[str, str]:
    """Return both; the environment wins, unless its variable is empty, which means unset.

    Variables outside PREFIXES are left unchanged.
    """
    from_file = {name: value for name, value in env_file.items() if value.strip()}
    set_here = {
        name: value
        for name, value in environ.items()
        if value.strip() or not name.startswith(PREFIXES)
    }
    return {**from_file, **set_here}


def repositories(text: str) -> list[str]:
    """Return the repositories in a text, separated by spaces or commas: each once, in order.

    GitHub ignores the case of names, so the first spelling stands for all. A dash before a name, as
    in a YAML list, is ignored. Raises UsageError for a name that is not `owner/name`, with a
    suggestion if possible.
    """
    words = re.split(r"[\s,]+", text)
    spellings = {name.lower(): name for name in reversed(words) if name not in ("", "-")}
    names = [spellings.pop(key) for key in map(str.lower, words) if key in spellings]
    for name in names:
        if not REPOSITORY.fullmatch(name):
            raise UsageError(f"REPO: {name!r} is not of the form owner/name{_offer(name)}")
    return names


def _offer(name: str) -> str:
    """Return a suggestion: the repository in a URL, or ORG for an owner alone."""
    url = re.fullmatch(
        r"(?:(?:https?://|(?:ssh://)?git@)[\w.-]+(?::\d+)?[/:]|[\w-]+(?:\.[\w-]+)+/)?"
        r"([\w-][\w.-]*/[\w.-]+?)(?:\.git)?(?:/.*)?",
        name,
        re.ASCII,
    )
    if url and REPOSITORY.fullmatch(url[1]):
        return f"; try: REPO={url[1]}"
    is_owner = re.fullmatch(r"[\w-]+", name, re.ASCII)
    return f"; for all its repositories: {COMMAND} ingest ORG={name}" if is_owner else ""


def token(environ: Mapping[str, str]) -> tuple[str | None, str]:
    """Return the GitHub token and its variable; without one, None and the variable to set.

    White space around the token, which pasting often adds, is removed.
    """
    for variable in TOKEN_VARIABLES:
        if environ.get(variable):
            return environ[variable].strip(), variable
    return None, "GITHUB_PERSONAL_TOKEN"


def time_zone(text: str, variable: str) -> tzinfo:
    """Return the time zone with this IANA name, such as Europe/Berlin. Raises UsageError."""
    try:
        return UTC if text.upper() == "UTC" else ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(
            f"{variable}: {text!r} is not a time zone that this machine knows; give one such as "
            "Europe/Berlin or UTC"
        ) from None


def since(text: str, variable: str = "SINCE") -> datetime | Length | Literal["all"]:
    """As `start`, or `all`, which means as far back as rows are kept."""
    return "all" if text.strip().lower() == "all" else start(text, variable, "all")


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
    except ValueError:
        forms = ["a date (2026-01-01)", "a time with its zone (2026-01-01T08:00:00Z)", *others]
        offer = f"{', '.join(forms[:-1])} or {forms[-1]}"
        raise UsageError(f"{variable}: {text!r} is not a date or time; give {offer}") from None
    if found.tzinfo is None:
        if len(text.strip()) > len("2026-01-01"):
            raise UsageError(f"{variable}: {text!r} has no time zone; add Z for UTC")
        found = found.replace(tzinfo=UTC)
    return found.astimezone(UTC)


def age(text: str, variable: str) -> Length:
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
        raise UsageError(f"{variable}: {text!r} {wrong}; give a number and a unit: {LENGTHS}")
    if found == Length():
        raise UsageError(f"{variable}: {text!r} is zero; give a length such as {LENGTHS}")
    if found.months / 12 + found.rest.days / 365 > LONGEST_YEARS:
        raise UsageError(f"{variable}: {text!r} is longer than {LONGEST_YEARS} years")
    return found


def keep(text: str, variable: str = "KEEP") -> Length | Literal["forever"]:
    """Return how long rows are kept: a day or more, or `forever`. Raises UsageError."""
    if text.strip().lower() == "forever":
        return "forever"
    try:
        found = age(text, variable)
    except UsageError as error:
        raise UsageError(f"{error}, or forever") from None
    if not found.months and found.rest < timedelta(days=1):
        minutes = re.fullmatch(r"([0-9]+)\s*m", text.strip(), re.IGNORECASE)
        meant = f"'{minutes[1]} months'" if minutes else LENGTHS
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


def whole_number(text: str, variable: str, least: int, most: int) -> int:
    """Return the whole number in a text. Raises UsageError if it is not within the bounds."""
    if not re.fullmatch(r"[0-9]{1,19}", text.strip()) or not least <= int(text) <= most:
        raise UsageError(f"{variable}: {text!r} is not a whole number from {least} to {most}")
    return int(text)


def amount(text: str, variable: str) -> Decimal:
    """Return the amount of US dollars in a text. Raises UsageError for anything else."""
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", text.strip()):
        raise UsageError(f"{variable}: {text!r} is not an amount in US dollars, such as 500")
    return Decimal(text.strip())


def month(text: str, variable: str) -> date:
    """Return the first day of the month in a text such as 2026-10. Raises UsageError."""
    try:
        return date.fromisoformat(f"{text.strip()}-01" if len(text.strip()) == 7 else "")
    except ValueError:
        raise UsageError(f"{variable}: {text!r} is not a month such as 2026-10") from None


def factor(text: str, variable: str) -> float:
    """Return the number in a text. Raises UsageError if it is not from 0.01 to 100."""
    if (
        not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,6})?", text.strip())
        or not 0.01 <= float(text) <= 100
    ):
        raise UsageError(f"{variable}: {text!r} is not a number from 0.01 to 100, such as 1.5")
    return float(text)


def flag(environ: Mapping[str, str], variable: str, default: bool = False) -> bool:
    """Return whether a variable is on: 1, true, yes or on, against 0, false, no or off.

    Raises UsageError for anything else.
    """
    text = environ.get(variable, "").strip().lower()
    if not text:
        return default
    if text in ("1", "true", "yes", "on"):
        return True
    if text in ("0", "false", "no", "off"):
        return False
    short = variable.removeprefix("TELEMETRY_")
    raise UsageError(f"{short}: {environ[variable]!r} is neither 1 nor 0")


def reserve(environ: Mapping[str, str], token: str | None) -> float:
    """Return the share of GitHub's hourly limit to leave to others, from 0 to 1.

    It is a tenth; for the token of a workflow it is half, because all workflows of the repository
    share that limit ("Rate limits for the REST API", GITHUB_TOKEN).
    """
    in_actions = environ.get("GITHUB_ACTIONS") == "true"
    return 0.5 if in_actions and token is not None and token.startswith("ghs_") else 0.1


def choice(text: str, variable: str, choices: Sequence[str]) -> str:
    """Return the word in lower case if it is one of `choices`. Raises UsageError."""
    word = text.strip().lower()
    if word not in choices:
        raise UsageError(f"{variable}: {text!r} is not one of: {', '.join(choices)}")
    return word
