"""Documents without the parts that their text stands in, messages that are sealed, and text of mainframes."""

from __future__ import annotations

import base64
import io
import zipfile

import pytest

from tongguan.identify import Detector, extract
from tongguan.identify.extract import Extraction
from tongguan.model import BlindKind, BlindSpot, Content

LACKS = "a document that lacks its own text, slides or pages"
SEALED = "an encrypted message (S/MIME, OpenPGP)"
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
P = 'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
SLIDE = f"<p:sld {P}><p:cSld><p:spTree><p:sp><a:t>手机 13812345678</a:t></p:sp></p:spTree></p:cSld></p:sld>"
R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
P14 = 'xmlns:p14="http://schemas.microsoft.com/office/powerpoint/2010/main"'
SECTIONS = (
    f'<p14:sectionLst {P14}><p14:section><p14:sldId id="256"/><p14:sldId id="257"/></p14:section></p14:sectionLst>'
)
LISTED = (
    f'<p:presentation {P} {R}><p:sldIdLst><p:sldId id="256" r:id="rId2"/><p:sldId id="257" r:id="rId3"/></p:sldIdLst>'
    f"{SECTIONS}</p:presentation>"
)
STYLES = "<office:automatic-styles>" + '<style:style style:name="P1" style:family="paragraph"/>' * 2000
ODF = f"<office:document-content>{STYLES}</office:automatic-styles><office:body/></office:document-content>"


def read(data: bytes, name: str = "a") -> Extraction:
    return extract(Content(name, "", None, data))


def found(read: Extraction) -> set[tuple[str, str]]:
    told = Detector(b"a key of tests").scan(read.pieces)
    return {(one.type, p.text[one.start : one.end]) for p, some in zip(read.pieces, told, strict=True) for one in some}


def packed(**parts: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        for name, body in parts.items():
            archive.writestr(name.replace("__", "/") + ".xml", body)
    return out.getvalue()


@pytest.mark.parametrize(
    ("parts", "lacking"),
    [
        ({"word__settings": f"<w:settings {W}/>", "word__footer1": f"<w:ftr {W}><w:p/></w:ftr>"}, 1),
        ({"word__document": f"<w:document {W}><w:body/></w:document>"}, 0),
        ({"word__main7": f"<w:document {W}><w:body/></w:document>"}, 0),
        ({"content": ODF}, 0),
        ({"ppt__presentation": LISTED}, 2),
        ({"ppt__presentation": LISTED, "ppt__slides__slide1": SLIDE}, 1),
        ({"ppt__presentation": LISTED, "ppt__slides__slide1": SLIDE, "ppt__slides__slide2": SLIDE}, 0),
        ({"ppt__presentation": f"<p:presentation {P}/>"}, 0),
        ({"visio__document": "<VisioDocument/>", "visio__pages__pages": '<Pages><Page ID="0"/></Pages>'}, 1),
    ],
)
def test_the_body_is_missing(parts: dict[str, str], lacking: int) -> None:
    spots = [spot for spot in read(packed(**parts)).blind_spots if spot.detail == LACKS]
    assert [(spot.kind, spot.count) for spot in spots] == [(BlindKind.UNREADABLE, lacking)] * bool(lacking)


def test_a_number_over_two_runs_of_a_page_of_visio() -> None:
    page = "<PageContents><Shapes><Shape><Text><cp IX='0'/>手机 1381<cp IX='1'/>2345678</Text></Shape></Shapes></PageContents>"
    drawing = read(packed(visio__document="<VisioDocument/>", visio__pages__page1=page), "a.vsdx")
    assert found(drawing) == {("phone", "13812345678")}


def test_sealed_messages() -> None:
    body = base64.encodebytes(bytes(range(256)) * 4).decode()
    armour = f"你好，附上资料。\n-----BEGIN PGP MESSAGE-----\n\n{body}-----END PGP MESSAGE-----\n".encode()
    enveloped = b"0\x82\x04\x10\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03" + bytes(range(256)) * 4
    mail = b"From: a@example.cn\r\nTo: b@example.cn\r\nSubject: x\r\nContent-Type: application/pkcs7-mime; name=smime.p7m\r\n"
    mail += b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(enveloped)
    for data, size in ((armour, 0), (enveloped, len(enveloped)), (mail, len(enveloped))):
        (spot,) = read(data).blind_spots
        assert (spot.kind, spot.detail, spot.size) == (BlindKind.ENCRYPTED, SEALED, size)


RECORD = "NAME: ZHANG WEI  PHONE 13812345678  MAIL zhang.wei@example.cn"


@pytest.mark.parametrize("page", ["cp037", "cp500", "cp1140"])
@pytest.mark.parametrize("end", [b"\x25", b"\x15", b"\x0d\x25", b""])
def test_text_of_mainframes(page: str, end: bytes) -> None:
    text = read((RECORD.ljust(80).encode(page) + end) * 30)
    assert text.encoding == "ebcdic" and not text.blind_spots
    assert {("phone", "13812345678"), ("email", "zhang.wei@example.cn")} <= found(text)


def test_han_of_mainframes_is_told() -> None:
    line = "13812345678 ".encode("cp037") + b"\x0e\x4c\x5a\x59\xb1\x0f" + b"\x40" * 10 + b"\x25"
    text = read(line * 20)
    assert ("phone", "13812345678") in found(text)
    assert text.blind_spots == [BlindSpot(BlindKind.UNREADABLE, "a", "bytes that are not ebcdic", 80, 80)]


@pytest.mark.parametrize("encoding", ["gb18030", "big5", "utf-8", "cp1252"])
def test_what_is_not_of_mainframes(encoding: str) -> None:
    text = (
        "張偉@example.cn 的電話 "
        if encoding in ("big5", "utf-8")
        else "张伟@公司 的电话 "
        if encoding == "gb18030"
        else "é@ü "
    )
    assert read((text * 40).encode(encoding)).encoding != "ebcdic"


def test_utf7_with_all_of_it_in_base64_and_where_it_is_declared() -> None:
    text = "姓名：王小明，手机：13812345678"
    written = b"+" + base64.b64encode(text.encode("utf-16-be")).rstrip(b"=") + b"-"
    mail = b"From: a@example.cn\r\nTo: b@example.cn\r\nSubject: x\r\nContent-Type: text/plain; charset=utf-7\r\n\r\n"
    for data in (written, mail + written, mail + "电话".encode("utf-7") + b" +ADEAMwA4ADEAMgAzADQANQA2ADcAOA-"):
        assert ("phone", "13812345678") in found(read(data))
