"""Every figure about LLM calls, computed a second time in Python from the same calls."""

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from random import Random
from statistics import median, quantiles
from typing import Any

import pytest
from support.answers import rows_of
from support.llm_costs import between_in_python, in_python
from support.rows import llm_call, workflow_run

from telemetry.database.connection import Connection, open_connection
from telemetry.database.prices import load_llm_prices
from telemetry.database.questions import questions
from telemetry.database.upserts import upsert
from telemetry.llm.finding import Logs, find_logs
from telemetry.llm.formats.readers import Defaults
from telemetry.llm.ingest import ingest_llm_calls
from telemetry.rows.llm import LlmCall
from telemetry.rows.runs import WorkflowRun
from telemetry.simulated.llm_logs import write_llm_logs
from telemetry.simulated.month import team_month

# Never the present: this module is loaded long before its tests ask. The moment is in the middle
# of a day, so that the 30 days before it begin and end within one.
NOW = datetime(2026, 3, 1, 7, 45, 12, 345_678, tzinfo=UTC)
MODELS = ("claude-haiku-4-5-20251001", "gpt-5-mini", "openai/gpt-5-mini", "of-tomorrow")
ERRORS = {
    "API Error: 529 overloaded_error": "overloaded",
    "RateLimitError: 429": "rate limited",
    "the read timed out": "timeout",
    "403 Forbidden": "not allowed",
    "500 Internal": "server error",
    "Error code: 400 - invalid_request_error": "bad request",
    "the answer was no JSON": "other",
    None: "not said",
}

Rows = list[dict[str, Any]]


def some_calls() -> list[LlmCall]:
    rng = Random(7)
    found = []
    for number in range(600):
        failed = rng.random() < 0.15
        read, written = rng.choice([(None, None), (rng.randrange(9_000), rng.randrange(900))])
        run = rng.choice([None, 1, 2, 3, 99])
        found.append(
            llm_call(
                call_id=str(number),
                timestamp=NOW - timedelta(days=rng.random() * 40, seconds=5),
                session_id=rng.choice(["", "s1", "s2", f"s{number}"]),
                prompt_name=rng.choice(["", "review", "triage"]),
                phase=rng.choice([None, "plan", "build"]),
                provider=rng.choice([None, "anthropic"]),
                model=rng.choice(MODELS),
                input_tokens=rng.choice([(read or 0) + (written or 0) + rng.randrange(9_000), None])
                if failed
                else (read or 0) + (written or 0) + rng.randrange(9_000),
                output_tokens=rng.randrange(4_000),
                cache_read_tokens=read,
                cache_write_tokens=written,
                estimated_cost=rng.choice([None, Decimal(rng.randrange(90_000)) / 1_000_000]),
                success=not failed if number % 31 else None,
                error_message=rng.choice(list(ERRORS)) if failed else None,
                duration_ms=rng.choice([None, rng.randrange(1, 60_000)]),
                api_calls=rng.choice([1, 1, 1, 4]),
                github_run_id=run,
                github_run_attempt=None if run is None else rng.choice([1, 1, 2, None]),
            )
        )
    return found


def some_runs() -> list[WorkflowRun]:
    created = NOW - timedelta(days=29)
    return [
        workflow_run(
            github_run_id=run,
            run_attempt=attempt,
            workflow_id=4 if run == 3 else 3,
            workflow_name="Nightly" if run == 3 else "CI",
            conclusion="success" if (run + attempt) % 2 else "failure",
            created_at=created,
            started_at=created + timedelta(hours=attempt),
            updated_at=created + timedelta(hours=attempt, seconds=600 * run),
            completed_at=created + timedelta(hours=attempt, seconds=600 * run),
            duration_seconds=600 * run,
        )
        for run in (1, 2, 3)
        for attempt in (1, 2)
    ]


CALLS = some_calls()
RECENT = [call for call in CALLS if call.timestamp >= NOW - timedelta(days=30)]


@pytest.fixture(scope="module")
def ask(new_database: Callable[[str], str], migrated: str) -> Iterator[Callable[[str], Rows]]:
    """The answer of an analysis file over the calls and runs above."""
    with open_connection(new_database(migrated)) as opened:
        load_llm_prices(opened)
        upsert(opened, CALLS)
        upsert(opened, some_runs())
        opened.execute("analyze")
        yield lambda name: rows_of(opened, name, NOW)


