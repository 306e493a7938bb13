"""The errors of the client; each says in one sentence what failed and what to do."""

from datetime import datetime

from telemetry import TelemetryError

CHECK_URL = (
    "check GITHUB_API_URL: https://api.github.com, https://HOST/api/v3 of GitHub Enterprise Server,"
    " or https://api.SUBDOMAIN.ghe.com"
)


class GitHubError(TelemetryError):
    """A request that failed; `status` is the HTTP status, None if there was no answer.

    `said` is what happened, without the advice, which is about the token, the repository or the
    server: it does not help if GitHub refuses one run of many.
    """

    def __init__(self, said: str, status: int | None = None, advice: str = "") -> None:
        super().__init__(f"{said}; {advice}" if advice else said)
        self.said = said
        self.status = status


class Closed(GitHubError):
    """The client, or the part of it that asked, was closed while a request waited."""


class LimitReached(GitHubError):
    """No request can be sent now; `reset_at` (UTC) is when there are more, if known.

    It has no status: GitHub answers 403 to a token that may not do something, too.
    """

    def __init__(self, message: str, reset_at: datetime | None = None) -> None:
        super().__init__(message)
        self.reset_at = reset_at


class RateLimited(LimitReached):
    """The wait for GitHub's rate limit exceeds `max_wait`."""


class BudgetSpent(LimitReached):
    """The allowed requests are used up."""


class Unanswered(GitHubError):
    """Every try ended in a fault although the host can be reached; `reason` is the last fault.

    `too_long` is the wait that the server asks for, in seconds, if no request waits as long.
    """

    def __init__(
        self, said: str, status: int | None, reason: str, advice: str = "", too_long: float = 0.0
    ) -> None:
        super().__init__(said, status, advice)
        self.reason = reason
        self.too_long = too_long


class PaginationLimited(GitHubError):
    """The list is longer than GitHub's paging allows; list shorter windows of creation time."""


class NotFound(GitHubError):
    """404: it does not exist, was deleted, or the token may not see it."""
