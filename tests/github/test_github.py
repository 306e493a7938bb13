"""The client against a real HTTP server: recorded exchanges, limits, redirects, refusals."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from telemetry.github.answers import RateLimit
from telemetry.github.client import GitHub
from telemetry.github.errors import GitHubError, NotFound, RateLimited
from telemetry.github.options import Options, Paging

TOKEN = "ghp_secret0123456789"
NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
DATE = {"Date": "Mon, 23 Nov 2026 14:00:00 GMT"}
RUN = "/repos/acme/app/actions/runs/1"
SECONDARY = {"message": "You have exceeded a secondary rate limit. Please wait."}

Connect = Callable[..., GitHub]


@pytest.fixture
def connect(httpserver: HTTPServer, slept: list[float], said: list[str]) -> Iterator[Connect]:
    clients: list[GitHub] = []

    def connect(**options: object) -> GitHub:
        defaults = {
            "base_url": httpserver.url_for(""),
            "sleep": slept.append,
            "clock": NOW.timestamp,
            "timer": NOW.timestamp,
            "jitter": lambda: 0.0,
            "notify": said.append,
            "proxies": {},
        }
        token = options.pop("token", TOKEN)
        clients.append(GitHub(token, Options(**(defaults | options))))  # type: ignore[arg-type]
        return clients[-1]

    yield connect
    for client in clients:
        client.close()


def reply(status: int = 200, body: Any = None, **headers: str) -> Response:
    text = body if isinstance(body, str) else json.dumps(body or {})
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(text, status, headers=DATE | named)


def serve(server: HTTPServer, *replies: Response, path: str = RUN) -> None:
    """Answer requests for `path` with one reply after the other, then always with the last."""
    left = list(replies)

    def answer(request: Request) -> Response:
        return left.pop(0) if len(left) > 1 else left[0]

    server.expect_request(path).respond_with_handler(answer)


def paths(server: HTTPServer) -> list[str]:
    return [request.full_path.rstrip("?") for request, _ in server.log]


# What is asked for


def test_a_run_is_requested_by_id(httpserver: HTTPServer, connect: Connect) -> None:
    serve(httpserver, reply(body={"id": 1, "run_attempt": 2}))
    assert connect().get_workflow_run("acme/app", 1) == {"id": 1, "run_attempt": 2}


def test_an_attempt_is_requested_by_number(httpserver: HTTPServer, connect: Connect) -> None:
    serve(httpserver, reply(body={"id": 1}), path=f"{RUN}/attempts/2")
    assert connect().get_workflow_run("acme/app", 1, attempt=2) == {"id": 1}


def test_a_repository_is_requested_by_name(httpserver: HTTPServer, connect: Connect) -> None:
    serve(httpserver, reply(body={"id": 7}), path="/repos/acme/app.js-2_x")
    assert connect().get_repository("acme/app.js-2_x") == {"id": 7}


def test_runs_are_listed_without_pull_requests_and_without_a_filter(
    httpserver: HTTPServer, connect: Connect
) -> None:
    serve(httpserver, reply(body={"workflow_runs": []}), path="/repos/acme/app/actions/runs")
    list(connect().list_workflow_runs("acme/app"))
    assert paths(httpserver) == [
        "/repos/acme/app/actions/runs?exclude_pull_requests=true&per_page=100"
    ]


def test_filters_are_sent_unchanged(httpserver: HTTPServer, connect: Connect) -> None:
    serve(httpserver, reply(body={"workflow_runs": []}), path="/repos/acme/app/actions/runs")
    filters = {
        "status": "completed",
        "created": "2026-01-01T00:00:00+07:00..2026-02-01",
    }
    list(connect().list_workflow_runs("acme/app", paging=Paging(per_page=10), **filters))
    assert httpserver.log[0][0].args.to_dict() == {
        **filters,
        "exclude_pull_requests": "true",
        "per_page": "10",
    }


@pytest.mark.parametrize(
    "name", ["", "app", "acme/", "/app", "acme/..", "acme/app/x", "acme/a b", "acme/app?x", "ä/ö"]
)
def test_a_repository_that_is_not_owner_and_name_is_refused(connect: Connect, name: str) -> None:
    client = connect()
    with pytest.raises(GitHubError, match="REPO must name repositories as owner/name"):
        client.list_workflow_runs(name)
    assert client.requests == 0


# What is counted


def test_the_last_rate_limit_and_time_can_be_read(httpserver: HTTPServer, connect: Connect) -> None:
    limit = {
        "x-ratelimit-limit": "5000",
        "x-ratelimit-remaining": "4982",
        "x-ratelimit-reset": "1795446000",
    }
    serve(httpserver, reply(**limit))
    client = connect()
    assert (client.rate_limit, client.github_time) == (None, None)
    client.get(RUN)
    reset_at = datetime.fromtimestamp(1795446000, UTC)
    assert client.rate_limit == RateLimit(5000, 4982, reset_at)
    assert client.github_time == NOW


def test_a_server_without_limits_leaves_the_rate_limit_unknown(
    httpserver: HTTPServer, connect: Connect
) -> None:
    serve(httpserver, reply())
    client = connect()
    client.get(RUN)
    assert client.rate_limit is None


def test_an_answer_without_limits_leaves_the_last_rate_limit(
    httpserver: HTTPServer, connect: Connect
) -> None:
    limit = {"x-ratelimit-limit": "60", "x-ratelimit-remaining": "59", "x-ratelimit-reset": "1"}
    serve(httpserver, reply(**limit), reply())
    client = connect()
    client.get(RUN)
    client.get(RUN)
    assert client.rate_limit is not None


def test_retries_and_redirects_count_as_requests(httpserver: HTTPServer, connect: Connect) -> None:
    serve(httpserver, reply(502), reply(302, location="/elsewhere"))
    serve(httpserver, reply(), path="/elsewhere")
    client = connect()
    client.get(RUN)
    assert client.requests == 3 == len(httpserver.log)


def test_the_end_of_an_api_version_is_reported_once(
    httpserver: HTTPServer, connect: Connect, said: list[str]
) -> None:
    serve(httpserver, reply(), reply(sunset="Fri, 10 Mar 2028 00:00:00 GMT"))
    client = connect()
    for _ in range(3):
        client.get(RUN)
    assert said == [
        "GitHub is going to switch off API version 2022-11-28 (Fri, 10 Mar 2028 00:00:00 GMT); look"
        " for a newer actions-telemetry"
    ]


# Limits


def test_retry_after_is_waited_for_and_reported(
    httpserver: HTTPServer, connect: Connect, slept: list[float], said: list[str]
) -> None:
    serve(httpserver, reply(429, SECONDARY, retry_after="8"), reply(body={"id": 1}))
    assert connect().get(RUN) == {"id": 1}
    assert slept == [8]
    assert said == ["GitHub secondary rate limit reached; resuming at 14:00:08 UTC (in 8 seconds)"]


def primary(seconds: int) -> Response:
    reset = str(int(NOW.timestamp()) + seconds)
    message = {"message": "API rate limit exceeded for user ID 1."}
    return reply(403, message, x_ratelimit_remaining="0", x_ratelimit_reset=reset)


def test_the_primary_limit_is_waited_for_until_its_reset(
    httpserver: HTTPServer, connect: Connect, slept: list[float], said: list[str]
) -> None:
    serve(httpserver, primary(211), reply())
    connect(max_wait=300).get(RUN)
    assert slept == [212]
    assert said == ["GitHub rate limit reached; resuming at 14:03:32 UTC (in 4 minutes)"]


def test_a_wait_longer_than_allowed_raises_an_error_with_its_end(
    httpserver: HTTPServer, connect: Connect, slept: list[float], said: list[str]
) -> None:
    serve(httpserver, primary(1800))
    with pytest.raises(RateLimited) as caught:
        connect().get(RUN)
    assert str(caught.value) == (
        f"GET {RUN}: GitHub rate limit reached until 2026-11-23 14:30:00 UTC (in 30 minutes); "
        "run it again then"
    )
    assert caught.value.reset_at == datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
    assert (slept, said) == ([], [])


def test_without_a_token_a_limit_names_the_variable(
    httpserver: HTTPServer, connect: Connect
) -> None:
    serve(httpserver, primary(1800))
    with pytest.raises(RateLimited, match="more is allowed with a token in MY_TOKEN"):
        connect(token=None, token_variable="MY_TOKEN").get(RUN)


def test_after_a_limit_too_long_nothing_more_is_sent_until_it_ends(
    httpserver: HTTPServer, connect: Connect
) -> None:
    serve(httpserver, primary(1800))
    client = connect()
    for path in (RUN, RUN, "/other"):
        with pytest.raises(RateLimited):
            client.get(path)
    assert client.requests == 1


def test_after_the_reset_requests_are_sent_again(httpserver: HTTPServer, connect: Connect) -> None:
    serve(httpserver, primary(1800), reply(body={"id": 1}))
    moments = [NOW.timestamp()]
    client = connect(timer=lambda: moments[-1])
    with pytest.raises(RateLimited):
        client.get(RUN)
    moments.append(NOW.timestamp() + 1802)
    assert client.get(RUN) == {"id": 1}


def test_secondary_limits_wait_longer_each_time_and_not_for_ever(
    httpserver: HTTPServer, connect: Connect, slept: list[float]
) -> None:
    serve(httpserver, reply(403, SECONDARY, x_ratelimit_remaining="4000"))
    client = connect(max_wait=1000)
    with pytest.raises(RateLimited, match="GitHub secondary rate limit reached 5 times, now until"):
        client.get(RUN)
    assert slept == [60, 120, 240, 480]
    assert client.requests == 5


def test_jitter_spreads_a_guessed_wait_but_not_past_the_longest(
    httpserver: HTTPServer, connect: Connect, slept: list[float]
) -> None:
    serve(httpserver, *[reply(403, SECONDARY)] * 2, reply())
    connect(jitter=lambda: 0.5).get(RUN)
    assert slept == [63, 120]


def test_jitter_does_not_change_a_wait_given_by_github(
    httpserver: HTTPServer, connect: Connect, slept: list[float]
) -> None:
    serve(httpserver, reply(429, retry_after="8"), reply())
    connect(jitter=lambda: 1.0).get(RUN)
    assert slept == [8]


def test_a_limit_met_by_one_thread_stops_the_others(
    httpserver: HTTPServer, connect: Connect, said: list[str]
) -> None:
    serve(httpserver, reply(429, retry_after="30"), reply(), path="/first")
    serve(httpserver, reply(), path="/second")
    sleeping, awake, other_sleeps = threading.Event(), threading.Event(), threading.Event()

    def sleep(seconds: float) -> None:
        if sleeping.is_set():
            other_sleeps.set()
        sleeping.set()
        awake.wait(300)

    client = connect(sleep=sleep)
    first = threading.Thread(target=client.get, args=("/first",))
    second = threading.Thread(target=client.get, args=("/second",))
    first.start()
    assert sleeping.wait(300)
    second.start()
    assert other_sleeps.wait(300)
    assert paths(httpserver) == ["/first"]
    awake.set()
    first.join(300)
    second.join(300)
    assert sorted(paths(httpserver)) == ["/first", "/first", "/second"]
    assert len(said) == 1


# Faults and refusals


def test_faults_back_off_exponentially_and_each_wait_is_reported(
    httpserver: HTTPServer, connect: Connect, slept: list[float], said: list[str]
) -> None:
    serve(httpserver, reply(500), reply(503, "<html>"), reply(200, "<html>"), reply(504), reply())
    connect().get(RUN)
    assert slept == [1, 2, 4, 8]
    assert said == [
        f"GET {RUN}: 500 Internal Server Error; trying again at 14:00:01 UTC (in 1 second)",
        f"GET {RUN}: 503 Service Unavailable; trying again at 14:00:02 UTC (in 2 seconds)",
        f"GET {RUN}: 200 with a body that is not JSON; trying again at 14:00:04 UTC (in 4 seconds)",
        f"GET {RUN}: 504 Gateway Timeout; trying again at 14:00:08 UTC (in 8 seconds)",
    ]


def test_a_server_that_asks_to_wait_is_asked_again_no_sooner(
    httpserver: HTTPServer, connect: Connect, slept: list[float], said: list[str]
) -> None:
    serve(httpserver, reply(503, retry_after="40"), reply(503, retry_after="1"), reply())
    connect().get(RUN)
    assert slept == [40, 2]
    assert said == [
        f"GET {RUN}: 503 Service Unavailable; trying again at 14:00:40 UTC (in 40 seconds)"
    ]


def test_a_server_that_asks_for_a_short_wait_is_also_asked_for_smaller_pages(
    httpserver: HTTPServer, connect: Connect, slept: list[float]
) -> None:
    runs = "/repos/acme/app/actions/runs"
    faults = [reply(503, retry_after="5")] * 3
    serve(httpserver, *faults, reply(body={"workflow_runs": [], "total_count": 0}), path=runs)
    assert [page.items for page in connect().list_workflow_runs("acme/app")] == [[]]
    assert slept == [5, 5]
    assert [request.args["per_page"] for request, _ in httpserver.log] == ["100"] * 2 + ["50"] * 2


def test_a_server_that_asks_to_wait_too_long_is_asked_once(
    httpserver: HTTPServer, connect: Connect, slept: list[float]
) -> None:
    serve(httpserver, reply(503, retry_after="3600"), path="/repos/acme/app/actions/runs")
    client = connect()
    with pytest.raises(GitHubError) as caught:
        list(client.list_workflow_runs("acme/app"))
    assert str(caught.value) == (
        "GET /repos/acme/app/actions/runs: 503 Service Unavailable in 1 try, and the server asks to"
        " wait 60 minutes; try again later, and check GITHUB_API_URL if it keeps failing"
    )
    assert (slept, client.requests) == ([], 1)


def test_a_cause_is_told_once_a_minute_and_counted_to_the_end(
    httpserver: HTTPServer, connect: Connect, slept: list[float], said: list[str]
) -> None:
    httpserver.expect_request(re.compile("/repos/.*")).respond_with_response(reply(502))
    now = NOW.timestamp()
    client = connect(tries=3, clock=lambda: now, timer=lambda: now)
    for run in ("acme/app/actions/runs/1", "acme/app/actions/runs/2", "acme/web/actions/runs/3"):
        with pytest.raises(GitHubError):
            client.get(f"/repos/{run}")
    now += 60
    with pytest.raises(GitHubError):
        client.get(RUN)
    with pytest.raises(GitHubError):
        client.get(f"{RUN}/jobs")
    client.close()
    assert slept == [1, 2] * 5
    again = "502 Bad Gateway; trying again"
    assert said == [
        f"GET {RUN}: {again} at 14:00:01 UTC (in 1 second)",
        f"GET {RUN}: {again} at 14:01:01 UTC (in 1 second), after 5 others",
        f"GET {RUN}/jobs: {again} at 14:01:01 UTC (in 1 second)",
        f"GET /repos/…/actions/runs/…: {again}, 1 more time",
        f"GET /repos/…/actions/runs/…/jobs: {again}, 1 more time",
    ]


def test_faults_are_retried_as_often_as_allowed(httpserver: HTTPServer, connect: Connect) -> None:
    serve(httpserver, reply(502))
    client = connect(tries=3)
    with pytest.raises(GitHubError) as caught:
        client.get(RUN)
    assert str(caught.value) == (
        f"GET {RUN}: 502 Bad Gateway in 3 tries; try again later, and check GITHUB_API_URL if it"
        " keeps failing"
    )
    assert (caught.value.status, client.requests) == (502, 3)


def test_a_404_is_tried_twice(httpserver: HTTPServer, connect: Connect) -> None:
    serve(httpserver, reply(404, {"message": "Not Found"}))
    client = connect()
    with pytest.raises(NotFound) as caught:
        client.get("/repos/acme/app/actions/runs/1")
    assert str(caught.value) == (
        "GET /repos/acme/app/actions/runs/1: 404 not found; check the name in REPO and that the"
        " token can read Actions"
    )
    assert (caught.value.status, client.requests) == (404, 2)


def test_a_404_without_retry_costs_one_request_and_no_wait(
    httpserver: HTTPServer, connect: Connect, slept: list[float]
) -> None:
    serve(httpserver, reply(404, {"message": "Not Found"}))
    client = connect()
    with pytest.raises(NotFound):
        client.get_workflow_run("acme/app", 1, retry_missing=False)
    assert (client.requests, slept) == (1, [])


def test_a_temporary_404_is_not_an_error(httpserver: HTTPServer, connect: Connect) -> None:
    serve(httpserver, reply(404, {"message": "Not Found"}), reply(body={"id": 1}))
    assert connect().get(RUN) == {"id": 1}


@pytest.mark.parametrize(
    ("status", "message", "told"),
    [
        (304, "", "304 Not Modified"),
        (400, "unknown version", "400 unknown version"),
        (401, "Bad credentials", "check that the token in GITHUB_TOKEN is complete"),
        (403, "Resource not accessible by integration", "the permission actions=read"),
        (409, "Git Repository is empty.", "409 Git Repository is empty; "),
        (410, "Gone", "410 Gone; either API version 2022-11-28 is retired"),
        (422, "Validation Failed", "422 Validation Failed; check the values"),
        (
            451,
            "Repository access blocked",
            "take the repository out of REPO, or with ORG name it in EXCLUDE",
        ),
    ],
)
def test_a_refusal_is_one_sentence_at_once(
    httpserver: HTTPServer, connect: Connect, status: int, message: str, told: str
) -> None:
    serve(httpserver, reply(status, {"message": message} if message else ""))
    client = connect()
    with pytest.raises(GitHubError, match=told) as caught:
        client.get(RUN)
    assert str(caught.value).startswith(f"GET {RUN}: {status} ")
    assert type(caught.value) is GitHubError
    assert (caught.value.status, client.requests) == (status, 1)


def test_control_characters_of_the_server_do_not_reach_an_error(
    httpserver: HTTPServer, connect: Connect
) -> None:
    serve(httpserver, reply(401, {"message": "\u001b[31mred\n::error::x\u0000" + "y" * 9999}))
    with pytest.raises(GitHubError) as caught:
        connect().get(RUN)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400


# Redirects


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_on_the_same_host_is_followed(
    httpserver: HTTPServer, connect: Connect, status: int
) -> None:
    serve(httpserver, reply(status, location=httpserver.url_for("/repositories/7/x?y=1")))
    serve(httpserver, reply(body={"id": 7}), path="/repositories/7/x")
    assert connect().get(RUN) == {"id": 7}
    assert paths(httpserver)[1] == "/repositories/7/x?y=1"


@pytest.mark.parametrize("status", [301, 308])
def test_a_renamed_repository_is_remembered(
    httpserver: HTTPServer, connect: Connect, status: int
) -> None:
    number = httpserver.url_for("/repositories/7/actions/runs/1")
    serve(httpserver, reply(status, location=number))
    serve(httpserver, reply(body={"id": 1}), path="/repositories/7/actions/runs/1")
    serve(httpserver, reply(body={"id": 2}), path="/repositories/7/actions/runs/2")
    client = connect()
    client.get_workflow_run("acme/app", 1)
    assert client.get_workflow_run("acme/app", 2) == {"id": 2}
    assert paths(httpserver) == [
        RUN,
        "/repositories/7/actions/runs/1",
        "/repositories/7/actions/runs/2",
    ]


@pytest.mark.parametrize(
    ("status", "location"), [(302, "/repositories/7/actions/runs/1"), (301, "/repositories/7/x")]
)
def test_a_redirect_of_another_kind_is_not_remembered(
    httpserver: HTTPServer, connect: Connect, status: int, location: str
) -> None:
    serve(httpserver, reply(status, location=location))
    serve(httpserver, reply(), path=location)
    client = connect()
    client.get(RUN)
    client.get(RUN)
    assert paths(httpserver) == [RUN, location] * 2


def test_a_redirect_of_one_item_to_nowhere_moves_no_other(
    httpserver: HTTPServer, connect: Connect
) -> None:
    nowhere = "/repositories/7/actions/runs/1"
    serve(httpserver, reply(301, location=nowhere))
    serve(httpserver, reply(404), path=nowhere)
    serve(httpserver, reply(body={"id": 2}), path="/repos/acme/app/actions/runs/2")
    client = connect()
    with pytest.raises(NotFound):
        client.get_workflow_run("acme/app", 1, retry_missing=False)
    assert client.get_workflow_run("acme/app", 2) == {"id": 2}


@pytest.mark.parametrize(
    ("location", "host"),
    [
        ("https://evil.example/x", "https://evil.example"),
        ("//evil.example:8080/x", "http://evil.example:8080"),
        ("https://localhost/x", "https://localhost"),
        ("http://localhost:1/x", "http://localhost:1"),
        ("file:///etc/passwd", "an unreadable URL"),
    ],
)
def test_a_redirect_to_another_place_is_refused_by_name(
    httpserver: HTTPServer, connect: Connect, location: str, host: str
) -> None:
    serve(httpserver, reply(302, location=location))
    client = connect()
    with pytest.raises(GitHubError) as caught:
        client.get(RUN)
    assert str(caught.value) == (
        f"GET {RUN}: refused to follow GitHub to {host}, which is not the API host"
        f" {httpserver.url_for('').rstrip('/')}; check GITHUB_API_URL"
    )
    assert client.requests == 1


def test_the_token_does_not_leave_the_host(httpserver: HTTPServer, connect: Connect) -> None:
    with HTTPServer(host="127.0.0.1") as other:
        serve(other, reply())
        serve(httpserver, reply(302, location=other.url_for(RUN)))
        with pytest.raises(GitHubError, match="refused"):
            connect().get(RUN)
        assert other.log == []


def test_redirects_end_after_five(httpserver: HTTPServer, connect: Connect) -> None:
    serve(httpserver, reply(302, location=RUN))
    client = connect()
    with pytest.raises(GitHubError, match="more than 5 redirects"):
        client.get(RUN)
    assert client.requests == 6


def test_a_redirect_to_nowhere_is_one_sentence(httpserver: HTTPServer, connect: Connect) -> None:
    httpserver.expect_request(RUN).respond_with_data("", status=301)
    with pytest.raises(GitHubError, match="301 without a Location"):
        connect().get(RUN)


# Recorded exchanges


@pytest.fixture
def replay(httpserver: HTTPServer, recorded: Path) -> Callable[[str], tuple[str, Any]]:
    """Serve a recorded exchange; return its path and body."""

    def replayed(name: str) -> tuple[str, Any]:
        exchange = json.loads((recorded / "github" / f"{name}.json").read_text())
        here = httpserver.url_for("").rstrip("/")
        body = exchange["body"]
        headers = {
            name: value.replace("https://api.github.com", here)
            for name, value in exchange["headers"].items()
        }
        response = Response(
            body if isinstance(body, str) else json.dumps(body), exchange["status"], headers
        )
        path = exchange["request"]["path"].removeprefix("https://api.github.com")
        httpserver.expect_request(path.partition("?")[0]).respond_with_response(response)
        return path, body

    return replayed


Replay = Callable[[str], tuple[str, Any]]


@pytest.mark.parametrize(
    ("name", "kind", "told"),
    [
        ("http_error__hub4j_testArtifacts_13", NotFound, "404 not found; check the name in REPO"),
        ("http_error__hub4j_testDelete_8", NotFound, "404 not found; check the name in REPO"),
        ("http_error__hub4j_testLogs_9", NotFound, "404 not found; check the name in REPO"),
        ("http_error__otelcicd_15", NotFound, "404 not found; check the name in REPO"),
        ("http_error__pygithub_422", GitHubError, "422 Validation Failed (PublicKey key: key is"),
        ("http_error__pygithub_non_json", GitHubError, "503 Service Unavailable in 5 tries"),
        (
            "http_error__pygithub_Exceptions_testBadAuthentication",
            GitHubError,
            "401 Bad credentials; check that the token in GITHUB_TOKEN",
        ),
        ("http_not_modified__pygithub_304", GitHubError, "304 Not Modified"),
    ],
)
def test_a_recorded_error_is_one_sentence(
    replay: Replay, connect: Connect, name: str, kind: type[GitHubError], told: str
) -> None:
    path, _ = replay(name)
    with pytest.raises(GitHubError) as caught:
        connect().get(path)
    assert type(caught.value) is kind or kind is GitHubError
    assert str(caught.value).startswith(f"GET {path}: {told}")


@pytest.mark.parametrize(
    ("name", "waits"),
    [
        ("http_error__pygithub_SpecificExceptions_testRateLimitExceeded", [60, 120]),
        ("http_error__pygithub_SpecificExceptions_testAuthenticatedRateLimitExceeded", [60] * 4),
        ("adapted_http_error__hub4j_testHandler_Fail", [30] * 4),
        ("adapted_http_error__hub4j_testHandler_Wait_Secondary_Limits", [60, 120]),
        (
            "adapted_http_error__hub4j_testHandler_Wait_Secondary_Limits_Body_Marker_Only",
            [60, 120],
        ),
        ("adapted_http_error__hub4j_testHandler_Wait_Secondary_Limits_Too_Many_Requests", [8] * 4),
        (
            "adapted_http_error__hub4j_testHandler_Wait_Secondary_Limits_Too_Many_Requests"
            "_Date_Retry_After",
            [8] * 4,
        ),
        (
            "adapted_http_error__hub4j_testHandler_Wait_Secondary_Limits_Too_Many_Requests"
            "_No_Retry_After",
            [60, 120],
        ),
    ],
)
def test_a_recorded_limit_is_waited_for(
    replay: Replay, connect: Connect, slept: list[float], name: str, waits: list[float]
) -> None:
    path, _ = replay(name)
    bare, _, query = path.partition("?")
    params = dict(pair.split("=") for pair in query.split("&")) if query else None
    with pytest.raises(RateLimited):
        connect().get(bare, params)
    assert slept == waits


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("http_redirect__pygithub_301", "/repositories/146139403"),
        ("http_redirect__pygithub_302", "/repositories/2126244/contents/js"),
    ],
)
def test_a_recorded_redirect_is_followed(
    httpserver: HTTPServer, replay: Replay, connect: Connect, name: str, target: str
) -> None:
    path, _ = replay(name)
    serve(httpserver, reply(body={"id": 1}), path=target)
    assert connect().get(path) == {"id": 1}


@pytest.mark.parametrize(
    ("name", "last"),
    [
        ("http_runs__hub4j_testArtifacts_3", 77),
        ("http_runs__pygithub_PullRequest2408_test_get_workflow_runs_2", 20),
        ("http_runs__hub4j_testStartupFailureConclusion_3", None),
        ("http_runs__pygithub_Workflow_testGetRunsWithHeadSha_1", None),
    ],
)
def test_a_recorded_list_is_a_page_with_its_rows(
    replay: Replay, connect: Connect, name: str, last: int | None
) -> None:
    path, body = replay(name)
    page = next(connect().pages(path.partition("?")[0], "workflow_runs"))
    assert page.items == body["workflow_runs"]
    assert (page.total_count, page.last) == (body["total_count"], last)


def test_a_recorded_run_and_its_attempt_are_distinguished(replay: Replay, connect: Connect) -> None:
    for number in (1, 2):
        replay(f"http_run__pygithub_WorkflowRun_testGetAttempt_{number}")
    client = connect()
    run = client.get_workflow_run("EnricoMi/PyGithub", 26365060973)
    attempt = client.get_workflow_run("EnricoMi/PyGithub", 26365060973, attempt=2)
    assert run["created_at"] == "2026-05-24T15:20:04Z"
    assert attempt["created_at"] == "2026-05-29T15:42:07Z"
