"""The sections of a repository's page about runs: durations, outcomes, failures, hours."""

from datetime import date
from operator import itemgetter

from telemetry import counted
from telemetry.report.approvals import held_of
from telemetry.report.data import NO_RUN, RepositoryReport, is_of
from telemetry.report.figures import (
    BRANCHES,
    Row,
    about,
    count,
    day,
    duration,
    is_alone,
    longer,
    percent,
    share_of,
)
from telemetry.report.formats import charts
from telemetry.report.formats.charts import WEEKDAYS, DayDuration, Stack
from telemetry.report.formats.markup import Child, Html, tag
from telemetry.report.formats.page import (
    figure,
    legend,
    listing,
    only_words,
    ranked,
    rows_left_out,
    table,
)
from telemetry.report.tables import (
    CAUSES,
    FAILING_STEPS,
    FLAKY_JOBS,
    INCIDENTS,
    QUARANTINE,
    WORKFLOWS,
    job_of,
    label_of,
    meaning_of_about,
)
from telemetry.terminal import Name

MOST_CHARTS = 12
MOST_BARS = 10


def durations(report: RepositoryReport) -> list[Child]:
    if not report.workflow_outcomes:
        return only_words(NO_RUN)
    return [
        *_duration_charts(report),
        listing(WORKFLOWS, report.workflow_outcomes, report.api_host),
        tag("p", meaning_of_about(report.workflow_outcomes), class_="muted"),
    ]


def _duration_charts(report: RepositoryReport) -> list[Child]:
    if not report.durations_by_day:
        return only_words("No run succeeded at the first attempt with a known duration.")
    shown = [row for row in report.workflow_outcomes if row["p50_seconds"] is not None]
    shown.sort(key=lambda row: not any(is_of(row, shift) for shift in report.slower_or_faster))
    return [
        tag(
            "p",
            legend("fill", "line: median (p50) of a day's successful first attempts"),
            legend("band", "band: up to its 95th percentile, on days with at least 20."),
            "A run's time includes its waiting, for runners and for approvals.",
            class_="muted",
        ),
        tag("div", [_duration_chart(report, row) for row in shown[:MOST_CHARTS]], class_="grid"),
        rows_left_out(len(shown), MOST_CHARTS, "rows, with fewer runs, without a chart"),
    ]


def _duration_chart(report: RepositoryReport, workflow: Row) -> Html:
    """One workflow on one kind of branch."""
    of_day: dict[date, Row] = {
        row["day"]: row for row in report.durations_by_day if is_of(workflow, row)
    }
    shift = next(
        (row for row in report.slower_or_faster if is_of(workflow, row) and row["is_last"]), None
    )
    branch = BRANCHES[workflow["branch_class"]]
    points = [
        DayDuration(each, None, None)
        if each not in of_day
        else DayDuration(each, of_day[each]["p50_seconds"], of_day[each]["p95_seconds"])
        for each in report.period.days
    ]
    level = _level(workflow, shift, report.shows_shifts(workflow))
    words = "; ".join(filter(None, [level, held_of(report, workflow)]))
    rows: list[list[Child]] = [
        [each.isoformat(), count(r["runs"]), duration(r["p50_seconds"]), duration(r["p95_seconds"])]
        for each, r in of_day.items()
    ]
    return figure(
        [Name(workflow["workflow"]), f" {branch}: {words}"],
        charts.line_chart(
            f"{Name(workflow['workflow'])} {branch}: {words}",
            points,
            shift["changed_on"] if shift else None,
        ),
        table(("day", "runs", "p50", "p95"), rows, numbers=3),
    )


def _level(workflow: Row, shift: Row | None, is_known: bool) -> str:
    """Return how long a workflow takes now, and since when, if known."""
    if shift is None:
        usual = about(duration(workflow["p50_seconds"]), workflow["estimated"])
        since = "no lasting change found" if is_known else "too few runs to find a change"
        return f"{usual} at the median, {since}"
    by = longer(shift["after_seconds"], shift["before_seconds"])
    before, after = (
        about(duration(shift[key]), shift["estimated"])
        for key in ("before_seconds", "after_seconds")
    )
    as_before = ", as before" if shift["is_mended"] else ""
    return f"{by} since {day(shift['changed_on'])}, from {before} to {after}{as_before}"


_OUTCOMES = ("succeeded", "failed", "other")


