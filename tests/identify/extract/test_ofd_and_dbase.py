"""OFD documents (GB/T 33190) laid together from their parts, and dBase tables."""

from __future__ import annotations

import struct
import zipfile
from io import BytesIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import open_bytes
from tongguan.identify.extract import Extraction
from tongguan.model import BlindKind

SPACE = 'xmlns:ofd="http://www.ofdspec.org/2016"'
FIELDS = (("姓名", "C", 10), ("SJH", "C", 11), ("CSRQ", "D", 8), ("JE", "N", 9), ("BZ", "M", 10))
ROWS = (("钱多多", "13800138000", "19880808", "5000.50", "1"), ("欧阳文", "13900139000", "19770707", "12.00", ""))


def run(left: float, top: float, text: str, more: str = "", size: str = "3") -> str:
    return (
        f'<ofd:TextObject ID="1" Boundary="{left} {top} 40 5" Size="{size}">{more}'
        f'<ofd:TextCode X="0" Y="3">{text}</ofd:TextCode></ofd:TextObject>'
    )


def page(*objects: str, template: bool = False) -> str:
    below = '<ofd:Template TemplateID="9"/>' if template else ""
    return f"<?xml version='1.0'?><ofd:Page {SPACE}>{below}<ofd:Content><ofd:Layer>{''.join(objects)}</ofd:Layer></ofd:Content></ofd:Page>"


def ofd(
    *pages: str | bytes, base: str = "", beside: dict[str, str | bytes] | None = None, tpl: str | bytes = ""
) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as parts:
        parts.writestr("OFD.xml", f"<ofd:OFD {SPACE}><ofd:DocBody><ofd:DocInfo><ofd:Author>钱多多</ofd:Author>"
                       '<ofd:CustomDatas><ofd:CustomData Name="购买方">孙小圣</ofd:CustomData></ofd:CustomDatas></ofd:DocInfo>'
                       "<ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>")  # fmt: skip
        named = "".join(f'<ofd:Page ID="{n}" BaseLoc="{base}Pages/Page_{n}/Content.xml"/>' for n in range(len(pages)))
        template = '<ofd:TemplatePage ID="9" BaseLoc="Tpls/T/Content.xml"/>' if tpl else ""
        parts.writestr(
            "Doc_0/Document.xml", f"<ofd:Document {SPACE}>{template}<ofd:Pages>{named}</ofd:Pages></ofd:Document>"
        )
        for n, body in enumerate(pages):
            parts.writestr(f"Doc_0/Pages/Page_{n}/Content.xml", body)
        if tpl:
            parts.writestr("Doc_0/Tpls/T/Content.xml", tpl)
        for name, data in (beside or {}).items():
            parts.writestr(name, data)
    return out.getvalue()


def texts(found: Extraction) -> dict[str | None, str]:
    return {piece.member: piece.text for piece in found.pieces}


def test_labels_of_a_template_stand_before_the_values_of_the_page() -> None:
    labels = page(run(10, 20, "联系电话："), run(10, 10, "姓名："))
    data = ofd(page(run(30, 20.4, "13800138000"), run(22, 10, "钱&amp;多"), template=True), tpl=labels)
    found = texts(open_bytes(data, "a.ofd"))
    assert found["page 1"] == "姓名： 钱&多\n联系电话： 13800138000"
    assert "购买方: 孙小圣" in found["OFD.xml"] and "Author: 钱多多" in found["OFD.xml"]


def test_runs_that_touch_are_one_word_and_others_are_not() -> None:
    split = page(run(10, 10, "138"), run(14.6, 10, "00138000"), run(60, 10, "注"))
    assert texts(open_bytes(ofd(split), "a.ofd"))["page 1"] == "13800138000  注"


