"""The check of all records against the audit log: accounts, grants, approvals, keys, evidence."""

from __future__ import annotations

import threading
from typing import Annotated

from fastapi import APIRouter

from tongguan.errors import Conflict
from tongguan.service.api.calling import TrustRoom
from tongguan.service.api.shapes import Shown
from tongguan.service.permission import needs
from tongguan.trust.access import Principal
from tongguan.trust.checking import check_stores

__all__ = ["router"]

router = APIRouter(prefix="/checks", tags=["audit"])
SHOWN = 1000  # contradictions that are handed out; all are counted
_checking = threading.Lock()


class ContradictionShown(Shown):
    """Something in the records that the audit log denies. `store`: users, approvals, keys or evidence; `subject`: an
    account's name, or the record's id."""

    store: str
    subject: str
    what: str
    detail: str


class StoresShown(Shown):
    """What the check found."""

    ok: bool
    count: int
    contradictions: list[ContradictionShown]


@router.post("")
def check(trust: TrustRoom, by: Annotated[Principal, needs("audit.verify")]) -> StoresShown:
    """Hold all records against the audit log: what was edited past Tongguan or set back to an earlier copy shows here.
    409 while such a check is running."""
    if not _checking.acquire(blocking=False):
        raise Conflict("the records are being checked; wait until that is done")
    try:
        found = check_stores(trust, by)
    finally:
        _checking.release()
    shown = [ContradictionShown.model_validate(one) for one in found[:SHOWN]]
    return StoresShown(ok=not found, count=len(found), contradictions=shown)
