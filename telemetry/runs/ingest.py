"""Many repositories, one budget of requests: rounds in which each gets a fair share of the rest.

The work on one repository is in `repository`.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from telemetry import TelemetryError
from telemetry.database.connection import Connection, execute
from telemetry.github.client import GitHub
from telemetry.github.errors import NotFound
from telemetry.runs.record import MOST_NAMED
from telemetry.runs.repository import ingest_repository
from telemetry.runs.request import Report, Tools

# Below this a share is spent on the first page of the list before anything else is fetched.
SMALLEST_SHARE = 3
# What a second visit adds to the counts of the first.
ADDED = (
    "inserted",
    "updated",
    "unreadable",
    "cut",
    "requests",
    "not_modified",
    "unreadable_items",
)


def ingest(
    tools: Tools,
    repositories: Sequence[str],
    max_requests: int | None = None,
    run_id: int | None = None,
) -> Iterator[Report]:
    """Ingest repositories one after another, and report on each when it is done.

    Those whose last complete ingest is longest ago come first. One that fails does not stop the
    others; an interruption does, after its own report. At most `max_requests` are sent. Each
    repository gets its share of them, and of what GitHub's limit leaves beside the reserve; when
    all had theirs and requests are left, those that were cut short share these, and so on. Those
    for which none are left are reported last, and stored. With `run_id` only that run is ingested,
    with its attempts, jobs and steps.

    Raises UsageError for a start that cannot be kept, TelemetryError when the database holds
    repositories of another API host, and psycopg.OperationalError when the database is lost.
    """
    tools.wanted.start(tools.now())
    _refuse_other_host(tools.connection, tools.client.host)
    yield from _Rounds(tools, max_requests, run_id).go(_ordered(tools.connection, repositories))


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


class _Rounds:
    """Goes round repositories until all are done or no requests are left."""

    def __init__(self, tools: Tools, max_requests: int | None, run_id: int | None) -> None:
        self.tools = tools
        self.max_requests = max_requests
        self.run_id = run_id
        self.before = tools.client.requests
        self.total = 0
        self.cut_short: dict[str, Report] = {}

    def go(self, names: Sequence[str]) -> Iterator[Report]:
        """Reports, each repository once."""
        self.total = len(names)
        if self.total > 1 and self.tools.client.rate_limit is None:
            # Costs nothing. A server without limits answers 404.
            with suppress(NotFound):
                self.tools.client.get("/rate_limit", retry_missing=False)
        unreached: list[str] = []
        waiting = list(names)
        while waiting:
            sent = self.tools.client.requests
            for position, name in enumerate(waiting):
                report = self._visit(name, len(waiting) - position, names.index(name) + 1)
                if report is None:
                    unreached += [n for n in waiting[position:] if n not in self.cut_short]
                    break
                if not report.is_cut_short:
                    yield report
                if report.outcome == "interrupted":
                    yield from self.cut_short.values()
                    return
            rest = (self._left() or 0) if self.tools.client.requests > sent else 0
            waiting = list(self.cut_short)[: rest // SMALLEST_SHARE]
        yield from self.cut_short.values()
        yield from self._not_reached(unreached)

    def _left(self) -> int | None:
        """How many requests may still be sent; None where nothing bounds them."""
        sent = self.tools.client.requests - self.before
        bounds = [] if self.max_requests is None else [max(0, self.max_requests - sent)]
        limit = self.tools.client.requests_left if self.total > 1 else None
        return min([*bounds, *([] if limit is None else [limit])], default=None)

    def _visit(self, name: str, waiting: int, place: int) -> Report | None:
        """Ingest with the share of the first of so many; None where no requests are left."""
        left = self._left()
        if left == 0:
            return None
        share = None if left is None else min(left, max(SMALLEST_SHARE, left // waiting))
        self.tools.client.allow(share, self._reason(share))
        label = f" ({place:,} of {self.total:,})" if self.total > 1 else ""
        report = ingest_repository(replace(self.tools, place=label), name, self.run_id)
        execute(self.tools.connection, "runs/clear_unreached", {"repository": name})
        earlier = self.cut_short.pop(name, None)
        report = _together(earlier, report) if earlier else report
        if report.is_cut_short:
            self.cut_short[name] = report
        return report

    def _reason(self, share: int | None) -> str:
        """What is said when a share is spent: which bound it was a share of."""
        if share is None:
            return ""
        sent = self.tools.client.requests - self.before
        limit = self.tools.client.requests_left
        own = None if self.max_requests is None else self.max_requests - sent
        is_own = own is not None and (self.total == 1 or limit is None or own <= limit)
        if self.total == 1:
            return f"the {share:,} requests allowed by MAX_REQUESTS are spent"
        whole = "MAX_REQUESTS" if is_own else "GitHub's limit"
        return f"its share of {whole} ({share:,} requests) is spent"

    def _not_reached(self, names: Sequence[str]) -> Iterator[Report]:
        """Store and report those for which no requests were left."""
        if not names:
            return
        limit = self.tools.client.rate_limit
        is_own = self.max_requests is not None and (self.tools.client.requests_left or 1) > 0
        reason = (
            "the requests allowed by MAX_REQUESTS were spent before its turn"
            if is_own or limit is None
            else "GitHub's limit was spent before its turn; it is reset at "
            f"{limit.reset_at:%H:%M} UTC"
        )
        asked = {"repositories": list(names), "unreached_at": self.tools.now(), "reason": reason}
        execute(self.tools.connection, "runs/record_unreached", asked)
        for name in names:
            yield Report(name, "not reached", reason, None, unreadable=(), seconds=0.0)


def _together(first: Report, second: Report) -> Report:
    """One report of a repository that was visited twice; runs that were seen twice count once."""
    a, b = first.ingestion, second.ingestion
    if a is not None and b is not None:
        added: dict[str, Any] = {name: getattr(a, name) + getattr(b, name) for name in ADDED}
        seen: dict[str, Any] = {
            "unchanged": a.unchanged,
            "not_completed": max(a.not_completed, b.not_completed),
        }
        fetched = sum(added[name] for name in ("inserted", "updated", "unreadable"))
        b = replace(
            b, started_at=a.started_at, **added, **seen, fetched=fetched + sum(seen.values())
        )
    unreadable = tuple(dict.fromkeys([*first.unreadable, *second.unreadable]))
    return replace(
        second,
        ingestion=b or a,
        unreadable=unreadable[:MOST_NAMED],
        seconds=first.seconds + second.seconds,
        attempts=first.attempts + second.attempts,
        jobs=first.jobs + second.jobs,
        steps=first.steps + second.steps,
    )


def _ordered(connection: Connection, repositories: Sequence[str]) -> list[str]:
    asked = {"repositories": list(repositories)}
    return [row["repository"] for row in execute(connection, "runs/ingest_order", asked)]


def _refuse_other_host(connection: Connection, host: str) -> None:
    for row in execute(connection, "runs/other_api_hosts", {"api_host": host}):
        raise TelemetryError(
            f"this database holds repositories from {row['api_host']}, whose ids mean others at "
            f"{host}; use another database (DATABASE_URL or TELEMETRY_HOME) for {host}"
        )
