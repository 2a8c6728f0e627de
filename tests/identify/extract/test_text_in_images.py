"""Pictures, in and outside documents: their text where it can be recognised, a blind spot where it cannot."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from compound_files import outlook_message
from PIL import Image, ImageDraw, ImageFont
from test_documents_read import document, message

from tongguan.identify.extract import Limits, pictures
from tongguan.identify.extract.isolated import ocr
from tongguan.identify.extract.isolated.source import Source
from tongguan.model import BlindKind

FONT = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")  # Debian: fonts-noto-cjk
NUMBER = "110101199003070028"
needs_engine = pytest.mark.skipif(
    not pictures.installed() or not FONT.exists(), reason="the extra `ocr` or fonts-noto-cjk is not installed"
)


def card(kind: str = "PNG") -> bytes:
    picture = Image.new("RGB", (600, 200), "white")
    if FONT.exists():
        draw, font = ImageDraw.Draw(picture), ImageFont.truetype(str(FONT), 28)
        draw.text((20, 30), "姓名 欧阳晓婷", font=font, fill="black")
        draw.text((20, 110), f"公民身份号码 {NUMBER}", font=font, fill="black")
    buffer = io.BytesIO()
    picture.save(buffer, kind)
    return buffer.getvalue()


def holding(data: bytes, name: str, inner: bytes) -> bytes:
    buffer = io.BytesIO(data)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(name, inner)
    return buffer.getvalue()


def mail_with(picture: bytes) -> bytes:
    mail = message()
    mail.add_attachment(picture, maintype="image", subtype="png", filename="card.png")
    return mail.as_bytes()


PLACES = {
    "PNG": lambda: card(),
    "JPEG": lambda: card("JPEG"),
    "TIFF": lambda: card("TIFF"),
    "BMP": lambda: card("BMP"),
    "WEBP": lambda: card("WEBP"),
    "PDF": lambda: card("PDF"),
    "docx": lambda: holding(document(), "word/media/image1.png", card()),
    "zip": lambda: holding(b"", "a/b.png", card()),
    "msg": lambda: outlook_message("see", ("card.png", card())),
    "eml": lambda: mail_with(card()),
    "rtf": lambda: b"{\\rtf1 x{\\pict\\pngblip " + card().hex().encode() + b"}}",
}
every_place = pytest.mark.parametrize("place", sorted(PLACES))


@every_place
def test_without_the_engine_a_picture_is_a_blind_spot_that_says_what_to_install(
    opened, without_ocr, place: str
) -> None:
    spots = opened(PLACES[place](), f"a.{place.lower()}").blind_spots
    assert [spot.kind for spot in spots] == [BlindKind.UNSUPPORTED]
    assert "pip install 'tongguan[ocr]'" in spots[0].detail


@every_place
def test_recognition_can_be_switched_off(opened, place: str) -> None:
    spots = opened(PLACES[place](), limits=Limits(images=0)).blind_spots
    assert [spot.kind for spot in spots] == [BlindKind.UNSUPPORTED]


@needs_engine
@every_place
def test_the_text_of_a_picture_is_read(opened, place: str) -> None:
    found = opened(PLACES[place](), f"a.{place.lower()}")
    text = "".join("".join(p.text.split()) for p in found.pieces if "text in" in (p.member or ""))
    assert NUMBER in text and "欧阳晓婷" in text
    assert found.blind_spots == []


@needs_engine
def test_a_picture_that_comes_again_is_read_once(opened, zipped) -> None:
    found = opened(zipped([("a.png", card()), ("b.png", card())]))
    assert len(found.pieces) == 1
    assert found.blind_spots == []


@needs_engine
def test_pictures_beyond_the_limit_are_told(opened, zipped) -> None:
    found = opened(zipped([("a.png", card()), ("b.bmp", card("BMP"))]), limits=Limits(images=1))
    assert len(found.pieces) == 1
    assert [spot.kind for spot in found.blind_spots] == [BlindKind.TRUNCATED]


@needs_engine
def test_time_for_pictures_that_has_run_out_is_told(opened, zipped) -> None:
    found = opened(zipped([("a.png", card()), ("b.txt", b"13800138000")]), limits=Limits(image_seconds=0.0))
    assert [spot.detail for spot in found.blind_spots] == ["no time left for text recognition"]
    assert [piece.text for piece in found.pieces] == ["13800138000"]


@pytest.mark.skipif(not pictures.installed(), reason="the extra `ocr` is not installed")
@pytest.mark.parametrize("kind", ["TIFF", "GIF", "PNG", "WEBP"])
def test_frames_come_one_by_one_in_their_order(kind: str) -> None:
    shades = [30, 90, 150, 210, 250]
    first, *more = [Image.new("RGB", (64, 48), (shade, shade, shade)) for shade in shades]
    buffer = io.BytesIO()
    lossless = {"lossless": True} if kind == "WEBP" else {}
    first.save(buffer, kind, save_all=True, append_images=more, **lossless)
    assert [int(frame.mean()) for frame in ocr.frames(Source(buffer.getvalue()))] == shades


@needs_engine
def test_lines_of_a_large_picture_are_each_read_once(opened) -> None:
    numbers = [f"139001390{n:02d}" for n in range(13)]
    picture = Image.new("RGB", (800, 1900), "white")
    draw, font = ImageDraw.Draw(picture), ImageFont.truetype(str(FONT), 40)
    for n, number in enumerate(numbers):
        draw.text((60, 20 + 145 * n), f"电话 {number}", font=font, fill="black")
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    text = "".join("".join(p.text.split()) for p in opened(buffer.getvalue()).pieces)
    assert [text.count(number) for number in numbers] == [1] * len(numbers)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@pytest.mark.skipif(not pictures.installed(), reason="the extra `ocr` is not installed")
@pytest.mark.parametrize("side", [30_000, 2_000_000_000])
def test_a_picture_that_claims_to_be_vast_is_not_unpacked(opened, side: int) -> None:
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(4 << 20)))
        + chunk(b"IEND", b"")
    )
    found = opened(bomb, "a.png")
    assert [spot.kind for spot in found.blind_spots] == [BlindKind.UNREADABLE]


@pytest.mark.skipif(not pictures.installed(), reason="the extra `ocr` is not installed")
@pytest.mark.parametrize("percent", [1, 30, 60])
def test_a_picture_cut_short_is_told(opened, percent: int) -> None:
    data = card()
    found = opened(data[: max(16, len(data) * percent // 100)], "a.png")
    assert found.blind_spots or NUMBER in "".join(p.text for p in found.pieces)
