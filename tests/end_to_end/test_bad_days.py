"""Bad days: one sentence each, nothing lost, nothing twice, and the next ingest completes.

The undisturbed ingest of the same month says what must be stored in the end.
"""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from remedies import database_sentence
from support.broken import assert_survived
from support.clients import client
from support.complete import assert_attempts, assert_complete, run_ingest
from support.complete import stored as stored_attempts
from support.disturbed import NAMES, NOW, Done, assert_the_same, own_cluster, run, stored
from support.folders import new_folder
from support.paths import LONGEST, ROOT

from telemetry.database import reconnecting
from telemetry.database.connection import Connection, open_connection
from telemetry.database.embedded.cluster import Cluster
from telemetry.database.embedded.server import server
from telemetry.database.migrations import migrate
from telemetry.database.prune import prune
from telemetry.database.questions import Scope, ask
from telemetry.database.retention import Retention, horizon
from telemetry.database.schema import require_schema
from telemetry.database.status import status
from telemetry.runs.ingest import ingest
from telemetry.runs.request import Tools, Wanted
from telemetry.simulated.entities import PlannedJob
from telemetry.simulated.faults import Fault, RequestInfo, too_many_requests
from telemetry.simulated.month import team_month
from telemetry.simulated.server import Simulator
from telemetry.simulated.world import World
from telemetry.times import keep

ROWS = ("workflow_runs", "workflow_jobs", "workflow_steps", "open_runs", "leases")


@pytest.fixture(scope="module")
def undisturbed(new_database: Callable[[str], str], migrated: str) -> Done:
    return run(new_database(migrated))


@pytest.fixture(scope="module")
def cluster() -> Iterator[tuple[Cluster, str]]:
    """A server of this file's own, which is killed."""
    with own_cluster() as made:
        yield made


def keys(dsn: str) -> dict[str, list[tuple[int, ...]]]:
    """Which rows are stored, whatever their values were when they were fetched."""
    names = {
        "workflow_runs": "github_run_id, run_attempt",
        "workflow_jobs": "github_run_id, job_id",
        "workflow_steps": "job_id, number",
    }
    with psycopg.connect(dsn) as connection:
        return {
            table: connection.execute(f"select {columns} from {table}".encode()).fetchall()
            for table, columns in names.items()
        }


def let_lease_expire(dsn: str) -> None:
    """As five minutes do, when an ingest could not give its lease back."""
    with psycopg.connect(dsn, autocommit=True) as other:
        other.execute("update leases set expires_at = now() - interval '1 second'")


def assert_completes(dsn: str, undisturbed: Done) -> None:
    """The next ingest stores what is missing, and all rows are those of the undisturbed one."""
    (report,) = run(dsn).reports.values()
    assert report.outcome == "complete", report.error
    found = stored(dsn)
    for table in ROWS:
        assert len(found[table]) == len(undisturbed.stored[table]), table


# GitHub


def refused(request: RequestInfo, number: int) -> Fault | None:
    return Fault(401, {}, b'{"message": "Bad credentials"}') if number >= 9 else None


def down(request: RequestInfo, number: int) -> Fault | None:
    return Fault(503, {}, b"") if number >= 9 else None


def blocked(request: RequestInfo, number: int) -> Fault | None:
    return Fault(451, {}, b'{"message": "Repository access blocked"}') if number >= 9 else None


def hidden(request: RequestInfo, number: int) -> Fault | None:
    """As of a repository that was deleted, or made private."""
    return Fault(404, {}, b'{"message": "Not Found"}') if number >= 9 else None


@pytest.mark.parametrize(
    "fault",
    [refused, down, blocked, hidden],
    ids=["token revoked", "an hour of 503", "repository blocked", "repository hidden"],
)
def test_github_that_refuses_from_the_middle_on_ends_the_ingest_in_one_sentence(
    dsn: str, undisturbed: Done, fault: Callable[[RequestInfo, int], Fault | None]
) -> None:
    (report,) = run(dsn, fault=fault).reports.values()
    assert report.outcome == "failed" and report.error and "\n" not in report.error
    before = keys(dsn)
    assert before["workflow_runs"]
    with psycopg.connect(dsn, autocommit=True) as other:  # as an hour does
        other.execute("update retries set next_try_at = %s", [NOW])
    assert_completes(dsn, undisturbed)
    after = keys(dsn)
    assert all(set(before[table]) <= set(after[table]) for table in before)


