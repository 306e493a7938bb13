"""What happens on the wire: kept connections, broken answers, proxies, TLS, and the end."""

import gzip
import json
import shutil
import socket
import ssl
import subprocess
import threading
import traceback
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from support.byte_server import ByteServer, http

from telemetry.github.client import GitHub
from telemetry.github.errors import BudgetSpent, GitHubError
from telemetry.github.options import Options

TOKEN = "ghp_secret0123456789"


Connect = Callable[..., GitHub]


@pytest.fixture
def connect(server: ByteServer, slept: list[float]) -> Iterator[Connect]:
    clients: list[GitHub] = []

    def connect(**options: object) -> GitHub:
        defaults = {
            "base_url": server.url,
            "sleep": slept.append,
            "jitter": lambda: 0.0,
            "proxies": {},
        }
        token = options.pop("token", TOKEN)
        clients.append(GitHub(token, Options(**(defaults | options))))  # type: ignore[arg-type]
        return clients[-1]

    yield connect
    for client in clients:
        client.close()


OK = http(b'{"ok": true}')


def test_requests_share_one_connection(server: ByteServer, connect: Connect) -> None:
    server.replies = [(OK, "keep")] * 3
    client = connect()
    for _ in range(3):
        client.get("/x")
    assert server.connections == 1


def test_the_documented_headers_are_sent(server: ByteServer, connect: Connect) -> None:
    server.replies = [(OK, "keep")]
    connect().get("/x")
    lines = server.received[0].split("\r\n")
    assert lines[0] == "GET /x HTTP/1.1"
    assert set(lines[1:-2]) == {
        f"Host: 127.0.0.1:{server.port}",
        "Accept: application/vnd.github+json",
        "Accept-Encoding: gzip",
        "User-Agent: actions-telemetry",
        "X-GitHub-Api-Version: 2022-11-28",
        f"Authorization: Bearer {TOKEN}",
    }


def test_without_a_token_no_authorization_is_sent(server: ByteServer, connect: Connect) -> None:
    server.replies = [(OK, "keep")]
    connect(token=None).get("/x")
    assert "authorization" not in server.received[0].lower()


@pytest.mark.parametrize(
    "replies",
    [
        [(OK, "close"), (OK, "keep")],
        [(OK, "keep"), (b"", "close"), (OK, "keep")],
        [(OK, "keep"), (b"", "reset"), (OK, "keep")],
    ],
)
def test_a_connection_closed_while_idle_is_replaced_without_a_wait(
    server: ByteServer, connect: Connect, slept: list[float], replies: list[tuple[bytes, str]]
) -> None:
    server.replies = replies
    client = connect(tries=1)
    client.get("/x")
    assert client.get("/y") == {"ok": True}
    assert (slept, client.requests, server.connections) == ([], 3, 2)


@pytest.mark.parametrize("end", ["close", "reset"])
def test_a_request_sent_again_on_a_new_connection_needs_to_be_allowed(
    server: ByteServer, connect: Connect, end: str
) -> None:
    server.replies = [(OK, "keep"), (b"", end), (OK, "keep")]
    client = connect(tries=1)
    client.allow(2, "two are enough")
    client.get("/x")
    with pytest.raises(BudgetSpent, match="two are enough"):
        client.get("/y")
    assert client.requests == len(server.received) == 2


