"""The audit log: entries, proofs, its check, its export and what others witnessed of it."""

from __future__ import annotations

import base64
import io
import tarfile
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from pydantic import Field

from tongguan.errors import BadInput, Conflict, NotFound
from tongguan.service.api.calling import TrustRoom
from tongguan.service.api.shapes import Line, Name, Shown
from tongguan.service.permission import needs
from tongguan.trust.access import Principal
from tongguan.trust.audit import Query
from tongguan.trust.audit.anchor.anchoring import anchor as write_anchor
from tongguan.trust.audit.anchor.anchoring import receipts_of
from tongguan.trust.audit.export import export as write_export
from tongguan.trust.audit.witness import Cosigned
from tongguan.trust.audit.witness import cosign as ask_witnesses
from tongguan.trust.opening import Trust

__all__ = ["router"]

router = APIRouter(prefix="/audit", tags=["audit"])
Index = Annotated[int, Field(ge=0, le=2**53)]
Size = Annotated[int, Field(ge=1, le=1000)]
_at_work = threading.Lock()  # one walk over the whole log at a time
PROBLEMS = 100


class EntryShown(Shown):
    """One entry; `text` is the canonical JSON that its leaf hash is over."""

    index: int
    ts: str
    kind: str
    actor: str
    body: dict[str, Any]
    text: str


class PageShown(Shown):
    """Entries, newest first; `next` is `before` of the next call, null at the end."""

    entries: list[EntryShown]
    next: int | None


class LogShown(Shown):
    """The log as a whole: number of entries, root in hex, newest signed checkpoint, public key."""

    size: int
    root: str
    checkpoint: str | None
    verifier: str
    kinds: dict[str, int]


class Consistency(Shown):
    """That the log of `second` entries begins with the log of `first` (RFC 9162, 2.1.4); hashes in base64."""

    first: int
    second: int
    path: list[str]
    first_root: str
    second_root: str


class Checked(Shown):
    """What a whole recomputation found."""

    size: int
    root: str
    ok: bool
    problems: list[dict[str, str]]


class Cosignatures(Shown):
    """What the witnesses said to the newest checkpoint: the note with what they signed, and who did not."""

    size: int
    note: str
    signed: dict[str, int]
    refused: dict[str, str]


class ReceiptShown(Shown):
    """One checkpoint on a chain."""

    origin: str
    size: int
    root: str
    chain_id: int
    contract: str
    transaction: str
    block: int
    block_hash: str
    time: int


@router.get("")
def log(trust: TrustRoom, by: Annotated[Principal, needs("audit.read")]) -> LogShown:
    """The log as a whole."""
    size = trust.audit.size
    return LogShown(
        size=size,
        root=trust.audit.root(size).hex(),
        checkpoint=trust.audit.checkpoint(),
        verifier=trust.audit.verifier,
        kinds=trust.audit.kinds(),
    )


@router.get("/entries")
def entries(
    trust: TrustRoom,
    by: Annotated[Principal, needs("audit.read")],
    kind: Name | None = None,
    actor: Name | None = None,
    since: Annotated[float, Field(ge=0, le=253402300799)] | None = None,
    until: Annotated[float, Field(ge=0, le=253402300799)] | None = None,
    words: Annotated[Line, Field(max_length=200)] = "",
    before: Index | None = None,
    limit: Size = 100,
) -> PageShown:
    """Entries that answer to all of it, newest first; `since` (inclusive) and `until` in seconds since the epoch.

    A search for words may give a short page with a `next` from which it goes on.
    """
    kinds = (kind,) if kind else ()
    query = Query(kinds, actor, _moment(since), _moment(until), words or None)
    return PageShown.model_validate(trust.audit.search(query, before, limit))


@router.get("/entries/{index}")
def entry(trust: TrustRoom, by: Annotated[Principal, needs("audit.read")], index: Index) -> EntryShown:
    """One entry."""
    try:
        return EntryShown.model_validate(trust.audit.entry(index))
    except IndexError as error:
        raise NotFound(str(error)) from None


@router.get("/entries/{index}/proof")
def proof(trust: TrustRoom, by: Annotated[Principal, needs("audit.export")], index: Index) -> dict[str, Any]:
    """That the entry stands in the log: a document that anyone can check with the log's public key."""
    try:
        return trust.audit.proof_json(index)
    except IndexError as error:
        raise NotFound(str(error)) from None


