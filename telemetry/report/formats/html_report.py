"""The report as self-contained HTML documents."""

import re

from telemetry.installation import typed
from telemetry.report.data import Report, RepositoryReport
from telemetry.report.findings.organisation import MOST_IN_DETAIL
from telemetry.report.formats.about_repository import about_repository
from telemetry.report.formats.cost_sections import llm
from telemetry.report.formats.markup import Html, link, tag
from telemetry.report.formats.method import footer, method
from telemetry.report.formats.overview import overview
from telemetry.report.formats.page import page, section
from telemetry.terminal import Name

INDEX = "index.html"


def one_page(report: Report) -> str:
    """Return the report as one document; for several repositories an overview comes first."""
    if len(report.repositories) == 1:
        (each,) = report.repositories
        return page(
            _title(each.repository), about_repository(report, each, ""), method(report, [each])
        )
    if not report.repositories:
        return page(_title(), overview(report, {}), _nobodys(report), footer(report))
    if len(report.repositories) > MOST_IN_DETAIL:
        elsewhere = tag(
            "p",
            "This page has no details of single repositories. ",
            tag("code", typed("report OUT=reports")),
            " writes a page for each of them, ",
            tag("code", typed("report REPO=owner/name")),
            " a page for one.",
        )
        return page(_title(), overview(report, {}), elsewhere, footer(report))
    parts = [
        about_repository(report, each, f"r{each.repository_id}-") for each in report.repositories
    ]
    addresses = {each.repository_id: f"#r{each.repository_id}-top" for each in report.repositories}
    return page(_title(), overview(report, addresses), parts, method(report, report.repositories))


def pages(report: Report) -> dict[str, str]:
    """Return a document for each repository, and last an overview of them, by file name."""
    names = {each.repository_id: file_name(each) for each in report.repositories}
    index = (overview(report, names), _nobodys(report), footer(report))
    made = {}
    for each in report.repositories:
        back = tag("p", link(INDEX, "All repositories"))
        body = (back, about_repository(report, each, ""), method(report, [each]))
        made[names[each.repository_id]] = page(_title(each.repository), *body)
    return {**made, INDEX: page(_title(), *index)}


def file_name(report: RepositoryReport) -> str:
    """Return a unique file name for a repository that is valid on every file system."""
    harmless = re.sub(r"[^A-Za-z0-9._-]+", "-", report.repository).strip("-.")[:80]
    return f"{harmless or 'repository'}-{report.repository_id}.html"


def _title(repository: str | None = None) -> str:
    return f"{Name(repository)}: workflow runs" if repository else "Workflow runs"


def _nobodys(report: Report) -> Html | None:
    """Return the section on LLM calls for a database without repositories."""
    phases = [] if report.repositories else report.llm_phases
    return section("llm", "LLM calls", *llm(phases)) if phases else None
