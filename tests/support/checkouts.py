"""A checkout of the project in a folder of its own."""

import shutil
from pathlib import Path

from support.paths import ROOT

# The rest comes from the checkout itself, which is on the commands' PYTHONPATH.
NEEDED_BY_MAKE = ("Makefile", "pyproject.toml", "scripts")


def checkout(folder: Path, python: Path) -> Path:
    """A copy of what make needs, whose .venv has this Python."""
    copy = folder / "checkout"
    copy.mkdir(parents=True)
    for name in NEEDED_BY_MAKE:
        place = ROOT / name
        (shutil.copytree if place.is_dir() else shutil.copy2)(place, copy / name)
    (copy / ".venv" / "bin").mkdir(parents=True)
    shutil.copy2(python, copy / ".venv" / "bin" / "python")
    (copy / ".venv" / ".installed").touch()
    return copy
