"""Budgets compared with the cost so far and with the forecast of a month."""

import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from support.commands import Launcher
from support.rows import llm_call, workflow_job, workflow_run

from telemetry.database.budget import lines, read_caps
from telemetry.database.connection import Connection
from telemetry.database.prices import load_runner_prices
from telemetry.database.upserts import upsert
from telemetry.rows.prices import Cap
from telemetry.rows.runs import Repository
from telemetry.settings import UsageError
from telemetry.summaries.budget import budget_text

Row = dict[str, Any]


def forecast(kind: str = "runners", subject: str = "all", name: str = "all", **amounts: Any) -> Row:
    values: Row = {"spent_usd": 60, "forecast_usd": 100, "low_usd": 80, "high_usd": 120}
    dollars = {key: value and Decimal(value) for key, value in {**values, **amounts}.items()}
    return {"kind": kind, "subject": subject, "name": name, "unpriced": 0, **dollars}


@pytest.mark.parametrize(
    ("budget", "gate", "is_over"),
    [
        (79, "forecast", True),
        (80, "forecast", False),
        (79, "spent", False),
        (59, "spent", True),
        (60, "spent", False),
    ],
)
def test_a_budget_is_exceeded_by_the_lower_bound_or_by_the_cost_so_far(
    budget: int, gate: str, is_over: bool
) -> None:
    (line,) = lines([Cap("runners", "all", Decimal(budget))], [forecast()], gate)
    assert line.is_over == is_over


def test_what_only_the_forecast_exceeds_is_not_exceeded_yet() -> None:
    """Of 60 spent and at least 80 at the end, as the forecast says."""
    rows = [{**forecast(), "month": "2026-03", "days_left": 3}]
    for budgets, said, states in (
        ((59,), "1 budget of 1 exceeded in 2026-03, 3 days before its end", ["over"]),
        ((79,), "1 budget of 1 likely to be exceeded in 2026-03, 3 days", ["likely over"]),
        (
            (79, 80, 59),
            "1 budget of 3 exceeded and 1 budget of 3 likely to be exceeded in 2026-03, ",
            ["likely over", "within", "over"],
        ),
    ):
        caps = [Cap("runners", "all", Decimal(each)) for each in budgets]
        text = budget_text(lines(caps, rows, "forecast"), rows)
        assert " ".join(text.split()).startswith(said)
        rows_of_table = [line for line in text.splitlines() if line.startswith("runners")]
        assert [re.split("  +", line.strip())[-1] for line in rows_of_table] == states


def test_a_zero_for_which_nothing_is_stored_has_a_note() -> None:
    caps = [Cap(kind, "all", Decimal(500)) for kind in ("runners", "llm")]
    text = budget_text(lines(caps, [], "forecast"), [])
    assert "No cost of runners or LLM calls is stored" in text
    assert text.startswith("Within all budgets; US dollars.")
    text = budget_text(lines(caps, [], "forecast"), [], is_whole=False)
    assert text.startswith("Within all budgets, as far as is stored; US dollars.")
    rows = [{**forecast(), "month": "2026-03", "days_left": 3}]
    assert "No cost" not in budget_text(lines(caps[:1], rows, "spent"), rows)


def test_a_zero_of_free_jobs_says_why_they_are_free() -> None:
    caps = [Cap("runners", "all", Decimal(5))]

    def noted(**amounts: Any) -> bool:
        rows = [{**forecast(**amounts), "month": "2026-03", "days_left": 3}]
        text = " ".join(budget_text(lines(caps, rows, "spent"), rows).split())
        return "No stored job of this month costs anything: jobs in public repositories," in text

    assert noted(spent_usd=0, forecast_usd=0, low_usd=0, high_usd=0)
    assert not noted() and not noted(spent_usd=0, unpriced=3)
    # On the first of a month nothing may have run.
    assert not noted(spent_usd=0, forecast_usd=40)


def test_budgets_that_overlap_do_not_count_what_has_no_known_cost_twice() -> None:
    caps = [
        Cap("llm", "repository", Decimal(9), name=name)
        for name in ("acme/app", "acme/*", "acme/gone")
    ]
    rows = [
        {**forecast("llm", subject, name), "unpriced": unpriced, "month": "2026-03", "days_left": 3}
        for subject, name, unpriced in (("all", "all", 1_018), ("repository", "acme/app", 6))
    ]
    text = budget_text(lines(caps, rows, "spent"), rows)
    assert "not included: 1,018 LLM calls of this month;" in " ".join(text.split())
    # A command stays on one line, so that it can be copied.
    assert "make query Q=llm_unpriced_models SINCE=2026-03-01 shows which." in text
    priced = [rows[0], {**rows[1], "unpriced": 0}]
    assert "not included" not in budget_text(lines(caps, priced, "spent"), priced)


