"""Copies of the project in folders of their own."""

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


def project_copy(copy: Path, *left_out: str) -> Path:
    """A copy of the whole project but for names that match; the copy may lie in the project."""
    is_left_out = shutil.ignore_patterns(*left_out)

    def ignored(folder: str, names: list[str]) -> set[str]:
        around = {name for name in names if copy.is_relative_to(Path(folder, name))}
        return {*is_left_out(folder, names), *around}

    return shutil.copytree(ROOT, copy, ignore=ignored)
