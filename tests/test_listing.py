"""No run is overlooked in a window that counts as complete, and no request is spent for nothing.

Over real HTTP, against a world that changes while it is listed.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from telemetry.github import BudgetSpent, GitHub, GitHubError, RateLimited
from telemetry.listing import LIST_LAG, SEARCH_LAG, Batch, Limits, ListedWindow, Lister
from telemetry.simulated_world import Repository, World
from telemetry.simulator import Fault, RequestInfo, Simulator, bad_gateway, edited, primary_limit

NAME = "acme/app"
NOW = datetime(2026, 3, 2, 12, 0, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)

CAPS = [
    {"beyond_filtered_cap": beyond, "clamp_filtered_total": clamped}
    for beyond in ("empty", "422")
    for clamped in (True, False)
]


def world_of(moments: Sequence[datetime]) -> tuple[World, Repository]:
    """A world whose only repository has a run created at each of these moments."""
    world = World(NOW)
    repository = world.add_repository(NAME)
    for moment in moments:
        world.add_run(repository, created_at=moment)
    return world, repository


def every(step: timedelta, count: int, end: datetime = NOW) -> list[datetime]:
    """So many moments, a step apart, the last one a step before the end."""
    return [end - n * step for n in range(count, 0, -1)]


def bursts(count: int, size: int) -> list[datetime]:
    """So many runs, of which always so many have the same second."""
    return [NOW - timedelta(minutes=1 + n // size) for n in range(count)]


@dataclass
class Changes:
    """Creates runs now, or late, and deletes random ones, before every so-many-th request.

    `late` runs turn up with a creation time of hours ago. `always` are the runs that were there
    all the time, `ever` all there have been, with their creation times.
    """

    world: World
    kinds: str
    every: int
    random: Random = field(default_factory=lambda: Random(7))
    is_over: bool = False

    def __post_init__(self) -> None:
        (self.repository,) = self.world.repositories
        self.ever = {run.id: run.created_at for run in self.repository.runs}
        self.always = set(self.ever)

    def __call__(self, request: RequestInfo, ordinal: int) -> None:
        if self.is_over or ordinal % self.every or request.kind != "runs":
            return
        with self.world.lock:
            if "insert" in self.kinds:
                self._created(NOW)
            if "late" in self.kinds:
                self._created(NOW - timedelta(minutes=self.random.randrange(90, 400)))
            if "delete" in self.kinds and self.repository.runs:
                gone = self.random.choice(self.repository.runs)
                self.world.delete(self.repository, gone)
                self.always.discard(gone.id)

    def _created(self, moment: datetime) -> None:
        run = self.world.add_run(self.repository, created_at=moment)
        self.ever[run.id] = run.created_at

    def assert_nothing_overlooked(self, windows: Sequence[ListedWindow]) -> None:
        """Each window has all runs that were there all the time, and none that never was."""
        for window in windows:
            assert window.ids is not None
            inside = between(self.ever, window.created_from, window.created_to)
            assert inside & self.always <= set(window.ids) <= inside
            assert len(window.ids) == len(set(window.ids))


def between(created: dict[int, int], start: datetime, end: datetime) -> set[int]:
    return {i for i, second in created.items() if start.timestamp() <= second < end.timestamp()}


def true_ids(repository: Repository, start: datetime, end: datetime) -> set[int]:
    return between({run.id: run.created_at for run in repository.runs}, start, end)


@contextmanager
def lister(
    simulated: Simulator, *, concurrency: int = 1, limits: Limits | None = None, **options: Any
) -> Iterator[Lister]:
    """A lister of a simulated GitHub whose client never really sleeps."""
    options = {"token": "token", "sleep": lambda seconds: None, **options}
    with simulated.serve() as url, GitHub(base_url=url, **options) as client:
        yield Lister(
            client, NAME, concurrency=concurrency, limits=limits, clock=lambda: simulated.world.now
        )


class Memory:
    """The complete windows of several passes, as an ingest keeps them."""

    def __init__(self, since: datetime) -> None:
        self.since = since
        self.windows: list[ListedWindow] = []
        self.problems: list[ListedWindow] = []
        self.stored: set[int] = set()

    def gaps(self, end: datetime) -> list[tuple[datetime, datetime]]:
        """What is not listed completely, newest first."""
        edges = [self.since]
        for window in sorted(self.windows, key=lambda window: window.created_from):
            edges += [window.created_from, window.created_to]
        edges.append(end)
        gaps = zip(edges[::2], edges[1::2], strict=True)
        return [(start, min(stop, end)) for start, stop in gaps if start < min(stop, end)][::-1]

    def take(self, batches: Iterator[Batch]) -> list[ListedWindow]:
        """Keep what is yielded, also when an error ends it; returns the windows."""
        taken: list[ListedWindow] = []
        for batch in batches:
            self.stored.update(run.github_run_id for run in batch.runs)
            taken += batch.windows
            self.windows += [w for w in batch.windows if w.is_complete]
            self.problems += [w for w in batch.windows if not w.is_complete]
            for window in batch.windows:
                assert set(window.ids or []) <= self.stored
        assert_apart(self.windows)
        return taken

    def ingest(self, using: Lister) -> None:
        """List what is missing: the newest runs first, then gaps where searches are up to date."""
        self.take(using.newest(lambda page: self.down_to(using)))
        settled = (using.now - SEARCH_LAG).replace(microsecond=0)
        for start, end in self.gaps(settled):
            self.take(using.interval(start, end))

    def down_to(self, using: Lister) -> datetime:
        gaps = self.gaps(using.now)
        return gaps[0][0] if gaps else using.now

    def ids(self) -> set[int]:
        return {run_id for window in self.windows for run_id in window.ids or []}


def assert_apart(windows: Sequence[ListedWindow]) -> None:
    ordered = sorted(windows, key=lambda window: window.created_from)
    assert all(a.created_to <= b.created_from for a, b in pairwise(ordered))


def assert_covers(windows: Sequence[ListedWindow], start: datetime, end: datetime) -> None:
    """The windows follow one another from start to end without a gap."""
    ordered = sorted(windows, key=lambda window: window.created_from)
    edges = [start, *(w.created_to for w in ordered)]
    assert [w.created_from for w in ordered] == edges[:-1]
    assert edges[-1] == end


def assert_all_listed_at_rest(
    simulated: Simulator, since: datetime, *, concurrency: int, limits: Limits | None = None
) -> None:
    """A pass that remembers nothing proves everything, with exactly the true runs."""
    (repository,) = simulated.world.repositories
    memory = Memory(since)
    with lister(simulated, concurrency=concurrency, limits=limits) as using:
        memory.ingest(using)
        settled = (using.now - LIST_LAG).replace(microsecond=0)
    top = max(w.created_to for w in memory.windows)
    assert settled - timedelta(seconds=30) <= top <= settled
    assert_covers(memory.windows, since, top)
    assert memory.ids() == true_ids(repository, since, top)
    assert memory.stored >= true_ids(repository, since, NOW + HOUR)


SHAKEN = pytest.mark.parametrize(
    ("kinds", "step", "concurrency"),
    [
        (kinds, step, concurrency)
        for kinds in ("insert", "delete", "insert delete")
        for step in (1, 2, 3, 5)
        for concurrency in (1, 8)
    ],
)


@SHAKEN
def test_no_run_is_overlooked_when_runs_come_and_go_at_every_kth_request(
    kinds: str, step: int, concurrency: int
) -> None:
    world, _ = world_of(every(timedelta(minutes=1), 550))
    changes = Changes(world, kinds, step)
    simulated = Simulator(world, before=changes)
    since = NOW - timedelta(hours=12)
    memory = Memory(since)
    with lister(simulated, concurrency=concurrency) as using:
        memory.ingest(using)
    changes.assert_nothing_overlooked(memory.windows)
    changes.is_over = True
    assert_all_listed_at_rest(simulated, since, concurrency=concurrency)
    world.advance(2 * HOUR)
    with lister(simulated, concurrency=concurrency) as using:
        memory.ingest(using)
    changes.assert_nothing_overlooked(memory.windows)
    assert len(memory.gaps(NOW + 1.5 * HOUR)) == 0


@SHAKEN
def test_no_run_is_overlooked_where_one_second_fills_more_than_a_page(
    kinds: str, step: int, concurrency: int
) -> None:
    world, _ = world_of(bursts(500, 130))
    changes = Changes(world, kinds, step)
    simulated = Simulator(world, before=changes)
    memory = Memory(NOW - HOUR)
    with lister(simulated, concurrency=concurrency) as using:
        memory.take(using.newest(lambda page: memory.since))
    changes.assert_nothing_overlooked(memory.windows)
    changes.is_over = True
    assert_all_listed_at_rest(simulated, memory.since, concurrency=concurrency)


@pytest.mark.parametrize("concurrency", [1, 8])
@pytest.mark.parametrize("step", [1, 2, 3, 5])
@pytest.mark.parametrize("kinds", ["late", "delete", "insert delete"])
def test_no_run_is_overlooked_in_a_filtered_list(kinds: str, step: int, concurrency: int) -> None:
    world, _ = world_of(every(timedelta(minutes=1), 550))
    changes = Changes(world, kinds, step)
    simulated = Simulator(world, before=changes)
    start, end = NOW - timedelta(hours=9), NOW - HOUR
    with lister(simulated, concurrency=concurrency) as using:
        first = Memory(start).take(using.interval(start, end))
        changes.assert_nothing_overlooked(first)
        changes.is_over = True
        at_rest = Memory(start)
        at_rest.take(using.interval(start, end))
    assert_covers(at_rest.windows, start, end)
    assert at_rest.ids() == true_ids(changes.repository, start, end)


# Where lists end


@pytest.mark.parametrize("form", CAPS)
@pytest.mark.parametrize("count", [99, 100, 101, 350])
def test_a_filtered_list_is_never_trusted_where_it_may_have_been_cut(
    form: dict[str, Any], count: int
) -> None:
    world, repository = world_of(every(timedelta(minutes=1), count, NOW - HOUR))
    simulated = Simulator(world, filtered_cap=100, **form)
    start, end = NOW - timedelta(hours=9), NOW - HOUR
    memory = Memory(start)
    with lister(simulated, limits=Limits(filtered=100)) as using:
        memory.take(using.interval(start, end))
    assert_covers(memory.windows, start, end)
    assert memory.ids() == true_ids(repository, start, end)
    assert len(memory.ids()) == count


@pytest.mark.parametrize("form", CAPS)
@pytest.mark.parametrize("count", [999, 1_000, 1_001])
def test_github_s_own_limit_of_a_thousand_is_kept(form: dict[str, Any], count: int) -> None:
    world, repository = world_of(every(timedelta(seconds=5), count, NOW - HOUR))
    simulated = Simulator(world, **form)
    start, end = NOW - 3 * HOUR, NOW - HOUR
    memory = Memory(start)
    with lister(simulated, concurrency=8) as using:
        memory.take(using.interval(start, end))
        requests = using.client.requests
    assert_covers(memory.windows, start, end)
    assert memory.ids() == true_ids(repository, start, end)
    assert (requests == 10) == (count == 999)


@pytest.mark.parametrize("concurrency", [1, 8])
@pytest.mark.parametrize("form", CAPS)
@pytest.mark.parametrize("size", [100, 101, 250])
def test_a_second_with_more_runs_than_can_be_listed_is_said_to_be_incomplete(
    form: dict[str, Any], size: int, concurrency: int
) -> None:
    dense = NOW - 3 * HOUR
    around = every(timedelta(minutes=3), 60, dense) + every(SECOND, 40, dense + 41 * SECOND)
    world, repository = world_of(sorted([*around, *[dense] * size]))
    simulated = Simulator(world, filtered_cap=100, **form)
    start, end = NOW - timedelta(hours=9), NOW - HOUR
    memory = Memory(start)
    with lister(simulated, limits=Limits(filtered=100), concurrency=concurrency) as using:
        memory.take(using.interval(start, end))
        assert using.client.requests < 60
    (problem,) = memory.problems
    assert (problem.created_from, problem.created_to) == (dense, dense + SECOND)
    assert problem.problem == "more runs were created in one second than GitHub lists"
    assert set(problem.ids or []) <= true_ids(repository, dense, dense + SECOND)
    assert len(problem.ids or []) == problem.seen == 100
    assert_covers([*memory.windows, problem], start, end)
    assert memory.ids() == true_ids(repository, start, end) - true_ids(
        repository, dense, dense + SECOND
    )


@pytest.mark.parametrize("concurrency", [1, 8])
@pytest.mark.parametrize("kinds", ["insert", "delete", "insert delete", ""])
def test_a_list_longer_than_github_counts_is_proven_by_filtered_ones(
    kinds: str, concurrency: int
) -> None:
    world, _ = world_of(every(timedelta(minutes=1), 700))
    changes = Changes(world, kinds, 2)
    simulated = Simulator(world, before=changes, unfiltered_cap=300)
    limits = Limits(unfiltered=300)
    memory = Memory(NOW - timedelta(hours=12))
    with lister(simulated, concurrency=concurrency, limits=limits) as using:
        memory.ingest(using)
    changes.assert_nothing_overlooked(memory.windows)
    changes.is_over = True
    assert_all_listed_at_rest(simulated, memory.since, concurrency=concurrency, limits=limits)


@pytest.mark.parametrize("cap", [50, 100, 150, 300])
def test_what_github_does_not_list_at_once_is_left_to_filtered_lists(cap: int) -> None:
    world, _ = world_of(every(timedelta(seconds=10), 300))
    simulated = Simulator(world, unfiltered_cap=cap)
    limits = Limits(unfiltered=cap)
    since = NOW - 2 * HOUR
    with lister(simulated, limits=limits) as using:
        windows = Memory(since).take(using.newest(lambda page: since))
    assert all(w.created_from > since for w in windows)
    world.advance(2 * HOUR)
    assert_all_listed_at_rest(simulated, since, concurrency=1, limits=limits)


# What GitHub says that is not true


def told(total: Callable[[int], int | None]) -> Callable[[RequestInfo, int], Fault | None]:
    """Every list's total is what the function makes of the true one; None leaves it out."""

    def edit(payload: Any) -> Any:
        payload["total_count"] = total(payload["total_count"])
        if payload["total_count"] is None:
            del payload["total_count"]
        return payload

    return lambda request, ordinal: edited(edit) if request.kind == "runs" else None


