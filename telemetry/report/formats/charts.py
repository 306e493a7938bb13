"""Charts as inline SVG. Each is 420 units wide, so that text has the same size in all of them.

Colours and patterns are classes of the page's style sheet (page.py). `label` says in words what a
chart shows, and a table next to it has the figures.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil
from typing import Any

from telemetry.report.figures import Row, axis_top, duration
from telemetry.report.figures import day as spelled
from telemetry.report.formats.markup import Child, Html, join, tag
from telemetry.terminal import Name, shortened

WIDTH, HEIGHT = 420, 150
LEFT, RIGHT, TOP, BOTTOM = 56, 8, 14, 20
# Steps of an axis of durations: the divisions of a clock, in seconds.
STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400)
LONGEST_LABEL = 46
SPARK_WIDTH = 90


@dataclass(frozen=True)
class DayDuration:
    """Seconds that successful runs took on a day; None if not known."""

    day: date
    p50: float | None
    p95: float | None


@dataclass(frozen=True)
class Bar:
    """A bar and its texts; `value` has any unit and is at least 0."""

    label: str
    value: float
    text: str


def bars(
    rows: Iterable[Row], name: Callable[[Row], str], key: str, written: Callable[[Any], str]
) -> list[Bar]:
    """Return a bar for each row whose value of this column is known and not 0."""
    return [Bar(name(row), float(row[key]), written(row[key])) for row in rows if row[key]]


@dataclass(frozen=True)
class Stack:
    """The runs of a day by outcome."""

    day: date
    succeeded: int
    failed: int
    other: int


@dataclass(frozen=True)
class Span:
    """A job of a run: seconds from the run's start to when it queued, started and ended."""

    label: str
    queued: float
    started: float
    ended: float
    failed: bool


def frame(label: str, height: float, *children: Child) -> Html:
    """The SVG element around a chart; browsers would give one without a height 150 pixels."""
    if not height:
        return Html("")
    return tag("svg", *children, viewBox=f"0 0 {WIDTH} {height:.0f}", role="img", aria_label=label)


def text(x: float, y: float, words: str | Name, anchor: str = "start", class_: str = "t") -> Html:
    """Return text at a position. A name is shortened to the space above a bar."""
    return tag(
        "text",
        shortened(str(words), LONGEST_LABEL) if isinstance(words, Name) else words,
        x=f"{x:.1f}",
        y=f"{y:.1f}",
        class_=class_,
        text_anchor=None if anchor == "start" else anchor,
    )


def rectangle(x: float, y: float, width: float, height: float, class_: str) -> Html:
    return tag(
        "rect", x=f"{x:.1f}", y=f"{y:.1f}", width=f"{width:.1f}", height=f"{height:.1f}",
        class_=class_,
    )  # fmt: skip


