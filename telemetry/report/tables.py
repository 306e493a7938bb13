"""The tables of a report: the columns of each, drawn alike as HTML and as Markdown."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from telemetry import counted
from telemetry.report.figures import (
    BRANCHES,
    UNKNOWN,
    Row,
    about,
    count,
    dollars,
    duration,
    minute,
    minutes,
    percent,
)
from telemetry.terminal import Name, Sentence


@dataclass(frozen=True)
class Column:
    """A column: its heading, its value in a row, and whether it is a right-aligned number.

    `address` is the name of the row's column with the address to link to; "" for no link.
    """

    heading: str
    text: Callable[[Row], Sentence]
    is_number: bool = True
    address: str = ""


@dataclass(frozen=True)
class Table:
    """The columns of a table, numbers last, and the plural noun for its rows."""

    rows_are: str
    columns: tuple[Column, ...]

    @property
    def numbers(self) -> int:
        """The number of right-aligned columns at the end."""
        return sum(column.is_number for column in self.columns)

    @property
    def headings(self) -> list[str]:
        """The headings of all columns."""
        return [column.heading for column in self.columns]


def job_of(row: Row) -> Sentence:
    """Return workflow, job and, if the row has one, step."""
    keys = [key for key in ("workflow", "job", "step") if key in row]
    names: Sentence = (Name(row[keys[0]] or UNKNOWN),)
    for key in keys[1:]:
        names += (" · ", Name(row[key] or UNKNOWN))
    return names


def flaky_of(row: Row) -> Sentence:
    """Return a flaky job and, for a matrix, its members that failed."""
    if row["members"] < 2:
        return job_of(row)
    more = ", …" if row["members"] > 5 else ""
    named: Sentence = (" (", Name(row["member_names"]), f"{more})")
    return job_of(row) + named


def runner_of(row: Row) -> str:
    """Return a kind of runner in words."""
    if row["sku"] == "self_hosted":
        return "own runners, not billed by GitHub"
    return row["sku"] or f"no price known: {row['label'] or 'no label'}"


def phase_of(row: Row) -> str:
    """Return a phase of LLM calls in words."""
    phase = row["phase"] or "no phase"
    return phase if row["is_of_a_run"] else f"{phase} (in no run that is stored)"


def _last_green(row: Row) -> Sentence:
    at = row["last_green_at"]
    return (UNKNOWN,) if at is None else (minute(at), " ", Name((row["last_green_sha"] or "")[:7]))


def _mended(row: Row) -> Sentence:
    """By whom and by which commit a red workflow was fixed."""
    if row["recovered_at"] is None:
        return (UNKNOWN,)
    what = "a re-run" if row["is_recovered_by_rerun"] else (row["mended_sha"] or UNKNOWN)[:7]
    return (Name(row["mended_by"] or UNKNOWN), ", ", Name(what))


def _counted(heading: str, key: str) -> Column:
    return Column(heading, lambda row: (count(row[key]),))


def _lasting(heading: str, key: str) -> Column:
    return Column(heading, lambda row: (duration(row[key]),))


def _summed(heading: str, key: str) -> Column:
    return Column(heading, lambda row: (minutes(row[key]),))


def _ended(heading: str, key: str) -> Column:
    """A time to the end of runs, which is GitHub's last change if their jobs are not stored."""
    return Column(heading, lambda row: (about(duration(row[key]), row["estimated"]),))


def _shared(heading: str, key: str) -> Column:
    return Column(heading, lambda row: (percent(row[key]),))


def _costing(heading: str, key: str) -> Column:
    return Column(heading, lambda row: (dollars(row[key]),))


def _latency(row: Row) -> Sentence:
    return (UNKNOWN if row["p50_seconds"] is None else f"{row['p50_seconds']} s",)


P50, P95 = _lasting("p50", "p50_seconds"), _lasting("p95", "p95_seconds")

WORKFLOWS = Table(
    "workflows",
    (
        Column(
            "workflow",
            lambda row: (Name(row["workflow"]), f" {BRANCHES[row['branch_class']]}"),
            is_number=False,
        ),
        _counted("runs", "runs"),
        Column(
            "green first",
            lambda row: (about(percent(row["first_time_percent"]), row["first_missing"]),),
        ),
        _shared("green in the end", "in_the_end_percent"),
        _counted("re-run", "rerun"),
        _ended("p50", "p50_seconds"),
        _ended("p95", "p95_seconds"),
    ),
)


def meaning_of_about(workflows: Sequence[Row]) -> str:
    """Return what the mark of estimates in WORKFLOWS means there; empty if there is none."""
    runs, firsts = (sum(row[key] for row in workflows) for key in ("estimated", "first_missing"))
    said = []
    if runs:
        lack = "the end of runs whose jobs are not stored is GitHub's last change"
        said.append(f"{lack}, which may be too late ({counted(runs, 'run')})")
    if firsts:
        lack = "rates leave out re-run runs whose first attempt is not stored"
        said.append(f"{lack}, and usually failed ({counted(firsts, 'run')})")
    return f"≈: an estimate; {'; '.join(said)}." if said else ""


