"""The simulated GitHub's payloads of runs, jobs, workflows and repositories.

They have every field of the REST API, in the order and form of recorded answers. A run is built as
JSON text, because most of its 10 KB are the repository's URL templates, which are encoded once.
"""

import json
import struct
import time
from base64 import urlsafe_b64encode
from functools import cache
from typing import Any
from urllib.parse import quote

from telemetry.simulated.entities import (
    HOSTED_RUNNERS,
    Account,
    Attempt,
    Job,
    Repository,
    Run,
    Workflow,
)
from telemetry.simulated.truth import head_repository_name
from telemetry.simulated.world import World

Payload = dict[str, Any]
State = tuple[str, str | None, int]

# The text of this many runs is kept until their state changes.
MOST_RUNS_KEPT = 10_000

# A run lists its pull request while that is open; here, for this long after the commit.
PULL_REQUEST_SECONDS = 5 * 86_400

REPOSITORY_URLS = {
    "forks": "/forks",
    "keys": "/keys{/key_id}",
    "collaborators": "/collaborators{/collaborator}",
    "teams": "/teams",
    "hooks": "/hooks",
    "issue_events": "/issues/events{/number}",
    "events": "/events",
    "assignees": "/assignees{/user}",
    "branches": "/branches{/branch}",
    "tags": "/tags",
    "blobs": "/git/blobs{/sha}",
    "git_tags": "/git/tags{/sha}",
    "git_refs": "/git/refs{/sha}",
    "trees": "/git/trees{/sha}",
    "statuses": "/statuses/{sha}",
    "languages": "/languages",
    "stargazers": "/stargazers",
    "contributors": "/contributors",
    "subscribers": "/subscribers",
    "subscription": "/subscription",
    "commits": "/commits{/sha}",
    "git_commits": "/git/commits{/sha}",
    "comments": "/comments{/number}",
    "issue_comment": "/issues/comments{/number}",
    "contents": "/contents/{+path}",
    "compare": "/compare/{base}...{head}",
    "merges": "/merges",
    "archive": "/{archive_format}{/ref}",
    "downloads": "/downloads",
    "issues": "/issues{/number}",
    "pulls": "/pulls{/number}",
    "milestones": "/milestones{/number}",
    "notifications": "/notifications{?since,all,participating}",
    "labels": "/labels{/name}",
    "releases": "/releases{/id}",
    "deployments": "/deployments",
}


