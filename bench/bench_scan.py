"""How fast a folder is scanned, and what a kill and a second scan cost.

    python bench/make_folder.py FOLDER --size 10240
    python bench/bench_scan.py FOLDER [--workers N] [--once] [--engines MB]
    python bench/bench_scan.py FOLDER --kinds [--most MEGABYTES]

The same folder, the same run: the bare engine on one text of 16 MB (`Detector.scan`, no files), the disk (the folder
read once, in blocks, behind a cleared cache where we may clear it), then scans into a catalogue of their own: killed by
SIGKILL at a third of the units, gone on with (both together are one whole scan, for `--once`; else it is scanned whole
once more), again with nothing changed, and with one file in a hundred written anew. Figures are megabytes a second of
wall time and of CPU time (all processes), and peak memory of each process.

With `--engines MB`: what bare parsers and detectors alone would take for the same files, in CPU time, reckoned from so
many megabytes of each kind in this process, and how many times that the scan took.

With `--kinds`: files of each kind (by their suffixes) in this process, up to so many megabytes of each, behind one that
is not counted: as scans read them, and with every cell of tables searched, and whether both found the same. Beside
that, in megabytes a second of CPU time too, what bounds it: the detectors alone on the text that is taken out of the
files, and the bare parser alone (zlib for archives and gzip, zlib and expat for the body of a DOCX, PDFium for the text
of pages, calamine for workbooks, Arrow for Parquet).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from xml.parsers import expat

import numpy as np
import pypdfium2
import python_calamine
from bench_identify import lines
from numpy.typing import NDArray
from pyarrow import parquet

from tongguan.identify import Detector, Piece, extract_file

RUN = """
import json, sys, time
from pathlib import Path
from tongguan.capture.stores import parse_address
from tongguan.casework import assets
started = time.monotonic()
(done,) = assets.scan([parse_address(sys.argv[1])], Path(sys.argv[2]), b"k" * 32, names=False, workers=int(sys.argv[3]))
print(json.dumps({"seconds": time.monotonic() - started, "counts": dict(done.counts)}))
"""
TICK = os.sysconf("SC_CLK_TCK")
WARM: set[str] = set()  # kinds of which a file was opened in this process


class Watch:
    """CPU seconds and peak memory of a process and of all that it started, looked at twice a second."""

    def __init__(self, pid: int) -> None:
        self.pids, self.cpu, self.peak = {pid}, dict[int, float](), dict[int, int]()

    def look(self) -> None:
        for place in Path("/proc").iterdir():
            if not place.name.isdigit():
                continue
            with suppress(OSError, IndexError, ValueError):
                fields = (place / "stat").read_text().rpartition(")")[2].split()
                pid, parent = int(place.name), int(fields[1])
                if pid not in self.pids and parent not in self.pids:
                    continue
                self.pids.add(pid)
                self.cpu[pid] = (int(fields[11]) + int(fields[12])) / TICK
                status = (place / "status").read_text()
                self.peak[pid] = int(status.partition("VmHWM:")[2].split()[0]) >> 10


def scanned(folder: Path, out: Path, workers: int, kill_at: int | None = None) -> dict[str, Any]:
    """One scan in a process of its own, killed once so many units are kept."""
    started = time.monotonic()
    process = subprocess.Popen([sys.executable, "-c", RUN, str(folder), str(out), str(workers)], stdout=subprocess.PIPE)
    watch = Watch(process.pid)
    while process.poll() is None:
        watch.look()
        if kill_at is not None and kept(out) >= kill_at:
            process.send_signal(signal.SIGKILL)
            process.wait()
            seconds = time.monotonic() - started
            return {"seconds": seconds, "cpu": sum(watch.cpu.values()), "peak": max(watch.peak.values())}
        time.sleep(0.5)
    told, _ = process.communicate()
    if process.returncode:
        sys.exit("the scan failed")
    return {**json.loads(told), "cpu": sum(watch.cpu.values()), "peak": max(watch.peak.values())}


def kept(out: Path) -> int:
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{out}/catalogue.db?mode=ro", uri=True)) as catalogue:
        return int(catalogue.execute("select count(*) from units where read_scan is not null").fetchone()[0])
    return 0


def engine() -> float:
    """Megabytes a second of CPU time of the detectors alone, on one core."""
    text = lines(0.01, 16 << 20, 7)
    detector = Detector(b"k" * 32)
    detector.scan([Piece(text[:1000])])
    started = time.process_time()
    detector.scan([Piece(text)])
    return len(text.encode()) / 1e6 / (time.process_time() - started)


def disk(files: list[Path]) -> float:
    with suppress(OSError):
        os.sync()
        Path("/proc/sys/vm/drop_caches").write_text("1")
    started, size = time.monotonic(), 0
    for path in files:
        with path.open("rb", buffering=0) as file:
            while block := file.read(1 << 20):
                size += len(block)
    return size / 1e6 / (time.monotonic() - started)


KINDS_HEAD = """\
| kind | files | MB | MB/s of CPU | every cell searched | the same | MB of text | of it, MB/s \
| detectors alone, MB/s of it | bare parser, MB/s of files |
|---|---|---|---|---|---|---|---|---|---|"""


def kinds(folder: Path, most: float) -> None:
    """Megabytes a second of CPU time by kind of file, with the parsers' processes."""
    from tongguan.capture.stores import FileUnit, open_store, parse_address
    from tongguan.casework.assets.judging import Judge, Knowledge
    from tongguan.identify.kinds import shipped
    from tongguan.identify.templates import Rulebook

    knowledge = Knowledge(Rulebook(folder / "none").rules(None), shipped())
    judges = [Judge(b"k" * 32, knowledge), Judge(b"k" * 32, knowledge, every_cell=True)]
    groups: dict[str, list[FileUnit]] = {}
    with open_store(parse_address(str(folder)), None) as store:
        for unit in store.units():
            if isinstance(unit, FileUnit):
                groups.setdefault("".join(Path(unit.path).suffixes), []).append(unit)
        print(KINDS_HEAD)
        for kind, units in sorted(groups.items()):
            units.sort(key=lambda unit: unit.path)
            size, chosen = 0.0, [units[0]]
            for unit in units[1:]:
                if size >= most or (len(chosen) > 1 and unit.weight / 1e6 > 2 * most):
                    continue
                chosen.append(unit)
                size += unit.weight / 1e6
            counted = chosen[1:] or chosen
            same, cpu = True, [0.0, 0.0]
            for unit in chosen:
                found = []
                for which, judge in enumerate(judges):
                    before = spent()
                    with unit.open() as contents:
                        found.append(judge.file(contents, unit.path))
                    cpu[which] += (spent() - before) * (unit in counted)
                same &= found[0] == found[1]
            size = sum(unit.weight for unit in counted) / 1e6
            paths = [folder / unit.path for unit in counted]
            text, engine = detectors_alone(paths)
            bare_parser(kind, paths[:1])
            parser = bare_parser(kind, paths)
            rates = " | ".join(f"{size / max(one, 1e-3):.1f}" for one in cpu)
            print(
                f"| {kind} | {len(counted)} | {size:.1f} | {rates} | {'yes' if same else 'NO'} | {text:.1f} |"
                f" {text / max(cpu[0], 1e-3):.1f} | {text / max(engine, 1e-3):.1f} |"
                f" {f'{size / max(parser, 1e-3):.1f}' if parser else ''} |", flush=True,
            )  # fmt: skip


