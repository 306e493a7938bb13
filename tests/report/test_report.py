"""The report's figures are those of the rows, its sentences those of the figures."""

import os
import re
import statistics
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from support.commands import Finished, Launcher, Run
from support.history import SECOND, UNTIL, History, Workflow, make_history, store
from support.html import Reader
from support.reports import (
    DAY,
    HOUR,
    MINUTE,
    MONTH,
    Filled,
    a_job,
    a_run,
    a_step,
    known,
    single,
    whole,
)
from support.rows import llm_call

from telemetry import times
from telemetry.database.connection import SQL, Connection, execute, open_connection
from telemetry.database.prices import load_runner_prices
from telemetry.database.questions import Scope, ask, pasteable, questions
from telemetry.database.snapshot import snapshot
from telemetry.database.upserts import upsert
from telemetry.report import figures as units
from telemetry.report import reading
from telemetry.report.data import NO_RUN, Report, RepositoryReport
from telemetry.report.findings.all_findings import findings, not_found
from telemetry.report.findings.finding import QUESTIONS
from telemetry.report.findings.tiles import NOT_COMPARED, Tile, tiles, why_no_change
from telemetry.report.formats.html_report import INDEX, one_page, pages
from telemetry.report.formats.json_report import as_data
from telemetry.report.formats.markdown_report import summary
from telemetry.report.period import Period, period
from telemetry.report.reading import QUESTIONS as SHOWN
from telemetry.report.reading import report
from telemetry.rows.runs import WorkflowRun
from telemetry.rows.workflows import Workflow as WorkflowRow
from telemetry.settings import UsageError
from telemetry.summaries.answers import answer_text, csv_text


def told(connection: Connection, of: Period = MONTH, now: datetime = UNTIL) -> RepositoryReport:
    """The report of the one repository, number 7, with the jobs of all attempts stored."""
    connection.execute("update workflow_runs set jobs_listed_at = updated_at")
    return partly_told(connection, of, now)


def partly_told(
    connection: Connection, of: Period = MONTH, now: datetime = UNTIL
) -> RepositoryReport:
    """The report of the one repository, number 7, as it is stored."""
    return single(report(connection, of, now, ["acme/r7"]))


def of_seven(history: History) -> list[WorkflowRun]:
    return [run for run in history.runs if run.repository_id == 7]


def first_attempts(runs: list[WorkflowRun], of: Period) -> list[WorkflowRun]:
    """Of each run created in the period the first attempt that was allowed to run."""
    by_run: dict[int, list[WorkflowRun]] = defaultdict(list)
    for run in sorted(runs, key=lambda run: run.run_attempt):
        if of.since <= run.created_at < of.until:
            by_run[run.github_run_id].append(run)
    found = []
    for attempts in by_run.values():
        started = [run for run in attempts if run.conclusion not in ("action_required", "skipped")]
        approvals = len(attempts) - len(started)
        found += [run for run in started[:1] if run.run_attempt == approvals + 1]
    return found


SUCCESS, RED = {"success"}, {"failure", "timed_out", "startup_failure"}


def test_the_figures_of_both_periods_match_the_rows(filled: Filled, of_one: Report) -> None:
    connection, history = filled
    shown = single(of_one)
    before = partly_told(connection, MONTH.before)
    assert shown.is_comparable and shown.totals["runs_before"] == before.runs
    for of, totals in ((MONTH, shown.totals), (MONTH.before, before.totals)):
        firsts = first_attempts(of_seven(history), of)
        conclusions = Counter(run.conclusion for run in firsts)
        assert totals["runs"] == len(firsts) > 300
        assert totals["succeeded"] == conclusions["success"]
        assert totals["decided"] == sum(conclusions[c] for c in SUCCESS | RED)
        latest = {
            run.github_run_id: run
            for run in of_seven(history)
            if of.since <= run.created_at < of.until and run.conclusion != "skipped"
        }
        assert totals["seen"] == len(latest)
        assert totals["succeeded_in_the_end"] == sum(
            run.conclusion == "success" for run in latest.values()
        )


def test_outcomes_and_hours_match_the_rows(filled: Filled, of_one: Report) -> None:
    _, history = filled
    shown, firsts = single(of_one), first_attempts(of_seven(history), MONTH)
    expected: dict[Any, Counter[str]] = defaultdict(Counter)
    for run in firsts:
        kind = "succeeded" if run.conclusion in SUCCESS else "failed"
        expected[run.created_at.date()][kind if run.conclusion in SUCCESS | RED else "other"] += 1
    assert {row["day"]: {k: row[k] for k in ("succeeded", "failed", "other")}
            for row in shown.outcomes_by_day} == {
        day: {k: counts[k] for k in ("succeeded", "failed", "other")}
        for day, counts in expected.items()
    }  # fmt: skip
    hours = Counter((run.created_at.isoweekday(), run.created_at.hour) for run in firsts)
    assert {(row["weekday"], row["hour"]): row["runs"] for row in shown.busy_hours} == hours


def test_times_of_workflows_days_jobs_and_queues_match_the_rows(
    connection: Connection, dsn: str
) -> None:
    made = make_history(6, days=40, traps=False)
    store(connection, made)
    known(connection, 7)
    shown = told(connection)
    runs = [run for run in of_seven(made) if MONTH.since <= run.created_at < MONTH.until]
    jobs = {run.github_run_id: [] for run in runs}
    for job in made.jobs:
        if job.github_run_id in jobs:
            jobs[job.github_run_id].append(job)

    def seconds(run: WorkflowRun) -> float:
        ended = max(job.completed_at for job in jobs[run.github_run_id])
        return (ended - run.started_at).total_seconds()

    by_key = defaultdict(list)
    for run in runs:
        if str(run.event_type).startswith("pull_request"):
            by_key[run.workflow_id, None].append(seconds(run))
            by_key[run.workflow_id, run.created_at.date()].append(seconds(run))
    for row in [*shown.workflow_outcomes, *shown.durations_by_day]:
        if row["branch_class"] != "pull_request":
            continue
        times = by_key[row["workflow_id"], row.get("day")]
        assert row["runs"] == len(times) > 0
        assert abs(row["p50_seconds"] - statistics.median(times)) <= 0.5
        if row["p95_seconds"] is not None:
            assert abs(row["p95_seconds"] - _percentile(times, 0.95)) <= 0.5
    assert {row["branch_class"] for row in shown.workflow_outcomes} == {
        "pull_request",
        "default",
        "other",
    }
    all_jobs = [job for each in jobs.values() for job in each]
    soaks = [(j.completed_at - j.started_at).total_seconds() for j in all_jobs if j.name == "soak"]
    (soak,) = (row for row in shown.slowest_jobs if row["job"] == "soak")
    assert soak["jobs"] == len(soaks)
    assert float(soak["total_minutes"]) == pytest.approx(sum(soaks) / 60, abs=0.06)
    waits = [(job.started_at - job.created_at).total_seconds() for job in all_jobs]
    assert sum(row["jobs"] + row["held"] for row in shown.queue_times) == len(waits)
    assert sum(row["over_a_minute"] + row["held"] for row in shown.queue_times) == sum(
        wait > 60 for wait in waits
    )
    assert shown.totals["queue_p50_seconds"] == round(statistics.median(waits))
    ran = sum((job.completed_at - job.started_at).total_seconds() for job in all_jobs) / 60
    assert float(shown.totals["job_minutes"]) == pytest.approx(ran, abs=0.1)


