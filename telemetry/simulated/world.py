"""The true data of the simulated GitHub: repositories, runs, attempts, jobs and steps.

Knows no HTTP and no JSON. The whole course of an attempt is decided when it is created; only the
part before the world's `now` is visible. Time passes by moving `now`. The same arguments give the
same world. Times that are integers are seconds since 1970.
"""

import hashlib
import threading
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from random import Random

# Ids are computed from creation times, so they increase with creation like GitHub's, in whatever
# order runs are added, and bisection finds a creation time in the list.
FIRST_SECOND = 1_199_145_600  # 2008-01-01
IDS_PER_SECOND = 2_000
RUNS_PER_SECOND = 1_000
JOBS_PER_ATTEMPT = 512

WITHOUT_JOBS = ("action_required", "startup_failure")
HOSTED_RUNNERS = 1_000_000_000
TIMEOUT_SECONDS = 3_600

# By label: the minimum wait of a job, and the average wait beyond that in busy hours; seconds.
QUEUES = {"ubuntu": (3, 4), "windows": (8, 12), "macos": (12, 60), "self-hosted": (1, 120)}


@dataclass(frozen=True, slots=True)
class Account:
    """A user, bot or organisation; `type` is the API's name for it."""

    login: str
    id: int
    type: str = "User"


@dataclass(frozen=True, slots=True)
class PlannedJob:
    """A job as a workflow file describes it.

    `seconds` is its usual length; jobs of a `stage` wait for those of earlier stages, or only for
    those in `needs`, which come before it; `failing` is its relative chance of being the job that
    fails; `approval` is an environment whose reviewer takes hours; a `flaky` job mostly passes when
    re-run.
    """

    name: str
    labels: tuple[str, ...] = ("ubuntu-latest",)
    seconds: int = 60
    stage: int = 0
    steps: tuple[str, ...] = ("Run tests",)
    failing: float = 1.0
    approval: bool = False
    flaky: bool = False
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlannedFailure:
    """How a job is to fail, and why: the truth that a diagnosis is compared with.

    `step` is the index of the step that fails, by default the last one of the work; with
    `is_cut_off` it never ends, and no step follows. `runner_id` is the runner that takes the job,
    `seconds` the length after which its time limit cancels it.
    """

    cause: str
    step: int | None = None
    is_cut_off: bool = False
    runner_id: int | None = None
    seconds: int | None = None


@dataclass(slots=True, eq=False)
class Workflow:
    """A workflow; `checks` are the third-party check runs that GitHub lists among its jobs.

    From `slower_from` on its jobs take `pace` times as long. `name` is None for a workflow that a
    ruleset requires.
    """

    id: int
    name: str | None
    path: str
    jobs: tuple[PlannedJob, ...]
    checks: tuple[str, ...] = ()
    slower_from: int | None = None
    pace: float = 1.3
    last_run_number: int = 0


@dataclass(slots=True, eq=False)
class Commit:
    """The commit of a run. `fork` is the owner of the head repository, if it is a fork."""

    sha: str
    title: str
    branch: str
    author: Account
    created_at: int
    pull_request: int | None = None
    fork: Account | None = None
    fork_deleted: bool = False


@dataclass(slots=True, eq=False)
class Attempt:
    """One attempt of a run, with its end already known. `created_at` is the attempt's own.

    `cut_at` is when it was cancelled or finished early; `last_job_end` is None if nothing ran;
    `touched_at` is when GitHub changed `updated_at` again, long after the end.
    """

    number: int
    created_at: int
    started_at: int
    conclusion: str
    actor: Account | None
    job_base: int
    failed_only: bool = False
    cut_at: int | None = None
    last_job_end: int | None = None
    updated_at: int = 0
    touched_at: int | None = None
    failure: PlannedFailure | None = None


