"""What an answer asks for, by the decision table, without any HTTP."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.github.answers import (
    LONGEST_WAIT,
    Answer,
    Decision,
    Fault,
    Verdict,
    clean,
    decide,
    fault_wait,
    http_date,
    links,
    rate_limit,
    retry_after,
)
from telemetry.github.options import Options
from telemetry.github.refusals import explain

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
DATE = {"date": "Mon, 23 Nov 2026 14:00:00 GMT"}
SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes."


def answer(status: int, message: str | None = None, **headers: str) -> Answer:
    body = b"" if message is None else json.dumps({"message": message}).encode()
    return Answer(status, {k.replace("_", "-"): v for k, v in headers.items()}, body)


def decided(answer: Answer | Fault, waits: int = 0) -> Decision:
    return decide(answer, waits=waits, now=NOW.timestamp())


def explained(answer: Answer, has_token: bool = True) -> str:
    return "; ".join(explain(answer, Options(token_variable="MY_TOKEN"), has_token))


def test_a_json_object_is_used() -> None:
    decision = decided(Answer(200, {}, b'{"id": 1}'))
    assert (decision.verdict, decision.payload) == (Verdict.USE, {"id": 1})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>Unicorn!</body></html>",
        b'{"total_count": 3, "workflow_ru',
        b"[]",
        b"null",
        b'"text"',
        b'{"name": "\xff"}',
        b"[" * 200_000,
        b'{"id": ' + b"9" * 5000 + b"}",
    ],
)
def test_a_200_without_a_json_object_is_tried_again(body: bytes) -> None:
    assert decided(Answer(200, {}, body)).verdict is Verdict.RETRY


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 520])
def test_a_server_error_is_tried_again(status: int) -> None:
    assert decided(answer(status)).verdict is Verdict.RETRY


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("8", 8), ("0", 1), ("", 0), ("soon", 0), ("Mon, 23 Nov 2026 14:00:30 GMT", 30)],
)
@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_a_server_error_may_say_how_long_to_wait(status: int, value: str, seconds: float) -> None:
    decision = decided(answer(status, retry_after=value, **DATE))
    assert (decision.verdict, decision.seconds) == (Verdict.RETRY, seconds)


def test_a_fault_is_tried_again() -> None:
    assert decided(Fault("reset", connecting=True)) == Decision(
        Verdict.RETRY, "reset", connecting=True
    )


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_followed(status: int) -> None:
    assert decided(answer(status)).verdict is Verdict.FOLLOW


@pytest.mark.parametrize("status", [304, 400, 401, 406, 409, 410, 418, 451, 204, 303])
def test_any_other_status_fails(status: int) -> None:
    assert decided(answer(status, "no")).verdict is Verdict.FAIL


def test_404_is_missing() -> None:
    assert decided(answer(404, "Not Found")).verdict is Verdict.MISSING


def test_422_at_the_end_of_pagination_is_capped() -> None:
    message = "In order to keep the API fast for everyone, pagination is limited for this resource."
    assert decided(answer(422, message)).verdict is Verdict.CAPPED


def test_another_422_fails() -> None:
    assert decided(answer(422, "Validation Failed")).verdict is Verdict.FAIL


@pytest.mark.parametrize("status", [403, 429])
@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("8", 8),
        ("0", 1),
        ("-5", 60),
        ("", 60),
        ("  ", 60),
        ("soon", 60),
        ("1e3", 60),
        ("٣", 60),
        ("9" * 400, LONGEST_WAIT),
        ("Mon, 23 Nov 2026 14:00:30 GMT", 30),
        ("Mon, 23 Nov 2026 13:00:00 GMT", 1),
        ("Mon, 23 Nov 9999 13:00:00 GMT", LONGEST_WAIT),
    ],
)
def test_retry_after_says_how_long(status: int, value: str, seconds: float) -> None:
    decision = decided(answer(status, "slow down", retry_after=value, **DATE))
    assert (decision.verdict, decision.seconds) == (Verdict.WAIT, seconds)


def test_a_date_in_retry_after_is_measured_by_the_clock_that_sent_it() -> None:
    later = {"date": "Mon, 23 Nov 2026 15:00:00 GMT"}
    limited = answer(429, "slow down", retry_after="Mon, 23 Nov 2026 15:00:08 GMT", **later)
    assert decided(limited).seconds == 8


def primary(reset: str, **headers: str) -> Answer:
    limit = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset}
    return Answer(403, limit | headers, b'{"message": "API rate limit exceeded"}')


def test_the_primary_limit_lasts_until_one_second_after_its_reset() -> None:
    decision = decided(primary(str(int(NOW.timestamp()) + 600), **DATE))
    assert (decision.verdict, decision.seconds) == (Verdict.WAIT, 601)
    assert decision.reset_at == NOW + timedelta(seconds=600)


def test_the_date_header_cancels_clock_skew() -> None:
    fast = primary(
        str(int(NOW.timestamp()) + 3600 + 20), date=format_datetime(NOW + timedelta(hours=1))
    )
    assert decided(fast).seconds == 21


def test_without_a_date_the_local_clock_measures_the_reset() -> None:
    assert decided(primary(str(int(NOW.timestamp()) + 20))).seconds == 21


def test_a_reset_in_the_past_waits_one_second() -> None:
    assert decided(primary("1000", **DATE)).seconds == 1


def test_a_reset_in_milliseconds_is_longer_than_any_wait_and_no_crash() -> None:
    decision = decided(primary("1795442400000", **DATE))
    assert (decision.seconds, decision.reset_at) == (LONGEST_WAIT, None)


@pytest.mark.parametrize("reset", ["-1", "", "soon", "1.5", "9" * 99])
def test_an_unreadable_reset_counts_as_none(reset: str) -> None:
    decision = decided(primary(reset))
    assert (decision.seconds, decision.guessed) == (60, True)


def test_the_primary_limit_without_a_reset_is_waited_for_like_a_secondary_one() -> None:
    limited = answer(403, "API Rate Limit Exceeded for 192.0.2.1", x_ratelimit_remaining="0")
    assert [decided(limited, waits).seconds for waits in range(3)] == [60, 120, 240]


@pytest.mark.parametrize(
    "message", [SECONDARY, "You have triggered an abuse detection mechanism. Please wait."]
)
def test_a_secondary_limit_doubles_its_wait(message: str) -> None:
    limited = answer(403, message, x_ratelimit_remaining="4000", x_ratelimit_reset="1581014020")
    assert [decided(limited, waits).seconds for waits in range(3)] == [60, 120, 240]
    assert decided(limited).guessed


def test_a_secondary_limit_never_waits_for_ever() -> None:
    assert decided(answer(429), waits=10_000).seconds == LONGEST_WAIT


def test_429_without_any_header_waits() -> None:
    assert decided(answer(429)).verdict is Verdict.WAIT


@pytest.mark.parametrize(
    "message",
    [
        "Resource not accessible by integration",
        "Resource not accessible by personal access token",
        "Must have admin rights to Repository.",
        None,
    ],
)
def test_a_403_without_permission_fails(message: str | None) -> None:
    assert decided(answer(403, message, x_ratelimit_remaining="4000")).verdict is Verdict.FAIL


def test_401_names_the_variable() -> None:
    assert explained(answer(401, "Bad credentials")) == (
        "401 Bad credentials; check that the token in MY_TOKEN is complete, not expired and not"
        " revoked"
    )


def test_401_without_a_token_asks_for_one() -> None:
    wanted = "401 Requires authentication; set MY_TOKEN"
    assert explained(answer(401, "Requires authentication"), has_token=False) == wanted


def test_403_names_the_remedy_that_github_names() -> None:
    refusal = "Resource not accessible by integration"
    assert explained(answer(403, refusal, x_accepted_github_permissions="actions=read")) == (
        f"403 {refusal}; give the token in MY_TOKEN the permission actions=read"
    )
    refusal = "Resource protected by organization SAML enforcement"
    url = "https://github.com/orgs/acme/sso?authorization_request=a"
    assert explained(answer(403, f"{refusal}.", x_github_sso=f"required; url={url}")) == (
        f"403 {refusal}; authorize the token in MY_TOKEN for single sign-on: {url}"
    )
    refusal = "the `acme` organization has an IP allow list enabled"
    for headers in ({}, {"x_accepted_github_permissions": "actions=read"}):
        assert explained(answer(403, refusal, **headers)) == (
            f"403 {refusal}; unless GitHub names another reason, give the token in MY_TOKEN the"
            " permission actions=read"
        )


def test_404_names_what_to_check() -> None:
    assert explained(answer(404, "Not Found")) == (
        "404 not found; check the name in REPO and that the token can read Actions"
    )


@pytest.mark.parametrize("status", [403, 404])
def test_a_refusal_that_is_not_from_the_api_names_the_proxy_and_the_url(status: int) -> None:
    page = b"<html>Our network does not allow this</html>"
    said = explained(Answer(status, {"x-accepted-github-permissions": "actions=read"}, page))
    assert "not from GitHub's API; check the proxy variables, and check GITHUB_API_URL: " in said
    assert "https://HOST/api/v3" in said and "the token" not in said


def test_410_names_the_api_version() -> None:
    assert "API version 2022-11-28 is retired" in explained(answer(410, "Gone"))


def test_422_shows_its_errors() -> None:
    errors = [{"resource": "Run", "field": "created", "code": "invalid"}, "too long", 7]
    body = json.dumps({"message": "Validation Failed", "errors": errors}).encode()
    assert explained(Answer(422, {}, body)) == (
        "422 Validation Failed (Run created: invalid; too long; 7); check the values of the request"
    )


def test_451_gives_the_reason() -> None:
    body = b'{"message": "Repository access blocked", "block": {"reason": "dmca"}}'
    assert explained(Answer(451, {}, body)) == (
        "451 Repository access blocked (dmca); take the repository out of REPO, "
        "or with ORG name it in EXCLUDE"
    )


@pytest.mark.parametrize("status", [400, 401, 403, 410, 418, 422, 451, 499])
def test_a_refusal_is_one_printable_line_of_bounded_length(status: int) -> None:
    text = explained(answer(status, "\x1b[31m::error::\r\n\x00\u202e\udc80" + "x" * 5000))
    assert text.isprintable()
    assert len(text) < 400


def test_faults_double_their_wait_up_to_a_bound() -> None:
    assert [fault_wait(n, 0) for n in (1, 2, 3, 4, 99)] == [1, 2, 4, 8, 32]


@given(st.floats(0, 1))
def test_jitter_at_most_doubles_a_wait(jitter: float) -> None:
    assert 4 <= fault_wait(3, jitter) <= 8


@given(st.text(), st.floats(0, 4e9))
def test_any_retry_after_is_a_wait_of_at_least_a_second_or_none(value: str, now: float) -> None:
    seconds = retry_after(answer(429, retry_after=value), now)
    assert seconds is None or 1 <= seconds <= LONGEST_WAIT


@given(st.integers(1, 999_999_999))
def test_seconds_in_retry_after_are_kept(seconds: int) -> None:
    assert retry_after(answer(503, retry_after=f" {seconds} "), 0) == seconds


@given(st.datetimes(datetime(1971, 1, 1), datetime(9998, 1, 1), timezones=st.just(UTC)))
def test_an_http_date_is_read_to_the_second(moment: datetime) -> None:
    assert http_date(format_datetime(moment, usegmt=True)) == moment.replace(microsecond=0)


@given(st.text())
def test_any_text_is_a_date_in_utc_or_none(text: str) -> None:
    date = http_date(text)
    assert date is None or date.utcoffset() == timedelta(0)


HEADERS = st.dictionaries(
    st.sampled_from(
        ["retry-after", "date", "x-ratelimit-remaining", "x-ratelimit-reset", "x-ratelimit-limit"]
    ),
    st.one_of(st.text(), st.integers().map(str)),
)


@given(
    st.integers(100, 999),
    HEADERS,
    st.one_of(st.binary(), st.text().map(json.dumps).map(str.encode)),
)
def test_no_answer_makes_a_decision_crash(
    status: int, headers: dict[str, str], body: bytes
) -> None:
    read = Answer(status, headers, body)
    assert 0 <= decided(read).seconds <= LONGEST_WAIT
    assert explained(read).isprintable()
    rate_limit(headers)


def test_the_rate_limit_is_read_from_its_headers() -> None:
    limit = rate_limit(
        {
            "x-ratelimit-limit": "5000",
            "x-ratelimit-remaining": "4982",
            "x-ratelimit-reset": "1707861343",
        }
    )
    assert limit is not None
    assert (limit.limit, limit.remaining) == (5000, 4982)
    assert limit.reset_at == datetime(2024, 2, 13, 21, 55, 43, tzinfo=UTC)


def test_without_headers_there_is_no_rate_limit() -> None:
    assert rate_limit({}) is None


@given(st.permutations(["first", "prev", "next", "last"]), st.sampled_from([", ", ","]))
def test_links_are_found_in_any_order(relations: list[str], comma: str) -> None:
    header = comma.join(f'<https://host/x?q=a,b;c&page={r}>; rel="{r}"' for r in relations)
    assert links(header) == {r: f"https://host/x?q=a,b;c&page={r}" for r in relations}


def test_a_link_may_have_other_parameters_several_relations_and_no_quotes() -> None:
    header = '<https://h/a>; title="x"; rel="NEXT last", <https://h/b>;rel=prev; type=x'
    assert links(header) == {"next": "https://h/a", "last": "https://h/a", "prev": "https://h/b"}


@given(st.text())
def test_any_text_is_links_or_none(text: str) -> None:
    assert isinstance(links(text), dict)


@given(st.text(), st.integers(1, 300))
def test_clean_text_is_one_printable_line(text: str, limit: int) -> None:
    cleaned = clean(text, limit)
    assert cleaned.isprintable()
    assert len(cleaned) <= limit


def test_clean_text_keeps_printable_characters() -> None:
    assert clean("  Ünïcode 日本\n\n okay ") == "Ünïcode 日本 okay"
