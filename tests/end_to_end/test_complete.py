"""What is stored is what GitHub has, through caps, faults, kills and weeks between ingests."""

import os
import random
import signal
import subprocess
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from support.clients import NOW, REPOSITORY
from support.commands import Launcher
from support.complete import HORIZON, assert_complete, client, rows, run_ingest, true_attempts
from support.paths import ROOT

from telemetry.database.connection import Connection, open_connection
from telemetry.database.prune import prune
from telemetry.database.retention import Retention
from telemetry.database.status import status
from telemetry.runs.ingest import ingest
from telemetry.runs.lists.listing import Limits
from telemetry.runs.request import Report, Tools, Wanted
from telemetry.simulated import faults
from telemetry.simulated.entities import Run
from telemetry.simulated.faults import Fault, RequestInfo
from telemetry.simulated.month import team_month
from telemetry.simulated.server import Simulator
from telemetry.simulated.world import World
from telemetry.times import keep

FIRST = NOW - timedelta(days=21)


def three_weeks(runs_per_day: float = 3) -> World:
    """Three weeks that end three weeks ago, with the three weeks to come."""
    return team_month(seed=11, now=FIRST, days=21, runs_per_day=runs_per_day, days_ahead=21)


def three_weeks_pass(world: World) -> set[int]:
    """All that can change between two ingests; returns the ids of the runs that were deleted."""
    (repository,) = world.repositories
    chance = random.Random(7)
    settled = [run for run in repository.runs if world.latest(run).updated_at <= world.second]
    aged = [r for r in settled if r.created_at < world.second - 15 * 86_400]
    again = chance.sample(aged, 4)
    for run in again:
        world.rerun(run, conclusion=chance.choice(["success", "failure"]), failed_only=True)
    world.advance(timedelta(days=20, hours=12))
    for run in chance.sample(settled, 3):
        if world.latest(run).updated_at <= world.second:
            world.rerun(run, conclusion="failure")
    deleted = chance.sample([run for run in settled if run not in again], 5)
    for run in deleted:
        world.delete(repository, run)
    world.rename(repository, "acme/renamed")
    world.advance(timedelta(hours=12))
    return {run.id for run in deleted}


# tests/runs/test_listing.py has each form of a list that ends, tests/runs/test_jobs.py each form of
# older attempts.
CAPS: dict[str, dict[str, Any]] = {
    "GitHub's caps": {},
    "filtered cap, then 422; older attempts without steps": {
        "unfiltered_cap": 50,
        "filtered_cap": 30,
        "beyond_filtered_cap": "422",
        "older_attempts": "without steps",
    },
    "filtered cap, total clamped; older attempts absent": {
        "unfiltered_cap": 50,
        "filtered_cap": 30,
        "clamp_filtered_total": True,
        "older_attempts": "absent",
    },
}


def limits_of(caps: dict[str, Any]) -> Limits:
    known = {"filtered_cap": "filtered", "unfiltered_cap": "unfiltered"}
    return Limits(**{known[name]: value for name, value in caps.items() if name in known})


FAULTS = (
    faults.bad_gateway(),
    faults.connection_reset(),
    faults.truncated_body(),
    faults.bad_json(),
    faults.too_many_requests(),
    faults.too_many_requests("2"),
    faults.secondary_limit(),
    faults.primary_limit(FIRST + timedelta(seconds=30)),
)


class OnceEach:
    """A fault at the first request for each URL, each kind in turn, for each endpoint."""

    def __init__(self, turn: int) -> None:
        self.turn = turn
        self.asked: set[str] = set()
        self.given: Counter[str] = Counter()

    def __call__(self, request: RequestInfo, ordinal: int) -> Fault | None:
        url = f"{request.path} {sorted(request.query.items())}"
        if url in self.asked:
            return None
        self.asked.add(url)
        self.given[request.kind] += 1
        return FAULTS[(self.given[request.kind] + self.turn) % len(FAULTS)]


