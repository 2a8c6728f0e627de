"""Archives, and office documents that are archives of XML parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tongguan.identify.extract import office, office_bodies, pictures
from tongguan.identify.extract.arriving import Arriving
from tongguan.identify.extract.given import Data, reader, tail
from tongguan.identify.extract.isolated import rar
from tongguan.identify.extract.isolated.media import IMAGE
from tongguan.identify.extract.sniff import Format
from tongguan.identify.extract.unfolding import TOO_LARGE, TOO_MUCH, Unfolding, joined
from tongguan.model import BlindKind

__all__ = ["archive"]

_EMPTY = 100  # bytes that an archive of nothing may have
_HEAD = 64
_TAR_END = bytes(1024)
_ZIP_END = 22 + (1 << 16)  # the end record and the longest comment
_Skipped = dict[tuple[BlindKind, str], tuple[int, int]]  # count and bytes of members that were passed over, by why


def archive(walk: Unfolding, data: Data, member: str | None, found: Format, depth: int) -> Iterator[None]:
    """Open the members of an archive (`found.detail` names it) or the parts of an office document."""
    if found.family == "office":
        yield from _office(walk, data, member, found, depth)
        return
    members = _Members(walk, data, member, found.detail)
    opening = _Opening(walk, data, member, found, depth, {})
    for entry, body in members:
        yield from opening.member(entry, body, members)
        yield from walk.breath()
    opening.told()
    _told_of_end(walk, data, member, found.detail, members.report)


def _told_of_end(walk: Unfolding, data: Data, member: str | None, kind: str, report: dict[str, Any]) -> None:
    """What an archive shows of what is missing."""
    if kind in ("rar", "rar5", "cab") and rar.is_part(reader(data)(_HEAD)):
        walk.blind(
            BlindKind.TRUNCATED, member, "one part of an archive of several: what begins or ends in another is not read"
        )
    if report["end"] != "ok":
        return
    if not report["seen"] and len(data) > _EMPTY:
        walk.blind(BlindKind.UNREADABLE, member, "an archive in which nothing could be found", len(data))
    if kind == "zip" and b"PK\x05\x06" not in tail(data, _ZIP_END):
        walk.blind(BlindKind.UNREADABLE, member, "cut short: the archive's directory is missing", 0)
    if kind == "tar" and tail(data, len(_TAR_END)) != _TAR_END:
        walk.blind(BlindKind.UNREADABLE, member, "cut short: the archive's end is missing", 0)


class _Members:
    """The members of an archive as they come: each with its first bytes, the others on demand."""

    def __init__(self, walk: Unfolding, data: Data, member: str | None, kind: str, skip: str = "") -> None:
        self._walk = walk
        images = pictures.reads(walk)
        self._answers = walk.answers("archive", data, member, kind=kind, skip=skip, images=images)
        self._entries = self._flat()
        self._current: dict[str, Any] | None = None
        self.report: dict[str, Any] = {"end": "failed"}

    def _flat(self) -> Iterator[tuple[dict[str, Any], bytes]]:
        for report, blobs in self._answers:
            self.report = report
            entries = list(zip(report.get("members", ()), blobs, strict=False))
            blobs.clear()
            entries.reverse()
            while entries:  # each is let go before the next is opened
                entry, blob = entries.pop()
                self._walk.bytes_left -= len(blob)
                yield entry, bytes(blob)

    def __iter__(self) -> Iterator[tuple[dict[str, Any], bytes]]:
        while True:
            while self.more() is not None:
                pass  # what nobody asked for
            taken = next(self._entries, None)
            if taken is None:
                return
            self._walk.members_left -= 1
            self._current = taken[0]
            yield taken

    def more(self) -> bytes | None:
        """Further bytes of the current member; None where there are no more. Its entry then says how it ended."""
        if self._current is None or self._current["status"] != "more":
            return None
        taken = next(self._entries, None)
        if taken is None:  # the parser was lost
            self._current["status"] = "damaged"
            return None
        self._current |= {"status": taken[0]["status"], "detail": taken[0]["detail"]}
        return taken[1]


def _gathered(first: bytes, members: _Members, most: int) -> bytes:
    """A member whole, or as much of it as may be held."""
    whole = bytearray(first)
    while len(whole) < most and (more := members.more()) is not None:
        whole += more
    return bytes(whole)


@dataclass(slots=True)
class _Opening:
    """Members of one archive being opened. Kinds of blind spots that come in crowds are counted in `skipped`."""

    walk: Unfolding
    outer: Data
    parent: str | None
    found: Format
    depth: int
    skipped: _Skipped

    def member(self, entry: dict[str, Any], first: bytes, members: _Members) -> Iterator[None]:
        """One member."""
        name, status = entry["name"], entry["status"]
        plain = self.found.detail == "compressed" and name in ("data", "")
        path = self.parent if plain else joined(self.parent, name)
        if not plain:
            self.walk.called(path)
        if self.passed_over(entry):
            return
        if self.walk.late():
            self.skip(BlindKind.TRUNCATED, "no time left", entry["size"])
            return
        inner = _inner_name(name, plain, self.walk.name if self.parent is None else self.parent)
        if status == "more":
            arriving = Arriving(self.walk, first, members.more, entry["size"])
            yield from arriving.open(path, "", inner, None, self.depth + 1)
            self.ended(entry, path, arriving.size)
            return
        if status == "ok" and plain and first == self.outer:
            self.walk.blind(BlindKind.UNREADABLE, path, "damaged or cut short", len(first))
            return
        self.ended(entry, path, len(first))
        yield from self.walk.open(first, path, "", inner, None, self.depth + 1)

    def passed_over(self, entry: dict[str, Any]) -> bool:
        """Whether a member is only counted."""
        match entry["status"]:
            case "media":
                detail = pictures.unread(self.walk, "image") if entry["detail"] == IMAGE else entry["detail"]
                self.skip(BlindKind.UNSUPPORTED, detail, entry["size"])
            case "encrypted":
                self.skip(BlindKind.ENCRYPTED, "members protected by a password", entry["size"])
            case "over":
                self.skip(BlindKind.TRUNCATED, f"{entry['detail']}: {TOO_MUCH}", entry["size"])
            case "link":
                pass
            case _:
                return False
        return True

    def ended(self, entry: dict[str, Any], path: str | None, size: int) -> None:
        """Tell of a member of which only `size` bytes could be had."""
        missing = max(0, entry["size"] - size)
        if entry["status"] == "damaged":
            self.walk.blind(BlindKind.UNREADABLE, path, "damaged or cut short", missing)
        elif entry["status"] == "cut":
            self.walk.blind(BlindKind.TRUNCATED, path, TOO_MUCH, missing)

    def skip(self, why: BlindKind, detail: str, size: int) -> None:
        count, total = self.skipped.get((why, detail), (0, 0))
        self.skipped[why, detail] = count + 1, total + max(0, size)

    def told(self) -> None:
        """The blind spots that were counted."""
        for (why, detail), (count, size) in self.skipped.items():
            self.walk.blind(why, self.parent, detail, size, count)


def _office(walk: Unfolding, data: Data, member: str | None, found: Format, depth: int) -> Iterator[None]:
    """The parts of an office document, its body first."""
    members = _Members(walk, data, member, "zip", office.skipped(found.detail))
    opening = _Opening(walk, data, member, found, depth, {})
    parts: list[tuple[dict[str, Any], bytes]] = []
    held = 0
    for entry, body in members:
        if entry["name"] == office.MANIFEST and b"encryption-data" in body:
            walk.blind(BlindKind.ENCRYPTED, member, "protected by a password", len(data))
            return
        if office.is_furniture(entry["name"]) or opening.passed_over(entry):
            continue
        if held >= walk.limits.whole_bytes:
            opening.skip(BlindKind.TRUNCATED, TOO_LARGE, entry["size"])
            continue
        whole = _gathered(body, members, walk.limits.whole_bytes - held)
        held += len(whole)
        if entry["status"] == "more":
            entry["status"] = "cut"
        parts.append((entry, whole))
    opening.told()
    _told_of_end(walk, data, member, "zip", members.report)
    if found.detail == "zip" and (lacking := office_bodies.lacking(parts)):
        walk.blind(BlindKind.UNREADABLE, member, "a document that lacks its own text, slides or pages", 0, lacking)
    parts.sort(key=lambda pair: (not office.main_part(pair[0]["name"]), office.is_properties(pair[0]["name"])))
    parts.reverse()
    while parts:  # each is let go before the next is opened
        entry, body = parts.pop()
        path = joined(member, entry["name"])
        opening.ended(entry, path, len(body))
        if walk.late():
            walk.blind(BlindKind.TRUNCATED, path, "no time left", len(body))
        else:
            yield from _part(walk, entry["name"], body, member, path, depth)
            yield from walk.breath()


def _part(walk: Unfolding, name: str, data: bytes, parent: str | None, path: str | None, depth: int) -> Iterator[None]:
    """One part of an office document."""
    if not data:
        return
    if office.is_markup(name):
        read = office.properties if office.is_properties(name) else office.part
        pieces, whole = read(data, parent if office.main_part(name) else path)
        walk.add(*pieces)
        if not whole:
            walk.blind(BlindKind.UNREADABLE, path, "XML that is damaged or uses entities", len(data))
    else:
        yield from walk.open(data, path, "", name, None, depth + 1)


def _inner_name(name: str, plain: bool, outer: str) -> str:
    """What a compressed file without a name of its own is called: `list.csv.gz` holds `list.csv`."""
    return outer.rpartition(".")[0] if plain else name
