"""Options from flags, else from the environment, else their defaults."""

import argparse
import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from options.commands import as_typed
from options.names import GIVEN
from options.option import Option
from options.table import options_of
from telemetry import settings
from telemetry.installation import COMMAND, IS_CHECKOUT

HELP = "--help lists the options"


class _Parser(argparse.ArgumentParser):
    """One whose errors are a sentence, without its long list of flags before it."""

    def error(self, message: str) -> NoReturn:
        raise settings.UsageError(f"{message}; {HELP}")


def parse(
    command: str,
    docstring: str | None,
    environ: Mapping[str, str],
    arguments: Sequence[str] | None = None,
) -> argparse.Namespace:
    """Return the options of a command, read and checked; --help shows the docstring.

    `arguments` default to those of the process. An option without a value and a default is None.
    `given` are the keys of those that a flag or the environment set.
    Raises UsageError.
    """
    known = options_of(command)
    parser = _Parser(
        description=as_typed(docstring or ""),
        epilog=f"NAME= is a variable of {COMMAND}; in the environment and in .env it is"
        " TELEMETRY_NAME.\n"
        "A flag wins over the environment, the environment over .env."
        if any(option.variable for option in known)
        else None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for option in known:
        _add(parser, option)
    options, unknown = parser.parse_known_args(arguments)
    if unknown:
        meant = _meant_by(unknown[0], known)
        raise settings.UsageError(f"{shlex.join(unknown)}: not an option of this command; {meant}")
    given = set()
    for option in known:
        if option.alias is None:
            flag = getattr(options, option.key)
            if flag is not None or environ.get(option.environment):
                given.add(option.key)
            setattr(options, option.key, _value(option, flag, environ))
    options.given = given
    return options


def _meant_by(word: str, known: Sequence[Option]) -> str:
    """Return what a word may be the value of, else where the options are listed.

    Variables are words only of the installed command. In a checkout make has read them, so a word
    that remains was given to a script, which takes flags.
    """
    flags = {option.variable: option.flag for option in known if option.variable}
    if variable := re.match("([A-Z_]+)=", word):
        flag = flags.get(variable[1])
        if flag is None:
            return HELP
        return f"its flag is {flag}" if IS_CHECKOUT else "variables come before flags"
    for name in ("REPO", "FILE", "OUT", "LLM_LOGS"):
        fits = settings.REPOSITORY.fullmatch(word) if name == "REPO" else word and word[0] != "-"
        if name in flags and fits:
            typed = f"{flags[name]} " if IS_CHECKOUT else f"{name}="
            return f"did you mean {typed}{shlex.quote(word)}?"
    return HELP


def _add(parser: argparse.ArgumentParser, option: Option) -> None:
    """Add an option to the parser. Defaults are applied later, so a missing switch is None."""
    keywords: dict[str, Any] = {"help": _help(option), "default": None}
    if option.alias is not None:
        key, value = option.alias
        keywords |= {"action": "store_const", "dest": key, "const": value}
    elif isinstance(option.default, bool) and not option.variable:
        keywords |= {"action": "store_true", "default": False}
    elif isinstance(option.default, bool):
        keywords |= {"action": argparse.BooleanOptionalAction}
    else:
        if option.many:
            keywords |= {"nargs": "+", "action": "extend"}
        elif not option.flag.startswith("--"):
            keywords |= {"nargs": "?"}
        if option.metavar:
            keywords |= {"metavar": option.metavar}
    parser.add_argument(option.flag, **keywords)


def _help(option: Option) -> str:
    notes = [f"{option.variable}="] if option.variable else []
    if option.default_text and (option.variable or not isinstance(option.default, bool)):
        notes.append(f"default: {option.default_text}")
    return f"{option.help} ({'; '.join(notes)})" if notes else option.help


def _value(option: Option, given: Any, environ: Mapping[str, str]) -> Any:
    """Return the value of the flag, else of the variable, else the default, read and checked."""
    # What nobody typed is in .env or the environment, under its long name.
    is_typed = given is not None or option.variable in environ.get(GIVEN, "").split()
    name = option.variable if is_typed else option.environment
    if isinstance(option.default, bool):
        if given is not None:
            return given
        return settings.flag(environ, option.environment, option.default, name)
    if option.many and given is not None:
        return given
    text = given or environ.get(option.environment) or option.default
    return option.read(text, name) if text else None
