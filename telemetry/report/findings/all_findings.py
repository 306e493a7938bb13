"""The findings at the top of a report: slow, flaky, failing, waiting and costly work.

Each finding is a sentence with its figure, names the question that answers it in full, and says
what to do. Urgent findings come first, then those with something to do (see Finding.urgency).
"""

from collections.abc import Sequence
from dataclasses import replace
from operator import attrgetter

from telemetry import counted
from telemetry.report.data import RepositoryReport
from telemetry.report.figures import about, day, duration, known_sum
from telemetry.report.findings.costing import costing
from telemetry.report.findings.failing import failing
from telemetry.report.findings.finding import Finding
from telemetry.report.findings.red import red
from telemetry.report.findings.slower import added, slower, undone
from telemetry.report.findings.stalled import stalled
from telemetry.report.findings.stopped import disabled, stopped
from telemetry.report.findings.unreliable import flaky, timing_out
from telemetry.report.findings.waiting import no_runner, queued, waiting
from telemetry.terminal import Name

# Fewer runs that are all green may be so by chance.
LEAST_RUNS = 5


def findings(report: RepositoryReport) -> list[Finding]:
    """Return the findings, most urgent first; empty if nothing was found or nothing is known."""
    of_now = [_dated(report, find(report)) for find in (red, stalled, disabled, stopped, queued)]
    of_jobs = [
        _covered(report, find(report)) for find in (timing_out, flaky, no_runner, waiting, costing)
    ]
    found = [*of_now, slower(report), failing(report), *of_jobs]
    return sorted(filter(None, found), key=attrgetter("urgency"))


def not_found(report: RepositoryReport, found: Sequence[Finding]) -> list[str]:
    """Return what was checked and not found, and, worded differently, what could not be checked.

    `found` are the findings of the report.
    """
    said = {finding.subject for finding in found}
    # Those that no runner took, or has taken yet, waited longest.
    said |= {"waiting"} if report.untaken_jobs or report.queued_runs else set()
    has_jobs = bool(report.totals["jobs"])
    nothing = {
        "red": f"nothing is red on the default branch{report.as_of}",
        "slower": _not_slower(report),
        "flaky": f"no job {'that still runs ' if report.flaky_jobs else ''}is known to be flaky",
        "failing": _nothing_failed(report),
        "waiting": "no kind of runner often keeps jobs waiting for two minutes or more",
        "costing": _costs_nothing(report),
    }
    if report.cancelled_workflows:
        workflows = counted(len(report.cancelled_workflows), "workflow")
        nothing["red"] += f", but the last runs of {workflows} were all cancelled"
    elif report.green_workflows is None:
        nothing["red"] = f"no run on the default branch has succeeded or failed{report.as_of}"
    if not any(map(report.shows_shifts, report.workflow_outcomes)):
        nothing["slower"] = "no workflow has enough green runs to detect what got slower"
    if report.timeouts:
        del nothing["failing"]
    if not report.of_jobs.is_whole:
        nothing["flaky"] += f" so far: {report.of_jobs.in_short}"
        nothing["waiting"] += " so far"
    if not report.queue_times:
        nothing["waiting"] = "waiting is not known"
    if not has_jobs:
        del nothing["waiting"], nothing["costing"]
        nothing["flaky"] = (
            "no job ran, so none was flaky or cost anything"
            if report.of_jobs.is_whole
            else "no job is stored, so that flaky jobs, waiting and cost are not known"
        )
    if report.of_jobs.is_misleading:
        nothing.pop("waiting", None)
        nothing.pop("costing", None)
        nothing["flaky"] = f"flaky jobs, waiting and cost are not known: {report.of_jobs}"
    return [text for subject, text in nothing.items() if subject not in said]


def _not_slower(report: RepositoryReport) -> str:
    """Return that nothing is slower, what was, and why commits wait longer if they do."""
    if changes := undone(report):
        began, ended = (day(change["changed_on"]) for change in changes)
        name = Name(changes[0]["workflow"])
        return f"no workflow is clearly slower now, but {name} was from {began} to {ended}"
    said, waited = "no workflow became clearly slower in this period", report.last_check
    change = waited and report.change_of("time of a commit", waited["branch_class"])
    if change and change["verdict"] == "worse":
        return f"{said}, but commits wait longer for their last check than in the one before"
    if new := added(report):
        takes = about(duration(new["p50_seconds"]), new["estimated"])
        return f"{said}, but {Name(new['workflow'])} is new and takes {takes}"
    rare = {row["workflow_id"] for row in report.running(report.workflow_outcomes)}
    rare -= {row["workflow_id"] for row in report.workflow_outcomes if report.shows_shifts(row)}
    if rare:
        return f"{said}, but {counted(len(rare), 'workflow')} had too few green runs to tell"
    return said


def _costs_nothing(report: RepositoryReport) -> str:
    if report.is_free:
        return "the jobs are free"
    if known_sum(report.runners, "free_jobs"):
        return "the jobs whose price is known are free"
    return "the jobs have no list price"


def _nothing_failed(report: RepositoryReport) -> str:
    """Return that no run is known to have failed, and how many were cancelled."""
    totals = report.totals
    failed_later = totals["succeeded_in_the_end"] < totals["decided_in_the_end"]
    when = " at the first attempt" if failed_later else ""
    said = f"no run failed{when}" if totals["decided"] else "no run has succeeded or failed"
    if report.missing_firsts:
        said = f"no run is known to have failed{when}, {report.missing_firsts}"
    if not totals["cancelled"]:
        return said
    runs = counted(totals["cancelled"], "run")
    return f"{said}, but {runs} {'was' if runs[:2] == '1 ' else 'were'} cancelled"


def is_healthy(report: RepositoryReport, found: Sequence[Finding]) -> bool:
    """Whether everything is known and there is nothing to do; `found` are its findings."""
    return why_not_healthy(report, found) is None


def why_not_healthy(report: RepositoryReport, found: Sequence[Finding]) -> str | None:
    """Return in a word or two what there is to do or what is not known; None if it is healthy."""
    acting = [finding.subject for finding in found if finding.advice]
    lacking = {
        "a warning": report.concerns or not report.is_listed,
        "jobs are missing": not report.of_jobs.is_whole,
        "attempts are missing": report.missing_firsts,
        "broken rules": not all(rule.holds for rule in report.rules),
        "few results": report.totals["decided"] < LEAST_RUNS,
        "default branch unknown": not report.is_green,
    }
    return next((reason for reason in (*acting, *lacking) if lacking.get(reason, True)), None)


def _dated(report: RepositoryReport, found: Finding | None) -> Finding | None:
    """Return a finding about now with the time of the last list, if that is long ago."""
    if found is None or not report.as_of:
        return found
    return replace(found, sentence=(*found.sentence, f" This is{report.as_of}."))


def _covered(report: RepositoryReport, found: Finding | None) -> Finding | None:
    """Return a finding about jobs with its coverage; None if it would mislead."""
    coverage = report.of_jobs
    if found is None or coverage.is_whole:
        return found
    if coverage.is_misleading:
        return None
    return replace(found, sentence=(*found.sentence, f" Incomplete: {coverage.in_short}."))
