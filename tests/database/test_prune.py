"""Pruning deletes all that is too old and nothing else, by the database's own retention."""

from datetime import UTC, datetime, timedelta

import pytest
from support.databases import count
from support.rows import llm_call, workflow_run

from telemetry import TelemetryError
from telemetry.database.connection import Connection
from telemetry.database.prune import Pruned, prune, would_prune
from telemetry.database.retention import Retention, choose, horizon, offer, stored
from telemetry.database.schema import MIGRATIONS
from telemetry.database.upserts import upsert
from telemetry.rows.runs import Repository
from telemetry.runs.store import store_attempts
from telemetry.summaries.ingests import pruned_text
from telemetry.times import Length, age, keep


def kept(text: str) -> Retention:
    return Retention(keep(text))


def now() -> datetime:
    return datetime.now(UTC)


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


def test_only_rows_older_than_the_horizon_are_pruned(connection: Connection) -> None:
    # now() stands still within a transaction, so that the border can be hit exactly.
    with connection.transaction():
        border = horizon(connection, kept("30 days")).before
        fill(connection, border)
        pruned = prune(connection, kept("30 days"), local_time=now())
        assert pruned == Pruned("30 days", border, workflow_runs=2, llm_calls=1)
        left = connection.execute("select distinct github_run_id as id from workflow_runs")
        assert {row["id"] for row in left} == {2, 3}
        assert count(connection, "llm_calls") == 2


def test_an_account_is_forgotten_with_the_last_run_that_names_it(connection: Connection) -> None:
    border = horizon(connection, kept("30 days")).before
    runs = [
        workflow_run(github_run_id=1, created_at=border - timedelta(days=1), actor_id=1),
        workflow_run(github_run_id=2, created_at=border + timedelta(days=1), actor_id=2),
        workflow_run(github_run_id=3, created_at=border + timedelta(days=1), triggering_actor_id=3),
    ]
    store_attempts(connection, runs)
    assert count(connection, "accounts") == 3
    prune(connection, kept("30 days"), local_time=now())
    left = connection.execute("select account_id from accounts order by 1")
    assert [row["account_id"] for row in left] == [2, 3]


def test_the_days_of_bills_that_are_pruned_are_counted(connection: Connection) -> None:
    border = horizon(connection, kept("30 days")).before.date()
    connection.execute(
        "insert into billed_days (owner, usage_date, source, has_workflows, loaded_at)"
        " select 'acme', day, 'detailed report', true, now()"
        " from unnest(%s::date[]) as days (day)",
        ([border - timedelta(days=1), border],),
    )
    would = would_prune(connection, kept("30 days"))
    pruned = prune(connection, kept("30 days"), local_time=now())
    assert would.billed_days == pruned.billed_days == count(connection, "billed_days") == 1
    assert pruned_text(pruned).endswith(": 0 run attempts, 0 LLM calls, 1 day of bills")


def test_a_dry_run_counts_and_deletes_nothing(connection: Connection) -> None:
    with connection.transaction():
        fill(connection, horizon(connection, kept("30 days")).before)
        pruned = would_prune(connection, kept("30 days"))
        assert (pruned.workflow_runs, pruned.llm_calls) == (2, 1)
        assert count(connection, "workflow_runs") == 6
        assert str(stored(connection)) == "6 months"


def test_more_than_one_batch_is_pruned(connection: Connection) -> None:
    connection.execute(
        "insert into workflow_runs (github_run_id, run_attempt, created_at) "
        "select n / 2, n % 2 + 1, now() - interval '400 days' from generate_series(2, 12001) as n"
    )
    upsert(connection, [workflow_run(github_run_id=99_999, created_at=now())])
    seen: list[tuple[int, int]] = []
    pruned = prune(connection, local_time=now(), progress=lambda *at: seen.append(at))
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
    prune(connection, local_time=now())
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
            kept("1 month"),
            local_time=now() + local,
            github_time=None if github is None else now() + github,
            chosen=lambda before, asked: pytest.fail("nothing was chosen"),
        )
    assert count(connection, "workflow_runs") == 1
    assert str(stored(connection)) == "6 months"


UNCONFIRMED = "so that clock may be wrong; ingest again, or if it is right: make prune KEEP="


