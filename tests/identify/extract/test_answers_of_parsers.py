"""What comes back from the process of parsers comes whole, and what it need not read it does not."""

from __future__ import annotations

import random
import zipfile
from pathlib import Path

import pytest

from tongguan.identify.extract.worker import Worker
from tongguan.model import BlindKind

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
WORD = '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
BODY = WORD + "<w:body><w:p><w:r><w:t>联系人王芳</w:t></w:r></w:p></w:body></w:document>"


def test_members_of_all_sizes_come_whole(zipped) -> None:
    chance = random.Random(5)
    sizes = [0, 1, 3 << 20, *(chance.randrange(0, 3000) for _ in range(1500)), 0]
    members = [(f"{n}.bin", chance.randbytes(size)) for n, size in enumerate(sizes)]
    worker, found = Worker(2 << 30), []
    talk = worker.conversation(
        {"what": "archive", "kind": "zip", "max_bytes": 1 << 30, "max_members": 9000, "skip": "", "images": True},
        zipped(members, stored=True),
    )
    try:
        report: dict = {}
        while "end" not in report:
            report, blobs = talk.next(60)
            found += [(one["name"], bytes(blob)) for one, blob in zip(report["members"], blobs, strict=True)]
    finally:
        worker.close()
    assert report["end"] == "ok"
    assert found == members


def test_sizes_that_cannot_be_cost_the_process_and_no_more(opened, zipped, monkeypatch: pytest.MonkeyPatch) -> None:
    from tongguan.identify.extract import worker

    monkeypatch.setattr(worker, "_workers", {})
    monkeypatch.setattr(worker, "_START", worker._START.replace("serve()", (
        "import sys; sys.stdin.buffer.read(4); head = b'{\"sizes\": [1152921504606846976]}'; "
        "sys.stdout.buffer.write(len(head).to_bytes(4, 'little') + head); sys.stdout.flush(); sys.stdin.buffer.read()"
    )))  # fmt: skip
    found = opened(zipped([("a.txt", "张三")]))
    worker._close_all()
    assert [spot.kind for spot in found.blind_spots] == [BlindKind.UNREADABLE]


def test_the_look_of_a_document_is_not_unpacked(opened, zipped, tmp_path: Path) -> None:
    data = bytearray(zipped([("word/theme/theme1.xml", "<a>colours</a>"), ("word/document.xml", BODY)], stored=True))
    place = data.index(b"colours")
    data[place] ^= 1
    with zipfile.ZipFile(tmp_path / "a.docx", "w") as archive:
        archive.writestr("word/document.xml", BODY)
    for given in (bytes(data), (tmp_path / "a.docx").read_bytes()):
        found = opened(given, "a.docx")
        assert [piece.text for piece in found.pieces] == ["联系人王芳"]
        assert found.blind_spots == []


def test_an_encrypted_document_is_told_by_its_manifest(opened, zipped) -> None:
    manifest = "<manifest:manifest><manifest:encryption-data/></manifest:manifest>"
    kind = "application/vnd.oasis.opendocument.text"
    members = [("mimetype", kind), ("content.xml", "\0sealed"), ("META-INF/manifest.xml", manifest)]
    found = opened(zipped(members, stored=True))
    assert [spot.kind for spot in found.blind_spots] == [BlindKind.ENCRYPTED]


@pytest.mark.parametrize(
    ("within", "behind"),
    [
        ('<f>CONCATENATE("收货人李雷")</f>', ""),
        ('<x:f a="1">"收货人李雷"</x:f>', ""),
        ("", "<headerFooter><oddHeader>收货人李雷</oddHeader></headerFooter>"),
        ("", "<extLst><x14:dataValidations><xm:f>收货人李雷</xm:f></x14:dataValidations></extLst>"),
        ("", '<scenarios><scenario name="a" comment="b" user="收货人李雷"/></scenarios>'),
    ],
)
def test_what_stands_beside_cells_is_found_far_behind(opened, zipped, within: str, behind: str) -> None:
    row = '<row><c t="inlineStr"><is><t>headerFooter of goods and hyperlinks of family</t></is></c></row>'
    last = f'<row><c t="str">{within}<v>last</v></c></row>'
    spaces = "".join(f' xmlns:{name}="urn:{name}"' for name in ("x", "x14", "xm"))
    sheet = f"<worksheet {MAIN}{spaces}><sheetData>{row * 30_000}{last}</sheetData>{behind}</worksheet>"
    found = opened(zipped([
        ("[Content_Types].xml", "<Types/>"), ("xl/workbook.xml", f"<workbook {MAIN}/>"),
        ("xl/worksheets/sheet1.xml", sheet),
    ]), "a.xlsx")  # fmt: skip
    assert any("收货人李雷" in piece.text for piece in found.pieces if piece.kind != "table")
    assert sum(piece.text.count("headerFooter") for piece in found.pieces if piece.kind == "table") == 30_000


def test_a_page_of_signs_beyond_the_basic_plane(opened) -> None:
    names = b"".join(b"<%02x> <D842DFB7>\n" % code for code in range(0x21, 0x7F))
    unicode = b"/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <00> <ff> endcodespacerange\n"
    unicode += b"94 beginbfchar\n" + names + b"endbfchar endcmap end"
    signs = bytes(code for code in range(0x21, 0x7F) if code not in b"()\\")
    lines = b"".join(b"BT /F 9 Tf 9 %d Td (%s) Tj ET " % (700 - 20 * n, signs) for n in range(30))
    bodies = [
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(lines), lines),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 6 0 R>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(unicode), unicode),
    ]  # fmt: skip
    out, places = bytearray(b"%PDF-1.5\n"), []
    for number, body in enumerate(bodies, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 7\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer<</Size 7/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % table
    (piece,) = opened(bytes(out), "a.pdf").pieces
    assert set(piece.text) - {"\n", "\r"} == {"𠮷"}
    assert piece.text.count("𠮷") == 30 * len(signs)
