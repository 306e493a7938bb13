"""Merge queues and schedules that have not succeeded for some runs, and apparent time limits."""

from typing import Any

from support.history import UNTIL
from support.reports import DAY, HOUR, a_job, a_run, known, single, whole

from telemetry.database.connection import Connection
from telemetry.database.prices import load_name_kinds
from telemetry.database.upserts import upsert
from telemetry.report.data import RepositoryReport
from telemetry.report.findings.all_findings import findings, is_healthy
from telemetry.report.findings.tiles import tiles
from telemetry.rows.runs import WorkflowRun


def group(number: int, hours_ago: float, base: str = "main", **changes: Any) -> WorkflowRun:
    """A run of a merge queue, for a pull request of its own."""
    values: dict[str, Any] = {
        "event_type": "merge_group",
        "branch": f"gh-readonly-queue/{base}/pr-{number}-0a1b",
        **changes,
    }
    return a_run(number, hours_ago / 24, **values)


def nightly(number: int, days_ago: int, **changes: Any) -> WorkflowRun:
    values: dict[str, Any] = {
        "event_type": "schedule",
        "workflow_id": 9,
        "workflow_name": "Nightly",
    }
    return a_run(number, days_ago, **{**values, **changes})


def said(shown: RepositoryReport) -> str | None:
    for found in findings(shown):
        if found.subject == "stalled":
            return "".join(map(str, found.sentence))
    return None


def test_a_merge_queue_whose_last_groups_failed_is_urgent(connection: Connection) -> None:
    fails = [group(n, n, conclusion="failure") for n in range(1, 6)]
    cancelled = [group(n, 2.5, conclusion="cancelled") for n in range(20, 24)]
    greens = [group(n, n) for n in range(6, 12)]
    others = [group(n, n, "release/1.x") for n in range(31, 35)]
    upsert(connection, [*fails, *cancelled, *greens, *others, a_run(50, 1)])
    known(connection, 7)
    shown = single(whole(connection))
    (row,) = shown.stalled
    assert (row["base_branch"], row["runs"], row["branches"]) == ("main", 5, 5)
    assert row["last_green_at"] == UNTIL - 6 * HOUR
    assert said(shown) == (
        "The merge queue to main merges nothing: the last 5 groups failed in CI, since 2026-02-28 "
        "19:00, for 5h 00m; last green on 2026-02-28 18:00."
    )
    assert findings(shown)[0].subject == "stalled" and findings(shown)[0].is_urgent


def test_one_pull_request_that_fails_again_and_again_stalls_no_queue(
    connection: Connection,
) -> None:
    upsert(connection, [group(n, n, conclusion="failure", branch="gh-readonly-queue/main/pr-1-a")
                        for n in range(1, 6)])  # fmt: skip
    upsert(connection, [group(n, n, conclusion="failure") for n in (10, 11)])
    upsert(connection, [group(n, n) for n in (8, 9)])
    known(connection, 7)
    assert said(single(whole(connection))) is None


def test_a_schedule_that_is_cancelled_each_time_is_not_green(connection: Connection) -> None:
    upsert(
        connection, [nightly(n, n, seconds=500 * n, conclusion="cancelled") for n in range(1, 5)]
    )
    upsert(connection, [nightly(n, n) for n in range(5, 20)])
    known(connection, 7)
    shown = single(whole(connection))
    assert said(shown) == (
        "Nightly was cancelled in each of the last 4 runs of its schedule, since 2026-02-25 00:00, "
        "for 4d 00h; last green on 2026-02-24 00:00."
    )
    (red,) = (each for each in tiles(shown) if each.name == "red on the default branch")
    assert (red.figure, red.change) == (
        "nothing",
        "0 workflows green; and 1 workflow whose last runs were all cancelled",
    )
    assert not is_healthy(shown, findings(shown))
    upsert(connection, [nightly(30, 3, conclusion="failure")])
    shown = single(whole(connection))
    assert said(shown) is None and findings(shown)[0].subject == "red"


