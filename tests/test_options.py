"""One table of options serves every script, the Makefile and docs/configuration.md."""

import re
from datetime import timedelta

import pytest
from options.option import Option
from options.parsing import parse
from options.table import OPTIONS, options_of
from support.paths import ROOT

from telemetry.settings import UsageError
from telemetry.times import Length

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
COMMANDS = sorted({command for option in OPTIONS for command in option.commands.split()})
ENVIRONMENT = {
    "TELEMETRY_MAX_AGE": "12h",
    "TELEMETRY_LEAVING": "0",
    "TELEMETRY_FORMAT": "markdown",
    "TELEMETRY_JOBS": "0",
    "TELEMETRY_REPO": "acme/app acme/site",
    "TELEMETRY_LLM_LOGS": "'a b.jsonl' c.jsonl",
}


def test_every_command_of_the_table_is_a_script() -> None:
    for command in set(COMMANDS) - {"bench"}:
        assert (ROOT / "scripts" / f"{command}.py").is_file(), command


def test_make_passes_on_the_variables_of_the_table() -> None:
    names = re.search(r"^VARIABLES := (.*)$", MAKEFILE, re.MULTILINE)
    assert names
    assert set(names[1].split()) == {option.variable for option in OPTIONS} - {""}


@pytest.mark.parametrize(("command", "has_some"), [("status", True), ("version", False)])
def test_help_says_what_variables_are_where_a_command_has_some(
    capsys: pytest.CaptureFixture[str], command: str, has_some: bool
) -> None:
    with pytest.raises(SystemExit):
        parse(command, "", {}, ["--help"])
    assert ("NAME= is a variable" in capsys.readouterr().out) == has_some


@pytest.mark.parametrize("line", re.findall(r"^[a-z-]+:.*## .*\n\t.*", MAKEFILE, re.MULTILINE))
def test_help_names_only_variables_that_the_target_knows(line: str) -> None:
    script = re.search(r"scripts/(\w+)\.py", line)
    known = {option.variable for option in options_of(script[1])} if script else set()
    described = line.splitlines()[0].partition("## ")[2]
    assert set(re.findall(r"\b([A-Z_]+)=", described)) <= known


@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_given_is_the_default(command: str) -> None:
    options = parse(command, "", {}, [])
    for option in options_of(command):
        if option.alias is None:
            assert getattr(options, option.key) == default(option), option


def default(option: Option) -> object:
    if isinstance(option.default, str):
        return option.read(option.default, option.variable)
    return option.default


def test_a_variable_of_the_environment_wins_over_the_default() -> None:
    found = parse("status", "", ENVIRONMENT, [])
    assert (found.max_age, found.format) == (Length(rest=timedelta(hours=12)), "markdown")
    ingest = parse("ingest_workflows", "", ENVIRONMENT, [])
    assert (ingest.jobs, ingest.archived) == (False, True)
    assert ingest.repo == ["acme/app", "acme/site"]
    assert ingest.logs == ["a b.jsonl", "c.jsonl"]


def test_a_flag_wins_over_the_environment() -> None:
    found = parse("status", "", ENVIRONMENT, ["--max-age", "3h", "--format", "text"])
    assert (found.max_age, found.format) == (Length(rest=timedelta(hours=3)), "text")
    words = ["--jobs", "--no-archived", "--repo", "acme/tools", "--logs", "a b.jsonl"]
    ingest = parse("ingest_workflows", "", ENVIRONMENT, words)
    assert (ingest.jobs, ingest.archived) == (True, False)
    assert (ingest.repo, ingest.logs) == (["acme/tools"], ["a b.jsonl"])


def test_a_flag_of_several_values_can_be_repeated() -> None:
    words = ["--repo", "acme/app", "--repo", "acme/site", "acme/docs"]
    options = parse("ingest_workflows", "", {"TELEMETRY_REPO": "acme/other"}, words)
    assert options.repo == ["acme/app", "acme/site", "acme/docs"]


def test_a_flag_that_stands_for_another_sets_it() -> None:
    assert (
        parse("query", "", {"TELEMETRY_FORMAT": "csv"}, ["flaky_jobs", "--json"]).format == "json"
    )
    assert parse("query", "", {}, ["--csv"]).format == "csv"


@pytest.mark.parametrize(
    ("command", "word", "sentence"),
    [
        ("status", "REPO=a/b", "its flag is --repo"),
        ("ingest_workflows", "FULL=1", "its flag is --full"),
        ("status", "KEEP=90d", "--help lists the options"),
        ("ingest_workflows", "acme/app", "did you mean --repo acme/app?"),
        ("dump", "my dump", "did you mean --file 'my dump'?"),
        ("ingest_llm_calls", "a.jsonl", "did you mean --logs a.jsonl?"),
        ("dump", "", "--help lists the options"),
        ("status", "--maxage", "--help lists the options"),
    ],
)
def test_a_script_of_a_checkout_names_the_flag_of_a_stray_word(
    command: str, word: str, sentence: str
) -> None:
    with pytest.raises(UsageError) as caught:
        parse(command, "", {}, [word])
    assert str(caught.value).endswith(f": not an option of this command; {sentence}")


def test_a_variable_overridden_by_a_flag_may_be_invalid() -> None:
    wrong = {"TELEMETRY_CONCURRENCY": "many"}
    assert parse("verify", "", wrong, ["--concurrency", "2"]).concurrency == 2
    with pytest.raises(UsageError, match="CONCURRENCY: 'many' is not a whole number"):
        parse("verify", "", wrong, [])


def test_an_invalid_value_is_refused_with_the_name_of_its_variable() -> None:
    with pytest.raises(UsageError, match="FORMAT: 'xml' is not one of: text, csv, json"):
        parse("query", "", {}, ["--format", "xml"])
    with pytest.raises(
        UsageError, match="LLM_LOGS: No closing quotation; add the closing quotation mark"
    ):
        parse("ingest_llm_calls", "", {"TELEMETRY_LLM_LOGS": "'open"}, [])


@pytest.mark.parametrize(
    ("name", "wrong", "right"), [("FORMAT", "xml", "json"), ("SINCE", "ever", "all")]
)
def test_what_cannot_be_used_is_called_as_it_was_written(name: str, wrong: str, right: str) -> None:
    """In .env and the environment a variable has its long name, and nobody typed it."""
    environ = {f"TELEMETRY_{name}": wrong}
    with pytest.raises(UsageError, match=f"^TELEMETRY_{name}: '{wrong}' is not "):
        parse("query", "", environ, [])
    with pytest.raises(UsageError, match=f"^{name}: '{wrong}' is not "):
        parse("query", "", {**environ, "GIVEN_TO_TELEMETRY": f"TOP {name}"}, [])
    with pytest.raises(UsageError, match=f"^{name}: '{wrong}' is not "):
        parse("query", "", {f"TELEMETRY_{name}": right}, [f"--{name.lower()}", wrong])


def test_a_switch_that_cannot_be_used_is_called_as_it_was_written() -> None:
    environ = {"TELEMETRY_WAIT": "maybe"}
    with pytest.raises(UsageError, match=r"^TELEMETRY_WAIT: 'maybe' is neither true nor false"):
        parse("verify", "", environ, [])
    with pytest.raises(UsageError, match=r"^WAIT: 'maybe' is neither true nor false"):
        parse("verify", "", {**environ, "GIVEN_TO_TELEMETRY": "WAIT"}, [])
