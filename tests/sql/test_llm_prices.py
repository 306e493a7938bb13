"""What a call costs: the right price of its day, or none; computed a second time in Python."""

import csv
import json
import re
from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from support.llm_costs import OURS, in_python
from support.rows import CREATED_AT, llm_call

from telemetry.database.connection import Connection, upsert
from telemetry.database.prices import load_llm_prices
from telemetry.llm.formats.reading import Defaults
from telemetry.llm.ingest import ingest_llm_calls
from telemetry.rows.llm import LlmCall
from telemetry.rows.prices import LlmPrice
from telemetry.settings import UsageError


@pytest.fixture
def priced(connection: Connection) -> Callable[..., dict[str, Any]]:
    """Store one call and return it as the view prices it."""

    def price(**changes: Any) -> dict[str, Any]:
        connection.execute("delete from llm_calls")
        upsert(connection, [llm_call(**{"input_tokens": 0, "output_tokens": 0, **changes})])
        (row,) = connection.execute("select * from llm_calls_priced").fetchall()
        return row

    return price


def add(connection: Connection, model: str, cost: str, **changes: Any) -> None:
    values = {
        "effective_from": date(2020, 1, 1),
        "input_per_mtok": Decimal(cost),
        "output_per_mtok": Decimal(cost),
        **changes,
    }
    upsert(connection, [LlmPrice(model=model, **values)])


# The list


def test_our_list_is_current_dated_and_says_where_each_price_is_from() -> None:
    assert 40 <= len(OURS) <= 90
    assert len({(row.model, row.effective_from, row.provider) for row in OURS}) == len(OURS)
    vendors = {re.split(r"[-.\d]", row.model)[0] for row in OURS}
    assert {"claude", "gpt", "o", "gemini", "deepseek"} <= vendors
    for row in OURS:
        assert row.source and re.search(r"20\d\d", row.source), row.model
        assert row.model == row.model.lower()


def test_dearer_parts_of_our_list_are_in_the_order_that_vendors_have() -> None:
    for row in OURS:
        assert 0 < row.input_per_mtok <= row.output_per_mtok or row.output_per_mtok == 0
        if row.cache_read_per_mtok is not None:
            assert row.cache_read_per_mtok < row.input_per_mtok
        if row.cache_write_1h_per_mtok is not None:
            assert row.cache_write_per_mtok is not None
            assert row.input_per_mtok <= row.cache_write_per_mtok < row.cache_write_1h_per_mtok


def test_our_list_agrees_with_the_lists_that_it_is_from(recorded: Path) -> None:
    folder = recorded / "llm" / "prices"
    litellm = json.loads((folder / "litellm_subset.json").read_text(), parse_float=Decimal)
    compared = 0
    for row in OURS:
        theirs = litellm.get(row.model)
        if not theirs or row.effective_from > date(2026, 8, 31):
            continue
        later = [o for o in OURS if o.model == row.model and o.effective_from > row.effective_from]
        if later:
            continue
        compared += 1
        assert theirs["input_cost_per_token"] * 1_000_000 == row.input_per_mtok
        assert theirs["output_cost_per_token"] * 1_000_000 == row.output_per_mtok
    assert compared >= 10


