"""What the options of the commands that read from GitHub come to."""

import argparse
import os
from collections.abc import Mapping
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


def chosen(options: argparse.Namespace, target: str, owner: str | None = None) -> Chosen:
    """What was chosen.

    `target` is the command of make that a message offers. With an `owner`, whose repositories are
    all ingested, none has to be named. Raises UsageError.
    """
    return Chosen(
        repositories=chosen_repositories(options.repo, os.environ, target, owner),
        since=options.since,
        concurrency=options.concurrency,
        max_requests=options.max_requests,
    )


def chosen_repositories(
    named: list[str] | None, environ: Mapping[str, str], target: str, owner: str | None = None
) -> list[str]:
    """The repositories named, else the one that GitHub Actions runs in, each owner/name once.

    Raises UsageError when there is none and no `owner` either.
    """
    if not named and owner is None:
        named = [environ.get("GITHUB_REPOSITORY", "")]
    names = settings.repositories(" ".join(named or []))
    if not names and owner is None:
        raise settings.UsageError(f"no repository is named; try: make {target} REPO=owner/name")
    return names
