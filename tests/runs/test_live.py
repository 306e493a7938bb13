"""Runs that end while somebody watches: stored and shown once, soon, and despite faults."""

import hashlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from support.clients import client
from support.commands import start
from support.paths import LONGEST

from telemetry.database.connection import Connection, open_connection
from telemetry.database.prices import load_runner_prices
from telemetry.database.retention import BEGINNING, Retention, choose
from telemetry.github.client import GitHub
from telemetry.github.errors import NotFound
from telemetry.runs.live import Watch, usual_pace
from telemetry.runs.request import DEFAULT_AGE, Tools, Wanted
from telemetry.simulated.entities import Commit, PlannedJob
from telemetry.simulated.faults import (
    Fault,
    RequestInfo,
    bad_gateway,
    connection_reset,
    secondary_limit,
)
from telemetry.simulated.server import Simulator
from telemetry.simulated.world import World
from telemetry.summaries.live import ended_line
from telemetry.times import Length

pytestmark = pytest.mark.scenario

NOW = datetime(2026, 9, 7, 8, tzinfo=UTC)
SECONDS = 15
JOBS = (PlannedJob("build", seconds=60), PlannedJob("test", seconds=150, stage=1))
Row = dict[str, Any]


def busy_world(hours: int = 1, runs: int = 24, past: int = 10) -> World:
    """A world whose past has so many runs, and whose next hours have more, some re-run."""
    world, rng = World(NOW, 5), Random(5)
    repository = world.add_repository("acme/app")
    repository.private = True
    workflow = world.add_workflow(repository, "CI", jobs=JOBS)
    author = world.account("dev-1")
    moments = [-3_600 * n for n in range(1, past + 1)]
    moments += sorted(rng.randrange(60, hours * 3_600) for _ in range(runs))
    for number, moment in enumerate(moments):
        second = world.second + moment
        sha = hashlib.sha1(f"{number}".encode()).hexdigest()
        commit = Commit(sha, "Change something", "main", author, second)
        conclusion = "failure" if number % 5 == 4 else "success"
        run = world.plan_run(workflow, commit, "push", second, conclusion)
        if conclusion == "failure":
            after = run.attempts[0].updated_at + rng.randrange(30, 900)
            world.plan_attempt(run, after, "success", author, failed_only=True)
    return world


@dataclass
class Watching:
    """A watch of a world whose clock moves only while the watch sleeps."""

    world: World
    watch: Watch
    client: GitHub
    simulator: Simulator
    connection: Connection
    ended: list[tuple[Row, datetime]] = field(default_factory=list)

    def go_on(self, seconds: int) -> None:
        """Let so much time pass."""
        until = self.world.now + timedelta(seconds=seconds)
        for rows in self.watch.rounds():
            self.ended += [(row, self.world.now) for row in rows]
            if self.world.now >= until:
                return


@contextmanager
def watching(
    dsn: str,
    world: World,
    said: list[str],
    fault: Callable[[RequestInfo, int], Fault | None] | None = None,
    limit: int | None = None,
) -> Iterator[Watching]:
    """With a `limit` of requests an hour, half of them are left to others."""
    simulator = Simulator(world, fault=fault, limit=limit, clock=lambda: world.now)

    def clock() -> float:
        return float(world.second)

    options = {"clock": clock, "timer": clock, "reserve": 0.5 if limit else 0.0}
    with (
        client(simulator, "ghp_1", **options) as github,
        open_connection(dsn, waits=said.append) as connection,
    ):
        load_runner_prices(connection)
        choose(connection, Retention("forever"))  # the database's clock is not that of the world
        wanted = Wanted(None, BEGINNING)
        tools = Tools(connection, github, wanted, clock=clock, timer=clock, notify=said.append)

        def sleep(seconds: float) -> None:
            world.advance(timedelta(seconds=seconds))

        watch = Watch(tools, ["acme/app"], SECONDS, sleep=sleep)
        yield Watching(world, watch, github, simulator, connection)


def ended_in(world: World) -> dict[tuple[int, int], Any]:
    """The attempts that ended since the watch began."""
    return {
        (each.github_run_id, each.run_attempt): each
        for each in world.attempts(world.repositories[0])
        if each.status == "completed" and each.updated_at >= NOW
    }


