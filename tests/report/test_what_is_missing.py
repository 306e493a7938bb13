"""What is missing or estimated is said beside each figure and in each sentence that lacks it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from support.history import UNTIL
from support.reports import DAY, HOUR, MONTH, a_job, a_run, known, single, whole
from support.rows import llm_call

from telemetry.database.connection import Connection
from telemetry.database.covered import with_coverage
from telemetry.database.prices import load_runner_prices
from telemetry.database.questions import ask
from telemetry.database.status import status
from telemetry.database.upserts import upsert
from telemetry.report.data import Report, RepositoryReport
from telemetry.report.findings.all_findings import findings, is_healthy, not_found, why_not_healthy
from telemetry.report.findings.organisation import organisation, totals
from telemetry.report.findings.slower import slowdowns
from telemetry.report.findings.tiles import Tile, tiles
from telemetry.report.formats.html_report import one_page, pages
from telemetry.report.formats.json_report import as_data
from telemetry.report.formats.markdown_report import summary
from telemetry.report.period import Period
from telemetry.report.reading import report
from telemetry.rows.prices import RunnerPrice


def as_stored(connection: Connection) -> Report:
    return report(connection, MONTH, UNTIL)


def tile(shown: RepositoryReport, name: str) -> Tile:
    (found,) = (each for each in tiles(shown) if each.name.startswith(name))
    return found


def sentence(shown: RepositoryReport, subject: str) -> str:
    (found,) = (each for each in findings(shown) if each.subject == subject)
    return "".join(map(str, found.sentence))


def with_jobs(connection: Connection, *run_ids: int) -> None:
    connection.execute(
        "update workflow_runs set jobs_listed_at = updated_at where github_run_id = any(%(ids)s)",
        {"ids": list(run_ids)},
    )


def test_the_rate_of_first_attempts_has_bounds_where_some_are_not_stored(
    connection: Connection,
) -> None:
    green = [a_run(n, n / 2) for n in range(1, 41)]
    # Their first attempts failed and are not fetched yet.
    again = [
        a_run(n, (n - 40) / 2, run_attempt=2, started_at=UNTIL - (n - 40) / 2 * DAY + HOUR)
        for n in range(41, 51)
    ]
    # These two need no first attempt of their own: one was approved, one is stored whole.
    approved = [a_run(51, 1, conclusion="action_required"), a_run(51, 1, run_attempt=2)]
    stored = [a_run(52, 1, conclusion="failure"), a_run(52, 1, run_attempt=2)]
    upsert(connection, [*green, *again, *approved, *stored])
    known(connection, 7)
    shown = whole(connection)
    found = tile(single(shown), "green at the first attempt")
    decided, succeeded, missing = 42, 41, 10
    low, high = (100 * (succeeded + n) / (decided + missing) for n in (0, missing))
    assert found.figure == f"{low:.1f} % to {high:.1f} %" == "78.8 % to 98.1 %"
    assert "the first attempt of 10 runs is not stored" in found.change
    assert "1 of 42 runs (2.4 %) failed at the first attempt, not counting 10 runs whose first" in (
        sentence(single(shown), "failing")
    )
    assert "| ≈ 97.6 % |" in summary(shown)
    (runs,) = (each for each in tiles(single(shown)) if each.name == "runs")
    assert (runs.figure, runs.change) == ("52", "the first attempt of 10 is not stored")
    for text in (summary(shown), one_page(shown)):
        assert "rates leave out re-run runs whose first attempt is not stored" in text


def test_a_wait_for_checks_of_few_of_the_commits_says_of_how_many(connection: Connection) -> None:
    """One in five commits was cancelled, or one in ten, which hardly changes the median."""
    known(connection, 7)
    for every, said in (
        (5, "; without 8 of 40 commits: a check of theirs was cancelled"),
        (10, ""),
    ):
        upsert(connection, [
            a_run(n, n / 2, conclusion="success" if n % every else "cancelled")
            for n in range(1, 41)
        ])  # fmt: skip
        change = tile(single(whole(connection)), "push to last check").change
        assert said in change and ("without" in change) == bool(said)


def test_a_time_to_an_estimated_end_is_marked_wherever_it_is_shown(connection: Connection) -> None:
    runs = [a_run(n, n / 2) for n in range(1, 31)]
    upsert(connection, runs)
    upsert(connection, [a_job(run) for run in runs[:20]])
    known(connection, 7)
    with_jobs(connection, *range(1, 21))
    shown = as_stored(connection)
    found = tile(single(shown), "push to last check")
    assert found.figure == "≈ 10m 00s"
    assert "the end of 10 commits is estimated" in found.change
    text, page = summary(shown), one_page(shown)
    assert "| ≈ 10m 00s | ≈ 10m 00s |" in text
    assert page.count("≈ 10m 00s") >= 4  # the tile, the chart, and both columns of the table
    for each in (text, page):
        assert "GitHub's last change" in each.replace("&#x27;", "'")
    with_jobs(connection, *range(1, 31))
    exact = as_stored(connection)
    assert "≈" not in summary(exact) + one_page(exact)


def test_a_repository_whose_runs_no_push_starts_lacks_no_checks(connection: Connection) -> None:
    upsert(connection, [a_run(n, n, event_type="schedule") for n in range(1, 5)])
    known(connection, 7)
    found = tile(single(whole(connection)), "push to last check")
    assert (found.figure, found.change) == ("–", "no push started a check")


def test_a_slowdown_between_estimated_ends_is_marked(connection: Connection) -> None:
    runs = [a_run(n, n / 4, 1_200 if n <= 60 else 600) for n in range(1, 160)]
    upsert(connection, runs)
    known(connection, 7)
    words = "from ≈ 10m 00s to ≈ 20m 00s (+100 %)"
    assert words in sentence(single(as_stored(connection)), "slower")
    assert "since 14 Feb, from ≈ 10m 00s to ≈ 20m 00s" in one_page(as_stored(connection))
    with_jobs(connection, *range(1, 160))
    shown = single(as_stored(connection))
    assert words.replace("≈ ", "") in sentence(shown, "slower")
    said = tile(shown, "push to last check").change
    assert said == "CI +100 % since 14 Feb; one in ten 20m 00s or more"


def test_a_sentence_about_some_of_the_jobs_says_of_how_many(connection: Connection) -> None:
    runs = [a_run(n, n / 2, conclusion="failure") for n in range(1, 31)]
    upsert(connection, runs)
    upsert(connection, [a_job(run) for run in runs[:20]])
    known(connection, 7)
    with_jobs(connection, *range(1, 21))
    shown = single(as_stored(connection))
    said = sentence(shown, "failing")
    assert "30 of 30 runs" in said and "20 of 20 times" in said
    assert said.endswith("Incomplete: jobs of 20 of 30 attempts.")
    assert any(
        each.startswith("no job is known to be flaky so far: jobs of 20 of 30 attempts")
        for each in not_found(shown, findings(shown))
    )


def test_jobs_that_cost_nothing_are_free_and_not_without_a_price(connection: Connection) -> None:
    load_runner_prices(connection)
    runs = [a_run(n, n / 2, is_private=False) for n in range(1, 31)]
    own: dict[str, Any] = {"labels": ["self-hosted"], "runner_group_name": "Default"}
    upsert(connection, runs)
    upsert(connection, [a_job(run) for run in runs])
    known(connection, 7)
    shown = whole(connection)
    found = tile(single(shown), "cost of runners")
    assert (found.figure, found.change) == ("free", "30 jobs; GitHub bills none of them")
    assert "the jobs are free" in not_found(single(shown), findings(single(shown)))
    page = one_page(shown)
    assert "The jobs of this period are free" in page and "No workflow costs anything" in page
    assert "$0.00 at list price" not in page + summary(shown)
    upsert(connection, [a_job(run, 1, **own) for run in runs[:12]])
    found = tile(single(whole(connection)), "cost of runners")
    assert (found.figure, found.change) == ("free", "42 jobs; 12 of them on your own runners")
    upsert(connection, [a_job(runs[0], 2, labels=["who-knows"], runner_group_name="Large")])
    shown = whole(connection)
    assert tile(single(shown), "cost of runners").figure == "$0.00"
    assert "1 job without a price not included" in tile(single(shown), "cost of runners").change


def test_runs_whose_jobs_were_all_skipped_have_no_job(connection: Connection) -> None:
    runs = [a_run(n, n / 2, seconds=3) for n in range(1, 31)]
    skipped: dict[str, Any] = {"conclusion": "skipped", "runner_id": None, "runner_name": None}
    upsert(connection, runs)
    upsert(connection, [a_job(run, **skipped) for run in runs])
    known(connection, 7)
    shown = single(whole(connection))
    assert "no job ran, so none was flaky or cost anything" in (not_found(shown, findings(shown)))
    assert tile(shown, "cost of runners").change == "no job ran"


def seven_runs_a_day(connection: Connection, ends: Callable[[int], dict[str, int]]) -> None:
    """Store the runs of 60 days, the newest first; `ends`: when their jobs end, in seconds."""
    runs, jobs = [], []
    for number in range(1, 421):
        of_run = ends(number)
        runs.append(run := a_run(number, number / 7, seconds=max(of_run.values()) + 5))
        jobs += [
            a_job(run, at, name=name, completed_at=run.started_at + timedelta(seconds=5 + ran))
            for at, (name, ran) in enumerate(of_run.items())
        ]
    upsert(connection, runs)
    upsert(connection, jobs)
    known(connection, 7)


def test_the_job_that_carries_a_slowdown_got_slower_itself(connection: Connection) -> None:
    """A step moves from one job to another, of which the first is told first in the alphabet."""
    seven_runs_a_day(
        connection,
        lambda number: (
            {"build": 300, "test": 900} if number <= 100 else {"build": 600, "test": 600}
        ),
    )
    shown, carrier = single(whole(connection)), "Its job test takes 15m 00s instead of 10m 00s."
    assert carrier in sentence(shown, "slower")
    # The jobs of a third of the runs of the month are not enough to say so.
    connection.execute("update workflow_runs set jobs_listed_at = null where github_run_id > 70")
    assert "Its job" not in sentence(single(as_stored(connection)), "slower")
    answer = with_coverage(connection, ask(connection, "slower_or_faster", MONTH.scope()))
    assert answer.coverage is not None and answer.coverage.left_out == ["acme/r7"]
    (row,) = answer.rows
    assert (
        row["change_percent"] and [row[key] for key in ("carried_by", "job", "step")] == [None] * 3
    )


def test_a_job_that_was_added_carries_a_slowdown(connection: Connection) -> None:
    # Noise of a second, in the same direction.
    seven_runs_a_day(
        connection, lambda number: {"build": 301, "e2e": 900} if number <= 100 else {"build": 300}
    )
    said = sentence(single(whole(connection)), "slower")
    assert "Its job e2e, new since then, takes 15m 00s." in said
    connection.execute("delete from workflow_jobs where name = 'e2e'")
    assert "Its job" not in sentence(single(whole(connection)), "slower")


def test_a_job_that_few_runs_before_had_is_new(connection: Connection) -> None:
    """The change came within these: the first of the new runs are counted with the old ones."""
    seven_runs_a_day(connection, lambda number: {
        "build": 300,
        **({"e2e": 900 if number <= 100 else 280} if number <= 110 else {}),
    })  # fmt: skip
    said = sentence(single(whole(connection)), "slower")
    assert "Its job e2e, new since then, takes 15m 00s." in said


def test_a_wait_that_grew_is_told_beside_the_median_of_the_period(connection: Connection) -> None:
    """Jobs wait ten minutes instead of five seconds for the last ten days."""
    runs, jobs = [], []
    for number in range(1, 421):
        waits = 600 if number <= 70 else 5
        runs.append(run := a_run(number, number / 7, seconds=300 + waits))
        started_at = run.started_at + timedelta(seconds=waits)
        jobs.append(a_job(run, name="test", started_at=started_at))
    upsert(connection, runs)
    upsert(connection, jobs)
    known(connection, 7)
    change = tile(single(whole(connection)), "wait for a runner").change
    assert change == "test of CI 10m 00s since 19 Feb; one in ten 10m 00s or more"


@pytest.mark.parametrize(
    ("label", "nights", "said"),
    [
        ("ubuntu-latest", 0, ""),
        ("macos-latest", 0, "; this is $16.86 more than in the period before."),
        ("ubuntu-latest", 30, "; this is $10.86 more than in the period before, most of it for "
                              "Nightly."),
    ],
)  # fmt: skip
def test_a_cost_that_rose_is_told_with_the_workflow(
    connection: Connection, label: str, nights: int, said: str
) -> None:
    """On 30 days CI runs on other runners, or there is a workflow that was not there before."""
    load_runner_prices(connection)
    runs = [a_run(n, n - 0.5) for n in range(1, 60)]
    new = [
        a_run(
            100 + n, n - 0.5, 3_605, workflow_id=9, workflow_name="Nightly", event_type="schedule"
        )
        for n in range(1, nights + 1)
    ]
    upsert(connection, [*runs, *new])
    upsert(connection, [
        a_job(run, labels=[label if run.created_at >= MONTH.since else "ubuntu-latest"])
        for run in (*runs, *new)
    ])  # fmt: skip
    known(connection, 7)
    told = sentence(single(whole(connection)), "costing")
    assert told.endswith(said) and ("more than" in told) == bool(said)


def test_a_job_that_was_added_and_ends_before_the_others_carries_no_slowdown(
    connection: Connection,
) -> None:
    """Another version joins the matrix in the week in which the build gets slower."""
    seven_runs_a_day(
        connection,
        lambda number: (
            {"build": 900, "test (3.13)": 500, "test (3.12)": 500}
            if number <= 100
            else {"build": 600, "test (3.12)": 500}
        ),
    )
    said = sentence(single(whole(connection)), "slower")
    assert "Its job build takes 15m 00s instead of 10m 00s." in said


def test_a_forecast_of_calls_needs_no_jobs(connection: Connection) -> None:
    """Of one repository no job is stored, and half of the calls were made outside of any run."""
    load_runner_prices(connection)
    upsert(connection, [a_run(n, n) for n in range(1, 29)])
    upsert(connection, [
        llm_call(call_id=f"c{n}", prompt_name=f"p{n}", timestamp=UNTIL - n / 2 * DAY,
                 github_run_id=n if n % 2 else None, reported_cost=Decimal(1))
        for n in range(1, 29)
    ])  # fmt: skip
    known(connection, 7)

    def kinds() -> tuple[set[str], Any]:
        asked = ask(connection, "forecast", MONTH.scope())
        answer = with_coverage(connection, asked)
        of_calls = [row for row in asked.rows if row["kind"] == "llm"]
        assert of_calls and [row for row in answer.rows if row["kind"] == "llm"] == of_calls
        assert answer.coverage is not None and not answer.coverage.is_misleading
        return {row["kind"] for row in answer.rows}, answer.coverage.left_out

    assert kinds() == ({"llm"}, ["acme/r7"])
    other = [a_run(n, n - 40, repository_id=8, repository="acme/r8") for n in range(41, 61)]
    upsert(connection, other)
    upsert(connection, [a_job(run, labels=["ubuntu-latest"]) for run in other])
    known(connection, 8)
    with_jobs(connection, *range(41, 61))
    assert kinds() == ({"llm", "runners"}, ["acme/r7"])


def test_a_forecast_from_a_single_week_has_no_upper_bound(connection: Connection) -> None:
    load_runner_prices(connection)
    runs = [a_run(n, n) for n in range(1, 10)]
    upsert(connection, runs)
    upsert(connection, [a_job(run) for run in runs])
    known(connection, 7)
    said = "runners $0.00 spent, $1.86 by the end (at least $0.00)"
    assert said in one_page(whole(connection))


def test_jobs_of_failed_runs_alone_are_said_to_be(connection: Connection) -> None:
    runs = [a_run(n, n / 4, conclusion="failure" if n <= 30 else "success") for n in range(1, 101)]
    upsert(connection, runs)
    upsert(connection, [a_job(run) for run in runs[:50]])
    known(connection, 7)
    with_jobs(connection, *range(1, 51))
    shown = single(as_stored(connection))
    shares = "100.0 % of those that failed, 28.6 % of the others"
    assert f"jobs of 50 of 100 attempts ({shares})" in sentence(shown, "failing")
    assert f"50 of 100 attempts are stored (50.0 %: {shares}); to fetch" in str(shown.of_jobs)
    connection.execute("update workflow_runs set jobs_listed_at = null")
    with_jobs(connection, *range(16, 66))  # half of both, nearly
    assert "(50.0 %); to fetch" in str(single(as_stored(connection)).of_jobs)


def test_two_repositories_of_one_name_are_distinguished(connection: Connection) -> None:
    """The repository was deleted and made again; the name is the new one's."""
    runs = [a_run(n, n / 2, conclusion="failure") for n in range(1, 21)]
    upsert(connection, [*runs, *(a_run(n, n / 9, repository_id=8) for n in range(31, 51))])
    known(connection, 7, 8)
    connection.execute("update repositories set repository = 'acme/app'")
    connection.execute("update repositories set forgotten_at = %(at)s where repository_id = 7",
                       {"at": UNTIL})  # fmt: skip
    connection.execute("update workflow_runs set jobs_listed_at = updated_at")
    connection.execute("update workflow_runs set jobs_listed_at = null where repository_id = 7")
    both = MONTH.scope([7, 8])
    asked = {name: ask(connection, name, both) for name in ("workflow_outcomes", "totals")}
    for answer in asked.values():
        names = {row["repository_id"]: row["repository"] for row in answer.rows}
        assert names == {7: "acme/app (id 7)", 8: "acme/app"}
    # What one lacks says nothing of the other.
    covered = with_coverage(connection, asked["totals"])
    rows = {row["repository_id"]: row["jobs"] for row in covered.rows}
    assert rows == {7: None, 8: 0}
    of_old = with_coverage(connection, ask(connection, "totals", MONTH.scope([7])))
    assert of_old.coverage is not None
    said = " ".join(of_old.coverage.lacks)
    assert "no ingest can fetch the rest, because another repository has its name now" in said
    assert "REPO=" not in said
    shown = report(connection, MONTH, UNTIL, ["acme/app"]).repositories
    assert [each.repository for each in shown] == ["acme/app (id 7)", "acme/app"]
    assert [bool(each.red) for each in shown] == [True, False]
    found = status(connection, now=UNTIL, names=["ACME/app"])
    assert [row["repository"] for row in found.repositories] == ["acme/app (id 7)", "acme/app"]
    ended = "acme/app (id 7): it is no longer watched; its rows stay until they are pruned"
    assert [each for each in found.concerns if "watched" in each] == [ended]
    assert [[*each.concerns] for each in shown] == [[ended], []]
    assert len(set(pages(report(connection, MONTH, UNTIL, ["acme/app"])))) == 3


