"""Lists, page by page, from a server that keeps real rows and links like GitHub's."""

import itertools
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from support.paths import LONGEST
from werkzeug import Request, Response

from telemetry.github.client import GitHub
from telemetry.github.errors import GitHubError, PaginationLimited, Unanswered
from telemetry.github.options import Options, Paging
from telemetry.github.pagination import PAGES_KEPT, Page

PATH = "/repos/acme/app/actions/runs"
NUMBERS = itertools.count(1)


class RunList:
    """Serves `rows` runs; `faulty` decides which (page, per_page) are answered with 502.

    Each list has a number of its own, so that a request which one test has given up, and which the
    server sees late, is not counted in the next.
    """

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.path = f"/repositories/{next(NUMBERS)}/actions/runs"
        self.asked: list[tuple[int, int]] = []
        self.say_last = True
        self.faulty: Callable[[int, int], bool] = lambda page, per_page: False
        self.before_answer: Callable[[int], object] = lambda page: None

    def __call__(self, request: Request) -> Response:
        page = int(request.args.get("page", 1))
        per_page = int(request.args.get("per_page", 30))
        self.asked.append((page, per_page))
        self.before_answer(page)
        if self.faulty(page, per_page):
            return Response('{"message": "Server Error"}', 502)
        first, last = (page - 1) * per_page, -(-self.rows // per_page)
        runs = [{"id": n} for n in range(first, min(first + per_page, self.rows))]
        body = json.dumps({"total_count": self.rows, "workflow_runs": runs})
        relations = {"next": page + 1, "last": last} if page < last else {}
        if not self.say_last:
            relations.pop("last", None)
        link = ", ".join(
            f'<{request.host_url}{self.path[1:]}?per_page={per_page}&page={n}>; rel="{relation}"'
            for relation, n in relations.items()
        )
        return Response(body, headers={"Link": link} if link else {})


@pytest.fixture(scope="module")
def threaded_server() -> Iterator[HTTPServer]:
    server = HTTPServer(host="127.0.0.1", threaded=True)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def server(threaded_server: HTTPServer) -> HTTPServer:
    threaded_server.clear()
    return threaded_server


@pytest.fixture
def client(server: HTTPServer, said: list[str]) -> Iterator[GitHub]:
    options = Options(
        base_url=server.url_for(""),
        sleep=lambda seconds: None,
        notify=said.append,
        proxies={},
        timeout=LONGEST,
    )
    with GitHub(None, options) as client:
        yield client
    assert wait_for(lambda: not threads())  # of this test, before the next one counts its own


@pytest.fixture
def serve(server: HTTPServer) -> Callable[[int], RunList]:
    def serve(rows: int) -> RunList:
        runs = RunList(rows)
        for path in (PATH, runs.path):
            server.expect_request(path).respond_with_handler(runs)
        return runs

    return serve


Serve = Callable[[int], RunList]


def ids(pages: Iterator[Page]) -> list[int]:
    return [item["id"] for page in pages for item in page.items]


def threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("github-pages")]


