"""The findings on jobs that are flaky or run into their time limit."""

from collections.abc import Sequence
from datetime import timedelta

from telemetry import counted
from telemetry.report.data import RepositoryReport
from telemetry.report.figures import (
    Row,
    count,
    day,
    duration,
    known_sum,
    minutes,
    percent,
    share_of,
)
from telemetry.report.findings.finding import Finding, others
from telemetry.terminal import Name

# The limit of a job that sets none ("Workflow syntax", timeout-minutes). On GitHub's runners it is
# the longest one ("Actions limits" reference).
USUAL_LIMIT, NEARLY = timedelta(hours=6), 0.02


def timing_out(report: RepositoryReport) -> Finding | None:
    """Return the job that ran into its time limit most; None if none did."""
    jobs = report.running(report.timeouts)
    if not jobs:
        return None
    worst, quiet = _worst(report, jobs, "runs")
    lost = float(known_sum(jobs, "minutes") or 0)
    what = "or raise its timeout-minutes."
    if abs(worst["limit_seconds"] / USUAL_LIMIT.total_seconds() - 1) <= NEARLY:
        what = "and set its timeout-minutes: without it, GitHub ends a job after 6 hours."
    advice = ("Find out where ", Name(worst["job"]), f" hangs, {what}")
    return Finding(
        "timing out",
        (
            Name(worst["job"]),
            " of ",
            Name(worst["workflow"]),
            f" ran into its time limit of {duration(worst['limit_seconds'])} in "
            f"{counted(worst['runs'], 'run')}{_called(worst)}"
            f"{others(len(jobs) - 1, 'job')}; this took {minutes(lost)}.{quiet}",
        ),
        () if quiet else advice,
        lost,
        about=worst,
    )


def _worst(report: RepositoryReport, jobs: Sequence[Row], times: str) -> tuple[Row, str]:
    """Return the first job to which it still happens, else the first, and since when it did not."""
    days = [report.quiet_since(job, times) for job in jobs]
    if None in days:
        return jobs[days.index(None)], ""
    last = max(each for each in days if each)
    return jobs[0], f" This has not happened since {day(last)}."


def _called(job: Row) -> str:
    """Return how many of these jobs GitHub calls cancelled; empty if none."""
    if not job["cancelled_jobs"]:
        return ""
    part = "" if job["cancelled_jobs"] == job["jobs"] else f"{count(job['cancelled_jobs'])} of "
    return f", {part}which GitHub calls cancelled"


def flaky(report: RepositoryReport) -> Finding | None:
    """Return the flaky job that cost most; None if there is none."""
    jobs = report.running(report.flaky_jobs)
    if not jobs:
        return None
    worst, quiet = _worst(report, jobs, "flaky_runs")
    lost, job = float(known_sum(jobs, "failed_minutes") or 0), Name(worst["job"])
    return Finding(
        "flaky",
        (
            job,
            " of ",
            Name(worst["workflow"]),
            f" is flaky: {_how_often(worst)} it both failed and succeeded unchanged"
            f"{others(len(jobs) - 1, 'job')}; the failures took {minutes(lost)}.{quiet}",
        ),
        () if quiet else ("Fix ", job, " or remove it from the required checks."),
        lost,
        about=worst,
    )


def _how_often(job: Row) -> str:
    """Return on how many of its commits a job was flaky; in how many runs, of a single commit."""
    if job["flaky_commits"] > 1:
        part, whole = job["flaky_commits"], job["commits"]
        often = f"on {count(part)} of {counted(whole, 'commit')}"
    else:
        part, whole = job["flaky_runs"], job["runs"]
        often = f"in {count(part)} of {counted(whole, 'run')}"
    return f"{often} ({percent(share_of(part, whole))})"
