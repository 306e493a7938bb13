"""The simulated GitHub answers like the recorded one, and keeps its own truth."""

import gzip
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from support.commands import Launcher
from support.paths import LONGEST, ROOT

from telemetry.simulated.entities import PlannedJob, Repository, Run
from telemetry.simulated.faults import (
    Fault,
    RequestInfo,
    bad_gateway,
    bad_json,
    connection_reset,
    delay,
    edited,
    primary_limit,
    secondary_limit,
    too_many_requests,
    truncated_body,
)
from telemetry.simulated.lists import created_between
from telemetry.simulated.month import team_month
from telemetry.simulated.payloads import Payloads
from telemetry.simulated.server import Simulator
from telemetry.simulated.world import World

pytestmark = pytest.mark.scenario

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
RUNS = "/repos/acme/app/actions/runs"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def ids(self) -> list[int]:
        return [run["id"] for run in self.json["workflow_runs"]]

    @property
    def link(self) -> dict[str, str]:
        found = re.findall('<(.+?)>; rel="(.+?)"', self.headers["link"])
        return {relation: url for url, relation in found}


class Client:
    """One connection to the simulator, kept alive."""

    def __init__(self, url: str) -> None:
        self.prefix = urlsplit(url).path
        self.connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=LONGEST)

    def get(self, path: str, token: str | None = "t", **headers: str) -> Answer:
        sent = {"user-agent": "test"} | {k.replace("_", "-"): v for k, v in headers.items()}
        if token is not None:
            sent["authorization"] = f"Bearer {token}"
        path = path.removeprefix(f"http://{self.connection.host}:{self.connection.port}")
        self.connection.request("GET", path, headers=sent)
        answer = self.connection.getresponse()
        known = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, known, answer.read())

    def pages(self, path: str) -> Iterator[Answer]:
        answer = self.get(path)
        yield answer
        while "next" in answer.headers.get("link", ""):
            answer = self.get(answer.link["next"])
            yield answer


@contextmanager
def running(simulator: Simulator) -> Iterator[Client]:
    with simulator.serve() as url:
        client = Client(url)
        yield client
        client.connection.close()


def serving(world: World, **options: Any) -> AbstractContextManager[Client]:
    return running(Simulator(world, **options))


def small_world(count: int = 5, spacing: int = 60) -> tuple[World, Repository, list[Run]]:
    """A repository of `count` finished runs, the newest an hour ago."""
    world = World(NOW)
    repository = world.add_repository("acme/app")
    runs = [
        world.add_run(repository, created_at=NOW - timedelta(seconds=3_600 + spacing * n))
        for n in reversed(range(count))
    ]
    return world, repository, runs


@pytest.fixture(scope="module")
def month() -> World:
    """A month large enough to hold what is rare. Read only."""
    return team_month(1, NOW, runs_per_day=300)


@pytest.fixture(scope="module")
def app(month: World) -> Repository:
    return month.repositories[0]


def read(folder: Path, name: str) -> Any:
    """A recorded payload."""
    return json.loads((folder / "github" / name).read_text("utf-8"))


def assert_same_shape(simulated: Any, real: Any, where: str = "") -> None:
    """The same keys in the same order, and the same JSON types wherever both have a value."""
    if simulated is None or real is None:
        return
    assert type(simulated) is type(real), where
    if isinstance(real, dict):
        assert list(simulated) == list(real), where
        for key in real:
            assert_same_shape(simulated[key], real[key], f"{where}.{key}")
    if isinstance(real, list):
        for one, other in zip(simulated, real, strict=False):
            assert_same_shape(one, other, f"{where}[]")


# Against recorded payloads


def run_payload(world: World, repository: Repository, run: Run, attempt: int = 0) -> Any:
    one = run.attempts[attempt - 1] if attempt else None
    return json.loads(Payloads(world).run(repository, run, one))


def test_run_has_the_shape_of_a_recorded_one(recorded: Path, month: World, app: Repository) -> None:
    real = read(recorded, "http_run__otelcicd_1.json")["body"]
    run = next(r for r in reversed(app.runs) if r.commit.pull_request and not r.commit.fork)
    simulated = run_payload(month, app, run)
    assert simulated["pull_requests"]
    assert_same_shape(simulated, real)


def test_attempt_has_the_shape_of_a_recorded_one(
    recorded: Path, month: World, app: Repository
) -> None:
    real = read(recorded, "http_run__pygithub_WorkflowRun_testGetAttempt_2.json")["body"]
    run = next(r for r in app.runs if len(r.attempts) > 1)
    simulated = run_payload(month, app, run, 2)
    del real["actor"], real["triggering_actor"], simulated["actor"], simulated["triggering_actor"]
    del real["repository"]["owner"], real["head_repository"]["owner"]
    del simulated["repository"]["owner"], simulated["head_repository"]["owner"]
    assert_same_shape(simulated, real)
    for key in ("jobs_url", "logs_url", "previous_attempt_url"):
        assert re.sub(r".*runs/\d+/", "", simulated[key]) == re.sub(
            r".*runs/\d+/", "", real[key]
        ), key


@pytest.mark.parametrize("pseudo", [False, True])
def test_job_has_the_shape_of_a_recorded_one(
    recorded: Path, month: World, app: Repository, pseudo: bool
) -> None:
    real = read(recorded, "body_jobs__tt_12083382635.json")["jobs"][8 if pseudo else 0]
    run = next(r for r in app.runs if r.workflow.checks and r.attempts[0].conclusion == "success")
    jobs = [job for job in month.jobs(run, run.attempts[0]) if job.is_pseudo is pseudo]
    simulated = Payloads(month).job(app, run, jobs[0])
    assert_same_shape(simulated, real)
    for key in ("runner_id", "runner_group_name", "steps", "labels"):
        assert bool(simulated[key]) is bool(real[key]), key
    for key in ("html_url", "check_run_url"):
        assert re.sub(r".*/app|\d+", "", simulated[key]) == re.sub(
            r".*/tt-mlir|\d+", "", real[key]
        ), key