def test_a_list_is_stored_once_and_a_changed_price_is_an_update(
    connection: Connection, tmp_path: Path
) -> None:
    assert load_llm_prices(connection).inserted == len(OURS)
    assert load_llm_prices(connection).unchanged == len(OURS)
    own = tmp_path / "own.csv"
    names = [field.name for field in fields(LlmPrice)]
    with own.open("w", newline="") as file:
        lines = csv.DictWriter(file, names, restval="")
        lines.writeheader()
        base = {"effective_from": "2020-01-01", "output_per_mtok": "1"}
        lines.writerow({**base, "model": "House-Model", "input_per_mtok": "0.5"})
        lines.writerow({**base, "model": "o1", "input_per_mtok": "7"})
    counts = load_llm_prices(connection, str(own))
    assert (counts.inserted, counts.updated) == (1, 1)
    again = load_llm_prices(connection, str(own))
    assert (again.inserted, again.updated) == (0, 0)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("m,2026-01-01,-1,2,,,,,", "input_per_mtok is '-1'"),
        ("m,01/02/2026,1,2,,,,,", "effective_from is '01/02/2026'"),
        (",2026-01-01,1,2,,,,,", "model is ''"),
        ("m,2026-01-01,1", "there are not 9 values"),
    ],
)
def test_a_list_that_cannot_be_read_is_named_with_its_line(
    connection: Connection, tmp_path: Path, line: str, said: str
) -> None:
    own = tmp_path / "own.csv"
    header = ",".join(field.name for field in fields(LlmPrice))
    own.write_text(f"{header}\n{line}\n")
    with pytest.raises(UsageError, match=re.escape(said)) as caught:
        load_llm_prices(connection, str(own))
    assert f"{own}:2" in str(caught.value)
    assert connection.execute("select 1 from llm_prices").fetchall() == []


# Which price a model has


