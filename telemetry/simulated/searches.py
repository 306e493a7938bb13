"""GitHub's search syntax for the times at which runs were created."""

from datetime import UTC, datetime


def created_between(search: str) -> tuple[int, int]:
    """Return the first and last second, both included, that a `created` search matches.

    GitHub's search syntax: a date, a time, `A..B` with `*` for no end, and `>=`, `>`, `<=`, `<`;
    a date is its whole day, a time without a zone is UTC. Raises ValueError for anything else.
    """
    always = (0, 2**40)
    if ".." in search:
        first, _, last = search.partition("..")
        return (
            always[0] if first == "*" else _span(first)[0],
            always[1] if last == "*" else _span(last)[1],
        )
    for sign in (">=", "<=", ">", "<"):
        if search.startswith(sign):
            begin, end = _span(search.removeprefix(sign))
            return {
                ">=": (begin, always[1]),
                "<=": (always[0], end),
                ">": (end + 1, always[1]),
                "<": (always[0], begin - 1),
            }[sign]
    return _span(search)


def _span(moment: str) -> tuple[int, int]:
    when = datetime.fromisoformat(moment)
    second = int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp())
    return (second, second + 86_399) if len(moment) == len("2026-01-31") else (second, second)
