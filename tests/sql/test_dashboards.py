"""The Grafana dashboard: its statements run, on views alone, and say what the questions say.

Grafana replaces `$__timeFilter(column)`, `$__timeFrom()`, `$__timeTo()` and its variables in the
text of a statement (its page "PostgreSQL query editor"). The same is done here; a statement may use
no other macro.
"""

import json
import random
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from support.answers import rows_of
from support.history import UNTIL, make_history, store
from support.paths import ROOT
from support.rows import llm_call, workflow_job, workflow_run

from telemetry.database.connection import Connection, open_connection
from telemetry.database.prices import load_runner_prices
from telemetry.database.upserts import upsert
from telemetry.rows.runs import Repository
from telemetry.rows.workflows import Workflow

DASHBOARD = json.loads((ROOT / "dashboards" / "grafana.json").read_text(encoding="utf-8"))
PANELS = {panel["title"]: panel for panel in DASHBOARD["panels"]}
VARIABLES = {variable["name"]: variable for variable in DASHBOARD["templating"]["list"]}
SINCE = UNTIL - timedelta(days=30)
by_panel = pytest.mark.parametrize("title", PANELS)


def expanded(text: str, repository_ids: list[int]) -> str:
    """The statement as Grafana sends it."""

    def spelled(moment: datetime) -> str:
        return f"'{moment:%Y-%m-%dT%H:%M:%S}Z'"

    text = re.sub(
        r"\$__timeFilter\((\w+)\)", rf"\1 BETWEEN {spelled(SINCE)} AND {spelled(UNTIL)}", text
    )
    text = text.replace("$__timeFrom()", spelled(SINCE)).replace("$__timeTo()", spelled(UNTIL))
    text = text.replace("${repository:csv}", ",".join(map(str, repository_ids)))
    assert "$" not in text, text
    return text


@pytest.fixture(scope="module")
def template(new_database: Any, migrated: str) -> str:
    """A history of two repositories, with calls of a model."""
    dsn = new_database(migrated)
    with open_connection(dsn) as opened:
        load_runner_prices(opened)
        upsert(opened, [Repository(n, f"acme/r{n}", "h") for n in (7, 8)])
        store(opened, make_history(3))
        calls = [
            llm_call(call_id=f"c{n}", timestamp=UNTIL - timedelta(days=n), reported_cost=Decimal(n))
            for n in range(1, 20)
        ]
        upsert(opened, [*calls, llm_call(call_id="x", timestamp=SINCE, model=None)])
    return str(conninfo_to_dict(dsn)["dbname"])


@pytest.fixture(scope="module")
def of_views(new_database: Any, template: str) -> Iterator[Connection]:
    """A role that may read the views and no table."""
    dsn = new_database(template)
    role = f"views_{conninfo_to_dict(dsn)['dbname']}"
    with open_connection(dsn) as owner:
        owner.execute(f"create role {role} login")
        for row in owner.execute("select name from installed_views").fetchall():
            owner.execute(f"grant select on {row['name']} to {role}")
        with open_connection(make_conninfo(dsn, user=role)) as opened:
            yield opened


def rows(connection: Connection, title: str, ids: list[int] | None = None) -> list[dict[str, Any]]:
    (target,) = PANELS[title]["targets"]
    text = expanded(target["rawSql"], [7, 8] if ids is None else ids)
    return connection.execute(text.encode()).fetchall()


@by_panel
def test_a_panel_reads_views_alone_and_has_something_to_show(
    of_views: Connection, title: str
) -> None:
    assert rows(of_views, title)


@by_panel
def test_a_panel_without_repositories_is_no_error(of_views: Connection, title: str) -> None:
    rows(of_views, title, [])


