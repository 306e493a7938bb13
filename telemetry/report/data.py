"""Everything that a report shows of a repository, read from the database once.

Each figure is the answer to a question of sql/analysis/, asked about one repository and period.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from telemetry import counted, in_words
from telemetry.database.checks import Checked
from telemetry.database.concerns import Concern
from telemetry.database.connection import Connection
from telemetry.database.coverage import Coverage, coverage_of, is_listed
from telemetry.database.questions import Answer, ask, find_repositories, in_zone
from telemetry.database.snapshot import asking, snapshot
from telemetry.database.status import Status, status
from telemetry.report.figures import Row, known_sum, minute
from telemetry.report.github_pages import repository_page
from telemetry.report.period import Period
from telemetry.terminal import shortened

# How much of an error, or of a name from others, helps the reader.
LONGEST_CONCERN = 400
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
)
# Where people wait for checks, first where they wait most.
WAITED_FOR = ("pull_request", "merge_queue", "default", "other")
WASTED_BY = ("rerun", "cancelled", "streak")
# A workflow that has not run for longer, while others did, blocks nobody.
LONGEST_PAUSE = timedelta(days=7)
NO_RUN = "No run of this period has ended, not counting those that were skipped."


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
    timeouts: list[Row]
    slowest_jobs: list[Row]
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
    def last_check(self) -> Row | None:
        """How long commits wait for their checks, where people wait most. None: not known."""
        known = {row["branch_class"]: row for row in self.time_to_last_check if row["commits"]}
        return next((known[each] for each in WAITED_FOR if each in known), None)

    def change_of(self, figure: str, branch_class: str | None = None) -> Row | None:
        """How a figure of the whole repository changed. None where it is not comparable."""
        if not (self.are_jobs_comparable if figure == "queue" else self.is_comparable):
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
        """How many workflows of the default branch are green; None where none is known to be."""
        of_default = {
            row["workflow_id"]
            for row in self.workflow_outcomes
            if row["branch_class"] == "default" and row["first_time_percent"] is not None
        }
        others = {row["workflow_id"] for row in (*self.red, *self.stalled_schedules)}
        return len(of_default - others) if of_default else None

    @property
    def stalled_schedules(self) -> list[Row]:
        """The schedules whose last runs were all cancelled."""
        return [row for row in self.stalled if row["kind"] == "schedule"]

    @property
    def runners(self) -> list[Row]:
        """The cost of runners by their kind, the most expensive first, all workflows together."""
        of_kind: dict[tuple[str | None, str | None], list[Row]] = defaultdict(list)
        for row in self.runner_cost:
            of_kind[row["sku"], row["label"]].append(row)
        made = [
            {"sku": sku, "label": label, **{column: known_sum(rows, column) for column in COSTS}}
            for (sku, label), rows in of_kind.items()
            if any(row["jobs"] for row in rows)
        ]
        return sorted(made, key=lambda row: -(row["list_cost_usd"] or -1))

    @property
    def without(self) -> str:
        """Which first attempts sums of jobs lack, because they are not stored; empty if all are."""
        missing = self.totals["first_missing"]
        return f"without the first attempt of {counted(missing, 'run')}" if missing else ""

    def slower_on(self, branch_class: str) -> Row | None:
        """The workflow on a kind of branch whose newest slowdown takes most; None without one."""
        shifts = [row for row in self.slowdowns if row["branch_class"] == branch_class]
        return max(shifts, key=lost_minutes, default=None)

    @property
    def slowdowns(self) -> list[Row]:
        """The workflows on kinds of branches that are slower than before their last change."""
        return [r for r in self.slower_or_faster if r["is_last"] and r["change_percent"] > 0]

    @property
    def lost(self) -> str:
        """Which first attempts sums of jobs lack for good; empty while some can still be fetched.

        Those that can still be fetched belong to the coverage.
        """
        return "" if self.of_jobs.missing_attempts else self.without

    @property
    def is_free(self) -> bool:
        """Whether jobs ran and all are known to be free; a job without a price may cost money."""
        jobs = known_sum(self.runners, "jobs")
        return bool(jobs) and jobs == known_sum(self.runners, "free_jobs")

    @property
    def costs_by_workflow(self) -> list[Row]:
        """The cost of each workflow's runners, now and before; the most expensive first."""
        of_workflow: dict[tuple[int | None, str], list[Row]] = defaultdict(list)
        for row in self.runner_cost:
            of_workflow[row["workflow_id"], row["workflow"]].append(row)
        made: list[Row] = [
            {"workflow": workflow, **{column: known_sum(rows, column) for column in COSTS}}
            for (_, workflow), rows in of_workflow.items()
        ]
        for row in made:
            if not self.are_jobs_comparable:
                row["list_cost_usd_before"] = None
        return sorted(made, key=lambda row: (-(row["list_cost_usd"] or -1), row["workflow"]))

    @property
    def wasted(self) -> list[Row]:
        """Minutes wasted by reason, the most first; without reasons that wasted none."""
        sums = {
            reason: known_sum(self.wasted_minutes, f"{reason}_minutes") or 0 for reason in WASTED_BY
        }
        found = [{"reason": reason, "minutes": sums[reason]} for reason in sums if sums[reason]]
        return sorted(found, key=lambda row: -row["minutes"])

    @property
    def page(self) -> str | None:
        """The address of the repository on GitHub. None where its name is none of GitHub's."""
        return repository_page(self.api_host, self.repository)


