"""Schedules that no longer start their workflow."""

from collections.abc import Iterable
from typing import Any

import pytest
from psycopg.sql import SQL, Identifier
from support.reports import DAY, UNTIL, a_run, known, single, whole

from telemetry.database.connection import Connection
from telemetry.database.upserts import upsert
from telemetry.report.findings.all_findings import findings, is_healthy
from telemetry.report.findings.finding import Finding
from telemetry.rows.runs import OpenRun
from telemetry.rows.workflows import Workflow

DAILY = tuple(range(10, 30))


def scheduled(
    connection: Connection, days_ago: Iterable[float], workflow_id: int = 9, name: str = "Nightly"
) -> None:
    """Store the runs of a schedule, among runs of pushes until today."""
    upsert(connection, [Workflow(workflow_id, 7, name, f"{name}.yml", "active")])
    upsert(connection, [
        a_run(100 * workflow_id + number, days, workflow_id=workflow_id, branch="main",
              event_type="schedule")
        for number, days in enumerate(days_ago)
    ])  # fmt: skip
    upsert(connection, [a_run(number, number) for number in range(1, 40)])


def told(connection: Connection) -> Finding | None:
    found = findings(single(whole(connection)))
    return next((each for each in found if each.subject == "stopped"), None)


def test_a_nightly_that_starts_no_more_is_named(connection: Connection) -> None:
    scheduled(connection, DAILY)
    known(connection, 7)
    found = told(connection)
    assert found and not found.is_urgent and found.advice
    assert "".join(map(str, found.sentence)) == (
        "The schedule of Nightly has started no run since 2026-02-19 00:00, for 10d 00h; until "
        "then, its runs were at most 24h 00m apart."
    )
    shown = single(whole(connection))
    assert not is_healthy(shown, findings(shown))


@pytest.mark.parametrize(
    ("days_ago", "is_stopped"),
    [
        pytest.param(range(4, 30), True, id="daily, four days ago"),
        pytest.param(range(3, 30), False, id="daily, three days ago"),
        pytest.param([3, *range(5, 30, 3)], False, id="every third day"),
        pytest.param(range(16, 70, 7), True, id="weekly, more than two weeks ago"),
        pytest.param(range(15, 70, 7), False, id="weekly, 15 days ago"),
        pytest.param([n / 24 for n in range(36, 96)], True, id="hourly, 36 hours ago"),
        pytest.param([n / 24 for n in range(24, 96)], False, id="hourly, a day ago"),
        pytest.param([10, 11, 12, 13], False, id="four runs tell no interval"),
        pytest.param([9, 10, 11, 15, 16, 17], False, id="a pause of four days before"),
        pytest.param(range(40, 60), False, id="stopped before the period"),
    ],
)
def test_a_pause_of_twice_the_longest_and_a_day_is_a_stop(
    connection: Connection, days_ago: Iterable[float], is_stopped: bool
) -> None:
    scheduled(connection, days_ago)
    known(connection, 7)
    assert bool(told(connection)) is is_stopped


@pytest.mark.parametrize(
    ("days_ago", "changed", "since"),
    [
        pytest.param(1, {}, None, id="a day ago"),
        pytest.param(1, {"missing_upstream_at": UNTIL}, None, id="deleted"),
        pytest.param(9, {"workflow_id": None, "event_type": None}, None, id="of version 1.0"),
        pytest.param(9, {}, "2026-02-20 00:00, for 9d 00h", id="the last one"),
        pytest.param(11, {}, "2026-02-19 00:00, for 10d 00h", id="older"),
        pytest.param(1, {"workflow_id": 10}, "2026-02-19 00:00", id="of another workflow"),
        pytest.param(1, {"event_type": "push"}, "2026-02-19 00:00", id="of a push"),
    ],
)
def test_a_run_that_has_not_ended_was_started_too(
    connection: Connection, days_ago: float, changed: dict[str, Any], since: str | None
) -> None:
    """It waits for an approval, or the schedule starts runs again and the first one is running."""
    scheduled(connection, DAILY)
    known(connection, 7)
    at = UNTIL - days_ago * DAY
    upsert(connection, [OpenRun(9_999, 1, 7, "waiting", at, at, 9, "schedule")])
    for column, value in changed.items():
        connection.execute(SQL("update open_runs set {} = %s").format(Identifier(column)), [value])
    found = told(connection)
    assert bool(found) is bool(since)
    assert not found or f"no run since {since}" in "".join(map(str, found.sentence))


def test_the_last_run_keeps_its_page_while_it_is_run_again(connection: Connection) -> None:
    scheduled(connection, DAILY)
    known(connection, 7)
    connection.execute(
        "insert into open_runs (github_run_id, run_attempt, repository_id, status, created_at, "
        "workflow_id, event_type) select github_run_id, 2, 7, 'queued', created_at, workflow_id, "
        "event_type from workflow_runs where event_type = 'schedule' "
        "order by created_at desc limit 1"
    )
    found = told(connection)
    assert found and found.links


@pytest.mark.parametrize("state", ["deleted", "disabled_manually", "disabled_inactivity"])
def test_a_workflow_that_was_deleted_or_disabled_has_no_schedule(
    connection: Connection, state: str
) -> None:
    scheduled(connection, DAILY)
    known(connection, 7)
    connection.execute("update workflows set state = %s", [state])
    assert told(connection) is None


def test_what_is_not_listed_is_no_pause(connection: Connection) -> None:
    scheduled(connection, DAILY)
    known(connection, 7)
    connection.execute("update windows set created_to = %s", [UNTIL - 8 * DAY])
    assert told(connection) is None
    # Listed again since yesterday, with a gap in which it may have run.
    connection.execute(
        "insert into windows (repository_id, created_from, created_to, listed_at, reported, seen, "
        "is_complete) values (7, %(from)s, %(to)s, %(to)s, 1, 1, true)",
        {"from": UNTIL - DAY, "to": UNTIL},
    )
    assert told(connection) is None


def test_several_schedules_that_stopped_are_named_together(connection: Connection) -> None:
    scheduled(connection, DAILY)
    scheduled(connection, range(8, 30), 10, "Links")
    known(connection, 7)
    found = told(connection)
    assert found
    text = "".join(map(str, found.sentence))
    assert text.startswith("The schedule of Links ") and text.endswith(" Stopped too: Nightly.")
