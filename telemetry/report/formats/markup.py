"""The only module that builds HTML and SVG: everything else is text and is escaped.

`Html` marks built markup; a plain `str` is always text, even if it looks like a tag.
"""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

from telemetry.terminal import Name, visible

Value = str | int | float | None

# Elements that have no end tag (HTML standard, "Void elements").
VOID = {"br", "col", "hr", "meta"}
IDENTIFIER = re.compile(r"[a-zA-Z][a-zA-Z0-9]*(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Html:
    """Markup that needs no escaping."""

    text: str

    def __str__(self) -> str:
        return self.text


Child = Html | Name | Value | Sequence["Child"]


def escape(text: str) -> str:
    """Return the text escaped for use between tags and in quoted attributes.

    Control and format characters become U+FFFD, because they can reverse the text around them.
    """
    return html.escape(visible(text), quote=True)


def tag(element: str, /, *children: Child, **attributes: Value) -> Html:
    """Return one element. None omits a child or an attribute; `class_` is `class`, `_` is `-`.

    Raises ValueError for an invalid name of an element or attribute, and for an event handler.
    Names come from code, never from data.
    """
    written = "".join(
        f' {_attribute(key)}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if not IDENTIFIER.fullmatch(element) or element.lower() == "script":
        raise ValueError(f"not an element: {element!r}")
    if element in VOID:
        return Html(f"<{element}{written}>")
    return Html(f"<{element}{written}>{join(*children)}</{element}>")


def _attribute(key: str) -> str:
    name = key.rstrip("_").replace("_", "-")
    if not IDENTIFIER.fullmatch(name) or name.lower().startswith("on"):
        raise ValueError(f"not an attribute: {key!r}")
    return name


def join(*children: Child) -> Html:
    """Return markup and texts in sequence, the texts escaped."""
    return Html("".join(_markup(child) for child in children))


def _markup(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, Html):
        return child.text
    if isinstance(child, Name):
        # Isolated, so that right-to-left letters do not reorder the text around them.
        return f"<bdi>{escape(str(child))}</bdi>"
    if isinstance(child, str | int | float):
        return escape(str(child))
    return "".join(_markup(each) for each in child)


def link(address: str | None, *children: Child) -> Html:
    """Return a link, or only its children without an address (see github_pages.py).

    Raises ValueError for an address that is neither https nor in the page or its folder.
    """
    if address is None:
        return join(*children)
    if not re.fullmatch(r"(https?://[\w.:-]+/[\w./-]*|#[\w-]+|[\w-][\w.-]*\.html)", address, re.A):
        raise ValueError(f"not an address to link to: {address!r}")
    return tag("a", *children, href=address, rel="noopener")
