"""The simulated GitHub's payloads of runs and jobs.

They have every field of the REST API, in the order and form of recorded answers. A run is built as
JSON text, because most of its 10 KB are the repository's URL templates, which are encoded once.
"""

from typing import Any
from urllib.parse import quote

from telemetry.simulated.entities import (
    HOSTED_RUNNERS,
    Attempt,
    Job,
    Repository,
    Run,
)
from telemetry.simulated.forms import encode, iso, node_id
from telemetry.simulated.repository_payloads import Payload, RepositoryPayloads
from telemetry.simulated.truth import head_repository_name
from telemetry.simulated.world import World

State = tuple[str, str | None, int]

# The text of this many runs is kept until their state changes.
MOST_RUNS_KEPT = 10_000

# A run lists its pull request while that is open; here, for this long after the commit.
PULL_REQUEST_SECONDS = 5 * 86_400


class Payloads(RepositoryPayloads):
    """The payloads of one world, with the URLs of one server; it can be used without a server."""

    def __init__(self, world: World, api_url: str = "https://api.github.com") -> None:
        super().__init__(api_url)
        self.world = world
        self._runs: dict[tuple[Any, ...], str] = {}

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
        kind = (attempt is None, None if pulls is None else len(pulls))
        key = (run.id, shown.number, *state, *kind, repository.full_name, run.run_name)
        if key not in self._runs:
            if len(self._runs) == MOST_RUNS_KEPT:
                self._runs.clear()
            self._runs[key] = encode(self._run(repository, run, attempt, shown, state, pulls))
        own, head = self.embedded(repository), self._head_repository(repository, run)
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
        api = self.api(repository)
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
            "html_url": f"{self.web(repository)}/actions/runs/{run.id}",
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
        api, web = self.api(repository), self.web(repository)
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

    def _head_repository(self, repository: Repository, run: Run) -> str:
        name = head_repository_name(repository, run)
        if name is None:
            return "null"
        fork = run.commit.fork
        return self.embedded(
            Repository(repository.id + fork.id, name, fork) if fork else repository
        )

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
        api = self.api(repository)
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
