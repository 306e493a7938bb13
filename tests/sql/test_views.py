"""Views and questions over a seeded history: each figure computed again in Python."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Any

import pytest
from support.expected import RED, Expected, Key, Row, seconds, without_matrix
from support.history import UNTIL, History, make_history, store
from support.rows import workflow_run

from telemetry.database.connection import SQL, Connection, open_connection

# A seeded history, with all that GitHub does to runs.

SINCE = UNTIL - timedelta(days=30)


@cache
def history() -> History:
    return make_history(seed=5, days=40, runs_per_day=5)


@cache
def truth() -> Expected:
    return Expected(history())


@pytest.fixture(scope="module")
def made(new_database: Callable[[str], str], migrated: str) -> Iterator[Connection]:
    with open_connection(new_database(migrated)) as opened:
        store(opened, history())
        yield opened


def rows(connection: Connection, view: str) -> list[Row]:
    return connection.execute(f"select * from {view}").fetchall()


def key(row: Row) -> Key:
    return row["github_run_id"], row["run_attempt"]


def test_attempts_match_a_computation_in_python(made: Connection) -> None:
    found = {key(row): row for row in rows(made, "attempts")}
    assert found.keys() == truth().runs.keys()
    for which, row in found.items():
        expected = truth().attempt(which)
        assert {name: row[name] for name in expected} == expected, which
    for flag in ("is_rerun", "is_green_later", "is_red_before", "is_exact"):
        assert {row[flag] for row in found.values()} == {True, False}
    assert {row["branch_class"] for row in found.values()} == {"default", "pull_request", "other"}


def test_executed_jobs_match_a_computation_in_python(made: Connection) -> None:
    found = {(*key(row), row["job_id"]): row for row in rows(made, "executed_jobs")}
    ran = {(*which, job.job_id): job for which, jobs in truth().ran.items() for job in jobs}
    assert found.keys() == ran.keys()
    for which, job in ran.items():
        expected = truth().job(job)
        assert {name: found[which][name] for name in expected} == expected, which
    assert len(ran) < len(history().jobs)


def test_executed_steps_match_a_computation_in_python(made: Connection) -> None:
    lengths = {
        (*which, job.job_id): truth().job(job)["duration_seconds"]
        for which, jobs in truth().ran.items()
        for job in jobs
    }
    expected = {
        (*which, step.number): (
            step.name or "unnamed",
            step.conclusion in RED,
            None if lengths[which] is None else seconds(step.started_at, step.completed_at),
        )
        for which, steps in truth().steps.items()
        for step in steps
        if which in lengths and step.conclusion != "skipped"
    }
    found = {
        (*key(row), row["job_id"], row["number"]): (
            row["step"],
            row["is_red"],
            row["duration_seconds"],
        )
        for row in rows(made, "executed_steps")
    }
    assert found == expected


def test_the_failing_step_of_each_job_matches_a_computation_in_python(made: Connection) -> None:
    expected = {
        (*which, job.job_id): truth().failing_step(job)
        for which, jobs in truth().ran.items()
        for job in jobs
        if job.conclusion in RED
    }
    found = {(*key(row), row["job_id"]): row["step"] for row in rows(made, "first_failures")}
    assert found == expected
    assert len(set(expected.values())) >= 4


@pytest.mark.scenario
def test_the_outages_match_a_second_computation(made: Connection) -> None:
    found = {
        (row["repository_id"], row["hour"]): (row["decided_attempts"], row["red_attempts"])
        for row in rows(made, "outages")
    }
    assert found == truth().outages() != {}


@pytest.mark.scenario
def test_the_incidents_match_a_second_computation(made: Connection) -> None:
    found = rows(made, "incidents")
    assert truth().incidents() == {
        (row["workflow_id"], row["recovered_at"], row["red_at"]): row["red_runs"] for row in found
    }
    assert all(
        row["duration_seconds"] == seconds(row["red_at"], row["recovered_at"]) for row in found
    )
    assert {row["is_recovered_by_rerun"] for row in found} == {True, False}


@pytest.mark.scenario
def test_the_flaky_jobs_match_a_second_computation(made: Connection) -> None:
    found = {(row["github_run_id"], row["job"]): row for row in rows(made, "flaky_job_runs")}
    assert {which: row["red_attempts"] for which, row in found.items()} == truth().flaky()
    assert len(found) > 50
    assert all(row["red_attempt"] != row["green_attempt"] for row in found.values())


@pytest.mark.scenario
def test_the_wasted_jobs_match_a_second_computation(made: Connection) -> None:
    found = rows(made, "wasted_jobs")
    expected = truth().wasted()
    assert {(*key(row), row["job_id"]): row["reason"] for row in found} == expected
    assert len(found) == len(expected)
    assert set(expected.values()) == {"rerun", "cancelled", "streak"}


# The questions, asked as if it were the end of the history.


def answer(connection: Connection, name: str, *columns: str) -> Counter[tuple[Any, ...]]:
    text = (SQL / "analysis" / f"{name}.sql").read_text(encoding="utf-8")
    assert text.count("now()") >= 1
    asked = text.replace("now()", f"timestamptz '{UNTIL.isoformat()}'")
    found = connection.execute(asked.encode()).fetchall()
    assert found
    return Counter(tuple(row[column] for column in columns) for row in found)


def rounded(value: float | None, digits: int = 1) -> Decimal | None:
    """As PostgreSQL rounds: halves away from zero."""
    if value is None:
        return None
    return Decimal(f"{value:.9f}").quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def percentile(values: list[int], share: float) -> float | None:
    """Between the two values around that share of the way, in proportion; None of no values."""
    if not values:
        return None
    values = sorted(values)
    place = share * (len(values) - 1)
    below, above = values[math.floor(place)], values[math.ceil(place)]
    return below + (above - below) * (place - math.floor(place))


def whole(values: list[int], share: float, fewest: int = 1) -> Decimal | None:
    """A percentile in whole seconds, of that many values at least."""
    found = percentile(values, share) if len(values) >= fewest else None
    return rounded(found, 0)


def percent(part: int, whole: int) -> Decimal | None:
    return rounded(100 * part / whole, 4) if whole else None


@cache
def attempt_rows() -> list[Row]:
    """The attempts of the last 30 days as Python sees them."""
    runs = truth().runs.items()
    return [
        {**vars(run), **truth().attempt(which)} for which, run in runs if run.created_at >= SINCE
    ]


@cache
def job_rows() -> list[Row]:
    """The executed jobs of the last 30 days as Python sees them."""
    return [
        {**row, **truth().job(job), "of": job, "attempt_is_red": row["conclusion"] in RED}
        for row in attempt_rows()
        for job in truth().ran[key(row)]
    ]


def grouped(rows: list[Row], columns: Sequence[str]) -> dict[tuple[Any, ...], list[Row]]:
    groups = defaultdict(list)
    for row in rows:
        groups[tuple(row[column] for column in columns)].append(row)
    return groups


def attempts_by(*columns: str) -> dict[tuple[Any, ...], list[Row]]:
    """The attempts by workflow and these columns."""
    return grouped(attempt_rows(), ("workflow_id", "repository", "workflow", *columns))


def ran(group: list[Row]) -> list[Row]:
    """Those that were not skipped."""
    return [row for row in group if row["conclusion"] != "skipped"]


def jobs_by(*columns: str) -> dict[tuple[Any, ...], list[Row]]:
    """The executed jobs by these columns."""
    return grouped(job_rows(), columns)


def known(rows: list[Row], column: str) -> list[int]:
    return [row[column] for row in rows if row[column] is not None]


WHOLE = {
    "flaky_jobs": ("failures",),
    "queue_times": ("p50_seconds", "p95_seconds"),
    "time_to_green": ("red_runs",),
}


@pytest.mark.parametrize("name", WHOLE)
def test_whole_numbers_are_integers_for_machines_too(made: Connection, name: str) -> None:
    values = {value for row in answer(made, name, *WHOLE[name]) for value in row}
    assert {type(value) for value in values - {None}} == {int}


@pytest.mark.scenario
def test_workflow_outcomes_match_a_second_computation(made: Connection) -> None:
    expected = Counter[tuple[Any, ...]]()
    for (_, *names), rows in attempts_by("branch_class").items():
        group = [row for row in ran(rows) if row["conclusion"] != "action_required"]
        first = [row for row in group if row["is_first_attempt"]]
        last = [row for row in group if row["is_latest_attempt"]]
        green = [row for row in first if row["is_success"]]
        took = known(green, "duration_seconds")
        expected[
            *names,
            len(first) + sum(row["is_first_missing"] for row in last),
            sum(row["is_red"] for row in last),
            sum(not row["is_decided"] for row in last),
            percent(len(green), sum(row["is_decided"] for row in first)),
            percent(sum(row["is_success"] for row in last), sum(row["is_decided"] for row in last)),
            whole(took, 0.5),
            whole(took, 0.95, fewest=20),
            sum(row["is_rerun"] for row in last),
            sum(not row["is_exact"] for row in green if row["duration_seconds"] is not None),
        ] += 1
    columns = ["repository", "workflow", "branch_class", "runs", "failed", "undecided"]
    columns += ["first_time_percent", "in_the_end_percent", "p50_seconds", "p95_seconds"]
    columns += ["rerun", "estimated"]
    assert answer(made, "workflow_outcomes", *columns) == expected


def test_a_workflow_whose_only_run_waits_for_an_approval_has_no_outcome(
    connection: Connection,
) -> None:
    created_at = UNTIL - timedelta(days=1)
    runs = [
        workflow_run(
            github_run_id=number,
            workflow_id=number,
            conclusion=conclusion,
            created_at=created_at,
            started_at=created_at,
        )
        for number, conclusion in enumerate(("action_required", "skipped", None), 1)
    ]
    store(connection, History(runs))
    found = answer(connection, "workflow_outcomes", "workflow_id", "runs", "undecided")
    assert found == Counter([(3, 1, 1)])


@pytest.mark.scenario
def test_durations_by_day_match_a_second_computation(made: Connection) -> None:
    expected = Counter[tuple[Any, ...]]()
    for (_, *names), group in attempts_by("branch_class", "day").items():
        green = [row for row in group if row["is_first_attempt"] and row["is_success"]]
        took = known(green, "duration_seconds")
        estimated = known([row for row in green if not row["is_exact"]], "duration_seconds")
        if took:
            half, most = whole(took, 0.5), whole(took, 0.95, fewest=20)
            expected[*names, len(took), half, most, len(estimated)] += 1
    columns = ["repository", "workflow", "branch_class", "day"]
    columns += ["runs", "p50_seconds", "p95_seconds", "estimated"]
    assert answer(made, "durations_by_day", *columns) == expected


@pytest.mark.scenario
def test_outcomes_by_day_match_a_second_computation(made: Connection) -> None:
    days = defaultdict[Any, Counter[str]](Counter)
    for _, group in attempts_by().items():
        for row in ran(group):
            kind = "succeeded" if row["is_success"] else "failed" if row["is_red"] else "other"
            if row["is_first_attempt"]:
                days[row["repository"], row["day"]][kind] += 1
            elif row["is_latest_attempt"] and row["is_first_missing"]:
                days[row["repository"], row["day"]]["first_missing"] += 1
    kinds = ("succeeded", "failed", "other", "first_missing")
    assert sum(counts["first_missing"] for counts in days.values()) > 0
    expected = Counter((*key, *(counts[kind] for kind in kinds)) for key, counts in days.items())
    assert answer(made, "outcomes_by_day", "repository", "day", *kinds) == expected


def was_overtaken(row: Row, group: list[Row]) -> bool:
    """Whether a job that was ready a minute later, or more, started a minute sooner, or more."""
    job, minute = row["of"], timedelta(minutes=1)
    return (row["queue_seconds"] or 0) > 120 and any(
        other["of"].created_at >= job.created_at + minute
        and other["of"].started_at < job.started_at - minute
        for other in group
        if other["queue_seconds"] is not None
    )


@pytest.mark.scenario
def test_queue_times_match_a_second_computation(made: Connection) -> None:
    expected = Counter[tuple[Any, ...]]()
    rows = [
        {**row, "asked": row["runner_label"] or f"group: {row['of'].runner_group_name.lower()}"}
        for row in job_rows()
    ]
    for (repository, label), group in grouped(rows, ("repository", "asked")).items():
        held = {place for place, row in enumerate(group) if was_overtaken(row, group)}
        rows_left = [row for place, row in enumerate(group) if place not in held]
        waited = known(rows_left, "queue_seconds")
        half, most = percentile(waited, 0.5), percentile(waited, 0.95)
        expected[
            repository,
            label,
            len(waited),
            rounded(half, 0),
            rounded(most, 0) if len(waited) >= 20 else None,
            sum(wait > 60 for wait in waited),
            percent(sum(wait > 60 for wait in waited), len(waited)),
            len(held),
        ] += 1
    columns = ["repository", "runner_label", "jobs", "p50_seconds", "p95_seconds"]
    columns += ["over_a_minute", "over_a_minute_percent", "held"]
    assert sum(row[-1] for row in expected) > 0
    assert answer(made, "queue_times", *columns) == expected


@pytest.mark.scenario
def test_times_to_signal_match_a_second_computation(made: Connection) -> None:
    expected = Counter[tuple[Any, ...]]()
    for (_, *names), group in attempts_by("branch_class").items():
        group = [row for row in group if row["is_first_attempt"] and row["is_decided"]]
        group = [row for row in group if not row["is_broken"]]
        signal, red = known(group, "signal_seconds"), known(group, "red_signal_seconds")
        estimated = known([row for row in group if not row["is_exact"]], "signal_seconds")
        if group:
            expected[
                *names,
                len(signal),
                whole(signal, 0.5),
                whole(signal, 0.9, fewest=20),
                len(red),
                whole(red, 0.5),
                whole(red, 0.9, fewest=20),
                len(estimated),
            ] += 1
    columns = ["repository", "workflow", "branch_class", "runs", "signal_p50_seconds"]
    columns += ["signal_p90_seconds", "red_runs", "red_p50_seconds", "red_p90_seconds", "estimated"]
    assert answer(made, "time_to_signal", *columns) == expected


@pytest.mark.scenario
def test_times_to_green_match_a_second_computation(made: Connection) -> None:
    names = {run.workflow_id: run for run in truth().runs.values()}
    groups = defaultdict(list)
    for (workflow_id, recovered_at, red_at), red_runs in truth().incidents().items():
        if recovered_at is None or recovered_at >= SINCE:
            is_over = recovered_at is not None and recovered_at < UNTIL
            groups[workflow_id].append((red_at, recovered_at if is_over else None, red_runs))
    expected = Counter[tuple[Any, ...]]()
    for workflow_id, incidents in groups.items():
        run = names[workflow_id]
        took = [int((end - start).total_seconds()) for start, end, _ in incidents if end]
        half, most = percentile(took, 0.5), percentile(took, 0.9)
        expected[
            run.repository,
            truth().workflow(run),
            len(incidents),
            None if half is None else rounded(half / 3600, 2),
            None if most is None else rounded(most / 3600, 2),
            sum(red_runs for _, _, red_runs in incidents),
            min((start for start, end, _ in incidents if end is None), default=None),
        ] += 1
    columns = ["repository", "workflow", "incidents", "p50_hours", "p90_hours", "red_runs"]
    assert answer(made, "time_to_green", *columns, "red_since") == expected


@pytest.mark.scenario
def test_flaky_jobs_match_a_second_computation(made: Connection) -> None:
    runs = {run.github_run_id: run for run in truth().runs.values()}
    commits, members = defaultdict(set), defaultdict(set)
    for (run_id, job), _ in truth().flaky().items():
        if runs[run_id].created_at >= SINCE:
            base = without_matrix(job)
            commits[runs[run_id].workflow_id, base].add(runs[run_id].commit_sha)
            members[runs[run_id].workflow_id, base].add(job)
    expected = Counter[tuple[Any, ...]]()
    for group, found in jobs_by("workflow_id", "repository", "workflow", "job_base").items():
        flaky, named = len(commits[group[0], group[-1]]), members[group[0], group[-1]]
        is_one = len(named) == 1
        job = min(named) if is_one else group[-1]
        decided = {
            row["commit_sha"]
            for row in found
            if row["of"].conclusion in (*RED, "success") and (not is_one or row["of"].name == job)
        }
        if flaky >= 2:
            often = (flaky, len(decided), percent(flaky, len(decided)))
            expected[*group[1:-1], job, len(named), *often] += 1
    columns = ["repository", "workflow", "job", "members"]
    columns += ["flaky_commits", "commits", "flaky_percent"]
    assert answer(made, "flaky_jobs", *columns) == expected


@pytest.mark.scenario
def test_reruns_match_a_second_computation(made: Connection) -> None:
    expected = Counter[tuple[Any, ...]]()
    for (_, *names), group in attempts_by().items():
        last = [row for row in ran(group) if row["is_latest_attempt"]]
        again = [row for row in last if row["is_rerun"]]
        after = [row for row in again if row["is_red_before"]]
        green = [row for row in after if row["is_success"]]
        expected[
            *names,
            len(last),
            len(again),
            percent(len(again), len(last)),
            sum(row["is_rerun"] for row in ran(group)),
            len(after),
            len(green),
            percent(len(green), sum(row["is_decided"] for row in after)),
            sum(row["is_first_missing"] for row in again),
        ] += 1
    columns = ["repository", "workflow", "runs", "rerun", "rerun_percent", "reruns"]
    columns += ["rerun_after_failure", "turned_green", "turned_green_percent", "first_missing"]
    assert answer(made, "reruns", *columns) == expected


@pytest.mark.scenario
def test_wasted_minutes_match_a_second_computation(made: Connection) -> None:
    wasted = truth().wasted()
    expected = Counter[tuple[Any, ...]]()
    for (_, *names), group in jobs_by("workflow_id", "repository", "workflow").items():
        parts = Counter[str | None]()
        for row in group:
            which = row["github_run_id"], row["run_attempt"], row["of"].job_id
            parts[wasted.get(which)] += row["duration_seconds"] or 0
        used, lost = parts.total(), parts.total() - parts[None]
        shown = (parts[reason] for reason in ("rerun", "cancelled", "streak"))
        expected[
            *names,
            rounded(used / 60, 2),
            rounded(lost / 60, 2),
            percent(lost, used),
            *(rounded(part / 60, 2) for part in shown),
        ] += 1
    columns = ["repository", "workflow", "used_minutes", "wasted_minutes", "wasted_percent"]
    columns += ["rerun_minutes", "cancelled_minutes", "streak_minutes"]
    assert answer(made, "wasted_minutes", *columns) == expected


@pytest.mark.scenario
def test_failing_jobs_match_a_second_computation(made: Connection) -> None:
    expected = Counter[tuple[Any, ...]]()
    for (_, *names), group in jobs_by("workflow_id", "repository", "workflow", "job").items():
        ended = [row for row in group if row["of"].conclusion in (*RED, "success")]
        red = [row for row in ended if row["of"].conclusion in RED]
        if red:
            expected[
                *names,
                len(ended),
                len(red),
                percent(len(red), len(ended)),
                len({row["commit_sha"] for row in red}),
                sum(row["attempt_is_red"] for row in red),
                sum(row["is_green_later"] for row in red),
                max(row["day"] for row in red),
            ] += 1
    columns = ["repository", "workflow", "job", "executions", "failures", "failed_percent"]
    columns += ["commits", "broke_the_run", "green_later", "last_day"]
    assert answer(made, "failing_jobs", *columns) == expected


@pytest.mark.scenario
def test_failing_steps_match_a_second_computation(made: Connection) -> None:
    groups, totals = defaultdict(list), Counter[Any]()
    for group, found in jobs_by("workflow_id", "repository", "workflow", "job_base").items():
        for row in found:
            if row["of"].conclusion in RED:
                groups[*group, truth().failing_step(row["of"])].append(row)
                totals[group[0]] += 1
    expected = Counter[Any]()
    for (of, *names, base, step), red in groups.items():
        whole = {row["of"].name or "unnamed" for row in red}
        job = whole.pop() if len(whole) == 1 else base
        last = max(row["day"] for row in red)
        expected[*names, job, step, len(red), percent(len(red), totals[of]), last] += 1
    columns = ["repository", "workflow", "job", "step", "failures", "workflow_percent", "last_day"]
    assert answer(made, "failing_steps", *columns) == expected
