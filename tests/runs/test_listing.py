"""No run is overlooked in a window that counts as complete, and no request is spent for nothing.

Over real HTTP, against a world that changes while it is listed.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from support.clients import client
from support.short_pages import ShortPages
from support.unordered import Unordered

from telemetry.github.client import GitHub
from telemetry.github.errors import BudgetSpent, RateLimited
from telemetry.runs.lists.listing import LIST_LAG, SEARCH_LAG, Batch, Limits, Lister
from telemetry.runs.lists.newest import Newest
from telemetry.runs.lists.windows import ListedWindow
from telemetry.simulated.entities import Repository
from telemetry.simulated.faults import Fault, RequestInfo, bad_gateway, edited, primary_limit
from telemetry.simulated.server import Simulator
from telemetry.simulated.world import World

pytestmark = pytest.mark.scenario

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
    """`count` moments at equal steps; the last one is a step before the end."""
    return [end - n * step for n in range(count, 0, -1)]


def bursts(count: int, size: int) -> list[datetime]:
    """`count` runs, of which `size` at a time were created in the same second."""
    return [NOW - timedelta(minutes=1 + n // size) for n in range(count)]


@dataclass
class Changes:
    """Before every nth request, create runs, now or hours ago, and delete random ones.

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
                self._created(NOW - timedelta(minutes=self.random.randrange(90, 300)))
            if "delete" in self.kinds and self.repository.runs:
                # Anywhere, but rather among the newer ones, below which more is still to be read.
                place = max(self.random.random(), self.random.random())
                gone = self.repository.runs[int(place * len(self.repository.runs))]
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
    simulated: Simulator,
    *,
    concurrency: int = 1,
    limits: Limits | None = None,
    **options: Any,
) -> Iterator[Lister]:
    """A lister of a simulated GitHub whose client never really sleeps."""
    with client(simulated, **options) as github:
        yield Lister(
            github,
            NAME,
            concurrency=concurrency,
            limits=limits,
            now=lambda: github.github_time or simulated.world.now,
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
        self.take(Newest(using).down_to(self.down_to(using)))
        settled = (using.now() - SEARCH_LAG).replace(microsecond=0)
        for start, end in self.gaps(settled):
            self.take(using.interval(start, end))

    def down_to(self, using: Lister) -> datetime:
        gaps = self.gaps(using.now())
        return gaps[0][0] if gaps else using.now()

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
    simulated: Simulator, since: datetime, kind: type[GitHub] = GitHub, **options: Any
) -> None:
    """A pass that remembers nothing proves everything, with exactly the true runs."""
    (repository,) = simulated.world.repositories
    memory = Memory(since)
    with lister(simulated, kind=kind, **options) as using:
        memory.ingest(using)
        settled = (using.now() - LIST_LAG).replace(microsecond=0)
    top = max(w.created_to for w in memory.windows)
    assert settled - timedelta(seconds=30) <= top <= settled
    assert_covers(memory.windows, since, top)
    assert memory.ids() == true_ids(repository, since, top)
    assert memory.stored >= true_ids(repository, since, NOW + HOUR)


CONCURRENCY = pytest.mark.parametrize("concurrency", [1, 8])


@CONCURRENCY
@pytest.mark.parametrize("step", [1, 2, 3, 5])
@pytest.mark.parametrize("kinds", ["insert", "delete", "insert delete"])
def test_no_run_is_missed_when_runs_come_and_go_at_every_kth_request(
    kinds: str, step: int, concurrency: int
) -> None:
    world, _ = world_of(every(timedelta(minutes=5), 66))
    changes = Changes(world, kinds, step)
    simulated = Simulator(world, before=changes)
    since = NOW - timedelta(hours=12)
    memory = Memory(since)
    with lister(simulated, concurrency=concurrency, kind=ShortPages) as using:
        memory.ingest(using)
    changes.assert_nothing_overlooked(memory.windows)
    changes.is_over = True
    assert_all_listed_at_rest(simulated, since, ShortPages, concurrency=concurrency)
    world.advance(2 * HOUR)
    with lister(simulated, concurrency=concurrency, kind=ShortPages) as using:
        memory.ingest(using)
    changes.assert_nothing_overlooked(memory.windows)
    assert len(memory.gaps(NOW + 1.5 * HOUR)) == 0


