"""docs/configuration.md: every option, from the table of options and the Makefile."""

import re
from collections.abc import Sequence
from pathlib import Path

from options.commands import Command, commands
from options.option import Option
from options.table import OPTIONS, VARIABLES, options_of

PATH = Path("docs") / "configuration.md"

HEAD = """\
# Configuration

<!-- Made by `make docs` from scripts/options/table.py. Edit that file, then run `make docs`. -->

A variable of make goes on its command line: `make ingest REPO=owner/name SINCE=90d`. In the
environment and in `.env` the same variable is called `TELEMETRY_REPO`, `TELEMETRY_SINCE` and so on;
the short name has no effect there. Each command is also a script with flags: `.venv/bin/python
scripts/status.py --help`. The command `actions-telemetry` of an installed package takes the same
variables, then flags: `actions-telemetry status REPO=owner/name --json`.

A flag wins over the environment, the environment over `.env`. An empty variable counts as unset.
A switch is on with `1`, `true`, `yes` or `on`, and off with `0`, `false`, `no` or `off`; as a flag
it is `--full` or `--no-full`.

`.env` has one `KEY=value` per line. Quotes around a value are optional, nothing is expanded, and a
comment needs its own line. To start one, copy `.env.example`; git ignores `.env`. An installed
package reads the `.env` of the current folder.
"""

OTHERS = """
The variables of other programs keep their meaning: `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` lead
requests for GitHub through a proxy or past it, `SSL_CERT_FILE` names the certificates that are
trusted there, and libpq's `PGHOST`, `PGSSLMODE` and so on apply to the database.
"""


def configuration() -> str:
    """The page as Markdown."""
    recipes = commands()
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
            OTHERS,
            "\n## Flags without a variable\n\n",
            "| flag | meaning | commands |\n|---|---|---|\n",
            *flags,
        ]
    )


def _row(option: Option, recipes: Sequence[Command]) -> str:
    targets = [
        f"`{command.name}`"
        for command in recipes
        if command.script in option.commands.split() and _works(option, command)
    ]
    cells = [f"`{option.flag}`" if option.flag.startswith("--") else ""]
    if option.variable:
        cells = [f"`{option.variable}`", *cells, _code(option.default_text)]
    return f"| {' | '.join([*cells, option.help, ', '.join(targets)])} |\n"


def _works(option: Option, command: Command) -> bool:
    """Whether the option has an effect in a command, which gives its script some flags."""
    if "--list" in command.arguments:  # of the questions, which takes only the form of the list
        return option.variable in ("", "FORMAT")
    known = {one.flag for one in options_of(command.script)}
    return option.needs not in known or option.needs in command.arguments


def _code(text: str) -> str:
    """Return a default: as code if it is a value, as text if it is a description."""
    is_value = re.fullmatch(r"[A-Z_]+|[\w/:]+[./][\w./:-]+|\d+( \w+)?|\w+", text)
    return f"`{text}`" if is_value else text
