"""HTTP/1: what a request and a response carry, matched in order, whatever their framing."""

from __future__ import annotations

import gzip
import zlib

import dialogues
import pyarrow as pa
import pytest
from dialogues import MEMBERS, chunked, request, response
from speaking import CLIENT, SERVER, whole

from tongguan.capture.limits import Limits
from tongguan.capture.protocols.http_head import is_request, parse_head, safe_path
from tongguan.model import BlindKind

OK = response(b"ok")


def test_a_long_dialogue() -> None:
    heard = whole(dialogues.HTTP)
    told = [(one.uid, one.operation, [c[0] for c in one.contents]) for one in heard.said]
    assert told == [
        ("C1-1-0", "GET /a", ["query", "cookie"]),
        ("C1-1-1", "GET /a", [None]),
        ("C1-2-0", "POST /upload", ["form", "会员.csv"]),
        ("C1-2-1", "POST /upload", [None]),
        ("C1-3-0", "HEAD /a", []),
        ("C1-4-0", "GET /b", []),
        ("C1-5-0", "DELETE /c", []),
        ("C1-3-1", "HEAD /a", []),
        ("C1-4-1", "GET /b", [None]),
        ("C1-5-1", "DELETE /c", []),
        ("C1-6-0", "PUT /big", [None]),
        ("C1-6-1", "PUT /big", [None]),
    ]
    assert heard.said[1].contents == [(None, "text/csv", MEMBERS)]
    assert heard.said[3].contents[0][2] == b'{"ok":true}'
    assert heard.said[8].contents[0][2] == MEMBERS
    assert heard.said[10].contents[0][2] == MEMBERS
    assert heard.said[11].contents[0][2] == b"until the end"
    assert not heard.spots
    assert {one.application for one in heard.said} == {"api.example"}
    assert {one.names for one in heard.said} == {("api.example",)}
    assert [one.size for one in heard.said[:4]] == [len(what) for _, what in dialogues.HTTP[:4]]


