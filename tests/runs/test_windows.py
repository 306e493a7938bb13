"""A window counts as complete only if no run was missed, whatever changed during the listing."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.pages import MANY, PER_PAGE, RUNS, at, ids_of, page, pages_of, run, window

from telemetry.github.pagination import Page
from telemetry.rows.reading import UnreadableRow
from telemetry.rows.runs import UnreadableRun, WorkflowRun
from telemetry.runs.due_windows import groups
from telemetry.runs.lists.windows import ListedWindow, Terms, Walk, reported_length


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
            walk.end(is_over=not walk.is_cut_off)
            windows += walk.proven()
        return windows + (walk.prove(self.read(1)) if walk.unproven else [])

    def assert_nothing_overlooked(self, windows: list[ListedWindow]) -> None:
        """Each window has all runs that were there all the time, and none that never was."""
        for each in windows:
            assert each.ids is not None
            inside = {
                r.github_run_id
                for r in self.ever
                if each.created_from <= r.created_at < each.created_to
            }
            assert inside & self.always <= set(each.ids) <= inside
            assert len(each.ids) == len(set(each.ids)) == each.seen


def assert_apart(windows: list[ListedWindow]) -> None:
    ordered = sorted(windows, key=lambda window: window.created_from)
    assert all(a.created_to <= b.created_from for a, b in pairwise(ordered))


@pytest.mark.scenario
@settings(max_examples=300)
@given(
    seed=st.integers(0, 2**32),
    seconds=st.lists(st.integers(0, 30), max_size=40),
    changes=st.sampled_from(["insert", "delete", "insert delete"]),
    ahead=st.sampled_from([0, 2, 3, 5]),
    low=st.integers(-5, 30),
    between_proofs=st.integers(1, 8),
)
def test_a_proven_window_misses_no_run_whatever_moves(
    seed: int, seconds: list[int], changes: str, ahead: int, low: int, between_proofs: int
) -> None:
    listed = Listed(Random(seed), seconds, changes)
    walk = Walk(at(low), at(listed.top), Terms(MANY, ahead))
    windows = listed.walked(walk, max(ahead, 1), between_proofs)
    listed.assert_nothing_overlooked(windows)
    assert_apart(windows)


@settings(max_examples=200)
@given(
    seconds=st.lists(st.integers(0, 30), max_size=40),
    ahead=st.sampled_from([0, 2, 5]),
    low=st.integers(-5, 30),
    between_proofs=st.integers(1, 8),
)
def test_an_interval_without_changes_is_proven_completely(
    seconds: list[int], ahead: int, low: int, between_proofs: int
) -> None:
    listed = Listed(Random(0), seconds, "")
    high = max(listed.top, low) + 1
    walk = Walk(at(low), at(high), Terms(MANY, ahead))
    windows = listed.walked(walk, max(ahead, 1), between_proofs)
    assert sum((w.created_to - w.created_from for w in windows), timedelta()) == at(high) - at(low)
    assert_apart(windows)
    found = [run_id for window in windows for run_id in window.ids or []]
    assert sorted(found) == sorted(r.github_run_id for r in listed.runs if r.created_at >= at(low))


# The rules one by one: six runs, one a second, on pages of three

NEW = run(7, 7)


def walk_over(pages: list[Page], ahead: int = 0) -> Walk:
    walk = Walk(at(0), at(7), Terms(MANY, ahead))
    for listed in pages:
        walk.add(listed)
    walk.end(is_over=not walk.is_cut_off)
    return walk


def test_a_window_ends_after_the_second_that_may_go_on_on_the_next_page() -> None:
    first, last = walk_over(pages_of((RUNS, 1), (RUNS, 2))).proven()
    assert (first.created_from, first.created_to, first.ids) == (at(5), at(7), [6, 5])
    assert (last.created_from, last.created_to, last.ids) == (at(0), at(5), [4, 3, 2, 1])


def test_a_page_read_after_the_list_became_shorter_is_not_proven() -> None:
    shorter = [r for r in RUNS if r.github_run_id != 5]
    assert ids_of(walk_over(pages_of((RUNS, 1), (shorter, 2))).proven()) == [[6, 5]]


def test_a_page_that_was_pushed_down_is_proven() -> None:
    longer = pages_of((RUNS, 1), ([NEW, *RUNS], 2), ([NEW, *RUNS], 3))
    assert ids_of(walk_over(longer).proven()) == [[6, 5], [4, 3], [2, 1]]


def test_a_second_on_two_pages_is_not_proven_if_a_run_may_have_fallen_between_them() -> None:
    # All of page 2 was created in one second, so what fell between may be in the window after it.
    second = [run(n, 5) for n in range(10, 3, -1)]
    runs = [run(12, 9), run(11, 8), *second, run(3, 3), run(2, 2)]
    shorter = [r for r in runs if r.github_run_id != 11]
    walk = Walk(at(0), at(10), Terms(MANY, 0))
    for listed in pages_of((runs, 1), (shorter, 2), (shorter, 3), (shorter, 4)):
        walk.add(listed)
    walk.end(is_over=not walk.is_cut_off)
    assert ids_of(walk.proven()) == [[12, 11], [3, 2]]


def test_the_pages_left_are_estimated_from_the_pace_so_far() -> None:
    walk = Walk(at(0), at(60), Terms(MANY, 2))
    assert walk.pages_left == 1
    runs = [run(second, second) for second in range(50, 0, -1)]
    first, second = pages_of((runs, 1), (runs, 2))
    walk.add(first)  # 50, 49, 48: a run a second, and the next window begins below 49
    assert walk.pages_left == 49
    walk.add(second)
    assert walk.pages_left == 2 * 46 / 4
    walk.add(page([run(0, -3)], 3, 51))
    assert walk.pages_left == 1


NINE = [run(n, n) for n in range(9, 0, -1)]


def walk_ahead(*read: tuple[list[WorkflowRun], int]) -> Walk:
    walk = Walk(at(0), at(10), Terms(MANY, 2))
    for listed in pages_of(*read):
        walk.add(listed)
    walk.end(is_over=not walk.is_cut_off)
    return walk


def test_a_page_read_ahead_is_proven_only_when_the_beginning_is_read_again() -> None:
    walk = walk_ahead((NINE, 1), (NINE, 2), (NINE, 3))
    assert ids_of(walk.proven()) == [[9, 8], [7, 6, 5]]
    assert ids_of(walk.prove(*pages_of((NINE, 1)))) == [[4, 3, 2, 1]]
    assert walk.unproven == 0


def test_pages_read_ahead_are_proven_though_new_runs_came() -> None:
    longer = [run(10, 10), *NINE]
    walk = walk_ahead((NINE, 1), (NINE, 2), (longer, 3), (longer, 4))
    walk.proven()
    assert ids_of(walk.prove(*pages_of((longer, 1)))) == [[4, 3], [2, 1]]


def test_a_page_read_before_its_turn_is_not_proven_if_a_run_came_before_the_other_was() -> None:
    longer = [run(10, 10), *NINE]
    walk = walk_ahead((NINE, 1), (longer, 2), (NINE, 3))
    assert ids_of(walk.proven()) == [[9, 8], [7, 6]]
    assert ids_of(walk.prove(*pages_of((longer, 1)))) == []


def test_a_new_run_does_not_hide_that_another_was_deleted() -> None:
    other = [run(10, 10), *(r for r in NINE if r.github_run_id != 3)]
    walk = walk_ahead((NINE, 1), (other, 2), (NINE, 3))
    assert ids_of(walk.proven()) == [[9, 8], [7, 6]]
    assert ids_of(walk.prove(*pages_of((other, 1)))) == []


def test_after_a_deletion_pages_count_again_from_those_asked_for_since() -> None:
    twenty = [run(n, n) for n in range(21, 0, -1)]
    shorter = twenty[:8] + twenty[9:]
    walk = Walk(at(0), at(22), Terms(MANY, 2))
    for listed in pages_of((twenty, 1), (twenty, 2), (twenty, 3)):
        walk.add(listed)
    walk.proven()
    (again,) = pages_of((shorter, 1))
    assert walk.prove(again) == []
    for listed in pages_of(*((shorter, n) for n in (4, 5, 6, 7))):
        walk.add(listed)
    walk.end(is_over=not walk.is_cut_off)
    # Pages 4 and 5 may have been on their way when the beginning was read again.
    assert ids_of(walk.prove(again)) == [[6, 5, 4], [3, 2, 1]]


def test_after_a_deletion_the_open_window_is_not_proven_by_a_later_beginning() -> None:
    shorter = [r for r in NINE if r.github_run_id != 9]
    walk = Walk(at(0), at(10), Terms(MANY, 2))
    for listed in pages_of((NINE, 1), (NINE, 2), (NINE, 3)):
        walk.add(listed)
    (again,) = pages_of((shorter, 1))
    assert walk.prove(again) == []
    walk.end(is_over=not walk.is_cut_off)
    assert walk.prove(again) == []


def test_a_list_that_github_cut_off_proves_nothing_below_its_last_page() -> None:
    walk = Walk(at(0), at(7), Terms(6, 0))
    walk.add(*pages_of((RUNS, 1)))
    walk.add(*pages_of((RUNS, 2)))
    walk.end(is_over=not walk.is_cut_off)
    assert ids_of(walk.proven()) == [[6, 5]]


def test_a_list_that_ends_before_its_total_proves_nothing_below_its_last_page() -> None:
    pages = [page([*RUNS[:3]], 1, 6), Page([*RUNS[3:5]], 6, 2, PER_PAGE, None)]
    windows = walk_over(pages).proven()
    assert ids_of(windows) == [[6, 5], [4, 3]]
    assert windows[-1].created_from == at(3)


@pytest.mark.parametrize(
    ("number", "count", "total", "last", "length"),
    [
        (1, 3, 7, 3, 7),
        (1, 3, 7, 2, None),
        (1, 3, 0, 3, None),
        (3, 1, 7, None, 7),
        (3, 1, 6, None, None),
        (1, 3, None, 3, None),
        (1, 3, 99, 33, 99),
        (1, 3, 100, 34, None),
    ],
)
def test_a_total_that_contradicts_the_page_or_equals_the_counting_limit_is_ignored(
    number: int, count: int, total: int | None, last: int | None, length: int | None
) -> None:
    listed = Page([*RUNS[:count]], total, number, PER_PAGE, last)
    assert reported_length(listed, 100) == length


def test_an_unreadable_run_on_two_pages_is_counted_once() -> None:
    unreadable = UnreadableRow("run 4: created_at is missing")
    pages = [
        page([RUNS[0], RUNS[1], unreadable], 1, 6),
        page([unreadable, RUNS[3], RUNS[4]], 2, 7),
        page([RUNS[5]], 3, 7),
    ]
    windows = walk_over(pages).proven()
    assert sum(window.seen for window in windows) == 6


@pytest.mark.parametrize(
    ("created_at", "place", "seen"),
    [(at(2).isoformat(), 0, 1), (None, 0, 2), (None, 1, 1), ("?", 1, 1), (at(6).isoformat(), 1, 2)],
)
def test_an_unreadable_run_counts_for_its_time_else_for_that_of_the_run_after_it(
    created_at: object, place: int, seen: int
) -> None:
    items: list[WorkflowRun | UnreadableRow] = [RUNS[0], RUNS[2]]
    items.insert(place, UnreadableRun("run 3: head_branch is 5", {"created_at": created_at}))
    walk = Walk(at(5), at(7), Terms(MANY, 0))
    walk.add(page(items, 1, 3))
    assert [(window.ids, window.seen) for window in walk.proven()] == [([6], seen)]


def test_groups_hold_neighbours_and_at_most_a_page_of_runs() -> None:
    windows = [window(0, 5, 60), window(5, 9, 30), window(9, 12, 20), window(20, 25, 1)]
    spans = [[w.created_from for w in group] for group in groups(windows)]
    assert spans == [[at(20)], [at(9), at(5)], [at(0)]]
    assert [len(group) for group in groups([window(0, 9, 130), window(9, 10, 1)])] == [1, 1]


def test_a_group_of_quiet_windows_is_no_longer_than_a_month() -> None:
    day = 86_400
    windows = [window(n * day, (n + 1) * day, 1) for n in range(70)]
    assert [len(group) for group in groups(windows)] == [31, 31, 8]
