"""Memory of the whole process tree for one large file, at each door: `identify`, `inspect` and `scan`.

Files of made-up persons are written in the sizes asked for; the peak is the largest sum of resident memory (pages of
mapped files counted too) over the command and all its children, looked at every 20 ms. Goal: at most 1024 MB.

    python bench/bench_memory.py [--size 1024] [--members 1000000] [--only NAME,…] [--doors identify,inspect,scan]
                                 [--keep DIR]
"""

from __future__ import annotations

import argparse
import base64
import gzip
import io
import json
import os
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

MB = 1 << 20
ORG = Path(__file__).with_name("org.yaml")
GOAL = 1024
NAMES = "赵钱孙李周吴郑王冯陈"
Maker = Callable[[Path, int, int], None]  # path, bytes, members


def people() -> Iterator[tuple[str, str, str]]:
    """A name, a phone number and a note, without end."""
    for number in range(sys.maxsize):
        yield (
            f"{NAMES[number % 10]}小{NAMES[number // 10 % 10]}",
            str(13800000000 + number * 7919 % 10**8),
            f"订单 {number}",
        )


def repeated(path: Path, size: int, head: str, body: str, tail: str, wide: str = "utf-8") -> None:
    """A block of a thousand persons again and again, up to `size` bytes."""
    rows = people()
    block = "".join(body.format(*next(rows)) for _ in range(1000)).encode(wide)
    with path.open("wb") as file:
        file.write(head.encode(wide))
        for _ in range(max(1, size // len(block))):
            file.write(block)
        file.write(tail.encode(wide))


def text(head: str, body: str, tail: str = "", wide: str = "utf-8") -> Maker:
    return lambda path, size, _: repeated(path, size, head, body, tail, wide)


def table_bytes(size: int) -> bytes:
    rows = people()
    block = "".join("{},{},{}\n".format(*next(rows)) for _ in range(1000)).encode()
    return b"name,phone,note\n" + block * (size // len(block))


def workbook(path: Path, size: int, _: int) -> None:
    """Rows until the packed file is as large as asked for; shared strings for the names."""
    shared = "".join(f"<si><t>{a}小{b}</t></si>" for a in NAMES for b in NAMES)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book:
        book.writestr("[Content_Types].xml", CONTENT_TYPES)
        book.writestr("_rels/.rels", RELS.format(kind="officeDocument", target="xl/workbook.xml"))
        book.writestr("xl/_rels/workbook.xml.rels", RELS.format(kind="worksheet", target="worksheets/sheet1.xml"))
        book.writestr("xl/workbook.xml", WORKBOOK)
        book.writestr("xl/sharedStrings.xml", f'<sst xmlns="{MAIN}" count="100" uniqueCount="100">{shared}</sst>')
        with book.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write(f'<worksheet xmlns="{MAIN}"><sheetData>'.encode())
            row = 0
            while path.stat().st_size < size and row < 1_048_000:
                lines = []
                for row in range(row + 1, row + 1001):  # noqa: B020
                    note = base64.b64encode(os.urandom(60)).decode()
                    cells = "".join(f'<c r="{c}{row}"><v>{row * 7919 % 10**8}</v></c>' for c in "DEFGHIJK")
                    lines.append(
                        f'<row r="{row}"><c r="A{row}" t="s"><v>{row % 100}</v></c>'
                        f'<c r="B{row}"><v>{13800000000 + row}</v></c>'
                        f'<c r="C{row}" t="inlineStr"><is><t>{note}</t></is></c>{cells}</row>'
                    )
                sheet.write("".join(lines).encode())
            sheet.write(b"</sheetData></worksheet>")


MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
CONTENT_TYPES = """<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml"
 ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>"""
RELS = f"""<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="rId1" Type="{_OFFICE}/{{kind}}" Target="{{target}}"/></Relationships>"""
WORKBOOK = f"""<workbook xmlns="{MAIN}" xmlns:r="{_OFFICE}">
<sheets><sheet name="a" sheetId="1" r:id="rId1"/></sheets></workbook>"""


def tar(path: Path, _: int, members: int) -> None:
    info = tarfile.TarInfo("a.txt")
    body = "张三 13800138000".encode()
    info.size = len(body)
    one = info.tobuf(tarfile.USTAR_FORMAT) + body.ljust(512, b"\0")
    with path.open("wb") as file:
        for _ in range(members // 1000):
            file.write(one * 1000)
        file.write(bytes(1024))


def zipped(path: Path, _: int, members: int) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for number in range(members):
            archive.writestr(zipfile.ZipInfo(f"{number}.txt"), "张三 13800138000")


def seven(path: Path, _: int, members: int) -> None:
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        names = Path(folder, "in")
        names.mkdir()
        for number in range(members):
            Path(names, f"{number}.txt").write_text("张三 13800138000", encoding="utf-8")
        subprocess.run(["7z", "a", "-mx=1", str(path), str(names)], stdout=subprocess.DEVNULL, check=True)


def packed(path: Path, size: int, _: int) -> None:
    """One CSV of `size` in a ZIP."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("a.csv", table_bytes(size))


def zeros(path: Path, size: int, _: int) -> None:
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(5 * size // MB):
            file.write(bytes(MB))


def log(path: Path, size: int, _: int) -> None:
    block = table_bytes(16 * MB)
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(5 * size // len(block)):
            file.write(block)


def database(path: Path, size: int, _: int) -> None:
    with sqlite3.connect(path) as store:
        store.execute("pragma journal_mode=off")
        store.execute("create table member (name text, phone text, note text)")
        rows = people()
        while path.stat().st_size < size:
            store.executemany(
                "insert into member values (?,?,?)",
                ((n, p, o + "x" * 200) for n, p, o in (next(rows) for _ in range(50_000))),
            )
            store.commit()
    store.close()


def parquet(path: Path, size: int, _: int) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows, schema = people(), pa.schema([("name", pa.string()), ("phone", pa.string()), ("note", pa.string())])
    with pq.ParquetWriter(path, schema, compression="none", use_dictionary=False) as writer:
        while path.stat().st_size < size:
            taken = [next(rows) for _ in range(100_000)]
            writer.write_table(pa.table(list(map(list, zip(*taken, strict=True))), schema))


def mail(path: Path, size: int, _: int) -> None:
    """One message whose attachments, of 50 MB each, fill the file."""
    part = base64.encodebytes(table_bytes(36 * MB))
    with path.open("wb") as file:
        file.write(b"From: a@example.com\nTo: b@example.com\nSubject: x\nMIME-Version: 1.0\n")
        file.write(b'Content-Type: multipart/mixed; boundary="b"\n\n')
        for number in range(max(1, size // len(part))):
            file.write(b"--b\nContent-Type: text/csv\nContent-Transfer-Encoding: base64\n")
            file.write(b'Content-Disposition: attachment; filename="%d.csv"\n\n' % number + part)
        file.write(b"--b--\n")


def mailbox(path: Path, size: int, _: int) -> None:
    head = "From a@example.com Mon Nov  9 10:00:00 2026\nFrom: 张三 <a@example.com>\nTo: b@example.com\nSubject: x\n"
    head += "Content-Type: text/csv\nContent-Transfer-Encoding: base64\n\n"
    one = head.encode() + base64.encodebytes(table_bytes(MB)) + b"\n"
    with path.open("wb") as file:
        for _ in range(size // len(one)):
            file.write(one)


def pdf(path: Path, size: int, _: int) -> None:
    """Pages with a line of text and a photograph that cannot be packed."""
    places: list[int] = []
    with path.open("wb") as out:

        def put(body: bytes) -> None:
            places.append(out.tell())
            out.write(b"%d 0 obj\n" % len(places) + body + b"\nendobj\n")

        out.write(b"%PDF-1.5\n")
        pages = max(1, size // (4 * MB))
        kids = b" ".join(b"%d 0 R" % (4 + 3 * n) for n in range(pages))
        put(b"<</Type/Catalog/Pages 2 0 R>>")
        put(b"<</Type/Pages/Kids[" + kids + b"]/Count %d>>" % pages)
        put(b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>")
        for number in range(pages):
            at = 4 + 3 * number
            put(b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents %d 0 R/Resources<</Font<</F 3 0 R>>"
                b"/XObject<</I %d 0 R>>>>>>" % (at + 1, at + 2))  # fmt: skip
            line = b"BT /F 12 Tf 50 700 Td (Phone 138%08d) Tj ET /I Do" % number
            put(b"<</Length %d>>\nstream\n" % len(line) + line + b"\nendstream")
            body = os.urandom(1200 * 1100 * 3)
            put(b"<</Type/XObject/Subtype/Image/Width 1200/Height 1100/BitsPerComponent 8/ColorSpace/DeviceRGB"
                b"/Length %d>>\nstream\n" % len(body) + body + b"\nendstream")  # fmt: skip
        table = out.tell()
        out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1))
        out.writelines(b"%010d 00000 n \n" % place for place in places)
        out.write(b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(places) + 1, table))


def picture(path: Path, _: int, __: int) -> None:
    """A PNG of 10,000 by 10,000 pixels of one colour: 100 MP in 300 kB."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")

    engine, rows = zlib.compressobj(9), io.BytesIO()
    for _ in range(10_000):
        rows.write(engine.compress(bytes(30_001)))
    rows.write(engine.flush())
    head = (10_000).to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0"
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows.getvalue()) + chunk(b"IEND", b"")
    )


PERSON = '{{"name": "{}", "phone": "{}", "note": "{}"}}, '
FILES: dict[str, Maker] = {
    "line.json": text("[", PERSON, "0]"),
    "escaped.json": text("[", PERSON.replace("note", "n\\u006fte"), "0]"),
    "table.csv": text("name,phone,note\n", "{},{},{}\n"),
    "words.txt": text("", "{}电话{}。{}"),
    "wide.txt": text("\ufeff", "{} {} {}\n", wide="utf-16-le"),
    "line.xml": text("<r>", "<p><name>{}</name><phone>{}</phone><note>{}</note></p>", "</r>"),
    "line.html": text("<html><body><table>", "<tr><td>{}</td><td>{}</td><td>{}</td></tr>", "</table></body></html>"),
    "dump.sql": text("", "INSERT INTO member VALUES ('{}','{}','{}');\n"),
    "book.xlsx": lambda path, size, members: workbook(path, size // 5, members),
    "members.tar": tar,
    "members.zip": zipped,
    "members.7z": lambda path, size, members: seven(path, size, members // 10),
    "table.zip": packed,
    "zeros.gz": zeros,
    "table.csv.gz": log,
    "store.sqlite": database,
    "table.parquet": parquet,
    "message.eml": mail,
    "box.mbox": mailbox,
    "photographs.pdf": lambda path, size, members: pdf(path, 2 * size, members),
    "vast.png": picture,
}  # fmt: skip


def resident(pid: int) -> int:
    """Bytes in memory of a process and of all its descendants."""
    total = 0
    try:
        fields = Path(f"/proc/{pid}/statm").read_text().split()
        total = int(fields[1]) * os.sysconf("SC_PAGE_SIZE")
        for task in Path(f"/proc/{pid}/task").iterdir():
            total += sum(map(resident, map(int, (task / "children").read_text().split())))
    except (OSError, IndexError):  # it ended meanwhile
        pass
    return total


def command(door: str, file: Path, out: Path) -> list[str]:
    tongguan = str(Path(sys.executable).with_name("tongguan"))
    match door:
        case "identify":
            return [tongguan, "identify", "--json", str(file)]
        case "inspect":
            return [tongguan, "inspect", str(file), "--org", str(ORG), "--out", str(out / "inspected")]
        case _:
            return [tongguan, "scan", str(file), "--out", str(out / "catalogue"), "--json"]


def measured(door: str, file: Path, folder: Path) -> tuple[int, float, int, str]:
    """Peak in bytes, seconds, lines of the answer, and what is told not to have been seen."""
    with tempfile.TemporaryDirectory(dir=folder) as out:
        home = {**os.environ, "TONGGUAN_HOME": str(Path(out, "home"))}
        answer = Path(out, "answer")
        started = time.monotonic()
        with answer.open("wb") as sink:
            process = subprocess.Popen(command(door, file, Path(out)), stdout=sink, stderr=subprocess.STDOUT, env=home)
            peak = 0
            while process.poll() is None:
                peak = max(peak, resident(process.pid))
                time.sleep(0.02)
        seconds = time.monotonic() - started
        lines, blind = 0, ""
        with answer.open(encoding="utf-8", errors="replace") as told:
            for lines, line in enumerate(told, 1):  # noqa: B007
                if "blind_spot" in line and door == "identify":
                    spot = json.loads(line)
                    blind = f"{spot['detail']} ({spot['size'] / MB:.0f} MB, {spot['count']})"
        if process.returncode not in (0, 1):
            blind = f"exit {process.returncode}"
        return peak, seconds, lines, blind


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=1024, help="megabytes of a file; of some a share or a multiple")
    parser.add_argument("--members", type=int, default=1_000_000, help="members of an archive")
    parser.add_argument("--only", default="", help="names of files, with commas between")
    parser.add_argument("--doors", default="identify")
    parser.add_argument("--keep", type=Path, help="a folder in which the files stay for another run")
    given = parser.parse_args()
    print("| file | MB | door | peak MB | s | lines | last blind spot |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as place:
        folder = given.keep or Path(place)
        folder.mkdir(parents=True, exist_ok=True)
        for name in given.only.split(",") if given.only else FILES:
            file = folder / name
            if not file.exists():
                FILES[name](file, given.size * MB, given.members)
            for door in given.doors.split(","):
                peak, seconds, lines, blind = measured(door, file, folder)
                mark = "" if peak <= GOAL * MB else " **over**"
                size = file.stat().st_size / MB
                print(
                    f"| {name} | {size:.0f} | {door} | {peak / MB:.0f}{mark} | {seconds:.0f} | {lines} | {blind} |",
                    flush=True,
                )
            if given.keep is None:
                file.unlink()


if __name__ == "__main__":
    main()
