"""Which runs waited for a person or for another run, and not for a runner."""

from telemetry import counted
from telemetry.report.data import RepositoryReport, is_of
from telemetry.report.figures import BRANCHES, Row, duration
from telemetry.terminal import Name, Sentence


def held_of(report: RepositoryReport, workflow: Row) -> str:
    """Return how many runs of a workflow on a kind of branch waited like this; empty if none."""
    row = next((row for row in report.approvals if is_of(workflow, row)), None)
    return "" if row is None else _waited(row)


def held(report: RepositoryReport) -> list[Sentence]:
    """Return a sentence on each workflow and kind of branch whose times include such waits."""
    return [
        (
            Name(row["workflow"]),
            " · ",
            Name(row["job"]),
            f" {BRANCHES[row['branch_class']]}: {_waited(row)}.",
        )
        for row in report.approvals
    ]


def is_held(report: RepositoryReport, shift: Row) -> bool:
    """Return whether the job that causes a change waited so in most of the runs since then."""
    if shift["carried_by"] != "queue":
        return False
    return any(
        is_of(shift, row)
        and (shift["job"] == row["job"] or shift["job"].startswith(f"{row['job']} ("))
        and 2 * row["runs"] > shift["after_runs"]
        for row in report.approvals
    )


def _waited(row: Row) -> str:
    return (
        f"{counted(row['runs'], 'run')} waited for an approval or another run, "
        f"{duration(row['p50_seconds'])} at the median"
    )
