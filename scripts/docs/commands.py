"""docs/commands.md: every target of make, from the Makefile's help."""

from command import ROOT

import re
from pathlib import Path

from docs import prose

PATH = Path("docs") / "commands.md"

HEAD = """\
# Commands

<!-- Made by `make docs` from the help in the Makefile. Edit that, then run `make docs`. -->

`make` alone prints this list. [configuration.md](configuration.md) says which variables each
command takes.

| command | |
|---|---|
"""

TAIL = """
Each command is a script with `--help`, and with `--json` where a machine may read its output:
`.venv/bin/python scripts/status.py --json`. Data goes to standard output, messages to
standard error.

Scripts exit with:

| code | meaning |
|---|---|
| 0 | done |
| 1 | failed |
| 2 | wrong usage |
| 3 | incomplete but saved: the next ingest goes on |
| 4 | older than `MAX_AGE`, or different from GitHub |
| 130 | interrupted |

Make itself knows only 0 and 2. `make ingest` turns 3 into success after it has said what is left,
so that a schedule that catches up stays green; `STRICT=1` does not.

A simulated GitHub can be served on its own: `.venv/bin/python scripts/simulate_github.py` prints a
URL, which any command takes as `GITHUB_API_URL`.
"""


def commands() -> str:
    """The page as Markdown."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    found = re.findall(r"^([a-z-]+):.*## (.*)", makefile, re.MULTILINE)
    rows = [f"| `make {target}` | {_example(text)} |\n" for target, text in found]
    return "".join([HEAD, *rows, TAIL])


def _example(text: str) -> str:
    """The help of a target, with the variables of its example as code."""
    before, colon, example = text.partition(": ")
    is_example = re.match(r"[A-Z_]+=", example)
    return f"{prose(before)}: `{example}`" if is_example else prose(before + colon + example)
