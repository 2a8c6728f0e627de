"""Files written in base64 within a text are opened as if they lay beside it."""

from __future__ import annotations

import base64
import io
import json
import os
import zipfile

import pytest

from tongguan.identify import Detector, extract
from tongguan.identify.extract import Extraction, Limits
from tongguan.model import BlindKind, Content

SAID = "姓名：王小明，身份证号：11010119900307123" + "3，手机：13812345678。"


def packed() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("名单.txt", SAID)
        archive.writestr("noise.bin", bytes([0x80, 0x00]) + os.urandom(600))
    return out.getvalue()


def read(data: bytes, name: str = "a.txt", limits: Limits = Limits()) -> Extraction:  # noqa: B008
    return extract(Content(name, "", None, data), limits)


def phones(read: Extraction) -> list[str]:
    told = Detector(b"a key of tests").scan(read.pieces)
    return [
        p.text[o.start : o.end] for p, some in zip(read.pieces, told, strict=True) for o in some if o.type == "phone"
    ]


BODY = base64.b64encode(packed()).decode()
LINES = base64.encodebytes(packed()).decode()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (json.dumps({"file": BODY, "name": "a.zip"}), "a.json"),
        (json.dumps({"file": BODY.replace("/", "\\/")}).replace("\\\\", "\\"), "a.json"),
        (json.dumps({"file": LINES}), "a.json"),
        (f"id,file\n1,{BODY}\n2,\n", "a.csv"),
        (f'<html><body><a href="data:application/zip;base64,{BODY}">a</a></body></html>', "a.html"),
        (f"<request><content>{LINES}</content></request>", "a.xml"),
        (BODY, "a.b64"),
        (LINES, "a.b64"),
        ("Base64:\n" + BODY.replace("+", "-").replace("/", "_").rstrip("="), "a.txt"),
        (json.dumps({"text": base64.b64encode((SAID * 5).encode()).decode()}), "a.json"),
    ],
)
def test_wherever_it_stands(text: str, name: str) -> None:
    assert set(phones(read(text.encode(), name))) == {"13812345678"}


def test_neither_keys_nor_noise_are_opened() -> None:
    noise = base64.b64encode(os.urandom(3000)).decode()
    words = "abcdefgh/ijkl" * 400
    found = read(f"key={noise}\npath={words}\nsha={'0123456789abcdef' * 40}\n".encode())
    assert len(found.pieces) == 1 and not found.blind_spots


def test_depth_and_crowds_are_bounded() -> None:
    inner = packed()
    for _ in range(12):
        inner = base64.b64encode(inner)
    assert {spot.kind for spot in read(inner).blind_spots} == {BlindKind.TRUNCATED}
    many = read(" ; ".join([BODY] * 1005).encode())
    assert BlindKind.TRUNCATED in {spot.kind for spot in many.blind_spots}
