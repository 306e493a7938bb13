"""One request with its redirects, retries and waits, until it has an answer or fails.

`answers` decides what to do with an answer, `gate` when to send, `transport` sends.
"""

import re
import threading
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

from telemetry.github.answers import (
    Answer,
    Decision,
    Fault,
    Verdict,
    clean,
    decide,
    entity_tag,
    links,
)
from telemetry.github.errors import CHECK_URL, BudgetSpent, GitHubError
from telemetry.github.gate import Gate
from telemetry.github.options import Options
from telemetry.github.refusals import gave_up, refused
from telemetry.github.share import Caller, Share
from telemetry.github.transport import Transport, origin

_CONNECT_TRIES = 3
_MOST_REDIRECTS = 5
LONGEST_URL = 2_000
"""The longest URL accepted from an answer, in characters; GitHub's own have about 100."""


@dataclass(frozen=True)
class Request:
    """A GET of `url`, or another idempotent `method`; `what` is its name in messages.

    `tries` is how often it is sent if it meets faults; None means the client's default. Setting
    `stop` ends its waits. `etag` is that of an earlier answer. An answer without a list under
    `list_key` is a fault; with `is_array` it is a JSON array, which becomes that list. The budget
    does not stop `is_urgent` requests. With `retry_missing`, a 404 is retried once.
    """

    url: str
    what: str
    tries: int | None = None
    stop: threading.Event | None = None
    etag: str | None = None
    list_key: str | None = None
    is_array: bool = False
    is_urgent: bool = False
    retry_missing: bool = True
    method: str = "GET"


@dataclass(frozen=True)
class Reply:
    """A JSON object, and the URLs of the Link header by relation."""

    payload: dict[str, Any]
    links: dict[str, str]
    etag: str | None = None
    unchanged: bool = False


@dataclass
class _Course:
    """The state of a request: its present URL and what it has met so far."""

    url: str
    caller: Caller
    faults: int = 0
    limits: int = 0
    redirects: int = 0
    missing: int = 0
    fault: GitHubError | None = None
    moved: tuple[str, str] | None = None