def test_recorded_step_numbers_follow_the_simulated_rule(
    recorded: Path, month: World, app: Repository
) -> None:
    real = read(recorded, "body_jobs__tt_12084081698.json")["jobs"][0]["steps"]
    run = next(r for r in app.runs if r.workflow.name == "Lint" and month.jobs(r, r.attempts[0]))
    job = next(j for j in month.jobs(run, run.attempts[0]) if j.runner_id)
    assert [step["number"] for step in real] == [step.number for step in month.steps(job)]


def test_workflow_has_the_shape_of_a_recorded_one(
    recorded: Path, month: World, app: Repository
) -> None:
    real = read(recorded, "http_workflows__hub4j_testListWorkflows_2.json")["body"]["workflows"][0]
    assert_same_shape(Payloads(month).workflow(app, app.workflows[0]), real)


def test_link_has_the_form_of_a_recorded_one(recorded: Path) -> None:
    real = read(recorded, "http_runs__hub4j_testArtifacts_3.json")
    world, repository, _ = small_world(77)
    with serving(world) as client:
        link = client.get(f"{RUNS}?per_page=1").headers["link"]
    host = f"http://{client.connection.host}:{client.connection.port}"
    link = link.replace(host, "https://api.github.com").replace(str(repository.id), "348674220")
    assert link == real["headers"]["link"]


def test_moved_answer_has_the_form_of_a_recorded_one(recorded: Path) -> None:
    real = read(recorded, "http_redirect__pygithub_301.json")
    world, repository, _ = small_world(1)
    world.rename(repository, "acme/renamed")
    with serving(world) as client:
        answer = client.get("/repos/acme/app")
    assert answer.status == real["status"]
    assert list(answer.json) == list(real["body"])
    assert urlsplit(answer.headers["location"]).path == f"/repositories/{repository.id}"


def test_not_found_answer_has_the_form_of_a_recorded_one(recorded: Path) -> None:
    real = read(recorded, "http_error__otelcicd_15.json")
    with serving(small_world(1)[0]) as client:
        answer = client.get(f"{RUNS}/111")
    assert (answer.status, answer.json["message"]) == (real["status"], real["body"]["message"])
    assert list(answer.json) == list(real["body"])


def test_rate_limit_headers_are_those_recorded(recorded: Path) -> None:
    real = read(recorded, "http_runs__hub4j_testArtifacts_3.json")["headers"]
    with serving(small_world(1)[0]) as client:
        headers = client.get(RUNS).headers
    named = {name for name in real if name.startswith("x-ratelimit")}
    assert named and named <= set(headers)
    assert re.fullmatch(r'W/"[0-9a-f]{64}"', headers["etag"])
    assert re.fullmatch(r'W/"[0-9a-f]{64}"', real["etag"])


def test_run_is_as_large_as_recorded_ones(month: World, app: Repository) -> None:
    sizes = [len(Payloads(month).run(app, run).encode()) for run in app.runs[-100:]]
    assert 10_000 < sum(sizes) / len(sizes) < 13_000


# The month


def test_same_arguments_make_the_same_world() -> None:
    one, other = (team_month(3, NOW, runs_per_day=20) for _ in range(2))
    assert list(one.attempts(one.repositories[0])) == list(other.attempts(other.repositories[0]))


def test_another_seed_makes_another_world() -> None:
    one, other = (team_month(seed, NOW, runs_per_day=20) for seed in (3, 4))
    assert list(one.attempts(one.repositories[0])) != list(other.attempts(other.repositories[0]))


def test_month_has_about_the_runs_asked_for(app: Repository) -> None:
    assert 0.9 < len(app.runs) / (30 * 300) < 1.1


def test_month_lies_within_its_days(app: Repository) -> None:
    created = [run.created_at for run in app.runs]
    assert min(created) >= NOW.timestamp() - 30 * 86_400
    assert max(created) <= NOW.timestamp()


def test_most_runs_succeed_and_every_conclusion_occurs(month: World, app: Repository) -> None:
    ends = Counter(month.state(run, month.latest(run))[1] for run in app.runs)
    assert 0.8 < ends["success"] / len(app.runs) < 0.9
    assert set(ends) >= {"failure", "cancelled", "skipped", "timed_out", "startup_failure", None}


def test_ids_increase_with_creation_and_exceed_32_bits(app: Repository) -> None:
    ordered = sorted(app.runs, key=lambda run: run.id)
    assert app.runs == ordered
    assert [r.created_at for r in ordered] == sorted(r.created_at for r in ordered)
    assert ordered[0].id > 2**32


def test_job_ids_are_unique(month: World, app: Repository) -> None:
    ids = [job.id for run in app.runs for a in run.attempts for job in month.jobs(run, a)]
    assert len(ids) == len(set(ids))


def test_weekdays_are_busier_than_week_ends(app: Repository) -> None:
    days = Counter(datetime.fromtimestamp(run.created_at, UTC).weekday() for run in app.runs)
    assert min(days[day] for day in range(5)) > 2 * max(days[5], days[6])


def test_rerun_share_is_a_few_percent_with_up_to_three_attempts_or_more(app: Repository) -> None:
    attempts = Counter(len(run.attempts) for run in app.runs)
    assert 0.02 < 1 - attempts[1] / len(app.runs) < 0.07
    assert attempts[3] and max(attempts) <= 4


def test_some_runs_are_queued_waiting_and_in_progress_now(month: World, app: Repository) -> None:
    open_states = {month.state(r, month.latest(r))[0] for r in month.open_runs(app)}
    assert open_states == {"queued", "waiting", "in_progress"}


def test_ci_takes_a_third_longer_in_the_second_half(month: World, app: Repository) -> None:
    middle = NOW - timedelta(days=15)
    lengths: dict[bool, list[int]] = {True: [], False: []}
    for attempt in month.attempts(app):
        if attempt.workflow_name == "CI" and attempt.conclusion == "success":
            lengths[attempt.started_at >= middle].append(attempt.duration_seconds or 0)
    assert 1.1 < median(lengths[True]) / median(lengths[False]) < 1.4