@dataclass(frozen=True)
class Report:
    """What is shown of all requested repositories, as of `now`; `concerns` are about them all.

    `llm_phases` are the calls of language models in no stored run.
    """

    now: datetime
    period: Period
    repositories: list[RepositoryReport]
    concerns: list[Concern]
    llm_phases: list[Row]


def lost_minutes(shift: Row) -> float:
    """Return by how many minutes all runs since a change took longer."""
    return float((shift["after_seconds"] - shift["before_seconds"]) * shift["after_runs"] / 60)


def is_of(workflow: Row, row: Row) -> bool:
    """Whether both rows are about the same workflow on the same kind of branch."""
    columns = ("workflow_id", "workflow", "branch_class")
    return all(workflow[column] == row[column] for column in columns)


# The questions whose answers are lists in RepositoryReport, by their names.
QUESTIONS = (
    "trend",
    "time_to_last_check",
    "workflow_outcomes",
    "durations_by_day",
    "outcomes_by_day",
    "flaky_jobs",
    "failing_steps",
    "incidents",
    "stalled",
    "timeouts",
    "slowest_jobs",
    "queue_times",
    "approvals",
    "wasted_minutes",
    "runner_cost",
    "busy_hours",
    "slowest_run",
    "llm_phases",
)
# Those whose statements are too long to be written into each page.
LONG_QUESTIONS = ("slower_or_faster", "failure_causes", "quarantine")
# Those that are asked about no more attempts, because a third of a report's time goes into them.
COSTLY_QUESTIONS = ("critical_jobs", "pull_request_costs", "forecast")
QUICK_QUESTIONS = ("totals", *QUESTIONS, *LONG_QUESTIONS)
MOST_ATTEMPTS = 20_000
# From this many attempts on, questions are asked over several connections at once.
MANY_ATTEMPTS = 2_000


