"""Every format, whole and damaged: either the text is found, or a blind spot says that it is not."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from compound_files import compound, outlook_message
from office_files import MARK, OFFICE, office_files
from test_documents_read import message, pdf

from tongguan.model import BlindKind

LINE = f"姓名：张三，手机 {MARK}\n"
PAGE = f"<!doctype html><html><body><p>手机 {MARK}</p></body></html>"
SEVEN = shutil.which("7z") or shutil.which("7za")


def zipped(data: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", data)
    return buffer.getvalue()


def tarred(mode: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        info = tarfile.TarInfo("a.txt")
        info.size = len(LINE.encode())
        archive.addfile(info, io.BytesIO(LINE.encode()))
    return buffer.getvalue()


def seven(*options: str) -> bytes:
    assert SEVEN
    with TemporaryDirectory() as folder:
        (Path(folder) / "a.txt").write_text(LINE, encoding="utf-8")
        subprocess.run([SEVEN, "a", *options, "a.7z", "a.txt"], cwd=folder, check=True, capture_output=True)
        return (Path(folder) / "a.7z").read_bytes()


PLAIN: dict[str, Callable[[], bytes]] = {
    "txt": lambda: LINE.encode(),
    "md": lambda: f"# 名单\n\n- {LINE}".encode(),
    "html": lambda: PAGE.encode(),
    "xml": lambda: f"<?xml version='1.0'?><r><n>{MARK}</n></r>".encode(),
    "json": lambda: json.dumps([{"name": "张三", "phone": MARK}], ensure_ascii=False).encode(),
    "csv": lambda: f"姓名,手机\n张三,{MARK}\n李四,\n".encode(),
    "py": lambda: f'PHONE = "{MARK}"  # 测试\n'.encode(),
    "sql": lambda: f"INSERT INTO u VALUES (1,'{MARK}');\n".encode("gb18030"),
    "eml": lambda: message().as_bytes() + MARK.encode(),
}
MADE: dict[str, Callable[[], bytes]] = {
    "pdf": lambda: pdf(),
    "msg": lambda: outlook_message(LINE, ("a.txt", LINE.encode())),
    "zip": lambda: zipped(LINE.encode()),
    "tar": lambda: tarred("w"),
    "tgz": lambda: tarred("w:gz"),
    "gz": lambda: gzip.compress(LINE.encode()),
    "bz2": lambda: bz2.compress(LINE.encode()),
    "xz": lambda: lzma.compress(LINE.encode()),
    **({"7z": seven} if SEVEN else {}),
}
SUITE = ("docx", "xlsx", "doc", "xls", "ppt", "pptx", "odt", "ods", "odp", "rtf", "wps", "et", "dps")
AS_WRITTEN_BY = {"wps": "doc", "et": "xls", "dps": "ppt"}  # WPS Office writes Microsoft's formats under its own endings
needs_office = pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed")


@cache
def whole(ending: str) -> bytes:
    make = PLAIN.get(ending) or MADE.get(ending)
    return make() if make else office_files()[AS_WRITTEN_BY.get(ending, ending)]


FORMATS = [*PLAIN, *MADE, *(pytest.param(e, marks=() if e in ("docx", "xlsx") else needs_office) for e in SUITE)]
every_format = pytest.mark.parametrize("ending", FORMATS)


def texts(found) -> str:
    return "\n".join(piece.text for piece in found.pieces)


@every_format
def test_whole(opened, ending: str) -> None:
    found = opened(whole(ending), f"a.{ending}")
    assert MARK in texts(found)
    assert [spot for spot in found.blind_spots if not spot.detail.startswith("image")] == []


@every_format
@pytest.mark.parametrize("name", ["a.jpg", "a.txt", "a.zip", "a", "a.docx", "a.PDF.exe", None])
def test_a_wrong_name_hides_nothing(opened, ending: str, name: str | None) -> None:
    assert MARK in texts(opened(whole(ending), name))


@every_format
@pytest.mark.parametrize("declared", ["image/png", "text/html", "application/json", "application/zip", "text/csv", "x"])
def test_a_wrong_declaration_hides_nothing(opened, ending: str, declared: str) -> None:
    assert MARK in texts(opened(whole(ending), None, declared))


@every_format
@pytest.mark.parametrize("percent", [1, 10, 25, 50, 75, 90, 97, 99])
def test_cut_short(opened, ending: str, percent: int) -> None:
    data = whole(ending)
    cut = data[: len(data) * percent // 100]
    found = opened(cut, f"a.{ending}")
    if ending in PLAIN:  # a shorter text is a text: all that is left of it is found
        left = cut.decode("utf-8", "ignore")
        assert MARK not in left or MARK in texts(found)
    elif len(cut) > 3:  # fewer bytes are of no format
        assert found.blind_spots or MARK in texts(found)
        if percent < 90 and ending != "tar":  # of a tar, filling may be all that is missing
            assert found.blind_spots


@every_format
def test_empty(opened, ending: str) -> None:
    found = opened(b"", f"a.{ending}")
    assert (found.pieces, found.blind_spots) == ([], [])


def word_with_its_flag_set() -> bytes:
    data = bytearray(office_files()["doc"])
    at = next(i for i in range(512, len(data), 512) if data[i : i + 2] == b"\xec\xa5")
    data[at + 11] |= 1
    return bytes(data)


def slides_with_their_token_set() -> bytes:
    return office_files()["ppt"].replace(b"\x5f\xc0\x91\xe3", b"\xdf\xc4\xd1\xf3")


def open_document_with_a_locked_part() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr("content.xml", bytes(range(256)) * 20)
        archive.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="m"><manifest:file-entry manifest:full-path="content.xml">'
            "<manifest:encryption-data/></manifest:file-entry></manifest:manifest>",
        )
    return buffer.getvalue()


LOCKED: list = [
    ("pdf", lambda: pdf(encrypt="secret")),
    ("docx", lambda: compound({"EncryptionInfo": bytes(200), "EncryptedPackage": bytes(range(256)) * 40})),
    ("odt", open_document_with_a_locked_part),
    pytest.param("doc", word_with_its_flag_set, marks=needs_office),
    pytest.param("ppt", slides_with_their_token_set, marks=needs_office),
    *([("7z", lambda: seven("-psecret")), ("zip", lambda: seven("-tzip", "-psecret"))] if SEVEN else []),
]


@pytest.mark.parametrize(("ending", "make"), LOCKED)
def test_locked(opened, ending: str, make: Callable[[], bytes]) -> None:
    found = opened(make(), f"a.{ending}")
    assert BlindKind.ENCRYPTED in [spot.kind for spot in found.blind_spots]
    assert MARK not in texts(found)
    nested = opened(zipped(make()), "outer.zip")
    assert BlindKind.ENCRYPTED in [spot.kind for spot in nested.blind_spots]


BESIDE = {
    "docx": "MKAUTHOR MKTITLE MKCOMMENT MKCOMMENTER MKHEADER MKFOOTER MKCELL MKHIDDEN MKDELETED MKINSERTED MKREVISER",
    "xlsx": "MKAUTHOR MKCELL MKCOMMENT MKCOMMENTER MKHEADER MKFOOTER MKHIDDENROW MKHIDDEN MKVERYHIDDEN",
    "ods": "MKAUTHOR MKCELL MKCOMMENT MKHEADER MKFOOTER MKHIDDENROW MKHIDDEN MKVERYHIDDEN",
    "ppt": "MKAUTHOR MKTITLE MKCOMMENT MKNOTES",
}
BESIDE |= dict.fromkeys(("doc", "rtf", "odt"), BESIDE["docx"]) | {"xls": BESIDE["ods"]}
BESIDE |= dict.fromkeys(("pptx", "odp"), BESIDE["ppt"])


@pytest.mark.parametrize(
    "ending", [pytest.param(e, marks=() if e in ("docx", "xlsx") else needs_office) for e in sorted(BESIDE)]
)
def test_what_stands_beside_the_text_is_found(opened, ending: str) -> None:
    said = texts(opened(whole(ending), f"a.{ending}"))
    assert [mark for mark in BESIDE[ending].split() if mark not in said] == []
