"""Documents in the formats of other office suites, written by LibreOffice where it is installed."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import docx
import openpyxl
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from openpyxl.comments import Comment

OFFICE = shutil.which("soffice")
MARK = "13800138000"  # stands in the body of each
_NAMESPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{path}:1.0"'
    for name, path in (
        ("office", "office"), ("style", "style"), ("text", "text"), ("draw", "drawing"), ("svg", "svg-compatible"),
        ("presentation", "presentation"), ("meta", "meta"), ("fo", "xsl-fo-compatible"),
    )
)  # fmt: skip
_SLIDES = f"""<?xml version="1.0" encoding="UTF-8"?>
<office:document {_NAMESPACES} xmlns:dc="http://purl.org/dc/elements/1.1/" office:version="1.3"
 office:mimetype="application/vnd.oasis.opendocument.presentation">
<office:meta><meta:initial-creator>MKAUTHOR</meta:initial-creator><dc:title>MKTITLE</dc:title></office:meta>
<office:automatic-styles><style:page-layout style:name="l"><style:page-layout-properties fo:page-width="28cm"
 fo:page-height="21cm"/></style:page-layout></office:automatic-styles>
<office:master-styles><style:master-page style:name="m" style:page-layout-name="l"/></office:master-styles>
<office:body><office:presentation><draw:page draw:name="p" draw:master-page-name="m">
<draw:frame svg:width="20cm" svg:height="3cm" svg:x="1cm" svg:y="1cm"><draw:text-box><text:p>手机 {MARK}</text:p>
</draw:text-box></draw:frame>
<office:annotation svg:x="1cm" svg:y="1cm"><dc:creator>王五</dc:creator><text:p>MKCOMMENT</text:p></office:annotation>
<presentation:notes><draw:frame presentation:class="notes" svg:width="20cm" svg:height="3cm" svg:x="1cm" svg:y="10cm">
<draw:text-box><text:p>MKNOTES</text:p></draw:text-box></draw:frame></presentation:notes>
</draw:page></office:presentation></office:body></office:document>"""


def rich_document(path: Path) -> None:
    """A document with text in every place that people write in."""
    paper = docx.Document()
    paper.core_properties.author, paper.core_properties.title = "MKAUTHOR", "MKTITLE"
    run = paper.add_paragraph(f"手机 {MARK} ").add_run("MKRUN")
    paper.add_comment(run, text="MKCOMMENT", author="MKCOMMENTER", initials="M")
    paper.sections[0].header.paragraphs[0].text = "MKHEADER"
    paper.sections[0].footer.paragraphs[0].text = "MKFOOTER"
    paper.add_table(1, 1).cell(0, 0).text = "MKCELL"
    paragraph = paper.add_paragraph("x ")
    paragraph.add_run("MKHIDDEN").font.hidden = True
    for tag, text, kind in (("w:del", "MKDELETED", "w:delText"), ("w:ins", "MKINSERTED", "w:t")):
        change, inner, words = OxmlElement(tag), OxmlElement("w:r"), OxmlElement(kind)
        change.set(qn("w:author"), "MKREVISER")
        change.set(qn("w:id"), "7")
        change.set(qn("w:date"), "2026-01-01T00:00:00Z")
        words.text = text
        inner.append(words)
        change.append(inner)
        paragraph._p.append(change)
    paper.save(str(path))


def rich_workbook(path: Path) -> None:
    """A workbook with text in every place that people write in."""
    book = openpyxl.Workbook()
    book.properties.creator = "MKAUTHOR"
    sheet = book.active
    sheet.append(["姓名", "手机"])
    sheet.append(["MKCELL", int(MARK)])
    sheet["A2"].comment = Comment("MKCOMMENT", "MKCOMMENTER")
    sheet.oddHeader.center.text, sheet.oddFooter.center.text = "MKHEADER", "MKFOOTER"
    sheet["A5"] = "MKHIDDENROW"
    sheet.row_dimensions[5].hidden = True
    for name, state in (("h", "hidden"), ("v", "veryHidden")):
        inner = book.create_sheet(name)
        inner["B2"] = f"MK{state.upper()}"
        inner.sheet_state = state
    book.save(str(path))


@cache
def office_files() -> dict[str, bytes]:
    """The same three documents by the ending of their format."""
    with TemporaryDirectory() as folder:
        here = Path(folder)
        rich_document(here / "a.docx")
        rich_workbook(here / "a.xlsx")
        (here / "a.fodp").write_text(_SLIDES, encoding="utf-8")
        if OFFICE:
            for source, endings in (("docx", "doc rtf odt pdf"), ("xlsx", "xls ods"), ("fodp", "odp ppt pptx")):
                for ending in endings.split():
                    command = [
                        OFFICE,
                        "--headless",
                        f"-env:UserInstallation=file://{folder}/home",
                        "--convert-to",
                        ending,
                    ]
                    subprocess.run(
                        [*command, "--outdir", folder, f"a.{source}"],
                        cwd=folder,
                        check=True,
                        capture_output=True,
                        timeout=120,
                    )
        return {path.suffix[1:]: path.read_bytes() for path in here.glob("a.*")}
