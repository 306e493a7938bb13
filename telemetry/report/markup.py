"""The one place that builds HTML and SVG: what is not built here is text, and is escaped.

`Html` marks what was built; a plain `str` is always a text, however much it looks like a tag.
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
    """Markup that is right as it stands."""

    text: str

    def __str__(self) -> str:
        return self.text


Child = Html | Name | Value | Sequence["Child"]


def escape(text: str) -> str:
    """The text for use between tags and in quoted attributes.

    Control and format characters are shown as U+FFFD: they would reverse what surrounds them.
    """
    return html.escape(visible(text), quote=True)


def tag(element: str, /, *children: Child, **attributes: Value) -> Html:
    """One element. None leaves out a child or an attribute; `class_` is `class`, `_` is `-`.

    Raises ValueError for a name that is none of an element or attribute, or that of an event
    handler: names come from code, never from data.
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
    """Markup and texts one after the other, the texts escaped."""
    return Html("".join(_markup(child) for child in children))


def _markup(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, Html):
        return child.text
    if isinstance(child, Name):
        # Isolated, so that letters written from right to left reorder nothing around them.
        return f"<bdi>{escape(str(child))}</bdi>"
    if isinstance(child, str | int | float):
        return escape(str(child))
    return "".join(_markup(each) for each in child)


def link(address: str | None, *children: Child) -> Html:
    """A link, or its children alone where there is no address; github_pages.py makes those.

    Raises ValueError for an address that is neither https nor within the page or its folder.
    """
    if address is None:
        return join(*children)
    if not re.fullmatch(r"(https?://[\w.:-]+/[\w./-]*|#[\w-]+|[\w-][\w.-]*\.html)", address, re.A):
        raise ValueError(f"not an address to link to: {address!r}")
    return tag("a", *children, href=address, rel="noopener")