@pytest.mark.parametrize("caps", CAPS.values(), ids=CAPS.keys())
def test_two_ingests_three_weeks_apart_hold_the_truth(
    connection: Connection, caps: dict[str, Any]
) -> None:
    world = three_weeks(runs_per_day=2)
    simulated = Simulator(world, **caps)
    report = run_ingest(connection, simulated, limits=limits_of(caps))
    assert report.outcome == "complete", report.error
    assert_complete(connection, world)
    deleted = three_weeks_pass(world)
    report = run_ingest(connection, simulated, limits=limits_of(caps))
    assert report.outcome == "complete", report.error
    assert_complete(connection, world, deleted)


@pytest.mark.parametrize("turn", [0, 4])
def test_faults_cost_only_requests(connection: Connection, turn: int) -> None:
    """In tests/runs/test_ingest.py each kind meets all lists of runs."""
    world = three_weeks(runs_per_day=1.5)
    fault = OnceEach(turn)
    simulated = Simulator(world, fault=fault)
    assert run_ingest(connection, simulated).outcome == "complete"
    assert_complete(connection, world)
    deleted = three_weeks_pass(world)
    report = run_ingest(connection, simulated)
    assert report.outcome == "complete", report.error
    assert_complete(connection, world, deleted)
    assert fault.given["jobs"] > len(FAULTS)


def test_null_and_absent_fields_lose_nothing(connection: Connection) -> None:
    world = three_weeks(runs_per_day=1)

    def thin_out(body: Any) -> Any:
        for run in body.get("workflow_runs", [body] if "run_number" in body else []):
            run["pull_requests"] = None
            for name in ("display_title", "actor", "triggering_actor", "repository"):
                run.pop(name, None)
        return body

    fault = faults.edited(thin_out)
    simulated = Simulator(world, fault=lambda request, ordinal: fault)
    assert run_ingest(connection, simulated).outcome == "complete"
    stored = {
        (r["github_run_id"], r["run_attempt"]) for r in rows(connection, "workflow_runs", "1")
    }
    assert stored == set(true_attempts(world))
    assert {r["repository"] for r in rows(connection, "workflow_runs", "1")} == {REPOSITORY}


def test_a_backfill_of_a_few_requests_an_ingest_finishes(connection: Connection) -> None:
    world = three_weeks(runs_per_day=50)
    simulated = Simulator(world)
    outcomes = []
    for _ in range(40):
        report = run_ingest(connection, simulated, max_requests=6, jobs=False)
        assert report.ingestion is not None
        assert report.ingestion.requests <= 6 + 3
        outcomes.append(report.outcome)
        if report.outcome == "complete":
            break
    assert outcomes[-1] == "complete"
    assert len(outcomes) > 3
    stored = {
        (r["github_run_id"], r["run_attempt"]) for r in rows(connection, "workflow_runs", "1")
    }
    assert stored == set(true_attempts(world))


def test_a_wider_then_narrower_since_equals_the_truth(connection: Connection) -> None:
    world = team_month(seed=2, now=NOW, days=45, runs_per_day=1)
    simulated = Simulator(world)
    for days in (15, 50, 15):
        report = run_ingest(connection, simulated, since=timedelta(days=days))
        assert report.outcome == "complete", report.error
    assert_complete(connection, world)


def test_a_budget_stop_says_what_is_left_and_when_it_will_be_done(connection: Connection) -> None:
    world = three_weeks(runs_per_day=3)
    report = run_ingest(connection, Simulator(world), max_requests=30)
    assert report.outcome == "incomplete"
    assert report.error is not None
    assert "jobs of " in report.error and "at this rate done in " in report.error


def test_the_reserve_is_left_to_others(connection: Connection) -> None:
    world = three_weeks(runs_per_day=3)
    simulated = Simulator(world, limit=100)
    with client(simulated, reserve=0.5, max_wait=10.0) as made:
        (report,) = ingest(Tools(connection, made, Wanted(None, HORIZON), 1), [REPOSITORY])
    assert report.outcome == "incomplete"
    assert report.error is not None and "are reserved for others" in report.error
    assert simulated.counters.charged == 50


def test_requests_are_shared_among_repositories(connection: Connection) -> None:
    names = ["acme/one", "acme/two", "acme/three"]
    world = team_month(seed=4, now=NOW, repositories=names, runs_per_day=5)
    with client(Simulator(world)) as made:
        tools = Tools(connection, made, Wanted(None, HORIZON), 2)
        reports = list(ingest(tools, names, 90))
    spent = [report.ingestion.requests for report in reports if report.ingestion]
    assert len(spent) == 3
    assert all(20 <= requests <= 34 for requests in spent), spent