def test_flaky_job_fails_most_and_mostly_passes_when_run_again(
    month: World, app: Repository
) -> None:
    failures: Counter[str] = Counter()
    second: Counter[str] = Counter()
    for run in app.runs:
        first = month.jobs(run, run.attempts[0]) if run.workflow.name == "CI" else []
        failed = [job.name for job in first if job.conclusion == "failure"]
        failures.update(failed)
        if "e2e (firefox)" in failed and len(run.attempts) > 1:
            second[run.attempts[1].conclusion] += 1
    assert failures.most_common(1)[0][0] == "e2e (firefox)"
    assert second["success"] > 2 * second["failure"] > 0


def test_startup_failure_has_no_jobs_and_the_path_as_name(month: World, app: Repository) -> None:
    run = next(r for r in app.runs if r.attempts[0].conclusion == "startup_failure")
    assert month.jobs(run, run.attempts[0]) == []
    assert run_payload(month, app, run)["name"] == run.workflow.path


def test_approved_run_is_attempt_two_of_one_that_never_ran(month: World, app: Repository) -> None:
    run = next(
        r for r in app.runs if r.attempts[0].conclusion == "action_required" and len(r.attempts) > 1
    )
    assert run.commit.fork is not None
    assert month.jobs(run, run.attempts[0]) == []
    assert month.jobs(run, run.attempts[1])


def test_failed_jobs_run_again_and_the_rest_is_inherited(month: World, app: Repository) -> None:
    run = next(r for r in app.runs if len(r.attempts) > 1 and r.attempts[1].failed_only)
    before, after = (month.jobs(run, attempt) for attempt in run.attempts[:2])
    start = run.attempts[1].started_at
    for old, new in zip(before, after, strict=False):
        assert new.run_attempt == 2 and new.id != old.id
        assert new.inherited is (old.conclusion == "success")
        assert (new.ends_at < start) is new.inherited
        assert new.created_at > start
    assert any(job.inherited for job in after) and any(not job.inherited for job in after)


def test_truth_ends_with_the_last_job_that_really_ran(month: World, app: Repository) -> None:
    run = next(r for r in app.runs if len(r.attempts) > 1 and r.attempts[1].failed_only)
    truth = next(t for t in month.attempts(app) if t.github_run_id == run.id and t.run_attempt == 2)
    ran = [job for job in month.jobs(run, run.attempts[1]) if job.runner_id and not job.inherited]
    assert truth.completed_at is not None
    assert truth.completed_at.timestamp() == max(job.ends_at for job in ran)


def test_every_kind_of_null_that_github_sends_occurs(month: World, app: Repository) -> None:
    never = {"name", "head_repository", "pull_requests", "actor", "head_commit"}
    for run in app.runs:
        payload = run_payload(month, app, run)
        never -= {key for key in never if payload[key] is None}
        if not never:
            break
    assert not never


def test_titles_hold_letters_of_other_scripts(app: Repository) -> None:
    assert any(not run.title.isascii() for run in app.runs)


def test_clocks_disagree_now_and_then(month: World, app: Repository) -> None:
    attempts = [attempt for run in app.runs for attempt in run.attempts]
    assert any(a.started_at < a.created_at for a in attempts if a.number == 1)
    jobs = [job for run in app.runs for job in month.jobs(run, run.attempts[0])]
    assert any(job.created_at > job.started_at for job in jobs)
    steps = [step for job in jobs[:5_000] for step in month.steps(job)]
    assert any(s.completed_at and s.started_at and s.completed_at < s.started_at for s in steps)


def test_some_runs_are_touched_long_after_their_end(month: World, app: Repository) -> None:
    late = [
        attempt
        for attempt in month.attempts(app)
        if attempt.completed_at and attempt.updated_at - attempt.completed_at > timedelta(days=1)
    ]
    assert late


def test_jobs_wait_longest_for_the_scarcest_runners(month: World, app: Repository) -> None:
    waits: dict[str, list[int]] = {}
    for run in app.runs:
        for job in month.jobs(run, run.attempts[0]):
            if job.runner_id and job.planned and not job.planned.approval:
                waits.setdefault(job.labels[0], []).append(job.started_at - job.created_at)
    means = {label: sum(times) / len(times) for label, times in waits.items()}
    assert sorted(means, key=means.__getitem__) == [
        "ubuntu-latest",
        "windows-latest",
        "macos-latest",
        "self-hosted",
    ]


def test_steps_lie_in_order_and_end_with_the_job(month: World, app: Repository) -> None:
    run = next(r for r in app.runs if r.attempts[0].conclusion == "success")
    job = month.jobs(run, run.attempts[0])[0]
    steps = month.steps(job)
    numbers = [step.number for step in steps]
    assert numbers == sorted(numbers) and numbers[-1] > len(numbers)
    assert steps[-1].completed_at == job.completed_at


def test_failed_job_has_a_failed_step(month: World, app: Repository) -> None:
    jobs = [job for run in app.runs for job in month.jobs(run, run.attempts[0])]
    failed = [job for job in jobs if job.conclusion == "failure"]
    assert failed
    for job in failed:
        ends = [step.conclusion for step in month.steps(job)]
        assert ends.count("failure") == 1 and ends[-1] == "success"


# Changes


def test_letting_time_pass_finishes_open_runs() -> None:
    world = team_month(1, NOW, runs_per_day=10)
    repository = world.repositories[0]
    assert world.open_runs(repository)
    world.advance(timedelta(days=2))
    assert world.open_runs(repository) == []


def test_letting_time_pass_brings_the_days_ahead() -> None:
    world = team_month(1, NOW, runs_per_day=10, days_ahead=5)
    repository = world.repositories[0]
    before = len(repository.runs)
    world.advance(timedelta(days=5))
    assert len(repository.runs) > before + 20
    assert not repository.future


def test_run_passes_from_queued_through_in_progress_to_completed() -> None:
    world = World(NOW)
    repository = world.add_repository("acme/app")
    run = world.add_run(repository)
    seen = [world.state(run, run.attempts[0])[0]]
    while seen[-1] != "completed":
        world.advance(timedelta(seconds=1))
        seen.append(world.state(run, run.attempts[0])[0])
    assert list(dict.fromkeys(seen)) == ["queued", "in_progress", "completed"]


