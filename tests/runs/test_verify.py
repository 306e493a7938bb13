"""A comparison with GitHub finds every difference, lists what is newer, and writes nothing."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clients import NOW, REPOSITORY
from support.commands import Finished, Launcher
from support.paths import ROOT
from support.rows import workflow_run
from support.verifications import ingested_by, settled_runs, tools

from telemetry import TelemetryError
from telemetry.database.connection import Connection
from telemetry.runs.lists.listing import Limits
from telemetry.runs.request import Wanted
from telemetry.runs.verification.differences import COMPARED, Difference, compare
from telemetry.runs.verification.verify import Verification, _spaces, verify
from telemetry.simulated import faults
from telemetry.simulated.entities import PlannedJob
from telemetry.simulated.month import team_month
from telemetry.simulated.server import Simulator
from telemetry.simulated.world import World
from telemetry.summaries.verification import verification_text

pytestmark = pytest.mark.scenario

Command = Callable[..., Finished]


@pytest.fixture
def world() -> World:
    """A month until the moment at which a test begins, because the command reads the clock."""
    now = datetime.now(UTC).replace(microsecond=0)
    return team_month(seed=3, now=now, runs_per_day=4)


def verified(connection: Connection, simulated: Simulator, **changes: Any) -> Verification:
    with tools(connection, simulated, **changes) as given_tools:
        return verify(given_tools, REPOSITORY)


def content(connection: Connection) -> list[list[dict[str, Any]]]:
    tables = ("workflow_runs", "open_runs", "missing_attempts", "windows", "ingestions", "leases")
    return [
        connection.execute(f"select * from {table} order by 1, 2").fetchall() for table in tables
    ]


@pytest.mark.parametrize("concurrency", [1, 4])
def test_after_an_ingest_everything_is_compared_and_nothing_differs(
    connection: Connection, world: World, concurrency: int
) -> None:
    simulated = Simulator(world)
    ingested_by(connection, simulated)
    found = verified(connection, simulated, concurrency=concurrency)
    (repository,) = world.repositories
    assert (found.differences, found.newer, found.unreadable) == ([], [], [])
    assert found.is_equal and found.is_whole
    assert found.runs == len(repository.runs) > 100
    assert found.attempts == len(list(world.attempts(repository)))


def test_a_comparison_costs_the_pages_of_the_list_and_a_count(
    connection: Connection, world: World
) -> None:
    simulated = Simulator(world)
    ingested_by(connection, simulated)
    simulated.restart_counters()
    found = verified(connection, simulated, concurrency=1)
    assert simulated.counters.received == {"runs": -(-found.runs // 100) + 1}
    assert found.requests == simulated.counters.received["runs"]


def test_a_comparison_writes_nothing(connection: Connection, world: World) -> None:
    simulated = Simulator(world)
    ingested_by(connection, simulated)
    world.delete(world.repositories[0], settled_runs(world)[0])
    world.rerun(settled_runs(world)[1])
    before = content(connection)
    verified(connection, simulated)
    assert content(connection) == before


TAMPERINGS: dict[str, tuple[int, str, dict[str, Any]]] = {
    "a run deleted": (
        1,
        "delete from workflow_runs where github_run_id = %(id)s",
        {"kind": "missing here"},
    ),
    "an earlier attempt deleted": (
        2,
        "delete from workflow_runs where github_run_id = %(id)s and run_attempt = 1",
        {"kind": "missing here", "run_attempt": 1},
    ),
    "the latest attempt deleted": (
        2,
        "delete from workflow_runs where github_run_id = %(id)s and run_attempt = 2",
        {"kind": "missing here", "run_attempt": 2},
    ),
    "another conclusion": (
        1,
        "update workflow_runs set conclusion = 'stale' where github_run_id = %(id)s",
        {"kind": "different", "run_attempt": 1, "column": "conclusion", "ours": "stale"},
    ),
    "a value lost": (
        1,
        "update workflow_runs set actor = null where github_run_id = %(id)s",
        {"kind": "different", "run_attempt": 1, "column": "actor", "ours": None},
    ),
    "another time": (
        1,
        "update workflow_runs set updated_at = updated_at - interval '1 second' "
        "where github_run_id = %(id)s",
        {"kind": "different", "run_attempt": 1, "column": "updated_at"},
    ),
    "an attempt made up": (
        1,
        "insert into workflow_runs (github_run_id, run_attempt, repository_id, created_at) "
        "select github_run_id, 2, repository_id, created_at from workflow_runs "
        "where github_run_id = %(id)s",
        {"kind": "missing there", "run_attempt": 2},
    ),
    "a run made up": (
        1,
        "insert into workflow_runs (github_run_id, repository_id, created_at) "
        "select 1, repository_id, created_at from workflow_runs where github_run_id = %(id)s",
        {"kind": "missing there", "github_run_id": 1},
    ),
    "an open run made up": (
        1,
        "insert into open_runs (github_run_id, run_attempt, repository_id, created_at) "
        "select 1, 1, repository_id, created_at from workflow_runs "
        "where github_run_id = %(id)s",
        {"kind": "missing there", "github_run_id": 1},
    ),
    "marked as missing": (
        1,
        "update workflow_runs set missing_upstream_at = updated_at where github_run_id = %(id)s",
        {"kind": "different", "column": "missing_upstream_at", "theirs": None},
    ),
    "still open here": (
        1,
        "with moved as (delete from workflow_runs where github_run_id = %(id)s returning *) "
        "insert into open_runs (github_run_id, run_attempt, repository_id, status, created_at) "
        "select github_run_id, 1, repository_id, 'queued', created_at from moved",
        {"kind": "different", "run_attempt": 1, "column": "status", "ours": "queued"},
    ),
}


def test_each_tampering_with_the_database_is_exactly_one_difference(
    connection: Connection, world: World
) -> None:
    simulated = Simulator(world)
    ingested_by(connection, simulated)
    for name, (attempts, statement, expected) in TAMPERINGS.items():
        run = settled_runs(world, attempts)[0]
        with connection.transaction(force_rollback=True):
            assert connection.execute(statement.encode(), {"id": run.id}).rowcount == 1, name
            found = verified(connection, simulated)
        (difference,) = found.differences
        wanted = {"github_run_id": run.id, **expected}
        assert {column: getattr(difference, column) for column in wanted} == wanted, name
        assert found.newer == [] and not found.is_equal, name


def test_an_attempt_that_github_deleted_is_not_a_difference(
    connection: Connection, world: World
) -> None:
    simulated = Simulator(world)
    ingested_by(connection, simulated)
    run = settled_runs(world, attempts=2)[0]
    connection.execute(
        "with gone as (delete from workflow_runs where github_run_id = %s and run_attempt = 1 "
        "returning *) insert into missing_attempts "
        "select github_run_id, run_attempt, repository_id, now() from gone",
        [run.id],
    )
    assert verified(connection, simulated).is_equal


def test_a_run_deleted_at_github_after_it_was_listed_is_counted_separately(
    connection: Connection, world: World
) -> None:
    simulated = Simulator(world)
    ingested_by(connection, simulated)
    run = settled_runs(world)[0]
    world.delete(world.repositories[0], run)
    found = verified(connection, simulated)
    deleted = [Difference(run.id, None, "missing there")]
    assert (found.differences, found.newer) == ([], deleted)
    assert "  1 run was deleted at GitHub after the last listing, and will be kept" in (
        verification_text(found).splitlines()
    )
    # Nothing shows that an ingest ever listed it.
    connection.execute("delete from windows")
    found = verified(connection, simulated)
    assert (found.differences, found.newer) == (deleted, [])


def test_an_open_run_that_is_known_to_be_gone_is_not_a_difference(
    connection: Connection,
) -> None:
    world = World(NOW)
    repository = world.add_repository(REPOSITORY)
    slow = (PlannedJob("soak", seconds=9_000),)
    world.add_workflow(repository, "Soak", ".github/workflows/soak.yml", slow)
    run = world.add_run(repository, created_at=NOW - timedelta(minutes=90))
    simulated = Simulator(world)
    ingested_by(connection, simulated)
    world.delete(repository, run)
    found = verified(connection, simulated)
    assert found.newer == [Difference(run.id, None, "missing there")]
    ingested_by(connection, simulated)
    assert verified(connection, simulated).newer == []


def test_later_changes_at_github_are_counted_separately(
    connection: Connection, world: World
) -> None:
    simulated = Simulator(world)
    ingested_by(connection, simulated)
    (repository,) = world.repositories
    rerun, ending = settled_runs(world)[0], world.open_runs(repository)[-1]
    world.advance(timedelta(minutes=10))
    open_before = world.open_runs(repository)
    world.rerun(rerun)
    created = world.add_run(repository)
    if ending in open_before:
        world.finish(ending)
    found = verified(connection, simulated)
    assert found.differences == []
    assert {rerun.id, created.id, ending.id} <= {each.github_run_id for each in found.newer}
    assert found.is_equal


def test_a_rerun_is_newer_as_long_as_its_window_is_to_be_listed_again(
    connection: Connection, world: World
) -> None:
    simulated = Simulator(world)
    ingested_by(connection, simulated)
    run = settled_runs(world)[0]
    world.advance(timedelta(minutes=5))
    world.rerun(run)
    world.advance(timedelta(minutes=5))
    # Its window is listed again a day after its last list, not before.
    ingested_by(connection, simulated)
    found = verified(connection, simulated)
    assert found.differences == []
    assert [each.github_run_id for each in found.newer] == [run.id]
    # A window that is no longer listed is as it was last seen.
    connection.execute("update windows set listed_at = created_to + interval '32 days'")
    found = verified(connection, simulated)
    assert found.newer == []
    assert {each.github_run_id for each in found.differences} == {run.id}


def test_beyond_the_end_of_the_list_it_goes_on_by_time(
    connection: Connection, world: World
) -> None:
    ingested_by(connection, Simulator(world))
    run = settled_runs(world)[0]
    connection.execute("delete from workflow_runs where github_run_id = %s", [run.id])
    limits = Limits(filtered=100, unfiltered=100)
    simulated = Simulator(world, unfiltered_cap=100, filtered_cap=100)
    found = verified(connection, simulated, limits=limits)
    assert found.is_whole
    assert found.runs == len(world.repositories[0].runs)
    assert found.differences == [Difference(run.id, None, "missing here")]


def test_at_the_rate_limit_the_comparison_reports_and_names_the_rest(
    connection: Connection, world: World
) -> None:
    ingested_by(connection, Simulator(world))
    found = verified(connection, Simulator(world, limit=1), concurrency=1)
    assert found.error is not None and "limit" in found.error
    assert found.runs == 100
    assert found.is_equal and not found.is_whole
    assert found.unverified[0][0] == found.since


def test_a_run_that_cannot_be_read_is_named_and_counts(
    connection: Connection, world: World
) -> None:
    def spoil(body: Any) -> Any:
        body["workflow_runs"][0]["run_number"] = "many"
        return body

    ingested_by(connection, Simulator(world))
    fault = faults.edited(spoil)
    spoiled = Simulator(world, fault=lambda request, ordinal: fault if ordinal == 1 else None)
    found = verified(connection, spoiled, concurrency=1)
    (text,) = found.unreadable
    assert "run_number is 'many'" in text
    assert not found.is_equal


def test_a_renamed_repository_is_compared_under_either_name(
    connection: Connection, world: World
) -> None:
    simulated = Simulator(world)
    ingested_by(connection, simulated)
    world.rename(world.repositories[0], "acme/renamed")
    with tools(connection, simulated) as given_tools:
        for name in (REPOSITORY, "acme/renamed"):
            found = verify(given_tools, name)
            assert found.is_equal and found.runs > 100


def test_an_account_with_a_new_login_is_no_difference(connection: Connection, world: World) -> None:
    simulated = Simulator(world)
    ingested_by(connection, simulated)
    world.rename_account("dev-1", "new-login")
    assert verified(connection, simulated).is_equal
    # Without its number, it may be another account.
    connection.execute("update workflow_runs set actor_id = null")
    columns = {difference.column for difference in verified(connection, simulated).differences}
    assert columns == {"actor"}


def test_a_repository_that_was_never_ingested_is_said_to_be(
    connection: Connection, world: World
) -> None:
    with pytest.raises(TelemetryError, match="acme/app was never ingested; try: make ingest"):
        verified(connection, Simulator(world))


def test_a_repository_of_another_server_is_refused(connection: Connection, world: World) -> None:
    simulated = Simulator(world)
    ingested_by(connection, simulated)
    connection.execute("update repositories set api_host = 'github.example'")
    with pytest.raises(TelemetryError, match=r"from github\.example, not from 127\.0\.0\.1"):
        verified(connection, simulated)


STORED = vars(workflow_run()) | {"missing_upstream_at": None}


@pytest.mark.parametrize("column", COMPARED)
def test_every_column_that_a_list_provides_is_compared(column: str) -> None:
    run = replace(workflow_run(), **{column: "theirs"})
    found = compare(run, {1: {**STORED, column: None}}, {})
    assert [each.column for each in found] == [column]


def test_a_value_that_github_no_longer_sends_is_not_a_difference() -> None:
    assert compare(workflow_run(actor=None), {1: STORED}, {}) == []


def test_a_value_cut_to_its_column_is_not_a_difference() -> None:
    run = workflow_run(event_type="e" * 60)
    assert compare(run, {1: {**STORED, "event_type": "e" * 50}}, {}) == []


def test_an_open_attempt_hides_no_earlier_one() -> None:
    run = workflow_run(run_attempt=3, status="in_progress", conclusion=None)
    found = compare(run, {1: STORED}, {3: "queued"})
    assert found == [Difference(1, 2, "missing here")]


def test_a_run_open_there_and_completed_here_differs_in_its_status() -> None:
    run = workflow_run(status="in_progress", conclusion=None)
    assert compare(run, {1: STORED}, {}) == [
        Difference(1, 1, "different", "status", "completed", "in_progress")
    ]


MOMENTS = st.integers(0, 20).map(lambda hours: NOW + timedelta(hours=hours))
INTERVALS = st.tuples(MOMENTS, MOMENTS).filter(lambda each: each[0] < each[1])


@given(INTERVALS, st.lists(INTERVALS, max_size=6))
def test_gaps_are_exactly_what_no_part_covers(whole: Any, parts: Any) -> None:
    spaces = _spaces(*whole, parts)
    for hour in range(20):
        at = NOW + timedelta(hours=hour, minutes=30)
        is_space = whole[0] < at < whole[1] and not any(low < at < high for low, high in parts)
        assert sum(low < at < high for low, high in spaces) == is_space


def test_each_difference_is_a_line_and_the_counts_come_last() -> None:
    at = datetime(2026, 1, 5, 8, 0, 0, tzinfo=UTC)
    found = Verification(REPOSITORY, at, at, runs=1_559, attempts=1_700, requests=17)
    found.differences = [
        Difference(5, None, "missing here"),
        Difference(6, 2, "different", "conclusion", "success\n::", "failure"),
        Difference(7, 1, "different", "updated_at", at, at + timedelta(seconds=1)),
        Difference(8, None, "different", "missing_upstream_at", at, None),
        Difference(8, 1, "missing there", job_id=9),
        Difference(8, 1, "different", "name", "a", "b", job_id=9, step=3),
    ]
    found.newer = [Difference(9, None, "missing here")]
    found.unverified = [(at, at + timedelta(days=1))]
    found = replace(found, error="the requests are spent")
    assert verification_text(found).splitlines() == [
        "run 5: missing here",
        "run 6 attempt 2: different: conclusion is success\ufffd:: here, failure there",
        "run 7 attempt 1: different: updated_at is 2026-01-05T08:00:00Z here, "
        "2026-01-05T08:00:01Z there",
        "run 8: different: missing_upstream_at is 2026-01-05T08:00:00Z here, not set there",
        "run 8 attempt 1 job 9: missing there",
        "run 8 attempt 1 job 9 step 3: different: name is a here, b there",
        "not compared: runs created 2026-01-05 08:00 to 2026-01-06 08:00 UTC: "
        "their list was incomplete",
        "acme/app: 1,559 runs created since 2026-01-05 08:00 UTC, 1,700 attempts: "
        "6 differences; 1 newer than the last listing; 17 requests",
        "  to fetch a run again: make ingest REPO=acme/app RUN_ID=5",
        "  stopped early: the requests are spent",
    ]
    late = [Difference(number, None, "missing here") for number in (10, 11)]
    full = "  to list all runs again: make ingest REPO=acme/app FULL=1"
    one = "  to fetch a run again: make ingest REPO=acme/app RUN_ID=6"
    found.error = None
    for differences, advice in ((late, [full]), ([*late, found.differences[1]], [full, one])):
        text = verification_text(replace(found, differences=differences))
        assert [line for line in text.splitlines() if "again" in line] == advice
    kept = replace(found, differences=[Difference(8, 1, "missing there", job_id=9)])
    assert "RUN_ID" not in verification_text(kept)


# The command


@pytest.fixture
def served(world: World) -> Iterator[str]:
    with Simulator(world).serve() as url:
        yield url


@pytest.fixture
def command(dsn: str, served: str, tmp_path: Path, launcher: Launcher) -> Command:
    """Run scripts/verify.py as a person would, on the simulated GitHub and the test's database."""

    def run(*arguments: str, **changes: str) -> Finished:
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": dsn,
            "GITHUB_API_URL": served,
            "GITHUB_TOKEN": "token",
            "TELEMETRY_REPO": REPOSITORY,
            **changes,
        }
        return launcher.run("verify", *arguments, environ=environ)

    return run


