"""Where the parts of the toolkit are, and how a person runs its commands.

A checkout has `sql/`, `migrations/`, `scripts/` and the Makefile beside this package. A package
that pip installed has all four inside, because a wheel should install only its own name.
"""

from collections.abc import Iterable
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def place(name: str) -> Path:
    """Return the path of `sql`, `migrations`, `scripts` or `Makefile`."""
    inside = _PACKAGE / name
    return inside if inside.exists() else _PACKAGE.parent / name


IS_CHECKOUT = place("Makefile").parent != _PACKAGE
COMMAND = "make" if IS_CHECKOUT else "actions-telemetry"
"""What a person types before the name of a command; NAME=value may follow in both cases."""
# The commands that can use the data of the demo, if the running one does.
_with_demo: frozenset[str] = frozenset()


def use_demo(commands: Iterable[str]) -> None:
    """Note that this process uses the data of the demo, as only these commands can."""
    global _with_demo
    _with_demo = frozenset(commands)


def uses_demo() -> bool:
    """Whether this process uses the data of the demo."""
    return bool(_with_demo)


def typed(words: str) -> str:
    """Return what a person types to run a command on the data in use.

    Nothing can be added to the data of the demo, but the demo can recreate it.
    """
    if not uses_demo():
        return f"{COMMAND} {words}"
    can_use_it = words.partition(" ")[0] in _with_demo
    return f"{COMMAND} {words} DEMO=1" if can_use_it else f"{COMMAND} demo"


DUMP = "telemetry.dump"
"""The name of the file of a dump, and of the artifact in which a schedule leaves it."""
