"""Rows hold what the payload says, whatever is odd about it."""

import json
from dataclasses import asdict, fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.paths import PAYLOADS
from support.payloads import JSON, payload, recorded_body

from telemetry.rows.llm import LlmCall
from telemetry.rows.reading import UnreadableRow, storable, wrong_value
from telemetry.rows.runs import Repository, WorkflowRun, seconds_between

RUN_PAYLOADS = json.loads((PAYLOADS / "runs.json").read_text(encoding="utf-8"))
UNREADABLE = {"run_without_id", "run_without_created_at", "run_with_wrong_types"}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def plainly(run: dict[str, Any]) -> dict[str, Any]:
    """The row that a listed run must become, worked out a second time, key by key."""
    expected = {
        "github_run_id": run["id"],
        "run_attempt": run.get("run_attempt") or 1,
        "repository_id": run["repository"]["id"] if "repository" in run else None,
        "repository": run["repository"]["full_name"] if "repository" in run else None,
        "workflow_id": run["workflow_id"],
        "workflow_name": run.get("name"),
        "workflow_path": run.get("path"),
        "run_number": run["run_number"],
        "display_title": run.get("display_title"),
        "branch": run["head_branch"],
        "commit_sha": run["head_sha"],
        "head_repository": None,
        "event_type": run["event"],
        "status": run["status"],
        "conclusion": run["conclusion"],
        "actor": None,
        "triggering_actor": None,
        "created_at": at(run["created_at"]),
        "started_at": at(run["run_started_at"]) if run.get("run_started_at") else None,
        "updated_at": at(run["updated_at"]),
        "completed_at": at(run["updated_at"]) if run["status"] == "completed" else None,
        "html_url": run["html_url"],
        "duration_seconds": None,
        "is_private": (run.get("repository") or {}).get("private"),
        "actor_id": (run.get("actor") or {}).get("id"),
        "triggering_actor_id": (run.get("triggering_actor") or {}).get("id"),
    }
    if run.get("head_repository"):
        expected["head_repository"] = run["head_repository"]["full_name"]
    for key in ("actor", "triggering_actor"):
        if run.get(key):
            expected[key] = run[key]["login"]
    if expected["started_at"] and expected["completed_at"]:
        seconds = (expected["completed_at"] - expected["started_at"]).total_seconds()
        expected["duration_seconds"] = max(0, int(seconds))
        if seconds > 35 * 86_400:
            expected["duration_seconds"] = expected["completed_at"] = None
    for key, value in expected.items():
        if isinstance(value, str):
            kept = value.encode("utf-8", "replace").decode() if value.isascii() else value
            expected[key] = "".join(
                "\ufffd" if c == "\0" or "\ud800" <= c <= "\udfff" else c for c in kept
            )
    return expected


def runs_in(body: Any) -> list[dict[str, Any]]:
    """The runs that a recorded body holds, whichever kind of body it is."""
    if not isinstance(body, dict):
        return []
    if "payload" in body:
        body = body["payload"]
    if "workflow_runs" in body:
        return list(body["workflow_runs"])
    if "workflow_run" in body:
        return [body["workflow_run"]]
    return [body] if "run_number" in body else []


def recorded_runs(recorded: Path, name: str) -> list[WorkflowRun]:
    return [WorkflowRun.from_api(run) for run in runs_in(recorded_body(recorded, name))]


@pytest.mark.parametrize("name", [name for name in RUN_PAYLOADS if name not in UNREADABLE])
def test_a_run_becomes_its_row(name: str) -> None:
    assert asdict(WorkflowRun.from_api(payload(name))) == plainly(payload(name))


def test_every_recorded_run_becomes_its_row(recorded: Path) -> None:
    count = 0
    for path in sorted((recorded / "github").glob("*.json")):
        for run in runs_in(recorded_body(recorded, path.stem)):
            assert asdict(WorkflowRun.from_api(run)) == plainly(run), path.name
            count += 1
    assert count == 153


