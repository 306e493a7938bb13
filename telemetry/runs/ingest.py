"""The ingest of repositories; `rounds` shares the requests among them.

The work on one repository is in `repository`.
"""

from collections.abc import Generator, Iterable, Mapping, Sequence

from telemetry import TelemetryError, first_of
from telemetry.database.connection import Connection, execute
from telemetry.github.client import GitHub
from telemetry.installation import typed
from telemetry.rows import reading
from telemetry.rows.reading import UnreadableRow, required
from telemetry.runs.record import MOST_NAMED
from telemetry.runs.request import Notify, Report, Tools
from telemetry.runs.rounds import Rounds


def ingest(
    tools: Tools,
    repositories: Sequence[str],
    max_requests: int | None = None,
    run_id: int | None = None,
) -> Generator[Report, None, None]:
    """Ingest repositories, several at a time, and yield a report on each when it is done.

    Repositories with the oldest complete ingest come first. A failure does not stop the others; an
    interruption does, after the reports of those in progress. At most `max_requests` are sent. Each
    repository gets an equal share of them and of GitHub's limit without the reserve. If requests
    are left after a round, the repositories that were cut short share them in the next one. Those
    without any requests are reported last, and stored. With `run_id` only this run is ingested,
    with its attempts, jobs and steps. Inside a transaction of the caller, repositories are ingested
    one after another.

    Raises UsageError for a start before the retention, TelemetryError if the database holds
    repositories of another API host, and psycopg.OperationalError if the database is lost.
    """
    tools.wanted.start(tools.now())
    _refuse_other_host(tools.connection, tools.client.host)
    yield from Rounds(tools, max_requests, run_id).go(_ordered(tools.connection, repositories))


def repositories_of(
    client: GitHub,
    owner: str,
    archived: bool = True,
    excluded: Iterable[str] = (),
    notify: Notify = lambda text: None,
    known: Mapping[int, str] | None = None,
) -> list[str]:
    """Return the names of the repositories of an organization or user that can have runs.

    Disabled ones are omitted, because they do not answer; archived ones keep their runs. One that
    GitHub does not name is left out too, as are `excluded` names that the owner does not have, and
    `notify` is called with a sentence. It is also called for `known` repositories, by number, that
    are not listed. Raises GitHubError.
    """
    names = []
    unknown = {name.lower(): name for name in excluded}
    left_out = set(unknown)
    gone = dict(known or {})
    for page in client.list_repositories(owner):
        for row in page.items:
            try:
                payload = reading.mapping(row, "repository")
                number = reading.integer(payload, "id")
                name = required(
                    reading.name(payload, "full_name"), payload, "repository", "full_name"
                )
            except UnreadableRow as error:
                notify(f"warning: a repository of {owner} is left out: {error}")
                continue
            unknown.pop(name.lower(), None)
            gone.pop(number or 0, None)
            if payload.get("disabled") or name.lower() in left_out:
                continue
            if archived or not payload.get("archived"):
                names.append(name)
    for name in unknown.values():
        notify(f"note: EXCLUDE: {owner} has no repository {name} that this token can see")
    if gone:
        notify(
            f"warning: the list of {owner} lacks {first_of(list(gone.values()), MOST_NAMED)}: "
            "deleted, hidden from this token, or private, because GitHub lists only what is public "
            f"of a user; to stop watching one: {typed('forget REPO=…')}"
        )
    return names


def _ordered(connection: Connection, repositories: Sequence[str]) -> list[str]:
    asked = {"repositories": list(repositories)}
    return [row["repository"] for row in execute(connection, "runs/ingest_order", asked)]


def _refuse_other_host(connection: Connection, host: str) -> None:
    for row in execute(connection, "runs/other_api_hosts", {"api_host": host}):
        raise TelemetryError(
            f"this database holds repositories from {row['api_host']}, whose ids stand for "
            f"others at {host}; use another database (DATABASE_URL or TELEMETRY_HOME) for {host}"
        )
