"""Trouble of the database in the middle of an ingest costs a reconnection, not the ingest.

Each ingest here ends with the same rows, counts and requests as one that nothing disturbed.
"""

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from support.disturbed import (
    NAMES,
    NOW,
    Done,
    assert_the_same,
    own_cluster,
    own_database,
    run,
    stored,
)
from support.folders import new_folder
from support.paths import LONGEST
from support.proxy import LosingProxy

from telemetry.database import reconnecting, transactions
from telemetry.database.connection import conninfo, open_connection
from telemetry.database.embedded.cluster import Cluster
from telemetry.database.migrations import migrate
from telemetry.llm.finding import Logs
from telemetry.llm.formats.readers import Defaults
from telemetry.llm.ingest import ingest_llm_calls
from telemetry.runs import rounds


@pytest.fixture(scope="module")
def cluster() -> Iterator[tuple[Cluster, str]]:
    """A server of this file's own, which is stopped and restarted."""
    with own_cluster() as made:
        yield made


@pytest.fixture(scope="module")
def undisturbed(new_database: Callable[[str], str], migrated: str) -> Done:
    return run(new_database(migrated))


def terminate(dsn: str) -> None:
    """End all other sessions of this database, as an administrator may."""
    with psycopg.connect(dsn, autocommit=True) as other:
        other.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()"
        )


def test_an_undisturbed_ingest_says_nothing_and_stores_something(undisturbed: Done) -> None:
    assert undisturbed.said == []
    (report,) = undisturbed.reports.values()
    assert report.outcome == "complete" and report.jobs > 20
    assert len(undisturbed.stored["workflow_runs"]) > 12
    assert undisturbed.stored["leases"] == []


def test_a_session_that_is_ended_between_transactions_is_replaced(
    dsn: str, undisturbed: Done
) -> None:
    done = run(dsn, lambda number: terminate(dsn) if number in (2, 3, 9, 20) else None)
    assert_the_same(done, undisturbed)
    lost = [text for text in done.said if text.startswith("the connection to the database is lost")]
    assert 1 <= len(lost) <= 4 and "administrator" in lost[0] and "5 minutes" in lost[0]
    assert sum(text.startswith("the database is back after") for text in done.said) == len(lost)


def test_a_server_that_may_only_be_read_after_a_failover_is_waited_out(
    dsn: str, undisturbed: Done
) -> None:
    """As a former primary that became a standby, and still has the address for a while."""
    name = conninfo_to_dict(dsn)["dbname"]

    def become(state: str) -> None:
        with psycopg.connect(
            dsn, autocommit=True, options="-c default_transaction_read_only=off"
        ) as admin:
            admin.execute(f"alter database {name} set default_transaction_read_only = {state}")

    later = threading.Timer(0.5, become, ["off"])

    def fail_over(number: int) -> None:
        if number == 9:
            become("on")
            terminate(dsn)
            later.start()

    done = run(dsn, fail_over)
    later.join()
    assert_the_same(done, undisturbed)
    assert sum(text.startswith("the database is back after") for text in done.said) == 1


# Ends its own session: in the middle of a transaction, or in its commit. Sequences forget nothing.
DEADLY = """
create sequence writes;
create function die() returns trigger language plpgsql as $$
begin
  if nextval('writes') in (1, 2, 4, 7, 11) then
    perform pg_terminate_backend(pg_backend_pid());
  end if;
  return null;
end $$;
"""
IN_A_STATEMENT = "create trigger die after insert on {} for each statement execute function die();"
IN_A_COMMIT = (
    "create constraint trigger die after insert on {} deferrable initially deferred "
    "for each row execute function die();"
)


@pytest.mark.parametrize(
    ("table", "when"),
    [
        ("workflow_runs", IN_A_STATEMENT),
        ("workflow_steps", IN_A_STATEMENT),
        ("workflow_runs", IN_A_COMMIT),
        ("ingestions", IN_A_COMMIT),
    ],
    ids=["runs", "steps", "commit of runs", "commit of the record"],
)
def test_a_session_that_is_ended_within_a_transaction_repeats_it(
    dsn: str, undisturbed: Done, table: str, when: str
) -> None:
    with open_connection(dsn) as connection:
        connection.execute((DEADLY + when.format(table)).encode())
    done = run(dsn)
    assert_the_same(done, undisturbed)
    assert done.said


@pytest.fixture
def folder() -> Iterator[Path]:
    made = new_folder()
    yield made
    shutil.rmtree(made)


def losing(dsn: str, folder: Path, loses: Callable[[int], bool]) -> tuple[LosingProxy, str]:
    given = conninfo_to_dict(dsn)
    proxy = LosingProxy(folder, f"{given['host']}/.s.PGSQL.5432", loses)
    return proxy, make_conninfo(dsn, host=str(folder))


def test_a_commit_whose_answer_is_lost_counts_once(
    dsn: str, folder: Path, undisturbed: Done
) -> None:
    proxy, through = losing(dsn, folder, lambda commit: commit % 2 == 1)
    with proxy:
        done = run(dsn, through=through)
    assert proxy.lost >= 3
    assert_the_same(done, undisturbed)


def test_llm_calls_whose_commit_is_not_answered_count_once(
    dsn: str, folder: Path, tmp_path: Path
) -> None:
    log = tmp_path / "calls.jsonl"
    line = '{{"call_id": "c{}", "timestamp": "2026-03-01T00:00:00.{:06}Z", "model": "m"}}\n'
    log.write_text("".join(line.format(number, number) for number in range(1_100)))
    proxy, through = losing(dsn, folder, lambda commit: commit in (1, 2))
    with proxy, open_connection(through, waits=lambda text: None) as connection:
        done = ingest_llm_calls(connection, Logs([log]), Defaults(), now=lambda: NOW)
    assert proxy.lost == 2
    assert (done.inserted, done.updated, done.unchanged) == (1_100, 0, 0)
    with open_connection(dsn) as connection:
        assert connection.execute("select count(*) as n from llm_calls").fetchone() == {"n": 1_100}


