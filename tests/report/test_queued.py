"""Runs that wait for a runner, now or on a few days only."""

import pytest
from support.history import SECOND, UNTIL
from support.reports import HOUR, a_job, a_run, known, single, whole

from telemetry.database.connection import Connection
from telemetry.database.upserts import upsert
from telemetry.report.data import RepositoryReport
from telemetry.report.findings.all_findings import findings, is_healthy, not_found
from telemetry.report.findings.finding import Finding
from telemetry.report.formats.json_report import as_data
from telemetry.rows.runs import OpenRun
from telemetry.rows.workflows import Workflow


def queue(connection: Connection, number: int, hours_ago: float, status: str = "queued") -> None:
    """A push whose run had had this status for so many hours when the last ingest began."""
    at = UNTIL - (hours_ago + 1) * HOUR
    upsert(connection, [OpenRun(number, 1, 7, status, at, at, workflow_id=3, event_type="push")])


def told(connection: Connection, subject: str) -> tuple[Finding | None, RepositoryReport]:
    shown = single(whole(connection))
    return next((each for each in findings(shown) if each.subject == subject), None), shown


def test_runs_that_wait_for_a_runner_now_are_urgent(connection: Connection) -> None:
    upsert(connection, [Workflow(3, 7, "CI", "ci.yml", "active")])
    upsert(connection, [a_run(n, n) for n in range(1, 31)])
    for number, hours in ((101, 20), (102, 3), (103, 0.5)):
        queue(connection, number, hours)
    known(connection, 7)
    found, shown = told(connection, "queued")
    assert found and found.is_urgent and found.lost_minutes == 23 * 60
    assert "".join(map(str, found.sentence)) == (
        "CI waits for a runner: 2 runs are queued, the first since 2026-02-28 03:00, for 20h 00m."
    )
    assert "".join(map(str, found.advice)) == (
        "Check that a runner with the labels of its jobs is online and not busy; for GitHub's own "
        "runners, see githubstatus.com."
    )
    assert found.links == (("first of them", "https://github.com/acme/r7/actions/runs/101"),)
    assert not is_healthy(shown, findings(shown))
    assert not any("keeps jobs waiting" in text for text in not_found(shown, findings(shown)))
    (data,) = as_data(whole(connection))["findings"][:1]
    assert (data["kind"], data["since"]) == ("queued", UNTIL - 21 * HOUR)
    # The time that it cost does not put it before what is red.
    upsert(connection, [a_run(200, 0.2, conclusion="failure")])
    assert [each.subject for each in findings(told(connection, "red")[1])][:2] == ["red", "queued"]


@pytest.mark.parametrize(
    ("hours_ago", "status"),
    [(0.9, "queued"), (24.5, "queued"), (20, "waiting"), (20, "pending"), (20, "in_progress")],
)
def test_other_runs_that_are_open_do_not_wait_for_a_runner(
    connection: Connection, hours_ago: float, status: str
) -> None:
    """One seen after 24.5 hours has been cancelled in the hour since."""
    queue(connection, 101, hours_ago, status)
    known(connection, 7)
    assert told(connection, "queued")[0] is None


@pytest.mark.parametrize(
    ("runs", "on", "often", "when"),
    [
        (120, range(2, 6), ", all on 4 of 30 days", " on those days, last on 26 Feb."),
        (32, range(3, 4), ", all on 1 of 8 days", " on 25 Feb."),
        (120, range(1, 29), ".", None),
    ],
)
def test_waits_on_a_few_days_are_not_put_down_to_busy_hours(
    connection: Connection, runs: int, on: range, often: str, when: str | None
) -> None:
    """The runners of a team were offline on a few days, or are too few on most."""
    for number in range(1, runs + 1):
        run = a_run(number, number / 4 - 0.1)
        started_at = run.created_at + (HOUR / 2 if (number - 1) // 4 in on else 4 * SECOND)
        values = {"labels": ["self-hosted", "gpu"], "runner_group_name": "Default"}
        upsert(connection, [run])
        upsert(connection, [
            a_job(run, started_at=started_at, completed_at=started_at + 5 * HOUR, **values),
            # Another one is running when it is queued.
            a_job(run, 1, created_at=run.created_at - HOUR, started_at=run.created_at - HOUR,
                  completed_at=run.created_at + HOUR, **values),
        ])  # fmt: skip
    known(connection, 7)
    found, _ = told(connection, "waiting")
    assert found
    said, advice = ("".join(map(str, words)) for words in (found.sentence, found.advice))
    assert f" jobs waited over a minute{often}" in said
    lead = f"Find out what kept these runners busy or offline{when}"
    assert advice == lead if when else advice.startswith("Start fewer jobs in the busiest hours")
