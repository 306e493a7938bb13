"""The findings of a report as data, for other programs; their keys are in docs/report.md."""

from typing import Any

from telemetry.report.data import Report, RepositoryReport
from telemetry.report.figures import Row
from telemetry.report.findings.finding import Finding
from telemetry.report.findings.organisation import concerns_of_all, organisation
from telemetry.report.github_pages import run_page
from telemetry.terminal import Sentence

# What a finding is about; its other columns are figures.
NAMES = ("workflow", "workflow_id", "branch_class", "job", "step", "runner_label", "actor")
# When it began, and what other keys have.
BEGINNINGS = ("red_at", "changed_at", "first_created_at", "first_queued_at")
ELSEWHERE = ("repository", "repository_id", "html_url")


def as_data(report: Report) -> dict[str, Any]:
    """Return the period, coverage and findings of all repositories, most urgent first.

    Times are with a zone, money is in US dollars, durations are in the unit of their name.
    """
    of = organisation(report)
    found = [(each.report, one) for each in (*of.needing, *of.healthy) for one in each.findings]
    # Urgent ones stay in the order of their repositories, which is by the pushes that they block.
    found.sort(key=lambda pair: pair[1].urgency)
    return {
        "schema_version": 1,
        "period": {
            "since": report.period.since,
            "until": report.period.until,
            "time_zone": str(report.period.time_zone),
        },
        "concerns": concerns_of_all(report),
        "unwatched": report.unwatched,
        "repositories": [_repository(each) for each in report.repositories],
        "findings": [_finding(each, finding) for each, finding in found],
    }


def _repository(report: RepositoryReport) -> dict[str, Any]:
    return {
        "repository": report.repository,
        "link": report.page,
        "runs": report.runs,
        "coverage": {
            "attempts": report.of_jobs.attempts,
            "attempts_with_jobs": report.of_jobs.attempts_with_jobs,
            "pending_attempts": report.of_jobs.pending_attempts,
            "is_whole": report.of_jobs.is_whole,
            "is_comparable": report.is_comparable,
        },
        "red_workflows": [row["workflow"] for row in report.red],
        "listed_until": report.proof["listed_to"],
    }


def _finding(report: RepositoryReport, found: Finding) -> dict[str, Any]:
    names: Row = {key: found.about[key] for key in NAMES if key in found.about}
    others = {*NAMES, *BEGINNINGS, *ELSEWHERE}
    return {
        "repository": report.repository,
        "kind": found.subject.replace(" ", "_"),
        "severity": "urgent" if found.is_urgent else "act" if found.advice else "know",
        "subject": names,
        "figures": {key: value for key, value in found.about.items() if key not in others},
        "lost_minutes": round(found.lost_minutes, 1),
        "since": next((found.about[key] for key in BEGINNINGS if key in found.about), None),
        "sentence": _text(found.sentence),
        "advice": _text(found.advice),
        "link": _link(report, found),
        "question": found.question,
    }


def _link(report: RepositoryReport, found: Finding) -> str | None:
    """Return the page on GitHub that shows most of it; the repository's own if there is none."""
    run = run_page(report.api_host, found.about.get("html_url"))
    return next((address for _, address in found.links), run or report.page)


def _text(sentence: Sentence) -> str:
    return "".join(map(str, sentence))
