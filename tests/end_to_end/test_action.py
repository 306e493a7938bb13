"""The action does what it is for: its own steps are run here, as a runner would."""

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.commands import Finished, Launcher, assert_one_sentence
from support.dumps import Dumps, newer_dump
from support.paths import LONGEST, ROOT

from telemetry.database.connection import open_connection
from telemetry.simulated.month import team_month
from telemetry.simulated.server import Simulator

WORKFLOW = yaml.safe_load((ROOT / ".github" / "workflows" / "telemetry.yml").read_text("utf-8"))
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
# Of this Python the action makes an environment: the tests' own, with the command in it.
PYTHON = """\
#!/bin/sh
[ "$1 $2" = "-m venv" ] || exit 1
mkdir -p "$3/bin"
printf '#!/bin/sh\\n' >"$3/bin/pip"
printf '#!/bin/sh\\nexec "%s" "%s" "$@"\\n' '{python}' '{console}' >"$3/bin/actions-telemetry"
chmod +x "$3/bin/pip" "$3/bin/actions-telemetry"
"""
ARTIFACT = "telemetry.dump"
WORD = re.compile(r"'[^']*'|\|\||&&|[!=]=|!|[()]|[a-z][\w.-]*(?:\(\))?")


def evaluate(expression: str, contexts: dict[str, Any]) -> Any:
    """The value of an expression of GitHub's, whose operators give operands as Python's do."""

    def look_up(name: str) -> Any:
        found: Any = {**contexts, "cancelled()": False, "toJSON": json.dumps}
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

    url: str
    artifacts: dict[int, bytes]
    homes: Callable[[], Path]
    launcher: Launcher
    secrets: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)
    can_download: bool = True
    said: str = ""
    summary: str = ""
    reports: list[str] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)

    def run_workflow(self) -> dict[str, str]:
        """Run the steps of the action on a fresh machine, with what the workflow gives to it.

        Returns how each ended, and the job, by its name.
        """
        machine = self.homes()
        (machine / "python").write_text(
            PYTHON.format(python=self.launcher.python, console=ROOT / "scripts" / "console.py")
        )
        (machine / "python").chmod(0o755)
        contexts = self._contexts(machine)
        outcomes = {"job": "success"}
        for step in ACTION["runs"]["steps"]:
            outcome, outputs = "skipped", {}
            if self._is_wanted(step, contexts, outcomes["job"]):
                (machine / "output").write_text("")
                environ = {**self._environ(machine), **rendered(step.get("env", {}), contexts)}
                outcome = self._run(step, machine, environ, contexts)
                lines = (machine / "output").read_text().splitlines()
                outputs = dict(line.split("=", 1) for line in lines)
                if step.get("id") == "python":
                    outputs["python-path"] = str(machine / "python")
            if outcome == "failure" and not step.get("continue-on-error"):
                outcomes["job"] = "failure"
            outcomes[step.get("name") or step["uses"].partition("@")[0]] = outcome
            contexts["steps"][step.get("id")] = {"outcome": outcome, "outputs": outputs}
        summary = machine / "summary"
        self.summary = summary.read_text() if summary.exists() else ""
        values = {name: output["value"] for name, output in ACTION["outputs"].items()}
        self.outputs = rendered(values, contexts)
        return outcomes

    def _contexts(self, machine: Path) -> dict[str, Any]:
        """What expressions can name: the workflow's for its inputs, then the action's own."""
        contexts: dict[str, Any] = {
            "secrets": self.secrets,
            "vars": self.variables,
            "inputs": {},
            "github": {"token": "ghs_token", "repository": "acme/app"},
            "runner": {"temp": str(machine)},
            "steps": {},
        }
        (job,) = WORKFLOW["jobs"].values()
        given = {**rendered(job["steps"][-1]["with"], contexts), **self.inputs}
        defaults = {name: each.get("default", "") for name, each in ACTION["inputs"].items()}
        assert given.keys() <= defaults.keys()
        return {**contexts, "inputs": {**rendered(defaults, contexts), **given}}

    def _environ(self, machine: Path) -> dict[str, str]:
        (machine / "work").mkdir(exist_ok=True)
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(machine),
            "PYTHONPATH": str(ROOT),
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_API_URL": self.url,
            "GITHUB_REPOSITORY": "acme/app",
            "GITHUB_WORKFLOW_REF": "acme/app/.github/workflows/ours.yml@refs/heads/main",
            "GITHUB_OUTPUT": str(machine / "output"),
            "GITHUB_STEP_SUMMARY": str(machine / "summary"),
            "RUNNER_TEMP": str(machine),
            # Of the application whose job it is: none of the action's business.
            "DATABASE_URL": "postgresql://127.0.0.1:1/application",
            "TELEMETRY_REPO": "acme/application",
            # So that the summary says how many rows each table has.
            "TELEMETRY_ALL": "1",
        }

    def _is_wanted(self, step: dict[str, Any], contexts: dict[str, Any], job: str) -> bool:
        """Whether a step runs: after a failure only one that asks for the job's state does."""
        condition = str(step.get("if", "'always'")).removeprefix("${{").removesuffix("}}")
        if job == "failure" and "cancelled()" not in condition:
            return False
        return bool(evaluate(condition, contexts))

    def _run(
        self, step: dict[str, Any], machine: Path, environ: dict[str, str], contexts: dict[str, Any]
    ) -> str:
        uses, given = step.get("uses", ""), rendered(step.get("with", {}), contexts)
        if "download-artifact" in uses:
            if not self.can_download:
                return "failure"
            content = self.artifacts[int(given["run-id"])]
            (Path(given["path"]) / given["name"]).write_bytes(content)
        elif "upload-artifact" in uses:
            self._upload(Path(given["path"]), given)
        elif "run" in step:
            assert "${{" not in step["run"], "an input goes into a command through env only"
            done = subprocess.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
                cwd=machine / "work",
                env=environ,
                capture_output=True,
                text=True,
                timeout=LONGEST,
            )
            self.said += done.stdout + done.stderr
            return "success" if done.returncode == 0 else "failure"
        return "success"

    def _upload(self, path: Path, given: dict[str, str]) -> None:
        if given["name"] == ARTIFACT:
            self.artifacts[max(self.artifacts, default=0) + 1] = path.read_bytes()
        elif given["archive"] == "true":
            self.reports += [each.read_text("utf-8") for each in sorted(path.iterdir())]
        else:  # one file, which is not zipped
            self.reports.append(path.read_text("utf-8"))
        assert 0 < int(given["retention-days"]) <= 90


