"""The findings on workflows that no longer start: disabled ones, and schedules that stopped."""

from telemetry.report.data import RepositoryReport
from telemetry.report.figures import duration, minute
from telemetry.report.findings.finding import Finding, other_workflows
from telemetry.report.github_pages import run_page
from telemetry.terminal import Name, Sentence


def disabled(report: RepositoryReport) -> Finding | None:
    """Return the workflows that ran in the period and that GitHub has disabled since; None if none.

    It disables those with a schedule in a public repository that had no activity for 60 days
    ("Disabling and enabling a workflow").
    """
    rows = {
        row["workflow_id"]: row
        for row in report.workflow_outcomes
        if row["workflow_state"] == "disabled_inactivity"
    }
    if not rows:
        return None
    first, *others = rows.values()
    named: list[Sentence] = [(Name(row["workflow"]),) for row in others]
    sentence: Sentence = (
        "GitHub has disabled ",
        Name(first["workflow"]),
        ", because the repository had no activity for 60 days: it does not run any more.",
        *other_workflows(" Disabled too: ", named),
    )
    advice = ("Enable what is still needed on its page under Actions.",)
    return Finding("disabled", sentence, advice, 0, about=first)


def stopped(report: RepositoryReport) -> Finding | None:
    """Return the schedules that started runs in the period, but no longer do; None if none.

    GitHub also stops one if whoever last changed it leaves the organization ("Events that trigger
    workflows").
    """
    if not report.stopped_schedules:
        return None
    last, *others = report.stopped_schedules
    named: list[Sentence] = [(Name(row["workflow"]),) for row in others]
    sentence: Sentence = (
        "The schedule of ",
        Name(last["workflow"]),
        f" has started no run since {minute(last['last_created_at'])}, for "
        f"{duration(last['quiet_seconds'])}; until then, its runs were at most "
        f"{duration(last['longest_pause_seconds'])} apart.",
        *other_workflows(" Stopped too: ", named),
    )
    advice = (
        "Check that its file on the default branch still has the schedule, and that whoever last "
        "changed the schedule is still a member of the organization.",
    )
    page = run_page(report.api_host, last["html_url"])
    links = (("latest run", page),) if page else ()
    return Finding("stopped", sentence, advice, 0, about=last, links=links)
