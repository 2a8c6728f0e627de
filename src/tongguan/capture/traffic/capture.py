"""A capture, chunk by chunk: reads, decodes, joins fragments, assembles streams, reports what was not seen."""

from __future__ import annotations

import secrets
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tongguan.capture.traffic import assemble, decode, gathering, keeping, layout, records
from tongguan.capture.traffic.connections import connection_info, connection_stats
from tongguan.capture.traffic.fragments import Fragments
from tongguan.capture.traffic.source import PCAP_HEADER, Source
from tongguan.capture.traffic.streams import Chunk, ConnectionInfo, ConnectionStats, Datagrams, Runs
from tongguan.capture.traffic.unseen import connection_spots, cut_spots, fragment_spots, other_spots, tail_spot
from tongguan.model import BlindKind, BlindSpot

__all__ = ["Capture", "compile_kernels", "open_capture"]

CHUNK = 64 << 20
_JOINED_AT = 2 * layout.POOL
_FRESH_AT = layout.FRESH + layout.HISTORY
_FIRST_SLOTS = 4096
_MOST_SLOTS = layout.MAX_FLOWS + layout.ROWS
_BUCKETS = 1 << 18
_FOREVER = 1 << 62


def open_capture(path: Path | str) -> Capture:
    """Open a pcap or pcapng file, compressed with gzip or not.

    Raises `BadCapture` where it is empty, not a capture, or cannot be opened. Damage further on is a blind spot.
    """
    return Capture(Source(Path(path)))


