"""A server that speaks bytes, because no well-behaved one breaks off in the middle of an answer."""

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator

_PATIENCE = 300.0
"""Seconds a client may be too busy to read: shorter, and a slow machine would cut answers short."""

Reply = bytes | Callable[[], Iterator[bytes]]


class ByteServer:
    """Answers the n-th request with the n-th reply.

    A reply is bytes, or a function that yields parts of them, and what happens then: keep,
    close, reset or hang.
    """

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.replies: list[tuple[Reply, str]] = []
        self.received: list[str] = []
        self.connections = 0
        self.asked = threading.Event()
        self._context = context
        self._stopping = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        return f"{'https' if self._context else 'http'}://127.0.0.1:{self.port}"

    def close(self) -> None:
        self._stopping.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(300)
        self._listener.close()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._threads.append(threading.Thread(target=self._serve, args=(connection,)))
            self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(_PATIENCE)
        with connection:
            try:
                if self._context:
                    connection = self._context.wrap_socket(connection, server_side=True)
                while request := self._read(connection):
                    self.received.append(request)
                    self.asked.set()
                    reply, then = self.replies.pop(0)
                    for part in [reply] if isinstance(reply, bytes) else reply():
                        if self._stopping.is_set():
                            return
                        connection.sendall(part)
                    if then == "hang":
                        self._stopping.wait(300)
                    if then == "reset":
                        linger = struct.pack("ii", 1, 0)
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    if then != "keep":
                        return
            except OSError:
                return
            finally:
                connection.close()

    def _read(self, connection: socket.socket) -> str:
        request = b""
        connection.settimeout(0.05)  # so that a server that is stopped soon notices
        while not request.endswith(b"\r\n\r\n"):
            if self._stopping.is_set():
                return ""
            try:
                part = connection.recv(65536)
            except TimeoutError:
                continue
            if not part:
                return ""
            request += part
        connection.settimeout(_PATIENCE)
        return request.decode()


def http(body: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {size}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
