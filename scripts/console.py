"""Run one of the commands.

    actions-telemetry COMMAND NAME=value … --flag …
    actions-telemetry COMMAND --help         the options of a command

The variables are the same as with make, and come before the flags. A .env file in the current
folder is read. Exit codes: those of the command, 2 if there is no such command.
"""

import interrupts  # noqa: F401 - it takes Ctrl-C from here on

import importlib
import os
import re
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from options.commands import Command, as_typed, commands
from options.names import GIVEN, OURS, did_you_mean, not_a_variable

PROGRAM = "actions-telemetry"
# Only action.yml needs it, so it is not listed.
CHECK_INPUTS = Command("check-inputs", "", "", "check_inputs", ())
EXAMPLE = f'{PROGRAM} ingest REPO="owner/name owner/other" SINCE=90d KEEP="6 months"'


def main(arguments: Sequence[str]) -> None:
    """Run the command that the arguments name; ends the process."""
    scripts = Path(__file__).parent
    known = {
        command.name: command
        for command in commands()
        if (scripts / f"{command.script}.py").is_file()
    }
    name, *rest = arguments or ["help"]
    if name in ("help", "--help", "-h"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # so that `| head` ends it quietly
        print(help_text(list(known.values())))
    elif name in ("version", "--version"):
        start(known["version"], [])
    elif name == CHECK_INPUTS.name:
        start(CHECK_INPUTS, rest)
    elif name in known:
        start(known[name], given(rest))
    else:
        hint = did_you_mean(name, known, f"{PROGRAM} help lists the commands")
        fail(f"there is no command {name}; {hint}")


def help_text(known: Sequence[Command]) -> str:
    """Return the commands with their descriptions, laid out as `make help` does."""
    lines = [*(__doc__ or "").splitlines(), ""]
    for command in known:
        lines.append(f"  {command.name:<14} {as_typed(command.words)}")
        lines += [f"{'':17}{command.example}"] if command.example else []
    return "\n".join([*lines, "", f"  {EXAMPLE}"])


def given(words: Sequence[str]) -> list[str]:
    """Put the variables before the first flag into the environment; return the other words."""
    from options.table import variables

    os.environ.pop(GIVEN, None)
    known, flags = variables(), False
    rest = []
    for word in words:
        flags = flags or word.startswith("-")
        name, equals, value = word.partition("=")
        if flags or not equals or not re.fullmatch("[A-Z][A-Z_]*", name):
            rest.append(word)
        elif f"{OURS}{name}" in known:
            os.environ[f"{OURS}{name}"] = value
            os.environ[GIVEN] = f"{os.environ.get(GIVEN, '')} {name}"
        elif name in known or name.startswith("PG"):
            os.environ[name] = value
        else:
            fail(not_a_variable(name, [each.removeprefix(OURS) for each in known]))
    return rest


def start(command: Command, words: Sequence[str]) -> None:
    sys.argv = [f"{PROGRAM} {command.name}", *command.arguments, *words]
    module = importlib.import_module(command.script)
    from command import run

    run(module.main)


def fail(text: str) -> None:
    print(f"error: {text}", file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
    main(sys.argv[1:])
