"""The servers of the sample traffic. `python servers.py ROLE ADDRESS PORT [FOLDER]` serves until it is ended."""

from __future__ import annotations

import json
import logging
import ssl
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from people import people

PAGE = 20


class MemberApi(BaseHTTPRequestHandler):
    """The member centre's JSON interface, and an intake that takes whatever is sent to it."""

    protocol_version = "HTTP/1.1"
    server_version = "xingye"
    sys_version = ""

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path == "/v1/members":
            first = (int(parse_qs(url.query).get("page", ["1"])[0]) - 1) * PAGE
            rows = [
                {"member_no": f"XY{p.number:06d}", "name": p.name, "mobile": p.phone, "email": p.email, "tier": "gold"}
                for p in people()[first : first + PAGE]
            ]
            self._answer(200, json.dumps({"page": first // PAGE + 1, "members": rows}, ensure_ascii=False).encode())
        elif url.path == "/catalogue.csv":
            lines = ["sku,title,price"] + [f"SKU-{n:05d},星野保温杯 {n},{n % 90 + 9}.90" for n in range(9000)]
            self._answer(200, "\n".join(lines).encode(), "text/csv; charset=utf-8")
        else:
            self._answer(404, b'{"error":"not found"}')

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer(202, b'{"accepted":true}')

    do_PUT = do_POST

    def _answer(self, status: int, body: bytes, media_type: str = "application/json; charset=utf-8") -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


def http(address: str, port: int, folder: Path) -> None:
    ThreadingHTTPServer((address, port), MemberApi).serve_forever()


def https(address: str, port: int, folder: Path) -> None:
    server = ThreadingHTTPServer((address, port), MemberApi)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


def smtp(address: str, port: int, folder: Path) -> None:
    from aiosmtpd.controller import Controller
    from aiosmtpd.handlers import Sink

    Controller(Sink(), hostname=address, port=port, server_hostname="mx.quillmark.example").start()
    while True:
        time.sleep(3600)


def ftp(address: str, port: int, folder: Path) -> None:
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.handlers import FTPHandler
    from pyftpdlib.servers import FTPServer

    logging.getLogger("pyftpdlib").setLevel(logging.ERROR)
    authorizer = DummyAuthorizer()
    authorizer.add_user("xingye-hr", "sample-only", str(folder), perm="elradfmw")
    FTPHandler.authorizer = authorizer
    FTPHandler.passive_ports = range(50100, 50110)
    FTPHandler.banner = "pagewell intake"
    FTPServer((address, port), FTPHandler).serve_forever()


def dns(address: str, port: int, folder: Path) -> None:
    """Answers every A question from the table of the sample's hosts."""
    import socket

    import dns.flags
    import dns.message
    import dns.rrset

    hosts = json.loads((folder / "hosts.json").read_text(encoding="utf-8"))
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind((address, port))
    while True:
        data, peer = listener.recvfrom(4096)
        question = dns.message.from_wire(data)
        answer = dns.message.make_response(question)
        answer.flags |= dns.flags.AA
        name = question.question[0].name
        if known := hosts.get(name.to_text(omit_final_dot=True)):
            answer.answer.append(dns.rrset.from_text(name, 300, "IN", "A", known))
        listener.sendto(answer.to_wire(), peer)


if __name__ == "__main__":
    role, address, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
    globals()[role](address, port, Path(sys.argv[4]) if len(sys.argv) > 4 else Path())