def test_a_payload_of_2020_is_a_first_attempt_of_unknown_length() -> None:
    row = WorkflowRun.from_api(payload("run_of_2020"))
    assert (row.run_attempt, row.workflow_name, row.workflow_path) == (1, None, None)
    assert (row.started_at, row.duration_seconds) == (None, None)
    assert row.completed_at == at("2020-05-21T00:02:14Z")


def test_recorded_payloads_of_2020_are_first_attempts_of_unknown_length(recorded: Path) -> None:
    rows = recorded_runs(recorded, "http_runs__pygithub_Repository_testGetWorkflowRuns_1")
    assert [row.github_run_id for row in rows] == [
        110932306,
        110932159,
        110932072,
        110286191,
        110278769,
    ]
    assert {(row.run_attempt, row.workflow_name, row.duration_seconds) for row in rows} == {
        (1, None, None)
    }


def test_a_startup_failure_keeps_its_path_as_name() -> None:
    row = WorkflowRun.from_api(payload("run_startup_failure"))
    assert (row.conclusion, row.workflow_name) == (
        "startup_failure",
        ".github/workflows/broken.yml",
    )
    assert row.duration_seconds == 0


def test_recorded_startup_failures(recorded: Path) -> None:
    rows = recorded_runs(recorded, "http_runs__hub4j_testStartupFailureConclusion_3")
    assert [(row.conclusion, row.duration_seconds) for row in rows] == [
        ("startup_failure", 16),
        ("startup_failure", 0),
        ("startup_failure", 14),
        ("startup_failure", 0),
    ]
    assert rows[1].workflow_name == ".github/workflows/startup-failure-workflow.yml"


def test_a_billing_lock_has_an_empty_name_and_no_file() -> None:
    row = WorkflowRun.from_api(payload("run_billing_lock"))
    assert (row.workflow_name, row.workflow_path) == ("", "BuildFailed")


def test_a_run_of_nulls_is_still_a_row() -> None:
    row = WorkflowRun.from_api(payload("run_null_everywhere"))
    assert (row.workflow_name, row.branch, row.actor, row.head_repository) == (None,) * 4
    assert (row.completed_at, row.duration_seconds) == (None, None)


def test_a_deleted_fork_leaves_its_repository_unknown() -> None:
    assert WorkflowRun.from_api(payload("run_deleted_fork")).head_repository is None


def test_a_fork_is_distinguished_from_the_repository() -> None:
    row = WorkflowRun.from_api(payload("run_fork"))
    assert (row.repository, row.head_repository) == ("acme/app", "dev-2/app")


def test_text_that_postgresql_cannot_hold_is_replaced_and_the_rest_kept() -> None:
    row = WorkflowRun.from_api(payload("run_unstorable_text"))
    assert row.workflow_name == "nul \ufffd here"
    assert row.display_title == "half \ufffd of a pair, Grüße 你好 🎉"
    assert row.branch == "x\ufffd"


def test_a_recorded_unicode_title_is_kept(recorded: Path) -> None:
    (row,) = recorded_runs(recorded, "http_runs__pygithub_Workflow_testGetRunsWithHeadSha_1")
    assert row.display_title is not None
    assert not row.display_title.isascii()


def test_a_run_in_progress_has_no_end() -> None:
    row = WorkflowRun.from_api(payload("run_in_progress"))
    assert (row.status, row.conclusion, row.completed_at, row.duration_seconds) == (
        "in_progress",
        None,
        None,
        None,
    )


def test_a_recorded_run_in_progress_has_no_end(recorded: Path) -> None:
    (row,) = recorded_runs(recorded, "http_runs__hub4j_testCancelAndRerun_6")
    assert (row.status, row.conclusion, row.completed_at) == ("in_progress", None, None)


def test_times_of_different_clocks_are_stored_unchanged() -> None:
    row = WorkflowRun.from_api(payload("run_started_before_created"))
    assert row.started_at is not None
    assert row.started_at < row.created_at


def test_a_recorded_attempt_started_before_its_run_was_created(recorded: Path) -> None:
    (row,) = recorded_runs(recorded, "body_run__tt_12083382635")
    assert (row.created_at, row.started_at) == (
        at("2024-11-29T10:47:43Z"),
        at("2024-11-29T10:47:42Z"),
    )
    assert (row.conclusion, row.duration_seconds) == ("cancelled", 2_669)


