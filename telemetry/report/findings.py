"""The findings at the top of a report: slow, flaky, failing, waiting and costly work.

Each finding is a sentence with its figure, names the question that answers it in full, and says
what to do. Urgent findings come first, then those with something to do; each by the time that they
cost.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from telemetry import counted
from telemetry.report.data import RepositoryReport, lost_minutes
from telemetry.report.figures import (
    BRANCHES,
    Row,
    about,
    change,
    count,
    day,
    dollars,
    duration,
    known_sum,
    minutes,
    percent,
    shift_of,
)
from telemetry.report.figures import share_of as share
from telemetry.report.finding import Finding
from telemetry.report.held import is_held
from telemetry.report.red import red
from telemetry.report.stalled import stalled
from telemetry.terminal import Name, Sentence

# Shorter waits for a runner need no action, and fewer of over a minute may be chance.
LONG_WAIT_SECONDS = 120
LEAST_WAITS = 3
# A longer wait is usually for an approval, which GitHub reports like a wait for a runner.
LONGEST_WAIT_SECONDS = 3_600
# What has not failed for longer, although it ran, needs no action.
A_WHILE = timedelta(days=7)
# Fewer runs that are all green may be so by chance.
LEAST_RUNS = 5
# Below this share of wasted minutes no action is needed.
LEAST_WASTE = 0.01
# sql/analysis/slower_or_faster.sql needs two weeks of days with runs to detect a change.
DAYS_OF_A_SHIFT = 14
SAVINGS = {
    "rerun": "Fix the flaky jobs: most of this time went into failures that passed when re-run.",
    "cancelled": "Check which jobs are cancelled most; start them later, or not on every push.",
    "streak": "Fix the scheduled workflows that fail again and again, or stop their schedules.",
}


def findings(report: RepositoryReport) -> list[Finding]:
    """Return the findings, most urgent first; empty if nothing was found or nothing is known."""
    of_jobs = [_timing_out(report), _flaky(report), _waiting(report), _costing(report)]
    found = [
        red(report),
        stalled(report),
        _slower(report),
        _failing(report),
        *(_covered(report, each) for each in of_jobs),
    ]
    return sorted(
        (finding for finding in found if finding is not None),
        key=lambda finding: (not finding.is_urgent, not finding.advice, -finding.lost_minutes),
    )


def not_found(report: RepositoryReport, found: Sequence[Finding]) -> list[str]:
    """Return what was checked and not found, and, worded differently, what could not be checked.

    `found` are the findings of the report.
    """
    said = {finding.subject for finding in found}
    days = len({row["day"] for row in report.durations_by_day})
    has_jobs = bool(report.totals["jobs"])
    nothing = {
        "red": "nothing is red on the default branch",
        "slower": "no workflow got clearly slower",
        "flaky": "no job is known to be flaky",
        "failing": _nothing_failed(report),
        "waiting": "no kind of runner keeps jobs waiting for two minutes or more",
        "costing": "the jobs are free" if report.is_free else "the jobs have no list price",
    }
    if report.green_workflows is None:
        nothing["red"] = "no run on the default branch has succeeded or failed"
    if days < DAYS_OF_A_SHIFT:
        nothing["slower"] = f"too few days ({days}) to detect what got slower"
    if report.timeouts:
        del nothing["failing"]
    if not report.queue_times:
        nothing["waiting"] = "waiting is not known"
    if not report.of_jobs.is_whole:
        nothing["flaky"] += f" so far: {report.of_jobs}"
    if not has_jobs:
        del nothing["waiting"], nothing["costing"]
        nothing["flaky"] = (
            "no job ran, so none was flaky, waited or cost anything"
            if report.of_jobs.is_whole
            else "no job is stored, so that flaky jobs, waiting and cost are not known"
        )
    if report.of_jobs.is_misleading:
        nothing.pop("waiting", None)
        nothing.pop("costing", None)
        nothing["flaky"] = f"flaky jobs, waiting and cost are not known: {report.of_jobs}"
    return [text for subject, text in nothing.items() if subject not in said]


def _nothing_failed(report: RepositoryReport) -> str:
    """Return that nothing failed, as far as that is known, and what was cancelled."""
    said = "nothing failed" if report.totals["decided"] else "no run has succeeded or failed"
    if report.without:
        said = f"nothing is known to have failed, {report.without}"
    if not report.totals["cancelled"]:
        return said
    runs = counted(report.totals["cancelled"], "run")
    return f"{said}, but {runs} {'was' if runs[:2] == '1 ' else 'were'} cancelled"


def is_healthy(report: RepositoryReport, found: Sequence[Finding]) -> bool:
    """Whether everything is known and there is nothing to do; `found` are its findings."""
    return (
        report.is_listed
        and report.totals["decided"] >= LEAST_RUNS
        and report.green_workflows is not None
        and report.of_jobs.is_whole
        and not report.without
        and not any(finding.advice for finding in found)
    )


def _covered(report: RepositoryReport, found: Finding | None) -> Finding | None:
    """Return a finding about jobs with its coverage; None if it would mislead."""
    coverage = report.of_jobs
    if found is None or coverage.is_whole:
        return found
    if coverage.is_misleading:
        return None
    return replace(found, sentence=(*found.sentence, f" Incomplete: {coverage}."))


def _others(number: int, what: str) -> str:
    return f"; {counted(number, f'other {what}')} too" if number else ""


def _slower(report: RepositoryReport) -> Finding | None:
    shifts = report.slowdowns
    if not shifts:
        return None
    worst = max(shifts, key=lost_minutes)
    is_about, has_waited = worst["estimated"], is_held(report, worst)
    before, after = worst["before_seconds"], worst["after_seconds"]
    lost, runs = minutes(lost_minutes(worst)), counted(worst["after_runs"], "run")
    return Finding(
        "slower",
        (
            "The median time of ",
            Name(worst["workflow"]),
            f" {BRANCHES[worst['branch_class']]} went from {about(duration(before), is_about)} to "
            f"{about(duration(after), is_about)} ({change(shift_of(after, before))}) on "
            f"{day(worst['changed_on'])}; {runs} since then took {about(lost, is_about)} longer"
            f"{_others(len(shifts) - 1, 'shift')}.",
            *_carrier(worst, has_waited),
        ),
        _advice_on(worst, has_waited),
        lost_minutes(worst),
        about=worst,
    )


def _carrier(shift: Row, has_waited: bool) -> Sentence:
    """Return the job that causes a change, and whether it runs or waits longer, and for what."""
    if shift["job"] is None:
        return ()
    before, after = duration(shift["job_before_seconds"]), duration(shift["job_after_seconds"])
    if shift["carried_by"] == "queue":
        what = "an approval or another run" if has_waited else "a runner"
        waits = f" waits {after} for {what} instead of {before}."
        return (" Its job ", Name(shift["job"]), waits)
    step: Sentence = (", most of all in its step ", Name(shift["step"])) if shift["step"] else ()
    if shift["job_before_seconds"] is None:
        return (" Its job ", Name(shift["job"]), f", new since then, takes {after}", *step, ".")
    return (" Its job ", Name(shift["job"]), f" takes {after} instead of {before}", *step, ".")


def _advice_on(shift: Row, has_waited: bool) -> Sentence:
    """Return what to look at: what it waits for if waits grew, else the commits at the change."""
    if has_waited:
        return ("Check who approves it, or which run it waits for, not what was merged.",)
    if shift["carried_by"] == "queue":
        return ("Check the number of runners of its kind, not what was merged.",)
    before, since = shift["commit_before"], shift["commit_since"]
    if before is None or since is None:
        return (f"Look at what was merged on {day(shift['changed_on'])} and the day before it.",)
    commits = ("Look at the commits after ", Name(before[:7]), " up to ", Name(since[:7]), ".")
    return commits if before != since else ("Look at what changed outside the repository.",)


def _timing_out(report: RepositoryReport) -> Finding | None:
    if not report.timeouts:
        return None
    worst = report.timeouts[0]
    lost = float(known_sum(report.timeouts, "minutes") or 0)
    return Finding(
        "timing out",
        (
            Name(worst["job"]),
            " of ",
            Name(worst["workflow"]),
            f" ran into its time limit of {duration(worst['limit_seconds'])} in "
            f"{counted(worst['runs'], 'run')}, which GitHub calls cancelled"
            f"{_others(len(report.timeouts) - 1, 'job')}; this took {minutes(lost)}.",
        ),
        ("Find out where ", Name(worst["job"]), " hangs, or raise its timeout-minutes."),
        lost,
        about=worst,
    )


def _flaky(report: RepositoryReport) -> Finding | None:
    jobs = report.flaky_jobs
    if not jobs:
        return None
    worst = jobs[0]
    lost = float(known_sum(jobs, "failed_minutes") or 0)
    return Finding(
        "flaky",
        (
            Name(worst["job"]),
            " of ",
            Name(worst["workflow"]),
            f" is flaky: {_how_often(worst)} it failed and then succeeded unchanged"
            f"{_others(len(jobs) - 1, 'job')}; the failures took {minutes(lost)}.",
        ),
        ("Fix ", Name(worst["job"]), " or remove it from the required checks."),
        lost,
        about=worst,
    )


def _how_often(job: Row) -> str:
    """Return on how many of its commits a job was flaky; in how many runs, of a single commit."""
    if job["flaky_commits"] > 1:
        part, whole, words = job["flaky_commits"], job["commits"], "on {} of {}"
        return (
            f"{words.format(count(part), counted(whole, 'commit'))} ({percent(share(part, whole))})"
        )
    part, whole = job["flaky_runs"], job["runs"]
    return f"in {count(part)} of {counted(whole, 'run')} ({percent(share(part, whole))})"


def _failing(report: RepositoryReport) -> Finding | None:
    steps, totals = report.failing_steps, report.totals
    lost = float(known_sum(steps, "failed_minutes") or 0)
    failed = totals["decided"] - totals["succeeded"]
    if not failed:
        return None
    sentence: Sentence = (
        f"{count(failed)} of {counted(totals['decided'], 'run')} "
        f"({percent(share(failed, totals['decided']))}) failed at the first attempt",
    )
    advice: Sentence = ("Read the log of the latest one.",)
    if totals["first_missing"]:
        runs = counted(totals["first_missing"], "run")
        sentence += (f", not counting {runs} whose first attempt is not stored",)
    about: Row = {"decided_runs": totals["decided"], "failed_runs": failed}
    if steps and not report.of_jobs.is_misleading:
        most = steps[0]
        times = f", {counted(most['failures'], 'time')}"
        job: Sentence = (Name(most["job"]), " of ", Name(most["workflow"]), times)
        if most["step"]:
            sentence += ("; most often at ", Name(most["step"]), " in ", *job)
            advice = ("Fix that step first.",)
        else:
            sentence += ("; most often in ", *job, ", at no known step")
        if not report.of_jobs.is_whole:
            sentence += (f". Incomplete: {report.of_jobs}",)
        about |= most
    elif report.of_jobs.is_whole and not steps:
        sentence += ("; none of their jobs failed",)
        advice = ("Open the page of the latest one: it says what stopped the run.",)
    over = _is_over(report)
    return Finding("failing", (*sentence, ".", *over), () if over else advice, lost, about=about)


def _is_over(report: RepositoryReport) -> Sentence:
    """Return since when nothing fails any more, if that is a while; empty if it is not."""
    last = max((row["day"] for row in report.outcomes_by_day if row["failed"]), default=None)
    if last is None or report.without or report.period.until.date() - last <= A_WHILE:
        return ()
    if not any(row["succeeded"] and row["day"] > last for row in report.outcomes_by_day):
        return ()
    return (f" No first attempt has failed since {day(last)}.",)


def _waited(queue: Row) -> int:
    return int(queue["p95_seconds"] or queue["p50_seconds"])


def _waiting(report: RepositoryReport) -> Finding | None:
    slow = [
        queue
        for queue in report.queue_times
        if _waited(queue) >= LONG_WAIT_SECONDS and queue["over_a_minute"] >= LEAST_WAITS
    ]
    if not slow:
        return None
    worst = min(slow, key=lambda queue: _waited(queue) > LONGEST_WAIT_SECONDS)
    is_hosted = 2 * worst["hosted"] > worst["jobs"]
    is_certain = _waited(worst) <= LONGEST_WAIT_SECONDS and not is_hosted
    tail = worst["p95_seconds"]
    sentence: Sentence = (
        "Jobs on ",
        Name(worst["runner_label"] or "runners without a label"),
        f" waited {duration(worst['p50_seconds'])} for a runner"
        f"{'' if is_certain else ' or an approval'} at the median",
        "" if tail is None else f", {duration(tail)} at the 95th percentile",
        f"; {count(worst['over_a_minute'])} of {counted(worst['jobs'], 'job')} over a minute"
        f"{_others(len(slow) - 1, 'label')}.",
    )
    if not is_certain:
        check = "Check which of the two they wait for."
        if is_hosted:
            check += (
                " GitHub's own runners start within seconds unless your plan allows no more jobs "
                "at once."
            )
        return Finding("waiting", sentence, (check,), 0, about=worst)
    advice = "Start fewer jobs in the busiest hours, or add runners with that label."
    # By the median, because a few approvals would dominate any sum.
    lost = worst["p50_seconds"] * worst["jobs"] / 60
    return Finding("waiting", sentence, (advice,), lost, about=worst)


def _costing(report: RepositoryReport) -> Finding | None:
    cost = known_sum(report.runners, "list_cost_usd")
    wasted = float(known_sum(report.wasted, "minutes") or 0)
    ran = report.totals["job_minutes"]
    if not cost and not wasted:
        return None
    # A cost is not a fault.
    advice: Sentence = ()
    if wasted >= LEAST_WASTE * float(ran or 0):
        advice = _saving(report)
    sentence = _price(report, cost)
    if report.lost:
        sentence += (f", {report.lost}",)
    if wasted:
        part = f"{minutes(wasted)} of {minutes(ran)} ({percent(share(wasted, ran))})"
        sentence += (f"; {part} was wasted",)
    # What was cancelled early may have saved more than it cost.
    certain = [row for row in report.wasted if row["reason"] != "cancelled"]
    lost = float(known_sum(certain, "minutes") or 0)
    about: Row = {"list_cost_usd": cost, "job_minutes": ran, "wasted_minutes": wasted}
    about["unpriced_jobs"] = known_sum(report.runners, "unpriced_jobs")
    return Finding("costing", (*sentence, "."), advice, lost, about=about)


def _saving(report: RepositoryReport) -> Sentence:
    """Return what to do about most of the waste; time limits are a finding of their own."""
    most = max(report.wasted, key=lambda row: row["minutes"] or 0, default=None)
    if most is None:
        return ()
    cut_off = known_sum(report.timeouts, "minutes") or 0
    if most["reason"] == "cancelled" and 2 * cut_off > most["minutes"]:
        return ("Look first at the jobs that run into their time limit: most of it is theirs.",)
    return (SAVINGS[most["reason"]],)


def _price(report: RepositoryReport, cost: Decimal | None) -> Sentence:
    """Return the cost of all jobs, the most expensive kind of runner, and what is not included."""
    if report.is_free:
        return ("The jobs are free",)
    if cost is None:
        return ("The jobs have no list price",)
    price: Sentence = (f"Jobs cost {dollars(cost)} at list price",)
    paid = [row for row in report.runners if row["list_cost_usd"]]
    if len(paid) > 1:
        price += (f", {dollars(paid[0]['list_cost_usd'])} of it for ", Name(paid[0]["sku"]))
    for column, lacking in (("unpriced_jobs", "price"), ("unmeasured_jobs", "known length")):
        jobs = sum(row[column] for row in report.runners)
        if jobs:
            price += (f", {counted(jobs, 'job')} without a {lacking} left out",)
    return price