def _percentile(values: list[float], share: float) -> float:
    """Between the two values around the place, in proportion, as percentile_cont does."""
    ordered, place = sorted(values), share * (len(values) - 1)
    low = int(place)
    high = min(low + 1, len(values) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


def test_every_class_of_branches_has_its_words(connection: Connection) -> None:
    known(connection, 7)
    for number, changes in enumerate(
        (
            {"event_type": "push", "branch": "main"},
            {"event_type": "pull_request"},
            {"event_type": "merge_group", "branch": "gh-readonly-queue/main/pr-7-ab"},
            {"event_type": "deployment", "branch": "main"},
            {"event_type": "push", "branch": "topic"},
        )
    ):
        upsert(connection, [a_run(10 * number + n, n + 1, **changes) for n in range(1, 6)])
    shown = whole(connection)
    page = one_page(shown)
    assert summary(shown)
    rows = connection.execute("select distinct branch_class from attempts").fetchall()
    assert {row["branch_class"] for row in rows} == set(units.BRANCHES)
    assert all(words in page for words in units.BRANCHES.values())


# The findings, each from rows made for it


def subjects(shown: RepositoryReport) -> list[str]:
    return [finding.subject for finding in findings(shown)]


def sentence(shown: RepositoryReport, subject: str) -> str:
    (found,) = (finding for finding in findings(shown) if finding.subject == subject)
    return "".join(str(part) for part in (*found.sentence, " ", *found.advice))


def test_a_workflow_that_is_red_comes_first_whatever_else_takes_longer(
    connection: Connection,
) -> None:
    green = [a_run(n, days_ago=5, seconds=90_000) for n in range(1, 30)]
    red = a_run(40, days_ago=1, seconds=60, conclusion="failure")
    late = [a_job(run, started_at=run.started_at + HOUR, labels=["own"],
                  runner_group_name="Default") for run in green]  # fmt: skip
    upsert(connection, [*green, red])
    upsert(connection, [*late, a_job(red)])
    keep_busy(connection, "own", days_ago=5)
    known(connection, 7)
    shown = told(connection)
    assert subjects(shown)[:2] == ["red", "waiting"]
    assert findings(shown)[0].is_urgent
    assert sentence(shown, "red") == (
        "CI has been red on the default branch since 2026-02-28 00:01, for 23h 59m and 1 failed "
        "run. First red at c40 by dev-1; last green at c29 of 24 Feb. "
        "Make CI green before merging anything else."
    )


def test_an_incident_that_ended_after_the_period_is_open_at_its_end(connection: Connection) -> None:
    red, green = a_run(1, days_ago=5, conclusion="failure"), a_run(2, days_ago=1)
    upsert(connection, [red, green])
    known(connection, 7)
    end = UNTIL - 2 * DAY
    (then,) = told(connection, Period(end - 7 * DAY, end), end).incidents
    (now,) = told(connection).incidents
    assert then["recovered_at"] is None and then["seconds"] == 3 * 86_400 - 600
    assert now["recovered_at"] is not None and now["seconds"] == 4 * 86_400


def test_a_workflow_that_no_longer_runs_is_not_red(connection: Connection) -> None:
    upsert(connection, [a_run(1, days_ago=40, conclusion="failure"), a_run(2, workflow_id=4)])
    known(connection, 7)
    shown = told(connection)
    assert shown.incidents == [] and subjects(shown) == []
    month_before = told(connection, MONTH.before, MONTH.since)
    assert subjects(month_before) == ["red", "failing"]


def test_failures_name_the_step_where_most_began(connection: Connection) -> None:
    runs = [a_run(n, conclusion="success" if n > 3 else "failure") for n in range(1, 11)]
    upsert(connection, runs)
    jobs = [a_job(run) for run in runs]
    upsert(connection, jobs)
    upsert(connection, [a_step(job, name="Run tests") for job in jobs])
    known(connection, 7)
    assert sentence(told(connection), "failing") == (
        "3 of 10 runs (30.0 %) failed at the first attempt; jobs failed most often at Run tests in "
        "build of CI, 3 of 3 times. Read the log of the latest one."
    )


@pytest.mark.parametrize(
    ("steps", "told_where"),
    [
        (["lint"], "; one job failed at lint in build of CI. Read the log of the latest one."),
        (["lint", "test"], " no step failed more often than lint in build of CI, 1 of 2 times. "),
        (["lint", "test"] * 2, "no step failed more often than lint in build of CI, 2 of 4 times."),
        (["lint", "test", "lint"], " most often at lint in build of CI, 2 of 3 times. Read "),
    ],
)
def test_no_step_that_failed_as_often_as_another_is_called_the_worst(
    connection: Connection, steps: list[str], told_where: str
) -> None:
    runs = [a_run(n, n, conclusion="failure") for n in range(1, len(steps) + 1)]
    jobs = [a_job(run) for run in runs]
    upsert(connection, runs)
    upsert(connection, jobs)
    names = zip(jobs, steps, strict=True)
    upsert(connection, [a_step(job, name=step) for job, step in names])
    known(connection, 7)
    assert told_where in sentence(told(connection), "failing")


@pytest.mark.parametrize(
    ("commits", "how_often"),
    [
        (["a", "b"], "on 2 of 2 commits (100.0 %)"),
        (["a", "a"], "in 2 of 3 runs (66.7 %)"),
    ],
    ids=["of pushes", "of a schedule"],
)
def test_a_job_is_called_flaky_from_its_second_run_on(
    connection: Connection, commits: list[str], how_often: str
) -> None:
    if commits[0] == commits[1]:
        green = a_run(3, days_ago=2, commit_sha="a")
        upsert(connection, [green])
        upsert(connection, [a_job(green)])
    for number, commit in enumerate(commits, 1):
        red = a_run(number, days_ago=3, conclusion="failure", commit_sha=commit)
        again = a_run(number, days_ago=3, run_attempt=2, started_at=red.started_at + HOUR,
                     completed_at=red.started_at + HOUR + 5 * MINUTE,
                     commit_sha=commit)  # fmt: skip
        upsert(connection, [red, again])
        upsert(connection, [a_job(red), a_job(again)])
        if number == 1:
            known(connection, 7)
            assert "flaky" not in subjects(told(connection))
    assert sentence(told(connection), "flaky") == (
        f"build of CI is flaky: {how_often} it both failed and succeeded unchanged; "
        "the failures took 20 min. Fix build or remove it from the required checks."
    )


def test_a_job_that_succeeded_and_then_failed_is_flaky_on_every_surface(
    connection: Connection,
) -> None:
    """Someone re-ran all jobs because of another one, and this one failed then."""
    for number in (1, 2):
        green = a_run(number, days_ago=3, commit_sha=f"{number}")
        later = green.started_at + HOUR
        red = a_run(number, days_ago=3, run_attempt=2, conclusion="failure", started_at=later,
                    completed_at=later + 5 * MINUTE, commit_sha=f"{number}")  # fmt: skip
        upsert(connection, [green, red])
        job = a_job(red)
        upsert(connection, [a_job(green), job])
        upsert(connection, [a_step(job, name="pytest", conclusion="failure")])
    known(connection, 7)
    shown = whole(connection)
    said = sentence(single(shown), "flaky")
    assert said.startswith("build of CI is flaky: on 2 of 2 commits (100.0 %) it both failed and ")
    assert "CI · build |" in summary(shown).replace("\\", "")
    (found,) = (each for each in as_data(shown)["findings"] if each["kind"] == "flaky")
    assert found["figures"]["flaky_commits"] == 2
    (held,) = single(shown).quarantine
    assert (held["job"], held["flaky_commits"], held["run_again"]) == ("build", 2, 0)
    assert [row["cause"] for row in single(shown).failure_causes] == ["flaky"]


def test_a_matrix_is_flaky_as_one_job_and_its_members_are_named(connection: Connection) -> None:
    for number in range(1, 8):
        red = a_run(number, days_ago=3, conclusion="failure" if number < 4 else "success")
        upsert(connection, [red])
        upsert(connection, [a_job(red, name=f"shard ({number})")])
        if number < 4:
            later = red.started_at + HOUR
            again = a_run(number, days_ago=3, run_attempt=2, started_at=later,
                          completed_at=later + 5 * MINUTE)  # fmt: skip
            upsert(connection, [again])
            upsert(connection, [a_job(again, name=f"shard ({number})")])
    known(connection, 7)
    shown = whole(connection)
    assert sentence(single(shown), "flaky").startswith(
        "shard of CI is flaky: on 3 of 7 commits (42.9 %) it both failed and succeeded unchanged; "
    )
    assert "CI · shard (shard (1), shard (2), shard (3)) |" in summary(shown).replace("\\", "")


def test_the_only_flaky_member_of_a_matrix_is_named_and_counted_alone(
    connection: Connection,
) -> None:
    """Another member failed twice and passed in no re-run, and ran on more commits."""
    for number in range(1, 6):
        red = a_run(number, conclusion="failure" if number != 4 else "success")
        again = replace(red, run_attempt=2, conclusion="success", started_at=UNTIL - HOUR,
                        completed_at=UNTIL)  # fmt: skip
        made = [red, again] if number < 3 else [red]
        upsert(connection, made)
        is_red = "failure" if number in (3, 5) else "success"
        jobs = [a_job(red, 1, name="test (linux, 3.13)", conclusion=is_red)]
        if number < 5:
            jobs += [a_job(each, name="test (linux, 3.12)") for each in made]
        upsert(connection, jobs)
        upsert(connection, [a_step(job, name="Run tests") for job in jobs])
    known(connection, 7)
    shown = whole(connection)
    assert sentence(single(shown), "flaky") == (
        "test (linux, 3.12) of CI is flaky: on 2 of 4 commits (50.0 %) it both failed and "
        "succeeded unchanged; the failures took 20 min. Fix test (linux, 3.12) or remove it from "
        "the required checks."
    )
    assert "CI · test (linux, 3.12) | 2 | 4 |" in summary(shown)
    (found,) = (each for each in as_data(shown)["findings"] if each["kind"] == "flaky")
    assert found["subject"]["job"] == "test (linux, 3.12)"
    (held,) = single(shown).quarantine
    assert (held["job"], held["flaky_commits"]) == ("test (linux, 3.12)", 2)
    # The third time it failed, nobody ran it again.
    assert (held["failures"], held["run_again"]) == (3, 2)


def test_a_planted_shift_is_reported_with_its_day_and_marked_in_the_chart(
    connection: Connection, dsn: str
) -> None:
    only = Workflow(7, 71, "CI", ("pull_request",), (("test", ("ubuntu-latest",), 10),))
    made = make_history(
        3, days=62, runs_per_day=8, workflows=[only], traps=False,
        factor=lambda workflow, day: 1.5 if day >= 47 else 1.0,
    )  # fmt: skip
    store(connection, made)
    known(connection, 7)
    shown = whole(connection)
    (shift,) = single(shown).slower_or_faster
    day = units.day(shift["changed_on"])
    assert abs((shift["changed_on"] - (UNTIL - 15 * DAY).date()).days) <= 1
    said = sentence(single(shown), "slower")
    assert f"on {day}; " in said
    assert re.search(r"Its job test takes \d+m \d\ds instead of \d+m \d\ds", said)
    assert f". Look at what was merged from {units.day(shift['changed_on'] - DAY)} to {day}" in said
    page = one_page(shown)
    assert f"changed on {day}</text>" in page
    assert re.search(r"<bdi>CI</bdi> on pull requests: \+[3-6]\d % since", page)


def test_cancelled_work_does_not_move_a_finding_to_the_front(connection: Connection) -> None:
    cancelled = [a_run(n, seconds=1_000 + 2_000 * n, conclusion="cancelled") for n in range(1, 5)]
    red = a_run(10, seconds=600, branch="topic", conclusion="failure", event_type="pull_request")
    mac = a_run(11, seconds=600)
    upsert(connection, [*cancelled, red, mac])
    upsert(connection, [a_job(run, labels=["ubuntu-latest"]) for run in [*cancelled, red]])
    upsert(
        connection,
        [a_job(mac, labels=["macos-latest"]), a_job(mac, 1, labels=["unheard-of"])],
    )
    load_runner_prices(connection)
    known(connection, 7)
    shown = told(connection)
    assert subjects(shown) == ["failing", "costing"]
    by_sku = {row["sku"]: row["list_cost_usd"] for row in shown.runners}
    assert by_sku["linux"] > by_sku["macos"] > 0
    assert sentence(shown, "costing") == (
        f"Jobs cost ${by_sku['linux'] + by_sku['macos']:.2f} at list price, "
        f"${by_sku['linux']:.2f} of it for linux, 1 job without a price left out; "
        "6.7 h of 7.2 h (93.1 %) was wasted. "
        "Check which jobs are cancelled most; start them later, or not on every push."
    )


def keep_busy(connection: Connection, *labels: str, days_ago: int = 1) -> None:
    """Let a job with each of these labels run from an hour before that until an hour after it."""
    run = a_run(999, days_ago + HOUR / DAY, 7_200)
    upsert(connection, [run])
    upsert(connection, [
        a_job(run, n, labels=[label], runner_group_name="Default")
        for n, label in enumerate(labels)
    ])  # fmt: skip


def test_a_wait_while_no_runner_worked_may_be_for_an_approval(connection: Connection) -> None:
    """Such as the timer of an environment; only a runner that is busy lets jobs wait for it."""
    runs = [a_run(n, n, seconds=1_000) for n in range(1, 6)]
    upsert(connection, runs)
    own = {"labels": ["deploy"], "runner_group_name": "Default"}
    upsert(connection, [
        a_job(run, started_at=run.started_at + 15 * MINUTE, **own) for run in runs
    ])  # fmt: skip
    known(connection, 7)
    assert sentence(told(connection), "waiting") == (
        "Jobs on deploy waited 15m 00s for a runner or an approval at the median; "
        "5 of 5 jobs waited over a minute. Check which of the two they wait for. Most often, no "
        "other job with that label ran meanwhile in this repository."
    )
    busy = [a_run(10 + n, n + HOUR / DAY, seconds=4_000) for n in range(1, 6)]
    upsert(connection, busy)
    upsert(connection, [a_job(run, **own) for run in busy])
    assert sentence(told(connection), "waiting").endswith("add runners with that label.")


def test_other_labels_that_keep_jobs_waiting_are_counted(connection: Connection) -> None:
    runs = [a_run(n, seconds=1_200) for n in range(1, 41)]
    upsert(connection, runs)
    upsert(
        connection,
        [
            a_job(
                run,
                labels=["mac" if run.github_run_id % 2 else "own"],
                runner_group_name="Default",
                started_at=run.started_at + timedelta(seconds=150 + run.github_run_id % 2),
            )
            for run in runs
        ],
    )
    keep_busy(connection, "mac", "own")
    # A wait for an approval: of no consequence to a median or a count.
    approved = a_job(runs[0], 1, labels=["own"], started_at=runs[0].started_at + 20 * HOUR,
                    runner_group_name="Default",
                    completed_at=runs[0].started_at + 20 * HOUR + MINUTE)  # fmt: skip
    upsert(connection, [approved])
    known(connection, 7)
    shown = whole(connection)
    assert sentence(single(shown), "waiting").startswith(
        "Jobs on own waited 2m 30s for a runner at the median, 2m 30s at the 95th percentile; "
        "21 of 22 jobs waited over a minute; 1 other label too. Start fewer jobs in the busiest "
        "hours"
    )
    page = one_page(shown)
    assert "Jobs that later ones overtook are left out" in page
    assert units.duration(20 * 3_600) not in page


def test_waits_of_hours_may_be_for_approvals_and_come_last(connection: Connection) -> None:
    runs = [a_run(n, seconds=50_000) for n in range(1, 9)]
    red = a_run(20, seconds=60, branch="topic", conclusion="failure", event_type="pull_request")
    upsert(connection, [*runs, red])
    own = {"runner_group_name": "Default"}
    late = [a_job(run, labels=["deploy"], started_at=run.started_at + 10 * HOUR, **own)
            for run in runs]  # fmt: skip
    upsert(connection, [*late, a_job(red)])
    known(connection, 7)
    shown = told(connection)
    assert subjects(shown)[:2] == ["failing", "waiting"]
    assert sentence(shown, "waiting") == (
        "Jobs on deploy waited 10h 00m for a runner or an approval at the median; "
        "8 of 8 jobs waited over a minute. Check which of the two they wait for. Most often, no "
        "other job with that label ran meanwhile in this repository."
    )
    keep_busy(connection, "own")
    slow = [a_run(n, seconds=900) for n in range(30, 33)]
    upsert(connection, slow)
    waited = 3 * MINUTE
    upsert(connection, [a_job(run, labels=["own"], started_at=run.started_at + waited, **own)
                        for run in slow])  # fmt: skip
    assert sentence(told(connection), "waiting").startswith(
        "Jobs on own waited 3m 00s for a runner at the median; 3 of 4 jobs waited over a minute; "
        "1 other label too."
    )


def test_long_waits_for_the_runners_of_github_may_be_for_approvals(connection: Connection) -> None:
    runs = [a_run(n, seconds=2_500) for n in range(1, 9)]
    upsert(connection, runs)
    upsert(connection, [a_job(run, started_at=run.started_at + 30 * MINUTE) for run in runs])
    known(connection, 7)
    assert sentence(told(connection), "waiting") == (
        "Jobs on ubuntu-latest waited 30m 00s for a runner or an approval at the median; "
        "8 of 8 jobs waited over a minute. Check which of the two they wait for. GitHub's own "
        "runners start within seconds unless your plan allows no more jobs at once."
    )


def test_not_found_and_not_known_are_distinguished(connection: Connection) -> None:
    upsert(connection, [a_run(1)])
    known(connection, 7)
    shown = told(connection)
    assert not_found(shown, findings(shown)) == [
        "nothing is red on the default branch",
        "no workflow has enough green runs to detect what got slower",
        "no job ran, so none was flaky or cost anything",
        "no run failed",
    ]
    upsert(connection, [a_job(a_run(1))])
    shown = told(connection)
    assert not_found(shown, findings(shown))[2:4] == [
        "no job is known to be flaky",
        "no run failed",
    ]


@pytest.mark.parametrize("name", QUESTIONS.values())
def test_every_file_that_a_finding_names_is_there(name: str) -> None:
    assert (SQL / "analysis" / f"{name}.sql").is_file()


# The tiles


def by_name(shown: RepositoryReport, part: str) -> Tile:
    (found,) = (tile for tile in tiles(shown) if part in tile.name)
    return found


def halves(connection: Connection, before: int, now: int, of: int) -> RepositoryReport:
    """So many successes of a number of runs in the month before, and in this one."""
    rows = []
    for start, days_ago, successes in ((0, 45, before), (1_000, 15, now)):
        rows += [
            a_run(start + n, days_ago + n % 13,
                  conclusion="success" if n * successes % of < successes else "failure")
            for n in range(of)
        ]  # fmt: skip
    upsert(connection, rows)
    known(connection, 7)
    return told(connection)


def test_a_clear_change_is_called_better_or_worse_in_points(connection: Connection) -> None:
    tile = by_name(halves(connection, 190, 140, 200), "first attempt")
    assert (tile.figure, tile.change, tile.kind) == (
        "70.0 %",
        "−25.0 points like for like",
        "worse",
    )


def test_a_change_within_chance_is_not_called_clear(connection: Connection) -> None:
    shown = halves(connection, 176, 174, 200)
    tile = by_name(shown, "first attempt")
    assert re.fullmatch(
        r"−1\.0 points like for like, no clear change \(\d+\.\d points or more would show\)",
        tile.change,
    )
    assert tile.kind is None
    assert by_name(shown, "push to last check").kind is None


def test_a_large_change_that_is_not_clear_is_put_down_to_values_that_vary(
    connection: Connection,
) -> None:
    shown = halves(connection, 176, 174, 200)

    def told_of(points: int) -> str:
        changed = {"change": Decimal(points), "would_show": None}
        trend = [{**row, **changed} for row in shown.trend]
        return by_name(replace(shown, trend=trend), "first attempt").change

    assert told_of(-9) == "−9.0 points like for like, no clear change"
    assert told_of(-10) == (
        "−10.0 points like for like, no clear change: the values vary too much to tell"
    )


def test_a_wait_that_was_none_before_is_compared_without_a_percentage(
    connection: Connection,
) -> None:
    for start, days_ago, wait in ((0, 45, 0), (1_000, 15, 45)):
        runs = [a_run(start + n, days_ago + n % 13) for n in range(60)]
        upsert(connection, runs)
        upsert(connection, [
            a_job(run, started_at=run.started_at + timedelta(seconds=wait)) for run in runs
        ])  # fmt: skip
    known(connection, 7)
    tile = by_name(told(connection), "wait for a runner")
    assert (tile.figure, tile.kind) == ("45s", "worse")
    assert tile.change.startswith("0s before, like for like; one in ten")


def test_runs_without_their_first_attempt_count_before_too(connection: Connection) -> None:
    upsert(connection, [a_run(n, days_ago=45 if n < 10 else 5) for n in range(20)])
    connection.execute("update workflow_runs set run_attempt = 2 where github_run_id < 5")
    known(connection, 7)
    tile = next(each for each in tiles(told(connection)) if each.name == "runs")
    assert (tile.figure, tile.change) == ("10", "±0 %, 10 before")


def test_more_runs_are_neither_better_nor_worse(connection: Connection) -> None:
    upsert(connection, [a_run(n, days_ago=45 if n < 10 else 5) for n in range(100)])
    known(connection, 7)
    upsert(connection, [a_run(n, days_ago=4, conclusion="skipped") for n in range(200, 900)])
    (tile,) = (each for each in tiles(told(connection)) if each.name == "runs")
    assert (tile.figure, tile.change, tile.kind) == ("90", "+800 %, 10 before", None)


def test_an_unlisted_period_before_is_not_compared(connection: Connection) -> None:
    upsert(connection, [a_run(n, days_ago=n) for n in range(1, 55)])
    known(connection, 7, days=59)
    shown = told(connection)
    assert not shown.is_comparable
    changes = [tile.change for tile in tiles(shown)[:6]]
    assert sum(NOT_COMPARED in each for each in changes) == 5
    assert why_no_change(shown) == (
        "No change is shown, because this period and the equally long one before it were not both "
        "listed completely; to list them: make ingest REPO=acme/r7 SINCE=2025-12-31"
    )
    known(connection, 8, days=60)
    upsert(connection, [a_run(60, repository_id=8, repository="acme/r8")])
    (other,) = report(connection, MONTH, UNTIL, ["acme/r8"]).repositories
    assert why_no_change(other) is None and other.is_comparable


def partly_listed(connection: Connection, with_jobs: int) -> Report:
    """Ten runs of ten minutes with a job each, of which `with_jobs` have all their jobs stored."""
    runs = [a_run(n) for n in range(1, 11)]
    upsert(connection, [*runs, a_run(11, conclusion="skipped")])
    upsert(connection, [a_job(run, labels=["ubuntu-latest"]) for run in runs[:with_jobs]])
    load_runner_prices(connection, {})
    known(connection, 7)
    ids = list(range(1, with_jobs + 1))
    values = {"github_run_ids": ids, "run_attempts": [1] * len(ids), "listed_at": UNTIL}
    execute(connection, "runs/record_jobs_listed", values)
    return report(connection, MONTH, UNTIL)


def test_figures_of_few_jobs_are_withheld_with_the_command_that_completes_them(
    connection: Connection,
) -> None:
    made = partly_listed(connection, 4)
    shown = single(made)
    words = "jobs of 4 of 10 attempts are stored (40.0 %); to fetch the rest: make ingest REPO="
    for part in ("wait for a runner", "wasted", "cost of runners"):
        tile = by_name(shown, part)
        assert (tile.figure, tile.change, tile.kind) == ("–", f"{words}acme/r7", None)
    assert by_name(shown, "first attempt").figure == "100.0 %"
    assert subjects(shown) == []
    assert f"flaky jobs, waiting and cost are not known: {words}acme/r7" in not_found(
        shown, findings(shown)
    )
    page = one_page(made).partition('id="computed"')[0]
    assert "$" not in page and page.count(f"Not shown: {words}acme/r7.") == 9
    assert f"Tables of jobs are not shown: {words}acme/r7." in summary(made)


def test_figures_of_most_jobs_say_how_many_attempts_they_cover(connection: Connection) -> None:
    shown = single(partly_listed(connection, 9))
    words = "jobs of 9 of 10 attempts are stored (90.0 %); to fetch the rest: make ingest REPO="
    tile = by_name(shown, "cost of runners")
    in_short = "jobs of 9 of 10 attempts"
    assert tile.figure.startswith("$0.") and tile.change.endswith(f"; {in_short}")
    assert f"Incomplete: {in_short}." in sentence(shown, "costing")
    made = report(connection, MONTH, UNTIL)
    page = one_page(made)
    assert page.count(f'<p class="muted">Incomplete: {in_short}.</p>') == 10
    assert page.count(f'<p class="muted">Incomplete: {words}acme/r7.</p>') == 1
    assert f"Incomplete: {words}acme/r7." in summary(made).splitlines()


def test_figures_of_all_jobs_do_not_mention_coverage(connection: Connection) -> None:
    shown = single(partly_listed(connection, 10))
    assert "attempts" not in "".join(tile.change for tile in tiles(shown))
    assert "Incomplete" not in sentence(shown, "costing")


@pytest.mark.parametrize(
    ("windows", "is_told", "is_compared"),
    [
        ([(60, 0)], None, True),
        ([(60, 0.5)], None, True),
        (
            [(60, 5)],
            "5 days of this period are not listed completely, the first from 2026-02-24 00:00",
            False,
        ),
        (
            [(10, 0)],
            "20 days of this period are not listed completely, the first from 2026-01-30",
            False,
        ),
        ([(60, 20), (10, 0)], "10 days of this period are not listed completely", False),
        ([(60, 40), (35, 0)], None, False),
        ([(30, 0)], None, False),
    ],
    ids=["whole", "last hours", "stopped", "young", "gap", "gap before", "nothing before"],
)
def test_an_incompletely_listed_period_is_reported_and_not_compared(
    connection: Connection, windows: list[tuple[float, float]], is_told: str | None,
    is_compared: bool,
) -> None:  # fmt: skip
    upsert(connection, [a_run(1), a_run(2, days_ago=45)])
    known(connection, 7)
    connection.execute("delete from windows")
    for start, end in windows:
        connection.execute(
            "insert into windows (repository_id, created_from, created_to, listed_at, reported, "
            "seen, is_complete) values (7, %s, %s, %s, 1, 1, true)",
            [UNTIL - start * DAY, UNTIL - end * DAY, UNTIL],
        )
    shown = told(connection)
    said = [text for text in shown.concerns if "of this period" in text]
    assert shown.is_comparable == is_compared
    assert (is_told is None) == (said == [])
    assert is_told is None or (is_told in said[0] and "make ingest REPO=acme/r7 SINCE=" in said[0])


def test_the_first_tiles_say_how_long_people_wait_and_what_is_red(connection: Connection) -> None:
    for month in (0, 30):
        for n in range(60):
            checks = [
                a_run(1_000 * month + 10 * n + k, month + n / 2, 60 * (k + n % 7 + 1),
                      workflow_id=k + 1, commit_sha=f"c{month}/{n}", event_type="pull_request")
                for k in range(3)
            ]  # fmt: skip
            upsert(connection, checks)
    known(connection, 7)
    first, second = tiles(told(connection))[:2]
    assert first.name == "push to last check, on pull requests (median)"
    assert first.figure == "6m 00s"
    assert first.change.startswith("±0 % like for like, no clear change (")
    assert first.change.endswith("; one in ten 9m 00s or more")
    assert (second.figure, second.change) == ("–", "no run on it has succeeded or failed")
    upsert(connection, [a_run(90_001, workflow_id=9, workflow_name="Docs")])
    assert tiles(told(connection))[1].figure == "nothing"
    upsert(connection, [a_run(90_002, 0.5, conclusion="failure")])
    red = tiles(told(connection))[1]
    assert (red.figure, red.change) == (
        "1 workflow",
        "CI (id 3) since 28 Feb, for 11h 50m",
    )


def test_cost_has_a_change_if_the_jobs_of_both_periods_are_stored(
    connection: Connection,
) -> None:
    for n, minutes in ((1, 10), (2, 25)):
        run = a_run(n, 75 - 30 * n, 60 * minutes)
        upsert(connection, [run])
        upsert(connection, [a_job(run, labels=["ubuntu-latest"], started_at=run.started_at)])
    load_runner_prices(connection)
    known(connection, 7)
    tile = by_name(told(connection), "cost of runners")
    assert (tile.figure, tile.change) == (
        "$0.15",
        "+150 %, $0.0600 before; list price, before included minutes; "
        "1 job assumed to be of a private repository",
    )
    connection.execute("update workflow_runs set jobs_listed_at = null where github_run_id = 1")
    assert by_name(partly_told(connection), "cost of runners").change.startswith("list price, ")


# The page


def anchors(page: str) -> tuple[list[str], set[str]]:
    """The ids of a page, and those that its links go to."""
    elements = Reader(page).elements
    ids = [value for _, given in elements if (value := given.get("id")) is not None]
    targets = {given.get("href") or "" for name, given in elements if name == "a"}
    return ids, {target[1:] for target in targets if target.startswith("#")}


def test_one_page_of_several_repositories_holds_together(of_both: Report) -> None:
    ids, targets = anchors(one_page(of_both))
    assert len(ids) == len(set(ids))
    assert targets <= set(ids)
    assert {"r7-top", "r8-top", "computed"} <= set(ids)


def test_an_index_leads_to_a_page_of_each_repository(of_both: Report) -> None:
    made = pages(of_both)
    assert set(made) == {INDEX, "acme-r7-7.html", "acme-r8-8.html"}
    linked = {given["href"] or "" for name, given in Reader(made[INDEX]).elements if name == "a"}
    assert {href for href in linked if not href.startswith("https:")} == set(made) - {INDEX}
    for name, page in made.items():
        ids, targets = anchors(page)
        assert len(ids) == len(set(ids)) and targets <= set(ids)
        assert (f'href="{INDEX}"' in page) == (name != INDEX)


def test_each_chart_has_its_takeaway_in_words_and_its_figures(of_one: Report) -> None:
    page = one_page(of_one)
    figures = re.findall(r"<figure.*?</figure>", page, re.DOTALL)
    assert len(figures) >= 9
    for figure in figures:
        read = Reader(figure)
        names = [name for name, _ in read.elements]
        charts = [given for name, given in read.elements if given.get("role") == "img"]
        assert charts and all(len(given["aria-label"] or "") > 10 for given in charts)
        assert names[1] == "figcaption" and "details" in names and "table" in names
        assert re.search(r"\d", re.search("<figcaption>(.*?)</figcaption>", figure)[1])  # type: ignore[index]


def test_the_same_moment_makes_the_same_report(filled: Filled, of_both: Report) -> None:
    connection, _ = filled
    first = one_page(of_both)
    connection.execute("update ingestions set requests = requests")
    assert one_page(report(connection, MONTH, UNTIL)) == first
    assert f"{datetime.now(UTC):%Y-%m-%d}" not in first


def test_every_statement_is_shown_under_how_this_is_computed(of_one: Report) -> None:
    text = Reader(one_page(of_one)).text
    scope = Scope(MONTH.since, MONTH.until, [7])
    for name in ("totals", *SHOWN):
        assert pasteable(name, scope) in text


def test_the_statements_of_a_page_are_about_the_repositories_of_that_page(of_both: Report) -> None:
    made = pages(of_both)
    for page, ids in (
        (one_page(of_both), [7, 8]),
        (made["acme-r7-7.html"], [7]),
        (made["acme-r8-8.html"], [8]),
    ):
        text = Reader(page).text
        assert pasteable("totals", Scope(MONTH.since, MONTH.until, ids)) in text
        assert text.count(f"'{{{','.join(map(str, ids))}}}'::bigint[]") == len(("totals", *SHOWN))


@pytest.mark.scenario
def test_a_report_of_twenty_workflows_is_below_250_kilobytes_and_of_a_quarter_below_300(
    connection: Connection, dsn: str
) -> None:
    workflows = [
        Workflow(7, n, f"Workflow number {n}", ("pull_request",), (("build", ("ubuntu-latest",), 5),
                 (f"test {n}", ("ubuntu-latest",), 9)))
        for n in range(1, 21)
    ]  # fmt: skip
    store(connection, make_history(1, days=90, runs_per_day=1, workflows=workflows))
    known(connection, 7)
    connection.execute("analyze")
    page = one_page(report(connection, Period(UNTIL - 90 * DAY, UNTIL), UNTIL))
    assert 80_000 < len(page.encode()) < 300_000
    month = one_page(report(connection, MONTH, UNTIL))
    assert len(month.encode()) < 250_000
    assert "and 8 more rows, with fewer runs, without a chart" in page


def test_every_table_says_how_many_rows_it_leaves_out(connection: Connection) -> None:
    load_runner_prices(connection)
    each: dict[str, Any] = {"is_private": True}
    runs = [a_run(n, n / 2, workflow_id=n, workflow_name=f"w{n}", **each) for n in range(1, 31)]
    upsert(connection, runs)
    upsert(connection, [a_job(run, labels=[f"pool-{n}-of-ours"]) for n, run in enumerate(runs)])
    known(connection, 7)
    page = one_page(whole(connection))
    of_costs = page[page.index('id="cost"') : page.index('id="pulls"')]
    assert "and 5 more kinds of runner" in of_costs
    assert "and 5 more workflows" in of_costs
    of_durations = page[page.index('id="durations"') : page.index('id="outcomes"')]
    assert of_durations.count("and 5 more rows</p>") == 1


def test_stale_or_missing_data_is_reported_first(connection: Connection) -> None:
    upsert(connection, [a_run(1)])
    known(connection, 7)
    later = UNTIL + 40 * DAY
    page = one_page(report(connection, Period(UNTIL - 30 * DAY, later), later))
    assert page.index("the last complete ingest was 40 days ago") < page.index("What to know")
    fresh = one_page(report(connection, MONTH, UNTIL))
    assert "What this report does not know" not in fresh


def test_a_long_error_is_cut(connection: Connection) -> None:
    known(connection, 7)
    connection.execute("update ingestions set outcome = 'failed', error = %s", ["x" * 10_000])
    (said,) = (text for text in told(connection).concerns if "the last ingest failed" in text)
    assert len(said) == 400 and said.endswith("x…")


def test_a_default_branch_that_nothing_ran_on_is_neither_red_nor_green(
    connection: Connection,
) -> None:
    upsert(
        connection,
        [a_run(1), a_run(2, repository_id=8, repository="acme/r8", branch="x")],
    )
    red = a_run(3, repository_id=9, repository="acme/r9", conclusion="failure")
    upsert(connection, [red])
    known(connection, 7, 8, 9)
    index = pages(report(connection, MONTH, UNTIL))[INDEX]
    rows = re.findall(r"acme/r(\d)</bdi></a></th><td>.*?</td><td>(.*?)</td>", index)
    assert rows == [("9", "1 red"), ("7", "green"), ("8", "unknown")]


def test_a_database_without_anything_makes_a_page(connection: Connection) -> None:
    empty = report(connection, MONTH, UNTIL)
    assert "No repository has been ingested yet." in one_page(empty)
    assert "nothing has been ingested yet" in one_page(empty)
    assert list(pages(empty)) == [INDEX]


def test_a_repository_without_runs_makes_a_page(connection: Connection) -> None:
    known(connection, 7)
    page = one_page(report(connection, MONTH, UNTIL))
    assert NO_RUN in page
    assert "What the data covers" in page and "How long runs take" not in page


@pytest.mark.parametrize("has_job", [False, True])
def test_one_run_makes_a_page(connection: Connection, has_job: bool) -> None:
    run = a_run(1)
    upsert(connection, [run])
    if has_job:
        upsert(connection, [a_job(run)])
    connection.execute("update workflow_runs set jobs_listed_at = updated_at")
    known(connection, 7)
    page = one_page(report(connection, MONTH, UNTIL))
    assert "10m 00s at the median, too few runs to find a change" in page
    assert ("No job with a known duration is stored" in page) != has_job


def test_a_single_day_makes_a_page(connection: Connection) -> None:
    store(connection, make_history(2, days=1, runs_per_day=10))
    known(connection, 7, days=1)
    page = one_page(report(connection, Period(UNTIL - DAY, UNTIL), UNTIL, ["acme/r7"]))
    assert "no workflow has enough green runs to detect what got slower" in page
    assert 'class="dot"' in page and 'class="line"' not in page


def test_workflows_of_one_name_and_file_are_distinguished_by_their_paths(
    connection: Connection,
) -> None:
    """The second is one that another repository requires here; GitHub lists it for that one."""
    theirs = "acme/rules/.github/workflows/ci.yml"
    runs = [
        a_run(1),
        *(
            a_run(n, workflow_id=4, workflow_path=theirs, workflow_name=f"Check {n}",
                  display_title=f"Check {n}")
            for n in (2, 3)
        ),
    ]  # fmt: skip
    upsert(connection, runs)
    upsert(connection, [WorkflowRow(4, 8, "CI", theirs, "active")])
    known(connection, 7, 8)
    shown = told(connection)
    assert {(row["workflow"], row["runs"]) for row in shown.workflow_outcomes} == {
        ("CI (.github/workflows/ci.yml)", 1),
        (f"CI ({theirs})", 2),
    }


def test_workflows_of_one_name_are_distinguished_by_their_files(connection: Connection) -> None:
    upsert(
        connection,
        [
            a_run(1, conclusion="failure"),
            a_run(2, workflow_id=4, workflow_path=".github/workflows/other.yml"),
            a_run(3, workflow_id=5, workflow_name="Lint"),
        ],
    )
    upsert(connection, [a_job(a_run(1, conclusion="failure"))])
    known(connection, 7)
    shown = told(connection)
    names = {row["workflow"] for row in [*shown.workflow_outcomes, *shown.durations_by_day]}
    assert names == {"CI (ci.yml)", "CI (other.yml)", "Lint"}
    assert "CI (ci.yml) has been red" in sentence(shown, "red")
    assert {row["workflow"] for row in shown.failing_steps} == {"CI (ci.yml)"}


def test_the_slowest_recent_run_is_drawn_with_what_is_known_of_its_jobs(
    connection: Connection,
) -> None:
    stuck, slow, quick = a_run(1, seconds=108_000), a_run(2, seconds=900), a_run(3)
    approved = a_run(4, seconds=90_000)
    upsert(connection, [stuck, slow, quick, approved])
    start = slow.created_at
    upsert(
        connection,
        [
            a_job(stuck),
            a_job(quick),
            a_job(approved, started_at=approved.created_at + 24.9 * HOUR),
            a_job(slow, 1, name="late", created_at=None, started_at=start + 10 * MINUTE),
            a_job(slow, 2, started_at=start + MINUTE, completed_at=start + 5 * MINUTE),
        ],
    )
    listed = {"github_run_ids": [1, 2, 3, 4], "run_attempts": [1] * 4, "listed_at": UNTIL}
    execute(connection, "runs/record_jobs_listed", listed)
    known(connection, 7)
    shown = whole(connection)
    jobs = single(shown).slowest_run
    columns = ("job", "queue_seconds", "started_seconds", "job_seconds")
    assert [tuple(job[column] for column in columns) for job in jobs] == [
        ("build", 60, 60, 240),
        ("late", None, 600, 300),
    ]
    page = one_page(shown)
    assert "5</a> took 15m 00s; <bdi>late</bdi> ended last, after 5m 00s of work" in page
    assert "without those in which a job waited over an hour or was stuck" in page


def test_a_run_of_many_jobs_is_drawn_with_those_that_ended_last(connection: Connection) -> None:
    run = a_run(1, seconds=900)
    upsert(connection, [run])
    upsert(connection, [
        a_job(run, n, job_id=n, name=f"part {n} of 40", started_at=run.created_at + n * SECOND,
              completed_at=run.created_at + (60 + n) * SECOND)
        for n in range(1, 41)
    ])  # fmt: skip
    known(connection, 7)
    page = one_page(whole(connection))
    drawn = page[page.index('id="run"') : page.index('id="llm"')]
    assert "part 40 of 40</bdi> ended last" in drawn and ">part 40 of 40</text>" in drawn
    assert "part 16 of 40" in drawn and "part 15 of 40" not in drawn
    assert "The last 25 of 40 jobs to end." in drawn and "and 15 more jobs" in drawn


def test_calls_of_models_are_shown_with_the_runners_that_made_them(
    connection: Connection,
) -> None:
    run = a_run(1)
    upsert(connection, [run])
    at = run.created_at + MINUTE
    upsert(
        connection,
        [
            llm_call(call_id="a", timestamp=at, phase="review", estimated_cost=2, github_run_id=1),
            llm_call(call_id="b", timestamp=at + MINUTE, phase="plan", github_run_id=1),
            llm_call(call_id="c", timestamp=at + HOUR, phase="review", estimated_cost=5),
            llm_call(call_id="d", timestamp=UNTIL, phase="review", estimated_cost=9),
        ],
    )
    known(connection, 7)
    found = whole(connection)
    shown = single(found)
    rows = {(row["phase"], row["is_of_a_run"]): row for row in shown.llm_phases}
    assert {key: row["cost_usd"] for key, row in rows.items()} == {
        ("review", True): 2,
        ("plan", True): None,
        ("review", False): 5,
    }
    assert rows["plan", True]["unpriced"] == 1
    tile = by_name(shown, "LLM calls")
    assert (tile.figure, tile.change) == (
        "$2.00",
        "2 calls in stored runs; without 1 call of unknown cost",
    )
    for low, words in ((1.9999, ""), (1.5, "; $1.50 to $2.00, because the logs lack some details")):
        bounded = {**rows["review", True], "cost_low_usd": low, "cost_high_usd": 2}
        tile = by_name(replace(shown, llm_phases=[bounded]), "LLM calls")
        assert tile.change == f"1 call in stored runs{words}"
    page = one_page(found)
    said = "LLM calls in stored runs cost $2.00"
    assert said in page and "the runners of all runs" not in page
    load_runner_prices(connection)
    upsert(connection, [a_job(run)])
    assert f"{said}; the runners of all runs cost $0.0600 at list price" in one_page(
        whole(connection)
    )
    odd = {"labels": ["who-knows"], "runner_group_name": "Large"}
    upsert(connection, [a_job(run, 1, **odd)])
    assert "the runners of all runs" not in one_page(whole(connection))
    connection.execute("delete from llm_calls where call_id <> 'b'")
    assert "The cost of LLM calls in stored runs is not known" in (one_page(whole(connection)))
    assert "The newest call is from 2026-02-28 01:01. Not included: 1 call of unknown cost." in page


def test_calls_of_no_run_are_shown_without_a_tile_and_without_repositories(
    connection: Connection,
) -> None:
    at = UNTIL - DAY
    upsert(connection, [llm_call(call_id="a", timestamp=at, phase="review", estimated_cost=2)])
    alone = report(connection, MONTH, UNTIL)
    words = "LLM calls cost $2.00, none of them in a run that is stored"
    assert alone.repositories == []
    for page in (one_page(alone), pages(alone)[INDEX]):
        assert "No repository has been ingested yet." in page and words in page
    two = "<span>$</span>2.00"
    row = f"| review (in no run that is stored) | 1 | 0 | – | {two} | {two} | {two} | 0 |"
    assert row in summary(alone)
    upsert(connection, [a_run(1)])
    known(connection, 7)
    beside = report(connection, MONTH, UNTIL)
    assert beside.llm_phases == alone.llm_phases and words in one_page(beside)
    assert not any("models" in tile.name for tile in tiles(beside.repositories[0]))


def test_a_report_reads_one_snapshot_and_writes_nothing(connection: Connection) -> None:
    def runs() -> int:
        return told(connection).totals["runs"]  # type: ignore[no-any-return]

    known(connection, 7)
    with open_connection(connection.info.dsn) as other, snapshot(connection):
        before = execute(connection, "schema/count_workflow_runs").fetchall()
        upsert(other, [a_run(1)])
        assert execute(connection, "schema/count_workflow_runs").fetchall() == before
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction), connection.transaction():
            upsert(connection, [a_run(2)])
    assert runs() == 1
    upsert(connection, [a_run(2)])
    assert runs() == 2


