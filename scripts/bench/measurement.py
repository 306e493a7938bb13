"""The resources that a command uses, and the figures of a bench with their targets."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from telemetry import TelemetryError

MEASURED = Path(__file__).with_name("measured.py")


@dataclass(frozen=True)
class Usage:
    """Elapsed time, CPU time of user and system, and the peak resident set."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int


def usage(command: Sequence[str], environ: Mapping[str, str]) -> Usage:
    """Run a command without showing its output; return what it used.

    Raises TelemetryError if it fails or takes ten minutes.
    """
    measured = [sys.executable, "-I", "-S", str(MEASURED), *command]
    done = subprocess.run(measured, env=environ, capture_output=True, text=True)
    if done.returncode:
        raise TelemetryError(f"{command[1]} could not be measured: {_last_line(done.stderr)}")
    found = json.loads(done.stdout)
    if found["code"]:
        said = _last_line(found["errors"])
        raise TelemetryError(f"{command[1]} ended with {found['code']} and said: {said}")
    return Usage(**found["used"])


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["nothing"])[-1]


@dataclass(frozen=True)
class Measurement:
    """One figure; `target` is the largest acceptable result, None if there is no target."""

    name: str
    result: float
    target: float | None
    unit: str
    detail: str = ""

    @property
    def is_met(self) -> bool:
        """Whether the result is no larger than the target."""
        return self.target is None or self.result <= self.target


def ratio(
    name: str,
    pairs: list[tuple[Usage, Usage]],
    target: float | None,
    *,
    of: str = "time",
    to: str = "floor",
) -> Measurement:
    """Our least time, or CPU time, as a ratio to the floor's: other work only adds to it."""
    column = {"time": "seconds", "CPU": "cpu_seconds"}[of]
    ours, floor = (min(getattr(one, column) for one in side) for side in zip(*pairs, strict=True))
    detail = f"{ours:.1f} s to {floor:.1f} s"
    return Measurement(f"{name}: {of}", round(ours / floor, 2), target, f"× {to}", detail)


def memory_growth(name: str, few: Usage, many: Usage) -> Measurement:
    """By how many percent the peak grew; 10 % is acceptable."""
    percent = round((many.peak_bytes / few.peak_bytes - 1) * 100)
    return Measurement(name, percent, 10, "%", f"from {few.peak_bytes / 2**20:.0f} MB")
