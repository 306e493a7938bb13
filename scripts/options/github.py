"""The values of the options that the commands reading from GitHub share."""

import argparse
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from telemetry import settings
from telemetry.installation import COMMAND


@dataclass(frozen=True)
class Chosen:
    """Which repositories, how far back (None: the default), with how many requests."""

    repositories: list[str]
    since: datetime | settings.Length | Literal["all"] | None
    concurrency: int
    max_requests: int | None


def chosen(options: argparse.Namespace, target: str, owner: str | None = None) -> Chosen:
    """Return the values of the options.

    `target` is the command of make that an error suggests. With an `owner`, whose repositories are
    all ingested, none needs to be named. Raises UsageError.
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
    """Return the named repositories, each once; else the one that GitHub Actions runs in.

    Raises UsageError if there is neither a repository nor an `owner`.
    """
    if not named and owner is None:
        named = [environ.get("GITHUB_REPOSITORY", "")]
    names = settings.repositories(" ".join(named or []))
    if not names and owner is None:
        raise settings.UsageError(
            f"no repository is named; try: {COMMAND} {target} REPO=owner/name"
        )
    return names
