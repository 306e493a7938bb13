"""Answers of the simulated GitHub, compressed once."""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from telemetry.simulated.forms import encode

DOCUMENTATION = "https://docs.github.com/rest"


@dataclass
class Answer:
    """`packed` is the compressed body. An answer with an ETag may become a 304."""

    status: int
    packed: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> bytes:
        return gzip.decompress(self.packed) if self.packed else b""


def refused(status: int, text: str, documentation: str = DOCUMENTATION) -> Answer:
    """Return an error of GitHub's, with its message as JSON."""
    return Answer(status, pack(message(text, status, documentation)))


def of_json(payload: Any) -> Answer:
    """Return a 200 with this payload."""
    return Answer(200, pack(encode(payload).encode()))


def message(text: str, status: int | None = None, documentation: str = DOCUMENTATION) -> bytes:
    """Return the body of an error; the status is part of it in answers, not in rate limits."""
    body = {"message": text, "documentation_url": documentation}
    return encode(body | ({} if status is None else {"status": str(status)})).encode()


def pack(body: bytes) -> bytes:
    """Return the body compressed, always in the same way."""
    return gzip.compress(body, 1, mtime=0)
