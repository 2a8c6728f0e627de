"""Text in pictures, by RapidOCR (PP-OCR models by ONNX Runtime). Loaded only where a picture asks for it."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from .source import Source

__all__ = ["frames", "read", "shrunk"]

_MOST_PIXELS = 50_000_000
_SMALLEST = 16  # pixels of a side; what is smaller holds no legible text
_LONGEST = 2400  # pixels of a side that are looked at
_BAND = 1_200_000  # pixels in which lines are looked for at once: 2 million take 600 MB
_ROWS = 736  # of a band; what has fewer is drawn larger by the engine
_OVERLAP = 64  # rows above and below a band, so that the lines at its edges are seen whole
_SHADES = 6  # of 256, by which the noise of a compressed plain picture differs
_SURE = 0.5


def read(data: Source, blank: list[int] | None, most: int, seconds: float) -> tuple[dict[str, Any], list[bytes]]:
    """The text of one picture, or of a PDF's blank pages (`blank`, numbers from 0) and of pictures on its other pages.

    Stops after `most` pictures or `seconds`. The report holds `end` (`ok`), `pages` (for each text its page, from 0),
    `done` (pictures looked at), `more` (whether there were others), `unsure` (lines whose reading is doubtful, left
    out) and `unread` (pictures that cannot be decoded); the blobs are the texts.
    """
    deadline = time.monotonic() + seconds
    report: dict[str, Any] = {"end": "ok", "pages": [], "done": 0, "more": False, "unsure": 0, "unread": 0}
    texts: list[bytes] = []
    for page, picture in _pictures(data, blank):
        if report["done"] >= most or time.monotonic() >= deadline:
            report["more"] = True
            break
        report["done"] += 1
        if picture is None:
            report["unread"] += 1
            continue
        if min(picture.shape[:2]) < _SMALLEST or _plain(picture):
            continue
        text, unsure = _text(picture)
        report["unsure"] += unsure
        if text:
            report["pages"].append(page)
            texts.append(text.encode())
    return report, texts


def _plain(picture: Any) -> bool:
    """Whether a picture is of one colour, so that nothing can be written in it."""
    return bool((picture.max(axis=(0, 1)) - picture.min(axis=(0, 1)) <= _SHADES).all())


def _pictures(data: Source, blank: list[int] | None) -> Iterator[tuple[int, Any]]:
    if blank is not None:
        from . import pdf

        for page, picture in pdf.pages(data, 0, set(blank)):
            yield page, None if picture is None else shrunk(picture)
        return
    yield from enumerate(frames(data))


def frames(data: Source) -> Iterator[Any]:
    """The pictures of a file, one after another; None for a file without any."""
    raw = data.whole()
    number = 0
    for picture in _animation(raw) if raw.startswith((b"GIF8", b"\x89PNG", b"RIFF")) else _pages(raw):
        number += 1
        yield shrunk(picture)
        del picture
    if not number:
        yield None


def _animation(raw: bytes) -> Iterator[Any]:
    """Frames by Pillow: of animations OpenCV decodes all at once, or gives the wrong ones."""
    import numpy as np
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # ours is the limit
    try:
        with Image.open(io.BytesIO(raw), formats=("GIF", "PNG", "WEBP")) as animation:
            count = getattr(animation, "n_frames", 1)
            if count > 1 and animation.width * animation.height <= _MOST_PIXELS:
                for number in range(count):
                    animation.seek(number)
                    yield np.asarray(animation.convert("RGB"))[:, :, ::-1]
                return
    except (OSError, ValueError, SyntaxError, EOFError):
        pass  # what came before stands; another decoder may do better
    yield from _pages(raw)


def _pages(raw: bytes) -> Iterator[Any]:
    """The picture, or the pages of a TIFF, by OpenCV."""
    os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(_MOST_PIXELS))
    import cv2
    import numpy as np

    data, number = np.frombuffer(raw, dtype=np.uint8), 0
    while True:
        try:
            _, found = cv2.imdecodemulti(data, cv2.IMREAD_COLOR, range=(number, number + 1))
        except cv2.error:
            return
        pages = list(found)
        del found
        if not pages:
            return
        number += 1
        yield pages.pop()
        if not raw.startswith((b"II", b"MM")):
            return


def shrunk(picture: Any) -> Any:
    """A picture in the size in which it is read."""
    import cv2

    scale = _LONGEST / max(picture.shape[:2])
    return picture if scale >= 1 else cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


@cache
def _engine() -> Any:
    import logging

    from rapidocr_onnxruntime import RapidOCR  # type: ignore[import-untyped]

    logging.disable(logging.CRITICAL)
    return RapidOCR(intra_op_num_threads=1, inter_op_num_threads=1, max_side_len=_LONGEST, text_score=0.0)


def _text(picture: Any) -> tuple[str, int]:
    """The lines of a picture from top to bottom, and how many were too doubtful."""
    boxes: list[tuple[Any, str, float]] = []
    for first, last in _bands(picture):
        top = max(0, first - _OVERLAP)
        found, _ = _engine()(picture[top : last + _OVERLAP])
        for box, text, score in found or ():
            moved = [(x, y + top) for x, y in box]
            if first <= sum(y for _, y in moved) / len(moved) < last:  # else it is the neighbour's
                boxes.append((moved, str(text), float(score)))
    sure = [(box, text) for box, text, score in boxes if score >= _SURE]
    return "\n".join(_lines(sure)), len(boxes) - len(sure)


def _bands(picture: Any) -> Iterator[tuple[int, int]]:
    """Rows that are looked at together: from the first one up to the last, each band cut where least is written."""
    import numpy as np

    height, width = picture.shape[:2]
    count = min(-(-height * width // _BAND), max(1, round(height / (_ROWS - 2 * _OVERLAP))))
    first = 0
    for number in range(1, count):
        near = height // count // 16
        begin = number * height // count - near
        window = picture[begin : begin + 2 * near].reshape(2 * near, width, -1)[:, :, 0].astype(np.int16)
        cut = begin + int(np.abs(np.diff(window, axis=1)).sum(axis=1).argmin())
        yield first, cut
        first = cut
    yield first, height


def _lines(boxes: Iterable[tuple[Any, str]]) -> Iterator[str]:
    """Boxes side by side are one line, in the order in which they are read."""
    line: list[tuple[float, str]] = []
    bottom = -1.0
    for box, text in sorted(boxes, key=lambda one: sum(point[1] for point in one[0])):
        top, low = min(point[1] for point in box), max(point[1] for point in box)
        if line and (top + low) / 2 > bottom:
            yield "  ".join(word for _, word in sorted(line))
            line = []
        if not line:
            bottom = low
        line.append((min(point[0] for point in box), text))
    if line:
        yield "  ".join(word for _, word in sorted(line))
