"""The document: opens in Word's own terms, says what the page says."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import samples
from docx import Document
from docx.oxml.ns import qn

from tongguan.casework.report import raster, write_docx
from tongguan.errors import CannotWrite

CHAPTERS = [
    "1 结论与理由",
    "2 人数与界线",
    "3 流向",
    "4 国家、地区与数据类型",
    "5 接收方",
    "6 与备案不符之处",
    "7 看不见的部分",
    "8 方法与局限",
    "9 存证",
]


def written(result: dict[str, Any], tmp_path: Path, language: str = "zh") -> Any:
    path = tmp_path / "report.docx"
    write_docx(result, path, language)  # type: ignore[arg-type]
    return Document(str(path))


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The retailer's report in Chinese, written once."""
    path = tmp_path_factory.mktemp("report") / "report.docx"
    write_docx(samples.retailer(), path, "zh")
    return path


@pytest.fixture(scope="module")
def document(report: Path) -> Any:
    return Document(str(report))


def text(document: Any) -> str:
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([p.text for p in document.paragraphs] + cells)


def headings(document: Any, level: int) -> list[str]:
    return [p.text for p in document.paragraphs if p.style.name == f"Heading {level}"]


def test_the_document_has_every_chapter_and_number(document: Any) -> None:
    assert headings(document, 1) == CHAPTERS
    told = text(document)
    for wanted in (
        "星野零售（成都）有限公司",
        "842,310",
        "838,000 – 863,000",
        "100 万，还差 157,690",
        "1,455 处看不见",
        "多 148,930 人",
        "5101**********0012",
        "《促进和规范数据跨境流动规定》第八条",
        "封存为审计日志第 48213 条",
        "9c" * 32,
        "关闭的检测：宗教信仰",
    ):
        assert wanted in told, wanted
    assert len([h for h in headings(document, 2) if h.startswith("5.")]) == 6
    assert [h[:6] for h in headings(document, 2) if h.startswith("6.")] == ["6.1 [高", "6.2 [中"]


def test_fonts_are_named_for_chinese_text(document: Any) -> None:
    styles = document.styles
    for name, latin, chinese in (("Normal", "Times New Roman", "宋体"), ("Heading 1", "Arial", "微软雅黑")):
        fonts = styles[name].element.rPr.rFonts
        assert (fonts.get(qn("w:ascii")), fonts.get(qn("w:eastAsia"))) == (latin, chinese)
        assert fonts.get(qn("w:eastAsiaTheme")) is None, "a theme's font would win"


def test_pages_are_numbered_by_fields(document: Any) -> None:
    section = document.sections[0]
    codes = [element.text for element in section.footer._element.iter(qn("w:instrText"))]
    assert codes == ["PAGE", "NUMPAGES"]
    assert section.footer.paragraphs[0].text == "第 1 页，共 1 页"
    assert "星野零售" in section.header.paragraphs[0].text
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)


def test_heads_are_repeated_and_rows_stay_whole(document: Any) -> None:
    rows = [row for table in document.tables for row in table.rows]
    assert all(row._tr.find(qn("w:trPr")).find(qn("w:cantSplit")) is not None for row in rows)
    assert any(row._tr.find(qn("w:trPr")).find(qn("w:tblHeader")) is not None for row in rows)


def test_pictures_are_there_with_a_text(document: Any, report: Path) -> None:
    if raster.cjk_font() is None:
        pytest.skip("no font with Chinese characters on this machine")
    assert len(document.inline_shapes) == 5
    assert all(shape._inline.docPr.get("descr") for shape in document.inline_shapes)
    names = ZipFile(report).namelist()
    assert len([name for name in names if name.endswith(".png")]) == 5


def test_without_a_font_it_says_so(retailer: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raster, "cjk_font", lambda: None)
    document = written(retailer, tmp_path)
    assert "没有中文字体" in text(document) and len(document.inline_shapes) == 0
    assert "561,000" in text(document), "the tables stand alone"


def test_both_languages_one_after_the_other(retailer: dict[str, Any], tmp_path: Path) -> None:
    found = headings(written(retailer, tmp_path, "both"), 1)
    assert found[:9] == CHAPTERS and found[9] == "1 The answer and why" and len(found) == 18


@pytest.mark.parametrize("sample", ["quiet", "crowded"])
def test_little_and_much(sample: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    document = written(request.getfixturevalue(sample), tmp_path, "en")
    told = text(document)
    if sample == "quiet":
        assert "There is no flow to draw." in told and "No recipient abroad." in told
    else:
        assert "240 more rows in result.json" in told and "260 more recipients" in told


def test_hostile_names_stay_text(retailer: dict[str, Any], tmp_path: Path) -> None:
    name = "<w:p>&amp;\x00\x1b\udcff</w:p>\ufffe"
    retailer["exporter"]["name"] = retailer["recipients"][0]["name"] = name
    retailer["alerts"][0]["title"] = name
    told = text(written(retailer, tmp_path))
    assert "<w:p>&amp;\ufffd\ufffd\ufffd</w:p>\ufffd" in told


def test_a_place_that_cannot_be_written(retailer: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(CannotWrite):
        write_docx(retailer, tmp_path / "absent" / "report.docx", "zh")
    assert list(tmp_path.iterdir()) == []