def compile_kernels() -> None:
    """Fill the cache of compiled code: the kernels' signatures are fixed, so importing them has compiled what was not
    there yet, and one walk over an empty capture shows that they run."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.pcap"
        path.write_bytes(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        with open_capture(path) as capture:
            for _ in capture.chunks(1):
                pass


class Capture:
    """An open capture. A context manager; `chunks` may be walked once."""

    def __init__(self, source: Source) -> None:
        self.path = source.path
        self.size = source.size  # of the file, as it lies on disk
        self._source = source

    def __enter__(self) -> Capture:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._source.close()

    def chunks(self, chunk_size: int = CHUNK) -> Iterator[Chunk]:
        """Walk the capture once, about `chunk_size` bytes at a time. A chunk's columns and payload are valid until the
        next one is asked for. The streams that come out do not depend on the size of the chunks."""
        if chunk_size < 1:
            raise ValueError("chunk_size must be at least 1")
        return _Walk(self._source, chunk_size).chunks()


class _Walk:
    """One walk over a capture: the arena, the rows of a chunk and the tables kept between chunks."""

    def __init__(self, source: Source, chunk_size: int) -> None:
        self.source = source
        self.where = source.path.name
        self.chunk_size = chunk_size
        self.arena = np.empty(_FRESH_AT + chunk_size + 2 * layout.MAX_BLOCK, np.uint8)
        self.view = memoryview(self.arena)  # type: ignore[arg-type]
        self.oldest = self.begin = self.end = _FRESH_AT  # history, unread bytes, their end
        self.file_at = 0  # position in the capture of `begin`
        self.skipping = 0
        self.lost_at = -1  # where in the capture a damaged stretch began
        self.eof = False
        self.rows = np.empty(layout.ROWS, layout.PACKET)
        self.walked = np.zeros(layout.WALK_SCALARS, np.int64)
        self.interfaces = np.zeros(layout.MAX_INTERFACES, layout.INTERFACE)
        self.other = np.zeros(layout.OTHER_SHAPE, np.int64)
        self.fragments = Fragments()
        self.tables = _new_tables()
        self.moved = np.empty(layout.SEGMENTS, np.int32)
        self.out = np.empty(chunk_size + layout.MAX_BLOCK, np.uint8)  # one allocation: pages are touched once
        self.runs = _columns(layout.SEGMENTS)
        self.grams = _columns(layout.ROWS)
        self.ordinal = 0
        self.packets = self.bytes = 0  # since the last chunk
        self.spots: list[BlindSpot] = []

    # -- reading -------------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        header, shape = self.source.header, self.source.format
        self.walked[layout.PCAPNG] = shape.pcapng
        self.walked[layout.BIG] = shape.big
        self.walked[layout.NANO] = shape.nano
        self.interfaces[0]["link"] = shape.link
        if shape.pcapng:
            self.view[self.end : self.end + len(header)] = header
            self.end += len(header)
        else:
            self.file_at = self.bytes = PCAP_HEADER

    def _refill(self) -> None:
        """Move unread bytes and the history before them down, then read on behind them."""
        keep = min(self.begin - self.oldest, layout.HISTORY)
        shift = self.begin - _FRESH_AT
        self._forget(self.begin - keep, shift)
        self.view[_FRESH_AT - keep : self.end - shift] = self.view[self.begin - keep : self.end]
        self.begin, self.end, self.oldest = _FRESH_AT, self.end - shift, _FRESH_AT - keep
        want = min(self.chunk_size, len(self.arena) - self.end)
        got = self.source.read_into(self.view[self.end : self.end + want])
        self.end += got
        self.eof = got < want

    def _forget(self, oldest: int, shift: int) -> None:
        pool = keeping.keep_held(self.tables, self.arena)
        keeping.keep_history(self.tables, self.arena, oldest, shift, pool, self.moved)

    def _decode(self) -> int:
        """Decode what is unread to rows; returns their number and leaves `begin` at what cannot be read yet."""
        rows = 0
        while rows == 0:
            self._skip()
            rows, at = records.walk(
                self.arena, self.begin, self.end, self.walked, self.interfaces, self.rows, self.other
            )
            self._advance(at - self.begin)
            status = self.walked[layout.STATUS]
            if status == layout.TOO_LONG:
                self._skip_block()
            elif status == layout.DAMAGED:
                if not self._resynchronise():
                    break
            elif status == layout.MORE:
                break
        self.packets += int(self.walked[layout.PACKETS])
        self.walked[layout.PACKETS] = 0
        return int(rows)

    def _advance(self, size: int) -> None:
        self.begin += size
        self.file_at += size
        self.bytes += size

    def _skip(self) -> None:
        size = min(self.skipping, self.end - self.begin)
        self.skipping -= size
        self._advance(size)

    def _skip_block(self) -> None:
        big = bool(self.walked[layout.BIG])
        at = self.begin + 4
        self.skipping = int.from_bytes(self.view[at : at + 4], "big" if big else "little")
        self.spots.append(
            BlindSpot(BlindKind.UNSUPPORTED, self.where, "pcapng block too long to read", 1, self.skipping)
        )

    def _resynchronise(self) -> bool:
        """Behind a damaged length: find the next block of a pcapng file. Returns whether to decode on from `begin`."""
        if self.lost_at < 0:
            self.lost_at = self.file_at
        if not self.source.format.pcapng:
            self._advance(self.end - self.begin)
            return False
        start = self.begin + (self.file_at == self.lost_at)
        at = records.resynchronise(self.arena, min(start, self.end), self.end, self.walked, self.eof)
        self._advance(at - self.begin)
        if self.eof and at < self.end:
            self._report_damage()
            return True
        return False

    def _report_damage(self) -> None:
        if self.lost_at >= 0:
            self.spots.append(tail_spot(self.where, self.lost_at, self.file_at))
            self.lost_at = -1

    def _end_of_file(self) -> None:
        """Report what the end of the file left unread."""
        left = self.end - self.begin
        self._advance(left)
        if self.lost_at >= 0:
            self._report_damage()
        elif left or self.skipping:
            detail = f"the last record, from byte {self.file_at - left} on, is not whole"
            self.spots.append(BlindSpot(BlindKind.TRUNCATED, self.where, detail, 1, left))
        if self.source.failure:
            self.spots.append(BlindSpot(BlindKind.TRUNCATED, self.where, self.source.failure))
        self.fragments.finish()

    # -- fragments -----------------------------------------------------------------------------------------------------

    def _join_fragments(self, count: int) -> None:
        """Put datagrams that became whole in the place of the fragment that completed them."""
        rows = self.rows[:count]
        at = _JOINED_AT
        for i in np.flatnonzero(rows["fragment"]):
            row = rows[i]
            offset, version = int(row["offset"]), int(row["fragment"])
            packet = bytes(self.view[offset : offset + int(row["length"])])
            whole = self.fragments.add(packet, version, int(row["ts"]))
            if whole is None or at + len(whole) > layout.FRESH:
                continue
            self.view[at : at + len(whole)] = whole
            rows[i]["proto"] = 0
            rows[i]["fragment"] = 0
            if not decode.decode_joined(self.arena, at, at + len(whole), self.rows, i, self.other):
                rows[i]["proto"] = 0
            at += len(whole)

    # -- chunks --------------------------------------------------------------------------------------------------------

    def chunks(self) -> Iterator[Chunk]:
        self._start()
        self._refill()
        while True:
            rows = self._decode()
            more = self.walked[layout.STATUS] != layout.MORE and self.begin < self.end
            if rows and self.walked[layout.FRAGMENT_BYTES]:
                self._join_fragments(rows)
            final = self.eof and not more
            if final:
                self._end_of_file()
            if rows or final:
                yield from self._assemble(rows, final)
            if final:
                return
            if more:
                keep = min(self.begin - self.oldest, layout.HISTORY)
                self._forget(self.begin - keep, 0)
            else:
                self._refill()

    def _assemble(self, rows: int, final: bool) -> Iterator[Chunk]:
        """The chunks that rows make: one, unless its lists are too short."""
        self._grow_flows(rows)
        tables, at = self.tables, 0
        while (at := assemble.assemble(tables, self.rows, at, rows, self.arena)) < rows:
            yield self._take()
            self._evict()
        now = int(self.rows[rows - 1]["ts"]) if rows else 0
        slot = 0
        while (slot := assemble.expire(tables, slot, now, _FOREVER if final else -1, layout.END)) < len(tables.flows):
            yield self._take()
        limit = layout.HELD_BYTES
        while assemble.relieve(tables, limit) > layout.POOL:
            limit //= 2
            if tables.scalars[layout.SEGS] + layout.SLACK > layout.SEGMENTS:
                yield self._take()
        self._evict()
        yield self._take(final)

    def _take(self, last: bool = False) -> Chunk:
        """What was delivered since the last chunk; its segments stay as history only."""
        tables, runs, grams = self.tables, self.runs, self.grams
        streamed = gathering.delivered(tables)
        sent = int(self.rows["length"][tables.grams[0 : 2 * tables.scalars[layout.GRAMS] : 2]].sum(dtype=np.int64))
        if streamed + sent > len(self.out):
            self.out = np.empty(streamed + sent, np.uint8)
        n = gathering.gather(tables, self.arena, self.out, *runs)
        g = gathering.gather_datagrams(tables, self.rows, self.arena, self.out, streamed, *grams)
        closed = self._closed()
        chunk = Chunk(
            ordinal=self.ordinal,
            packets=self.packets,
            bytes=self.bytes,
            payload=self.out[: streamed + sent],
            runs=Runs(*(column[:n] for column in runs)),
            datagrams=Datagrams(*(column[:g] for column in grams)),
            opened=self._opened(),
            closed=closed,
            blind_spots=self._blind_spots(closed),
            last=last,
        )
        keeping.release(tables)
        keeping.keep_history(tables, self.arena, self.oldest, 0, -1, self.moved)
        self.ordinal += 1
        self.packets = self.bytes = 0
        return chunk

    def _opened(self) -> list[ConnectionInfo]:
        slots = self.tables.opened[: self.tables.scalars[layout.OPENED]]
        return connection_info(self.tables.flows[slots])

    def _closed(self) -> list[ConnectionStats]:
        slots = self.tables.ended[: self.tables.scalars[layout.ENDED]].astype(np.int64)
        tables = self.tables
        return connection_stats(tables.flows[slots], tables.streams[2 * slots], tables.streams[2 * slots + 1])

    def _blind_spots(self, closed: list[ConnectionStats]) -> list[BlindSpot]:
        spots = self.spots
        self.spots = []
        if self.other[layout.MALFORMED, layout.ANY, 0]:
            self.other[layout.MALFORMED, layout.ANY] = 0
            spots += other_spots(self.where, self.other)
            self.other[...] = 0
        spots += cut_spots(self.where, int(self.walked[layout.CUT]), int(self.walked[layout.CUT_BYTES]))
        spots += fragment_spots(self.where, *self.fragments.take_lost())
        spots += connection_spots(closed)
        self.walked[layout.CUT] = self.walked[layout.CUT_BYTES] = 0
        return spots

    # -- bounds --------------------------------------------------------------------------------------------------------

    def _grow_flows(self, rows: int) -> None:
        """Make room for as many new connections as there are rows, up to the bound."""
        slots = len(self.tables.flows)
        needed = slots - int(self.tables.scalars[layout.FREE_SLOTS]) + rows
        if needed > slots and slots < _MOST_SLOTS:
            size = slots
            while size < needed:
                size *= 2
            self.tables = _grown(self.tables, min(size, _MOST_SLOTS))

    def _evict(self) -> None:
        """Let go of the connections that were silent longest, where too many are open."""
        tables = self.tables
        surplus = int(tables.scalars[layout.LIVE]) - layout.MAX_FLOWS
        if surplus <= 0:
            return
        last = tables.flows["last"][tables.flows["ended"] == 0]
        surplus += layout.MAX_FLOWS // 4
        before = int(np.partition(last, surplus)[surplus])
        assemble.expire(tables, 0, 0, before, layout.EVICTED)
        let_go = BlindSpot(
            BlindKind.TRUNCATED, self.where, "connections let go before their end: too many were open", surplus
        )
        self.spots.append(let_go)


def _columns(size: int) -> tuple[NDArray[Any], ...]:
    """Columns of runs or datagrams: conn, direction, ts, offset, length, gap or missing."""
    kinds = (np.int64, np.uint8, np.float64, np.int64, np.int64, np.int64)
    return tuple(np.empty(size, kind) for kind in kinds)


def _new_tables() -> layout.Tables:
    scalars = np.zeros(layout.SCALARS, np.int64)
    scalars[layout.SEED] = secrets.randbits(62)  # so that nobody can prepare addresses that fall into one bucket
    scalars[layout.MASK] = _BUCKETS - 1
    scalars[layout.FREE_NODE] = -1
    empty = layout.Tables(
        scalars=scalars,
        buckets=np.full(_BUCKETS, -1, np.int32),
        free=np.empty(0, np.int32),
        flows=np.zeros(0, layout.FLOW),
        streams=np.zeros(0, layout.STREAM),
        nodes=np.empty(layout.NODES, layout.NODE),
        segments=np.empty(layout.SEGMENTS, layout.SEGMENT),
        grams=np.empty(2 * layout.ROWS, np.int64),
        opened=np.empty(0, np.int32),
        ended=np.empty(0, np.int32),
        touched=np.empty(0, np.int32),
    )
    return _grown(empty, _FIRST_SLOTS)


def _grown(tables: layout.Tables, slots: int) -> layout.Tables:
    """The same tables with room for more connections."""
    had, free = len(tables.flows), int(tables.scalars[layout.FREE_SLOTS])
    flows = np.empty(slots, layout.FLOW)
    flows[:had] = tables.flows
    flows["ended"][had:] = layout.END
    streams = np.empty(2 * slots, layout.STREAM)
    streams[: 2 * had] = tables.streams
    stack = np.empty(slots, np.int32)
    stack[:free] = tables.free[:free]
    stack[free : free + slots - had] = np.arange(slots - 1, had - 1, -1)
    tables.scalars[layout.FREE_SLOTS] = free + slots - had
    lists = [np.empty(slots + 2, np.int32) for _ in range(3)]
    for old, new in zip((tables.opened, tables.ended, tables.touched), lists, strict=True):
        new[: len(old)] = old
    return tables._replace(free=stack, flows=flows, streams=streams, opened=lists[0], ended=lists[1], touched=lists[2])
