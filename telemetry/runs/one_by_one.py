"""Fetches what no list shows, one request each: formerly open runs, earlier attempts, jobs, steps.

An item that GitHub does not return, or that cannot be read, is remembered and stops nothing else.
"""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple, TypeVar

from telemetry.database.connection import execute
from telemetry.database.upserts import as_json
from telemetry.github.errors import GitHubError, NotFound
from telemetry.rows.reading import UnreadableRow, nested, wrong_value
from telemetry.rows.runs import MOST_ATTEMPTS, WorkflowRun
from telemetry.runs import retries
from telemetry.runs.fetching import Failed, Probe, fetch_each
from telemetry.runs.jobs import JobsOfRun, PendingRun, fetch_jobs, is_gone, pending_jobs, store_jobs
from telemetry.runs.lists.listing import Batch
from telemetry.runs.lists.windows import Span
from telemetry.runs.missing import Missing
from telemetry.runs.record import IngestLog, Tally
from telemetry.runs.retries import WHOLE_RUN, Retry, is_denied
from telemetry.runs.store import Store, of_repository, store_attempts

MOST_PROBES = 50

NO_ATTEMPT = "GitHub has the run, but answers 404 for this attempt"

# A text: why the attempt is not final, although GitHub has the run. None: it no longer has the run.
Answer = WorkflowRun | UnreadableRow | str | None
Detail = TypeVar("Detail", "Attempt", PendingRun)


class Attempt(NamedTuple):
    """An attempt of a run that was created at `created_at` (UTC)."""

    github_run_id: int
    run_attempt: int
    created_at: datetime


