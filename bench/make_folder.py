"""A folder as offices keep them, for `bench_scan.py`: made up, from a fixed seed.

    python bench/make_folder.py FOLDER [--size MEGABYTES] [--seed SEED]

By bytes: 34 % logs and plain text, 20 % CSV (a tenth of it gzipped), 10 % JSON lines, 10 % source code (of the Python
that runs this), 10 % archives (zip, tar.gz) of logs and code, 6 % workbooks, 5 % Parquet, 3 % documents (docx), 2 %
PDF. One line in a hundred holds personal data; one CSV table in twenty holds some in every row, workbooks and Parquet
files in one row in twenty. Sizes of files are log-normal around 300 kB, up to 512 MB.
"""

from __future__ import annotations

import argparse
import gzip
import io
import random
import sysconfig
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
from bench_identify import lines
from faker import Faker
from reportlab.pdfgen.canvas import Canvas

BLOCK = 12 << 20
PERSONAL = 1 / 20  # of tables
SHARES = {
    "text": 34, "csv": 18, "csv.gz": 2, "jsonl": 10, "code": 10, "zip": 5, "tar.gz": 5, "xlsx": 6, "parquet": 5,
    "docx": 3, "pdf": 2,
}  # fmt: skip
HEADER = "编号,姓名,手机号,身份证号,开户行,金额,备注,时间\n"
PLAIN_HEADER = "sku,warehouse,quantity,price,batch,title,checked,updated\n"


