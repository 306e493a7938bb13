"""Oddities in GitHub's data that would make a figure wrong: each by hand, and as recorded."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.expected import Expected, Row
from support.history import History, store
from support.jobs import jobs_in
from support.payloads import recorded_body
from support.rows import CREATED_AT, workflow_job, workflow_run, workflow_step

from telemetry.database.connection import Connection, execute
from telemetry.database.upserts import upsert
from telemetry.rows.jobs import WorkflowJob, WorkflowStep
from telemetry.rows.runs import WorkflowRun

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
DAY = 24 * HOUR
NO_RUNNER = {"runner_id": None, "runner_name": None, "runner_group_name": None}


def rows(connection: Connection, view: str) -> list[Row]:
    return connection.execute(f"select * from {view} order by 1, 2").fetchall()


def attempts(connection: Connection, *conclusions: str | None, **changes: Any) -> None:
    """A run with an attempt for each conclusion, an hour apart; None is one that is gone."""
    upsert(
        connection,
        (
            workflow_run(
                run_attempt=number,
                conclusion=conclusion,
                started_at=CREATED_AT + (number - 1) * HOUR,
                **changes,
            )
            for number, conclusion in enumerate(conclusions, 1)
            if conclusion
        ),
    )


def jobs(connection: Connection, *changes: dict[str, Any]) -> None:
    upsert(
        connection,
        (workflow_job(job_id=number, **change) for number, change in enumerate(changes, 1)),
    )


def flags(connection: Connection, name: str) -> list[Any]:
    return [row[name] for row in rows(connection, "attempts")]


# The place of an attempt in its run.


def test_the_second_attempt_after_an_approval_counts_as_first_and_not_as_rerun(
    connection: Connection,
) -> None:
    attempts(connection, "action_required", "success")
    assert flags(connection, "is_first_attempt") == [False, True]
    assert flags(connection, "is_rerun") == [False, False]
    assert flags(connection, "is_red_before") == [False, False]


def test_the_time_to_signal_excludes_the_wait_for_an_approval(connection: Connection) -> None:
    end = CREATED_AT + HOUR + 5 * MINUTE
    attempts(connection, "action_required", "success", completed_at=end)
    assert flags(connection, "signal_seconds") == [None, 300]


def test_an_attempt_after_the_approved_one_is_a_rerun(connection: Connection) -> None:
    attempts(connection, "action_required", "failure", "success")
    assert flags(connection, "is_first_attempt") == [False, True, False]
    assert flags(connection, "is_rerun") == [False, False, True]


def test_a_second_attempt_whose_first_is_gone_is_a_rerun(connection: Connection) -> None:
    attempts(connection, None, "success")
    assert flags(connection, "is_first_attempt") == [False]
    assert flags(connection, "is_rerun") == [True]
    assert flags(connection, "is_latest_attempt") == [True]


@pytest.mark.parametrize(
    ("conclusion", "is_decided", "is_red"),
    [
        ("success", True, False),
        ("failure", True, True),
        ("timed_out", True, True),
        ("startup_failure", True, True),
        ("cancelled", False, False),
        ("skipped", False, False),
        ("neutral", False, False),
        ("stale", False, False),
        ("action_required", False, False),
        ("of_tomorrow", False, False),
    ],
)
def test_only_success_and_failure_are_decided(
    connection: Connection, conclusion: str, is_decided: bool, is_red: bool
) -> None:
    attempts(connection, conclusion)
    assert flags(connection, "is_decided") == [is_decided]
    assert flags(connection, "is_red") == [is_red]


@pytest.mark.parametrize(
    ("changes", "branch_class"),
    [
        ({"event_type": "push", "branch": "trunk"}, "default"),
        ({"event_type": "push", "branch": "main"}, "other"),
        ({"event_type": "push", "branch": "v1.0"}, "other"),
        ({"event_type": "push", "branch": None}, "other"),
        ({"event_type": "pull_request", "branch": "trunk"}, "pull_request"),
        ({"event_type": "pull_request_target", "branch": "trunk"}, "pull_request"),
        ({"event_type": "workflow_run", "branch": "trunk"}, "default"),
        ({"event_type": "merge_group", "branch": "trunk"}, "merge_queue"),
        ({"event_type": "push", "branch": "gh-readonly-queue/trunk/pr-1-ab"}, "merge_queue"),
        ({"event_type": "deployment_status", "branch": "trunk"}, "deployment"),
        ({"event_type": "push", "branch": "master", "repository_id": 8}, "default"),
        ({"event_type": "push", "branch": "trunk", "repository_id": 8}, "other"),
    ],
)
def test_the_default_branch_is_that_of_schedules_else_main_or_master(
    connection: Connection, changes: dict[str, Any], branch_class: str
) -> None:
    attempts(connection, "success", event_type="schedule", branch="trunk", github_run_id=0)
    attempts(connection, "success", **changes)
    assert flags(connection, "branch_class") == ["default", branch_class]


def test_a_workflow_without_a_name_is_shown_by_its_path(connection: Connection) -> None:
    attempts(connection, "success", workflow_name="")
    nameless = {"workflow_id": 12, "workflow_name": None, "workflow_path": None}
    attempts(connection, "success", **nameless, github_run_id=2)
    assert flags(connection, "workflow") == [".github/workflows/ci.yml", "unnamed"]


def test_days_and_hours_are_in_utc_whatever_the_session_zone(connection: Connection) -> None:
    late = datetime(2026, 1, 5, 23, 30, tzinfo=UTC)
    upsert(
        connection,
        (
            workflow_run(
                github_run_id=number,
                commit_sha=str(number),
                conclusion="failure",
                created_at=late,
                started_at=late,
            )
            for number in range(5)
        ),
    )
    connection.execute("set time zone 'Asia/Kolkata'")
    assert {str(day) for day in flags(connection, "day")} == {"2026-01-05"}
    (outage,) = rows(connection, "outages")
    assert outage["hour"] == late.replace(minute=0)


# Jobs and their times.


def test_executed_jobs_exclude_jobs_that_did_not_run_in_the_attempt(connection: Connection) -> None:
    attempts(connection, "success")
    jobs(
        connection,
        {"name": "ran"},
        {"name": "inherited", "is_inherited": True},
        {"name": "pseudo", "is_pseudo": True, **NO_RUNNER},
        {"name": "skipped", "conclusion": "skipped", **NO_RUNNER},
        {"name": "never taken", "conclusion": "cancelled", **NO_RUNNER},
    )
    assert [row["job"] for row in rows(connection, "executed_jobs")] == ["ran"]


@pytest.mark.parametrize(
    ("queued", "started", "waited"),
    [
        (CREATED_AT, CREATED_AT + 7 * SECOND, 7),
        (CREATED_AT + SECOND, CREATED_AT, 0),
        (None, CREATED_AT, None),
        (CREATED_AT, None, None),
        (CREATED_AT, CREATED_AT + DAY, 86_400),
        (CREATED_AT, CREATED_AT + DAY + SECOND, None),
    ],
)
def test_queue_times_are_clamped_between_zero_and_a_day(
    connection: Connection, queued: datetime | None, started: datetime | None, waited: int | None
) -> None:
    attempts(connection, "success")
    jobs(connection, {"created_at": queued, "started_at": started})
    (job,) = rows(connection, "executed_jobs")
    assert job["queue_seconds"] == waited


@pytest.mark.parametrize(
    ("group", "length", "seconds"),
    [
        ("GitHub Actions", -SECOND, 0),
        ("GitHub Actions", DAY, 86_400),
        ("GitHub Actions", DAY + SECOND, None),
        ("GitHub Actions", 30 * DAY, None),
        ("Default", DAY + SECOND, 86_401),
        ("Default", 5 * DAY, 432_000),
        ("Default", 5 * DAY + SECOND, None),
        (None, 5 * DAY, 432_000),
        ("GitHub Actions", None, None),
    ],
)
def test_durations_are_clamped_and_unknown_for_stuck_jobs_and_steps(
    connection: Connection, group: str | None, length: timedelta | None, seconds: int | None
) -> None:
    end = None if length is None else CREATED_AT + length
    attempts(connection, "success")
    jobs(
        connection,
        {"runner_group_name": group, "started_at": CREATED_AT, "completed_at": end},
    )
    upsert(connection, [workflow_step(job_id=1, started_at=CREATED_AT, completed_at=end)])
    (job,), (step,) = rows(connection, "executed_jobs"), rows(connection, "executed_steps")
    assert (job["duration_seconds"], step["duration_seconds"]) == (seconds, seconds)


def test_a_time_in_year_one_is_handled(connection: Connection) -> None:
    zero = datetime(1, 1, 1, tzinfo=UTC)
    attempts(connection, "success")
    jobs(connection, {"created_at": zero}, {"started_at": zero}, {"completed_at": zero})
    found = [
        (row["queue_seconds"], row["duration_seconds"]) for row in rows(connection, "executed_jobs")
    ]
    assert sorted(found, key=str) == [(0, None), (5, 0), (None, 535)]


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("build", "build"),
        ("test (3.12, ubuntu)", "test"),
        ("test (f(x), y)", "test"),
        ("test (a / b)", "test"),
        ("unit / run (3.12)", "unit / run"),
        ("unit (linux) / run (3.12)", "unit / run"),
        ("build (linux, a very long val...", "build"),
        ("f(x) stays", "f(x) stays"),
        ("Lint (fast) first", "Lint (fast) first"),
        ("(only brackets)", "(only brackets)"),
        (" (only brackets)", "unnamed"),
        ("", "unnamed"),
        (None, "unnamed"),
    ],
)
def test_the_jobs_of_a_matrix_share_a_base_and_callers_are_kept(
    connection: Connection, name: str | None, base: str
) -> None:
    attempts(connection, "success")
    jobs(connection, {"name": name})
    (job,) = rows(connection, "executed_jobs")
    assert (job["job"], job["job_base"]) == (name or "unnamed", base)


@pytest.mark.parametrize(
    "name", [" (" * 5_000, " (a" * 3_000 + ")", "(()" * 3_000, ") / (" * 2_000]
)
def test_a_hostile_name_is_read_in_bounded_time(connection: Connection, name: str) -> None:
    attempts(connection, "success")
    jobs(connection, {"name": name})
    connection.execute("set statement_timeout = '20s'")
    (job,) = rows(connection, "executed_jobs")
    assert job["job"] == name


@pytest.mark.parametrize(
    ("labels", "shown"),
    [
        (["Ubuntu-latest"], "ubuntu-latest"),
        (["self-hosted", "Linux", "gpu"], "gpu, linux, self-hosted"),
        (["gpu", "linux", "self-hosted", "linux"], "gpu, linux, self-hosted"),
        (["runs-on=19876543210/runner=2cpu"], "runs-on=*/runner=2cpu"),
        (["ubuntu-24.04", "m2-12345"], "m2-12345, ubuntu-24.04"),
        (["cml-3f9a1c7e"], "cml-*"),
        (["runner-0b1c2d3e-4f50-4617-8899-aabbccddeeff"], "runner-*"),
        (["runner-abcdefab-abcd-4bcd-abcd-abcdefabcdef"], "runner-*"),
        (["ci_k8x2p9qz4m"], "ci_*"),
        (["buildjet-4vcpu-ubuntu-2204-arm"], "buildjet-4vcpu-ubuntu-2204-arm"),
        (["ubuntu2204-x86_64-16core"], "ubuntu2204-x86_64-16core"),
        (["windows-2022-8cores"], "windows-2022-8cores"),
        (["Win2019x64"], "win2019x64"),
        (["macos13arm64", "16vcpu64gb"], "16vcpu64gb, macos13arm64"),
        (["win2019x64-4f3c2b1a9"], "win2019x64-*"),
        (["1x" * 100_000], "1x" * 100_000),
        (["1b" * 100_000], "*"),
        ([], None),
        (None, None),
    ],
)
def test_labels_are_normalized(
    connection: Connection, labels: list[str] | None, shown: str | None
) -> None:
    attempts(connection, "success")
    jobs(connection, {"labels": labels})
    (job,) = rows(connection, "executed_jobs")
    assert job["runner_label"] == shown


def test_a_job_that_may_fail_does_not_make_its_attempt_red(connection: Connection) -> None:
    attempts(connection, "success")
    jobs(connection, {"conclusion": "failure"})
    (job,) = rows(connection, "executed_jobs")
    assert (job["is_red"], job["attempt_is_red"]) == (True, False)


def test_a_job_fails_at_its_first_failed_step(connection: Connection) -> None:
    attempts(connection, "failure")
    jobs(
        connection,
        {"conclusion": "failure"},
        {"conclusion": "timed_out"},
        {"conclusion": "failure"},
    )
    spelled = [
        (1, 1, "success"),
        (1, 2, "failure"),
        (1, 3, "skipped"),
        (1, 9, "failure"),
        (2, 1, "cancelled"),
        (2, 2, "timed_out"),
        (3, 1, "success"),
    ]
    upsert(
        connection,
        (
            workflow_step(job_id=job, number=number, name=f"step {number}", conclusion=conclusion)
            for job, number, conclusion in spelled
        ),
    )
    failures = {row["job_id"]: row["step"] for row in rows(connection, "first_failures")}
    assert failures == {1: "step 2", 2: "step 2", 3: None}


# Flaky jobs.


RED, GREEN = {"conclusion": "failure"}, {"conclusion": "success", "run_attempt": 2}


@pytest.mark.parametrize(
    ("conclusions", "changes", "flaky"),
    [
        (("failure", "success"), [RED, GREEN], ["build"]),
        (("failure", "success"), [RED, {**GREEN, "is_inherited": True}], []),
        (("failure", "success"), [{"conclusion": "timed_out"}, GREEN], ["build"]),
        (("cancelled", "success"), [{"conclusion": "cancelled"}, GREEN], []),
        (("action_required", "success"), [GREEN], []),
        (("success", "failure"), [{}, {**RED, "run_attempt": 2}], ["build"]),
        (("success", "failure"), [{"is_inherited": True}, {**RED, "run_attempt": 2}], []),
        (("failure", "success"), [RED, {**GREEN, "name": "other"}], []),
        # Of two jobs with one name, one fails: no sign of a flaky one.
        (("failure",), [RED, {}], []),
        (("failure", "failure"), [RED, {}, {**RED, "run_attempt": 2}], []),
        (("failure", "failure"), [RED, {}, GREEN, {**RED, "run_attempt": 2}], []),
        (("failure", "success"), [RED, {}, GREEN], ["build"]),
    ],
)
def test_a_job_that_failed_and_succeeded_in_attempts_of_a_run_is_flaky(
    connection: Connection, conclusions: tuple[str], changes: list[dict[str, Any]], flaky: list[str]
) -> None:
    attempts(connection, *conclusions)
    jobs(connection, *changes)
    assert [row["job"] for row in rows(connection, "flaky_job_runs")] == flaky


@pytest.mark.parametrize(("reds", "flaky"), [(3, 1), (4, 0)])
def test_a_failure_in_an_outage_makes_no_job_flaky(
    connection: Connection, reds: int, flaky: int
) -> None:
    attempts(connection, "failure", "success")
    jobs(connection, RED, GREEN)
    # With the first attempt, 4 of 5 are 80 %, which is not more than 80 %; 5 of 5 are.
    for number in range(2, 6):
        conclusion = "failure" if number - 2 < reds else "success"
        attempts(connection, conclusion, github_run_id=number, commit_sha=str(number))
    assert len(rows(connection, "outages")) == (reds == 4)
    assert len(rows(connection, "flaky_job_runs")) == flaky


def test_one_broken_commit_is_not_an_outage(connection: Connection) -> None:
    for number in range(1, 9):
        attempts(connection, "failure", github_run_id=number, commit_sha="1" if number < 8 else "2")
    assert rows(connection, "outages") == []


# Incidents.


def on_main(connection: Connection, *runs: tuple[int, str, int]) -> None:
    """Runs of main: number, which is the minute of creation, conclusion, and minute of the end."""
    for number, conclusion, end in runs:
        upsert(
            connection,
            [
                workflow_run(
                    github_run_id=number,
                    conclusion=conclusion,
                    created_at=CREATED_AT + number * MINUTE,
                    completed_at=CREATED_AT + end * MINUTE,
                )
            ],
        )


def incidents(connection: Connection) -> list[tuple[float, float | None, int]]:
    """The minutes in which each began and ended, and its red runs."""
    found = connection.execute("select * from incidents order by red_at").fetchall()
    return [
        (
            (row["red_at"] - CREATED_AT) / MINUTE,
            row["recovered_at"] and (row["recovered_at"] - CREATED_AT) / MINUTE,
            row["red_runs"],
        )
        for row in found
    ]


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ([(1, "failure", 10), (2, "failure", 20), (3, "success", 30)], [(10, 30, 2)]),
        ([(1, "success", 10), (2, "failure", 20)], [(20, None, 1)]),
        # A later commit was green before the earlier one had failed.
        ([(1, "failure", 30), (2, "success", 10)], []),
        ([(1, "failure", 10), (2, "success", 40), (3, "success", 20)], [(10, 20, 1)]),
        ([(1, "failure", 10), (2, "cancelled", 20), (3, "success", 30)], [(10, 30, 1)]),
        (
            [(1, "failure", 10), (2, "success", 20), (3, "timed_out", 30), (4, "success", 40)],
            [(10, 20, 1), (30, 40, 1)],
        ),
    ],
)
def test_an_incident_lasts_until_the_same_or_a_later_commit_is_green(
    connection: Connection,
    runs: list[tuple[int, str, int]],
    expected: list[tuple[float, float | None, int]],
) -> None:
    on_main(connection, *runs)
    assert incidents(connection) == expected


def test_a_rerun_ends_an_incident_and_says_so(connection: Connection) -> None:
    on_main(connection, (1, "failure", 10))
    assert incidents(connection) == [(10, None, 1)]
    upsert(
        connection,
        [
            workflow_run(
                run_attempt=2,
                created_at=CREATED_AT + MINUTE,
                completed_at=CREATED_AT + 50 * MINUTE,
            )
        ],
    )
    assert incidents(connection) == [(10, 50, 1)]
    (incident,) = rows(connection, "incidents")
    assert incident["is_recovered_by_rerun"]


def test_an_incident_that_a_new_commit_ended_was_not_ended_by_a_rerun(
    connection: Connection,
) -> None:
    on_main(connection, (1, "failure", 10), (2, "success", 20))
    (incident,) = rows(connection, "incidents")
    assert not incident["is_recovered_by_rerun"]
    assert (incident["duration_seconds"], incident["html_url"][-1]) == (600, "1")


def test_pull_requests_cause_no_incident(connection: Connection) -> None:
    attempts(connection, "failure", event_type="pull_request")
    assert rows(connection, "incidents") == []


# Waste.


def reasons(connection: Connection) -> dict[str, str]:
    return {row["job"]: row["reason"] for row in rows(connection, "wasted_jobs")}


def test_only_failures_that_were_rerun_until_green_are_wasted(
    connection: Connection,
) -> None:
    attempts(connection, "failure", "success")
    jobs(
        connection,
        {"name": "flaky", "conclusion": "failure"},
        {"name": "kept"},
        {"name": "flaky", "run_attempt": 2},
        {"name": "kept", "run_attempt": 2, "is_inherited": True},
    )
    assert reasons(connection) == {"flaky": "rerun"}


def test_a_job_that_is_carried_over_is_not_waste_though_another_has_its_name(
    connection: Connection,
) -> None:
    attempts(connection, "failure", "success")
    longer = {"completed_at": CREATED_AT + HOUR}
    jobs(
        connection,
        {"conclusion": "failure"},
        longer,
        {"run_attempt": 2},
        {**longer, "run_attempt": 2, "is_inherited": True},
    )
    (wasted,) = rows(connection, "wasted_jobs")
    assert (wasted["conclusion"], wasted["reason"]) == ("failure", "rerun")


def test_a_failure_that_was_not_rerun_is_not_waste(connection: Connection) -> None:
    attempts(connection, "failure")
    jobs(connection, {"conclusion": "failure"})
    assert reasons(connection) == {}


def test_successful_jobs_of_a_cancelled_attempt_are_wasted_too(connection: Connection) -> None:
    attempts(connection, "cancelled")
    jobs(connection, {"name": "done"}, {"name": "cut", "conclusion": "cancelled"})
    assert reasons(connection) == {"done": "cancelled", "cut": "cancelled"}


def test_scheduled_failures_are_waste_from_the_fourth_in_a_row(connection: Connection) -> None:
    for number, conclusions in enumerate(
        [["failure"], ["success"], ["failure"], ["failure", "failure"], ["cancelled"], ["failure"],
         ["failure"], ["success"], ["failure"]]
    ):  # fmt: skip
        created_at = CREATED_AT + number * DAY
        changes = {"github_run_id": number, "event_type": "schedule", "created_at": created_at}
        attempts(connection, *conclusions, **changes)
        upsert(connection, [workflow_job(github_run_id=number, name=f"job {number}")])
    # The third failed in two attempts and is one failure; the fifth is the fourth of them.
    assert reasons(connection) == {"job 4": "cancelled", "job 6": "streak"}


# What GitHub has really answered.

RUNS = [
    "actions_timeline",
    "tt_11236784732",
    "tt_12007373278",
    "tt_12083382635",
    "tt_12084081698",
    "tt_12890516473",
    "tt_14468030535",
    "tt_14492364249",
]


@pytest.fixture
def history(recorded: Path) -> History:
    """The recorded runs whose jobs are recorded too."""
    made = History()
    for name in RUNS:
        run = WorkflowRun.from_api(recorded_body(recorded, f"body_run__{name}"))
        made.runs.append(run)
        made.listed.add((run.github_run_id, run.run_attempt))
        for payload in jobs_in(recorded_body(recorded, f"body_jobs__{name}")):
            job = WorkflowJob.from_api(payload, run.started_at, run.run_attempt)
            made.jobs.append(job)
            made.steps += [WorkflowStep.from_api(step, job) for step in payload["steps"]]
    return made


def test_recorded_runs_match_a_computation_in_python(
    history: History, connection: Connection
) -> None:
    store(connection, history)
    expected = Expected(history)
    found = {
        (row["github_run_id"], row["run_attempt"]): row for row in rows(connection, "attempts")
    }
    assert len(found) == len(RUNS)
    for key, row in found.items():
        attempt = expected.attempt(key)
        assert {name: row[name] for name in attempt} == attempt


def test_recorded_jobs_and_steps_match_a_computation_in_python(
    history: History, connection: Connection
) -> None:
    store(connection, history)
    expected = Expected(history)
    ran = {job.job_id: job for jobs in expected.ran.values() for job in jobs}
    found = {row["job_id"]: row for row in rows(connection, "executed_jobs")}
    assert found.keys() == ran.keys()
    for job_id, job in ran.items():
        row = expected.job(job)
        assert {name: found[job_id][name] for name in row} == row
    failed = {row["job_id"]: row["step"] for row in rows(connection, "first_failures")}
    assert failed == {
        job.job_id: expected.failing_step(job)
        for job in ran.values()
        if job.conclusion == "failure"
    }
    # 8 of 21 jobs of one run are third parties' check runs.
    assert sum(job.github_run_id == 12083382635 for job in ran.values()) == 13


def test_a_recorded_approval_is_not_a_rerun(recorded: Path, connection: Connection) -> None:
    listed = recorded_body(recorded, "http_runs__hub4j_testApproval_3")["workflow_runs"]
    approved = WorkflowRun.from_api(recorded_body(recorded, "http_run__hub4j_testApproval_5"))
    waiting = [WorkflowRun.from_api(run) for run in listed if run["id"] == approved.github_run_id]
    upsert(connection, [*waiting, approved])
    assert flags(connection, "is_rerun") == [False, False]
    assert flags(connection, "is_first_attempt") == [False, True]


def test_a_run_that_could_not_be_read_again_delays_none_of_its_jobs(connection: Connection) -> None:
    run = workflow_run(updated_at=CREATED_AT + HOUR)
    upsert(connection, [run])
    for kind, tries in (("run", 3), ("attempt", 2)):
        item = {"kind": kind, "github_run_id": run.github_run_id, "run_attempt": run.run_attempt}
        item |= {"problem": "unreadable", "reason": "no number"}
        for _ in range(tries):
            values = {"repository_id": 7, "tried_at": CREATED_AT + DAY, "rows": json.dumps([item])}
            execute(connection, "runs/record_retries", values)
    (pending,) = rows(connection, "pending_jobs")
    assert (pending["tries"], pending["next_try_at"]) == (None, None)
