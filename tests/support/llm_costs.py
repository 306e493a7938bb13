"""The cost of a call, computed a second time: from the CSV, with rules of its own in Python."""

import re
from collections.abc import Iterator
from datetime import UTC
from decimal import Decimal
from fractions import Fraction
from itertools import product

from telemetry.database.prices import PRICES, read_prices
from telemetry.rows.llm import LlmCall
from telemetry.rows.prices import LlmPrice

OURS = read_prices(PRICES / "llm_prices.csv", LlmPrice)
LISTED: dict[tuple[str, str], list[LlmPrice]] = {}
for listed in OURS:
    LISTED.setdefault((listed.model, listed.provider), []).append(listed)
REGIONS = ("global", "us", "eu", "apac", "au", "jp", "ca", "sa")

PARTS = (
    "input_per_mtok",
    "output_per_mtok",
    "cache_read_per_mtok",
    "cache_write_per_mtok",
    "cache_write_1h_per_mtok",
    "cache_write_12h_per_mtok",
)


def in_python(call: LlmCall) -> Decimal | None:
    """The list cost, where the log does not tell that of the usual case."""
    found = priced_rows(call)
    row = row_of(found, call.service_tier or "standard", length(call))
    if row is None or not has_tokens(call, row):
        return None
    factor = region_factor(call, row) * peak_factor(call, row)
    cost = tokens_cost(call, row, longest_cache=False) * factor + searches(call, row)
    assert cost.denominator and 10**30 % cost.denominator == 0
    return Decimal(cost.numerator) / Decimal(cost.denominator)


def between_in_python(call: LlmCall) -> tuple[Fraction, Fraction] | None:
    """The least and the most that the call can have cost: all cases that its log leaves open."""
    found = priced_rows(call)
    usual = row_of(found, call.service_tier or "standard", length(call))
    if usual is None or not has_tokens(call, usual):
        return None
    costs = []
    for row, longest in product(possible_rows(call, found), (False, True)):
        kept = (call.cache_write_1h_tokens, call.cache_write_12h_tokens)
        if longest and kept != (None, None):
            continue
        for region, peak in product(regions(call, row), peaks(call, row)):
            tokens = tokens_cost(call, row, longest_cache=longest) * region * peak
            costs.append(tokens + searches(call, usual))
    return min(costs), max(costs)


def priced_rows(call: LlmCall) -> list[LlmPrice]:
    """The rows of the list that make the price of the call's model at its moment."""
    for name in names(call.model or ""):
        for provider in ((call.provider or "").lower(), ""):
            if rows := LISTED.get((name, provider)):
                began = [row.effective_from for row in rows]
                held = max((at for at in began if at <= call.timestamp), default=None)
                return [row for row in rows if row.effective_from == held]
    return []


def names(model: str) -> Iterator[str]:
    """What the model may be called in the list, the fullest name first."""
    bare = model.lower().rpartition("/")[2]
    if bare.partition(".")[0] in REGIONS and ".anthropic." in bare:
        bare = bare.partition(".")[2]
    bare = bare.removeprefix("anthropic.")
    unpacked = bare
    for suffix in ("[1m]", "-001", "@default"):
        unpacked = unpacked.removesuffix(suffix)
    if bare.startswith("claude-"):
        unpacked = re.sub(r"-v\d+(:\d+)?$", "", unpacked)
    undated = re.split(r"[-@](?=20\d\d-?\d\d-?\d\d$)", unpacked)[0]
    if undated == unpacked:
        undated = unpacked.removesuffix("-latest")
    last = re.sub(r"-v\d+$", "", undated) if undated.startswith("claude-") else undated
    for name in (model.lower(), bare, unpacked, undated, last):
        yield name
        yield name.replace(".", "-")


def row_of(rows: list[LlmPrice], tier: str, length: int) -> LlmPrice | None:
    """The row for a prompt of this length."""
    fitting = [
        row
        for row in rows
        if row.tier == tier and (length > row.above_input_tokens or not row.above_input_tokens)
    ]
    return max(fitting, key=lambda row: row.above_input_tokens, default=None)


def possible_rows(call: LlmCall, rows: list[LlmPrice]) -> list[LlmPrice]:
    """The rows of all tiers and lengths that the call may have had."""
    if call.service_tier is not None:
        tiers = {call.service_tier}
    else:
        tiers = {row.tier for row in rows}
        if call.session_id or call.duration_ms is not None:
            tiers.discard("batch")
    lengths = {length(call), call.input_tokens or 0}
    found = (row_of(rows, tier, length) for tier, length in product(tiers, lengths))
    return [row for row in found if row is not None]


def is_many(call: LlmCall) -> bool:
    """Whether the call sums up requests whose lengths and times are unknown."""
    return call.api_calls > 1 or call.is_whole_session


def length(call: LlmCall) -> int:
    """Of several requests each is taken to be short."""
    return 0 if is_many(call) else call.input_tokens or 0


def has_tokens(call: LlmCall, row: LlmPrice) -> bool:
    return call.input_tokens is not None and (
        call.output_tokens is not None or not row.output_per_mtok
    )


def tokens_cost(call: LlmCall, row: LlmPrice, *, longest_cache: bool) -> Fraction:
    write = row.cache_write_per_mtok or row.input_per_mtok
    hour, half_day = row.cache_write_1h_per_mtok or write, row.cache_write_12h_per_mtok or write
    read, written = call.cache_read_tokens or 0, call.cache_write_tokens or 0
    for_hour, for_half_day = call.cache_write_1h_tokens or 0, call.cache_write_12h_tokens or 0
    parts = [
        ((call.input_tokens or 0) - read - written, row.input_per_mtok),
        (read, row.cache_read_per_mtok or row.input_per_mtok),
        (written - for_hour - for_half_day, max(write, hour, half_day) if longest_cache else write),
        (for_hour, hour),
        (for_half_day, half_day),
        (call.output_tokens or 0, row.output_per_mtok),
    ]
    return sum((count * Fraction(price) for count, price in parts), Fraction(0)) / 1_000_000


def searches(call: LlmCall, row: LlmPrice) -> Fraction:
    return (call.web_search_requests or 0) * Fraction(row.web_search_per_thousand or 0) / 1_000


def region(call: LlmCall) -> str | None:
    begun = (call.model or "").lower().rpartition("/")[2].split(".anthropic.")
    return begun[0] if len(begun) == 2 and begun[0] in REGIONS else call.inference_geo


def region_factor(call: LlmCall, row: LlmPrice) -> Fraction:
    if region(call) in (None, "global", "not_available"):
        return Fraction(1)
    return Fraction(row.regional_factor or 1)


def regions(call: LlmCall, row: LlmPrice) -> set[Fraction]:
    everywhere = {Fraction(1), Fraction(row.regional_factor or 1)}
    return everywhere if region(call) is None else {region_factor(call, row)}


def peak_factor(call: LlmCall, row: LlmPrice) -> Fraction:
    at = call.timestamp.astimezone(UTC)
    days = row.peak_weekdays or list(range(1, 8))
    is_peak = at.hour in (row.peak_hours or []) and at.isoweekday() in days
    return Fraction(row.peak_factor or 1) if is_peak else Fraction(1)


def peaks(call: LlmCall, row: LlmPrice) -> set[Fraction]:
    if not is_many(call):
        return {peak_factor(call, row)}
    return {Fraction(1), Fraction(row.peak_factor or 1)}
