"""The jobs of a run's attempts, from its job lists, and whether they are final.

The jobs of an attempt are final if all are completed, their number is GitHub's count, and all
could be read. Knows pages and rows; does no I/O and reads no clock.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from telemetry.github.errors import Unanswered
from telemetry.github.pagination import Page
from telemetry.rows import reading
from telemetry.rows.jobs import WorkflowJob, WorkflowStep
from telemetry.rows.reading import UnreadableRow, tell_apart, wrong_value
from telemetry.runs.retries import Problem, Retry

# An attempt that awaits approval or could not start has no jobs (recorded), so a list without its
# jobs is complete.
WITHOUT_JOBS = ("action_required", "startup_failure")
# An attempt with one of these conclusions did run. Its jobs and steps may appear later; if they are
# missing after a day, as for some older attempts, GitHub does not have them.
RAN = ("success", "failure")
AWAITED = timedelta(days=1)
# All rows of a run are in memory at once: 60 MB, and several runs are fetched at a time.
MOST_ROWS = 100_000


@dataclass(frozen=True)
class DueAttempt:
    """A stored attempt whose jobs are to be fetched. `started_at` is UTC."""

    run_attempt: int
    started_at: datetime | None
    conclusion: str | None


@dataclass
class JobLists:
    """The jobs read so far of the attempts of a run that are due."""

    run_id: int
    due: dict[int, DueAttempt]
    jobs: dict[tuple[int, int], tuple[WorkflowJob, list[WorkflowStep]]] = field(
        default_factory=dict
    )
    # In order and without duplicates, although two lists may show the same job.
    unreadable: dict[str, None] = field(default_factory=dict)
    # The reasons why jobs of an attempt are missing.
    lost: dict[int, str] = field(default_factory=dict)
    rows: int = 0
    # What GitHub left out of the list of an attempt.
    short: dict[int, tuple[Problem, str]] = field(default_factory=dict)
    # A list of all attempts may have become one of later attempts between two of its pages.
    latest: int = 0
    is_long: bool = False

    def read(self, pages: Iterable[Page], run_attempt: int | None = None) -> None:
        """Add the jobs in these pages, of one attempt or of all.

        In a list of all attempts, a job without an attempt belongs to the first. Raises Unanswered
        if there are more jobs and steps than memory should hold.
        """
        seen: set[Any] = set()
        total = 0
        is_open_ended = False
        for page in pages:
            # The largest one: the total on a later page may be missing, or too small.
            total = max(total, page.total_count or 0)
            is_open_ended = page.total_count is None and len(page.items) >= page.per_page
            self.rows += len(page.items)
            self.is_long |= page.number > 1
            errors = Counter[str]()
            for position, item in enumerate(page.items):
                job_id = item.get("id") if isinstance(item, dict) else None
                seen.add((page.number, position) if job_id is None else str(job_id))
                try:
                    self._add(item, run_attempt)
                except UnreadableRow as error:
                    tell_apart(error, errors)
                    self._lose(error, item, run_attempt)
            if self.rows > MOST_ROWS:
                reason = f"run {self.run_id} has more than {MOST_ROWS:,} jobs and steps"
                raise Unanswered(reason, None, reason)
        for number in self.due if run_attempt is None else [run_attempt]:
            self.short.pop(number, None)
            if len(seen) < total:
                listed = f"{len(seen):,} of {total:,} jobs were listed"
                self.short[number] = "unanswered", listed
            elif is_open_ended:
                listed = f"{len(seen):,} jobs were listed; GitHub does not say of how many"
                self.short[number] = "unanswered", listed

    def miss(self, run_attempt: int | None = None) -> None:
        """Record that GitHub answered 404 for the jobs of an attempt, or of all."""
        for number in self.due if run_attempt is None else [run_attempt]:
            said = "GitHub has the run, but answers 404 for these jobs"
            self.short[number] = "unfinished", said

    def _lose(self, error: UnreadableRow, item: Any, run_attempt: int | None) -> None:
        """Record an unreadable job for its attempt; if that is unknown, for the whole list."""
        self.unreadable[str(error)] = None
        stated = item.get("run_attempt") if isinstance(item, dict) else None
        known = run_attempt if run_attempt is not None else stated
        # What is stated may be anything, such as a list.
        is_known = isinstance(known, int) and known in self.due
        for number in self.due:
            if number == known or not is_known:
                self.lost.setdefault(number, str(error))

    def retries(self, now: datetime) -> Iterator[Retry]:
        """Yield the attempts whose jobs are not final at `now` (UTC)."""
        for number in self.due:
            if number in self.lost:
                yield Retry("jobs", self.run_id, number, "unreadable", self.lost[number])
            elif number in self.short:
                yield Retry("jobs", self.run_id, number, *self.short[number])
            elif reason := next(self._unfinished(number, now), None):
                yield Retry("jobs", self.run_id, number, "unfinished", reason)

    def _unfinished(self, run_attempt: int, now: datetime) -> Iterator[str]:
        """Yield reasons why the jobs can still change or appear."""

        def is_new(moment: datetime | None) -> bool:
            return moment is not None and now - moment < AWAITED

        found = [each for (number, _), each in self.jobs.items() if number == run_attempt]
        attempt = self.due[run_attempt]
        if not found and attempt.conclusion in RAN and is_new(attempt.started_at):
            yield "no jobs are listed yet"
        for job, steps in found:
            if job.status != "completed":
                yield f"job {job.job_id} is {job.status}"
            is_final = job.conclusion is not None and all(s.status == "completed" for s in steps)
            if not is_final and is_new(job.completed_at):
                yield f"job {job.job_id} or one of its steps has no conclusion yet"
            ran = job.runner_id is not None and job.conclusion in RAN
            if ran and not steps and is_new(job.completed_at):
                yield f"job {job.job_id} has no steps yet"

    def left_out(self) -> list[int]:
        """Return the attempts that the list of all attempts lacks, or has without steps.

        If it has several pages and a later attempt, all: on later pages, jobs may have been missed.
        """
        is_sure = not self.is_long or self.latest <= max(self.due, default=0)
        return [
            number
            for number, attempt in self.due.items()
            if not (is_sure and self._is_shown(number)) and attempt.conclusion not in WITHOUT_JOBS
        ]

    def _is_shown(self, run_attempt: int) -> bool:
        shown = [found for key, found in self.jobs.items() if key[0] == run_attempt]
        has_steps = any(steps for _, steps in shown)
        # A job that was carried over had steps, too, but has no runner here.
        ran = any(job.runner_id is not None or job.is_inherited for job, _ in shown)
        return bool(shown) and (has_steps or not ran)

    def _add(self, item: Any, run_attempt: int | None) -> None:
        payload = reading.mapping(item, "job")
        stated = reading.attempt(payload)
        if run_attempt is not None and stated not in (None, run_attempt):
            raise wrong_value(payload, "run_attempt", f"{run_attempt}, which was requested")
        self.latest = max(self.latest, stated or 1)
        attempt = self.due.get(stated or run_attempt or 1)
        if attempt is None:
            return
        job = WorkflowJob.from_api(payload, attempt.started_at, attempt.run_attempt)
        if job.github_run_id != self.run_id:
            raise wrong_value(payload, "run_id", f"{self.run_id}, which was requested")
        steps = self._steps(payload, job)
        # Recorded: a job listed twice, once with fewer steps.
        _, known = self.jobs.get((job.run_attempt, job.job_id), (job, []))
        self.rows += len(steps)
        if len(steps) >= len(known):
            self.jobs[job.run_attempt, job.job_id] = job, steps

    def _steps(self, payload: Mapping[str, Any], job: WorkflowJob) -> list[WorkflowStep]:
        items = payload.get("steps") or []
        if not isinstance(items, list):
            self._lose(wrong_value(payload, "steps", "a list"), payload, job.run_attempt)
            return []
        steps = []
        for item in items:
            try:
                steps.append(WorkflowStep.from_api(item, job))
            except UnreadableRow as error:
                self._lose(error, payload, job.run_attempt)
        return steps
