"""What a report says of a red default branch, of time-outs, of approvals, and of good health."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from support.history import UNTIL
from support.paths import ROOT
from support.reports import (
    DAY,
    HOUR,
    MINUTE,
    MONTH,
    a_job,
    a_run,
    a_step,
    known,
    single,
    whole,
)

from telemetry.database.connection import Connection
from telemetry.database.prices import load_name_kinds
from telemetry.database.questions import Scope, ask
from telemetry.database.upserts import upsert
from telemetry.report.data import RepositoryReport
from telemetry.report.findings.all_findings import findings, is_healthy, not_found
from telemetry.report.findings.finding import Finding
from telemetry.report.findings.tiles import tiles
from telemetry.report.formats.html_report import INDEX, one_page, pages
from telemetry.report.formats.markdown_report import summary
from telemetry.report.period import Period
from telemetry.report.reading import report
from telemetry.rows.workflows import Workflow

SHA = "0123456789abcdef0123456789abcdef0123456{}"


def told(connection: Connection, is_new: bool = True) -> RepositoryReport:
    if is_new:
        known(connection, 7)
    return single(whole(connection))


def finding(shown: RepositoryReport, subject: str) -> Finding:
    (found,) = (each for each in findings(shown) if each.subject == subject)
    return found


def said(found: Finding) -> str:
    return "".join(str(part) for part in (*found.sentence, " ", *found.advice))


def fails(first: int, count: int, days_ago: float, **changes: Any) -> list[Any]:
    return [
        a_run(first + n, days_ago - days_ago * n / count, conclusion="failure", **changes)
        for n in range(count)
    ]


def test_the_incident_that_stops_most_runs_comes_first_not_the_newest(
    connection: Connection,
) -> None:
    upsert(connection, fails(1, 70, 14))
    docs = {"workflow_id": 4, "workflow_name": "Docs"}
    upsert(connection, fails(500, 1, 0.01, **docs))
    found = finding(told(connection), "red")
    assert said(found).startswith(
        "CI has been red on the default branch since 2026-02-15 00:10, for 13d"
    )
    assert "and 70 failed runs." in said(found)
    assert said(found).endswith(
        " Red too: Docs since 28 Feb. Make CI green before merging anything else."
    )
    assert found.is_urgent


def test_the_commits_between_green_and_red_are_named_and_linked(connection: Connection) -> None:
    last_green, first_red = "9e41b77" + SHA[7:].format("a"), "51c0f2a" + SHA[7:].format("b")
    green = a_run(1, 3, commit_sha=last_green)
    red = a_run(2, 2, commit_sha=first_red, conclusion="failure", actor="dev-9")
    later = a_run(3, 1, commit_sha=SHA.format("c"), conclusion="failure", actor="dev-2")
    upsert(connection, [green, red, later])
    known(connection, 7)
    shown = whole(connection)
    found = finding(single(shown), "red")
    assert said(found).startswith(
        "CI has been red on the default branch since 2026-02-27 00:10, for 47h 50m and 2 failed "
        "runs of 2 people. First red at 51c0f2a by dev-9; last green at 9e41b77 of 26 Feb. "
    )
    # The page of the report shows this finding as its example.
    page = (ROOT / "docs" / "report.md").read_text(encoding="utf-8")
    told_first = " **What to do first:** ".join(
        "".join(map(str, part)).strip() for part in (found.sentence, found.advice)
    )
    assert f"**Red**: {told_first}" in " ".join(page.split())
    between = f"https://github.com/acme/r7/compare/{last_green}...{first_red}"
    assert found.links == (
        ("what came in between", between),
        ("first red run", red.html_url),
        ("last green run", green.html_url),
    )
    assert f'href="{between}"' in one_page(shown) and f"]({between})" in summary(shown)


@pytest.mark.parametrize(("event", "is_blocking"), [("push", True), ("schedule", False)])
def test_a_workflow_that_another_starts_blocks_merges_only_if_a_push_started_that(
    connection: Connection, event: str, is_blocking: bool
) -> None:
    """GitHub says of both only that another workflow started it."""
    for n in range(1, 11):
        first = a_run(n, n, event_type=event, workflow_id=8, workflow_name="First")
        then = {"workflow_id": 9, "workflow_name": "Then", "commit_sha": first.commit_sha}
        upsert(connection, [
            first,
            a_run(100 + n, n - 11 / 1_440, event_type="workflow_run",
                  conclusion="failure" if n < 4 else "success", **then),
        ])  # fmt: skip
    shown = told(connection)
    found = finding(shown, "red")
    assert shown.blocks_merges(found.about) == found.is_urgent == is_blocking
    assert (found.about["red_pushes"], found.about["red_by_workflows"]) == (
        (3, 0) if is_blocking else (0, 3)
    )
    words, advice = "has been red on the default branch", "Make Then green before merging"
    if not is_blocking:
        words, advice = "fails when another workflow starts it", "Fix Then or what starts it; no"
    assert said(found).startswith(f"Then {words}")
    assert advice in said(found)


def test_programs_are_not_counted_as_people(connection: Connection) -> None:
    """Many have a login that does not end with [bot]; a user can name more in NAME_KINDS."""
    load_name_kinds(connection)
    actors = ("dev-9", "renovate-bot", "Copilot", "web-flow", "claude[bot]", "dev-2")
    upsert(connection, [
        a_run(n, 6 - n, conclusion="failure", actor=actor) for n, actor in enumerate(actors)
    ])  # fmt: skip
    assert "and 6 failed runs of 2 people." in said(finding(told(connection), "red"))


def test_the_fix_is_named_with_its_author(connection: Connection) -> None:
    runs = [
        a_run(1, 5),
        a_run(2, 4, conclusion="failure"),
        a_run(3, 3, actor="dev-5", commit_sha="abcdef0123"),
    ]
    upsert(connection, runs)
    known(connection, 7)
    shown = whole(connection)
    (incident,) = single(shown).incidents
    columns = ("last_green_sha", "commit_sha", "mended_by", "mended_sha", "mended_url")
    assert [incident[column] for column in columns] == [
        "c1", "c2", "dev-5", "abcdef0123", runs[2].html_url,
    ]  # fmt: skip
    page = one_page(shown)
    assert "<bdi>dev-5</bdi>, <bdi>abcdef0</bdi>" in page


@pytest.mark.parametrize("event_type", ["push", "schedule"])
def test_who_ran_a_run_again_until_it_was_green_has_mended_it(
    connection: Connection, event_type: str
) -> None:
    run = a_run(1, 5, conclusion="failure", actor="dev-1", event_type=event_type)
    times = {"started_at": UNTIL - DAY, "completed_at": UNTIL - DAY + HOUR}
    for number, conclusion in ((2, "failure"), (3, "success")):
        again = replace(run, run_attempt=number, conclusion=conclusion, **times)
        upsert(connection, [run, replace(again, triggering_actor=f"dev-{number}")])
    (mended,) = told(connection).incidents
    assert (mended["mended_by"], mended["is_recovered_by_rerun"]) == ("dev-3", True)
    assert mended["actor"] == ("dev-1" if event_type == "push" else None)


def test_nobody_broke_or_mended_what_a_schedule_started(connection: Connection) -> None:
    """GitHub names whoever last changed the schedule, and that can change between two runs."""
    runs = [
        a_run(n, 5 - n, event_type="schedule", actor=f"dev-{n}", conclusion=conclusion)
        for n, conclusion in enumerate(["success", "failure", "failure", "success"], start=1)
    ]
    upsert(connection, runs[:3])
    known(connection, 7)
    red = finding(single(whole(connection)), "red")
    assert "people" not in said(red) and "dev-" not in said(red)
    upsert(connection, runs)
    shown = whole(connection)
    (mended,) = single(shown).incidents
    assert mended["mended_sha"] == "c4" and "<bdi>–</bdi>, " not in one_page(shown)
    assert (mended["actor"], mended["people"], mended["mended_by"]) == (None, 0, None)


@pytest.mark.parametrize(
    ("changes", "words", "advice"),
    [
        (
            {"event_type": "workflow_dispatch", "actor": "dev-3"},
            "CI failed when dev-3 started it, and has been red since 2026-02-09 00:10, for 19d 23h "
            "and 1 failed run.",
            "Start CI again when it is needed; nothing waits for it.",
        ),
        (
            {"event_type": "schedule", "actor": "stale[bot]"},
            "CI failed when its schedule started it, and has been red since 2026-02-09 00:10, for "
            "19d 23h and 1 failed run.",
            "Fix CI or stop its schedule; no push waits for it.",
        ),
    ],
)
def test_what_no_push_started_stops_no_merge(
    connection: Connection, changes: dict[str, Any], words: str, advice: str
) -> None:
    upsert(connection, [*fails(1, 1, 20, **changes), a_run(2, workflow_id=4, workflow_name="Lint")])
    known(connection, 7)
    made = whole(connection)
    shown = single(made)
    found = finding(shown, "red")
    assert said(found).startswith(words) and said(found).endswith(advice)
    assert "It has not run since 9 Feb." in said(found)
    assert not found.is_urgent and "merging" not in one_page(made)
    tile = next(each for each in tiles(shown) if each.name == "red on the default branch")
    assert (tile.figure, tile.change) == (
        "1 workflow",
        "that no push waits for; 1 workflow green",
    )


def test_a_workflow_that_pushes_no_longer_start_blocks_nobody(connection: Connection) -> None:
    others = {"workflow_id": 4, "workflow_name": "Lint"}
    upsert(connection, [a_run(n, 25 - n, **others) for n in range(10, 14)])
    upsert(connection, fails(1, 3, 29))
    found = finding(told(connection), "red")
    assert found.is_urgent
    upsert(connection, [a_run(50, 2, **others)])
    shown = told(connection, is_new=False)
    found = finding(shown, "red")
    assert not found.is_urgent
    assert said(found).endswith("Start CI again, or delete it: no push has started it for a week.")
    tile = next(each for each in tiles(shown) if each.name == "red on the default branch")
    assert tile.change == "that no push waits for; 1 workflow green"


def test_a_report_of_an_earlier_moment_counts_no_later_failures(connection: Connection) -> None:
    upsert(connection, [*fails(1, 10, 10, actor="dev-1"), a_run(20, 0.5)])
    told(connection)
    then = Period(MONTH.since, UNTIL - 5 * DAY)
    shown = report(connection, then, then.until, ["acme/r7"]).repositories[0]
    assert "for 4d 23h and 5 failed runs. First red at" in said(finding(shown, "red"))
    (row,) = ask(connection, "time_to_green", then.scope()).rows
    assert (row["red_runs"], row["p50_hours"]) == (5, None) and row["red_since"]
    (row,) = ask(connection, "time_to_green", MONTH.scope()).rows
    assert (row["red_runs"], row["red_since"]) == (10, None) and row["p50_hours"]


@pytest.mark.parametrize("state", ["deleted", "disabled_manually", None])
def test_a_workflow_that_is_deleted_or_disabled_is_not_red(
    connection: Connection, state: str | None
) -> None:
    upsert(connection, fails(1, 3, 26))
    upsert(connection, [Workflow(3, 7, "CI", ".github/workflows/ci.yml", state or "active")])
    shown = told(connection)
    if state is None:
        assert finding(shown, "red")
        # GitHub's list, read later, has it no more.
        connection.execute("update workflows set listed_at = %s", [UNTIL - 2 * DAY])
        connection.execute("update repositories set workflows_listed_at = %s", [UNTIL - DAY])
        shown = report(connection, MONTH, UNTIL, ["acme/r7"]).repositories[0]
    assert not shown.red
    assert "red" not in [each.subject for each in findings(shown)]


@pytest.mark.parametrize(("days", "is_red"), [(26, False), (3, True)])
def test_a_workflow_that_was_never_listed_is_red_only_while_it_runs(
    connection: Connection, days: float, is_red: bool
) -> None:
    upsert(connection, fails(1, 3, days))
    upsert(connection, [a_run(2, workflow_id=4, workflow_name="Lint")])
    known(connection, 7)
    connection.execute("update repositories set workflows_listed_at = %s", [UNTIL - DAY])
    shown = told(connection, is_new=False)
    assert bool(shown.red) == is_red


def test_a_broken_workflow_file_fails_its_own_workflow(connection: Connection) -> None:
    upsert(connection, [a_run(n, 5 + n / 10) for n in range(1, 21)])
    broken = {"workflow_name": ".github/workflows/ci.yml", "conclusion": "startup_failure"}
    upsert(connection, [a_run(n, n / 100, **broken) for n in range(30, 34)])
    (row,) = told(connection).workflow_outcomes
    assert (row["workflow"], row["runs"], row["failed"]) == ("CI", 24, 4)
    assert float(row["first_time_percent"]) == 83.3333


def test_a_healthy_repository_is_reported_as_healthy_with_nothing_to_do(
    connection: Connection,
) -> None:
    runs = [a_run(n, n / 4, 60) for n in range(1, 100)]
    upsert(connection, runs)
    upsert(connection, [a_job(run, labels=["self-hosted"]) for run in runs])
    known(connection, 7)
    made = whole(connection)
    assert is_healthy(single(made), findings(single(made)))
    page, text = one_page(made), summary(made)
    assert (
        "<strong>Healthy</strong>: nothing is red on the default branch; no workflow became" in page
    )
    assert text.split("\n\n")[2].startswith("**Healthy**: nothing is red on the default branch; ")
    assert "What to do first" not in page and "To do:" not in page
    connection.execute("update windows set created_to = %s", [UNTIL - 2 * DAY])
    shown = told(connection, is_new=False)
    assert not is_healthy(shown, findings(shown)) and not findings(shown)
    upsert(connection, fails(500, 1, 0.01))
    shown = told(connection, is_new=False)
    assert not is_healthy(shown, findings(shown))


def test_what_is_said_of_now_is_dated_if_the_last_list_is_old(connection: Connection) -> None:
    """Someone may read the sentence alone, days after the schedule of the ingest has stopped."""

    def listed(days_ago: float) -> tuple[str, str, str]:
        connection.execute("update windows set created_to = %s", [UNTIL - days_ago * DAY])
        made = whole(connection)
        shown = single(made)
        tile = next(each for each in tiles(shown) if each.name == "red on the default branch")
        words = [said(each) for each in findings(shown)] + not_found(shown, findings(shown))
        cells = re.findall("<td>((?:green|[0-9]+ red)[^<]*)", pages(made)[INDEX])
        return next(each for each in words if " red " in each), tile.change, cells[0]

    upsert(connection, [a_run(n, 4 + n / 4, 60) for n in range(1, 60)])
    known(connection, 7)
    assert listed(1) == ("nothing is red on the default branch", "1 workflow green", "green")
    at = " as of 2026-02-25 00:00"
    assert listed(4) == (
        f"nothing is red on the default branch{at}", f"1 workflow green;{at}", f"green{at}",
    )  # fmt: skip
    upsert(connection, fails(500, 3, 5))
    sentence, change, cell = listed(4)
    assert f" This is{at}. Make CI green" in sentence and change.endswith(f";{at}")
    assert cell == f"1 red{at}"


def test_nothing_is_healthy_below_a_warning_about_it(connection: Connection) -> None:
    upsert(connection, [a_run(n, n / 4, 60) for n in range(1, 100)])
    shown = told(connection)
    assert is_healthy(shown, findings(shown))
    connection.execute("update windows set reported = reported + 1")
    shown = told(connection, is_new=False)
    assert [concern.kind for concern in shown.concerns] == ["unequal"]
    assert not is_healthy(shown, findings(shown))
    connection.execute("update windows set reported = reported - 1")
    connection.execute("update ingestions set outcome = 'failed', error = 'GitHub answered 502'")
    shown = told(connection, is_new=False)
    assert shown.concerns and not is_healthy(shown, findings(shown))


def test_a_deleted_workflow_is_neither_red_nor_green(connection: Connection) -> None:
    upsert(connection, [*fails(1, 5, 15), a_run(10, 20)])
    upsert(connection, [Workflow(3, 7, "CI", ".github/workflows/ci.yml", "deleted")])
    shown = told(connection)
    tile = next(each for each in tiles(shown) if each.name == "red on the default branch")
    assert (tile.figure, tile.change) == ("nothing", "0 workflows green")
    assert "nothing is red on the default branch" in not_found(shown, findings(shown))
    assert not is_healthy(shown, findings(shown))
    upsert(connection, [a_run(11, workflow_id=4, workflow_name="Lint")])
    assert told(connection, is_new=False).green_workflows == 1


@pytest.mark.parametrize(("cancelled", "green"), [(2, 1), (3, 0)])
def test_a_workflow_whose_last_runs_were_cancelled_is_not_called_green(
    connection: Connection, cancelled: int, green: int
) -> None:
    runs = [a_run(n, 20 - n, 300 + 41 * n % 97) for n in range(1, 11)]
    runs += [
        a_run(n, 20 - n, 60 * n - 590, conclusion="cancelled") for n in range(11, 11 + cancelled)
    ]
    upsert(connection, runs)
    shown = told(connection)
    tile = next(each for each in tiles(shown) if each.name == "red on the default branch")
    more = "" if green else "; and 1 workflow whose last runs were all cancelled"
    assert (tile.figure, tile.change) == (
        "nothing", f"{green} workflow{'' if green else 's'} green{more}",
    )  # fmt: skip
    but = "" if green else ", but the last runs of 1 workflow were all cancelled"
    assert f"nothing is red on the default branch{but}" in not_found(shown, findings(shown))
    assert is_healthy(shown, findings(shown)) == bool(green)
    # Beside another workflow, whose runs all succeed.
    upsert(connection, [a_run(90, 3, workflow_id=4, workflow_name="Lint")])
    index = pages(whole(connection))[INDEX]
    assert f"<td>{'green' if green else 'unknown'}</td>" in index


# Time-outs


def nightly(n: int, seconds: int, **changes: Any) -> Any:
    values = {"event_type": "schedule", "conclusion": "cancelled", **changes}
    return a_run(n, n, seconds, **values)


def test_jobs_that_hit_their_time_limit_are_reported_although_they_are_cancelled(
    connection: Connection,
) -> None:
    runs = [nightly(n, 21_600 + n % 20) for n in range(1, 6)]
    upsert(connection, runs)
    upsert(connection, [
        a_job(run, name="soak", started_at=run.started_at, conclusion="cancelled") for run in runs
    ])  # fmt: skip
    shown = told(connection)
    assert said(finding(shown, "timing out")) == (
        "soak of CI ran into its time limit of 6h 00m in 5 runs, which GitHub calls cancelled; "
        "this took 30 h. Find out where soak hangs, and set its timeout-minutes: without it, "
        "GitHub ends a job after 6 hours."
    )
    assert said(finding(shown, "wasting")).endswith(
        "30 h of 30 h (100.0 %) was wasted. "
        "Look first at the jobs that run into their time limit: most of the waste is theirs."
    )
    assert not any("no run failed" in text for text in not_found(shown, findings(shown)))


def test_what_is_cancelled_at_other_times_hit_no_limit_but_is_not_nothing(
    connection: Connection,
) -> None:
    runs = [nightly(n, 200 + 37 * n % 500) for n in range(1, 20)]
    upsert(connection, runs)
    upsert(connection, [a_job(run, started_at=run.started_at) for run in runs])
    # A failed job cancels its siblings, always after the same time.
    failed = [a_run(n, n / 10, 900, conclusion="failure", branch="x") for n in range(30, 40)]
    upsert(connection, [a_run(99, 1, workflow_id=4), *failed])
    upsert(connection, [a_job(run, 1, name="s", conclusion="cancelled") for run in failed])
    shown = told(connection)
    assert shown.timeouts == []
    connection.execute("delete from workflow_runs where conclusion = 'failure'")
    shown = told(connection, is_new=False)
    found = not_found(shown, findings(shown))
    assert "no run failed, but 19 runs were cancelled" in found


def limited(connection: Connection, *jobs: tuple[str, float, str]) -> list[dict[str, Any]]:
    """The time limits that jobs ran into: each with its name, minutes and conclusion, a day each.

    The first one is the newest. A run has the conclusion of its job.
    """
    connection.execute("delete from workflow_runs")
    runs = [
        a_run(n + 1, n + 1, round(60 * of), conclusion=how) for n, (_, of, how) in enumerate(jobs)
    ]
    upsert(connection, runs)
    upsert(connection, [
        a_job(run, name=name, started_at=run.started_at)
        for run, (name, _, _) in zip(runs, jobs, strict=True)
    ])  # fmt: skip
    return [dict(row) for row in ask(connection, "timeouts", MONTH.scope()).rows]


def test_no_time_limit_is_shorter_than_a_job_that_ran_since(connection: Connection) -> None:
    cut, longer = [("soak", 60, "cancelled")] * 3, ("soak", 80, "success")
    (row,) = limited(connection, *cut, longer)
    assert row["limit_seconds"] == 3_600, "it had no limit before"
    assert limited(connection, longer, *cut) == [], "it was raised"
    assert limited(connection, *cut, ("soak", 80, "failure"), *cut) == []
    causes = "select count(*) as count from failure_causes where cause = 'time limit'"
    assert connection.execute(causes).fetchone() == {"count": 0}
    (row,) = limited(connection, *cut, ("soak", 125 * 60, "success"), *cut)
    assert (row["limit_seconds"], row["runs"]) == (3_600, 6), "it was stuck, not running"
    assert connection.execute(causes).fetchone() == {"count": 6}


def test_a_short_job_that_newer_runs_cancel_at_any_moment_has_no_time_limit(
    connection: Connection,
) -> None:
    """Within 30 seconds of the longest lies nearly all that is cancelled of a job of 90 seconds."""
    at_random = [("lint", seconds / 60, "cancelled") for seconds in range(2, 88, 5)]
    assert limited(connection, *at_random) == []
    assert limited(connection, *at_random, *[("lint", 1.3, "success")] * 9) == []
    causes = "select count(*) as count from failure_causes where cause = 'time limit'"
    assert connection.execute(causes).fetchone() == {"count": 0}
    (row,) = limited(connection, *[("lint", 61 / 60, "cancelled")] * 3)
    assert (row["runs"], row["limit_seconds"]) == (3, 61)
    assert connection.execute(causes).fetchone() == {"count": 3}


def test_the_only_member_of_a_matrix_that_hits_a_limit_is_named(connection: Connection) -> None:
    cut = [("soak (a)", 60, "cancelled")] * 3
    assert [row["job"] for row in limited(connection, *cut, ("soak (b)", 80, "success"))] == [
        "soak (a)"
    ]
    several = [("soak (b)", 60, "cancelled"), *cut]
    assert [row["job"] for row in limited(connection, *several)] == ["soak"]


@pytest.mark.parametrize(
    ("conclusions", "words"),
    [
        (["timed_out"] * 3, "in 3 runs; this took 3.0 h."),
        (["cancelled"] * 3, "in 3 runs, which GitHub calls cancelled; this took 3.0 h."),
        (
            ["cancelled", "timed_out", "timed_out"],
            "in 3 runs, 1 of which GitHub calls cancelled; this took 3.0 h.",
        ),
    ],
)
def test_what_github_calls_timed_out_is_not_said_to_be_cancelled(
    connection: Connection, conclusions: list[str], words: str
) -> None:
    limited(connection, *[("soak", 60, each) for each in conclusions])
    found = said(finding(told(connection), "timing out"))
    assert words in found and found.endswith("hangs, or raise its timeout-minutes.")


def test_a_limit_of_over_six_hours_was_set_and_can_be_raised(connection: Connection) -> None:
    """Only a runner of one's own runs a job for so long."""
    limited(connection, *[("soak", 12 * 60, "cancelled")] * 3)
    found = said(finding(told(connection), "timing out"))
    assert "time limit of 12h 00m" in found and found.endswith("or raise its timeout-minutes.")


