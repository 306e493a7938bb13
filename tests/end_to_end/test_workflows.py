"""The scheduled workflow does what it is for: its steps are run here, as a runner would."""

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.checkouts import checkout
from support.paths import ROOT

from telemetry.database.connection import open_connection
from telemetry.simulated.month import team_month
from telemetry.simulated.server import Fault, RequestInfo, Simulator

WORKFLOW = yaml.safe_load((ROOT / ".github" / "workflows" / "telemetry.yml").read_text("utf-8"))
ACTIONS = "/repos/acme/app/actions"
ARTIFACT = "telemetry.dump"
WORD = re.compile(r"'[^']*'|\|\||&&|[!=]=|!|[()]|[a-z][\w.-]*(?:\(\))?")


def evaluate(expression: str, contexts: dict[str, Any]) -> Any:
    """The value of an expression of GitHub's, whose operators give operands as Python's do."""

    def look_up(name: str) -> Any:
        found: Any = {**contexts, "cancelled()": False}
        for part in name.split("."):
            found = found.get(part, "")
        return found

    operators = {"||": " or ", "&&": " and ", "!": " not "}
    words = [
        word if word[0] in "'()=" or word == "!=" else operators.get(word) or f"look_up({word!r})"
        for word in WORD.findall(expression)
    ]
    return eval("".join(words), {"look_up": look_up})


def rendered(values: dict[str, str], contexts: dict[str, Any]) -> dict[str, str]:
    """Variables as a step gets them, those included that come out empty."""
    return {
        name: re.sub(r"\$\{\{(.*?)\}\}", lambda m: str(evaluate(m[1], contexts)), str(value))
        for name, value in values.items()
    }


@dataclass
class Repository:
    """A repository that runs the workflow: its settings, and the artifacts of its runs."""

    folder: Path
    url: str
    artifacts: dict[int, bytes]
    homes: Callable[[], Path]
    secrets: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    can_download: bool = True
    said: str = ""
    summary: str = ""
    reports: list[str] = field(default_factory=list)

    def run_workflow(self) -> dict[str, str]:
        """Run all steps on a fresh machine; returns how each ended, and the job, by its name."""
        self.folder.mkdir(exist_ok=True)
        machine = checkout(Path(tempfile.mkdtemp(dir=self.folder)))
        job = WORKFLOW["jobs"]["ingest"]
        contexts: dict[str, Any] = {
            "secrets": self.secrets,
            "vars": self.variables,
            "inputs": {},
            "github": {"token": "ghs_token", "repository": "acme/app"},
            "steps": {},
        }
        contexts["env"] = rendered(job["env"], contexts)
        environ = {**self._environ(machine), **contexts["env"]}
        outcomes = {"job": "success"}
        for step in job["steps"]:
            outcome, outputs = "skipped", {}
            if self._is_wanted(step, contexts, outcomes["job"]):
                (machine / "output").write_text("")
                own = rendered(step.get("env", {}), contexts)
                outcome = self._run(step, machine, {**environ, **own})
                lines = (machine / "output").read_text().splitlines()
                outputs = dict(line.split("=", 1) for line in lines)
            if outcome == "failure" and not step.get("continue-on-error"):
                outcomes["job"] = "failure"
            name = step.get("name") or step.get("run") or step["uses"].partition("@")[0]
            outcomes[name] = outcome
            contexts["steps"][step.get("id")] = {"outcome": outcome, "outputs": outputs}
        summary = machine / "summary"
        self.summary = summary.read_text() if summary.exists() else ""
        return outcomes

    def _environ(self, machine: Path) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(machine),
            "PYTHONPATH": str(ROOT),
            "TELEMETRY_HOME": str(self.homes()),
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": self.url,
            "GITHUB_REPOSITORY": "acme/app",
            "GITHUB_OUTPUT": str(machine / "output"),
            "GITHUB_STEP_SUMMARY": str(machine / "summary"),
            # So that the summary says how many rows each table has.
            "TELEMETRY_ALL": "1",
        }

    def _is_wanted(self, step: dict[str, Any], contexts: dict[str, Any], job: str) -> bool:
        """Whether a step runs: after a failure only one that asks for the job's state does."""
        condition = str(step.get("if", "'always'")).removeprefix("${{").removesuffix("}}")
        if job == "failure" and "cancelled()" not in condition:
            return False
        return bool(evaluate(condition, contexts))

    def _run(self, step: dict[str, Any], machine: Path, environ: dict[str, str]) -> str:
        uses, given = step.get("uses", ""), step.get("with", {})
        if "download-artifact" in uses:
            if not self.can_download:
                return "failure"
            (machine / given["name"]).write_bytes(self.artifacts[max(self.artifacts)])
        elif "upload-artifact" in uses:
            content = (machine / given["path"]).read_bytes()
            if given["name"] == ARTIFACT:
                self.artifacts[max(self.artifacts, default=0) + 1] = content
            else:
                self.reports.append(content.decode())
        elif "run" in step:
            done = subprocess.run(
                ["bash", "-e", "-c", step["run"]],
                cwd=machine,
                env=environ,
                capture_output=True,
                text=True,
                timeout=120,
            )
            self.said += done.stdout + done.stderr
            return "success" if done.returncode == 0 else "failure"
        return "success"


