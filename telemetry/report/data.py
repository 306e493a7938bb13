"""Everything that a report shows of a repository.

Each figure is the answer to a question of sql/analysis/, asked about one repository and period.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from telemetry import counted
from telemetry.database.checks import Checked
from telemetry.database.concerns import Concern
from telemetry.database.coverage import LONGEST_TAIL, Coverage
from telemetry.database.watched import unwatched_text
from telemetry.report.figures import Row, known_sum, minute
from telemetry.report.github_pages import repository_page
from telemetry.report.period import Period

# What is summed over the workflows of a kind of runner, and why minutes are wasted.
COSTS = (
    "jobs",
    "minutes",
    "list_cost_usd",
    "list_cost_usd_before",
    "unpriced_jobs",
    "unmeasured_jobs",
    "free_jobs",
    "assumed_private_jobs",
    "unsourced_jobs",
    "unpriced_before",
)
# Where people wait for checks, first where they wait most.
WAITED_FOR = ("pull_request", "merge_queue", "default", "other")
WASTED_BY = ("rerun", "cancelled", "streak")
# A workflow that has not run for longer, while others did, blocks nobody.
LONGEST_PAUSE = timedelta(days=7)
# sql/analysis/slower_or_faster.sql needs two weeks of days with as many runs to detect a change, or
# four weeks of days, and looks for it in these days before the end of the period.
DAYS_OF_A_SHIFT = 14
RUNS_OF_A_SHIFT = 40
DAYS_OF_FEW_RUNS = 28
LOOKED_BACK = timedelta(days=90)
# A single cancelled run says little: newer runs may have taken its place.
MANY_CANCELLED = 3
NO_RUN = "No run of this period is stored that has ended and was not skipped."


@dataclass(frozen=True)
class RepositoryReport:
    """What a report says about one repository; each list is the answer to the question of its name.

    Lists that are None were not asked for, because there are more than MOST_ATTEMPTS. `is_listed`
    says whether all of this period was listed, `is_comparable` whether the period before was too,
    `are_jobs_comparable` whether the jobs of both are also stored. `of_jobs` is the number of
    attempts that the figures of jobs cover.
    """

    repository_id: int
    repository: str
    api_host: str
    period: Period
    of_jobs: Coverage
    is_listed: bool
    is_comparable: bool
    are_jobs_comparable: bool
    totals: Row
    trend: list[Row]
    time_to_last_check: list[Row]
    workflow_outcomes: list[Row]
    durations_by_day: list[Row]
    slower_or_faster: list[Row]
    outcomes_by_day: list[Row]
    flaky_jobs: list[Row]
    failing_steps: list[Row]
    incidents: list[Row]
    stalled: list[Row]
    stopped_schedules: list[Row]
    timeouts: list[Row]
    slowest_jobs: list[Row]
    untaken_jobs: list[Row]
    queued_runs: list[Row]
    queue_times: list[Row]
    approvals: list[Row]
    wasted_minutes: list[Row]
    runner_cost: list[Row]
    busy_hours: list[Row]
    slowest_run: list[Row]
    llm_phases: list[Row]
    failure_causes: list[Row]
    quarantine: list[Row]
    critical_jobs: list[Row] | None
    pull_request_costs: list[Row] | None
    forecast: list[Row] | None
    rules: Sequence[Checked]
    stored: Row
    proof: Row
    concerns: list[Concern]

    @property
    def is_empty(self) -> bool:
        """Whether nothing of this period is stored."""
        return not (self.totals["seen"] or self.incidents or self.llm_phases)

    @property
    def runs(self) -> int:
        """How many runs were allowed to run, also those whose first attempt is not stored."""
        return int(self.totals["runs"] + self.totals["first_missing"])

    @property
    def as_of(self) -> str:
        """Words that date what is said of now, if the last list is too old; else empty."""
        listed_to = self.proof["listed_to"]
        if listed_to is None or self.period.until - listed_to <= LONGEST_TAIL:
            return ""
        return f" as of {minute(listed_to)}"

    @property
    def last_check(self) -> Row | None:
        """How long commits wait for their checks, where people wait most. None: not known."""
        known = {row["branch_class"]: row for row in self.time_to_last_check if row["commits"]}
        return next((known[each] for each in WAITED_FOR if each in known), None)

    def compares(self, figure: str) -> bool:
        """Whether this figure is known of the period before as well as of this one."""
        return self.are_jobs_comparable if figure == "queue" else self.is_comparable

    def change_of(self, figure: str, branch_class: str | None = None) -> Row | None:
        """How a figure of the whole repository changed. None where it is not comparable."""
        if not self.compares(figure):
            return None
        of_all = (row for row in self.trend if row["subject"] is None and row["figure"] == figure)
        return next((row for row in of_all if row["branch_class"] == branch_class), None)

    @property
    def red(self) -> list[Row]:
        """What is red on the default branch at the end of the period."""
        return [row for row in self.incidents if row["recovered_at"] is None]

    def blocks_merges(self, incident: Row) -> bool:
        """Whether pushes ran into an open incident, and its workflow has not been abandoned since.

        It was if it has not run for a week although others succeeded on the default branch.
        """
        last = incident["last_red_run_created_at"]
        has_stopped = self.period.until - last > LONGEST_PAUSE and any(
            row["branch_class"] == "default" and row["day"] > (last + LONGEST_PAUSE).date()
            for row in self.durations_by_day
        )
        return incident["red_pushes"] > 0 and not has_stopped

    @property
    def green_workflows(self) -> int | None:
        """How many workflows of the default branch are green; None where none is known to be.

        Workflows that were deleted or disabled do not count.
        """
        of_default = {
            row["workflow_id"]
            for row in self.workflow_outcomes
            if row["branch_class"] == "default" and row["first_time_percent"] is not None
        }
        red = {row["workflow_id"] for row in self.red}
        green = of_default - self.gone_workflows - red - self.cancelled_workflows
        return len(green) if of_default else None

    @property
    def is_green(self) -> bool:
        """Whether all workflows of the default branch that are not red are known to be green."""
        return bool(self.green_workflows) and not self.cancelled_workflows

    @property
    def gone_workflows(self) -> set[int | None]:
        """The ids of the workflows that were deleted or disabled, so that nothing is to be done."""
        return {
            row["workflow_id"]
            for row in self.workflow_outcomes
            if row["workflow_state"] not in (None, "active")
        }

    def running(self, rows: Sequence[Row]) -> list[Row]:
        """The rows that are about workflows that still run."""
        gone = self.gone_workflows
        return [row for row in rows if row["workflow_id"] not in gone]

    def quiet_since(self, row: Row, times: str, last: str = "last_created_at") -> date | None:
        """The day of the last time that something happened, if that is a while ago; else None.

        Only if successful runs came later, and if as long a pause would hardly be chance: at the
        rate until then, three times more would have been expected. While jobs are missing, it may
        have happened in one of them.
        """
        if not self.of_jobs.is_whole:
            return None
        quiet, before = self.period.until - row[last], row[last] - self.period.since
        day: date = row[last].date()
        if quiet <= LONGEST_PAUSE or row[times] * quiet < 3 * before:
            return None
        later = (each["workflow_id"] for each in self.durations_by_day if each["day"] > day)
        return day if any(row.get("workflow_id", each) == each for each in later) else None

    @property
    def cancelled_workflows(self) -> set[int | None]:
        """The ids of the workflows of the default branch whose last runs were all cancelled."""
        stalled = {row["workflow_id"] for row in self.stalled if row["kind"] == "schedule"}
        return stalled | {
            row["workflow_id"]
            for row in self.running(self.workflow_outcomes)
            if row["branch_class"] == "default" and row["cancelled_last"] >= MANY_CANCELLED
        }

    @property
    def runners(self) -> list[Row]:
        """The cost of runners by their kind, the most expensive first, all workflows together."""
        made = [row for row in _costs_by(("sku", "label"), self.runner_cost) if row["jobs"]]
        return sorted(made, key=lambda row: -(row["list_cost_usd"] or -1))

    @property
    def missing_firsts(self) -> str:
        """Which first attempts sums of jobs lack, because they are not stored; empty if all are."""
        missing = self.totals["first_missing"]
        return f"without the first attempt of {counted(missing, 'run')}" if missing else ""

    def shows_shifts(self, workflow: Row) -> bool:
        """Whether a workflow has enough green runs on a kind of branch to detect a change.

        Those before the period count too, in proportion, if they are stored.
        """
        period, oldest = self.period, self.stored["oldest_created_at"] or self.period.since
        before = max(0, (period.since - max(oldest, period.until - LOOKED_BACK)).days)
        runs_of_days = [row["runs"] for row in self.durations_by_day if is_of(workflow, row)]
        times = 1 + before / len(period.days)
        days, runs = times * len(runs_of_days), times * sum(runs_of_days)
        return days >= DAYS_OF_FEW_RUNS or (days >= DAYS_OF_A_SHIFT and runs >= RUNS_OF_A_SHIFT)

    @property
    def speedable(self) -> list[Row]:
        """The jobs that make runs end late, in workflows that still run; empty if not asked."""
        return [row for row in self.running(self.critical_jobs or []) if row["gain_hours"]]

    @property
    def lost_firsts(self) -> str:
        """Which first attempts sums of jobs lack for good; empty while some can still be fetched.

        Those that can still be fetched belong to the coverage.
        """
        return "" if self.of_jobs.pending_attempts else self.missing_firsts

    @property
    def is_free(self) -> bool:
        """Whether jobs ran and all are known to be free; a job without a price may cost money."""
        jobs = known_sum(self.runners, "jobs")
        return bool(jobs) and jobs == known_sum(self.runners, "free_jobs")

    @property
    def costs_by_workflow(self) -> list[Row]:
        """The cost of each workflow's runners, now and before; the most expensive first."""
        made = _costs_by(("workflow_id", "workflow"), self.runner_cost)
        for row in made:
            if not self.are_jobs_comparable:
                row["list_cost_usd_before"] = None
        return sorted(made, key=lambda row: (-(row["list_cost_usd"] or -1), row["workflow"]))

    @property
    def wasted(self) -> list[Row]:
        """Minutes wasted by reason, the most first; without reasons that wasted none."""
        return _by_reason(self.wasted_minutes)

    @property
    def still_wasted(self) -> list[Row]:
        """The same, of the workflows that still run."""
        return _by_reason(self.running(self.wasted_minutes))

    @property
    def page(self) -> str | None:
        """The address of the repository on GitHub. None if GitHub allows no such name."""
        return repository_page(self.api_host, self.repository)


