"""Serving the console and the API from this machine."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI

from tongguan import border
from tongguan.errors import BadInput, BadSettings, CannotWrite
from tongguan.service.console.app import build
from tongguan.service.console.assetruns import keep_turning
from tongguan.service.console.guard import LOOPBACK
from tongguan.service.console.visit import Console
from tongguan.service.console.workspace import Workspace
from tongguan.service.limits import Buckets
from tongguan.service.patience import HEAD_BYTES, PatientProtocol
from tongguan.trust.opening import Trust, open_trust
from tongguan.trust.settings import Service, load_settings

__all__ = ["create_app", "serve"]

CONNECTIONS = 500  # at once; further ones are told to come back
KEEP_ALIVE_S = 15
GRACE_S = 10  # for answers that are under way when the service is told to end


def create_app(
    workspace: Path, org: Path, home: Path, hosts: Iterable[str] = (), trust: Trust | None = None
) -> FastAPI:
    """The console and the API over one inspected workspace.

    `org`: the organisation file that it was inspected with. `home`: where the trust room keeps its records. `hosts`:
    further names by which the console may be called. `trust`: the trust room of that home, where it is open already.
    Raises BadInput where the workspace is not a folder, CannotWrite, BadSettings, Unavailable.
    """
    if workspace.exists() and not workspace.is_dir():
        raise BadInput(f"{workspace} is not a folder; expected an output folder of `tongguan inspect`")
    trust = trust or open_trust(home)
    settings = trust.settings.service
    names = LOOPBACK | {host.lower() for host in (*hosts, *settings.hosts)}
    if settings.public_url:
        names |= {_public_host(settings.public_url)}
    console = Console(
        Workspace(workspace, border.Ledger),
        org,
        trust,
        secure=_by_tls(settings),
        calls=Buckets(settings.requests_per_minute),
        sign_ins=Buckets(settings.sign_ins_per_minute),
    )
    return build(console, frozenset(names))


def serve(
    workspace: Path, org: Path, home: Path, host: str = "127.0.0.1", port: int = 8600, *, remote: bool = False
) -> None:
    """Serve until interrupted. Prints the address and, at the very first start, the first accounts' passwords.

    Without a certificate it speaks plain HTTP, and so refuses any address but loopback unless `remote` says that
    something in front of it encrypts. Raises BadInput, BadSettings, CannotWrite, Unavailable.
    """
    named = f"[{host}]" if ":" in host else host
    if not host:
        raise BadInput("the host is empty; expected a loopback address such as 127.0.0.1")
    settings = load_settings(home).service
    if not (_is_loopback(host) or remote or settings.tls_certificate):
        raise BadInput(
            f"{host} is not a loopback address; without service.tls_certificate in settings.yaml the console speaks "
            "plain HTTP and serves 127.0.0.1 only"
        )
    tls = _tls(settings)
    taken = _listen(host, port)
    try:
        trust = open_trust(home)
        app = create_app(workspace, org, home, (named,), trust)
        first = trust.identity.first_accounts()
    except BaseException:
        taken.close()
        raise
    scheme = "https" if tls else "http"
    print(f"通关控制台 · Tongguan console: {scheme}://{named}:{taken.getsockname()[1]}/", flush=True)
    for name, role, password in first:
        print(f"首次登录 · First sign-in: {name} / {password}  ({trust.policy.roles[role].name['zh']} · "
              f"{trust.policy.roles[role].name['en']})", flush=True)  # fmt: skip
    if first:
        print("密码只显示这一次，登录后须修改 · Shown only this once; each must be changed after sign-in.", flush=True)
    ended = threading.Event()
    turning = threading.Thread(target=keep_turning, args=(trust, ended), name="scans")
    try:
        turning.start()
        with suppress(KeyboardInterrupt):  # the usual way to end it
            _run(app, taken, settings, tls)
    finally:
        ended.set()  # scans go on without us
        turning.join()
        trust.close()


def _run(app: FastAPI, taken: socket.socket, settings: Service, tls: dict[str, Any]) -> None:
    import uvicorn

    # A proxy on this machine that speaks TLS in our place says who the caller is; nobody else is believed.
    behind = settings.public_url is not None and not tls
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, ws="none", http=PatientProtocol,
        lifespan="off", proxy_headers=behind, forwarded_allow_ips=["127.0.0.1", "::1"],
        timeout_keep_alive=KEEP_ALIVE_S, timeout_graceful_shutdown=GRACE_S, limit_concurrency=CONNECTIONS,
        h11_max_incomplete_event_size=HEAD_BYTES, **tls,
    )  # fmt: skip
    uvicorn.Server(config).run(sockets=[taken])


def _tls(settings: Service) -> dict[str, Any]:
    """uvicorn's options for the settings' certificate, tried out here, so that a wrong one is one clear message."""
    if settings.tls_certificate is None and settings.tls_key is None:
        return {}
    if settings.tls_certificate is None or settings.tls_key is None:
        raise BadSettings("settings: service.tls_certificate and service.tls_key come together")

    def context(*_: object) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.minimum_version = ssl.TLSVersion.TLSv1_2
        made.load_cert_chain(str(settings.tls_certificate), str(settings.tls_key), password=lambda: b"")
        return made

    try:
        context()
    except (OSError, ssl.SSLError) as error:
        raise BadSettings(
            "settings: service.tls_certificate and service.tls_key cannot be used "
            f"({getattr(error, 'reason', None) or error.strerror}); expected a PEM certificate chain and its PEM key, "
            "without a passphrase, readable for this user"
        ) from None
    return {"ssl_context_factory": context}


def _by_tls(settings: Service) -> bool:
    """Whether browsers come by TLS: ours, or that of what stands in front."""
    return settings.tls_certificate is not None or (settings.public_url or "").startswith("https://")


def _public_host(address: str) -> str:
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadSettings("settings: service.public_url is no address; expected https://host or https://host:port")
    return f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket, so that a taken port is one clear message before anything else is said."""
    try:
        taken = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        # Connections inherit it; without it an answer's body waits 40 ms for the caller to acknowledge its head.
        taken.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return taken
    except (OSError, OverflowError) as error:
        raise CannotWrite(f"cannot listen on {host}:{port}: {error}; choose another --port") from error


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
