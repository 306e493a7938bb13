"""The output of `make budget` for people."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from telemetry import counted, first_of
from telemetry.database.budget import Line
from telemetry.installation import typed
from telemetry.summaries.tables import table
from telemetry.terminal import BOLD, PAPER, YELLOW, Screen

NAMES = {"runners": "runners", "llm": "LLM calls"}
# What has a cost, what it may lack, the question about that, and what this shows.
UNPRICED = {
    "runners": ("job", "price or length", "unpriced_runner_labels", "those without a price"),
    "llm": ("LLM call", "cost", "llm_unpriced_models", "which"),
}
MOST_NAMES = 5
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
    over = any(line.is_over for line in lines)
    first = _exceeded(lines) if over else "Within all budgets"
    if not is_whole and not over:
        first += ", as far as is stored"
    month = ""
    if forecasts:
        row = forecasts[0]
        month = f" in {row['month']}, {counted(row['days_left'], 'day')} before its end"
        month = f",{month}" if "," in first else month
    parts = [
        screen.styled(screen.paragraph(f"{first}{month}; US dollars."), YELLOW if over else BOLD),
        table([_cells(line) for line in lines], COLUMNS, screen),
    ]
    parts += [
        screen.paragraph(note)
        for notes in (_zeros, _free, _unpriced, _young)
        for note in notes(lines, forecasts)
    ]
    return "\n\n".join(parts)


def _exceeded(lines: Sequence[Line]) -> str:
    """Return how many budgets are exceeded by what is spent, and how many only by the forecast."""
    over = [line.is_spent for line in lines if line.is_over]
    numbers = {"exceeded": sum(over), "likely to be exceeded": len(over) - sum(over)}
    return " and ".join(
        f"{counted(number, 'budget')} of {len(lines)} {word}"
        for word, number in numbers.items()
        if number
    )


def _zeros(lines: Sequence[Line], forecasts: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield a sentence on the kinds, and one on the names, of which nothing is stored."""
    missing = {line.kind for line in lines} - {row["kind"] for row in forecasts}
    if missing:
        of = " or ".join(name for kind, name in NAMES.items() if kind in missing)
        yield (
            f"No cost of {of} is stored for the last weeks, so 0.00 may only mean that nothing was "
            f"ingested; {typed('status')} shows what is stored."
        )
    known = {(row["kind"], row["subject"], row["name"]) for row in forecasts}
    strange = dict.fromkeys(
        f"{line.subject} {line.name}"
        for line in lines
        if line.kind not in missing and (line.kind, line.subject, line.name) not in known
    )
    if strange:
        named = first_of([*strange], MOST_NAMES)
        yield f"Nothing of the last weeks fits these budgets, so check their names: {named}."


def _free(lines: Sequence[Line], forecasts: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield why runners cost nothing, if jobs are stored and their prices are known."""
    of_all = [row for row in forecasts if (row["kind"], row["subject"]) == ("runners", "all")]
    # On the first days of a month, perhaps no job has run yet.
    columns = ("spent_usd", "forecast_usd", "unpriced")
    is_free = of_all and not any(of_all[0][column] for column in columns)
    if is_free and any(line.kind == "runners" for line in lines):
        yield (
            "No stored job of this month costs anything: jobs in public repositories, of GitHub's "
            "own workflows and on your own runners are free."
        )


def _unpriced(lines: Sequence[Line], forecasts: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield a sentence on each kind of which a budget leaves some out.

    The number is that of all: budgets may overlap, so their numbers do not add up.
    """
    lacking = {line.kind for line in lines if line.unpriced}
    for row in forecasts:
        if row["subject"] == "all" and row["kind"] in lacking:
            one, lack, question, which = UNPRICED[row["kind"]]
            command = typed(f"query Q={question} SINCE={row['month']}-01")
            yield (
                f"Without a known {lack}, and so not included: {counted(row['unpriced'], one)} of "
                f"this month; {command} shows {which}."
            )


def _young(lines: Sequence[Line], forecasts: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield that forecasts or their bounds lack data, and which repositories have no forecast."""
    kinds = {line.kind for line in lines}
    young = dict.fromkeys(
        row["name"]
        for row in forecasts
        if (row["subject"], row["forecast_usd"]) == ("repository", None)
        and row["kind"] in kinds
        and row["spent_usd"]
    )
    if young or any(line.high_usd is None and line.spent_usd for line in lines):
        named = f" of {first_of([*young], MOST_NAMES)}" if young else ""
        yield (
            "A forecast needs a full week of data after the last gap, and its interval two. Until "
            f"then, only what is spent{named} counts."
        )


def _cells(line: Line) -> dict[str, Any]:
    high = "?" if line.high_usd is None else f"{line.high_usd:,.2f}"
    return {
        **vars(line),
        "monthly_usd": f"{line.monthly_usd:,.2f}",
        "spent_usd": f"{line.spent_usd:,.2f}",
        "forecast_usd": "–" if line.forecast_usd is None else f"{line.forecast_usd:,.2f}",
        "between": f"{line.low_usd:,.2f} and {high}",
        "verdict": ("over" if line.is_spent else "likely over") if line.is_over else "within",
    }
