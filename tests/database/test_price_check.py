"""Our price list compared with another: what differs, what only one has, in words."""

import os
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.commands import Launcher
from support.llm_costs import OURS
from support.paths import ROOT

from telemetry.database.price_check import check_prices, difference_text
from telemetry.rows.prices import LlmPrice

NOW = datetime(2026, 11, 25, tzinfo=UTC)
ROW = LlmPrice(
    "gpt-x", datetime(2026, 1, 1, tzinfo=UTC), Decimal(2), Decimal(8), Decimal("0.2"), provider=""
)


@dataclass
class Model:
    """A model as genai-prices describes it; `dated` are prices from a moment on, the last first."""

    id: str
    prices: dict[str, Any]
    dated: list[tuple[datetime, dict[str, Any]]] = field(default_factory=list)
    price_variants: list[Any] = field(default_factory=list)

    def is_match(self, name: str) -> bool:
        return name.startswith(self.id)

    def get_prices(self, moment: datetime) -> SimpleNamespace:
        held = next((prices for began, prices in self.dated if began <= moment), self.prices)
        return SimpleNamespace(**held)


def variant(when: dict[str, str], active: bool = True, **prices: Any) -> SimpleNamespace:
    constraint = SimpleNamespace(active=lambda moment: active)
    return SimpleNamespace(when=when, constraint=constraint, prices=SimpleNamespace(**prices))


def differences(rows: list[LlmPrice], *models: Model) -> list[str]:
    provider = SimpleNamespace(id="openai", models=list(models))
    return [difference_text(one) for one in check_prices(rows, [provider], NOW).differences]


EQUAL = {"input_mtok": Decimal("2.0"), "output_mtok": Decimal(8), "cache_read_mtok": Decimal("0.2")}


def test_equal_prices_do_not_differ() -> None:
    assert differences([ROW], Model("gpt-x", EQUAL)) == []


def test_each_part_that_differs_is_reported_once_with_its_day() -> None:
    model = Model("gpt-x", {**EQUAL, "output_mtok": Decimal("8.5"), "cache_write_mtok": Decimal(3)})
    assert differences([ROW], model) == [
        "gpt-x standard from 2026-01-01: output_per_mtok is 8 here, 8.5 there on 2026-01-02",
        "gpt-x standard from 2026-01-01: cache_write_per_mtok is nothing here, "
        "3 there on 2026-01-02",
    ]


def test_a_price_that_changed_since_is_reported_with_the_last_day_of_ours() -> None:
    cut = {**EQUAL, "input_mtok": Decimal(1)}
    model = Model("gpt-x", EQUAL, dated=[(datetime(2026, 8, 1, tzinfo=UTC), cut)])
    (said,) = differences([ROW], model)
    assert said.endswith("input_per_mtok is 2 here, 1 there on 2026-11-24")
    ours = replace(ROW, effective_from=datetime(2026, 8, 1, tzinfo=UTC), input_per_mtok=Decimal(1))
    assert differences([ROW, ours], model) == []


def test_long_prompts_and_tiers_are_compared_with_their_own_prices() -> None:
    tiered = SimpleNamespace(base=Decimal(2), tiers=[SimpleNamespace(start=200_000, price=4)])
    model = Model(
        "gpt-x",
        {**EQUAL, "input_mtok": tiered},
        price_variants=[variant({"processing": "batch"}, input_mtok=Decimal(1))],
    )
    long = replace(ROW, above_input_tokens=200_000, input_per_mtok=Decimal(4))
    batch = replace(ROW, tier="batch", input_per_mtok=Decimal(1))
    assert differences([ROW, long, batch], model) == []
    assert len(differences([replace(long, input_per_mtok=Decimal(5))], model)) == 1
    assert len(differences([replace(batch, input_per_mtok=Decimal(2))], model)) == 1


def test_models_in_only_one_list_are_named() -> None:
    flex = variant({"service_tier": "flex"}, active=False, input_mtok=Decimal(9))
    models = [Model("gpt-x", EQUAL, price_variants=[flex]), Model("gpt-z", EQUAL)]
    provider = SimpleNamespace(id="openai", models=models)
    rows = [ROW, replace(ROW, tier="flex"), replace(ROW, model="o3-y"), replace(ROW, model="odd")]
    found = check_prices(rows, [provider], NOW)
    assert found.compared == 1
    assert found.unknown == [
        "gpt-x flex from 2026-01-01",
        "o3-y standard from 2026-01-01",
        "odd standard from 2026-01-01",
    ]
    assert found.unlisted == ["gpt-z"]


def test_our_list_and_the_package_differ_only_where_noted() -> None:
    snapshot = pytest.importorskip("genai_prices.data_snapshot")
    found = check_prices(OURS, snapshot.get_snapshot().providers, NOW)
    assert found.compared >= 300
    differing = {one.row.model for one in found.differences}
    assert differing <= {
        "claude-sonnet-4",
        "claude-sonnet-4-0",
        "gpt-5.5-pro",
        "o3",
        "gemini-3.5-flash-lite",
        "grok-code-fast-1",
        "mistral-large-latest",
    }


def test_a_price_that_differs_ends_the_command_with_the_code_of_a_condition(
    launcher: Launcher, tmp_path: Path
) -> None:
    pytest.importorskip("genai_prices.data_snapshot")
    prices = tmp_path / "prices.csv"
    prices.write_text(
        "model,effective_from,input_per_mtok,output_per_mtok\ngpt-4o,2026-01-01,999,999\n"
    )
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = launcher.run("check_prices", "--llm-prices", prices, environ=environ)
    assert done.returncode == 4, done.stderr
    assert "gpt-4o standard from 2026-01-01: input_per_mtok is 999 here" in done.stdout
