"""Many repositories and one hour's requests: whom an ingest reaches, and how long it takes."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from bench.measurement import Measurement, Usage, ratio
from telemetry.runs.request import Report
from telemetry.simulated.server import Simulator
from telemetry.simulated.world import World

LIMIT = 5_000
RUNS_OF_A_SMALL_ONE = 2
LATENCY = 0.1
RESERVE = 0.1

Ingest = Callable[[str, list[str]], list[Report]]
Timed = Callable[[str, list[str]], Usage]


def reached(ingest: Ingest, repositories: int) -> Iterator[Measurement]:
    """Whom the first ingest of small repositories reaches.

    `ingest` ingests the repositories of the API at a URL, and reports on each.
    """
    world = organization(repositories)
    with Simulator(world, limit=LIMIT).serve() as url:
        reports = ingest(url, names(world))
    missed = sum(report.outcome == "not reached" for report in reports)
    name = f"{repositories:,} repositories, {LIMIT:,} requests"
    detail = f"{len(reports) - missed:,} reached"
    yield Measurement(f"{name}: not reached by the first ingest", missed, 0, "", detail)


def one_busy(ingest: Ingest, repositories: int, runs_of_busy: int) -> Iterator[Measurement]:
    """After how many ingests the jobs of a busy one among small ones are all there."""
    world = organization(repositories - 1, busy=runs_of_busy)
    ingests = sent = 0
    with Simulator(world, limit=LIMIT).serve() as url:
        left = True
        while left:
            reports = ingest(url, names(world))
            sent += sum(report.ingestion.requests for report in reports if report.ingestion)
            left = any(report.outcome != "complete" for report in reports)
            ingests += 1
            world.advance(timedelta(hours=1, minutes=1))
    name = f"one of {runs_of_busy:,} runs among {repositories - 1:,} of {RUNS_OF_A_SMALL_ONE}"
    detail = f"{sent:,} requests"
    yield Measurement(f"{name}: until all jobs are there", ingests, 1, "ingests", detail)


def side_by_side(ingest: Timed, floor: Timed, repositories: int) -> Iterator[Measurement]:
    """Small repositories, each answer late: the floor has as many requests in flight."""
    world = organization(repositories)
    simulator = Simulator(world, limit=1_000_000)
    with simulator.serve() as url:
        floor(url, names(world))
        simulator.latency = LATENCY
        pairs = [(ingest(url, names(world)), floor(url, names(world)))]
    name = f"{repositories:,} repositories of {RUNS_OF_A_SMALL_ONE} runs, {LATENCY * 1000:.0f} ms"
    yield ratio(name, pairs, 2.0)


def organization(small: int, busy: int = 0) -> World:
    """Repositories of two runs each and one with more, all within the last 30 days."""
    world = World(datetime.now(UTC).replace(microsecond=0))
    for name, count in [("busy", busy)] * bool(busy) + [
        (f"app-{number}", RUNS_OF_A_SMALL_ONE) for number in range(1, small + 1)
    ]:
        repository = world.add_repository(f"acme/{name}")
        age = timedelta(days=29) / (count + 1)
        for number in range(count, 0, -1):
            world.add_run(repository, created_at=world.now - number * age)
    return world


def names(world: World) -> list[str]:
    """The full names of its repositories."""
    return [repository.full_name for repository in world.repositories]