@dataclass
class Fetcher:
    """Sends requests to one API host; thread-safe. All requests count for `share`."""

    transport: Transport
    gate: Gate
    share: Share
    options: Options
    has_token: bool
    _moved: dict[str, str] = field(default_factory=dict)
    _announced: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)  # guards _moved, _announced

    def __post_init__(self) -> None:
        base = re.escape(self.transport.base)
        self._repository = re.compile(rf"{base}/repos/[^/]+/[^/]+(?=/|$)")
        self._repository_id = re.compile(rf"{base}/repositories/[0-9]+(?=/|$)")

    def fetch(self, request: Request) -> Reply:
        """Return the answer, after any waits, redirects and retries. Raises GitHubError.

        The cause of BudgetSpent is the fault that it was met with before, if any.
        """
        course = _Course(request.url, Caller(request.what, self.share, request.stop))
        while True:
            try:
                answer = self._send(request, course)
            except BudgetSpent as error:
                raise error from course.fault
            if isinstance(answer, Answer) and answer.status == 304 and request.etag:
                return Reply({}, {}, request.etag, unchanged=True)
            if isinstance(answer, Answer) and answer.status == 204 and request.method == "DELETE":
                return Reply({}, {})
            now = self.gate.clock()
            decision = decide(
                answer,
                waits=course.limits,
                now=now,
                list_key=request.list_key,
                is_array=request.is_array,
            )
            if isinstance(answer, Fault) or decision.verdict is Verdict.RETRY:
                self._retry(request, course, answer, decision)
            elif decision.verdict is Verdict.USE:
                etag = entity_tag(answer.headers.get("etag", ""))
                return Reply(decision.payload, links(answer.headers.get("link", "")), etag)
            elif decision.verdict is Verdict.FOLLOW:
                self._follow(request, course, answer)
            elif decision.verdict is Verdict.WAIT:
                self._wait(course, decision)
            elif (
                decision.verdict is Verdict.MISSING and request.retry_missing and not course.missing
            ):
                course.missing += 1
                self.gate.back_off(course.caller, "404 not found", 1)
            else:
                raise refused(request.what, answer, decision.verdict, self.options, self.has_token)

    def _send(self, request: Request, course: _Course) -> Answer | Fault:
        answer = self._exchange(request, course)
        if isinstance(answer, Fault) and answer.stale:
            answer = self._exchange(request, course, anew=True)
        if isinstance(answer, Answer):
            if answer.status == 304:
                self.share.count_unchanged()
            self.gate.learn(answer)
            self._announce_end(answer)
            # Only now: where one item is not found, the repository has not moved.
            if course.moved and answer.status in (200, 304):
                self._remember(*course.moved)
        return answer

    def _exchange(self, request: Request, course: _Course, *, anew: bool = False) -> Answer | Fault:
        target = self._target(course.url, request.what)
        with self.gate.passage(course.caller, is_urgent=request.is_urgent):
            return self.transport.exchange(
                target, request.etag, course.caller.stop, request.method, anew=anew
            )

    def _announce_end(self, answer: Answer) -> None:
        """Notify once that GitHub will retire this API version."""
        end = answer.headers.get("sunset") or answer.headers.get("deprecation")
        with self._lock:
            is_new = bool(end) and not self._announced
            self._announced.update([end] if end else [])
        if end and is_new:
            self.gate.say(
                f"GitHub is going to switch off API version {self.options.api_version}"
                f" ({clean(end)}); look for a newer actions-telemetry"
            )

    # What an answer asks for

    def _retry(
        self, request: Request, course: _Course, answer: Answer | Fault, decision: Decision
    ) -> None:
        course.caller.check()
        course.faults += 1
        tries = max(min(request.tries or self.options.tries, self.options.tries), 1)
        too_long = decision.seconds if decision.seconds > self.options.max_wait else 0.0
        course.fault = gave_up(request.what, answer, decision, course.faults, too_long)
        last = min(tries, _CONNECT_TRIES) if decision.connecting else tries
        if course.faults >= last or too_long:
            raise course.fault
        self.gate.back_off(course.caller, decision.reason, course.faults, decision.seconds)

    def _wait(self, course: _Course, decision: Decision) -> None:
        course.limits += 1
        self.gate.stop_all(decision)
        if course.limits >= max(self.options.tries, 1):
            raise self.gate.give_up(course.caller, decision.reason, course.limits)

    def _follow(self, request: Request, course: _Course, answer: Answer) -> None:
        """Follow a redirect; if the target answers, a renamed repository is remembered."""
        course.redirects += 1
        if course.redirects > _MOST_REDIRECTS:
            raise GitHubError(
                f"{request.what}: more than {_MOST_REDIRECTS} redirects",
                answer.status,
                CHECK_URL,
            )
        location = answer.headers.get("location")
        if not location:
            raise GitHubError(f"{request.what}: {answer.status} without a Location", answer.status)
        try:
            target = urljoin(course.url, location)
        except ValueError:
            target = location
        self._target(target, request.what)
        if answer.status in (301, 308):
            course.moved = urlsplit(course.url).path, urlsplit(target).path
        course.url = target

    def _remember(self, old: str, new: str) -> None:
        name, number = self._repository.match(old), self._repository_id.match(new)
        if name and number and old[name.end() :] == new[number.end() :]:
            with self._lock:
                self._moved[name[0]] = number[0]

    def _target(self, url: str, what: str) -> str:
        """Return the path and query of a URL on the API host. Raises GitHubError for another."""
        place = origin(url)
        usable = len(url) <= LONGEST_URL and re.fullmatch(r"[!-~]+", url)
        if place != self.transport.origin or not usable:
            shown = clean(place) if place != self.transport.origin else ""
            raise GitHubError(
                f"{what}: refused to follow GitHub to {shown or 'an unreadable URL'}, which"
                f" is not the API host {self.transport.origin}",
                advice="check GITHUB_API_URL",
            )
        parts = urlsplit(url)
        path = parts.path
        repository = self._repository.match(path)
        if repository:
            with self._lock:
                path = self._moved.get(repository[0], repository[0]) + path[repository.end() :]
        return path + (f"?{parts.query}" if parts.query else "")