def test_a_job_that_github_calls_timed_out_has_a_limit_though_its_run_failed(
    connection: Connection,
) -> None:
    """What it calls cancelled there may have been cancelled by the job that failed."""
    for conclusion, found in (("timed_out", 1), ("cancelled", 0)):
        limited(connection, *[("soak", 60, conclusion)] * 3)
        connection.execute("update workflow_runs set conclusion = 'failure'")
        assert len(ask(connection, "timeouts", MONTH.scope()).rows) == found


# Approvals


def test_an_approval_is_distinguished_from_a_queue_by_what_started_meanwhile(
    connection: Connection,
) -> None:
    deploys, others = [], []
    for n in range(1, 21):
        deploy = a_run(n, n, 3_000, workflow_id=4, workflow_name="Deploy")
        deploys.append((deploy, a_job(deploy, name="production", labels=["ubuntu-latest"],
                                      started_at=deploy.started_at + 30 * MINUTE)))  # fmt: skip
        for k in range(4):
            run = a_run(100 * n + k, n - (k + 1) * 5 / 1_440, 300)
            others.append((run, a_job(run, labels=["ubuntu-latest"])))
    for pair in (deploys, others):
        upsert(connection, [run for run, _ in pair])
        upsert(connection, [job for _, job in pair])
    known(connection, 7)
    made = whole(connection)
    shown = single(made)
    (queue,) = shown.queue_times
    assert (queue["jobs"], queue["held"], queue["p50_seconds"], queue["p95_seconds"]) == (
        80, 20, 5, 5,
    )  # fmt: skip
    assert "waiting" not in [each.subject for each in findings(shown)]
    assert shown.totals["queue_p90_seconds"] == 5
    (held,) = shown.approvals
    columns = ("workflow", "job", "jobs", "runs", "p50_seconds", "p90_seconds")
    assert [held[column] for column in columns] == ["Deploy", "production", 20, 20, 1_800, 1_800]
    waited = "20 runs waited for an approval or another run, 30m 00s at the median"
    assert f"; {waited}" in one_page(made)
    assert f"**Deploy** · **production** on the default branch: {waited}" in summary(made)
    assert tiles(shown)[0].change.endswith("; 20 jobs waited for an approval or another run")


