"""The options of the commands that read repositories from GitHub, and what they come to."""

import argparse
import os
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from telemetry import settings


@dataclass(frozen=True)
class Chosen:
    """Which repositories, how far back (None: the default), how fast, how many requests."""

    repositories: list[str]
    since: datetime | settings.Length | Literal["all"] | None
    concurrency: int
    max_requests: int | None


def add_github_options(command: argparse.ArgumentParser) -> None:
    """Add --repo, --since, --concurrency, --max-requests and --wait."""
    command.add_argument(
        "--repo",
        metavar="OWNER/NAME",
        nargs="+",
        help="repositories (default: TELEMETRY_REPO, else GITHUB_REPOSITORY)",
    )
    command.add_argument(
        "--since",
        default=os.environ.get("TELEMETRY_SINCE"),
        help="a date, a time with its zone, an age such as 90d, or all (default: 30 days ago)",
    )
    command.add_argument(
        "--concurrency",
        default=os.environ.get("TELEMETRY_CONCURRENCY", "4"),
        help="requests in flight, 1 to 16 (default: 4)",
    )
    command.add_argument(
        "--max-requests",
        default=os.environ.get("TELEMETRY_MAX_REQUESTS"),
        help="stop after so many requests, with exit code 3 (default: when the limit is near)",
    )
    command.add_argument(
        "--wait",
        action="store_true",
        default=settings.flag(os.environ, "TELEMETRY_WAIT"),
        help="wait for GitHub's rate limit to reset instead of stopping with exit code 3",
    )


def chosen(options: argparse.Namespace, owner: str | None = None) -> Chosen:
    """What was chosen; without repositories of an `owner` one has to be named.

    Raises UsageError.
    """
    named = " ".join(options.repo) if options.repo else None
    return Chosen(
        repositories=settings.repositories(os.environ, named, owner),
        since=settings.since(options.since) if options.since else None,
        concurrency=settings.whole_number(options.concurrency, "CONCURRENCY", 1, 16),
        max_requests=(
            settings.whole_number(options.max_requests, "MAX_REQUESTS", 1, 10**9)
            if options.max_requests
            else None
        ),
    )
