"""The report as Markdown, for the summary of a GitHub Actions job."""

from collections.abc import Callable, Sequence

from telemetry.report.data import NO_RUN, Report, RepositoryReport, is_of
from telemetry.report.figures import Row, count, dollars, duration, minutes, percent
from telemetry.report.findings import BRANCHES, findings, not_found
from telemetry.report.markdown import cut_to, escape, sentence_text, sparkline, table
from telemetry.report.tiles import tiles, why_no_change
from telemetry.terminal import Name

MOST_ROWS = 10
WORSE_OR_BETTER = {"worse": "▼ worse: ", "better": "▲ better: ", None: ""}


def summary(report: Report) -> str:
    """What there is to know, then figures; at most what a job summary holds."""
    parts = [
        _notice([*report.concerns, *(t for each in report.repositories for t in each.concerns)])
    ]
    for each in report.repositories:
        parts += _repository(each)
    if not report.repositories:
        parts += ["No repository has been ingested yet.", _llm(report.llm_phases)]
    return cut_to("\n\n".join(part for part in parts if part) + "\n")


def _notice(concerns: list[str]) -> str:
    if not concerns:
        return ""
    lines = "\n".join(f"> - {escape(concern)}" for concern in concerns)
    return f"> [!WARNING]\n> What this report does not know:\n{lines}"


def _repository(report: RepositoryReport) -> list[str]:
    parts = [f"## {escape(str(Name(report.repository)))}", f"{report.period} UTC."]
    if report.is_empty:
        return [*parts, NO_RUN]
    parts += [_findings(report), _tiles(report), _workflows(report)]
    return [
        *parts,
        _flaky(report),
        _jobs(report),
        _queues(report),
        _costs(report),
        _llm(report.llm_phases),
    ]


def _findings(report: RepositoryReport) -> str:
    lines = [
        f"{at}. **{found.subject.capitalize()}**: {sentence_text(found.sentence)} "
        f"{'**What to do first:** ' if at == 1 else ''}{sentence_text(found.advice)} "
        f"(`sql/analysis/{found.question}.sql`)"
        for at, found in enumerate(findings(report), start=1)
    ]
    unfounded = not_found(report)
    if unfounded:
        lead = "\nOtherwise" if lines else "No finding"
        lines.append(f"{lead}: {'; '.join(unfounded)}.")
    return "\n".join(lines)


def _tiles(report: RepositoryReport) -> str:
    rows = [
        (each.name, each.figure, f"{WORSE_OR_BETTER[each.kind]}{each.change}")
        for each in tiles(report)
    ]
    why = why_no_change(report)
    return table(("figure of the period", "", "change"), rows) + (f"\n\n{why}" if why else "")


def _more(number: int) -> str:
    return f"\n\nand {count(number - MOST_ROWS)} more" if number > MOST_ROWS else ""


def _workflows(report: RepositoryReport) -> str:
    rows = []
    for row in report.workflow_outcomes[:MOST_ROWS]:
        of_day = {
            each["day"]: each["p50_seconds"] for each in report.durations_by_day if is_of(row, each)
        }
        rows.append(
            (
                Name(row["workflow"]),
                BRANCHES[row["branch_class"]],
                sparkline([of_day.get(day) for day in report.period.days]),
                count(row["runs"]),
                percent(row["first_time_percent"]),
                duration(row["p50_seconds"]),
                duration(row["p95_seconds"]),
            )
        )
    headings = ("workflow", "", "p50 by day", "runs", "green first", "p50", "p95")
    return table(headings, rows, numbers=4) + _more(len(report.workflow_outcomes))


def _listed(
    headings: Sequence[str],
    rows: Sequence[Row],
    cells: Callable[[Row], Sequence[str | Name]],
    numbers: int,
) -> str:
    """A table of the first rows, and how many there are more; nothing where there are none."""
    if not rows:
        return ""
    shown = [cells(row) for row in rows[:MOST_ROWS]]
    return table(headings, shown, numbers) + _more(len(rows))


def _flaky(report: RepositoryReport) -> str:
    return _listed(
        ("flaky job", "workflow", "commits", "failures", "took"),
        report.flaky_jobs,
        lambda row: (
            Name(row["job"]),
            Name(row["workflow"]),
            count(row["flaky_commits"]),
            count(row["failures"]),
            minutes(row["failed_minutes"]),
        ),
        numbers=3,
    )


def _jobs(report: RepositoryReport) -> str:
    return _listed(
        ("job that takes most", "workflow", "times", "p50", "in all"),
        report.slowest_jobs,
        lambda row: (
            Name(row["job"]),
            Name(row["workflow"]),
            count(row["jobs"]),
            duration(row["p50_seconds"]),
            minutes(row["total_minutes"]),
        ),
        numbers=3,
    )


def _queues(report: RepositoryReport) -> str:
    return _listed(
        ("waiting for runners of", "jobs", "p50", "p95", "over a minute"),
        report.queue_times,
        lambda row: (
            Name(row["runner_label"] or "no label"),
            count(row["jobs"]),
            duration(row["p50_seconds"]),
            duration(row["p95_seconds"]),
            count(row["over_a_minute"]),
        ),
        numbers=4,
    )


def _costs(report: RepositoryReport) -> str:
    return _listed(
        ("runner", "jobs", "minutes", "list price", "without a price"),
        report.runners,
        lambda row: (
            Name(row["sku"] or f"no price known: {row['label'] or 'no label'}"),
            count(row["jobs"]),
            count(row["minutes"]),
            dollars(row["list_cost_usd"]),
            count(row["unpriced_jobs"]),
        ),
        numbers=4,
    )


def _llm(phases: list[Row]) -> str:
    return _listed(
        ("phase of language models", "", "calls", "cost", "without a price"),
        phases,
        lambda row: (
            Name(row["phase"] or "no phase"),
            "" if row["is_of_a_run"] else "in no run that is stored",
            count(row["calls"]),
            dollars(row["cost_usd"]),
            count(row["unpriced"]),
        ),
        numbers=3,
    )
