"""A month of runs whose jobs need known others, to compare an inferred critical path with."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import inf
from random import Random

from telemetry.simulated.entities import Commit, Job, PlannedJob
from telemetry.simulated.plans import planned_jobs
from telemetry.simulated.world import World

DAY = 86_400
DAYS, RUNS_PER_DAY = 28, 8
LINUX, WINDOWS, OWN = ("ubuntu-latest",), ("windows-latest",), ("self-hosted", "linux")


def _job(name: str, seconds: int, *needs: str, labels: tuple[str, ...] = LINUX) -> PlannedJob:
    return PlannedJob(name, labels, seconds, needs=needs)


WORKFLOWS: Mapping[str, tuple[PlannedJob, ...]] = {
    # Stages: each needs all of the one before.
    "stages": (
        _job("build", 90),
        _job("unit (1)", 200, "build"),
        _job("unit (2)", 210, "build"),
        _job("windows", 240, "build", labels=WINDOWS),
        _job("package", 60, "unit (1)", "unit (2)", "windows"),
    ),
    # Two parallel chains of nearly the same length.
    "chains": (
        _job("lint", 40),
        _job("types", 300, "lint"),
        _job("compile", 120),
        _job("link", 90, "compile"),
        _job("check", 150, "link"),
    ),
    # Jobs that end by chance before a job that does not need them is queued.
    "sparse": (
        _job("docs", 85),
        _job("build", 100),
        _job("e2e", 260, "build"),
        _job("publish docs", 30, "docs"),
        _job("deploy", 45, "e2e"),
    ),
    # A fan of jobs without needs.
    "fan": tuple(_job(f"shard ({n})", 150 + 12 * n) for n in range(6)),
    # A diamond with a slow runner of the team's own on one side.
    "diamond": (
        _job("prepare", 50),
        _job("gpu", 140, "prepare", labels=OWN),
        _job("cpu", 190, "prepare"),
        _job("merge", 70, "gpu", "cpu"),
        _job("notify", 8, "merge"),
    ),
}


@dataclass(frozen=True)
class TruePart:
    """The truth about one job of one run; jobs of a matrix are one, by the name before the bracket.

    `gain_seconds` is how much sooner the run would end if the job were this many times as fast.
    """

    github_run_id: int
    workflow: str
    job: str
    is_of_push: bool
    is_on_path: bool
    gain_seconds: float


def month_of_needs(seed: int, now: datetime) -> World:
    """Return a world that ends at `now`, in which all runs succeed. Arguments determine it."""
    world, rng = World(now, seed), Random(seed)
    repository = world.add_repository("acme/app")
    repository.private = True
    author = world.account("dev-1")
    workflows = [
        world.add_workflow(repository, name, f".github/workflows/{name}.yml", jobs)
        for name, jobs in WORKFLOWS.items()
    ]
    start = world.second - DAYS * DAY
    moments = sorted(start + rng.randrange((DAYS - 1) * DAY) for _ in range(DAYS * RUNS_PER_DAY))
    for second in moments:
        sha = hashlib.sha1(f"{seed} {second}".encode()).hexdigest()
        commit = Commit(sha, "Change something", f"change-{second}", author, second)
        event = "pull_request" if second % 4 else "schedule"
        world.plan_run(rng.choice(workflows), commit, event, second, "success")
    return world


def true_parts(world: World, speed: float = inf) -> Iterator[TruePart]:
    """Yield the truth about each job of each run, if the job were this many times as fast.

    By default it takes no time at all.
    """
    for run in world.repositories[0].runs:
        jobs = {
            job.name: job
            for job in planned_jobs(run, run.attempts[0], world.seed)
            if job.planned is not None
        }
        end = max(job.ends_at for job in jobs.values())
        path = _path(jobs)
        for base in sorted({_base(name) for name in jobs}):
            yield TruePart(
                github_run_id=run.id,
                workflow=run.workflow.name or "",
                job=base,
                is_of_push=run.event == "pull_request",
                is_on_path=any(_base(name) == base for name in path),
                gain_seconds=end - _end_with(jobs, base, speed),
            )


def _base(name: str) -> str:
    return name.partition(" (")[0]


def _path(jobs: Mapping[str, Job]) -> list[str]:
    """The job that ends last, and back from it the job that ends last of those it needs."""
    name = max(jobs, key=lambda each: jobs[each].ends_at)
    path = [name]
    while needs := _needs(jobs[name]):
        name = max(needs, key=lambda each: jobs[each].ends_at)
        path.append(name)
    return path


def _needs(job: Job) -> tuple[str, ...]:
    return job.planned.needs if job.planned else ()


def _end_with(jobs: Mapping[str, Job], base: str, speed: float) -> float:
    """When the run would end if jobs of this name were this much faster and all waits stayed."""
    ends: dict[str, float] = {}
    for name, job in jobs.items():  # in the order of their needs
        needs = _needs(job)
        sooner = 0.0
        if needs:
            sooner = max(jobs[each].ends_at for each in needs) - max(ends[each] for each in needs)
        seconds = job.ends_at - job.started_at
        ends[name] = job.started_at + (seconds / speed if _base(name) == base else seconds) - sooner
    return max(ends.values())
