"""Sources to batches of exchanges, each batch one step of bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tongguan.capture.dialogue import Dialogues
from tongguan.capture.limits import Limits
from tongguan.capture.protocols import PROTOCOLS, LogRow, Store
from tongguan.capture.sources import Source, SourceInfo, came_later, file_exchanges, find_sources
from tongguan.capture.traffic import Chunk, ConnectionStats, open_capture
from tongguan.errors import BadCapture
from tongguan.model import BlindKind, BlindSpot, Exchange
from tongguan.registry import parts

__all__ = ["Batch", "Progress", "batches_of_capture", "read"]

Progress = Callable[[int, int, str], None]  # bytes done, bytes in all, what is being read


@dataclass(slots=True)
class Batch:
    """One step of a source. Its contents are valid until the next batch is asked for."""

    source: SourceInfo
    ordinal: int  # from 0 on within the source
    exchanges: list[Exchange] = field(default_factory=list)
    connections: list[ConnectionStats] = field(default_factory=list)  # those that ended in it
    blind_spots: list[BlindSpot] = field(default_factory=list)  # of the source; an exchange carries its own
    rows: list[LogRow] = field(default_factory=list)  # for the logs, where they were asked for
    services: dict[str, str] = field(default_factory=dict)  # of the connections that ended: uid → Zeek's name
    packets: int = 0
    bytes: int = 0  # of the source read in this step
    last: bool = False  # nothing of the source follows


def read(paths: Sequence[Path], *, limits: Limits | None = None, progress: Progress | None = None) -> Iterator[Batch]:
    """The exchanges in captures, folders and files, batch by batch.

    Raises `BadInput` where a path is absent or cannot be read, `BadCapture` where a capture named by the user is
    damaged from its beginning. What cannot be read in a folder is a blind spot, and the run goes on.
    """
    sources = find_sources([Path(path) for path in paths])
    if any(source.info.kind == "capture" for source in sources):
        parts(PROTOCOLS)  # one of another package that cannot be used is told before anything is read
    return _read(sources, limits or Limits(), progress)


def _read(sources: list[Source], limits: Limits, progress: Progress | None) -> Iterator[Batch]:
    total, done = sum(source.info.size for source in sources), 0
    for source in sources:
        before = done
        for batch in _batches(source, limits):
            done += batch.bytes
            if progress is not None:
                progress(min(done, total), total, source.info.path)
            yield batch
        done = before + source.info.size


def _batches(source: Source, limits: Limits) -> Iterator[Batch]:
    if source.blind_spot is not None:
        yield Batch(source.info, 0, blind_spots=[source.blind_spot], last=True)
    elif source.info.kind == "capture":
        yield from batches_of_capture(source, limits)
    else:
        yield from _batches_of_file(source, limits)


def _batches_of_file(source: Source, limits: Limits) -> Iterator[Batch]:
    batch: Batch | None = None
    try:
        for ordinal, exchange in enumerate(file_exchanges(source, limits)):
            if batch is not None:
                yield batch
            batch = Batch(source.info, ordinal, [exchange], bytes=exchange.size)
        if batch is not None and batch.ordinal:
            batch.blind_spots += came_later(source)
    except OSError as error:
        if batch is not None:
            yield batch
        batch = Batch(source.info, batch.ordinal + 1 if batch else 0)
        detail = error.strerror or "cannot be read"
        batch.blind_spots.append(BlindSpot(BlindKind.UNREADABLE, source.info.path, detail, size=source.info.size))
    if batch is not None:
        batch.last = True
        yield batch


def batches_of_capture(source: Source, limits: Limits, logs: bool = False) -> Iterator[Batch]:
    """A capture chunk by chunk, with rows for the `logs` where they are wanted.

    A chunk whose contents grow large in decoding is given in several batches.
    """
    store = Store(limits, logs)
    dialogues = Dialogues(source.info.path, store)
    batch = Batch(source.info, 0)
    try:
        capture = open_capture(source.path)
    except BadCapture as error:
        if source.explicit:
            raise
        spot = BlindSpot(BlindKind.UNREADABLE, source.info.path, str(error), size=source.info.size)
        yield Batch(source.info, 0, blind_spots=[spot], last=True)
        return
    with capture:
        for chunk in capture.chunks(limits.chunk):
            for out, stats, service in dialogues.chunk(chunk):
                for one in out:
                    (batch.rows if isinstance(one, LogRow) else batch.exchanges).append(one)  # type: ignore[arg-type]
                if stats is not None:
                    batch.connections.append(stats)
                    batch.services[stats.info.uid] = service
                if store.given > limits.memory // 2:
                    yield batch
                    store.next_batch()
                    batch = Batch(source.info, batch.ordinal + 1)
            batch.blind_spots += _not_told(chunk)
            batch.packets, batch.bytes, batch.last = chunk.packets, chunk.bytes, chunk.last
            yield batch
            store.next_batch()
            batch = Batch(source.info, batch.ordinal + 1)


def _not_told(chunk: Chunk) -> list[BlindSpot]:
    """Blind spots of the capture but for gaps in streams: those the exchanges tell, each where it fell."""
    streams = {stats.info.uid for stats in chunk.closed if any(stats.gaps)}
    return [
        spot for spot in chunk.blind_spots if not (spot.kind is BlindKind.GAP and spot.size and spot.where in streams)
    ]
