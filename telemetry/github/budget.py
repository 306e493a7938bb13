"""How many requests may still be sent, so that something is left for others."""

import threading
from datetime import datetime, timedelta

from telemetry.github.answers import RateLimit
from telemetry.github.errors import BudgetSpent


class Budget:
    """A number of requests, and a share of GitHub's limit that is left untouched."""

    def __init__(self, reserve: float) -> None:
        self._reserve = reserve
        self._left: int | None = None
        self._lock = threading.Lock()

    def allow(self, requests: int | None) -> None:
        """Allow so many requests from now on; None: as many as GitHub's limit leaves."""
        with self._lock:
            self._left = requests

    @property
    def left(self) -> int | None:
        """How many of the allowed requests are left; None when they were not counted."""
        with self._lock:
            return self._left

    def spend(self, limit: RateLimit | None, now: datetime | None) -> None:
        """Count one request that is about to be sent. Raises BudgetSpent, and then counts none."""
        with self._lock:
            if self._left is not None and self._left <= 0:
                raise BudgetSpent("the requests allowed by MAX_REQUESTS are spent")
            if limit is not None and self._is_reserved(limit, now):
                raise BudgetSpent(
                    f"{limit.remaining:,} of {limit.limit:,} requests are left until "
                    f"{limit.reset_at:%H:%M} UTC, and are left to others",
                    limit.reset_at,
                )
            if self._left is not None:
                self._left -= 1

    def _is_reserved(self, limit: RateLimit, now: datetime | None) -> bool:
        if limit.remaining > limit.limit * self._reserve or not self._reserve:
            return False
        # A limit that has been reset since it was told says nothing any more.
        return now is None or now < limit.reset_at + timedelta(seconds=1)
