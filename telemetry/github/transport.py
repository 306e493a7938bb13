"""Keep-alive HTTP connections to one API host: one request in, one complete answer or fault out.

Knows nothing of GitHub's rules. Answers are bounded in time and size. Uses `http.client` because
`urllib.request` closes the connection after every answer.
"""

import re
import socket
import ssl
import threading
import time
import urllib.request
from base64 import b64encode
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from http.client import (
    HTTPConnection,
    HTTPException,
    HTTPSConnection,
    RemoteDisconnected,
)
from urllib.parse import SplitResult, unquote, urlsplit

from telemetry.github.answers import Answer, Fault, clean
from telemetry.github.bounds import Unusable, bounded_response, read_answer
from telemetry.github.errors import CHECK_URL, GitHubError

_IDLE_CONNECTIONS = 16

# Errors on a kept connection that the server has closed in the meantime.
_CLOSED_BY_SERVER = (
    RemoteDisconnected,
    ConnectionError,
    ssl.SSLEOFError,
    ssl.SSLZeroReturnError,
)


class Transport:
    """A thread-safe pool of connections to the host of `base_url`.

    `headers` are sent with every request, to that host only. `timeout` is for a complete answer, in
    seconds. `proxies` maps schemes to proxy URLs, and "no" to hosts reached directly, as
    `urllib.request.getproxies()`, its default, does. `certificates` is the file that
    SSL_CERT_FILE names. Raises GitHubError for a base URL, a proxy or a file that cannot be used.
    """

    def __init__(
        self,
        base_url: str,
        *,
        timeout: float,
        proxies: Mapping[str, str] | None = None,
        certificates: str | None = None,
    ) -> None:
        base = _split_base_url(base_url)
        self.base = base.path.rstrip("/")
        self.origin = origin(base_url)
        self.headers: dict[str, str] = {}
        self._https = base.scheme == "https"
        self.host = base.hostname or ""
        self._port = base.port or (443 if self._https else 80)
        self._timeout = timeout
        self._proxy = _proxy_for(base, proxies)
        self._context = _trusting(certificates) if self._https else None
        self._lock = threading.Lock()
        self._idle: list[HTTPConnection] = []
        self._busy: dict[HTTPConnection, threading.Event | None] = {}
        self._closed = False

    def exchange(
        self,
        target: str,
        etag: str | None = None,
        stop: threading.Event | None = None,
        method: str = "GET",
        *,
        anew: bool = False,
    ) -> Answer | Fault:
        """Send a request for `target` (path and query) once, and return the answer.

        With the `etag` of an earlier answer, an unchanged answer is a 304 without a body. With
        `anew`, the request is sent on a new connection. A kept one may have been closed by the
        server while idle; the fault then says so. `break_off` ends the exchange in a fault if
        `stop` is set.
        """
        kept = None if anew else self._take(stop)
        connection = kept or self._connect(stop)
        if isinstance(connection, Fault):
            return connection
        closed = Fault("the connection was closed without an answer", stale=kept is not None)
        return self._ask(connection, target, etag, method) or closed

    def close(self) -> None:
        """Close all connections; requests in progress end in a fault."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            for connection in self._busy:
                _break_off(connection)
        for connection in idle:
            connection.close()

    def break_off(self) -> None:
        """End the exchanges whose `stop` is set in a fault."""
        with self._lock:
            for connection, stop in self._busy.items():
                if stop is not None and stop.is_set():
                    _break_off(connection)

    def _take(self, stop: threading.Event | None) -> HTTPConnection | None:
        with self._lock:
            if not self._idle:
                return None
            connection = self._idle.pop()
            self._engage(connection, stop)
            return connection

    def _engage(self, connection: HTTPConnection, stop: threading.Event | None) -> None:
        self._busy[connection] = stop
        if self._closed or (stop is not None and stop.is_set()):
            _break_off(connection)

    def _connect(self, stop: threading.Event | None) -> HTTPConnection | Fault:
        connection = self._new_connection()
        self._set_deadline(connection)
        try:
            connection.connect()
        except (HTTPException, OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        else:
            with self._lock:
                self._engage(connection, stop)
            return connection
        connection.close()
        through = f" through the proxy {self._proxy.hostname}" if self._proxy else ""
        return Fault(f"no connection to {self.host}{through} ({clean(reason)})", connecting=True)

    def _new_connection(self) -> HTTPConnection:
        host, port = self.host, self._port
        if self._proxy:
            host, port = self._proxy.hostname or "", self._proxy.port or 80
        if not self._https:
            return HTTPConnection(host, port, timeout=self._timeout)
        connection = HTTPSConnection(host, port, timeout=self._timeout, context=self._context)
        if self._proxy:
            connection.set_tunnel(self.host, self._port, _proxy_headers(self._proxy))
        return connection

    def _ask(
        self, connection: HTTPConnection, target: str, etag: str | None, method: str
    ) -> Answer | Fault | None:
        """Return the answer, or None if the server closed the connection before sending any."""
        response = None
        keep = False
        deadline = self._set_deadline(connection)
        try:
            self._send(connection, target, etag, method)
            response = connection.getresponse()
            answer = read_answer(response)
            keep = not response.will_close
        except Unusable as error:
            return Fault(f"{response.status} with {error}" if response else str(error))
        except TimeoutError:
            return Fault(f"no answer within {self._timeout:g} s")
        except (HTTPException, OSError, ValueError) as error:
            if response is None and isinstance(error, _CLOSED_BY_SERVER):
                return None
            if time.monotonic() >= deadline:
                return Fault(f"no answer within {self._timeout:g} s")
            return Fault(f"the answer broke off ({type(error).__name__})")
        finally:
            self._release(connection, keep=keep)
        return answer

    def _set_deadline(self, connection: HTTPConnection) -> float:
        """Limit the next answer on this connection to `timeout` seconds, then TimeoutError.

        Returns the deadline as a time of time.monotonic().
        """
        deadline = time.monotonic() + self._timeout
        connection.response_class = partial(bounded_response, deadline)  # type: ignore[assignment]
        if connection.sock is not None:
            connection.sock.settimeout(self._timeout)
        return deadline

    def _send(self, connection: HTTPConnection, target: str, etag: str | None, method: str) -> None:
        relayed = self._proxy if self._proxy and not self._https else None
        where = self.origin + target if relayed else target
        connection.putrequest(method, where, skip_accept_encoding=True)
        if relayed:
            for name, value in _proxy_headers(relayed).items():
                connection.putheader(name, value)
        # No local variable holds the token, because some tracebacks show them.
        for name in self.headers:
            connection.putheader(name, self.headers[name])
        if etag:
            connection.putheader("If-None-Match", etag)
        connection.endheaders()

    def _release(self, connection: HTTPConnection, *, keep: bool) -> None:
        with self._lock:
            self._busy.pop(connection, None)
            if keep and not self._closed and len(self._idle) < _IDLE_CONNECTIONS:
                self._idle.append(connection)
                return
        connection.close()


def origin(url: str) -> str:
    """Return scheme, host and port of a URL, without a default port; "" if it has none."""
    try:
        parts = urlsplit(url)
        default = {"http": 80, "https": 443}[parts.scheme]
        port = parts.port or default
    except (ValueError, KeyError):
        return ""
    host = parts.hostname or ""
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}" + ("" if port == default else f":{port}")


def _split_base_url(base_url: str) -> SplitResult:
    shown = "" if "@" in base_url else f" {clean(base_url)!r}"
    problem = f"the API URL{shown} cannot be used; {CHECK_URL}"
    try:
        base = urlsplit(base_url)
        usable = base.scheme in ("http", "https") and bool(base.hostname) and base.port != 0
    except ValueError:
        raise GitHubError(problem) from None
    if "@" in base.netloc:
        raise GitHubError(f"the API URL must not hold a user name or password; {CHECK_URL}")
    if not usable or base.query or base.fragment or not re.fullmatch(r"[!-~]+", base_url):
        raise GitHubError(problem)
    return base


def _trusting(certificates: str | None) -> ssl.SSLContext:
    """Return the context for TLS. OpenSSL itself ignores a file that it cannot read."""
    context = ssl.create_default_context()
    if certificates:
        try:
            context.load_verify_locations(certificates)
        except OSError as error:
            raise GitHubError(
                f"no certificate can be read in SSL_CERT_FILE, {clean(certificates)}"
                f" ({clean(error.strerror or str(error))}); set it to a file of certificates in"
                " PEM form, or remove it"
            ) from None
    return context


def _proxy_for(base: SplitResult, proxies: Mapping[str, str] | None) -> SplitResult | None:
    host = base.netloc
    if proxies is None:
        proxies = urllib.request.getproxies()
        bypassed = urllib.request.proxy_bypass(host)
    else:
        # Missing from the type stubs; proxy_bypass() takes no mapping on macOS.
        bypassed = urllib.request.proxy_bypass_environment(host, proxies)  # type: ignore[attr-defined]
    url = proxies.get(base.scheme)
    if bypassed or not url:
        return None
    try:
        proxy = urlsplit(url if "://" in url else f"http://{url}")
        usable = proxy.scheme == "http" and bool(proxy.hostname) and proxy.port != 0
    except ValueError:
        usable = False
    if not usable:
        name = f"{base.scheme.upper()}_PROXY"
        raise GitHubError(
            f"the proxy in {name} cannot be used; set it to a URL like http://HOST:PORT"
        )
    return proxy


def _proxy_headers(proxy: SplitResult) -> dict[str, str]:
    if proxy.username is None:
        return {}
    credentials = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": f"Basic {b64encode(credentials.encode()).decode()}"}


def _break_off(connection: HTTPConnection) -> None:
    if connection.sock is not None:
        with suppress(OSError):  # the server may have closed it first
            # Not SSLSocket.shutdown, which removes TLS while another thread is reading.
            socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)
