"""Files that are written in base64 within a text: uploads in JSON, pages that bring their pictures, cells of CSV."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

import numpy as np

from tongguan.identify.extract.sniff import sniff
from tongguan.identify.extract.unfolding import Unfolding, joined
from tongguan.model import BlindKind

__all__ = ["unpack"]

_STEP = 16  # every so many bytes are looked at; a run that is long shows itself all the same
_SHORTEST = 20  # such bytes
_MOST = 1000  # runs of one stretch
_HEAD = 8192
_RUN = re.compile(rb"(?<![A-Za-z0-9+/\r\n\\_-])[A-Za-z0-9+/\r\n\\_-]{256,}+={0,2}")
_WITHIN = np.zeros(256, np.bool_)
_WITHIN[np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_\r\n\\", np.uint8)] = True
_SIGNS = bytes.maketrans(b"-_", b"+/")
_KNOWN = ("archive", "office", "sheet", "document", "table", "image", "encrypted")
MORE = "files written in base64 within a text, beyond those that are opened"


def unpack(walk: Unfolding, data: bytes, member: str | None, depth: int) -> Iterator[None]:
    """Open what stands in base64 in a text of one byte a sign, where it is of a known format, or text itself."""
    for count, (start, end) in enumerate(_runs(data)):
        if count == _MOST or depth >= walk.limits.depth or walk.late():
            walk.blind(BlindKind.TRUNCATED, member, MORE)
            return
        head = _decoded(data[start : min(end, start + _HEAD)])
        if not head or not _is_worth(head):
            continue
        whole = _decoded(data[start:end])
        if walk.spend(len(whole), member):
            yield from walk.open(whole, joined(member, f"base64 {start}"), "", None, None, depth + 1)


def _runs(data: bytes) -> Iterator[tuple[int, int]]:
    """Where long runs of the signs of base64 stand."""
    within = _WITHIN[np.frombuffer(data, np.uint8)[::_STEP]]
    breaks = np.concatenate(([-1], np.flatnonzero(~within), [len(within)]))
    long = np.flatnonzero(np.diff(breaks) > _SHORTEST)
    done = 0
    for first, last in zip(breaks[long].tolist(), breaks[long + 1].tolist(), strict=True):
        for found in _RUN.finditer(data, max(done, first * _STEP), (last + 1) * _STEP):
            done = found.end()
            yield found.span()


def _decoded(run: bytes) -> bytes:
    clean = run.replace(b"\\n", b"").replace(b"\\r", b"").translate(_SIGNS, b"\r\n\\=")
    try:
        return base64.b64decode(clean[: len(clean) & ~3] if len(clean) % 4 == 1 else clean + b"=" * (-len(clean) % 4))
    except (binascii.Error, ValueError):
        return b""


def _is_worth(head: bytes) -> bool:
    family = sniff(head, "", None).family
    if family in _KNOWN:
        return True
    try:
        text = head[: len(head) - 8].decode("utf-8", "strict" if len(head) < _HEAD // 2 else "ignore")
    except UnicodeDecodeError:
        return False
    return family == "text" and sum(c.isprintable() or c in "\r\n\t" for c in text) >= len(text) * 0.99 > 0
