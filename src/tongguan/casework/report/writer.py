"""A thin layer over python-docx: a formal Chinese document's fonts, numbered pages, plain tables."""

from __future__ import annotations

from collections.abc import Container, Sequence
from html import escape
from io import BytesIO
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt, RGBColor

__all__ = ["Writer"]

BODY = ("Times New Roman", "宋体")
HEADING = ("Arial", "微软雅黑")
INK, SECOND, SHADE = RGBColor(0x17, 0x21, 0x1F), RGBColor(0x4F, 0x5B, 0x59), "F4F6F6"  # --c-text, --c-text-2, --c-bg
PAGE = (210, 297)
MARGINS = (25, 22)  # top and bottom, left and right, mm


class Writer:
    """Headings, paragraphs, tables and pictures, one after another."""

    def __init__(self, title: str, author: str) -> None:
        self.document = Document()
        self.document.core_properties.title = title
        self.document.core_properties.author = author
        section = self.document.sections[0]
        section.page_width, section.page_height = (Mm(side) for side in PAGE)
        section.top_margin = section.bottom_margin = Mm(MARGINS[0])
        section.left_margin = section.right_margin = Mm(MARGINS[1])
        self.width = Mm(PAGE[0] - 2 * MARGINS[1])
        self._styles()
        self._grid = self.document.styles["Table Grid"].style_id

    def saved(self) -> bytes:
        held = BytesIO()
        self.document.save(held)
        return held.getvalue()

    # ---- frame

    def frame(self, header: str, page: str) -> None:
        """Header and footer. `page` is a text with {page} and {pages}, which become fields."""
        section = self.document.sections[0]
        top = section.header.paragraphs[0]
        top.text = header
        bottom = section.footer.paragraphs[0]
        bottom.alignment = WD_ALIGN_PARAGRAPH.CENTER
        for part in page.replace("{page}", "\0PAGE\0").replace("{pages}", "\0NUMPAGES\0").split("\0"):
            if part in ("PAGE", "NUMPAGES"):
                _field(bottom, part)
            elif part:
                bottom.add_run(part)
        for paragraph in (top, bottom):
            for run in paragraph.runs:
                run.font.size, run.font.color.rgb = Pt(9), SECOND

    def title(self, text: str, below: str) -> None:
        self._run(self.document.add_paragraph(style="Title"), text)
        self._run(self.document.add_paragraph(style="Subtitle"), below)

    def new_page(self) -> None:
        self.document.add_paragraph().add_run().add_break(WD_BREAK.PAGE)

    # ---- text

    def heading(self, text: str, level: int) -> None:
        self._run(self.document.add_heading(level=level), text)

    def paragraph(self, text: str, *, bold: bool = False, small: bool = False) -> None:
        run = self._run(self.document.add_paragraph(), text)
        run.bold = bold
        if small:
            run.font.size, run.font.color.rgb = Pt(9), SECOND

    def bullets(self, texts: Sequence[str], *, numbered: bool = False) -> None:
        for number, text in enumerate(texts, 1):
            # Numbers are written out: Word's own lists would go on counting through the whole document.
            paragraph = self.document.add_paragraph(style=None if numbered else "List Bullet")
            self._run(paragraph, f"{number}. {text}" if numbered else text)
            paragraph.paragraph_format.space_after = Pt(2)

    # ---- tables and pictures

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: Sequence[int] = ()) -> None:
        """`numbers`: columns that are set to the right. The head is repeated on every page."""
        even = self.width // len(head)
        body = [_row(head, [even] * len(head), (), shaded=range(len(head)), repeated=True)]
        body += [_row(row, [even] * len(head), numbers) for row in rows]
        self._append_table([even] * len(head), body)

    def pairs(self, rows: Sequence[tuple[str, str]]) -> None:
        """A table of names and values without a head."""
        widths = [Mm(45), self.width - Mm(45)]
        self._append_table(widths, [_row(row, widths, (), shaded=(0,)) for row in rows])

    def picture(self, png: bytes, label: str) -> None:
        """Across the page, with a text for those who cannot see it."""
        shape = self.document.add_picture(BytesIO(png), width=self.width)
        shape._inline.docPr.set("descr", label)
        self.document.paragraphs[-1].alignment = WD_ALIGN_PARAGRAPH.CENTER

    # ---- within

    def _append_table(self, widths: Sequence[int], rows: Sequence[str]) -> None:
        grid = "".join(f'<w:gridCol w:w="{_twips(width)}"/>' for width in widths)
        properties = f'<w:tblPr><w:tblStyle w:val="{self._grid}"/><w:tblW w:w="5000" w:type="pct"/></w:tblPr>'
        xml = f"<w:tbl {nsdecls('w')}>{properties}<w:tblGrid>{grid}</w:tblGrid>{''.join(rows)}</w:tbl>"
        after = self.document.add_paragraph()
        after.paragraph_format.space_after = Pt(2)
        after._p.addprevious(parse_xml(xml))

    def _run(self, paragraph: Any, text: str) -> Any:
        return paragraph.add_run(text)

    def _styles(self) -> None:
        styles = self.document.styles
        _set_fonts(styles["Normal"], BODY, 10.5, INK)
        styles["Normal"].paragraph_format.space_after = Pt(6)
        styles["Normal"].paragraph_format.line_spacing = 1.3
        for name, size in (("Title", 22), ("Heading 1", 15), ("Heading 2", 12.5), ("Heading 3", 11)):
            _set_fonts(styles[name], HEADING, size, INK)
            styles[name].font.bold = True
            styles[name].paragraph_format.keep_with_next = True
        _set_fonts(styles["Subtitle"], HEADING, 12, SECOND)
        styles["Subtitle"].font.italic = False
        for name in ("List Bullet", "Header", "Footer"):
            _set_fonts(styles[name], BODY, 9 if name != "List Bullet" else 10.5, INK)


