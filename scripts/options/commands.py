"""The commands, their descriptions and their scripts, from the one table of them: the Makefile.

Make runs it, `make help` and docs/commands.md list it, and `actions-telemetry` reads it.
"""

import re
import shlex
from dataclasses import dataclass

from telemetry.installation import COMMAND, place


@dataclass(frozen=True)
class Command:
    """A target of make, what it does, and an example of the variables that it takes, or "".

    `script` is the module in scripts/ that it runs, "" if it runs none; `arguments` are the flags
    that the Makefile gives to it.
    """

    name: str
    words: str
    example: str
    script: str
    arguments: tuple[str, ...]


def as_typed(text: str) -> str:
    """Return one of our texts with its make commands as a person types them here."""
    names = "|".join(command.name for command in commands())
    return re.sub(rf"\bmake (?=({names})\b)", f"{COMMAND} ", text)


def commands() -> list[Command]:
    """Return all targets of the Makefile that have a description, in its order."""
    makefile = place("Makefile").read_text(encoding="utf-8")
    found = re.findall(
        r"^([a-z-]+):.*## (.*?)(?:: ([A-Z_]+=.*))?$"
        r"(?:\n\t@(?:PYTHONPATH=scripts )?\$\(\w+\) (?:scripts/|-m )(\w+)(?:\.py)?(.*))?",
        makefile,
        re.MULTILINE,
    )
    return [
        Command(name, words, example, script, tuple(shlex.split(arguments)))
        for name, words, example, script, arguments in found
    ]
