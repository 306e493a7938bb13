"""The repositories that a command reading from GitHub is about."""

from argparse import Namespace
from collections.abc import Mapping

from output import say

from telemetry import counted, settings
from telemetry.database.connection import Connection
from telemetry.database.watched import watched_of
from telemetry.github.client import GitHub
from telemetry.installation import COMMAND
from telemetry.runs.ingest import repositories_of


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


def with_those_of_owner(
    connection: Connection, client: GitHub, options: Namespace, named: list[str]
) -> list[str]:
    """Return the named repositories and those of ORG without EXCLUDE; say how many ORG has.

    Raises GitHubError.
    """
    known = watched_of(connection, options.org, named)
    found = repositories_of(client, options.org, options.archived, options.exclude, say, known)
    say(f"{options.org} has {counted(len(found), 'repository')}")
    # GitHub ignores the case of names.
    return list({name.lower(): name for name in [*named, *found]}.values())
