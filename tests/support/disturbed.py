"""Ingests of a small month that something disturbs, and what they must have stored in the end."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from support.clients import client
from support.folders import new_folder
from telemetry.database.connection import open_connection
from telemetry.database.embedded.cluster import Cluster
from telemetry.database.embedded.server import _cluster, server
from telemetry.database.migrations import migrate
from telemetry.runs.ingest import ingest
from telemetry.runs.request import Report, Tools, Wanted
from telemetry.simulated.faults import Fault, RequestInfo
from telemetry.simulated.month import team_month
from telemetry.simulated.server import Simulator

NOW = datetime(2026, 3, 2, 12, 0, 0, tzinfo=UTC)
# A crash loses what was stored in the last ten seconds.
FAST = {"fsync": "off", "full_page_writes": "off", "wal_writer_delay": "10s"}
NAMES = ["acme/app", "acme/tools"]
TABLES = {
    "workflow_runs": "*",
    "workflow_jobs": "*",
    "workflow_steps": "*",
    "open_runs": "*",
    # How far they reach depends on when each page came.
    "windows": "repository_id, reported, seen, is_complete",
    "ingestions": "repository_id, outcome, fetched, inserted, updated, unchanged, not_completed, "
    "unreadable, cut, requests",
    "leases": "*",
}


@dataclass
class Done:
    """How an ingest ended, what it said of the database and of its work, and what is stored."""

    reports: dict[str, Report]
    said: list[str]
    told: list[str]
    stored: dict[str, list[Any]]


def stored(dsn: str) -> dict[str, list[Any]]:
    with open_connection(dsn) as connection:
        found = {
            table: connection.execute(f"select {columns} from {table}").fetchall()
            for table, columns in TABLES.items()
        }
    for rows in found.values():
        for row in rows:
            # A row that was written twice, with the same values, is the same row.
            for name in ("jobs_listed_at", "listed_at"):
                row.pop(name, None)
    return {table: sorted(map(repr, rows)) for table, rows in found.items()}


def run(
    dsn: str,
    trouble: Callable[[int], None] = lambda request: None,
    *,
    names: list[str] = NAMES[:1],
    asked: list[str] | None = None,
    through: str | None = None,
    fault: Callable[[RequestInfo, int], Fault | None] | None = None,
    hears: Callable[[str], None] = lambda text: None,
    ahead: timedelta = timedelta(0),
) -> Done:
    """One ingest; `trouble` is called with the number of each request, before its answer.

    GitHub has the repositories `names`, of which those `asked` are ingested, or all. `hears` is
    called with what is said of the database, at that moment. `ahead` is by how much this machine's
    clock is wrong.
    """
    world = team_month(seed=3, now=NOW, runs_per_day=1, days=15, repositories=names)
    turn = threading.Lock()

    def before(request: RequestInfo, number: int) -> None:
        with turn:
            trouble(number)

    said: list[str] = []
    told: list[str] = []

    def say(text: str) -> None:
        said.append(text)
        hears(text)

    simulated = Simulator(world, before=before, fault=fault)
    with (
        client(simulated) as github,
        open_connection(through or dsn, waits=say) as connection,
    ):
        wanted = Wanted(timedelta(days=40), NOW - timedelta(days=180))
        clock = (NOW + ahead).timestamp
        tools = Tools(connection, github, wanted, 4, clock=clock, notify=told.append)
        reports = {report.repository: report for report in ingest(tools, asked or names)}
    return Done(reports, said, told, stored(dsn))


def figures(done: Done) -> dict[str, Any]:
    """What a report says, without its times."""
    return {
        name: replace(report, ingestion=None, seconds=0) for name, report in done.reports.items()
    }


def assert_the_same(done: Done, undisturbed: Done) -> None:
    assert figures(done) == figures(undisturbed)
    for table, rows in undisturbed.stored.items():
        assert done.stored[table] == rows, table


@contextmanager
def own_cluster() -> Iterator[tuple[Cluster, str]]:
    """A server that may be stopped, and its connection string."""
    folder = new_folder()
    folder.chmod(0o755)
    home = folder / "home"
    with server(home, environ=os.environ, options=FAST) as dsn:
        yield _cluster(home, os.environ, FAST, lambda text: None), dsn
    shutil.rmtree(folder)


@contextmanager
def own_database(dsn: str, name: str) -> Iterator[str]:
    with psycopg.connect(dsn, autocommit=True) as admin:
        admin.execute(f"create database {name}")
    own = make_conninfo(dsn, dbname=name)
    migrate(own)
    yield own
