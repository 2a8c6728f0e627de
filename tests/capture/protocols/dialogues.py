"""Dialogues of each protocol, as real clients and servers speak them. All persons are made up."""

from __future__ import annotations

import contextlib
import datetime
import gzip
import ssl
import struct
import tempfile
from functools import cache
from pathlib import Path

import dns.message
import dns.rrset
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from speaking import CLIENT, SERVER, Turn

MEMBERS = "姓名,手机\n陈晓明,13800138000\n林小雨,13900139000\n".encode()


def request(method: str, target: str, body: bytes = b"", **headers: str) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "Host: api.example:8080"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def response(body: bytes = b"", status: str = "200 OK", length: bool = True, **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def chunked(body: bytes, size: int) -> bytes:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    framed = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return framed + b"0\r\nX-Trailer: end\r\n\r\n"


def multipart(boundary: str = "b0undary") -> bytes:
    return (
        f'--{boundary}\r\nContent-Disposition: form-data; name="mobile"\r\n\r\n13800138000\r\n'
        f'--{boundary}\r\nContent-Disposition: form-data; name="name"\r\n\r\n陈晓明\r\n'
        f'--{boundary}\r\nContent-Disposition: form-data; name="list"; filename="会员.csv"\r\n'
        "Content-Type: text/csv\r\n\r\n"
    ).encode() + MEMBERS + f"\r\n--{boundary}--\r\n".encode()  # fmt: skip


HTTP: list[Turn] = [
    (CLIENT, request("GET", "/a?mobile=13800138000", Cookie="uid=chen@corp.example; t=1")),
    (SERVER, response(MEMBERS, Content_Type="text/csv; charset=utf-8")),
    (CLIENT, request("POST", "/upload", multipart(), Content_Type="multipart/form-data; boundary=b0undary")),
    (SERVER, response(b'{"ok":true}', Content_Type="application/json")),
    (CLIENT, request("HEAD", "/a") + request("GET", "/b") + request("DELETE", "/c")),
    (
        SERVER,
        b"HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n"
        + b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip\r\nContent-Type: text/csv\r\n\r\n"
        + chunked(gzip.compress(MEMBERS, mtime=0), 7)
        + b"HTTP/1.1 204 No Content\r\n\r\n",
    ),
    (CLIENT, request("PUT", "/big", Expect="100-continue", Content_Length=str(len(MEMBERS)))),
    (SERVER, b"HTTP/1.1 100 Continue\r\n\r\n"),
    (CLIENT, MEMBERS),
    (SERVER, b"HTTP/1.1 201 Created\r\nConnection: close\r\n\r\nuntil the end"),
]

MAIL = (
    b"From: =?utf-8?b?6ZmI5pmT5piO?= <chen@corp.example>\r\nTo: desk@abroad.example\r\n"
    b"Subject: =?gb2312?B?u+HUscP7taU=?=\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="=_1"\r\n\r\npreamble\r\n--=_1\r\n'
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    b"..hidden dot\r\nsee the list\r\n--=_1\r\n"
    b"Content-Type: text/csv; name*=utf-8''%E4%BC%9A%E5%91%98.csv\r\nContent-Transfer-Encoding: base64\r\n"
    b"Content-Disposition: attachment\r\n\r\n"
    b"5aeT5ZCNLOaJi+acugrpmYjmmZPmmI4sMTM4MDAxMzgwMDAK5p6X5bCP6ZuoLDEzOTAwMTM5\r\nMDAwCg==\r\n--=_1--\r\n"
)
SMTP: list[Turn] = [
    (SERVER, b"220 mx.abroad.example ESMTP\r\n"),
    (CLIENT, b"EHLO mail.corp.example\r\n"),
    (SERVER, b"250-mx.abroad.example\r\n250-PIPELINING\r\n250-CHUNKING\r\n250 AUTH PLAIN LOGIN\r\n"),
    (CLIENT, b"AUTH PLAIN AGNoZW4Ac2VjcmV0\r\n"),
    (SERVER, b"235 2.7.0 OK\r\n"),
    (CLIENT, b"MAIL FROM:<chen@corp.example>\r\nRCPT TO:<desk@abroad.example>\r\nDATA\r\n"),
    (SERVER, b"250 OK\r\n250 OK\r\n354 go\r\n"),
    (CLIENT, MAIL + b".\r\n"),
    (SERVER, b"250 2.0.0 queued as 1\r\n"),
    (CLIENT, b"MAIL FROM:<chen@corp.example>\r\n"),
    (SERVER, b"250 OK\r\n"),
    (CLIENT, b"RCPT TO:<other@abroad.example>\r\n"),
    (SERVER, b"250 OK\r\n"),
    (CLIENT, b"BDAT 20\r\nSubject: hello\r\n\r\nab"),
    (SERVER, b"250 OK\r\n"),
    (CLIENT, b"BDAT 8 LAST\r\nc\r\n.\r\nde"),
    (SERVER, b"250 2.0.0 queued as 2\r\n"),
    (CLIENT, b"QUIT\r\n"),
    (SERVER, b"221 bye\r\n"),
]

FTP: list[Turn] = [
    (SERVER, b"220-Welcome\r\n331 is no reply in here\r\n220 ready\r\n"),
    (CLIENT, b"USER payroll\r\n"),
    (SERVER, b"331 password\r\n"),
    (CLIENT, b"PASS secret\r\n"),
    (SERVER, b"230 in\r\n"),
    (CLIENT, b"CWD /out\r\n"),
    (SERVER, b"250 done\r\n"),
    (CLIENT, b"PASV\r\n"),
    (SERVER, b"227 Entering Passive Mode (203,0,113,9,195,80).\r\n"),
    (CLIENT, b"STOR members.csv\r\n"),
    (SERVER, b"150 send\r\n226 got it\r\n"),
    (CLIENT, b"PORT 10,20,0,5,195,81\r\n"),
    (SERVER, b"200 ok\r\n"),
    (CLIENT, b"RETR report.txt\r\n"),
    (SERVER, b"150 here\r\n"),
    (SERVER, b"226 sent\r\n"),
    (CLIENT, b"EPSV\r\n"),
    (SERVER, b"229 Entering Extended Passive Mode (|||50002|)\r\n"),
    (CLIENT, b"LIST\r\n"),
    (SERVER, b"150 here\r\n226 sent\r\n"),
    (CLIENT, b"QUIT\r\n"),
    (SERVER, b"221 bye\r\n"),
]

# ---- MySQL -----------------------------------------------------------------------------------------------------------


def packet(number: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "little") + bytes([number]) + payload


def lenenc(value: bytes | None) -> bytes:
    if value is None:
        return b"\xfb"
    return (bytes([len(value)]) if len(value) < 251 else b"\xfc" + struct.pack("<H", len(value))) + value


def greeting(flags: int = 0x81FFF7FF) -> bytes:
    low, high = flags & 0xFFFF, flags >> 16
    rest = struct.pack("<HBHHB", low, 45, 2, high, 21) + bytes(10) + b"B" * 12 + b"\0mysql_native_password\0"
    return packet(0, b"\x0a8.0.36\0" + struct.pack("<I", 9) + b"A" * 8 + b"\0" + rest)


def login(flags: int = 0x000FA28D, user: bytes = b"analyst", database: bytes = b"service") -> bytes:
    body = struct.pack("<IIB", flags, 1 << 24, 45) + bytes(23) + user + b"\0" + lenenc(b"S" * 20) + database + b"\0"
    return packet(1, body + b"mysql_native_password\0")


OK = b"\0\0\0\x02\0\0\0"
EOF = b"\xfe\0\0\x02\0"


def column(name: bytes, kind: int = 253, table: bytes = b"refunds", charset: int = 45, flags: int = 0) -> bytes:
    head = b"".join(map(lenenc, (b"def", b"service", table, table, name, name)))
    return head + b"\x0c" + struct.pack("<HIBHB", charset, 255, kind, flags, 0) + b"\0\0"


def result(columns: list[bytes], rows: list[bytes], old: bool = True, end: bytes = EOF) -> bytes:
    parts = [bytes([len(columns)]), *columns, *([EOF] if old else []), *rows, end]
    return b"".join(packet(i + 1, part) for i, part in enumerate(parts))


def text_row(*cells: bytes | None) -> bytes:
    return b"".join(map(lenenc, cells))


def binary_row(nulls: int, *values: bytes) -> bytes:
    return b"\0" + bytes([nulls]) + b"".join(values)


def query(statement: str) -> bytes:
    return packet(0, b"\x03" + statement.encode())


MYSQL: list[Turn] = [
    (SERVER, greeting()),
    (CLIENT, login()),
    (SERVER, packet(2, OK)),
    (CLIENT, query("SELECT name, mobile FROM `refunds` WHERE mobile = '13800138000'")),
    (
        SERVER,
        result(
            [column(b"name"), column(b"mobile"), column(b"note")],
            [
                text_row("陈晓明".encode(), b"13800138000", b'say "hi", twice'),
                text_row("林小雨".encode(), b"13900139000", None),
                text_row(b"x", b"y" * 300, b"\xff\xfe"),
            ],
        ),
    ),
    (CLIENT, query("UPDATE refunds SET done = 1")),
    (SERVER, packet(1, b"\0\x07\0\x02\0\0\0")),
    (CLIENT, query("SELECT nonsense")),
    (SERVER, packet(1, b"\xff\x16\x04#42S22Unknown column")),
    (CLIENT, packet(0, b"\x16SELECT id, name, born, paid FROM staff WHERE mobile = ? AND id > ?")),
    (
        SERVER,
        packet(1, b"\0" + struct.pack("<IHHBH", 7, 4, 2, 0, 0))
        + b"".join(packet(2 + i, p) for i, p in enumerate([column(b"?"), column(b"?"), EOF]))
        + b"".join(
            packet(5 + i, p) for i, p in enumerate([column(b"c"), column(b"c"), column(b"c"), column(b"c"), EOF])
        ),
    ),
    (
        CLIENT,
        packet(
            0,
            b"\x17"
            + struct.pack("<IBI", 7, 0, 1)
            + b"\0\x01\xfd\0\x03\0"
            + lenenc(b"13800138000")
            + struct.pack("<i", -5),
        ),
    ),
    (
        SERVER,
        result(
            [column(b"id", 8), column(b"name"), column(b"born", 10), column(b"paid", 5)],
            [
                binary_row(
                    0, struct.pack("<q", 42), lenenc("王芳".encode()), b"\x04\xc6\x07\x05\x01", struct.pack("<d", 1.5)
                ),
                binary_row(0b1000, struct.pack("<q", 43), b"\x04\xc6\x07\x05\x02", struct.pack("<d", 2.0)),
            ],
        ),
    ),
    (CLIENT, packet(0, b"\x01")),
]

# ---- DNS and TLS -----------------------------------------------------------------------------------------------------


def dns_pair() -> tuple[bytes, bytes]:
    question = dns.message.make_query("www.example.com", "A", id=4711)
    answer = dns.message.make_response(question)
    answer.answer.append(dns.rrset.from_text("www.example.com.", 300, "IN", "A", "192.0.2.1"))
    return question.to_wire(), answer.to_wire()


def dns_stream() -> list[Turn]:
    question, answer = dns_pair()
    return [(CLIENT, struct.pack(">H", len(question)) + question), (SERVER, struct.pack(">H", len(answer)) + answer)]


@cache
def tls(version: ssl.TLSVersion) -> list[Turn]:
    """A real handshake between two ends in memory, then a secret each way."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "pay.abroad.example")])
    day = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(day)
        .not_valid_after(day.replace(year=2030))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("alt.abroad.example")]), False)
        .sign(key, hashes.SHA256())
    )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "both.pem")
        pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
        private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
        file.write_bytes(private + certificate.public_bytes(pem))
        server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server_context.load_cert_chain(file)
    client_context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client_context.check_hostname, client_context.verify_mode = False, ssl.CERT_NONE
    for context in (client_context, server_context):
        context.minimum_version = context.maximum_version = version
        context.set_alpn_protocols(["h2"])
    inward, outward = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(inward, outward, server_hostname="pay.abroad.example")
    server = server_context.wrap_bio(outward, inward, server_side=True)
    return _handshake(client, server, inward, outward)


def _handshake(
    client: ssl.SSLObject, server: ssl.SSLObject, inward: ssl.MemoryBIO, outward: ssl.MemoryBIO
) -> list[Turn]:
    turns: list[Turn] = []

    def carry(direction: int, bio: ssl.MemoryBIO) -> None:
        data = bio.read()
        if data:
            turns.append((direction, data))
            bio.write(data)

    for _ in range(4):
        for side, direction, bio in ((client, CLIENT, outward), (server, SERVER, inward)):
            with contextlib.suppress(ssl.SSLWantReadError):
                side.do_handshake()
            carry(direction, bio)
    client.write(b"q" * 1000)
    carry(CLIENT, outward)
    server.read(2000)
    server.write(b"a" * 5000)
    carry(SERVER, inward)
    return turns