class Payloads:
    """The payloads of one world, with the URLs of one server; it can be used without a server."""

    def __init__(
        self,
        world: World,
        api_url: str = "https://api.github.com",
        web_url: str = "https://github.com",
    ) -> None:
        """`api_url` and `web_url` have no slash at their end."""
        self.world = world
        self.api_url = api_url
        self.web_url = web_url
        self._runs: dict[tuple[Any, ...], str] = {}
        self._embedded: dict[tuple[int, str, bool], str] = {}
        self._accounts: dict[str, Payload] = {}

    def account(self, account: Account | None) -> Payload | None:
        """Return a user, bot or organisation as embedded in payloads; None for None."""
        if account is None:
            return None
        if account.login not in self._accounts:
            self._accounts[account.login] = self._account(account)
        return self._accounts[account.login]

    def repository(self, repository: Repository) -> Payload:
        """A repository as `GET /repos/{owner}/{name}` and the lists of an owner answer it."""
        name, created = repository.full_name, "2024-01-15T09:00:00Z"
        pushed = iso(repository.runs[-1].created_at) if repository.runs else created
        return {
            **self._repository(name, repository.id, repository.owner, repository.private),
            "created_at": created,
            "updated_at": pushed,
            "pushed_at": pushed,
            "git_url": f"git://github.com/{name}.git",
            "ssh_url": f"git@github.com:{name}.git",
            "clone_url": f"{self.web_url}/{name}.git",
            "svn_url": f"{self.web_url}/{name}",
            "homepage": None,
            "size": 4_321,
            "stargazers_count": 0,
            "watchers_count": 0,
            "language": "Python",
            "has_issues": True,
            "has_projects": True,
            "has_downloads": True,
            "has_wiki": False,
            "has_pages": True,
            "has_discussions": False,
            "forks_count": 0,
            "mirror_url": None,
            "archived": repository.archived,
            "disabled": repository.disabled,
            "open_issues_count": 0,
            "license": None,
            "allow_forking": True,
            "is_template": False,
            "web_commit_signoff_required": False,
            "topics": [],
            "visibility": "private" if repository.private else "public",
            "forks": 0,
            "open_issues": 0,
            "watchers": 0,
            "default_branch": repository.default_branch,
        }

    def workflow(self, repository: Repository, workflow: Workflow) -> Payload:
        """A workflow as `GET /repos/{owner}/{name}/actions/workflows` lists it."""
        name = workflow.name or workflow.path
        return {
            "id": workflow.id,
            "node_id": node_id("W", repository.id, workflow.id),
            "name": name,
            "path": workflow.path,
            "state": "active",
            "created_at": "2024-01-15T10:00:00.000Z",
            "updated_at": "2024-01-15T10:00:00.000Z",
            "url": f"{self._api(repository)}/actions/workflows/{workflow.id}",
            "html_url": f"{self._web(repository)}/blob/main/{workflow.path}",
            "badge_url": f"{self._web(repository)}/workflows/{quote(name)}/badge.svg",
        }

    def run(
        self,
        repository: Repository,
        run: Run,
        attempt: Attempt | None = None,
        *,
        pull_requests: bool = True,
    ) -> str:
        """Return a run as JSON text: its latest attempt, or the answer of `/attempts/{n}`.

        Recorded: only `/attempts/{n}` has the attempt's `created_at`; the run and the list always
        have the run's.
        """
        shown = attempt or self.world.latest(run)
        state = self.world.state(run, shown)
        pulls = self._pull_requests(repository, run) if pull_requests else []
        name = repository.full_name
        kind = (attempt is None, None if pulls is None else len(pulls))
        key = (run.id, shown.number, *state, *kind, name, run.run_name)
        if key not in self._runs:
            if len(self._runs) == MOST_RUNS_KEPT:
                self._runs.clear()
            self._runs[key] = encode(self._run(repository, run, attempt, shown, state, pulls))
        own = self._embed(name, repository.id, repository.owner, repository.private)
        head = self._head_repository(repository, run)
        return f'{self._runs[key][:-1]},"repository":{own},"head_repository":{head}}}'

    def _run(
        self,
        repository: Repository,
        run: Run,
        attempt: Attempt | None,
        shown: Attempt,
        state: State,
        pulls: list[Payload] | None,
    ) -> Payload:
        """All of a run except the two repositories, which are most of its length."""
        status, conclusion, updated_at = state
        api = self._api(repository)
        url = f"{api}/actions/runs/{run.id}"
        listing = f"{url}/attempts/{shown.number}" if attempt else url
        suite = run.id * 2 + 1
        return {
            "id": run.id,
            "name": run.name,
            "node_id": node_id("WFR", repository.id, run.id),
            "head_branch": run.commit.branch,
            "head_sha": run.commit.sha,
            "path": run.workflow.path,
            "display_title": run.title,
            "run_number": run.number,
            "event": run.event,
            "status": status,
            "conclusion": conclusion,
            "workflow_id": run.workflow.id,
            "check_suite_id": suite,
            "check_suite_node_id": node_id("CS", repository.id, suite),
            "url": url,
            "html_url": f"{self._web(repository)}/actions/runs/{run.id}",
            "pull_requests": pulls,
            "created_at": iso(attempt.created_at if attempt else run.created_at),
            "updated_at": iso(updated_at),
            "actor": self.account(run.actor),
            "run_attempt": shown.number,
            "referenced_workflows": [],
            "run_started_at": iso(shown.started_at),
            "triggering_actor": self.account(shown.actor),
            "jobs_url": f"{listing}/jobs",
            "logs_url": f"{listing}/logs",
            "check_suite_url": f"{api}/check-suites/{suite}",
            "artifacts_url": f"{url}/artifacts",
            "cancel_url": f"{url}/cancel",
            "rerun_url": f"{url}/rerun",
            "previous_attempt_url": (
                f"{url}/attempts/{shown.number - 1}" if shown.number > 1 else None
            ),
            "workflow_url": f"{api}/actions/workflows/{run.workflow.id}",
            "head_commit": self._head_commit(run),
        }

    def job(self, repository: Repository, run: Run, job: Job, *, steps: bool = True) -> Payload:
        """Return a job with its steps, or with an empty list."""
        api, web = self._api(repository), self._web(repository)
        where = "runs" if job.is_pseudo else f"actions/runs/{run.id}/job"
        hosted = job.runner_id is not None and job.runner_id > HOSTED_RUNNERS
        group = "GitHub Actions" if hosted else "Default"
        return {
            "id": job.id,
            "run_id": run.id,
            "workflow_name": run.name,
            "head_branch": run.commit.branch,
            "run_url": f"{api}/actions/runs/{run.id}",
            "run_attempt": job.run_attempt,
            "node_id": node_id("CR", repository.id, job.id),
            "head_sha": run.commit.sha,
            "url": f"{api}/actions/jobs/{job.id}",
            "html_url": f"{web}/{where}/{job.id}",
            "status": job.status,
            "conclusion": job.conclusion,
            "created_at": iso(job.created_at),
            "started_at": iso(job.started_at),
            "completed_at": iso(job.completed_at),
            "name": job.name,
            "steps": [
                {
                    "name": step.name,
                    "status": step.status,
                    "conclusion": step.conclusion,
                    "number": step.number,
                    "started_at": iso(step.started_at),
                    "completed_at": iso(step.completed_at),
                }
                for step in (self.world.steps(job) if steps else ())
            ],
            "check_run_url": f"{api}/check-runs/{job.id}",
            "labels": list(job.labels),
            "runner_id": job.runner_id,
            "runner_name": job.runner_name,
            "runner_group_id": None if job.runner_id is None else 0 if hosted else 1,
            "runner_group_name": None if job.runner_id is None else group,
        }

    def _api(self, repository: Repository) -> str:
        return f"{self.api_url}/repos/{repository.full_name}"

    def _web(self, repository: Repository) -> str:
        return f"{self.web_url}/{repository.full_name}"

    def _account(self, account: Account) -> Payload:
        login = quote(account.login)
        url = f"{self.api_url}/users/{login}"
        page = f"apps/{login.removesuffix('%5Bbot%5D')}" if account.type == "Bot" else login
        return {
            "login": account.login,
            "id": account.id,
            "node_id": node_id("O" if account.type == "Organization" else "U", account.id),
            "avatar_url": f"https://avatars.githubusercontent.com/u/{account.id}?v=4",
            "gravatar_id": "",
            "url": url,
            "html_url": f"{self.web_url}/{page}",
            "followers_url": f"{url}/followers",
            "following_url": f"{url}/following{{/other_user}}",
            "gists_url": f"{url}/gists{{/gist_id}}",
            "starred_url": f"{url}/starred{{/owner}}{{/repo}}",
            "subscriptions_url": f"{url}/subscriptions",
            "organizations_url": f"{url}/orgs",
            "repos_url": f"{url}/repos",
            "events_url": f"{url}/events{{/privacy}}",
            "received_events_url": f"{url}/received_events",
            "type": account.type,
            "user_view_type": "public",
            "site_admin": False,
        }

    def _repository(
        self, full_name: str, repository_id: int, owner: Account, private: bool
    ) -> Payload:
        """A repository as it is embedded in a run."""
        name = full_name.partition("/")[2]
        url = f"{self.api_url}/repos/{full_name}"
        return {
            "id": repository_id,
            "node_id": node_id("R", repository_id),
            "name": name,
            "full_name": full_name,
            "private": private,
            "owner": self.account(owner),
            "html_url": f"{self.web_url}/{full_name}",
            "description": f"{name}, simulated",
            "fork": False,
            "url": url,
            **{f"{key}_url": url + path for key, path in REPOSITORY_URLS.items()},
        }

    def _embed(self, full_name: str, repository_id: int, owner: Account, private: bool) -> str:
        key = (repository_id, full_name, private)
        if key not in self._embedded:
            payload = self._repository(full_name, repository_id, owner, private)
            self._embedded[key] = encode(payload)
        return self._embedded[key]

    def _head_repository(self, repository: Repository, run: Run) -> str:
        name = head_repository_name(repository, run)
        if name is None:
            return "null"
        if run.commit.fork is None:
            return self._embed(name, repository.id, repository.owner, repository.private)
        return self._embed(name, repository.id + run.commit.fork.id, run.commit.fork, False)

    def _head_commit(self, run: Run) -> Payload | None:
        commit = run.commit
        if commit.fork_deleted:
            return None
        login = commit.author.login
        person = {"name": login, "email": f"{quote(login)}@example.invalid"}
        return {
            "id": commit.sha,
            "tree_id": commit.sha[::-1],
            "message": commit.title,
            "timestamp": iso(commit.created_at),
            "author": person,
            "committer": person,
        }

    def _pull_requests(self, repository: Repository, run: Run) -> list[Payload] | None:
        """Sometimes null; empty for forks and once the pull request is closed."""
        if not run.lists_pull_requests:
            return None
        number, commit = run.commit.pull_request, run.commit
        is_open = self.world.second - commit.created_at < PULL_REQUEST_SECONDS
        if number is None or commit.fork is not None or not is_open:
            return []
        api = self._api(repository)
        name = repository.full_name.partition("/")[2]
        own = {"id": repository.id, "url": api, "name": name}
        return [
            {
                "url": f"{api}/pulls/{number}",
                "id": repository.id * 4 + number,
                "number": number,
                "head": {"ref": commit.branch, "sha": commit.sha, "repo": own},
                "base": {"ref": "main", "sha": commit.sha[::-1], "repo": own},
            }
        ]


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def encode(payload: Any) -> str:
    """Return compact JSON text, without escaping non-ASCII letters."""
    return _ENCODER.encode(payload)


def iso(second: int | None) -> str | None:
    """Return a second in GitHub's format, in UTC; None for None."""
    if second is None:
        return None
    day, left = divmod(second, 86_400)
    return f"{_date(day)}T{left // 3_600:02}:{left // 60 % 60:02}:{left % 60:02}Z"


@cache
def _date(day: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(day * 86_400))


def node_id(kind: str, *ids: int) -> str:
    """Return a global id in GitHub's form: the kind, then the ids packed and base64-encoded."""
    packed = struct.pack(f">2B{len(ids)}Q", 0x93, 0, *ids)
    return f"{kind}_{urlsafe_b64encode(packed).decode().rstrip('=')}"
