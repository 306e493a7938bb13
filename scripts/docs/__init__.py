"""The generated pages of docs/, and what they share."""

import re


def prose(text: str) -> str:
    """A text of our own as Markdown shows it word for word, on one line."""
    one_line = " ".join(text.split())
    return re.sub(r"([|*`\[\]])", r"\\\1", one_line).replace("<", "&lt;")
