"""Bytes of a capture file, compressed or not, and what its header says."""

from __future__ import annotations

import gzip
import os
import zlib
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from tongguan.errors import BadCapture
from tongguan.plain_file import open_plain

__all__ = ["Format", "Source"]

_PCAP = {
    b"\xd4\xc3\xb2\xa1": (False, False),
    b"\xa1\xb2\xc3\xd4": (True, False),
    b"\x4d\x3c\xb2\xa1": (False, True),
    b"\xa1\xb2\x3c\x4d": (True, True),
}
_PCAPNG = b"\x0a\x0d\x0d\x0a"
_ORDERS = (b"\x1a\x2b\x3c\x4d", b"\x4d\x3c\x2b\x1a")
_GZIP = b"\x1f\x8b"
_STEP = 1 << 18  # bytes
PCAP_HEADER = 24


class Format(NamedTuple):
    """What a capture's first bytes say. A pcapng file says the rest in its blocks."""

    pcapng: bool
    big: bool = False
    nano: bool = False
    link: int = 0


class Source:
    """An open capture. Raises `BadCapture` where the file is not one, or cannot be opened."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.failure = ""  # why the bytes ended early
        self._file = self._open()
        try:
            self.size = path.stat().st_size
            self.header = self._read_exactly(PCAP_HEADER)
            self.format = self._recognise()
        except BaseException:
            self._file.close()
            raise

    def _open(self) -> BinaryIO:
        try:
            raw = os.fdopen(open_plain(self.path), "rb")
        except OSError as error:
            raise BadCapture(f"{self.path}: cannot be opened ({error.strerror})") from None
        try:
            compressed = raw.read(2) == _GZIP
            raw.seek(0)
        except OSError as error:
            raw.close()
            raise BadCapture(f"{self.path}: cannot be read ({error.strerror})") from None
        self._compressed = compressed
        return cast(BinaryIO, gzip.open(raw)) if compressed else raw

    def _read_exactly(self, size: int) -> bytes:
        buffer = bytearray(size)
        return bytes(buffer[: self.read_into(memoryview(buffer))])

    def _recognise(self) -> Format:
        header = self.header
        if self.failure:
            raise BadCapture(f"{self.path}: {self.failure}")
        if not header:
            raise BadCapture(f"{self.path}: the file is empty; expected a pcap or pcapng capture")
        magic = header[:4]
        if magic in _PCAP:
            if len(header) < PCAP_HEADER:
                raise BadCapture(f"{self.path}: the pcap header has {len(header)} of {PCAP_HEADER} bytes")
            big, nano = _PCAP[magic]
            link = int.from_bytes(header[20:24], "big" if big else "little") & 0xFFFF
            return Format(False, big, nano, link)
        if magic == _PCAPNG:
            if header[8:12] not in _ORDERS:
                raise BadCapture(f"{self.path}: the pcapng section header is damaged")
            return Format(True)
        raise BadCapture(f"{self.path}: not a capture; expected pcap or pcapng, or either compressed with gzip")

    def read_into(self, buffer: memoryview) -> int:
        """Fill the buffer; fewer bytes than it holds mean the end. Damage of the file itself goes to `failure`."""
        done = 0
        try:
            while done < len(buffer):
                if self._compressed:  # by small steps: a failing one takes along all that it had decompressed
                    got = self._file.readinto1(buffer[done : done + _STEP])  # type: ignore[attr-defined]
                else:
                    got = self._file.readinto(buffer[done:])  # type: ignore[attr-defined]
                if not got:
                    break
                done += got
        except EOFError:
            self.failure = "the compressed file ends early"
        except (gzip.BadGzipFile, zlib.error):
            self.failure = "the compressed file is damaged"
        except OSError as error:
            self.failure = f"the file cannot be read on ({error.strerror})"
        return done

    def close(self) -> None:
        self._file.close()
