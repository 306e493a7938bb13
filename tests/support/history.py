"""Seeded histories of runs with everything GitHub does to them, for tests that compute figures."""

import math
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from support.rows import workflow_job, workflow_run, workflow_step
from telemetry.database.connection import Connection, execute
from telemetry.database.upserts import upsert
from telemetry.rows.jobs import WorkflowJob, WorkflowStep
from telemetry.rows.runs import WorkflowRun, seconds_between

UNTIL = datetime(2026, 3, 1, tzinfo=UTC)
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


@dataclass(frozen=True)
class Workflow:
    """What a workflow's runs look like; `jobs` are names, labels and typical minutes."""

    repository_id: int
    workflow_id: int
    name: str | None
    event_types: tuple[str, ...]
    jobs: tuple[tuple[str, tuple[str, ...], float], ...]

    @property
    def repository(self) -> str:
        return f"acme/r{self.repository_id}"


UBUNTU, OWN = ("ubuntu-latest",), ("self-hosted", "Linux", "gpu")
PUSHES = ("push", "push", "pull_request", "pull_request", "pull_request_target", "workflow_run")

# Two workflows share a name; one has none; the first repository has a schedule, on trunk.
WORKFLOWS = (
    Workflow(
        repository_id=7,
        workflow_id=71,
        name="CI",
        event_types=PUSHES,
        jobs=(
            ("lint", UBUNTU, 1),
            ("test (3.12, ubuntu)", UBUNTU, 8),
            ("test (3.13, (edge), ubuntu)", ("Ubuntu-latest",), 9),
            ("unit / run (a / b)", ("linux", "Self-Hosted", "gpu"), 5),
        ),
    ),
    Workflow(7, 72, "CI", ("push", "workflow_dispatch"), (("build", OWN, 20),)),
    Workflow(7, 73, "Nightly", ("schedule",), (("soak", ("runs-on=123456789/x64",), 40),)),
    Workflow(8, 81, None, PUSHES, (("build", ("windows-latest",), 6), ("build", UBUNTU, 3))),
)


@dataclass
class History:
    """Rows as GitHub's answers make them, and the attempts whose jobs are listed."""

    runs: list[WorkflowRun] = field(default_factory=list)
    jobs: list[WorkflowJob] = field(default_factory=list)
    steps: list[WorkflowStep] = field(default_factory=list)
    listed: set[tuple[int, int]] = field(default_factory=set)


def store(connection: Connection, history: History) -> None:
    """Put it all into the database as an ingest does."""
    upsert(connection, history.runs)
    upsert(connection, history.jobs)
    upsert(connection, history.steps)
    keys = sorted(history.listed)
    parameters = {
        "github_run_ids": [key[0] for key in keys],
        "run_attempts": [key[1] for key in keys],
        "listed_at": UNTIL,
    }
    execute(connection, "runs/record_jobs_listed", parameters)


def make_history(
    seed: int,
    days: int = 30,
    runs_per_day: int = 4,
    workflows: Iterable[Workflow] = WORKFLOWS,
    factor: Callable[[Workflow, int], float] = lambda workflow, day: 1.0,
    traps: bool = True,
    until: datetime = UNTIL,
) -> History:
    """Runs of each workflow on each of `days` days before `until`; the same for the same seed.

    `factor` multiplies the minutes of a workflow on a day (0 is the first), to plant shifts.
    Without `traps` each run has one attempt, and each job an exact time.
    """
    rng, made = random.Random(seed), History()
    identity = 1000
    for workflow in workflows:
        for day in range(days):
            for _ in range(runs_per_day):
                identity += 1
                created_at = until + timedelta(days=day - days, seconds=rng.randrange(86_400))
                if traps and created_at.day % 9 == 0 and created_at.hour < 12:
                    created_at = created_at.replace(hour=9)
                maker = _Maker(rng, made, workflow, factor(workflow, day), traps)
                maker.run(identity, created_at)
    return made


# How often a run has which fate, and what becomes of its attempts; `of failed` runs those again.
FATES: dict[str, tuple[int, tuple[str | None, ...]]] = {
    "plain": (60, ("success",)),
    "broken": (10, ("failure",)),
    "flaky, failed jobs again": (8, ("failure", "success of failed")),
    "flaky, all jobs again": (4, ("failure", "success")),
    "broken, again and again": (3, ("failure", "failure", "failure of failed")),
    "approved": (2, ("action_required", "success")),
    "approved, and broken": (2, ("action_required", "failure")),
    "awaits approval": (1, ("action_required",)),
    "cancelled": (4, ("cancelled",)),
    "cancelled, then again": (2, ("cancelled", "success")),
    "first attempt gone": (1, ("failure", "success")),
    "jobs not listed": (1, ("success",)),
    "startup_failure": (1, ("startup_failure",)),
    "skipped": (1, ("skipped",)),
    "neutral": (1, ("neutral",)),
    "without conclusion": (1, (None,)),
}


