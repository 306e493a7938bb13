"""The period that a report or a question is about, in one time zone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from telemetry.database.questions import Scope
from telemetry.report.figures import minute
from telemetry.settings import UsageError
from telemetry.times import Length, in_zone

# GitHub Actions was announced on the day before.
FIRST_RUNS = datetime(2018, 10, 17, tzinfo=UTC)


@dataclass(frozen=True)
class Period:
    """From one moment to another, which is not included; both in one time zone."""

    since: datetime
    until: datetime

    @property
    def time_zone(self) -> tzinfo:
        """The zone in which its days begin and times are written."""
        return self.until.tzinfo or UTC

    def scope(self, repository_ids: Sequence[int] | None = None, top: int | None = None) -> Scope:
        """What a question about this period is asked about."""
        return Scope(self.since, self.until, repository_ids, self.time_zone, top)

    def __str__(self) -> str:
        return (
            f"Runs created from {minute(self.since)} to {minute(self.until)}; "
            f"all times are in {self.time_zone}."
        )

    @property
    def before(self) -> "Period":
        """The period of equal length that ends where this one begins, even if clocks changed."""
        since, until = self.since.astimezone(UTC), self.until.astimezone(UTC)
        return Period((since - (until - since)).astimezone(self.time_zone), self.since)

    @property
    def days(self) -> list[date]:
        """Each day that it includes, wholly or in part."""
        last = (self.until - timedelta(microseconds=1)).date()
        count = (last - self.since.date()).days + 1
        return [self.since.date() + timedelta(days=at) for at in range(count)]


def period(since: date | timedelta | Length, now: datetime) -> Period:
    """The period until `now`, in the time zone that `now` has.

    A date begins at its midnight, an age of whole days at midnight that many days ago. No period
    begins before the first runs that existed. Raises UsageError if it is empty.
    """
    if now <= FIRST_RUNS:
        raise UsageError(f"NOW: {minute(now)} {now.tzinfo} is before the first runs of GitHub")
    if isinstance(since, Length):
        since = since.up_to(now)
    if isinstance(since, date):
        start = in_zone(since, now.tzinfo or UTC)
    elif since > now - FIRST_RUNS:
        start = FIRST_RUNS.astimezone(now.tzinfo)
    elif since % timedelta(days=1):
        start = now - since
    else:
        start = now.replace(hour=0, minute=0, second=0, microsecond=0) - since
    if start >= now:
        raise UsageError(f"SINCE: {minute(start)} {now.tzinfo} is not before {minute(now)}")
    return Period(max(start, FIRST_RUNS.astimezone(now.tzinfo)), now)
