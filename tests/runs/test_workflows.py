"""Workflows and repositories have the names and states that GitHub gives, not those of a run."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from support.clients import client
from support.complete import stored

from telemetry.database.connection import Connection
from telemetry.database.status import status
from telemetry.database.watched import forget
from telemetry.runs.ingest import ingest
from telemetry.runs.request import Report, Tools, Wanted
from telemetry.simulated.entities import Commit, Repository, Run, Workflow
from telemetry.simulated.faults import bad_gateway, edited, primary_limit
from telemetry.simulated.server import Simulator
from telemetry.simulated.world import World

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
NAME = "acme/app"


@pytest.fixture
def world() -> World:
    return World(NOW)


@pytest.fixture
def simulated(world: World) -> Simulator:
    return Simulator(world)


def fetch(connection: Connection, simulated: Simulator, name: str = NAME, **options: Any) -> Report:
    """Ingest the last ten days of a repository."""
    now = simulated.world.now
    wanted = Wanted(now - 10 * DAY, now - 180 * DAY, jobs=False)
    with client(simulated) as github:
        tools = Tools(connection, github, wanted, **options)
        (report,) = ingest(tools, [name])
    assert report.outcome == "complete", report.error
    return report


def ran(
    world: World,
    repository: Repository,
    days_ago: float,
    *,
    workflow: Workflow | None = None,
    branch: str = "main",
    event: str = "push",
    conclusion: str = "success",
    run_name: str | None = None,
) -> Run:
    """A run that ended days ago."""
    at = world.now - days_ago * DAY
    author = world.account("dev-1")
    sha = f"{len(repository.runs):040x}"
    commit = Commit(sha, "Change something", branch, author, int(at.timestamp()))
    run = world.add_run(
        repository,
        workflow=workflow,
        commit=commit,
        event=event,
        conclusion=conclusion,
        created_at=at,
    )
    run.run_name = run_name
    return run


def answers(connection: Connection, query: str) -> list[Any]:
    """The rows of a query, each as its one value or as a tuple."""
    rows = [tuple(row.values()) for row in connection.execute(query).fetchall()]
    return [row[0] if len(row) == 1 else row for row in rows]


WORKFLOWS = "select workflow, count(*) from attempts group by workflow order by workflow"


def test_each_workflow_has_one_name_whatever_its_runs_call_themselves(
    connection: Connection, world: World, simulated: Simulator
) -> None:
    repository = world.add_repository(NAME)
    ci = world.add_workflow(repository, "CI")
    e2e = world.add_workflow(repository, "e2e", ".github/workflows/e2e.yml")
    updates = "dynamic/dependabot/dependabot-updates"
    dependabot = world.add_workflow(repository, "Dependabot Updates", updates)
    tests = world.add_workflow(repository, "tests", ".github/workflows/tests.yml")
    for n in range(4):
        ran(world, repository, 5 - n, workflow=ci)
        ran(world, repository, 5 - n, workflow=e2e, run_name=f"e2e of change {n}")
        title = f"npm_and_yarn in /. for fast-uri - Update #{n}"
        ran(world, repository, 5 - n, workflow=dependabot, event="dynamic", run_name=title)
        ran(world, repository, 5 - n, workflow=tests)
    ran(world, repository, 0.5, workflow=ci, conclusion="startup_failure")
    fetch(connection, simulated)
    assert len({row["workflow_name"] for row in stored(connection)}) == 11
    expected = [("CI", 5), ("Dependabot Updates", 4), ("e2e", 4), ("tests", 4)]
    assert answers(connection, WORKFLOWS) == expected

    # Renamed: the whole history goes on under the new name, a day later at most.
    tests.name = "Unit tests"
    world.advance(DAY + timedelta(minutes=5))
    ran(world, repository, 0.1, workflow=tests)
    fetch(connection, simulated)
    assert answers(connection, WORKFLOWS)[1:] == [
        ("Dependabot Updates", 4),
        ("Unit tests", 5),
        ("e2e", 4),
    ]


def test_workflows_are_listed_once_a_day_or_when_a_new_one_has_run(
    connection: Connection, world: World, simulated: Simulator
) -> None:
    repository = world.add_repository(NAME)
    ran(world, repository, 2)

    def asked() -> tuple[int, int]:
        simulated.restart_counters()
        fetch(connection, simulated)
        received = simulated.counters.received
        return received["repository"], received["workflows"]

    assert asked() == (1, 1)
    assert asked() == (0, 0)
    ran(world, repository, 0.1, workflow=world.add_workflow(repository, "New", "new.yml"))
    assert asked() == (0, 1)
    # One that is deleted is in no list; it is not asked for again and again.
    del repository.workflows[0]
    world.version += 1
    connection.execute("delete from workflows where name = 'CI'")
    assert asked() == (0, 1)
    assert asked() == (0, 0)
    world.advance(DAY + timedelta(minutes=5))
    assert asked() == (1, 1)
    assert answers(connection, WORKFLOWS) == [("CI", 1), ("New", 1)]


def test_a_workflow_that_github_no_longer_lists_keeps_its_name(
    connection: Connection, world: World, simulated: Simulator
) -> None:
    repository = world.add_repository(NAME)
    gone = [
        world.add_workflow(repository, "Nightly", "nightly.yml"),
        world.add_workflow(repository, "Deploy", "deploy.yml"),
        world.add_workflow(repository, "Bots", "bots.yml"),
    ]
    ran(world, repository, 4, workflow=gone[0], event="schedule")
    ran(world, repository, 3, workflow=gone[0], event="schedule")
    ran(world, repository, 4, workflow=gone[1])
    ran(world, repository, 3, workflow=gone[1], run_name="Deploy v2")
    for n in range(2):
        ran(world, repository, 3 - n, workflow=gone[2], run_name=f"Bot {n}")
    repository.workflows.clear()
    world.version += 1
    fetch(connection, simulated)
    assert answers(connection, WORKFLOWS) == [("Deploy", 2), ("Nightly", 2), ("bots.yml", 2)]
    assert answers(connection, "select bool_or(is_listed_name) from workflow_names") == [False]


CLASSES = "select branch, branch_class, count(*) from attempts group by 1, 2 order by 1, 2"


def test_the_default_branch_comes_from_github_and_not_from_its_name(
    connection: Connection, world: World, simulated: Simulator
) -> None:
    repository = world.add_repository(NAME, private=True, archived=True)
    repository.default_branch = "develop"
    for branch in ("develop", "main", "gh-readonly-queue/develop/pr-7-ab"):
        ran(world, repository, 3, branch=branch)
    fetch(connection, simulated)
    assert answers(connection, CLASSES) == [
        ("develop", "default", 1),
        ("gh-readonly-queue/develop/pr-7-ab", "merge_queue", 1),
        ("main", "other", 1),
    ]
    described = "select default_branch, visibility, is_archived from repositories"
    assert answers(connection, described) == [("develop", "private", True)]


def test_a_default_branch_that_is_renamed_splits_no_history(
    connection: Connection, world: World, simulated: Simulator
) -> None:
    repository = world.add_repository(NAME)
    repository.default_branch = "master"
    for days in (4, 3, 2, 1):
        ran(world, repository, days, branch="master")
    fetch(connection, simulated)
    world.advance(timedelta(hours=12))
    repository.default_branch = "main"
    ran(world, repository, 0.1, branch="main")  # before GitHub was asked again
    world.advance(timedelta(hours=18))
    fetch(connection, simulated)
    world.advance(2 * DAY)
    ran(world, repository, 0.1, branch="main")
    ran(world, repository, 0.1, branch="master")  # a branch like any other by now
    fetch(connection, simulated)
    assert answers(connection, CLASSES) == [
        ("main", "default", 2),
        ("master", "default", 4),
        ("master", "other", 1),
    ]


def test_a_branch_that_was_the_default_one_for_a_while_is_no_longer_one(
    connection: Connection, world: World, simulated: Simulator
) -> None:
    repository = world.add_repository(NAME)
    for branch in ("main", "develop", "main", "main"):
        repository.default_branch = branch
        world.version += 1
        ran(world, repository, 0.2, branch="main")
        ran(world, repository, 0.1, branch="develop")
        fetch(connection, simulated)
        world.advance(2 * DAY)
    terms = "select branch, count(*) from default_branches group by 1 order by 1"
    assert answers(connection, terms) == [("develop", 1), ("main", 2)]
    # Between two answers of GitHub, either could have been it.
    assert answers(connection, CLASSES) == [
        ("develop", "default", 2),
        ("develop", "other", 2),
        ("main", "default", 4),
    ]


def test_a_schedule_on_a_branch_for_a_while_makes_it_no_default_one_for_good(
    connection: Connection, world: World, simulated: Simulator
) -> None:
    repository = world.add_repository(NAME)
    for days, branch in ((9, "main"), (8, "main"), (6, "trial"), (4, "main"), (2, "main")):
        ran(world, repository, days, branch=branch, event="schedule")
    for days in (8.5, 6.1, 3):
        ran(world, repository, days, branch="trial")
    fetch(connection, simulated)
    assert answers(connection, CLASSES) == [
        ("main", "default", 4),
        ("trial", "default", 2),
        ("trial", "other", 2),
    ]


def test_schedules_reveal_the_default_branch_before_the_first_ingest(
    connection: Connection, world: World, simulated: Simulator
) -> None:
    repository = world.add_repository(NAME)
    for days, branch in ((9, "master"), (7, "master"), (4, "main"), (2, "main")):
        ran(world, repository, days, branch=branch, event="schedule")
        ran(world, repository, days - 0.5, branch=branch)
    fetch(connection, simulated)
    assert answers(connection, CLASSES) == [("main", "default", 4), ("master", "default", 4)]


def test_each_run_keeps_whether_its_repository_was_private_then(
    connection: Connection, world: World, simulated: Simulator
) -> None:
    repository = world.add_repository(NAME, private=True)
    ran(world, repository, 3)
    fetch(connection, simulated)
    repository.private = False
    world.version += 1
    world.advance(2 * DAY)
    ran(world, repository, 0.1)
    fetch(connection, simulated)
    kept = "select is_private from workflow_runs order by created_at"
    assert answers(connection, kept) == [True, False]
    assert answers(connection, "select visibility from repositories") == ["public"]


def test_a_repository_recreated_under_its_name_is_distinguished(
    connection: Connection, world: World, simulated: Simulator
) -> None:
    old = world.add_repository(NAME)
    ran(world, old, 3)
    fetch(connection, simulated)
    world.rename(old, "acme/gone")
    world.former_names.clear()
    new = world.add_repository(NAME)
    ran(world, new, 1)
    ran(world, new, 1)
    fetch(connection, simulated)
    counts = "select repository, count(*) from attempts group by repository order by 2"
    assert answers(connection, counts) == [(f"{NAME} (id {old.id})", 1), (NAME, 2)]
    found = status(connection, max_age=DAY, now=world.now)
    assert [row["repository"] for row in found.repositories] == [NAME]
    assert (found.too_old, [row["repository"] for row in found.proof]) == ([], [NAME])

    # It was only renamed, and is ingested under its new name: watched again, with its history.
    fetch(connection, simulated, "acme/gone")
    assert answers(connection, counts) == [("acme/gone", 1), (NAME, 2)]
    assert len(status(connection).repositories) == 2


def test_a_forgotten_repository_is_left_out_until_it_is_ingested_again(
    connection: Connection, world: World, simulated: Simulator
) -> None:
    ran(world, world.add_repository(NAME), 1)
    ran(world, world.add_repository("acme/old"), 1)
    fetch(connection, simulated)
    fetch(connection, simulated, "acme/old")
    assert forget(connection, ["ACME/old"]) == ["acme/old"]
    later = world.now + 5 * DAY
    assert status(connection, max_age=DAY, now=later).too_old == [NAME]
    assert answers(connection, "select count(*) from workflow_runs") == [2]
    fetch(connection, simulated, "acme/old")
    assert status(connection, max_age=DAY, now=later).too_old == [NAME, "acme/old"]


@pytest.mark.parametrize("kind", ["repository", "workflows"])
def test_failed_questions_about_workflows_do_not_fail_the_ingest_and_are_retried(
    connection: Connection, world: World, simulated: Simulator, kind: str
) -> None:
    ran(world, world.add_repository(NAME), 1)
    broken = edited(lambda body: {"id": "none", "workflows": ["none"]})
    simulated.fault = lambda request, ordinal: broken if request.kind == kind else None
    fetch(connection, simulated)
    assert len(stored(connection)) == 1
    simulated.fault = lambda request, ordinal: None
    fetch(connection, simulated)
    asked = "select described_at is not null and workflows_listed_at is not null from repositories"
    assert answers(connection, asked) == [True]


def test_a_workflow_that_cannot_be_read_is_named_and_hides_no_other(
    connection: Connection, world: World, simulated: Simulator
) -> None:
    ran(world, world.add_repository(NAME), 1)
    spoiled = edited(lambda body: body | {"workflows": [{"id": None}, *body["workflows"], 7]})
    simulated.fault = lambda request, ordinal: spoiled if request.kind == "workflows" else None
    said: list[str] = []
    fetch(connection, simulated, notify=said.append)
    named = f"{NAME}: 2 workflows could not be read, the first: workflow: id is missing"
    assert [text for text in said if "workflow" in text] == [named]
    assert answers(connection, "select name from workflows") == ["CI"]
    # Not asked for again before a day has passed.
    simulated.restart_counters()
    fetch(connection, simulated)
    assert simulated.counters.received["workflows"] == 0


def test_questions_that_github_does_not_answer_keep_an_ingest_waiting_for_seconds_only(
    connection: Connection, world: World, simulated: Simulator
) -> None:
    ran(world, world.add_repository(NAME), 2)
    questions = ("workflows", "retention")
    simulated.fault = lambda request, number: bad_gateway() if request.kind in questions else None
    for _ in range(2):
        simulated.restart_counters()
        assert fetch(connection, simulated).outcome == "complete"
        received = simulated.counters.received
        # Twice for each size of a page.
        assert (received["workflows"], received["retention"]) == (8, 2)
    simulated.fault = None
    fetch(connection, simulated)
    assert answers(connection, WORKFLOWS) == [("CI", 1)]


def test_a_rate_limit_is_no_answer_about_how_long_runs_are_kept(
    connection: Connection, world: World, simulated: Simulator
) -> None:
    ran(world, world.add_repository(NAME), 2)
    spent = primary_limit(NOW + timedelta(hours=1))
    simulated.fault = lambda request, number: spent if request.kind == "retention" else None
    with client(simulated) as github:
        wanted = Wanted(NOW - 10 * DAY, NOW - 180 * DAY, jobs=False)
        (report,) = ingest(Tools(connection, github, wanted), [NAME])
    assert report.outcome == "incomplete" and "rate limit reached" in str(report.error)
    asked = "select upstream_retention_asked_at from repositories"
    assert answers(connection, asked) == [None]


def test_what_was_answered_is_kept_when_the_requests_end_among_the_questions(
    connection: Connection, world: World, simulated: Simulator
) -> None:
    repository = world.add_repository(NAME)
    ran(world, repository, 1, workflow=world.add_workflow(repository, "CI"))
    kinds = ("repository", "workflows", "retention")
    asked = Counter[str]()
    for budget in (4, None):
        with client(simulated) as github:
            wanted = Wanted(world.now - 10 * DAY, world.now - 180 * DAY, jobs=False)
            tools = Tools(connection, github, wanted, concurrency=4)
            (report,) = ingest(tools, [NAME], budget)
        assert report.outcome == ("incomplete" if budget else "complete"), report.error
        received = simulated.restart_counters().received
        asked += Counter({kind: received[kind] for kind in kinds})
        if budget:
            assert 0 < sum(asked.values()) < len(kinds)
    # The second ingest asks only what the first could not.
    assert asked == dict.fromkeys(kinds, 1)
