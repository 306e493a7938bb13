"""The rate limit of the simulated GitHub: the requests that each token may send in an hour."""

from collections.abc import Mapping
from dataclasses import dataclass

PER_HOUR_WITHOUT_TOKEN = 60
PER_HOUR = 5_000


@dataclass
class Allowance:
    """The hour's requests of one token. `limit` is 0 where there is no rate limit."""

    limit: int
    reset: int
    used: int = 0

    @property
    def is_spent(self) -> bool:
        return 0 < self.limit <= self.used

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)

    def headers(self) -> dict[str, str]:
        """Return the headers that each answer carries; none without a rate limit."""
        if not self.limit:
            return {}
        return {
            "x-ratelimit-limit": str(self.limit),
            "x-ratelimit-remaining": str(self.remaining),
            "x-ratelimit-reset": str(self.reset),
            "x-ratelimit-used": str(self.used),
            "x-ratelimit-resource": "core",
        }

    def payload(self) -> dict[str, object]:
        """Return the body of `GET /rate_limit`."""
        core = {
            "limit": self.limit,
            "used": self.used,
            "remaining": self.remaining,
            "reset": self.reset,
            "resource": "core",
        }
        return {"resources": {"core": core}, "rate": core}


def per_hour(token: str | None, tokens: Mapping[str, int] | None, limit: int | None) -> int:
    """Return how many requests a token may send in an hour, by the simulator's options."""
    if limit is not None:
        return limit
    if not token:
        return PER_HOUR_WITHOUT_TOKEN
    return PER_HOUR if tokens is None else tokens.get(token, PER_HOUR_WITHOUT_TOKEN)
