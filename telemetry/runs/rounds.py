"""Shares one budget of requests among repositories, in rounds with equal shares of the rest.

Several repositories are ingested at a time, each with its own thread and database connection.
Together they have as many concurrent requests as one repository alone.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

from psycopg.pq import TransactionStatus

from telemetry import counted
from telemetry.database.connection import Connection, execute, siblings
from telemetry.database.snapshot import Here
from telemetry.github.client import GitHub
from telemetry.github.errors import GitHubError, Unanswered
from telemetry.runs.record import MOST_NAMED
from telemetry.runs.repository import ingest_repository
from telemetry.runs.request import Report, Tools
from telemetry.runs.retries import is_of_item

# With fewer requests a visit might end each time at the same place: the first page takes one, and
# an item that GitHub does not answer up to five. More would leave more repositories to later
# ingests: 30 small ones, with the 60 requests an hour of no token, are all complete after 11 hours
# with 3, 7 with 6, and 6 with 10.
SMALLEST_SHARE = 6
# Of more repositories, only what is unusual is said before the result of each.
FEW = 20
# A server that crashes more often during one ingest needs an administrator.
MOST_CRASHES = 3
# The counts of a second visit are added to those of the first.
ADDED = (
    "inserted",
    "updated",
    "unreadable",
    "cut",
    "requests",
    "not_modified",
    "unreadable_items",
)


@dataclass(frozen=True)
class _Visit:
    """A repository that is being ingested, with its share of the requests; None: no limit."""

    name: str
    client: GitHub
    share: int | None
    connection: Connection

    @property
    def unspent(self) -> int:
        """The number of requests of its share that are left."""
        return max(0, (self.share or 0) - self.client.requests)


class Rounds:
    """Visits repositories in rounds until all are done or no requests are left."""

    def __init__(self, tools: Tools, max_requests: int | None, run_id: int | None) -> None:
        self.client = tools.client.part(tools.concurrency)
        self.tools = replace(tools, client=self.client)
        self.max_requests = max_requests
        self.run_id = run_id
        self.places: dict[str, int] = {}
        self.cut_short: dict[str, Report] = {}
        self.unreached: list[str] = []
        self.connections: list[Connection] = []
        self.running: dict[Future[Report], _Visit] = {}
        self.is_interrupted = False

    def go(self, names: Sequence[str]) -> Iterator[Report]:
        """Yield reports, one for each repository."""
        self.places = {name: place for place, name in enumerate(names, 1)}
        if len(names) > 1 and self.client.rate_limit is None:
            self._ask_limit()
        if len(names) > 1:
            left = self._left()
            sendable = "" if left is None else f"; {counted(left, 'request')} can be sent now"
            self.tools.notify(f"{counted(len(names), 'repository')} to ingest{sendable}")
        waiting = list(names)
        while waiting and not self.is_interrupted:
            sent = self.client.requests
            yield from self._round(waiting)
            left = (self._left() or 0) if self.client.requests > sent else 0
            waiting = list(self.cut_short)[: (left + SMALLEST_SHARE // 2) // SMALLEST_SHARE]
            if waiting and not self.is_interrupted:
                self.tools.notify(
                    f"another round for {counted(len(waiting), 'repository')} whose share was "
                    f"spent; {counted(left, 'request')} can still be sent"
                )
        yield from self.cut_short.values()
        if not self.is_interrupted:
            yield from self._not_reached()

    def _ask_limit(self) -> None:
        """Ask for the rate limit, which is free. Raises GitHubError if no request is answered.

        A server without limits answers 404, and a proxy may refuse this path only.
        """
        try:
            self.client.get("/rate_limit", retry_missing=False)
        except GitHubError as error:
            if isinstance(error, Unanswered) or not is_of_item(error):
                raise

    def _round(self, names: Sequence[str]) -> Iterator[Report]:
        """Visit each repository once; yield the reports of those that are done."""
        waiting = deque(names)
        # Other threads must not use a transaction that the caller has open.
        is_idle = self.tools.connection.info.transaction_status == TransactionStatus.IDLE
        at_once = min(len(names), self.tools.concurrency) if is_idle else 1
        own = self.tools.connection
        with (
            siblings(own, at_once) if at_once > 1 else nullcontext([own]) as self.connections,
            ThreadPoolExecutor(at_once, "repository") if at_once > 1 else Here() as pool,
        ):
            try:
                while waiting or self.running:
                    yield from self._step(pool, waiting)
            except BaseException:
                self.client.end()
                raise

    def _step(self, pool: Executor, waiting: deque[str]) -> Iterator[Report]:
        """Start as many visits as are allowed at a time, and wait until some have ended."""
        try:
            while waiting and self.connections and self._begin(pool, waiting):
                pass
            ended = wait(self.running, return_when=FIRST_COMPLETED).done
        except KeyboardInterrupt:
            if not self.running:
                raise
            self._interrupt(waiting)
            return
        for future in ended:
            visit = self.running.pop(future)
            self.connections.append(visit.connection)
            report = future.result()
            earlier = self.cut_short.pop(visit.name, None)
            report = _together(earlier, report) if earlier else report
            if report.is_cut_short:
                self.cut_short[visit.name] = report
            elif report.outcome != "repeated":
                yield report
            if report.outcome == "interrupted":
                self._interrupt(waiting)

    def _interrupt(self, waiting: deque[str]) -> None:
        """Let the visits in progress store their results, and start no more."""
        self.is_interrupted = True
        waiting.clear()
        self.client.end()

    def _begin(self, pool: Executor, waiting: deque[str]) -> bool:
        """Start the first visit if there are requests for it; others may still leave some."""
        share = self._share(len(waiting))
        if share is not None and share < SMALLEST_SHARE and self.running:
            return False
        if share is not None and share <= 0:
            self.unreached += [name for name in waiting if name not in self.cut_short]
            waiting.clear()
            return False
        visit = _Visit(waiting.popleft(), self._part(share), share, self.connections.pop())
        self.running[pool.submit(self._ingest, visit)] = visit
        return True

    def _ingest(self, visit: _Visit) -> Report:
        many = len(self.places)
        place = f" ({self.places[visit.name]:,} of {many:,})" if many > 1 else ""
        tools = replace(
            self.tools,
            connection=visit.connection,
            client=visit.client,
            place=place,
            is_brief=many > FEW,
        )
        report = ingest_repository(tools, visit.name, self.run_id)
        for _ in range(MOST_CRASHES):
            if not report.is_undone:
                break
            tools.notify(f"{visit.name}: fetching again what the database server lost in a crash")
            tools = replace(tools, client=self._part(visit.unspent if visit.share else None))
            report = _together(report, ingest_repository(tools, visit.name, self.run_id))
        if report.ingestion or report.outcome == "repeated":
            execute(tools.connection, "runs/clear_unreached", {"repository": visit.name})
        return report

    def _part(self, share: int | None) -> GitHub:
        """Return a client for one visit, which ends with the first error."""
        client = self.client.part()
        client.allow(share, self._reason(share))
        return client

    def _left(self) -> int | None:
        """Return how many requests may still be sent; None if there is no bound."""
        bounds = [] if self.max_requests is None else [self.max_requests - self.client.requests]
        limit = self.client.requests_left if len(self.places) > 1 else None
        return min([*bounds, *([] if limit is None else [limit])], default=None)

    def _share(self, waiting: int) -> int | None:
        """Return the share of one of `waiting` repositories, besides those in progress."""
        left = self._left()
        if left is None:
            return None
        free = left - sum(visit.unspent for visit in self.running.values())
        return min(free, max(SMALLEST_SHARE, free // waiting))

    def _reason(self, share: int | None) -> str:
        """Return the message for a spent share: which limit it was a share of."""
        if share is None:
            return ""
        if len(self.places) == 1:
            return f"all requests that MAX_REQUESTS allows are spent: {counted(share, 'request')}"
        whole = "MAX_REQUESTS" if self._is_own_bound() else "GitHub's limit"
        return f"its share of {whole} ({counted(share, 'request')}) is spent"

    def _is_own_bound(self) -> bool:
        """Whether MAX_REQUESTS allows fewer requests than GitHub's limit does, if there is one."""
        if self.max_requests is None:
            return False
        limit = self.client.requests_left
        return limit is None or self.max_requests - self.client.requests <= limit

    def _not_reached(self) -> Iterator[Report]:
        """Store and report the repositories for which no requests were left."""
        if not self.unreached:
            return
        limit = self.client.rate_limit
        reason = (
            "the requests allowed by MAX_REQUESTS were spent before its turn"
            if limit is None or self._is_own_bound()
            else "GitHub's limit was spent before its turn; it is reset at "
            f"{limit.reset_at:%H:%M} UTC"
        )
        asked = {"unreached_at": self.tools.now(), "reason": reason}
        names = {"repositories": self.unreached}
        execute(self.tools.connection, "runs/record_unreached", {**names, **asked})
        for name in self.unreached:
            yield Report(name, "not reached", reason)


def _together(first: Report, second: Report) -> Report:
    """Merge the reports of two visits to a repository; runs seen twice count once."""
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
