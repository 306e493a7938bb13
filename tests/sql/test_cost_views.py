"""What jobs cost by the price list: each figure computed again in Python, and each trap by hand."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from support.answers import rows_of
from support.history import UNTIL, History, make_history, store
from support.jobs import HOUR, SECOND, executed, rows
from support.rows import CREATED_AT, workflow_job, workflow_run

from telemetry.database.connection import Connection, open_connection
from telemetry.database.prices import PRICES, load_runner_prices, read_prices, unused_runner_prices
from telemetry.database.questions import Scope, ask
from telemetry.database.upserts import Counts, upsert
from telemetry.rows.jobs import WorkflowJob
from telemetry.rows.prices import FreeRun, RunnerLabel, RunnerPrice
from telemetry.rows.runs import Repository
from telemetry.settings import UsageError

# The lists and how they are read.


def listed(sku: str) -> dict[date, Decimal]:
    prices = read_prices(PRICES / "runner_prices.csv", RunnerPrice)
    return {price.effective_from: price.usd_per_minute for price in prices if price.sku == sku}


def shipped() -> int:
    """How many lines the shipped lists have; a price is added without changing a test."""
    kinds = {"runner_prices": RunnerPrice, "runner_labels": RunnerLabel, "free_runs": FreeRun}
    return sum(len(read_prices(PRICES / f"{name}.csv", kind)) for name, kind in kinds.items())


@pytest.mark.parametrize(
    ("sku", "before", "since"),
    [
        ("linux_slim", "0.002", "0.002"),
        ("linux", "0.008", "0.006"),
        ("windows", "0.016", "0.010"),
        ("macos", "0.080", "0.062"),
        ("linux_2_core_advanced", "0.008", "0.006"),
        ("linux_64_core", "0.256", "0.162"),
        ("windows_96_core", "0.768", "0.552"),
        ("linux_2_core_arm", "0.005", "0.005"),
        ("windows_64_core_arm", "0.320", "0.194"),
        ("macos_l", "0.12", "0.077"),
        ("macos_xl", "0.16", "0.102"),
        ("linux_4_core_gpu", "0.07", "0.052"),
        ("windows_4_core_gpu", "0.14", "0.102"),
    ],
)
def test_a_price_is_listed_for_both_sides_of_2026(sku: str, before: str, since: str) -> None:
    both = {date(2020, 1, 1): Decimal(before), date(2026, 1, 1): Decimal(since)}
    assert both.items() <= listed(sku).items()
    assert min(listed(sku)) == date(2020, 1, 1)


def test_standard_arm_runners_have_a_price_since_private_repositories_can_use_them() -> None:
    for sku, price in (("linux_arm", "0.005"), ("windows_arm", "0.010")):
        assert min(listed(sku).items()) == (date(2026, 1, 1), Decimal(price))


def test_no_price_and_no_label_is_listed_twice_and_every_label_has_a_price() -> None:
    prices = read_prices(PRICES / "runner_prices.csv", RunnerPrice)
    labels = read_prices(PRICES / "runner_labels.csv", RunnerLabel)
    assert len({(price.sku, price.effective_from) for price in prices}) == len(prices)
    assert len({label.label for label in labels}) == len(labels)
    assert {label.sku for label in labels} < {price.sku for price in prices}
    assert {label.label: label.sku for label in labels}["macos-15-xlarge"] == "macos_xl"


def test_prices_loaded_again_change_nothing(connection: Connection) -> None:
    assert load_runner_prices(connection) == Counts(inserted=shipped())
    assert load_runner_prices(connection) == Counts(unchanged=shipped())


def test_the_users_own_lines_always_win(connection: Connection, tmp_path: Path) -> None:
    prices, labels = tmp_path / "my prices.csv", tmp_path / "labels.csv"
    prices.write_text(
        "\ufeffusd_per_minute,sku,effective_from\r\n0.0042,Linux,2026-01-01\r\n", encoding="utf-8"
    )
    labels.write_text('label,sku\n"Gpu, Self-Hosted",linux_4_core_gpu\n', encoding="utf-8")
    own = str(prices), str(labels)
    assert load_runner_prices(connection, *own).inserted == shipped() + 1
    assert load_runner_prices(connection, *own) == Counts(unchanged=shipped() + 1)
    found = connection.execute(
        "select usd_per_minute from runner_prices "
        "where sku = 'linux' and effective_from = '2026-01-01'"
    )
    assert found.fetchall() == [{"usd_per_minute": Decimal("0.0042")}]
    found = connection.execute("select sku from runner_labels where label = 'gpu, self-hosted'")
    assert found.fetchall() == [{"sku": "linux_4_core_gpu"}]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sku,usd_per_minute\nlinux,1\n", "1: the header is not sku,"),
        ("linux,2026-01-01\n", "2: it does not have 3 values"),
        ("linux,2026-01-01,0.006,x\n", "2: it does not have 3 values"),
        ("linux,2026-01-01,0.006\n\n,2026-01-01,1\n", "4: sku is '', not a name"),
        ("linux,2026-1-1,0.006\n", "2: effective_from is '2026-1-1', not a date such as"),
        ("linux,2026-02-30,0.006\n", "2: effective_from is '2026-02-30', not a date"),
        ("linux,20260101,0.006\n", "2: effective_from is '20260101', not a date"),
        ("linux,2026-01-01,\n", "2: usd_per_minute is '', not an amount in US dollars"),
        ("linux,2026-01-01,-1\n", "2: usd_per_minute is '-1', not an amount"),
        ("linux,2026-01-01,$0.01\n", "2: usd_per_minute is '$0.01', not an amount"),
        ('linux,2026-01-01,"0,01"\n', "2: usd_per_minute is '0,01', not an amount"),
        ("linux,2026-01-01,nan\n", "2: usd_per_minute is 'nan', not an amount"),
        ('linux,2026-01-01,"0.1\n', "2: unexpected end of data"),
        ("\x1b[31m,\n", "2: it does not have 3 values"),
        ("linux,\x1b[31m,1\n", "2: effective_from is '\\x1b[31m', not a date"),
    ],
)
def test_a_bad_line_is_named_in_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "prices.csv"
    header = "" if not text or text.startswith("sku") else "sku,effective_from,usd_per_minute\n"
    path.write_text(header + text, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        read_prices(path, RunnerPrice)
    assert str(caught.value).startswith(f"{path}:{said}")
    assert str(caught.value).endswith("; fix that line")


def test_a_missing_list_or_one_that_is_not_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file or directory; name a file that exists"):
        read_prices(tmp_path / "none.csv", RunnerPrice)
    path = tmp_path / "prices.csv"
    path.write_bytes(b"sku,effective_from,usd_per_minute\n\xff,2026-01-01,1\n")
    with pytest.raises(UsageError, match="is not UTF-8 text"):
        read_prices(path, RunnerPrice)


def test_a_list_with_a_bad_line_is_not_stored(connection: Connection, tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("label,sku\nmine,linux\nyours,\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"labels\.csv:3: sku"):
        load_runner_prices(connection, own_labels=str(path))
    assert connection.execute("select 1 from runner_labels where label = 'mine'").fetchall() == []


# One job at a time.


@pytest.fixture
def priced(with_prices: Connection) -> Connection:
    upsert(with_prices, [workflow_run()])
    return with_prices


def cost(connection: Connection, seconds: float = 60, **changes: Any) -> dict[str, Any]:
    """The row of job_costs for one job of this length in seconds."""
    values = {"started_at": CREATED_AT, **changes}
    if "completed_at" not in values:
        values["completed_at"] = values["started_at"] + seconds * SECOND
    upsert(connection, [workflow_job(**values)])
    (row,) = connection.execute("select * from job_costs").fetchall()
    return row


@pytest.mark.parametrize(
    ("seconds", "minutes"), [(0, 1), (-1, 1), (1, 1), (59, 1), (60, 1), (61, 2), (120, 2), (121, 3)]
)
def test_the_minutes_of_a_job_are_rounded_up(
    priced: Connection, seconds: float, minutes: int
) -> None:
    row = cost(priced, seconds)
    assert (row["minutes"], row["billable_minutes"]) == (minutes, minutes)
    assert row["list_cost_usd"] == minutes * Decimal("0.006")


def test_each_job_is_rounded_up_and_not_their_sum(priced: Connection) -> None:
    jobs = [
        workflow_job(job_id=i, started_at=CREATED_AT, completed_at=CREATED_AT + 61 * SECOND)
        for i in range(20)
    ]
    upsert(priced, jobs)
    (row,) = priced.execute("select sum(billable_minutes) as minutes from job_costs").fetchall()
    assert row["minutes"] == 40


@pytest.mark.parametrize(
    ("started_at", "price"),
    [
        (datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC), "0.008"),
        (datetime(2026, 1, 1, tzinfo=UTC), "0.006"),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/Los_Angeles"])
def test_a_job_has_the_price_of_the_day_in_utc_on_which_it_started(
    priced: Connection, started_at: datetime, price: str, zone: str
) -> None:
    priced.execute(f"set timezone = '{zone}'")
    assert cost(priced, 300, started_at=started_at)["list_cost_usd"] == 5 * Decimal(price)


def test_a_job_before_the_first_price_of_its_runner_is_unpriced(priced: Connection) -> None:
    started_at = datetime(2025, 12, 31, tzinfo=UTC)
    row = cost(priced, labels=["ubuntu-24.04-arm"], started_at=started_at)
    assert (row["sku"], row["minutes"], row["list_cost_usd"]) == ("linux_arm", 1, None)


@pytest.mark.parametrize(
    "label", ["big-runner", "ubuntu-latest-16-cores", "ubuntu", "windows-latest-l", "ubuntu-99.04"]
)
def test_an_unknown_label_has_no_price_even_if_a_similar_one_has(
    priced: Connection, label: str
) -> None:
    row = cost(priced, 61, labels=[label])
    assert row["label"] == label
    assert row["minutes"] == 2
    assert (row["sku"], row["billable_minutes"], row["list_cost_usd"]) == (None, None, None)


@pytest.mark.parametrize(
    ("label", "sku", "price"),
    [
        ("Ubuntu-Latest", "linux", "0.006"),
        ("ubuntu-slim", "linux_slim", "0.002"),
        ("ubuntu-22.04-arm", "linux_arm", "0.005"),
        ("windows-2022", "windows", "0.010"),
        ("windows-11-arm", "windows_arm", "0.010"),
        ("macos-15-intel", "macos", "0.062"),
        ("macos-latest-large", "macos_l", "0.077"),
        ("macos-14-xlarge", "macos_xl", "0.102"),
    ],
)
def test_a_label_of_github_stands_for_its_runner(
    priced: Connection, label: str, sku: str, price: str
) -> None:
    row = cost(priced, labels=[label])
    assert (row["sku"], row["list_cost_usd"]) == (sku, Decimal(price))


@pytest.mark.parametrize(
    "labels", [["self-hosted"], ["self-hosted", "Linux", "X64"], ["gpu", "Self-Hosted"]]
)
def test_a_self_hosted_runner_is_not_billed_and_not_unpriced(
    priced: Connection, labels: list[str]
) -> None:
    row = cost(priced, 600, labels=labels, runner_group_name="Default")
    assert (row["sku"], row["minutes"], row["billable_minutes"]) == ("self_hosted", 10, 0)
    assert row["list_cost_usd"] == 0


@pytest.mark.parametrize(
    ("page", "sku"),
    [
        ("https://ghes.example/acme/app/actions/runs/1/job/11", "self_hosted"),
        ("http://ghe.com.example/acme/app/actions/runs/1/job/11", "self_hosted"),
        ("https://octo.ghe.com/acme/app/actions/runs/1/job/11", "linux"),
        ("https://github.com/acme/app/actions/runs/1/job/11", "linux"),
        (None, "linux"),
    ],
)
@pytest.mark.parametrize("group", ["Default", None])
def test_every_runner_of_enterprise_server_is_ones_own(
    priced: Connection, page: str | None, sku: str, group: str | None
) -> None:
    row = cost(priced, 600, labels=["ubuntu-latest"], runner_group_name=group, html_url=page)
    assert row["sku"] == (sku if sku == "self_hosted" or group is None else None)
    row = cost(priced, 600, labels=["builders"], runner_group_name=group, html_url=page)
    assert row["sku"] == (sku if sku == "self_hosted" else None)
    upsert(priced, [RunnerLabel("builders", "linux_8_core")])
    row = cost(priced, 600, labels=["builders"], runner_group_name=group, html_url=page)
    assert row["sku"] == "linux_8_core"


def test_a_label_that_only_contains_self_hosted_is_unknown(priced: Connection) -> None:
    assert cost(priced, labels=["not-self-hosted"])["sku"] is None


@pytest.mark.parametrize(
    ("labels", "label"),
    [
        (["n300", "In-Service"], "in-service, n300"),
        ([], "group: my larger runners"),
        (None, "group: my larger runners"),
    ],
)
def test_the_user_says_what_runner_a_label_stands_for(
    priced: Connection, labels: list[str] | None, label: str
) -> None:
    row = cost(priced, labels=labels, runner_group_name="My Larger Runners")
    assert (row["label"], row["sku"]) == (label, None)
    upsert(priced, [RunnerLabel(label, "linux_8_core")])
    row = cost(priced, labels=labels, runner_group_name="My Larger Runners")
    assert (row["sku"], row["list_cost_usd"]) == ("linux_8_core", Decimal("0.022"))


def test_the_user_can_price_their_own_runners(priced: Connection) -> None:
    upsert(priced, [RunnerPrice("self_hosted", date(2026, 1, 1), Decimal("0.001"))])
    row = cost(priced, 600, labels=["self-hosted"])
    assert (row["billable_minutes"], row["list_cost_usd"]) == (0, Decimal("0.010"))
    # Until that day they were free.
    earlier = {"created_at": CREATED_AT - 240 * HOUR, "started_at": CREATED_AT - 240 * HOUR}
    before = cost(priced, labels=["self-hosted"], **earlier, completed_at=CREATED_AT - 239 * HOUR)
    assert (before["list_cost_usd"], row["free_because"]) == (0, None)
    assert before["free_because"] == "a runner of your own"


def test_a_price_of_a_runner_for_which_no_label_stands_is_said(
    connection: Connection, tmp_path: Path
) -> None:
    prices, labels = tmp_path / "prices.csv", tmp_path / "labels.csv"
    lines = ["Linux_8_core", "house", "house", "self_hosted", "linux"]
    dated = [f"{sku},2026-0{number}-01,1" for number, sku in enumerate(lines, 1)]
    prices.write_text("\n".join(["sku,effective_from,usd_per_minute", *dated]), encoding="utf-8")
    load_runner_prices(connection)
    assert unused_runner_prices(connection) is None
    load_runner_prices(connection, str(prices))
    said = unused_runner_prices(connection)
    assert said is not None and "no label stands for house, linux_8_core, so" in said
    labels.write_text("label,sku\nbig,linux_8_core\nours,house\n", encoding="utf-8")
    load_runner_prices(connection, None, str(labels))
    assert unused_runner_prices(connection) is None


@pytest.mark.parametrize(
    "changes", [{"completed_at": None}, {"completed_at": CREATED_AT + 30 * HOUR}]
)
def test_a_job_of_unknown_length_has_neither_minutes_nor_cost(
    priced: Connection, changes: dict[str, Any]
) -> None:
    row = cost(priced, **changes)
    assert row["sku"] == "linux"
    assert (row["minutes"], row["billable_minutes"], row["list_cost_usd"]) == (None, None, None)


def test_a_cancelled_job_that_ran_has_a_cost_and_one_that_did_not_run_is_absent(
    priced: Connection,
) -> None:
    no_runner: dict[str, Any] = {"runner_id": None, "runner_name": None, "labels": []}
    upsert(
        priced,
        [
            workflow_job(job_id=1, is_inherited=True),
            workflow_job(job_id=2, is_pseudo=True, **no_runner),
            workflow_job(job_id=3, conclusion="skipped", **no_runner),
            workflow_job(job_id=4, conclusion="cancelled", **no_runner),
        ],
    )
    assert cost(priced, 90, conclusion="cancelled")["list_cost_usd"] == Decimal("0.012")


def test_recorded_jobs_are_priced_by_their_labels(priced: Connection, recorded: Path) -> None:
    names = sorted(path.stem for path in (recorded / "github").glob("body_jobs__*.json"))
    jobs = {(job.run_attempt, job.job_id): job for name in names for job in rows(recorded, name)}
    runs = {(job.github_run_id, job.run_attempt) for job in jobs.values()}
    upsert(priced, [workflow_run(github_run_id=a, run_attempt=b) for a, b in runs])
    upsert(priced, jobs.values())
    hosted = {"ubuntu-latest": "linux", "ubuntu-22.04": "linux", "macos-latest": "macos"}
    expected = Counter()
    for job in jobs.values():
        if job.runner_id is None:
            continue
        labels = [label.lower() for label in job.labels or []]
        sku = "self_hosted" if "self-hosted" in labels else hosted.get(*labels[:1], "")
        assert job.started_at and job.completed_at
        minutes = minutes_of(max(0, int((job.completed_at - job.started_at).total_seconds())))
        price = {"linux": "0.008", "macos": "0.080", "self_hosted": "0"}.get(sku)
        expected[sku, minutes, price and (minutes or 0) * Decimal(price)] += 1
    found = Counter(
        (row["sku"] or "", row["minutes"], row["list_cost_usd"])
        for row in priced.execute("select sku, minutes, list_cost_usd from job_costs")
    )
    assert found == expected
    assert {sku for sku, _, _ in expected} == {"", "linux", "macos", "self_hosted"}


FREE = "a workflow of GitHub's own"


@pytest.mark.parametrize(
    ("path", "started_on", "free"),
    [
        ("dynamic/pages/pages-build-deployment", date(2025, 5, 1), True),
        ("dynamic/dependabot/dependabot-updates", date(2026, 11, 1), True),
        (
            "dynamic/copilot-pull-request-reviewer/copilot-pull-request-reviewer",
            date(2026, 5, 31),
            True,
        ),
        (
            "dynamic/copilot-pull-request-reviewer/copilot-pull-request-reviewer",
            date(2026, 6, 1),
            False,
        ),
        ("dynamic/copilot-swe-agent/copilot", date(2026, 5, 1), False),
        ("dynamic/pages-of-mine/x", date(2026, 5, 1), False),
        (".github/workflows/dynamic/pages.yml", date(2026, 5, 1), False),
        (None, date(2026, 5, 1), False),
    ],
)
def test_githubs_own_workflows_are_free_on_standard_runners_while_listed(
    priced: Connection, path: str | None, started_on: date, free: bool
) -> None:
    upsert(priced, [workflow_run(workflow_path=path)])
    started_at = datetime.combine(started_on, CREATED_AT.timetz())
    row = cost(priced, 120, started_at=started_at)
    assert row["free_because"] == (FREE if free else None)
    assert (row["minutes"], row["billable_minutes"]) == (2, 0 if free else 2)
    assert (row["list_cost_usd"] == 0) == free
    larger = cost(priced, 120, started_at=started_at, labels=["macos-15-xlarge"])
    assert larger["free_because"] is None and larger["list_cost_usd"] > 0


@pytest.mark.parametrize(
    ("then", "now", "labels", "free"),
    [
        (False, None, ["ubuntu-latest"], True),
        (False, "private", ["ubuntu-latest"], True),
        (True, "public", ["ubuntu-latest"], False),
        (None, "public", ["windows-2022"], True),
        (None, "internal", ["ubuntu-latest"], False),
        (None, None, ["ubuntu-latest"], False),
        (False, "public", ["macos-15-xlarge"], False),
    ],
)
def test_standard_runners_are_free_in_a_public_repository(
    priced: Connection, then: bool | None, now: str | None, labels: list[str], free: bool
) -> None:
    upsert(priced, [Repository(7, "acme/app", "api.github.com")])
    priced.execute("update repositories set visibility = %s", [now])
    priced.execute("update workflow_runs set is_private = %s", [then])
    row = cost(priced, 120, labels=labels)
    assert row["free_because"] == ("a public repository" if free else None)
    assert row["billable_minutes"] == (0 if free else 2)
    assert (row["list_cost_usd"] == 0) == free
    known = then if then is not None else None if now is None else now != "public"
    assert row["is_private"] is known


@pytest.mark.parametrize(
    ("labels", "group", "label", "sku"),
    [
        (["ubuntu-22.04"], "GitHub Actions", "ubuntu-22.04", "linux"),
        (["ubuntu-22.04"], None, "ubuntu-22.04", "linux"),
        (["ubuntu-22.04"], "Default", "group: default", None),
        (["ubuntu-22.04"], "Big Ones", "group: big ones", "linux_16_core"),
        (["mine"], "Big Ones", "mine", "linux_16_core"),
        (["gpu"], "Big Ones", "gpu", "linux_4_core_gpu"),
        (["macos-15-xlarge"], "Default Larger Runners", "macos-15-xlarge", "macos_xl"),
        (["self-hosted", "ubuntu-22.04"], "Default", "self-hosted, ubuntu-22.04", "self_hosted"),
    ],
)
def test_a_standard_label_in_a_group_that_is_not_githubs_is_priced_by_its_group(
    priced: Connection, labels: list[str], group: str | None, label: str, sku: str | None
) -> None:
    upsert(
        priced,
        [RunnerLabel("group: big ones", "linux_16_core"), RunnerLabel("gpu", "linux_4_core_gpu")],
    )
    row = cost(priced, labels=labels, runner_group_name=group)
    assert (row["label"], row["sku"]) == (label, sku)
    assert (row["list_cost_usd"] is None) == (sku is None)


def test_a_price_without_a_page_of_github_is_marked(priced: Connection) -> None:
    assert cost(priced, labels=["ubuntu-24.04"])["price_source"].startswith("github/docs ")
    assert cost(priced, labels=["ubuntu-24.04-arm"])["price_source"] is None
    upsert(priced, [workflow_run(created_at=UNTIL - HOUR)])
    cost(priced, labels=["ubuntu-24.04-arm"], started_at=UNTIL - HOUR)
    (row,) = rows_of(priced, "runner_cost", UNTIL)
    assert (row["jobs"], row["unsourced_jobs"], row["free_jobs"]) == (1, 1, 0)
    assert row["assumed_private_jobs"] == 1


def test_a_runner_that_is_billed_everywhere_needs_no_assumption(priced: Connection) -> None:
    """A larger runner costs as much in a public repository, and so does a runner of one's own."""
    upsert(priced, [RunnerPrice("self_hosted", date(2026, 1, 1), Decimal("0.001"))])
    upsert(priced, [workflow_run(created_at=UNTIL - HOUR)])
    for labels in (["macos-latest-large"], ["self-hosted"]):
        cost(priced, labels=labels, started_at=UNTIL - HOUR)
        (row,) = rows_of(priced, "runner_cost", UNTIL)
        assert row["list_cost_usd"] > 0 and row["assumed_private_jobs"] == 0


