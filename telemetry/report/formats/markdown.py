"""The only module that builds Markdown for GitHub: tables, sparklines and escaped names."""

import html
import re
from collections.abc import Sequence

from telemetry.report.figures import axis_top
from telemetry.terminal import Name, Sentence, plain

# GitHub rejects the whole summary of a step above 1 MiB ("Workflow commands for GitHub Actions",
# step isolation and limits). This leaves room for other output of the step.
LIMIT_BYTES = 1_000_000
CUT = "\n\n*Truncated: a job summary cannot be longer. The HTML report has everything.*\n"
BLOCKS = "▁▂▃▄▅▆▇█"
NOTHING = "\u200b"  # breaks mentions and links, and is invisible


def escape(text: str) -> str:
    """Return the text escaped, on one line: no markup, mention, link or formula.

    `$` begins a formula unless it is in an element of its own ("Writing mathematical
    expressions").
    """
    shown = html.escape(plain(text), quote=False)
    shown = re.sub(r"([\\|`\[\]*_~])", r"\\\1", shown)
    shown = re.sub(r"(@|#(?=\d)|(?i:www)(?=\.)|:(?=//))", rf"\1{NOTHING}", shown)
    return shown.replace("$", "<span>$</span>")


def sentence_text(sentence: Sentence) -> str:
    """Return a sentence with its names in bold."""
    return "".join(
        f"**{escape(str(part))}**" if isinstance(part, Name) else escape(part) for part in sentence
    )


def table(headings: Sequence[str], rows: Sequence[Sequence[str | Name]], numbers: int = 0) -> str:
    """Return a table; the last `numbers` columns are right-aligned."""
    words = len(headings) - numbers
    lines = [
        [escape(heading) for heading in headings],
        ["---"] * words + ["--:"] * numbers,
        *([escape(str(cell)) for cell in row] for row in rows),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def sparkline(values: Sequence[float | None]) -> str:
    """Return a sparkline of eight heights from 0; a dot stands for an unknown value."""
    most = axis_top(values, values) or 1
    return "".join(
        "·" if value is None else BLOCKS[min(7, int(8 * value / most))] for value in values
    )


def cut_to(text: str, limit: int = LIMIT_BYTES) -> str:
    """Return the text in at most `limit` bytes of UTF-8, cut after a line, with a note."""
    encoded = text.encode()
    if len(encoded) <= limit:
        return text
    room = limit - len(CUT.encode())
    kept = encoded[:room].rpartition(b"\n")[0]
    return kept.decode() + CUT
