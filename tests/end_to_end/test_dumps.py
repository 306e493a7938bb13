"""The dumps of a schedule: which one is restored, which are deleted, and the loss of one."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.commands import Finished, Launcher
from support.dumps import Dumps

from telemetry.simulated.month import team_month
from telemetry.simulated.server import Simulator


@dataclass
class Schedule:
    """The dumps of the workflow `ours.yml`, and its commands."""

    dumps: Dumps
    run: Callable[..., Finished]
    output: Path


@pytest.fixture
def schedule(launcher: Launcher, tmp_path: Path) -> Iterator[Schedule]:
    dumps = Dumps(dict.fromkeys((5, 6, 7, 8), b""))
    simulated = Simulator(team_month(seed=7, now=datetime(2026, 3, 1, tzinfo=UTC), runs_per_day=1))
    simulated.fault = dumps.answer
    output = tmp_path / "output"

    def run(command: str, **changes: str | None) -> Finished:
        environ = {
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": url,
            "GITHUB_TOKEN": "ghs_token",
            "GITHUB_REPOSITORY": "acme/app",
            "GITHUB_WORKFLOW_REF": "acme/app/.github/workflows/ours.yml@refs/heads/main",
            "GITHUB_OUTPUT": str(output),
            **changes,
        }
        return launcher.run(command, environ={k: v for k, v in environ.items() if v is not None})

    with simulated.serve() as url:
        yield Schedule(dumps, run, output)


def test_the_newest_dump_is_found(schedule: Schedule) -> None:
    done = schedule.run("find_dump")
    assert (done.returncode, done.stdout) == (0, "run-id=8\n"), done.stderr
    assert schedule.output.read_text() == "run-id=8\n"


def test_a_dump_that_somebody_else_could_have_made_is_passed_over(schedule: Schedule) -> None:
    """Of a pull request, of a fork, of another workflow."""
    schedule.dumps.events[8] = "pull_request"
    schedule.dumps.forks.add(7)
    schedule.dumps.paths[6] = ".github/workflows/other.yml"
    assert schedule.run("find_dump").stdout == "run-id=5\n"
    assert schedule.run("prune_dumps").returncode == 0
    assert schedule.dumps.deleted == []


def test_a_dump_that_has_expired_is_passed_over(schedule: Schedule) -> None:
    schedule.dumps.expired.add(8)
    done = schedule.run("find_dump")
    assert (done.returncode, done.stdout) == (0, "run-id=7\n"), done.stderr


def test_without_any_earlier_run_nothing_is_said_to_be_lost(schedule: Schedule) -> None:
    schedule.dumps.artifacts.clear()
    done = schedule.run("find_dump")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert done.stderr.splitlines()[-1] == "acme/app: GitHub has no dump from a run of ours.yml"
    assert not schedule.output.exists()


def test_a_dump_that_expired_while_the_schedule_slept_is_a_warning(schedule: Schedule) -> None:
    schedule.dumps.expired |= {5, 6, 7, 8}
    done = schedule.run("find_dump")
    assert done.returncode == 0, done.stderr
    sentence = (
        "the database of the earlier runs of ours.yml, the last of 2026-01-09, is gone: it expired "
        "on 2026-04-09; all that GitHub still has is fetched again, and what GitHub has deleted "
        "since then is lost. DATABASE_URL names a database that does not expire"
    )
    assert done.stdout == f"::warning title=actions-telemetry::{sentence}\n"
    assert done.stderr.splitlines()[-1] == f"warning: {sentence}"
    assert not schedule.output.exists()


def test_runs_that_github_deleted_with_their_dump_are_a_warning(schedule: Schedule) -> None:
    """After 90 days of sleep, neither the runs nor their artifacts are listed any more."""
    schedule.dumps.artifacts.clear()
    done = schedule.run("find_dump", GITHUB_RUN_NUMBER="361")
    assert done.returncode == 0, done.stderr
    sentence = (
        "GitHub has deleted 360 earlier runs of ours.yml, and any database that they left; all "
        "that GitHub still has is fetched again, and what GitHub has deleted since then is lost. "
        "DATABASE_URL names a database that does not expire"
    )
    assert done.stdout == f"::warning title=actions-telemetry::{sentence}\n"
    schedule.dumps.runs_listed = 361  # all failed, so none left a dump
    done = schedule.run("find_dump", GITHUB_RUN_NUMBER="361")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_the_dumps_of_another_workflow_do_not_say_when_ours_expired(schedule: Schedule) -> None:
    schedule.dumps.expired |= {7, 8}
    schedule.dumps.paths |= dict.fromkeys((5, 6, 7, 8), ".github/workflows/other.yml")
    said = schedule.run("find_dump").stderr.splitlines()[-1]
    assert "is gone: its dump was never uploaded, or was deleted; all that GitHub still has" in said


def test_all_but_the_last_two_are_deleted(schedule: Schedule) -> None:
    done = schedule.run("prune_dumps")
    assert (done.returncode, done.stdout) == (0, "acme/app: 2 dumps deleted, 1.9 MB\n"), done.stderr
    assert schedule.dumps.deleted == [6, 5]
    assert schedule.run("prune_dumps").stdout == "acme/app: 0 dumps deleted, 0 B\n"
    assert sorted(schedule.dumps.artifacts) == [7, 8]


def test_where_the_token_may_not_delete_it_says_what_they_take(schedule: Schedule) -> None:
    schedule.dumps.may_delete = False
    done = schedule.run("prune_dumps")
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1] == (
        "acme/app: 4 dumps take 3.8 MB, and this token may not delete any. With 4 runs a day, kept "
        "90 days, they will take 343 MB; a private repository of a free account has 500 MB for "
        "artifacts and packages together. Give the job `actions: write`, and only two are kept"
    )


def test_a_rate_limit_is_not_taken_for_a_missing_permission(schedule: Schedule) -> None:
    schedule.dumps.is_limited = True
    done = schedule.run("prune_dumps")
    assert done.returncode == 1
    assert "rate limit reached" in done.stderr and "may not delete" not in done.stderr


@pytest.mark.parametrize("command", ["find_dump", "prune_dumps"])
def test_the_workflow_has_to_be_known(schedule: Schedule, command: str) -> None:
    done = schedule.run(command, GITHUB_WORKFLOW_REF=None)
    assert done.returncode == 2
    assert done.stderr.endswith("error: no workflow is named; try: WORKFLOW=telemetry.yml\n")
    named = schedule.run(command, GITHUB_WORKFLOW_REF=None, TELEMETRY_WORKFLOW="ours.yml")
    assert named.returncode == 0, named.stderr
    wrong = schedule.run(command, TELEMETRY_WORKFLOW="ours")
    assert wrong.returncode == 2
    assert "WORKFLOW: 'ours' is not the name of a workflow file" in wrong.stderr