def test_a_repository_that_is_not_there_is_named(connection: Connection) -> None:
    known(connection, 7)
    with pytest.raises(UsageError, match=r"^REPO: acme/x is not in this database; "):
        report(connection, MONTH, UNTIL, ["acme/x"])
    found = report(connection, MONTH, UNTIL, ["Acme/R7", "acme/x"])
    assert [each.repository for each in found.repositories] == ["acme/r7"]
    assert found.concerns == ["acme/x: nothing is stored"]


@pytest.mark.scenario
def test_every_time_is_in_utc_whatever_zone_the_database_has(
    dsn: str, connection: Connection
) -> None:
    red = a_run(2, days_ago=0.3, conclusion="failure")
    upsert(connection, [a_run(1), red])
    upsert(connection, [a_job(red)])
    known(connection, 7)
    connection.execute("update workflow_runs set jobs_listed_at = updated_at")
    name = psycopg.conninfo.conninfo_to_dict(dsn)["dbname"]

    def seen() -> list[Any]:
        with open_connection(dsn) as opened:
            found = report(opened, MONTH, UNTIL)
            scope = Scope(MONTH.since, MONTH.until)
            answers = [ask(opened, question.name, scope) for question in questions()]
            texts = [text for each in answers for text in (csv_text(each), answer_text(each))]
            return [one_page(found), summary(found), *texts]

    in_utc = seen()
    for zone in ("Pacific/Auckland", "America/St_Johns"):
        connection.execute(f"alter database {name} set timezone = '{zone}'")
        assert seen() == in_utc, zone
    assert "red on the default branch since 2026-02-28 16:58" in summary(
        report(connection, MONTH, UNTIL)
    )


