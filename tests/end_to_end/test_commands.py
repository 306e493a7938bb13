"""The commands as a person or a schedule runs them: what they print, store and exit with."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from options.table import OPTIONS, VARIABLES
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from support.commands import Launcher, Run, assert_one_sentence, start
from support.complete import assert_attempts, earlier, stored
from support.paths import LONGEST, ROOT

from telemetry.database.connection import Connection, open_connection
from telemetry.simulated.answers import message
from telemetry.simulated.faults import Fault, primary_limit
from telemetry.simulated.server import Simulator
from telemetry.simulated.world import World


def wait_for_rows(connection: Connection, least: int) -> None:
    for _ in range(3_000):
        if len(stored(connection)) >= least:
            return
        time.sleep(0.02)
    pytest.fail(f"fewer than {least} rows were stored")


def test_an_ingest_stores_the_truth_and_says_what_it_did(
    run: Run, connection: Connection, world: World
) -> None:
    done = run("ingest_workflows")
    assert done.returncode == 0, done.stderr
    assert_attempts(connection, world)
    rows = len(stored(connection))
    summary, *_, pruned = done.stdout.splitlines()
    assert summary.startswith("acme/app: ")
    assert f"{rows - earlier(connection)} inserted, 0 updated, 0 unchanged" in summary
    assert pruned.endswith("0 run attempts, 0 LLM calls")
    assert "using the token in GITHUB_TOKEN" in done.stderr
    assert "good-token" not in done.stdout + done.stderr
    again = run("ingest_workflows")
    assert ": 0 inserted, 0 updated, " in again.stdout
    assert len(stored(connection)) == rows


def test_a_machine_reads_what_an_ingest_did(run: Run, connection: Connection) -> None:
    done = run("ingest_workflows", "--json")
    answer = json.loads(done.stdout)
    (report,) = answer["repositories"]
    assert report["outcome"] == "complete"
    assert report["ingestion"]["inserted"] == len(stored(connection)) - earlier(connection)
    assert datetime.fromisoformat(report["ingestion"]["since"]).utcoffset() == timedelta(0)
    assert answer["pruned"]["workflow_runs"] == 0


def test_the_former_name_of_a_repository_leads_every_command_to_it(
    run: Run, world: World, connection: Connection
) -> None:
    assert run("ingest_workflows", TELEMETRY_JOBS="0").returncode == 0
    world.rename(world.repositories[0], "beta/app")
    done = run("ingest_workflows", TELEMETRY_JOBS="0")
    assert "acme/app is now called beta/app" in done.stderr
    for script, words in {"status": ["--max-age", "1h"], "query": ["totals"], "verify": []}.items():
        done = run(script, *words, TELEMETRY_REPO="ACME/app")
        assert done.returncode == 0, done.stderr
        assert "beta/app" in done.stdout and "nothing is stored" not in done.stdout + done.stderr
    assert "beta/app is no longer watched" in run("forget").stdout


def test_listing_the_repositories_of_an_owner_counts_among_the_requests_allowed(
    run: Run, simulated: Simulator
) -> None:
    done = run("ingest_workflows", TELEMETRY_ORG="nobody")
    assert done.returncode == 1 and "404 not found; check the name in ORG" in done.stderr
    simulated.restart_counters()
    done = run("ingest_workflows", TELEMETRY_ORG="acme", TELEMETRY_MAX_REQUESTS="7")
    assert done.returncode == 3, done.stderr
    assert simulated.counters.received.total() == 7
    done = run("ingest_workflows", TELEMETRY_MAX_REQUESTS="5")
    assert done.returncode == 3, done.stderr
    assert simulated.counters.received.total() == 12
    assert "MAX_REQUESTS: with 5 requests an ingest may not get further" in done.stderr


def test_repositories_of_an_owner_that_always_fail_can_be_left_out(
    run: Run, world: World, simulated: Simulator
) -> None:
    world.add_repository("acme/Blocked")
    blocked = Fault(451, {}, message("Repository access blocked"))
    simulated.fault = lambda request, n: blocked if "Blocked" in request.path else None
    done = run("ingest_workflows", TELEMETRY_ORG="acme", TELEMETRY_JOBS="0")
    assert done.returncode == 1
    assert "failed: acme/Blocked; EXCLUDE leaves out those that always fail" in done.stderr
    names = "acme/blocked acme/never"
    done = run("ingest_workflows", TELEMETRY_ORG="acme", TELEMETRY_EXCLUDE=names)
    assert done.returncode == 0, done.stderr
    assert "acme has 1 repository" in done.stderr
    assert "note: EXCLUDE: acme has no repository acme/never that this token" in done.stderr
    done = run("ingest_workflows", TELEMETRY_REPO="acme/app", TELEMETRY_EXCLUDE=names)
    assert "note: EXCLUDE is not read without ORG" in done.stderr
    done = run("ingest_workflows", TELEMETRY_ORG="acme", TELEMETRY_EXCLUDE="blocked")
    assert_one_sentence(done, 2, "EXCLUDE: ")


def test_a_repository_that_an_owner_no_longer_has_is_named_until_it_is_forgotten(
    run: Run, world: World
) -> None:
    """As if it had been deleted, or access to it had been taken away: no list shows it."""
    moved, gone = world.add_repository("acme/moved"), world.add_repository("acme/gone")
    for repository in (moved, gone):
        world.add_run(repository)
    done = run("ingest_workflows", TELEMETRY_REPO=None, TELEMETRY_ORG="acme")
    assert done.returncode == 0 and " lacks " not in done.stderr, done.stderr
    world.repositories.remove(gone)
    world.rename(moved, "acme/new-name")  # it is still there
    said = "the list of ACME lacks acme/gone: deleted, hidden from this token, or private"
    for times in (1, 0):
        done = run("ingest_workflows", TELEMETRY_REPO=None, TELEMETRY_ORG="ACME")
        assert done.returncode == 0 and done.stderr.count(said) == times, done.stderr
        if times:
            assert run("forget", TELEMETRY_REPO="acme/gone").returncode == 0


def test_a_repository_that_is_named_too_need_not_be_in_the_list_of_its_owner(
    run: Run, simulated: Simulator
) -> None:
    """GitHub lists only the public repositories of a user."""
    assert run("ingest_workflows").returncode == 0
    simulated.fault = lambda request, n: Fault(200, {}, b"[]") if "/orgs/" in request.path else None
    done = run("ingest_workflows", TELEMETRY_ORG="acme")
    assert done.returncode == 0 and "acme has 0 repositories" in done.stderr, done.stderr
    assert " lacks " not in done.stderr


def test_an_owner_whose_repositories_the_limit_does_not_allow_to_list_can_wait(
    run: Run, simulated: Simulator
) -> None:
    limited = primary_limit(simulated.world.now + timedelta(hours=1))
    simulated.fault = lambda request, n: limited if request.kind == "owner_repositories" else None
    done = run("ingest_workflows", TELEMETRY_ORG="acme")
    assert done.returncode == 3, done.stderr
    assert "the repositories of acme were not listed: GET /orgs/acme/repos: GitHub" in done.stderr
    assert run("ingest_workflows", "--lenient", TELEMETRY_ORG="acme").returncode == 0


def test_a_run_that_the_repository_does_not_have_is_no_failure_of_the_repository(run: Run) -> None:
    assert run("ingest_workflows", TELEMETRY_JOBS="0").returncode == 0
    done = run("ingest_workflows", TELEMETRY_RUN_ID="17")
    assert_one_sentence(done, 2, "RUN_ID: acme/app has no run 17;")
    done = run("ingest_workflows", TELEMETRY_RUN_ID="17", TELEMETRY_REPO="acme/ap")
    assert done.returncode == 1 and "check the name in REPO" in done.stdout
    status = json.loads(run("status", "--json", TELEMETRY_REPO=None).stdout)
    assert [row["last_outcome"] for row in status["repositories"]] == ["complete"]
    assert not any("acme/ap:" in concern or "failed" in concern for concern in status["concerns"])


def test_a_stored_run_that_github_has_deleted_is_marked_at_once_and_kept(
    run: Run, connection: Connection, world: World
) -> None:
    assert run("ingest_workflows").returncode == 0
    (repository,) = world.repositories
    ended, still_open = repository.runs[5], world.open_runs(repository)[0]
    before = stored(connection)
    for deleted in (ended, still_open):
        world.delete(repository, deleted)
        done = run("ingest_workflows", TELEMETRY_RUN_ID=str(deleted.id))
        assert done.returncode == 0, done.stderr
        told = f"acme/app: GitHub no longer has run {deleted.id}; its rows are kept"
        assert told in done.stderr.splitlines()
    rows = stored(connection)
    assert [{**row, "missing_upstream_at": None} for row in rows] == before
    marked = "select github_run_id from {} where missing_upstream_at is not null"
    for table, gone in {"workflow_runs": ended, "open_runs": still_open}.items():
        found = connection.execute(marked.format(table)).fetchall()  # type: ignore[arg-type]
        assert {row["github_run_id"] for row in found} == {gone.id}
    assert all(row["missing_upstream_at"] for row in rows if row["github_run_id"] == ended.id)


@pytest.mark.parametrize(("dry_run", "verb"), [("0", "pruned"), ("1", "would be pruned")])
def test_a_dry_run_is_on_or_off(run: Run, dsn: str, dry_run: str, verb: str) -> None:
    assert run("prune", TELEMETRY_DRY_RUN=dry_run).stdout.startswith(f"{verb}, older than")


def test_an_output_that_cannot_be_written_is_one_sentence(
    environ: dict[str, str], launcher: Launcher
) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [launcher.python, ROOT / "scripts" / "status.py"],
            env=environ,
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert_one_sentence(done, 1, "No space left on device")


@pytest.mark.parametrize(
    "closed", [">&-", "2>&-", "<&- >&- 2>&-", "2>/dev/full", "| true", "2>&1 >/dev/null | true"]
)
def test_the_work_is_done_even_if_nobody_can_read_the_messages(
    environ: dict[str, str], tmp_path: Path, closed: str
) -> None:
    python, script, report = (
        sys.executable,
        ROOT / "scripts" / "report.py",
        tmp_path / "new folder" / "r.html",
    )
    command = f"'{python}' '{script}' --out '{report}' {closed}; echo ${{PIPESTATUS[0]}} >&3"
    with (tmp_path / "code").open("w") as code:
        done = subprocess.run(
            ["bash", "-c", f"exec 3>&{code.fileno()}; {command}"],
            env={**environ, "TELEMETRY_REPO": ""},
            pass_fds=[code.fileno()],
            capture_output=True,
            text=True,
            timeout=LONGEST,
        )
    assert "Traceback" not in done.stderr
    assert (tmp_path / "code").read_text() == "0\n"
    assert report.is_file()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_an_ingest_that_is_stopped_says_what_it_kept(
    environ: dict[str, str], connection: Connection, simulated: Simulator, number: int
) -> None:
    simulated.latency = 0.5
    process = start(environ, "ingest_workflows", "--concurrency", "1")
    wait_for_rows(connection, 30)
    process.send_signal(number)
    out, err = process.communicate(timeout=LONGEST)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert f" {len(stored(connection))} inserted" in out
    assert "interrupted; what is counted above is stored" in out


def test_the_next_ingest_completes_one_that_was_killed(
    run: Run, environ: dict[str, str], connection: Connection, simulated: Simulator, world: World
) -> None:
    simulated.latency = 0.5
    process = start(environ, "ingest_workflows", "--concurrency", "1")
    wait_for_rows(connection, 30)
    process.kill()
    process.communicate()
    assert connection.execute("select from pending_jobs").rowcount > 0
    said = run("status").stdout
    assert "has not ended; it still runs, or was killed" in said
    simulated.latency = 0
    assert run("ingest_workflows").returncode == 0
    assert_attempts(connection, world)


def test_an_incomplete_ingest_exits_with_3_and_keeps_what_it_has(
    run: Run, connection: Connection, simulated: Simulator
) -> None:
    assert simulated.tokens is not None
    simulated.limit = 2
    done = run("ingest_workflows", "--concurrency", "1")
    assert done.returncode == 3
    assert "incomplete; what is counted above is stored: " in done.stdout
    assert len(stored(connection)) > 30


@pytest.mark.parametrize(
    ("strict", "env_file", "code"),
    [("", "", 0), ("0", "", 0), ("1", "", 2), ("", "TELEMETRY_STRICT=1\n", 2)],
)
def test_make_accepts_an_incomplete_ingest_unless_strict(
    environ: dict[str, str],
    launcher: Launcher,
    simulated: Simulator,
    tmp_path: Path,
    strict: str,
    env_file: str,
    code: int,
) -> None:
    simulated.limit = 2
    words = ("ingest", "CONCURRENCY=1", f"STRICT={strict}")
    done = launcher.make(environ, tmp_path, *words, env_file=env_file)
    assert done.returncode == code, done.stderr
    assert "incomplete" in done.stdout


def test_an_empty_variable_is_an_unset_one(
    environ: dict[str, str], launcher: Launcher, tmp_path: Path, connection: Connection
) -> None:
    short = [option.variable for option in OPTIONS if option.variable]
    names = [*short, *(f"TELEMETRY_{name}" for name in short), *(one.name for one in VARIABLES)]
    needed = ("DATABASE_URL", "GITHUB_API_URL", "GITHUB_TOKEN", "TELEMETRY_REPO")
    empty = {**environ, **dict.fromkeys(names, "")}
    words = [f"{name}=" for name in names]
    env_file = "".join(f"{name}={environ[name]}\n" for name in needed)
    done = launcher.make(empty, tmp_path, "ingest", "dump", *words, env_file=env_file)
    assert done.returncode == 0, done.stderr
    assert len(stored(connection)) > 30
    assert "wrote telemetry.dump, " in done.stdout


def test_make_passes_its_variables_on_unchanged(
    environ: dict[str, str], launcher: Launcher, tmp_path: Path
) -> None:
    trap = tmp_path / "trap"
    value = f"$(shell touch {trap}) `touch {trap}`; touch {trap} '\""
    done = launcher.make(environ, tmp_path, "ingest", f"SINCE={value}")
    assert done.returncode == 2
    assert "is not a date or time" in done.stderr and "$(shell touch" in done.stderr
    assert not trap.exists()


def test_a_variable_that_the_command_does_not_read_is_named(
    environ: dict[str, str], launcher: Launcher, tmp_path: Path
) -> None:
    said = "note: this command does not read ORG\n"
    done = launcher.make(environ, tmp_path, "status", "ORG=acme", "ALL=1")
    assert said in done.stderr and "ALL" not in done.stderr
    installed = launcher.run(
        ROOT / "telemetry/__main__.py", "status", "ORG=acme", "ALL=1", environ=environ
    )
    assert said in installed.stderr and "ALL" not in installed.stderr
    # Each of several targets may read some; what lies in the environment may be for any.
    both = launcher.make(environ, tmp_path / "both", "migrate", "status", "ALL=1")
    lying = launcher.make({**environ, "TELEMETRY_ORG": "acme"}, tmp_path / "lying", "status")
    assert "does not read" not in both.stderr + lying.stderr
    typed = {**environ, "GIVEN_TO_TELEMETRY": "FILE"}
    done = launcher.run("psql", "-X", environ=typed, stdin="select 1")
    assert done.returncode == 0 and "note: this command does not read FILE\n" in done.stderr
    dry = launcher.make(environ, tmp_path / "dry", "ingest", "DRY_RUN=1")
    assert dry.returncode == 2 and "this command has no dry run" in dry.stderr


def test_an_answer_from_an_empty_database_says_why_it_is_empty(
    environ: dict[str, str], launcher: Launcher
) -> None:
    why = "nothing has been ingested yet; try: make ingest REPO=owner/name"
    del environ["TELEMETRY_REPO"]
    assert why in launcher.run("query", "totals", environ=environ).stderr
    words = ("--job", "test", "--runner", "linux")
    said = launcher.run("what_if", *words, environ=environ).stderr
    assert why in said and "no price list is stored yet" in said


@pytest.mark.parametrize("target", ["version", "status", "ingest", "query", "bill"])
def test_no_variable_is_run_by_a_shell(
    environ: dict[str, str], launcher: Launcher, tmp_path: Path, target: str
) -> None:
    trap = tmp_path / "trap"
    value = f"$(shell touch {trap}) `touch {trap}` $$(touch {trap}); touch {trap} # '\"\\"
    words = [f"{name}={value}" for name in sorted({o.variable for o in OPTIONS} - {""})]
    done = launcher.make(environ, tmp_path, target, *words)
    assert "Traceback" not in done.stderr and "not a variable" not in done.stderr
    assert not trap.exists()
    installed = launcher.run(ROOT / "telemetry/__main__.py", target, *words, environ=environ)
    assert "Traceback" not in installed.stderr
    assert not trap.exists()


def test_a_variable_of_the_shell_with_a_short_name_changes_nothing_and_is_mentioned(
    environ: dict[str, str], launcher: Launcher, tmp_path: Path
) -> None:
    done = launcher.make({**environ, "SINCE": "non sense", "KEEP": "nonsense"}, tmp_path, "ingest")
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[0] == (
        "note: SINCE and KEEP in the environment are not read; "
        "type: make ingest SINCE='non sense' KEEP=nonsense"
    )
    both = {**environ, "KEEP": "x", "TELEMETRY_KEEP": "1 year"}
    known = launcher.make(both, tmp_path / "both", "status")
    assert "KEEP" not in known.stderr


@pytest.mark.parametrize(
    ("target", "words", "said"),
    [
        (
            "ingest",
            ["SINC=90d", "KEP=2 years", "REPO=a/b", "keep=2 years", "MAXAGE=1h", "DATABASE_UR=x"],
            [
                "SINC: not a variable of this toolkit; did you mean SINCE?",
                "KEP: .*did you mean KEEP?",
                "keep: .*did you mean KEEP?",
                "MAXAGE: .*did you mean MAX_AGE?",
                "DATABASE_UR: .*did you mean DATABASE_URL?",
            ],
        ),
        ("clean", ["TELEMETRY_KEP=1"], ["TELEMETRY_KEP: .*did you mean TELEMETRY_KEEP?"]),
        ("help", ["A';B=1", "XYZZY=1"], ["A';B: not a variable of this toolkit", "XYZZY: [^;]*"]),
        ("statsu", ["TOP=1"], ["there is no command statsu; did you mean status?"]),
        ("scripts", [], ["there is no command scripts; .*"]),  # a folder of that name is there
        ("a';id", ["TOP=1"], ["there is no command a';id; make alone lists the commands"]),
        ("query", ["flaky_jobs"], ["there is no command .*: make query Q=flaky_jobs"]),
        ("status", ["ALL"], ["there is no command ALL; it is a variable, .*: ALL=…"]),
        ("ingest", ["acme/app"], ["there is no command acme/app; .*: make ingest REPO=acme/app"]),
    ],
)
def test_a_name_that_make_does_not_know_is_refused_with_the_nearest_one(
    launcher: Launcher,
    tmp_path: Path,
    target: str,
    words: list[str],
    said: list[str],
) -> None:
    done = launcher.make({"PATH": os.environ["PATH"]}, tmp_path, target, *words)
    assert (done.returncode, done.stdout) == (2, "")
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == len(said)
    for text in said:
        pattern = f"error: {text.replace('?', '[?]')}"
        assert any(re.fullmatch(pattern, line) for line in errors), done.stderr


def test_a_key_of_the_file_that_no_command_reads_is_a_warning(
    environ: dict[str, str], launcher: Launcher, tmp_path: Path
) -> None:
    done = launcher.make(environ, tmp_path, "status", env_file="KEEP=2 years\nPGAPPNAME=x\n")
    assert done.returncode == 0, done.stderr
    warnings = [line for line in done.stderr.splitlines() if line.startswith("warning: ")]
    assert warnings == ["warning: KEEP in .env is not read; did you mean TELEMETRY_KEEP?"]


def test_names_that_make_knows_are_taken(launcher: Launcher, tmp_path: Path) -> None:
    words = ["TELEMETRY_HOME=/nowhere", "PGHOST=x", "GITHUB_TOKEN=", "PYTHON=python3", "MAX_AGE="]
    assert launcher.make({"PATH": os.environ["PATH"]}, tmp_path, "help", *words).returncode == 0


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def test_a_repository_that_is_not_there(run: Run) -> None:
    done = run("ingest_workflows", "--repo", "acme/gone")
    assert done.returncode == 1
    assert "acme/gone: failed: GET /repos/acme/gone/actions/runs: 404" in done.stdout
    assert "failed: acme/gone" in done.stderr
    assert "Traceback" not in done.stderr


def test_one_of_two_repositories_that_is_not_there(run: Run, connection: Connection) -> None:
    done = run("ingest_workflows", "--repo", "acme/gone", "acme/app")
    assert done.returncode == 1
    assert len(stored(connection)) > 30
    assert "failed: acme/gone" in done.stderr.splitlines()[-1]


def test_a_wrong_token(run: Run) -> None:
    done = run("ingest_workflows", GITHUB_TOKEN="wrong-token")
    assert done.returncode == 1
    assert "401" in done.stdout and "GITHUB_TOKEN" in done.stdout
    assert "wrong-token" not in done.stdout + done.stderr


def test_a_token_that_cannot_be_one(run: Run) -> None:
    done = run("ingest_workflows", GITHUB_TOKEN=None, GITHUB_PERSONAL_TOKEN="two words")
    assert_one_sentence(done, 2, "GITHUB_PERSONAL_TOKEN")
    assert "two words" not in done.stderr


def test_a_server_that_does_not_answer(run: Run, closed_port: int) -> None:
    done = run("ingest_workflows", GITHUB_API_URL=f"http://127.0.0.1:{closed_port}")
    assert done.returncode == 1
    assert "127.0.0.1" in done.stdout and "GITHUB_API_URL" in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("url", ["nonsense", "ftp://host", "https://user:secret-word@host"])
def test_an_invalid_address(run: Run, url: str) -> None:
    done = run("ingest_workflows", GITHUB_API_URL=url)
    assert_one_sentence(done, 2, "GITHUB_API_URL")
    assert "secret-word" not in done.stderr


@pytest.mark.parametrize("script", ["ingest_workflows", "status", "prune", "migrate", "dump"])
def test_a_database_that_is_down(run: Run, closed_port: int, script: str) -> None:
    done = run(script, DATABASE_URL=f"postgresql://me:secret-word@127.0.0.1:{closed_port}/db")
    assert_one_sentence(done, 1, "check DATABASE_URL and that the server runs", str(closed_port))
    assert "secret-word" not in done.stderr


def test_several_databases_that_are_down_are_one_line(run: Run, closed_port: int) -> None:
    hosts = ",".join(f"127.0.0.{n}:{closed_port}" for n in range(1, 5))
    done = run("status", DATABASE_URL=f"postgresql://{hosts}/db")
    assert_one_sentence(done, 1, "check DATABASE_URL")
    assert done.stderr.count("127.0.0.") == 1


def test_a_database_that_is_not_there(run: Run, dsn: str) -> None:
    done = run("status", DATABASE_URL=make_conninfo(dsn, dbname="gone"))
    assert_one_sentence(done, 1, '"gone" does not exist', "check DATABASE_URL")
    assert "that the server runs" not in done.stderr


@pytest.mark.parametrize("script", ["status", "migrate", "psql", "dump"])
def test_an_invalid_connection_string(run: Run, script: str) -> None:
    done = run(script, DATABASE_URL="postgres//me:secret-word@host/db")
    assert_one_sentence(done, 2, "DATABASE_URL")
    assert "secret-word" not in done.stderr


def test_a_database_that_cannot_be_written_to(run: Run, empty_dsn: str) -> None:
    read_only = make_conninfo(empty_dsn, options="-c default_transaction_read_only=on")
    done = run("migrate", DATABASE_URL=read_only)
    assert_one_sentence(done, 1, "read-only transaction; use a database, not a standby")


def test_a_role_that_may_not_create_tables_and_a_schema_that_is_gone(
    run: Run, empty_dsn: str
) -> None:
    role = f"bare_{conninfo_to_dict(empty_dsn)['dbname']}"
    theirs = make_conninfo(empty_dsn, user=role)
    with open_connection(empty_dsn) as admin:
        admin.execute("revoke create on schema public from public")
        admin.execute(f"create role {role} login")
        done = run("migrate", DATABASE_URL=theirs)
        assert_one_sentence(done, 1, "permission denied for schema public; its owner")
        admin.execute("drop schema public")
    done = run("migrate", DATABASE_URL=theirs)
    assert_one_sentence(done, 1, "no schema has been selected to create in; name a schema")


@pytest.mark.parametrize("script", ["status", "prune", "dump"])
def test_a_database_without_tables(run: Run, empty_dsn: str, script: str) -> None:
    assert_one_sentence(run(script, DATABASE_URL=empty_dsn), 1, "make ingest REPO=owner/name")


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"TELEMETRY_SINCE": "yesterday"}, "SINCE"),
        ({"TELEMETRY_SINCE": "400d"}, "longer KEEP"),
        ({"TELEMETRY_SINCE": "2999-01-01"}, "future"),
        ({"TELEMETRY_KEEP": "6 moons"}, "KEEP"),
        ({"TELEMETRY_KEEP": "6"}, "KEEP"),
        ({"TELEMETRY_CONCURRENCY": "99"}, "CONCURRENCY"),
        ({"TELEMETRY_STRICT": "maybe"}, "STRICT"),
        ({"TELEMETRY_WAIT": "maybe"}, "WAIT"),
        ({"TELEMETRY_REPO": "app"}, "owner/name"),
        ({"TELEMETRY_REPO": ""}, "make ingest-github REPO=owner/name"),
    ],
)
def test_a_setting_that_cannot_be_used(
    run: Run, simulated: Simulator, changes: dict[str, Any], word: str
) -> None:
    assert_one_sentence(run("ingest_workflows", "--lenient", **changes), 2, word)
    assert not simulated.counters.received


def test_an_unknown_format(run: Run) -> None:
    assert_one_sentence(run("status", TELEMETRY_FORMAT="xml"), 2, "FORMAT", "text, markdown")
    assert_one_sentence(run("status", "--format", "xml"), 2, "FORMAT", "text, markdown")


def test_an_unknown_flag_is_wrong_usage(run: Run) -> None:
    assert run("status", "--nonsense").returncode == 2


def test_migrate_says_what_it_applied(run: Run, empty_dsn: str) -> None:
    first = run("migrate", DATABASE_URL=empty_dsn)
    assert re.fullmatch(r"applied: 0001\.workflow-runs, …, \d{4}\.[a-z-]+, views\n", first.stdout)
    assert run("migrate", DATABASE_URL=empty_dsn).stdout == "nothing to apply\n"


def test_a_file_for_psql_ends_at_its_first_error(
    environ: dict[str, str], launcher: Launcher
) -> None:
    statements = "select nonsense;\nselect 'went' || ' on';\n"
    done = launcher.run("psql", "-X", "-q", "-t", environ=environ, stdin=statements)
    assert done.returncode == 3
    assert "went on" not in done.stdout


def test_a_person_at_psql_goes_on_after_an_error(environ: dict[str, str]) -> None:
    terminal, theirs = os.openpty()
    os.write(terminal, b"select nonsense;\nselect 'went' || ' on';\n\\q\n")
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "psql.py", "-X", "-q", "-t", "--no-readline"],
        env=environ,
        cwd=ROOT,
        stdin=theirs,
        capture_output=True,
        text=True,
        timeout=LONGEST,
    )
    os.close(terminal)
    os.close(theirs)
    assert done.returncode == 0, done.stderr
    assert "went on" in done.stdout


def test_the_embedded_server_is_used_when_no_database_is_named(
    run: Run, tmp_path: Path, world: World
) -> None:
    home = Path("/tmp") / f"telemetry-{os.getpid()}"
    try:
        done = run("ingest_workflows", DATABASE_URL=None, TELEMETRY_HOME=str(home))
        assert done.returncode == 0, done.stderr
        said = run("status", DATABASE_URL=None, TELEMETRY_HOME=str(home))
        assert str(home) in said.stdout
        assert "Everything is up to date." in said.stdout
    finally:
        shutil.rmtree(home, ignore_errors=True)
