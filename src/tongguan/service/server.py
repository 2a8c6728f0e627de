"""Serving the console from this machine."""

from __future__ import annotations

import ipaddress
import socket
from contextlib import suppress
from pathlib import Path

from fastapi import FastAPI

from tongguan import border
from tongguan.errors import BadInput, CannotWrite
from tongguan.service.console.app import build
from tongguan.service.console.guard import LOOPBACK
from tongguan.service.console.visit import Console
from tongguan.service.console.workspace import Workspace
from tongguan.trust import AuditLog, Door

__all__ = ["create_app", "serve"]


def create_app(workspace: Path, org: Path, home: Path, hosts: frozenset[str] = LOOPBACK) -> FastAPI:
    """The console over one inspected workspace.

    `org`: the organisation file that it was inspected with. `home`: where the audit log and the sign-in lie.
    `hosts`: names by which the console may be called. Raises BadInput where the workspace is not a folder, CannotWrite.
    """
    if workspace.exists() and not workspace.is_dir():
        raise BadInput(f"{workspace} is not a folder; expected an output folder of `tongguan inspect`")
    ledger = Workspace(workspace, border.Ledger)
    return build(Console(ledger, org, AuditLog(home / "audit.db"), Door(home)), hosts)


def serve(
    workspace: Path, org: Path, home: Path, host: str = "127.0.0.1", port: int = 8600, *, remote: bool = False
) -> None:
    """Serve until interrupted. Prints the address and, at the very first start, the password of `admin`.

    The console speaks plain HTTP, so it refuses any address but loopback unless `remote` says that something in front
    of it encrypts. Raises BadInput, CannotWrite.
    """
    import uvicorn

    if not _is_loopback(host) and not remote:
        raise BadInput(f"{host} is not a loopback address; the console speaks plain HTTP and serves 127.0.0.1 only")
    named = f"[{host}]" if ":" in host else host
    app = create_app(workspace, org, home, LOOPBACK | {named.lower()})
    taken = _listen(host, port)
    password = app.state.console.door.first_password()
    print(f"通关控制台 · Tongguan console: http://{named}:{taken.getsockname()[1]}/", flush=True)
    if password:
        print(f"首次登录 · First sign-in: admin / {password}", flush=True)
        print("密码只显示这一次，请记下 · Shown only this once: write it down.", flush=True)
    config = uvicorn.Config(app, log_level="warning", server_header=False, access_log=False, timeout_keep_alive=15)
    with suppress(KeyboardInterrupt):  # the usual way to end it
        uvicorn.Server(config).run(sockets=[taken])


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket, so that a taken port is one clear message before anything else is said."""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except (OSError, OverflowError) as error:
        raise CannotWrite(f"cannot listen on {host}:{port}: {error}; choose another --port") from error


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
