"""A long content as it comes: a text is read stretch by stretch, anything else is gathered first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tongguan.identify.extract import one_xml, texts
from tongguan.identify.extract.sniff import hint_of, sniff
from tongguan.identify.extract.unfolding import TOO_LARGE, Unfolding
from tongguan.model import BlindKind

__all__ = ["Arriving"]


@dataclass(slots=True)
class Arriving:
    """A member of a container, whose bytes come by `more` until that gives None."""

    walk: Unfolding
    first: bytes
    more: Callable[[], bytes | None]
    expected: int = -1  # bytes in all, -1 where unknown
    size: int = 0  # bytes that came
    ended: bool = False

    def open(
        self, member: str | None, media_type: str, name: str | None, charset: str | None, depth: int
    ) -> Iterator[None]:
        """Add its pieces, and what of it was not read."""
        walk, first = self.walk, self.first
        if sniff(first, media_type, name).family == "text" and not one_xml.is_document(first):
            hint = hint_of(media_type, name)
            yield from texts.long_text(walk, first, self._read, self.expected, member, charset, hint, depth)
            if walk.late() and not self.ended:
                walk.blind(BlindKind.TRUNCATED, member, "no time left", max(0, self.expected - self.size))
            return
        whole = bytearray(self._read(0))
        while len(whole) < walk.limits.whole_bytes and (more := self._read(0)):
            whole += more
        data = bytes(whole)
        del whole
        if not self.ended and self.more() is not None:
            walk.blind(BlindKind.TRUNCATED, member, TOO_LARGE, max(0, self.expected - len(data)))
        yield from walk.open(data, member, media_type, name, charset, depth)

    def _read(self, _: int) -> bytes:
        taken: bytes | None
        taken, self.first = self.first, b""
        if not taken and not self.walk.late():
            taken = self.more()
            self.ended = taken is None
        self.size += len(taken or b"")
        return taken or b""
