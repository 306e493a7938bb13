"""The time that answers take in a database with half a year of a large team's runs."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.filling import fill
from bench.measurement import Measurement, Usage
from telemetry.database.connection import execute, open_connection
from telemetry.database.questions import Scope, ask, questions

REPOSITORY = "acme/app-1"


def answers(
    run_script: Callable[..., Usage], dsn: str, folder: Path, runs: int
) -> Iterator[Measurement]:
    """Fill an empty database, then measure each question and the report.

    `run_script` runs a command of scripts/; reports are written to `folder`. Raises TelemetryError
    if a command fails.
    """
    until = datetime.now(UTC).replace(microsecond=0)
    with open_connection(dsn) as connection:
        filled = fill(connection, runs, until)
        seconds = _seconds(execute, connection, "bench/price_calls")
        yield Measurement(f"{filled.llm_calls:,} LLM calls priced", seconds, 1, "s")
        scope = Scope(until - timedelta(days=30), until)
        times = {one.name: _seconds(ask, connection, one.name, scope) for one in questions()}
    slowest = sorted(times, key=lambda one: times[one], reverse=True)
    name = f"{filled}: slowest of {len(times)} questions"
    detail = ", ".join(f"{one} {times[one]:.1f} s" for one in slowest[:3])
    yield Measurement(name, times[slowest[0]], 5, "s", detail)
    for days in (30, 90):
        file = folder / "report.html"
        words = ["--repo", REPOSITORY, "--since", f"{days}d", "--now", until.isoformat()]
        made = run_script("report.py", *words, "--out", str(file), DATABASE_URL=dsn)
        detail = f"{file.stat().st_size / 1e3:,.0f} kB"
        name = f"{filled}: report of {days} days"
        yield Measurement(name, round(made.seconds, 1), 20, "s", detail)


def _seconds(ask_for: Callable[..., object], *arguments: object) -> float:
    """Return the seconds until the whole answer has been fetched."""
    began = time.monotonic()
    ask_for(*arguments)
    return round(time.monotonic() - began, 2)
