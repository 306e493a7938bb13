"""The repositories that a command reading from GitHub is about."""

from collections.abc import Mapping

from telemetry import settings
from telemetry.installation import COMMAND


def chosen_repositories(
    named: list[str] | None, environ: Mapping[str, str], target: str, owner: str | None = None
) -> list[str]:
    """Return the named repositories, each once; else the one that GitHub Actions runs in.

    `target` is the command of make that an error suggests. With an `owner`, whose repositories are
    all ingested, none needs to be named. Raises UsageError.
    """
    if not named and owner is None:
        named = [environ.get("GITHUB_REPOSITORY", "")]
    names = settings.repositories(named)
    if not names and owner is None:
        raise settings.UsageError(
            f"no repository is named; try: {COMMAND} {target} REPO=owner/name"
        )
    return names
