"""Rows of jobs and steps hold what the payload says, whatever is odd about it."""

import json
from dataclasses import asdict, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.jobs import recorded_jobs, rows
from support.paths import PAYLOADS
from support.payloads import JSON, payload

from telemetry.rows.jobs import WorkflowJob, WorkflowStep
from telemetry.rows.reading import UnreadableRow

JOB_PAYLOADS = json.loads((PAYLOADS / "jobs.json").read_text(encoding="utf-8"))
UNREADABLE = {"job_without_id", "job_without_run_id", "job_with_wrong_types"}
PSEUDO = {"pseudo_job", "pseudo_job_that_failed", "pseudo_job_of_ten_seconds"}
RUNNER = ("runner_id", "runner_name", "runner_group_id", "runner_group_name")


def at(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def storably(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    return "".join("\ufffd" if c == "\0" or "\ud800" <= c <= "\udfff" else c for c in text)


def plainly(job: dict[str, Any], pseudo: bool) -> dict[str, Any]:
    """The row that a listed job must become, worked out a second time, key by key."""
    expected = {
        "github_run_id": job["run_id"],
        "run_attempt": job.get("run_attempt") or 1,
        "job_id": job["id"],
        "name": storably(job["name"]),
        "status": job["status"],
        "conclusion": job["conclusion"],
        "created_at": at(job.get("created_at")),
        "started_at": at(job["started_at"]),
        "completed_at": at(job["completed_at"]),
        "labels": job.get("labels"),
        **{key: job.get(key) for key in RUNNER},
        "html_url": job["html_url"],
        "is_inherited": False,
        "is_pseudo": pseudo,
    }
    if expected["labels"]:
        expected["labels"] = [storably(label) for label in expected["labels"]]
    if expected["runner_name"] == "":
        expected |= dict.fromkeys(RUNNER)
    return expected


def plainly_step(step: dict[str, Any], job: dict[str, Any]) -> dict[str, Any]:
    return {
        "github_run_id": job["run_id"],
        "run_attempt": job.get("run_attempt") or 1,
        "job_id": job["id"],
        "number": step["number"],
        "name": step["name"],
        "status": step["status"],
        "conclusion": step["conclusion"],
        "started_at": at(step.get("started_at")),
        "completed_at": at(step.get("completed_at")),
    }


def row(name: str, attempt_started_at: str | None = None) -> WorkflowJob:
    return WorkflowJob.from_api(payload(name, "job"), at(attempt_started_at))


def steps_of(job: dict[str, Any]) -> list[WorkflowStep]:
    made = WorkflowJob.from_api(job, None)
    return [WorkflowStep.from_api(step, made) for step in job.get("steps") or []]


@pytest.mark.parametrize("name", [name for name in JOB_PAYLOADS if name not in UNREADABLE])
def test_a_job_and_its_steps_become_rows(name: str) -> None:
    job = payload(name, "job")
    assert asdict(WorkflowJob.from_api(job, None)) == plainly(job, name in PSEUDO)
    expected = [plainly_step(step, job) for step in job.get("steps") or []]
    assert [asdict(step) for step in steps_of(job)] == expected


def test_without_a_runner_its_columns_are_null() -> None:
    job = row("job_cancelled_before_a_runner_took_it")
    assert [getattr(job, key) for key in RUNNER] == [None] * 4
    assert (job.conclusion, job.is_pseudo) == ("cancelled", False)


def test_the_group_of_hosted_runners_keeps_its_number_zero() -> None:
    assert row("job").runner_group_id == 0


@pytest.mark.parametrize(
    "name",
    [
        "job_skipped",
        "job_skipped_in_2021",
        "job_cancelled_before_a_runner_took_it",
        "job_refused_for_want_of_payment",
        "job_that_could_not_be_set_up",
        "job_queued",
    ],
)
def test_a_job_without_a_runner_is_not_a_pseudo_job(name: str) -> None:
    assert (row(name).runner_id, row(name).is_pseudo) == (None, False)


def test_labels_keep_the_spelling_of_the_workflow() -> None:
    assert row("job_self_hosted").labels == ["self-hosted", "Linux", "GPU, large"]


def test_a_job_of_2021_is_of_the_first_attempt_and_its_creation_unknown() -> None:
    job = row("job_of_2021")
    assert (job.run_attempt, job.created_at, job.labels, job.is_pseudo) == (1, None, None, False)


@pytest.mark.parametrize(
    ("attempt_started_at", "inherited"),
    [
        ("2026-01-05T09:30:00Z", True),
        ("2026-01-05T08:12:29Z", True),
        ("2026-01-05T08:12:28Z", False),
        (None, False),
    ],
)
def test_a_job_that_ended_before_its_attempt_started_is_inherited(
    attempt_started_at: str | None, inherited: bool
) -> None:
    assert row("job_inherited", attempt_started_at).is_inherited is inherited


def test_a_first_attempt_inherits_no_job() -> None:
    """A job of a second ends before the start if GitHub's clocks differ by two."""
    job = payload("job", "job")
    assert job["run_attempt"] == 1
    assert not WorkflowJob.from_api(job, datetime(2026, 2, 1, tzinfo=UTC)).is_inherited


def test_a_job_that_has_not_ended_is_not_inherited() -> None:
    assert not row("job_in_progress", "2026-01-05T09:30:00Z").is_inherited


def test_the_requested_attempt_is_used_if_the_payload_has_none() -> None:
    assert WorkflowJob.from_api(payload("job_of_2021", "job"), None, 3).run_attempt == 3
    assert WorkflowJob.from_api(payload("job_inherited", "job"), None, 3).run_attempt == 2


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("job_without_id", "job: id is missing"),
        ("job_without_run_id", "job 24000000001: run_id is missing"),
        ("job_with_wrong_types", "24000000001: labels is 'ubuntu-latest', not a list of texts"),
    ],
)
def test_an_unreadable_job_is_named_with_its_reason(name: str, said: str) -> None:
    with pytest.raises(UnreadableRow) as caught:
        row(name)
    assert str(caught.value) == said


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (7, "step of job 24000000001: 7 is not an object"),
        ({"name": "Build"}, "step null of job 24000000001: number is missing"),
        (
            {"number": 3, "name": 7},
            "'step 3 of job 24000000001': name is 7, not text",
        ),
    ],
)
def test_an_unreadable_step_is_named_with_its_job(step: Any, said: str) -> None:
    with pytest.raises(UnreadableRow) as caught:
        WorkflowStep.from_api(step, row("job"))
    assert str(caught.value) == said


