"""Compare what this month costs, and what it will cost by its end, with budgets.

    make budget MONTHLY=500
    make budget MONTHLY=500 MONTHLY_LLM=200 GATE=spent
    make budget BUDGETS=budgets.csv FORMAT=json

MONTHLY is for runners by GitHub's list price, MONTHLY_LLM for LLM calls, in US dollars a month of
UTC. BUDGETS is a CSV file of more budgets, with the columns kind (runners, llm), subject (all,
repository, workflow, actor), name (* is any text; a workflow is owner/name / workflow; all needs
none) and monthly_usd. The forecast and its bounds are those of sql/analysis/forecast.sql, whose
header says how to read them.
Exit codes: 0 within all budgets, 1 failed, 2 wrong usage, 4 a budget is exceeded: by the forecast's
lower bound, or with GATE=spent by the cost so far.
"""

from command import parse, run

from argparse import Namespace
from dataclasses import replace

from answers import say_unwatched, scope_of
from connections import database
from output import say, screen, show, show_json

from telemetry import settings
from telemetry.database.budget import lines, read_caps
from telemetry.database.covered import with_coverage
from telemetry.database.questions import ask
from telemetry.installation import typed
from telemetry.rows.prices import Cap
from telemetry.summaries.budget import budget_text
from telemetry.terminal import plain


def main() -> int:
    options = parse(__doc__, "budget")
    caps = _caps(options)
    with database() as connection:
        answer = ask(connection, "forecast", scope_of(connection, options))
        coverage = with_coverage(connection, answer).coverage
    # The cost of the stored jobs either exceeds a budget or not, however few they are.
    lacks = replace(coverage, is_misleading=False, left_out=()).lacks if coverage else []
    say_unwatched(answer)
    for lack in lacks:
        say(lack)
    found = lines(caps, answer.rows, options.gate)
    if options.format == "json":
        show_json(
            until=answer.scope.until,
            gate=options.gate,
            coverage=coverage,
            unwatched=answer.unwatched,
            lines=found,
        )
    else:
        show(budget_text(found, answer.rows, screen(), is_whole=not lacks))
    over = dict.fromkeys(
        line.kind if line.subject == "all" else f"{line.kind} of {line.name}"
        for line in found
        if line.is_over
    )
    if over:
        say(plain(f"over budget: {', '.join(over)}"))
    return 4 if over else 0


def _caps(options: Namespace) -> list[Cap]:
    """Return the caps that the options name. Raises UsageError if there is none."""
    caps = [
        Cap(kind, "all", amount)
        for kind, amount in (("runners", options.monthly), ("llm", options.monthly_llm))
        if amount is not None
    ]
    if options.budgets:
        listed = read_caps(options.budgets)
        if not listed:
            raise settings.UsageError(f"BUDGETS: {options.budgets} has no line; add a budget to it")
        caps += listed
    if not caps:
        raise settings.UsageError(
            f"MONTHLY, MONTHLY_LLM or BUDGETS is missing; try: {typed('budget MONTHLY=500')}"
        )
    return caps


if __name__ == "__main__":
    run(main)
