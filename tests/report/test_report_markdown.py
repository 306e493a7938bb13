"""The job summary looks on GitHub as intended, whatever names it contains."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.history import UNTIL
from support.reports import MONTH, a_job, a_run, known

from telemetry.database.connection import Connection
from telemetry.database.upserts import upsert
from telemetry.report.data import Report
from telemetry.report.formats.markdown import (
    CUT,
    NOTHING,
    cut_to,
    escape,
    sentence_text,
    sparkline,
    table,
)
from telemetry.report.formats.markdown_report import summary
from telemetry.report.reading import report
from telemetry.terminal import Name


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a|b", r"a\|b"),
        ("<img src=x>", "&lt;img src=x&gt;"),
        ("**bold** _it_ `code`", r"\*\*bold\*\* \_it\_ \`code\`"),
        ("[x](javascript:1)", r"\[x\](javascript:1)"),
        ("@octocat", f"@{NOTHING}octocat"),
        ("fixes #12 # x", f"fixes #{NOTHING}12 # x"),
        ("https://evil.example", f"https:{NOTHING}//evil.example"),
        ("WWW.evil.example", f"WWW{NOTHING}.evil.example"),
        ("$x$", "<span>$</span>x<span>$</span>"),
        ("two\nlines", "two\ufffdlines"),
        ("::error::x", "\ufffd:error::x"),
        ("right\u202eto left", "right\ufffdto left"),
        ("a\\|b", r"a\\\|b"),
        ("Grüße 你好 🎉", "Grüße 你好 🎉"),
    ],
)
def test_names_stay_names(text: str, written: str) -> None:
    assert escape(text) == written


@given(st.text() | st.text(alphabet="|\\`<>*_[]()@#$:/w.\n"))
def test_no_text_breaks_out_of_its_cell(text: str) -> None:
    written = escape(text)
    assert "\n" not in written and "\r" not in written
    assert not re.search(r"(?<!\\)(?:\\\\)*[|`*_\[\]]", written)
    assert not re.search(r"<(?!/?span>)|@(?!\u200b)|:(?=//)", written)
    (_, _, row) = table(("a", "b"), [(Name(text), "1")]).splitlines()
    assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) == 3


def test_a_table_sets_numbers_to_the_right() -> None:
    assert table(("job", "runs"), [(Name("a"), "1")], numbers=1) == (
        "| job | runs |\n| --- | --: |\n| a | 1 |"
    )


def test_names_in_a_sentence_stand_out() -> None:
    assert sentence_text(("Mend ", Name("a*b"), " first.")) == r"Mend **a\*b** first."


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ([], ""),
        ([0, 0], "▁▁"),
        ([1, None, 8], "▂·█"),
        ([1, 1, 1, 100], "▃▃▃█"),
    ],
)
def test_a_sparkline_has_eight_heights_and_gaps(values: list[float | None], line: str) -> None:
    assert sparkline(values) == line


def test_a_long_summary_is_cut_after_a_line_and_says_so() -> None:
    text = "".join(f"line {n} ü\n" for n in range(1_000))
    cut = cut_to(text, 2_000)
    assert len(cut.encode()) <= 2_000 and cut.endswith(CUT)
    kept = cut.removesuffix(CUT)
    assert text.startswith(kept + "\n") and kept.endswith("ü")
    assert cut_to(text, 20_000) == text


def test_the_summary_holds_findings_figures_and_tables(of_one: Report) -> None:
    text = summary(of_one)
    lines = text.splitlines()
    start = lines.index("## acme/r7")
    assert all(line.startswith("> ") for line in lines[: start - 1])
    first = lines[start + 4]
    assert first.startswith("1. **") and "**What to do first:**" in first
    for heading in ("figure of the period", "workflow", "job that runs wait for", "flaky job",
                    "job by total time",
                    "waiting for runners of", "runner"):  # fmt: skip
        assert any(line.startswith(f"| {heading} |") for line in lines), heading
    assert any(set(line) & set("▂▃▄▅▆▇") for line in lines)
    assert not any(line.lstrip().startswith("::") or "##[" in line for line in lines)
    assert all(
        re.match(r"[#>|]|\d\. |Runs created|Otherwise|Incomplete|and \d|≈|\*\*", x)
        for x in lines
        if x
    )


def test_of_several_repositories_the_most_urgent_comes_first(connection: Connection) -> None:
    for number, conclusion in ((7, "success"), (8, "failure")):
        of = {"repository_id": number, "repository": f"acme/r{number}"}
        upsert(connection, [a_run(100 * number + n, n, **of) for n in range(1, 7)])
        upsert(connection, [a_run(100 * number, 0.5, conclusion=conclusion, **of)])
        known(connection, number)
    written = summary(report(connection, MONTH, UNTIL))
    assert written.index("## acme/r8") < written.index("## acme/r7")


def test_a_database_without_anything_says_how_to_begin(connection: Connection) -> None:
    text = summary(report(connection, MONTH, UNTIL))
    assert "No repository has been ingested yet." in text
    assert "make ingest REPO=owner/name" in text


def test_a_summary_of_very_many_repositories_fits(connection: Connection) -> None:
    long = "n" * 150
    red = {"conclusion": "failure", "branch": "main", "event_type": "push"}
    runs = [
        a_run(n, repository_id=n, workflow_id=n, workflow_name=long, **red) for n in range(100, 140)
    ]
    upsert(connection, runs)
    upsert(connection, [a_job(run, name=long) for run in runs])
    known(connection, *range(100, 140))
    text = summary(report(connection, MONTH, UNTIL))
    assert len(text.encode()) <= 100_000
    assert text.count("**acme/r") == 5  # those that need attention first