# What GitHub has really answered.


# Told by their names; the program has to tell them by what they lack.
RECORDED_PSEUDO = {
    "tt-forge-onnx Tests",
    "macos-latest MLIR Tests",
    "MLIR Tests",
    "TTRT n150 run Tests",
    "TTRT n300 run Tests",
    "TTRT n150 perf Tests",
    "TTRT n300 perf Tests",
    "check-run-eslint",
}


def test_every_recorded_job_and_step_becomes_its_row(recorded: Path) -> None:
    jobs = steps = 0
    for path in sorted((recorded / "github").glob("*.json")):
        for job in recorded_jobs(recorded, path.stem):
            expected = plainly(job, job["name"] in RECORDED_PSEUDO)
            assert asdict(WorkflowJob.from_api(job, None)) == expected, path.name
            spelled = [plainly_step(step, job) for step in job["steps"]]
            assert [asdict(step) for step in steps_of(job)] == spelled, path.name
            jobs, steps = jobs + 1, steps + len(spelled)
    assert (jobs, steps) == (114, 957)


def test_recorded_third_party_check_runs_are_eight_of_21_jobs(recorded: Path) -> None:
    jobs = rows(recorded, "body_jobs__tt_12083382635")
    pseudo = [job for job in jobs if job.is_pseudo]
    assert (len(jobs), len(pseudo)) == (21, 8)
    assert [job.name for job in pseudo].count("MLIR Tests") == 3
    assert {job.runner_id for job in pseudo} == {None}
    assert None not in {job.runner_id for job in jobs if not job.is_pseudo}


