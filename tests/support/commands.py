"""The commands as a person or a schedule runs them, and how they end."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from support.checkouts import checkout
from support.paths import LONGEST, ROOT

Finished = subprocess.CompletedProcess[str]
Run = Callable[..., Finished]


class Launcher:
    """Runs commands one after another, each in a process of its own (see support/launcher.py)."""

    def __init__(self, folder: Path) -> None:
        self.stdout, self.stderr = folder / "stdout", folder / "stderr"
        self.process = subprocess.Popen(
            [sys.executable, ROOT / "tests" / "support" / "launcher.py"],
            # As bare as what commands get: Python takes its encoding from here.
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, script: str | Path, *arguments: object, environ: dict[str, str]) -> Finished:
        """Run a program to its end, its input empty; returns how it ended.

        A script is a command of scripts/ by its name, or any file.
        """
        path = str(ROOT / "scripts" / f"{script}.py" if isinstance(script, str) else script)
        words = [str(word) for word in arguments]
        for file in (self.stdout, self.stderr):
            file.write_bytes(b"")
        asked = {
            "script": path,
            "arguments": words,
            "environ": environ,
            "folder": str(ROOT),
            "stdout": str(self.stdout),
            "stderr": str(self.stderr),
        }
        assert self.process.stdin and self.process.stdout
        print(json.dumps(asked), file=self.process.stdin, flush=True)
        code = int(self.process.stdout.readline())
        said = (file.read_text(encoding="utf-8") for file in (self.stdout, self.stderr))
        return subprocess.CompletedProcess([path, *words], code, *said)

    def stop(self) -> None:
        self.process.communicate(timeout=LONGEST)


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
        ["make", *words], cwd=copy, env=environ, capture_output=True, text=True, timeout=LONGEST
    )


def assert_one_sentence(done: Finished, code: int, *words: str) -> None:
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert done.returncode == code, done.stderr
    assert len(errors) == 1, done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in errors[0], errors[0]
