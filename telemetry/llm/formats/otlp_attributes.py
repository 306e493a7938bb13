"""Spans, and the attributes of OTLP JSON, whose values have several names."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from telemetry.llm.formats.readers import read_list
from telemetry.rows import reading
from telemetry.rows.reading import LONGEST_COUNT, LONGEST_INTEGER, wrong_value

Attributes = dict[str, Any]


@dataclass(frozen=True)
class Span:
    """What all span formats have. Times are UTC; `error` is None if there is no message."""

    trace_id: str
    span_id: str
    began: datetime | None
    said: Attributes
    resource: Attributes
    parent_id: str = ""
    name: str = ""
    scope: str = ""
    duration_ms: int | None = None
    has_failed: bool = False
    error: str | None = None

    @property
    def identity(self) -> str:
        """What no other span has."""
        return f"{self.trace_id}:{self.span_id}"


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# The year 2001 in nanoseconds. Present-day times in microseconds are smaller.
LEAST = 10**18


def attributes(holder: Mapping[str, Any]) -> Attributes:
    """The scalar attributes of a resource, span or log record, by key.

    OTLP lists them; what an SDK prints has them in an object.
    """
    printed = holder.get("attributes")
    if isinstance(printed, dict):
        return {key: value for key, value in printed.items() if not isinstance(value, list | dict)}
    found: Attributes = {}
    for attribute in read_list(holder, "attributes"):
        if not isinstance(attribute, dict) or not isinstance(attribute.get("value"), dict):
            continue
        for kind in ("stringValue", "intValue", "doubleValue", "boolValue"):
            if kind in attribute["value"]:
                found[str(attribute.get("key"))] = attribute["value"][kind]
    return found


def text(found: Attributes, *names: str) -> str | None:
    """The first of these attributes that is set and not empty."""
    return next(filter(None, (reading.text(found, name) for name in names)), None)


def cost(found: Attributes, *names: str) -> Decimal | None:
    """The first of these attributes that is set, in US dollars. Raises UnreadableRow."""
    return next((reading.money(found, name) for name in names if name in found), None)


def moment(holder: Mapping[str, Any], *names: str) -> datetime | None:
    """The first of these times that is set and not 0, from nanoseconds since 1970, in UTC.

    Computed with integers: a float holds a present-day time only to a quarter of a microsecond.
    Raises UnreadableRow, also for a number that is too small for nanoseconds.
    """
    name = next((name for name in names if reading.count(holder, name)), None)
    if name is None:
        return None
    nanoseconds = reading.count(holder, name) or 0
    if nanoseconds < LEAST:
        raise wrong_value(holder, name, "in nanoseconds since 1970")
    return EPOCH + timedelta(microseconds=nanoseconds // 1_000)


def written_at(event: Mapping[str, Any], said: Attributes) -> datetime | None:
    """When a log record with these attributes was written. Raises UnreadableRow."""
    own = moment(event, "timeUnixNano", "observedTimeUnixNano")
    return own or reading.moment(said, "event.timestamp")


def run_link(found: Attributes) -> tuple[int | None, int | None]:
    """The run id and attempt of a resource or span, if they are numbers."""
    run_id = _number(
        found, LONGEST_INTEGER, "github.run_id", "gh-aw.run.id", "cicd.pipeline.run.id"
    )
    return run_id, _number(found, LONGEST_COUNT, "github.run_attempt", "gh-aw.run.attempt")


def _number(found: Attributes, largest: int, *names: str) -> int | None:
    texts = (str(found[name]) for name in names if name in found)
    numbers = (int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 20)
    return next((number for number in numbers if number <= largest), None)
