"""The user's settings: variables of the environment and of a .env file, read and checked."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, tzinfo
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from telemetry import TelemetryError
from telemetry.installation import COMMAND

# Variables that count as unset if they are empty: ours, GitHub's and libpq's. An empty variable of
# another program, such as PAGER or a proxy, may have a meaning.
PREFIXES = ("TELEMETRY_", "GITHUB_", "GH_TOKEN", "DATABASE_URL", "PG")
# GitHub allows these characters. A name of dots alone would change the API's path, and GitHub
# removes .git from the end of a name.
# No name on GitHub is as long as 200 characters.
REPOSITORY = re.compile(r"(?=.{1,200}$)[\w-][\w.-]*/(?!\.{1,2}$)(?!.*\.git$)[\w.-]+", re.ASCII)
# What the name of a repository ends in once another one has taken it: its number.
RETIRED = re.compile(r" \(id \d+\)")
# Nobody means a folder of pages by a name that ends like this.
OTHER_FILES = (".md", ".markdown", ".json", ".csv", ".txt", ".pdf")
TOKEN_VARIABLES = ("GITHUB_TOKEN", "GITHUB_PERSONAL_TOKEN", "GH_TOKEN")


class UsageError(TelemetryError):
    """A setting that cannot be used; the command ends with exit code 2."""


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


def repositories(
    texts: Iterable[str] | None, variable: str = "REPO", *, are_stored: bool = False
) -> list[str]:
    """Return the repositories in texts, separated by spaces or commas: each once, in order.

    GitHub ignores the case of names, so the first spelling stands for all. A dash before a name, as
    in a YAML list, is ignored. Stored ones may be RETIRED. Raises UsageError for a name that is not
    `owner/name`, with a suggestion if possible.
    """
    text = " ".join(texts or ())
    words = re.findall(rf"[^\s,]+(?:{RETIRED.pattern})?" if are_stored else r"[^\s,]+", text)
    spellings = {name.lower(): name for name in reversed(words) if name not in ("", "-")}
    names = [spellings.pop(key) for key in map(str.lower, words) if key in spellings]
    for name in names:
        if not REPOSITORY.fullmatch(RETIRED.sub("", name)):
            hint = _offer(name) if variable == "REPO" else ""
            raise UsageError(f"{variable}: {name!r} is not of the form owner/name{hint}")
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
    return f"; to ingest all of an owner: {COMMAND} ingest ORG={name}" if is_owner else ""


def owner(text: str, variable: str) -> str:
    """Return the name of one organization or user. Raises UsageError, if possible with a hint.

    White space around it is ignored.
    """
    given = text.strip()
    if re.fullmatch(r"[\w-]{1,100}", given, re.ASCII):
        return given
    found = re.fullmatch(
        r"(?:https?://[^/\s]+/|[\w-]+(?:\.[\w-]+)+/|@)?(?:orgs/|users/)?([\w-]{1,100})(?:/\S*)?",
        given,
        re.ASCII,
    )
    hint = f"; try: {variable}={found[1]}" if found else ""
    raise UsageError(f"{variable}: {given!r} is not the name of one organization or user{hint}")


def token(environ: Mapping[str, str]) -> tuple[str | None, str]:
    """Return the GitHub token and its variable; without one, None and the variable to set.

    White space around the token, which pasting often adds, is removed.
    """
    for variable in TOKEN_VARIABLES:
        if environ.get(variable):
            return environ[variable].strip(), variable
    return None, "GITHUB_PERSONAL_TOKEN"


def path(text: str, variable: str) -> str:
    """Return a path in which ~ is the home directory: .env and some shells leave it as it is.

    White space around it is ignored, such as the line break that ends a text block of YAML. Raises
    UsageError if a user has no home directory.
    """
    given = text.strip()
    try:
        return str(Path(given).expanduser()) if given.startswith("~") else given
    except RuntimeError:
        raise UsageError(f"{variable}: nobody has the home directory of {given!r}") from None


def page_or_folder(text: str, variable: str, otherwise: str = "") -> Path:
    """Return the path of an HTML file or a folder of them. Raises UsageError for another one."""
    found = Path(text)
    is_page = found.suffix.lower() in (".html", ".htm")
    is_other = found.suffix.lower() in OTHER_FILES or (found.exists() and not found.is_dir())
    if text == "-" or (is_other and not is_page):
        raise UsageError(
            f"{variable}: {text} is neither an HTML file nor a folder; name one{otherwise}"
        )
    return found


def time_zone(text: str, variable: str) -> tzinfo:
    """Return the time zone with this IANA name, such as Europe/Berlin. Raises UsageError."""
    try:
        return UTC if text.upper() == "UTC" else ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(
            f"{variable}: {text!r} is not a time zone that this machine knows; give one such as "
            "Europe/Berlin or UTC"
        ) from None


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


def factor(text: str, variable: str) -> float:
    """Return the number in a text. Raises UsageError if it is not from 0.01 to 100."""
    if (
        not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,6})?", text.strip())
        or not 0.01 <= float(text) <= 100
    ):
        raise UsageError(f"{variable}: {text!r} is not a number from 0.01 to 100, such as 1.5")
    return float(text)


def flag(environ: Mapping[str, str], variable: str, default: bool = False, name: str = "") -> bool:
    """Return whether a variable is on: 1, true, yes or on, against 0, false, no or off.

    Raises UsageError for anything else, with the variable's name or the `name` that a user typed.
    """
    text = environ.get(variable, "").strip().lower()
    if not text:
        return default
    if text in ("1", "true", "yes", "on"):
        return True
    if text in ("0", "false", "no", "off"):
        return False
    raise UsageError(f"{name or variable}: {environ[variable]!r} is neither true nor false")


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