def test_a_rate_of_few_of_the_runs_says_of_how_many(connection: Connection) -> None:
    """Newer pushes cancel most runs, and none of the others failed."""
    upsert(
        connection,
        [
            a_run(n, n / 4, conclusion="success" if n % 5 == 0 else "cancelled")
            for n in range(1, 51)
        ],
    )
    known(connection, 7)
    shown = single(whole(connection))
    for name in ("green at the first attempt", "green in the end"):
        found = tile(shown, name)
        assert found.figure == "100.0 %"
        assert found.change.startswith("of the 10 runs that succeeded or failed; ")
    assert "runs that succeeded" not in tile(shown, "runs that were re-run").change


def test_a_repository_whose_failed_attempts_are_not_stored_is_not_called_healthy(
    connection: Connection,
) -> None:
    load_runner_prices(connection)
    runs = [a_run(n, n / 2, **({"run_attempt": 2} if n % 5 == 0 else {})) for n in range(1, 51)]
    upsert(connection, runs)
    upsert(connection, [a_job(run) for run in runs])
    known(connection, 7)
    shown = single(whole(connection))
    found = findings(shown)
    lack = "without the first attempt of 10 runs"
    assert f"no run is known to have failed, {lack}" in not_found(shown, found)
    assert not is_healthy(shown, found)
    pending = (
        "jobs of 50 of 60 attempts are stored (83.3 %); 10 earlier attempts are not stored at all"
    )
    command = "to fetch the rest: make ingest REPO=acme/r7"
    in_short = "jobs of 50 of 60 attempts"
    assert sentence(shown, "costing").endswith(f"at list price. Incomplete: {in_short}.")
    for name in ("runner minutes wasted", "cost of runners"):
        assert tile(shown, name).change.endswith(f"; {in_short}")
    for name, lacking in (("runner_cost", f"incomplete: {pending}; {command}"),
                          ("reruns", "incomplete: 10 earlier attempts are not stored at all; to "
                                     "fetch them: make ingest REPO=acme/r7")):  # fmt: skip
        answer = with_coverage(connection, ask(connection, name, MONTH.scope()))
        assert answer.coverage is not None and answer.coverage.lacks[0] == lacking
    connection.execute(
        "insert into missing_attempts (repository_id, github_run_id, run_attempt, missing_at) "
        "select repository_id, github_run_id, 1, created_at from pending_attempts"
    )
    shown = single(whole(connection))
    assert sentence(shown, "costing").endswith(f"at list price, {lack}.")
    for name in ("runner minutes wasted", "cost of runners"):
        assert tile(shown, name).change.endswith(f"; {lack}")