@pytest.mark.parametrize("number", [2, 4, 9, 20])
def test_a_repository_renamed_in_the_middle_is_stored_whole_under_its_new_name(
    connection: Connection, number: int
) -> None:
    world = team_month(seed=3, now=NOW, runs_per_day=1, days=15, repositories=NAMES[:1])
    renamed = threading.Event()

    def rename(request: RequestInfo, ordinal: int) -> None:
        if ordinal >= number and not renamed.is_set():
            renamed.set()
            world.rename(world.repositories[0], "acme/renamed")

    simulated = Simulator(world, before=rename)
    for _ in range(2):
        report = run_ingest(connection, simulated)
        assert report.outcome == "complete", report.error
    assert renamed.is_set()
    assert_complete(connection, world)
    assert {row["repository"] for row in stored_attempts(connection)} == {"acme/renamed"}


@pytest.mark.parametrize("days", [-1, 1])
def test_a_clock_that_is_wrong_by_a_day_changes_nothing(
    dsn: str, undisturbed: Done, days: int
) -> None:
    assert_the_same(run(dsn, ahead=timedelta(days=days)), undisturbed)


def test_a_server_whose_clock_was_a_year_ahead_hides_nothing_later(connection: Connection) -> None:
    """What was listed then would count as fresh until then, and re-runs would not be seen."""
    world = World(NOW)
    repository = world.add_repository(NAMES[0])
    world.add_workflow(repository, jobs=[PlannedJob("build")])
    runs = [
        world.add_run(repository, created_at=NOW - timedelta(hours=number), conclusion="failure")
        for number in range(130, 2, -1)
    ]

    def ingest_dated(ahead: timedelta) -> None:
        simulated = Simulator(world, clock=lambda: world.now + ahead)
        with client(simulated, clock=world.now.timestamp) as github:
            wanted = Wanted(NOW - timedelta(days=20), NOW - timedelta(days=180))
            tools = Tools(connection, github, wanted, 4, clock=world.now.timestamp)
            (report,) = ingest(tools, NAMES[:1])
        assert report.outcome == "complete", report.error

    ingest_dated(timedelta(days=400))
    world.advance(timedelta(days=2))
    world.rerun(runs[0])  # the list of newest runs does not reach so far
    world.advance(timedelta(hours=2))
    ingest_dated(timedelta(0))
    assert_complete(connection, world)


