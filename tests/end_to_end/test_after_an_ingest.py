"""Commands over a database that an ingest has filled: one for all of them, each with a copy."""

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict
from support.commands import Launcher, Run, assert_one_sentence
from support.complete import stored
from support.paths import LONGEST, ROOT

from telemetry.database.bill import Loaded
from telemetry.database.connection import Connection, execute, open_connection
from telemetry.runs.retries import AwaitedItem
from telemetry.runs.verification.differences import Difference
from telemetry.runs.verification.verify_jobs import JobsCompared
from telemetry.simulated.month import team_month
from telemetry.simulated.server import Simulator


@pytest.fixture(scope="module")
def template(new_database: Callable[[str], str], migrated: str, launcher: Launcher) -> str:
    """The name of the database, whose ingest ended when the first of these tests began."""
    dsn = new_database(migrated)
    month = team_month(seed=5, now=datetime.now(UTC), runs_per_day=2)
    with Simulator(month).serve() as url:
        variables = {"DATABASE_URL": dsn, "GITHUB_API_URL": url, "GITHUB_TOKEN": "any"}
        done = launcher.run("ingest_workflows", "--repo", "acme/app", environ=variables)
    assert done.returncode == 0, done.stderr
    return str(conninfo_to_dict(dsn)["dbname"])


def test_prune_alone_counts_first_and_deletes_then(run: Run, connection: Connection) -> None:
    before = len(stored(connection))
    dry = run("prune", "--keep", "10 days", "--dry-run")
    assert dry.stdout.startswith("would be pruned")
    assert len(stored(connection)) == before
    real = run("prune", "--keep", "10 days")
    assert real.stdout.startswith("pruned")
    assert dry.stdout.split(": ")[1] == real.stdout.split(": ")[1]
    assert len(stored(connection)) < before


def test_status_asks_github_nothing(run: Run, simulated: Simulator, connection: Connection) -> None:
    simulated.restart_counters()
    done = run("status", GITHUB_API_URL="http://127.0.0.1:9")
    assert done.returncode == 0, done.stderr
    runs = len({row["github_run_id"] for row in stored(connection)})
    assert re.search(rf"^acme/app +{runs} ", done.stdout, re.MULTILINE)
    assert done.stdout.splitlines()[2] == "Everything is up to date."
    assert not simulated.counters.received


def test_status_for_a_machine_and_for_a_job_summary(run: Run, connection: Connection) -> None:
    answer = json.loads(run("status", "--json").stdout)
    assert answer["schema_version"] == 1
    assert answer["repositories"][0]["attempts"] == len(stored(connection))
    assert {table["table_name"] for table in answer["tables"]} >= {"workflow_runs", "llm_calls"}
    assert json.loads(run("status", TELEMETRY_FORMAT="json").stdout)["proof"] == answer["proof"]
    summary = run("status", TELEMETRY_FORMAT="markdown").stdout
    assert summary.startswith("```text\n") and summary.endswith("\n```\n")


def keys(value: object) -> set[str]:
    """The keys of a JSON value, except for columns of tables and questions."""
    if isinstance(value, list):
        return set().union(*map(keys, value))
    if not isinstance(value, dict):
        return set()
    columns = ("rows", "causes", "unexplained", "ingestion", "llm_calls")
    return set(value).union(*(keys(value[key]) for key in value if key not in columns))