def test_an_end_before_the_start_gives_no_negative_duration() -> None:
    row = WorkflowRun.from_api(payload("run_ends_before_it_starts"))
    assert row.duration_seconds == 0
    assert row.started_at is not None and row.completed_at is not None
    assert row.completed_at < row.started_at


def test_a_change_long_after_the_run_is_not_taken_for_its_end() -> None:
    row = WorkflowRun.from_api(payload("run_touched_a_year_later"))
    assert (row.completed_at, row.duration_seconds) == (None, None)
    assert row.updated_at == at("2027-01-29T23:29:45Z")


def test_a_recorded_change_thirteen_months_later_is_not_taken_for_its_end(recorded: Path) -> None:
    (row,) = recorded_runs(recorded, "http_runs__pygithub_Repository_testGetWorkflowRunsCreated_1")
    assert row.updated_at == at("2024-01-29T23:29:45Z")
    assert (row.completed_at, row.duration_seconds) == (None, None)


def test_an_attempt_gets_the_creation_time_of_its_run() -> None:
    run = WorkflowRun.from_api(payload("run_rerun"))
    assert WorkflowRun.from_attempt(payload("attempt_2_of_rerun"), run.created_at) == run
    assert run.created_at == at("2026-01-05T08:00:00Z")


def test_a_recorded_attempt_gets_the_creation_time_of_its_run(recorded: Path) -> None:
    body = recorded_body(recorded, "http_run__pygithub_WorkflowRun_testGetAttempt_2")
    assert body["created_at"] == "2026-05-29T15:42:07Z"
    (run,) = recorded_runs(recorded, "http_run__pygithub_WorkflowRun_testGetAttempt_1")
    attempt = WorkflowRun.from_attempt(body, run.created_at)
    assert attempt.created_at == run.created_at == at("2026-05-24T15:20:04Z")
    assert attempt == run


def test_a_recorded_second_attempt_keeps_who_started_it(recorded: Path) -> None:
    (row,) = recorded_runs(recorded, "body_run__tt_12084081698")
    assert row.run_attempt == 2
    assert row.started_at is not None and row.started_at < row.created_at


def test_an_approved_run_is_its_second_attempt(recorded: Path) -> None:
    waiting = recorded_runs(recorded, "http_runs__hub4j_testApproval_3")
    (approved,) = recorded_runs(recorded, "http_run__hub4j_testApproval_5")
    assert {row.conclusion for row in waiting} == {"action_required"}
    before = next(row for row in waiting if row.github_run_id == approved.github_run_id)
    assert (before.run_attempt, approved.run_attempt) == (1, 2)
    assert before.created_at == approved.created_at


@pytest.mark.parametrize(
    ("name", "attempt"),
    [("webhook__grafana_8_workflow_run_completed", 10), ("body_run_skipped__sentry", 1)],
)
def test_recorded_attempt_numbers(recorded: Path, name: str, attempt: int) -> None:
    (row,) = recorded_runs(recorded, name)
    assert row.run_attempt == attempt


def test_a_recorded_empty_name_stays_empty(recorded: Path) -> None:
    (row,) = recorded_runs(recorded, "webhook_workflow_run__octokit_completed")
    assert row.workflow_name == ""


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("run_without_id", "run: id is missing"),
        ("run_without_created_at", "run 9000000001: created_at is missing"),
        ("run_with_wrong_types", "'9000000001': run_attempt is '2', not a whole number"),
    ],
)
def test_an_unreadable_run_is_named_with_its_reason(name: str, said: str) -> None:
    with pytest.raises(UnreadableRow) as caught:
        WorkflowRun.from_api(payload(name))
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize("value", [None, [], "run", 7, {"id": 1, "created_at": "2026-01-05"}])
def test_a_payload_that_is_not_a_run_is_unreadable(value: Any) -> None:
    with pytest.raises(UnreadableRow):
        WorkflowRun.from_api(value)


