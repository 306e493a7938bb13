"""The tables of a report: the columns of each, drawn alike as HTML and as Markdown."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from telemetry import counted
from telemetry.report.figures import (
    BRANCHES,
    UNKNOWN,
    Row,
    about,
    count,
    day,
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


class Table:
    """The columns of a table, numbers last, and the plural noun for its rows."""

    def __init__(self, rows_are: str, *columns: Column) -> None:
        self.rows_are = rows_are
        self.columns = columns
        self.headings = [column.heading for column in columns]
        self.numbers = sum(column.is_number for column in columns)


def job_of(row: Row) -> Sentence:
    """Return workflow, job and, if the row has one, step."""
    keys = [key for key in ("workflow", "job", "step") if key in row]
    names: Sentence = (Name(row[keys[0]] or UNKNOWN),)
    for key in keys[1:]:
        names += (" · ", Name(row[key] or UNKNOWN))
    return names


def label_of(row: Row) -> str:
    """Return workflow, job and, if the row has one, step, for a bar."""
    step = [row["step"] or "no step in particular"] if "step" in row else []
    return " · ".join(map(str, [row["workflow"], row["job"], *step]))


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
    return (UNKNOWN,) if at is None else (day(at), " ", Name((row["last_green_sha"] or "")[:7]))


def _mended(row: Row) -> Sentence:
    """By whom and by which commit a red workflow was fixed."""
    if row["recovered_at"] is None:
        return (UNKNOWN,)
    what = "a re-run" if row["is_recovered_by_rerun"] else (row["mended_sha"] or UNKNOWN)[:7]
    by: Sentence = (Name(row["mended_by"]), ", ") if row["mended_by"] else ()
    return (*by, Name(what))


def _figure(heading: str, written: Callable[[Any], str], key: str = "") -> Column:
    """A column of figures; its key is the heading if it is not given."""
    return Column(heading, lambda row: (written(row[key or heading]),))


def _named(heading: str, key: str) -> Column:
    return Column(heading, lambda row: (Name(row[key] or UNKNOWN),), is_number=False)


def _ended(heading: str, key: str) -> Column:
    """A time to the end of runs, which is GitHub's last change if their jobs are not stored."""
    return Column(heading, lambda row: (about(duration(row[key]), row["estimated"]),))


P50, P95 = _figure("p50", duration, "p50_seconds"), _figure("p95", duration, "p95_seconds")

