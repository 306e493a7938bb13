"""What has not happened for a while, though its workflow runs: it is told, without advice."""

from typing import Any

import pytest
from support.reports import DAY, MINUTE, UNTIL, a_job, a_run, known, single, whole

from telemetry.database.connection import Connection
from telemetry.database.upserts import upsert
from telemetry.report.findings.all_findings import findings
from telemetry.report.findings.finding import Finding
from telemetry.rows.runs import WorkflowRun


def told(connection: Connection, subject: str) -> tuple[str, str]:
    """The sentence and the advice of the finding about a subject."""
    known(connection, 7)
    found: dict[str, Finding] = {each.subject: each for each in findings(single(whole(connection)))}
    return "".join(map(str, found[subject].sentence)), "".join(map(str, found[subject].advice))


def daily(connection: Connection, until: int, **changes: Any) -> list[WorkflowRun]:
    """Store a green run of each of the days since then; return the runs of the days before."""
    green = [a_run(n, n) for n in range(1, until)]
    others = [a_run(n, n, **changes) for n in range(until, 30)]
    upsert(connection, [*green, *others])
    upsert(connection, [a_job(run) for run in green])
    return others


@pytest.mark.parametrize(("until", "over"), [(2, ""), (7, ""), (12, "since 17 Feb.")])
def test_a_job_that_is_flaky_no_more_needs_no_action(
    connection: Connection, until: int, over: str
) -> None:
    first = daily(connection, until, conclusion="failure")
    again = [
        a_run(run.github_run_id, (UNTIL - run.created_at) / DAY, run_attempt=2,
              started_at=run.created_at + 30 * MINUTE, completed_at=run.created_at + 40 * MINUTE,
              commit_sha=run.commit_sha)
        for run in first
    ]  # fmt: skip
    upsert(connection, again)
    upsert(connection, [a_job(run) for run in (*first, *again)])
    sentence, advice = told(connection, "flaky")
    assert sentence.endswith(f"This has not happened {over}") == bool(over)
    assert bool(advice) == (not over)
    assert ("Fix the flaky jobs" in told_of_cost(connection)) == (not over)


def told_of_cost(connection: Connection) -> str:
    (found,) = (
        each
        for each in findings(single(whole(connection)))
        if each.subject in ("costing", "wasting")
    )
    return "".join(map(str, found.advice))


@pytest.mark.parametrize(("until", "over"), [(7, ""), (12, "since 17 Feb.")])
def test_a_time_limit_that_is_hit_no_more_needs_no_action(
    connection: Connection, until: int, over: str
) -> None:
    cut = daily(connection, until, seconds=3_600, conclusion="cancelled")
    upsert(connection, [a_job(run, name="soak", started_at=run.started_at) for run in cut])
    sentence, advice = told(connection, "timing out")
    assert sentence.endswith(f"This has not happened {over}") == bool(over)
    assert bool(advice) == (not over)
    assert ("time limit" in told_of_cost(connection)) == (not over)


@pytest.mark.parametrize(("until", "over"), [(7, ""), (12, "since 17 Feb.")])
def test_waits_that_are_over_need_no_action(connection: Connection, until: int, over: str) -> None:
    slow = daily(connection, until, seconds=1_200)
    upsert(connection, [a_job(run, started_at=run.started_at + 10 * MINUTE) for run in slow])
    sentence, advice = told(connection, "waiting")
    assert sentence.endswith(f" None has waited over a minute {over}") == bool(over)
    assert bool(advice) == (not over)


def test_what_happens_rarely_may_happen_again(connection: Connection) -> None:
    """Two of twenty days, the last ten days ago: as long a pause may be chance."""
    cut = daily(connection, 1)
    assert len(cut) == 29
    for run in cut:
        hit = run.github_run_id in (10, 20, 28)
        upsert(connection, [a_run(run.github_run_id, run.github_run_id, 3_600 if hit else 600,
                                  conclusion="cancelled" if hit else "success")])  # fmt: skip
        if hit:
            upsert(connection, [a_job(run, name="soak", started_at=run.started_at,
                                      completed_at=run.started_at + 60 * MINUTE,
                                      conclusion="cancelled")])  # fmt: skip
    sentence, advice = told(connection, "timing out")
    assert "not happened" not in sentence and advice
