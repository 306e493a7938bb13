"""A merge queue that lets nothing through, and a schedule that is cancelled each time."""

from telemetry import counted
from telemetry.report.data import RepositoryReport
from telemetry.report.figures import Row, duration, minute
from telemetry.report.finding import Finding
from telemetry.report.github_pages import run_page
from telemetry.terminal import Name, Sentence


def stalled(report: RepositoryReport) -> Finding | None:
    """Return the finding about what has not succeeded for some runs; None if nothing has stalled.

    A schedule whose job runs into its time limit is a finding of its own.
    """
    cut_off = {row["workflow_id"] for row in report.timeouts}
    rows = report.stalled_queues + [
        row for row in report.stalled_schedules if row["workflow_id"] not in cut_off
    ]
    if not rows:
        return None
    worst, *others = rows
    is_queue = worst["branch_class"] == "merge_queue"
    said = _queue(worst) if is_queue else _schedule(worst)
    last = worst["last_green_at"]
    green = "none of this period was green" if last is None else f"last green on {minute(last)}"
    more = f" {counted(len(others), 'other')} stalled too." if others else ""
    stopped = duration((report.period.until - worst["first_created_at"]).total_seconds())
    since = f"since {minute(worst['first_created_at'])}, for {stopped}; {green}.{more}"
    page = run_page(report.api_host, worst["html_url"])
    links = (("latest run", page),) if page else ()
    return Finding("stalled", (*said, since), _advice(worst), 0, is_queue, worst, links)


def _queue(row: Row) -> Sentence:
    base: Sentence = (" to ", Name(row["base_branch"])) if row["base_branch"] else ()
    groups = counted(row["runs"], "group")
    return ("The merge queue", *base, f" merges nothing: the last {groups} failed in ",
            Name(row["workflow"]), ", ")  # fmt: skip


def _schedule(row: Row) -> Sentence:
    runs = f"{row['runs']:,} runs"
    return (Name(row["workflow"]), f" was cancelled in each of the last {runs} of its schedule, ")


def _advice(row: Row) -> Sentence:
    if row["branch_class"] == "merge_queue":
        return ("Find what these groups have in common: ", Name(row["workflow"]),
                " itself, or what it depends on.")  # fmt: skip
    return ("Find what cancels ", Name(row["workflow"]),
            ": a newer run of its concurrency group, a person, or another job.")  # fmt: skip
