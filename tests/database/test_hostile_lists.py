"""Lists that a user names, such as prices and bills: each bad file is one sentence, soon."""

import gzip
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import pytest
from support.paths import LONGEST

from telemetry import TelemetryError
from telemetry.database import csv_files, prices
from telemetry.database.bill import load_report
from telemetry.database.budget import read_caps
from telemetry.database.connection import Connection
from telemetry.database.prices import load_llm_prices, load_name_kinds, load_runner_prices
from telemetry.database.transfer import restore
from telemetry.settings import UsageError

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
Load = Callable[[Connection, Path], object]
LISTS: dict[str, Load] = {
    "bill": lambda connection, path: load_report(connection, path, NOW),
    "budgets": lambda connection, path: read_caps(str(path)),
    "runner prices": lambda connection, path: load_runner_prices(connection, str(path)),
    "runner labels": lambda connection, path: load_runner_prices(connection, None, str(path)),
    "model prices": lambda connection, path: load_llm_prices(connection, str(path)),
    "kinds of names": lambda connection, path: load_name_kinds(connection, str(path)),
}
each_list = pytest.mark.parametrize("load", LISTS.values(), ids=LISTS)


def a_loop(path: Path) -> None:
    path.symlink_to(path)


def contents(content: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(content) and None


# What makes the file, and what is said of it.
FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a folder": (Path.mkdir, "Is a directory"),
    "no file": (lambda path: None, "No such file"),
    "a loop of links": (a_loop, "symbolic links"),
    "a device without an end": (lambda path: path.symlink_to("/dev/zero"), ":1: "),
    "a device of noise": (lambda path: path.symlink_to("/dev/urandom"), "not UTF-8"),
    "a pipe that nothing writes to": (os.mkfifo, "nothing has written to this pipe"),
    "nothing": (contents(b""), "list.csv is empty"),
    "a byte order mark alone": (contents(b"\xef\xbb\xbf"), "list.csv is empty"),
    "an empty device": (lambda path: path.symlink_to("/dev/null"), "list.csv is empty"),
    "empty lines": (contents(b"\r\n\r\n"), "the first line is empty"),
    "commas": (contents(b",,\n"), "the first line is empty"),
    "semicolons": (contents(b"kind;subject\nrunners;all\n"), "semicolons between its columns"),
    "tabs": (contents(b"kind\tsubject\nrunners\tall\n"), "tabs between its columns"),
    "a packed file": (contents(gzip.compress(b"a,b\n" * 99)), "not UTF-8"),
    "a line of 20 MB": (contents(b"x" * 20_000_000), ":1: field larger than"),
    "a million columns": (contents(b"," * 1_000_000), "the first line is empty"),
    "NUL": (contents(b"\0,\0\n\0,\0\n"), ":1: (there is no column|the header)"),
}


@each_list
@pytest.mark.parametrize(("make", "said"), FILES.values(), ids=FILES)
def test_a_file_that_is_no_list_is_one_sentence(
    connection: Connection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    load: Load,
    make: Callable[[Path], object],
    said: str,
) -> None:
    monkeypatch.setattr(csv_files, "NO_WRITER", 0.2)
    make(path := tmp_path / "list.csv")
    with pytest.raises(UsageError, match=said) as caught:
        load(connection, path)
    assert "\n" not in str(caught.value) and "list.csv" in str(caught.value)


HEADERS = {
    "bill": (
        "date,product,sku,quantity,unit_type,applied_cost_per_quantity,gross_amount,"
        "discount_amount,net_amount,organization\n"
        "2026-02-05,actions,{name},{number},minutes,0.006,0.006,0,0.006,acme\n"
    ),
    "budgets": "kind,subject,name,monthly_usd\nrunners,all,{name},{number}\n",
    "runner prices": "sku,effective_from,usd_per_minute\n{name},2026-01-01,{number}\n",
    "model prices": (
        "model,effective_from,input_per_mtok,output_per_mtok\n{name},2026-01-01,{number},1\n"
    ),
}


@pytest.mark.parametrize("number", ["NaN", "sNaN", "inf", "1e400", "1e-400", "9" * 30, "0x1", "١"])
@pytest.mark.parametrize("kind", HEADERS)
def test_a_number_that_is_no_amount_is_named_with_its_line(
    connection: Connection, tmp_path: Path, kind: str, number: str
) -> None:
    path = tmp_path / "list.csv"
    path.write_text(HEADERS[kind].format(name="linux", number=number), encoding="utf-8")
    with pytest.raises(UsageError, match=r"list\.csv:2: \w+ is "):
        LISTS[kind](connection, path)


