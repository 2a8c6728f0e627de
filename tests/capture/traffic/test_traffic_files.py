"""Files: every format and link type, and files that are damaged."""

from __future__ import annotations

import gzip
import random
import struct
from pathlib import Path

import frames as f
import pytest
from collecting import collect

from tongguan.capture.traffic import compile_kernels, open_capture
from tongguan.errors import BadCapture
from tongguan.model import BlindKind

REQUEST, ANSWER = b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


def talk(**ends: object) -> f.Talk:
    return f.Talk(**ends).open().send(0, REQUEST).send(1, ANSWER).acknowledge(0).close()  # type: ignore[arg-type]


def check(path: Path, data: bytes) -> None:
    """The capture holds just that conversation, whole."""
    path.write_bytes(data)
    got = collect(path)
    assert got.stream(0, 0) == REQUEST and got.stream(0, 1) == ANSWER
    assert got.bytes == len(data)
    assert got.spots == []
    assert len(got.closed) == 1
    stats = got.closed[0]
    assert (stats.state, stats.ended, stats.history) == ("SF", "fin", "ShADdFf")
    assert stats.info.ts == pytest.approx(f.START / 1e9, abs=1e-6)
    assert stats.last == pytest.approx(f.START / 1e9 + 0.008, abs=2e-6)


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("nano", [False, True])
@pytest.mark.parametrize("link", [f.ETHERNET, f.SLL, f.SLL2, f.NULL, f.LOOP, f.RAW, 12, 14, 228])
def test_pcap(tmp_path: Path, big: bool, nano: bool, link: int) -> None:
    check(tmp_path / "a.pcap", f.pcap(talk().frames(link, big=big), link, big=big, nano=nano))


@pytest.mark.parametrize("link", [f.ETHERNET, f.SLL, f.SLL2, f.NULL, f.RAW, 229])
def test_ipv6(tmp_path: Path, link: int) -> None:
    v6 = talk(client="2001:db8::1", server="2001:db8::2")
    check(tmp_path / "a.pcap", f.pcap(v6.frames(link), link))


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("resolution", [3, 6, 9, 12, 128 | 20, 128 | 30, 128 | 50])
def test_pcapng(tmp_path: Path, big: bool, resolution: int) -> None:
    shift = f.START // f.SECOND if resolution in (12, 128 | 50) else 0
    check(tmp_path / "a.pcapng", f.pcapng(talk().frames(), big=big, resolution=resolution, shift=shift))


def test_sections_interfaces_and_other_blocks(tmp_path: Path) -> None:
    """Sections of both byte orders, interfaces with their own link type, resolution and offset, unknown blocks."""
    packets = talk().packets
    ethernet = [f.Frame(ts, f.on_link(packet, f.ETHERNET)) for ts, packet in packets]
    raw = [f.Frame(ts, packet) for ts, packet in packets]
    data = f.section("<") + f.interface("<", f.ETHERNET) + f.interface("<", f.RAW, resolution=9, shift=1000)
    data += f.block("<", 4, b"\0\0\0\0") + f.block("<", 5, bytes(16)) + f.block("<", 0xBAD, b"custom")
    data += f.enhanced("<", ethernet[0]) + f.enhanced("<", raw[1], 1, resolution=9, shift=1000)
    data += f.section(">") + f.interface(">", f.RAW, resolution=9)
    data += b"".join(f.enhanced(">", frame, resolution=9) for frame in raw[2:])
    check(tmp_path / "a.pcapng", data)


def test_obsolete_and_simple_packet_blocks(tmp_path: Path) -> None:
    frame = talk().frames()[0]
    t = frame.ts // 1000
    old = struct.pack("<HHIIII", 0, 0, t >> 32, t & 0xFFFFFFFF, len(frame.data), len(frame.data)) + frame.data
    simple = struct.pack("<I", len(frame.data)) + frame.data
    data = f.section() + f.interface("<", f.ETHERNET) + f.block("<", 2, old) + f.block("<", 3, simple)
    (tmp_path / "a.pcapng").write_bytes(data)
    got = collect(tmp_path / "a.pcapng")
    assert got.packets == 2 and got.closed[0].packets == (2, 0)
    assert got.closed[0].info.ts == pytest.approx(f.START / 1e9)