@by_panel
def test_a_panel_has_the_columns_that_its_kind_needs(of_views: Connection, title: str) -> None:
    panel = PANELS[title]
    found = rows(of_views, title)
    columns = list(found[0])
    numbers = [
        name
        for name in columns
        if any(isinstance(row[name], (int, float, Decimal)) for row in found)
    ]
    if panel["type"] == "stat":
        assert len(found) == 1 and numbers == columns and len(columns) == 1
    elif panel["type"] == "timeseries":
        assert panel["targets"][0]["format"] == "time_series"
        times = [row["time"] for row in found]
        assert times == sorted(times) and all(time.tzinfo for time in times)
        assert not any(time.hour for time in times)
        # Grafana makes one series of each value of the text beside a number.
        assert set(columns) - {"time", *numbers} <= {"metric"} and numbers
        keys = [(row["time"], row.get("metric")) for row in found]
        assert len(keys) == len(set(keys))
    else:
        assert panel["type"] == "table" and len(columns) > 1
    for override in panel["fieldConfig"]["overrides"]:
        assert override["matcher"] == {"id": "byName", "options": override["matcher"]["options"]}
        assert override["matcher"]["options"] in columns


def test_every_panel_has_a_place_a_description_and_the_database_that_is_chosen() -> None:
    source = {"type": "grafana-postgresql-datasource", "uid": "${datasource}"}
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken and max(x for x, _ in cells) < 24
        taken |= cells
        assert panel["description"].endswith(".")
        assert panel["datasource"] == source
        assert all(target["datasource"] == source for target in panel["targets"])
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    assert VARIABLES["datasource"]["query"] == source["type"]


def test_the_repositories_to_choose_from_are_those_that_are_stored(of_views: Connection) -> None:
    found = of_views.execute(VARIABLES["repository"]["query"].encode()).fetchall()
    assert [(row["__text"], row["__value"]) for row in found] == [("acme/r7", 7), ("acme/r8", 8)]


def test_a_repository_that_is_no_longer_watched_cannot_be_chosen(
    connection: Connection, dsn: str
) -> None:
    connection.execute("update repositories set forgotten_at = now() where repository_id = 8")
    found = connection.execute(VARIABLES["repository"]["query"].encode()).fetchall()
    assert [row["__text"] for row in found] == ["acme/r7"]
    run = connection.execute(
        "update llm_calls set github_run_id = (select max(github_run_id) from workflow_runs where "
        "repository_id = 8) where call_id = 'c1'"
    )
    assert run.rowcount == 1
    expected = total(rows_of(connection, "llm_cost_by_day", UNTIL), "cost_usd")
    assert expected == total(rows(connection, "Cost of LLM calls"), "cost_usd") > 0


def test_one_repository_alone_is_a_part_of_all(of_views: Connection) -> None:
    both, seven, eight = (rows(of_views, "Runs", ids)[0]["runs"] for ids in ([7, 8], [7], [8]))
    assert both == seven + eight and seven and eight


def total(found: list[dict[str, Any]], *names: str) -> Any:
    return sum(row[name] or 0 for row in found for name in names)


@pytest.mark.parametrize(
    ("title", "columns", "question", "answered"),
    [
        ("Runs by day and outcome", ["succeeded"], "outcomes_by_day", ["succeeded"]),
        ("Runs by day and outcome", ["failed"], "outcomes_by_day", ["failed"]),
        ("Runs by day and outcome", ["other"], "outcomes_by_day", ["other"]),
        ("Runs", ["runs"], "totals", ["runs", "first_missing"]),
        ("Cost of runners", ["list_cost_usd"], "runner_cost", ["list_cost_usd"]),
        ("Cost of runners by day", ["list_cost_usd"], "runner_cost", ["list_cost_usd"]),
        (
            "Jobs without a price or a length",
            ["unpriced_jobs"],
            "runner_cost",
            ["unpriced_jobs", "unmeasured_jobs"],
        ),
        ("Cost of LLM calls", ["cost_usd"], "llm_cost_by_day", ["cost_usd"]),
        ("Cost of LLM calls by day", ["cost_usd"], "llm_cost_by_day", ["cost_usd"]),
        ("Flaky jobs", ["flaky_commits"], "flaky_jobs", ["flaky_commits"]),
    ],
)
def test_a_panel_adds_up_to_what_the_question_says(
    connection: Connection,
    dsn: str,
    title: str,
    columns: list[str],
    question: str,
    answered: list[str],
) -> None:
    expected = total(rows_of(connection, question, UNTIL), *answered)
    assert expected and total(rows(connection, title), *columns) == expected