def test_jobs_that_name_a_group_and_no_label_wait_for_a_runner_of_their_group(
    connection: Connection,
) -> None:
    """Those of another group that go first do not show that they wait for anything else."""
    pairs = []
    for n in range(1, 31):
        for place, (group, waited) in enumerate((("GPU", 20), ("Linux", 0))):
            run = a_run(100 * n + place, n / 2 - place * 5 / 1_440, 3_600)
            asked = {"labels": [], "runner_id": 3, "runner_group_name": group}
            pairs.append((run, a_job(run, started_at=run.started_at + waited * MINUTE, **asked)))
    upsert(connection, [run for run, _ in pairs])
    upsert(connection, [job for _, job in pairs])
    rows = ask(connection, "queue_times", MONTH.scope()).rows
    assert {row["runner_label"]: (row["jobs"], row["p50_seconds"]) for row in rows} == {
        "group: gpu": (30, 1_200),
        "group: linux": (30, 0),
    }
    assert ask(connection, "approvals", MONTH.scope()).rows == []


def test_a_wait_of_days_is_one_for_an_approval_whatever_else_ran(connection: Connection) -> None:
    """GitHub cancels a job that no runner takes within a day."""
    waits = (23, 49, 97)
    for n, hours in enumerate(waits, 1):
        run = a_run(n, 5 * n, (hours + 1) * 3_600, workflow_id=4, workflow_name="Deploy")
        started_at = run.started_at + hours * 60 * MINUTE
        upsert(connection, [run])
        upsert(connection, [a_job(run, name="production", started_at=started_at)])
    (held,) = ask(connection, "approvals", MONTH.scope()).rows
    assert (held["jobs"], held["p50_seconds"], held["total_hours"]) == (2, 73 * 3_600, 146)