@pytest.mark.parametrize(
    ("model", "price_model"),
    [
        ("claude-haiku-4-5", "claude-haiku-4-5"),
        ("claude-haiku-4-5-20251001", "claude-haiku-4-5"),
        ("Claude-Haiku-4-5-20251001", "claude-haiku-4-5"),
        ("anthropic/claude-haiku-4-5", "claude-haiku-4-5"),
        ("openrouter/anthropic/claude-haiku-4-5", "claude-haiku-4-5"),
        ("anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5"),
        ("global.anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5"),
        ("bedrock/global.anthropic.claude-haiku-4-5-20251001-v1:0", "claude-haiku-4-5"),
        ("claude-haiku-4-5@20251001", "claude-haiku-4-5"),
        ("claude-sonnet-4-5-20250929[1m]", "claude-sonnet-4-5"),
        ("claude-3-5-haiku-latest", "claude-3-5-haiku"),
        ("claude-sonnet-4-20250514", "claude-sonnet-4"),
        ("models/gemini-2.5-pro", "gemini-2.5-pro"),
        ("gpt-5-2025-08-07", "gpt-5"),
        ("gpt-4o-2024-08-06", "gpt-4o"),
        ("gpt-4o-2024-05-13", "gpt-4o-2024-05-13"),
        ("openai/gpt-4o-2024-05-13", "gpt-4o-2024-05-13"),
        (
            "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        ),
        # New, unknown, or with a price of their own: none is better than a relative's.
        ("claude-opus-5-6", None),
        ("gpt-5.2-codex-max", None),
        ("gpt-5-turbo", None),
        ("claude", None),
        ("<synthetic>", None),
        ("google/gemini-2.5-pro:free", None),
        ("eu.anthropic.claude-sonnet-4-5-20250929-v1:0", None),
        ("claude-haiku-4-5-2025100", None),
        ("", None),
        (None, None),
    ],
)
def test_a_model_has_the_price_of_its_own_name_or_none(
    connection: Connection,
    priced: Callable[..., dict[str, Any]],
    model: str | None,
    price_model: str | None,
) -> None:
    load_llm_prices(connection)
    row = priced(model=model, input_tokens=1_000, output_tokens=10)
    assert row["price_model"] == price_model
    assert (row["list_cost"] is None) == (row["cost"] is None) == (price_model is None)


def test_a_price_of_the_provider_beats_that_of_anyone(
    connection: Connection, priced: Callable[..., dict[str, Any]]
) -> None:
    add(connection, "m", "1")
    add(connection, "m", "3", provider="azure")
    assert priced(model="m", provider="Azure", input_tokens=1_000_000)["cost"] == 3
    assert priced(model="m", provider="openai", input_tokens=1_000_000)["cost"] == 1
    assert priced(model="m", provider=None, input_tokens=1_000_000)["cost"] == 1


def test_a_price_of_one_provider_is_no_price_of_another(
    connection: Connection, priced: Callable[..., dict[str, Any]]
) -> None:
    add(connection, "m", "3", provider="deepseek")
    assert priced(model="m", provider="deepseek", input_tokens=1)["cost"] is not None
    assert priced(model="m", provider="elsewhere", input_tokens=1)["cost"] is None
    assert priced(model="m", provider=None, input_tokens=1)["cost"] is None


def test_the_exact_id_beats_the_stripped_one_whoever_serves_it(
    connection: Connection, priced: Callable[..., dict[str, Any]]
) -> None:
    add(connection, "m", "1", provider="azure")
    add(connection, "m-2026-01-01", "3")
    row = priced(model="m-2026-01-01", provider="azure", input_tokens=1_000_000)
    assert row["cost"] == 3


@pytest.mark.parametrize(
    ("moment", "cost"),
    [
        ("2025-06-09T23:59:59.999999+00:00", 10),
        ("2025-06-10T00:00:00+00:00", 2),
        ("2025-06-10T01:30:00+02:00", 10),
        ("2026-01-01T00:00:00+00:00", 2),
        ("2019-12-31T23:59:59+00:00", None),
    ],
)
def test_a_call_has_the_price_of_its_day_in_utc(
    connection: Connection,
    priced: Callable[..., dict[str, Any]],
    moment: str,
    cost: int | None,
) -> None:
    load_llm_prices(connection)
    at = datetime.fromisoformat(moment)
    assert priced(model="o3", input_tokens=1_000_000, timestamp=at)["cost"] == cost


# What it comes to


def test_each_part_of_a_call_has_its_own_price(
    connection: Connection, priced: Callable[..., dict[str, Any]]
) -> None:
    load_llm_prices(connection)
    row = priced(
        model="claude-haiku-4-5",
        input_tokens=10_000,
        cache_read_tokens=5_000,
        cache_write_tokens=3_000,
        cache_write_1h_tokens=1_000,
        output_tokens=500,
        reasoning_tokens=400,
    )
    # 2,000 fresh at 1, 5,000 read at 0.1, 2,000 written at 1.25, 1,000 for an hour at 2, 500 at 5.
    assert row["list_cost"] == Decimal("0.0095")
    # Without a cache the input would have cost 0.010 instead of 0.007.
    assert row["cache_saved"] == Decimal("0.003")


def test_a_cost_is_not_rounded(
    connection: Connection, priced: Callable[..., dict[str, Any]]
) -> None:
    load_llm_prices(connection)
    row = priced(model="text-embedding-3-small", input_tokens=5, output_tokens=None)
    assert row["list_cost"] == Decimal("0.0000001")


@pytest.mark.parametrize("missing", ["input_tokens", "output_tokens"])
def test_tokens_that_are_not_reported_are_no_zero(
    connection: Connection, priced: Callable[..., dict[str, Any]], missing: str
) -> None:
    load_llm_prices(connection)
    row = priced(model="o1", **{"input_tokens": 10, "output_tokens": 10, missing: None})
    assert row["price_model"] == "o1"
    assert (row["list_cost"], row["cost"]) == (None, None)


def test_a_list_without_cache_prices_has_the_price_of_input_for_them(
    connection: Connection, priced: Callable[..., dict[str, Any]]
) -> None:
    add(connection, "m", "2")
    parts = {"cache_read_tokens": 300_000, "cache_write_tokens": 200_000}
    row = priced(model="m", input_tokens=1_000_000, cache_write_1h_tokens=100_000, **parts)
    assert (row["cost"], row["cache_saved"]) == (2, 0)


def test_reported_and_list_cost_are_kept_apart(
    connection: Connection, priced: Callable[..., dict[str, Any]]
) -> None:
    load_llm_prices(connection)
    row = priced(model="o1", input_tokens=1_000_000, estimated_cost=Decimal("0.25"))
    assert (row["reported_cost"], row["list_cost"], row["cost"]) == (Decimal("0.25"), 15, 0.25)
    unknown = priced(model="of-tomorrow", input_tokens=1, estimated_cost=Decimal("0.25"))
    assert (unknown["list_cost"], unknown["cost"]) == (None, Decimal("0.25"))
    free = priced(model="o1", input_tokens=1_000_000, estimated_cost=Decimal(0))
    assert free["cost"] == 0


def some_calls(seed: int, count: int) -> list[LlmCall]:
    """Calls of our models under the names that logs give them, and of unknown ones."""
    rng = Random(seed)
    found = []
    for number in range(count):
        price = rng.choice(OURS)
        spelled = rng.choice(["{}", "{}-20260101", "{}-2026-01-01", "x/{}", "{}-latest", "{}-new"])
        written = rng.choice([None, 0, rng.randrange(5_000)])
        read = rng.choice([None, 0, rng.randrange(90_000)])
        found.append(
            llm_call(
                call_id=str(number),
                session_id=str(number),
                timestamp=datetime(2025, 1, 1, tzinfo=UTC) + timedelta(hours=rng.randrange(18_000)),
                provider=rng.choice([None, "deepseek", "openai"]),
                model=rng.choice([spelled.format(price.model), None, "nobody"])
                if number % 5 == 0
                else spelled.format(price.model),
                input_tokens=(read or 0) + (written or 0) + rng.randrange(9_000),
                output_tokens=None if number % 9 == 0 else rng.randrange(9_000),
                cache_read_tokens=read,
                cache_write_tokens=written,
                cache_write_1h_tokens=rng.choice([None, 0, rng.randrange((written or 0) + 1)]),
            )
        )
    return found


def test_list_costs_are_those_computed_in_python(connection: Connection) -> None:
    load_llm_prices(connection)
    found = some_calls(seed=1, count=2_000)
    upsert(connection, found)
    rows = connection.execute("select call_id, list_cost from llm_calls_priced").fetchall()
    costs = {row["call_id"]: row["list_cost"] for row in rows}
    assert costs == {call.call_id: in_python(call) for call in found}
    assert 500 < sum(cost is not None for cost in costs.values()) < 1_900


def test_real_costs_of_125_models_in_48_runs_come_out_to_the_millionth(
    connection: Connection, recorded: Path
) -> None:
    load_llm_prices(connection)
    file = recorded / "llm" / "claude_code_action" / "real_result_totals.jsonl"
    done = ingest_llm_calls(connection, [file], Defaults(at=CREATED_AT), now=lambda: CREATED_AT)
    assert (done.inserted, done.rejected_lines, done.clashing) == (125, 0, 0)
    rows = connection.execute("select * from llm_calls_priced").fetchall()
    reported: dict[tuple[str, str], Decimal] = {}
    for line in file.read_text().splitlines():
        result = json.loads(line, parse_float=Decimal)
        for model, used in result["modelUsage"].items():
            reported[f"{result['uuid']}:{model}", model] = used["costUSD"]
    assert len(reported) == 125
    for row in rows:
        cost = reported[row["call_id"], row["model"]]
        assert abs(row["list_cost"] - cost) < Decimal("0.000001")
        assert abs(row["list_cost"] - row["reported_cost"]) < Decimal("0.000001")
    assert sum(reported.values()).quantize(Decimal("1e-8")) == Decimal("16.70946475")
    by_hand = in_python(
        next(
            llm_call(**{f.name: row[f.name] for f in fields(LlmCall) if f.name in row})
            for row in rows
        )
    )
    assert by_hand == rows[0]["list_cost"]


def test_a_real_run_of_three_models_costs_what_it_reported(
    connection: Connection, recorded: Path
) -> None:
    load_llm_prices(connection)
    file = recorded / "llm" / "claude_code_action" / "real_ci_run_2.1.285.json"
    ingest_llm_calls(connection, [file], Defaults(), now=lambda: CREATED_AT)
    rows = connection.execute("select * from llm_calls_priced").fetchall()
    assert sum(row["reported_cost"] for row in rows) == Decimal("4.051451")
    opus = next(row for row in rows if row["model"].startswith("claude-opus"))
    assert abs(opus["list_cost"] - opus["reported_cost"]) < Decimal("0.000001")


def test_usage_bodies_of_providers_cost_what_another_price_package_says(
    connection: Connection, recorded: Path
) -> None:
    load_llm_prices(connection)
    file = recorded / "llm" / "provider_usage" / "genai_prices_dataset_sample.jsonl"
    expected: dict[str, Decimal] = {}
    found = []
    for number, line in enumerate(file.read_text().splitlines()):
        body = json.loads(line)
        own = [p for p in body["prices"] if p["provider_id"] in ("anthropic", "openai", "google")]
        usage = body["usage"]
        known = {
            "input_tokens",
            "output_tokens",
            "cache_read_tokens",
            "cache_write_tokens",
            "output_reasoning_tokens",
        }
        if not own or set(usage) - known or usage.get("input_tokens", 0) > 200_000:
            continue
        expected[str(number)] = sum(
            (Decimal(own[0][part]) for part in ("input_price", "output_price") if part in own[0]),
            Decimal(0),
        )
        counts = {
            name: usage.get(name)
            for name in ("input_tokens", "cache_read_tokens", "cache_write_tokens")
        }
        found.append(
            llm_call(
                call_id=str(number),
                session_id=str(number),
                timestamp=datetime(2026, 8, 31, tzinfo=UTC),
                model=body["model"],
                output_tokens=usage.get("output_tokens", 0),
                **counts,
            )
        )
    upsert(connection, found)
    rows = connection.execute(
        "select call_id, model, list_cost from llm_calls_priced where list_cost is not null"
    ).fetchall()
    assert len(rows) >= 15
    for row in rows:
        assert abs(row["list_cost"] - expected[row["call_id"]]) < Decimal("1e-9"), row


# How it is computed


def test_a_window_reads_no_more_of_the_table_than_it_shows(connection: Connection) -> None:
    load_llm_prices(connection)
    connection.execute(
        "insert into llm_calls (source, call_id, timestamp, session_id, model, input_tokens, "
        "output_tokens) select 's', n::text, now() - n * interval '1 hour', n::text, "
        "'gpt-5-mini', n, n from generate_series(1, 20000) as n"
    )
    connection.execute("analyze llm_calls")
    (row,) = connection.execute(
        "explain (format json) select sum(cost) from llm_calls_priced "
        "where timestamp >= now() - interval '1 day'"
    ).fetchall()
    plan = json.dumps(row["QUERY PLAN"])
    assert "llm_calls_timestamp_session_id_prompt_name_key" in plan


def test_the_price_is_looked_up_by_model_and_not_by_call(connection: Connection) -> None:
    load_llm_prices(connection)
    connection.execute(
        "insert into llm_calls (source, call_id, timestamp, session_id, model, input_tokens, "
        "output_tokens) select 's', n::text, now() - n * interval '1 minute', n::text, "
        "'gpt-5-mini-2025-08-0' || n % 5, n, n from generate_series(1, 20000) as n"
    )
    connection.execute("analyze llm_calls")
    (row,) = connection.execute(
        "explain (analyze, timing off, format json) select sum(cost) from llm_calls_priced"
    ).fetchall()
    loops: list[int] = []

    def walk(plan: dict[str, Any]) -> None:
        if plan.get("Relation Name") == "llm_prices":
            loops.append(plan["Actual Loops"])
        for child in plan.get("Plans", []):
            walk(child)

    walk(row["QUERY PLAN"][0]["Plan"])
    assert loops and max(loops) <= 5 * 4
