"""Large files of made-up persons for `bench_memory.py`: texts, tables, archives, mail. Written in blocks, so quickly.

The first and the last 16 MB hold a person in every record, what lies between in one record of a hundred: memory is that
of the densest stretch, and a gigabyte is passed in minutes.
"""

from __future__ import annotations

import base64
import bz2
import gzip
import lzma
import sqlite3
import struct
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

__all__ = ["FILES", "MB", "NAMES", "Block", "Maker", "captured", "people"]

MB = 1 << 20
NAMES = "赵钱孙李周吴郑王冯陈"
Maker = Callable[[Path, int, int], None]  # path, bytes, members
RECORDS = 20_000
DENSE = 16 * MB


def people(first: int = 0) -> Iterator[tuple[str, str, str]]:
    """A name, a phone number and a note, without end."""
    for number in range(first, sys.maxsize):
        yield (
            f"{NAMES[number % 10]}小{NAMES[number // 10 % 10]}",
            str(13800000000 + number * 7919 % 10**8),
            f"订单 {number}",
        )


@dataclass(frozen=True, slots=True)
class Block:
    """About a megabyte of records: all of them persons (`dense`), or one of a hundred (`sparse`)."""

    dense: bytes
    sparse: bytes

    @classmethod
    def of(cls, body: str, encoding: str = "utf-8") -> Block:
        """`body` takes a name, a number and a note."""
        some = list(islice(people(), RECORDS))
        few = [one if n % 100 == 0 else ("物料", f"A{n % 97}", "已入库") for n, one in enumerate(some)]
        return cls(*("".join(body.format(*one) for one in each).encode(encoding) for each in (some, few)))

    def changed(self, by: Callable[[bytes], bytes]) -> Block:
        return Block(by(self.dense), by(self.sparse))

    def to(self, size: int) -> Iterator[bytes]:
        """Blocks of `size` bytes altogether, or a little more."""
        done = 0
        while done < size:
            yield (block := self.dense if min(done, size - done) < DENSE else self.sparse)
            done += len(block)


def filled(path: Path, size: int, head: bytes, blocks: Block, tail: bytes = b"") -> None:
    with path.open("wb") as file:
        file.write(head)
        file.writelines(blocks.to(size))
        file.write(tail)


def text(head: str, body: str, tail: str = "", encoding: str = "utf-8") -> Maker:
    return lambda path, size, _: filled(
        path, size, head.encode(encoding), Block.of(body, encoding), tail.encode(encoding)
    )


HEADER, ROW = b"name,phone,note\n", "{},{},{}\n"


