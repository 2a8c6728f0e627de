"""An OpenID provider that says whatever a test wants: its metadata, its keys and its ID tokens lie open."""

from __future__ import annotations

import base64
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from joserfc import jws
from joserfc.jwk import RSAKey

KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
OTHER = RSAKey.generate_key(2048, {"kid": "two", "use": "sig"})


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Evil:
    """`metadata`, `keys`, `claims`, `header` and `tokens` are what it answers with; `asked` is what it was asked."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.metadata: dict[str, Any] = {
            "issuer": issuer, "authorization_endpoint": issuer + "/auth", "token_endpoint": issuer + "/token",
            "jwks_uri": issuer + "/keys", "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
        }  # fmt: skip
        self.keys: list[dict[str, Any]] = [KEY.as_dict(private=False)]
        self.header: dict[str, Any] = {"alg": "RS256", "kid": "one"}
        self.claims: dict[str, Any] = {}
        self.sign: Callable[[dict[str, Any], bytes], str] = lambda header, payload: jws.serialize_compact(
            header, payload, KEY, algorithms=["RS256"]
        )
        self.tokens: dict[str, Any] = {"access_token": "opaque", "token_type": "Bearer"}
        self.userinfo: dict[str, Any] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.raw: dict[str, tuple[int, bytes]] = {}
        self.drip: set[str] = set()
        self.nonce = ""
        self.encoding = ""  # that it says its answers have

    def id_token(self) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": "s-1",
            "aud": "tongguan",
            "iat": now,
            "exp": now + 300,
            "nonce": self.nonce,
            **self.claims,
        }
        return self.sign(self.header, json.dumps({k: v for k, v in claims.items() if v is not ...}).encode())

    def answer(self, path: str, form: dict[str, str]) -> tuple[int, bytes]:
        self.asked.append((path, form))
        if path in self.raw:
            return self.raw[path]
        document: dict[str, Any] = {
            "/.well-known/openid-configuration": self.metadata, "/keys": {"keys": self.keys}, "/userinfo": self.userinfo,
        }.get(path) or ({"id_token": self.id_token(), **self.tokens} if path == "/token" else {})  # fmt: skip
        return 200, json.dumps({k: v for k, v in document.items() if v is not ...}).encode()


def unsigned(header: dict[str, Any], payload: bytes) -> str:
    return f"{b64(json.dumps({**header, 'alg': 'none'}).encode())}.{b64(payload)}."


def with_public_key(header: dict[str, Any], payload: bytes) -> str:
    """HS256 with the public key's PEM as the secret: the classical confusion of algorithms."""
    signed = f"{b64(json.dumps({**header, 'alg': 'HS256'}).encode())}.{b64(payload)}"
    return f"{signed}.{b64(hmac.new(KEY.as_pem(private=False), signed.encode(), sha256).digest())}"


def by_other(header: dict[str, Any], payload: bytes) -> str:
    return jws.serialize_compact(header, payload, OTHER, algorithms=["RS256"])


def by_own_jwk(header: dict[str, Any], payload: bytes) -> str:
    return jws.serialize_compact({**header, "jwk": OTHER.as_dict(private=False)}, payload, OTHER, algorithms=["RS256"])


def tampered(header: dict[str, Any], payload: bytes) -> str:
    head, _, tail = jws.serialize_compact(header, payload, KEY, algorithms=["RS256"]).split(".")
    return f"{head}.{b64(payload.replace(b's-1', b's-2'))}.{tail}"


@contextmanager
def evil_provider() -> Iterator[Evil]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            self._answer(dict(parse_qsl(body.decode())))

        def _answer(self, form: dict[str, str]) -> None:
            status, body = evil.answer(urlsplit(self.path).path, form)
            if self.path in evil.drip:
                self._drip()
                return
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            if evil.encoding:
                self.send_header("Content-Encoding", evil.encoding)
            self.send_header("Location", evil.issuer + "/keys")  # means something only where the status is a redirect
            self.end_headers()
            self.wfile.write(body)

        def _drip(self) -> None:
            """A byte of a header now and then, for ever."""
            try:
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                while not stopped.wait(0.1):
                    self.wfile.write(b"a")
            except OSError:
                pass

        def log_message(self, *_: object) -> None:
            pass

    stopped = threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    evil = Evil(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield evil
    stopped.set()
    server.shutdown()
    server.server_close()
    thread.join(10)
