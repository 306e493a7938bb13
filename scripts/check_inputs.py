"""Check the inputs of action.yml before its other steps begin: one sentence for each wrong one.

    INPUTS='{"since": "90d"}' actions-telemetry check-inputs

INPUTS is a JSON object: the text of each input by its name. Without this check, some inputs would
be refused only after everything was fetched. An input of spaces would count as given in an
expression of the action, but as not given in a command.
Exit codes: 0 all can be used, 2 some cannot.
"""

from command import parse, run

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from options.option import whole_number, words
from output import say

from telemetry import settings, times
from telemetry.rows import reading

# The longest that GitHub keeps an artifact, in a private repository.
MOST_DAYS = 400


def _repositories(text: str, name: str) -> list[str]:
    return settings.repositories(words(text, name), name)


def _switch(text: str, name: str) -> bool:
    return settings.flag({name: text}, name)


def _out(text: str, name: str) -> Path:
    return settings.page_or_folder(settings.path(text, name), name)


READERS: Mapping[str, Callable[[str, str], Any]] = {
    "repositories": _repositories,
    "org": settings.owner,
    "exclude": _repositories,
    "since": times.since,
    "keep": times.keep,
    "jobs": _switch,
    "llm-logs": words,
    "out": _out,
    "report-days": whole_number(0, MOST_DAYS),
}


def main() -> int:
    parse(__doc__, "check_inputs")
    wrong = 0
    try:
        inputs = reading.mapping(json.loads(os.environ.get("INPUTS", "{}")), "INPUTS")
        for name in inputs:
            reading.text(inputs, name)
    except ValueError as error:  # it may also be JSON of another form
        raise settings.UsageError(f"INPUTS cannot be read: {error}; action.yml sets it") from None
    for name, text in inputs.items():
        try:
            _check(name, text)
        except settings.UsageError as error:
            say(f"error: {error}")
            wrong += 1
    if inputs.get("database-url") == "":
        say(
            "database-url is empty, so an artifact carries the database from run to run; if you set"
            " it to a secret, this workflow cannot read that secret"
        )
    return 2 if wrong else 0


def _check(name: str, text: str) -> None:
    """Raise UsageError unless this input is empty, which means not given, or can be used."""
    if text and not text.strip():
        raise settings.UsageError(f"{name}: it is only white space; give a value, or leave it out")
    if text and name in READERS:
        READERS[name](text, name)


if __name__ == "__main__":
    run(main)
