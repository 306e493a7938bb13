"""The report as Markdown, for the summary of a GitHub Actions job."""

from collections.abc import Sequence

from telemetry.report.approvals import held
from telemetry.report.data import NO_RUN, Report, RepositoryReport, is_of
from telemetry.report.figures import Row, and_more
from telemetry.report.findings.all_findings import findings, is_healthy, not_found
from telemetry.report.findings.finding import Finding
from telemetry.report.findings.organisation import (
    MOST_IN_DETAIL,
    concerns_of_all,
    organisation,
    totals,
)
from telemetry.report.findings.tiles import tiles, why_no_change
from telemetry.report.formats.markdown import cut_to, escape, sentence_text, sparkline, table
from telemetry.report.tables import (
    CRITICAL_JOBS,
    FLAKY_JOBS,
    PHASES,
    QUEUES,
    RUNNERS,
    SLOWEST_JOBS,
    WORKFLOWS,
    Column,
    Table,
    meaning_of_about,
)
from telemetry.terminal import Name, Sentence

MOST_ROWS = 10
MOST_HELD = 3
WORSE_OR_BETTER = {"worse": "▼ worse: ", "better": "▲ better: ", None: ""}


def summary(report: Report) -> str:
    """Return findings, then figures, within the limit of a job summary."""
    parts = [_notice(concerns_of_all(report)), escape(report.left_out)]
    if len(report.repositories) > MOST_IN_DETAIL:
        parts += _organisation(report)
    else:
        of = organisation(report)
        for standing in (*of.needing, *of.healthy, *of.empty):
            parts += _repository(standing.report)
    if not report.repositories:
        parts += [report.nothing, listing(PHASES, report.llm_phases)]
    return cut_to("\n\n".join(part for part in parts if part) + "\n")


def _organisation(report: Report) -> list[str]:
    """Return the totals of many repositories and the ones that need attention first."""
    of = organisation(report)
    figures = [(each.name, each.figure, each.change) for each in totals(report, of)]
    lines = [
        f"{at}. **{escape(str(Name(each.report.repository)))}**: "
        f"{sentence_text(each.acting[0].sentence)} {sentence_text(each.acting[0].advice)}"
        for at, each in enumerate(of.first, start=1)
    ]
    return [
        "## Workflow runs",
        str(report.period),
        "\n".join(lines) or "Nothing was found that needs attention.",
        table(("figure of the period", "", ""), figures),
    ]


def _notice(concerns: Sequence[str]) -> str:
    if not concerns:
        return ""
    lines = "\n".join(f"> - {escape(concern)}" for concern in concerns)
    return f"> [!WARNING]\n> What this report does not know:\n{lines}"


def _repository(report: RepositoryReport) -> list[str]:
    parts = [
        f"## {escape(str(Name(report.repository)))}",
        str(report.period),
    ]
    if report.is_empty:
        return [*parts, NO_RUN]
    parts += [_findings(report), _tiles(report), _workflows(report)]
    coverage = report.of_jobs
    if coverage.is_misleading:
        return [*parts, f"Tables of jobs are not shown: {escape(str(coverage))}.",
                listing(PHASES, report.llm_phases)]  # fmt: skip
    return [
        *parts,
        "" if coverage.is_whole else f"Incomplete: {escape(str(coverage))}.",
        listing(CRITICAL_JOBS, report.speedable),
        listing(FLAKY_JOBS, report.flaky_jobs),
        listing(SLOWEST_JOBS, report.slowest_jobs),
        listing(QUEUES, report.queue_times),
        listing(RUNNERS, report.runners),
        listing(PHASES, report.llm_phases),
    ]


def _findings(report: RepositoryReport) -> str:
    found = findings(report)
    lines = [_finding(each, at) for at, each in enumerate(found, start=1)]
    unfounded = "; ".join(map(escape, not_found(report, found)))
    if is_healthy(report, found):
        return "\n".join([f"**Healthy**: {unfounded}.\n", *lines])
    if unfounded:
        lead = "\nOtherwise" if lines else "No finding"
        lines.append(f"{lead}: {unfounded}.")
    return "\n".join(lines)


def _finding(found: Finding, at: int) -> str:
    said = f"{at}. **{found.subject.capitalize()}**: {sentence_text(found.sentence)}"
    if found.advice:
        lead = "**What to do first:** " if at == 1 else ""
        said += f" {lead}{sentence_text(found.advice)}"
    links = "".join(f"[{words}]({address}), " for words, address in found.links)
    return f"{said} ({links}`sql/analysis/{found.question}.sql`)"


def _tiles(report: RepositoryReport) -> str:
    rows = [
        (each.name, each.figure, f"{WORSE_OR_BETTER[each.kind]}{each.change}")
        for each in tiles(report)
    ]
    why = why_no_change(report)
    return table(("figure of the period", "", "change"), rows) + (f"\n\n{why}" if why else "")


def _workflows(report: RepositoryReport) -> str:
    def by_day(row: Row) -> Sentence:
        days = [each for each in report.durations_by_day if is_of(row, each)]
        of_day = {each["day"]: each["p50_seconds"] for each in days}
        return (sparkline([of_day.get(day) for day in report.period.days]),)

    columns = Table(WORKFLOWS.rows_are, *WORKFLOWS.columns, Column("p50 by day", by_day))
    made = listing(columns, report.workflow_outcomes)
    waited = map(sentence_text, held(report)[:MOST_HELD])
    notes = (meaning_of_about(report.workflow_outcomes), *waited)
    return "\n\n".join([made, *filter(None, notes)])


def listing(columns: Table, rows: Sequence[Row]) -> str:
    """Return a table of the first rows and the number of others; nothing if there are no rows."""
    if not rows:
        return ""
    shown = [["".join(map(str, each.text(row))) for each in columns.columns]
             for row in rows[:MOST_ROWS]]  # fmt: skip
    left = len(rows) - MOST_ROWS
    more = f"\n\n{and_more(left, columns.rows_are)}" if left > 0 else ""
    return table(columns.headings, shown, columns.numbers) + more
