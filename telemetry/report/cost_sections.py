"""The parts of a repository's page about money: runners, waste, language models."""

from telemetry.report import charts
from telemetry.report.charts import Bar
from telemetry.report.data import RepositoryReport
from telemetry.report.figures import (
    UNKNOWN,
    Row,
    count,
    dollars,
    known_sum,
    minute,
    minutes,
    percent,
    share_of,
)
from telemetry.report.markup import Child, Html, tag
from telemetry.report.page import figure, only_words, rows_left_out, table
from telemetry.terminal import Name, counted

MOST_BARS = 10
MOST_ROWS = 25
REASONS = {
    "rerun": "what failed and was green when run again",
    "cancelled": "what was cancelled",
    "streak": "scheduled workflows that fail again and again",
}


def cost(report: RepositoryReport) -> list[Child]:
    if not report.runners:
        return only_words("No job is stored for this period.")
    parts = [_prices(report)]
    if report.wasted:
        parts.append(_waste(report))
    return [tag("div", parts, class_="grid")]


def _prices(report: RepositoryReport) -> Html:
    priced = [row for row in report.runners if row["list_cost_usd"] is not None]
    bars = [
        Bar(_kind(row), float(row["list_cost_usd"]), dollars(row["list_cost_usd"]))
        for row in priced[:MOST_BARS]
    ]
    rows: list[list[Child]] = [
        [
            Name(_kind(row)),
            count(row["jobs"]),
            count(row["minutes"]),
            dollars(row["list_cost_usd"]),
            count(row["unpriced_jobs"]),
            count(row["unmeasured_jobs"]),
        ]
        for row in report.runners[:MOST_ROWS]
    ]
    total = known_sum(priced, "list_cost_usd")
    words = f"Runners cost {dollars(total)} at list price, before included minutes"
    if total is None:
        words = "No job of this period has a list price"
    unpriced = sum(row["unpriced_jobs"] for row in report.runners)
    left_out = f" {counted(unpriced, 'job')} without a price left out." if unpriced else ""
    headings = ("runner", "jobs", "minutes", "list price", "without a price", "without a length")
    return figure(
        words,
        charts.bar_chart(words, bars),
        table(headings, rows, numbers=5),
        note="An estimate: minutes are rounded up for each job; runners of public repositories are "
        f"free, and plans include minutes.{left_out}",
    )


def _kind(row: Row) -> str:
    if row["sku"] == "self_hosted":
        return "own runners, not billed by GitHub"
    return row["sku"] or f"no price known: {row['label'] or 'no label'}"


def _waste(report: RepositoryReport) -> Html:
    lost = known_sum(report.wasted, "minutes")
    ran = report.totals["job_minutes"]
    words = f"{minutes(lost)} of {minutes(ran)} were thrown away ({percent(share_of(lost, ran))})"
    bars = [
        Bar(REASONS[row["reason"]], float(row["minutes"] or 0), minutes(row["minutes"]))
        for row in report.wasted
    ]
    rows = [[REASONS[row["reason"]], minutes(row["minutes"])] for row in report.wasted]
    return figure(
        words,
        charts.bar_chart(words, bars),
        table(("reason", "minutes"), rows, numbers=1),
        note="An upper bound: what was cancelled early may have saved more than it cost.",
    )


def llm(phases: list[Row], costs: list[Row]) -> list[Child]:
    """Calls by phase; where runs made any, beside the costs of the runners of all runs."""
    if not phases:
        return only_words("No call of a language model is stored for this period.")
    of_runs = [row for row in phases if row["is_of_a_run"]]
    unpriced = sum(row["unpriced"] for row in phases)
    words = (
        f"Calls of language models in these runs cost {dollars(known_sum(of_runs, 'cost_usd'))}, "
        f"the runners of all runs {dollars(known_sum(costs, 'list_cost_usd'))} at list price"
    )
    if not of_runs:
        words = (
            f"Calls of language models cost {dollars(known_sum(phases, 'cost_usd'))}, "
            "none of them in a run that is stored"
        )
    bars = [
        Bar(_phase(row), float(row["cost_usd"]), dollars(row["cost_usd"]))
        for row in phases
        if row["cost_usd"] is not None
    ]
    rows: list[list[Child]] = [
        [
            Name(_phase(row)),
            count(row["calls"]),
            count(row["failed"]),
            UNKNOWN if row["p50_seconds"] is None else f"{row['p50_seconds']} s",
            dollars(row["cost_usd"]),
            count(row["unpriced"]),
        ]
        for row in phases[:MOST_ROWS]
    ]
    headings = ("phase", "calls", "failed", "p50", "cost", "without a price")
    note = f"The newest is of {minute(max(row['newest_at'] for row in phases))}."
    if unpriced:
        note += f" {counted(unpriced, 'record')} without cost or price: in no sum."
    return [
        figure(
            words,
            charts.bar_chart(words, bars[:MOST_BARS]),
            table(headings, rows, numbers=5),
            wide=True,
            note=note,
        ),
        rows_left_out(len(phases), MOST_ROWS, "phases"),
    ]


def _phase(row: Row) -> str:
    phase = row["phase"] or "no phase"
    return phase if row["is_of_a_run"] else f"{phase} (in no run that is stored)"