def test_a_sum_that_lacks_the_longest_runs_is_withheld(connection: Connection) -> None:
    """Jobs of most runs are stored, but of the short workflow's alone."""
    short = [a_run(n, n / 2, 600) for n in range(1, 41)]
    deep = {"workflow_id": 4, "workflow_name": "Integration"}
    long = [a_run(100 + n, n, 2_400, **deep) for n in range(1, 21)]
    upsert(connection, [*short, *long])
    upsert(connection, [a_job(run) for run in short])
    known(connection, 7)
    with_jobs(connection, *(run.github_run_id for run in short))
    shown = single(as_stored(connection))
    lack = "jobs of 40 of 60 attempts are stored (66.7 %: 33.3 % of their time)"
    found = tile(shown, "runner minutes wasted")
    assert found.figure == "–" and lack in found.change
    answer = with_coverage(connection, ask(connection, "slowest_jobs", MONTH.scope()))
    assert not answer.rows
    assert answer.coverage is not None and answer.coverage.lacks[0].startswith(f"no answer: {lack}")


def test_what_has_not_failed_for_a_while_needs_no_action(connection: Connection) -> None:
    runs = [
        a_run(n, n / 2, conclusion="failure" if 30 <= n < 35 else "success") for n in range(1, 51)
    ]
    upsert(connection, runs)
    upsert(connection, [a_job(run) for run in runs])
    known(connection, 7)
    shown = single(whole(connection))
    assert sentence(shown, "failing").endswith(" No first attempt has failed since 14 Feb.")
    assert is_healthy(shown, findings(shown))
    upsert(connection, [a_run(99, 6.5, conclusion="failure"), a_run(100, 6)])
    assert not is_healthy(single(whole(connection)), findings(single(whole(connection))))


