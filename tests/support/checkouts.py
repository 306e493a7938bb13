"""A checkout of the project in a folder of its own."""

import shutil
import sys
from pathlib import Path

from support.paths import ROOT


def checkout(folder: Path) -> Path:
    """A copy of the checkout whose .venv is the Python that runs the tests."""
    copy = folder / "checkout"
    shutil.copytree(
        ROOT,
        copy,
        ignore=shutil.ignore_patterns(".*", "tests", "*.egg-info"),
    )
    (copy / ".venv" / "bin").mkdir(parents=True)
    python = copy / ".venv" / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    (copy / ".venv" / ".installed").touch()
    return copy
