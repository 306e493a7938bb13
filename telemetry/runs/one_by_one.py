"""What no list shows: runs that were open, earlier attempts, jobs and steps, one request each."""

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime
from typing import TypeVar

from telemetry.database.connection import execute, upsert
from telemetry.github.errors import GitHubError, NotFound
from telemetry.rows.reading import UnreadableRow
from telemetry.rows.runs import WorkflowRun
from telemetry.runs.jobs import JobsOfRun, PendingRun, fetch_jobs, pending_jobs, store_jobs
from telemetry.runs.listing import Batch
from telemetry.runs.record import IngestLog, Tally
from telemetry.runs.store import Store, of_repository

STORED_TOGETHER = 50
MOST_PROBES = 50

Item = TypeVar("Item")
Found = TypeVar("Found")
Answer = WorkflowRun | UnreadableRow | None  # None: GitHub has it no longer
Attempt = tuple[int, int, datetime]


class RunByRun:
    """Fetches of one repository, `name`, a few at a time."""

    def __init__(self, name: str, log: IngestLog, store: Store) -> None:
        self.name = name
        self.log = log
        self.store = store
        self.tools = log.tools
        self.connection = log.connection
        self.client = log.tools.client

    def read_open(self) -> None:
        """Ask for the open runs that no list has shown, until they have ended."""
        asked = {**self.log.key, "now": self.tools.now()}
        ids = [row["github_run_id"] for row in execute(self.connection, "runs/open_runs", asked)]
        unseen = [run_id for run_id in ids if run_id not in self.store.seen]
        self._each(unseen, self._fetch_run, self._store_found)

    def probe_unlisted(self) -> None:
        """Ask for runs that a complete list left out: what is gone is marked, and stays."""
        most = {**self.log.key, "most": MOST_PROBES}
        ids = [row["github_run_id"] for row in execute(self.connection, "runs/unlisted_runs", most)]
        self._each(ids, self._fetch_run, self._store_found)

    def _fetch_run(self, run_id: int) -> tuple[int, Answer]:
        try:
            # Nothing is lost by believing one 404: a run that is there is in the lists to come.
            run = self.client.get_workflow_run(self.name, run_id, retry_missing=False)
            return run_id, WorkflowRun.from_api(run)
        except NotFound:
            return run_id, None
        except UnreadableRow as error:
            return run_id, error

    def _store_found(self, found: list[tuple[int, Answer]]) -> None:
        answers = [answer for _, answer in found]
        self.store.batch(
            Batch(
                runs=[answer for answer in answers if isinstance(answer, WorkflowRun)],
                unreadable=[str(answer) for answer in answers if isinstance(answer, UnreadableRow)],
            )
        )
        gone = [run_id for run_id, answer in found if answer is None]

        def change() -> Tally:
            ids = {"github_run_ids": gone, "missing_upstream_at": self.tools.now()}
            execute(self.connection, "runs/mark_missing_open_runs", ids)
            execute(self.connection, "runs/mark_missing_upstream", ids)
            return Tally()

        if gone:
            self.log.write(change)

    def fetch_attempts(self, run_id: int | None) -> None:
        """The attempts before the latest, each once; of one run, or of all."""
        attempts = [
            (row["github_run_id"], row["run_attempt"], row["created_at"])
            for row in execute(self.connection, "runs/pending_attempts", self.log.key)
            if run_id in (None, row["github_run_id"])
        ]
        self._each(attempts, self._fetch_attempt, self._store_attempts)

    def _fetch_attempt(self, attempt: Attempt) -> tuple[Attempt, Answer]:
        run_id, number, created_at = attempt
        try:
            answer = self.client.get_workflow_run(self.name, run_id, number)
            return attempt, WorkflowRun.from_attempt(answer, created_at)
        except NotFound:
            return attempt, None
        except UnreadableRow as error:
            return attempt, error

    def _store_attempts(self, found: list[tuple[Attempt, Answer]]) -> None:
        rows = [
            of_repository(answer, self.log.repository)
            for _, answer in found
            if isinstance(answer, WorkflowRun)
        ]
        self.log.new_unreadable(str(a) for _, a in found if isinstance(a, UnreadableRow))

        def change() -> Tally:
            counts = upsert(self.connection, rows)
            for (run_id, number, _), answer in found:
                if answer is None:
                    gone = {"github_run_id": run_id, "run_attempt": number}
                    gone_at = {"missing_at": self.tools.now()}
                    parameters = {**self.log.key, **gone, **gone_at}
                    execute(self.connection, "runs/record_missing_attempts", parameters)
            return Tally(attempts=counts.inserted + counts.updated)

        self.log.write(change)

    def fetch_jobs(self, run_id: int | None) -> None:
        """Jobs and steps of attempts that have none stored yet, newest run first."""
        pending = pending_jobs(self.connection, self.log.repository.repository_id)
        runs = [run for run in pending if run_id in (None, run.github_run_id)]
        self._each(runs, self._fetch_jobs_of, self._store_jobs)

    def _fetch_jobs_of(self, run: PendingRun) -> JobsOfRun:
        return fetch_jobs(self.client, self.name, run.github_run_id, run.attempts)

    def _store_jobs(self, found: list[JobsOfRun]) -> None:
        self.log.new_unreadable(text for run in found for text in run.unreadable)

        def change() -> Tally:
            stored = store_jobs(self.connection, found, self.tools.now())
            return Tally(
                jobs=stored.jobs.inserted + stored.jobs.updated,
                steps=stored.steps.inserted + stored.steps.updated,
                runs_with_jobs=len(found),
            )

        self.log.write(change)

    def _each(
        self,
        items: Iterable[Item],
        fetch: Callable[[Item], Found],
        store: Callable[[list[Found]], None],
    ) -> None:
        """Fetch items, a few at a time, and store what was found, some at a time.

        At an error no more are begun; what is under way is still stored, then the error is raised.
        """
        waiting, running, found = deque(items), set[Future[Found]](), list[Found]()
        failure: GitHubError | None = None
        total, done = len(waiting), 0
        with ThreadPoolExecutor(self.tools.concurrency, "github-items") as pool:
            try:
                while running or (waiting and failure is None):
                    while waiting and failure is None and len(running) < 2 * self.tools.concurrency:
                        running.add(pool.submit(fetch, waiting.popleft()))
                    finished, running = wait(running, return_when=FIRST_COMPLETED)
                    for future in finished:
                        try:
                            found.append(future.result())
                        except GitHubError as error:
                            failure = failure or error
                    is_last = not running and (failure is not None or not waiting)
                    if found and (is_last or len(found) >= STORED_TOGETHER):
                        store(found)
                        done, found = done + len(found), []
                        self.tools.progress(done, total)
            except BaseException:
                # Whoever waits for GitHub in another thread would hold up the end.
                self.client.close()
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        if failure is not None:
            raise failure
