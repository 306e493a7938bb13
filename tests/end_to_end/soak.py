"""A quarter of ingests, every six hours, from a GitHub that fails and changes: `make soak`.

Runs are re-run, deleted and renamed between the ingests; requests fail in all ways that
tests/end_to_end/test_complete.py has, in some hours all of them. After each ingest nothing is
stored twice or wrong. After each one without a fault, the whole truth is stored, field by field.
SEEDS=100 does it a hundred times, each time with other faults and changes.
"""

import os
import random
from collections import Counter
from collections.abc import Container
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from support.broken import assert_survived
from support.clients import NOW, REPOSITORY
from support.complete import assert_complete, rows, run_ingest, true_attempts

from telemetry.database.connection import Connection
from telemetry.simulated import faults
from telemetry.simulated.faults import Fault, RequestInfo
from telemetry.simulated.month import team_month
from telemetry.simulated.server import Simulator
from telemetry.simulated.world import World

EVERY = timedelta(hours=6)
DAYS = 90
START = NOW - timedelta(days=DAYS)
SEEDS = range(int(os.environ.get("SEEDS", "1")))

# GitHub does not run a run again after 30 days, and what is older is not listed again.
YOUNG = timedelta(days=20).total_seconds()


# A list is read again a day after it was read; what was deleted since is found then.
NOTICED = timedelta(days=2).total_seconds()


@dataclass
class Weather:
    """How many of the requests of an ingest fail, and how."""

    chance: random.Random
    share: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)

    def __call__(self, request: RequestInfo, ordinal: int) -> Fault | None:
        if self.chance.random() >= self.share:
            return None
        kinds = {
            "502": faults.bad_gateway,
            "reset": faults.connection_reset,
            "cut off": faults.truncated_body,
            "no JSON": faults.bad_json,
            "429": lambda: faults.too_many_requests("2"),
            "403": faults.secondary_limit,
        }
        kind = self.chance.choice(sorted(kinds))
        self.faults[kind] += 1
        return kinds[kind]()


def changes(
    world: World, chance: random.Random, deleted: dict[int, int], stored: Container[int]
) -> None:
    """What people do in six hours: run again, delete, once a month rename.

    `deleted` gets the second at which a run was deleted, if it was one of those `stored`: of the
    others, deleted before an ingest reached GitHub, nothing can be known.
    """
    (repository,) = world.repositories
    ended = [
        run
        for run in repository.runs
        if run.created_at > world.second - YOUNG
        and world.latest(run).updated_at < world.second
        and run.id not in deleted
    ]
    for run in chance.sample(ended, min(len(ended), chance.choice([0, 0, 1, 2]))):
        world.rerun(run, conclusion=chance.choice(["success", "failure"]), failed_only=True)
    if ended and chance.random() < 0.1:
        run = chance.choice(ended)
        if world.latest(run).updated_at < world.second:
            world.delete(repository, run)
            if run.id in stored:
                deleted[run.id] = world.second
    if chance.random() < 1 / (4 * 30):
        world.rename(repository, f"acme/app-{world.second}")


def stored_runs(connection: Connection) -> set[int]:
    return {row["github_run_id"] for row in rows(connection, "workflow_runs", "1")}


def assert_nothing_wrong(connection: Connection, world: World, deleted: Container[int]) -> None:
    """Whatever is stored is true: no attempt that GitHub never had, no value that is wrong."""
    truth = true_attempts(world)
    for row in rows(connection, "workflow_runs", "1, 2"):
        key = row["github_run_id"], row["run_attempt"]
        if row["github_run_id"] not in deleted:
            assert row["conclusion"] == truth[key]["conclusion"], key
            assert row["created_at"] == truth[key]["created_at"], key


@pytest.mark.parametrize("seed", SEEDS)
def test_a_quarter_of_ingests_loses_nothing(connection: Connection, seed: int) -> None:
    chance = random.Random(seed)
    world = team_month(seed=seed, now=START, days=10, runs_per_day=2, days_ahead=DAYS)
    weather = Weather(chance)
    simulated = Simulator(world, fault=weather)
    deleted: dict[int, int] = {}
    outcomes = Counter[str]()
    for step in range(DAYS * 4):
        changes(world, chance, deleted, stored_runs(connection))
        world.advance(EVERY)
        # Two of three ingests meet no fault; one in twenty meets an outage.
        weather.share = chance.choice([0.0] * 40 + [0.02, 0.05, 0.1, 0.3] * 4 + [1.0] * 3)
        # GitHub redirects the first name after each renaming.
        report = run_ingest(connection, simulated, name=REPOSITORY)
        outcomes[f"{'clear' if not weather.share else 'faults'}: {report.outcome}"] += 1
        assert_nothing_wrong(connection, world, deleted)
        if not weather.share:
            assert report.outcome == "complete", (step, report.error)
            late = {run for run, second in deleted.items() if second > world.second - NOTICED}
            assert_complete(connection, world, set(deleted), late)
        if step % 40 == 39:
            kept = len(rows(connection, "workflow_runs", "1"))
            print(f"seed {seed}, day {step // 4 + 1}: {kept} attempts, {dict(outcomes)}")
    assert sum(weather.faults.values()) > 100
    print(f"seed {seed}: {dict(weather.faults)}, {len(deleted)} runs deleted, nothing lost")


def test_three_broken_repositories_of_a_thousand_cost_the_others_nothing(
    connection: Connection, dsn: str
) -> None:
    assert_survived(connection, 1_000)
