"""Tables as text: laid out for a screen of any width, numbers right-aligned."""

import re
import textwrap
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import accumulate, takewhile
from typing import Any, NamedTuple

from telemetry.terminal import BOLD, DIM, PAPER, Screen, plain

# A number, a time, an amount, a length of time; a cut one reads as another. – is no value.
FIGURE = re.compile(r"[-+−~≈<>≤≥$]? ?\d|[–?]$")

# The least columns of a text that is cut, and of prose that is wrapped.
NARROWEST = 8
LEAST_PROSE = 24


def table(
    rows: Sequence[Mapping[str, Any]],
    columns: Mapping[str, str],
    screen: Screen = PAPER,
    *,
    prose: bool = False,
) -> str:
    """Return rows under their headings, numbers right-aligned; `columns` maps keys to headings.

    If the screen is too narrow, headings wrap; then the widest texts are cut, as cut() does.
    Figures, such as numbers, times and durations, are never cut: if they do not fit, each row is
    shown as lines of heading and value. With `prose`, nothing is cut, and the last column wraps.
    """
    headings, cells, right, whole = _cells(rows, columns, screen)
    if prose:
        whole = [True] * (len(whole) - 1) + [False]
    widths = _fitted(_sizes(headings, cells, whole), screen.columns)
    is_cut = prose and widths[-1] < min(LEAST_PROSE, max(len(row[-1]) for row in cells))
    if is_cut or not _is_within(widths, screen):
        return _records(headings, cells, screen)
    wrapped = [textwrap.wrap(*each) for each in zip(headings, widths, strict=True)]
    height = max(map(len, wrapped), default=0)
    above = [[""] * (height - len(lines)) + lines for lines in wrapped]

    def line(texts: Sequence[str]) -> str:
        padded = (_padded(*each) for each in zip(texts, widths, right, strict=True))
        return "  ".join(padded).rstrip()

    shown = (each for row in cells for each in _wrapped(row, widths))
    return "\n".join(
        [
            *(screen.styled(line(texts), BOLD) for texts in zip(*above, strict=True)),
            screen.styled(line(["─" * wide for wide in widths]), DIM),
            *map(line, shown if prose else _cut_cells(cells, widths)),
        ]
    )


def fitting(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], screen: Screen) -> int:
    """Return for how many of the first columns the screen is wide enough, with no text cut."""
    headings, cells, _, whole = _cells(rows, columns, screen)
    sizes = _sizes(headings, cells, whole)
    for number in range(len(sizes), 0, -1):
        widths = _fitted(sizes[:number], screen.columns)
        is_cut = any(each.widest > wide for each, wide in zip(sizes, widths, strict=False))
        if _is_within(widths, screen) and not is_cut:
            return number
    return 0


def _cells(
    rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], screen: Screen
) -> tuple[list[str], list[list[str]], list[bool], list[bool]]:
    """Return headings, cells, and of each column whether it is right-aligned, and never cut."""
    # Text far longer than the screen is cut anyway, and takes long to measure.
    most = None if screen.columns is None else 4 * screen.columns
    cells = [[cell(row[key])[:most] for key in columns] for row in rows]
    headings = [cell(heading) for heading in columns.values()]
    kinds = [{type(row[key]) for row in rows} - {type(None)} for key in columns]
    right = [bool(kind) and kind <= {int, float, Decimal} for kind in kinds]
    texts = _columns(cells, right)
    return headings, cells, right, [bool(each) and all(map(FIGURE.match, each)) for each in texts]


def _is_within(widths: list[int], screen: Screen) -> bool:
    return screen.columns is None or _total(widths) <= screen.columns


def _wrapped(row: list[str], widths: list[int]) -> Iterator[list[str]]:
    """Yield the lines of a row whose last cell is prose."""
    *others, text = row
    for piece in textwrap.wrap(text, widths[-1]) or [""]:
        yield [*others, piece]
        others = [""] * len(others)


def records(
    rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], screen: Screen = PAPER
) -> str:
    """Return each row as a line for each value, after its heading; nothing is cut."""
    cells = [[cell(row[key]) for key in columns] for row in rows]
    return _records([cell(heading) for heading in columns.values()], cells, screen)