def deep(path: Path, size: int, _: int) -> None:
    """Arrays in arrays, never closed, then closed: half a file each."""
    with path.open("wb") as file:
        for sign in (b"[", b"]"):
            file.writelines(sign * MB for _ in range(size // 2 // MB))


def tar(path: Path, _: int, members: int) -> None:
    info = tarfile.TarInfo("a.txt")
    body = "张三 13800138000".encode()
    info.size = len(body)
    one = info.tobuf(tarfile.USTAR_FORMAT) + body.ljust(512, b"\0")
    with path.open("wb") as file:
        file.writelines(one * 1000 for _ in range(members // 1000))
        file.write(bytes(1024))


def zipped(path: Path, _: int, members: int) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for number in range(members):
            archive.writestr(zipfile.ZipInfo(f"{number}.txt"), "张三 13800138000")


def seven(path: Path, _: int, members: int) -> None:
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        names = Path(folder, "in")
        names.mkdir()
        for number in range(members // 10):
            Path(names, f"{number}.txt").write_text("张三 13800138000", encoding="utf-8")
        subprocess.run(["7z", "a", "-mx=1", str(path), str(names)], stdout=subprocess.DEVNULL, check=True)


def overlapping(path: Path, _: int, members: int) -> None:
    """A directory of many members that all are the same 10 MB of zeros, packed once."""
    body = zlib.compressobj(9, wbits=-15)
    packed = body.compress(bytes(10 * MB)) + body.flush()
    sizes = struct.pack("<III", zlib.crc32(bytes(10 * MB)), len(packed), 10 * MB)
    local = struct.pack("<IHHHHH", 0x04034B50, 20, 0, 8, 0, 33) + sizes + struct.pack("<HH", 5, 0) + b"a.txt"
    entry = struct.pack("<IHHHHHH", 0x02014B50, 20, 20, 0, 8, 0, 33) + sizes
    entry += struct.pack("<HHHHHII", 5, 0, 0, 0, 0, 0, 0) + b"a.txt"
    count = min(members, 65_000)
    directory = entry * count
    end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, count, count, len(directory), len(local) + len(packed), 0)
    path.write_bytes(local + packed + directory + end)


def packed_zip(path: Path, size: int, _: int) -> None:
    """One CSV of `size` in a ZIP."""
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("a.csv", "w", force_zip64=True) as member,
    ):
        member.write(HEADER)
        member.writelines(Block.of(ROW).to(size))


def packed_seven(path: Path, size: int, _: int) -> None:
    plain = path.with_name("a.csv")
    filled(plain, size, HEADER, Block.of(ROW))
    subprocess.run(["7z", "a", "-mx=1", str(path), str(plain)], stdout=subprocess.DEVNULL, check=True)
    plain.unlink()


def packed_tar(path: Path, size: int, _: int) -> None:
    """One CSV of `size` in a TAR."""
    with tarfile.open(path, "w") as archive, tempfile.NamedTemporaryFile(dir=path.parent) as plain:
        filled(Path(plain.name), size, HEADER, Block.of(ROW))
        archive.add(plain.name, "a.csv")


def streams(pack: Callable[[bytes], bytes]) -> Maker:
    """A CSV of `size` as packed streams one behind the other."""

    def make(path: Path, size: int, _: int) -> None:
        rows = Block.of(ROW)
        ready = {block: pack(block) for block in (rows.dense, rows.sparse)}
        with path.open("wb") as file:
            file.write(pack(HEADER))
            file.writelines(map(ready.__getitem__, rows.to(size)))

    return make


def zeros(path: Path, size: int, _: int) -> None:
    one = gzip.compress(bytes(64 * MB), 1)
    with path.open("wb") as file:
        file.writelines(one for _ in range(5 * size // (64 * MB)))


def database(path: Path, size: int, _: int) -> None:
    with sqlite3.connect(path) as store:
        store.execute("pragma journal_mode=off")
        store.execute("create table member (name text, phone text, note text)")
        dense = list(islice(people(), RECORDS))
        sparse = [one if n % 100 == 0 else ("物料", f"A{n % 97}", "已入库" * 100) for n, one in enumerate(dense)]
        done = 0
        while (done := path.stat().st_size) < size:
            many = dense if min(done, size - done) < DENSE else sparse
            store.executemany("insert into member values (?,?,?)", many)
            store.commit()
    store.close()


def columnar(kind: str, groups: int) -> Maker:
    """A table of pyarrow in `groups` row groups, stripes or batches, unpacked."""

    def make(path: Path, size: int, _: int) -> None:
        import pyarrow as pa
        import pyarrow.ipc as ipc
        import pyarrow.orc as orc
        import pyarrow.parquet as pq

        names = ["name", "phone", "note"]
        persons = list(islice(people(), RECORDS))
        rest = [("物料", f"A{n % 97}", f"{n} 已入库" * 20) for n in range(10 * RECORDS)]
        dense, sparse = (
            pa.table([pa.array(column, pa.large_string()) for column in zip(*some, strict=True)], names)
            for some in (persons, rest)
        )
        whole = pa.concat_tables([dense, *[sparse] * max(1, size // sparse.nbytes), dense]).combine_chunks()
        rows = max(1, -(-len(whole) // groups))
        if kind == "parquet":
            pq.write_table(whole, path, row_group_size=rows, compression="none", use_dictionary=False)
        elif kind == "orc":
            orc.write_table(whole, path, stripe_size=2 * size // groups, compression="uncompressed")
        else:
            with ipc.new_file(path, whole.schema) as out:
                out.write_table(whole, max_chunksize=rows)

    return make


def mail(parts: int) -> Maker:
    """One message whose `parts` attachments fill the file."""

    def make(path: Path, size: int, _: int) -> None:
        lines = Block.of(ROW).changed(lambda rows: base64.encodebytes(rows[: len(rows) // 57 * 57]))  # whole lines
        with path.open("wb") as file:
            file.write(b"From: a@example.com\nTo: b@example.com\nSubject: x\nMIME-Version: 1.0\n")
            file.write(b'Content-Type: multipart/mixed; boundary="b"\n\n')
            for number in range(parts):
                file.write(b"--b\nContent-Type: text/csv\nContent-Transfer-Encoding: base64\n")
                file.write(b'Content-Disposition: attachment; filename="%d.csv"\n\n' % number)
                file.writelines(lines.to(size // parts))
            file.write(b"--b--\n")

    return make


def mailbox(path: Path, size: int, _: int) -> None:
    head = "From a@example.com Mon Nov  9 10:00:00 2026\nFrom: 张三 <a@example.com>\nTo: b@example.com\nSubject: x\n"
    head += "Content-Type: text/csv\nContent-Transfer-Encoding: base64\n\n"
    messages = Block.of(ROW).changed(lambda rows: head.encode() + base64.encodebytes(rows) + b"\n")
    filled(path, size, b"", messages)


PERSON = '{{"name": "{}", "phone": "{}", "note": "{}"}}'
FILES: dict[str, Maker] = {
    "one_line.txt": text("", "{}电话{}。{}"),
    "lines.txt": text("", "{} 电话 {} {}\n"),
    "utf16.txt": text("\ufeff", "{} {} {}\n", encoding="utf-16-le"),
    "gb18030.txt": text("", "{} 电话 {} {}\n", encoding="gb18030"),
    "table.csv": text(HEADER.decode(), ROW),
    "one_line.json": text("[", PERSON + ", ", "0]"),
    "one_string.json": text('{"text": "', "{}电话{}。{}", '"}'),
    "escaped.json": text("[", PERSON.replace("note", "n\\u006fte") + ", ", "0]"),
    "deep.json": deep,
    "lines.jsonl": text("", PERSON + "\n"),
    "elements.xml": text("<r>", "<p><name>{}</name><phone>{}</phone><note>{}</note></p>", "</r>"),
    "one_element.xml": text("<r>", "{}电话{}。{}", "</r>"),
    "page.html": text("<html><body><table>", "<tr><td>{}</td><td>{}</td><td>{}</td></tr>", "</table></body></html>"),
    "dump.sql": text("", "INSERT INTO member VALUES ('{}','{}','{}');\n"),
    "table.tar": packed_tar,
    "table.zip": packed_zip,
    "table.7z": packed_seven,
    "table.csv.gz": streams(lambda block: gzip.compress(block, 1)),
    "table.csv.bz2": streams(lambda block: bz2.compress(block, 1)),
    "table.csv.xz": streams(lambda block: lzma.compress(block, preset=0)),
    "zeros.gz": zeros,
    "members.tar": tar,
    "members.zip": zipped,
    "members.7z": seven,
    "overlapping.zip": overlapping,
    "attachment.eml": mail(1),
    "attachments.eml": mail(20),
    "box.mbox": mailbox,
    "store.sqlite": database,
    "groups.parquet": columnar("parquet", 10),
    "one_group.parquet": columnar("parquet", 1),
    "one_stripe.orc": columnar("orc", 1),
    "one_batch.arrow": columnar("arrow", 1),
}  # fmt: skip


# ---- captures ----------------------------------------------------------------------------------------------------

_SEGMENT = 60_000  # bytes of a packet, as captures on a sending host show them
_ENDS = (bytes((192, 168, 0, 10)), bytes((203, 0, 113, 5)))


class _Capture:
    """One TCP connection in a pcap file."""

    def __init__(self, path: Path, port: int) -> None:
        self._file = path.open("wb", buffering=4 * MB)
        self._file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        self._ports, self._next, self._packets = (40_000, port), [1, 1], 0
        for back, flags in ((0, 2), (1, 18), (0, 16)):
            self._packet(back, flags, b"", -1 if flags & 2 else 0)

    def _packet(self, back: int, flags: int, body: bytes, shift: int = 0) -> None:
        ends, ports = (_ENDS[back], _ENDS[1 - back]), (self._ports[back], self._ports[1 - back])
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 40 + len(body), 0, 0x4000, 64, 6, 0) + b"".join(ends)
        sequence, known = (self._next[back] + shift) % 2**32, self._next[1 - back] % 2**32
        tcp = struct.pack(">HHIIBBHHH", *ports, sequence, known if flags & 16 else 0, 0x50, flags, 65535, 0, 0)
        self._packets += 1
        size = 54 + len(body)
        when = 1_794_200_000 + self._packets // 1000
        self._file.write(struct.pack("<IIII", when, self._packets % 1000 * 1000, size, size))
        self._file.write(b"\2\0\0\0\0\1\2\0\0\0\0\2\x08\0" + ip + tcp + body)

    def send(self, back: int, data: bytes) -> None:
        for at in range(0, len(data), _SEGMENT):
            part = data[at : at + _SEGMENT]
            self._packet(back, 24, part)
            self._next[back] += len(part)

    def close(self) -> None:
        self._packet(0, 17, b"")
        self._file.close()


def captured(file: Path, capture: Path, door: str) -> None:
    """A capture in which `file` leaves: as the body of an HTTP request (`upload`), or attached to a mail (`smtp`)."""
    if door == "upload":
        talk = _Capture(capture, 80)
        head = f"PUT /{file.name} HTTP/1.1\r\nHost: upload.example.com\r\nContent-Length: {file.stat().st_size}\r\n\r\n"
        talk.send(0, head.encode())
        with file.open("rb") as source:
            while block := source.read(MB):
                talk.send(0, block)
        talk.send(1, b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
        talk.close()
        return
    talk = _Capture(capture, 25)
    talk.send(1, b"220 mail.example.com ESMTP\r\n")
    for ask, answer in (("EHLO a.example.com", "250 ok"), ("MAIL FROM:<a@example.com>", "250 ok"),
                        ("RCPT TO:<b@example.com>", "250 ok"), ("DATA", "354 go on")):  # fmt: skip
        talk.send(0, f"{ask}\r\n".encode())
        talk.send(1, f"{answer}\r\n".encode())
    head = "From: a@example.com\r\nTo: b@example.com\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
    head += 'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: application/octet-stream\r\n'
    head += f'Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename="{file.name}"\r\n\r\n'
    talk.send(0, head.encode())
    with file.open("rb") as source:
        while block := source.read(57 * 16384):
            talk.send(0, base64.encodebytes(block).replace(b"\n", b"\r\n"))
    talk.send(0, b"--b--\r\n.\r\n")
    talk.send(1, b"250 queued\r\n")
    talk.send(0, b"QUIT\r\n")
    talk.close()
