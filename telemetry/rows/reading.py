"""Readers for values in foreign JSON, and the error for a value that cannot be read."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

Value = TypeVar("Value")


LONGEST_INTEGER = 2**63 - 1
LONGEST_COUNT = 2**31 - 1
DIGEST = re.compile("[0-9a-f]{32}")
# Names in an index: an entry of PostgreSQL's takes 2,704 bytes at most, and a character up to four.
LONGEST_NAME = 500
MOST_BYTES_OF_NAMES = 2_000


class UnreadableRow(ValueError):
    """A payload cannot become a row; the text says which payload and what is wrong with it."""


def tell_apart(error: UnreadableRow, before: Counter[str]) -> None:
    """Number an error that equals an earlier one: rows without an id may have the same error."""
    text = str(error)
    before[text] += 1
    if before[text] > 1:
        error.args = (f"{text} ({before[text]})",)


# PostgreSQL's text holds neither NUL nor half of a surrogate pair; JSON can spell both.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """Return the text with U+FFFD for each character that PostgreSQL cannot store."""
    if text.isascii() and "\x00" not in text:
        return text
    return UNSTORABLE.sub("\ufffd", text)


def mapping(payload: Any, kind: str) -> Mapping[str, Any]:
    """Return the payload if it is an object. Raises UnreadableRow if not."""
    # A decoded JSON object is a dict; a check for Mapping takes ten times as long.
    if not isinstance(payload, dict):
        raise UnreadableRow(f"{kind}: {shown(payload)} is not an object")
    return payload


def required(value: Value | None, payload: Mapping[str, Any], kind: str, key: str) -> Value:
    """Return the value that was read from this key. Raises UnreadableRow if it is None."""
    if value is None:
        raise UnreadableRow(f"{' '.join([kind, *_identity(payload)])}: {key} is missing")
    return value


def wrong_value(payload: Mapping[str, Any], key: str, expected: str) -> UnreadableRow:
    """Return the error for a key of the payload with a wrong value."""
    known = "".join(f"{identity}: " for identity in _identity(payload))
    name = key if key.isprintable() and len(key) <= 80 else shown(key)  # models are keys, too
    return UnreadableRow(f"{known}{name} is {shown(payload[key])}, not {expected}")


def _identity(payload: Mapping[str, Any]) -> list[str]:
    """Return the id of a payload, for a message; nothing if it has none."""
    identity = payload.get("id", payload.get("call_id"))
    # A digest of ours says nothing to whoever looks for the record.
    is_digest = isinstance(identity, str) and DIGEST.fullmatch(identity)
    return [] if identity is None or is_digest else [shown(identity)]


def shown(value: Any) -> str:
    """Return any value as at most 80 printable characters, for a message: numbers as in JSON."""
    try:
        if value is None or isinstance(value, bool | float):
            return json.dumps(value)
        if isinstance(value, Decimal):
            return str(value)[:80]
        return storable(ascii(value)[:80])
    except RecursionError:
        return f"a {type(value).__name__} nested too deeply to show"


def nested(payload: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return the object under this key, empty if it is missing. Raises UnreadableRow."""
    value = payload.get(key)
    if value is not None and not isinstance(value, dict):
        raise wrong_value(payload, key, "an object")
    return value or {}


def text(payload: Mapping[str, Any], key: str) -> str | None:
    """Return the text under this key, storable; None if it is missing. Raises UnreadableRow."""
    value = payload.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        raise wrong_value(payload, key, "text")
    return storable(value)


def name(payload: Mapping[str, Any], key: str) -> str | None:
    """Return the text under this key, of LONGEST_NAME characters at most. Raises UnreadableRow."""
    name = text(payload, key)
    if name is not None and len(name) > LONGEST_NAME:
        raise wrong_value(payload, key, f"a name of at most {LONGEST_NAME} characters")
    return name


def fits_an_index(*names: str) -> bool:
    """Whether these names fit into one entry of an index."""
    return sum(len(name.encode()) for name in names) <= MOST_BYTES_OF_NAMES


def flag(payload: Mapping[str, Any], key: str) -> bool | None:
    """Return the boolean under this key; None if it is missing. Raises UnreadableRow."""
    value = payload.get(key)
    if value is None or isinstance(value, bool):
        return value
    raise wrong_value(payload, key, "true or false")


def integer(
    payload: Mapping[str, Any], key: str, largest: int = LONGEST_INTEGER, smallest: int = 0
) -> int | None:
    """Return the whole number under this key; None if it is missing.

    Raises UnreadableRow, also for a number outside the range.
    """
    value = payload.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not smallest <= value <= largest:
        raise wrong_value(payload, key, f"a whole number from {smallest} to {largest}")
    return value


def attempt(payload: Mapping[str, Any]) -> int | None:
    """Return the number of an attempt, at least 1; None if it is missing. Raises UnreadableRow."""
    return integer(payload, "run_attempt", LONGEST_COUNT, smallest=1)


def count(payload: Mapping[str, Any], key: str, largest: int = LONGEST_INTEGER) -> int | None:
    """Return an integer that may also be a string of digits or an integral float.

    None if it is missing. Raises UnreadableRow.
    """
    value = payload.get(key)
    if value is None or (type(value) is int and 0 <= value <= largest):
        return value
    number = None
    if isinstance(value, str) and re.fullmatch("[0-9]{1,19}", value):
        number = int(value)
    # Check the range first: converting 1e999999 to an integer would take all memory.
    elif isinstance(value, float | Decimal) and value == value and 0 <= value <= largest:
        number = int(value) if value == int(value) else None
    if number is None or number > largest:
        raise wrong_value(payload, key, f"a whole number from 0 to {largest}")
    return number


def moment(payload: Mapping[str, Any], key: str, zone: tzinfo | None = None) -> datetime | None:
    """Return a time in UTC; None if it is missing. A time without a zone is in `zone`.

    Raises UnreadableRow, also for a time without a zone if `zone` is None.
    """
    value = payload.get(key)
    if value is None:
        return None
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is None and zone is not None:
                moment = moment.replace(tzinfo=zone)
            if moment.tzinfo is not None:
                return moment.astimezone(UTC)
        elif is_number:
            return datetime.fromtimestamp(float(value), UTC)
    except (ValueError, OverflowError, OSError):
        pass
    raise wrong_value(payload, key, "seconds since 1970" if is_number else "a time with its zone")


def money(payload: Mapping[str, Any], key: str) -> Decimal | None:
    """Return an amount in US dollars; None if it is missing. Raises UnreadableRow."""
    value = payload.get(key)
    if value is None:
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        amount = Decimal("NaN")
    # The column holds ten digits, six of them after the point.
    if isinstance(value, bool) or not amount.is_finite() or not 0 <= amount < 9_999:
        raise wrong_value(payload, key, "an amount in US dollars from 0 to 9,999")
    return amount


def digest(value: Any) -> str:
    """Return 32 hexadecimal digits that identify a decoded value, independent of its source."""
    canonical = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()[:32]
