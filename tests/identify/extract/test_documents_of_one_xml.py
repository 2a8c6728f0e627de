"""Office documents in one piece of XML: a number that runs over several elements is one number."""

from __future__ import annotations

import base64
import io
import zipfile

import pytest

from tongguan.identify import Detector, extract
from tongguan.identify.extract import Extraction
from tongguan.model import BlindKind, Content

TEXT = (
    "<w:p><w:r><w:t>手机 1381</w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>234</w:t></w:r><w:r><w:t>5678</w:t></w:r></w:p>"
)
WORD = (
    '<?xml version="1.0" encoding="UTF-8"?><?mso-application progid="Word.Document"?><w:wordDocument'
    f' xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml"><w:body>{TEXT}</w:body></w:wordDocument>'
)
EXCEL = (
    '<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>\n<Workbook'
    ' xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">'
    "<DocumentProperties><Author>赵文静</Author></DocumentProperties>"
    '<Worksheet ss:Name="名单"><Table><Row><Cell><Data ss:Type="String">姓名</Data></Cell><Cell ss:Index="3">'
    '<Data ss:Type="String">手机</Data></Cell></Row><Row><Cell><Data ss:Type="String">王小明</Data>'
    '<Comment ss:Author="李建国"><ss:Data>另一号 15912345678</ss:Data></Comment></Cell><Cell ss:Index="3">'
    '<Data ss:Type="Number">1.3812345678E10</Data></Cell></Row></Table></Worksheet></Workbook>'
)


def read(text: str, name: str = "a.xml") -> Extraction:
    return extract(Content(name, "", None, text.encode()))


def values(read: Extraction) -> set[tuple[str, str]]:
    told = Detector(b"a key of tests").scan(read.pieces)
    return {(one.type, p.text[one.start : one.end]) for p, some in zip(read.pieces, told, strict=True) for one in some}


def flat_package(binary: bytes) -> str:
    return (
        '<?xml version="1.0"?><pkg:package xmlns:pkg="http://schemas.microsoft.com/office/2006/xmlPackage">'
        '<pkg:part pkg:name="/word/document.xml" pkg:contentType="x"><pkg:xmlData>'
        f'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>{TEXT}</w:body>'
        '</w:document></pkg:xmlData></pkg:part><pkg:part pkg:name="/word/embeddings/list.bin" pkg:compression="store">'
        f"<pkg:binaryData>{base64.encodebytes(binary).decode()}</pkg:binaryData></pkg:part></pkg:package>"
    )


def test_word_2003() -> None:
    letter = read(WORD)
    assert values(letter) == {("phone", "13812345678")} and not letter.blind_spots


def test_a_package_with_a_file_in_it() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.txt", "电话 15912345678")
    letter = read(flat_package(packed.getvalue()))
    assert values(letter) == {("phone", "13812345678"), ("phone", "15912345678")} and not letter.blind_spots
    assert {piece.member for piece in letter.pieces} == {None, "word/embeddings/list.bin/a.txt"}


def test_a_workbook_of_2003() -> None:
    book = read(EXCEL, "a.xls")
    (sheet,) = [piece for piece in book.pieces if piece.kind == "table"]
    assert sheet.member == "名单" and sheet.text == "姓名\t\t手机\n王小明\t\t13812345678\n"
    assert {("person_name", "王小明"), ("phone", "13812345678"), ("phone", "15912345678")} <= values(book)
    assert not book.blind_spots


@pytest.mark.parametrize("text", [WORD, EXCEL, flat_package(b"x" * 99)], ids=["word", "excel", "package"])
def test_what_is_cut_off_is_told(text: str) -> None:
    cut = read(text[: int(len(text) * 0.9)])
    assert BlindKind.UNREADABLE in {spot.kind for spot in cut.blind_spots}
    assert "手机" in "".join(piece.text for piece in cut.pieces)


def test_in_an_archive_and_larger_than_a_stretch() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(
            "a.xml", WORD.replace("<w:body>", "<w:body>" + "<w:p><w:r><w:t>一</w:t></w:r></w:p>" * 150_000)
        )
    assert values(extract(Content("a.zip", "", None, packed.getvalue()))) == {("phone", "13812345678")}


def test_entities_are_not_resolved() -> None:
    declared = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "13812345678">]>'
    bomb = declared + EXCEL[EXCEL.index("<Workbook") :].replace("王小明", "&a;")
    assert "".join(piece.text for piece in read(bomb).pieces).count("13812345678") == 1  # where it is declared
