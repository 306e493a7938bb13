"""The page of all repositories of a report."""

from collections.abc import Callable, Mapping, Sequence

from telemetry.report.data import Report, RepositoryReport
from telemetry.report.figures import about, count, dollars, duration, known_sum, percent, share_of
from telemetry.report.findings.all_findings import why_not_healthy
from telemetry.report.findings.organisation import Standing, concerns_of_all, organisation, totals
from telemetry.report.formats.charts import sparkline
from telemetry.report.formats.markup import Child, Html, join, link, tag
from telemetry.report.formats.page import section, table, tile
from telemetry.report.formats.what_to_know import finding_item, notice
from telemetry.terminal import Name


def overview(report: Report, addresses: Mapping[int, str]) -> Html:
    """Return the page of all repositories; `addresses` are those of their own pages, if any."""
    of = organisation(report)

    def name(each: RepositoryReport) -> Html:
        return link(addresses.get(each.repository_id) or each.page, Name(each.repository))

    about = f"{report.period} {report.left_out}"
    heading = join(tag("h1", "Workflow runs"), tag("p", about, class_="muted"),
                   notice(concerns_of_all(report)))  # fmt: skip
    if not report.repositories:
        return join(heading, tag("p", report.nothing))
    figures = [tile(each.name, each.figure, each.change, each.kind) for each in totals(report, of)]
    first = [
        tag("li", name(each.report), ": ", finding_item(each.acting[0], is_first=False))
        for each in of.first
    ]
    return join(
        heading,
        tag("ul", figures, class_="tiles"),
        section(
            "first",
            "What needs attention first",
            tag("ol", first, class_="findings")
            if first
            else tag("p", "Nothing was found that needs attention."),
        ),
        section("all", "Repositories that need attention, or are not known to be healthy",
                _standings(of.needing, name, has_reasons=True)) if of.needing else None,
        [
            tag("details", tag("summary", f"{title}: {count(len(some))}"), _standings(some, name))
            for title, some in (("Healthy", of.healthy), ("No run in this period", of.empty))
            if some
        ],
    )  # fmt: skip


def _standings(
    some: Sequence[Standing],
    name: Callable[[RepositoryReport], Html],
    has_reasons: bool = False,
) -> Html:
    rows: list[list[Child]] = []
    for standing in some:
        each = standing.report
        of_day = {row["day"]: row["failed"] for row in each.outcomes_by_day}
        failures = [float(of_day.get(day, 0)) for day in each.period.days]
        rows.append(
            [
                name(each),
                *([why_not_healthy(each, standing.findings)] if has_reasons else []),
                _default_branch(each),
                count(each.runs),
                *_figures(each),
                sparkline(f"failures by day, {count(sum(failures))} in all", failures)
                if any(failures)
                else "",
            ]
        )
    headings = ("repository", *(["why"] if has_reasons else []), "default branch", "runs",
                "green first", "to last check, p50", "runners", "failures by day")  # fmt: skip
    marked = any(str(cell).startswith("≈") for row in rows for cell in row)
    meaning = tag("p", "≈: not all that it depends on is stored.", class_="muted")
    return join(table(headings, rows, numbers=5), meaning if marked else None)


def _figures(report: RepositoryReport) -> list[str]:
    """Return the rate of first attempts, the wait for the last check and the cost of runners."""
    totals_of, jobs = report.totals, report.of_jobs
    waited = report.last_check or {"p50_seconds": None, "estimated": 0}
    green = percent(share_of(totals_of["succeeded"], totals_of["decided"]))
    cost = None if jobs.is_misleading else known_sum(report.runner_cost, "list_cost_usd")
    return [
        about(green, totals_of["first_missing"]),
        about(duration(waited["p50_seconds"]), waited["estimated"]),
        about(dollars(cost), not jobs.is_whole),
    ]


def _default_branch(report: RepositoryReport) -> str:
    red = len(report.red)
    if red:
        return f"{count(red)} red{report.as_of}"
    return f"green{report.as_of}" if report.is_green else "unknown"