def test_the_command_exits_with_0_when_nothing_differs_and_4_when_anything_does(
    connection: Connection, world: World, command: Command
) -> None:
    ingested_by(connection, Simulator(world))
    done = command()
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    assert line.startswith(f"acme/app: {len(world.repositories[0].runs):,} runs created since ")
    assert ": 0 differences; 0 newer than the last listing; " in line
    run = settled_runs(world)[0]
    connection.execute("delete from workflow_runs where github_run_id = %s", [run.id])
    done = command()
    assert done.returncode == 4, done.stderr
    assert done.stdout.splitlines()[0] == f"run {run.id}: missing here"
    assert ": 1 difference; " in done.stdout


def test_a_machine_reads_each_difference(
    connection: Connection, world: World, command: Command
) -> None:
    ingested_by(connection, Simulator(world))
    run = settled_runs(world)[0]
    connection.execute(
        "update workflow_runs set conclusion = 'stale' where github_run_id = %s", [run.id]
    )
    done = command("--json")
    assert done.returncode == 4, done.stderr
    (found,) = json.loads(done.stdout)["repositories"]
    assert found["differences"] == [
        {
            "github_run_id": run.id,
            "run_attempt": 1,
            "kind": "different",
            "column": "conclusion",
            "ours": "stale",
            "theirs": run.attempts[0].conclusion,
            "job_id": None,
            "step": None,
        }
    ]
    assert (found["newer"], found["unverified"], found["error"]) == ([], [], None)


