"""The output of `make check` for people."""

from collections.abc import Sequence

from telemetry.database.checks import Checked
from telemetry.summaries.answers import rows_text
from telemetry.summaries.tables import table
from telemetry.terminal import BOLD, PAPER, YELLOW, Screen


def checks_text(checked: Sequence[Checked], top: int, screen: Screen = PAPER) -> str:
    """Return how many rules hold, then all rules, then up to `top` rows that break each."""
    broken = [each for each in checked if not each.holds]
    rules = [
        {"rule": each.rule, "broken": 0 if each.holds else each.count, "name": each.name}
        for each in checked
    ]
    parts = [
        screen.styled(verdict(checked), YELLOW if broken else BOLD),
        table(rules, {"name": "name", "broken": "broken by", "rule": "rule"}, screen, prose=True),
    ]
    for each in broken:
        parts += [
            screen.styled(f"{each.name}: broken by {each.count}", BOLD),
            rows_text(each.columns, each.rows[:top], screen),
        ]
        if more := max(0, len(each.rows) - top):
            parts.append(f"and {more:,} more; to show them, add TOP={len(each.rows)}")
        parts.append(screen.paragraph(f"{each.rule} {each.reading}"))
    return "\n\n".join(parts)


def verdict(checked: Sequence[Checked]) -> str:
    """Return in one sentence how many rules hold, and which are broken."""
    broken = [f"{each.name} ({each.count})" for each in checked if not each.holds]
    if not broken:
        return f"All {len(checked)} rules of the data hold."
    holding = len(checked) - len(broken)
    return f"{holding} of {len(checked)} rules of the data hold; broken: {', '.join(broken)}."