# A seeded history, computed again.

PRICE_OF = {"ubuntu-latest": Decimal("0.006"), "windows-latest": Decimal("0.010")}


def minutes_of(seconds: int | None) -> int | None:
    return None if seconds is None else max(1, math.ceil(seconds / 60))


def sku_and_price(job: WorkflowJob) -> tuple[str | None, Decimal | None]:
    labels = {label.lower() for label in job.labels or []}
    if "self-hosted" in labels:
        return "self_hosted", Decimal(0)
    if labels == {"ubuntu-latest"}:
        return "linux", PRICE_OF["ubuntu-latest"]
    if labels == {"windows-latest"}:
        return "windows", PRICE_OF["windows-latest"]
    return None, None


@pytest.fixture(scope="module")
def history() -> History:
    # Within the 30 days before UNTIL, which the questions are about.
    return make_history(5, days=29)


@pytest.fixture(scope="module")
def stored(new_database: Any, migrated: str, history: History) -> Iterator[Connection]:
    with open_connection(new_database(migrated)) as connection:
        load_runner_prices(connection)
        store(connection, history)
        yield connection


def test_job_costs_of_a_history_match_a_computation_in_python(
    stored: Connection, history: History
) -> None:
    expected = {}
    for job, seconds in executed(history):
        sku, price = sku_and_price(job)
        minutes = minutes_of(seconds)
        billable = 0 if sku == "self_hosted" else minutes if sku else None
        total = None if minutes is None or price is None else minutes * price
        expected[job.job_id] = (sku, minutes, billable, total)
    found = {
        row["job_id"]: (
            row["sku"],
            row["minutes"],
            row["billable_minutes"],
            row["list_cost_usd"],
        )
        for row in stored.execute("select * from job_costs")
    }
    assert found == expected
    assert len({values[0] for values in expected.values()}) == 4
    assert any(values[1] is None for values in expected.values())