def cost(call: LlmCall) -> Decimal | None:
    return in_python(call) if call.estimated_cost is None else call.estimated_cost


def total(values: Iterable[Decimal | int | None]) -> Any:
    """The sum of what is known, as SQL has it: None of nothing."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def rounded(value: Decimal | int | None, digits: int = 4) -> Decimal | None:
    if value is None:
        return None
    return Decimal(value).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def grouped(calls: Iterable[LlmCall], key: Callable[[LlmCall], Any]) -> dict[Any, list[LlmCall]]:
    groups: dict[Any, list[LlmCall]] = {}
    for call in calls:
        groups.setdefault(key(call), []).append(call)
    return groups


def price_name(call: LlmCall) -> str | None:
    names = {"claude-haiku-4-5-20251001": "claude-haiku-4-5", "openai/gpt-5-mini": "gpt-5-mini"}
    return names.get(call.model or "", call.model)


def bound(calls: list[LlmCall], place: int) -> Decimal | None:
    """The least or the most that calls can have cost, rounded."""
    known = []
    for call in calls:
        if call.estimated_cost is not None:
            known.append(Fraction(call.estimated_cost))
        elif (between := between_in_python(call)) is not None:
            known.append(between[place])
    if not known:
        return None
    exact = sum(known, Fraction(0))
    return rounded(Decimal(exact.numerator) / Decimal(exact.denominator))


def figures(calls: list[LlmCall]) -> dict[str, Any]:
    return {
        "calls": sum(call.api_calls for call in calls),
        "failed": sum(call.success is False for call in calls),
        "input_tokens": total(call.input_tokens for call in calls),
        "output_tokens": total(call.output_tokens for call in calls),
        "cost_usd": rounded(total(cost(call) for call in calls)),
        "reported_usd": rounded(total(call.estimated_cost for call in calls)),
        "cost_low_usd": bound(calls, 0),
        "cost_high_usd": bound(calls, 1),
        "unpriced": sum(call.api_calls for call in calls if cost(call) is None),
    }


def test_cost_by_day(ask: Callable[[str], Rows]) -> None:
    expected = [
        {"day": day, **figures(calls)}
        for day, calls in sorted(
            grouped(RECENT, lambda call: call.timestamp.date()).items(), reverse=True
        )
    ]
    assert ask("llm_cost_by_day") == expected
    assert len(expected) >= 30


def test_cost_by_phase_prompt_and_model(ask: Callable[[str], Rows]) -> None:
    rows = {(row.pop("kind"), row.pop("name")): row for row in ask("llm_cost_by_phase")}
    for kind, key in (
        ("phase", lambda call: call.phase),
        ("prompt", lambda call: call.prompt_name or None),
        ("model", price_name),
    ):
        everything = total(cost(call) for call in RECENT)
        for name, calls in grouped(RECENT, key).items():
            row = rows.pop((kind, name))
            spent = total(cost(call) for call in calls)
            assert row.pop("cost_percent") == rounded(100 * spent / everything)
            assert row == figures(calls)
    assert rows == {}


def test_counts_are_integers_for_machines_too(ask: Callable[[str], Rows]) -> None:
    counts = {"calls", "failed", "failed_calls", "runs", "unpriced"}
    counts |= {"input_tokens", "output_tokens", "total_tokens"}
    seen = set()
    for question in questions():
        if question.name.startswith("llm_"):
            for row in ask(question.name):
                found = {name: row[name] for name in counts & row.keys() if row[name] is not None}
                assert {type(value) for value in found.values()} == {int}, question.name
                seen |= found.keys()
    assert seen == counts


def test_cost_by_session(ask: Callable[[str], Rows]) -> None:
    sessions = grouped([call for call in RECENT if call.session_id], lambda c: c.session_id)
    dearest = sorted(
        sessions, key=lambda s: total(cost(call) for call in sessions[s]) or -1, reverse=True
    )
    rows = ask("llm_cost_by_session")
    assert [row["session_id"] for row in rows[:2]] == dearest[:2]
    assert len(rows) == len(sessions)
    for row in rows:
        calls = sessions[row["session_id"]]
        moments = [call.timestamp for call in calls]
        assert row["first_call_at"] == min(moments)
        ended = max(
            call.timestamp + timedelta(milliseconds=call.duration_ms or 0) for call in calls
        )
        minutes = Decimal((ended - min(moments)) / timedelta(microseconds=1)) / 60_000_000
        assert row["minutes"] == (rounded(minutes, 2) or None)
        phases = sorted({call.phase for call in calls if call.phase})
        assert row["phases"] == (", ".join(phases) or None)
        assert row["total_tokens"] == total(call.total_tokens for call in calls)
        wanted = figures(calls)
        assert {name: row[name] for name in ("calls", "failed", "cost_usd", "unpriced")} == {
            name: wanted[name] for name in ("calls", "failed", "cost_usd", "unpriced")
        }


def test_errors_by_model_and_class(ask: Callable[[str], Rows]) -> None:
    by_model = grouped(RECENT, price_name)
    failed = grouped(
        [call for call in RECENT if call.success is False],
        lambda call: (price_name(call), ERRORS[call.error_message]),
    )
    rows = ask("llm_errors")
    found = {(row["model"], row["error_class"]): row for row in rows}
    assert found.keys() == failed.keys()
    assert {name for _, name in failed} == set(ERRORS.values())
    for (model, name), calls in failed.items():
        row = found[model, name]
        assert row["failed"] == len(calls)
        share = Decimal(100 * len(calls)) / len(by_model[model])
        assert row["failed_percent"] == rounded(share)
        assert row["last_at"] == max(call.timestamp for call in calls)


def test_latency_is_that_of_single_successful_calls(ask: Callable[[str], Rows]) -> None:
    single = [
        call
        for call in RECENT
        if call.api_calls == 1 and call.duration_ms is not None and call.success is not False
    ]
    rows = {row["model"]: row for row in ask("llm_latency")}
    groups = grouped(single, price_name)
    assert rows.keys() == groups.keys()
    for model, calls in groups.items():
        lengths = [call.duration_ms for call in calls if call.duration_ms is not None]
        percentiles = quantiles(lengths, n=100, method="inclusive")
        row = rows[model]
        assert row["calls"] == len(calls)
        assert len(calls) >= 20
        assert (row["p99_seconds"] is None) == (len(calls) < 100)
        for place in (50, 95, 99)[: 2 if len(calls) < 100 else 3]:
            expected = percentiles[place - 1] / 1_000
            assert float(row[f"p{place}_seconds"]) == pytest.approx(expected, abs=0.0051)
        tokens = total(call.output_tokens for call in calls)
        assert row["output_tokens_per_second"] == rounded(Decimal(1_000 * tokens) / sum(lengths), 1)


def test_calls_by_phase_in_stored_runs_and_outside_of_them(ask: Callable[[str], Rows]) -> None:
    stored = {run.github_run_id for run in some_runs()}
    groups = grouped(RECENT, lambda call: (call.phase, call.github_run_id in stored))
    rows = {(row["phase"], row["is_of_a_run"]): row for row in ask("llm_phases")}
    assert rows.keys() == groups.keys()
    for key, calls in groups.items():
        row = rows[key]
        for name in ("calls", "failed", "unpriced"):
            assert row[name] == figures(calls)[name]
        lengths = [
            call.duration_ms
            for call in calls
            if call.api_calls == 1 and call.duration_ms is not None and call.success is not False
        ]
        assert float(row["p50_seconds"]) == pytest.approx(median(lengths) / 1_000, abs=0.051)


def test_few_calls_have_no_high_percentiles_and_unknown_output_no_speed(
    connection: Connection,
) -> None:
    upsert(
        connection,
        [
            llm_call(
                call_id=str(number),
                timestamp=NOW - timedelta(minutes=number + 1),
                model="m",
                output_tokens=100 if number else None,
                duration_ms=1_000,
            )
            for number in range(20)
        ],
    )
    (row,) = rows_of(connection, "llm_latency", NOW)
    assert (row["p95_seconds"], row["p99_seconds"]) == (1, None)
    assert row["output_tokens_per_second"] == 100
    connection.execute("delete from llm_calls where call_id = '1'")
    (row,) = rows_of(connection, "llm_latency", NOW)
    assert (row["calls"], row["p50_seconds"], row["p95_seconds"]) == (19, 1, None)


def test_what_a_cache_saved_is_a_share_of_the_same_calls_cost(with_prices: Connection) -> None:
    upsert(
        with_prices,
        [
            llm_call(
                call_id=str(output),
                timestamp=NOW - timedelta(hours=1),
                session_id=str(output),
                model="claude-haiku-4-5",
                input_tokens=1_000_000,
                cache_read_tokens=1_000_000,
                cache_write_tokens=None,
                output_tokens=output,
            )
            for output in (0, None)
        ],
    )
    (row,) = rows_of(with_prices, "llm_cache_savings", NOW)
    assert (row["list_cost_usd"], row["saved_usd"]) == (Decimal("0.1"), Decimal("1.8"))
    assert row["saved_percent"] == 90


def test_workflows_of_one_name_are_separate_and_calls_without_a_run_have_no_cost_per_run(
    connection: Connection,
) -> None:
    upsert(
        connection,
        [
            workflow_run(
                github_run_id=run,
                workflow_id=run,
                workflow_name="CI",
                created_at=NOW - timedelta(days=1),
            )
            for run in (1, 2)
        ],
    )
    upsert(
        connection,
        [
            llm_call(
                call_id=str(run),
                timestamp=NOW - timedelta(hours=run or 9),
                estimated_cost=Decimal(run or 7),
                github_run_id=run,
                github_run_attempt=None,
            )
            for run in (1, 2, 3, None)
        ],
    )
    rows = rows_of(connection, "llm_cost_by_workflow", NOW)
    figures = [(r["workflow"], r["runs"], r["cost_usd"], r["cost_per_run_usd"]) for r in rows]
    assert figures == [(None, 1, 10, None), ("CI (id 2)", 1, 2, 2), ("CI (id 1)", 1, 1, 1)]


def test_cache_share_and_savings(ask: Callable[[str], Rows]) -> None:
    rows = {row["model"]: row for row in ask("llm_cache_savings")}
    known = [call for call in RECENT if call.input_tokens is not None]
    for model, calls in grouped(known, price_name).items():
        row = rows.pop(model)
        whole = total(call.input_tokens for call in calls)
        read = total(call.cache_read_tokens for call in calls)
        assert row["input_tokens"] == whole
        assert row["read_percent"] == rounded(Decimal(100 * read) / whole)
        if model == "claude-haiku-4-5":
            # A read costs 0.9 less a million than fresh input, a write 0.25 more.
            written = total(call.cache_write_tokens for call in calls)
            saved = (read * Decimal("0.9") - written * Decimal("0.25")) / 1_000_000
            assert row["saved_usd"] == rounded(saved)
            listed = total(in_python(call) for call in calls)
            assert row["list_cost_usd"] == rounded(listed)
            assert row["saved_percent"] == rounded(100 * saved / (listed + saved))
        if model == "of-tomorrow":
            assert (row["list_cost_usd"], row["saved_usd"], row["saved_percent"]) == (None,) * 3
    assert rows == {}


def test_cost_by_workflow_with_failed_runs_and_reruns(ask: Callable[[str], Rows]) -> None:
    runs = {(run.github_run_id, run.run_attempt): run for run in some_runs()}

    def attempt(call: LlmCall) -> tuple[int, int] | None:
        key = (call.github_run_id or 0, call.github_run_attempt or 1)
        return key if key in runs else None

    def workflow(call: LlmCall) -> str | None:
        key = attempt(call)
        return None if key is None else runs[key].workflow_name

    rows = {row["workflow"]: row for row in ask("llm_cost_by_workflow")}
    groups = grouped(RECENT, workflow)
    assert rows.keys() == groups.keys() == {"CI", "Nightly", None}
    for name, calls in groups.items():
        row = rows[name]
        wanted = figures(calls)
        assert (row["calls"], row["cost_usd"]) == (wanted["calls"], wanted["cost_usd"])
        assert row["unpriced"] == wanted["unpriced"]
        keys = {attempt(call) for call in calls}
        count = len({call.github_run_id for call in calls} - {None})
        assert row["runs"] == count
        if name is None:
            assert (row["failed_usd"], row["rerun_usd"], row["run_minutes"]) == (None,) * 3
            assert row["cost_per_run_usd"] is None
            continue
        assert row["cost_per_run_usd"] == rounded(total(cost(call) for call in calls) / count)
        red = [c for c in calls if runs[attempt(c) or (0, 0)].conclusion == "failure"]
        again = [c for c in calls if (attempt(c) or (0, 0))[1] == 2]
        assert row["failed_usd"] == rounded(total(cost(call) for call in red))
        assert row["rerun_usd"] == rounded(total(cost(call) for call in again))
        seconds = sum(runs[key].duration_seconds or 0 for key in keys if key)
        assert row["run_minutes"] == rounded(Decimal(seconds) / 60, 2)


def test_cost_of_runs_names_those_that_are_not_stored_too(ask: Callable[[str], Rows]) -> None:
    linked = [call for call in RECENT if call.github_run_id is not None]
    groups = grouped(linked, lambda call: (call.github_run_id, call.github_run_attempt or 1))
    runs = {(run.github_run_id, run.run_attempt): run for run in some_runs()}
    rows = ask("llm_cost_of_runs")
    assert [row["cost_usd"] for row in rows] == sorted(
        (row["cost_usd"] for row in rows), reverse=True
    )
    assert {(row["github_run_id"], row["run_attempt"]) for row in rows} == groups.keys()
    for row in rows:
        key = (row["github_run_id"], row["run_attempt"])
        wanted = figures(groups[key])
        assert row["cost_usd"] == wanted["cost_usd"]
        assert (row["calls"], row["failed_calls"]) == (wanted["calls"], wanted["failed"])
        run = runs.get(key)
        assert row["workflow"] == (run.workflow_name if run else None)
        assert row["conclusion"] == (run.conclusion if run else None)
    assert None in {row["workflow"] for row in rows}


def test_reported_against_list_cost(ask: Callable[[str], Rows]) -> None:
    both = [
        call for call in RECENT if call.estimated_cost is not None and in_python(call) is not None
    ]
    rows = {row["model"]: row for row in ask("llm_reported_against_list")}
    groups = grouped(both, lambda call: call.model)
    assert rows.keys() == groups.keys()
    for model, calls in groups.items():
        row = rows[model]
        reported = total(call.estimated_cost for call in calls)
        listed = total(in_python(call) for call in calls)
        assert row["calls"] == sum(call.api_calls for call in calls)
        assert (row["reported_usd"], row["list_usd"]) == (rounded(reported), rounded(listed))
        assert row["difference_usd"] == rounded(reported - listed)
        assert row["difference_percent"] == rounded(100 * (reported - listed) / listed, 1)


def test_unpriced_models_are_listed_with_the_reason(ask: Callable[[str], Rows]) -> None:
    unpriced = [call for call in RECENT if cost(call) is None]
    rows = {(row["provider"], row["model"]): row for row in ask("llm_unpriced_models")}
    groups = grouped(unpriced, lambda call: (call.provider, call.model))
    assert rows.keys() == groups.keys()
    for key, calls in groups.items():
        row = rows[key]
        assert row["calls"] == sum(call.api_calls for call in calls)
        assert row["total_tokens"] == total(call.total_tokens for call in calls)
        assert (row["price_model"] is None) == (key[1] == "of-tomorrow")
        # Of a model that has a price the tokens are missing.
        assert row["price_model"] is None or row["total_tokens"] is None


def test_the_day_and_the_error_class_do_not_depend_on_the_sessions_zone(
    connection: Connection,
) -> None:
    late = datetime(2026, 1, 5, 23, 30, tzinfo=UTC)
    upsert(connection, [llm_call(timestamp=late, success=None, error_message="429")])
    with connection.transaction():
        connection.execute("set local time zone 'Asia/Tokyo'")
        (row,) = connection.execute("select day, error_class from llm_calls_priced").fetchall()
    assert (row["day"], row["error_class"]) == (late.date(), None)


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ("HTTP 529", "overloaded"),
        ("Overloaded", "overloaded"),
        ("rate_limit_error", "rate limited"),
        ("You exceeded your current quota", "rate limited"),
        ("Request timeout after 600s", "timeout"),
        ("AuthenticationError", "not allowed"),
        ("503 Service Unavailable", "server error"),
        ("404 model: x", "bad request"),
        ("port 14290 refused", "other"),
        ("", "not said"),
    ],
)
def test_classes_of_errors(connection: Connection, message: str, name: str) -> None:
    upsert(connection, [llm_call(success=False, error_message=message)])
    (row,) = connection.execute("select error_class from llm_calls_priced").fetchall()
    assert row["error_class"] == name


def test_the_demo_logs_are_read_completely_and_linked_to_their_runs(
    with_prices: Connection, tmp_path: Path
) -> None:
    world = team_month(seed=2, now=NOW.replace(microsecond=0), runs_per_day=12)
    attempts = list(world.attempts(world.repositories[0]))
    assert write_llm_logs(attempts, tmp_path / "a", seed=1) == write_llm_logs(
        attempts, tmp_path / "b", seed=1
    )
    names = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*.json*"))
    for name in names:
        assert (tmp_path / "a" / name).read_text() == (tmp_path / "b" / name).read_text()
    done = ingest_llm_calls(
        with_prices,
        find_logs([str(tmp_path / "a")]),
        Defaults(phase="review"),
        now=lambda: NOW,
    )
    assert (done.rejected_lines, done.rejected_files, done.clashing) == (0, 0, 0)
    rows = with_prices.execute("select * from llm_calls_priced").fetchall()
    assert {row["source"] for row in rows} == {
        "canonical",
        "claude-code-action",
        "claude-code-otlp",
        "otlp",
    }
    assert {row["phase"] for row in rows} == {"review", "triage", "report"}
    known = {attempt.github_run_id for attempt in attempts}
    assert {row["github_run_id"] for row in rows} <= known
    assert all(row["cost"] is not None for row in rows if row["success"])
    assert {row["error_class"] for row in rows} == {None, "overloaded", "rate limited"}
    for row in rows:
        if row["reported_cost"] is not None:
            assert abs(row["reported_cost"] - row["list_cost"]) < Decimal("0.000001")


def test_the_demos_first_review_has_three_logs_and_is_counted_once(
    connection: Connection, tmp_path: Path
) -> None:
    world = team_month(seed=2, now=NOW.replace(microsecond=0), runs_per_day=12)
    write_llm_logs(world.attempts(world.repositories[0]), tmp_path, seed=1)
    (result,) = tmp_path.rglob("claude-execution-output.json")
    session_id = json.loads(result.read_text())[0]["session_id"]
    logs = [path for path in tmp_path.rglob("*.json*") if session_id in path.read_text()]
    assert len(logs) == 3
    done = ingest_llm_calls(connection, Logs(logs), Defaults(), now=lambda: NOW)
    assert (done.rejected_lines, done.rejected_files, done.clashing) == (0, 0, 0)
    assert done.left_out > 0
    assert sum(f"session {session_id} has two logs" in note for note in done.notes) == 2
    rows = connection.execute(
        "select source, github_run_id, input_tokens, output_tokens, reported_cost "
        "from llm_calls where session_id = %s",
        [session_id],
    ).fetchall()
    assert {row["source"] for row in rows} == {"claude-code-action"}

    # The same sums from the telemetry alone, read in the test.
    (telemetry,) = (path for path in logs if path.name == "claude-code.jsonl")
    tokens = cost = Decimal(0)
    runs = set()
    for line in telemetry.read_text().splitlines():
        (export,) = json.loads(line)["resourceLogs"]
        if session_id in line:
            runs.add(int(export["resource"]["attributes"][0]["value"]["intValue"]))
        for event in export["scopeLogs"][0]["logRecords"]:
            said: dict[str, Any] = {
                one["key"]: next(iter(one["value"].values())) for one in event["attributes"]
            }
            if said["session.id"] == session_id and "cost_usd" in said:
                tokens += sum(int(value) for key, value in said.items() if key.endswith("_tokens"))
                cost += Decimal(str(said["cost_usd"]))
    assert sum(row["input_tokens"] + row["output_tokens"] for row in rows) == tokens
    assert abs(sum(row["reported_cost"] for row in rows) - cost) < Decimal("0.00001")
    # Only the telemetry names the run.
    assert {row["github_run_id"] for row in rows} == runs != {None}