SET_BACK = """
import pathlib, runpy, sys, time

is_set, right = pathlib.Path(sys.argv.pop(1)), time.time
time.time = lambda: right() - 7_200 * is_set.exists()
sys.path.insert(0, "scripts")
sys.argv[0] = "scripts/ingest_workflows.py"
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def test_a_clock_that_is_set_back_during_an_ingest_changes_no_length_of_time(
    simulated: Simulator, environ: dict[str, str], tmp_path: Path
) -> None:
    def before(request: RequestInfo, number: int) -> None:
        if number == 3:
            (tmp_path / "set").touch()

    simulated.before = before
    simulated.fault = lambda request, number: too_many_requests("1") if number == 3 else None
    done = subprocess.run(
        [sys.executable, "-c", SET_BACK, tmp_path / "set", "--wait"],
        env=environ,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=LONGEST,
    )
    assert done.returncode == 0, done.stderr
    with psycopg.connect(environ["DATABASE_URL"]) as connection:
        query = "select finished_at - started_at from ingestions"
        (stored_length,) = connection.execute(query).fetchone() or ()
    said = re.search(r"(\S+) s$", done.stdout, re.MULTILINE)
    assert said, done.stdout
    for seconds in (stored_length.total_seconds(), float(said[1])):
        assert 1 <= seconds < LONGEST


def test_a_server_whose_clock_was_a_day_ahead_hides_nothing_from_the_next_ingest(
    connection: Connection,
) -> None:
    """Its time is believed, so that the day to come counts as listed."""
    world = World(NOW)
    repository = world.add_repository(NAMES[0])
    world.add_run(repository, created_at=NOW - timedelta(hours=2))

    def ingest_dated(ahead: timedelta) -> None:
        simulated = Simulator(world, clock=lambda: world.now + ahead)
        with client(simulated, clock=world.now.timestamp) as github:
            wanted = Wanted(None, NOW - timedelta(days=180), jobs=False)
            tools = Tools(connection, github, wanted, 4, clock=world.now.timestamp)
            (report,) = ingest(tools, NAMES[:1])
        assert report.outcome == "complete", report.error

    ingest_dated(timedelta(days=1))
    for _ in range(250):  # more than the newest page shows
        world.advance(timedelta(minutes=1))
        world.add_run(repository)
    world.advance(timedelta(hours=2))
    ingest_dated(timedelta(0))
    assert_attempts(connection, world)
    (proof,) = status(connection, now=world.now).proof
    assert (proof["reported_runs"], proof["stored_runs"], proof["unequal_windows"]) == (251, 251, 0)


def test_a_run_of_a_thousand_jobs_is_stored_whole(dsn: str) -> None:
    world = World(NOW)
    repository = world.add_repository(NAMES[0])
    world.add_workflow(
        repository, jobs=[PlannedJob(f"test ({number})", seconds=60) for number in range(1_000)]
    )
    world.add_run(repository, created_at=NOW - timedelta(days=1))
    simulated = Simulator(world)
    with client(simulated) as github, open_connection(dsn) as connection:
        wanted = Wanted(timedelta(days=40), NOW - timedelta(days=180))
        (report,) = ingest(Tools(connection, github, wanted, 4, clock=NOW.timestamp), NAMES[:1])
    assert (report.outcome, report.jobs) == ("complete", 1_000)
    assert simulated.counters.received["jobs"] == 10
    with psycopg.connect(dsn) as connection:
        query = "select count(*), count(distinct job_id), count(distinct job) from executed_jobs"
        assert connection.execute(query).fetchone() == (1_000, 1_000, 1_000)


# The database


# Holds a migration up at the end of the statement that makes this table, before its commit.
PAUSE = """
create function pause() returns event_trigger language plpgsql as $$
begin
  if to_regclass('workflow_steps') is not null then
    perform pg_sleep(3600);
  end if;