def test_what_may_have_happened_in_missing_jobs_is_not_said_to_be_over(
    connection: Connection,
) -> None:
    """A job was flaky until twelve days ago; then the jobs of one run are not stored."""
    runs = [a_run(n, n, conclusion="success" if n < 12 else "failure") for n in range(1, 30)]
    again = [
        a_run(n, n, run_attempt=2, started_at=UNTIL - n * DAY + HOUR,
              completed_at=UNTIL - n * DAY + 2 * HOUR, commit_sha=f"c{n}")
        for n in range(12, 30)
    ]  # fmt: skip
    upsert(connection, [*runs, *again])
    upsert(connection, [a_job(run) for run in (*runs, *again)])
    known(connection, 7)
    with_jobs(connection, *range(1, 30))
    assert "This has not happened since 17 Feb" in sentence(single(as_stored(connection)), "flaky")
    connection.execute("update workflow_runs set jobs_listed_at = null where github_run_id = 5")
    assert "not happened" not in sentence(single(as_stored(connection)), "flaky")


@pytest.mark.parametrize(
    ("event_type", "seconds", "every", "said", "also"),
    [
        (
            "pull_request",
            1_800,
            1,
            "; without E2E, which is new and takes 30m 00s",
            ", but E2E is new and takes 30m 00s",
        ),
        # It does not make commits wait, it seldom runs, or nobody waits for it.
        ("pull_request", 600, 1, "", ""),
        ("pull_request", 1_800, 9, "", ", but 1 workflow had too few green runs to tell"),
        ("schedule", 1_800, 1, "", ""),
    ],
)
def test_a_new_workflow_that_commits_wait_for_is_named(
    connection: Connection, event_type: str, seconds: int, every: int, said: str, also: str
) -> None:
    """It runs in the last third of the period; what is compared like for like leaves it out."""
    runs = [a_run(n, n / 4, event_type="pull_request", branch="b") for n in range(1, 241)]
    added = [
        a_run(1_000 + n, n / 4, seconds, workflow_id=9, workflow_name="E2E", commit_sha=f"c{n}",
              event_type=event_type, branch="b" if event_type == "pull_request" else "main")
        for n in range(1, 41, every)
    ]  # fmt: skip
    upsert(connection, [*runs, *added])
    known(connection, 7)
    shown = single(whole(connection))
    assert (said or "would show)") in tile(shown, "push to last check").change
    assert ("is new" in tile(shown, "push to last check").change) == bool(said)
    words = "no workflow became clearly slower in this period"
    assert f"{words}{also}" in not_found(shown, findings(shown))