@dataclass(slots=True, eq=False)
class Run:
    """A workflow run. `attempts` may contain some after the world's `now`."""

    id: int
    workflow: Workflow
    event: str
    commit: Commit
    actor: Account | None
    created_at: int
    number: int = 0
    lists_pull_requests: bool = True
    run_name: str | None = None
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def title(self) -> str:
        """The `display_title`: the commit's or pull request's, else the workflow's name.

        A workflow with `run-name:`, or one made by GitHub, gives each run its own title.
        """
        if self.run_name is not None:
            return self.run_name
        if self.event in ("push", "pull_request"):
            return self.commit.title
        return self.workflow.name or self.workflow.path

    @property
    def name(self) -> str | None:
        """The run's own name, else the workflow's; the path if GitHub could not read the file."""
        if self.run_name is not None:
            return self.run_name
        unreadable = self.attempts[0].conclusion == "startup_failure"
        return self.workflow.path if unreadable else self.workflow.name


@dataclass(slots=True, eq=False)
class Job:
    """A job of an attempt, as of `now`. `ends_at` and `outcome` are known before it is over.

    `origin` is the job that really ran; for an inherited job it is another one.
    """

    id: int
    run_attempt: int
    name: str
    created_at: int
    started_at: int
    ends_at: int
    outcome: str
    origin: int
    planned: PlannedJob | None
    status: str = "completed"
    runner_id: int | None = None
    inherited: bool = False
    failure: PlannedFailure | None = None

    @property
    def completed_at(self) -> int | None:
        """When it ended; None if it has not."""
        return self.ends_at if self.status == "completed" else None

    @property
    def conclusion(self) -> str | None:
        """How it ended; None if it has not."""
        return self.outcome if self.status == "completed" else None

    @property
    def is_pseudo(self) -> bool:
        """Whether this is a third-party check run and not a job."""
        return self.planned is None

    @property
    def labels(self) -> tuple[str, ...]:
        """The requested labels; none for a skipped job or a pseudo-job."""
        waiting = self.status != "completed"
        return self.planned.labels if self.planned and (waiting or self.runner_id) else ()

    @property
    def runner_name(self) -> str | None:
        """The runner's name, in the form of hosted or of self-hosted ones."""
        if self.runner_id is None:
            return None
        hosted = self.runner_id > HOSTED_RUNNERS
        return f"GitHub Actions {self.runner_id}" if hosted else f"builder-{self.runner_id}"


@dataclass(slots=True, eq=False)
class Step:
    """A step of a job, as of `now`."""

    number: int
    name: str
    status: str
    conclusion: str | None
    started_at: int | None
    completed_at: int | None


@dataclass(slots=True, eq=False)
class Repository:
    """A repository. `runs` is in ascending order of id; `future` holds runs still to come.

    Runs older than `retention_days` are deleted as time passes; None keeps them.
    """

    id: int
    full_name: str
    owner: Account
    private: bool = False
    archived: bool = False
    disabled: bool = False
    default_branch: str = "main"
    retention_days: int | None = None
    retention_is_readable: bool = False
    workflows: list[Workflow] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    future: deque[Run] = field(default_factory=deque)

    def position(self, second: int) -> int:
        """Return the position in `runs` of the first run created at `second` or later."""
        first_id = (second - FIRST_SECOND) * IDS_PER_SECOND
        return bisect_left(self.runs, first_id, key=lambda run: run.id)

    def run(self, run_id: int) -> Run | None:
        """The run of that id; None if there is none, or it was deleted."""
        index = bisect_left(self.runs, run_id, key=lambda run: run.id)
        found = index < len(self.runs) and self.runs[index].id == run_id
        return self.runs[index] if found else None