def _set_fonts(style: Any, names: tuple[str, str], size: float, colour: RGBColor) -> None:
    """Latin and East Asian names both: Word takes the second for Chinese text. Theme fonts would win, so they go."""
    style.font.name, style.font.size, style.font.color.rgb = names[0], Pt(size), colour
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for attribute in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{attribute}"), None)
    for attribute, name in (("ascii", names[0]), ("hAnsi", names[0]), ("eastAsia", names[1])):
        fonts.set(qn(f"w:{attribute}"), name)


def _field(paragraph: Any, code: str) -> None:
    """A field that the reader's program fills in, such as PAGE."""
    run = paragraph.add_run()
    for kind, text in (("begin", None), (None, code), ("separate", None), ("shown", "1"), ("end", None)):
        if kind == "shown":
            element = OxmlElement("w:t")
            element.text = text
        elif kind is None:
            element = OxmlElement("w:instrText")
            element.text = text
        else:
            element = OxmlElement("w:fldChar")
            element.set(qn("w:fldCharType"), kind)
        run._r.append(element)


def _row(
    texts: Sequence[str],
    widths: Sequence[int],
    numbers: Container[int],
    shaded: Container[int] = (),
    repeated: bool = False,
) -> str:
    """A table row as XML: python-docx takes milliseconds for each cell, and there may be thousands."""
    head = "<w:tblHeader/>" if repeated else ""
    cells = []
    for column, (text, width) in enumerate(zip(texts, widths, strict=True)):
        shade = f'<w:shd w:val="clear" w:color="auto" w:fill="{SHADE}"/>' if column in shaded else ""
        right = '<w:jc w:val="right"/>' if column in numbers else ""
        bold = "<w:b/>" if repeated else ""
        cells.append(
            f'<w:tc><w:tcPr><w:tcW w:w="{_twips(width)}" w:type="dxa"/>{shade}</w:tcPr>'
            f'<w:p><w:pPr><w:spacing w:after="0"/>{right}</w:pPr><w:r><w:rPr>{bold}<w:sz w:val="18"/></w:rPr>'
            f'<w:t xml:space="preserve">{escape(text)}</w:t></w:r></w:p></w:tc>'
        )
    return f"<w:tr><w:trPr><w:cantSplit/>{head}</w:trPr>{''.join(cells)}</w:tr>"


def _twips(length: int) -> int:
    """English metric units in twentieths of a point."""
    return length // 635
