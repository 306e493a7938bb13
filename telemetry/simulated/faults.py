"""Faults of the simulated GitHub, and the requests that they are chosen for."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from telemetry.simulated.answers import message
from telemetry.simulated.forms import encode


@dataclass(frozen=True)
class RequestInfo:
    """A request as passed to hooks. `kind` is a key of ROUTES, or "unknown".

    `path` has neither the simulator's prefix nor the query; names of `headers` are in lower case.
    """

    kind: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    token: str | None
    parameters: Mapping[str, str]
    method: str = "GET"


@dataclass(frozen=True)
class Fault:
    """A fault in one answer.

    With a `status` the fault is the answer, and it is not charged. Without one, the true answer is
    changed by `edit`, cut off half-way (`truncated`), or lost with the connection (`reset`). It is
    delayed by `seconds`.
    """

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float = 0.0
    reset: bool = False
    truncated: bool = False
    edit: Callable[[bytes], bytes] | None = None


def bad_gateway() -> Fault:
    """502 with a page of HTML, as from GitHub's front end if the back end does not answer."""
    return Fault(502, {"content-type": "text/html"}, b"<html><h1>502 Bad Gateway</h1></html>")


def too_many_requests(retry_after: str | None = None) -> Fault:
    """429, a secondary rate limit; `retry_after` is the header's value, seconds or a date."""
    headers = {} if retry_after is None else {"retry-after": retry_after}
    return Fault(429, headers, message("You have exceeded a secondary rate limit."))


def secondary_limit(retry_after: str | None = None) -> Fault:
    """403, a secondary rate limit, while requests of the primary one remain."""
    headers = {} if retry_after is None else {"retry-after": retry_after}
    text = (
        "You have exceeded a secondary rate limit. Please wait a few minutes before you try again"
    )
    return Fault(403, headers, message(text))


def primary_limit(reset: datetime) -> Fault:
    """403, the primary rate limit until `reset`, whatever was really used."""
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(reset.timestamp()))}
    return Fault(403, headers, message("API rate limit exceeded for user ID 1."))


def connection_reset() -> Fault:
    """The connection is reset before the first byte of the answer."""
    return Fault(reset=True)


def truncated_body() -> Fault:
    """The connection ends half-way through the body announced by Content-Length."""
    return Fault(truncated=True)


def bad_json() -> Fault:
    """200 with a complete body that is half a JSON document."""
    return Fault(edit=lambda body: body[: len(body) // 2])


def delay(seconds: float) -> Fault:
    """The true answer, delayed by `seconds`."""
    return Fault(seconds=seconds)


def edited(edit: Callable[[Any], Any]) -> Fault:
    """The true answer with its JSON changed by `edit`, which returns what to send instead."""
    return Fault(edit=lambda body: encode(edit(json.loads(body))).encode())


Hook = Callable[[RequestInfo, int], Fault | None]
