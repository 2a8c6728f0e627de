"""Read a capture to its end and keep what it brought, for comparison."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tongguan.capture.traffic import ConnectionInfo, ConnectionStats, open_capture
from tongguan.model import BlindKind, BlindSpot

__all__ = ["Collected", "collect"]


@dataclass
class Collected:
    """A whole capture. `dialogue` is, by connection, (direction, gap before, payload) merged over chunks."""

    opened: dict[int, ConnectionInfo] = field(default_factory=dict)
    closed: dict[int, ConnectionStats] = field(default_factory=dict)
    dialogue: dict[int, list[tuple[int, int, bytes]]] = field(default_factory=dict)
    datagrams: list[tuple[int, int, bytes, int]] = field(default_factory=list)
    spots: list[BlindSpot] = field(default_factory=list)
    packets: int = 0
    bytes: int = 0
    chunks: int = 0

    def stream(self, conn: int, direction: int) -> bytes:
        return b"".join(data for side, _, data in self.dialogue.get(conn, []) if side == direction)

    def gaps(self, conn: int, direction: int) -> list[int]:
        return [gap for side, gap, _ in self.dialogue.get(conn, []) if side == direction and gap]

    def count(self, kind: BlindKind) -> int:
        return sum(spot.count for spot in self.spots if spot.kind is kind)


def collect(path: Path, chunk_size: int = 64 << 20) -> Collected:
    """Read all of a capture; checks on the way what every chunk promises."""
    got = Collected()
    last = False
    with open_capture(path) as capture:
        for ordinal, chunk in enumerate(capture.chunks(chunk_size)):
            assert chunk.ordinal == ordinal and not last
            last = chunk.last
            got.chunks += 1
            got.packets += chunk.packets
            got.bytes += chunk.bytes
            for info in chunk.opened:
                assert info.conn not in got.opened
                got.opened[info.conn] = info
            _runs(got, chunk)
            columns = (chunk.datagrams.conn, chunk.datagrams.direction, chunk.datagrams.offset)
            rest = (chunk.datagrams.length, chunk.datagrams.missing)
            for conn, direction, at, length, missing in zip(*(c.tolist() for c in columns + rest), strict=True):
                assert conn in got.opened and conn not in got.closed
                got.datagrams.append((conn, direction, chunk.payload[at : at + length].tobytes(), missing))
            for stats in chunk.closed:
                assert stats.info.conn not in got.closed
                assert got.opened[stats.info.conn] == stats.info
                got.closed[stats.info.conn] = stats
            got.spots += chunk.blind_spots
    assert last
    assert got.opened.keys() == got.closed.keys()
    for conn, stats in got.closed.items():
        if stats.info.transport == "tcp":
            assert stats.bytes == (len(got.stream(conn, 0)), len(got.stream(conn, 1)))
            missing = tuple(a + b for a, b in zip(stats.gaps, stats.truncated, strict=True))
            assert missing == (sum(got.gaps(conn, 0)), sum(got.gaps(conn, 1)))
    return got


def _runs(got: Collected, chunk: object) -> None:
    runs = chunk.runs  # type: ignore[attr-defined]
    seen: list[int] = []
    columns = (runs.conn, runs.direction, runs.offset, runs.length, runs.gap_before)
    before = None
    for conn, direction, at, length, gap in zip(*(column.tolist() for column in columns), strict=True):
        assert conn in got.opened and conn not in got.closed
        if not seen or seen[-1] != conn:
            assert conn not in seen, "runs of a connection stand together"
            seen.append(conn)
        else:
            assert gap or before != direction, "a run is as long as it can be"
        before = direction
        data = chunk.payload[at : at + length].tobytes()  # type: ignore[attr-defined]
        assert len(data) == length
        turns = got.dialogue.setdefault(conn, [])
        if turns and turns[-1][0] == direction and not gap:
            side, earlier, already = turns[-1]
            turns[-1] = (side, earlier, already + data)
        else:
            turns.append((direction, gap, data))