def keys(seen: Watching) -> list[tuple[int, int]]:
    return sorted((row["github_run_id"], row["run_attempt"]) for row, _ in seen.ended)


def test_each_run_is_stored_and_shown_once_within_one_check(dsn: str) -> None:
    world = busy_world()
    with watching(dsn, world, []) as seen:
        seen.go_on(4_500)
        true = ended_in(world)
        assert len(true) > 24
        assert keys(seen) == sorted(true)
        late = sorted(
            (at - true[row["github_run_id"], row["run_attempt"]].updated_at).total_seconds()
            for row, at in seen.ended
        )
        assert late[int(0.95 * len(late))] <= 20
        stored = seen.connection.execute("select github_run_id, run_attempt from workflow_jobs")
        assert true.keys() <= {(row["github_run_id"], row["run_attempt"]) for row in stored}
        looks, counters = 4_500 // SECONDS, seen.simulator.counters
        # One request for each look and for the jobs of each attempt; the ingests send the others.
        assert counters.received["runs"] <= looks + 6 * 3
        assert counters.received["jobs"] <= len(true) + 10
        assert counters.not_modified == seen.client.not_modified > looks / 2
        assert counters.charged == seen.client.requests - counters.not_modified


def test_faults_of_github_and_of_the_database_lose_no_run_and_repeat_none(dsn: str) -> None:
    def fault(request: RequestInfo, ordinal: int) -> Fault | None:
        if 100 <= ordinal < 140:  # longer than the client tries
            return bad_gateway()
        faults = {3: bad_gateway(), 5: connection_reset(), 9: secondary_limit("1")}
        return faults.get(ordinal % 13)

    world = busy_world(runs=20)
    said: list[str] = []
    with watching(dsn, world, said, fault) as seen, open_connection(dsn) as other:
        for _ in range(4):
            seen.go_on(600)
            pid = seen.connection.info.backend_pid
            other.execute("select pg_terminate_backend(%s)", [pid])
        seen.go_on(2_400)
        true = ended_in(world)
        assert keys(seen) == sorted(true)
        assert sum("the connection to the database is lost" in text for text in said) == 4
        assert any("502" in text for text in said)
        rows = other.execute("select 1 from leases where expires_at > now()").fetchall()
        assert not rows
    stored = "select github_run_id, run_attempt, conclusion from workflow_runs"
    with open_connection(dsn) as after:
        rows = after.execute(stored).fetchall()
    conclusions = {(r["github_run_id"], r["run_attempt"]): r["conclusion"] for r in rows}
    assert all(conclusions[key] == each.conclusion for key, each in true.items())


def test_more_runs_than_a_page_shows_are_listed_by_an_ingest(dsn: str) -> None:
    world = busy_world(runs=0)
    repository = world.repositories[0]
    with watching(dsn, world, []) as seen:
        seen.go_on(0)
        author = world.account("dev-1")
        for number in range(150):
            commit = Commit(f"{number:040}", "Change it", "main", author, world.second)
            world.plan_run(repository.workflows[0], commit, "push", world.second, "skipped")
        seen.go_on(60)
        stored = seen.connection.execute(
            "select count(distinct github_run_id) as runs from workflow_runs"
        )
        assert stored.fetchall() == [{"runs": 160}]


def test_a_watch_lists_no_run_that_is_older_than_the_database_keeps_by_then(dsn: str) -> None:
    world = busy_world()
    with watching(dsn, world, []) as seen:
        first_listed = "select min(created_from) as at from windows"
        seen.go_on(60)
        (row,) = seen.connection.execute(first_listed)
        assert row["at"] <= NOW - DEFAULT_AGE
        horizon = NOW - timedelta(days=9)
        kept = (datetime.now(UTC) - horizon) // timedelta(minutes=1)
        choose(seen.connection, Retention(Length(rest=timedelta(minutes=kept))))
        seen.connection.execute("delete from windows")
        seen.go_on(1_000)
        (row,) = seen.connection.execute(first_listed)
        assert timedelta(0) <= row["at"] - horizon <= timedelta(minutes=2)


def test_a_limit_too_low_for_the_past_leaves_requests_to_the_present(dsn: str) -> None:
    with watching(dsn, busy_world(hours=1, runs=6, past=100), [], limit=30) as seen:
        seen.go_on(60)
        # The first check asks for nothing of runs that ended before.
        assert seen.client.requests_left and len(seen.watch._watched[0].page) == 100
        seen.go_on(3_900)
        assert seen.connection.execute("select from pending_jobs").fetchall()
        assert len(seen.ended) >= 4