FLAKY_JOBS = Table(
    "flaky jobs",
    (
        Column("flaky job", flaky_of, is_number=False),
        _counted("flaky commits", "flaky_commits"),
        _counted("of commits", "commits"),
        _shared("share", "flaky_percent"),
        _counted("failures", "failures"),
        _summed("took", "failed_minutes"),
        Column("last seen", lambda row: (minute(row["last_created_at"]),), address="html_url"),
    ),
)
INCIDENTS = Table(
    "incidents",
    (
        Column("default branch", lambda row: (Name(row["workflow"]),), is_number=False),
        Column("red since", lambda row: (minute(row["red_at"]),), address="html_url"),
        Column(
            "green again",
            lambda row: (minute(row["recovered_at"]) if row["recovered_at"] else "still red",),
        ),
        _lasting("for", "seconds"),
        _counted("failed runs", "red_runs"),
        Column("last green", _last_green, address="last_green_url"),
        Column("fixed by", _mended, address="mended_url"),
    ),
)
FAILING_STEPS = Table(
    "steps",
    (
        Column("step", job_of, is_number=False),
        _counted("failures", "failures"),
        _counted("commits", "commits"),
        _counted("green after a re-run", "green_later"),
        Column("latest", lambda row: (str(row["last_day"]),), address="html_url"),
    ),
)
SLOWEST_JOBS = Table(
    "jobs",
    (
        Column("job by total time", job_of, is_number=False),
        _counted("times", "jobs"),
        P50,
        P95,
        _summed("in all", "total_minutes"),
    ),
)
QUEUES = Table(
    "labels",
    (
        Column(
            "waiting for runners of",
            lambda row: (Name(row["runner_label"] or "no label"),),
            is_number=False,
        ),
        _counted("jobs", "jobs"),
        P50,
        P95,
        _counted("over a minute", "over_a_minute"),
    ),
)
RUN = Table(
    "jobs",
    (
        Column("job", lambda row: (Name(row["job"]),), is_number=False),
        _lasting("waited", "queue_seconds"),
        _lasting("started after", "started_seconds"),
        _lasting("ran", "job_seconds"),
    ),
)
RUNNERS = Table(
    "kinds of runner",
    (
        Column("runner", lambda row: (Name(runner_of(row)),), is_number=False),
        _counted("jobs", "jobs"),
        _counted("minutes", "minutes"),
        _costing("list price", "list_cost_usd"),
        _counted("without a price", "unpriced_jobs"),
        _counted("without a length", "unmeasured_jobs"),
    ),
)
WORKFLOW_COSTS = Table(
    "workflows",
    (
        Column("workflow by cost", lambda row: (Name(row["workflow"]),), is_number=False),
        _counted("jobs", "jobs"),
        _counted("minutes", "minutes"),
        _costing("list price", "list_cost_usd"),
        _costing("before", "list_cost_usd_before"),
    ),
)
PHASES = Table(
    "phases",
    (
        Column("phase of language models", lambda row: (Name(phase_of(row)),), is_number=False),
        _counted("calls", "calls"),
        _counted("failed", "failed"),
        Column("p50", _latency),
        _costing("cost", "cost_usd"),
        _costing("at least", "cost_low_usd"),
        _costing("at most", "cost_high_usd"),
        _counted("without a price", "unpriced"),
    ),
)
CRITICAL_JOBS = Table(
    "jobs",
    (
        Column("job that runs wait for", job_of, is_number=False),
        _counted("runs", "runs"),
        _shared("on the path", "on_path_percent"),
        _lasting("sooner, p50", "gain_p50_seconds"),
        Column("sooner in all", lambda row: (minutes(60 * row["gain_hours"]),)),
    ),
)
PULL_REQUESTS = Table(
    "pull requests",
    (
        Column("branch of the pull request", lambda row: (Name(row["branch"] or UNKNOWN),), False),
        Column("actor", lambda row: (row["actor_kind"],), False),
        Column("state", lambda row: (row["state"],), False),
        _counted("commits", "commits"),
        _counted("re-runs", "reruns"),
        _costing("runners", "list_cost_usd"),
        _costing("LLM", "llm_cost_usd"),
        _costing("in all", "cost_usd"),
    ),
)
CAUSES = Table(
    "causes",
    (
        Column("cause", lambda row: (row["cause"],), is_number=False),
        Column(
            "most often", lambda row: (Name(row["most_often_job"] or UNKNOWN),), is_number=False
        ),
        _counted("failures", "failures"),
        _shared("share", "share_percent"),
        _counted("run again", "run_again"),
        _shared("then green", "green_again_percent"),
        _costing("cost", "list_cost_usd"),
    ),
)
QUARANTINE = Table(
    "jobs",
    (
        Column("job to remove from the required checks", job_of, is_number=False),
        _counted("flaky commits", "flaky_commits"),
        _counted("failures", "failures"),
        _shared("green when run again", "green_again_percent"),
        _costing("cost of failures", "failed_cost_usd"),
        _costing("of re-runs", "rerun_cost_usd"),
    ),
)
KINDS_OF_COST = {"runners": "runners", "llm": "language models"}
FORECASTS = Table(
    "kinds of cost",
    (
        Column(
            "cost of",
            lambda row: (KINDS_OF_COST[row["kind"]],),
            is_number=False,
        ),
        _costing("spent", "spent_usd"),
        _costing("by the end", "forecast_usd"),
        _costing("at least", "low_usd"),
        _costing("at most", "high_usd"),
        _counted("without a price", "unpriced"),
    ),
)
