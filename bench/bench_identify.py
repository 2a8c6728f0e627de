"""How fast text becomes findings, against peers in the same run.

    python bench/bench_identify.py [--size MEGABYTES] [--seed SEED] [--peers PYTHON]

Three made-up texts: `none` (no personal data), `sparse` (1 % of lines hold some) and `mix` (30 %). Lines are log lines,
JSON, sentences and rows, by Faker's zh_CN provider from a fixed seed. Figures are megabytes of UTF-8 a second of CPU
time (`process_time`), the best of three; ours is the whole way from `str` to hashed, masked findings. The peers:

- stdlib `re`: twelve patterns of the usual kind, one after the other, matches only (no check digits, no hashing);
- hyperscan: the same patterns in one database, matches only;
- Presidio and argus-redact, each with its defaults and tuned (`quality_peers.py`), in the environment whose Python
  `--peers` names: line by line on a smaller text, CPU time of that process.

How well each finds what it should: `quality.py`.
"""

from __future__ import annotations

import argparse
import random
import re
import time
from collections.abc import Callable
from datetime import date

from faker import Faker
from quality import PEERS, Peer

from tongguan.identify import Detector, Piece

PATTERNS = [
    r"[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]",
    r"1[3-9]\d{9}",
    r"1[3-9]\d[ -]\d{4}[ -]\d{4}",
    r"[A-Za-z0-9._%+-]{1,40}@[A-Za-z0-9-]{1,30}\.[A-Za-z]{2,8}",
    r"62\d{14,17}",
    r"[0-9A-HJ-NPQRTUWXY]{2}\d{6}[0-9A-HJ-NPQRTUWXY]{10}",
    r"0\d{2,3}-\d{7,8}",
    r"(?:\d{1,3}\.){3}\d{1,3}",
    r"(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}",
    r"[EGDSPH]\d{8}",
    r"(?:password|passwd|secret|token)\"?\s?[:=]\s?\"?\S{6,30}",
    r"(?:姓名|联系人|收件人)[:：\"]{1,3}.{2,4}",
]


def lines(share: float, size: int, seed: int) -> str:
    """About `size` bytes of UTF-8, `share` of its lines with personal data."""
    fake, chance = Faker("zh_CN"), random.Random(seed)
    fake.seed_instance(seed)
    person = [_person(fake, chance) for _ in range(2000)]
    plain = [_plain(fake, chance) for _ in range(2000)]
    out, written = [], 0
    while written < size:
        line = chance.choice(person if chance.random() < share else plain)
        out.append(line)
        written += len(line.encode()) + 1
    return "\n".join(out)


def _person(fake: Faker, chance: random.Random) -> str:
    phone = fake.phone_number()
    return chance.choice(
        [
            f"姓名：{fake.name()}，手机：{phone}，身份证：{fake.ssn()}，住址：{fake.address()}",
            f'{{"id": {chance.randrange(10**6)}, "name": "{fake.name()}", "mobile": "{phone}",'
            f' "email": "{fake.email()}"}}',
            f"{chance.randrange(10**6)},{fake.name()},{phone[:3]}-{phone[3:7]}-{phone[7:]},{fake.date()}",
            f"{fake.sentence(nb_words=12)}请联系{fake.name()}，电话{phone}。",
            f"2026-03-05 10:22:31 INFO user={chance.randrange(10**9)} ip={fake.ipv4_public()} mail={fake.email()} ok",
        ]
    )


def _plain(fake: Faker, chance: random.Random) -> str:
    return chance.choice(
        [
            fake.sentence(nb_words=16),
            f"2026-03-05 10:22:{chance.randrange(60):02} INFO [worker-{chance.randrange(9)}] GET /api/items/"
            f"{chance.randrange(10**6)} 200 {chance.randrange(9999)}ms trace={chance.randrange(16**16):016x}",
            f'{{"sku": "{chance.randrange(10**8)}", "price": {chance.random() * 100:.2f}, "title": "{fake.word()}",'
            f' "stock": {chance.randrange(999)}, "ts": {1_700_000_000_000 + chance.randrange(10**10)}}}',
            f'<div class="row-{chance.randrange(99)}"><a href="/p/{chance.randrange(10**6)}">{fake.word()}</a></div>',
        ]
    )


