"""A way to a server on which things go wrong when a test says so: a hang in the middle of an answer, a cut."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType


class FaultyProxy:
    """Passes bytes to and from a port of this machine. `hang_after`: bytes from the server, of one connection, behind
    which nothing comes any more while the connection stays open; `cut_after`: behind which it is cut."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.hang_after: int | None = None
        self.cut_after: int | None = None
        self.count = 0  # connections
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> FaultyProxy:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one in (self._listening, *self._open):
            _end(one)

    def drop(self) -> None:
        """Cut all connections that there are now."""
        for one in self._open:
            _end(one)
        self._open = []

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
                server = socket.create_connection(("127.0.0.1", self._to))
            except OSError:
                return
            self.count += 1
            self._open += [client, server]
            threading.Thread(target=self._pass, args=(client, server, False), daemon=True).start()
            threading.Thread(target=self._pass, args=(server, client, True), daemon=True).start()

    def _pass(self, here: socket.socket, there: socket.socket, answers: bool) -> None:
        came = 0
        with contextlib.suppress(OSError):
            while data := here.recv(4096):
                came += len(data)
                if answers and self.hang_after is not None and came > self.hang_after:
                    continue
                if answers and self.cut_after is not None and came > self.cut_after:
                    break
                there.sendall(data)
        _end(here)
        _end(there)


def _end(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