def test_a_comparison_of_few_commits_says_of_how_many(connection: Connection) -> None:
    """Most commits have a set of checks that none had before, as with filters by path."""
    for number in range(1, 241):
        places = (number % 4,) if number > 120 or number % 8 == 0 else (0, 1 + number % 3)
        upsert(connection, [
            a_run(10 * number + at, number / 4, workflow_id=60 + at, workflow_name=f"w{at}",
                  commit_sha=f"c{number}", event_type="pull_request", branch="b")
            for at in places
        ])  # fmt: skip
    known(connection, 7)
    said = tile(single(whole(connection)), "push to last check").change
    assert "; this compares 15 of 120 commits: none before had the checks of the others" in said


@pytest.mark.parametrize(
    ("lately", "before", "said"),
    [
        (2, 10, "failed at the first attempt, since 23 Feb 30 of 60 (50.0 %)"),
        (5, 10, "failed at the first attempt, since 23 Feb 12 of 60 (20.0 %)"),
        (8, 10, "failed at the first attempt;"),
        (7, 100, "failed at the first attempt;"),
    ],
)
def test_what_fails_more_often_lately_is_said_to(
    connection: Connection, lately: int, before: int, said: str
) -> None:
    """Every so manieth run fails, in the last six days and before."""
    runs = [
        a_run(n, n / 10, conclusion="success" if n % (lately if n <= 60 else before) else "failure")
        for n in range(1, 301)
    ]
    upsert(connection, runs)
    upsert(connection, [a_job(run) for run in runs])
    known(connection, 7)
    assert said in sentence(single(whole(connection)), "failing")
    # The rest of eight days is a single one.
    eight = Period(UNTIL - 8 * DAY, UNTIL)
    assert "since" not in sentence(single(whole(connection, eight)), "failing")


def test_free_jobs_beside_one_of_unknown_price_are_said_to_be_free(connection: Connection) -> None:
    load_runner_prices(connection)
    runs = [a_run(n, n, is_private=False) for n in range(1, 11)]
    large = a_job(runs[0], 1, labels=["large-64"], runner_group_name="Large")
    upsert(connection, runs)
    upsert(connection, [*(a_job(run) for run in runs), large])
    known(connection, 7)
    shown = single(whole(connection))
    assert "the jobs whose price is known are free" in not_found(shown, findings(shown))
    assert tile(shown, "cost of runners").change.endswith(
        "; 1 job without a price not included; 10 jobs free"
    )


def test_a_rule_that_rows_of_another_repository_break_says_nothing_of_this_one(
    connection: Connection,
) -> None:
    of = ((7, "acme/r7"), (8, "acme/r8"))
    runs = [
        a_run(10 * n + number, n / 10, repository_id=number, repository=name)
        for n in range(1, 11)
        for number, name in of
    ]
    upsert(connection, [*runs, replace(runs[0], run_attempt=2, run_number=99)])
    upsert(connection, [a_job(run) for run in runs])
    known(connection, 7, 8)
    one, other = whole(connection).repositories
    assert [rule.name for rule in one.rules if not rule.holds] == ["attempts_of_a_run_agree"]
    assert why_not_healthy(one, []) == "broken rules"
    assert all(rule.holds for rule in other.rules) and why_not_healthy(other, []) is None


def test_own_runners_with_a_price_are_not_free(connection: Connection) -> None:
    load_runner_prices(connection)
    upsert(connection, [RunnerPrice("self_hosted", date(2026, 1, 1), Decimal("0.01"))])
    runs = [a_run(n, n) for n in range(1, 11)]
    upsert(connection, runs)
    upsert(connection, [a_job(run, labels=["self-hosted"]) for run in runs])
    known(connection, 7)
    shown = whole(connection)
    found = tile(single(shown), "cost of runners")
    assert (found.figure, "free" in found.change) == ("$1.00", False)
    assert "Runners cost $1.00" in one_page(shown)
    assert sentence(single(shown), "costing").startswith("Jobs cost $1.00 at list price")


