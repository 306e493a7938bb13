"""What an answer of GitHub's REST API asks for: use it, follow it, wait, try again or give up.

Pure functions: no I/O, no clock and no randomness of their own. The rules on rate limits come from
https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api and
https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from http import HTTPStatus
from typing import Any

DEFAULT_WAIT = 60.0
"""Seconds to wait for a rate limit when GitHub names no time; doubled each time."""

LONGEST_WAIT = 1e9
"""Seconds; a longer wait is cut to this, and no caller waits that long."""

MOST_VALUES = 200_000
"""Objects, lists and elements in an answer: a page of 100 jobs of 100 steps each has 70,000.

A hostile body of 4 MiB would otherwise take 37 times its size when parsed.
"""

UNCOUNTED_BODY = 1_500_000
"""Bytes of a body whose values are not counted: they take 56 MB at most. Counting those of a page
of 100 runs, which is smaller, would be a tenth of the client's work on it."""

_REDIRECTS = (301, 302, 307, 308)
_LIMIT_TEXT = re.compile(r"rate limit|abuse detection", re.IGNORECASE)


@dataclass(frozen=True)
class Answer:
    """One whole HTTP answer: header names in lower case, the body decompressed."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Fault:
    """No usable answer: `reason` says why; `connecting` is true when nothing could be sent."""

    reason: str
    connecting: bool = False


class Verdict(Enum):
    USE = auto()
    FOLLOW = auto()  # a redirect
    WAIT = auto()  # a rate limit: everybody waits
    RETRY = auto()  # a passing fault: this request waits
    MISSING = auto()
    CAPPED = auto()  # the list is longer than GitHub lets anybody page through
    FAIL = auto()


@dataclass(frozen=True)
class Decision:
    """What to do with an answer; `seconds` and what follows it are filled in for WAIT only."""

    verdict: Verdict
    reason: str = ""
    payload: dict[str, Any] = field(default_factory=dict)
    connecting: bool = False
    seconds: float = 0.0
    guessed: bool = False  # GitHub named no time, so a caller adds jitter
    reset_at: datetime | None = None


@dataclass(frozen=True)
class RateLimit:
    """The primary rate limit as an answer states it; `reset_at` is by GitHub's own clock, UTC."""

    limit: int
    remaining: int
    reset_at: datetime


def decide(
    answer: Answer | Fault, *, waits: int, now: float, array_key: str | None = None
) -> Decision:
    """Return what an answer asks for.

    `waits` is how many rate limits this request has already waited for, `now` the local clock in
    seconds since 1970, used only when the answer carries no `Date`. A JSON array, as the lists of
    repositories are, is an object with the array under `array_key`; without that it is a fault.
    """
    if isinstance(answer, Fault):
        return Decision(Verdict.RETRY, answer.reason, connecting=answer.connecting)
    status = answer.status
    if status == 200:
        try:
            return Decision(Verdict.USE, payload=_json_object(answer.body, array_key))
        except ValueError as error:
            return Decision(Verdict.RETRY, f"200 with a body that {error}")
    if status in _REDIRECTS:
        return Decision(Verdict.FOLLOW)
    if status in (403, 429):
        return _limit(answer, waits, now) or Decision(Verdict.FAIL)
    if status == 404:
        return Decision(Verdict.MISSING)
    if status == 422 and "pagination is limited" in message(answer):
        return Decision(Verdict.CAPPED)
    if status == 408 or status >= 500:
        return Decision(Verdict.RETRY, f"{status} {phrase(status)}")
    return Decision(Verdict.FAIL)


def _limit(answer: Answer, waits: int, now: float) -> Decision | None:
    """Return how long a 403 or 429 asks to wait, or None when it is no rate limit."""
    headers = answer.headers
    said = message(answer)
    date = http_date(headers.get("date", ""))
    server_now = date.timestamp() if date else now
    remaining = _integer(headers.get("x-ratelimit-remaining", ""))
    reset = _integer(headers.get("x-ratelimit-reset", ""))
    primary = remaining == 0
    reason = "rate limit" if primary else "secondary rate limit"
    if "retry-after" in headers:
        seconds = retry_after(headers["retry-after"], server_now)
        return Decision(Verdict.WAIT, reason, seconds=seconds)
    if primary and reset is not None:
        # The Date header of the same answer cancels the difference between the two clocks.
        seconds = min(max(reset - server_now + 1, 1.0), LONGEST_WAIT)
        return Decision(Verdict.WAIT, reason, seconds=seconds, reset_at=utc(reset))
    if primary or answer.status == 429 or _LIMIT_TEXT.search(said):
        seconds = min(DEFAULT_WAIT * 2.0 ** min(waits, 30), LONGEST_WAIT)
        return Decision(Verdict.WAIT, reason, seconds=seconds, guessed=True)
    return None


