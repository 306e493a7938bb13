"""The output of `make budget` for people."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from telemetry import counted
from telemetry.database.budget import Line
from telemetry.installation import COMMAND
from telemetry.summaries.tables import table
from telemetry.terminal import BOLD, PAPER, YELLOW, Screen

NAMES = {"runners": "runners", "llm": "LLM calls"}
COLUMNS = {
    "kind": "for",
    "name": "of",
    "monthly_usd": "budget",
    "spent_usd": "spent",
    "forecast_usd": "forecast",
    "between": "between",
    "verdict": "state",
}


def budget_text(
    lines: Sequence[Line],
    forecasts: Sequence[Mapping[str, Any]],
    screen: Screen = PAPER,
    *,
    is_whole: bool = True,
) -> str:
    """Return how many budgets are exceeded, then all of them; amounts are US dollars.

    `forecasts` are the rows of the question forecast; `is_whole` says that nothing is missing that
    could cost more.
    """
    over = sum(line.is_over for line in lines)
    first = f"{counted(over, 'budget')} of {len(lines)} exceeded" if over else "Within all budgets"
    if not is_whole and not over:
        first += ", as far as is stored,"
    month = ""
    if forecasts:
        row = forecasts[0]
        month = f" in {row['month']}, {counted(row['days_left'], 'day')} before its end"
    parts = [
        screen.styled(
            textwrap.fill(f"{first}{month}; US dollars.", screen.columns or 100),
            YELLOW if over else BOLD,
        ),
        table([_cells(line) for line in lines], COLUMNS, screen),
    ]
    missing = {line.kind for line in lines} - {row["kind"] for row in forecasts}
    if missing:
        of = " or ".join(name for kind, name in NAMES.items() if kind in missing)
        note = f"No cost of {of} is stored for the last weeks, so 0.00 may only mean that nothing "
        note += f"was ingested; {COMMAND} status shows what is stored."
        parts.append(textwrap.fill(note, screen.columns or 100))
    if lacking := sum(line.unpriced for line in lines):
        note = f"{lacking:,} jobs or calls have no known cost and are not included."
        parts.append(textwrap.fill(note, screen.columns or 100))
    if any(line.forecast_usd is None and line.spent_usd for line in lines):
        note = "A forecast needs a full week of data, and its interval two. Until then, what is "
        parts.append(textwrap.fill(f"{note}spent counts.", screen.columns or 100))
    return "\n\n".join(parts)


def _cells(line: Line) -> dict[str, Any]:
    high = "?" if line.high_usd is None else f"{line.high_usd:,.2f}"
    return {
        **vars(line),
        "monthly_usd": f"{line.monthly_usd:,.2f}",
        "spent_usd": f"{line.spent_usd:,.2f}",
        "forecast_usd": "–" if line.forecast_usd is None else f"{line.forecast_usd:,.2f}",
        "between": f"{line.low_usd:,.2f} and {high}",
        "verdict": "over" if line.is_over else "within",
    }