@CONCURRENCY
@pytest.mark.parametrize("step", [1, 3])
@pytest.mark.parametrize("kinds", ["insert", "delete", "insert delete"])
def test_no_run_is_missed_if_one_second_fills_more_than_a_page(
    kinds: str, step: int, concurrency: int
) -> None:
    world, _ = world_of(bursts(66, 26))
    changes = Changes(world, kinds, step)
    simulated = Simulator(world, before=changes)
    memory = Memory(NOW - HOUR)
    with lister(simulated, concurrency=concurrency, kind=ShortPages) as using:
        memory.take(Newest(using).down_to(memory.since))
    changes.assert_nothing_overlooked(memory.windows)
    changes.is_over = True
    assert_all_listed_at_rest(simulated, memory.since, ShortPages, concurrency=concurrency)


@CONCURRENCY
@pytest.mark.parametrize("step", [1, 2, 3, 5])
@pytest.mark.parametrize("kinds", ["late", "delete", "insert delete"])
def test_no_run_is_missed_in_a_filtered_list(kinds: str, step: int, concurrency: int) -> None:
    world, _ = world_of(every(timedelta(minutes=5), 66))
    changes = Changes(world, kinds, step)
    simulated = Simulator(world, before=changes)
    start, end = NOW - timedelta(hours=8), NOW - HOUR
    with lister(simulated, concurrency=concurrency, kind=ShortPages) as using:
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
def test_a_filtered_list_that_may_have_been_cut_is_not_trusted(
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


@pytest.mark.parametrize("form", CAPS[1:3])
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
    assert (requests == 11) == (count == 999)


@CONCURRENCY
@pytest.mark.parametrize("form", CAPS)
@pytest.mark.parametrize("size", [20, 21, 50])
def test_a_second_with_more_runs_than_can_be_listed_is_reported_incomplete(
    form: dict[str, Any], size: int, concurrency: int
) -> None:
    dense = NOW - 3 * HOUR
    around = every(timedelta(minutes=15), 12, dense) + every(SECOND, 8, dense + 9 * SECOND)
    world, repository = world_of(sorted([*around, *[dense] * size]))
    simulated = Simulator(world, filtered_cap=20, **form)
    start, end = NOW - timedelta(hours=9), NOW - HOUR
    memory = Memory(start)
    limits = Limits(filtered=20)
    with lister(simulated, limits=limits, concurrency=concurrency, kind=ShortPages) as using:
        memory.take(using.interval(start, end))
        assert using.client.requests < 60
    (problem,) = memory.problems
    assert (problem.created_from, problem.created_to) == (dense, dense + SECOND)
    said = f"runs created at {dense:%Y-%m-%d %H:%M:%S} UTC, GitHub lists only 20; "
    others = "any others" if problem.reported in (None, 20) else f"the other {size - 20}"
    assert problem.problem and problem.problem.endswith(f"{said}{others} cannot be fetched")
    assert set(problem.ids or []) <= true_ids(repository, dense, dense + SECOND)
    assert len(problem.ids or []) == problem.seen == 20
    assert_covers([*memory.windows, problem], start, end)
    assert memory.ids() == true_ids(repository, start, end) - true_ids(
        repository, dense, dense + SECOND
    )


@CONCURRENCY
@pytest.mark.parametrize("kinds", ["insert", "delete", "insert delete", ""])
def test_a_list_longer_than_github_counts_is_proven_by_filtered_ones(
    kinds: str, concurrency: int
) -> None:
    world, _ = world_of(every(timedelta(minutes=5), 86))
    changes = Changes(world, kinds, 2)
    simulated = Simulator(world, before=changes, unfiltered_cap=40)
    limits = Limits(unfiltered=40)
    memory = Memory(NOW - timedelta(hours=12))
    how = {"kind": ShortPages, "concurrency": concurrency, "limits": limits}
    with lister(simulated, **how) as using:
        memory.ingest(using)
    changes.assert_nothing_overlooked(memory.windows)
    changes.is_over = True
    assert_all_listed_at_rest(simulated, memory.since, **how)


@pytest.mark.parametrize("cap", [50, 100, 150, 300])
def test_what_github_does_not_list_at_once_is_left_to_filtered_lists(cap: int) -> None:
    world, _ = world_of(every(timedelta(seconds=10), 300))
    simulated = Simulator(world, unfiltered_cap=cap)
    limits = Limits(unfiltered=cap)
    since = NOW - 2 * HOUR
    with lister(simulated, limits=limits) as using:
        windows = Memory(since).take(Newest(using).down_to(since))
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
    "far too high": lambda: lambda total: 10**12,
    "a little too high": lambda: lambda total: total + 7,
    "always 90": lambda: lambda total: 90,
    "random": random_total,
}


