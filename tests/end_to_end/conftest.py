"""A fresh user's environment: a database, a simulated GitHub, and the commands run in it."""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.commands import Finished, Launcher, Run
from support.folders import new_folder
from support.paths import ROOT

from telemetry.simulated.month import team_month
from telemetry.simulated.server import Simulator
from telemetry.simulated.world import World


@pytest.fixture
def now() -> datetime:
    """The moment at which a test begins, because the commands read the clock."""
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def world(now: datetime) -> World:
    return team_month(seed=5, now=now, days=20, runs_per_day=2)


@pytest.fixture
def simulated(world: World) -> Simulator:
    return Simulator(world, tokens={"good-token": 5_000})


@pytest.fixture
def url(simulated: Simulator) -> Iterator[str]:
    with simulated.serve() as served:
        yield served


@pytest.fixture
def environ(dsn: str, url: str, tmp_path: Path) -> dict[str, str]:
    """A fresh user's environment, with a database and a simulated GitHub."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "DATABASE_URL": dsn,
        "GITHUB_API_URL": url,
        "GITHUB_TOKEN": "good-token",
        "TELEMETRY_REPO": "acme/app",
        "PYTHONPATH": str(ROOT),
    }


@pytest.fixture
def run(environ: dict[str, str], launcher: Launcher) -> Run:
    def command(script: str, *arguments: str, **changes: str | None) -> Finished:
        variables = {k: v for k, v in {**environ, **changes}.items() if v is not None}
        return launcher.run(script, *arguments, environ=variables)

    return command


@pytest.fixture
def homes() -> Iterator[Callable[[], Path]]:
    """Folders that the account of an embedded server can reach, one for each machine."""
    made: list[Path] = []

    def make() -> Path:
        made.append(new_folder())
        made[-1].chmod(0o711)
        return made[-1]

    yield make
    for home in made:
        shutil.rmtree(home, ignore_errors=True)
