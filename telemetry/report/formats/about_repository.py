"""The page of one repository: findings, tiles, sections, and what the data covers."""

from telemetry import counted, in_words
from telemetry.report.data import Report, RepositoryReport
from telemetry.report.figures import count, minute
from telemetry.report.findings.tiles import tiles, why_no_change
from telemetry.report.formats.cost_sections import cost, llm
from telemetry.report.formats.job_sections import slowest, slowest_run, waiting
from telemetry.report.formats.markup import Child, Html, join, link, tag
from telemetry.report.formats.method import COMPUTED
from telemetry.report.formats.outcome_sections import (
    causes,
    durations,
    failing,
    flaky,
    hours,
    outcomes,
)
from telemetry.report.formats.page import only_words, section, table, tile
from telemetry.report.formats.spending_sections import critical, forecast, pull_requests
from telemetry.report.formats.what_to_know import notice, what_to_know
from telemetry.terminal import Name


def about_repository(report: Report, each: RepositoryReport, prefix: str) -> Html:
    """Return the part of a page about one repository; `prefix` begins its anchors."""
    parts: list[tuple[str, str, list[Child]]] = []
    if not each.is_empty:
        parts.append(("tiles", "Figures of the period", [_tiles(each)]))
        parts += [(name, title, _covered(each, name, body)) for name, title, body in _bodies(each)]
    parts.append(("data", "What the data covers", _data(each)))
    is_only = len(report.repositories) == 1
    shared = report.concerns if is_only else []
    return join(
        tag("h1", link(each.page, Name(each.repository)), id=f"{prefix}top"),
        tag("p", f"{each.period} {report.left_out if is_only else ''}", class_="muted"),
        notice([*each.concerns, *shared]),
        section(f"{prefix}findings", "What to know", *what_to_know(each)),
        tag(
            "nav",
            [link(f"#{prefix}{name}", title) for name, title, _ in parts],
            link(f"#{COMPUTED}", "How this is computed"),
        ),
        [section(f"{prefix}{name}", title, *body) for name, title, body in parts],
    )


def _tiles(report: RepositoryReport) -> Html:
    made = [tile(each.name, each.figure, each.change, each.kind) for each in tiles(report)]
    lacks = [why_no_change(report)]
    if not report.of_jobs.is_whole:
        lacks.append(f"Incomplete: {report.of_jobs}.")
    said = [tag("p", text, class_="muted") for text in lacks if text]
    return join(tag("ul", made, class_="tiles"), said)


def _data(report: RepositoryReport) -> list[Child]:
    stored, proof = report.stored, report.proof
    ended = "No ingest has completed yet"
    if stored["last_complete_at"] is not None:
        ended = f"The last complete ingest ended at {minute(stored['last_complete_at'])}"
    gap = in_words(proof["gap_seconds"]) if proof["gaps"] else "none"
    rows: list[list[Child]] = [
        ["runs that GitHub reported in the listed windows", count(proof["reported_runs"])],
        ["of these, stored", count(proof["stored_runs"])],
        ["stored, but gone from GitHub", count(proof["gone_runs"])],
        ["stored, but left out of the last list", count(proof["unlisted_runs"])],
        ["open: in progress, not stored yet", count(proof["open_runs"])],
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


# The sections that are computed from jobs alone.
OF_JOBS = ("critical", "flaky", "causes", "slowest", "waiting", "cost", "pulls", "forecast", "run")


def _covered(report: RepositoryReport, name: str, body: list[Child]) -> list[Child]:
    """Return the body of a section with its coverage; only this if its figures would mislead."""
    coverage = report.of_jobs
    if coverage.is_whole or name not in (*OF_JOBS, "failing"):
        return body
    if coverage.is_misleading and name in OF_JOBS:
        return only_words(f"Not shown: {coverage}.")
    return [*only_words(f"Incomplete: {coverage.in_short}."), *body]


def _bodies(report: RepositoryReport) -> list[tuple[str, str, list[Child]]]:
    """Return anchor, title and body of each section."""
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
        ("llm", "LLM calls", llm(report.llm_phases, report.runners, report.of_jobs)),
    ]