@pytest.fixture
def simulated(now: datetime) -> Simulator:
    return Simulator(team_month(seed=7, now=now, runs_per_day=1))


@pytest.fixture
def repository(
    simulated: Simulator, homes: Callable[[], Path], launcher: Launcher
) -> Iterator[Repository]:
    dumps = Dumps({})
    simulated.fault = dumps.answer
    with simulated.serve() as url:
        yield Repository(url, dumps.artifacts, homes, launcher)


FROM_SCRATCH = {"download it", "restore it", "keep a newer dump"}


def test_a_strangers_action_works_twice_in_a_row_with_nothing_set(
    repository: Repository, simulated: Simulator
) -> None:
    first = repository.run_workflow()
    assert set(first.values()) == {"success", "skipped"}, repository.said
    assert {name for name, outcome in first.items() if outcome == "skipped"} == FROM_SCRATCH
    assert list(repository.artifacts) == [1]
    whole = repository.summary
    assert_outputs(repository)
    fetched = simulated.restart_counters().received
    second = repository.run_workflow()
    assert second.pop("keep a newer dump") == "skipped"
    assert set(second.values()) == {"success"}, repository.said
    assert list(repository.artifacts) == [1, 2]
    again = simulated.restart_counters().received
    assert fetched["jobs"] > 30
    assert again["jobs"] <= 1
    assert again["runs"] <= fetched["runs"]
    assert numbers(repository.summary, "workflow_steps") == numbers(whole, "workflow_steps")
    assert "## acme/app\n\nRuns created from " in repository.summary
    assert repository.reports[1].startswith("<!doctype html>")
    assert "::warning" not in repository.said


def assert_outputs(repository: Repository) -> None:
    """The steps after the action get what the report says."""
    assert repository.outputs["incomplete"] == "false"
    assert Path(repository.outputs["report-path"]).read_text("utf-8") == repository.reports[0]
    whole = json.loads(Path(repository.outputs["findings-path"]).read_text("utf-8"))
    found = json.loads(repository.outputs["findings"])
    assert found == whole["findings"] and found[0]["sentence"]
    assert json.loads(repository.outputs["red-workflows"]) == [
        f"acme/app: {name}" for name in whole["repositories"][0]["red_workflows"]
    ]


def numbers(summary: str, table: str) -> list[str]:
    (line,) = (line for line in summary.splitlines() if line.startswith(f"{table} "))
    return line.split()[1:2]


def test_a_repository_that_fails_does_not_lose_the_others(repository: Repository) -> None:
    repository.variables["TELEMETRY_REPO"] = "acme/gone acme/app"
    outcomes = repository.run_workflow()
    assert [outcomes["ingest"], outcomes["job"]] == ["failure", "failure"], repository.said
    assert outcomes["dump"] == outcomes["upload the dump"] == "success", repository.said
    assert int(numbers(repository.summary, "workflow_runs")[0]) > 30
    assert list(repository.artifacts) == [1]
    assert "acme/gone: nothing is stored" in repository.reports[0]
    assert repository.outputs["incomplete"] == "true"


AFTERWARDS = ["prune", "summarize", "findings", "report", "dump", "upload the report"]


