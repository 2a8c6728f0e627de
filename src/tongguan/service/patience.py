"""Connections that send nothing useful are closed: uvicorn waits for a request's head for ever."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["HEAD_BYTES", "HEAD_S", "PatientProtocol"]

HEAD_S = 15.0  # a request's head has come within this time
HEAD_BYTES = 64 * 1024


class PatientProtocol(H11Protocol):
    """HTTP/1.1 where a head that does not come in time ends the connection, the first as well as any later one."""

    head_s = HEAD_S

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._arm()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._at_work:
            self._disarm()
        else:
            self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        super().connection_lost(exc)

    @property
    def _at_work(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _arm(self) -> None:
        """Begin to wait, unless that has begun: a byte now and then does not begin it anew."""
        if self._timer is None:
            self._timer = self.loop.call_later(self.head_s, self._late)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _late(self) -> None:
        self._timer = None
        if not self._at_work and not self.transport.is_closing():
            self.transport.abort()
