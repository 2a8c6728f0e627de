"""Compound files: messages, packaged files, macros, property sets; and the small formats inside them."""

from __future__ import annotations

import io
import struct
import zipfile

import olefile
import pytest
from compound_files import compound, outlook_message, packaged, text
from test_documents_read import document, pdf, workbook

from tongguan.identify.extract.isolated.cfb import with_stream
from tongguan.identify.extract.isolated.message import unpacked
from tongguan.identify.extract.isolated.vba import source
from tongguan.model import BlindKind


def everything(found) -> str:
    return "\n".join(f"{p.member or ''} {p.text}" for p in found.pieces)


def test_a_message_gives_all_it_holds(opened) -> None:
    found = opened(outlook_message("正文 13800138000", ("名单.xlsx", workbook())), "a.msg")
    said = everything(found)
    for mark in ("13800138000", "MKSUBJECT", "MKSENDER", "MKNAMED", "MKRECIPIENT", "li@example.com", "MKINNER"):
        assert mark in said, mark
    assert any(p.kind == "table" and p.member == "名单.xlsx/客户" for p in found.pieces)
    assert found.pieces[0].text == "正文 13800138000"
    assert found.blind_spots == []


def test_a_locked_attachment_of_a_message_is_told(opened) -> None:
    found = opened(outlook_message("正文", ("a.pdf", pdf(encrypt="secret"))), "a.msg")
    assert [(s.kind, s.where) for s in found.blind_spots] == [(BlindKind.ENCRYPTED, "a.pdf")]


def test_a_file_dragged_into_a_document_is_opened(opened) -> None:
    buffer = io.BytesIO(document())
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(
            "word/embeddings/oleObject1.bin", packaged("名单.csv", "姓名,手机\n张三,13900139000\n".encode())
        )
    found = opened(buffer.getvalue(), "a.docx")
    said = everything(found)
    assert "13900139000" in said and "MKUSER" in said
    assert found.blind_spots == []


def test_an_object_of_an_unknown_kind_is_told(opened) -> None:
    found = opened(compound({"Strange": bytes(900), "\x01CompObj": bytes(30)}), "a.bin")
    assert [s.kind for s in found.blind_spots] == [BlindKind.UNSUPPORTED]


def test_macros_are_read(opened) -> None:
    code = b'Attribute VB_Name = "M"\r\nConst Phone = "13700137000"\r\n'
    packed = bytearray()
    for at in range(0, len(code), 8):
        packed += b"\0" + code[at : at + 8]
    module = bytes(40) + b"\1" + struct.pack("<H", 0xB000 | (len(packed) - 1)) + packed
    assert source(module) == code
    found = opened(compound({"PROJECT": b"x", "VBA": {"dir": bytes(20), "M": module}}), "vbaProject.bin")
    assert "13700137000" in everything(found)
    assert found.blind_spots == []


def test_repeats_in_macros_are_unpacked() -> None:
    # "Attribut" as it is, then a repeat of its last four bytes: offset 4, length 4 at that position (5 bits of length)
    chunk = b"\0Attribut" + b"\1" + struct.pack("<H", (3 << 12) | 1)
    assert source(b"\1" + struct.pack("<H", 0xB000 | (len(chunk) - 1)) + chunk) == b"Attribut" + b"ibut"


def test_property_sets(opened) -> None:
    author = "钱七".encode("gb18030") + b"\0"
    values = struct.pack("<IHH", 2, 936, 0) + struct.pack("<II", 30, len(author)) + author
    section = struct.pack("<IIIIII", 8 + 16 + len(values), 2, 1, 24, 4, 32) + values
    kind = bytes.fromhex("e0859ff2f94f6810ab9108002b27b3d9")
    stream = b"\xfe\xff\0\0" + bytes(20) + struct.pack("<I", 1) + kind + struct.pack("<I", 48) + section
    found = opened(compound({"\x05SummaryInformation": stream}), "a.doc")
    assert everything(found).endswith("author: 钱七")
    for size in range(len(stream)):
        opened(compound({"\x05SummaryInformation": stream[:size]}), "a.doc")


def test_rtf_of_a_message_is_unpacked() -> None:
    # The example of [MS-OXRTFCP] 4.1.1.
    packed = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
    )
    assert unpacked(packed, 1 << 20) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"


@pytest.mark.parametrize("size", [1, 4096, 100_000, 8_000_000])
def test_a_stream_in_a_file_of_its_own(size: int) -> None:
    data = bytes(range(256)) * (size // 256 + 1)
    file = olefile.OleFileIO(with_stream("Workbook", data[:size]))
    assert file.parsing_issues == []
    assert file.openstream("Workbook").read()[:size] == data[:size]


def test_rich_text_in_every_way_of_writing(opened) -> None:
    rich = (
        rb"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset134 SimSun;}}{\info{\author "
        rb"\f1\'c7\'ae\'c6\'df}}{\*\generator Nobody}\uc1\f1 \'d5\'c5\'c8\'fd\u29992?\u-10179?\u-8704?"
        rb"{\v 13800138000}{\*\annotation\plain note 13700137000}{\header 13600136000}{\deleted gone}"
        rb'{\field{\*\fldinst HYPERLINK "mailto:a@example.com"}{\fldrslt mail}}'
        rb"138\-00138\~001\par\bin3 {}\\ end}"
    )
    found = opened(rich, "a.rtf")
    said = everything(found)
    for mark in (
        "张三用😀13800138000gone",
        "13700137000",
        "13600136000",
        "author: 钱七",
        "a@example.com",
        "13800138 001",
    ):
        assert mark in said, (mark, said)
    assert "Nobody" not in said and "SimSun" not in said
    assert said.count("end") == 1
    assert found.blind_spots == []


def test_what_lies_in_rich_text_is_opened(opened) -> None:
    held = packaged("a.csv", b"name,phone\nzhang,13900139000\n").hex().encode()
    ole1 = struct.pack("<III", 0x501, 2, 8).hex().encode() + b"Package\0".hex().encode() + bytes(8).hex().encode()
    found = opened(b"{\\rtf1 x{\\object{\\*\\objdata " + ole1 + b"\r\n" + held + b"}}}")
    assert "13900139000" in everything(found)
    assert text("张") == b"\x20\x5f"
