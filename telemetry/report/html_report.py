"""The report as self-contained HTML documents."""

import re
from collections.abc import Callable, Mapping, Sequence

from telemetry import counted, in_words
from telemetry.database.questions import pasteable
from telemetry.installation import COMMAND
from telemetry.report.charts import sparkline
from telemetry.report.cost_sections import cost, llm
from telemetry.report.data import (
    COSTLY_QUESTIONS,
    LONG_QUESTIONS,
    NO_RUN,
    QUESTIONS,
    Report,
    RepositoryReport,
)
from telemetry.report.figures import (
    count,
    dollars,
    duration,
    known_sum,
    minute,
    percent,
    share_of,
)
from telemetry.report.finding import Finding
from telemetry.report.findings import findings, is_healthy, not_found
from telemetry.report.job_sections import slowest, slowest_run, waiting
from telemetry.report.markup import Child, Html, join, link, tag
from telemetry.report.organisation import (
    MOST_IN_DETAIL,
    Standing,
    concerns_of_all,
    organisation,
    totals,
)
from telemetry.report.outcome_sections import causes, durations, failing, flaky, hours, outcomes
from telemetry.report.page import only_words, page, program, section, table, tile
from telemetry.report.spending_sections import critical, forecast, pull_requests
from telemetry.report.tiles import tiles, why_no_change
from telemetry.terminal import Name

INDEX = "index.html"
COMPUTED = "computed"


def one_page(report: Report) -> str:
    """Return the report as one document; for several repositories an overview comes first."""
    if len(report.repositories) == 1:
        (each,) = report.repositories
        return page(_title(each.repository), _repository(report, each, ""), _end(report, [each]))
    if not report.repositories:
        return page(_title(), _overview(report, {}), _nobodys(report), _footer(report))
    if len(report.repositories) > MOST_IN_DETAIL:
        elsewhere = tag(
            "p",
            "This page has no details of single repositories. ",
            tag("code", f"{COMMAND} report OUT=reports"),
            " writes a page for each of them, ",
            tag("code", f"{COMMAND} report REPO=owner/name"),
            " a page for one.",
        )
        return page(_title(), _overview(report, {}), elsewhere, _footer(report))
    parts = [_repository(report, each, f"r{each.repository_id}-") for each in report.repositories]
    addresses = {each.repository_id: f"#r{each.repository_id}-top" for each in report.repositories}
    return page(_title(), _overview(report, addresses), parts, _end(report, report.repositories))


def pages(report: Report) -> dict[str, str]:
    """Return an overview and a document for each repository, by file name."""
    names = {each.repository_id: file_name(each) for each in report.repositories}
    index = (_overview(report, names), _nobodys(report), _footer(report))
    made = {INDEX: page(_title(), *index)}
    for each in report.repositories:
        back = tag("p", link(INDEX, "All repositories"))
        body = (back, _repository(report, each, ""), _end(report, [each]))
        made[names[each.repository_id]] = page(_title(each.repository), *body)
    return made


def file_name(report: RepositoryReport) -> str:
    """Return a unique file name for a repository that is valid on every file system."""
    harmless = re.sub(r"[^A-Za-z0-9._-]+", "-", report.repository).strip("-.")[:80]
    return f"{harmless or 'repository'}-{report.repository_id}.html"


def _title(repository: str | None = None) -> str:
    return f"{Name(repository)}: workflow runs" if repository else "Workflow runs"


def _repository(report: Report, each: RepositoryReport, prefix: str) -> Html:
    parts: list[tuple[str, str, list[Child]]] = []
    if not each.is_empty:
        parts += [("tiles", "Figures of the period", [_tiles(each)]), *sections(each)]
    parts.append(("data", "What the data covers", _data(each)))
    shared = report.concerns if len(report.repositories) == 1 else []
    return join(
        tag("h1", link(each.page, Name(each.repository)), id=f"{prefix}top"),
        tag("p", f"{each.period}", class_="muted"),
        _notice([*each.concerns, *shared]),
        section(f"{prefix}findings", "What to know", *_findings(each)),
        tag(
            "nav",
            [link(f"#{prefix}{name}", title) for name, title, _ in parts],
            link(f"#{COMPUTED}", "How this is computed"),
        ),
        [section(f"{prefix}{name}", title, *body) for name, title, body in parts],
    )


def _notice(concerns: Sequence[str]) -> Html | None:
    if not concerns:
        return None
    return tag(
        "div",
        tag("strong", "What this report does not know"),
        tag("ul", [tag("li", concern) for concern in concerns]),
        class_="notice",
        role="note",
    )


