"""What a call costs: the right price of its day, or none; computed a second time in Python."""

import csv
import json
import re
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from support.llm_costs import OURS, between_in_python, in_python
from support.rows import CREATED_AT, llm_call

from telemetry.database.connection import Connection
from telemetry.database.prices import load_llm_prices, read_prices
from telemetry.database.upserts import upsert
from telemetry.llm.finding import Logs
from telemetry.llm.formats.readers import Defaults
from telemetry.llm.ingest import ingest_llm_calls
from telemetry.rows.llm import LlmCall
from telemetry.rows.prices import LlmPrice, file_columns
from telemetry.settings import UsageError

Price = Callable[..., dict[str, Any]]


def pricing(connection: Connection) -> Price:
    """Store one call and return it as the view prices it."""

    def price(**changes: Any) -> dict[str, Any]:
        connection.execute("delete from llm_calls")
        upsert(connection, [llm_call(**{"input_tokens": 0, "output_tokens": 0, **changes})])
        (row,) = connection.execute("select * from llm_calls_priced").fetchall()
        return row

    return price


@pytest.fixture
def priced(connection: Connection) -> Price:
    """Prices calls by the prices that the test adds."""
    return pricing(connection)


@pytest.fixture
def priced_by_ours(with_prices: Connection) -> Price:
    """Prices calls by our list."""
    return pricing(with_prices)


def add(connection: Connection, model: str, cost: str, **changes: Any) -> None:
    values = {
        "effective_from": datetime(2020, 1, 1, tzinfo=UTC),
        "input_per_mtok": Decimal(cost),
        "output_per_mtok": Decimal(cost),
        **changes,
    }
    upsert(connection, [LlmPrice(model=model, **values)])


# The list


def key(row: LlmPrice) -> tuple[Any, ...]:
    return (row.model, row.effective_from, row.provider, row.tier, row.above_input_tokens)


def test_our_list_is_current_dated_and_says_where_each_price_is_from() -> None:
    assert len({row.model for row in OURS}) >= 100
    assert len({key(row) for row in OURS}) == len(OURS)
    vendors = {re.split(r"[-.\d]", row.model)[0] for row in OURS}
    assert {"claude", "gpt", "o", "gemini", "deepseek", "grok", "kimi", "glm"} <= vendors
    for row in OURS:
        assert row.source, row.model
        assert row.checked_on and row.checked_on >= date(2026, 11, 25), row.model
        assert row.model == row.model.lower()


def test_prices_of_our_list_are_ordered_as_vendors_order_them() -> None:
    for row in OURS:
        assert 0 < row.input_per_mtok <= row.output_per_mtok or row.output_per_mtok == 0
        if row.cache_read_per_mtok is not None:
            assert row.cache_read_per_mtok < row.input_per_mtok
        for kept in (row.cache_write_1h_per_mtok, row.cache_write_12h_per_mtok):
            if kept is not None:
                assert row.cache_write_per_mtok is not None
                assert row.input_per_mtok <= row.cache_write_per_mtok < kept


def test_each_price_of_our_list_is_complete() -> None:
    whole = {(row.model, row.effective_from, row.provider): [] for row in OURS}
    for row in OURS:
        whole[row.model, row.effective_from, row.provider].append(row)
    for rows in whole.values():
        lengths = {(row.tier, row.above_input_tokens) for row in rows}
        assert ("standard", 0) in lengths
        assert all((tier, 0) in lengths for tier, _ in lengths)
        assert len({(row.regional_factor, row.peak_factor) for row in rows}) == 1
        assert all((row.peak_factor is None) == (row.peak_hours is None) for row in rows)


@pytest.mark.parametrize(
    ("name", "same"),
    [
        ("gpt-5.6", "gpt-5.6-sol"),
        ("claude-sonnet-4", "claude-sonnet-4-0"),
        ("claude-opus-4", "claude-opus-4-0"),
    ],
)
def test_two_names_of_one_model_have_one_price(name: str, same: str) -> None:
    prices = [row for row in OURS if row.model == name]
    assert prices == [replace(row, model=name) for row in OURS if row.model == same] != []