def test_a_connection_that_the_server_closes_is_not_kept(
    server: ByteServer, connect: Connect
) -> None:
    server.replies = [(http(b"{}", "Connection: close"), "keep"), (OK, "keep")]
    client = connect()
    client.get("/x")
    client.get("/y")
    assert server.connections == 2


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
ZIPPED = gzip.compress(b'{"ok": true}')
BROKEN = {
    "closed without an answer": (b"", "close"),
    "reset without an answer": (b"", "reset"),
    "closed within the headers": (b"HTTP/1.1 200 OK\r\nContent-Le", "close"),
    "a short body": (http(b'{"ok":', length=100), "close"),
    "a reset within the body": (http(b'{"ok":', length=100), "reset"),
    "a short chunk": (CHUNKED + b"ff\r\n{", "close"),
    "a chunk of no size": (CHUNKED + b"zz\r\n{}", "close"),
    "no HTTP": (b"SSH-2.0-OpenSSH_9.6\r\n", "close"),
    "a status that is no number": (b"HTTP/1.1 OK\r\n\r\n", "close"),
    "too many headers": (b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 200 + b"\r\n", "close"),
    "too long a header": (b"HTTP/1.1 200 OK\r\nx: " + b"y" * 70_000 + b"\r\n\r\n", "close"),
    "broken gzip": (http(b"\x1f\x8b nonsense", "Content-Encoding: gzip"), "keep"),
    "gzip cut short": (http(ZIPPED[:-9], "Content-Encoding: gzip"), "keep"),
    "not gzip as it says": (http(b'{"ok": true}', "Content-Encoding: gzip"), "keep"),
    "not UTF-8": (http(b'{"ok": "\xff"}'), "keep"),
    "JSON cut short": (http(b'{"ok": tr'), "keep"),
    "a JSON list": (http(b"[]"), "keep"),
    "an empty body": (http(b""), "keep"),
    "HTML that says it is JSON": (http(b"<html>", "Content-Type: application/json"), "keep"),
    "a 502 in HTML": (http(b"<html>", status="502 Bad Gateway"), "keep"),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_answer_is_retried(
    server: ByteServer, connect: Connect, slept: list[float], broken: tuple[bytes, str]
) -> None:
    server.replies = [broken, (OK, "keep")]
    assert connect().get("/x") == {"ok": True}
    assert slept == [1]


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
def test_an_answer_that_stays_broken_is_one_sentence(
    server: ByteServer, connect: Connect, slept: list[float], broken: tuple[bytes, str]
) -> None:
    server.replies = [broken] * 8  # a kept connection that closes is asked twice
    with pytest.raises(GitHubError) as caught:
        connect(tries=3).get("/x")
    assert str(caught.value).startswith("GET /x: ")
    assert "in 3 tries; try again later" in str(caught.value)
    assert str(caught.value).isprintable()
    assert slept == [1, 2]


@pytest.mark.parametrize("location", ["http://[::1", "http://127.0.0.1/\x00", "http://h\xff/"])
def test_a_redirect_to_an_unreadable_place_is_one_sentence(
    server: ByteServer, connect: Connect, location: str
) -> None:
    reply = b"HTTP/1.1 302 Found\r\nLocation: " + location.encode("latin-1")
    server.replies = [(reply + b"\r\nContent-Length: 0\r\n\r\n", "keep")]
    with pytest.raises(GitHubError, match="GET /x: refused to follow GitHub to") as caught:
        connect().get("/x")
    assert str(caught.value).isprintable()


def test_links_in_several_header_lines_are_one_list(server: ByteServer, connect: Connect) -> None:
    links = ('Link: </x?page=2>; rel="next"', 'Link: </x?page=9>; rel="last"')
    server.replies = [(http(b'{"rows": []}', *links), "keep"), (http(b'{"rows": [{}]}'), "keep")]
    pages = [*connect().pages("/x", "rows")]
    assert [(page.items, page.last) for page in pages] == [([], 9), ([{}], None)]


def test_gzip_is_unpacked(server: ByteServer, connect: Connect) -> None:
    server.replies = [(http(ZIPPED, "Content-Encoding: gzip"), "keep")]
    assert connect().get("/x") == {"ok": True}


def test_chunks_are_joined(server: ByteServer, connect: Connect) -> None:
    server.replies = [(CHUNKED + b'4\r\n{"ok\r\n8\r\n": true}\r\n0\r\n\r\n', "keep")]
    assert connect().get("/x") == {"ok": True}


INTERIM = {
    "one": b"HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n",
    "of several kinds": b"".join(
        b"HTTP/1.1 %d Something\r\nContent-Length: 9\r\n\r\n" % status
        for status in (102, 100, 103, 199, 100)
    ),
}


@pytest.mark.parametrize("interim", INTERIM.values(), ids=INTERIM.keys())
def test_interim_answers_are_skipped(
    server: ByteServer, connect: Connect, slept: list[float], interim: bytes
) -> None:
    server.replies = [(interim + OK, "keep"), (interim + CHUNKED + b"2\r\n{}\r\n0\r\n\r\n", "keep")]
    client = connect()
    assert [client.get("/x"), client.get("/y")] == [{"ok": True}, {}]
    assert (slept, client.requests, server.connections) == ([], 2, 1)


def test_silence_is_a_fault_after_the_timeout(
    server: ByteServer, connect: Connect, slept: list[float]
) -> None:
    # On a slow machine an answer may come too late as well; then it is asked for once more.
    server.replies = [(b"", "hang"), *[(OK, "keep")] * 4]
    said: list[str] = []
    assert connect(timeout=0.5, notify=said.append).get("/x") == {"ok": True}
    assert "GET /x: no answer within 0.5 s; trying again at" in said[0]


def test_a_refused_connection_is_tried_three_times(connect: Connect, slept: list[float]) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound and not listening: refuses
        port = unused.getsockname()[1]
        with pytest.raises(GitHubError) as caught:
            connect(base_url=f"http://127.0.0.1:{port}").get("/x")
    assert str(caught.value) == (
        "GET /x: no connection to 127.0.0.1 (Connection refused) in 3 tries; check the network, the"
        " proxy variables and GITHUB_API_URL"
    )
    assert slept == [1, 2]


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a..b", "x" * 70])
def test_a_host_without_an_address_is_one_sentence(connect: Connect, host: str) -> None:
    with pytest.raises(GitHubError, match=r"no connection to .* in 3 tries; check the network"):
        connect(base_url=f"http://{host}").get("/x")


def test_a_host_without_tls_is_one_sentence(connect: Connect) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=greet, args=(listener, 3))
        thread.start()
        with pytest.raises(GitHubError, match=r"no connection to 127.0.0.1 .* in 3 tries"):
            connect(base_url=f"https://127.0.0.1:{listener.getsockname()[1]}").get("/x")
        thread.join(300)