def _findings(report: RepositoryReport) -> list[Child]:
    if report.is_empty:
        return [tag("p", NO_RUN)]
    found = findings(report)
    told = [tag("li", _finding(each, is_first=at == 0)) for at, each in enumerate(found)]
    listed = tag("ol", told, class_="findings") if told else None
    unfounded = "; ".join(not_found(report, found))
    if is_healthy(report, found):
        return [tag("p", tag("strong", "Healthy"), f": {unfounded}."), listed]
    lead = "Otherwise" if told else "No finding"
    return [listed, tag("p", f"{lead}: {unfounded}.") if unfounded else None]


def _finding(found: Finding, is_first: bool) -> Html:
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


def _tiles(report: RepositoryReport) -> Html:
    made = [tile(each.name, each.figure, each.change, each.kind) for each in tiles(report)]
    why = why_no_change(report)
    return join(tag("ul", made, class_="tiles"), tag("p", why, class_="muted") if why else None)


def _nobodys(report: Report) -> Html | None:
    """Return the section on LLM calls for a database without repositories."""
    phases = [] if report.repositories else report.llm_phases
    return section("llm", "Language models", *llm(phases)) if phases else None


def _data(report: RepositoryReport) -> list[Child]:
    stored, proof = report.stored, report.proof
    ended = "No ingest has completed yet"
    if stored["last_complete_at"] is not None:
        ended = f"The last complete ingest ended at {minute(stored['last_complete_at'])}"
    gap = in_words(proof["gap_seconds"]) if proof["gaps"] else "none"
    rows: list[list[Child]] = [
        ["runs that GitHub reported in the listed windows", count(proof["reported_runs"])],
        ["of these, stored", count(proof["stored_runs"])],
        ["stored, but gone at GitHub", count(proof["missing_runs"])],
        ["stored, not listed and not probed yet", count(proof["unlisted_runs"])],
        ["in progress, not stored yet", count(proof["open_runs"])],
        ["does it add up?", "no" if proof["unequal_windows"] else "yes"],
        ["runs outside the completely listed windows", count(proof["elsewhere_runs"])],
        ["time that the last ingest should have listed and did not", gap],
        ["earlier attempts still to fetch", count(proof["pending_attempts"])],
        ["attempts whose jobs are still to fetch", count(proof["attempts_without_jobs"])],
        ["attempts that GitHub no longer has", count(proof["gone_attempts"])],
        [
            "rules of the data that hold, for rows of the last 24 hours",
            f"{count(sum(rule.holds for rule in report.rules))} of {count(len(report.rules))}",
        ],
    ]
    listed = (
        f"listed completely: created {minute(proof['listed_from'])} to {minute(proof['listed_to'])}"
    )
    return [
        tag(
            "p",
            f"Stored: {counted(stored['runs'], 'run')} in "
            f"{counted(stored['attempts'], 'attempt')}, created from "
            f"{minute(stored['oldest_created_at'])} to "
            f"{minute(stored['newest_created_at'])}. {ended}.",
        ),
        table((listed, ""), rows, numbers=1),
    ]


def _end(report: Report, repositories: Sequence[RepositoryReport]) -> Html:
    """Return what the repositories of a page share: the SQL of each figure about them, folded."""
    scope = report.period.scope([each.repository_id for each in repositories])
    texts = {name: pasteable(name, scope) for name in ("totals", *QUESTIONS)}
    return join(
        section(
            COMPUTED,
            "How this is computed",
            tag(
                "p",
                "Each figure is defined once, by a view (sql/views/, whose comments define the "
                "terms), and computed by one of these questions in sql/analysis/. You can paste "
                "them into psql unchanged; they have the period of this page. Rates count decided "
                "runs only: success, failure, timed_out and startup_failure, but not cancelled or "
                "skipped. Changes compare like with like. A change is called better or worse if "
                "that is wrong at most once in a hundred times (trend).",
            ),
            [
                tag("details", tag("summary", f"{name}: {_first_line(text)}"), program(text))
                for name, text in texts.items()
            ],
            tag(
                "p",
                "Longer statements are not shown here; ",
                tag("code", f"{COMMAND} query Q=…"),
                " answers them: ",
                [tag("code", f"{name} ") for name in (*LONG_QUESTIONS, *COSTLY_QUESTIONS)],
            ),
        ),
        _footer(report),
    )