def test_the_command_exits_with_3_when_its_requests_are_spent(
    connection: Connection, world: World, command: Command
) -> None:
    ingested_by(connection, Simulator(world))
    done = command(TELEMETRY_MAX_REQUESTS="1", TELEMETRY_CONCURRENCY="1")
    assert done.returncode == 3, done.stderr
    assert "stopped early: " in done.stdout
    assert "not compared: runs created " in done.stdout


def test_a_sample_or_all_jobs_are_compared_on_request(
    connection: Connection, world: World, command: Command
) -> None:
    wanted = Wanted(timedelta(days=3), world.now - timedelta(days=180))
    ingested_by(connection, Simulator(world), wanted=wanted)
    assert "earlier attempts of" not in command(TELEMETRY_SINCE="3d").stdout
    done = command(TELEMETRY_SINCE="3d", TELEMETRY_SAMPLE="5")
    assert done.returncode == 0, done.stderr
    assert " of 5 of " in done.stdout and ", a sample drawn with seed " in done.stdout
    connection.execute("update workflow_jobs set conclusion = 'stale' where conclusion = 'success'")
    done = command("--json", TELEMETRY_SINCE="3d", TELEMETRY_JOBS="1")
    assert done.returncode == 4, done.stderr
    (found,) = json.loads(done.stdout)["repositories"]
    assert found["differences"] == []
    assert found["jobs"]["runs"] == found["jobs"]["of_runs"] > 5
    assert {each["column"] for each in found["jobs"]["differences"]} == {"conclusion"}


