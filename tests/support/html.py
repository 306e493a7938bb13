"""A page as a test reads it."""

import re
from html.parser import HTMLParser

from telemetry.report.formats.page import STYLE


class Reader(HTMLParser):
    """What a browser would see: the elements, their attributes, and the text."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, element: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((element, dict(attributes)))

    def handle_data(self, data: str) -> None:
        self.text += data


def colours(block: str) -> dict[str, str]:
    return dict(re.findall(r"--(\w+):(#[0-9a-f]{3,6})", block))


LIGHT, DARK = (
    colours(block) for block in STYLE.split("@media screen and (prefers-color-scheme:dark)")
)
