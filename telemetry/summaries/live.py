"""The lines of `make watch`: one for each attempt that has ended."""

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any

from telemetry import counted
from telemetry.report.figures import duration
from telemetry.terminal import Name, plain


def ended_line(row: Mapping[str, Any], zone: tzinfo, *, is_one_of_many: bool = False) -> str:
    """Return when an attempt ended, what it was, how it ended, how long it took, and its cost.

    `row` is one of sql/runs/finished_runs.sql. The repository is named if it is one of many.
    """
    ended_at = row["completed_at"]
    attempt = f" (attempt {row['run_attempt']})" if row["run_attempt"] > 1 else ""
    parts = [
        f"{ended_at.astimezone(zone):%H:%M:%S}" if ended_at else "--:--:--",
        *([str(Name(row["repository"]))] if is_one_of_many else []),
        str(Name(row["workflow"] or "unnamed")),
        str(Name(row["branch"] or row["event_type"] or "")),
        f"{row['conclusion']}{attempt}",
        _duration(row),
        _cost(row),
        row["html_url"] or "",
    ]
    return plain("  ".join(part for part in parts if part))


def watched_text(seconds: float, ended: int, requests: int, free: int) -> str:
    """Return what a watch did, when it ends; `free` requests were not charged."""
    return (
        f"watched for {duration(seconds)}: {counted(ended, 'attempt')} ended; "
        f"{counted(requests, 'request')}, {free:,} free"
    )


def _duration(row: Mapping[str, Any]) -> str:
    seconds, usual = row["duration_seconds"], row["usual_seconds"]
    if seconds is None:
        return "duration unknown"
    if usual is None:
        return f"{duration(seconds)} (no median yet)"
    change = f", {100 * (seconds - usual) / usual:+.0f} %" if usual else ""
    return f"{duration(seconds)} (median {duration(usual)}{change})"


def _cost(row: Mapping[str, Any]) -> str:
    if not row["has_jobs"]:
        return "cost unknown: jobs not stored"
    cost = row["list_cost_usd"]
    return "cost unknown: a job without a price or a length" if cost is None else f"${cost:.4f}"
