"""The cost of a call, computed a second time."""

import re
from datetime import UTC
from decimal import Decimal

from telemetry.database.prices import PRICES, read_prices
from telemetry.rows.llm import LlmCall
from telemetry.rows.prices import LlmPrice

OURS = read_prices(PRICES / "llm_prices.csv", LlmPrice)


def in_python(call: LlmCall) -> Decimal | None:
    """The list cost by a second way: from the CSV, with rules of its own spelled out in Python."""
    names = [(call.model or "").lower()]
    names.append(names[-1].rpartition("/")[2])
    for prefix in ("global.anthropic.", "anthropic."):
        names.append(names[-1].removeprefix(prefix))
    names.append(names[-1].removesuffix("[1m]").removesuffix("-v1:0"))
    names.append(re.split(r"[-@](?=20\d\d-?\d\d-?\d\d$)", names[-1])[0].removesuffix("-latest"))
    for name in names:
        rows = [row for row in OURS if row.model == name and row.provider in ("", call.provider)]
        if rows:
            break
    else:
        return None
    held = [row for row in rows if row.effective_from <= call.timestamp.astimezone(UTC).date()]
    price = max(held, key=lambda row: row.effective_from, default=None)
    if price is None or call.input_tokens is None:
        return None
    if call.output_tokens is None and price.output_per_mtok:
        return None
    read, written = call.cache_read_tokens or 0, call.cache_write_tokens or 0
    hour = call.cache_write_1h_tokens or 0
    read_price = price.cache_read_per_mtok or price.input_per_mtok
    write_price = price.cache_write_per_mtok or price.input_per_mtok
    sum_of_parts = (
        (call.input_tokens - read - written) * price.input_per_mtok
        + read * read_price
        + (written - hour) * write_price
        + hour * (price.cache_write_1h_per_mtok or write_price)
        + (call.output_tokens or 0) * price.output_per_mtok
    )
    return sum_of_parts / 1_000_000