@pytest.mark.parametrize(
    ("tier", "least", "most"),
    [
        ("batch", "0.5", "0.8"),
        ("flex", "0.5", "0.5"),
        ("priority", "1.66", "2.5"),
        ("fast", "1.66", "2.5"),
    ],
)
def test_the_tiers_of_our_list_have_the_vendors_ratio_to_standard(
    tier: str, least: str, most: str
) -> None:
    standard = {key(row): row for row in OURS if row.tier == "standard"}
    compared = [row for row in OURS if row.tier == tier]
    for row in compared:
        beside = standard[key(replace(row, tier="standard"))]
        for name in ("input_per_mtok", "output_per_mtok"):
            usual = getattr(beside, name)
            assert not usual or Decimal(least) <= getattr(row, name) / usual <= Decimal(most), row
    assert len(compared) >= 30


def test_our_list_agrees_with_litellm_on_unchanged_prices(recorded: Path) -> None:
    folder = recorded / "llm" / "prices"
    litellm = json.loads((folder / "litellm_subset.json").read_text(), parse_float=Decimal)
    compared = 0
    for row in OURS:
        theirs = litellm.get(row.model)
        later = [o for o in OURS if o.model == row.model and o.effective_from > row.effective_from]
        if not theirs or later or row.tier != "standard" or row.above_input_tokens:
            continue
        if row.effective_from > datetime(2026, 8, 15, tzinfo=UTC):
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
    names = [field.name for field in file_columns(LlmPrice)]
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