def test_a_share_of_no_runs_is_not_told(connection: Connection) -> None:
    upsert(connection, [a_run(1, conclusion="cancelled")])
    known(connection, 7)
    text = Reader(one_page(whole(connection))).text
    assert "No run succeeded or failed at the first attempt" in text
    assert "0 of 0" not in text


def test_workflows_are_listed_even_if_no_first_attempt_succeeded(connection: Connection) -> None:
    red = a_run(1, conclusion="failure")
    green = replace(red, run_attempt=2, conclusion="success", started_at=UNTIL - HOUR)
    upsert(connection, [red, green])
    known(connection, 7)
    text = Reader(one_page(whole(connection))).text
    assert "No run succeeded at the first attempt with a known duration." in text
    assert re.search(r"CI on the default branch\s*1\s*0.0 %\s*100.0 %\s*1", text)


@pytest.mark.parametrize("is_first", [True, False])
def test_only_what_is_ahead_of_all_others_is_called_the_most(
    connection: Connection, is_first: bool
) -> None:
    others = [a_run(1, 2), a_run(2, 1, workflow_id=4, workflow_name="Docs")]
    runs = [replace(run, conclusion="failure") for run in others]
    runs += [a_run(3, 2 - MINUTE / DAY, conclusion="failure")] * is_first
    upsert(connection, runs)
    load_runner_prices(connection)
    upsert(connection, [a_job(run, labels=["ubuntu-latest"]) for run in runs])
    known(connection, 7)
    text = Reader(one_page(whole(connection))).text
    assert ("CI costs most: " in text) == is_first
    assert ("CI · build takes the most time: " in text) == is_first
    assert (" failures, the most" in text) == is_first
    assert ("Most runs start on " in text) == is_first
    assert ("No workflow costs more than CI: " in text) != is_first
    assert ("No job takes more time than CI · build: " in text) != is_first
    assert ("1 of 2 failures, as many as others" in text) != is_first
    assert ("In no hour do more runs start than on " in text) != is_first


