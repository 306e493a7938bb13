"""GitHub deletes runs after 90 days; what scheduled ingests can fetch before that is not lost."""

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from support.commands import Finished, Run
from support.complete import as_listed, true_attempts

from telemetry.database.connection import Connection
from telemetry.simulated.entities import Repository
from telemetry.simulated.server import Simulator
from telemetry.simulated.world import World

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def world_of(now: datetime, a_day: float, burst: int) -> World:
    """Six days ago: runs from 90 days before until `now`, and a burst of those that leave soon."""
    first = now - 6 * DAY
    world = World(first)
    repository = world.add_repository("acme/app")
    repository.retention_days = 90
    apart = DAY / a_day
    moment = first - 90 * DAY + HOUR
    while moment < now - 2 * HOUR:
        world.add_run(repository, created_at=moment)
        moment += apart
    for number in range(burst):
        world.add_run(repository, created_at=first - 85 * DAY + number * timedelta(seconds=40))
    return world


class Schedule:
    """Ingests by the real command, at moments of the simulated GitHub's clock."""

    def __init__(self, run: Run, world: World, limit: int) -> None:
        self.run = run
        self.world = world
        (self.repository,) = world.repositories
        self.all_runs = [*self.repository.runs, *self.repository.future]
        self.simulated = Simulator(world, limit=limit, clock=lambda: world.now)
        self.first_lines: list[str] = []

    def ingest(self, url: str) -> Finished:
        # Pruning, which these clocks would stop, is left out.
        chosen = {"TELEMETRY_SINCE": "all", "TELEMETRY_KEEP": "forever"}
        done = self.run("ingest_workflows", GITHUB_API_URL=url, **chosen)
        assert done.returncode in (0, 3), done.stderr
        lines = done.stderr.splitlines()
        self.first_lines.append(next(line for line in lines if " to list since " in line))
        return done

    def every(self, pause: timedelta, until: datetime) -> None:
        with self.simulated.serve() as url:
            while True:
                done = self.ingest(url)
                if self.world.now + pause > until:
                    return
                self.world.advance(pause)
                assert done.returncode in (0, 3)

    @property
    def promised_losses(self) -> list[int]:
        found = [re.search(r"about ([\d,]+) runs? will leave", line) for line in self.first_lines]
        return [int(match[1].replace(",", "")) if match else 0 for match in found]


def whole(repository: Repository, runs: list[Any]) -> Repository:
    """The repository as if GitHub had deleted nothing."""
    repository.runs = sorted(runs, key=lambda run: run.id)
    return repository


def lost_runs(connection: Connection, schedule: Schedule) -> set[int]:
    """The runs GitHub has deleted whose attempts, jobs and steps are not stored as they were."""
    world = schedule.world
    still_there = {run.id for run in schedule.repository.runs}
    repository = whole(schedule.repository, schedule.all_runs)
    known = connection.execute("select * from workflow_runs order by 1, 2").fetchall()
    truth = true_attempts(world, repository).values()
    ids = {row["github_run_id"] for row in known}
    assert as_listed(known) == as_listed(t for t in truth if t["github_run_id"] in ids)
    steps: dict[int, list[Any]] = {}
    for row in connection.execute(
        "select job_id, number, name, conclusion from workflow_steps order by 1, 2"
    ):
        steps.setdefault(row["job_id"], []).append((row["number"], row["name"], row["conclusion"]))
    jobs = {
        row["job_id"]: (row["github_run_id"], row["name"], row["conclusion"])
        for row in connection.execute("select * from workflow_jobs")
    }
    lost = {attempt["github_run_id"] for attempt in truth} - ids
    for run in repository.runs:
        for job in world.jobs(run, world.latest(run)):
            wanted = [(step.number, step.name, step.conclusion) for step in world.steps(job)]
            whole_job = (run.id, job.name, job.conclusion)
            if (jobs.get(job.id), steps.get(job.id, [])) != (whole_job, wanted):
                lost.add(run.id)
    return lost - still_there


def leaving(run: Run) -> list[dict[str, Any]]:
    return list(json.loads(run("status", "--json", TELEMETRY_REPO=None).stdout)["leaving"])


def test_no_run_is_lost_where_the_budget_suffices(
    run: Run, connection: Connection, now: datetime
) -> None:
    schedule = Schedule(run, world_of(now, 1.5, burst=60), limit=30)
    schedule.every(12 * HOUR, until=now)
    assert set(schedule.promised_losses) == {0}
    deleted = len(schedule.all_runs) - len(schedule.repository.runs)
    assert deleted > 60
    assert lost_runs(connection, schedule) == set()
    assert run("status", "--leaving", "0").returncode == 0


def test_what_will_be_lost_is_said_at_the_start(
    run: Run, connection: Connection, now: datetime
) -> None:
    schedule = Schedule(run, world_of(now, 1.5, burst=100), limit=15)
    with schedule.simulated.serve() as url:
        schedule.ingest(url)
    done = run("status", "--leaving", "0")
    assert done.returncode == 4
    said = re.search(r"more than LEAVING=0: GitHub deletes ([\d,]+) runs? of acme/app", done.stderr)
    assert said is not None
    assert run("status", "--leaving", said[1].replace(",", "")).returncode == 0
    assert " runs that GitHub deletes within 7 days, the first at " in done.stdout
    schedule.world.advance(DAY)
    schedule.every(DAY, until=now)
    # Once the schedule's pace is known; each ingest lists about as much as the last one.
    promised = schedule.promised_losses[2]
    assert promised == pytest.approx(len(lost_runs(connection, schedule)), rel=0.2)


# Of each repository: the days that GitHub keeps its runs, whether it is private and whether a token
# may read that; then the days that count, and what is said of them.
KEPT = {
    "acme/a": (30, True, True, 30, "GitHub keeps its runs for 30 days (the setting on "),
    "acme/b": (400, True, True, 400, "GitHub keeps its runs for 400 days (the setting on "),
    "acme/c": (400, False, True, 90, "GitHub keeps its runs for 90 days (the setting on "),
    "acme/d": (400, True, False, 90, "90 days (the default, because this token may not "),
}


def test_how_long_github_keeps_runs_is_asked_and_said(run: Run, now: datetime) -> None:
    world = World(now)
    for name, (days, is_private, is_readable, *_) in KEPT.items():
        repository = world.add_repository(name, private=is_private)
        repository.retention_days, repository.retention_is_readable = days, is_readable
        world.add_run(repository, created_at=now - DAY)
    simulated = Simulator(world)
    with simulated.serve() as url:
        chosen = {"GITHUB_API_URL": url, "TELEMETRY_REPO": " ".join(KEPT)}
        for _ in range(2):
            assert run("ingest_workflows", **chosen).returncode == 0
    assert simulated.counters.received["retention"] == len(KEPT)
    rows = {row["repository"]: row for row in leaving(run)}
    for name, (_, _, is_readable, kept, said) in KEPT.items():
        assert (rows[name]["retention_days"], rows[name]["is_assumed"]) == (kept, not is_readable)
        assert rows[name]["asked_at"] is not None
        assert said in run("status", TELEMETRY_REPO=name).stdout
