"""The findings on jobs and runs that wait for a runner, or that none took."""

from datetime import date

from telemetry import counted
from telemetry.report.data import LONGEST_PAUSE, RepositoryReport
from telemetry.report.figures import Row, count, day, duration, known_sum, minute
from telemetry.report.findings.finding import Finding, others
from telemetry.report.github_pages import run_page
from telemetry.terminal import Name, Sentence

# Shorter waits for a runner need no action, and fewer of over a minute may be chance.
LONG_WAIT_SECONDS = 120
LEAST_WAITS = 3
# If jobs waited on no more than one of so many days, those days were special.
FEW_DAYS = 4
# A longer wait is usually for an approval, which GitHub reports like a wait for a runner.
LONGEST_WAIT_SECONDS = 3_600
# Why it may be an approval.
ON_GITHUBS = (
    " GitHub's own runners start within seconds unless your plan allows no more jobs at once."
)
WHILE_IDLE = " Most often, no other job with that label ran meanwhile in this repository."


def queued(report: RepositoryReport) -> Finding | None:
    """Return the workflow whose runs wait for a runner now, for longest; None without any."""
    if not report.queued_runs:
        return None
    worst, *rest = report.queued_runs
    runs = worst["runs"]
    sentence: Sentence = (
        Name(worst["workflow"]),
        f" waits for a runner: {counted(runs, 'run')} {'is' if runs == 1 else 'are'} queued, "
        f"{'' if runs == 1 else 'the first '}since {minute(worst['first_queued_at'])}, for "
        f"{duration(worst['longest_wait_seconds'])}{others(len(rest), 'workflow')}.",
    )
    online = "Check that a runner with the labels of its jobs is online and not busy"
    advice = (f"{online}; for GitHub's own runners, see githubstatus.com.",)
    lost = float(known_sum(report.queued_runs, "waited_minutes") or 0)
    is_urgent = any(row["pushes"] for row in report.queued_runs)
    page = run_page(report.api_host, f"{report.page}/actions/runs/{worst['github_run_id']}")
    links = (("first of them", page),) if page else ()
    return Finding("queued", sentence, advice, lost, is_urgent, worst, links)


def no_runner(report: RepositoryReport) -> Finding | None:
    """Return the labels whose jobs were cancelled because no runner took them; None without any."""
    labels = sorted(report.untaken_jobs, key=lambda row: not _is_missing(report, row))
    if not labels:
        return None
    worst, jobs = labels[0], labels[0]["jobs"]
    last = day(worst["last_queued_at"])
    sentence: Sentence = (
        f"{counted(jobs, 'job')} on ",
        Name(worst["runner_label"] or "runners without a label"),
        f" waited 24 hours for a runner until GitHub cancelled {'it' if jobs == 1 else 'them'}"
        f"{others(len(labels) - 1, 'label')}; the last was ready on {last}.",
    )
    is_missing = _is_missing(report, worst)
    advice = ("Check that a runner with all of these labels is online.",) if is_missing else ()
    return Finding("no runner", sentence, advice, 0, is_missing, worst)


def _is_missing(report: RepositoryReport, row: Row) -> bool:
    """Whether nothing shows that a runner is there again, or that its labels are in use no more."""
    is_recent = report.period.until - row["last_queued_at"] <= LONGEST_PAUSE
    return is_recent and not row["is_taken_since"]


def waiting(report: RepositoryReport) -> Finding | None:
    """Return the kind of runner that jobs wait for most; None if no wait is long."""
    slow = [
        queue
        for queue in report.queue_times
        if _waited(queue) >= LONG_WAIT_SECONDS and queue["over_a_minute"] >= LEAST_WAITS
    ]
    if not slow:
        return None
    worst = min(
        slow,
        key=lambda queue: (bool(_quiet(report, queue)), _waited(queue) > LONGEST_WAIT_SECONDS),
    )
    is_hosted = 2 * worst["hosted"] > worst["jobs"]
    is_idle = 2 * worst["idle"] > worst["over_a_minute"]
    is_certain = _waited(worst) <= LONGEST_WAIT_SECONDS and not is_hosted and not is_idle
    tail = worst["p95_seconds"]
    sentence: Sentence = (
        "Jobs on ",
        Name(worst["runner_label"] or "runners without a label"),
        f" waited {duration(worst['p50_seconds'])} for a runner"
        f"{'' if is_certain else ' or an approval'} at the median",
        "" if tail is None else f", {duration(tail)} at the 95th percentile",
        f"; {count(worst['over_a_minute'])} of {counted(worst['jobs'], 'job')} waited over a minute"
        f"{_on_days(worst)}{others(len(slow) - 1, 'label')}.",
    )
    if quiet := _quiet(report, worst):
        over = f" None has waited over a minute since {day(quiet)}."
        return Finding("waiting", (*sentence, over), (), 0, about=worst)
    if not is_certain:
        check = "Check which of the two they wait for."
        why = ON_GITHUBS if is_hosted else WHILE_IDLE if is_idle else ""
        return Finding("waiting", sentence, (f"{check}{why}",), 0, about=worst)
    advice = "Start fewer jobs in the busiest hours, or add runners with that label."
    if _on_days(worst):
        last = day(worst["last_over_a_minute_at"])
        when = last if worst["days_over_a_minute"] == 1 else f"those days, last on {last}"
        advice = f"Find out what kept these runners busy or offline on {when}."
    # By the median, because a few approvals would dominate any sum.
    lost = worst["p50_seconds"] * worst["jobs"] / 60
    return Finding("waiting", sentence, (advice,), lost, about=worst)


def _on_days(queue: Row) -> str:
    """Return on how few of the days jobs waited over a minute; empty if on many."""
    days, of = queue["days_over_a_minute"], queue["days"]
    return "" if FEW_DAYS * days > of else f", all on {count(days)} of {of} days"


def _quiet(report: RepositoryReport, queue: Row) -> date | None:
    return report.quiet_since(queue, "over_a_minute", "last_over_a_minute_at")


def _waited(queue: Row) -> int:
    return int(queue["p95_seconds"] or queue["p50_seconds"])