@pytest.mark.parametrize("is_overtaken", [True, False])
def test_a_slowdown_by_approvals_is_not_one_by_runners(
    connection: Connection, is_overtaken: bool
) -> None:
    """Somebody approves after two hours instead of at once; or runners are scarce meanwhile."""
    pairs = []
    for n in range(1, 101):
        waited = 120 if n <= 40 else 1
        release = a_run(n, n / 4, 60 * waited + 600, workflow_id=4, workflow_name="Release")
        started_at = release.started_at + waited * MINUTE
        pairs.append((release, a_job(release, name="publish (eu)", started_at=started_at)))
        for k in range(3):
            run = a_run(1_000 + 10 * n + k, n / 4 - (k + 1) * 5 / 1_440, 60)
            late = (
                {}
                if is_overtaken or n > 40
                else {"started_at": started_at + MINUTE, "completed_at": started_at + 2 * MINUTE}
            )
            pairs.append((run, a_job(run, **late)))  # fmt: skip
    upsert(connection, [run for run, _ in pairs])
    upsert(connection, [job for _, job in pairs])
    shown = told(connection)
    (found,) = (each for each in findings(shown) if each.subject == "slower")
    what = "an approval or another run" if is_overtaken else "a runner or an approval"
    assert f" Its job publish (eu) waits 2h 00m for {what} instead of 1m 00s." in said(found)
    check = "who approves it, or which run it waits for" if is_overtaken else "which of the two"
    assert f"Check {check}" in said(found)


