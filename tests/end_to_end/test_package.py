"""What pip installs works without a checkout: sdist and wheel, in an environment of its own."""

import fcntl
import os
import re
import signal
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.checkouts import project_copy
from support.commands import Finished, Launcher
from support.paths import LONGEST, ROOT

from telemetry import __version__
from telemetry.simulated.faults import Fault
from telemetry.simulated.month import team_month
from telemetry.simulated.server import Simulator
from telemetry.whole_files import open_lock


@dataclass(frozen=True)
class Installed:
    """The command of an installed package, and the wheels: of the checkout and of the sdist."""

    program: Path
    wheels: list[Path]


def output_of(*words: object, cwd: Path | None = None) -> str:
    done = subprocess.run(
        [str(word) for word in words], cwd=cwd, capture_output=True, text=True, timeout=LONGEST
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def installed(once: Callable[[str, Callable[[Path], None]], Path]) -> Installed:
    folder = once("package", build_and_install)
    wheels = [*folder.glob("*/dist/*.whl")]
    return Installed(folder / "venv" / "bin" / "actions-telemetry", wheels)


def build_and_install(folder: Path) -> None:
    """Build both, and install the wheel of the sdist into a new virtual environment.

    The packages that it needs are those of the tests; the checkout is not among them.
    """
    checkout, unpacked = folder / "checkout", folder / f"actions_telemetry-{__version__}"
    project_copy(checkout, ".git", ".venv", "__pycache__")
    build = (sys.executable, "-m", "hatchling", "build", "-t")
    output_of(*build, "sdist", "-d", folder, cwd=checkout)
    output_of("tar", "-xzf", f"{unpacked}.tar.gz", "-C", folder)
    for source in (checkout, unpacked):
        output_of(*build, "wheel", "-d", source / "dist", cwd=source)
    (wheel,) = (unpacked / "dist").iterdir()
    output_of(sys.executable, "-m", "venv", "--without-pip", folder / "venv")
    python = folder / "venv" / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
    output_of(*pip, "--python", python, "install", "--no-index", "--no-deps", wheel)
    (place,) = (folder / "venv" / "lib").glob("python*/site-packages")
    (place / "needed.pth").write_text(sysconfig.get_path("purelib"))


@pytest.fixture
def run(installed: Installed, tmp_path: Path) -> Callable[..., Finished]:
    """Run the command as a stranger would, in a folder with nothing of the project in it."""

    def command(*words: str, **environ: str) -> Finished:
        return subprocess.run(
            [installed.program, *words],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), **environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LONGEST,
        )

    return command


def test_sdist_and_checkout_give_the_same_wheel_with_all_sql(installed: Installed) -> None:
    of_checkout, of_sdist = (set(zipfile.ZipFile(each).namelist()) for each in installed.wheels)
    assert of_checkout == of_sdist
    for folder in ("sql", "migrations"):
        files = {
            f"telemetry/{path.relative_to(ROOT)}"
            for path in (ROOT / folder).rglob("*.*")
            if path.is_relative_to(ROOT / "sql" / "bench") is False
        }
        assert files and files <= of_sdist
    tops = {name.split("/")[0] for name in of_sdist}
    assert tops == {"telemetry", f"actions_telemetry-{__version__}.dist-info"}


def test_help_lists_each_command_as_make_does(run: Callable[..., Finished]) -> None:
    said = run("--help").stdout
    assert "actions-telemetry COMMAND NAME=value" in said
    listed = dict(re.findall(r"^  ([a-z-]+) {2,}(.*)$", said, re.MULTILINE))
    of_make = output_of("make", "help", cwd=ROOT)
    described = dict(re.findall(r"^  make ([a-z-]+) {2,}(.*)$", of_make, re.MULTILINE))
    only_of_make = {"help", "install", "test", "test-quick", "bench", "docs", "lint", "clean"}
    assert {"demo", "ingest", "query", "report", "status"} <= listed.keys()
    assert only_of_make.isdisjoint(listed)
    for name, words in listed.items():
        assert words == described[name].replace("make ", "actions-telemetry ")
    of_package, _, folder = run("--version").stdout.rstrip("\n").partition(" from ")
    assert of_package == f"actions-telemetry {__version__}"
    assert Path(folder, "sql", "analysis", "totals.sql").is_file()