def test_several_repositories_at_once_outlast_it_together(
    dsn: str, new_database: Callable[[str], str], migrated: str
) -> None:
    expected = run(new_database(migrated), names=NAMES)
    done = run(dsn, lambda number: terminate(dsn) if number in (4, 11, 40) else None, names=NAMES)
    assert_the_same(done, expected)


def test_a_lock_of_another_session_is_waited_out_and_named(
    dsn: str, undisturbed: Done, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transactions, "LONGEST_LOCK_WAIT", "300ms")
    held = threading.Event()
    with ExitStack() as locks:

        def lock(number: int) -> None:
            if number == 6:
                other = locks.enter_context(psycopg.connect(dsn))
                other.execute("lock table workflow_runs in exclusive mode")
                held.set()

        done = run(dsn, lock, hears=lambda text: locks.close())
    assert held.is_set()
    (said,) = done.said
    assert said.startswith("another session holds a lock that is needed (canceling statement")
    assert_the_same(done, undisturbed)


def test_a_server_that_crashes_again_and_again_ends_the_ingest_and_the_next_one_completes(
    dsn: str, undisturbed: Done, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "MOST_CRASHES", 0)

    def forget(number: int) -> None:
        if number == 9:  # as if the end of its log had not reached the disk
            with psycopg.connect(dsn, autocommit=True) as other:
                other.execute("update leases set renewal = renewal - 1")
                other.execute("delete from workflow_jobs")

    (report,) = run(dsn, forget).reports.values()
    assert report.outcome == "failed"
    assert report.error is not None and "crashed and lost what it had stored last" in report.error
    with open_connection(dsn) as connection:
        connection.execute("update workflow_runs set jobs_listed_at = null")
    done = run(dsn)
    for table in ("workflow_runs", "workflow_jobs", "workflow_steps", "open_runs", "leases"):
        assert len(done.stored[table]) == len(undisturbed.stored[table]), table


# A server that is restarted is this file's own.


def test_a_restart_of_the_server_is_outlasted(
    cluster: tuple[Cluster, str], undisturbed: Done
) -> None:
    made, dsn = cluster
    with own_database(dsn, "restarted") as own:
        starting: list[Future[str]] = []

        def restart(number: int) -> None:
            if number in (3, 25):
                for before in starting:
                    before.result(LONGEST)
                made.stop()
                starting.append(thread.submit(start_later))

        def start_later() -> str:
            time.sleep(0.5)
            return made.start()

        with ThreadPoolExecutor(1) as thread:
            done = run(own, restart)
        assert len([future.result() for future in starting]) == 2
        assert_the_same(done, undisturbed)
    assert any("the database is back after" in text for text in done.said)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["stopped", "killed"])
def test_the_embedded_server_is_started_again_by_the_ingest_that_uses_it(
    undisturbed: Done, folder: Path, number: int
) -> None:
    folder.chmod(0o755)
    with conninfo({**os.environ, "TELEMETRY_HOME": str(folder / "home")}) as dsn:
        migrate(dsn)

        def stop(request: int) -> None:
            if request == 20:
                (pid_file,) = folder.glob("home/pg*/postmaster.pid")
                process = int(pid_file.read_text(encoding="utf-8").split()[0])
                os.kill(process, number)

        done = run(dsn, stop)
        (report,) = done.reports.values()
        assert report.outcome == "complete", report.error
        for table in ("workflow_runs", "workflow_jobs", "workflow_steps", "open_runs", "leases"):
            assert len(done.stored[table]) == len(undisturbed.stored[table]), table
        assert any(text.startswith("the database is back after") for text in done.said)


def test_what_the_server_loses_in_a_crash_is_fetched_again_and_counts_once(
    cluster: tuple[Cluster, str], undisturbed: Done
) -> None:
    made, dsn = cluster
    with own_database(dsn, "crashed") as own:

        def crash(number: int) -> None:
            if number in (12, 30):
                made._run("pg_ctl", "stop", "--mode=immediate", "--wait", "--silent")
                made.start()

        done = run(own, crash)
        assert any("fetching again what the database server lost" in text for text in done.told)
        (report,), (expected,) = done.reports.values(), undisturbed.reports.values()
        assert report.outcome == "complete", report.error
        for name in ("attempts", "jobs", "steps"):
            assert getattr(report, name) == getattr(expected, name), name
        for name in ("fetched", "inserted", "updated", "not_completed"):
            assert getattr(report.ingestion, name) == getattr(expected.ingestion, name), name
        for table in ("workflow_runs", "workflow_jobs", "workflow_steps", "open_runs", "leases"):
            assert done.stored[table] == undisturbed.stored[table], table


def test_a_server_that_stays_away_ends_the_ingest_and_the_next_one_completes(
    cluster: tuple[Cluster, str], undisturbed: Done, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, dsn = cluster
    monkeypatch.setattr(reconnecting, "PATIENCE_SECONDS", 0.5)
    with own_database(dsn, "away") as own:
        with pytest.raises(psycopg.OperationalError, match=r"terminating connection|closed"):
            run(own, lambda number: made.stop() if number == 8 else None)
        made.start()
        with open_connection(own) as connection:
            connection.execute("update leases set expires_at = now() - interval '1 second'")
        run(own)
        for table in ("workflow_runs", "workflow_jobs", "workflow_steps", "open_runs"):
            assert len(stored(own)[table]) == len(undisturbed.stored[table]), table
