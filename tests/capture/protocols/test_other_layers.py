"""MySQL, DNS, TLS, and what nobody knows."""

from __future__ import annotations

import ssl
import struct
import zlib

import dialogues
import pytest
from dialogues import EOF, column, login, packet, query, result, text_row
from speaking import CLIENT, DATAGRAMS, ENDS, SERVER, Turn, whole

from tongguan.capture.protocols.sql import operation, without_passwords
from tongguan.model import BlindKind

OPENED = dialogues.MYSQL[:3]


def test_statements_and_results() -> None:
    heard = whole(dialogues.MYSQL)
    told = [(one.uid, one.operation, [c[:2] for c in one.contents]) for one in heard.said]
    assert told == [
        ("C1-1-0", "SELECT refunds", [("statement", "application/sql")]),
        ("C1-1-1", "SELECT refunds", [("resultset", "text/csv")]),
        ("C1-2-0", "UPDATE refunds", [("statement", "application/sql")]),
        ("C1-3-0", "SELECT", [("statement", "application/sql")]),
        ("C1-4-0", "SELECT staff", [("statement", "application/sql")]),
        ("C1-5-0", "SELECT staff", [("parameters", "text/csv")]),
        ("C1-5-1", "SELECT staff", [("resultset", "text/csv")]),
    ]
    assert heard.said[1].contents[0][2].decode() == (
        'name,mobile,note\n陈晓明,13800138000,"say ""hi"", twice"\n林小雨,13900139000,\nx,' + "y" * 300 + ",0xfffe\n"
    )
    assert heard.said[5].contents[0][2] == b"p1,p2\n13800138000,-5\n"
    assert heard.said[6].contents[0][2].decode() == "id,name,born,paid\n42,王芳,1990-05-01,1.5\n43,,1990-05-02,2.0\n"
    assert {(one.application, one.account) for one in heard.said} == {("service", "analyst")}
    assert not heard.spots


def test_the_rows_are_zeeks() -> None:
    rows = [(row["cmd"], row.get("success"), row.get("rows")) for row in whole(dialogues.MYSQL).log("mysql")]
    assert rows == [
        ("login", True, 0),
        ("query", True, 3),
        ("query", True, 7),
        ("query", False, None),
        ("stmt_prepare", True, 0),
        ("stmt_execute", True, 2),
        ("quit", None, None),
    ]


@pytest.mark.parametrize("old", [True, False])
def test_both_ends_of_results(old: bool) -> None:
    """Before and after CLIENT_DEPRECATE_EOF, with and without rows, several results of one statement."""
    end = EOF if old else b"\xfe\0\0\x02\0\0\0"
    rows = [text_row(b"1"), text_row(b"2")]
    answer = result([column(b"id")], rows, old, end)
    heard = whole([*OPENED, (CLIENT, query("SELECT id FROM t")), (SERVER, answer)])
    assert heard.bodies(SERVER) == [b"id\n1\n2\n"]
    empty = whole([*OPENED, (CLIENT, query("SELECT id FROM t")), (SERVER, result([column(b"id")], [], old, end))])
    assert empty.bodies(SERVER) == []
    assert empty.log("mysql")[-1]["rows"] == 0
    more = end[:3] + b"\x0a\0" + end[5:]
    two = result([column(b"id")], rows, old, more) + answer
    heard = whole([*OPENED, (CLIENT, query("CALL p()")), (SERVER, two)])
    assert heard.bodies(SERVER) == [b"id\n1\n2\n", b"id\n1\n2\n"]


def test_a_request_for_tls_is_sealed_from_there() -> None:
    sealed = packet(1, struct.pack("<IIB", 0x000FAE8D, 1 << 24, 45) + bytes(23))
    heard = whole([OPENED[0], (CLIENT, sealed), *dialogues.tls(ssl.TLSVersion.TLSv1_3)])
    assert {one.protocol for one in heard.said} == {"tls"}
    assert {spot[0] for spot in heard.spots} == {BlindKind.ENCRYPTED}


