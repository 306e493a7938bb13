"""Rows that can never be true are refused, and rows from before the rules are named."""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from support.rows import llm_call, workflow_run

from telemetry.database.connection import SQL, Connection
from telemetry.database.migrations import migrate
from telemetry.database.rules import broken_rules, validate_rules
from telemetry.database.schema import MIGRATIONS
from telemetry.database.status import status
from telemetry.database.upserts import upsert
from telemetry.rows.prices import LlmPrice, RunnerPrice
from telemetry.rows.runs import OpenRun, Repository

# For each rule of 0018: changes of a good row that break it, each alone.
BREAKS = {
    "workflow_runs_attempts_count_from_1": ["run_attempt = 0", "run_attempt = -1"],
    "workflow_runs_durations_are_not_negative": ["duration_seconds = -1"],
    "open_runs_attempts_count_from_1": ["run_attempt = 0"],
    "missing_attempts_attempts_count_from_1": ["run_attempt = 0"],
    "windows_counts_are_not_negative": ["reported = -1", "seen = -1"],
    "ingestions_outcomes_are_known": ["outcome = 'lost'"],
    "ingestions_counts_are_not_negative": [
        "fetched = -1",
        "inserted = -1",
        "updated = -1",
        "unchanged = -1",
        "not_completed = -1",
        "unreadable = -1",
        "cut = -1",
        "requests = -1",
        "not_modified = -1",
    ],
    "llm_ingestions_counts_are_not_negative": [
        "files = -1",
        "inserted = -1",
        "updated = -1",
        "unchanged = -1",
        "cut = -1",
        "clashing = -1",
        "rejected_files = -1",
        "rejected_lines = -1",
    ],
    "llm_calls_tokens_are_not_negative": [
        "input_tokens = -1, cache_read_tokens = null, cache_write_tokens = null",
        "output_tokens = -1, reasoning_tokens = null",
        "cache_read_tokens = -1",
        "cache_write_tokens = -1, cache_write_1h_tokens = null",
        "cache_write_1h_tokens = -1",
        "reasoning_tokens = -1",
    ],
    "llm_calls_cached_tokens_are_within_input": [
        "input_tokens = 10, cache_read_tokens = 11, cache_write_tokens = null",
        "input_tokens = 10, cache_read_tokens = null, cache_write_tokens = 11",
        "input_tokens = 10, cache_read_tokens = 6, cache_write_tokens = 5",
    ],
    "llm_calls_kept_tokens_are_within_written": [
        "cache_write_tokens = 2, cache_write_1h_tokens = 3",
        "cache_write_tokens = null, cache_write_1h_tokens = 1",
    ],
    "llm_calls_reasoning_is_within_output": ["output_tokens = 2, reasoning_tokens = 3"],
    "llm_calls_costs_are_not_negative": ["estimated_cost = -0.000001"],
    "llm_calls_durations_are_not_negative": ["duration_ms = -1"],
    "llm_calls_api_calls_are_not_negative": ["api_calls = -1"],
    "llm_calls_attempts_count_from_1": ["github_run_attempt = 0"],
    "llm_prices_prices_are_not_negative": [
        "input_per_mtok = -0.1",
        "output_per_mtok = -0.1",
        "cache_read_per_mtok = -0.1",
        "cache_write_per_mtok = -0.1",
        "cache_write_1h_per_mtok = -0.1",
    ],
    "runner_prices_prices_are_not_negative": ["usd_per_minute = -0.001"],
    "llm_calls_kept_tokens_are_within_written_in_all": [
        "cache_write_12h_tokens = -1, cache_write_1h_tokens = null",
        "cache_write_tokens = 2, cache_write_1h_tokens = 1, cache_write_12h_tokens = 2",
        "cache_write_tokens = null, cache_write_1h_tokens = null, cache_write_12h_tokens = 1",
    ],
    "llm_calls_searches_are_not_negative": ["web_search_requests = -1"],
    "llm_calls_reported_costs_are_not_negative": [
        "reported_cost = -0.0000001",
        "reported_cost = 'NaN'",
    ],
    "llm_ingestions_left_out_is_not_negative": ["left_out = -1"],
    "llm_prices_conditions_are_possible": [
        "above_input_tokens = -1",
        "regional_factor = 0",
        "peak_factor = -1",
        "peak_hours = '{3,24}'",
        "peak_weekdays = '{0,1}'",
    ],
    "llm_prices_other_prices_are_not_negative": [
        "cache_write_12h_per_mtok = -0.1",
        "web_search_per_thousand = -1",
    ],
}
DEFINED = ["0018.rules", "0090.llm-rules"]
RULES = ["0018.rules", "0019.check-rules", "0090.llm-rules", "0091.check-llm-rules"]


def table_of(rule: str, connection: Connection) -> str:
    row = connection.execute(
        "select conrelid::regclass::text as name from pg_constraint where conname = %s", [rule]
    ).fetchone()
    assert row is not None, rule
    return str(row["name"])


def store_good_rows(connection: Connection) -> None:
    """One row in each table that has a rule."""
    upsert(connection, [workflow_run()])
    repository = Repository(7, "acme/app", "api.github.com")
    upsert(connection, [OpenRun.of(workflow_run(github_run_id=2), repository)])
    upsert(connection, [llm_call()])
    upsert(connection, [LlmPrice("m", date(2026, 1, 1), Decimal(3), Decimal(15))])
    upsert(connection, [RunnerPrice("linux", date(2026, 1, 1), Decimal("0.006"))])
    connection.execute("insert into missing_attempts values (3, 1, 7, now())")
    connection.execute(
        "insert into windows values (7, '2026-01-01', '2026-01-02', 0, 0, now(), true)"
    )
    connection.execute(
        "insert into ingestions "
        "select 7, now(), now(), 'complete', now(), 0, 0, 0, 0, 0, 0, 0, 0, 0"
    )
    connection.execute(
        "insert into llm_ingestions select now(), now(), 0, 0, 0, 0, 0, 0, 0, 0, '{}'"
    )


