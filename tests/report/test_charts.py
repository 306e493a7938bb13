"""Charts show what they are given: to scale, with gaps as gaps, and within their frame."""

from datetime import date, timedelta
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.report.figures import axis_top
from telemetry.report.formats.charts import (
    WIDTH,
    Bar,
    DayDuration,
    Span,
    Stack,
    bar_chart,
    heatmap,
    line_chart,
    sparkline,
    stacked_chart,
    waterfall,
)
from telemetry.report.formats.markup import Html

FIRST = date(2026, 1, 1)


def drawn(chart: Html) -> ElementTree.Element:
    """The chart as XML, which SVG of ours is: an element that HTML alone knows would not show."""
    root = ElementTree.fromstring(str(chart))
    assert root.tag == "svg" and root.attrib["role"] == "img" and root.attrib["aria-label"]
    allowed = {"svg", "path", "rect", "text", "polyline", "polygon", "circle"}
    assert {element.tag for element in root.iter()} <= allowed
    return root


def of_class(root: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [each for each in root.iter() if each.attrib.get("class") == name]


def words(root: ElementTree.Element) -> list[str]:
    return [each.text or "" for each in root.iter("text")]


def series(*medians: float | None) -> list[DayDuration]:
    return [
        DayDuration(FIRST + timedelta(days=at), p50, None if p50 is None else p50 * 1.5)
        for at, p50 in enumerate(medians)
    ]


def points(element: ElementTree.Element) -> list[tuple[float, float]]:
    return [
        (float(x), float(y))
        for x, y in (pair.split(",") for pair in element.attrib["points"].split())
    ]


def test_a_day_without_runs_breaks_the_line() -> None:
    chart = drawn(line_chart("x", series(60, 70, None, 80, 90, 100)))
    assert [len(points(line)) for line in of_class(chart, "line")] == [2, 3]
    assert [len(points(band)) for band in of_class(chart, "band")] == [4, 6]


def test_a_day_between_days_without_runs_is_a_dot() -> None:
    chart = drawn(line_chart("x", series(None, 60, None)))
    assert len(of_class(chart, "dot")) == 1
    assert of_class(chart, "line") == []


def test_the_line_is_to_scale_from_zero() -> None:
    chart = drawn(line_chart("x", series(600, 1_200)))
    (line,) = of_class(chart, "line")
    (_, low), (_, high) = points(line)
    baseline = max(
        float(each.attrib["d"].split()[1].split("H")[0]) for each in of_class(chart, "g")
    )
    assert (baseline - high) == pytest.approx(2 * (baseline - low), abs=0.3)


def test_the_axis_is_in_minutes_and_seconds() -> None:
    assert words(drawn(line_chart("x", series(600, 800))))[:3] == ["0s", "10m 00s", "20m 00s"]


def test_a_change_is_marked_where_it_began_and_said() -> None:
    days = series(*([60.0] * 10))
    chart = drawn(line_chart("x", days, FIRST + timedelta(days=5)))
    (mark,) = of_class(chart, "mark")
    at = float(mark.attrib["d"].split()[0][1:])
    (line,) = of_class(chart, "line")
    assert points(line)[4][0] < at < points(line)[5][0]
    assert "changed on 6 Jan" in words(chart)


def test_an_outlier_is_cut_and_labelled() -> None:
    chart = drawn(line_chart("x", series(60, 60, 60, 600_000, 60)))
    assert "1 above, up to 10d 10h" in words(chart)
    (line,) = of_class(chart, "line")
    heights = [y for _, y in points(line)]
    assert heights[3] == min(heights) and 80 < heights[0] < 120


@pytest.mark.parametrize(
    ("usual", "shown", "top"),
    [([], [], 0), ([10, 20], [15, 30], 30), ([1, 1, 1], [100], 4), ([None], [5], 5)],
)
def test_an_axis_ends_at_the_greatest_value_or_four_medians(
    usual: list[float | None], shown: list[float | None], top: float
) -> None:
    assert axis_top(usual, shown) == top


@given(
    st.lists(st.none() | st.floats(0, 1e9), max_size=40),
    st.integers(0, 39),
)
def test_every_series_stays_within_its_frame(medians: list[float | None], changed: int) -> None:
    chart = drawn(line_chart("x", series(*medians), FIRST + timedelta(days=changed)))
    height = float(chart.attrib["viewBox"].split()[3])
    for shape in of_class(chart, "line") + of_class(chart, "band"):
        assert all(0 <= x <= WIDTH and 0 <= y <= height for x, y in points(shape))


def test_bars_are_to_scale_and_have_their_figures() -> None:
    chart = drawn(
        bar_chart("x", [Bar("a", 40, "40 min"), Bar("b", 10, "10 min"), Bar("c", 0, "0")])
    )
    widths = [float(bar.attrib["width"]) for bar in of_class(chart, "fill")]
    assert widths[0] == pytest.approx(4 * widths[1]) and widths[2] == 0
    assert words(chart) == ["a", "40 min", "b", "10 min", "c", "0"]


def test_a_long_name_above_a_bar_is_cut() -> None:
    (name, _) = words(drawn(bar_chart("x", [Bar("n" * 10_000, 1, "1")])))
    assert len(name) < 60 and name.endswith("…")


def test_outcomes_are_stacked_to_scale() -> None:
    chart = drawn(stacked_chart("x", [Stack(FIRST, 6, 3, 1)]))
    (ok,), (bad,), (other,) = (of_class(chart, name) for name in ("ok", "bad", "other"))
    heights = [float(bar.attrib["height"]) for bar in (ok, bad, other)]
    assert heights[0] == pytest.approx(2 * heights[1], abs=0.2)
    assert heights[1] == pytest.approx(3 * heights[2], abs=0.3)
    assert float(bad.attrib["y"]) == pytest.approx(float(ok.attrib["y"]) - heights[1], abs=0.2)
    assert float(other.attrib["y"]) == pytest.approx(float(bad.attrib["y"]) - heights[2], abs=0.2)


def test_the_busiest_hour_is_the_darkest_and_an_empty_one_is_not_blue() -> None:
    counts = [[0] * 24 for _ in range(7)]
    counts[1][14], counts[2][3] = 50, 1
    chart = drawn(heatmap("x", counts))
    assert len(of_class(chart, "h5")) == len(of_class(chart, "h1")) == 1
    assert len(of_class(chart, "h0")) == 7 * 24 - 2
    rects = list(chart.iter("rect"))
    assert rects.index(of_class(chart, "h5")[0]) == 24 + 14


def test_a_waterfall_shows_waiting_before_work_on_one_clock() -> None:
    spans = [Span("build", 0, 50, 150, False), Span("test", 150, 150, 200, True)]
    chart = drawn(waterfall("x", spans))
    (ok,), (bad,) = of_class(chart, "ok"), of_class(chart, "bad")
    waits = of_class(chart, "wait")
    assert float(waits[0].attrib["width"]) == pytest.approx(WIDTH / 4)
    assert float(ok.attrib["x"]) == pytest.approx(WIDTH / 4)
    assert float(bad.attrib["x"]) + float(bad.attrib["width"]) == pytest.approx(WIDTH)
    assert words(chart) == ["build", "1m 40s", "test", "50s, failed", "0s", "3m 20s"]


def test_a_sparkline_goes_from_zero_to_the_greatest_value() -> None:
    (line,) = drawn(sparkline("x", [0, 2, 4])).iter("polyline")
    assert line.attrib["points"] == "0.0,20.0 45.0,11.0 90.0,2.0"


@pytest.mark.parametrize(
    "chart",
    [
        line_chart("x", []),
        line_chart("x", series(0)),
        stacked_chart("x", []),
        stacked_chart("x", [Stack(FIRST, 0, 0, 0)]),
        heatmap("x", [[0] * 24 for _ in range(7)]),
        waterfall("x", []),
        sparkline("x", []),
        sparkline("x", [0]),
    ],
)
def test_nothing_to_show_is_drawn_too(chart: Html) -> None:
    assert "nan" not in str(chart) and drawn(chart) is not None


def test_a_chart_without_bars_takes_no_room() -> None:
    """There are none if no job has a price."""
    assert not str(bar_chart("x", []))