def test_the_rows_are_zeeks() -> None:
    rows = whole(dialogues.HTTP).log("http")
    assert [row["trans_depth"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert rows[0]["method"] == "GET"
    assert rows[0]["uri"] == "/a?mobile=13800138000"
    assert rows[0]["host"] == "api.example:8080"
    assert rows[0]["status_code"] == 200
    assert rows[1]["orig_filenames"] == ["会员.csv"]
    assert rows[2]["response_body_len"] == 0
    assert rows[5]["info_code"] == 100
    assert rows[5]["request_body_len"] == len(MEMBERS)


def test_a_form_stays_one_record() -> None:
    form, file = whole(dialogues.HTTP).said[2].contents
    assert form == ("form", "application/x-www-form-urlencoded", b"mobile=13800138000&name=%E9%99%88%E6%99%93%E6%98%8E")
    assert file == ("会员.csv", "text/csv", MEMBERS)


@pytest.mark.parametrize(
    ("coding", "encoded"),
    [
        ("gzip", gzip.compress(MEMBERS, mtime=0)),
        ("gzip", gzip.compress(MEMBERS[:20], mtime=0) + gzip.compress(MEMBERS[20:], mtime=0)),
        ("deflate", zlib.compress(MEMBERS)),
        ("deflate", zlib.compress(MEMBERS)[2:-4]),
        ("br", bytes(pa.Codec("brotli").compress(MEMBERS))),
        ("zstd", bytes(pa.Codec("zstd").compress(MEMBERS))),
        ("identity", MEMBERS),
    ],
)
def test_content_codings(coding: str, encoded: bytes) -> None:
    heard = whole([(CLIENT, request("GET", "/")), (SERVER, response(encoded, Content_Encoding=coding))])
    assert heard.bodies(SERVER) == [MEMBERS]
    assert not heard.spots


@pytest.mark.parametrize(
    ("coding", "encoded", "kind"),
    [
        ("gzip", gzip.compress(MEMBERS, mtime=0)[:-12], BlindKind.UNREADABLE),
        ("gzip", b"this is no gzip", BlindKind.UNREADABLE),
        ("br", b"this is no brotli", BlindKind.UNREADABLE),
        ("aes128gcm", b"sealed", BlindKind.UNSUPPORTED),
    ],
)
def test_codings_that_cannot_be_read_are_told(coding: str, encoded: bytes, kind: BlindKind) -> None:
    heard = whole([(CLIENT, request("GET", "/")), (SERVER, response(encoded, Content_Encoding=coding))])
    assert [spot[0] for spot in heard.spots] == [kind]


def test_a_gap_in_a_body_is_told_and_the_rest_is_read() -> None:
    body = b"a" * 100
    turns = [(CLIENT, request("GET", "/1")), (SERVER, response(body)[:-60]), (SERVER, 40), (SERVER, b"b" * 20)]
    heard = whole([*turns, (CLIENT, request("GET", "/2")), (SERVER, OK)])
    assert heard.bodies(SERVER) == [b"a" * 40 + b"\n" + b"b" * 20, b"ok"]
    assert heard.spots == [(BlindKind.GAP, "bytes missing from the capture", 40)]


def test_a_gap_that_swallows_messages() -> None:
    """The request of /2 and the end of the answer to /1 are lost."""
    turns = [(CLIENT, request("GET", "/1")), (SERVER, response(b"a" * 50)[:-20]), (CLIENT, 77), (SERVER, 99)]
    heard = whole([*turns, (CLIENT, request("GET", "/3")), (SERVER, response(b"three"))])
    assert [(one.operation, one.direction) for one in heard.said if one.operation != "HTTP"] == [
        ("GET /1", 0),
        ("GET /1", 1),
        ("GET /3", 0),
        ("GET /3", 1),
    ]
    assert heard.said[-1].contents[0][2] == b"three"
    assert sum(spot[2] for spot in heard.spots if spot[0] is BlindKind.GAP) == 77 + 99


def test_a_gap_in_a_chunked_body() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/plain\r\n\r\n"
    body = chunked(b"x" * 3000, 1000)
    turns = [(CLIENT, request("GET", "/1")), (SERVER, head + body[:500]), (SERVER, 1000), (SERVER, body[1500:])]
    heard = whole([*turns, (CLIENT, request("GET", "/2")), (SERVER, response(b"two"))])
    assert heard.bodies(SERVER)[0].count(b"x") > 1400
    assert heard.bodies(SERVER)[1] == b"two"
    assert (BlindKind.GAP, "bytes missing from the capture", 1000) in heard.spots


def test_a_response_that_comes_before_its_request() -> None:
    heard = whole(
        [(CLIENT, request("GET", "/1")), (SERVER, OK), (SERVER, response(b"two")), (CLIENT, request("GET", "/2"))]
    )
    assert [one.operation for one in heard.said] == ["GET /1", "GET /1", "GET /2", "GET /2"]


def test_one_direction_only() -> None:
    heard = whole([(SERVER, OK + response(b"second"))])
    assert heard.bodies(SERVER) == [b"ok", b"second"]
    heard = whole([(CLIENT, request("POST", "/1", b"one") + request("POST", "/2", b"two"))])
    assert heard.bodies(CLIENT) == [b"one", b"two"]
    assert [row["uri"] for row in heard.log("http")] == ["/1", "/2"]


def test_a_tunnel_is_read_by_the_protocol_inside() -> None:
    inside = [(CLIENT, request("GET", "/inside")), (SERVER, response(b"inner"))]
    opening = [(CLIENT, b"CONNECT api.example:443 HTTP/1.1\r\n\r\n"), (SERVER, b"HTTP/1.1 200 Connected\r\n\r\n")]
    heard = whole([*opening, *inside])
    assert heard.bodies(SERVER) == [b"inner"]
    assert [one.uid for one in heard.said] == ["C1-1-0", "C1-1-1", "C1-1t1-0", "C1-1t1-1"]


def test_a_body_that_ends_early() -> None:
    heard = whole([(CLIENT, request("GET", "/")), (SERVER, response(b"x" * 100)[:-60])])
    assert heard.bodies(SERVER) == [b"x" * 40]
    assert [spot[0] for spot in heard.spots] == [BlindKind.TRUNCATED]


def test_a_long_text_comes_in_slices_with_its_header_row() -> None:
    rows = b"".join(b"%06d,x\n" % i for i in range(1000))
    limits = Limits(slice=2000)
    heard = whole(
        [(CLIENT, request("GET", "/l.csv")), (SERVER, response(b"id,v\n" + rows, Content_Type="text/csv"))],
        limits=limits,
    )
    slices = [one for one in heard.said if one.direction == SERVER]
    assert [one.uid for one in slices[:3]] == ["C1-1-1", "C1-1-1.1", "C1-1-1.2"]
    bodies = heard.bodies(SERVER)
    assert all(body.startswith(b"id,v\n") and body.endswith(b"\n") and len(body) <= 2005 for body in bodies)
    assert b"".join(body.removeprefix(b"id,v\n") for body in bodies) == rows
    assert len(heard.log("http")) == 1


def test_a_long_archive_stays_whole_on_disk_up_to_the_limit() -> None:
    body = b"PK\x03\x04" + bytes(range(256)) * 100
    for content, lost in ((1 << 20, 0), (10_000, len(body) - 10_000)):
        limits = Limits(slice=2000, content=content)
        heard = whole([(CLIENT, request("GET", "/a.zip")), (SERVER, response(body))], limits=limits)
        assert heard.bodies(SERVER) == [body[:content]]
        assert sum(spot[2] for spot in heard.spots) == lost


def test_paths_tell_no_person() -> None:
    assert safe_path("/v1/members/13800138000/orders?x=1") == "/v1/members/*/orders"
    assert safe_path("/u/chen@corp.example") == "/u/*"
    assert safe_path("/u/%E9%99%88") == "/u/*"
    assert safe_path("http://a.example/v2/batch") == "/v2/batch"
    assert safe_path("/v2/2026/11/20/report.csv") == "/v2/2026/11/20/report.csv"
    path = whole([(CLIENT, request("GET", "/u/13800138000/orders")), (SERVER, OK)]).said[0]
    assert path.operation == "GET /u/*/orders"
    assert path.contents == [("path", "text/plain", b" / u / 13800138000 / orders")]


def test_the_account_is_told_and_the_secret_is_not() -> None:
    heard = whole([(CLIENT, request("GET", "/", Authorization="Basic Y2hlbjpzZWNyZXQ=")), (SERVER, OK)])
    assert {one.account for one in heard.said} == {"chen"}
    assert "secret" not in repr(heard)


def test_heads_are_read_leniently() -> None:
    head = parse_head("GET /x HTTP/1.1\nHOST : A.example.\nX: a\n b\nX: c\nbad line\nName: 陈".encode())
    assert head is not None
    assert head.host == "a.example"
    assert head.get("x") == "a b, c"
    assert head.get("name") == "陈"
    assert parse_head(b"no start line at all\r\nA: b") is None


def test_requests_are_recognised_by_their_bytes() -> None:
    assert is_request(b"POST /x HTTP/1.1\r\n")
    assert is_request(b"PO") is None
    assert is_request(b"POST /long") is None
    assert is_request(b"\x16\x03\x01") is False
    assert is_request(b"USER chen\r\n") is False
