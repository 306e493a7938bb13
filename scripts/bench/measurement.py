"""The resources that a command uses, and the figures of a bench with their targets."""

import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

from telemetry import TelemetryError

LONGEST_SECONDS = 600


@dataclass(frozen=True)
class Usage:
    """Elapsed time, CPU time of user and system, and the peak resident set."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int


def usage(command: Sequence[str], environ: Mapping[str, str]) -> Usage:
    """Run a command without showing its output; return what it used.

    Raises TelemetryError if it fails, and subprocess.TimeoutExpired after ten minutes.
    """
    # Only a process without other children can measure this one. It must be small, because on Linux
    # the peak of a child starts at the size of its parent.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_usage_of_first_child, command, environ).result()


def _usage_of_first_child(command: Sequence[str], environ: Mapping[str, str]) -> Usage:
    began = time.monotonic()
    done = subprocess.run(
        command, env=environ, capture_output=True, text=True, timeout=LONGEST_SECONDS
    )
    seconds = time.monotonic() - began
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        raise TelemetryError(f"{command[1]} ended with {done.returncode} and said: {said}")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    unit = 1 if sys.platform == "darwin" else 1_024
    return Usage(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * unit)


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


def time_ratio(
    name: str, pairs: list[tuple[Usage, Usage]], target: float | None, unit: str = "× floor"
) -> Measurement:
    """Our fastest time as a ratio to the fastest of the floor: other work only adds time."""
    seconds = [(ours.seconds, floor.seconds) for ours, floor in pairs]
    return _ratio(f"{name}: time", seconds, target, unit)


def cpu_ratio(
    name: str, pairs: list[tuple[Usage, Usage]], target: float | None, unit: str = "× floor"
) -> Measurement:
    """The same ratio for CPU time."""
    seconds = [(ours.cpu_seconds, floor.cpu_seconds) for ours, floor in pairs]
    return _ratio(f"{name}: CPU", seconds, target, unit)


def memory_growth(name: str, few: Usage, many: Usage) -> Measurement:
    """By how many percent the peak grew; 10 % is acceptable."""
    percent = round((many.peak_bytes / few.peak_bytes - 1) * 100)
    return Measurement(name, percent, 10, "%", f"from {few.peak_bytes / 2**20:.0f} MB")


def _ratio(
    name: str, pairs: list[tuple[float, float]], target: float | None, unit: str
) -> Measurement:
    ours, floor = (min(values) for values in zip(*pairs, strict=True))
    detail = f"{ours:.1f} s to {floor:.1f} s"
    return Measurement(name, round(ours / floor, 2), target, unit, detail)
