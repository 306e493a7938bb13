"""The errors of the client; each says in one sentence what failed and what to do."""

from datetime import datetime

from telemetry import TelemetryError


class GitHubError(TelemetryError):
    """A request that GitHub did not answer as needed; `status` is its HTTP status if it had one."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class RateLimited(GitHubError):
    """GitHub asks for a longer wait than allowed; `reset_at` (UTC) is when it ends, if known."""

    def __init__(self, message: str, status: int | None, reset_at: datetime | None) -> None:
        super().__init__(message, status)
        self.reset_at = reset_at


class BudgetSpent(GitHubError):
    """No more requests are to be sent now; `reset_at` (UTC), if known, is when there are more."""

    def __init__(self, message: str, reset_at: datetime | None = None) -> None:
        super().__init__(message, None)
        self.reset_at = reset_at


class Unanswered(GitHubError):
    """Only faults, again and again, from a host that can be reached; `reason` is the last one."""

    def __init__(self, message: str, status: int | None, reason: str) -> None:
        super().__init__(message, status)
        self.reason = reason


class PaginationLimited(GitHubError):
    """The list is longer than GitHub pages through; ask for it in windows of creation time."""


class NotFound(GitHubError):
    """404 twice: it does not exist, or no longer, or the token may not see it."""
