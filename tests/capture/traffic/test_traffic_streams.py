"""Streams: order, gaps, overlaps, reuse, ends. Each capture is made here, so that its truth is known."""

from __future__ import annotations

import random
from pathlib import Path

import frames as f
import pytest
from collecting import Collected, collect

from tongguan.capture.traffic import layout, open_capture
from tongguan.model import BlindKind

BIG = bytes(random.Random(1).randbytes(20_000))


def read(path: Path, talk: f.Talk, chunk_size: int = 64 << 20) -> Collected:
    (path / "a.pcap").write_bytes(f.pcap(talk.frames(), nano=True))
    return collect(path / "a.pcap", chunk_size)


def pieces(data: bytes, size: int) -> list[tuple[int, bytes]]:
    return [(at, data[at : at + size]) for at in range(0, len(data), size)]


def kinds(got: Collected) -> list[BlindKind]:
    return [spot.kind for spot in got.spots]


def test_dialogue(tmp_path: Path) -> None:
    talk = f.Talk().open()
    for k in range(5):
        talk.send(0, b"ask %d;" % k).send(1, b"part one %d," % k).send(1, b"part two %d." % k)
    got = read(tmp_path, talk.close())
    turns = [(side, data) for side, _, data in got.dialogue[0]]
    assert turns == [t for k in range(5) for t in ((0, b"ask %d;" % k), (1, b"part one %d,part two %d." % (k, k)))]
    info = got.opened[0]
    assert (info.client_ip, info.client_port, info.server_ip, info.server_port) == (f.CLIENT, 40000, f.SERVER, 80)
    assert (info.transport, info.midstream) == ("tcp", False)


@pytest.mark.parametrize("isn", [0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFF000, 0x7FFFFFF0])
def test_wraparound_disorder_and_duplicates(tmp_path: Path, isn: int) -> None:
    chance = random.Random(isn)
    talk = f.Talk(isn=(isn, isn ^ 0x80000000)).open()
    parts = pieces(BIG, 700)
    order = sorted(range(len(parts)), key=lambda k: k + chance.uniform(0, 6))
    for k in order + chance.choices(order, k=8):
        talk.segment(0, *parts[k])
    talk.sent[0] += BIG
    got = read(tmp_path, talk.close())
    assert got.stream(0, 0) == BIG and got.spots == []
    stats = got.closed[0]
    assert stats.retransmissions == (8, 0) and stats.out_of_order[0] > 0 and stats.state == "SF"


def test_overlaps_that_agree(tmp_path: Path) -> None:
    chance = random.Random(5)
    talk = f.Talk().open()
    talk.segment(0, 0, BIG[:100])
    for _ in range(300):
        at = chance.randrange(len(BIG))
        talk.segment(0, at, BIG[at : at + chance.randrange(1, 900)])
    for at, part in pieces(BIG, 1000):
        talk.segment(0, at, part)
    talk.sent[0] += BIG
    got = read(tmp_path, talk.close())
    assert got.stream(0, 0) == BIG and got.spots == []
    assert got.closed[0].overlaps == (0, 0)


def test_conflicting_overlaps_first_copy_wins(tmp_path: Path) -> None:
    talk = f.Talk().open()
    talk.segment(0, 0, b"aaaaa")
    talk.segment(0, 0, b"bbbbb")  # of delivered bytes
    talk.segment(0, 10, b"ccccc")
    talk.segment(0, 8, b"dddddddd")  # of held bytes: 8, 9 and 15 are new
    talk.segment(0, 3, b"eeeeeee")  # 2 delivered, 3 new, 2 held
    talk.sent[0] += b"aaaaaeeeddccccc" + b"d"
    got = read(tmp_path, talk.close())
    assert got.stream(0, 0) == bytes(talk.sent[0])
    assert got.closed[0].overlaps == (5 + 5 + 2 + 2, 0)
    assert [(s.kind, s.size, s.where) for s in got.spots] == [(BlindKind.OVERLAP, 14, got.opened[0].uid)]
    assert "I" in got.closed[0].history


