"""Text in pictures: what share of ID numbers and names is read right, and at what cost. Peer: tesseract, in one run.

Cards and letters of made-up persons (Faker, fixed seed) are drawn, then made worse in the ways of scanners and phones.
Ours is the whole way from a file to its text (`identify.extract`, the process of the parsers included); the peer is
`tesseract -l chi_sim --psm 3` on the same picture (scanned PDFs: drawn at 200 dpi by pdftoppm). Spaces do not count.

    python bench/bench_extract.py [--cards 12] [--letters 3]

Needs the extra `ocr`, and of Debian fonts-noto-cjk, tesseract-ocr, tesseract-ocr-chi-sim, poppler-utils.
"""

from __future__ import annotations

import argparse
import io
import random
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from faker import Faker
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from tongguan.identify.extract import Limits, extract, worker
from tongguan.model import Content

FONT = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"
LIMITS = Limits(seconds=600)


@dataclass(frozen=True)
class Sheet:
    """A picture with the names and the ID numbers on it."""

    picture: Image.Image
    names: tuple[str, ...]
    numbers: tuple[str, ...]


def card(fake: Faker) -> Sheet:
    name, number = fake.name(), fake.ssn()
    picture = Image.new("RGB", (856, 540), (226, 238, 240))
    draw = ImageDraw.Draw(picture)
    for at in range(0, 856, 14):  # the guilloche of a real card, roughly
        draw.line([(at, 0), (856 - at, 540)], fill=(206, 224, 228))
    font = ImageFont.truetype(FONT, 30)
    lines = [f"姓名  {name}", "性别  女   民族  汉", f"出生  {number[6:10]} 年 {number[10:12]} 月 {number[12:14]} 日"]
    lines += ["住址  " + fake.address().split(" ")[0], f"公民身份号码  {number}"]
    for row, line in enumerate(lines):
        draw.text((50, 50 + 88 * row), line, font=font, fill=(30, 30, 30))
    return Sheet(picture, (name,), (number,))


def letter(fake: Faker) -> Sheet:
    """A page of A4 at 200 dpi with text of 12 points in which four persons are named."""
    people = [(fake.name(), fake.ssn()) for _ in range(4)]
    picture = Image.new("RGB", (1654, 2339), "white")
    draw, font = ImageDraw.Draw(picture), ImageFont.truetype(FONT, 33)
    lines = ["关于办理员工出境手续的情况说明", ""]
    for name, number in people:
        lines += [
            f"兹证明我公司员工{name}（身份证号：{number}）",
            "自2019年起在职，因业务需要出差，请予办理。",
            fake.address().split(" ")[0],
            "",
        ]
    for row, line in enumerate(lines):
        draw.text((180, 220 + 62 * row), line, font=font, fill=(20, 20, 20))
    return Sheet(picture, tuple(n for n, _ in people), tuple(n for _, n in people))


def noisy(picture: Image.Image) -> Image.Image:
    grain = np.random.default_rng(7).normal(0, 22, (picture.height, picture.width, 1))
    grainy = np.clip(np.asarray(picture, dtype=np.float64) + grain, 0, 255).astype(np.uint8)
    return Image.fromarray(grainy)


def jpeg(picture: Image.Image) -> Image.Image:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=25)
    return Image.open(buffer).convert("RGB")


def turned(degrees: float) -> Callable[[Image.Image], Image.Image]:
    return lambda picture: picture.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=(255, 255, 255))


def smaller(share: float) -> Callable[[Image.Image], Image.Image]:
    return lambda picture: picture.resize(
        (int(picture.width * share), int(picture.height * share)), Image.Resampling.LANCZOS
    )


def phone(picture: Image.Image) -> Image.Image:
    return jpeg(noisy(turned(4)(smaller(0.7)(picture)).filter(ImageFilter.GaussianBlur(0.8))))