@router.get("/consistency")
def consistency(
    trust: TrustRoom, by: Annotated[Principal, needs("audit.read")], first: Index, second: Index
) -> Consistency:
    """That a later log only added to an earlier one."""
    try:
        path = trust.audit.consistency(first, second)
        told = [base64.b64encode(step).decode() for step in (*path, trust.audit.root(first), trust.audit.root(second))]
    except IndexError as error:
        raise NotFound(str(error)) from None
    return Consistency(first=first, second=second, path=told[:-2], first_root=told[-2], second_root=told[-1])


@router.post("/verification")
def verify(trust: TrustRoom, by: Annotated[Principal, needs("audit.verify")]) -> Checked:
    """Recompute the whole log and hold it against what is stored, signed and cosigned; the check becomes an entry."""
    with _alone():
        verdict = trust.audit.verify(_cosigned(trust))
    problems = [dict(problem.text) for problem in verdict.problems][:PROBLEMS]
    found = Checked(size=verdict.size, root=verdict.root.hex(), ok=verdict.ok, problems=problems)
    trust.record("verify", by.name, found.model_dump())
    return found


@router.post(
    "/export",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/x-tar": {}}, "description": "The log as tiles"}},
)
def export(trust: TrustRoom, by: Annotated[Principal, needs("audit.export")]) -> StreamingResponse:
    """The whole log as a tar archive of tiles (C2SP tlog-tiles), with cosignatures and receipts of anchors: all that
    `tongguan audit verify` needs away from here."""
    folder = tempfile.TemporaryDirectory(dir=trust.home, prefix=".export-")
    try:
        with _alone():
            notes = _cosigned(trust)
            made = write_export(trust.audit, Path(folder.name), heads=notes, receipts=receipts_of(trust.audit).raw())
        body = {"what": "audit", "format": "tiles", "size": made.size, "root": made.root.hex()}
        index = trust.record("export", by.name, body)
    except BaseException:
        folder.cleanup()
        raise
    headers = {
        "Content-Disposition": f'attachment; filename="tongguan-audit-{made.size}.tar"',
        "X-Audit-Entry": str(index),
    }
    return StreamingResponse(_tar(folder), media_type="application/x-tar", headers=headers)


@router.post("/cosignatures")
def cosign(trust: TrustRoom, by: Annotated[Principal, needs("audit.anchor")]) -> Cosignatures:
    """Ask the witnesses of the settings to cosign the newest checkpoint."""
    found = ask_witnesses(trust.audit, trust.settings.witnesses, trust.record, by.name)
    refused = {name: str(error) for name, error in found.refused.items()}
    return Cosignatures(size=found.size, note=found.note, signed=dict(found.signed), refused=refused)


@router.get("/cosignatures")
def cosignatures(trust: TrustRoom, by: Annotated[Principal, needs("audit.read")]) -> list[str]:
    """Checkpoints as witnesses have cosigned them, the newest last."""
    return _cosigned(trust)[-PROBLEMS:]


@router.post("/anchors", status_code=201)
def anchor(trust: TrustRoom, by: Annotated[Principal, needs("audit.anchor")]) -> ReceiptShown:
    """Write the newest checkpoint to the contract of the settings, and read it back."""
    if trust.settings.anchor is None:
        raise BadInput("no chain to anchor to; name one in settings.yaml: anchor: {rpc: …}")
    return ReceiptShown.model_validate(write_anchor(trust.audit, trust.settings.anchor, trust.record, by.name))


@router.get("/anchors")
def anchors(trust: TrustRoom, by: Annotated[Principal, needs("audit.read")]) -> list[ReceiptShown]:
    """Receipts of the checkpoints that were anchored."""
    return [ReceiptShown.model_validate(one) for one in receipts_of(trust.audit).all()[-1000:]]


def _tar(folder: tempfile.TemporaryDirectory[str]) -> Iterator[bytes]:
    """A folder as a tar archive, file by file; then the folder is gone."""
    with folder as name:
        written = io.BytesIO()
        with tarfile.open(fileobj=written, mode="w|", format=tarfile.PAX_FORMAT) as archive:
            for path in sorted(Path(name).rglob("*")):
                if path.is_file():
                    archive.add(path, str(path.relative_to(name)), filter=_anonymous)
                    yield _taken(written)
        yield _taken(written)


def _taken(written: io.BytesIO) -> bytes:
    """What was written since the last time."""
    piece = written.getvalue()
    written.seek(0)
    written.truncate()
    return piece


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


@contextmanager
def _alone() -> Iterator[None]:
    """Raises Conflict where a walk over the whole log is going on already."""
    if not _at_work.acquire(blocking=False):
        raise Conflict("the audit log is being verified or exported; wait until that is done")
    try:
        yield
    finally:
        _at_work.release()


def _cosigned(trust: Trust) -> list[str]:
    return [str(note) for note in Cosigned.of(trust.audit).notes()]


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
