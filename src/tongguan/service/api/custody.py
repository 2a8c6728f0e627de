"""The master key: its shares, its drill and its rotation; and the check of the key store against the audit log."""

from __future__ import annotations

import threading
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from tongguan.errors import Conflict
from tongguan.service.api.calling import TrustRoom
from tongguan.service.api.shapes import Ident, Name, Shown, Strict
from tongguan.service.permission import needs
from tongguan.trust.access import Principal
from tongguan.trust.checking import entries_of

__all__ = ["router"]

router = APIRouter(prefix="/master-key", tags=["master key"])
Restorer = Annotated[Principal, needs("keys.restore")]
_checking = threading.Lock()


class NewShares(Strict):
    """So many of the shares give the master key back; one share for each holder."""

    threshold: Annotated[int, Field(ge=2, le=16)]
    holders: Annotated[list[Name], Field(min_length=2, max_length=16)]


class ShareShown(Shown):
    """One share. `words` are shown this once: hand them to the holder, on paper."""

    set_id: str
    number: int
    count: int
    threshold: int
    fingerprint: str
    holder: str
    words: str


class SplitShown(Shown):
    """A set of shares that was made. `valid`: it is of the master key in use."""

    set_id: str
    master: str
    threshold: int
    holders: list[str]
    made: int
    valid: bool


class Shares(Strict):
    shares: Annotated[list[Annotated[str, Field(min_length=1, max_length=1000)]], Field(min_length=1, max_length=16)]


class DrillShown(Shown):
    """What a drill proved."""

    set_id: str
    shares: list[int]
    master: str
    keys: int
    versions: int


class MasterKey(Shown):
    """A generation of the master key."""

    master: str


class ContradictionShown(Shown):
    """Something in the key store that the audit log, or the store itself, denies."""

    key: str
    what: str
    detail: str


@router.post("/shares", status_code=201)
def split(trust: TrustRoom, by: Annotated[Principal, needs("keys.backup")], new: NewShares) -> list[ShareShown]:
    """The master key in shares."""
    return [ShareShown.model_validate(share) for share in trust.keys.split(new.threshold, new.holders, by)]


@router.get("/shares")
def splits(trust: TrustRoom, by: Annotated[Principal, needs("keys.backup")]) -> list[SplitShown]:
    """Which sets of shares were made, for whom."""
    return [SplitShown.model_validate(split) for split in trust.keys.splits(by)]


@router.post("/drill")
def drill(trust: TrustRoom, by: Restorer, given: Shares) -> DrillShown:
    """Whether these shares would open the store; nothing is changed."""
    return DrillShown.model_validate(trust.keys.drill(given.shares, by))


@router.post("/restoration")
def restore(trust: TrustRoom, by: Restorer, given: Shares) -> MasterKey:
    """Give the master key back to a machine that lacks it."""
    return MasterKey(master=trust.keys.restore(given.shares, by))


@router.post("/rotation")
def rotate(trust: TrustRoom, by: Annotated[Principal, needs("keys.master")]) -> MasterKey:
    """Wrap every key anew under a new master key; the former one is kept."""
    return MasterKey(master=trust.keys.rotate_master(by))


@router.delete("/{generation}", status_code=204)
def drop(trust: TrustRoom, by: Annotated[Principal, needs("keys.destroy")], generation: Ident) -> None:
    """Destroy a former master key. Takes an approval of keys.destroy for "master:<generation>"."""
    trust.keys.drop_master(generation, by)


@router.post("/check")
def check(trust: TrustRoom, by: Annotated[Principal, needs("audit.verify")]) -> list[ContradictionShown]:
    """Hold the key store against the audit log, as `POST /checks` does with all records; nothing where all is well.
    409 while such a check is running."""
    if not _checking.acquire(blocking=False):
        raise Conflict("the key store is being checked; wait until that is done")
    try:
        found = trust.keys.check_store(entries_of(trust.audit), by)
    finally:
        _checking.release()
    return [ContradictionShown.model_validate(one) for one in found]
