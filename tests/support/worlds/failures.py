"""Two months of a repository whose failures have known causes, to compare a diagnosis with."""

import hashlib
from datetime import datetime
from random import Random

from telemetry.simulated.entities import (
    Commit,
    PlannedFailure,
    PlannedJob,
    Repository,
    Run,
    Workflow,
)
from telemetry.simulated.world import World

DAY, HOUR = 86_400, 3_600
DAYS, RUNS_PER_DAY = 60, 45
TIME_LIMIT_SECONDS = 30 * 60
BROKEN_RUNNER = 15

STEPS = ("Set up Python", "Install dependencies", "Run tests")
CHECKOUT, SET_UP, INSTALL, CLEAN_UP = 1, 2, 3, 5
CI = (
    PlannedJob("build", seconds=120, steps=("Set up Python", "Install dependencies", "Build")),
    PlannedJob("test (3.12)", seconds=240, stage=1, steps=STEPS, failing=2),
    PlannedJob("test (3.13)", seconds=260, stage=1, steps=STEPS, failing=2),
    PlannedJob("e2e", seconds=420, stage=1, steps=STEPS, failing=3),
)
GPU = (PlannedJob("train", ("self-hosted", "gpu"), 600, steps=STEPS),)

# How many of 1,000 runs meet this; the others succeed.
FATES = {
    "code": 75,
    "flaky": 30,
    "set-up": 18,
    "runner lost": 9,
    "clean-up": 4,
    "time limit": 9,
    "workflow file": 3,
    "cancelled": 30,
}
# How often a failure is run again, and how often it is then green.
RERUNS = {"flaky": (0.6, 0.85), "code": (0.3, 0.0), "set-up": (0.6, 0.9), "runner lost": (0.7, 0.9)}
# The share of failures in the code that break the installation: they look like a failed set-up.
BROKEN_DEPENDENCIES = 0.08
# The shares of flaky failures that are network faults during the work and during the installation.
FLAKY_INSTALLATIONS = 0.05
# Hours in which nearly everything fails: (day, hour); the last ones are too quiet to be detected.
OUTAGES = ((5, 10), (12, 15), (23, 11), (31, 14), (44, 9), (52, 4), (57, 3))
# Days on which one runner of the team's own is broken.
BROKEN_DAYS = (8, 9, 27, 41)

Truth = dict[tuple[int, int], str]


def months_of_failures(seed: int, now: datetime) -> tuple[World, Truth]:
    """Return a world that ends at `now`, and the cause of each attempt that did not succeed.

    The causes are those of FATES but `cancelled`, which is no failure, and `outage` and `runner`.
    Keys are the ids of runs and the numbers of attempts. The same arguments give the same world.
    """
    world = World(now, seed)
    repository = world.add_repository("acme/app")
    repository.private = True
    return world, _Months(world, repository, Random(seed)).planned()


class _Months:
    """The runs while they are planned."""

    def __init__(self, world: World, repository: Repository, rng: Random) -> None:
        self.world, self.repository, self.rng = world, repository, rng
        self.ci = world.add_workflow(repository, "CI", ".github/workflows/ci.yml", CI)
        self.gpu = world.add_workflow(repository, "GPU", ".github/workflows/gpu.yml", GPU)
        self.truth: Truth = {}
        self.author = world.account("dev-1")

    def planned(self) -> Truth:
        """Plan all runs in the order of their time."""
        start = self.world.second - DAYS * DAY
        moments = sorted(
            start + day * DAY + self._second_of_day()
            for day in range(DAYS)
            for _ in range(RUNS_PER_DAY)
        )
        for second in moments:
            day, hour = (second - start) // DAY, second // HOUR % 24
            workflow = self.gpu if self.rng.random() < 0.2 else self.ci
            self._run(workflow, second, self._fate(workflow, day, hour))
        return self.truth

    def _second_of_day(self) -> int:
        working = self.rng.random() < 0.85
        hour = self.rng.randint(8, 17) if working else self.rng.randrange(24)
        return hour * HOUR + self.rng.randrange(HOUR)

    def _fate(self, workflow: Workflow, day: int, hour: int) -> str:
        if (day, hour) in OUTAGES:
            return "outage"
        if workflow is self.gpu and day in BROKEN_DAYS and self.rng.random() < 0.5:
            return "runner"
        drawn = self.rng.randrange(1_000)
        for fate, share in FATES.items():
            if drawn < share:
                return fate
            drawn -= share
        return "success"

    def _run(self, workflow: Workflow, second: int, fate: str) -> None:
        sha = hashlib.sha1(f"{self.world.seed} {second} {workflow.id}".encode()).hexdigest()
        commit = Commit(sha, "Change something", f"change-{second}", self.author, second)
        conclusion = {
            "success": "success",
            "workflow file": "startup_failure",
            "cancelled": "cancelled",
            "time limit": "cancelled",
        }.get(fate, "failure")
        failure = self._failure(fate)
        run = self.world.plan_run(workflow, commit, "pull_request", second, conclusion, failure)
        if fate not in ("success", "cancelled"):
            self.truth[run.id, 1] = fate
        again, green = RERUNS.get(fate, (0.0, 0.0))
        if self.rng.random() < again:
            self._rerun(run, fate, failure, self.rng.random() < green)

    def _rerun(self, run: Run, fate: str, failure: PlannedFailure | None, is_green: bool) -> None:
        after = run.attempts[0].updated_at + self.rng.randint(120, 3_000)
        self.world.plan_attempt(
            run,
            after,
            "success" if is_green else "failure",
            self.author,
            failed_only=True,
            failure=None if is_green else failure,
        )
        if not is_green:
            self.truth[run.id, 2] = fate

    def _failure(self, fate: str) -> PlannedFailure | None:
        rng = self.rng
        step = None
        if fate in ("code", "flaky"):
            share = BROKEN_DEPENDENCIES if fate == "code" else FLAKY_INSTALLATIONS
            step = INSTALL if rng.random() < share else None
        elif fate in ("set-up", "outage"):
            step = rng.choice((0, CHECKOUT, SET_UP, INSTALL, INSTALL))
        elif fate == "runner":
            return PlannedFailure(fate, rng.choice((0, CHECKOUT, None)), runner_id=BROKEN_RUNNER)
        elif fate == "runner lost":
            return PlannedFailure(fate, rng.choice((SET_UP, None)), is_cut_off=True)
        elif fate == "clean-up":
            step = CLEAN_UP
        elif fate == "time limit":
            return PlannedFailure(fate, seconds=TIME_LIMIT_SECONDS + rng.randrange(20))
        elif fate in ("success", "cancelled", "workflow file"):
            return None
        return PlannedFailure(fate, step)
