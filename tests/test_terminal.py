"""Text for people: aligned, and with nothing in it that a terminal or a runner would obey."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.rows.ingestions import Ingestion
from telemetry.runs.request import Report
from telemetry.summaries.ingests import report_text
from telemetry.summaries.tables import cell, cut, table, width
from telemetry.terminal import Screen, filled, plain, progress_text, size

AT = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


@given(st.text() | st.text(alphabet="::##[ \u3000\tx"))
def test_no_text_can_control_a_terminal_or_a_runner(text: str) -> None:
    shown = plain(text)
    assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 for c in shown)
    assert not shown.lstrip().startswith("::")
    assert "##[" not in shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\033[31mred\033[0m", "\ufffd[31mred\ufffd[0m"),
        ("two\nlines\r", "two\ufffdlines\ufffd"),
        ("right\u202eto left", "right\ufffdto left"),
        ("::error::no", "\ufffd:error::no"),
        (" \u3000::error::no", " \u3000\ufffd:error::no"),
        ("\n::error::no", "\ufffd::error::no"),
        ("a ##[error]no ###[x]", "a # #[error]no ## #[x]"),
        ("C++ a::b # [x]", "C++ a::b # [x]"),
        ("Grüße 你好 🎉", "Grüße 你好 🎉"),
    ],
)
def test_hostile_names_are_shown_and_not_obeyed(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_columns_line_up_whatever_the_width_of_their_characters() -> None:
    rows = [{"name": "你好", "runs": 1_234}, {"name": "e\u0301a", "runs": None}]
    lines = table(rows, {"name": "name", "runs": "runs"}).splitlines()
    assert lines == ["name   runs", "────  ─────", "你好  1,234", "e\u0301a        –"]
    assert width("你好") == 4


def test_a_name_of_a_megabyte_is_cut_to_the_screen() -> None:
    """Cut character by character, it would take hours."""
    rows = [{"name": "名" * 1_000_000, "short": "ab", "number": 12}]
    lines = table(rows, {"name": "name", "short": "short", "number": "number"}, Screen(40))
    *_, line = lines.splitlines()
    assert width(line) in (39, 40) and line.split() == ["名" * (line.count("名")) + "…", "ab", "12"]


def test_a_table_without_rows_is_its_headings() -> None:
    assert table([], {"a": "first", "b": "second"}).splitlines()[0] == "first  second"
    assert table([{"a": 1, "b": ""}], {"a": "a", "b": ""}).splitlines() == ["a", "─  ─", "1"]


def test_a_word_of_a_heading_is_never_broken() -> None:
    rows = [{"repository": "app", "job": "e2e", "note": "a rather long text"}]
    columns = {"repository": "repository", "job": "job", "note": "last note"}
    lines = table(rows, columns, Screen(27)).splitlines()
    assert lines[0].split() == ["repository", "job", "last", "note"]
    assert max(map(len, lines)) <= 27


def test_a_time_is_shown_in_its_own_zone() -> None:
    assert cell(AT.astimezone(timezone(timedelta(hours=5)))) == "2026-01-05 13:00"


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (1_023, "1023 B"), (1_536, "1.5 kB"), (40_960, "40 kB"), (3 * 2**40, "3.0 TB")],
)
def test_sizes(count: int, text: str) -> None:
    assert size(count) == text


def test_a_bar_fits_its_terminal() -> None:
    assert progress_text(50, 100, 80) == "[" + "█" * 20 + "·" * 20 + "] 50 of about 100"
    assert progress_text(7, 5, 80).endswith("] 7")
    assert all(width(progress_text(5, 10, columns)) <= columns for columns in range(20, 200))


def report(outcome: str, **changes: object) -> Report:
    done = Ingestion(7, AT, AT, outcome, AT, **changes)  # type: ignore[arg-type]
    error = None if outcome == "complete" else "GitHub says\nno"
    return Report("acme/app", outcome, error, done, ("run 5: id is missing",), 1.25)


def test_the_summary_states_each_count() -> None:
    text = report_text(
        report(
            "complete",
            fetched=16,
            inserted=5,
            updated=3,
            unchanged=2,
            not_completed=4,
            unreadable=2,
            cut=1,
            requests=9,
        )
    )
    assert text.splitlines() == [
        "acme/app: 16 runs fetched: 5 inserted, 3 updated, 2 unchanged, "
        "6 skipped (4 not completed, 2 unreadable); 9 requests, 1.2 s",
        "  cut to the length of their column: 1 value",
        "  unreadable: run 5: id is missing",
        "  and 1 more unreadable",
    ]


def test_an_incomplete_ingest_says_why_and_what_is_kept() -> None:
    last = report_text(report("incomplete", unreadable=1)).splitlines()[-1]
    assert last == "  incomplete; what is counted above is stored: GitHub says\ufffdno"


def test_a_repository_that_never_answered_is_one_line() -> None:
    failed = Report("acme/app", "failed", "404 not found", None, (), 0.1)
    assert report_text(failed) == "acme/app: failed: 404 not found"


def test_an_ingest_that_ended_before_its_first_row_counts_nothing() -> None:
    refused = Ingestion(7, AT, AT, "failed", AT, requests=1)
    failed = Report("acme/app", "failed", "401 Bad credentials", refused, (), 0.1)
    assert report_text(failed) == "acme/app: failed: 401 Bad credentials"


def test_prose_is_broken_between_words_and_a_path_stays_whole() -> None:
    text = "error: /a/very-long/path/of/a/file.dump: No such file or directory; fix that"
    assert filled(text, None) == filled(text, 100) == text
    lines = filled(text, 30).splitlines()
    assert "".join(line.strip() + " " for line in lines).strip() == text
    assert "/a/very-long/path/of/a/file.dump:" in lines[1]
    assert all(len(line) <= 30 or " " not in line.strip() for line in lines)


@pytest.mark.parametrize(
    "command",
    ["`make migrate DEMO=1`", 'make ingest REPO=a/b KEEP="6 months"', "make query Q=totals"],
)
def test_a_command_stays_on_one_line(command: str) -> None:
    text = f"the database is older than this version; {command}, which takes a second"
    for columns in range(20, 90):
        assert command in filled(text, columns)
        assert filled(text, columns).replace("\n  ", " ") == text


def test_figures_that_do_not_fit_beside_each_other_are_lines_under_each_other() -> None:
    row = {"name": "acme/application", "newest": datetime(2026, 3, 1, 9, 30), "between": "1 and 12"}
    columns = {"name": "name", "newest": "newest run", "between": "between"}
    assert (
        table([row, row], columns, Screen(40)).splitlines()[2:]
        == ["acme/applic…  2026-03-01 09:30  1 and 12"] * 2
    )
    lines = ["name        acme/application", "newest run  2026-03-01 09:30"]
    lines += ["between     1 and 12"]
    assert table([row, row], columns, Screen(35)).splitlines() == [*lines, "", *lines]


def test_prose_wraps_in_the_last_column_and_nothing_is_cut() -> None:
    rows = [{"name": "long_name_of_a_rule", "rule": "No job that ran has a negative length."}]
    columns = {"name": "name", "rule": "rule"}
    assert table(rows, columns, Screen(48), prose=True).splitlines()[2:] == [
        "long_name_of_a_rule  No job that ran has a",
        "                     negative length.",
    ]
    assert table(rows, columns, Screen(30), prose=True).splitlines() == [
        "name  long_name_of_a_rule",
        "rule  No job that ran has a",
        "      negative length.",
    ]


def test_texts_are_cut_so_that_they_can_be_told_apart() -> None:
    """Repositories of one organization often begin alike."""
    rows = [{"repository": f"acme/platform-service-{name}"} for name in ("billing", "mailing")]
    wide = len("acme/p…billing")
    lines = table(rows, {"repository": "name"}, Screen(wide)).splitlines()
    assert lines[2:] == ["acme/p…billing", "acme/p…mailing"]
    assert cut(["acme/one-long-name", "other/one-long-name"], 10) == {
        "acme/one-long-name": "acme/one-…",
        "other/one-long-name": "other/one…",
    }
    # Wide characters are not cut in half.
    assert all(width(text) <= 9 for text in cut([f"{'名' * 20}{n}" for n in "ab"], 9).values())
