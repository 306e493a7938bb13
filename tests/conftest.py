"""A real PostgreSQL for the tests, a database of its own for each of them, and rows to put in."""

import itertools
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from support.paths import ROOT

from telemetry.database.connection import Connection, open_connection
from telemetry.database.embedded import server as embedded
from telemetry.database.embedded.binaries import find_tool
from telemetry.database.migrations import migrate

# What a developer has set for the real thing, or for the network, must not reach the tests.
for name in list(os.environ):
    if name.startswith(("PG", "GITHUB_", "TELEMETRY_")) and name != "TELEMETRY_FIXTURES":
        del os.environ[name]
for name in ("DATABASE_URL", "http_proxy", "https_proxy", "all_proxy"):
    os.environ.pop(name, None)
    os.environ.pop(name.upper(), None)

# A test's database may be lost with the machine.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The connection string of a server that lives as long as the tests do."""
    with tempfile.TemporaryDirectory(prefix="telemetry-") as home:
        # As root, the server runs as another account, which has to get in.
        Path(home).chmod(0o711)
        with embedded.server(Path(home), environ=os.environ, options=FAST) as dsn:
            yield dsn


@pytest.fixture(scope="session")
def new_database(server: str) -> Iterator[Callable[[str], str]]:
    """Make a database, as a copy of another one, and return its connection string."""
    numbers = itertools.count()
    with psycopg.connect(server, autocommit=True) as admin:

        def make(template: str = "template1") -> str:
            name = f"test_{next(numbers)}"
            admin.execute(f"create database {name} template {template}")
            return make_conninfo(server, dbname=name)

        yield make


@pytest.fixture(scope="session")
def migrated(new_database: Callable[[str], str]) -> str:
    """The name of a migrated database that the others are copied from."""
    dsn = new_database("template1")
    migrate(dsn)
    return str(psycopg.conninfo.conninfo_to_dict(dsn)["dbname"])


@pytest.fixture
def empty_dsn(server: str, new_database: Callable[[str], str]) -> Iterator[str]:
    """A database without any table."""
    yield (dsn := new_database("template1"))
    drop(server, dsn)


@pytest.fixture
def dsn(server: str, new_database: Callable[[str], str], migrated: str) -> Iterator[str]:
    """A database with all tables and views, and no rows."""
    yield (dsn := new_database(migrated))
    drop(server, dsn)


def drop(server: str, dsn: str) -> None:
    """Delete a database that a test is done with: a thousand of them would fill a disk."""
    name = psycopg.conninfo.conninfo_to_dict(dsn)["dbname"]
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"drop database if exists {name} with (force)")


@pytest.fixture
def connection(dsn: str) -> Iterator[Connection]:
    with open_connection(dsn) as opened:
        yield opened


@pytest.fixture(scope="session")
def recorded() -> Path:
    """The folder of recorded payloads, which is not part of the project."""
    folder = os.environ.get("TELEMETRY_FIXTURES")
    if not folder:
        pytest.skip("TELEMETRY_FIXTURES is not set: the recorded payloads are elsewhere")
    return Path(folder)


def pytest_report_header() -> str:
    fixtures = os.environ.get("TELEMETRY_FIXTURES")
    return f"recorded payloads: {'there' if fixtures else 'skipped, TELEMETRY_FIXTURES is unset'}"


@pytest.fixture(scope="session")
def psql() -> Callable[..., str]:
    """Run psql on a database as a person would, stopping at the first error; returns its output."""
    program = find_tool("psql", os.environ)

    def run(dsn: str, *arguments: str, stdin: str | None = None) -> str:
        command = [program, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", dsn, *arguments]
        done = subprocess.run(
            command, cwd=ROOT, input=stdin, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run