class Maker:
    """Makes the bytes of files, of about a size, by kind."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.fake = Faker("zh_CN")
        self.fake.seed_instance(seed)
        self.text = lines(0.01, BLOCK, seed).encode()
        self.code = b"\n".join(path.read_bytes() for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")))
        people = [self._person() for _ in range(6_000)]
        goods = [self._good(n) for n in range(20_000)]
        self.rows = {True: ("".join(people)).encode(), False: ("".join(goods)).encode()}
        self.people = [row.rstrip("\n").split(",") for row in people]
        self.json = "\n".join(self._object(n) for n in range(20_000)).encode()

    def make(self, kind: str, size: int) -> bytes:
        makers: dict[str, Callable[[int], bytes]] = {
            "text": lambda size: self._part(self.text, size), "code": lambda size: self._part(self.code, size),
            "csv": self._csv, "csv.gz": lambda size: gzip.compress(self._csv(3 * size), 6),
            "jsonl": lambda size: self._part(self.json, size), "zip": self._zip, "tar.gz": self._tar,
            "xlsx": self._xlsx, "parquet": self._parquet, "docx": self._docx, "pdf": self._pdf,
        }  # fmt: skip
        return makers[kind](size)

    def _part(self, block: bytes, size: int) -> bytes:
        """Whole lines, from a place drawn by chance."""
        block = block if block.endswith(b"\n") else block + b"\n"
        parts, left = [], size
        while left > 0:
            start = block.find(b"\n", self.chance.randrange(len(block) // 2)) + 1
            parts.append(block[start : block.find(b"\n", min(start + left, len(block) - 1)) + 1])
            left -= len(parts[-1])
        return b"".join(parts)

    def _csv(self, size: int) -> bytes:
        personal = self.chance.random() < PERSONAL
        return (HEADER if personal else PLAIN_HEADER).encode() + self._part(self.rows[personal], size)

    def _zip(self, size: int) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for n in range(5):
                archive.writestr(f"logs/{n}.log", self._part(self.text, size * 3 // 5))
        return out.getvalue()

    def _tar(self, size: int) -> bytes:
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w:gz", compresslevel=1) as archive:
            for n in range(5):
                data = self._part(self.code, size * 3 // 5)
                about = tarfile.TarInfo(f"src/{n}.py")
                about.size = len(data)
                archive.addfile(about, io.BytesIO(data))
        return out.getvalue()

    def _xlsx(self, size: int) -> bytes:
        book = openpyxl.Workbook(write_only=True)
        sheet = book.create_sheet("客户")
        sheet.append(HEADER.strip().split(","))
        for _ in range(min(size, 1_500_000) // 60):
            sheet.append(self._row())
        out = io.BytesIO()
        book.save(out)
        return out.getvalue()

    def _parquet(self, size: int) -> bytes:
        rows = [self._row() for _ in range(max(100, size // 60))]
        names = HEADER.strip().split(",")
        out = io.BytesIO()
        pq.write_table(pa.table({name: [row[n] for row in rows] for n, name in enumerate(names)}), out)
        return out.getvalue()

    def _row(self) -> list[str]:
        """A person, or mostly the same without what tells who it is."""
        row = self.chance.choice(self.people)
        return row if self.chance.random() < PERSONAL else [row[0], "", "", "", *row[4:]]

    def _docx(self, size: int) -> bytes:
        document = docx.Document()
        for line in self._part(self.text, min(size, 300_000)).decode("utf-8", "replace").splitlines():
            document.add_paragraph("".join(c for c in line if c.isprintable()))
        out = io.BytesIO()
        document.save(out)
        return out.getvalue()

    def _pdf(self, size: int) -> bytes:
        out = io.BytesIO()
        canvas = Canvas(out, pageCompression=1)
        for page in range(max(1, min(size, 1_000_000) // 4_000)):
            for n in range(40):
                number = self.chance.randrange(10**10)
                mail = f"user{number % 9973}@example.com" if self.chance.random() < 0.01 else f"order {number:010}"
                canvas.drawString(40, 800 - 18 * n, f"page {page} line {n}: {mail} checked and filed")
            canvas.showPage()
        canvas.save()
        return out.getvalue()

    def _person(self) -> str:
        fake, chance = self.fake, self.chance
        return (
            f"{chance.randrange(10**8)},{fake.name()},{fake.phone_number()},{fake.ssn()},中国银行,"
            f"{chance.random() * 9999:.2f},{fake.word()},2026-0{chance.randrange(1, 10)}-1{chance.randrange(10)}\n"
        )

    def _good(self, n: int) -> str:
        chance = self.chance
        return (
            f"{chance.randrange(10**8)},W{chance.randrange(30)},{chance.randrange(999)},{chance.random() * 99:.2f},"
            f"B{n:07},item {chance.randrange(999)},yes,2026-03-05 10:22:{chance.randrange(60):02}\n"
        )

    def _object(self, n: int) -> str:
        chance = self.chance
        who = f', "mobile": "{self.fake.phone_number()}"' if chance.random() < 0.01 else ""
        return (
            f'{{"id": {n}, "sku": "{chance.randrange(10**8)}", "price": {chance.random() * 100:.2f},'
            f' "state": "done", "ts": {1_700_000_000_000 + chance.randrange(10**10)}{who}}}'
        )


def make(folder: Path, size: int, seed: int) -> int:
    """Fill a folder with about `size` bytes; the number of files."""
    maker, chance = Maker(seed), random.Random(seed + 1)
    left = {kind: size * share // 100 for kind, share in SHARES.items()}
    count = 0
    ready: dict[str, list[bytes]] = {}  # kinds that take long to make: some, laid down many times
    while any(rest > 0 for rest in left.values()):
        for kind in [kind for kind, rest in left.items() if rest > 0]:
            wanted = min(512 << 20, max(2_000, int(chance.lognormvariate(12.6, 2.0))), max(left[kind], 2_000))
            if kind in ("xlsx", "docx", "pdf", "parquet"):
                some = ready.setdefault(kind, [])
                if len(some) < 12:
                    some.append(maker.make(kind, min(wanted, 20 << 20)))
                data = chance.choice(some)
            else:
                data = maker.make(kind, min(wanted, 100 << 20) if "z" in kind else wanted)
            suffix = chance.choice(("log", "txt", "md")) if kind == "text" else {"code": "py"}.get(kind, kind)
            place = folder / f"d{count % 37:02}" / f"e{count % 11:02}" / f"{kind.replace('.', '-')}-{count:06}.{suffix}"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
            left[kind] -= len(data)
            count += 1
    return count


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, default=1024, metavar="MEGABYTES")
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    count = make(given.folder, given.size << 20, given.seed)
    print(f"{count:,} files in {given.folder}")


if __name__ == "__main__":
    main()
