"""Items that could not be fetched, remembered until they are fetched or given up.

sql/runs/record_retries.sql decides when each is tried again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from telemetry.database.connection import Connection, execute
from telemetry.database.upserts import as_json
from telemetry.github.errors import GitHubError, Unanswered

Kind = Literal["run", "attempt", "jobs"]
Problem = Literal["unanswered", "unreadable", "unfinished"]
WHOLE_RUN = 0


@dataclass(frozen=True)
class Retry:
    """An item to retry, and why. `run_attempt` is WHOLE_RUN if `kind` is run."""

    kind: Kind
    github_run_id: int
    run_attempt: int
    problem: Problem
    reason: str


@dataclass(frozen=True)
class AwaitedItem(Retry):
    """An item that could not be fetched; given up if `next_try_at` is None. Times are UTC."""

    tries: int
    next_try_at: datetime | None


def remember(
    connection: Connection, repository_id: int, retries: Sequence[Retry], tried_at: datetime
) -> None:
    """Count a further failed try for each item."""
    if retries:
        rows = as_json([vars(retry) for retry in retries])
        key = {"repository_id": repository_id, "tried_at": tried_at}
        execute(connection, "runs/record_retries", {**key, "rows": rows})


def forget(connection: Connection, kind: Kind, items: Iterable[tuple[int, int]]) -> None:
    """Forget the tries for runs and attempts now fetched or gone."""
    keys = attempt_keys(items)
    if keys["github_run_ids"]:
        execute(connection, "runs/clear_retries", {"kind": kind, **keys})


def attempt_keys(keys: Iterable[tuple[int, int]]) -> dict[str, list[int]]:
    """Return the parameters of a statement that select attempts by run id and number."""
    pairs = sorted(keys)
    return {
        "github_run_ids": [run_id for run_id, _ in pairs],
        "run_attempts": [attempt for _, attempt in pairs],
    }


def awaited(connection: Connection, repository_id: int, most: int) -> tuple[list[AwaitedItem], int]:
    """Return a repository's first awaited items, given-up ones first, and the number of all."""
    asked = {"repository_id": repository_id, "most": most}
    rows = execute(connection, "runs/awaited_items", asked).fetchall()
    count = rows[0]["items"] if rows else 0
    return [AwaitedItem(**{k: v for k, v in row.items() if k != "items"}) for row in rows], count


def is_of_item(error: GitHubError) -> bool:
    """Whether an error may be about this item only, and not about token, limit or network."""
    return isinstance(error, Unanswered) or error.status not in (None, 401)


def is_denied(error: GitHubError) -> bool:
    """Whether GitHub refused the request: the token lacks a permission, as a rule for all items."""
    return error.status == 403
