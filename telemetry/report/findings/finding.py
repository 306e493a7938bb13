"""One finding: a sentence, what to do about it, and the question with more details."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from telemetry import counted
from telemetry.report.figures import Row, and_more
from telemetry.terminal import Name, Sentence

# After this time without a run, a finding says so.
LONG_AGO = timedelta(days=3)
# How many others a finding names in addition to its own subject.
MOST_NAMED = 3
# The question in sql/analysis/ that shows more.
QUESTIONS = {
    "red": "incidents",
    "slower": "slower_or_faster",
    "stalled": "stalled",
    "disabled": "workflow_outcomes",
    "stopped": "stopped_schedules",
    "timing out": "timeouts",
    "flaky": "flaky_jobs",
    "failing": "failing_steps",
    "no runner": "untaken_jobs",
    "queued": "queued_runs",
    "waiting": "queue_times",
    "costing": "runner_cost",
    "wasting": "wasted_minutes",
}


# What does not work now. How much time it costs is not known.
BROKEN = ("red", "stalled", "disabled", "stopped", "queued", "no runner")


@dataclass(frozen=True)
class Finding:
    """A finding of the report.

    `advice` is empty if there is nothing to do. `lost_minutes` is the time that it cost people or
    runners, if known; `is_urgent` puts it first. `about` is the row of its question that it is
    about, or the figures that it sums up. `links` are texts and their addresses on GitHub.
    """

    subject: str
    sentence: Sentence
    advice: Sentence
    lost_minutes: float
    is_urgent: bool = False
    about: Row = field(default_factory=dict)
    links: tuple[tuple[str, str], ...] = ()

    @property
    def urgency(self) -> tuple[int, float]:
        """Sorts urgent ones first, then what is broken now, then the others by the time lost.

        Those with nothing to do come last.
        """
        if self.is_urgent:
            return 0, 0
        if self.advice and self.subject in BROKEN:
            return 1, 0
        return 2 if self.advice else 3, -self.lost_minutes

    @property
    def question(self) -> str:
        """The name of the question in sql/analysis/ that answers in full."""
        return QUESTIONS[self.subject]


def undeployed(workflow: Name) -> Sentence:
    """Return the advice on a deployment that fails."""
    return ("Fix ", workflow, ": what was merged since it was last green may not be deployed.")


def others(number: int, what: str) -> str:
    """Return how many more there are than the one that a finding names; empty if none."""
    return f"; {counted(number, f'other {what}')} too" if number else ""


def other_workflows(lead: str, others: Sequence[Sentence]) -> Sentence:
    """Return the first of `others` after `lead`, and how many more there are; empty if none."""
    if not others:
        return ()
    said: Sentence = (lead, *others[0])
    for other in others[1:MOST_NAMED]:
        said += (", ", *other)
    left = len(others) - MOST_NAMED
    return (*said, f", {and_more(left, 'workflows')}." if left > 0 else ".")
