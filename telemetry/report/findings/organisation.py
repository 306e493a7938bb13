"""Many repositories at once: their totals, the five that need attention first, and the others."""

from collections.abc import Sequence
from dataclasses import dataclass

from telemetry import counted
from telemetry.database.concerns import Concern, folded
from telemetry.database.coverage import together
from telemetry.report.data import Report, RepositoryReport
from telemetry.report.figures import UNKNOWN, change, count, dollars, known_sum, shift_of
from telemetry.report.findings.all_findings import findings, is_healthy
from telemetry.report.findings.finding import Finding
from telemetry.report.findings.stalled import URGENT_KINDS
from telemetry.report.findings.tiles import Tile, left_out_of_cost, unpriced_before

# With more repositories than this, one document shows no details of each.
MOST_IN_DETAIL = 10
MOST_IN_NEED = 5


@dataclass(frozen=True)
class Standing:
    """A repository and what was found in it, most urgent first."""

    report: RepositoryReport
    findings: list[Finding]

    @property
    def acting(self) -> list[Finding]:
        """The findings that people can act on."""
        return [each for each in self.findings if each.advice]

    @property
    def urgency(self) -> tuple[int, int, float]:
        """Sorts by its most urgent finding, then by the pushes blocked, then by the time lost."""
        blocked = [row["red_pushes"] for row in self.report.red if self.report.blocks_merges(row)]
        blocked += [row["runs"] for row in self.report.stalled if row["kind"] in URGENT_KINDS]
        blocked += [row["pushes"] for row in self.report.queued_runs]
        rank = min((each.urgency[0] for each in self.findings), default=4)
        return rank, -sum(blocked), -sum(each.lost_minutes for each in self.acting)


@dataclass(frozen=True)
class Organisation:
    """All repositories of a report, by what they need: most urgent first, the others by name."""

    needing: list[Standing]
    healthy: list[Standing]
    empty: list[Standing]

    @property
    def first(self) -> list[Standing]:
        """The repositories that need attention first, of those with something to do."""
        return self.acting[:MOST_IN_NEED]

    @property
    def acting(self) -> list[Standing]:
        """The repositories with something to do; the rest of `needing` is not known well enough."""
        return [each for each in self.needing if each.acting]


def organisation(report: Report) -> Organisation:
    """Return the repositories of a report, sorted into those that need attention and the others."""
    needing, healthy, empty = [], [], []
    for each in sorted(report.repositories, key=lambda each: each.repository):
        is_empty = not (each.totals["seen"] or each.incidents)
        found = [] if is_empty else findings(each)
        standing = Standing(each, found)
        if is_empty:
            empty.append(standing)
        elif is_healthy(each, found):
            healthy.append(standing)
        else:
            needing.append(standing)
    return Organisation(sorted(needing, key=lambda each: each.urgency), healthy, empty)


def concerns_of_all(report: Report) -> list[str]:
    """Return the concerns about all repositories, those that many of them share in one line."""
    concerns: list[Concern] = [
        *report.concerns,
        *(concern for each in report.repositories for concern in each.concerns),
    ]
    return folded(concerns, len(report.repositories))


def totals(report: Report, of: Organisation) -> list[Tile]:
    """Return the figures of all repositories together."""
    repositories = report.repositories
    red = [each for each in repositories if each.red]
    kinds = {
        "with something to do": len(of.acting),
        "not known to be healthy": len(of.needing) - len(of.acting),
        "healthy": len(of.healthy),
        "without runs": len(of.empty),
    }
    words = ", ".join(f"{number:,} {kind}" for kind, number in kinds.items() if number)
    return [
        Tile("repositories", count(len(repositories)), words),
        Tile(
            "workflows red on the default branch",
            count(sum(len(each.red) for each in red)),
            f"in {counted(len(red), 'repository')}" if red else "",
        ),
        _runs(repositories),
        _cost_of_runners(repositories),
        _cost_of_models(report),
    ]


def _runs(repositories: Sequence[RepositoryReport]) -> Tile:
    now = sum(each.runs for each in repositories)
    comparable = [each for each in repositories if each.is_comparable and not each.missing_firsts]
    words = f"in {counted(len(comparable), 'repository')} where the period before was listed too"
    before = sum(each.totals["runs_before"] for each in comparable)
    shift = shift_of(sum(each.runs for each in comparable), before)
    return Tile("runs", count(now), f"{change(shift)} {words}" if before else "")


def _cost_of_runners(repositories: Sequence[RepositoryReport]) -> Tile:
    coverage = together([each.of_jobs for each in repositories])
    if coverage.is_misleading:
        return Tile("cost of runners", UNKNOWN, str(coverage))
    known = [each for each in repositories if not each.of_jobs.is_misleading]
    rows = [row for each in known for row in each.runner_cost]
    cost = known_sum(rows, "list_cost_usd")
    words = "list price, before included minutes"
    comparable = [row for each in repositories if each.are_jobs_comparable
                  for row in each.runner_cost]  # fmt: skip
    before = known_sum(comparable, "list_cost_usd_before")
    shift = shift_of(known_sum(comparable, "list_cost_usd"), before)
    if shift is not None:
        lacking = unpriced_before(comparable)
        words += f"; {change(shift)} where comparable{f' (before {lacking})' if lacking else ''}"
    if left_out := len(repositories) - len(known):
        words += f"; without {counted(left_out, 'repository')} where most jobs are missing"
    words += left_out_of_cost(rows)
    if not coverage.is_whole:
        words += f"; {coverage}"
    return Tile("cost of runners", dollars(cost) if rows else UNKNOWN, words)


def _cost_of_models(report: Report) -> Tile:
    """Return the cost of LLM calls; those of no run are in every repository."""
    of_runs = [row for each in report.repositories for row in each.llm_phases if row["is_of_a_run"]]
    others = [row for row in report.llm_phases if not row["is_of_a_run"]]
    rows = of_runs + others
    if not rows:
        return Tile("cost of LLM calls", UNKNOWN, "no calls are stored")
    calls = sum(row["calls"] for row in rows)
    unpriced = sum(row["unpriced"] for row in rows)
    words = counted(calls, "call") + (f", {unpriced:,} of unknown cost" if unpriced else "")
    return Tile("cost of LLM calls", dollars(known_sum(rows, "cost_usd")), words)