@CONCURRENCY
@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_total_costs_requests_but_no_run(wrong: str, concurrency: int) -> None:
    world, repository = world_of(every(timedelta(minutes=5), 66))
    simulated = Simulator(world, fault=told(WRONG[wrong]()))
    since = NOW - timedelta(hours=10)
    memory = Memory(since)
    with lister(simulated, concurrency=concurrency, kind=ShortPages) as using:
        memory.ingest(using)
        requests = using.client.requests
    assert memory.gaps(NOW - HOUR) == []
    assert true_ids(repository, since, NOW - HOUR) <= memory.ids()
    assert memory.stored == {run.id for run in repository.runs}
    assert all(w.reported is None or w.reported < 1_000 for w in memory.windows)
    assert requests <= 4 + 3 * 4


@CONCURRENCY
@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_total_hides_no_missed_run(wrong: str, concurrency: int) -> None:
    world, _ = world_of(every(timedelta(minutes=5), 66))
    changes = Changes(world, "delete", 2)
    simulated = Simulator(world, before=changes, fault=told(WRONG[wrong]()))
    memory = Memory(NOW - timedelta(hours=10))
    with lister(simulated, concurrency=concurrency, kind=ShortPages) as using:
        memory.ingest(using)
    changes.assert_nothing_overlooked(memory.windows)


def holes(kept: slice, *, is_filtered: bool) -> Callable[[RequestInfo, int], Fault | None]:
    """Each second page of a list has only some of its rows, though more pages follow."""

    def edit(payload: Any) -> Any:
        return {**payload, "workflow_runs": payload["workflow_runs"][kept]}

    def fault(request: RequestInfo, ordinal: int) -> Fault | None:
        is_second = request.kind == "runs" and request.query.get("page") == "2"
        return edited(edit) if is_second and ("created" in request.query) is is_filtered else None

    return fault


@CONCURRENCY
@pytest.mark.parametrize("is_filtered", [False, True])
@pytest.mark.parametrize("kept", [slice(0), slice(8), slice(12, None)], ids=str)
def test_a_page_that_leaves_runs_out_hides_none(
    kept: slice, is_filtered: bool, concurrency: int
) -> None:
    world, repository = world_of(every(timedelta(minutes=5), 100))
    cap = 20 if is_filtered else 40_000
    simulated = Simulator(world, unfiltered_cap=cap, fault=holes(kept, is_filtered=is_filtered))
    since = NOW - timedelta(hours=10)
    memory = Memory(since)
    with lister(simulated, concurrency=concurrency, kind=ShortPages) as using:
        memory.ingest(using)
    assert memory.gaps(NOW - HOUR) == []
    assert memory.ids() | true_ids(repository, NOW - HOUR, NOW) == memory.stored
    assert memory.stored == {run.id for run in repository.runs}


