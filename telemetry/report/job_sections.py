"""The parts of a repository's page about jobs: their time, their waiting, one run of them."""

from telemetry.report import charts
from telemetry.report.charts import Bar, Span
from telemetry.report.data import RepositoryReport
from telemetry.report.figures import Row, count, duration, minutes, percent
from telemetry.report.github_pages import run_page
from telemetry.report.markup import Child, link
from telemetry.report.page import figure, joined_names, legend, only_words, rows_left_out, table
from telemetry.terminal import Name, counted

MOST_BARS = 10
MOST_ROWS = 25


def slowest(report: RepositoryReport) -> list[Child]:
    jobs = report.slowest_jobs
    if not jobs:
        return only_words("No job with a known duration is stored for this period.")
    first = jobs[0]
    words: list[Child] = [
        joined_names(first["workflow"], first["job"]),
        f" takes the most time: {minutes(first['total_minutes'])} in all, "
        f"{percent(first['share_percent'])} of the time of all jobs",
    ]
    bars = [
        Bar(
            f"{row['workflow']} · {row['job']}",
            float(row["total_minutes"]),
            minutes(row["total_minutes"]),
        )
        for row in jobs[:MOST_BARS]
    ]
    if len(jobs) > MOST_BARS:
        rest = float(sum(row["total_minutes"] for row in jobs[MOST_BARS:]))
        bars.append(Bar(f"{count(len(jobs) - MOST_BARS)} other jobs together", rest, minutes(rest)))
    rows: list[list[Child]] = [
        [
            joined_names(row["workflow"], row["job"]),
            count(row["jobs"]),
            duration(row["p50_seconds"]),
            duration(row["p95_seconds"]),
            minutes(row["total_minutes"]),
        ]
        for row in jobs[:MOST_ROWS]
    ]
    headings = ("job", "times", "p50", "p95", "in all")
    label = f"Jobs by the time they take; the first takes {minutes(first['total_minutes'])}"
    return [
        figure(words, charts.bar_chart(label, bars), table(headings, rows, numbers=4), wide=True),
        rows_left_out(len(jobs), MOST_ROWS, "jobs"),
    ]


def waiting(report: RepositoryReport) -> list[Child]:
    queues = report.queue_times
    if not queues:
        return only_words("No job with a known wait is stored for this period.")
    worst = queues[0]
    label = Name(worst["runner_label"] or "no label")
    words = (
        f": {count(worst['over_a_minute'])} of {counted(worst['jobs'], 'job')} waited over a "
        f"minute, {duration(worst['p50_seconds'])} at the median"
    )
    bars = [
        Bar(
            row["runner_label"] or "no label",
            row["over_a_minute"],
            f"{count(row['over_a_minute'])} of {count(row['jobs'])}",
        )
        for row in queues[:MOST_BARS]
    ]
    rows: list[list[Child]] = [
        [
            Name(row["runner_label"] or "no label"),
            count(row["jobs"]),
            duration(row["p50_seconds"]),
            duration(row["p95_seconds"]),
            count(row["over_a_minute"]),
        ]
        for row in queues[:MOST_ROWS]
    ]
    headings = ("runner label", "jobs", "p50", "p95", "over a minute")
    told = f"Jobs that waited over a minute for a runner, by label; most for {label}"
    return [
        figure(
            [label, words],
            charts.bar_chart(told, bars),
            table(headings, rows, numbers=4),
            wide=True,
            note="A wait of up to 24 hours for an approval counts too, because GitHub tells it "
            "like one for a runner; hence no sums and no longest waits here.",
        ),
        rows_left_out(len(queues), MOST_ROWS, "labels"),
    ]


def slowest_run(report: RepositoryReport) -> list[Child]:
    jobs = report.slowest_run
    if not jobs:
        return only_words("No successful run with its jobs is stored for this period.")
    first = jobs[0]
    last = max(jobs, key=lambda row: row["started_seconds"] + row["job_seconds"])
    words: list[Child] = [
        link(
            run_page(report.api_host, first["html_url"]),
            Name(first["workflow"]),
            f" {first['run_number'] or first['github_run_id']}",
        ),
        f" took {duration(first['duration_seconds'])}; ",
        Name(last["job"]),
        f" ended last, after {duration(last['job_seconds'])} of work",
    ]
    rows: list[list[Child]] = [
        [
            Name(row["job"]),
            duration(row["queue_seconds"]),
            duration(row["started_seconds"]),
            duration(row["job_seconds"]),
        ]
        for row in jobs[:MOST_ROWS]
    ]
    label = f"The jobs of the slowest recent run, {duration(first['duration_seconds'])} in all"
    return [
        figure(
            words,
            charts.waterfall(label, [_span(row) for row in jobs[:MOST_ROWS]]),
            table(("job", "waited", "started after", "ran"), rows, numbers=3),
            wide=True,
            note=[
                legend("wait", "waiting, for a runner or for a person"),
                legend("ok", "running"),
                legend("bad", "failed"),
            ],
        ),
        rows_left_out(len(jobs), MOST_ROWS, "jobs"),
    ]


def _span(job: Row) -> Span:
    """Where it is not known how long a job waited, no waiting is drawn."""
    started = job["started_seconds"]
    queued = max(0, started - (job["queue_seconds"] or 0))
    return Span(job["job"], queued, started, started + job["job_seconds"], job["is_red"])
