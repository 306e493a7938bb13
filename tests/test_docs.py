"""README, docs, Makefile, workflows and code agree."""

import ast
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import yaml
from docs.__main__ import pages
from options.table import VARIABLES, variables
from support.commands import Launcher
from support.paths import ROOT

from telemetry.database.connection import Connection
from telemetry.github.options import Options

README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCS = {
    path.relative_to(ROOT): path.read_text(encoding="utf-8")
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
}
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
SCRIPTS = sorted((ROOT / "scripts").glob("*.py"))
ACTION = ROOT / "action.yml"
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
CODE = "\n".join(
    path.read_text(encoding="utf-8")
    for folder in ("telemetry", "scripts")
    for path in (ROOT / folder).rglob("*.py")
)


def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))


def described() -> set[str]:
    return set(re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE))


def test_every_target_is_described_in_help_and_in_the_docs() -> None:
    assert targets() == described()
    page = DOCS[Path("docs/commands.md")]
    assert targets() == set(re.findall(r"^\| `make ([a-z-]+)` \|", page, re.MULTILINE))


def test_every_target_that_the_docs_or_a_workflow_use_exists() -> None:
    texts = [*DOCS.values(), *(path.read_text(encoding="utf-8") for path in WORKFLOWS)]
    command = re.compile(r"(?:`|^|run: |\$ )make ([a-z]+(?:-[a-z]+)*)", re.MULTILINE)
    used = {name for text in texts for name in command.findall(text)}
    assert {"ingest", "status", "demo"} <= used <= targets()


def test_make_alone_prints_every_target() -> None:
    printed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert all(f"make {name} " in printed for name in targets())
    assert max(map(len, printed.splitlines())) <= 80


def test_the_plans_commands_are_there() -> None:
    assert {"migrate", "ingest", "ingest-github", "status", "test"} <= targets()
    assert (ROOT / "scripts" / "ingest_workflows.py").is_file()


def test_the_generated_pages_are_up_to_date(connection: Connection) -> None:
    for path, text in pages(connection).items():
        written = (ROOT / path).read_text(encoding="utf-8") if (ROOT / path).exists() else ""
        assert written == text, f"{path} is out of date; run: make docs"


def test_every_variable_that_the_code_reads_is_documented() -> None:
    read = set(re.findall(r"\"((?:TELEMETRY|GITHUB|DATABASE)_[A-Z_]+)\"", CODE))
    assert read - variables() == {"GITHUB_ACTIONS", "GITHUB_OUTPUT"}


def test_every_variable_of_the_example_is_documented() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert set(re.findall(r"^(\w+)=", example, re.MULTILINE)) <= variables()


@pytest.mark.parametrize("page", DOCS, ids=str)
def test_every_file_that_the_docs_name_exists(page: Path) -> None:
    for name in re.findall(r"`(\.?[\w-]+(?:/[\w.-]+)+/?|\w+\.(?:py|toml|yml))`", DOCS[page]):
        # The environment has what its last use needed: the tests install no linters.
        is_there = name.startswith(".venv/") or (ROOT / name).exists() or list(ROOT.rglob(name))
        assert is_there, f"{page}: {name}"


@pytest.mark.parametrize("page", DOCS, ids=str)
def test_every_link_between_the_docs_leads_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", DOCS[page]):
        if not link.startswith(("https://", "#")):
            assert (ROOT / page.parent / link.partition("#")[0]).exists(), f"{page}: {link}"


def test_the_way_of_one_run_names_each_file_once_with_its_function() -> None:
    text = DOCS[Path("docs/design.md")].partition("## The way of one run")[2].partition("\n## ")[0]
    steps = re.findall(r"^\d+\. `([\w./-]+)`(.*(?:\n   .*)*)", text, re.MULTILINE)
    files = [file for file, _ in steps]
    assert len(files) > 15
    assert len(set(files)) == len(files)
    for file, said in steps:
        source = (ROOT / file).read_text(encoding="utf-8")
        for name in re.findall(r"`(\w+)\(\)`", said):
            assert f"def {name}(" in source, f"{file} has no {name}()"
        for name in re.findall(r"`(\w+)`", said):
            assert name in source, f"{file} has no {name}"


def test_the_page_of_the_design_names_each_room() -> None:
    table = DOCS[Path("docs/design.md")].partition("## Rooms")[2].partition("\n\nThe library")[0]
    named = {name.strip("/").split("/")[-1] for name in re.findall(r"`([\w./]+)`", table)}
    for folder, files in (("sql", "*.sql"), ("telemetry", "*.py")):
        rooms = {path.parent.name for path in (ROOT / folder).glob(f"*/{files}")}
        assert len(rooms) > 5
        assert rooms <= named, "docs/design.md has a table of rooms"


