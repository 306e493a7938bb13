"""Print the version of the toolkit, and its commit, or the folder into which it was installed.

    make version

Exit code 0.
"""

from command import parse, run

import subprocess
from pathlib import Path

from output import show

from telemetry import __version__
from telemetry.installation import IS_CHECKOUT, place


def main() -> int:
    parse(__doc__, "version")
    folder = place("Makefile").parent
    said = _commit(folder) if IS_CHECKOUT else f" from {folder}"
    show(f"actions-telemetry {__version__}{said}")
    return 0


def _commit(folder: Path) -> str:
    """Return the commit of the checkout; "" if git does not know it."""
    words = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--exclude=*"]
    try:
        found = subprocess.run(words, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return f" ({found.stdout.strip()})" if found.returncode == 0 else ""


if __name__ == "__main__":
    run(main)
