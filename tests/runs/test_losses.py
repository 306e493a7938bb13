"""The predicted number of runs that GitHub deletes before their jobs are fetched comes true."""

import re
from datetime import timedelta

import pytest
from support.clients import NOW, REPOSITORY
from support.one_repository import DAY, HOUR

from telemetry.database.connection import Connection
from telemetry.github.client import GitHub
from telemetry.github.options import Options
from telemetry.runs.ingest import ingest
from telemetry.runs.request import Tools, Wanted
from telemetry.simulated.server import Simulator
from telemetry.simulated.world import World

pytestmark = pytest.mark.scenario

KEPT = 12 * DAY


def world_of(burst: int, leaves_after: timedelta) -> World:
    """Two runs a day, and a burst of runs that GitHub deletes after some days."""
    world = World(NOW)
    repository = world.add_repository(REPOSITORY)
    repository.retention_days, repository.retention_is_readable = KEPT.days, True
    for half_days in range(1, 40):
        world.add_run(repository, created_at=NOW - KEPT + half_days * DAY / 2)
    for number in range(burst):
        moment = NOW - KEPT + leaves_after + timedelta(seconds=40 * number)
        world.add_run(repository, created_at=moment)
    return world


def ingested(
    connection: Connection,
    world: World,
    url: str,
    max_requests: int | None = None,
    concurrency: int = 4,
) -> list[int]:
    """Ingest at the world's moment; return how many runs it says will be lost."""
    said: list[str] = []
    options = Options(base_url=url, sleep=lambda seconds: None, max_wait=0)
    with GitHub("token", options) as client:
        wanted = Wanted("all", NOW - 180 * DAY)
        clock = world.now.timestamp
        tools = Tools(connection, client, wanted, concurrency, clock=clock, notify=said.append)
        for _ in ingest(tools, [REPOSITORY], max_requests):
            pass
    found = re.findall(r"about ([\d,]+) runs? will leave GitHub", "\n".join(said))
    return [int(number.replace(",", "")) for number in found]


def without_jobs(connection: Connection, world: World) -> int:
    """How many runs GitHub has deleted without their jobs being stored."""
    row = connection.execute(
        "select count(*) as n from workflow_runs where jobs_listed_at is null and created_at < %s",
        [world.now - KEPT],
    ).fetchone()
    assert row is not None
    return int(row["n"])


def with_jobs(connection: Connection) -> set[int]:
    rows = connection.execute(
        "select github_run_id from workflow_runs where jobs_listed_at is not null"
    )
    return {row["github_run_id"] for row in rows}


@pytest.mark.parametrize(
    ("limit", "pause", "burst", "leaves_after", "is_lossless"),
    [
        (30, 12 * HOUR, 100, 2 * DAY, True),
        (22, 12 * HOUR, 120, 2 * DAY, False),
        (40, DAY, 180, 3 * DAY, False),
        (24, HOUR, 60, 3 * HOUR, True),
    ],
)
def test_what_is_said_to_be_lost_is_lost(
    connection: Connection,
    limit: int,
    pause: timedelta,
    burst: int,
    leaves_after: timedelta,
    is_lossless: bool,
) -> None:
    world = world_of(burst, leaves_after)
    simulated = Simulator(world, limit=limit, clock=lambda: world.now)
    said = []
    with simulated.serve() as url:
        while world.now <= NOW + leaves_after + 2 * HOUR:
            said.append(ingested(connection, world, url))
            world.advance(pause)
    lost = without_jobs(connection, world)
    # The first ingest cannot know how long it takes until the next one.
    known = said[1:]
    if is_lossless:
        assert (lost, known) == (0, [[]] * len(known))
    else:
        assert lost > 10
        first = known[0][-1]
        assert first == pytest.approx(lost, rel=0.1, abs=3), said


def test_once_too_late_what_can_still_be_saved_is_fetched_first(connection: Connection) -> None:
    world = world_of(60, 20 * HOUR)
    # Found by a list, but without requests left for the jobs.
    simulated = Simulator(world, limit=6, clock=lambda: world.now)
    with simulated.serve() as url:
        ingested(connection, world, url)
        before = with_jobs(connection)
        world.advance(20 * HOUR + timedelta(seconds=40 * 30 + 1))
        assert without_jobs(connection, world) > 30
        simulated.limit = 24
        # Of several at a time, chance decides which are answered before the limit is reached.
        ingested(connection, world, url, concurrency=1)
    saved = with_jobs(connection) - before
    still_there = [run.id for run in world.repositories[0].runs]
    assert len(saved) > 12
    assert saved == set(still_there[: len(saved)])


def test_runs_that_github_has_deleted_in_due_time_are_not_asked_for_one_by_one(
    connection: Connection,
) -> None:
    world = world_of(40, 20 * HOUR)
    simulated = Simulator(world, clock=lambda: world.now)
    with simulated.serve() as url:
        for _ in range(3):
            simulated.restart_counters()
            ingested(connection, world, url)
            world.advance(DAY)
    received = simulated.counters.received
    assert (received["run"], received["runs"] <= 6) == (0, True), received
    row = connection.execute(
        "select count(missing_upstream_at) as gone, "
        "count(*) filter (where missing_upstream_at is null and created_at < %s) as unknown "
        "from workflow_runs",
        [world.now - DAY - KEPT],
    ).fetchone()
    assert row is not None and row["gone"] > 40 and row["unknown"] == 0


def test_a_limit_of_one_ingest_says_nothing_about_later_ones(connection: Connection) -> None:
    world = world_of(120, 2 * DAY)
    simulated = Simulator(world, clock=lambda: world.now)
    with simulated.serve() as url:
        for _ in range(3):
            assert ingested(connection, world, url, max_requests=20) == []
            world.advance(12 * HOUR)
    assert without_jobs(connection, world) == 0
