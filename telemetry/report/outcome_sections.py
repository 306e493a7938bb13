"""The parts of a repository's page about runs: their times, what they came to, what failed."""

from datetime import date

from telemetry.report import charts
from telemetry.report.charts import WEEKDAYS, Bar, DayDuration, Stack
from telemetry.report.data import RepositoryReport, is_of
from telemetry.report.figures import (
    Row,
    change,
    count,
    day,
    duration,
    minute,
    minutes,
    percent,
    share_of,
    shift_of,
)
from telemetry.report.findings import BRANCHES
from telemetry.report.github_pages import run_page
from telemetry.report.markup import Child, Html, link, tag
from telemetry.report.page import figure, joined_names, legend, only_words, rows_left_out, table
from telemetry.terminal import Name, counted

MOST_CHARTS = 12
MOST_BARS = 10
MOST_ROWS = 25


def durations(report: RepositoryReport) -> list[Child]:
    if not report.durations_by_day:
        return only_words("No run of this period has succeeded with a known duration.")
    shown = [row for row in report.workflow_outcomes if row["p50_seconds"] is not None]
    shown.sort(key=lambda row: not any(is_of(row, shift) for shift in report.slower_or_faster))
    rows: list[list[Child]] = [
        [
            [Name(row["workflow"]), f" {BRANCHES[row['branch_class']]}"],
            count(row["runs"]),
            percent(row["first_time_percent"]),
            percent(row["in_the_end_percent"]),
            count(row["rerun"]),
            duration(row["p50_seconds"]),
            duration(row["p95_seconds"]),
        ]
        for row in report.workflow_outcomes[:MOST_ROWS]
    ]
    headings = ("workflow", "runs", "green first", "green in the end", "re-run", "p50", "p95")
    return [
        tag(
            "p",
            legend("fill", "line: median (p50) of a day's successful first attempts"),
            legend("band", "band: up to its 95th percentile, on days with 20 or more."),
            "A run's time includes its waiting, for runners and for approvals.",
            class_="muted",
        ),
        tag("div", [_duration_chart(report, row) for row in shown[:MOST_CHARTS]], class_="grid"),
        rows_left_out(len(shown), MOST_CHARTS, "workflows, with fewer runs, without a chart"),
        table(headings, rows, numbers=6),
        rows_left_out(len(report.workflow_outcomes), MOST_ROWS, "workflows"),
    ]


def _duration_chart(report: RepositoryReport, workflow: Row) -> Html:
    """One workflow on one kind of branch."""
    of_day: dict[date, Row] = {
        row["day"]: row for row in report.durations_by_day if is_of(workflow, row)
    }
    shift = next((row for row in report.slower_or_faster if is_of(workflow, row)), None)
    branch = BRANCHES[workflow["branch_class"]]
    points = [
        DayDuration(each, None, None)
        if each not in of_day
        else DayDuration(each, of_day[each]["p50_seconds"], of_day[each]["p95_seconds"])
        for each in report.period.days
    ]
    title: list[Child] = [Name(workflow["workflow"]), f" {branch}: "]
    if shift:
        by = change(shift_of(shift["after_seconds"], shift["before_seconds"]))
        words = (
            f"{by} since {day(shift['changed_on'])}, from {duration(shift['before_seconds'])} "
            f"to {duration(shift['after_seconds'])}"
        )
    else:
        words = f"{duration(workflow['p50_seconds'])} at the median, no lasting change found"
    rows: list[list[Child]] = [
        [each.isoformat(), count(r["runs"]), duration(r["p50_seconds"]), duration(r["p95_seconds"])]
        for each, r in of_day.items()
    ]
    return figure(
        [title, words],
        charts.line_chart(
            f"{Name(workflow['workflow'])} {branch}: {words}",
            points,
            shift["changed_on"] if shift else None,
        ),
        table(("day", "runs", "p50", "p95"), rows, numbers=3),
    )


_OUTCOMES = ("succeeded", "failed", "other")


def outcomes(report: RepositoryReport) -> list[Child]:
    decided, succeeded = report.totals["decided"], report.totals["succeeded"]
    if not report.outcomes_by_day:
        return only_words("No run of this period has ended.")
    of_day = {row["day"]: row for row in report.outcomes_by_day}
    stacks = [
        Stack(each, *(of_day[each][k] if each in of_day else 0 for k in _OUTCOMES))
        for each in report.period.days
    ]
    failed = decided - succeeded
    words = (
        f"{count(failed)} of {count(decided)} runs failed at their first attempt "
        f"({percent(share_of(failed, decided))})"
    )
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
                legend("other", "other: cancelled, skipped and the like, in no rate"),
            ],
        )
    ]


