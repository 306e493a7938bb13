"""The one place that builds Markdown for GitHub: tables, sparklines, and names that stay names."""

import html
import re
from collections.abc import Sequence

from telemetry.report.figures import axis_top
from telemetry.terminal import Name, Sentence, plain

# GitHub refuses the summary of a step beyond 1 MiB, and shows none of it ("Workflow commands for
# GitHub Actions", step isolation and limits). What the step writes besides needs room as well.
LIMIT_BYTES = 1_000_000
CUT = "\n\n*Cut here: a job summary holds no more. The HTML report has all of it.*\n"
BLOCKS = "▁▂▃▄▅▆▇█"
NOTHING = "\u200b"  # seen by who looks for a mention or a link, by nobody else


def escape(text: str) -> str:
    """The text as GitHub shows it, on one line: no markup, no mention, no link, no formula.

    `$` begins a formula unless it stands in an element of its own ("Writing mathematical
    expressions").
    """
    shown = html.escape(plain(text), quote=False)
    shown = re.sub(r"([\\|`\[\]*_~])", r"\\\1", shown)
    shown = re.sub(r"(@|#(?=\d)|(?i:www)(?=\.)|:(?=//))", rf"\1{NOTHING}", shown)
    return shown.replace("$", "<span>$</span>")


def sentence_text(sentence: Sentence) -> str:
    """A sentence, with the names in it in bold, so that they stand apart from its words."""
    return "".join(
        f"**{escape(str(part))}**" if isinstance(part, Name) else escape(part) for part in sentence
    )


def table(headings: Sequence[str], rows: Sequence[Sequence[str | Name]], numbers: int = 0) -> str:
    """A table; the last `numbers` columns are set to the right."""
    words = len(headings) - numbers
    lines = [
        [escape(heading) for heading in headings],
        ["---"] * words + ["--:"] * numbers,
        *([escape(str(cell)) for cell in row] for row in rows),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def sparkline(values: Sequence[float | None]) -> str:
    """Eight heights from 0 to the greatest usual value; a dot where a value is not known."""
    most = axis_top(values, values) or 1
    return "".join(
        "·" if value is None else BLOCKS[min(7, int(8 * value / most))] for value in values
    )


def cut_to(text: str, limit: int = LIMIT_BYTES) -> str:
    """The text, cut after a line and said to be where it is longer than so many bytes of UTF-8."""
    encoded = text.encode()
    if len(encoded) <= limit:
        return text
    room = limit - len(CUT.encode())
    kept = encoded[:room].rpartition(b"\n")[0]
    return kept.decode() + CUT
