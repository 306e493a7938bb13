"""Name the given variables and targets of make that do not exist, and suggest others.

Variables of ours in the environment, which make does not read there, are named too.

The Makefile runs it if there are any, even before .venv exists. Exit code 0.
"""

import argparse
import os
import re
import shlex
import sys

from options.names import did_you_mean, not_a_variable

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
    command.add_argument("--goals", nargs="*", default=[], help="the targets given to make")
    command.add_argument("--targets", nargs="*", default=[], help="the targets that exist")
    command.add_argument("--strange", nargs="*", default=[], help="goals that do not exist")
    options = command.parse_args()
    for name in options.unknown:
        print(f"error: {not_a_variable(name, options.known)}", file=sys.stderr)
    for goal in options.strange:
        print(f"error: {not_a_target(goal, options)}", file=sys.stderr)
    goals = [goal for goal in options.goals if goal not in WITHOUT_VARIABLES]
    ignored = [name for name in options.ignored if f"TELEMETRY_{name}" not in os.environ]
    if ignored and goals and not (options.unknown or options.strange):
        print(f"note: {typed_otherwise(ignored, goals)}", file=sys.stderr)


def not_a_target(goal: str, options: argparse.Namespace) -> str:
    if goal.upper() in options.known:
        return f"there is no command {goal}; it is a variable, so give it a value: {goal.upper()}=…"
    otherwise = "make alone lists the commands"
    if "query" in options.goals:
        otherwise = f"to ask a question, type: make query Q={shlex.quote(goal)}"
    elif re.fullmatch(r"[\w.-]+/[\w.-]+", goal):
        command = next((each for each in options.goals if each in options.targets), "ingest")
        otherwise = f"to name a repository, type: make {command} REPO={goal}"
    hint = did_you_mean(goal.lower(), options.targets, otherwise)
    return f"there is no command {goal}; {hint}"


def typed_otherwise(names: list[str], goals: list[str]) -> str:
    words = [f"{name}={shlex.quote(os.environ[name])}" for name in names]
    return (
        f"{' and '.join(names)} in the environment {'are' if len(names) > 1 else 'is'} not read; "
        f"type: make {' '.join(goals)} {' '.join(words)}"
    )


if __name__ == "__main__":
    main()