def detectors_alone(paths: list[Path]) -> tuple[float, float]:
    """Megabytes of text in files, and the CPU seconds that the detectors take for it."""
    detector, text, seconds = Detector(b"k" * 32), 0.0, 0.0
    for path in paths:
        for found in extract_file(path):
            started = time.process_time()
            detector.scan(found.pieces)
            seconds += time.process_time() - started
            text += sum(len(piece.text.encode("utf-8", "replace")) for piece in found.pieces) / 1e6
    return text, seconds


def bare_parser(kind: str, paths: list[Path]) -> float:
    """CPU seconds that the library alone takes to open files; 0 for kinds that need none."""
    parsers: dict[str, Callable[[Path], None]] = {
        ".zip": unpacked_zip, ".gz": unpacked_gzip, ".docx": parsed_word, ".pdf": read_pdf,
        ".xlsx": read_workbook, ".parquet": read_columns,
    }  # fmt: skip
    parser = parsers.get(f".{kind.rpartition('.')[2]}")
    if parser is None:
        return 0.0
    started = time.process_time()
    for path in paths:
        parser(path)
    return time.process_time() - started


def engines(files: list[Path], most: float, workers: int) -> float:
    """CPU seconds that bare parsers and detectors would take for files in as many processes as a scan has, reckoned
    from up to so many MB of each kind.

    What a scan does besides (hashes, judging columns, kinds of documents, the catalogue) is not in it; of Parquet it
    holds the reading alone, since a scan searches rows drawn by lot.
    """
    groups: dict[str, list[Path]] = {}
    for path in files:
        groups.setdefault("".join(path.suffixes), []).append(path)
    shares: list[tuple[str, list[Path]]] = []
    for kind, paths in sorted(groups.items()):
        drawn, size = random.Random(5).sample(paths, len(paths)), 0.0
        while drawn and size < most:
            shares.append((kind, drawn[-1:]))
            size += drawn.pop().stat().st_size / 1e6
    seconds: dict[str, NDArray[np.float64]] = {}
    with ProcessPoolExecutor(workers) as pool:
        for (kind, _), found in zip(shares, pool.map(bare, *zip(*shares, strict=True)), strict=True):
            seconds[kind] = seconds.get(kind, np.zeros(3)) + found
    together = 0.0
    for kind, (parser, detectors, size) in seconds.items():
        whole = sum(path.stat().st_size for path in groups[kind]) / 1e6
        together += (parser + detectors) * whole / size
        print(
            f"{kind}: {whole:.0f} MB, bare parser {parser / size:.3f}, detectors {detectors / size:.3f} s a MB",
            flush=True,
        )
    return together


