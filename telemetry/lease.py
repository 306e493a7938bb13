"""The right to ingest a repository, held by one ingest at a time, by the database's clock.

A row, not an advisory lock: it survives a connection pool and ends by itself after a kill.
"""

import os
import secrets
import socket

from telemetry import TelemetryError
from telemetry.database import Connection, execute

# Longer than any wait between two renewals; a killed ingest holds up the next one no longer.
LEASE_SECONDS = 15 * 60


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
        if execute(self.connection, "take_leases", self._for_a_while()).fetchone():
            return
        holder = execute(self.connection, "holders", self.key).fetchone()
        raise Held(
            f"{holder['holder']} has been ingesting {self.name} since "
            f"{holder['acquired_at']:%Y-%m-%d %H:%M:%S} UTC; this one leaves it alone"
            if holder
            else f"another ingest has just finished {self.name}; run it again"
        )

    def renew(self) -> None:
        """Within the transaction that writes. Raises Lost."""
        if not execute(self.connection, "renew_leases", self._for_a_while()).fetchone():
            raise Lost(f"another ingest took over {self.name}; this one stores nothing more")

    def release(self) -> None:
        """Let the next one at it."""
        execute(self.connection, "release_leases", self.key)

    def _for_a_while(self) -> dict[str, object]:
        return {**self.key, "seconds": LEASE_SECONDS}