@pytest.mark.parametrize("seed", range(4))
def test_the_next_ingest_completes_those_killed_at_random_moments(
    connection: Connection, dsn: str, now: datetime, launcher: Launcher, seed: int
) -> None:
    world = team_month(seed=seed, now=now, runs_per_day=1)
    chance = random.Random(seed)
    child: list[subprocess.Popen[bytes]] = []
    kill_at = [chance.randrange(2, 30) for _ in range(3)]

    def kill(request: RequestInfo, ordinal: int) -> None:
        alive = child and child[-1].poll() is None  # else the request was still on its way
        if alive and kill_at and ordinal >= kill_at[0]:
            kill_at.pop(0)
            child[-1].kill()

    simulated = Simulator(world, before=kill)
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": dsn,
        "GITHUB_TOKEN": "token",
        "TELEMETRY_REPO": REPOSITORY,
    }
    codes = []
    with simulated.serve() as url:
        for _ in range(4):
            process = launcher.start("ingest_workflows", {**environ, "GITHUB_API_URL": url})
            child.append(process)
            codes.append(launcher.wait(process))
            simulated.restart_counters()
    # A kill that was due after the last request has nothing left to stop.
    assert set(codes[:-1]) <= {-signal.SIGKILL, 0}
    assert (codes[0], codes[-1]) == (-signal.SIGKILL, 0)
    assert_complete(connection, world)


def test_a_second_ingest_at_the_same_time_leaves_the_repository_alone(
    connection: Connection, dsn: str
) -> None:
    world = three_weeks(runs_per_day=1)
    reports: list[Report] = []

    def second(request: RequestInfo, ordinal: int) -> None:
        if ordinal == 5:
            with open_connection(dsn) as other:
                reports.append(run_ingest(other, Simulator(world), concurrency=1))

    first = run_ingest(connection, Simulator(world, before=second), concurrency=1)
    assert first.outcome == "complete", first.error
    assert [report.outcome for report in reports] == ["incomplete"]
    assert "has been ingesting acme/app since" in (reports[0].error or "")
    assert_complete(connection, world)


def test_an_ingest_that_lost_its_lease_during_a_wait_stops_and_writes_nothing_more(
    connection: Connection, dsn: str
) -> None:
    world = three_weeks(runs_per_day=2)
    reports: list[Report] = []
    windows: list[int] = []

    def wait(seconds: float) -> None:
        with open_connection(dsn) as other:
            other.execute("update leases set expires_at = now() - interval '1 second'")
            reports.append(run_ingest(other, Simulator(world), concurrency=1))
            windows.append(len(rows(other, "windows", "1, 2")))

    limit = faults.secondary_limit()
    simulated = Simulator(world, fault=lambda request, n: limit if n == 2 else None)
    with client(simulated, sleep=wait) as made:
        (first,) = ingest(Tools(connection, made, Wanted(None, HORIZON), 1), [REPOSITORY])
    assert [report.outcome for report in reports] == ["complete"]
    assert first.outcome == "failed"
    assert "another ingest took over" in (first.error or "")
    assert len(rows(connection, "windows", "1, 2")) == windows[0]
    assert_complete(connection, world)


def test_one_run_is_ingested_with_its_attempts_jobs_and_steps(connection: Connection) -> None:
    world = three_weeks()
    (repository,) = world.repositories
    run: Run = next(
        r for r in repository.runs if len(r.attempts) > 1 and r not in world.open_runs(repository)
    )
    simulated = Simulator(world)
    with client(simulated) as made:
        tools = Tools(connection, made, Wanted(None, HORIZON))
        (report,) = ingest(tools, [REPOSITORY], run_id=run.id)
    assert report.outcome == "complete", report.error
    stored = rows(connection, "workflow_runs", "1, 2")
    begun = [a for a in run.attempts if a.created_at <= world.second]
    assert [(r["github_run_id"], r["run_attempt"]) for r in stored] == [
        (run.id, attempt.number) for attempt in begun
    ]
    assert all(row["jobs_listed_at"] for row in stored)
    assert rows(connection, "windows", "1") == []
    once = {"run": 1, "attempt": len(begun) - 1, "jobs": 1}
    assert simulated.counters.received == once
    # Again, all of it is fetched: what differs here is mended.
    true = "select actor, triggering_actor from workflow_runs order by run_attempt"
    before = connection.execute(true.encode()).fetchall()
    connection.execute("update workflow_runs set actor = 'x', triggering_actor = 'x'")
    simulated.restart_counters()
    with client(simulated) as made:
        tools = Tools(connection, made, Wanted(None, HORIZON))
        (report,) = ingest(tools, [REPOSITORY], run_id=run.id)
    assert simulated.counters.received == once
    assert connection.execute(true.encode()).fetchall() == before


