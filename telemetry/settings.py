"""What the user set: variables of the environment and of a .env file, read and checked."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from telemetry import TelemetryError

UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
TOKEN_VARIABLES = ("GITHUB_TOKEN", "GITHUB_PERSONAL_TOKEN")


class UsageError(TelemetryError):
    """A setting that cannot be used; the command ends with exit code 2."""


def read_env_file(path: Path) -> dict[str, str]:
    """The variables in a file of `KEY=value` lines, empty when there is no such file.

    Quotes around a value are taken off, `export ` before a key is allowed, nothing is expanded.
    Raises UsageError for a line that is none of these.
    """
    if not path.is_file():
        return {}
    values = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        match = re.fullmatch(r"(?:export\s+)?(\w+)\s*=\s*(.*)", text)
        if not match:
            raise UsageError(f"{path.name}, line {number}: expected KEY=value")
        key, value = match.groups()
        if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
        values[key] = value
    return values


def merged(environ: Mapping[str, str], env_file: Mapping[str, str]) -> dict[str, str]:
    """Both together: the environment wins, and an empty variable counts as unset."""
    return {**_set(env_file), **_set(environ)}


def _set(values: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value.strip()}


def repositories(environ: Mapping[str, str]) -> list[str]:
    """The repositories to ingest, each `owner/name` once, in the order given.

    From TELEMETRY_REPO, else GITHUB_REPOSITORY, which GitHub Actions sets. Raises UsageError.
    """
    text = environ.get("TELEMETRY_REPO") or environ.get("GITHUB_REPOSITORY") or ""
    names = list(dict.fromkeys(re.split(r"[\s,]+", text.strip()))) if text.strip() else []
    if not names:
        raise UsageError("no repository is named; try: make ingest REPO=owner/name")
    for name in names:
        # GitHub's own characters; a name of dots alone would climb out of the API's path.
        if not re.fullmatch(r"[\w-][\w.-]*/(?!\.{1,2}$)[\w.-]+", name, re.ASCII):
            raise UsageError(f"REPO: {name!r} is not of the form owner/name")
    return names


def token(environ: Mapping[str, str]) -> tuple[str | None, str]:
    """The GitHub token and the variable it came from; None and the first variable if there is none.

    Surrounding white space, which pasting often adds, is taken off.
    """
    for variable in TOKEN_VARIABLES:
        if environ.get(variable):
            return environ[variable].strip(), variable
    return None, TOKEN_VARIABLES[0]


def since(text: str) -> datetime | timedelta:
    """A moment (`2026-01-01` is its midnight UTC, or a time with its zone), or an age (`90d`).

    Raises UsageError for anything else, and for a moment without a zone.
    """
    if re.fullmatch(r"\d+[mhdw]", text.strip()):
        return age(text, "SINCE")
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(
            f"SINCE: {text!r} is no moment; give a date (2026-01-01), "
            "a time with its zone (2026-01-01T08:00:00Z) or an age (90d)"
        ) from None
    if moment.tzinfo is None:
        if len(text.strip()) > len("2026-01-01"):
            raise UsageError(f"SINCE: {text!r} has no time zone; add Z for UTC")
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC)


def age(text: str, variable: str) -> timedelta:
    """A length of time such as `90m`, `12h`, `30d` or `2w`. Raises UsageError."""
    match = re.fullmatch(r"(\d{1,6})([mhdw])", text.strip())
    if not match or int(match[1]) == 0:
        raise UsageError(f"{variable}: {text!r} is no length of time; give one such as 12h or 30d")
    return timedelta(**{UNITS[match[2]]: int(match[1])})


def whole_number(text: str, variable: str, least: int, most: int) -> int:
    """A whole number within bounds. Raises UsageError."""
    if not re.fullmatch(r"\d{1,9}", text.strip()) or not least <= int(text) <= most:
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
