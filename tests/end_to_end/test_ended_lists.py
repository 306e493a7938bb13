"""GitHub may end a list anywhere; the runs that it leaves out are stored anyway."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from support.commands import Run
from support.complete import assert_attempts

from telemetry.database.connection import Connection
from telemetry.simulated.server import Simulator
from telemetry.simulated.world import World

RUNS = 1_500


@pytest.fixture(scope="module")
def busy() -> World:
    """A repository with 1,500 runs of the last four weeks, all of them over."""
    now = datetime.now(UTC).replace(microsecond=0)
    world = World(now)
    repository = world.add_repository("acme/app")
    for number in range(RUNS, 0, -1):
        world.add_run(repository, created_at=now - timedelta(hours=2, minutes=4) - number * EVERY)
    return world


EVERY = timedelta(minutes=26)


def test_lists_that_end_early_hide_none_of_1500_runs(
    run: Run, connection: Connection, busy: World
) -> None:
    """tests/runs/test_gaps.py has the other ways in which they may end."""
    simulated = Simulator(
        busy,
        unfiltered_cap=700,
        clamp_unfiltered_total=True,
        filtered_cap=200,
        clamp_filtered_total=True,
    )
    with simulated.serve() as url:
        for most in (80, 3):
            simulated.restart_counters()
            done = run("ingest_workflows", "--no-jobs", GITHUB_API_URL=url)
            assert done.returncode == 0, done.stderr
            assert simulated.counters.charged <= most
            answer = run("status", "--json")
            (proof,) = json.loads(answer.stdout)["proof"]
            assert (proof["reported_runs"], proof["stored_runs"], proof["gaps"]) == (RUNS, RUNS, 0)
            assert proof["unequal_windows"] == 0
    assert_attempts(connection, busy)
