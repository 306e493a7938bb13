"""Many repositories share one budget: all are reached, and the busy get what the others leave."""

import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from support.clients import NOW, client
from support.one_repository import DAY, HOUR, status_at

from telemetry.database.connection import Connection
from telemetry.runs.ingest import ingest
from telemetry.runs.request import Report, Tools, Wanted
from telemetry.simulated.faults import Fault, RequestInfo
from telemetry.simulated.server import Simulator
from telemetry.simulated.world import World
from telemetry.summaries.ingests import closing_text, is_news, report_text

pytestmark = pytest.mark.scenario


def world_of(**runs: int) -> World:
    """Repositories with these numbers of runs, an hour apart; the newest run is two hours old."""
    world = World(NOW)
    for name, count in runs.items():
        repository = world.add_repository(f"acme/{name}")
        for number in range(count, 0, -1):
            world.add_run(repository, created_at=NOW - (number + 1) * HOUR)
    return world


def small(count: int) -> dict[str, int]:
    return {f"app-{number:02}": 2 for number in range(count)}


@contextmanager
def tools(connection: Connection, simulated: Simulator, **changes: Any) -> Iterator[Tools]:
    with client(simulated, max_wait=10.0, reserve=0.1) as github:
        yield Tools(connection, github, Wanted(None, NOW - 180 * DAY), 4, **changes)


def ingested(
    connection: Connection,
    simulated: Simulator,
    max_requests: int | None = None,
    **changes: Any,
) -> list[Report]:
    names = [repository.full_name for repository in simulated.world.repositories]
    with tools(connection, simulated, **changes) as given:
        return list(ingest(given, names, max_requests))


def outcomes(reports: list[Report]) -> dict[str, str]:
    return {report.repository: report.outcome for report in reports}


def without_jobs(connection: Connection) -> int:
    return connection.execute("select from pending_jobs").rowcount


def test_every_repository_is_reached_though_a_reserve_is_left_to_others(
    connection: Connection,
    dsn: str,
) -> None:
    world = world_of(**small(20))
    simulated = Simulator(world, limit=160)
    for _ in range(2):
        assert set(outcomes(ingested(connection, simulated)).values()) == {"complete"}
        assert without_jobs(connection) == 0
        assert status_at(connection, world).concerns == []
        world.advance(HOUR)


def test_a_limit_that_may_not_be_read_stops_nothing(connection: Connection) -> None:
    """As behind a proxy that allows the paths of repositories only."""
    refuse = Fault(403, {}, b"<html>blocked by policy</html>")
    simulated = Simulator(
        world_of(**small(3)),
        fault=lambda request, _: refuse if request.kind == "rate_limit" else None,
    )
    assert set(outcomes(ingested(connection, simulated)).values()) == {"complete"}


def test_unused_requests_go_to_the_busy_repository_in_the_same_ingest(
    connection: Connection,
    dsn: str,
) -> None:
    world = world_of(busy=80, **small(8))
    simulated = Simulator(world, limit=160)
    said: list[str] = []
    reports = ingested(connection, simulated, notify=said.append)
    (again,) = (text for text in said if text.startswith("another round"))
    assert again.startswith("another round for 1 repository whose share was spent; ")
    assert outcomes(reports) == dict.fromkeys(outcomes(reports), "complete")
    assert len(reports) == 9
    assert without_jobs(connection) == 0
    assert simulated.counters.charged <= 144
    (busy,) = [report for report in reports if report.repository == "acme/busy"]
    assert busy.ingestion is not None
    assert (busy.ingestion.fetched, busy.ingestion.inserted) == (80, 80)
    assert busy.jobs == 160


