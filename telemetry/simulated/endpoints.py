"""The endpoints of the simulated GitHub: what each path answers for a world, without limits."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from telemetry.simulated.answers import DOCUMENTATION, Answer, of_json, pack, refused
from telemetry.simulated.entities import Repository, Run, Workflow
from telemetry.simulated.faults import RequestInfo
from telemetry.simulated.forms import encode
from telemetry.simulated.lists import ListRules, Lists, with_pull_requests
from telemetry.simulated.payloads import Payloads
from telemetry.simulated.routes import by_id

CACHED_BYTES = 256 * 2**20


class Endpoints:
    """The true answers of a world.

    Compressed answers are cached until the world changes, so that a benchmark measures the client
    and not the simulator.
    """

    def __init__(
        self,
        payloads: Payloads,
        rules: ListRules,
        billing: Mapping[str, Sequence[Mapping[str, Any]]],
    ) -> None:
        self.world = payloads.world
        self.payloads = payloads
        self.rules = rules
        self.billing = billing
        self._lists = Lists(payloads, rules)
        self._cache: dict[str, Answer] = {}
        self._cached_bytes = 0
        self._cached_version = -1

    def answer(self, request: RequestInfo, target: str) -> Answer:
        """Return the answer without faults and charges, cached while the world is unchanged."""
        with self.world.lock:
            if self._cached_version != self.world.version or self._cached_bytes > CACHED_BYTES:
                self._cache.clear()
                self._lists.forget_matches()
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
            return self._lists.page(request, workflows, "workflows", repository)
        if request.kind == "runs":
            return self._lists.runs(request, repository, None)
        if request.kind == "workflow_runs":
            workflow = _workflow(repository, request.parameters["workflow"])
            if workflow is None:
                return refused(404, "Not Found")
            return self._lists.runs(request, repository, workflow)
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
        url = self.payloads.api_url + by_id(repository, request.path) + query
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
            pulls = with_pull_requests(request.query)
            text = self.payloads.run(repository, run, attempt, pull_requests=pulls)
            return Answer(200, pack(text.encode()))
        if attempt is None and request.query.get("filter") != "all":
            attempt = begun[-1]
        jobs = []
        for one in [attempt] if attempt else begun:
            older = attempt is None and one is not begun[-1]
            if older and self.rules.older_attempts == "absent":
                continue
            steps = not older or self.rules.older_attempts == "whole"
            jobs += [(job, steps) for job in self.world.jobs(run, one)]
        items = [self.payloads.job(repository, run, job, steps=steps) for job, steps in jobs]
        return self._lists.page(request, items, "jobs", repository)

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
        return self._lists.page(request, items, None, visible[0].owner)


def _workflow(repository: Repository, asked: str) -> Workflow | None:
    return next(
        (
            workflow
            for workflow in repository.workflows
            if asked in (str(workflow.id), workflow.path.rpartition("/")[2])
        ),
        None,
    )
