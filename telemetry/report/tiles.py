"""The headline figures of a report, each with its change against the equally long period before.

A change is called better or worse only where it is more than chance would make of it, and never
for how much there was: more runs are neither.
"""

from dataclasses import dataclass

from telemetry.report.data import RepositoryReport
from telemetry.report.figures import (
    UNKNOWN,
    Interval,
    Row,
    change,
    count,
    differ,
    dollars,
    duration,
    known_sum,
    minutes,
    percent,
    points,
    share_of,
    shift_of,
    wilson,
)
from telemetry.terminal import counted

NOTHING_BEFORE = "nothing before to compare with"
NO_CLEAR_CHANGE = "no clear change"


def why_no_change(report: RepositoryReport) -> str | None:
    """Why no change is given, and what to do. None where changes are given."""
    if report.before is not None:
        return None
    since = report.period.before.since.date()
    return (
        "No change is given, because this period and the equally long one before it were not both "
        f"listed whole; to list them: make ingest SINCE={since}"
    )


@dataclass(frozen=True)
class Tile:
    """A figure; `change` in words, `kind` better or worse, None where neither can be said."""

    name: str
    figure: str
    change: str
    kind: str | None = None


def tiles(report: RepositoryReport) -> list[Tile]:
    """The figures of the period, those of outcomes first."""
    now, before = report.totals, report.before
    return [
        _runs(now, before),
        _share("green at the first attempt", "succeeded", "decided", now, before, more_is=1),
        _share(
            "green in the end", "succeeded_in_the_end", "decided_in_the_end", now, before, more_is=1
        ),
        _share("runs that were re-run", "rerun", "seen", now, before, more_is=-1),
        _median("time to signal (median)", "signal", now, before),
        *(
            _of_jobs(report, tile)
            for tile in (
                _median("wait for a runner (median)", "queue", now, before),
                _wasted(report),
                _runner_cost(report),
            )
        ),
        *_model_cost(report),
    ]


def _of_jobs(report: RepositoryReport, tile: Tile) -> Tile:
    """A figure of jobs with its coverage, and without its value where that would mislead."""
    coverage = report.of_jobs
    if coverage.is_whole:
        return tile
    if coverage.is_misleading:
        return Tile(tile.name, UNKNOWN, str(coverage))
    return Tile(tile.name, tile.figure, f"{tile.change}; {coverage}")


def _runs(now: Row, before: Row | None) -> Tile:
    if before is None:
        return Tile("runs", count(now["runs"]), NOTHING_BEFORE)
    words = f"{count(before['runs'])} before"
    if before["runs"]:
        words = f"{change(shift_of(now['runs'], before['runs']))}, {words}"
    return Tile("runs", count(now["runs"]), words)


def _share(name: str, part: str, whole: str, now: Row, before: Row | None, more_is: int) -> Tile:
    """A percentage; `more_is` 1 where more of it is better, -1 where it is worse."""
    value = share_of(now[part], now[whole])
    if value is None:
        return Tile(name, UNKNOWN, "no run of this period tells")
    previous = None if before is None else share_of(before[part], before[whole])
    if before is None or previous is None:
        return Tile(name, percent(value), NOTHING_BEFORE)
    rise = value - previous
    is_clear = differ(wilson(now[part], now[whole]), wilson(before[part], before[whole]))
    return _compared(name, percent(value), points(rise), is_clear, rise * more_is)


def _median(name: str, prefix: str, now: Row, before: Row | None) -> Tile:
    value = now[f"{prefix}_p50_seconds"]
    previous = None if before is None else before[f"{prefix}_p50_seconds"]
    if value is None or before is None or previous is None:
        return Tile(name, duration(value), NOTHING_BEFORE if value is not None else "none known")
    is_clear = differ(_interval(now, prefix), _interval(before, prefix))
    words = f"{duration(previous)} before"
    return _compared(name, duration(value), words, is_clear, previous - value)


def _compared(name: str, figure: str, words: str, is_clear: bool, gain: float) -> Tile:
    if not is_clear:
        return Tile(name, figure, f"{words}, {NO_CLEAR_CHANGE}")
    return Tile(name, figure, words, "better" if gain > 0 else "worse")


def _interval(totals: Row, prefix: str) -> Interval | None:
    low, high = totals[f"{prefix}_low_seconds"], totals[f"{prefix}_high_seconds"]
    return None if low is None or high is None else (float(low), float(high))


def _wasted(report: RepositoryReport) -> Tile:
    name, ran = "of runner minutes wasted", report.totals["job_minutes"]
    if not ran:
        return Tile(name, UNKNOWN, "no job with its times is stored")
    wasted = known_sum(report.wasted, "minutes") or 0
    return Tile(name, percent(share_of(wasted, ran)), f"{minutes(wasted)} of {minutes(ran)}")


def _runner_cost(report: RepositoryReport) -> Tile:
    unpriced = sum(row["unpriced_jobs"] for row in report.runners)
    words = "list price, before included minutes"
    if unpriced:
        words += f"; without {counted(unpriced, 'job')} that have none"
    return Tile("cost of runners", dollars(known_sum(report.runners, "list_cost_usd")), words)


def _model_cost(report: RepositoryReport) -> list[Tile]:
    """None where no call is known to be of a run."""
    phases = [row for row in report.llm_phases if row["is_of_a_run"]]
    if not phases:
        return []
    words = f"{counted(sum(row['calls'] for row in phases), 'call')} in these runs"
    unpriced = sum(row["unpriced"] for row in phases)
    if unpriced:
        words += f"; without {counted(unpriced, 'record')} of unknown cost"
    return [Tile("cost of language models", dollars(known_sum(phases, "cost_usd")), words)]