def test_the_question_about_unpriced_runners_is_not_said_to_show_jobs_of_unknown_length() -> None:
    rows = [{**forecast(), "unpriced": 4, "month": "2026-03", "days_left": 3}]
    caps = [Cap("runners", "all", Decimal(9))]
    text = " ".join(budget_text(lines(caps, rows, "spent"), rows).split())
    assert "Without a known price or length, and so not included: 4 jobs of this month;" in text
    assert "SINCE=2026-03-01 shows those without a price." in text


def test_a_forecast_that_includes_a_new_repository_says_that_its_future_is_not_in_it() -> None:
    caps = [Cap("runners", "all", Decimal(500))]

    def noted(kind: str = "runners", **amounts: Any) -> str:
        new = forecast(kind, "repository", "acme/new", **amounts)
        rows = [{**row, "month": "2026-03", "days_left": 3} for row in (forecast(), new)]
        text = " ".join(budget_text(lines(caps, rows, "spent"), rows).split())
        return text.partition("A forecast needs")[2]

    assert noted(forecast_usd=None).endswith("only what is spent of acme/new counts.")
    assert not noted() and not noted("llm", forecast_usd=None)
    one_week = [{**forecast(high_usd=None), "month": "2026-03", "days_left": 3}]
    assert "its interval two" in budget_text(lines(caps, one_week, "spent"), one_week)
    assert not noted(forecast_usd=None, spent_usd=0)


def test_names_that_nothing_fits_are_named() -> None:
    names = ("acme/app", *(f"acme/ap{n}" for n in range(6)))
    caps = [Cap("runners", "repository", Decimal(9), name=name) for name in names]
    rows = [
        {**forecast("runners", subject, name), "month": "2026-03", "days_left": 3}
        for subject, name in (("all", "all"), ("repository", "acme/app"))
    ]
    text = " ".join(budget_text(lines(caps, rows, "spent"), rows).split())
    assert "check their names: repository acme/ap0, repository acme/ap1," in text
    assert "repository acme/ap4 and 1 more." in text
    assert "check their names" not in budget_text(lines(caps[:1], rows, "spent"), rows)


def test_a_cap_is_for_each_name_that_its_pattern_fits(tmp_path: Path) -> None:
    file = tmp_path / "budgets.csv"
    file.write_text(
        "kind,subject,name,monthly_usd\n"
        "runners,repository,ACME/*,70\n"
        "runners,actor,dependabot[bot],70.5\n"
        "llm,workflow,acme/app / CI,70\n"
        "runners,actor,nobody,1\n",
        encoding="utf-8",
    )
    rows = [
        forecast(),
        forecast(subject="repository", name="acme/app"),
        forecast(subject="repository", name="Acme/site", low_usd=60),
        forecast(subject="repository", name="other/app"),
        forecast(subject="actor", name="dependabot[bot]"),
        forecast(subject="actor", name="dependabotb"),
        forecast(kind="llm", subject="workflow", name="acme/app / CI", forecast_usd=None),
    ]
    found = lines(read_caps(str(file)), rows, "forecast")
    assert [(line.kind, line.name, line.monthly_usd, line.is_over) for line in found] == [
        ("runners", "acme/app", 70, True),
        ("runners", "Acme/site", 70, False),
        ("runners", "dependabot[bot]", Decimal("70.5"), True),
        ("llm", "acme/app / CI", 70, True),
        ("runners", "nobody", 1, False),
    ]
    assert found[-1].spent_usd == 0


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("runner,all,all,5", ":2: kind is 'runner', not one of: runners, llm; fix that line"),
        (
            "runners,team,all,5",
            ":2: subject is 'team', not one of: all, repository, workflow, actor; fix that line",
        ),
        ("runners,all,acme/app,5", ":2: name is 'acme/app', but the subject all has no other"),
        ("runners,actor,,5", ":2: the actor has no name; * stands for any; fix that line"),
        ("runners,all,all,cheap", "monthly_usd is 'cheap', not an amount in US dollars"),
    ],
)
def test_a_wrong_line_of_a_file_of_budgets_is_refused(
    tmp_path: Path, line: str, words: str
) -> None:
    file = tmp_path / "budgets.csv"
    file.write_text(f"kind,subject,name,monthly_usd\n{line}\n", encoding="utf-8")
    with pytest.raises(UsageError) as refused:
        read_caps(str(file))
    assert str(file) in str(refused.value) and words in str(refused.value)