def test_unreached_repositories_are_stored_shown_and_first_next_time(
    connection: Connection,
    dsn: str,
) -> None:
    world = world_of(**small(20))
    simulated = Simulator(world, limit=50)
    first = outcomes(ingested(connection, simulated))
    not_reached = [name for name, outcome in first.items() if outcome == "not reached"]
    assert len(first) == 20 and len(not_reached) >= 5
    found = status_at(connection, world)
    (said,) = [said for said in found.concerns if "did not reach" in said]
    assert f"did not reach {len(not_reached)} repositories: {not_reached[0]}, " in said
    assert said.endswith(" forget REPO=…")
    assert "GitHub's limit was spent before its turn; it is reset at" in said
    assert set(not_reached) <= set(found.too_old)
    world.advance(HOUR + timedelta(minutes=1))
    simulated = Simulator(world, limit=90)
    second = outcomes(ingested(connection, simulated))
    assert set(not_reached) <= {name for name, how in second.items() if how != "not reached"}
    ingests = 2
    while without_jobs(connection) or set(second.values()) != {"complete"}:
        world.advance(HOUR + timedelta(minutes=1))
        second = outcomes(ingested(connection, Simulator(world, limit=90)))
        ingests += 1
        assert ingests < 8
    assert not [said for said in status_at(connection, world).concerns if "did not reach" in said]


def test_the_reason_is_the_bound_that_was_reached(connection: Connection) -> None:
    world = world_of(one=40, two=40)
    reports = ingested(connection, Simulator(world, limit=40))
    assert all("its share of GitHub's limit (" in (report.error or "") for report in reports)
    assert all("MAX_REQUESTS" not in (report.error or "") for report in reports)
    reports = ingested(connection, Simulator(world), max_requests=12)
    assert all("its share of MAX_REQUESTS (" in (report.error or "") for report in reports)
    reports = ingested(connection, Simulator(world_of(**small(9)), limit=20), max_requests=900)
    (reason,) = {report.error for report in reports if report.outcome == "not reached"}
    assert "GitHub's limit was spent before its turn" in str(reason)
    with tools(connection, Simulator(world)) as given:
        (report,) = ingest(given, ["acme/one"], 5)
    assert (report.error or "").startswith(
        "all requests that MAX_REQUESTS allows are spent: 5 requests"
    )


def test_each_is_announced_with_its_work_and_its_place(connection: Connection) -> None:
    world = world_of(busy=150, **small(2))
    said: list[str] = []
    labels: set[str] = set()

    def progress(done: int, total: int, label: str = "") -> None:
        labels.add(label)

    reports = ingested(connection, Simulator(world), notify=said.append, progress=progress)
    assert said[0] == "3 repositories to ingest; 4,500 requests can be sent now"
    assert said[1].startswith("acme/busy (1 of 3): about 150 runs to list since ")
    assert " UTC, by the pace of the newest 100; requests: lists 2, " in said[1]
    assert ", earlier attempts 0 or more, jobs about 150; GitHub" in said[1]
    names = ("acme/busy (1 of 3)", "acme/app-00 (2 of 3)", "acme/app-01 (3 of 3)")
    assert labels == {f"{name}: {what}" for name in names for what in ("runs", "jobs of attempts")}
    assert closing_text(reports, None).startswith("3 repositories: 3 complete; ")


def test_each_of_many_takes_one_line(connection: Connection) -> None:
    """Their log is read for what went wrong; how far each one came is in the status."""
    said: list[str] = []
    simulated = Simulator(world_of(busy=200, **small(20)))
    reports = ingested(connection, simulated, max_requests=180, notify=said.append)
    assert said[0].startswith("21 repositories to ingest; ")
    assert all(text.startswith("another round ") for text in said[1:])
    assert set(outcomes(reports).values()) == {"complete", "incomplete"}
    for report in reports:
        text = report_text(report, is_brief=True)
        assert len(text.splitlines()) == 1
        assert text.endswith("; incomplete") == (report.outcome == "incomplete")


def test_the_second_ingest_of_nothing_new_costs_two_requests_each_and_says_it_once(
    connection: Connection,
) -> None:
    world = world_of(**small(5))
    simulated = Simulator(world)
    reports = ingested(connection, simulated)
    assert all(map(is_news, reports))
    assert "nothing new" not in closing_text(reports, None)
    simulated.restart_counters()
    said: list[str] = []
    reports = ingested(connection, simulated, notify=said.append)
    assert simulated.counters.charged <= 10
    assert len(said) == 1 and said[0].startswith("5 repositories to ingest; ")
    assert not any(map(is_news, reports))
    assert closing_text(reports, None).endswith("; nothing new in 5")
    world.add_run(world.repositories[0], created_at=world.now - HOUR)
    reports = ingested(connection, simulated)
    assert [report.repository for report in reports if is_news(report)] == [
        world.repositories[0].full_name
    ]


