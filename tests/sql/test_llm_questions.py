"""What agents in CI cost, by branch, commit, actor, outcome and prompt: computed in Python too."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from support.answers import rows_of
from support.llm_costs import between_in_python, in_python, priced_rows
from support.rows import llm_call, workflow_run

from telemetry.database.connection import Connection, open_connection
from telemetry.database.prices import load_llm_prices, load_name_kinds
from telemetry.database.upserts import upsert
from telemetry.rows.llm import LlmCall
from telemetry.rows.runs import Repository, WorkflowRun

# Never the present: this module is loaded long before its tests ask.
NOW = datetime(2026, 3, 1, 7, 45, 12, 345_678, tzinfo=UTC)
Rows = list[dict[str, Any]]

ACTORS = {
    "dev-1": "person",
    "dev-2": "person",
    "Copilot": "agent",
    "claude[bot]": "agent",
    "renovate[bot]": "bot",
}
KINDS = {**ACTORS, "a schedule": "schedule"}
# Workflow 4 never leaves a log; of the others, runs whose number ends on 0 do not.
WORKFLOWS = (1, 2, 3, 4)


def some_runs() -> list[WorkflowRun]:
    rng = Random(3)
    found = []
    for number in range(1, 121):
        created = NOW - timedelta(days=rng.random() * 40)
        # Of each workflow, branches of one name in two repositories are two branches.
        workflow = rng.choice(WORKFLOWS)
        attempts = rng.choice([1, 1, 1, 2, 3])
        conclusions = [rng.choice(["success", "failure", "cancelled"]) for _ in range(attempts)]
        for attempt, conclusion in enumerate(conclusions, start=1):
            if attempt == 1 < attempts and number % 3 == 0:
                continue  # GitHub no longer has it
            ended = created + timedelta(minutes=10 * attempt)
            found.append(
                workflow_run(
                    github_run_id=number,
                    run_attempt=attempt,
                    repository_id=7 + workflow % 2,
                    repository=f"acme/{workflow % 2}",
                    workflow_id=workflow,
                    workflow_name=f"w{workflow}",
                    branch=rng.choice(["main", "fix", "agent/x"]) if attempt == 1 else None,
                    commit_sha=f"{number % 13:x}".ljust(40, "f"),
                    conclusion=conclusion,
                    actor="dev-1",
                    event_type="push" if number % 5 else "schedule",
                    triggering_actor=rng.choice([*ACTORS, None]),
                    created_at=created,
                    started_at=created + timedelta(minutes=10 * attempt - 10),
                    updated_at=ended,
                    completed_at=ended,
                )
            )
    return found


def some_calls() -> list[LlmCall]:
    rng = Random(4)
    attempts = [run for run in RUNS if run.workflow_id != 4 and run.github_run_id % 10]
    found = []
    for number in range(500):
        run = rng.choice(attempts)
        linked = rng.random() < 0.9
        read = rng.choice([None, 0, rng.randrange(9_000)])
        at = run.started_at + timedelta(seconds=rng.randrange(500))
        found.append(
            llm_call(
                call_id=str(number),
                timestamp=(at if linked else NOW - timedelta(days=rng.random() * 40))
                + timedelta(microseconds=number),
                session_id=rng.choice(["", "s"]),
                prompt_name=rng.choice(["", "review", "triage"]),
                model=rng.choice(["claude-opus-5", "gpt-5-mini", "of-tomorrow"]),
                input_tokens=(read or 0) + rng.randrange(9_000),
                output_tokens=rng.randrange(4_000),
                cache_read_tokens=read,
                service_tier=rng.choice([None, "standard"]),
                reported_cost=rng.choice([None, None, Decimal(rng.randrange(9)) / 10**7]),
                api_calls=rng.choice([1, 1, 3]),
                github_run_id=rng.choice([run.github_run_id, 999]) if linked else None,
                github_run_attempt=rng.choice([run.run_attempt, None]) if linked else None,
            )
        )
    return found


RUNS = some_runs()
CALLS = some_calls()
SINCE = NOW - timedelta(days=30)
RECENT = [call for call in CALLS if call.timestamp >= SINCE]
RECENT_RUNS = {(run.github_run_id, run.run_attempt): run for run in RUNS if run.created_at >= SINCE}


@pytest.fixture(scope="module")
def stored(new_database: Any, migrated: str) -> Iterator[Connection]:
    with open_connection(new_database(migrated)) as connection:
        load_llm_prices(connection)
        load_name_kinds(connection)
        upsert(connection, [Repository(7 + n, f"acme/{n}", "api.github.com") for n in (0, 1)])
        upsert(connection, RUNS)
        upsert(connection, CALLS)
        yield connection


def key_of(call: LlmCall) -> tuple[int, int]:
    """Its run and attempt; the first stored one if it names none."""
    stored = [r.run_attempt for r in RUNS if r.github_run_id == call.github_run_id]
    return (call.github_run_id or 0, call.github_run_attempt or min(stored, default=1))


def attempt_of(call: LlmCall) -> WorkflowRun | None:
    return RECENT_RUNS.get(key_of(call))


def cost(call: LlmCall) -> Decimal | None:
    return in_python(call) if call.reported_cost is None else call.reported_cost


def bound(call: LlmCall, place: int) -> Fraction | None:
    if call.reported_cost is not None:
        return Fraction(call.reported_cost)
    between = between_in_python(call)
    return None if between is None else between[place]


def total(values: Iterable[Any], digits: int = 4) -> Decimal | None:
    """The sum of what is known, rounded as PostgreSQL rounds; None of nothing."""
    known = [Fraction(value) for value in values if value is not None]
    if not known:
        return None
    exact = sum(known, Fraction(0))
    quotient = Decimal(exact.numerator) / Decimal(exact.denominator)
    return quotient.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


@dataclass
class Group:
    """What one row of a question is about."""

    attempts: list[WorkflowRun]
    calls: list[LlmCall]


def grouped(key: Callable[[WorkflowRun | None], Hashable]) -> dict[Hashable, Group]:
    """The attempts of workflows that left a log, and all calls, by a key of their attempt."""
    agents = {run.workflow_id for call in RECENT if (run := attempt_of(call))}
    groups: dict[Hashable, Group] = defaultdict(lambda: Group([], []))
    for run in RECENT_RUNS.values():
        if run.workflow_id in agents:
            groups[key(run)].attempts.append(run)
    for call in RECENT:
        groups[key(attempt_of(call))].calls.append(call)
    return groups


def check(rows: Rows, names: tuple[str, ...], groups: dict[Hashable, Group]) -> None:
    """Each row has the figures of its group, and each group a row."""
    logged = {(run.github_run_id, run.run_attempt) for c in RECENT if (run := attempt_of(c))}
    assert {tuple(row[name] for name in names) for row in rows} == groups.keys()
    assert len(rows) == len(groups)
    for row in rows:
        group = groups[tuple(row[name] for name in names)]
        attempts = {(run.github_run_id, run.run_attempt) for run in group.attempts}
        assert row["attempts"] == len(attempts)
        assert row["attempts_with_log"] == len(attempts & logged)
        assert row["calls"] == (sum(call.api_calls for call in group.calls) or None)
        assert row["cost_usd"] == total(cost(call) for call in group.calls)
        assert row["reported_usd"] == total(call.reported_cost for call in group.calls)
        assert row["cost_low_usd"] == total(bound(call, 0) for call in group.calls)
        assert row["cost_high_usd"] == total(bound(call, 1) for call in group.calls)
        assert row["unpriced"] == sum(c.api_calls for c in group.calls if cost(c) is None)


def test_cost_by_branch(stored: Connection) -> None:
    rows = rows_of(stored, "llm_cost_by_branch", NOW)
    groups = grouped(lambda run: (run.repository, run.branch) if run else (None, None))
    check(rows, ("repository", "branch"), groups)
    assert any(row["attempts_with_log"] < row["attempts"] for row in rows)
    assert all(row["repository"] != "acme/0" or row["attempts"] for row in rows)


def test_cost_by_head_commit(stored: Connection) -> None:
    rows = rows_of(stored, "llm_cost_by_commit", NOW)
    groups = grouped(lambda run: (run.repository, run.commit_sha[:12]) if run else (None, None))
    check(rows, ("repository", "commit"), groups)
    for row in rows:
        group = groups[row["repository"], row["commit"]]
        assert row["runs"] == len({run.github_run_id for run in group.attempts})
        branches = {run.branch for run in group.attempts if run.branch}
        assert row["branches"] == (", ".join(sorted(branches)) or None)


def test_cost_by_kind_of_actor(stored: Connection) -> None:
    def actor(run: WorkflowRun) -> str:
        if run.event_type == "schedule" and run.run_attempt == 1:
            return "a schedule"
        return run.triggering_actor or run.actor or "unknown"

    rows = rows_of(stored, "llm_cost_by_actor", NOW)
    groups = grouped(lambda run: (KINDS[actor(run)] if run else None,))
    check(rows, ("actor_kind",), groups)
    assert {row["actor_kind"] for row in rows} == {*KINDS.values(), None}
    for row in rows:
        group = groups[(row["actor_kind"],)]
        assert row["actors"] == len({actor(run) for run in group.attempts})


def test_cost_of_failed_and_rerun_work(stored: Connection) -> None:
    green_later = {
        (run.github_run_id, run.run_attempt)
        for run in RUNS
        if any(
            other.github_run_id == run.github_run_id
            and other.run_attempt > run.run_attempt
            and other.conclusion == "success"
            for other in RUNS
        )
    }

    def outcome(run: WorkflowRun | None) -> tuple[str | None, str | None]:
        if run is None:
            return (None, None)
        ended = {"success": "green", "failure": "red"}.get(run.conclusion or "", "undecided")
        if ended == "red" and (run.github_run_id, run.run_attempt) in green_later:
            ended = "red, later mended"
        return ("first" if run.run_attempt == 1 else "re-run", ended)

    rows = rows_of(stored, "llm_cost_of_failures", NOW)
    groups = grouped(outcome)
    check(rows, ("attempt", "outcome"), groups)
    assert len(rows) == 9
    everything = [cost(call) for call in RECENT]
    whole = sum((value for value in everything if value is not None), Decimal(0))
    for row in rows:
        calls = groups[row["attempt"], row["outcome"]].calls
        known = [value for value in map(cost, calls) if value is not None]
        share = total([100 * Fraction(sum(known)) / Fraction(whole)])
        assert row["cost_percent"] == (share if known else None)


def test_cache_misses_and_their_cost(stored: Connection) -> None:
    def missed(call: LlmCall) -> Fraction | None:
        rows = priced_rows(call)
        if not rows:
            return None
        row = next(row for row in rows if row.tier == "standard" and not row.above_input_tokens)
        fresh = (call.input_tokens or 0) - (call.cache_read_tokens or 0)
        dearer = row.input_per_mtok - (row.cache_read_per_mtok or row.input_per_mtok)
        return fresh * Fraction(dearer) / 1_000_000

    groups = defaultdict(list)
    for call in RECENT:
        run = next(
            (run for run in RUNS if (run.github_run_id, run.run_attempt) == key_of(call)), None
        )
        place = (run.repository, run.workflow_name) if run else (None, None)
        groups[(*place, call.prompt_name or None, call.model)].append(call)
    rows = rows_of(stored, "llm_cache_misses", NOW)
    assert len(rows) == len(groups)
    for row in rows:
        calls = groups[row["repository"], row["workflow"], row["prompt"], row["model"]]
        told = [call for call in calls if call.cache_read_tokens is not None]
        assert row["calls"] == sum(call.api_calls for call in told)
        assert row["calls_without_word"] == sum(c.api_calls for c in calls) - row["calls"]
        whole = sum(call.input_tokens or 0 for call in told)
        share = (
            [Fraction(100 * sum(c.cache_read_tokens or 0 for c in told), whole)] if whole else []
        )
        assert row["hit_percent"] == total(share)
        assert row["missed_usd"] == total(missed(call) for call in told)
        assert row["unpriced"] == sum(c.api_calls for c in told if missed(c) is None)
        assert told or row["saved_usd"] is None
    lost = [row["missed_usd"] for row in rows if row["missed_usd"] is not None]
    assert lost == sorted(lost, reverse=True) and lost


def test_the_share_of_cache_hits_is_of_calls_whose_input_is_known(connection: Connection) -> None:
    """Else more could be read from the cache than there was input."""
    for number, whole in enumerate((800, None, None)):
        told = {"input_tokens": whole, "cache_read_tokens": 500}
        at = SINCE + timedelta(seconds=number)
        upsert(connection, [llm_call(call_id=str(number), timestamp=at, **told)])
    (row,) = rows_of(connection, "llm_cache_misses", NOW)
    assert (row["calls"], row["hit_percent"]) == (3, 62.5)


def test_the_most_expensive_prompts_of_the_week_against_the_week_before(stored: Connection) -> None:
    runs = {(run.github_run_id, run.run_attempt): run for run in RUNS}
    weeks: dict[Hashable, tuple[list[LlmCall], list[LlmCall]]] = defaultdict(lambda: ([], []))
    for call in CALLS:
        run = runs.get(key_of(call))
        if call.timestamp >= NOW - timedelta(days=14):
            before = call.timestamp < NOW - timedelta(days=7)
            key = (run.repository if run else None, call.prompt_name or None)
            weeks[key][before].append(call)
    rows = rows_of(stored, "llm_dearest_prompts", NOW, days=7)
    assert {(row["repository"], row["prompt"]) for row in rows} == weeks.keys()
    for row in rows:
        week, before = weeks[row["repository"], row["prompt"]]
        for calls, suffix in ((week, ""), (before, "_before")):
            known = [cost(call) for call in calls]
            assert row[f"calls{suffix}"] == sum(call.api_calls for call in calls)
            assert row[f"cost{suffix}_usd"] == total(known)
            assert row[f"unpriced{suffix}"] == sum(c.api_calls for c in calls if cost(c) is None)
            named = {call.github_run_id for call in calls if call.github_run_id}
            assert row[f"runs{suffix}"] == len(named)
        sums = [
            sum((Fraction(c) for call in calls if (c := cost(call)) is not None), Fraction(0))
            for calls in (week, before)
        ]
        if row["cost_usd"] is None or not sums[1]:
            assert row["change_percent"] is None
        else:
            assert row["change_percent"] == total([100 * (sums[0] - sums[1]) / sums[1]], 1)
    dearest = [row["cost_usd"] for row in rows if row["cost_usd"] is not None]
    assert dearest == sorted(dearest, reverse=True)


def test_calls_have_the_repository_and_the_name_of_their_run(connection: Connection) -> None:
    upsert(connection, [Repository(7, "acme/app", "api.github.com")])
    ids = {"github_run_id": 5, "repository_id": 7, "workflow_id": 3}
    times = {"created_at": NOW - timedelta(days=2), "started_at": NOW - timedelta(days=1)}
    # Renamed since; the first attempt, to which a call may belong, is still to be fetched.
    upsert(connection, [workflow_run(**ids, **times, run_attempt=2, workflow_name="Before")])
    upsert(connection, [workflow_run(**{**ids, "github_run_id": 6}, workflow_name="After",
                                     created_at=NOW - timedelta(hours=3))])  # fmt: skip
    linked = {"github_run_id": 5, "cache_read_tokens": 1, "input_tokens": 2}
    at = NOW - timedelta(hours=2)
    upsert(connection, [llm_call(timestamp=at, **linked)])
    upsert(connection, [llm_call(call_id="2", timestamp=at + timedelta(seconds=1),
                                 github_run_attempt=2, **linked)])  # fmt: skip
    (prompt,) = rows_of(connection, "llm_dearest_prompts", NOW)
    assert (prompt["repository"], prompt["runs"], prompt["calls"]) == ("acme/app", 1, 2)
    (misses,) = rows_of(connection, "llm_cache_misses", NOW)
    assert (misses["repository"], misses["workflow"]) == ("acme/app", "After")
    (run,) = rows_of(connection, "llm_cost_of_runs", NOW)
    assert (run["run_attempt"], run["workflow"], run["calls"]) == (2, "After", 2)


def test_no_amount_has_more_digits_than_a_person_reads(connection: Connection) -> None:
    load_llm_prices(connection)
    tokens = {"model": "claude-sonnet-4-5", "input_tokens": 1, "output_tokens": 7}
    upsert(connection, [llm_call(timestamp=NOW - timedelta(days=1), **tokens)])
    (row,) = rows_of(connection, "llm_phases", NOW)
    amounts = [value for column, value in row.items() if column.endswith("_usd") and value]
    assert len(amounts) == 3
    assert all(value.as_tuple().exponent >= -6 for value in amounts)
    assert row["cost_usd"] == Decimal("0.000108")
