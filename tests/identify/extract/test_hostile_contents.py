"""Contents made to hang, crash or fill memory; and bytes that are nothing at all."""

from __future__ import annotations

import gzip
import io
import json
import random
import struct
import tarfile
import time
import zipfile
import zlib
from email.message import EmailMessage

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_documents_read import document, message, pdf, workbook
from test_html_pages import PAGE

from tongguan.identify.extract import Limits, extract
from tongguan.identify.extract.unfolding import FAULT
from tongguan.model import BlindKind, Content

LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a0 "lol">'
    + b"".join(b'<!ENTITY a%d "%s">' % (i, b"&a%d;" % (i - 1) * 10) for i in range(1, 10))
    + b"]><l>&a9;</l>"
)
SHEET = b"<worksheet><sheetData><row><c t='inlineStr'><is><t>&a9;</t></is></c></row></sheetData></worksheet>"


def with_part(data: bytes, name: str, part: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.namelist():
            new.writestr(item, part if item == name else old.read(item))
    return buffer.getvalue()


def test_an_xml_bomb_does_not_go_off(opened) -> None:
    assert opened(LAUGHS, "a.xml").pieces[0].text == LAUGHS.decode()
    for data in (
        with_part(document(), "word/document.xml", LAUGHS),
        with_part(workbook(), "xl/worksheets/sheet1.xml", LAUGHS.replace(b"<l>&a9;</l>", SHEET)),
    ):
        found = opened(data)
        assert sum(len(p.text) for p in found.pieces) < 10_000
        assert any(s.kind is BlindKind.UNREADABLE for s in found.blind_spots)


def test_a_sheet_that_claims_every_cell_does_not_fill_memory(opened) -> None:
    cell = b'<row r="%d"><c r="%s%d"><v>13800138000</v></c></row>'
    sheet = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        + cell % (1, b"A", 1)
        + cell % (1048576, b"XFD", 1048576)
        + b"</sheetData></worksheet>"
    )
    found = opened(with_part(workbook(), "xl/worksheets/sheet1.xml", sheet), "wide.xlsx")
    assert sum(p.text.count("13800138000") for p in found.pieces) == 2
    assert sum(len(p.text) for p in found.pieces) < 100_000
    assert opened(workbook()).blind_spots == []


def test_messages_within_messages_without_end(opened) -> None:
    def within(levels: int) -> bytes:
        message = EmailMessage()
        message.set_content(f"手机 138001380{levels:02}")
        for level in range(levels):
            outer = EmailMessage()
            outer.set_content(f"层 {level}")
            outer.add_attachment(message)
            message = outer
        return message.as_bytes()

    assert opened(within(9), "a.eml").blind_spots == []
    [spot] = opened(within(15), "a.eml").blind_spots
    assert spot.kind is BlindKind.TRUNCATED and "containers deep" in spot.detail


def test_a_document_nested_without_end(opened) -> None:
    found = opened(with_part(document(), "word/document.xml", b"<w:p>" * 300_000))
    assert any(s.kind is BlindKind.UNREADABLE for s in found.blind_spots)


@pytest.mark.parametrize(
    "data", [b"[" * 100_000, b"[" * 100_000 + b"]" * 100_000, b'{"a":' * 100_000, b"<a>" * 100_000]
)
def test_deep_nesting(opened, data: bytes) -> None:
    assert opened(data).pieces


def test_a_long_line_of_json_takes_less_than_a_second_for_fifty_megabytes(opened) -> None:
    one = json.dumps({"name": "Zhang", "phone": "13800138000"}).encode()
    data = b"[" + b",".join([one] * (50_000_000 // (len(one) + 1))) + b"]"
    started = time.process_time()
    found = extract(Content(None, "application/json", len(data), data))
    assert time.process_time() - started < 1  # 0.15 s where nothing else runs
    assert sum(len(piece.records) for piece in found.pieces) == data.count(b"{") + 1


@pytest.mark.parametrize(
    "data",
    [
        b'"' * 3_000_000,
        b',"' * 1_500_000,
        b'"\n' * 1_500_000,
        b"<" * 3_000_000,
        b"<!--" * 700_000,
        b'<a b="' * 500_000,
        b"&" * 3_000_000,
        b"a=" * 1_500_000,
        b"\\u" * 1_500_000,
        b":\n" * 1_500_000,
        b"<script>" * 300_000,
        b"From: x\n" * 300_000,
        b"--a\r\nContent-\r\n" * 200_000,
        b"%" * 3_000_000,
        b"'(" * 1_500_000,
        b"<table><tr><td>" * 200_000,
    ],
)
@pytest.mark.parametrize("media_type", ["", "text/csv", "text/html", "application/x-www-form-urlencoded"])
def test_no_pattern_makes_it_slow(opened, data: bytes, media_type: str) -> None:
    started = time.process_time()
    opened(data, None, media_type)
    assert time.process_time() - started < 5


def test_time_is_bounded(opened, zipped) -> None:
    one = pdf()
    data = zipped((f"{i}.pdf", one) for i in range(600))
    started = time.monotonic()
    found = opened(data, "slow.zip", limits=Limits(seconds=0.2))
    assert time.monotonic() - started < 5
    assert any(s.kind is BlindKind.TRUNCATED for s in found.blind_spots)


def test_content_larger_than_allowed_is_cut_and_told(opened) -> None:
    found = opened(b"name 13800138000\n" * 1000, "big.txt", limits=Limits(content_bytes=1000))
    assert len(found.pieces[0].text) == 1000
    assert [(s.kind, s.size) for s in found.blind_spots] == [(BlindKind.TRUNCATED, 16_000)]


def test_blind_spots_are_bounded(opened, zipped) -> None:
    found = opened(zipped((f"{i}.bin", random.Random(i).randbytes(64)) for i in range(3000)), "noise.zip")
    assert len(found.blind_spots) < 300
    assert sum(s.count for s in found.blind_spots) + len(found.pieces) >= 3000


def _checked(data: bytes, name: str | None = None, media_type: str = "") -> None:
    started = time.monotonic()
    found = extract(Content(name, media_type, len(data), data))
    assert time.monotonic() - started < 30
    for spot in found.blind_spots:
        assert FAULT not in spot.detail, spot
    for piece in found.pieces:
        assert piece.records[0] == 0
        piece.text.encode()


_TYPES = st.sampled_from(
    ["", "text/html", "application/json", "text/csv", "application/xml", "message/rfc822", "multipart/form-data"]
)
_SEEDS = [
    document(),
    workbook(),
    pdf(),
    message().as_bytes(),
    PAGE.encode(),
    LAUGHS,
    json.dumps([{"a": "张三"}] * 9).encode(),
]
_SEEDS += [
    "姓名,手机\n张三,138\n".encode("gbk"),
    b"{\\rtf1 x}",
    b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--",
]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.binary(max_size=300), media_type=_TYPES)
def test_random_bytes(data: bytes, media_type: str) -> None:
    _checked(data, None, media_type)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.sampled_from(_SEEDS),
    cuts=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=12),
    media_type=_TYPES,
    end=st.floats(0, 1),
)
def test_mutated_files(seed: bytes, cuts: list[tuple[float, int]], media_type: str, end: float) -> None:
    data = bytearray(seed)
    for where, value in cuts:
        data[int(where * (len(data) - 1))] = value
    if end < 0.3:
        del data[int(end / 0.3 * len(data)) :]
    _checked(bytes(data), None, media_type)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="<>/=\"'&;:,\n\t{}[]\\u05张ab@!-#", max_size=80), _TYPES)