def test_finished_run_is_over_now_with_the_conclusion_given() -> None:
    world = World(NOW)
    run = world.add_run(world.add_repository("acme/app"))
    world.advance(timedelta(seconds=30))
    world.finish(run, "cancelled")
    now = int(NOW.timestamp()) + 30
    assert world.state(run, run.attempts[0]) == ("completed", "cancelled", now)
    assert all(job.ends_at <= now for job in world.jobs(run, run.attempts[0]))


def test_ending_a_run_changes_no_job_that_was_over() -> None:
    world = World(NOW)
    run = world.add_run(world.add_repository("acme/app"))
    attempt = run.attempts[0]
    while not any(job.completed_at for job in world.jobs(run, attempt)):
        world.advance(timedelta(seconds=1))
    before = world.jobs(run, attempt)[0]
    world.finish(run, "cancelled")
    after = world.jobs(run, attempt)[0]
    assert (after.started_at, after.completed_at) == (before.started_at, before.completed_at)
    assert (after.conclusion, world.state(run, attempt)[1]) == ("success", "cancelled")


def test_run_that_is_over_cannot_be_finished() -> None:
    world, _, (run,) = small_world(1)
    with pytest.raises(ValueError, match="over already"):
        world.finish(run)


def test_open_run_cannot_be_run_again() -> None:
    world = World(NOW)
    run = world.add_run(world.add_repository("acme/app"))
    with pytest.raises(ValueError, match="not over yet"):
        world.rerun(run)


def test_a_second_holds_a_thousand_runs_and_no_more() -> None:
    world = World(NOW)
    repository = world.add_repository("acme/app")
    for _ in range(1_000):
        world.add_run(repository)
    first, last = created_between(NOW.isoformat())
    assert repository.position(last + 1) - repository.position(first) == 1_000
    with pytest.raises(ValueError, match="already begin"):
        world.add_run(repository)


# Runs over HTTP


def test_list_is_newest_first_with_ties_by_id_descending() -> None:
    world, repository, _ = small_world(4)
    for _ in range(3):
        world.add_run(repository)
    with serving(world) as client:
        runs = client.get(RUNS).json["workflow_runs"]
    keys = [(run["created_at"], run["id"]) for run in runs]
    assert keys == sorted(keys, reverse=True)
    assert len({created for created, _ in keys}) < len(keys)


def test_pages_together_are_the_whole_list() -> None:
    world, _, runs = small_world(23)
    with serving(world) as client:
        pages = list(client.pages(f"{RUNS}?per_page=5"))
    assert [run_id for page in pages for run_id in page.ids] == [run.id for run in reversed(runs)]
    assert {page.json["total_count"] for page in pages} == {23}


@pytest.mark.parametrize(
    ("page", "relations"),
    [
        (1, ["next", "last"]),
        (2, ["prev", "next", "last", "first"]),
        (3, ["prev", "first"]),
    ],
)
def test_link_names_the_pages_that_exist(page: int, relations: list[str]) -> None:
    world, repository, _ = small_world(5)
    with serving(world) as client:
        link = client.get(f"{RUNS}?per_page=2&page={page}").link
    assert list(link) == relations
    assert all(f"/repositories/{repository.id}/actions/runs?" in url for url in link.values())


def test_list_of_one_page_has_no_link() -> None:
    with serving(small_world(5)[0]) as client:
        assert "link" not in client.get(RUNS).headers


def test_page_size_is_thirty_and_at_most_a_hundred() -> None:
    with serving(small_world(120)[0]) as client:
        assert len(client.get(RUNS).ids) == 30
        assert len(client.get(f"{RUNS}?per_page=500").ids) == 100


def test_the_truth_equals_the_answers() -> None:
    world = team_month(2, NOW, runs_per_day=15)
    truth = list(world.attempts(world.repositories[0]))
    with serving(world) as client:
        listed = [run for page in client.pages(RUNS) for run in page.json["workflow_runs"]]
        served = {
            (run["id"], n): client.get(f"{RUNS}/{run['id']}/attempts/{n}").json
            for run in listed
            for n in range(1, run["run_attempt"] + 1)
        }
    created = {run["id"]: run["created_at"] for run in listed}
    assert len(truth) == len(served) > len(listed)
    for attempt in truth:
        payload = served[attempt.github_run_id, attempt.run_attempt]
        assert datetime.fromisoformat(created[attempt.github_run_id]) == attempt.created_at
        assert {
            "attempt_created_at": datetime.fromisoformat(payload["created_at"]),
            "started_at": datetime.fromisoformat(payload["run_started_at"]),
            "updated_at": datetime.fromisoformat(payload["updated_at"]),
            "status": payload["status"],
            "conclusion": payload["conclusion"],
            "workflow_name": payload["name"],
            "workflow_path": payload["path"],
            "display_title": payload["display_title"],
            "branch": payload["head_branch"],
            "commit_sha": payload["head_sha"],
            "event_type": payload["event"],
            "run_number": payload["run_number"],
            "repository": payload["repository"]["full_name"],
            "head_repository": (payload["head_repository"] or {}).get("full_name"),
            "actor": (payload["actor"] or {}).get("login"),
            "triggering_actor": (payload["triggering_actor"] or {}).get("login"),
            "actor_id": (payload["actor"] or {}).get("id"),
            "triggering_actor_id": (payload["triggering_actor"] or {}).get("id"),
            "html_url": payload["html_url"],
        }.items() <= vars(attempt).items()


