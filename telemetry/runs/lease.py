"""The right to ingest a repository, held by one ingest at a time, by the database's clock.

A row, not an advisory lock: it survives a connection pool and ends by itself after a kill.
"""

import os
import re
import secrets
import socket

from telemetry import TelemetryError
from telemetry.database.connection import Connection, execute

# It is renewed with every page and every minute of waiting; a killed ingest holds up one on
# another machine no longer than this.
LEASE_SECONDS = 5 * 60


class Held(TelemetryError):
    """Another ingest is at this repository."""


class Lost(TelemetryError):
    """The lease ran out and another ingest took it: nothing more may be written."""


class Lease:
    """The lease of one repository."""

    def __init__(self, connection: Connection, repository_id: int, name: str) -> None:
        self.connection = connection
        self.name = name
        self.key = {
            "repository_id": repository_id,
            "holder": f"{socket.gethostname()} process {os.getpid()} {secrets.token_hex(4)}",
        }

    def take(self) -> None:
        """Raises Held, saying who has it."""
        for _ in range(2):
            if execute(self.connection, "runs/take_leases", self._for_a_while()).fetchone():
                return
            row = execute(self.connection, "runs/holders", self.key).fetchone()
            if row is None or _is_dead(row["holder"]):
                # Given back just now, or left behind by a process that was killed on this machine.
                holder = row["holder"] if row else ""
                execute(self.connection, "runs/release_leases", {**self.key, "holder": holder})
                continue
            raise Held(
                f"{row['holder']} has been ingesting {self.name} since "
                f"{row['acquired_at']:%Y-%m-%d %H:%M:%S} UTC; this one leaves it alone"
            )
        raise Held(f"another ingest was faster to take {self.name}; this one leaves it alone")

    def renew(self) -> None:
        """Within the transaction that writes. Raises Lost."""
        if not execute(self.connection, "runs/renew_leases", self._for_a_while()).fetchone():
            raise Lost(f"another ingest took over {self.name}; this one stores nothing more")

    def release(self) -> None:
        """Let the next one at it."""
        execute(self.connection, "runs/release_leases", self.key)

    def _for_a_while(self) -> dict[str, object]:
        return {**self.key, "seconds": LEASE_SECONDS}


def _is_dead(holder: str) -> bool:
    """Whether the holder was a process on this machine that runs no more."""
    match = re.fullmatch(r"(.+) process (\d+) \w+", holder)
    if not match or match[1] != socket.gethostname():
        return False
    try:
        os.kill(int(match[2]), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
