"""What a command uses from its start to its end."""

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
    """Time on the clock, CPU time of user and system, and the largest resident set."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int


def usage(command: Sequence[str], environ: Mapping[str, str]) -> Usage:
    """Run a command to its end, without showing what it says; returns what it used.

    Raises TelemetryError when it fails, and subprocess.TimeoutExpired after ten minutes.
    """
    # Only a process that has had no other child can tell what this one used; and it has to be a
    # small one, because Linux counts the peak of a child from its parent's size.
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
