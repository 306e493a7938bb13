"""Years of a team's daily minutes on runners, to test a forecast on months whose end is known."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from math import exp
from random import Random

WEEKDAYS = (1.0, 1.15, 1.1, 1.1, 0.9, 0.25, 0.2)


@dataclass(frozen=True)
class Year:
    """How a team's use of runners develops; each is a share, of a day or of a month.

    The level drifts by `drift` from week to week, days differ by `noise`, and it grows by `growth`
    a month. In the last ten days of December only a third of the work is done. `step` multiplies
    everything from the day in the middle of the year on.
    """

    drift: float = 0.05
    noise: float = 0.2
    growth: float = 0.0
    step: float = 1.0


YEARS = {
    "steady": Year(),
    "growing": Year(growth=0.05),
    "restless": Year(drift=0.12, noise=0.4),
    "stepped": Year(step=1.6),
}


def daily_minutes(seed: int, first: date, days: int, year: Year) -> Iterator[tuple[date, int]]:
    """Yield each day with the minutes that jobs used. The same arguments give the same days."""
    rng, level = Random(seed), 0.0
    for number in range(days):
        day = first + timedelta(days=number)
        if number % 7 == 0:
            level = 0.9 * level + rng.gauss(0, year.drift)
        minutes = 150 * WEEKDAYS[day.weekday()] * exp(level + rng.gauss(0, year.noise))
        minutes *= (1 + year.growth) ** (number / 30.4)
        if number >= days // 2:
            minutes *= year.step
        if day.month == 12 and day.day > 21:
            minutes /= 3
        yield day, round(minutes)