def test_a_user_price_list_needs_only_the_columns_without_a_default(
    connection: Connection, tmp_path: Path
) -> None:
    own = tmp_path / "own.csv"
    own.write_text(
        "model,output_per_mtok,effective_from,input_per_mtok,peak_hours\n"
        "house,2,2026-01-01T16:00:00Z,1,22 23\n"
    )
    (row,) = read_prices(own, LlmPrice)
    assert row == LlmPrice(
        "house",
        datetime(2026, 1, 1, 16, tzinfo=UTC),
        Decimal(1),
        Decimal(2),
        peak_hours=[22, 23],
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("m,2026-01-01,-1,2,", "input_per_mtok is '-1'"),
        ("m,01/02/2026,1,2,", "effective_from is '01/02/2026'"),
        ("m,2026-01-01T16:00,1,2,", "effective_from is '2026-01-01T16:00'"),
        (",2026-01-01,1,2,", "model is ''"),
        ("m,2026-01-01,1,2,-5", "above_input_tokens is '-5'"),
        ("m,2026-01-01,1", "it does not have 5 values"),
    ],
)
def test_a_list_that_cannot_be_read_is_named_with_its_line(
    connection: Connection, tmp_path: Path, line: str, said: str
) -> None:
    own = tmp_path / "own.csv"
    header = "model,effective_from,input_per_mtok,output_per_mtok,above_input_tokens"
    own.write_text(f"{header}\n{line}\n")
    with pytest.raises(UsageError, match=re.escape(said)) as caught:
        load_llm_prices(connection, str(own))
    assert f"{own}:2" in str(caught.value)
    assert connection.execute("select 1 from llm_prices").fetchall() == []


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("model,effective_from", "the header is not model,effective_from,"),
        ("model,model", "the header is not model,effective_from,"),
        ("model,is_shipped", "no column 'is_shipped'; the columns are model,effective_from,"),
        ("", "the first line is empty; it has to name the columns"),
    ],
)
def test_a_list_without_a_needed_column_or_with_an_unknown_one_is_refused(
    tmp_path: Path, header: str, said: str
) -> None:
    own = tmp_path / "own.csv"
    own.write_text(f"{header}\n")
    with pytest.raises(UsageError, match=said):
        read_prices(own, LlmPrice)


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
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5"),
        ("eu.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5"),
        (
            "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-opus-4-6-v1",
            "claude-opus-4-6",
        ),
        ("anthropic.claude-3-5-sonnet-20241022-v2:0", "claude-3-5-sonnet"),
        ("claude-3-5-sonnet-v2@20241022", "claude-3-5-sonnet"),
        ("claude-sonnet-4@default", "claude-sonnet-4"),
        ("anthropic/claude-3.5-haiku", "claude-3-5-haiku"),
        ("claude-sonnet-4.5", "claude-sonnet-4-5"),
        ("anthropic/claude-4.5-sonnet-20250929", "claude-sonnet-4-5"),
        ("anthropic/claude-4-sonnet-20250522", "claude-sonnet-4"),
        ("anthropic--claude-4.6-opus", "claude-opus-4-6"),
        ("publishers/google/models/gemini-2.5-flash-001", "gemini-2.5-flash"),
        ("gemini-embedding-001", "gemini-embedding-001"),
        ("gpt-5-chat-latest", "gpt-5-chat-latest"),
        ("mistral-large-latest", "mistral-large-latest"),
        ("gpt-4-0613", "gpt-4-0613"),
        # New, unknown, or with a price of their own: none is better than a relative's.
        ("claude-opus-5-6", None),
        ("anthropic/claude-5.6-opus-20261101", None),
        ("claude-4.5-sonnet-thinking", None),
        ("gpt-5.2-codex-max", None),
        ("gpt-5-turbo", None),
        ("claude", None),
        ("<synthetic>", None),
        ("google/gemini-2.5-pro:free", None),
        ("us-gov.anthropic.claude-sonnet-4-5-20250929-v1:0", None),
        ("ft:gpt-4o-mini-2024-07-18:acme::abc", None),
        ("claude-opus-4-6-fast", None),
        ("gemini-2.5-flash-preview-09-2025", None),
        ("gpt-4.1 (copilot)", None),
        ("gpt-3.5-turbo-0613", None),
        ("deepseek-v4", None),
        ("gpt-5-v2", None),
        ("claude-haiku-4-5-2025100", None),
        ("", None),
        (None, None),
    ],
)
def test_a_model_has_the_price_of_its_own_name_or_none(
    priced_by_ours: Price,
    model: str | None,
    price_model: str | None,
) -> None:
    row = priced_by_ours(model=model, input_tokens=1_000, output_tokens=10)
    assert row["price_model"] == price_model
    assert (row["list_cost"] is None) == (row["cost"] is None) == (price_model is None)


def test_a_price_of_the_provider_beats_a_price_without_provider(
    connection: Connection, priced: Price
) -> None:
    add(connection, "m", "1")
    add(connection, "m", "3", provider="azure")
    assert priced(model="m", provider="Azure", input_tokens=1_000_000)["cost"] == 3
    assert priced(model="m", provider="openai", input_tokens=1_000_000)["cost"] == 1
    assert priced(model="m", provider=None, input_tokens=1_000_000)["cost"] == 1


def test_a_price_of_one_provider_does_not_apply_to_another(
    connection: Connection, priced: Price
) -> None:
    add(connection, "m", "3", provider="deepseek")
    assert priced(model="m", provider="deepseek", input_tokens=1)["cost"] is not None
    assert priced(model="m", provider="elsewhere", input_tokens=1)["cost"] is None
    assert priced(model="m", provider=None, input_tokens=1)["cost"] is None


def test_the_exact_id_beats_the_stripped_one_whoever_serves_it(
    connection: Connection, priced: Price
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
    priced_by_ours: Price,
    moment: str,
    cost: int | None,
) -> None:
    at = datetime.fromisoformat(moment)
    assert priced_by_ours(model="o3", input_tokens=1_000_000, timestamp=at)["cost"] == cost


# What it comes to