@pytest.mark.parametrize("concurrency", [1, 2, 16])
@pytest.mark.parametrize("rows", [0, 1, 99, 100, 101, 1050])
def test_every_row_comes_once_and_in_order(
    serve: Serve, client: GitHub, rows: int, concurrency: int
) -> None:
    runs = serve(rows)
    assert ids(client.list_workflow_runs("acme/app", paging=Paging(concurrency=concurrency))) == [
        *range(rows)
    ]
    assert len(runs.asked) == max(1, -(-rows // 100))


def test_a_page_has_its_number_and_the_last_one(serve: Serve, client: GitHub) -> None:
    serve(250)
    pages = [*client.list_workflow_runs("acme/app")]
    assert [(p.number, p.per_page, p.last, p.total_count) for p in pages] == [
        (1, 100, 3, 250),
        (2, 100, 3, 250),
        (3, 100, None, 250),
    ]


def test_without_concurrency_pages_are_fetched_on_demand(serve: Serve, client: GitHub) -> None:
    runs = serve(500)
    pages = client.list_workflow_runs("acme/app")
    assert runs.asked == []
    next(pages)
    next(pages)
    assert (len(runs.asked), threads()) == (2, [])


def test_pages_are_fetched_at_the_same_time(serve: Serve, client: GitHub) -> None:
    together = threading.Barrier(3)
    runs = serve(400)
    runs.before_answer = lambda page: page > 1 and together.wait(300)
    assert ids(client.list_workflow_runs("acme/app", paging=Paging(concurrency=3))) == [*range(400)]


def test_read_ahead_is_limited_by_concurrency(serve: Serve, client: GitHub) -> None:
    runs = serve(2000)
    pages = client.list_workflow_runs("acme/app", paging=Paging(concurrency=3))
    next(pages)
    assert (len(runs.asked), threads()) == (1, [])
    assert next(pages).number == 2
    assert wait_for(lambda: len(runs.asked) == 1 + PAGES_KEPT * 3)
    pages.close()
    assert client.requests == 1 + PAGES_KEPT * 3


def test_read_ahead_is_limited_by_the_expected_number_of_pages(
    serve: Serve, client: GitHub
) -> None:
    runs = serve(2000)
    pages = client.list_workflow_runs("acme/app", paging=Paging(concurrency=3, further=lambda: 2))
    next(pages)
    next(pages)
    assert wait_for(lambda: len(runs.asked) == 3)
    pages.close()
    assert client.requests == 3


def test_without_last_nothing_is_fetched_ahead(serve: Serve, client: GitHub) -> None:
    runs = serve(500)
    runs.say_last = False
    pages = client.list_workflow_runs("acme/app", paging=Paging(concurrency=4))
    next(pages)
    assert threads() == []
    assert ids(pages) == [*range(100, 500)]
    assert len(runs.asked) == 5


def test_the_list_goes_on_beyond_the_announced_last_page(serve: Serve, client: GitHub) -> None:
    runs = serve(300)
    release = threading.Event()
    runs.before_answer = lambda page: page > 1 and release.wait(300)
    pages = client.list_workflow_runs("acme/app", paging=Paging(concurrency=4))
    first = next(pages)
    runs.rows = 700
    release.set()
    assert [*(item["id"] for item in first.items), *ids(pages)][-1] == 699


def test_a_list_that_has_become_shorter_ends_where_it_ends(serve: Serve, client: GitHub) -> None:
    runs = serve(900)
    release = threading.Event()
    runs.before_answer = lambda page: page > 2 and release.wait(300)
    pages = client.list_workflow_runs("acme/app", paging=Paging(concurrency=2))
    next(pages)
    next(pages)
    runs.rows = 150
    release.set()
    assert ids(pages) == []


def test_stopping_early_ends_the_threads(serve: Serve, client: GitHub) -> None:
    serve(5000)
    pages = client.list_workflow_runs("acme/app", paging=Paging(concurrency=8))
    next(pages)
    next(pages)
    pages.close()
    assert wait_for(lambda: not threads())


def impatient(server: HTTPServer, waiting: threading.Event) -> GitHub:
    """A client whose first wait after a fault, which it announces, would last for days."""
    return GitHub(
        None,
        Options(
            base_url=server.url_for(""),
            jitter=lambda: 1e6,
            notify=lambda _: waiting.set(),
            proxies={},
        ),
    )


def test_stopping_early_wakes_a_thread_that_backs_off(serve: Serve, server: HTTPServer) -> None:
    waiting = threading.Event()
    serve(500).faulty = lambda page, per_page: page > 2
    with impatient(server, waiting) as client:
        pages = client.list_workflow_runs("acme/app", paging=Paging(concurrency=2))
        next(pages)
        next(pages)
        assert waiting.wait(300)
        pages.close()
        assert wait_for(lambda: not threads())


@pytest.mark.parametrize("failing", [1, 2])
def test_closing_the_client_ends_a_list_that_backs_off(
    serve: Serve, server: HTTPServer, failing: int
) -> None:
    waiting = threading.Event()
    serve(500).faulty = lambda page, per_page: page >= failing
    client = impatient(server, waiting)
    errors: list[str] = []

    def read() -> None:
        try:
            ids(client.list_workflow_runs("acme/app", paging=Paging(concurrency=2)))
        except GitHubError as error:
            errors.append(str(error))

    reader = threading.Thread(target=read)
    reader.start()
    assert waiting.wait(300)
    client.close()
    reader.join(300)
    assert errors == [f"GET {PATH}: broken off, the client was closed"]
    assert wait_for(lambda: not threads())


def wait_for(claim: Callable[[], bool]) -> bool:
    pause = threading.Event()
    return any(claim() or pause.wait(0.05) for _ in range(1200))


@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize(
    ("largest", "sizes"), [(50, [100, 50]), (25, [100, 50, 25]), (10, [100, 50, 25, 10])]
)
def test_pages_that_are_too_big_become_smaller_and_no_row_is_lost(
    serve: Serve, client: GitHub, concurrency: int, largest: int, sizes: list[int]
) -> None:
    runs = serve(430)
    runs.faulty = lambda page, per_page: per_page > largest and page * per_page > 200
    pages = [*client.list_workflow_runs("acme/app", paging=Paging(concurrency=concurrency))]
    assert sorted({item["id"] for page in pages for item in page.items}) == [*range(430)]
    assert sorted({page.per_page for page in pages}, reverse=True) == [100, *sizes[-1:]]
    for page in pages:
        assert page.items[0]["id"] == (page.number - 1) * page.per_page


def test_page_three_of_a_hundred_is_page_five_of_fifty(
    serve: Serve, client: GitHub, said: list[str]
) -> None:
    runs = serve(300)
    runs.faulty = lambda page, per_page: (page, per_page) == (3, 100)
    pages = [*client.list_workflow_runs("acme/app")]
    assert [(p.number, p.per_page, p.last) for p in pages] == [
        (1, 100, 3),
        (2, 100, 3),
        (5, 50, 6),
        (6, 50, None),
    ]
    assert runs.asked == [(1, 100), (2, 100), (3, 100), (3, 100), (5, 50), (6, 50)]
    expected = f"GET {PATH}: 502 Bad Gateway; continuing with fewer rows a page (50, not 100)"
    assert said[-1] == expected


def test_smaller_pages_are_fetched_ahead_too(serve: Serve, client: GitHub) -> None:
    together = threading.Barrier(2)
    runs = serve(300)
    runs.faulty = lambda page, per_page: (page, per_page) == (2, 100)
    runs.before_answer = lambda page: page in (4, 5) and together.wait(300)
    assert ids(client.list_workflow_runs("acme/app", paging=Paging(concurrency=2))) == [*range(300)]


def test_a_smaller_page_that_straddles_begins_at_or_before_the_row(
    serve: Serve, client: GitHub
) -> None:
    runs = serve(80)
    runs.faulty = lambda page, per_page: per_page == 25 and page == 2
    pages = [*client.list_workflow_runs("acme/app", paging=Paging(per_page=25))]
    assert [(p.number, p.per_page) for p in pages][:2] == [(1, 25), (3, 10)]
    assert pages[1].items[0]["id"] == 20


@pytest.mark.parametrize("concurrency", [1, 4])
def test_pages_grow_again_after_the_rows_that_made_them_too_big(
    serve: Serve, client: GitHub, concurrency: int
) -> None:
    runs = serve(2_000)
    heavy = range(250, 260)
    runs.faulty = lambda page, per_page: (
        per_page > 25 and any(row // per_page == page - 1 for row in heavy)
    )
    pages = [*client.list_workflow_runs("acme/app", paging=Paging(concurrency=concurrency))]
    assert sorted({item["id"] for page in pages for item in page.items}) == [*range(2_000)]
    assert {page.per_page for page in pages if page.items[0]["id"] < 200} == {100}
    assert {page.per_page for page in pages if 200 <= page.items[0]["id"] < 300} == {50, 25}
    assert {page.per_page for page in pages if page.items[0]["id"] >= 600} == {100}
    # No row is read twice, and only the page with the heavy rows is asked for in vain.
    assert sum(len(page.items) for page in pages) == 2_000
    assert len(set(runs.asked)) - len(pages) <= 2 + PAGES_KEPT * concurrency


def test_large_pages_that_always_fail_are_tried_less_and_less_often(
    serve: Serve, client: GitHub
) -> None:
    runs = serve(10_000)
    runs.faulty = lambda page, per_page: per_page > 50
    assert ids(client.list_workflow_runs("acme/app")) == [*range(10_000)]
    in_vain = [page for page, per_page in runs.asked if per_page == 100]
    assert sorted({*in_vain}) == [1, 3, 7, 15, 31, 63]
    assert len(runs.asked) == 200 + 2 * 6


def test_pages_never_grow_beyond_the_requested_size(serve: Serve, client: GitHub) -> None:
    runs = serve(400)
    runs.faulty = lambda page, per_page: (page, per_page) == (2, 30)
    pages = [*client.list_workflow_runs("acme/app", paging=Paging(per_page=30))]
    assert sorted({item["id"] for page in pages for item in page.items}) == [*range(400)]
    assert [pages[0].per_page, pages[1].per_page, pages[-1].per_page] == [30, 25, 30]


def test_a_page_that_fails_once_keeps_its_size(serve: Serve, client: GitHub) -> None:
    runs = serve(200)
    runs.faulty = lambda page, per_page: len(runs.asked) == 2
    assert [p.per_page for p in client.list_workflow_runs("acme/app")] == [100, 100]


def test_a_list_that_fails_at_every_size_is_one_sentence(serve: Serve, client: GitHub) -> None:
    runs = serve(200)
    runs.faulty = lambda page, per_page: True
    with pytest.raises(GitHubError, match=f"GET {PATH}: 502 Bad Gateway in 5 tries") as caught:
        next(client.list_workflow_runs("acme/app"))
    assert caught.value.status == 502
    assert [size for _, size in runs.asked] == [100, 100, 50, 50, 25, 25, 10, 10, 10, 10, 10]


def test_a_page_never_has_more_than_a_hundred_rows(serve: Serve, client: GitHub) -> None:
    runs = serve(150)
    assert [
        p.per_page for p in client.list_workflow_runs("acme/app", paging=Paging(per_page=500))
    ] == [100, 100]
    assert runs.asked[0] == (1, 100)


def answer(server: HTTPServer, body: Any, **options: Any) -> None:
    server.expect_request(PATH).respond_with_data(json.dumps(body), **options)


@pytest.mark.parametrize("body", [{}, {"workflow_runs": None}, {"workflow_runs": {"id": 1}}])
def test_an_answer_without_the_list_is_one_sentence(
    server: HTTPServer, client: GitHub, body: Any
) -> None:
    answer(server, body)
    problem = f"GET {PATH}: 200 with a body that holds no list 'workflow_runs' in "
    with pytest.raises(Unanswered, match=problem):
        next(client.list_workflow_runs("acme/app"))


def test_an_error_with_status_200_is_tried_again(server: HTTPServer, client: GitHub) -> None:
    for body in ({"message": "Server Error"}, {"workflow_runs": [{"id": 1}]}):
        server.expect_ordered_request(PATH).respond_with_json(body)
    assert next(client.list_workflow_runs("acme/app")).items == [{"id": 1}]


def test_rows_of_any_type_are_passed_on(server: HTTPServer, client: GitHub) -> None:
    answer(server, {"workflow_runs": [1, None, {"id": 2}]})
    assert next(client.list_workflow_runs("acme/app")).items == [1, None, {"id": 2}]


@pytest.mark.parametrize("count", [None, "3", True, 2.5])
def test_a_count_that_is_not_a_number_is_unknown(
    server: HTTPServer, client: GitHub, count: Any
) -> None:
    answer(server, {"workflow_runs": [], "total_count": count})
    assert next(client.list_workflow_runs("acme/app")).total_count is None


def test_a_link_that_skips_pages_shows_in_the_page_number(
    server: HTTPServer, client: GitHub
) -> None:
    server.expect_request(PATH, query_string="page=5").respond_with_data('{"workflow_runs": []}')
    answer(server, {"workflow_runs": []}, headers={"Link": f'<{PATH}?page=5>; rel="next"'})
    assert [page.number for page in client.list_workflow_runs("acme/app")] == [1, 5]


def test_the_end_of_pagination_is_an_error_of_its_own(server: HTTPServer, client: GitHub) -> None:
    message = "In order to keep the API fast for everyone, pagination is limited for this resource."
    answer(server, {"message": message, "status": "422"}, status=422)
    with pytest.raises(PaginationLimited, match="list shorter windows of creation time"):
        next(client.list_workflow_runs("acme/app"))


def test_an_empty_repository_is_one_empty_page(server: HTTPServer, client: GitHub) -> None:
    answer(server, {"message": "Git Repository is empty."}, status=409)
    assert [*client.list_workflow_runs("acme/app")] == [Page([], 0, 1, 100, None)]
    with pytest.raises(GitHubError, match="409 Git Repository is empty"):
        next(client.list_workflow_runs("acme/app", paging=Paging(conflict_is_empty=False)))


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/repositories/7/actions/runs?page=2",
        "//evil.example/x",
        "http://127.0.0.1:1/x",
        "https://127.0.0.1/x",
        "http://127.0.0.1@evil.example/x",
        "http://[::1/x",
        "ftp://127.0.0.1/x",
        "http://127.0.0.1:port/x",
    ],
)
def test_a_next_page_elsewhere_is_refused(server: HTTPServer, client: GitHub, link: str) -> None:
    answer(server, {"workflow_runs": []}, headers={"Link": f'<{link}>; rel="next"'})
    pages = client.list_workflow_runs("acme/app")
    next(pages)
    with pytest.raises(GitHubError, match=f"GET {PATH}: refused to follow GitHub to"):
        next(pages)
    assert client.requests == 1


def test_a_next_page_that_is_this_page_is_refused(server: HTTPServer, client: GitHub) -> None:
    link = f'<{PATH}?per_page=100&page=2>; rel="next"'
    answer(server, {"workflow_runs": []}, headers={"Link": link})
    pages = client.list_workflow_runs("acme/app")
    next(pages)
    with pytest.raises(GitHubError, match="lead in a circle"):
        next(pages)


def test_the_url_of_the_next_page_is_used_unchanged(server: HTTPServer, client: GitHub) -> None:
    link = f'<{PATH}?after=b%2Fc&Page=x>; rel="next"'
    server.expect_request(PATH, query_string="after=b%2Fc&Page=x").respond_with_data(
        '{"workflow_runs": [{"id": 2}]}'
    )
    answer(server, {"workflow_runs": [{"id": 1}]}, headers={"Link": link})
    assert ids(client.list_workflow_runs("acme/app")) == [1, 2]
