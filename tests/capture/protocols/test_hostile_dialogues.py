"""Damaged, cut and random dialogues: no exception, no endless work, nothing held beyond the limits."""

from __future__ import annotations

import random
import time

import pytest
from speaking import CLIENT, DATAGRAMS, ENDS, SERVER, Turn, speak
from test_splitting import DIALOGUES

from tongguan.capture.limits import Limits
from tongguan.capture.protocols import Session, Store

SMALL = Limits(slice=4096, content=65536, opaque=4096, head=2048, memory=32768, disk=1 << 20)


def damaged(turns: list[Turn], chance: random.Random) -> list[Turn]:
    """The dialogue with bytes changed, cut out, repeated, swapped, lost."""
    out: list[Turn] = []
    for direction, what in turns:
        data = bytearray(what if isinstance(what, bytes) else b"")
        for _ in range(chance.choice((0, 0, 1, 1, 3, 20))):
            if not data:
                break
            at = chance.randrange(len(data))
            kind = chance.randrange(5)
            if kind == 0:
                data[at] = chance.randrange(256)
            elif kind == 1:
                del data[at : at + chance.randrange(1, 40)]
            elif kind == 2:
                data[at:at] = data[at : at + 30]
            elif kind == 3:
                data[at:at] = chance.randbytes(chance.randrange(1, 20))
            else:
                data[at : at + 4] = chance.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\r\n\r\n", b"99999999"))
        fate = chance.random()
        if fate < 0.05:
            out.append((direction, len(data) or 1))
        elif fate < 0.1:
            at = chance.randrange(len(data) + 1)
            out += [
                (direction, bytes(data[:at])),
                (direction, chance.randrange(1, 5000)),
                (direction, bytes(data[at:])),
            ]
        elif fate > 0.03 or not data:
            out.append((direction, bytes(data)))
    if chance.random() < 0.2:
        chance.shuffle(out)
    return [turn for turn in out if turn[1]]


@pytest.mark.parametrize("name", DIALOGUES)
def test_damaged_dialogues(name: str) -> None:
    chance = random.Random(name)
    started = time.process_time()
    for _ in range(150):
        turns = damaged(DIALOGUES[name], chance)
        speak(turns, limits=chance.choice((SMALL, Limits())), chance=chance)
    assert time.process_time() - started < 60


def test_random_bytes_after_each_beginning() -> None:
    chance = random.Random(7)
    for name, turns in DIALOGUES.items():
        for _ in range(25):
            start = turns[: chance.randrange(1, len(turns))]
            noise: list[Turn] = [(chance.randrange(2), chance.randbytes(chance.randrange(1, 3000))) for _ in range(6)]
            assert speak(start + noise, limits=SMALL, chance=chance).said, name


def test_random_datagrams() -> None:
    chance = random.Random(8)
    question, answer = (bytearray(part) for part in _dns())
    for _ in range(500):
        data = bytearray(chance.choice((question, answer)))
        for _ in range(chance.randrange(4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        heard = speak([(CLIENT, bytes(data)), (SERVER, bytes(answer))], DATAGRAMS, SMALL)
        assert len(heard.said) == 2


def _dns() -> tuple[bytes, bytes]:
    import dialogues

    return dialogues.dns_pair()


def test_nothing_is_held_beyond_the_limits() -> None:
    """A body of 64 MB that never ends, a header that never ends, a line that never ends."""
    limits = Limits(slice=1 << 20, content=4 << 20, memory=2 << 20, disk=8 << 20)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/zip\r\nContent-Length: 99999999999\r\n\r\nPK\x03\x04"
    for start in ((SERVER, head), (SERVER, b"HTTP/1.1 200 OK\r\nX: "), (SERVER, b"220 ")):
        store = Store(limits)
        session = Session(ENDS, store)
        session.data(CLIENT, memoryview(b"GET / HTTP/1.1\r\n\r\n" if start[1][:1] == b"H" else b"USER x\r\n"), 1.0)
        session.data(start[0], memoryview(start[1]), 1.0)
        for _ in range(64):
            session.data(SERVER, memoryview(bytes(1 << 20)), 1.0)
            session.keep()
            assert store.memory <= 3 << 20
            assert store.disk <= limits.disk
        session.close(2.0)
        assert any(one.blind_spots for one in session.take() if hasattr(one, "blind_spots"))


def test_a_body_that_grows_without_measure_is_stopped() -> None:
    import zlib

    bomb = zlib.compressobj(9, wbits=31)
    body = bomb.compress(bytes(256 << 20)) + bomb.flush()
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    started = time.process_time()
    heard = speak([(CLIENT, b"GET / HTTP/1.1\r\n\r\n"), (SERVER, head + body)], limits=Limits(ratio=100))
    assert time.process_time() - started < 10
    assert any("ratio" in detail for _, detail, _ in heard.spots)
