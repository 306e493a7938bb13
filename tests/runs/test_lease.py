"""A lease whose ingest writes while another of its threads waits for GitHub."""

import threading
import time

from support.paths import LONGEST

from telemetry.database.connection import Connection
from telemetry.runs.lease import Lease


def test_a_renewal_that_had_to_wait_for_later_ones_is_no_sign_of_a_crash(
    dsn: str, connection: Connection
) -> None:
    lease = Lease(connection, 7, "acme/app")
    lease.take()
    numbers: list[int] = []
    waiting = threading.Thread(target=lambda: numbers.append(lease.renew()))
    with connection.transaction():
        lease.confirm(lease.renew())
        waiting.start()
        deadline = time.monotonic() + LONGEST
        while lease._sent < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        later = lease.renew()
    lease.confirm(later)
    waiting.join(LONGEST)
    assert numbers == [2] and later == 3
    assert lease.stored() == 3
    lease.renew()


def test_the_lease_of_a_killed_ingest_begins_anew_for_the_next(connection: Connection) -> None:
    killed = Lease(connection, 7, "acme/app")
    killed.take()
    killed.renew()
    killed.renew()
    connection.execute("update leases set expires_at = now() - interval '1 second'")
    following = Lease(connection, 7, "acme/app")
    following.take()
    assert following.renew() == following.stored() == 1