def test_pages_named_from_the_root_annotations_and_attachments() -> None:
    beside: dict[str, str | bytes] = {
        "Doc_0/Annots/A.xml": page(run(1, 1, "批注：李四")),
        "Doc_0/Attachs/名单.csv": "姓名,手机\n王五,13700137000\n".encode(),
    }
    found = texts(open_bytes(ofd(page(run(1, 1, "正文")), base="/Doc_0/", beside=beside), "a"))
    assert found["page 1"] == "正文" and found["Doc_0/Annots/A.xml"] == "批注：李四"
    assert "王五" in found["Doc_0/Attachs/名单.csv"]


def test_glyphs_without_codes_are_a_blind_spot() -> None:
    drawn = run(1, 1, "甲", '<ofd:CGTransform CodePosition="0" CodeCount="7" GlyphCount="7"/>')
    (spot,) = [s for s in open_bytes(ofd(page(drawn)), "a.ofd").blind_spots if "glyphs" in s.detail]
    assert (spot.kind, spot.count) == (BlindKind.UNREADABLE, 6)


def test_a_page_that_is_missing_is_told() -> None:
    found = open_bytes(ofd(page(run(1, 1, "正文")), base="../Nowhere/"), "a.ofd")
    assert [spot.kind for spot in found.blind_spots] == [BlindKind.UNREADABLE]
    assert texts(found)["Doc_0/Pages/Page_0/Content.xml"] == "正文"


def dbase(code: int = 0x4D, codec: str = "gbk", rows: tuple[tuple[str, ...], ...] = ROWS, mark: bytes = b" ") -> bytes:
    size = 1 + sum(width for _, _, width in FIELDS)
    head = struct.pack("<BBBBIHH17xB2x", 3, 126, 11, 21, len(rows), 32 + 32 * len(FIELDS) + 1, size, code)
    for name, kind, width in FIELDS:
        head += struct.pack("<11sc4xBB14x", name.encode(codec), kind.encode(), width, 0)
    body = b"".join(
        mark + b"".join(v.encode(codec).ljust(w) for v, (_, _, w) in zip(row, FIELDS, strict=True)) for row in rows
    )
    return head + b"\r" + body + b"\x1a"


@pytest.mark.parametrize(("code", "codec"), [(0x4D, "gbk"), (0, "gbk"), (0, "utf-8"), (0x78, "big5")])
def test_records_of_a_table_also_deleted_ones(code: int, codec: str) -> None:
    rows = ROWS if codec != "big5" else (("錢多多", *ROWS[0][1:]),)
    found = open_bytes(dbase(code, codec, rows, b"*"), "a.dbf")
    (piece,) = found.pieces
    assert piece.columns == ("姓名", "SJH", "CSRQ", "JE", "BZ")
    assert rows[0][0] in piece.text and "13800138000" in piece.text and "1988-08-08" in piece.text
    assert ["memo" in spot.detail for spot in found.blind_spots] == [True]


def test_a_table_that_is_cut_short_gives_what_it_holds() -> None:
    whole = dbase()
    found = open_bytes(whole[: -(1 + sum(w for _, _, w in FIELDS) + 1)], "a.dbf")
    assert "13800138000" in found.pieces[0].text and "13900139000" not in found.pieces[0].text
    assert BlindKind.UNREADABLE in {spot.kind for spot in found.blind_spots}


@pytest.mark.parametrize("text", ["0\x01\x02abc", "C:\r\n" + "x" * 300, "\x03\x01\x05\x05" + "a" * 200])
def test_what_is_no_table(text: str) -> None:
    assert all(piece.kind != "table" for piece in open_bytes(text.encode(), "a").pieces)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_damage_is_told_and_never_a_fault(data: st.DataObject) -> None:
    whole = bytearray(
        data.draw(st.sampled_from([dbase(), ofd(page(run(1, 1, "正文"), run(5, 5, "x"), template=True))]))
    )
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    found = open_bytes(bytes(whole[: data.draw(st.integers(1, len(whole)))]), "a")
    assert all("fault of the reader" not in spot.detail for spot in found.blind_spots)