def test_every_key_of_json_is_documented(run: Run, connection: Connection, tmp_path: Path) -> None:
    calls, usage = tmp_path / "calls.jsonl", tmp_path / "usage.csv"
    calls.write_text('{"timestamp": "2026-01-01T00:00:00Z", "model": "m"}\n', encoding="utf-8")
    usage.write_text(
        "date,product,sku,quantity,unit_type,applied_cost_per_quantity,gross_amount,"
        "discount_amount,net_amount,organization,repository\n"
        "2026-01-05,Actions,Actions Linux,5,Minutes,0.006,0.03,0,0.03,acme,acme/app\n",
        encoding="utf-8",
    )
    page = (ROOT / "docs" / "json.md").read_text(encoding="utf-8")
    described = set(re.findall(r"`(\w+)`", page))
    commands = (
        "check",
        "query --list",
        "query totals",
        "what_if",
        "budget --monthly 1",
        "prune --dry-run",
        f"ingest_llm_calls --logs {calls}",
        f"bill --file {usage}",
        "ingest_workflows",
        "verify --sample 2",
        "status",
    )
    for command in commands:
        done = run(*command.split(), "--json")
        assert done.stdout, f"{command}: {done.stderr}"
        assert keys(json.loads(done.stdout)) <= described, command
    watched = {"github_run_ids": [1], "since": datetime.now(UTC)}
    rows = execute(connection, "runs/finished_runs", watched)
    assert {column.name for column in rows.description or ()} <= described
    for kind in (AwaitedItem, Difference, JobsCompared, Loaded):
        assert {one.name for one in fields(kind)} <= described


def test_a_report_of_all_begins_with_the_first_stored_run(run: Run, connection: Connection) -> None:
    """Whichever commands ask for all: .env sets SINCE for each of them."""
    (first,) = connection.execute("select min(created_at) as at from workflow_runs").fetchall()
    done = run("report", "--format", "json", TELEMETRY_SINCE="all", TELEMETRY_REPO="acme/app")
    assert datetime.fromisoformat(json.loads(done.stdout)["period"]["since"]) == first["at"]
    assert run("bill", TELEMETRY_SINCE="all").stderr.startswith("error: no usage report is stored")


def test_status_exits_with_4_when_older_than_asked(run: Run, connection: Connection) -> None:
    assert run("status", "--max-age", "12h").returncode == 0
    connection.execute("update ingestions set finished_at = now() - interval '13 hours'")
    done = run("status", "--max-age", "12h")
    assert done.returncode == 4
    assert "older than 12 hours: acme/app" in done.stderr
    done = run("status", "--max-age", "1d", "--repo", "acme/app", "acme/none")
    assert done.returncode == 4
    assert "older than 1 day: acme/none" in done.stderr
    names = [f"acme/none-{number}" for number in range(23)]
    done = run("status", "--max-age", "1d", "--repo", *names)
    assert done.stderr.endswith(", acme/none-19 and 3 more\n")


def test_a_locale_without_our_characters_is_no_error(environ: dict[str, str]) -> None:
    command = [sys.executable, ROOT / "scripts" / "query.py", "totals", "--format=text"]
    latin = {**environ, "PYTHONIOENCODING": "latin-1"}
    done = subprocess.run(command, env=latin, capture_output=True, timeout=LONGEST)
    assert done.returncode == 0, done.stderr
    assert "──────" in done.stdout.decode("utf-8")
    # On a terminal what it cannot show becomes a question mark.
    leader, follower = pty.openpty()
    with os.fdopen(follower, "wb") as terminal:
        shown = subprocess.run(
            command, env={**latin, "PAGER": "cat"}, stdout=terminal, timeout=LONGEST
        )
    assert shown.returncode == 0
    screen = b""
    with suppress(OSError):  # its other end is closed
        while part := os.read(leader, 65_536):
            screen += part
    os.close(leader)
    assert b"??????" in screen


def test_the_certificates_of_the_system_are_those_that_python_trusts(
    environ: dict[str, str], launcher: Launcher
) -> None:
    """As psql shows, which gets the environment in which the command connects."""
    clean = {k: v for k, v in environ.items() if not k.startswith("SSL_CERT")}
    ask = "import ssl; found = ssl.get_default_verify_paths(); print(found.cafile, found.capath)"
    trusted = subprocess.run(
        [sys.executable, "-c", ask], env=clean, capture_output=True, text=True, timeout=LONGEST
    )
    for url, shown in (
        (f"{environ['DATABASE_URL']} sslrootcert=/certificates", trusted.stdout),
        (environ["DATABASE_URL"], "None None\n"),
    ):
        done = launcher.run(
            "psql",
            "-X",
            environ={**clean, "DATABASE_URL": url},
            stdin="\\! echo ${SSL_CERT_FILE:-None} ${SSL_CERT_DIR:-None}\n",
        )
        assert (done.returncode, done.stdout) == (0, shown), done.stderr


