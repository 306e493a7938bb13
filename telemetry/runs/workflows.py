"""Fetches workflows and repository details, once a day or when one is new.

The name of a run does not identify its workflow, and the name of a branch does not make it the
default.
"""

from collections.abc import Callable
from typing import Any

from telemetry import counted
from telemetry.database.connection import execute
from telemetry.database.upserts import upsert
from telemetry.github.errors import Closed, GitHubError, LimitReached
from telemetry.rows.reading import UnreadableRow
from telemetry.rows.workflows import Description, Workflow, retention_days
from telemetry.runs.fetching import fetchers
from telemetry.runs.record import IngestLog

# Stores an answer, in a transaction of the ingest.
Change = Callable[[], None]


def ask_about_repository(log: IngestLog) -> None:
    """Fetch and store what is due about a repository; at most three requests for 100 workflows.

    The requests are sent at the same time. If GitHub refuses one, a notice is shown and the next
    ingest tries again, because the ingest should not fail for names. Raises LimitReached and
    Closed, after storing what was answered.
    """
    now = log.tools.now()
    (due,) = execute(log.connection, "runs/due_questions", {**log.key, "now": now})
    questions = [
        (due["is_description_due"], _describe, "its default branch and visibility"),
        (due["is_list_due"], _list_workflows, "the names of its workflows"),
        (due["is_retention_due"], _ask_retention, "how long GitHub keeps its runs"),
    ]
    ended: GitHubError | None = None
    with fetchers(log.tools) as pool:
        asked = [(pool.submit(ask, log), what) for is_due, ask, what in questions if is_due]
        for answer, what in asked:
            try:
                log.write(answer.result())
            except (LimitReached, Closed) as error:
                ended = ended or error
            except (GitHubError, UnreadableRow) as error:
                log.tools.notify(f"{log.name}: {what} could not be fetched: {error}")
    if ended is not None:
        raise ended


def _describe(log: IngestLog) -> Change:
    found = Description.from_api(log.tools.client.get_repository(log.name))
    seen_at = log.tools.now()

    def store() -> None:
        described = {**log.key, **vars(found), "described_at": seen_at}
        execute(log.connection, "runs/describe_repositories", described)
        if found.default_branch is not None:
            branch = {**log.key, "branch": found.default_branch, "seen_at": seen_at}
            execute(log.connection, "runs/record_default_branches", branch)

    return store


def _ask_retention(log: IngestLog) -> Change:
    """Ask how long GitHub keeps runs. Most tokens may not read it: then its default is assumed."""
    try:
        days = retention_days(log.tools.client.get_retention(log.name))
    except GitHubError as error:
        if error.status not in (403, 404):
            raise
        days = None
    answer = {"upstream_retention_days": days, "upstream_retention_asked_at": log.tools.now()}

    def store() -> None:
        execute(log.connection, "runs/record_upstream_retention", {**log.key, **answer})

    return store


def _list_workflows(log: IngestLog) -> Change:
    repository_id = log.repository.repository_id
    rows, unreadable = list[Workflow](), list[UnreadableRow]()
    pages = log.tools.client.list_workflows(log.name)
    for item in (item for page in pages for item in page.items):
        try:
            rows.append(Workflow.from_api(item, repository_id))
        except UnreadableRow as error:
            unreadable.append(error.with_traceback(None))
    if unreadable:
        if not rows:
            raise unreadable[0]
        count = counted(len(unreadable), "workflow")
        log.tools.notify(f"{log.name}: {count} could not be read, the first: {unreadable[0]}")
    listed_at = {"listed_at": log.tools.now()}

    def store() -> None:
        upsert(log.connection, rows)
        ids: dict[str, Any] = {"workflow_ids": [row.workflow_id for row in rows]}
        execute(log.connection, "runs/touch_workflows", {**ids, **listed_at})
        execute(log.connection, "runs/record_unlisted_workflows", log.key)
        execute(log.connection, "runs/record_workflows_listed", {**log.key, **listed_at})

    return store