def test_a_budget_for_all_needs_no_name(tmp_path: Path) -> None:
    (file := tmp_path / "budgets.csv").write_text("kind,subject,monthly_usd\nrunners,all,79\n")
    (line,) = lines(read_caps(str(file)), [forecast()], "forecast")
    assert (line.name, line.is_over) == ("all", True)
    file.write_text("kind,subject,name,monthly_usd\nllm,all,,9\nllm,all,all,9\n")
    assert [line.name for line in lines(read_caps(str(file)), [], "forecast")] == ["all", "all"]


@pytest.mark.scenario
def test_make_budget_fails_if_a_budget_is_exceeded(
    dsn: str, connection: Connection, launcher: Launcher, tmp_path: Path
) -> None:
    load_runner_prices(connection)
    start = datetime(2026, 3, 2, 8, tzinfo=UTC)
    for number in range(1, 16):
        at = start + timedelta(days=number)
        times = {"created_at": at, "started_at": at, "completed_at": at + timedelta(hours=10)}
        upsert(connection, [workflow_run(github_run_id=number, is_private=True, **times)])
        upsert(connection, [workflow_job(github_run_id=number, job_id=number, **times)])
    connection.execute("update workflow_runs set jobs_listed_at = completed_at")
    upsert(connection, [llm_call(timestamp=start, estimated_cost=Decimal(3))])

    def run(*arguments: str) -> Any:
        now = ("--now", "2026-03-20T00:00:00Z")
        return launcher.run("budget", *now, *arguments, environ={"DATABASE_URL": dsn})

    # Fifteen days at ten hours, each minute at 0.006 dollars.
    done = run("--monthly", "53", "--monthly-llm", "3", "--gate", "spent")
    assert (done.returncode, done.stderr) == (4, "over budget: runners\n")
    assert done.stdout.startswith("1 budget of 2 exceeded in 2026-03, 12 days before its end")
    done = run("--monthly", "54", "--gate", "spent")
    assert done.returncode == 0 and done.stdout.startswith("Within all budgets in 2026-03, ")
    done = run("--monthly", "54", "--gate", "spent", "--json")
    assert done.returncode == 0
    (line,) = json.loads(done.stdout)["lines"]
    assert (line["spent_usd"], line["is_over"]) == (54.0, False)
    assert line["low_usd"] <= line["forecast_usd"] <= line["high_usd"]
    done = run("--monthly", "5", "--repo", "acme/app")
    assert done.returncode == 2  # no such repository is known, for none was ingested
    done = run()
    assert done.returncode == 2 and "MONTHLY=500" in done.stderr
    (tmp_path / "empty.csv").write_text("kind,subject,name,monthly_usd\n", encoding="utf-8")
    done = run("--budgets", str(tmp_path / "empty.csv"))
    assert done.returncode == 2 and "empty.csv has no line" in done.stderr
    twice = tmp_path / "twice.csv"
    twice.write_text("kind,subject,name,monthly_usd\nllm,all,all,1\nllm,all,all,2\n")
    done = run("--budgets", str(twice), "--gate", "spent")
    assert (done.returncode, done.stderr) == (4, "over budget: llm\n")
    # What lies before NOW counts as what is stored of it.
    upsert(connection, [Repository(7, "acme/app", "api.github.com")])
    connection.execute("update workflow_runs set jobs_listed_at = null where github_run_id > 9")
    done = run("--monthly", "54", "--gate", "spent")
    assert "incomplete: jobs of 9 of 15 attempts are stored" in done.stderr
    # The period of other commands is not the month that a budget is about.
    environ = {"DATABASE_URL": dsn, "TELEMETRY_SINCE": "1d"}
    again = launcher.run(
        "budget", "--now", "2026-03-20T00:00:00Z", "--monthly", "54", "--gate", "spent",
        environ=environ,
    )  # fmt: skip
    assert (again.stdout, again.stderr) == (done.stdout, done.stderr)
