"""GitHub's bill compared with the stored jobs: each planted cause, to the last digit."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from support.clients import client
from support.commands import Finished, Launcher, assert_one_sentence
from support.paths import ROOT
from support.rows import workflow_job, workflow_run
from support.worlds.bill import Month, billing_items, month_of_bills, usage_report

from telemetry import TelemetryError
from telemetry.database.bill import Bill, bill, load_report, other_owners, span
from telemetry.database.connection import Connection, open_connection
from telemetry.database.prices import load_runner_prices
from telemetry.database.questions import Scope
from telemetry.database.upserts import upsert
from telemetry.github.errors import RateLimited
from telemetry.rows.prices import RunnerLabel, RunnerPrice
from telemetry.runs.bill import fetch_month
from telemetry.runs.ingest import ingest
from telemetry.runs.request import Tools, Wanted
from telemetry.settings import UsageError
from telemetry.simulated.faults import primary_limit
from telemetry.simulated.server import Simulator
from telemetry.summaries.bill import bill_text
from telemetry.terminal import Screen

NOW = datetime(2026, 10, 31, 23, 30, tzinfo=UTC)
OCTOBER = Scope(*span(date(2026, 10, 1), date(2026, 10, 31)))
Row = dict[str, Any]
CAUSES = (
    "free rule",
    "included minutes",
    "larger-runner discount",
    "rounding",
    "job without a label",
    "run not stored",
    "job still pending",
    "storage",
    "not Actions",
)


class Planted(NamedTuple):
    """A month of jobs, ingested, beside the month with the truth."""

    connection: Connection
    month: Month


@pytest.fixture(scope="module")
def planted(new_database: Callable[[str], str], migrated: str) -> Iterator[Planted]:
    month = month_of_bills(3, NOW)
    with (
        open_connection(new_database(migrated)) as connection,
        client(Simulator(month.world)) as github,
    ):
        load_runner_prices(connection)
        wanted = Wanted(since="all", horizon=NOW - timedelta(days=180))
        list(ingest(Tools(connection, github, wanted, 4), month.listed))
        yield Planted(connection, month)


def loaded(planted: Planted, folder: Path) -> Bill:
    path = folder / "usage.csv"
    path.write_text(usage_report(planted.month.lines), encoding="utf-8")
    load_report(planted.connection, path, NOW)
    return bill(planted.connection, OCTOBER)


def by_item(found: Bill) -> dict[str, Decimal]:
    return {row["item"]: row["usd"] for row in found.causes.rows}


def test_each_cause_has_the_dollars_that_were_planted(planted: Planted, tmp_path: Path) -> None:
    found = loaded(planted, tmp_path)
    dollars = by_item(found)
    assert {cause: dollars[cause] for cause in CAUSES} == planted.month.truth
    assert all(planted.month.truth.values())
    page = (ROOT / "docs" / "accuracy.md").read_text(encoding="utf-8")
    for item, usd in dollars.items():
        assert f"| {item} | {usd:.4f} |" in page
    assert dollars["unexplained"] == 0
    assert not found.unexplained


def test_the_jobs_and_the_causes_add_up_to_what_github_bills(
    planted: Planted, tmp_path: Path
) -> None:
    dollars = by_item(loaded(planted, tmp_path))
    billed = sum(line.net_amount for line in planted.month.lines)
    first = dollars.pop("stored jobs by the price list")
    assert dollars.pop("billed by GitHub") == billed == first + sum(dollars.values())
    cost = "select sum(list_cost_usd) as cost from job_costs where sku is not null"
    (row,) = planted.connection.execute(cost).fetchall()
    assert row["cost"] == first + dollars["free rule"]


def test_a_line_too_many_and_one_too_few_are_unexplained(planted: Planted, tmp_path: Path) -> None:
    lines = list(planted.month.lines)
    (number, doubled) = next(
        (number, line)
        for number, line in enumerate(lines)
        if (line.sku, line.repository) == ("windows", "app")
    )
    lines[number] = replace(
        doubled,
        quantity=doubled.quantity + 50,
        gross_amount=doubled.gross_amount + Decimal("0.5"),
        net_amount=doubled.net_amount + Decimal("0.5"),
    )
    gone = next(
        number
        for number, line in enumerate(lines)
        if (line.sku, line.repository) == ("macos_l", "app")
    )
    missing = lines.pop(gone)
    found = loaded(Planted(planted.connection, replace(planted.month, lines=lines)), tmp_path)
    rows = {row["sku"]: row["unexplained_usd"] for row in found.unexplained}
    assert rows["windows"] == Decimal("0.5")
    assert rows["macos_l"] < 0 and abs(rows["macos_l"]) <= missing.gross_amount
    assert sum(rows.values()) == by_item(found)["unexplained"]


def test_the_billing_api_gives_the_same_bill_by_repository(planted: Planted) -> None:
    items = billing_items(planted.month.lines)
    simulator = Simulator(planted.month.world, billing={"acme": items})
    with client(simulator) as github:
        month = fetch_month(planted.connection, github, "acme", date(2026, 10, 1))
    assert (month.source, month.lines) == ("billing API", len(items))
    dollars = by_item(bill(planted.connection, OCTOBER))
    assert dollars["billed by GitHub"] == sum(line.net_amount for line in planted.month.lines)
    for cause in ("run not stored", "storage", "not Actions", "larger-runner discount"):
        assert dollars[cause] == planted.month.truth[cause]
    assert dollars["unexplained"] == 0


def test_a_bill_that_the_token_may_not_read_says_which_permission_it_needs(
    planted: Planted,
) -> None:
    with (
        client(Simulator(planted.month.world)) as github,
        pytest.raises(TelemetryError, match=r"acme: .*\(404\).*Administration: read.*FILE="),
    ):
        fetch_month(planted.connection, github, "acme", date(2026, 10, 1))


def test_a_bill_behind_a_rate_limit_says_nothing_of_permissions(planted: Planted) -> None:
    spent = primary_limit(NOW + timedelta(hours=1))
    simulator = Simulator(planted.month.world, fault=lambda request, number: spent)
    with client(simulator) as github, pytest.raises(RateLimited, match="rate limit reached"):
        fetch_month(planted.connection, github, "acme", date(2026, 10, 1))


HEADER = (
    "date,product,sku,quantity,unit_type,applied_cost_per_quantity,gross_amount,discount_amount,"
    "net_amount,username,organization,repository,workflow_path,cost_center_name"
)
LINE = "2026-01-05,actions,actions_linux,{},minutes,0.006,{},0,{},dev-1,acme,app,{},"
CI = ".github/workflows/ci.yml"
OF_LINES = Scope(*span(date(2026, 1, 5), date(2026, 1, 5)))


def line(minutes: int, path: str = CI) -> str:
    gross = minutes * Decimal("0.006")
    return LINE.format(minutes, gross, gross, path)


def load(connection: Connection, folder: Path, *lines: str, encoding: str = "utf-8") -> Bill:
    path = folder / "usage.csv"
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    found = load_report(connection, path, NOW)
    return bill(connection, Scope(*span(found.first_day, found.last_day)))


def store_job(connection: Connection, minutes: int = 9) -> None:
    """Store one run of acme/app with one job of these minutes, on the day of the lines."""
    at = datetime(2026, 1, 5, 8, tzinfo=UTC)
    times = {"started_at": at, "completed_at": at + timedelta(minutes=minutes, seconds=-20)}
    upsert(connection, [workflow_run(is_private=True, **times)])
    upsert(connection, [workflow_job(**times)])
    connection.execute("update workflow_runs set jobs_listed_at = completed_at")
    connection.execute(
        "insert into repositories (repository_id, repository, api_host) "
        "values (7, 'acme/app', 'api.github.com')"
    )
    connection.execute(
        "insert into windows (repository_id, created_from, created_to, reported, seen, "
        "is_complete, listed_at) "
        "values (7, '2026-01-01Z', '2026-02-01Z', 1, 1, true, '2026-02-01Z')"
    )
    load_runner_prices(connection)


def test_two_minutes_more_than_any_cause_allows_are_unexplained(
    connection: Connection, tmp_path: Path
) -> None:
    store_job(connection)
    dollars = by_item(load(connection, tmp_path, HEADER, line(11)))
    assert (dollars["rounding"], dollars["unexplained"]) == (0, Decimal("0.012"))
    dollars = by_item(load(connection, tmp_path, HEADER, line(9)))
    assert not any(dollars[cause] for cause in (*CAUSES, "unexplained"))


def test_a_runner_that_another_company_bills_is_not_on_githubs_bill(
    connection: Connection, tmp_path: Path
) -> None:
    store_job(connection)
    at = datetime(2026, 1, 5, 8, tzinfo=UTC)
    times = {"started_at": at, "completed_at": at + timedelta(minutes=5)}
    label = {"labels": ["their-4-cores"], "runner_group_name": "Default"}
    upsert(connection, [workflow_job(job_id=12, **times, **label)])
    upsert(connection, [RunnerLabel("their-4-cores", "theirs")])
    upsert(connection, [RunnerPrice("theirs", date(2026, 1, 1), Decimal("0.004"))])
    (cost,) = connection.execute("select sum(list_cost_usd) as usd from job_costs").fetchall()
    assert cost["usd"] == 9 * Decimal("0.006") + 5 * Decimal("0.004")
    found = load(connection, tmp_path, HEADER, line(9))
    assert by_item(found)["stored jobs by the price list"] == 9 * Decimal("0.006")
    assert not found.unexplained
    # If GitHub bills them after all, the two are compared.
    theirs = line(5).replace("actions_linux", "actions_theirs")
    dollars = by_item(load(connection, tmp_path, HEADER, line(9), theirs))
    assert dollars["stored jobs by the price list"] == cost["usd"]


def test_a_standard_runner_with_prices_of_the_user_is_on_githubs_bill(
    connection: Connection, tmp_path: Path
) -> None:
    """The user's list is a copy of ours, so that no price of ours is left; GitHub bills nothing."""
    store_job(connection)
    connection.execute("update runner_prices set is_shipped = false")
    other = line(5).replace("actions_linux", "actions_windows")
    dollars = by_item(load(connection, tmp_path, HEADER, other))
    assert dollars["stored jobs by the price list"] == 9 * Decimal("0.006")


