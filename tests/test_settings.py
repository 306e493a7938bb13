"""What a user may write, and the sentence for what cannot be used."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from telemetry.settings import (
    UsageError,
    choice,
    flag,
    merged,
    owner,
    read_env_file,
    repositories,
    time_zone,
    token,
    whole_number,
)
from telemetry.times import Length, age, keep, since


def test_a_file_of_variables_is_read(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(
        "# a comment\n\nGITHUB_TOKEN=abc\nexport KEEP = \"6 months\"\nNAME='it''s'\n"
        "URL=postgresql://u:p@h/d?x=1#y\nDOLLAR=$HOME\nEMPTY=\n"
        "NOTED='ghp_x'  # mine, it's new\nHASH=\"a # b\"\n"
    )
    assert read_env_file(file) == {
        "GITHUB_TOKEN": "abc",
        "KEEP": "6 months",
        "NAME": "it''s",
        "URL": "postgresql://u:p@h/d?x=1#y",
        "DOLLAR": "$HOME",
        "EMPTY": "",
        "NOTED": "ghp_x",
        "HASH": "a # b",
    }


def test_no_file_means_no_variables(tmp_path: Path) -> None:
    assert read_env_file(tmp_path / ".env") == {}


def test_an_invalid_line_is_named_without_showing_it(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("A=1\nghp_secret\n")
    with pytest.raises(UsageError) as caught:
        read_env_file(file)
    assert str(caught.value) == ".env, line 2: expected KEY=value"


def test_a_byte_order_mark_and_the_line_ends_of_windows_are_no_part_of_a_file(
    tmp_path: Path,
) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"\xef\xbb\xbfA=1\r\nB=2\r\n")
    assert read_env_file(file) == {"A": "1", "B": "2"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("A=ä\n".encode("latin-1"), ".env is not UTF-8 text"),
        ("A=1\n".encode("utf-16"), ".env is not UTF-8 text"),
        (b"A=1\nB=two\0parts\n", ".env, line 2: expected KEY=value"),
    ],
    ids=["Latin-1", "UTF-16", "NUL"],
)
def test_a_file_that_no_environment_can_hold_is_refused(
    tmp_path: Path, content: bytes, said: str
) -> None:
    file = tmp_path / ".env"
    file.write_bytes(content)
    with pytest.raises(UsageError, match=said):
        read_env_file(file)


def test_the_environment_wins_and_an_empty_variable_is_unset() -> None:
    environ = {"PGHOST": "1", "TELEMETRY_KEEP": "", "GITHUB_API_URL": " ", "DATABASE_URL": ""}
    file = {"PGHOST": "2", "TELEMETRY_KEEP": "3", "TELEMETRY_SINCE": ""}
    assert merged(environ, file) == {"PGHOST": "1", "TELEMETRY_KEEP": "3"}


def test_an_empty_variable_that_others_read_stays_as_it_is() -> None:
    assert merged({"PAGER": "", "no_proxy": ""}, {}) == {"PAGER": "", "no_proxy": ""}


def test_repositories_are_listed_once_in_their_order() -> None:
    assert repositories([" o/b o/a,o/b\no/c.d_e-f "]) == ["o/b", "o/a", "o/c.d_e-f"]
    assert repositories([""]) == repositories([" ,\n"]) == []
    assert repositories(["- o/b\n- o/a\r\n"]) == ["o/b", "o/a"]
    assert repositories(["O/b o/a o/B O/b"]) == ["O/b", "o/a"]
    retired = "o/a o/b (id 7),o/c"
    assert repositories([retired], are_stored=True) == ["o/a", "o/b (id 7)", "o/c"]
    with pytest.raises(UsageError, match="'\\(id' is not of the form"):
        repositories([retired])


@pytest.mark.parametrize(
    "name",
    ["app", "o/", "/a", "o/a/b", "o/..", "o/.", "../a", "o/a?x", "https://github.com/o/a", "o/ä"],
)
def test_an_invalid_repository_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="is not of the form owner/name"):
        repositories([name])


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/acme/app",
        "https://github.com/acme/app/",
        "https://github.com/acme/app.git",
        "https://github.example.com:8443/acme/app/actions/runs/7",
        "git@github.com:acme/app.git",
        "ssh://git@github.com/acme/app.git",
        "github.com/acme/app",
        "www.github.com/acme/app/pulls",
        "acme/app.git",
        "acme/app/",
    ],
)
def test_the_url_of_a_repository_is_answered_with_its_name(url: str) -> None:
    with pytest.raises(UsageError, match=r"; try: REPO=acme/app$"):
        repositories([url])


@pytest.mark.parametrize("text", ["https://github.com/acme", "o/..", "/a", "o/"])
def test_a_name_without_a_likely_repository_gets_no_suggestion(text: str) -> None:
    with pytest.raises(UsageError, match=r"owner/name$"):
        repositories([text])


def test_an_owner_alone_is_answered_with_the_variable_for_owners() -> None:
    with pytest.raises(UsageError, match=r"to ingest all of an owner: make ingest ORG=acme$"):
        repositories(["acme"])


@pytest.mark.parametrize("text", ["acme", " acme\n", "acme-corp", "octo_corp"])
def test_the_name_of_an_owner_is_taken(text: str) -> None:
    assert owner(text, "ORG") == text.strip()


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("https://github.com/acme", "; try: ORG=acme"),
        ("https://github.com/orgs/acme/repositories", "; try: ORG=acme"),
        ("github.com/acme/", "; try: ORG=acme"),
        ("acme/app", "; try: ORG=acme"),
        ("@acme", "; try: ORG=acme"),
        ("acme,other", ""),
        ("acme other", ""),
        ("../admin", ""),
        ("acmé", ""),
    ],
)
def test_what_names_no_owner_is_refused_with_what_may_be_meant(text: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        owner(text, "ORG")
    assert str(caught.value) == f"ORG: {text!r} is not the name of one organization or user{hint}"


def test_the_token_is_taken_from_the_first_variable_that_is_set() -> None:
    assert token({"GITHUB_TOKEN": "a", "GITHUB_PERSONAL_TOKEN": "b"}) == ("a", "GITHUB_TOKEN")
    assert token({"GH_TOKEN": "c", "GITHUB_PERSONAL_TOKEN": "b"})[0] == "b"
    assert token({"GH_TOKEN": "c"}) == ("c", "GH_TOKEN")
    assert token({"GITHUB_PERSONAL_TOKEN": " b\n"}) == ("b", "GITHUB_PERSONAL_TOKEN")
    assert token({}) == (None, "GITHUB_PERSONAL_TOKEN")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-02", datetime(2026, 1, 2, tzinfo=UTC)),
        ("2026-01-02T08:00:00Z", datetime(2026, 1, 2, 8, tzinfo=UTC)),
        ("2026-01-02 08:00+02:00", datetime(2026, 1, 2, 6, tzinfo=UTC)),
        ("90d", Length(0, timedelta(days=90))),
        ("36h", Length(0, timedelta(hours=36))),
        (" 2w ", Length(0, timedelta(weeks=2))),
        ("6 months", Length(6)),
    ],
)
def test_since_is_a_date_a_time_or_an_age(text: str, moment: datetime | Length) -> None:
    assert since(text) == moment


@pytest.mark.parametrize("text", ["all", " All "])
def test_since_may_be_all(text: str) -> None:
    assert since(text) == "all"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("yesterday", "is not a date or time"),
        ("٩d", "is not a date or time"),
        ("2026-13-01", "is not a date or time"),
        ("2026-01-02T08:00", "has no time zone"),
        ("0001-01-01T00:00:00+14:00", "is not in the years from 1970 to 9997"),
        ("9999-12-31T23:59:59Z", "is not in the years from 1970 to 9997"),
        ("0d", "is zero"),
        ("9999999d", "is longer than 200 years"),
        ("-5d", "is not a date or time"),
        ("", "is not a date or time"),
    ],
)
def test_any_other_since_is_refused_with_its_reason(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        since(text)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("90m", Length(0, timedelta(minutes=90))),
        ("12h", Length(0, timedelta(hours=12))),
        ("90 days", Length(0, timedelta(days=90))),
        ("1week", Length(0, timedelta(weeks=1))),
        ("1 Month", Length(1)),
        ("2y", Length(24)),
        ("1 year, 6 months 3d", Length(18, timedelta(days=3))),
    ],
)
def test_one_grammar_for_every_length_of_time(text: str, length: Length) -> None:
    assert age(text, "MAX_AGE") == since(text) == length
    if length.months or length.rest >= timedelta(days=1):
        assert keep(text) == length
    assert age(str(length), "MAX_AGE") == length


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("12", "has no unit"),
        ("1s", "is in seconds, which are not accepted"),
        ("0h", "is zero"),
        *((text, "is not a length of time") for text in ("h", "1.5h", "", "-1h", "٩h", "6 moons")),
        ("9" * 12 + "w", "is not a length of time"),
        ("99999w", "is longer than 200 years"),
    ],
)
def test_any_other_length_of_time_is_refused_with_what_is_wrong(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=f"^MAX_AGE: .* {said}.*"):
        age(text, "MAX_AGE")


@pytest.mark.parametrize(
    ("start", "length", "end"),
    [
        ("2026-03-31", Length(1), "2026-02-28"),
        ("2024-03-31", Length(1), "2024-02-29"),
        ("2026-01-15", Length(1), "2025-12-15"),
        ("2026-08-31", Length(6), "2026-02-28"),
        ("2026-01-01", Length(25, timedelta(days=1)), "2023-11-30"),
    ],
)
def test_a_month_earlier_is_the_same_day_or_the_last_one(
    start: str, length: Length, end: str
) -> None:
    moment = datetime.fromisoformat(start)
    assert moment - length == datetime.fromisoformat(end)
    assert moment - length.up_to(moment) == moment - length


def test_rows_may_be_kept_forever() -> None:
    assert keep(" Forever ") == "forever"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("6m", "'6m' is 6 minutes, and a day is the least that is kept; did you mean '6 months'?"),
        ("23 h", "'23 h' is 23 hours, and a day is the least that is kept; give one such as 90d"),
        ("half a year", "is not a length of time.* or forever$"),
        ("6", "has no unit"),
        ("-6 months", "is not a length of time"),
        ("0 days", "is zero; give a length such as 90d"),
        ("", "is not a length of time"),
    ],
)
def test_an_implausible_keep_is_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=f"^KEEP: .*{re.escape(said) if '?' in said else said}"):
        keep(text)


@pytest.mark.parametrize("text", ["0", "17", "-1", "four", "4.0", "", "٤"])
def test_a_number_out_of_bounds_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="CONCURRENCY"):
        whole_number(text, "CONCURRENCY", 1, 16)


def test_a_number_within_bounds_is_taken() -> None:
    assert [whole_number(text, "CONCURRENCY", 1, 16) for text in ("1", "16")] == [1, 16]


@pytest.mark.parametrize(
    ("text", "on"),
    [
        *((text, True) for text in ("1", "true", "YES", "on")),
        *((text, False) for text in ("0", "False", "no", "off")),
    ],
)
def test_a_flag_is_on_or_off(text: str, on: bool) -> None:
    for default in (True, False):
        assert flag({"TELEMETRY_STRICT": text}, "TELEMETRY_STRICT", default) is on


def test_a_flag_that_is_not_set_is_its_default() -> None:
    assert [flag({}, "TELEMETRY_JOBS", default) for default in (True, False)] == [True, False]


def test_a_flag_that_is_neither_is_refused() -> None:
    with pytest.raises(UsageError, match="STRICT: 'maybe' is neither true nor false"):
        flag({"TELEMETRY_STRICT": "maybe"}, "TELEMETRY_STRICT")


def test_an_unknown_word_is_refused_with_the_choices() -> None:
    assert choice("text", "FORMAT", ("text", "markdown")) == "text"
    assert choice(" Markdown", "FORMAT", ("text", "markdown")) == "markdown"
    with pytest.raises(UsageError, match="FORMAT: 'xml' is not one of: text, markdown"):
        choice("xml", "FORMAT", ("text", "markdown"))


def test_a_time_zone_is_one_by_its_name() -> None:
    assert str(time_zone("Europe/Berlin", "TIMEZONE")) == "Europe/Berlin"
    assert time_zone("utc", "TIMEZONE") is UTC


@pytest.mark.parametrize("text", ["Berlin", "", "../../etc/passwd", "CEST", "UTC+2", "Europe"])
def test_an_unknown_time_zone_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"^TIMEZONE: .* is not a time zone"):
        time_zone(text, "TIMEZONE")
