"""Fingerprints of tables and documents: speed, memory, recall and false matches, against peers in the same run.

    python bench/bench_fingerprints.py [--cells MILLIONS] [--size MEGABYTES] [--corpus DIR ...]

Tables: made-up customers (a name, a telephone, a card, a mail address a row) from a fixed seed, held against the three
texts of bench_identify. The peer is what one writes without an index of this kind: tokens by `re`, keyed BLAKE2b by
`hashlib`, a set in memory.

Documents: each DIR holds plain texts (UTF-8) of one kind that have nothing to do with each other. Half of them are
known; the other half, and made-up mails around copies of the known half, are held against them. The peers, where they
are installed, are MinHash with 128 permutations over runs of eight characters, by datasketch and by rensa.

Figures are of CPU time (`process_time`), the best of three for speeds.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import re
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
from bench_identify import lines

from tongguan.identify import Piece
from tongguan.identify.fingerprints import DocumentStore, Near, TableIndex, build_documents, build_table

KEY = b"the key of a benchmark, 32 bytes"
SURNAMES, GIVEN = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗", [chr(0x4E00 + 7 * i) for i in range(800)]
LONGEST = 20_000  # characters of a document that are used
TOKEN = re.compile(r"[\w.@+-]{5,40}")


def customers(cells: int) -> Iterator[pa.RecordBatch]:
    """Rows of four cells."""
    pick = np.random.default_rng(1)
    for start in range(0, cells // 4, 1 << 16):
        n = min(1 << 16, cells // 4 - start)
        yield pa.RecordBatch.from_pydict(
            {
                "name": [
                    "".join(x) for x in zip(*(pick.choice(list(c), n) for c in (SURNAMES, GIVEN, GIVEN)), strict=True)
                ],
                "phone": (13_000_000_000 + pick.integers(0, 9 * 10**9, n)).astype(str),
                "card": [f"62{x:017d}" for x in pick.integers(0, 10**16, n).tolist()],
                "mail": [f"user{x}@ex{x % 97}.example" for x in pick.integers(0, 10**9, n).tolist()],
            }
        )


def best(work: Callable[[], object], rounds: int = 3) -> tuple[float, object]:
    """Seconds of CPU time, the least of some rounds, and what `work` gave."""
    least, got = 1e9, None
    for _ in range(rounds):
        start = time.process_time()
        got = work()
        least = min(least, time.process_time() - start)
    return least, got


def peak() -> float:
    """Megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# ---- tables