def _first_line(text: str) -> str:
    return text.partition("\n")[0].removeprefix("-- ")


def _overview(report: Report, addresses: Mapping[int, str]) -> Html:
    """Return the page of all repositories; `addresses` are those of their own pages, if any."""
    of = organisation(report)

    def name(each: RepositoryReport) -> Html:
        return link(addresses.get(each.repository_id) or each.page, Name(each.repository))

    heading = join(tag("h1", "Workflow runs"), tag("p", f"{report.period}", class_="muted"),
                   _notice(concerns_of_all(report)))  # fmt: skip
    if not report.repositories:
        return join(heading, tag("p", "No repository has been ingested yet."))
    figures = [tile(each.name, each.figure, each.change, each.kind) for each in totals(report, of)]
    first = [
        tag("li", name(each.report), ": ", _finding(each.acting[0], is_first=False))
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
        section("all", "With something to do, or not known to be healthy",
                _standings(of.needing, name)) if of.needing else None,
        [
            tag("details", tag("summary", f"{title}: {count(len(some))}"), _standings(some, name))
            for title, some in (("Healthy", of.healthy), ("No run in this period", of.empty))
            if some
        ],
    )  # fmt: skip


def _standings(some: Sequence[Standing], name: Callable[[RepositoryReport], Html]) -> Html:
    rows: list[list[Child]] = []
    for each in (standing.report for standing in some):
        totals_of = each.totals
        of_day = {row["day"]: row["failed"] for row in each.outcomes_by_day}
        failures = [float(of_day.get(day, 0)) for day in each.period.days]
        rows.append(
            [
                name(each),
                _default_branch(each),
                count(totals_of["runs"]),
                percent(share_of(totals_of["succeeded"], totals_of["decided"])),
                duration(each.last_check["p50_seconds"] if each.last_check else None),
                dollars(
                    None
                    if each.of_jobs.is_misleading
                    else known_sum(each.runner_cost, "list_cost_usd")
                ),
                sparkline(f"failures by day, {count(sum(failures))} in all", failures)
                if any(failures)
                else "",
            ]
        )
    headings = ("repository", "default branch", "runs", "green first", "to last check, p50",
                "runners", "failures by day")  # fmt: skip
    return table(headings, rows, numbers=5)


def _default_branch(report: RepositoryReport) -> str:
    red = len(report.red)
    if red:
        return f"{count(red)} red"
    of_default = [row for row in report.workflow_outcomes if row["branch_class"] == "default"]
    return (
        "green" if any(row["first_time_percent"] is not None for row in of_default) else "unknown"
    )


def _footer(report: Report) -> Html:
    return tag(
        "footer",
        tag("p", f"Made at {minute(report.now)} {report.period.time_zone} by actions-telemetry."),
    )


# The sections that are computed from jobs alone.
OF_JOBS = ("critical", "flaky", "causes", "slowest", "waiting", "cost", "pulls", "forecast", "run")


def sections(report: RepositoryReport) -> list[tuple[str, str, list[Child]]]:
    """Return anchor, title and body of each section."""
    return [(name, title, _covered(report, name, body)) for name, title, body in _bodies(report)]


def _covered(report: RepositoryReport, name: str, body: list[Child]) -> list[Child]:
    """Return the body of a section with its coverage; only this if its figures would mislead."""
    coverage = report.of_jobs
    if coverage.is_whole or name not in (*OF_JOBS, "failing"):
        return body
    if coverage.is_misleading and name in OF_JOBS:
        return only_words(f"Not shown: {coverage}.")
    return [*only_words(f"Incomplete: {coverage}."), *body]


def _bodies(report: RepositoryReport) -> list[tuple[str, str, list[Child]]]:
    return [
        ("durations", "How long runs take", durations(report)),
        ("outcomes", "How runs end", outcomes(report)),
        ("critical", "What to speed up", critical(report)),
        ("flaky", "Flaky jobs", flaky(report)),
        ("failing", "What fails", failing(report)),
        ("causes", "Why jobs fail", causes(report)),
        ("slowest", "Where the time goes", slowest(report)),
        ("waiting", "Waiting for runners", waiting(report)),
        ("cost", "Cost and waste", cost(report)),
        ("pulls", "What pull requests cost", pull_requests(report)),
        ("forecast", "What this month will cost", forecast(report)),
        ("hours", "Busy hours", hours(report)),
        ("run", "The slowest recent run", slowest_run(report)),
        ("llm", "Language models", llm(report.llm_phases, report.runners, report.of_jobs)),
    ]
