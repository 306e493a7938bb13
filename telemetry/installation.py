"""Where the parts of the toolkit are, and how a person runs its commands.

A checkout has `sql/`, `migrations/`, `scripts/` and the Makefile beside this package. A package
that pip installed has all four inside, because a wheel should install only its own name.
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def place(name: str) -> Path:
    """Return the path of `sql`, `migrations`, `scripts` or `Makefile`."""
    inside = _PACKAGE / name
    return inside if inside.exists() else _PACKAGE.parent / name


IS_CHECKOUT = place("Makefile").parent != _PACKAGE
COMMAND = "make" if IS_CHECKOUT else "actions-telemetry"
"""What a person types before the name of a command; NAME=value may follow in both cases."""
DUMP = "telemetry.dump"
"""The name of the file of a dump, and of the artifact in which a schedule leaves it."""