def test_each_part_of_a_call_has_its_own_price(priced_by_ours: Price) -> None:
    row = priced_by_ours(
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


def test_a_cost_is_not_rounded(priced_by_ours: Price) -> None:
    row = priced_by_ours(model="text-embedding-3-small", input_tokens=5, output_tokens=None)
    assert row["list_cost"] == Decimal("0.0000001")


@pytest.mark.parametrize("missing", ["input_tokens", "output_tokens"])
def test_unreported_tokens_are_null_and_not_zero(priced_by_ours: Price, missing: str) -> None:
    row = priced_by_ours(model="o1", **{"input_tokens": 10, "output_tokens": 10, missing: None})
    assert row["price_model"] == "o1"
    assert (row["list_cost"], row["cost"]) == (None, None)


def test_without_cache_prices_the_input_price_applies(
    connection: Connection, priced: Price
) -> None:
    add(connection, "m", "2")
    parts = {"cache_read_tokens": 300_000, "cache_write_tokens": 200_000}
    row = priced(model="m", input_tokens=1_000_000, cache_write_1h_tokens=100_000, **parts)
    assert (row["cost"], row["cache_saved"]) == (2, 0)


def test_reported_and_list_cost_are_kept_separate(priced_by_ours: Price) -> None:
    row = priced_by_ours(model="o1", input_tokens=1_000_000, estimated_cost=Decimal("0.25"))
    assert (row["reported_cost"], row["list_cost"], row["cost"]) == (Decimal("0.25"), 15, 0.25)
    unknown = priced_by_ours(model="of-tomorrow", input_tokens=1, estimated_cost=Decimal("0.25"))
    assert (unknown["list_cost"], unknown["cost"]) == (None, Decimal("0.25"))
    free = priced_by_ours(model="o1", input_tokens=1_000_000, estimated_cost=Decimal(0))
    assert free["cost"] == 0


def some_calls(seed: int, count: int) -> list[LlmCall]:
    """Calls of our models under the names that logs give them, and of unknown ones."""
    rng = Random(seed)
    found = []
    long = sorted({row.above_input_tokens for row in OURS})
    for number in range(count):
        price = rng.choice(OURS)
        requests = rng.choice([1, 1, 1, 3])
        spelled = rng.choice(["{}", "{}-20260101", "{}-2026-01-01", "x/{}", "{}-latest", "{}-new"])
        written = rng.choice([None, 0, rng.randrange(5_000)])
        read = rng.choice([None, 0, rng.randrange(90_000)])
        found.append(
            llm_call(
                call_id=str(number),
                session_id=rng.choice(["", str(number)]),
                timestamp=datetime(2025, 1, 1, tzinfo=UTC)
                + timedelta(hours=rng.randrange(18_000), microseconds=number),
                provider=rng.choice([None, "deepseek", "openai"]),
                model=rng.choice([spelled.format(price.model), None, "nobody"])
                if number % 5 == 0
                else spelled.format(price.model),
                input_tokens=(read or 0)
                + (written or 0)
                + rng.choice([rng.randrange(9_000), *(above * requests + 1 for above in long)]),
                output_tokens=None if number % 9 == 0 else rng.randrange(9_000),
                cache_read_tokens=read,
                cache_write_tokens=written,
                cache_write_1h_tokens=rng.choice([None, 0, rng.randrange((written or 0) + 1)]),
                service_tier=rng.choice([None, price.tier, "standard", "batch"]),
                inference_geo=rng.choice([None, "us", "global", "not_available"]),
                web_search_requests=rng.choice([None, 0, 7])
                if price.web_search_per_thousand
                else 0,
                duration_ms=rng.choice([None, 5]),
                api_calls=requests,
                is_whole_session=number % 7 == 0,
            )
        )
    return found


def test_list_costs_match_a_computation_in_python(with_prices: Connection) -> None:
    found = some_calls(seed=1, count=2_000)
    upsert(with_prices, found)
    rows = with_prices.execute("select * from llm_calls_priced").fetchall()
    costs = {row["call_id"]: row["list_cost"] for row in rows}
    assert len(rows) == len(found)
    assert costs == {call.call_id: in_python(call) for call in found}
    assert 500 < sum(cost is not None for cost in costs.values()) < 1_900
    for row in rows:
        assert (row["unpriced_because"] is None) == (row["list_cost"] is not None)


def test_the_list_cost_lies_between_the_bounds(with_prices: Connection) -> None:
    found = some_calls(seed=2, count=2_000)
    upsert(with_prices, found)
    rows = with_prices.execute("select * from llm_calls_priced").fetchall()
    by_id = {row["call_id"]: row for row in rows}
    tight = slack = Decimal(1) / 10**9
    for call in found:
        row, between = by_id[call.call_id], between_in_python(call)
        if between is None:
            assert row["list_cost_low"] is row["list_cost_high"] is None
            continue
        least, most = (Decimal(cost.numerator) / Decimal(cost.denominator) for cost in between)
        assert row["list_cost_low"] <= least + slack, call
        assert row["list_cost_high"] >= most - slack, call
        assert row["list_cost_low"] - slack <= row["list_cost"] <= row["list_cost_high"] + slack
        # Where nothing is open, there is one cost.
        if least == most:
            assert row["list_cost_high"] - row["list_cost_low"] <= tight, call


PER_MILLION = {"input_tokens": 1_000_000, "output_tokens": 1_000_000, "service_tier": "standard"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"model": "claude-sonnet-5", "inference_geo": "not_available"}, 12),
        ({"model": "claude-sonnet-5", "inference_geo": "us"}, "13.2"),
        ({"model": "us.anthropic.claude-sonnet-5"}, "13.2"),
        ({"model": "global.anthropic.claude-sonnet-5"}, 12),
        ({"model": "claude-opus-5", "service_tier": "fast"}, 60),
        ({"model": "claude-opus-5", "service_tier": "batch"}, 15),
        ({"model": "gpt-5.6-sol", "input_tokens": 272_000}, "21.088"),
        ({"model": "gpt-5.6-sol"}, 38),
        ({"model": "gpt-5.6-sol", "service_tier": "priority"}, 76),
        ({"model": "gpt-5.5", "service_tier": "priority"}, "87.5"),
        ({"model": "gpt-5.6-sol", "service_tier": "flex", "input_tokens": 272_000}, "10.544"),
        ({"model": "claude-haiku-5-5", "input_tokens": 100_000}, "0.51"),
        ({"model": "claude-haiku-5-5", "input_tokens": 100_001}, "2.5500005"),
        ({"model": "gemini-2.5-pro"}, "17.5"),
        (
            {
                "model": "gpt-5.6-sol",
                "cache_write_tokens": 200_000,
                "cache_write_12h_tokens": 200_000,
            }
            | {"input_tokens": 200_000, "output_tokens": 0},
            2,
        ),
        ({"model": "claude-opus-5", "web_search_requests": 10}, "30.1"),
        ({"model": "claude-opus-5", "service_tier": "priority"}, None),
    ],
)
def test_details_in_the_log_select_the_price(
    priced_by_ours: Price,
    changes: dict[str, Any],
    expected: Any,
) -> None:
    at = datetime(2026, 11, 18, 12, tzinfo=UTC)
    row = priced_by_ours(**{**PER_MILLION, "timestamp": at, "inference_geo": "global", **changes})
    assert row["list_cost"] == (expected if expected is None else Decimal(expected))
    assert row["list_cost_low"] == row["list_cost_high"] == row["list_cost"]


