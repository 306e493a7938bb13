"""Stores GitHub's usage reports, and compares them with what the stored jobs cost."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from telemetry.database.connection import Connection, execute
from telemetry.database.csv_files import Records, complete, csv_file, csv_records
from telemetry.database.questions import Answer, Scope, ask
from telemetry.database.transactions import with_retries
from telemetry.database.upserts import as_json
from telemetry.rows.bill import BilledUsage, ReportColumns, billed_usage, report_columns
from telemetry.rows.reading import UnreadableRow

LINES_PER_STATEMENT = 2_000
MOST_LINES_SHOWN = 10
OLDEST_DAY = date(2008, 1, 1)  # the year in which GitHub began

Day = tuple[str, date]


@dataclass(frozen=True)
class Loaded:
    """What was loaded: lines of a report, and the days from the first to the last, both included.

    `owners` are in lower case; `source` is which kind of report it is, as billed_days.source.
    """

    lines: int
    owners: Sequence[str]
    first_day: date
    last_day: date
    source: str


@dataclass(frozen=True)
class Bill:
    """The bill by cause, and the lines that nothing explains; both answer a question of sql/.

    `elsewhere` are billed lines without a stored run whose minutes equal those of an unexplained
    line, of another repository, that has jobs but no bill.
    """

    causes: Answer
    unexplained: Sequence[Mapping[str, Any]]
    elsewhere: Sequence[Mapping[str, Any]] = ()


def load_report(connection: Connection, path: Path, loaded_at: datetime) -> Loaded:
    """Store a usage report, a CSV file; it replaces what is stored for its accounts and days.

    The days from its first to its last count as covered. The file is read as a stream, and again
    after a fault of the database. All of it is stored or nothing. Raises UsageError with the line
    for a file that is not a usage report.
    """
    with csv_file(path, f"FILE: {path}", "name a usage report") as file:

        def load() -> Loaded:
            advice = "fix that line, or download the report again"
            with csv_records(file, path, advice) as (header, records):
                columns = report_columns(header)
                return _store(connection, _rows(columns, records, loaded_at), columns, loaded_at)

        def again() -> Loaded:
            file.seek(0)
            return load()

        # A pipe can be read once.
        return with_retries(connection, again) if file.seekable() else load()


def load_month(
    connection: Connection,
    owner: str,
    days: tuple[date, date],
    items: Sequence[Any],
    loaded_at: datetime,
    *,
    is_over: bool,
) -> Loaded:
    """Store what GitHub's billing API says of an account between two days, both included.

    It replaces what is stored for these days or, if they are not over, up to the newest item.
    Raises UnreadableRow for an item that cannot be read or is of another day.
    """
    rows = [_of_item(item, owner) for item in items]
    for row in rows:
        if not days[0] <= row.usage_date <= days[1]:
            raise UnreadableRow(
                f"an item is of {row.usage_date}, which is not in the requested month"
            )
    last = days[1] if is_over else max(row.usage_date for row in rows)
    covered = {(owner.lower(), day) for day in (days[0], last)}
    columns = ReportColumns({}, "billing API")
    return with_retries(connection, lambda: _store(connection, rows, columns, loaded_at, covered))


def bill(connection: Connection, scope: Scope) -> Bill:
    """Return the stored bill of the days of a scope, compared with what the jobs cost."""
    causes = ask(connection, "bill", scope)
    if not any(row["item"] == "unexplained" and row["lines"] for row in causes.rows):
        return Bill(causes, [])
    lines = ask(connection, "bill_lines", replace(scope, top=None)).rows
    unexplained = [row for row in lines if row["unexplained_usd"]][:MOST_LINES_SHOWN]
    not_billed = {_key(row, "minutes") for row in unexplained if not row["quantity"]}
    elsewhere = [
        row
        for row in lines
        if not row["minutes"] and row["run_not_stored_usd"] and _key(row, "quantity") in not_billed
    ]
    return Bill(causes, unexplained, elsewhere)


def _key(line: Mapping[str, Any], amount: str) -> tuple[Any, ...]:
    """Return what lines of one workflow have in common under two names of its repository."""
    return line["usage_date"], line["workflow_file"], line["sku"], line[amount]


def other_owners(connection: Connection, loaded: Loaded) -> list[str]:
    """Return the other accounts that have loaded days within those of a report, sorted."""
    days = {"first_day": loaded.first_day, "last_day": loaded.last_day}
    asked = {"owners": list(loaded.owners), **days}
    return [row["owner"] for row in execute(connection, "bill/other_owners", asked)]


def billed_span(connection: Connection) -> tuple[datetime, datetime] | None:
    """Return the start of the first covered day and the end of the last (UTC); None: no day."""
    row = execute(connection, "bill/billed_span").fetchone()
    if row is None or row["first_day"] is None:
        return None
    return span(row["first_day"], row["last_day"])


def span(first: date, last: date) -> tuple[datetime, datetime]:
    """Return when the first day begins and the last one ends, UTC."""
    return (
        datetime.combine(first, time(), UTC),
        datetime.combine(last + timedelta(days=1), time(), UTC),
    )


def _rows(columns: ReportColumns, records: Records, loaded_at: datetime) -> Iterator[BilledUsage]:
    # Tomorrow can have usage, because this machine's clock may be slow.
    newest_day = loaded_at.astimezone(UTC).date() + timedelta(days=1)
    for record in complete(records):
        row = billed_usage(columns, record)
        if not OLDEST_DAY <= row.usage_date <= newest_day:
            raise UnreadableRow(
                f"the day is {row.usage_date}, which is not between {OLDEST_DAY} and {newest_day}"
            )
        yield row


def _of_item(item: Any, owner: str) -> BilledUsage:
    if not isinstance(item, dict):
        raise UnreadableRow("an item of usageItems is not an object")
    record = {name: "" if value is None else str(value) for name, value in item.items()}
    if not record.get("organizationName"):
        record["organizationName"] = owner
    return billed_usage(report_columns(record, "billing API"), record)


def _store(
    connection: Connection,
    rows: Iterable[BilledUsage],
    columns: ReportColumns,
    loaded_at: datetime,
    covered: set[Day] | None = None,
) -> Loaded:
    """Store rows in one transaction; `covered` are days of theirs that may have no line."""
    seen: set[Day] = set()
    lines = 0
    iterator = iter(rows)
    with connection.transaction():
        for batch in iter(lambda: list(islice(iterator, LINES_PER_STATEMENT)), []):
            new = {(row.owner, row.usage_date) for row in batch} - seen
            _cover(connection, new, columns, loaded_at)
            rows_of_batch = as_json([{**vars(row), "lines": 1} for row in batch])
            execute(connection, "bill/add_billed_usage", {"rows": rows_of_batch})
            seen |= new
            lines += len(batch)
        every = seen | (covered or set())
        if not every:
            raise UnreadableRow("it has no lines")
        owners = sorted({owner for owner, _ in every})
        first, last = min(day for _, day in every), max(day for _, day in every)
        between = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        _cover(
            connection,
            {(owner, day) for owner in owners for day in between} - seen,
            columns,
            loaded_at,
        )
    return Loaded(lines, owners, first, last, columns.source)


def _cover(
    connection: Connection, days: set[Day], columns: ReportColumns, loaded_at: datetime
) -> None:
    """Record that these days are covered, and delete what an older report says about them."""
    ordered = sorted(days)
    keys = {"owners": [owner for owner, _ in ordered], "usage_dates": [day for _, day in ordered]}
    execute(connection, "bill/clear_billed_usage", keys)
    report = {"source": columns.source, "has_workflows": columns.has_workflows}
    execute(connection, "bill/record_billed_days", {**keys, **report, "loaded_at": loaded_at})
