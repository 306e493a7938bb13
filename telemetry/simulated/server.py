"""A simulated GitHub REST API for Actions: a world served over HTTP, with limits and faults.

It serves `make demo`, the tests and `make bench`. It answers like recorded exchanges and GitHub's
reference: pages with `Link` headers, caps on long lists, ETags, rate limits, redirects of renamed
repositories. Compressed answers are cached until the world changes, so that a benchmark measures
the client and not the simulator.
"""

import hashlib
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

from telemetry.simulated.answers import DOCUMENTATION, Answer, of_json, pack, refused
from telemetry.simulated.connections import Server
from telemetry.simulated.entities import Account, Repository, Run, Workflow
from telemetry.simulated.faults import Fault, Hook, RequestInfo
from telemetry.simulated.payloads import Payloads, encode
from telemetry.simulated.searches import created_between
from telemetry.simulated.world import World

PER_HOUR_WITHOUT_TOKEN = 60
PER_HOUR = 5_000
LARGEST_PAGE = 100
CACHED_BYTES = 256 * 2**20

ROUTES = {
    "rate_limit": "/rate_limit",
    "billing": r"/(?P<kind>organizations|users)/(?P<owner>[^/]+)/settings/billing/usage",
    "owner_repositories": r"/(?:orgs|users|organizations|user)/(?P<owner>[^/]+)/repos",
    "repository": "{repository}",
    "runs": "{repository}/actions/runs",
    "run": r"{repository}/actions/runs/(?P<run>\d+)",
    "attempt": r"{repository}/actions/runs/(?P<run>\d+)/attempts/(?P<attempt>\d+)",
    "attempt_jobs": r"{repository}/actions/runs/(?P<run>\d+)/attempts/(?P<attempt>\d+)/jobs",
    "jobs": r"{repository}/actions/runs/(?P<run>\d+)/jobs",
    "workflows": "{repository}/actions/workflows",
    "retention": "{repository}/actions/permissions/artifact-and-log-retention",
    "workflow_runs": "{repository}/actions/workflows/(?P<workflow>[^/]+)/runs",
}
# Both spellings of a repository's path; what follows is the same.
REPOSITORY = r"(?:/repositories/(?P<id>\d+)|/repos/(?P<name>[^/]+/[^/]+))"
PATTERNS = {
    kind: re.compile(pattern.replace("{repository}", REPOSITORY))
    for kind, pattern in ROUTES.items()
}
FILTERS = ("created", "status", "branch", "event", "actor", "head_sha", "check_suite_id")


@dataclass
class Counters:
    """The requests so far, by kind of route and by result."""

    received: Counter[str] = field(default_factory=Counter)
    charged: int = 0
    not_modified: int = 0
    in_flight: int = 0
    most_in_flight: int = 0


@dataclass
class _Allowance:
    """The hour's requests of one token."""

    limit: int
    reset: int
    used: int = 0


