"""Pruning takes out all that is too old and nothing else, and never by a wrong clock."""

from datetime import UTC, datetime, timedelta

import pytest
from support.rows import llm_call, workflow_run

from telemetry import TelemetryError
from telemetry.database.connection import Connection, upsert
from telemetry.database.prune import Pruned, horizon, prune
from telemetry.settings import UsageError


def now() -> datetime:
    return datetime.now(UTC)


def count(connection: Connection, table: str) -> int:
    row = connection.execute(f"select count(*) as n from {table}").fetchone()
    assert row is not None
    return int(row["n"])


def fill(connection: Connection, border: datetime) -> None:
    """Two attempts each of runs just before, at and after the border, and calls likewise."""
    microsecond = timedelta(microseconds=1)
    for number, created_at in enumerate([border - microsecond, border, border + microsecond]):
        upsert(
            connection,
            [
                workflow_run(github_run_id=number + 1, run_attempt=attempt, created_at=created_at)
                for attempt in (1, 2)
            ],
        )
        upsert(connection, [llm_call(call_id=str(number), timestamp=created_at)])


def test_what_is_older_than_the_border_goes_and_nothing_else(connection: Connection) -> None:
    # now() stands still within a transaction, so that the border can be hit exactly.
    with connection.transaction():
        border = horizon(connection, "30 days").before
        fill(connection, border)
        pruned = prune(connection, "30 days", local_time=now())
        assert pruned == Pruned(border, workflow_runs=2, llm_calls=1)
        left = connection.execute("select distinct github_run_id as id from workflow_runs")
        assert {row["id"] for row in left} == {2, 3}
        assert count(connection, "llm_calls") == 2


def test_a_dry_run_counts_and_deletes_nothing(connection: Connection) -> None:
    with connection.transaction():
        fill(connection, horizon(connection, "30 days").before)
        pruned = prune(connection, "30 days", local_time=now(), dry_run=True)
        assert (pruned.workflow_runs, pruned.llm_calls) == (2, 1)
        assert count(connection, "workflow_runs") == 6


def test_more_than_one_batch_is_pruned(connection: Connection) -> None:
    connection.execute(
        "insert into workflow_runs (github_run_id, run_attempt, created_at) "
        "select n / 2, n % 2 + 1, now() - interval '400 days' from generate_series(2, 12001) as n"
    )
    upsert(connection, [workflow_run(github_run_id=99_999, created_at=now())])
    seen: list[tuple[int, int]] = []
    pruned = prune(connection, "6 months", local_time=now(), progress=lambda *at: seen.append(at))
    assert pruned.workflow_runs == 12_000
    assert count(connection, "workflow_runs") == 1
    assert len(seen) >= 3
    assert seen[-1] == (12_000, 12_000)


def test_the_last_complete_ingest_is_remembered_however_old(connection: Connection) -> None:
    connection.execute(
        "insert into ingestions select 7, now() - n * interval '100 days', now(), "
        "case when n = 4 then 'complete' else 'failed' end, now(), 0, 0, 0, 0, 0, 0, 0, 0, 0, null "
        "from generate_series(1, 6) as n"
    )
    prune(connection, "6 months", local_time=now())
    left = connection.execute("select outcome from ingestions order by started_at").fetchall()
    assert [row["outcome"] for row in left] == ["complete", "failed"]


@pytest.mark.parametrize(
    ("local", "github"), [(timedelta(hours=2), None), (timedelta(0), timedelta(hours=-2))]
)
def test_nothing_is_pruned_when_clocks_disagree(
    connection: Connection, local: timedelta, github: timedelta | None
) -> None:
    upsert(connection, [workflow_run(created_at=now() - timedelta(days=400))])
    with pytest.raises(TelemetryError, match="nothing was pruned, because the clocks disagree"):
        prune(
            connection,
            "6 months",
            local_time=now() + local,
            github_time=None if github is None else now() + github,
        )
    assert count(connection, "workflow_runs") == 1


@pytest.mark.parametrize("keep", ["half a year", "6 moons", "", "6", "-6 months", "0 days", "23 h"])
def test_an_interval_that_cannot_be_meant_is_refused(connection: Connection, keep: str) -> None:
    upsert(connection, [workflow_run(created_at=now() - timedelta(days=400))])
    with pytest.raises(UsageError, match="KEEP"):
        prune(connection, keep, local_time=now())
    assert count(connection, "workflow_runs") == 1
