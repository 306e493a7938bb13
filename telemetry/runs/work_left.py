"""The work that an ingest left, in words."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from telemetry import counted
from telemetry.database.connection import execute
from telemetry.runs.lists.windows import Span
from telemetry.runs.record import IngestLog

MOST_GAPS_NAMED = 3
# Requests that GitHub allows in an hour, without the tenth that is left to others.
WITHOUT_TOKEN, WITH_TOKEN = 60, 5_000
# Requests in a minute, with four in flight of half a second each.
REQUESTS_A_MINUTE = 480
A_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Left:
    """The work left, in words; None if nothing is left.

    `is_caught_up` means that only items that failed and await their next try are left.
    """

    problem: str | None = None
    is_caught_up: bool = False


def left_of_run(log: IngestLog) -> Left:
    """Return what is left of one run. No query is needed: the log counts the failures."""
    count = log.done.unanswered_items
    return Left(f"GitHub did not return {counted(count, 'item')}" if count else None)


def left_of_repository(log: IngestLog, unanswered: Sequence[str], gaps: Sequence[Span]) -> Left:
    """Return what is left of a repository: unanswered lists, gaps (newest first), and items."""
    key = {**log.key, "now": log.tools.now()}
    (row,) = execute(log.connection, "runs/work_left", key)
    said = [*unanswered]
    said += [f"{_gap(start, end)} still to list" for start, end in gaps[:MOST_GAPS_NAMED]]
    if row["attempts_to_fetch"]:
        said.append(f"earlier attempts still to fetch: {row['attempts_to_fetch']:,}")
    if row["runs_without_jobs"] and log.tools.wanted.jobs:
        limit = log.tools.client.rate_limit
        is_short = limit is not None and limit.limit <= WITHOUT_TOKEN
        done = log.done.runs_with_jobs
        runs = row["runs_without_jobs"]
        said.append(without_token(runs) if is_short else _jobs(runs, done))
    is_caught_up = not said
    if row["unanswered_items"]:
        said.append(
            f"GitHub did not return {counted(row['unanswered_items'], 'item')}; "
            f"the next try is due at {row['next_try_at']:%Y-%m-%d %H:%M} UTC"
        )
    return Left("; ".join(said) or None, is_caught_up)


def _gap(start: datetime, end: datetime) -> str:
    precision = "%Y-%m-%d %H:%M" if end - start >= A_MINUTE else "%Y-%m-%d %H:%M:%S"
    return f"runs created from {start:{precision}} to {end:{precision}} UTC"


def _jobs(runs: int, done: int) -> str:
    text = f"jobs of {counted(runs, 'run')} still to fetch"
    if done:
        ingests = math.ceil(runs / done)
        text += f", at this rate done in {counted(ingests, 'ingest')}"
    return text


def without_token(runs: int) -> str:
    """Return how long jobs take without a token, and with one."""
    hours = math.ceil(runs / (0.9 * WITHOUT_TOKEN))
    minutes = math.ceil(runs / REQUESTS_A_MINUTE)
    with_token = (
        counted(minutes, "minute")
        if runs <= 0.9 * WITH_TOKEN
        else counted(math.ceil(runs / (0.9 * WITH_TOKEN)), "hour")
    )
    return (
        f"jobs of {counted(runs, 'run')} still to fetch: about {with_token} with a token, "
        f"{counted(hours, 'hourly ingest')} without"
    )
