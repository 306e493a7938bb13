"""docs/configuration.md: every option, from the table of options and the Makefile."""

from command import ROOT

import re
from pathlib import Path

from options.table import OPTIONS, VARIABLES, Option, options_of

PATH = Path("docs") / "configuration.md"

HEAD = """\
# Configuration

<!-- Made by `make docs` from scripts/options/table.py. Edit that file, then run `make docs`. -->

A variable of make goes on its command line: `make ingest REPO=owner/name SINCE=90d`. In the
environment and in `.env` the same variable is called `TELEMETRY_REPO`, `TELEMETRY_SINCE` and so on;
a variable with the short name in the environment changes nothing. Each command is also a script
with flags: `.venv/bin/python scripts/status.py --help`.

A flag wins over the environment, the environment over `.env`. An empty variable counts as unset.
A switch is on with `1`, `true`, `yes` or `on`, and off with `0`, `false`, `no` or `off`; as a flag
it is `--full` or `--no-full`.

`.env` holds one `KEY=value` a line. Quotes around a value are optional, nothing is expanded, and a
comment has a line of its own. Copy `.env.example` to start one; git ignores it.
"""


def configuration() -> str:
    """The page as Markdown."""
    recipes = _recipes()
    of_make = sorted(_row(option, recipes) for option in OPTIONS if option.variable)
    flags = [_row(option, recipes) for option in OPTIONS if not option.variable]
    environment = [f"| `{one.name}` | {_code(one.default)} | {one.help} |\n" for one in VARIABLES]
    return "".join(
        [
            HEAD,
            "\n## Variables of make\n\n",
            "| variable | flag | default | meaning | commands |\n|---|---|---|---|---|\n",
            *of_make,
            "\n## Variables of the environment\n\n",
            "Set these in the environment or in `.env`; give `PYTHON` to make.\n\n",
            "| variable | default | meaning |\n|---|---|---|\n",
            *environment,
            "\n## Flags without a variable\n\n",
            "| flag | meaning | commands |\n|---|---|---|\n",
            *flags,
        ]
    )


def _recipes() -> list[tuple[str, str, str]]:
    """Return the targets of make that run a script: target, name of the script, and its flags."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return re.findall(
        r"^([a-z-]+):[^\n]*\n\t@(?:PYTHONPATH=scripts )?\$\(RUN\) (?:scripts/|-m )(\w+)(.*)",
        makefile,
        re.MULTILINE,
    )


def _row(option: Option, recipes: list[tuple[str, str, str]]) -> str:
    targets = [
        f"`{target}`"
        for target, script, flags in recipes
        if script in option.commands.split() and _works(option, script, flags)
    ]
    cells = [f"`{option.flag}`" if option.flag.startswith("--") else ""]
    if option.variable:
        cells = [f"`{option.variable}`", *cells, _code(option.default_text)]
    return f"| {' | '.join([*cells, option.help, ', '.join(targets)])} |\n"


def _works(option: Option, script: str, flags: str) -> bool:
    """Whether the option has an effect in a target that gives the script these flags."""
    if "--list" in flags.split():  # of the questions, which takes only the form of the list
        return option.variable in ("", "FORMAT")
    known = {one.flag for one in options_of(script)}
    return option.needs not in known or option.needs in flags.split()


def _code(text: str) -> str:
    """Return a default: as code if it is a value, as text if it is a description."""
    is_value = re.fullmatch(r"[A-Z_]+|[\w/:]+[./][\w./:-]+|\d+( \w+)?|\w+", text)
    return f"`{text}`" if is_value else text