@pytest.mark.parametrize(
    ("model", "moment", "expected"),
    [
        ("deepseek-v4-pro", "2026-08-16T15:59:59+00:00", "1.305"),
        ("deepseek-v4-pro", "2026-08-16T16:00:00+00:00", "2.64"),
        ("deepseek-v4-pro", "2026-11-18T12:00:00+00:00", "2.64"),
        ("deepseek-v4-pro", "2026-11-18T06:00:00+00:00", "5.28"),
        ("deepseek-v4-pro", "2026-11-18T10:00:00+00:00", "2.64"),
        ("deepseek-v4-pro", "2026-11-21T06:00:00+00:00", "2.64"),
        ("deepseek-v4-flash", "2026-09-10T03:59:00+00:00", "1.76"),
        ("deepseek-v4-flash", "2026-09-10T04:00:00+00:00", "0.75"),
        ("deepseek-v4-flash", "2026-11-18T02:00:00+00:00", "1.5"),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo"])
def test_peak_hours_and_changes_in_the_middle_of_a_day(
    with_prices: Connection,
    priced_by_ours: Price,
    model: str,
    moment: str,
    expected: str,
    zone: str,
) -> None:
    with_prices.execute(f"set timezone = '{zone}'")
    at = datetime.fromisoformat(moment)
    row = priced_by_ours(**PER_MILLION, model=model, provider="deepseek", timestamp=at)
    assert row["list_cost"] == row["list_cost_low"] == row["list_cost_high"] == Decimal(expected)


@pytest.mark.parametrize(
    ("changes", "low", "usual", "high"),
    [
        # Batch, standard, fast in a region.
        ({"service_tier": None, "inference_geo": None}, 15, 30, 66),
        ({"service_tier": None, "inference_geo": None, "duration_ms": 1}, 30, 30, 66),
        ({"service_tier": None, "session_id": "s"}, 30, 30, 60),
        ({"inference_geo": None}, 30, 30, 33),
        # A cache may be kept for an hour.
        ({"cache_write_tokens": 1_000_000}, "31.25", "31.25", 35),
        ({"cache_write_tokens": 1_000_000, "cache_write_1h_tokens": 0}, "31.25", "31.25", "31.25"),
        # Many short requests, or one that is long.
        ({"model": "claude-haiku-5-5", "api_calls": 2}, "0.6", "0.6", 3),
        ({"model": "claude-haiku-5-5", "is_whole_session": True}, "0.6", "0.6", 3),
        ({"model": "claude-haiku-5-5", "api_calls": 2, "input_tokens": 9}, *["0.5000009"] * 3),
        ({"reported_cost": Decimal(7), "service_tier": None}, 15, 30, 60),
    ],
)
def test_missing_details_in_the_log_give_a_low_and_a_high_cost(
    priced_by_ours: Price,
    changes: dict[str, Any],
    low: Any,
    usual: Any,
    high: Any,
) -> None:
    row = priced_by_ours(
        **{**PER_MILLION, "model": "claude-opus-5", "inference_geo": "global", **changes}
    )
    between = (row["list_cost_low"], row["list_cost"], row["list_cost_high"])
    assert between == (Decimal(low), Decimal(usual), Decimal(high))
    if "reported_cost" in changes:
        assert row["cost_low"] == row["cost"] == row["cost_high"] == 7


def test_a_thousand_embeddings_that_cost_less_than_a_millionth_are_not_free(
    connection: Connection,
) -> None:
    calls = [
        LlmCall.of("s", str(n), CREATED_AT, session_id=str(n), reported_cost=Decimal("4e-7"))
        for n in range(1_000)
    ]
    upsert(connection, calls)
    found = connection.execute("select sum(cost) as cost from llm_calls_priced").fetchone()
    assert found == {"cost": Decimal("0.0004")}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"model": None}, "the log names no model"),
        ({"model": "of-tomorrow"}, "not in the price list, or not from this provider"),
        (
            {"model": "deepseek-v4-pro", "provider": "another"},
            "not in the price list, or not from this provider",
        ),
        ({"timestamp": datetime(2019, 1, 1, tzinfo=UTC)}, "no price of that day and tier"),
        ({"service_tier": "galactic"}, "no price of that day and tier"),
        ({"output_tokens": None}, "the log lacks token counts"),
        ({"web_search_requests": 3, "model": "gpt-4"}, "no price of web searches"),
        ({}, None),
    ],
)
def test_a_call_without_a_cost_says_why(
    priced_by_ours: Price,
    changes: dict[str, Any],
    said: str | None,
) -> None:
    row = priced_by_ours(**{**PER_MILLION, "model": "gpt-4.1", **changes})
    assert (row["cost"] is None) == (said is not None)
    assert row["unpriced_because"] == said


