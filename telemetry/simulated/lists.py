"""The lists of the simulated GitHub: their pages, their lengths, and the filters of runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import urlencode

from telemetry.simulated.answers import Answer, pack, refused
from telemetry.simulated.entities import Account, Repository, Run, Workflow
from telemetry.simulated.faults import RequestInfo
from telemetry.simulated.forms import encode
from telemetry.simulated.payloads import Payloads
from telemetry.simulated.routes import by_id

LARGEST_PAGE = 100
FILTERS = ("created", "status", "event")  # those that anybody here sends


@dataclass(kw_only=True)
class ListRules:
    """How long lists are, and how they end.

    filtered_cap, unfiltered_cap: the lengths of lists; pages beyond are empty or 422, and
        `total_count` is true or clamped to the cap.
    older_attempts: how `jobs?filter=all` shows the jobs of all attempts but the latest.
    """

    filtered_cap: int = 1_000
    beyond_filtered_cap: Literal["empty", "422"] = "empty"
    clamp_filtered_total: bool = False
    unfiltered_cap: int = 40_000
    beyond_unfiltered_cap: Literal["empty", "422"] = "422"
    clamp_unfiltered_total: bool = True
    older_attempts: Literal["whole", "without steps", "absent"] = "whole"


class Lists:
    """The lists of a world's runs and of what belongs to its repositories."""

    def __init__(self, payloads: Payloads, rules: ListRules) -> None:
        self.world = payloads.world
        self.payloads = payloads
        self.rules = rules
        self._matches: dict[tuple[Any, ...], list[Run]] = {}

    def forget_matches(self) -> None:
        """Find matching runs again, because the world has changed."""
        self._matches.clear()

    def page(
        self,
        request: RequestInfo,
        items: list[dict[str, Any]],
        key: str | None,
        of: Repository | Account,
    ) -> Answer:
        """Return one page of a short list: an object with its `total_count`, or a bare array."""
        page, per_page = _paging(request.query)
        shown = items[(page - 1) * per_page : page * per_page]
        if isinstance(of, Repository):
            path = by_id(of, request.path)
        else:
            path = f"/organizations/{of.id}/repos"
        link = self._link(path, request.query, (page, per_page), len(items))
        content = shown if key is None else {"total_count": len(items), key: shown}
        return Answer(200, pack(encode(content).encode()), link)

    def runs(
        self, request: RequestInfo, repository: Repository, workflow: Workflow | None
    ) -> Answer:
        """Return one page of a run list, newest first, within the caps."""
        query, rules = request.query, self.rules
        try:
            found = self._matching(repository, workflow, query)
        except ValueError as error:
            return refused(422, f"Validation Failed: {error}")
        page, per_page = _paging(query)
        if any(query.get(name) for name in FILTERS):
            cap, beyond = rules.filtered_cap, rules.beyond_filtered_cap
            is_clamped = rules.clamp_filtered_total
        else:
            cap, beyond = rules.unfiltered_cap, rules.beyond_unfiltered_cap
            is_clamped = rules.clamp_unfiltered_total
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
        pulls = with_pull_requests(query)
        texts = [self.payloads.run(repository, r, pull_requests=pulls) for r in newest_first]
        shown = listed if is_clamped else total
        body = f'{{"total_count":{shown},"workflow_runs":[{",".join(texts)}]}}'
        path = by_id(repository, request.path)
        if workflow:
            path = f"/repositories/{repository.id}/actions/workflows/{workflow.id}/runs"
        return Answer(200, pack(body.encode()), self._link(path, query, (page, per_page), listed))

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
        if name == "event":
            return run.event == value
        status, conclusion, _ = self.world.state(run, self.world.latest(run))
        return value in (status, conclusion)

    def _link(
        self, path: str, query: Mapping[str, str], paging: tuple[int, int], total: int
    ) -> dict[str, str]:
        """The `Link` header in GitHub's order; none for a list of one page."""
        page, per_page = paging
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


def with_pull_requests(query: Mapping[str, str]) -> bool:
    """Return whether runs are shown with their pull requests."""
    # Recorded with 1, documented with true.
    return query.get("exclude_pull_requests") not in ("1", "true")


def created_between(search: str) -> tuple[int, int]:
    """Return the first and last second, both included, that a `created` search matches.

    Of GitHub's search syntax: a date, a time, and `A..B`; a date is its whole day, a time without a
    zone is UTC. Raises ValueError for anything else.
    """
    first, dots, last = search.partition("..")
    return _span(first)[0], _span(last if dots else first)[1]


def _span(moment: str) -> tuple[int, int]:
    when = datetime.fromisoformat(moment)
    second = int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp())
    return (second, second + 86_399) if len(moment) == len("2026-01-31") else (second, second)


def _paging(query: Mapping[str, str]) -> tuple[int, int]:
    page, per_page = query.get("page", ""), query.get("per_page", "")
    return (
        max(1, int(page)) if page.isdecimal() else 1,
        min(LARGEST_PAGE, int(per_page) or 30) if per_page.isdecimal() else 30,
    )
