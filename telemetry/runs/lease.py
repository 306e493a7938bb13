"""The lease of a repository: one ingest at a time holds it, by the database's clock.

It is a row and not an advisory lock, so it works through a connection pool and expires after a
kill.
"""

import os
import re
import secrets
import socket

from telemetry import TelemetryError
from telemetry.database.connection import Connection, execute

# A lease is renewed with every page and every minute of waiting; after a kill, an ingest on another
# machine has to wait no longer than this.
LEASE_SECONDS = 5 * 60


class Held(TelemetryError):
    """Another ingest holds the lease of this repository."""


class Lost(TelemetryError):
    """The lease expired and another ingest took it; nothing more may be written."""


class Forgotten(TelemetryError):
    """The server crashed and lost what it had confirmed; what this ingest knows may be wrong.

    `renewal` is the last one that is stored, together with the rows of its transaction.
    """

    def __init__(self, message: str, renewal: int) -> None:
        super().__init__(message)
        self.renewal = renewal


class Lease:
    """The lease of one repository.

    Renewals are counted here and in the row, and written with the pages. A crash loses the end of
    the server's log, so if the row has the last confirmed renewal, all earlier pages are there too.
    """

    def __init__(self, connection: Connection, repository_id: int, name: str) -> None:
        self.connection = connection
        self.name = name
        self.key = {
            "repository_id": repository_id,
            "holder": f"{socket.gethostname()} process {os.getpid()} {secrets.token_hex(4)}",
        }
        self._sent = 0
        self._confirmed = 0

    def take(self) -> None:
        """Take the lease. Raises Held, which names the holder."""
        for _ in range(2):
            if execute(self.connection, "runs/take_leases", self._for_a_while()).fetchone():
                return
            row = execute(self.connection, "runs/holders", self.key).fetchone()
            if row is None or _is_dead(row["holder"]):
                # It was just released, or left behind by a killed process of this machine.
                holder = row["holder"] if row else ""
                execute(self.connection, "runs/release_leases", {**self.key, "holder": holder})
                continue
            raise Held(
                f"{row['holder']} has been ingesting {self.name} since "
                f"{row['acquired_at']:%Y-%m-%d %H:%M:%S} UTC; this ingest leaves it alone"
            )
        raise Held(f"another ingest was faster to take {self.name}; this ingest leaves it alone")

    def renew(self) -> int:
        """Renew the lease, in the transaction that writes; return the number to confirm.

        Raises Lost and Forgotten.
        """
        self._sent = number = self._sent + 1
        counts = {"renewal": number, "confirmed": self._confirmed}
        renewed = execute(self.connection, "runs/renew_leases", {**self._for_a_while(), **counts})
        if not renewed.fetchone():
            row = execute(self.connection, "runs/holders", self.key).fetchone()
            if row and row["holder"] == self.key["holder"]:
                raise Forgotten(
                    f"the database server crashed and lost what it had stored last of {self.name}; "
                    "the next ingest fetches that again",
                    row["renewal"],
                )
            raise Lost(f"another ingest took over {self.name}; this ingest stores nothing more")
        return number

    def stored(self) -> int:
        """Return the last renewal that is stored; 0 if there is none or the lease is another's."""
        row = execute(self.connection, "runs/holders", self.key).fetchone()
        return row["renewal"] if row and row["holder"] == self.key["holder"] else 0

    def confirm(self, number: int) -> None:
        """Note that the transaction of this renewal was committed."""
        self._confirmed = max(self._confirmed, number)

    def release(self) -> None:
        """Release the lease."""
        execute(self.connection, "runs/release_leases", self.key)

    def _for_a_while(self) -> dict[str, object]:
        return {**self.key, "seconds": LEASE_SECONDS}


def _is_dead(holder: str) -> bool:
    """Whether the holder was a process on this machine that no longer runs."""
    match = re.fullmatch(r"(.+) process (\d+) \w+", holder)
    if not match or match[1] != socket.gethostname():
        return False
    try:
        os.kill(int(match[2]), 0)
    except ProcessLookupError:
        return True
    except OSError:
        pass  # it runs, as another user
    return False