def speed(work: Callable[[], int], size: int, rounds: int = 3) -> tuple[float, int]:
    """Megabytes a second of CPU time, the best of some rounds, and what `work` counted."""
    best, count = 0.0, 0
    for _ in range(rounds):
        start = time.process_time()
        count = work()
        best = max(best, size / 1e6 / (time.process_time() - start))
    return best, count


def ours(pieces: list[Piece]) -> Callable[[], int]:
    """A fresh detector each round: nothing is remembered from the one before."""
    return lambda: sum(map(len, Detector(b"benchmark", as_of=date(2026, 11, 21)).scan(pieces)))


def stdlib(text: str) -> Callable[[], int]:
    compiled = [re.compile(pattern) for pattern in PATTERNS]
    return lambda: sum(1 for pattern in compiled for _ in pattern.finditer(text))


def hyperscan_(text: str) -> Callable[[], int] | None:
    try:
        import hyperscan
    except ImportError:
        return None
    database = hyperscan.Database()
    database.compile(
        expressions=[pattern.encode() for pattern in PATTERNS],
        ids=list(range(len(PATTERNS))),
        flags=[hyperscan.HS_FLAG_SOM_LEFTMOST] * len(PATTERNS),
    )
    data = text.encode()
    hits: list[tuple[int, int, int]] = []

    def hit(number: int, start: int, end: int, _flags: int, _context: object) -> None:
        hits.append((number, start, end))

    def work() -> int:
        hits.clear()
        database.scan(data, match_event_handler=hit)
        return len(hits)

    return work


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=float, default=16, help="megabytes of each text")
    parser.add_argument("--seed", type=int, default=20261121)
    parser.add_argument("--peers", help="Python of an environment with the peers")
    arguments = parser.parse_args()
    others = [Peer(arguments.peers, name) for name in PEERS] if arguments.peers else []
    others = [peer for peer in others if peer.ready]
    Detector(b"warm").scan([Piece("13800138000")])
    print(f"{'text':8}{'work':34}{'MB/s':>8}{'found':>10}{'ratio':>8}")
    for name, share in (("none", 0.0), ("sparse", 0.01), ("mix", 0.3)):
        text = lines(share, int(arguments.size * 1e6), arguments.seed)
        size = len(text.encode())
        small = [Piece(text[i : i + 4000]) for i in range(0, len(text), 4000)]
        whole, found = speed(ours([Piece(text)]), size)
        print(f"{name:8}{'tongguan, one piece':34}{whole:8.1f}{found:10}{'':>8}")
        parts, found = speed(ours(small), size)
        print(f"{name:8}{'tongguan, pieces of 4,000':34}{parts:8.1f}{found:10}{'':>8}")
        short = text[: len(text) // 8]
        peers = (("stdlib re, matches only", short, stdlib), ("hyperscan, matches only", text, hyperscan_))
        for peer, sample, make in peers:
            work = make(sample)
            if work is None:
                print(f"{name:8}{peer:34}{'not installed':>18}")
                continue
            rate, found = speed(work, len(sample.encode()), 2)
            print(f"{name:8}{peer:34}{rate:8.1f}{found:10}{whole / rate:8.1f}")
        sample = text[:20_000]
        for peer in others:
            peer.seconds = 0.0
            found = sum(map(len, peer(sample.split("\n"))))
            rate = len(sample.encode()) / 1e6 / peer.seconds
            print(f"{name:8}{peer.name:34}{rate:8.3f}{found:10}{whole / rate:8.0f}", flush=True)
    for peer in others:
        peer.close()


if __name__ == "__main__":
    main()
