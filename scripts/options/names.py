"""Names that are nearly those of variables, and what was probably meant.

Imports nothing of ours: the Makefile asks it before .venv exists.
"""

from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches

OURS = "TELEMETRY_"


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most probably meant by one that is not; None where none is near.

    Looks past TELEMETRY_; of the two spellings of one name, the one that begins alike is told.
    """
    spellings: dict[str, str] = {}
    for each in sorted(known, key=lambda each: each.startswith(OURS) == name.startswith(OURS)):
        spellings[each.removeprefix(OURS)] = each
    close = get_close_matches(name.upper().removeprefix(OURS), spellings, n=1, cutoff=0.7)
    return spellings[close[0]] if close else None


def not_read(
    env_file: Mapping[str, str], environ: Mapping[str, str], known: Collection[str]
) -> list[str]:
    """What was probably meant as a setting of ours and is none, a sentence each.

    Of a .env file that is every TELEMETRY_ name that is not `known`, and names near to a known
    one; of the environment, which others use as well, TELEMETRY_ names near to a known one.
    """
    said = []
    for name in [*env_file, *sorted(environ.keys() - env_file.keys())]:
        is_in_file, is_ours = name in env_file, name.startswith(OURS)
        meant = None if name in known else nearest(name, known)
        if name not in known and (meant or is_ours) and (is_in_file or (is_ours and meant)):
            hint = f"; did you mean {meant}?" if meant else ""
            said.append(
                f"{name} {'in .env' if is_in_file else 'in the environment'} is not read{hint}"
            )
    return said