def greet(listener: socket.socket, times: int) -> None:
    for _ in range(times):
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"220 mail.example ESMTP\r\n")


@pytest.mark.parametrize(
    "base_url",
    [
        "",
        "api.github.com",
        "ftp://api.github.com",
        "https://",
        "https://api.github.com:port",
        "https://api.github.com:99999",
        "https://[::1",
        "https://api.github.com?x=1",
        "https://api.github.com/\r\nx: y",
        "https://api.gith\u00fcb.com",
        f"https://me:{TOKEN}@api.github.com",
        f"me:{TOKEN}@api.github.com",
    ],
)
def test_an_unusable_api_url_is_one_sentence(base_url: str) -> None:
    with pytest.raises(GitHubError, match="GITHUB_API_URL") as caught:
        GitHub(None, Options(base_url=base_url))
    assert str(caught.value).isprintable()
    assert TOKEN not in str(caught.value)


def test_a_path_in_the_api_url_comes_before_each_path(server: ByteServer, connect: Connect) -> None:
    server.replies = [(OK, "keep")]
    connect(base_url=server.url + "/api/v3/").get("/rate_limit")
    assert server.received[0].startswith("GET /api/v3/rate_limit HTTP/1.1")


@pytest.mark.parametrize(
    "base_url", ["https://api.github.com", "http://API.GitHub.com:8080/api/v3"]
)
def test_the_host_has_no_upper_case_and_no_port(connect: Connect, base_url: str) -> None:
    assert connect(base_url=base_url).host == "api.github.com"