def test_repositories_are_ingested_side_by_side_within_one_concurrency(
    connection: Connection,
    dsn: str,
) -> None:
    world = world_of(**small(12))
    simulated = Simulator(world, latency=0.05)
    reports = ingested(connection, simulated)
    assert set(outcomes(reports).values()) == {"complete"}
    assert without_jobs(connection) == 0
    assert 2 < simulated.counters.most_in_flight <= 4
    sent = simulated.counters.received.total()
    # Each knows its own requests; the limit was asked for once.
    assert sum(report.ingestion.requests for report in reports if report.ingestion) == sent - 1


def test_a_repository_that_fails_stops_none_of_those_beside_it(
    connection: Connection, dsn: str
) -> None:
    world = world_of(**small(9))

    def fault(request: RequestInfo, ordinal: int) -> Fault | None:
        if request.path.startswith("/repos/acme/app-04/"):
            return Fault(401, {}, b"{}")
        return None

    reports = ingested(connection, Simulator(world, fault=fault))
    assert outcomes(reports).pop("acme/app-04") == "failed"
    assert Counter(outcomes(reports).values()) == {"complete": 8, "failed": 1}


def test_what_fails_in_the_database_for_one_is_raised_when_all_have_stopped(
    connection: Connection, dsn: str
) -> None:
    world = world_of(**small(8))
    said: list[str] = []

    def lose(text: str) -> None:
        said.append(text)
        if len(said) == 5:
            with psycopg.connect(dsn, autocommit=True) as other:
                other.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity "
                    "where datname = current_database() and pid <> pg_backend_pid()"
                )

    before = threading.active_count()
    with pytest.raises(psycopg.OperationalError):
        ingested(connection, Simulator(world), notify=lose)
    assert threading.active_count() <= before


def test_an_interruption_stops_all_and_each_says_so(connection: Connection, dsn: str) -> None:
    world = world_of(busy=40, **small(11))
    simulated = Simulator(world, latency=0.02)
    # The third request for jobs is met by Ctrl-C, in the thread that waits for the repositories.
    asked = 0

    def interrupt(request: RequestInfo, ordinal: int) -> None:
        nonlocal asked
        asked += request.path.endswith("/jobs")
        if asked == 3:
            os.kill(os.getpid(), signal.SIGINT)

    simulated.before = interrupt
    reports = ingested(connection, simulated)
    said = Counter(outcomes(reports).values())
    assert 1 <= said["interrupted"] <= 4 and len(reports) < 12
    rows = connection.execute("select outcome, finished_at from ingestions").fetchall()
    assert all(row["finished_at"] for row in rows)
    # One that was interrupted before GitHub identified it is in no table yet.
    recorded = Counter(report.outcome for report in reports if report.ingestion)
    assert Counter(row["outcome"] for row in rows) == recorded
    assert connection.execute("select from leases").rowcount == 0
    simulated.before = None
    again = outcomes(ingested(connection, simulated))
    assert again == dict.fromkeys(again, "complete") and len(again) == 12
    assert without_jobs(connection) == 0


def test_a_repository_that_is_named_twice_is_ingested_once(connection: Connection) -> None:
    world = world_of(new=30)
    world.former_names["acme/old"] = world.repositories[0]
    said: list[str] = []
    for concurrency in (4, 1):
        with tools(connection, Simulator(world), notify=said.append) as given:
            given = replace(given, concurrency=concurrency)
            (report,) = ingest(given, ["acme/old", "acme/new"])
        assert (report.repository, report.outcome) == ("acme/new", "complete")
    about_both = [text for text in said if "are one repository, which is ingested once" in text]
    assert len(about_both) == 2
    assert all("acme/old" in text and "acme/new" in text for text in about_both)
