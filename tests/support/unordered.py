"""A client whose searches order the runs of one second anew for each page."""

from collections.abc import Generator
from random import Random
from typing import Any

from telemetry.github.client import GitHub
from telemetry.github.options import Paging
from telemetry.github.pagination import Page

PER_PAGE = 20


class Unordered(GitHub):
    """Filtered lists have 20 runs a page, in an order by time alone."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._order = Random(1)

    def list_workflow_runs(
        self, repository: str, *, paging: Paging | None = None, **filters: Any
    ) -> Generator[Page, None, None]:
        whole = super().list_workflow_runs(repository, paging=paging, **filters)
        if not filters.get("created"):
            yield from whole
            return
        runs = [run for page in whole for run in page.items]
        last = max(1, -(-len(runs) // PER_PAGE))
        for number in range(1, last + 1):
            self._order.shuffle(runs)
            runs.sort(key=lambda run: run.created_at, reverse=True)
            items = runs[(number - 1) * PER_PAGE : number * PER_PAGE]
            yield Page(items, len(runs), number, PER_PAGE, last if number < last else None)