def test_gzip(tmp_path: Path) -> None:
    data = f.pcap(talk().frames())
    (tmp_path / "a.pcap.gz").write_bytes(gzip.compress(data, mtime=0))
    got = collect(tmp_path / "a.pcap.gz")
    assert got.stream(0, 1) == ANSWER and got.bytes == len(data) and got.spots == []
    (tmp_path / "b.pcap.gz").write_bytes(gzip.compress(data, mtime=0)[:-40])
    got = collect(tmp_path / "b.pcap.gz")
    assert [spot.kind for spot in got.spots if "compressed" in spot.detail] == [BlindKind.TRUNCATED]


@pytest.mark.parametrize("damage", ["cut", "overwritten"])
def test_what_unfolds_before_a_damaged_place_is_read(tmp_path: Path, damage: str) -> None:
    noise = random.Random(1)
    conversation = f.Talk().open()
    for _ in range(200):
        conversation.send(0, noise.randbytes(1000))
    packed = gzip.compress(f.pcap(conversation.frames()))
    half = len(packed) // 2
    (tmp_path / "a.pcap.gz").write_bytes(packed[:half] + (b"" if damage == "cut" else b"\xff" * half))
    got = collect(tmp_path / "a.pcap.gz")
    assert got.packets > 20
    assert any("compressed" in spot.detail for spot in got.spots)


def ppp(packet: bytes) -> bytes:
    return struct.pack(">BBHHH", 0x11, 0, 1, len(packet) + 2, 0x21) + packet


def vxlan(packet: bytes) -> bytes:
    inner = struct.pack(">II", 0x08000000, 42 << 8) + f.ethernet(packet)
    return f.ip("192.0.2.1", "192.0.2.2", 17, f.udp_datagram(50000, 4789, inner))


def erspan(packet: bytes, *, kind: int) -> bytes:
    head = struct.pack(">HHI", 0x1000, kind, 1) + (bytes(8) if kind == 0x88BE else bytes(12))
    return f.ip("192.0.2.1", "192.0.2.2", 47, head + f.ethernet(packet))


TUNNELS = {
    "vlan": lambda p: f.ethernet(p, (0x8100, 7)),
    "qinq": lambda p: f.ethernet(p, (0x88A8, 7), (0x8100, 8)),
    "old qinq": lambda p: f.ethernet(p, (0x9100, 7), (0x8100, 8)),
    "mpls": lambda p: f.ethernet(struct.pack(">II", 0x00010040, 0x00020140) + p, kind=0x8847),
    "pppoe": lambda p: f.ethernet(ppp(p), kind=0x8864),
    "snap": lambda p: f.ethernet(b"\xaa\xaa\x03\0\0\0\x08\0" + p, kind=len(p) + 8),
    "ip in ip": lambda p: f.ethernet(f.ip("192.0.2.1", "192.0.2.2", 4, p)),
    "ip in ipv6": lambda p: f.ethernet(f.ip("2001:db8::9", "2001:db8::8", 4, p)),
    "gre": lambda p: f.ethernet(f.ip("192.0.2.1", "192.0.2.2", 47, b"\0\0\x08\0" + p)),
    "gre key": lambda p: f.ethernet(f.ip("192.0.2.1", "192.0.2.2", 47, b"\x30\0\x08\0" + bytes(8) + p)),
    "nvgre": lambda p: f.ethernet(f.ip("192.0.2.1", "192.0.2.2", 47, b"\x20\0\x65\x58" + bytes(4) + f.ethernet(p))),
    "erspan 2": lambda p: f.ethernet(erspan(p, kind=0x88BE)),
    "erspan 3": lambda p: f.ethernet(erspan(p, kind=0x22EB)),
    "vxlan": lambda p: f.ethernet(vxlan(p)),
    "padding": lambda p: f.ethernet(p) + bytes(11),
}