def test_the_cost_before_says_which_jobs_it_excludes(connection: Connection) -> None:
    """Half of the jobs of the month before had no price."""
    load_runner_prices(connection)
    runs = [a_run(n, n) for n in range(1, 60)]
    odd = {"labels": ["who-knows"], "runner_group_name": "Large"}
    upsert(connection, runs)
    upsert(connection, [
        a_job(run, **(odd if run.github_run_id % 2 and run.created_at < MONTH.since else {}))
        for run in runs
    ])  # fmt: skip
    known(connection, 7)
    shown = whole(connection)
    without = sum(each.created_at < MONTH.since and each.github_run_id % 2 for each in runs)
    then = sum(each.created_at < MONTH.since for each in runs)
    lacking = f"without {without} jobs of unknown cost"
    usd = 10 * Decimal("0.006") * (then - without)
    assert (
        f"${usd:.2f} before ({lacking}); list price"
        in tile(single(shown), "cost of runners").change
    )
    assert f"The cost before is {lacking}." in one_page(shown)
    (cost,) = (each for each in totals(shown, organisation(shown)) if "runners" in each.name)
    assert f"where comparable (before {lacking})" in cost.change


def test_a_cost_after_free_jobs_is_told_as_a_rise(connection: Connection) -> None:
    """A public repository became private."""
    load_runner_prices(connection)
    runs = [a_run(n, n, 1_000) for n in range(1, 60)]
    runs = [replace(run, is_private=run.created_at >= MONTH.since) for run in runs]
    upsert(connection, runs)
    upsert(connection, [a_job(run, labels=["ubuntu-latest"]) for run in runs])
    known(connection, 7)
    shown = single(whole(connection))
    assert tile(shown, "cost of runners").change.startswith("$0.00 before; list price, ")
    rise = "; this is $3.06 more than in the period before."
    assert sentence(shown, "costing") == f"Jobs cost $3.06 at list price{rise}"


def test_jobs_without_a_price_do_not_hide_that_others_cost_more(connection: Connection) -> None:
    """The jobs of a workflow never have a price; those of another run on dearer runners."""
    load_runner_prices(connection)
    for n in range(1, 60):
        run, other = (a_run(at, n - 0.5, workflow_id=at % 2 + 3) for at in (2 * n, 2 * n + 1))
        label = "macos-latest" if run.created_at >= MONTH.since else "ubuntu-latest"
        odd = {"labels": ["who-knows"], "runner_group_name": "Large"}
        upsert(connection, [run, other])
        upsert(connection, [a_job(run, labels=[label]), a_job(other, **odd)])
    known(connection, 7)
    told = sentence(single(whole(connection)), "costing")
    assert told.endswith("30 jobs without a price left out; this is $16.86 more than in the period "
                         "before.")  # fmt: skip
    # What costs something now, and whose cost before is not known, may be no rise.
    connection.execute(
        "update workflow_jobs set labels = '{ubuntu-latest}', runner_group_name = 'GitHub Actions' "
        "where labels = '{who-knows}' and created_at >= %(since)s", {"since": MONTH.since}
    )  # fmt: skip
    assert "more than" not in sentence(single(whole(connection)), "costing")


def test_nobody_is_sent_to_flaky_jobs_where_none_is_known(connection: Connection) -> None:
    """One failure that passed when re-run may be a network fault."""
    failed = a_run(1, 10, 4_000, conclusion="failure")
    again = a_run(1, 9, run_attempt=2, created_at=failed.created_at)
    upsert(connection, [failed, again])
    upsert(connection, [a_job(failed), a_job(again)])
    known(connection, 7)
    shown = single(whole(connection))
    (found,) = (each for each in findings(shown) if each.subject == "wasting")
    assert shown.flaky_jobs == []
    assert "".join(map(str, found.advice)) == (
        "Check what was re-run: most of this time went into jobs that ran again until their run "
        "was green."
    )


def test_jobs_that_had_succeeded_are_waste_too_if_all_are_re_run(connection: Connection) -> None:
    failed = a_run(1, 10, 3_605, conclusion="failure")
    again = a_run(1, 9, run_attempt=2, created_at=failed.created_at)
    upsert(connection, [failed, again])
    upsert(connection, [
        a_job(run, number, name=name, conclusion=conclusion)
        for run, broken in ((failed, "failure"), (again, "success"))
        for number, (name, conclusion) in enumerate([("test", broken), ("lint", "success")])
    ])  # fmt: skip
    known(connection, 7)
    page = one_page(whole(connection))
    assert "jobs that ran again until their run was green" in page
    assert tile(single(whole(connection)), "runner minutes wasted").change.startswith("2.0 h of ")


@pytest.mark.parametrize(("runs", "found_too"), [(6, set()), (7, {"wasting"})])
def test_free_jobs_cost_nothing_and_only_an_hour_of_them_is_called_wasted(
    connection: Connection, runs: int, found_too: set[str]
) -> None:
    load_runner_prices(connection)
    cancelled = [
        a_run(n, n, 590, conclusion="cancelled", is_private=False) for n in range(1, 1 + runs)
    ]
    upsert(connection, [*cancelled, a_run(runs + 1, 9, 600, is_private=False)])
    upsert(connection, [a_job(run, labels=["ubuntu-latest"]) for run in cancelled])
    known(connection, 7)
    shown = single(whole(connection))
    assert tile(shown, "runner minutes wasted").figure == "100.0 %"
    found = findings(shown)
    assert {each.subject for each in found} & {"costing", "wasting"} == found_too
    assert "the jobs are free" in not_found(shown, found)


