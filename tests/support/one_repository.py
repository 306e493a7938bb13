"""Ingests of one simulated repository in the past, and the status as of its moment."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from support.clients import NOW, REPOSITORY, client
from telemetry.database.connection import Connection
from telemetry.database.status import Status, status
from telemetry.github.client import GitHub
from telemetry.runs.ingest import ingest
from telemetry.runs.request import Report, Tools, Wanted
from telemetry.simulated.entities import Run
from telemetry.simulated.server import Simulator
from telemetry.simulated.world import World

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def runs_of(world: World) -> list[Run]:
    return world.repositories[0].runs


@contextmanager
def tools(
    connection: Connection,
    simulated: Simulator,
    said: list[str] | None = None,
    kind: type[GitHub] = GitHub,
    **wanted: Any,
) -> Iterator[Tools]:
    notify = (lambda text: None) if said is None else said.append
    options: dict[str, Any] = {"since": None, "horizon": NOW - 180 * DAY, **wanted}
    with client(simulated, kind=kind) as github:
        yield Tools(connection, github, Wanted(**options), 4, notify=notify)


def ingested(
    connection: Connection, simulated: Simulator, run_id: int | None = None, **wanted: Any
) -> Report:
    with tools(connection, simulated, **wanted) as given:
        (report,) = ingest(given, [REPOSITORY], run_id=run_id)
    return report


def status_at(connection: Connection, world: World) -> Status:
    return status(connection, max_age=12 * HOUR, now=world.now)
