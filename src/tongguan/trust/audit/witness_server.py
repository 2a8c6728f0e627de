"""A small HTTP server for one witness. TLS and the way to it from outside are a reverse proxy's."""

from __future__ import annotations

from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR, socket
from threading import BoundedSemaphore, Timer
from typing import Any

from tongguan.errors import TongguanError
from tongguan.trust.audit.witness import BODY_LIMIT, Answer, Witness

__all__ = ["WitnessServer"]

REQUEST_S = 10.0
AT_ONCE = 32


class WitnessServer(ThreadingHTTPServer):
    """Serves a witness at (host, port); port 0 picks a free one. `serve_forever` until `shutdown`."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, witness: Witness, host: str = "127.0.0.1", port: int = 0) -> None:
        self.witness = witness
        self._room = BoundedSemaphore(AT_ONCE)
        super().__init__((host, port), _Handler)

    def process_request(self, request: socket | tuple[bytes, socket], client_address: Any) -> None:
        self._room.acquire()
        super().process_request(request, client_address)

    def process_request_thread(self, request: socket | tuple[bytes, socket], client_address: Any) -> None:
        connection = request[1] if isinstance(request, tuple) else request
        end = Timer(REQUEST_S, _hang_up, [connection])  # a caller who sends a byte now and then takes up room too
        end.daemon = True
        end.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            end.cancel()
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller who hangs up is nothing to report."""


def _hang_up(connection: socket) -> None:
    with suppress(OSError):
        connection.shutdown(SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    server: WitnessServer
    timeout = REQUEST_S
    server_version = "tongguan-witness"
    sys_version = ""

    def do_GET(self) -> None:
        self._send(self.server.witness.answer("GET", self.path))

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()) or int(length[:9]) > BODY_LIMIT:
            self._send(Answer(413 if length else 411))
            return
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            return
        try:
            self._send(self.server.witness.answer("POST", self.path, body))
        except TongguanError as error:
            self._send(Answer(503, f"{error}\n"))

    def _send(self, answer: Answer) -> None:
        body = answer.body.encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """What is signed and refused stands in the audit log."""