def test_what_half_of_the_jobs_do_not_show_is_not_found_so_far(connection: Connection) -> None:
    runs = [a_run(n, n / 4) for n in range(1, 101)]
    upsert(connection, runs)
    upsert(connection, [a_job(run) for run in runs[:50]])
    known(connection, 7)
    with_jobs(connection, *range(1, 51))
    shown = single(as_stored(connection))
    assert "no kind of runner often keeps jobs waiting for two minutes or more so far" in not_found(
        shown, findings(shown)
    )


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        (6, "no workflow has enough green runs to detect what got slower"),
        (20, "no workflow has enough green runs to detect what got slower"),
        (40, "no workflow became clearly slower in this period"),
    ],
)
def test_a_short_period_has_the_days_before_it_to_compare_with(
    connection: Connection, stored: int, said: str
) -> None:
    upsert(connection, [a_run(n, n) for n in range(1, stored + 1)])
    known(connection, 7)
    shown = single(whole(connection, Period(UNTIL - 7 * DAY, UNTIL)))
    assert said in not_found(shown, findings(shown))


def test_a_slowdown_that_was_mended_is_not_said_never_to_have_been(connection: Connection) -> None:
    upsert(connection, [
        a_run(n, n / 10, seconds=(1_200 if 100 < n < 200 else 600) + n % 20)
        for n in range(1, 500)
    ])  # fmt: skip
    known(connection, 7)
    shown = single(whole(connection))
    (slower,) = (row for row in shown.slower_or_faster if row["change_percent"] > 0)
    assert not slower["is_last"] and slowdowns(shown) == []
    said = "no workflow is clearly slower now, but CI was from 9 Feb to 19 Feb"
    assert said in not_found(shown, findings(shown))
    assert "; CI as before since 19 Feb; " in tile(shown, "push to last check").change


@pytest.mark.parametrize(
    ("levels", "said", "newly"),
    [
        # Half of a slowdown is undone.
        (
            {22: 1_200, 10: 900},
            "went from 10m 00s to 20m 00s (+100 %) on 7 Feb, and has been 15m 00s since 19 Feb; "
            "220 runs since 7 Feb took 28 h longer.",
            "CI +50 % since 7 Feb; ",
        ),
        # Of two slowdowns the second is undone.
        (
            {24: 1_200, 14: 2_400, 6: 1_200},
            "went from 10m 00s to 20m 00s (+100 %) on 5 Feb, and has been 20m 00s since 23 Feb; "
            "240 runs since 5 Feb took 67 h longer.",
            "CI +100 % since 5 Feb; ",
        ),
        # A speed-up is undone.
        (
            {25: 420, 10: 600},
            "went from 7m 00s back to 10m 00s (+43 %) on 19 Feb; "
            "100 runs since then took 5.0 h longer.",
            "CI +43 % since 19 Feb; ",
        ),
        # The larger of two steps is told, and where the smaller one led.
        (
            {24: 1_200, 6: 1_500},
            "went from 10m 00s to 20m 00s (+100 %) on 5 Feb, and has been 25m 00s since 23 Feb; "
            "240 runs since 5 Feb took 45 h longer.",
            "CI +150 % since 5 Feb; ",
        ),
        # What was undone did not cause what came later, however large it was.
        (
            {28: 1_800, 18: 600, 8: 900},
            "went from 10m 00s to 15m 00s (+50 %) on 21 Feb; 80 runs since then took 6.7 h longer.",
            "CI +50 % since 21 Feb; ",
        ),
    ],
)
def test_a_slowdown_is_told_until_it_is_undone(
    connection: Connection, levels: dict[int, int], said: str, newly: str
) -> None:
    runs = []
    for n in range(1, 601):
        level = next((s for d, s in sorted(levels.items()) if n <= 10 * d), 600)
        # Of the same median as the level.
        runs.append(a_run(n, n / 10, level + n % 5 - 2))
    upsert(connection, runs)
    known(connection, 7)
    shown = single(whole(connection))
    assert said in sentence(shown, "slower")
    assert tile(shown, "push to last check").change.startswith(newly)
    assert not any("clearly slower" in each for each in not_found(shown, findings(shown)))


def test_a_slowdown_from_no_time_at_all_is_told(connection: Connection) -> None:
    """Where clocks disagree, a run may seem to end as it begins. No percentage tells its change."""
    upsert(connection, [a_run(n, n / 10, seconds=60 if n <= 100 else 0) for n in range(1, 501)])
    known(connection, 7)
    shown = whole(connection)
    assert "went from 0s to 1m 00s (+1m 00s) on 19 Feb" in sentence(single(shown), "slower")
    assert "+1m 00s since 19 Feb, from 0s to 1m 00s" in one_page(shown)


def test_what_slowed_a_workflow_may_have_been_merged_since_its_last_run(
    connection: Connection,
) -> None:
    """Its pull requests run on weekdays alone; they are slower from a Monday on, 23 February."""
    of = {"event_type": "pull_request", "branch": "feature"}
    made = (a_run(n, n / 10, seconds=(1_200 if n < 70 else 600) + n % 20, **of)
            for n in range(1, 500))  # fmt: skip
    upsert(connection, [run for run in made if run.created_at.weekday() < 5])
    known(connection, 7)
    (found,) = (each for each in findings(single(whole(connection))) if each.subject == "slower")
    assert "".join(map(str, found.advice)) == "Look at what was merged from 20 Feb to 23 Feb."


def test_the_commits_of_a_slowdown_after_a_pause_are_named(connection: Connection) -> None:
    """Nothing ran for four weeks, and the runs since are slower."""
    for first, days_ago, seconds in ((1, 40, 600), (500, 0, 1_200)):
        upsert(connection, [
            a_run(first + n, days_ago + n / 9, seconds + n % 9) for n in range(1, 90)
        ])  # fmt: skip
    known(connection, 7)
    (found,) = (each for each in findings(single(whole(connection))) if each.subject == "slower")
    assert "".join(map(str, found.advice)) == "Look at the commits after c2 up to c589."


def test_the_commits_of_the_default_branch_tell_what_slowed_pull_requests(
    connection: Connection,
) -> None:
    for first, changes in ((0, {"event_type": "pull_request", "branch": "f"}), (1_000, {})):
        # More runs of pull requests, so that their slowdown is the one that is told.
        every = 6 if first else 10
        seconds = [(1_200 if n < 10 * every else 600) + n % 9 for n in range(60 * every)]
        runs = [a_run(first + n, n / every, took, **changes) for n, took in enumerate(seconds)]
        upsert(connection, runs[1:])
    known(connection, 7)
    (found,) = (each for each in findings(single(whole(connection))) if each.subject == "slower")
    assert found.about["branch_class"] == "pull_request"
    assert "".join(map(str, found.advice)) == "Look at the commits after c1060 up to c1059."


