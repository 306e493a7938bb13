"""The page of many repositories: their sums, and which need attention first."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from support.reports import MONTH, a_job, a_run, known

from telemetry.database.connection import Connection
from telemetry.database.prices import load_runner_prices
from telemetry.database.upserts import upsert
from telemetry.report.data import Report
from telemetry.report.findings.all_findings import why_not_healthy
from telemetry.report.findings.organisation import organisation, totals
from telemetry.report.formats.html_report import INDEX, one_page, pages
from telemetry.report.formats.json_report import as_data
from telemetry.report.formats.markdown_report import summary
from telemetry.report.reading import report
from telemetry.rows.runs import WorkflowRun

MANY = range(101, 121)
RED, SLEEPING = 103, 120


def run_of(repository: int, days_ago: float, **changes: Any) -> WorkflowRun:
    of_repository = {
        "repository_id": repository,
        "repository": f"acme/r{repository}",
        "workflow_id": repository,
        "workflow_name": "CI",
    }
    number = 1_000 * repository + round(10 * days_ago)
    return a_run(number, days_ago, **of_repository, **changes)


def with_jobs(connection: Connection, runs: Sequence[WorkflowRun]) -> None:
    connection.execute(
        "update workflow_runs set jobs_listed_at = updated_at where github_run_id = any(%(ids)s)",
        {"ids": [run.github_run_id for run in runs]},
    )


@pytest.fixture
def many(connection: Connection) -> Report:
    """Twenty repositories, of which one is red and one had no run in the month."""
    load_runner_prices(connection)
    for repository in MANY:
        if repository == SLEEPING:
            runs = [run_of(repository, 50)]
        else:
            runs = [run_of(repository, number, branch="main", event_type="push")
                    for number in range(1, 6)]  # fmt: skip
        if repository == RED:
            runs += [
                run_of(repository, 0.5, branch="main", event_type="push", conclusion="failure")
            ]
        upsert(connection, runs)
        upsert(connection, [a_job(run, labels=["ubuntu-latest"]) for run in runs])
        known(connection, repository)
    connection.execute("update workflow_runs set jobs_listed_at = updated_at")
    return report(connection, MONTH, MONTH.until)


def test_the_repositories_are_sorted_by_what_they_need(many: Report) -> None:
    of = organisation(many)
    assert of.first[0].report.repository == f"acme/r{RED}"
    assert of.first[0].findings[0].subject == "red"
    assert [each.report.repository for each in of.empty] == [f"acme/r{SLEEPING}"]
    everybody = [*of.needing, *of.healthy, *of.empty]
    assert sorted(each.report.repository_id for each in everybody) == list(MANY)


def test_red_repositories_come_by_their_weight_and_unknown_ones_need_nobody(
    connection: Connection, many: Report
) -> None:
    push = {"branch": "main", "event_type": "push"}
    broken = [
        run_of(110, n / 10, conclusion="startup_failure", **push) for n in range(1, 4)
    ]  # No job of theirs took any time.
    upsert(connection, broken)
    connection.execute("update workflow_runs set jobs_listed_at = updated_at")
    connection.execute("update workflow_runs set jobs_listed_at = null where repository_id = 111")
    made = report(connection, MONTH, MONTH.until)
    of = organisation(made)
    assert [each.report.repository_id for each in of.first] == [110, RED]
    assert [each.report.repository_id for each in of.needing] == [110, RED, 111]
    assert totals(made, of)[0].change == (
        "2 with something to do, 1 not known to be healthy, 16 healthy, 1 without runs"
    )
    why = [why_not_healthy(each.report, each.findings) for each in of.needing]
    assert why == ["red", "red", "jobs are missing"]
    assert [why_not_healthy(each.report, each.findings) for each in of.healthy] == [None] * 16
    page = one_page(made)
    assert page.count("<td>red</td>") == 2 and page.count("<td>jobs are missing</td>") == 1


def test_what_is_broken_now_comes_before_what_cost_more(connection: Connection) -> None:
    pull_request = {"event_type": "pull_request", "branch": "feature"}
    failed = [run_of(101, n, conclusion="failure", **pull_request) for n in range(1, 20)]
    nightly = [run_of(102, n, conclusion="failure", event_type="schedule") for n in range(1, 3)]
    upsert(connection, [*failed, *nightly])
    upsert(connection, [a_job(run) for run in failed])
    known(connection, 101, 102)
    connection.execute("update workflow_runs set jobs_listed_at = updated_at")
    of = organisation(report(connection, MONTH, MONTH.until))
    assert [each.acting[0].subject for each in of.first] == ["red", "failing"]


def test_kinds_of_repositories_that_there_are_not_are_not_counted(connection: Connection) -> None:
    upsert(connection, [run_of(101, number) for number in range(1, 3)])
    known(connection, 101)
    made = report(connection, MONTH, MONTH.until)
    repositories, red, *_ = totals(made, organisation(made))
    assert repositories.change == "1 not known to be healthy"
    assert (red.figure, red.change) == ("0", "")


def test_a_repository_that_is_no_longer_watched_is_said_to_be_left_out(
    connection: Connection,
) -> None:
    for repository in (101, 102):
        upsert(connection, [run_of(repository, number) for number in range(1, 3)])
        known(connection, repository)
    connection.execute("update repositories set forgotten_at = now() where repository_id = 102")
    made = report(connection, MONTH, MONTH.until)
    assert totals(made, organisation(made))[0].figure == "1"
    said = "No longer watched, so not included: acme/r102."
    pages_of_one = (one_page(made), summary(made), pages(made)[INDEX], str(as_data(made)))
    assert [said in text for text in pages_of_one] == [True, True, True, False]
    assert as_data(made)["unwatched"] == ["acme/r102"]
    connection.execute("update repositories set forgotten_at = now()")
    nobodys = report(connection, MONTH, MONTH.until)
    for text in (one_page(nobodys), summary(nobodys)):
        assert "No repository is watched." in text
        assert "No longer watched, so not included: acme/r101, acme/r102." in text
    named = report(connection, MONTH, MONTH.until, ["acme/r102"])
    assert len(named.repositories) == 1 and "so not included" not in one_page(named)


def test_the_totals_are_the_sums_of_the_stored_rows(connection: Connection, many: Report) -> None:
    figures = {each.name: each for each in totals(many, organisation(many))}
    since, until = MONTH.since, MONTH.until
    (row,) = connection.execute(
        "select count(distinct github_run_id) as runs from workflow_runs "
        "where created_at >= %s and created_at < %s",
        [since, until],
    )
    assert figures["runs"].figure == str(row["runs"]) == str(5 * 19 + 1)
    (row,) = connection.execute(
        "select sum(ceil(extract(epoch from jobs.completed_at - jobs.started_at) / 60)) as minutes "
        "from workflow_jobs as jobs join workflow_runs as runs using (github_run_id, run_attempt) "
        "where runs.created_at >= %s",
        [since],
    )
    cost = Decimal(row["minutes"]) * Decimal("0.006")
    assert figures["cost of runners"].figure == f"${cost:,.2f}"
    assert figures["workflows red on the default branch"].figure == "1"
    assert figures["workflows red on the default branch"].change == "in 1 repository"


def test_one_page_of_many_shows_no_details_and_says_where_they_are(many: Report) -> None:
    text = one_page(many)
    assert len(text) < 5_000 * len(MANY)
    assert "make report OUT=reports" in text and "How long runs take" not in text
    assert text.index(f"acme/r{RED}") < text.index("acme/r101")
    assert "No run in this period: 1" in text
    made = pages(many)
    assert len(made) == len(MANY) + 1
    assert f'href="acme-r{RED}-{RED}.html"' in made[INDEX]
    assert "How long runs take" in made[f"acme-r{RED}-{RED}.html"]


def test_a_concern_that_many_share_is_one_line(connection: Connection, many: Report) -> None:
    assert "What this report does not know" not in one_page(many)
    connection.execute("delete from ingestions where repository_id <= 112")
    found = one_page(report(connection, MONTH, MONTH.until))
    assert (
        "12 of 20 repositories: no ingest has completed yet: acme/r101, acme/r102, acme/r103 "
        "and 9 more"
    ) in found
    few = one_page(report(connection, MONTH, MONTH.until, ["acme/r101", "acme/r102"]))
    assert "acme/r101: no ingest has completed yet" in few


def test_the_job_summary_of_an_organisation_stays_small(many: Report) -> None:
    text = summary(many)
    assert len(text.encode()) < 100_000
    assert f"1. **acme/r{RED}**: **CI** has been red" in text
    assert "### " not in text


def test_figures_do_not_depend_on_who_else_is_asked_about(
    connection: Connection, many: Report
) -> None:
    for each in (many.repositories[0], many.repositories[2]):
        (alone,) = report(connection, MONTH, MONTH.until, [each.repository]).repositories
        assert vars(alone).keys() == vars(each).keys()
        for name, value in vars(each).items():
            # A share is of all that is asked about.
            if name != "runner_cost":
                assert getattr(alone, name) == value, name


def test_the_sum_of_costs_leaves_out_what_the_row_of_a_repository_does(
    connection: Connection,
) -> None:
    """One has all jobs, the other those of two of six attempts; both cost the same."""
    load_runner_prices(connection)
    for repository, listed in ((7, 6), (8, 2)):
        runs = [run_of(repository, number) for number in range(1, 7)]
        upsert(connection, runs)
        upsert(connection, [a_job(run) for run in runs[:listed]])
        known(connection, repository)
        with_jobs(connection, runs[:listed])
    shown = report(connection, MONTH, MONTH.until)
    (cost,) = (
        each for each in totals(shown, organisation(shown)) if each.name == "cost of runners"
    )
    # Six jobs of ten minutes at 0.006 dollars.
    assert cost.figure == "$0.36"
    assert "; without 1 repository where most jobs are missing; 6 jobs assumed" in cost.change
    assert "; jobs of 8 of 12 attempts are stored" in cost.change
    assert cost.figure in one_page(shown) and "$0.48" not in one_page(shown)


def test_the_sum_of_costs_says_which_jobs_it_leaves_out(connection: Connection) -> None:
    """As the page of a repository does, also if none of its jobs has a price."""
    load_runner_prices(connection)
    for repository, labels in ((7, ["ubuntu-latest"]), (8, ["who-knows"])):
        runs = [run_of(repository, number) for number in range(1, 7)]
        upsert(connection, runs)
        upsert(connection, [a_job(run, labels=labels) for run in runs])
        known(connection, repository)
        with_jobs(connection, runs)
    shown = report(connection, MONTH, MONTH.until)
    (cost,) = (
        each for each in totals(shown, organisation(shown)) if each.name == "cost of runners"
    )
    assert cost.figure == "$0.36"
    assert "; 6 jobs without a price not included" in cost.change
    assert "6 jobs without a price not included" in one_page(shown)


def test_the_overview_marks_what_depends_on_what_is_not_stored(connection: Connection) -> None:
    """As the page of the repository does: its first attempts, its last checks, and its cost."""
    load_runner_prices(connection)
    for repository in (7, 8):
        lacks = repository == 8
        runs = [run_of(repository, n, branch="main", event_type="push", conclusion="success",
                       run_attempt=2 if lacks and n == 2 else 1) for n in range(1, 13)]  # fmt: skip
        upsert(connection, runs)
        upsert(connection, [a_job(run) for run in runs])
        known(connection, repository)
        with_jobs(connection, runs[:-1] if lacks else runs)
    page = pages(report(connection, MONTH, MONTH.until))[INDEX]
    rows = page.split("<tr>")
    whole, partly = (
        next(row for row in rows if f">acme/r{repository}<" in row) for repository in (7, 8)
    )
    assert "≈" not in whole
    for figure in ("100.0 %", "10m 00s", "$0."):
        assert f"≈ {figure}" in partly
    assert "≈: not all that it depends on is stored." in page