@pytest.mark.parametrize("name", TUNNELS)
def test_tunnels(tmp_path: Path, name: str) -> None:
    check(tmp_path / "a.pcap", f.pcap([f.Frame(ts, TUNNELS[name](packet)) for ts, packet in talk().packets]))


def test_ipv6_extension_headers(tmp_path: Path) -> None:
    def extended(packet: bytes) -> bytes:
        hops = struct.pack(">BB6x", 60, 0)
        options = struct.pack(">BB14x", 51, 1)
        authentication = struct.pack(">BBHII", 6, 1, 0, 1, 1)
        body = hops + options + authentication + packet[40:]
        return f.ip("2001:db8::1", "2001:db8::2", 0, body)

    v6 = talk(client="2001:db8::1", server="2001:db8::2")
    swapped = [f.Frame(ts, f.ethernet(extended(packet) if packet[23] == 1 else packet)) for ts, packet in v6.packets]
    check(tmp_path / "a.pcap", f.pcap(swapped))


def test_segmentation_offload(tmp_path: Path) -> None:
    """A capture on the sending host: frames of which the IP header could not tell the length."""
    body = bytes(range(256)) * 300
    t = f.Talk().open().send(0, b"GET").close()
    big = f.Talk().open().lose(0, b"GET")
    big.packets.clear()
    head = f.ip(f.SERVER, f.CLIENT, 6, f.tcp_segment(80, 40000, 5001, 1004, f.ACK, b""))
    zeroed = head[:2] + b"\0\0" + head[4:] + body
    frames = t.frames()
    frames.insert(4, f.Frame(frames[3].ts + 1, f.ethernet(zeroed)))
    (tmp_path / "a.pcap").write_bytes(f.pcap(frames))
    assert collect(tmp_path / "a.pcap").stream(0, 1) == body


# -- what is not read is told --------------------------------------------------------------------------------------------


def test_unknown_packets_are_counted(tmp_path: Path) -> None:
    frames = [
        f.Frame(f.START, f.ethernet(b"\0" * 28, kind=0x0806)),
        f.Frame(f.START, f.ethernet(b"\0" * 28, kind=0x0806)),
        f.Frame(f.START, f.ethernet(b"\0" * 50, kind=0x88E5)),
        f.Frame(f.START, f.ethernet(f.ip(f.CLIENT, f.SERVER, 1, b"ping"))),
        f.Frame(f.START, f.ethernet(f.ip(f.CLIENT, f.SERVER, 50, b"esp!"))),
        f.Frame(f.START, f.ethernet(f.ip(f.CLIENT, f.SERVER, 6, b"short"))),
        f.Frame(f.START, f.ethernet(b"\x45" + bytes(30))[:20]),
        f.Frame(f.START, b"\0" * 9),
        f.Frame(f.START, f.ethernet(f.ip(f.CLIENT, f.SERVER, 6, bytes(30)))).cut(40),
    ]
    (tmp_path / "a.pcap").write_bytes(f.pcap(frames))
    got = collect(tmp_path / "a.pcap")
    told = {(spot.kind.value, spot.detail): (spot.count, spot.size) for spot in got.spots}
    assert told == {
        ("unsupported", "ethertype 0x0806 (ARP)"): (2, 84),
        ("encrypted", "ethertype 0x88e5 (MACsec)"): (1, 64),
        ("unsupported", "IP protocol 1 (ICMP)"): (1, 38),
        ("encrypted", "IP protocol 50 (ESP)"): (1, 38),
        ("unreadable", "TCP or UDP headers malformed"): (1, 39),
        ("unreadable", "IP headers malformed"): (1, 20),
        ("unreadable", "link headers malformed"): (1, 9),
        ("truncated", "packets cut before their payload"): (1, 64),
    }
    assert all(spot.where == "a.pcap" for spot in got.spots)


