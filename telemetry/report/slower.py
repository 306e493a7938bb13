"""The finding on workflows that got slower, with the job or the wait that causes it."""

from datetime import timedelta

from telemetry import counted
from telemetry.report.approvals import is_held
from telemetry.report.data import RepositoryReport, is_of, lost_minutes
from telemetry.report.figures import BRANCHES, Row, about, change, day, duration, minutes, shift_of
from telemetry.report.finding import Finding, others
from telemetry.terminal import Name, Sentence

# A change on the default branch is seen on pull requests about then.
SAME_CHANGE = timedelta(days=2)


def slower(report: RepositoryReport) -> Finding | None:
    """Return the slowdown that cost most; None if there is none."""
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
            f"{others(len(shifts) - 1, 'shift')}.",
            *_carrier(worst, has_waited),
        ),
        _advice_on(report, worst, has_waited),
        lost_minutes(worst),
        about=worst,
    )


def _carrier(shift: Row, has_waited: bool) -> Sentence:
    """Return the job that causes a change, and whether it runs or waits longer, and for what."""
    if shift["job"] is None:
        return ()
    before, after = duration(shift["job_before_seconds"]), duration(shift["job_after_seconds"])
    if shift["carried_by"] == "queue":
        what = "an approval or another run" if has_waited else "a runner or an approval"
        waits = f" waits {after} for {what} instead of {before}."
        return (" Its job ", Name(shift["job"]), waits)
    step: Sentence = (", most of all in its step ", Name(shift["step"])) if shift["step"] else ()
    if shift["job_before_seconds"] is None:
        return (" Its job ", Name(shift["job"]), f", new since then, takes {after}", *step, ".")
    return (" Its job ", Name(shift["job"]), f" takes {after} instead of {before}", *step, ".")


def _advice_on(report: RepositoryReport, shift: Row, has_waited: bool) -> Sentence:
    """Return what to look at: what it waits for if waits grew, else the commits at the change."""
    if has_waited:
        return ("Check who approves it, or which run it waits for, not what was merged.",)
    if shift["carried_by"] == "queue":
        return ("Check which of the two it waits for, not what was merged.",)
    found = _on_one_line(report, shift)
    before, since = (found["commit_before"], found["commit_since"]) if found else (None, None)
    if before is None or since is None:
        return (f"Look at what was merged {_days_of_change(report, shift)}.",)
    commits = ("Look at the commits after ", Name(before[:7]), " up to ", Name(since[:7]), ".")
    return commits if before != since else ("Look at what changed outside the repository.",)


def _on_one_line(report: RepositoryReport, shift: Row) -> Row | None:
    """Return the same change where its commits lie on one line; None if it is not known there.

    Two pull requests do not, and their runs include what was merged meanwhile.
    """
    if shift["branch_class"] != "pull_request":
        return shift
    same = (
        each
        for each in report.slowdowns
        if (each["workflow_id"], each["branch_class"]) == (shift["workflow_id"], "default")
        and abs(each["changed_on"] - shift["changed_on"]) <= SAME_CHANGE
    )
    return next(same, None)


def _days_of_change(report: RepositoryReport, shift: Row) -> str:
    """Return the days in which the change came: a weekend or a holiday may lie between its runs."""
    days = (row["day"] for row in report.durations_by_day if is_of(shift, row))
    last = max((each for each in days if each < shift["changed_on"]), default=None)
    return f"{f'from {day(last)} to' if last else 'up to'} {day(shift['changed_on'])}"
