"""What the user set: variables of the environment and of a .env file, read and checked."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from telemetry import TelemetryError

# Variables whose emptiness means that they are not set: ours, GitHub's and libpq's. What others
# read may mean something else by it, as PAGER and the proxies' variables do.
PREFIXES = ("TELEMETRY_", "GITHUB_", "DATABASE_URL", "PG")
UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
TOKEN_VARIABLES = ("GITHUB_TOKEN", "GITHUB_PERSONAL_TOKEN")


class UsageError(TelemetryError):
    """A setting that cannot be used; the command ends with exit code 2."""


def read_env_file(path: Path) -> dict[str, str]:
    """The variables in a file of `KEY=value` lines, empty when there is no such file.

    UTF-8, with a byte order mark or without. Quotes around a value are taken off, `export ` before
    a key is allowed, nothing is expanded, and a comment has a line of its own. Raises UsageError
    for what is none of these, without showing it.
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
        if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
        values[key] = value
    return values


def merged(environ: Mapping[str, str], env_file: Mapping[str, str]) -> dict[str, str]:
    """Both together, without what is empty: that is unset, and does not hide what the file says.

    The environment wins, and keeps what others than we read (see PREFIXES) as it is.
    """
    from_file = {name: value for name, value in env_file.items() if value.strip()}
    set_here = {
        name: value
        for name, value in environ.items()
        if value.strip() or not name.startswith(PREFIXES)
    }
    return {**from_file, **set_here}


def repositories(
    environ: Mapping[str, str], named: str | None = None, organization: str | None = None
) -> list[str]:
    """The repositories to ingest, each `owner/name` once, in the order given.

    Those `named`, else those of TELEMETRY_REPO; where an organization is named as well there need
    be none, else that of GITHUB_REPOSITORY, which GitHub Actions sets. Raises UsageError.
    """
    text = named or environ.get("TELEMETRY_REPO") or ""
    if organization is None:
        text = text or environ.get("GITHUB_REPOSITORY") or ""
    elif not text:
        return []
    names = list(dict.fromkeys(re.split(r"[\s,]+", text.strip()))) if text.strip() else []
    if not names:
        raise UsageError("no repository is named; try: make ingest REPO=owner/name")
    for name in names:
        # GitHub's own characters; a name of dots alone would climb out of the API's path.
        if not re.fullmatch(r"[\w-][\w.-]*/(?!\.{1,2}$)[\w.-]+", name, re.ASCII):
            raise UsageError(f"REPO: {name!r} is not of the form owner/name{_offer(name)}")
    return names


def _offer(name: str) -> str:
    """The repository that a URL of it names, offered in its place."""
    url = re.fullmatch(
        r"(?:https?://|(?:ssh://)?git@)[\w.-]+(?::\d+)?[/:]([\w-][\w.-]*/[\w.-]+?)(?:\.git)?(?:/.*)?",
        name,
        re.ASCII,
    )
    return f"; try: REPO={url[1]}" if url else ""


def token(environ: Mapping[str, str]) -> tuple[str | None, str]:
    """The GitHub token and the variable it came from; None and the first variable if there is none.

    Surrounding white space, which pasting often adds, is taken off.
    """
    for variable in TOKEN_VARIABLES:
        if environ.get(variable):
            return environ[variable].strip(), variable
    return None, TOKEN_VARIABLES[0]


def since(text: str) -> datetime | timedelta | Literal["all"]:
    """A moment (`2026-01-01` is its midnight UTC, or a time with its zone), or an age (`90d`).

    `all` means as far back as rows are kept. Raises UsageError for anything else, and for a moment
    without a zone.
    """
    if text.strip().lower() == "all":
        return "all"
    if re.fullmatch(r"[0-9]+[mhdw]", text.strip()):
        return age(text, "SINCE")
    return moment(text, "SINCE", "an age (90d)", "all")


def moment(text: str, variable: str, *others: str) -> datetime:
    """A moment: a date, which is its midnight UTC, or a time with its zone.

    Raises UsageError, which offers `others` as well, for what the caller takes besides.
    """
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        forms = ["a date (2026-01-01)", "a time with its zone (2026-01-01T08:00:00Z)", *others]
        raise UsageError(
            f"{variable}: {text!r} is no moment; give {', '.join(forms[:-1])} or {forms[-1]}"
        ) from None
    if found.tzinfo is None:
        if len(text.strip()) > len("2026-01-01"):
            raise UsageError(f"{variable}: {text!r} has no time zone; add Z for UTC")
        found = found.replace(tzinfo=UTC)
    return found.astimezone(UTC)


def age(text: str, variable: str) -> timedelta:
    """A length of time such as `90m`, `12h`, `30d` or `2w`. Raises UsageError."""
    match = re.fullmatch(r"([0-9]{1,6})([mhdw])", text.strip())
    if not match or int(match[1]) == 0:
        raise UsageError(f"{variable}: {text!r} is no length of time; give one such as 12h or 30d")
    return timedelta(**{UNITS[match[2]]: int(match[1])})


def whole_number(text: str, variable: str, least: int, most: int) -> int:
    """A whole number within bounds. Raises UsageError."""
    if not re.fullmatch(r"[0-9]{1,19}", text.strip()) or not least <= int(text) <= most:
        raise UsageError(f"{variable}: {text!r} is not a whole number from {least} to {most}")
    return int(text)


def flag(environ: Mapping[str, str], variable: str, default: bool = False) -> bool:
    """A variable that is on or off: 1, true, yes and on, or 0, false, no and off.

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
    """The share of GitHub's hourly limit to leave to others, from 0 to 1.

    A tenth; half of it where the limit is that of a workflow's own token, which all workflows of
    the repository share ("Rate limits for the REST API", GITHUB_TOKEN).
    """
    in_actions = environ.get("GITHUB_ACTIONS") == "true"
    return 0.5 if in_actions and token is not None and token.startswith("ghs_") else 0.1


def choice(text: str, variable: str, choices: Sequence[str]) -> str:
    """One of a few words. Raises UsageError."""
    if text not in choices:
        raise UsageError(f"{variable}: {text!r} is not one of: {', '.join(choices)}")
    return text
