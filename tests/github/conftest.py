"""What the tests of the client share: a server that sends bytes, and what the client says."""

from collections.abc import Iterator

import pytest
from support.byte_server import ByteServer


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def server() -> Iterator[ByteServer]:
    server = ByteServer()
    yield server
    server.close()
