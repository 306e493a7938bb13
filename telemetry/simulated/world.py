"""The simulated GitHub at a moment, and what can change in it.

Knows no HTTP and no JSON. The whole course of an attempt is decided when it is created; only the
part before the world's `now` is visible. Time passes by moving `now`. The same arguments give the
same world. Times that are integers are seconds since 1970.
"""

import hashlib
import threading
from bisect import insort
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from telemetry.simulated.entities import (
    FIRST_SECOND,
    IDS_PER_SECOND,
    Account,
    Attempt,
    Commit,
    Job,
    PlannedFailure,
    PlannedJob,
    Repository,
    Run,
    Step,
    Workflow,
    scatter,
)
from telemetry.simulated.plans import planned_jobs, planned_steps
from telemetry.simulated.present import seen_job, seen_state, seen_step
from telemetry.simulated.truth import TrueAttempt, true_attempt

RUNS_PER_SECOND = 1_000


class World:
    """The state of a GitHub at one moment; tests change it between ingests.

    Every change increments `version`. Hold `lock` to read while other threads change it.
    """

    def __init__(self, now: datetime, seed: int = 0) -> None:
        """Make an empty world. `now` needs a zone; the seed determines the times of jobs."""
        self.seed = seed
        self.second = int(now.timestamp())
        self.repositories: list[Repository] = []
        self.former_names: dict[str, Repository] = {}
        self.version = 0
        self.lock = threading.RLock()
        self._ids_used: dict[int, int] = {}
        self._accounts: dict[str, Account] = {}

    @property
    def now(self) -> datetime:
        """The present time of this world, UTC."""
        return datetime.fromtimestamp(self.second, UTC)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold the lock for a change, and count it."""
        with self.lock:
            yield
            self.version += 1

    def account(self, login: str, account_type: str = "User") -> Account:
        """Return the account with this login; create it if there is none."""
        if login not in self._accounts:
            known = Account(login, 60_431_977 + len(self._accounts) * 7_919, account_type)
            self._accounts[login] = known
        return self._accounts[login]

    def find(self, full_name: str) -> Repository | None:
        """Return the repository with this name now; case is ignored."""
        name = full_name.lower()
        return next((r for r in self.repositories if r.full_name.lower() == name), None)

    def add_repository(
        self,
        full_name: str,
        *,
        private: bool = False,
        archived: bool = False,
        disabled: bool = False,
    ) -> Repository:
        """Add a repository "owner/name" without workflows."""
        repository = Repository(
            id=587_214_309 + len(self.repositories) * 104_729,
            full_name=full_name,
            owner=self.account(full_name.partition("/")[0], "Organization"),
            private=private,
            archived=archived,
            disabled=disabled,
        )
        with self.changing():
            self.repositories.append(repository)
        return repository

    def add_workflow(
        self,
        repository: Repository,
        name: str | None = "CI",
        path: str = ".github/workflows/ci.yml",
        jobs: Sequence[PlannedJob] = (PlannedJob("build"), PlannedJob("test", stage=1)),
        checks: Sequence[str] = (),
    ) -> Workflow:
        """Add a workflow; its jobs are given in the order of their stages."""
        workflow_id = repository.id // 5 + len(repository.workflows) * 31
        workflow = Workflow(workflow_id, repository, name, path, tuple(jobs), tuple(checks))
        with self.changing():
            repository.workflows.append(workflow)
        return workflow

    def add_run(
        self,
        repository: Repository,
        *,
        workflow: Workflow | None = None,
        commit: Commit | None = None,
        event: str = "push",
        conclusion: str = "success",
        created_at: datetime | None = None,
    ) -> Run:
        """Add a run created now (or at `created_at`), of the first workflow unless one is given.

        It ends with `conclusion` when its jobs end; `finish` ends it at once. A run in the future
        appears when its time comes.
        """
        with self.lock:
            if workflow is None:
                known = repository.workflows
                workflow = known[0] if known else self.add_workflow(repository)
            second = self.second if created_at is None else int(created_at.timestamp())
            if commit is None:
                author = self.account("dev-1")
                sha = hashlib.sha1(f"{self.seed} {self.version}".encode()).hexdigest()
                commit = Commit(sha, "Change something", "main", author, second)
            return self.plan_run(workflow, commit, event, second, conclusion)

    def plan_run(
        self,
        workflow: Workflow,
        commit: Commit,
        event: str,
        created_at: int,
        conclusion: str,
        failure: PlannedFailure | None = None,
    ) -> Run:
        """Add a run created at this second, past or future, with its first attempt."""
        with self.lock:
            run_id = self._next_id(created_at)
            run = Run(run_id, workflow, event, commit, commit.author, created_at)
            self.plan_attempt(run, created_at, conclusion, commit.author, failure=failure)
            if created_at > self.second:
                insort(workflow.repository.future, run, key=lambda run: run.id)
            else:
                _admit(workflow.repository, run)
            return run

    def rerun(
        self,
        run: Run,
        *,
        conclusion: str = "success",
        failed_only: bool = False,
    ) -> Attempt:
        """Add an attempt that starts now. Raises ValueError if the latest one is not over."""
        with self.lock:
            latest = self.latest(run)
            if latest.updated_at > self.second:
                raise ValueError(f"run {run.id}: attempt {latest.number} is not over yet")
            del run.attempts[latest.number :]
            if latest.touched_at is not None and latest.touched_at > self.second:
                latest.touched_at = None  # what changes later is the latest attempt
            return self.plan_attempt(
                run, self.second, conclusion, run.actor, failed_only=failed_only
            )

    def plan_attempt(
        self,
        run: Run,
        created_at: int,
        conclusion: str,
        actor: Account | None,
        *,
        failed_only: bool = False,
        failure: PlannedFailure | None = None,
    ) -> Attempt:
        """Add the next attempt of a run, created at this second, past or future.

        `failed_only` re-runs only jobs that did not succeed; the others are inherited. `failure`
        is how its failing job fails; with `seconds` its conclusion must be cancelled.
        """
        with self.changing():
            first = not run.attempts
            base = run.id if first else self._next_id(created_at)
            # Recorded: GitHub's clocks disagree; a re-run is created 2 s after its own start.
            early = int(scatter(base, 50) == 0) if first else 2
            attempt = Attempt(
                number=len(run.attempts) + 1,
                created_at=created_at,
                started_at=created_at - early,
                conclusion=conclusion,
                actor=actor,
                job_base=base,
                failed_only=failed_only,
                failure=failure,
            )
            run.attempts.append(attempt)
            self._settle(run, attempt)
            return attempt

    def finish(self, run: Run, conclusion: str | None = None) -> None:
        """End the run's latest attempt now, with `conclusion` or its planned one.

        Raises ValueError if it is already over.
        """
        with self.changing():
            attempt = self.latest(run)
            if attempt.updated_at <= self.second:
                raise ValueError(f"run {run.id}: attempt {attempt.number} is over already")
            attempt.conclusion = conclusion or attempt.conclusion
            attempt.cut_at = self.second
            self._settle(run, attempt)

    def delete(self, repository: Repository, run: Run) -> None:
        """Delete a run with all its attempts; it is no longer listed and answers 404."""
        with self.changing():
            repository.runs.remove(run)

    def rename(self, repository: Repository, full_name: str) -> None:
        """Rename the repository; the former name redirects to its id."""
        with self.changing():
            self.former_names[repository.full_name.lower()] = repository
            repository.full_name = full_name

    def rename_account(self, former: str, login: str) -> Account:
        """Give an account a new login, on all its runs; another account can take the former one."""
        with self.changing():
            account = self._accounts[login] = self._accounts.pop(former)
            account.login = login
        return account

    def advance(self, by: timedelta) -> None:
        """Let time pass: open runs continue and end, planned runs and re-runs start."""
        with self.changing():
            self.second += int(by.total_seconds())
            for repository in self.repositories:
                while repository.future and repository.future[0].created_at <= self.second:
                    _admit(repository, repository.future.popleft())
                if repository.retention_days is not None:
                    oldest = self.second - repository.retention_days * 86_400
                    del repository.runs[: repository.position(oldest)]

    def latest(self, run: Run) -> Attempt:
        """Return the run's latest attempt that has started."""
        return next(a for a in reversed(run.attempts) if a.created_at <= self.second)

    def open_runs(self, repository: Repository) -> list[Run]:
        """The runs whose latest attempt is not over, oldest first."""
        return [run for run in repository.runs if self.latest(run).updated_at > self.second]

    def state(self, run: Run, attempt: Attempt) -> tuple[str, str | None, int]:
        """Status, conclusion and `updated_at` of an attempt, as of now."""
        is_over = attempt.updated_at <= self.second
        # The jobs of an attempt that is over do not matter, and take time to plan.
        return seen_state(attempt, [] if is_over else self.jobs(run, attempt), self.second)

    def jobs(self, run: Run, attempt: Attempt) -> list[Job]:
        """The jobs listed under an attempt as of now, in order of id."""
        jobs = planned_jobs(run, attempt, self.seed)
        if attempt.updated_at <= self.second:
            return jobs
        return [seen_job(job, self.second) for job in jobs if job.created_at <= self.second]

    def steps(self, job: Job) -> list[Step]:
        """The steps of a job as of now; none for one that has no runner."""
        steps = planned_steps(job, self.seed)
        if job.status == "completed":
            return steps
        return [seen_step(step, self.second) for step in steps]

    def attempts(self, repository: Repository) -> Iterator[TrueAttempt]:
        """Yield every attempt that exists now, oldest run first: what a complete ingest stores."""
        for run in repository.runs:
            for attempt in run.attempts:
                if attempt.created_at <= self.second:
                    yield true_attempt(repository, run, attempt, self.state(run, attempt))

    def _next_id(self, second: int) -> int:
        used = self._ids_used.get(second, 0)
        if used == RUNS_PER_SECOND:
            raise ValueError(f"{used} runs and re-runs already begin at second {second}")
        self._ids_used[second] = used + 1
        offset = scatter(second, IDS_PER_SECOND - RUNS_PER_SECOND)
        return (second - FIRST_SECOND) * IDS_PER_SECOND + offset + used

    def _settle(self, run: Run, attempt: Attempt) -> None:
        """Compute the end of an attempt; one to be cancelled ends part of the way."""
        jobs = planned_jobs(run, attempt, self.seed)
        if attempt.conclusion == "cancelled" and attempt.cut_at is None and not attempt.failure:
            end = max(job.ends_at for job in jobs)
            share = scatter(attempt.job_base, 7) + 1
            attempt.cut_at = attempt.started_at + (end - attempt.started_at) * share // 10
            jobs = planned_jobs(run, attempt, self.seed)
        own = [job for job in jobs if not job.inherited]
        attempt.last_job_end = max((job.ends_at for job in own if job.runner_id), default=None)
        end = max([attempt.created_at, *(job.ends_at for job in own)])
        attempt.updated_at = attempt.cut_at or end + scatter(attempt.job_base, 3)


def _admit(repository: Repository, run: Run) -> None:
    run.workflow.last_run_number += 1
    run.number = run.workflow.last_run_number
    if not repository.runs or repository.runs[-1].id < run.id:
        repository.runs.append(run)
    else:
        insort(repository.runs, run, key=lambda run: run.id)
