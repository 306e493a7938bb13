"""What to do with an answer of GitHub's REST API: use it, follow it, wait, retry or give up.

Pure functions: no I/O, no clock and no randomness of their own. The rules on rate limits come from
https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api and
https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from http import HTTPStatus
from typing import Any

from telemetry.github.decoding import json_object

DEFAULT_WAIT = 60.0
"""Seconds to wait for a rate limit when GitHub gives no time; doubled each time."""

LONGEST_WAIT = 1e9
"""Upper bound of a wait, in seconds. No caller waits that long."""

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
    """No usable answer. `reason` says why.

    `connecting` means that nothing could be sent, `stale` that the server had probably closed the
    kept connection before.
    """

    reason: str
    connecting: bool = False
    stale: bool = False


class Verdict(Enum):
    USE = auto()
    FOLLOW = auto()  # a redirect
    WAIT = auto()  # a rate limit: all requests wait
    RETRY = auto()  # a temporary fault: only this request waits
    MISSING = auto()
    CAPPED = auto()  # GitHub does not page through a list of this length
    FAIL = auto()


@dataclass(frozen=True)
class Decision:
    """What to do with an answer. The fields after `seconds` are set for WAIT only.

    `seconds` is how long to wait. For RETRY it is the least that the server asks for, as a rule 0.
    """

    verdict: Verdict
    reason: str = ""
    payload: dict[str, Any] = field(default_factory=dict)
    connecting: bool = False
    seconds: float = 0.0
    guessed: bool = False  # GitHub gave no time, so the caller adds jitter
    reset_at: datetime | None = None


@dataclass(frozen=True)
class RateLimit:
    """The primary rate limit as an answer states it; `reset_at` is by GitHub's own clock, UTC."""

    limit: int
    remaining: int
    reset_at: datetime


def decide(
    answer: Answer | Fault,
    *,
    waits: int,
    now: float,
    list_key: str | None = None,
    is_array: bool = False,
) -> Decision:
    """Return what to do with an answer.

    `waits` is how many rate limits this request has already waited for. `now` is the local clock in
    seconds since 1970; it is used only if the answer has no `Date`. A body without a list under
    `list_key` is a fault: GitHub has sent errors with 200. With `is_array` the body is a JSON
    array, as for lists of repositories, and becomes that list.
    """
    if isinstance(answer, Fault):
        return Decision(Verdict.RETRY, answer.reason, connecting=answer.connecting)
    status = answer.status
    if status == 200:
        try:
            payload = json_object(answer.body, list_key if is_array else None)
            if list_key is not None and not isinstance(payload.get(list_key), list):
                raise ValueError(f"holds no list {list_key!r}")
            return Decision(Verdict.USE, payload=payload)
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
        # A server sends it while it is in maintenance (RFC 9110 §15.6.4).
        seconds = retry_after(answer, now) or 0.0
        return Decision(Verdict.RETRY, f"{status} {phrase(status)}", seconds=seconds)
    return Decision(Verdict.FAIL)


def _limit(answer: Answer, waits: int, now: float) -> Decision | None:
    """Return how long a 403 or 429 says to wait, or None if it is not a rate limit."""
    headers = answer.headers
    said = message(answer)
    remaining = _integer(headers.get("x-ratelimit-remaining", ""))
    reset = _integer(headers.get("x-ratelimit-reset", ""))
    primary = remaining == 0
    reason = "rate limit" if primary else "secondary rate limit"
    if "retry-after" in headers:
        seconds = retry_after(answer, now) or DEFAULT_WAIT
        return Decision(Verdict.WAIT, reason, seconds=seconds)
    if primary and reset is not None:
        # Both times are GitHub's, so the local clock may be wrong.
        seconds = min(max(reset - _server_now(answer, now) + 1, 1.0), LONGEST_WAIT)
        return Decision(Verdict.WAIT, reason, seconds=seconds, reset_at=utc(reset))
    if primary or answer.status == 429 or _LIMIT_TEXT.search(said):
        seconds = min(DEFAULT_WAIT * 2.0 ** min(waits, 30), LONGEST_WAIT)
        return Decision(Verdict.WAIT, reason, seconds=seconds, guessed=True)
    return None


def fault_wait(faults: int, jitter: float) -> float:
    """Return the seconds to wait after the n-th fault: 1, 2, 4 … 32, times 1 + `jitter`."""
    return float(2 ** min(faults - 1, 5) * (1 + jitter))


def retry_after(answer: Answer, now: float) -> float | None:
    """Return the seconds in a Retry-After header, at least 1; None if it cannot be read.

    Seconds and HTTP dates are both allowed by RFC 9110 §10.2.3, and GitHub has sent it blank.
    """
    value = answer.headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]+", value):
        return max(float(value), 1.0) if len(value) < 10 else LONGEST_WAIT
    date = http_date(value)
    if date is None:
        return None
    return min(max(date.timestamp() - _server_now(answer, now), 1.0), LONGEST_WAIT)


def _server_now(answer: Answer, now: float) -> float:
    """Return the clock of the server that answered; the local one if the answer has no date."""
    date = http_date(answer.headers.get("date", ""))
    return date.timestamp() if date else now


def http_date(value: str) -> datetime | None:
    """Return an HTTP date as a time in UTC; None if it cannot be read."""
    try:
        date = parsedate_to_datetime(value)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None


def utc(seconds: float) -> datetime | None:
    """Return the time that is `seconds` after 1970, in UTC; None if datetime cannot hold it."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def rate_limit(headers: Mapping[str, str]) -> RateLimit | None:
    """Return the rate limit in these headers; None if there is none, the default of GHES."""
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
    """Return an ETag that can be sent back (RFC 9110 §8.8.3); None if it is invalid or too long."""
    return header if re.fullmatch(r'(W/)?"[!#-~]{0,200}"', header) else None


def clean(text: str, limit: int = 200) -> str:
    """Return foreign text as one printable line of at most `limit` characters."""
    line = " ".join(text.split())
    line = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line)
    return line if len(line) <= limit else line[: limit - 1] + "…"


def error_body(answer: Answer) -> dict[str, Any]:
    """Return the JSON object in an answer; empty if the body is not one."""
    try:
        return json_object(answer.body)
    except ValueError:
        return {}


def message(answer: Answer) -> str:
    """Return GitHub's message in an error; "" if there is none."""
    said = error_body(answer).get("message")
    return said if isinstance(said, str) else ""


def phrase(status: int) -> str:
    """Return the HTTP reason phrase of a status."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "without a known meaning"


def _integer(value: str) -> int | None:
    value = value.strip()
    return int(value) if re.fullmatch(r"[0-9]{1,15}", value) else None
