"""Archives, and office documents that are archives of XML parts."""

from __future__ import annotations

from typing import Any

from tongguan.identify.extract import office, pictures
from tongguan.identify.extract.isolated.media import IMAGE
from tongguan.identify.extract.sniff import Format
from tongguan.identify.extract.unfolding import TOO_MUCH, Unfolding, joined
from tongguan.model import BlindKind

__all__ = ["archive"]

_EMPTY = 100  # bytes that an archive of nothing may have
_TAR_END = bytes(1024)
_ZIP_END = 22 + (1 << 16)  # the end record and the longest comment
_Skipped = dict[tuple[BlindKind, str], list[int]]  # sizes of members that were passed over, by why


def archive(walk: Unfolding, data: bytes, member: str | None, found: Format, depth: int) -> None:
    """Open the members of an archive (`found.detail` names it) or the parts of an office document."""
    office_file = found.family == "office"
    kind = "zip" if office_file else found.detail
    skip = office.skipped(found.detail) if office_file else ""
    report, blobs = walk.ask("archive", data, member, kind=kind, skip=skip, images=pictures.reads(walk))
    skipped: _Skipped = {}
    entries = list(zip(report.get("members", ()), blobs, strict=False))
    blobs.clear()
    walk.members_left -= len(entries)
    walk.bytes_left -= sum(len(blob) for _, blob in entries)
    if report["end"] == "ok" and not report["seen"] and len(data) > _EMPTY:
        walk.blind(BlindKind.UNREADABLE, member, "an archive in which nothing could be found", len(data))
    if kind == "zip" and report["end"] == "ok" and b"PK\x05\x06" not in data[-_ZIP_END:]:
        walk.blind(BlindKind.UNREADABLE, member, "cut short: the archive's directory is missing", 0)
    if kind == "tar" and report["end"] == "ok" and not data.endswith(_TAR_END):
        walk.blind(BlindKind.UNREADABLE, member, "cut short: the archive's end is missing", 0)
    if office_file:
        if any(entry["name"] == office.MANIFEST and b"encryption-data" in blob for entry, blob in entries):
            walk.blind(BlindKind.ENCRYPTED, member, "protected by a password", len(data))
            return
        entries.sort(key=lambda pair: (not office.main_part(pair[0]["name"]), office.is_properties(pair[0]["name"])))
    entries.reverse()
    while entries:  # each is let go before the next is opened
        entry, blob = entries.pop()
        body = bytes(blob)
        del blob
        _member(walk, entry, body, data, member, found, depth, skipped)
    for (why, detail), sizes in skipped.items():
        walk.blind(why, member, detail, sum(sizes), len(sizes))


def _member(
    walk: Unfolding,
    entry: dict[str, Any],
    data: bytes,
    outer: bytes,
    parent: str | None,
    found: Format,
    depth: int,
    skipped: _Skipped,
) -> None:
    """One member. Kinds of blind spots that come in crowds are counted per archive in `skipped`."""
    name, status = entry["name"], entry["status"]
    plain = found.detail == "compressed" and name in ("data", "")
    path = parent if plain else joined(parent, name)
    if found.family == "office" and office.is_furniture(name):
        return
    match status:
        case "media":
            detail = pictures.unread(walk, "image") if entry["detail"] == IMAGE else entry["detail"]
            skipped.setdefault((BlindKind.UNSUPPORTED, detail), []).append(entry["size"])
            return
        case "encrypted":
            skipped.setdefault((BlindKind.ENCRYPTED, "members protected by a password"), []).append(entry["size"])
            return
        case "over":
            skipped.setdefault((BlindKind.TRUNCATED, f"{entry['detail']}: {TOO_MUCH}"), []).append(entry["size"])
            return
        case "link":
            return
        case "ok" if plain and data == outer:
            walk.blind(BlindKind.UNREADABLE, path, "damaged or cut short", len(data))
            return
        case "damaged":
            walk.blind(BlindKind.UNREADABLE, path, "damaged or cut short", max(0, entry["size"] - len(data)))
        case "cut":
            walk.blind(BlindKind.TRUNCATED, path, TOO_MUCH, max(0, entry["size"] - len(data)))
    if walk.late():
        skipped.setdefault((BlindKind.TRUNCATED, "no time left"), []).append(len(data))
    elif found.family == "office":
        _part(walk, name, data, parent, path, depth)
    else:
        walk.open(data, path, "", _inner_name(name, plain, walk.name if parent is None else parent), None, depth + 1)


def _part(walk: Unfolding, name: str, data: bytes, parent: str | None, path: str | None, depth: int) -> None:
    """One part of an office document."""
    if not data:
        return
    if office.is_markup(name):
        read = office.properties if office.is_properties(name) else office.part
        pieces, whole = read(data, parent if office.main_part(name) else path)
        walk.pieces.extend(pieces)
        if not whole:
            walk.blind(BlindKind.UNREADABLE, path, "XML that is damaged or uses entities", len(data))
    else:
        walk.open(data, path, "", name, None, depth + 1)


def _inner_name(name: str, plain: bool, outer: str) -> str:
    """What a compressed file without a name of its own is called: `list.csv.gz` holds `list.csv`."""
    return outer.rpartition(".")[0] if plain else name
