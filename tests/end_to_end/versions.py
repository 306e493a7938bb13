"""The whole way on each version of PostgreSQL: `make test-matrix`, and not a part of `make test`.

With TEST_DATABASE_URL set it runs on that server alone.
"""

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from support.commands import Run
from support.databases import FAST
from support.folders import new_folder
from support.npm_postgresql import VERSIONS, programs
from support.paths import ROOT

from telemetry.database.connection import SQL, open_connection
from telemetry.database.embedded.binaries import unprivileged_account
from telemetry.database.embedded.cluster import Cluster
from telemetry.database.migrations import migrate, roll_back
from telemetry.simulated.llm_logs import write_llm_logs
from telemetry.simulated.month import team_month
from telemetry.simulated.world import World

SERVER = os.environ.get("TEST_DATABASE_URL")
# All versions are to store the same, so they share a moment.
NOW = datetime.now(UTC).replace(microsecond=0)
STORED = ("workflow_runs", "workflow_jobs", "workflow_steps", "windows", "llm_calls")


@pytest.fixture(scope="module", params=["TEST_DATABASE_URL"] if SERVER else VERSIONS, ids=str)
def version(request: pytest.FixtureRequest) -> Iterator[str]:
    """The connection string of a server of one version."""
    if SERVER:
        yield SERVER
        return
    folder = new_folder()
    folder.chmod(0o755)
    try:
        binaries = programs(request.param, ROOT / ".venv" / "postgresql", folder)
        account = unprivileged_account(folder / "data")
        cluster = Cluster(folder / "data", binaries, account, os.environ, FAST, print)
        if account:
            os.chown(folder, *account)
        cluster.make(request.param)
        yield cluster.start()
        cluster.stop()
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def databases(version: str) -> Iterator[tuple[str, str]]:
    """Two empty databases on that server."""
    with psycopg.connect(version, autocommit=True) as admin:
        names = [f"telemetry_test_{os.getpid()}_{number}" for number in (1, 2)]
        for name in names:
            admin.execute(f"create database {name}")
        first, second = (make_conninfo(version, dbname=name) for name in names)
        yield first, second
        for name in names:
            admin.execute(f"drop database {name} with (force)")


@pytest.fixture
def dsn(databases: tuple[str, str]) -> str:
    """What the commands of these tests get as DATABASE_URL."""
    return databases[0]


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture(scope="module")
def the_world() -> World:
    return team_month(seed=5, now=NOW, runs_per_day=4)


@pytest.fixture
def world(the_world: World) -> World:
    return the_world


def content(dsn: str) -> dict[str, list[str]]:
    """All stored rows, without what depends on the moment of the ingest."""
    found: dict[str, list[str]] = {}
    with open_connection(dsn) as connection:
        for table in STORED:
            rows: list[dict[str, Any]] = connection.execute(f"select * from {table}").fetchall()
            for row in rows:
                for name in ("listed_at", "jobs_listed_at", "etag", "etag_token"):
                    row.pop(name, None)
            found[table] = sorted(map(repr, rows))
    return found


def test_every_part_works(
    databases: tuple[str, str], run: Run, the_world: World, tmp_path: Path
) -> None:
    first, second = databases
    with psycopg.connect(first) as connection:
        version = connection.info.parameter_status("server_version")
    print(f"PostgreSQL {version}")
    (repository,) = the_world.repositories
    assert write_llm_logs(the_world.attempts(repository), tmp_path / "logs", seed=5)

    for _ in range(2):  # the second one finds nothing new
        done = run("ingest_workflows", "--since", "40d", "--llm", "--logs", str(tmp_path / "logs"))
        assert done.returncode == 0, done.stderr
    # Each run, job and step that is stored is compared with GitHub's; 4 would be a difference.
    done = run("verify", "--jobs", "--since", "29d")
    assert done.returncode == 0, done.stdout + done.stderr

    for path in sorted((SQL / "analysis").glob("*.sql")):
        done = run("query", path.stem, "--json")
        assert done.returncode == 0, done.stderr
    for command in (["check"], ["status"], ["report", "--out", str(tmp_path / "report.html")]):
        done = run(*command)
        assert done.returncode == 0, done.stdout + done.stderr

    before = content(first)
    assert len(before["workflow_runs"]) > 80 and before["workflow_steps"] and before["llm_calls"]
    dump = str(tmp_path / "telemetry.dump")
    done = run("dump", "--file", dump)
    assert done.returncode == 0, done.stderr
    done = run("restore", "--file", dump, DATABASE_URL=second)
    assert done.returncode == 0, done.stderr
    assert content(second) == before

    done = run("prune", "--keep", "10d", DATABASE_URL=second)
    assert done.returncode == 0, done.stderr
    kept = content(second)["workflow_runs"]
    assert 0 < len(kept) < len(before["workflow_runs"])
    assert set(kept) < set(before["workflow_runs"])

    down = roll_back(second)
    assert [*down[::-1], "views"] == migrate(second)
    assert all(rows == [] for rows in content(second).values())