def test_a_slowdown_by_approvals_of_days_is_one_by_approvals(connection: Connection) -> None:
    """Nothing else runs meanwhile, but no job waits for a runner that long."""
    runs = [a_run(n, 3 + n / 4, 600 + (n <= 40) * 49 * 3_600) for n in range(1, 101)]
    upsert(connection, runs)
    upsert(connection, [
        a_job(run, name="publish", started_at=run.completed_at - 9 * MINUTE) for run in runs
    ])  # fmt: skip
    (found,) = (each for each in findings(told(connection)) if each.subject == "slower")
    what = "waits 2d 01h for an approval or another run instead of 1m 00s"
    assert f" Its job publish {what}." in said(found)
    assert "Check who approves it" in said(found)


def test_a_queue_in_which_nobody_is_overtaken_stays_a_queue(connection: Connection) -> None:
    """Jobs that start in the order in which they became ready, and later ever later."""
    runs = [a_run(n, 10 - n * 2 / 1_440, 4_000) for n in range(1, 61)]
    upsert(connection, runs)
    upsert(connection, [
        a_job(run, labels=["own"], started_at=run.started_at + timedelta(seconds=60 * at))
        for at, run in enumerate(runs)
    ])  # fmt: skip
    (queue,) = told(connection).queue_times
    assert (queue["jobs"], queue["held"]) == (60, 0)
    assert ask(connection, "approvals", Scope(MONTH.since, UNTIL)).rows == []