def test_a_path_may_begin_with_the_home_directory(run: Run, tmp_path: Path) -> None:
    home = str(tmp_path)
    # A text block of YAML ends with a line break.
    assert run("report", HOME=home, TELEMETRY_OUT="~/reports/r.html\n").returncode == 0
    assert (tmp_path / "reports" / "r.html").is_file()
    assert run("dump", "--file", "~/telemetry.dump", HOME=home).returncode == 0
    assert (tmp_path / "telemetry.dump").is_file()
    done = run("restore", "--file", "~nobody-of-this-name/telemetry.dump")
    assert_one_sentence(done, 2, "FILE: nobody has the home directory of '~nobody-of-this-name")


def test_a_folder_of_pages_replaces_only_its_own_pages(run: Run, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<title>the site of a product</title>")
    done = run("report", "--out", str(tmp_path))
    assert_one_sentence(done, 2, "index.html is there and is no report; name another folder")
    assert [each.name for each in tmp_path.iterdir()] == ["index.html"]
    for _ in range(2):
        assert run("report", "--out", str(tmp_path / "reports")).returncode == 0


def test_the_ending_of_out_says_whether_it_is_a_file(run: Run, tmp_path: Path) -> None:
    for name in ("REPORT.HTML", "new/report.htm"):
        assert run("report", "--out", str(tmp_path / name)).returncode == 0
        assert (tmp_path / name).read_text("utf-8").startswith("<!doctype html>")
    done = run("report", "--out", str(tmp_path / "report.md"))
    assert_one_sentence(
        done, 2, "report.md is neither an HTML file nor a folder", "FORMAT=markdown"
    )
    assert not (tmp_path / "report.md").exists()
    (tmp_path / "notes").write_text("mine")
    done = run("report", "--out", str(tmp_path / "notes"))
    assert_one_sentence(done, 2, "notes is neither an HTML file nor a folder")
    for form, begin in (("html", "<!doctype html>"), ("markdown", "#"), ("json", "{")):
        assert run("report", f"--format={form}", "--out=-").stdout.startswith(begin)
    assert not (ROOT / "-").exists()
    assert run("report", "--format=markdown", f"--out={tmp_path / 'report.md'}").returncode == 0
    assert (tmp_path / "report.md").read_text("utf-8").startswith("#")


def test_a_closed_pipe_is_not_an_error(environ: dict[str, str], launcher: Launcher) -> None:
    command = f"{launcher.python} scripts/status.py --json | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command], env=environ, cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout.splitlines() == ["{", "0"]
    assert done.stderr == ""


def test_a_machine_gets_no_line_that_a_runner_would_take_for_a_command(
    run: Run, connection: Connection
) -> None:
    connection.execute("update ingestions set error = 'a ##[error]b', outcome = 'failed'")
    said = run("status", "--json").stdout
    assert "##[" not in said
    assert json.loads(said)["repositories"][0]["last_error"] == "a ##[error]b"


def test_a_dump_moves_from_one_database_to_another(
    run: Run, connection: Connection, empty_dsn: str, tmp_path: Path
) -> None:
    file = str(tmp_path / "moved.dump")
    assert run("dump", "--file", file).stdout.startswith(f"wrote {file}, ")
    done = run("restore", "--file", file, DATABASE_URL=empty_dsn)
    assert done.stdout == f"restored {file}\n"
    with open_connection(empty_dsn) as moved:
        assert stored(moved) == stored(connection)


def test_psql_reads_a_question_from_its_input(environ: dict[str, str], launcher: Launcher) -> None:
    question = (ROOT / "sql" / "analysis" / "workflow_outcomes.sql").read_text(encoding="utf-8")
    done = launcher.run("psql", "-X", "-q", environ=environ, stdin=question)
    assert done.returncode == 0, done.stderr
    assert " acme/app   | CI " in done.stdout
