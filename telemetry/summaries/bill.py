"""The output of `make bill` for people."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import combinations
from typing import Any

from telemetry import counted
from telemetry.database.bill import Bill, Loaded
from telemetry.summaries.answers import reading_text, rows_text
from telemetry.terminal import BOLD, PAPER, YELLOW, Screen, filled, plain

COLUMNS = ("month", "item", "usd", "lines")
SHOWN = ("usage_date", "repository", "workflow_file", "sku", "minutes", "quantity")


def loaded_text(loaded: Loaded) -> str:
    """Return in one line what was loaded."""
    owners = loaded.owners
    of = owners[0] if len(owners) == 1 else counted(len(owners), "account")
    older = ""
    if loaded.source == "older report":
        older = "; it has no discounts, so costs are compared before included minutes"
    return (
        f"{counted(loaded.lines, 'line')} of a usage report ({loaded.source}) loaded: {of}, "
        f"{loaded.first_day} to {loaded.last_day}{older}"
    )


def bill_text(bill: Bill, screen: Screen = PAPER) -> str:
    """Return the bill by cause, the unexplained part first, in US dollars."""
    rows = bill.causes.rows
    if not rows:
        return "No usage report covers these days."
    billed, unexplained = (
        sum((row["usd"] for row in rows if row["item"] == item), Decimal(0))
        for item in ("billed by GitHub", "unexplained")
    )
    rest = f"{_usd(unexplained)} is unexplained"
    if not unexplained and not bill.unexplained:
        rest = "nothing is unexplained"
    elif not unexplained:
        rest = "0.00 is unexplained in the sum, but not line by line"
    heading = f"GitHub bills {_usd(billed)}; {rest}; US dollars."
    parts = [
        screen.styled(filled(heading, screen.columns), YELLOW if bill.unexplained else BOLD),
        rows_text(COLUMNS, [{**row, "usd": _usd(row["usd"])} for row in rows], screen),
    ]
    if bill.unexplained:
        shown = [{**row, "usd": _usd(row["unexplained_usd"])} for row in bill.unexplained]
        more = "The largest unexplained lines; FORMAT=json and Q=bill_lines have more:"
        parts.append(filled(more, screen.columns))
        parts.append(rows_text(["usd", *SHOWN], shown, screen))
        for said in (*_opposites(bill.unexplained), *_renamed(bill)):
            parts.append(filled(plain(said), screen.columns))
    parts.append(reading_text(bill.causes, screen))
    return "\n\n".join(parts)


def _usd(amount: Decimal) -> str:
    """Return US dollars; less than a cent with enough decimals not to seem nothing."""
    return f"{amount:z,.4f}" if 0 < abs(amount) < Decimal("0.01") else f"{amount:,.2f}"


def _opposites(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield a sentence on each pair of lines that cancel each other out, with a possible reason."""
    for one, other in combinations(rows, 2):
        if one["unexplained_usd"] != -other["unexplained_usd"] or one["sku"] != other["sku"]:
            continue
        first, second = sorted((one, other), key=lambda row: row["usage_date"])
        is_one_place = all(one[name] == other[name] for name in ("repository", "workflow_file"))
        apart = second["usage_date"] - first["usage_date"]
        if is_one_place and apart == timedelta(days=1):
            yield (
                f"{one['repository']}: the lines of {first['usage_date']} and "
                f"{second['usage_date']} cancel each other out, like those of a job that ran over "
                "midnight."
            )
        elif not apart and one["workflow_file"] == other["workflow_file"]:
            yield (
                f"{one['repository']} and {other['repository']}: their lines of "
                f"{first['usage_date']} cancel each other out, like those of a repository that was "
                "renamed."
            )


def _renamed(bill: Bill) -> Iterator[str]:
    """Yield a sentence on each billed line that has the minutes of jobs under another name."""
    for line in bill.elsewhere:
        for row in bill.unexplained:
            keys = ("usage_date", "workflow_file", "sku")
            is_same = all(row[key] == line[key] for key in keys)
            if is_same and not row["quantity"] and row["minutes"] == line["quantity"]:
                yield (
                    f"{row['repository']} and {line['repository']}: what GitHub bills for the "
                    f"second on {line['usage_date']}, of which no run is stored, are the "
                    "minutes of the first, as if the repository was renamed."
                )
