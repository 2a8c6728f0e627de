"""Text in pictures, by RapidOCR (PP-OCR models by ONNX Runtime). Loaded only where a picture asks for it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from .source import Source

__all__ = ["read"]

_MOST_PIXELS = 50_000_000
_SMALLEST = 16  # pixels of a side; what is smaller holds no legible text
_LONGEST = 2400  # pixels of a side that are looked at
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

        yield from pdf.pages(data, 0, set(blank))
        return
    os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(_MOST_PIXELS))
    import cv2
    import numpy as np

    raw = np.frombuffer(data.whole(), dtype=np.uint8)
    try:
        whole, frames = cv2.imdecodemulti(raw, cv2.IMREAD_COLOR)
    except cv2.error:
        whole, frames = False, ()
    if not whole or not frames:
        yield 0, None
    yield from enumerate(frames)


@cache
def _engine() -> Any:
    import logging

    from rapidocr_onnxruntime import RapidOCR  # type: ignore[import-untyped]

    logging.disable(logging.CRITICAL)
    return RapidOCR(intra_op_num_threads=1, inter_op_num_threads=1, max_side_len=_LONGEST, text_score=0.0)


def _text(picture: Any) -> tuple[str, int]:
    """The lines of a picture from top to bottom, and how many were too doubtful."""
    found, _ = _engine()(picture)
    boxes = [(box, str(text), float(score)) for box, text, score in found or ()]
    sure = [(box, text) for box, text, score in boxes if score >= _SURE]
    return "\n".join(_lines(sure)), len(boxes) - len(sure)


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
