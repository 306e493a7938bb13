"""Attributes of OTLP JSON, and the values in them, for which there are several names."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from telemetry.llm.formats.reading import read_list
from telemetry.rows.reading import LONGEST_COUNT, LONGEST_INTEGER, read_count, read_money, read_text

Attributes = dict[str, Any]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def attributes(holder: Mapping[str, Any]) -> Attributes:
    """The plain values among the attributes of a resource, span or log record, by their keys."""
    found: Attributes = {}
    for attribute in read_list(holder, "attributes"):
        if not isinstance(attribute, dict) or not isinstance(attribute.get("value"), dict):
            continue
        for kind in ("stringValue", "intValue", "doubleValue", "boolValue"):
            if kind in attribute["value"]:
                found[str(attribute.get("key"))] = attribute["value"][kind]
    return found


def text(found: Attributes, *names: str) -> str | None:
    """The first of these that is there and not empty."""
    return next(filter(None, (read_text(found, name) for name in names)), None)


def count(found: Attributes, *names: str) -> int | None:
    """The first of these that is there, a number that is not negative. Raises UnreadableRow."""
    return next((read_count(found, name) for name in names if name in found), None)


def cost(found: Attributes, *names: str) -> Decimal | None:
    """The first of these that is there, an amount in US dollars. Raises UnreadableRow."""
    return next((read_money(found, name) for name in names if name in found), None)


def moment(holder: Mapping[str, Any], *names: str) -> datetime | None:
    """The first of these that is there and not 0, from nanoseconds since 1970.

    In whole numbers: as a float a moment of today is exact to a quarter of a microsecond only.
    """
    counts = (read_count(holder, name) for name in names)
    nanoseconds = next(filter(None, counts), None)
    return None if nanoseconds is None else EPOCH + timedelta(microseconds=nanoseconds // 1_000)


def run_link(found: Attributes) -> tuple[int | None, int | None]:
    """The run and attempt that a resource or span names; GitHub's are numbers."""
    run_id = _number(
        found, LONGEST_INTEGER, "github.run_id", "gh-aw.run.id", "cicd.pipeline.run.id"
    )
    return run_id, _number(found, LONGEST_COUNT, "github.run_attempt", "gh-aw.run.attempt")


def _number(found: Attributes, largest: int, *names: str) -> int | None:
    texts = (str(found[name]) for name in names if name in found)
    numbers = (int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 20)
    return next((number for number in numbers if number <= largest), None)
