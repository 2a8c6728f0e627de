"""Damaged captures never crash, hang or read outside their bytes, and never stay silent about being damaged.

    python tests/capture/traffic/test_traffic_fuzz.py 10000

runs as many cases. With NUMBA_BOUNDSCHECK=1 (and a NUMBA_CACHE_DIR of its own) the kernels check every index as well.
"""

from __future__ import annotations

import random
import struct
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import frames as f
from collecting import collect

from tongguan.errors import BadCapture

CASES = 1500


def base_captures() -> list[bytes]:
    """Small captures that between them pass through every part of the decoder."""
    talk = f.Talk().open().send(0, b"GET / HTTP/1.1\r\n\r\n").send(1, bytes(range(200))).lose(1, b"lost")
    talk.send(1, b"after").acknowledge(0)
    talk.segment(1, 150, bytes(100))
    talk.close()
    v6 = f.Talk(client="2001:db8::1", server="2001:db8::2").open().send(1, b"hello" * 40).close()
    gram = f.ip(f.CLIENT, f.SERVER, 17, f.udp_datagram(4000, 53, bytes(600)))
    gram6 = f.ip("2001:db8::1", "2001:db8::2", 17, f.udp_datagram(4000, 53, bytes(600)))
    inner = f.ip(f.CLIENT, f.SERVER, 6, f.tcp_segment(40000, 80, 1, 1, f.ACK, b"tunnelled"))
    vxlan = f.udp_datagram(4000, 4789, struct.pack(">II", 0x08000000, 42 << 8) + f.ethernet(inner))
    erspan = struct.pack(">HHI", 0x1000, 0x88BE, 1) + bytes(8) + f.ethernet(inner)
    extended = f.ip("2001:db8::1", "2001:db8::2", 0, struct.pack(">BB6xBB14x", 60, 0, 6, 1) + inner[20:])
    odd = [
        f.ethernet(inner, (0x88A8, 7), (0x8100, 8)),
        f.ethernet(struct.pack(">II", 0x00010040, 0x00020140) + inner, kind=0x8847),
        f.ethernet(struct.pack(">BBHHH", 0x11, 0, 1, len(inner) + 2, 0x21) + inner, kind=0x8864),
        f.ethernet(f.ip("192.0.2.1", "192.0.2.2", 4, inner)),
        f.ethernet(f.ip("192.0.2.1", "192.0.2.2", 17, vxlan)),
        f.ethernet(f.ip("192.0.2.1", "192.0.2.2", 47, erspan)),
        f.ethernet(extended),
    ]
    odd += [f.ethernet(piece) for piece in f.fragments4(gram, 200) + f.fragments6(gram6, 200)]
    frames = talk.frames() + v6.frames() + [f.Frame(f.START, data) for data in odd]
    frames.append(frames[4].cut(80))
    out = [f.pcap(frames), f.pcap(frames, big=True, nano=True), f.pcapng(frames), f.pcapng(frames, big=True)]
    out += [f.pcap(talk.frames(link), link) for link in (f.SLL, f.SLL2, f.NULL, f.RAW)]
    return out


def flip(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 1, 2, 5, 30))):
        data[chance.randrange(len(data))] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))


def extreme_word(data: bytearray, chance: random.Random) -> None:
    """A length, offset or sequence number at its edge."""
    at = chance.randrange(max(1, len(data) - 4))
    value = chance.choice((0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFF0, 262144, 262145, 0x10000))
    size = chance.choice((2, 4))
    data[at : at + size] = (value & (1 << 8 * size) - 1).to_bytes(size, chance.choice(("big", "little")))


def cut(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data))
    del data[at : at + chance.choice((1, 3, 4, 60, 10_000))]


def double(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data))
    data[at:at] = data[max(0, at - chance.randrange(200)) : at]


def noise(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data))
    data[at : at + chance.randrange(60)] = chance.randbytes(chance.randrange(60))


DAMAGES: tuple[Callable[[bytearray, random.Random], None], ...] = (flip, extreme_word, cut, double, noise)


def damaged(bases: list[bytes], seed: int) -> bytes:
    chance = random.Random(seed)
    data = bytearray(chance.choice(bases))
    for _ in range(chance.choice((1, 1, 2, 4))):
        if data:
            chance.choice(DAMAGES)(data, chance)
    return bytes(data)


def fuzz(first: int, cases: int, folder: Path) -> tuple[int, int, float]:
    """Run seeds first … first + cases; returns how many were read, how many refused, and the longest time in seconds."""
    bases = base_captures()
    path = folder / "fuzz.pcap"
    read = refused = 0
    longest = 0.0
    for seed in range(first, first + cases):
        path.write_bytes(damaged(bases, seed))
        started = time.perf_counter()
        try:
            got = collect(path, 4096 if seed % 2 else 64 << 20)
            assert got.bytes <= path.stat().st_size
            read += 1
        except BadCapture:
            refused += 1
        except BaseException:
            print(f"seed {seed}", file=sys.stderr)
            raise
        longest = max(longest, time.perf_counter() - started)
    return read, refused, longest


def test_fuzz(tmp_path: Path) -> None:
    read, refused, longest = fuzz(0, CASES, tmp_path)
    assert read > CASES * 0.9 and read + refused == CASES
    assert longest < 5


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        begun = time.perf_counter()
        done = fuzz(int(sys.argv[2]) if len(sys.argv) > 2 else 0, int(sys.argv[1]), Path(name))
        print(f"{done[0]} read, {done[1]} refused, longest {done[2]:.2f} s, in {time.perf_counter() - begun:.0f} s")