@pytest.mark.parametrize(("runs", "expected"), [(1, False), (4, False), (5, True)])
def test_few_green_runs_do_not_make_a_repository_healthy(
    connection: Connection, runs: int, expected: bool
) -> None:
    upsert(connection, [a_run(n, n) for n in range(1, runs + 1)])
    shown = told(connection)
    assert is_healthy(shown, findings(shown)) == expected
    assert ("**Healthy**" in summary(whole(connection))) == expected


def test_others_that_are_red_are_named(connection: Connection) -> None:
    upsert(connection, fails(1, 5, 2))
    for number in range(5):
        nightly = {"workflow_id": 10 + number, "workflow_name": f"N{number}"}
        upsert(
            connection, fails(100 * (number + 1), 5 - number, 5, event_type="schedule", **nightly)
        )
    assert (
        "Red too, with no push waiting: N0 since 24 Feb, N1 since 24 Feb, N2 since 24 Feb, "
        "and 2 more workflows. Make CI green"
    ) in said(finding(told(connection), "red"))


def test_runs_that_wait_for_an_approval_are_told_beside_the_others(connection: Connection) -> None:
    """Of six pull requests of forks three were approved; the first attempt of another is lost."""
    of = {"event_type": "pull_request"}
    waiting = [a_run(n, n, 1, conclusion="action_required", **of) for n in range(1, 7)]
    approved = [a_run(n, n, run_attempt=2, **of) for n in range(1, 4)]
    upsert(connection, [*waiting, *approved, a_run(9, 9), a_run(10, 10, run_attempt=2)])
    (runs,) = (each for each in tiles(told(connection)) if each.name == "runs")
    assert runs.figure == "5"
    assert runs.change == "the first attempt of 1 is not stored; 3 more runs wait for an approval"


def test_what_no_longer_runs_is_red_in_no_answer(connection: Connection) -> None:
    """It failed before the period and has not run since; time_to_green and the report agree."""
    reds = [a_run(n, 40 + n, conclusion="failure", workflow_id=9) for n in (1, 2)]
    upsert(connection, [*reds, a_run(10, 2)])
    shown = told(connection)
    assert not shown.red
    assert not ask(connection, "time_to_green", MONTH.scope()).rows
    longer = Scope(UNTIL - 90 * DAY, UNTIL)
    (row,) = ask(connection, "time_to_green", longer).rows
    (incident,) = ask(connection, "incidents", longer).rows
    assert row["red_since"] == incident["red_at"] and row["red_runs"] == 2


def test_what_is_red_stays_red_in_a_period_without_a_run(connection: Connection) -> None:
    """A report of one day, on the Sunday after the Friday on which CI became red."""
    known(connection, 7)
    upsert(connection, [a_run(1, 5), a_run(2, 2, conclusion="failure")])
    upsert(connection, [a_run(3, 5, workflow_id=9), a_run(4, 0.5, workflow_id=9)])
    a_day = Period(UNTIL - DAY, UNTIL)
    shown = single(report(connection, a_day, UNTIL))
    assert [row["red_runs"] for row in shown.red] == [1] and shown.green_workflows == 1
    assert "has been red on the default branch since" in said(finding(shown, "red"))
    (row,) = ask(connection, "time_to_green", a_day.scope()).rows
    assert row["red_since"] == shown.red[0]["red_at"]
    upsert(connection, [a_run(5, 1.5)])  # green again before that day
    assert not single(report(connection, a_day, UNTIL)).incidents
    assert not ask(connection, "time_to_green", a_day.scope()).rows


