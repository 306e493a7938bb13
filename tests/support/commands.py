"""The commands as a person or a schedule runs them, and how they end."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from support.checkouts import checkout
from support.paths import ROOT

Finished = subprocess.CompletedProcess[str]
Run = Callable[..., Finished]


def start(environ: dict[str, str], script: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, ROOT / "scripts" / f"{script}.py", *arguments],
        env=environ,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def make(environ: dict[str, str], folder: Path, *words: str, env_file: str = "") -> Finished:
    """Run make in a copy of the checkout, beside this `.env`."""
    copy = checkout(folder)
    (copy / ".env").write_text(env_file)
    return subprocess.run(
        ["make", *words], cwd=copy, env=environ, capture_output=True, text=True, timeout=120
    )


def assert_one_sentence(done: Finished, code: int, *words: str) -> None:
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert done.returncode == code, done.stderr
    assert len(errors) == 1, done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in errors[0], errors[0]
