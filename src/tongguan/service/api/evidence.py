"""Evidence: put in, look at masked, see the original with a reason, hold, release, expire, check."""

from __future__ import annotations

import io
import threading
from collections.abc import AsyncIterator
from typing import Annotated, Any

import anyio.from_thread
from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from pydantic import Field

from tongguan.errors import Conflict
from tongguan.service.api.calling import House, TrustRoom
from tongguan.service.api.shapes import Ident, Limit, Line, Name, Offset, Prose, Shown, Strict
from tongguan.service.permission import needs
from tongguan.trust.access import Principal
from tongguan.trust.evidence import Kind

__all__ = ["router"]

router = APIRouter(prefix="/evidence", tags=["evidence"])
Seconds = Annotated[float, Field(ge=0, le=1e11)]
Entity = Annotated[Line, Field(min_length=1, max_length=200)]
_sweeping = threading.Lock()


class ManifestShown(Shown):
    """What is known of one piece without opening it; times in seconds since the epoch, sizes in bytes."""

    id: str
    state: str
    entity: str | None
    digest: str
    size: int
    stored: int
    kind: Kind
    media_type: str
    name: str
    origin: dict[str, str | int]
    has_masked: bool
    added: float
    added_by: str
    until: float
    held: int
    expired: float | None
    expired_by: str | None
    key: str
    key_version: int


class Masked(Shown):
    """The view without personal values; "" where none was given."""

    masked: str


class EventShown(Shown):
    act: str
    at: float
    by: str
    reason: str


class Reason(Strict):
    reason: Annotated[Prose, Field(min_length=1, max_length=2000)]


class Longer(Reason):
    until: Seconds


class ExpiryShown(Shown):
    """What was removed, and what was past its time but held."""

    expired: int
    blobs: int
    bytes: int
    held: int
    problems: list[str]


class ProblemShown(Shown):
    subject: str
    problem: str
    detail: str


class SweepShown(Shown):
    """What a check of the whole store found."""

    id: str
    started: float
    finished: float
    manifests: int
    blobs: int
    bytes: int
    cleared: int
    problem_count: int
    problems: list[ProblemShown]
    ok: bool


@router.post("", status_code=201, openapi_extra={"requestBody": {"content": {"application/octet-stream": {}}}})
def add(
    request: Request,
    house: House,
    by: Annotated[Principal, needs("evidence.add")],
    kind: Kind,
    name: Name,
    media_type: Annotated[Line, Field(min_length=1, max_length=200)],
    entity: Entity | None = None,
    exchange: Annotated[Line, Field(max_length=200)] = "",
    capture: Annotated[Line, Field(max_length=200)] = "",
    masked: Annotated[Prose, Field(max_length=4000)] | None = None,
    until: Seconds | None = None,
) -> ManifestShown:
    """Put the body into the store, as it comes: never held whole, and never on a disk in the clear. 429 where the
    caller sends two already, 503 where others send too many; 408 where the body comes slower than 64 KiB a second."""
    origin = {key: value for key, value in (("exchange", exchange), ("capture", capture)) if value}
    body: Any = io.BufferedReader(_Body(request), 1 << 20)
    with house.uploads.one(by.name):
        manifest = house.trust.evidence.add(
            body, kind=kind, name=name, media_type=media_type, entity=entity, origin=origin, masked=masked,
            until=until, by=by,
        )  # fmt: skip
    return ManifestShown.model_validate(manifest)


@router.get("")
def manifests(
    trust: TrustRoom,
    by: Annotated[Principal, needs("evidence.read")],
    entity: Entity | None = None,
    kind: Kind | None = None,
    exchange: Annotated[Line, Field(max_length=200)] | None = None,
    held: bool | None = None,
    offset: Annotated[Offset, Field(le=1 << 31)] = 0,
    limit: Limit = 100,
) -> list[ManifestShown]:
    """Manifests of the entities that the caller may see, newest first."""
    origin = {"exchange": exchange} if exchange else None
    found = trust.evidence.list(by, entity=entity, kind=kind, origin=origin, held=held, offset=offset, limit=limit)
    return [ManifestShown.model_validate(one) for one in found]


@router.post("/expiry")
def expire(trust: TrustRoom, by: Annotated[Principal, needs("evidence.expire")]) -> ExpiryShown:
    """Remove what is past its retention and not held."""
    return ExpiryShown.model_validate(trust.evidence.expire(by))


@router.post("/sweep")
def sweep(trust: TrustRoom, by: Annotated[Principal, needs("evidence.sweep")]) -> SweepShown:
    """Check every manifest, blob and file. 409 while such a check is running."""
    if not _sweeping.acquire(blocking=False):
        raise Conflict("a check of the evidence store is running; wait until it is done")
    try:
        return SweepShown.model_validate(trust.evidence.sweep(by))
    finally:
        _sweeping.release()


@router.get("/{id}")
def manifest(trust: TrustRoom, by: Annotated[Principal, needs("evidence.read")], id: Ident) -> ManifestShown:
    """One manifest."""
    return ManifestShown.model_validate(trust.evidence.manifest(id, by))


@router.get("/{id}/masked")
def masked(trust: TrustRoom, by: Annotated[Principal, needs("evidence.read")], id: Ident) -> Masked:
    """The view without personal values."""
    return Masked(masked=trust.evidence.masked(id, by))


@router.get("/{id}/history")
def history(trust: TrustRoom, by: Annotated[Principal, needs("evidence.read")], id: Ident) -> list[EventShown]:
    """What was done to it, and why."""
    return [EventShown.model_validate(event) for event in trust.evidence.history(id, by)]


@router.post(
    "/{id}/original",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/octet-stream": {}}, "description": "The original"}},
)
def reveal(
    trust: TrustRoom, by: Annotated[Principal, needs("evidence.reveal")], id: Ident, given: Reason
) -> StreamingResponse:
    """The original. The reason is in the log before the first byte leaves. An answer that breaks off was altered."""
    pieces = trust.evidence.reveal(id, given.reason, by)
    headers = {"Content-Disposition": f'attachment; filename="{id}.bin"'}
    return StreamingResponse(pieces, media_type="application/octet-stream", headers=headers)


@router.post("/{id}/hold")
def hold(trust: TrustRoom, by: Annotated[Principal, needs("evidence.hold")], id: Ident, given: Reason) -> ManifestShown:
    """One more reason for a legal hold."""
    return ManifestShown.model_validate(trust.evidence.hold(id, given.reason, by))


@router.post("/{id}/release")
def release(
    trust: TrustRoom, by: Annotated[Principal, needs("evidence.release")], id: Ident, given: Reason
) -> ManifestShown:
    """One reason less; takes an approval of evidence.release for this id."""
    return ManifestShown.model_validate(trust.evidence.release(id, given.reason, by))


@router.post("/{id}/retention")
def retain(
    trust: TrustRoom, by: Annotated[Principal, needs("evidence.retain")], id: Ident, given: Longer
) -> ManifestShown:
    """Keep it until then. A shorter time takes an approval of evidence.retain for "<id> until <YYYY-MM-DD>"."""
    return ManifestShown.model_validate(trust.evidence.retain(id, given.until, given.reason, by))


@router.post("/rewrap")
def rewrap(trust: TrustRoom, by: Annotated[Principal, needs("keys.manage")]) -> dict[str, int]:
    """Wrap all data keys anew that are under older versions of their key."""
    return {"rewrapped": trust.evidence.rewrap(by)}


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
