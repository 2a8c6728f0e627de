"""A writer of compound files ([MS-CFB]), for messages and packaged objects, which no free Python library writes."""

from __future__ import annotations

import struct
from collections.abc import Mapping

SECTOR, MINI, CUTOFF = 512, 64, 4096
FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
Tree = Mapping[str, "bytes | Tree"]


def chained(bodies: list[bytes], unit: int) -> tuple[list[int], list[int], bytes]:
    """Where bodies start, the table of the sectors of `unit` bytes that follow each other, and their bytes."""
    table: list[int] = []
    starts: list[int] = []
    content = b""
    for body in bodies:
        count = -(-len(body) // unit)
        starts.append(len(table) if count else END)
        table += [*range(len(table) + 1, len(table) + count), END] if count else []
        content += body.ljust(count * unit, b"\0")
    return starts, table, content


def compound(tree: Tree) -> bytes:
    """Streams by name; a mapping is a storage."""
    entries: list[list] = [["Root Entry", 5, FREE, FREE, b""]]

    def add(name: str, node: bytes | Tree) -> int:
        index = len(entries)
        entries.append(
            [name, 2 if isinstance(node, bytes) else 1, FREE, FREE, node if isinstance(node, bytes) else b""]
        )
        if not isinstance(node, bytes):
            entries[index][3] = children(node)
        return index

    def children(node: Tree) -> int:
        """Siblings hang on one another's right side, in the order that the format asks for."""
        first = FREE
        for name in sorted(node, key=lambda n: (len(n), n.upper()), reverse=True):
            index = add(name, node[name])
            entries[index][2], first = first, index
        return first

    entries[0][3] = children(tree)
    small = [entry for entry in entries if entry[1] == 2 and len(entry[4]) < CUTOFF]
    large = [entry for entry in entries if entry[1] == 2 and len(entry[4]) >= CUTOFF]
    mini_starts, mini_table, mini_stream = chained([entry[4] for entry in small], MINI)
    begins = dict(zip(map(id, small), mini_starts, strict=True))
    mini_fat = struct.pack(f"<{len(mini_table)}I", *mini_table)
    mini_fat += b"\xff" * (-len(mini_fat) % SECTOR)
    directory = bytes(-(-len(entries) * 128 // SECTOR) * SECTOR)  # its place; it is written once all starts are known
    starts, table, content = chained([*(entry[4] for entry in large), mini_stream, mini_fat, directory], SECTOR)
    begins |= dict(zip(map(id, large), starts, strict=False))
    entries[0][4] = mini_stream
    begins[id(entries[0])] = starts[-3]
    written = b""
    for entry in entries:
        raw = entry[0].encode("utf-16-le")
        written += raw.ljust(64, b"\0") + struct.pack("<HBBIII", len(raw) + 2, entry[1], 1, FREE, entry[2], entry[3])
        written += bytes(36) + struct.pack("<IQ", begins.get(id(entry), 0), len(entry[4]))
    content = content[: -len(directory)] + written.ljust(len(directory), b"\0")
    fat = 1
    while len(table) + fat > fat * SECTOR // 4:
        fat += 1
    places = [*range(len(table), len(table) + fat)] + [FREE] * (109 - fat)
    table += [FAT] * fat
    table += [FREE] * (fat * SECTOR // 4 - len(table))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    counts = (0, fat, starts[-1], 0, CUTOFF, starts[-2], len(mini_fat) // SECTOR, END, 0)
    return header + struct.pack("<9I109I", *counts, *places) + content + struct.pack(f"<{len(table)}I", *table)


def text(value: str) -> bytes:
    return value.encode("utf-16-le")


def outlook_message(body: str, attachment: tuple[str, bytes]) -> bytes:
    """A message with a recipient, a named property, an attachment, and a message attached."""
    fixed = {"__properties_version1.0": bytes(32)}
    name, data = attachment
    inner: Tree = {**fixed, "__substg1.0_0037001F": text("内层主题"), "__substg1.0_1000001F": text("内层正文 MKINNER")}
    return compound(
        {
            **fixed,
            "__substg1.0_0037001F": text("主题 MKSUBJECT"),
            "__substg1.0_1000001F": text(body),
            "__substg1.0_0C1A001F": text("MKSENDER"),
            "__substg1.0_8005001F": text("MKNAMED"),
            "__nameid_version1.0": {"__substg1.0_00020102": bytes(16)},
            "__recip_version1.0_#00000000": {
                "__properties_version1.0": bytes(8),
                "__substg1.0_3001001F": text("MKRECIPIENT"),
                "__substg1.0_39FE001F": text("li@example.com"),
            },
            "__attach_version1.0_#00000000": {
                "__properties_version1.0": bytes(8),
                "__substg1.0_3707001F": text(name),
                "__substg1.0_37010102": data,
            },
            "__attach_version1.0_#00000001": {
                "__properties_version1.0": bytes(8),
                "__substg1.0_3001001F": text("内层"),
                "__substg1.0_3701000D": inner,
            },
        }
    )


def packaged(name: str, data: bytes) -> bytes:
    """An OLE object that holds a file as it was."""
    label = name.encode("gb18030") + b"\0"
    path = b"C:\\Users\\MKUSER\\" + label
    native = b"\2\0" + label + path + bytes(4)[:2] + b"\3\0" + struct.pack("<I", len(path)) + path
    native += struct.pack("<I", len(data)) + data
    return compound({"\x01CompObj": bytes(64), "\x01Ole10Native": struct.pack("<I", len(native)) + native})