def test_created_at_is_the_runs_in_lists_and_the_attempts_own_under_attempts() -> None:
    world, _, (run,) = small_world(1)
    world.advance(timedelta(days=5))
    world.rerun(run)
    created, again = "2026-11-23T11:00:00Z", "2026-11-28T12:00:00Z"
    with serving(world) as client:
        listed = client.get(RUNS).json["workflow_runs"][0]
        alone = client.get(f"{RUNS}/{run.id}").json
        first = client.get(f"{RUNS}/{run.id}/attempts/1").json
        second = client.get(f"{RUNS}/{run.id}/attempts/2").json
    assert (listed["created_at"], listed["run_attempt"]) == (created, 2)
    assert (alone["created_at"], alone["run_attempt"]) == (created, 2)
    assert (first["created_at"], first["run_attempt"]) == (created, 1)
    assert (second["created_at"], second["run_attempt"]) == (again, 2)
    assert listed["run_started_at"] == second["run_started_at"] == "2026-11-28T11:59:58Z"
    assert listed["run_number"] == first["run_number"]


def test_exclude_pull_requests_empties_them_only() -> None:
    world = team_month(1, NOW, runs_per_day=10)
    with serving(world) as client:
        with_pulls = client.get(RUNS).json["workflow_runs"]
        without = client.get(f"{RUNS}?exclude_pull_requests=true").json["workflow_runs"]
    assert any(run["pull_requests"] for run in with_pulls)
    assert without == [run | {"pull_requests": []} for run in with_pulls]


@pytest.mark.parametrize(
    ("search", "span"),
    [
        ("2026-11-20", ("2026-11-20T00:00:00", "2026-11-20T23:59:59")),
        ("2026-11-20T08:00:00Z", ("2026-11-20T08:00:00", "2026-11-20T08:00:00")),
        (
            "2026-11-20T08:00:00Z..2026-11-20T09:00:00Z",
            ("2026-11-20T08:00:00", "2026-11-20T09:00:00"),
        ),
        ("2026-11-19..2026-11-20", ("2026-11-19T00:00:00", "2026-11-20T23:59:59")),
        ("2026-11-20T08:00:00+07:00", ("2026-11-20T01:00:00", "2026-11-20T01:00:00")),
    ],
)
def test_created_is_a_date_a_time_or_a_range(search: str, span: tuple[str, str]) -> None:
    first, last = (datetime.fromisoformat(edge + "+00:00").timestamp() for edge in span)
    assert created_between(search) == (first, last)


def test_created_filter_is_inclusive_over_http() -> None:
    world, _, runs = small_world(10)
    first, last = (datetime.fromtimestamp(runs[n].created_at, UTC) for n in (3, 6))
    search = quote(f"{first.isoformat()}..{last.isoformat()}")
    with serving(world) as client:
        answer = client.get(f"{RUNS}?created={search}")
    assert answer.ids == [run.id for run in reversed(runs[3:7])]
    assert answer.json["total_count"] == 4


def test_an_invalid_created_is_refused() -> None:
    with serving(small_world(1)[0]) as client:
        assert client.get(f"{RUNS}?created=yesterday").status == 422


@pytest.mark.parametrize(
    ("query", "key", "value"),
    [
        ("status=failure", "conclusion", "failure"),
        ("status=completed", "status", "completed"),
        ("status=in_progress", "status", "in_progress"),
        ("event=schedule", "event", "schedule"),
    ],
)
def test_filters_match_as_named(query: str, key: str, value: str) -> None:
    world = team_month(1, NOW, runs_per_day=6)
    with serving(world, filtered_cap=10_000) as client:
        every = [run for page in client.pages(RUNS) for run in page.json["workflow_runs"]]
        found = [run_id for page in client.pages(f"{RUNS}?{query}") for run_id in page.ids]
    assert found == [run["id"] for run in every if run[key] == value] != []


@pytest.mark.parametrize("by", ["id", "file"])
def test_runs_of_one_workflow_are_listed(by: str) -> None:
    world = team_month(1, NOW, runs_per_day=20)
    workflow = world.repositories[0].workflows[0]
    name = str(workflow.id) if by == "id" else "ci.yml"
    with serving(world) as client:
        answer = client.get(f"/repos/acme/app/actions/workflows/{name}/runs")
    assert {run["workflow_id"] for run in answer.json["workflow_runs"]} == {workflow.id}
    assert f"/actions/workflows/{workflow.id}/runs?" in answer.headers["link"]


# The caps


@pytest.mark.parametrize(("clamped", "total"), [(False, 25), (True, 10)])
def test_filtered_list_ends_at_its_cap_with_empty_pages(clamped: bool, total: int) -> None:
    world, _, runs = small_world(25)
    options = {"filtered_cap": 10, "clamp_filtered_total": clamped}
    with serving(world, **options) as client:
        pages = list(client.pages(f"{RUNS}?event=push&per_page=4"))
        beyond = client.get(f"{RUNS}?event=push&per_page=4&page=4")
    newest = [run.id for run in reversed(runs)][:10]
    assert [run_id for page in pages for run_id in page.ids] == newest
    assert {page.json["total_count"] for page in pages} == {total}
    assert (beyond.status, beyond.ids) == (200, [])


def test_filtered_list_refuses_pages_beyond_its_cap() -> None:
    world, _, _ = small_world(25)
    with serving(world, filtered_cap=10, beyond_filtered_cap="422") as client:
        assert client.get(f"{RUNS}?event=push&per_page=5&page=2").status == 200
        assert client.get(f"{RUNS}?event=push&per_page=5&page=3").status == 422


def test_unfiltered_list_refuses_pages_beyond_its_cap() -> None:
    world, _, _ = small_world(25)
    with serving(world, unfiltered_cap=20) as client:
        first = client.get(f"{RUNS}?per_page=5")
        last = client.get(f"{RUNS}?per_page=5&page=4")
        beyond = client.get(f"{RUNS}?per_page=5&page=5")
    assert first.json["total_count"] == 20
    assert first.link["last"].endswith("page=4")
    assert (last.status, "next" in last.link) == (200, False)
    assert beyond.status == 422
    assert beyond.json["message"].endswith("pagination is limited for this resource.")


def test_unfiltered_list_is_not_held_to_the_filtered_cap() -> None:
    with serving(small_world(25)[0], filtered_cap=10) as client:
        assert client.get(f"{RUNS}?exclude_pull_requests=true").json["total_count"] == 25


# Jobs over HTTP


