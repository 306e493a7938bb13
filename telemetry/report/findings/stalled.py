"""What has not succeeded for some runs: merge queues, pull requests, deployments, schedules."""

from collections.abc import Sequence

from telemetry import counted
from telemetry.report.data import RepositoryReport
from telemetry.report.figures import BRANCHES, Row, day, duration, minute
from telemetry.report.findings.finding import LONG_AGO, Finding, other_workflows, undeployed
from telemetry.report.github_pages import run_page
from telemetry.terminal import Name, Sentence

# If one of these stalls, nothing that is merged gets further.
URGENT_KINDS = ("merge queue", "pull requests", "deployment")
# In these, runs do not fail but are cancelled.
CANCELLED_KINDS = ("default branch", "schedule")
# What fails together in these.
FAILING_TOGETHER = {"merge queue": "groups", "pull requests": "branches"}


def stalled(report: RepositoryReport) -> Finding | None:
    """Return the finding about what has not succeeded for some runs; None if nothing has stalled.

    What is cancelled because a job runs into its time limit is a finding of its own.
    """
    cut_off = {row["workflow_id"] for row in report.timeouts}
    rows = [
        row
        for row in report.stalled
        if row["kind"] not in CANCELLED_KINDS or row["workflow_id"] not in cut_off
    ]
    if not rows:
        return None
    worst, *others = rows
    last = worst["last_green_at"]
    green = "none of this period was green" if last is None else f"last green on {minute(last)}"
    stopped = duration((report.period.until - worst["first_created_at"]).total_seconds())
    since = f", since {minute(worst['first_created_at'])}, for {stopped}; {green}."
    page = run_page(report.api_host, worst["html_url"])
    links = (("latest run", page),) if page else ()
    is_urgent = worst["kind"] in URGENT_KINDS
    newest = worst["last_created_at"]
    is_old = report.period.until - newest > LONG_AGO
    pause = f" The last of these runs was on {day(newest)}." if is_old else ""
    sentence = (*_said(worst), since, pause, *_too(others))
    return Finding("stalled", sentence, _advice(worst), 0, is_urgent, worst, links)


def _too(rows: Sequence[Row]) -> Sentence:
    """Return others that stalled, each with its kind of branch; empty if there are none."""
    others = [(Name(row["workflow"]), f" {BRANCHES[row['branch_class']]}") for row in rows]
    return other_workflows(" Stalled too: ", others)


def _said(row: Row) -> Sentence:
    name, runs = Name(row["workflow"]), f"{row['runs']:,} runs"
    if row["kind"] == "merge queue":
        base: Sentence = (" to ", Name(row["base_branch"])) if row["base_branch"] else ()
        groups = counted(row["runs"], "group")
        return ("The merge queue", *base, f" merges nothing: the last {groups} failed in ", name)
    if row["kind"] == "pull requests":
        branches = f"{row['branches']:,} branches"
        return (name, f" fails on each pull request: its last {runs}, on {branches}, failed")
    if row["kind"] == "schedule":
        return (name, f" was cancelled in each of the last {runs} of its schedule")
    what = "was cancelled" if row["kind"] in CANCELLED_KINDS else "failed"
    return (name, f" {what} in each of its last {runs} {BRANCHES[row['branch_class']]}")


def _advice(row: Row) -> Sentence:
    name = Name(row["workflow"])
    if row["kind"] in FAILING_TOGETHER:
        lead = f"Find what these {FAILING_TOGETHER[row['kind']]} have in common: "
        return (lead, name, " itself, or what it depends on.")
    if row["kind"] == "deployment":
        return undeployed(name)
    if row["kind"] in CANCELLED_KINDS:
        causes = "a newer run of its concurrency group, a person, another job, or GitHub"
        wait = "because a job waited 24 hours for a runner"
        return ("Find what cancels ", name, f": {causes}, {wait}.")
    return ("Fix ", name, ", or delete it if nobody needs it.")
