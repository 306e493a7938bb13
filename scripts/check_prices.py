"""Compare the price list of models with the package genai-prices, which others maintain.

    make check-prices
    make check-prices LLM_PRICES=my-prices.csv

Names each price that differs, and each model in only one of the lists. Changes nothing: correct
sql/prices/llm_prices.csv yourself, including its column checked_on.
Exit codes: 0 no price differs, 1 failed, 2 wrong usage, 4 a price differs.
"""

from command import parse, run

from datetime import UTC, datetime
from importlib.metadata import version
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from output import show

from telemetry import TelemetryError, counted
from telemetry.database.price_check import PriceCheck, check_prices, difference_text
from telemetry.database.prices import PRICES, read_prices
from telemetry.rows.prices import LlmPrice


def main() -> int:
    options = parse(__doc__, "check_prices")
    try:
        from genai_prices import data_snapshot
    except ImportError:
        raise TelemetryError("genai-prices is not installed; install that package") from None
    paths = [PRICES / "llm_prices.csv"]
    if options.llm_prices:
        paths.append(Path(options.llm_prices))
    rows = [row for path in paths for row in read_prices(path, LlmPrice)]
    found = check_prices(rows, data_snapshot.get_snapshot().providers, datetime.now(UTC))
    show(_text(found, version("genai-prices")))
    return 4 if found.differences else 0


def _text(found: PriceCheck, package_version: str) -> str:
    lines = []
    for row, differences in groupby(found.differences, key=attrgetter("row")):
        lines += [difference_text(one) for one in differences]
        lines.append(f"  source here: {row.source or 'not named'}")
    lines.append(
        f"{counted(found.compared, 'price')} compared with genai-prices {package_version}: "
        f"{counted(len(found.differences), 'difference')}"
    )
    if found.unknown:
        lines.append(f"only here, {len(found.unknown):,}: {'; '.join(found.unknown)}")
    if found.unlisted:
        lines.append(
            f"only there, {counted(len(found.unlisted), 'model')}: {', '.join(found.unlisted)}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    run(main)
