"""Compares our price list of models with the package genai-prices.

The package is an extra that only `make check-prices` needs and installs. This module uses its
objects by attribute only, so it can be imported and tested without the package.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from telemetry.rows.prices import LlmPrice

# The package's provider of our models, by the beginning of their names.
PROVIDERS = {
    "claude": "anthropic",
    "gpt": "openai",
    "o1": "openai",
    "o3": "openai",
    "o4": "openai",
    "text": "openai",
    "gemini": "google",
    "deepseek": "deepseek",
    "grok": "x-ai",
    "kimi": "moonshotai",
    "mistral": "mistral",
}

PARTS = {
    "input_per_mtok": "input_mtok",
    "output_per_mtok": "output_mtok",
    "cache_read_per_mtok": "cache_read_mtok",
    "cache_write_per_mtok": "cache_write_mtok",
    "cache_write_1h_per_mtok": "cache_write_1h_mtok",
    "web_search_per_thousand": "web_searches_kcount",
}

# The package's conditions for our tiers.
CONTEXTS: Mapping[str, list[dict[str, str]]] = {
    "standard": [{}],
    "batch": [{"processing": "batch"}],
    "flex": [{"service_tier": "flex"}],
    "priority": [{"service_tier": "priority"}],
    "fast": [{"speed": "fast"}, {"service_tier": "fast"}],
}


@dataclass(frozen=True)
class Difference:
    """A part of a price that differs between the lists at a time in UTC; US dollars."""

    row: LlmPrice
    at: datetime
    part: str
    ours: Decimal | None
    theirs: Decimal


@dataclass
class PriceCheck:
    """The result: rows compared, rows that the package lacks, and differences."""

    compared: int = 0
    unknown: list[str] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    unlisted: list[str] = field(default_factory=list)


def check_prices(rows: Iterable[LlmPrice], providers: Iterable[Any], now: datetime) -> PriceCheck:
    """Compare our rows with the package's providers (its snapshot's `providers`).

    A row is compared on its first whole day and on its last one, at the latest today, outside peak
    hours. `unlisted` are the package's models of the same vendors that our list lacks.
    """
    theirs: dict[str, list[Any]] = {provider.id: provider.models for provider in providers}
    found, known = PriceCheck(), set[str]()
    rows = list(rows)
    for row in rows:
        model = _model(theirs.get(_provider(row.model), []), row.model)
        if model is not None:
            known.add(model.id)
        prices = list(_prices(model, row, _moments(row, rows, now))) if model else []
        if prices:
            found.compared += 1
            found.differences += _differences(row, prices)
        else:
            found.unknown.append(_shown(row))
    for provider_id in sorted(set(PROVIDERS.values()) & theirs.keys()):
        # A provider may also sell other vendors' models.
        own = (model.id for model in theirs[provider_id] if _provider(model.id) == provider_id)
        found.unlisted += [name for name in own if name not in known]
    return found


def _shown(row: LlmPrice) -> str:
    """Return the key of a row in words."""
    length = f" above {row.above_input_tokens:,}" if row.above_input_tokens else ""
    return f"{row.model} {row.tier}{length} from {row.effective_from:%Y-%m-%d}"


def _provider(model: str) -> str:
    named = (provider for begin, provider in PROVIDERS.items() if model.startswith(begin))
    return next(named, "")


def _model(models: Iterable[Any], name: str) -> Any:
    """Return the package's model of this name; an exact id is preferred to a pattern."""
    exact = [model for model in models if model.id == name]
    return next(iter(exact or (model for model in models if model.is_match(name))), None)


def _moments(row: LlmPrice, rows: list[LlmPrice], now: datetime) -> list[datetime]:
    """Return the first whole day of a price and the last one until now, at an off-peak hour."""
    later = [
        other.effective_from
        for other in rows
        if (other.model, other.provider) == (row.model, row.provider)
        and other.effective_from > row.effective_from
    ]
    hour = next(hour for hour in (12, *range(24)) if hour not in (row.peak_hours or []))
    first = row.effective_from + timedelta(days=1)
    last = max(first, min([*later, now]) - timedelta(days=1))
    return [moment.replace(hour=hour, minute=0, tzinfo=UTC) for moment in (first, last)]


def _prices(
    model: Any, row: LlmPrice, moments: list[datetime]
) -> Iterator[tuple[datetime, Mapping[str, Any]]]:
    """Return the package's prices of our row's tier at these times, if it has any."""
    for moment in moments:
        standard = vars(model.get_prices(moment))
        for context in CONTEXTS.get(row.tier, []):
            variants = [
                vars(variant.prices)
                for variant in model.price_variants or []
                if variant.when == context
                and (variant.constraint is None or variant.constraint.active(moment))
            ]
            if not context:
                yield moment, standard
            elif variants:
                yield moment, variants[0]


def _differences(
    row: LlmPrice, prices: list[tuple[datetime, Mapping[str, Any]]]
) -> Iterator[Difference]:
    reported = set()
    for moment, theirs in prices:
        for ours_name, theirs_name in PARTS.items():
            ours = getattr(row, ours_name)
            price = _of_length(theirs.get(theirs_name), row.above_input_tokens)
            # For most vendors no log contains the searches, so our list omits their price.
            if price is None or ours == price or (ours is None and "search" in ours_name):
                continue
            if (ours_name, price) not in reported:
                reported.add((ours_name, price))
                yield Difference(row, moment, ours_name, ours, price)


def _of_length(price: Any, above: int) -> Decimal | None:
    """Return the price for prompts above this many tokens."""
    tiers = getattr(price, "tiers", None)
    if tiers is None:
        return None if price is None else Decimal(price)
    reached = [tier.price for tier in tiers if tier.start <= above]
    return Decimal(reached[-1] if reached else price.base)


def difference_text(found: Difference) -> str:
    """Return a difference as one line."""
    ours = "nothing" if found.ours is None else f"{found.ours.normalize():f}"
    return (
        f"{_shown(found.row)}: {found.part} is {ours} here, "
        f"{found.theirs.normalize():f} there on {found.at:%Y-%m-%d}"
    )