@pytest.mark.parametrize("quantity", [5, 0, -5])
def test_a_credit_is_no_run_that_is_not_stored(
    connection: Connection, tmp_path: Path, quantity: int
) -> None:
    store_job(connection)
    credit = LINE.format(quantity, "-0.03", "-0.03", "").replace(",app,", ",,")
    dollars = by_item(load(connection, tmp_path, HEADER, line(9), credit))
    assert (dollars["run not stored"], dollars["unexplained"]) == (0, Decimal("-0.03"))
    assert dollars["billed by GitHub"] == Decimal("0.024")


def test_less_than_a_cent_is_not_shown_as_nothing(connection: Connection, tmp_path: Path) -> None:
    store_job(connection, 1)
    found = load(connection, tmp_path, HEADER, line(2, "other.yml").replace("0.012", "0.0002"))
    said = bill_text(found)
    assert said.startswith("GitHub bills 0.0002; -0.0060 is unexplained; US dollars.")
    assert re.search(r"^2026-01  unexplained +-0.0060 ", said, re.MULTILINE)
    assert re.search(r"^2026-01  storage +0.00 ", said, re.MULTILINE)


def test_a_newer_report_of_a_day_replaces_the_older(connection: Connection, tmp_path: Path) -> None:
    load(connection, tmp_path, HEADER, line(5), line(2, "other.yml"))
    load(connection, tmp_path, HEADER, line(3), line(4))
    stored = connection.execute("select workflow_path, quantity, lines from billed_usage")
    assert [tuple(row.values()) for row in stored] == [(CI, 7, 2)]


