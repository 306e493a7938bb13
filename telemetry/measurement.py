"""What a bench found: a figure, and the largest that is good enough."""

from dataclasses import dataclass

from telemetry.usage import Usage


@dataclass(frozen=True)
class Measurement:
    """One figure; `target` is the largest that is good enough, None where there is none."""

    name: str
    result: float
    target: float | None
    unit: str
    detail: str = ""

    @property
    def is_met(self) -> bool:
        """Whether the result is no larger than the target."""
        return self.target is None or self.result <= self.target


def time_ratio(
    name: str, pairs: list[tuple[Usage, Usage]], target: float | None, unit: str = "× floor"
) -> Measurement:
    """Our quickest time to the quickest of what it is measured against: other work only slows."""
    seconds = [(ours.seconds, floor.seconds) for ours, floor in pairs]
    return _ratio(f"{name}: time", seconds, target, unit)


def cpu_ratio(
    name: str, pairs: list[tuple[Usage, Usage]], target: float | None, unit: str = "× floor"
) -> Measurement:
    """The same of CPU time."""
    seconds = [(ours.cpu_seconds, floor.cpu_seconds) for ours, floor in pairs]
    return _ratio(f"{name}: CPU", seconds, target, unit)


def memory_growth(name: str, few: Usage, many: Usage) -> Measurement:
    """By how many percent the peak grew, of which a tenth is good enough."""
    percent = round((many.peak_bytes / few.peak_bytes - 1) * 100)
    return Measurement(name, percent, 10, "%", f"from {few.peak_bytes / 2**20:.0f} MB")


def _ratio(
    name: str, pairs: list[tuple[float, float]], target: float | None, unit: str
) -> Measurement:
    ours, floor = (min(values) for values in zip(*pairs, strict=True))
    detail = f"{ours:.1f} s to {floor:.1f} s"
    return Measurement(name, round(ours / floor, 2), target, unit, detail)