@given(st.dictionaries(st.sampled_from(sorted(payload("run"))), JSON))
def test_any_payload_becomes_a_row_or_is_unreadable(
    changes: dict[str, Any],
) -> None:
    try:
        row = WorkflowRun.from_api({**payload("run"), **changes})
    except UnreadableRow as error:
        assert str(error).isprintable()
    else:
        texts = [v for v in asdict(row).values() if isinstance(v, str)]
        assert all(storable(text) == text for text in texts)


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_a_duration_is_never_negative(start: datetime, end: datetime) -> None:
    seconds = seconds_between(start, end)
    assert seconds is not None
    assert seconds >= 0


def test_a_repository_is_known_by_its_number() -> None:
    asked = Repository.from_api({"id": 7, "full_name": "acme/app"}, "api.github.com")
    assert asked == Repository(7, "acme/app", "api.github.com")


def test_a_canonical_call_becomes_its_row() -> None:
    record = {
        "call_id": "c1",
        "timestamp": "2026-01-05T09:00:00.000001+01:00",
        "session_id": "s1",
        "prompt_name": "review",
        "phase": "test",
        "provider": "anthropic",
        "model": "some-model",
        "input_tokens": 100,
        "output_tokens": "20",
        "cache_read_tokens": 60.0,
        "cache_write_tokens": 10,
        "cache_write_1h_tokens": 6,
        "cache_write_12h_tokens": 4,
        "reasoning_tokens": 5,
        "estimated_cost": Decimal("0.0123"),
        "success": False,
        "error_message": "overloaded",
        "duration_ms": 900,
        "api_calls": 1,
        "github_run_id": 1,
        "github_run_attempt": 2,
        "service_tier": "Default",
        "inference_geo": "US",
        "web_search_requests": 3,
    }
    expected = {
        **record,
        "source": "canonical",
        "reported_cost": Decimal("0.0123"),
        "service_tier": "standard",
        "inference_geo": "us",
        "timestamp": at("2026-01-05T08:00:00.000001Z"),
        "output_tokens": 20,
        "cache_read_tokens": 60,
        "precedence": 0,
        "is_whole_session": False,
    }
    assert asdict(LlmCall.from_record(record)) == expected


def timestamps(written: object, *call_ids: str) -> list[datetime]:
    records = [{"call_id": name, "timestamp": written, "model": "m"} for name in call_ids]
    return [LlmCall.from_record(record).timestamp for record in records]


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        ("2026-01-05T08:00:00Z", timedelta(seconds=1)),
        (1767600000, timedelta(seconds=1)),
        ("2026-01-05T08:00:00.250Z", timedelta(milliseconds=1)),
        (1767600000.25, timedelta(milliseconds=1)),
    ],
)
def test_calls_of_one_moment_get_distinct_microseconds_from_their_ids(
    written: object, digits: timedelta
) -> None:
    one, other = timestamps(written, "c1", "c2")
    moment = at(written) if isinstance(written, str) else datetime.fromtimestamp(written, UTC)  # type: ignore[arg-type]
    assert one != other
    assert all(moment <= timestamp < moment + digits for timestamp in (one, other))
    assert timestamps(written, "c2", "c1") == [other, one]


def test_a_time_with_microseconds_is_kept_as_it_is() -> None:
    assert timestamps("2026-01-05T08:00:00.250001Z", "c1") == [at("2026-01-05T08:00:00.250001Z")]


def test_a_call_with_a_distinct_timestamp_keeps_it_when_read_again() -> None:
    (first,) = timestamps("2026-01-05T08:00:00Z", "c1")
    assert timestamps(first.isoformat(), "c1") == [first]


def test_the_total_is_input_and_output() -> None:
    call = LlmCall.from_record(
        {"timestamp": 0, "model": "m", "input_tokens": 3, "output_tokens": 4}
    )
    assert call.total_tokens == 7


def test_what_a_call_does_not_report_is_unknown_and_not_zero() -> None:
    call = LlmCall.from_record({"timestamp": 0, "model": "m"})
    unknown = {f.name for f in fields(call) if getattr(call, f.name) is None}
    assert {"input_tokens", "output_tokens", "estimated_cost", "duration_ms"} <= unknown
    assert call.total_tokens is None
    assert (call.session_id, call.prompt_name, call.success, call.api_calls) == ("", "", True, 1)