class RunByRun:
    """Fetches items of a repository, a few at a time."""

    def __init__(self, log: IngestLog, store: Store) -> None:
        self.name = log.name
        self.log = log
        self.store = store
        self.tools = log.tools
        self.connection = log.connection
        self.client = log.tools.client
        self.missing = Missing(log.tools.client, log.name)

    def read_open(self) -> None:
        """Fetch the open runs that no list has shown."""
        rows = execute(self.connection, "runs/open_runs", self._now()).fetchall()
        ids = [row["github_run_id"] for row in rows]
        self.read_runs([run_id for run_id in ids if run_id not in self.store.seen])

    def probe_unlisted(self) -> None:
        """Fetch runs that a complete list omitted; mark those that are gone, but keep them."""
        if self._unlisted():
            self.log.write(self._mark_expired)
            self.read_runs(self._unlisted())

    def _unlisted(self) -> list[int]:
        asked = {**self._now(), "most": MOST_PROBES}
        rows = execute(self.connection, "runs/unlisted_runs", asked)
        return [row["github_run_id"] for row in rows]

    def _now(self) -> dict[str, Any]:
        """Return the parameters that select the items due now."""
        return {**self.log.key, "now": self.tools.now(), "forced": self.tools.wanted.full}

    def read_runs(self, run_ids: Sequence[int]) -> None:
        """Fetch these runs as they are now."""
        probe = self._probe(lambda run_id, _: self.client.get_workflow_run(self.name, run_id))
        fetch_each(self.log, probe, "runs", run_ids, self._fetch_run, self._store_found)

    def _probe(self, ask: Callable[[int, int], object]) -> Probe:
        """Return a probe for `fetch_each`.

        After a refusal it sends a request of the same kind, by `ask`, about an attempt that was
        answered before. After other failures it requests a list that GitHub has just answered.
        """

        def probe(error: GitHubError) -> None:
            if not is_denied(error):
                self.tools.lister(self.name).first_page(per_page=1)
                return
            known = execute(self.connection, "runs/known_attempt", self.log.key).fetchone()
            if known is None:
                raise error
            ask(known["github_run_id"], known["run_attempt"])

        return probe

    def _fetch_run(self, run_id: int) -> tuple[int, Answer]:
        try:
            # One 404 is enough: if the run does exist, a later list shows it.
            run = self.client.get_workflow_run(self.name, run_id, retry_missing=False)
            found = WorkflowRun.from_api(run)
            self._check(run, id=run_id)
            return run_id, found
        except NotFound:
            self.missing.keep_request()
            return run_id, None
        except UnreadableRow as error:
            return run_id, error.with_traceback(None)

    def _check(self, answer: Mapping[str, Any], **asked: int) -> None:
        """Raise UnreadableRow for an answer about another run, attempt or repository."""
        answer = {**answer, "repository.id": nested(answer, "repository").get("id")}
        asked["repository.id"] = self.log.repository.repository_id
        for name, value in asked.items():
            if answer.get(name) not in (None, value, str(value)):
                raise wrong_value(answer, name, f"{value}, which was requested")

    def _store_found(self, found: list[tuple[int, Answer]], failed: Failed[int]) -> None:
        runs = [answer for _, answer in found if isinstance(answer, WorkflowRun)]
        unread = [(run_id, str(a)) for run_id, a in found if isinstance(a, UnreadableRow)]
        self.store.batch(Batch(runs=runs, unreadable=[text for _, text in unread]))

        def change(gone: list[int]) -> Tally:
            self._mark_missing(gone)
            done = [run_id for run_id, answer in found if not isinstance(answer, UnreadableRow)]
            retries.forget(self.connection, "run", ((run_id, WHOLE_RUN) for run_id in done))
            return self._remember(
                *(Retry("run", i, WHOLE_RUN, "unreadable", text) for i, text in unread),
                *(Retry("run", i, WHOLE_RUN, "unanswered", error.said) for i, error in failed),
            )

        self._write(change, [run_id for run_id, answer in found if answer is None])

    def fetch_attempts(self, run_ids: Container[int] | None, first: Span | None = None) -> None:
        """Fetch the attempts before the latest, each once, of these runs or of all, newest first.

        With `first`, only those of runs created in that time, oldest first.
        """
        rows = execute(self.connection, "runs/pending_attempts", self._now())
        self._fetch_attempts(_wanted((Attempt(**row) for row in rows), run_ids, first))

    def fetch_attempts_of(self, run: WorkflowRun) -> None:
        """Fetch all attempts of a run before its latest, also those that are stored."""
        latest = min(run.run_attempt, MOST_ATTEMPTS + 1)
        earlier = range(1, latest)
        self._fetch_attempts([Attempt(run.github_run_id, n, run.created_at) for n in earlier])

    def _fetch_attempts(self, attempts: Sequence[Attempt]) -> None:
        probe = self._probe(partial(self.client.get_workflow_run, self.name))
        fetch_each(
            self.log,
            probe,
            "earlier attempts",
            attempts,
            self._fetch_attempt,
            self._store_attempts,
        )

    def _fetch_attempt(self, attempt: Attempt) -> tuple[Attempt, Answer]:
        run_id, number, created_at = attempt
        try:
            answer = self.client.get_workflow_run(self.name, run_id, number, retry_missing=False)
            found = WorkflowRun.from_attempt(answer, created_at)
            self._check(answer, id=run_id, run_attempt=number)
            if found.conclusion is None and found.status not in (None, "completed"):
                return attempt, f"it is {found.status}, although a later attempt exists"
            return attempt, replace(found, run_attempt=number)
        except NotFound:
            if is_gone(self.client, self.name, run_id):
                self.missing.keep_request()
                return attempt, None
            return attempt, NO_ATTEMPT
        except UnreadableRow as error:
            return attempt, error.with_traceback(None)

    def _store_attempts(self, found: list[tuple[Attempt, Answer]], failed: Failed[Attempt]) -> None:
        rows = [
            of_repository(answer, self.log.repository)
            for _, answer in found
            if isinstance(answer, WorkflowRun)
        ]
        unread = [(of[:2], str(a)) for of, a in found if isinstance(a, UnreadableRow)]
        unfinished = [(of[:2], answer) for of, answer in found if isinstance(answer, str)]
        new_unread = len(self.log.new_unreadable(text for _, text in unread))

        def change(gone: list[int]) -> Tally:
            self.accept_older(rows)
            counts = store_attempts(self.connection, rows)
            self._mark_missing(gone)
            done = [of[:2] for of, answer in found if isinstance(answer, WorkflowRun)]
            retries.forget(self.connection, "attempt", done)
            remembered = self._remember(
                *(Retry("attempt", *key, "unreadable", text) for key, text in unread),
                *(Retry("attempt", *key, "unfinished", text) for key, text in unfinished),
                *(Retry("attempt", *of[:2], "unanswered", error.said) for of, error in failed),
            )
            if unfinished:
                # After the last try, GitHub is known not to have them.
                execute(self.connection, "runs/record_missing_attempts", self.log.key)
            attempts = counts.inserted + counts.updated
            return remembered + Tally(attempts=attempts, unreadable_items=new_unread)

        self._write(change, [of.github_run_id for of, answer in found if answer is None])

    def accept_older(self, answers: Sequence[WorkflowRun]) -> None:
        """Let answers that were asked for again replace newer rows, which a list showed wrongly."""
        names = ("github_run_id", "run_attempt", "updated_at")
        rows = [{name: getattr(answer, name) for name in names} for answer in answers]
        execute(self.connection, "runs/accept_older", {"rows": as_json(rows)})

    def fetch_jobs(self, run_ids: Container[int] | None, first: Span | None = None) -> None:
        """Fetch jobs and steps of attempts of these runs, or of all, that have none stored.

        The newest run comes first. With `first`, only those of runs created in that time, oldest
        first.
        """
        pending = pending_jobs(
            self.connection,
            self.log.repository.repository_id,
            self.tools.now(),
            forced=self.tools.wanted.full,
        )

        def ask(run_id: int, attempt: int) -> None:
            path = f"/repos/{self.name}/actions/runs/{run_id}/jobs"
            self.client.get(path, {"per_page": 1})

        fetch_each(
            self.log,
            self._probe(ask),
            "jobs of attempts",
            _wanted(pending, run_ids, first),
            self._fetch_jobs_of,
            self._store_jobs,
        )

    def _fetch_jobs_of(self, run: PendingRun) -> JobsOfRun:
        found = fetch_jobs(self.client, self.name, run.github_run_id, run.attempts)
        if found.is_missing:
            self.missing.keep_request()
        return found

    def _store_jobs(self, found: list[JobsOfRun], failed: Failed[PendingRun]) -> None:
        unread = len(self.log.new_unreadable(text for run in found for text in run.unreadable))
        answered = [run for run in found if not run.is_missing]

        def change(gone: list[int]) -> Tally:
            stored = store_jobs(self.connection, answered, self.tools.now())
            self._mark_missing(gone)
            asked = ((run.github_run_id, number) for run in found for number in run.attempts)
            not_final = [retry for run in found for retry in run.retries]
            awaited = {(retry.github_run_id, retry.run_attempt) for retry in not_final}
            retries.forget(self.connection, "jobs", set(asked) - awaited)
            remembered = self._remember(
                *not_final,
                *(
                    Retry("jobs", run.github_run_id, due.run_attempt, "unanswered", error.said)
                    for run, error in failed
                    for due in run.attempts
                ),
            )
            return remembered + Tally(
                jobs=stored.jobs.inserted + stored.jobs.updated,
                steps=stored.steps.inserted + stored.steps.updated,
                runs_with_jobs=len(answered),
                unreadable_items=unread,
            )

        self._write(change, [run.github_run_id for run in found if run.is_missing])

    def _write(self, change: Callable[[list[int]], Tally], missing: list[int]) -> None:
        """Make a change, called with which of the runs that were not found are gone.

        Raises GitHubError, after the change, if GitHub does not say whether they are.
        """
        gone, hidden = self.missing.confirm_gone(missing)
        self.log.write(lambda: change(gone))
        if hidden:
            raise hidden

    def _mark_expired(self) -> None:
        execute(self.connection, "runs/mark_expired_runs", self._now())

    def _mark_missing(self, run_ids: list[int]) -> None:
        if run_ids:
            ids = {"github_run_ids": run_ids, "missing_upstream_at": self.tools.now()}
            execute(self.connection, "runs/mark_missing_open_runs", ids)
            execute(self.connection, "runs/mark_missing_upstream", ids)

    def _remember(self, *items: Retry) -> Tally:
        repository_id = self.log.repository.repository_id
        retries.remember(self.connection, repository_id, items, self.tools.now())
        return Tally(unanswered_items=sum(item.problem == "unanswered" for item in items))


def _wanted(
    details: Iterable[Detail], run_ids: Container[int] | None, first: Span | None
) -> list[Detail]:
    """Return the details of these runs, or of all; with `first` as `fetch_attempts` says."""
    found = [
        detail
        for detail in details
        if (run_ids is None or detail.github_run_id in run_ids)
        and (first is None or first[0] <= detail.created_at < first[1])
    ]
    return found if first is None else found[::-1]