def random_total() -> Callable[[int], int]:
    random = Random(5)
    return lambda total: random.randrange(2 * total + 10)


WRONG: dict[str, Callable[[], Callable[[int], int | None]]] = {
    "missing": lambda: lambda total: None,
    "zero": lambda: lambda total: 0,
    "negative": lambda: lambda total: -5,
    "far too high": lambda: lambda total: 10**12,
    "a little too high": lambda: lambda total: total + 7,
    "one too low": lambda: lambda total: max(0, total - 1),
    "always 450": lambda: lambda total: 450,
    "random": random_total,
}


@pytest.mark.parametrize("concurrency", [1, 8])
@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_total_costs_requests_but_no_run(wrong: str, concurrency: int) -> None:
    world, repository = world_of(every(timedelta(minutes=1), 550))
    simulated = Simulator(world, fault=told(WRONG[wrong]()))
    since = NOW - timedelta(hours=10)
    memory = Memory(since)
    with lister(simulated, concurrency=concurrency) as using:
        memory.ingest(using)
        requests = using.client.requests
    assert_covers(
        [w for w in memory.windows if w.created_to <= NOW - HOUR + timedelta(minutes=5)],
        since,
        NOW - HOUR,
    )
    assert memory.ids() >= true_ids(repository, since, NOW - HOUR)
    assert memory.stored == {run.id for run in repository.runs}
    assert all(w.reported is None or w.reported < 1_000 for w in memory.windows)
    assert requests <= 6 + 3 * 6


@pytest.mark.parametrize("concurrency", [1, 8])
@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("kinds", ["insert", "delete", "insert delete"])
def test_a_wrong_total_hides_no_run_that_was_overlooked(
    kinds: str, wrong: str, concurrency: int
) -> None:
    world, _ = world_of(every(timedelta(minutes=1), 450))
    changes = Changes(world, kinds, 2)
    simulated = Simulator(world, before=changes, fault=told(WRONG[wrong]()))
    memory = Memory(NOW - timedelta(hours=10))
    with lister(simulated, concurrency=concurrency) as using:
        memory.ingest(using)
    changes.assert_nothing_overlooked(memory.windows)