def tables(folder: Path, cells: int, size: float) -> None:
    batches, path = list(customers(cells)), folder / "customers.tgfp"
    build_table(batches[:1], path, KEY)  # compiles, loads
    before = peak()
    seconds, built = best(lambda: build_table(iter(batches), path, KEY), 1)
    print(f"\ntable of {built.cells:,} cells: built at {built.cells / seconds / 1e6:.2f} M cells/s", end="")
    print(f", {peak() - before:.0f} MB more memory, file of {path.stat().st_size / 1e6:.0f} MB")
    opened, index = best(lambda: TableIndex(path, KEY))
    print(f"opened and its seals checked in {opened:.2f} s")
    known = {name: batches[0].column(name).to_pylist() for name in batches[0].schema.names}
    texts = {name: lines(share, int(size * 1e6), 3) for name, share in (("none", 0.0), ("sparse", 0.01), ("mix", 0.3))}
    texts["own rows"] = "\n".join(",".join(row) for row in zip(*known.values(), strict=True))[: int(size * 1e6)]
    before = peak()
    few = [
        cell for batch in batches[: 1 + 250_000 // (1 << 16)] for column in batch.columns for cell in column.to_pylist()
    ]
    hashed = {hashlib.blake2b(cell.encode(), key=KEY, digest_size=16).digest() for cell in few}
    print(f"the peer knows {len(hashed) / 1e6:.1f} M cells, in {peak() - before:.0f} MB")
    print("| text | ours MB/s | cells | rows | peer MB/s | cells | ratio |")
    for name, text in texts.items():
        megabytes, pieces = len(text.encode()) / 1e6, [Piece(text)]
        ours, matches = best(lambda pieces=pieces: index.match(pieces, Near(2)))
        theirs, found = best(lambda text=text: by_token(text, hashed), 1)
        rate, other = megabytes / ours, megabytes / theirs
        told = f"{len(matches.hits):,} | {matches.distinct_rows:,} | {other:.1f} | {found:,} | {rate / other:.0f}"
        print(f"| {name} | {rate:.0f} | {told} |")
    pick = np.random.default_rng(9)
    unrelated = " ".join(f"{x:017d}" for x in pick.integers(0, 10**17, 500_000).tolist())
    false = len(index.match([Piece(unrelated)]).hits)
    print(f"false cells in {len(unrelated) / 1e6:.0f} MB of random numbers: {false}")


def by_token(text: str, hashed: set[bytes]) -> int:
    return sum(
        hashlib.blake2b(m.group().encode(), key=KEY, digest_size=16).digest() in hashed for m in TOKEN.finditer(text)
    )


# ---- documents


def documents(folder: Path, corpus: Path) -> None:
    read = [path.read_text(encoding="utf-8", errors="replace")[:LONGEST] for path in sorted(corpus.glob("*"))]
    texts = [text for text in read if len(text) > 1500]
    random.Random(1).shuffle(texts)
    known, others = texts[: len(texts) // 2], texts[len(texts) // 2 :]
    path = folder / "documents.tgfp"
    megabytes = sum(len(text.encode()) for text in known) / 1e6
    print(f"\n{corpus.name}: {len(known)} documents known ({megabytes:.1f} MB), {len(others)} others")
    pieces = [(str(i), [Piece(text)]) for i, text in enumerate(known)]
    seconds, _ = best(lambda: build_documents(pieces, path, KEY))
    store = DocumentStore(path, KEY)
    print(
        f"made at {megabytes / seconds:.0f} MB/s, file of {path.stat().st_size / megabytes / 1e6:.2f} bytes a byte",
        end="",
    )
    mails = [[Piece(text)] for text in others]
    size = sum(len(text.encode()) for text in others) / 1e6
    seconds, found = best(lambda: [store.match(mail) for mail in mails])
    some, much = sum(map(bool, found)), sum(any(m.share_of_document > 0.1 for m in each) for each in found)
    print(f"; other texts matched at {size / seconds:.0f} MB/s")
    print(f"false matches: {some} of {len(others)} others share a passage, {much} more than a tenth of a document")
    mails_of_copies(store, known, others)
    peers(known, others)


def mails_of_copies(store: DocumentStore, known: list[str], others: list[str]) -> None:
    print("recall, share of the document that is told (median), by how much is copied and how much of that is changed:")
    print("| copied | " + " | ".join(f"{edits:.0%} changed" for edits in (0, 0.01, 0.03, 0.05, 0.1)) + " |")
    pick = random.Random(2)
    for share in (0.05, 0.1, 0.3, 1.0):
        row = []
        for edits in (0, 0.01, 0.03, 0.05, 0.1):
            told = []
            for i in pick.sample(range(len(known)), min(100, len(known))):
                mail = pick.choice(others)[:2000] + "\n" + edited(part(known[i], share, pick), edits, pick)
                told.append(
                    next((m.share_of_document for m in store.match([Piece(mail)]) if m.document == str(i)), 0.0)
                )
            row.append(f"{np.mean(np.array(told) > 0):.0%} ({np.median(told):.2f})")
        print(f"| {share:.0%} | " + " | ".join(row) + " |")


def part(text: str, share: float, pick: random.Random) -> str:
    size = int(len(text) * share)
    start = pick.randrange(len(text) - size + 1)
    return text[start : start + size]


def edited(text: str, share: float, pick: random.Random) -> str:
    """Characters replaced, put in and taken out, at random places."""
    out = []
    for sign in text:
        if pick.random() >= share:
            out.append(sign)
        elif pick.random() < 2 / 3:
            out.append(pick.choice(text) + (sign if pick.random() < 0.5 else ""))
    return "".join(out)


def shingles(text: str) -> list[str]:
    bare = "".join(text.split())
    return [bare[i : i + 8] for i in range(len(bare) - 7)]


def peers(known: list[str], others: list[str]) -> None:
    """Whole documents by MinHash: how many changed copies come first among all, and how fast signatures are made."""
    pick = random.Random(3)
    asked = [(i, edited(known[i], 0.03, pick)) for i in pick.sample(range(len(known)), min(100, len(known)))]
    parts = [(i, part(known[i], 0.3, pick) + pick.choice(others)[:3000]) for i, _ in asked]
    size = sum(len(text.encode()) for text in known) / 1e6
    for name, signature in (("ours", own_signature()), ("datasketch", datasketch_()), ("rensa", rensa_())):
        if signature is None:
            continue
        seconds, made = best(lambda signature=signature: np.array([signature(text) for text in known]), 1)
        line = f"MinHash by {name}: {size / seconds:.1f} MB/s"
        for what, texts in (("3 % changed", asked), ("30 % copied into a mail", parts)):
            alike = [(i, np.mean(made == np.array(signature(text)), axis=1)) for i, text in texts]
            right = np.mean([int(np.argmax(each)) == i and each.max() >= 0.1 for i, each in alike])
            line += f"; {what}: {right:.0%} found, resemblance {np.median([each[i] for i, each in alike]):.2f}"
        print(line)


def own_signature() -> Callable[[str], object]:
    from tongguan.identify.fingerprints.siphash import key_of
    from tongguan.identify.fingerprints.winnow import chosen_of, minhash

    keys = key_of(KEY, "one"), key_of(KEY, "two")
    return lambda text: minhash(chosen_of(text, *keys)[0])


def datasketch_() -> Callable[[str], object] | None:
    try:
        from datasketch import MinHash
    except ImportError:
        return None

    def signature(text: str) -> object:
        made = MinHash(num_perm=128)
        made.update_batch([shingle.encode() for shingle in shingles(text)])
        return made.hashvalues

    return signature


def rensa_() -> Callable[[str], object] | None:
    try:
        from rensa import RMinHash
    except ImportError:
        return None

    def signature(text: str) -> object:
        made = RMinHash(128, 42)
        made.update(shingles(text))
        return made.digest()

    return signature


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=float, default=10, help="millions")
    parser.add_argument("--size", type=float, default=8, help="megabytes of each text that tables are held against")
    parser.add_argument("--corpus", type=Path, nargs="*", default=[], help="folders of plain texts")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if given.cells:
            tables(Path(folder), int(given.cells * 1e6), given.size)
        for corpus in given.corpus:
            documents(Path(folder), corpus)


if __name__ == "__main__":
    main()