def flaky(report: RepositoryReport) -> list[Child]:
    jobs = report.flaky_jobs
    if not jobs:
        return only_words(
            "No job failed and then succeeded unchanged on two commits or more. Who never re-runs "
            "sees no flaky job: this is a lower bound."
        )
    rows: list[list[Child]] = [
        [
            joined_names(row["workflow"], row["job"]),
            count(row["flaky_commits"]),
            count(row["failures"]),
            minutes(row["failed_minutes"]),
            link(run_page(report.api_host, row["html_url"]), minute(row["last_created_at"])),
        ]
        for row in jobs[:MOST_ROWS]
    ]
    headings = ("job", "commits", "failures", "took", "last seen")
    return [
        tag(
            "p",
            "Failed, run again on the same commit, and green then: a lower bound, because what "
            "nobody re-runs is not seen.",
            class_="muted",
        ),
        table(headings, rows, numbers=4),
        rows_left_out(len(jobs), MOST_ROWS, "flaky jobs"),
    ]


def failing(report: RepositoryReport) -> list[Child]:
    steps, incidents = report.failing_steps, report.incidents
    if not steps and not incidents:
        return only_words("No job failed, and the default branch was not red.")
    parts: list[Child] = []
    if incidents:
        rows: list[list[Child]] = [
            [
                Name(row["workflow"]),
                link(run_page(report.api_host, row["html_url"]), minute(row["red_at"])),
                minute(row["recovered_at"]) if row["recovered_at"] else "still red",
                duration(row["seconds"]),
                count(row["red_runs"]),
            ]
            for row in incidents[:MOST_BARS]
        ]
        headings = ("default branch", "red since", "green again", "for", "failed runs")
        parts += [
            table(headings, rows, numbers=4),
            rows_left_out(len(incidents), MOST_BARS, "such times"),
        ]
    if steps:
        bars = [
            Bar(
                f"{row['workflow']} · {row['job']} · {row['step'] or 'no step in particular'}",
                row["failures"],
                count(row["failures"]),
            )
            for row in steps[:MOST_BARS]
        ]
        total = sum(row["failures"] for row in steps)
        first = steps[0]
        words: list[Child] = [
            joined_names(first["workflow"], first["job"], first["step"]),
            f" has {count(first['failures'])} of {counted(total, 'failure')}, the most",
        ]
        step_rows: list[list[Child]] = [
            [
                joined_names(row["workflow"], row["job"], row["step"]),
                count(row["failures"]),
                count(row["commits"]),
                count(row["green_later"]),
                link(run_page(report.api_host, row["html_url"]), "see it"),
            ]
            for row in steps[:MOST_ROWS]
        ]
        headings = ("step", "failures", "commits", "green after a re-run", "latest")
        parts += [
            figure(
                words,
                charts.bar_chart(f"Steps by how often they fail; in all {count(total)}", bars),
                table(headings, step_rows, numbers=4),
                wide=True,
            ),
            rows_left_out(len(steps), MOST_BARS, "steps; the first of them are in the table"),
        ]
    return parts


def hours(report: RepositoryReport) -> list[Child]:
    if not report.busy_hours:
        return only_words("No run of this period has ended.")
    counts = [[0] * 24 for _ in WEEKDAYS]
    for row in report.busy_hours:
        counts[row["weekday"] - 1][row["hour"]] = row["runs"]
    most = max(report.busy_hours, key=lambda row: row["runs"])
    words = (
        f"Most runs start on {WEEKDAYS[most['weekday'] - 1]} from {most['hour']:02}:00 to "
        f"{(most['hour'] + 1) % 24:02}:00 UTC: {count(most['runs'])}"
    )
    rows: list[list[Child]] = [
        [name, *(str(n) if n else "" for n in counts[at])] for at, name in enumerate(WEEKDAYS)
    ]
    headings = ("", *(f"{hour:02}" for hour in range(24)))
    return [
        figure(words, charts.heatmap(words, counts), table(headings, rows, numbers=24), wide=True)
    ]
