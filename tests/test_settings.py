"""What a user may write, and the sentence for what cannot be used."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from telemetry.settings import (
    UsageError,
    age,
    merged,
    read_env_file,
    repositories,
    since,
    token,
    whole_number,
)


def test_a_file_of_variables_is_read(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(
        "# a comment\n\nGITHUB_TOKEN=abc\nexport KEEP = \"6 months\"\nNAME='it''s'\n"
        "URL=postgresql://u:p@h/d?x=1#y\nDOLLAR=$HOME\nEMPTY=\n"
    )
    assert read_env_file(file) == {
        "GITHUB_TOKEN": "abc",
        "KEEP": "6 months",
        "NAME": "it''s",
        "URL": "postgresql://u:p@h/d?x=1#y",
        "DOLLAR": "$HOME",
        "EMPTY": "",
    }


def test_no_file_means_no_variables(tmp_path: Path) -> None:
    assert read_env_file(tmp_path / ".env") == {}


def test_a_line_that_is_no_variable_is_named_without_showing_it(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("A=1\nghp_secret\n")
    with pytest.raises(UsageError) as caught:
        read_env_file(file)
    assert str(caught.value) == ".env, line 2: expected KEY=value"


def test_the_environment_wins_and_an_empty_variable_is_unset() -> None:
    assert merged({"A": "1", "B": "", "C": " "}, {"A": "2", "B": "3", "D": ""}) == {
        "A": "1",
        "B": "3",
    }


def test_repositories_are_listed_once_in_their_order() -> None:
    environ = {"TELEMETRY_REPO": " o/b o/a,o/b\no/c.d_e-f ", "GITHUB_REPOSITORY": "o/z"}
    assert repositories(environ) == ["o/b", "o/a", "o/c.d_e-f"]


def test_in_actions_the_repository_is_its_own() -> None:
    assert repositories({"GITHUB_REPOSITORY": "o/z"}) == ["o/z"]


def test_no_repository_is_answered_with_an_example() -> None:
    with pytest.raises(UsageError, match="make ingest REPO=owner/name"):
        repositories({})


@pytest.mark.parametrize(
    "name",
    ["app", "o/", "/a", "o/a/b", "o/..", "o/.", "../a", "o/a?x", "https://github.com/o/a", "o/ä"],
)
def test_a_name_that_is_no_repository_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="is not of the form owner/name"):
        repositories({"TELEMETRY_REPO": name})


def test_the_token_is_taken_from_the_first_variable_that_is_set() -> None:
    assert token({"GITHUB_TOKEN": "a", "GITHUB_PERSONAL_TOKEN": "b"}) == ("a", "GITHUB_TOKEN")
    assert token({"GITHUB_PERSONAL_TOKEN": " b\n"}) == ("b", "GITHUB_PERSONAL_TOKEN")
    assert token({}) == (None, "GITHUB_TOKEN")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-02", datetime(2026, 1, 2, tzinfo=UTC)),
        ("2026-01-02T08:00:00Z", datetime(2026, 1, 2, 8, tzinfo=UTC)),
        ("2026-01-02 08:00+02:00", datetime(2026, 1, 2, 6, tzinfo=UTC)),
        ("90d", timedelta(days=90)),
        ("36h", timedelta(hours=36)),
        (" 2w ", timedelta(weeks=2)),
    ],
)
def test_since_is_a_date_a_time_or_an_age(text: str, moment: datetime | timedelta) -> None:
    assert since(text) == moment


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("yesterday", "is no moment"),
        ("2026-13-01", "is no moment"),
        ("2026-01-02T08:00", "has no time zone"),
        ("0d", "is no length of time"),
        ("9999999d", "is no length of time"),
        ("-5d", "is no moment"),
        ("", "is no moment"),
    ],
)
def test_any_other_since_is_refused_with_its_reason(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        since(text)


@pytest.mark.parametrize("text", ["12", "h", "1.5h", "", "-1h", "0h"])
def test_a_length_of_time_has_a_number_and_a_unit(text: str) -> None:
    with pytest.raises(UsageError, match="MAX_AGE"):
        age(text, "MAX_AGE")


@pytest.mark.parametrize("text", ["0", "17", "-1", "four", "4.0", ""])
def test_a_number_out_of_bounds_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="CONCURRENCY"):
        whole_number(text, "CONCURRENCY", 1, 16)


def test_a_number_within_bounds_is_taken() -> None:
    assert [whole_number(text, "CONCURRENCY", 1, 16) for text in ("1", "16")] == [1, 16]
