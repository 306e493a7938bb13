"""Serve a simulated GitHub on this machine until Ctrl-C: a team's month of workflow runs.

It prints its URL; set that as GITHUB_API_URL for an ingest, watch or verify. The same seed and time
give the same month. No token is needed; with any token the limit is 5,000 requests an hour.
"""

import interrupts

import argparse
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from telemetry import counted, settings
from telemetry.simulated.month import team_month
from telemetry.simulated.server import Simulator


def moment(text: str) -> datetime:
    """Return a time from the command line; UTC if it has no zone."""
    when = datetime.fromisoformat(text)
    if not 2000 <= when.year <= 2999:
        raise argparse.ArgumentTypeError(f"{text} is not in the years from 2000 to 2999")
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def number(kind: type[int] | type[float], least: int, most: int) -> Callable[[str], float]:
    """Return a reader of numbers within bounds."""

    def read(text: str) -> float:
        value = kind(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text} is not a number from {least} to {most}")
        return value

    read.__name__ = kind.__name__  # argparse names what cannot be read
    return read


def main() -> int:
    """Parse, serve, and return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("repository", nargs="*", default=["acme/app"], help="owner/name (default: acme/app)")
    add("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    ports = number(int, 0, 65_535)
    add("--port", type=ports, default=0, help="port to listen on (default: a free one)")
    add("--seed", type=int, default=1, help="which month it is (default: %(default)s)")
    add("--now", type=moment, help="when the month ends (default: the current time)")
    days, rate = number(int, 1, 3_650), number(float, 0, 10_000)
    add("--days", type=days, default=30, help="how long the month is (default: %(default)s)")
    add("--runs-per-day", type=rate, default=50, help="in each repository (default: %(default)s)")
    seconds, requests = number(float, 0, 3_600), number(int, 0, 10**9)
    add("--latency", type=seconds, default=0, help="seconds each answer takes (default: 0)")
    add("--limit", type=requests, help="requests an hour (default: 60 without a token, else 5,000)")
    options = parser.parse_args()
    try:
        repositories = settings.repositories(options.repository)
    except settings.UsageError as error:
        parser.error(str(error))
    world = team_month(
        options.seed,
        options.now or datetime.now(UTC),
        repositories,
        days=options.days,
        runs_per_day=options.runs_per_day,
    )
    simulator = Simulator(world, latency=options.latency, limit=options.limit)
    runs = sum(len(repository.runs) for repository in world.repositories)
    interrupts.raise_from_now_on()
    try:
        with suppress(KeyboardInterrupt), simulator.serve(options.host, options.port) as url:
            print(url, flush=True)
            print(f"serving {counted(runs, 'run')}; stop with Ctrl-C", file=sys.stderr)
            threading.Event().wait()
    except OSError as error:
        parser.error(f"cannot listen on {options.host}:{options.port}: {error}")
    interrupts.ignore_from_now_on()
    return 0


if __name__ == "__main__":
    sys.exit(main())