def world_of_attempts() -> tuple[World, Run]:
    world, repository, _ = small_world(0)
    run = world.add_run(repository, conclusion="failure", created_at=NOW - timedelta(days=2))
    world.rerun(run, failed_only=True)
    world.advance(timedelta(hours=1))
    return world, run


def test_jobs_are_those_of_the_latest_attempt_unless_all_are_asked_for() -> None:
    world, run = world_of_attempts()
    with serving(world) as client:
        latest = client.get(f"{RUNS}/{run.id}/jobs").json
        every = client.get(f"{RUNS}/{run.id}/jobs?filter=all").json
        first = client.get(f"{RUNS}/{run.id}/attempts/1/jobs").json
    assert {job["run_attempt"] for job in latest["jobs"]} == {2}
    assert {job["run_attempt"] for job in first["jobs"]} == {1}
    assert every["jobs"] == first["jobs"] + latest["jobs"]
    assert every["total_count"] == len(every["jobs"])


def test_older_attempts_can_lack_their_steps() -> None:
    world, run = world_of_attempts()
    with serving(world, older_attempts="without steps") as client:
        every = client.get(f"{RUNS}/{run.id}/jobs?filter=all").json["jobs"]
        first = client.get(f"{RUNS}/{run.id}/attempts/1/jobs").json["jobs"]
    assert not any(job["steps"] for job in every if job["run_attempt"] == 1)
    assert any(job["steps"] for job in every if job["run_attempt"] == 2)
    assert any(job["steps"] for job in first)


def test_older_attempts_can_be_absent() -> None:
    world, run = world_of_attempts()
    with serving(world, older_attempts="absent") as client:
        every = client.get(f"{RUNS}/{run.id}/jobs?filter=all").json["jobs"]
    assert {job["run_attempt"] for job in every} == {2}


def test_more_than_a_hundred_jobs_are_paged() -> None:
    world = World(NOW)
    repository = world.add_repository("acme/app")
    world.add_workflow(repository, jobs=[PlannedJob(f"test {n}") for n in range(150)])
    run = world.add_run(repository, created_at=NOW - timedelta(days=1))
    with serving(world) as client:
        pages = list(client.pages(f"{RUNS}/{run.id}/jobs?per_page=100"))
    assert [len(page.json["jobs"]) for page in pages] == [100, 50]
    assert f"/repositories/{repository.id}/actions/runs/{run.id}/jobs?" in pages[0].link["next"]


def test_job_that_waits_for_a_runner_has_none_and_no_steps() -> None:
    world = World(NOW)
    run = world.add_run(world.add_repository("acme/app"))
    world.advance(timedelta(seconds=2))
    with serving(world) as client:
        (job,) = client.get(f"{RUNS}/{run.id}/jobs").json["jobs"]
    assert (job["status"], job["runner_id"], job["steps"]) == ("queued", None, [])
    assert job["started_at"] == job["created_at"]
    assert job["completed_at"] is None and job["conclusion"] is None


def test_job_in_progress_has_steps_done_and_to_do() -> None:
    world = World(NOW)
    run = world.add_run(world.add_repository("acme/app"))
    world.advance(timedelta(seconds=45))
    with serving(world) as client:
        (job,) = client.get(f"{RUNS}/{run.id}/jobs").json["jobs"]
    assert job["status"] == "in_progress"
    assert [step["status"] for step in job["steps"]] == [
        "completed",
        "completed",
        "in_progress",
        "queued",
        "queued",
    ]


@pytest.mark.parametrize("rest", ["", "/jobs", "/attempts/1", "/attempts/1/jobs"])
def test_deleted_run_is_gone(rest: str) -> None:
    world, repository, runs = small_world(3)
    world.delete(repository, runs[1])
    with serving(world) as client:
        assert client.get(f"{RUNS}/{runs[1].id}{rest}").status == 404
        assert client.get(RUNS).ids == [runs[2].id, runs[0].id]


def test_attempt_that_does_not_exist_is_not_found() -> None:
    world, _, (run,) = small_world(1)
    with serving(world) as client:
        assert client.get(f"{RUNS}/{run.id}/attempts/2").status == 404


# Repositories


def test_repository_is_the_same_by_name_and_by_id() -> None:
    world, repository, _ = small_world(3)
    with serving(world) as client:
        by_name = client.get("/repos/ACME/app").json
        by_id = client.get(f"/repositories/{repository.id}").json
        runs = client.get(f"/repositories/{repository.id}/actions/runs").json
        assert client.get(RUNS).json == runs
    assert by_name == by_id
    assert (by_name["id"], by_name["archived"]) == (repository.id, False)


def test_renamed_repository_redirects_to_its_id_and_answers_its_new_name() -> None:
    world, repository, runs = small_world(3)
    world.rename(repository, "acme/renamed")
    with serving(world) as client:
        moved = client.get(f"{RUNS}?per_page=2&page=2")
        answer = client.get(moved.headers["location"])
        new = client.get("/repos/acme/renamed/actions/runs?per_page=2&page=2")
    assert moved.status == 301
    assert answer.ids == new.ids == [runs[0].id]
    assert new.json["workflow_runs"][0]["repository"]["full_name"] == "acme/renamed"


def test_private_repository_needs_a_token() -> None:
    world = World(NOW)
    world.add_repository("acme/app", private=True)
    with serving(world) as client:
        assert client.get("/repos/acme/app").json["private"] is True
        assert client.get("/repos/acme/app", token=None).status == 404
        assert client.get(RUNS, token=None).status == 404


def test_runs_say_when_their_repository_becomes_public() -> None:
    world = World(NOW)
    repository = world.add_repository("acme/app", private=True)
    world.add_run(repository)
    with serving(world) as client:
        for private in (True, False):
            repository.private = private
            world.advance(timedelta(hours=1))
            (run,) = client.get(RUNS).json["workflow_runs"]
            assert run["repository"]["private"] is private


@pytest.mark.parametrize("path", ["/orgs/acme", "/users/acme"])
def test_repositories_of_an_owner_are_listed(path: str) -> None:
    world = World(NOW)
    for name in ("one", "two", "three"):
        world.add_repository(f"acme/{name}", archived=name == "two")
    world.add_repository("other/app")
    with serving(world) as client:
        pages = list(client.pages(f"{path}/repos?per_page=2"))
    found = {item["name"]: item["archived"] for page in pages for item in page.json}
    assert found == {"one": False, "two": True, "three": False}


