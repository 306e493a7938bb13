"""The jobs and steps of an attempt: its whole course, decided by its conclusion and a seed."""

from dataclasses import replace
from functools import lru_cache
from random import Random

from telemetry.simulated.entities import (
    HOSTED_RUNNERS,
    Attempt,
    Job,
    PlannedFailure,
    PlannedJob,
    Run,
    Step,
)

JOBS_PER_ATTEMPT = 512
WITHOUT_JOBS = ("action_required", "startup_failure")
TIMEOUT_SECONDS = 3_600

# By label: the minimum wait of a job, and the average wait beyond that in busy hours; seconds.
QUEUES = {"ubuntu": (3, 4), "windows": (8, 12), "macos": (12, 60), "self-hosted": (1, 120)}


def planned_jobs(run: Run, attempt: Attempt, seed: int) -> list[Job]:
    """Return all jobs of the attempt, future ones included, by id; third-party checks are last."""
    if attempt.conclusion in WITHOUT_JOBS:
        return []
    rng = Random(attempt.job_base * 1_000_003 + seed)
    earlier: list[Job] = []
    if attempt.failed_only:
        earlier = planned_jobs(run, run.attempts[attempt.number - 2], seed)
    failing = _failing_job(run, attempt, earlier)
    pace = run.workflow.pace_at(attempt.started_at)
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
            job = _ran(rng, planned, job_id, attempt.number, begins, pace)
            if index == failing:
                _fail(job, attempt)
        jobs.append(job)
    if not broken and not earlier:
        jobs += _checks(rng, run, attempt, jobs)
    for job in jobs:
        _cut(job, attempt)
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
    rng: Random, planned: PlannedJob, job_id: int, run_attempt: int, ready: int, pace: float
) -> Job:
    """Return a job that succeeded."""
    label = planned.labels[0]
    least, average = QUEUES.get(label.partition("-latest")[0], (5, 10))
    busy = 7 <= ready // 3_600 % 24 < 18
    created_at = ready + int(rng.random() * 2)
    started_at = created_at + least + int(rng.expovariate(1 / average) * (1 if busy else 0.2))
    if planned.approval:
        started_at += rng.randint(3_600, 72_000)
    length = max(2, int(planned.seconds * pace * rng.lognormvariate(0, 0.1)))
    hosted = label != "self-hosted"
    return Job(
        id=job_id,
        run_attempt=run_attempt,
        name=planned.name,
        created_at=started_at + 1 if rng.random() < 0.005 else created_at,
        started_at=started_at,
        ends_at=started_at + length,
        outcome="success",
        origin=job_id,
        planned=planned,
        runner_id=HOSTED_RUNNERS + job_id // 7 % 1_000_000 if hosted else rng.randint(1, 6),
    )


def _fail(job: Job, attempt: Attempt) -> None:
    """Let a job fail with its attempt, as planned."""
    length = job.ends_at - job.started_at
    timed_out = attempt.conclusion == "timed_out"
    job.ends_at = job.started_at + (TIMEOUT_SECONDS if timed_out else max(2, int(length * 0.8)))
    job.outcome = attempt.conclusion
    failure = job.failure = attempt.failure
    if failure is None:
        return
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


def _cut(job: Job, attempt: Attempt) -> None:
    """End a job when its attempt was cut off; a cancelled one that had not started never starts."""
    at = attempt.cut_at
    if at is None or job.ends_at <= at:
        return
    if attempt.conclusion == "cancelled":
        job.outcome = "cancelled"
        if job.started_at > at:
            job.runner_id = None
    job.created_at = min(job.created_at, at)
    job.started_at = min(job.started_at, at)
    job.ends_at = at