def line_chart(label: str, days: Sequence[DayDuration], changed_on: date | None = None) -> Html:
    """Return a chart with each day's median as a line, and a band up to its 95th percentile.

    Days without a median break the line; a single day is a dot. Outliers are cut at the top, with a
    note. `changed_on` is the first day of a new level, marked by a line and a label.
    """
    highest = [max(d.p50, d.p95 or 0) for d in days if d.p50 is not None]
    top = axis_top([d.p50 for d in days], highest)
    step = next((s for s in STEPS if top <= 3 * s), 86_400 * ceil(top / (3 * 86_400)))
    ceiling = step * max(1, ceil(top / step))
    bottom = HEIGHT - BOTTOM

    def x(at: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (at + 0.5) / max(1, len(days))

    def y(seconds: float) -> float:
        return TOP + (bottom - TOP) * (1 - min(seconds / ceiling, 1))

    parts = [
        join(
            tag("path", d=f"M{LEFT} {y(tick):.1f}H{WIDTH - RIGHT}", class_="g"),
            text(LEFT - 5, y(tick) + 3.5, duration(tick), anchor="end"),
        )
        for tick in range(0, ceiling + 1, step)
    ]
    for run in _unbroken(days):
        parts += _segment([(x(i), y(p50), y(p95)) for i, p50, p95 in run])
    parts += _ends([d.day for d in days])
    above = [seconds for seconds in highest if seconds > ceiling]
    if above:
        words = f"{len(above)} above, up to {duration(max(above))}"
        parts.append(text(WIDTH - RIGHT, TOP - 4, words, anchor="end"))
    for at, shown in enumerate(days):
        if shown.day == changed_on:
            parts.append(tag("path", d=f"M{x(at - 0.5):.1f} {TOP - 2}V{bottom}", class_="mark"))
            words = f"changed on {spelled(shown.day)}"
            # Next to its line, but not over the note on days above the axis.
            place, side = (x(at - 0.5), "start" if at < len(days) / 2 else "end")
            if above:
                place, side = (LEFT, "start")
            parts.append(text(place, TOP - 4, words, anchor=side, class_="t strong"))
    return frame(label, HEIGHT, parts)


def _ends(days: Sequence[date]) -> list[Html]:
    """The first and the last day, below the axis."""
    first = [text(LEFT, HEIGHT - 5, spelled(days[0]))] if days else []
    if len(days) > 1:
        first.append(text(WIDTH - RIGHT, HEIGHT - 5, spelled(days[-1]), anchor="end"))
    return first


def _unbroken(days: Sequence[DayDuration]) -> list[list[tuple[int, float, float]]]:
    """Return runs of days with a median, as (place, p50, p95); an unknown p95 is p50."""
    found: list[list[tuple[int, float, float]]] = []
    before = -2
    for at, shown in enumerate(days):
        if shown.p50 is None:
            continue
        if at != before + 1:
            found.append([])
        found[-1].append((at, shown.p50, shown.p50 if shown.p95 is None else shown.p95))
        before = at
    return found


def _segment(points: Sequence[tuple[float, float, float]]) -> list[Html]:
    """Return band and line through points (x, y of p50, y of p95); for one point, a dot."""
    if len(points) == 1:
        x, y50, y95 = points[0]
        stroke = tag("path", d=f"M{x:.1f} {y95:.1f}V{y50:.1f}", class_="stroke")
        return [stroke, tag("circle", cx=f"{x:.1f}", cy=f"{y50:.1f}", r=2.5, class_="dot")]
    line = " ".join(f"{x:.1f},{y50:.1f}" for x, y50, _ in points)
    drawn = tag("polyline", points=line, class_="line")
    if all(y50 == y95 for _, y50, y95 in points):
        return [drawn]
    upper = " ".join(f"{x:.1f},{y95:.1f}" for x, _, y95 in reversed(points))
    return [tag("polygon", points=f"{line} {upper}", class_="band"), drawn]


def bar_chart(label: str, bars: Sequence[Bar]) -> Html:
    """Horizontal bars from zero, each with its name above it and its figure beside it."""
    most = max((bar.value for bar in bars), default=0) or 1
    room = WIDTH - 110
    parts = []
    for at, bar in enumerate(bars):
        y, wide = 32 * at, room * bar.value / most
        parts += [
            text(0, y + 11, Name(bar.label)),
            rectangle(0, y + 15, wide, 11, "fill"),
            text(wide + 5, y + 24, bar.text, class_="t strong"),
        ]
    return frame(label, 32 * len(bars), parts)


def stacked_chart(label: str, days: Sequence[Stack]) -> Html:
    """Return a bar for each day's runs, from the bottom: succeeded, failed (hatched), others."""
    most = max((d.succeeded + d.failed + d.other for d in days), default=0) or 1
    bottom, wide = HEIGHT - BOTTOM, (WIDTH - LEFT - RIGHT) / max(1, len(days))
    scale = (bottom - TOP) / most
    parts = [
        join(
            tag("path", d=f"M{LEFT} {bottom - tick * scale:.1f}H{WIDTH - RIGHT}", class_="g"),
            text(LEFT - 5, bottom - tick * scale + 3.5, f"{tick:,}", anchor="end"),
        )
        for tick in (0, most)
    ]
    for at, shown in enumerate(days):
        y = float(bottom)
        for number, class_ in (
            (shown.succeeded, "ok"),
            (shown.failed, "bad"),
            (shown.other, "other"),
        ):
            if number:
                y -= number * scale
                x = LEFT + at * wide + wide * 0.08
                parts.append(rectangle(x, y, wide * 0.84, number * scale, class_))
    parts += _ends([d.day for d in days])
    return frame(label, HEIGHT, parts)


WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def heatmap(label: str, counts: Sequence[Sequence[float]]) -> Html:
    """Return seven rows of 24 hours, Monday first; darker cells have higher counts."""
    most = max((number for row in counts for number in row), default=0) or 1
    left, side = 34, (WIDTH - 34) / 24
    parts = [
        text(left + hour * side, 10, f"{hour:02}") for hour in range(0, 24, 3)
    ]  # labels at the left edge of their hour
    for at, row in enumerate(counts):
        parts.append(text(0, 28 + at * side, WEEKDAYS[at][:3]))
        for hour, number in enumerate(row):
            # Five steps can be distinguished; a separate shade for each number cannot.
            step = ceil(5 * number / most)
            x, y = left + hour * side, 15 + at * side
            parts.append(rectangle(x + 0.5, y + 0.5, side - 1, side - 1, f"h{step}"))
    return frame(label, 17 + 7 * side, parts)


def waterfall(label: str, spans: Sequence[Span]) -> Html:
    """Return the jobs of one run on a common clock: waiting hatched, failures labelled."""
    end = max((span.ended for span in spans), default=0) or 1
    parts = []
    for at, span in enumerate(spans):
        y = 32 * at
        queued, started, ended = (WIDTH * s / end for s in (span.queued, span.started, span.ended))
        took = f"{duration(span.ended - span.started)}{', failed' if span.failed else ''}"
        parts += [
            text(0, y + 11, Name(span.label)),
            text(WIDTH, y + 11, took, anchor="end", class_="t strong"),
            rectangle(0, y + 15, WIDTH, 11, "track"),
            rectangle(queued, y + 15, started - queued, 11, "wait"),
            rectangle(started, y + 15, max(1, ended - started), 11, "bad" if span.failed else "ok"),
        ]
    parts += [
        text(0, 32 * len(spans) + 10, "0s"),
        text(WIDTH, 32 * len(spans) + 10, duration(end), anchor="end"),
    ]
    return frame(label, 32 * len(spans) + 14, parts)


def sparkline(label: str, values: Sequence[float]) -> Html:
    """Return a line without axes, from zero."""
    most, places = max(values, default=0) or 1, max(1, len(values) - 1)
    points = " ".join(
        f"{SPARK_WIDTH * at / places:.1f},{20 - 18 * value / most:.1f}"
        for at, value in enumerate(values)
    )
    return tag(
        "svg", tag("polyline", points=points, class_="line"), viewBox=f"0 0 {SPARK_WIDTH} 22",
        role="img", aria_label=label, class_="spark",
    )  # fmt: skip