def test_a_job_that_is_allowed_to_fail_is_not_why_runs_fail(connection: Connection) -> None:
    """Ten green runs have such a job; of others the file is broken, then a job breaks three."""
    greens = [a_run(n, n / 2) for n in range(1, 11)]
    broken = [a_run(20 + n, n / 2, 1, conclusion="startup_failure") for n in range(1, 6)]
    upsert(connection, [*greens, *broken])
    upsert(connection, [a_job(run, 1, name="nightly", conclusion="failure") for run in greens])
    found = finding(told(connection), "failing")
    assert said(found).startswith(
        "5 of 15 runs (33.3 %) failed at the first attempt, but no job did. Open the "
    )
    reds = [a_run(30 + n, n / 2, conclusion="failure") for n in range(1, 4)]
    upsert(connection, reds)
    upsert(connection, [a_job(run, name="test") for run in reds])
    found = finding(told(connection, is_new=False), "failing")
    assert said(found).startswith(
        "8 of 18 runs (44.4 %) failed at the first attempt; jobs failed most often in test of CI, "
        "3 of 3 times, at no known step; 5 attempts failed before any job began. Open the page of "
    )
    assert found.about["job"] == "test"


def test_what_is_flaky_is_not_told_like_a_broken_step(connection: Connection) -> None:
    reds = [a_run(n, 1 + n, conclusion="failure") for n in range(1, 5)]
    late = {"started_at": UNTIL - DAY, "completed_at": UNTIL - DAY + HOUR}
    greens = [replace(run, run_attempt=2, conclusion="success", **late) for run in reds[1:]]
    upsert(connection, [*reds, *greens])
    made = [a_job(run) for run in (*reds, *greens)]
    upsert(connection, made)
    upsert(connection, [a_step(job, name="Run tests") for job in made])
    found = told(connection)
    assert "Fix what is flaky first: " in said(finding(found, "failing"))
    assert finding(found, "flaky").advice


@pytest.mark.parametrize(
    ("hours_apart", "conclusion", "advice"),
    [
        (0.1, "failure", "Check what all runs need, such as GitHub or a registry: "),
        (24, "cancelled", "Find out why runners were lost in the middle of a step: "),
        (24, "failure", "Read the log of the latest one."),
    ],
)
def test_a_step_is_not_to_blame_for_an_outage_or_a_lost_runner(
    connection: Connection, hours_apart: float, conclusion: str, advice: str
) -> None:
    reds = [a_run(n, 2 + n * hours_apart / 24, conclusion="failure") for n in range(1, 7)]
    upsert(connection, [*reds, a_run(9, 0.5)])
    made = [a_job(run) for run in reds]
    upsert(connection, made)
    upsert(connection, [a_step(job, conclusion=conclusion, name="Run tests") for job in made])
    assert advice in said(finding(told(connection), "failing"))


def test_a_green_run_that_failed_when_it_was_run_again_is_red(connection: Connection) -> None:
    """Until a third attempt, or a run of a later commit, is green."""

    def attempt(number: int, hours: float, conclusion: str, actor: str = "dev-1") -> Any:
        at = UNTIL - 24 * HOUR + hours * HOUR
        return a_run(1, 1, run_attempt=number, conclusion=conclusion, actor=actor,
                     started_at=at, completed_at=at + MINUTE)  # fmt: skip

    upsert(connection, [a_run(9, 3), attempt(1, 0, "success"), attempt(2, 4, "failure")])
    shown = told(connection)
    (incident,) = shown.red
    assert incident["red_at"] == UNTIL - 20 * HOUR + MINUTE
    assert (incident["red_runs"], incident["last_green_sha"]) == (1, "c1")
    assert " First red at c1, a commit that was green on 28 Feb." in said(finding(shown, "red"))
    upsert(connection, [attempt(3, 6, "success")])
    (mended,) = told(connection, is_new=False).incidents
    assert mended["recovered_at"] == UNTIL - 18 * HOUR + MINUTE
    assert mended["is_recovered_by_rerun"] and mended["mended_sha"] == "c1"
    connection.execute("delete from workflow_runs where run_attempt = 3")
    upsert(connection, [a_run(2, 0.25, actor="dev-2")])
    (mended,) = told(connection, is_new=False).incidents
    assert (mended["mended_by"], mended["is_recovered_by_rerun"]) == ("dev-2", False)


def test_the_last_green_run_is_from_before_the_failure_however_late_it_ended(
    connection: Connection,
) -> None:
    """As where deployments wait for their approvals for days."""
    slow = a_run(1, 6, seconds=5 * 86_400)
    upsert(connection, [slow, a_run(2, 4, conclusion="failure"), a_run(3, 3)])
    (mended,) = told(connection).incidents
    assert (mended["last_green_sha"], mended["mended_sha"]) == ("c1", "c3")
    assert mended["last_green_at"] == slow.created_at < mended["red_at"] < mended["recovered_at"]


def test_a_green_run_fixes_an_older_one_even_if_it_is_red_later(connection: Connection) -> None:
    older = a_run(1, 2, conclusion="failure")
    later = a_run(2, 1)
    again = a_run(2, 1, run_attempt=2, conclusion="failure", started_at=UNTIL - 12 * HOUR,
                  completed_at=UNTIL - 11 * HOUR)  # fmt: skip
    upsert(connection, [older, later, again])
    red, mended = told(connection).incidents
    assert (red["red_at"], red["recovered_at"]) == (UNTIL - 11 * HOUR, None)
    assert (mended["red_at"], mended["recovered_at"]) == (older.completed_at, later.completed_at)


