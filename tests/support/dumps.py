"""What GitHub says of a schedule and its dumps, which the simulation does not have."""

import json
import os
import re
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from telemetry.database.connection import open_connection
from telemetry.database.embedded.binaries import find_tool
from telemetry.installation import DUMP
from telemetry.simulated.faults import Fault, RequestInfo, primary_limit

ACTIONS = "/repos/acme/app/actions"


def newer_dump(dsn: str, path: Path) -> Path:
    """Write the dump that a newer version, with one more migration, would write of a database."""
    with open_connection(dsn) as connection:
        connection.execute(
            "insert into _yoyo_migration (migration_hash, migration_id) "
            "values ('a', '9999.of-later')"
        )
    pg_dump = find_tool("pg_dump", os.environ)
    subprocess.run([pg_dump, "--format=custom", f"--file={path}", dsn], check=True)
    return path


@dataclass
class Dumps:
    """The dumps of `ours.yml` by the numbers of their runs, each made on that day of 2026.

    `events` are the events of runs other than the schedule, `forks` the dumps from forks,
    `runs_listed` how many runs GitHub still has.
    """

    artifacts: dict[int, bytes]
    may_delete: bool = True
    is_limited: bool = False
    runs_listed: int = 1
    expired: set[int] = field(default_factory=set)
    deleted: list[int] = field(default_factory=list)
    events: dict[int, str] = field(default_factory=dict)
    paths: dict[int, str] = field(default_factory=dict)
    forks: set[int] = field(default_factory=set)

    def answer(self, request: RequestInfo, ordinal: int) -> Fault | None:
        if request.method == "DELETE":
            return self._delete(int(request.path.rpartition("/")[2]))
        if request.path == f"{ACTIONS}/artifacts":
            listed = [self._artifact(number) for number in sorted(self.artifacts, reverse=True)]
            return _json({"total_count": len(listed), "artifacts": listed})
        if request.path == f"{ACTIONS}/workflows/ours.yml/runs":
            newest = max(self.expired, default=None)
            runs = [{"id": newest, "created_at": moment(newest)}] if newest else []
            listed = runs if request.query.get("event") in (None, "schedule") else []
            return _json({"total_count": self.runs_listed, "workflow_runs": listed})
        of_run = re.fullmatch(rf"{ACTIONS}/runs/(\d{{1,3}})", request.path)
        if of_run:
            number = int(of_run[1])
            path = self.paths.get(number, ".github/workflows/ours.yml")
            event = self.events.get(number, "schedule")
            return _json({"id": number, "event": event, "path": path})
        return None

    def _delete(self, number: int) -> Fault:
        if self.is_limited:
            return primary_limit(datetime.now(UTC) + timedelta(hours=1))
        if not self.may_delete:
            body = {"message": "Resource not accessible by integration"}
            return Fault(403, body=json.dumps(body).encode())
        del self.artifacts[number]
        self.deleted.append(number)
        return Fault(204)

    def _artifact(self, number: int) -> dict[str, Any]:
        owner = 2 if number in self.forks else 1
        return {
            "id": number,
            "name": DUMP,
            "size_in_bytes": 1_000_000,
            "expired": number in self.expired,
            "created_at": moment(number),
            "expires_at": moment(number + 90),
            "workflow_run": {"id": number, "repository_id": 1, "head_repository_id": owner},
        }


def moment(days: int) -> str:
    return f"{datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"


def _json(body: dict[str, Any]) -> Fault:
    return Fault(200, body=json.dumps(body).encode())