def test_a_default_branch_whose_runs_are_all_cancelled_is_told(connection: Connection) -> None:
    """Each push cancels the run of the one before, so nobody knows whether the branch is green."""
    runs = [a_run(n, n / 6, 60 * n, conclusion="cancelled") for n in range(1, 9)]
    upsert(connection, [*runs, a_run(20, 2)])
    known(connection, 7)
    shown = single(whole(connection))
    assert said(shown) == (
        "CI was cancelled in each of its last 8 runs on the default branch, since 2026-02-27 "
        "16:00, for 32h 00m; last green on 2026-02-27 00:00."
    )
    found = findings(shown)[0]
    assert (found.subject, found.is_urgent) == ("stalled", False)
    assert "".join(map(str, found.advice)).startswith("Find what cancels CI: a newer run ")
    # Since then, nothing started it.
    move = "update workflow_runs set created_at = created_at - interval '4 days'"
    connection.execute(move)
    assert str(said(single(whole(connection)))).endswith(" The last of these runs was on 24 Feb.")
    connection.execute(move.replace("-", "+"))
    # A deployment may wait for an approval until the next one takes its place.
    load_name_kinds(connection)
    rename = "update workflow_runs set workflow_name = %(name)s"
    connection.execute(rename, {"name": "Deploy"})
    assert said(single(whole(connection))) is None
    connection.execute(rename, {"name": "CI"})
    # People end a session for debugging so.
    start = "update workflow_runs set event_type = %(event)s"
    connection.execute(start, {"event": "workflow_dispatch"})
    assert said(single(whole(connection))) is None
    connection.execute(start, {"event": "push"})
    # Within a day, the last one may still succeed.
    connection.execute("delete from workflow_runs where github_run_id >= 7 and github_run_id < 9")
    assert said(single(whole(connection))) is None
    upsert(connection, [*runs, a_run(30, 0.1, conclusion="failure")])
    assert said(single(whole(connection))) is None


def test_a_deployment_that_fails_each_time_is_urgent_whatever_starts_it(
    connection: Connection,
) -> None:
    deploys: dict[str, Any] = {"workflow_id": 5, "workflow_name": "Deploy"}
    load_name_kinds(connection)
    known(connection, 7)
    for event, branch in (("deployment", "main"), ("release", "v1"), ("workflow_dispatch", "main")):
        connection.execute("delete from workflow_runs")
        values = {**deploys, "event_type": event, "branch": branch}
        upsert(connection, [a_run(n, n, conclusion="failure", **values) for n in range(1, 5)])
        upsert(connection, [a_run(n, n, **values) for n in range(5, 9)])
        upsert(connection, [a_run(n, n - 20) for n in range(21, 30)])
        found = findings(single(whole(connection)))[0]
        assert found.is_urgent and "".join(map(str, found.advice)) == (
            "Fix Deploy: what was merged since it was last green may not be deployed."
        )
        assert "4 runs" in "".join(map(str, found.sentence)) or found.subject == "red"


def test_a_workflow_that_fails_on_each_pull_request_stalls_them_all(
    connection: Connection,
) -> None:
    """Each branch fails twice; before, one in five did. Two branches in a row may be chance."""
    known(connection, 7)
    load_name_kinds(connection)
    of = {"event_type": "pull_request"}
    for number, actor, is_told in (
        (10, "dev-1", True),
        (4, "dev-1", False),
        (10, "bot[bot]", False),
        (10, "renovate-bot", False),
        (10, "Copilot", False),
    ):
        connection.execute("delete from workflow_runs")
        fails = [
            a_run(n, n / 24, conclusion="failure", branch=f"f{n // 2}", actor=actor, **of)
            for n in range(2, 2 + number)
        ]
        others = [
            a_run(n, n / 24, conclusion="success" if n % 5 else "failure", branch=f"f{n}", **of)
            for n in range(21, 91)
        ]
        upsert(connection, [*fails, *others])
        shown = single(whole(connection))
        assert (said(shown) is not None) == is_told
        assert not is_told or (said(shown) or "").startswith(
            "CI fails on each pull request: its last 10 runs, on 5 branches, failed, since "
        )


