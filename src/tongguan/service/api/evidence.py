"""Evidence: put in, look at masked, see the original with a reason, hold, release, expire, check."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Annotated, Any

import anyio.from_thread
from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from pydantic import Field

from tongguan.errors import BadInput
from tongguan.service.api.calling import TrustRoom
from tongguan.service.api.shapes import Ident, Limit, Line, Name, Offset, Prose, Shown, Strict
from tongguan.service.permission import needs
from tongguan.trust.access import Principal

__all__ = ["router"]

router = APIRouter(prefix="/evidence", tags=["evidence"])
Reason = Annotated[Prose, Field(min_length=1, max_length=2000)]


class Given(Strict):
    reason: Reason


@router.post("", status_code=201)
def add(
    request: Request,
    trust: TrustRoom,
    by: Annotated[Principal, needs("evidence.add")],
    kind: Name,
    name: Name,
    media_type: Name,
    entity: Name | None = None,
    exchange: Line = "",
    source: Line = "",
    masked: Annotated[Prose, Field(max_length=4000)] | None = None,
) -> dict[str, Any]:
    """Put the body, as it is, into the store: read as it comes, never held whole, never on disk in the clear."""
    origin = {key: value for key, value in (("exchange", exchange), ("source", source)) if value}
    manifest = trust.evidence.add(
        _Body(request), kind=kind, name=name, media_type=media_type, entity=entity, origin=origin, masked=masked, by=by
    )
    return asdict(manifest)


class _Body(io.RawIOBase):
    """A request's body as a file, for a worker thread: each read waits for the next piece of it."""

    def __init__(self, request: Request) -> None:
        self._pieces: AsyncIterator[bytes] = request.stream().__aiter__()
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            piece = anyio.from_thread.run(self._next)
            if piece is None:
                return 0
            self._left = piece
        taken = min(len(buffer), len(self._left))
        buffer[:taken], self._left = self._left[:taken], self._left[taken:]
        return taken

    async def _next(self) -> bytes | None:
        return await anext(self._pieces, None)