BERLIN = ZoneInfo("Europe/Berlin")  # one hour ahead of UTC until 29 March 2026, then two


def test_days_hours_and_times_are_in_the_requested_zone(connection: Connection) -> None:
    now = datetime(2026, 4, 1, 12, tzinfo=UTC)
    # Late on Saturday in UTC, which is early on the Sunday on which Berlin's clocks go forward.
    created = datetime(2026, 3, 28, 23, 30, tzinfo=UTC)
    red = a_run(1, days_ago=(UNTIL - created) / timedelta(days=1), conclusion="failure")
    upsert(connection, [red])
    upsert(connection, [a_job(red)])
    connection.execute("update workflow_runs set jobs_listed_at = updated_at")
    known(connection, 7)
    week = period(timedelta(days=7), now.astimezone(BERLIN))
    assert week.since.astimezone(UTC) == datetime(2026, 3, 24, 23, tzinfo=UTC)
    assert week.days == [date(2026, 3, day) for day in range(25, 32)] + [date(2026, 4, 1)]
    shown = report(connection, week, now)
    found = single(shown)
    assert [(row["day"], row["failed"]) for row in found.outcomes_by_day] == [
        (date(2026, 3, 29), 1)
    ]
    (busy,) = found.busy_hours
    assert (busy["weekday"], busy["hour"], busy["runs_per_day"]) == (7, 0, 1)
    assert found.failing_steps[0]["last_day"] == date(2026, 3, 29)
    page, text = one_page(shown), summary(shown)
    for said in (page, text):
        assert "from 2026-03-25 00:00 to 2026-04-01 14:00; all times are in Europe/Berlin." in said
    assert "Made at 2026-04-01 14:00 Europe/Berlin by" in page
    assert "on Sunday from 00:00 to 01:00 Europe/Berlin: 1.0 on average" in page
    # What the page shows to be pasted asks about the same days.
    statement = pasteable("outcomes_by_day", week.scope([7]))
    assert connection.execute(statement.encode()).fetchall() == found.outcomes_by_day


