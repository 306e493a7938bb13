"""Answers of a hostile server: each ends in one sentence, soon, and in little memory."""

import json
import os
import re
import time
import zlib
from collections.abc import Callable, Iterator
from itertools import repeat
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from support.byte_server import ByteServer, Reply, http
from support.commands import Launcher
from support.paths import ROOT
from werkzeug import Request, Response

from telemetry.github import pagination
from telemetry.github.bounds import LARGEST_ANSWER
from telemetry.github.client import GitHub
from telemetry.github.decoding import MOST_VALUES
from telemetry.github.errors import GitHubError
from telemetry.github.options import Options, Paging
from telemetry.rows.reading import UnreadableRow
from telemetry.rows.runs import WorkflowRun, read_run

pytestmark = pytest.mark.scenario

MOST_MEGABYTES = 300
TIMEOUT = 2.0
OK = http(b'{"ok": true}')
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
UNTIL_CLOSED = b"HTTP/1.1 200 OK\r\n\r\n"


def parts(first: bytes, rest: bytes, seconds: float = 0.0) -> Callable[[], Iterator[bytes]]:
    """A reply that never ends: `rest` again and again, that long apart."""

    def reply() -> Iterator[bytes]:
        yield first
        for part in repeat(rest):
            time.sleep(seconds)
            yield part

    return reply


def drop_by_drop(reply: bytes) -> Callable[[], Iterator[bytes]]:
    """A reply that is whole after ten times as long as a whole answer may take."""

    def drops() -> Iterator[bytes]:
        for number in range(len(reply)):
            time.sleep(10 * TIMEOUT / len(reply))
            yield reply[number : number + 1]

    return drops


def bomb() -> bytes:
    """Three gigabytes of blanks, packed by gzip."""
    packed = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    head = packed.compress(b'{"ok": ') + packed.flush(zlib.Z_FULL_FLUSH)
    block = packed.compress(b" " * 2**24) + packed.flush(zlib.Z_FULL_FLUSH)
    return http(head + 192 * block + packed.flush(), "Content-Encoding: gzip")


def nested(depth: int) -> bytes:
    return b'{"":' * depth + b"0" + b"}" * depth


TOO_SLOW = f"no answer within {TIMEOUT:g} s"
TOO_LARGE = f"(200 with )?more than 4 MiB|{TOO_SLOW}"  # whichever bound is met first
TOO_MANY = f"200 with a body that holds more than {MOST_VALUES:,} values"
HOSTILE: dict[str, tuple[Callable[[], Reply], str]] = {
    "a gzip bomb": (bomb, TOO_LARGE),
    "a body packed as something else": (
        lambda: http(zlib.compress(b"{}"), "Content-Encoding: deflate"),
        "200 with a body in another compression than gzip",
    ),
    "a body of 50 MB": (lambda: http(b'{"name": "' + b"x" * 50_000_000 + b'"}'), TOO_LARGE),
    "the promise of a petabyte": (lambda: http(b"{", length=10**15), TOO_LARGE),
    "an endless body": (lambda: parts(UNTIL_CLOSED, b" " * 65_536), TOO_LARGE),
    "endless chunks": (lambda: parts(CHUNKED, b"ffff\r\n" + b" " * 65_535 + b"\r\n"), TOO_LARGE),
    "a chunk without an end": (lambda: parts(CHUNKED + b"-1\r\n", b" " * 65_536), TOO_LARGE),
    "a chunk of less than nothing": (lambda: CHUNKED + b"-5\r\n{}", "the answer broke off"),
    "a chunk of a petabyte": (
        lambda: parts(CHUNKED + b"f" * 12, b" " * 65_536),
        "the answer broke",
    ),
    "endless trailers": (lambda: parts(CHUNKED + b"0\r\n", b"x: y\r\n" * 9_999), TOO_LARGE),
    "endless interim answers": (
        lambda: parts(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 999),
        TOO_LARGE,
    ),
    "endless early hints": (
        lambda: parts(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 999),
        TOO_LARGE,
    ),
    "a header of a megabyte": (lambda: http(b"{}", "x: " + "y" * 2**20), "the answer broke off"),
    "a thousand headers": (lambda: http(b"{}", *["x: y"] * 1_000), "the answer broke off"),
    "headers of six megabytes": (lambda: http(b"{}", *[f"x: {'y' * 65_000}"] * 95), TOO_LARGE),
    "a byte now and then": (lambda: drop_by_drop(OK), TOO_SLOW),
    "a line now and then": (lambda: parts(UNTIL_CLOSED, b"\r\n", 0.2), TOO_SLOW),
    "JSON 100,000 deep": (lambda: http(nested(100_000)), "200 with a body that is not JSON"),
    "JSON 900 deep, as wide as allowed": (
        lambda: http(b'{"":[' + b",".join([nested(900)] * 210) + b"]}"),
        "",
    ),
    "JSON of empty lists": (lambda: http(b"[" + b"[]," * 10**6 + b"[]]"), TOO_MANY),
    "a number of a million digits": (lambda: http(b"9" * 10**6), "200 with a body that is not"),
}
PROGRAM = """
import signal, sys, time
signal.alarm(60)
from telemetry.github.client import GitHub
from telemetry.github.errors import GitHubError
from telemetry.github.options import Options
began = time.monotonic()
options = Options(base_url=sys.argv[1], timeout=float(sys.argv[2]), tries=2, sleep=lambda _: None)
try:
    GitHub(None, options).get("/x")
except GitHubError as error:
    print(error)
else:
    print("")
print(time.monotonic() - began)
# Not ru_maxrss, which begins with the size of the process that started this one.
print(int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]) / 1024)
"""


