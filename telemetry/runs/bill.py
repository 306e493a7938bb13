"""Fetches what GitHub bills from its billing API."""

from calendar import monthrange
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from telemetry import TelemetryError
from telemetry.database.bill import Loaded, load_month
from telemetry.database.connection import Connection
from telemetry.github.client import GitHub
from telemetry.github.errors import GitHubError
from telemetry.installation import typed
from telemetry.rows import reading
from telemetry.rows.reading import UnreadableRow
from telemetry.settings import UsageError

NOT_SHOWN = (403, 404)


def fetch_month(connection: Connection, client: GitHub, owner: str, month: date) -> Loaded:
    """Store what GitHub bills an organization or a user for a month, with one or two requests.

    The days of the month (UTC) count as covered; of the present month, those up to the newest usage
    that GitHub shows. Raises UsageError for a month that has not begun, TelemetryError if the token
    may not read it or nothing was used, and GitHubError.
    """
    try:
        answer = client.get_billing_usage(owner, month.year, month.month)
    except GitHubError as error:
        if error.status in NOT_SHOWN:
            raise TelemetryError(_not_shown(owner, error.status)) from None
        raise
    now = client.github_time or datetime.now(UTC)
    if month > now.date():
        raise UsageError(f"MONTH: {month:%Y-%m} has not begun")
    last = month.replace(day=monthrange(month.year, month.month)[1])
    try:
        items = _items(answer)
        if not items:
            raise TelemetryError(f"{owner}: GitHub shows no usage in {month:%Y-%m}")
        return load_month(connection, owner, (month, last), items, now, is_over=last < now.date())
    except UnreadableRow as error:
        raise TelemetryError(
            f"{owner}: GitHub's billing API: {error}; nothing was stored"
        ) from None


def _items(answer: Any) -> Sequence[Any]:
    items = reading.mapping(answer, "answer").get("usageItems")
    if not isinstance(items, list):
        raise UnreadableRow("the answer has no list usageItems")
    return items


def _not_shown(owner: str, status: int | None) -> str:
    return (
        f"{owner}: GitHub does not show its bill to this token ({status}); the token needs "
        "Administration: read of the organization, or Plan: read of the user, and a classic token "
        "read:org of an owner or billing manager; or download the usage report and try: "
        f"{typed('bill FILE=usage.csv')}"
    )