def test_http_goes_through_its_proxy(server: ByteServer, connect: Connect) -> None:
    server.replies = [(OK, "keep"), (OK, "keep")]
    proxy = f"http://me:p%40ss@127.0.0.1:{server.port}"
    client = connect(base_url="http://ghes.example/api/v3", proxies={"http": proxy})
    assert client.get("/x") == client.get("/y") == {"ok": True}
    assert server.received[0].startswith("GET http://ghes.example/api/v3/x HTTP/1.1\r\nHost: ghes")
    assert "Proxy-Authorization: Basic bWU6cEBzcw==\r\n" in server.received[0]
    assert server.connections == 1


def test_no_proxy_goes_straight_to_the_host(server: ByteServer, connect: Connect) -> None:
    server.replies = [(OK, "keep")]
    proxies = {"http": "http://unused.invalid:1", "no": "127.0.0.1"}
    assert connect(proxies=proxies).get("/x") == {"ok": True}


def test_the_proxy_of_the_environment_is_the_default(
    server: ByteServer, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"127.0.0.1:{server.port}")
    monkeypatch.setenv("no_proxy", "other.example")
    server.replies = [(OK, "keep")]
    connect(base_url="http://ghes.example", proxies=None).get("/x")
    assert server.received[0].startswith("GET http://ghes.example/x HTTP/1.1")


@pytest.mark.parametrize("proxy", ["socks5://h:1", "http://", "http://h:x", "http://[::1"])
def test_a_proxy_that_cannot_be_used_is_one_sentence(proxy: str) -> None:
    with pytest.raises(GitHubError, match="the proxy in HTTPS_PROXY cannot be used"):
        GitHub(None, Options(proxies={"https": proxy}))


def test_a_proxy_that_refuses_the_tunnel_is_one_sentence_and_sees_no_token(
    server: ByteServer, connect: Connect
) -> None:
    server.replies = [(http(b"", status="407 Proxy Authentication Required"), "close")] * 3
    proxy = f"http://me:hidden@127.0.0.1:{server.port}"
    client = connect(base_url="https://ghes.example", proxies={"https": proxy})
    with pytest.raises(GitHubError) as caught:
        client.get("/x")
    assert str(caught.value).startswith(
        "GET /x: no connection to ghes.example through the proxy 127.0.0.1 (Tunnel connection"
        " failed: 407 Proxy Authentication Required) in 3 tries"
    )
    assert server.received[0].startswith("CONNECT ghes.example:443 HTTP/1.")
    assert TOKEN not in "".join(server.received)


def test_a_tunnel_carries_one_kept_tls_connection(
    tmp_path: Path, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = ByteServer(self_signed(tmp_path))
    api.replies = [(OK, "keep")] * 2
    proxy = Tunnel(api.port)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    try:
        client = connect(base_url="https://localhost:1", proxies={"https": proxy.url})
        assert client.get("/x") == client.get("/y") == {"ok": True}
        client.close()
    finally:
        api.close()
        proxy.close()
    assert api.connections == 1
    assert f"Authorization: Bearer {TOKEN}\r\n" in api.received[0]
    assert proxy.request.startswith("CONNECT localhost:1 HTTP/1.")
    assert TOKEN not in proxy.request


def test_a_certificate_that_nobody_trusts_is_one_sentence(tmp_path: Path, connect: Connect) -> None:
    api = ByteServer(self_signed(tmp_path))
    try:
        with pytest.raises(
            GitHubError, match=r"CERTIFICATE_VERIFY_FAILED.* in 3 tries; .*SSL_CERT_FILE"
        ):
            connect(base_url=api.url).get("/x")
    finally:
        api.close()


@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_a_file_of_certificates_that_cannot_be_read_is_one_sentence(
    tmp_path: Path, connect: Connect, content: str | None
) -> None:
    file = tmp_path / "authority.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(GitHubError, match=r"SSL_CERT_FILE, .*authority\.pem \(.+\); set it to"):
        connect(base_url="https://ghes.example/api/v3", certificates=str(file))


class Tunnel:
    """A proxy that leads its one CONNECT to a port of this machine, whatever host it names."""

    def __init__(self, port: int) -> None:
        self.request = ""
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._serve)]
        self._threads[0].start()

    def _serve(self) -> None:
        client, _ = self._listener.accept()
        with client, socket.create_connection(("127.0.0.1", self._port)) as server:
            while not self.request.endswith("\r\n\r\n"):
                self.request += client.recv(65536).decode()
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            back = threading.Thread(target=_copy, args=(server, client))
            back.start()
            _copy(client, server)
            back.join(300)

    def close(self) -> None:
        self._threads[0].join(300)
        self._listener.close()


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while part := source.recv(65536):
            target.sendall(part)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


