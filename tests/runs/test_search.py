"""A filtered list is complete only if it has as many runs as GitHub reports for it."""

from datetime import timedelta

import pytest
from support.pages import MANY, PER_PAGE, RUNS, at, ids_of, page, pages_of, run

from telemetry.github.pagination import Page
from telemetry.rows.reading import UnreadableRow
from telemetry.runs.lists.search import Search, created_range
from telemetry.runs.lists.windows import ListedWindow, Terms


def search_of(pages: list[Page], longest: int = MANY) -> Search:
    search = Search(at(0), at(7), Terms(longest, 0))
    for listed in pages:
        search.add(listed)
    search.end(is_over=True)
    return search


def test_a_search_is_complete_if_its_rows_match_its_constant_total() -> None:
    shorter = [r for r in RUNS if r.github_run_id != 5]
    assert search_of(pages_of((RUNS, 1), (RUNS, 2))).is_whole
    assert not search_of(pages_of((RUNS, 1), (shorter, 2))).is_whole
    assert not search_of([page([*RUNS[:3]], 1, 6), page([*RUNS[3:5]], 2, 6)]).is_whole


def test_an_unreadable_run_on_two_pages_is_seen_once() -> None:
    unreadable = UnreadableRow("run 4: created_at is missing")
    pages = [page([*RUNS[:2], unreadable], 1, 6), page([unreadable, *RUNS[3:5]], 2, 6)]
    assert len(search_of(pages).seen) == 5


def test_without_a_total_one_page_is_complete_and_two_are_not() -> None:
    assert search_of([page([*RUNS[:3]])]).is_whole
    assert not search_of([page([*RUNS[:3]], 1), page([*RUNS[3:]], 2)]).is_whole


def test_a_search_of_one_page_is_one_window_with_its_etag_if_it_is_closed() -> None:
    answer = Page([*RUNS[:2]], 2, 1, PER_PAGE, None, etag='W/"1"')
    (window,) = search_of([answer]).windows(is_closed=True)
    assert window == ListedWindow(at(0), at(7), 2, [5, 6], 2, etag='W/"1"')
    (window,) = search_of([answer]).windows(is_closed=False)
    assert window.etag is None


@pytest.mark.parametrize(
    ("total", "last", "is_too_long"),
    [(6, 2, True), (7, 2, True), (10**6, 2, True), (5, 2, False), (10**6, 1, False)],
)
def test_a_search_is_too_long_when_total_and_pages_say_so(
    total: int, last: int, is_too_long: bool
) -> None:
    search = Search(at(0), at(7), Terms(6, 0))
    search.add(Page([*RUNS[:3]], total, 1, PER_PAGE, last))
    assert search.is_too_long == is_too_long


def test_a_search_is_too_long_when_it_lists_as_many_runs_as_possible() -> None:
    assert search_of([page([*RUNS[:3]], 1), page([*RUNS[3:]], 2)], longest=6).is_too_long
    assert not search_of([page([*RUNS[:3]], 1), page([*RUNS[3:5]], 2)], longest=6).is_too_long


def test_pages_read_in_order_before_a_search_broke_off_are_proven() -> None:
    search = Search(at(0), at(7), Terms(MANY, 0))
    search.add(*pages_of((RUNS, 1)))
    assert ids_of(search.proven()) == [[6, 5]]


@pytest.mark.parametrize(("total", "last"), [(6, 2), (None, 2)])
def test_a_search_that_may_be_too_long_proves_its_first_page_only(
    total: int | None, last: int | None
) -> None:
    search = Search(at(0), at(7), Terms(6, 0))
    search.add(Page([*RUNS[:3]], total, 1, PER_PAGE, last))
    assert ids_of(search.proven()) == [[6, 5]]
    search.add(Page([*RUNS[3:]], total, 2, PER_PAGE, None))
    assert search.proven() == []


def test_the_reported_count_of_an_unlistable_second_fits_its_column() -> None:
    search = Search(at(0), at(1), Terms(3, 0))
    search.add(Page([run(n, 0) for n in range(3)], 10**12, 1, PER_PAGE, 4))
    window = search.unlistable()
    assert (window.reported, window.seen, window.is_complete) == (2**31 - 1, 3, False)


@pytest.mark.parametrize("seconds", [1, 2, 60, 86_400])
@pytest.mark.parametrize("count", [0, 1, 3])
def test_the_next_interval_is_longer_where_there_is_room_but_never_without_end(
    seconds: int, count: int
) -> None:
    search = Search(at(0), at(seconds), Terms(MANY, 0))
    search.add(page([run(n, 0) for n in range(count)], 1, count))
    assert timedelta(seconds=seconds) < search.next_length(100) <= timedelta(seconds=8 * seconds)


def test_after_a_search_that_was_too_long_the_next_is_half_as_long_at_most() -> None:
    search = Search(at(0), at(100), Terms(3, 0))
    search.add(page([run(n, 90 + n) for n in range(3)], 1, 3))
    assert search.is_too_long
    assert search.next_length(2) == timedelta(seconds=7)
    assert search.next_length(50) == timedelta(seconds=50)


def test_a_range_includes_its_last_second() -> None:
    assert created_range(at(0), at(1)) == "2026-01-05T08:00:00Z..2026-01-05T08:00:00Z"
    assert created_range(at(0), at(60)) == "2026-01-05T08:00:00Z..2026-01-05T08:00:59Z"
