"""Memory of one large file at each door: `identify`, `inspect`, `scan`, and `inspect` of a capture in which it leaves.

Files of made-up persons are written one at a time, measured, and deleted. Every 20 ms the resident memory (RSS, pages
of mapped files counted too) of the command and of all its descendants is looked at. `sum`: the largest sum over the
processes; pages that they share are counted once for each of them. `shared once`: the same with each page counted once
(PSS), taken whenever the sum reaches a new height. `largest`: the most that one process had. Goal: a sum of at most
1024 MB.

    python bench/bench_memory.py [--size 1024] [--members 1000000] [--only NAME,…] [--seconds 600]
                                 [--doors identify,inspect,scan,upload,smtp] [--folder DIR]
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from large_documents import DOCUMENTS
from large_files import FILES, MB, captured

ORG = Path(__file__).with_name("org.yaml")
GOAL = 1024 * MB
MAKERS = FILES | DOCUMENTS
PAGE = os.sysconf("SC_PAGE_SIZE")
LOOK_S, NEW_HEIGHT = 0.02, 1.02


def tree(pid: int) -> Iterator[int]:
    """A process and all its descendants."""
    yield pid
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from tree(int(child))
    except OSError:  # it ended meanwhile
        return


def resident(pid: int) -> int:
    """Bytes in memory of one process."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    except (OSError, IndexError):
        return 0


def proportional(pid: int) -> int:
    """The same, with of each page the share of this process only."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    except (OSError, StopIteration):
        return 0


@dataclass(slots=True)
class Peaks:
    """What was seen at most, in bytes."""

    sum: int = 0
    once: int = 0
    largest: int = 0
    _height: float = 0.0

    def look(self, pid: int) -> None:
        pids = list(tree(pid))
        sizes = [resident(one) for one in pids]
        self.sum, self.largest = max(self.sum, sum(sizes)), max(self.largest, *sizes)
        if self.sum > self._height * NEW_HEIGHT:
            self._height = self.sum
            self.once = max(self.once, sum(map(proportional, pids)))


def command(door: str, file: Path, out: Path) -> list[str]:
    tongguan = str(Path(sys.executable).with_name("tongguan"))
    match door:
        case "identify":
            return [tongguan, "identify", "--json", str(file)]
        case "scan":
            return [tongguan, "scan", str(file), "--out", str(out / "catalogue"), "--json"]
        case _:
            return [tongguan, "inspect", str(file), "--org", str(ORG), "--out", str(out / "inspected")]


class Answer(threading.Thread):
    """Counts the lines that a command says, and keeps the last blind spot: 1 GB may say ten million."""

    def __init__(self, source: IO[bytes]) -> None:
        super().__init__()
        self._source, self.lines, self.blind = source, 0, ""

    def run(self) -> None:
        rest = b""
        while block := os.read(self._source.fileno(), MB):
            self.lines += block.count(b"\n")
            whole = rest + block
            if (at := whole.rfind(b'"blind_spot": ')) >= 0 and (end := whole.find(b"\n", at)) > 0:
                spot = json.loads(whole[whole.rfind(b"\n", 0, at) + 1 : end])
                self.blind = f"{spot['detail']} ({spot['size'] / MB:.0f} MB, {spot['count']})"
            rest = whole[-4096:]


def measured(door: str, file: Path, folder: Path, seconds: float) -> tuple[Peaks, float, int, str]:
    """Peaks, seconds, lines of the answer, and the last thing that is told not to have been seen."""
    with tempfile.TemporaryDirectory(dir=folder) as out:
        home = {**os.environ, "TONGGUAN_HOME": str(Path(out, "home")), "TMPDIR": out}
        started, peaks, said = time.monotonic(), Peaks(), ""
        process = subprocess.Popen(
            command(door, file, Path(out)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=home,
            start_new_session=True,
        )  # fmt: skip
        assert process.stdout is not None
        answer = Answer(process.stdout)
        answer.start()
        try:
            while process.poll() is None and not said:
                peaks.look(process.pid)
                time.sleep(LOOK_S)
                if time.monotonic() - started > seconds:
                    said = f"ended by us after {seconds:.0f} s"
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        answer.join()
        if not said:
            said = answer.blind if process.returncode == 0 else f"exit {process.returncode}"
        return peaks, time.monotonic() - started, answer.lines, said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=1024, help="megabytes of a file; of some a share or a multiple")
    parser.add_argument("--members", type=int, default=1_000_000, help="members of an archive")
    parser.add_argument("--only", default="", help="names of files, with commas between")
    parser.add_argument("--doors", default="identify", help="identify, inspect, scan, upload, smtp")
    parser.add_argument("--seconds", type=float, default=600.0, help="after which a command is ended, and that is told")
    parser.add_argument("--folder", type=Path, help="where files are made, one at a time: 2.5 times the size")
    given = parser.parse_args()
    print("| file | MB | door | sum MB | shared once | largest | s | lines | last blind spot |")
    print("|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(dir=given.folder) as place:
        for name in given.only.split(",") if given.only else MAKERS:
            file = Path(place, name)
            MAKERS[name](file, given.size * MB, given.members)
            for door in given.doors.split(","):
                sent = file
                if door in ("upload", "smtp"):
                    sent = Path(place, f"{name}.{door}.pcap")
                    captured(file, sent, door)
                peaks, seconds, lines, said = measured(door, sent, Path(place), given.seconds)
                mark = "" if peaks.sum <= GOAL else " **over**"
                sizes = f"{peaks.sum / MB:.0f}{mark} | {peaks.once / MB:.0f} | {peaks.largest / MB:.0f}"
                size = file.stat().st_size / MB
                print(f"| {name} | {size:.0f} | {door} | {sizes} | {seconds:.0f} | {lines} | {said} |", flush=True)
                if sent != file:
                    sent.unlink()
            file.unlink()


if __name__ == "__main__":
    main()
