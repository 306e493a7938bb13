"""An ingest stores what GitHub holds, whatever happens on the way, and stores it once."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.pq import TransactionStatus
from support.clients import client
from support.complete import assert_attempts, stored
from support.rows import workflow_run

from telemetry import TelemetryError
from telemetry.database.connection import Connection, execute, open_connection
from telemetry.database.upserts import upsert
from telemetry.report.period import period
from telemetry.runs.ingest import ingest
from telemetry.runs.lists.listing import Limits
from telemetry.runs.request import Report, Tools, Wanted
from telemetry.runs.store import store_attempts
from telemetry.settings import UsageError
from telemetry.simulated import faults
from telemetry.simulated.faults import Fault, RequestInfo
from telemetry.simulated.month import team_month
from telemetry.simulated.server import Simulator
from telemetry.simulated.world import World
from telemetry.times import Length

pytestmark = pytest.mark.scenario

REPOSITORY = "acme/app"
# Never the present: this module is loaded long before its tests run.
NOW = datetime(2026, 3, 2, 12, 0, 0, tzinfo=UTC)


@pytest.fixture
def world() -> World:
    return team_month(seed=3, now=NOW, runs_per_day=7)


def wanted(since: datetime | timedelta | None = timedelta(days=40), **changes: Any) -> Wanted:
    return Wanted(since, NOW - timedelta(days=180), **{"jobs": False, **changes})


def ingest_one(
    connection: Connection,
    simulated: Simulator,
    *,
    max_requests: int | None = None,
    max_wait: float = 120,
    reserve: float = 0,
    name: str = REPOSITORY,
    **changes: Any,
) -> Report:
    """One ingest of the simulated repository; runs only, unless jobs are wanted."""
    options = {"wanted": wanted(), "concurrency": 4, "clock": NOW.timestamp, **changes}
    with client(simulated, max_wait=max_wait, reserve=reserve) as made:
        tools = Tools(connection, made, **options)
        (report,) = ingest(tools, [name], max_requests)
    return report


def recorded_ingestions(connection: Connection) -> list[dict[str, Any]]:
    return connection.execute("select * from ingestions order by started_at").fetchall()


def test_rows_equal_the_truth_field_by_field(connection: Connection, world: World) -> None:
    report = ingest_one(connection, Simulator(world))
    assert report.outcome == "complete"
    assert len(stored(connection)) > 200
    assert_attempts(connection, world)


def test_until_jobs_are_listed_an_attempt_ends_with_its_last_change(
    connection: Connection, world: World
) -> None:
    ingest_one(connection, Simulator(world))
    for row in stored(connection):
        assert row["completed_at"] == row["updated_at"]
        seconds = (row["updated_at"] - row["started_at"]).total_seconds()
        assert row["duration_seconds"] == max(0, seconds)


def test_a_second_ingest_changes_nothing_and_costs_one_request(
    connection: Connection, world: World
) -> None:
    simulated = Simulator(world)
    (repository,) = world.repositories
    for run in world.open_runs(repository):
        world.finish(run)
    ingest_one(connection, simulated)
    before = stored(connection)
    simulated.restart_counters()
    second = ingest_one(connection, simulated).ingestion
    assert second is not None
    assert (second.inserted, second.updated) == (0, 0)
    assert stored(connection) == before
    assert simulated.counters.received == {"runs": 1}


def a_day_later(connection: Connection, days: int = 1) -> None:
    """As if the last ingest had been that long ago."""
    for column in ("listed_at",):
        connection.execute(
            f"update windows set {column} = {column} - interval '{days} days 1 hour'"
        )


def test_the_counts_of_an_ingest_add_up_and_are_recorded(
    connection: Connection, world: World
) -> None:
    report = ingest_one(connection, Simulator(world))
    (row,) = recorded_ingestions(connection)
    assert report.ingestion is not None
    assert row == vars(report.ingestion)
    (repository,) = world.repositories
    assert row["fetched"] == len(repository.runs)
    assert row["not_completed"] == len(world.open_runs(repository)) > 0
    counts = ("inserted", "updated", "unchanged", "not_completed", "unreadable")
    assert row["fetched"] == sum(row[name] for name in counts)
    assert (row["outcome"], row["error"]) == ("complete", None)


@pytest.mark.parametrize("concurrency", [1, 4])
def test_fifteen_hundred_runs_are_all_stored_though_a_filter_would_end_at_a_thousand(
    connection: Connection, concurrency: int
) -> None:
    world = team_month(seed=1, now=NOW, runs_per_day=52)
    (repository,) = world.repositories
    assert len(repository.runs) > 1_500
    simulated = Simulator(world)
    report = ingest_one(connection, simulated, concurrency=concurrency)
    assert_attempts(connection, world)
    assert report.ingestion is not None
    rerun = sum(attempt.run_attempt > 1 for attempt in world.attempts(repository))
    pages = -(-len(repository.runs) // 100)
    # One lists what is older, one may prove the pages that were read ahead, and three ask about
    # the repository, its workflows and its retention.
    assert pages + rerun + 4 <= report.ingestion.requests <= pages + rerun + 5


def test_the_list_is_read_no_further_than_a_page_of_older_runs(
    connection: Connection,
) -> None:
    world = team_month(seed=1, now=NOW, runs_per_day=40)
    since = NOW - timedelta(days=7)
    simulated = Simulator(world)
    report = ingest_one(connection, simulated, wanted=wanted(since), concurrency=1)
    assert_attempts(connection, world, since)
    (repository,) = world.repositories
    younger = sum(run.created_at >= since.timestamp() for run in repository.runs)
    assert report.ingestion is not None
    assert simulated.counters.received["runs"] <= younger // 100 + 1
    assert report.ingestion.since == since


def test_runs_that_arrive_while_the_list_is_read_are_counted_once(
    connection: Connection, world: World
) -> None:
    (repository,) = world.repositories

    def before(request: RequestInfo, ordinal: int) -> None:
        for _ in range(7):
            world.finish(world.add_run(repository))

    listed = len(repository.runs)
    report = ingest_one(connection, Simulator(world, before=before), concurrency=1)
    assert report.ingestion is not None
    assert report.ingestion.fetched == listed + 7
    assert len(stored(connection)) == report.ingestion.inserted + report.attempts
    ingest_one(connection, Simulator(world))
    assert_attempts(connection, world)


def test_a_run_in_progress_is_stored_when_it_has_ended(
    connection: Connection, world: World
) -> None:
    simulated = Simulator(world)
    ingest_one(connection, simulated)
    (repository,) = world.repositories
    still_open = world.open_runs(repository)
    assert still_open
    world.advance(timedelta(minutes=1))
    for run in world.open_runs(repository):
        world.finish(run)
    report = ingest_one(connection, simulated)
    assert report.ingestion is not None
    assert report.ingestion.inserted == len(still_open)
    assert_attempts(connection, world)


def test_a_rerun_adds_an_attempt_and_keeps_the_one_before(
    connection: Connection, world: World
) -> None:
    simulated = Simulator(world)
    ingest_one(connection, simulated)
    (repository,) = world.repositories
    run = next(r for r in repository.runs if len(r.attempts) == 1)
    world.rerun(run, conclusion="failure")
    world.advance(timedelta(minutes=1))
    world.finish(run)
    a_day_later(connection)
    ingest_one(connection, simulated)
    attempts = [row for row in stored(connection) if row["github_run_id"] == run.id]
    assert [row["run_attempt"] for row in attempts] == [1, 2]
    assert attempts[1]["conclusion"] == "failure"
    assert attempts[0]["created_at"] == attempts[1]["created_at"]


def test_full_believes_no_cache_that_says_nothing_has_changed(connection: Connection) -> None:
    world = team_month(seed=3, now=NOW, runs_per_day=40)
    (repository,) = world.repositories
    simulated = Simulator(world)
    for _ in range(2):  # the second one keeps ETags
        ingest_one(connection, simulated)
        a_day_later(connection)
    # Neighbours with as many runs are not listed together.
    kept = connection.execute(
        "select created_from, created_to from windows where etag is not null and seen > 50"
    ).fetchone()
    assert kept is not None
    low, high = kept["created_from"].timestamp(), kept["created_to"].timestamp()
    run = next(run for run in repository.runs if low <= run.created_at < high)
    world.rerun(run)
    world.advance(timedelta(minutes=1))
    world.finish(run)
    simulated.fault = lambda request, _: Fault(304) if "if-none-match" in request.headers else None

    def attempts() -> int:
        return sum(row["github_run_id"] == run.id for row in stored(connection))

    before = attempts()
    ingest_one(connection, simulated)
    assert attempts() == before
    world.advance(timedelta(minutes=1))
    ingest_one(connection, simulated, wanted=wanted(full=True))
    assert attempts() == before + 1


def test_each_deleted_run_costs_one_request_and_no_wait(
    connection: Connection, world: World
) -> None:
    simulated = Simulator(world)
    ingest_one(connection, simulated)
    (repository,) = world.repositories
    deleted = [run for run in repository.runs if run.created_at < world.second - 3 * 86_400][-40:]
    for run in deleted:
        world.delete(repository, run)
    a_day_later(connection)
    simulated.restart_counters()
    slept: list[float] = []
    with client(simulated, sleep=slept.append) as made:
        (report,) = ingest(Tools(connection, made, wanted(), 4), [REPOSITORY])
    assert report.outcome == "complete"
    assert (simulated.counters.received["run"], slept) == (len(deleted), [])
    gone = connection.execute(
        "select github_run_id from workflow_runs where missing_upstream_at is not null"
    )
    assert {row["github_run_id"] for row in gone} == {run.id for run in deleted}


def test_a_repository_made_anew_under_the_same_name_is_another_one(
    connection: Connection, world: World
) -> None:
    simulated = Simulator(world)
    ingest_one(connection, simulated)
    before = len(stored(connection))
    (former,) = world.repositories
    former.full_name = "elsewhere/deleted"
    world.add_run(world.add_repository(REPOSITORY))
    world.advance(timedelta(hours=1))
    said: list[str] = []
    for _ in range(2):
        ingest_one(connection, simulated, notify=said.append)
    kept = f"{REPOSITORY} (id {former.id})"
    told = f"{REPOSITORY} is another repository than before, whose rows are kept as {kept}"
    assert said.count(told) == 1
    names = [row["repository"] for row in stored(connection)]
    assert (names.count(REPOSITORY), names.count(kept)) == (1, before)


def test_a_renamed_repository_keeps_its_history(connection: Connection, world: World) -> None:
    simulated = Simulator(world)
    ingest_one(connection, simulated)
    before = len(stored(connection))
    world.rename(world.repositories[0], "acme/renamed")
    said: list[str] = []
    # Only the last day is listed again; the older runs get the new name all the same.
    report = ingest_one(connection, simulated, wanted=wanted(timedelta(days=1)), notify=said.append)
    assert report.repository == "acme/renamed"
    assert any("is now called acme/renamed" in text for text in said)
    assert {row["repository"] for row in stored(connection)} == {"acme/renamed"}
    heads = {row["head_repository"] for row in stored(connection)}
    assert "acme/renamed" in heads and REPOSITORY not in heads
    assert len(stored(connection)) == before
    names = connection.execute("select repository from repositories").fetchall()
    assert [row["repository"] for row in names] == ["acme/renamed"]
    # Then it moves, and is ingested by the name it has there, as one of an owner's is.
    world.rename(world.repositories[0], "beta/moved")
    for _ in range(2):
        ingest_one(connection, simulated, name="beta/moved", notify=said.append)
    assert sum("acme/renamed is now called beta/moved" in text for text in said) == 1
    asked = {"names": ["acme/app", "ACME/renamed"]}
    found = execute(connection, "status/present_names", asked).fetchall()
    assert [row["repository"] for row in found] == ["beta/moved"] * 2


def people(connection: Connection) -> dict[str | None, int]:
    """The logins of the runs, and how many each has."""
    rows = connection.execute("select actor, count(*) as runs from workflow_runs group by 1")
    return {row["actor"]: row["runs"] for row in rows}


def test_an_account_with_a_new_login_keeps_its_history(connection: Connection) -> None:
    world = World(NOW)
    repository = world.add_repository(REPOSITORY)
    for days in range(120, -1, -30):
        world.add_run(repository, created_at=NOW - timedelta(days=days, hours=1))
    simulated, since = Simulator(world), wanted(timedelta(days=150))
    ingest_one(connection, simulated, wanted=since)
    assert people(connection) == {"dev-1": 5}
    world.rename_account("dev-1", "new-login")
    # Another account takes the former login.
    world.add_run(repository)
    world.advance(timedelta(hours=1))
    ingest_one(connection, simulated, wanted=since, clock=world.now.timestamp)
    assert people(connection) == {"dev-1": 1, "new-login": 5}


def test_the_runs_of_a_deleted_account_stay_its_own(connection: Connection) -> None:
    world = World(NOW)
    repository = world.add_repository(REPOSITORY)
    run = world.add_run(repository, created_at=NOW - timedelta(hours=1))
    simulated = Simulator(world)
    ingest_one(connection, simulated)
    # GitHub shows one account in place of all deleted ones.
    run.actor = run.attempts[0].actor = world.account("ghost")
    world.add_run(repository).actor = run.actor
    world.advance(timedelta(hours=1))
    ingest_one(connection, simulated, clock=world.now.timestamp)
    assert people(connection) == {"dev-1": 1, None: 1}


def test_an_account_whose_login_another_one_has_now_is_named_with_its_number(
    connection: Connection,
) -> None:
    def store(run_id: int, account_id: int | None, login: str) -> None:
        run = workflow_run(github_run_id=run_id, actor_id=account_id, actor=login)
        store_attempts(connection, [run])

    store(1, 5, "ann")
    store(2, 5, "ann")
    store(3, 6, "Ann")
    assert people(connection) == {"ann (id 5)": 2, "Ann": 1}
    # It was given a new login, and then its former one, which the other gave up.
    store(4, 5, "bea")
    assert people(connection) == {"Ann": 1, "bea": 3}
    store(5, 5, "ann")
    assert people(connection) == {"ann": 4, "Ann (id 6)": 1}
    # A row without the number is left alone.
    store(6, None, "ann")
    store(7, 5, "cleo")
    assert people(connection) == {"Ann (id 6)": 1, "ann": 1, "cleo": 5}


def test_an_earlier_attempt_gets_the_account_of_a_later_one(connection: Connection) -> None:
    """Version 1.0 stored no ids, and lists show the latest attempt only."""
    for attempt, who in ((1, "ann"), (2, "bob"), (3, "ann")):
        said = {"run_attempt": attempt, "actor": "ann", "triggering_actor": who}
        upsert(connection, [workflow_run(**said)])
    listed = {"actor": "anna", "actor_id": 5, "triggering_actor": "anna", "triggering_actor_id": 5}
    store_attempts(connection, [workflow_run(run_attempt=3, **listed)])
    columns = "actor, actor_id, triggering_actor, triggering_actor_id"
    rows = connection.execute(f"select {columns} from workflow_runs order by run_attempt")
    whole = ("anna", 5, "anna", 5)
    assert [tuple(row.values()) for row in rows] == [whole, ("anna", 5, "bob", None), whole]


def test_a_repository_without_runs_is_complete(connection: Connection) -> None:
    world = World(NOW)
    world.add_repository(REPOSITORY)
    report = ingest_one(connection, Simulator(world))
    assert report.outcome == "complete"
    assert report.ingestion is not None
    assert (report.ingestion.fetched, report.ingestion.requests) == (0, 6)


def test_a_repository_that_fails_does_not_stop_the_others(
    connection: Connection, world: World
) -> None:
    with client(Simulator(world)) as made:
        reports = list(ingest(Tools(connection, made, wanted()), ["acme/gone", REPOSITORY]))
    assert [report.outcome for report in reports] == ["failed", "complete"]
    assert reports[0].ingestion is None
    assert "404" in (reports[0].error or "")
    assert_attempts(connection, world)


@pytest.mark.parametrize(
    "fault",
    [
        faults.bad_gateway(),
        faults.connection_reset(),
        faults.truncated_body(),
        faults.bad_json(),
        faults.too_many_requests(),
        faults.too_many_requests("1"),
        faults.secondary_limit(),
    ],
    ids=["502", "reset", "truncated", "bad json", "429", "429 with retry-after", "secondary"],
)
def test_temporary_faults_cost_only_requests(
    connection: Connection, world: World, fault: Fault
) -> None:
    """Of several requests at a time; tests/github has one request after another."""
    asked: set[str] = set()

    def at_first(request: RequestInfo, ordinal: int) -> Fault | None:
        url = f"{request.path} {sorted(request.query.items())}"
        is_first = url not in asked
        asked.add(url)
        return fault if is_first else None

    simulated = Simulator(world, fault=at_first)
    report = ingest_one(connection, simulated, concurrency=4, max_wait=3_600)
    assert report.outcome == "complete", report.error
    assert_attempts(connection, world)


def test_at_the_rate_limit_what_was_fetched_is_kept_and_the_next_ingest_goes_on(
    connection: Connection, world: World
) -> None:
    simulated = Simulator(world, limit=2)
    report = ingest_one(connection, simulated, concurrency=1)
    assert report.outcome == "incomplete"
    assert "rate limit" in (report.error or "")
    assert report.ingestion is not None
    assert len(stored(connection)) == report.ingestion.inserted > 100
    simulated.limit = 5_000
    assert ingest_one(connection, Simulator(world)).outcome == "complete"
    assert_attempts(connection, world)


@pytest.mark.parametrize("concurrency", [1, 4])
def test_runs_beyond_the_end_of_githubs_list_are_listed_by_creation_time(
    connection: Connection, world: World, concurrency: int
) -> None:
    simulated = Simulator(world, unfiltered_cap=200, filtered_cap=50)
    limits = Limits(filtered=50, unfiltered=200)
    report = ingest_one(connection, simulated, concurrency=concurrency, limits=limits)
    assert report.outcome == "complete", report.error
    assert_attempts(connection, world)


def test_an_interruption_keeps_the_pages_before_it_and_is_recorded(
    connection: Connection, world: World
) -> None:
    def interrupt(done: int, total: int, label: str) -> None:
        if done >= 200:
            raise KeyboardInterrupt

    with client(Simulator(world)) as made:
        reports = list(
            ingest(
                Tools(connection, made, wanted(), progress=interrupt), [REPOSITORY, "acme/never"]
            )
        )
    assert [report.outcome for report in reports] == ["interrupted"]
    (row,) = recorded_ingestions(connection)
    assert (row["outcome"], row["fetched"]) == ("interrupted", 200)
    assert len(stored(connection)) == row["inserted"]


class InterruptedCommit(Connection):
    """A connection whose first commit of runs is answered while Ctrl-C arrives."""

    @contextmanager
    def transaction(self, *given: Any, **named: Any) -> Iterator[psycopg.Transaction]:
        is_outer = self.info.transaction_status == TransactionStatus.IDLE
        with super().transaction(*given, **named) as transaction:
            yield transaction
            is_of_runs = is_outer and stored(self)
        if is_of_runs:
            raise KeyboardInterrupt


def test_what_was_stored_when_ctrl_c_came_counts_although_its_answer_was_not_seen(
    dsn: str, world: World
) -> None:
    with client(Simulator(world)) as made, open_connection(dsn) as connection:
        connection.__class__ = InterruptedCommit
        (report,) = ingest(Tools(connection, made, wanted()), [REPOSITORY])
        assert report.outcome == "interrupted" and report.ingestion is not None
        assert report.ingestion.inserted == len(stored(connection)) > 0
        (row,) = recorded_ingestions(connection)
        assert row["inserted"] == report.ingestion.inserted


def test_a_lost_database_is_reported_and_the_pages_before_it_are_kept(
    connection: Connection, world: World, dsn: str
) -> None:
    def lose(done: int, total: int, label: str) -> None:
        if done == 100:
            with psycopg.connect(dsn, autocommit=True) as other:
                other.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity "
                    "where datname = current_database() and pid <> pg_backend_pid()"
                )

    with client(Simulator(world)) as made, pytest.raises(psycopg.OperationalError):
        list(ingest(Tools(connection, made, wanted(), progress=lose), [REPOSITORY]))
    with open_connection(dsn) as again:
        assert 0 < len(stored(again)) <= 100
        # The lease that could not be given back ends by itself.
        again.execute("update leases set expires_at = now() - interval '1 second'")
        ingest_one(again, Simulator(world))
        assert_attempts(again, world)


def test_runs_that_cannot_be_read_are_named_and_the_others_stored(
    connection: Connection, world: World
) -> None:
    (repository,) = world.repositories
    spoiled = {run.id for run in repository.runs[::10]}

    def spoil(body: Any) -> Any:
        for run in body["workflow_runs"]:
            if run["id"] in spoiled:
                run["run_number"] = "many"
        return body

    fault = faults.edited(spoil)
    simulated = Simulator(
        world, fault=lambda request, ordinal: fault if request.kind == "runs" else None
    )
    report = ingest_one(connection, simulated)
    assert report.outcome == "complete"
    assert report.ingestion is not None
    assert report.ingestion.unreadable == len(spoiled)
    assert len(report.unreadable) == 20
    assert "run_number is 'many', not a whole number" in report.unreadable[0]
    assert report.ingestion.inserted + report.attempts == len(stored(connection)) > 200


def test_a_database_of_another_server_is_refused(connection: Connection, world: World) -> None:
    ingest_one(connection, Simulator(world))
    connection.execute("update repositories set api_host = 'github.example'")
    with client(Simulator(world)) as made, pytest.raises(TelemetryError, match=r"github\.example"):
        list(ingest(Tools(connection, made, wanted()), [REPOSITORY]))


def test_the_estimate_comes_first_and_names_runs_requests_and_limit(
    connection: Connection, world: World
) -> None:
    said: list[str] = []
    ingest_one(connection, Simulator(world, limit=5_000), notify=said.append)
    (repository,) = world.repositories
    assert said[0].startswith(f"acme/app: about {len(repository.runs):,} runs to list since ")
    assert f"requests: lists {-(-len(repository.runs) // 100)}, earlier attempts " in said[0]
    assert "; GitHub allows 4,999 more until" in said[0]


def test_an_interval_shorter_than_the_first_page_is_estimated_exactly(
    connection: Connection, world: World
) -> None:
    said: list[str] = []
    ingest_one(connection, Simulator(world), wanted=wanted(timedelta(hours=30)), notify=said.append)
    (repository,) = world.repositories
    since = (NOW - timedelta(hours=30)).timestamp()
    younger = sum(run.created_at >= since for run in repository.runs)
    assert said[0].startswith(f"acme/app: about {younger} runs to list since ")
    assert "requests: lists 1, " in said[0] and "pace" not in said[0]


def test_without_a_since_the_last_thirty_days_are_wanted_or_less_if_less_is_kept() -> None:
    month = (NOW - timedelta(days=30)).replace(hour=0, minute=0, second=0, microsecond=0)
    horizon = NOW - timedelta(days=180)
    assert Wanted(None, horizon).start(NOW) == month
    # As the period of a report does; a shorter age is exact, and nothing before the horizon counts.
    assert (
        Wanted(timedelta(days=30), horizon).start(NOW)
        == month
        == (period(timedelta(30), NOW).since)
    )
    # As the option gives it: in days, or in calendar months.
    assert Wanted(Length(rest=timedelta(days=30)), horizon).start(NOW) == month
    assert Wanted(Length(months=1), horizon).start(NOW) == datetime(2026, 2, 2, tzinfo=UTC)
    assert Wanted(timedelta(hours=36), horizon).start(NOW) == NOW - timedelta(hours=36)
    assert Wanted(timedelta(days=180), horizon).start(NOW) == horizon
    assert Wanted(None, NOW - timedelta(days=7)).start(NOW) == NOW - timedelta(days=7)


def test_a_since_beyond_what_is_kept_is_refused() -> None:
    with pytest.raises(UsageError, match="would be pruned at once; choose a later SINCE"):
        Wanted(timedelta(days=200), NOW - timedelta(days=180)).start(NOW)


def test_a_since_in_the_future_is_refused() -> None:
    with pytest.raises(UsageError, match="lies in the future"):
        Wanted(NOW + timedelta(days=1), NOW - timedelta(days=180)).start(NOW)


def test_a_since_that_cannot_be_kept_is_refused_before_any_request(
    connection: Connection, world: World
) -> None:
    simulated = Simulator(world)
    with pytest.raises(UsageError):
        ingest_one(connection, simulated, wanted=wanted(timedelta(days=200)))
    assert not simulated.counters.received


@pytest.mark.parametrize("most", [3, 5, 19])
def test_an_ingest_sends_no_more_than_it_may_and_the_next_lists_nothing_again_but_the_newest(
    connection: Connection, most: int
) -> None:
    world = World(NOW)
    repository = world.add_repository(REPOSITORY)
    for number in range(700):
        world.add_run(repository, created_at=NOW - timedelta(minutes=30 * (number + 1)))
    simulated = Simulator(world)
    spent = ingests = 0
    while spent < 60 and ingest_one(connection, simulated, max_requests=most).outcome != "complete":
        sent = simulated.restart_counters().received.total()
        assert sent <= most
        spent, ingests = spent + sent, ingests + 1
    assert_attempts(connection, world)
    # Besides 7 pages: the newest one at each ingest, three questions, and the end of the list.
    assert ingests <= spent <= 7 + ingests + 3 + 2


def test_the_later_of_two_ingests_in_one_second_is_the_last(
    connection: Connection, world: World
) -> None:
    simulated = Simulator(world, clock=lambda: NOW)
    moments = [0.9, 0.1, 0.5]
    for moment in moments:
        with client(simulated) as made:
            tools = Tools(connection, made, wanted(), clock=lambda at=moment: NOW.timestamp() + at)
            list(ingest(tools, [REPOSITORY]))
    rows = connection.execute("select inserted from ingestions order by started_at").fetchall()
    assert [row["inserted"] > 0 for row in rows] == [True, False, False]