WAYS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "clean": lambda picture: picture,
    "noise": noisy,
    "JPEG 25": jpeg,
    "turned 3°": turned(3),
    "turned 15°": turned(15),
    "turned 90°": turned(90),
    "turned 180°": turned(180),
    "half size": smaller(0.5),
    "third size": smaller(1 / 3),
    "phone": phone,
}


def ours(name: str, data: bytes) -> tuple[str, float]:
    """Text and CPU seconds, those of the parsers' process too."""

    def spent() -> float:
        ticks = 0.0
        for one in worker._workers.values():
            if one._process:
                fields = Path(f"/proc/{one._process.pid}/stat").read_text().rsplit(")", 1)[1].split()
                ticks += (int(fields[11]) + int(fields[12])) / 100
        return ticks + time.process_time()

    before = spent()
    found = extract(Content(name, "", len(data), data), LIMITS)
    return "\n".join(piece.text for piece in found.pieces), spent() - before


def theirs(files: list[Path]) -> tuple[str, float]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    texts = [
        subprocess.run(
            ["tesseract", str(file), "-", "-l", "chi_sim", "--psm", "3"],
            capture_output=True, check=True, env={"OMP_THREAD_LIMIT": "1", "PATH": "/usr/bin:/bin"},
        ).stdout.decode()
        for file in files
    ]  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return "\n".join(texts), after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def hits(text: str, wanted: tuple[str, ...]) -> int:
    flat = "".join(text.split())
    return sum(value in flat for value in wanted)


def cases(
    cards: list[Sheet], letters: list[Sheet], folder: Path
) -> Iterator[tuple[str, list[tuple[Sheet, str, bytes]]]]:
    for way, change in WAYS.items():
        made = []
        for sheet in cards:
            buffer = io.BytesIO()
            change(sheet.picture).save(buffer, "PNG")
            made.append((sheet, "a.png", buffer.getvalue()))
        yield f"card, {way}", made
    for way in ("clean", "noise", "phone"):
        made = []
        for sheet in letters:
            buffer = io.BytesIO()
            WAYS[way](sheet.picture).save(buffer, "PDF", resolution=200 * (0.7 if way == "phone" else 1), quality=60)
            made.append((sheet, "a.pdf", buffer.getvalue()))
        yield f"scanned PDF, {way}", made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cards", type=int, default=12)
    parser.add_argument("--letters", type=int, default=3)
    given = parser.parse_args()
    fake = Faker("zh_CN")
    fake.seed_instance(20261121)
    random.seed(7)
    cards = [card(fake) for _ in range(given.cards)]
    letters = [letter(fake) for _ in range(given.letters)]
    blank = io.BytesIO()
    cards[0].picture.save(blank, "PNG")
    ours("warm.png", blank.getvalue())  # the models are loaded once a process
    print("| pictures | ID numbers: ours | tesseract | names: ours | tesseract | CPU s a page: ours | tesseract |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as place:
        for label, made in cases(cards, letters, Path(place)):
            report(label, made, Path(place))


def report(label: str, made: list[tuple[Sheet, str, bytes]], folder: Path) -> None:
    scores = np.zeros((2, 3))
    for sheet, name, data in made:
        file = folder / name
        file.write_bytes(data)
        pages = [file]
        if name.endswith(".pdf"):
            subprocess.run(["pdftoppm", "-r", "200", "-png", str(file), str(folder / "page")], check=True)
            pages = sorted(folder.glob("page*.png"))
        for row, (text, seconds) in enumerate((ours(name, data), theirs(pages))):
            scores[row] += hits(text, sheet.numbers), hits(text, sheet.names), seconds
        for page in pages:
            page.unlink()
    numbers, names = sum(len(s.numbers) for s, *_ in made), sum(len(s.names) for s, *_ in made)
    (n1, m1, t1), (n2, m2, t2) = scores
    print(
        f"| {label} | {n1 / numbers:.2f} | {n2 / numbers:.2f} | {m1 / names:.2f} | {m2 / names:.2f} |"
        f" {t1 / len(made):.1f} | {t2 / len(made):.1f} |",
        flush=True,
    )


if __name__ == "__main__":
    main()
