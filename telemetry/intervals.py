"""Whether two figures differ by more than chance: intervals, and whether they overlap."""

from math import sqrt

Interval = tuple[float, float]

# Of 100 samples, 95 have the true value within.
Z = 1.96


def wilson(successes: int, trials: int) -> Interval | None:
    """The interval of a share, from 0 to 1 (Wilson 1927). None without a trial."""
    if trials == 0:
        return None
    share, square = successes / trials, Z * Z / trials
    middle = share + square / 2
    spread = Z * sqrt(share * (1 - share) / trials + square / (4 * trials))
    return max(0.0, (middle - spread) / (1 + square)), min(1.0, (middle + spread) / (1 + square))


def differ(one: Interval | None, other: Interval | None) -> bool:
    """Whether both are known and lie apart; where they overlap, no change is clear."""
    return one is not None and other is not None and (one[1] < other[0] or other[1] < one[0])
