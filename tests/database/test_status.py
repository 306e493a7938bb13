"""Status says what is stored, and in words what is stale or went wrong."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from support.clients import NOW, REPOSITORY
from support.llm_costs import OURS
from support.rows import llm_call, workflow_job, workflow_run
from support.verifications import ingested_by, settled_runs

from telemetry import in_words, installation
from telemetry.database.connection import Connection, execute, open_connection
from telemetry.database.prices import load_llm_prices
from telemetry.database.prune import prune
from telemetry.database.retention import Retention, horizon
from telemetry.database.status import status
from telemetry.database.upserts import upsert
from telemetry.rows.runs import Repository
from telemetry.simulated.month import team_month
from telemetry.simulated.server import Simulator
from telemetry.simulated.world import World
from telemetry.summaries.status import proof_text, status_text
from telemetry.terminal import Screen
from telemetry.times import keep


def ingested(connection: Connection, hours_ago: float, **changes: Any) -> None:
    values = {"outcome": "complete", "error": None, "unreadable": 0, "finished": True, **changes}
    upsert(connection, [Repository(7, "acme/app", "api.github.com")])
    connection.execute(
        "insert into ingestions select 7, now() - %(hours)s * interval '1 hour', "
        "case when %(finished)s then now() - %(hours)s * interval '1 hour' end, %(outcome)s, "
        "now(), 1 + %(unreadable)s, 1, 0, 0, 0, %(unreadable)s, 0, 1, 0, %(error)s",
        {"hours": hours_ago, **values},
    )


def test_what_github_deletes_soon_is_measured_by_the_clock_of_the_database(
    connection: Connection,
) -> None:
    """As all ages are, whichever clock this machine has."""
    ingested(connection, 1)
    upsert(connection, [workflow_run(created_at=datetime.now(UTC) - timedelta(days=80))])
    assert [row["leaving_runs"] for row in status(connection).leaving] == [0]
    with connection.transaction(force_rollback=True):
        connection.execute("create schema ahead")
        connection.execute(
            "create function ahead.now() returns timestamptz language sql "
            "as $$ select pg_catalog.now() + interval '5 days' $$"
        )
        connection.execute("set local search_path = ahead, public, pg_catalog")
        assert [row["leaving_runs"] for row in status(connection).leaving] == [1]


@pytest.mark.parametrize(
    ("started_ago", "created_ago", "is_told"), [(1, -2, True), (-2, 1, True), (1, -0.5, False)]
)
def test_a_clock_of_the_database_that_is_behind_is_a_concern(
    connection: Connection, started_ago: float, created_ago: float, is_told: bool
) -> None:
    """What is stored is then of a time that has not come yet, and any age looks fresh."""
    ingested(connection, started_ago)
    upsert(connection, [workflow_run(created_at=datetime.now(UTC) - timedelta(hours=created_ago))])
    told = [text for text in status(connection).concerns if "the database's clock says" in text]
    assert len(told) == is_told


def test_a_moment_in_the_past_is_no_clock_that_is_behind(connection: Connection) -> None:
    """A report as of a past moment asks for ages at that moment."""
    ingested(connection, 1)
    upsert(connection, [workflow_run(created_at=datetime.now(UTC) - timedelta(hours=2))])
    past = status(connection, now=datetime.now(UTC) - timedelta(days=20))
    assert not any("clock" in text for text in past.concerns)


def test_repositories_and_tables_are_counted(connection: Connection) -> None:
    ingested(connection, 1)
    runs = [workflow_run(), workflow_run(run_attempt=2), workflow_run(github_run_id=2)]
    upsert(connection, runs)
    upsert(connection, [llm_call()])
    found = status(connection)
    (row,) = found.repositories
    assert (row["repository"], row["runs"], row["attempts"]) == ("acme/app", 2, 3)
    assert row["newest_created_at"] == runs[0].created_at
    tables = {row["table_name"]: row["rows"] for row in found.tables}
    assert {name: rows for name, rows in tables.items() if rows} == {
        "workflow_runs": 3,
        "llm_calls": 1,
        "repositories": 1,
        "ingestions": 1,
        "retention": 1,
    }
    assert all(row["bytes"] > 0 for row in found.tables)


def test_a_repositorys_size_is_its_share_of_attempts_jobs_and_steps(
    connection: Connection,
) -> None:
    """The attempts alone take a thirtieth of the space of their jobs and steps."""
    upsert(connection, [Repository(7, "acme/app", "api.github.com")])
    upsert(connection, [Repository(8, "acme/site", "api.github.com")])
    runs = [workflow_run(github_run_id=number) for number in (1, 2, 3)]
    runs.append(workflow_run(github_run_id=4, repository_id=8, repository="acme/site"))
    upsert(connection, runs)
    upsert(connection, [workflow_job(github_run_id=4, job_id=job) for job in (1, 2, 3)])
    upsert(connection, [workflow_job(github_run_id=1, job_id=4)])
    found = status(connection)
    whole = {row["table_name"]: row["bytes"] for row in found.tables}
    attempts, jobs = (
        whole["workflow_runs"],
        whole["workflow_jobs"] + whole["workflow_steps"],
    )
    sizes = {row["repository"]: row["bytes"] for row in found.repositories}
    assert sizes == {
        "acme/app": round(attempts * 3 / 4 + jobs / 4),
        "acme/site": round(attempts / 4 + jobs * 3 / 4),
    }


def test_a_fresh_database_raises_no_concern(connection: Connection) -> None:
    ingested(connection, 1)
    assert status(connection).concerns == []


def test_an_empty_database_says_how_to_begin(connection: Connection) -> None:
    found = status(connection, timedelta(hours=12))
    assert found.concerns == ["nothing has been ingested yet; try: make ingest REPO=owner/name"]
    assert found.too_old == ["every repository"]


def test_an_old_ingest_is_a_concern_in_words(connection: Connection) -> None:
    ingested(connection, 61 * 24)
    (said,) = status(connection).concerns
    assert said == (
        "acme/app: the last complete ingest was 61 days ago; has its schedule stopped? "
        "To watch it no longer: make forget REPO=acme/app"
    )


def test_the_old_data_of_the_demo_can_only_be_made_anew(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installation, "_with_demo", frozenset({"status", "check"}))
    ingested(connection, 61 * 24)
    (said,) = status(connection).concerns
    assert (
        said
        == "acme/app: the last complete ingest was 61 days ago; to recreate the data: make demo"
    )
    assert installation.typed("check TOP=5") == "make check TOP=5 DEMO=1"


@pytest.mark.parametrize(("hours", "too_old"), [(11.9, []), (12.1, ["acme/app"])])
def test_a_repository_older_than_the_maximum_age_is_named(
    connection: Connection, hours: float, too_old: list[str]
) -> None:
    ingested(connection, hours)
    assert status(connection, timedelta(hours=12)).too_old == too_old


def test_a_repository_that_never_completed_is_too_old_for_any_age(connection: Connection) -> None:
    ingested(connection, 1, outcome="failed", error="no answer")
    found = status(connection, timedelta(days=999))
    assert found.too_old == ["acme/app"]
    assert found.concerns == [
        "acme/app: no ingest has completed yet",
        "acme/app: the last ingest failed: no answer",
    ]


def test_a_failure_after_a_success_is_a_concern_but_not_too_old(connection: Connection) -> None:
    ingested(connection, 3)
    ingested(connection, 1, outcome="incomplete", error="rate limit reached")
    found = status(connection, timedelta(hours=12))
    assert found.too_old == []
    assert found.concerns == ["acme/app: the last ingest was incomplete: rate limit reached"]


def test_an_ingest_without_an_end_is_a_concern(connection: Connection) -> None:
    ingested(connection, 20)
    ingested(connection, 5, outcome="running", finished=False)
    (said,) = status(connection).concerns
    assert said == (
        "acme/app: an ingest began 5 hours ago and has not ended; it still runs, or was killed"
    )


def test_runs_that_could_not_be_read_are_a_concern(connection: Connection) -> None:
    ingested(connection, 1, unreadable=3)
    assert status(connection).concerns == ["acme/app: 3 runs could not be read at the last ingest"]


def test_a_reader_without_rights_to_write_gets_an_answer(connection: Connection) -> None:
    ingested(connection, 1)
    with connection.transaction():
        connection.execute("set transaction read only")
        assert status(connection).repositories


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 seconds"),
        (1, "1 second"),
        (-3, "0 seconds"),
        (119, "119 seconds"),
        (120, "2 minutes"),
        (7_200, "2 hours"),
        (129_600, "36 hours"),
        (61 * 86_400, "61 days"),
    ],
)
def test_lengths_of_time_in_words(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


# The proof

AGO = timedelta(days=3)


@pytest.fixture(scope="module")
def moment() -> datetime:
    """Three days ago; what is advanced is still past for the database."""
    return datetime.now(UTC).replace(microsecond=0) - AGO


def world_at(moment: datetime) -> World:
    """A month at whose end, at any hour, a run has not ended."""
    world = team_month(seed=3, now=moment, runs_per_day=8, days_ahead=3)
    world.add_run(world.repositories[0], created_at=moment - timedelta(minutes=5))
    return world


@pytest.fixture
def world(moment: datetime) -> World:
    return world_at(moment)


@pytest.fixture(scope="module")
def ingested_once(
    new_database: Callable[[str], str], migrated: str, moment: datetime
) -> Iterator[Connection]:
    """A database in which an ingest has stored that world."""
    with open_connection(new_database(migrated)) as opened:
        ingested_by(opened, Simulator(world_at(moment)))
        yield opened


@pytest.fixture
def month(ingested_once: Connection) -> Iterator[Connection]:
    """A connection to it, in a transaction that is rolled back."""
    with ingested_once.transaction(force_rollback=True):
        yield ingested_once


def proof(connection: Connection) -> dict[str, Any]:
    (row,) = status(connection).proof
    return row


def assert_balanced(row: dict[str, Any]) -> None:
    here = row["stored_runs"] - row["gone_runs"] - row["unlisted_runs"] + row["open_runs"]
    assert row["reported_runs"] == here
    assert row["unequal_windows"] == 0


def about_the_proof(connection: Connection) -> list[str]:
    """The concerns, but for those that tell how long ago the last ingest was."""
    return [text for text in status(connection).concerns if "its schedule stopped" not in text]


@pytest.mark.scenario
def test_after_the_first_ingest_each_term_is_true(month: Connection, world: World) -> None:
    (repository,) = world.repositories
    ended = {a.github_run_id for a in world.attempts(repository) if a.status == "completed"}
    still_open = [run for run in repository.runs if run.id not in ended]
    row = proof(month)
    assert_balanced(row)
    assert row["reported_runs"] + row["elsewhere_runs"] == len(repository.runs) > 200
    assert row["stored_runs"] + row["open_runs"] == row["reported_runs"]
    assert 0 < row["open_runs"] <= len(still_open)
    assert (row["gone_runs"], row["unlisted_runs"]) == (0, 0)
    assert (row["pending_attempts"], row["gone_attempts"]) == (0, 0)
    assert (row["incomplete_windows"], row["due_windows"] > 0, row["gaps"]) == (0, True, 0)
    assert about_the_proof(month) == []


@pytest.mark.scenario
def test_a_day_of_changes_later_it_still_adds_up(month: Connection, world: World) -> None:
    simulated = Simulator(world)
    (repository,) = world.repositories
    before, deleted, rerun = proof(month), settled_runs(world)[:3], settled_runs(world)[3:6]
    for run in deleted:
        world.delete(repository, run)
    for run in rerun:
        world.rerun(run, conclusion="failure")
    world.advance(timedelta(hours=26))
    ingested_by(month, simulated)
    row = proof(month)
    assert_balanced(row)
    assert row["gone_runs"] == 3
    assert row["reported_runs"] + row["elsewhere_runs"] == len(repository.runs)
    assert row["stored_runs"] > before["stored_runs"]
    assert row["last_sweep_at"] >= before["last_sweep_at"] + timedelta(hours=26)
    assert about_the_proof(month) == []


@pytest.mark.scenario
def test_it_adds_up_at_every_moment_of_three_days(connection: Connection, world: World) -> None:
    simulated = Simulator(world)
    (repository,) = world.repositories
    for step in range(7):
        ingested_by(connection, simulated)
        assert_balanced(proof(connection))
        world.delete(repository, settled_runs(world)[step])
        world.rerun(settled_runs(world)[-step - 1])
        world.advance(timedelta(hours=9))


@pytest.mark.scenario
def test_a_run_whose_second_attempt_is_open_counts_once(month: Connection, world: World) -> None:
    simulated = Simulator(world)
    before, run = proof(month), settled_runs(world)[0]
    world.advance(timedelta(hours=25))
    world.rerun(run)
    ingested_by(month, simulated)
    assert (
        month.execute(
            "select from open_runs where github_run_id = %s and run_attempt = 2", [run.id]
        ).rowcount
        == 1
    )
    row = proof(month)
    assert_balanced(row)
    assert row["stored_runs"] >= before["stored_runs"]
    assert row["oldest_open_created_at"] == datetime.fromtimestamp(run.created_at, UTC)


@pytest.mark.scenario
def test_runs_left_out_of_a_list_are_counted_separately_until_probed(
    month: Connection, world: World
) -> None:
    simulated = Simulator(world)
    for run in settled_runs(world)[:60]:
        world.delete(world.repositories[0], run)
    world.advance(timedelta(hours=25))
    ingested_by(month, simulated)
    row = proof(month)
    assert_balanced(row)
    assert (row["gone_runs"], row["unlisted_runs"]) == (50, 10)
    assert "− 50 gone from GitHub − 10 left out of the last list" in proof_text(row)
    ingested_by(month, simulated)
    assert proof(month)["gone_runs"] == 60
    assert_balanced(proof(month))


@pytest.mark.scenario
def test_a_run_found_missing_after_its_window_was_listed_was_reported(
    month: Connection, world: World
) -> None:
    before, run = proof(month), settled_runs(world)[0]
    month.execute(
        "update workflow_runs set missing_upstream_at = now() where github_run_id = %s", [run.id]
    )
    row = proof(month)
    assert_balanced(row)
    assert row["gone_runs"] == before["gone_runs"] == 0


@pytest.mark.scenario
def test_a_lost_run_is_a_concern_that_names_its_time(month: Connection, world: World) -> None:
    before, run = proof(month), settled_runs(world)[0]
    month.execute("delete from workflow_runs where github_run_id = %s", [run.id])
    row = proof(month)
    assert row["unequal_windows"] == 1
    assert row["stored_runs"] == before["stored_runs"] - 1
    assert row["unequal_from"] <= datetime.fromtimestamp(run.created_at, UTC)
    (said,) = about_the_proof(month)
    assert said == (
        "acme/app: the stored runs differ from what GitHub reported, first among those created "
        "from "
        f"{row['unequal_from']:%Y-%m-%d %H:%M:%S} UTC; to see which runs: make verify REPO=acme/app"
        "; to list them again: make ingest REPO=acme/app FULL=1"
    )
    assert ": NOT EQUAL" in proof_text(row)


@pytest.mark.scenario
def test_a_surplus_run_does_not_offset_a_missing_one(month: Connection, world: World) -> None:
    first, last = settled_runs(world)[0], settled_runs(world)[-1]
    month.execute("delete from workflow_runs where github_run_id = %s", [first.id])
    month.execute(
        "insert into workflow_runs (github_run_id, repository_id, created_at) "
        "select 1, repository_id, created_at from workflow_runs where github_run_id = %s",
        [last.id],
    )
    row = proof(month)
    assert row["reported_runs"] == row["stored_runs"] + row["open_runs"]
    assert row["unequal_windows"] == 2
    assert len(about_the_proof(month)) == 1


@pytest.mark.scenario
def test_without_a_count_from_github_the_listed_runs_count(month: Connection, world: World) -> None:
    before = proof(month)
    month.execute("update windows set reported = null")
    assert proof(month) == before


@pytest.mark.scenario
def test_attempts_to_fetch_are_those_that_an_ingest_would(month: Connection, world: World) -> None:
    lost, gone = (run.id for run in settled_runs(world, attempts=2)[:2])
    month.execute(
        "delete from workflow_runs where run_attempt = 1 and github_run_id = any(%s)",
        [[lost, gone]],
    )
    month.execute(
        "insert into missing_attempts select %s, 1, repository_id, now() from repositories", [gone]
    )
    row = proof(month)
    pending = execute(
        month,
        "runs/pending_attempts",
        {"repository_id": row["repository_id"], "now": datetime.now(UTC), "forced": False},
    )
    assert row["pending_attempts"] == pending.rowcount == 1
    assert row["gone_attempts"] == 1
    assert_balanced(row)
    left = "acme/app: earlier attempts still to fetch: 1; until then the rates of first attempts "
    assert about_the_proof(month) == [f"{left}leave out their runs"]
    # A failed ingest names its failure, and not what is left.
    month.execute("update ingestions set outcome = 'failed', error = 'no network'")
    assert f"{left}leave out their runs" in about_the_proof(month)


@pytest.mark.scenario
def test_pending_jobs_are_no_concern_if_jobs_are_never_fetched(
    month: Connection, world: World
) -> None:
    with_jobs = "select from workflow_runs where conclusion <> 'skipped'"
    stored = month.execute(with_jobs).rowcount
    row = proof(month)
    assert (row["attempts_without_jobs"], row["attempts_with_jobs"]) == (stored, 0)
    assert about_the_proof(month) == []
    month.execute(
        "update workflow_runs set jobs_listed_at = now() where github_run_id <> %s",
        [settled_runs(world)[0].id],
    )
    assert proof(month)["attempts_without_jobs"] == 1
    assert about_the_proof(month) == ["acme/app: attempts whose jobs are still to fetch: 1"]


@pytest.mark.scenario
def test_an_incomplete_window_is_a_concern_and_not_in_the_equation(
    month: Connection, world: World
) -> None:
    before = proof(month)
    month.execute(
        "update windows set is_complete = false, problem = 'a second is too full' "
        "where created_from = (select min(created_from) from windows where seen > 0)"
    )
    row = proof(month)
    assert_balanced(row)
    assert (row["incomplete_windows"], row["complete_windows"]) == (
        1,
        before["complete_windows"] - 1,
    )
    assert row["reported_runs"] + row["elsewhere_runs"] == (
        before["reported_runs"] + before["elsewhere_runs"]
    )
    assert row["elsewhere_runs"] > before["elsewhere_runs"]
    assert about_the_proof(month) == ["acme/app: a second is too full"]


@pytest.mark.scenario
def test_a_gap_in_the_wanted_interval_is_a_concern(month: Connection, world: World) -> None:
    month.execute(
        "delete from windows where created_from = "
        "(select created_from from windows order by created_from offset 1 limit 1)"
    )
    row = proof(month)
    assert row["gaps"] == 1 and row["gap_seconds"] > 3_600
    (said,) = about_the_proof(month)
    assert " of run creation time are not listed, the first from " in said


@pytest.mark.scenario
def test_pruning_leaves_no_gap_and_the_equation_still_holds(
    month: Connection, world: World
) -> None:
    before = proof(month)
    prune(month, Retention(keep("20 days")), local_time=datetime.now(UTC))
    row = proof(month)
    assert_balanced(row)
    assert 0 < row["reported_runs"] < before["reported_runs"]
    assert row["gaps"] == 0


@pytest.mark.scenario
def test_a_window_that_reaches_far_back_is_trimmed_and_its_proof_stays(
    month: Connection, world: World
) -> None:
    month.execute(
        "update windows set created_from = created_from - interval '100 days' "
        "where created_from = (select min(created_from) from windows)"
    )
    before = proof(month)
    prune(month, Retention(keep("90 days")), local_time=datetime.now(UTC))
    after = proof(month)
    assert_balanced(after)
    terms = ("reported_runs", "stored_runs", "complete_windows", "gaps", "elsewhere_runs")
    assert [after[term] for term in terms] == [before[term] for term in terms]
    moved = horizon(month, Retention(keep("90 days"))).before - after["listed_from"]
    assert moved < timedelta(minutes=1)


@pytest.mark.scenario
def test_a_sweep_that_did_not_happen_is_a_concern(month: Connection, world: World) -> None:
    month.execute("update windows set listed_at = listed_at - interval '2 days'")
    row = proof(month)
    assert 0 < row["overdue_windows"] <= row["due_windows"] <= row["complete_windows"]
    (said,) = about_the_proof(month)
    assert said.endswith("and possibly re-run since, were not listed again")


@pytest.mark.scenario
def test_windows_too_old_for_a_rerun_when_last_listed_are_never_due(
    month: Connection, world: World
) -> None:
    month.execute("update windows set listed_at = created_to + interval '32 days'")
    row = proof(month)
    assert (row["due_windows"], row["overdue_windows"], row["last_sweep_at"]) == (0, 0, None)


@pytest.mark.scenario
def test_the_work_left_by_an_incomplete_ingest_is_reported_once(
    month: Connection, world: World
) -> None:
    month.execute("delete from windows")
    month.execute(
        "update ingestions set outcome = 'incomplete', error = 'limit reached', "
        "is_caught_up = false"
    )
    assert proof(month)["gaps"] == 1
    assert status(month).concerns == [
        "acme/app: no ingest has completed yet",
        "acme/app: the last ingest was incomplete: limit reached",
    ]


def test_each_repository_has_its_own_proof(connection: Connection) -> None:
    names = (REPOSITORY, "acme/site")
    world = team_month(seed=3, now=NOW, repositories=names, runs_per_day=3)
    simulated = Simulator(world)
    for repository in world.repositories:
        ingested_by(connection, simulated, repository.full_name)
    for row, repository in zip(status(connection).proof, world.repositories, strict=True):
        assert row["repository"] == repository.full_name
        assert row["reported_runs"] + row["elsewhere_runs"] == len(repository.runs)
        assert_balanced(row)


@pytest.mark.scenario
def test_a_person_reads_the_proof_at_a_glance(month: Connection, world: World) -> None:
    row = {
        **proof(month),
        "listed_from": datetime(2026, 1, 1, 6, 17, tzinfo=UTC),
        "listed_to": datetime(2026, 1, 31, 6, 16, tzinfo=UTC),
        "reported_runs": 1_559,
        "stored_runs": 1_553,
        "open_runs": 6,
        "elsewhere_runs": 2,
        "attempts_without_jobs": 12,
        "complete_windows": 17,
        "due_windows": 3,
        "last_sweep_at": datetime(2026, 1, 30, 6, 17, tzinfo=UTC),
        "oldest_open_created_at": None,
        "last_requests": 18,
        "last_not_modified": 4,
    }
    assert proof_text(row).splitlines() == [
        "acme/app, runs created 2026-01-01 06:17 to 2026-01-31 06:16",
        "  GitHub reported 1,559 runs = 1,553 stored + 6 open: equal where listed",
        "  to fetch: 0 attempts, jobs of 12 attempts; gone: 0 attempts; not proven yet: 2 runs",
        "  windows: 17 complete, 0 incomplete, 3 due, no gap; last full sweep 2026-01-30 06:17",
        "  oldest open run –; last ingest 18 requests, 22% unchanged (304)",
    ]
    assert proof_text(proof(month)) in status_text(status(month))


def test_before_anything_was_listed_nothing_is_claimed(connection: Connection) -> None:
    ingested(connection, 1)
    first, second, *_ = proof_text(proof(connection)).splitlines()
    assert first == "acme/app"
    assert second == "  nothing is proven yet: no run list has been read completely"


def test_the_run_whose_items_were_given_up_is_named_to_try_it_again(
    connection: Connection,
) -> None:
    ingested(connection, 1)
    runs = ((1, 1), (1, 2), (2, 1))
    upsert(connection, [workflow_run(github_run_id=run, run_attempt=n) for run, n in runs])
    insert = (
        "insert into retries select github_run_id, run_attempt, 'jobs', 7, 'unanswered', '502', 5,"
        " now(), null, updated_at from workflow_runs where github_run_id = %s"
    )
    for run_id, advice in (
        (1, "2, the first: jobs of run 1: 502; to try again: make ingest REPO=acme/app RUN_ID=1"),
        (2, "3, the first: jobs of run 2: 502; to fetch all of them again: make ingest REPO=acm"),
    ):
        connection.execute(insert, [run_id])
        (said,) = [each for each in status(connection).concerns if "given up" in each]
        assert said.startswith(f"acme/app: given up after the last try: {advice}")


def test_windows_that_overlap_are_a_concern_until_they_are_listed_again(
    connection: Connection,
) -> None:
    ingested(connection, 1)
    for first, last in (("01", "05"), ("05", "06"), ("07", "20"), ("08", "09"), ("10", "11")):
        connection.execute(
            "insert into windows values (7, %s, %s, 0, 0, now(), true)",
            [f"2026-01-{first}", f"2026-01-{last}"],
        )
    (concern,) = [said for said in status(connection).concerns if "overlap" in said]
    assert concern == (
        "acme/app: the windows overlap in 2 places, first from 2026-01-08 00:00:00 UTC, so runs "
        "there may count twice; to list them again: make ingest REPO=acme/app FULL=1"
    )
    connection.execute("delete from windows where created_from = '2026-01-07'")
    assert not [said for said in status(connection).concerns if "overlap" in said]


def team(connection: Connection, size: int, failed: int) -> None:
    """So many repositories, the last ingest of the last `failed` of which failed."""
    for number in range(1, size + 1):
        upsert(connection, [Repository(number, f"acme/r{number:03}", "api.github.com")])
        connection.execute(
            "insert into ingestions select %s, now(), now(), %s, now(), 1, 1, 0, 0, 0, 0, 0, 1, 0, "
            "%s",
            [number, *(("failed", "no answer") if number > size - failed else ("complete", None))],
        )
    upsert(connection, [workflow_run(repository_id=1, repository="acme/r001")])


def test_the_status_of_many_repositories_fits_a_screen_and_begins_with_the_verdict(
    connection: Connection,
) -> None:
    team(connection, 300, failed=299)
    screen = Screen(80)
    lines = status_text(status(connection), screen).splitlines()
    assert len(lines) <= 30
    # The path of the database stays whole, on a line of its own.
    assert all(len(line) <= 80 or len(line.split()) == 1 for line in lines)
    verdict = lines.index("2 things need attention:")
    assert verdict == lines.index("") + 1
    assert " ".join(" ".join(lines[verdict + 1 : verdict + 6]).split()).startswith(
        "! 299 of 300 repositories: no ingest has completed yet: acme/r002, acme/r003, acme/r004 "
        "and 296 more ! 299 of 300 repositories: the last ingest was incomplete or failed: "
        "acme/r002, acme/r003, acme/r004 and 296 more; the first: no answer"
    )
    assert "300 repositories: 1 run in 1 attempt" in "\n".join(lines)
    assert "and 290 more; to show all, add ALL=1" in lines
    assert not any(line.startswith("acme/r001") for line in lines)  # it needs nothing
    whole = status_text(status(connection), screen, is_whole=True).splitlines()
    assert sum(line.startswith("acme/r") for line in whole) == 2 * 300  # in the table, as a proof


def test_the_status_of_some_repositories_is_about_no_other(connection: Connection) -> None:
    team(connection, 5, failed=1)
    found = status(connection, timedelta(days=1), names=["ACME/R001", "acme/r005", "acme/gone"])
    assert [row["repository"] for row in found.repositories] == ["acme/r001", "acme/r005"]
    assert [row["repository"] for row in found.proof] == ["acme/r001", "acme/r005"]
    assert found.concerns == [
        "acme/r005: no ingest has completed yet",
        "acme/r005: the last ingest failed: no answer",
        "acme/gone: nothing is stored",
    ]
    assert found.too_old == ["acme/r005", "acme/gone"]
    assert status(connection, names=["acme/r001"]).concerns == []


def test_the_age_and_the_last_check_of_the_price_list_are_shown(connection: Connection) -> None:
    upsert(connection, [llm_call()])
    assert "prices of" not in status_text(status(connection))
    load_llm_prices(connection)
    llm = status(connection).llm
    (clock,) = connection.execute("select now() as now").fetchall()  # stands still until the end
    in_force = [row for row in OURS if row.effective_from <= clock["now"]]
    newest = max(row.effective_from for row in in_force)
    checked = min(row.checked_on for row in OURS if row.checked_on)
    assert (llm["newest_price_from"], llm["prices_checked_on"]) == (newest, checked)
    assert llm["days_since_price_check"] == (clock["now"].date() - checked).days
    models = len({row.model for row in OURS})
    said = f"prices of {models} models, the newest from {newest:%Y-%m-%d}, checked {checked} ("
    assert said in status_text(status(connection))