def test_a_tier_of_a_user_price_list_may_have_the_name_that_logs_use(
    connection: Connection, tmp_path: Path
) -> None:
    own = tmp_path / "own.csv"
    own.write_text(
        "model,effective_from,input_per_mtok,output_per_mtok,tier\nhouse,2025-01-01,4,0,Default\n"
    )
    load_llm_prices(connection, str(own))
    call = {"timestamp": "2026-01-05T08:00:00Z", "model": "house", "output_tokens": 0}
    for tier in ("default", "on_demand", "standard", None):
        record = {**call, "call_id": str(tier), "input_tokens": 1_000_000, "service_tier": tier}
        upsert(connection, [LlmCall.from_record(record)])
    rows = connection.execute("select list_cost from llm_calls_priced").fetchall()
    assert [row["list_cost"] for row in rows] == [4] * 4


def test_a_price_that_is_named_with_its_region_has_no_factor_for_it(
    connection: Connection, tmp_path: Path
) -> None:
    own = tmp_path / "own.csv"
    own.write_text(
        "model,effective_from,input_per_mtok,output_per_mtok,regional_factor\n"
        "eu.anthropic.house,2025-01-01,4,0,1.5\n"
        "house-2,2025-01-01,4,0,1.5\n"
    )
    load_llm_prices(connection, str(own))
    for model in ("eu.anthropic.house", "eu.anthropic.house-2"):
        changes = {"input_tokens": 1_000_000, "output_tokens": 0, "inference_geo": "global"}
        upsert(connection, [llm_call(call_id=model, session_id=model, model=model, **changes)])
    rows = connection.execute("select model, list_cost from llm_calls_priced").fetchall()
    costs = {row["model"]: row["list_cost"] for row in rows}
    assert costs == {"eu.anthropic.house": 4, "eu.anthropic.house-2": 6}


