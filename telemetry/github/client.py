"""A client of GitHub's REST API: patient with its limits and faults, careful with the token.

It yields what GitHub sent and knows neither rows nor SQL. `backoff` decides what an answer asks
for, `waiting` waits, `pagination` walks through lists, `transport` keeps the connections.
"""

import hashlib
import random
import re
import threading
import time
from collections.abc import Callable, Generator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode, urljoin, urlsplit

from telemetry.github.answers import (
    Answer,
    Decision,
    Fault,
    RateLimit,
    Verdict,
    clean,
    decide,
    explain,
    http_date,
    links,
    rate_limit,
)
from telemetry.github.budget import Budget
from telemetry.github.errors import (
    BudgetSpent,
    GitHubError,
    NotFound,
    PaginationLimited,
    Unanswered,
)
from telemetry.github.gate import Waiting
from telemetry.github.pagination import Page, Reply, pages
from telemetry.github.transport import Transport, origin

_CONNECT_TRIES = 3
_MOST_REDIRECTS = 5


class GitHub:
    """GitHub's REST API for any number of threads; close it, or use it in a `with` statement.

    `tries` bounds how often a request is sent in spite of faults, and in spite of rate limits.
    `max_wait` is the longest single wait in seconds for a rate limit. `clock` returns seconds since
    1970; `sleep` takes seconds, and unless given ends early when the client is closed. `jitter`
    returns a number from 0 to 1. `notify` gets one line of text for each wait, from one thread at a
    time. `proxies` has the form of `urllib.request.getproxies()`, which is its default.

    `reserve` is the share of GitHub's limit, from 0 to 1, that is left for others: before a request
    would use it, BudgetSpent is raised, as it is after the requests that `budget.allow` allowed.

    `requests` counts every request sent, retries and redirects included, and `not_modified`
    those of them that GitHub answered with 304 and did not charge. `rate_limit` is the last
    one seen, None when the server tells none (GHES). `github_time` is the last `Date`, in UTC.
    `host` is the name of the API host, in lower case and without its port.

    Raises GitHubError, which is RateLimited, PaginationLimited or NotFound where a caller has
    something better to do than to stop. The token is sent to the host of `base_url` only.
    """

    def __init__(
        self,
        token: str | None = None,
        *,
        base_url: str = "https://api.github.com",
        token_variable: str = "GITHUB_TOKEN",
        api_version: str = "2022-11-28",
        timeout: float = 30.0,
        tries: int = 5,
        max_wait: float = 120.0,
        reserve: float = 0.0,
        sleep: Callable[[float], object] | None = None,
        clock: Callable[[], float] = time.time,
        jitter: Callable[[], float] = random.random,
        notify: Callable[[str], object] = lambda text: None,
        proxies: Mapping[str, str] | None = None,
    ) -> None:
        if token and not re.fullmatch(r"[!-~]+", token):
            del token  # tracebacks may show local variables
            raise GitHubError(
                f"{token_variable} holds a space, a line break or another character that no token"
                " has; copy the token again"
            )
        self.requests = 0
        self.not_modified = 0
        self.budget = Budget(reserve)
        self.token_fingerprint = _fingerprint(token)
        self.rate_limit: RateLimit | None = None
        self.github_time: datetime | None = None
        self._transport = Transport(base_url, timeout=timeout, proxies=proxies)
        self.host = self._transport.host
        self._transport.headers["Accept"] = "application/vnd.github+json"
        self._transport.headers["Accept-Encoding"] = "gzip"
        self._transport.headers["User-Agent"] = "actions-telemetry"
        self._transport.headers["X-GitHub-Api-Version"] = api_version
        if token:
            self._transport.headers["Authorization"] = f"Bearer {token}"
        self._has_token = bool(token)
        self._token_variable = token_variable
        self._api_version = api_version
        self._tries = max(tries, 1)
        self._max_wait = max_wait
        self._waiting = Waiting(
            max_wait=max_wait,
            sleep=sleep,
            clock=clock,
            jitter=jitter,
            notify=notify,
            advice="" if token else f"; more is allowed with a token in {token_variable}",
        )
        self._lock = threading.Lock()  # guards what changes: counters, _moved, _end_announced
        self._moved: dict[str, str] = {}
        self._end_announced = False
        base = re.escape(self._transport.base)
        self._repository = re.compile(rf"{base}/repos/[^/]+/[^/]+(?=/|$)")
        self._repository_id = re.compile(rf"{base}/repositories/[0-9]+(?=/|$)")

    def __enter__(self) -> "GitHub":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def on_heartbeat(self, call: Callable[[], object]) -> None:
        """Have `call` called with every minute of a wait, by whichever thread waits."""
        self._waiting.heartbeat = call

    def close(self) -> None:
        """Close all connections; a thread that waits or reads is woken and raises GitHubError."""
        self._waiting.close()
        self._transport.close()

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> dict[str, Any]:
        """Return the JSON object at `path`, such as "/rate_limit"."""
        return self._fetch(self._url(path, params), f"GET {clean(path)}").payload

    def get_repository(self, repository: str) -> dict[str, Any]:
        """Return the repository "owner/name"; its `id` survives a change of name."""
        return self.get(_repository_path(repository))

    def get_workflow_run(
        self, repository: str, run_id: int, attempt: int | None = None
    ) -> dict[str, Any]:
        """Return a workflow run in its latest attempt, or in the attempt of this number.

        It holds `run_attempt`, `event`, and for a duration `run_started_at` and `updated_at`, both
        UTC. With `attempt`, `created_at` is the attempt's own; when the run was created is told
        only without it. https://docs.github.com/rest/actions/workflow-runs
        """
        path = f"{_repository_path(repository)}/actions/runs/{run_id}"
        return self.get(path if attempt is None else f"{path}/attempts/{attempt}")

    def list_workflow_runs(
        self,
        repository: str,
        *,
        status: str | None = None,
        created: str | None = None,
        branch: str | None = None,
        event: str | None = None,
        actor: str | None = None,
        head_sha: str | None = None,
        per_page: int = 100,
        concurrency: int = 1,
        etag: str | None = None,
        read: Callable[[Any], Any] | None = None,
        urgent: bool = False,
        further: Callable[[], int] | None = None,
    ) -> Generator[Page, None, None]:
        """Yield the workflow runs of a repository, newest first, each in its latest attempt.

        Any filter turns the list into a search, which answers at most 1,000 runs without saying
        so, and which lags: new runs may be missing. Unfiltered, GitHub answers PaginationLimited
        after about 40,000 runs. `created` is a date or a range such as
        "2026-01-01T00:00:00Z..2026-01-31T23:59:59Z", both ends included.
        https://docs.github.com/rest/actions/workflow-runs#list-workflow-runs-for-a-repository
        """
        filters = {
            "status": status,
            "created": created,
            "branch": branch,
            "event": event,
            "actor": actor,
            "head_sha": head_sha,
        }
        return self.pages(
            f"{_repository_path(repository)}/actions/runs",
            "workflow_runs",
            {k: v for k, v in filters.items() if v} | {"exclude_pull_requests": "true"},
            per_page=per_page,
            concurrency=concurrency,
            etag=etag,
            read=read,
            urgent=urgent,
            further=further,
        )

    def list_repositories(self, owner: str) -> Generator[Page, None, None]:
        """Yield the repositories of an organization, or of a user if there is none of that name.

        https://docs.github.com/rest/repos/repos#list-organization-repositories
        """
        try:
            yield from self.pages(f"/orgs/{quote(owner, safe='')}/repos", "repositories")
        except NotFound:
            yield from self.pages(f"/users/{quote(owner, safe='')}/repos", "repositories")

    def pages(
        self,
        path: str,
        key: str,
        params: Mapping[str, str | int] | None = None,
        *,
        per_page: int = 100,
        concurrency: int = 1,
        etag: str | None = None,
        read: Callable[[Any], Any] | None = None,
        urgent: bool = False,
        further: Callable[[], int] | None = None,
    ) -> Generator[Page, None, None]:
        """Yield each page of the list under `key` in the answers, in order.

        Follows `Link: rel="next"` on the same host. With `concurrency` above 1, that many pages are
        fetched ahead at a time, none beyond the `rel="last"` of the first answer, and no more
        than `further`, asked after each page, says are likely to be wanted after it. When a page
        cannot be had after one retry the list goes on in smaller pages, as GitHub advises for
        time-outs
        (https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api): rows may
        then come twice, as they do when new ones push them on, but none is lost. A repository
        without commits (409) has one empty page. An answer that is the list itself counts as if
        it lay under `key`.

        With the `etag` of an earlier first page, an unchanged one is a page without rows and the
        end. `read` makes of each row what the page holds in its place, in the thread that fetched
        it, so that of all pages ahead no more than that is kept. `urgent` requests are not held
        back by the budget.
        """
        what = f"GET {clean(path)}"

        def fetch(
            url: str, *, tries: int | None, stop: threading.Event, etag: str | None = None
        ) -> Reply:
            reply = self._fetch(url, what, tries, stop, etag=etag, array_key=key, urgent=urgent)
            if read is not None and isinstance(reply.payload.get(key), list):
                reply.payload[key] = [read(item) for item in reply.payload[key]]
            return reply

        return pages(
            fetch,
            self._url(path, params),
            key,
            what=what,
            per_page=per_page,
            concurrency=concurrency,
            say=self._waiting.say,
            etag=etag,
            further=further,
        )

    def _fetch(
        self,
        url: str,
        what: str,
        tries: int | None = None,
        stop: threading.Event | None = None,
        *,
        etag: str | None = None,
        array_key: str | None = None,
        urgent: bool = False,
    ) -> Reply:
        """Return the answer to a GET, whatever waits and retries it takes; `stop` ends them."""
        tries = min(tries or self._tries, self._tries)
        stop = self._waiting.enrol(stop)
        faults = waits = redirects = 0
        missing = False
        status = None
        while True:
            self._waiting.pass_gate(what, status, stop)
            target = self._target(url, what)
            if not urgent:
                self._spend(what, status, stop)
            answer = self._send(target, etag)
            if etag and isinstance(answer, Answer) and answer.status == 304:
                return Reply({}, {}, etag, unchanged=True)
            decision = decide(answer, waits=waits, now=self._waiting.clock(), array_key=array_key)
            verdict = decision.verdict
            if isinstance(answer, Fault) or verdict is Verdict.RETRY:
                faults += 1
                if faults >= (min(tries, _CONNECT_TRIES) if decision.connecting else tries):
                    raise _gave_up(what, answer, decision, faults)
                self._waiting.back_off(what, decision.reason, faults, stop)
                continue
            status = answer.status
            if verdict is Verdict.USE:
                headers = answer.headers
                return Reply(decision.payload, links(headers.get("link", "")), headers.get("etag"))
            if verdict is Verdict.FOLLOW and redirects < _MOST_REDIRECTS:
                redirects += 1
                url = self._redirected(url, answer, what)
            elif verdict is Verdict.WAIT:
                waits += 1
                self._waiting.close_gate(decision)
                if waits >= self._tries:
                    raise self._waiting.limited(
                        what, status, f"GitHub {decision.reason} reached {waits} times, now"
                    )
            elif verdict is Verdict.MISSING and not missing:
                missing = True
                self._waiting.back_off(what, "404 not found", 1, stop)
            else:
                raise self._refused(what, answer, verdict)

    def _spend(self, what: str, status: int | None, stop: threading.Event) -> None:
        """Count a request against the budget, after the reset where that may be waited for."""
        try:
            self.budget.spend(self.rate_limit, self.github_time)
        except BudgetSpent as error:
            if error.reset_at is None or self.github_time is None:
                raise
            seconds = (error.reset_at - self.github_time).total_seconds() + 1
            if seconds > self._max_wait:
                raise
            self._waiting.close_gate(
                Decision(Verdict.WAIT, "limit", seconds=seconds, reset_at=error.reset_at)
            )
            self._waiting.pass_gate(what, status, stop)
            with self._lock:
                self.rate_limit = None  # it has been reset; the next answer tells the new one

    def _send(self, target: str, etag: str | None) -> Answer | Fault:
        with self._lock:
            self.requests += 1
        answer = self._transport.exchange(target, etag)
        if isinstance(answer, Answer):
            headers = answer.headers
            with self._lock:
                self.not_modified += answer.status == 304
                self.rate_limit = rate_limit(headers) or self.rate_limit
                self.github_time = http_date(headers.get("date", "")) or self.github_time
                end = headers.get("sunset") or headers.get("deprecation")
                announce = bool(end) and not self._end_announced
                self._end_announced = self._end_announced or announce
            if end and announce:
                self._waiting.say(
                    f"GitHub is going to switch off API version {self._api_version}"
                    f" ({clean(end)}); look for a newer actions-telemetry"
                )
        return answer

    # URLs

    def _url(self, path: str, params: Mapping[str, str | int] | None) -> str:
        query = f"?{urlencode(params)}" if params else ""
        prefix = self._transport.origin + self._transport.base
        return f"{prefix}/{quote(path.lstrip('/'), safe='/%')}{query}"

    def _target(self, url: str, what: str) -> str:
        """Return the path and query of a URL on the API host; refuse any other URL."""
        place = origin(url)
        if place != self._transport.origin or not re.fullmatch(r"[!-~]+", url):
            raise GitHubError(
                f"{what}: refused to follow GitHub to {clean(place) or 'an unreadable URL'}, which"
                f" is not the API host {self._transport.origin}; check GITHUB_API_URL"
            )
        parts = urlsplit(url)
        path = parts.path
        repository = self._repository.match(path)
        if repository:
            with self._lock:
                path = self._moved.get(repository[0], repository[0]) + path[repository.end() :]
        return path + (f"?{parts.query}" if parts.query else "")

    def _redirected(self, url: str, answer: Answer, what: str) -> str:
        """Return where a redirect leads, and remember a renamed repository."""
        location = answer.headers.get("location")
        if not location:
            raise GitHubError(f"{what}: {answer.status} without a Location", answer.status)
        try:
            target = urljoin(url, location)
        except ValueError:
            target = location
        self._target(target, what)
        if answer.status in (301, 308):
            old, new = urlsplit(url).path, urlsplit(target).path
            name, number = self._repository.match(old), self._repository_id.match(new)
            if name and number and old[name.end() :] == new[number.end() :]:
                with self._lock:
                    self._moved[name[0]] = number[0]
        return target

    # Errors

    def _refused(self, what: str, answer: Answer, verdict: Verdict) -> GitHubError:
        status = answer.status
        if verdict is Verdict.FOLLOW:
            return GitHubError(
                f"{what}: more than {_MOST_REDIRECTS} redirects; check GITHUB_API_URL", status
            )
        if verdict is Verdict.CAPPED:
            return PaginationLimited(
                f"{what}: {status} pagination is limited for this resource; ask for shorter"
                " windows of creation time",
                status,
            )
        reason = explain(
            answer,
            token_variable=self._token_variable,
            has_token=self._has_token,
            api_version=self._api_version,
        )
        kind = NotFound if verdict is Verdict.MISSING else GitHubError
        return kind(f"{what}: {reason}", status)


def _gave_up(what: str, answer: Answer | Fault, decision: Decision, tries: int) -> GitHubError:
    if decision.connecting:
        return GitHubError(
            f"{what}: {decision.reason} in {tries} tries; check the network, the proxy variables"
            " and GITHUB_API_URL"
        )
    return Unanswered(
        f"{what}: {decision.reason} in {tries} tries; try again later, and check GITHUB_API_URL if"
        " it stays so",
        answer.status if isinstance(answer, Answer) else None,
        decision.reason,
    )


def _repository_path(repository: str) -> str:
    if not re.fullmatch(r"[\w.-]+/(?!\.{1,2}$)[\w.-]+", repository, re.ASCII):
        raise GitHubError(f"REPO must name repositories as owner/name, not {clean(repository)!r}")
    return f"/repos/{repository}"


def _fingerprint(token: str | None) -> str | None:
    """What tells this token from others without giving it away; None where ETags are of no use.

    GitHub's ETags hold for one token (github/docs issue 34689), and those of Actions and of Apps
    (prefix ghs_) are new every hour.
    """
    if not token or token.startswith("ghs_"):
        return None
    return hashlib.sha256(f"actions-telemetry {token}".encode()).hexdigest()[:16]