def test_the_compressed_protocol() -> None:
    def squeezed(inner: bytes) -> bytes:
        packed = zlib.compress(inner)
        return len(packed).to_bytes(3, "little") + b"\0" + len(inner).to_bytes(3, "little") + packed

    opening = [(SERVER, dialogues.greeting()), (CLIENT, login(0x000FA28D | 0x20)), (SERVER, packet(2, dialogues.OK))]
    answer = result([column(b"id")], [text_row(b"7")])
    heard = whole([*opening, (CLIENT, squeezed(query("SELECT id FROM t"))), (SERVER, squeezed(answer))])
    assert heard.bodies(SERVER) == [b"id\n7\n"]
    half = squeezed(answer)[:-3]
    heard = whole([*opening, (CLIENT, squeezed(query("SELECT id FROM t"))), (SERVER, half)])
    assert heard.spots == [(BlindKind.UNREADABLE, "no MySQL packet that could be read", len(half))]
    damaged = squeezed(answer)[:7] + bytes(len(squeezed(answer)) - 7)
    heard = whole([*opening, (CLIENT, squeezed(query("SELECT id FROM t"))), (SERVER, damaged + squeezed(answer))])
    assert heard.bodies(SERVER) == [b"id\n7\n"]
    assert heard.spots == [(BlindKind.UNREADABLE, "no MySQL packet that could be read", len(damaged) - 7)]
    zstd = [(SERVER, dialogues.greeting(0xFFFFF7FF)), (CLIENT, login(0x040FA28D)), (SERVER, packet(2, dialogues.OK))]
    heard = whole([*zstd, (CLIENT, b"anything at all")])
    assert heard.spots == [(BlindKind.UNSUPPORTED, "MySQL compressed with zstd", 15)]


def test_a_gap_costs_one_result_only() -> None:
    answer = result([column(b"id")], [text_row(b"1"), text_row(b"2")])
    turns: list[Turn] = [
        *OPENED,
        (CLIENT, query("SELECT id FROM t")),
        (SERVER, answer[:-15]),
        (SERVER, 9),
        (SERVER, b"junk"),
    ]
    heard = whole([*turns, (CLIENT, query("SELECT id FROM u")), (SERVER, answer)])
    assert heard.bodies(SERVER)[-1] == b"id\n1\n2\n"
    assert {spot[0] for spot in heard.spots} == {BlindKind.GAP, BlindKind.TRUNCATED, BlindKind.UNREADABLE}


def test_a_connection_caught_in_the_middle() -> None:
    from dataclasses import replace

    answer = result([column(b"id")], [text_row(b"1")])
    heard = whole([(CLIENT, query("select id from t")), (SERVER, answer)], replace(ENDS, midstream=True))
    assert heard.service == "mysql"
    assert heard.bodies(SERVER) == [b"id\n1\n"]


def test_operations_hold_no_literals() -> None:
    statement = "SELECT a.name FROM crm.members a JOIN `orders` o ON a.id = o.id WHERE name = 'FROM secret' -- FROM x"
    assert operation(statement) == "SELECT crm.members, orders"
    assert operation("insert into t values ('13800138000', \"陈\")") == "INSERT t"
    assert operation("  /* hint */ (select 1)") == "SELECT"
    assert operation("") == "QUERY"
    assert operation("'13800138000") == "QUERY"
    assert without_passwords("CREATE USER a IDENTIFIED BY 's3cret'") == "CREATE USER a IDENTIFIED BY '<hidden>'"


# ---- DNS -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_question_and_its_answer(transport: str) -> None:
    question, answer = dialogues.dns_pair()
    heard = (
        whole([(CLIENT, question), (SERVER, answer)], DATAGRAMS)
        if transport == "udp"
        else whole(dialogues.dns_stream())
    )
    assert [(one.protocol, one.operation) for one in heard.said] == [("dns", "QUERY A")] * 2
    assert heard.bodies() == [b"www.example.com", b"www.example.com\n192.0.2.1"]
    (row,) = heard.log("dns")
    assert row["query"] == "www.example.com"
    assert row["qtype_name"] == "A"
    assert row["rcode_name"] == "NOERROR"
    assert row["answers"] == ["192.0.2.1"]
    assert row["trans_id"] == 4711


# ---- TLS -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_sealed_traffic_is_located_and_counted(version: ssl.TLSVersion) -> None:
    turns = dialogues.tls(version)
    heard = whole(turns)
    sent, received = heard.said
    assert (sent.direction, received.direction) == (CLIENT, SERVER)
    assert sent.names[0] == sent.application == "pay.abroad.example"
    assert 1000 < sent.size < 1400
    assert 5000 < received.size < 8000
    assert [spot[0] for spot in heard.spots] == [BlindKind.ENCRYPTED] * 2
    assert not heard.bodies()
    (row,) = heard.log("ssl")
    assert row["server_name"] == "pay.abroad.example"
    assert row["established"] is True
    assert row["version"] == ("TLSv12" if version is ssl.TLSVersion.TLSv1_2 else "TLSv13")
    if version is ssl.TLSVersion.TLSv1_2:
        assert sent.names == ("pay.abroad.example", "alt.abroad.example")
        assert row["san.dns"] == ["alt.abroad.example"]
        assert row["next_protocol"] == "h2"