def test_unknown_link_type(tmp_path: Path) -> None:
    (tmp_path / "a.pcap").write_bytes(f.pcap(talk().frames(), 147))
    got = collect(tmp_path / "a.pcap")
    assert [(s.kind, s.detail, s.count) for s in got.spots] == [(BlindKind.UNSUPPORTED, "link type 147", 9)]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\xd4\xc3\xb2\xa1\x02\x00", "24 bytes"),
        (b"name,phone\nWang,138\n" * 9, "not a capture"),
        (b"\x0a\x0d\x0d\x0a" + bytes(40), "section header"),
        (b"\x1f\x8b" + bytes(40), "compressed"),
        (gzip.compress(b"hello" * 100, mtime=0), "not a capture"),
    ],
)
def test_not_a_capture(tmp_path: Path, data: bytes, words: str) -> None:
    (tmp_path / "a.pcap").write_bytes(data)
    with pytest.raises(BadCapture, match=words):
        open_capture(tmp_path / "a.pcap")


def test_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(BadCapture, match="cannot be opened"):
        open_capture(tmp_path / "none.pcap")
    with pytest.raises(BadCapture, match=r"cannot be (opened|read)"):
        open_capture(tmp_path)


def test_empty_capture(tmp_path: Path) -> None:
    for data in (f.pcap([]), f.pcapng([]), f.section()):
        (tmp_path / "a").write_bytes(data)
        got = collect(tmp_path / "a")
        assert (got.packets, got.chunks, got.spots, got.bytes) == (0, 1, [], len(data))


@pytest.mark.parametrize("make", [f.pcap, f.pcapng])
def test_truncated_at_every_byte(tmp_path: Path, make: object) -> None:
    data = make(talk().frames())  # type: ignore[operator]
    path = tmp_path / "a"
    whole = 0
    for length in range(28, len(data)):
        path.write_bytes(data[:length])
        got = collect(path)
        assert ANSWER.startswith(got.stream(0, 1)) and REQUEST.startswith(got.stream(0, 0))
        told = [s for s in got.spots if s.kind is BlindKind.TRUNCATED and s.where == "a"]
        whole += not told
        assert got.bytes == length
    assert whole <= 9 + 2  # cut between two records: nothing shows it


def test_damaged_length(tmp_path: Path) -> None:
    """In a pcap file nothing behind a damaged length can be found again; a pcapng file is read on."""
    frames = talk().frames()
    size = len(f.pcap(frames[:4]))
    data = bytearray(f.pcap(frames))
    data[size + 8 : size + 12] = b"\xff\xff\xff\x7f"
    (tmp_path / "a.pcap").write_bytes(data)
    got = collect(tmp_path / "a.pcap")
    spot = next(s for s in got.spots if s.kind is BlindKind.UNREADABLE)
    assert got.packets == 4 and f"bytes {size} to {len(data)}" in spot.detail and spot.size == len(data) - size
    size = len(f.pcapng(frames[:3]))
    for damage in (b"\xff\xff\xff\x7f", b"\x10\0\0\0", b"\x11\0\0\0"):
        data = bytearray(f.pcapng(frames))
        data[size + 4 : size + 8] = damage
        (tmp_path / "a.pcapng").write_bytes(data)
        got = collect(tmp_path / "a.pcapng")
        assert got.packets == len(frames) - 1
        spot = next(s for s in got.spots if s.kind is BlindKind.UNREADABLE)
        assert spot.size == len(f.pcapng(frames[:4])) - size
        assert got.stream(0, 1) == ANSWER


def test_long_block_is_skipped(tmp_path: Path) -> None:
    frames = talk().frames()
    data = f.section() + f.interface("<", f.ETHERNET) + f.block("<", 0xBAD, bytes(3 << 20))
    data += b"".join(f.enhanced("<", frame) for frame in frames)
    (tmp_path / "a.pcapng").write_bytes(data)
    for chunk_size in (100_000, 64 << 20):
        got = collect(tmp_path / "a.pcapng", chunk_size)
        assert got.stream(0, 1) == ANSWER and got.bytes == len(data)
        assert [(s.kind, s.size) for s in got.spots] == [(BlindKind.UNSUPPORTED, (3 << 20) + 12)]


def test_kernels_compile() -> None:
    compile_kernels()
