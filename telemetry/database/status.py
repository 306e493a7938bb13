"""The contents of the database and how fresh they are, without asking GitHub."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from telemetry.database import concerns, retention
from telemetry.database.checks import Checked, check
from telemetry.database.concerns import Concern
from telemetry.database.connection import Connection, describe, execute
from telemetry.database.prune import Pruned, would_prune
from telemetry.database.rules import broken_rules
from telemetry.database.views import lost_views
from telemetry.database.watched import present_names
from telemetry.installation import typed

# The cron workflow runs every six hours; a warning follows after four missed runs.
STALE_AFTER = timedelta(days=1)

# make check checks all rows, which takes longer than a status should.
CHECKED = timedelta(days=1)

Row = dict[str, Any]


@dataclass(frozen=True)
class Status:
    """The data of `make status`. Times are UTC, sizes bytes, ages seconds.

    `proof` says for each repository whether the stored runs match GitHub's reports, and what is
    pending; sql/status/proof.sql defines its terms. `llm` is the row of sql/status/llm.sql.
    `leaving` are the rows of sql/status/leaving.sql: how long GitHub keeps runs, and how many it
    will delete soon. `retention` is what the next prune would delete. `concerns` are sentences
    about what is stale or failed. `too_old` names the repositories without a complete ingest within
    the maximum age. `rules` are the rules of sql/checks, and the rows of the last 24 hours that
    break them. `unwatched` names the repositories that are left out, because no ingest is expected.
    """

    database: str
    repositories: list[dict[str, Any]]
    proof: list[dict[str, Any]]
    tables: list[dict[str, Any]]
    llm: dict[str, Any]
    leaving: list[dict[str, Any]]
    retention: Pruned
    concerns: list[Concern] = field(default_factory=list)
    too_old: list[str] = field(default_factory=list)
    rules: list[Checked] = field(default_factory=list)
    unwatched: list[str] = field(default_factory=list)


def status(
    connection: Connection,
    max_age: timedelta | None = None,
    now: datetime | None = None,
    names: Sequence[str] = (),
) -> Status:
    """Return the status of the named repositories, or of all that are watched.

    Case is ignored, as on GitHub. Ages are relative to `now`, by default the database's clock.
    Changes nothing and sends no request.
    """
    asked = {name.casefold(): name for name in present_names(connection, names)}

    shown = {
        row["repository_id"]: row["repository"] for row in execute(connection, "status/shown_names")
    }

    def rows(query: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
        found = execute(connection, query, parameters).fetchall()
        return [
            {**row, "repository": shown.get(row.get("repository_id"), row["repository"])}
            for row in found
            # About a named repository, or a watched one if none is named.
            if (row["repository"].casefold() in asked if asked else row.get("is_watched", True))
        ]

    repositories = rows("status/repositories")
    of_clock = [each for row in repositories for each in concerns.of_clock(row)]
    if now is not None:
        repositories = [_aged(row, now) for row in repositories]
    found = _stored(connection, rows, repositories, now, bool(names))
    limit = max_age or STALE_AFTER
    unreached = rows("status/unreached")
    known = {row["repository"].casefold() for row in repositories}
    unknown = [name for key, name in asked.items() if key not in known]
    said = [
        *of_clock,
        *_of_each(repositories, found.proof, limit),
        *chain.from_iterable(map(concerns.of_leaving, found.leaving)),
        *(Concern("nothing is stored", "unknown", name) for name in unknown),
        *concerns.of_unreached(unreached),
        *chain.from_iterable(map(concerns.of_overlap, rows("status/overlapping_windows"))),
        *_of_database(connection, found),
    ]
    if not repositories and not found.llm["calls"] and not names:
        said.append(_nothing_to_show(found.tables))
    too_old = [] if max_age is None else _too_old(repositories, unreached, unknown, limit)
    unwatched = [] if names else _unwatched(connection)
    return replace(found, concerns=said, too_old=too_old, unwatched=unwatched)


def _stored(
    connection: Connection,
    rows: Callable[..., list[Row]],
    repositories: list[Row],
    now: datetime | None,
    are_chosen: bool,
) -> Status:
    """Return what is stored, without concerns."""
    ids = [row["repository_id"] for row in repositories] if are_chosen else None
    (llm,) = execute(connection, "status/llm")
    kept = retention.stored(connection)
    now = now or retention.horizon(connection, kept).database_time
    return Status(
        database=describe(connection),
        repositories=repositories,
        proof=rows("status/proof"),
        tables=execute(connection, "status/tables").fetchall(),
        llm=llm,
        leaving=rows("status/leaving", {"now": now}),
        retention=replace(would_prune(connection, kept), is_held=kept.is_held),
        rules=check(connection, now - CHECKED, ids),
    )


def _unwatched(connection: Connection) -> list[str]:
    stored = execute(connection, "report/repositories")
    return [row["repository"] for row in stored if not row["is_watched"]]


def _of_database(connection: Connection, found: Status) -> list[Concern]:
    """Return the concerns that are not about a repository."""
    return [
        *concerns.of_llm_calls(found.llm),
        *(Concern(text) for text in broken_rules(connection) + lost_views(connection)),
        *concerns.of_rules(found.rules),
        *concerns.of_retention(found.retention),
    ]


def _of_each(repositories: Sequence[Row], proof: Sequence[Row], limit: timedelta) -> list[Concern]:
    """Return the concerns about the ingests of each repository, then about its proof."""
    last = {row["repository_id"]: row for row in repositories}
    found: list[Concern] = []
    for row in repositories:
        found += concerns.of_ingests(row, limit) if row["is_watched"] else concerns.of_end(row)
    for row in proof:
        found += concerns.of_proof(row, last[row["repository_id"]]) if row["is_watched"] else []
    return found


def _nothing_to_show(tables: Sequence[Row]) -> Concern:
    has_runs = any(row["rows"] for row in tables if row["table_name"] == "workflow_runs")
    what = "no repository is watched" if has_runs else "nothing has been ingested yet"
    return Concern(f"{what}; try: {typed('ingest REPO=owner/name')}")


def _too_old(
    repositories: Sequence[Row], unreached: Sequence[Row], unknown: Sequence[str], limit: timedelta
) -> list[str]:
    """Return the names of the repositories without a complete ingest within the age."""
    if not repositories and not unknown:
        return ["every repository"]
    old = [row["repository"] for row in repositories if concerns.is_older(row, limit)]
    old += [row["repository"] for row in unreached if row["is_unknown"]]
    return old + [name for name in unknown if name not in old]


def _aged(row: dict[str, Any], now: datetime) -> dict[str, Any]:
    def since(moment: datetime | None) -> int | None:
        return None if moment is None else int((now - moment).total_seconds())

    return {
        **row,
        "seconds_since_complete": since(row["last_complete_at"]),
        "seconds_since_start": since(row["last_started_at"]),
    }