def outcomes(report: RepositoryReport) -> list[Child]:
    decided, succeeded = report.totals["decided"], report.totals["succeeded"]
    if not report.outcomes_by_day:
        return only_words(NO_RUN)
    of_day = {row["day"]: row for row in report.outcomes_by_day}
    stacks = [
        Stack(each, *(of_day[each][k] if each in of_day else 0 for k in _OUTCOMES))
        for each in report.period.days
    ]
    failed = decided - succeeded
    words = "No run succeeded or failed at the first attempt"
    if decided:
        words = (
            f"{count(failed)} of {counted(decided, 'run')} failed at the first attempt "
            f"({percent(share_of(failed, decided))})"
        )
        if report.missing_firsts:
            words += f", {report.missing_firsts}"
    rows: list[list[Child]] = [
        [row["day"].isoformat(), *(count(row[k]) for k in _OUTCOMES)]
        for row in report.outcomes_by_day
    ]
    return [
        figure(
            words,
            charts.stacked_chart(words, stacks),
            table(("day", *_OUTCOMES), rows, numbers=3),
            wide=True,
            note=[
                legend("ok", "succeeded"),
                legend("bad", "failed"),
                legend("other", "other: cancelled, neutral and the like; not in any rate"),
            ],
        )
    ]


def flaky(report: RepositoryReport) -> list[Child]:
    jobs = report.flaky_jobs
    if not jobs:
        return only_words(
            "No job both failed and succeeded unchanged in two runs or more. This is a lower "
            "bound: without a re-run, a flaky job cannot be recognized."
        )
    return [
        tag(
            "p",
            "Failed in one attempt of a run and succeeded in another, on the same commit. A lower "
            "bound: failures that nobody re-runs are not counted.",
            class_="muted",
        ),
        listing(FLAKY_JOBS, jobs, report.api_host),
    ]


def failing(report: RepositoryReport) -> list[Child]:
    steps, incidents = report.failing_steps, report.incidents
    if report.of_jobs.is_misleading:
        steps = []
    if not steps and not incidents:
        nothing = "the default branch was not red."
        if report.of_jobs.is_misleading:
            return only_words(nothing.capitalize())
        return only_words(f"No job failed, and {nothing}")
    parts: list[Child] = []
    if incidents:
        parts.append(listing(INCIDENTS, incidents, report.api_host, MOST_BARS))
    return parts + (_failing_steps(report) if steps else [])


def _failing_steps(report: RepositoryReport) -> list[Child]:
    steps, first = report.failing_steps, report.failing_steps[0]
    bars = charts.bars(steps[:MOST_BARS], label_of, "failures", count)
    total = sum(row["failures"] for row in steps)
    rank = ", the most" if is_alone(steps, "failures") else ", as many as others"
    words = [
        job_of(first),
        f" has {count(first['failures'])} of {counted(total, 'failure')}"
        f"{rank if len(steps) > 1 else ''}",
    ]
    chart = charts.bar_chart(f"Steps by how often they fail; in all {count(total)}", bars)
    return ranked(words, chart, FAILING_STEPS, steps, report.api_host)


def causes(report: RepositoryReport) -> list[Child]:
    """Why jobs fail, and which should stop blocking merges until they are fixed."""
    rows, jobs = report.failure_causes, report.quarantine
    if not rows:
        return only_words("No job failed.")
    total = sum(row["failures"] for row in rows)
    first = rows[0]
    words = (
        f"{count(first['failures'])} of {counted(total, 'failure')}: {first['cause']} "
        f"({percent(first['share_percent'])})"
    )
    bars = charts.bars(rows, itemgetter("cause"), "failures", count)
    note = (
        "Each failure has one cause, inferred without logs. Not run again: broken code or a flaky "
        "job; nobody re-ran it."
    )
    chart = charts.bar_chart("Failures by their cause", bars)
    return [
        *ranked(words, chart, CAUSES, rows, report.api_host, note),
        listing(QUARANTINE, jobs, report.api_host, MOST_BARS) if jobs else None,
    ]


def hours(report: RepositoryReport) -> list[Child]:
    if not report.busy_hours:
        return only_words(NO_RUN)
    counts = [[0.0] * 24 for _ in WEEKDAYS]
    for row in report.busy_hours:
        counts[row["weekday"] - 1][row["hour"]] = float(row["runs_per_day"])
    busiest = sorted(report.busy_hours, key=lambda row: -row["runs_per_day"])
    most, is_first = busiest[0], is_alone(busiest, "runs_per_day")
    words = (
        f"{'Most runs start' if is_first else 'In no hour do more runs start than'} on "
        f"{WEEKDAYS[most['weekday'] - 1]} from {most['hour']:02}:00 to "
        f"{(most['hour'] + 1) % 24:02}:00 {report.period.time_zone}: {most['runs_per_day']:,} on "
        "average"
    )
    rows: list[list[Child]] = [
        [name, *(f"{n:,.1f}" if n else "" for n in counts[at])] for at, name in enumerate(WEEKDAYS)
    ]
    headings = ("", *(f"{hour:02}" for hour in range(24)))
    return [
        figure(words, charts.heatmap(words, counts), table(headings, rows, numbers=24), wide=True)
    ]