def test_a_green_run_that_failed_when_it_was_run_again_is_not_denied(
    connection: Connection,
) -> None:
    first = a_run(1, 10)
    again = a_run(1, 9, run_attempt=2, created_at=first.created_at, conclusion="failure")
    upsert(connection, [first, again, a_run(2, 8)])
    known(connection, 7)
    shown = single(whole(connection))
    assert "no run failed at the first attempt" in not_found(shown, findings(shown))
    assert tile(shown, "green in the end").figure == "50.0 %"


@pytest.mark.parametrize("listed", [1, 9])
def test_no_question_about_jobs_hides_that_few_are_stored(
    connection: Connection, listed: int
) -> None:
    """Whichever view it reads: of one attempt in ten it has no answer, of nine it says so."""
    runs = [a_run(n, n / 2) for n in range(1, 11)]
    upsert(connection, runs)
    upsert(connection, [a_job(run) for run in runs])
    known(connection, 7)
    with_jobs(connection, *range(1, 1 + listed))
    of_jobs = {
        *("approvals", "concurrency", "critical_jobs", "failing_jobs", "queue_times", "rounding"),
        *("runner_cost", "runners_by_hour", "slowest_jobs", "wasted_minutes", "what_if"),
    }
    for name in sorted(of_jobs):
        answer = with_coverage(connection, ask(connection, name, MONTH.scope()))
        assert answer.coverage is not None
        (lack,) = (each for each in answer.coverage.lacks if "of 10 attempts" in each)
        assert lack.startswith("no answer: " if listed == 1 else "incomplete: "), name
        assert not answer.rows or listed == 9, name


def test_waiting_is_compared_only_if_the_jobs_of_both_periods_are_stored(
    connection: Connection,
) -> None:
    runs = [a_run(n, n / 2) for n in range(1, 121)]
    upsert(connection, runs)
    upsert(connection, [a_job(run) for run in runs])
    known(connection, 7)
    for listed, change, verdict in (
        (120, "±0 % like for like", "no clear change"),
        (110, "change not known", "not comparable"),
    ):
        connection.execute("update workflow_runs set jobs_listed_at = null")
        with_jobs(connection, *range(1, 1 + listed))
        found = tile(single(as_stored(connection)), "wait for a runner")
        assert found.change.startswith(change)
        trend = with_coverage(connection, ask(connection, "trend", MONTH.scope()))
        verdicts = {(row["figure"], row["verdict"]) for row in trend.rows}
        assert verdicts >= {("queue", verdict), ("time", "no clear change")}


def test_the_number_of_runs_is_one_figure_wherever_it_stands(connection: Connection) -> None:
    """Eight runs are whole, the first attempts of two are not stored."""
    runs = [a_run(n, n / 2, run_attempt=2 if n > 8 else 1) for n in range(1, 11)]
    upsert(connection, runs)
    known(connection, 7)
    shown = whole(connection)
    assert [each.figure for each in tiles(single(shown)) if each.name == "runs"] == ["10"]
    (said,) = as_data(shown)["repositories"]
    (of_all,) = (each for each in totals(shown, organisation(shown)) if each.name == "runs")
    assert (said["runs"], of_all.figure) == (10, "10")
    (page, *_) = pages(shown)
    assert "<td>10</td>" in pages(shown)[page]


def test_what_has_not_failed_for_ninety_days_is_known_for_ninety_days(
    connection: Connection,
) -> None:
    """The jobs of the last 30 days are stored; before, most are not, and one of these failed."""
    runs = [a_run(n, n / 2, conclusion="success" if n < 120 else "failure") for n in range(1, 161)]
    upsert(connection, runs)
    upsert(connection, [a_job(run) for run in runs if run.github_run_id < 60])
    known(connection, 7)
    with_jobs(connection, *range(1, 60))
    answer = with_coverage(connection, ask(connection, "never_failed", MONTH.scope()))
    assert not answer.rows and answer.coverage is not None
    assert answer.coverage.lacks[0].startswith("no answer: jobs of 59 of 160 attempts are stored")
    # What is of the period alone lacks one.
    answer = with_coverage(connection, ask(connection, "rounding", MONTH.scope()))
    assert answer.coverage is not None
    assert answer.coverage.lacks[0].startswith("incomplete: jobs of 59 of 60 attempts are stored")


def test_what_became_slower_before_the_period_is_not_said_to_be_as_fast_as_before(
    connection: Connection,
) -> None:
    """It did a day before the period, so that its time is worse and no finding is about it."""
    runs = [a_run(n, n / 10, 900 if n <= 310 else 600) for n in range(1, 601)]
    upsert(connection, runs)
    known(connection, 7)
    shown = single(whole(connection))
    assert tile(shown, "push to last check").kind == "worse"
    said = not_found(shown, findings(shown))
    longer = "but commits wait longer for their last check than in the one before"
    assert f"no workflow became clearly slower in this period, {longer}" in said
    connection.execute("update workflow_runs set duration_seconds = 900, "
                       "completed_at = started_at + interval '900 seconds'")  # fmt: skip
    assert not any("longer" in each for each in not_found(single(whole(connection)), []))


def test_a_run_that_failed_in_the_end_is_not_said_never_to_have_failed(
    connection: Connection,
) -> None:
    """Its earlier attempts are not stored, so that no first attempt is known to have failed."""
    upsert(connection, [a_run(1, 1, run_attempt=3, conclusion="failure")])
    known(connection, 7)
    shown = single(whole(connection))
    assert [each.subject for each in findings(shown)] == ["red"]
    (said,) = (each for each in not_found(shown, findings(shown)) if "is known to" in each)
    first = "the first attempt of 1 run"
    assert said == f"no run is known to have failed at the first attempt, without {first}"
