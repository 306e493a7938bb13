"""The headline figures of a report, each with its change against the equally long period before.

Only sql/analysis/trend.sql calls a change better or worse; it compares like with like and rules out
chance. A change in volume is neither: more runs are not better or worse.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from operator import attrgetter, itemgetter

from telemetry import counted
from telemetry.report.approvals import is_held
from telemetry.report.data import RepositoryReport
from telemetry.report.figures import (
    BRANCHES,
    UNKNOWN,
    Row,
    about,
    change,
    count,
    day,
    dollars,
    duration,
    known_sum,
    longer,
    minutes,
    percent,
    points,
    share_of,
    shift_of,
)
from telemetry.report.findings.slower import added, slowdowns, undone
from telemetry.terminal import Name

# In percent or points. If a change this large is unclear, the values vary too much.
LARGE_CHANGE = 10
# If fewer of the runs were decided, a rate says how many it counts.
LEAST_DECIDED = 0.9
NOTHING_BEFORE = "nothing before to compare with"
NOT_COMPARED = "change not known"
# Jobs whose cost is not simply their price, by column.
KINDS_OF_JOBS = {
    "unpriced_jobs": "without a price not included",
    "unmeasured_jobs": "of unknown length not included",
    "free_jobs": "free",
    "assumed_private_jobs": "assumed to be of a private repository",
    "unsourced_jobs": "at a price that is not on GitHub's pages",
}


def why_no_change(report: RepositoryReport) -> str | None:
    """Return why no change is shown and what to do; None if changes are shown."""
    if report.is_comparable:
        return None
    advice = report.of_jobs.how_to_list("them", [report.repository])
    return (
        "No change is shown, because this period and the equally long one before it were not both "
        f"listed completely; {advice}"
    )


@dataclass(frozen=True)
class Tile:
    """A figure; `change` is in words, `kind` is better, worse or None if neither is known."""

    name: str
    figure: str
    change: str
    kind: str | None = None

    def also(self, words: str) -> "Tile":
        """The tile with more words."""
        return replace(self, change=f"{self.change}; {words}")

    def newly(self, words: str) -> "Tile":
        """The tile with what changed within the period, and with its own change only if clear.

        The period has the time before it too, so its median may show none.
        """
        return replace(self, change=f"{words}; {self.change}" if self.kind else words)


def tiles(report: RepositoryReport) -> list[Tile]:
    """Return the figures of the period; waiting times come first."""
    return [
        _last_check(report),
        _dated(report, _red(report)),
        _green_first(report),
        _share(
            report,
            "green in the end",
            "success in the end",
            "succeeded_in_the_end",
            "decided_in_the_end",
        ),
        _share(report, "runs that were re-run", "rerun", "rerun", "seen"),
        _runs(report),
        *(
            _of_jobs(report, tile)
            for tile in (_queue(report), _wasted(report), _runner_cost(report))
        ),
        *_model_cost(report),
    ]


def _of_jobs(report: RepositoryReport, tile: Tile) -> Tile:
    """Return a figure of jobs with its coverage, and without its value if it would mislead."""
    coverage = report.of_jobs
    if report.lost_firsts and tile.figure != UNKNOWN:
        tile = tile.also(report.lost_firsts)
    if coverage.is_whole:
        return tile
    if coverage.is_misleading:
        return Tile(tile.name, UNKNOWN, str(coverage))
    return tile.also(coverage.in_short)


def _last_check(report: RepositoryReport) -> Tile:
    """Return how long a commit waits for its checks, on the branches where people wait most."""
    row = report.last_check
    if row is None:
        known = report.time_to_last_check
        why = "no commit with all checks is known" if known else "no push started a check"
        return Tile("push to last check (median)", UNKNOWN, why)
    tile = _changed(
        report,
        f"push to last check, {BRANCHES[row['branch_class']]} (median)",
        "time of a commit",
        row["p50_seconds"],
        row["branch_class"],
    )
    if newly := _newly(report, row["branch_class"]):
        tile = tile.newly(newly)
    elif (changes := undone(report)) and changes[1]["branch_class"] == row["branch_class"]:
        since = f"{Name(changes[1]['workflow'])} as before since {day(changes[1]['changed_on'])}"
        tile = tile.also(since)
    if new := added(report):
        takes = about(duration(new["p50_seconds"]), new["estimated"])
        words = f"without {Name(new['workflow'])}, which is new and takes {takes}"
        tile = tile.also(words)
    compared = report.change_of("time of a commit", row["branch_class"])
    if compared and 2 * compared["runs"] < row["commits"]:
        part = f"{count(compared['runs'])} of {counted(row['commits'], 'commit')}"
        tile = tile.also(f"this compares {part}: none before had the checks of the others")
    tile = _with_p90(tile, row["p90_seconds"])
    held = sum(each["jobs"] for each in report.approvals
               if each["branch_class"] == row["branch_class"])  # fmt: skip
    if held:
        waited = f"{counted(held, 'job')} waited for an approval or another run"
        tile = tile.also(waited)
    commits = row["commits"] + row["left_out"]
    if 10 * row["left_out"] > commits:
        part = f"{count(row['left_out'])} of {counted(commits, 'commit')}"
        why = "a check of theirs was cancelled, could not start, is not over or not stored"
        tile = tile.also(f"without {part}: {why}")
    if not row["estimated"]:
        return tile
    lack = f"the end of {counted(row['estimated'], 'commit')} is estimated: jobs are not stored"
    return replace(tile.also(lack), figure=about(tile.figure, 1))


def _newly(report: RepositoryReport, branch_class: str) -> str:
    """Return what got slower within the period, which the median of the whole hardly shows."""
    found = [each for each in slowdowns(report) if each.shift["branch_class"] == branch_class]
    if not found:
        return ""
    worst = max(found, key=attrgetter("lost_minutes"))
    shift, now = worst.shift, worst.now_seconds
    by = longer(now, shift["before_seconds"])
    return f"{Name(shift['workflow'])} {by} since {day(shift['changed_on'])}"


def _with_p90(tile: Tile, seconds: int | None) -> Tile:
    if seconds is None:
        return tile
    return tile.also(f"one in ten {duration(seconds)} or more")


def _dated(report: RepositoryReport, tile: Tile) -> Tile:
    """Return a figure about now with the time of the last list, if that is long ago."""
    return replace(tile, change=f"{tile.change};{report.as_of}") if report.as_of else tile


def _red(report: RepositoryReport) -> Tile:
    """Return what is red on the default branch now: workflows of pushes first, then others."""
    name = "red on the default branch"
    stopping = [row for row in report.red if report.blocks_merges(row)]
    others = len(report.red) - len(stopping)
    more = ""
    if report.cancelled_workflows:
        runs = "whose last runs were all cancelled"
        more = f"; and {counted(len(report.cancelled_workflows), 'workflow')} {runs}"
    if stopping:
        first = stopping[0]
        since = f"since {day(first['red_at'])}, for {duration(first['seconds'])}"
        idle = f"; and {counted(others, 'workflow')} that no push waits for" if others else ""
        words = f"{Name(first['workflow'])} {since}{idle}{more}"
        return Tile(name, counted(len(stopping), "workflow"), words)
    if report.green_workflows is None and not (others or more):
        return Tile(name, UNKNOWN, "no run on it has succeeded or failed")
    green = f"{counted(report.green_workflows or 0, 'workflow')} green"
    if others:
        return Tile(name, counted(others, "workflow"), f"that no push waits for; {green}{more}")
    return Tile(name, "nothing", f"{green}{more}")


def _runs(report: RepositoryReport) -> Tile:
    tile, totals = _run_count(report), report.totals
    waiting = totals["seen"] - report.runs
    if waiting <= 0:
        return tile
    words = f"{counted(waiting, 'more run')} {'waits' if waiting == 1 else 'wait'} for an approval"
    return tile.also(words)


def _run_count(report: RepositoryReport) -> Tile:
    now, before = report.runs, report.totals["runs_before"]
    if missing := report.totals["first_missing"]:
        words = f"the first attempt of {count(missing)} is not stored"
        return Tile("runs", count(now), words)
    if not report.is_comparable:
        return Tile("runs", count(now), NOT_COMPARED)
    words = f"{count(before)} before"
    if before:
        words = f"{change(shift_of(now, before))}, {words}"
    return Tile("runs", count(now), words)


def _share(report: RepositoryReport, name: str, figure: str, part: str, whole: str) -> Tile:
    value = share_of(report.totals[part], report.totals[whole])
    if value is None:
        return Tile(name, UNKNOWN, "not known from runs of this period")
    tile = replace(_changed(report, name, figure, None), figure=percent(value))
    if report.totals[whole] >= LEAST_DECIDED * report.totals["seen"]:
        return tile
    of = f"of the {counted(report.totals[whole], 'run')} that succeeded or failed"
    return replace(tile, change=f"{of}; {tile.change}")


def _green_first(report: RepositoryReport) -> Tile:
    """Return the rate of first attempts, or its bounds where some of these are not stored."""
    name, totals = "green at the first attempt", report.totals
    missing = totals["first_missing"]
    if not missing:
        return _share(report, name, "success", "succeeded", "decided")
    whole = totals["decided"] + missing
    low, high = (share_of(totals["succeeded"] + more, whole) for more in (0, missing))
    lack = f"the first attempt of {counted(missing, 'run')} is not stored; usually it failed"
    return Tile(name, f"{percent(low)} to {percent(high)}", lack)


def _changed(
    report: RepositoryReport,
    name: str,
    figure: str,
    seconds: int | None,
    branch_class: str | None = None,
) -> Tile:
    """Return a tile with its change, compared like for like."""
    row = report.change_of(figure, branch_class)
    shown = duration(seconds)
    if row is None:
        return Tile(name, shown, NOTHING_BEFORE if report.compares(figure) else NOT_COMPARED)
    by = points if figure in ("success", "success in the end", "rerun") else change
    words = f"{by(row['change'])} like for like"
    if row["change"] is None:
        words = f"{duration(row['before'])} before, like for like"
    if row["verdict"] in ("better", "worse"):
        return Tile(name, shown, words, row["verdict"])
    if row["verdict"] == "no clear change" and row["would_show"] is not None:
        words += f", no clear change ({by(row['would_show']).lstrip('+±')} or more would show)"
    elif row["verdict"] == "no clear change" and abs(row["change"] or 0) >= LARGE_CHANGE:
        words += ", no clear change: the values vary too much to tell"
    else:
        words += f", {row['verdict']}{' to judge' if 'few' in row['verdict'] else ''}"
    return Tile(name, shown, words)


def _queue(report: RepositoryReport) -> Tile:
    now = report.totals
    tile = _changed(report, "wait for a runner (median)", "queue", now["queue_p50_seconds"])
    waits = [each.shift for each in slowdowns(report) if each.shift["carried_by"] == "queue"]
    if unheld := [shift for shift in waits if not is_held(report, shift)]:
        worst = max(unheld, key=itemgetter("job_after_seconds"))
        tile = tile.newly(
            f"{Name(worst['job'])} of {Name(worst['workflow'])} "
            f"{duration(worst['job_after_seconds'])} since {day(worst['changed_on'])}"
        )
    return _with_p90(tile, now["queue_p90_seconds"])


def _wasted(report: RepositoryReport) -> Tile:
    name, ran = "runner minutes wasted", report.totals["job_minutes"]
    if ran is None:
        return Tile(name, UNKNOWN, "no job with known times ran")
    wasted = known_sum(report.wasted, "minutes") or 0
    return Tile(name, percent(share_of(wasted, ran)), f"{minutes(wasted)} of {minutes(ran)}")


def _runner_cost(report: RepositoryReport) -> Tile:
    cost = known_sum(report.runners, "list_cost_usd")
    before = known_sum(report.runner_cost, "list_cost_usd_before")
    name, words = "cost of runners", "list price, before included minutes"
    if not report.runners:
        return Tile(name, UNKNOWN, "no job ran")
    if report.is_free:
        return Tile(name, "free", _all_free(report.runners))
    if report.are_jobs_comparable and cost is not None and before is not None:
        lacking = unpriced_before(report.runner_cost)
        then = f"{dollars(before)} before{f' ({lacking})' if lacking else ''}"
        by = f"{change(shift_of(cost, before))}, " if before else ""
        words = f"{by}{then}; {words}"
    return Tile(name, dollars(cost), f"{words}{left_out_of_cost(report.runners)}")


def _all_free(runners: list[Row]) -> str:
    own = sum(row["jobs"] for row in runners if row["sku"] == "self_hosted")
    jobs = sum(row["jobs"] for row in runners)
    why = "GitHub bills none of them"
    if own:
        why = "on your own runners" if own == jobs else f"{count(own)} of them on your own runners"
    return f"{counted(jobs, 'job')}; {why}"


def left_out_of_cost(runners: list[Row]) -> str:
    """Return in words which jobs a cost excludes, or includes on an assumption."""
    sums = {words: sum(row[column] for row in runners) for column, words in KINDS_OF_JOBS.items()}
    return "".join(f"; {counted(jobs, 'job')} {words}" for words, jobs in sums.items() if jobs)


def unpriced_before(runners: Sequence[Row]) -> str:
    """Return in words which jobs the cost of the period before excludes; empty if none."""
    jobs = sum(row["unpriced_before"] for row in runners)
    return f"without {counted(jobs, 'job')} of unknown cost" if jobs else ""


def _model_cost(report: RepositoryReport) -> list[Tile]:
    """Return the cost of LLM calls; no tile if no call is known to belong to a run."""
    phases = [row for row in report.llm_phases if row["is_of_a_run"]]
    if not phases:
        return []
    words = f"{counted(sum(row['calls'] for row in phases), 'call')} in stored runs"
    low, high = known_sum(phases, "cost_low_usd"), known_sum(phases, "cost_high_usd")
    if dollars(low) != dollars(high):
        words += f"; {dollars(low)} to {dollars(high)}, because the logs lack some details"
    unpriced = sum(row["unpriced"] for row in phases)
    if unpriced:
        words += f"; without {counted(unpriced, 'call')} of unknown cost"
    return [Tile("cost of LLM calls", dollars(known_sum(phases, "cost_usd")), words)]
