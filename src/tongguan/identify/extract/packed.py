"""Files that are written in base64, hexadecimal digits or uuencode within a text: uploads in JSON, pages that bring
their pictures, cells of CSV, dumps of databases (`0x…`, `X'…'`, `\\\\x…`), old mail and news (POSIX uuencode)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field

from tongguan.identify.extract.sniff import sniff
from tongguan.identify.extract.unfolding import TOO_LARGE, Unfolding, joined
from tongguan.model import BlindKind

__all__ = ["Packed", "unpack"]

_STEP = 16  # every so many bytes are looked at; a run that is long shows itself all the same
_SHORTEST = 22  # such bytes
_LEAST = 384  # characters of a run; shorter ones are read where they stand (`detect/encoded`)
_MOST = 1000  # runs of one stretch that are opened
_HEAD = 8192
_HELD = 64 << 20  # characters of one run that reaches over several stretches
_SIGNS_OF_RUNS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_\r\n\\"
_RUN = re.compile(rb"(?<![A-Za-z0-9+/\r\n\\_-])[A-Za-z0-9+/\r\n\\_-]{%d,}+={0,2}" % _LEAST)
_ON = re.compile(rb"[A-Za-z0-9+/\r\n\\_-]*+={0,2}")
_HEX = re.compile(rb"[0-9A-Fa-fxX\r\n\\]++")
_HEX_ROW = re.compile(rb"(?<![0-9A-Fa-f])(?:[0-9A-Fa-f]{2}){%d,}+(?![0-9A-Fa-f])" % (_LEAST // 2))
_UU_WITHIN = bytes(sign in b"\r\n" or 0x20 <= sign <= 0x60 for sign in range(256))  # no small letter
_UU_SHORTEST = b"\1" * 24
_UU_NEAR = 512  # bytes around its beginning in which a file's head is looked for
_UU = re.compile(rb"begin [0-7]{3,4} ([^\r\n]{1,255})\r?\n(?=[!-`][ -`]{1,100}\r?\n)")
_UU_LINE = re.compile(rb"([ -`]{1,100})\r?(?:\n|\Z)")
_UU_END = re.compile(rb"end[ \t]*\r?(?:\n|\Z)")
_WITHIN = bytes(sign in _SIGNS_OF_RUNS for sign in range(256))
_LONG = b"\1" * _SHORTEST
_SIGNS = bytes.maketrans(b"-_", b"+/")
_KNOWN = ("archive", "office", "sheet", "document", "table", "image", "encrypted")
MORE = "files written in base64 within a text, beyond those that are opened"


def unpack(walk: Unfolding, data: bytes, member: str | None, depth: int) -> Iterator[None]:
    """Open what stands packed in a text of one byte a sign, where it is of a known format, or text itself."""
    packed = Packed(walk, member, depth)
    yield from packed.next(data)
    yield from packed.close()


@dataclass(slots=True)
class Packed:
    """The packed files of one text that comes stretch by stretch; a run may reach over several of them."""

    walk: Unfolding
    member: str | None
    depth: int
    at: int = 0  # bytes of the text before this stretch
    opened: int = 0  # runs of this stretch
    held: bytearray = field(default_factory=bytearray)  # a run that reached the end of the last stretch
    held_at: int = 0  # where it begins
    lost: int = 0  # characters of it that were not held
    file: bytearray | None = None  # of uuencode, that has not ended
    name: str = ""
    cut: int = 0  # bytes of it that were not held

    def next(self, data: bytes) -> Iterator[None]:
        """One stretch of the text."""
        self.opened = 0
        begin = 0
        if self.held:
            begin = self._hold(data)
            if begin < len(data):
                yield from self._end()
        end = max(begin, len(data.rstrip(_SIGNS_OF_RUNS)))
        for start, stop in _runs(data, begin, end):
            yield from self._open(data[start:stop], self.at + start)
        yield from self._uuencoded(data)
        if begin < len(data):
            self.held += data[end:]
            self.held_at = self.at + end
        self.at += len(data)

    def close(self) -> Iterator[None]:
        """The text has ended."""
        self.opened = 0
        yield from self._end()
        if self.file is not None:
            self.walk.blind(BlindKind.UNREADABLE, joined(self.member, self.name), "damaged or cut short")
            yield from self._end_of_file()

    def _hold(self, data: bytes) -> int:
        """Add to the run that is held what goes on in this stretch; gives its end."""
        on = _ON.match(data)
        end = on.end() if on else 0
        room = max(0, _HELD - len(self.held))
        self.held += data[: min(end, room)]
        self.lost += max(0, end - room)
        return end

    def _end(self) -> Iterator[None]:
        run, lost = bytes(self.held), self.lost
        self.held, self.lost = bytearray(), 0
        if len(run) >= _LEAST:
            if lost:
                self.walk.blind(BlindKind.TRUNCATED, self.member, TOO_LARGE, lost)
            yield from self._open(run, self.held_at)

    def _open(self, run: bytes, at: int) -> Iterator[None]:
        if _HEX.fullmatch(run):
            wrapped = True
            for row in _HEX_ROW.finditer(run):
                wrapped = False
                yield from self._file(binascii.a2b_hex(row[0]), f"hex {at + row.start()}")
            digits = run.translate(None, b"\r\n")
            if wrapped and digits.isalnum() and b"x" not in digits.lower() and len(digits) % 2 == 0:
                yield from self._file(binascii.a2b_hex(digits), f"hex {at}")
            return
        head = _decoded(run[:_HEAD])
        if head and _is_worth(head):
            yield from self._file(_decoded(run), f"base64 {at}")

    def _file(self, data: bytes, name: str, sure: bool = False) -> Iterator[None]:
        walk = self.walk
        if not data or not (sure or _is_worth(data[:_HEAD])):
            return
        self.opened += 1
        if self.opened > _MOST or self.depth >= walk.limits.depth or walk.late():
            if self.opened <= _MOST + 1:
                walk.blind(BlindKind.TRUNCATED, self.member, MORE)
        elif walk.spend(len(data), self.member):
            yield from walk.open(data, joined(self.member, name), "", name if sure else None, None, self.depth + 1)
            yield from walk.breath()

    def _uuencoded(self, data: bytes) -> Iterator[None]:
        """Files between `begin 644 name` and `end`, a line at a time."""
        done = (yield from self._lines(data, 0)) if self.file is not None else 0
        for found in _beginnings(data):
            begun: re.Match[bytes] | None = found
            while begun and begun.start() >= done and self.file is None:
                self.name, self.file = begun[1].decode("utf-8", "replace"), bytearray()
                done = yield from self._lines(data, begun.end())
                behind = data.find(b"begin ", done, done + _UU_NEAR)
                begun = _UU.match(data, behind) if behind >= 0 else None

    def _lines(self, data: bytes, at: int) -> Generator[None, None, int]:
        """The lines of one file, up to its end or that of the stretch, which it gives."""
        file = self.file if self.file is not None else bytearray()
        while line := _UU_LINE.match(data, at):
            at = line.end()
            try:
                part = binascii.a2b_uu(line[1])
            except binascii.Error:
                break
            if len(file) < _HELD:
                file += part
            else:
                self.cut += len(part)
        if at < len(data):
            if not _UU_END.match(data, at):
                self.walk.blind(BlindKind.UNREADABLE, joined(self.member, self.name), "damaged or cut short")
            yield from self._end_of_file()
        return at

    def _end_of_file(self) -> Iterator[None]:
        file, self.file = bytes(self.file or b""), None
        if self.cut:
            self.walk.blind(BlindKind.TRUNCATED, joined(self.member, self.name), TOO_LARGE, self.cut)
            self.cut = 0
        yield from self._file(file, self.name, sure=True)


def _runs(data: bytes, begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Where long runs of the signs of base64, which those of hexadecimal are among, stand between two places."""
    marks = data[begin:end:_STEP].translate(_WITHIN)
    done, first = begin, marks.find(_LONG)
    while first >= 0:
        last = marks.find(b"\0", first + _SHORTEST)
        stop = end if last < 0 else min(end, begin + last * _STEP)
        for found in _RUN.finditer(data, max(done, begin + (first - 1) * _STEP), stop):
            done = found.end()
            yield found.span()
        first = marks.find(_LONG, last) if last >= 0 else -1


def _beginnings(data: bytes) -> Iterator[re.Match[bytes]]:
    """Where files of uuencode begin, in order: before long runs without a small letter, and near the end."""
    marks = data[::_STEP].translate(_UU_WITHIN)
    first, done = marks.find(_UU_SHORTEST), 0
    while done < len(data):
        near, until = (
            (first * _STEP - _UU_NEAR, first * _STEP + _UU_NEAR) if first >= 0 else (len(data) - 1024, len(data))
        )
        at = data.find(b"begin ", max(done, near), until)
        while at >= 0:
            if (at == 0 or data[at - 1 : at] == b"\n") and (begun := _UU.match(data, at)):
                yield begun
            at = data.find(b"begin ", at + 6, until)
        done = max(done, until)
        last = marks.find(b"\0", first) if first >= 0 else -1
        first = marks.find(_UU_SHORTEST, last) if last >= 0 else -1


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
