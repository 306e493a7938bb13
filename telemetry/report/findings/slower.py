"""The finding on workflows that got slower, with the job or the wait that causes it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from operator import attrgetter, itemgetter

from telemetry import counted
from telemetry.report.approvals import is_held
from telemetry.report.data import RepositoryReport, is_of
from telemetry.report.figures import BRANCHES, Row, about, day, duration, longer, minutes
from telemetry.report.findings.finding import Finding, others
from telemetry.terminal import Name, Sentence

# A change on the default branch is seen on pull requests about then.
SAME_CHANGE = timedelta(days=2)
# A new workflow matters if it runs on this part of the commits, and for so many times as long as
# they waited before.
LEAST_PART, LONGER = Decimal("0.1"), Decimal("1.25")


@dataclass(frozen=True)
class Slowdown:
    """A change and the later ones of the same workflow and kind of branch, oldest first."""

    shift: Row
    later: Sequence[Row]

    @property
    def changes(self) -> tuple[Row, ...]:
        """All of them, each with the level that it led to."""
        return (self.shift, *self.later)

    @property
    def now_seconds(self) -> int:
        """How long the workflow takes since its newest change."""
        return int(self.changes[-1]["after_seconds"])

    @property
    def undone_by(self) -> Row | None:
        """The first later change since which it differs too little from before to have changed."""
        before = self.shift["before_seconds"]
        least = max(10, before / 10)
        return next((row for row in self.later if row["after_seconds"] - before < least), None)

    @property
    def step(self) -> int:
        """By how many seconds this change alone made it slower."""
        return int(self.shift["after_seconds"] - self.shift["before_seconds"])

    @property
    def runs(self) -> int:
        """How many runs there were since."""
        return sum(row["after_runs"] for row in self.changes)

    @property
    def lost_minutes(self) -> float:
        """By how many minutes all runs since took longer."""
        before = self.shift["before_seconds"]
        lost = sum(row["after_runs"] * (row["after_seconds"] - before) for row in self.changes)
        return float(lost / 60)


def slowdowns(report: RepositoryReport) -> list[Slowdown]:
    """Return the largest step of each workflow and kind of branch since which it is slower."""
    found: dict[tuple[int, str], Slowdown] = {}
    for each in _every(report):
        key = each.shift["workflow_id"], each.shift["branch_class"]
        if each.undone_by is None and (key not in found or each.step >= found[key].step):
            found[key] = each
    return list(found.values())


def undone(report: RepositoryReport) -> tuple[Row, Row] | None:
    """Return the largest slowdown that was undone, and the change that did it; None if none was."""
    found = [(each, end) for each in _every(report) if (end := each.undone_by)]
    if not found:
        return None
    largest, end = max(found, key=lambda pair: pair[0].step * pair[0].shift["after_runs"])
    return largest.shift, end


def _every(report: RepositoryReport) -> Iterator[Slowdown]:
    """Yield each change that made a workflow slower, oldest first."""
    shifts = sorted(report.running(report.slower_or_faster), key=itemgetter("changed_at"))
    for at, shift in enumerate(shifts, 1):
        if shift["after_seconds"] > shift["before_seconds"]:
            yield Slowdown(shift, [row for row in shifts[at:] if is_of(shift, row)])


def added(report: RepositoryReport) -> Row | None:
    """Return the new workflow that takes longest, if pull requests wait longer because of it.

    It is no part of a change like for like. Elsewhere a workflow may run by a schedule alone, and
    then nobody waits for it.
    """
    waited = report.last_check
    if waited is None or waited["branch_class"] not in ("pull_request", "merge_queue"):
        return None
    of_commits = report.change_of("time of a commit", waited["branch_class"])
    if of_commits is None or of_commits["before"] is None:
        return None
    known = {
        row["workflow_id"] for row in report.trend if row["branch_class"] == waited["branch_class"]
    }
    found = (
        row
        for row in report.running(report.workflow_outcomes)
        if row["branch_class"] == waited["branch_class"]
        and row["workflow_id"] not in known
        and row["runs"] >= LEAST_PART * waited["commits"]
        and (row["p50_seconds"] or 0) >= LONGER * of_commits["before"]
    )
    return max(found, key=itemgetter("p50_seconds"), default=None)


def slower(report: RepositoryReport) -> Finding | None:
    """Return the slowdown that cost most; None if there is none."""
    found = slowdowns(report)
    if not found:
        return None
    worst = max(found, key=attrgetter("lost_minutes"))
    shift, has_waited = worst.shift, is_held(report, worst.shift)
    is_about = any(row["estimated"] for row in worst.changes)
    before, after = shift["before_seconds"], shift["after_seconds"]
    on, lost = day(shift["changed_on"]), minutes(worst.lost_minutes)
    now = f", and has been {about(duration(worst.now_seconds), is_about)} since "
    return Finding(
        "slower",
        (
            "The median time of ",
            Name(shift["workflow"]),
            f" {BRANCHES[shift['branch_class']]} went from {about(duration(before), is_about)} "
            f"{'back ' if shift['is_mended'] else ''}to {about(duration(after), is_about)} "
            f"({longer(after, before)}) on {on}",
            f"{now}{day(worst.later[-1]['changed_on'])}" if worst.later else "",
            f"; {counted(worst.runs, 'run')} since {on if worst.later else 'then'} took "
            f"{about(lost, is_about)} longer{others(len(found) - 1, 'slowdown')}.",
            *_carrier(worst, has_waited),
        ),
        _advice_on(report, shift, has_waited),
        worst.lost_minutes,
        about=shift,
    )


def _carrier(slowdown: Slowdown, has_waited: bool) -> Sentence:
    """Return the job that causes a change, and whether it runs or waits longer, and for what."""
    shift = slowdown.shift
    if shift["job"] is None:
        return ()
    takes, waits = ("then took", "then waited") if slowdown.later else ("takes", "waits")
    before, after = duration(shift["job_before_seconds"]), duration(shift["job_after_seconds"])
    if shift["carried_by"] == "queue":
        what = "an approval or another run" if has_waited else "a runner or an approval"
        waits += f" {after} for {what} instead of {before}."
        return (" Its job ", Name(shift["job"]), f" {waits}")
    step: Sentence = (", most of all in its step ", Name(shift["step"])) if shift["step"] else ()
    if shift["job_before_seconds"] is None:
        return (" Its job ", Name(shift["job"]), f", new since then, {takes} {after}", *step, ".")
    return (" Its job ", Name(shift["job"]), f" {takes} {after} instead of {before}", *step, ".")


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
        for each in report.slower_or_faster
        if (each["workflow_id"], each["branch_class"]) == (shift["workflow_id"], "default")
        and each["after_seconds"] > each["before_seconds"]
        and abs(each["changed_on"] - shift["changed_on"]) <= SAME_CHANGE
    )
    return next(same, None)


def _days_of_change(report: RepositoryReport, shift: Row) -> str:
    """Return the days in which the change came: a weekend or a holiday may lie between its runs."""
    days = (row["day"] for row in report.durations_by_day if is_of(shift, row))
    last = max((each for each in days if each < shift["changed_on"]), default=None)
    return f"{f'from {day(last)} to' if last else 'up to'} {day(shift['changed_on'])}"