def bare(kind: str, paths: list[Path]) -> NDArray[np.float64]:
    """CPU seconds of parser and of detectors, and megabytes, of files of a kind."""
    if kind not in WARM:  # what is loaded at first use is not counted
        WARM.add(kind)
        bare_parser(kind, paths[:1])
        detectors_alone(paths[:1])
    detectors = 0.0 if kind == ".parquet" else detectors_alone(paths)[1]
    return np.array([bare_parser(kind, paths), detectors, sum(path.stat().st_size for path in paths) / 1e6])


def unpacked_zip(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            archive.read(name)


def unpacked_gzip(path: Path) -> None:
    zlib.decompress(path.read_bytes(), 31)


def parsed_word(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        expat.ParserCreate().Parse(archive.read("word/document.xml"), True)


def read_pdf(path: Path) -> None:
    with closing(pypdfium2.PdfDocument(path)) as document:
        for page in document:
            page.get_textpage().get_text_range()
            page.close()


def read_workbook(path: Path) -> None:
    with closing(python_calamine.load_workbook(path)) as book:
        for name in book.sheet_names:
            book.get_sheet_by_name(name).to_python()


def read_columns(path: Path) -> None:
    parquet.read_table(path)


def spent() -> float:
    """CPU seconds of this process and of those that it started."""
    watch = Watch(os.getpid())
    watch.look()
    return time.process_time() + sum(cpu for pid, cpu in watch.cpu.items() if pid != os.getpid())


def told(name: str, size: float, found: dict[str, Any]) -> None:
    cpu = found["cpu"]
    print(
        f"| {name} | {found['seconds']:.1f} | {size / found['seconds']:.1f} | {cpu:.1f} | {size / cpu:.1f} |"
        f" {found['peak']} | {found['counts']} |", flush=True,
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--once", action="store_true", help="no whole scan besides the killed one")
    parser.add_argument("--engines", type=float, default=0.0, metavar="MB", help="hold it against what bounds it")
    parser.add_argument("--kinds", action="store_true")
    parser.add_argument("--most", type=float, default=20.0)
    given = parser.parse_args()
    if given.kinds:
        kinds(given.folder, given.most)
        return
    files = sorted(path for path in given.folder.rglob("*") if path.is_file())
    size = sum(path.stat().st_size for path in files) / 1e6
    print(f"{len(files):,} files, {size:,.0f} MB, {given.workers} processes, load {os.getloadavg()}")
    print(f"disk {disk(files):.0f} MB/s; engine alone {engine():.0f} MB/s of CPU time", flush=True)
    print("| scan | s | MB/s | CPU s | MB/s of CPU | peak MB of one process | units |\n|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(dir=given.folder.parent) as place:
        out = Path(place, "out")
        first = scanned(given.folder, out, given.workers, kill_at=len(files) // 3)
        before = kept(out)
        found = scanned(given.folder, out, given.workers)
        print(f"killed with {before} units kept; gone on with: {found['counts'].get('done_before')} not read again")
        together = {name: first[name] + found[name] for name in ("seconds", "cpu")}
        peak = max(first["peak"], found["peak"])
        told("until the kill and after it", size, {**together, "peak": peak, "counts": found["counts"]})
        if given.engines:
            alone = engines(files, given.engines, given.workers)
            ratio = together["cpu"] / alone
            print(f"bare parsers and detectors: {alone:.1f} s of CPU time; the scan took {ratio:.2f} times that")
        if not given.once:
            Path(out, "catalogue.db").unlink()
            told("whole", size, scanned(given.folder, out, given.workers))
        told("nothing changed", size, scanned(given.folder, out, given.workers))
        for path in random.Random(3).sample(files, max(1, len(files) // 100)):
            path.write_bytes(path.read_bytes() + b"\n")
        time.sleep(3)
        told("1 % changed", size, scanned(given.folder, out, given.workers))


if __name__ == "__main__":
    main()
