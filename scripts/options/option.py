"""What an option of a command is, and how the texts of options are read."""

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from telemetry import settings

Reader = Callable[[str, str], Any]
LONGEST_NAME = 1_000


def as_text(text: str, variable: str) -> str:
    """The text itself."""
    return text


def name(text: str, variable: str) -> str:
    """Read the name of something that is stored, which is text; a path may be any bytes."""
    if not text.isascii() and text != text.encode(errors="replace").decode():
        raise settings.UsageError(f"{variable}: it is not UTF-8 text")
    if len(text) > LONGEST_NAME:
        raise settings.UsageError(f"{variable}: a name has at most {LONGEST_NAME:,} characters")
    return text


def words(text: str, variable: str) -> list[str]:
    """Read words separated by white space; a word with spaces is quoted."""
    try:
        return shlex.split(text)
    except ValueError as error:
        raise settings.UsageError(f"{variable}: {error}; add the closing quotation mark") from None


def whole_number(least: int, most: int) -> Reader:
    """Read a whole number within bounds."""
    return lambda text, variable: settings.whole_number(text, variable, least, most)


def one_of(*words: str) -> Reader:
    """Read one of these words."""
    return lambda text, variable: settings.choice(text, variable, words)


@dataclass(frozen=True)
class Option:
    """One option; `commands` are the names of its scripts, separated by spaces.

    `flag` begins with "--", or is a bare word for a positional argument. `named` is its variable of
    make if that is not the flag in capitals, "" if it has none; in the environment and in .env the
    variable has the prefix TELEMETRY_. `default` is a text for `read`, or True or False for a
    switch; None means none, and `shown` describes what happens then. `read` converts a text and
    raises UsageError with the variable's name. With the reader `words` the value is a list, and the
    flag takes several words. `alias` is another flag and the value that this one gives it. Commands
    that have the flag `needs` ignore the option without that flag.
    """

    commands: str
    flag: str
    help: str
    default: str | bool | None = None
    read: Reader = as_text
    shown: str = ""
    metavar: str = ""
    alias: tuple[str, str] | None = None
    needs: str = ""
    named: str | None = None

    @property
    def key(self) -> str:
        """The name of the value among the options of a command."""
        return self.flag.removeprefix("--").replace("-", "_")

    @property
    def many(self) -> bool:
        """Whether its value is a list."""
        return self.read is words

    @property
    def variable(self) -> str:
        """Its variable of make; "" if it has none."""
        return self.key.upper() if self.named is None else self.named

    @property
    def environment(self) -> str:
        """The name of its variable in the environment; "" if it has none."""
        return f"TELEMETRY_{self.variable}" if self.variable else ""

    @property
    def default_text(self) -> str:
        """The default as a user writes it: `1` or nothing for a switch."""
        if isinstance(self.default, bool):
            return "1" if self.default else ""
        return self.shown or self.default or ""