def test_an_average_hour_divides_by_how_often_its_weekday_occurs(connection: Connection) -> None:
    until = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday
    mondays = [until - timedelta(weeks=weeks, hours=-9) for weeks in (1, 1, 2, 4)]
    runs = [
        a_run(number, days_ago=(UNTIL - created) / timedelta(days=1))
        for number, created in enumerate(mondays, start=1)
    ]
    upsert(connection, runs)
    known(connection, 7)
    (row,) = ask(connection, "busy_hours", Scope(until - timedelta(weeks=4), until)).rows
    assert (row["weekday"], row["hour"], row["runs"]) == (1, 9, 4)
    assert row["runs_per_day"] == 1  # four runs on the four Mondays
    half = Scope(until - timedelta(weeks=2), until)
    assert ask(connection, "busy_hours", half).rows[0]["runs_per_day"] == Decimal("1.5")
    # The last of these Mondays ends before nine.
    early = Scope(until - timedelta(weeks=2), until + timedelta(hours=9))
    assert ask(connection, "busy_hours", early).rows[0]["runs_per_day"] == Decimal("1.5")
    # Three runs in two hours and the first twelve minutes of a third.
    begun = Scope(until - timedelta(weeks=2), until + timedelta(hours=9.2))
    assert ask(connection, "busy_hours", begun).rows[0]["runs_per_day"] == Decimal("1.4")
    # The first twelve minutes alone say nothing about a whole hour.
    upsert(connection, [a_run(9, days_ago=(UNTIL - until) / DAY - 9 / 24)])
    alone = Scope(until, until + timedelta(hours=9.2))
    assert ask(connection, "busy_hours", alone).rows[0]["runs_per_day"] == 1


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/St_Johns", "Pacific/Apia"])
def test_an_hour_that_occurs_twice_as_clocks_go_back_counts_twice(
    connection: Connection, zone: str
) -> None:
    """Counted by hand: the hours of the runs, and those of each half-hour of the period."""
    where, begin = ZoneInfo(zone), datetime(2025, 10, 20, 10, tzinfo=UTC)
    end = begin + timedelta(days=16)
    halves = [begin + n * timedelta(minutes=30) for n in range(2 * 24 * 16)]
    runs = [a_run(n, (UNTIL - at) / DAY) for n, at in enumerate(halves, start=1)]
    upsert(connection, runs)
    known(connection, 7)
    expected: Counter[tuple[int, int]] = Counter(
        (at.astimezone(where).isoweekday(), at.astimezone(where).hour) for at in halves
    )
    rows = ask(connection, "busy_hours", Scope(begin, end, None, where)).rows
    assert {(row["weekday"], row["hour"]): row["runs"] for row in rows} == expected
    # Also of the hours of which the period has a half, at its beginning and at its end.
    assert {row["runs_per_day"] for row in rows} == {Decimal(2)}