end $$;
create event trigger pause on ddl_command_end execute function pause();
"""


def test_a_server_killed_in_a_migration_has_all_of_it_after_the_next(
    cluster: tuple[Cluster, str],
) -> None:
    made, dsn = cluster
    with psycopg.connect(dsn, autocommit=True) as admin:
        admin.execute("create database migrated_in_vain")
    own = make_conninfo(dsn, dbname="migrated_in_vain")
    with psycopg.connect(own, autocommit=True) as admin:
        admin.execute(PAUSE)
    with ThreadPoolExecutor(1) as thread:
        migrating = thread.submit(migrate, own)
        deadline = time.monotonic() + LONGEST
        while not _sleeps(own):
            assert time.monotonic() < deadline and not migrating.done()
            time.sleep(0.05)
        made._run("pg_ctl", "stop", "--mode=immediate", "--wait", "--silent")
        with pytest.raises(psycopg.OperationalError) as caught:
            migrating.result(LONGEST)
    assert database_sentence(caught.value).startswith("the database: ")
    made.start()
    with psycopg.connect(own, autocommit=True) as admin:
        found = admin.execute("select to_regclass('workflow_jobs'), to_regclass('workflow_steps')")
        assert found.fetchone() == ("workflow_jobs", None)
        admin.execute("drop event trigger pause")
    assert migrate(own)[-1] == "views"
    with open_connection(own) as connection:
        require_schema(connection)


def _sleeps(dsn: str) -> bool:
    """Whether a session of this database sleeps."""
    with psycopg.connect(dsn) as connection:
        found = connection.execute(
            "select from pg_stat_activity "
            "where datname = current_database() and wait_event = 'PgSleep'"
        )
        return found.fetchone() is not None


# A process of its own, so that the disk is gone too if the tests are killed.
SMALL_DISK = """
mount -t tmpfs -o size=400m,mode=755 tmpfs "$1" || exit
echo made
read -r end
umount --lazy "$1"
rmdir "$1"
"""


@pytest.fixture
def small_disk() -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("only root may make a small disk")
    disk = new_folder()
    with subprocess.Popen(
        ["sh", "-c", SMALL_DISK, "sh", disk],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # ^C is not for it
    ) as keeper:
        assert keeper.stdin and keeper.stdout
        if keeper.stdout.readline() != b"made\n":
            disk.rmdir()
            pytest.skip("this machine does not let root mount")
        yield disk
        keeper.stdin.close()
    assert not disk.exists()


def test_a_full_disk_is_one_sentence_and_the_next_ingest_completes(
    small_disk: Path, undisturbed: Done, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconnecting, "PATIENCE_SECONDS", 1.0)
    home, ballast = small_disk / "home", small_disk / "ballast"
    with server(home, environ=os.environ) as dsn:
        migrate(dsn)
        try:
            done = run(dsn, lambda number: _fill(small_disk, ballast) if number == 4 else None)
        except psycopg.OperationalError as error:
            sentence = database_sentence(error)
        else:  # the server could not write its log, crashed, and was back at once
            (report,) = done.reports.values()
            assert report.outcome == "failed"
            sentence = str(report.error)
        assert sentence and "\n" not in sentence
        ballast.unlink()
    with server(home, environ=os.environ) as dsn:  # which it may have needed
        let_lease_expire(dsn)
        assert_completes(dsn, undisturbed)


def _fill(disk: Path, ballast: Path) -> None:
    """Leave no room on a disk, of which the server takes some meanwhile."""
    with ballast.open("ab") as file:
        while room := os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize:
            with suppress(OSError):
                os.posix_fallocate(file.fileno(), ballast.stat().st_size, room)


# Everything at once


def test_two_ingests_a_prune_and_questions_at_once_disturb_nobody(
    dsn: str, new_database: Callable[[str], str], migrated: str
) -> None:
    expected = run(new_database(migrated), names=NAMES)
    is_over = threading.Event()

    def pruned() -> int:
        times = 0
        with open_connection(dsn) as connection:
            while not is_over.is_set():
                kept = Retention(keep("3650d"))
                prune(connection, kept, local_time=horizon(connection, kept).database_time)
                times += 1
        return times

    def asked() -> int:
        times = 0
        with open_connection(dsn) as connection:
            while not is_over.is_set():
                for question in ("totals", "flaky_jobs", "runner_cost"):
                    ask(connection, question, Scope(NOW - timedelta(days=30), NOW))
                times += 1
        return times

    with ThreadPoolExecutor(4) as pool:
        others = [pool.submit(pruned), pool.submit(asked)]
        ingests = [pool.submit(run, dsn, names=NAMES) for _ in range(2)]
        try:
            done = [each.result(LONGEST) for each in ingests]
        finally:
            is_over.set()
        assert all(each.result(LONGEST) for each in others)
    for name in NAMES:
        reports = [each.reports[name] for each in done]
        assert "complete" in [report.outcome for report in reports]
        # One may have met the other there, and has left the repository to it.
        assert all(
            report.outcome == "complete" or "this ingest leaves it alone" in (report.error or "")
            for report in reports
        )
    found = stored(dsn)
    for table in ROWS:
        assert len(found[table]) == len(expected.stored[table]), table


def test_three_broken_repositories_of_many_cost_the_others_nothing(
    connection: Connection, dsn: str
) -> None:
    """`make soak` does it with a thousand."""
    assert_survived(connection, 30)
