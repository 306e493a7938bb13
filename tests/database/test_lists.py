"""Our lists and the user's: whose line counts, and what becomes of lines a list no longer has."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from telemetry.database.connection import Connection
from telemetry.database.prices import load_llm_prices, load_name_kinds, load_runner_prices
from telemetry.database.upserts import Counts, upsert
from telemetry.rows.prices import LlmPrice, NameKind, RunnerLabel, RunnerPrice, StoredPrice

Load = Callable[[Connection, str | None], Counts]


@dataclass(frozen=True)
class List:
    """A list: how it is loaded, its table, and lines of it.

    `override` changes a line of ours; `own` is a line that ours lacks, and `other` says something
    else of the same. `row` is another line that ours lacks, as a row.
    """

    load: Load
    table: str
    override: str
    own: str
    other: str
    row: StoredPrice


LISTS = {
    "runner prices": List(
        lambda connection, own: load_runner_prices(connection, own_prices=own),
        "runner_prices",
        "linux,2026-01-01,0.004",
        "house,2026-01-01,1",
        "house,2026-01-01,2",
        RunnerPrice("rise", date(2026, 9, 1), Decimal(3)),
    ),
    "runner labels": List(
        lambda connection, own: load_runner_prices(connection, own_labels=own),
        "runner_labels",
        "ubuntu-latest,linux_4_core",
        "house,linux",
        "house,linux_2_core",
        RunnerLabel("rise", "linux"),
    ),
    "kinds of names": List(
        load_name_kinds,
        "name_kinds",
        "actor,renovate*,person",
        "actor,house*,bot",
        "actor,house*,agent",
        NameKind("actor", "rise*", "bot"),
    ),
    "model prices": List(
        load_llm_prices,
        "llm_prices",
        "o1,2020-01-01,7,7",
        "house,2026-01-01,1,1",
        "house,2026-01-01,2,2",
        LlmPrice("rise", datetime(2026, 9, 1, tzinfo=UTC), Decimal(3), Decimal(3)),
    ),
}
HEADERS = {
    "runner_prices": "sku,effective_from,usd_per_minute",
    "runner_labels": "label,sku",
    "name_kinds": "subject,pattern,kind",
    "llm_prices": "model,effective_from,input_per_mtok,output_per_mtok",
}
each_list = pytest.mark.parametrize("tested", LISTS.values(), ids=LISTS)


def rows(connection: Connection, tested: List) -> set[str]:
    """The rows of the list's table, as text without how often they changed."""
    found = connection.execute(
        f"select to_jsonb(listed) - 'revision' as line from {tested.table} as listed"
    )
    return {str(row["line"]) for row in found}


@each_list
def test_the_users_list_that_was_named_last_counts(
    connection: Connection, tmp_path: Path, tested: List
) -> None:
    path = tmp_path / "own.csv"

    def load(*lines: str) -> set[str]:
        path.write_text("\n".join((HEADERS[tested.table], *lines, "")))
        tested.load(connection, str(path))
        return rows(connection, tested)

    tested.load(connection, None)
    shipped = rows(connection, tested)
    mine = load(tested.override, tested.own)
    assert (len(mine - shipped), len(shipped - mine)) == (2, 1)
    tested.load(connection, None)
    assert rows(connection, tested) == mine
    changed = load(tested.other)
    assert (len(changed - shipped), len(shipped - changed)) == (1, 0)
    assert not changed - shipped <= mine
    assert load() == shipped


@each_list
def test_a_line_that_our_list_no_longer_has_is_deleted_and_the_users_own_stays(
    connection: Connection, tested: List
) -> None:
    tested.load(connection, None)
    shipped = rows(connection, tested)
    upsert(connection, [replace(tested.row, is_shipped=True)])
    assert len(rows(connection, tested)) == len(shipped) + 1
    tested.load(connection, None)
    assert rows(connection, tested) == shipped
    upsert(connection, [tested.row])
    tested.load(connection, None)
    assert len(rows(connection, tested)) == len(shipped) + 1