def test_runner_cost_matches_a_sum_in_python(stored: Connection, history: History) -> None:
    runs = {run.github_run_id: run for run in history.runs}
    sums: dict[tuple[int | None, str | None], Counter[str]] = defaultdict(Counter)
    costs: dict[tuple[int | None, str | None], Decimal] = defaultdict(Decimal)
    for job, seconds in executed(history):
        sku, price = sku_and_price(job)
        key = (runs[job.github_run_id].workflow_id, sku)
        minutes = minutes_of(seconds)
        sums[key]["jobs"] += 1
        sums[key]["minutes"] += minutes or 0
        sums[key]["unpriced_jobs"] += minutes is not None and price is None
        sums[key]["unmeasured_jobs"] += minutes is None
        if minutes is not None and price is not None:
            costs[key] += minutes * price
    rows = rows_of(stored, "runner_cost", UNTIL)
    found: dict[tuple[int | None, str | None], Counter[str]] = defaultdict(Counter)
    found_costs: dict[tuple[int | None, str | None], Decimal] = defaultdict(Decimal)
    for row in rows:
        assert (row["label"] is None) == (row["sku"] is not None)
        key = (row["workflow_id"], row["sku"])
        for column in ("jobs", "minutes", "unpriced_jobs", "unmeasured_jobs"):
            found[key][column] += row[column] or 0
        if row["list_cost_usd"] is not None:
            found_costs[key] += row["list_cost_usd"]
    assert (found, found_costs) == (sums, costs)
    assert sum(row["share_percent"] or 0 for row in rows) == pytest.approx(100, abs=0.5)


def test_unpriced_runner_labels_lists_exactly_the_labels_without_a_price(
    stored: Connection, history: History
) -> None:
    counted: Counter[str] = Counter()
    last: dict[str, date] = {}
    zone = ZoneInfo("Pacific/Auckland")
    for job, seconds in executed(history):
        labels = ", ".join(sorted(label.lower() for label in job.labels or []))
        label = labels or f"group: {(job.runner_group_name or '').lower()}"
        label = label.replace("123456789", "*")
        if sku_and_price(job)[0] is None and seconds is not None and job.started_at:
            counted[label] += 1
            used_on = job.started_at.astimezone(zone).date()
            last[label] = max(last.get(label, used_on), used_on)
    scope = Scope(UNTIL - timedelta(days=30), UNTIL, time_zone=zone)
    rows = ask(stored, "unpriced_runner_labels", scope).rows
    found: Counter[str] = Counter()
    for row in rows:
        assert row["sku"] is None
        found[row["label"]] += row["jobs"]
        assert row["last_used_on"] == last[row["label"]]
    assert found == counted