def test_parts_are_never_more_than_their_whole() -> None:
    counts = {"input_tokens": 5, "output_tokens": 5, "reasoning_tokens": 9}
    cached = {"cache_read_tokens": 4, "cache_write_tokens": 2, "cache_write_1h_tokens": 3}
    call = LlmCall.from_record({"timestamp": 0, "model": "m", **counts, **cached})
    assert (call.input_tokens, call.output_tokens, call.cache_write_tokens) == (7, 9, 3)


def test_ids_too_long_for_an_index_still_distinguish_calls() -> None:
    ids = ["x" * 10_000 + end for end in ("1", "2", "1")]
    records = [{"call_id": i, "session_id": i, "timestamp": 0, "model": "m"} for i in ids]
    one, other, again = (LlmCall.from_record(record) for record in records)
    assert one == again
    assert one.call_id != other.call_id
    assert (len(one.call_id), one.session_id) == (32, "x" * 255)


def test_a_record_without_an_id_is_the_same_call_wherever_it_is() -> None:
    one = LlmCall.from_record({"timestamp": 0, "model": "m"})
    other = LlmCall.from_record({"model": "m", "timestamp": 0})
    assert one.call_id == other.call_id
    assert one.call_id != LlmCall.from_record({"timestamp": 1, "model": "m"}).call_id


@pytest.mark.parametrize(
    "wrong",
    [
        {"timestamp": None},
        {"timestamp": "2026-01-05T08:00:00"},
        {"timestamp": "yesterday"},
        {"timestamp": 1e30},
        {"model": None},
        {"input_tokens": -1},
        {"input_tokens": 1.5},
        {"input_tokens": "many"},
        {"input_tokens": 2**63},
        {"input_tokens": 10**12, "output_tokens": 1},
        {"input_tokens": Decimal("1e999999")},
        {"input_tokens": Decimal("1.5")},
        {"output_tokens": True},
        {"estimated_cost": "NaN"},
        {"estimated_cost": 10_000},
        {"estimated_cost": -0.1},
        {"success": "no"},
    ],
)
def test_a_value_that_cannot_be_right_makes_a_call_unreadable(wrong: dict[str, Any]) -> None:
    with pytest.raises(UnreadableRow):
        LlmCall.from_record({"call_id": "c1", "timestamp": 0, "model": "m", **wrong})


@given(st.dictionaries(st.sampled_from([f.name for f in fields(LlmCall)]), JSON))
def test_any_record_becomes_a_call_or_is_unreadable(record: dict[str, Any]) -> None:
    try:
        LlmCall.from_record(record)
    except UnreadableRow as error:
        assert str(error).isprintable()


def test_a_hostile_key_is_shown_harmless() -> None:
    for key in ("\x1b[31m", "k" * 1_000):
        text = str(wrong_value({key: False}, key, "an object"))
        assert text.isprintable() and len(text) < 200


@pytest.mark.parametrize(
    ("said", "stored"),
    [("default", "standard"), ("BATCH", "batch"), ("auto", None), ("", None), (None, None)],
)
def test_a_service_tier_has_one_name(said: str | None, stored: str | None) -> None:
    call = LlmCall.of("s", "1", at("2026-01-05T08:00:00Z"), service_tier=said)
    assert call.service_tier == stored


def test_a_reported_cost_is_kept_exactly_whichever_of_the_two_fields_names_it() -> None:
    cost = Decimal("0.0000004")
    for name in ("estimated_cost", "reported_cost"):
        call = LlmCall.of("s", "1", at("2026-01-05T08:00:00Z"), **{name: cost})
        assert (call.estimated_cost, call.reported_cost) == (cost, cost)


def test_kept_cache_writes_are_part_of_the_writes_and_of_the_input() -> None:
    kept = {"cache_write_1h_tokens": 5, "cache_write_12h_tokens": 7}
    call = LlmCall.of("s", "1", at("2026-01-05T08:00:00Z"), input_tokens=3, **kept)
    assert (call.cache_write_tokens, call.input_tokens) == (12, 12)
