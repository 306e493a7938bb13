"""The simulated GitHub's payloads of accounts, repositories and workflows."""

from typing import Any
from urllib.parse import quote

from telemetry.simulated.entities import Account, Repository, Workflow
from telemetry.simulated.forms import encode, iso, node_id

Payload = dict[str, Any]

WEB_URL = "https://github.com"

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


class RepositoryPayloads:
    """The payloads that change little, with the URLs of one server.

    `api_url` has no slash at its end.
    """

    def __init__(self, api_url: str) -> None:
        self.api_url = api_url
        self._embedded: dict[tuple[int, str, bool], str] = {}
        self._accounts: dict[tuple[int, str], Payload] = {}

    def account(self, account: Account | None) -> Payload | None:
        """Return a user, bot or organisation as embedded in payloads; None for None."""
        if account is None:
            return None
        key = account.id, account.login
        if key not in self._accounts:
            self._accounts[key] = self._account(account)
        return self._accounts[key]

    def repository(self, repository: Repository) -> Payload:
        """A repository as `GET /repos/{owner}/{name}` and the lists of an owner answer it."""
        name, created = repository.full_name, "2024-01-15T09:00:00Z"
        pushed = iso(repository.runs[-1].created_at) if repository.runs else created
        return {
            **self._repository(repository),
            "created_at": created,
            "updated_at": pushed,
            "pushed_at": pushed,
            "git_url": f"git://github.com/{name}.git",
            "ssh_url": f"git@github.com:{name}.git",
            "clone_url": f"{self.web(repository)}.git",
            "svn_url": self.web(repository),
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
            "url": f"{self.api(repository)}/actions/workflows/{workflow.id}",
            "html_url": f"{self.web(repository)}/blob/main/{workflow.path}",
            "badge_url": f"{self.web(repository)}/workflows/{quote(name)}/badge.svg",
        }

    def api(self, repository: Repository) -> str:
        return f"{self.api_url}/repos/{repository.full_name}"

    def web(self, repository: Repository) -> str:
        return f"{WEB_URL}/{repository.full_name}"

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
            "html_url": f"{WEB_URL}/{page}",
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

    def embedded(self, repository: Repository) -> str:
        """Return a repository as it is embedded in a run, as JSON text."""
        key = (repository.id, repository.full_name, repository.private)
        if key not in self._embedded:
            self._embedded[key] = encode(self._repository(repository))
        return self._embedded[key]

    def _repository(self, repository: Repository) -> Payload:
        name, url = repository.full_name.partition("/")[2], self.api(repository)
        return {
            "id": repository.id,
            "node_id": node_id("R", repository.id),
            "name": name,
            "full_name": repository.full_name,
            "private": repository.private,
            "owner": self.account(repository.owner),
            "html_url": self.web(repository),
            "description": f"{name}, simulated",
            "fork": False,
            "url": url,
            **{f"{key}_url": url + path for key, path in REPOSITORY_URLS.items()},
        }