@dataclass(frozen=True)
class Report:
    """What is shown of all requested repositories, as of `now`; `concerns` are about them all.

    `llm_phases` are the LLM calls in no stored run. `unwatched` are the
    names of the repositories that are left out because no ingest is expected of them any more.
    """

    now: datetime
    period: Period
    repositories: list[RepositoryReport]
    concerns: list[Concern]
    llm_phases: list[Row]
    unwatched: Sequence[str] = ()

    @property
    def left_out(self) -> str:
        """Which stored repositories it leaves out, as a sentence; empty if it has all of them."""
        text = unwatched_text(self.unwatched)
        return f"{text[0].upper()}{text[1:]}." if text else ""

    @property
    def nothing(self) -> str:
        """The sentence in place of its repositories if it has none."""
        return f"No repository {'is watched' if self.unwatched else 'has been ingested yet'}."


def _by_reason(rows: Sequence[Row]) -> list[Row]:
    sums = {reason: known_sum(rows, f"{reason}_minutes") or 0 for reason in WASTED_BY}
    found = [{"reason": reason, "minutes": sums[reason]} for reason in sums if sums[reason]]
    return sorted(found, key=lambda row: -row["minutes"])


def _costs_by(keys: Sequence[str], rows: Sequence[Row]) -> list[Row]:
    """Return the sums of COSTS over the rows that have the same values of these columns."""
    groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        groups[tuple(row[key] for key in keys)].append(row)
    return [
        {
            **dict(zip(keys, values, strict=True)),
            **{column: known_sum(group, column) for column in COSTS},
        }
        for values, group in groups.items()
    ]


def is_of(workflow: Row, row: Row) -> bool:
    """Whether both rows are about the same workflow on the same kind of branch."""
    columns = ("workflow_id", "workflow", "branch_class")
    return all(workflow[column] == row[column] for column in columns)