@pytest.mark.parametrize(
    ("inputs", "reason", "status"),
    [
        ({"org": "nobody"}, "error: GET /users/nobody/repos: 404 not found", "success"),
        ({"repositories": "acme/gone"}, "acme/gone: failed: ", "success"),
    ],
)
def test_a_first_run_that_finds_nothing_says_why_once_and_leaves_no_dump(
    repository: Repository, inputs: dict[str, str], reason: str, status: str
) -> None:
    repository.inputs |= inputs
    outcomes = repository.run_workflow()
    assert outcomes["ingest"] == outcomes["job"] == "failure"
    assert [outcomes[name] for name in AFTERWARDS] == ["skipped"] * len(AFTERWARDS)
    assert outcomes["status"] == status
    assert repository.said.count(reason) == 1 and "not in this database" not in repository.said
    assert repository.said.count("error: ") <= 1
    # The next run restores nothing, so it fetches everything that GitHub has.
    assert not repository.artifacts
    assert repository.outputs["incomplete"] == "true"


def test_inputs_are_a_json_object_of_texts(launcher: Launcher) -> None:
    """Only action.yml sets them, but an error must be a sentence there, too."""

    def checked(inputs: str) -> Finished:
        return launcher.run("check_inputs", environ={"PYTHONPATH": str(ROOT), "INPUTS": inputs})

    for inputs in ("[]", "7", '{"since": 5}', '{"since": '):
        assert_one_sentence(checked(inputs), 2, "INPUTS cannot be read: ")
    # A secret that a workflow does not get is an empty text.
    assert checked('{"database-url": ""}').stderr.startswith("database-url is empty, so an art")
    assert checked('{"database-url": "dbname=x"}').stderr == ""


def test_inputs_that_cannot_be_used_are_named_before_anything_else_is_done(
    repository: Repository,
) -> None:
    repository.inputs |= {
        "repositories": "acme",
        "org": "acme/app",
        "exclude": "app",
        "token": " ",
        "database-url": " ",
        "since": "yesterdayy",
        "keep": "long",
        "jobs": "none",
        "llm-logs": "'logs",
        "out": "report.md\n",
        "report-days": "seven",
    }
    assert repository.inputs.keys() == ACTION["inputs"].keys()
    outcomes = repository.run_workflow()
    done = [name for name, outcome in outcomes.items() if outcome == "success"]
    assert done == ["actions/setup-python", "install"], outcomes
    said = [line for line in repository.said.splitlines() if line.startswith("error: ")]
    assert [line.split(": ")[1] for line in said] == list(ACTION["inputs"])
    assert "error: report-days: 'seven' is not a whole number from 0 to 400" in said
    assert "error: database-url: it is only white space; give a value, or leave it out" in said
    assert repository.outputs["incomplete"] == "true"


def test_a_dump_that_cannot_be_downloaded_is_not_replaced(repository: Repository) -> None:
    repository.artifacts[5] = b"good"
    repository.can_download = False
    outcomes = repository.run_workflow()
    assert outcomes["download it"] == outcomes["job"] == "failure"
    assert outcomes["ingest"] == outcomes["upload the dump"] == "skipped"
    assert repository.artifacts == {5: b"good"}
    assert repository.outputs["incomplete"] == "true"


def test_a_broken_dump_is_replaced_by_ingesting_the_whole_retention(
    repository: Repository,
) -> None:
    repository.artifacts[5] = b"broken"
    repository.variables["TELEMETRY_KEEP"] = "20 days"
    outcomes = repository.run_workflow()
    assert outcomes["restore it"] == "failure"
    assert outcomes["ingest"] == outcomes["job"] == "success", repository.said
    assert int(numbers(repository.summary, "workflow_runs")[0]) > 20
    assert list(repository.artifacts) == [5, 6]


def test_a_dump_of_a_newer_version_is_not_replaced(
    repository: Repository, dsn: str, tmp_path: Path
) -> None:
    newer = newer_dump(dsn, tmp_path / "newer.dump").read_bytes()
    repository.artifacts[5] = newer
    outcomes = repository.run_workflow()
    assert outcomes["restore it"] == outcomes["keep a newer dump"] == "failure", repository.said
    assert outcomes["job"] == "failure"
    assert outcomes["ingest"] == outcomes["upload the dump"] == "skipped"
    assert repository.artifacts == {5: newer}
    assert "error: a newer version of actions-telemetry has written" in repository.said


def test_with_a_database_nothing_is_dumped_and_a_folder_is_uploaded_whole(
    repository: Repository, empty_dsn: str
) -> None:
    repository.secrets["DATABASE_URL"] = empty_dsn
    repository.inputs |= {"out": "site", "jobs": "false"}
    outcomes = repository.run_workflow()
    assert outcomes["job"] == "success", repository.said
    assert {name for name, outcome in outcomes.items() if outcome == "skipped"} == {
        "find the last dump",
        "dump",
        "upload the dump",
        "delete replaced dumps",
        *FROM_SCRATCH,
    }
    with open_connection(empty_dsn) as connection:
        assert len(connection.execute("select 1 from workflow_runs").fetchall()) > 30
        assert not connection.execute("select 1 from workflow_jobs").fetchall()
    assert len(repository.reports) == 2
    assert Path(repository.outputs["report-path"]).is_dir()
