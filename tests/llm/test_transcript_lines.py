"""The quick reading of transcript lines gives the calls that reading each line by itself gives."""

import copy
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from telemetry.llm.formats import transcript
from telemetry.llm.formats.readers import Defaults, Reading, readings_of
from telemetry.llm.formats.transcript_lines import AlikeLines, Messages
from telemetry.rows.llm import MOST_TOKENS
from telemetry.rows.reading import LONGEST_INTEGER

pytestmark = pytest.mark.scenario

LINE: Mapping[str, Any] = {
    "type": "assistant",
    "sessionId": "s",
    "isSidechain": False,
    "requestId": "r",
    "uuid": "u",
    "timestamp": "2026-01-05T08:00:00.123Z",
    "message": {
        "id": "m",
        "model": "claude-opus-4-5",
        "stop_reason": "end_turn",
        "usage": {
            "input_tokens": 3,
            "output_tokens": 9,
            "cache_read_input_tokens": 5,
            "cache_creation_input_tokens": 4,
            "cache_creation": {"ephemeral_1h_input_tokens": 4},
            "output_tokens_details": {"thinking_tokens": 2},
            "server_tool_use": {"web_search_requests": 1},
            "iterations": [{"type": "message", "input_tokens": 3}],
            "service_tier": "standard",
            "speed": "standard",
            "inference_geo": "us",
        },
    },
}
PLACES = [
    *((key,) for key in (*LINE, "attributionAgent", "isApiErrorMessage", "costUSD")),
    *(("message", key) for key in LINE["message"]),
    *(("message", "usage", key) for key in LINE["message"]["usage"]),
    ("message", "usage", "cache_creation", "ephemeral_1h_input_tokens"),
    ("message", "usage", "output_tokens_details", "thinking_tokens"),
    ("message", "usage", "server_tool_use", "web_search_requests"),
]
COUNTS = st.sampled_from([0, 1, 7, MOST_TOKENS, MOST_TOKENS + 1, LONGEST_INTEGER + 1, -1])
TEXTS = st.sampled_from(
    [
        "",
        "a",
        "b",
        "7",
        "\0",
        "ü",
        "\ud800",
        "x" * 255,
        "y" * 256,
        "fast",
        "<synthetic>",
        "2026-01-05T07:00:00Z",
        "2026-01-05T09:00:00.123456+02:00",
        "2026-01-05",
        "yesterday",
    ]
)
SCALARS = st.none() | st.booleans() | st.sampled_from([1.0, 0.5, float("nan")]) | COUNTS | TEXTS
VALUES = SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(TEXTS, SCALARS, max_size=1)
ITERATIONS = st.lists(
    st.fixed_dictionaries({"type": SCALARS | st.just("message"), "input_tokens": SCALARS}),
    max_size=2,
)
CHANGES = st.lists(st.tuples(st.sampled_from(PLACES), VALUES | ITERATIONS), max_size=2)


def line_with(changes: list[tuple[tuple[str, ...], Any]]) -> dict[str, Any]:
    """The line with other values at some places; where there is no such place, as it is."""
    line: dict[str, Any] = copy.deepcopy(dict(LINE))
    for (*path, last), value in changes:
        holder: Any = line
        for key in path:
            holder = holder.get(key) if isinstance(holder, dict) else None
        if isinstance(holder, dict):
            holder[last] = value
    return line


def by_themselves(lines: list[dict[str, Any]], defaults: Defaults) -> list[Reading]:
    messages = Messages()

    def calls(record: Mapping[str, Any], defaults: Defaults) -> list[Reading]:
        call = transcript.one_call(record, defaults, messages)
        return [] if call is None else transcript.news(call, record, messages)

    return [reading for line in lines for reading in readings_of(line, defaults, calls)]


def texts(readings: list[Reading]) -> list[str]:
    return [repr(reading) for reading in readings]


@settings(max_examples=200)
@given(st.lists(CHANGES, min_size=1, max_size=6))
@example([[], [(("costUSD",), True)], [(("costUSD",), 1)], [(("costUSD",), 1.0)]])
@example([[], [(("message", "usage", "output_tokens"), -1)]])
@example([[], [(("message", "usage", "cache_creation", "ephemeral_1h_input_tokens"), 7)]])
@example([[], [(("message", "id"), "m\0")]])
@example([[], [(("isSidechain",), True)], [(("requestId",), "q")]])
@example([[(("message", "usage", "server_tool_use", "web_search_requests"), n)] for n in (1, True)])
def test_quick_reading_gives_the_calls_of_reading_each_line_by_itself(
    changes: list[list[tuple[tuple[str, ...], Any]]],
) -> None:
    lines = [line_with(one) for one in changes]
    defaults = Defaults(phase="p", prompt_name="n", github_run_id=7)
    quick = transcript.reader().calls
    found = [reading for line in lines for reading in readings_of(line, defaults, quick)]
    assert texts(found) == texts(by_themselves(lines, defaults))


def test_the_usual_line_is_read_quickly_and_one_with_a_cost_is_not() -> None:
    defaults, messages, alike = Defaults(), Messages(), AlikeLines()
    line = line_with([])
    assert alike.call(line, defaults, messages) is None
    call = transcript.one_call(line, defaults, messages)
    assert call is not None
    alike.learn(line, defaults, call)
    assert alike.call(line, defaults, messages) == call
    for place, value in ((("costUSD",), 1), (("message", "model"), "m"), (("sessionId",), "t")):
        assert alike.call(line_with([(place, value)]), defaults, messages) is None
    assert alike.call(line, Defaults(), messages) is None