@dataclass(eq=False)
class Simulator:
    """A world served over HTTP. `serve` starts it; any thread may change the world.

    latency: the minimum seconds of each answer.
    tokens: the valid tokens with their requests an hour; None accepts any, at 5,000.
    limit: requests an hour with any token and without one, instead of `tokens`; 0 disables the
        rate limit and its headers, as GitHub Enterprise Server does by default.
    fault, before: called with each request and its ordinal (from 1) before it is answered;
        `before` may change the world, `fault` may return a fault.
    filtered_cap, unfiltered_cap: the lengths of lists; pages beyond are empty or 422, and
        `total_count` is true or clamped to the cap.
    older_attempts: how `jobs?filter=all` shows the jobs of all attempts but the latest.
    billing: by organization, what GitHub bills it: the items of the billing API.
    prefix: of every path, such as "/api/v3".
    clock: for the `Date` header and the rate limit; None: the world's `now`, running.
    """

    world: World
    _: KW_ONLY
    latency: float = 0.0
    tokens: Mapping[str, int] | None = None
    limit: int | None = None
    fault: Hook | None = None
    before: Callable[[RequestInfo, int], None] | None = None
    filtered_cap: int = 1_000
    beyond_filtered_cap: Literal["empty", "422"] = "empty"
    clamp_filtered_total: bool = False
    unfiltered_cap: int = 40_000
    beyond_unfiltered_cap: Literal["empty", "422"] = "422"
    clamp_unfiltered_total: bool = True
    older_attempts: Literal["whole", "without steps", "absent"] = "whole"
    billing: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    prefix: str = ""
    clock: Callable[[], datetime] | None = None

    def __post_init__(self) -> None:
        self.counters = Counters()
        self.payloads = Payloads(self.world)
        self._born = time.monotonic()
        self._ordinal = 0
        self._allowances: dict[str | None, _Allowance] = {}
        self._cache: dict[str, Answer] = {}
        self._cached_bytes = 0
        self._cached_version = -1
        self._matches: dict[tuple[Any, ...], list[Run]] = {}
        self._stopping = threading.Event()

    @contextmanager
    def serve(self, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
        """Serve in threads within the context; yield the API's URL, without a trailing slash."""
        server = Server((host, port), self)
        url = f"http://{host}:{server.server_address[1]}{self.prefix}"
        self.payloads = Payloads(self.world, url)
        self._cached_version = -1
        self._stopping.clear()
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield url
        finally:
            self._stopping.set()
            server.shutdown()
            thread.join()
            server.hang_up()
            server.server_close()

    def restart_counters(self) -> Counters:
        """Return the counts since the last restart, and reset them and the ordinals of hooks."""
        with self.world.lock:
            counted = self.counters
            self.counters = Counters(in_flight=counted.in_flight)
            self._ordinal = 0
            return counted

    @property
    def is_stopping(self) -> bool:
        """Whether the server is stopping, so that connections are closed."""
        return self._stopping.is_set()

    def _now(self) -> datetime:
        if self.clock is not None:
            return self.clock()
        return self.world.now + timedelta(seconds=time.monotonic() - self._born)

    def _request(self, target: str, headers: Mapping[str, str], method: str) -> RequestInfo:
        parts = urlsplit(target)
        path = parts.path.removeprefix(self.prefix)
        kind, parameters = "unknown", {}
        for name, pattern in PATTERNS.items():
            of_ours = parts.path.startswith(self.prefix) and method == "GET"
            if of_ours and (match := pattern.fullmatch(path)):
                kind, parameters = name, match.groupdict()
        authorization = headers.get("authorization", "").split()
        token = authorization[-1] if authorization else None
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        return RequestInfo(kind, path, query, headers, token, parameters, method)

    @contextmanager
    def in_flight(self) -> Iterator[int]:
        """Count a request as in flight; yield its ordinal."""
        with self.world.lock:
            self._ordinal += 1
            ordinal = self._ordinal
            self.counters.in_flight += 1
            self.counters.most_in_flight = max(
                self.counters.most_in_flight, self.counters.in_flight
            )
        try:
            yield ordinal
        finally:
            with self.world.lock:
                self.counters.in_flight -= 1

    def respond(
        self, target: str, headers: Mapping[str, str], ordinal: int, method: str = "GET"
    ) -> tuple[Answer, Fault]:
        """Return the answer to one request and its fault, after the latency."""
        request = self._request(target, headers, method)
        if self.before:
            self.before(request, ordinal)
        fault = (self.fault and self.fault(request, ordinal)) or Fault()
        if self.latency + fault.seconds > 0:
            self._stopping.wait(self.latency + fault.seconds)
        with self.world.lock:
            self.counters.received[request.kind] += 1
            if fault.status is None:
                answer = self._charged_answer(request, target)
            else:
                answer = Answer(fault.status, pack(fault.body))
            standing = self._standing_headers(self._allowance(request.token), ordinal)
        packed = pack(fault.edit(answer.body)) if fault.edit else answer.packed
        shown = {**standing, **answer.headers, **fault.headers}
        return Answer(answer.status, packed, shown), fault

    def _charged_answer(self, request: RequestInfo, target: str) -> Answer:
        if "user-agent" not in request.headers:
            return refused(403, "Request forbidden by administrative rules.")
        if request.token and self.tokens is not None and request.token not in self.tokens:
            return refused(401, "Bad credentials")
        allowance = self._allowance(request.token)
        if request.kind == "rate_limit":
            known = _rate_limit(allowance)
            return known if allowance.limit else refused(404, "Rate limiting is not enabled.")
        if allowance.limit and allowance.used >= allowance.limit:
            return refused(403, "API rate limit exceeded for user ID 1.")
        answer = self._true_answer(request, target)
        if answer.status == 200:
            # ETags are bound to the token, as GitHub's are.
            digest = hashlib.sha256((request.token or "").encode() + answer.packed).hexdigest()
            tagged = {**answer.headers, "etag": f'W/"{digest}"'}
            if request.headers.get("if-none-match") == tagged["etag"]:
                self.counters.not_modified += 1
                return Answer(304, b"", tagged)
            answer = Answer(200, answer.packed, tagged)
        allowance.used += 1
        self.counters.charged += 1
        return answer

    def _allowance(self, token: str | None) -> _Allowance:
        now = int(self._now().timestamp())
        if token not in self._allowances or self._allowances[token].reset <= now:
            per_hour = PER_HOUR if token else PER_HOUR_WITHOUT_TOKEN
            if token and self.tokens is not None:
                per_hour = self.tokens.get(token, PER_HOUR_WITHOUT_TOKEN)
            limit = per_hour if self.limit is None else self.limit
            self._allowances[token] = _Allowance(limit, now + 3_600)
        return self._allowances[token]

    def _standing_headers(self, allowance: _Allowance, ordinal: int) -> dict[str, str]:
        headers = {
            "date": format_datetime(self._now().astimezone(UTC), usegmt=True),
            "server": "github.com",
            "content-type": "application/json; charset=utf-8",
            "cache-control": "private, max-age=60, s-maxage=60",
            "x-github-media-type": "github.v3; format=json",
            "x-github-api-version-selected": "2022-11-28",
            "x-accepted-github-permissions": "actions=read",
            "x-github-request-id": f"51A0:{ordinal:X}",
        }
        if allowance.limit:
            headers |= {
                "x-ratelimit-limit": str(allowance.limit),
                "x-ratelimit-remaining": str(max(0, allowance.limit - allowance.used)),
                "x-ratelimit-reset": str(allowance.reset),
                "x-ratelimit-used": str(allowance.used),
                "x-ratelimit-resource": "core",
            }
        return headers

    def _true_answer(self, request: RequestInfo, target: str) -> Answer:
        """Return the answer without faults and charges, cached while the world is unchanged."""
        with self.world.lock:
            if self._cached_version != self.world.version or self._cached_bytes > CACHED_BYTES:
                self._cache.clear()
                self._matches.clear()
                self._cached_bytes, self._cached_version = 0, self.world.version
            # An answer depends on the token only for private repositories.
            hides = request.token is None and any(r.private for r in self.world.repositories)
            key = f"{hides} {target}"
            if key not in self._cache:
                self._cache[key] = self._fresh_answer(request)
                self._cached_bytes += len(self._cache[key].packed)
            return self._cache[key]

    def _fresh_answer(self, request: RequestInfo) -> Answer:
        parameters = request.parameters
        if request.kind == "unknown":
            return refused(404, "Not Found")
        if request.kind == "owner_repositories":
            return self._owner_repositories(request)
        if request.kind == "billing":
            return self._billing(request)
        repository = self._repository(parameters)
        if repository is None:
            former = self.world.former_names.get((parameters["name"] or "").lower())
            return self._moved(former, request) if former else refused(404, "Not Found")
        if repository.private and request.token is None:
            return refused(404, "Not Found")
        return self._of_repository(request, repository)

    def _of_repository(self, request: RequestInfo, repository: Repository) -> Answer:
        if request.kind == "repository":
            return of_json(self.payloads.repository(repository))
        if repository.disabled:
            return refused(451, "Repository access blocked")
        if request.kind == "retention":
            return self._retention(repository)
        if request.kind == "workflows":
            workflows = [self.payloads.workflow(repository, w) for w in repository.workflows]
            return self._page(request, workflows, "workflows", repository)
        if request.kind in ("runs", "workflow_runs"):
            return self._runs(request, repository)
        run = repository.run(int(request.parameters["run"]))
        return self._of_run(request, repository, run) if run else refused(404, "Not Found")

    def _billing(self, request: RequestInfo) -> Answer:
        """What is billed in a month; hidden from those without a token, and of other accounts."""
        items = self.billing.get(request.parameters["owner"])
        if items is None or request.token is None or request.parameters["kind"] == "users":
            return refused(404, "Not Found")
        month = f"{request.query.get('year')}-{int(request.query.get('month', 0)):02}-"
        return of_json({"usageItems": [i for i in items if str(i["date"]).startswith(month)]})

    def _retention(self, repository: Repository) -> Answer:
        if not repository.retention_is_readable:
            return refused(403, "Resource not accessible by integration")
        days = 90 if repository.retention_days is None else repository.retention_days
        return of_json({"days": days, "maximum_allowed_days": 400 if repository.private else 90})

    def _repository(self, parameters: Mapping[str, str]) -> Repository | None:
        if parameters["name"]:
            return self.world.find(parameters["name"])
        repository_id = int(parameters["id"])
        return next((r for r in self.world.repositories if r.id == repository_id), None)

    def _moved(self, repository: Repository, request: RequestInfo) -> Answer:
        query = f"?{urlencode(request.query)}" if request.query else ""
        url = self.payloads.api_url + _by_id(repository, request.path) + query
        body = {"message": "Moved Permanently", "url": url, "documentation_url": DOCUMENTATION}
        return Answer(301, pack(encode(body).encode()), {"location": url})

    def _of_run(self, request: RequestInfo, repository: Repository, run: Run) -> Answer:
        """A run, one of its attempts, or the jobs of either."""
        begun = [a for a in run.attempts if a.created_at <= self.world.second]
        attempt = None
        if number := request.parameters.get("attempt"):
            attempt = next((a for a in begun if a.number == int(number)), None)
            if attempt is None:
                return refused(404, "Not Found")
        if request.kind in ("run", "attempt"):
            pulls = _with_pull_requests(request.query)
            text = self.payloads.run(repository, run, attempt, pull_requests=pulls)
            return Answer(200, pack(text.encode()))
        if attempt is None and request.query.get("filter") != "all":
            attempt = begun[-1]
        jobs = []
        for one in [attempt] if attempt else begun:
            older = attempt is None and one is not begun[-1]
            if older and self.older_attempts == "absent":
                continue
            steps = not older or self.older_attempts == "whole"
            jobs += [(job, steps) for job in self.world.jobs(run, one)]
        items = [self.payloads.job(repository, run, job, steps=steps) for job, steps in jobs]
        return self._page(request, items, "jobs", repository)

    def _owner_repositories(self, request: RequestInfo) -> Answer:
        wanted = request.parameters["owner"].lower()
        visible = [
            repository
            for repository in self.world.repositories
            if wanted in (repository.owner.login.lower(), str(repository.owner.id))
            and (request.token is not None or not repository.private)
        ]
        if not visible:
            return refused(404, "Not Found")
        items = [self.payloads.repository(repository) for repository in visible]
        items.sort(key=lambda item: str(item["pushed_at"]), reverse=True)
        return self._page(request, items, None, visible[0].owner)

    def _runs(self, request: RequestInfo, repository: Repository) -> Answer:
        """Return one page of a run list, newest first, within the caps."""
        query = request.query
        filtered = any(query.get(name) for name in FILTERS)
        workflow = None
        if asked := request.parameters.get("workflow"):
            workflow = _workflow(repository, asked)
            if workflow is None:
                return refused(404, "Not Found")
        try:
            found = self._matching(repository, workflow, query)
        except ValueError as error:
            return refused(422, f"Validation Failed: {error}")
        page, per_page = _paging(query)
        cap = self.filtered_cap if filtered else self.unfiltered_cap
        beyond = self.beyond_filtered_cap if filtered else self.beyond_unfiltered_cap
        if (page - 1) * per_page >= cap and beyond == "422":
            return refused(
                422,
                "In order to keep the API fast for everyone, pagination is limited for this "
                "resource.",
                "https://docs.github.com/v3/#pagination",
            )
        total = len(found)
        listed = min(total, cap)
        first, last = (page - 1) * per_page, min(page * per_page, listed)
        newest_first = [found[total - 1 - index] for index in range(first, last)]
        pulls = _with_pull_requests(query)
        texts = [self.payloads.run(repository, r, pull_requests=pulls) for r in newest_first]
        is_clamped = self.clamp_filtered_total if filtered else self.clamp_unfiltered_total
        shown = listed if is_clamped else total
        body = f'{{"total_count":{shown},"workflow_runs":[{",".join(texts)}]}}'
        path = _by_id(repository, request.path)
        if workflow:
            path = f"/repositories/{repository.id}/actions/workflows/{workflow.id}/runs"
        link = self._link(path, query, page, per_page, listed)
        return Answer(200, pack(body.encode()), link)

    def _matching(
        self, repository: Repository, workflow: Workflow | None, query: Mapping[str, str]
    ) -> Sequence[Run]:
        """Return the matching runs, oldest first. Raises ValueError for an invalid `created`."""
        asked = {name: query[name] for name in FILTERS if query.get(name)}
        if not asked and workflow is None:
            return repository.runs
        key = (repository.id, workflow and workflow.id, *sorted(asked.items()))
        if key not in self._matches:
            runs: Sequence[Run] = repository.runs
            if created := asked.pop("created", None):
                first, last = created_between(created)
                runs = runs[repository.position(first) : repository.position(last + 1)]
            self._matches[key] = [
                run
                for run in runs
                if (workflow is None or run.workflow is workflow)
                and all(self._has(run, name, value) for name, value in asked.items())
            ]
        return self._matches[key]

    def _has(self, run: Run, name: str, value: str) -> bool:
        if name == "status":
            status, conclusion, _ = self.world.state(run, self.world.latest(run))
            return value in (status, conclusion)
        known = {
            "branch": run.commit.branch,
            "event": run.event,
            "actor": run.actor.login if run.actor else None,
            "head_sha": run.commit.sha,
            "check_suite_id": str(run.id * 2 + 1),
        }
        return known[name] == value

    def _page(
        self,
        request: RequestInfo,
        items: list[dict[str, Any]],
        key: str | None,
        of: Repository | Account,
    ) -> Answer:
        """One page of a short list: an object with its `total_count`, or a bare array."""
        page, per_page = _paging(request.query)
        shown = items[(page - 1) * per_page : page * per_page]
        if isinstance(of, Repository):
            path = _by_id(of, request.path)
        else:
            path = f"/{'organizations' if of.type == 'Organization' else 'user'}/{of.id}/repos"
        link = self._link(path, request.query, page, per_page, len(items))
        content = shown if key is None else {"total_count": len(items), key: shown}
        return Answer(200, pack(encode(content).encode()), link)

    def _link(
        self, path: str, query: Mapping[str, str], page: int, per_page: int, total: int
    ) -> dict[str, str]:
        """The `Link` header in GitHub's order; none for a list of one page."""
        last = -(-total // per_page)
        pages: list[tuple[str, int]] = []
        if page > 1:
            pages.append(("prev", page - 1))
        if page < last:
            pages += [("next", page + 1), ("last", last)]
        if page > 1:
            pages.append(("first", 1))
        links = [
            f'<{self.payloads.api_url}{path}?{urlencode({**query, "page": n})}>; rel="{rel}"'
            for rel, n in pages
        ]
        return {"link": ", ".join(links)} if links else {}


def _paging(query: Mapping[str, str]) -> tuple[int, int]:
    page, per_page = query.get("page", ""), query.get("per_page", "")
    return (
        max(1, int(page)) if page.isdecimal() else 1,
        min(LARGEST_PAGE, int(per_page) or 30) if per_page.isdecimal() else 30,
    )


def _with_pull_requests(query: Mapping[str, str]) -> bool:
    # Recorded with 1, documented with true.
    return query.get("exclude_pull_requests") not in ("1", "true")


def _by_id(repository: Repository, path: str) -> str:
    """Return the path with the repository's numeric id, as in GitHub's own links."""
    return re.sub(REPOSITORY, f"/repositories/{repository.id}", path, count=1)


def _workflow(repository: Repository, asked: str) -> Workflow | None:
    return next(
        (
            workflow
            for workflow in repository.workflows
            if asked in (str(workflow.id), workflow.path.rpartition("/")[2])
        ),
        None,
    )


def _rate_limit(allowance: _Allowance) -> Answer:
    core = {
        "limit": allowance.limit,
        "used": allowance.used,
        "remaining": max(0, allowance.limit - allowance.used),
        "reset": allowance.reset,
        "resource": "core",
    }
    return of_json({"resources": {"core": core}, "rate": core})