@dataclass
class _Maker:
    """Makes one run after the other of a workflow."""

    rng: random.Random
    made: History
    workflow: Workflow
    factor: float
    traps: bool

    def run(self, identity: int, created_at: datetime) -> None:
        """Add a run with all its attempts."""
        fate = "plain"
        if self.traps:
            (fate,) = self.rng.choices(list(FATES), [weight for weight, _ in FATES.values()])
        # An outage: all that starts in these hours fails, and half of it is run again.
        if self.traps and created_at.day % 9 == 0 and created_at.hour == 9:
            fate = self.rng.choice(["broken", "flaky, all jobs again"])
        if self.workflow.event_types == ("schedule",) and self.traps and created_at.day in range(8):
            fate = "broken"
        run = self._first_attempt(identity, created_at)
        red = self.rng.randrange(len(self.workflow.jobs))
        before: list[WorkflowJob] = []
        latest = created_at
        for number, outcome in enumerate(FATES[fate][1], 1):
            conclusion, _, only = (outcome or "").partition(" of ")
            attempt = replace(run, run_attempt=number, conclusion=conclusion or None)
            if number > 1:
                started_at = created_at + number * self.rng.randint(2, 40) * HOUR
                # GitHub runs a run again only when it has ended.
                attempt = replace(attempt, started_at=max(started_at, latest + HOUR))
            latest = attempt.started_at or created_at
            before = self._jobs(attempt, red, before if only else [])
            ended = [job.completed_at for job in before if job.completed_at]
            # GitHub touches a run some time after its end.
            late = timedelta(seconds=self.rng.choice([0, 2, 2, 90, 7_200]))
            updated_at = max(ended, default=attempt.started_at or created_at) + late
            attempt = replace(
                attempt,
                updated_at=updated_at,
                completed_at=updated_at,
                duration_seconds=seconds_between(attempt.started_at, updated_at),
            )
            if fate == "first attempt gone" and number == 1:
                continue
            self.made.runs.append(attempt)
            if fate != "jobs not listed":
                self.made.listed.add((identity, number))
                self.made.jobs += before
                for job in before:
                    self.made.steps += self._steps(job)

    def _first_attempt(self, identity: int, created_at: datetime) -> WorkflowRun:
        event_type = self.rng.choice(self.workflow.event_types)
        default = "trunk" if self.workflow.repository_id == 7 else "main"
        branch = default if event_type in ("schedule", "workflow_run") else None
        # A pull request may come from a fork's main; a push of a tag has its name for a branch.
        branch = branch or self.rng.choice([default, default, "main", "feature", "v1.0"])
        return workflow_run(
            github_run_id=identity,
            repository_id=self.workflow.repository_id,
            repository=self.workflow.repository,
            workflow_id=self.workflow.workflow_id,
            workflow_name=self.workflow.name,
            workflow_path=f".github/workflows/{self.workflow.workflow_id}.yml",
            run_number=identity,
            branch=branch,
            commit_sha=f"{self.rng.randrange(16**4):04x}",
            event_type=event_type,
            created_at=created_at,
            started_at=created_at - SECOND * self.rng.choice([0, 0, 1]),
            html_url=f"https://github.com/{self.workflow.repository}/actions/runs/{identity}",
        )

    def _jobs(
        self, attempt: WorkflowRun, red: int, inherited: list[WorkflowJob]
    ) -> list[WorkflowJob]:
        if attempt.conclusion in ("action_required", "startup_failure", "neutral", None):
            return []
        jobs = []
        for place, (name, labels, minutes) in enumerate(self.workflow.jobs):
            if inherited and place != red:
                copy = inherited[place]
                jobs.append(replace(copy, run_attempt=attempt.run_attempt, is_inherited=True))
                continue
            jobs.append(self._job(attempt, place, name, labels, minutes, place == red))
        if self.traps and self.rng.random() < 0.2:
            jobs.append(self._pseudo(attempt))
        return jobs

    def _job(
        self,
        attempt: WorkflowRun,
        place: int,
        name: str,
        labels: tuple[str, ...],
        minutes: float,
        is_red: bool,
    ) -> WorkflowJob:
        conclusion = "success"
        if attempt.conclusion == "failure" and is_red:
            conclusion = self.rng.choice(["failure", "failure", "timed_out"])
        elif attempt.conclusion == "cancelled" and is_red:
            conclusion = "cancelled"
        spread = math.exp(self.rng.gauss(0, 0.15))
        queued_at = (attempt.started_at or attempt.created_at) + 2 * SECOND
        started_at = queued_at + SECOND * self.rng.choice([1, 3, 5, 8, 60, 600])
        seconds = max(1, round(60 * minutes * self.factor * spread))
        is_own = "self-hosted" in map(str.lower, labels)
        job = workflow_job(
            github_run_id=attempt.github_run_id,
            run_attempt=attempt.run_attempt,
            job_id=attempt.github_run_id * 1000 + attempt.run_attempt * 100 + place,
            name=name,
            conclusion=conclusion,
            created_at=queued_at,
            started_at=started_at,
            completed_at=started_at + seconds * SECOND,
            labels=list(labels),
            runner_group_name="Default" if is_own else "GitHub Actions",
            html_url=f"{attempt.html_url}/job/{place}",
        )
        if attempt.conclusion == "skipped":
            return replace(job, conclusion="skipped", labels=[], **_NO_RUNNER)
        return self._odd(job) if self.traps else job

    def _odd(self, job: WorkflowJob) -> WorkflowJob:
        queued_at, started_at = job.created_at, job.started_at
        assert queued_at and started_at
        oddities: list[dict[str, Any]] = [
            {"started_at": queued_at - SECOND},
            {"completed_at": started_at - SECOND},
            {"created_at": None},
            {"completed_at": None},
            {"completed_at": started_at + 30 * HOUR},
            {"completed_at": started_at + 720 * HOUR},
            {"created_at": started_at - 70 * HOUR},
            {"labels": []},
            {"labels": None},
            {"name": None},
            {"conclusion": "cancelled", **_NO_RUNNER},
            {"conclusion": "skipped", "labels": [], **_NO_RUNNER},
            {"conclusion": "neutral"},
        ]
        return replace(job, **self.rng.choice(oddities)) if self.rng.random() < 0.05 else job

    def _pseudo(self, attempt: WorkflowRun) -> WorkflowJob:
        started_at = attempt.started_at
        return workflow_job(
            github_run_id=attempt.github_run_id,
            run_attempt=attempt.run_attempt,
            job_id=attempt.github_run_id * 1000 + attempt.run_attempt * 100 + 99,
            name="Coverage",
            conclusion=self.rng.choice(["success", "failure"]),
            started_at=started_at,
            completed_at=started_at,
            labels=[],
            is_pseudo=True,
            **_NO_RUNNER,
        )

    def _steps(self, job: WorkflowJob) -> list[WorkflowStep]:
        """Set up, work, clean up; in a failed job the work fails, or something before it."""
        started_at, completed_at = job.started_at, job.completed_at
        if job.runner_id is None or job.is_inherited or started_at is None or completed_at is None:
            return []
        conclusions = ["success"] * 4
        if job.conclusion in ("failure", "timed_out"):
            # What runs whatever came before may fail, too.
            conclusions = self.rng.choice(
                [
                    ["success", "failure", "skipped", "failure"],
                    ["success", "success", "failure", "success"],
                    ["failure", "skipped", "skipped", "cancelled"],
                    ["success", "success", "cancelled", "success"],
                    ["success", "success", "success", "success"],
                ]
            )
        elif job.conclusion == "cancelled":
            conclusions = ["success", "success", "cancelled", "skipped"]
        moments = [started_at, started_at + SECOND, started_at + 4 * SECOND]
        moments += [completed_at - SECOND * self.rng.choice([0, 2]), completed_at]
        names = ["Set up job", "Install", "Run tests", "Complete job"]
        return [
            workflow_step(
                github_run_id=job.github_run_id,
                run_attempt=job.run_attempt,
                job_id=job.job_id,
                number=number,
                name=name if self.rng.random() > 0.01 else None,
                conclusion=conclusion,
                started_at=None if conclusion == "skipped" else start,
                completed_at=None if conclusion == "skipped" else end,
            )
            for number, name, conclusion, start, end in zip(
                [1, 2, 3, 7], names, conclusions, moments[:-1], moments[1:], strict=True
            )
        ]


_NO_RUNNER: dict[str, Any] = {
    "runner_id": None,
    "runner_name": None,
    "runner_group_id": None,
    "runner_group_name": None,
}