def test_no_run_is_left_out_after_clocks_went_forward_by_half_an_hour(
    connection: Connection,
) -> None:
    where = ZoneInfo("Australia/Lord_Howe")
    begin, end = (datetime(2025, 10, day, hour, 10 * hour, tzinfo=where)
                  for day, hour in ((4, 0), (5, 3)))  # fmt: skip
    run = a_run(1, (UNTIL - (end - 5 * MINUTE)) / DAY)
    upsert(connection, [run])
    known(connection, 7)
    (row,) = ask(connection, "busy_hours", Scope(begin, end, None, where)).rows
    assert (row["weekday"], row["hour"], row["runs"], row["runs_per_day"]) == (7, 3, 1, 1)


# Periods and units


def test_a_period_of_days_begins_at_midnight() -> None:
    now = datetime(2026, 3, 10, 15, 30, tzinfo=UTC)
    assert period(timedelta(days=2), now) == Period(datetime(2026, 3, 8, tzinfo=UTC), now)
    assert period(timedelta(hours=30), now).since == datetime(2026, 3, 9, 9, 30, tzinfo=UTC)
    assert len(period(timedelta(days=2), now).days) == 3
    assert period(timedelta(days=999_999), now) == period(datetime(1, 1, 1, tzinfo=UTC), now)
    assert period(timedelta(days=999_999), now).before.since.year == 2011
    whole = Period(datetime(2026, 3, 8, tzinfo=UTC), datetime(2026, 3, 10, tzinfo=UTC))
    assert [day.day for day in whole.days] == [8, 9]
    assert whole.before == Period(datetime(2026, 3, 6, tzinfo=UTC), whole.since)
    with pytest.raises(UsageError, match=r"^SINCE: 2026-03-11 00:00 UTC is not before 2026-03-10"):
        period(datetime(2026, 3, 11, tzinfo=UTC), now)
    with pytest.raises(UsageError, match=r"^NOW: 1970-01-01 00:00 UTC is before the first runs"):
        period(timedelta(days=2), datetime(1970, 1, 1, tzinfo=UTC))


def test_a_date_is_midnight_in_the_time_zone_of_the_period() -> None:
    """Berlin's clocks go back on 25 October, a day of 25 hours."""
    now = times.in_zone(times.day_or_moment("2026-10-26", "NOW"), BERLIN)
    day = period(times.day_or_since("2026-10-25"), now)
    assert (day.since.hour, day.until.hour, len(day.days)) == (0, 0, 1)
    assert day.until.astimezone(UTC) - day.since.astimezone(UTC) == timedelta(hours=25)
    exact = period(times.day_or_since("2026-10-25T00:00Z"), now)
    assert exact.since.astimezone(UTC) == datetime(2026, 10, 25, tzinfo=UTC)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (units.duration(None), "–"),
        (units.duration(0), "0s"),
        (units.duration(0.04), "0s"),
        (units.duration(0.38), "0.4s"),
        (units.duration(9.96), "10s"),
        (units.duration(9.0), "9s"),
        (units.duration(12.3), "12s"),
        (units.duration(59.6), "1m 00s"),
        (units.duration(3_599), "59m 59s"),
        (units.duration(7_500), "2h 05m"),
        (units.duration(270_000), "3d 03h"),
        (units.minutes(3.14), "3.1 min"),
        (units.minutes(0), "0 min"),
        (units.minutes(Decimal("0.02")), "1s"),
        (units.minutes(119), "119 min"),
        (units.minutes(120), "2.0 h"),
        (units.minutes(601), "10 h"),
        (units.minutes(None), "–"),
        (units.dollars(None), "–"),
        (units.dollars(0), "$0.00"),
        (units.dollars(1_234.5), "$1,234.50"),
        (units.dollars(0.0123), "$0.0123"),
        (units.dollars(0.00001), "< $0.0001"),
        (units.change(-4.4), "−4 %"),
        (units.change(0.2), "±0 %"),
        (units.points(-0.04), "±0.0 points"),
        (units.points(10), "+10.0 points"),
        (units.percent(None), "–"),
    ],
)
def test_figures_are_written_for_people(shown: str, expected: str) -> None:
    assert shown == expected


