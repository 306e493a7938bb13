"""docs/commands.md: every target of make, from the Makefile's help."""

from pathlib import Path

from options.commands import Command, commands

from docs import prose

PATH = Path("docs") / "commands.md"

HEAD = """\
# Commands

<!-- Made by `make docs` from the help in the Makefile. Edit that, then run `make docs`. -->

`make` alone prints this list. [configuration.md](configuration.md) lists the variables of each
command.

| command | |
|---|---|
"""

TAIL = """
Each command that uses a database is a script with `--help`; many have `--json`, which
[json.md](json.md) describes: `.venv/bin/python scripts/status.py --json`. Data goes to standard
output, messages to standard error.

Scripts exit with:

| code | meaning |
|---|---|
| 0 | done |
| 1 | failed |
| 2 | wrong usage |
| 3 | incomplete: what was fetched is saved and the next ingest continues; of `verify`: nothing \
differs so far, but not everything could be compared |
| 4 | the condition that the command checks for is met: older than `MAX_AGE`, a rule broken … |
| 130 | interrupted |

`make` exits with 0 or 2 only. `make ingest` says what is left and turns 3 into success, so that a
schedule that is catching up stays green; with `STRICT=1` it fails.

`.venv/bin/python scripts/simulate_github.py` serves a simulated GitHub and prints its URL. Set it
as `GITHUB_API_URL` for an ingest, `watch` or `verify`. It has no bill and no artifacts, so `bill`
with `MONTH`, `find-dump` and `prune-dumps` find nothing there.
"""


def commands_page() -> str:
    """The page as Markdown."""
    return "".join([HEAD, *map(_row, commands()), TAIL])


def _row(command: Command) -> str:
    example = f": `{command.example}`" if command.example else ""
    return f"| `make {command.name}` | {prose(command.words)}{example} |\n"
