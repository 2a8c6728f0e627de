"""Large documents and pictures for `bench_memory.py`."""

from __future__ import annotations

import base64
import os
import zipfile
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from large_files import MB, NAMES, Block, Maker, people

__all__ = ["DOCUMENTS"]

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_BOOK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
_WORD_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_TYPES = """<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="xml" ContentType="application/xml"/><Override PartName="{part}" ContentType="{type}"/></Types>"""
_RELATIONS = f"""<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="rId1" Type="{_OFFICE}/{{kind}}" Target="{{target}}"/></Relationships>"""
_BOOK = f"""<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">
<sheets><sheet name="a" sheetId="1" r:id="rId1"/></sheets></workbook>"""
_SHARED = f'<sst xmlns="{_MAIN}">'
_STRING = "<si><t>{} 的收货电话是 {}，{}，请在工作日的白天联系本人签收</t></si>"
_SHEET = f'<worksheet xmlns="{_MAIN}"><sheetData>'


def _workbook(path: Path, strings: Iterator[bytes], rows: Iterator[bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book:
        book.writestr("[Content_Types].xml", _TYPES.format(part="/xl/workbook.xml", type=_BOOK_TYPE))
        book.writestr("_rels/.rels", _RELATIONS.format(kind="officeDocument", target="xl/workbook.xml"))
        book.writestr("xl/_rels/workbook.xml.rels", _RELATIONS.format(kind="worksheet", target="worksheets/sheet1.xml"))
        book.writestr("xl/workbook.xml", _BOOK)
        with book.open("xl/sharedStrings.xml", "w", force_zip64=True) as part:
            part.write(_SHARED.encode())
            part.writelines(strings)
            part.write(b"</sst>")
        with book.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            part.write(_SHEET.encode())
            part.writelines(rows)
            part.write(b"</sheetData></worksheet>")


def rows_book(path: Path, size: int, _: int) -> None:
    """Up to a million rows of eleven cells or more, until the packed file has a fifth of `size`."""

    def rows() -> Iterator[bytes]:
        for first in range(1, 1_048_000, 1000):
            if path.stat().st_size >= size // 5:
                return
            lines = []
            for row in range(first, first + 1000):
                note = base64.b64encode(os.urandom(60)).decode()
                cells = "".join(f'<c r="{c}{row}"><v>{row * 7919 % 10**8}</v></c>' for c in "DEFGHIJK")
                lines.append(
                    f'<row r="{row}"><c r="A{row}" t="s"><v>{row % 100}</v></c>'
                    f'<c r="B{row}"><v>{13800000000 + row}</v></c>'
                    f'<c r="C{row}" t="inlineStr"><is><t>{note}</t></is></c>{cells}</row>'
                )
            yield "".join(lines).encode()

    _workbook(path, (f"<si><t>{a}小{b}</t></si>".encode() for a in NAMES for b in NAMES), rows())


def strings_book(path: Path, size: int, _: int) -> None:
    """Shared strings of half of `size`, unpacked, of about 60 characters each."""

    def strings() -> Iterator[bytes]:
        made, persons = 0, people()
        while made < size // 2:
            block = "".join(_STRING.format(*one) for one in islice(persons, 1000)).encode()
            made += len(block)
            yield block

    def rows() -> Iterator[bytes]:
        for first in range(1, 500_000, 1000):
            cells = (
                f'<row r="{n}"><c r="A{n}" t="s"><v>{n * 7 % 4_000_000}</v></c></row>'
                for n in range(first, first + 1000)
            )
            yield "".join(cells).encode()

    _workbook(path, strings(), rows())


def word(path: Path, size: int, _: int) -> None:
    """One text part of `size`, unpacked."""
    blocks = Block.of("<w:p><w:r><w:t>{}电话{}。{}</w:t></w:r></w:p>")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book:
        book.writestr("[Content_Types].xml", _TYPES.format(part="/word/document.xml", type=_WORD_TYPE))
        book.writestr("_rels/.rels", _RELATIONS.format(kind="officeDocument", target="word/document.xml"))
        with book.open("word/document.xml", "w", force_zip64=True) as part:
            part.write(f'<w:document xmlns:w="{_WORD}"><w:body>'.encode())
            part.writelines(blocks.to(size))
            part.write(b"</w:body></w:document>")


def pdf(path: Path, size: int, _: int) -> None:
    """Pages with a line of text and a photograph that cannot be packed."""
    places: list[int] = []
    with path.open("wb") as out:

        def put(body: bytes) -> None:
            places.append(out.tell())
            out.write(b"%d 0 obj\n" % len(places) + body + b"\nendobj\n")

        out.write(b"%PDF-1.5\n")
        pages = max(1, size // (4 * MB))
        kids = b" ".join(b"%d 0 R" % (4 + 3 * n) for n in range(pages))
        put(b"<</Type/Catalog/Pages 2 0 R>>")
        put(b"<</Type/Pages/Kids[" + kids + b"]/Count %d>>" % pages)
        put(b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>")
        for number in range(pages):
            at = 4 + 3 * number
            put(b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents %d 0 R/Resources<</Font<</F 3 0 R>>"
                b"/XObject<</I %d 0 R>>>>>>" % (at + 1, at + 2))  # fmt: skip
            line = b"BT /F 12 Tf 50 700 Td (Phone 138%08d) Tj ET /I Do" % number
            put(b"<</Length %d>>\nstream\n" % len(line) + line + b"\nendstream")
            body = os.urandom(1200 * 1100 * 3)
            put(b"<</Type/XObject/Subtype/Image/Width 1200/Height 1100/BitsPerComponent 8/ColorSpace/DeviceRGB"
                b"/Length %d>>\nstream\n" % len(body) + body + b"\nendstream")  # fmt: skip
        table = out.tell()
        out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1))
        out.writelines(b"%010d 00000 n \n" % place for place in places)
        out.write(b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(places) + 1, table))


def png(side: int) -> Maker:
    """A PNG of `side` by `side` pixels, a grey run from left to right: some MB packed."""

    def make(path: Path, _: int, __: int) -> None:
        row = b"\0" + bytes(n * 255 // side for n in range(side) for _ in range(3))
        engine = zlib.compressobj(1)
        packed = b"".join([*(engine.compress(row) for _ in range(side)), engine.flush()])
        head = side.to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0"
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", packed) + _chunk(b"IEND", b""))

    return make


def _chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


def frames(format: str, count: int = 60) -> Maker:
    """A picture of `count` frames of 2000 by 2000 pixels, with a line of text on each."""

    def make(path: Path, _: int, __: int) -> None:
        from PIL import Image, ImageDraw

        def frame(number: int) -> Image.Image:
            made = Image.new("RGB", (2000, 2000), (255, 255, 255))
            ImageDraw.Draw(made).text((100, 100 + number), f"Phone {13800000000 + number}", fill=0, font_size=60)
            return made

        more: dict[str, object] = (
            {"compression": "tiff_deflate"} if format == "tiff" else {"lossless": True, "quality": 0}
        )
        frame(0).save(path, format, save_all=True, append_images=map(frame, range(1, count)), **more)

    return make


DOCUMENTS: dict[str, Maker] = {
    "rows.xlsx": rows_book,
    "strings.xlsx": strings_book,
    "text.docx": word,
    "photographs.pdf": lambda path, size, members: pdf(path, 2 * size, members),
    "vast.png": png(10_000),
    "vaster.png": png(20_000),
    "frames.tiff": frames("tiff"),
    "frames.gif": frames("gif"),
    "frames.png": frames("png"),
    "frames.webp": frames("webp"),
}