@CONCURRENCY
def test_runs_that_nothing_distinguishes_are_counted_one_by_one(concurrency: int) -> None:
    world, _ = world_of(every(timedelta(minutes=1), 50, NOW - HOUR))

    def lose(payload: Any) -> Any:
        payload["workflow_runs"][10:13] = [None, None, None]
        return payload

    simulated = Simulator(
        world, fault=lambda request, number: edited(lose) if request.kind == "runs" else None
    )
    with lister(simulated, concurrency=concurrency) as using:
        batches = list(Newest(using).down_to(NOW - 5 * HOUR))
    texts = {text for batch in batches for text in batch.unreadable}
    assert texts == {f"run: null is not an object{number}" for number in ("", " (2)", " (3)")}
    assert sum(window.seen for batch in batches for window in batch.windows) == 50


@CONCURRENCY
def test_unreadable_runs_are_named_and_counted_and_stop_nothing(concurrency: int) -> None:
    world, repository = world_of(every(timedelta(minutes=5), 66))
    damaged = {run.id for run in repository.runs[1::7]}

    def damage(payload: Any) -> Any:
        for run in payload["workflow_runs"]:
            if run["id"] in damaged:
                run["created_at"] = None
        return payload

    def fault(request: RequestInfo, ordinal: int) -> Fault:
        return edited(damage)

    since = NOW - timedelta(hours=9)
    newest, older = Memory(since), Memory(since)
    simulated = Simulator(world, fault=fault)
    with lister(simulated, concurrency=concurrency, kind=ShortPages) as using:
        batches = list(Newest(using).down_to(since))
        newest.take(iter(batches))
        older.take(using.interval(since, NOW - HOUR))
    named = {text for batch in batches for text in batch.unreadable}
    assert named == {f"run {run_id}: created_at is missing" for run_id in damaged}
    for memory, end in ((newest, NOW - LIST_LAG), (older, NOW - HOUR)):
        assert memory.gaps(end) == []
        there = true_ids(repository, since, max(w.created_to for w in memory.windows))
        assert memory.ids() == there - damaged
        assert sum(window.seen for window in memory.windows) == len(there)


# Nothing there


def test_a_repository_without_runs_is_complete_when_it_was_counted_too() -> None:
    world, _ = world_of([])
    since = NOW - HOUR
    with lister(Simulator(world), concurrency=8) as using:
        (window,) = Memory(since).take(Newest(using).down_to(since))
        assert using.client.requests == 2
    assert (window.created_from, window.ids, window.seen) == (since, [], 0)


def test_an_interval_without_runs_is_complete_after_one_request() -> None:
    world, _ = world_of(every(timedelta(minutes=1), 50))
    start, end = NOW - timedelta(days=400), NOW - timedelta(days=2)
    with lister(Simulator(world)) as using:
        (window,) = Memory(start).take(using.interval(start, end))
        assert using.client.requests == 1
    assert (window.created_from, window.created_to) == (start, end)
    assert (window.ids, window.seen, window.reported) == ([], 0, 0)


# ETags

OLD = (NOW - timedelta(days=3), NOW - timedelta(days=2))


def world_with_an_old_window() -> tuple[World, Repository]:
    world, repository = world_of(every(timedelta(minutes=9), 80, OLD[1]))
    for run in world.open_runs(repository):
        world.finish(run)
    return world, repository


def only_window(using: Lister, etag: str | None = None) -> ListedWindow:
    (window,) = Memory(OLD[0]).take(using.interval(*OLD, etag=etag))
    return window


def test_an_unchanged_window_costs_nothing() -> None:
    world, _ = world_with_an_old_window()
    simulated = Simulator(world)
    with lister(simulated) as using:
        first = only_window(using)
        again = only_window(using, first.etag)
        assert using.client.not_modified == 1
    # The list itself, and what is older in its interval than the runs it showed: nothing.
    assert simulated.counters.charged == 2
    assert (first.reported, first.seen, len(first.ids or [])) == (80, 80, 80)
    assert (again.created_from, again.created_to, again.ids) == (*OLD, None)