def test_conflict_is_seen_across_chunks(tmp_path: Path) -> None:
    talk = f.Talk().open().send(0, b"x" * 500)
    for _ in range(40):
        talk.send(1, BIG[:400])
    talk.segment(0, 0, b"y" * 500)
    assert read(tmp_path, talk.close(), 2000).closed[0].overlaps == (500, 0)


def test_keep_alive_is_no_conflict(tmp_path: Path) -> None:
    talk = f.Talk().open().send(0, b"hello")
    talk.segment(0, 4, b"\0", f.ACK)
    talk.segment(0, 4, b"", f.ACK)
    got = read(tmp_path, talk.send(0, b" there").close())
    assert got.stream(0, 0) == b"hello there" and got.spots == []


def test_gap_confirmed_by_the_other_side(tmp_path: Path) -> None:
    talk = f.Talk().open().send(1, b"before").lose(1, b"lost").send(1, b"after").acknowledge(0)
    talk.clock += f.SECOND
    talk.send(0, b"more?").send(1, b"yes").close()
    got = read(tmp_path, talk)
    assert got.dialogue[0] == [(1, 0, b"before"), (1, 4, b"after"), (0, 0, b"more?"), (1, 0, b"yes")]
    assert got.closed[0].gaps == (0, 4)
    assert [(s.kind, s.size, s.where) for s in got.spots] == [(BlindKind.GAP, 4, got.opened[0].uid)]


def test_confirmed_before_it_was_captured(tmp_path: Path) -> None:
    """Mirrors disorder packets: what was confirmed a moment ago may still come."""
    talk = f.Talk().open().lose(1, b"late").send(1, b"after").acknowledge(0)
    talk.segment(1, 0, b"late")
    assert read(tmp_path, talk.close()).stream(0, 1) == b"lateafter"


def test_gap_at_the_end(tmp_path: Path) -> None:
    got = read(tmp_path, f.Talk().open().send(1, b"begin").lose(1, b"lost").close())
    assert got.dialogue[0] == [(1, 0, b"begin"), (1, 4, b"")]
    got = read(tmp_path, f.Talk().open().send(1, b"begin").lose(1, b"lost").acknowledge(0))
    assert got.dialogue[0] == [(1, 0, b"begin"), (1, 4, b"")] and got.closed[0].ended == "end"


def test_a_side_that_was_not_captured(tmp_path: Path) -> None:
    talk = f.Talk().open().send(0, b"one").lose(1, b"x" * 50).send(0, b"two").lose(1, b"y" * 50).send(0, b"three")
    talk.packets = [p for p in talk.packets if p[1][12:16] == bytes([198, 51, 100, 7])]
    got = read(tmp_path, talk)
    assert got.stream(0, 0) == b"onetwothree" and got.closed[0].gaps == (0, 100)


def test_hold_limit(tmp_path: Path) -> None:
    """A hole that nobody confirms does not hold back a stream for ever."""
    talk = f.Talk(step=1000).open().lose(1, b"lost")
    block = bytes(60_000)
    for _ in range(300):
        talk.send(1, block)
    (tmp_path / "a.pcap").write_bytes(f.pcap(talk.frames()[:-1]))
    sizes = []
    with open_capture(tmp_path / "a.pcap") as capture:
        for chunk in capture.chunks(1 << 20):
            sizes.append(int(chunk.runs.length.sum()))
    assert sum(sizes) == 299 * 60_000 and sizes[0] == 0 and max(sizes) < 10 << 20


