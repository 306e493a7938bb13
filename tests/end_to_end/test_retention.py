"""Retention belongs to the database: nothing is deleted because a command line forgot it."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from support.commands import Run, assert_one_sentence
from support.complete import stored

from telemetry.database.connection import Connection
from telemetry.database.schema import MIGRATIONS
from telemetry.simulated.world import World

DAY = 86_400


def oldest_days(connection: Connection, now: datetime) -> int:
    """The age of the oldest stored run at the start of the test, in whole days."""
    oldest: datetime = min(row["created_at"] for row in stored(connection))
    return (now - oldest).days


def older(connection: Connection, now: datetime, days: int) -> int:
    """The number of stored attempts of runs that were older than `days` days at the start."""
    border = now - timedelta(days)
    return sum(row["created_at"] < border for row in stored(connection))


def grow_old(connection: Connection, days: int) -> None:
    """As if all that is stored had been stored so much earlier."""
    connection.execute("update workflow_runs set created_at = created_at - %s", [timedelta(days)])


def test_an_ingest_that_github_does_not_answer_for_a_week_deletes_nothing(
    run: Run, connection: Connection
) -> None:
    """The clock may be wrong, and be the reason."""
    assert run("ingest_workflows", "--no-jobs").returncode == 0
    grow_old(connection, 390)
    rows = len(stored(connection))
    connection.execute("update ingestions set finished_at = finished_at - interval '8 days'")
    done = run("ingest_workflows", "--no-jobs", "--json", GITHUB_API_URL="http://127.0.0.1:9")
    assert_one_sentence(done, 1, "nothing was pruned, because the database's clock says ")
    assert [each["outcome"] for each in json.loads(done.stdout)["repositories"]] == ["failed"]
    assert len(stored(connection)) == rows
    assert f": {rows} run attempts" in run("prune", "--keep", "6 months").stdout


def test_a_chosen_retention_holds_for_every_later_command(
    run: Run, connection: Connection, now: datetime
) -> None:
    first = run("ingest_workflows", "--no-jobs", TELEMETRY_KEEP="2 years")
    assert "this database keeps 2 years from now on; until now it kept 6 months" in first.stderr
    grow_old(connection, 390)
    # Forgotten, misspelled, or a shorter one: none of them deletes a row.
    for changes in ({}, {"TELEMETRY_KEP": "10 days"}, {"TELEMETRY_KEEP": "1 year"}):
        done = run("ingest_workflows", "--no-jobs", TELEMETRY_SINCE="1d", **changes)
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[-1].endswith(": 0 run attempts, 0 LLM calls")
        assert oldest_days(connection, now) >= 390
    rows = older(connection, now, 370)
    assert rows > 30
    assert (
        f"KEEP=1 year changes nothing here: this database keeps 2 years, and an ingest never "
        f"shortens that. {rows} run attempts and 0 LLM calls are older than 1 year; "
        "make prune KEEP='1 year' deletes them"
    ) in done.stderr
    assert "0 run attempts" in run("prune").stdout
    pruned = run("prune", "--keep", "1 year")
    assert "keeps 1 year from now on; until now it kept 2 years" in pruned.stderr
    assert "from now on" not in run("prune", "--keep", "1 year").stderr
    assert f": {rows} run attempts, 0 LLM calls" in pruned.stdout
    assert oldest_days(connection, now) < 30
    assert "keeps 1 year" in run("status").stdout


def test_each_ingest_prunes_to_what_is_stored(
    run: Run, connection: Connection, now: datetime, world: World
) -> None:
    assert run("ingest_workflows", "--no-jobs", TELEMETRY_KEEP="10 days").returncode == 0
    assert oldest_days(connection, now) < 10
    grow_old(connection, 5)
    # The next list gives the others their true age again.
    (repository,) = world.repositories
    for listed in list(repository.runs):
        if listed.created_at < world.second - 5 * DAY:
            world.delete(repository, listed)
    rows = len(stored(connection))
    done = run("ingest_workflows", "--no-jobs", "--json")
    pruned = json.loads(done.stdout)["pruned"]
    assert pruned["keep"] == "10 days" and 0 < pruned["workflow_runs"] < rows
    assert oldest_days(connection, now) < 10


def test_an_ingest_stores_no_call_that_it_would_prune_at_once(
    run: Run, connection: Connection, now: datetime, tmp_path: Path
) -> None:
    logs = tmp_path / "calls.jsonl"
    ages = [timedelta(days) for days in (1, 200, 300)]
    logs.write_text(
        "".join(
            json.dumps({"timestamp": (now - age).isoformat(), "model": "m", "input_tokens": 1})
            + "\n"
            for age in ages
        )
    )

    def ingested(**changes: str) -> tuple[int, int, list[str]]:
        done = run("ingest_workflows", "--no-jobs", "--llm", "--json",
                   TELEMETRY_LLM_LOGS=str(logs), **changes)  # fmt: skip
        answer = json.loads(done.stdout)
        calls = answer["llm_calls"]
        return calls["inserted"], answer["pruned"]["llm_calls"], calls["notes"]

    for inserted in (1, 0):
        new, pruned, (note,) = ingested()
        assert (new, pruned) == (inserted, 0)
        assert note.startswith("left out 2 records of calls before ")
    assert ingested(TELEMETRY_KEEP="forever") == (2, 0, [])
    # A database that prunes nothing until it is asked to keeps them too.
    connection.execute("truncate llm_calls")
    connection.execute("update retention set keep = '6 months', is_held = true")
    assert ingested()[::2] == (3, [])


def test_a_database_from_before_retention_says_what_is_old_and_deletes_it_when_told(
    run: Run, connection: Connection, now: datetime
) -> None:
    run("ingest_workflows", "--no-jobs")
    grow_old(connection, 200)
    connection.execute("delete from retention")
    connection.execute((MIGRATIONS / "0030.retention.sql").read_bytes())
    for command in (["prune"], ["ingest_workflows", "--no-jobs", "--since", "1d"]):
        done = run(*command)
        assert done.returncode == 0, done.stderr
        said = done.stdout.splitlines()[-1]
        assert said.startswith("not pruned, though older than ")
        assert f": {older(connection, now, 190)} run attempts, 0 LLM calls; " in said
        assert "make prune KEEP='6 months' deletes them, make ingest KEEP=forever keeps" in said
        assert oldest_days(connection, now) >= 200
    rows = older(connection, now, 190)
    # A longer KEEP that would delete rows as well is answered without a word of shortening.
    done = run("ingest_workflows", "--no-jobs", "--since", "1d", TELEMETRY_KEEP="195 days")
    assert (
        "KEEP=195 days changes nothing here: this database deletes nothing until it is asked to, "
        "and an ingest does not ask. "
    ) in done.stderr
    assert "are older than 195 days; make prune KEEP='195 days' deletes them" in done.stderr
    assert oldest_days(connection, now) >= 200
    assert f"! {rows} run attempts and 0 LLM calls are older than" in run("status").stdout
    assert f": {rows} run attempts" in run("prune", "--keep", "6 months").stdout
    assert oldest_days(connection, now) < 30


def test_rows_may_be_kept_forever(run: Run, connection: Connection) -> None:
    dry = run("prune", "--dry-run", "--keep", "forever")
    assert dry.stdout == "nothing would be pruned: rows would be kept forever\n"
    first = run("ingest_workflows", "--no-jobs", TELEMETRY_KEEP="forever", TELEMETRY_SINCE="all")
    assert first.returncode == 0, first.stderr
    assert "this database keeps its rows forever from now on; until now it kept" in first.stderr
    assert "nothing is pruned: this database keeps its rows forever" in first.stdout
    grow_old(connection, 5_000)
    rows = len(stored(connection))
    assert run("ingest_workflows", "--no-jobs").returncode == 0
    assert run("prune").stdout.startswith("nothing is pruned")
    assert len(stored(connection)) >= rows
    assert "rows are kept forever" in run("status").stdout


def test_a_dump_carries_the_retention_with_it(run: Run, empty_dsn: str, tmp_path: Path) -> None:
    assert run("ingest_workflows", "--no-jobs", TELEMETRY_KEEP="2 years").returncode == 0
    file = str(tmp_path / "telemetry.dump")
    assert run("dump", "--file", file).returncode == 0
    assert run("restore", "--file", file, DATABASE_URL=empty_dsn).returncode == 0
    assert "keeps 2 years" in run("status", DATABASE_URL=empty_dsn).stdout


@pytest.mark.parametrize("script", ["ingest_workflows", "prune"])
@pytest.mark.parametrize(
    ("keep", "said"), [("6m", "did you mean '6 months'?"), ("6 moons", "or forever")]
)
def test_an_implausible_keep_changes_nothing(
    run: Run, connection: Connection, script: str, keep: str, said: str
) -> None:
    assert_one_sentence(run(script, TELEMETRY_KEEP=keep), 2, said)
    assert connection.execute("select chosen_at from retention").fetchall() == [{"chosen_at": None}]


def test_a_keep_that_reaches_all_rows_ends_the_waiting(run: Run, connection: Connection) -> None:
    run("ingest_workflows", "--no-jobs")
    connection.execute("update retention set is_held = true")
    done = run("ingest_workflows", "--no-jobs", TELEMETRY_KEEP="6 months")
    assert "keeps 6 months from now on; until now nothing was deleted" in done.stderr
    assert connection.execute("select is_held from retention").fetchall() == [{"is_held": False}]


def test_a_keep_that_contradicts_since_changes_nothing(run: Run) -> None:
    done = run("ingest_workflows", "--no-jobs", TELEMETRY_KEEP="20 days", TELEMETRY_SINCE="60d")
    assert_one_sentence(done, 2, "SINCE reaches back to", "a longer KEEP")
    assert "keeps" not in done.stderr
    assert "this database keeps 6 months" in run("status").stdout
