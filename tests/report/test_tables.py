"""The tables of a report say the same as HTML and as Markdown."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from support.html import Reader

from telemetry.report import tables
from telemetry.report.figures import Number, and_more, percent
from telemetry.report.formats import markdown_report, page
from telemetry.report.tables import Column, Table
from telemetry.terminal import Sentence

ROW: dict[str, Any] = {
    "workflow": "CI",
    "job": "build",
    "step": None,
    "branch_class": "default",
    "runner_label": None,
    "sku": None,
    "label": "my-label",
    "phase": None,
    "member_names": "a, b",
    "is_of_a_run": False,
    "branch": "feature/a",
    "head": "guest:feature/a",
    "actor_kind": "person",
    "state": "unknown",
    "cause": "set-up",
    "most_often_job": "build",
    "kind": "llm",
    "recovered_at": None,
    "red_at": datetime(2026, 2, 1, 8, 30, tzinfo=UTC),
    "last_created_at": datetime(2026, 2, 1, 8, 30, tzinfo=UTC),
    "last_green_at": datetime(2026, 2, 1, 8, 30, tzinfo=UTC),
    "last_green_url": None,
    "mended_url": None,
    "last_green_sha": "0123456789",
    "mended_sha": None,
    "mended_by": None,
    "is_recovered_by_rerun": None,
    "last_day": date(2026, 2, 1),
    "html_url": "https://github.com/acme/app/actions/runs/1",
}
TABLES = [each for each in vars(tables).values() if isinstance(each, Table)]


class Numbers(dict[str, Any]):
    """A row whose every other column is 61."""

    def __missing__(self, key: str) -> int:
        return 61


def text_of(column: Column, row: Numbers) -> Sentence:
    try:
        return column.text(row)
    except (TypeError, AttributeError, KeyError) as error:
        error.add_note(f"If the column {column.heading!r} shows no number, give ROW its value.")
        raise


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.headings[0])
def test_html_and_markdown_say_the_same_of_a_row(table: Table) -> None:
    row = Numbers(ROW)
    cells = ["".join(map(str, text_of(column, row))) for column in table.columns]
    written = Reader(str(page.listing(table, [row], "api.github.com"))).text
    assert "".join([*table.headings, *cells]) == written.replace("\n", "")
    header, _, line = (
        markdown_report.listing(table, [row]).replace("<span>$</span>", "$").splitlines()
    )
    assert header == f"| {' | '.join(table.headings)} |"
    assert line == f"| {' | '.join(cells)} |"
    assert len(cells) == len(set(table.headings))


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.headings[0])
def test_columns_with_numbers_come_last(table: Table) -> None:
    kinds = [column.is_number for column in table.columns]
    assert kinds == sorted(kinds)


@pytest.mark.parametrize(
    ("left", "plural", "text"),
    [
        (1, "flaky jobs", "and 1 more flaky job"),
        (1, "kinds of runner", "and 1 more kind of runner"),
        (1_200, "such times", "and 1,200 more such times"),
    ],
)
def test_the_number_of_others_agrees_with_its_noun(left: int, plural: str, text: str) -> None:
    assert and_more(left, plural) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (None, "–"),
        (0, "0.0 %"),
        (100.0, "100.0 %"),
        (83.3333, "83.3 %"),
        (99.9667, "99.97 %"),
        (99.9999, "99.9999 %"),
        (0.04, "0.04 %"),
        (Decimal("0.0007"), "0.001 %"),
        (Decimal("100.04"), "100.04 %"),
    ],
)
def test_a_share_reads_0_or_100_only_if_it_is(share: Number | None, text: str) -> None:
    assert percent(share) == text
