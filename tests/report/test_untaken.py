"""Jobs that no runner took, so that GitHub cancelled them after a day."""

from datetime import timedelta

from support.reports import DAY, HOUR, MINUTE, a_job, a_run, known, single, whole

from telemetry.database.connection import Connection
from telemetry.database.upserts import upsert
from telemetry.report.data import RepositoryReport
from telemetry.report.findings.all_findings import findings, not_found
from telemetry.report.findings.finding import Finding
from telemetry.report.formats.json_report import as_data

GPU = ["self-hosted", "GPU"]


def untaken(
    connection: Connection, *days_ago: float, after: timedelta = DAY, first: int = 1
) -> None:
    """Store runs whose job waited for a runner until it was cancelled, beside one that ran."""
    for number, days in enumerate(days_ago, first):
        run = a_run(number, days, seconds=300, conclusion="cancelled",
                    updated_at=a_run(number, days).started_at + after)  # fmt: skip
        upsert(connection, [run])
        # GitHub gives a job that waits the time of its creation as that of its start.
        waited = a_job(
            run, 1, labels=GPU, runner_id=None, runner_name=None, runner_group_id=None,
            runner_group_name=None, started_at=run.started_at, completed_at=run.started_at + after,
        )  # fmt: skip
        upsert(connection, [a_job(run, conclusion="success"), waited])


def told(connection: Connection) -> tuple[Finding | None, RepositoryReport]:
    shown = single(whole(connection))
    return next((each for each in findings(shown) if each.subject == "no runner"), None), shown


def test_jobs_that_no_runner_took_are_urgent_though_they_are_only_cancelled(
    connection: Connection,
) -> None:
    known(connection, 7)
    untaken(connection, 2, 3, 4)
    found, shown = told(connection)
    assert found and found.is_urgent
    assert "".join(map(str, found.sentence)) == (
        "3 jobs on gpu, self-hosted waited 24 hours for a runner until GitHub cancelled them; "
        "the last was ready on 27 Feb."
    )
    assert found.advice == ("Check that a runner with all of these labels is online.",)
    assert not any("keeps jobs waiting" in text for text in not_found(shown, findings(shown)))
    (data,) = (
        each for each in as_data(whole(connection))["findings"] if each["kind"] == "no_runner"
    )
    assert (data["severity"], data["subject"]) == ("urgent", {"runner_label": "gpu, self-hosted"})
    assert data["since"] == a_run(3, 4).started_at


def test_a_runner_that_is_there_again_needs_nobody(connection: Connection) -> None:
    known(connection, 7)
    untaken(connection, 2, 3)
    taken = a_run(9, 1)
    upsert(connection, [taken])
    upsert(connection, [a_job(taken, labels=GPU)])
    found, _ = told(connection)
    assert found and not found.is_urgent and not found.advice


def test_labels_that_no_run_has_asked_for_since_a_week_need_nobody(connection: Connection) -> None:
    known(connection, 7)
    untaken(connection, 8)
    found, _ = told(connection)
    assert found and not found.is_urgent and not found.advice
    assert "for a runner until GitHub cancelled it; " in "".join(map(str, found.sentence))


def test_what_is_cancelled_while_it_waits_lacks_no_runner(connection: Connection) -> None:
    """A newer push or a person cancels at any time; an approval may take days."""
    known(connection, 7)
    untaken(connection, 2, 3, after=3 * HOUR)
    untaken(connection, 4, 5, after=3 * DAY, first=5)
    untaken(connection, 6, after=23 * HOUR + 45 * MINUTE, first=9)
    assert told(connection)[0] is None


def test_runs_that_are_all_cancelled_for_want_of_a_runner_are_said_to_be_so(
    connection: Connection,
) -> None:
    known(connection, 7)
    untaken(connection, *(2 + n / 3 for n in range(6)))
    first, second = findings(told(connection)[1])[:2]
    assert (first.subject, second.subject) == ("no runner", "stalled")
    assert "".join(map(str, second.advice)) == (
        "Find what cancels CI: a newer run of its concurrency group, a person, another job, or "
        "GitHub, because a job waited 24 hours for a runner."
    )
