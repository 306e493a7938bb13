"""Names that strangers gave to things, and sentences about these, whatever they are written in."""

from dataclasses import dataclass

from telemetry.terminal import visible

# A name may be as long as its writer likes; a page that shows all of it is of no use to a reader.
LONGEST_NAME = 160


@dataclass(frozen=True)
class Name:
    """What a stranger called a thing: shown apart from the words around it, and cut."""

    text: str

    def __str__(self) -> str:
        return shortened(visible(self.text), LONGEST_NAME)


Sentence = tuple[str | Name, ...]


def shortened(text: str, longest: int) -> str:
    """The text in at most that many characters, an ellipsis among them where it was cut."""
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"
