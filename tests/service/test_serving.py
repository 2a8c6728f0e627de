"""The service as it is served: TLS, slow and silent connections, cookies, what stands in front."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn
from console_house import OFFICER, PASSWORD, form_token, new_app
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tongguan import service
from tongguan.errors import BadInput, BadSettings
from tongguan.service import patience, server
from tongguan.service.console import guard


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for loopback that signs itself, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    (folder / "tls.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "tls.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "tls.pem", folder / "tls.key"


@contextmanager
def running(
    folder: Path, settings: str = "", monkeypatch: pytest.MonkeyPatch | None = None
) -> Iterator[tuple[str, int]]:
    """The very server of `serve`, in a thread."""
    app = new_app(folder, settings=settings)
    chosen = app.state.console.trust.settings.service
    servers: list[uvicorn.Server] = []
    run = uvicorn.Server.run
    assert monkeypatch is not None
    monkeypatch.setattr(uvicorn.Server, "run", lambda self, sockets: (servers.append(self), run(self, sockets))[1])
    listening = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server._run, args=(app, listening, chosen, server._tls(chosen)), daemon=True)
    thread.start()
    while not servers or not servers[0].started:
        time.sleep(0.01)
    yield "localhost", listening.getsockname()[1]
    servers[0].should_exit = True
    thread.join(15)


def settings_with(certificate: tuple[Path, Path]) -> str:
    return f"service: {{tls_certificate: {certificate[0]}, tls_key: {certificate[1]}}}"


def test_tls(tmp_path: Path, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    trusted = ssl.create_default_context(cafile=str(certificate[0]))
    with running(tmp_path, settings_with(certificate), monkeypatch) as (host, port):
        with httpx.Client(base_url=f"https://{host}:{port}", verify=trusted, timeout=30) as client:
            answer = client.get("/sign-in")
            assert answer.headers["strict-transport-security"].startswith("max-age=63072000")
            token = form_token(answer.text)
            came = client.post("/sign-in", data={"user": OFFICER, "password": PASSWORD, "csrf": token, "next": "/"})
            cookie = next(c for c in came.headers.get_list("set-cookie") if c.startswith("__Host-tongguan_session="))
            parts = {part.strip().lower() for part in cookie.split(";")[1:]}
            assert {"secure", "httponly", "samesite=strict", "path=/"} <= parts
            assert not any(part.startswith("domain") for part in parts)
            assert client.get("/flows").status_code == 200
            assert client.get("/api/v1/session").json()["user"] == OFFICER
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.load_verify_locations(certificate[0])
        old.set_ciphers("DEFAULT@SECLEVEL=0")
        old.minimum_version = ssl.TLSVersion.TLSv1
        old.maximum_version = ssl.TLSVersion.TLSv1_1
        with socket.create_connection((host, port), 10) as raw, pytest.raises(OSError):
            old.wrap_socket(raw, server_hostname="localhost")
        with socket.create_connection((host, port), 10) as raw:  # plain HTTP at a TLS port
            raw.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert not raw.recv(100).startswith(b"HTTP/1.1 2")


def test_a_wrong_certificate_is_one_clear_message(tmp_path: Path, certificate: tuple[Path, Path]) -> None:
    for one, other, text in (
        (certificate[0], None, "come together"), (tmp_path / "none.pem", certificate[1], "cannot be used"),
        (certificate[1], certificate[1], "cannot be used"), (certificate[0], certificate[0], "cannot be used"),
    ):  # fmt: skip
        lines = f"tls_certificate: {one}" + (f", tls_key: {other}" if other else "")
        (tmp_path / "settings.yaml").write_text(f"service: {{{lines}}}", encoding="utf-8")
        with pytest.raises(BadSettings, match=text):
            service.serve(tmp_path / "w", tmp_path / "org.yaml", tmp_path, "0.0.0.0", 0)
    assert not (tmp_path / "audit.db").exists()


def test_a_public_address_needs_tls(tmp_path: Path) -> None:
    (tmp_path / "settings.yaml").write_text("service: {public_url: 'https://console.example'}", encoding="utf-8")
    with pytest.raises(BadInput, match="tls_certificate"):
        service.serve(tmp_path / "w", tmp_path / "org.yaml", tmp_path, "0.0.0.0", 0)


def test_behind_a_proxy_cookies_are_secure_and_the_public_name_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = "service: {public_url: 'https://console.example', hosts: [other.example]}"
    with (
        running(tmp_path, settings, monkeypatch) as (_, port),
        httpx.Client(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        for host in ("console.example", "other.example", "console.example:443"):
            answer = client.get("/sign-in", headers={"host": host, "x-forwarded-proto": "https"})
            assert answer.status_code == 200 and "__Host-" in answer.headers["set-cookie"]
            assert "strict-transport-security" in answer.headers
        assert client.get("/sign-in", headers={"host": "evil.example"}).status_code == 400
        assert client.get("/sign-in", headers={"host": "console.example.evil.example"}).status_code == 400


def closed_after(raw: socket.socket, send: bytes = b"", every: float = 0.1) -> float:
    """Seconds until the server closes, while a byte is sent now and then."""
    began = time.monotonic()
    raw.settimeout(every)
    while time.monotonic() - began < 20:
        try:
            if send:
                raw.sendall(send)
            if raw.recv(4096) == b"":
                break
        except TimeoutError:
            continue
        except OSError:
            break
    return time.monotonic() - began


def test_slow_and_silent_connections_end_and_others_are_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience.PatientProtocol, "head_s", 1.0)
    monkeypatch.setattr(guard, "PIECE_S", 1.0)
    with running(tmp_path, "", monkeypatch) as (host, port):
        address = (host, port)
        with socket.create_connection(address) as silent:
            assert closed_after(silent) < 10
        with socket.create_connection(address) as trickle:  # a head that never ends
            trickle.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ")
            assert closed_after(trickle, b"a") < 10
        with socket.create_connection(address) as second:  # the same after a whole request
            second.sendall(b"GET /sign-in HTTP/1.1\r\nHost: localhost\r\n\r\n")
            time.sleep(0.5)
            assert closed_after(second, b"a") < 10
        with socket.create_connection(address) as body:  # a body that does not come
            body.sendall(b"POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                         b"Content-Length: 50\r\n\r\n{")  # fmt: skip
            assert closed_after(body) < 10
        held = [socket.create_connection(address) for _ in range(50)]
        assert httpx.get(f"http://{host}:{port}/sign-in").status_code == 200
        for one in held:
            one.close()


def test_a_head_has_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(tmp_path, "", monkeypatch) as (host, port), socket.create_connection((host, port), 10) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ")
        sent = 0
        with pytest.raises(OSError):
            for _ in range(1000):
                raw.sendall(b"a" * 10_000)
                sent += 10_000
                time.sleep(0.001)
        assert sent < 5_000_000


@pytest.mark.parametrize(
    "request_",
    [b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x00\xa5\r\n\r\n",
     b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
     b"POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\nGET /flows",
     b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n", b"GET / HTTP/1.1\r\nHost: localhost\r\nX : a\r\n\r\n"],
)  # fmt: skip
def test_requests_that_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request_: bytes) -> None:
    with running(tmp_path, "", monkeypatch) as (host, port), socket.create_connection((host, port), 10) as raw:
        raw.sendall(request_)
        answer = raw.recv(4096)
        assert answer == b"" or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4")), answer[:80]


def test_there_are_no_web_sockets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(tmp_path, "", monkeypatch) as (host, port), socket.create_connection((host, port), 10) as raw:
        raw.sendall(b"GET /flows HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")  # fmt: skip
        assert b" 101 " not in raw.recv(4096)


def test_answers_leave_at_once() -> None:
    with server._listen("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
        accepted.close()