def fault_wait(faults: int, jitter: float) -> float:
    """Return the seconds to wait after the n-th fault: 1, 2, 4 … 32, times 1 to 2 by `jitter`."""
    return float(2 ** min(faults - 1, 5) * (1 + jitter))


def retry_after(value: str, now: float) -> float:
    """Return the seconds that a Retry-After header asks for: at least 1, 60 when unreadable.

    `now` is the sender's clock in seconds since 1970. Seconds and HTTP dates are both allowed by
    RFC 9110 §10.2.3, and GitHub has sent it blank.
    """
    value = value.strip()
    if re.fullmatch(r"[0-9]+", value):
        return max(float(value[:12]), 1.0) if len(value) < 10 else LONGEST_WAIT
    date = http_date(value)
    if date is None:
        return DEFAULT_WAIT
    return min(max(date.timestamp() - now, 1.0), LONGEST_WAIT)


def http_date(value: str) -> datetime | None:
    """Return the moment of an HTTP date, in UTC; None if it is unreadable."""
    try:
        date = parsedate_to_datetime(value)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None


def utc(seconds: float) -> datetime | None:
    """Return the moment so many seconds after 1970, or None when no calendar has it."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def rate_limit(headers: Mapping[str, str]) -> RateLimit | None:
    """Return the rate limit in these headers; None without one, as GHES answers by default."""
    limit = _integer(headers.get("x-ratelimit-limit", ""))
    remaining = _integer(headers.get("x-ratelimit-remaining", ""))
    reset = _integer(headers.get("x-ratelimit-reset", ""))
    reset_at = None if reset is None else utc(reset)
    if limit is None or remaining is None or reset_at is None:
        return None
    return RateLimit(limit, remaining, reset_at)


def links(header: str) -> dict[str, str]:
    """Return the URL of each relation ("next", "last" …) in a Link header (RFC 8288)."""
    found: dict[str, str] = {}
    for url, parameters in re.findall(r"<([^<>]*)>([^<]*)", header):
        for relations in re.findall(r';\s*rel\s*=\s*"?([^";,]+)', parameters):
            for relation in relations.split():
                found.setdefault(relation.lower(), url)
    return found


def entity_tag(header: str) -> str | None:
    """Return the ETag that may be sent back (RFC 9110 §8.8.3), None if it is none or too long."""
    return header if re.fullmatch(r'(W/)?"[!#-~]{0,200}"', header) else None


def clean(text: str, limit: int = 200) -> str:
    """Return text from elsewhere as one printable line of at most `limit` characters."""
    line = " ".join(text.split())
    line = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line)
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _json_object(body: bytes, array_key: str | None = None) -> dict[str, Any]:
    if len(body) > UNCOUNTED_BODY and sum(map(body.count, (b",", b"{", b"["))) > MOST_VALUES:
        raise ValueError(f"holds more than {MOST_VALUES:,} values")
    try:
        value = json.loads(body.decode())
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8") from None
    except (ValueError, RecursionError):
        raise ValueError("is not JSON") from None
    if isinstance(value, list) and array_key is not None:
        return {array_key: value}
    if not isinstance(value, dict):
        raise ValueError("is not a JSON object")
    return value


def error_body(answer: Answer) -> dict[str, Any]:
    """Return the JSON object of an answer, empty if it is none."""
    try:
        return _json_object(answer.body)
    except ValueError:
        return {}


def message(answer: Answer) -> str:
    """Return what GitHub says in an answer that is an error; "" if it says nothing."""
    said = error_body(answer).get("message")
    return said if isinstance(said, str) else ""


def phrase(status: int) -> str:
    """Return what HTTP calls a status."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "without a known meaning"


def _integer(value: str) -> int | None:
    value = value.strip()
    return int(value) if re.fullmatch(r"[0-9]{1,15}", value) else None
