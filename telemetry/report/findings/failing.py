"""The finding on runs that fail at their first attempt."""

from collections.abc import Sequence
from datetime import timedelta

from telemetry import counted
from telemetry.report.data import RepositoryReport
from telemetry.report.figures import Row, count, day, is_alone, known_sum, percent, share_of
from telemetry.report.findings.finding import Finding
from telemetry.terminal import Name, Sentence

# What has not failed for longer, although it ran, needs no action.
A_WHILE = timedelta(days=7)
# Those of the newest days are told if there are so many, and so many times as often as before.
LEAST_LATELY, MORE_OFTEN = 10, 2
READ_THE_LOG = ("Read the log of the latest one.",)
STILL_RUNNING = "in workflows that still run, "
NO_JOB = ("Open the page of the latest one: it says what stopped the run.",)
# Where most failures have one of these causes, the step at which they failed is not to blame.
NOT_THE_STEP = {
    "outage": "Check what all runs need, such as GitHub or a registry: most failed when nearly "
    "everything did.",
    "runner": "Check your runners: most failed on one of them while nearly everything did there.",
    "flaky": "Fix what is flaky first: most of these failures passed when they were re-run.",
    "runner lost": "Find out why runners were lost in the middle of a step: most failed so.",
}


def failing(report: RepositoryReport) -> Finding | None:
    """Return how many runs failed, and most often where; None if none did."""
    totals = report.totals
    # A job that is allowed to fail is not why a run failed.
    steps = sorted((row for row in report.failing_steps if row["broke_the_run"]),
                   key=lambda row: -row["broke_the_run"])  # fmt: skip
    lost = float(known_sum(steps, "failed_minutes") or 0)
    failed = totals["decided"] - totals["succeeded"]
    if not failed:
        return None
    sentence: Sentence = (
        f"{count(failed)} of {counted(totals['decided'], 'run')} "
        f"({percent(share_of(failed, totals['decided']))}) failed at the first attempt"
        f"{_lately(report, failed, totals['decided'])}",
    )
    advice: Sentence = READ_THE_LOG
    if totals["first_missing"]:
        runs = counted(totals["first_missing"], "run")
        sentence += (f", not counting {runs} whose first attempt is not stored",)
    about: Row = {"decided_runs": totals["decided"], "failed_runs": failed}
    if steps and not report.of_jobs.is_misleading:
        running = report.running(steps)
        sentence += _where(running, "" if running == steps else STILL_RUNNING)
        advice = _advice(report, running)
        if broken := _broken(report):
            sentence += (f"; {counted(broken, 'attempt')} failed before any job began",)
        if not report.of_jobs.is_whole:
            sentence += (f". Incomplete: {report.of_jobs.in_short}",)
        about |= next(iter(running), {})
    elif report.of_jobs.is_whole and not steps:
        sentence += (", but no job did",)
        advice = NO_JOB
    over = _is_over(report)
    return Finding("failing", (*sentence, ".", *over), () if over else advice, lost, about=about)


def _lately(report: RepositoryReport, failed: int, decided: int) -> str:
    """Return how many of the newest runs failed, if much more often than those before; else empty.

    `failed` of the `decided` runs of the period did.
    """
    since = report.period.until.date() - A_WHILE
    newest = [row for row in report.outcomes_by_day if row["day"] > since]
    lately = sum(row["failed"] for row in newest)
    of = lately + sum(row["succeeded"] for row in newest)
    # In a period of about a week, hardly any run is older.
    if lately < LEAST_LATELY or 2 * of > decided or report.missing_firsts:
        return ""
    share, before = share_of(lately, of) or 0, share_of(failed - lately, decided - of) or 0
    said = f", since {day(newest[0]['day'])} {count(lately)} of {count(of)} ({percent(share)})"
    return said if share >= MORE_OFTEN * before else ""


def _advice(report: RepositoryReport, steps: Sequence[Row]) -> Sentence:
    """Return what to look at first: what caused most failures, else a log.

    A step that fails may be at fault, or the code that it checks.
    """
    if _broken(report) > max((step["broke_the_run"] for step in steps), default=0):
        return NO_JOB
    most = max(report.failure_causes, key=lambda row: row["failures"], default=None)
    if most and most["cause"] in NOT_THE_STEP and most["share_percent"] > 50:
        return (NOT_THE_STEP[most["cause"]],)
    return READ_THE_LOG


def _where(steps: Sequence[Row], of: str) -> Sentence:
    """Return at which step jobs failed most often, if only as often as at others.

    Empty if none did. `of` says in which workflows.
    """
    if not steps:
        return ()
    most, failed = steps[0], sum(step["broke_the_run"] for step in steps)
    step: Sentence = (Name(most["step"]), " in ") if most["step"] else ()
    job: Sentence = (Name(most["job"]), " of ", Name(most["workflow"]))
    times = f", {count(most['broke_the_run'])} of {count(failed)} times"
    lead = f"; {of}no {'step' if step else 'job'} failed more often than "
    if failed == 1 or _is_alone(steps):
        lead = f"; {of}one job failed" if failed == 1 else f"; {of}jobs failed most often"
        lead, times = f"{lead} {'at' if step else 'in'} ", times if failed > 1 else ""
    return (lead, *step, *job, times if step else f"{times}, at no known step")


def _is_alone(steps: Sequence[Row]) -> bool:
    """Whether the first of these, the worst, failed more than once and more than the others."""
    return steps[0]["broke_the_run"] > 1 and is_alone(steps, "broke_the_run")


def _broken(report: RepositoryReport) -> int:
    """Return how many attempts failed before any job began."""
    causes = {row["cause"]: row["failures"] for row in report.failure_causes}
    return int(causes.get("workflow file", 0))


def _is_over(report: RepositoryReport) -> Sentence:
    """Return why nothing fails any more: since when, if that is a while; empty if some may."""
    failed = {
        row["workflow_id"]
        for row in report.workflow_outcomes
        if row["failed"] or row["first_time_percent"] not in (None, 100)
    }
    if failed and failed <= report.gone_workflows:
        return (" The workflows that failed no longer run.",)
    last = max((row["day"] for row in report.outcomes_by_day if row["failed"]), default=None)
    if last is None or report.missing_firsts or report.period.until.date() - last <= A_WHILE:
        return ()
    if not any(row["succeeded"] and row["day"] > last for row in report.outcomes_by_day):
        return ()
    return (f" No first attempt has failed since {day(last)}.",)