def self_signed(folder: Path) -> ssl.SSLContext:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is needed to make a certificate")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost"]
    command += ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def shown_by_traceback(error: BaseException) -> str:
    """The local variables of our code that a traceback may show, as some tools do."""
    found = traceback.TracebackException.from_exception(error, capture_locals=True)
    library = [frame.locals for frame in found.stack if "/telemetry/" in frame.filename]
    assert library
    return json.dumps(library)


@pytest.mark.parametrize("token", ["ghp_x\n", "ghp x", "ghp_\x00", "ghp_ü", " ", "ghp_x\r\nA: b"])
def test_a_token_that_no_header_can_hold_is_named_by_its_variable(token: str) -> None:
    with pytest.raises(GitHubError, match="MY_TOKEN holds a space, a line break") as caught:
        GitHub(token, Options(token_variable="MY_TOKEN"))
    assert "ghp" not in str(caught.value) + shown_by_traceback(caught.value)


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
def test_no_traceback_shows_the_token_even_with_local_variables(
    server: ByteServer, connect: Connect, broken: tuple[bytes, str]
) -> None:
    server.replies = [broken]
    with pytest.raises(GitHubError) as caught:
        connect(tries=1).get("/x")
    assert caught.value.__context__ is None
    assert TOKEN not in shown_by_traceback(caught.value) + str(caught.value) + repr(connect())


def test_no_traceback_of_an_error_that_nobody_expects_shows_the_token(
    server: ByteServer, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when memory runs out, or Ctrl-C is pressed, while the request is sent."""

    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(HTTPConnection, "endheaders", fail)
    with pytest.raises(MemoryError) as caught:
        connect().get("/x")
    assert TOKEN not in shown_by_traceback(caught.value)


def test_closing_the_client_breaks_off_a_request_that_waits_for_its_answer(
    server: ByteServer, connect: Connect
) -> None:
    server.replies = [(b"", "hang")]
    client = connect(timeout=600)
    errors: list[str] = []
    thread = threading.Thread(target=collect, args=(client, errors))
    thread.start()
    assert server.asked.wait(300)
    client.close()
    thread.join(300)
    assert errors == ["GET /x: broken off, the client was closed"]


def test_closing_the_client_wakes_a_thread_that_sleeps(
    server: ByteServer, connect: Connect
) -> None:
    server.replies = [(http(b"{}", "Retry-After: 100", status="429 Too Many"), "keep")]
    waiting = threading.Event()
    client = connect(sleep=None, notify=lambda text: waiting.set())
    errors: list[str] = []
    thread = threading.Thread(target=collect, args=(client, errors))
    thread.start()
    assert waiting.wait(300)
    client.close()
    thread.join(300)
    assert errors == ["GET /x: broken off, the client was closed"]


def collect(client: GitHub, errors: list[str]) -> None:
    try:
        client.get("/x")
    except GitHubError as error:
        errors.append(str(error))


def test_a_closed_client_sends_nothing(server: ByteServer, connect: Connect) -> None:
    with connect() as client:
        pass
    with pytest.raises(GitHubError, match="the client was closed"):
        client.get("/x")
    assert server.connections == 0
