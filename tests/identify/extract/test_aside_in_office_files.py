"""What office files hold aside of their text: readings above names, choices of fields, texts of layouts and masters."""

from __future__ import annotations

import io
import time
import zipfile

import pytest

from tongguan.identify import extract
from tongguan.identify.extract.isolated.word import _readable
from tongguan.model import Content

P = 'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def said(parts: dict[str, str], name: str) -> str:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        for part, text in parts.items():
            archive.writestr(part, f'<?xml version="1.0" encoding="UTF-8"?>{text}')
    found = extract(Content(name, "", None, out.getvalue()))
    assert found.blind_spots == []
    return "\n".join(piece.text for piece in found.pieces)


@pytest.mark.parametrize(
    ("kind", "root"),
    [
        ("slideLayouts/slideLayout1", "sldLayout"),
        ("slideMasters/slideMaster1", "sldMaster"),
        ("handoutMasters/handoutMaster1", "handoutMaster"),
        ("notesMasters/notesMaster1", "notesMaster"),
    ],
)
def test_layouts_and_masters(kind: str, root: str) -> None:
    shape = (
        '<p:cSld><p:spTree><p:sp><p:nvSpPr><p:cNvPr id="2" name="x" descr="头像 李娜"/></p:nvSpPr>'
        "<p:txBody><a:p><a:r><a:t>联系人 王小明</a:t></a:r></a:p></p:txBody></p:sp></p:spTree></p:cSld>"
    )
    parts = {
        "ppt/presentation.xml": f"<p:presentation {P}/>",
        f"ppt/{kind}.xml": f"<p:{root} {P} {A}>{shape}</p:{root}>",
    }
    text = said(parts, "a.pptx")
    assert "联系人 王小明" in text and "descr: 头像 李娜" in text


@pytest.mark.parametrize("head", ["", "<!-- walked tag by tag: --><!DOCTYPE x>"])
def test_choices_of_a_field(head: str) -> None:
    field = (
        "<w:sdt><w:sdtPr><w:dropDownList>"
        '<w:listItem w:displayText="李娜" w:value="li.na@example.com"/>'
        '<w:listItem w:displayText="王小明" w:value="2"/></w:dropDownList></w:sdtPr>'
        "<w:sdtContent><w:r><w:t>请选择</w:t></w:r></w:sdtContent></w:sdt>"
    )
    text = said(
        {"word/document.xml": f"{head}<w:document {W}><w:body><w:p>{field}</w:p></w:body></w:document>"}, "a.docx"
    )
    assert {"请选择", "displayText: 李娜", "listItem: li.na@example.com", "displayText: 王小明"} <= set(
        text.split("\n")
    )


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        # as LibreOffice 7 writes it, and as Word does
        (r'\x13 EQ \* jc3 \* "Font:DejaVu Serif" \* hps12 \o\al(\s\up 10(wang),王)\x15', "王\nwang"),
        (r'\x13EQ \* jc2 \* "Font:宋体" \* hps10 \o\ad(\s\up 9(xiǎomíng),小明)\x15', "小明\nxiǎomíng"),
        (r"\x13 EQ \o(○,张)\x15", "(○,张)"),
        (r"\x13 EQ \x14shown\x15", "shown"),
        (r"\x13 PAGE \x143\x15\x13 TOC \x15", "3"),
    ],
)
def test_readings_above_names(written: str, shown: str) -> None:
    text = written.replace(r"\x13", "\x13").replace(r"\x14", "\x14").replace(r"\x15", "\x15")
    assert _readable(f"姓名：{text}") == f"姓名：{shown}"


def test_fields_that_never_end_take_no_time() -> None:
    for run in (r"\o(\s\up 9(", r"\o\ad(\s\up 9(a),", "\\", r"\* "):
        before = time.process_time()
        assert _readable("张\x13 EQ " + run * 100_000 + "\x15").startswith("张")
        assert time.process_time() - before < 5