def _records(headings: list[str], cells: list[list[str]], screen: Screen) -> str:
    """Return each row as a line for each value, after its heading; a blank line between rows.

    A word that is longer than the screen stays whole, so that it can be copied.
    """
    widest = max(map(width, headings))
    indent = " " * (widest + 2)

    def line(heading: str, text: str) -> str:
        lines = textwrap.fill(
            text,
            screen.columns or 80,
            initial_indent=indent,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
        return screen.styled(_padded(heading, widest, False), BOLD) + lines[widest:]

    return "\n\n".join("\n".join(map(line, headings, row)) for row in cells)


def _total(widths: list[int]) -> int:
    return sum(widths) + 2 * (len(widths) - 1)


class _Size(NamedTuple):
    """The width of a column as a whole, of its widest cell, and the least that it may be given."""

    whole: int
    widest: int
    least: int


def _sizes(headings: list[str], cells: list[list[str]], whole: list[bool]) -> list[_Size]:
    sizes = []
    for heading, column, is_figure in zip(headings, _columns(cells, whole), whole, strict=True):
        widest = max(map(width, column), default=0)
        word = max(map(width, heading.split()), default=0)
        least = max(widest if is_figure else min(widest, NARROWEST), word, 1)
        sizes.append(_Size(max(width(heading), widest, 1), widest, least))
    return sizes


def _fitted(sizes: Sequence[_Size], columns: int | None) -> list[int]:
    """How wide each column is: as wide as its content, or less if the screen is too narrow."""
    widths, least = [each.whole for each in sizes], [each.least for each in sizes]
    while columns is not None and (over := _total(widths) - columns) > 0:
        room = [wide if wide > bound else 0 for wide, bound in zip(widths, least, strict=True)]
        if not any(room):
            break
        widest = room.index(max(room))
        # Down to the next widest at once: a name may have thousands of characters.
        others = max((wide for at, wide in enumerate(room) if at != widest), default=0)
        floor = max(others, least[widest])
        widths[widest] -= max(1, min(over, widths[widest] - floor))
    return widths


def _columns(cells: list[list[str]], like: list[bool]) -> list[tuple[str, ...]]:
    return list(zip(*cells, strict=True)) if cells else [()] * len(like)


def cell(value: Any) -> str:
    """Return one value of a table as text; times to the minute, in their own zone."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | Decimal):
        return f"{value:,}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return plain(str(value))


def width(text: str) -> int:
    """Return the number of terminal columns that the text takes."""
    return sum(map(_width_of, text))


def _width_of(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def cut(texts: Iterable[str], wide: int) -> dict[str, str]:
    """Return what is shown of each text in so many columns; an ellipsis is where it is cut.

    All are cut at their ends, or in their middles if that tells more of them apart.
    """
    distinct = dict.fromkeys(texts)
    ends, middles = ({text: _cut(text, wide, kept) for text in distinct} for kept in (0, wide // 2))
    return max(ends, middles, key=lambda each: len(set(each.values())))


def _cut(text: str, wide: int, kept: int) -> str:
    """Return the text in so many columns; of a longer one, so many are kept of its end."""
    if width(text) <= wide:
        return text
    end = text[len(text) - _fits(reversed(text), kept) :]
    return f"{text[: _fits(text, wide - 1 - width(end))].rstrip()}…{end}"


def _fits(characters: Iterable[str], columns: int) -> int:
    """Return how many of the characters fit."""
    return sum(1 for _ in takewhile(columns.__ge__, accumulate(map(_width_of, characters))))


def _cut_cells(cells: list[list[str]], widths: list[int]) -> Iterator[list[str]]:
    shown = [cut(*each) for each in zip(zip(*cells, strict=True), widths, strict=False)]
    for row in cells:
        yield [texts[text] for texts, text in zip(shown, row, strict=True)]


def _padded(text: str, wide: int, to_right: bool) -> str:
    space = " " * (wide - width(text))
    return space + text if to_right else text + space