def test_a_recorded_check_run_may_take_time_and_lie_among_the_jobs_pages(recorded: Path) -> None:
    (job,) = rows(recorded, "webhook__grafana_5_workflow_job_check-run_completed")
    assert job.started_at != job.completed_at
    assert job.is_pseudo


def test_recorded_skipped_jobs_have_no_runner_and_are_not_pseudo_jobs(recorded: Path) -> None:
    skipped = [
        job
        for name in ("body_jobs__pytorch_workflow_jobs", "webhook_workflow_job__otel_skipped")
        for job in rows(recorded, name)
        if job.conclusion == "skipped"
    ]
    assert [(job.runner_id, job.labels, job.is_pseudo) for job in skipped] == [
        (None, [], False)
    ] * 3


def test_a_recorded_skipped_job_was_created_after_it_started(recorded: Path) -> None:
    (job,) = rows(recorded, "webhook_workflow_job__otel_skipped")
    assert job.run_attempt == 13
    assert job.created_at == at("2025-05-02T14:15:55Z")
    assert job.started_at == job.completed_at == at("2025-05-02T14:15:54Z")


@pytest.mark.parametrize(
    ("name", "status", "runner_id"),
    [
        ("webhook__grafana_1_workflow_job_queued", "queued", None),
        ("webhook__pytorch_workflow_job.queued", "queued", None),
        ("webhook_workflow_job__octokit_queued", "queued", 5),
        ("webhook_workflow_job__octokit_waiting", "waiting", None),
        ("webhook_workflow_job__octokit_in_progress", "in_progress", 5),
    ],
)
def test_recorded_jobs_that_have_not_ended(
    recorded: Path, name: str, status: str, runner_id: int | None
) -> None:
    (job,) = rows(recorded, name)
    assert (job.status, job.conclusion, job.completed_at) == (status, None, None)
    assert (job.runner_id, job.is_pseudo) == (runner_id, False)
    # A queued job says that it started when it was created.
    assert job.started_at == job.created_at


def test_recorded_steps_that_have_not_begun_have_no_start(recorded: Path) -> None:
    (job,) = recorded_jobs(recorded, "webhook_workflow_job__octokit_in_progress_with-queued-steps")
    begun = [step.started_at is not None for step in steps_of(job) if step.status == "queued"]
    assert begun == [False] * len(begun) != []


def test_a_recorded_step_ends_before_it_starts(recorded: Path) -> None:
    (job,) = recorded_jobs(recorded, "body_job__sentry")
    backwards = [
        step
        for step in steps_of(job)
        if step.started_at and step.completed_at and step.completed_at < step.started_at
    ]
    assert len(backwards) == 1


def test_recorded_step_numbers_have_gaps(recorded: Path) -> None:
    (job,) = recorded_jobs(recorded, "body_jobs__tt_14492364249")
    numbers = [step.number for step in steps_of(job)]
    assert len(numbers) == 20 < numbers[-1]


def test_recorded_jobs_of_2021_name_neither_attempt_nor_creation(recorded: Path) -> None:
    jobs = rows(recorded, "http_jobs__hub4j_testJobs_11")
    assert [(job.run_attempt, job.created_at, job.is_pseudo) for job in jobs] == [
        (1, None, False)
    ] * 2


@given(st.dictionaries(st.sampled_from(sorted(payload("job", "job"))), JSON))
def test_any_job_becomes_a_row_or_is_unreadable(changes: dict[str, Any]) -> None:
    try:
        made = WorkflowJob.from_api({**payload("job", "job"), **changes}, None)
    except UnreadableRow as error:
        assert str(error).isprintable()
    else:
        assert {f.name for f in fields(made)} == set(asdict(made))
        assert made.run_attempt >= 0 and made.job_id >= 0


@given(st.dictionaries(st.sampled_from(sorted(payload("job", "job")["steps"][0])), JSON) | JSON)
def test_any_step_becomes_a_row_or_is_unreadable(step: Any) -> None:
    try:
        made = WorkflowStep.from_api(step, row("job"))
    except UnreadableRow as error:
        assert str(error).isprintable()
    else:
        assert made.job_id == row("job").job_id
