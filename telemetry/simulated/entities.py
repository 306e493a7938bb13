"""What the simulated GitHub consists of: accounts, workflows, runs, attempts, jobs and steps.

Times that are integers are seconds since 1970.
"""

from bisect import bisect_left
from collections import deque
from dataclasses import dataclass, field

# Ids are computed from creation times, so they increase with creation like GitHub's, in whatever
# order runs are added, and bisection finds a creation time in the list.
FIRST_SECOND = 1_199_145_600  # 2008-01-01
IDS_PER_SECOND = 2_000
# Ids of GitHub's own runners are above it.
HOSTED_RUNNERS = 1_000_000_000


@dataclass(slots=True, eq=False)
class Account:
    """A user, bot or organisation; `type` is the API's name for it. Its login can change."""

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
    repository: "Repository" = field(repr=False)
    name: str | None
    path: str
    jobs: tuple[PlannedJob, ...]
    checks: tuple[str, ...] = ()
    slower_from: int | None = None
    pace: float = 1.3
    last_run_number: int = 0

    def pace_at(self, second: int) -> float:
        """Return how many times as long as usual its jobs take in an attempt of this second."""
        is_slower = self.slower_from is not None and second >= self.slower_from
        return self.pace if is_slower else 1.0


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


def scatter(key: int, out_of: int) -> int:
    """Return an evenly distributed number below `out_of` that depends only on the key."""
    return (key * 0x9E3779B97F4A7C15 >> 20) % out_of