def test_only_the_requested_interval_is_compared(
    connection: Connection, world: World, command: Command
) -> None:
    ingested_by(connection, Simulator(world))
    run = settled_runs(world)[0]
    connection.execute("delete from workflow_runs where github_run_id = %s", [run.id])
    assert command(TELEMETRY_SINCE="3d").returncode == 0
    assert command("--since", "40d").returncode == 4


def test_by_default_only_what_an_ingest_was_to_store_is_compared(
    connection: Connection, world: World, command: Command
) -> None:
    wanted = Wanted(timedelta(days=10), world.now - timedelta(days=180), jobs=False)
    ingested_by(connection, Simulator(world), wanted=wanted)
    done = command()
    assert (done.returncode, "0 differences" in done.stdout) == (0, True), done.stdout
    assert f"created since {world.now - timedelta(days=10):%Y-%m-%d} 00:00 UTC" in done.stdout
    done = command("--since", "20d")
    assert done.returncode == 4 and "missing here" in done.stdout


def test_a_repository_that_was_never_ingested_is_one_sentence(command: Command) -> None:
    done = command()
    assert done.returncode == 1
    assert "error: acme/app was never ingested; try: make ingest REPO=acme/app" in done.stderr
    assert "Traceback" not in done.stderr


def test_repositories_that_cannot_be_compared_do_not_keep_the_others_from_it(
    connection: Connection, world: World, command: Command
) -> None:
    world.add_repository("acme/new")
    ingested_by(connection, Simulator(world))
    done = command(TELEMETRY_REPO=f"acme/none acme/new {REPOSITORY}")
    assert done.returncode == 1
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert [line.split(";")[0] for line in errors] == [
        "error: GET /repos/acme/none: 404 not found",
        "error: acme/new was never ingested",
    ]
    assert done.stdout.startswith("acme/app: ") and ": 0 differences; " in done.stdout
