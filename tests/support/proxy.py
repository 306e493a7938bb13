"""A stand-in for the network between a client and PostgreSQL that loses the answer to a commit."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

COMMITTED = b"C\x00\x00\x00\x0bCOMMIT\x00"  # the message CommandComplete of a commit


class LosingProxy:
    """Passes on what comes in over a Unix socket in `folder`, and what is answered.

    `loses` is asked after each commit of the server, with its number from 1: then the client's
    connection is closed instead of the answer.
    """

    def __init__(self, folder: Path, server: str, loses: Callable[[int], bool]) -> None:
        self.server = server
        self.loses = loses
        self.commits = 0
        self.lost = 0
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(folder / ".s.PGSQL.5432"))
        self._listening.listen()
        self._sockets = [self._listening]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def __enter__(self) -> "LosingProxy":
        return self

    def __exit__(self, *exception: object) -> None:
        for each in self._sockets:
            _end(each)
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self.server)
                self._sockets += [client, server]
                for pair in ((client, server, False), (server, client, True)):
                    thread = threading.Thread(target=self._pass_on, args=pair)
                    self._threads.append(thread)
                    thread.start()

    def _pass_on(self, source: socket.socket, target: socket.socket, is_answer: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                if is_answer and COMMITTED in data:
                    self.commits += 1
                    if self.loses(self.commits):
                        self.lost += 1
                        break
                target.sendall(data)
        for each in (source, target):
            _end(each)


def _end(connected: socket.socket) -> None:
    with suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)
    connected.close()
