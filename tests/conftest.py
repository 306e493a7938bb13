"""A real PostgreSQL for the tests: a rollback after each, or a database of its own."""

import fcntl
import gc
import itertools
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from psycopg.conninfo import make_conninfo
from support.commands import Launcher
from support.databases import FAST, rolled_back
from support.folders import new_folder
from support.paths import LONGEST, ROOT

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

# A shell ignores these for what it starts in the background, and nohup the second; commands that a
# test starts would inherit that, and those that a test interrupts would never end.
for number, default in (
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGHUP, signal.SIG_DFL),
):
    if signal.getsignal(number) == signal.SIG_IGN:
        signal.signal(number, default)

# The same examples each time, so that a failure can be repeated; however long the machine takes.
# Fifty are enough to keep what was found: as they do not change, more would find nothing new.
settings.register_profile(
    "repeatable",
    max_examples=50,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("repeatable")

# Python looks for cycles whenever it has 700 new objects. JSON has thousands and no cycles, and all
# that the tests load is looked through too: that took a tenth of the CPU time.
gc.set_threshold(20_000)


def pytest_collection_finish() -> None:
    gc.freeze()  # what was loaded stays


# What a test rolls back counts as no rows once the server has analyzed the table, and a plan for no
# rows takes minutes for some thousand. When that happens would depend on the time.
OPTIONS = FAST | {"autovacuum": "off"}
# The log of changes lies in memory too, and is not to fill it.
OPTIONS |= {"max_wal_size": "256MB"}


# The folder that all workers share, in what the main process hands to each and in its own config.
SHARED = "shared_folder"
shared_key = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.stash[shared_key] = folder = new_folder()
        # As root, the server runs as another account, which has to get in.
        folder.chmod(0o711)


def pytest_unconfigure(config: pytest.Config) -> None:
    if folder := config.stash.get(shared_key, None):
        shutil.rmtree(folder)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Called by pytest-xdist for each worker that it starts."""
    node.workerinput[SHARED] = str(node.config.stash[shared_key])


@pytest.fixture(scope="session")
def shared(request: pytest.FixtureRequest) -> Path:
    """The folder that all workers share."""
    config = request.config
    handed = getattr(config, "workerinput", {}).get(SHARED)
    return Path(handed) if handed else config.stash[shared_key]


@pytest.fixture(scope="session")
def once(shared: Path) -> Callable[[str, Callable[[Path], None]], Path]:
    """Make a folder by its name, which the first worker does for all; nobody changes it later."""

    def made(name: str, make: Callable[[Path], None]) -> Path:
        folder, is_made = shared / name, shared / f"{name}.made"
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not is_made.exists():
                folder.mkdir()
                make(folder)
                is_made.touch()
        return folder

    return made


@pytest.fixture(scope="session")
def server(shared: Path) -> Iterator[str]:
    """The connection string of the one server that all workers share, as commands do."""
    with embedded.server(shared, environ=os.environ, options=OPTIONS) as dsn:
        yield dsn


@pytest.fixture(scope="session")
def new_database(server: str) -> Iterator[Callable[[str], str]]:
    """Make a database, as a copy of another one, and return its connection string."""
    numbers = itertools.count()
    with psycopg.connect(server, autocommit=True) as admin:

        def make(template: str = "template1") -> str:
            name = f"test_{os.getpid()}_{next(numbers)}"
            admin.execute(f"create database {name} template {template} strategy file_copy")
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


@pytest.fixture(scope="session")
def template(migrated: str) -> str:
    """The name of the database that `dsn` is a copy of; a module may have another."""
    return migrated


@pytest.fixture
def dsn(server: str, new_database: Callable[[str], str], template: str) -> Iterator[str]:
    """A database of the test's own with all tables and views, and no rows but the template's."""
    yield (dsn := new_database(template))
    drop(server, dsn)


def drop(server: str, dsn: str) -> None:
    """Delete a database that a test is done with: a thousand of them would fill a disk."""
    name = psycopg.conninfo.conninfo_to_dict(dsn)["dbname"]
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f"drop database if exists {name} with (force)")


@pytest.fixture(scope="session")
def shared_connection(new_database: Callable[[str], str], migrated: str) -> Iterator[Connection]:
    """A connection to the one database whose tests leave nothing behind."""
    with open_connection(new_database(migrated)) as opened:
        yield opened


@pytest.fixture
def connection(request: pytest.FixtureRequest) -> Iterator[Connection]:
    """A connection to a database with all tables and views, and no rows.

    It is in a transaction that is rolled back after the test. A test that asks for `dsn` too, so
    that others see what it does, has a connection in autocommit mode to that database instead.
    """
    if "dsn" in request.fixturenames:
        with open_connection(request.getfixturevalue("dsn")) as opened:
            yield opened
    else:
        with rolled_back(request.getfixturevalue("shared_connection")) as opened:
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
            command, cwd=ROOT, input=stdin, capture_output=True, text=True, timeout=LONGEST
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="session")
def launcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launcher]:
    """Starts commands quickly, for tests in which no signal, pipe or start plays a part."""
    started = Launcher(tmp_path_factory.mktemp("launcher"))
    yield started
    started.stop()
