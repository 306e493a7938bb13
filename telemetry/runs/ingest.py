"""Repositories ingested one after another, each with its fair share of the requests.

The work on one repository is `repository_ingest`.
"""

from collections.abc import Iterator, Sequence

from telemetry import TelemetryError
from telemetry.database.connection import Connection, execute
from telemetry.github.client import GitHub
from telemetry.runs.repository import ingest_repository
from telemetry.runs.request import Report, Tools


def ingest(
    tools: Tools,
    repositories: Sequence[str],
    max_requests: int | None = None,
    run_id: int | None = None,
) -> Iterator[Report]:
    """Ingest one repository after another, and report on each as it ends.

    One that fails does not stop the others; an interruption does, after its own report. At most
    `max_requests` are sent, and each repository may use no more than its share of what is left,
    so that a large one at the front leaves something for the others. With `run_id` only that run
    is ingested, with its attempts, jobs and steps.

    Raises UsageError for a start that cannot be kept, TelemetryError when the database holds
    repositories of another API host, and psycopg.OperationalError when the database is lost.
    """
    tools.wanted.start(tools.now())
    _refuse_other_host(tools.connection, tools.client.host)
    left = max_requests
    for position, name in enumerate(repositories):
        share = _share(tools.client, left, len(repositories) - position)
        tools.client.allow(share)
        before = tools.client.requests
        report = ingest_repository(tools, name, run_id)
        if left is not None:
            left = max(0, left - (tools.client.requests - before))
        yield report
        if report.outcome == "interrupted":
            return


def repositories_of(client: GitHub, owner: str, archived: bool = True) -> list[str]:
    """The names of an organization's or a user's repositories that can have runs.

    Disabled ones are left out, they answer nothing; archived ones keep their runs. Raises
    GitHubError.
    """
    return [
        row["full_name"]
        for page in client.list_repositories(owner)
        for row in page.items
        if not row.get("disabled") and (archived or not row.get("archived"))
    ]


def _share(client: GitHub, left: int | None, repositories: int) -> int | None:
    """How many requests the first of so many repositories may use."""
    bounds = [] if left is None else [left]
    if repositories > 1 and client.rate_limit is not None:
        bounds.append(client.rate_limit.remaining)
    return max(1, min(bounds) // repositories) if bounds else None


def _refuse_other_host(connection: Connection, host: str) -> None:
    for row in execute(connection, "runs/other_api_hosts", {"api_host": host}):
        raise TelemetryError(
            f"this database holds repositories from {row['api_host']}, whose ids mean others at "
            f"{host}; use another database (DATABASE_URL or TELEMETRY_HOME) for {host}"
        )
