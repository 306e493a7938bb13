"""Name the variables of make or the environment that no command reads, and suggest others.

The Makefile runs it if there are any, even before .venv exists. Exit code 0.
"""

import argparse
import os
import shlex
import sys

from options.names import nearest

# These targets read no variable, so one in the environment is not a mistake.
WITHOUT_VARIABLES = {"help", "install", "demo", "migrate", "queries", "psql", "test", "lint"}
WITHOUT_VARIABLES |= {"bench", "lock", "version", "clean"}


def main() -> None:
    command = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    command.add_argument("--known", nargs="*", default=[], help="the names that commands read")
    command.add_argument("--unknown", nargs="*", default=[], help="others, given to make")
    command.add_argument("--ignored", nargs="*", default=[], help="known ones in the environment")
    command.add_argument("--goals", nargs="*", default=[], help="what make is asked for")
    options = command.parse_args()
    for name in options.unknown:
        print(f"error: {not_a_variable(name, options.known)}", file=sys.stderr)
    goals = [goal for goal in options.goals if goal not in WITHOUT_VARIABLES]
    ignored = [name for name in options.ignored if f"TELEMETRY_{name}" not in os.environ]
    if ignored and goals and not options.unknown:
        print(f"note: {typed_otherwise(ignored, goals)}", file=sys.stderr)


def not_a_variable(name: str, known: list[str]) -> str:
    meant = nearest(name, known)
    return f"{name}: not a variable of this toolkit" + (f"; did you mean {meant}?" if meant else "")


def typed_otherwise(names: list[str], goals: list[str]) -> str:
    words = [f"{name}={shlex.quote(os.environ[name])}" for name in names]
    return (
        f"{' and '.join(names)} in the environment {'are' if len(names) > 1 else 'is'} not read; "
        f"type: make {' '.join(goals)} {' '.join(words)}"
    )


if __name__ == "__main__":
    main()