def test_missing_beginning(tmp_path: Path) -> None:
    talk = f.Talk().open().send(0, b"unseen").send(1, b"unseen too")
    talk.packets.clear()
    at = len(talk.sent[1])
    talk.segment(1, at + 4, b"efgh")
    talk.segment(1, at, b"abcd")
    talk.sent[1] += b"abcdefgh"
    got = read(tmp_path, talk.acknowledge(0).send(0, b"seen").close())
    info = got.opened[0]
    assert info.midstream and (info.client_port, info.server_port) == (40000, 80)
    assert got.stream(0, 1) == b"abcdefgh" and got.stream(0, 0) == b"seen"
    assert kinds(got) == [BlindKind.GAP] and got.closed[0].gaps == (0, 0)


def test_opening_disordered(tmp_path: Path) -> None:
    talk = f.Talk().open().send(0, b"data")
    syn, synack, ack, data = talk.packets
    times = [ts for ts, _ in talk.packets]
    talk.packets = list(zip(times, (p[1] for p in (synack, data, syn, ack)), strict=True))
    got = read(tmp_path, talk.send(1, b"answer").close())
    assert len(got.closed) == 1 and got.stream(0, 0) == b"data" and got.opened[0].client_port == 40000


def test_port_reuse(tmp_path: Path) -> None:
    one = f.Talk().open().send(0, b"first").close()
    two = f.Talk(isn=(9_000_000, 7_000_000), clock=one.clock).open().send(0, b"second")
    two.segment(0, 6, b"", f.RST)
    three = f.Talk(isn=(77, 88), clock=two.clock).open().send(0, b"third")
    one.packets += two.packets + three.packets
    got = read(tmp_path, one)
    assert [got.stream(k, 0) for k in range(3)] == [b"first", b"second", b"third"]
    assert [got.closed[k].ended for k in range(3)] == ["fin", "rst", "end"]
    assert [got.closed[k].state for k in range(3)] == ["SF", "RSTO", "S1"]
    assert len({info.uid for info in got.opened.values()}) == 3


def test_repeated_syn_is_one_connection(tmp_path: Path) -> None:
    talk = f.Talk()
    talk.segment(0, -1, b"", f.SYN)
    talk.segment(0, -1, b"", f.SYN)
    got = read(tmp_path, talk.open().send(0, b"x").close())
    assert len(got.closed) == 1 and got.closed[0].state == "SF"


def test_idle(tmp_path: Path) -> None:
    talk = f.Talk().open().send(0, b"one")
    talk.clock += 3 * 3600 * f.SECOND
    got = read(tmp_path, talk.send(0, b"two"))
    assert got.closed[0].ended == "idle" and got.stream(1, 0) == b"two" and got.opened[1].midstream


@pytest.mark.parametrize(
    ("steps", "state"),
    [
        ([(0, f.SYN)], "S0"),
        ([(0, f.SYN), (1, f.RST | f.ACK)], "REJ"),
        ([(0, f.SYN), (0, f.RST)], "RSTOS0"),
        ([(1, f.SYN | f.ACK)], "OTH"),
        ([(0, f.SYN), (1, f.SYN | f.ACK), (0, f.ACK)], "S1"),
        ([(0, f.SYN), (1, f.SYN | f.ACK), (0, f.FIN | f.ACK)], "S2"),
        ([(0, f.SYN), (1, f.SYN | f.ACK), (1, f.FIN | f.ACK)], "S3"),
        ([(0, f.SYN), (1, f.SYN | f.ACK), (1, f.RST)], "RSTR"),
        ([(0, f.ACK), (1, f.ACK)], "OTH"),
    ],
)
def test_states(tmp_path: Path, steps: list[tuple[int, int]], state: str) -> None:
    talk = f.Talk()
    for direction, flags in steps:
        talk.segment(direction, -1 if flags & f.SYN else 0, b"", flags)
    got = read(tmp_path, talk)
    assert [stats.state for stats in got.closed.values()] == [state]
    assert got.opened[0].client_ip == f.CLIENT


