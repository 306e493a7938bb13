"""The commands as a person or a schedule runs them, and how they end."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from support.checkouts import checkout
from support.launcher import ITSELF, PYTHON
from support.paths import LONGEST, ROOT

Finished = subprocess.CompletedProcess[str]
Run = Callable[..., Finished]


class Launcher:
    """Runs commands in forks of a process that has loaded them (see support/launcher.py)."""

    def __init__(self, folder: Path) -> None:
        os.mkfifo(folder / "asked")
        self.python = folder / "python"
        """Stands for Python where a script is run and no signal, terminal or start is tested."""
        program = PYTHON if Path("/proc/self/fd").is_dir() else ITSELF
        names = {"folder": folder, "mkfifo": shutil.which("mkfifo"), "python": sys.executable}
        self.python.write_text(program.format(**names))
        self.python.chmod(0o755)
        self.asked = folder / "asked"
        self.process = subprocess.Popen(
            [sys.executable, ROOT / "tests" / "support" / "launcher.py", folder],
            # As bare as what commands get: Python takes its encoding from here.
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout and self.process.stdout.readline() == "ready\n"

    def run(
        self, script: str | Path, *arguments: object, environ: dict[str, str], stdin: str = ""
    ) -> Finished:
        """Run a program to its end; returns how it ended.

        A script is a command of scripts/ by its name, or any file.
        """
        path = ROOT / "scripts" / f"{script}.py" if isinstance(script, str) else script
        return subprocess.run(
            [self.python, path, *map(str, arguments)],
            env=environ,
            cwd=ROOT,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=LONGEST,
        )

    def start(self, script: str, environ: dict[str, str]) -> subprocess.Popen[bytes]:
        """Start a command of scripts/, whose output is not read; it can be killed."""
        return subprocess.Popen(
            [self.python, ROOT / "scripts" / f"{script}.py"],
            env=environ,
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def wait(self, process: subprocess.Popen[Any]) -> int:
        """Wait until what was started has ended, also if it was killed; return its exit code."""
        code = process.wait(LONGEST)
        pipe = self.asked.with_name(str(process.pid))
        deadline = time.monotonic() + LONGEST
        while pipe.exists():  # its fork ends a little later
            assert time.monotonic() < deadline
            time.sleep(0.005)
        return code

    def make(
        self, environ: dict[str, str], folder: Path, *words: str, env_file: str = ""
    ) -> Finished:
        """Run make in a copy of the checkout, beside this `.env`."""
        copy = checkout(folder, self.python)
        (copy / ".env").write_text(env_file)
        return subprocess.run(
            ["make", *words], cwd=copy, env=environ, capture_output=True, text=True, timeout=LONGEST
        )

    def stop(self) -> None:
        self.asked.write_text("end\n")
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


def assert_one_sentence(done: Finished, code: int, *words: str) -> None:
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert done.returncode == code, done.stderr
    assert len(errors) == 1, done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in errors[0], errors[0]