@pytest.fixture
def run(launcher: Launcher, tmp_path: Path) -> Callable[..., list[str]]:
    """Runs a program in a process of its own, whose memory can be measured; returns its lines."""

    def program(text: str, *arguments: object) -> list[str]:
        (tmp_path / "program.py").write_text(text)
        environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
        done = launcher.run(tmp_path / "program.py", *arguments, environ=environ)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    return program


@pytest.mark.parametrize(("reply", "told"), HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_answer_is_one_sentence_after_a_bounded_time_and_in_bounded_memory(
    server: ByteServer, run: Callable[..., list[str]], reply: Callable[[], Reply], told: str
) -> None:
    server.replies = [(reply(), "close")] * 2
    text, seconds, megabytes = run(PROGRAM, server.url, TIMEOUT)
    if told:
        end = "in 2 tries; try again later, and check GITHUB_API_URL if it keeps failing"
        assert re.fullmatch(f"GET /x: ({told}).* {end}", text)
    assert float(megabytes) < MOST_MEGABYTES
    assert float(seconds) < 2 * TIMEOUT + 20  # so slow may this machine be


READ_AHEAD = """
import signal, sys
signal.alarm(60)
from telemetry.github.client import GitHub
from telemetry.github.options import Options, Paging
from telemetry.rows.runs import read_run
paging = Paging(concurrency=16, read=read_run)
with GitHub(None, Options(base_url=sys.argv[1])) as client:
    kept = [*client.pages("/x", "rows", paging=paging)]
print(sum(len(page.items) for page in kept))
# Not ru_maxrss, which begins with the size of the process that started this one.
print(int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]) / 1024)
"""


def test_pages_read_ahead_that_hold_as_much_as_allowed_stay_in_bounded_memory(
    run: Callable[..., list[str]],
) -> None:
    body = b'{"rows": [' + b",".join([nested(190)] * 1_000) + b"]}"

    def answer(request: Request) -> Response:
        page = int(request.args.get("page", 1))
        links = f'</x?page={page + 1}>; rel="next", </x?page=10>; rel="last"'
        return Response(body, headers={"Link": links} if page < 10 else {})

    with HTTPServer(host="127.0.0.1", threaded=True) as server:
        server.expect_request("/x").respond_with_handler(answer)
        rows, megabytes = run(READ_AHEAD, server.url_for(""))
    assert int(rows) == 10_000
    assert float(megabytes) < MOST_MEGABYTES


@pytest.fixture
def client(server: ByteServer) -> Iterator[GitHub]:
    options = Options(base_url=server.url, sleep=lambda seconds: None, proxies={})
    with GitHub(None, options) as client:
        yield client


def test_a_proxy_that_answers_drop_by_drop_is_given_up(server: ByteServer) -> None:
    server.replies = [(drop_by_drop(b"HTTP/1.1 200 OK\r\n\r\n"), "close")]
    options = Options("https://ghes.example", timeout=0.2, tries=1, proxies={"https": server.url})
    with GitHub(None, options) as client, pytest.raises(GitHubError, match="no connection to ghes"):
        client.get("/x")


def rows(*headers: str, count: int = 1) -> bytes:
    return http(json.dumps({"rows": [{}] * count, "total_count": 2**70}).encode(), *headers)


def test_pages_without_end_are_given_up(
    server: ByteServer, client: GitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pagination, "MOST_PAGES", 40)
    server.replies = [(rows(f'Link: </x?page={n}>; rel="next"'), "keep") for n in range(2, 50)]
    found = []
    with pytest.raises(GitHubError) as caught:
        for page in client.pages("/x", "rows"):
            found.append(page)
    assert str(caught.value) == (
        "GET /x: the list does not end after 40 pages; check GITHUB_API_URL"
    )
    assert (len(found), client.requests) == (39, 40)


def test_an_announced_last_page_of_a_billion_is_not_requested(
    server: ByteServer, client: GitHub
) -> None:
    links = 'Link: </x?page=2>; rel="next", </x?page=999999999>; rel="last"'
    server.replies = [(rows(links), "keep"), *[(rows(), "keep")] * 20]
    pages = [*client.pages("/x", "rows", paging=Paging(concurrency=4))]
    assert [page.number for page in pages] == [1, 2]
    assert client.requests <= 1 + 4 * pagination.PAGES_KEPT


def test_a_link_that_is_too_long_is_refused(server: ByteServer, client: GitHub) -> None:
    server.replies = [(rows(f'Link: </x?{"y" * 60_000}>; rel="next"'), "keep")]
    pages = client.pages("/x", "rows")
    next(pages)
    with pytest.raises(GitHubError, match="refused to follow GitHub to an unreadable URL"):
        next(pages)


@pytest.mark.parametrize("etag", ["x", '"a\r\n b"', '"' + "x" * 300 + '"', '"a" b', '"ü"'])
def test_an_etag_that_cannot_be_sent_back_is_none(
    server: ByteServer, client: GitHub, etag: str
) -> None:
    server.replies = [(rows(f"ETag: {etag}"), "keep")]
    assert next(client.pages("/x", "rows")).etag is None


def test_an_answer_just_within_the_bound_is_used(server: ByteServer, client: GitHub) -> None:
    body = b'{"ok": true, "x": "' + b"x" * (LARGEST_ANSWER - 1_000) + b'"}'
    server.replies = [(http(body), "keep")]
    assert client.get("/x")["ok"] is True


def test_pages_before_a_hostile_page_are_kept(server: ByteServer, client: GitHub) -> None:
    first = rows('Link: </x?per_page=100&page=2>; rel="next"', count=100)
    server.replies = [(first, "keep"), *[(http(b"{", length=10**15), "close")] * 11]
    pages = client.pages("/x", "rows")
    assert len(next(pages).items) == 100
    with pytest.raises(GitHubError, match="200 with more than 4 MiB in 5 tries"):
        next(pages)


@pytest.mark.parametrize("value", [2**70, -1, {"": 0}])
def test_an_id_out_of_range_makes_one_row_unreadable(
    server: ByteServer, client: GitHub, value: object
) -> None:
    runs = [{"id": number, "created_at": "2026-01-01T00:00:00Z"} for number in (value, 1)]
    server.replies = [(http(json.dumps({"rows": runs}).encode()), "keep")]
    (page,) = client.pages("/x", "rows", paging=Paging(read=read_run))
    unreadable, run = page.items
    assert isinstance(unreadable, UnreadableRow) and "id is " in str(unreadable)
    assert isinstance(run, WorkflowRun) and run.github_run_id == 1


@pytest.mark.parametrize("depth", range(900, 1_000, 9))
def test_a_value_nested_to_the_limit_is_named_or_not_json(
    server: ByteServer, client: GitHub, depth: int
) -> None:
    server.replies = [(http(b'{"rows": [{"id": ' + nested(depth) + b"}]}"), "keep")] * 11
    try:
        (page,) = client.pages("/x", "rows", paging=Paging(read=read_run))
    except GitHubError as error:
        assert "a body that is not JSON" in str(error)
    else:
        assert isinstance(page.items[0], UnreadableRow)
