"""Names in records that seem to count tokens or cost, but are not read: a summary tells of them."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from telemetry.rows.llm import LlmCall
from telemetry.rows.reading import shown

# The total is always computed, and a cost has one name in a record.
OURS = frozenset({"total_tokens"} | {field.name for field in fields(LlmCall)}) - {"reported_cost"}

# What other logs call the keys that canonical records have.
OUR_KEYS = {
    "prompt_tokens": "input_tokens",
    "completion_tokens": "output_tokens",
    "cost": "estimated_cost",
    "cost_usd": "estimated_cost",
    "total_cost": "estimated_cost",
    "reported_cost": "estimated_cost",
    "cached_tokens": "cache_read_tokens",
    "cache_read_input_tokens": "cache_read_tokens",
    "cache_creation_input_tokens": "cache_write_tokens",
    "cache_creation_tokens": "cache_write_tokens",
    "time": "timestamp",
    "model_name": "model",
}
NEAR = re.compile("token|cost|usage|price", re.IGNORECASE)
CURRENCY = re.compile("(?<!con)currency", re.IGNORECASE)
DOLLARS = ("", "USD", "US$", "$")
MOST_KEYS = 8


def near_keys(record: Mapping[str, Any]) -> list[str]:
    """The keys of a record that seem to count use but are not read."""
    others = (key for key in record if key not in OURS and NEAR.search(key))
    return [key for key in others if not CURRENCY.search(key)]


def other_currency(record: Mapping[str, Any]) -> str | None:
    """The currency that a record names for its cost, if that is not US dollars."""
    named = (value for key, value in record.items() if CURRENCY.search(key))
    return next((one for one in named if isinstance(one, str) and one.upper() not in DOLLARS), None)


def seems_to_count(value: Any, depth: int = 4) -> bool:
    """Whether a key of a record, or of one nested in it down to this depth, seems to count use."""
    if isinstance(value, dict):
        if any(map(NEAR.search, value)):
            return True
        value = value.values()
    elif not isinstance(value, list):
        return False
    return depth > 0 and any(seems_to_count(one, depth - 1) for one in value)


def near_names(names: Counter[str]) -> str:
    """The most frequent names, each with its count."""
    return ", ".join(
        f"{shown(name)[1:-1]} ({count:,})" for name, count in names.most_common(MOST_KEYS)
    )


def near_text(keys: Counter[str]) -> str:
    """A sentence on keys that are not read, with the names that canonical records use."""
    named = [
        f"{shown(key)[1:-1]} ({count:,}{f'; use {OUR_KEYS[key]}' if key in OUR_KEYS else ''})"
        for key, count in keys.most_common(MOST_KEYS)
    ]
    return f"keys that are not read: {', '.join(named)}"
