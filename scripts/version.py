"""Print the version of the toolkit and, in a checkout, its commit.

    make version

Exit code 0.
"""

from command import parse, run

import subprocess

from output import show

from telemetry import __version__
from telemetry.installation import IS_CHECKOUT, place


def main() -> int:
    parse(__doc__, "version")
    commit = _commit() if IS_CHECKOUT else ""
    show(f"actions-telemetry {__version__}" + (f" ({commit})" if commit else ""))
    return 0


def _commit() -> str:
    """Return the commit of the checkout, by its tag if it has one; "" if git does not know it."""
    folder = place("Makefile").parent
    words = ["git", "-C", str(folder), "describe", "--tags", "--always", "--dirty"]
    try:
        found = subprocess.run(words, capture_output=True, text=True, timeout=60)
    except OSError:
        return ""
    return found.stdout.strip() if found.returncode == 0 else ""


if __name__ == "__main__":
    run(main)
