"""Text that is safe to print: foreign names, prose, progress. Imports nothing of ours.

Every name from GitHub goes through `plain`, because strangers write names.
"""

import re
import textwrap
import unicodedata
from dataclasses import dataclass

# Control characters move the cursor or colour the screen; format characters reverse the text.
HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
LONGEST_LINE = 100
# A command that a person copies: in backticks, or with variables.
COMMAND = re.compile(
    r"""`[^`\n]+`|\b(?:make|actions-telemetry) [a-z-]+"""
    r"""(?: [A-Z_]+=(?:"[^"]*"|'[^']*'|[^\s;,"']+))+"""
)


def visible(text: str) -> str:
    """Return the text on one line, with U+FFFD for each control and format character."""
    if text.isprintable():  # as most are: that takes a hundredth of the time
        return text
    return "".join(
        "\ufffd" if unicodedata.category(character) in HIDDEN else character for character in text
    )


def plain(text: str) -> str:
    """Return the text on one line, with U+FFFD for each character that controls a terminal.

    A GitHub runner would take `::` at the start of a line, and `##[`, for a command
    (actions/runner, ActionCommand.cs, TryParseV2 and TryParse). So U+FFFD also replaces the first
    colon of such a `::`, and `##[` becomes `# #[`.
    """
    shown = visible(text)
    if shown.lstrip().startswith("::"):
        shown = shown.replace(":", "\ufffd", 1)
    return shown.replace("##[", "# #[")


@dataclass(frozen=True)
class Screen:
    """The screen that shows a text: its columns (None: unlimited), and whether it has colour."""

    columns: int | None = None
    colour: bool = False

    def styled(self, text: str, style: str) -> str:
        """Return the text in an SGR style (ECMA-48), such as 1 for bold, if there is colour."""
        return f"\033[{style}m{text}\033[0m" if self.colour and text else text

    def paragraph(self, text: str, indent: str = "") -> str:
        """Return prose in lines that are no longer than people like to read."""
        return filled(text, min(self.columns or LONGEST_LINE, LONGEST_LINE), indent)


def filled(text: str, columns: int | None, indent: str = "  ") -> str:
    """Return prose with lines longer than this broken between words; further lines are indented.

    A word, such as a path or a URL, stays whole, so that it can be copied, and so does a command.
    None: no limit.
    """
    if columns is None:
        return text
    whole = COMMAND.sub(lambda command: command[0].replace(" ", "\0"), text)
    return "\n".join(
        textwrap.fill(
            line,
            columns,
            subsequent_indent=line[: len(line) - len(line.lstrip())] + indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for line in whole.splitlines()
    ).replace("\0", " ")


BOLD, DIM, YELLOW = "1", "2", "33"
PAPER = Screen()


def size(count: int) -> str:
    """Return a number of bytes with a binary unit, in steps of 1,024."""
    amount, unit = float(count), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if amount < 1_024 or unit == "TB":
            break
        amount /= 1_024
    return f"{amount:.0f} {unit}" if unit == "B" or amount >= 10 else f"{amount:.1f} {unit}"


def code_block(text: str) -> str:
    """Return the text as a Markdown code block that no text inside can end."""
    harmless = text.replace("```", "` ` `")
    return f"```text\n{harmless}\n```"


def progress_text(done: int, total: int, columns: int, label: str = "") -> str:
    """Return a label and a progress bar in at most `columns`; `total` may be an estimate."""
    share = min(1.0, done / total) if total else 1.0
    count = f" {done:,} of about {total:,}" if done < total else f" {done:,}"
    name = f"{plain(label)} "[: max(0, columns - len(count) - 3)] if label else ""
    room = max(0, min(40, columns - len(name) - len(count) - 3))
    filled = int(room * share)
    return f"{name}[{'█' * filled}{'·' * (room - filled)}]{count}"


# Names can be very long; a page that shows all of one is unreadable.
LONGEST_NAME = 160


@dataclass(frozen=True)
class Name:
    """A foreign name: set apart from the text around it, and shortened."""

    text: str

    def __str__(self) -> str:
        return shortened(visible(self.text), LONGEST_NAME)


Sentence = tuple[str | Name, ...]


def shortened(text: str, longest: int) -> str:
    """Return at most `longest` characters of the text; a cut text ends with an ellipsis."""
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"
