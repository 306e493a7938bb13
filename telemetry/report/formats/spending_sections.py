"""The sections of a repository's page about what to speed up, and what the work costs."""

from telemetry import counted
from telemetry.installation import typed
from telemetry.report.data import RepositoryReport
from telemetry.report.figures import Row, count, dollars, duration, minutes, percent
from telemetry.report.formats import charts
from telemetry.report.formats.charts import Bar
from telemetry.report.formats.markup import Child
from telemetry.report.formats.page import only_words, ranked
from telemetry.report.reading import MOST_ATTEMPTS
from telemetry.report.tables import (
    CRITICAL_JOBS,
    FORECASTS,
    KINDS_OF_COST,
    PULL_REQUESTS,
    job_of,
    label_of,
)

MOST_BARS = 5


def _not_asked(command: str) -> list[Child]:
    """The text in place of an answer that would take too long."""
    return only_words(
        f"Not shown for more than {count(MOST_ATTEMPTS)} attempts, because it takes long; "
        f"{typed(command)} answers it."
    )


def critical(report: RepositoryReport) -> list[Child]:
    """What to speed up: the jobs that make runs end late."""
    if report.critical_jobs is None:
        return _not_asked("query Q=critical_jobs")
    jobs = report.speedable
    if not jobs:
        return only_words("No job that still runs is known to make runs end late.")
    first = jobs[0]
    words: list[Child] = [
        job_of(first),
        f" holds up {percent(first['on_path_percent'])} of its runs: without it they would end "
        f"{duration(first['gain_p50_seconds'])} sooner at the median",
    ]
    # Hardly anybody waits for a nightly, so it counts only where no push is held up.
    is_of_push = bool(first["push_gain_hours"])
    waits = "push_gain_hours" if is_of_push else "gain_hours"
    bars = [
        Bar(label_of(row), float(row[waits]), minutes(60 * row[waits]))
        for row in jobs[:MOST_BARS]
        if row[waits]
    ]
    runs = "all runs that a push started" if is_of_push else "all runs"
    bars_of = "; the bars show only those that a push started" if is_of_push else ""
    label = f"Jobs by how much sooner {runs} would end without them, in all"
    return ranked(
        words,
        charts.bar_chart(label, bars),
        CRITICAL_JOBS,
        jobs,
        report.api_host,
        note="Of workflows that still run, only runs that succeeded at the first attempt count"
        f"{bars_of}. Which job waits for which is inferred from the times; the gain is a lower "
        "bound, as if the job took no time.",
    )


def pull_requests(report: RepositoryReport) -> list[Child]:
    """What pull requests cost on runners and for LLM calls, the most expensive first."""
    rows = report.pull_request_costs
    if rows is None:
        return _not_asked("query Q=pull_request_costs")
    if not rows:
        return only_words("No run of a pull request is stored for this period.")
    known = [row["cost_usd"] for row in rows if row["cost_usd"] is not None]
    if report.is_free and len(known) == len(rows) and not any(known):
        return only_words(f"{counted(len(rows), 'pull request')}, whose jobs are free.")
    merged = sum(row["state"] == "merged" for row in rows)
    words = f"The cost of {counted(len(rows), 'pull request')} is not known"
    if known:
        some = "" if len(known) == len(rows) else f"{count(len(known))} of "
        total, each = dollars(sum(known)), dollars(sum(known) / len(known))
        words = f"{some}{counted(len(rows), 'pull request')} cost {total}, {each} each"
    bars = charts.bars(rows[:MOST_BARS], lambda row: row["head"], "cost_usd", dollars)
    return ranked(
        words,
        charts.bar_chart("Pull requests by their cost", bars),
        PULL_REQUESTS,
        rows,
        report.api_host,
        note=f"Runners at list price and LLM calls; {count(merged)} are known to be merged "
        f"(squash merges cannot be recognized){_left_out(rows)}.",
    )


def _left_out(rows: list[Row]) -> str:
    """What has no known cost, in words; empty if everything has one."""
    lacking = {
        "attempts_without_jobs": "attempts whose jobs are not stored",
        "unpriced_jobs": "jobs without a known cost",
        "unpriced_calls": "LLM calls without a known cost",
    }
    sums = {words: sum(row[column] for row in rows) for column, words in lacking.items()}
    said = ", ".join(f"{words}: {count(number)}" for words, number in sums.items() if number)
    return f"; not included: {said}" if said else ""


def forecast(report: RepositoryReport) -> list[Child]:
    """What is spent this month, and what it will be at the month's end."""
    if report.forecast is None:
        return _not_asked("query Q=forecast")
    rows = [row for row in report.forecast if row["spent_usd"] or row["forecast_usd"]]
    if not rows:
        return only_words("Nothing that is known to cost anything was used this month.")
    month, left = rows[0]["month"], counted(rows[0]["days_left"], "day")
    said = "; ".join(f"{KINDS_OF_COST[row['kind']]} {_expected(row)}" for row in rows)
    bars = [
        Bar(f"{KINDS_OF_COST[row['kind']]}, {when}", float(row[key]), dollars(row[key]))
        for row in rows
        for when, key in (("spent", "spent_usd"), ("by the end", "forecast_usd"))
        if row[key] is not None
    ]
    words = f"{month}, {left} before its end: {said}"
    return ranked(
        words,
        charts.bar_chart(words, bars),
        FORECASTS,
        rows,
        report.api_host,
        note="At list price, extrapolated from the weekdays of the last weeks; the true end lies "
        "within the bounds in nine of ten months. "
        f"{typed('budget')} compares it with your budgets.",
    )


def _expected(row: Row) -> str:
    spent = f"{dollars(row['spent_usd'])} spent"
    if row["forecast_usd"] is None:
        return f"{spent}, too few days for a forecast"
    low, high = row["low_usd"], row["high_usd"]
    between = (
        f"{dollars(low)} to {dollars(high)}" if high is not None else f"at least {dollars(low)}"
    )
    return f"{spent}, {dollars(row['forecast_usd'])} by the end ({between})"