# A workflow has a row for each kind of branch.
WORKFLOWS = Table(
    "rows",
    Column(
        "workflow",
        lambda row: (Name(row["workflow"]), f" {BRANCHES[row['branch_class']]}"),
        is_number=False,
    ),
    _figure("runs", count),
    Column(
        "green first",
        lambda row: (about(percent(row["first_time_percent"]), row["first_missing"]),),
    ),
    _figure("green in the end", percent, "in_the_end_percent"),
    _figure("re-run", count, "rerun"),
    _ended("p50", "p50_seconds"),
    _ended("p95", "p95_seconds"),
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
    Column("flaky job", flaky_of, is_number=False),
    _figure("flaky commits", count, "flaky_commits"),
    _figure("of commits", count, "commits"),
    _figure("share", percent, "flaky_percent"),
    _figure("failures", count),
    _figure("took", minutes, "failed_minutes"),
    Column("last seen", lambda row: (minute(row["last_created_at"]),), address="html_url"),
)
INCIDENTS = Table(
    "incidents",
    _named("default branch", "workflow"),
    Column("red since", lambda row: (minute(row["red_at"]),), address="html_url"),
    Column(
        "green again",
        lambda row: (minute(row["recovered_at"]) if row["recovered_at"] else "still red",),
    ),
    _figure("for", duration, "seconds"),
    _figure("failed runs", count, "red_runs"),
    Column("last green", _last_green, address="last_green_url"),
    Column("fixed by", _mended, address="mended_url"),
)
FAILING_STEPS = Table(
    "steps",
    Column("step", job_of, is_number=False),
    _figure("failures", count),
    _figure("broke the run", count, "broke_the_run"),
    _figure("commits", count),
    _figure("green after a re-run", count, "green_later"),
    Column("latest", lambda row: (str(row["last_day"]),), address="html_url"),
)
SLOWEST_JOBS = Table(
    "jobs",
    Column("job by total time", job_of, is_number=False),
    _figure("times", count, "jobs"),
    P50,
    P95,
    _figure("in all", minutes, "total_minutes"),
)
QUEUES = Table(
    "labels",
    Column(
        "waiting for runners of",
        lambda row: (Name(row["runner_label"] or "no label"),),
        is_number=False,
    ),
    _figure("jobs", count),
    P50,
    P95,
    _figure("over a minute", count, "over_a_minute"),
)
RUN = Table(
    "jobs",
    _named("job", "job"),
    _figure("waited", duration, "queue_seconds"),
    _figure("started after", duration, "started_seconds"),
    _figure("ran", duration, "job_seconds"),
)
RUNNERS = Table(
    "kinds of runner",
    Column("runner", lambda row: (Name(runner_of(row)),), is_number=False),
    _figure("jobs", count),
    _figure("minutes", count),
    _figure("list price", dollars, "list_cost_usd"),
    _figure("without a price", count, "unpriced_jobs"),
    _figure("without a length", count, "unmeasured_jobs"),
)
WORKFLOW_COSTS = Table(
    "workflows",
    _named("workflow by cost", "workflow"),
    _figure("jobs", count),
    _figure("minutes", count),
    _figure("list price", dollars, "list_cost_usd"),
    _figure("before", dollars, "list_cost_usd_before"),
)
PHASES = Table(
    "phases",
    Column("phase of LLM calls", lambda row: (Name(phase_of(row)),), is_number=False),
    _figure("calls", count),
    _figure("failed", count),
    _figure("p50", duration, "p50_seconds"),
    _figure("cost", dollars, "cost_usd"),
    _figure("at least", dollars, "cost_low_usd"),
    _figure("at most", dollars, "cost_high_usd"),
    _figure("of unknown cost", count, "unpriced"),
)
CRITICAL_JOBS = Table(
    "jobs",
    Column("job that runs wait for", job_of, is_number=False),
    _figure("runs", count),
    _figure("on the path", percent, "on_path_percent"),
    _figure("sooner, p50", duration, "gain_p50_seconds"),
    Column("after pushes", lambda row: (minutes(60 * row["push_gain_hours"]),)),
    Column("sooner in all", lambda row: (minutes(60 * row["gain_hours"]),)),
)
PULL_REQUESTS = Table(
    "pull requests",
    _named("head of the pull request", "head"),
    Column("actor", lambda row: (row["actor_kind"],), False),
    Column("state", lambda row: (row["state"],), False),
    _figure("commits", count),
    _figure("re-runs", count, "reruns"),
    _figure("runners", dollars, "list_cost_usd"),
    _figure("LLM", dollars, "llm_cost_usd"),
    _figure("in all", dollars, "cost_usd"),
)
CAUSES = Table(
    "causes",
    Column("cause", lambda row: (row["cause"],), is_number=False),
    _named("most often", "most_often_job"),
    _figure("failures", count),
    _figure("share", percent, "share_percent"),
    _figure("run again", count, "run_again"),
    _figure("then green", percent, "green_again_percent"),
    _figure("cost", dollars, "list_cost_usd"),
)
QUARANTINE = Table(
    "jobs",
    Column("job to remove from the required checks", job_of, is_number=False),
    _figure("flaky commits", count, "flaky_commits"),
    _figure("failures", count),
    _figure("green when run again", percent, "green_again_percent"),
    _figure("cost of flaky ones", dollars, "failed_cost_usd"),
    _figure("of re-runs", dollars, "rerun_cost_usd"),
)
KINDS_OF_COST = {"runners": "runners", "llm": "LLM calls"}
FORECASTS = Table(
    "kinds of cost",
    Column("cost of", lambda row: (KINDS_OF_COST[row["kind"]],), is_number=False),
    _figure("spent", dollars, "spent_usd"),
    _figure("by the end", dollars, "forecast_usd"),
    _figure("at least", dollars, "low_usd"),
    _figure("at most", dollars, "high_usd"),
    _figure("of unknown cost", count, "unpriced"),
)