def report(
    connection: Connection,
    of: Period,
    now: datetime,
    names: Sequence[str] = (),
    progress: Callable[[int, int, str], None] = lambda done, total, label: None,
) -> Report:
    """Read what a report of these repositories shows, of all in the database where none is named.

    `of` is its period, `now` is what ages are counted from. `progress` is called from several
    threads, with the number of answers. Changes nothing; raises UsageError where none of them is in
    the database, and psycopg.Error.
    """
    with snapshot(connection):
        wanted, missing = find_repositories(connection, names)
        wanted = [row for row in wanted if row["is_watched"] or names]
        scope = of.scope([row["repository_id"] for row in wanted])
        coverage = ask(connection, "coverage", scope)
        attempts = sum(row["attempts"] for row in coverage.rows)
        costly = COSTLY_QUESTIONS if attempts <= MOST_ATTEMPTS else ()
        questions = (*costly, *QUICK_QUESTIONS)  # the slowest begins first
        done = count(1)
        with asking(connection, at_once=attempts >= MANY_ATTEMPTS) as ask_for:
            asked = {"coverage before": ask_for("coverage", of.before.scope(scope.repository_ids))}
            for name in questions:
                asked[name] = ask_for(name, scope)
                asked[name].add_done_callback(
                    lambda answer: progress(next(done), len(questions), "questions")
                )
            found = status(
                connection, now=now, names=[row["repository"] for row in wanted if names]
            )
            answers = {name: _by_repository(answer.result()) for name, answer in asked.items()}
    answers["coverage"] = _by_repository(coverage)
    shared = [_shortened(concern) for concern in found.concerns if concern.repository is None]
    shared += [Concern("nothing is stored", "unknown", name) for name in missing]
    reports = [_repository_report(row, of, answers, found) for row in wanted]
    return Report(now.astimezone(of.time_zone), of, reports, shared, answers["llm_phases"][None])


Rows = defaultdict[int | None, list[Row]]


def _by_repository(answer: Answer) -> Rows:
    """The rows of an answer by their repository; what is of none belongs to each of them.

    One question for all repositories takes a hundredth of the time of one for each of 300.
    """
    rows: Rows = defaultdict(list)
    for row in answer.rows:
        rows[row.get("repository_id")].append(dict(row))
    shared = rows[None]
    for repository_id in answer.scope.repository_ids or ():
        rows[repository_id] += shared
    return rows


def _repository_report(
    repository: Row, of: Period, answers: Mapping[str, Rows], found: Status
) -> RepositoryReport:
    repository_id = repository["repository_id"]
    stored, proof = (_of_id(repository_id, rows) for rows in (found.repositories, found.proof))
    lists: Any = dict.fromkeys(COSTLY_QUESTIONS)
    lists |= {question: rows[repository_id] for question, rows in answers.items()}
    (totals,), (coverage,), (before,) = (
        lists.pop(question) for question in ("totals", "coverage", "coverage before")
    )
    if lists["forecast"]:
        # Its rows are by name, because workflows and actors have some too.
        ours = ("repository", totals["repository"])
        lists["forecast"] = [r for r in lists["forecast"] if (r["subject"], r["name"]) == ours]
    lists["workflow_outcomes"].sort(key=lambda row: -row["runs"])
    is_all_listed = is_listed(coverage, of.until)
    is_comparable = is_all_listed and not before["unlisted_seconds"]
    # Saying what is missing is more useful than saying that something is.
    of_store = [
        _shortened(concern)
        for concern in found.concerns
        if concern.repository == totals["repository"] and (is_all_listed or concern.kind != "gap")
    ]
    return RepositoryReport(
        repository_id=repository_id,
        repository=totals["repository"],
        api_host=repository["api_host"],
        period=of,
        of_jobs=coverage_of([coverage]),
        is_listed=is_all_listed,
        is_comparable=is_comparable,
        are_jobs_comparable=is_comparable and coverage_of([coverage, before]).is_whole,
        totals=totals,
        **lists,
        rules=found.rules,
        stored=in_zone(stored, of.time_zone),
        proof=in_zone(proof, of.time_zone),
        concerns=of_store if is_all_listed else [_unlisted(coverage), *of_store],
    )


def _of_id(repository_id: int, rows: Sequence[Row]) -> Row:
    return next(row for row in rows if row["repository_id"] == repository_id)


def _unlisted(coverage: Row) -> Concern:
    name, first = coverage["repository"], coverage["unlisted_from"]
    text = (
        f"{in_words(coverage['unlisted_seconds'])} of this period were never listed "
        f"completely, the first from {minute(first)} on, so runs created then may be "
        f"missing from all figures; {coverage_of([coverage]).how_to('list them', [name], first)}"
    )
    return Concern(text, "period", name)


def _shortened(concern: Concern) -> Concern:
    name = concern.repository
    text = shortened(concern, LONGEST_CONCERN)
    return Concern(text.removeprefix(f"{name}: ") if name else text, concern.kind, name)
