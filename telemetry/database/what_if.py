"""How long runs would take, and what they would cost, if a job ran on another runner."""

import difflib
from dataclasses import replace

from telemetry.database.connection import Connection, execute
from telemetry.database.questions import Answer, Scope, ask
from telemetry.installation import typed


def what_if(
    connection: Connection, scope: Scope, job: str | None, runner: str, speed: float
) -> Answer:
    """Return the answer of sql/analysis/what_if.sql: a job moves to another runner or label.

    Without a `job`, each moves in turn. With a `speed` of 2 it takes half as long as now.
    """
    change = {"job": job or "", "runner": runner, "speed": speed}
    return ask(connection, "what_if", scope, change=change)


def without_price(connection: Connection, runner: str) -> str | None:
    """Return a sentence if no price of this runner is known; None if one is.

    It names the most similar runner that has a price.
    """
    known = {row["runner"] for row in execute(connection, "prices/priced_runners")}
    if runner.lower() in known:
        return None
    if not known:
        return f"no price list is stored yet, so costs are empty; {typed('ingest')} stores it"
    close = difflib.get_close_matches(runner.lower(), known, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]}?" if close else "RUNNER_PRICES of an ingest adds one"
    return f"RUNNER: no price of {runner} is known, so its costs are empty; {hint}"


def without_job(connection: Connection, scope: Scope, job: str, runner: str) -> str:
    """Return a sentence for a job that no run in the scope has.

    It names the most similar one that runs have.
    """
    everything = what_if(connection, replace(scope, top=None), None, runner, 1)
    close = difflib.get_close_matches(job, {row["job"] for row in everything.rows}, n=1)
    hint = f"did you mean {close[0]}?" if close else "leave JOB out to list all jobs"
    return f"JOB: no run that succeeded at the first attempt in this period has a job {job}; {hint}"
