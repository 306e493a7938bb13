"""The paths that the simulated GitHub serves."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from telemetry.simulated.entities import Repository
from telemetry.simulated.faults import RequestInfo

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


def request_of(
    target: str, headers: Mapping[str, str], method: str, prefix: str = ""
) -> RequestInfo:
    """Return the request for `target`; its kind is "unknown" if no route under `prefix` fits."""
    parts = urlsplit(target)
    path = parts.path.removeprefix(prefix)
    kind, parameters = "unknown", {}
    if parts.path.startswith(prefix) and method == "GET":
        for name, pattern in PATTERNS.items():
            if match := pattern.fullmatch(path):
                kind, parameters = name, match.groupdict()
    authorization = headers.get("authorization", "").split()
    token = authorization[-1] if authorization else None
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    return RequestInfo(kind, path, query, headers, token, parameters, method)


def by_id(repository: Repository, path: str) -> str:
    """Return the path with the repository's numeric id, as in GitHub's own links."""
    return re.sub(REPOSITORY, f"/repositories/{repository.id}", path, count=1)
