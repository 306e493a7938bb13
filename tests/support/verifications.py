"""Databases that were ingested from the simulated GitHub."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from support.clients import REPOSITORY, client
from telemetry.database.connection import Connection
from telemetry.runs.ingest import ingest
from telemetry.runs.request import Tools, Wanted
from telemetry.simulated.entities import Run
from telemetry.simulated.server import Simulator
from telemetry.simulated.world import World


@contextmanager
def tools(connection: Connection, simulated: Simulator, **changes: Any) -> Iterator[Tools]:
    """What an ingest or a comparison of the last 40 days works with; nothing really sleeps."""
    reach = {"max_wait": changes.pop("max_wait", 120), "reserve": changes.pop("reserve", 0)}
    wanted = Wanted(timedelta(days=40), simulated.world.now - timedelta(days=180), jobs=False)
    options = {"wanted": wanted, "concurrency": 4, **changes}
    with client(simulated, **reach) as github:
        yield Tools(connection, github, **options)


def ingested_by(
    connection: Connection, simulated: Simulator, name: str = REPOSITORY, **changes: Any
) -> None:
    """A whole ingest of the simulated repository, without jobs."""
    with tools(connection, simulated, **changes) as given_tools:
        (report,) = ingest(given_tools, [name])
    assert report.outcome == "complete", report.error


def settled_runs(world: World, attempts: int = 1) -> list[Run]:
    """Runs that ended days ago and have this number of attempts."""
    (repository,) = world.repositories
    old = world.second - 5 * 86_400
    found = [r for r in repository.runs if r.created_at < old and len(r.attempts) == attempts]
    return [run for run in found if world.latest(run).updated_at < old]