def test_reported_model_names_are_priced_or_rightly_unpriced(
    with_prices: Connection, recorded: Path
) -> None:
    file = recorded / "llm" / "reported" / "c18_names.jsonl"
    ingest_llm_calls(with_prices, Logs([file]), Defaults(), now=lambda: CREATED_AT)
    rows = with_prices.execute("select * from llm_calls_priced").fetchall()
    unpriced = {row["model"] for row in rows if row["list_cost"] is None}
    assert len(rows) == 44
    assert unpriced == {
        "gemini-2.5-flash-preview-09-2025",
        "ft:gpt-4o-mini-2024-07-18:acme::abc",
        "claude-opus-5:thinking",
        "anthropic/claude-sonnet-4.5:beta",
        "openai/gpt-oss-120b:free",
        "claude-opus-4-6-fast",
        "deepseek-chat",
        "gpt-4.1 (copilot)",
        "openai/gpt-5.6-sol-ultra",
    }
    costs = {row["model"]: row["list_cost"] for row in rows}
    assert costs["us.anthropic.claude-sonnet-4-6"] == Decimal("3.3")
    assert costs["claude-sonnet-4.6"] == 3
    assert costs["anthropic/claude-3.5-haiku"] == Decimal("0.8")


def test_real_costs_of_125_models_in_48_runs_match_to_the_millionth(
    with_prices: Connection, recorded: Path
) -> None:
    file = recorded / "llm" / "claude_code_action" / "real_result_totals.jsonl"
    done = ingest_llm_calls(
        with_prices, Logs([file]), Defaults(at=CREATED_AT), now=lambda: CREATED_AT
    )
    assert (done.inserted, done.rejected_lines, done.clashing) == (125, 0, 0)
    rows = with_prices.execute("select * from llm_calls_priced").fetchall()
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
    with_prices: Connection, recorded: Path
) -> None:
    file = recorded / "llm" / "claude_code_action" / "real_ci_run_2.1.285.json"
    ingest_llm_calls(with_prices, Logs([file]), Defaults(), now=lambda: CREATED_AT)
    rows = with_prices.execute("select * from llm_calls_priced").fetchall()
    assert round(sum(row["reported_cost"] for row in rows), 7) == Decimal("4.0514507")
    opus = next(row for row in rows if row["model"].startswith("claude-opus"))
    assert abs(opus["list_cost"] - opus["reported_cost"]) < Decimal("0.000001")