@pytest.mark.parametrize(
    ("days_ago", "asked", "is_told", "is_watched", "rows"),
    [
        (8, None, False, True, 1),
        (6, None, False, True, 0),
        (8, "6 months", False, True, 0),
        (8, None, True, True, 0),
        (8, None, False, False, 0),
    ],
)
def test_a_clock_that_github_has_not_confirmed_for_a_week_deletes_nothing_by_itself(
    connection: Connection,
    days_ago: int,
    asked: str | None,
    is_told: bool,
    is_watched: bool,
    rows: int,
) -> None:
    """It may be a year ahead: GitHub cannot be reached then, because certificates look expired."""
    upsert(connection, [Repository(7, "acme/app", "api.github.com")])
    if not is_watched:
        connection.execute("update repositories set forgotten_at = now()")
    connection.execute(
        "insert into ingestions select 7, now() - n * interval '1 day', now() - n * interval "
        "'1 day', case when n = 1 then 'failed' else 'complete' end, now(), 0, 0, 0, 0, 0, 0, 0, "
        "0, 0, null from unnest(%s::integer[]) as n",
        [[days_ago, 1]],
    )
    upsert(connection, [workflow_run(created_at=now() - timedelta(days=400))])
    try:
        prune(
            connection,
            (asked and kept(asked)) or None,
            local_time=now(),
            github_time=now() if is_told else None,
        )
    except TelemetryError as error:
        assert UNCONFIRMED in str(error)
    assert count(connection, "workflow_runs") == rows


def test_forever_deletes_nothing_however_old(connection: Connection) -> None:
    upsert(connection, [workflow_run(created_at=datetime(1999, 1, 1, tzinfo=UTC))])
    assert prune(connection, kept("forever"), local_time=now()) == Pruned("forever", None)
    assert prune(connection, local_time=now()).workflow_runs == 0
    assert count(connection, "workflow_runs") == 1


@pytest.mark.parametrize("text", ["1 day", "2w", "6 months", "1 year 6 months", "25 months"])
def test_a_horizon_is_the_same_in_python_and_in_the_database(
    connection: Connection, text: str
) -> None:
    connection.execute("set time zone 'Pacific/Auckland'")
    found = horizon(connection, kept(text))
    expected = found.database_time.astimezone(UTC) - age(text, "KEEP")
    assert found.before == expected.replace(microsecond=0)


OLD = timedelta(days=20)


@pytest.mark.parametrize(
    ("before", "asked", "has_old_rows", "is_taken"),
    [
        # Nobody has chosen yet: what is given first is taken, unless rows would go by it.
        (None, "10 days", False, True),
        (None, "10 days", True, False),
        (None, "6 months", True, True),
        (None, "2 years", True, True),
        # What somebody chose grows by an ingest, and never shrinks by one.
        ("1 year", "10 days", False, False),
        ("1 year", "11 months", True, False),
        ("11 months", "1 year", True, True),
        ("1 year", "forever", True, True),
        ("forever", "200 years", False, False),
        # Shorter than the old row: choosing longer deletes no more than before.
        ("5 days", "10 days", True, True),
    ],
)
def test_an_ingest_takes_a_longer_keep_and_deletes_nothing_by_a_shorter_one(
    connection: Connection, before: str | None, asked: str, has_old_rows: bool, is_taken: bool
) -> None:
    if before is not None:
        choose(connection, kept(before))
    if has_old_rows:
        upsert(connection, [workflow_run(created_at=now() - OLD)])
        upsert(connection, [llm_call(timestamp=now() - OLD)])
    found = offer(connection, kept(asked))
    is_older = has_old_rows and asked.endswith("0 days")
    assert (found.older.workflow_runs, found.older.llm_calls) == (is_older, is_older)
    assert str(found.now) == (asked if is_taken else str(found.before))
    assert str(stored(connection)) == str(found.now)


@pytest.mark.parametrize("days", [100, 200])
def test_a_database_from_before_retention_deletes_nothing_until_told(
    connection: Connection, days: int
) -> None:
    """As the migration finds it: rows, and no retention yet."""
    is_old = days > 190
    connection.execute("delete from retention")
    upsert(connection, [workflow_run(created_at=now() - timedelta(days=days))])
    migration = (MIGRATIONS / "0030.retention.sql").read_bytes()
    for _ in range(2):  # a migration may be applied again after a crash
        connection.execute(migration)
        assert stored(connection) == Retention(Length(6), is_chosen=False, is_held=is_old)
    pruned = prune(connection, local_time=now())
    assert (pruned.is_held, pruned.workflow_runs) == (is_old, int(is_old))
    assert count(connection, "workflow_runs") == 1
    if not is_old:
        return
    assert offer(connection, kept("6 months")).older.total == 1
    assert stored(connection).is_held
    assert str(offer(connection, kept("1 year")).now) == "1 year"
    assert prune(connection, local_time=now()).workflow_runs == 0
    assert prune(connection, kept("6 months"), local_time=now()).workflow_runs == 1
    assert count(connection, "workflow_runs") == 0
