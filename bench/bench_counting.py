"""Time and memory of counting the persons of an inspection whose ledger holds many.

    python bench/bench_counting.py [--subjects 30000000] [--again 0.0] [--common] [--folder DIR]

A ledger of made-up subjects is written as an inspection writes it, in parts of 100,000: three exchanges to two
recipients, and in each record a phone number, one of a million names, and an address. `--again`: the share of records
whose phone stood in one of the part before, beside another address. `--common`: one phone in all of them. Then all is
summed up as at the end of an inspection: three counts (low, estimate, high) in all, for each recipient and for each
type. Memory is the most that was resident (RSS, looked at every 20 ms) of the process that counts. What is counted is
checked.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import threading
import time
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tongguan.border import Ledger, load_org, summarise
from tongguan.border.rows import SCHEMAS

PART, NAMES, EXCHANGES = 100_000, 1_000_003, 3
DAY = "day=2026-11-18"
TYPES = ("phone", "person_name", "address")
MB = 1 << 20
PAGE = os.sysconf("SC_PAGE_SIZE")
Words = NDArray[np.uint64]


def digests(kind: int, values: NDArray[np.int64]) -> Words:
    """Sixteen bytes for each value, as two words."""
    low = (values.astype(np.uint64) + np.uint64(kind << 40)) * np.uint64(0x9E3779B97F4A7C15)
    high = (low ^ (low >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    return np.stack([high ^ (high >> np.uint64(32)), low], axis=1)


def part(first: int, size: int, phones: NDArray[np.int64]) -> pa.Table:
    numbers = np.arange(first, first + size)
    words = np.stack([digests(1, phones), digests(2, numbers % NAMES), digests(3, numbers)], axis=1)
    digest = pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), 3 * size, [None, pa.py_buffer(words.tobytes())])
    types = pa.array(TYPES * size)
    ends = pa.array(np.arange(0, 3 * size + 1, 3, dtype=np.int32))
    identifiers = pa.ListArray.from_arrays(ends, pa.StructArray.from_arrays([types, digest], ["type", "digest"]))
    return pa.table(
        [
            pa.array([f"F{number % EXCHANGES}" for number in numbers.tolist()]), pa.array(numbers).cast(pa.string()),
            identifiers, pa.ListArray.from_arrays(ends, types), pa.array(np.zeros(size, bool)),
        ],
        schema=SCHEMAS["subjects"],
    )  # fmt: skip


def written(folder: Path, subjects: int, again: float, common: bool) -> int:
    """Writes a ledger; gives how many phones it holds."""
    chance, seen, before, files = np.random.default_rng(20261121), 0, 0, []
    (folder / "subjects" / DAY).mkdir(parents=True)
    (folder / "exchanges" / DAY).mkdir(parents=True)
    for first in range(0, subjects, PART):
        size = min(PART, subjects - first)
        old = chance.random(size) < again if seen else np.zeros(size, bool)
        phones = np.zeros(size, np.int64)
        once = chance.permutation(np.arange(before, seen))[: int(old.sum())]  # of each person two records at most
        phones[np.flatnonzero(old)[: len(once)]] = once
        old[np.flatnonzero(old)[len(once) :]] = False
        before, phones[~old] = seen, seen + np.arange(int((~old).sum()))
        seen += int((~old).sum())
        files.append(f"subjects/{DAY}/000001-{len(files)}.parquet")
        if common:
            phones[:] = 0
        pq.write_table(part(first, size, phones), folder / files[-1], compression="zstd")
    row = {field.name: [] if pa.types.is_list(field.type) else None for field in SCHEMAS["exchanges"]} | {
        "ts": 1763424000.0, "day": date(2026, 11, 18), "protocol": "http", "role": "request", "act": "transmission",
        "direction": "export", "country": "SG", "confidence": 1.0, "size": 1, "types": list(TYPES),
    }  # fmt: skip
    rows = [
        {**row, "uid": f"F{n}", "recipient_id": f"r{n % 2}", "recipient": f"r{n % 2}", "ts": row["ts"] + n}
        for n in range(EXCHANGES)
    ]
    exchanges = f"exchanges/{DAY}/000001.parquet"
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMAS["exchanges"]), folder / exchanges)
    entry = {"source": "x", "ordinal": 0, "files": {"exchanges": [exchanges], "subjects": files}, "rows": subjects}
    (folder / "manifest.jsonl").write_text(json.dumps(entry) + "\n")
    return seen


class Watch(threading.Thread):
    """The most memory that this process had."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.most = self.now()

    @staticmethod
    def now() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE

    def run(self) -> None:
        while True:
            self.most = max(self.most, self.now())
            time.sleep(0.02)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--subjects", type=int, default=30_000_000)
    parser.add_argument("--again", type=float, default=0.0)
    parser.add_argument("--common", action="store_true")
    parser.add_argument("--folder", type=Path, help="where 60 bytes a subject fit, and as much again for the counting")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as place:
        folder = Path(place, "ledger")
        phones = written(folder, given.subjects, given.again, given.common)
        # A phone beside more than a few names is nobody's own: each name is one person then, each record one at most.
        names = min(given.subjects, NAMES)
        wanted = (names, names, given.subjects) if given.common else (phones,) * 3
        org, watch = load_org(Path(__file__).with_name("org.yaml")), Watch()
        before, wall, cpu = watch.most, time.monotonic(), time.process_time()
        watch.start()
        with Ledger(folder) as ledger:
            count = summarise(ledger, org, date(2026, 11, 21)).seen.persons
        wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    counted = (count.low, count.count, count.high)
    print(f"{given.subjects:,} subjects: low {count.low:,}, estimate {count.count:,}, high {count.high:,}")
    print(f"{cpu:.0f} s of CPU time, {wall:.0f} s; {watch.most / MB:.0f} MB, {before / MB:.0f} of them before")
    if counted != wanted:
        raise SystemExit("what was counted is wrong")


if __name__ == "__main__":
    main()