def test_usage_bodies_of_providers_cost_what_another_price_package_says(
    with_prices: Connection, recorded: Path
) -> None:
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
    upsert(with_prices, found)
    rows = with_prices.execute(
        "select call_id, model, list_cost from llm_calls_priced where list_cost is not null"
    ).fetchall()
    assert len(rows) >= 15
    for row in rows:
        assert abs(row["list_cost"] - expected[row["call_id"]]) < Decimal("1e-9"), row


# How it is computed


def test_a_window_reads_only_the_rows_it_shows(with_prices: Connection) -> None:
    with_prices.execute(
        "insert into llm_calls (source, call_id, timestamp, session_id, model, input_tokens, "
        "output_tokens) select 's', n::text, now() - n * interval '1 hour', n::text, "
        "'gpt-5-mini', n, n from generate_series(1, 20000) as n"
    )
    with_prices.execute("analyze llm_calls")
    (row,) = with_prices.execute(
        "explain (format json) select sum(cost) from llm_calls_priced "
        "where timestamp >= now() - interval '1 day'"
    ).fetchall()
    plan = json.dumps(row["QUERY PLAN"])
    assert "llm_calls_timestamp_session_id_prompt_name_key" in plan


def test_the_price_is_looked_up_once_for_each_model(with_prices: Connection) -> None:
    with_prices.execute(
        "insert into llm_calls (source, call_id, timestamp, session_id, model, input_tokens, "
        "output_tokens) select 's', n::text, now() - n * interval '1 minute', n::text, "
        "'gpt-5-mini-2025-08-0' || n % 5, n, n from generate_series(1, 20000) as n"
    )
    with_prices.execute("analyze llm_calls")
    (row,) = with_prices.execute(
        "explain (analyze, timing off, format json) select sum(cost) from llm_calls_priced"
    ).fetchall()
    loops: list[int] = []

    def walk(plan: dict[str, Any]) -> None:
        if plan.get("Relation Name") == "llm_prices":
            loops.append(plan["Actual Loops"])
        for child in plan.get("Plans", []):
            walk(child)

    walk(row["QUERY PLAN"][0]["Plan"])
    assert loops and max(loops) <= 5 * 6


def test_the_planner_knows_how_many_prices_a_call_is_compared_with(
    with_prices: Connection,
) -> None:
    """If it expected one, it would compare each call with every price."""
    with_prices.execute("analyze llm_prices")
    (row,) = with_prices.execute("explain (format json) select * from llm_price_periods").fetchall()
    stored = with_prices.execute("select count(*) as prices from llm_prices").fetchone()
    assert stored and stored["prices"] > 100
    assert row["QUERY PLAN"][0]["Plan"]["Plan Rows"] >= stored["prices"] / 2
    shown = with_prices.execute(
        "select count(*) as prices, count(dearest_length_factor) as with_factors "
        "from llm_price_periods"
    ).fetchone()
    assert shown == {"prices": stored["prices"], "with_factors": stored["prices"]}
