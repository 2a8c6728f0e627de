"""A console and a real provider that know each other's addresses."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from identity_support import oidc_server
from signin_house import House, new_house

from tongguan.trust.settings import Provider


@contextmanager
def console_with_provider(folder: Path, **more: bool) -> Iterator[tuple[House, str, oidc_server.Server]]:
    """Gives the house, its address by name, and the provider `corp`."""
    listening = socket.create_server(("127.0.0.1", 0))
    address = f"http://localhost:{listening.getsockname()[1]}"
    back = f"{address}/sign-in/external/corp/callback"
    with oidc_server.oidc_server([back], back=[f"{address}/sign-in"]) as provider:
        known = Provider("corp", "集团统一登录", provider.issuer, "tongguan", "CORP_SECRET", **more)
        house = new_house(folder, providers=[known])
        config = uvicorn.Config(
            house.app, log_level="critical", lifespan="off", server_header=False, timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield house, address, provider
        server.should_exit = True
        thread.join(10)