@pytest.mark.parametrize(
    ("good", "bad", "fault"),
    [
        (b"\x82\x12alt.abroad", b"\x82\x7falt.abroad", "alternative names in the server's certificate are damaged"),
        (b"\x82\x12alt.abroad", b"\xa5\x12alt.abroad", "alternative names in the server's certificate are damaged"),
        (b"\x06\x03\x55\x04\x03", b"\x06\x7f\x55\x04\x03", "the server's certificate is damaged"),
    ],
)
def test_a_certificate_that_cannot_be_read_is_told(good: bytes, bad: bytes, fault: str) -> None:
    turns = dialogues.tls(ssl.TLSVersion.TLSv1_2)
    assert any(good in data for _, data in turns if isinstance(data, bytes))
    heard = whole([(side, data.replace(good, bad) if isinstance(data, bytes) else data) for side, data in turns])
    assert (BlindKind.UNREADABLE, fault) in [spot[:2] for spot in heard.spots]
    assert heard.said[0].application == "pay.abroad.example"


def test_a_gap_inside_a_record_keeps_its_boundaries() -> None:
    turns = dialogues.tls(ssl.TLSVersion.TLSv1_3)
    last = turns[-1][1]
    assert isinstance(last, bytes)
    heard = whole([*turns[:-1], (SERVER, last[:-3000]), (SERVER, 1000), (SERVER, last[-2000:])])
    full = whole(turns)
    assert heard.said[1].size == full.said[1].size - 1000
    assert (BlindKind.GAP, "bytes missing from the capture", 1000) in heard.spots


# ---- the unknown -----------------------------------------------------------------------------------------------------


def test_unknown_protocols_are_kept_and_told() -> None:
    heard = whole([(CLIENT, b"\x01\x02hello 13800138000"), (SERVER, b"\x03\x04fine")])
    assert [(one.protocol, one.operation) for one in heard.said] == [("tcp", "TCP")] * 2
    assert heard.bodies() == [b"\x01\x02hello 13800138000", b"\x03\x04fine"]
    assert [(spot[0], spot[2]) for spot in heard.spots] == [(BlindKind.UNSUPPORTED, 19), (BlindKind.UNSUPPORTED, 6)]


@pytest.mark.parametrize(
    ("side", "first", "name"),
    [
        (CLIENT, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/2"),
        (SERVER, b"+OK ready\r\n", "POP3"),
        (SERVER, b"* OK ready\r\n", "IMAP"),
        (CLIENT, struct.pack(">II", 20, 196_608) + b"user\0chen\0\0\0", "PostgreSQL"),
        (CLIENT, b"\0\0\0\x54\xfeSMB@", "SMB"),
        (CLIENT, b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n", "Redis"),
    ],
)
def test_known_protocols_that_are_not_read_are_told_by_name(side: int, first: bytes, name: str) -> None:
    heard = whole([(side, first)])
    assert [(one.operation, spot) for one in heard.said for spot in one.spots] == [
        (name, (BlindKind.UNSUPPORTED, name, len(first)))
    ]
    assert heard.bodies() == [first]


def test_sealed_protocols_are_told_by_name() -> None:
    heard = whole([(SERVER, b"SSH-2.0-OpenSSH_9.9\r\n"), (CLIENT, b"SSH-2.0-x\r\n" + bytes(500))])
    assert {(one.operation, spot[0]) for one in heard.said for spot in one.spots} == {("SSH", BlindKind.ENCRYPTED)}
    assert not heard.bodies()


def test_tls_that_begins_later() -> None:
    turns: list[Turn] = [(SERVER, b"* OK IMAP ready\r\n"), (CLIENT, b"a STARTTLS\r\n"), (SERVER, b"a OK go\r\n")]
    heard = whole([*turns, *dialogues.tls(ssl.TLSVersion.TLSv1_2)])
    assert [one.protocol for one in heard.said] == ["tcp", "tcp", "tls", "tls"]
    assert heard.service == "ssl"