@pytest.fixture
def simulated(now: datetime) -> Simulator:
    return Simulator(team_month(seed=7, now=now, runs_per_day=3))


@pytest.fixture
def repository(
    simulated: Simulator, homes: Callable[[], Path], tmp_path: Path
) -> Iterator[Repository]:
    artifacts: dict[int, bytes] = {}

    def answer(request: RequestInfo, ordinal: int) -> Fault | None:
        """What GitHub says of the workflow's own runs, which are not part of the simulation."""
        if request.path == f"{ACTIONS}/workflows/telemetry.yml/runs":
            ids = artifacts if request.query["event"] == "schedule" else ()
            return Fault(200, body=json.dumps({"workflow_runs": [{"id": n} for n in ids]}).encode())
        if request.path.endswith("/artifacts"):
            kept = {"name": ARTIFACT, "expired": False}
            return Fault(200, body=json.dumps({"artifacts": [kept]}).encode())
        return None

    simulated.fault = answer
    with simulated.serve() as url:
        yield Repository(tmp_path / "machines", url, artifacts, homes)


FROM_SCRATCH = {"download it": "skipped", "restore it": "skipped"}


def test_the_schedule_works_twice_in_a_row_with_nothing_set(
    repository: Repository, simulated: Simulator
) -> None:
    first = repository.run_workflow()
    assert set(first.values()) == {"success", "skipped"}, repository.said
    assert {name for name, outcome in first.items() if outcome == "skipped"} == set(FROM_SCRATCH)
    assert list(repository.artifacts) == [1]
    whole = repository.summary
    fetched = simulated.restart_counters().received
    second = repository.run_workflow()
    assert set(second.values()) == {"success"}, repository.said
    assert list(repository.artifacts) == [1, 2]
    again = simulated.restart_counters().received
    assert fetched["jobs"] > 50
    assert again["jobs"] <= 1
    assert again["runs"] <= fetched["runs"]
    assert numbers(repository.summary, "workflow_steps") == numbers(whole, "workflow_steps")
    assert "## acme/app\n\nRuns created from " in repository.summary
    assert repository.reports[1].startswith("<!doctype html>")


def numbers(summary: str, table: str) -> list[str]:
    (line,) = (line for line in summary.splitlines() if line.startswith(f"{table} "))
    return line.split()[1:2]


def test_a_repository_that_fails_does_not_lose_the_others(repository: Repository) -> None:
    repository.variables["TELEMETRY_REPO"] = "acme/gone acme/app"
    outcomes = repository.run_workflow()
    assert [outcomes["make ingest"], outcomes["job"]] == ["failure", "failure"], repository.said
    assert outcomes["make dump"] == outcomes["keep it"] == "success", repository.said
    assert int(numbers(repository.summary, "workflow_runs")[0]) > 50
    assert list(repository.artifacts) == [1]
    assert "acme/gone: nothing is stored" in repository.reports[0]


def test_a_dump_that_cannot_be_downloaded_is_not_replaced(repository: Repository) -> None:
    repository.artifacts[5] = b"good"
    repository.can_download = False
    outcomes = repository.run_workflow()
    assert outcomes["download it"] == outcomes["job"] == "failure"
    assert outcomes["make ingest"] == outcomes["keep it"] == "skipped"
    assert repository.artifacts == {5: b"good"}


def test_a_broken_dump_is_replaced_by_ingesting_the_whole_retention(repository: Repository) -> None:
    repository.artifacts[5] = b"broken"
    repository.variables["TELEMETRY_KEEP"] = "20 days"
    outcomes = repository.run_workflow()
    assert outcomes["restore it"] == "failure"
    assert outcomes["make ingest"] == outcomes["job"] == "success", repository.said
    assert int(numbers(repository.summary, "workflow_runs")[0]) > 30
    assert list(repository.artifacts) == [5, 6]


def test_with_a_database_nothing_is_dumped(repository: Repository, empty_dsn: str) -> None:
    repository.secrets["DATABASE_URL"] = empty_dsn
    outcomes = repository.run_workflow()
    assert outcomes["job"] == "success", repository.said
    assert {name for name, outcome in outcomes.items() if outcome == "skipped"} == {
        "find the last dump",
        "make dump",
        "keep it",
        *FROM_SCRATCH,
    }
    with open_connection(empty_dsn) as connection:
        assert len(connection.execute("select 1 from workflow_runs").fetchall()) > 50
