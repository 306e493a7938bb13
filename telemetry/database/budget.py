"""Budgets of a month: what is spent, what it will be at the month's end, and the caps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from telemetry.database.prices import read_prices
from telemetry.rows.prices import Cap

# The forecast of what nobody has spent anything on.
NOTHING = {
    "spent_usd": Decimal(0),
    "forecast_usd": None,
    "low_usd": Decimal(0),
    "high_usd": None,
    "unpriced": 0,
}


@dataclass(frozen=True)
class Line:
    """A cap and what it limits; amounts are US dollars of the month.

    `forecast_usd` and `high_usd` are None if there are too few days, see sql/analysis/forecast.sql.
    `is_over` says that the cap is exceeded: by the lower bound of the forecast, or by the amount
    spent if that is the gate; `is_spent`, that it is by the amount spent. `unpriced` jobs or calls
    have no known cost.
    """

    kind: str
    subject: str
    name: str
    monthly_usd: Decimal
    spent_usd: Decimal
    forecast_usd: Decimal | None
    low_usd: Decimal
    high_usd: Decimal | None
    unpriced: int
    is_over: bool

    @property
    def is_spent(self) -> bool:
        return self.spent_usd > self.monthly_usd


def read_caps(path: str) -> list[Cap]:
    """Return the caps in a CSV file with the columns kind, subject, name and monthly_usd.

    The subject all needs no name. Raises UsageError for a file that cannot be read, and for another
    kind or subject.
    """
    return read_prices(Path(path), Cap)


def lines(caps: Sequence[Cap], forecasts: Sequence[Mapping[str, Any]], gate: str) -> list[Line]:
    """Return a line for each name that a cap is for, in the order of the caps.

    `forecasts` are the rows of the question forecast; `gate` is forecast or spent. A cap for names
    that have spent nothing has a line with its pattern.
    """
    found = []
    for cap in caps:
        fitting = [row for row in forecasts if _fits(cap, row)]
        found += [
            _line(cap, row, gate) for row in fitting or [{**NOTHING, "name": cap.name or "all"}]
        ]
    return found


def _fits(cap: Cap, row: Mapping[str, Any]) -> bool:
    if (cap.kind, cap.subject) != (row["kind"], row["subject"]):
        return False
    # Only * is special in a pattern.
    pattern = cap.name.replace("[", "[[]").replace("?", "[?]")
    return cap.subject == "all" or fnmatchcase(row["name"].lower(), pattern)


def _line(cap: Cap, row: Mapping[str, Any], gate: str) -> Line:
    return Line(
        kind=cap.kind,
        subject=cap.subject,
        name=row["name"],
        monthly_usd=cap.monthly_usd,
        **{name: row[name] for name in NOTHING},
        is_over=row["spent_usd" if gate == "spent" else "low_usd"] > cap.monthly_usd,
    )
