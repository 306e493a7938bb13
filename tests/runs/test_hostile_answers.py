"""Answers of every endpoint that say what GitHub never says: they stop nothing, and stay no longer.

Each endpoint answers in one hostile way after another, a day apart; then it answers as it should.
tests/github/test_hostile.py has answers whose size, depth or speed is hostile.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from support.clients import NOW, REPOSITORY
from support.complete import HORIZON, assert_complete, client, run_ingest
from support.dumps import Dumps

from telemetry import TelemetryError
from telemetry.database.connection import Connection
from telemetry.database.status import status
from telemetry.github.artifacts import find_dump, last_success, list_dumps
from telemetry.runs import job_lists
from telemetry.runs.bill import fetch_month
from telemetry.runs.ingest import ingest, repositories_of
from telemetry.runs.request import Tools, Wanted
from telemetry.simulated.entities import PlannedJob
from telemetry.simulated.faults import Fault, RequestInfo, edited
from telemetry.simulated.server import Simulator
from telemetry.simulated.world import World

Edit = Callable[[bytes], bytes]
# An index cannot hold it, even compressed.
LONG = Random(1).randbytes(2_000).hex()


def each(value: Any, change: Callable[[Any], Any]) -> Any:
    """A JSON value with each number, text, boolean and null in it changed."""
    if isinstance(value, dict):
        return {key: each(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [each(item, change) for item in value]
    return change(value)


def with_each(change: Callable[[Any], Any]) -> Edit:
    return lambda body: json.dumps(each(json.loads(body), change)).encode()


def is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def is_name(value: Any) -> bool:
    return isinstance(value, str) and not value[:1].isdigit()


def rows_are(row: Any) -> Edit:
    """The lists in the answer hold this, instead of their rows."""

    def edit(body: bytes) -> bytes:
        answer = json.loads(body)
        if isinstance(answer, list):
            return json.dumps([row]).encode()
        return json.dumps(
            {key: [row] if isinstance(value, list) else value for key, value in answer.items()}
        ).encode()

    return edit


HOSTILE: dict[str, Edit] = {
    "ids of 2^70": with_each(lambda value: 2**70 if is_number(value) else value),
    "numbers of 1e400": lambda body: with_each(lambda value: "many" if is_number(value) else value)(
        body
    ).replace(b'"many"', b"1e400"),
    "lists for values": with_each(lambda value: [value]),
    "objects for values": with_each(lambda value: {"": value}),
    "nothing but null": with_each(lambda value: None),
    "times after all time": with_each(
        lambda value: "9999-12-31T23:59:59-23:59" if str(value)[4:5] == "-" else value
    ),
    "rows of null": rows_are(None),
    "empty rows": rows_are({}),
    "a list": lambda body: b"[]",
    "JSON 100,000 deep": lambda body: b'{"":' * 100_000 + b"0" + b"}" * 100_000,
}
LONG_NAMES = with_each(lambda value: value + LONG if is_name(value) else value)


def world_of_two() -> World:
    world = World(NOW - timedelta(days=30))
    for name in (REPOSITORY, "acme/site"):
        world.add_workflow(world.add_repository(name), jobs=[PlannedJob("build")])
    return world


def another_day(world: World) -> None:
    """A run ends, another fails and is run again, a third is open at the end of the day."""
    repository = world.repositories[0]
    world.add_run(repository)
    failed = world.add_run(repository, conclusion="failure")
    world.advance(timedelta(hours=24))
    world.rerun(failed, conclusion="success")
    world.advance(timedelta(hours=2))
    world.add_run(repository)


@pytest.mark.scenario
@pytest.mark.parametrize(
    ("kinds", "outcomes"),
    [
        (["runs"], {"complete", "incomplete", "failed"}),
        (["attempt"], {"complete", "incomplete"}),
        (["jobs"], {"complete", "incomplete"}),
        (["workflows", "repository", "retention"], {"complete"}),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else "",
)
def test_what_an_endpoint_of_a_repository_answers_stops_nothing_and_is_asked_again(
    connection: Connection, kinds: list[str], outcomes: set[str]
) -> None:
    world = world_of_two()
    del world.repositories[1:]
    edit: Edit | None = None
    asked = 0

    def fault(request: RequestInfo, ordinal: int) -> Fault | None:
        nonlocal asked
        if edit is None or request.kind not in kinds:
            return None
        asked += 1
        return Fault(edit=edit)

    simulated = Simulator(world, fault=fault, limit=10**6)
    for how, edit in HOSTILE.items():  # noqa: B007
        another_day(world)
        report = run_ingest(connection, simulated)
        assert report.outcome in outcomes, how
        assert "\n" not in (report.error or "") and len(report.error or "") < 500, how
    assert asked > 1
    edit = None
    connection.execute("update retries set next_try_at = %s, tries = 1", [NOW - timedelta(days=99)])
    report = run_ingest(connection, simulated, full=True)
    assert report.outcome == "complete", report.error
    assert_complete(connection, world)
    assert [text for text in status(connection, now=world.now).concerns if "rules" in text] == []


@pytest.mark.parametrize("kind", ["runs", "jobs", "workflows", "repository", "retention"])
def test_a_name_too_long_for_an_index_stops_nothing(connection: Connection, kind: str) -> None:
    world = world_of_two()
    another_day(world)
    simulated = Simulator(
        world, fault=lambda request, _: Fault(edit=LONG_NAMES) if request.kind == kind else None
    )
    report = run_ingest(connection, simulated)
    assert report.outcome == "complete", report.error
    assert report.ingestion
    # Each counts, though all have the same sentence: their repository's name cannot be read.
    assert report.ingestion.unreadable == (len(world.repositories[0].runs) if kind == "runs" else 0)


def test_a_branch_too_long_for_an_index_is_cut_and_counted(connection: Connection) -> None:
    def long_branches(body: bytes) -> bytes:
        answer = json.loads(body)
        for run in answer["workflow_runs"]:
            run |= {"head_branch": LONG, "event": "schedule"}
        return json.dumps(answer).encode()

    world = world_of_two()
    another_day(world)
    simulated = Simulator(
        world,
        fault=lambda request, _: Fault(edit=long_branches) if request.kind == "runs" else None,
    )
    report = run_ingest(connection, simulated)
    assert report.outcome == "complete" and report.ingestion and report.ingestion.cut == 2


BILLED = {
    "date": "2026-02-05T00:00:00Z",
    "product": "Actions",
    "sku": "Actions Linux",
    "quantity": 10,
    "unitType": "Minutes",
    "pricePerUnit": 1,
    "organizationName": "acme",
    "repositoryName": "acme/app",
}


@pytest.mark.parametrize("how", [*HOSTILE, "long names"])
def test_what_the_other_endpoints_answer_is_one_sentence(connection: Connection, how: str) -> None:
    edit = {**HOSTILE, "long names": LONG_NAMES}[how]
    world = world_of_two()
    another_day(world)
    others = ("owner_repositories", "billing", "rate_limit", "run")
    simulated = Simulator(
        world,
        fault=lambda request, _: Fault(edit=edit) if request.kind in others else None,
        billing={"acme": [BILLED]},
    )
    said: list[str] = []
    run_id = world.repositories[0].runs[0].id
    with client(simulated, notify=said.append) as made:
        tools = Tools(connection, made, Wanted(None, HORIZON), clock=world.now.timestamp)
        for ask in (
            lambda: repositories_of(made, "acme", notify=said.append),
            lambda: fetch_month(connection, made, "acme", date(2026, 2, 1)),
            lambda: said.extend(r.error or "" for r in ingest(tools, [REPOSITORY], run_id=run_id)),
        ):
            try:
                ask()
            except TelemetryError as error:
                said.append(str(error))
        both = list(ingest(tools, ["acme/app", "acme/site"]))
    assert [report.outcome for report in both if report.repository == "acme/site"] == ["complete"]
    assert said and not any("\n" in text for text in said)


@pytest.mark.parametrize("how", [*HOSTILE, "long names"])
def test_no_dump_is_taken_from_an_answer_that_is_none(how: str) -> None:
    dumps = Dumps({5: b"", 6: b""})
    edit = {**HOSTILE, "long names": LONG_NAMES}[how]

    def fault(request: RequestInfo, ordinal: int) -> Fault | None:
        answer = dumps.answer(request, ordinal)
        return answer and replace(answer, body=edit(answer.body))

    with client(Simulator(world_of_two(), fault=fault)) as made:
        said = []
        for ask in (
            lambda: find_dump(made, REPOSITORY, "ours.yml", list_dumps(made, REPOSITORY)),
            lambda: last_success(made, REPOSITORY, "ours.yml"),
        ):
            try:
                said.append(str(ask()))
            except TelemetryError as error:
                said.append(str(error))
    assert len(said) == 2 and not any("\n" in text for text in said)


def test_a_list_of_jobs_without_an_end_is_given_up_and_the_other_runs_are_kept(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be in memory at once, as the jobs of a run are stored together."""
    monkeypatch.setattr(job_lists, "MOST_ROWS", 1_000)
    world = world_of_two()
    another_day(world)
    endless, other, _ = world.repositories[0].runs

    def fault(request: RequestInfo, ordinal: int) -> Fault | None:
        if request.kind != "jobs" or request.parameters["run"] != str(endless.id):
            return None
        page = int(request.query.get("page", 1))
        url = f"http://{request.headers['host']}{request.path}"
        links = f'<{url}?page={page + 1}>; rel="next", <{url}?page=999999999>; rel="last"'
        jobs = [
            {"id": number, "run_id": endless.id, "run_attempt": 1, "steps": [{"number": 1}]}
            for number in range(100 * page, 100 * page + 100)
        ]
        body = json.dumps({"total_count": 10**9, "jobs": jobs}).encode()
        return Fault(200, {"link": links}, body)

    simulated = Simulator(world, fault=fault)
    report = run_ingest(connection, simulated)
    assert report.outcome == "incomplete" and report.awaited_items == 1
    assert "has more than 1,000 jobs and steps" in report.awaited[0].reason
    stored = connection.execute("select distinct github_run_id as id from workflow_jobs").fetchall()
    assert [row["id"] for row in stored] == [other.id]
    assert simulated.counters.received["jobs"] < 20


def test_an_unreadable_run_is_counted_once_however_often_it_is_listed(
    connection: Connection,
) -> None:
    world = world_of_two()
    del world.repositories[1:]
    another_day(world)
    world.advance(timedelta(hours=2))

    def edit(body: Any) -> Any:
        body["workflow_runs"][-1]["head_branch"] = 5
        return body

    simulated = Simulator(
        world, fault=lambda request, number: edited(edit) if request.kind == "runs" else None
    )
    for _ in range(3):
        run_ingest(connection, simulated)
        world.advance(timedelta(hours=1))
    (proof,) = status(connection, now=world.now).proof
    assert proof["reported_runs"] - proof["stored_runs"] == 1
