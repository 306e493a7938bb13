"""A client of GitHub's REST API that waits for rate limits, retries faults and guards the token.

It returns GitHub's JSON; it knows neither rows nor SQL.
"""

import copy
import hashlib
import re
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from telemetry.github.answers import RateLimit, clean
from telemetry.github.errors import GitHubError, NotFound
from telemetry.github.fetch import Fetcher, Reply, Request
from telemetry.github.gate import Gate
from telemetry.github.options import Options, Paging
from telemetry.github.pagination import Page, pages
from telemetry.github.share import Share
from telemetry.github.transport import Transport

# For requests whose answer can wait until the next ingest.
FEW_TRIES = 2


class GitHub:
    """GitHub's REST API, thread-safe; close it, or use it in a `with` statement.

    `host` is the API host in lower case, without its port. `token_fingerprint` identifies the token
    without revealing it; it is None if the token is too short-lived for ETags.

    Methods raise GitHubError; its subclasses LimitReached, PaginationLimited and NotFound are for
    callers that can continue. The token is sent only to the host of `options.base_url`.
    """

    def __init__(self, token: str | None = None, options: Options | None = None) -> None:
        options = options or Options()
        variable = options.token_variable
        if token and not re.fullmatch(r"[!-~]+", token):
            del token  # tracebacks may show local variables
            raise GitHubError(
                f"{variable} holds a space, a line break or another character that no token"
                " has; copy the token again"
            )
        self.token_fingerprint = _fingerprint(token)
        self._transport = Transport(
            options.base_url,
            timeout=options.timeout,
            proxies=options.proxies,
            certificates=options.certificates,
        )
        self.host = self._transport.host
        self._transport.headers |= {
            "Accept": "application/vnd.github+json",
            "Accept-Encoding": "gzip",
            "User-Agent": "actions-telemetry",
            "X-GitHub-Api-Version": options.api_version,
        }
        if token:
            self._transport.headers["Authorization"] = f"Bearer {token}"
        advice = "" if token else f"; more is allowed with a token in {variable}"
        self._gate = Gate(options, advice)
        self._share = Share()
        self._fetcher = Fetcher(self._transport, self._gate, self._share, options, bool(token))

    def __enter__(self) -> "GitHub":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections; threads that wait or read raise Closed at once.

        Says how often each fault was met that was not reported each time.
        """
        self._share.close()
        self._transport.close()
        self._gate.repeats.tell_rest()

    def part(self, at_once: int | None = None) -> "GitHub":
        """Return this client for a part of its requests, which count for both.

        The part has its own `requests`, `allow`, `on_heartbeat` and `end`, and sends at most
        `at_once` requests at a time; None: as many as this client. Parts need not be closed.
        """
        part = copy.copy(self)
        part._share = Share(self._share, at_once)
        part._fetcher = replace(self._fetcher, share=part._share)
        return part

    def end(self) -> None:
        """Let each request of this part, now and later, raise Closed; connections stay open."""
        self._share.close()
        self._transport.break_off()

    @property
    def requests(self) -> int:
        """The number of requests sent, retries and redirects included."""
        return self._share.requests

    @property
    def not_modified(self) -> int:
        """The number of requests that GitHub answered with 304 and did not charge."""
        return self._share.not_modified

    @property
    def rate_limit(self) -> RateLimit | None:
        """The rate limit in the last answer that had one; None if the server has none (GHES)."""
        return self._gate.rate_limit

    @property
    def github_time(self) -> datetime | None:
        """The `Date` of the last answer, UTC; None before the first answer."""
        return self._gate.github_time

    def allow(self, requests: int | None, reason: str = "the requests allowed are spent") -> None:
        """Allow this many more requests; the one after them raises BudgetSpent with `reason`.

        None removes the bound.
        """
        self._share.allow(requests, reason)

    def set_aside(self, requests: int) -> AbstractContextManager[None]:
        """Return a context in which that many of the allowed requests are for urgent ones only."""
        return self._share.set_aside(requests)

    @property
    def requests_left(self) -> int | None:
        """The requests left in GitHub's limit, without the reserve; None if unknown."""
        return self._gate.left

    @property
    def hourly_requests(self) -> int | None:
        """The requests of a whole hour in GitHub's limit, without the reserve; None if unknown."""
        return self._gate.hourly

    @property
    def budget(self) -> int | None:
        """How many requests may be sent before a long wait or an error; None: no limit is known."""
        bounds = (self._share.allowed, self._gate.left_without_waiting)
        return min((bound for bound in bounds if bound is not None), default=None)

    def on_heartbeat(self, call: Callable[[], object]) -> None:
        """Call `call` once for each minute of a wait, in the waiting thread."""
        self._share.heartbeat = call

    def get(
        self,
        path: str,
        params: Mapping[str, str | int] | None = None,
        *,
        retry_missing: bool = True,
        tries: int | None = None,
        is_urgent: bool = False,
    ) -> dict[str, Any]:
        """Return the JSON object at `path`, such as "/rate_limit".

        A 404 is retried once, because GitHub sometimes sends one by mistake. If `retry_missing` is
        false, the first 404 raises NotFound. `tries` is how often the request is sent if it meets
        faults; None means the default. The budget does not stop an urgent one.
        """
        url = self._url(path, params)
        asked = Request(
            url, _name(path), tries=tries, is_urgent=is_urgent, retry_missing=retry_missing
        )
        return self._fetcher.fetch(asked).payload

    def delete_artifact(self, repository: str, artifact_id: int) -> None:
        """Delete an artifact; one that is gone already raises NotFound.

        Needs the permission Actions (write); without it GitHub answers 403. It is the only request
        of this client that changes something.
        https://docs.github.com/rest/actions/artifacts#delete-an-artifact
        """
        path = f"{_repository_path(repository)}/actions/artifacts/{artifact_id}"
        what = f"DELETE {clean(path)}"
        self._fetcher.fetch(Request(self._url(path, None), what, method="DELETE"))

    def get_repository(self, repository: str, *, is_urgent: bool = False) -> dict[str, Any]:
        """Return the repository "owner/name"; its `id` does not change when it is renamed."""
        return self.get(_repository_path(repository), is_urgent=is_urgent)

    def get_workflow_run(
        self,
        repository: str,
        run_id: int,
        attempt: int | None = None,
        *,
        retry_missing: bool = True,
    ) -> dict[str, Any]:
        """Return the latest attempt of a workflow run, or the attempt with this number.

        It has `run_attempt`, `event`, and for its duration `run_started_at` and `updated_at`, both
        UTC. `created_at` is the run's; if `attempt` is given, the attempt's. `retry_missing` is as
        for `get`. https://docs.github.com/rest/actions/workflow-runs
        """
        path = f"{_repository_path(repository)}/actions/runs/{run_id}"
        path = path if attempt is None else f"{path}/attempts/{attempt}"
        return self.get(path, retry_missing=retry_missing)

    def list_workflow_runs(
        self,
        repository: str,
        *,
        status: str | None = None,
        created: str | None = None,
        paging: Paging | None = None,
    ) -> Generator[Page, None, None]:
        """Yield the workflow runs of a repository, newest first, each as its latest attempt.

        A filter makes the list a search, which silently ends after 1,000 runs and lags behind: new
        runs may be missing. An unfiltered list raises PaginationLimited after about 40,000 runs.
        `created` is a date or a range such as
        "2026-01-01T00:00:00Z..2026-01-31T23:59:59Z", both ends included.
        https://docs.github.com/rest/actions/workflow-runs#list-workflow-runs-for-a-repository
        """
        filters = {"status": status, "created": created}
        return self.pages(
            f"{_repository_path(repository)}/actions/runs",
            "workflow_runs",
            {k: v for k, v in filters.items() if v} | {"exclude_pull_requests": "true"},
            paging,
        )

    def list_workflows(self, repository: str) -> Generator[Page, None, None]:
        """Yield the workflows of a repository: `id`, `name`, `path`, `state`.

        If GitHub does not answer, it is not asked for long.
        https://docs.github.com/rest/actions/workflows#list-repository-workflows
        """
        path = f"{_repository_path(repository)}/actions/workflows"
        return self.pages(path, "workflows", paging=Paging(tries=FEW_TRIES))

    def get_retention(self, repository: str) -> dict[str, Any]:
        """Return how long a repository's runs are kept: `days`, `maximum_allowed_days`.

        Needs the permission Administration (read); without it GitHub answers 403 or 404. If it
        does not answer, it is not asked for long.
        https://docs.github.com/rest/actions/permissions
        """
        path = f"{_repository_path(repository)}/actions/permissions/artifact-and-log-retention"
        return self.get(path, retry_missing=False, tries=FEW_TRIES)

    def get_billing_usage(self, owner: str, year: int, month: int) -> dict[str, Any]:
        """Return what GitHub bills an organization, or the user if there is no such one.

        `usageItems` has what was used on each day of the month (UTC), by SKU and repository. Needs
        the permission Administration (read) of the organization, or Plan (read) of the user;
        without it GitHub answers 403 or 404.
        https://docs.github.com/rest/billing/usage
        """
        asked = {"year": year, "month": month}
        path = f"{quote(owner, safe='')}/settings/billing/usage"
        try:
            return self.get(f"/organizations/{path}", asked, retry_missing=False)
        except NotFound:
            return self.get(f"/users/{path}", asked, retry_missing=False)

    def list_repositories(self, owner: str) -> Generator[Page, None, None]:
        """Yield the repositories of an organization, or of the user if there is no such one.

        https://docs.github.com/rest/repos/repos#list-organization-repositories
        """
        try:
            yield from self.pages(_repositories("orgs", owner), "repositories", is_array=True)
        except NotFound:
            yield from self.pages(_repositories("users", owner), "repositories", is_array=True)

    def pages(
        self,
        path: str,
        key: str,
        params: Mapping[str, str | int] | None = None,
        paging: Paging | None = None,
        *,
        is_array: bool = False,
    ) -> Generator[Page, None, None]:
        """Yield each page of the list under `key` in the answers, in order.

        Follows `Link: rel="next"` on the same host. Reads ahead as `paging` says, but not beyond
        the `rel="last"` of the first answer. If a page fails twice, the list continues in smaller
        pages, as GitHub advises for timeouts
        (https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api), and grows
        them again later. Rows may then appear twice, as they also do when new rows shift the pages;
        no row is lost. With `is_array` the answer is a JSON array, which is the list.
        """
        paging = paging or Paging()
        request = Request(
            self._url(path, params),
            _name(path),
            list_key=key,
            is_array=is_array,
            tries=paging.tries,
            is_urgent=paging.is_urgent,
            retry_missing=paging.retry_missing,
        )

        def fetch(request: Request) -> Reply:
            reply = self._fetcher.fetch(request)
            if paging.read is not None and not reply.unchanged:
                reply.payload[key] = [paging.read(item) for item in reply.payload[key]]
            return reply

        return pages(fetch, request, paging, self._gate.repeats)

    def _url(self, path: str, params: Mapping[str, str | int] | None) -> str:
        query = f"?{urlencode(params)}" if params else ""
        prefix = self._transport.origin + self._transport.base
        return f"{prefix}/{quote(path.lstrip('/'), safe='/%')}{query}"


def _name(path: str) -> str:
    """The name of a GET of this path in messages."""
    return f"GET {clean(path)}"


def _repositories(kind: str, owner: str) -> str:
    return f"/{kind}/{quote(owner, safe='')}/repos"


def _repository_path(repository: str) -> str:
    if not re.fullmatch(r"[\w.-]+/(?!\.{1,2}$)[\w.-]+", repository, re.ASCII):
        raise GitHubError(f"REPO must name repositories as owner/name, not {clean(repository)!r}")
    return f"/repos/{repository}"


def _fingerprint(token: str | None) -> str | None:
    # An ETag is valid for one token (github/docs issue 34689), and the tokens of Actions and Apps
    # (prefix ghs_) change every hour.
    if not token or token.startswith("ghs_"):
        return None
    return hashlib.sha256(f"actions-telemetry {token}".encode()).hexdigest()[:16]
