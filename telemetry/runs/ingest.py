"""The ingest of repositories, which `rounds` shares the requests among.

The work on one repository is in `repository`.
"""

from collections.abc import Generator, Sequence

from telemetry import TelemetryError
from telemetry.database.connection import Connection, execute
from telemetry.github.client import GitHub
from telemetry.runs.request import Report, Tools
from telemetry.runs.rounds import Rounds


def ingest(
    tools: Tools,
    repositories: Sequence[str],
    max_requests: int | None = None,
    run_id: int | None = None,
) -> Generator[Report, None, None]:
    """Ingest repositories, several side by side, and report on each when it is done.

    Those whose last complete ingest is longest ago come first. One that fails does not stop the
    others; an interruption does, after the reports of those under way. At most `max_requests` are
    sent. Each repository gets its share of them, and of what GitHub's limit leaves beside the
    reserve; when all had theirs and requests are left, those that were cut short share these, and
    so on. Those for which none are left are reported last, and stored. With `run_id` only that
    run is ingested, with its attempts, jobs and steps. Within a transaction of the caller's, they
    are ingested one after another.

    Raises UsageError for a start that cannot be kept, TelemetryError when the database holds
    repositories of another API host, and psycopg.OperationalError when the database is lost.
    """
    tools.wanted.start(tools.now())
    _refuse_other_host(tools.connection, tools.client.host)
    yield from Rounds(tools, max_requests, run_id).go(_ordered(tools.connection, repositories))


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


def _ordered(connection: Connection, repositories: Sequence[str]) -> list[str]:
    asked = {"repositories": list(repositories)}
    return [row["repository"] for row in execute(connection, "runs/ingest_order", asked)]


def _refuse_other_host(connection: Connection, host: str) -> None:
    for row in execute(connection, "runs/other_api_hosts", {"api_host": host}):
        raise TelemetryError(
            f"this database holds repositories from {row['api_host']}, whose ids mean others at "
            f"{host}; use another database (DATABASE_URL or TELEMETRY_HOME) for {host}"
        )