def test_one_failure_of_thousands_of_runs_is_not_nothing(connection: Connection) -> None:
    runs = [a_run(n, n / 1_000) for n in range(1, 2_500)]
    first = replace(runs[-1], conclusion="failure")
    again = replace(runs[-1], run_attempt=2, started_at=UNTIL - HOUR, completed_at=UNTIL - HOUR)
    upsert(connection, [*runs[:-1], first, again])
    gone = a_run(9_000, 9, conclusion="failure", workflow_id=9, workflow_name="Old")
    upsert(connection, [gone])
    upsert(connection, [Workflow(9, 7, "Old", "old.yml", "disabled_manually")])
    text = said(finding(told(connection), "failing"))
    assert "2 of 2,500 runs (0.1 %) failed" in text
    assert "no longer run" not in text


def test_workflows_that_github_disabled_are_named(connection: Connection) -> None:
    nightly = {"event_type": "schedule", "branch": "main"}
    runs = [a_run(n, n, workflow_id=9 + n % 2, **nightly) for n in range(3, 13)]
    upsert(connection, [*runs, a_run(20, 3, workflow_id=10), a_run(21, 3)])
    upsert(connection, [Workflow(9, 7, "Nightly", "n.yml", "disabled_inactivity")])
    upsert(connection, [Workflow(10, 7, "Links", "l.yml", "disabled_inactivity")])
    shown = told(connection)
    found = finding(shown, "disabled")
    assert said(found) == (
        "GitHub has disabled Links, because the repository had no activity for 60 days: it does "
        "not run any more. Disabled too: Nightly. Enable what is still needed on its page under "
        "Actions."
    )
    assert not is_healthy(shown, findings(shown))
    # A person decided about this one.
    connection.execute("update workflows set state = 'disabled_manually'")
    assert "disabled" not in [each.subject for each in findings(single(whole(connection)))]


def test_what_is_broken_now_comes_before_what_cost_more(connection: Connection) -> None:
    """One leg of a nightly fails each time; its failures and their cost are told after that."""
    runs = [a_run(n, n, 7_200, conclusion="failure", event_type="schedule") for n in range(1, 21)]
    upsert(connection, runs)
    for run in runs:
        legs = {"e2e (chrome)": "success", "e2e (safari)": "failure"}
        jobs = [a_job(run, n, name=name, conclusion=conclusion)
                for n, (name, conclusion) in enumerate(legs.items())]  # fmt: skip
        upsert(connection, jobs)
        upsert(connection, [a_step(job, name="Run e2e") for job in jobs])
    found = findings(told(connection))
    assert [each.subject for each in found] == ["red", "wasting", "failing"]
    assert not found[0].is_urgent and found[1].lost_minutes > found[0].lost_minutes
    assert "most often at Run e2e in e2e (safari) of CI, 20 of 20 times" in said(found[2])


def test_the_step_that_is_named_is_of_a_workflow_that_still_runs(connection: Connection) -> None:
    old = [a_run(n, n / 2, conclusion="failure", workflow_id=9) for n in range(1, 6)]
    new = [a_run(20 + n, n, conclusion="failure") for n in range(1, 4)]
    upsert(connection, [*old, *new, a_run(30, 0.5)])
    upsert(connection, [Workflow(9, 7, "Old", "old.yml", "deleted")])
    jobs = [a_job(run, name="audit") for run in old] + [a_job(run) for run in new]
    upsert(connection, jobs)
    upsert(connection, [a_step(job, name="Run tests") for job in jobs])
    found = finding(told(connection), "failing")
    assert said(found) == (
        "8 of 9 runs (88.9 %) failed at the first attempt; in workflows that still run, jobs "
        "failed most often at Run tests in build of CI, 3 of 3 times. Read the log of the latest "
        "one."
    )
    assert found.about and found.about["workflow"] == "CI"
    connection.execute("delete from workflow_jobs where github_run_id between 21 and 23")
    assert said(finding(told(connection, is_new=False), "failing")) == (
        "8 of 9 runs (88.9 %) failed at the first attempt; 3 attempts failed before any job began. "
        "Open the page of the latest one: it says what stopped the run."
    )


def test_what_failed_until_it_was_disabled_needs_no_action(connection: Connection) -> None:
    greens = [a_run(n, n / 2) for n in range(1, 11)]
    reds = [a_run(20 + n, n / 2, conclusion="failure", workflow_id=9) for n in range(1, 6)]
    upsert(connection, [*greens, *reds])
    upsert(connection, [Workflow(9, 7, "Old", "old.yml", "disabled_manually")])
    upsert(connection, [a_job(run) for run in (*greens, *reds)])
    again = []
    for run in reds[:3]:
        started_at = run.created_at + HOUR
        times = {"completed_at": started_at + 10 * MINUTE, "updated_at": started_at + 10 * MINUTE}
        again.append(
            replace(run, run_attempt=2, conclusion="success", started_at=started_at, **times)
        )
    upsert(connection, again)
    upsert(connection, [a_job(run) for run in again])
    shown = told(connection)
    assert [row["workflow_id"] for row in shown.flaky_jobs] == [9]
    assert [each.subject for each in findings(shown)] == ["failing"]
    assert shown.wasted and not shown.still_wasted
    assert "no job that still runs is known to be flaky" in not_found(shown, findings(shown))
    assert said(finding(shown, "failing")).endswith(" The workflows that failed no longer run. ")
    assert is_healthy(shown, findings(shown))
    upsert(connection, [a_run(30, 1, conclusion="failure")])
    shown = told(connection, is_new=False)
    assert finding(shown, "failing").advice and not is_healthy(shown, findings(shown))
