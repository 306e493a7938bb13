"""Watches repositories: stores each run shortly after it has ended, by the functions of an ingest.

It requests GitHub's list of runs repeatedly, with the ETag of its first page. As long as nothing
has changed, this costs nothing of a personal token's limit. At intervals, a whole ingest finds what
that page cannot show, and keeps the proof of completeness.
"""

import math
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import psycopg

from telemetry.database.connection import execute
from telemetry.database.reconnecting import first_line
from telemetry.database.retention import horizon, stored
from telemetry.github.errors import GitHubError, NotFound, RateLimited
from telemetry.github.pagination import Page
from telemetry.rows.runs import WorkflowRun
from telemetry.runs.lease import Forgotten, Held, Lost
from telemetry.runs.lists.listing import batch_of
from telemetry.runs.repository import RepositoryIngest, ingest_repository
from telemetry.runs.request import Tools

SECONDS_BETWEEN_INGESTS = 15 * 60
MOST_REQUESTS_OF_AN_INGEST = 100
# Open runs that the first page does not show are read one by one, the longest unread first.
MOST_OPEN_RUNS_AT_ONCE = 5
LEAST_SHARE_OF_AGE = 0.01
SECONDS_TO_WAIT_FOR_JOBS = 5 * 60
LONGEST_PAUSE = 5 * 60.0
LONGEST_LIMIT = 3_600.0
MOST_REMEMBERED = 50_000

Row = dict[str, Any]


@dataclass(frozen=True)
class Pace:
    """How many seconds pass between two checks of a repository, and what a check costs."""

    seconds: float
    cost: str


def usual_pace(token: str | None, repositories: int) -> Pace:
    """Return how often repositories are checked with this token.

    GitHub charges nothing for an unchanged list if the request has a token. Tokens of Actions
    and Apps, which begin with ghs_, share their limit with others; without a token there are 60
    requests an hour.
    https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api
    """
    if token is None:
        return Pace(
            120.0 * repositories, "without a token each check costs one of 60 requests an hour"
        )
    if token.startswith("ghs_"):
        return Pace(60.0, "others share the limit of this token")
    return Pace(15.0, "checking an unchanged list costs nothing with this token")


@dataclass
class _Watched:
    """What is known of one repository: its first page, and the awaited runs.

    `awaited` maps runs that have ended, and are not yet yielded, to when that was seen. `read_at`
    is when open runs were last read. `problem` is there until a check succeeds, `told` is the last
    one of which something was said. Times are seconds of the tools' timer.
    """

    name: str
    etag: str | None = None
    page: dict[int, WorkflowRun] = field(default_factory=dict)
    awaited: dict[int, float] = field(default_factory=dict)
    read_at: dict[int, float] = field(default_factory=dict)
    ingest_at: float = 0.0
    problem: str | None = None
    told: str = ""