def test_snap_length(tmp_path: Path) -> None:
    talk = f.Talk().open().send(0, b"GET /").send(1, BIG[:1000]).send(1, BIG[1000:1500]).send(0, b"next").close()
    (tmp_path / "a.pcap").write_bytes(f.pcap([frame.cut(154) for frame in talk.frames()]))
    got = collect(tmp_path / "a.pcap")
    assert got.dialogue[0] == [
        (0, 0, b"GET /"), (1, 0, BIG[:100]), (1, 900, BIG[1000:1100]), (0, 0, b"next"), (1, 400, b""),
    ]  # fmt: skip
    assert got.closed[0].truncated == (0, 1300) and got.closed[0].gaps == (0, 0)
    assert [(s.kind, s.count, s.size) for s in got.spots] == [(BlindKind.TRUNCATED, 2, 1300)]


def test_datagrams(tmp_path: Path) -> None:
    ask = f.ip("2001:db8::1", "2001:db8::2", 17, f.udp_datagram(5353, 53, b"question"))
    answer = f.ip("2001:db8::2", "2001:db8::1", 17, f.udp_datagram(53, 5353, b"answer"))
    other = f.ip(f.SERVER, f.CLIENT, 17, f.udp_datagram(53, 6000, b"answer first"))
    frames = f.framed([ask, answer, other, ask])
    frames[3] = f.Frame(f.START + 100 * f.SECOND, frames[3].data).cut(66)
    (tmp_path / "a.pcap").write_bytes(f.pcap(frames))
    got = collect(tmp_path / "a.pcap")
    assert got.datagrams == [
        (0, 0, b"question", 0),
        (0, 1, b"answer", 0),
        (1, 1, b"answer first", 0),
        (2, 0, b"ques", 4),
    ]
    assert got.opened[0].server_port == 53 and got.opened[1].server_ip == f.SERVER
    assert got.closed[0].ended == "idle" and got.closed[0].bytes == (8, 6)


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("order", ["as sent", "reversed", "shuffled"])
def test_fragments(tmp_path: Path, version: int, order: str) -> None:
    ends = (f.CLIENT, f.SERVER) if version == 4 else ("2001:db8::1", "2001:db8::2")
    cut = f.fragments4 if version == 4 else f.fragments6
    datagram = cut(f.ip(*ends, 17, f.udp_datagram(2049, 2049, BIG[:9000])), 1480)
    segment = cut(f.ip(*ends, 6, f.tcp_segment(40000, 80, 1001, 1, f.ACK, BIG[:3000])), 600, ident=78)
    packets = datagram + segment
    if order == "reversed":
        packets.reverse()
    elif order == "shuffled":
        random.Random(3).shuffle(packets)
    for chunk_size in (500, 64 << 20):
        (tmp_path / "a.pcap").write_bytes(f.pcap(f.framed(packets)))
        got = collect(tmp_path / "a.pcap", chunk_size)
        assert [data for _, _, data, _ in got.datagrams] == [BIG[:9000]]
        tcp = next(info.conn for info in got.opened.values() if info.transport == "tcp")
        assert got.stream(tcp, 0) == BIG[:3000]
        assert all("fragments" not in spot.detail for spot in got.spots)


def test_fragments_that_never_become_whole(tmp_path: Path) -> None:
    packet = f.ip(f.CLIENT, f.SERVER, 17, f.udp_datagram(1, 2, BIG[:3000]))
    lost = f.fragments4(packet, 1000)[:2]
    bad = f.fragments4(packet, 1000, ident=9)
    bad.insert(1, bad[0][:-504] + bytes(504))  # the same place with other bytes: the first copy stays
    contradicting = f.fragments4(packet, 1000, ident=10)
    shifted = bytearray(contradicting[1])
    shifted[7] -= 1  # eight bytes earlier, so that it overlaps the first one with other bytes
    (tmp_path / "a.pcap").write_bytes(
        f.pcap(f.framed([*lost, *bad, contradicting[0], bytes(shifted), *contradicting[1:]]))
    )
    got = collect(tmp_path / "a.pcap")
    assert [data for _, _, data, _ in got.datagrams] == [BIG[:3000]]
    assert got.count(BlindKind.GAP) >= 2


