"""Short runs of hexadecimal digits and base64 that are text are read, in dumps as databases write them and in headers."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import sqlite3
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongguan.identify import Detector, Piece
from tongguan.model import Finding

DETECTOR = Detector(b"a key of tests")
PHONE, CARD = "13812345678", "11010119900307123" + "3"
PHONES = st.builds(lambda a, b: f"{a}{b:08}", st.sampled_from(["138", "159", "186", "199"]), st.integers(0, 10**8 - 1))


def found(text: str) -> list[Finding]:
    return DETECTOR.scan([Piece(text)])[0]


def types(text: str) -> set[str]:
    return {one.type for one in found(text)}


def digest(value: str, type: str) -> bytes:
    (one,) = (one for one in found(value) if one.type == type)
    return one.digest


def test_blobs_of_sqlite_as_it_dumps_them() -> None:
    with sqlite3.connect(":memory:") as base:
        base.execute("CREATE TABLE person (id INTEGER, name BLOB, mobile BLOB, photo BLOB)")
        for number, (name, phone) in enumerate([("王小明", PHONE), ("欧阳静怡", "15987654321")]):
            base.execute(
                "INSERT INTO person VALUES (?, ?, ?, ?)", (number, name.encode(), phone.encode(), bytes(range(40)))
            )
        dump = "\n".join(base.iterdump())
    told = found(dump)
    assert [one.type for one in told] == ["person_name", "phone", "person_name", "phone"]
    assert bytes.fromhex(dump[told[2].start : told[2].end]).decode() == "欧阳静怡"
    assert told[1].digest == digest(PHONE, "phone")


@pytest.mark.parametrize("encoding", ["utf-8", "gbk", "utf-16-le"])
@pytest.mark.parametrize("write", ["0x{}", "0X{}", "X'{}'", "x'{}'", "'\\x{}'", "'\\\\x{}'"])
def test_columns_are_known_by_their_names(write: str, encoding: str) -> None:
    cells = [write.format(said.encode(encoding).hex()) for said in ("王小明", PHONE, CARD)]
    text = f"INSERT INTO `t` (`id`, `name`, `phone`, `id_card`) VALUES (17, {', '.join(cells)});\n"
    assert {"person_name", "phone", "id_card"} <= types(text)


def test_rows_of_copy() -> None:
    row = "\t".join("\\\\x" + said.encode().hex() for said in ("王小明", PHONE))
    assert types(f"COPY public.t (name, phone) FROM stdin;\n{row}\n\\.\n") == {"person_name", "phone"}


@settings(max_examples=80, deadline=None)
@given(PHONES, st.text("甲乙 ,:a1é~?>", max_size=30), st.text("丙。 b\n", max_size=30))
def test_base64_that_is_text(phone: str, before: str, behind: str) -> None:
    said = f"手机：{phone}。" + before + behind
    token = base64.b64encode(said.encode()).decode()
    told = [one for one in found(f'{{"data": "{token}"}}') if one.type == "phone"]
    assert [one.digest for one in told] == [digest(phone, "phone")]
    assert 10 <= told[0].start < told[0].end <= 10 + len(token)


def test_headers_and_tokens() -> None:
    basic = base64.b64encode(f"li.na@example.com:{PHONE}".encode()).decode()
    assert {"email", "phone"} <= types(f"GET / HTTP/1.1\r\nAuthorization: Basic {basic}\r\n\r\n")
    claims = base64.urlsafe_b64encode(json.dumps({"sub": "17", "phone_number": PHONE}).encode()).decode().rstrip("=")
    head = base64.urlsafe_b64encode(b'{"alg":"HS256"}').decode().rstrip("=")
    assert [one.type for one in found(f"jwt={head}.{claims}.c2lnbmF0dXJl")].count("phone") == 1
    assert types(json.dumps({"name": base64.b64encode("王小明".encode()).decode()})) == {"person_name"}


def test_neither_digests_nor_keys_nor_names_of_programs() -> None:
    chance = random.Random(20261122)
    lines = [
        f"{hashlib.sha256(bytes([n & 255, n >> 8])).hexdigest()} 0x{chance.randrange(16**16):016x} "
        f"{base64.b64encode(chance.randbytes(30)).decode()} getElementById2 {chance.randrange(10**22):022} "
        f"{chance.randrange(16**32):032X}"
        for n in range(4000)
    ]
    encoded = [one for one in found("\n".join(lines)) if one.detector == "unwrapping"]
    assert encoded == []


def test_a_text_of_nothing_else_takes_no_longer_than_its_length() -> None:
    def seconds(text: str) -> float:
        before = time.process_time()
        found(text)
        return time.process_time() - before

    for run in ("a1b2" * 62 + " ", "5byg" * 60 + "! ", "0x" + "e5bca0" * 30 + " ", "MTM4" * 250_000, "3133" * 250_000):
        text = run * (200_000 // len(run) + 1)
        assert seconds(text * 2) < 3 * seconds(text) + 1.0
