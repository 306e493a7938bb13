"""Suggestions for misspelled names of variables and commands.

Imports nothing of ours, because the Makefile uses it before .venv exists.
"""

from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches

OURS = "TELEMETRY_"
# Where make and the installed command say which variables were typed, without OURS.
GIVEN = "GIVEN_TO_TELEMETRY"
# Set for the commands that a command starts: it has read .env, or set aside what is there.
IS_READ = "ENV_FILE_READ_BY_TELEMETRY"


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name most similar to an unknown one; None if none is similar.

    The prefix TELEMETRY_ is ignored. If a name is known with and without it, the result has the
    prefix if `name` has it.
    """
    spellings: dict[str, str] = {}
    for each in sorted(known, key=lambda each: each.startswith(OURS) == name.startswith(OURS)):
        spellings[each.removeprefix(OURS)] = each
    close = get_close_matches(name.upper().removeprefix(OURS), spellings, n=1, cutoff=0.7)
    return spellings[close[0]] if close else None


def not_a_variable(name: str, known: Iterable[str]) -> str:
    """Return a sentence about a variable that is not known, with the most similar one."""
    meant = nearest(name, known)
    return f"{name}: not a variable of this toolkit" + (f"; did you mean {meant}?" if meant else "")


def did_you_mean(name: str, known: Iterable[str], otherwise: str) -> str:
    """Return a question for the known name most similar to this one, `otherwise` if none is."""
    close = get_close_matches(name, known, n=1)
    return f"did you mean {close[0]}?" if close else otherwise


def not_read(
    env_file: Mapping[str, str], environ: Mapping[str, str], known: Collection[str]
) -> list[str]:
    """Return a sentence for each variable that looks like one of ours but is not read.

    In a .env file these are the TELEMETRY_ names that are not `known`, and names similar to a known
    one, except libpq's. In the environment, which other programs use too, they are TELEMETRY_ names
    similar to a known one.
    """
    said = []
    for name in [*env_file, *sorted(environ.keys() - env_file.keys())]:
        if name.startswith("PG"):
            continue
        is_in_file, is_ours = name in env_file, name.startswith(OURS)
        meant = None if name in known else nearest(name, known)
        if name not in known and (meant or is_ours) and (is_in_file or (is_ours and meant)):
            hint = f"; did you mean {meant}?" if meant else ""
            said.append(
                f"{name} {'in .env' if is_in_file else 'in the environment'} is not read{hint}"
            )
    return said
