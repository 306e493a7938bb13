"""A client of GitHub's REST API: patient with its limits and faults, careful with the token.

It returns what GitHub sent and knows neither rows nor SQL.
"""

import hashlib
import re
from collections.abc import Callable, Generator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from telemetry.github.answers import RateLimit, clean
from telemetry.github.errors import GitHubError, NotFound
from telemetry.github.fetch import Fetcher, Reply, Request
from telemetry.github.gate import Gate
from telemetry.github.options import Options, Paging
from telemetry.github.pagination import Page, pages
from telemetry.github.transport import Transport


class GitHub:
    """GitHub's REST API for any number of threads; close it, or use it in a `with` statement.

    `host` is the name of the API host, in lower case and without its port. `token_fingerprint`
    tells this token from others without revealing it; None if ETags are of no use with it.

    Raises GitHubError, which is RateLimited, BudgetSpent, PaginationLimited or NotFound where a
    caller has something better to do than to stop. The token is sent to the host of
    `options.base_url` only.
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
            options.base_url, timeout=options.timeout, proxies=options.proxies
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
        self._fetch = Fetcher(self._transport, self._gate, options, bool(token)).fetch

    def __enter__(self) -> "GitHub":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections; a thread that waits or reads is woken and raises GitHubError."""
        self._gate.close()
        self._transport.close()

    @property
    def requests(self) -> int:
        """How many requests were sent, retries and redirects included."""
        return self._gate.requests

    @property
    def not_modified(self) -> int:
        """How many of the requests GitHub answered with 304 and did not charge."""
        return self._gate.not_modified

    @property
    def rate_limit(self) -> RateLimit | None:
        """The last rate limit that an answer stated; None if the server states none (GHES)."""
        return self._gate.rate_limit

    @property
    def github_time(self) -> datetime | None:
        """The `Date` of the last answer, UTC; None before there is one."""
        return self._gate.github_time

    def allow(self, requests: int | None, reason: str = "the requests allowed are spent") -> None:
        """Allow this many requests from now on; the next one raises BudgetSpent. None: no bound.

        `reason` is what that error says.
        """
        self._gate.allow(requests, reason)

    @property
    def requests_left(self) -> int | None:
        """How many requests GitHub's limit leaves beside the reserve; None where it is unknown."""
        return self._gate.left

    def on_heartbeat(self, call: Callable[[], object]) -> None:
        """Have `call` called with every minute of a wait, by whichever thread waits."""
        self._gate.heartbeat = call

    def get(
        self,
        path: str,
        params: Mapping[str, str | int] | None = None,
        *,
        retry_missing: bool = True,
    ) -> dict[str, Any]:
        """Return the JSON object at `path`, such as "/rate_limit".

        A 404 is asked for again before it is believed, because GitHub sometimes answers it in
        error; with `retry_missing` false the first one raises NotFound.
        """
        url = self._url(path, params)
        return self._fetch(Request(url, _name(path), retry_missing=retry_missing)).payload

    def get_repository(self, repository: str) -> dict[str, Any]:
        """Return the repository "owner/name"; its `id` survives a change of name."""
        return self.get(_repository_path(repository))

    def get_workflow_run(
        self,
        repository: str,
        run_id: int,
        attempt: int | None = None,
        *,
        retry_missing: bool = True,
    ) -> dict[str, Any]:
        """Return a workflow run in its latest attempt, or in the attempt of this number.

        It holds `run_attempt`, `event`, and for a duration `run_started_at` and `updated_at`, both
        UTC. With `attempt`, `created_at` is the attempt's own; only without it, the run's.
        `retry_missing` is as for `get`. https://docs.github.com/rest/actions/workflow-runs
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
        """Yield the workflow runs of a repository, newest first, each in its latest attempt.

        Either filter turns the list into a search, which answers at most 1,000 runs without saying
        so, and which lags: new runs may be missing. Unfiltered, GitHub answers PaginationLimited
        after about 40,000 runs. `created` is a date or a range such as
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

        https://docs.github.com/rest/actions/workflows#list-repository-workflows
        """
        return self.pages(f"{_repository_path(repository)}/actions/workflows", "workflows")

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
        paging: Paging | None = None,
    ) -> Generator[Page, None, None]:
        """Yield each page of the list under `key` in the answers, in order.

        Follows `Link: rel="next"` on the same host. Pages are read ahead as `paging` says, none
        beyond the `rel="last"` of the first answer. If a page fails twice, the list goes on in
        smaller pages, as GitHub advises for time-outs
        (https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api), and in
        larger ones again once that works. Rows may then come twice, as they do when new ones push
        them on, but none is lost. A repository without commits (409) has one empty page. An answer
        that is the list itself counts as if it lay under `key`.
        """
        paging = paging or Paging()
        request = Request(
            self._url(path, params), _name(path), array_key=key, is_urgent=paging.is_urgent
        )

        def fetch(request: Request) -> Reply:
            reply = self._fetch(request)
            items = reply.payload.get(key)
            if paging.read is not None and isinstance(items, list):
                reply.payload[key] = [paging.read(item) for item in items]
            return reply

        return pages(fetch, request, key, paging, self._gate.say)

    def _url(self, path: str, params: Mapping[str, str | int] | None) -> str:
        query = f"?{urlencode(params)}" if params else ""
        prefix = self._transport.origin + self._transport.base
        return f"{prefix}/{quote(path.lstrip('/'), safe='/%')}{query}"


def _name(path: str) -> str:
    """What messages call the GET of this path."""
    return f"GET {clean(path)}"


def _repository_path(repository: str) -> str:
    if not re.fullmatch(r"[\w.-]+/(?!\.{1,2}$)[\w.-]+", repository, re.ASCII):
        raise GitHubError(f"REPO must name repositories as owner/name, not {clean(repository)!r}")
    return f"/repos/{repository}"


def _fingerprint(token: str | None) -> str | None:
    # GitHub's ETags hold for one token (github/docs issue 34689), and the tokens of Actions and of
    # Apps (prefix ghs_) are new every hour.
    if not token or token.startswith("ghs_"):
        return None
    return hashlib.sha256(f"actions-telemetry {token}".encode()).hexdigest()[:16]