def test_a_release_that_fails_each_time_is_reported_but_not_urgent(connection: Connection) -> None:
    """Each tag is a branch of its own; with a dozen failures before it, four more may be chance."""
    known(connection, 7)
    for failed_before, is_told in ((0, True), (12, False)):
        connection.execute("delete from workflow_runs")
        runs = [
            a_run(n, n, branch=f"v{n}", workflow_id=6, workflow_name="Release",
                  conclusion="failure" if n <= 4 or n > 25 - failed_before else "success")
            for n in range(1, 26)
        ]  # fmt: skip
        upsert(connection, runs)
        shown = single(whole(connection))
        assert (said(shown) is not None) == is_told
        assert not any(each.is_urgent for each in findings(shown))


def test_a_release_that_was_green_nowhere_is_reported(connection: Connection) -> None:
    """Three tags, or two; a workflow that is green on pull requests may be in need of nothing."""
    known(connection, 7)
    of = {"workflow_id": 6, "workflow_name": "Release"}
    for tags, green, is_told in ((3, False, True), (2, False, False), (3, True, False)):
        connection.execute("delete from workflow_runs")
        fails = [
            a_run(n, n, branch=f"v{n}", conclusion="failure", **of) for n in range(1, 1 + tags)
        ]
        greens = [a_run(9, 20, event_type="pull_request", branch="f", **of)] if green else []
        upsert(connection, [*fails, *greens])
        told = said(single(whole(connection)))
        assert (told is not None) == is_told
        assert not is_told or (told or "").startswith(
            "Release failed in each of its last 3 runs on other branches or events, since "
        )


def test_a_deleted_schedule_is_not_stalled(connection: Connection) -> None:
    upsert(connection, [nightly(n, n + 9, conclusion="cancelled") for n in range(1, 6)])
    known(connection, 7)
    connection.execute("update repositories set workflows_listed_at = %(at)s", {"at": UNTIL})
    assert said(single(whole(connection))) is None


def test_what_newer_runs_cancel_after_equal_times_has_no_time_limit(
    connection: Connection,
) -> None:
    """Pushes every twenty minutes cancel a job that succeeds after thirty, if nobody pushes."""
    runs = [
        a_run(n, n / 8, **({"seconds": 1_800} if n % 3 == 0 else cut))
        for n in range(1, 61)
        for cut in [{"seconds": 1_200, "conclusion": "cancelled"}]
    ]
    upsert(connection, runs)
    upsert(connection, [a_job(run) for run in runs])
    known(connection, 7)
    assert not single(whole(connection)).timeouts
    causes = "select count(*) as count from failure_causes"
    assert connection.execute(causes).fetchone() == {"count": 0}
    # Another member of the matrix may have another limit, and before that it may have had none.
    connection.execute(
        "update workflow_jobs set name = 'build (large)' where conclusion = 'success'"
    )
    (row,) = single(whole(connection)).timeouts
    assert (row["runs"], row["limit_seconds"]) == (40, 1_195)
    assert connection.execute(causes).fetchone() == {"count": 40}
    connection.execute("update workflow_jobs set name = 'build'")
    for conclusion, newer in (("success", True), ("cancelled", False)):
        connection.execute(
            "delete from workflow_runs where conclusion = %(conclusion)s "
            "and (created_at > %(at)s) = %(newer)s",
            {"conclusion": conclusion, "at": UNTIL - 7 * DAY, "newer": newer},
        )
    assert len(single(whole(connection)).timeouts) == 1


def test_what_the_next_run_cancels_has_no_time_limit_though_no_run_was_longer(
    connection: Connection,
) -> None:
    """A schedule of each hour, whose jobs take half of it, or hang until the next one begins."""
    cut = {"seconds": 3_603, "conclusion": "cancelled"}
    runs = [a_run(n, n / 24, **(cut if n % 4 == 0 else {"seconds": 1_800})) for n in range(1, 61)]
    upsert(connection, runs)
    upsert(connection, [a_job(run) for run in runs])
    known(connection, 7)
    causes = "select count(*) as count from failure_causes"
    assert not single(whole(connection)).timeouts
    assert connection.execute(causes).fetchone() == {"count": 0}
    # A run of another branch cancels nothing.
    connection.execute("update workflow_runs set branch = conclusion")
    (row,) = single(whole(connection)).timeouts
    assert (row["runs"], row["limit_seconds"]) == (15, 3_598)
    assert connection.execute(causes).fetchone() == {"count": 15}