def test_a_reports_days_are_covered_between_its_first_and_its_last(
    connection: Connection, tmp_path: Path
) -> None:
    store_job(connection)
    before, after = (
        line(1).replace("2026-01-05", day).replace(",app,", ",other,")
        for day in ("2026-01-04", "2026-01-06")
    )
    dollars = by_item(load(connection, tmp_path, HEADER, before, after))
    assert dollars["unexplained"] == -9 * Decimal("0.006")
    assert dollars["run not stored"] == 2 * Decimal("0.006")


@pytest.mark.parametrize(
    "lines",
    [
        ["\ufeff" + HEADER, line(9)],
        [
            "workflow_path,usage_at,new_column,product,sku,quantity,unit_type,"
            "applied_cost_per_quantity,gross_amount,discount_amount,net_amount,organization,"
            "repository_name",
            f"{CI}@refs/heads/main,2026-01-05T00:00:00Z,x,Actions,Actions Linux,9.0,Minutes,0.006,"
            "5.4e-2,0,0.054,Acme,acme/app",
        ],
        [
            "Date,Product,SKU,Quantity,Unit Type,Price Per Unit ($),Multiplier,Owner,"
            "Repository Slug,Username,Actions Workflow,Notes",
            f"2026-01-05,Actions,Compute - UBUNTU,9,minute,0.006,1.0,acme,app,dev-1,{CI},",
        ],
    ],
    ids=["byte order mark", "other order, names and spellings", "older report"],
)
def test_other_forms_of_the_report_give_the_same_bill(
    connection: Connection, tmp_path: Path, lines: list[str]
) -> None:
    store_job(connection)
    dollars = by_item(load(connection, tmp_path, *lines))
    assert dollars["stored jobs by the price list"] == dollars["billed by GitHub"]
    assert not any(dollars[cause] for cause in (*CAUSES, "unexplained"))


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "is empty"),
        (["name,price", "a,1"], ":1: the header has no date"),
        ([HEADER], ":1: it has no lines"),
        ([HEADER, line(1), "2026-01-05,actions"], ":3: it does not have 14 values"),
        ([HEADER, line(1) + ",more"], ":2: it does not have 14 values"),
        ([HEADER, line(1).replace("2026-01-05", "05.01.2026")], ":2: date is '05.01.2026'"),
        ([HEADER, line(1).replace(",1,minutes", ",one,minutes")], ":2: quantity is 'one'"),
        ([HEADER, line(1).replace("0.006,0.006", "nan,0.006")], "applied_cost_per_quantity is"),
        ([HEADER, line(1).replace("dev-1,acme,app", ",,")], "neither an organization nor a user"),
        ([HEADER, '"2026-01-05,actions'], "unexpected end of data"),
        ([HEADER.replace("net_amount", "net")], "the header has no net_amount"),
        ([HEADER + ",Date", line(1) + ",1"], "the header has 'Date' twice"),
        ([HEADER.replace("_amount", "_amount (EUR)"), line(1)], "the header has no gross_amount"),
        ([HEADER, line(1).replace("2026-01-05", "9999-12-31")], ":2: the day is 9999-12-31"),
        ([HEADER, line(1).replace("2026-01-05", "0001-01-01")], ":2: the day is 0001-01-01"),
    ],
)
def test_a_line_that_cannot_be_read_is_named_and_nothing_is_stored(
    connection: Connection, tmp_path: Path, lines: list[str], said: str
) -> None:
    with pytest.raises(UsageError, match=re.escape(said)):
        load(connection, tmp_path, *lines)
    assert not connection.execute("select 1 from billed_days").fetchall()


