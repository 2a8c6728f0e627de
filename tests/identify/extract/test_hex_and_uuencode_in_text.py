"""Files that stand in hexadecimal digits or uuencode in a text are opened, wherever a stretch of it ends."""

from __future__ import annotations

import base64
import binascii
import io
import os
import sqlite3
import time
import zipfile

import pytest

from tongguan.identify import Detector, extract
from tongguan.identify.extract import Extraction, Limits, extract_stream
from tongguan.model import BlindKind, Content

SAID = "姓名：王小明，身份证号：11010119900307123" + "3，手机：13812345678。"
DETECTOR = Detector(b"a key of tests")


NOISE = 5 << 20


def packed(noise: int = 600) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("名单.txt", SAID)
        archive.writestr("noise.bin", bytes([0x80, 0x00]) + os.urandom(noise))
    return out.getvalue()


def uuencoded(data: bytes, name: str) -> str:
    lines = [binascii.b2a_uu(data[at : at + 45]).decode() for at in range(0, len(data), 45)]
    return f"begin 644 {name}\n{''.join(lines)}`\nend\n"


def read(data: bytes, name: str = "a.sql", limits: Limits = Limits()) -> Extraction:  # noqa: B008
    return extract(Content(name, "", None, data), limits)


def phones(found: Extraction) -> list[str]:
    told = DETECTOR.scan(found.pieces)
    return [
        p.text[o.start : o.end] for p, some in zip(found.pieces, told, strict=True) for o in some if o.type == "phone"
    ]


ZIP = packed()
HEX = ZIP.hex()


@pytest.mark.parametrize(
    "text",
    [
        f"INSERT INTO `f` VALUES (1,'a',0x{HEX.upper()},NULL),(2,'b',0x{HEX},'c');\n",
        f"INSERT INTO f VALUES(1,X'{HEX}');\n",
        f"COPY public.f (id, body) FROM stdin;\n1\t\\\\x{HEX}\n2\t\\\\x{HEX}\n\\.\n",
        f"COPY public.f (body) FROM stdin;\n\\\\x{HEX}\n\\\\x{HEX}\n\\.\n",
        f"INSERT INTO public.f VALUES (1, '\\x{HEX}');\n",
        f"INSERT [dbo].[f] ([id], [body]) VALUES (1, 0x{HEX.upper()})\nGO\n",
        "\n".join(HEX[at : at + 60] for at in range(0, len(HEX), 60)) + "\n",
        "From: a\n\nsee below\n" + uuencoded(ZIP, "a.zip") + "\nbye\n",
        f"INSERT INTO f VALUES(1,0x{(SAID * 4).encode().hex()});\n",
    ],
)
def test_wherever_it_stands(text: str) -> None:
    assert "13812345678" in phones(read(text.encode(), "a.txt"))


def test_files_of_a_database_as_it_dumps_them() -> None:
    with sqlite3.connect(":memory:") as base:
        base.execute("CREATE TABLE attachment (id INTEGER, body BLOB)")
        base.executemany("INSERT INTO attachment VALUES (?, ?)", [(1, ZIP), (2, None), (3, b"\x00\x01")])
        dump = "\n".join(base.iterdump())
    found = read(dump.encode())
    assert phones(found) == ["13812345678"] and [spot.size for spot in found.blind_spots] == [602]


@pytest.mark.parametrize("before", [0, 1, 2, 4_194_200, 4_194_305 - 700])
@pytest.mark.parametrize("how", ["hex", "base64", "base64 lines", "uu"])
def test_over_the_ends_of_stretches(how: str, before: int) -> None:
    data = packed(NOISE)
    text = {
        "hex": lambda: data.hex(),
        "base64": lambda: base64.b64encode(data).decode(),
        "base64 lines": lambda: base64.encodebytes(data).decode(),
        "uu": lambda: "\n" + uuencoded(data, "a.zip"),
    }[how]()
    content = Content("a.txt", "", None, (" " * before + "=" + text + " ; 完 " * 10).encode())
    told = list(extract_stream(content))
    assert [phone for extraction in told for phone in phones(extraction)] == ["13812345678"]
    (spot,) = (spot for extraction in told for spot in extraction.blind_spots)
    assert spot.where.endswith("/noise.bin") and spot.size == NOISE + 2


def test_each_length_is_read_once() -> None:
    for size in range(270, 300):
        said = ("甲" * 8 + "手机 13812345678 。" + "abcdefg 1" * 40)[:size].encode()[:size]
        said = said.decode("utf-8", "ignore").encode()
        for run in (said.hex(), base64.b64encode(said).decode()):
            found = read(f"x = '{run}'\n".encode(), "a.txt")
            assert sum(len([o for o in some if o.type == "phone"]) for some in DETECTOR.scan(found.pieces)) == 1


def test_what_is_cut_short_is_told() -> None:
    cut = uuencoded(packed(20_000), "a.zip")[:9_000]
    for text in (cut, cut.rpartition("\n")[0] + "\nno such line\x7f\n"):
        assert {spot.kind for spot in read(text.encode(), "a.txt").blind_spots} >= {BlindKind.UNREADABLE}


def test_one_file_behind_another() -> None:
    for gap in range(20):
        names = [f"{'A' * gap}{number}.ZIP" for number in range(6)]
        found = read("".join(uuencoded(ZIP, name) for name in names).encode(), "a.txt")
        assert [piece.member for piece in found.pieces[1:]] == [f"{name}/名单.txt" for name in names]


def test_words_are_no_files() -> None:
    text = "begin 644 of the matter\nbegin transaction;\n" * 50 + f"sha={'0123456789abcdef' * 40}\n{'ab' * 600}\n"
    found = read(text.encode(), "a.txt")
    assert len(found.pieces) == 1 and not found.blind_spots


def test_hostile_texts_are_bounded() -> None:
    for text in (
        "begin 644 a\n" * 400_000,
        "begin 644 a\n" + "M" * 61 + "\n" + "begin 644 a\n`\nend\n" * 200_000,
        "\\x" * 2_000_000,
        ("ab" * 200 + "\\\\x") * 10_000,
        "0x" + "41" * 2_500_000,
    ):
        before = time.process_time()
        list(extract_stream(Content("a.txt", "", None, text.encode())))
        assert time.process_time() - before < 20
