"""RAR archives in parts and with passwords, written by their published format; cabinets in parts."""

from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongguan.identify import extract
from tongguan.identify.extract import Extraction
from tongguan.identify.extract.isolated import rar
from tongguan.model import BlindKind, Content

PART = "one part of an archive of several: what begins or ends in another is not read"


def number(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def block(kind: int, body: bytes, extra: bytes = b"", data: bytes = b"") -> bytes:
    about = number(kind) + number(bool(extra) | 2 * bool(data))
    about += (number(len(extra)) if extra else b"") + (number(len(data)) if data else b"") + body + extra
    sized = number(len(about)) + about
    return struct.pack("<I", zlib.crc32(sized)) + sized + data


def member(name: str, data: bytes, password: bool = False) -> bytes:
    title = name.encode()
    body = number(4) + number(len(data)) + number(0x20) + struct.pack("<I", zlib.crc32(data))
    body += number(0) + number(1) + number(len(title)) + title
    sealed = number(1) + number(0) + number(0) + b"\x0f" + bytes(32)
    return block(2, body, number(len(sealed)) + sealed if password else b"", data)


def archive(*members: bytes, flags: int = 0) -> bytes:
    return (
        b"Rar!\x1a\x07\x01\x00"
        + block(1, number(flags) + (number(1) if flags & 2 else b""))
        + b"".join(members)
        + block(5, number(0))
    )


def read(data: bytes) -> Extraction:
    return extract(Content("a.rar", "", None, data))


def test_members_with_a_password_beside_others() -> None:
    found = read(
        archive(member("a.txt", b"plain one"), member("b.txt", b"sealed bytes", True), member("c.txt", b"plain two"))
    )
    assert [(piece.member, piece.text) for piece in found.pieces] == [("a.txt", "plain one"), ("c.txt", "plain two")]
    assert [(spot.kind, spot.count) for spot in found.blind_spots] == [(BlindKind.ENCRYPTED, 1)]


@pytest.mark.parametrize("flags", [1, 3])
def test_one_of_several_is_told(flags: int) -> None:
    found = read(archive(member("a.txt", b"whole"), flags=flags))
    assert [piece.text for piece in found.pieces] == ["whole"]
    assert PART in {spot.detail for spot in found.blind_spots}
    assert not read(archive(member("a.txt", b"whole"), flags=4)).blind_spots


def test_of_older_archives_and_cabinets() -> None:
    assert rar.is_part(b"Rar!\x1a\x07\x00" + b"\x00\x00\x73\x01\x00\x0d\x00" + bytes(50))
    assert not rar.is_part(b"Rar!\x1a\x07\x00" + b"\x00\x00\x73\x08\x00\x0d\x00" + bytes(50))
    assert rar.is_part(b"MSCF" + bytes(26) + b"\x02" + bytes(40)) and not rar.is_part(b"MSCF" + bytes(70))


@given(st.binary(max_size=200), st.integers(0, 60))
def test_damaged_ones(noise: bytes, cut: int) -> None:
    whole = archive(member("b.txt", b"sealed bytes", True))
    for data in (whole[:cut] + noise, whole[:20] + noise + whole[20:]):
        assert all(not spot.detail.startswith("fault") for spot in read(data).blind_spots)