def test_runs_deleted_upstream_are_probed_once_and_no_more_than_fifty_an_ingest(
    connection: Connection,
) -> None:
    world = three_weeks(runs_per_day=4)
    (repository,) = world.repositories
    simulated = Simulator(world)
    run_ingest(connection, simulated)
    gone = [r for r in repository.runs if r not in world.open_runs(repository)][:60]
    for run in gone:
        world.delete(repository, run)
    world.advance(timedelta(days=2))
    run_ingest(connection, simulated)
    marked = "select count(*) as n from workflow_runs where missing_upstream_at is not null"
    runs = connection.execute(marked.replace("*", "distinct github_run_id")).fetchone()
    assert runs == {"n": 50}
    run_ingest(connection, simulated)
    assert_complete(connection, world, {run.id for run in gone})


def test_an_open_run_that_is_deleted_is_marked_and_not_asked_for_again(
    connection: Connection,
) -> None:
    world = three_weeks()
    (repository,) = world.repositories
    simulated = Simulator(world)
    run_ingest(connection, simulated)
    world.advance(timedelta(seconds=2))  # what is found missing was still there when it was listed
    run = world.open_runs(repository)[0]
    world.delete(repository, run)
    run_ingest(connection, simulated)
    marked = [r for r in rows(connection, "open_runs", "1") if r["missing_upstream_at"]]
    assert [row["github_run_id"] for row in marked] == [run.id]
    simulated.restart_counters()
    run_ingest(connection, simulated)
    assert simulated.counters.received["run"] <= len(world.open_runs(repository))
    (proof,) = status(connection).proof
    assert proof["unequal_windows"] == 0


def test_open_runs_are_asked_for_once_more_however_long_no_ingest_came(
    connection: Connection,
) -> None:
    world = team_month(seed=11, now=FIRST, runs_per_day=3)
    (repository,) = world.repositories
    simulated = Simulator(world)
    run_ingest(connection, simulated)
    deleted, stuck = world.open_runs(repository)[:2]
    world.delete(repository, deleted)
    world.latest(stuck).updated_at += 400 * 86_400
    for _ in range(2):
        world.advance(timedelta(days=70))
        simulated.restart_counters()
        assert run_ingest(connection, simulated, since=timedelta(days=1)).outcome == "complete"
    assert_complete(connection, world, {deleted.id}, {deleted.id})
    (marked,) = [r for r in rows(connection, "open_runs", "1") if r["missing_upstream_at"]]
    assert marked["github_run_id"] == deleted.id
    assert simulated.counters.received["run"] == 0  # the second time


def test_pruned_time_is_not_claimed_as_listed(connection: Connection) -> None:
    world = three_weeks(runs_per_day=6)
    simulated = Simulator(world)
    run_ingest(connection, simulated)
    windows = rows(connection, "windows", "created_to")
    # Whole days ago, the oldest window had ended.
    age = datetime.now(UTC) - windows[0]["created_to"]
    prune(connection, Retention(keep(f"{age.days} days")), local_time=datetime.now(UTC))
    assert 0 < len(rows(connection, "windows", "1")) < len(windows)
    (proof,) = status(connection).proof
    assert proof["unequal_windows"] == 0
    report = run_ingest(connection, simulated)
    assert report.outcome == "complete", report.error
    assert_complete(connection, world)


def test_threads_end_with_the_ingest(connection: Connection) -> None:
    run_ingest(connection, Simulator(three_weeks(runs_per_day=1)))
    assert [t.name for t in threading.enumerate() if t.name.startswith("github-")] == []