# The command


@pytest.fixture
def run_script(dsn: str, launcher: Launcher) -> Run:
    def command(*options: str) -> Finished:
        environ = {"PATH": os.environ["PATH"], "DATABASE_URL": dsn}
        return launcher.run("report", *options, environ=environ)

    return command


@pytest.mark.scenario
def test_the_command_writes_a_file_a_folder_or_markdown(
    run_script: Run, dsn: str, tmp_path: Path
) -> None:
    with open_connection(dsn) as connection:
        upsert(connection, [a_run(1)])
        known(connection, 7, 8)
    for out, files in ((tmp_path / "one.html", 1), (tmp_path / "folder", 3)):
        done = run_script("--now", "2026-03-01", "--out", str(out))
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
        assert f"{files} file{'s' if files > 1 else ''}" in done.stderr
    assert (tmp_path / "one.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert len(list((tmp_path / "folder").iterdir())) == 3
    done = run_script("--now", "2026-03-01", "--format", "markdown", "--repo", "acme/r7")
    assert done.stdout.startswith("## acme/r7\n")
    days = ["--since", "2026-02-08", "--now", "2026-03-01", "--time-zone", "Asia/Tokyo"]
    said = "Runs created from 2026-02-08 00:00 to 2026-03-01 00:00; all times are in Asia/Tokyo."
    assert said in run_script(*days, "--format", "markdown").stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--since", "ever"], "SINCE: 'ever' is not a date or time"),
        (["--now", "yesterday"], "NOW: 'yesterday' is not a date or time"),
        (["--format", "pdf"], "FORMAT: 'pdf' is not one of: html, markdown"),
        (["--repo", "acme/none"], "REPO: acme/none is not in this database"),
        (["--since", "2030-01-01", "--now", "2026-01-01"], "SINCE: 2030-01-01 00:00 UTC is not"),
    ],
)
def test_an_invalid_request_is_refused(run_script: Run, options: list[str], said: str) -> None:
    done = run_script(*options)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr


def test_a_report_of_rows_from_execute(connection: Connection) -> None:
    known(connection, 7)
    assert isinstance(report(connection, MONTH, UNTIL), Report)
    assert execute(connection, "report/repositories").rowcount == 1


def test_the_sections_about_work_say_what_their_questions_answer(
    filled: Filled, of_one: Report
) -> None:
    connection, _ = filled
    scope = MONTH.scope([7])
    text = Reader(one_page(of_one)).text
    path = ask(connection, "critical_jobs", scope).rows
    first = path[0]
    assert f"{first['job']} holds up {units.percent(first['on_path_percent'])}" in text
    causes = ask(connection, "failure_causes", scope).rows
    failures = sum(row["failures"] for row in causes)
    said = f"{causes[0]['failures']:,} of {failures:,} failures: {causes[0]['cause']}"
    assert said in text
    pulls = ask(connection, "pull_request_costs", scope).rows
    cost = sum(row["cost_usd"] for row in pulls if row["cost_usd"] is not None)
    assert f"{len(pulls):,} pull requests cost {units.dollars(cost)}" in text
    forecasts = ask(connection, "forecast", scope).rows
    (runners,) = [row for row in forecasts if (row["kind"], row["subject"]) == ("runners", "all")]
    assert f"runners {units.dollars(runners['spent_usd'])} spent" in text
    assert "rules of the data that hold, for rows of the last 24 hours" in text


def test_what_to_speed_up_counts_a_nightly_only_where_no_push_is_held_up(
    connection: Connection,
) -> None:
    def bars() -> list[str]:
        page = one_page(report(connection, MONTH, UNTIL))
        section = page[page.index("What to speed up</h2>") :]
        return re.findall(r"[\d.]+ (?:min|h)(?=</text>)", section[: section.index("</section>")])

    nightly = a_run(1, 2, seconds=9_005, workflow_id=1, event_type="schedule")
    upsert(connection, [nightly])
    upsert(connection, [a_job(nightly, name="benchmark")])
    known(connection, 7)
    connection.execute("update workflow_runs set jobs_listed_at = updated_at")
    assert bars() == ["2.5 h"]
    pushed = a_run(2, 2, seconds=605, workflow_id=2, event_type="push")
    upsert(connection, [pushed])
    upsert(connection, [a_job(pushed, name="build")])
    connection.execute("update workflow_runs set jobs_listed_at = updated_at")
    assert bars() == ["10 min"]
    upsert(connection, [WorkflowRow(2, 7, "CI", "ci.yml", "disabled_manually")])
    assert bars() == ["2.5 h"], "nobody can speed up what does not run"


def test_pull_requests_from_forks_are_told_apart_by_their_owners(connection: Connection) -> None:
    """Many people propose the main branch of their fork."""
    forks = ("acme/r7", "guest-1/r7", "guest-2/r7-copy", None, None, None)
    actors = (*["dev-1"] * 3, "guest-3", "guest-4", None)
    upsert(connection, [
        a_run(number, branch="main", head_repository=fork, actor=actor, event_type="pull_request")
        for number, (fork, actor) in enumerate(zip(forks, actors, strict=True), 1)
    ])  # fmt: skip
    connection.execute("update workflow_runs set jobs_listed_at = updated_at")
    known(connection, 7)
    text = Reader(one_page(report(connection, MONTH, UNTIL))).text
    table = text[text.index("head of the pull request") :]
    heads = re.findall(r"(guest-\d:|unknown:|)main *(?:person|bot|agent|unknown)", table)
    assert sorted(heads) == ["", *(f"guest-{n}:" for n in range(1, 5)), "unknown:"]


def test_the_cost_of_pull_requests_is_of_those_of_which_it_is_known(connection: Connection) -> None:
    load_runner_prices(connection)
    runs = [
        a_run(n, branch=f"feature-{n}", event_type="pull_request", conclusion="success",
              is_private=True)
        for n in range(1, 4)
    ]  # fmt: skip
    upsert(connection, runs)
    upsert(connection, [a_job(run, labels=["who-knows"]) for run in runs])
    connection.execute("update workflow_runs set jobs_listed_at = updated_at")
    known(connection, 7)
    text = Reader(one_page(report(connection, MONTH, UNTIL))).text
    assert "The cost of 3 pull requests is not known" in text
    upsert(connection, [a_job(runs[0], 1)])
    text = Reader(one_page(report(connection, MONTH, UNTIL))).text
    cost = r"1 of 3 pull requests cost (\$[\d.]+), (\$[\d.]+) each"
    (found,) = re.findall(cost, text)
    assert found[0] == found[1] != "$0.00"


def test_what_costs_nothing_has_neither_bars_nor_rows(connection: Connection) -> None:
    load_runner_prices(connection)
    runs = [a_run(n, n, event_type="pull_request", branch=f"b{n}", is_private=False)
            for n in range(1, 9)]  # fmt: skip
    upsert(connection, runs)
    upsert(connection, [a_job(run) for run in runs])
    known(connection, 7)
    page = one_page(whole(connection))
    assert "8 pull requests, whose jobs are free." in page
    assert "head of the pull request" not in page
    assert "$0.00</text>" not in page


def test_the_sections_about_work_say_so_if_there_is_nothing(connection: Connection) -> None:
    upsert(connection, [a_run(1, conclusion="success", event_type="push")])
    connection.execute("update workflow_runs set jobs_listed_at = updated_at")
    known(connection, 7)
    text = Reader(one_page(report(connection, MONTH, UNTIL))).text
    for words in (
        "No job that still runs is known to make runs end late.",
        "No run of a pull request is stored for this period.",
        "Nothing that is known to cost anything was used this month.",
    ):
        assert words in text


def test_what_takes_long_is_not_asked_about_very_many_attempts(
    filled: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection, _ = filled
    whole = single(report(connection, MONTH, UNTIL, ["acme/r7"]))
    monkeypatch.setattr(reading, "MOST_ATTEMPTS", 5)
    monkeypatch.setattr(reading, "MANY_ATTEMPTS", 5)
    shown = report(connection, MONTH, UNTIL, ["acme/r7"])
    each = single(shown)
    unasked = dict.fromkeys(reading.COSTLY_QUESTIONS)
    # The others are asked over several connections, and have the same answers.
    assert None not in [getattr(whole, name) for name in unasked]
    assert each == replace(whole, **unasked)  # type: ignore[arg-type]
    assert each.failure_causes and each.quarantine is not None
    text = Reader(one_page(shown)).text
    assert text.count("Not shown for more than") == 3
