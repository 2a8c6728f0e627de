"""How fast the audit log grows, proves, is searched and verified, against peers in the same run.

    python bench/bench_audit.py [--entries N] [--batch N] [--folder DIR] [--postgresql URL]

Made-up entries of about 200 bytes. Appends are entries a second of this process's CPU time, and of wall time. The rest
is wall time, p50 and p99. `warm` asks the log that has just been used; `cold` opens it anew after the system was told
to forget the file (SQLite only). Verification runs in a process of its own, whose peak memory is given. The peers:

- hash chain: rows in SQLite that each hold the hash of the row before, same batches, one commit a batch. It shows that
  rows were changed only to whoever reads all of them, proves nothing about one row, and is not signed;
- pymerkle, where it is installed: a Merkle tree in SQLite, without signatures or entries that can be searched.

With --postgresql the schema `tongguan_audit` of that database is dropped first.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from pathlib import Path

from tongguan.trust.audit import AuditLog, Query

KINDS = ("run", "decision", "export", "denied", "key_use", "evidence", "sign_in")
Item = tuple[str, str, dict[str, object]]


def batches(entries: int, size: int) -> Iterator[list[Item]]:
    """Made-up entries; one in a hundred thousand is of a kind of its own."""
    for start in range(0, entries, size):
        yield [
            (
                "rare" if n % 100_000 == 7 else KINDS[n % 7],
                f"user{n % 211}",
                {"object": f"ds-{n % 9973}", "rows": n % 5000, "digest": f"{n * 2654435761 % (1 << 64):016x}" * 2},
            )
            for n in range(start, min(start + size, entries))
        ]


def rate(work: Iterable[list[Item]], write: Callable[[list[Item]], object]) -> str:
    number, cpu, wall = 0, 0.0, 0.0
    for batch in work:
        cpu0, wall0 = time.process_time(), time.perf_counter()
        write(batch)
        cpu, wall, number = cpu + time.process_time() - cpu0, wall + time.perf_counter() - wall0, number + len(batch)
    return f"{number / cpu:>9,.0f} /cpu-s {number / wall:>9,.0f} /s"


def times(call: Callable[[], object], repeat: int) -> str:
    taken = []
    for _ in range(repeat):
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    taken.sort()
    return f"p50 {taken[repeat // 2] * 1e3:8.3f} ms   p99 {taken[min(repeat - 1, repeat * 99 // 100)] * 1e3:8.3f} ms"


def line(what: str, found: str) -> None:
    print(f"  {what:<44}{found}", flush=True)


def forget(path: Path) -> None:
    """Have the system drop what it holds of the file in memory."""
    os.sync()
    for file in path.parent.glob(path.name + "*"):
        descriptor = os.open(file, os.O_RDONLY)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def measure(open_it: Callable[[], AuditLog], entries: int, batch: int) -> None:
    chance = random.Random(1)
    with open_it() as log:
        line(f"appends, batches of {batch:,}", rate(batches(entries - log.size, batch), log.append_many))
        line("appends, one by one", times(lambda: log.append("run", "cli", {"n": 1}), 50))
        size = log.size
        line("size and root", times(lambda: (log.size, log.root()), 200))
        line("inclusion proof, warm", times(lambda: log.inclusion(chance.randrange(size)), 2000))
        line("consistency proof, warm", times(lambda: log.consistency(chance.randrange(1, size), size), 2000))
        line("kinds()", times(log.kinds, 100))
        line("newest page", times(lambda: log.entries(0, 50, newest=True), 100))
        line("newest page of one kind", times(lambda: log.entries(0, 50, kind="export", newest=True), 100))
        line("newest page of a rare kind", times(lambda: log.search(Query(kinds=("rare",)), limit=50), 100))
        line("search: actor and kind", times(lambda: log.search(Query(("export",), "user7"), limit=50), 50))
        line("search: words that are nowhere, one call", times(lambda: log.search(Query(words="nowhere")), 10))
        line("count of one actor, up to 10,000", times(lambda: log.count(Query(actor="user7")), 50))
        path, about = log.path, json.dumps(log.tree.name)
    if path.exists():
        for what, call in (
            ("inclusion proof, cold", lambda log: log.inclusion(chance.randrange(size))),
            ("consistency proof, cold", lambda log: log.consistency(chance.randrange(1, size), size)),
        ):
            taken = []
            for _ in range(20):
                forget(path)
                with open_it() as log:
                    start = time.perf_counter()
                    call(log)
                    taken.append(time.perf_counter() - start)
            taken.sort()
            line(what, f"p50 {taken[10] * 1e3:8.3f} ms   worst {taken[-1] * 1e3:8.3f} ms")
        line(
            f"file ({about})", f"{sum(f.stat().st_size for f in path.parent.glob(path.name + '*')) / size:.0f} B/entry"
        )


def verified(arguments: list[str]) -> None:
    child = subprocess.run([sys.executable, __file__, "--verify", *arguments], stdout=subprocess.PIPE, check=True)
    line("verify()", child.stdout.decode().strip())


def verify(place: str, folder: str) -> None:
    log = AuditLog.connect(place, Path(folder)) if "://" in place else AuditLog(Path(place))
    with log:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start, cpu = time.perf_counter(), time.process_time()
        verdict = log.verify()
        wall, cpu = time.perf_counter() - start, time.process_time() - cpu
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"{wall:.1f} s, {cpu:.1f} s of CPU, {verdict.size / wall:,.0f} entries/s, peak {peak >> 10} MiB "
        f"({(peak - before) >> 10} above the start), {'intact' if verdict.ok else verdict.problems}"
    )


def hash_chain(path: Path) -> Callable[[list[Item]], object]:
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("pragma journal_mode = wal")
    database.execute("pragma synchronous = full")
    database.execute("create table chain (n integer primary key, text text, hash blob)")
    state = [b"", 0]

    def write(batch: list[Item]) -> None:
        rows = []
        for kind, actor, body in batch:
            text = json.dumps({"kind": kind, "actor": actor, "body": body}, sort_keys=True, ensure_ascii=False)
            state[0] = sha256(state[0] + text.encode()).digest()  # type: ignore[operator]
            rows.append((state[1], text, state[0]))
            state[1] += 1  # type: ignore[operator]
        database.execute("begin immediate")
        database.executemany("insert into chain values (?, ?, ?)", rows)
        database.execute("commit")

    return write


def peers(folder: Path, entries: int, batch: int) -> None:
    print("\npeers")
    line("hash chain in SQLite", rate(batches(entries, batch), hash_chain(folder / "chain.db")))
    try:
        from pymerkle import SqliteTree
    except ImportError:
        line("pymerkle", "not installed")
        return
    tree = SqliteTree(str(folder / "pymerkle.db"))
    few = min(entries, 200_000)
    line("pymerkle in SQLite, in bulk", rate(batches(few, batch), lambda b: tree.append_entries(_bytes(b))))
    line("  inclusion proof", times(lambda: tree.prove_inclusion(random.randrange(1, few)), 20))


def _bytes(batch: list[Item]) -> list[bytes]:
    return [json.dumps(item).encode() for item in batch]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--batch", type=int, default=10_000)
    parser.add_argument(
        "--folder", type=Path, help="where logs are built (about 700 bytes an entry); default: temporary"
    )
    parser.add_argument("--suite", choices=("international", "guomi"), action="append")
    parser.add_argument("--postgresql", metavar="URL")
    parser.add_argument("--verify", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.verify:
        verify(*arguments.verify)
        return
    with tempfile.TemporaryDirectory(dir=arguments.folder) as made:
        folder, entries, batch = Path(made), arguments.entries, arguments.batch
        print(f"{entries:,} entries, SQLite {sqlite3.sqlite_version}, Python {sys.version.split()[0]}")
        for suite in arguments.suite or ("international", "guomi"):
            print(f"\nSQLite, {suite}")
            measure(lambda suite=suite: AuditLog(folder / f"{suite}.db", suite=suite), entries, batch)
            verified([str(folder / f"{suite}.db"), str(folder)])
        if arguments.postgresql:
            import psycopg

            with psycopg.connect(arguments.postgresql.replace("+psycopg", ""), autocommit=True) as connection:
                connection.execute("drop schema if exists tongguan_audit cascade")
            print("\nPostgreSQL, international")
            measure(lambda: AuditLog.connect(arguments.postgresql, folder), entries, batch)
            verified([arguments.postgresql, str(folder)])
        peers(folder, entries, batch)


if __name__ == "__main__":
    main()
