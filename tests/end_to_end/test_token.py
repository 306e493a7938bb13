"""Without a token an ingest says what one would change, and how to get one."""

from pathlib import Path

import pytest
from support.commands import Run

from telemetry.runs.work_left import without_token


def a_gh(folder: Path) -> str:
    program = folder / "gh"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return str(folder)


def test_without_a_token_the_way_to_one_is_named(run: Run, tmp_path: Path) -> None:
    few = {"GITHUB_TOKEN": None, "TELEMETRY_MAX_REQUESTS": "20"}
    done = run("ingest_workflows", "--lenient", PATH="/nowhere", **few)
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[0] == (
        "no token is set: public repositories only, 60 requests an hour instead of 5,000; put one "
        "into .env as GITHUB_PERSONAL_TOKEN"
    )
    assert " still to fetch: about 1 minute with a token, " in done.stdout
    with_gh = run("ingest_workflows", "--lenient", PATH=a_gh(tmp_path), **few)
    assert with_gh.stderr.splitlines()[0].endswith(
        "; try: GITHUB_PERSONAL_TOKEN=$(gh auth token) make …"
    )


def test_ghs_own_variable_is_read_last(run: Run) -> None:
    done = run("ingest_workflows", "--lenient", GITHUB_TOKEN=None, GH_TOKEN="good-token")
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[0] == "using the token in GH_TOKEN"
    assert "still to fetch" not in done.stdout
    assert run("ingest_workflows", GH_TOKEN="wrong").returncode == 0


def test_a_token_that_others_could_read_on_the_way_is_warned_of(run: Run) -> None:
    nowhere = {"GITHUB_API_URL": "HTTP://ghes.example/api/v3", "HTTP_PROXY": "http://127.0.0.1:1"}
    said = "GITHUB_API_URL begins with http, so everybody on the way can read the token"
    assert said in run("verify", **nowhere).stderr
    assert said not in run("verify", GITHUB_TOKEN=None, **nowhere).stderr
    assert said not in run("verify").stderr


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        (1, "1 run still to fetch: about 1 minute with a token, 1 hourly ingest"),
        (416, "416 runs still to fetch: about 1 minute with a token, 8 hourly ingests"),
        (9_001, "9,001 runs still to fetch: about 3 hours with a token, 167 hourly ingests"),
    ],
)
def test_what_a_token_changes_is_computed_from_githubs_limits(runs: int, said: str) -> None:
    assert without_token(runs) == f"jobs of {said} without"
