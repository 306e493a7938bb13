"""The sections of a repository's page about jobs: time, waiting, and the slowest run."""

from telemetry import counted
from telemetry.report.data import RepositoryReport
from telemetry.report.figures import Row, count, duration, is_alone, minutes, percent
from telemetry.report.formats import charts
from telemetry.report.formats.charts import Bar, Span
from telemetry.report.formats.markup import Child, link
from telemetry.report.formats.page import MOST_ROWS, legend, only_words, ranked
from telemetry.report.github_pages import run_page
from telemetry.report.tables import QUEUES, RUN, SLOWEST_JOBS, job_of, label_of
from telemetry.terminal import Name

MOST_BARS = 10


def slowest(report: RepositoryReport) -> list[Child]:
    jobs = report.slowest_jobs
    if not jobs:
        return only_words("No job with a known duration is stored for this period.")
    first = jobs[0]
    is_first = is_alone(jobs, "total_minutes")
    words: list[Child] = [
        "" if is_first else "No job takes more time than ",
        job_of(first),
        f"{' takes the most time' if is_first else ''}: {minutes(first['total_minutes'])} in all, "
        f"{percent(first['share_percent'])} of the time of all jobs",
    ]
    bars = charts.bars(jobs[:MOST_BARS], label_of, "total_minutes", minutes)
    if len(jobs) > MOST_BARS:
        rest = float(sum(row["total_minutes"] for row in jobs[MOST_BARS:]))
        bars.append(Bar(f"{count(len(jobs) - MOST_BARS)} other jobs together", rest, minutes(rest)))
    label = f"Jobs by the time they take; the first takes {minutes(first['total_minutes'])}"
    return ranked(words, charts.bar_chart(label, bars), SLOWEST_JOBS, jobs, report.api_host)


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
    title = f"Jobs that waited over a minute for a runner, by label; most for {label}"
    return ranked(
        [label, words],
        charts.bar_chart(title, bars),
        QUEUES,
        queues,
        report.api_host,
        note="Jobs that later ones overtook are left out: they waited for an approval or another "
        "run. Other waits for an approval, of up to 24 hours, are included, because GitHub reports "
        "them like waits for a runner. Sums and longest waits would mislead and are not shown.",
    )


def slowest_run(report: RepositoryReport) -> list[Child]:
    jobs = report.slowest_run
    if not jobs:
        return only_words("No successful run with its jobs is stored for this period.")
    first = jobs[0]
    by_end = sorted(jobs, key=lambda row: row["started_seconds"] + row["job_seconds"])
    last, late = by_end[-1], by_end[-MOST_ROWS:]
    # The run took as long as it did because of these.
    jobs = [row for row in jobs if row in late] + [row for row in jobs if row not in late]
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
    label = f"The jobs of the slowest recent run, {duration(first['duration_seconds'])} in all"
    spans = [_span(row) for row in jobs[: len(late)]]
    some = f"The last {len(late)} of {len(jobs)} jobs to end. " if len(jobs) > len(late) else ""
    note: list[Child] = [
        legend("wait", "waiting, for a runner or for a person"),
        legend("ok", "running"),
        legend("bad", "failed"),
        f" {some}Of the last hundred successful runs, without those in which a job waited over an "
        "hour or was stuck.",
    ]
    return ranked(words, charts.waterfall(label, spans), RUN, jobs, report.api_host, note)


def _span(job: Row) -> Span:
    """Return the span of a job, without waiting if the wait is not known."""
    started = job["started_seconds"]
    queued = max(0, started - (job["queue_seconds"] or 0))
    return Span(job["job"], queued, started, started + job["job_seconds"], job["is_red"])
