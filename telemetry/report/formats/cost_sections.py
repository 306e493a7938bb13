"""The sections of a repository's page about cost: runners, waste, LLM calls."""

from collections.abc import Sequence
from operator import itemgetter

from telemetry import counted
from telemetry.database.coverage import Coverage
from telemetry.report.data import RepositoryReport
from telemetry.report.figures import (
    Row,
    dollars,
    is_alone,
    known_sum,
    minute,
    minutes,
    percent,
    share_of,
)
from telemetry.report.findings.tiles import left_out_of_cost, unpriced_before
from telemetry.report.formats import charts
from telemetry.report.formats.markup import Child, Html, tag
from telemetry.report.formats.page import figure, listing, only_words, ranked, table
from telemetry.report.tables import PHASES, RUNNERS, WORKFLOW_COSTS, phase_of, runner_of
from telemetry.terminal import Name

MOST_BARS = 10
REASONS = {
    "rerun": "jobs that ran again until their run was green",
    "cancelled": "cancelled work",
    "streak": "scheduled workflows that fail again and again",
}


def cost(report: RepositoryReport) -> list[Child]:
    if not report.runners:
        return only_words("No job ran in this period.")
    parts = [_prices(report), _by_workflow(report)]
    if report.wasted:
        parts.append(_waste(report))
    return [tag("div", parts, class_="grid")]


def _prices(report: RepositoryReport) -> Html:
    priced = [row for row in report.runners if row["list_cost_usd"] is not None]
    bars = charts.bars(priced[:MOST_BARS], runner_of, "list_cost_usd", dollars)
    total = known_sum(priced, "list_cost_usd")
    words = f"Runners cost {dollars(total)} at list price, before included minutes"
    if report.is_free:
        words = "The jobs of this period are free"
    elif total is None:
        words = "No job of this period has a list price"
    return figure(
        words,
        charts.bar_chart(words, bars),
        listing(RUNNERS, report.runners, report.api_host),
        note="An estimate: minutes are rounded up for each job; standard runners of public "
        "repositories are free, and plans include minutes"
        f"{left_out_of_cost(report.runners)}.",
    )


def _by_workflow(report: RepositoryReport) -> Html:
    rows = report.costs_by_workflow
    words = "No workflow costs anything"
    if all(row["list_cost_usd"] is None for row in rows):
        words = "No workflow's jobs have a list price"
    if rows and rows[0]["list_cost_usd"]:
        first, cost = Name(rows[0]["workflow"]), dollars(rows[0]["list_cost_usd"])
        words = f"No workflow costs more than {first}: {cost}"
        if is_alone(rows, "list_cost_usd"):
            words = f"{first} costs most: {cost}"
    bars = charts.bars(rows[:MOST_BARS], itemgetter("workflow"), "list_cost_usd", dollars)
    note = None
    if not report.are_jobs_comparable:
        note = "No cost before is shown: that period is not listed completely, or jobs are missing."
    elif known_sum(rows, "list_cost_usd_before") and (lacking := unpriced_before(rows)):
        note = f"The cost before is {lacking}."
    return figure(
        words,
        charts.bar_chart(words, bars),
        listing(WORKFLOW_COSTS, rows, report.api_host),
        note=note,
    )


def _waste(report: RepositoryReport) -> Html:
    lost = known_sum(report.wasted, "minutes")
    ran = report.totals["job_minutes"]
    words = f"{minutes(lost)} of {minutes(ran)} was wasted ({percent(share_of(lost, ran))})"
    bars = charts.bars(report.wasted, lambda row: REASONS[row["reason"]], "minutes", minutes)
    rows = [[REASONS[row["reason"]], minutes(row["minutes"])] for row in report.wasted]
    return figure(
        words,
        charts.bar_chart(words, bars),
        table(("reason", "minutes"), rows, numbers=1),
        note="An upper bound: cancelling early may have saved more than it cost.",
    )


def llm(
    phases: list[Row], costs: Sequence[Row] = (), coverage: Coverage | None = None
) -> list[Child]:
    """Return LLM calls by phase; if runs made any, compared with the cost of runners.

    `coverage` says how many attempts the cost of runners is of; it is shown only if that is all.
    """
    if not phases:
        return only_words("No LLM call is stored for this period.")
    of_runs = [row for row in phases if row["is_of_a_run"]]
    unpriced = sum(row["unpriced"] for row in phases)
    which = "LLM calls" + (" in stored runs" if of_runs else "")
    spent, runners = known_sum(of_runs or phases, "cost_usd"), known_sum(costs, "list_cost_usd")
    unknown = sum(row["unpriced_jobs"] + row["unmeasured_jobs"] for row in costs)
    words = f"The cost of {which} is not known"
    if spent is not None:
        words = f"{which} cost {dollars(spent)}"
        if not of_runs:
            words += ", none of them in a run that is stored"
        elif coverage is not None and coverage.is_whole and runners and not unknown:
            words += f"; the runners of all runs cost {dollars(runners)} at list price"
    note = f"The newest call is from {minute(max(row['newest_at'] for row in phases))}."
    if unpriced:
        note += f" Not included: {counted(unpriced, 'call')} of unknown cost."
    bars = charts.bars(phases, phase_of, "cost_usd", dollars)
    chart = charts.bar_chart(words, bars[:MOST_BARS])
    return ranked(words, chart, PHASES, phases, "", note)