@pytest.mark.parametrize(("rule", "change"), [(r, c) for r, cs in BREAKS.items() for c in cs])
def test_a_row_that_can_never_be_true_is_refused(
    connection: Connection, rule: str, change: str
) -> None:
    store_good_rows(connection)
    table = table_of(rule, connection)
    for other in BREAKS:
        if other != rule and table_of(other, connection) == table:
            connection.execute(f"alter table {table} drop constraint {other}")
    with pytest.raises(psycopg.errors.CheckViolation) as refused:
        connection.execute(f"update {table} set {change}")
    assert refused.value.diag.constraint_name == rule


def test_each_column_of_each_rule_has_a_row_that_breaks_it(connection: Connection) -> None:
    text = "".join((MIGRATIONS / f"{name}.sql").read_text(encoding="utf-8") for name in DEFINED)
    assert set(re.findall(r"add constraint (\w+)", text)) == set(BREAKS)
    rows = connection.execute(
        "select conname, attname from pg_constraint "
        "join pg_attribute on attrelid = conrelid and attnum = any(conkey) "
        "where contype = 'c' and conname = any(%s)",
        [list(BREAKS)],
    ).fetchall()
    for row in rows:
        changes = BREAKS[row["conname"]]
        assert any(f"{row['attname']} = " in change for change in changes), row


def test_values_that_github_decides_have_no_rule(connection: Connection) -> None:
    upsert(connection, [workflow_run(status="dreaming", conclusion="half right")])
    run = workflow_run(github_run_id=2)
    upsert(
        connection, [workflow_run(github_run_id=2, completed_at=run.created_at, duration_seconds=0)]
    )
    connection.execute("update workflow_runs set completed_at = started_at - interval '1 day'")


def test_in_a_new_database_every_rule_is_validated(connection: Connection) -> None:
    (row,) = connection.execute(
        "select count(*) as rules, count(*) filter (where convalidated) as valid "
        "from pg_constraint where conname = any(%s)",
        [list(BREAKS)],
    )
    assert row == {"rules": len(BREAKS), "valid": len(BREAKS)}


def unproven(connection: Connection) -> set[str]:
    rows = connection.execute("select conname from pg_constraint where not convalidated")
    return {row["conname"] for row in rows}


def before_the_rules(connection: Connection) -> None:
    for name in reversed(RULES):
        connection.execute((MIGRATIONS / f"{name}.rollback.sql").read_bytes())
        connection.execute("delete from _yoyo_migration where migration_id = %s", [name])


def test_a_database_with_impossible_rows_is_migrated_and_they_are_named(
    connection: Connection, dsn: str
) -> None:
    before_the_rules(connection)
    upsert(connection, [Repository(7, "acme/app", "api.github.com")])
    upsert(connection, [workflow_run(github_run_id=n, run_attempt=0) for n in (9, 5, 1234)])
    upsert(connection, [workflow_run()])
    upsert(connection, [llm_call(input_tokens=10, cache_read_tokens=11)])
    assert migrate(dsn) == [*RULES, "views"]

    runs, calls = sorted(broken_rules(connection), key=lambda said: "llm_calls" in said)
    assert runs == (
        "workflow_runs: 3 rows break the rule (run_attempt >= 1) (Attempts count from 1), "
        "the first is (5,0); correct or delete them, then run `make migrate`"
    )
    assert calls.startswith("llm_calls: 1 row breaks the rule (")
    assert {runs, calls} <= set(status(connection).concerns)
    with pytest.raises(psycopg.errors.CheckViolation):
        upsert(connection, [workflow_run(github_run_id=2, run_attempt=0)])

    validate_rules(connection)
    assert unproven(connection) == {
        "workflow_runs_attempts_count_from_1",
        "llm_calls_cached_tokens_are_within_input",
    }
    connection.execute("update workflow_runs set run_attempt = 1 where run_attempt = 0")
    assert broken_rules(connection) == [calls]
    validate_rules(connection)
    assert unproven(connection) == {"llm_calls_cached_tokens_are_within_input"}


def test_an_impossible_llm_value_from_before_its_rule_is_named(
    connection: Connection, dsn: str
) -> None:
    before_the_rules(connection)
    upsert(connection, [llm_call(web_search_requests=-1)])
    assert migrate(dsn) == [*RULES, "views"]
    (said,) = broken_rules(connection)
    assert said.startswith(
        "llm_calls: 1 row breaks the rule (web_search_requests >= 0) "
        "(No call searches fewer than 0 times), the first is ("
    )


def test_the_migration_checks_rules_as_the_command_does() -> None:
    def block(path: Path) -> str:
        text = path.read_text(encoding="utf-8").partition("do $$")[2]
        # A migration makes the tables in the first schema, a command finds them in any.
        in_the_first = "pg_constraint.connamespace = current_schema()::regnamespace"
        return text.replace(in_the_first, "pg_table_is_visible(pg_class.oid)")

    for name in ("0019.check-rules", "0091.check-llm-rules"):
        migration = block(MIGRATIONS / f"{name}.sql")
        assert migration and migration == block(SQL / "schema" / "validate_rules.sql")