def test_the_runs_are_those_of_the_report(connection: Connection, dsn: str) -> None:
    """A run that waits for an approval has not run; one whose first attempt is lost has."""
    connection.execute("delete from workflow_runs")
    at = UNTIL - timedelta(days=2)
    outcomes = [(1, 1, "success"), (2, 1, "action_required"), (3, 1, "action_required")]
    outcomes += [(3, 2, "failure"), (3, 3, "success"), (4, 2, "success"), (5, 1, "skipped")]
    upsert(
        connection,
        [
            workflow_run(github_run_id=run, run_attempt=number, conclusion=said, created_at=at)
            for run, number, said in outcomes
        ],
    )
    row = next(each for each in rows_of(connection, "totals", UNTIL) if each["seen"])
    assert rows(connection, "Runs") == [{"runs": 3}]
    assert (row["runs"] + row["first_missing"], row["seen"]) == (3, 4)


def test_what_is_red_now_is_what_the_question_says(connection: Connection, dsn: str) -> None:
    """Neither names a workflow that was disabled while red, nor one that stopped long ago."""
    connection.execute("delete from workflow_runs")
    at = {"red": 2, "disabled": 2, "stopped": 45}
    upsert(
        connection,
        [
            workflow_run(
                github_run_id=number,
                workflow_id=number,
                workflow_name=name,
                conclusion="failure",
                created_at=UNTIL - timedelta(days=days),
                completed_at=UNTIL - timedelta(days=days),
            )
            for number, (name, days) in enumerate(at.items(), start=100)
        ],
    )
    upsert(connection, [Workflow(101, 7, "disabled", "d.yml", "disabled_manually")])
    open_ones = [row for row in rows_of(connection, "incidents", UNTIL) if not row["recovered_at"]]
    assert [row["workflow"] for row in open_ones] == ["red"]
    assert [row["workflow"] for row in rows(connection, "Red on the default branch now")] == ["red"]


def test_labels_made_for_a_run_are_one_line_of_the_waits(connection: Connection, dsn: str) -> None:
    connection.execute("delete from workflow_runs")
    at = UNTIL - timedelta(days=2)
    rng = random.Random(7)
    made = {n: "".join(rng.sample("bcdfghjklmnpqrstvwxz2456789", 5)) for n in range(200, 220)}
    upsert(connection, [workflow_run(github_run_id=n, created_at=at) for n in made])
    times = {"created_at": at, "started_at": at}
    jobs = [
        workflow_job(
            github_run_id=n,
            job_id=n,
            labels=[f"pod-{end}"],
            runner_group_name="Default",
            **times,
        )
        for n, end in made.items()
    ]
    upsert(connection, jobs)
    metrics = {row["metric"] for row in rows(connection, "Wait for a runner by day")}
    assert metrics == {row["runner_label"] for row in rows_of(connection, "queue_times", UNTIL)}
    assert len(metrics) == 1


def test_the_one_flaky_member_of_a_matrix_is_named_as_in_the_question(
    connection: Connection, dsn: str
) -> None:
    connection.execute("delete from workflow_runs")
    at = UNTIL - timedelta(days=2)
    for number in (200, 201):
        for attempt, conclusion in ((1, "failure"), (2, "success")):
            of: dict[str, Any] = {"github_run_id": number, "run_attempt": attempt}
            upsert(connection, [workflow_run(**of, conclusion=conclusion, created_at=at)])
            jobs = {"test (1)": conclusion, "test (2)": "success"}
            upsert(connection, [
                workflow_job(**of, job_id=10 * number + 2 * attempt + n, name=name, conclusion=how)
                for n, (name, how) in enumerate(jobs.items())
            ])  # fmt: skip
    (flaky,) = rows_of(connection, "flaky_jobs", UNTIL)
    (shown,) = rows(connection, "Flaky jobs")
    assert shown["job"] == flaky["job"] == "test (1)"
