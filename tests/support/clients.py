"""A client of a simulated GitHub, and when and where most of these are simulated."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from telemetry.github.client import GitHub
from telemetry.github.options import Options
from telemetry.simulated.server import Simulator

REPOSITORY = "acme/app"
# Never the present: this module is loaded long before a test runs. A test that compares with the
# clock of the database makes its world itself.
NOW = datetime(2026, 3, 2, 12, 0, 0, tzinfo=UTC)


@contextmanager
def client(
    simulated: Simulator, token: str | None = "token", kind: type[GitHub] = GitHub, **options: Any
) -> Iterator[GitHub]:
    """A client of this GitHub, which is served meanwhile; nothing really sleeps.

    Its clock is not behind the simulated one, whatever this machine's says.
    """

    def clock() -> float:
        return max(time.time(), simulated._now().timestamp())

    settings = {"sleep": lambda seconds: None, "clock": clock, "timer": clock, **options}
    with simulated.serve() as url, kind(token, Options(base_url=url, **settings)) as made:
        yield made