@pytest.mark.parametrize("change", ["rerun", "delete"])
def test_a_change_of_any_run_makes_a_window_cost_a_request(change: str) -> None:
    world, repository = world_with_an_old_window()
    with lister(Simulator(world)) as using:
        first = only_window(using)
        run = repository.runs[40]
        if change == "rerun":
            world.rerun(run)
        else:
            world.delete(repository, run)
        again = only_window(using, first.etag)
        assert using.client.not_modified == 0
    assert set(again.ids or []) == true_ids(repository, *OLD)
    assert again.etag != first.etag


def test_the_etag_of_another_token_means_nothing() -> None:
    world, repository = world_with_an_old_window()
    simulated = Simulator(world)
    with lister(simulated, token="one") as using:
        first = only_window(using)
    with lister(simulated, token="another") as using:
        assert using.client.token_fingerprint is not None
        again = only_window(using, first.etag)
    assert set(again.ids or []) == true_ids(repository, *OLD)
    assert simulated.counters.charged == 4


def test_a_window_of_the_last_day_or_of_several_pages_has_no_etag() -> None:
    world, _ = world_of(every(timedelta(minutes=9), 300, OLD[1]) + every(HOUR, 10, NOW - HOUR))
    start = NOW - timedelta(days=1)
    with lister(Simulator(world)) as using:
        young = Memory(start).take(using.interval(start, NOW - HOUR))
        long = Memory(OLD[0]).take(using.interval(OLD[0] - timedelta(days=1), OLD[1]))
    assert [window.etag for window in young] == [None]
    assert [window.etag for window in long] == [None] * len(long)
    assert len(long) == 3


# Faults


@CONCURRENCY
@pytest.mark.parametrize("kinds", ["", "insert", "delete", "insert delete"])
def test_smaller_pages_after_a_502_break_no_window(kinds: str, concurrency: int) -> None:
    world, _ = world_of(every(timedelta(minutes=1), 330))
    changes = Changes(world, kinds, 3)

    def too_big(request: RequestInfo, ordinal: int) -> Fault | None:
        size, page = int(request.query["per_page"]), int(request.query.get("page", 1))
        return bad_gateway() if size > 25 and size * page in (200, 250, 300) else None

    simulated = Simulator(world, before=changes, fault=too_big)
    memory = Memory(NOW - timedelta(hours=9))
    with lister(simulated, concurrency=concurrency) as using:
        memory.ingest(using)
    changes.assert_nothing_overlooked(memory.windows)
    changes.is_over = True
    assert_all_listed_at_rest(simulated, memory.since, concurrency=concurrency)


def test_a_long_list_is_proven_on_the_way() -> None:
    world, _ = world_of(every(timedelta(minutes=1), 1_100))

    def too_big(request: RequestInfo, ordinal: int) -> Fault | None:
        return bad_gateway() if int(request.query["per_page"]) > 10 else None

    since = NOW - timedelta(days=1)
    with lister(Simulator(world, fault=too_big), concurrency=8) as using:
        proven = [len(batch.windows) for batch in Newest(using).down_to(since)]
    # Pages one and two stand for themselves, a hundred follow, then the rest.
    assert [count for count in proven if count] == [1, 1, 100, 8]


@CONCURRENCY
def test_the_unchanged_part_of_a_changing_interval_is_proven(concurrency: int) -> None:
    world, repository = world_of(every(timedelta(minutes=1), 330, NOW - HOUR))

    def delete(request: RequestInfo, ordinal: int) -> None:
        with world.lock:
            world.delete(repository, repository.runs[-1])

    start = NOW - timedelta(hours=7)
    memory = Memory(start)
    with lister(Simulator(world, before=delete), concurrency=concurrency) as using:
        memory.take(using.interval(start, NOW - HOUR))
    (window,) = memory.windows
    # Runs of the page's last minute may continue on the next one.
    assert (window.created_to, window.seen) == (NOW - HOUR, 98)