def test_a_limit_that_ends_ingest_and_check_is_told_once_and_waited_for(dsn: str) -> None:
    said: list[str] = []
    with watching(dsn, busy_world(runs=0), said, limit=4) as seen:
        seen.go_on(120)
        told = [text for text in said if "are left until" in text]
        assert len(told) == 1 and told[0].startswith("acme/app: "), said
        sent = seen.client.requests
        seen.go_on(3_300)
        assert (seen.client.requests, told) == (sent, [said[-1]])
        seen.go_on(600)
        assert seen.client.requests > sent and said[-1] == "acme/app: continuing"


def test_a_repository_that_does_not_exist_ends_the_watch(dsn: str) -> None:
    with watching(dsn, World(NOW), []) as seen, pytest.raises(NotFound, match="acme/app"):
        next(seen.watch.rounds())


def test_the_pace_follows_the_cost_of_a_check() -> None:
    paces = [usual_pace(token, 2).seconds for token in ("ghp_1", "github_pat_1", "ghs_1", None)]
    assert paces == [15, 15, 60, 240]


ROW: Row = {
    "completed_at": NOW,
    "repository": "acme/app",
    "workflow": "CI",
    "branch": "main",
    "event_type": "push",
    "conclusion": "success",
    "run_attempt": 1,
    "duration_seconds": 120,
    "usual_seconds": 100,
    "has_jobs": True,
    "list_cost_usd": Decimal("0.012"),
    "html_url": "https://github.com/acme/app/actions/runs/1",
}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "08:00:00  CI  main  success  2m 00s (median 1m 40s, +20 %)  $0.0120  https://"),
        ({"run_attempt": 2}, "success (attempt 2)  2m 00s"),
        ({"usual_seconds": None}, "2m 00s (no median yet)"),
        ({"duration_seconds": None}, "success  duration unknown"),
        ({"list_cost_usd": None}, "cost unknown: a job without a price or a length"),
        ({"has_jobs": False}, "cost unknown: jobs not stored"),
        (
            {"workflow": "a\x1b[31mb\n::error::c", "branch": None},
            "a\ufffd[31mb\ufffd::error::c  push",
        ),
    ],
)
def test_a_line_says_what_ended_and_how(changes: Row, said: str) -> None:
    assert said in ended_line({**ROW, **changes}, UTC)


def test_ctrl_c_ends_the_command_with_a_summary_and_no_lease(dsn: str, tmp_path: Path) -> None:
    prices = tmp_path / "prices.csv"
    prices.write_text("sku,effective_from,usd_per_minute\nlinux,2026-01-01,0.5\n")
    world = busy_world(runs=0)
    run = world.add_run(world.repositories[0])
    simulator = Simulator(world, clock=lambda: world.now)
    with simulator.serve() as url, open_connection(dsn) as connection:
        environ = {
            "PATH": os.environ["PATH"],
            "DATABASE_URL": dsn,
            "GITHUB_API_URL": url,
            "GITHUB_TOKEN": "ghp_1",
            "TELEMETRY_REPO": "acme/app",
            "TELEMETRY_EVERY": "1",
            "TELEMETRY_FORMAT": "json",
            "TELEMETRY_RUNNER_PRICES": str(prices),
        }
        process = start(environ, "watch")
        assert process.stderr and process.stdout
        for text in process.stderr:
            if text.startswith("watching "):
                break
        assert process.poll() is None
        assert connection.execute("select 1 from runner_prices where usd_per_minute = 0.5").rowcount
        wait_for(connection, "select 1 from open_runs")
        world.advance(timedelta(hours=1))
        row = json.loads(process.stdout.readline())
        assert (row["github_run_id"], row["conclusion"]) == (run.id, "success")
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=LONGEST)
        assert process.returncode == 0, said
        assert "1 attempt ended" in said and "Traceback" not in said
        assert not connection.execute("select 1 from leases").fetchall()


def wait_for(connection: Connection, query: str) -> None:
    deadline = time.monotonic() + LONGEST
    while not connection.execute(query.encode()).fetchall():
        assert time.monotonic() < deadline
        time.sleep(0.1)
