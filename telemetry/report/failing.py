"""The finding on runs that fail at their first attempt."""

from datetime import timedelta

from telemetry import counted
from telemetry.report.data import RepositoryReport
from telemetry.report.figures import Row, count, day, known_sum, percent
from telemetry.report.figures import share_of as share
from telemetry.report.finding import Finding
from telemetry.terminal import Name, Sentence

# What has not failed for longer, although it ran, needs no action.
A_WHILE = timedelta(days=7)


def failing(report: RepositoryReport) -> Finding | None:
    """Return how many runs failed, and most often where; None if none did."""
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
        all_times = counted(sum(step["failures"] for step in steps), "time")
        times = f", {count(most['failures'])} of {all_times}"
        job: Sentence = (Name(most["job"]), " of ", Name(most["workflow"]), times)
        if most["step"]:
            sentence += ("; jobs failed most often at ", Name(most["step"]), " in ", *job)
            advice = ("Fix that step first.",)
        else:
            sentence += ("; jobs failed most often in ", *job, ", at no known step")
        if not report.of_jobs.is_whole:
            sentence += (f". Incomplete: {report.of_jobs.in_short}",)
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
