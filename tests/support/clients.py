"""A client of a simulated GitHub."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from telemetry.github.client import GitHub
from telemetry.github.options import Options
from telemetry.simulated.server import Simulator


@contextmanager
def client(
    simulated: Simulator, token: str | None = "token", kind: type[GitHub] = GitHub, **options: Any
) -> Iterator[GitHub]:
    """A client of this GitHub, which is served meanwhile; nothing really sleeps."""
    settings = {"sleep": lambda seconds: None, **options}
    with simulated.serve() as url, kind(token, Options(base_url=url, **settings)) as made:
        yield made