@CONCURRENCY
@pytest.mark.parametrize("runs", ["newest", "interval"])
def test_proven_windows_are_yielded_before_the_error(runs: str, concurrency: int) -> None:
    world, _ = world_of(every(timedelta(seconds=30), 900, NOW - HOUR))
    memory = Memory(NOW - timedelta(hours=10))
    with lister(Simulator(world), concurrency=concurrency) as using:
        using.client.allow(5)
        batches = (
            Newest(using).down_to(memory.since)
            if runs == "newest"
            else using.interval(memory.since, NOW - HOUR)
        )
        with pytest.raises(BudgetSpent):
            memory.take(batches)
    assert len(memory.stored) == 500
    # Runs of the last page's last minute may continue on the next one.
    assert len(memory.ids()) == 497
    assert_apart(memory.windows)


@CONCURRENCY
@pytest.mark.parametrize("size", [8, 12, 22, 35])
def test_no_run_is_missed_where_a_page_ends_among_runs_of_one_second(
    size: int, concurrency: int
) -> None:
    """A search has the runs of one second in no order (recorded), or in changing ones (cli/cli
    issue 6678).
    """
    moments = [NOW - timedelta(hours=2, minutes=10 * n) for n in range(8) for _ in range(size)]
    world, repository = world_of(sorted(moments))
    start, end = NOW - timedelta(hours=5), NOW - HOUR
    memory = Memory(start)
    with lister(Simulator(world), kind=Unordered, concurrency=concurrency) as using:
        memory.take(using.interval(start, end))
    for window in memory.windows:
        within = true_ids(repository, window.created_from, window.created_to)
        assert set(window.ids or []) == within
        assert window.seen == len(within)
    # Three readings may leave a second unproven that has far more runs than a page.
    if size < 30:
        assert_covers(memory.windows, start, end)


@CONCURRENCY
@pytest.mark.parametrize("runs", ["newest", "interval"])
def test_a_run_listed_below_one_that_was_created_before_it_is_in_its_window(
    runs: str, concurrency: int
) -> None:
    """GitHub does not document the order of the list; by number, times differ by seconds."""
    world, repository = world_of(every(timedelta(seconds=30), 250, NOW - HOUR))
    last_of_page = sorted(repository.runs, key=lambda run: run.id)[-100]

    def edit(body: Any) -> Any:
        for run in body["workflow_runs"]:
            if run["id"] == last_of_page.id:
                early = datetime.fromtimestamp(last_of_page.created_at, UTC) - timedelta(seconds=45)
                run["created_at"] = f"{early:%Y-%m-%dT%H:%M:%SZ}"
        return body

    since = NOW - timedelta(hours=2)
    batches: list[Batch] = []
    simulated = Simulator(world, fault=lambda request, ordinal: edited(edit))
    with lister(simulated, concurrency=concurrency) as using:
        lists = (
            Newest(using).down_to(since) if runs == "newest" else using.interval(since, NOW - HOUR)
        )
        batches += lists
    seen = {run.github_run_id: run.created_at for batch in batches for run in batch.runs}
    windows = [window for batch in batches for window in batch.windows]
    assert len(windows) > 1
    for window in windows:
        within = {i for i, at in seen.items() if window.created_from <= at < window.created_to}
        assert set(window.ids or []) == within


@CONCURRENCY
def test_proven_windows_survive_a_rate_limit(concurrency: int) -> None:
    world, _ = world_of(every(timedelta(seconds=30), 900))
    limited = primary_limit(NOW + HOUR)
    since = NOW - timedelta(hours=10)

    def fault(request: RequestInfo, ordinal: int) -> Fault | None:
        return limited if ordinal > 6 else None

    memory = Memory(since)
    with (
        lister(Simulator(world, fault=fault), concurrency=concurrency, max_wait=0) as using,
        pytest.raises(RateLimited),
    ):
        memory.take(Newest(using).down_to(since))
    assert len(memory.windows) >= 2


