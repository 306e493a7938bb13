"""The finding on what jobs cost, and on how much of it is wasted."""

from decimal import Decimal

from telemetry import counted
from telemetry.report.data import RepositoryReport
from telemetry.report.figures import Row, dollars, known_sum, minutes, percent, share_of
from telemetry.report.findings.finding import Finding
from telemetry.terminal import Name, Sentence

# Below this share of wasted minutes, or this many, no action is needed.
LEAST_WASTE = 0.01
LEAST_MINUTES = 60
# A smaller rise of the cost, in dollars or against the period before, is not told.
LEAST_RISE_USD, LEAST_RISE = Decimal(1), Decimal("0.5")
# If all jobs of a run are re-run, those that had succeeded run again too.
RAN_AGAIN = "most of this time went into jobs that ran again until their run was green."
SAVINGS = {
    "rerun": f"Fix the flaky jobs: {RAN_AGAIN}",
    "cancelled": "Check which jobs are cancelled most; start them later, or not on every push.",
    "streak": "Fix the scheduled workflows that fail again and again, or stop their schedules.",
}
THEIR_LIMITS = "Look first at the jobs that run into their time limit: most of the waste is theirs."


def costing(report: RepositoryReport) -> Finding | None:
    """Return the cost and the waste, or the waste of free jobs; None if there is hardly any."""
    cost = known_sum(report.runners, "list_cost_usd")
    wasted = float(known_sum(report.wasted, "minutes") or 0)
    ran = report.totals["job_minutes"]
    if not cost and wasted < LEAST_MINUTES:
        return None
    # A cost is not a fault.
    advice: Sentence = ()
    still_wasted = float(known_sum(report.still_wasted, "minutes") or 0)
    if still_wasted >= max(LEAST_MINUTES, LEAST_WASTE * float(ran or 0)):
        advice = _saving(report)
    lacking = f", {report.lost_firsts}" if report.lost_firsts else ""
    waste = f"{minutes(wasted)} of {minutes(ran)} ({percent(share_of(wasted, ran))}) was wasted"
    if cost:
        sentence = (*_price(report, cost), lacking, f"; {waste}" if wasted else "")
    else:
        sentence = (waste, lacking)
    # What was cancelled early may have saved more than it cost.
    certain = [row for row in report.wasted if row["reason"] != "cancelled"]
    lost = float(known_sum(certain, "minutes") or 0)
    about: Row = {"list_cost_usd": cost, "job_minutes": ran, "wasted_minutes": wasted}
    about["unpriced_jobs"] = int(sum(row["unpriced_jobs"] for row in report.runners))
    subject = "costing" if cost else "wasting"
    return Finding(subject, (*sentence, "."), advice, lost, about=about)


def _saving(report: RepositoryReport) -> Sentence:
    """Return what to do about most of the waste; time limits are a finding of their own."""
    most = report.still_wasted[0]
    limited, flaky = report.running(report.timeouts), report.running(report.flaky_jobs)
    if most["reason"] == "cancelled" and 2 * (known_sum(limited, "minutes") or 0) > most["minutes"]:
        is_over = all(report.quiet_since(row, "runs") for row in limited)
        return () if is_over else (THEIR_LIMITS,)
    if most["reason"] == "rerun" and not flaky:
        return (f"Check what was re-run: {RAN_AGAIN}",)
    if most["reason"] == "rerun" and all(report.quiet_since(row, "flaky_runs") for row in flaky):
        return ()
    return (SAVINGS[most["reason"]],)


def _price(report: RepositoryReport, cost: Decimal) -> Sentence:
    """Return the cost of all jobs, the most expensive kind of runner, and what is not included."""
    price: Sentence = (f"Jobs cost {dollars(cost)} at list price",)
    paid = [row for row in report.runners if row["list_cost_usd"]]
    if len(paid) > 1:
        price += (f", {dollars(paid[0]['list_cost_usd'])} of it for ", Name(paid[0]["sku"]))
    for column, lacking in (("unpriced_jobs", "price"), ("unmeasured_jobs", "known length")):
        jobs = sum(row[column] for row in report.runners)
        if jobs:
            price += (f", {counted(jobs, 'job')} without a {lacking} left out",)
    return price + _rise(report, cost)


def _rise(report: RepositoryReport, cost: Decimal) -> Sentence:
    """Return how much more it is than in the period before, and for which workflow; else empty.

    Empty also where the costs of both periods are not known, or a change would be small.
    """
    rows = [row for row in report.costs_by_workflow if not row["unpriced_before"]]
    before = known_sum(rows, "list_cost_usd_before")
    # All of it must be of workflows whose cost before is known.
    is_all = known_sum(rows, "list_cost_usd") == cost
    if before is None or not is_all or not report.are_jobs_comparable:
        return ()
    more = cost - before
    if more < LEAST_RISE_USD or more < LEAST_RISE * before:
        return ()
    rises = {row["workflow"]: (row["list_cost_usd"] or 0) - (row["list_cost_usd_before"] or 0)
             for row in rows}  # fmt: skip
    said: Sentence = (f"; this is {dollars(more)} more than in the period before",)
    worst = max(rises, key=lambda workflow: rises[workflow])
    if len(rises) > 1 and 2 * rises[worst] > more:
        said += (", most of it for ", Name(worst))
    return said