def test_a_stranger_ingests_asks_and_reads_a_report(
    run: Callable[..., Finished], tmp_path: Path, empty_dsn: str
) -> None:
    simulated = Simulator(team_month(seed=7, now=datetime.now(UTC), runs_per_day=1))
    (tmp_path / ".env").write_text(f"DATABASE_URL={empty_dsn}\nGITHUB_TOKEN=ghp_token\n")
    early = run("status")
    assert early.returncode == 1
    assert "run `actions-telemetry ingest REPO=owner/name` first" in early.stderr
    assert "`actions-telemetry status DEMO=1`" in early.stderr
    with simulated.serve() as url:
        done = run("ingest", "REPO=acme/app", f"GITHUB_API_URL={url}", "--since", "20d")
    assert done.returncode == 0, done.stderr
    answer = run("query", "workflow_outcomes", "REPO=acme/app", "--json")
    assert answer.returncode == 0, answer.stderr
    assert '"repository": "acme/app"' in answer.stdout
    report = run("report", "OUT=mine.html")
    assert report.returncode == 0, report.stderr
    assert (tmp_path / "mine.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_the_demo_needs_no_checkout_no_database_and_no_proxy_and_its_data_can_be_asked(
    run: Callable[..., Finished], homes: Callable[[], Path], tmp_path: Path, launcher: Launcher
) -> None:
    home = homes()
    (tmp_path / ".env").write_text("TELEMETRY_ORG=of-my-team\nTELEMETRY_KEEP=2 weeks\n")
    for_others = {"TELEMETRY_DEMO": "1", "TELEMETRY_JOBS": "0"}
    nowhere = "http://127.0.0.1:1"
    proxies = {"http_proxy": nowhere, "HTTP_PROXY": nowhere, "no_proxy": "elsewhere.example"}

    def ask(command: str, *words: str) -> Finished:
        elsewhere = "postgresql://127.0.0.1:1/x"
        return run(command, "DEMO=1", *words, TELEMETRY_HOME=str(home), DATABASE_URL=elsewhere)

    before = ask("status")
    assert before.returncode == 2 and "try: actions-telemetry demo" in before.stderr
    done = run("demo", TELEMETRY_HOME=str(home), **proxies, **for_others)
    assert done.returncode == 0, done.stderr
    assert "\n$ actions-telemetry ingest SINCE=62d\n" in done.stdout
    assert "\n$ actions-telemetry query Q=flaky_jobs TOP=5 DEMO=1\n\nWhich jobs" in done.stdout
    assert re.search(r"^acme/\w+ +CI +e2e ", done.stdout, re.MULTILINE)
    assert "make " not in done.stdout + done.stderr
    report = home / "demo" / "report.html"
    assert str(report) in done.stderr
    page = report.read_text(encoding="utf-8")
    assert_all_troubles_are_found(page)
    # Whoever types a command that is named there stays with the demo's data.
    budget = " ".join(ask("budget", "MONTHLY_LLM=9").stdout.split())
    told = done.stdout + done.stderr + page + budget
    commands = re.findall(r"actions-telemetry ((?:status|check|query|budget|report)\b.*)", told)
    # Others depend on the day of the month.
    assert {"status DEMO=1", "check DEMO=1", "report DEMO=1"} <= set(commands)
    assert [line for line in commands if "DEMO=1" not in line] == []
    flaky = ask("query", "Q=flaky_jobs", "FORMAT=csv")
    assert flaky.returncode == 0, flaky.stderr
    assert len(flaky.stdout.splitlines()) > 1
    assert "acme/site" in ask("status").stdout

    # The rest does not depend on where the command is installed.
    def ask_the_checkout(command: str, *words: str) -> Finished:
        environ = {"PATH": os.environ["PATH"], "TELEMETRY_HOME": str(home)}
        return launcher.run("console", command, *words, environ=environ)

    psql = ask_the_checkout("psql", "DEMO=1", "-c", "select 'asked' from repositories")
    assert "asked" in psql.stdout
    refused = ask_the_checkout("ingest", "DEMO=1")
    assert refused.returncode == 2 and "DEMO: only status, report" in refused.stderr
    with open_lock(home / "demo" / "demo.lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second = ask_the_checkout("demo")
        assert second.returncode == 1 and "another command makes a demo in" in second.stderr
    own = ask_the_checkout("migrate")
    assert own.returncode == 0, own.stderr
    status = run("status", TELEMETRY_HOME=str(home))
    assert status.returncode == 0, status.stderr
    assert "try: actions-telemetry ingest REPO=owner/name" in " ".join(status.stdout.split())


def assert_all_troubles_are_found(page: str) -> None:
    """Those that were planted are in the report, each in its repository."""
    assert page.startswith("<!doctype html>") and "acme/tools" in page
    text = re.sub(r"<[^>]+>", "", page)
    assert re.search(r"The median time of CI on pull requests went from .* \(\+\d\d", text)
    assert "CI has been red on the default branch since" in text
    assert "e2e (firefox) of CI is flaky" in text


def test_in_a_workflow_the_env_file_of_the_checked_out_repository_is_not_read(
    run: Callable[..., Finished], tmp_path: Path, dsn: str
) -> None:
    (tmp_path / ".env").write_text("TELEMETRY_MAX_AGE=of the application\n")
    assert run("status", DATABASE_URL=dsn).returncode == 2
    done = run("status", DATABASE_URL=dsn, GITHUB_ACTIONS="true")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["stauts"], "there is no command stauts; did you mean status?"),
        (["status", "REOP=a/b"], "REOP: not a variable of this toolkit; did you mean REPO?"),
        (
            ["status", "--maxage", "1h"],
            "--maxage 1h: not an option of this command; --help lists the options",
        ),
        (["prune", "--keep"], "argument --keep: expected one argument; --help lists the options"),
    ],
    ids=["command", "variable", "flag", "value"],
)
def test_what_is_misspelled_is_refused_with_the_nearest(
    launcher: Launcher, words: list[str], sentence: str
) -> None:
    done = launcher.run("console", *words, environ={"PATH": os.environ["PATH"]})
    assert_refused(done, sentence)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["query", "Q=flaky"], "Q: there is no question named flaky; did you mean flaky_jobs?"),
        (
            ["ingest", "acme/app"],
            "acme/app: not an option of this command; did you mean REPO=acme/app?",
        ),
        (["restore", "x.dump"], "x.dump: not an option of this command; did you mean FILE=x.dump?"),
        (
            ["status", "--all", "REPO=a/b"],
            "REPO=a/b: not an option of this command; variables come before flags",
        ),
    ],
    ids=["question", "repository", "file", "order"],
)
def test_variables_are_named_as_the_installed_command_takes_them(
    run: Callable[..., Finished], words: list[str], sentence: str, dsn: str
) -> None:
    assert_refused(run(*words, DATABASE_URL=dsn), sentence)


def assert_refused(done: Finished, sentence: str) -> None:
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1] == f"error: {sentence}"


def test_an_interrupted_command_says_so_and_exits_with_130(
    installed: Installed, tmp_path: Path, dsn: str
) -> None:
    """The server is slow, so that the signal finds it waiting for an answer."""
    simulated = Simulator(team_month(seed=7, now=datetime.now(UTC), runs_per_day=1))
    simulated.fault = lambda request, ordinal: Fault(seconds=2)
    with (
        simulated.serve() as url,
        subprocess.Popen(
            [installed.program, "ingest", "REPO=acme/app"],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "DATABASE_URL": dsn, "GITHUB_API_URL": url},
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        assert process.stderr
        first = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
    assert process.returncode == 130, first + rest
    assert rest.splitlines()[-1] == "error: interrupted"
    assert "Traceback" not in first + rest