@CONCURRENCY
@pytest.mark.parametrize("unfiltered", [40_000, 500])
def test_many_ingests_of_few_requests_complete_a_long_list(
    unfiltered: int, concurrency: int
) -> None:
    world, repository = world_of(every(timedelta(minutes=2), 1_200, NOW - HOUR))
    simulated = Simulator(world, unfiltered_cap=unfiltered)
    limits = Limits(unfiltered=unfiltered)
    memory = Memory(NOW - timedelta(days=3))
    passes, is_done = 0, False
    while not is_done and passes < 10:
        passes += 1
        with lister(simulated, concurrency=concurrency, limits=limits) as using:
            using.client.allow(5)
            try:
                memory.ingest(using)
                is_done = True
            except BudgetSpent:
                pass
    assert is_done
    assert memory.gaps(NOW - HOUR) == []
    assert memory.ids() == true_ids(repository, memory.since, NOW)


# Requests


@pytest.mark.parametrize(("concurrency", "more"), [(1, 1), (8, 2)])
def test_a_list_at_rest_costs_its_pages_a_count_and_at_most_one_request(
    concurrency: int, more: int
) -> None:
    world, _ = world_of(every(timedelta(minutes=1), 2_550))
    since = NOW - timedelta(days=3)
    memory = Memory(since)
    with lister(Simulator(world), concurrency=concurrency) as using:
        memory.ingest(using)
        assert using.client.requests == 26 + more
    assert memory.gaps(NOW - LIST_LAG) == []


@CONCURRENCY
def test_one_request_shows_that_there_is_nothing_new(concurrency: int) -> None:
    world, _ = world_of(every(timedelta(minutes=1), 330))
    simulated = Simulator(world)
    memory = Memory(NOW - timedelta(hours=9))
    for _ in range(2):
        simulated.restart_counters()
        with lister(simulated, concurrency=concurrency) as using:
            memory.ingest(using)
    assert simulated.counters.received["runs"] == 1


@CONCURRENCY
def test_runs_that_arrive_while_the_list_is_read_cost_few_requests(concurrency: int) -> None:
    world, _ = world_of(every(timedelta(minutes=2), 1_950, NOW - HOUR))
    changes = Changes(world, "insert", 7)
    memory = Memory(NOW - timedelta(days=4))
    with lister(Simulator(world, before=changes), concurrency=concurrency) as using:
        memory.ingest(using)
        # Of those that are read at the same time, more are read again: how many is up to chance.
        assert using.client.requests <= 20 + 1 + (12 if concurrency == 1 else 2 * 20)
    changes.assert_nothing_overlooked(memory.windows)
    assert memory.gaps(NOW - HOUR) == []


@pytest.mark.parametrize("form", CAPS[:2])
def test_filtered_lists_of_a_long_stretch_cost_little_more_than_their_pages(
    form: dict[str, Any],
) -> None:
    busy = [hour for hour in range(24 * 7) if 7 <= hour % 24 < 19]
    moments = [
        NOW - hour * HOUR - HOUR - timedelta(seconds=40 * n)
        for hour in range(24 * 7)
        for n in range(24 if hour in busy else 4)
    ]
    world, repository = world_of(sorted(moments))
    start, end = NOW - timedelta(days=8), NOW - HOUR
    memory = Memory(start)
    with lister(Simulator(world, **form), concurrency=8) as using:
        memory.take(using.interval(start, end))
        assert using.client.requests <= 1.15 * -(-len(memory.ids()) // 100) + 1
    assert_covers(memory.windows, start, end)
    assert memory.ids() == true_ids(repository, start, end)
