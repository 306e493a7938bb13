"""The parts of a repository's page that have charts and tables, in their order."""

from telemetry.cost_sections import cost, llm
from telemetry.html import Child
from telemetry.job_sections import slowest, slowest_run, waiting
from telemetry.outcome_sections import durations, failing, flaky, hours, outcomes
from telemetry.report import RepositoryReport


def sections(report: RepositoryReport) -> list[tuple[str, str, list[Child]]]:
    """Anchor, title and body of each part."""
    return [
        ("durations", "How long runs take", durations(report)),
        ("outcomes", "What runs come to", outcomes(report)),
        ("flaky", "Flaky jobs", flaky(report)),
        ("failing", "What fails", failing(report)),
        ("slowest", "Where the time goes", slowest(report)),
        ("waiting", "Waiting for runners", waiting(report)),
        ("cost", "Cost and waste", cost(report)),
        ("hours", "Busy hours", hours(report)),
        ("run", "The slowest recent run", slowest_run(report)),
        ("llm", "Language models", llm(report.llm_phases, report.costs)),
    ]