def test_every_test_that_the_docs_name_exists() -> None:
    tests = "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")
    )
    named = {name for text in DOCS.values() for name in re.findall(r"`(test_\w+)`", text)}
    assert len(named) >= 10
    assert not {name for name in named if f"def {name}(" not in tests}


def test_the_readme_is_short_and_links_every_page() -> None:
    lines = README.splitlines()
    assert len(lines) <= 160
    assert not [line for line in lines if len(line) > 100]
    for page in DOCS.keys() - {Path("README.md")}:
        assert f"({page})" in README, page


@pytest.mark.parametrize(
    "path",
    # Some are what the others share, and psql.py hands --help on to psql.
    [p for p in SCRIPTS if '"__main__"' in p.read_text(encoding="utf-8") and p.stem != "psql"],
    ids=lambda path: path.stem,
)
def test_every_script_answers_help_with_its_docstring(launcher: Launcher, path: Path) -> None:
    done = launcher.run(path, "--help", environ={"PATH": os.environ["PATH"]})
    assert done.returncode == 0, done.stderr
    docstring = path.read_text(encoding="utf-8").split('"""')[1].strip()
    assert docstring.splitlines()[0] in done.stdout


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_every_script_is_thin(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 200
    assert not re.search(r"\b(urllib|http\.client|\.execute\()", text)


def test_functions_have_at_most_forty_lines_but_for_templates_of_payloads() -> None:
    for path in [*(ROOT / "telemetry").rglob("*.py"), *(ROOT / "scripts").rglob("*.py")]:
        if path.name == "payloads.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                lines = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
                assert lines <= 40, f"{path}: {node.name} has {lines} lines"


def test_the_library_neither_prints_nor_exits_nor_parses_arguments() -> None:
    for path in (ROOT / "telemetry").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(
            r"^\s*print\(|sys\.exit|argparse|os\.environ\b(?!\.setdefault)", text, re.MULTILINE
        ), path.name


def test_no_statement_is_written_in_python() -> None:
    statement = re.compile(r"\.execute(?:many)?\(\s*[bf]*[\"']")
    for folder in ("telemetry", "scripts"):
        for path in (ROOT / folder).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            assert not statement.search(text), f"{path}: put the statement into a file of sql/"


def test_the_library_names_the_command_that_its_user_types() -> None:
    """That is not make where the package is installed."""
    of_make = re.compile(rf"make ({'|'.join(described())})\b")
    for path in (ROOT / "telemetry").rglob("*.py"):
        nodes = [*ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
        docstrings = {node.value for node in nodes if isinstance(node, ast.Expr)}
        for node in nodes:
            if isinstance(node, ast.Constant) and node not in docstrings:
                assert not of_make.search(str(node.value)), f"{path}: {node.value}"


MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in (ROOT / "telemetry").rglob("*.py")
}


@cache
def imports(module: str) -> set[str]:
    """The modules of ours that a module imports, those of sub-packages by their whole name."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            whole = {f"{node.module}.{alias.name}" for alias in node.names} & MODULES.keys()
            found |= whole or {str(node.module)}
    return found & MODULES.keys() - {"telemetry"}


def reachable(module: str) -> set[str]:
    """The modules of ours that a module imports, and those that they import."""
    seen: set[str] = set()
    waiting = [module]
    while waiting:
        found = imports(waiting.pop()) - seen
        seen |= found
        waiting += found
    return seen


# A room stands only on those beside it, and on `installation`; what is not listed stands on none.
STANDS_ON = {
    "summaries": {"report", "runs", "llm", "database", "rows", "terminal"},
    "report": {"database", "rows", "settings", "terminal", "times"},
    "runs": {"database", "github", "rows", "settings", "times"},
    "llm": {"database", "rows", "settings"},
    "database": {"rows", "settings", "times", "whole_files"},
    "times": {"settings"},
}


def room(module: str) -> str:
    return module.split(".")[1]


def test_data_goes_one_way_between_the_rooms() -> None:
    for module in MODULES.keys() - {"telemetry"}:
        allowed = STANDS_ON.get(room(module), set()) | {room(module), "installation"}
        wrong = {other for other in imports(module) if room(other) not in allowed}
        assert not wrong, f"{module} imports {wrong}"


@pytest.mark.parametrize(
    "folders",
    [
        ("report.formats", "report.findings", "report"),
        ("runs.verification", "runs", "runs.lists"),
    ],
)
def test_a_folder_of_a_room_stands_only_on_those_that_follow_it(folders: tuple[str, ...]) -> None:
    def place(module: str) -> int:
        return folders.index(module.rsplit(".", 1)[0].removeprefix("telemetry."))

    of_room = f"telemetry.{folders[0].split('.')[0]}."
    inside = {each for each in MODULES if each.startswith(of_room)}
    for module in inside:
        wrong = {other for other in imports(module) & inside if place(other) < place(module)}
        assert not wrong, f"{module} imports {wrong}"


def test_lists_of_runs_are_read_without_the_database() -> None:
    for module in (each for each in MODULES if each.startswith("telemetry.runs.lists.")):
        assert "database" not in {room(other) for other in reachable(module)}


def test_no_module_imports_itself_through_others() -> None:
    assert not {module for module in MODULES if module in reachable(module)}


def test_what_only_reads_the_database_starts_without_the_client() -> None:
    readers = "status, query, report, check, budget, what_if, forget, dump, restore, psql, serve"
    loaded = subprocess.check_output(
        [sys.executable, "-c", f"import sys, {readers}; print(*sys.modules)"],
        cwd=ROOT / "scripts",
        env={"PYTHONPATH": str(ROOT)},
        text=True,
    ).split()
    assert "telemetry.database.status" in loaded
    assert "telemetry.github.client" not in loaded


def test_each_action_is_pinned_by_its_commit() -> None:
    for path in (*WORKFLOWS, ACTION):
        for used in re.findall(r"uses: (?!\./ )(.*)", path.read_text(encoding="utf-8")):
            assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", used), used


def test_each_step_of_a_workflow_is_an_action_or_a_target_of_make() -> None:
    for path in WORKFLOWS:
        for line in re.findall(r"run: (.*)", path.read_text(encoding="utf-8")):
            assert re.fullmatch(r"make [a-z -]+", line), line


def test_each_step_of_the_action_is_an_action_or_one_command_in_the_cards_order() -> None:
    text = ACTION.read_text(encoding="utf-8")
    found = re.findall(
        r"run: '\"\$RUNNER_TEMP/actions-telemetry/bin/actions-telemetry\" ([a-z-]+)"
        r"(?: FORMAT=(?:json|markdown >> \"\$GITHUB_STEP_SUMMARY\"))?'\n",
        text,
    )
    assert len(found) + 2 == text.count("run: ")  # and those that install it and keep a dump
    assert set(found) <= targets() | {"check-inputs"}  # which nobody types
    named = re.findall(r"- name: (migrate|ingest|prune|dump|upload the dump)\n", text)
    assert named == ["migrate", "ingest", "prune", "dump", "upload the dump"]


def test_each_step_of_the_action_that_uses_a_database_says_which() -> None:
    steps = yaml.safe_load(ACTION.read_text(encoding="utf-8"))["runs"]["steps"]
    without = ("check-inputs", "find-dump", "prune-dumps")
    commands = [step for step in steps if "bin/actions-telemetry" in step.get("run", "")]
    for step in commands:
        if not step["run"].rstrip("'").endswith(without):
            assert {"DATABASE_URL", "TELEMETRY_HOME"} <= step["env"].keys(), step["name"]


def test_no_input_of_the_action_is_part_of_a_command() -> None:
    in_command = re.compile(r"run: (?:\|\n(?: {8}.*\n)+|.*\n)")
    commands = in_command.findall(ACTION.read_text(encoding="utf-8"))
    assert len(commands) > 10
    assert not [command for command in commands if "${{" in command]


def test_the_schedule_is_every_sixth_hour_and_may_only_delete_old_dumps() -> None:
    text = (ROOT / ".github" / "workflows" / "telemetry.yml").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 40
    assert '- cron: "17 */6 * * *"' in text
    assert "workflow_dispatch" in text and "concurrency:" in text and "timeout-minutes:" in text
    assert re.findall(r"^ +(\w+): (read|write)", text, re.MULTILINE) == [
        ("actions", "write"),
        ("contents", "read"),
    ]


YAML = [
    (page, yaml.safe_load(block))
    for page, text in DOCS.items()
    for block in re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
]


def test_the_recipes_name_only_inputs_and_outputs_that_the_action_has() -> None:
    action = yaml.safe_load(ACTION.read_text(encoding="utf-8"))
    steps = [
        step
        for _, block in YAML
        for job in [block, *block.get("jobs", {}).values()]
        for step in job.get("steps", [])
    ]
    ours = [step for step in steps if "actions-telemetry" in step.get("uses", "")]
    assert len(ours) >= 5
    for step in ours:
        assert step.get("with", {}).keys() <= action["inputs"].keys()
    used = set(re.findall(r"steps\.telemetry\.outputs\.([\w-]+)", str(steps)))
    assert used and used <= action["outputs"].keys()


def test_the_page_of_the_schedule_lists_every_input_and_output() -> None:
    action = yaml.safe_load(ACTION.read_text(encoding="utf-8"))
    page = DOCS[Path("docs/schedule.md")].partition("\n## ")[0]
    listed = re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE)
    assert listed == [*action["inputs"], *action["outputs"]]


def test_the_documented_default_server_is_the_clients() -> None:
    defaults = {one.name: one.default for one in VARIABLES}
    assert Options().base_url == defaults["GITHUB_API_URL"]
