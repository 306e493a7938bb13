"""Options from flags, else from the environment, else their defaults."""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from options.commands import as_typed
from options.option import Option
from options.table import options_of
from telemetry import settings
from telemetry.installation import COMMAND


def parse(
    command: str,
    docstring: str | None,
    environ: Mapping[str, str],
    arguments: Sequence[str] | None = None,
) -> argparse.Namespace:
    """Return the options of a command, read and checked; --help shows the docstring.

    `arguments` default to those of the process. An option without a value and a default is None.
    `given` are the keys of those that a flag or the environment set.
    Raises UsageError; argparse itself exits for unknown flags.
    """
    parser = argparse.ArgumentParser(
        description=as_typed(docstring or ""),
        epilog=f"NAME= is a variable of {COMMAND}; in the environment and in .env it is"
        " TELEMETRY_NAME.\n"
        "A flag wins over the environment, the environment over .env.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    known = options_of(command)
    for option in known:
        _add(parser, option)
    options = parser.parse_args(arguments)
    given = set()
    for option in known:
        if option.alias is None:
            flag = getattr(options, option.key)
            if flag is not None or environ.get(option.environment):
                given.add(option.key)
            setattr(options, option.key, _value(option, flag, environ))
    options.given = given
    return options


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
            keywords |= {"nargs": "+"}
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
    if isinstance(option.default, bool):
        if given is not None:
            return given
        return settings.flag(environ, option.environment, option.default)
    if option.many and given is not None:
        return given
    text = given or environ.get(option.environment) or option.default
    return option.read(text, option.variable) if text else None