# -- chunks --------------------------------------------------------------------------------------------------------------


def busy_capture(seed: int) -> list[f.Frame]:
    """Conversations that interleave, with loss, disorder, duplicates, conflicts, cuts and fragments."""
    chance = random.Random(seed)
    packets: list[tuple[int, bytes]] = []
    for k in range(25):
        talk = f.Talk(
            client=f"198.51.100.{1 + k % 9}" if k % 3 else f"2001:db8::{k + 1:x}",
            server=f.SERVER if k % 3 else "2001:db8:1::5",
            cport=40000 + k % 12,
            isn=(chance.getrandbits(32), chance.getrandbits(32)),
            clock=f.START + chance.randrange(50) * 20_000_000,
        )
        if chance.random() < 0.8:
            talk.open()
        for _ in range(chance.randrange(1, 12)):
            side = chance.randrange(2)
            for at, part in pieces(chance.randbytes(chance.randrange(1, 6000)), 1000):
                dice = chance.random()
                if dice < 0.04:
                    talk.lose(side, part)
                elif dice < 0.08:
                    talk.lose(side, part).send(side, b"swapped").segment(
                        side, len(talk.sent[side]) - 7 - len(part), part
                    )
                elif dice < 0.11:
                    talk.send(side, part).segment(side, max(0, len(talk.sent[side]) - 1500), bytes(900))
                else:
                    talk.send(side, part)
                if at % 2000 == 0:
                    talk.acknowledge(1 - side)
        if chance.random() < 0.6:
            talk.close()
        packets += talk.packets
    packets.sort(key=lambda packet: packet[0])
    frames = [f.Frame(ts, f.ethernet(packet)) for ts, packet in packets]
    return [frame.cut(600) if chance.random() < 0.02 else frame for frame in frames]


@pytest.mark.parametrize("seed", range(4))
def test_chunk_boundaries_change_nothing(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "a.pcap"
    make = f.pcapng if seed % 2 else f.pcap
    path.write_bytes(make(busy_capture(seed)))
    whole = collect(path)
    assert whole.chunks == 1 and sum(len(whole.stream(k, d)) for k in whole.opened for d in (0, 1)) > 200_000
    for chunk_size in (700, 4096, 65_536, 300_001):
        parts = collect(path, chunk_size)
        assert parts.chunks > 1
        assert parts.dialogue == whole.dialogue
        assert parts.opened == whole.opened and parts.closed == whole.closed
        assert (parts.packets, parts.bytes) == (whole.packets, whole.bytes)
        total = {kind: (whole.count(kind), sum(s.size for s in whole.spots if s.kind is kind)) for kind in BlindKind}
        for kind in BlindKind:
            assert (parts.count(kind), sum(s.size for s in parts.spots if s.kind is kind)) == total[kind]


def test_more_connections_than_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Past the bound those that were silent longest are let go, and the report says how many."""
    monkeypatch.setattr(layout, "MAX_FLOWS", 400)
    packets = []
    for k in range(1500):
        body = f.tcp_segment(1024 + k, 80, 1, 1, f.ACK, b"%d" % k)
        packets.append(f.ip(f.CLIENT, f.SERVER, 6, body))
    (tmp_path / "a.pcap").write_bytes(f.pcap(f.framed(packets)))
    got = collect(tmp_path / "a.pcap", 20_000)
    assert len(got.closed) == 1500
    assert sorted(got.stream(k, 0) for k in range(1500)) == sorted(b"%d" % k for k in range(1500))
    let_go = sum(s.ended == "evicted" for s in got.closed.values())
    assert let_go >= 1000 and sum(s.count for s in got.spots if "too many" in s.detail) >= let_go - 100