def test_text_made_of_signs(text: str, media_type: str) -> None:
    _checked(text.encode(), None, media_type)


def overlapping(count: int) -> bytes:
    """A zip whose entries all point at the same packed zeros."""
    zeros = bytes(10 << 20)
    engine = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = engine.compress(zeros) + engine.flush()
    about = struct.pack("<HHIII", 0, 0, zlib.crc32(zeros), len(packed), len(zeros))
    body = b"PK\3\4" + struct.pack("<HHH", 20, 0, 8) + about + struct.pack("<HH", 1, 0) + b"a" + packed
    entries = b""
    for index in range(count):
        name = b"%05d.txt" % index
        entries += b"PK\1\2" + struct.pack("<HHHH", 20, 20, 0, 8) + about + struct.pack("<H", len(name))
        entries += struct.pack("<HHHHII", 0, 0, 0, 0, 0, 0) + name
    return body + entries + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, count, count, len(entries), len(body), 0)


def nested(levels: int) -> bytes:
    """Sixteen zips in each zip, with zeros at the bottom."""
    data = bytes(20 << 20)
    for _ in range(levels):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for index in range(16):
                archive.writestr(f"{index}.zip", data)
                if len(data) > 1 << 20:
                    break
        data = buffer.getvalue()
    return data


def swelling_pdf() -> bytes:
    """A page whose content and an object stream that unfold to 130 MB each."""
    engine = zlib.compressobj(9)
    packed = b"".join(engine.compress(b"BT (13800138000) Tj ET\n" * 45_590) for _ in range(130)) + engine.flush()
    stream = b"/Length %d/Filter/FlateDecode>>\nstream\n" % len(packed) + packed + b"\nendstream"
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>"]
    objects += [b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R>>", b"<<" + stream]
    objects += [b"<</Type/ObjStm/N 9/First 20" + stream]
    out, places = b"%PDF-1.5\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 6\n0000000000 65535 f \n" + table + b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n"
    return out + head + b"%d\n%%%%EOF" % len(out)


def gigabyte_of_zeros() -> bytes:
    return gzip.compress(gzip.compress(bytes(1 << 20)) * 1024)


def links() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, kind, target in (
            ("a", tarfile.SYMTYPE, "/etc/passwd"),
            ("b", tarfile.LNKTYPE, "/etc/shadow"),
            ("c", tarfile.CHRTYPE, ""),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, target
            archive.addfile(info)
        info = tarfile.TarInfo("../../../etc/cron.d/x")
        info.size = 4
        archive.addfile(info, io.BytesIO(b"text"))
    return buffer.getvalue()


@pytest.mark.parametrize("make", [lambda: overlapping(5000), lambda: nested(6), swelling_pdf, gigabyte_of_zeros])
def test_bombs_are_bounded_and_told(opened, make) -> None:
    data = make()
    started = time.monotonic()
    found = opened(data, "bomb")
    assert time.monotonic() - started < 20
    assert sum(len(p.text) for p in found.pieces) <= 256 << 20
    assert found.blind_spots


def test_links_and_paths_of_a_tar_lead_nowhere(opened) -> None:
    found = opened(links(), "a.tar")
    assert [p.text for p in found.pieces] == ["text"]


def test_very_many_members_are_counted_not_opened(opened, zipped) -> None:
    one = tarfile.TarInfo("a")
    one.size = 1
    data = (one.tobuf(tarfile.USTAR_FORMAT) + b"x".ljust(512, b"\0")) * 50_000 + bytes(1024)
    found = opened(data, "many.tar", limits=Limits(members=10_000))
    assert len(found.pieces) == 10_000
    assert [s.kind for s in found.blind_spots] == [BlindKind.TRUNCATED]
