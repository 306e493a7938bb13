"""Bounds on the time and size of an HTTP answer, for any server."""

import io
import re
import socket
import time
import zlib
from http.client import HTTPException, HTTPResponse
from typing import Any

from telemetry.github.answers import Answer

OTHER_CODINGS = {"br", "compress", "deflate", "zstd"}
LARGEST_ANSWER = 4 * 2**20
"""The most bytes of an answer as sent, and of its unpacked body: three pages of 100 runs."""


class Unusable(HTTPException):
    """An answer that is valid HTTP but cannot be used; the text says why."""


class _BoundedSocket(io.RawIOBase):
    """A socket for HTTPResponse that ends at `deadline` or after LARGEST_ANSWER bytes.

    `deadline` is a time of time.monotonic(). Raises TimeoutError and Unusable.
    """

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._socket = sock
        self._stream = sock.makefile("rb", buffering=0)
        self._deadline = deadline
        self._left = LARGEST_ANSWER

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        seconds = self._deadline - time.monotonic()
        if seconds <= 0:
            raise TimeoutError
        if self._left <= 0:
            raise _too_large()
        self._socket.settimeout(seconds)
        size = self._stream.readinto(buffer)
        self._left -= size or 0
        return size

    def close(self) -> None:
        self._stream.close()
        super().close()


class _FinalResponse(HTTPResponse):
    """The final answer to a request, after any interim ones such as 103 (RFC 9110 §15.2)."""

    def begin(self) -> None:
        super().begin()
        # 101 would begin another protocol, which is not asked for.
        while 100 <= self.status < 200 and self.status != 101:
            self.headers = None  # type: ignore[assignment] # otherwise it has already begun
            super().begin()


def bounded_response(deadline: float, sock: socket.socket, **options: Any) -> HTTPResponse:
    """Return the answer on a socket. It must be complete by `deadline` (time.monotonic())."""
    return _FinalResponse(_BoundedSocket(sock, deadline), **options)  # type: ignore[arg-type]


def read_answer(response: HTTPResponse) -> Answer:
    """Return the whole answer, unpacked. Raises Unusable and what http.client raises."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    if "link" in headers:  # the only header used here that may be repeated
        headers["link"] = ", ".join(response.headers.get_all("link", []))
    if response.length is None:  # chunked, or ended by the connection
        body = response.read(LARGEST_ANSWER + 1)
        if len(body) > LARGEST_ANSWER:  # the rest is unread, so the connection cannot be kept
            raise _too_large()
    elif response.length > LARGEST_ANSWER:
        raise _too_large()
    else:
        body = response.read()
    codings = re.findall(r"[\w-]+", headers.get("content-encoding", "").lower())
    if body and OTHER_CODINGS.intersection(codings):
        raise Unusable("a body in another compression than gzip, which was asked for")
    if body and {"gzip", "x-gzip"}.intersection(codings):
        body = _unpacked(body)
    return Answer(response.status, headers, body)


def _unpacked(body: bytes) -> bytes:
    packed = zlib.decompressobj(zlib.MAX_WBITS | 16)  # gzip
    try:
        unpacked = packed.decompress(body, LARGEST_ANSWER + 1)
        if len(unpacked) > LARGEST_ANSWER:
            raise _too_large()
        if packed.eof and not packed.unused_data:
            return unpacked
    except zlib.error:
        pass
    raise Unusable("a body that is not the gzip it claims to be")


def _too_large() -> Unusable:
    return Unusable(f"more than {LARGEST_ANSWER // 2**20} MiB")