@dataclass(frozen=True)
class TrueAttempt:
    """The true values of one attempt, named like the columns that store them. Times are UTC.

    `created_at` is the run's. `completed_at` is the end of the last job that really ran in the
    attempt (None if none ran or it is not over), `duration_seconds` the time until then.
    """

    github_run_id: int
    run_attempt: int
    repository_id: int
    repository: str
    workflow_id: int
    workflow_name: str | None
    workflow_path: str
    run_number: int
    display_title: str
    branch: str
    commit_sha: str
    head_repository: str | None
    event_type: str
    status: str
    conclusion: str | None
    actor: str | None
    triggering_actor: str | None
    created_at: datetime
    attempt_created_at: datetime
    started_at: datetime
    updated_at: datetime
    completed_at: datetime | None
    duration_seconds: int | None
    html_url: str
    is_private: bool


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
        owner_type: str = "Organization",
    ) -> Repository:
        """Add a repository "owner/name" without workflows."""
        repository = Repository(
            id=587_214_309 + len(self.repositories) * 104_729,
            full_name=full_name,
            owner=self.account(full_name.partition("/")[0], owner_type),
            private=private,
            archived=archived,
            disabled=disabled,
        )
        with self.lock:
            self.repositories.append(repository)
            self.version += 1
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
        workflow = Workflow(workflow_id, name, path, tuple(jobs), tuple(checks))
        with self.lock:
            repository.workflows.append(workflow)
            self.version += 1
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
            return self.plan_run(repository, workflow, commit, event, second, conclusion)

    def plan_run(
        self,
        repository: Repository,
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
                insort(repository.future, run, key=lambda run: run.id)
            else:
                _admit(repository, run)
            return run

    def rerun(
        self,
        run: Run,
        *,
        conclusion: str = "success",
        failed_only: bool = False,
        actor: Account | None = None,
    ) -> Attempt:
        """Add an attempt that starts now. Raises ValueError if the latest one is not over."""
        with self.lock:
            latest = self.latest(run)
            if latest.updated_at > self.second:
                raise ValueError(f"run {run.id}: attempt {latest.number} is not over yet")
            del run.attempts[latest.number :]
            return self.plan_attempt(
                run, self.second, conclusion, actor or run.actor, failed_only=failed_only
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
        with self.lock:
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
            self.version += 1
            return attempt

    def finish(self, run: Run, conclusion: str | None = None) -> None:
        """End the run's latest attempt now, with `conclusion` or its planned one.

        Raises ValueError if it is already over.
        """
        with self.lock:
            attempt = self.latest(run)
            if attempt.updated_at <= self.second:
                raise ValueError(f"run {run.id}: attempt {attempt.number} is over already")
            attempt.conclusion = conclusion or attempt.conclusion
            attempt.cut_at = self.second
            self._settle(run, attempt)
            self.version += 1

    def delete(self, repository: Repository, run: Run) -> None:
        """Delete a run with all its attempts; it is no longer listed and answers 404."""
        with self.lock:
            repository.runs.remove(run)
            self.version += 1

    def rename(self, repository: Repository, full_name: str) -> None:
        """Rename the repository; the former name redirects to its id."""
        with self.lock:
            self.former_names[repository.full_name.lower()] = repository
            repository.full_name = full_name
            self.version += 1

    def advance(self, by: timedelta) -> None:
        """Let time pass: open runs continue and end, planned runs and re-runs start."""
        with self.lock:
            self.second += int(by.total_seconds())
            for repository in self.repositories:
                while repository.future and repository.future[0].created_at <= self.second:
                    _admit(repository, repository.future.popleft())
                if repository.retention_days is not None:
                    oldest = self.second - repository.retention_days * 86_400
                    del repository.runs[: repository.position(oldest)]
            self.version += 1

    def latest(self, run: Run) -> Attempt:
        """Return the run's latest attempt that has started."""
        return next(a for a in reversed(run.attempts) if a.created_at <= self.second)

    def open_runs(self, repository: Repository) -> list[Run]:
        """The runs whose latest attempt is not over, oldest first."""
        return [run for run in repository.runs if self.latest(run).updated_at > self.second]

    def state(self, run: Run, attempt: Attempt) -> tuple[str, str | None, int]:
        """Status, conclusion and `updated_at` of an attempt, as of now."""
        if attempt.updated_at <= self.second:
            updated_at = attempt.updated_at
            if attempt.touched_at is not None and attempt.touched_at <= self.second:
                updated_at = attempt.touched_at
            return "completed", attempt.conclusion, updated_at
        jobs = self.jobs(run, attempt)
        moments = [job.completed_at or job.started_at for job in jobs]
        updated_at = max([attempt.started_at, *moments])
        unfinished = [job for job in jobs if job.status != "completed"]
        if any(job.status == "in_progress" for job in unfinished):
            return "in_progress", None, updated_at
        if any(job.status == "waiting" for job in unfinished):
            return "waiting", None, updated_at
        begun = any(job.runner_id and not job.inherited for job in jobs)
        return ("in_progress" if begun else "queued"), None, updated_at

    def jobs(self, run: Run, attempt: Attempt) -> list[Job]:
        """The jobs listed under an attempt as of now, in order of id."""
        jobs = planned_jobs(run, attempt, self.seed)
        if attempt.updated_at <= self.second:
            return jobs
        return [self._seen(job) for job in jobs if job.created_at <= self.second]

    def steps(self, job: Job) -> list[Step]:
        """The steps of a job as of now; none for one that has no runner."""
        steps = planned_steps(job, self.seed)
        if job.status == "completed":
            return steps
        return [self._seen_step(step) for step in steps]

    def attempts(self, repository: Repository) -> Iterator[TrueAttempt]:
        """Yield every attempt that exists now, oldest run first: what a complete ingest stores."""
        for run in repository.runs:
            for attempt in run.attempts:
                if attempt.created_at <= self.second:
                    yield self._truth(repository, run, attempt)

    def _truth(self, repository: Repository, run: Run, attempt: Attempt) -> TrueAttempt:
        status, conclusion, updated_at = self.state(run, attempt)
        started_at = datetime.fromtimestamp(attempt.started_at, UTC)
        length = None
        if status == "completed" and attempt.last_job_end is not None:
            length = attempt.last_job_end - attempt.started_at
        return TrueAttempt(
            github_run_id=run.id,
            run_attempt=attempt.number,
            repository_id=repository.id,
            repository=repository.full_name,
            workflow_id=run.workflow.id,
            workflow_name=run.name,
            workflow_path=run.workflow.path,
            run_number=run.number,
            display_title=run.title,
            branch=run.commit.branch,
            commit_sha=run.commit.sha,
            head_repository=head_repository_name(repository, run),
            event_type=run.event,
            status=status,
            conclusion=conclusion,
            actor=run.actor.login if run.actor else None,
            triggering_actor=attempt.actor.login if attempt.actor else None,
            created_at=datetime.fromtimestamp(run.created_at, UTC),
            attempt_created_at=datetime.fromtimestamp(attempt.created_at, UTC),
            started_at=started_at,
            updated_at=datetime.fromtimestamp(updated_at, UTC),
            completed_at=None if length is None else started_at + timedelta(seconds=length),
            duration_seconds=length,
            html_url=f"https://github.com/{repository.full_name}/actions/runs/{run.id}",
            is_private=repository.private,
        )

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

    def _seen(self, job: Job) -> Job:
        if job.ends_at <= self.second:
            return job
        if job.started_at <= self.second and job.runner_id:
            return replace(job, status="in_progress")
        # Recorded: for a job that waits for a runner, started_at equals created_at.
        return replace(
            job,
            status="waiting" if job.planned and job.planned.approval else "queued",
            started_at=job.created_at,
            runner_id=None,
        )

    def _seen_step(self, step: Step) -> Step:
        if step.completed_at is not None and step.completed_at <= self.second:
            return step
        begun = step.started_at is not None and step.started_at <= self.second
        return replace(
            step,
            status="in_progress" if begun else "queued",
            conclusion=None,
            started_at=step.started_at if begun else None,
            completed_at=None,
        )


def head_repository_name(repository: Repository, run: Run) -> str | None:
    """Return the repository of the commit: this one, a fork, or None for a deleted fork."""
    if run.commit.fork_deleted:
        return None
    if run.commit.fork is None:
        return repository.full_name
    return f"{run.commit.fork.login}/{repository.full_name.partition('/')[2]}"


def scatter(key: int, out_of: int) -> int:
    """Return an evenly distributed number below `out_of` that depends only on the key."""
    return (key * 0x9E3779B97F4A7C15 >> 20) % out_of


def planned_jobs(run: Run, attempt: Attempt, seed: int) -> list[Job]:
    """Return all jobs of the attempt, future ones included, by id; third-party checks are last."""
    if attempt.conclusion in WITHOUT_JOBS:
        return []
    rng = Random(attempt.job_base * 1_000_003 + seed)
    earlier: list[Job] = []
    if attempt.failed_only:
        earlier = planned_jobs(run, run.attempts[attempt.number - 2], seed)
    failing = _failing_job(run, attempt, earlier)
    slower = run.workflow.slower_from
    is_slower = slower is not None and attempt.started_at >= slower
    pace = run.workflow.pace if is_slower else 1.0
    jobs: list[Job] = []
    stage, ready, broken = 0, attempt.started_at + 1, attempt.conclusion == "skipped"
    for index, planned in enumerate(run.workflow.jobs):
        if planned.stage != stage:
            stage = planned.stage
            ready = max([ready, *(job.ends_at for job in jobs)]) + 1
            broken = broken or any(job.outcome != "success" for job in jobs)
        needed = [job for job in jobs if job.name in planned.needs]
        begins = max((job.ends_at + 1 for job in needed), default=ready)
        job_id = attempt.job_base * JOBS_PER_ATTEMPT + index
        kept = earlier[index] if earlier else None
        if kept and kept.outcome == "success":
            job = replace(
                kept, id=job_id, run_attempt=attempt.number, created_at=begins, inherited=True
            )
        elif broken or any(job.outcome != "success" for job in needed):
            job = _instant(job_id, attempt, planned.name, begins, "skipped", planned)
        else:
            job = _ran(rng, planned, job_id, attempt, begins, pace, index == failing)
            if index == failing and attempt.failure:
                _fail(job, attempt.failure)
        jobs.append(job)
    if not broken and not earlier:
        jobs += _checks(rng, run, attempt, jobs)
    if attempt.cut_at is not None:
        for job in jobs:
            _cut(job, attempt.cut_at, attempt.conclusion)
    return jobs


def planned_steps(job: Job, seed: int) -> list[Step]:
    """Return the steps of a job that has run or will run, with GitHub's numbers and gaps.

    Recorded: in a job of k steps, the post step of step i has number 2k + 2 - i.
    """
    if job.runner_id is None or job.planned is None:
        return []
    span = (job.started_at, job.ends_at)
    return _steps(job.planned, job.origin, job.outcome, span, seed, job.failure)


@lru_cache(maxsize=20_000)  # they are asked for when they are served, and again as the truth
def _steps(
    planned: PlannedJob,
    origin: int,
    outcome: str,
    span: tuple[int, int],
    seed: int,
    failure: PlannedFailure | None,
) -> list[Step]:
    rng = Random(origin * 1_000_003 + seed)
    started_at, ends_at = span
    names = ["Set up job", "Run actions/checkout@v4", *planned.steps]
    count = len(names)
    numbers = [*range(1, count + 1), 2 * count, 2 * count + 1]
    names += ["Post Run actions/checkout@v4", "Complete job"]
    # Most of the time goes into the last step before the clean-up.
    weights = [2, 2, *(rng.randint(2, 20) for _ in planned.steps), 1, 0]
    weights[count - 1] += 60
    failing = count
    if failure:
        failing = count - 1 if failure.step is None else failure.step
    elif outcome != "success":
        failing = count - 1 - (len(planned.steps) > 1 and rng.random() < 0.3)
    passed, at = 0, started_at - (rng.random() < 0.3)
    length, whole = ends_at - started_at, sum(weights)
    steps: list[Step] = []
    for index, (name, number, weight) in enumerate(zip(names, numbers, weights, strict=True)):
        passed += weight
        until = started_at + length * passed // whole
        conclusion = "success"
        if index == failing:
            conclusion = "cancelled" if failure and failure.is_cut_off else outcome
        elif failing < index < (len(names) if failure and failure.is_cut_off else count):
            conclusion, until = "skipped", at
        # Recorded: a step that ends before it starts, now and then.
        ended_at = at - 1 if rng.random() < 0.002 else until
        steps.append(Step(number, name, "completed", conclusion, at, ended_at))
        at = max(at, until)
    return steps


def _admit(repository: Repository, run: Run) -> None:
    run.workflow.last_run_number += 1
    run.number = run.workflow.last_run_number
    if not repository.runs or repository.runs[-1].id < run.id:
        repository.runs.append(run)
    else:
        insort(repository.runs, run, key=lambda run: run.id)


def _failing_job(run: Run, attempt: Attempt, earlier: list[Job]) -> int | None:
    if attempt.conclusion not in ("failure", "timed_out") and not attempt.failure:
        return None
    weights = [planned.failing for planned in run.workflow.jobs]
    if earlier:
        weights = [float(job.outcome not in ("success", "skipped")) for job in earlier]
    # Separate from other random draws, so that another conclusion changes no visible time.
    rng = Random(attempt.job_base)
    return rng.choices(range(len(weights)), weights)[0] if any(weights) else None


def _ran(
    rng: Random,
    planned: PlannedJob,
    job_id: int,
    attempt: Attempt,
    ready: int,
    pace: float,
    fails: bool,
) -> Job:
    label = planned.labels[0]
    least, average = QUEUES.get(label.partition("-latest")[0], (5, 10))
    busy = 7 <= ready // 3_600 % 24 < 18
    created_at = ready + int(rng.random() * 2)
    started_at = created_at + least + int(rng.expovariate(1 / average) * (1 if busy else 0.2))
    if planned.approval:
        started_at += rng.randint(3_600, 72_000)
    length = max(2, int(planned.seconds * pace * rng.lognormvariate(0, 0.1)))
    conclusion = attempt.conclusion if fails else "success"
    if fails:
        length = TIMEOUT_SECONDS if conclusion == "timed_out" else max(2, int(length * 0.8))
    hosted = label != "self-hosted"
    return Job(
        id=job_id,
        run_attempt=attempt.number,
        name=planned.name,
        created_at=started_at + 1 if rng.random() < 0.005 else created_at,
        started_at=started_at,
        ends_at=started_at + length,
        outcome=conclusion,
        origin=job_id,
        planned=planned,
        runner_id=HOSTED_RUNNERS + job_id // 7 % 1_000_000 if hosted else rng.randint(1, 6),
    )


def _fail(job: Job, failure: PlannedFailure) -> None:
    """Let a job fail as planned."""
    job.failure = failure
    if failure.runner_id is not None:
        job.runner_id = failure.runner_id
    if failure.seconds is not None:
        job.ends_at, job.outcome = job.started_at + failure.seconds, "cancelled"


def _instant(
    job_id: int, attempt: Attempt, name: str, at: int, outcome: str, planned: PlannedJob | None
) -> Job:
    """Return a job that took neither time nor a runner."""
    return Job(job_id, attempt.number, name, at, at, at, outcome, job_id, planned)


def _checks(rng: Random, run: Run, attempt: Attempt, jobs: list[Job]) -> list[Job]:
    """Third-party check runs: made with the workflow's token, so GitHub lists them as jobs."""
    last = max((job.ends_at for job in jobs), default=attempt.started_at)
    base = attempt.job_base * JOBS_PER_ATTEMPT + len(jobs)
    checks = []
    for index, name in enumerate(run.workflow.checks):
        at = last - rng.randrange(5)
        checks.append(_instant(base + index, attempt, name, at, "success", None))
    return checks


def _cut(job: Job, at: int, conclusion: str) -> None:
    """End a job at this second; a cancelled job that had not started never starts."""
    if job.ends_at <= at:
        return
    if conclusion == "cancelled":
        job.outcome = "cancelled"
        if job.started_at > at:
            job.runner_id = None
    job.created_at = min(job.created_at, at)
    job.started_at = min(job.started_at, at)
    job.ends_at = at
