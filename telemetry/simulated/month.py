"""A team's month on the simulated GitHub: its commits, pull requests, runs and their outcomes."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from math import inf
from random import Random

from telemetry.simulated.entities import Account, Commit, Repository, Run, Workflow
from telemetry.simulated.plans import planned_jobs
from telemetry.simulated.team_workflows import (
    CI,
    CODEQL,
    COMPATIBILITY,
    LINT,
    NIGHTLY,
    PAGES,
    POLICY,
    RELEASE,
)
from telemetry.simulated.world import World

DAY = 86_400
FILES = ".github/workflows/"
# The average number of runs of a commit, which determines the number of commits a day.
RUNS_PER_COMMIT = 2.75

HOURS = (2, 1, 1, 1, 1, 2, 4, 9, 16, 20, 20, 17, 12, 16, 19, 20, 18, 14, 10, 8, 7, 6, 4, 3)
WEEKDAYS = (1.0, 1.1, 1.1, 1.05, 0.85, 0.2, 0.15)

VERBS = ("Add", "Fix", "Remove", "Speed up", "Simplify", "Document", "Test", "Rework")
THINGS = ("login form", "retry", "export", "search index", "cache", "date parser", "upload")
UNICODE_TITLES = (
    "Übersetzung der Fehlermeldungen ergänzen",
    "日本語のエラーメッセージを修正",
    "Añade la página de inicio",
    "🚀 Speed up start-up by 40 %",
    "Исправить сортировку — “ё” после “е”",
)


@dataclass(frozen=True)
class Trouble:
    """Problems of a repository; a number is how many days before now it started.

    Since `slower` CI takes twice as long, since `red` the default branch stays red, and since
    `nightly_matrix` a workflow of 104 jobs runs every night instead of every week. With `flaky`,
    nearly every failure of CI is re-run, so that it shows which of its jobs are flaky.
    """

    slower: float | None = None
    red: float | None = None
    nightly_matrix: float | None = None
    flaky: bool = False


def team_month(
    seed: int,
    now: datetime,
    repositories: Sequence[str] | Mapping[str, Trouble] = ("acme/app",),
    *,
    days: int = 30,
    runs_per_day: float | Mapping[str, float] = 50,
    days_ahead: int = 0,
) -> World:
    """Return a world in which each repository's team has worked for `days` days until `now`.

    Repositories may be given with the trouble of each. `runs_per_day` is the average of each, or
    those of all by their names. `days_ahead` plans that many further days, which appear when the
    world is advanced. The same arguments give the same world. `now` needs a zone.
    """
    world = World(now, seed)
    for full_name in repositories:
        team = _Team(world, world.add_repository(full_name), Random(f"{seed} {full_name}"))
        start, end = world.second - days * DAY, world.second + days_ahead * DAY
        team.ci.slower_from = world.second - days * DAY // 2
        if isinstance(repositories, Mapping):
            team.plan(repositories[full_name])
        rate = runs_per_day[full_name] if isinstance(runs_per_day, Mapping) else runs_per_day
        for second, work in team.calendar(start, end, rate):
            work(second)
    return world


@dataclass
class _PullRequest:
    number: int
    title: str
    branch: str
    author: Account
    fork: Account | None = None
    fork_deleted: bool = False


@dataclass
class _Team:
    """One repository, and the state of the work on it while its month is planned."""

    world: World
    repository: Repository
    rng: Random
    pull_requests: list[_PullRequest] = field(default_factory=list)
    number: int = 0
    red_from: float = inf
    matrix_from: float = inf

    def __post_init__(self) -> None:
        world, repository = self.world, self.repository
        self.members = [world.account(f"dev-{n}") for n in range(1, 9)]
        self.guests = [world.account(f"guest-{n}") for n in range(1, 6)]
        self.dependabot = world.account("dependabot[bot]", "Bot")
        workflow = partial(world.add_workflow, repository)
        self.ci = workflow("CI", FILES + "ci.yml", CI, ("coverage", "coverage", "preview"))
        self.lint = workflow("Lint", FILES + "lint.yml", LINT)
        self.nightly = workflow("Nightly", FILES + "nightly.yml", NIGHTLY)
        self.compatibility = workflow("Compatibility", FILES + "compatibility.yml", COMPATIBILITY)
        self.release = workflow("Release", FILES + "release.yml", RELEASE)
        self.pages = workflow(
            "pages build and deployment", "dynamic/pages/pages-build-deployment", PAGES
        )
        self.codeql = workflow("CodeQL", "dynamic/github-code-scanning/codeql", CODEQL)
        self.policy = workflow(None, FILES + "policy.yml", POLICY)
        self.failure_rates = {
            self.ci.id: 0.21,
            self.nightly.id: 0.2,
            self.release.id: 0.08,
            self.lint.id: 0.09,
            self.compatibility.id: 0.3,
        }
        self.is_flaky = False
        self.head = self._commit(world.second - 365 * DAY, "First commit", "main", self.members[0])

    def plan(self, trouble: Trouble) -> None:
        """Plan these problems and no others."""

        def second(days_ago: float | None) -> float:
            return inf if days_ago is None else self.world.second - days_ago * DAY

        self.ci.slower_from, self.ci.pace = None, 2.0
        if trouble.slower is not None:
            self.ci.slower_from = int(second(trouble.slower))
        self.red_from = second(trouble.red)
        self.matrix_from = second(trouble.nightly_matrix)
        self.is_flaky = trouble.flaky

    def calendar(
        self, start: int, end: int, runs_per_day: float
    ) -> list[tuple[int, Callable[[int], None]]]:
        """Return the events in order of time; a few are just before `now`."""
        rng, now = self.rng, self.world.second
        events: list[tuple[int, Callable[[int], None]]] = []
        midnights = range(start - start % DAY, end, DAY)
        for midnight in midnights:
            weekday = _weekday(midnight)
            events.append((midnight + 2 * 3_600 + 1_020, self._scheduled(self.nightly)))
            if weekday == 6 or midnight >= self.matrix_from:
                events.append((midnight + 3 * 3_600 + 2_460, self._scheduled(self.compatibility)))
            if weekday in (1, 3):
                events.append((midnight + 14 * 3_600 + rng.randrange(3_600), self._release))
        events = [event for event in events if start <= event[0] < end]
        scheduled = len(events)
        slots = [midnight + hour * 3_600 for midnight in midnights for hour in range(24)]
        weights = [WEEKDAYS[_weekday(slot)] * HOURS[slot // 3_600 % 24] for slot in slots]
        runs = runs_per_day * (end - start) / DAY - scheduled
        commits = max(0, round(runs / RUNS_PER_COMMIT))
        for slot in rng.choices(slots, weights, k=commits):
            second = slot + rng.randrange(3_600)
            if start <= second < end:
                events.append((second, self._push))
        events += [(now - ago, self._push) for ago in (2, 130, 420)]
        events.append((now - 2_400, self._release))
        return sorted(events, key=lambda event: event[0])

    def _scheduled(self, workflow: Workflow) -> Callable[[int], None]:
        return lambda second: self._run(workflow, self.head, "schedule", second)

    def _release(self, second: int) -> None:
        self.number += 1
        tag = f"v1.{self.number}.0"
        commit = self._commit(second, f"Release {tag}", tag, self.rng.choice(self.members))
        event = "push" if self.rng.random() < 0.8 else "workflow_dispatch"
        self._run(self.release, commit, event, second)

    def _push(self, second: int) -> None:
        rng = self.rng
        if rng.random() < 0.28 and self.pull_requests:
            merged = self.pull_requests.pop(rng.randrange(len(self.pull_requests)))
            title = f"{merged.title} (#{merged.number})"
            self.head = self._commit(second, title, "main", rng.choice(self.members))
            self._run(self.ci, self.head, "push", second)
            self._run(self.lint, self.head, "push", second)
            self._run(self.codeql, self.head, "dynamic", second + 1)
            if rng.random() < 0.4:
                self._run(self.pages, self.head, "dynamic", second + 2)
            return
        if len(self.pull_requests) < 3 or rng.random() < 0.35:
            self.pull_requests.append(self._open_pull_request())
        pull = rng.choice(self.pull_requests[-12:])
        commit = self._commit(second, pull.title, pull.branch, pull.author)
        commit.pull_request = pull.number
        commit.fork, commit.fork_deleted = pull.fork, pull.fork_deleted
        blocked = pull.fork is not None and rng.random() < 0.35
        if rng.random() < 0.92:
            self._run(self.ci, commit, "pull_request", second, blocked)
        self._run(self.lint, commit, "pull_request", second, blocked)
        if rng.random() < 0.4:
            self._run(self.codeql, commit, "dynamic", second + 1)
        if rng.random() < 0.3:
            self._run(self.policy, commit, "pull_request", second + 1)

    def _open_pull_request(self) -> _PullRequest:
        rng = self.rng
        self.number += 1
        kind = rng.random()
        if kind < 0.12:
            patch = rng.randrange(9)
            title = f"Bump package-{rng.randrange(40)} from 1.4.{patch} to 1.4.{patch + 1}"
            branch = f"dependabot/pip/package-{self.number}"
            return _PullRequest(self.number, title, branch, self.dependabot)
        title = f"{rng.choice(VERBS)} the {rng.choice(THINGS)}"
        if rng.random() < 0.06:
            title = rng.choice(UNICODE_TITLES)
        if kind < 0.22:
            guest = rng.choice(self.guests)
            return _PullRequest(self.number, title, "main", guest, guest, rng.random() < 0.15)
        branch = f"feature/{title.split()[-1].lower()}-{self.number}"
        return _PullRequest(self.number, title, branch, rng.choice(self.members))

    def _commit(self, second: int, title: str, branch: str, author: Account) -> Commit:
        key = f"{self.world.seed} {self.repository.full_name} {second} {title} {branch}"
        return Commit(hashlib.sha1(key.encode()).hexdigest(), title, branch, author, second - 9)

    def _run(
        self, workflow: Workflow, commit: Commit, event: str, second: int, blocked: bool = False
    ) -> None:
        """Plan a run with all its future attempts."""
        rng, world = self.rng, self.world
        is_red = workflow is self.ci and commit.branch == "main" and second >= self.red_from
        conclusion = "action_required" if blocked else self._conclusion(workflow)
        if is_red:
            conclusion = "failure"
        run = world.plan_run(workflow, commit, event, second, conclusion)
        if rng.random() < 0.002:
            run.actor = run.attempts[0].actor = None
        run.lists_pull_requests = rng.random() > 0.004
        if blocked and rng.random() < 0.8:
            approver = rng.choice(self.members)
            after = second + rng.randint(300, 40_000)
            world.plan_attempt(run, after, self._conclusion(workflow), approver)
        while not is_red and len(run.attempts) < 4 and rng.random() < self._rerun_chance(run):
            self._plan_rerun(run)
        if rng.random() < 0.004:
            run.attempts[-1].touched_at = run.attempts[-1].updated_at + rng.randint(1, 20) * DAY

    def _conclusion(self, workflow: Workflow) -> str:
        chance = self.rng.random()
        if chance < 0.035:
            return "cancelled"
        if chance < 0.05:
            return "skipped" if workflow in (self.policy, self.lint) else "success"
        if chance < 0.053:
            return "startup_failure" if workflow.path.startswith(FILES) else "success"
        if chance < 0.056:
            return "timed_out"
        fails = self.rng.random() < self.failure_rates.get(workflow.id, 0.02)
        return "failure" if fails else "success"

    def _rerun_chance(self, run: Run) -> float:
        latest = run.attempts[-1].conclusion
        failure = 0.9 if self.is_flaky and run.workflow is self.ci else 0.22
        chances = {"failure": failure, "timed_out": 0.5, "cancelled": 0.06, "success": 0.003}
        return chances.get(latest, 0)

    def _plan_rerun(self, run: Run) -> None:
        rng, world, latest = self.rng, self.world, run.attempts[-1]
        failed_only = latest.conclusion == "failure" and rng.random() < 0.7
        # Most are re-run within the hour; some weeks later.
        wait = rng.randint(3, 20) * DAY if rng.random() < 0.06 else rng.randint(60, 4_000)
        jobs = planned_jobs(run, latest, world.seed)
        failed = [job for job in jobs if job.outcome == "failure"]
        flaky = any(job.planned and job.planned.flaky for job in failed)
        again = bool(failed) and rng.random() < (0.1 if flaky else 0.5)
        conclusion = "failure" if again else "success"
        actor = rng.choice(self.members)
        world.plan_attempt(
            run, latest.updated_at + wait, conclusion, actor, failed_only=failed_only
        )


def _weekday(second: int) -> int:
    return datetime.fromtimestamp(second, UTC).weekday()