@pytest.mark.parametrize("kind", HEADERS)
def test_a_name_too_long_for_an_index_is_named_with_its_line(
    connection: Connection, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "list.csv"
    path.write_text(HEADERS[kind].format(name="b" * 2_100, number=1), encoding="utf-8")
    with pytest.raises(UsageError, match=r"list\.csv:2: .* bytes"):
        LISTS[kind](connection, path)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("actors,me,person", r"2: subject is 'actors', not one of: actor, workflow"),
        ("actor,me,persn", r"2: kind is 'persn'; for actor it is one of: person, bot, agent"),
        ("workflow,ship*,bot", r"2: kind is 'bot'; for workflow it is one of: deployment, other"),
    ],
)
def test_a_kind_that_no_question_knows_is_refused(
    connection: Connection, tmp_path: Path, line: str, said: str
) -> None:
    path = tmp_path / "list.csv"
    path.write_text(f"subject,pattern,kind\n{line}\n")
    with pytest.raises(UsageError, match=said):
        load_name_kinds(connection, str(path))


def test_a_list_of_more_lines_than_memory_should_hold_is_refused(
    connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prices, "MOST_ROWS", 3)
    path = tmp_path / "list.csv"
    path.write_text("label,sku\n" + "a,linux\n" * 4)
    with pytest.raises(UsageError, match=":5: there are more than 3 lines"):
        load_runner_prices(connection, None, str(path))


def test_a_pipe_that_something_writes_to_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_files, "NO_WRITER", LONGEST)
    os.mkfifo(path := tmp_path / "list.csv")
    text = "kind,subject,name,monthly_usd\nrunners,all,all,5\n"
    writer = Thread(target=path.write_text, args=[text])
    writer.start()
    assert len(read_caps(str(path))) == 1
    writer.join()


@pytest.mark.parametrize("make", [make for make, _ in FILES.values()], ids=FILES)
def test_a_file_that_is_no_dump_is_one_sentence_and_changes_nothing(
    connection: Connection, dsn: str, tmp_path: Path, make: Callable[[Path], object]
) -> None:
    newest = "select max(migration_id) as id from _yoyo_migration"
    # A database of an earlier version, which a restore would migrate first.
    connection.execute(f"delete from _yoyo_migration where migration_id = ({newest})".encode())
    before = connection.execute(newest).fetchone()
    make(path := tmp_path / "telemetry.dump")
    with pytest.raises(TelemetryError) as caught:
        restore(dsn, path, os.environ)
    assert "\n" not in str(caught.value) and "telemetry.dump" in str(caught.value)
    connection.execute("select from attempts")
    assert connection.execute(newest).fetchone() == before


CONDITIONS = "model,effective_from,input_per_mtok,output_per_mtok,{}\nm,2026-01-01,1,2,{}\n"


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("regional_factor", "0", "a factor such as 1.1"),
        ("peak_factor", "-2", "a factor such as 1.1"),
        ("tier", "auto", "a tier such as standard or batch"),
        ("peak_hours", "22 24", "hours from 0 to 23"),
        ("peak_weekdays", "0 1", r"days from 1 \(Monday\) to 7"),
    ],
)
def test_a_condition_that_the_table_refuses_is_named_with_its_line(
    connection: Connection, tmp_path: Path, column: str, value: str, expected: str
) -> None:
    (path := tmp_path / "list.csv").write_text(CONDITIONS.format(column, value))
    with pytest.raises(UsageError, match=f":2: {column} is '{value}', not {expected}"):
        load_llm_prices(connection, str(path))


def test_two_lines_that_disagree_about_one_thing_are_refused(
    connection: Connection, tmp_path: Path
) -> None:
    (path := tmp_path / "list.csv").write_text("label,sku\nours,linux\nours,linux\nOURS,windows\n")
    with pytest.raises(UsageError, match=":4: line 2 gives other values for the same label"):
        load_runner_prices(connection, None, str(path))
    path.write_text("label,sku\nours,linux\nours,linux\n")
    load_runner_prices(connection, None, str(path))
