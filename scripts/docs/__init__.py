"""The generated pages of docs/, and their shared function."""

import re


def prose(text: str) -> str:
    """Return our own text on one line, escaped so that Markdown shows it unchanged."""
    one_line = " ".join(text.split())
    return re.sub(r"([|*`\[\]])", r"\\\1", one_line).replace("<", "&lt;")
