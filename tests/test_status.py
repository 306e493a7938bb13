"""Status says what is stored, and in words what is stale or went wrong."""

from datetime import timedelta
from typing import Any

import pytest
from conftest import llm_call, workflow_run

from telemetry.database import Connection, upsert
from telemetry.rows import Repository
from telemetry.status import in_words, status


def ingested(connection: Connection, hours_ago: float, **changes: Any) -> None:
    values = {"outcome": "complete", "error": None, "unreadable": 0, "finished": True, **changes}
    upsert(connection, [Repository(7, "acme/app", "api.github.com")])
    connection.execute(
        "insert into ingestions select 7, now() - %(hours)s * interval '1 hour', "
        "case when %(finished)s then now() - %(hours)s * interval '1 hour' end, %(outcome)s, "
        "now(), 1, 1, 0, 0, 0, %(unreadable)s, 0, 1, 0, %(error)s",
        {"hours": hours_ago, **values},
    )


def test_repositories_and_tables_are_counted(connection: Connection) -> None:
    ingested(connection, 1)
    runs = [workflow_run(), workflow_run(run_attempt=2), workflow_run(github_run_id=2)]
    upsert(connection, runs)
    upsert(connection, [llm_call()])
    found = status(connection)
    (row,) = found.repositories
    assert (row["repository"], row["runs"], row["attempts"]) == ("acme/app", 2, 3)
    assert row["newest_created_at"] == runs[0].created_at
    assert row["bytes"] > 3 * 100
    tables = {row["table_name"]: row["rows"] for row in found.tables}
    assert {name: rows for name, rows in tables.items() if rows} == {
        "workflow_runs": 3,
        "llm_calls": 1,
        "repositories": 1,
        "ingestions": 1,
    }
    assert all(row["bytes"] > 0 for row in found.tables)


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
    assert said == ("acme/app: the last complete ingest was 61 days ago; has its schedule stopped?")


@pytest.mark.parametrize(("hours", "too_old"), [(11.9, []), (12.1, ["acme/app"])])
def test_a_repository_older_than_asked_is_named(
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
        "acme/app: the last ingest was failed: no answer",
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