def test_disabled_repository_lists_no_runs() -> None:
    world = World(NOW)
    world.add_repository("acme/app", disabled=True)
    with serving(world) as client:
        assert client.get("/repos/acme/app").json["disabled"] is True
        assert client.get(RUNS).status == 451


@pytest.mark.parametrize("path", ["/repos/acme/none", "/", f"{RUNS}/", "/orgs/none/repos"])
def test_unknown_path_is_not_found(path: str) -> None:
    with serving(small_world(1)[0]) as client:
        assert client.get(path).status == 404


def test_prefix_is_part_of_every_url() -> None:
    world, _, _ = small_world(3)
    with serving(world, prefix="/api/v3") as client:
        answer = client.get(f"/api/v3{RUNS}?per_page=1")
        assert client.get(RUNS).status == 404
        assert client.get(answer.link["next"]).status == 200
    assert "/api/v3/repositories/" in answer.link["next"]
    assert "/api/v3/repos/" in answer.json["workflow_runs"][0]["url"]


# Headers, limits, tags


def test_gzip_is_sent_only_when_asked_for() -> None:
    with serving(small_world(5)[0]) as client:
        plain = client.get(RUNS)
        packed = client.get(RUNS, accept_encoding="gzip")
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert packed.headers["etag"] == plain.headers["etag"]


def test_connection_is_kept_alive() -> None:
    with serving(small_world(5)[0]) as client:
        client.get(RUNS)
        first = client.connection.sock
        client.get(f"{RUNS}?page=2")
        assert client.connection.sock is first


def test_date_is_the_time_of_the_world_unless_a_clock_is_given() -> None:
    world, _, _ = small_world(1)
    with serving(world) as client:
        assert client.get(RUNS).headers["date"].startswith("Mon, 23 Nov 2026 12:0")
    with serving(world, clock=lambda: datetime(2027, 1, 2, tzinfo=UTC)) as client:
        assert client.get(RUNS).headers["date"] == "Sat, 02 Jan 2027 00:00:00 GMT"


