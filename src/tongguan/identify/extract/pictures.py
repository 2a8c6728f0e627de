"""Text in pictures: by an optional engine, in the process of the parsers; without it a picture is a blind spot."""

from __future__ import annotations

import hashlib
import time
from importlib.util import find_spec
from typing import Any

from tongguan.identify.extract import structured, worker
from tongguan.identify.extract.given import Data
from tongguan.identify.extract.unfolding import Unfolding, joined
from tongguan.model import BlindKind

__all__ = ["installed", "pdf_pictures", "picture", "reads", "unread"]

_WITHOUT = "text recognition is not installed: pip install 'tongguan[ocr]'"
_OFF = "text recognition is switched off, or has looked into as many images as it may"
_RESERVE = 2.0  # seconds kept for the answer


def installed() -> bool:
    """Whether the engine is there."""
    return find_spec("rapidocr_onnxruntime") is not None


def reads(walk: Unfolding) -> bool:
    """Whether this extraction looks into pictures."""
    return walk.limits.images > 0 and installed()


def unread(walk: Unfolding, what: str) -> str:
    """What a blind spot says of pictures that are not looked into."""
    return f"{what}: {_OFF if walk.limits.images <= 0 else _WITHOUT}"


def picture(walk: Unfolding, data: bytes, member: str | None) -> None:
    """Add the text of one picture; one that was seen before in the same content is not read again."""
    if not reads(walk):
        walk.blind(BlindKind.UNSUPPORTED, member, unread(walk, "image"), len(data))
        return
    digest = hashlib.blake2b(data, digest_size=16).digest()
    if digest in walk.seen:
        return
    walk.seen.add(digest)
    if walk.images_left <= 0:
        walk.blind(BlindKind.TRUNCATED, member, "more images than are looked into", len(data))
    elif walk.late():
        walk.blind(BlindKind.TRUNCATED, member, "no time left", len(data))
    elif walk.image_seconds <= 0:
        walk.blind(BlindKind.TRUNCATED, member, "no time left for text recognition", len(data))
    else:
        _read(walk, data, member, None)


def pdf_pictures(walk: Unfolding, data: Data, member: str | None, blank: list[int], pictures: int) -> None:
    """Add the text of a PDF's pages without text, and of the pictures on its other pages."""
    if not blank and not pictures:
        return
    if not reads(walk):
        if blank:
            walk.blind(BlindKind.UNSUPPORTED, member, unread(walk, "pages without text"), count=len(blank))
        if pictures:
            walk.blind(BlindKind.UNSUPPORTED, member, unread(walk, "images in a PDF"), count=pictures)
        return
    worker.shared(walk.limits.worker_memory).rest()  # the other process needs the memory
    expected = len(blank) + pictures
    open = walk.images_left > 0 and walk.image_seconds > 0 and not walk.late()
    done = _read(walk, data, member, blank) if open else 0
    if done < expected:
        detail = "pages and images that there was no time or allowance for"
        walk.blind(BlindKind.TRUNCATED, member, detail, count=expected - done)


def _read(walk: Unfolding, data: Data, member: str | None, blank: list[int] | None) -> int:
    """Add what is recognised; returns how many pictures were looked at. The time it takes is counted by itself."""
    budget, started = max(1.0, walk.image_seconds), time.monotonic()
    walk.deadline += budget + _RESERVE
    more: dict[str, Any] = {"blank": blank, "most": walk.images_left, "budget": budget}
    report, blobs = walk.ask("ocr", data, member, walk.limits.image_memory, **more)
    took = time.monotonic() - started
    walk.image_seconds -= took
    walk.deadline -= budget + _RESERVE - took
    if "done" not in report:
        return 0
    walk.images_left -= report["done"]
    for page, blob in zip(report["pages"], blobs, strict=True):
        walk.bytes_left -= len(blob)
        name = "text in the image" if blank is None else f"page {page + 1}: text in images"
        text = str(blob, "utf-8")
        walk.add(structured.prose(text, bytes(blob), joined(member, name)))
    if report["more"] and blank is None:
        walk.blind(BlindKind.TRUNCATED, member, "pictures in a file of several that there was no time or allowance for")
    if report["unsure"]:
        walk.blind(BlindKind.UNREADABLE, member, "lines in images too unclear to read", count=report["unsure"])
    if report["unread"]:
        detail = "images that cannot be decoded, or are too large"
        walk.blind(BlindKind.UNREADABLE, member, detail, count=report["unread"])
    return int(report["done"])
