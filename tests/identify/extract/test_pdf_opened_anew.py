"""A PDF of many pages is opened anew now and then, because PDFium keeps what it reads: what is found is the same."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

pdf = pytest.importorskip("tongguan.identify.extract.isolated.pdf", exc_type=ImportError)
from tongguan.identify.extract.isolated.source import Source  # noqa: E402

PAGES, PICTURE = 40, 60 * 40


def written(path: Path) -> None:
    """Pages with a line of text, a comment and a picture that cannot be packed; every eighth page has no text."""
    chance, places, out = random.Random(1), [], bytearray(b"%PDF-1.5\n")

    def put(body: bytes) -> None:
        places.append(len(out))
        out.extend(b"%d 0 obj\n" % len(places) + body + b"\nendobj\n")

    put(b"<</Type/Catalog/Pages 2 0 R>>")
    put(b"<</Type/Pages/Kids[" + b" ".join(b"%d 0 R" % (4 + 4 * n) for n in range(PAGES)) + b"]/Count %d>>" % PAGES)
    put(b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>")
    for n in range(PAGES):
        at = 4 + 4 * n
        put(b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents %d 0 R/Annots[%d 0 R]/Resources"
            b"<</Font<</F 3 0 R>>/XObject<</I %d 0 R>>>>>>" % (at + 1, at + 3, at + 2))  # fmt: skip
        line = b"/I Do" if n % 8 == 0 else b"BT /F 12 Tf 50 700 Td (Phone 138%08d) Tj ET /I Do" % n
        put(b"<</Length %d>>\nstream\n" % len(line) + line + b"\nendstream")
        body = chance.randbytes(PICTURE)
        put(b"<</Type/XObject/Subtype/Image/Width 60/Height 40/BitsPerComponent 8/ColorSpace/DeviceGray"
            b"/Length %d>>\nstream\n" % len(body) + body + b"\nendstream")  # fmt: skip
        put(b"<</Type/Annot/Subtype/Text/Rect[0 0 9 9]/Contents(note %d)>>" % n)
    table = len(out)
    out.extend(b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1))
    for place in places:
        out.extend(b"%010d 00000 n \n" % place)
    out.extend(b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(places) + 1, table))
    path.write_bytes(out)


def test_what_is_found_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "pages.pdf"
    written(path)
    opened: list[Any] = []
    open_pdf = pdf.pdfium.PdfDocument
    monkeypatch.setattr(pdf.pdfium, "PdfDocument", lambda given: opened.append(given) or open_pdf(given))

    def found() -> tuple[Any, ...]:
        opened.clear()
        with path.open("rb") as file:
            answers = list(pdf.read(Source(file), 1 << 20, 100))
            blank = answers[-1][0]["blank"]
            drawn = [(n, picture.tobytes()) for n, picture in pdf.pages(Source(file), 0, set(blank)) if n not in blank]
        return len(opened), answers, drawn

    once, whole, drawn = found()
    monkeypatch.setattr(pdf, "_KEPT", 4 * PICTURE)
    monkeypatch.setattr(pdf._Document, "_open", lambda self, opens=pdf._Document._open: _nearer(self, opens))
    often, again, drawn_again = found()
    assert once == 2
    assert often > 8
    assert again == whole
    assert drawn_again == drawn
    assert whole[-1][0]["blank"] == list(range(0, PAGES, 8))
    assert "Phone 13800000039" in str(whole)
    assert "note 39" in str(whole)
    assert len(drawn) == PAGES - PAGES // 8


def _nearer(document: Any, opens: Any) -> None:
    """Opens it, and holds it open for a few pages only, however much of so small a file opening it reads."""
    opens(document)
    document._most = document._file.count + pdf._KEPT
