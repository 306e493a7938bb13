"""The connections of the simulated GitHub: HTTP/1.1 that is kept alive, and its faults."""

import socket
import socketserver
import struct
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

from telemetry.simulated.answers import Answer
from telemetry.simulated.faults import Fault


class Simulated(Protocol):
    """The object that answers the requests of the connections."""

    @property
    def is_stopping(self) -> bool: ...

    def in_flight(self) -> AbstractContextManager[int]: ...

    def respond(
        self, target: str, headers: Mapping[str, str], ordinal: int, method: str
    ) -> tuple[Answer, Fault]: ...


class Server(ThreadingHTTPServer):
    """A server whose threads end with it, because it closes keep-alive connections."""

    daemon_threads = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], simulator: Simulated) -> None:
        self.simulator = simulator
        self.connections: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        # HTTPServer looks up the host's name here, which can take seconds.
        socketserver.TCPServer.server_bind(self)

    def hang_up(self) -> None:
        for connection in list(self.connections):
            _shut_down(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # Clients may disconnect at any time; any other error is a bug of ours or of a hook.
        if not isinstance(sys.exception(), ConnectionError):
            raise


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)
        if self.server.simulator.is_stopping:
            _shut_down(self.connection)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        super().finish()

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        accepts_gzip = "gzip" in headers.get("accept-encoding", "")
        with self.server.simulator.in_flight() as ordinal:
            answer, fault = self.server.simulator.respond(self.path, headers, ordinal, self.command)
            if fault.reset:
                # Closing without lingering sends a reset instead of the rest.
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.connection.close()
                self.close_connection = True
                return
            self._send(answer, fault.truncated, accepts_gzip)

    def do_DELETE(self) -> None:
        """Answer 404, or with a fault: the simulation itself has nothing to delete."""
        self.do_GET()

    def _send(self, answer: Answer, truncated: bool, accepts_gzip: bool) -> None:
        has_body = answer.status not in (204, 304)
        body = (answer.packed if accepts_gzip else answer.body) if has_body else b""
        headers = dict(answer.headers)
        if has_body:
            headers["content-length"] = str(len(body))
        if accepts_gzip and body:
            headers["content-encoding"] = "gzip"
        lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if truncated:
            body = body[: len(body) // 2]
            self.close_connection = True
        # In one write: a body sent after its head would wait for the client's acknowledgement.
        self.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1") + body)

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: requests are in the counters."""


def _shut_down(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