class Watch:
    """Checks repositories in turn, until it is interrupted.

    `tools` as for an ingest, with a connection that waits; their horizon is replaced before each
    ingest. `sleep` takes seconds.
    """

    def __init__(
        self,
        tools: Tools,
        names: Sequence[str],
        seconds: float,
        *,
        sleep: Callable[[float], object],
    ) -> None:
        self.tools = tools
        self.seconds = seconds
        self._sleep = sleep
        self._watched = [_Watched(name) for name in names]
        self._shown: dict[tuple[int, int], None] = {}
        self._began: datetime | None = None

    def rounds(self) -> Iterator[list[Row]]:
        """Yield, after each check of all repositories, the attempts that ended since the start.

        The rows are those of sql/runs/finished_runs.sql. A failure of GitHub or of the database is
        reported once, and what was missed is found later. It never ends by itself. Raises NotFound
        at once for a repository that does not exist.
        """
        for each in self._watched:
            self._find(each)
        self._began = self.tools.now()
        while True:
            began = self.tools.timer()
            ended: list[Row] = []
            for each in self._watched:
                ended += self._despite_faults(each)
            yield ended
            self._sleep(max(0.0, self.seconds - (self.tools.timer() - began)))

    def _find(self, watched: _Watched) -> None:
        try:
            self.tools.client.get_repository(watched.name)
        except NotFound:
            raise
        except GitHubError as error:
            self._tell(watched, str(error))

    def _despite_faults(self, watched: _Watched) -> list[Row]:
        try:
            ended = self._look(watched)
        except psycopg.OperationalError as error:
            # The connection has already waited, and connects again with the next statement.
            self._tell(watched, f"the database is lost: {first_line(error)}")
            return []
        except Held:
            return []  # the other ingest stores the runs, and the list is read again
        except (GitHubError, Lost, Forgotten) as error:
            self._tell(watched, str(error))
            if isinstance(error, RateLimited):
                self._sleep(self._seconds_until(error.reset_at))
            return []
        if watched.problem:
            watched.problem, watched.told = None, ""
            self.tools.notify(f"{watched.name}: continuing")
        return ended

    def _tell(self, watched: _Watched, problem: str) -> None:
        # The first ingest may just have said it, and what it left.
        if watched.problem is None and problem not in watched.told:
            self.tools.notify(f"{watched.name}: {problem}; trying again")
            watched.told = problem
        watched.problem = problem

    def _seconds_until(self, reset_at: datetime | None) -> float:
        if reset_at is None:
            return LONGEST_PAUSE
        return min(max((reset_at - self.tools.now()).total_seconds(), 1.0), LONGEST_LIMIT)

    def _look(self, watched: _Watched) -> list[Row]:
        if self.tools.timer() >= watched.ingest_at:
            self._ingest(watched)
        page = self.tools.lister(watched.name).first_page(etag=watched.etag)
        changed = _changed(watched, page)
        due = self._due(watched)
        awaited = {run.github_run_id for run in changed if self._ended_meanwhile(run)}
        awaited |= watched.awaited.keys() | set(due)
        if changed or awaited:
            self._store(watched, page, due, awaited)
        if not page.unchanged:
            _remember(watched, page)
        return self._ended(watched, awaited)

    def _ended_meanwhile(self, run: WorkflowRun) -> bool:
        """Whether a run may have ended since the start, so that its attempts are to be yielded."""
        at = run.updated_at or run.created_at
        return run.status == "completed" and (self._began is None or at >= self._began)

    def _ingest(self, watched: _Watched) -> None:
        """Ingest the repository as `make ingest` does, with a share of the requests."""
        is_first = watched.ingest_at == 0.0
        # Days may pass while it watches, and KEEP may change.
        before = horizon(self.tools.connection, stored(self.tools.connection)).before
        self.tools = replace(self.tools, wanted=replace(self.tools.wanted, horizon=before))
        client = self.tools.client.part()
        # The checks need the other half, or no run would be shown until all others are stored.
        left = client.requests_left
        most = MOST_REQUESTS_OF_AN_INGEST if left is None else left // 2
        client.allow(
            min(most, MOST_REQUESTS_OF_AN_INGEST),
            "the requests that one ingest of a watch may send are spent",
        )
        tools = replace(self.tools, client=client)
        if not is_first:
            tools = replace(tools, notify=lambda text: None)
        report = ingest_repository(tools, watched.name)
        if report.outcome == "interrupted":
            raise KeyboardInterrupt
        if report.outcome == "failed":
            raise GitHubError(report.error or "failed")
        watched.ingest_at = self.tools.timer() + SECONDS_BETWEEN_INGESTS
        if is_first and report.error and report.error not in watched.told:
            self.tools.notify(f"{watched.name}: {report.error}")
            watched.told = report.error

    def _due(self, watched: _Watched) -> list[int]:
        """Return the open runs to read now, of those that the first page does not show.

        A run is read again after a hundredth of its age, but not before the next check.
        """
        now = self.tools.now()
        key = {"repository_id": _repository_id(watched), "now": now, "forced": True}
        due = []
        for row in execute(self.tools.connection, "runs/open_runs", key):
            run_id, age = row["github_run_id"], (now - row["created_at"]).total_seconds()
            unread = self.tools.timer() - watched.read_at.get(run_id, -math.inf)
            if run_id not in watched.page and unread >= age * LEAST_SHARE_OF_AGE:
                due.append((unread, run_id))
        return [run_id for _, run_id in sorted(due, reverse=True)[:MOST_OPEN_RUNS_AT_ONCE]]

    def _store(
        self, watched: _Watched, page: Page, due: Sequence[int], awaited: Container[int]
    ) -> None:
        items = page.items or list(watched.page.values())
        # A failure ends the client, so this one is used only once.
        tools = replace(self.tools, client=self.tools.client.part())
        ingest = RepositoryIngest(tools, watched.name, tools.timer(), items, recorded=False)
        outcome = "interrupted"
        try:
            ingest.some(batch_of(page), due, awaited)
            outcome = "complete"
        except GitHubError:
            outcome = "failed"
            raise
        finally:
            ingest.log.close(outcome, None)
        for run_id in due:
            watched.read_at[run_id] = self.tools.timer()

    def _ended(self, watched: _Watched, run_ids: set[int]) -> list[Row]:
        """Return the attempts of these runs that have ended and are not yet returned."""
        if not run_ids:
            return []
        asked = {"github_run_ids": sorted(run_ids), "since": self._began}
        now = self.tools.timer()
        found, waiting = [], dict[int, float]()
        for row in execute(self.tools.connection, "runs/finished_runs", asked):
            run_id, key = row["github_run_id"], (row["github_run_id"], row["run_attempt"])
            if key in self._shown:
                continue
            since = watched.awaited.get(run_id, now)
            if row["has_jobs"] or now - since > SECONDS_TO_WAIT_FOR_JOBS:
                self._shown[key] = None
                found.append(row)
            else:
                waiting[run_id] = since
        watched.awaited = waiting
        while len(self._shown) > MOST_REMEMBERED:
            self._shown.pop(next(iter(self._shown)))
        return found


def _changed(watched: _Watched, page: Page) -> list[WorkflowRun]:
    """Return the runs of the page that are new or have changed since it was last read."""
    if page.unchanged:
        return []
    runs = [run for run in page.items if isinstance(run, WorkflowRun)]
    return [run for run in runs if watched.page.get(run.github_run_id) != run]


def _remember(watched: _Watched, page: Page) -> None:
    """Keep the page; if more runs began than it shows, make an ingest list them at once."""
    runs = {run.github_run_id: run for run in page.items if isinstance(run, WorkflowRun)}
    if watched.page and runs and not watched.page.keys() & runs.keys():
        watched.ingest_at = min(watched.ingest_at, 1.0)
    watched.page, watched.etag = runs, page.etag
    watched.read_at = {k: at for k, at in watched.read_at.items() if k not in runs}


def _repository_id(watched: _Watched) -> int | None:
    return next((run.repository_id for run in watched.page.values()), None)
