"""Hostile captures through the whole of `capture.read`: a clear error, or exchanges and blind spots; never a crash or a hang."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest

from tongguan import capture
from tongguan.errors import BadCapture

SAMPLES = sorted((Path(__file__).parents[2] / "examples/xingye/captures").glob("*.pcap*"))
COUNT = int(os.environ.get("FUZZ_COUNT", "600"))  # `make fuzz` asks for 10,000
HEAD = 60_000  # bytes of a sample that a mutant starts from
SLOWEST = 5.0  # seconds that one mutant may take


def mutant(rng: random.Random) -> bytes:
    """A real capture, damaged as disks, networks and attackers damage them."""
    data = bytearray(rng.choice(SAMPLES).read_bytes()[:HEAD])
    for _ in range(rng.choice((1, 2, 8, 60))):
        at = rng.randrange(len(data))
        match rng.randrange(6):
            case 0:
                data[at] ^= 1 << rng.randrange(8)
            case 1:
                data[at : at + 4] = rng.choice(
                    (b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", rng.randbytes(4))
                )
            case 2:
                del data[at : at + rng.randrange(1, 200)]
            case 3:
                data[at:at] = rng.randbytes(rng.randrange(1, 200))
            case 4:
                other = rng.randrange(len(data))
                data[at:at] = data[other : other + rng.randrange(1, 3000)]
            case _:
                del data[max(at, 30) :]
        if len(data) < 30:
            break
    return bytes(data)


@pytest.mark.timeout(3600)
def test_damaged_captures_end_in_an_answer(tmp_path: Path) -> None:
    rng = random.Random(20261121)
    path = tmp_path / "mutant.pcap"
    read = refused = 0
    for number in range(COUNT):
        path.write_bytes(mutant(rng))
        started = time.monotonic()
        try:
            for batch in capture.read([path]):
                for exchange in batch.exchanges:
                    for content in exchange.contents:
                        content.read()
            read += 1
        except BadCapture as error:
            assert str(path) in str(error)
            refused += 1
        assert time.monotonic() - started < SLOWEST, f"mutant {number} took too long"
    assert read > COUNT // 2, "most mutants still have a readable beginning"
    assert read + refused == COUNT
