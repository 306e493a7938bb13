"""The findings of a report, and what it does not know, as HTML."""

from collections.abc import Sequence

from telemetry.report.data import NO_RUN, RepositoryReport
from telemetry.report.findings.all_findings import findings, is_healthy, not_found
from telemetry.report.findings.finding import Finding
from telemetry.report.formats.markup import Child, Html, join, link, tag


def notice(concerns: Sequence[str]) -> Html | None:
    """Return what a report does not know; None if there is nothing."""
    if not concerns:
        return None
    return tag(
        "div",
        tag("strong", "What this report does not know"),
        tag("ul", [tag("li", concern) for concern in concerns]),
        class_="notice",
        role="note",
    )


def what_to_know(report: RepositoryReport) -> list[Child]:
    """Return the findings, or that there are none, and what was checked and not found."""
    if report.is_empty:
        return [tag("p", NO_RUN)]
    found = findings(report)
    items = [tag("li", finding_item(each, is_first=at == 0)) for at, each in enumerate(found)]
    listed = tag("ol", items, class_="findings") if items else None
    unfounded = "; ".join(not_found(report, found))
    if is_healthy(report, found):
        return [tag("p", tag("strong", "Healthy"), f": {unfounded}."), listed]
    lead = "Otherwise" if items else "No finding"
    return [listed, tag("p", f"{lead}: {unfounded}.") if unfounded else None]


def finding_item(found: Finding, is_first: bool) -> Html:
    """Return a finding as the content of an item of a list."""
    what: Child = None
    if found.advice:
        lead = "What to do first: " if is_first else "To do: "
        what = tag("strong", lead, found.advice) if is_first else join(lead, found.advice)
    links = [join(link(address, words), ", ") for words, address in found.links]
    more = tag("code", f"sql/analysis/{found.question}.sql")
    return join(
        tag("strong", found.subject.capitalize()),
        ": ",
        found.sentence,
        " ",
        what,
        tag("small", "More: ", links, more, class_="muted"),
    )