def test_a_file_in_another_encoding_is_refused(connection: Connection, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not UTF-8"):
        load(connection, tmp_path, HEADER, line(1), encoding="utf-16")


def test_a_device_is_not_read_for_ever(connection: Connection) -> None:
    with pytest.raises(UsageError, match="/dev/zero:1: "):
        load_report(connection, Path("/dev/zero"), NOW)


@pytest.mark.scenario
def test_the_command_loads_a_report_and_asks_it_again(
    dsn: str, connection: Connection, launcher: Launcher, tmp_path: Path
) -> None:
    store_job(connection)
    path = tmp_path / "usage.csv"
    path.write_text(f"{HEADER}\n{line(9)}\n{line(11)}\n", encoding="utf-8")

    def run(*arguments: object) -> Finished:
        return launcher.run("bill", *arguments, environ={"DATABASE_URL": dsn})

    assert_one_sentence(run(), 2, "no usage report is stored", "FILE=")
    assert_one_sentence(run("--month", "2026-01"), 2, "MONTH goes together with ORG")
    assert_one_sentence(run("--file", tmp_path / "other.csv"), 2, "other.csv", "No such file")
    done = run("--file", path)
    assert done.returncode == 0, done.stderr
    assert "2 lines of a usage report (detailed report) loaded: acme, 2026-01-05" in done.stderr
    assert done.stdout.startswith("GitHub bills 0.12; 0.07 is unexplained; US dollars.")
    assert f"2026-01-05  acme/app    {CI}" in done.stdout
    found = json.loads(run("--json").stdout)
    assert found["unexplained"][0]["unexplained_usd"] == 0.066
    assert {row["item"]: row["usd"] for row in found["causes"]}["billed by GitHub"] == 0.12
    assert "2026-01,unexplained,0.066,1" in run("--csv", "--since", "2026-01-05").stdout
    connection.execute("update retention set keep = '1 day'")
    done = run("--file", path, "--since", "2026-02-01")
    assert "note: SINCE is not read with FILE" in done.stderr
    # As for an ingest of all its repositories, in .env.
    done = run("--file", path, "--org", "acme")
    assert done.returncode == 0 and "note: ORG is not read without MONTH" in done.stderr
    assert "are older than this database keeps; prune deletes them" in done.stderr
    connection.execute("update retention set keep = 'forever'")
    assert "older than" not in run("--file", path).stderr
    assert done.stdout.startswith("GitHub bills 0.12; ")


def test_several_months_and_accounts_are_distinguished(
    connection: Connection, tmp_path: Path
) -> None:
    store_job(connection)
    other = line(4).replace("2026-01-05", "2026-02-03").replace(",acme,app,", ",Umbrella,lab,")
    found = load(connection, tmp_path, HEADER, line(9), other)
    dollars = {(row["month"], row["item"]): row["usd"] for row in found.causes.rows}
    assert dollars["2026-01", "billed by GitHub"] == Decimal("0.054")
    assert dollars["2026-01", "run not stored"] == 0
    assert dollars["2026-02", "run not stored"] == Decimal("0.024")
    assert not any(usd for (_, item), usd in dollars.items() if item == "unexplained")
    of_app = bill(connection, Scope(*span(date(2026, 1, 1), date(2026, 2, 28)), [7]))
    assert by_item(of_app)["billed by GitHub"] == Decimal("0.054")


def test_other_accounts_of_the_same_days_are_named(connection: Connection, tmp_path: Path) -> None:
    path = tmp_path / "usage.csv"
    path.write_text(f"{HEADER}\n{line(1).replace(',acme,app,', ',Umbrella,lab,')}\n")
    assert other_owners(connection, load_report(connection, path, NOW)) == []
    path.write_text(f"{HEADER}\n{line(1)}\n")
    assert other_owners(connection, load_report(connection, path, NOW)) == ["umbrella"]


def test_a_summarized_report_is_compared_by_repository(
    connection: Connection, tmp_path: Path
) -> None:
    store_job(connection)
    header = HEADER.replace("username,", "").replace("workflow_path,", "")
    short = "2026-01-05,actions,actions_linux,9,minutes,0.006,0.054,0,0.054,acme,app,"
    dollars = by_item(load(connection, tmp_path, header, short))
    assert dollars["stored jobs by the price list"] == dollars["billed by GitHub"]
    assert not any(dollars[cause] for cause in (*CAUSES, "unexplained"))
    days = connection.execute("select source, has_workflows from billed_days").fetchall()
    assert days == [{"source": "summarized report", "has_workflows": False}]


@pytest.mark.parametrize(
    ("sku", "price", "discount", "cause", "usd"),
    [
        ("actions_linux", "0.006", "0.012", "included minutes", "-0.012"),
        ("actions_linux", "0.005", "0", "unexplained", "-0.009"),
        ("Actions Linux 8-core", "0.022", "0", "unexplained", "0.144"),
    ],
    ids=["discount", "another price", "another kind of runner"],
)
def test_a_discount_is_included_minutes_and_another_price_or_sku_is_unexplained(
    connection: Connection,
    tmp_path: Path,
    sku: str,
    price: str,
    discount: str,
    cause: str,
    usd: str,
) -> None:
    store_job(connection)
    gross = 9 * Decimal(price)
    amounts = f"{price},{gross},{discount},{gross - Decimal(discount)}"
    text = f"2026-01-05,actions,{sku},9,minutes,{amounts},dev-1,acme,app,{CI},"
    found = load(connection, tmp_path, HEADER, text)
    dollars = by_item(found)
    assert dollars[cause] == Decimal(usd)
    assert not any(dollars[other] for other in (*CAUSES, "unexplained") if other != cause)
    assert bool(found.unexplained) == (cause == "unexplained")


def test_what_is_free_by_rule_but_billed_is_unexplained(
    connection: Connection, tmp_path: Path
) -> None:
    store_job(connection)
    connection.execute("update workflow_runs set is_private = false")
    free = LINE.format(9, "0.054", "0.000", CI).replace("0.054,0,0.000", "0.054,0.054,0")
    dollars = by_item(load(connection, tmp_path, HEADER, free))
    assert (dollars["free rule"], dollars["unexplained"]) == (Decimal("-0.054"), 0)
    dollars = by_item(load(connection, tmp_path, HEADER, line(9)))
    assert (dollars["free rule"], dollars["unexplained"]) == (Decimal("-0.054"), Decimal("0.054"))


def test_lines_that_cancel_each_other_out_are_shown(connection: Connection, tmp_path: Path) -> None:
    store_job(connection)
    next_day = line(9).replace("2026-01-05", "2026-01-06")
    upsert(connection, [workflow_run(github_run_id=2, created_at=datetime(2026, 1, 6, tzinfo=UTC))])
    connection.execute("update workflow_runs set started_at = created_at, jobs_listed_at = now()")
    start = line(1, "other.yml").replace("2026-01-05", "2026-01-04").replace(",app,", ",lab,")
    found = load(connection, tmp_path, HEADER, start, next_day)
    amounts = [row["unexplained_usd"] for row in found.unexplained]
    assert sorted(amounts) == [Decimal("-0.054"), Decimal("0.054")]
    assert by_item(found)["unexplained"] == 0
    said = bill_text(found)
    assert "0.00 is unexplained in the sum, but not line by line" in said
    assert "acme/app: the lines of 2026-01-05 and 2026-01-06 cancel each other out" in said
    narrow = bill_text(found, Screen(50)).splitlines()
    assert [each for each in narrow if len(each) > 50] == []


def test_lines_of_two_names_that_cancel_each_other_out_may_be_one_repository(
    connection: Connection, tmp_path: Path
) -> None:
    store_job(connection)
    found = load(connection, tmp_path, HEADER, line(9, "other.yml"))
    (row,) = found.unexplained
    former = {**row, "repository": "acme/former", "unexplained_usd": -row["unexplained_usd"]}
    said = bill_text(replace(found, unexplained=[row, former]))
    assert "acme/app and acme/former: their lines of 2026-01-05 cancel each other out" in said
    other_day = {**former, "usage_date": date(2026, 1, 9)}
    assert "cancel" not in bill_text(replace(found, unexplained=[row, other_day]))


def test_a_line_under_a_name_that_is_known_to_be_former_is_compared_with_the_jobs(
    connection: Connection, tmp_path: Path
) -> None:
    store_job(connection)
    former = line(9).replace(",app,", ",Former,")
    for seen_on, name, is_of_app in (
        ("2026-01-06", "acme/former", True),
        ("2026-01-04", "acme/former", False),  # renamed before: what it is called now is not known
        ("2026-01-06", "other/former", False),
    ):
        connection.execute("delete from former_names")
        connection.execute("insert into former_names values (%s, 7, %s)", [name, f"{seen_on}Z"])
        dollars = by_item(load(connection, tmp_path, HEADER, former))
        not_stored = 0 if is_of_app else Decimal("0.054")
        assert (dollars["run not stored"], dollars["unexplained"]) == (not_stored, -not_stored)
    # Another repository has taken the name.
    connection.execute("update former_names set name = 'acme/former'")
    assert by_item(bill(connection, OF_LINES))["unexplained"] == 0
    connection.execute("insert into repositories values (8, 'Acme/Former', 'api.github.com')")
    assert by_item(bill(connection, OF_LINES))["unexplained"] == Decimal("-0.054")


def test_a_line_under_the_former_name_of_a_repository_is_named_with_its_jobs(
    connection: Connection, tmp_path: Path
) -> None:
    store_job(connection)
    former = line(9).replace(",app,", ",former,")
    found = load(connection, tmp_path, HEADER, former)
    assert by_item(found)["run not stored"] == Decimal("0.054")
    said = bill_text(found)
    assert "acme/app and acme/former: what GitHub bills for the second on 2026-01-05" in said
    assert "renamed" not in bill_text(
        load(connection, tmp_path, HEADER, former.replace(",9,", ",8,"))
    )
