"""The finding on workflows that GitHub disabled by itself."""

from telemetry.report.data import RepositoryReport
from telemetry.report.finding import Finding, other_workflows
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
