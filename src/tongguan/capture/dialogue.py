"""Chunks of a capture to exchanges: each connection read by its session."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

import numpy as np

from tongguan.capture.protocols import Ends, Expectation, Layer, Outcome, Session, Store
from tongguan.capture.traffic import Chunk, ConnectionInfo, ConnectionStats
from tongguan.model import Endpoint

__all__ = ["Dialogues"]

_EXPECTATIONS = 10_000


class Dialogues:
    """All open connections of one capture."""

    def __init__(self, capture: str, store: Store) -> None:
        self.capture = capture
        self.store = store
        self._infos: dict[int, ConnectionInfo] = {}
        self._sessions: dict[int, Session] = {}
        self._expected: OrderedDict[Endpoint, Expectation] = OrderedDict()

    def chunk(self, chunk: Chunk) -> Iterator[tuple[list[Outcome], ConnectionStats | None, str]]:
        """What each connection brought; with its figures and its service where it ended."""
        for info in chunk.opened:
            self._infos[info.conn] = info
        yield from self._streams(chunk)
        yield from self._datagrams(chunk)
        for stats in chunk.closed:
            session = self._sessions.pop(stats.info.conn, None)
            self._infos.pop(stats.info.conn, None)
            if session is None:
                yield [], stats, ""
                continue
            session.close(stats.last)
            yield self._taken(session), stats, session.service
        for conn in {*np.unique(chunk.runs.conn).tolist(), *np.unique(chunk.datagrams.conn).tolist()}:
            if session := self._sessions.get(conn):
                session.keep()

    def _streams(self, chunk: Chunk) -> Iterator[tuple[list[Outcome], None, str]]:
        """Connections in the order of their beginnings: what announces another one is read before it."""
        payload = memoryview(chunk.payload).toreadonly()  # type: ignore[arg-type]
        runs = chunk.runs
        order = np.argsort(runs.conn, kind="stable")
        columns = (runs.conn, runs.direction, runs.ts, runs.offset, runs.length, runs.gap_before)
        before, session = -1, None
        for conn, direction, ts, offset, length, gap in zip(*(c[order].tolist() for c in columns), strict=True):
            if conn != before:
                if session is not None:
                    yield self._taken(session), None, ""
                before, session = conn, self._session(conn)
            assert session is not None
            if gap:
                session.gap(direction, gap, ts)
            if length:
                session.data(direction, payload[offset : offset + length], ts)
        if session is not None:
            yield self._taken(session), None, ""

    def _datagrams(self, chunk: Chunk) -> Iterator[tuple[list[Outcome], None, str]]:
        payload = memoryview(chunk.payload).toreadonly()  # type: ignore[arg-type]
        rows = chunk.datagrams
        columns = (rows.conn, rows.direction, rows.ts, rows.offset, rows.length, rows.missing)
        for conn, direction, ts, offset, length, missing in zip(*(c.tolist() for c in columns), strict=True):
            session = self._session(conn)
            if length:
                session.data(direction, payload[offset : offset + length], ts)
            if missing:
                session.gap(direction, missing, ts)
            if session.out:
                yield self._taken(session), None, ""

    def _session(self, conn: int) -> Session:
        session = self._sessions.get(conn)
        if session is None:
            info = self._infos[conn]
            ends = Ends(
                info.uid,
                Endpoint(info.client_ip, info.client_port),
                Endpoint(info.server_ip, info.server_port),
                self.capture,
                info.transport,
                info.midstream,
            )
            session = self._sessions[conn] = Session(ends, self.store, lambda: self._announced(ends))
        return session

    def _taken(self, session: Session) -> list[Outcome]:
        out = session.take()
        if any(isinstance(one, Expectation) for one in out):
            for one in out:
                if isinstance(one, Expectation):
                    self._expected.update(dict.fromkeys(one.listeners, one))
            while len(self._expected) > _EXPECTATIONS:
                self._expected.popitem(last=False)
            return [one for one in out if not isinstance(one, Expectation)]
        return out

    def _announced(self, ends: Ends) -> Layer | None:
        expectation = self._expected.pop(ends.server, None)
        if expectation is None:
            return None
        for listener in expectation.listeners:
            self._expected.pop(listener, None)
        return expectation.layer(ends)
