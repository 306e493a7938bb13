"""Statements that a person pastes into one session of psql, one after another."""

from collections.abc import Callable, Mapping

MARK = "answer to "


def pasted(psql: Callable[..., str], dsn: str, texts: Mapping[str, str]) -> dict[str, str]:
    """What psql prints for each text, by its name.

    The first that fails ends the session and the test; its name stands before the error.
    """
    lines = (f"\\echo {MARK}{name}\n\\warn {name}\n{text}\n" for name, text in texts.items())
    parts = psql(dsn, stdin="".join(lines)).split(MARK)[1:]
    return {name: answer for name, _, answer in (part.partition("\n") for part in parts)}
