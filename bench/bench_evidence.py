"""The evidence store against the cipher that it stands on: add and reveal 1 GB, in one run with the raw cipher.

    .venv/bin/python bench/bench_evidence.py [--size BYTES] [--rounds N] [--folder WHERE]

For each suite:

    one shot     `cryptography` seals all of the bytes in one call, as its manual shows it
    pieces       the same in pieces of 256 KiB, each into memory of its own
    reused       the same into one buffer of 256 KiB over and over: the least that the cipher can cost
    hash         the suite's hash over the same bytes, which content addressing cannot do without
    disk         as many bytes written in pieces and brought to disk: no cipher, no hash
    copy         the same by the store's own writer, past the page cache, and brought to disk
    read         the stored file read in pieces after the page cache let go of it: no cipher
    add, reveal  what a user waits for: from memory to durable on disk with manifest and audit entry, and back

Wall time in MB/s (10^6), processor time in seconds of all threads. The best of the rounds counts, for all alike.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tongguan.trust.access import Grant, Principal, load_policy
from tongguan.trust.approvals import Approvals
from tongguan.trust.audit import AuditLog
from tongguan.trust.ciphers import SUITES, SuiteName, new_hash
from tongguan.trust.database import Database
from tongguan.trust.evidence import Evidence, LocalStore
from tongguan.trust.evidence.stores.drafts import drafting
from tongguan.trust.settings import EvidenceStore

PIECE = 1 << 18
OFFICER = Principal("officer", "user", (Grant("compliance_officer"),), id="officer")


def measured(act: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Wall and processor seconds of the best round."""
    best = (float("inf"), 0.0)
    for _ in range(rounds):
        wall, cpu = time.perf_counter(), time.process_time()
        act()
        best = min(best, (time.perf_counter() - wall, time.process_time() - cpu))
    return best


def aes(data: bytes, size: int, reuse: bool) -> None:
    cipher, view, out = AESGCM(bytes(32)), memoryview(data), bytearray(size + 16)
    for number, start in enumerate(range(0, len(data), size)):
        nonce, piece = number.to_bytes(12), view[start : start + size]
        if reuse:
            cipher.encrypt_into(nonce, piece, b"", memoryview(out)[: len(piece) + 16])
        else:
            cipher.encrypt(nonce, piece, b"")


def sm4(data: bytes, size: int, reuse: bool) -> None:
    view, out = memoryview(data), bytearray(size)
    for number, start in enumerate(range(0, len(data), size)):
        cipher = Cipher(algorithms.SM4(bytes(16)), modes.GCM(number.to_bytes(12))).encryptor()
        piece = view[start : start + size]
        if reuse:
            cipher.update_into(piece, out)
        else:
            cipher.update(piece)
        cipher.finalize()


def hashed(data: bytes, name: str) -> None:
    hasher = new_hash(name)  # type: ignore[arg-type]
    hasher.update(data)
    hasher.digest()


def written(data: bytes, folder: Path) -> None:
    view = memoryview(data)
    path = folder / "raw"
    with path.open("wb", buffering=0) as file:
        for start in range(0, len(data), PIECE):
            file.write(view[start : start + PIECE])
        os.fsync(file.fileno())
    path.unlink()


def copied(data: bytes, folder: Path) -> None:
    view = memoryview(data)
    with drafting(folder) as draft:
        start = 0
        while start < len(data):
            start += draft.write(view[start : start + PIECE])
        draft.finish()


def read(path: Path) -> None:
    room = bytearray(PIECE + 16)
    with path.open("rb", buffering=0) as file:
        while file.readinto(room):
            pass


def forgotten(path: Path) -> Path:
    """The file, out of the page cache."""
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return path


def store(folder: Path, suite: SuiteName) -> Evidence:
    from tongguan.trust.keys import KeyService, open_master
    from tongguan.trust.settings import Master

    folder.mkdir()
    policy, log, settings = load_policy(), AuditLog(folder / "audit.db"), EvidenceStore()
    database = Database(folder / "records.db")
    approvals = Approvals(database, log.append, policy)
    keys = KeyService(database, open_master(Master(), folder), log.append, policy, approvals, SUITES[suite])
    return Evidence(
        database, LocalStore(folder / "blobs"), keys, log.append, policy, approvals, settings, suite=SUITES[suite]
    )


def compared(suite: SuiteName, data: bytes, rounds: int, folder: Path) -> None:
    raw = {"international": aes, "guomi": sm4}[suite]
    chosen = SUITES[suite]
    evidence = store(folder / suite, suite)
    count = 0

    def add() -> None:
        nonlocal count
        count += 1
        name = f"{count}.bin"
        source = count.to_bytes(8) + data[8:]  # another content each time
        nonlocal started
        started = time.perf_counter(), time.process_time()
        made = evidence.add(
            source, kind="file", name=name, media_type="application/octet-stream", entity=None, by=OFFICER
        )
        times.append((time.perf_counter() - started[0], time.process_time() - started[1]))
        ids.append(made.id)

    started, times, ids = (0.0, 0.0), [], []

    def reveal() -> None:
        for _ in evidence.reveal(ids[-1], "bench", OFFICER):
            pass

    rows = {
        "one shot": measured(lambda: raw(data, len(data), False), rounds),
        "pieces": measured(lambda: raw(data, PIECE, False), rounds),
        "reused": measured(lambda: raw(data, PIECE, True), rounds),
        f"hash {chosen.hash}": measured(lambda: hashed(data, chosen.hash), rounds),
        "disk": measured(lambda: written(data, folder), rounds),
        "copy": measured(lambda: copied(data, folder), rounds),
    }
    for _ in range(rounds):
        add()
    rows["add"] = min(times)
    kept = max((folder / suite / "blobs").rglob("*.*"), key=lambda path: path.stat().st_mtime_ns)
    times = []
    for act in (lambda: read(kept), reveal):
        best = (float("inf"), 0.0)
        for _ in range(rounds):
            forgotten(kept)
            best = min(best, measured(act, 1))
        times.append(best)
    rows["read"], rows["reveal"] = times
    print(f"\n{suite}: {chosen.aead}, {chosen.hash}, {len(data) / 1e6:.0f} MB, best of {rounds}")
    print(f"  {'':14}{'MB/s':>8}{'cpu s':>8}   share of: one shot, pieces, reused")
    for name, (wall, cpu) in rows.items():
        shares = "".join(f"{rows[of][0] / wall:10.0%}" for of in ("one shot", "pieces", "reused"))
        print(f"  {name:14}{len(data) / 1e6 / wall:8.0f}{cpu:8.2f}   {shares if name in ('add', 'reveal') else ''}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=10**9)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where to write; a temporary folder by default")
    parser.add_argument("--suite", choices=sorted(SUITES))
    chosen = parser.parse_args()
    data = os.urandom(1 << 20) * (chosen.size // (1 << 20) + 1)
    data = data[: chosen.size]
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        for suite in [chosen.suite] if chosen.suite else SUITES:
            compared(suite, data, chosen.rounds, Path(folder))


if __name__ == "__main__":
    main()
