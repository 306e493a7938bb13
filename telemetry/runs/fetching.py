"""Fetches items a few at a time, and distinguishes failing items from an outage of GitHub."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Generic, TypeVar

from telemetry import counted
from telemetry.github.errors import BudgetSpent, GitHubError, LimitReached, Unanswered
from telemetry.runs.lists.listing import FEW_REQUESTS
from telemetry.runs.record import IngestLog
from telemetry.runs.request import Tools
from telemetry.runs.retries import is_denied, is_of_item

STORED_TOGETHER = 50
# After this many failures in a row, a request that worked before is repeated as a probe. If it
# succeeds, the items are at fault; after this many probes it counts as an outage. A refusal (403)
# is about the token unless a probe of the same kind, or a later item, is answered.
FAILURES_BEFORE_PROBE = 5
MOST_PROBES = 5
# If this many were not enough for one item, others come first: they may need fewer.
MANY_REQUESTS = 5

Item = TypeVar("Item")
Found = TypeVar("Found")
Failed = list[tuple[Item, GitHubError]]
Probe = Callable[[GitHubError], None]


@contextmanager
def fetchers(tools: Tools) -> Iterator[ThreadPoolExecutor]:
    """Provide threads for requests; an error in the block ends those of the tools' client."""
    with ThreadPoolExecutor(tools.concurrency, "github-items") as pool:
        try:
            yield pool
        except BaseException:
            # Otherwise threads that wait for GitHub would delay the end.
            tools.client.end()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def fetch_each(
    log: IngestLog,
    probe: Probe,
    what: str,
    items: Iterable[Item],
    fetch: Callable[[Item], Found],
    store: Callable[[list[Found], Failed[Item]], None],
) -> None:
    """Fetch items, a few at a time, and store results and failures in batches.

    `what` names the items beside the progress. Raises GitHubError for an error that is not about
    one item: no further item is started, and those in progress are stored first. `probe` is called
    with the last failure, and raises it or another one if the items are not the cause.
    """
    waiting, running, found = deque(items), dict[Future[Found], Item](), list[Found]()
    first = waiting[0] if waiting else None
    failures = _Failures[Item](probe)
    total, done = len(waiting), 0
    client, left = log.tools.client, log.tools.client.budget
    sent = client.requests
    # With few requests left, several items might be begun and none finished.
    at_once = 1 if left is not None and left < FEW_REQUESTS else 2 * log.tools.concurrency
    with fetchers(log.tools) as pool:
        while running or (waiting and failures.fatal is None):
            while waiting and failures.fatal is None and len(running) < at_once:
                item = waiting.popleft()
                running[pool.submit(fetch, item)] = item
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                item = running.pop(future)
                try:
                    found.append(future.result())
                    failures.end_streak()
                except GitHubError as error:
                    failures.add(item, error)
            is_last = not running and (failures.fatal is not None or not waiting)
            if is_last or len(found) >= STORED_TOGETHER:
                failed = failures.take(is_last=is_last)
                if found or failed:
                    store(found, failed)
                done, found = done + len(found) + len(failed), []
                log.progress(what, done, total)
    if failures.fatal is not None:
        sent = client.requests - sent
        if first is not None and not done and sent >= MANY_REQUESTS:
            failed = failures.too_large(first, sent)
            if failed:
                store([], failed)
        raise failures.fatal


class _Failures(Generic[Item]):
    """The failed items, and `fatal`, an error that is not about one item."""

    def __init__(self, probe: Probe) -> None:
        self.fatal: GitHubError | None = None
        self._probe = probe
        self._failed: Failed[Item] = []
        self._streak: Failed[Item] = []
        self._probes = 0

    def end_streak(self) -> None:
        """Record that an item was answered, so the failures before it are about their items."""
        self._blame()
        self._probes = 0

    def _blame(self) -> None:
        self._failed += self._streak
        self._streak = []

    def add(self, item: Item, error: GitHubError) -> None:
        """Record that an item failed."""
        if isinstance(error, BudgetSpent) and isinstance(error.__cause__, Unanswered):
            # The lack of requests hides what GitHub answered to those for this item.
            self.add(item, error.__cause__)
        if not is_of_item(error):
            self.fatal = self.fatal or error
        elif self.fatal is None:
            self._streak.append((item, error))
            if len(self._streak) >= FAILURES_BEFORE_PROBE:
                self._ask()

    def _ask(self) -> None:
        error = next(iter(self._refusals()), self._streak[-1][1])
        try:
            self._probe(error)
        except GitHubError as cause:
            self.fatal = cause
            return
        self._blame()
        self._probes += 1
        if self._probes >= MOST_PROBES:
            self.fatal = error

    def _refusals(self) -> list[GitHubError]:
        return [error for _, error in self._streak if is_denied(error)]

    def too_large(self, item: Item, requests: int) -> Failed[Item]:
        """Return the item as failed if all these requests were spent and none was done."""
        if not isinstance(self.fatal, BudgetSpent):
            return []
        said = f"{counted(requests, 'request')} were not enough for it; {self.fatal}"
        return [(item, GitHubError(said))]

    def take(self, *, is_last: bool) -> Failed[Item]:
        """Return the items to remember: not those of a streak that may have another cause."""
        if is_last and self.fatal is None and self._refusals():
            self._ask()
        if isinstance(self.fatal, LimitReached):
            self._streak = [each for each in self._streak if not is_denied(each[1])]
            self._blame()
        elif self.fatal is None and not self._refusals():
            self._blame()
        failed, self._failed = self._failed, []
        return failed
