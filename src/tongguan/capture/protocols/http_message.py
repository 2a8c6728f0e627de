"""One HTTP message's body: decoded, held, and given as contents."""

from __future__ import annotations

from urllib.parse import unquote

from tongguan.capture.protocols.body import Body, Store
from tongguan.capture.protocols.decoding import Decoder, DecodingError, decoder
from tongguan.capture.protocols.forms import form
from tongguan.capture.protocols.http_head import Head
from tongguan.model import BlindKind, BlindSpot, Content

__all__ = ["Message"]


class Message:
    """The body of a request or a response while it comes."""

    __slots__ = ("_boundary", "_damage", "_decoder", "_skipped", "_spot", "body", "given", "head", "ts", "wire")

    def __init__(self, store: Store, head: Head, target: str, ts: float) -> None:
        self.head = head
        self.ts = ts
        self.wire = head.size  # bytes seen since an exchange was last given
        self.given = 0  # exchanges given
        self._damage = ""
        self._skipped = 0
        self._spot: BlindKind = BlindKind.UNREADABLE
        self._decoder: Decoder | None = None
        media_type = head.media_type
        self._boundary = head.parameter("content-type", "boundary") if media_type.startswith("multipart/") else None
        whole = self._boundary is not None or media_type == "application/x-www-form-urlencoded"
        self.body = Body(store, media_type, _name(head, target), head.parameter("content-type", "charset"), whole)
        coding = head.get("content-encoding").lower().strip()
        if coding and coding != "identity":
            self._decoder = decoder(coding, store.limits)
            if self._decoder is None:
                self._damage, self._spot = f"content coding {coding[:40]}", BlindKind.UNSUPPORTED

    def add(self, piece: memoryview) -> list[Content]:
        """The next bytes; slices that are complete are given."""
        self.wire += len(piece)
        if self._decoder is None:
            self.body.add(piece)
            return self.body.ready()
        if self._damage:
            self._skipped += len(piece)
            return []
        contents: list[Content] = []
        try:
            for out in self._decoder.feed(piece):
                self.body.add(out)
                contents += self.body.ready()
        except DecodingError as error:
            self._damage = str(error)
        return contents

    def gap(self, size: int) -> None:
        """Bytes that the capture never held."""
        if self._decoder is None:
            self.body.gap(size)
        else:
            self.body.gaps += size
            self._damage = self._damage or "compressed body with bytes missing"

    def keep(self) -> None:
        """Copy what is borrowed."""
        self.body.keep()
        if self._decoder is not None:
            self._decoder.keep()

    def finish(self) -> list[Content]:
        """What is left."""
        contents: list[Content] = []
        if self._decoder is not None and not self._damage:
            try:
                for out in self._decoder.finish():
                    self.body.add(out)
                    contents += self.body.ready()
            except DecodingError as error:
                self._damage = str(error)
        if self._boundary and self.body.size:
            return form(self.body.view(), self._boundary, self.body.store.limits.slice)
        return contents + self.body.finish()

    def spots(self, where: str, whole: bool) -> tuple[BlindSpot, ...]:
        """What could not be seen of it."""
        found = self.body.spots(where)
        if self._damage:
            found += (BlindSpot(self._spot, where, self._damage, size=self._skipped),)
        if not whole and not self.body.gaps:
            found += (BlindSpot(BlindKind.TRUNCATED, where, "the body ends early"),)
        return found


def _name(head: Head, target: str) -> str | None:
    """A file name: as declared, else the last segment of the path where it looks like one."""
    declared = head.parameter("content-disposition", "filename")
    if declared:
        return declared
    last = target.partition("?")[0].rpartition("/")[2]
    return unquote(last) if "." in last[1:] else None
