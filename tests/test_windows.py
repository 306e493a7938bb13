"""A window is proven only when no run in it was overlooked, whatever moved while it was listed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

from conftest import workflow_run
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetry.pagination import Page
from telemetry.rows import UnreadableRow, WorkflowRun
from telemetry.windows import ListedWindow, Search, Walk, created_range, groups, told_length

BEGIN = datetime(2026, 1, 5, 8, 0, 0, tzinfo=UTC)
PER_PAGE = 3
MANY = 10_000


def at(second: int) -> datetime:
    return BEGIN + timedelta(seconds=second)


def run(run_id: int, second: int) -> WorkflowRun:
    return workflow_run(github_run_id=run_id, created_at=at(second))


def page(
    items: list[WorkflowRun | UnreadableRow], number: int = 1, total: int | None = None
) -> Page:
    """A page as GitHub numbers it: the last one does not say that it is."""
    last = -(-(total or 0) // PER_PAGE)
    return Page(items, total, number, PER_PAGE, last if number < last else None)


class Listed:
    """A list that changes while its pages are read, a few of them ahead of their turn."""

    def __init__(self, random: Random, seconds: list[int], changes: str) -> None:
        self.random = random
        self.changes = changes
        self.runs = [run(n, second) for n, second in enumerate(sorted(seconds))][::-1]
        self.ever = list(self.runs)
        self.always = {listed.github_run_id for listed in self.runs}
        self.top = max(seconds, default=0)

    def change(self) -> None:
        for _ in range(self.random.choice([0, 0, 1, 1, 2])):
            if "insert" in self.changes and self.random.random() < 0.5:
                self.top += self.random.choice([0, 1])
                self.runs.insert(0, run(len(self.ever), self.top))
                self.ever.append(self.runs[0])
            elif "delete" in self.changes and self.runs:
                gone = self.runs.pop(self.random.randrange(len(self.runs)))
                self.always.discard(gone.github_run_id)

    def read(self, number: int) -> Page:
        self.change()
        first = (number - 1) * PER_PAGE
        items: list[WorkflowRun | UnreadableRow] = [*self.runs[first : first + PER_PAGE]]
        return page(items, number, len(self.runs))

    def pages(self, ahead: int) -> Iterator[Page]:
        """The pages in their order; up to `ahead` of them are asked for at a time."""
        fetched = {1: self.read(1)}
        number, promised = 1, fetched[1].last or 1
        while True:
            listed = fetched.pop(number)
            yield listed
            if listed.last is None:
                return
            number += 1
            waiting = [n for n in range(number, number + ahead) if n <= promised] or [number]
            waiting = [n for n in waiting if n not in fetched]
            while number not in fetched:
                taken = waiting.pop(self.random.randrange(len(waiting)))
                fetched[taken] = self.read(taken)

    def walked(self, walk: Walk, ahead: int, between_proofs: int = MANY) -> list[ListedWindow]:
        """The windows proven on the way down to the low end of the walk or to the list's own."""
        windows: list[ListedWindow] = []
        for count, listed in enumerate(self.pages(ahead), 1):
            walk.add(listed)
            windows += walk.proven()
            if walk.is_past_low:
                break
            if count % between_proofs == 0 and walk.unproven:
                windows += walk.prove(self.read(1))
        else:
            walk.end()
            windows += walk.proven()
        return windows + (walk.prove(self.read(1)) if walk.unproven else [])

    def assert_nothing_overlooked(self, windows: list[ListedWindow]) -> None:
        """Each window has all runs that were there all the time, and none that never was."""
        for window in windows:
            assert window.ids is not None
            inside = {
                r.github_run_id
                for r in self.ever
                if window.created_from <= r.created_at < window.created_to
            }
            assert inside & self.always <= set(window.ids) <= inside
            assert len(window.ids) == len(set(window.ids)) == window.seen


def assert_apart(windows: list[ListedWindow]) -> None:
    ordered = sorted(windows, key=lambda window: window.created_from)
    assert all(a.created_to <= b.created_from for a, b in pairwise(ordered))


@settings(max_examples=400, deadline=None)
@given(
    random=st.randoms(use_true_random=False),
    seconds=st.lists(st.integers(0, 30), max_size=40),
    changes=st.sampled_from(["insert", "delete", "insert delete"]),
    ahead=st.sampled_from([0, 2, 3, 5]),
    low=st.integers(-5, 30),
    between_proofs=st.integers(1, 8),
)
def test_no_run_is_overlooked_in_a_proven_window_whatever_moves(
    random: Random, seconds: list[int], changes: str, ahead: int, low: int, between_proofs: int
) -> None:
    listed = Listed(random, seconds, changes)
    walk = Walk(at(low), at(listed.top), longest=MANY, ahead=ahead)
    windows = listed.walked(walk, max(ahead, 1), between_proofs)
    listed.assert_nothing_overlooked(windows)
    assert_apart(windows)


@settings(max_examples=200, deadline=None)
@given(
    seconds=st.lists(st.integers(0, 30), max_size=40),
    ahead=st.sampled_from([0, 2, 5]),
    low=st.integers(-5, 30),
    between_proofs=st.integers(1, 8),
)
def test_where_nothing_moves_all_of_the_interval_is_proven(
    seconds: list[int], ahead: int, low: int, between_proofs: int
) -> None:
    listed = Listed(Random(0), seconds, "")
    high = max(listed.top, low) + 1
    walk = Walk(at(low), at(high), longest=MANY, ahead=ahead)
    windows = listed.walked(walk, max(ahead, 1), between_proofs)
    assert sum((w.created_to - w.created_from for w in windows), timedelta()) == at(high) - at(low)
    assert_apart(windows)
    found = [run_id for window in windows for run_id in window.ids or []]
    assert sorted(found) == sorted(r.github_run_id for r in listed.runs if r.created_at >= at(low))