def test_unchanged_page_is_a_304_that_is_not_charged() -> None:
    simulator = Simulator(small_world(5)[0])
    with running(simulator) as client:
        first = client.get(RUNS)
        again = client.get(RUNS, if_none_match=first.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    assert again.headers["x-ratelimit-remaining"] == first.headers["x-ratelimit-remaining"]
    assert (simulator.counters.charged, simulator.counters.not_modified) == (1, 1)


def test_tag_is_bound_to_the_token() -> None:
    with serving(small_world(5)[0]) as client:
        tag = client.get(RUNS, token="one").headers["etag"]
        assert client.get(RUNS, token="two", if_none_match=tag).status == 200


@pytest.mark.parametrize("change", ["add", "rerun", "delete", "advance"])
def test_change_of_the_world_changes_the_page_and_its_tag(change: str) -> None:
    world, repository, runs = small_world(5)
    open_run = world.add_run(repository)
    with serving(world) as client:
        before = client.get(RUNS)
        if change == "add":
            world.add_run(repository)
        elif change == "rerun":
            world.rerun(runs[0])
        elif change == "delete":
            world.delete(repository, open_run)
        else:
            world.advance(timedelta(days=1))
        after = client.get(RUNS, if_none_match=before.headers["etag"])
    assert after.status == 200
    assert after.json != before.json


def test_change_elsewhere_leaves_a_closed_windows_tag() -> None:
    world, repository, _ = small_world(5)
    path = f"{RUNS}?created=2026-11-23T10:00:00Z..2026-11-23T11:30:00Z"
    with serving(world) as client:
        tag = client.get(path).headers["etag"]
        world.add_run(repository)
        assert client.get(path, if_none_match=tag).status == 304


@pytest.mark.parametrize(("token", "limit"), [(None, "60"), ("known", "1000")])
def test_limit_depends_on_the_token(token: str | None, limit: str) -> None:
    with serving(small_world(1)[0], tokens={"known": 1_000}) as client:
        assert client.get(RUNS, token=token).headers["x-ratelimit-limit"] == limit


def test_wrong_token_is_refused() -> None:
    with serving(small_world(1)[0], tokens={"known": 1_000}) as client:
        answer = client.get(RUNS, token="wrong")
    assert (answer.status, answer.json["message"]) == (401, "Bad credentials")


def test_request_without_user_agent_is_refused() -> None:
    with serving(small_world(1)[0]) as client:
        client.connection.putrequest("GET", RUNS)
        client.connection.endheaders()
        assert client.connection.getresponse().status == 403


def test_spent_limit_refuses_until_its_reset() -> None:
    now = [NOW]
    with serving(small_world(1)[0], limit=2, clock=lambda: now[0]) as client:
        assert [client.get(RUNS).status for _ in range(3)] == [200, 200, 403]
        spent = client.get(RUNS)
        assert spent.headers["x-ratelimit-remaining"] == "0"
        now[0] = datetime.fromtimestamp(int(spent.headers["x-ratelimit-reset"]), UTC)
        assert client.get(RUNS).headers["x-ratelimit-remaining"] == "1"


def test_reading_the_rate_limit_is_free() -> None:
    with serving(small_world(1)[0], limit=10) as client:
        client.get(RUNS)
        client.get("/rate_limit")
        core = client.get("/rate_limit").json["resources"]["core"]
    assert (core["limit"], core["used"], core["remaining"]) == (10, 1, 9)


def test_limit_of_zero_leaves_the_rate_limit_out() -> None:
    with serving(small_world(1)[0], limit=0) as client:
        assert not any(name.startswith("x-ratelimit") for name in client.get(RUNS).headers)
        assert client.get("/rate_limit").status == 404


def test_counters_count_requests_by_kind() -> None:
    world, _, (run,) = small_world(1)
    simulator = Simulator(world)
    with running(simulator) as client:
        for path in (RUNS, RUNS, f"{RUNS}/{run.id}/jobs", "/nowhere"):
            client.get(path)
        client.get("/rate_limit")
    counted = simulator.restart_counters()
    assert counted.received == {"runs": 2, "jobs": 1, "unknown": 1, "rate_limit": 1}
    assert counted.charged == 4
    assert simulator.counters.received == {}


def test_most_requests_in_flight_are_counted() -> None:
    together = threading.Barrier(4)

    def wait_for_all(request: RequestInfo, ordinal: int) -> None:
        together.wait(300)

    simulator = Simulator(small_world(1)[0], before=wait_for_all)
    with simulator.serve() as url:
        threads = [threading.Thread(target=fetch, args=(url,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert simulator.counters.most_in_flight == 4
    assert simulator.counters.in_flight == 0


def fetch(url: str) -> None:
    client = Client(url)
    assert client.get(RUNS).status == 200
    client.connection.close()


def test_answers_take_the_latency_at_least() -> None:
    with serving(small_world(1)[0], latency=0.05) as client:
        began = time.monotonic()
        client.get(RUNS)
        assert time.monotonic() - began >= 0.05


# Faults and drift


def first_only(fault: Fault) -> Any:
    return lambda request, ordinal: fault if ordinal == 1 else None


@pytest.mark.parametrize(
    ("fault", "status", "headers"),
    [
        (bad_gateway(), 502, {"content-type": "text/html"}),
        (too_many_requests(), 429, {}),
        (too_many_requests("7"), 429, {"retry-after": "7"}),
        (secondary_limit("60"), 403, {"retry-after": "60", "x-ratelimit-remaining": "5000"}),
        (
            primary_limit(NOW),
            403,
            {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(NOW.timestamp()))},
        ),
    ],
)
def test_fault_is_answered_once_and_not_charged(
    fault: Fault, status: int, headers: dict[str, str]
) -> None:
    simulator = Simulator(small_world(1)[0], fault=first_only(fault))
    with running(simulator) as client:
        answer = client.get(RUNS)
        assert client.get(RUNS).status == 200
    assert answer.status == status
    assert headers.items() <= answer.headers.items()
    assert simulator.counters.charged == 1


def test_connection_can_be_reset() -> None:
    with serving(small_world(1)[0], fault=first_only(connection_reset())) as client:
        with pytest.raises(ConnectionError):
            client.get(RUNS)
        assert client.get(RUNS).status == 200


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_body_can_be_truncated(encoding: str) -> None:
    with serving(small_world(1)[0], fault=first_only(truncated_body())) as client:
        with pytest.raises(http.client.IncompleteRead):
            client.get(RUNS, accept_encoding=encoding)
        client.connection.close()
        assert client.get(RUNS).status == 200


def test_body_can_be_broken_json() -> None:
    with serving(small_world(1)[0], fault=first_only(bad_json())) as client:
        broken = gzip.decompress(client.get(RUNS, accept_encoding="gzip").body)
        with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
            json.loads(broken)
        assert client.get(RUNS).json


def test_answer_can_be_delayed() -> None:
    with serving(small_world(1)[0], fault=first_only(delay(0.05))) as client:
        began = time.monotonic()
        assert client.get(RUNS).status == 200
        assert time.monotonic() - began >= 0.05


def test_fields_can_be_taken_out() -> None:
    def without_total(body: Any) -> Any:
        del body["total_count"]
        body["workflow_runs"][0]["actor"] = None
        return body

    with serving(small_world(1)[0], fault=first_only(edited(without_total))) as client:
        answer = client.get(RUNS).json
    assert list(answer) == ["workflow_runs"]
    assert answer["workflow_runs"][0]["actor"] is None


def test_fault_can_depend_on_the_request() -> None:
    def only_large_pages(request: RequestInfo, ordinal: int) -> Fault | None:
        large = int(request.query.get("per_page", "30")) > 50
        return bad_gateway() if request.kind == "runs" and large else None

    with serving(small_world(1)[0], fault=only_large_pages) as client:
        assert client.get(f"{RUNS}?per_page=100").status == 502
        assert client.get(f"{RUNS}?per_page=50").status == 200


def test_world_can_change_during_a_listing() -> None:
    world, repository, _ = small_world(10)

    def insert(request: RequestInfo, ordinal: int) -> None:
        if ordinal % 2 == 0:
            world.add_run(repository)

    with serving(world, before=insert) as client:
        pages = list(client.pages(f"{RUNS}?per_page=3"))
    ids = [run_id for page in pages for run_id in page.ids]
    assert [page.json["total_count"] for page in pages] == [10, 11, 11, 12]
    assert len(ids) > len(set(ids))


# The end


def test_server_ends_although_a_connection_is_open() -> None:
    with Simulator(small_world(1)[0]).serve() as url:
        client = Client(url)
        client.get(RUNS)
    assert client.connection.sock.recv(1) == b""
    client.connection.close()


@pytest.mark.parametrize(
    "words",
    [
        "--days -3",
        "--days 0",
        "--days 99999999",
        "--runs-per-day nan",
        "--runs-per-day inf",
        "--latency -1",
        "--limit -1",
        "--now 0001-01-01",
        "--now x",
        "--port 99999",
        "--seed 1e3",
        "acme",
    ],
)
def test_script_refuses_what_cannot_be_served(words: str, launcher: Launcher) -> None:
    done = launcher.run("simulate_github", *words.split(), environ={"PYTHONPATH": str(ROOT)})
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("simulate_github.py: error: ")
    assert "Traceback" not in done.stderr


def test_script_serves_until_interrupted() -> None:
    script = ROOT / "scripts" / "simulate_github.py"
    command = [sys.executable, str(script), "--now", "2026-11-23T12:00", "--runs-per-day", "5"]
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        client = Client(url)
        answer = client.get(RUNS, token=None)
        client.connection.close()
        process.send_signal(signal.SIGINT)
        assert process.wait(LONGEST) == 0
    assert answer.headers["date"].startswith("Mon, 23 Nov 2026")
    assert answer.json["total_count"] > 50
